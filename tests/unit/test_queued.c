/* SPDX-License-Identifier: Apache-2.0
 * The queue of notices: what a record puts there, how transactions of one circular become one
 * notice, answers, other gateways, limits, leases, ends, orders, an older schema, what is
 * forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "register/queued.h"
#include "vanthu/reference.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define THEN MADE_FIRST_UTC_SECS
#define DAY 86400

/* ---- what the tests say ---- */

/* A refused mail that owes a notice. */
struct owing {
    uint64_t number; /* of the mail, and of its reference */
    uint64_t matter; /* of the circular */
    int64_t at_secs; /* after THEN */
    int64_t quiet, once;
    const char *kind, *recipient;
    bool is_first; /* filled */
};

static void owe(struct site *site, struct owing *owing)
{
    struct made_mail mail;
    struct vt_register_record record = made_mail(&mail, owing->number, 10, 0);
    struct vt_register_notice notice = {
        .kind = owing->kind != NULL ? owing->kind : "refused",
        .recipient = owing->recipient != NULL ? owing->recipient : "VanThu@soxd.gov.vn",
        .quiet_secs = owing->quiet,
        .once_secs = owing->once};
    made_hex(notice.key_sha256, owing->matter);
    record.time_utc_secs = THEN + owing->at_secs;
    record.notices = &notice;
    record.notices_count = 1;
    if (vt_register_append(site->reg, &record, 1, &site->err) != VT_OK)
        fail_msg("append: %s", site->err.text);
    owing->is_first = notice.is_first;
}

static void answer(struct site *site, uint64_t number, enum vt_register_outcome outcome,
                   int64_t at_secs)
{
    char reference[VT_REFERENCE_BYTES];
    const struct vt_register_answered answered = {.answer = {.outcome = outcome}};
    made_reference(reference, number);
    struct vt_register_record record = {.kind = VT_REGISTER_ANSWERED,
                                        .reference = reference,
                                        .time_utc_secs = THEN + at_secs,
                                        .answered = &answered};
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
}

static enum vt_code keep_last(void *context, const struct vt_queued *owed, struct vt_err *err)
{
    (void)err;
    *(struct vt_queued *)context = *owed;
    return VT_OK;
}

/* The numbers of a row; its texts are gone. */
static struct vt_queued row(struct site *site, int64_t id)
{
    struct vt_queued owed = {.id = -1};
    const struct vt_queued_query query = {.id = id};
    if (vt_queued_list(site->reg, &query, keep_last, &owed, &site->err) != VT_OK)
        fail_msg("list: %s", site->err.text);
    return owed;
}

static const char *state_of(struct site *site, int64_t id)
{
    struct vt_queued owed = row(site, id);
    return owed.id < 0 ? "gone" : vt_queued_state_name(owed.state);
}

/* What is due and what is to be done with it: "100 write", "100 wait 5", "none". */
static const char *due(struct site *site, int64_t at_secs, const struct vt_queued_limits *limits,
                       char out[64])
{
    static const char *const words[] = {"wait",       "write",     "elsewhere",
                                        "unanswered", "overruled", "limited"};
    struct vt_arena *arena = vt_arena_new(65536);
    struct vt_queued owed;
    enum vt_queued_verdict verdict;
    int64_t next = 0;
    enum vt_code code = vt_queued_due(site->reg, arena, THEN + at_secs, &owed, &site->err);
    (void)snprintf(out, 64, "none");
    if (code == VT_OK) {
        code =
            vt_queued_judge(site->reg, &owed, limits, THEN + at_secs, &verdict, &next, &site->err);
        (void)snprintf(out, 64, "%lld %s", (long long)owed.id, words[verdict]);
        if (verdict == VT_QUEUED_WAIT)
            (void)snprintf(out + strlen(out), 64 - strlen(out), " %lld", (long long)(next - THEN));
    } else if (code == VT_E_NOT_FOUND) {
        code = VT_OK;
    }
    if (code != VT_OK)
        fail_msg("due: %s", site->err.text);
    vt_arena_free(arena);
    return out;
}

static void write_it(struct site *site, int64_t id, int64_t at_secs)
{
    assert_int_equal(vt_queued_written(site->reg, id, "1.a@mx", vt_bytes_str("Subject: x\r\n\r\n"),
                                       THEN + at_secs, &site->err),
                     VT_OK);
}

/* The row that is handed out; 0: none. */
static int64_t lease(struct site *site, int64_t at_secs)
{
    struct vt_arena *arena = vt_arena_new(65536);
    struct vt_queued owed = {.id = 0};
    struct vt_bytes message;
    enum vt_code code =
        vt_queued_lease(site->reg, arena, THEN + at_secs, &owed, &message, &site->err);
    assert_true(code == VT_OK || code == VT_E_NOT_FOUND);
    if (code == VT_OK)
        assert_true(vt_bytes_equal(message, vt_bytes_str("Subject: x\r\n\r\n")));
    vt_arena_free(arena);
    return code == VT_OK ? owed.id : 0;
}

static bool finish(struct site *site, int64_t id, enum vt_queued_state state, int64_t at_secs)
{
    bool is_done = false;
    const struct vt_queued_end how = {
        .state = state, .code = "250", .text = "2.0.0 Ok", .was_tried = true};
    assert_int_equal(vt_queued_finish(site->reg, id, &how, THEN + at_secs, &is_done, &site->err),
                     VT_OK);
    return is_done;
}

static void is_whole(struct site *site)
{
    struct vt_register_verdict verdict;
    const struct vt_register_check check = {.heads_count = 0};
    assert_int_equal(vt_register_verify(site->reg, &check, &verdict, &site->err), VT_OK);
    if (verdict.fault != VT_REGISTER_WHOLE)
        fail_msg("verify: %s", verdict.text);
}

#define DUE(at, limits) due(site, at, limits, text)

/* ---- transactions of one circular ---- */

static void transactions_become_one_notice(void **state)
{
    struct site *site = *state;
    char text[64];
    struct owing all[] = {{.number = 1, .matter = 7, .at_secs = 0, .quiet = 90, .once = DAY},
                          {.number = 2, .matter = 7, .at_secs = 60, .quiet = 90, .once = DAY},
                          {.number = 3, .matter = 7, .at_secs = 140, .quiet = 90, .once = DAY},
                          {.number = 4, .matter = 8, .at_secs = 141, .quiet = 90, .once = DAY}};
    for (size_t i = 0; i < ELEMENTS(all); i++) {
        owe(site, &all[i]);
        answer(site, all[i].number, VT_OUTCOME_REJECT, all[i].at_secs);
    }
    assert_true(all[0].is_first && all[3].is_first);
    assert_false(all[1].is_first || all[2].is_first);
    assert_string_equal(state_of(site, 100), "waiting");
    assert_string_equal(state_of(site, 300), "joined");
    assert_int_equal(row(site, 500).joined_id, 100);
    /* Not for ever, however many come. */
    assert_string_equal(DUE(149, NULL), "none");
    assert_string_equal(DUE(150, NULL), "100 write");
    int64_t seqs[2];
    size_t count = 0;
    struct vt_queued first = row(site, 100);
    assert_int_equal(vt_queued_records(site->reg, &first, seqs, 2, &count, &site->err), VT_OK);
    assert_int_equal(count, 3);
    assert_int_equal(seqs[0], 1);
    assert_int_equal(seqs[1], 3);
    write_it(site, 100, 150);
    assert_string_equal(DUE(150, NULL), "none");
    assert_string_equal(DUE(231, NULL), "700 write");
    /* What comes within a day is not told of again, after it it is. */
    struct owing later[] = {{.number = 5, .matter = 7, .at_secs = 5000, .quiet = 90, .once = DAY},
                            {.number = 6, .matter = 7, .at_secs = DAY, .quiet = 90, .once = DAY}};
    owe(site, &later[0]);
    owe(site, &later[1]);
    assert_false(later[0].is_first);
    assert_true(later[1].is_first);
    assert_string_equal(state_of(site, 900), "joined");
    assert_int_equal(row(site, 900).joined_id, 100);
    assert_string_equal(state_of(site, 1000), "waiting");
    is_whole(site);
}

static void other_kinds_and_people_are_other_notices(void **state)
{
    struct site *site = *state;
    struct owing all[] = {
        {.number = 1, .matter = 7, .quiet = 90, .once = DAY},
        {.number = 2, .matter = 7, .quiet = 90, .once = DAY, .kind = "held"},
        {.number = 3, .matter = 7, .quiet = 90, .once = DAY, .recipient = "b@soxd.gov.vn"},
        {.number = 4, .matter = 7, .quiet = 90, .once = DAY, .recipient = "vanthu@SOXD.gov.vn"},
        {.number = 5, .matter = 9, .kind = "correction"},
        {.number = 6, .matter = 9, .kind = "correction", .at_secs = 1}};
    static const char *const states[] = {"waiting", "waiting", "waiting",
                                         "joined",  "waiting", "joined"};
    for (size_t i = 0; i < ELEMENTS(all); i++) {
        owe(site, &all[i]);
        assert_string_equal(state_of(site, 100 * ((int64_t)i + 1)), states[i]);
    }
    /* What is owed always is told each time, once the one before is written. */
    write_it(site, 500, 2);
    struct owing again = {.number = 7, .matter = 9, .at_secs = 3, .kind = "correction"};
    owe(site, &again);
    assert_true(again.is_first);
    assert_string_equal(state_of(site, 700), "waiting");
    is_whole(site);
}

/* ---- answers ---- */

static void answers_decide_what_is_told(void **state)
{
    static const struct {
        const char *name;
        /* Of two transactions of a circular, at 0 and 10 s with a quiet time of 20 s: what they
         * were answered; VT_OUTCOMES: nothing. */
        enum vt_register_outcome answers[2];
        int64_t at_secs;
        const char *wanted;
        size_t told_count;
    } cases[] = {
        {"both as decided", {VT_OUTCOME_REJECT, VT_OUTCOME_REJECT}, 30, "write", 2},
        {"the second otherwise", {VT_OUTCOME_REJECT, VT_OUTCOME_TEMPFAIL}, 30, "write", 1},
        {"the first otherwise", {VT_OUTCOME_TEMPFAIL, VT_OUTCOME_REJECT}, 30, "write", 1},
        {"both otherwise", {VT_OUTCOME_TEMPFAIL, VT_OUTCOME_ACCEPT}, 30, "unanswered", 0},
        {"one of them never", {VT_OUTCOMES, VT_OUTCOME_REJECT}, 30, "write", 2},
        {"none, soon", {VT_OUTCOMES, VT_OUTCOMES}, 30, "wait 32", 2},
        {"none, nearly long enough", {VT_OUTCOMES, VT_OUTCOMES}, 209, "wait 211", 2},
        {"none, long enough", {VT_OUTCOMES, VT_OUTCOMES}, 210, "write", 2},
        {"one otherwise, one none", {VT_OUTCOME_TEMPFAIL, VT_OUTCOMES}, 30, "wait 32", 1},
        {"the same, later", {VT_OUTCOME_TEMPFAIL, VT_OUTCOMES}, 210, "write", 1},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct site *site = NULL;
        char text[64];
        assert_int_equal(site_new((void **)&site), 0);
        for (uint64_t k = 0; k < 2; k++) {
            struct owing owing = {
                .number = k + 1, .matter = 7, .at_secs = 10 * (int64_t)k, .quiet = 20, .once = DAY};
            owe(site, &owing);
        }
        for (uint64_t k = 0; k < 2; k++)
            if (cases[i].answers[k] < VT_OUTCOMES)
                answer(site, k + 1, cases[i].answers[k], 11);
        (void)DUE(cases[i].at_secs, NULL);
        if (strcmp(text + 4, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].name, text);
        struct vt_queued first = row(site, 100);
        int64_t seqs[4];
        size_t count = 0;
        assert_int_equal(vt_queued_records(site->reg, &first, seqs, 4, &count, &site->err), VT_OK);
        if (count != cases[i].told_count)
            fail_msg("%s: %zu records", cases[i].name, count);
        assert_int_equal(site_free((void **)&site), 0);
    }
    (void)state;
}

/* A mail that was answered otherwise comes again, and then it is told of. */
static void what_was_never_told_is_owed_again(void **state)
{
    struct site *site = *state;
    char text[64];
    struct owing mail = {.number = 1, .matter = 7, .quiet = 10, .once = DAY};
    owe(site, &mail);
    answer(site, 1, VT_OUTCOME_TEMPFAIL, 0);
    assert_string_equal(DUE(10, NULL), "100 unanswered");
    assert_true(finish(site, 100, VT_QUEUED_UNANSWERED, 10));
    struct owing again = {.number = 2, .matter = 7, .at_secs = 300, .quiet = 10, .once = DAY};
    owe(site, &again);
    assert_true(again.is_first);
    answer(site, 2, VT_OUTCOME_REJECT, 300);
    assert_string_equal(DUE(310, NULL), "400 write");
    is_whole(site);
}

/* An administrator was faster than the quiet time: the correction comes alone. */
static void what_was_taken_back_is_not_told(void **state)
{
    struct site *site = *state;
    char text[64], reference[VT_REFERENCE_BYTES];
    const struct vt_register_overruled overruled = {.reason_text = "nhầm",
                                                    .by = "root",
                                                    .until_utc_secs = VT_TIME_NONE,
                                                    .reason = VT_REASON_COUNT};
    struct owing mails[] = {{.number = 1, .matter = 7, .quiet = 90, .once = DAY},
                            {.number = 2, .matter = 7, .quiet = 90, .once = DAY}};
    for (size_t i = 0; i < ELEMENTS(mails); i++) {
        owe(site, &mails[i]);
        answer(site, mails[i].number, VT_OUTCOME_REJECT, 0);
    }
    for (uint64_t number = 1; number <= 2; number++) {
        assert_string_equal(DUE(90, NULL), "100 write");
        made_reference(reference, number);
        struct vt_register_record record = {.kind = VT_REGISTER_OVERRULED,
                                            .reference = reference,
                                            .time_utc_secs = THEN + 10,
                                            .overruled = &overruled};
        assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    }
    assert_string_equal(DUE(90, NULL), "100 overruled");
    is_whole(site);
}

/* ---- other gateways ---- */

static void other_gateways_are_heard(void **state)
{
    static const struct {
        const char *name;
        int64_t peer_secs; /* when the other one had it; ours was at 0, quiet 10 s */
        int peer;          /* its id begins with it; ours does not begin with 0 or 255 */
        int64_t at_secs;
        const char *wanted;
    } cases[] = {
        {"earlier, not settled", -5, 255, 10, "wait 95"},
        {"earlier, settled", -5, 255, 95, "elsewhere"},
        {"the same second, smaller", 0, 0, 100, "elsewhere"},
        {"the same second, larger", 0, 255, 100, "write"},
        {"later", 5, 0, 105, "write"},
        {"a day before", -DAY, 0, 100, "write"},
        {"nearly a day before", 1 - DAY, 0, 10, "elsewhere"},
        {"never told", -DAY * 20000, 0, 10, "write"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct site *site = NULL;
        char text[64], script[400];
        assert_int_equal(site_new((void **)&site), 0);
        struct owing mail = {.number = 1, .matter = 7, .quiet = 10, .once = DAY};
        owe(site, &mail);
        answer(site, 1, VT_OUTCOME_REJECT, 0);
        (void)snprintf(script, sizeof(script),
                       "INSERT INTO peer_notice_key (key, peer, time_utc_secs) SELECT key,"
                       " x'%02X%030d', %lld FROM notice_key",
                       cases[i].peer, 0, (long long)(THEN + cases[i].peer_secs));
        site_tamper(site, script);
        (void)DUE(cases[i].at_secs, NULL);
        if (strcmp(text + 4, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].name, text);
        assert_int_equal(vt_queued_join_elsewhere(site->reg, 100, THEN + 10, &site->err), VT_OK);
        assert_string_equal(state_of(site, 100), "joined");
        assert_int_equal(site_free((void **)&site), 0);
    }
}

/* ---- limits ---- */

static void limits_hold_for_an_hour(void **state)
{
    struct site *site = *state;
    char text[64];
    static const char *const recipients[] = {"a@x.vn", "A@X.vn", "b@x.vn", "c@y.vn", "l@x.vn"};
    for (size_t i = 0; i < ELEMENTS(recipients); i++) {
        struct owing mail = {.number = i + 1,
                             .matter = i + 1,
                             .recipient = recipients[i],
                             .kind = i == 4 ? "list" : "remark",
                             .at_secs = (int64_t)i};
        owe(site, &mail);
        answer(site, i + 1, VT_OUTCOME_REJECT, (int64_t)i);
    }
    const struct vt_queued_limits none = {0}, sender = {.sender = 1}, domain = {.domain = 2},
                                  all = {.all = 3}, wide = {100, 100, 100};
    assert_string_equal(DUE(10, &sender), "100 write");
    write_it(site, 100, 10);
    assert_string_equal(DUE(11, &sender), "300 limited");
    assert_string_equal(DUE(11, &wide), "300 write");
    assert_string_equal(DUE(11, &none), "300 write");
    /* After an hour the first one does not count any more. */
    assert_string_equal(DUE(10 + 3599, &sender), "300 limited");
    assert_string_equal(DUE(10 + 3600, &sender), "300 write");
    write_it(site, 300, 12);
    assert_string_equal(DUE(13, &domain), "500 limited");
    assert_true(finish(site, 500, VT_QUEUED_LIMITED, 13));
    assert_string_equal(DUE(13, &domain), "700 write");
    write_it(site, 700, 14);
    assert_string_equal(DUE(15, &all), "900 write");
    assert_string_equal(DUE(15, NULL), "900 write");
    write_it(site, 900, 15);
    /* A list does not use up what senders are told. */
    struct owing more = {.number = 9, .matter = 99, .recipient = "d@z.vn", .at_secs = 20};
    owe(site, &more);
    answer(site, 9, VT_OUTCOME_REJECT, 20);
    const struct vt_queued_limits four = {.all = 4};
    assert_string_equal(DUE(20, &four), "1200 write");
    is_whole(site);
}

/* Whoever sends urgent mails that are refused, or marked ones, does not fill a mailbox of ours, nor
 * does he keep others from being told. */
static void others_are_not_flooded(void **state)
{
    static const struct {
        const char *kind, *recipient, *wanted;
        bool is_written;
    } rows[] = {
        {"list", "so@x.vn", "write", true},       {"marked", "So+tag@x.vn", "write", true},
        {"list", "so@x.vn", "limited", false},    {"officer", "so@x.vn", "limited", false},
        {"marked", "so@x.vn", "limited", false},  {"recheck", "so@x.vn", "wait 315", false},
        {"list", "ubnd@x.vn", "write", true},     {"refused", "so@x.vn", "write", true},
        {"remark", "so+1@x.vn", "write", true},   {"held", "so+2@x.vn", "limited", false},
        {"correction", "so@x.vn", "write", true}, {"clerk", "so@x.vn", "write", true},
        {"released", "so@x.vn", "write", true},   {"returned", "so@x.vn", "write", true},
    };
    static const struct vt_queued_limits limits = {.sender = 2, .domain = 2, .all = 2};
    struct site *site = *state;
    int64_t id = 100;
    for (size_t i = 0; i < ELEMENTS(rows); i++, id += 200) {
        char text[64], wanted[64];
        struct owing mail = {.number = i + 1,
                             .matter = i + 1,
                             .recipient = rows[i].recipient,
                             .kind = rows[i].kind,
                             .at_secs = (int64_t)i};
        owe(site, &mail);
        answer(site, i + 1, VT_OUTCOME_REJECT, (int64_t)i);
        (void)snprintf(wanted, sizeof(wanted), "%lld %s", (long long)id, rows[i].wanted);
        assert_string_equal(DUE(15, &limits), wanted);
        if (rows[i].is_written)
            write_it(site, id, 15);
        else
            assert_true(finish(site, id, VT_QUEUED_LIMITED, 15));
        id += rows[i].is_written ? 0 : 100;
    }
    is_whole(site);
}

/* ---- sending ---- */

static void one_ready(struct site *site)
{
    struct owing mail = {.number = 1, .matter = 7, .once = DAY};
    owe(site, &mail);
    answer(site, 1, VT_OUTCOME_REJECT, 0);
    write_it(site, 100, 5);
}

static void leases_end(void **state)
{
    struct site *site = *state;
    one_ready(site);
    assert_int_equal(lease(site, 5), 100);
    assert_int_equal(lease(site, 5), 0);
    /* Given back: again after a little while. */
    assert_int_equal(vt_queued_give_back(site->reg, 100, THEN + 6, &site->err), VT_OK);
    assert_int_equal(lease(site, 10), 0);
    assert_int_equal(lease(site, 11), 100);
    assert_int_equal(row(site, 100).attempts_count, 0);
    /* Whoever had it is gone. */
    assert_int_equal(lease(site, 11 + VT_NOTICE_LEASE_SECS - 1), 0);
    assert_int_equal(lease(site, 11 + VT_NOTICE_LEASE_SECS), 100);
    assert_int_equal(vt_queued_deferred(site->reg, 100, "450", "4.2.0 later", THEN + 1000,
                                        THEN + 400, &site->err),
                     VT_OK);
    assert_int_equal(lease(site, 999), 0);
    struct vt_queued owed = row(site, 100);
    assert_int_equal(owed.attempts_count, 1);
    assert_int_equal(owed.last_utc_secs, THEN + 400);
    int64_t next = 0;
    assert_int_equal(vt_queued_next_time(site->reg, &next, &site->err), VT_OK);
    assert_int_equal(next, THEN + 1000);
    assert_int_equal(lease(site, 1000), 100);
    /* A clock that was put back by a month does not stop it. */
    assert_int_equal(vt_queued_give_back(site->reg, 100, THEN + 1000, &site->err), VT_OK);
    assert_int_equal(lease(site, -30 * DAY), 100);
    assert_true(finish(site, 100, VT_QUEUED_SENT, 1001));
    assert_false(finish(site, 100, VT_QUEUED_SENT, 1002));
    assert_false(finish(site, 100, VT_QUEUED_EXPIRED, 1003));
    assert_int_equal(vt_queued_give_back(site->reg, 100, THEN + 1004, &site->err), VT_OK);
    assert_string_equal(state_of(site, 100), "sent");
    assert_int_equal(row(site, 100).attempts_count, 2);
    assert_int_equal(lease(site, 99999), 0);
    is_whole(site);
}

/* Each end is one record, that says what came of it. */
static void ends_are_recorded(void **state)
{
    struct site *site = *state;
    one_ready(site);
    assert_int_equal(lease(site, 5), 100);
    assert_true(finish(site, 100, VT_QUEUED_SENT, 6));
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_NOTICE);
    assert_int_equal(site_find(site, &query), 1);
    assert_non_null(strstr(site->last_body, "\"outcome\":\"sent\""));
    assert_non_null(strstr(site->last_body, "\"code\":\"250\""));
    assert_non_null(strstr(site->last_body, "\"message_id\":\"1.a@mx\""));
    char reference[VT_REFERENCE_BYTES];
    made_reference(reference, 1);
    assert_string_equal(site->last_reference, reference);
    /* The day begins when it was told. */
    struct owing later = {.number = 2, .matter = 7, .at_secs = DAY + 5, .once = DAY};
    owe(site, &later);
    assert_false(later.is_first);
    struct owing next = {.number = 3, .matter = 7, .at_secs = DAY + 6, .once = DAY};
    owe(site, &next);
    assert_true(next.is_first);
    is_whole(site);
}

/* Post says later than it had time to that it is sent: it is. */
static void what_is_sent_is_sent(void **state)
{
    struct site *site = *state;
    one_ready(site);
    assert_int_equal(lease(site, 5), 100);
    assert_true(finish(site, 100, VT_QUEUED_EXPIRED, 6));
    assert_true(finish(site, 100, VT_QUEUED_SENT, 7));
    assert_string_equal(state_of(site, 100), "sent");
    is_whole(site);
}

static int64_t expired(struct site *site, int64_t longest_secs, bool is_clock_sure, int64_t at_secs)
{
    struct vt_arena *arena = vt_arena_new(65536);
    struct vt_queued owed = {.id = 0};
    enum vt_code code = vt_queued_expired(site->reg, arena, longest_secs, is_clock_sure,
                                          THEN + at_secs, &owed, &site->err);
    assert_true(code == VT_OK || code == VT_E_NOT_FOUND);
    if (code == VT_OK)
        assert_string_equal(owed.recipient, "VanThu@soxd.gov.vn");
    vt_arena_free(arena);
    return code == VT_OK ? owed.id : 0;
}

static void expired_ones_are_found(void **state)
{
    struct site *site = *state;
    one_ready(site);
    /* Never tried, and the clock says that ten days are over: it is tried first. */
    assert_int_equal(expired(site, 5 * DAY, false, 10 * DAY + 9), 0);
    assert_int_equal(expired(site, 5 * DAY, true, 9 * DAY), 0);
    assert_int_equal(expired(site, 5 * DAY, true, 10 * DAY + 9), 100);
    assert_int_equal(lease(site, 10 * DAY), 100);
    assert_int_equal(expired(site, 5 * DAY, false, 10 * DAY + 1), 0);
    assert_int_equal(vt_queued_deferred(site->reg, 100, "", "no route", THEN + 9 * DAY,
                                        THEN + 4 * DAY, &site->err),
                     VT_OK);
    assert_int_equal(expired(site, 5 * DAY, false, 6 * DAY), 0);
    assert_int_equal(lease(site, 9 * DAY), 100);
    assert_int_equal(vt_queued_deferred(site->reg, 100, "", "no route", THEN + 10 * DAY,
                                        THEN + 9 * DAY, &site->err),
                     VT_OK);
    assert_int_equal(expired(site, 5 * DAY, false, 9 * DAY), 100);
    /* By a clock that is right again it has time left. */
    assert_int_equal(expired(site, 5 * DAY, true, 60), 0);
    assert_int_equal(lease(site, 10 * DAY), 100);
    assert_int_equal(expired(site, 5 * DAY, false, 10 * DAY + 1), 0);
}

/* ---- orders ---- */

static enum vt_code order(struct site *site, enum vt_queued_order order, int64_t id,
                          int64_t at_secs, int64_t *out_count)
{
    return vt_queued_order(site->reg, order, id, "root", "gửi nhầm", THEN + at_secs, out_count,
                           &site->err);
}

static void orders_are_carried_out(void **state)
{
    struct site *site = *state;
    int64_t count = 0;
    one_ready(site);
    assert_int_equal(order(site, VT_QUEUED_RETRY, 999, 5, &count), VT_E_NOT_FOUND);
    assert_int_equal(order(site, VT_QUEUED_DROP, 0, 5, &count), VT_E_NOT_FOUND);
    assert_int_equal(lease(site, 5), 100);
    assert_int_equal(order(site, VT_QUEUED_DROP, 100, 5, &count), VT_E_CONFIG);
    assert_non_null(strstr(site->err.text, "notice 100 is sending"));
    assert_int_equal(order(site, VT_QUEUED_RETRY, 100, 5, &count), VT_E_CONFIG);
    assert_int_equal(
        vt_queued_deferred(site->reg, 100, "", "no route", THEN + 900, THEN + 6, &site->err),
        VT_OK);
    assert_int_equal(order(site, VT_QUEUED_RETRY, 0, 7, &count), VT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(order(site, VT_QUEUED_RETRY, 0, 7, &count), VT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(lease(site, 7), 100);
    assert_int_equal(
        vt_queued_deferred(site->reg, 100, "", "no route", THEN + 900, THEN + 8, &site->err),
        VT_OK);
    assert_int_equal(order(site, VT_QUEUED_DROP, 100, 9, &count), VT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(lease(site, 901), 0);
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_NOTICE);
    assert_int_equal(site_find(site, &query), 1);
    assert_non_null(strstr(site->last_body, "\"outcome\":\"dropped\""));
    assert_non_null(strstr(site->last_body, "gửi nhầm"));
    assert_non_null(strstr(site->last_body, "\"by\":\"root\""));
    /* On second thoughts. */
    assert_int_equal(order(site, VT_QUEUED_RETRY, 100, 1000, &count), VT_OK);
    assert_int_equal(lease(site, 1000), 100);
    assert_int_equal(row(site, 100).created_utc_secs, THEN + 1000);
    assert_true(finish(site, 100, VT_QUEUED_SENT, 1001));
    assert_int_equal(order(site, VT_QUEUED_RETRY, 100, 1002, &count), VT_E_CONFIG);
    assert_int_equal(order(site, VT_QUEUED_DROP, 100, 1002, &count), VT_E_CONFIG);
    is_whole(site);
}

/* ---- lists ---- */

static enum vt_code count_row(void *context, const struct vt_queued *owed, struct vt_err *err)
{
    (void)owed, (void)err;
    ++*(size_t *)context;
    return VT_OK;
}

static size_t listed(struct site *site, const struct vt_queued_query *query)
{
    size_t count = 0;
    assert_int_equal(vt_queued_list(site->reg, query, count_row, &count, &site->err), VT_OK);
    return count;
}

static void rows_are_listed_and_counted(void **state)
{
    struct site *site = *state;
    char reference[VT_REFERENCE_BYTES];
    struct vt_bytes message;
    struct vt_arena *arena = vt_arena_new(65536);
    struct vt_queued_counts counts;
    one_ready(site);
    struct owing more[] = {{.number = 2, .matter = 8, .at_secs = 10, .quiet = 50},
                           {.number = 3, .matter = 8, .at_secs = 11, .quiet = 50}};
    owe(site, &more[0]);
    owe(site, &more[1]);
    assert_int_equal(listed(site, &(struct vt_queued_query){.limit = 0}), 3);
    assert_int_equal(listed(site, &(struct vt_queued_query){.limit = 2}), 2);
    assert_int_equal(listed(site, &(struct vt_queued_query){.states = VT_QUEUED_OPEN}), 2);
    made_reference(reference, 3);
    assert_int_equal(listed(site, &(struct vt_queued_query){.reference = reference}), 1);
    assert_int_equal(listed(site, &(struct vt_queued_query){.id = 100}), 1);
    const struct vt_queued_query wrong = {.reference = "1831-0927-5565"};
    size_t none = 0;
    assert_int_equal(vt_queued_list(site->reg, &wrong, count_row, &none, &site->err), VT_E_FORMAT);
    assert_int_equal(vt_queued_message(site->reg, arena, 100, &message, &site->err), VT_OK);
    assert_int_equal(message.len, 14);
    assert_int_equal(vt_queued_message(site->reg, arena, 300, &message, &site->err),
                     VT_E_NOT_FOUND);
    assert_int_equal(vt_queued_count(site->reg, &counts, &site->err), VT_OK);
    assert_int_equal(counts.of[VT_QUEUED_READY], 1);
    assert_int_equal(counts.of[VT_QUEUED_WAITING], 1);
    assert_int_equal(counts.of[VT_QUEUED_JOINED], 0);
    assert_int_equal(counts.oldest_utc_secs, THEN);
    vt_arena_free(arena);
}

/* ---- whoever changes the file ---- */

static void an_altered_queue_is_seen(void **state)
{
    static const char *const scripts[] = {
        "UPDATE notice SET recipient = 'thief@example.com'", "UPDATE notice SET kind = 'arrival'",
        "UPDATE notice SET matter = x'00'", "UPDATE notice SET id = 101"};
    (void)state;
    for (size_t i = 0; i < ELEMENTS(scripts); i++) {
        struct site *site = NULL;
        struct vt_register_verdict verdict;
        const struct vt_register_check check = {.heads_count = 0};
        assert_int_equal(site_new((void **)&site), 0);
        one_ready(site);
        is_whole(site);
        site_tamper(site, scripts[i]);
        assert_int_equal(vt_register_verify(site->reg, &check, &verdict, &site->err), VT_OK);
        assert_int_equal(verdict.fault, VT_REGISTER_DERIVED);
        assert_non_null(strstr(verdict.text, "Table notice"));
        assert_int_equal(site_free((void **)&site), 0);
    }
}

static void a_damaged_row_does_not_stop_the_others(void **state)
{
    struct site *site = *state;
    char text[64];
    struct owing mails[] = {{.number = 1, .matter = 7}, {.number = 2, .matter = 8}};
    for (size_t i = 0; i < ELEMENTS(mails); i++) {
        owe(site, &mails[i]);
        answer(site, mails[i].number, VT_OUTCOME_REJECT, 0);
    }
    site_tamper(site, "UPDATE notice SET matter = x'00' WHERE id = 100");
    assert_string_equal(DUE(1, NULL), "300 write");
    write_it(site, 300, 1);
    assert_string_equal(DUE(1, NULL), "none");
    assert_int_equal(lease(site, 1), 300);
    /* Nor does it hide them. */
    site_tamper(site, "UPDATE notice SET state = 'strange' WHERE id = 300");
    struct owing more = {.number = 3, .matter = 9};
    owe(site, &more);
    size_t count = 0;
    assert_int_equal(vt_queued_list(site->reg, &(struct vt_queued_query){.limit = 0}, count_row,
                                    &count, &site->err),
                     VT_E_FORMAT);
    assert_int_equal(count, 1);
    assert_non_null(strstr(site->err.text, "is not what was written"));
}

/* A register of the version before, with records that owed notices. */
static void an_older_register_is_brought_up(void **state)
{
    struct site *site = *state;
    struct owing mail = {.number = 1, .matter = 7, .quiet = 10, .once = DAY};
    owe(site, &mail);
    site_close(site);
    site_tamper(site, "DROP TABLE notice; PRAGMA user_version = 5;");
    assert_int_equal(vt_register_open_read(site->directory, &site->reg, &site->err),
                     VT_E_UNSUPPORTED);
    site_open(site);
    is_whole(site);
    struct owing other = {.number = 2, .matter = 8, .at_secs = 20};
    owe(site, &other);
    assert_string_equal(state_of(site, 200), "waiting");
    struct owing same = {.number = 3, .matter = 7, .at_secs = 30, .once = DAY};
    owe(site, &same);
    assert_false(same.is_first);
    is_whole(site);
}

/* ---- forgetting ---- */

static void what_a_record_owed_goes_with_it(void **state)
{
    struct site *site = *state;
    size_t count = 0;
    const struct vt_register_retention retention = {.days = {[VT_RETAIN_REFUSED] = 100}};
    one_ready(site);
    struct owing joined = {.number = 2, .matter = 7, .at_secs = 10, .once = DAY};
    owe(site, &joined);
    assert_int_equal(lease(site, 20), 100);
    assert_true(finish(site, 100, VT_QUEUED_SENT, 21));
    /* First the message, after a month; then, with its mail, all of it. */
    assert_int_equal(
        vt_register_retain(site->reg, THEN + 29 * DAY, &retention, 100, &count, &site->err), VT_OK);
    assert_true(row(site, 100).has_message);
    assert_int_equal(
        vt_register_retain(site->reg, THEN + 31 * DAY, &retention, 100, &count, &site->err), VT_OK);
    assert_false(row(site, 100).has_message);
    assert_int_equal(
        vt_register_retain(site->reg, THEN + 101 * DAY, &retention, 100, &count, &site->err),
        VT_OK);
    assert_int_equal(count, 4);
    assert_string_equal(state_of(site, 100), "gone");
    assert_string_equal(state_of(site, 300), "gone");
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_NOTICE);
    assert_int_equal(site_find(site, &query), 1);
    assert_false(site->last_has_body);
    is_whole(site);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_new, site_free)
#define CENTRAL(name) cmocka_unit_test_setup_teardown(name, site_new_postgres, site_free)
#define SHARED(TEST)                                                                               \
    TEST(transactions_become_one_notice), TEST(other_kinds_and_people_are_other_notices),          \
        TEST(what_was_never_told_is_owed_again), TEST(what_was_taken_back_is_not_told),            \
        TEST(limits_hold_for_an_hour), TEST(others_are_not_flooded), TEST(leases_end),             \
        TEST(ends_are_recorded), TEST(what_is_sent_is_sent), TEST(expired_ones_are_found),         \
        TEST(orders_are_carried_out), TEST(rows_are_listed_and_counted),                           \
        TEST(what_a_record_owed_goes_with_it)
    const struct CMUnitTest sqlite[] = {SHARED(TEST),
                                        cmocka_unit_test(answers_decide_what_is_told),
                                        cmocka_unit_test(other_gateways_are_heard),
                                        cmocka_unit_test(an_altered_queue_is_seen),
                                        TEST(a_damaged_row_does_not_stop_the_others),
                                        TEST(an_older_register_is_brought_up)};
    const struct CMUnitTest postgres[] = {SHARED(CENTRAL)};
    int failed = cmocka_run_group_tests_name("SQLite", sqlite, NULL, NULL);
    if (test_postgres_start(&site_postgres))
        failed += cmocka_run_group_tests_name("PostgreSQL", postgres, NULL, NULL);
    test_postgres_stop(&site_postgres);
    return failed;
}
