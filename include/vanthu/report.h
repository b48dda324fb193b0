/* SPDX-License-Identifier: Apache-2.0
 * report: what the periodic reports of an office ask for, counted from the register (users.md 3).
 * Figures are exact: each mail that was finally answered counts once. */
#ifndef VANTHU_REPORT_H
#define VANTHU_REPORT_H

#include <stdio.h>

#include "vanthu/config.h"
#include "vanthu/register.h"
#include "vanthu/site.h"

/* ---- periods ---- */

/* [from, until), days of Vietnam (+07:00). */
struct vt_period {
    char name[16]; /* as it was given: "2026H1"; "": from a day to another */
    bool is_calendar;
    int64_t from_utc_secs, until_utc_secs;
    int first_year, first_month; /* the first month of the period, by its number in the report */
    int months_count;
};
/* "2026", "2026H1", "2026Q3", "2026-03", the way the state counts (Decree 09/2019, Article 12): a
 * month goes from the 15th of the one before to the 14th, a quarter, half-year and year are such
 * months; is_calendar: months of the calendar. VT_E_CONFIG: another text, or years outside of 2000
 * to 2999. */
enum vt_code vt_period_parse(const char *text, bool is_calendar, struct vt_period *out,
                             struct vt_err *err) VT_MUST_CHECK;
/* From a moment until before another, without a name and months. */
struct vt_period vt_period_between(int64_t from_utc_secs, int64_t until_utc_secs);
/* Which month of the period a time belongs to, from 0; -1 outside. */
int vt_period_month(const struct vt_period *period, int64_t utc_secs);

/* From 5 to 20 November the yearly report is owed where the profile is that of Vĩnh Long (Article
 * 9(6)): a sentence that says so. False: nothing is owed, out is "". regulation: its name, NULL. */
#define VT_REPORT_REMINDER_BYTES 512
bool vt_report_is_owed(enum vt_profile profile, const char *regulation, int64_t now_utc_secs,
                       bool is_english, char out[VT_REPORT_REMINDER_BYTES]);

/* ---- what is counted ---- */

/* Of mails: the first five add up to mails_count. */
struct vt_report_counts {
    int64_t mails_count; /* finally answered */
    int64_t accepted_count, tagged_count, held_count;
    int64_t refused_count;   /* without those overruled */
    int64_t overruled_count; /* refusals or holds that an administrator took back */
    int64_t documents_count; /* attachments, and what bears a signature */
    int64_t valid_count, failed_count, undetermined_count, unsigned_count; /* of the documents */
};

struct vt_report_totals {
    struct vt_report_counts counts;
    int64_t signatures_count, passed_count;
    int64_t would_refuse_count;  /* delivered, but refused if every rule were in force */
    int64_t deferred_count;      /* attempts that were asked to come again; not among the mails */
    int64_t unanswered_count;    /* decided, but the connection ended before the answer */
    int64_t secret_count;        /* marked secret: nothing else is known of them */
    int64_t clerk_refused_count; /* by a clerk's own reason, after delivery */
    int64_t destroyed_count;     /* of the period, but destroyed: not counted anywhere else */
};

enum vt_report_cell_kind {
    VT_CELL_TEXT = 0,
    VT_CELL_KEY, /* text for programs, where a label for people stands beside it */
    VT_CELL_COUNT,
    VT_CELL_DATE, /* number is UTC seconds, shown as a day of Vietnam */
    VT_CELL_TIME, /* the same, as a moment */
    VT_CELL_EMPTY /* mail cannot know it: the office fills it in, so it is never 0 */
};
struct vt_report_column {
    const char *key; /* of JSON */
    const char *vietnamese, *english;
    enum vt_report_cell_kind kind;
};
/* A number that mail cannot know either. */
#define VT_REPORT_UNKNOWN INT64_MIN
struct vt_report_cell {
    const char *text; /* UTF-8; from mail, so it is escaped by whoever shows it */
    int64_t number;
};
#define VT_MAX_REPORT_COLUMNS 16
struct vt_report_row {
    struct vt_report_cell cells[VT_MAX_REPORT_COLUMNS];
    bool is_sum; /* the last row of a section that has one */
};
enum vt_report_section_id {
    VT_SECTION_TOTALS = 0,
    VT_SECTION_DIRECTIONS,
    VT_SECTION_VERDICTS,
    VT_SECTION_REASONS,
    /* Senders that are state offices: by the site's table, and those it did not have when the mail
     * came by their domain; others in one row. */
    VT_SECTION_AGENCIES,
    VT_SECTION_ORGANIZATIONS, /* as certificates name them */
    VT_SECTION_TRUST_SETS,
    VT_SECTION_KINDS,
    VT_SECTION_ALGORITHMS,
    VT_SECTION_PUBLIC,          /* state offices that sign with public certificates */
    VT_SECTION_EXPIRING_COUNTS, /* certificates met that expire in 30, 60, 90 days, by agency */
    VT_SECTION_EXPIRING,        /* these certificates */
    VT_SECTION_TREND,
    VT_SECTION_REFUSALS, /* of vt_report_refusals alone */
    VT_SECTIONS
};
/* Zero memory is a section that this report does not have. */
struct vt_report_section {
    const char *key; /* "totals", "agencies", … */
    const char *vietnamese, *english;
    const char *vietnamese_note, *english_note; /* NULL: none */
    const struct vt_report_column *columns;
    size_t columns_count;
    struct vt_report_row *rows;
    size_t rows_count;
    bool is_list; /* rows are long: on a terminal each stands in lines of its own */
};

struct vt_report {
    struct vt_period period;
    int64_t made_at_utc_secs;
    const char *office; /* NULL: not named */
    const char *agency; /* whose refusals these are; NULL: all */
    struct vt_report_totals totals;
    struct vt_report_section sections[VT_SECTIONS];
};

/* Rows of one section; what does not fit is counted in one row of its own. */
#define VT_MAX_REPORT_ROWS 5000

struct vt_report_request {
    struct vt_period period;
    int64_t now_utc_secs; /* certificates expire from here */
    const char *office;   /* whose report it is; NULL */
    /* Of refusals, the agency that mails were sent to: its id in the table, or a domain, with all
     * below it, for mails that came when the table did not have it. NULL: every one. */
    const char *agency;
    const char *regulation;  /* its name, as it is cited; NULL: none is */
    enum vt_profile profile; /* whose articles may be cited, with the regulation's name */
    /* The agency of an id by the site's table as it is now: its name, and whether it is of the
     * state. NULL for one that is not there any more; NULL: there is no table. */
    const struct vt_site_agency *(*agency_by_id)(const void *context, const char *id);
    const void *context;
};
/* Count. *out lives in arena. Memory grows with the number of agencies and certificates, not of
 * mails. VT_E_NOMEM, VT_E_SYSTEM, VT_E_FORMAT (the file is damaged). */
enum vt_code vt_report_make(struct vt_register *reg, struct vt_arena *arena,
                            const struct vt_report_request *input, struct vt_report **out,
                            struct vt_err *err) VT_MUST_CHECK;
#define VT_MAX_REPORT_ARENA_BYTES (256u * 1024 * 1024)
/* The refusals an office answers for (legal.md R-71): mails of the period that were refused or
 * held, whether overruled or not, and those that a clerk returned; oldest first. Of mails marked
 * secret only the number is told. VT_E_LIMIT: more than VT_MAX_REFUSALS. */
enum vt_code vt_report_refusals(struct vt_register *reg, struct vt_arena *arena,
                                const struct vt_report_request *input, struct vt_report **out,
                                struct vt_err *err) VT_MUST_CHECK;
#define VT_MAX_REFUSALS 100000

/* ---- how it is shown ---- */

enum vt_report_format { VT_REPORT_TEXT = 0, VT_REPORT_CSV, VT_REPORT_JSON, VT_REPORT_HTML };

struct vt_report_show {
    enum vt_report_format format;
    char separator;      /* of CSV; 0: "," */
    const char *section; /* key of the only one to be shown; NULL: all */
};
/* Write a report: text for a terminal; CSV in UTF-8 with a byte order mark, where no cell is taken
 * for a formula; JSON, one object; HTML, one page without scripts that a browser, a telephone and
 * a word processor show. VT_E_CONFIG (no such section), VT_E_SYSTEM (writing failed), VT_E_NOMEM.
 */
enum vt_code vt_report_render(const struct vt_report *report, const struct vt_report_show *show,
                              FILE *out, struct vt_err *err) VT_MUST_CHECK;

/* The sentence under the title of every report (users.md 3). */
extern const char vt_report_caveat_vietnamese[];
extern const char vt_report_caveat_english[];

#endif
