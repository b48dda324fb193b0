/* SPDX-License-Identifier: Apache-2.0
 * Judging one mail. A fault of ours ends in 451, in observe mode in nothing at all. */
#include "gateway/judge.h"

#include <time.h>

#include "gateway/bring.h"
#include "gateway/marks.h"
#include "gateway/outcome_log.h"
#include "gateway/record.h"
#include "gateway/work.h"
#include "vanthu/log.h"

/* Nobody notices in observe mode: a mail waits no longer than this. */
#define OBSERVE_MSECS 5000
static int64_t now_utc_msecs(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Through a relay in front: the client is the one that gave the mail to it, and of that one no more
 * is known than its address, if that. */
static void see_through_relay(struct vt_mail *mail, const struct vt_front *front)
{
    if (front->relay[0] == '\0')
        return;
    mail->front_relay = front->relay;
    mail->client_address = front->client[0] != '\0' ? front->client : NULL;
    mail->client_name = mail->helo = NULL;
}

static void complete_facts(struct vt_work *work)
{
    const struct vt_config *config = work->gateway->config;
    struct vt_transaction *transaction = work->transaction;
    struct vt_mail *mail = &transaction->mail;
    char reference[VT_REFERENCE_BYTES];
    vt_reference_next(&work->gateway->reference, now_utc_msecs(), reference);
    mail->reference = vt_arena_str(transaction->arena, reference);
    if (mail->reference == NULL)
        mail->reference = "-";
    mail->client_address = work->session->client_address;
    mail->client_name = work->session->client_name;
    mail->helo = work->session->helo;
    mail->daemon_name = work->session->daemon_name;
    see_through_relay(mail, &transaction->front);
    mail->size_bytes = transaction->spool.size_bytes;
    mail->direction = vt_direction_of(mail, &work->gateway->internal, config);
    /* One of those that were not kept may be anywhere. */
    if (transaction->recipients_dropped_count > 0 && mail->direction == VT_INTERNAL)
        mail->direction = VT_OUTBOUND;
    mail->sender_proof = vt_mail_sender_proof(
        mail, vt_networks_contain(&work->gateway->internal, mail->client_address), config);
    work->poison_key = vt_siphash_get(&transaction->hash);
}

static bool passes(const struct vt_answer *answer)
{
    return answer->kind == VT_ANSWER_ACCEPT || answer->kind == VT_ANSWER_HOLD;
}

static void prepare_answer(struct vt_work *work, enum vt_code code)
{
    const struct vt_config *config = work->gateway->config;
    struct vt_judgement *out = work->out;
    if (out->is_inert)
        vt_answer_accept(&out->answer);
    else if (code != VT_OK)
        vt_answer_fault(work->transaction->mail.reference, config->office_phone, &out->answer);
    else if (out->is_register_silent)
        vt_answer_unrecorded(work->transaction->mail.reference, config->office_phone, &out->answer);
    else if (out->sealed.result == VT_SEAL_RESULT_FAILED && out->sealed.is_required)
        vt_answer_unsealed(work->transaction->mail.reference, config->office_phone, &out->answer);
    else
        vt_answer_decided(out->decision, out->evidence, config->office_phone,
                          (work->session->actions & SMFIF_QUARANTINE) != 0, &out->answer);
    if (out->is_inert || code != VT_OK || !passes(&out->answer))
        return;
    code = vt_headers_make(work->transaction->arena, out->evidence, out->decision,
                           config->authserv_id, &out->headers);
    if (code == VT_OK)
        code = vt_marks_add(work->transaction->arena, config, &out->evidence->mail, out->decision,
                            work->transaction->subject, &out->headers);
    if (code == VT_OK)
        code = vt_seal_mark(work->transaction->arena, &out->sealed, &out->headers);
    if (code != VT_OK) {
        vt_err_set(&out->fault, code, "the headers could not be made");
        vt_answer_fault(work->transaction->mail.reference, config->office_phone, &out->answer);
    }
}

/* No mail passes and none is refused unless it is recorded; in observe mode that is counted. */
static void record(struct vt_work *work)
{
    struct vt_judgement *out = work->out;
    const struct vt_mail *mail = &work->transaction->mail;
    struct vt_err err = {0};
    char text[VT_ERR_TEXT_BYTES];
    bool is_needed = out->answer.kind != VT_ANSWER_TEMPFAIL;
    int64_t begun = vt_clock_monotonic_msecs();
    struct vt_brought brought;
    vt_bring(work->gateway, work->transaction->arena, work->objects_fd, work->deadline_msecs,
             &brought);
    struct vt_registrar registrar =
        vt_work_registrar(work, is_needed ? INT64_MAX : VT_TEMPFAIL_RECORD_MSECS);
    registrar.objects_fds = brought.fds;
    registrar.objects_fds_count = brought.fds_count;
    registrar.missing = vt_brought_missing;
    registrar.missing_context = &brought;
    enum vt_code code =
        vt_record_commit(work->transaction, out, &registrar, work->now_utc_secs, &err);
    if (code == VT_OK)
        vt_brought_note(&brought);
    vt_brought_clear(&brought);
    out->register_msecs += vt_clock_monotonic_msecs() - begun;
    out->is_recorded = code == VT_OK;
    if (out->is_recorded)
        return;
    vt_log(VT_LOG_WARNING, "not recorded: queue-id=%s reference=%s code=%s why=\"%s\"",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference, vt_code_name(code),
           vt_text_quoted(text, sizeof(text), err.text));
    if (out->is_inert)
        vt_metric_add(work->gateway->metrics, VT_METRIC_MAILS_UNRECORDED, 0, 1);
    else if (is_needed)
        vt_answer_unrecorded(mail->reference, work->gateway->config->office_phone, &out->answer);
}

void vt_judge(struct vt_session *session, struct vt_transaction *transaction, SMFICTX *ctx,
              struct vt_judgement *out)
{
    struct vt_gateway *gateway = transaction->gateway;
    int64_t begun = vt_clock_monotonic_msecs(), budget = gateway->config->total_msecs;
    *out = (struct vt_judgement){.is_inert = gateway->config->mode == VT_MODE_OBSERVE};
    if (out->is_inert && budget > OBSERVE_MSECS)
        budget = OBSERVE_MSECS;
    struct vt_work work = {.gateway = gateway,
                           .session = session,
                           .transaction = transaction,
                           .ctx = ctx,
                           .out = out,
                           .begun_msecs = begun,
                           .deadline_msecs = begun + budget,
                           .last_progress_msecs = begun,
                           .last_kick_msecs = begun,
                           .now_utc_secs = vt_clock_now_utc_secs(),
                           .mail_fd = -1,
                           .objects_fd = -1};
    complete_facts(&work);
    enum vt_code code = vt_work_gather(&work);
    if (code == VT_OK)
        code = vt_work_decide(&work);
    if (code == VT_OK)
        vt_work_seal(&work);
    prepare_answer(&work, code);
    out->total_msecs = vt_clock_monotonic_msecs() - begun;
    record(&work);
    if (out->is_recorded && out->answer.kind == VT_ANSWER_REJECT)
        vt_work_count_refusal(&work);
    vt_work_tell_unsealed(&work);
    vt_outcome_log(transaction, out);
}

void vt_judgement_clear(struct vt_judgement *judgement)
{
    vt_sealing_finished_clear(&judgement->sealed.mail);
}
