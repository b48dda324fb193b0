/* SPDX-License-Identifier: Apache-2.0
 * The evidence of one mail: from the inspector, or of one that nobody looks into, because it is
 * marked secret, too large, or its inspection failed again and again. */
#include <string.h>

#include "gateway/count.h"
#include "gateway/failing.h"
#include "gateway/work.h"
#include "vanthu/log.h"

/* Evidence of a mail that nobody looked into. finding: NULL for none. */
static enum vt_code evidence_without_inspection(struct vt_work *work, enum vt_reason reason,
                                                const char *finding)
{
    struct vt_arena *arena = work->transaction->arena;
    struct vt_evidence *evidence = vt_arena_alloc(arena, sizeof(*evidence));
    if (evidence == NULL)
        return vt_err_set(&work->out->fault, VT_E_NOMEM, "no memory for the evidence");
    evidence->mail = work->transaction->mail;
    evidence->inspected_at_utc_secs = work->now_utc_secs;
    evidence->reasons = VT_REASON_BIT(reason);
    enum vt_code code = VT_OK;
    if (finding != NULL)
        code =
            vt_findings_add(arena, &evidence->findings, &evidence->findings_count, "%s", finding);
    if (code == VT_OK)
        work->out->evidence = evidence;
    return code;
}

/* What its own Subject marks is not looked into at all, and nothing else is said of it. */
static enum vt_code marked_secret(struct vt_work *work)
{
    work->transaction->mail.message_id = NULL;
    return evidence_without_inspection(work, VT_REASON_SECRET_MARK, NULL);
}

static enum vt_code not_checked(struct vt_work *work)
{
    vt_metric_add(work->gateway->metrics, VT_METRIC_MAILS_POISON, 0, 1);
    return evidence_without_inspection(
        work, VT_REASON_NOT_CHECKED,
        "The inspection of this mail failed again and again; it was not inspected any more.");
}

/* Before each pass: wait for a free place, for all passes together no longer than the budget. */
enum vt_code vt_work_begin_pass(void *context, struct vt_err *err)
{
    struct vt_work *work = context;
    int64_t now = vt_clock_monotonic_msecs();
    int64_t until = now + work->gateway->config->queue_msecs - work->out->queue_msecs;
    if (until > work->deadline_msecs)
        until = work->deadline_msecs;
    struct vt_metrics *metrics = work->gateway->metrics;
    vt_metric_change(metrics, VT_METRIC_QUEUE_LENGTH, 0, 1);
    enum vt_code code = vt_queue_enter(&work->gateway->queue, until, vt_work_progress, work, err);
    vt_metric_change(metrics, VT_METRIC_QUEUE_LENGTH, 0, -1);
    if (code == VT_OK)
        vt_metric_change(metrics, VT_METRIC_QUEUE_BUSY, 0, 1);
    work->out->queue_msecs += vt_clock_monotonic_msecs() - now;
    return code;
}

void vt_work_end_pass(void *context)
{
    struct vt_work *work = context;
    vt_metric_change(work->gateway->metrics, VT_METRIC_QUEUE_BUSY, 0, -1);
    vt_queue_leave(&work->gateway->queue);
}

/* What the MTA told us stays as it told it, whatever a child that met hostile bytes sends back;
 * from the child come the facts of the header. */
static void keep_own_facts(struct vt_mail *found, const struct vt_mail *own)
{
    found->queue_id = own->queue_id;
    found->reference = own->reference;
    found->client_address = own->client_address;
    found->client_name = own->client_name;
    found->helo = own->helo;
    found->front_relay = own->front_relay;
    found->daemon_name = own->daemon_name;
    found->authenticated = own->authenticated;
    found->sender = own->sender;
    found->recipients = own->recipients;
    found->recipients_count = own->recipients_count;
    found->direction = own->direction;
    bool is_by_header = found->sender_proof == VT_PROOF_SPF ||
                        found->sender_proof == VT_PROOF_DKIM ||
                        found->sender_proof == VT_PROOF_DMARC;
    if (own->sender_proof != VT_PROOF_NONE || !is_by_header)
        found->sender_proof = own->sender_proof;
}

struct vt_inspection vt_work_inspection(struct vt_work *work, int fd)
{
    const struct vt_config *config = work->gateway->config;
    return (struct vt_inspection){.inspect_fd = work->gateway->inspect_fd,
                                  .status_fd = work->gateway->status_fd,
                                  .record_fd = -1,
                                  .mail_fd = fd,
                                  .is_mail = true,
                                  .mail = &work->transaction->mail,
                                  .objects_fd = -1,
                                  .now_utc_secs = work->now_utc_secs,
                                  .deadline_msecs = work->deadline_msecs,
                                  .inspection_msecs = config->inspection_msecs,
                                  .status_msecs = config->status_msecs,
                                  .register_msecs = config->register_msecs,
                                  .offline = work->gateway->status_fd < 0,
                                  .progress = vt_work_progress,
                                  .progress_context = work,
                                  .begin_pass = vt_work_begin_pass,
                                  .end_pass = vt_work_end_pass};
}

static enum vt_code inspect(struct vt_work *work, int mail_fd, struct vt_err *err)
{
    struct vt_judgement *out = work->out;
    struct vt_evidence *evidence = NULL;
    struct vt_inspection inspection = vt_work_inspection(work, mail_fd);
    inspection.record_fd = work->gateway->record_fd;
    inspection.with_objects = work->gateway->record_fd >= 0;
    enum vt_code code =
        work->gateway->inspect(work->transaction->arena, &inspection, &evidence, err);
    out->inspection_msecs = inspection.spent_inspection_msecs;
    out->status_msecs = inspection.spent_status_msecs;
    out->register_msecs = inspection.spent_register_msecs;
    out->is_register_silent = inspection.is_register_silent;
    out->passes = inspection.passes;
    out->not_seen = inspection.not_seen;
    out->not_seen_count = inspection.not_seen_count;
    work->objects_fd = inspection.objects_fd;
    if (code == VT_OK) {
        keep_own_facts(&evidence->mail, &work->transaction->mail);
        out->evidence = evidence;
        out->is_inspected = true;
    }
    return code;
}

/* What the register knows of earlier failures, of this process and others; without it the memory of
 * this process is enough. The failure is claimed with the record of the 451. */
static bool is_given_up_by_register(struct vt_work *work, bool counts, struct vt_failing *out)
{
    struct vt_judgement *judgement = work->out;
    struct vt_err err = {0};
    int64_t begun = vt_clock_monotonic_msecs();
    const struct vt_registrar registrar = vt_work_registrar(work, VT_TEMPFAIL_RECORD_MSECS);
    enum vt_code code = work->transaction->spool.fd < 0
                            ? VT_E_NOT_FOUND
                            : vt_failing_recall(work->transaction, &registrar, work->now_utc_secs,
                                                counts, out, &err);
    judgement->register_msecs += vt_clock_monotonic_msecs() - begun;
    if (code == VT_OK && !out->is_given_up)
        memcpy(judgement->defer_key, out->claim_key_sha256, sizeof(judgement->defer_key));
    return code == VT_OK && out->is_given_up;
}

/* Somebody has to know: a mail that nobody looked into goes where the policy says. */
static void alarm_given_up(struct vt_work *work)
{
    const struct vt_mail *mail = &work->transaction->mail;
    struct vt_err err = {0};
    const struct vt_register_event event = {
        .what = "mail-not-checked",
        .text = "its inspection failed again and again: the policy decides with NOT_CHECKED"};
    const struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                              .reference = mail->reference,
                                              .time_utc_secs = work->now_utc_secs,
                                              .event = &event};
    const struct vt_registrar registrar = vt_work_registrar(work, VT_TEMPFAIL_RECORD_MSECS);
    vt_log(VT_LOG_ALERT, "mail not checked: queue-id=%s reference=%s %s",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference, event.text);
    if (work->gateway->record(&registrar, &record, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the alert is not recorded: %s", err.text);
}

/* An inspection that failed: which mail and why, and whether it is given up. */
static enum vt_code after_failure(struct vt_work *work, enum vt_code code)
{
    const struct vt_mail *mail = &work->transaction->mail;
    struct vt_failing failing = {.first_utc_secs = VT_TIME_NONE};
    bool counts = code != VT_E_BUSY;
    char text[VT_ERR_TEXT_BYTES];
    vt_count_failure(work->gateway->metrics, code);
    bool given_up = vt_poison_fail(&work->gateway->poison, work->poison_key,
                                   vt_clock_monotonic_msecs(), counts);
    /* Observed, it passes anyway, and is not to wait for the register twice. */
    if (!given_up && !work->out->is_inert)
        given_up = is_given_up_by_register(work, counts, &failing);
    /* Nobody knows whether its files are marked secret: of the mail itself nothing is said. */
    vt_log(VT_LOG_WARNING, "inspection failed: queue-id=%s reference=%s code=%s why=\"%s\"%s",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference, vt_code_name(code),
           vt_text_quoted(text, sizeof(text), work->out->failure.text),
           given_up ? " given-up=yes" : "");
    if (!given_up) {
        work->out->fault = work->out->failure;
        return code;
    }
    if (!work->out->is_inert)
        alarm_given_up(work);
    return not_checked(work);
}

enum vt_code vt_work_gather(struct vt_work *work)
{
    struct vt_transaction *transaction = work->transaction;
    struct vt_poison *poison = &work->gateway->poison;
    struct vt_err *fault = &work->out->fault;
    int mail_fd = -1;
    if (transaction->is_marked_secret)
        return marked_secret(work);
    if (transaction->fault.code != VT_OK) {
        *fault = transaction->fault;
        return fault->code;
    }
    if (transaction->spool.too_large)
        return evidence_without_inspection(work, VT_REASON_TOO_LARGE,
                                           "The mail is larger than what is inspected.");
    if (vt_poison_is_given_up(poison, work->poison_key, work->begun_msecs))
        return not_checked(work);
    enum vt_code code = vt_spool_seal(&transaction->spool, &mail_fd, fault);
    if (code != VT_OK)
        return code;
    work->mail_fd = mail_fd;
    vt_kick_now(&work->gateway->kick);
    struct vt_err *failure = &work->out->failure;
    code = inspect(work, mail_fd, failure);
    if (code == VT_OK) {
        vt_poison_forgive(poison, work->poison_key);
        *failure = (struct vt_err){0};
        return VT_OK;
    }
    if (failure->code == VT_OK)
        vt_err_set(failure, code, "the inspection failed");
    return after_failure(work, code);
}
