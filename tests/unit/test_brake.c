/* SPDX-License-Identifier: Apache-2.0
 * The refusal brake: when it falls, what it is never about, the file that gateways share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/brake.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

static const struct vt_brake_limits limits = {.refusals = 10,
                                              .mean_factor = 5,
                                              .agencies = 5,
                                              .within_msecs = 900000,
                                              .changed_msecs = 7 * DAY * 1000,
                                              .lasts_msecs = 7200000};

/* ---- counting ---- */

/* Refusals one after the other, so many seconds apart, by turns of so many agencies. */
static const struct {
    const char *name;
    int64_t age_secs; /* of the rule at the first one */
    unsigned before;  /* refused evenly since then, and over by now */
    unsigned count;   /* refusals */
    int64_t apart_secs;
    unsigned agencies;
    unsigned falls_at; /* with which of them; 0: never */
    enum vt_brake_why why;
} cases[] = {
    {"ten are borne", DAY, 0, 10, 10, 1, 0, VT_BRAKE_NOT},
    {"the eleventh is not", DAY, 0, 11, 10, 1, 11, VT_BRAKE_COUNT},
    {"eleven over a longer time", DAY, 0, 11, 91, 1, 0, VT_BRAKE_NOT},
    {"one a minute for ever", DAY, 0, 200, 60, 1, 11, VT_BRAKE_COUNT},
    {"one in two minutes for ever", DAY, 0, 200, 120, 1, 0, VT_BRAKE_NOT},
    {"four agencies", DAY, 0, 10, 1, 4, 0, VT_BRAKE_NOT},
    {"five agencies", DAY, 0, 10, 1, 5, 5, VT_BRAKE_MANY_AGENCIES},
    {"five agencies over a longer time", DAY, 0, 20, 240, 5, 0, VT_BRAKE_NOT},
    {"a rule of last week", 7 * DAY, 0, 100, 1, 8, 0, VT_BRAKE_NOT},
    {"a rule of almost a week", 7 * DAY - 100, 0, 11, 1, 1, 11, VT_BRAKE_COUNT},
    /* 960 in a day are 10 in a quarter of an hour, and five times as many are borne. */
    {"a mean of ten bears fifty", DAY, 960, 50, 1, 1, 0, VT_BRAKE_NOT},
    {"and not fifty-one", DAY, 960, 60, 1, 1, 51, VT_BRAKE_COUNT},
    {"a mean of a rule of this moment", 100, 960, 11, 1, 1, 11, VT_BRAKE_COUNT},
};

static void it_falls_when_it_has_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_brake_rule rule = {.name = "r",
                                     .key = 1,
                                     .since_utc_secs = NOW - cases[i].age_secs,
                                     .before_count = cases[i].before};
        unsigned fell_at = 0;
        enum vt_brake_why why = VT_BRAKE_NOT;
        for (unsigned k = 0; k < cases[i].count && fell_at == 0; k++) {
            struct vt_brake_verdict verdict;
            vt_brake_count(&rule, &limits, 100 + k % cases[i].agencies,
                           NOW + (int64_t)k * cases[i].apart_secs, &verdict);
            why = verdict.why;
            fell_at = why != VT_BRAKE_NOT ? k + 1 : 0;
        }
        if (fell_at != cases[i].falls_at || why != cases[i].why)
            fail_msg("%s: it fell at %u (%d), not at %u", cases[i].name, fell_at, (int)why,
                     cases[i].falls_at);
        assert_int_equal(rule.until_utc_secs > NOW, fell_at != 0);
    }
}

/* It falls once; two hours later the rule refuses again, and may be braked again. */
static void it_is_over_after_two_hours(void **state)
{
    (void)state;
    struct vt_brake_rule rule = {.name = "r", .key = 1, .since_utc_secs = NOW - DAY};
    struct vt_brake_verdict verdict;
    for (unsigned k = 0; k < 11; k++)
        vt_brake_count(&rule, &limits, 1, NOW, &verdict);
    assert_int_equal(verdict.why, VT_BRAKE_COUNT);
    assert_int_equal(rule.until_utc_secs, NOW + 7200);
    /* Proven refusals do not come here; what does while it is on is no second fall. */
    vt_brake_count(&rule, &limits, 1, NOW + 1, &verdict);
    assert_int_equal(verdict.why, VT_BRAKE_NOT);
    assert_int_equal(rule.until_utc_secs, NOW + 7200);
    vt_brake_count(&rule, &limits, 1, NOW + 7200, &verdict);
    assert_int_equal(verdict.why, VT_BRAKE_NOT);
    assert_int_equal(verdict.count, 1);
    for (unsigned k = 0; k < 10; k++)
        vt_brake_count(&rule, &limits, 1, NOW + 7200, &verdict);
    assert_int_equal(verdict.why, VT_BRAKE_COUNT);
}

/* What a clock that was ahead has counted does not count. */
static void a_clock_that_goes_back(void **state)
{
    (void)state;
    struct vt_brake_rule rule = {.name = "r", .key = 1, .since_utc_secs = NOW - DAY};
    struct vt_brake_verdict verdict;
    for (unsigned k = 0; k < 10; k++)
        vt_brake_count(&rule, &limits, 1, NOW + DAY, &verdict);
    for (unsigned k = 0; k < 10; k++)
        vt_brake_count(&rule, &limits, 1, NOW, &verdict);
    assert_int_equal(verdict.count, 10);
    assert_int_equal(verdict.why, VT_BRAKE_NOT);
    rule = (struct vt_brake_rule){.name = "r", .key = 1, .since_utc_secs = NOW + DAY};
    for (unsigned k = 0; k < 11; k++)
        vt_brake_count(&rule, &limits, 1, NOW, &verdict);
    assert_int_equal(verdict.why, VT_BRAKE_COUNT); /* a rule of the future was changed lately */
    /* But nothing is watched, and no brake is on, for the years that a clock was ahead. */
    assert_false(vt_brake_watches(&limits, NOW + 3650 * DAY, NOW));
    rule = (struct vt_brake_rule){.until_utc_secs = NOW + 3650 * DAY};
    assert_false(vt_brake_is_on(&limits, &rule, NOW));
    rule.until_utc_secs = NOW + 7200;
    assert_true(vt_brake_is_on(&limits, &rule, NOW));
    assert_false(vt_brake_is_on(&limits, &rule, NOW + 7200));
}

static void it_can_be_left_out(void **state)
{
    (void)state;
    struct vt_brake_limits off = limits;
    off.refusals = 0;
    assert_false(vt_brake_watches(&off, NOW - 1, NOW));
    assert_true(vt_brake_watches(&limits, NOW - 1, NOW));
    assert_false(vt_brake_watches(&limits, NOW - 7 * DAY, NOW));
    assert_false(vt_brake_watches(&limits, 0, NOW)); /* not known */
    struct vt_brake_limits blind = limits;
    struct vt_brake_rule rule = {.name = "r", .key = 1, .since_utc_secs = NOW - DAY};
    struct vt_brake_verdict verdict;
    blind.agencies = 0;
    for (unsigned k = 0; k < 10; k++)
        vt_brake_count(&rule, &blind, k, NOW, &verdict);
    assert_int_equal(verdict.why, VT_BRAKE_NOT);
}

static void it_is_never_about_proof(void **state)
{
    (void)state;
    static const struct {
        vt_reasons reasons;
        enum vt_action action;
        const char *rule;
        bool is_about;
    } mails[] = {
        {0, VT_ACTION_REJECT, "r", true},
        {VT_REASON_BIT(VT_REASON_NO_SIGNATURE), VT_ACTION_REJECT, "r", true},
        {VT_REASON_BIT(VT_REASON_CERT_EXPIRED), VT_ACTION_REJECT, "r", true},
        {VT_REASON_BIT(VT_REASON_CERT_REVOKED_SINCE), VT_ACTION_REJECT, "r", true},
        {VT_REASON_BIT(VT_REASON_CONTENT_CHANGED), VT_ACTION_REJECT, "r", false},
        {VT_REASON_BIT(VT_REASON_BAD_SIGNATURE), VT_ACTION_REJECT, "r", false},
        {VT_REASON_BIT(VT_REASON_CERT_REVOKED), VT_ACTION_REJECT, "r", false},
        {VT_REASON_BIT(VT_REASON_PATH_SELF_MADE), VT_ACTION_REJECT, "r", false},
        /* A forgery beside something harmless that another rule refuses. */
        {VT_REASON_BIT(VT_REASON_NO_SIGNATURE) | VT_REASON_BIT(VT_REASON_CONTENT_CHANGED),
         VT_ACTION_REJECT, "r", false},
        {VT_REASON_BIT(VT_REASON_SECRET_MARK), VT_ACTION_REJECT, "r", false},
        {0, VT_ACTION_TAG, "r", false},
        {0, VT_ACTION_HOLD, "r", false},
        {0, VT_ACTION_REJECT, NULL, false},
    };
    for (size_t i = 0; i < COUNT(mails); i++) {
        const struct vt_decision decision = {.action = mails[i].action, .rule = mails[i].rule};
        assert_int_equal(vt_brake_is_about(mails[i].reasons, &decision), mails[i].is_about);
    }
}

/* ---- the file ---- */

static char folder[] = "/tmp/test_brake_XXXXXX";

static struct vt_config config_for(const char *directory)
{
    return (struct vt_config){.spool_directory = directory, .brake = limits};
}

static void open_brake(struct vt_brake *brake, const char *directory, const char *digest,
                       int64_t since)
{
    char text[400];
    struct vt_err err = {0};
    int fd = -1;
    const struct vt_config config = config_for(directory);
    (void)snprintf(text, sizeof(text),
                   "{\"v\": 1, \"loaded\": 77, \"rules\": {\"r\": {\"digest\": \"%s\", \"since\": "
                   "%lld}, \"s\": {\"digest\": \"00\", \"since\": %lld}}}",
                   digest, (long long)since, (long long)since);
    assert_int_equal(vt_memfd_seal("rules", vt_bytes_str(text), &fd, NULL), VT_OK);
    assert_int_equal(vt_brake_open(brake, &config, fd, &err), VT_OK);
    assert_int_equal(brake->loaded_utc_secs, 77);
    (void)close(fd);
}

static unsigned refuse(struct vt_brake *brake, const char *rule, unsigned count, int64_t now)
{
    unsigned falls = 0;
    for (unsigned i = 0; i < count; i++)
        falls += vt_brake_note(brake, rule, "Sonv.vn", now).why != VT_BRAKE_NOT;
    return falls;
}

static void counts_outlive_a_gateway(void **state)
{
    (void)state;
    struct vt_brake first, second;
    struct vt_brake_rule list[VT_BRAKE_RULES];
    open_brake(&first, folder, "aa", NOW - DAY);
    assert_true(first.fd >= 0);
    assert_int_equal(refuse(&first, "r", 6, NOW), 0);
    assert_int_equal(refuse(&first, "s", 10, NOW), 0);
    assert_int_equal(refuse(&first, "unknown", 100, NOW), 0);
    /* A reload: both count, then the first one is gone. */
    open_brake(&second, folder, "aa", NOW - DAY);
    assert_int_equal(refuse(&second, "r", 4, NOW), 0);
    assert_int_equal(vt_brake_until(&first, "r", NOW), 0);
    assert_int_equal(refuse(&first, "r", 1, NOW), 1);
    vt_brake_close(&first);
    assert_int_equal(vt_brake_until(&second, "r", NOW), NOW + 7200);
    assert_int_equal(vt_brake_until(&second, "s", NOW), 0);
    assert_int_equal(vt_brake_latest(&second, NOW), NOW + 7200);
    assert_int_equal(vt_brake_until(&second, "r", NOW + 7200), 0);
    vt_brake_close(&second);
    assert_int_equal(vt_brake_list(folder, NOW, list), 1);
    assert_string_equal(list[0].name, "r");
    assert_int_equal(vt_brake_list(folder, NOW + 7200, list), 0);
    /* Another text is another rule, and the same one again is braked again. */
    open_brake(&first, folder, "bb", NOW);
    assert_int_equal(vt_brake_until(&first, "r", NOW), 0);
    vt_brake_close(&first);
    open_brake(&first, folder, "aa", NOW - DAY);
    assert_true(vt_brake_until(&first, "r", NOW) > 0);
    vt_brake_close(&first);
}

static void two_processes_count_together(void **state)
{
    (void)state;
    enum { EACH = 300 };
    char path[64];
    struct vt_brake brake;
    struct vt_brake_limits many = limits;
    (void)snprintf(path, sizeof(path), "%s/brake", folder);
    (void)unlink(path);
    pid_t pid = fork();
    open_brake(&brake, folder, "cc", NOW - DAY);
    many.refusals = 2 * EACH;
    brake.limits = many;
    (void)refuse(&brake, "r", EACH, NOW);
    if (pid == 0)
        _exit(0);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    const struct vt_brake_verdict last = vt_brake_note(&brake, "r", "a", NOW);
    assert_int_equal(last.count, 2 * EACH + 1);
    assert_int_equal(last.why, VT_BRAKE_COUNT);
    vt_brake_close(&brake);
}

static void a_damaged_file_is_begun_anew(void **state)
{
    (void)state;
    char path[64];
    struct vt_brake brake;
    struct vt_brake_rule list[VT_BRAKE_RULES];
    static const char *const contents[] = {"", "x", "vanthu-brake 2\n"};
    (void)snprintf(path, sizeof(path), "%s/brake", folder);
    for (size_t i = 0; i < COUNT(contents); i++) {
        assert_int_equal(vt_output_replace(path, 0600, vt_bytes_str(contents[i]), NULL), VT_OK);
        assert_int_equal(vt_brake_list(folder, NOW, list), 0);
        open_brake(&brake, folder, "aa", NOW - DAY);
        assert_int_equal(refuse(&brake, "r", 11, NOW), 1);
        vt_brake_close(&brake);
        assert_int_equal(vt_brake_list(folder, NOW, list), 1);
    }
}

static void without_a_file_it_counts_all_the_same(void **state)
{
    (void)state;
    struct vt_brake brake;
    open_brake(&brake, "/nonexistent", "aa", NOW - DAY);
    assert_int_equal(brake.fd, -1);
    assert_int_equal(refuse(&brake, "r", 11, NOW), 1);
    assert_true(vt_brake_until(&brake, "r", NOW) > 0);
    vt_brake_close(&brake);
    /* Without a master that tells of the rules there is no brake. */
    const struct vt_config config = config_for(folder);
    assert_int_equal(vt_brake_open(&brake, &config, -1, NULL), VT_OK);
    assert_int_equal(refuse(&brake, "r", 100, NOW), 0);
    vt_brake_close(&brake);
}

/* More rules than places: the one that refused nothing for the longest time goes, and never one
 * whose brake is on as long as there is another. */
static void places_are_given_to_who_needs_them(void **state)
{
    (void)state;
    struct vt_brake brake;
    open_brake(&brake, "/nonexistent", "aa", NOW - DAY);
    json_t *rules = json_object();
    json_decref(brake.rules);
    brake.rules = rules;
    for (unsigned i = 0; i < VT_BRAKE_RULES + 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "r%u", i);
        (void)json_object_set_new(
            rules, name, json_pack("{s:s, s:I}", "digest", name, "since", (json_int_t)(NOW - DAY)));
        assert_int_equal(refuse(&brake, name, i == 0 ? 11 : 1, NOW + i), i == 0);
    }
    assert_true(vt_brake_until(&brake, "r0", NOW + 100) > 0);
    vt_brake_close(&brake);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_falls_when_it_has_to),
                                       cmocka_unit_test(it_is_over_after_two_hours),
                                       cmocka_unit_test(a_clock_that_goes_back),
                                       cmocka_unit_test(it_can_be_left_out),
                                       cmocka_unit_test(it_is_never_about_proof),
                                       cmocka_unit_test(counts_outlive_a_gateway),
                                       cmocka_unit_test(two_processes_count_together),
                                       cmocka_unit_test(a_damaged_file_is_begun_anew),
                                       cmocka_unit_test(without_a_file_it_counts_all_the_same),
                                       cmocka_unit_test(places_are_given_to_who_needs_them)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
