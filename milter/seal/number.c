/* SPDX-License-Identifier: Apache-2.0
 * Number and symbol of an administrative document in a line of text (Nghị định 30/2020/NĐ-CP, Phụ
 * lục I, I.II.3; Thông tư 22/2025/TT-BTP for "12/2026/QĐ-UBND"):
 *   number-and-symbol = number "/" [ year "/" ] symbol
 *   number = 1*5DIGIT, year = 4DIGIT
 *   symbol = 1*( capital / "-" ), at least two capitals
 * It is printed on documents, so whatever could be read in two ways is none. */
#include <string.h>

#include "vanthu/seal_look.h"

#define MAX_DIGITS 5
#define MAX_NUMBER_BYTES 60

static size_t digits(const char *at)
{
    return strspn(at, "0123456789");
}

/* A capital of Vietnamese symbols: A to Z and Đ. 0: it is none. */
static size_t capital_bytes(const char *at)
{
    if (*at >= 'A' && *at <= 'Z')
        return 1;
    return strncmp(at, "Đ", strlen("Đ")) == 0 ? strlen("Đ") : 0;
}

/* QĐ-UBND, SNV-VTLT. 0: it is none. */
static size_t symbol_bytes(const char *at)
{
    size_t len = 0, capitals = 0;
    for (;;) {
        size_t step = capital_bytes(at + len);
        capitals += step > 0;
        if (step == 0 && at[len] == '-' && capital_bytes(at + len + 1) > 0)
            step = 1;
        if (step == 0)
            break;
        len += step;
    }
    return capitals >= 2 ? len : 0;
}

/* A letter or digit of any script. */
static bool is_word_byte(char byte)
{
    return ((unsigned char)byte & 0x80) != 0 || (byte >= '0' && byte <= '9') ||
           (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* What could be a part of something longer. */
static bool goes_on(const char *at)
{
    return is_word_byte(*at) || (strchr("/&", *at) != NULL && *at != '\0') ||
           (*at == '-' && is_word_byte(at[1]));
}

/* The length of a number and symbol that begins here; 0: none does. */
static size_t match(const char *at, char slash)
{
    size_t len = digits(at);
    if (len == 0 || len > MAX_DIGITS || at[len] != slash)
        return 0;
    len++;
    if (digits(at + len) == 4 && at[len + 4] == slash)
        len += 5;
    size_t symbol = symbol_bytes(at + len);
    if (symbol == 0 || goes_on(at + len + symbol))
        return 0;
    return len + symbol;
}

static bool keep(struct vt_arena *arena, const char *at, size_t len, const char **out)
{
    char text[MAX_NUMBER_BYTES + 1];
    if (len > MAX_NUMBER_BYTES)
        return false;
    for (size_t i = 0; i < len; i++)
        text[i] = at[i] == '_' ? '/' : at[i];
    text[len] = '\0';
    if (*out != NULL)
        return strcmp(*out, text) == 0;
    *out = vt_arena_str(arena, text);
    return *out != NULL;
}

bool vt_seal_number_find(struct vt_arena *arena, const char *text, bool is_file_name,
                         const char **out)
{
    const char *found = NULL;
    *out = NULL;
    for (const char *at = text; at != NULL && *at != '\0';) {
        bool begins = at == text || (!is_word_byte(at[-1]) && strchr("/_-", at[-1]) == NULL);
        size_t len = begins ? match(at, is_file_name ? '_' : '/') : 0;
        if (len > 0 && !keep(arena, at, len, &found))
            return false;
        at += len > 0 ? len : 1;
    }
    *out = found;
    return found != NULL;
}
