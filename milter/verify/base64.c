/* SPDX-License-Identifier: Apache-2.0
 * base64 with white space between its characters (RFC 4648, RFC 7468). */
#include "verify/base64.h"

#define SKIP 64
#define PAD 65
#define BAD 66

static unsigned digit_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    switch (c) {
    case '+':
        return 62;
    case '/':
        return 63;
    case '=':
        return PAD;
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return SKIP;
    default:
        return BAD;
    }
}

enum vt_code vt_base64_decode(struct vt_arena *arena, struct vt_bytes text, struct vt_bytes *out)
{
    uint8_t *bytes = vt_arena_alloc(arena, text.len / 4 * 3 + 3);
    size_t used = 0;
    uint32_t group = 0;
    unsigned digits = 0;
    unsigned pads = 0;

    if (bytes == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = digit_of(text.ptr[i]);
        if (digit == SKIP)
            continue;
        if (digit == BAD || (digit != PAD && pads > 0))
            return VT_E_FORMAT;
        pads += digit == PAD;
        group = (group << 6) | (digit == PAD ? 0 : digit);
        if (++digits % 4 == 0) {
            bytes[used++] = (uint8_t)(group >> 16);
            bytes[used++] = (uint8_t)(group >> 8);
            bytes[used++] = (uint8_t)group;
            group = 0;
        }
    }
    if (digits % 4 != 0 || pads > 2 || digits == 0)
        return VT_E_FORMAT;
    *out = vt_bytes_of(bytes, used - pads);
    return VT_OK;
}
