/* SPDX-License-Identifier: Apache-2.0
 * Lines for a terminal of 80 columns. */
#include "command/explain_sheet.h"

#include <string.h>

#define LABEL_COLUMNS 9
#define FACT_COLUMNS 5
#define FACT_WIDTH 14
#define VIETNAM_SECS (7 * 3600)
#define DAY_SECS (24 * 3600)

bool vt_sheet_is_vietnamese(const struct vt_sheet *sheet)
{
    return sheet->x->language == VT_LANGUAGE_VIETNAMESE;
}

const char *vt_sheet_word(const struct vt_sheet *sheet, const char *vietnamese, const char *english)
{
    return vt_sheet_is_vietnamese(sheet) ? vietnamese : english;
}

const char *vt_sheet_document(const struct vt_sheet *sheet, size_t index)
{
    const struct vt_evidence *evidence = sheet->x->evidence;
    if (index >= evidence->documents_count)
        return vt_sheet_word(sheet, "cả thư", "the mail itself");
    const struct vt_document *document = &evidence->documents[index];
    const char *name = document->name != NULL ? document->name : document->path;
    return name != NULL && *name != '\0' ? name : vt_format_name(document->format);
}

/* ---- times and names ---- */

static int64_t day_of(int64_t utc_secs)
{
    int64_t local = utc_secs + VIETNAM_SECS;
    return local / DAY_SECS - (local % DAY_SECS < 0);
}

/* "16:31 hôm qua", "10:02 03/12/2026": by the clock of Vietnam. */
const char *vt_sheet_near_time(const struct vt_sheet *s, char out[64], int64_t utc_secs)
{
    char whole[40];
    int64_t ago = day_of(s->x->now_utc_secs) - day_of(utc_secs);
    vt_print_minute(s->x->language, whole, utc_secs);
    if (utc_secs == VT_TIME_NONE || ago < 0 || ago > 1)
        (void)snprintf(out, 64, "%s", whole);
    else if (vt_sheet_is_vietnamese(s))
        (void)snprintf(out, 64, "%.5s %s", whole, ago == 0 ? "hôm nay" : "hôm qua");
    else
        (void)snprintf(out, 64, "%s %s", whole + strlen("2026-12-03 "),
                       ago == 0 ? "today" : "yesterday");
    return out;
}

const char *vt_sheet_first_of(const char *a, const char *b)
{
    return a != NULL && *a != '\0' ? a : b != NULL && *b != '\0' ? b : "-";
}

/* ---- one line ---- */

static void VT_PRINTF(2, 0) add(struct vt_sheet *sheet, const char *format, va_list args)
{
    int len = vsnprintf(sheet->line + sheet->used, sizeof(sheet->line) - sheet->used, format, args);
    if (len > 0)
        sheet->used += (size_t)len;
    if (sheet->used >= sizeof(sheet->line))
        sheet->used = sizeof(sheet->line) - 1;
}

void vt_sheet_text(struct vt_sheet *sheet, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(sheet, format, args);
    va_end(args);
}

void vt_sheet_begin(struct vt_sheet *sheet, int indent, int hang)
{
    sheet->used = 0;
    sheet->line[0] = '\0';
    sheet->hang = hang;
    vt_sheet_text(sheet, "%*s", indent, "");
}

static void pad(struct vt_sheet *sheet, const char *text, int width)
{
    int left = width - vt_print_columns(text);
    vt_sheet_text(sheet, "%s%*s", text, left > 1 ? left : 1, "");
}

void vt_sheet_label(struct vt_sheet *sheet, const char *vietnamese, const char *english)
{
    vt_sheet_begin(sheet, 0, LABEL_COLUMNS);
    pad(sheet, vt_sheet_word(sheet, vietnamese, english), LABEL_COLUMNS);
}

void vt_sheet_fact(struct vt_sheet *sheet, const char *vietnamese, const char *english)
{
    vt_sheet_begin(sheet, FACT_COLUMNS, FACT_COLUMNS + FACT_WIDTH);
    pad(sheet, vt_sheet_word(sheet, vietnamese, english), FACT_WIDTH);
}

/* Bytes of the words that still fit, of at least one. */
static size_t fitting(const char *text, int columns)
{
    size_t best = 0, at = 0;
    int used = 0;
    while (text[at] != '\0') {
        size_t spaces = strspn(text + at, " "), word = strcspn(text + at + spaces, " ");
        if (word == 0)
            break;
        for (size_t i = 0; i < spaces + word; i++)
            used += ((unsigned char)text[at + i] & 0xC0) != 0x80;
        if (used > columns && best > 0)
            break;
        at += spaces + word;
        best = at;
    }
    return best;
}

void vt_sheet_end(struct vt_sheet *sheet)
{
    const char *rest = sheet->line;
    int indent = 0;
    /* What comes from a mail may hold anything; a line is a line. */
    for (char *c = sheet->line; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r')
            *c = '?';
    }
    size_t len = fitting(rest, VT_SHEET_COLUMNS);
    while (len > 0) {
        fprintf(sheet->out, "%*s%.*s\n", indent, "", (int)len, rest);
        rest += len;
        rest += strspn(rest, " ");
        indent = sheet->hang;
        len = fitting(rest, VT_SHEET_COLUMNS - indent);
    }
    sheet->used = 0;
    sheet->line[0] = '\0';
}

void vt_sheet_line(struct vt_sheet *sheet, int indent, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vt_sheet_begin(sheet, indent, indent);
    add(sheet, format, args);
    va_end(args);
    vt_sheet_end(sheet);
}

void vt_sheet_remark(struct vt_sheet *sheet, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vt_sheet_label(sheet, sheet->has_remarks ? "" : "Lưu ý:", sheet->has_remarks ? "" : "Note:");
    add(sheet, format, args);
    va_end(args);
    vt_sheet_end(sheet);
    sheet->has_remarks = true;
}
