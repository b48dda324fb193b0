/* SPDX-License-Identifier: Apache-2.0
 * base64 (RFC 4648 4, RFC 2045 6.8) and quoted-printable (RFC 2045 6.7) by table. The decoders of
 * the libraries cost more than the hash that follows, and none says what was wrong. */
#include "unpack/decode.h"

#include <string.h>

/* Table of base64: the value, or one of these; every one has the sign bit. */
#define BAD ((int8_t)-1)
#define GAP ((int8_t)-2) /* white space */
#define PAD ((int8_t)-3)

static const int8_t base64_values[256] = {
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, GAP, GAP, BAD, BAD, GAP, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, GAP, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, 62,  BAD, BAD, BAD, 63,  52,  53,  54,  55,  56,  57,  58,  59,  60,
    61,  BAD, BAD, BAD, PAD, BAD, BAD, BAD, 0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,
    11,  12,  13,  14,  15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  BAD, BAD, BAD, BAD,
    BAD, BAD, 26,  27,  28,  29,  30,  31,  32,  33,  34,  35,  36,  37,  38,  39,  40,  41,  42,
    43,  44,  45,  46,  47,  48,  49,  50,  51,  BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
};

size_t vt_decode_base64_max(size_t len) {
    return len / 4 * 3 + 3;
}

/* Whole groups of four digits without anything between them. */
static const uint8_t *take_groups(const uint8_t *at, const uint8_t *end, uint8_t **out) {
    uint8_t *to = *out;
    while (end - at >= 4) {
        int32_t a = base64_values[at[0]], b = base64_values[at[1]], c = base64_values[at[2]],
                d = base64_values[at[3]];
        if ((a | b | c | d) < 0)
            break;
        uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d;
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
        to += 3;
        at += 4;
    }
    *out = to;
    return at;
}

/* One group that may have white space in it. */
struct group {
    uint32_t bits;
    unsigned digits;
    unsigned pads;
};

static void note(const char **defect, const char *text) {
    if (*defect == NULL)
        *defect = text;
}

static const uint8_t *take_slowly(const uint8_t *at, const uint8_t *end, struct group *group,
                                  const char **defect) {
    while (at < end && group->digits + group->pads < 4) {
        int8_t value = base64_values[*at++];
        if (value == BAD) {
            note(defect, "a character that is not base64");
        } else if (value == PAD) {
            if (group->digits < 2)
                note(defect, "padding where there is nothing to pad");
            else
                group->pads++;
        } else if (value >= 0) {
            if (group->pads > 0)
                break;
            group->bits = group->bits << 6 | (uint32_t)value;
            group->digits++;
        }
    }
    return at;
}

static void put_group(const struct group *group, uint8_t **out) {
    uint32_t bits = group->digits == 0 ? 0 : group->bits << (6 * (4 - group->digits));
    for (unsigned i = 0; i + 1 < group->digits; i++)
        *(*out)++ = (uint8_t)(bits >> (16 - 8 * i));
}

/* RFC 2045 6.8: a "=" ends the data; whatever follows it but white space is no part of it. */
static bool has_more(const uint8_t *at, const uint8_t *end) {
    while (at < end && base64_values[*at] == GAP)
        at++;
    return at < end;
}

size_t vt_decode_base64(struct vt_bytes text, uint8_t *out, const char **out_defect) {
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    uint8_t *to = out;
    *out_defect = NULL;
    while (at < end) {
        at = take_groups(at, end, &to);
        struct group group = {0};
        at = take_slowly(at, end, &group, out_defect);
        put_group(&group, &to);
        if (group.pads > 0 || at == end) {
            if (group.digits > 0 && group.digits + group.pads < 4)
                note(out_defect, "padding that is missing");
            if (has_more(at, end))
                note(out_defect, "data after the padding");
            break;
        }
    }
    return (size_t)(to - out);
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t line_break_len(const uint8_t *at, const uint8_t *end) {
    if (at < end && *at == '\n')
        return 1;
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

static const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end) {
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* One "=": hexadecimal octet, soft line break (rule 5), or a defect that is kept as it stands. */
static const uint8_t *take_escape(const uint8_t *at, const uint8_t *end, uint8_t **to,
                                  const char **defect) {
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

size_t vt_decode_quoted_printable(struct vt_bytes text, uint8_t *out, const char **out_defect) {
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
