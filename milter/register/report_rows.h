/* SPDX-License-Identifier: Apache-2.0
 * How sections get their rows. */
#ifndef VANTHU_REGISTER_REPORT_ROWS_H
#define VANTHU_REGISTER_REPORT_ROWS_H

#include "register/report.h"

/* What mail cannot know says so in its title. */
#define VT_SELF_FILLED " (đơn vị tự điền)"
/* Titles, notes and columns of each section. */
extern const struct vt_report_section vt_report_templates[VT_SECTIONS];

/* A section that is being made. */
struct vt_rows {
    struct vt_arena *arena;
    const struct vt_report_request *input;
    struct vt_report *report;
    struct vt_report_section *section;
    size_t capacity;
    bool is_out_of_memory;
};

/* Begin a section with room for that many rows. */
void vt_rows_begin(struct vt_rows *rows, enum vt_report_section_id id, size_t capacity);
/* NULL when there is no room. */
struct vt_report_row *vt_rows_add(struct vt_rows *rows);
/* A row of texts, then numbers. */
struct vt_report_row *vt_rows_add_numbers(struct vt_rows *rows, const char *const *texts,
                                          size_t texts_count, const int64_t *numbers, size_t count);
/* The sum of all columns of numbers, in a last row. */
void vt_rows_add_sum(struct vt_rows *rows);

typedef int vt_entry_order(const struct vt_tally_entry *a, const struct vt_tally_entry *b);
vt_entry_order vt_by_name, vt_by_number;
/* All entries in an order; without memory none, and is_out_of_memory. */
struct vt_tally_entry **vt_rows_sorted(struct vt_rows *rows, const struct vt_tally *tally,
                                       vt_entry_order *order, size_t *out_count);
/* The name, or what says that an entry is all that had no room. */
const char *vt_rows_name(const struct vt_tally_entry *entry);
/* Key and label of an agency, by the name under which it was counted (VT_AGENCY_SIGN). */
void vt_rows_agency(const struct vt_rows *rows, const struct vt_tally_entry *entry,
                    const char *out_texts[2]);
/* The name of an agency by its id. */
const char *vt_rows_agency_name(const struct vt_report_request *input, const char *id);

/* The Vietnamese text of a reason without what only one mail has; out: VT_REASON_TEXT_BYTES. */
const char *vt_rows_reason(char *out, enum vt_reason reason);

/* Sections about certificates. */
void vt_report_public_section(struct vt_rows *rows, const struct vt_counted *counted);
void vt_report_expiring_sections(struct vt_rows *rows, const struct vt_counted *counted);

#endif
