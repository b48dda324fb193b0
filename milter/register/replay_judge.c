/* SPDX-License-Identifier: Apache-2.0
 * One recorded mail under another policy: the steps of the gateway, with what the register knows of
 * that time in the place of the registrar's answers. */
#include <string.h>

#include "register/looking.h"
#include "register/replay.h"
#include "vanthu/central.h"
#include "vanthu/exceptions.h"

static enum vt_action most_under(enum vt_mode mode)
{
    return mode == VT_MODE_ENFORCE ? VT_ACTION_REJECT
           : mode == VT_MODE_TAG   ? VT_ACTION_TAG
                                   : VT_ACTION_ACCEPT;
}

static enum vt_action at_most(enum vt_action action, enum vt_action most)
{
    return action < most ? action : most;
}

/* What the rules of that time said, though the mode of the site bounded it: the trace knows. */
static enum vt_action asked_then(const struct vt_register_decided *decided)
{
    const struct vt_decision *then = decided->decision;
    if (decided->mode == VT_MODE_ENFORCE || then->rule == NULL)
        return then->action;
    enum vt_action most = most_under(then->mode);
    for (size_t i = 0; i < then->trace_count; i++) {
        const struct vt_trace *line = &then->trace[i];
        if (line->matched && line->document == then->document && line->rule != NULL &&
            strcmp(line->rule, then->rule) == 0)
            return at_most(line->action, most);
    }
    return then->action;
}

/* One policy on one mail. */
struct judging {
    const struct vt_replay_request *request;
    const struct vt_policy *policy;
    struct vt_replay_mail *mail;
};

static enum vt_code evaluate(const struct judging *j, const struct vt_evidence *shown,
                             int64_t first_deferred_utc_secs, struct vt_decision **out,
                             struct vt_err *err)
{
    const struct vt_policy_input input = {
        .evidence = shown,
        .site_mode = j->request->mode,
        .first_deferred_utc_secs = first_deferred_utc_secs,
        .now_utc_secs = j->mail->record->time_utc_secs,
        .is_submission = vt_mail_is_submission(&shown->mail, j->request->config)};
    return vt_policy_evaluate(j->mail->arena, j->policy, &input, out, err);
}

/* Times are whole seconds: within one register the order of records tells what was there, and the
 * exception that was made for this mail came after it. */
static bool was_there(const struct vt_replay_mail *mail, const struct vt_register *reg,
                      const struct vt_register_exception *item)
{
    bool is_of_its_register =
        item->gateway[0] == '\0' && strcmp(vt_register_gateway(reg), mail->gateway) == 0;
    return !(is_of_its_register && item->seq > mail->record->seq) &&
           strcmp(item->reference, mail->record->reference) != 0;
}

/* What fits of the exceptions that any gateway had made by then: they hold on all of them. */
static enum vt_code find_exceptions(const struct vt_replay_mail *mail, const struct vt_look *look,
                                    struct vt_looked *out, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    *out = (struct vt_looked){.exceptions = NULL};
    for (struct vt_register *reg = mail->reg; reg != NULL && code == VT_OK;
         reg = vt_register_next(reg)) {
        struct vt_looked looked;
        code = vt_looking_answer(reg, mail->arena, look, mail->record->time_utc_secs, &looked, err);
        for (size_t i = 0; code == VT_OK && i < looked.exceptions_count; i++) {
            if (!was_there(mail, reg, &looked.exceptions[i]))
                continue;
            struct vt_register_exception *grown =
                vt_arena_grow(mail->arena, out->exceptions, out->exceptions_count, sizeof(*grown));
            if (grown == NULL)
                return vt_err_set(err, VT_E_NOMEM, "no memory for exceptions");
            out->exceptions = grown;
            out->exceptions[out->exceptions_count++] = looked.exceptions[i];
        }
    }
    return code;
}

/* What vanthu undo had excepted when the mail came. */
static enum vt_code leave_out_excepted(struct vt_replay_mail *mail, struct vt_excepted *out,
                                       struct vt_err *err)
{
    const struct vt_evidence *evidence = mail->record->decided->evidence;
    struct vt_look look;
    struct vt_looked looked;
    enum vt_code code = vt_exceptions_look(mail->arena, evidence, &look, err);
    if (code != VT_OK || look.documents_count + look.certificates_count == 0)
        return code;
    code = find_exceptions(mail, &look, &looked, err);
    if (code == VT_OK)
        code = vt_exceptions_apply(mail->arena, evidence, looked.exceptions,
                                   looked.exceptions_count, out, err);
    return code;
}

/* When the mail came first: the clock of the rule that deferred it then, or of the one that would
 * now; without one this is the first time. */
static enum vt_code first_deferred(const struct vt_replay_mail *mail, const char *rule,
                                   int64_t *out_utc_secs, struct vt_err *err)
{
    const struct vt_register_decided *decided = mail->record->decided;
    int64_t now = mail->record->time_utc_secs;
    char made[65];
    const char *key = decided->defer_key_sha256;
    enum vt_code code = VT_OK;
    if (key == NULL || key[0] == '\0') {
        code = vt_register_defer_key(mail->arena, decided->evidence, rule, made);
        key = made;
    }
    *out_utc_secs = now;
    for (struct vt_register *reg = mail->reg; reg != NULL && code == VT_OK;
         reg = vt_register_next(reg)) {
        int64_t first = VT_TIME_NONE;
        code = vt_register_first_deferred(reg, key, &first, err);
        if (code == VT_OK && first != VT_TIME_NONE && first < *out_utc_secs)
            *out_utc_secs = first;
    }
    return code;
}

static bool is_adverse(const struct vt_decision *decision)
{
    return decision->action >= VT_ACTION_TAG;
}

static enum vt_code decide(const struct judging *j, struct vt_decision **out, struct vt_err *err)
{
    struct vt_replay_mail *mail = j->mail;
    const struct vt_evidence *shown = mail->record->decided->evidence;
    struct vt_excepted excepted = {.reference = NULL};
    struct vt_decision *decision = NULL;
    enum vt_code code = evaluate(j, shown, VT_TIME_NONE, &decision, err);
    if (code == VT_OK && is_adverse(decision))
        code = leave_out_excepted(mail, &excepted, err);
    if (code == VT_OK && excepted.reference != NULL) {
        shown = &excepted.evidence;
        mail->is_excepted = true;
        code = evaluate(j, shown, VT_TIME_NONE, &decision, err);
    }
    if (code == VT_OK && decision->action == VT_ACTION_DEFER) {
        int64_t first = VT_TIME_NONE;
        code = first_deferred(mail, decision->rule != NULL ? decision->rule : "", &first, err);
        if (code == VT_OK)
            code = evaluate(j, shown, first, &decision, err);
    }
    if (code == VT_OK && excepted.reference != NULL)
        code = vt_exceptions_name(mail->arena, &excepted, decision, err);
    *out = decision;
    return code;
}

enum vt_code vt_replay_judge(const struct vt_replay_request *request, struct vt_replay_mail *mail,
                             struct vt_err *err)
{
    const struct vt_register_decided *decided = mail->record->decided;
    const struct judging after = {request, request->policy, mail};
    const struct judging before = {request, request->before, mail};
    struct vt_decision *now = NULL, *then = NULL;
    enum vt_code code = decide(&after, &now, err);
    if (code == VT_OK && request->before != NULL)
        code = decide(&before, &then, err);
    if (code != VT_OK)
        return code;
    mail->now = now;
    mail->now_action = now->action;
    mail->then = then != NULL ? then : decided->decision;
    mail->then_action = then != NULL ? then->action
                        : request->is_as_it_was
                            ? decided->decision->action
                            : at_most(asked_then(decided), most_under(request->mode));
    return VT_OK;
}
