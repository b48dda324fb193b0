/* SPDX-License-Identifier: Apache-2.0
 * Judging one mail. A fault of ours ends in 451, in observe mode in nothing at all. */
#include "gateway/judge.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/bring.h"
#include "gateway/count.h"
#include "gateway/failing.h"
#include "gateway/marks.h"
#include "gateway/outcome_log.h"
#include "gateway/record.h"
#include "vanthu/exceptions.h"
#include "vanthu/log.h"

/* The MTA is told that we still work; Sendmail waits 10 s. */
#define PROGRESS_MSECS 2500
#define KICK_MSECS 1000
/* Nobody notices in observe mode: a mail waits no longer than this. */
#define OBSERVE_MSECS 5000
/* A mail that was judged is recorded, though judging took all its time. */
#define LEAST_RECORD_MSECS 1000
/* What asks the sender to come again is recorded if that is quick. */
#define TEMPFAIL_RECORD_MSECS 2000

/* One mail on its way through the steps. */
struct work {
    struct vt_gateway *gateway;
    struct vt_session *session;
    struct vt_transaction *transaction;
    SMFICTX *ctx;
    struct vt_judgement *out;
    int64_t begun_msecs, deadline_msecs;
    int64_t last_progress_msecs, last_kick_msecs;
    int64_t now_utc_secs;
    uint64_t poison_key;
    struct vt_excepted excepted;
    int objects_fd; /* what the verdicts rest on, from the inspector; -1: none */
};

/* Called about every second while this mail waits. */
static void progress(void *context)
{
    struct work *work = context;
    int64_t now = vt_clock_monotonic_msecs();
    if (now - work->last_kick_msecs >= KICK_MSECS) {
        work->last_kick_msecs = now;
        vt_kick_now(&work->gateway->kick);
    }
    if (now - work->last_progress_msecs >= PROGRESS_MSECS) {
        work->last_progress_msecs = now;
        work->gateway->api->progress(work->ctx);
    }
}

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

static void complete_facts(struct work *work)
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
    work->poison_key = vt_siphash_get(&transaction->hash);
}

/* Evidence of a mail that nobody looked into. finding: NULL for none. */
static enum vt_code evidence_without_inspection(struct work *work, enum vt_reason reason,
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
static enum vt_code marked_secret(struct work *work)
{
    work->transaction->mail.message_id = NULL;
    return evidence_without_inspection(work, VT_REASON_SECRET_MARK, NULL);
}

static enum vt_code not_checked(struct work *work)
{
    vt_metric_add(work->gateway->metrics, VT_METRIC_MAILS_POISON, 0, 1);
    return evidence_without_inspection(
        work, VT_REASON_NOT_CHECKED,
        "The inspection of this mail failed again and again; it was not inspected any more.");
}

/* Before each pass: wait for a free place, for all passes together no longer than the budget. */
static enum vt_code begin_pass(void *context, struct vt_err *err)
{
    struct work *work = context;
    int64_t now = vt_clock_monotonic_msecs();
    int64_t until = now + work->gateway->config->queue_msecs - work->out->queue_msecs;
    if (until > work->deadline_msecs)
        until = work->deadline_msecs;
    struct vt_metrics *metrics = work->gateway->metrics;
    vt_metric_change(metrics, VT_METRIC_QUEUE_LENGTH, 0, 1);
    enum vt_code code = vt_queue_enter(&work->gateway->queue, until, progress, work, err);
    vt_metric_change(metrics, VT_METRIC_QUEUE_LENGTH, 0, -1);
    if (code == VT_OK)
        vt_metric_change(metrics, VT_METRIC_QUEUE_BUSY, 0, 1);
    work->out->queue_msecs += vt_clock_monotonic_msecs() - now;
    return code;
}

static void end_pass(void *context)
{
    struct work *work = context;
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
}

static enum vt_code inspect(struct work *work, int mail_fd, struct vt_err *err)
{
    const struct vt_config *config = work->gateway->config;
    struct vt_judgement *out = work->out;
    struct vt_evidence *evidence = NULL;
    struct vt_inspection inspection = {.inspect_fd = work->gateway->inspect_fd,
                                       .status_fd = work->gateway->status_fd,
                                       .record_fd = work->gateway->record_fd,
                                       .mail_fd = mail_fd,
                                       .is_mail = true,
                                       .with_objects = work->gateway->record_fd >= 0,
                                       .objects_fd = -1,
                                       .mail = &work->transaction->mail,
                                       .now_utc_secs = work->now_utc_secs,
                                       .deadline_msecs = work->deadline_msecs,
                                       .inspection_msecs = config->inspection_msecs,
                                       .status_msecs = config->status_msecs,
                                       .register_msecs = config->register_msecs,
                                       .offline = work->gateway->status_fd < 0,
                                       .progress = progress,
                                       .progress_context = work,
                                       .begin_pass = begin_pass,
                                       .end_pass = end_pass};
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

/* How long the register may take for this mail from now on. */
static struct vt_registrar registrar_for(struct work *work, int64_t most_msecs)
{
    int64_t now = vt_clock_monotonic_msecs();
    int64_t left = work->gateway->config->register_msecs - work->out->register_msecs;
    int64_t until = now + (left < most_msecs ? left : most_msecs);
    if (until > work->deadline_msecs)
        until = work->deadline_msecs;
    if (until < now + LEAST_RECORD_MSECS)
        until = now + LEAST_RECORD_MSECS;
    return (struct vt_registrar){.channel_fd = work->gateway->record_fd,
                                 .deadline_msecs = until,
                                 .progress = progress,
                                 .progress_context = work};
}

/* What the register knows of earlier failures, of this process and others; without it the memory of
 * this process is enough. The failure is claimed with the record of the 451. */
static bool is_given_up_by_register(struct work *work, bool counts, struct vt_failing *out)
{
    struct vt_judgement *judgement = work->out;
    struct vt_err err = {0};
    int64_t begun = vt_clock_monotonic_msecs();
    const struct vt_registrar registrar = registrar_for(work, TEMPFAIL_RECORD_MSECS);
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
static void alarm_given_up(struct work *work)
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
    const struct vt_registrar registrar = registrar_for(work, TEMPFAIL_RECORD_MSECS);
    vt_log(VT_LOG_ALERT, "mail not checked: queue-id=%s reference=%s %s",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference, event.text);
    if (work->gateway->record(&registrar, &record, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the alert is not recorded: %s", err.text);
}

/* An inspection that failed: which mail and why, and whether it is given up. */
static enum vt_code after_failure(struct work *work, enum vt_code code)
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
           vt_text_clean(text, sizeof(text), vt_bytes_str(work->out->failure.text)),
           given_up ? " given-up=yes" : "");
    if (!given_up) {
        work->out->fault = work->out->failure;
        return code;
    }
    if (!work->out->is_inert)
        alarm_given_up(work);
    return not_checked(work);
}

static enum vt_code gather_evidence(struct work *work)
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

static enum vt_code evaluate(struct work *work, int64_t first_deferred_utc_secs,
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
static enum vt_code first_deferred(struct work *work, const char *rule, int64_t *out_utc_secs)
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
    const struct vt_registrar registrar = registrar_for(work, INT64_MAX);
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
static enum vt_code find_exceptions(struct work *work, bool *out_found)
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
    const struct vt_registrar registrar = registrar_for(work, INT64_MAX);
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

/* Which rule defers is known only after evaluating; its clock is then looked up, and what the
 * policy says after that much waiting is the decision. */
static enum vt_code decide(struct work *work)
{
    struct vt_decision *decision = NULL;
    bool is_excepted = false;
    enum vt_code code = evaluate(work, VT_TIME_NONE, &decision);
    if (code == VT_OK && is_adverse(decision))
        code = find_exceptions(work, &is_excepted);
    if (code == VT_OK && is_excepted)
        code = evaluate(work, VT_TIME_NONE, &decision);
    if (code == VT_OK && decision->action == VT_ACTION_DEFER) {
        int64_t first = VT_TIME_NONE;
        code = first_deferred(work, decision->rule != NULL ? decision->rule : "", &first);
        if (code == VT_OK)
            code = evaluate(work, first, &decision);
    }
    if (code == VT_OK)
        work->out->decision = decision;
    else if (work->out->fault.code == VT_OK)
        vt_err_set(&work->out->fault, code, "the policy could not be evaluated");
    return code;
}

static bool passes(const struct vt_answer *answer)
{
    return answer->kind == VT_ANSWER_ACCEPT || answer->kind == VT_ANSWER_HOLD;
}

static void prepare_answer(struct work *work, enum vt_code code)
{
    const struct vt_config *config = work->gateway->config;
    struct vt_judgement *out = work->out;
    if (out->is_inert)
        vt_answer_accept(&out->answer);
    else if (code != VT_OK)
        vt_answer_fault(work->transaction->mail.reference, config->office_phone, &out->answer);
    else if (out->is_register_silent)
        vt_answer_unrecorded(work->transaction->mail.reference, config->office_phone, &out->answer);
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
    if (code != VT_OK) {
        vt_err_set(&out->fault, code, "the headers could not be made");
        vt_answer_fault(work->transaction->mail.reference, config->office_phone, &out->answer);
    }
}

/* No mail passes and none is refused unless it is recorded; in observe mode that is counted. */
static void record(struct work *work)
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
        registrar_for(work, is_needed ? INT64_MAX : TEMPFAIL_RECORD_MSECS);
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
           vt_text_clean(text, sizeof(text), vt_bytes_str(err.text)));
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
    struct work work = {.gateway = gateway,
                        .session = session,
                        .transaction = transaction,
                        .ctx = ctx,
                        .out = out,
                        .begun_msecs = begun,
                        .deadline_msecs = begun + budget,
                        .last_progress_msecs = begun,
                        .last_kick_msecs = begun,
                        .now_utc_secs = vt_clock_now_utc_secs(),
                        .objects_fd = -1};
    complete_facts(&work);
    enum vt_code code = gather_evidence(&work);
    if (code == VT_OK)
        code = decide(&work);
    prepare_answer(&work, code);
    out->total_msecs = vt_clock_monotonic_msecs() - begun;
    record(&work);
    vt_outcome_log(transaction, out);
}
