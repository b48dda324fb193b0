/* SPDX-License-Identifier: Apache-2.0
 * The decision on one mail: its policy, what the register excepts, since when it is deferred, and
 * the brake on rules that refuse too much. */
#include <stdio.h>

#include "gateway/record.h"
#include "gateway/work.h"
#include "vanthu/log.h"
#include "vanthu/site.h"

static enum vt_code evaluate(struct vt_work *work, int64_t first_deferred_utc_secs,
                             struct vt_decision **out)
{
    const struct vt_config *config = work->gateway->config;
    struct vt_arena *arena = work->transaction->arena;
    const struct vt_evidence *shown =
        work->excepted.reference != NULL ? &work->excepted.evidence : work->out->evidence;
    struct vt_policy_input input = {.evidence = shown,
                                    .site_mode = config->mode,
                                    .first_deferred_utc_secs = first_deferred_utc_secs,
                                    .now_utc_secs = work->now_utc_secs,
                                    .braked = work->braked,
                                    .braked_count = work->braked_count,
                                    .is_submission =
                                        vt_mail_is_submission(&work->transaction->mail, config)};
    enum vt_code code =
        vt_policy_evaluate(arena, work->gateway->policy, &input, out, &work->out->fault);
    if (code == VT_OK && work->excepted.reference != NULL)
        code = vt_exceptions_name(arena, &work->excepted, *out, &work->out->fault);
    return code;
}

/* When a mail was first deferred by this rule: now, when the register knows of no time. Of a mail
 * marked secret no clock is kept, so it would be deferred for ever: its time is over at once. */
static enum vt_code first_deferred(struct vt_work *work, const char *rule, int64_t *out_utc_secs)
{
    struct vt_judgement *out = work->out;
    struct vt_arena *arena = work->transaction->arena;
    struct vt_looked looked;
    struct vt_err err = {0};
    *out_utc_secs = work->now_utc_secs;
    if (vt_record_is_secret(work->transaction, out)) {
        *out_utc_secs = 0;
        return VT_OK;
    }
    enum vt_code code = vt_register_defer_key(arena, out->evidence, rule, out->defer_key);
    if (code != VT_OK)
        return code;
    const struct vt_look look = {.defer_key_sha256 = out->defer_key};
    int64_t begun = vt_clock_monotonic_msecs();
    const struct vt_registrar registrar = vt_work_registrar(work, INT64_MAX);
    code = work->gateway->look(arena, &registrar, &look, &looked, &err);
    out->register_msecs += vt_clock_monotonic_msecs() - begun;
    if (code != VT_OK)
        out->is_register_silent = true;
    else if (looked.first_deferred_utc_secs != VT_TIME_NONE)
        *out_utc_secs = looked.first_deferred_utc_secs;
    return VT_OK;
}

/* Something is done to the mail that an administrator may have taken back. */
static bool is_adverse(const struct vt_decision *decision)
{
    return decision->action == VT_ACTION_REJECT || decision->action == VT_ACTION_HOLD ||
           decision->action == VT_ACTION_DEFER || decision->action == VT_ACTION_TAG;
}

/* Ask for the exceptions that fit this mail; *out_found: some of its documents are excepted. */
static enum vt_code find_exceptions(struct vt_work *work, bool *out_found)
{
    struct vt_judgement *out = work->out;
    struct vt_arena *arena = work->transaction->arena;
    struct vt_look look;
    struct vt_looked looked;
    struct vt_err err = {0};
    *out_found = false;
    enum vt_code code = vt_exceptions_look(arena, out->evidence, &look, &out->fault);
    if (code != VT_OK || look.documents_count + look.certificates_count == 0)
        return code;
    int64_t begun = vt_clock_monotonic_msecs();
    const struct vt_registrar registrar = vt_work_registrar(work, INT64_MAX);
    code = work->gateway->look(arena, &registrar, &look, &looked, &err);
    out->register_msecs += vt_clock_monotonic_msecs() - begun;
    if (code != VT_OK) {
        out->is_register_silent = true;
        return VT_OK;
    }
    code = vt_exceptions_apply(arena, out->evidence, looked.exceptions, looked.exceptions_count,
                               &work->excepted, &out->fault);
    *out_found = work->excepted.reference != NULL;
    return code;
}

/* A rule that was changed lately and refuses too much only tags; what other rules say of the mail
 * holds. */
static enum vt_code heed_brake(struct vt_work *work, int64_t first_deferred_utc_secs,
                               struct vt_decision **decision)
{
    enum vt_code code = VT_OK;
    while (
        code == VT_OK && work->braked_count < VT_MAX_BRAKED &&
        vt_brake_is_about(vt_site_all_reasons(work->out->evidence, (*decision)->site), *decision) &&
        vt_brake_until(&work->gateway->brake, (*decision)->rule, work->now_utc_secs) > 0) {
        work->braked[work->braked_count++] = (*decision)->rule;
        code = evaluate(work, first_deferred_utc_secs, decision);
    }
    return code;
}

/* Which rule defers is known only after evaluating; its clock is then looked up, and what the
 * policy says after that much waiting is the decision. */
enum vt_code vt_work_decide(struct vt_work *work)
{
    struct vt_decision *decision = NULL;
    bool is_excepted = false;
    enum vt_code code = evaluate(work, VT_TIME_NONE, &decision);
    if (code == VT_OK && is_adverse(decision))
        code = find_exceptions(work, &is_excepted);
    if (code == VT_OK && is_excepted)
        code = evaluate(work, VT_TIME_NONE, &decision);
    if (code == VT_OK)
        code = heed_brake(work, VT_TIME_NONE, &decision);
    if (code == VT_OK && decision->action == VT_ACTION_DEFER) {
        int64_t first = VT_TIME_NONE;
        code = first_deferred(work, decision->rule != NULL ? decision->rule : "", &first);
        if (code == VT_OK)
            code = evaluate(work, first, &decision);
        if (code == VT_OK)
            code = heed_brake(work, first, &decision);
    }
    if (code == VT_OK)
        work->out->decision = decision;
    else if (work->out->fault.code == VT_OK)
        vt_err_set(&work->out->fault, code, "the policy could not be evaluated");
    return code;
}

/* ---- the brake ---- */

/* Who sent it, as far as one can be told from another. */
static const char *agency_of(const struct vt_work *work)
{
    const struct vt_site_facts *facts = work->out->decision->site;
    const struct vt_mail *mail = &work->transaction->mail;
    const char *domain = vt_address_domain(mail->sender);
    if (facts != NULL && facts->sender_agency != NULL)
        return facts->sender_agency;
    if (domain != NULL)
        return domain;
    return mail->client_address != NULL ? mail->client_address : "";
}

static void alarm_braked(struct vt_work *work, const struct vt_brake_verdict *verdict)
{
    const struct vt_config *config = work->gateway->config;
    const char *rule = work->out->decision->rule;
    int64_t until = work->now_utc_secs + config->brake.lasts_msecs / 1000;
    char text[400], when[VT_TIME_TEXT_BYTES];
    struct vt_err err = {0};
    (void)snprintf(
        text, sizeof(text),
        "rule \"%.120s\" was changed lately and refused %llu mails of %u sender%s within "
        "%lld minutes: it only tags until %s",
        rule, (unsigned long long)verdict->count, verdict->agencies_count,
        verdict->agencies_count == 1 ? "" : "s", (long long)(config->brake.within_msecs / 60000),
        vt_time_rfc3339(when, until));
    vt_log(VT_LOG_ALERT, "refusal brake: %s", text);
    vt_metric_add(work->gateway->metrics, VT_METRIC_BRAKES, 0, 1);
    vt_metric_set(work->gateway->metrics, VT_METRIC_BRAKE_UNTIL, 0, until);
    const struct vt_register_event event = {.what = "rule-braked", .text = text};
    const struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                              .reference = work->transaction->mail.reference,
                                              .time_utc_secs = work->now_utc_secs,
                                              .event = &event};
    const struct vt_registrar registrar = vt_work_registrar(work, VT_TEMPFAIL_RECORD_MSECS);
    if (work->gateway->record(&registrar, &record, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the alert is not recorded: %s", err.text);
}

void vt_work_count_refusal(struct vt_work *work)
{
    const struct vt_judgement *out = work->out;
    if (out->decision == NULL || out->evidence == NULL ||
        vt_record_is_secret(work->transaction, out) ||
        !vt_brake_is_about(vt_site_all_reasons(out->evidence, out->decision->site), out->decision))
        return;
    const struct vt_brake_verdict verdict = vt_brake_note(
        &work->gateway->brake, out->decision->rule, agency_of(work), work->now_utc_secs);
    if (verdict.why != VT_BRAKE_NOT)
        alarm_braked(work, &verdict);
}
