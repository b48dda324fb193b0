/* SPDX-License-Identifier: Apache-2.0
 * Evaluation: every rule in order for every document and then for the mail itself; the first
 * enforce match ends it for that subject, and the most severe result of all subjects counts. Pure:
 * the clock and the first defer are input. */

#include <string.h>

#include "lower.h"

struct evaluation {
    struct vt_arena *arena;
    const struct vt_policy *policy;
    const struct vt_policy_input *input;
    struct vt_decision *decision;
    struct vt_scope mail;
    const uint64_t *candidates; /* a bit for each rule that this mail may match; NULL: all */
    bool is_secret_ruled;       /* a rule that asks for SECRET_MARK matched */
};

/* ---- trying one rule ---- */

static struct vt_scope scope_of(const struct evaluation *e, size_t document, size_t signature)
{
    return document == SIZE_MAX ? e->mail : vt_scope_of(&e->mail, document, signature);
}

/* Of several signatures the one is told of which most tests hold, then one that has findings. */
static size_t nearness(const struct vt_rule *rule, const struct vt_scope *scope)
{
    bool has_findings = scope->signature != NULL && scope->signature->reasons != 0;
    return 2 * vt_conditions_held(&rule->when, scope) + has_findings;
}

/* All tests must hold for one and the same signature. Of a document without signatures, and of
 * the mail, there is one scope. *out: the scope that matched, or the first one; where all is traced
 * the one that came nearest. */
static bool try_scopes(const struct evaluation *e, const struct vt_rule *rule, size_t document,
                       struct vt_scope *out, vt_reasons *out_matched)
{
    size_t count = 1, most = 0;
    if (document != SIZE_MAX && e->input->evidence->documents[document].signatures_count > 0)
        count = e->input->evidence->documents[document].signatures_count;
    bool is_match = false;
    *out = scope_of(e, document, 0);
    *out_matched = 0;
    for (size_t i = 0; i < count; i++) {
        struct vt_scope scope = scope_of(e, document, i);
        vt_reasons matched = 0;
        if (vt_conditions_match(&rule->when, &scope, &matched) == VT_YES) {
            if (!is_match)
                *out = scope;
            is_match = true;
            *out_matched |= matched;
            continue;
        }
        size_t held = e->input->is_traced && !is_match ? nearness(rule, &scope) : 0;
        if (held > most) {
            most = held;
            *out = scope;
        }
    }
    return is_match;
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
static void take_effects(struct vt_decision *d, const struct vt_rule *rule,
                         const struct vt_rule_outcome *o)
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

/* The strictest one, and of equal ones the first. */
static void take_seal(struct vt_decision *d, const struct vt_seal_asked *asked,
                      enum vt_direction direction)
{
    bool is_meant = direction == VT_OUTBOUND || (direction == VT_INTERNAL && asked->is_internal);
    if (!is_meant || asked->mode <= d->seal)
        return;
    d->seal = asked->mode;
    d->seal_key = asked->key;
    d->seal_is_opaque = asked->is_opaque;
    d->seal_protects_headers = asked->protects_headers;
    d->seal_what = asked->what;
    d->seal_documents = asked->documents;
}

static bool is_braked(const struct evaluation *e, const struct vt_rule *rule)
{
    for (size_t i = 0; i < e->input->braked_count; i++)
        if (strcmp(e->input->braked[i], rule->name) == 0)
            return true;
    return false;
}

static enum vt_mode mode_of(const struct evaluation *e, const struct vt_rule *rule)
{
    enum vt_mode mode = vt_rule_mode(rule, e->input->now_utc_secs);
    return mode == VT_MODE_ENFORCE && is_braked(e, rule) ? VT_MODE_TAG : mode;
}

static void take(struct evaluation *e, const struct vt_rule *rule, size_t document,
                 const struct vt_scope *scope, const struct vt_rule_outcome *o)
{
    struct vt_decision *d = e->decision;
    enum vt_mode mode = mode_of(e, rule);
    bool is_tag_mode = mode == VT_MODE_TAG;
    enum vt_action action = is_tag_mode && o->action > VT_ACTION_TAG ? VT_ACTION_TAG : o->action;
    vt_reasons basis = vt_rule_basis_of(e->policy, rule, scope, o->matched);
    /* Beside a cause of ours another one is why it is refused. */
    enum vt_reason reason =
        vt_reasons_first(action == VT_ACTION_REJECT ? vt_reasons_without_ours(basis) : basis);
    if (mode == VT_MODE_ENFORCE) {
        d->notify |= rule->then.effects.notify;
        take_seal(d, &rule->then.effects.seal, e->input->evidence->mail.direction);
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

/* What came of a rule, as the trace tells it. */
static enum vt_code trace(struct evaluation *e, const struct vt_rule *rule,
                          const struct vt_scope *scope, const struct vt_rule_outcome *o,
                          bool is_match, bool is_skipped)
{
    bool is_over = vt_rule_is_over(rule, e->input->now_utc_secs);
    bool is_lowered = o->action > VT_ACTION_TAG && is_braked(e, rule);
    const struct vt_trace line = {.mode = mode_of(e, rule),
                                  .matched = is_match && !is_skipped,
                                  .action = !is_match    ? VT_ACTION_ACCEPT
                                            : is_lowered ? VT_ACTION_TAG
                                                         : o->action,
                                  .lowered = !is_match    ? VT_LOWERED_NOT
                                             : is_lowered ? VT_LOWERED_BRAKE
                                                          : o->lowered,
                                  .is_over = is_over,
                                  .is_skipped = is_skipped,
                                  .would_match = is_match && is_skipped};
    return vt_trace_add(e->arena, e->decision, rule, scope, &line, e->input->is_traced);
}

/* One rule on one subject; *ends: no other rule is tried on it. One that comes after that is looked
 * at for the trace alone. */
static enum vt_code try_rule(struct evaluation *e, const struct vt_rule *rule, size_t document,
                             bool *is_first, bool *ends)
{
    struct vt_scope scope;
    vt_reasons matched = 0;
    bool is_match = try_scopes(e, rule, document, &scope, &matched) &&
                    !vt_rule_is_over(rule, e->input->now_utc_secs);
    bool is_skipped = *ends;
    struct vt_rule_outcome o = {0};
    enum vt_code code = VT_OK;
    if (is_match)
        o = vt_rule_outcome_of(e->policy, e->input, rule, &scope, matched);
    e->is_secret_ruled |= is_match && (matched & VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0;
    if (is_match || e->input->is_traced)
        code = trace(e, rule, &scope, &o, is_match, is_skipped);
    if (code != VT_OK || !is_match || is_skipped)
        return code;
    if (*is_first && o.action > e->decision->would_be)
        e->decision->would_be = o.action;
    *is_first = false;
    enum vt_mode mode = mode_of(e, rule);
    if (mode != VT_MODE_OBSERVE)
        take(e, rule, document, &scope, &o);
    *ends = mode == VT_MODE_ENFORCE;
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
    vt_reasons reasons = document == SIZE_MAX ? subject.reasons : vt_scope_all_reasons(&subject);
    for (size_t i = 0; i < e->policy->rules_count && (!ends || e->input->is_traced); i++) {
        e->decision->tried_count += !ends;
        if (is_out(e, i, reasons))
            continue;
        enum vt_code code = try_rule(e, &e->policy->rules[i], document, &is_first, &ends);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}

/* What is marked secret is not looked into: a rule that never asked about marks must not let it
 * pass, or a mark would carry a forgery past every rule (legal.md R-77). */
static void decide_secret(struct evaluation *e)
{
    struct vt_decision *d = e->decision;
    const struct vt_mail *mail = e->mail.mail;
    bool has_officer = e->policy->officer_mailbox != NULL;
    bool may_refuse =
        mail->front_relay == NULL && (mail->sender == NULL || mail->sender[0] != '\0');
    if ((e->mail.reasons & VT_REASON_BIT(VT_REASON_SECRET_MARK)) == 0 || e->is_secret_ruled ||
        d->action >= VT_ACTION_TAG)
        return;
    *d = (struct vt_decision){.action = has_officer  ? VT_ACTION_HOLD
                                        : may_refuse ? VT_ACTION_REJECT
                                                     : VT_ACTION_TAG,
                              .mode = VT_MODE_ENFORCE,
                              .reason = VT_REASON_SECRET_MARK,
                              .document = SIZE_MAX,
                              .defer_until_utc_secs = VT_TIME_NONE,
                              .policy_version = d->policy_version,
                              .site = d->site,
                              .trace = d->trace,
                              .trace_count = d->trace_count,
                              .tried_count = d->tried_count,
                              .would_be = d->would_be};
    d->code = d->action == VT_ACTION_REJECT ? "550" : NULL;
    if (d->action > d->would_be)
        d->would_be = d->action;
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
    if (!may_prefix(evidence) || d->seal != VT_SEAL_NONE)
        d->subject_prefix = NULL;
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
    /* No mail is kept from leaving that a rule would let pass. */
    if (site_mode == VT_MODE_TAG && d->seal == VT_SEAL_REQUIRED)
        d->seal = VT_SEAL_PREFERRED;
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
                                       .site = input->site != NULL ? input->site : policy->site,
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
    decide_secret(&e);
    limit_effects(d, input->evidence);
    apply_site_mode(d, input->site_mode);
    bool is_told = d->action == VT_ACTION_HOLD || (d->notify >> VT_NOTIFY_OFFICER & 1) != 0;
    if (is_told)
        d->officer =
            vt_arena_printf(arena, "%s <%s>", policy->officer_name, policy->officer_mailbox);
    if (is_told && d->officer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the decision");
    *out = d;
    return VT_OK;
}
