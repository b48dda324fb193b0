/* SPDX-License-Identifier: Apache-2.0
 * The policies that are shipped: for each reason, class of sender and direction what is done, alone
 * and together with any other reason, and the promises about bounces, nested mail, lists, urgent
 * mail, submission and held mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policy/bundle.h"
#include "evidence/names.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(name) VT_REASON_BIT(VT_REASON_##name)
#define NOW INT64_C(1796263920)
#define OFFICER "officer: {name: Nguyễn Văn A, mailbox: vanthu@soxd.ninhbinh.gov.vn}\n"

/* ---- what is wanted ---- */

/* Reject, Hold, Defer, Tag, Note, or "-": accepted without a word. Six columns: inbound mail of
 * class state and of others, outbound of both, internal of both. "usual" is that of policy.yaml,
 * observe-only.yaml (as what it would be) and the two regulations; "strict" that of strict.yaml
 * with an officer. Neither has an officer for SECRET_MARK in "usual". */
static const struct row {
    const char *code, *usual, *strict;
    bool is_claimed; /* no time stamp proves the time */
} rows[] = {
    {"CONTENT_CHANGED", "RRRRRR", "RRRRRR", false},
    {"BAD_SIGNATURE", "RRTTRR", "RRRRRR", false},
    {"CERT_REVOKED", "RRTTRR", "RRRRRR", false},
    {"PATH_SELF_MADE", "RTTTRT", "RHRHRH", false},
    {"TIMESTAMP_INVALID", "RRTTRR", "RRRRRR", false},
    {"ADDED_AFTER_SIGNING", "RRTTTT", "RRRRRR", false},
    {"CERT_EXPIRED", "RRTTRR", "RRRRRR", false},
    {"CERT_NOT_YET", "RRTTRR", "RRRRRR", false},
    {"CERT_NOT_YET", "TTTTTT", "HHHHHH", true},
    {"CERT_SUSPENDED", "RRTTRR", "RRRRRR", false},
    {"CERT_SUSPENDED", "TTTTTT", "HHHHHH", true},
    {"CA_INVALID", "RRTTRR", "RRRRRR", false},
    {"CA_INVALID", "TTTTTT", "HHHHHH", true},
    {"CERT_REVOKED_SINCE", "TTTTTT", "HHHHHH", false},
    {"CERT_EXPIRED_SINCE", "NNNNNN", "TTTTTT", false},
    {"PATH_UNKNOWN_ROOT", "TTTTTT", "HHHHHH", false},
    {"WRONG_KIND", "T-T-T-", "H-H-H-", false},
    {"CERT_SCOPE", "TNTNTN", "HTHTHT", false},
    {"WEAK_ALGORITHM", "TTTTTT", "HHHHHH", false},
    {"TIME_INCONSISTENT", "TTTTTT", "TTTTTT", false},
    {"NAME_MISMATCH", "N-N---", "T-T---", false},
    {"MESSAGE_CHANGED", "TTTTTT", "TTTTTT", false},
    {"CHANGE_UNCLEAR", "TTTTTT", "HHHHHH", false},
    {"NO_SIGNATURE", "T-T---", "R-T---", false},
    {"IMAGE_ONLY", "T-T---", "R-T---", false},
    {"NO_AGENCY_SIG", "T-T---", "R-T---", false},
    {"NO_PERSON_SIG", "N-N---", "T-T---", false},
    {"ANNEX_UNSIGNED", "T-T---", "R-T---", false},
    {"UNSIGNED_COMPANION", "NNNNNN", "NNNNNN", false},
    {"COPY_INVALID", "T-T---", "R-T---", false},
    {"MALFORMED", "TTTTTT", "HHHHHH", false},
    {"FILE_UNREADABLE", "TNTNNN", "HTHTTT", false},
    {"SECRET_MARK", "RRRRRR", "HHHHHH", false},
    {"STATUS_UNKNOWN", "DDDDDD", "DDDDDD", false},
    {"PATH_INCOMPLETE", "NNNNNN", "HHHHHH", false},
    {"TIMESTAMP_UNVERIFIED", "NNNNNN", "HHHHHH", false},
    {"FORMAT_UNSUPPORTED", "NNNNNN", "TTTTTT", false},
    {"TOO_LARGE", "TTTTTT", "HHHHHH", false},
    {"NOT_CHECKED", "TTTTTT", "HHHHHH", false},
    /* Not found by this version. */
    {"INCOMPLETE", "------", "------", false},
    {"WRONG_RECIPIENT", "------", "------", false},
    {"RECALLED", "------", "------", false},
};

static enum vt_action action_of(char letter)
{
    switch (letter) {
    case 'R':
        return VT_ACTION_REJECT;
    case 'H':
        return VT_ACTION_HOLD;
    case 'D':
        return VT_ACTION_DEFER;
    case 'T':
        return VT_ACTION_TAG;
    case 'N':
        return VT_ACTION_NOTE;
    default:
        assert_int_equal(letter, '-');
        return VT_ACTION_ACCEPT;
    }
}

static const struct column {
    const char *name;
    enum vt_direction direction;
    enum vt_sender_class class;
} columns[] = {
    {"inbound, state", VT_INBOUND, VT_SENDER_STATE},
    {"inbound, other", VT_INBOUND, VT_SENDER_OTHER},
    {"outbound, state", VT_OUTBOUND, VT_SENDER_STATE},
    {"outbound, other", VT_OUTBOUND, VT_SENDER_OTHER},
    {"internal, state", VT_INTERNAL, VT_SENDER_STATE},
    {"internal, other", VT_INTERNAL, VT_SENDER_OTHER},
};

/* ---- the policies ---- */

static struct shipped {
    const char *file;
    bool has_officer, is_strict, is_observed;
    struct vt_policy *policy;
} policies[] = {
    {"conf/policy.yaml", false, false, false, NULL},
    {"conf/ninh-binh-2025.yaml", false, false, false, NULL},
    {"conf/vinh-long-2020.yaml", false, false, false, NULL},
    {"conf/observe-only.yaml", false, false, true, NULL},
    {"conf/strict.yaml", true, true, false, NULL},
};
enum { NINH_BINH = 1, VINH_LONG };

static void read_file(const char *file, struct vt_buf *out)
{
    uint8_t piece[4096];
    size_t got = 0;
    FILE *in = fopen(file, "re");
    assert_non_null(in);
    while ((got = fread(piece, 1, sizeof(piece), in)) > 0)
        assert_int_equal(vt_buf_add(out, piece, got), VT_OK);
    (void)fclose(in);
}

/* The file, with an officer or without, and the table that it names. */
static struct vt_policy *load_policy(const char *file, bool has_officer)
{
    struct vt_buf text, table, packed;
    struct vt_mistakes mistakes;
    struct vt_policy *policy = NULL;
    vt_buf_init(&text, 1 << 20);
    vt_buf_init(&table, 1 << 20);
    vt_buf_init(&packed, 1 << 21);
    vt_mistakes_init(&mistakes);
    if (has_officer)
        assert_int_equal(vt_buf_add(&text, OFFICER, strlen(OFFICER)), VT_OK);
    read_file(file, &text);
    read_file("conf/agencies.yaml", &table);
    const struct vt_bundle_file main = {VT_BUNDLE_POLICY, "", file, vt_buf_bytes(&text)};
    const struct vt_bundle_file named = {VT_BUNDLE_FILE, "agencies.yaml", "agencies.yaml",
                                         vt_buf_bytes(&table)};
    assert_int_equal(vt_bundle_begin(&packed), VT_OK);
    assert_int_equal(vt_bundle_add(&packed, &main), VT_OK);
    assert_int_equal(vt_bundle_add(&packed, &named), VT_OK);
    enum vt_code code =
        vt_policy_parse_bundle(vt_buf_bytes(&packed), file, &policy, &mistakes, NULL);
    if (code != VT_OK || mistakes.count > 0)
        fail_msg("%s:%u: %s", file, mistakes.count > 0 ? mistakes.items[0].line : 0,
                 mistakes.count > 0 ? mistakes.items[0].text : "not read");
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&text);
    vt_buf_clear(&table);
    vt_buf_clear(&packed);
    return policy;
}

static int load(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(policies); i++)
        policies[i].policy = load_policy(policies[i].file, policies[i].has_officer);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(policies); i++)
        vt_policy_free(policies[i].policy);
    return 0;
}

/* ---- one mail ---- */

/* What a case changes about an inbound mail with one signature at a proven time. */
struct situation {
    vt_reasons reasons;      /* of the signature */
    vt_reasons mail_reasons; /* of the mail */
    enum vt_sender_class class;
    enum vt_direction direction;
    bool is_claimed, is_first_seen, is_bounce, is_nested, is_list, is_urgent, is_submission;
    bool is_source_down;
    int64_t claimed_ahead_secs, signed_at_utc_secs, deferred_for_secs;
    const char *sender, *signer_email;
    enum vt_indication indication;
};

struct answer {
    enum vt_action action, would_be;
    char rule[128];
};

static struct answer decide(const struct vt_policy *policy, const struct situation *s)
{
    struct vt_status_facts status = {.value = VT_STATUS_UNREACHABLE, .source_down = true};
    struct vt_signature signature = {
        .reasons = s->reasons,
        .statuses = &status,
        .statuses_count = s->is_source_down ? 1 : 0,
        .indication = s->indication,
        .signer = {.email = s->signer_email},
        .signing_time_source = s->is_claimed      ? VT_TIME_SOURCE_CLAIMED
                               : s->is_first_seen ? VT_TIME_SOURCE_FIRST_SEEN
                                                  : VT_TIME_SOURCE_TIMESTAMP,
        .signing_time_utc_secs = s->signed_at_utc_secs != 0 ? s->signed_at_utc_secs : NOW - 60,
        .claimed_time_utc_secs = NOW - 60 + s->claimed_ahead_secs,
        .judged_at_utc_secs = NOW - 60};
    struct vt_document document = {.format = VT_FORMAT_PDF,
                                   .nested = s->is_nested,
                                   .signatures = &signature,
                                   .signatures_count = 1};
    const char *sender = s->is_bounce ? "" : s->sender != NULL ? s->sender : "a@b.gov.vn";
    struct vt_evidence evidence = {.mail = {.sender = sender,
                                            .direction = s->direction,
                                            .sender_class = s->class,
                                            .is_list = s->is_list,
                                            .subject = s->is_urgent ? "KHẨN: x" : "x"},
                                   .reasons = s->mail_reasons,
                                   .documents = &document,
                                   .documents_count = 1};
    struct vt_policy_input input = {.evidence = &evidence,
                                    .site_mode = VT_MODE_ENFORCE,
                                    .first_deferred_utc_secs = s->deferred_for_secs == 0
                                                                   ? VT_TIME_NONE
                                                                   : NOW - s->deferred_for_secs,
                                    .now_utc_secs = NOW,
                                    .is_submission = s->is_submission};
    struct vt_arena *arena = vt_arena_new(4 << 20);
    struct vt_decision *decision = NULL;
    struct answer answer;
    assert_int_equal(vt_policy_evaluate(arena, policy, &input, &decision, NULL), VT_OK);
    answer.action = decision->action;
    answer.would_be = decision->would_be;
    (void)snprintf(answer.rule, sizeof(answer.rule), "%s",
                   decision->rule == NULL ? "none" : decision->rule);
    vt_arena_free(arena);
    return answer;
}

static enum vt_reason reason_of(const struct row *row)
{
    enum vt_reason reason = VT_REASON_COUNT;
    assert_int_equal(vt_reason_by_code(row->code, &reason), VT_OK);
    return reason;
}

/* Vĩnh Long knows no day since when certificates have to be for official use. */
static enum vt_action wanted_of(const struct shipped *shipped, const struct row *row, size_t column)
{
    if (shipped == &policies[VINH_LONG] && strcmp(row->code, "WRONG_KIND") == 0)
        return VT_ACTION_ACCEPT;
    return action_of((shipped->is_strict ? row->strict : row->usual)[column]);
}

/* What observe-only.yaml does is nothing; what it would do is the same. */
static void expect(const struct shipped *shipped, const struct situation *s, enum vt_action wanted,
                   const char *name, const char *more)
{
    struct answer answer = decide(shipped->policy, s);
    enum vt_action got = shipped->is_observed ? answer.would_be : answer.action;
    if (got != wanted)
        fail_msg("%s: %s, %s: %s by %s, wanted %s", shipped->file, name, more, vt_action_name(got),
                 answer.rule, vt_action_name(wanted));
    if (shipped->is_observed && answer.action != VT_ACTION_ACCEPT)
        fail_msg("%s: %s, %s: does something", shipped->file, name, more);
}

/* A signature's time is nothing a mail has. */
static bool needs_signature(enum vt_reason reason)
{
    return reason == VT_REASON_CERT_NOT_YET || reason == VT_REASON_CERT_SUSPENDED ||
           reason == VT_REASON_CA_INVALID || reason == VT_REASON_WEAK_ALGORITHM ||
           reason == VT_REASON_TIME_INCONSISTENT;
}

/* ---- tests ---- */

static void every_reason_class_and_direction(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(policies) * ELEMENTS(rows); i++) {
        const struct shipped *shipped = &policies[i / ELEMENTS(rows)];
        const struct row *row = &rows[i % ELEMENTS(rows)];
        enum vt_reason reason = reason_of(row);
        for (size_t c = 0; c < ELEMENTS(columns); c++) {
            struct situation s = {.reasons = VT_REASON_BIT(reason),
                                  .class = columns[c].class,
                                  .direction = columns[c].direction,
                                  .is_claimed = row->is_claimed};
            enum vt_action wanted = wanted_of(shipped, row, c);
            expect(shipped, &s, wanted, row->code, columns[c].name);
            s.mail_reasons = s.reasons;
            s.reasons = 0;
            if (!needs_signature(reason))
                expect(shipped, &s, wanted, row->code, "of the mail");
        }
    }
}

/* The table has every reason, and its first column is what the table of reasons calls default. */
static void the_table_is_whole(void **state)
{
    (void)state;
    vt_reasons seen = 0;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct vt_reason_info *info = vt_reason_info(reason_of(&rows[i]));
        seen |= VT_REASON_BIT(reason_of(&rows[i]));
        assert_int_equal(strlen(rows[i].usual), ELEMENTS(columns));
        assert_int_equal(strlen(rows[i].strict), ELEMENTS(columns));
        if (info->is_reserved || rows[i].is_claimed)
            continue;
        if (action_of(rows[i].usual[0]) != info->default_state ||
            action_of(rows[i].usual[1]) != info->default_other)
            fail_msg("%s has another default in the table of reasons", info->code);
    }
    assert_int_equal(seen, VT_REASON_BIT(VT_REASON_COUNT) - 1);
}

/* No rule hides a more severe one: of two reasons the severer action counts. A mail marked secret
 * has no other reason, for it is not looked into. */
static void every_pair_gives_the_severer(void **state)
{
    (void)state;
    for (size_t p = 0; p < ELEMENTS(policies); p++) {
        for (size_t i = 0; i < ELEMENTS(rows) * ELEMENTS(rows); i++) {
            const struct row *a = &rows[i / ELEMENTS(rows)], *b = &rows[i % ELEMENTS(rows)];
            bool is_secret =
                strcmp(a->code, "SECRET_MARK") == 0 || strcmp(b->code, "SECRET_MARK") == 0;
            if (a->is_claimed != b->is_claimed || is_secret)
                continue;
            for (size_t c = 0; c < 2; c++) {
                struct situation s = {.reasons =
                                          VT_REASON_BIT(reason_of(a)) | VT_REASON_BIT(reason_of(b)),
                                      .class = columns[c].class,
                                      .is_claimed = a->is_claimed};
                enum vt_action first = wanted_of(&policies[p], a, c);
                enum vt_action second = wanted_of(&policies[p], b, c);
                expect(&policies[p], &s, first > second ? first : second, a->code, b->code);
            }
        }
    }
}

static void promises(void **state)
{
    (void)state;
    enum { YEAR_2024 = 1718000000 };
    static const struct {
        const char *name;
        struct situation situation;
        char usual, strict;
    } cases[] = {
        {"nothing found", {.class = VT_SENDER_STATE}, '-', '-'},
        {"bounce with a forgery", {.reasons = BIT(CONTENT_CHANGED), .is_bounce = true}, 'T', 'H'},
        {"bounce, status unknown", {.reasons = BIT(STATUS_UNKNOWN), .is_bounce = true}, 'T', 'H'},
        {"bounce, expired since",
         {.reasons = BIT(CERT_EXPIRED_SINCE), .is_bounce = true},
         'N',
         'T'},
        {"nested forgery", {.reasons = BIT(BAD_SIGNATURE), .is_nested = true}, 'T', 'H'},
        {"nested and unsigned",
         {.reasons = BIT(NO_SIGNATURE), .is_nested = true, .class = VT_SENDER_STATE},
         'T',
         'T'},
        {"not yet valid, first seen",
         {.reasons = BIT(CERT_NOT_YET), .is_first_seen = true},
         'R',
         'R'},
        {"list, message changed", {.reasons = BIT(MESSAGE_CHANGED), .is_list = true}, 'N', 'N'},
        {"list, document changed", {.reasons = BIT(CONTENT_CHANGED), .is_list = true}, 'T', 'H'},
        {"list, unsigned",
         {.reasons = BIT(NO_SIGNATURE), .is_list = true, .class = VT_SENDER_STATE},
         'T',
         'T'},
        {"list, status unknown", {.reasons = BIT(STATUS_UNKNOWN), .is_list = true}, 'D', 'D'},
        {"list, secret", {.mail_reasons = BIT(SECRET_MARK), .is_list = true}, 'R', 'H'},
        {"weak and old, proven",
         {.reasons = BIT(WEAK_ALGORITHM), .signed_at_utc_secs = YEAR_2024},
         'N',
         'H'},
        {"weak and old, claimed only",
         {.reasons = BIT(WEAK_ALGORITHM), .signed_at_utc_secs = YEAR_2024, .is_claimed = true},
         'T',
         'H'},
        {"seven hours ahead",
         {.reasons = BIT(TIME_INCONSISTENT), .claimed_ahead_secs = 7 * 3600},
         'N',
         'N'},
        {"three hours ahead",
         {.reasons = BIT(TIME_INCONSISTENT), .claimed_ahead_secs = 3 * 3600},
         'T',
         'T'},
        {"status unknown, second try",
         {.reasons = BIT(STATUS_UNKNOWN), .deferred_for_secs = 600},
         'D',
         'D'},
        {"status unknown, 15 minutes",
         {.reasons = BIT(STATUS_UNKNOWN), .deferred_for_secs = 900},
         'T',
         'D'},
        {"status unknown, an hour",
         {.reasons = BIT(STATUS_UNKNOWN), .deferred_for_secs = 3600},
         'T',
         'H'},
        {"status unknown, urgent", {.reasons = BIT(STATUS_UNKNOWN), .is_urgent = true}, 'T', 'T'},
        {"status unknown, sources down",
         {.reasons = BIT(STATUS_UNKNOWN), .is_source_down = true},
         'T',
         'H'},
        {"status unknown, submission",
         {.reasons = BIT(STATUS_UNKNOWN), .is_submission = true},
         'T',
         'H'},
    };
    for (size_t p = 0; p < ELEMENTS(policies); p++) {
        for (size_t i = 0; i < ELEMENTS(cases); i++)
            expect(&policies[p], &cases[i].situation,
                   action_of(policies[p].is_strict ? cases[i].strict : cases[i].usual),
                   cases[i].name, "a promise");
    }
}

/* With an officer a secret mail waits; without one what would be held is delivered with a mark. */
static void the_officer(void **state)
{
    (void)state;
    const struct situation secret = {.mail_reasons = BIT(SECRET_MARK)};
    const struct situation unknown = {.reasons = BIT(PATH_UNKNOWN_ROOT)};
    const struct situation late = {.reasons = BIT(STATUS_UNKNOWN), .deferred_for_secs = 3600};
    struct vt_policy *with = load_policy("conf/policy.yaml", true);
    struct vt_policy *without = load_policy("conf/strict.yaml", false);
    assert_int_equal(decide(with, &secret).action, VT_ACTION_HOLD);
    assert_int_equal(decide(without, &secret).action, VT_ACTION_REJECT);
    assert_int_equal(decide(without, &unknown).action, VT_ACTION_TAG);
    assert_int_equal(decide(without, &late).action, VT_ACTION_TAG);
    vt_policy_free(with);
    vt_policy_free(without);
}

/* Vĩnh Long, Article 2(2): police, army and diplomacy; 5(1)(b): addresses of the province. */
static void vinh_long(void **state)
{
    (void)state;
    const struct shipped *shipped = &policies[VINH_LONG];
    struct situation s = {.reasons = BIT(NO_AGENCY_SIG), .class = VT_SENDER_STATE};
    s.sender = "vanthu@ct.bca.gov.vn";
    expect(shipped, &s, VT_ACTION_ACCEPT, "police", "unsigned");
    expect(&policies[NINH_BINH], &s, VT_ACTION_TAG, "police", "unsigned");
    s.reasons = BIT(CONTENT_CHANGED);
    expect(shipped, &s, VT_ACTION_REJECT, "police", "changed");
    s = (struct situation){.indication = VT_TOTAL_PASSED, .sender = "a@stnmt.vinhlong.gov.vn"};
    expect(shipped, &s, VT_ACTION_ACCEPT, "certificate", "without an address");
    s.signer_email = "a@gmail.com";
    expect(shipped, &s, VT_ACTION_NOTE, "certificate", "with another address");
    s.signer_email = "b@vinhlong.gov.vn";
    expect(shipped, &s, VT_ACTION_ACCEPT, "certificate", "with one of the province");
}

/* Every reason that is found has a rule; none promises what is not found (no warning at load). */
static void no_reason_is_forgotten(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(policies); i++)
        assert_int_equal(vt_policy_unhandled(policies[i].policy), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(every_reason_class_and_direction),
        cmocka_unit_test(every_pair_gives_the_severer),
        cmocka_unit_test(promises),
        cmocka_unit_test(the_officer),
        cmocka_unit_test(vinh_long),
        cmocka_unit_test(no_reason_is_forgotten),
    };
    return cmocka_run_group_tests_name("policy_shipped", tests, load, unload);
}
