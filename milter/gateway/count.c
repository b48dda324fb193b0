/* SPDX-License-Identifier: Apache-2.0
 * One mail as numbers, when it has got its answer. */
#include "gateway/count.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/record.h"
#include "vanthu/clock.h"
#include "vanthu/site.h"

static enum vt_metric_outcome outcome_of(const struct vt_judgement *judgement, sfsistat status)
{
    switch (status) {
    case SMFIS_TEMPFAIL:
        return VT_MAILS_TEMPFAILED;
    case SMFIS_REJECT:
        return VT_MAILS_REJECTED;
    default:
        break;
    }
    if (judgement->is_inert)
        return VT_MAILS_ACCEPTED;
    if (judgement->answer.kind == VT_ANSWER_HOLD)
        return VT_MAILS_HELD;
    return judgement->decision != NULL && judgement->decision->action == VT_ACTION_TAG
               ? VT_MAILS_TAGGED
               : VT_MAILS_ACCEPTED;
}

/* Whose doing a 451 is: a rule's is as it should be, the others are faults of ours. */
static enum vt_metric_tempfail cause_of(const struct vt_judgement *judgement)
{
    if (judgement->answer.kind != VT_ANSWER_TEMPFAIL)
        return VT_TEMPFAIL_MTA;
    if (vt_answer_is_unrecorded(&judgement->answer))
        return VT_TEMPFAIL_REGISTER;
    if (judgement->fault.code != VT_OK || judgement->decision == NULL)
        return VT_TEMPFAIL_INSPECTION;
    if (judgement->decision->action == VT_ACTION_DEFER)
        return VT_TEMPFAIL_POLICY;
    return judgement->sealed.result == VT_SEAL_RESULT_FAILED && judgement->sealed.is_required
               ? VT_TEMPFAIL_SEAL
               : VT_TEMPFAIL_MTA;
}

static void count_stages(struct vt_metrics *metrics, const struct vt_judgement *judgement,
                         int64_t total_msecs)
{
    const int64_t msecs[VT_METRIC_STAGE_COUNT] = {[VT_STAGE_QUEUE] = judgement->queue_msecs,
                                                  [VT_STAGE_INSPECTION] =
                                                      judgement->inspection_msecs,
                                                  [VT_STAGE_STATUS] = judgement->status_msecs,
                                                  [VT_STAGE_REGISTER] = judgement->register_msecs,
                                                  [VT_STAGE_TOTAL] = total_msecs};
    for (unsigned i = 0; i < VT_METRIC_STAGE_COUNT; i++)
        vt_metric_observe(metrics, VT_METRIC_STAGES, i, msecs[i]);
}

static void count_evidence(struct vt_metrics *metrics, const struct vt_evidence *evidence,
                           const struct vt_decision *decision)
{
    vt_reasons reasons = vt_site_all_reasons(evidence, decision != NULL ? decision->site : NULL);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++)
        if ((reasons & VT_REASON_BIT(i)) != 0)
            vt_metric_add(metrics, VT_METRIC_MAIL_REASONS, i, 1);
    vt_metric_add(metrics, VT_METRIC_DOCUMENTS, 0, evidence->documents_count);
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        for (size_t k = 0; k < document->signatures_count; k++)
            vt_metric_add(metrics, VT_METRIC_SIGNATURES, document->signatures[k].indication, 1);
    }
}

static void count_seal(struct vt_metrics *metrics, const struct vt_sealed *sealed)
{
    bool has_failed = sealed->result == VT_SEAL_RESULT_FAILED;
    if (sealed->result != VT_SEAL_RESULT_NONE)
        vt_metric_add(
            metrics, VT_METRIC_MAIL_SEALS,
            vt_metric_seal_result(has_failed ? sealed->why : vt_seal_result_name(sealed->result)),
            1);
}

void vt_count_mail(const struct vt_transaction *transaction, const struct vt_judgement *judgement,
                   sfsistat status, int64_t total_msecs)
{
    struct vt_metrics *metrics = transaction->gateway->metrics;
    const struct vt_mail *mail = &transaction->mail;
    if (metrics == NULL)
        return;
    if (vt_record_is_secret(transaction, judgement)) {
        vt_metric_add(metrics, VT_METRIC_MAILS_SECRET, 0, 1);
        return;
    }
    /* Class and alignment are found in the header. */
    const struct vt_mail *found = judgement->evidence != NULL ? &judgement->evidence->mail : mail;
    vt_metric_add(metrics, VT_METRIC_MAILS,
                  vt_metric_at(VT_METRIC_MAILS, outcome_of(judgement, status), found->direction,
                               found->sender_class),
                  1);
    if (status == SMFIS_TEMPFAIL)
        vt_metric_add(metrics, VT_METRIC_TEMPFAILS, cause_of(judgement), 1);
    if (judgement->decision != NULL)
        vt_metric_add(metrics, VT_METRIC_MAILS_WOULD_BE, judgement->decision->would_be, 1);
    if (judgement->evidence != NULL)
        count_evidence(metrics, judgement->evidence, judgement->decision);
    count_seal(metrics, &judgement->sealed);
    vt_metric_observe(metrics, VT_METRIC_MAIL_BYTES, 0, (int64_t)mail->size_bytes);
    count_stages(metrics, judgement, total_msecs);
}

void vt_count_failure(struct vt_metrics *metrics, enum vt_code code)
{
    enum vt_metric_failure failure = code == VT_E_PEER      ? VT_FAILURE_DIED
                                     : code == VT_E_TIMEOUT ? VT_FAILURE_LATE
                                     : code == VT_E_BUSY    ? VT_FAILURE_BUSY
                                                            : VT_FAILURE_OTHER;
    vt_metric_add(metrics, VT_METRIC_INSPECTIONS_FAILED, failure, 1);
}

void vt_count_start(struct vt_metrics *metrics, struct vt_gateway *gateway,
                    const struct vt_policy *policy)
{
    int64_t now = vt_clock_now_utc_secs(), loaded = gateway->brake.loaded_utc_secs;
    vt_metric_set(metrics, VT_METRIC_POLICY, 0,
                  (int64_t)strtoul(vt_policy_version(policy), NULL, 16));
    vt_metric_set(metrics, VT_METRIC_POLICY_LOADED, 0, loaded > 0 ? loaded : now);
    vt_metric_set(metrics, VT_METRIC_BRAKE_UNTIL, 0, vt_brake_latest(&gateway->brake, now));
    vt_metric_set(metrics, VT_METRIC_QUEUE_PLACES, 0, gateway->queue.free_count);
}
