/* SPDX-License-Identifier: Apache-2.0
 * What the registrar does at its time, by a clock of the test's own: times of the day in Vietnam,
 * lists of what was refused, held and overruled, the digest, reminders and alarm; each once, over
 * restarts and after days without the service. */
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
#include "register/schedule.h"
#include "register/slots.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
/* 2026-06-15T00:00:00+07:00, a Monday. */
#define MIDNIGHT INT64_C(1781456400)
#define AT(hours, minutes) (MIDNIGHT + (hours)*HOUR + (minutes)*INT64_C(60))

/* ---- slots ---- */

static void last_slot_of_the_day(void **state)
{
    static const struct vt_day_times twice = {.minutes = {11 * 60, 16 * 60}, .count = 2};
    static const struct vt_day_times midnight = {.minutes = {0}, .count = 1}, never = {.count = 0};
    static const struct {
        int64_t now, want;
    } rows[] = {{AT(11, 0), AT(11, 0)},
                {AT(11, 0) - 1, AT(16, 0) - DAY},
                {AT(12, 30), AT(11, 0)},
                {AT(15, 59), AT(11, 0)},
                {AT(16, 0), AT(16, 0)},
                {AT(23, 59), AT(16, 0)},
                {AT(0, 0), AT(16, 0) - DAY},
                {AT(24, 0), AT(16, 0)},
                /* The same in every season, and over the end of a year. */
                {AT(11, 0) + 180 * DAY, AT(11, 0) + 180 * DAY},
                {AT(10, 59) + 200 * DAY, AT(16, 0) + 199 * DAY}};
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(vt_slot_last(&twice, rows[i].now), rows[i].want);
    assert_int_equal(vt_slot_last(&midnight, AT(0, 0)), AT(0, 0));
    assert_int_equal(vt_slot_last(&midnight, AT(0, 0) - 1), AT(0, 0) - DAY);
    assert_int_equal(vt_slot_last(&never, AT(12, 0)), VT_TIME_NONE);
    assert_int_equal(vt_slot_midnight(AT(7, 30)), MIDNIGHT);
    char shown[VT_TIME_TEXT_BYTES];
    assert_string_equal(vt_time_rfc3339(shown, AT(11, 0)), "2026-06-15T04:00:00Z");
}

static void periods_as_text(void **state)
{
    static const char *const bad[] = {"", "/", "2026-06-15T04:00:00Z",
                                      "2026-06-15T04:00:00Z/2026-06-14T04:00:00Z",
                                      "2026-06-15T04:00:00Z/tomorrow"};
    char text[VT_SLOT_PERIOD_BYTES];
    struct vt_slot_period period = {AT(11, 0), AT(16, 0)}, read;
    (void)state;
    assert_string_equal(vt_slot_period_text(text, &period),
                        "2026-06-15T04:00:00Z/2026-06-15T09:00:00Z");
    assert_true(vt_slot_period_read(text, &read));
    assert_memory_equal(&read, &period, sizeof(read));
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_false(vt_slot_period_read(bad[i], &read));
    assert_false(vt_slot_period_read(NULL, &read));
}

/* ---- a registrar without a loop ---- */

static const char policy_text[] =
    "officer: {name: Trần Thị B, mailbox: canbo@ninhbinh.gov.vn}\nagencies: agencies.yaml\n"
    "rules:\n  - name: giu\n    when: {reason: CONTENT_CHANGED}\n    then: {action: hold}\n";
static const char agencies_text[] =
    "agencies:\n"
    "  - {id: xa2, name: Xã 2, domains: [xa2.gov.vn], records-mailbox: vanthu@xa2.gov.vn}\n"
    "  - {id: xa4, name: Xã 4, domains: [xa4.gov.vn], records-mailbox: vanthu@xa4.gov.vn}\n"
    "  - {id: xa5, name: Xã 5, domains: [xa5.gov.vn], records-mailbox: vanthu@xa4.gov.vn}\n"
    "  - {id: xa6, name: Xã 6, domains: [xa6.gov.vn]}\n";

struct scene {
    struct site *site;
    struct vt_config *config;
    struct vt_policy *policy;
    struct vt_schedule *schedule;
    uint64_t number;
};

static struct vt_policy *load_policy(const char *directory)
{
    char file[600], table[600];
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    const char *const texts[] = {policy_text, agencies_text};
    (void)snprintf(file, sizeof(file), "%s/policy.yaml", directory);
    (void)snprintf(table, sizeof(table), "%s/agencies.yaml", directory);
    const char *const files[] = {file, table};
    for (unsigned i = 0; i < 2; i++) {
        FILE *out = fopen(files[i], "w");
        assert_non_null(out);
        assert_true(fputs(texts[i], out) >= 0);
        assert_int_equal(fclose(out), 0);
    }
    vt_mistakes_init(&mistakes);
    if (vt_policy_load(file, &policy, &mistakes, NULL) != VT_OK) {
        vt_mistakes_print(&mistakes, stderr);
        fail_msg("the policy of the test");
    }
    vt_mistakes_clear(&mistakes);
    return policy;
}

static struct vt_config *load_config(const char *text)
{
    struct vt_config *config = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_config_parse(vt_bytes_str(text), "vanthu.yaml", &config, &mistakes, NULL) != VT_OK) {
        vt_mistakes_print(&mistakes, stderr);
        fail_msg("the configuration of the test");
    }
    vt_mistakes_clear(&mistakes);
    return config;
}

static void restart(struct scene *scene)
{
    struct vt_err err = {0};
    vt_schedule_free(scene->schedule);
    assert_int_equal(vt_schedule_new(scene->config, NULL, &scene->schedule, &err), VT_OK);
}

static int scene_new(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    void *site = NULL;
    assert_non_null(scene);
    assert_int_equal(site_new(&site), 0);
    scene->site = site;
    scene->policy = load_policy(scene->site->directory);
    scene->config = load_config(
        "mode: enforce\nhostname: mx.test.gov.vn\nnotices: {admin: quantri@ninhbinh.gov.vn}\n");
    restart(scene);
    *state = scene;
    return 0;
}

static int scene_free(void **state)
{
    struct scene *scene = *state;
    void *site = scene->site;
    vt_schedule_free(scene->schedule);
    vt_policy_free(scene->policy);
    vt_config_free(scene->config);
    free(scene);
    return site_free(&site);
}

/* Until nothing is left to be done at that time; returns how many turns it took. */
static unsigned turn_at(struct scene *scene, int64_t now)
{
    bool has_more = true;
    unsigned turns = 0;
    for (; has_more && turns < 1000; turns++) {
        if (vt_schedule_turn(scene->schedule, scene->site->reg, scene->policy, now, &has_more,
                             &scene->site->err) != VT_OK)
            fail_msg("turn: %s", scene->site->err.text);
    }
    return turns;
}

/* A mail to two agencies, decided at a time. */
static void mail_at(struct scene *scene, int64_t now, enum vt_register_outcome outcome,
                    const char *first, const char *second)
{
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_answered answered;
    struct vt_register_record records[2];
    assert_non_null(mail);
    /* Not divisible by 50: of such a mail the table says nothing. */
    records[0] =
        made_mail(mail, ++scene->number * 50 + 1, outcome == VT_OUTCOME_ACCEPT ? 500 : 20, 60);
    records[0].time_utc_secs = now;
    mail->decided.answer.outcome = outcome;
    if (outcome == VT_OUTCOME_HOLD)
        mail->decision.action = VT_ACTION_HOLD;
    mail->recipient_agencies[0] = first;
    mail->recipient_agencies[1] = second;
    mail->site.recipient_agencies_count = second != NULL ? 2 : 1;
    records[1] = made_answer(mail, &answered);
    records[1].time_utc_secs = now;
    answered.answer.outcome = outcome;
    if (vt_register_append(scene->site->reg, records, 2, &scene->site->err) != VT_OK)
        fail_msg("append: %s", scene->site->err.text);
    free(mail);
}

static void reference_of(uint64_t number, char out[VT_REFERENCE_BYTES])
{
    made_reference(out, number * 50 + 1);
}

/* What is owed, as "kind recipient" in the order of the records, and the events themselves. */
struct owed {
    char text[4000];
    unsigned notices_count, events_count;
    const char *what;
};

static enum vt_code take_owed(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct owed *owed = context;
    struct vt_register_record record;
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    assert_int_equal(vt_register_read(arena, entry, &record, err), VT_OK);
    owed->events_count += strcmp(record.event->what, owed->what) == 0;
    for (size_t i = 0; i < record.notices_count; i++) {
        size_t used = strlen(owed->text);
        if (!record.notices[i].is_first || strcmp(record.event->what, owed->what) != 0)
            continue;
        owed->notices_count++;
        (void)snprintf(owed->text + used, sizeof(owed->text) - used, "%s%s %s",
                       used > 0 ? "; " : "", record.notices[i].kind, record.notices[i].recipient);
    }
    vt_arena_free(arena);
    return VT_OK;
}

/* Newest first. */
static struct owed owed_by(struct scene *scene, const char *what)
{
    struct owed owed = {.what = what};
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    do {
        assert_int_equal(
            vt_register_find(scene->site->reg, &query, take_owed, &owed, &next, &scene->site->err),
            VT_OK);
        query.before_seq = next;
    } while (next > 0);
    return owed;
}

static void is_owed(struct scene *scene, const char *what, const char *want)
{
    struct owed owed = owed_by(scene, what);
    assert_string_equal(owed.text, want);
}

/* ---- lists ---- */

static void lists_at_their_times(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(turn_at(scene, AT(9, 0)), 1);
    mail_at(scene, AT(9, 30), VT_OUTCOME_REJECT, "xa2", NULL);
    mail_at(scene, AT(9, 40), VT_OUTCOME_ACCEPT, "xa4", NULL);
    mail_at(scene, AT(9, 50), VT_OUTCOME_HOLD, "xa6", "unknown");
    (void)turn_at(scene, AT(10, 59));
    is_owed(scene, VT_EVENT_LIST, "");
    (void)turn_at(scene, AT(11, 0));
    is_owed(scene, VT_EVENT_LIST, "list vanthu@xa2.gov.vn");
    (void)turn_at(scene, AT(11, 1));
    (void)turn_at(scene, AT(15, 59));
    assert_int_equal(owed_by(scene, VT_EVENT_LIST).events_count, 1);
    /* Nothing since then: nothing is sent, but the time is over. */
    (void)turn_at(scene, AT(16, 0));
    assert_int_equal(owed_by(scene, VT_EVENT_LIST).events_count, 1);
    assert_int_equal(owed_by(scene, VT_EVENT_LISTS_MADE).events_count, 2);
    /* Two agencies of one mailbox: one list. */
    mail_at(scene, AT(20, 0), VT_OUTCOME_REJECT, "xa4", "xa5");
    (void)turn_at(scene, AT(35, 0));
    is_owed(scene, VT_EVENT_LIST, "list vanthu@xa4.gov.vn; list vanthu@xa2.gov.vn");
}

static void overruled_mails_are_listed(void **state)
{
    struct scene *scene = *state;
    char reference[VT_REFERENCE_BYTES];
    struct vt_register_overruled overruled = {.reason_text = "nhầm",
                                              .by = "root",
                                              .until_utc_secs = VT_TIME_NONE,
                                              .reason = VT_REASON_COUNT};
    struct vt_register_record record = {.kind = VT_REGISTER_OVERRULED,
                                        .reference = reference,
                                        .time_utc_secs = AT(12, 0),
                                        .overruled = &overruled};
    (void)turn_at(scene, AT(9, 0));
    mail_at(scene, AT(9, 30), VT_OUTCOME_REJECT, "xa2", NULL);
    (void)turn_at(scene, AT(11, 0));
    reference_of(scene->number, reference);
    assert_int_equal(vt_register_append(scene->site->reg, &record, 1, &scene->site->err), VT_OK);
    (void)turn_at(scene, AT(16, 0));
    is_owed(scene, VT_EVENT_LIST, "list vanthu@xa2.gov.vn; list vanthu@xa2.gov.vn");
}

/* Days without the service: one list for all times that were missed, late, once. */
static void missed_times_are_made_up_for(void **state)
{
    struct scene *scene = *state;
    (void)turn_at(scene, AT(9, 0));
    mail_at(scene, AT(9, 30), VT_OUTCOME_REJECT, "xa2", NULL);
    mail_at(scene, AT(12, 30), VT_OUTCOME_REJECT, "xa4", NULL);
    restart(scene);
    (void)turn_at(scene, AT(3 * 24 + 8, 13));
    is_owed(scene, VT_EVENT_LIST, "list vanthu@xa4.gov.vn; list vanthu@xa2.gov.vn");
    assert_int_equal(owed_by(scene, VT_EVENT_LISTS_MADE).events_count, 1);
    restart(scene);
    (void)turn_at(scene, AT(3 * 24 + 8, 14));
    assert_int_equal(owed_by(scene, VT_EVENT_LIST).events_count, 2);
    (void)turn_at(scene, AT(3 * 24 + 11, 0));
    assert_int_equal(owed_by(scene, VT_EVENT_LIST).events_count, 2);
    assert_int_equal(owed_by(scene, VT_EVENT_LISTS_MADE).events_count, 2);
}

/* What was refused before there were lists is nobody's news. */
static void lists_begin_with_the_service(void **state)
{
    struct scene *scene = *state;
    mail_at(scene, AT(8, 0), VT_OUTCOME_REJECT, "xa2", NULL);
    (void)turn_at(scene, AT(9, 0));
    restart(scene);
    (void)turn_at(scene, AT(10, 0));
    (void)turn_at(scene, AT(11, 0));
    is_owed(scene, VT_EVENT_LIST, "");
    assert_int_equal(owed_by(scene, VT_EVENT_SCHEDULE_BEGUN).events_count, 1);
}

/* A death in the middle of a time: it is begun again, and nobody gets two. */
static void a_death_between_makes_no_doubles(void **state)
{
    struct scene *scene = *state;
    (void)turn_at(scene, AT(9, 0));
    mail_at(scene, AT(9, 30), VT_OUTCOME_REJECT, "xa2", NULL);
    (void)turn_at(scene, AT(11, 0));
    site_drop_triggers(scene->site);
    site_close(scene->site);
    site_tamper(scene->site,
                "DELETE FROM record WHERE seq = (SELECT max(seq) FROM record)"); /* lists-made */
    site_open(scene->site);
    restart(scene);
    (void)turn_at(scene, AT(11, 1));
    is_owed(scene, VT_EVENT_LIST, "list vanthu@xa2.gov.vn");
    assert_int_equal(owed_by(scene, VT_EVENT_LISTS_MADE).events_count, 1);
}

static void nothing_in_observe_mode(void **state)
{
    static const char *const configs[] = {
        "mode: observe\nhostname: mx.test.gov.vn\nnotices: {admin: quantri@ninhbinh.gov.vn}\n",
        "mode: enforce\nhostname: mx.test.gov.vn\n"
        "notices: {admin: quantri@ninhbinh.gov.vn, enabled: false}\n"};
    struct scene *scene = *state;
    for (size_t i = 0; i < ELEMENTS(configs); i++) {
        vt_config_free(scene->config);
        scene->config = load_config(configs[i]);
        restart(scene);
        (void)turn_at(scene, AT(9, 0));
        mail_at(scene, AT(9, 30), VT_OUTCOME_REJECT, "xa2", NULL);
        mail_at(scene, AT(9, 30), VT_OUTCOME_HOLD, "xa2", NULL);
        (void)turn_at(scene, AT(11, 0));
        (void)turn_at(scene, AT(4 * 24, 0));
        is_owed(scene, VT_EVENT_LIST, "");
        is_owed(scene, VT_EVENT_DIGEST, "");
        is_owed(scene, VT_EVENT_HOLDS_REMINDER, "");
        is_owed(scene, VT_EVENT_HOLDS_ALARM, "");
    }
    /* That it was raised is recorded all the same. */
    assert_int_equal(owed_by(scene, VT_EVENT_HOLD_ALARMED).events_count, 2);
}

/* ---- the digest ---- */

static void digest_of_the_day_before(void **state)
{
    struct scene *scene = *state;
    (void)turn_at(scene, AT(9, 0));
    is_owed(scene, VT_EVENT_DIGEST, "");
    (void)turn_at(scene, AT(24 + 7, 29));
    is_owed(scene, VT_EVENT_DIGEST, "");
    (void)turn_at(scene, AT(24 + 7, 30));
    is_owed(scene, VT_EVENT_DIGEST, "digest quantri@ninhbinh.gov.vn");
    restart(scene);
    (void)turn_at(scene, AT(24 + 9, 0));
    assert_int_equal(owed_by(scene, VT_EVENT_DIGEST).events_count, 1);
    (void)turn_at(scene, AT(48 + 0, 10));
    assert_int_equal(owed_by(scene, VT_EVENT_DIGEST).events_count, 1);
    /* Three days without the service: one. */
    (void)turn_at(scene, AT(5 * 24 + 20, 0));
    assert_int_equal(owed_by(scene, VT_EVENT_DIGEST).events_count, 2);
}

/* ---- held mails ---- */

static void reminders_and_alarm(void **state)
{
    struct scene *scene = *state;
    char reference[VT_REFERENCE_BYTES];
    static const struct {
        int64_t age_secs;
        unsigned reminded, alarmed; /* until then */
    } rows[] = {{4 * HOUR - 60, 0, 0},  {4 * HOUR, 1, 0},       {4 * HOUR + 120, 1, 0},
                {24 * HOUR - 60, 1, 0}, {24 * HOUR + 61, 2, 0}, {48 * HOUR, 2, 1},
                {49 * HOUR, 2, 1},      {9 * DAY, 2, 1}};
    mail_at(scene, AT(1, 0), VT_OUTCOME_HOLD, "xa2", NULL);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        if (i % 2 == 1)
            restart(scene);
        (void)turn_at(scene, AT(1, 0) + rows[i].age_secs);
        assert_int_equal(owed_by(scene, VT_EVENT_HOLD_REMINDED).events_count, rows[i].reminded);
        assert_int_equal(owed_by(scene, VT_EVENT_HOLDS_REMINDER).notices_count, rows[i].reminded);
        assert_int_equal(owed_by(scene, VT_EVENT_HOLD_ALARMED).events_count, rows[i].alarmed);
    }
    is_owed(scene, VT_EVENT_HOLDS_REMINDER,
            "officer canbo@ninhbinh.gov.vn; officer canbo@ninhbinh.gov.vn");
    is_owed(scene, VT_EVENT_HOLDS_ALARM, "officer quantri@ninhbinh.gov.vn");
    struct vt_hold_state told;
    reference_of(scene->number, reference);
    assert_int_equal(vt_register_hold_state(scene->site->reg, reference, &told, &scene->site->err),
                     VT_OK);
    assert_int_equal(told.told_secs, 48 * HOUR);
}

/* Many at once, and a service that was away: one mail to each person, every mail counted. */
static void many_at_once(void **state)
{
    enum { MAILS = 450 };
    struct scene *scene = *state;
    char reference[VT_REFERENCE_BYTES];
    struct vt_register_event released = {.what = VT_EVENT_HOLD_RELEASED, .by = "root"};
    struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                        .reference = reference,
                                        .time_utc_secs = AT(2, 0),
                                        .event = &released};
    for (unsigned i = 0; i < MAILS; i++)
        mail_at(scene, AT(1, 0), VT_OUTCOME_HOLD, "xa2", NULL);
    reference_of(7, reference);
    assert_int_equal(vt_register_append(scene->site->reg, &record, 1, &scene->site->err), VT_OK);
    assert_true(turn_at(scene, AT(1, 0) + 3 * DAY) >= 3);
    struct owed reminded = owed_by(scene, VT_EVENT_HOLDS_REMINDER);
    assert_int_equal(reminded.notices_count, 3); /* of 200 mails each */
    assert_int_equal(site_number(scene->site, "SELECT count(DISTINCT reference) FROM record WHERE"
                                              " kind = 6 AND reference <> ''"),
                     MAILS);
    restart(scene);
    (void)turn_at(scene, AT(1, 0) + 4 * DAY);
    assert_int_equal(owed_by(scene, VT_EVENT_HOLDS_ALARM).notices_count, 3);
}

/* Nobody is reminded of what was decided. */
static void decided_mails_are_quiet(void **state)
{
    struct scene *scene = *state;
    char reference[VT_REFERENCE_BYTES];
    struct vt_register_event released = {.what = VT_EVENT_HOLD_RETURNED, .by = "root"};
    struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                        .reference = reference,
                                        .time_utc_secs = AT(6, 0),
                                        .event = &released};
    mail_at(scene, AT(1, 0), VT_OUTCOME_HOLD, "xa2", NULL);
    (void)turn_at(scene, AT(5, 0));
    reference_of(scene->number, reference);
    assert_int_equal(vt_register_append(scene->site->reg, &record, 1, &scene->site->err), VT_OK);
    (void)turn_at(scene, AT(5 * 24, 0));
    assert_int_equal(owed_by(scene, VT_EVENT_HOLD_REMINDED).events_count, 1);
    assert_int_equal(owed_by(scene, VT_EVENT_HOLD_ALARMED).events_count, 0);
}

/* A clock that was a year ahead stops nothing for a year. */
static void a_clock_that_was_ahead(void **state)
{
    struct scene *scene = *state;
    (void)turn_at(scene, AT(9, 0) + 365 * DAY);
    restart(scene);
    (void)turn_at(scene, AT(9, 0));
    mail_at(scene, AT(9, 30), VT_OUTCOME_REJECT, "xa2", NULL);
    (void)turn_at(scene, AT(11, 0));
    is_owed(scene, VT_EVENT_LIST, "list vanthu@xa2.gov.vn");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
    const struct CMUnitTest tests[] = {cmocka_unit_test(last_slot_of_the_day),
                                       cmocka_unit_test(periods_as_text),
                                       TEST(lists_at_their_times),
                                       TEST(overruled_mails_are_listed),
                                       TEST(missed_times_are_made_up_for),
                                       TEST(lists_begin_with_the_service),
                                       TEST(a_death_between_makes_no_doubles),
                                       TEST(nothing_in_observe_mode),
                                       TEST(digest_of_the_day_before),
                                       TEST(reminders_and_alarm),
                                       TEST(many_at_once),
                                       TEST(decided_mails_are_quiet),
                                       TEST(a_clock_that_was_ahead)};
    (void)setenv("TZ", "America/New_York", 1); /* the host's time zone is nobody's business */
    vt_log_open("test", false, VT_LOG_ERROR);
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
