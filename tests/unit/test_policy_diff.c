/* SPDX-License-Identifier: Apache-2.0
 * What another policy changes: differences of what is written, and examples of mails that become
 * something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policy/probe.h"
#include "vanthu/policy_diff.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* 2026-12-03T02:12:00Z, a Thursday, 09:12 in Vietnam. */
#define NOW INT64_C(1796263920)
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

/* ---- policies ---- */

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

struct both {
    struct vt_policy *before, *after;
    struct vt_arena *arena;
    struct vt_policy_diff diff;
    struct vt_policy_examples examples;
};

static void compare_policies(struct both *both)
{
    struct vt_err err = {0};
    const struct vt_examples_request request = {
        .before = both->before, .after = both->after, .now_utc_secs = NOW};
    both->arena = vt_arena_new(ARENA_BYTES);
    assert_int_equal(vt_policy_diff(both->arena, both->before, both->after, &both->diff, &err),
                     VT_OK);
    assert_int_equal(vt_policy_examples(both->arena, &request, &both->examples, &err), VT_OK);
}

static struct both compare(const char *before, const char *after)
{
    struct both both = {.before = parse(before), .after = parse(after)};
    compare_policies(&both);
    return both;
}

static void release(struct both *both)
{
    vt_arena_free(both->arena);
    vt_policy_free(both->before);
    vt_policy_free(both->after);
}

/* "changed rule a then: note -> tag !" in a line each; "!" is what may be more severe. */
static char *differences(const struct vt_policy_diff *diff)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    for (size_t i = 0; i < diff->count; i++) {
        const struct vt_difference *d = &diff->items[i];
        (void)fprintf(out, "%s %s %s%s%s: %s -> %s%s\n", vt_difference_kind_name(d->kind),
                      vt_difference_of_name(d->of), d->name != NULL ? d->name : "-",
                      d->key != NULL ? " " : "", d->key != NULL ? d->key : "",
                      d->before != NULL ? d->before : "-", d->after != NULL ? d->after : "-",
                      d->may_be_severer ? " !" : "");
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

/* "tag a -> reject b: reason: NO_SIGNATURE" in a line each. */
static char *examples(const struct vt_policy_examples *all)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    for (size_t i = 0; i < all->count; i++) {
        const struct vt_policy_example *e = &all->items[i];
        (void)fprintf(out, "%s %s -> %s %s:", vt_action_name(e->before->action),
                      e->before->rule != NULL ? e->before->rule : "-",
                      vt_action_name(e->after->action),
                      e->after->rule != NULL ? e->after->rule : "-");
        for (size_t k = 0; k < e->facts_count; k++)
            (void)fprintf(out, "%s %s", k > 0 ? ";" : "", e->facts[k]);
        (void)fputc('\n', out);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

/* ---- what is written in another way ---- */

#define RULES(text) "rules:\n" text
#define A "- {name: a, when: {reason: [CERT_REVOKED, CONTENT_CHANGED]}, then: reject}\n"
#define B "- {name: b, when: {reason: WEAK_ALGORITHM}, then: tag}\n"
#define C "- {name: c, when: {direction: outbound}, then: note}\n"

static void the_same_in_other_words(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = {
        {RULES(A B C), "# a comment\n" RULES(A "\n\n" B C)},
        {RULES(A),
         RULES("- name: a\n  then: {action: reject}\n  mode: enforce\n  when:\n    reason:"
               " [CONTENT_CHANGED, CERT_REVOKED]\n")},
        {RULES(B), RULES("- {name: b, then: tag, when: {reason: [WEAK_ALGORITHM]}}\n")},
        {RULES("- {name: a, when: {format: pdf, any-of: [{list: true}, {urgent: true}]}, then: "
               "note}\n"),
         RULES("- {name: a, when: {any-of: [{urgent: true}, {list: true}], format: pdf}, then: "
               "note}\n")},
        {"lists: {x: [a.vn, b.vn]}\n" RULES("- {name: a, when: {sender-domain: {list: x}}, then: "
                                            "note}\n"),
         "lists: {x: [B.vn, a.vn]}\n" RULES("- {name: a, when: {sender-domain: {list: x}}, then: "
                                            "note}\n")},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct both both = compare(cases[i].before, cases[i].after);
        if (both.diff.count != 0 || both.examples.count != 0 || both.diff.may_be_severer)
            fail_msg("case %zu: %s%s", i, differences(&both.diff), examples(&both.examples));
        assert_true(both.examples.is_complete);
        assert_true(both.examples.probes_count > 100);
        release(&both);
    }
}

/* ---- differences of what is written ---- */

static void what_is_written_otherwise(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *expected;
        bool may_be_severer;
    } cases[] = {
        {RULES(A), RULES(A B), "added rule b: - -> tag !\n", true},
        {RULES(A), RULES(A C), "added rule c: - -> note\n", false},
        {RULES(A B), RULES(A), "removed rule b: tag -> - !\n", true},
        /* Nothing is more severe than a reject: without it nothing becomes so. */
        {RULES(A B), RULES(B), "removed rule a: reject -> -\n", false},
        {RULES(A B C), RULES(B C A), "moved rule a: - -> - !\n", true},
        {RULES(B),
         RULES("- {name: b, when: {reason: WEAK_ALGORITHM}, then: {action: reject, code: 554}}\n"),
         "changed rule b then: tag -> {action: reject, code: 554} !\n", true},
        {RULES(A),
         RULES("- {name: a, when: {reason: [CERT_REVOKED, CONTENT_CHANGED]}, then: "
               "{action: reject, text: \"a b\"}}\n"),
         "changed rule a then: reject -> {action: reject, text: a b}\n", false},
        {RULES(A), RULES("- {name: a, when: {reason: CERT_REVOKED}, then: reject}\n"),
         "changed rule a when: {reason: [CERT_REVOKED, CONTENT_CHANGED]} -> {reason: "
         "CERT_REVOKED} !\n",
         true},
        {RULES("- {name: a, when: {reason: CERT_REVOKED}, then: reject, mode: observe}\n"),
         RULES("- {name: a, when: {reason: CERT_REVOKED}, then: reject}\n"),
         "changed rule a mode: observe -> enforce !\n", true},
        {RULES("- {name: a, when: {reason: CERT_REVOKED}, then: reject}\n"),
         RULES("- {name: a, when: {reason: CERT_REVOKED}, then: reject, mode: tag}\n"),
         "changed rule a mode: enforce -> tag\n", false},
        {RULES("- {name: a, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 15m}\n"),
         RULES("- {name: a, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 1h, afterwards: "
               "note}\n"),
         "changed rule a at-most: 900s -> 3600s !\nchanged rule a afterwards: tag -> note\n", true},
        {RULES("- {name: a, when: {list: true}, then: note}\n"),
         RULES("- {name: a, when: {list: true}, then: note, until: \"2027-01-01T00:00:00Z\"}\n"),
         "changed rule a until: - -> 2027-01-01T00:00:00Z\n", false},
        {"lists: {x: [a.vn, b.vn]}\n" RULES("- {name: a, when: {sender-domain: {list: x}}, then: "
                                            "tag}\n"),
         "lists: {x: [a.vn, c.vn]}\n" RULES("- {name: a, when: {sender-domain: {list: x}}, then: "
                                            "tag}\n"),
         "changed list x: 1: b.vn -> 1: c.vn !\n", true},
        {RULES(C), "officer: {name: An, mailbox: an@x.vn}\n" RULES(C),
         "added policy - officer: - -> An <an@x.vn> !\n", true},
        {"official-only-since: 2025-12-31T00:00:00Z\n" RULES(C),
         "official-only-since: 2026-12-31T00:00:00Z\n" RULES(C),
         "changed policy - official-only-since: 2025-12-31T00:00:00Z -> 2026-12-31T00:00:00Z !\n",
         true},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct both both = compare(cases[i].before, cases[i].after);
        char *text = differences(&both.diff);
        if (strcmp(text, cases[i].expected) != 0 ||
            both.diff.may_be_severer != cases[i].may_be_severer)
            fail_msg("case %zu:\n%sinstead of\n%s", i, text, cases[i].expected);
        free(text);
        release(&both);
    }
}

/* ---- examples ---- */

#define ONE(when, rest) RULES("- {name: a, when: {" when "}, " rest "}\n")

static void mails_that_become_something_else(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        const char *expected; /* a line that must be there */
    } cases[] = {
        {RULES(A), RULES(A B), "accept - -> tag b: reason: WEAK_ALGORITHM\n"},
        {RULES(A B), RULES(B), "reject a -> accept -: reason: CONTENT_CHANGED\n"},
        /* A rule that hides another. */
        {RULES(B A), RULES("- {name: b, when: {format: pdf}, then: tag}\n" A),
         "reject a -> tag b: reason: CONTENT_CHANGED\n"},
        /* Edges of values. */
        {ONE("size: '>1M'", "then: tag"), ONE("size: '>2M'", "then: tag"),
         "tag a -> accept -: size: 1048577\n"},
        {ONE("size: '>1M'", "then: tag"), ONE("size: '>=1M'", "then: tag"),
         "accept - -> tag a: size: 1048576\n"},
        {ONE("sender-domain: x.vn", "then: tag"), ONE("sender-domain: \"=x.vn\"", "then: tag"),
         "tag a -> accept -: sender-domain: duoi.x.vn\n"},
        {ONE("sender: [a@x.vn, b@x.vn]", "then: tag"), ONE("sender: a@x.vn", "then: tag"),
         "tag a -> accept -: sender: b@x.vn\n"},
        {ONE("weekday: mon-fri", "then: tag"), ONE("weekday: mon-sat", "then: tag"),
         "accept - -> tag a: weekday: sat\n"},
        {ONE("time: 08:00-17:00", "then: tag"), ONE("time: 08:00-18:00", "then: tag"),
         "accept - -> tag a: time: 17:00\n"},
        {ONE("client: 10.0.0.0/8", "then: tag"),
         ONE("client: [10.0.0.0/8, 2001:db8::/32]", "then: tag"),
         "accept - -> tag a: client: 2001:db8::\n"},
        {ONE("document: {name: \"*.exe\"}", "then: tag"),
         ONE("document: {name: [\"*.exe\", \"*.scr\"]}", "then: tag"),
         "accept - -> tag a: document name: x.scr\n"},
        {ONE("key-bits: '<2048'", "then: tag"), ONE("key-bits: '<3072'", "then: tag"),
         "accept - -> tag a:\n"},
        /* Groups. */
        {ONE("reason: WEAK_ALGORITHM", "then: tag"),
         ONE("reason: WEAK_ALGORITHM, not: {direction: outbound}", "then: tag"),
         "tag a -> accept -: reason: WEAK_ALGORITHM; direction: outbound\n"},
        {ONE("any: {reason: WEAK_ALGORITHM}", "then: tag"),
         ONE("all: {reason: WEAK_ALGORITHM}", "then: tag"),
         "tag a -> accept -: reason: WEAK_ALGORITHM; a second signature, in order\n"},
        {ONE("any-of: [{list: true}, {automatic: true}]", "then: tag"),
         ONE("list: true, automatic: true", "then: tag"), "tag a -> accept -: list: true\n"},
        {ONE("signatures: '>=2'", "then: tag"), ONE("signatures: '>=3'", "then: tag"),
         "tag a -> accept -: a second signature, in order\n"},
        /* Two conditions at once, and three. */
        {ONE("reason: NO_SIGNATURE, direction: internal", "then: tag"),
         ONE("reason: NO_SIGNATURE, direction: internal", "then: reject"),
         "tag a -> reject a: reason: NO_SIGNATURE; direction: internal\n"},
        {ONE("urgent: true, list: true, nested: true", "then: tag"),
         ONE("urgent: true, list: true, nested: true", "then: note"),
         "tag a -> note a: list: true; urgent: true; nested: true\n"},
        /* Modes and times. */
        {ONE("reason: CERT_REVOKED", "then: reject, mode: observe"),
         ONE("reason: CERT_REVOKED", "then: reject"),
         "accept - -> reject a: reason: CERT_REVOKED\n"},
        {ONE("reason: CERT_REVOKED", "then: reject, observe-until: 2027-02-01T00:00:00Z"),
         ONE("reason: CERT_REVOKED", "then: reject, observe-until: 2027-01-01T00:00:00Z"),
         "accept - -> reject a: reason: CERT_REVOKED; now: 2027-01-31T23:59:59Z\n"},
        {ONE("reason: STATUS_UNKNOWN", "then: defer, at-most: 15m"),
         ONE("reason: STATUS_UNKNOWN", "then: defer, at-most: 1h"),
         "tag a -> defer a: reason: STATUS_UNKNOWN; deferred since: 900 s\n"},
        /* Code, text and marks. */
        {ONE("reason: CERT_REVOKED", "then: reject"),
         ONE("reason: CERT_REVOKED", "then: {action: reject, code: 554}"),
         "reject a -> reject a: reason: CERT_REVOKED\n"},
        {ONE("list: true", "then: {action: tag, folder: X}"),
         ONE("list: true", "then: {action: tag, folder: Y}"), "tag a -> tag a: list: true\n"},
        /* What lowers a refusal: the empty sender. */
        {ONE("reason: CERT_REVOKED", "then: reject"),
         ONE("reason: CERT_REVOKED, not: {sender: \"\"}", "then: reject"),
         "tag a -> accept -: reason: CERT_REVOKED; sender: \"\"\n"},
        {"lists: {x: [a.vn, b.vn]}\n" ONE("sender-domain: {list: x}", "then: tag"),
         "lists: {x: [a.vn]}\n" ONE("sender-domain: {list: x}", "then: tag"),
         "tag a -> accept -: sender-domain: b.vn\n"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct both both = compare(cases[i].before, cases[i].after);
        char *text = examples(&both.examples);
        const char *found = strstr(text, cases[i].expected);
        if (found == NULL || (found != text && found[-1] != '\n'))
            fail_msg("case %zu: %sis not among\n%s", i, cases[i].expected, text);
        free(text);
        release(&both);
    }
}

/* What is shown is what both decide about that evidence. */
static void examples_are_true(void **state)
{
    (void)state;
    struct both both = compare(RULES(A B C), RULES(C B));
    assert_true(both.examples.count > 1);
    for (size_t i = 0; i < both.examples.count; i++) {
        const struct vt_policy_example *e = &both.examples.items[i];
        const struct vt_policy *policies[] = {both.before, both.after};
        const struct vt_decision *told[] = {e->before, e->after};
        for (size_t p = 0; p < 2; p++) {
            struct vt_decision *decision = NULL;
            const struct vt_policy_input input = {.evidence = e->evidence,
                                                  .site_mode = VT_MODE_ENFORCE,
                                                  .first_deferred_utc_secs =
                                                      e->first_deferred_utc_secs,
                                                  .now_utc_secs = e->now_utc_secs};
            assert_int_equal(vt_policy_evaluate(both.arena, policies[p], &input, &decision, NULL),
                             VT_OK);
            assert_int_equal(decision->action, told[p]->action);
            assert_true(decision->rule == told[p]->rule ||
                        strcmp(decision->rule, told[p]->rule) == 0);
        }
    }
    release(&both);
}

static bool stop_soon(void *context, size_t probes_count)
{
    (void)probes_count;
    return --*(int *)context > 0;
}

static void a_search_that_is_ended(void **state)
{
    (void)state;
    int turns = 2;
    struct vt_policy *before = parse(RULES(A)), *after = parse(RULES(A B));
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    struct vt_policy_examples examples_found;
    const struct vt_examples_request request = {.before = before,
                                                .after = after,
                                                .now_utc_secs = NOW,
                                                .goes_on = stop_soon,
                                                .context = &turns};
    assert_int_equal(vt_policy_examples(arena, &request, &examples_found, NULL), VT_OK);
    assert_false(examples_found.is_complete);
    assert_true(examples_found.probes_count < 100);
    vt_arena_free(arena);
    vt_policy_free(before);
    vt_policy_free(after);
}

/* ---- tables of agencies ---- */

static const char table_before[] =
    "agencies:\n"
    "- id: soxd\n  name: Sở Xây dựng\n  confirmed: true\n  domains: [soxd.vn]\n"
    "  certificates:\n"
    "  - {sha256: 1111111111111111111111111111111111111111111111111111111111111111, kind: "
    "agency}\n";
static const char table_after[] =
    "agencies:\n"
    "- id: soxd\n  name: Sở Xây dựng\n  confirmed: true\n  domains: [soxd.vn, xd.vn]\n"
    "  certificates:\n"
    "  - {sha256: 1111111111111111111111111111111111111111111111111111111111111111, kind: "
    "person}\n";

static struct vt_policy *load_with_table(const char *folder, const char *name, const char *table)
{
    char file[128];
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    (void)snprintf(file, sizeof(file), "%s/%s-agencies.yaml", folder, name);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    (void)fputs(table, out);
    assert_int_equal(fclose(out), 0);
    (void)snprintf(file, sizeof(file), "%s/%s.yaml", folder, name);
    out = fopen(file, "w");
    assert_non_null(out);
    (void)fprintf(out, "agencies: %s-agencies.yaml\n%s", name,
                  ONE("lacks: agency-signature", "then: tag"));
    assert_int_equal(fclose(out), 0);
    vt_mistakes_init(&mistakes);
    if (vt_policy_load(file, &policy, &mistakes, &err) != VT_OK)
        fail_msg("%s", mistakes.count > 0 ? mistakes.items[0].text : err.text);
    vt_mistakes_clear(&mistakes);
    return policy;
}

static void tables_are_compared(void **state)
{
    (void)state;
    char folder[] = "/tmp/vanthu-diff-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    struct both both = {.before = load_with_table(folder, "before", table_before),
                        .after = load_with_table(folder, "after", table_after)};
    compare_policies(&both);
    char *text = differences(&both.diff);
    assert_string_equal(
        text, "added address xd.vn: - -> soxd !\n"
              "changed certificate certificate "
              "1111111111111111111111111111111111111111111111111111111111111111: agency of soxd -> "
              "person of soxd !\n");
    free(text);
    text = examples(&both.examples);
    assert_non_null(strstr(text, "accept - -> tag a: signer-fingerprint: 1111"));
    free(text);
    release(&both);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* ---- made-up mails ---- */

static void every_test_can_be_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_tests_count; i++) {
        bool is_group = vt_tests[i].form->describe == NULL;
        if (!is_group && !vt_probe_can_set(&vt_tests[i]))
            fail_msg("nothing sets \"%s\"", vt_tests[i].key);
    }
}

/* A fact that shall make a condition hold does so. */
static void check_condition(struct vt_arena *arena, const struct vt_condition *condition,
                            size_t *checked)
{
    struct vt_facts facts = {0};
    assert_int_equal(vt_facts_of_condition(arena, condition, VT_YES, 100, &facts), VT_OK);
    for (size_t i = 0; i < facts.count; i++) {
        struct vt_probe probe;
        struct vt_site_facts *site = NULL;
        vt_reasons matched = 0;
        vt_probe_begin(&probe, arena, NULL, NULL, NOW);
        if (!vt_probe_set(&probe, &facts.items[i]))
            continue;
        struct vt_evidence *evidence = vt_probe_evidence(&probe);
        const struct vt_site_input input = {.evidence = evidence,
                                            .now_utc_secs = NOW,
                                            .official_only_since_utc_secs = VT_TIME_NONE};
        assert_int_equal(vt_site_judge(arena, &input, &site, NULL), VT_OK);
        struct vt_scope mail = vt_scope_of_mail(evidence, site, probe.now_utc_secs);
        struct vt_scope document = evidence->documents_count > 0 ? vt_scope_of(&mail, 0, 0) : mail;
        if (condition->test->form->match(condition, &document, &matched) != VT_YES &&
            condition->test->form->match(condition, &mail, &matched) != VT_YES)
            fail_msg("%s does not make \"%s: %s\" hold", vt_fact_text(arena, &facts.items[i]),
                     condition->test->key, condition->needs);
        (*checked)++;
    }
}

static void check_conditions(struct vt_arena *arena, const struct vt_conditions *conditions,
                             size_t *checked)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->groups_count == 0)
            check_condition(arena, condition, checked);
        for (size_t g = 0; g < condition->groups_count; g++)
            check_conditions(arena, &condition->groups[g], checked);
    }
}

static void facts_make_conditions_hold(void **state)
{
    (void)state;
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    size_t checked = 0;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    static const char *const files[] = {"tests/policy/good/every_test.yaml",
                                        "tests/policy/good/example.yaml", "conf/policy.yaml"};
    for (size_t f = 0; f < ELEMENTS(files); f++) {
        vt_mistakes_init(&mistakes);
        if (vt_policy_load(files[f], &policy, &mistakes, &err) != VT_OK)
            fail_msg("%s: %s", files[f], err.text);
        for (size_t i = 0; i < policy->rules_count; i++)
            check_conditions(arena, &policy->rules[i].when, &checked);
        vt_policy_free(policy);
        vt_mistakes_clear(&mistakes);
    }
    assert_true(checked > 100);
    vt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_in_other_words),
        cmocka_unit_test(what_is_written_otherwise),
        cmocka_unit_test(mails_that_become_something_else),
        cmocka_unit_test(examples_are_true),
        cmocka_unit_test(a_search_that_is_ended),
        cmocka_unit_test(tables_are_compared),
        cmocka_unit_test(every_test_can_be_set),
        cmocka_unit_test(facts_make_conditions_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
