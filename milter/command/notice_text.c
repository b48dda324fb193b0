/* SPDX-License-Identifier: Apache-2.0
 * Notices that are owed, for a person and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "command/notice.h"
#include "command/register.h"
#include "vanthu/clock.h"

#define ID_COLUMNS 10
#define STATE_COLUMNS 16
#define TIME_COLUMNS 18
#define KIND_COLUMNS 12
#define LABEL_COLUMNS 20
#define REFERENCE_COLUMNS 16

const char *vt_notice_state_word(enum vt_language language, enum vt_queued_state state)
{
    static const char *const words[VT_QUEUED_STATES][2] = {
        [VT_QUEUED_WAITING] = {"đang gom", "waiting"},
        [VT_QUEUED_READY] = {"chờ gửi", "ready"},
        [VT_QUEUED_SENDING] = {"đang gửi", "sending"},
        [VT_QUEUED_SENT] = {"đã gửi", "sent"},
        [VT_QUEUED_FAILED] = {"không gửi được", "failed"},
        [VT_QUEUED_EXPIRED] = {"quá hạn", "expired"},
        [VT_QUEUED_DROPPED] = {"đã bỏ", "dropped"},
        [VT_QUEUED_LIMITED] = {"vượt giới hạn", "limited"},
        [VT_QUEUED_JOINED] = {"đã gộp", "joined"},
        [VT_QUEUED_UNANSWERED] = {"không phát sinh", "unanswered"},
    };
    return state < VT_QUEUED_STATES ? words[state][language] : "?";
}

static bool is_open(const struct vt_queued *owed)
{
    return (VT_QUEUED_OPEN & VT_QUEUED_STATE_BIT(owed->state)) != 0;
}

/* ---- one line ---- */

void vt_notice_print_line(FILE *out, enum vt_language language, const struct vt_queued *owed)
{
    char id[24], at[40];
    bool is_vietnamese = language == VT_LANGUAGE_VIETNAMESE;
    (void)snprintf(id, sizeof(id), "%" PRId64, owed->id);
    vt_print_cell(out, id, ID_COLUMNS);
    vt_print_cell(out, vt_notice_state_word(language, owed->state), STATE_COLUMNS);
    vt_print_cell(out, vt_print_minute(language, at, owed->created_utc_secs), TIME_COLUMNS);
    vt_print_cell(out, owed->kind, KIND_COLUMNS);
    vt_print_cell(out, owed->reference[0] != '\0' ? owed->reference : "-", REFERENCE_COLUMNS);
    fputs(owed->recipient, out);
    if (owed->state == VT_QUEUED_JOINED && owed->joined_id != 0)
        fprintf(out, "  %s %" PRId64, is_vietnamese ? "vào" : "to", owed->joined_id);
    if (owed->state == VT_QUEUED_READY && owed->attempts_count > 0)
        fprintf(out, is_vietnamese ? "  đã thử %u lần, thử lại %s" : "  tried %u times, again %s",
                owed->attempts_count, vt_print_minute(language, at, owed->next_utc_secs));
    if (owed->text != NULL && owed->state != VT_QUEUED_SENT)
        fprintf(out, ": %s%s%s", owed->code != NULL ? owed->code : "",
                owed->code != NULL ? " " : "", owed->text);
    fputc('\n', out);
}

/* ---- all of it ---- */

struct row {
    FILE *out;
    enum vt_language language;
};

static void line(const struct row *row, const char *vietnamese, const char *english,
                 const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    fputs("  ", row->out);
    vt_print_cell(row->out, row->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english,
                  LABEL_COLUMNS);
    fprintf(row->out, "%s\n", value);
}

static void moment(const struct row *row, const char *vietnamese, const char *english,
                   int64_t utc_secs)
{
    char at[40];
    if (utc_secs != VT_TIME_NONE)
        line(row, vietnamese, english, vt_print_minute(row->language, at, utc_secs));
}

void vt_notice_print_row(FILE *out, enum vt_language language, const struct vt_queued *owed)
{
    const struct row row = {out, language};
    char text[64];
    fprintf(out, "%s %" PRId64 "\n", language == VT_LANGUAGE_VIETNAMESE ? "Thông báo" : "Notice",
            owed->id);
    line(&row, "Trạng thái", "State", vt_notice_state_word(language, owed->state));
    line(&row, "Loại", "Kind", owed->kind);
    line(&row, "Gửi đến", "To", owed->recipient);
    line(&row, "Mã tra cứu", "Reference", owed->reference);
    (void)snprintf(text, sizeof(text), "%" PRId64, owed->seq);
    line(&row, "Bản ghi", "Record", text);
    (void)snprintf(text, sizeof(text), "%" PRId64, owed->joined_id);
    line(&row, "Gộp vào", "Joined to", owed->joined_id != 0 ? text : NULL);
    moment(&row, "Phát sinh lúc", "Owed since", owed->created_utc_secs);
    if (is_open(owed))
        moment(&row, "Việc tiếp theo", "Next step", owed->next_utc_secs);
    moment(&row, "Lần thử gần nhất", "Last attempt", owed->last_utc_secs);
    (void)snprintf(text, sizeof(text), "%u", owed->attempts_count);
    line(&row, "Số lần thử", "Attempts", owed->attempts_count > 0 ? text : NULL);
    moment(&row, "Kết thúc lúc", "Ended", owed->done_utc_secs);
    line(&row, "Mã trả lời", "Answer", owed->code);
    if (owed->state == VT_QUEUED_DROPPED)
        line(&row, "Lý do bỏ", "Dropped because", owed->text);
    else
        line(&row, "Nội dung trả lời", "Text", owed->text);
    line(&row, "Message-ID", "Message-ID", owed->message_id);
}

/* ---- JSON ---- */

static json_t *time_json(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    return utc_secs == VT_TIME_NONE ? json_null() : json_string(vt_time_rfc3339(text, utc_secs));
}

json_t *vt_notice_row_json(const struct vt_queued *owed)
{
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s?, s:I, s:o, s:o, s:o, s:o, s:o, s:i, s:s?, s:s?, s:s?, s:b}",
        "id", (json_int_t)owed->id, "state", vt_queued_state_name(owed->state), "kind", owed->kind,
        "to", owed->recipient, "reference", owed->reference[0] != '\0' ? owed->reference : NULL,
        "record", (json_int_t)owed->seq, "joined",
        owed->joined_id != 0 ? json_integer((json_int_t)owed->joined_id) : json_null(), "since",
        time_json(owed->created_utc_secs), "next",
        time_json(is_open(owed) ? owed->next_utc_secs : VT_TIME_NONE), "last_attempt",
        time_json(owed->last_utc_secs), "ended", time_json(owed->done_utc_secs), "attempts",
        (int)owed->attempts_count, "code", owed->code, "text", owed->text, "message_id",
        owed->message_id, "has_message", (int)owed->has_message);
}
