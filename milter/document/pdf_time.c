/* SPDX-License-Identifier: Apache-2.0
 * Dates of PDF (ISO 32000-1, 7.9.4; ISO 32000-2 dropped the last apostrophe):
 *   [D:]YYYY[MM[DD[HH[mm[SS]]]]][Z | (+|-)HH[[']mm[']]]
 * NOTE: laxer than the text where real tools are: without "D:", "Z" followed by 00'00', a zone
 * without apostrophes. A date without zone is of unknown relation to UTC; tools in Vietnam mean
 * local time, +07:00 (legal.md R-92). */
#include "document/pdf.h"

/* Exactly count digits at *at. */
static bool digits(struct vt_bytes text, size_t *at, size_t count, int *out)
{
    int number = 0;
    if (text.len - *at < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint8_t c = text.ptr[*at + i];
        if (c < '0' || c > '9')
            return false;
        number = number * 10 + (c - '0');
    }
    *at += count;
    *out = number;
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static void skip_apostrophe(struct vt_bytes text, size_t *at)
{
    if (*at < text.len && text.ptr[*at] == '\'')
        (*at)++;
}

/* The zone and nothing after it. */
static bool zone(struct vt_bytes text, size_t at, int *out_offset_secs, bool *out_zoneless)
{
    int hours = 0, minutes = 0;
    *out_zoneless = at == text.len;
    *out_offset_secs = *out_zoneless ? VT_VIETNAM_SECS : 0;
    if (*out_zoneless)
        return true;
    uint8_t sign = text.ptr[at++];
    if (sign != 'Z' && sign != '+' && sign != '-')
        return false;
    bool has_hours = digits(text, &at, 2, &hours);
    if (!has_hours && sign != 'Z')
        return false;
    if (has_hours) {
        skip_apostrophe(text, &at);
        (void)digits(text, &at, 2, &minutes);
        skip_apostrophe(text, &at);
    }
    if (hours > 23 || minutes > 59 || at != text.len || (sign == 'Z' && hours + minutes > 0))
        return false;
    *out_offset_secs = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return true;
}

static struct vt_bytes trim(struct vt_bytes text)
{
    while (text.len > 0 && pdf_is_space(text.ptr[text.len - 1]))
        text.len--;
    if (vt_bytes_starts_with(text, VT_BYTES("D:")))
        text = vt_bytes_slice(text, 2, text.len - 2);
    return text;
}

bool pdf_time_parse(struct vt_bytes text, int64_t *out_utc_secs, bool *out_zoneless)
{
    int year = 0, field[5] = {1, 1, 0, 0, 0}; /* month, day, hour, minute, second */
    int offset_secs = 0;
    size_t at = 0;
    *out_utc_secs = VT_TIME_NONE;
    *out_zoneless = false;
    text = trim(text);
    if (!digits(text, &at, 4, &year) || year < 1)
        return false;
    for (size_t i = 0; i < 5 && digits(text, &at, 2, &field[i]); i++)
        ;
    if (field[0] < 1 || field[0] > 12 || field[1] < 1 || field[1] > days_of(year, field[0]) ||
        field[2] > 23 || field[3] > 59 || field[4] > 60 ||
        !zone(text, at, &offset_secs, out_zoneless))
        return false;
    int64_t local = vt_time_from_civil(year, field[0], field[1], field[2], field[3], field[4]);
    *out_utc_secs = local - offset_secs;
    return true;
}
