/* SPDX-License-Identifier: Apache-2.0
 * Values that are numbers in a range: sizes, counts, ages, dates, times of the day. A condition
 * keeps closed ranges of whole numbers; dates and times of the day are those of Vietnam. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

#define DAY_SECS 86400
#define DAY_MINUTES 1440

/* ---- reading ---- */

static bool add_ranges(struct vt_reading *reading, const struct vt_yaml_node *node,
                       struct vt_condition *out)
{
    struct vt_range ranges[2];
    const char *text = NULL;
    if (!vt_yaml_text(reading->yaml, node, &text))
        return false;
    size_t count = out->test->form->ranges(text, ranges);
    if (count == 0)
        return vt_wrong_value(reading, node, out->test->form->what);
    for (size_t i = 0; i < count; i++) {
        struct vt_range *grown =
            vt_arena_grow(reading->yaml->arena, out->ranges, out->ranges_count, sizeof(*grown));
        if (grown == NULL)
            return vt_no_memory(reading, node);
        out->ranges = grown;
        out->ranges[out->ranges_count++] = ranges[i];
    }
    return true;
}

static bool parse_ranges(struct vt_reading *reading, const struct vt_yaml_node *node,
                         struct vt_condition *out)
{
    const struct vt_form *form = out->test->form;
    if (node->kind != VT_YAML_SCALAR && !form->has_many)
        return vt_wrong_value(reading, node, form->what);
    if (!vt_yaml_is_list(reading->yaml, node, form->what))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++)
        is_good = add_ranges(reading, vt_yaml_value_at(node, i), out) && is_good;
    out->needs = vt_needs_of(reading->yaml->arena, node);
    return is_good && (out->needs != NULL || vt_no_memory(reading, node));
}

static enum vt_truth match_ranges(const struct vt_condition *condition,
                                  const struct vt_scope *scope, vt_reasons *matched)
{
    int64_t number = condition->test->number(scope);
    (void)matched;
    if (number == VT_NUMBER_UNKNOWN)
        return VT_UNKNOWN;
    for (size_t i = 0; i < condition->ranges_count; i++) {
        if (number >= condition->ranges[i].least && number <= condition->ranges[i].most)
            return VT_YES;
    }
    return VT_NO;
}

static void describe_ranges(const struct vt_condition *condition, const struct vt_scope *scope,
                            char *out, size_t out_bytes)
{
    int64_t number = condition->test->number(scope);
    out[0] = '\0';
    if (number != VT_NUMBER_UNKNOWN)
        condition->test->form->show(number, out, out_bytes);
}

/* ---- ">10M", ">=3", "<1M", "3", "2..5" ---- */

typedef bool read_function(const char *text, size_t len, int64_t *out);

/* The least number is 0: nothing that is counted is below. */
static size_t compared(const char *text, read_function *read, struct vt_range out[2])
{
    const char *dots = strstr(text, "..");
    bool is_above = text[0] == '>', is_below = text[0] == '<';
    int64_t number = 0, most = 0;
    if (dots != NULL) {
        if (!read(text, (size_t)(dots - text), &number) ||
            !read(dots + 2, strlen(dots + 2), &most) || number > most)
            return 0;
        out[0] = (struct vt_range){number, most};
        return 1;
    }
    bool is_equal = text[is_above || is_below] == '=' && (is_above || is_below);
    const char *begin = text + (is_above || is_below) + is_equal;
    begin += strspn(begin, " ");
    if (!read(begin, strlen(begin), &number))
        return 0;
    out[0] = (struct vt_range){is_below ? 0 : number, is_above ? INT64_MAX : number};
    if (is_above && !is_equal)
        out[0].least = number + 1;
    if (is_below && !is_equal)
        out[0].most = number - 1;
    return 1;
}

/* Digits and a unit; more than 12 digits are no number anybody means. */
static bool with_unit(const char *text, size_t len, const char *units, const int64_t *factors,
                      int64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12 || digits > len || len - digits > 1)
        return false;
    int64_t factor = 1;
    if (len > digits) {
        const char *unit = strchr(units, text[digits]);
        if (unit == NULL || *unit == '\0')
            return false;
        factor = factors[unit - units];
    }
    return !__builtin_mul_overflow((int64_t)strtoll(text, NULL, 10), factor, out);
}

static bool read_count(const char *text, size_t len, int64_t *out)
{
    return with_unit(text, len, "", NULL, out);
}

static bool read_size(const char *text, size_t len, int64_t *out)
{
    static const int64_t factors[] = {1024, 1048576, 1073741824};
    return with_unit(text, len, "kMG", factors, out);
}

/* An age without a unit would be read as seconds by one and as days by another. */
static bool read_age(const char *text, size_t len, int64_t *out)
{
    static const int64_t factors[] = {1, 60, 3600, DAY_SECS, INT64_C(365) * DAY_SECS};
    return len > 0 && strchr("smhdy", text[len - 1]) != NULL &&
           with_unit(text, len, "smhdy", factors, out);
}

static size_t count_ranges(const char *text, struct vt_range out[2])
{
    return compared(text, read_count, out);
}

/* One size exactly is a slip: nobody means it. */
static size_t size_ranges(const char *text, struct vt_range out[2])
{
    bool is_compared = text[0] == '>' || text[0] == '<' || strstr(text, "..") != NULL;
    return is_compared ? compared(text, read_size, out) : 0;
}

static size_t age_ranges(const char *text, struct vt_range out[2])
{
    bool is_compared = text[0] == '>' || text[0] == '<' || strstr(text, "..") != NULL;
    return is_compared ? compared(text, read_age, out) : 0;
}

static void show_number(int64_t number, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%lld", (long long)number);
}

static void show_age(int64_t number, char *out, size_t out_bytes)
{
    if (number >= 2 * DAY_SECS)
        (void)snprintf(out, out_bytes, "%lldd", (long long)(number / DAY_SECS));
    else
        (void)snprintf(out, out_bytes, "%lldm", (long long)(number / 60));
}

#define RANGES .parse = parse_ranges, .match = match_ranges, .describe = describe_ranges

const struct vt_form vt_form_count = {RANGES,
                                      .name = "count",
                                      .what = "a number such as 3, >3, <=10 or 2..5",
                                      .pattern =
                                          "^([<>]=? *[0-9]{1,12}|[0-9]{1,12}(\\.\\.[0-9]{1,12})?)$",
                                      .ranges = count_ranges,
                                      .show = show_number};
const struct vt_form vt_form_size = {
    RANGES,
    .name = "size",
    .what = "a size such as >10M, <=256k or 1M..5M",
    .pattern = "^([<>]=? *[0-9]{1,12}[kMG]?|[0-9]{1,12}[kMG]?\\.\\.[0-9]{1,12}[kMG]?)$",
    .ranges = size_ranges,
    .show = show_number};
const struct vt_form vt_form_age = {
    RANGES,
    .name = "age",
    .what = "an age such as >30d, <=12h or 1y..5y",
    .pattern = "^([<>]=? *[0-9]{1,12}[smhdy]|[0-9]{1,12}[smhdy]\\.\\.[0-9]{1,12}[smhdy])$",
    .ranges = age_ranges,
    .show = show_age};

/* ---- a time before which ---- */

static size_t before_ranges(const char *text, struct vt_range out[2])
{
    int64_t end = 0;
    if (vt_time_parse_vietnam(text, &end) != VT_OK)
        return 0;
    out[0] = (struct vt_range){VT_NUMBER_UNKNOWN + 1, end - 1};
    return 1;
}

static void show_time(int64_t number, char *out, size_t out_bytes)
{
    char time[VT_TIME_TEXT_BYTES];
    (void)snprintf(out, out_bytes, "%s", vt_time_rfc3339(time, number));
}

const struct vt_form vt_form_before = {RANGES,
                                       .name = "date",
                                       .what = "a date such as 2025-08-15",
                                       .pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?$",
                                       .ranges = before_ranges,
                                       .show = show_time};

/* ---- times of the day: "07:30-17:00", "22:00-06:00" ---- */

static bool read_clock(const char *text, const char **end, int64_t *out)
{
    static const char form[] = "dd:dd";
    for (size_t i = 0; i < 5; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !is_digit : text[i] != form[i])
            return false;
    }
    int64_t hour = (text[0] - '0') * 10 + text[1] - '0';
    int64_t minute = (text[3] - '0') * 10 + text[4] - '0';
    *end = text + 5;
    *out = hour * 60 + minute;
    return minute < 60 && (hour < 24 || *out == DAY_MINUTES);
}

/* The end does not belong to it; over midnight it is two. */
static size_t clock_ranges(const char *text, struct vt_range out[2])
{
    const char *rest = NULL;
    int64_t from = 0, to = 0;
    if (!read_clock(text, &rest, &from) || *rest != '-' || !read_clock(rest + 1, &rest, &to) ||
        *rest != '\0' || from == to)
        return 0;
    if (from < to) {
        out[0] = (struct vt_range){from, to - 1};
        return 1;
    }
    out[0] = (struct vt_range){from, DAY_MINUTES - 1};
    out[1] = (struct vt_range){0, to - 1};
    return to == 0 ? 1 : 2;
}

static void show_clock(int64_t number, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%02d:%02d", (int)(number / 60), (int)(number % 60));
}

const struct vt_form vt_form_clock = {RANGES,
                                      .name = "clock",
                                      .what =
                                          "a time of the day such as 07:30-17:00 or 22:00-06:00",
                                      .pattern = "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
                                      .ranges = clock_ranges,
                                      .show = show_clock,
                                      .has_many = true};

/* ---- dates: "2026-09-02", "2026-02-14..2026-02-22" ---- */

static bool read_day(const char *text, size_t len, int64_t *out)
{
    char date[16];
    int64_t secs = 0;
    if (len != strlen("2026-09-02"))
        return false;
    (void)snprintf(date, sizeof(date), "%.*s", (int)len, text);
    if (vt_time_parse(date, &secs) != VT_OK)
        return false;
    *out = secs / DAY_SECS;
    return true;
}

static size_t date_ranges(const char *text, struct vt_range out[2])
{
    bool is_compared = text[0] == '>' || text[0] == '<';
    return is_compared ? 0 : compared(text, read_day, out);
}

static void show_day(int64_t number, char *out, size_t out_bytes)
{
    char time[VT_TIME_TEXT_BYTES];
    (void)snprintf(out, out_bytes, "%.10s", vt_time_rfc3339(time, number * DAY_SECS));
}

const struct vt_form vt_form_dates = {
    RANGES,
    .name = "dates",
    .what = "a date such as 2026-09-02 or 2026-02-14..2026-02-22",
    .pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(\\.\\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$",
    .ranges = date_ranges,
    .show = show_day,
    .has_many = true};
