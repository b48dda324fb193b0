/* SPDX-License-Identifier: Apache-2.0
 * Times that people type: spans, days of Vietnam, moments. */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

#define DAY_SECS 86400

bool vt_command_read_span(const char *text, int64_t max_secs, int64_t *out_secs)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || number < 0 || number > 1000000)
        return false;
    int64_t unit = strcmp(end, "d") == 0   ? DAY_SECS
                   : strcmp(end, "h") == 0 ? 3600
                   : strcmp(end, "m") == 0 ? 60
                   : strcmp(end, "s") == 0 ? 1
                                           : 0;
    *out_secs = number * unit;
    return (unit > 0 && *out_secs <= max_secs) || (number == 0 && *end == '\0');
}

bool vt_command_read_time(const char *text, bool is_until, int64_t *out_utc_secs)
{
    if (vt_time_parse_vietnam(text, out_utc_secs) != VT_OK)
        return false;
    if (is_until && strlen(text) == strlen("2026-12-03"))
        *out_utc_secs += DAY_SECS;
    return true;
}
