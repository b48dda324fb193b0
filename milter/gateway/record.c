/* SPDX-License-Identifier: Apache-2.0
 * Handing the record of a mail to the registrar. */
#include "gateway/record.h"

#include "vanthu/notice.h"

bool vt_record_is_secret(const struct vt_transaction *transaction,
                         const struct vt_judgement *judgement)
{
    return transaction->is_marked_secret ||
           (judgement->evidence != NULL && (vt_evidence_all_reasons(judgement->evidence) &
                                            VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0);
}

enum vt_register_outcome vt_record_outcome(enum vt_answer_kind kind)
{
    switch (kind) {
    case VT_ANSWER_REJECT:
        return VT_OUTCOME_REJECT;
    case VT_ANSWER_HOLD:
        return VT_OUTCOME_HOLD;
    case VT_ANSWER_ACCEPT:
        return VT_OUTCOME_ACCEPT;
    case VT_ANSWER_TEMPFAIL:
        break;
    }
    return VT_OUTCOME_TEMPFAIL;
}

static struct vt_register_answer register_answer(const struct vt_answer *answer,
                                                 const char *lines[VT_ANSWER_LINES])
{
    for (size_t i = 0; i < answer->lines_count; i++)
        lines[i] = answer->lines[i];
    return (struct vt_register_answer){.outcome = vt_record_outcome(answer->kind),
                                       .code = answer->code,
                                       .enhanced = answer->enhanced,
                                       .hold_reason = answer->hold_reason,
                                       .lines = lines,
                                       .lines_count = answer->lines_count};
}

static enum vt_code plan_notices(const struct vt_transaction *transaction,
                                 const struct vt_judgement *judgement, int64_t now_utc_secs,
                                 struct vt_notice_plan *out, struct vt_err *err)
{
    const struct vt_notice_plan_input input = {
        .config = transaction->gateway->config,
        .site = vt_policy_site(transaction->gateway->policy),
        .evidence = judgement->evidence,
        .decision = judgement->decision,
        .outcome = vt_record_outcome(judgement->answer.kind),
        .is_unsealed = judgement->sealed.result == VT_SEAL_RESULT_FAILED,
        .is_secret = vt_record_is_secret(transaction, judgement),
        .now_utc_secs = now_utc_secs};
    return vt_notice_plan(transaction->arena, &input, out, err);
}

static struct vt_register_seal
register_seal(const struct vt_sealed *sealed,
              struct vt_register_sealed_document documents[VT_MAX_SEAL_DOCUMENTS])
{
    bool is_sealed = sealed->result == VT_SEAL_RESULT_SEALED;
    enum vt_seal_purpose purpose =
        sealed->what == VT_SEAL_WHAT_DOCUMENTS ? VT_SEAL_FOR_DOCUMENT : VT_SEAL_FOR_MESSAGE;
    for (size_t i = 0; i < sealed->documents_count; i++) {
        const struct vt_sealed_document *document = &sealed->documents[i];
        documents[i] = (struct vt_register_sealed_document){.path = document->path,
                                                            .name = document->name,
                                                            .word = document->word,
                                                            .text = document->text,
                                                            .sha256 = document->sha256};
    }
    return (struct vt_register_seal){.result = vt_seal_result_name(sealed->result),
                                     .key = sealed->key,
                                     .purpose = vt_seal_purpose_name(purpose),
                                     .why = sealed->why,
                                     .text = sealed->text,
                                     .cms_sha256 = is_sealed ? sealed->mail.cms_sha256 : NULL,
                                     .level = sealed->level,
                                     .authority = sealed->authority,
                                     .unstamped = sealed->unstamped,
                                     .unstored = sealed->unstored,
                                     .documents = documents,
                                     .documents_count = sealed->documents_count};
}

enum vt_code vt_record_commit(const struct vt_transaction *transaction,
                              const struct vt_judgement *judgement,
                              const struct vt_registrar *registrar, int64_t now_utc_secs,
                              struct vt_err *err)
{
    const char *lines[VT_ANSWER_LINES];
    struct vt_register_sealed_document documents[VT_MAX_SEAL_DOCUMENTS];
    const struct vt_register_seal seal = register_seal(&judgement->sealed, documents);
    size_t not_seen_count = judgement->not_seen_count;
    struct vt_notice_plan plan;
    enum vt_code code = plan_notices(transaction, judgement, now_utc_secs, &plan, err);
    if (code != VT_OK)
        return code;
    struct vt_register_decided decided = {
        .evidence = judgement->evidence,
        .mail = &transaction->mail,
        .decision = judgement->decision,
        .mode = transaction->gateway->config->mode,
        .answer = register_answer(&judgement->answer, lines),
        .queue_msecs = judgement->queue_msecs,
        .inspection_msecs = judgement->inspection_msecs,
        .status_msecs = judgement->status_msecs,
        .total_msecs = judgement->total_msecs,
        .passes = judgement->passes,
        .no_notice = vt_no_notice_name(plan.why_not),
        .fault = &judgement->fault,
        .failure = &judgement->failure,
        .seal = seal.result != NULL ? &seal : NULL,
        .first_seen = judgement->not_seen,
        .first_seen_count = not_seen_count < VT_MAX_FIRST_SEEN ? not_seen_count : VT_MAX_FIRST_SEEN,
        .defer_key_sha256 = judgement->defer_key,
        .is_secret = vt_record_is_secret(transaction, judgement)};
    const struct vt_register_record record = {.kind = VT_REGISTER_DECIDED,
                                              .reference = transaction->mail.reference,
                                              .time_utc_secs = now_utc_secs,
                                              .notices = plan.items,
                                              .notices_count = plan.count,
                                              .decided = &decided};
    return transaction->gateway->record(registrar, &record, err);
}
