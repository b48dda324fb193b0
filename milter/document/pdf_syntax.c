/* SPDX-License-Identifier: Apache-2.0
 * Tokens and values of PDF over views (ISO 32000-1, 7.2 and 7.3). Values are matched iteratively: a
 * file cannot choose how deep our stack gets. */
#include "document/pdf_syntax.h"

/* Digits of an integer that is read; longer ones are PDF_REAL, which nobody uses as an offset. */
#define MAX_DIGITS 18

bool pdf_is_space(uint8_t c)
{
    return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

bool pdf_is_space_only(struct vt_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!pdf_is_space(text.ptr[i]))
            return false;
    }
    return true;
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

/* Lines are read once: behind each comment there is a line of its own. */
size_t pdf_before_space(struct vt_bytes bytes, size_t from, size_t end)
{
    for (;;) {
        bool is_new_line = false;
        while (end > from && pdf_is_space(bytes.ptr[end - 1])) {
            is_new_line = is_new_line || bytes.ptr[end - 1] == '\n' || bytes.ptr[end - 1] == '\r';
            end--;
        }
        size_t comment = end;
        while (is_new_line && comment > from && bytes.ptr[comment - 1] != '\n' &&
               bytes.ptr[comment - 1] != '\r' && bytes.ptr[comment - 1] != '%')
            comment--;
        if (!is_new_line || comment == from || bytes.ptr[comment - 1] != '%')
            return end;
        end = comment - 1;
    }
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
    return pdf_keyword_is(&word, "obj");
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

bool pdf_skip_image(struct vt_bytes content, size_t *at)
{
    for (size_t end = *at;; end += 2) {
        end = vt_bytes_find(content, VT_BYTES("EI"), end);
        if (end == SIZE_MAX)
            return false;
        *at = end + 2;
        if (end > 0 && pdf_is_space(content.ptr[end - 1]) &&
            (*at == content.len || pdf_is_space(content.ptr[*at])))
            return true;
    }
}
