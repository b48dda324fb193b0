/* SPDX-License-Identifier: Apache-2.0
 * Sections about certificates: offices that still sign with public ones (legal.md R-11), and those
 * that expire, with the procedure that applies. The forms are those of the provinces' regulations,
 * renewal and change by Form 04, revocation by Form 05; the article is cited only where the site
 * says which regulation it is under. */
#include <string.h>

#include "register/report_rows.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_SECS INT64_C(86400)
#define WITHIN_DAYS 30
#define WITHIN_STEPS (VT_EXPIRY_DAYS / WITHIN_DAYS)

/* ---- public certificates ---- */

void vt_report_public_section(struct vt_rows *rows, const struct vt_counted *counted)
{
    size_t count = 0;
    struct vt_tally_entry **entries = vt_rows_sorted(rows, &counted->publics, vt_by_number, &count);
    vt_rows_begin(rows, VT_SECTION_PUBLIC, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[4];
        const int64_t numbers[] = {entries[i]->numbers[VT_PUBLIC_MAILS],
                                   entries[i]->numbers[VT_PUBLIC_SIGNATURES],
                                   entries[i]->numbers[VT_PUBLIC_LAST]};
        bool is_of_table = vt_rows_name(entries[i])[0] == VT_AGENCY_SIGN;
        vt_rows_agency(rows, entries[i], texts);
        texts[2] = is_of_table ? "danh mục / table" : "tên miền / domain";
        texts[3] = entries[i]->texts[0];
        vt_rows_add_numbers(rows, texts, ELEMENTS(texts), numbers, ELEMENTS(numbers));
    }
    vt_rows_add_sum(rows);
}

/* ---- certificates that expire ---- */

static int by_expiry(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    if (a->numbers[VT_CERTIFICATE_NOT_AFTER] != b->numbers[VT_CERTIFICATE_NOT_AFTER])
        return a->numbers[VT_CERTIFICATE_NOT_AFTER] < b->numbers[VT_CERTIFICATE_NOT_AFTER] ? -1 : 1;
    return vt_by_name(a, b);
}

static int64_t secs_left(const struct vt_rows *rows, const struct vt_tally_entry *entry)
{
    return entry->numbers[VT_CERTIFICATE_NOT_AFTER] - rows->input->now_utc_secs;
}

/* 0: within 30 days, 1: within 60, 2: within 90. */
static size_t step_of(const struct vt_rows *rows, const struct vt_tally_entry *entry)
{
    int64_t step = secs_left(rows, entry) / (WITHIN_DAYS * DAY_SECS);
    return step < 0 ? 0 : step < WITHIN_STEPS ? (size_t)step : WITHIN_STEPS - 1;
}

static bool is_public(const struct vt_tally_entry *entry)
{
    const char *set = entry->texts[VT_CERTIFICATE_SET];
    return set != NULL && strcmp(set, "public") == 0;
}

static const char *procedure_of(const struct vt_tally_entry *entry)
{
    return is_public(entry) ? "Làm việc với tổ chức cấp chứng thư công cộng"
                            : "Mẫu số 04, gửi Sở Khoa học và Công nghệ";
}

/* ", theo Điều 10 Quy chế …", as far as the site says. */
static const char *citation(struct vt_rows *rows)
{
    const char *regulation = rows->input->regulation;
    if (regulation == NULL)
        return "";
    const char *text =
        vt_arena_printf(rows->arena, ", theo %s%s",
                        rows->input->profile == VT_PROFILE_NINH_BINH ? "Điều 10 " : "", regulation);
    rows->is_out_of_memory = rows->is_out_of_memory || text == NULL;
    return text != NULL ? text : "";
}

static void put_procedure(struct vt_rows *rows)
{
    char *note = vt_arena_printf(
        rows->arena,
        "Chỉ gồm chứng thư đã gặp trong kỳ. Chứng thư chữ ký số chuyên dùng công vụ: gia hạn hoặc "
        "thay đổi nội dung theo Mẫu số 04, gửi Sở Khoa học và Công nghệ; thu hồi theo Mẫu số 05, "
        "gửi tổ chức cung cấp dịch vụ chứng thực chữ ký số%s.",
        citation(rows));
    rows->is_out_of_memory = rows->is_out_of_memory || note == NULL;
    rows->section->vietnamese_note = note;
    rows->section->english_note =
        "Certificates met in the period only. Official-use ones: renewal or change by Form 04 to "
        "the Department of Science and Technology; revocation by Form 05 to the certification "
        "authority.";
}

static void expiring_section(struct vt_rows *rows, struct vt_tally_entry *const *entries,
                             size_t count)
{
    static const char *const within[WITHIN_STEPS] = {"30", "60", "90"};
    vt_rows_begin(rows, VT_SECTION_EXPIRING, count);
    put_procedure(rows);
    for (size_t i = 0; i < count; i++) {
        const struct vt_tally_entry *entry = entries[i];
        const char *agency = entry->texts[VT_CERTIFICATE_AGENCY];
        struct vt_report_row *row = entry->name != NULL ? vt_rows_add(rows) : NULL;
        if (row == NULL)
            continue;
        row->cells[0].text = agency != NULL ? vt_rows_agency_name(rows->input, agency) : NULL;
        row->cells[1].text = entry->texts[VT_CERTIFICATE_NAME];
        row->cells[2].text = entry->texts[VT_CERTIFICATE_ORGANIZATION];
        row->cells[3].text = entry->texts[VT_CERTIFICATE_ISSUER];
        row->cells[4].text = entry->texts[VT_CERTIFICATE_SET];
        row->cells[5].text = is_public(entry) ? "Công cộng" : "Chuyên dùng công vụ";
        row->cells[6].number = entry->numbers[VT_CERTIFICATE_NOT_AFTER];
        row->cells[7].number = secs_left(rows, entry) / DAY_SECS;
        row->cells[8].text = within[step_of(rows, entry)];
        row->cells[9].text = procedure_of(entry);
        row->cells[10].number = entry->numbers[VT_CERTIFICATE_USES];
        row->cells[11].number = entry->numbers[VT_CERTIFICATE_LAST];
        row->cells[12].text = entry->name;
    }
}

/* By the agency of the table, else by what the certificate says. */
static const char *holder_of(struct vt_rows *rows, const struct vt_tally_entry *entry)
{
    const char *agency = entry->texts[VT_CERTIFICATE_AGENCY];
    const char *organization = entry->texts[VT_CERTIFICATE_ORGANIZATION];
    if (agency == NULL)
        return organization != NULL ? organization : "-";
    const char *name = vt_arena_printf(rows->arena, "%c%s", VT_AGENCY_SIGN, agency);
    rows->is_out_of_memory = rows->is_out_of_memory || name == NULL;
    return name != NULL ? name : "-";
}

static void counts_section(struct vt_rows *rows, struct vt_tally_entry *const *certificates,
                           size_t certificates_count)
{
    struct vt_tally holders;
    size_t count = 0;
    if (vt_tally_init(&holders, rows->arena, VT_MAX_REPORT_ROWS - 2) != VT_OK) {
        rows->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < certificates_count; i++) {
        struct vt_tally_entry *entry = vt_tally_get(&holders, holder_of(rows, certificates[i]));
        rows->is_out_of_memory = rows->is_out_of_memory || entry == NULL;
        if (entry == NULL || certificates[i]->name == NULL)
            continue;
        entry->numbers[step_of(rows, certificates[i])]++;
        entry->numbers[WITHIN_STEPS]++;
    }
    struct vt_tally_entry **entries = vt_rows_sorted(rows, &holders, vt_by_name, &count);
    vt_rows_begin(rows, VT_SECTION_EXPIRING_COUNTS, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *texts[2];
        vt_rows_agency(rows, entries[i], texts);
        vt_rows_add_numbers(rows, texts, 2, entries[i]->numbers, WITHIN_STEPS + 1);
    }
    vt_rows_add_sum(rows);
}

void vt_report_expiring_sections(struct vt_rows *rows, const struct vt_counted *counted)
{
    size_t count = 0;
    struct vt_tally_entry **entries =
        vt_rows_sorted(rows, &counted->certificates, by_expiry, &count);
    counts_section(rows, entries, count);
    expiring_section(rows, entries, count);
}
