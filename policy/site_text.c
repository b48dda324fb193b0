/* SPDX-License-Identifier: Apache-2.0
 * Texts of the site table in the one form in which they are compared: names after Unicode NFC,
 * case folding and white-space clean-up (legal.md R-88), digests and serial numbers as plain
 * hexadecimal. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "site_table.h"

/* In place: spaces (U+0020, U+00A0 and controls) at both ends go, runs become one. */
static void squeeze(char *text)
{
    char *to = text;
    bool is_space = true;
    for (const char *at = text; *at != '\0'; at++) {
        bool is_wide = (unsigned char)at[0] == 0xC2 && (unsigned char)at[1] == 0xA0;
        if (is_wide || (unsigned char)*at <= ' ') {
            at += is_wide;
            if (!is_space)
                *to++ = ' ';
            is_space = true;
        } else {
            *to++ = *at;
            is_space = false;
        }
    }
    if (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

char *vt_site_fold_dup(const char *text)
{
    /* With its NUL: the copy is a string. Text of this program is UTF-8: only memory can lack. */
    size_t len = 0;
    uint8_t *folded =
        u8_casefold((const uint8_t *)text, strlen(text) + 1, NULL, UNINORM_NFC, NULL, &len);
    if (folded != NULL)
        squeeze((char *)folded);
    return (char *)folded;
}

const char *vt_site_fold(struct vt_arena *arena, const char *text)
{
    char *folded = vt_site_fold_dup(text);
    const char *copy = vt_arena_str(arena, folded);
    free(folded);
    return copy;
}

/* The hexadecimal digits of text in lower case; out has room for them. False: something else than
 * digits, colons and spaces stands there. */
static bool hex_digits(const char *text, char *out)
{
    bool is_hex = true;
    for (; *text != '\0'; text++) {
        if (isxdigit((unsigned char)*text))
            *out++ = (char)tolower((unsigned char)*text);
        else if (*text != ':' && *text != ' ')
            is_hex = false;
    }
    *out = '\0';
    return is_hex;
}

const char *vt_site_digest(struct vt_arena *arena, const char *text)
{
    char *out = vt_arena_alloc(arena, strlen(text) + 1);
    if (out != NULL)
        (void)hex_digits(text, out);
    return out;
}

const char *vt_site_serial(struct vt_arena *arena, const char *text, bool *out_ok)
{
    *out_ok = true;
    if (strncasecmp(text, "0x", 2) == 0)
        text += 2;
    char *out = vt_arena_alloc(arena, strlen(text) + 1);
    if (out == NULL)
        return NULL;
    *out_ok = hex_digits(text, out) && *out != '\0';
    while (out[0] == '0' && out[1] != '\0')
        out++;
    return *out_ok ? out : NULL;
}

const char *vt_site_serial_key(struct vt_arena *arena, const char *serial, const char *issuer)
{
    return vt_arena_printf(arena, "%s %s", serial, issuer);
}
