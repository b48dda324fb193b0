/* SPDX-License-Identifier: Apache-2.0
 * Records of the register in one line each, and what text for a person is made of. */
#include <inttypes.h>
#include <string.h>

#include "command/register.h"
#include "vanthu/clock.h"

#define TIME_COLUMNS 18
#define REFERENCE_COLUMNS 16
#define RESULT_COLUMNS 16
#define REASON_COLUMNS 20

/* Length of a character that is taken out, 0: it stays. UTF-8 of U+061C, U+200B to U+200F, U+2028
 * to U+202E, U+2060 to U+206F, U+FEFF and U+0080 to U+009F. */
static size_t unwanted(const unsigned char *c, size_t len)
{
    if (*c == '\n')
        return 0;
    if (*c < 0x20 || *c == 0x7F)
        return 1;
    if (len >= 2 && ((c[0] == 0xC2 && c[1] < 0xA0) || (c[0] == 0xD8 && c[1] == 0x9C)))
        return 2;
    if (len >= 3 && c[0] == 0xE2 && c[1] == 0x80 &&
        ((c[2] >= 0x8B && c[2] <= 0x8F) || (c[2] >= 0xA8 && c[2] <= 0xAE)))
        return 3;
    if (len >= 3 && c[0] == 0xE2 && c[1] == 0x81 && c[2] >= 0xA0 && c[2] <= 0xAF)
        return 3;
    return len >= 3 && c[0] == 0xEF && c[1] == 0xBB && c[2] == 0xBF ? 3 : 0;
}

bool vt_register_is_clean(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t i = 0;
    while (i < len && unwanted(bytes + i, len - i) == 0)
        i++;
    return i == len;
}

void vt_register_put_clean(FILE *out, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0, skip = 0; i<len; i += skip> 0 ? skip : 1) {
        skip = unwanted(bytes + i, len - i);
        (void)fputc(skip > 0 ? '?' : bytes[i], out);
    }
}

const char *vt_register_text_time(enum vt_language language, char out[40], int64_t utc_secs)
{
    enum { VIETNAM_OFFSET_SECS = 7 * 3600 };
    char text[VT_TIME_TEXT_BYTES] = "-";
    if (utc_secs > INT64_MIN / 2 && utc_secs < INT64_MAX / 2)
        (void)vt_time_rfc3339(text, utc_secs + VIETNAM_OFFSET_SECS);
    if (strlen(text) < strlen("2026-12-03T10:02:00Z"))
        (void)snprintf(out, 40, "%s", "-");
    else if (language == VT_LANGUAGE_VIETNAMESE)
        (void)snprintf(out, 40, "%.5s %.2s/%.2s/%.4s", text + 11, text + 8, text + 5, text);
    else
        (void)snprintf(out, 40, "%.10s %.5s", text, text + 11);
    return out;
}

/* Columns a text takes on a terminal: continuation bytes take none. */
static int columns(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

void vt_register_text_cell(FILE *out, const char *text, int width)
{
    int pad = width - columns(text);
    fprintf(out, "%s%*s", text, pad > 1 ? pad : 1, "");
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
    vt_register_text_cell(t->out, vt_register_text_time(t->language, at, utc_secs), TIME_COLUMNS);
    vt_register_text_cell(t->out, reference != NULL && *reference != '\0' ? reference : "-",
                          REFERENCE_COLUMNS);
    vt_register_text_cell(t->out, result, RESULT_COLUMNS);
}

static const char *reason_code(enum vt_reason reason)
{
    return reason < VT_REASON_COUNT ? vt_reason_info(reason)->code : "-";
}

/* The file that decided, else the first that bears a signature, else the first attachment. */
static const char *file_of(const struct vt_register_decided *decided)
{
    const struct vt_evidence *evidence = decided->evidence;
    const struct vt_document *found = NULL;
    size_t count = evidence != NULL ? evidence->documents_count : 0;
    if (decided->decision != NULL && decided->decision->document < count)
        found = &evidence->documents[decided->decision->document];
    for (size_t i = 0; i < count && found == NULL; i++) {
        if (evidence->documents[i].signatures_count > 0)
            found = &evidence->documents[i];
    }
    for (size_t i = 0; i < count && found == NULL; i++) {
        if (evidence->documents[i].attachment)
            found = &evidence->documents[i];
    }
    return found != NULL ? found->name : NULL;
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
               vt_register_text_result(t->language, decided));
    vt_register_text_cell(t->out, reason_code(reason), REASON_COLUMNS);
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
    vt_register_text_cell(t->out, what != NULL ? what : "-", REASON_COLUMNS);
    fprintf(t->out, "%s%s%s%s\n", text != NULL ? text : "", by != NULL ? " (" : "",
            by != NULL ? by : "", by != NULL ? ")" : "");
}

static void other_line(const struct vt_register_text *t, const struct vt_register_record *record)
{
    static const char *const kinds[VT_REGISTER_KINDS][2] = {
        [VT_REGISTER_OVERRULED] = {"HỦY KẾT QUẢ", "OVERRULED"},
        [VT_REGISTER_REFUSED] = {"VĂN THƯ TRẢ LẠI", "RETURNED"},
        [VT_REGISTER_DESTROYED] = {"hủy nội dung", "destroyed"},
        [VT_REGISTER_EVENT] = {"sự kiện", "event"}};
    begin_line(t, record->time_utc_secs, record->reference, kinds[record->kind][t->language]);
    if (record->kind == VT_REGISTER_OVERRULED)
        end_line(t, reason_code(record->overruled->reason), record->overruled->reason_text,
                 record->overruled->by);
    else if (record->kind == VT_REGISTER_REFUSED)
        end_line(t, reason_code(record->refused->reason), record->refused->text,
                 record->refused->by);
    else if (record->kind == VT_REGISTER_EVENT)
        end_line(t, record->event->what, record->event->text, record->event->by);
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
