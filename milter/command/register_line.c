/* SPDX-License-Identifier: Apache-2.0
 * Records of the register in one line each, and what text for a person is made of. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/register.h"
#include "vanthu/clock.h"

#define TIME_COLUMNS 18
#define REFERENCE_COLUMNS 16
#define RESULT_COLUMNS 16
#define REASON_COLUMNS 20
/* What vt_text_clean wants beyond a text, not to cut it. */
#define CUT_BYTES 4

bool vt_register_put_clean(FILE *out, const char *text, size_t len)
{
    char *clean = malloc(len + CUT_BYTES);
    bool is_put = clean != NULL;
    for (size_t begin = 0; is_put && begin < len;) {
        const char *end = memchr(text + begin, '\n', len - begin);
        size_t line_len = end != NULL ? (size_t)(end - text) - begin : len - begin;
        const struct vt_bytes line = vt_bytes_of(text + begin, line_len);
        is_put = fprintf(out, "%s%s", vt_text_clean(clean, line_len + CUT_BYTES, line),
                         end != NULL ? "\n" : "") >= 0;
        begin += line_len + 1;
    }
    free(clean);
    return is_put;
}

bool vt_register_is_clean(const char *text)
{
    size_t len = strlen(text);
    char *clean = malloc(len + CUT_BYTES);
    bool is_clean =
        clean != NULL &&
        strcmp(vt_text_clean(clean, len + CUT_BYTES, vt_bytes_of(text, len)), text) == 0;
    free(clean);
    return is_clean;
}

/* ---- what happened, in a word ---- */

const char *vt_register_text_outcome(enum vt_language language, enum vt_register_outcome outcome,
                                     bool is_tagged)
{
    static const char *const all[VT_OUTCOMES][2] = {
        [VT_OUTCOME_TEMPFAIL] = {"HẸN GỬI LẠI", "DEFERRED"},
        [VT_OUTCOME_REJECT] = {"TỪ CHỐI", "REFUSED"},
        [VT_OUTCOME_HOLD] = {"TẠM GIỮ", "HELD"},
        [VT_OUTCOME_ACCEPT] = {"đã chuyển", "delivered"}};
    static const char *const tagged[2] = {"KÈM LƯU Ý", "TAGGED"};
    if (outcome == VT_OUTCOME_ACCEPT && is_tagged)
        return tagged[language];
    return all[outcome < VT_OUTCOMES ? outcome : VT_OUTCOME_TEMPFAIL][language];
}

const char *vt_register_text_result(enum vt_language language,
                                    const struct vt_register_decided *decided)
{
    bool is_tagged = decided->decision != NULL && decided->decision->action == VT_ACTION_TAG;
    return vt_register_text_outcome(language, decided->answer.outcome, is_tagged);
}

/* In a list: of a mail that went on untouched, what would have become of it. */
static const char *result_or_would_be(enum vt_language language,
                                      const struct vt_register_decided *decided)
{
    static const char *const would[][2] = {[VT_ACTION_TAG] = {"sẽ kèm lưu ý", "would tag"},
                                           [VT_ACTION_DEFER] = {"sẽ hẹn gửi lại", "would defer"},
                                           [VT_ACTION_HOLD] = {"sẽ tạm giữ", "would hold"},
                                           [VT_ACTION_REJECT] = {"sẽ từ chối", "would refuse"}};
    const struct vt_decision *decision = decided->decision;
    if (decision == NULL || decided->answer.outcome != VT_OUTCOME_ACCEPT ||
        decision->action > VT_ACTION_NOTE || decision->would_be < VT_ACTION_TAG)
        return vt_register_text_result(language, decided);
    return would[decision->would_be][language];
}

const struct vt_mail *vt_register_text_mail(const struct vt_register_decided *decided)
{
    return decided->evidence != NULL ? &decided->evidence->mail : decided->mail;
}

/* ---- lines ---- */

static const char *pick(const struct vt_register_text *t, const char *vietnamese,
                        const char *english)
{
    return t->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

static void begin_line(const struct vt_register_text *t, int64_t utc_secs, const char *reference,
                       const char *result)
{
    char at[40];
    vt_print_cell(t->out, vt_print_minute(t->language, at, utc_secs), TIME_COLUMNS);
    vt_print_cell(t->out, reference != NULL && *reference != '\0' ? reference : "-",
                  REFERENCE_COLUMNS);
    vt_print_cell(t->out, result, RESULT_COLUMNS);
}

static const char *reason_code(enum vt_reason reason)
{
    return reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : "-";
}

/* The file that decided, else the first that bears a signature, else the first attachment. */
static const char *file_of(const struct vt_register_decided *decided)
{
    const struct vt_evidence *evidence = decided->evidence;
    if (evidence == NULL)
        return NULL;
    if (decided->decision != NULL && decided->decision->document < evidence->documents_count)
        return evidence->documents[decided->decision->document].name;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (evidence->documents[i].signatures_count > 0)
            return evidence->documents[i].name;
    }
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (evidence->documents[i].attachment)
            return evidence->documents[i].name;
    }
    return NULL;
}

static void mail_line(const struct vt_register_text *t, const struct vt_register_record *record)
{
    const struct vt_register_decided *decided = record->decided;
    if (decided->is_secret) {
        begin_line(t, record->time_utc_secs, record->reference,
                   pick(t, "dấu chỉ độ mật", "marked secret"));
        fputs("-\n", t->out);
        return;
    }
    const struct vt_mail *mail = vt_register_text_mail(decided);
    const char *sender = mail != NULL ? mail->sender : NULL, *file = file_of(decided);
    enum vt_reason reason = decided->decision != NULL ? decided->decision->reason : VT_REASON_COUNT;
    begin_line(t, record->time_utc_secs, record->reference,
               result_or_would_be(t->language, decided));
    vt_print_cell(t->out, reason_code(reason), REASON_COLUMNS);
    fprintf(t->out, "%s", sender != NULL && *sender != '\0' ? sender : "<>");
    if (mail != NULL && mail->recipients_count > 0)
        fprintf(t->out, " -> %s", mail->recipients[0]);
    if (mail != NULL && mail->recipients_count > 1)
        fprintf(t->out, " (+%zu)", mail->recipients_count - 1);
    fprintf(t->out, "%s%s\n", file != NULL ? "  " : "", file != NULL ? file : "");
}

static void end_line(const struct vt_register_text *t, const char *what, const char *text,
                     const char *by)
{
    vt_print_cell(t->out, what != NULL ? what : "-", REASON_COLUMNS);
    fprintf(t->out, "%s%s%s%s\n", text != NULL ? text : "", by != NULL ? " (" : "",
            by != NULL ? by : "", by != NULL ? ")" : "");
}

const char *vt_register_text_noticed(enum vt_language language, const char *outcome)
{
    static const struct {
        const char *outcome, *texts[2];
    } words[] = {{"sent", {"đã gửi", "sent"}},
                 {"failed", {"không gửi được", "could not be sent"}},
                 {"expired", {"quá hạn, không gửi được", "expired without being sent"}},
                 {"dropped", {"đã bỏ", "dropped"}},
                 {"limited", {"không gửi do vượt giới hạn", "not sent: over a limit"}}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].outcome, outcome) == 0)
            return words[i].texts[language];
    }
    return outcome;
}

static void other_line(const struct vt_register_text *t, const struct vt_register_record *record)
{
    static const char *const kinds[VT_REGISTER_KINDS][2] = {
        [VT_REGISTER_OVERRULED] = {"HỦY KẾT QUẢ", "OVERRULED"},
        [VT_REGISTER_REFUSED] = {"VĂN THƯ TRẢ LẠI", "RETURNED"},
        [VT_REGISTER_DESTROYED] = {"hủy nội dung", "destroyed"},
        [VT_REGISTER_EVENT] = {"sự kiện", "event"},
        [VT_REGISTER_NOTICE] = {"thông báo", "notice"}};
    begin_line(t, record->time_utc_secs, record->reference, kinds[record->kind][t->language]);
    if (record->kind == VT_REGISTER_OVERRULED)
        end_line(t, reason_code(record->overruled->reason), record->overruled->reason_text,
                 record->overruled->by);
    else if (record->kind == VT_REGISTER_REFUSED)
        end_line(t, reason_code(record->refused->reason), record->refused->text,
                 record->refused->by);
    else if (record->kind == VT_REGISTER_EVENT)
        end_line(t, record->event->what, record->event->text, record->event->by);
    else if (record->kind == VT_REGISTER_NOTICE)
        end_line(t, record->noticed->kind,
                 vt_register_text_noticed(t->language, record->noticed->outcome),
                 record->noticed->recipient);
    else
        end_line(t, record->destroyed->class_name, record->destroyed->why, NULL);
}

void vt_register_text_line(const struct vt_register_text *text,
                           const struct vt_register_record *record)
{
    if (record->kind == VT_REGISTER_DECIDED) {
        mail_line(text, record);
    } else if (record->kind == VT_REGISTER_ANSWERED) {
        begin_line(
            text, record->time_utc_secs, record->reference,
            vt_register_text_outcome(text->language, record->answered->answer.outcome, false));
        fputs("-\n", text->out);
    } else if (record->kind < VT_REGISTER_KINDS) {
        other_line(text, record);
    }
}

void vt_register_text_destroyed_line(const struct vt_register_text *text,
                                     const struct vt_register_entry *entry)
{
    begin_line(text, entry->time_utc_secs, entry->reference, pick(text, "đã hủy", "destroyed"));
    fprintf(text->out, "%s\n",
            pick(text, "nội dung đã được hủy theo thời hạn lưu giữ",
                 "its contents were destroyed, as retention asks"));
}
