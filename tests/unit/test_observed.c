/* SPDX-License-Identifier: Apache-2.0
 * Which rules are told to act without having been observed, by what served before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/observed.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* 2026-11-22T10:00:00+07:00 */
#define NOW INT64_C(1795316400)
#define DAY_SECS 86400

static struct vt_policy *parse(const char *text)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    if (vt_policy_parse(vt_bytes_str(text), "p.yaml", &policy, &mistakes, &err) != VT_OK)
        fail_msg("%s\n%s", mistakes.count > 0 ? mistakes.items[0].text : err.text, text);
    vt_mistakes_clear(&mistakes);
    return policy;
}

#define RULE(name, rest) "  - {name: " name ", " rest "}\n"
#define LONG_KEYS "when: {sender: a@x.vn}, then: reject"
#define REJECTS "rules:\n" RULE("x", LONG_KEYS)
#define REJECTS_STYLED                                                                             \
    "# another comment\nrules:\n  - name: 'x'\n    mode: enforce\n    when: {sender: a@x.vn}\n"    \
    "    then: reject\n"
#define OBSERVES "rules:\n" RULE("x", LONG_KEYS ", mode: observe")
#define TAGS "rules:\n" RULE("x", LONG_KEYS ", mode: tag")
#define OBSERVED_UNTIL_19 "rules:\n" RULE("x", LONG_KEYS ", observe-until: 2026-11-19")
#define ANOTHER "rules:\n" RULE("x", "when: {sender: b@x.vn}, then: reject, mode: observe")
#define RENAMED "rules:\n" RULE("y", LONG_KEYS ", mode: observe")
#define LISTED(entries, mode)                                                                      \
    "lists: {l: [" entries                                                                         \
    "]}\nrules:\n" RULE("x", "when: {sender-domain: {list: l}}, then: reject, mode: " mode)
#define OF_REASON(reason) "rules:\n" RULE("x", "when: {reason: " reason "}, then: reject")

#define REFUSES(first)                                                                             \
    "2 rule \"x\" refuses at once: it was never observed for 7 days (" first "); mode: observe "   \
    "or observe-until: 2026-11-30 shows first what it would do\n"
#define SINCE(date) REFUSES("first loaded " date)
#define IS_NEW REFUSES("not loaded before")

static const struct row {
    const char *what, *policy;
    struct load {
        double days_ago; /* until the next one; the last one until now */
        enum vt_mode mode;
        const char *policy;
    } loads[4]; /* oldest first */
    bool is_cut;
    const char *warnings;
} rows[] = {
    {"nothing is known", REJECTS, {{0, VT_MODE_OBSERVE, NULL}}, false, ""},
    {"never loaded", REJECTS, {{30, VT_MODE_ENFORCE, ANOTHER}}, false, IS_NEW},
    {"another name is another rule", REJECTS, {{30, VT_MODE_ENFORCE, RENAMED}}, false, IS_NEW},
    {"enforces since two days",
     REJECTS,
     {{30, VT_MODE_ENFORCE, ANOTHER}, {2, VT_MODE_ENFORCE, REJECTS}},
     false,
     SINCE("2026-11-20")},
    {"enforces for a week", REJECTS, {{7, VT_MODE_ENFORCE, REJECTS}}, false, ""},
    {"observed a week",
     REJECTS,
     {{8, VT_MODE_ENFORCE, OBSERVES}, {1, VT_MODE_ENFORCE, REJECTS}},
     false,
     ""},
    {"observed less",
     REJECTS,
     {{7.9, VT_MODE_ENFORCE, OBSERVES}, {1, VT_MODE_ENFORCE, REJECTS}},
     false,
     SINCE("2026-11-14")},
    {"tagged a week, is not loaded yet", REJECTS, {{7, VT_MODE_ENFORCE, TAGS}}, false, ""},
    {"the site observed",
     REJECTS,
     {{9, VT_MODE_OBSERVE, REJECTS}, {2, VT_MODE_ENFORCE, REJECTS}},
     false,
     ""},
    {"the site tagged for a day", REJECTS, {{1, VT_MODE_TAG, REJECTS}}, false, SINCE("2026-11-21")},
    {"altogether",
     REJECTS,
     {{12, VT_MODE_ENFORCE, OBSERVES},
      {8, VT_MODE_ENFORCE, ANOTHER},
      {5, VT_MODE_TAG, REJECTS},
      {1, VT_MODE_ENFORCE, REJECTS}},
     false,
     ""},
    {"not altogether",
     REJECTS,
     {{12, VT_MODE_ENFORCE, OBSERVES},
      {9, VT_MODE_ENFORCE, ANOTHER},
      {4, VT_MODE_TAG, REJECTS},
      {1, VT_MODE_ENFORCE, REJECTS}},
     false,
     SINCE("2026-11-10")},
    {"observe-until is over, after a week",
     OBSERVED_UNTIL_19,
     {{11, VT_MODE_ENFORCE, OBSERVED_UNTIL_19}},
     false,
     ""},
    {"observe-until is over, too early",
     OBSERVED_UNTIL_19,
     {{6, VT_MODE_ENFORCE, OBSERVED_UNTIL_19}},
     false,
     SINCE("2026-11-16")},
    {"style is not text", REJECTS_STYLED, {{8, VT_MODE_OBSERVE, REJECTS}}, false, ""},
    {"lists may change",
     LISTED("a.vn, b.vn", "enforce"),
     {{8, VT_MODE_ENFORCE, LISTED("a.vn", "observe")}},
     false,
     ""},
    {"a clock that went back",
     REJECTS,
     {{-3, VT_MODE_ENFORCE, OBSERVES}},
     false,
     SINCE("2026-11-25")},
    {"what was before is not known", REJECTS, {{2, VT_MODE_ENFORCE, REJECTS}}, true, ""},
    {"it did not serve before",
     REJECTS,
     {{3, VT_MODE_ENFORCE, ANOTHER}, {2, VT_MODE_ENFORCE, REJECTS}},
     true,
     SINCE("2026-11-20")},
    {"observes now", OBSERVES, {{2, VT_MODE_ENFORCE, REJECTS}}, false, ""},
    {"tags",
     "rules:\n" RULE("x", "when: {sender: a@x.vn}, then: tag"),
     {{2, VT_MODE_ENFORCE, ANOTHER}},
     false,
     ""},
    {"is over",
     "rules:\n" RULE("x", LONG_KEYS ", until: 2026-11-01"),
     {{2, VT_MODE_ENFORCE, ANOTHER}},
     false,
     ""},
    {"on proof",
     OF_REASON("[CONTENT_CHANGED, BAD_SIGNATURE, CERT_REVOKED, PATH_SELF_MADE]"),
     {{2, VT_MODE_ENFORCE, ANOTHER}},
     false,
     ""},
    {"not only on proof",
     OF_REASON("[CONTENT_CHANGED, CERT_EXPIRED]"),
     {{2, VT_MODE_ENFORCE, ANOTHER}},
     false,
     IS_NEW},
    {"defers, holds",
     "officer: {name: A, mailbox: a@x.vn}\nrules:\n" RULE(
         "d", "when: {sender: a@x.vn}, then: defer, at-most: 15m, afterwards: tag")
         RULE("t", "when: {sender: b@x.vn}, then: tag")
             RULE("h", "when: {sender: c@x.vn}, then: hold"),
     {{2, VT_MODE_ENFORCE, ANOTHER}},
     false,
     "3 rule \"d\" defers at once: it was never observed for 7 days (not loaded before); mode: "
     "observe or observe-until: 2026-11-30 shows first what it would do\n"
     "5 rule \"h\" holds at once: it was never observed for 7 days (not loaded before); mode: "
     "observe or observe-until: 2026-11-30 shows first what it would do\n"},
};

/* The newest first, as the register gives them. */
static void add_loads(struct vt_observed *observed, const struct row *row)
{
    int64_t until = NOW;
    for (size_t i = ELEMENTS(row->loads); i-- > 0;) {
        const struct load *load = &row->loads[i];
        if (load->policy == NULL)
            continue;
        struct vt_policy *policy = parse(load->policy);
        const struct vt_served served = {.policy = policy,
                                         .site_mode = load->mode,
                                         .from_utc_secs =
                                             NOW - (int64_t)(load->days_ago * DAY_SECS),
                                         .until_utc_secs = until};
        vt_observed_add(observed, &served);
        until = served.from_utc_secs;
        vt_policy_free(policy);
    }
}

static void rules_that_were_not_observed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct vt_observed *observed = NULL;
        struct vt_mistakes mistakes;
        struct vt_err err = {0};
        char told[1024] = "";
        struct vt_policy *policy = parse(rows[i].policy);
        struct vt_arena *arena = vt_arena_new(1 << 20);
        assert_non_null(arena);
        vt_mistakes_init(&mistakes);
        assert_int_equal(vt_observed_begin(arena, policy, NOW, &observed, &err), VT_OK);
        add_loads(observed, &rows[i]);
        bool is_settled = vt_observed_is_settled(observed);
        vt_observed_warn(observed, "p.yaml", rows[i].is_cut, &mistakes);
        for (size_t m = 0; m < mistakes.count; m++) {
            size_t used = strlen(told);
            assert_true(mistakes.items[m].warning && strcmp(mistakes.items[m].file, "p.yaml") == 0);
            (void)snprintf(told + used, sizeof(told) - used, "%u %s\n", mistakes.items[m].line,
                           mistakes.items[m].text);
        }
        if (strcmp(told, rows[i].warnings) != 0)
            fail_msg("%s: got\n%swanted\n%s", rows[i].what, told, rows[i].warnings);
        if (mistakes.count > 0)
            assert_false(is_settled);
        vt_mistakes_clear(&mistakes);
        vt_policy_free(policy);
        vt_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules_that_were_not_observed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
