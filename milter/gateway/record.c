/* SPDX-License-Identifier: Apache-2.0
 * Writing the record. What comes from mail is already UTF-8 without control characters. */
#include "gateway/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/log.h"

#define MAX_RECORD_BYTES (2 * (size_t)VT_MAX_EVIDENCE_BYTES)

/* A JSON string (RFC 8259 section 7) or null. */
static enum vt_code add_string(struct vt_buf *out, const char *text)
{
    if (text == NULL)
        return vt_buf_addf(out, "null");
    enum vt_code code = vt_buf_addf(out, "\"");
    for (; *text != '\0' && code == VT_OK; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            code = vt_buf_addf(out, "\\%c", c);
        else if (c < 0x20)
            code = vt_buf_addf(out, "\\u%04x", c);
        else
            code = vt_buf_add(out, text, 1);
    }
    return code == VT_OK ? vt_buf_addf(out, "\"") : code;
}

static enum vt_code add_member(struct vt_buf *out, const char *name, const char *text)
{
    enum vt_code code = vt_buf_addf(out, ", \"%s\": ", name);
    return code == VT_OK ? add_string(out, text) : code;
}

static enum vt_code add_answer(struct vt_buf *out, const struct vt_answer *answer)
{
    enum vt_code code =
        vt_buf_addf(out, ", \"answer\": {\"kind\": \"%s\"", vt_answer_kind_name(answer->kind));
    if (code == VT_OK && answer->code[0] != '\0')
        code = add_member(out, "code", answer->code);
    if (code == VT_OK && answer->enhanced[0] != '\0')
        code = add_member(out, "enhanced", answer->enhanced);
    if (code == VT_OK && answer->hold_reason[0] != '\0')
        code = add_member(out, "hold_reason", answer->hold_reason);
    if (code == VT_OK)
        code = vt_buf_addf(out, ", \"lines\": [");
    for (size_t i = 0; i < answer->lines_count && code == VT_OK; i++) {
        code = vt_buf_addf(out, "%s", i > 0 ? ", " : "");
        if (code == VT_OK)
            code = add_string(out, answer->lines[i]);
    }
    return code == VT_OK ? vt_buf_addf(out, "]}") : code;
}

static enum vt_code add_msecs(struct vt_buf *out, const struct vt_judgement *judgement)
{
    return vt_buf_addf(out,
                       ", \"msecs\": {\"queue\": %" PRId64 ", \"inspection\": %" PRId64
                       ", \"status\": %" PRId64 ", \"total\": %" PRId64 "}, \"passes\": %u",
                       judgement->queue_msecs, judgement->inspection_msecs, judgement->status_msecs,
                       judgement->total_msecs, judgement->passes);
}

static enum vt_code add_fault(struct vt_buf *out, const char *name, const struct vt_err *fault)
{
    char text[VT_ERR_TEXT_BYTES];
    if (fault->code == VT_OK)
        return VT_OK;
    enum vt_code code =
        vt_buf_addf(out, ", \"%s\": {\"code\": \"%s\"", name, vt_code_name(fault->code));
    if (code == VT_OK)
        code =
            add_member(out, "text", vt_text_clean(text, sizeof(text), vt_bytes_str(fault->text)));
    return code == VT_OK ? vt_buf_addf(out, "}") : code;
}

/* JSON text made elsewhere, on one line. */
static enum vt_code add_json(struct vt_buf *out, const char *name, enum vt_code made, char *text,
                             size_t len)
{
    enum vt_code code = made;
    if (code == VT_OK)
        code = vt_buf_addf(out, ", \"%s\": ", name);
    if (code == VT_OK)
        code = vt_buf_add(out, text, len);
    free(text);
    return code;
}

static enum vt_code add_results(struct vt_buf *out, const struct vt_transaction *transaction,
                                const struct vt_judgement *judgement)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = VT_OK;
    if (judgement->decision != NULL) {
        code = vt_decision_to_json(judgement->decision, &text, &len, NULL);
        code = add_json(out, "decision", code, text, len);
    }
    if (code != VT_OK)
        return code;
    text = NULL;
    if (judgement->evidence != NULL) {
        code = vt_evidence_to_json(judgement->evidence, 0, &text, &len, NULL);
        return add_json(out, "evidence", code, text, len);
    }
    code = vt_mail_to_json(&transaction->mail, &text, &len, NULL);
    return add_json(out, "mail", code, text, len);
}

enum vt_code vt_record_make(const struct vt_transaction *transaction,
                            const struct vt_judgement *judgement, int64_t now_utc_secs,
                            struct vt_buf *out)
{
    char time[VT_TIME_TEXT_BYTES];
    enum vt_code code = vt_buf_addf(out, "{\"v\": 1, \"record\": \"mail\", \"time\": \"%s\"",
                                    vt_time_rfc3339(time, now_utc_secs));
    if (code == VT_OK)
        code = add_member(out, "reference", transaction->mail.reference);
    if (code == VT_OK)
        code = add_member(out, "queue_id", transaction->mail.queue_id);
    if (code == VT_OK)
        code = add_member(out, "mode", vt_mode_name(transaction->gateway->config->mode));
    if (code == VT_OK)
        code = add_answer(out, &judgement->answer);
    if (code == VT_OK)
        code = add_msecs(out, judgement);
    if (code == VT_OK)
        code = add_fault(out, "fault", &judgement->fault);
    if (code == VT_OK)
        code = add_fault(out, "failure", &judgement->failure);
    if (code == VT_OK)
        code = add_results(out, transaction, judgement);
    return code == VT_OK ? vt_buf_addf(out, "}") : code;
}

void vt_record_write(const struct vt_transaction *transaction, const struct vt_judgement *judgement,
                     int64_t now_utc_secs)
{
    struct vt_buf line;
    vt_buf_init(&line, MAX_RECORD_BYTES);
    enum vt_code code = vt_record_make(transaction, judgement, now_utc_secs, &line);
    if (code == VT_OK)
        vt_log_record((const char *)line.ptr, line.len);
    else
        vt_log(VT_LOG_ERROR, "no record could be written: reference=%s code=%s",
               transaction->mail.reference, vt_code_name(code));
    vt_buf_clear(&line);
}
