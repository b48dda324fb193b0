/* SPDX-License-Identifier: Apache-2.0
 * Held mails: which wait, and what the events that follow one say; in both engines. */
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
#include "vanthu/hold.h"

enum { LUCK = 20, SPREAD_SECS = 60 };

/* A mail that is to be held, with or without what the MTA got for it. */
static void hold(struct site *site, uint64_t number, bool is_secret, bool is_answered,
                 enum vt_register_outcome answer)
{
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_answered answered;
    struct vt_register_record records[2];
    assert_non_null(mail);
    records[0] = made_mail(mail, number, LUCK, SPREAD_SECS);
    mail->decision.action = VT_ACTION_HOLD;
    mail->decided.answer = (struct vt_register_answer){.outcome = VT_OUTCOME_HOLD,
                                                       .hold_reason = "vanthu for the officer"};
    mail->decided.is_secret = is_secret;
    records[1] = made_answer(mail, &answered);
    answered.answer.outcome = answer;
    if (vt_register_append(site->reg, records, is_answered ? 2 : 1, &site->err) != VT_OK)
        fail_msg("append: %s", site->err.text);
    free(mail);
}

static void event(struct site *site, uint64_t number, const char *what, const char *text,
                  const char *by)
{
    char reference[VT_REFERENCE_BYTES];
    const struct vt_register_event event = {.what = what, .text = text, .by = by};
    struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                        .reference = reference,
                                        .time_utc_secs = MADE_FIRST_UTC_SECS + 90000,
                                        .event = &event};
    made_reference(reference, number);
    if (vt_register_append(site->reg, &record, 1, &site->err) != VT_OK)
        fail_msg("append: %s", site->err.text);
}

struct seen {
    struct vt_hold holds[16];
    size_t count;
};

static enum vt_code take(void *context, const struct vt_hold *hold, struct vt_err *err)
{
    struct seen *seen = context;
    (void)err;
    seen->holds[seen->count++] = *hold;
    return VT_OK;
}

static struct seen waiting(struct site *site, int64_t after_seq, size_t limit)
{
    struct seen seen = {.count = 0};
    if (vt_register_holds(site->reg, after_seq, limit, take, &seen, &site->err) != VT_OK)
        fail_msg("holds: %s", site->err.text);
    return seen;
}

static struct vt_hold_state state_of(struct site *site, uint64_t number)
{
    char reference[VT_REFERENCE_BYTES];
    struct vt_hold_state state;
    made_reference(reference, number);
    if (vt_register_hold_state(site->reg, reference, &state, &site->err) != VT_OK)
        fail_msg("state: %s", site->err.text);
    return state;
}

static void is_number(const struct vt_hold *hold, uint64_t number)
{
    char reference[VT_REFERENCE_BYTES];
    made_reference(reference, number);
    assert_string_equal(hold->reference, reference);
}

/* Held, accepted, held without a word of what became of it, refused by another filter, secret. */
static void those_that_wait_are_found(void **state)
{
    struct site *site = *state;
    int64_t count = -1, oldest = 0;
    assert_int_equal(vt_register_holds_count(site->reg, &count, &oldest, &site->err), VT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(oldest, VT_TIME_NONE);
    hold(site, 1, false, true, VT_OUTCOME_HOLD);
    site_append(site, 2, 500);
    site_append(site, 3, LUCK);
    hold(site, 4, false, false, VT_OUTCOME_HOLD);
    hold(site, 5, false, true, VT_OUTCOME_TEMPFAIL);
    hold(site, 6, true, true, VT_OUTCOME_HOLD);
    struct seen seen = waiting(site, 0, 10);
    assert_int_equal(seen.count, 3);
    is_number(&seen.holds[0], 1);
    is_number(&seen.holds[1], 4);
    is_number(&seen.holds[2], 6);
    assert_false(seen.holds[1].is_secret);
    assert_true(seen.holds[2].is_secret);
    assert_int_equal(waiting(site, seen.holds[0].seq, 10).count, 2);
    assert_int_equal(waiting(site, 0, 1).count, 1);
    assert_int_equal(vt_register_holds_count(site->reg, &count, &oldest, &site->err), VT_OK);
    assert_int_equal(count, 3);
    assert_int_equal(oldest, seen.holds[0].time_utc_secs);
    site_is_whole(site, 11);
}

/* What is intended, reminded of or said of another mail ends no hold; what ends it does so once. */
static void final_events_end_a_hold(void **state)
{
    struct site *site = *state;
    for (uint64_t number = 1; number <= 4; number++)
        hold(site, number, number == 4, true, VT_OUTCOME_HOLD);
    event(site, 1, VT_EVENT_HOLD_RELEASING, NULL, "root");
    event(site, 2, VT_EVENT_HOLD_RETURNING, "lý do", "hoa");
    event(site, 3, VT_EVENT_HOLD_REMINDED, "14400 s", NULL);
    event(site, 9, VT_EVENT_HOLD_RELEASED, NULL, "root");
    assert_int_equal(waiting(site, 0, 10).count, 4);
    assert_int_equal(state_of(site, 1).step, VT_HOLD_RELEASING);
    assert_string_equal(state_of(site, 2).by, "hoa");
    assert_int_equal(state_of(site, 3).told_secs, 14400);
    assert_int_equal(state_of(site, 3).step, VT_HOLD_WAITING);
    assert_int_equal(state_of(site, 3).step_utc_secs, VT_TIME_NONE);
    event(site, 3, VT_EVENT_HOLD_ALARMED, "172800 s", NULL);
    event(site, 3, VT_EVENT_HOLD_REMINDED, "86400 s", NULL);
    assert_int_equal(state_of(site, 3).told_secs, 172800);
    event(site, 1, VT_EVENT_HOLD_RELEASED, NULL, "root");
    event(site, 2, VT_EVENT_HOLD_RETURNED, NULL, "hoa");
    event(site, 3, VT_EVENT_HOLD_GONE, NULL, "root");
    event(site, 4, VT_EVENT_HOLD_RELEASED, NULL, "root");
    assert_int_equal(waiting(site, 0, 10).count, 0);
    event(site, 1, VT_EVENT_HOLD_RETURNING, NULL, "late");
    assert_int_equal(state_of(site, 1).step, VT_HOLD_RELEASED);
    assert_int_equal(state_of(site, 4).step, VT_HOLD_RELEASED);
    site_is_whole(site, 8 + 11);
}

/* Of a secret mail that is held the queue id is kept, without which nobody could let it go. */
static void a_secret_mail_keeps_its_queue_id(void **state)
{
    struct site *site = *state;
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    hold(site, 1, true, true, VT_OUTCOME_HOLD);
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    assert_int_equal(site_find(site, &query), 1);
    assert_non_null(strstr(site->last_body, "\"secret\":true,\"count\":1,\"held\":\""));
    assert_null(strstr(site->last_body, "sender"));
    site_is_whole(site, 2);
}

static void steps_have_names(void **state)
{
    (void)state;
    assert_string_equal(vt_hold_step_name(VT_HOLD_GONE), "gone");
    assert_int_equal(vt_hold_step_of_event("hold-gone"), VT_HOLD_GONE);
    assert_int_equal(vt_hold_step_of_event(VT_EVENT_HOLD_REMINDED), VT_HOLD_WAITING);
    assert_int_equal(vt_hold_step_of_event(NULL), VT_HOLD_WAITING);
    assert_true(vt_hold_is_over(VT_HOLD_RETURNED));
    assert_false(vt_hold_is_over(VT_HOLD_RETURNING));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_new, site_free)
#define CENTRAL(name) cmocka_unit_test_setup_teardown(name, site_new_postgres, site_free)
    const struct CMUnitTest sqlite[] = {
        TEST(those_that_wait_are_found), TEST(final_events_end_a_hold),
        TEST(a_secret_mail_keeps_its_queue_id), cmocka_unit_test(steps_have_names)};
    const struct CMUnitTest postgres[] = {CENTRAL(those_that_wait_are_found),
                                          CENTRAL(final_events_end_a_hold)};
    int failed = cmocka_run_group_tests_name("SQLite", sqlite, NULL, NULL);
    if (test_postgres_start(&site_postgres))
        failed += cmocka_run_group_tests_name("PostgreSQL", postgres, NULL, NULL);
    test_postgres_stop(&site_postgres);
    return failed;
}
