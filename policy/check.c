/* SPDX-License-Identifier: Apache-2.0
 * What no single value shows: refusals for causes that are ours, holds without an officer, rules
 * that can never match, rules that have ended, values that do nothing. */
#include <stdio.h>
#include <string.h>

#include "rule.h"

/* ---- mistakes ---- */

static enum vt_action possible(const struct vt_rule *rule, enum vt_action action, bool has_officer)
{
    return action == VT_ACTION_HOLD && !has_officer ? rule->then.without_officer : action;
}

enum vt_action vt_rule_most_severe(const struct vt_rule *rule, bool has_officer)
{
    enum vt_action action = possible(rule, rule->then.action, has_officer);
    if (action != VT_ACTION_DEFER)
        return action;
    enum vt_action afterwards = possible(rule, rule->afterwards, has_officer);
    return afterwards > action ? afterwards : action;
}

/* Mistakes at the very codes whose cause is ours. */
static void check_causes(struct vt_yaml *yaml, const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (vt_condition_is_negation(condition))
            continue;
        for (size_t g = 0; g < condition->groups_count; g++)
            check_causes(yaml, &condition->groups[g]);
        if (condition->test->form != &vt_form_reasons)
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

/* The first test for which one of several texts is enough, at any depth. */
static const struct vt_condition *find_any(const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->test->is_any)
            return condition;
        for (size_t g = 0; g < condition->groups_count; g++) {
            const struct vt_condition *found = find_any(&condition->groups[g]);
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

/* One of many recipients must not decide for all of them. */
static void check_any_recipient(struct vt_yaml *yaml, const struct vt_rule *rule)
{
    const struct vt_condition *any = find_any(&rule->when);
    if (any != NULL && rule->then.action > VT_ACTION_TAG)
        vt_yaml_mistake(yaml, rule->then.node,
                        "a rule with %s may tag or note, not %s: the others would be hit too",
                        any->test->key, vt_action_name(rule->then.action));
}

static void check_hold(struct vt_yaml *yaml, const struct vt_policy *policy,
                       const struct vt_rule *rule)
{
    bool may_hold = rule->then.action == VT_ACTION_HOLD ||
                    (rule->then.action == VT_ACTION_DEFER && rule->afterwards == VT_ACTION_HOLD);
    bool is_held = may_hold && rule->then.without_officer == VT_ACTION_HOLD;
    if (is_held && policy->officer_mailbox == NULL)
        vt_yaml_mistake(yaml, rule->then.node,
                        "hold needs somebody who decides: add \"officer: {name: …, mailbox: …}\" "
                        "at the top of the file");
    bool is_told = (rule->then.effects.notify >> VT_NOTIFY_OFFICER & 1) != 0;
    if (is_told && policy->officer_mailbox == NULL)
        vt_yaml_mistake(yaml, vt_yaml_find(rule->then.node, "notify"),
                        "there is no officer to tell: add \"officer: {name: …, mailbox: …}\" at "
                        "the top of the file");
}

/* Agencies that do not stand in the table: nobody is ever one of them. */
static void check_agency(struct vt_yaml *yaml, const struct vt_site *site,
                         const struct vt_yaml_node *value)
{
    const char *nearest = NULL;
    if (value->kind != VT_YAML_SCALAR || vt_site_agency(site, value->text) != NULL)
        return;
    for (size_t i = 0; i < vt_site_agencies_count(site) && nearest == NULL; i++) {
        const char *id = vt_site_agency_at(site, i)->id;
        if (vt_text_distance(id, value->text, 2) <= 2)
            nearest = id;
    }
    if (nearest != NULL)
        vt_yaml_mistake(yaml, value, "no agency \"%s\" stands in the table: did you mean \"%s\"?",
                        value->text, nearest);
    else
        vt_yaml_mistake(yaml, value, "no agency \"%s\" stands in the table of agencies",
                        value->text);
}

static void check_agencies(struct vt_yaml *yaml, const struct vt_policy *policy,
                           const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        for (size_t g = 0; g < condition->groups_count; g++)
            check_agencies(yaml, policy, &condition->groups[g]);
        bool is_of_table = condition->test->form == &vt_form_agencies;
        for (size_t v = 0;
             is_of_table && policy->site != NULL && v < vt_yaml_values_count(condition->node); v++)
            check_agency(yaml, policy->site, vt_yaml_value_at(condition->node, v));
    }
}

/* ---- warnings ---- */

/* Tests that only the table of agencies answers. */
static void check_table(struct vt_yaml *yaml, const struct vt_conditions *conditions)
{
    static const char *const keys[] = {"signer-kind", "signer-agency",    "sender-agency",
                                       "alignment",   "recipient-agency", "effect"};
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        for (size_t g = 0; g < condition->groups_count; g++)
            check_table(yaml, &condition->groups[g]);
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            if (strcmp(condition->test->key, keys[k]) == 0)
                vt_yaml_warning(yaml, condition->node,
                                "%s is never known without a table: add \"agencies: "
                                "agencies.yaml\" at the top of the file",
                                keys[k]);
        }
    }
}

static const struct vt_condition *find_test(const struct vt_conditions *conditions, const char *key)
{
    for (size_t i = 0; i < conditions->count; i++) {
        if (strcmp(conditions->items[i].test->key, key) == 0)
            return &conditions->items[i];
    }
    return NULL;
}

/* Indications and sub-indications that never come together. */
static void check_indications(struct vt_yaml *yaml, const struct vt_conditions *when)
{
    const struct vt_condition *indication = find_test(when, "indication");
    const struct vt_condition *sub = find_test(when, "sub-indication");
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

/* A range nothing is in, such as "<0". */
static void check_ranges(struct vt_yaml *yaml, const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        for (size_t g = 0; g < condition->groups_count; g++)
            check_ranges(yaml, &condition->groups[g]);
        if (condition->ranges_count == 1 && condition->ranges[0].least > condition->ranges[0].most)
            vt_yaml_warning(yaml, condition->node, "%s can never match: nothing is %s",
                            condition->test->key, condition->needs);
    }
}

/* All values of a test are asked for: it holds for whatever is known. */
static void check_all_words(struct vt_yaml *yaml, const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        const struct vt_words *words = condition->test->words;
        unsigned left = 0;
        for (size_t g = 0; g < condition->groups_count; g++)
            check_all_words(yaml, &condition->groups[g]);
        if (words == NULL || condition->test->truth != NULL)
            continue;
        for (unsigned w = 0; w < words->count; w++)
            left += words->words[w] != NULL && (condition->set >> w & 1) == 0;
        if (left == 0)
            vt_yaml_warning(yaml, condition->node,
                            "%s has all its values here: the test only asks that it is known",
                            condition->test->key);
    }
}

/* True when a reason is asked for and none of those asked for is ever found. */
static bool is_in_vain(const struct vt_condition *condition)
{
    if (condition->test->form == &vt_form_reasons)
        return condition->set != 0 && (condition->set & vt_reasons_found()) == 0;
    if (condition->test->form != &vt_form_any_of)
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
            condition->test->form == &vt_form_reasons && vt_yaml_values_count(condition->node) == 1;
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
static void check_times(struct vt_yaml *yaml, const struct vt_rule *rule, int64_t now_utc_secs)
{
    const struct vt_yaml_node *until = vt_yaml_find(rule->node, "until");
    const struct vt_yaml_node *observe_until = vt_yaml_find(rule->node, "observe-until");
    if (rule->until_utc_secs != VT_TIME_NONE && rule->until_utc_secs <= now_utc_secs)
        vt_yaml_warning(yaml, until, "rule \"%s\" ended at %s: remove it or give it a later end",
                        rule->name, until->text);
    if (rule->observe_until_utc_secs == VT_TIME_NONE)
        return;
    if (rule->observe_until_utc_secs <= now_utc_secs)
        vt_yaml_warning(yaml, observe_until,
                        "rule \"%s\" has observed until %s and acts since: remove observe-until",
                        rule->name, observe_until->text);
    if (rule->until_utc_secs != VT_TIME_NONE &&
        rule->until_utc_secs <= rule->observe_until_utc_secs)
        vt_yaml_warning(yaml, observe_until,
                        "rule \"%s\" ends before it stops observing: it never acts", rule->name);
}

/* A seal is for mail that leaves; a notice from a rule that only watches is not sent. */
static void check_effects(struct vt_yaml *yaml, const struct vt_rule *rule)
{
    const struct vt_condition *direction = find_test(&rule->when, "direction");
    bool is_inbound = direction != NULL && direction->set == UINT64_C(1) << VT_INBOUND;
    if (rule->then.effects.seal.mode != VT_SEAL_NONE && is_inbound)
        vt_yaml_warning(yaml, vt_yaml_find(rule->then.node, "seal"),
                        "inbound mail is never sealed: this does nothing");
    bool is_internal = direction != NULL && direction->set == UINT64_C(1) << VT_INTERNAL;
    if (rule->then.effects.seal.mode != VT_SEAL_NONE && is_internal &&
        !rule->then.effects.seal.is_internal)
        vt_yaml_warning(yaml, vt_yaml_find(rule->then.node, "seal"),
                        "internal mail is sealed only with {mode: …, internal: true}: this does "
                        "nothing");
    bool is_outbound = direction != NULL && direction->set == UINT64_C(1) << VT_OUTBOUND;
    if (rule->then.effects.subject_prefix != NULL && is_outbound)
        vt_yaml_warning(yaml, vt_yaml_find(rule->then.node, "subject-prefix"),
                        "outbound mail never gets a subject prefix: this does nothing");
    if (rule->then.effects.notify != 0 && rule->mode == VT_MODE_OBSERVE)
        vt_yaml_warning(yaml, vt_yaml_find(rule->then.node, "notify"),
                        "a rule that observes tells nobody");
}

/* "*.x" was meant, and x itself too: a table of Postfix may have ".x" alone. */
static void check_dotted(struct vt_yaml *yaml, const struct vt_list *list)
{
    for (size_t i = 0; i < list->entries_count; i++) {
        const struct vt_list_entry *entry = &list->entries[i];
        if (entry->text[0] != '.' || vt_set_has_text(&list->set, entry->text + 1))
            continue;
        char text[VT_ERR_TEXT_BYTES];
        (void)snprintf(
            text, sizeof(text),
            "\"%.200s\" is what lies below \"%.200s\" and not the domain itself: add it, "
            "or write it without the dot for both",
            entry->text, entry->text + 1);
        (void)vt_mistakes_add(yaml->mistakes, list->file, entry->line, entry->column, true, "%s",
                              text);
        return;
    }
}

static void check_lists(struct vt_yaml *yaml, const struct vt_policy *policy)
{
    for (size_t i = 0; i < policy->lists_count; i++) {
        const struct vt_list *list = &policy->lists[i];
        if (!list->is_used)
            vt_yaml_warning(yaml, list->node, "no rule uses the list \"%s\"", list->name);
        else
            check_dotted(yaml, list);
    }
}

void vt_policy_check(struct vt_yaml *yaml, const struct vt_policy *policy)
{
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_rule *rule = &policy->rules[i];
        if (rule->name == NULL || rule->then.node == NULL)
            continue;
        if (vt_rule_most_severe(rule, false) == VT_ACTION_REJECT)
            check_causes(yaml, &rule->when);
        check_any_recipient(yaml, rule);
        check_hold(yaml, policy, rule);
        check_agencies(yaml, policy, &rule->when);
    }
    /* Half-read rules would be compared wrongly. */
    if (yaml->mistakes->errors_count > 0)
        return;
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_rule *rule = &policy->rules[i];
        check_found(yaml, rule);
        check_times(yaml, rule, vt_clock_now_utc_secs());
        check_indications(yaml, &rule->when);
        check_ranges(yaml, &rule->when);
        check_all_words(yaml, &rule->when);
        check_effects(yaml, rule);
        if (policy->site == NULL)
            check_table(yaml, &rule->when);
    }
    check_lists(yaml, policy);
    vt_policy_check_hidden(yaml, policy);
}

vt_reasons vt_policy_unhandled(const struct vt_policy *policy)
{
    /* Without a day, or without a table, these are never found. */
    vt_reasons handled = 0;
    if (policy->official_only_since_utc_secs == VT_TIME_NONE)
        handled |= VT_REASON_BIT(VT_REASON_WRONG_KIND);
    if (policy->site == NULL)
        handled |= VT_REASON_BIT(VT_REASON_WRONG_KIND) | VT_REASON_BIT(VT_REASON_NO_AGENCY_SIG) |
                   VT_REASON_BIT(VT_REASON_NO_PERSON_SIG) |
                   VT_REASON_BIT(VT_REASON_ANNEX_UNSIGNED) | VT_REASON_BIT(VT_REASON_COPY_INVALID) |
                   VT_REASON_BIT(VT_REASON_NAME_MISMATCH);
    for (size_t i = 0; i < policy->rules_count; i++)
        handled |= vt_conditions_reasons(&policy->rules[i].when);
    return ~handled & vt_reasons_found();
}
