/* SPDX-License-Identifier: Apache-2.0
 * Who is told of a decision, and when (users.md 3; legal.md ): the sender, if something
 * proves him; the records mailboxes, who answer for a refusal; the officer; whom the policy names.
 * Nothing in observe mode, of a mail that the sender still has (451), or marked secret. */
#include <strings.h>

#include "notice/owed.h"

struct plan {
    const struct vt_notice_plan_input *input;
    const struct vt_mail *mail;
    const struct vt_decision *decision;
    struct vt_owed owed;
    char key_sha256[65]; /* of the mail */
    bool is_own_clerk;   /* told at once: the clerk still sits there */
};

/* ---- what the sender would be told ---- */

/* Why a sender would be told. */
struct wanted {
    enum vt_notice_kind kind; /* VT_NOTICE_KINDS: nothing */
    enum vt_reason remark;    /* of a remark that is made once in a while for each reason;
                                 VT_REASON_COUNT: it is about this mail */
};

static bool is_asked_for(const struct plan *plan, enum vt_notify who)
{
    return (plan->decision->notify >> who & 1) != 0;
}

static bool is_cause(enum vt_reason reason, enum vt_cause cause)
{
    return reason < VT_REASON_COUNT && vt_reason_info(reason)->cause == cause;
}

/* A mail with a document that an office issued. */
static bool has_official_document(const struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (evidence->documents[i].is_official && !evidence->documents[i].nested)
            return true;
    }
    return false;
}

/* Of a mail that was delivered. A note is seen by nobody, unless its rule says who is told. */
static struct wanted wanted_of_delivered(const struct plan *plan)
{
    const struct vt_config_notices *notices = &plan->input->config->notices;
    const struct vt_decision *decision = plan->decision;
    struct wanted remark = {VT_NOTICE_REMARK, VT_REASON_COUNT};
    bool is_tagged = decision->action == VT_ACTION_TAG;
    if (is_asked_for(plan, VT_NOTIFY_SENDER) ||
        (is_tagged && plan->is_own_clerk && is_cause(decision->reason, VT_CAUSE_SENDER)))
        return remark;
    if (is_tagged)
        remark.remark = vt_reasons_first(
            vt_site_all_reasons(plan->input->evidence, decision->site) & notices->remarks);
    if (remark.remark < VT_REASON_COUNT)
        return remark;
    bool is_arrival = notices->arrival && plan->mail->direction == VT_INBOUND &&
                      has_official_document(plan->input->evidence);
    return (struct wanted){is_arrival ? VT_NOTICE_ARRIVAL : VT_NOTICE_KINDS, VT_REASON_COUNT};
}

static struct wanted wanted_of(const struct plan *plan)
{
    struct wanted wanted = {VT_NOTICE_KINDS, VT_REASON_COUNT};
    switch (plan->input->outcome) {
    case VT_OUTCOME_REJECT:
        wanted.kind = VT_NOTICE_REFUSED;
        return wanted;
    case VT_OUTCOME_HOLD:
        wanted.kind = VT_NOTICE_HELD;
        return wanted;
    case VT_OUTCOME_ACCEPT:
        return wanted_of_delivered(plan);
    default:
        return wanted;
    }
}

/* ---- whether he is told ---- */

/* The office of the envelope sender, whom the notice goes to; that of From may be another. */
static bool is_of_the_state(const struct plan *plan)
{
    const struct vt_config *config = plan->input->config;
    const struct vt_mail *mail = plan->mail;
    const char *domain = vt_address_domain(mail->sender);
    const char *from_domain = vt_address_domain(mail->from);
    for (size_t i = 0; i < config->state_domains.count; i++) {
        if (vt_domain_is_under(domain, config->state_domains.items[i]))
            return true;
    }
    const struct vt_site_agency *agency =
        vt_site_agency_of_address(plan->input->site, mail->sender);
    if (agency != NULL && agency->class == VT_SENDER_STATE)
        return true;
    return mail->sender_class == VT_SENDER_STATE && domain != NULL && from_domain != NULL &&
           strcasecmp(domain, from_domain) == 0;
}

static enum vt_no_notice why_not(const struct plan *plan, const struct wanted *wanted)
{
    const struct vt_config *config = plan->input->config;
    if (wanted->kind == VT_NOTICE_KINDS || config->notices.senders == VT_SENDERS_NONE)
        return VT_NO_NOTICE_NOT_WANTED;
    if (plan->input->is_secret)
        return VT_NO_NOTICE_SECRET;
    if (wanted->kind != VT_NOTICE_ARRIVAL && wanted->remark == VT_REASON_COUNT &&
        is_cause(plan->decision->reason, VT_CAUSE_RECEIVER))
        return VT_NO_NOTICE_OUR_CAUSE;
    enum vt_no_notice why = vt_notice_sender_check(config, plan->mail);
    if (why != VT_NO_NOTICE_NONE)
        return why;
    bool is_known = plan->is_own_clerk || config->notices.senders == VT_SENDERS_PROVEN;
    return is_known || is_of_the_state(plan) ? VT_NO_NOTICE_NONE : VT_NO_NOTICE_NOT_STATE;
}

static enum vt_no_notice tell_sender(struct plan *plan)
{
    const struct vt_config_notices *notices = &plan->input->config->notices;
    const struct wanted wanted = wanted_of(plan);
    enum vt_no_notice why = why_not(plan, &wanted);
    char key[65];
    if (why != VT_NO_NOTICE_NONE)
        return why;
    if (wanted.remark == VT_REASON_COUNT) {
        vt_owed_add(&plan->owed, wanted.kind, plan->mail->sender, plan->key_sha256,
                    plan->is_own_clerk, notices->once_msecs);
        return why;
    }
    const char *sender = vt_owed_lower(plan->owed.arena, plan->mail->sender);
    if (sender == NULL) {
        plan->owed.code = VT_E_NOMEM;
        return why;
    }
    const char *const parts[] = {"remark", sender, vt_reason_info(wanted.remark)->code};
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), key);
    vt_owed_add(&plan->owed, wanted.kind, plan->mail->sender, key, plan->is_own_clerk,
                notices->remark_once_within_msecs);
    return why;
}

/* Our own clerk, who still sits there: at once, beside whatever else is told. */
static void tell_unsealed(struct plan *plan)
{
    const struct vt_notice_plan_input *input = plan->input;
    if (!input->is_unsealed || input->outcome != VT_OUTCOME_ACCEPT || input->is_secret ||
        !plan->is_own_clerk || plan->mail->sender_proof != VT_PROOF_LOGIN ||
        vt_notice_sender_check(input->config, plan->mail) != VT_NO_NOTICE_NONE)
        return;
    const char *const parts[] = {"unsealed", plan->mail->reference};
    char key[65];
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), key);
    vt_owed_add(&plan->owed, VT_NOTICE_UNSEALED, plan->mail->sender, key, true,
                input->config->notices.once_msecs);
}

/* ---- the others ---- */

static bool is_delivered(const struct plan *plan)
{
    return plan->input->outcome == VT_OUTCOME_ACCEPT;
}

/* The first line of a notice says whether the mail was delivered. */
static enum vt_notice_kind kind_for_others(const struct plan *plan)
{
    return is_delivered(plan) ? VT_NOTICE_MARKED : VT_NOTICE_LIST;
}

static void tell_officer(struct plan *plan)
{
    bool is_held = plan->input->outcome == VT_OUTCOME_HOLD;
    if (is_held || is_asked_for(plan, VT_NOTIFY_OFFICER))
        vt_owed_add(&plan->owed, is_held ? VT_NOTICE_OFFICER : kind_for_others(plan),
                    vt_owed_address(&plan->owed, plan->decision->officer), plan->key_sha256,
                    vt_mail_is_urgent(plan->mail), plan->input->config->notices.once_msecs);
}

/* The list comes twice a day; of urgent mail at once, and where the policy says so. */
static void tell_records(struct plan *plan)
{
    bool is_urgent = !is_delivered(plan) && vt_mail_is_urgent(plan->mail);
    if (is_urgent || is_asked_for(plan, VT_NOTIFY_RECORDS))
        vt_owed_add_records(&plan->owed, kind_for_others(plan), plan->mail, plan->decision->site,
                            plan->key_sha256);
}

static void tell_admin(struct plan *plan)
{
    const struct vt_config_notices *notices = &plan->input->config->notices;
    if (is_asked_for(plan, VT_NOTIFY_ADMIN))
        vt_owed_add(&plan->owed, kind_for_others(plan), notices->admin, plan->key_sha256, false,
                    notices->once_msecs);
}

/* Strangers, to whom our own mail goes, are not told what we think of it. */
static void tell_recipients(struct plan *plan)
{
    const struct vt_mail *mail = plan->mail;
    if (!is_asked_for(plan, VT_NOTIFY_RECIPIENT))
        return;
    for (size_t i = 0; i < mail->recipients_count; i++) {
        if (mail->direction != VT_OUTBOUND ||
            vt_address_is_ours(mail->recipients[i], plan->input->config))
            vt_owed_add(&plan->owed, kind_for_others(plan), mail->recipients[i], plan->key_sha256,
                        false, plan->input->config->notices.once_msecs);
    }
}

/* What an office issued: the report of a notice or a bounce is none of it, nor what a mail quotes.
 */
static bool is_issued(const struct vt_document *document)
{
    return !document->nested && (document->is_official || document->expects_signature);
}

static bool has_issued(const struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (is_issued(&evidence->documents[i]))
            return true;
    }
    return false;
}

/* Nobody is told of what became of a notice, or each one would owe the next: of what says that it
 * is one and holds no document, and of what programs write without a sender. */
static bool ends_here(const struct plan *plan)
{
    const struct vt_mail *mail = plan->mail;
    bool is_empty = mail->sender == NULL || mail->sender[0] == '\0';
    return mail->automatic_by == VT_AUTOMATIC_OURS
               ? is_empty || !has_issued(plan->input->evidence)
               : is_empty && mail->automatic_by != VT_AUTOMATIC_NOT;
}

/* Nobody is written to about mail marked secret: a notice says which one, and who sent it. */
static void tell_others(struct plan *plan)
{
    if (plan->input->is_secret || ends_here(plan))
        return;
    tell_officer(plan);
    tell_records(plan);
    tell_admin(plan);
    tell_recipients(plan);
}

static bool is_signed(const struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (!evidence->documents[i].nested && evidence->documents[i].signatures_count > 0)
            return true;
    }
    return false;
}

/* Of mails that hold nothing of an office and nothing signed only the sender counts: a program that
 * answers our notices, and does not say that it is one, is told once. */
static enum vt_code make_key(struct plan *plan)
{
    struct vt_arena *arena = plan->owed.arena;
    if (has_issued(plan->input->evidence) || is_signed(plan->input->evidence))
        return vt_notice_key(arena, plan->input->evidence, plan->key_sha256);
    const char *const parts[] = {"no-documents", vt_owed_lower(arena, plan->mail->sender)};
    if (parts[1] == NULL)
        return VT_E_NOMEM;
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), plan->key_sha256);
    return VT_OK;
}

enum vt_code vt_notice_plan(struct vt_arena *arena, const struct vt_notice_plan_input *input,
                            struct vt_notice_plan *out, struct vt_err *err)
{
    const struct vt_config *config = input->config;
    struct plan plan = {.input = input, .decision = input->decision};
    *out = (struct vt_notice_plan){.why_not = VT_NO_NOTICE_NOT_WANTED};
    if (config->mode == VT_MODE_OBSERVE || !config->notices.is_enabled) {
        out->why_not = VT_NO_NOTICE_OFF;
        return VT_OK;
    }
    if (input->evidence == NULL || input->decision == NULL || input->outcome == VT_OUTCOME_TEMPFAIL)
        return VT_OK;
    plan.mail = &input->evidence->mail;
    plan.is_own_clerk =
        plan.mail->direction != VT_INBOUND &&
        (plan.mail->sender_proof == VT_PROOF_LOGIN || plan.mail->sender_proof == VT_PROOF_NETWORK);
    vt_owed_begin(&plan.owed, arena, config, input->site);
    enum vt_code code = make_key(&plan);
    if (code == VT_OK) {
        out->why_not = tell_sender(&plan);
        tell_unsealed(&plan);
        tell_others(&plan);
        code = plan.owed.code;
    }
    if (code != VT_OK)
        return vt_err_set(err, code, "no memory for the notices of a mail");
    out->items = plan.owed.items;
    out->count = plan.owed.count;
    return VT_OK;
}
