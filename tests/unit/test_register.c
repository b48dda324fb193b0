/* SPDX-License-Identifier: Apache-2.0
 * The register: opening, appending, looking up; first seen, defer clocks, notices, exceptions;
 * nothing of a secret mail is kept. */
#include <fcntl.h>
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
#include "register/schema.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* ---- opening ---- */

static void files_are_private(void **state)
{
    struct site *site = *state;
    struct stat status;
    char file[600];
    static const char *const names[] = {"", "/register.sqlite", "/register.sqlite-wal"};
    site_append(site, 1, 5);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        (void)snprintf(file, sizeof(file), "%s%s", site->directory, names[i]);
        assert_int_equal(stat(file, &status), 0);
        assert_int_equal(status.st_mode & 077, 0);
    }
    site_close(site);
    assert_int_equal(chmod(site->directory, 0755), 0);
    assert_int_equal(vt_register_open(site->directory, &site->reg, &site->err), VT_E_CONFIG);
    assert_int_equal(chmod(site->directory, 0700), 0);
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", site->directory);
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(vt_register_open(site->directory, &site->reg, &site->err), VT_E_CONFIG);
    assert_int_equal(chmod(file, 0600), 0);
    site_open(site);
}

/* A log that cannot be opened for a moment, as when root has just made it, is waited for. */
static void a_log_out_of_reach_is_waited_for(void **state)
{
    struct site *site = *state;
    char log[600];
    site_append(site, 1, 2);
    site_close(site);
    (void)snprintf(log, sizeof(log), "%s/register.sqlite-wal", site->directory);
    (void)unlink(log);
    assert_int_equal(mkdir(log, 0700), 0);
    assert_int_equal(vt_register_open(site->directory, &site->reg, &site->err), VT_E_SYSTEM);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)usleep(300000);
        _exit(rmdir(log) == 0 ? 0 : 1);
    }
    assert_int_equal(vt_register_open(site->directory, &site->reg, &site->err), VT_OK);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    site_append(site, 3, 2);
}

/* So is one that may be read only, as when it is given to the owner of the file just now. */
static void a_log_for_reading_only_is_waited_for(void **state)
{
    struct site *site = *state;
    char file[600], log[610];
    site_append(site, 1, 2);
    site_close(site);
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", site->directory);
    (void)snprintf(log, sizeof(log), "%s-wal", file);
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0400);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0400), 0);
    assert_int_equal(close(fd), 0);
    const uid_t owner = geteuid() == 0 ? 65534 : geteuid(); /* no mode keeps root from writing */
    const char *const paths[] = {site->directory, file, log};
    for (size_t i = 0; i < ELEMENTS(paths); i++)
        assert_int_equal(chown(paths[i], owner, (gid_t)-1), 0);
    assert_int_equal(seteuid(owner), 0);
    assert_int_equal(vt_register_open(site->directory, &site->reg, &site->err), VT_OK);
    site_append(site, 3, 2);
    assert_int_equal(seteuid(getuid()), 0);
}

static void other_files_are_refused(void **state)
{
    static const struct {
        const char *name, *script;
        enum vt_code wanted;
    } cases[] = {
        {"another program's", "CREATE TABLE x (y); PRAGMA application_id = 7;", VT_E_FORMAT},
        {"tables without a name", "CREATE TABLE x (y);", VT_E_FORMAT},
        {"from the future", "PRAGMA application_id = 1448366663; PRAGMA user_version = 99;",
         VT_E_UNSUPPORTED},
    };
    struct site *site = *state;
    char file[600];
    site_close(site);
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", site->directory);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        (void)unlink(file);
        site_tamper(site, cases[i].script);
        assert_int_equal(chmod(file, 0600), 0);
        enum vt_code code = vt_register_open(site->directory, &site->reg, &site->err);
        if (code != cases[i].wanted)
            fail_msg("%s: %s (%s)", cases[i].name, vt_code_name(code), site->err.text);
    }
    (void)unlink(file);
    assert_int_equal(vt_register_open_read(site->directory, &site->reg, &site->err),
                     VT_E_NOT_FOUND);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    (void)fputs("This is not a database, however long it is made by writing on and on.", out);
    (void)fclose(out);
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(vt_register_open(site->directory, &site->reg, &site->err), VT_E_FORMAT);
}

static void readers_do_not_write(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    struct vt_register *reader = NULL;
    site_append(site, 1, 500);
    assert_int_equal(vt_register_open_read(site->directory, &reader, &site->err), VT_OK);
    struct vt_register_record record = made_mail(&mail, 2, 500, 60);
    assert_int_equal(vt_register_append(reader, &record, 1, &site->err), VT_E_INTERNAL);
    struct vt_register_head head;
    assert_int_equal(vt_register_head_now(reader, 7, &head, &site->err), VT_OK);
    assert_int_equal(head.seq, 2);
    assert_int_equal(head.time_utc_secs, 7);
    vt_register_close(reader);
}

static void newer_schemas_are_refused(void **state)
{
    struct site *site = *state;
    site_append(site, 1, 500);
    site_close(site);
    site_tamper(site, "UPDATE meta SET value = '99' WHERE key = 'version'");
    assert_int_equal(site_try_open(site), VT_E_UNSUPPORTED);
    assert_non_null(strstr(site->err.text, "version 99"));
    char now[80];
    (void)snprintf(now, sizeof(now), "UPDATE meta SET value = '%zu' WHERE key = 'version'",
                   vt_schema_version);
    site_tamper(site, now);
    site_open(site);
    site_is_whole(site, 2);
}

/* ---- appending ---- */

static void batches_are_all_or_nothing(void **state)
{
    struct site *site = *state;
    struct made_mail mails[3];
    struct vt_register_record records[3];
    struct vt_register_head head;
    for (unsigned i = 0; i < 3; i++)
        records[i] = made_mail(&mails[i], i, 500, 60);
    records[2].reference = "1831-0927-5563"; /* its check digit does not fit */
    assert_int_equal(vt_register_append(site->reg, records, 3, &site->err), VT_E_FORMAT);
    assert_int_equal(vt_register_head_now(site->reg, 0, &head, &site->err), VT_OK);
    assert_int_equal(head.seq, 0);
    records[2].reference = mails[2].reference;
    assert_int_equal(vt_register_append(site->reg, records, 3, &site->err), VT_OK);
    assert_int_equal(records[2].seq, 3);
    records[0].kind = VT_REGISTER_DESTROYED;
    assert_int_equal(vt_register_append(site->reg, records, 1, &site->err), VT_E_INTERNAL);
    site_is_whole(site, 3);
}

static void references_are_kept_as_written(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    char plain[16];
    struct vt_register_record record = made_mail(&mail, 4711, 500, 60);
    (void)snprintf(plain, sizeof(plain), "%.4s%.4s%.4s", mail.reference, mail.reference + 5,
                   mail.reference + 10);
    record.reference = plain;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    assert_ptr_equal(record.reference, plain);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.reference = plain;
    assert_int_equal(site_find(site, &query), 1);
    assert_string_equal(site->last_reference, mail.reference);
}

/* What comes from mail may be anything: the tables still say what the body says. */
static void unclean_texts_are_cleaned_alike(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    struct vt_register_record record = made_mail(&mail, 1, 10, 60);
    mail.evidence.mail.sender = "Ho\x01ng@VÍ-DỤ.vn\xff";
    mail.recipients[0] = "\"a b\"@\x7f.vn";
    mail.evidence.mail.recipients_count = 1;
    mail.documents[0].name = "t\xc2\x85n.pdf";
    mail.signatures[0].signer.common_name = "S\x1f";
    mail.signatures[0].signer.not_after_utc_secs = INT64_MAX;
    mail.decision.rule = "\xe1\xba";
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    struct made_mail empty;
    record = made_mail(&empty, 2, 10, 60);
    empty.decided = (struct vt_register_decided){.is_secret = false};
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    site_is_whole(site, 2);
}

static void every_kind_is_kept(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    struct vt_register_answered answered;
    static const char *const digests[] = {
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
    const struct vt_register_overruled overruled = {.reason_text = "Đã xác minh",
                                                    .by = "root",
                                                    .until_utc_secs = MADE_FIRST_UTC_SECS + 700,
                                                    .documents_sha256 = digests,
                                                    .documents_count = 1,
                                                    .certificate_sha256 = digests[0],
                                                    .reason = VT_REASON_CERT_REVOKED};
    const struct vt_register_refused refused = {
        .reason = VT_REASON_WRONG_RECIPIENT, .text = "Sai nơi nhận", .by = "clerk"};
    const struct vt_register_event event = {.what = "policy-loaded", .text = "a91f", .by = "root"};
    struct vt_register_record records[5] = {made_mail(&mail, 9, 10, 60)};
    records[1] = made_answer(&mail, &answered);
    records[2] = records[3] = records[4] = records[1];
    records[2].kind = VT_REGISTER_OVERRULED;
    records[2].overruled = &overruled;
    records[3].kind = VT_REGISTER_REFUSED;
    records[3].refused = &refused;
    records[4].kind = VT_REGISTER_EVENT;
    records[4].event = &event;
    records[4].reference = NULL;
    assert_int_equal(vt_register_append(site->reg, records, 5, &site->err), VT_OK);
    assert_int_equal(site_number(site, "SELECT count(*) FROM followup WHERE decided = 1"), 3);
    assert_int_equal(site_number(site, "SELECT count(*) FROM exception"), 2);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.reference = mail.reference;
    assert_int_equal(site_find(site, &query), 4);
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_REFUSED);
    assert_int_equal(site_find(site, &query), 1);
    assert_non_null(strstr(site->last_body, "Sai nơi nhận"));
    assert_non_null(strstr(site->last_body, "\"reason\":\"WRONG_RECIPIENT\""));
    site_is_whole(site, 5);
}

static void load_policy(struct site *site, int64_t time_utc_secs, const char *what,
                        const char *text, const char *bundle)
{
    struct vt_register_object object = {.kind = "policy", .bytes = vt_bytes_str(bundle)};
    const struct vt_register_event event = {.what = what,
                                            .text = text,
                                            .by = "root",
                                            .objects = &object,
                                            .objects_count = bundle[0] != '\0'};
    struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = time_utc_secs, .event = &event};
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
}

static void a_loaded_policy_is_found_again(void **state)
{
    struct site *site = *state;
    struct vt_register_policy policy;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    const int64_t day = 86400, first = MADE_FIRST_UTC_SECS;
    load_policy(site, first, VT_EVENT_POLICY_LOADED, "a91f22c0, mode observe", "one bundle");
    load_policy(site, first + day, VT_EVENT_POLICY_LOADED, "b0000001, mode tag", "another");
    load_policy(site, first + 2 * day, VT_EVENT_POLICY_KEPT, "b0000001, mode tag", "");
    load_policy(site, first + 3 * day, VT_EVENT_POLICY_WENT_BACK, "a91f22c0, mode tag",
                "one bundle");
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), 2);
    assert_int_equal(site_number(site, "SELECT count(*) FROM record_object"), 3);
    const struct {
        const char *version;
        int64_t at, loaded;
        const char *bundle;
    } cases[] = {{"a91f22c0", first + day, first, "one bundle"},
                 {"a91f22c0", VT_TIME_NONE, first + 3 * day, "one bundle"},
                 {"b0000001", VT_TIME_NONE, first + day, "another"},
                 {"b0000001", first, 0, NULL},
                 {"a91f", VT_TIME_NONE, 0, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum vt_code code = vt_register_policy(site->reg, arena, cases[i].version, cases[i].at,
                                               &policy, &site->err);
        assert_int_equal(code, cases[i].bundle != NULL ? VT_OK : VT_E_NOT_FOUND);
        if (code != VT_OK)
            continue;
        assert_int_equal(policy.loaded_utc_secs, cases[i].loaded);
        assert_string_equal(policy.by, "root");
        assert_true(vt_bytes_equal(policy.bundle, vt_bytes_str(cases[i].bundle)));
    }
    vt_arena_free(arena);
    site_is_whole(site, 4);
}

static enum vt_code count_exception(void *context, const struct vt_register_exception *item,
                                    struct vt_err *err)
{
    unsigned *counts = context;
    (void)err;
    counts[0]++;
    counts[1] += item->document_sha256[0] != '\0';
    counts[2] += item->certificate_sha256[0] != '\0' && item->reason == VT_REASON_CERT_REVOKED;
    counts[3] += item->reference[0] != '\0';
    return VT_OK;
}

static void exceptions_end(void **state)
{
    struct site *site = *state;
    every_kind_is_kept(state);
    unsigned counts[4] = {0};
    assert_int_equal(vt_register_exceptions(site->reg, MADE_FIRST_UTC_SECS + 699, count_exception,
                                            counts, &site->err),
                     VT_OK);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[3], 2);
    counts[0] = 0;
    assert_int_equal(vt_register_exceptions(site->reg, MADE_FIRST_UTC_SECS + 700, count_exception,
                                            counts, &site->err),
                     VT_OK);
    assert_int_equal(counts[0], 0);
}

/* ---- secrets ---- */

/* Neither as text nor as bytes; an object that was never stored has no digest. */
static void digest_is_absent(struct site *site, const char *sha256)
{
    uint8_t digest[32];
    if (sha256[0] == '\0')
        return;
    for (unsigned i = 0; i < 32; i++)
        digest[i] = (uint8_t)strtoul((char[]){sha256[2 * i], sha256[2 * i + 1], '\0'}, NULL, 16);
    assert_false(site_files_have(site, digest, sizeof(digest)));
    assert_false(site_files_have(site, sha256, 64));
}

/* Everything of these mails that must not be found anywhere in the files: each text and digest that
 * a record of theirs would have in its body or in a table. */
static void nothing_of_a_secret_mail_is_kept(void **state)
{
    struct site *site = *state;
    struct made_mail mails[2];
    struct vt_register_answered answered[2];
    struct vt_register_record records[4];
    static const char *const lines[] = {"Ke-hoach-phong-thu.pdf"};
    static uint8_t object[] = "bytes of a secret certificate";
    struct vt_register_object objects[] = {
        {.kind = "certificate", .bytes = {object, sizeof(object)}}};
    for (unsigned i = 0; i < 2; i++) {
        records[2 * i] = made_mail(&mails[i], 77 + i, 10, 60);
        mails[i].evidence.mail.subject = "Ke-hoach-phong-thu";
        mails[i].evidence.mail.sender = "tu-lenh@quan-khu.example";
        mails[i].recipients[0] = "tham-muu@quan-khu.example";
        mails[i].documents[0].name = "Ke-hoach-phong-thu.pdf";
        mails[i].decided.objects = objects;
        mails[i].decided.objects_count = 1;
        mails[i].decided.answer.lines = lines;
        mails[i].evidence.mail.message_id = "thu-bi-mat@quan-khu";
        mails[i].evidence.mail.client_address = "198.51.100.77";
        mails[i].signatures[0].signer.common_name = "Dai-ta-Tran";
        mails[i].signatures[0].signer.serial = "54017777AA";
        mails[i].decision.rule = "giu-thu-mat";
        mails[i].decision.site = &mails[i].site;
        mails[i].site.sender_agency = "bo-tu-lenh";
        mails[i].recipient_agencies[0] = "bo-tham-muu";
        mails[i].site.recipient_agencies = mails[i].recipient_agencies;
        mails[i].site.recipient_agencies_count = 1;
        mails[i].notice = (struct vt_register_notice){.kind = "held", .recipient = "si-quan@x"};
        made_hex(mails[i].notice.key_sha256, 4242);
        records[2 * i].notices = &mails[i].notice;
        records[2 * i].notices_count = 1;
        records[2 * i + 1] = made_answer(&mails[i], &answered[i]);
    }
    mails[0].decided.is_secret = true;
    mails[1].documents[0].reasons |= VT_REASON_BIT(VT_REASON_SECRET_MARK);
    assert_int_equal(vt_register_append(site->reg, records, 4, &site->err), VT_OK);
    /* Nor is anybody told of what follows one. */
    const struct vt_register_event released = {.what = "released"};
    struct vt_register_record follower = {.kind = VT_REGISTER_EVENT,
                                          .reference = mails[0].reference,
                                          .time_utc_secs = records[3].time_utc_secs,
                                          .notices = &mails[0].notice,
                                          .notices_count = 1,
                                          .event = &released};
    assert_int_equal(vt_register_append(site->reg, &follower, 1, &site->err), VT_OK);
    const struct vt_register_overruled overruled = {.reason_text = "Ke-hoach-phong-thu la dung",
                                                    .by = "root",
                                                    .until_utc_secs = VT_TIME_NONE,
                                                    .reason = VT_REASON_COUNT};
    follower.kind = VT_REGISTER_OVERRULED;
    follower.overruled = &overruled;
    assert_int_equal(vt_register_append(site->reg, &follower, 1, &site->err), VT_OK);
    const struct vt_register_refused refused = {
        .reason = VT_REASON_INCOMPLETE, .text = "thieu trang cua Ke-hoach-phong-thu", .by = "root"};
    follower.kind = VT_REGISTER_REFUSED;
    follower.refused = &refused;
    assert_int_equal(vt_register_append(site->reg, &follower, 1, &site->err), VT_OK);
    site_is_whole(site, 7);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    assert_int_equal(site_find(site, &query), 2);
    assert_string_equal(site->last_body,
                        "{\"v\":1,\"record\":\"decided\",\"time\":\"2025-12-20T03:17:00Z\","
                        "\"secret\":true,\"count\":1}");
    site_close(site);
    static const char *const absent[] = {"phong-thu",
                                         "quan-khu",
                                         "secret certificate",
                                         "4X4D",
                                         "UBND",
                                         "thu-bi-mat",
                                         "198.51",
                                         "Dai-ta",
                                         "54017777AA",
                                         "giu-thu-mat",
                                         "bo-tu-lenh",
                                         "bo-tham",
                                         "si-quan",
                                         "CONTENT_CHANGED",
                                         "a91f03c2"};
    for (size_t i = 0; i < ELEMENTS(absent); i++)
        assert_false(site_files_have(site, absent[i], strlen(absent[i])));
    const char *digests[] = {mails[0].documents[0].sha256,
                             mails[1].documents[0].sha256,
                             mails[0].signatures[0].signer.sha256,
                             mails[1].signatures[0].signer.sha256,
                             mails[0].digests[0],
                             mails[1].digests[1],
                             mails[0].notice.key_sha256,
                             objects[0].sha256};
    for (size_t i = 0; i < ELEMENTS(digests); i++)
        digest_is_absent(site, digests[i]);
}

/* ---- first seen, defer clocks, notices ---- */

static void earliest_time_wins(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    int64_t times[3];
    static const int64_t at[] = {5000, 4000, 6000};
    const char *digests[3];
    char never[65];
    made_hex(never, 987654321);
    for (unsigned i = 0; i < 3; i++) {
        struct vt_register_record record = made_mail(&mail, 1, 500, 0);
        record.time_utc_secs = at[i];
        assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    }
    /* With a clock that is not synchronised nothing is proven. */
    struct vt_register_record record = made_mail(&mail, 1, 500, 0);
    record.time_utc_secs = 10;
    mail.decided.clock_is_synchronised = false;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    digests[0] = mail.digests[0];
    digests[1] = never;
    digests[2] = mail.digests[1];
    assert_int_equal(vt_register_first_seen(site->reg, digests, 3, times, &site->err), VT_OK);
    assert_int_equal(times[0], 4000);
    assert_true(times[1] == VT_TIME_NONE);
    assert_int_equal(times[2], 4000);
    site_is_whole(site, 4);
}

static void many_digests_in_one_call(void **state)
{
    struct site *site = *state;
    static const char *digests[VT_MAX_FIRST_SEEN + 1];
    static int64_t times[VT_MAX_FIRST_SEEN + 1];
    struct made_mail mail;
    struct vt_register_record record = made_mail(&mail, 1, 500, 0);
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    for (size_t i = 0; i <= VT_MAX_FIRST_SEEN; i++)
        digests[i] = mail.digests[i % 2];
    assert_int_equal(
        vt_register_first_seen(site->reg, digests, VT_MAX_FIRST_SEEN, times, &site->err), VT_OK);
    assert_int_equal(times[VT_MAX_FIRST_SEEN - 1], MADE_FIRST_UTC_SECS);
    assert_int_equal(
        vt_register_first_seen(site->reg, digests, VT_MAX_FIRST_SEEN + 1, times, &site->err),
        VT_E_LIMIT);
    digests[3] = "abc";
    assert_int_equal(vt_register_first_seen(site->reg, digests, 4, times, &site->err), VT_E_FORMAT);
}

static void defer_clock_knows_a_retry(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    char key[65], other[65];
    int64_t first = 0;
    struct vt_register_record record = made_mail(&mail, 2, 55, 60);
    assert_int_equal(vt_register_defer_key(arena, &mail.evidence, "status-unknown", key), VT_OK);
    assert_int_equal(vt_register_first_deferred(site->reg, key, &first, &site->err), VT_OK);
    assert_true(first == VT_TIME_NONE);
    mail.decided.defer_key_sha256 = key;
    record.time_utc_secs = 1000;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    record.time_utc_secs = 1900;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    assert_int_equal(vt_register_first_deferred(site->reg, key, &first, &site->err), VT_OK);
    assert_int_equal(first, 1000);
    /* Another order and other letters are the same people; another rule is another clock. */
    const char *swapped = mail.recipients[0];
    mail.recipients[0] = mail.recipients[2];
    mail.recipients[2] = swapped;
    mail.sender[0] = 'v';
    assert_int_equal(vt_register_defer_key(arena, &mail.evidence, "status-unknown", other), VT_OK);
    assert_string_equal(key, other);
    assert_int_equal(vt_register_defer_key(arena, &mail.evidence, "status", other), VT_OK);
    assert_string_not_equal(key, other);
    mail.evidence.mail.recipients_count = 2;
    assert_int_equal(vt_register_defer_key(arena, &mail.evidence, "status-unknown", other), VT_OK);
    assert_string_not_equal(key, other);
    site_is_whole(site, 2);
    vt_arena_free(arena);
}

static void a_notice_is_owed_once(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    struct vt_register_notice notices[2] = {
        {.kind = "refused", .recipient = "a@b.vn", .once_secs = 86400},
        {.kind = "refused", .recipient = "c@d.vn", .once_secs = 86400}};
    made_hex(notices[0].key_sha256, 1);
    made_hex(notices[1].key_sha256, 2);
    struct vt_register_record record = made_mail(&mail, 2, 10, 60);
    record.notices = notices;
    record.notices_count = 1;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    assert_true(notices[0].is_first);
    record.notices_count = 2;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    assert_false(notices[0].is_first);
    assert_true(notices[1].is_first);
    /* Another matter with the same key: somebody else is told, or of something else. */
    notices[0].recipient = "A@b.vn";
    notices[1].recipient = "e@f.vn";
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    assert_false(notices[0].is_first);
    assert_true(notices[1].is_first);
    /* The same matter after a day, within the next one, and by a clock that was put back far. */
    notices[0].kind = "held";
    const struct {
        int64_t after_secs;
        bool is_first;
    } cases[] = {{0, true}, {86399, false}, {86400, true}, {90000, false}, {-172800, true}};
    record.notices_count = 1;
    int64_t then = record.time_utc_secs;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        record.time_utc_secs = then + cases[i].after_secs;
        assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
        assert_int_equal(notices[0].is_first, cases[i].is_first);
    }
    site_is_whole(site, 3 + ELEMENTS(cases));
}

static void objects_are_kept_once(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    static uint8_t crl[] = "a list of revoked certificates";
    struct vt_register_object objects[] = {{.kind = "crl", .bytes = {crl, sizeof(crl)}},
                                           {.kind = "crl", .bytes = {crl, sizeof(crl)}},
                                           {.kind = "certificate", .bytes = {crl, 7}}};
    for (unsigned i = 0; i < 2; i++) {
        struct vt_register_record record = made_mail(&mail, i, 500, 60);
        mail.decided.objects = objects;
        mail.decided.objects_count = 3;
        assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    }
    assert_int_equal(site_number(site, "SELECT count(*) FROM object"), 2);
    assert_int_equal(site_number(site, "SELECT count(*) FROM record_object"), 4);
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct vt_bytes bytes;
    assert_int_equal(vt_register_object(site->reg, arena, objects[0].sha256, &bytes, &site->err),
                     VT_OK);
    assert_true(vt_bytes_equal(bytes, vt_bytes_of(crl, sizeof(crl))));
    assert_int_equal(vt_register_object(site->reg, arena, mail.digests[0], &bytes, &site->err),
                     VT_E_NOT_FOUND);
    vt_arena_free(arena);
    site_is_whole(site, 2);
}

/* ---- looking up ---- */

static void look_up(void **state)
{
    struct site *site = *state;
    struct made_mail mail;
    for (unsigned i = 0; i < 60; i++)
        site_append(site, i, i * 17 % 1000);
    made_mail(&mail, 20, 340, 60);
    struct vt_register_query base = VT_REGISTER_QUERY_ANY;
    base.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    char upper[64];
    (void)snprintf(upper, sizeof(upper), "VANTHU%s", strchr(mail.sender, '@'));
    const char *domain = strchr(mail.sender, '.') + 1;
    char like[80];
    (void)snprintf(like, sizeof(like), "SELECT count(*) FROM mail WHERE sender_domain LIKE '%%.%s'",
                   domain);
    const struct {
        const char *name;
        struct vt_register_query query;
        const char *slowly;
    } cases[] = {
        {"all", base, "SELECT count(*) FROM mail"},
        {"sender",
         {.sender = upper},
         "SELECT count(*) FROM mail WHERE sender = (SELECT sender FROM mail WHERE seq = 41)"},
        {"recipient",
         {.recipient = "VanThu20@ninhbinh.gov.vn"},
         "SELECT count(DISTINCT seq) FROM recipient WHERE address = 'vanthu20@ninhbinh.gov.vn'"},
        {"domain and below", {.domain = domain}, like},
        {"gov.vn", {.domain = "GOV.vn"}, "SELECT count(*) FROM mail"},
        {"not a part of a label", {.domain = "ov.vn"}, "SELECT 0"},
        {"agency of recipients and senders",
         {.agency = "xa20"},
         "SELECT count(DISTINCT m.seq) FROM mail m LEFT JOIN recipient_agency a ON a.seq = m.seq"
         " WHERE m.agency = 'xa20' OR a.agency = 'xa20'"},
        {"agency and domain",
         {.agency = "xa20", .domain = "gov.vn"},
         "SELECT count(*) FROM recipient_agency WHERE agency = 'xa20'"},
        {"unknown agency", {.agency = "xa"}, "SELECT 0"},
        {"certificate",
         {.certificate_sha256 = mail.signatures[0].signer.sha256},
         "SELECT count(DISTINCT seq) FROM signature WHERE certificate = (SELECT certificate FROM"
         " signature WHERE seq = 41 AND ordinal = 0)"},
        {"document", {.document_sha256 = mail.documents[0].sha256}, "SELECT 1"},
        {"document of another recipient",
         {.document_sha256 = mail.documents[0].sha256, .recipient = "vanthu1@ninhbinh.gov.vn"},
         "SELECT 0"},
        {"document and certificate",
         {.document_sha256 = mail.documents[0].sha256,
          .certificate_sha256 = mail.signatures[0].signer.sha256},
         "SELECT 1"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_register_query query = cases[i].query;
        query.reason = VT_REASON_COUNT;
        query.kinds = base.kinds;
        query.from_utc_secs = query.until_utc_secs = VT_TIME_NONE;
        int64_t found = site_find(site, &query), wanted = site_number(site, cases[i].slowly);
        if (found != wanted)
            fail_msg("%s: %lld found, %lld wanted", cases[i].name, (long long)found,
                     (long long)wanted);
    }
    struct vt_register_query query = base;
    query.reason = VT_REASON_NO_SIGNATURE;
    assert_int_equal(site_find(site, &query),
                     site_number(site, "SELECT count(DISTINCT seq) FROM document WHERE reasons LIKE"
                                       " '%NO_SIGNATURE%'"));
    query.domain = "gov.vn";
    query.from_utc_secs = MADE_FIRST_UTC_SECS + 30 * 60;
    int64_t some = site_find(site, &query);
    assert_true(some > 0);
    assert_int_equal(some, site_number(site, "SELECT count(*) FROM mail_reason r JOIN mail m ON"
                                             " m.seq = r.seq WHERE r.reason = 'NO_SIGNATURE' AND"
                                             " m.time_utc_secs >= 1766197800"));
    query = base;
    query.reference = "1831-0927-5563";
    int64_t next = 0;
    assert_int_equal(vt_register_find(site->reg, &query, site_each, site, &next, &site->err),
                     VT_E_FORMAT);
}

static void pages_meet_without_gap(void **state)
{
    struct site *site = *state;
    for (unsigned i = 0; i < 25; i++)
        site_append(site, i, 500);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.limit = 7;
    query.without_bodies = true;
    int64_t wanted = 50;
    unsigned pages = 0;
    do {
        site->found = 0;
        site->last_seq = wanted + 1;
        assert_int_equal(
            vt_register_find(site->reg, &query, site_each, site, &query.before_seq, &site->err),
            VT_OK);
        wanted -= site->found;
        assert_int_equal(site->last_seq, wanted + 1);
        assert_false(site->last_has_body);
        pages++;
    } while (query.before_seq != 0);
    assert_int_equal(wanted, 0);
    assert_int_equal(pages, 8);
    site->found = 0;
    assert_int_equal(vt_register_walk(site->reg, 10, 5, site_each, site, &site->err), VT_OK);
    assert_int_equal(site->found, 5);
    assert_int_equal(site->last_seq, 15);
}

static void a_backup_is_a_register(void **state)
{
    struct site *site = *state;
    char directory[600], file[700];
    struct stat status;
    site_append(site, 1, 500);
    (void)snprintf(directory, sizeof(directory), "%s/copy", site->directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", directory);
    assert_int_equal(vt_register_backup(site->reg, file, &site->err), VT_OK);
    assert_int_equal(vt_register_backup(site->reg, file, &site->err), VT_E_SYSTEM);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 077, 0);
    site_close(site);
    assert_int_equal(vt_register_open(directory, &site->reg, &site->err), VT_OK);
    site_is_whole(site, 2);
}

/* ---- a death in the middle ---- */

/* Appends until it is killed, and tells each batch that is durable. */
static void write_until_killed(struct site *site, int told)
{
    struct vt_err err;
    static struct made_mail mails[8];
    static struct vt_register_answered answered[8];
    struct vt_register_record records[16];
    if (site_try_open(site) != VT_OK)
        _exit(1);
    for (uint64_t batch = 0;; batch++) {
        for (unsigned i = 0; i < 8; i++) {
            records[2 * i] = made_mail(&mails[i], batch * 8 + i, (unsigned)(batch * 7 % 1000), 60);
            records[2 * i + 1] = made_answer(&mails[i], &answered[i]);
        }
        if (vt_register_append(site->reg, records, 16, &err) != VT_OK)
            _exit(1);
        if (write(told, &records[15].seq, sizeof(records[15].seq)) < 0)
            _exit(1);
    }
}

static void what_was_committed_survives(void **state)
{
    struct site *site = *state;
    int64_t seen = 0;
    for (unsigned round = 0; round < 12; round++) {
        int told[2];
        site_close(site);
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
            (void)close(told[0]);
            write_until_killed(site, told[1]);
        }
        (void)close(told[1]);
        assert_int_equal(read(told[0], &seen, sizeof(seen)), sizeof(seen));
        (void)usleep(2000 + round * 1713);
        assert_int_equal(kill(child, SIGKILL), 0);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(told[0], &seen, sizeof(seen)) == (ssize_t)sizeof(seen))
            ;
        (void)close(told[0]);
        site_open(site);
        struct vt_register_head head;
        assert_int_equal(vt_register_head_now(site->reg, 0, &head, &site->err), VT_OK);
        assert_true(head.seq >= seen);
        assert_int_equal(head.seq % 16, 0); /* batches are whole */
    }
    struct vt_register_head head;
    assert_int_equal(vt_register_head_now(site->reg, 0, &head, &site->err), VT_OK);
    site_is_whole(site, head.seq);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_new, site_free)
#define CENTRAL(name) cmocka_unit_test_setup_teardown(name, site_new_postgres, site_free)
#define SHARED(TEST)                                                                               \
    TEST(batches_are_all_or_nothing), TEST(references_are_kept_as_written),                        \
        TEST(unclean_texts_are_cleaned_alike), TEST(every_kind_is_kept),                           \
        TEST(a_loaded_policy_is_found_again), TEST(exceptions_end), TEST(earliest_time_wins),      \
        TEST(many_digests_in_one_call), TEST(defer_clock_knows_a_retry),                           \
        TEST(a_notice_is_owed_once), TEST(objects_are_kept_once), TEST(look_up),                   \
        TEST(pages_meet_without_gap), TEST(what_was_committed_survives)
    const struct CMUnitTest sqlite[] = {SHARED(TEST),
                                        TEST(files_are_private),
                                        TEST(a_log_out_of_reach_is_waited_for),
                                        TEST(a_log_for_reading_only_is_waited_for),
                                        TEST(other_files_are_refused),
                                        TEST(readers_do_not_write),
                                        TEST(nothing_of_a_secret_mail_is_kept),
                                        TEST(a_backup_is_a_register)};
    const struct CMUnitTest postgres[] = {SHARED(CENTRAL), CENTRAL(newer_schemas_are_refused)};
    int failed = cmocka_run_group_tests_name("SQLite", sqlite, NULL, NULL);
    if (test_postgres_start(&site_postgres))
        failed += cmocka_run_group_tests_name("PostgreSQL", postgres, NULL, NULL);
    test_postgres_stop(&site_postgres);
    return failed;
}
