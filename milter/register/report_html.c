/* SPDX-License-Identifier: Apache-2.0
 * A report as one page that needs nothing else: no scripts, no files, nothing from elsewhere. It is
 * read in a browser (light and dark), on a telephone, and on A4; word processors open it, too. */
#include <string.h>

#include "register/report.h"

#define CHART_REASONS 8

/* ---- pieces ---- */

static void put_both(FILE *out, const char *vietnamese, const char *english)
{
    vt_html_put(out, vietnamese);
    (void)fputs(" <span lang=\"en\">", out);
    vt_html_put(out, english);
    (void)fputs("</span>", out);
}

static void put_head(FILE *out, const struct vt_report *report)
{
    char period[64], made[64];
    (void)fputs("<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<meta name=\"robots\" content=\"noindex\"><title>",
                out);
    vt_html_put(out, vt_report_title(report)->vietnamese);
    (void)fputc(' ', out);
    vt_html_put(out, report->period.name);
    (void)fputs("</title>", out);
    vt_report_put_style(out);
    (void)fputs("</head>\n<body><div class=\"a4\"><header>", out);
    if (report->office != NULL) {
        (void)fputs("<p><strong>", out);
        vt_html_put(out, report->office);
        (void)fputs("</strong></p>", out);
    }
    (void)fprintf(out, "<h1>%s</h1>", vt_report_title(report)->vietnamese);
    if (report->agency != NULL) {
        (void)fputs("<p>Nơi nhận: <strong>", out);
        vt_html_put(out, report->agency);
        (void)fputs("</strong></p>", out);
    }
    (void)fputs("<p>Kỳ báo cáo ", out);
    vt_html_put(out, report->period.name);
    (void)fprintf(out, "%s%s. Lập lúc %s. ", report->period.name[0] != '\0' ? ": " : "",
                  vt_period_text(&report->period, period),
                  vt_time_vietnam(made, report->made_at_utc_secs));
    (void)fprintf(out, "<span lang=\"en\">%s</span></p><p class=\"caveat\">",
                  vt_report_title(report)->english);
    put_both(out, vt_report_caveat_vietnamese, vt_report_caveat_english);
    (void)fputs("</p></header>\n", out);
}

static void put_tile(FILE *out, int64_t number, const char *vietnamese, const char *english)
{
    static const struct vt_report_column column = {.kind = VT_CELL_COUNT};
    char room[32];
    (void)fprintf(out, "<li><b>%s</b>",
                  vt_cell_text(&column, &(struct vt_report_cell){.number = number}, true, room));
    put_both(out, vietnamese, english);
    (void)fputs("</li>", out);
}

static void put_tiles(FILE *out, const struct vt_report_totals *totals)
{
    const struct vt_report_counts *counts = &totals->counts;
    (void)fputs("<ul class=\"tiles\">", out);
    put_tile(out, counts->mails_count, "Thư đã kiểm tra", "Mails checked");
    put_tile(out, counts->documents_count, "Văn bản", "Documents");
    put_tile(out, counts->valid_count, "Chữ ký số hợp lệ", "Valid");
    put_tile(out, counts->failed_count, "Không hợp lệ", "Failed");
    put_tile(out, counts->refused_count, "Thư bị từ chối", "Refused");
    put_tile(out, counts->overruled_count, "Từ chối đã hủy", "Overruled");
    (void)fputs("</ul>\n", out);
}

/* ---- charts ---- */

static void open_figure(FILE *out, const char *vietnamese, const char *english)
{
    (void)fputs("<figure><h3>", out);
    put_both(out, vietnamese, english);
    (void)fputs("</h3>", out);
}

static void documents_chart(FILE *out, const struct vt_report_counts *counts)
{
    const struct vt_bar bars[] = {
        {"Hợp lệ / valid", "good", counts->valid_count},
        {"Không hợp lệ / failed", "bad", counts->failed_count},
        {"Chưa xác định / undetermined", "open", counts->undetermined_count},
        {"Chưa ký số / unsigned", "none", counts->unsigned_count}};
    open_figure(out, "Văn bản theo kết quả", "Documents by verdict");
    vt_chart_bars(out, "Văn bản theo kết quả", bars, sizeof(bars) / sizeof(bars[0]));
    (void)fputs("</figure>", out);
}

static void reasons_chart(FILE *out, const struct vt_report_section *section)
{
    struct vt_bar bars[CHART_REASONS];
    size_t count = 0;
    for (; count < section->rows_count && count < CHART_REASONS; count++)
        bars[count] =
            (struct vt_bar){.label = section->rows[count].cells[1].text,
                            .class_name = section->rows[count].cells[4].number > 0 ? "bad" : "mark",
                            .number = section->rows[count].cells[2].number};
    if (count == 0)
        return;
    open_figure(out, "Lý do thường gặp (số thư)", "Most frequent reasons (mails)");
    vt_chart_bars(out, "Lý do thường gặp", bars, count);
    (void)fputs("</figure>", out);
}

static void trust_sets_chart(FILE *out, const struct vt_report_section *section)
{
    struct vt_bar bars[CHART_REASONS];
    size_t count = 0;
    for (size_t i = 0; i < section->rows_count && count < CHART_REASONS; i++) {
        const struct vt_report_row *row = &section->rows[i];
        if (!row->is_sum)
            bars[count++] = (struct vt_bar){row->cells[1].text,
                                            strcmp(row->cells[0].text, "official") == 0 ? "good"
                                            : strcmp(row->cells[0].text, "public") == 0 ? "mark"
                                                                                        : "open",
                                            row->cells[2].number};
    }
    if (count == 0)
        return;
    open_figure(out, "Chữ ký số theo loại chứng thư", "Signatures by trust set");
    vt_chart_bars(out, "Chữ ký số theo loại chứng thư", bars, count);
    (void)fputs("</figure>", out);
}

static void trend_chart(FILE *out, const struct vt_report_section *section)
{
    static const struct vt_bar parts[] = {{"Đã nhận / accepted", "good", 0},
                                          {"Kèm lưu ý / tagged", "mark", 0},
                                          {"Từ chối, tạm giữ / refused, held", "bad", 0},
                                          {"Từ chối đã hủy / overruled", "open", 0}};
    enum { PARTS = sizeof(parts) / sizeof(parts[0]), MONTHS = 12 };
    const char *months[MONTHS];
    int64_t numbers[MONTHS * PARTS];
    size_t count = 0;
    for (; count < section->rows_count && count < MONTHS && !section->rows[count].is_sum; count++) {
        const struct vt_report_cell *cells = section->rows[count].cells;
        int64_t *of_month = numbers + count * PARTS;
        /* The year is that of the period, which stands in the title. */
        months[count] = cells[0].text + 5;
        of_month[0] = cells[3].number;
        of_month[1] = cells[4].number;
        of_month[2] = cells[5].number + cells[6].number;
        of_month[3] = cells[7].number;
    }
    const struct vt_columns columns = {.groups = months,
                                       .groups_count = count,
                                       .parts = parts,
                                       .parts_count = PARTS,
                                       .numbers = numbers};
    open_figure(out, "Số thư theo tháng", "Mails by month");
    vt_chart_columns(out, "Số thư theo tháng", &columns);
    (void)fputs("</figure>", out);
}

static void put_charts(FILE *out, const struct vt_report *report)
{
    /* Word shows nothing of a chart but its words. */
    (void)fputs("<!--[if !mso]><!--><div class=\"charts\">", out);
    trend_chart(out, &report->sections[VT_SECTION_TREND]);
    documents_chart(out, &report->totals.counts);
    reasons_chart(out, &report->sections[VT_SECTION_REASONS]);
    trust_sets_chart(out, &report->sections[VT_SECTION_TRUST_SETS]);
    (void)fputs("</div><!--<![endif]-->\n", out);
}

/* ---- tables ---- */

/* More columns than a telephone has room for, and rows that fit on one page of paper. */
#define WIDE_COLUMNS 4
#define ROWS_OF_A_PAGE 22

static size_t shown_columns(const struct vt_report_section *section)
{
    size_t count = 0;
    for (size_t c = 0; c < section->columns_count; c++)
        count += section->columns[c].kind != VT_CELL_KEY;
    return count;
}

static const char *class_of(const struct vt_report_column *column, const char *text,
                            const struct vt_report_cell *cell)
{
    if (column->kind == VT_CELL_EMPTY ||
        (column->kind == VT_CELL_COUNT && cell->number == VT_REPORT_UNKNOWN))
        return "fill";
    if (column->kind == VT_CELL_COUNT)
        return "num";
    if (column->kind == VT_CELL_DATE || column->kind == VT_CELL_TIME ||
        strcmp(column->key, "reference") == 0)
        return "at";
    if (strcmp(column->key, "sha256") == 0)
        return "id";
    if (strcmp(column->key, "label") == 0)
        return "name";
    return strncmp(text, "  ", 2) == 0 ? "sub" : "";
}

/* One cell; is_first: what a card of a telephone begins with. */
static void put_cell(FILE *out, const struct vt_report_column *column, const char *text,
                     const struct vt_report_cell *cell, bool is_wide, bool is_first)
{
    const char *class_name = class_of(column, text, cell);
    const char *place = !is_wide                                             ? ""
                        : is_first                                           ? "head"
                        : text[0] == '\0' && strcmp(class_name, "fill") != 0 ? "none"
                                                                             : "";
    (void)fputs("<td", out);
    if (class_name[0] != '\0' || place[0] != '\0')
        (void)fprintf(out, " class=\"%s%s%s\"", class_name,
                      class_name[0] != '\0' && place[0] != '\0' ? " " : "", place);
    if (is_wide && !is_first && text[0] != '\0') {
        (void)fputs(" data-label=\"", out);
        vt_html_put(out, column->vietnamese);
        (void)fputc('"', out);
    }
    (void)fputc('>', out);
    vt_html_put(out, text);
    (void)fputs("</td>", out);
}

static void put_table_head(FILE *out, const struct vt_report_section *section)
{
    (void)fputs("<thead><tr>", out);
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        if (column->kind == VT_CELL_KEY)
            continue;
        (void)fprintf(out, "<th%s>", column->kind == VT_CELL_COUNT ? " class=\"num\"" : "");
        put_both(out, column->vietnamese, column->english);
        (void)fputs("</th>", out);
    }
    (void)fputs("</tr></thead>", out);
}

/* The first column that is shown says that it is the sum. */
static void put_row(FILE *out, const struct vt_report_section *section,
                    const struct vt_report_row *row)
{
    char room[32];
    bool is_first = true, is_wide = shown_columns(section) > WIDE_COLUMNS;
    (void)fputs(row->is_sum ? "<tr class=\"sum\">" : "<tr>", out);
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        if (column->kind == VT_CELL_KEY)
            continue;
        const char *text = row->is_sum && is_first
                               ? row->cells[0].text
                               : vt_cell_text(column, &row->cells[c], true, room);
        put_cell(out, column, text, &row->cells[c], is_wide, is_first);
        is_first = false;
    }
    (void)fputs("</tr>\n", out);
}

static void put_section(FILE *out, const struct vt_report_section *section)
{
    (void)fprintf(out, "<section id=\"%s\"%s><h2>", section->key,
                  section->rows_count <= ROWS_OF_A_PAGE ? " class=\"whole\"" : "");
    put_both(out, section->vietnamese, section->english);
    (void)fputs("</h2>", out);
    if (section->vietnamese_note != NULL) {
        (void)fputs("<p class=\"note\">", out);
        put_both(out, section->vietnamese_note, section->english_note);
        (void)fputs("</p>", out);
    }
    if (section->rows_count == 0) {
        (void)fputs("<p>Không có. <span lang=\"en\">None.</span></p></section>\n", out);
        return;
    }
    (void)fprintf(out, "<div class=\"scroll\" tabindex=\"0\"><table%s>",
                  section->is_list                        ? " class=\"wide list\""
                  : shown_columns(section) > WIDE_COLUMNS ? " class=\"wide\""
                                                          : "");
    put_table_head(out, section);
    (void)fputs("<tbody>\n", out);
    for (size_t r = 0; r < section->rows_count; r++)
        put_row(out, section, &section->rows[r]);
    (void)fputs("</tbody></table></div></section>\n", out);
}

enum vt_code vt_report_render_html(const struct vt_report *report,
                                   const struct vt_report_show *show, FILE *out)
{
    put_head(out, report);
    (void)fputs("<main>\n", out);
    if (show->section == NULL && !vt_report_is_of_refusals(report)) {
        put_tiles(out, &report->totals);
        put_charts(out, report);
    }
    for (size_t i = 0; i < VT_SECTIONS; i++) {
        if (vt_report_shows(show, &report->sections[i]))
            put_section(out, &report->sections[i]);
    }
    (void)fputs("</main></div></body></html>\n", out);
    return VT_OK;
}
