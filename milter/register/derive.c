/* SPDX-License-Identifier: Apache-2.0
 * Rows from typed records. A record that was just made and the same one read back from its body
 * must give the same rows, so texts and times take the form that JSON gives them. Of a secret mail
 * there is one row, without anything of the mail. */
#include "register/derive.h"

#include <string.h>

#include "register/body.h"
#include "register/derive_value.h"
#include "register/internal.h"
#include "register/notices.h"
#include "vanthu/hold.h"
#include "vanthu/queued.h"

/* ---- a decided mail ---- */

static enum vt_code secret_row(struct vt_derive_work *work)
{
    vt_derive_begin(work, VT_TABLE_MAIL);
    vt_derive_int(work, work->record->seq);
    vt_derive_int(work, work->record->time_utc_secs);
    vt_derive_int(work, 1);
    vt_derive_text(work, vt_register_class_name(VT_RETAIN_SECRET));
    while (work->row.count < 13)
        vt_derive_null(work);
    vt_derive_text(work, work->record->decided->answer.outcome == VT_OUTCOME_HOLD
                             ? vt_register_outcome_name(VT_OUTCOME_HOLD)
                             : NULL);
    while (work->row.count < 17)
        vt_derive_null(work);
    vt_derive_int(work, 0);
    vt_derive_int(work, 0);
    vt_derive_null(work);
    return vt_derive_emit(work);
}

static void add_sender(struct vt_derive_work *work, const struct vt_mail *mail)
{
    const char *sender = vt_derive_address(work->arena, mail->sender);
    const char *domain = vt_address_domain(sender);
    const struct vt_site_facts *site = vt_derive_site(work->record->decided);
    enum vt_sender_class class = site != NULL ? site->sender_class : mail->sender_class;
    vt_derive_text(work, vt_direction_name(mail->direction));
    vt_derive_text(work, vt_sender_class_name(class));
    vt_derive_text(work, sender);
    vt_derive_text(work, domain);
    vt_derive_text(work, vt_derive_domain_key(work->arena, domain));
    work->is_out_of_memory = work->is_out_of_memory || (sender == NULL && mail->sender != NULL);
}

static void add_decision(struct vt_derive_work *work, const struct vt_register_decided *decided)
{
    const struct vt_decision *decision = decided->decision;
    bool has_reason = decision != NULL && decision->reason < VT_REASON_COUNT;
    vt_derive_text(work, decision != NULL ? vt_action_name(decision->action) : NULL);
    vt_derive_text(work, decision != NULL ? vt_action_name(decision->would_be) : NULL);
    vt_derive_text(work, vt_register_outcome_name(decided->answer.outcome));
    vt_derive_text(work, decision != NULL ? decision->rule : NULL);
    vt_derive_text(work, has_reason ? vt_reason_info(decision->reason)->code : NULL);
    vt_derive_text(work, decision != NULL ? decision->policy_version : NULL);
}

static int64_t count_signatures(const struct vt_evidence *evidence)
{
    size_t count = 0;
    for (size_t i = 0; evidence != NULL && i < evidence->documents_count; i++)
        count += evidence->documents[i].signatures_count;
    return (int64_t)count;
}

static enum vt_code mail_row(struct vt_derive_work *work, const struct vt_mail *mail)
{
    const struct vt_register_decided *decided = work->record->decided;
    const struct vt_evidence *evidence = decided->evidence;
    vt_derive_begin(work, VT_TABLE_MAIL);
    vt_derive_int(work, work->record->seq);
    vt_derive_int(work, work->record->time_utc_secs);
    vt_derive_int(work, 0);
    vt_derive_text(work, vt_register_class_name(vt_derive_class(decided)));
    vt_derive_text(work, vt_mode_name(decided->mode));
    add_sender(work, mail);
    vt_derive_text(work, evidence != NULL ? vt_derive_verdict(evidence) : NULL);
    add_decision(work, decided);
    vt_derive_int(work, evidence != NULL ? (int64_t)evidence->documents_count : 0);
    vt_derive_int(work, count_signatures(evidence));
    vt_derive_text(work,
                   vt_derive_site(decided) != NULL ? vt_derive_site(decided)->sender_agency : NULL);
    return vt_derive_emit(work);
}

static enum vt_code recipient_rows(struct vt_derive_work *work, const struct vt_mail *mail)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < mail->recipients_count && code == VT_OK; i++) {
        const char *address = vt_derive_address(work->arena, mail->recipients[i]);
        vt_derive_begin(work, VT_TABLE_RECIPIENT);
        vt_derive_int(work, work->record->seq);
        vt_derive_int(work, (int64_t)i);
        vt_derive_text(work, address != NULL ? address : "");
        work->is_out_of_memory = work->is_out_of_memory || address == NULL;
        code = vt_derive_emit(work);
    }
    return code;
}

static bool is_listed_before(const struct vt_site_facts *site, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(site->recipient_agencies[i], site->recipient_agencies[index]) == 0)
            return true;
    }
    return false;
}

static enum vt_code recipient_agency_rows(struct vt_derive_work *work,
                                          const struct vt_site_facts *site)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; site != NULL && i < site->recipient_agencies_count && code == VT_OK; i++) {
        if (is_listed_before(site, i))
            continue;
        vt_derive_begin(work, VT_TABLE_RECIPIENT_AGENCY);
        vt_derive_int(work, work->record->seq);
        vt_derive_text(work, site->recipient_agencies[i]);
        code = vt_derive_emit(work);
    }
    return code;
}

static enum vt_code reason_rows(struct vt_derive_work *work, vt_reasons reasons)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_REASON_COUNT && code == VT_OK; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        vt_derive_begin(work, VT_TABLE_MAIL_REASON);
        vt_derive_int(work, work->record->seq);
        vt_derive_text(work, vt_reason_info((enum vt_reason)i)->code);
        code = vt_derive_emit(work);
    }
    return code;
}

static enum vt_code document_row(struct vt_derive_work *work, const struct vt_document *document,
                                 size_t ordinal)
{
    struct vt_document copy = *document;
    const struct vt_evidence alone = {.documents = &copy, .documents_count = 1};
    vt_derive_begin(work, VT_TABLE_DOCUMENT);
    vt_derive_int(work, work->record->seq);
    vt_derive_int(work, (int64_t)ordinal);
    vt_derive_digest(work, document->sha256);
    vt_derive_text(work, vt_format_name(document->format));
    vt_derive_text(work, document->name);
    vt_derive_text(work, vt_derive_verdict(&alone));
    vt_derive_reason_codes(work, vt_derive_document_reasons(work->record->decided, ordinal));
    vt_derive_int(work, document->nested);
    vt_derive_int(work, document->attachment);
    vt_derive_int(work, document->expects_signature);
    vt_derive_int(work, (int64_t)document->signatures_count);
    return vt_derive_emit(work);
}

static void add_signer(struct vt_derive_work *work, const struct vt_certificate_facts *signer)
{
    bool is_known = signer->sha256[0] != '\0';
    vt_derive_digest(work, signer->sha256);
    vt_derive_text(work, is_known ? signer->common_name : NULL);
    vt_derive_text(work, is_known ? signer->organization : NULL);
    vt_derive_text(work, is_known ? signer->organizational_unit : NULL);
    vt_derive_text(work, is_known ? signer->issuer_common_name : NULL);
    vt_derive_text(work, is_known ? signer->serial : NULL);
    vt_derive_time(work, is_known ? signer->not_after_utc_secs : VT_TIME_NONE);
    vt_derive_text(work, is_known ? signer->key_algorithm : NULL);
    vt_derive_int(work, is_known ? signer->key_bits : 0);
}

static enum vt_code signature_row(struct vt_derive_work *work, const struct vt_signature *signature,
                                  size_t ordinal, size_t document_ordinal,
                                  const struct vt_site_signature *site)
{
    static const char *const sources[] = {"none", "timestamp", "first-seen", "claimed"};
    vt_derive_begin(work, VT_TABLE_SIGNATURE);
    vt_derive_int(work, work->record->seq);
    vt_derive_int(work, (int64_t)ordinal);
    vt_derive_int(work, (int64_t)document_ordinal);
    add_signer(work, &signature->signer);
    vt_derive_text(work, signature->trust_set);
    vt_derive_text(work, vt_signature_format_name(signature->format));
    vt_derive_text(work, vt_indication_name(signature->indication));
    vt_derive_text(work, vt_sub_indication_name(signature->sub_indication));
    vt_derive_reason_codes(work, signature->reasons | site->reasons);
    vt_derive_text(work, signature->digest_algorithm);
    vt_derive_text(work, signature->signature_algorithm);
    vt_derive_time(work, signature->signing_time_utc_secs);
    vt_derive_text(work, sources[signature->signing_time_source & 3]);
    vt_derive_text(work, site->agency);
    vt_derive_text(work, site->kind != VT_KIND_UNKNOWN ? vt_kind_name(site->kind) : NULL);
    return vt_derive_emit(work);
}

static enum vt_code document_rows(struct vt_derive_work *work, const struct vt_evidence *evidence)
{
    enum vt_code code = VT_OK;
    size_t ordinal = 0;
    for (size_t d = 0; d < evidence->documents_count && code == VT_OK; d++) {
        const struct vt_document *document = &evidence->documents[d];
        code = document_row(work, document, d);
        for (size_t s = 0; s < document->signatures_count && code == VT_OK; s++) {
            const struct vt_site_signature site =
                vt_derive_site_signature(work->record->decided, d, s);
            code = signature_row(work, &document->signatures[s], ordinal++, d, &site);
        }
    }
    return code;
}

static enum vt_code first_seen_rows(struct vt_derive_work *work,
                                    const struct vt_register_decided *decided)
{
    enum vt_code code = VT_OK;
    size_t count = decided->clock_is_synchronised ? decided->first_seen_count : 0;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        vt_derive_begin(work, VT_TABLE_FIRST_SEEN);
        vt_derive_digest(work, decided->first_seen[i]);
        vt_derive_int(work, work->record->seq);
        vt_derive_int(work, work->record->time_utc_secs);
        code = vt_derive_emit(work);
    }
    return code;
}

static enum vt_code defer_row(struct vt_derive_work *work,
                              const struct vt_register_decided *decided)
{
    if (decided->defer_key_sha256 == NULL || decided->defer_key_sha256[0] == '\0')
        return VT_OK;
    vt_derive_begin(work, VT_TABLE_DEFER_CLOCK);
    vt_derive_digest(work, decided->defer_key_sha256);
    vt_derive_int(work, work->record->seq);
    vt_derive_text(work, decided->decision != NULL ? decided->decision->rule : NULL);
    vt_derive_int(work, work->record->time_utc_secs);
    return vt_derive_emit(work);
}

/* Of those that were the first with their matter: others rely on when it was. */
static enum vt_code notice_rows(struct vt_derive_work *work)
{
    const struct vt_register_record *record = work->record;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < record->notices_count && code == VT_OK; i++) {
        char matter[65];
        if (!record->notices[i].is_first)
            continue;
        code = vt_register_matter(work->arena, &record->notices[i], matter, work->err);
        if (code != VT_OK)
            break;
        vt_derive_begin(work, VT_TABLE_NOTICE_KEY);
        vt_derive_digest(work, matter);
        vt_derive_int(work, work->record->seq);
        vt_derive_int(work, work->record->time_utc_secs);
        code = vt_derive_emit(work);
    }
    return code;
}

static bool is_named_before(const struct vt_register_object *objects, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (objects[i].is_kept && memcmp(objects[i].sha256, objects[index].sha256, 64) == 0)
            return true;
    }
    return false;
}

static enum vt_code object_rows(struct vt_derive_work *work)
{
    struct vt_register_object *objects = NULL;
    size_t count = vt_register_objects_of(work->record, &objects);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        if (!objects[i].is_kept || is_named_before(objects, i))
            continue;
        vt_derive_begin(work, VT_TABLE_RECORD_OBJECT);
        vt_derive_int(work, work->record->seq);
        vt_derive_digest(work, objects[i].sha256);
        code = vt_derive_emit(work);
    }
    return code;
}

static enum vt_code decided_rows(struct vt_derive_work *work)
{
    const struct vt_register_decided *decided = work->record->decided;
    static const struct vt_mail nothing = {0};
    if (vt_body_is_secret(decided))
        return secret_row(work);
    const struct vt_mail *mail = decided->evidence != NULL ? &decided->evidence->mail
                                 : decided->mail != NULL   ? decided->mail
                                                           : &nothing;
    enum vt_code code = mail_row(work, mail);
    if (code == VT_OK)
        code = recipient_rows(work, mail);
    if (code == VT_OK)
        code = recipient_agency_rows(work, vt_derive_site(decided));
    if (code == VT_OK && decided->evidence != NULL)
        code = reason_rows(work, vt_derive_reasons(decided));
    if (code == VT_OK && decided->evidence != NULL)
        code = document_rows(work, decided->evidence);
    if (code == VT_OK)
        code = first_seen_rows(work, decided);
    if (code == VT_OK)
        code = defer_row(work, decided);
    return code == VT_OK ? object_rows(work) : code;
}

/* ---- what follows a decision ---- */

static enum vt_code followup_row(struct vt_derive_work *work, const char *value)
{
    if (work->derivation->decided_seq == 0)
        return VT_OK;
    vt_derive_begin(work, VT_TABLE_FOLLOWUP);
    vt_derive_int(work, work->derivation->decided_seq);
    vt_derive_int(work, work->record->kind);
    vt_derive_int(work, work->record->seq);
    vt_derive_text(work, value);
    return vt_derive_emit(work);
}

static enum vt_code exception_row(struct vt_derive_work *work, size_t ordinal, const char *document,
                                  const char *certificate, enum vt_reason reason)
{
    vt_derive_begin(work, VT_TABLE_EXCEPTION);
    vt_derive_int(work, work->record->seq);
    vt_derive_int(work, (int64_t)ordinal);
    vt_derive_digest(work, document);
    vt_derive_digest(work, certificate);
    vt_derive_text(work, reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : NULL);
    vt_derive_int(work, work->record->overruled->until_utc_secs);
    return vt_derive_emit(work);
}

static enum vt_code overruled_rows(struct vt_derive_work *work)
{
    const struct vt_register_overruled *overruled = work->record->overruled;
    enum vt_code code = followup_row(work, NULL);
    if (overruled->until_utc_secs == VT_TIME_NONE)
        return code;
    size_t ordinal = 0;
    for (; ordinal < overruled->documents_count && code == VT_OK; ordinal++)
        code = exception_row(work, ordinal, overruled->documents_sha256[ordinal], NULL,
                             VT_REASON_COUNT);
    if (code == VT_OK && overruled->certificate_sha256 != NULL)
        code = exception_row(work, ordinal, NULL, overruled->certificate_sha256, overruled->reason);
    return code;
}

static enum vt_code destroyed_rows(struct vt_derive_work *work)
{
    const struct vt_register_destroyed *destroyed = work->record->destroyed;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < destroyed->targets_count && code == VT_OK; i++) {
        vt_derive_begin(work, VT_TABLE_DESTROYED);
        vt_derive_int(work, destroyed->targets[i]);
        vt_derive_int(work, work->record->seq);
        code = vt_derive_emit(work);
    }
    for (size_t i = 0; i < destroyed->objects_count && code == VT_OK; i++) {
        vt_derive_begin(work, VT_TABLE_DESTROYED_OBJECT);
        vt_derive_digest(work, destroyed->objects_sha256[i]);
        vt_derive_int(work, work->record->seq);
        code = vt_derive_emit(work);
    }
    return code;
}

/* The end of a hold follows its mail, once. */
static enum vt_code event_rows(struct vt_derive_work *work)
{
    enum vt_hold_step step = vt_hold_step_of_event(work->record->event->what);
    enum vt_code code = vt_hold_is_over(step) ? followup_row(work, vt_hold_step_name(step)) : VT_OK;
    return code == VT_OK ? object_rows(work) : code;
}

/* Since when a matter may not be told of again: since it was told of. What was owed for a mail that
 * got another answer was never told, and whoever gets the mail next tells of it. */
static enum vt_code noticed_row(struct vt_derive_work *work)
{
    const struct vt_register_noticed *noticed = work->record->noticed;
    bool is_sent = strcmp(noticed->outcome, vt_queued_state_name(VT_QUEUED_SENT)) == 0;
    bool is_void = strcmp(noticed->outcome, vt_queued_state_name(VT_QUEUED_UNANSWERED)) == 0;
    if (noticed->matter_sha256[0] == '\0' || !(is_sent || is_void))
        return VT_OK;
    vt_derive_begin(work, VT_TABLE_NOTICE_KEY);
    vt_derive_digest(work, noticed->matter_sha256);
    vt_derive_int(work, work->record->seq);
    vt_derive_int(work, is_sent ? work->record->time_utc_secs : 0);
    return vt_derive_emit(work);
}

static enum vt_code rows_of_kind(struct vt_derive_work *work)
{
    const struct vt_register_record *record = work->record;
    switch (record->kind) {
    case VT_REGISTER_DECIDED:
        return decided_rows(work);
    case VT_REGISTER_ANSWERED:
        return followup_row(work, vt_register_outcome_name(record->answered->answer.outcome));
    case VT_REGISTER_OVERRULED:
        return overruled_rows(work);
    case VT_REGISTER_REFUSED:
        return followup_row(work, vt_reason_info(record->refused->reason)->code);
    case VT_REGISTER_DESTROYED:
        return destroyed_rows(work);
    case VT_REGISTER_EVENT:
        return event_rows(work);
    case VT_REGISTER_NOTICE:
        return noticed_row(work);
    default:
        return vt_err_set(work->err, VT_E_INTERNAL, "register: a record without a kind");
    }
}

enum vt_code vt_derive(const struct vt_derivation *derivation, vt_row_sink *sink, void *context,
                       struct vt_err *err)
{
    const struct vt_register_record *record = derivation->record;
    struct vt_derive_work work = {.derivation = derivation,
                                  .record = record,
                                  .arena = derivation->arena,
                                  .sink = sink,
                                  .context = context,
                                  .err = err};
    bool is_secret = record->kind == VT_REGISTER_DECIDED && vt_body_is_secret(record->decided);
    enum vt_code code = rows_of_kind(&work);
    return code == VT_OK && !is_secret ? notice_rows(&work) : code;
}
