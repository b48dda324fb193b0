/* SPDX-License-Identifier: Apache-2.0
 * Header blocks of mails and MIME parts (RFC 5322 2.2, RFC 2045 3). Linear; keeps no list, so that
 * a block of a million fields costs no memory. */
#include "unpack/header.h"

#include <string.h>

#include "vanthu/limits.h"

/* Take one line with its line end from *rest; an unterminated last line counts. */
static struct vt_bytes take_line(struct vt_bytes *rest)
{
    const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr) + 1;
    struct vt_bytes line = vt_bytes_slice(*rest, 0, len);
    *rest = vt_bytes_slice(*rest, len, SIZE_MAX);
    return line;
}

/* A line without its CRLF or LF. */
static struct vt_bytes strip_line_end(struct vt_bytes line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\n') {
        line.len--;
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
    }
    return line;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* field-name = 1*(%d33-57 / %d59-126); the length of the name, 0 when there is none. */
static size_t name_len(struct vt_bytes line)
{
    size_t len = 0;
    while (len < line.len && line.ptr[len] > 32 && line.ptr[len] < 127 && line.ptr[len] != ':')
        len++;
    size_t colon = len;
    while (colon < line.len && is_blank(line.ptr[colon]))
        colon++;
    return colon < line.len && line.ptr[colon] == ':' ? len : 0;
}

/* True when the line begins with a field name and a colon (RFC 5322 2.2, 4.5: obsolete white space
 * before the colon). */
static bool is_field(struct vt_bytes line)
{
    return name_len(line) > 0;
}

static bool is_fold(struct vt_bytes line)
{
    return line.len > 0 && is_blank(line.ptr[0]);
}

static bool is_white(struct vt_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_blank(text.ptr[i]))
            return false;
    }
    return true;
}

static bool has_bare_cr(struct vt_bytes fields)
{
    const uint8_t *at = fields.ptr, *end = fields.ptr + fields.len;
    while (at < end && (at = memchr(at, '\r', (size_t)(end - at))) != NULL) {
        if (at + 1 == end || at[1] != '\n')
            return true;
        at++;
    }
    return false;
}

/* "From " of an mbox, or ">From " that a careless program left. */
static void skip_mbox_line(struct vt_bytes *rest)
{
    if (vt_bytes_starts_with(*rest, VT_BYTES("From ")) ||
        vt_bytes_starts_with(*rest, VT_BYTES(">From ")))
        (void)take_line(rest);
}

void vt_header_split(struct vt_bytes entity, bool is_mail, struct vt_header_block *out)
{
    *out = (struct vt_header_block){0};
    struct vt_bytes rest = entity;
    if (is_mail)
        skip_mbox_line(&rest);
    struct vt_bytes begin = rest;
    out->entity = rest;
    size_t fields_len = 0;
    while (rest.len > 0) {
        struct vt_bytes before = rest;
        struct vt_bytes line = strip_line_end(take_line(&rest));
        if (line.len == 0)
            break;
        bool folded = fields_len > 0 && is_fold(line);
        if (!folded && !is_field(line)) {
            out->has_bad_line = true;
            rest = before;
            break;
        }
        out->has_bad_line = out->has_bad_line || (folded && is_white(line));
        fields_len = begin.len - rest.len;
    }
    out->body = rest;
    out->fields = vt_bytes_slice(begin, 0, fields_len);
    /* What stands before the body is asked about as a whole, a bad first line too. */
    struct vt_bytes asked = fields_len > 0 ? out->fields : begin;
    out->has_bare_cr = (fields_len > 0 || out->has_bad_line) && has_bare_cr(asked);
    out->has_nul = fields_len > 0 && memchr(out->fields.ptr, 0, fields_len) != NULL;
    out->is_too_large = fields_len > VT_MAX_HEADER_BYTES;
    out->fields = vt_bytes_slice(out->fields, 0, VT_MAX_HEADER_BYTES);
}

static struct vt_bytes trim(struct vt_bytes text)
{
    while (text.len > 0 && (is_blank(text.ptr[0]) || text.ptr[0] == '\r' || text.ptr[0] == '\n'))
        text = vt_bytes_slice(text, 1, SIZE_MAX);
    while (text.len > 0 && (is_blank(text.ptr[text.len - 1]) || text.ptr[text.len - 1] == '\r' ||
                            text.ptr[text.len - 1] == '\n'))
        text.len--;
    return text;
}

bool vt_header_next(struct vt_bytes *rest, struct vt_header_field *out)
{
    if (rest->len == 0)
        return false;
    struct vt_bytes field = *rest;
    size_t len = take_line(rest).len;
    while (is_fold(*rest))
        len += take_line(rest).len;
    field.len = len;
    out->name = vt_bytes_slice(field, 0, name_len(field));
    const uint8_t *colon = memchr(field.ptr, ':', field.len);
    size_t value = colon == NULL ? field.len : (size_t)(colon - field.ptr) + 1;
    out->value = trim(vt_bytes_slice(field, value, SIZE_MAX));
    return true;
}

bool vt_header_name_is(const struct vt_header_field *field, const char *name)
{
    return vt_bytes_equal_nocase(field->name, vt_bytes_str(name));
}
