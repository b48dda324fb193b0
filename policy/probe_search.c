/* SPDX-License-Identifier: Apache-2.0
 * Examples of what another policy changes: first each fact by itself, then changed rules with each
 * fact beside, then all rules, then pairs of reasons. What is worth most comes first, for the
 * number of made-up mails is bounded. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "probe_trial.h"

#define PROBES_MOST 200000
/* Ways in which a rule is made to match: other values, other branches of any-of. */
#define CHOICES 4

/* Mails that are looked at with each fact. */
static const struct {
    const char *key;
    int64_t number;
} bases[] = {{NULL, 0},
             {"signed", 0},
             {"direction", VT_OUTBOUND},
             {"direction", VT_INTERNAL},
             {"sender-class", VT_SENDER_OTHER}};
#define BASES (sizeof(bases) / sizeof(bases[0]))

static void begin_base(struct vt_trial *trial, size_t base)
{
    trial->count = 0;
    for (size_t i = 0; i < vt_tests_count && bases[base].key != NULL; i++) {
        const struct vt_fact fact = {
            .kind = VT_FACT_OF_TEST, .test = &vt_tests[i], .number = bases[base].number};
        if (strcmp(vt_tests[i].key, bases[base].key) == 0)
            (void)vt_trial_add(trial, &fact);
    }
}

/* ---- trials ---- */

/* A trial as it is, then with each fact. */
static enum vt_code try_with_each(struct vt_search *search, const struct vt_trial *trial,
                                  struct vt_err *err)
{
    enum vt_code code = vt_search_try(search, trial, err);
    for (size_t i = 0; i < search->facts.count && code == VT_OK && !search->is_over; i++) {
        struct vt_trial more = *trial;
        if (vt_trial_add(&more, &search->facts.items[i]))
            code = vt_search_try(search, &more, err);
    }
    return code;
}

static enum vt_code try_bases(struct vt_search *search, struct vt_err *err)
{
    struct vt_trial trial;
    enum vt_code code = VT_OK;
    for (size_t base = 0; base < BASES && code == VT_OK; base++) {
        begin_base(&trial, base);
        code = try_with_each(search, &trial, err);
    }
    return code;
}

static enum vt_code try_rule(struct vt_search *search, const struct vt_rule *rule, bool with_each,
                             struct vt_err *err)
{
    struct vt_trial trial;
    enum vt_code code = VT_OK;
    for (size_t choice = 0; choice < CHOICES && code == VT_OK && !search->is_over; choice++) {
        code = vt_search_match(search, rule, choice, &trial);
        if (code != VT_OK)
            return vt_err_set(err, code, "no memory for a made-up mail");
        code = with_each ? try_with_each(search, &trial, err) : vt_search_try(search, &trial, err);
    }
    return code;
}

static enum vt_code try_rules(struct vt_search *search, const struct vt_policy *policy,
                              const bool *is_changed, bool wants_changed, bool with_each,
                              struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < policy->rules_count && code == VT_OK && !search->is_over; i++) {
        if (is_changed[i] == wants_changed)
            code = try_rule(search, &policy->rules[i], with_each, err);
    }
    return code;
}

static enum vt_code try_both(struct vt_search *search, bool wants_changed, bool with_each,
                             struct vt_err *err)
{
    enum vt_code code = try_rules(search, search->request->before, search->is_changed_before,
                                  wants_changed, with_each, err);
    return code == VT_OK ? try_rules(search, search->request->after, search->is_changed_after,
                                     wants_changed, with_each, err)
                         : code;
}

static enum vt_code try_pairs_of_reasons(struct vt_search *search, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        for (unsigned k = i + 1; k < VT_REASON_COUNT && code == VT_OK; k++) {
            struct vt_trial trial = {.facts = {{.kind = VT_FACT_REASON, .number = i},
                                               {.kind = VT_FACT_REASON, .number = k}},
                                     .count = 2};
            vt_reasons pair = VT_REASON_BIT(i) | VT_REASON_BIT(k);
            if ((vt_reasons_found() & pair) == pair)
                code = vt_search_try(search, &trial, err);
        }
    }
    return code;
}

/* ---- which rules changed ---- */

static void mark(const struct vt_policy *policy, const char *name, bool *is_changed)
{
    for (size_t i = 0; i < policy->rules_count; i++) {
        if (strcmp(policy->rules[i].name, name) == 0)
            is_changed[i] = true;
    }
}

static enum vt_code find_changed(struct vt_search *search, struct vt_err *err)
{
    const struct vt_policy *before = search->request->before, *after = search->request->after;
    struct vt_policy_diff diff;
    bool *was = vt_arena_alloc(search->arena, before->rules_count + 1);
    bool *is = vt_arena_alloc(search->arena, after->rules_count + 1);
    if (was == NULL || is == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory to compare the policies");
    enum vt_code code = vt_policy_diff(search->arena, before, after, &diff, err);
    for (size_t i = 0; i < diff.count && code == VT_OK; i++) {
        if (diff.items[i].of != VT_DIFFERENCE_OF_RULE)
            continue;
        mark(before, diff.items[i].name, was);
        mark(after, diff.items[i].name, is);
    }
    search->is_changed_before = was;
    search->is_changed_after = is;
    return code;
}

/* ---- the order in which they are shown ---- */

/* What becomes more severe, then what becomes less so, then other rules, then other marks. */
static int rank_of(const struct vt_policy_example *example)
{
    int before = (int)example->before->action, after = (int)example->after->action;
    if (after != before)
        return after > before ? 20 + after : 10 + before;
    return example->is_of_marks ? 0 : 1;
}

static int more_severe_first(const void *a, const void *b)
{
    const struct vt_policy_example *x = a, *y = b;
    int rank = rank_of(y) - rank_of(x);
    if (rank != 0)
        return rank;
    if (x->facts_count != y->facts_count)
        return x->facts_count < y->facts_count ? -1 : 1;
    return (x->probes_count < y->probes_count) - (x->probes_count > y->probes_count);
}

enum vt_code vt_policy_examples(struct vt_arena *arena, const struct vt_examples_request *request,
                                struct vt_policy_examples *out, struct vt_err *err)
{
    struct vt_search search = {
        .arena = arena, .request = request, .out = out, .probes_most = PROBES_MOST};
    *out = (struct vt_policy_examples){.is_complete = true};
    enum vt_code code = find_changed(&search, err);
    if (code == VT_OK && vt_search_gather(&search) != VT_OK)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for what is tried");
    if (code == VT_OK)
        code = try_bases(&search, err);
    if (code == VT_OK)
        code = try_both(&search, true, true, err);
    if (code == VT_OK)
        code = try_both(&search, false, false, err);
    if (code == VT_OK)
        code = try_pairs_of_reasons(&search, err);
    if (code == VT_OK)
        code = try_both(&search, false, true, err);
    if (code == VT_OK && out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), more_severe_first);
    return code;
}
