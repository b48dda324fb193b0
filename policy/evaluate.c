/* SPDX-License-Identifier: Apache-2.0
 * Evaluation: every rule in order for every document and then for the mail itself; the first
 * enforce match ends it for that subject, and the most severe result of all subjects counts. Pure:
 * the clock and the first defer are input. What must never happen whatever a rule says (a
 * refusal for a cause of ours, of a bounce, of a list's changed message) is lowered here. */
#include <stdio.h>
#include <string.h>

#include "rule.h"

/* 1000 parts times 10 000 rules are possible: not more is traced, and half of it is kept for rules
 * that match. */
#define MAX_TRACE 8192
#define WHY_BYTES 400
/* A refusal that is lowered to a defer has no clock of its own. */
#define LOWERED_DEFER_SECS (15 * 60)

struct evaluation {
    struct vt_arena *arena;
    const struct vt_policy *policy;
    const struct vt_policy_input *input;
    struct vt_decision *decision;
    struct vt_scope mail;
    const uint64_t *candidates; /* a bit for each rule that this mail may match; NULL: all */
};

/* One rule that matched one subject, after everything that lowers it. */
struct outcome {
    enum vt_action action;
    const char *lowered; /* why the rule's own action was not taken, or NULL */
    int64_t defer_until_utc_secs;
    vt_reasons matched;
};

/* ---- lowering ---- */

static enum vt_action lower_to_possible(const struct evaluation *e, const struct vt_rule *rule,
                                        enum vt_action action, const char **why)
{
    if (action != VT_ACTION_HOLD || e->policy->officer_mailbox != NULL)
        return action;
    *why = "no officer is named";
    return rule->then.without_officer == VT_ACTION_HOLD ? VT_ACTION_TAG
                                                        : rule->then.without_officer;
}

/* All reasons of the subject: of a document with its signatures, or of the whole mail. */
static vt_reasons all_reasons(const struct vt_scope *scope)
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

/* The reasons a match rests on: those the rule asked for, else all that the subject has. The mail
 * itself rests on its documents, too, from the first rule on that looks at their signatures: an
 * earlier one may not have matched for a cause of ours. */
static vt_reasons basis_of(const struct evaluation *e, const struct vt_rule *rule,
                           const struct vt_scope *scope, vt_reasons matched)
{
    bool looks_around = rule >= e->policy->rules + e->policy->first_looking;
    if (matched != 0)
        return matched;
    return scope->document != NULL || looks_around ? all_reasons(scope) : scope->reasons;
}

/* Those of them that may be held against the sender. */
static vt_reasons without_ours(vt_reasons reasons)
{
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (vt_reason_info((enum vt_reason)i)->cause == VT_CAUSE_RECEIVER)
            reasons &= ~VT_REASON_BIT(i);
    }
    return reasons;
}

static enum vt_action lower_refusal(const struct evaluation *e, const struct vt_rule *rule,
                                    const struct vt_scope *scope, vt_reasons matched,
                                    enum vt_action action, const char **why)
{
    if (action != VT_ACTION_REJECT)
        return action;
    vt_reasons basis = basis_of(e, rule, scope, matched);
    if (basis != 0 && without_ours(basis) == 0) {
        *why = "the cause is ours";
        return VT_ACTION_DEFER;
    }
    if (scope->mail->is_list && basis == VT_REASON_BIT(VT_REASON_MESSAGE_CHANGED)) {
        *why = "mailing lists change messages";
        return VT_ACTION_TAG;
    }
    if (scope->mail->front_relay != NULL) {
        *why = "a relay in front would return it to a sender who may be forged";
        return VT_ACTION_TAG;
    }
    if (scope->mail->sender != NULL && scope->mail->sender[0] == '\0') {
        *why = "the sender is empty";
        return e->policy->officer_mailbox != NULL ? VT_ACTION_HOLD : VT_ACTION_TAG;
    }
    return action;
}

/* A defer has an end, and a mail program that submits does not queue. */
static enum vt_action time_defer(const struct evaluation *e, const struct vt_rule *rule,
                                 struct outcome *o, enum vt_action action)
{
    if (action != VT_ACTION_DEFER)
        return action;
    const struct vt_policy_input *in = e->input;
    bool has_clock = rule->then.action == VT_ACTION_DEFER;
    int64_t length = has_clock ? rule->at_most_secs : LOWERED_DEFER_SECS;
    int64_t first = in->first_deferred_utc_secs == VT_TIME_NONE ? in->now_utc_secs
                                                                : in->first_deferred_utc_secs;
    enum vt_action afterwards = has_clock ? rule->afterwards : VT_ACTION_TAG;
    if (in->is_submission)
        o->lowered = "a submission is not deferred";
    else if (in->now_utc_secs - first >= length)
        o->lowered = "the time to defer is over";
    else {
        o->defer_until_utc_secs = first + length;
        return action;
    }
    return afterwards;
}

static struct outcome outcome_of(const struct evaluation *e, const struct vt_rule *rule,
                                 const struct vt_scope *scope, vt_reasons matched)
{
    struct outcome o = {.matched = matched, .defer_until_utc_secs = VT_TIME_NONE};
    enum vt_action action = lower_to_possible(e, rule, rule->then.action, &o.lowered);
    action = lower_refusal(e, rule, scope, matched, action, &o.lowered);
    action = time_defer(e, rule, &o, action);
    /* What follows a defer is bound by the same. */
    action = lower_to_possible(e, rule, action, &o.lowered);
    o.action = lower_refusal(e, rule, scope, matched, action, &o.lowered);
    if (o.action == VT_ACTION_DEFER && o.defer_until_utc_secs == VT_TIME_NONE)
        o.action = VT_ACTION_TAG;
    return o;
}

/* ---- trying one rule ---- */

static bool is_over(const struct evaluation *e, const struct vt_rule *rule)
{
    return rule->until_utc_secs != VT_TIME_NONE && e->input->now_utc_secs >= rule->until_utc_secs;
}

static struct vt_scope scope_of(const struct evaluation *e, size_t document, size_t signature)
{
    return document == SIZE_MAX ? e->mail : vt_scope_of(&e->mail, document, signature);
}

/* All tests must hold for one and the same signature. Of a document without signatures, and of
 * the mail, there is one scope. *out: the scope that matched, or the first one. */
static bool try_scopes(const struct evaluation *e, const struct vt_rule *rule, size_t document,
                       struct vt_scope *out, vt_reasons *out_matched)
{
    size_t count = 1;
    if (document != SIZE_MAX && e->input->evidence->documents[document].signatures_count > 0)
        count = e->input->evidence->documents[document].signatures_count;
    bool is_match = false;
    *out = scope_of(e, document, 0);
    *out_matched = 0;
    for (size_t i = 0; i < count; i++) {
        struct vt_scope scope = scope_of(e, document, i);
        vt_reasons matched = 0;
        if (vt_conditions_match(&rule->when, &scope, &matched) != VT_YES)
            continue;
        if (!is_match)
            *out = scope;
        is_match = true;
        *out_matched |= matched;
    }
    return is_match;
}

/* ---- trace ---- */

static enum vt_code trace(struct evaluation *e, const struct vt_rule *rule, size_t document,
                          const struct vt_scope *scope, const struct outcome *outcome)
{
    struct vt_decision *d = e->decision;
    char why[WHY_BYTES];
    if (d->trace_count >= (outcome == NULL ? MAX_TRACE / 2 : MAX_TRACE))
        return VT_OK;
    if (is_over(e, rule)) {
        char until[VT_TIME_TEXT_BYTES];
        (void)snprintf(why, sizeof(why), "the rule ended at %s",
                       vt_time_rfc3339(until, rule->until_utc_secs));
    } else {
        vt_conditions_explain(&rule->when, scope, why, sizeof(why));
    }
    const char *lowered = outcome == NULL ? NULL : outcome->lowered;
    struct vt_trace *grown = vt_arena_grow(e->arena, d->trace, d->trace_count, sizeof(*grown));
    char *text = lowered == NULL ? vt_arena_str(e->arena, why)
                                 : vt_arena_printf(e->arena, "%s; %s lowered to %s: %s", why,
                                                   vt_action_name(rule->then.action),
                                                   vt_action_name(outcome->action), lowered);
    if (grown == NULL || text == NULL)
        return VT_E_NOMEM;
    d->trace = grown;
    d->trace[d->trace_count++] =
        (struct vt_trace){.rule = rule->name,
                          .line = rule->node->line,
                          .document = document,
                          .mode = vt_rule_mode(rule, e->input->now_utc_secs),
                          .matched = outcome != NULL,
                          .action = outcome != NULL ? outcome->action : VT_ACTION_ACCEPT,
                          .why = text};
    return VT_OK;
}

/* ---- the decision ---- */

/* Of equally severe results the one with the more telling reason is kept. */
static bool is_stronger(const struct vt_decision *d, enum vt_action action, enum vt_reason reason)
{
    if (d->rule == NULL || action > d->action)
        return true;
    return action == d->action && action > VT_ACTION_ACCEPT && reason < d->reason;
}

/* What goes with the action that is really taken. */
static void take_effects(struct vt_decision *d, const struct vt_rule *rule, const struct outcome *o)
{
    const struct vt_effects_asked *asked = &rule->then.effects;
    bool is_own = d->action == rule->then.action || rule->then.action == VT_ACTION_HOLD;
    d->code = d->enhanced = NULL;
    d->defer_until_utc_secs = VT_TIME_NONE;
    if (d->action == VT_ACTION_REJECT || d->action == VT_ACTION_DEFER) {
        /* A code of the rule belongs to the rule's own action. */
        d->code = rule->then.code != NULL && is_own ? rule->then.code
                  : d->action == VT_ACTION_REJECT   ? "550"
                                                    : "451";
        d->enhanced = is_own ? rule->then.enhanced : NULL;
    }
    if (d->action == VT_ACTION_DEFER)
        d->defer_until_utc_secs = o->defer_until_utc_secs;
    d->folder = d->action == VT_ACTION_TAG ? asked->folder : NULL;
    d->subject_prefix = d->action == VT_ACTION_TAG ? asked->subject_prefix : NULL;
    d->headers = asked->headers;
    d->headers_count = asked->headers_count;
}

static void take(struct evaluation *e, const struct vt_rule *rule, size_t document,
                 const struct vt_scope *scope, const struct outcome *o)
{
    struct vt_decision *d = e->decision;
    enum vt_mode mode = vt_rule_mode(rule, e->input->now_utc_secs);
    bool is_tag_mode = mode == VT_MODE_TAG;
    enum vt_action action = is_tag_mode && o->action > VT_ACTION_TAG ? VT_ACTION_TAG : o->action;
    vt_reasons basis = basis_of(e, rule, scope, o->matched);
    /* Beside a cause of ours another one is why it is refused. */
    enum vt_reason reason =
        vt_reasons_first(action == VT_ACTION_REJECT ? without_ours(basis) : basis);
    if (mode == VT_MODE_ENFORCE) {
        d->notify |= rule->then.effects.notify;
        if (rule->then.effects.seal > d->seal)
            d->seal = rule->then.effects.seal;
    }
    if (!is_stronger(d, action, reason))
        return;
    d->action = action;
    d->rule = rule->name;
    d->rule_line = rule->node->line;
    d->mode = mode;
    d->reason = reason;
    d->document = document;
    d->text = rule->then.text;
    take_effects(d, rule, o);
}

/* One rule on one subject; *out_ends: no other rule is tried on it. */
static enum vt_code try_rule(struct evaluation *e, const struct vt_rule *rule, size_t document,
                             bool *is_first, bool *out_ends)
{
    struct vt_scope scope;
    vt_reasons matched = 0;
    bool is_match = try_scopes(e, rule, document, &scope, &matched) && !is_over(e, rule);
    struct outcome o = {0};
    enum vt_code code = VT_OK;
    if (is_match)
        o = outcome_of(e, rule, &scope, matched);
    if (is_match || e->input->is_traced)
        code = trace(e, rule, document, &scope, is_match ? &o : NULL);
    if (code != VT_OK || !is_match)
        return code;
    if (*is_first && o.action > e->decision->would_be)
        e->decision->would_be = o.action;
    *is_first = false;
    enum vt_mode mode = vt_rule_mode(rule, e->input->now_utc_secs);
    if (mode != VT_MODE_OBSERVE)
        take(e, rule, document, &scope, &o);
    *out_ends = mode == VT_MODE_ENFORCE;
    return VT_OK;
}

/* Nothing of the rule needs to be read to see that it cannot match. */
static bool is_out(const struct evaluation *e, size_t rule, vt_reasons reasons)
{
    bool is_candidate = e->candidates == NULL || (e->candidates[rule / 64] >> rule % 64 & 1) != 0;
    vt_reasons needs = e->policy->rules[rule].needs_reasons;
    return !is_candidate || (e->candidates != NULL && needs != 0 && (needs & reasons) == 0);
}

static enum vt_code evaluate_subject(struct evaluation *e, size_t document)
{
    bool is_first = true, ends = false;
    const struct vt_scope subject = scope_of(e, document, 0);
    vt_reasons reasons = document == SIZE_MAX ? subject.reasons : all_reasons(&subject);
    for (size_t i = 0; i < e->policy->rules_count && !ends; i++) {
        e->decision->tried_count++;
        if (is_out(e, i, reasons))
            continue;
        enum vt_code code = try_rule(e, &e->policy->rules[i], document, &is_first, &ends);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}

/* A prefix changes what was signed, or what strangers read. */
static bool may_prefix(const struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (document->format == VT_FORMAT_SMIME && !document->nested)
            return false;
    }
    return evidence->mail.direction != VT_OUTBOUND;
}

static void limit_effects(struct vt_decision *d, const struct vt_evidence *evidence)
{
    if (!may_prefix(evidence))
        d->subject_prefix = NULL;
    if (evidence->mail.direction == VT_INBOUND)
        d->seal = VT_SEAL_NONE;
}

/* The site's mode comes last: rule and reason stay, so that the log says what would have been. */
static void apply_site_mode(struct vt_decision *d, enum vt_mode site_mode)
{
    enum vt_action most = site_mode == VT_MODE_ENFORCE ? VT_ACTION_REJECT
                          : site_mode == VT_MODE_TAG   ? VT_ACTION_TAG
                                                       : VT_ACTION_ACCEPT;
    if (site_mode == VT_MODE_OBSERVE) {
        d->folder = d->subject_prefix = NULL;
        d->headers = NULL;
        d->headers_count = 0;
        d->notify = 0;
        d->seal = VT_SEAL_NONE;
    }
    if (d->action <= most)
        return;
    d->action = most;
    d->code = d->enhanced = NULL;
    d->defer_until_utc_secs = VT_TIME_NONE;
}

static enum vt_code judge_site(struct vt_arena *arena, const struct vt_policy *policy,
                               const struct vt_policy_input *input, struct vt_decision *decision,
                               struct vt_err *err)
{
    const struct vt_site_input site = {.evidence = input->evidence,
                                       .site = policy->site,
                                       .now_utc_secs = input->now_utc_secs,
                                       .official_only_since_utc_secs =
                                           policy->official_only_since_utc_secs};
    struct vt_site_facts *facts = NULL;
    enum vt_code code = vt_site_judge(arena, &site, &facts, err);
    decision->site = facts;
    return code;
}

enum vt_mode vt_rule_mode(const struct vt_rule *rule, int64_t now_utc_secs)
{
    bool observes =
        rule->observe_until_utc_secs != VT_TIME_NONE && now_utc_secs < rule->observe_until_utc_secs;
    return observes ? VT_MODE_OBSERVE : rule->mode;
}

enum vt_code vt_policy_evaluate(struct vt_arena *arena, const struct vt_policy *policy,
                                const struct vt_policy_input *input, struct vt_decision **out,
                                struct vt_err *err)
{
    struct vt_decision *d = vt_arena_alloc(arena, sizeof(*d));
    if (d == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the decision");
    d->reason = VT_REASON_COUNT;
    d->document = SIZE_MAX;
    d->defer_until_utc_secs = VT_TIME_NONE;
    d->policy_version = vt_arena_str(arena, policy->version);
    struct evaluation e = {.arena = arena, .policy = policy, .input = input, .decision = d};
    enum vt_code code =
        d->policy_version == NULL ? VT_E_NOMEM : judge_site(arena, policy, input, d, err);
    e.mail = vt_scope_of_mail(input->evidence, d->site, input->now_utc_secs);
    /* Whoever wants every rule explained gets every rule tried. */
    if (code == VT_OK && !input->is_traced) {
        e.candidates = vt_index_candidates(arena, policy, &e.mail);
        code = e.candidates == NULL ? VT_E_NOMEM : VT_OK;
    }
    for (size_t i = 0; i < input->evidence->documents_count && code == VT_OK; i++)
        code = evaluate_subject(&e, i);
    if (code == VT_OK)
        code = evaluate_subject(&e, SIZE_MAX);
    if (code != VT_OK)
        return vt_err_set(err, code, "no memory for the decision");
    limit_effects(d, input->evidence);
    apply_site_mode(d, input->site_mode);
    if (d->action == VT_ACTION_HOLD)
        d->officer =
            vt_arena_printf(arena, "%s <%s>", policy->officer_name, policy->officer_mailbox);
    if (d->action == VT_ACTION_HOLD && d->officer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the decision");
    *out = d;
    return VT_OK;
}
