/* SPDX-License-Identifier: Apache-2.0
 * What is in a value that was read (ISO 32000-1, 7.3): the number, the entries of an array or a
 * dictionary, the characters of a name, the bytes of a string. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_syntax.h"

bool pdf_is_same_ref(struct pdf_ref a, struct pdf_ref b)
{
    return a.id == b.id && a.gen == b.gen;
}

bool pdf_number_of(const struct pdf_value *value, double *out)
{
    char text[32];
    if ((value->kind != PDF_INTEGER && value->kind != PDF_REAL) || value->text.len >= sizeof(text))
        return false;
    memcpy(text, value->text.ptr, value->text.len);
    text[value->text.len] = '\0';
    *out = strtod(text, NULL);
    return true;
}

static struct vt_bytes inside(const struct pdf_value *composite)
{
    size_t bracket = composite->kind == PDF_DICT ? 2 : 1;
    return vt_bytes_slice(composite->text, bracket, composite->text.len - 2 * bracket);
}

bool pdf_array_next(const struct pdf_value *array, size_t *at, struct pdf_value *out)
{
    *out = (struct pdf_value){0};
    return array->kind == PDF_ARRAY && pdf_next_value(inside(array), at, out);
}

bool pdf_dict_next(const struct pdf_value *dict, size_t *at, struct pdf_value *out_key,
                   struct pdf_value *out_value)
{
    *out_value = (struct pdf_value){0};
    return dict->kind == PDF_DICT && pdf_next_value(inside(dict), at, out_key) &&
           out_key->kind == PDF_NAME && pdf_next_value(inside(dict), at, out_value);
}

struct pdf_value pdf_dict_get(const struct pdf_value *dict, const char *key)
{
    struct pdf_value found = {0}, name, value;
    size_t at = 0;
    while (pdf_dict_next(dict, &at, &name, &value)) {
        if (pdf_name_is(&name, key))
            found = value;
    }
    return found;
}

struct pdf_value pdf_dict_find(const struct pdf_value *dict, const struct pdf_value *key)
{
    struct pdf_value found = {0}, name, value;
    size_t at = 0;
    while (pdf_dict_next(dict, &at, &name, &value)) {
        if (pdf_names_equal(&name, key))
            found = value;
    }
    return found;
}

size_t pdf_dict_count(const struct pdf_value *dict, const char *key)
{
    struct pdf_value name, value;
    size_t at = 0, count = 0;
    while (pdf_dict_next(dict, &at, &name, &value))
        count += pdf_name_is(&name, key);
    return count;
}

bool pdf_keyword_is(const struct pdf_value *value, const char *keyword)
{
    return value->kind == PDF_KEYWORD && vt_bytes_equal(value->text, vt_bytes_str(keyword));
}

/* The next character of a name, decoded; -1 at its end. */
static int name_char(struct vt_bytes text, size_t *at)
{
    if (*at >= text.len)
        return -1;
    uint8_t c = text.ptr[(*at)++];
    if (c == '#' && text.len - *at >= 2) {
        int high = pdf_hex_digit(text.ptr[*at]), low = pdf_hex_digit(text.ptr[*at + 1]);
        if (high >= 0 && low >= 0) {
            *at += 2;
            return high * 16 + low;
        }
    }
    return c;
}

bool pdf_name_is(const struct pdf_value *value, const char *name)
{
    if (value->kind != PDF_NAME)
        return false;
    size_t at = 1;
    for (; *name != '\0'; name++) {
        if (name_char(value->text, &at) != (unsigned char)*name)
            return false;
    }
    return at == value->text.len;
}

bool pdf_names_equal(const struct pdf_value *a, const struct pdf_value *b)
{
    if (a->kind != PDF_NAME || b->kind != PDF_NAME)
        return false;
    size_t at_a = 1, at_b = 1;
    int char_a = 0, char_b = 0;
    do {
        char_a = name_char(a->text, &at_a);
        char_b = name_char(b->text, &at_b);
    } while (char_a == char_b && char_a >= 0);
    return char_a == char_b;
}

bool pdf_has_only_keys(const struct pdf_value *dict, const char *const *known)
{
    struct pdf_value key, value;
    for (size_t at = 0; pdf_dict_next(dict, &at, &key, &value);) {
        size_t i = 0;
        while (known[i] != NULL && !pdf_name_is(&key, known[i]))
            i++;
        if (known[i] == NULL)
            return false;
    }
    return dict->kind == PDF_DICT;
}

bool pdf_value_is_same(const struct pdf_value *a, const struct pdf_value *b)
{
    return a->kind == b->kind && (a->kind == PDF_NONE || vt_bytes_equal(a->text, b->text));
}

bool pdf_array_has(const struct pdf_value *array, const struct pdf_value *value)
{
    struct pdf_value item;
    for (size_t at = 0; pdf_array_next(array, &at, &item);) {
        if (pdf_value_is_same(&item, value))
            return true;
    }
    return false;
}

/* 7.3.4.3: white space is ignored, a missing last digit is 0. */
static size_t decode_hex(struct vt_bytes text, uint8_t *out)
{
    size_t digits = 0;
    for (size_t i = 1; i + 1 < text.len; i++) {
        int digit = pdf_hex_digit(text.ptr[i]);
        if (digit < 0)
            continue;
        if (digits % 2 == 0)
            out[digits / 2] = (uint8_t)(digit << 4);
        else
            out[digits / 2] = (uint8_t)(out[digits / 2] | digit);
        digits++;
    }
    return (digits + 1) / 2;
}

/* 7.3.4.2, table 3: what follows a backslash. Returns the character, or -1 for none. */
static int unescape(struct vt_bytes text, size_t *at)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    uint8_t c = text.ptr[(*at)++];
    const char *simple = c == 0 ? NULL : strchr(from, c);
    if (simple != NULL)
        return to[simple - from];
    if (c == '\r' && *at < text.len && text.ptr[*at] == '\n')
        (*at)++;
    if (c == '\r' || c == '\n')
        return -1;
    if (c < '0' || c > '7')
        return c;
    int octal = c - '0';
    for (int i = 0; i < 2 && *at < text.len; i++) {
        uint8_t digit = text.ptr[*at];
        if (digit < '0' || digit > '7')
            break;
        octal = octal * 8 + (digit - '0');
        (*at)++;
    }
    return octal & 0xff;
}

static size_t decode_literal(struct vt_bytes text, uint8_t *out)
{
    struct vt_bytes content = vt_bytes_slice(text, 1, text.len - 2);
    size_t len = 0;
    for (size_t at = 0; at < content.len;) {
        uint8_t c = content.ptr[at++];
        if (c == '\r') { /* an end of line of any kind is a line feed */
            if (at < content.len && content.ptr[at] == '\n')
                at++;
            out[len++] = '\n';
        } else if (c != '\\') {
            out[len++] = c;
        } else if (at < content.len) {
            int decoded = unescape(content, &at);
            if (decoded >= 0)
                out[len++] = (uint8_t)decoded;
        }
    }
    return len;
}

size_t pdf_string_decode(const struct pdf_value *value, uint8_t *out)
{
    if (value->kind == PDF_HEX_STRING)
        return decode_hex(value->text, out);
    if (value->kind == PDF_STRING)
        return decode_literal(value->text, out);
    return 0;
}
