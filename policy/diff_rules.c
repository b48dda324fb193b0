/* SPDX-License-Identifier: Apache-2.0
 * Rules of two policies, compared by their names, and whether a mail may be treated more severely
 * by what changed. A rule in force also keeps mail from those behind it: where it goes or takes
 * less, a more severe one may decide. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

/* Rules of a policy by name. */
struct by_name {
    const char *name;
    size_t index;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct by_name *)a)->name, ((const struct by_name *)b)->name);
}

static struct by_name *sort_names(struct vt_arena *arena, const struct vt_policy *policy)
{
    struct by_name *sorted = vt_arena_alloc(arena, (policy->rules_count + 1) * sizeof(*sorted));
    for (size_t i = 0; sorted != NULL && i < policy->rules_count; i++)
        sorted[i] = (struct by_name){policy->rules[i].name, i};
    if (sorted != NULL && policy->rules_count > 1)
        qsort(sorted, policy->rules_count, sizeof(*sorted), compare_names);
    return sorted;
}

static size_t find_rule(const struct by_name *sorted, size_t count, const char *name)
{
    const struct by_name key = {name, 0};
    const struct by_name *found = bsearch(&key, sorted, count, sizeof(key), compare_names);
    return found != NULL ? found->index : SIZE_MAX;
}

/* ---- severity ---- */

static enum vt_action most_of(const struct vt_policy *policy, const struct vt_rule *rule)
{
    enum vt_action most = vt_rule_most_severe(rule, policy->officer_mailbox != NULL);
    bool may_enforce =
        rule->mode == VT_MODE_ENFORCE || rule->observe_until_utc_secs != VT_TIME_NONE;
    if (rule->mode == VT_MODE_OBSERVE && !may_enforce)
        return VT_ACTION_ACCEPT;
    return !may_enforce && most > VT_ACTION_TAG ? VT_ACTION_TAG : most;
}

/* Somebody notices: a note is read by nobody. */
static bool is_felt(enum vt_action action)
{
    return action > VT_ACTION_NOTE;
}

static enum vt_action most_of_all(const struct vt_policy *policy)
{
    enum vt_action most = VT_ACTION_ACCEPT;
    for (size_t i = 0; i < policy->rules_count; i++) {
        enum vt_action one = most_of(policy, &policy->rules[i]);
        most = one > most ? one : most;
    }
    return most;
}

/* It kept mail from rules that are more severe than itself. */
static bool is_shield(const struct vt_diffing *diffing, const struct vt_rule *rule)
{
    return rule->mode == VT_MODE_ENFORCE && diffing->most_after > most_of(diffing->before, rule);
}

/* ---- one rule ---- */

/* A rule of both; one of them is NULL when the other is new or gone. */
struct pair {
    const struct vt_rule *before, *after;
    size_t number_before, number_after;
};

static void tell(struct vt_diffing *diffing, const struct pair *pair, enum vt_difference_kind kind,
                 const char *key, const char *before, const char *after, bool may_be_severer)
{
    const struct vt_rule *any = pair->after != NULL ? pair->after : pair->before;
    const struct vt_difference difference = {
        .of = VT_DIFFERENCE_OF_RULE,
        .kind = kind,
        .name = any->name,
        .key = key,
        .before = before,
        .after = after,
        .line_before = pair->before != NULL ? pair->before->node->line : 0,
        .line_after = pair->after != NULL ? pair->after->node->line : 0,
        .number_before = pair->number_before,
        .number_after = pair->number_after,
        .may_be_severer = may_be_severer};
    vt_diff_add(diffing, &difference);
}

static void compare_key(struct vt_diffing *diffing, const struct pair *pair, const char *key,
                        const char *before, const char *after, bool may_be_severer)
{
    if (!vt_diff_is_same(before, after))
        tell(diffing, pair, VT_DIFFERENCE_CHANGED, key, before, after, may_be_severer);
}

static const char *span_of(struct vt_diffing *diffing, const struct vt_rule *rule)
{
    if (rule->then.action != VT_ACTION_DEFER)
        return NULL;
    return vt_diff_keep(diffing,
                        vt_arena_printf(diffing->arena, "%llds", (long long)rule->at_most_secs));
}

static const char *afterwards_of(const struct vt_rule *rule)
{
    return rule->then.action == VT_ACTION_DEFER ? vt_action_name(rule->afterwards) : NULL;
}

static void compare_actions(struct vt_diffing *diffing, const struct pair *pair)
{
    const struct vt_rule *before = pair->before, *after = pair->after;
    enum vt_action was = most_of(diffing->before, before), is = most_of(diffing->after, after);
    bool is_severer = is > was || after->then.action > before->then.action;
    compare_key(diffing, pair, "then", vt_diff_then(diffing, &before->then),
                vt_diff_then(diffing, &after->then), is_severer);
    compare_key(diffing, pair, "at-most", span_of(diffing, before), span_of(diffing, after),
                after->at_most_secs > before->at_most_secs || after->afterwards > VT_ACTION_DEFER);
    compare_key(diffing, pair, "afterwards", afterwards_of(before), afterwards_of(after),
                after->afterwards > before->afterwards);
    compare_key(diffing, pair, "mode", vt_mode_name(before->mode), vt_mode_name(after->mode),
                after->mode > before->mode ? is_felt(is) : is_shield(diffing, before));
}

static void compare_rules(struct vt_diffing *diffing, const struct pair *pair)
{
    const struct vt_rule *before = pair->before, *after = pair->after;
    bool may_be_severer = is_felt(most_of(diffing->after, after)) || is_shield(diffing, before);
    compare_key(diffing, pair, "when", vt_diff_value(diffing, vt_yaml_find(before->node, "when")),
                vt_diff_value(diffing, vt_yaml_find(after->node, "when")), may_be_severer);
    compare_actions(diffing, pair);
    compare_key(diffing, pair, "until", vt_diff_time(diffing, before->until_utc_secs),
                vt_diff_time(diffing, after->until_utc_secs), may_be_severer);
    compare_key(diffing, pair, "observe-until",
                vt_diff_time(diffing, before->observe_until_utc_secs),
                vt_diff_time(diffing, after->observe_until_utc_secs), may_be_severer);
}

/* ---- all of them ---- */

static void tell_removed(struct vt_diffing *diffing, const struct by_name *after_names)
{
    for (size_t i = 0; i < diffing->before->rules_count; i++) {
        const struct vt_rule *rule = &diffing->before->rules[i];
        const struct pair pair = {.before = rule, .number_before = i + 1};
        if (find_rule(after_names, diffing->after->rules_count, rule->name) == SIZE_MAX)
            tell(diffing, &pair, VT_DIFFERENCE_REMOVED, NULL, vt_diff_then(diffing, &rule->then),
                 NULL, is_shield(diffing, rule));
    }
}

/* Places in the earlier policy of the rules that both have, in the order of the later one. */
static size_t *places_of(const struct vt_diffing *diffing, const struct by_name *before_names,
                         size_t *out_count)
{
    const struct vt_policy *after = diffing->after;
    size_t *places = vt_arena_alloc(diffing->arena, (after->rules_count + 1) * sizeof(*places));
    *out_count = 0;
    for (size_t i = 0; places != NULL && i < after->rules_count; i++) {
        size_t place = find_rule(before_names, diffing->before->rules_count, after->rules[i].name);
        if (place != SIZE_MAX)
            places[(*out_count)++] = place;
    }
    return places;
}

static void tell_rest(struct vt_diffing *diffing, const size_t *places, const bool *is_moved,
                      const struct by_name *before_names)
{
    size_t common = 0;
    for (size_t i = 0; i < diffing->after->rules_count; i++) {
        const struct vt_rule *rule = &diffing->after->rules[i];
        struct pair pair = {.after = rule, .number_after = i + 1};
        if (find_rule(before_names, diffing->before->rules_count, rule->name) == SIZE_MAX) {
            tell(diffing, &pair, VT_DIFFERENCE_ADDED, NULL, NULL,
                 vt_diff_then(diffing, &rule->then), is_felt(most_of(diffing->after, rule)));
            continue;
        }
        pair.before = &diffing->before->rules[places[common]];
        pair.number_before = places[common] + 1;
        if (is_moved[common])
            tell(diffing, &pair, VT_DIFFERENCE_MOVED, NULL, NULL, NULL, true);
        compare_rules(diffing, &pair);
        common++;
    }
}

void vt_diff_rules(struct vt_diffing *diffing)
{
    size_t count = 0;
    const struct by_name *before_names = sort_names(diffing->arena, diffing->before);
    const struct by_name *after_names = sort_names(diffing->arena, diffing->after);
    bool *is_moved = vt_arena_alloc(diffing->arena, diffing->after->rules_count + 1);
    size_t *places = before_names == NULL ? NULL : places_of(diffing, before_names, &count);
    if (after_names == NULL || is_moved == NULL || places == NULL ||
        vt_diff_order(diffing->arena, places, count, is_moved) != VT_OK) {
        diffing->is_out_of_memory = true;
        return;
    }
    diffing->most_after = most_of_all(diffing->after);
    tell_removed(diffing, after_names);
    tell_rest(diffing, places, is_moved, before_names);
}
