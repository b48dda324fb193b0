/* SPDX-License-Identifier: Apache-2.0
 * What must never happen whatever a rule says: a refusal for a cause of ours, of a bounce, of a
 * list's changed message, a hold that nobody decides about, a defer without an end (users.md 1, 2).
 */
#include "lower.h"

/* A refusal that is lowered to a defer has no clock of its own. */
#define LOWERED_DEFER_SECS (15 * 60)

static enum vt_action lower_to_possible(const struct vt_policy *policy, const struct vt_rule *rule,
                                        enum vt_action action, enum vt_lowered *why)
{
    if (action != VT_ACTION_HOLD || policy->officer_mailbox != NULL)
        return action;
    *why = VT_LOWERED_NO_OFFICER;
    return rule->then.without_officer == VT_ACTION_HOLD ? VT_ACTION_TAG
                                                        : rule->then.without_officer;
}

vt_reasons vt_scope_all_reasons(const struct vt_scope *scope)
{
    vt_reasons all = scope->reasons;
    const struct vt_evidence *evidence = scope->evidence;
    struct vt_scope mail = vt_scope_of_mail(evidence, scope->site, scope->now_utc_secs);
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (scope->document != NULL && i != scope->document_index)
            continue;
        size_t count = evidence->documents[i].signatures_count;
        for (size_t k = 0; k < count || k == 0; k++)
            all |= vt_scope_of(&mail, i, k).reasons;
    }
    return all;
}

vt_reasons vt_rule_basis_of(const struct vt_policy *policy, const struct vt_rule *rule,
                            const struct vt_scope *scope, vt_reasons matched)
{
    bool looks_around = rule >= policy->rules + policy->first_looking;
    if (matched != 0)
        return matched;
    return scope->document != NULL || looks_around ? vt_scope_all_reasons(scope) : scope->reasons;
}

vt_reasons vt_reasons_without_ours(vt_reasons reasons)
{
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (vt_reason_info((enum vt_reason)i)->cause == VT_CAUSE_RECEIVER)
            reasons &= ~VT_REASON_BIT(i);
    }
    return reasons;
}

static enum vt_action lower_refusal(const struct vt_policy *policy, const struct vt_rule *rule,
                                    const struct vt_scope *scope, vt_reasons matched,
                                    enum vt_action action, enum vt_lowered *why)
{
    if (action != VT_ACTION_REJECT)
        return action;
    vt_reasons basis = vt_rule_basis_of(policy, rule, scope, matched);
    if (basis != 0 && vt_reasons_without_ours(basis) == 0) {
        *why = VT_LOWERED_OUR_CAUSE;
        return VT_ACTION_DEFER;
    }
    if (scope->mail->is_list && basis == VT_REASON_BIT(VT_REASON_MESSAGE_CHANGED)) {
        *why = VT_LOWERED_LIST;
        return VT_ACTION_TAG;
    }
    if (scope->mail->front_relay != NULL) {
        *why = VT_LOWERED_FRONT_RELAY;
        return VT_ACTION_TAG;
    }
    if (scope->mail->sender != NULL && scope->mail->sender[0] == '\0') {
        *why = VT_LOWERED_EMPTY_SENDER;
        return policy->officer_mailbox != NULL ? VT_ACTION_HOLD : VT_ACTION_TAG;
    }
    return action;
}

/* A defer has an end, and a mail program that submits does not queue. */
static enum vt_action time_defer(const struct vt_policy_input *in, const struct vt_rule *rule,
                                 struct vt_rule_outcome *o, enum vt_action action)
{
    if (action != VT_ACTION_DEFER)
        return action;
    bool has_clock = rule->then.action == VT_ACTION_DEFER;
    int64_t length = has_clock ? rule->at_most_secs : LOWERED_DEFER_SECS;
    int64_t first = in->first_deferred_utc_secs == VT_TIME_NONE ? in->now_utc_secs
                                                                : in->first_deferred_utc_secs;
    enum vt_action afterwards = has_clock ? rule->afterwards : VT_ACTION_TAG;
    if (in->is_submission)
        o->lowered = VT_LOWERED_SUBMISSION;
    /* A first time that a wrong clock wrote, and that will not come soon, would defer for ever. */
    else if (in->now_utc_secs - first >= length || first - in->now_utc_secs > length)
        o->lowered = VT_LOWERED_TIME_OVER;
    else {
        o->defer_until_utc_secs = first + length;
        return action;
    }
    return afterwards;
}

struct vt_rule_outcome vt_rule_outcome_of(const struct vt_policy *policy,
                                          const struct vt_policy_input *input,
                                          const struct vt_rule *rule, const struct vt_scope *scope,
                                          vt_reasons matched)
{
    struct vt_rule_outcome o = {.matched = matched, .defer_until_utc_secs = VT_TIME_NONE};
    enum vt_action action = lower_to_possible(policy, rule, rule->then.action, &o.lowered);
    action = lower_refusal(policy, rule, scope, matched, action, &o.lowered);
    action = time_defer(input, rule, &o, action);
    /* What follows a defer is bound by the same. */
    action = lower_to_possible(policy, rule, action, &o.lowered);
    o.action = lower_refusal(policy, rule, scope, matched, action, &o.lowered);
    if (o.action == VT_ACTION_DEFER && o.defer_until_utc_secs == VT_TIME_NONE)
        o.action = VT_ACTION_TAG;
    return o;
}
