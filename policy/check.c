/* SPDX-License-Identifier: Apache-2.0
 * What no single rule shows: refusals for causes that are ours, holds without an officer, rules
 * that can never match, rules that hide others, rules that have ended. */
#include <string.h>

#include "rule.h"

/* ---- mistakes ---- */

/* The most severe thing a rule can do. */
static enum vt_action most_severe(const struct vt_rule *rule, bool has_officer)
{
    enum vt_action action = rule->action;
    if (action == VT_ACTION_HOLD && !has_officer)
        action = rule->without_officer;
    if (action == VT_ACTION_DEFER && rule->afterwards > action)
        action = rule->afterwards;
    return action;
}

/* Mistakes at the very codes whose cause is ours. */
static void check_causes(struct vt_yaml *yaml, const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->test->match == vt_match_not)
            continue;
        for (size_t g = 0; g < condition->groups_count; g++)
            check_causes(yaml, &condition->groups[g]);
        if (condition->test->match != vt_match_reason)
            continue;
        for (size_t v = 0; v < vt_yaml_values_count(condition->node); v++) {
            const struct vt_yaml_node *value = vt_yaml_value_at(condition->node, v);
            enum vt_reason reason = VT_REASON_COUNT;
            if (vt_reason_by_code(value->text, &reason) == VT_OK &&
                vt_reason_info(reason)->cause == VT_CAUSE_RECEIVER)
                vt_yaml_mistake(yaml, value,
                                "%s has its cause on the receiving side: it cannot be rejected; "
                                "use defer, hold or tag",
                                value->text);
        }
    }
}

static const struct vt_condition *find_match(const struct vt_conditions *conditions,
                                             vt_match_function *match)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->test->match == match)
            return condition;
        for (size_t g = 0; g < condition->groups_count; g++) {
            const struct vt_condition *found = find_match(&condition->groups[g], match);
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

/* One of many recipients must not decide for all of them. */
static void check_any_recipient(struct vt_yaml *yaml, const struct vt_rule *rule)
{
    const struct vt_condition *any = find_match(&rule->when, vt_match_any_recipient);
    if (any == NULL)
        any = find_match(&rule->when, vt_match_any_recipient_domain);
    if (any != NULL && rule->action > VT_ACTION_TAG)
        vt_yaml_mistake(yaml, rule->then_node,
                        "a rule with %s may tag or note, not %s: the others would be hit too",
                        any->test->key, vt_action_name(rule->action));
}

static void check_hold(struct vt_yaml *yaml, const struct vt_policy *policy,
                       const struct vt_rule *rule)
{
    bool is_held = rule->action == VT_ACTION_HOLD && rule->without_officer == VT_ACTION_HOLD;
    is_held = is_held || (rule->action == VT_ACTION_DEFER && rule->afterwards == VT_ACTION_HOLD);
    if (is_held && policy->officer_mailbox == NULL)
        vt_yaml_mistake(yaml, rule->then_node,
                        "hold needs somebody who decides: add \"officer: {name: …, mailbox: …}\" "
                        "at the top of the file");
}

/* ---- warnings ---- */

static const struct vt_condition *find_test(const struct vt_conditions *conditions, const char *key)
{
    for (size_t i = 0; i < conditions->count; i++) {
        if (strcmp(conditions->items[i].test->key, key) == 0)
            return &conditions->items[i];
    }
    return NULL;
}

/* Indications and sub-indications that never come together. */
static void check_possible(struct vt_yaml *yaml, const struct vt_rule *rule)
{
    const struct vt_condition *indication = find_test(&rule->when, "indication");
    const struct vt_condition *sub = find_test(&rule->when, "sub-indication");
    if (indication == NULL || sub == NULL)
        return;
    for (unsigned i = 1; i < VT_SUB_COUNT; i++) {
        enum vt_indication its = vt_sub_indication_of((enum vt_sub_indication)i);
        if ((sub->set >> i & 1) != 0 && (indication->set >> its & 1) != 0)
            return;
    }
    vt_yaml_warning(yaml, sub->node, "the rule can never match: %s does not go with %s", sub->needs,
                    indication->needs);
}

/* True when a reason is asked for and none of those asked for is ever found. */
static bool is_in_vain(const struct vt_condition *condition)
{
    if (condition->test->match == vt_match_reason)
        return condition->set != 0 && (condition->set & vt_reasons_found()) == 0;
    if (condition->test->match != vt_match_any_of)
        return false;
    for (size_t i = 0; i < condition->groups_count; i++) {
        bool is_dead = false;
        for (size_t c = 0; c < condition->groups[i].count; c++)
            is_dead = is_dead || is_in_vain(&condition->groups[i].items[c]);
        if (!is_dead)
            return false;
    }
    return true;
}

/* Rules for reasons that are reserved: nobody shall rely on them. */
static void check_found(struct vt_yaml *yaml, const struct vt_rule *rule)
{
    for (size_t i = 0; i < rule->when.count; i++) {
        const struct vt_condition *condition = &rule->when.items[i];
        if (!is_in_vain(condition))
            continue;
        enum vt_reason first = vt_reasons_first(vt_conditions_reasons(&rule->when));
        bool is_one =
            condition->test->match == vt_match_reason && vt_yaml_values_count(condition->node) == 1;
        if (is_one)
            vt_yaml_warning(yaml, condition->node,
                            "\"%s\" is not found by this version: the rule cannot match",
                            vt_reason_info(first)->code);
        else
            vt_yaml_warning(yaml, condition->node,
                            "none of these reasons is found by this version: the rule cannot "
                            "match");
        return;
    }
}

/* A rule that is over decides nothing any more; whoever reads the file may not see that. */
static void check_until(struct vt_yaml *yaml, const struct vt_rule *rule, int64_t now_utc_secs)
{
    char until[VT_TIME_TEXT_BYTES];
    if (rule->until_utc_secs != VT_TIME_NONE && rule->until_utc_secs <= now_utc_secs)
        vt_yaml_warning(yaml, vt_yaml_find(rule->node, "until"),
                        "rule \"%s\" ended at %s: remove it or give it a later end", rule->name,
                        vt_time_rfc3339(until, rule->until_utc_secs));
}

static bool has_word(const struct vt_condition *condition, const char *word)
{
    for (size_t i = 0; i < condition->words_count; i++) {
        if (strcmp(condition->words[i], word) == 0)
            return true;
    }
    return false;
}

static bool is_wider_set(const struct vt_conditions *wide, const struct vt_conditions *narrow);

/* True when whatever fulfils narrow fulfils wide; false when that is not plain. */
static bool is_wider(const struct vt_condition *wide, const struct vt_condition *narrow)
{
    if (wide->test != narrow->test)
        return false;
    if (wide->groups_count > 0 || narrow->groups_count > 0)
        return wide->test->match == vt_match_document &&
               is_wider_set(&wide->groups[0], &narrow->groups[0]);
    if (wide->number != narrow->number || wide->is_above != narrow->is_above)
        return false;
    for (size_t i = 0; i < narrow->words_count; i++) {
        if (!has_word(wide, narrow->words[i]))
            return false;
    }
    return (narrow->set & ~wide->set) == 0;
}

static bool is_wider_set(const struct vt_conditions *wide, const struct vt_conditions *narrow)
{
    for (size_t w = 0; w < wide->count; w++) {
        bool is_implied = false;
        for (size_t n = 0; n < narrow->count && !is_implied; n++)
            is_implied = is_wider(&wide->items[w], &narrow->items[n]);
        if (!is_implied)
            return false;
    }
    return true;
}

/* A rule whose every mail an earlier rule has taken. */
static void check_hidden(struct vt_yaml *yaml, const struct vt_policy *policy, size_t index)
{
    const struct vt_rule *rule = &policy->rules[index];
    bool has_officer = policy->officer_mailbox != NULL;
    for (size_t i = 0; i < index; i++) {
        const struct vt_rule *before = &policy->rules[i];
        if (before->mode != VT_MODE_ENFORCE || before->until_utc_secs != VT_TIME_NONE ||
            !is_wider_set(&before->when, &rule->when))
            continue;
        enum vt_action hidden = most_severe(rule, has_officer);
        bool is_severer = hidden > most_severe(before, has_officer);
        vt_yaml_warning(
            yaml, rule->node, "rule \"%s\" never decides: \"%s\" in line %u takes all its mail%s%s",
            rule->name, before->name, before->node->line, is_severer ? " and hides its " : "",
            is_severer ? vt_action_name(hidden) : "");
        return;
    }
}

void vt_policy_check(struct vt_yaml *yaml, const struct vt_policy *policy)
{
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_rule *rule = &policy->rules[i];
        if (rule->name == NULL || rule->then_node == NULL)
            continue;
        if (most_severe(rule, false) == VT_ACTION_REJECT)
            check_causes(yaml, &rule->when);
        check_any_recipient(yaml, rule);
        check_hold(yaml, policy, rule);
    }
    /* Half-read rules would be compared wrongly. */
    if (yaml->mistakes->errors_count > 0)
        return;
    for (size_t i = 0; i < policy->rules_count; i++) {
        check_found(yaml, &policy->rules[i]);
        check_until(yaml, &policy->rules[i], vt_clock_now_utc_secs());
        check_possible(yaml, &policy->rules[i]);
        check_hidden(yaml, policy, i);
    }
}

vt_reasons vt_policy_unhandled(const struct vt_policy *policy)
{
    vt_reasons handled = 0;
    for (size_t i = 0; i < policy->rules_count; i++)
        handled |= vt_conditions_reasons(&policy->rules[i].when);
    return ~handled & vt_reasons_found();
}
