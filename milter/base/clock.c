/* SPDX-License-Identifier: Apache-2.0
 * Clocks and the text forms of time. No time zone of the machine is used anywhere. */
#include "vanthu/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define DAY_SECS INT64_C(86400)

int64_t vt_clock_now_utc_secs(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t vt_clock_monotonic_msecs(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int vt_clock_left_msecs(int64_t deadline_msecs)
{
    int64_t left = deadline_msecs - vt_clock_monotonic_msecs();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Of the version, not of the build, so that a build can be repeated bit by bit. */
int64_t vt_clock_released_utc_secs(void)
{
    int64_t released = 0;
    return vt_time_parse(VT_RELEASED, &released) == VT_OK ? released : INT64_MAX;
}

bool vt_clock_is_sane(int64_t now_utc_secs)
{
    return now_utc_secs >= vt_clock_released_utc_secs();
}

bool vt_clock_is_synchronised(void)
{
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);
    return state >= 0 && state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, by eras of 400 years. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int64_t vt_time_from_civil(int year, int month, int day, int hour, int minute, int second)
{
    return days_from_civil(year, month, day) * DAY_SECS + (int64_t)hour * 3600 + minute * 60 +
           second;
}

static bool to_civil(int64_t utc_secs, struct tm *out)
{
    /* Years 0000 to 9999: what RFC 3339 can write. */
    if (utc_secs < -62167219200 || utc_secs > 253402300799)
        return false;
    time_t seconds = utc_secs;
    return gmtime_r(&seconds, out) != NULL;
}

char *vt_time_rfc3339(char out[VT_TIME_TEXT_BYTES], int64_t utc_secs)
{
    struct tm tm;
    /* strftime(3) writes the year 1 as "1"; RFC 3339 5.6 has four digits, and vt_time_parse too. */
    if (!to_civil(utc_secs, &tm))
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "-");
    else
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                       (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
    return out;
}

char *vt_time_vietnam(char out[64], int64_t utc_secs)
{
    struct tm tm;
    if (utc_secs == VT_TIME_NONE || !to_civil(utc_secs + VT_VIETNAM_SECS, &tm) ||
        strftime(out, 64, "%H:%M ngày %d/%m/%Y (giờ Việt Nam)", &tm) == 0)
        (void)snprintf(out, 64, "-");
    return out;
}

/* A decimal number of exactly digits digits, advancing *text. */
static bool number(const char **text, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if ((*text)[i] < '0' || (*text)[i] > '9')
            return false;
        value = value * 10 + ((*text)[i] - '0');
    }
    *text += digits;
    *out = value;
    return true;
}

static bool literal(const char **text, char expected)
{
    if (**text != expected)
        return false;
    (*text)++;
    return true;
}

static bool is_civil(int year, int month, int day, int hour, int minute, int second)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1])
        return false;
    if (month == 2 && day == 29 && !leap)
        return false;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* RFC 3339 5.6: time-offset = "Z" / ("+" / "-") time-hour ":" time-minute */
static bool zone(const char **text, int *out_offset_secs)
{
    *out_offset_secs = 0;
    if (literal(text, 'Z') || literal(text, 'z'))
        return true;
    int sign = **text == '-' ? -1 : 1;
    int hours = 0, minutes = 0;
    if (!literal(text, '+') && !literal(text, '-'))
        return false;
    if (!number(text, 2, &hours) || !literal(text, ':') || !number(text, 2, &minutes))
        return false;
    *out_offset_secs = sign * (hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

enum vt_code vt_time_parse(const char *text, int64_t *out_utc_secs)
{
    int year, month, day, hour = 0, minute = 0, second = 0, offset = 0;
    if (!number(&text, 4, &year) || !literal(&text, '-') || !number(&text, 2, &month) ||
        !literal(&text, '-') || !number(&text, 2, &day))
        return VT_E_FORMAT;
    if (*text != '\0') {
        if ((!literal(&text, 'T') && !literal(&text, 't') && !literal(&text, ' ')) ||
            !number(&text, 2, &hour) || !literal(&text, ':') || !number(&text, 2, &minute) ||
            !literal(&text, ':') || !number(&text, 2, &second))
            return VT_E_FORMAT;
        if (literal(&text, '.')) {
            const char *digits = text;
            text += strspn(text, "0123456789");
            if (text == digits)
                return VT_E_FORMAT;
        }
        if (!zone(&text, &offset))
            return VT_E_FORMAT;
    }
    if (*text != '\0' || !is_civil(year, month, day, hour, minute, second))
        return VT_E_FORMAT;
    *out_utc_secs = vt_time_from_civil(year, month, day, hour, minute, second) - offset;
    return VT_OK;
}

enum vt_code vt_time_parse_vietnam(const char *text, int64_t *out_utc_secs)
{
    enum vt_code code = vt_time_parse(text, out_utc_secs);
    if (code == VT_OK && strlen(text) == strlen("2026-12-31"))
        *out_utc_secs -= VT_VIETNAM_SECS;
    return code;
}

enum vt_code vt_time_parse_asn1(struct vt_bytes text, bool generalized, int64_t *out_utc_secs)
{
    char copy[40];
    if (text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return VT_E_FORMAT;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    const char *at = copy;
    int year, month, day, hour, minute, second = 0;
    if (!number(&at, generalized ? 4 : 2, &year) || !number(&at, 2, &month) ||
        !number(&at, 2, &day) || !number(&at, 2, &hour) || !number(&at, 2, &minute))
        return VT_E_FORMAT;
    if (*at >= '0' && *at <= '9' && !number(&at, 2, &second))
        return VT_E_FORMAT;
    if (generalized && literal(&at, '.')) {
        const char *digits = at;
        at += strspn(at, "0123456789");
        if (at == digits)
            return VT_E_FORMAT;
    }
    if (!literal(&at, 'Z') || *at != '\0')
        return VT_E_FORMAT;
    /* RFC 5280 4.1.2.5.1: YY below 50 is 20YY. */
    if (!generalized)
        year += year < 50 ? 2000 : 1900;
    if (!is_civil(year, month, day, hour, minute, second))
        return VT_E_FORMAT;
    *out_utc_secs = vt_time_from_civil(year, month, day, hour, minute, second);
    return VT_OK;
}
