/* SPDX-License-Identifier: Apache-2.0
 * Rows of sections, their sums and their order. */
#include "register/report_rows.h"

#include <string.h>

void vt_rows_begin(struct vt_rows *rows, enum vt_report_section_id id, size_t capacity)
{
    rows->section = &rows->report->sections[id];
    *rows->section = vt_report_templates[id];
    rows->capacity = capacity;
    rows->section->rows =
        vt_arena_alloc(rows->arena, (capacity + 1) * sizeof(struct vt_report_row));
    rows->is_out_of_memory = rows->is_out_of_memory || rows->section->rows == NULL;
}

struct vt_report_row *vt_rows_add(struct vt_rows *rows)
{
    if (rows->section->rows == NULL || rows->section->rows_count == rows->capacity)
        return NULL;
    return &rows->section->rows[rows->section->rows_count++];
}

struct vt_report_row *vt_rows_add_numbers(struct vt_rows *rows, const char *const *texts,
                                          size_t texts_count, const int64_t *numbers, size_t count)
{
    struct vt_report_row *row = vt_rows_add(rows);
    if (row == NULL)
        return NULL;
    for (size_t i = 0; i < texts_count; i++)
        row->cells[i].text = texts[i];
    for (size_t i = 0; i < count; i++)
        row->cells[texts_count + i].number = numbers[i];
    return row;
}

void vt_rows_add_sum(struct vt_rows *rows)
{
    struct vt_report_section *section = rows->section;
    size_t count = section->rows_count;
    struct vt_report_row *sum = vt_rows_add(rows);
    if (sum == NULL)
        return;
    sum->is_sum = true;
    for (size_t c = 0; c < section->columns_count; c++) {
        if (section->columns[c].kind == VT_CELL_TEXT || section->columns[c].kind == VT_CELL_KEY)
            sum->cells[c].text = c == 0 ? "Tổng cộng" : "";
        for (size_t r = 0; r < count && section->columns[c].kind == VT_CELL_COUNT; r++)
            sum->cells[c].number += section->rows[r].cells[c].number;
    }
}

int vt_by_name(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    return strcmp(a->name, b->name);
}

int vt_by_number(const struct vt_tally_entry *a, const struct vt_tally_entry *b)
{
    if (a->numbers[0] != b->numbers[0])
        return a->numbers[0] > b->numbers[0] ? -1 : 1;
    return vt_by_name(a, b);
}

struct vt_tally_entry **vt_rows_sorted(struct vt_rows *rows, const struct vt_tally *tally,
                                       vt_entry_order *order, size_t *out_count)
{
    struct vt_tally_entry **entries = vt_tally_sorted(tally, order, out_count);
    if (entries == NULL) {
        rows->is_out_of_memory = true;
        *out_count = 0;
    }
    return entries;
}

const char *vt_rows_name(const struct vt_tally_entry *entry)
{
    return entry->name != NULL ? entry->name : "(còn lại / the rest)";
}

const char *vt_rows_agency_name(const struct vt_report_request *input, const char *id)
{
    const struct vt_site_agency *agency =
        input->agency_by_id != NULL ? input->agency_by_id(input->context, id) : NULL;
    return agency != NULL && agency->name != NULL ? agency->name : id;
}

void vt_rows_agency(const struct vt_rows *rows, const struct vt_tally_entry *entry,
                    const char *out_texts[2])
{
    const char *name = vt_rows_name(entry);
    out_texts[0] = out_texts[1] = name;
    if (strcmp(name, VT_OTHER_SENDERS) == 0) {
        out_texts[1] = "(không phải cơ quan nhà nước / not state offices)";
    } else if (name[0] == VT_AGENCY_SIGN) {
        out_texts[0] = name + 1;
        out_texts[1] = vt_rows_agency_name(rows->input, name + 1);
    }
}

const char *vt_rows_reason(char *out, enum vt_reason reason)
{
    static const char unknown[] = ": ….";
    static const struct vt_reason_fields nothing = {0};
    (void)vt_reason_fill(out, VT_REASON_TEXT_BYTES, vt_reason_info(reason)->vietnamese, &nothing);
    size_t len = strlen(out), unknown_len = sizeof(unknown) - 1;
    if (len > unknown_len && strcmp(out + len - unknown_len, unknown) == 0)
        memcpy(out + len - unknown_len, ".", 2);
    return out;
}
