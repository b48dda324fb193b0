/* SPDX-License-Identifier: Apache-2.0
 * Text from mail made safe for a log line, an answer or a page, and Vietnamese without its accents.
 * UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "vanthu/bytes.h"

/* One character of UTF-8. Returns its length, 0 when malformed. */
static size_t decode(struct vt_bytes text, uint32_t *out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.ptr[0];
    size_t len = first < 0x80                    ? 1
                 : first >= 0xF0 && first < 0xF5 ? 4
                 : first >= 0xE0 && first < 0xF0 ? 3
                 : first >= 0xC2 && first < 0xE0 ? 2
                                                 : 0;
    if (len == 0 || len > text.len)
        return 0;
    uint32_t c = len == 1 ? first : first & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((text.ptr[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (text.ptr[i] & 0x3Fu);
    }
    if (c < smallest[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *out = c;
    return len;
}

/* Controls, line separators, and what reorders text or is there without being seen: Bidi_Control,
 * format characters without a width, fillers, tags (UAX 9, UAX 44). */
static bool is_unsafe(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},       {0xAD, 0xAD},       {0x61C, 0x61C},
                  {0x115F, 0x1160}, {0x180E, 0x180E},   {0x200B, 0x200F},   {0x2028, 0x202E},
                  {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
                  {0xFFF9, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE007F}};
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && c >= hidden[i].first; i++) {
        if (c <= hidden[i].last)
            return true;
    }
    return false;
}

size_t vt_text_unsafe(struct vt_bytes text)
{
    uint32_t c = 0;
    size_t len = text.len > 0 ? decode(text, &c) : 0;
    return len > 0 && is_unsafe(c) ? len : 0;
}

/* Append to a fixed buffer of which "..." must still fit; false when full. */
static bool put(char *out, size_t out_bytes, size_t *used, const void *bytes, size_t len)
{
    if (len + 4 > out_bytes - *used)
        return false;
    memcpy(out + *used, bytes, len);
    *used += len;
    return true;
}

static void finish(char *out, size_t out_bytes, size_t used, bool cut)
{
    if (cut && out_bytes - used >= 4) {
        memcpy(out + used, "...", 3);
        used += 3;
    }
    out[used] = '\0';
}

/* What is written for one character: a view of it, of a constant, or of scratch. */
typedef struct vt_bytes (*replace_function)(struct vt_bytes character, uint32_t c, bool malformed,
                                            char scratch[2]);

static char *rewrite(char *out, size_t out_bytes, struct vt_bytes text, replace_function replace)
{
    if (out_bytes < 4) {
        if (out_bytes > 0)
            out[0] = '\0';
        return out;
    }
    size_t used = 0;
    bool fits = true;
    while (text.len > 0 && fits) {
        uint32_t c = 0;
        char scratch[2];
        size_t len = decode(text, &c);
        struct vt_bytes character = vt_bytes_slice(text, 0, len == 0 ? 1 : len);
        struct vt_bytes put_in = replace(character, c, len == 0, scratch);
        fits = put(out, out_bytes, &used, put_in.ptr, put_in.len);
        text = vt_bytes_slice(text, character.len, SIZE_MAX);
    }
    finish(out, out_bytes, used, !fits);
    return out;
}

static struct vt_bytes clean(struct vt_bytes character, uint32_t c, bool malformed, char scratch[2])
{
    (void)scratch;
    return malformed || is_unsafe(c) ? VT_BYTES("?") : character;
}

char *vt_text_clean(char *out, size_t out_bytes, struct vt_bytes text)
{
    return rewrite(out, out_bytes, text, clean);
}

static struct vt_bytes clean_quoted(struct vt_bytes character, uint32_t c, bool malformed,
                                    char scratch[2])
{
    return c == '"' && !malformed ? VT_BYTES("'") : clean(character, c, malformed, scratch);
}

char *vt_text_quoted(char *out, size_t out_bytes, const char *text)
{
    return rewrite(out, out_bytes, vt_bytes_str(text), clean_quoted);
}

const char *vt_html_escape(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

enum vt_code vt_buf_add_html(struct vt_buf *buf, struct vt_bytes text)
{
    enum vt_code code = VT_OK;
    size_t begin = 0;
    for (size_t i = 0; i <= text.len && code == VT_OK; i++) {
        const char *escape = i < text.len ? vt_html_escape((char)text.ptr[i]) : "";
        if (escape == NULL)
            continue;
        code = vt_buf_add(buf, text.ptr + begin, i - begin);
        if (code == VT_OK)
            code = vt_buf_add(buf, escape, strlen(escape));
        begin = i + 1;
    }
    return code;
}

/* The ASCII letters of U+1EA0 to U+1EF9 (Vietnamese), capitals at even code points. */
static char vietnamese_letter(uint32_t c)
{
    static const struct {
        uint32_t last;
        char capital;
    } ranges[] = {{0x1EB7, 'A'}, {0x1EC7, 'E'}, {0x1ECB, 'I'},
                  {0x1EE3, 'O'}, {0x1EF1, 'U'}, {0x1EF9, 'Y'}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c <= ranges[i].last)
            return (char)(ranges[i].capital + ((c & 1) != 0 ? 32 : 0));
    }
    return '?';
}

static const char *ascii_of(uint32_t c, char buffer[2])
{
    static const char latin1[] = "AAAAAA?CEEEEIIII?NOOOOO?OUUUUY??aaaaaa?ceeeeiiii?nooooo?ouuuuy?y";
    static const struct {
        uint32_t c;
        const char *ascii;
    } singles[] = {{0x102, "A"},  {0x103, "a"},  {0x110, "D"},   {0x111, "d"},   {0x128, "I"},
                   {0x129, "i"},  {0x168, "U"},  {0x169, "u"},   {0x1A0, "O"},   {0x1A1, "o"},
                   {0x1AF, "U"},  {0x1B0, "u"},  {0xA0, " "},    {0x2013, "-"},  {0x2014, "-"},
                   {0x2018, "'"}, {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x2026, "..."}};
    buffer[0] = '?';
    buffer[1] = '\0';
    if (c >= 0x20 && c < 0x7F)
        buffer[0] = (char)c;
    else if (c >= 0x300 && c <= 0x36F)
        return ""; /* a combining accent of NFD */
    else if (c >= 0xC0 && c <= 0xFF)
        buffer[0] = latin1[c - 0xC0];
    else if (c >= 0x1EA0 && c <= 0x1EF9)
        buffer[0] = vietnamese_letter(c);
    else
        for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
            if (singles[i].c == c)
                return singles[i].ascii;
        }
    return buffer;
}

static struct vt_bytes unaccent(struct vt_bytes character, uint32_t c, bool malformed,
                                char scratch[2])
{
    (void)character;
    return malformed ? VT_BYTES("?") : vt_bytes_str(ascii_of(c, scratch));
}

char *vt_text_ascii(char *out, size_t out_bytes, const char *utf8)
{
    return rewrite(out, out_bytes, vt_bytes_str(utf8), unaccent);
}

void vt_text_join_letters(char *words)
{
    char *to = words;
    for (const char *at = words; *at != '\0';) {
        size_t letters = 0;
        while (at[2 * letters] == ' ' && isalpha((unsigned char)at[2 * letters + 1]) &&
               at[2 * letters + 2] == ' ')
            letters++;
        if (letters < 3) {
            *to++ = *at++;
            continue;
        }
        *to++ = ' ';
        for (size_t i = 0; i < letters; i++)
            *to++ = at[2 * i + 1];
        at += 2 * letters; /* the space behind the last one */
    }
    *to = '\0';
}

bool vt_text_is_utf8(struct vt_bytes text)
{
    while (text.len > 0) {
        uint32_t c = 0;
        size_t len = decode(text, &c);
        if (len == 0 || c == 0)
            return false;
        text = vt_bytes_slice(text, len, SIZE_MAX);
    }
    return true;
}

char *vt_text_hex(char *out, struct vt_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[bytes.ptr[i] >> 4];
        out[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    out[2 * bytes.len] = '\0';
    return out;
}

const char *vt_address_domain(const char *address)
{
    const char *at = address == NULL ? NULL : strrchr(address, '@');
    return at == NULL || at[1] == '\0' ? NULL : at + 1;
}

bool vt_domain_is_under(const char *domain, const char *entry)
{
    if (domain == NULL || entry == NULL || *entry == '\0')
        return false;
    size_t domain_len = strlen(domain), entry_len = strlen(entry);
    if (domain_len < entry_len || strcasecmp(domain + domain_len - entry_len, entry) != 0)
        return false;
    return domain_len == entry_len || domain[domain_len - entry_len - 1] == '.';
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the table are enough. */
unsigned vt_text_distance(const char *a, const char *b, unsigned limit)
{
    enum { LONGEST = 64 };
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > LONGEST || b_len > LONGEST)
        return limit + 1;
    unsigned rows[3][LONGEST + 1];
    for (unsigned j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;
            now[j] = smaller(smaller(before[j] + 1, now[j - 1] + 1), before[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], earlier[j - 2] + 1);
        }
    }
    unsigned distance = rows[a_len % 3][b_len];
    return distance > limit ? limit + 1 : distance;
}
