/* SPDX-License-Identifier: Apache-2.0
 * What the parts of a report share: what was counted, and how it becomes sections. */
#ifndef VANTHU_REGISTER_REPORT_H
#define VANTHU_REGISTER_REPORT_H

#include "register/tally.h"

/* Numbers of mails, in the order of struct vt_report_counts. */
enum vt_mail_number {
    VT_MAIL_ALL = 0,
    VT_MAIL_ACCEPTED,
    VT_MAIL_TAGGED,
    VT_MAIL_HELD,
    VT_MAIL_REFUSED,
    VT_MAIL_OVERRULED,
    VT_MAIL_DOCUMENTS,
    VT_MAIL_VALID,
    VT_MAIL_FAILED,
    VT_MAIL_UNDETERMINED,
    VT_MAIL_UNSIGNED,
    VT_MAIL_NUMBERS
};
/* Numbers of signatures. */
enum vt_signature_number {
    VT_SIGNATURE_ALL = 0,
    VT_SIGNATURE_PASSED,
    VT_SIGNATURE_FAILED,
    VT_SIGNATURE_OPEN,
    VT_SIGNATURE_NUMBERS
};
/* Numbers of reasons. */
enum vt_reason_number { VT_REASON_MAILS = 0, VT_REASON_DECISIVE, VT_REASON_REFUSED };
/* Numbers and texts of the entries of a certificate, and of an office with public certificates. */
enum { VT_CERTIFICATE_NOT_AFTER = 0, VT_CERTIFICATE_USES, VT_CERTIFICATE_LAST };
enum {
    VT_CERTIFICATE_NAME = 0,
    VT_CERTIFICATE_ORGANIZATION,
    VT_CERTIFICATE_ISSUER,
    VT_CERTIFICATE_SET,
    VT_CERTIFICATE_AGENCY
};
enum { VT_PUBLIC_MAILS = 0, VT_PUBLIC_SIGNATURES, VT_PUBLIC_LAST, VT_PUBLIC_LAST_MAIL };

#define VT_EXPIRY_DAYS 90

struct vt_counted {
    const struct vt_report_request *input;
    struct vt_report_totals totals;
    int64_t sum[VT_MAIL_NUMBERS];
    struct vt_tally directions, verdicts, reasons, agencies, organizations, trust_sets, kinds,
        algorithms, publics, certificates;
    int64_t months[12][VT_MAIL_NUMBERS];
};

/* Mails of senders that are no state offices stand under this name; agencies of the table under
 * their id behind this sign, which no domain has. */
#define VT_OTHER_SENDERS "*"
#define VT_AGENCY_SIGN '#'

/* One pass over the mails of the period. */
enum vt_code vt_report_count(struct vt_register *reg, struct vt_arena *arena,
                             const struct vt_report_request *input, struct vt_counted *out,
                             struct vt_err *err) VT_MUST_CHECK;
/* The sections of what was counted. VT_E_NOMEM. */
enum vt_code vt_report_sections(struct vt_arena *arena, const struct vt_counted *counted,
                                struct vt_report *out) VT_MUST_CHECK;

/* ---- renderers ---- */

/* A cell as it is shown: counts grouped by "." as in Vietnam when is_grouped, dates as
 * "14/06/2026", empty cells as "". Returns out, or the text of the cell. */
const char *vt_cell_text(const struct vt_report_column *column, const struct vt_report_cell *cell,
                         bool is_grouped, char out[32]);
/* "Báo cáo kiểm tra chữ ký số qua thư điện tử", or that of a list of refusals. */
struct vt_report_title {
    const char *vietnamese, *capitals, *english;
};
const struct vt_report_title *vt_report_title(const struct vt_report *report);
/* Whether it is a list of refusals. */
bool vt_report_is_of_refusals(const struct vt_report *report);
/* The first and the last day of the period, "15/12/2025 – 14/06/2026". */
const char *vt_period_text(const struct vt_period *period, char out[64]);

enum vt_code vt_report_render_text(const struct vt_report *report,
                                   const struct vt_report_show *show, FILE *out) VT_MUST_CHECK;
enum vt_code vt_report_render_csv(const struct vt_report *report, const struct vt_report_show *show,
                                  FILE *out) VT_MUST_CHECK;
enum vt_code vt_report_render_json(const struct vt_report *report,
                                   const struct vt_report_show *show, FILE *out) VT_MUST_CHECK;
enum vt_code vt_report_render_html(const struct vt_report *report,
                                   const struct vt_report_show *show, FILE *out) VT_MUST_CHECK;
void vt_report_put_style(FILE *out);
/* Text inside of an element or a quoted attribute of HTML. */
void vt_html_put(FILE *out, const char *text);

/* Charts as inline SVG; colours are classes of the page. */
struct vt_bar {
    const char *label, *class_name;
    int64_t number;
};
/* Bars below each other, each under its label. */
void vt_chart_bars(FILE *out, const char *title, const struct vt_bar *bars, size_t count);
/* One column for each group, made of parts from bottom to top; numbers[group * parts_count +
 * part]. */
struct vt_columns {
    const char *const *groups;
    size_t groups_count;
    const struct vt_bar *parts; /* label and class; their numbers are not used */
    size_t parts_count;
    const int64_t *numbers;
};
void vt_chart_columns(FILE *out, const char *title, const struct vt_columns *columns);

/* Whether a section is to be shown. */
bool vt_report_shows(const struct vt_report_show *show, const struct vt_report_section *section);

#endif
