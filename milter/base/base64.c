/* SPDX-License-Identifier: Apache-2.0
 * base64 (RFC 4648 4, RFC 2045 6.8) by table. The decoders of the libraries cost more than the hash
 * that follows, and none says what was wrong. */
#include "vanthu/bytes.h"

/* One table for each place in a group of four digits: the value where it belongs in the 24 bits,
 * and a bit of its own above them. What is no digit has neither. */
/* clang-format off */
#define D(c, value, place) \
    [c] = (uint32_t)(value) << (18 - 6 * (place)) | UINT32_C(1) << (24 + (place))
#define TABLE(p) { \
    D('A', 0, p), D('B', 1, p), D('C', 2, p), D('D', 3, p), D('E', 4, p), D('F', 5, p), \
    D('G', 6, p), D('H', 7, p), D('I', 8, p), D('J', 9, p), D('K', 10, p), D('L', 11, p), \
    D('M', 12, p), D('N', 13, p), D('O', 14, p), D('P', 15, p), D('Q', 16, p), D('R', 17, p), \
    D('S', 18, p), D('T', 19, p), D('U', 20, p), D('V', 21, p), D('W', 22, p), D('X', 23, p), \
    D('Y', 24, p), D('Z', 25, p), D('a', 26, p), D('b', 27, p), D('c', 28, p), D('d', 29, p), \
    D('e', 30, p), D('f', 31, p), D('g', 32, p), D('h', 33, p), D('i', 34, p), D('j', 35, p), \
    D('k', 36, p), D('l', 37, p), D('m', 38, p), D('n', 39, p), D('o', 40, p), D('p', 41, p), \
    D('q', 42, p), D('r', 43, p), D('s', 44, p), D('t', 45, p), D('u', 46, p), D('v', 47, p), \
    D('w', 48, p), D('x', 49, p), D('y', 50, p), D('z', 51, p), D('0', 52, p), D('1', 53, p), \
    D('2', 54, p), D('3', 55, p), D('4', 56, p), D('5', 57, p), D('6', 58, p), D('7', 59, p), \
    D('8', 60, p), D('9', 61, p), D('+', 62, p), D('/', 63, p) \
}
/* clang-format on */
static const uint32_t base64_tables[4][256] = {TABLE(0), TABLE(1), TABLE(2), TABLE(3)};
#define ALL_DIGITS UINT32_C(0x0F000000)

size_t vt_base64_max(size_t len)
{
    return len / 4 * 3 + 3;
}

/* Whole groups of four digits without anything between them. */
static const uint8_t *take_groups(const uint8_t *at, const uint8_t *end, uint8_t **out)
{
    uint8_t *to = *out;
    while (end - at >= 4) {
        uint32_t bits = base64_tables[0][at[0]] | base64_tables[1][at[1]] |
                        base64_tables[2][at[2]] | base64_tables[3][at[3]];
        if (bits < ALL_DIGITS)
            break;
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
        to += 3;
        at += 4;
    }
    *out = to;
    return at;
}

static bool is_gap(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The value of a digit, or -1. */
static int digit_value(uint8_t c)
{
    uint32_t entry = base64_tables[3][c];
    return entry == 0 ? -1 : (int)(entry & 63);
}

/* One group that may have white space in it. */
struct group {
    uint32_t bits;
    unsigned digits;
    unsigned pads;
};

static void note(const char **defect, const char *text)
{
    if (*defect == NULL)
        *defect = text;
}

static const uint8_t *take_slowly(const uint8_t *at, const uint8_t *end, struct group *group,
                                  const char **defect)
{
    while (at < end && group->digits + group->pads < 4) {
        uint8_t c = *at++;
        int value = digit_value(c);
        if (value >= 0 && group->pads > 0)
            break;
        if (value >= 0) {
            group->bits = group->bits << 6 | (uint32_t)value;
            group->digits++;
        } else if (c == '=' && group->digits >= 2) {
            group->pads++;
        } else if (!is_gap(c)) {
            note(defect, c == '=' ? "padding where there is nothing to pad"
                                  : "a character that is not base64");
        }
    }
    return at;
}

static void put_group(const struct group *group, uint8_t **out)
{
    uint32_t bits = group->digits == 0 ? 0 : group->bits << (6 * (4 - group->digits));
    for (unsigned i = 0; i + 1 < group->digits; i++)
        *(*out)++ = (uint8_t)(bits >> (16 - 8 * i));
}

static const uint8_t *skip_gaps(const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_gap(*at))
        at++;
    return at;
}

size_t vt_base64_read(struct vt_bytes text, uint8_t *out, const char **out_defect)
{
    const uint8_t *at = text.ptr, *end = text.ptr + text.len;
    uint8_t *to = out;
    *out_defect = NULL;
    while (at < end) {
        const uint8_t *line = skip_gaps(at, end);
        at = take_groups(line, end, &to);
        if (at > line)
            continue;
        struct group group = {0};
        at = take_slowly(at, end, &group, out_defect);
        put_group(&group, &to);
        if (group.pads > 0 || at == end) {
            if (group.digits > 0 && group.digits + group.pads < 4)
                note(out_defect, "padding that is missing");
            /* RFC 2045 6.8: a "=" ends the data. */
            if (skip_gaps(at, end) < end)
                note(out_defect, "data after the padding");
            break;
        }
    }
    return (size_t)(to - out);
}

enum vt_code vt_base64_decode(struct vt_arena *arena, struct vt_bytes text, struct vt_bytes *out)
{
    const char *defect = NULL;
    uint8_t *bytes = vt_arena_alloc(arena, vt_base64_max(text.len));
    if (bytes == NULL)
        return VT_E_NOMEM;
    size_t len = vt_base64_read(text, bytes, &defect);
    if (defect != NULL || len == 0)
        return VT_E_FORMAT;
    *out = vt_bytes_of(bytes, len);
    return VT_OK;
}

enum vt_code vt_base64_add_lines(struct vt_buf *out, struct vt_bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum vt_code code = VT_OK;
    for (size_t at = 0; code == VT_OK && at < bytes.len; at += 3) {
        size_t left = bytes.len - at;
        uint32_t three = (uint32_t)bytes.ptr[at] << 16;
        three |= left > 1 ? (uint32_t)bytes.ptr[at + 1] << 8 : 0;
        three |= left > 2 ? bytes.ptr[at + 2] : 0;
        char text[5] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=',
                        left > 2 ? digits[three & 63] : '=', '\n'};
        bool ends_line = at % 48 == 45 || left <= 3;
        code = vt_buf_add(out, text, ends_line ? 5 : 4);
    }
    return code;
}
