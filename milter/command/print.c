/* SPDX-License-Identifier: Apache-2.0
 * What is printed for people in more than one command: columns of a terminal, times of the clock in
 * Vietnam, texts of answers that are JSON. */
#include "command/print.h"

#include <string.h>

#include "vanthu/clock.h"

const char *vt_print_minute(enum vt_language language, char out[40], int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES] = "-";
    if (utc_secs > INT64_MIN / 2 && utc_secs < INT64_MAX / 2)
        (void)vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS);
    if (strlen(text) < strlen("2026-12-03T10:02:00Z"))
        (void)snprintf(out, 40, "%s", "-");
    else if (language == VT_LANGUAGE_VIETNAMESE)
        (void)snprintf(out, 40, "%.5s %.2s/%.2s/%.4s", text + 11, text + 8, text + 5, text);
    else
        (void)snprintf(out, 40, "%.10s %.5s", text, text + 11);
    return out;
}

int vt_print_columns(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

void vt_print_cell(FILE *out, const char *text, int width)
{
    int pad = width - vt_print_columns(text);
    fprintf(out, "%s%*s", text, pad > 1 ? pad : 1, "");
}

const char *vt_print_json(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}
