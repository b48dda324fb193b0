/* SPDX-License-Identifier: Apache-2.0
 * Writing the record, twice: the line in the log, and for good in the register. What comes from
 * mail is already UTF-8 without control characters. */
#include "gateway/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/log.h"

static const char *unless_empty(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static json_t *answer_of(const struct vt_answer *answer)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < answer->lines_count; i++)
        (void)json_array_append_new(lines, json_string(answer->lines[i]));
    return json_pack("{s:s, s:s*, s:s*, s:s*, s:o}", "kind", vt_answer_kind_name(answer->kind),
                     "code", unless_empty(answer->code), "enhanced", unless_empty(answer->enhanced),
                     "hold_reason", unless_empty(answer->hold_reason), "lines", lines);
}

static json_t *fault_of(const struct vt_err *fault)
{
    char text[VT_ERR_TEXT_BYTES];
    if (fault->code == VT_OK)
        return NULL;
    return json_pack("{s:s, s:s}", "code", vt_code_name(fault->code), "text",
                     vt_text_clean(text, sizeof(text), vt_bytes_str(fault->text)));
}

/* JSON text made elsewhere, which is freed. */
static json_t *parsed(enum vt_code made, char *text, size_t len)
{
    json_t *value = made == VT_OK ? json_loadb(text, len, 0, NULL) : NULL;
    free(text);
    return value;
}

static json_t *decision_of(const struct vt_judgement *judgement)
{
    char *text = NULL;
    size_t len = 0;
    if (judgement->decision == NULL)
        return NULL;
    enum vt_code code = vt_decision_to_json(judgement->decision, &text, &len, NULL);
    return parsed(code, text, len);
}

/* The evidence; the mail alone when there is none. */
static json_t *evidence_of(const struct vt_transaction *transaction,
                           const struct vt_judgement *judgement)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = judgement->evidence != NULL
                            ? vt_evidence_to_json(judgement->evidence, 0, &text, &len, NULL)
                            : vt_mail_to_json(&transaction->mail, &text, &len, NULL);
    return parsed(code, text, len);
}

bool vt_record_is_secret(const struct vt_transaction *transaction,
                         const struct vt_judgement *judgement)
{
    return transaction->is_marked_secret ||
           (judgement->evidence != NULL && (vt_evidence_all_reasons(judgement->evidence) &
                                            VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0);
}

static char *make_secret_line(int64_t now_utc_secs)
{
    char time[VT_TIME_TEXT_BYTES];
    json_t *record = json_pack("{s:i, s:s, s:s, s:b}", "v", 1, "record", "mail", "time",
                               vt_time_rfc3339(time, now_utc_secs), "secret", 1);
    char *line = record != NULL ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    return line;
}

/* The line, malloc'd; NULL when memory is out or the evidence is too large. */
static char *make_line(const struct vt_transaction *transaction,
                       const struct vt_judgement *judgement, int64_t now_utc_secs)
{
    char time[VT_TIME_TEXT_BYTES];
    json_t *decision = decision_of(judgement);
    json_t *record = json_pack(
        "{s:i, s:s, s:s, s:s?, s:s?, s:s, s:o, s:{s:I, s:I, s:I, s:I}, s:I, s:o*, s:o*, s:o*, s:o}",
        "v", 1, "record", "mail", "time", vt_time_rfc3339(time, now_utc_secs), "reference",
        transaction->mail.reference, "queue_id", transaction->mail.queue_id, "mode",
        vt_mode_name(transaction->gateway->config->mode), "answer", answer_of(&judgement->answer),
        "msecs", "queue", (json_int_t)judgement->queue_msecs, "inspection",
        (json_int_t)judgement->inspection_msecs, "status", (json_int_t)judgement->status_msecs,
        "total", (json_int_t)judgement->total_msecs, "passes", (json_int_t)judgement->passes,
        "fault", fault_of(&judgement->fault), "failure", fault_of(&judgement->failure), "decision",
        decision, judgement->evidence != NULL ? "evidence" : "mail",
        evidence_of(transaction, judgement));
    bool is_whole = record != NULL && (decision != NULL || judgement->decision == NULL);
    char *line = is_whole ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    return line;
}

void vt_record_write(const struct vt_transaction *transaction, const struct vt_judgement *judgement,
                     int64_t now_utc_secs)
{
    char *line = vt_record_is_secret(transaction, judgement)
                     ? make_secret_line(now_utc_secs)
                     : make_line(transaction, judgement, now_utc_secs);
    if (line != NULL)
        vt_log_record(transaction->mail.reference, line, strlen(line));
    else
        vt_log(VT_LOG_ERROR, "no record could be written: reference=%s",
               transaction->mail.reference);
    free(line);
}

/* ---- the register ---- */

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

enum vt_code vt_record_commit(const struct vt_transaction *transaction,
                              const struct vt_judgement *judgement,
                              const struct vt_registrar *registrar, int64_t now_utc_secs,
                              struct vt_err *err)
{
    const char *lines[VT_ANSWER_LINES];
    size_t not_seen_count = judgement->not_seen_count;
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
        .fault = &judgement->fault,
        .failure = &judgement->failure,
        .first_seen = judgement->not_seen,
        .first_seen_count = not_seen_count < VT_MAX_FIRST_SEEN ? not_seen_count : VT_MAX_FIRST_SEEN,
        .defer_key_sha256 = judgement->defer_key,
        .is_secret = vt_record_is_secret(transaction, judgement)};
    const struct vt_register_record record = {.kind = VT_REGISTER_DECIDED,
                                              .reference = transaction->mail.reference,
                                              .time_utc_secs = now_utc_secs,
                                              .decided = &decided};
    return transaction->gateway->record(registrar, &record, err);
}
