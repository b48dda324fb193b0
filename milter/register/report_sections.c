/* SPDX-License-Identifier: Apache-2.0
 * From what was counted to the sections about mails, documents and signatures. */
#include <string.h>

#include "register/report_rows.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* A section of names and numbers, the largest first. */
static void group_section(struct vt_rows *rows, enum vt_report_section_id id,
                          const struct vt_tally *tally, size_t numbers_count)
{
    size_t count = 0;
    struct vt_tally_entry **entries = vt_rows_sorted(rows, tally, vt_by_number, &count);
    vt_rows_begin(rows, id, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = vt_rows_name(entries[i]);
        vt_rows_add_numbers(rows, &text, 1, entries[i]->numbers, numbers_count);
    }
    vt_rows_add_sum(rows);
}

struct label {
    const char *key, *text;
};

/* A section whose names are words with a label; words without one stand as they are. */
static void labelled_section(struct vt_rows *rows, enum vt_report_section_id id,
                             const struct vt_tally *tally, size_t numbers_count,
                             const struct label *labels, size_t labels_count)
{
    size_t count = 0;
    struct vt_tally_entry **entries = vt_rows_sorted(rows, tally, vt_by_name, &count);
    vt_rows_begin(rows, id, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = {vt_rows_name(entries[i]), vt_rows_name(entries[i])};
        for (size_t l = 0; l < labels_count; l++) {
            if (strcmp(labels[l].key, texts[0]) == 0)
                texts[1] = labels[l].text;
        }
        vt_rows_add_numbers(rows, texts, 2, entries[i]->numbers, numbers_count);
    }
    vt_rows_add_sum(rows);
}

/* ---- the sections ---- */

static void totals_section(struct vt_rows *rows)
{
    const struct vt_report_totals *totals = &rows->report->totals;
    const struct vt_report_counts *counts = &totals->counts;
    const struct {
        const char *key, *vietnamese, *english;
        int64_t number;
    } lines[] = {
        {"mails", "Thư đã kiểm tra", "Mails checked", counts->mails_count},
        {"accepted", "  trong đó: đã nhận", "  of these: accepted", counts->accepted_count},
        {"tagged", "  nhận kèm lưu ý", "  accepted with a remark", counts->tagged_count},
        {"held", "  tạm giữ", "  held", counts->held_count},
        {"refused", "  từ chối", "  refused", counts->refused_count},
        {"overruled", "  từ chối đã hủy", "  refusals overruled", counts->overruled_count},
        {"documents", "Văn bản đã kiểm tra", "Documents checked", counts->documents_count},
        {"valid", "  trong đó: chữ ký số hợp lệ", "  of these: valid", counts->valid_count},
        {"failed", "  chữ ký số không hợp lệ", "  failed", counts->failed_count},
        {"undetermined", "  chưa xác định được", "  undetermined", counts->undetermined_count},
        {"unsigned", "  chưa ký số", "  unsigned", counts->unsigned_count},
        {"signatures", "Chữ ký số đã kiểm tra", "Signatures checked", totals->signatures_count},
        {"passed", "  trong đó: hợp lệ", "  of these: valid", totals->passed_count},
        {"would_refuse", "Thư đã nhận, sẽ bị từ chối nếu áp dụng đầy đủ quy tắc",
         "Delivered, refused if every rule were enforced", totals->would_refuse_count},
        {"clerk_refused", "Văn thư từ chối vì lý do khác", "Refused by a clerk's own reason",
         totals->clerk_refused_count},
        {"deferred", "Lượt đề nghị gửi lại sau (không tính là thư)",
         "Attempts deferred (not among the mails)", totals->deferred_count},
        {"unanswered", "Lượt bị ngắt kết nối trước khi trả lời (không tính là thư)",
         "Attempts cut before the answer (not among the mails)", totals->unanswered_count},
        {"secret", "Thư có dấu hiệu mật (chỉ ghi số lượng)", "Mails marked secret (a number only)",
         totals->secret_count},
        {"destroyed", "Bản ghi của kỳ đã hủy theo thời hạn lưu trữ (không có trong số liệu)",
         "Records of the period destroyed by retention (not counted)", totals->destroyed_count},
        {"issued", "Tổng số văn bản đi" VT_SELF_FILLED,
         "Documents issued (filled in by the office)", VT_REPORT_UNKNOWN},
        {"certificates", "Chứng thư chữ ký số đang sử dụng" VT_SELF_FILLED,
         "Certificates in use (filled in by the office)", VT_REPORT_UNKNOWN},
    };
    vt_rows_begin(rows, VT_SECTION_TOTALS, ELEMENTS(lines));
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const char *texts[] = {lines[i].key, lines[i].vietnamese, lines[i].english};
        vt_rows_add_numbers(rows, texts, 3, &lines[i].number, 1);
    }
}

static void verdict_section(struct vt_rows *rows, const struct vt_counted *counted)
{
    static const struct label labels[] = {{"valid", "Mọi chữ ký số hợp lệ"},
                                          {"failed", "Có chữ ký số không hợp lệ"},
                                          {"undetermined", "Có chữ ký số chưa xác định được"},
                                          {"unsigned", "Không có chữ ký số"}};
    size_t count = 0;
    struct vt_tally_entry **entries = vt_rows_sorted(rows, &counted->verdicts, vt_by_name, &count);
    vt_rows_begin(rows, VT_SECTION_VERDICTS, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = {entries[i]->name, entries[i]->name};
        const int64_t numbers[] = {entries[i]->numbers[VT_MAIL_ALL],
                                   entries[i]->numbers[VT_MAIL_DOCUMENTS]};
        if (texts[0] == NULL || texts[0][0] == '\0') {
            texts[0] = "unchecked";
            texts[1] = "Chưa kiểm tra";
        }
        for (size_t l = 0; l < ELEMENTS(labels); l++) {
            if (strcmp(labels[l].key, texts[0]) == 0)
                texts[1] = labels[l].text;
        }
        vt_rows_add_numbers(rows, texts, 2, numbers, 2);
    }
    vt_rows_add_sum(rows);
}

static void reason_section(struct vt_rows *rows, const struct vt_counted *counted)
{
    size_t count = 0;
    struct vt_tally_entry **entries = vt_rows_sorted(rows, &counted->reasons, vt_by_number, &count);
    vt_rows_begin(rows, VT_SECTION_REASONS, count);
    for (size_t i = 0; i < count; i++) {
        enum vt_reason reason = VT_REASON_COUNT;
        const char *texts[] = {vt_rows_name(entries[i]), ""};
        char *filled = vt_arena_alloc(rows->arena, VT_REASON_TEXT_BYTES);
        rows->is_out_of_memory = rows->is_out_of_memory || filled == NULL;
        if (filled != NULL && vt_reason_by_code(texts[0], &reason) == VT_OK)
            texts[1] = vt_rows_reason(filled, reason);
        vt_rows_add_numbers(rows, texts, 2, entries[i]->numbers, 3);
    }
}

/* Agencies of the table, then the domains of others, then those that are none. */
static int by_agency(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    bool is_other_a = strcmp(a->name, VT_OTHER_SENDERS) == 0;
    bool is_other_b = strcmp(b->name, VT_OTHER_SENDERS) == 0;
    return is_other_a != is_other_b ? (is_other_a ? 1 : -1) : vt_by_name(a, b);
}

static void agency_section(struct vt_rows *rows, const struct vt_counted *counted)
{
    size_t count = 0;
    struct vt_tally_entry **entries = vt_rows_sorted(rows, &counted->agencies, by_agency, &count);
    vt_rows_begin(rows, VT_SECTION_AGENCIES, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[2];
        vt_rows_agency(rows, entries[i], texts);
        vt_rows_add_numbers(rows, texts, 2, entries[i]->numbers, VT_MAIL_NUMBERS);
    }
    vt_rows_add_sum(rows);
}

static void trend_section(struct vt_rows *rows, const struct vt_counted *counted)
{
    const struct vt_period *period = &rows->report->period;
    vt_rows_begin(rows, VT_SECTION_TREND, (size_t)period->months_count + 1);
    for (int i = 0; i < period->months_count; i++) {
        struct vt_period month;
        char days[64];
        char *name =
            vt_arena_printf(rows->arena, "%04d-%02d", period->first_year, period->first_month + i);
        if (name == NULL || vt_period_parse(name, period->is_calendar, &month, NULL) != VT_OK) {
            rows->is_out_of_memory = true;
            return;
        }
        const char *texts[] = {name, vt_arena_str(rows->arena, vt_period_text(&month, days))};
        rows->is_out_of_memory = rows->is_out_of_memory || texts[1] == NULL;
        vt_rows_add_numbers(rows, texts, 2, counted->months[i], VT_MAIL_NUMBERS);
    }
    vt_rows_add_sum(rows);
}

enum vt_code vt_report_sections(struct vt_arena *arena, const struct vt_counted *counted,
                                struct vt_report *out)
{
    static const struct label directions[] = {{"inbound", "Thư đến / inbound"},
                                              {"outbound", "Thư đi / outbound"},
                                              {"internal", "Nội bộ / internal"}};
    static const struct label sets[] = {{"official", "Chuyên dùng công vụ / official"},
                                        {"public", "Công cộng / public"},
                                        {"-", "Chưa xác định / none matched"}};
    static const struct label kinds[] = {{"agency", "Cơ quan, tổ chức / agency"},
                                         {"person", "Cá nhân / person"},
                                         {"device", "Thiết bị, dịch vụ, phần mềm / device"},
                                         {"-", "Chưa xác định / not known"}};
    struct vt_rows rows = {.arena = arena, .input = counted->input, .report = out};
    totals_section(&rows);
    labelled_section(&rows, VT_SECTION_DIRECTIONS, &counted->directions, VT_MAIL_NUMBERS,
                     directions, ELEMENTS(directions));
    verdict_section(&rows, counted);
    reason_section(&rows, counted);
    agency_section(&rows, counted);
    group_section(&rows, VT_SECTION_ORGANIZATIONS, &counted->organizations, VT_SIGNATURE_NUMBERS);
    labelled_section(&rows, VT_SECTION_TRUST_SETS, &counted->trust_sets, VT_SIGNATURE_NUMBERS, sets,
                     ELEMENTS(sets));
    labelled_section(&rows, VT_SECTION_KINDS, &counted->kinds, VT_SIGNATURE_NUMBERS, kinds,
                     ELEMENTS(kinds));
    group_section(&rows, VT_SECTION_ALGORITHMS, &counted->algorithms, VT_SIGNATURE_NUMBERS);
    vt_report_public_section(&rows, counted);
    vt_report_expiring_sections(&rows, counted);
    trend_section(&rows, counted);
    return rows.is_out_of_memory ? VT_E_NOMEM : VT_OK;
}
