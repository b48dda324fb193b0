/* SPDX-License-Identifier: Apache-2.0
 * A report for a terminal, and as CSV (RFC 4180). */
#include <string.h>

#include "register/report.h"

#define CELL_WIDTH_MAX 76

/* ---- text ---- */

/* Columns that a text takes: characters, since text from mail has no controls and the names here
 * are Latin. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* Bytes of the first characters of a text. */
static size_t bytes_of(const char *text, size_t width)
{
    size_t bytes = 0;
    for (; text[bytes] != '\0'; bytes++) {
        if (((unsigned char)text[bytes] & 0xC0) != 0x80 && width-- == 0)
            break;
    }
    return bytes;
}

static void put_cell(FILE *out, const char *text, size_t width, bool is_right)
{
    size_t own = width_of(text);
    bool is_cut = own > width;
    int pad = is_cut ? 0 : (int)(width - own);
    if (is_right)
        (void)fprintf(out, "%*s", pad, "");
    (void)fprintf(out, "%.*s%s", (int)bytes_of(text, is_cut ? width - 1 : width), text,
                  is_cut ? "…" : "");
    if (!is_right)
        (void)fprintf(out, "%*s", pad, "");
}

static bool is_text(const struct vt_report_column *column)
{
    return column->kind == VT_CELL_TEXT || column->kind == VT_CELL_KEY;
}

/* The fill-in columns have no place on a terminal. */
static void measure(const struct vt_report_section *section, size_t widths[VT_MAX_REPORT_COLUMNS])
{
    char room[32];
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        widths[c] = column->kind == VT_CELL_EMPTY ? 0 : width_of(column->vietnamese);
        for (size_t r = 0; r < section->rows_count && widths[c] > 0; r++) {
            size_t own = width_of(vt_cell_text(column, &section->rows[r].cells[c], true, room));
            if (own > widths[c])
                widths[c] = own;
        }
        if (widths[c] > CELL_WIDTH_MAX)
            widths[c] = CELL_WIDTH_MAX;
    }
}

/* A row in lines of its own: up to the first label in one, then each cell that says something. */
static void put_list_row(FILE *out, const struct vt_report_section *section,
                         const struct vt_report_row *row)
{
    enum { LABEL_WIDTH = 16, IN_FIRST_LINE = 6 };
    char room[32];
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        const char *text = vt_cell_text(column, &row->cells[c], true, room);
        if (strcmp(column->key, "outcome") == 0 || text[0] == '\0')
            continue; /* its label follows */
        if (c < IN_FIRST_LINE) {
            (void)fprintf(out, "%s%s", c > 0 ? "  " : "", text);
            continue;
        }
        (void)fputs("\n    ", out);
        put_cell(out, column->vietnamese, LABEL_WIDTH, false);
        (void)fputs(text, out);
    }
    (void)fputs("\n\n", out);
}

static void put_list(FILE *out, const struct vt_report_section *section)
{
    (void)fputc('\n', out);
    for (size_t r = 0; r < section->rows_count; r++)
        put_list_row(out, section, &section->rows[r]);
    (void)fprintf(out, "%zu thư\n", section->rows_count);
}

static void put_section(FILE *out, const struct vt_report_section *section)
{
    size_t widths[VT_MAX_REPORT_COLUMNS];
    char room[32];
    measure(section, widths);
    (void)fprintf(out, "\n%s (%s)\n", section->vietnamese, section->english);
    if (section->vietnamese_note != NULL)
        (void)fprintf(out, "%s\n", section->vietnamese_note);
    if (section->rows_count == 0) {
        (void)fprintf(out, "  (không có / none)\n");
        return;
    }
    if (section->is_list) {
        put_list(out, section);
        return;
    }
    for (size_t c = 0; c < section->columns_count; c++) {
        if (widths[c] > 0) {
            (void)fputs("  ", out);
            put_cell(out, section->columns[c].vietnamese, widths[c],
                     !is_text(&section->columns[c]));
        }
    }
    (void)fputc('\n', out);
    for (size_t r = 0; r < section->rows_count; r++) {
        for (size_t c = 0; c < section->columns_count; c++) {
            const struct vt_report_column *column = &section->columns[c];
            if (widths[c] > 0) {
                (void)fputs("  ", out);
                put_cell(out, vt_cell_text(column, &section->rows[r].cells[c], true, room),
                         widths[c], !is_text(column));
            }
        }
        (void)fputc('\n', out);
    }
}

enum vt_code vt_report_render_text(const struct vt_report *report,
                                   const struct vt_report_show *show, FILE *out)
{
    char period[64], made[64];
    (void)vt_period_text(&report->period, period);
    if (report->period.name[0] != '\0')
        (void)fprintf(out, "%s — kỳ %s (%s)\n", vt_report_title(report)->capitals,
                      report->period.name, period);
    else
        (void)fprintf(out, "%s — %s\n", vt_report_title(report)->capitals, period);
    if (report->office != NULL)
        (void)fprintf(out, "%s\n", report->office);
    if (report->agency != NULL)
        (void)fprintf(out, "Nơi nhận: %s\n", report->agency);
    (void)fprintf(out, "%s\nLập lúc %s\n", vt_report_caveat_vietnamese,
                  vt_time_vietnam(made, report->made_at_utc_secs));
    for (size_t i = 0; i < VT_SECTIONS; i++) {
        if (vt_report_shows(show, &report->sections[i]))
            put_section(out, &report->sections[i]);
    }
    return VT_OK;
}

/* ---- CSV ---- */

/* A cell that begins like a formula gets an apostrophe, which spreadsheets take for "text": names
 * come from strangers' certificates and mails. */
static void put_field(FILE *out, const char *text, bool is_own)
{
    (void)fputc('"', out);
    if (!is_own && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
        (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void put_csv_section(FILE *out, char separator, const struct vt_report_section *section)
{
    char room[32];
    put_field(out, section->vietnamese, true);
    (void)fputc(separator, out);
    put_field(out, section->english, true);
    (void)fputs("\r\n", out);
    for (size_t c = 0; c < section->columns_count; c++) {
        char title[256];
        if (c > 0)
            (void)fputc(separator, out);
        (void)snprintf(title, sizeof(title), "%s / %s", section->columns[c].vietnamese,
                       section->columns[c].english);
        put_field(out, title, true);
    }
    (void)fputs("\r\n", out);
    for (size_t r = 0; r < section->rows_count; r++) {
        for (size_t c = 0; c < section->columns_count; c++) {
            const struct vt_report_column *column = &section->columns[c];
            if (c > 0)
                (void)fputc(separator, out);
            const char *text = vt_cell_text(column, &section->rows[r].cells[c], false, room);
            if (column->kind == VT_CELL_COUNT)
                (void)fputs(text, out);
            else
                put_field(out, text, false);
        }
        (void)fputs("\r\n", out);
    }
    (void)fputs("\r\n", out);
}

enum vt_code vt_report_render_csv(const struct vt_report *report, const struct vt_report_show *show,
                                  FILE *out)
{
    char period[64], separator = show->separator != '\0' ? show->separator : ',';
    (void)fputs("\xEF\xBB\xBF", out); /* spreadsheets take it for UTF-8 only with its mark */
    put_field(out, vt_report_title(report)->vietnamese, true);
    (void)fputc(separator, out);
    put_field(out, report->period.name, true);
    (void)fputc(separator, out);
    put_field(out, vt_period_text(&report->period, period), true);
    (void)fputc(separator, out);
    put_field(out, report->office != NULL ? report->office : "", false);
    if (report->agency != NULL) {
        (void)fputc(separator, out);
        put_field(out, report->agency, false);
    }
    (void)fputs("\r\n", out);
    put_field(out, vt_report_caveat_vietnamese, true);
    (void)fputs("\r\n\r\n", out);
    for (size_t i = 0; i < VT_SECTIONS; i++) {
        if (vt_report_shows(show, &report->sections[i]))
            put_csv_section(out, separator, &report->sections[i]);
    }
    return VT_OK;
}
