/* SPDX-License-Identifier: Apache-2.0
 * What a status that became known later means for a mail: judged at the signing times of then,
 * recorded, and owed to who got the mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "register/rechecked.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define REVOKED_AT INT64_C(1766000000)
#define SIGNER "1111111111111111111111111111111111111111111111111111111111111111"
#define AUTHORITY "2222222222222222222222222222222222222222222222222222222222222222"

static void judged_at_signing_time(void **state)
{
    static const enum vt_time_source none = VT_TIME_SOURCE_NONE, stamp = VT_TIME_SOURCE_TIMESTAMP,
                                     seen = VT_TIME_SOURCE_FIRST_SEEN,
                                     claim = VT_TIME_SOURCE_CLAIMED;
    static const int64_t before = REVOKED_AT - 10, after = REVOKED_AT + 10, never = VT_TIME_NONE;
    const struct {
        const char *name, *certificate;
        enum vt_status_value value;
        int64_t since;
        enum vt_time_source source;
        int64_t signed_at, claimed_at;
        enum vt_reason want;
    } rows[] = {
        {"good", SIGNER, VT_STATUS_GOOD, never, claim, after, after, VT_REASON_COUNT},
        {"unknown", SIGNER, VT_STATUS_UNKNOWN, never, claim, after, after, VT_REASON_COUNT},
        {"stamped before", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, stamp, before, before,
         VT_REASON_COUNT},
        {"seen before", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, seen, before, before,
         VT_REASON_COUNT},
        {"stamped at that very time", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, stamp, REVOKED_AT,
         before, VT_REASON_CERT_REVOKED},
        {"stamped after", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, stamp, after, before,
         VT_REASON_CERT_REVOKED},
        {"claims before, proves nothing", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, claim, before,
         before, VT_REASON_CERT_REVOKED_SINCE},
        {"claims after", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, claim, after, after,
         VT_REASON_CERT_REVOKED},
        {"no time at all", SIGNER, VT_STATUS_REVOKED, REVOKED_AT, none, never, never,
         VT_REASON_CERT_REVOKED_SINCE},
        {"since when is not known", SIGNER, VT_STATUS_REVOKED, never, stamp, before, before,
         VT_REASON_CERT_REVOKED},
        {"suspended", SIGNER, VT_STATUS_SUSPENDED, REVOKED_AT, claim, before, before,
         VT_REASON_CERT_SUSPENDED},
        {"suspended after it was stamped", SIGNER, VT_STATUS_SUSPENDED, REVOKED_AT, stamp, before,
         before, VT_REASON_COUNT},
        {"its authority", AUTHORITY, VT_STATUS_REVOKED, REVOKED_AT, claim, before, before,
         VT_REASON_CA_INVALID},
        {"another certificate", "3333333333333333333333333333333333333333333333333333333333333333",
         VT_STATUS_REVOKED, REVOKED_AT, claim, after, after, VT_REASON_COUNT},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct vt_certificate_facts path[2] = {{.sha256 = SIGNER}, {.sha256 = AUTHORITY}};
        struct vt_signature signature = {.signer = {.sha256 = SIGNER},
                                         .path = path,
                                         .path_count = 2,
                                         .signing_time_source = rows[i].source,
                                         .signing_time_utc_secs = rows[i].signed_at,
                                         .claimed_time_utc_secs = rows[i].claimed_at};
        struct vt_document document = {.signatures = &signature, .signatures_count = 1};
        const struct vt_evidence evidence = {.documents = &document, .documents_count = 1};
        const struct vt_rechecked rechecked = {.certificate_sha256 = rows[i].certificate,
                                               .value = rows[i].value,
                                               .since_utc_secs = rows[i].since};
        enum vt_reason reason = vt_rechecked_judge(&evidence, &rechecked);
        if (reason != rows[i].want)
            fail_msg("%s: %s", rows[i].name,
                     reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : "nothing");
    }
    const struct vt_rechecked rechecked = {.certificate_sha256 = SIGNER,
                                           .value = VT_STATUS_REVOKED};
    assert_int_equal(vt_rechecked_judge(NULL, &rechecked), VT_REASON_COUNT);
}

static void messages_are_read_back(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"reference\": \"1831-0927-5560\", \"certificate\": \"" SIGNER
        "\", \"status\": \"good\"}",
        "{\"reference\": \"1831-0927-5569\", \"certificate\": \"22\", \"status\": \"good\"}",
        "{\"reference\": \"1831-0927-5569\", \"certificate\": \"" SIGNER
        "\", \"status\": \"fine\"}",
        "{\"reference\": \"1831-0927-5569\", \"certificate\": \"" SIGNER "\"}",
        "{\"reference\": \"1831-0927-5569\", \"certificate\": \"" SIGNER
        "\", \"status\": \"good\", \"since\": \"yesterday\"}"};
    const struct vt_rechecked sent = {.reference = "1831-0927-5569",
                                      .certificate_sha256 = SIGNER,
                                      .name = "Sở\nY tế",
                                      .serial = "0A",
                                      .value = VT_STATUS_SUSPENDED,
                                      .since_utc_secs = REVOKED_AT};
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    struct vt_rechecked read;
    char *text = NULL;
    size_t len = 0;
    (void)state;
    assert_int_equal(vt_rechecked_to_json(&sent, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_rechecked_from_json(arena, vt_bytes_of(text, len), &read, NULL), VT_OK);
    assert_string_equal(read.reference, sent.reference);
    assert_string_equal(read.certificate_sha256, sent.certificate_sha256);
    assert_null(strchr(read.name, '\n'));
    assert_string_equal(read.serial, "0A");
    assert_int_equal(read.value, VT_STATUS_SUSPENDED);
    assert_int_equal(read.since_utc_secs, REVOKED_AT);
    free(text);
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_int_not_equal(vt_rechecked_from_json(arena, vt_bytes_str(bad[i]), &read, NULL),
                             VT_OK);
    vt_arena_free(arena);
}

/* ---- with a register ---- */

/* A mail that was delivered, or what else became of it. */
static void put_mail(struct site *site, struct made_mail *mail, uint64_t number,
                     enum vt_register_outcome outcome, bool is_secret)
{
    struct vt_register_record record = made_mail(mail, number, 500, 60);
    mail->decided.answer.outcome = outcome;
    mail->decided.is_secret = is_secret;
    mail->recipients[0] = "vanthu@ninhbinh.gov.vn";
    mail->evidence.mail.recipients_count = 1;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
}

static void recheck(struct site *site, const struct made_mail *mail, enum vt_status_value value,
                    const struct vt_config *config)
{
    const struct vt_rechecked rechecked = {
        .reference = mail->reference,
        .certificate_sha256 = mail->signatures[0].signer.sha256,
        .name = "SỞ XÂY DỰNG",
        .serial = "5401",
        .value = value,
        .since_utc_secs =
            value == VT_STATUS_GOOD ? VT_TIME_NONE : MADE_FIRST_UTC_SECS - MADE_DAY_SECS};
    assert_int_equal(vt_rechecked_record(site->reg, config, NULL, &rechecked,
                                         MADE_FIRST_UTC_SECS + 7200, &site->err),
                     VT_OK);
}

static void who_got_the_mail_is_told(void **state)
{
    static const char text[] = "mode: enforce\nour-domains: [ninhbinh.gov.vn]\n";
    static const struct {
        const char *name;
        enum vt_register_outcome outcome;
        bool is_secret;
        enum vt_status_value value;
        int64_t events, notices;
    } rows[] = {
        {"delivered, revoked", VT_OUTCOME_ACCEPT, false, VT_STATUS_REVOKED, 1, 1},
        {"delivered, good", VT_OUTCOME_ACCEPT, false, VT_STATUS_GOOD, 1, 0},
        {"refused meanwhile", VT_OUTCOME_REJECT, false, VT_STATUS_REVOKED, 1, 0},
        {"to come again", VT_OUTCOME_TEMPFAIL, false, VT_STATUS_REVOKED, 1, 0},
        {"secret", VT_OUTCOME_ACCEPT, true, VT_STATUS_REVOKED, 0, 0},
    };
    struct site *site = *state;
    struct vt_config *config = NULL;
    struct vt_mistakes mistakes;
    struct made_mail *mail = malloc(sizeof(*mail));
    int64_t events = 0, notices = 0;
    assert_non_null(mail);
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_config_parse(vt_bytes_str(text), "vanthu.yaml", &config, &mistakes, NULL),
                     VT_OK);
    vt_mistakes_clear(&mistakes);
    for (unsigned i = 0; i < ELEMENTS(rows); i++) {
        put_mail(site, mail, i * 50 + 1, rows[i].outcome, rows[i].is_secret);
        /* Told twice, when the first answer was lost: the notice is one. */
        recheck(site, mail, rows[i].value, config);
        recheck(site, mail, rows[i].value, config);
        events += 2 * rows[i].events;
        notices += rows[i].notices;
        if (site_number(site, "SELECT count(*) FROM record WHERE kind = 6") != events ||
            site_number(site, "SELECT count(*) FROM notice_key") != notices)
            fail_msg("%s", rows[i].name);
    }
    assert_int_equal(site_number(site,
                                 "SELECT count(*) FROM notice WHERE kind = 'recheck' AND address ="
                                 " 'vanthu@ninhbinh.gov.vn'"),
                     2);
    const struct vt_rechecked nobody = {.reference = "1831-0927-5569",
                                        .certificate_sha256 = SIGNER,
                                        .name = "",
                                        .serial = "",
                                        .value = VT_STATUS_REVOKED};
    assert_int_equal(
        vt_rechecked_record(site->reg, config, NULL, &nobody, MADE_FIRST_UTC_SECS, &site->err),
        VT_OK);
    vt_config_free(config);
    free(mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged_at_signing_time), cmocka_unit_test(messages_are_read_back),
        cmocka_unit_test_setup_teardown(who_got_the_mail_is_told, site_new, site_free)};
    return cmocka_run_group_tests_name("rechecked", tests, NULL, NULL);
}
