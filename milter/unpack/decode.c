/* SPDX-License-Identifier: Apache-2.0
 * quoted-printable (RFC 2045 6.7). */
#include "unpack/decode.h"

#include <string.h>

static void note(const char **defect, const char *text)
{
    if (*defect == NULL)
        *defect = text;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t line_break_len(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    if (left >= 1 && at[0] == '\n')
        return 1;
    return left >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

static const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* One "=": hexadecimal octet, soft line break (rule 5), or a defect that is kept as it stands. */
static const uint8_t *take_escape(const uint8_t *at, const uint8_t *end, uint8_t **to,
                                  const char **defect)
{
    int high = end - at >= 3 ? hex_value(at[1]) : -1, low = end - at >= 3 ? hex_value(at[2]) : -1;
    if (high >= 0 && low >= 0) {
        *(*to)++ = (uint8_t)(high << 4 | low);
        return at + 3;
    }
    const uint8_t *after = skip_blanks(at + 1, end);
    size_t break_len = line_break_len(after, end);
    if (break_len > 0 || after == end)
        return after + break_len;
    note(defect, "a \"=\" without two hexadecimal digits");
    *(*to)++ = '=';
    return at + 1;
}

size_t vt_decode_quoted_printable(struct vt_bytes text, uint8_t *out, const char **out_defect)
{
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    uint8_t *to = out;
    *out_defect = NULL;
    while (at < end) {
        if (*at == '=') {
            at = take_escape(at, end, &to, out_defect);
        } else if (*at == ' ' || *at == '\t') {
            /* Rule 3: white space at the end of a line was added on the way. */
            const uint8_t *after = skip_blanks(at, end);
            if (after < end && line_break_len(after, end) == 0) {
                memcpy(to, at, (size_t)(after - at));
                to += after - at;
            }
            at = after;
        } else {
            *to++ = *at++;
        }
    }
    return (size_t)(to - out);
}
