/* SPDX-License-Identifier: Apache-2.0
 * Marks of secrecy, without tables of Unicode and without memory: the gateway looks for them too.
 */
#include "vanthu/secret.h"

#include <string.h>

/* The letters of the marks that have diacritics, in every canonically equivalent form (UAX 15).
 * Marks of different combining classes may stand in either order; those above (230) may not. */
static const char *const forms_of_a[] = {"\u1EAC", "\u00C2\u0323", "\u1EA0\u0302", "A\u0323\u0302",
                                         "A\u0302\u0323"};
static const char *const forms_of_o[] = {"\u1ED0", "\u00D4\u0301", "O\u0302\u0301"};
static const char *const forms_of_e[] = {"\u1EC6", "\u00CA\u0323", "\u1EB8\u0302", "E\u0323\u0302",
                                         "E\u0302\u0323"};

/* "%a" stands for Ậ, "%o" for Ố, "%e" for Ệ. */
static const char *const marks[] = {"[M%aT]", "[T%oI M%aT]", "[TUY%eT M%aT]"};

static bool take(struct vt_bytes *rest, const char *text)
{
    struct vt_bytes wanted = vt_bytes_str(text);
    if (!vt_bytes_starts_with(*rest, wanted))
        return false;
    *rest = vt_bytes_slice(*rest, wanted.len, SIZE_MAX);
    return true;
}

static bool take_any(struct vt_bytes *rest, const char *const *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (take(rest, forms[i]))
            return true;
    }
    return false;
}

#define TAKE_ANY(rest, forms) take_any(rest, forms, sizeof(forms) / sizeof((forms)[0]))

static bool take_letter(struct vt_bytes *rest, char letter)
{
    switch (letter) {
    case 'a':
        return TAKE_ANY(rest, forms_of_a);
    case 'o':
        return TAKE_ANY(rest, forms_of_o);
    default:
        return TAKE_ANY(rest, forms_of_e);
    }
}

static bool begins_with_mark(struct vt_bytes text, const char *mark)
{
    for (const char *at = mark; *at != '\0'; at++) {
        const char plain[] = {*at, '\0'};
        bool taken = *at == '%' ? take_letter(&text, *++at) : take(&text, plain);
        if (!taken)
            return false;
    }
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct vt_bytes without_blanks(struct vt_bytes text)
{
    size_t at = 0;
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return vt_bytes_slice(text, at, SIZE_MAX);
}

bool vt_secret_begins(struct vt_bytes utf8)
{
    struct vt_bytes text = without_blanks(utf8);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (begins_with_mark(text, marks[i]))
            return true;
    }
    return false;
}

/* ---- encoded words (RFC 2047) ---- */

/* The longest mark, decomposed, has 24 bytes; blanks may stand before it. */
#define DECODED_BYTES 128
/* RFC 2047 2 allows 75; programs that never fold write more, and the mark stands in the first ones.
 */
#define WORD_TEXT_BYTES 256

/* What is looked at of a header. */
#define VALUE_BYTES 4096

struct decoded {
    uint8_t bytes[DECODED_BYTES];
    size_t len;
};

static void add(struct decoded *out, const uint8_t *bytes, size_t len)
{
    size_t room = DECODED_BYTES - out->len;
    size_t count = len < room ? len : room;
    if (count > 0)
        memcpy(out->bytes + out->len, bytes, count);
    out->len += count;
}

static void add_base64(struct decoded *out, struct vt_bytes text)
{
    /* 4 characters are 3 bytes. */
    uint8_t bytes[WORD_TEXT_BYTES];
    const char *defect = NULL;
    size_t len =
        vt_base64_max(text.len) <= sizeof(bytes) ? vt_base64_read(text, bytes, &defect) : 0;
    add(out, bytes, len);
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 2047 4.2: "=" and two hexadecimal digits, "_" is a space. */
static void add_q(struct decoded *out, struct vt_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i] == '_' ? ' ' : text.ptr[i];
        int high = c == '=' && i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        add(out, &c, 1);
    }
}

static bool is_utf8_name(struct vt_bytes charset)
{
    /* RFC 2231 5: a language may follow. */
    size_t star = vt_bytes_find(charset, VT_BYTES("*"), 0);
    struct vt_bytes name = vt_bytes_slice(charset, 0, star);
    return vt_bytes_equal_nocase(name, VT_BYTES("utf-8")) ||
           vt_bytes_equal_nocase(name, VT_BYTES("utf8"));
}

/* encoded-word = "=?" charset "?" encoding "?" encoded-text "?=". Takes one from the text; false
 * when it does not begin with one in UTF-8. */
static bool take_word(struct vt_bytes *text, struct decoded *out)
{
    if (!vt_bytes_starts_with(*text, VT_BYTES("=?")))
        return false;
    size_t charset_end = vt_bytes_find(*text, VT_BYTES("?"), 2);
    if (charset_end == SIZE_MAX || charset_end + 2 >= text->len ||
        text->ptr[charset_end + 2] != '?')
        return false;
    uint8_t encoding = text->ptr[charset_end + 1];
    size_t begin = charset_end + 3, end = vt_bytes_find(*text, VT_BYTES("?="), begin);
    if (end == SIZE_MAX || !is_utf8_name(vt_bytes_slice(*text, 2, charset_end - 2)))
        return false;
    size_t len = end - begin < WORD_TEXT_BYTES ? end - begin : WORD_TEXT_BYTES;
    struct vt_bytes encoded = vt_bytes_slice(*text, begin, len);
    if (encoding == 'B' || encoding == 'b')
        add_base64(out, encoded);
    else if (encoding == 'Q' || encoding == 'q')
        add_q(out, encoded);
    else
        return false;
    *text = vt_bytes_slice(*text, end + 2, SIZE_MAX);
    return true;
}

bool vt_secret_subject_begins(struct vt_bytes value)
{
    struct decoded decoded = {.len = 0};
    struct vt_bytes rest = without_blanks(vt_bytes_slice(value, 0, VALUE_BYTES));
    while (decoded.len < DECODED_BYTES && rest.len > 0) {
        struct vt_bytes next = without_blanks(rest);
        /* White space between two encoded words is not shown (RFC 2047 6.2), nor is a fold. */
        if (take_word(&next, &decoded)) {
            rest = next;
            continue;
        }
        if (rest.ptr[0] != '\r' && rest.ptr[0] != '\n')
            add(&decoded, rest.ptr, 1);
        rest = vt_bytes_slice(rest, 1, SIZE_MAX);
    }
    return vt_secret_begins(vt_bytes_of(decoded.bytes, decoded.len));
}
