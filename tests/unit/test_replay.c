/* SPDX-License-Identifier: Apache-2.0
 * Replay: what a policy says of recorded mails, against a register with every fate a mail can have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/register_mail.h"
#include "register/replay.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define CHANGED 10
#define REVOKED 40
#define DEFERRED 55
#define UNKNOWN 70
#define WEAK 100
#define VALID 500
#define UNSIGNED 950

/* As the made decisions have it. */
static const char same[] =
    "rules:\n"
    "  - {name: changed-after-signing, when: {reason: [CONTENT_CHANGED, CERT_REVOKED]}, then: "
    "reject}\n"
    "  - {name: status-unknown, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 1h}\n"
    "  - {name: tagged, when: {reason: [WEAK_ALGORITHM, NO_SIGNATURE]}, then: tag}\n";
static const char milder[] =
    "rules:\n"
    "  - {name: changed-after-signing, when: {reason: CONTENT_CHANGED}, then: tag}\n"
    "  - {name: weak, when: {reason: WEAK_ALGORITHM}, then: tag}\n";
static const char severe[] =
    "rules:\n"
    "  - {name: changed-after-signing, when: {reason: [CONTENT_CHANGED, CERT_REVOKED]}, then: "
    "reject}\n"
    "  - {name: status-unknown, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 1h}\n"
    "  - {name: tagged, when: {reason: WEAK_ALGORITHM}, then: reject}\n"
    "  - {name: unsigned, when: {reason: NO_SIGNATURE}, then: reject}\n";

/* ---- the register ---- */

struct desk {
    char directory[64];
    struct vt_register *reg;
    struct vt_config *config;
    struct vt_arena *arena;
    struct made_mail mail;
    uint64_t number;
};

static void must(enum vt_code code, const struct vt_err *err)
{
    if (code != VT_OK)
        fail_msg("%s: %s", vt_code_name(code), err->text);
}

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    struct vt_err err = {0};
    assert_non_null(desk);
    (void)snprintf(desk->directory, sizeof(desk->directory), "/tmp/vanthu-replay-XXXXXX");
    assert_non_null(mkdtemp(desk->directory));
    must(vt_register_open(desk->directory, &desk->reg, &err), &err);
    must(vt_config_default(&desk->config, &err), &err);
    desk->arena = vt_arena_new(16u << 20);
    assert_non_null(desk->arena);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    char command[128];
    vt_register_close(desk->reg);
    vt_config_free(desk->config);
    vt_arena_free(desk->arena);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", desk->directory);
    assert_int_equal(system(command), 0);
    free(desk);
    return 0;
}

static void append(struct desk *desk, struct vt_register_record record)
{
    struct vt_err err = {0};
    must(vt_register_append(desk->reg, &record, 1, &err), &err);
}

/* A mail of that luck, an hour after the one before, as it may be changed and is then appended. */
static struct vt_register_record make(struct desk *desk, unsigned luck)
{
    return made_mail(&desk->mail, desk->number++, luck, 3600);
}

static void add(struct desk *desk, unsigned luck)
{
    append(desk, make(desk, luck));
}

/* ---- replaying ---- */

struct seen {
    int64_t told_count, limit;
    enum vt_action first_then, first_now;
    char first_rule[64], first_sender[64];
    bool is_repeated;
};

static enum vt_code take(void *context, const struct vt_replay_change *change, struct vt_err *err)
{
    struct seen *seen = context;
    (void)err;
    assert_non_null(change->evidence);
    if (seen->told_count++ > 0)
        return VT_OK;
    seen->first_then = change->then_action;
    seen->first_now = change->now_action;
    seen->is_repeated = change->is_repeated;
    (void)snprintf(seen->first_rule, sizeof(seen->first_rule), "%s",
                   change->now->rule != NULL ? change->now->rule : "-");
    (void)snprintf(seen->first_sender, sizeof(seen->first_sender), "%s",
                   change->evidence->mail.sender);
    return VT_OK;
}

static bool has_time(void *context, const struct vt_replay_counts *counts, int64_t time_utc_secs)
{
    const struct seen *seen = context;
    assert_true(time_utc_secs >= MADE_FIRST_UTC_SECS);
    return seen->limit == 0 || counts->mails_count < seen->limit;
}

static struct vt_replay replay_with(struct desk *desk, const char *policy,
                                    struct vt_replay_request request, struct seen *seen)
{
    struct vt_replay result;
    struct vt_policy *parsed = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    must(vt_policy_parse(vt_bytes_str(policy), "p.yaml", &parsed, &mistakes, &err), &err);
    request.policy = parsed;
    request.config = desk->config;
    request.each = take;
    request.goes_on = has_time;
    request.context = seen;
    must(vt_replay(desk->reg, desk->arena, &request, &result, &err), &err);
    vt_mistakes_clear(&mistakes);
    vt_policy_free(parsed);
    return result;
}

#define ENFORCED                                                                                   \
    (struct vt_replay_request)                                                                     \
    {                                                                                              \
        .from_utc_secs = VT_TIME_NONE, .until_utc_secs = VT_TIME_NONE, .mode = VT_MODE_ENFORCE     \
    }

static struct vt_replay replay(struct desk *desk, const char *policy)
{
    struct seen seen = {0};
    return replay_with(desk, policy, ENFORCED, &seen);
}

/* ---- cases ---- */

static void fill(struct desk *desk)
{
    static const unsigned lucks[] = {CHANGED, REVOKED, DEFERRED, WEAK, VALID, VALID, UNSIGNED};
    for (size_t i = 0; i < ELEMENTS(lucks); i++)
        add(desk, lucks[i]);
}

static void the_same_policy_changes_nothing(void **state)
{
    struct desk *desk = *state;
    fill(desk);
    struct vt_replay result = replay(desk, same);
    assert_true(result.is_complete);
    assert_int_equal(result.counts.mails_count, 7);
    assert_int_equal(result.counts.changed_count, 0);
    assert_int_equal(result.counts.other_rule_count, 0);
    assert_int_equal(result.counts.moves[VT_ACTION_REJECT][VT_ACTION_REJECT], 2);
    assert_int_equal(result.counts.moves[VT_ACTION_DEFER][VT_ACTION_DEFER], 1);
    assert_int_equal(result.counts.first_utc_secs, MADE_FIRST_UTC_SECS);
    assert_int_equal(result.counts.last_utc_secs, MADE_FIRST_UTC_SECS + 6 * 3600);
}

static void moves_and_rules_are_counted(void **state)
{
    struct desk *desk = *state;
    fill(desk);
    struct vt_replay mild = replay(desk, milder), hard = replay(desk, severe);
    assert_int_equal(mild.counts.no_longer_refused_count, 2);
    assert_int_equal(mild.counts.newly_refused_count, 0);
    assert_int_equal(mild.counts.moves[VT_ACTION_REJECT][VT_ACTION_TAG], 1);
    assert_int_equal(mild.counts.moves[VT_ACTION_REJECT][VT_ACTION_ACCEPT], 1);
    assert_int_equal(mild.counts.moves[VT_ACTION_DEFER][VT_ACTION_ACCEPT], 1);
    assert_int_equal(mild.counts.other_rule_count, 1); /* tagged by "weak" */
    assert_int_equal(hard.counts.newly_refused_count, 2);
    assert_int_equal(hard.rows_count, 2);
    assert_int_equal(hard.rows[0].mails_count + hard.rows[1].mails_count, 2);
    assert_string_equal(hard.rows[0].then_rule, "tagged");
    int64_t sum = 0;
    for (size_t i = 0; i < mild.rows_count; i++)
        sum += mild.rows[i].mails_count;
    assert_int_equal(sum, mild.counts.changed_count + mild.counts.other_rule_count);
}

static void a_period_and_an_end(void **state)
{
    struct desk *desk = *state;
    fill(desk);
    struct seen seen = {0};
    struct vt_replay_request request = ENFORCED;
    request.from_utc_secs = MADE_FIRST_UTC_SECS + 3600;
    request.until_utc_secs = MADE_FIRST_UTC_SECS + 3 * 3600;
    assert_int_equal(replay_with(desk, same, request, &seen).counts.mails_count, 2);
    seen = (struct seen){.limit = 3};
    struct vt_replay cut = replay_with(desk, severe, ENFORCED, &seen);
    assert_false(cut.is_complete);
    assert_int_equal(cut.counts.mails_count, 3);
    assert_int_equal(cut.counts.newly_refused_count, 1); /* newest first: the unsigned one */
}

/* What an observing site answered says nothing of what its rules asked for. */
static void observed_mails_are_compared_by_their_rules(void **state)
{
    struct desk *desk = *state;
    struct vt_register_record record = make(desk, CHANGED);
    struct vt_trace trace = {.rule = "changed-after-signing",
                             .document = 0,
                             .mode = VT_MODE_ENFORCE,
                             .matched = true,
                             .action = VT_ACTION_REJECT,
                             .why = "reason = CONTENT_CHANGED"};
    desk->mail.decided.mode = VT_MODE_OBSERVE;
    desk->mail.decision.action = VT_ACTION_ACCEPT;
    desk->mail.decision.document = 0;
    desk->mail.decision.trace = &trace;
    desk->mail.decision.trace_count = 1;
    append(desk, record);
    assert_int_equal(replay(desk, same).counts.changed_count, 0);
    struct seen seen = {0};
    struct vt_replay_request request = ENFORCED;
    request.is_as_it_was = true;
    assert_int_equal(replay_with(desk, same, request, &seen).counts.newly_refused_count, 1);
    request.mode = VT_MODE_OBSERVE;
    assert_int_equal(replay_with(desk, same, request, &seen).counts.changed_count, 0);
    request = ENFORCED;
    request.mode = VT_MODE_TAG;
    assert_int_equal(
        replay_with(desk, same, request, &seen).counts.moves[VT_ACTION_TAG][VT_ACTION_TAG], 1);
    /* A rule in mode tag tagged. */
    trace.mode = desk->mail.decision.mode = VT_MODE_TAG;
    record = make(desk, CHANGED);
    desk->mail.decided.mode = VT_MODE_OBSERVE;
    desk->mail.decision.mode = VT_MODE_TAG;
    desk->mail.decision.action = VT_ACTION_ACCEPT;
    desk->mail.decision.document = 0;
    desk->mail.decision.trace = &trace;
    desk->mail.decision.trace_count = 1;
    append(desk, record);
    assert_int_equal(replay(desk, same).counts.newly_refused_count, 1);
}

/* An exception counts from when it was made until it ends. */
static void exceptions_are_as_they_were(void **state)
{
    struct desk *desk = *state;
    add(desk, CHANGED);
    struct vt_register_record later = make(desk, CHANGED);
    const char *documents[] = {desk->mail.documents[0].sha256};
    const struct vt_register_overruled overruled = {.reason_text = "đã đối chiếu",
                                                    .by = "root",
                                                    .until_utc_secs = later.time_utc_secs + 60,
                                                    .documents_sha256 = documents,
                                                    .documents_count = 1,
                                                    .reason = VT_REASON_COUNT};
    char first[VT_REFERENCE_BYTES];
    made_reference(first, 0);
    append(desk, (struct vt_register_record){.kind = VT_REGISTER_OVERRULED,
                                             .reference = first,
                                             .time_utc_secs = later.time_utc_secs - 60,
                                             .overruled = &overruled});
    append(desk, later);
    struct vt_replay result = replay(desk, same);
    assert_int_equal(result.counts.mails_count, 2);
    assert_int_equal(result.counts.excepted_count, 1);
    assert_int_equal(result.counts.no_longer_refused_count, 1);
    assert_non_null(strstr(result.rows[0].now_rule, "undo:"));
    /* The mail that it was made for, in the same second. */
    desk->number++;
    struct vt_register_record refused = make(desk, CHANGED);
    const char *its[] = {desk->mail.documents[0].sha256};
    const struct vt_register_overruled undone = {.reason_text = "x",
                                                 .by = "root",
                                                 .until_utc_secs = refused.time_utc_secs + 60,
                                                 .documents_sha256 = its,
                                                 .documents_count = 1,
                                                 .reason = VT_REASON_COUNT};
    append(desk, refused);
    append(desk, (struct vt_register_record){.kind = VT_REGISTER_OVERRULED,
                                             .reference = refused.reference,
                                             .time_utc_secs = refused.time_utc_secs,
                                             .overruled = &undone});
    assert_int_equal(replay(desk, same).counts.excepted_count, 1);
    /* The first file after the end of its exception. */
    later = made_mail(&desk->mail, 1, CHANGED, 3600);
    later.time_utc_secs += 120;
    append(desk, later);
    assert_int_equal(replay(desk, same).counts.excepted_count, 1);
}

/* A deferred mail that came again counts as one mail, and its clock runs from its first attempt. */
static void attempts_of_one_mail(void **state)
{
    struct desk *desk = *state;
    char key[65];
    struct vt_register_record first = make(desk, UNSIGNED);
    assert_int_equal(
        vt_register_defer_key(desk->arena, &desk->mail.evidence, "status-unknown", key), VT_OK);
    desk->mail.decision.action = VT_ACTION_DEFER;
    desk->mail.decision.rule = "status-unknown";
    desk->mail.decided.defer_key_sha256 = key;
    append(desk, first);
    first.time_utc_secs += 600;
    append(desk, first);
    first.time_utc_secs += 600;
    desk->mail.decision.action = VT_ACTION_TAG;
    append(desk, first);
    struct vt_replay result = replay(desk, severe);
    assert_int_equal(result.counts.mails_count, 3);
    assert_int_equal(result.counts.changed_count, 3);
    assert_int_equal(result.counts.repeated_count, 2);
    assert_int_equal(result.counts.newly_refused_count, 1);
    static const char patient[] =
        "rules:\n  - {name: wait, when: {reason: NO_SIGNATURE}, then: defer, at-most: 15m}\n";
    result = replay(desk, patient);
    assert_int_equal(result.counts.moves[VT_ACTION_DEFER][VT_ACTION_DEFER], 2);
    assert_int_equal(result.counts.moves[VT_ACTION_TAG][VT_ACTION_TAG], 1);
    /* Who sends the same refused file twice sends two mails. */
    add(desk, WEAK);
    desk->number--;
    add(desk, WEAK);
    assert_int_equal(replay(desk, severe).counts.newly_refused_count, 3);
}

static void what_cannot_be_compared_is_counted_apart(void **state)
{
    struct desk *desk = *state;
    const struct vt_register_retention retention = {.days = {[VT_RETAIN_PASSED] = 1}};
    struct vt_err err = {0};
    size_t count = 0;
    add(desk, VALID);
    must(vt_register_retain(desk->reg, MADE_FIRST_UTC_SECS + 2 * MADE_DAY_SECS, &retention, 10,
                            &count, &err),
         &err);
    assert_int_equal(count, 1);
    struct vt_register_record record = make(desk, VALID);
    desk->mail.decided.is_secret = true;
    append(desk, record);
    record = make(desk, VALID);
    desk->mail.decided.evidence = NULL;
    desk->mail.decided.mail = &desk->mail.evidence.mail;
    desk->mail.decided.decision = NULL;
    append(desk, record);
    add(desk, VALID);
    struct vt_replay result = replay(desk, same);
    assert_int_equal(result.counts.mails_count, 1);
    assert_int_equal(result.counts.destroyed_count, 1);
    assert_int_equal(result.counts.secret_count, 1);
    assert_int_equal(result.counts.unjudged_count, 1);
}

static void submissions_are_not_deferred(void **state)
{
    struct desk *desk = *state;
    struct vt_register_record record = make(desk, DEFERRED);
    desk->mail.evidence.mail.authenticated = "an";
    append(desk, record);
    assert_int_equal(replay(desk, same).counts.moves[VT_ACTION_DEFER][VT_ACTION_TAG], 1);
}

static void the_change_that_is_told(void **state)
{
    struct desk *desk = *state;
    struct seen seen = {0};
    add(desk, UNSIGNED);
    struct vt_replay result = replay_with(desk, severe, ENFORCED, &seen);
    assert_int_equal(result.counts.changed_count, 1);
    assert_int_equal(seen.told_count, 1);
    assert_int_equal(seen.first_then, VT_ACTION_TAG);
    assert_int_equal(seen.first_now, VT_ACTION_REJECT);
    assert_string_equal(seen.first_rule, "unsigned");
    assert_string_equal(seen.first_sender, desk->mail.evidence.mail.sender);
    assert_false(seen.is_repeated);
}

/* ---- bodies without what is not read ---- */

static void lean_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *without_trace, *with_trace;
    } cases[] = {
        {"{\"v\":1}", "{\"v\":1}", "{\"v\":1}"},
        {"{\"path\":[{\"a\":\"]\"}],\"x\":2}", "{\"path\":[],\"x\":2}", "{\"path\":[],\"x\":2}"},
        {"{\"path\":\"2.1\",\"trace\":[1,[2]]}", "{\"path\":\"2.1\",\"trace\":[]}",
         "{\"path\":\"2.1\",\"trace\":[1,[2]]}"},
        {"{\"site\":{\"b\":{}},\"c\":1}", "{\"site\":null,\"c\":1}", "{\"site\":null,\"c\":1}"},
        {"{\"findings\":[\"a\\\"]\"],\"c\":\"\\\\\"}", "{\"findings\":[],\"c\":\"\\\\\"}",
         "{\"findings\":[],\"c\":\"\\\\\"}"},
        {"{\"a\":\"path\",\"b\":[\"path\",[3]]}", "{\"a\":\"path\",\"b\":[\"path\",[3]]}",
         "{\"a\":\"path\",\"b\":[\"path\",[3]]}"},
        {"{\"findings\":[\"", "{\"findings\":[]", "{\"findings\":[]"},
        {"{\"findings\":[[", "{\"findings\":[]", "{\"findings\":[]"},
        {"\"", "\"", "\""},
        {"{\"site\":{\"\\", "{\"site\":null", "{\"site\":null"},
        {"", "", ""}};
    struct vt_buf out;
    vt_buf_init(&out, 4096);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        for (int wants_trace = 0; wants_trace < 2; wants_trace++) {
            const char *expected = wants_trace ? cases[i].with_trace : cases[i].without_trace;
            /* An exact copy, so that a sanitizer sees every byte behind the end. */
            struct vt_bytes body = vt_bytes_dup(vt_bytes_str(cases[i].body));
            assert_int_equal(vt_replay_lean(body, wants_trace != 0, &out), VT_OK);
            if (!vt_bytes_equal(vt_buf_bytes(&out), vt_bytes_str(expected)))
                fail_msg("%s became %.*s", cases[i].body, (int)out.len, (const char *)out.ptr);
            vt_bytes_free(body);
        }
    }
    vt_buf_clear(&out);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        CASE(the_same_policy_changes_nothing),
        CASE(moves_and_rules_are_counted),
        CASE(a_period_and_an_end),
        CASE(observed_mails_are_compared_by_their_rules),
        CASE(exceptions_are_as_they_were),
        CASE(attempts_of_one_mail),
        CASE(what_cannot_be_compared_is_counted_apart),
        CASE(submissions_are_not_deferred),
        CASE(the_change_that_is_told),
        cmocka_unit_test(lean_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
