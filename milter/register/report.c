/* SPDX-License-Identifier: Apache-2.0
 * A report from its count to its sections, and what all renderers share. */
#include "register/report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum vt_code vt_report_make(struct vt_register *reg, struct vt_arena *arena,
                            const struct vt_report_request *input, struct vt_report **out,
                            struct vt_err *err)
{
    struct vt_counted *counted = vt_arena_alloc(arena, sizeof(*counted));
    struct vt_report *report = vt_arena_alloc(arena, sizeof(*report));
    if (counted == NULL || report == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a report");
    enum vt_code code = vt_report_count(reg, arena, input, counted, err);
    if (code != VT_OK)
        return code;
    *report = (struct vt_report){.period = input->period,
                                 .made_at_utc_secs = input->now_utc_secs,
                                 .office = input->office,
                                 .totals = counted->totals};
    if (vt_report_sections(arena, counted, report) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a report");
    *out = report;
    return VT_OK;
}

bool vt_report_shows(const struct vt_report_show *show, const struct vt_report_section *section)
{
    return section->key != NULL &&
           (show->section == NULL || strcmp(show->section, section->key) == 0);
}

bool vt_report_is_of_refusals(const struct vt_report *report)
{
    return report->sections[VT_SECTION_REFUSALS].key != NULL;
}

const struct vt_report_title *vt_report_title(const struct vt_report *report)
{
    static const struct vt_report_title figures = {"Báo cáo kiểm tra chữ ký số qua thư điện tử",
                                                   "BÁO CÁO KIỂM TRA CHỮ KÝ SỐ QUA THƯ ĐIỆN TỬ",
                                                   "Report on digital signatures in e-mail."};
    static const struct vt_report_title refusals = {"Danh sách thư bị từ chối tiếp nhận",
                                                    "DANH SÁCH THƯ BỊ TỪ CHỐI TIẾP NHẬN",
                                                    "Mails that were refused."};
    return vt_report_is_of_refusals(report) ? &refusals : &figures;
}

static const char *date_text(int64_t utc_secs, char *out, size_t out_bytes)
{
    struct tm tm;
    time_t local = utc_secs + VT_VIETNAM_SECS;
    if (gmtime_r(&local, &tm) == NULL || strftime(out, out_bytes, "%d/%m/%Y", &tm) == 0)
        out[0] = '\0';
    return out;
}

/* "09:12 03/12/2026". */
static const char *moment_text(int64_t utc_secs, char *out, size_t out_bytes)
{
    struct tm tm;
    time_t local = utc_secs + VT_VIETNAM_SECS;
    if (gmtime_r(&local, &tm) == NULL || strftime(out, out_bytes, "%H:%M %d/%m/%Y", &tm) == 0)
        out[0] = '\0';
    return out;
}

/* "1.234.567", as numbers are written in Vietnamese. */
static const char *grouped(int64_t number, char out[32])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRId64, number), used = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = '.';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

const char *vt_cell_text(const struct vt_report_column *column, const struct vt_report_cell *cell,
                         bool is_grouped, char out[32])
{
    switch (column->kind) {
    case VT_CELL_TEXT:
    case VT_CELL_KEY:
        return cell->text != NULL ? cell->text : "";
    case VT_CELL_DATE:
        return cell->number > 0 ? date_text(cell->number, out, 32) : "";
    case VT_CELL_TIME:
        return cell->number > 0 ? moment_text(cell->number, out, 32) : "";
    case VT_CELL_COUNT:
        if (cell->number == VT_REPORT_UNKNOWN)
            return "";
        if (is_grouped)
            return grouped(cell->number, out);
        (void)snprintf(out, 32, "%" PRId64, cell->number);
        return out;
    case VT_CELL_EMPTY:
        break;
    }
    return "";
}

const char *vt_period_text(const struct vt_period *period, char out[64])
{
    char from[16], until[16];
    (void)snprintf(out, 64, "%s – %s", date_text(period->from_utc_secs, from, sizeof(from)),
                   date_text(period->until_utc_secs - 1, until, sizeof(until)));
    return out;
}

enum vt_code vt_report_render(const struct vt_report *report, const struct vt_report_show *show,
                              FILE *out, struct vt_err *err)
{
    bool has_section = false;
    enum vt_code code = VT_E_INTERNAL;
    for (size_t i = 0; i < VT_SECTIONS; i++)
        has_section = has_section || vt_report_shows(show, &report->sections[i]);
    if (!has_section)
        return vt_err_set(err, VT_E_CONFIG, "a report has no section \"%.40s\"", show->section);
    switch (show->format) {
    case VT_REPORT_TEXT:
        code = vt_report_render_text(report, show, out);
        break;
    case VT_REPORT_CSV:
        code = vt_report_render_csv(report, show, out);
        break;
    case VT_REPORT_JSON:
        code = vt_report_render_json(report, show, out);
        break;
    case VT_REPORT_HTML:
        code = vt_report_render_html(report, show, out);
        break;
    }
    if (code != VT_OK)
        return vt_err_set(err, code, "the report could not be made");
    return fflush(out) == 0 && ferror(out) == 0 ? VT_OK : vt_err_sys(err, "writing the report");
}
