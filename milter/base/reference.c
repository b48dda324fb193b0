/* SPDX-License-Identifier: Apache-2.0
 * References and their check digit: H. M. Damm, Total anti-symmetrische Quasigruppen, 2004. */
#include "vanthu/reference.h"

#include <stdio.h>
#include <string.h>

/* The quasigroup of order 10 in Damm's dissertation: its diagonal is zero, so a number followed by
 * its check digit gives zero. */
static unsigned damm(const char *digits)
{
    static const unsigned char table[10][10] = {
        {0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
        {4, 2, 0, 6, 8, 7, 1, 3, 5, 9}, {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
        {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
        {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
        {9, 4, 3, 8, 6, 1, 7, 2, 0, 5}, {2, 5, 8, 1, 4, 3, 6, 7, 9, 0}};
    unsigned interim = 0;
    for (; *digits != '\0'; digits++)
        interim = table[interim][*digits - '0'];
    return interim;
}

static void with_dashes(char out[VT_REFERENCE_BYTES], const char *digits)
{
    (void)snprintf(out, VT_REFERENCE_BYTES, "%.4s-%.4s-%.4s", digits, digits + 4, digits + 8);
}

char *vt_reference_format(char out[VT_REFERENCE_BYTES], const char digits[VT_REFERENCE_DIGITS + 1])
{
    char whole[VT_REFERENCE_DIGITS + 2];
    memcpy(whole, digits, VT_REFERENCE_DIGITS + 1);
    whole[VT_REFERENCE_DIGITS] = (char)('0' + damm(digits));
    whole[VT_REFERENCE_DIGITS + 1] = '\0';
    with_dashes(out, whole);
    return out;
}

enum vt_code vt_reference_parse(const char *text, char out[VT_REFERENCE_BYTES])
{
    char digits[VT_REFERENCE_DIGITS + 2];
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == ' ')
            continue;
        if (*text < '0' || *text > '9' || count == VT_REFERENCE_DIGITS + 1)
            return VT_E_FORMAT;
        digits[count++] = *text;
    }
    digits[count] = '\0';
    if (count != VT_REFERENCE_DIGITS + 1 || damm(digits) != 0)
        return VT_E_FORMAT;
    with_dashes(out, digits);
    return VT_OK;
}

bool vt_reference_is_valid(const char *text)
{
    char whole[VT_REFERENCE_BYTES];
    return vt_reference_parse(text, whole) == VT_OK;
}
