/* SPDX-License-Identifier: Apache-2.0
 * The sheet an explanation is written on: lines that are broken between words at 80 columns. */
#ifndef VANTHU_COMMAND_EXPLAIN_SHEET_H
#define VANTHU_COMMAND_EXPLAIN_SHEET_H

#include "command/explain.h"
#include "command/print.h"

#define VT_SHEET_COLUMNS 80
#define VT_SHEET_LINE_BYTES 8192

struct vt_sheet {
    const struct vt_explained *x;
    FILE *out;
    /* The line that is being made. */
    char line[VT_SHEET_LINE_BYTES];
    size_t used;
    int hang;         /* columns before its further lines */
    bool has_remarks; /* the first of them has the label */
};

bool vt_sheet_is_vietnamese(const struct vt_sheet *sheet);
/* One of two texts. */
const char *vt_sheet_word(const struct vt_sheet *sheet, const char *vietnamese, const char *english)
    __attribute__((format_arg(2), format_arg(3)));
/* Begin a line: columns before it, and before what does not fit. */
void vt_sheet_begin(struct vt_sheet *sheet, int indent, int hang);
/* A line that begins with a word of the left column, or with that of a fact of a signature. */
void vt_sheet_label(struct vt_sheet *sheet, const char *vietnamese, const char *english);
void vt_sheet_fact(struct vt_sheet *sheet, const char *vietnamese, const char *english);
/* Add to the line; then write it. */
void vt_sheet_text(struct vt_sheet *sheet, const char *format, ...) VT_PRINTF(2, 3);
void vt_sheet_end(struct vt_sheet *sheet);
/* A whole line. */
void vt_sheet_line(struct vt_sheet *sheet, int indent, const char *format, ...) VT_PRINTF(3, 4);
/* A remark; the first one has the label. */
void vt_sheet_remark(struct vt_sheet *sheet, const char *format, ...) VT_PRINTF(2, 3);
/* The name of a document, or what the mail itself is called. */
const char *vt_sheet_document(const struct vt_sheet *sheet, size_t index);

/* "16:31 hôm qua", "today", else the day: by the clock of Vietnam. Returns out. */
const char *vt_sheet_near_time(const struct vt_sheet *sheet, char out[64], int64_t utc_secs);
/* The first one that says something, "-" when neither does. */
const char *vt_sheet_first_of(const char *a, const char *b);

/* The files with their signatures (explain_files.c). */
void vt_sheet_files(struct vt_sheet *sheet);
/* What a rule wants sealed (explain_seal.c). */
void vt_sheet_seal(struct vt_sheet *sheet);
/* Every rule that was tried (explain_rules.c). */
void vt_sheet_rules(struct vt_sheet *sheet);

#endif
