/* SPDX-License-Identifier: Apache-2.0
 * Periods of reports: Decree 09/2019/NĐ-CP, Article 12(1). The month of a report goes from the 15th
 * of the month before to the 14th; quarter, half-year and year begin and end with such months. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vanthu/report.h"

#define FIRST_DAY 15

/* The begin of a month of reports; months beyond 12 and below 1 are those of other years. */
static int64_t begin_of_month(int year, int month, bool is_calendar)
{
    int index = year * 12 + month - 1 - (is_calendar ? 0 : 1);
    return vt_time_from_civil(index / 12, index % 12 + 1, is_calendar ? 1 : FIRST_DAY, 0, 0, 0) -
           VT_VIETNAM_SECS;
}

static bool is_number(const char *text, size_t digits)
{
    return strspn(text, "0123456789") >= digits;
}

/* Month and length from what stands behind the year. */
static bool read_part(const char *text, int *out_month, int *out_count)
{
    if (text[0] == '\0') {
        *out_month = 1;
        *out_count = 12;
        return true;
    }
    if (text[0] == '-' && is_number(text + 1, 2) && text[3] == '\0') {
        *out_month = (text[1] - '0') * 10 + text[2] - '0';
        *out_count = 1;
        return *out_month >= 1 && *out_month <= 12;
    }
    int parts = text[0] == 'H' || text[0] == 'h' ? 2 : text[0] == 'Q' || text[0] == 'q' ? 4 : 0;
    int part = text[0] != '\0' && is_number(text + 1, 1) && text[2] == '\0' ? text[1] - '0' : 0;
    if (part < 1 || part > parts)
        return false;
    *out_count = 12 / parts;
    *out_month = (part - 1) * *out_count + 1;
    return true;
}

enum vt_code vt_period_parse(const char *text, bool is_calendar, struct vt_period *out,
                             struct vt_err *err)
{
    int month = 0, count = 0;
    if (!is_number(text, 4) || text[0] != '2' || !read_part(text + 4, &month, &count))
        return vt_err_set(err, VT_E_CONFIG,
                          "period \"%.20s\": a year, half-year, quarter or month is expected, as "
                          "2026, 2026H1, 2026Q3, 2026-03",
                          text);
    int year = (int)strtol((char[]){text[0], text[1], text[2], text[3], '\0'}, NULL, 10);
    *out = (struct vt_period){.is_calendar = is_calendar,
                              .from_utc_secs = begin_of_month(year, month, is_calendar),
                              .until_utc_secs = begin_of_month(year, month + count, is_calendar),
                              .first_year = year,
                              .first_month = month,
                              .months_count = count};
    (void)vt_text_clean(out->name, sizeof(out->name), vt_bytes_str(text));
    return VT_OK;
}

struct vt_period vt_period_between(int64_t from_utc_secs, int64_t until_utc_secs)
{
    return (struct vt_period){.from_utc_secs = from_utc_secs, .until_utc_secs = until_utc_secs};
}

int vt_period_month(const struct vt_period *period, int64_t utc_secs)
{
    struct tm tm;
    time_t local = utc_secs + VT_VIETNAM_SECS;
    if (utc_secs < period->from_utc_secs || utc_secs >= period->until_utc_secs ||
        gmtime_r(&local, &tm) == NULL)
        return -1;
    int index = (tm.tm_year + 1900) * 12 + tm.tm_mon;
    if (!period->is_calendar && tm.tm_mday >= FIRST_DAY)
        index++;
    return index - (period->first_year * 12 + period->first_month - 1);
}

bool vt_report_is_owed(enum vt_profile profile, const char *regulation, int64_t now_utc_secs,
                       bool is_english, char out[VT_REPORT_REMINDER_BYTES])
{
    enum { NOVEMBER = 10, FIRST = 5, LAST = 20 };
    struct tm tm;
    time_t local = now_utc_secs + VT_VIETNAM_SECS;
    out[0] = '\0';
    if (profile != VT_PROFILE_VINH_LONG || gmtime_r(&local, &tm) == NULL || tm.tm_mon != NOVEMBER ||
        tm.tm_mday < FIRST || tm.tm_mday > LAST)
        return false;
    int year = tm.tm_year + 1900;
    (void)snprintf(out, VT_REPORT_REMINDER_BYTES,
                   is_english
                       ? "The yearly report on digital signatures is owed by 20 November %d%s"
                         "%s: vanthu report --period %d"
                       : "Báo cáo hằng năm về chữ ký số phải gửi trước ngày 20/11/%d%s%s: "
                         "vanthu report --period %d",
                   year,
                   regulation == NULL ? ""
                   : is_english       ? ", Article 9(6) of "
                                      : " theo khoản 6 Điều 9 ",
                   regulation != NULL ? regulation : "", year);
    return true;
}
