/* SPDX-License-Identifier: Apache-2.0
 * A report as one page that needs nothing else: no scripts, no files, nothing from elsewhere. It is
 * read in a browser (light and dark), on a telephone, and on A4; word processors open it, too. */
#include <string.h>

#include "register/report.h"

#define CHART_REASONS 8

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1a202c;--soft:#5a6577;--line:#d5dbe3;"
    "--band:#f2f5f9;--title:#8a1c1c;--good:#2b6cb0;--mark:#c98a1b;--bad:#c53030;--open:#7b8794;"
    "--none:#b6bfca}"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#a3adbb;"
    "--line:#343c49;--band:#1d232d;--title:#f0a3a3;--good:#63a4e8;--mark:#e0b354;--bad:#f07178;"
    "--open:#8f9bab;--none:#5b6675}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:1180px;padding:24px;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif}"
    "h1{font-size:1.6rem;line-height:1.25;color:var(--title);margin:0 0 .3em}"
    "h2{font-size:1.15rem;margin:0 0 .4em;border-bottom:2px solid var(--line);padding-bottom:.2em}"
    "h3{font-size:1rem;margin:0 0 .6em}"
    "[lang=en]{color:var(--soft);font-weight:400;font-size:.85em}"
    "header p{margin:.2em 0}"
    ".caveat{border-left:4px solid var(--mark);background:var(--band);padding:.6em .9em;"
    "margin:1em 0}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;"
    "margin:1.2em 0;padding:0}"
    ".tiles li{list-style:none;background:var(--band);border-radius:8px;padding:.7em .9em}"
    ".tiles b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));"
    "gap:28px;margin:1.5em 0}"
    "figure{margin:0;break-inside:avoid}"
    "svg{width:100%;height:auto;display:block}"
    "svg text{fill:var(--ink);font-size:13px}svg .a{fill:var(--soft);font-size:12px}"
    "svg .n{font-weight:600}svg .g{stroke:var(--line);stroke-width:1}"
    ".good{fill:var(--good)}.mark{fill:var(--mark)}.bad{fill:var(--bad)}.open{fill:var(--open)}"
    ".none{fill:var(--none)}"
    "section{margin:2em 0}.note{color:var(--soft);margin:.2em 0 .7em}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.88rem}"
    "th,td{padding:.35em .6em;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}"
    "th{background:var(--band);vertical-align:bottom;line-height:1.25}"
    "th [lang=en]{display:block}"
    "td.num,th.num{text-align:right;font-variant-numeric:tabular-nums}"
    "tr.sum td{font-weight:700;border-top:2px solid var(--ink)}"
    "td.fill{border:1px dashed var(--soft);min-width:4.5em}"
    "td.id{font:.75rem ui-monospace,monospace;word-break:break-all;min-width:12em}"
    "td.sub{padding-left:1.6em}"
    "@media(max-width:640px){body{padding:14px;font-size:15px}h1{font-size:1.3rem}"
    ".tiles{grid-template-columns:1fr 1fr}th,td{padding:.35em .4em}}"
    "@page{size:A4 landscape;margin:14mm}"
    "@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#999;"
    "--band:#f2f2f2;--title:#000;--good:#2b6cb0;--mark:#c98a1b;--bad:#c53030;--open:#7b8794;"
    "--none:#b6bfca}"
    "body{max-width:none;padding:0;font-size:10.5pt}table{font-size:8.5pt}"
    ".scroll{overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}"
    "h2,.note{break-after:avoid}.note{break-inside:avoid}.charts{grid-template-columns:1fr 1fr}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

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
                "<meta name=\"robots\" content=\"noindex\"><title>Báo cáo kiểm tra chữ ký số ",
                out);
    vt_html_put(out, report->period.name);
    (void)fprintf(out, "</title><style>%s</style></head>\n<body><header>", style);
    if (report->office != NULL) {
        (void)fputs("<p><strong>", out);
        vt_html_put(out, report->office);
        (void)fputs("</strong></p>", out);
    }
    (void)fputs("<h1>Báo cáo kiểm tra chữ ký số qua thư điện tử</h1><p>Kỳ báo cáo ", out);
    vt_html_put(out, report->period.name);
    (void)fprintf(out, ": %s. Lập lúc %s. ", vt_period_text(&report->period, period),
                  vt_time_vietnam(made, report->made_at_utc_secs));
    (void)fputs("<span lang=\"en\">Report on digital signatures in e-mail.</span></p>"
                "<p class=\"caveat\">",
                out);
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
    (void)fputs("<div class=\"charts\">", out);
    trend_chart(out, &report->sections[VT_SECTION_TREND]);
    documents_chart(out, &report->totals.counts);
    reasons_chart(out, &report->sections[VT_SECTION_REASONS]);
    trust_sets_chart(out, &report->sections[VT_SECTION_TRUST_SETS]);
    (void)fputs("</div>\n", out);
}

/* ---- tables ---- */

/* Keys of programs are not shown to people where a label stands beside them. */
static bool is_shown(const struct vt_report_section *section, size_t column)
{
    bool has_label =
        section->columns_count > 1 && (strcmp(section->columns[1].key, "label") == 0 ||
                                       strcmp(section->columns[1].key, "vietnamese") == 0);
    return column != 0 || !has_label || strcmp(section->key, "reasons") == 0;
}

static const char *class_of(const struct vt_report_column *column, const char *text,
                            const struct vt_report_cell *cell)
{
    if (column->kind == VT_CELL_EMPTY ||
        (column->kind == VT_CELL_COUNT && cell->number == VT_REPORT_UNKNOWN))
        return " class=\"fill\"";
    if (column->kind == VT_CELL_COUNT)
        return " class=\"num\"";
    if (strcmp(column->key, "sha256") == 0)
        return " class=\"id\"";
    return strncmp(text, "  ", 2) == 0 ? " class=\"sub\"" : "";
}

static void put_table_head(FILE *out, const struct vt_report_section *section)
{
    (void)fputs("<thead><tr>", out);
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        if (!is_shown(section, c))
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
    bool is_first = true;
    (void)fputs(row->is_sum ? "<tr class=\"sum\">" : "<tr>", out);
    for (size_t c = 0; c < section->columns_count; c++) {
        const struct vt_report_column *column = &section->columns[c];
        if (!is_shown(section, c))
            continue;
        const char *text = row->is_sum && is_first
                               ? row->cells[0].text
                               : vt_cell_text(column, &row->cells[c], true, room);
        (void)fprintf(out, "<td%s>", class_of(column, text, &row->cells[c]));
        vt_html_put(out, text);
        (void)fputs("</td>", out);
        is_first = false;
    }
    (void)fputs("</tr>\n", out);
}

static void put_section(FILE *out, const struct vt_report_section *section)
{
    (void)fprintf(out, "<section id=\"%s\"><h2>", section->key);
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
    (void)fputs("<div class=\"scroll\" tabindex=\"0\"><table>", out);
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
    if (show->section == NULL) {
        put_tiles(out, &report->totals);
        put_charts(out, report);
    }
    for (size_t i = 0; i < VT_SECTIONS; i++) {
        if (vt_report_shows(show, &report->sections[i]))
            put_section(out, &report->sections[i]);
    }
    (void)fputs("</main></body></html>\n", out);
    return VT_OK;
}
