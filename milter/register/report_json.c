/* SPDX-License-Identifier: Apache-2.0
 * A report as one JSON object: totals by name, each section as an array of objects. */
#include <stdlib.h>

#include "evidence/record_json.h"
#include "register/report.h"

#define REPORT_VERSION 1

static json_t *cell_of(const struct vt_report_column *column, const struct vt_report_cell *cell)
{
    switch (column->kind) {
    case VT_CELL_TEXT:
    case VT_CELL_KEY:
        return vt_json_string(cell->text);
    case VT_CELL_COUNT:
        return cell->number == VT_REPORT_UNKNOWN ? json_null() : json_integer(cell->number);
    case VT_CELL_DATE:
    case VT_CELL_TIME:
        return cell->number > 0 ? vt_json_time(cell->number) : json_null();
    case VT_CELL_EMPTY:
        break;
    }
    return json_null();
}

static json_t *row_of(const struct vt_report_section *section, const struct vt_report_row *row)
{
    json_t *object = json_object();
    for (size_t c = 0; c < section->columns_count && object != NULL; c++) {
        const struct vt_report_column *column = &section->columns[c];
        if (row->is_sum && (column->kind == VT_CELL_TEXT || column->kind == VT_CELL_KEY))
            continue;
        if (json_object_set_new(object, column->key, cell_of(column, &row->cells[c])) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *section_of(const struct vt_report_section *section)
{
    json_t *rows = json_array(), *sum = NULL;
    bool is_whole = rows != NULL;
    for (size_t r = 0; r < section->rows_count && is_whole; r++) {
        json_t *row = row_of(section, &section->rows[r]);
        if (section->rows[r].is_sum)
            sum = row;
        is_whole =
            row != NULL && (section->rows[r].is_sum || json_array_append_new(rows, row) == 0);
    }
    if (is_whole)
        return json_pack("{s:o, s:o, s:o, s:o, s:o*}", "vietnamese",
                         vt_json_string(section->vietnamese), "english",
                         vt_json_string(section->english), "note",
                         vt_json_string(section->vietnamese_note), "rows", rows, "sum", sum);
    json_decref(rows);
    json_decref(sum);
    return NULL;
}

static json_t *totals_of(const struct vt_report_totals *t)
{
    const struct vt_report_counts *c = &t->counts;
    const struct {
        const char *key;
        int64_t number;
    } numbers[] = {{"mails", c->mails_count},
                   {"accepted", c->accepted_count},
                   {"tagged", c->tagged_count},
                   {"held", c->held_count},
                   {"refused", c->refused_count},
                   {"overruled", c->overruled_count},
                   {"documents", c->documents_count},
                   {"valid", c->valid_count},
                   {"failed", c->failed_count},
                   {"undetermined", c->undetermined_count},
                   {"unsigned", c->unsigned_count},
                   {"signatures", t->signatures_count},
                   {"passed", t->passed_count},
                   {"would_refuse", t->would_refuse_count},
                   {"clerk_refused", t->clerk_refused_count},
                   {"deferred", t->deferred_count},
                   {"unanswered", t->unanswered_count},
                   {"secret", t->secret_count},
                   {"destroyed", t->destroyed_count}};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && object != NULL; i++) {
        if (json_object_set_new(object, numbers[i].key, json_integer(numbers[i].number)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *sections_of(const struct vt_report *report, const struct vt_report_show *show)
{
    json_t *object = json_object();
    for (size_t i = 0; i < VT_SECTIONS && object != NULL; i++) {
        const struct vt_report_section *section = &report->sections[i];
        if (i == VT_SECTION_TOTALS || !vt_report_shows(show, section))
            continue;
        if (json_object_set_new(object, section->key, section_of(section)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *name_of(const struct vt_period *period)
{
    return period->name[0] != '\0' ? json_string(period->name) : json_null();
}

enum vt_code vt_report_render_json(const struct vt_report *report,
                                   const struct vt_report_show *show, FILE *out)
{
    const struct vt_period *period = &report->period;
    json_t *root = json_pack(
        "{s:i, s:{s:o, s:b, s:o, s:o}, s:o, s:o, s:o, s:{s:s, s:s}, s:o, s:o}", "v", REPORT_VERSION,
        "period", "name", name_of(period), "calendar", (int)period->is_calendar, "from",
        vt_json_time(period->from_utc_secs), "until", vt_json_time(period->until_utc_secs),
        "made_at", vt_json_time(report->made_at_utc_secs), "office", vt_json_string(report->office),
        "agency", vt_json_string(report->agency), "caveat", "vi", vt_report_caveat_vietnamese, "en",
        vt_report_caveat_english, "totals",
        vt_report_is_of_refusals(report) ? json_null() : totals_of(&report->totals), "sections",
        sections_of(report, show));
    if (root == NULL)
        return VT_E_NOMEM;
    int result = json_dumpf(root, out, JSON_INDENT(2));
    json_decref(root);
    (void)fputc('\n', out);
    return result == 0 ? VT_OK : VT_E_SYSTEM;
}
