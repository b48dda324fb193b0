/* SPDX-License-Identifier: Apache-2.0
 * What lists, reminders and digests are written from: the mails of a mailbox and a period, what
 * became of them since, those that are held, and numbers with our own causes first. */
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
#include "register/gather.h"
#include "vanthu/hold.h"

#define FROM MADE_FIRST_UTC_SECS
#define UNTIL (MADE_FIRST_UTC_SECS + 5 * 3600)
#define PERIOD "2025-12-20T02:00:00Z/2025-12-20T07:00:00Z"

static const char agencies_text[] =
    "agencies:\n"
    "  - {id: xa2, name: Xã 2, domains: [xa2.gov.vn], records-mailbox: vanthu@xa2.gov.vn}\n"
    "  - {id: xa3, name: Xã 3, domains: [xa3.gov.vn], records-mailbox: vanthu@xa2.gov.vn}\n"
    "  - {id: xa4, name: Xã 4, domains: [xa4.gov.vn], records-mailbox: vanthu@xa4.gov.vn}\n";

/* ---- mails and what followed ---- */

struct put {
    uint64_t number;
    int64_t after_secs; /* the begin of the period */
    enum vt_register_outcome outcome, answer;
    const char *first, *second; /* agencies */
    bool is_secret;
};

static void put(struct site *site, const struct put *put)
{
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_answered answered;
    struct vt_register_record records[2];
    assert_non_null(mail);
    records[0] =
        made_mail(mail, put->number * 50 + 1, put->outcome == VT_OUTCOME_ACCEPT ? 500 : 20, 60);
    records[0].time_utc_secs = FROM + put->after_secs;
    mail->decided.answer.outcome = put->outcome;
    mail->decided.is_secret = put->is_secret;
    mail->decision.action = put->outcome == VT_OUTCOME_HOLD     ? VT_ACTION_HOLD
                            : put->outcome == VT_OUTCOME_REJECT ? VT_ACTION_REJECT
                                                                : VT_ACTION_ACCEPT;
    mail->recipient_agencies[0] = put->first;
    mail->recipient_agencies[1] = put->second;
    mail->site.recipient_agencies_count = put->second != NULL ? 2 : 1;
    records[1] = made_answer(mail, &answered);
    records[1].time_utc_secs = records[0].time_utc_secs;
    answered.answer.outcome = put->answer;
    if (vt_register_append(site->reg, records, 2, &site->err) != VT_OK)
        fail_msg("append: %s", site->err.text);
    free(mail);
}

static void put_all(struct site *site, const struct put *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(site, &items[i]);
}

static void follow(struct site *site, uint64_t number, const char *what, int64_t after_secs)
{
    char reference[VT_REFERENCE_BYTES];
    const struct vt_register_overruled overruled = {
        .reason_text = "nhầm", .until_utc_secs = VT_TIME_NONE, .reason = VT_REASON_COUNT};
    const struct vt_register_event event = {.what = what, .by = "root"};
    struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                        .reference = reference,
                                        .time_utc_secs = FROM + after_secs,
                                        .event = &event};
    if (what == NULL) {
        record.kind = VT_REGISTER_OVERRULED;
        record.overruled = &overruled;
    }
    made_reference(reference, number * 50 + 1);
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
}

/* ---- gathering ---- */

struct gathered {
    struct vt_arena *arena;
    struct vt_notice_input input;
    enum vt_code code;
};

static struct vt_site *agencies(void)
{
    struct vt_site *site = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(
        vt_site_parse(vt_bytes_str(agencies_text), "agencies.yaml", &site, &mistakes, NULL), VT_OK);
    vt_mistakes_clear(&mistakes);
    return site;
}

static struct gathered gather(struct site *site, enum vt_notice_kind kind, const char *recipient,
                              const char *period, const struct vt_site *table)
{
    const struct vt_register_event event = {.what = "list", .text = period};
    const struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .reference = "", .event = &event};
    struct gathered out = {.arena = vt_arena_new(VT_GATHER_ARENA_BYTES),
                           .input = {.kind = kind, .recipient = recipient, .site = table}};
    const struct vt_gather it = {.reg = site->reg, .arena = out.arena, .err = &site->err};
    out.code = vt_gather_period(&it, &record, &out.input);
    return out;
}

/* "1 refused; 4 held" of the mails by their numbers. */
static void is_list(const struct gathered *gathered, const char *want)
{
    char text[1000] = "", reference[VT_REFERENCE_BYTES];
    assert_int_equal(gathered->code, VT_OK);
    for (size_t i = 0; i < gathered->input.mails_count; i++) {
        const struct vt_notice_mail *mail = &gathered->input.mails[i];
        size_t used = strlen(text);
        uint64_t number = 0;
        do
            made_reference(reference, ++number * 50 + 1);
        while (number < 1000 && strcmp(reference, mail->reference) != 0);
        (void)snprintf(text + used, sizeof(text) - used, "%s%d %s +%lld", used > 0 ? "; " : "",
                       (int)number, mail->state, (long long)(mail->state_utc_secs - FROM));
    }
    assert_string_equal(text, want);
}

static void the_mails_of_a_mailbox(void **state)
{
    static const struct put mails[] = {
        {1, 0, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false}, /* of the list before */
        {2, 1, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", "xa3", false},
        {3, 2, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa4", NULL, false},
        {4, 3, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa3", "xa4", false},
        {5, 4, VT_OUTCOME_ACCEPT, VT_OUTCOME_ACCEPT, "xa2", NULL, false},
        {6, 5, VT_OUTCOME_REJECT, VT_OUTCOME_TEMPFAIL, "xa2", NULL, false}, /* it comes again */
        {7, 6, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa2", NULL, true},
        {8, 7, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa2", NULL, false},
        {9, 5 * 3600, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false},
        {10, 5 * 3600 + 1, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false}};
    struct site *site = *state;
    struct vt_site *table = agencies();
    put_all(site, mails, sizeof(mails) / sizeof(mails[0]));
    follow(site, 8, VT_EVENT_HOLD_RELEASED, 20);
    follow(site, 1, NULL, 30); /* overruled later: in this list, too */
    struct gathered list = gather(site, VT_NOTICE_LIST, "vanthu@xa2.gov.vn", PERIOD, table);
    is_list(&list, "1 overruled +30; 2 refused +1; 4 held +3; 8 released +20; 9 refused +18000");
    assert_int_equal(list.input.more_count, 0);
    assert_int_equal(list.input.from_utc_secs, FROM);
    assert_int_equal(list.input.until_utc_secs, UNTIL);
    assert_non_null(list.input.mails[0].evidence);
    vt_arena_free(list.arena);
    list = gather(site, VT_NOTICE_LIST, "vanthu@xa4.gov.vn", PERIOD, table);
    is_list(&list, "3 refused +2; 4 held +3");
    vt_arena_free(list.arena);
    list = gather(site, VT_NOTICE_LIST, "vanthu@xa9.gov.vn", PERIOD, table);
    assert_int_equal(list.code, VT_E_NOT_FOUND);
    vt_arena_free(list.arena);
    list = gather(site, VT_NOTICE_LIST, "vanthu@xa2.gov.vn", "since yesterday", table);
    assert_int_equal(list.code, VT_E_FORMAT);
    vt_arena_free(list.arena);
    vt_site_free(table);
}

/* A flood is named as far as a list goes, and counted. */
static void a_long_list_is_cut(void **state)
{
    struct site *site = *state;
    struct vt_site *table = agencies();
    for (uint64_t number = 1; number <= 520; number++) {
        const struct put mail = {number, 10,   VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2",
                                 NULL,   false};
        put(site, &mail);
    }
    struct gathered list = gather(site, VT_NOTICE_LIST, "vanthu@xa2.gov.vn", PERIOD, table);
    assert_int_equal(list.code, VT_OK);
    assert_int_equal(list.input.mails_count, 500);
    assert_int_equal(list.input.more_count, 20);
    vt_arena_free(list.arena);
    vt_site_free(table);
}

static void what_waits_for_the_officer(void **state)
{
    static const struct put mails[] = {
        {1, 0, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa2", NULL, false},
        {2, 1, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa2", NULL, true},
        {3, 2, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa2", NULL, false},
        {4, 3, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false}};
    struct site *site = *state;
    put_all(site, mails, sizeof(mails) / sizeof(mails[0]));
    follow(site, 3, VT_EVENT_HOLD_RETURNED, 20);
    struct gathered list = gather(site, VT_NOTICE_OFFICER, "canbo@x", NULL, NULL);
    is_list(&list, "1 held +0; 2 held +1");
    assert_non_null(list.input.mails[0].evidence);
    /* Of a secret mail that it is there. */
    assert_null(list.input.mails[1].evidence);
    assert_null(list.input.mails[1].decision);
    vt_arena_free(list.arena);
    follow(site, 1, VT_EVENT_HOLD_GONE, 21);
    follow(site, 2, VT_EVENT_HOLD_RELEASED, 22);
    list = gather(site, VT_NOTICE_OFFICER, "canbo@x", NULL, NULL);
    assert_int_equal(list.code, VT_E_NOT_FOUND); /* decided meanwhile: nobody is bothered */
    vt_arena_free(list.arena);
}

static const char *line_of(const struct gathered *digest, const char *part, size_t *out_place)
{
    for (size_t i = 0; i < digest->input.lines_count; i++) {
        if (strstr(digest->input.lines[i].name, part) == NULL)
            continue;
        *out_place = i;
        return digest->input.lines[i].text;
    }
    return "-";
}

static void numbers_of_a_day(void **state)
{
    static const struct put mails[] = {
        {1, -1, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false},
        {2, 0, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false},
        {3, 2, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa4", NULL, false},
        {4, 3, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa3", NULL, false},
        {5, 4, VT_OUTCOME_ACCEPT, VT_OUTCOME_ACCEPT, "xa2", NULL, false},
        {6, 5, VT_OUTCOME_HOLD, VT_OUTCOME_HOLD, "xa2", NULL, true},
        {7, 5 * 3600, VT_OUTCOME_REJECT, VT_OUTCOME_REJECT, "xa2", NULL, false}};
    static const struct {
        const char *part, *want;
    } lines[] = {{"(refused)", "2"},           {"(held)", "1"},
                 {"(delivered)", "1"},         {"(451)", "0"},
                 {"(marked secret)", "1"},     {"CONTENT_CHANGED", "3"},
                 {"(held for too long)", "1"}, {"(held mails waiting)", "2"},
                 {"(notices waiting)", "0"},   {"(notices sent)", "-"}};
    struct site *site = *state;
    size_t ours = 0, theirs = 0, place = 0;
    struct made_mail *mail = malloc(sizeof(*mail));
    assert_non_null(mail);
    put_all(site, mails, sizeof(mails) / sizeof(mails[0]));
    follow(site, 4, VT_EVENT_HOLD_ALARMED, 60);
    /* One whose cause is ours. */
    struct vt_register_record record = made_mail(mail, 8 * 50 + 1, 60, 60);
    record.time_utc_secs = FROM + 9;
    assert_int_equal(vt_register_append(site->reg, &record, 1, &site->err), VT_OK);
    free(mail);
    struct gathered digest = gather(site, VT_NOTICE_DIGEST, "quantri@x", PERIOD, NULL);
    assert_int_equal(digest.code, VT_OK);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *text = line_of(&digest, lines[i].part, &place);
        if (strcmp(text, lines[i].want) != 0)
            fail_msg("%s: %s", lines[i].part, text);
    }
    assert_string_equal(line_of(&digest, "STATUS_UNKNOWN", &ours), "1");
    (void)line_of(&digest, "CONTENT_CHANGED", &theirs);
    assert_true(ours < theirs);
    vt_arena_free(digest.arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, site_new, site_free)
    const struct CMUnitTest tests[] = {TEST(the_mails_of_a_mailbox), TEST(a_long_list_is_cut),
                                       TEST(what_waits_for_the_officer), TEST(numbers_of_a_day)};
    return cmocka_run_group_tests_name("gather_period", tests, NULL, NULL);
}
