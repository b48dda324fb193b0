/* SPDX-License-Identifier: Apache-2.0
 * PDF object syntax over views (ISO 32000-1, 7.2 and 7.3). Values are matched iteratively: a file
 * cannot choose how deep our stack gets. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_syntax.h"

/* Digits of an integer that is read; longer ones are PDF_REAL, which nobody uses as an offset. */
#define MAX_DIGITS 18

bool pdf_is_space(uint8_t c)
{
    return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

static bool is_delimiter(uint8_t c)
{
    switch (c) {
    case '(':
    case ')':
    case '<':
    case '>':
    case '[':
    case ']':
    case '{':
    case '}':
    case '/':
    case '%':
        return true;
    default:
        return false;
    }
}

int pdf_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

size_t pdf_skip_space(struct vt_bytes text, size_t at)
{
    while (at < text.len) {
        if (text.ptr[at] == '%') {
            while (at < text.len && text.ptr[at] != '\r' && text.ptr[at] != '\n')
                at++;
        } else if (pdf_is_space(text.ptr[at])) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

/* 7.3.4.2: parentheses nest unless escaped. Returns the offset behind the string or SIZE_MAX. */
static size_t end_of_literal(struct vt_bytes text, size_t at)
{
    size_t depth = 0;
    for (; at < text.len; at++) {
        uint8_t c = text.ptr[at];
        if (c == '\\')
            at++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return at + 1;
    }
    return SIZE_MAX;
}

/* 7.3.4.3. Returns the offset behind '>' or SIZE_MAX. */
static size_t end_of_hex(struct vt_bytes text, size_t at)
{
    for (at++; at < text.len; at++) {
        if (text.ptr[at] == '>')
            return at + 1;
        if (pdf_hex_digit(text.ptr[at]) < 0 && !pdf_is_space(text.ptr[at]))
            return SIZE_MAX;
    }
    return SIZE_MAX;
}

static size_t end_of_word(struct vt_bytes text, size_t at)
{
    while (at < text.len && !pdf_is_space(text.ptr[at]) && !is_delimiter(text.ptr[at]))
        at++;
    return at;
}

/* 7.3.3: integers and reals. Sets kind PDF_INTEGER, PDF_REAL or leaves PDF_KEYWORD. */
static void classify_number(struct pdf_value *value)
{
    const uint8_t *p = value->text.ptr;
    if (value->text.len == 0)
        return;
    size_t i = p[0] == '+' || p[0] == '-' ? 1 : 0;
    size_t digits = 0, dots = 0;
    int64_t number = 0;
    for (; i < value->text.len; i++) {
        if (p[i] == '.')
            dots++;
        else if (p[i] < '0' || p[i] > '9')
            return;
        else if (++digits <= MAX_DIGITS && dots == 0)
            number = number * 10 + (p[i] - '0');
    }
    if (digits == 0 || dots > 1)
        return;
    value->kind = dots == 0 && digits <= MAX_DIGITS ? PDF_INTEGER : PDF_REAL;
    value->integer = value->kind != PDF_INTEGER ? 0 : p[0] == '-' ? -number : number;
}

static bool word_is(struct vt_bytes word, const char *literal)
{
    return vt_bytes_equal(word, vt_bytes_str(literal));
}

static void classify_word(struct pdf_value *value)
{
    value->kind = PDF_KEYWORD;
    if (word_is(value->text, "null"))
        value->kind = PDF_NULL;
    else if (word_is(value->text, "true") || word_is(value->text, "false")) {
        value->kind = PDF_BOOL;
        value->integer = value->text.len == 4;
    } else {
        classify_number(value);
    }
}

enum token {
    TOKEN_NONE,
    TOKEN_VALUE,
    TOKEN_OPEN_ARRAY,
    TOKEN_CLOSE_ARRAY,
    TOKEN_OPEN_DICT,
    TOKEN_CLOSE_DICT
};

static enum token bracket_at(struct vt_bytes text, size_t at)
{
    uint8_t c = text.ptr[at];
    bool twice = at + 1 < text.len && text.ptr[at + 1] == c;
    if (c == '[')
        return TOKEN_OPEN_ARRAY;
    if (c == ']')
        return TOKEN_CLOSE_ARRAY;
    if (c == '<' && twice)
        return TOKEN_OPEN_DICT;
    if (c == '>' && twice)
        return TOKEN_CLOSE_DICT;
    return TOKEN_NONE;
}

/* A string, name or word at at, which is no white space and no bracket. */
static enum token scalar_at(struct vt_bytes text, size_t at, struct pdf_value *out)
{
    size_t end = SIZE_MAX;
    switch (text.ptr[at]) {
    case '(':
        out->kind = PDF_STRING;
        end = end_of_literal(text, at);
        break;
    case '<':
        out->kind = PDF_HEX_STRING;
        end = end_of_hex(text, at);
        break;
    case '/':
        out->kind = PDF_NAME;
        end = end_of_word(text, at + 1);
        break;
    default:
        end = end_of_word(text, at);
        end = end == at ? SIZE_MAX : end;
        break;
    }
    if (end == SIZE_MAX) {
        out->kind = PDF_NONE;
        return TOKEN_NONE;
    }
    out->text = vt_bytes_slice(text, at, end - at);
    if (out->kind == PDF_NONE)
        classify_word(out);
    return TOKEN_VALUE;
}

static enum token next_token(struct vt_bytes text, size_t *at, struct pdf_value *out)
{
    *out = (struct pdf_value){0};
    *at = pdf_skip_space(text, *at);
    if (*at >= text.len)
        return TOKEN_NONE;
    enum token token = bracket_at(text, *at);
    if (token != TOKEN_NONE) {
        *at += token == TOKEN_OPEN_DICT || token == TOKEN_CLOSE_DICT ? 2 : 1;
        return token;
    }
    token = scalar_at(text, *at, out);
    if (token == TOKEN_VALUE)
        *at += out->text.len;
    return token;
}

/* 7.3.10: object number, generation number, R. first is the integer before *at. */
static bool is_reference(struct vt_bytes text, size_t *at, struct pdf_value *first)
{
    struct pdf_value gen, r;
    size_t behind = *at;
    if (first->integer < 0 || first->integer > INT32_MAX || first->text.ptr[0] == '+' ||
        next_token(text, &behind, &gen) != TOKEN_VALUE || gen.kind != PDF_INTEGER ||
        gen.integer < 0 || gen.integer > UINT16_MAX ||
        next_token(text, &behind, &r) != TOKEN_VALUE || !word_is(r.text, "R"))
        return false;
    first->kind = PDF_REF;
    first->ref = (struct pdf_ref){(int)first->integer, (int)gen.integer};
    first->text.len = (size_t)(text.ptr + behind - first->text.ptr);
    *at = behind;
    return true;
}

/* Find the end of a composite whose opening bracket was just read. */
static bool close_composite(struct vt_bytes text, size_t *at, enum token opened)
{
    enum token stack[PDF_MAX_NESTING];
    size_t depth = 1;
    stack[0] = opened;
    while (depth > 0) {
        struct pdf_value ignored;
        enum token token = next_token(text, at, &ignored);
        if (token == TOKEN_NONE)
            return false;
        if (token == TOKEN_OPEN_ARRAY || token == TOKEN_OPEN_DICT) {
            if (depth == PDF_MAX_NESTING)
                return false;
            stack[depth++] = token;
        } else if (token == TOKEN_CLOSE_ARRAY || token == TOKEN_CLOSE_DICT) {
            enum token want = token == TOKEN_CLOSE_ARRAY ? TOKEN_OPEN_ARRAY : TOKEN_OPEN_DICT;
            if (stack[--depth] != want)
                return false;
        }
    }
    return true;
}

bool pdf_next_value(struct vt_bytes text, size_t *at, struct pdf_value *out)
{
    size_t start = pdf_skip_space(text, *at);
    size_t behind = start;
    enum token token = next_token(text, &behind, out);
    if (token == TOKEN_OPEN_ARRAY || token == TOKEN_OPEN_DICT) {
        if (!close_composite(text, &behind, token))
            return false;
        out->kind = token == TOKEN_OPEN_ARRAY ? PDF_ARRAY : PDF_DICT;
        out->text = vt_bytes_slice(text, start, behind - start);
    } else if (token != TOKEN_VALUE) {
        return false;
    } else if (out->kind == PDF_INTEGER) {
        (void)is_reference(text, &behind, out);
    }
    *at = behind;
    return true;
}

bool pdf_next_header(struct vt_bytes text, size_t *at, int64_t *out_id, int64_t *out_gen)
{
    struct pdf_value id, gen, word;
    if (!pdf_next_value(text, at, &id) || !pdf_next_value(text, at, &gen) ||
        !pdf_next_value(text, at, &word) || id.kind != PDF_INTEGER || gen.kind != PDF_INTEGER)
        return false;
    *out_id = id.integer;
    *out_gen = gen.integer;
    return word.kind == PDF_KEYWORD && vt_bytes_equal(word.text, VT_BYTES("obj"));
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

bool pdf_next_ref(struct vt_bytes text, size_t *at, struct pdf_ref *out)
{
    struct pdf_value value;
    for (;;) {
        enum token token = next_token(text, at, &value);
        if (token == TOKEN_NONE)
            return false;
        if (token == TOKEN_VALUE && value.kind == PDF_INTEGER && is_reference(text, at, &value)) {
            *out = value.ref;
            return true;
        }
    }
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
