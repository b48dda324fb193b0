/* SPDX-License-Identifier: Apache-2.0
 * CSV (RFC 4180) as spreadsheets write it, which depends on the country: with ";" where the comma
 * stands in numbers, in UTF-16 with tabs as "Unicode text". */
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "command/site.h"

#define MAX_ROWS 200000

struct reader {
    struct vt_arena *arena;
    const char *at, *end;
    char separator;
    unsigned line;
    struct vt_csv *out;
    struct vt_err *err;
};

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for the table");
}

/* ---- character sets ---- */

static enum vt_code from_utf16(struct vt_arena *arena, struct vt_bytes bytes, bool is_big,
                               struct vt_bytes *out, struct vt_err *err)
{
    size_t units = (bytes.len - 2) / 2, len = 0;
    uint16_t *text = malloc(units * 2 + 1);
    if (text == NULL)
        return no_memory(err);
    for (size_t i = 0; i < units; i++) {
        const uint8_t *pair = bytes.ptr + 2 + 2 * i;
        text[i] = (uint16_t)(is_big ? pair[0] << 8 | pair[1] : pair[1] << 8 | pair[0]);
    }
    uint8_t *utf8 = u16_to_u8(text, units, NULL, &len);
    free(text);
    if (utf8 == NULL && units > 0)
        return vt_err_set(err, VT_E_FORMAT, "the file begins as UTF-16 and is none");
    const uint8_t *copy = vt_arena_dup(arena, utf8 == NULL ? (const uint8_t *)"" : utf8, len);
    free(utf8);
    *out = vt_bytes_of(copy, len);
    return copy == NULL ? no_memory(err) : VT_OK;
}

static enum vt_code to_utf8(struct vt_arena *arena, struct vt_bytes bytes, struct vt_bytes *out,
                            struct vt_err *err)
{
    bool is_little = vt_bytes_starts_with(bytes, VT_BYTES("\xff\xfe"));
    if (is_little || vt_bytes_starts_with(bytes, VT_BYTES("\xfe\xff")))
        return from_utf16(arena, bytes, !is_little, out, err);
    bool has_mark = vt_bytes_starts_with(bytes, VT_BYTES("\xef\xbb\xbf"));
    *out = vt_bytes_slice(bytes, has_mark ? 3 : 0, bytes.len);
    if (vt_text_is_utf8(*out))
        return VT_OK;
    return vt_err_set(err, VT_E_FORMAT,
                      "the file is not UTF-8: save it as \"CSV UTF-8 (comma delimited)\"");
}

/* ---- separators ---- */

/* The one that stands most often in the first line, outside of quotes. */
static char guess_separator(const char *text, const char *end)
{
    static const char all[] = {',', ';', '\t'};
    size_t counts[sizeof(all)] = {0}, best = 0;
    bool is_quoted = false;
    for (; text < end && (is_quoted || (*text != '\n' && *text != '\r')); text++) {
        is_quoted = is_quoted != (*text == '"');
        for (size_t i = 0; i < sizeof(all) && !is_quoted; i++)
            counts[i] += *text == all[i];
    }
    for (size_t i = 1; i < sizeof(all); i++)
        best = counts[i] > counts[best] ? i : best;
    return all[best];
}

static void take_separator(struct reader *r)
{
    if (r->end - r->at >= 5 && strncasecmp(r->at, "sep=", 4) == 0) {
        r->separator = r->at[4];
        while (r->at < r->end && *r->at != '\n')
            r->at++;
        r->at += r->at < r->end;
        r->line++;
        return;
    }
    r->separator = guess_separator(r->at, r->end);
}

/* ---- fields ---- */

/* In place: control characters become spaces, those around it go, and so does the apostrophe before
 * what looks like a formula. */
static const char *clean(char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): is written */
        text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    }
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    text += strspn(text, " ");
    return text[0] == '\'' && text[1] != '\0' && strchr("=+-@'", text[1]) != NULL ? text + 1 : text;
}

/* What stands between quotes, with "" for one. *out_len bytes are written to out. */
static enum vt_code take_quoted(struct reader *r, char *out, size_t *out_len)
{
    unsigned begun = r->line;
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"' && (r->at + 1 == r->end || r->at[1] != '"')) {
            r->at++;
            return VT_OK;
        }
        r->at += *r->at == '"';
        r->line += *r->at == '\n';
        out[(*out_len)++] = *r->at;
    }
    return vt_err_set(r->err, VT_E_FORMAT, "line %u: the quotes do not end", begun);
}

static enum vt_code take_field(struct reader *r, const char **out)
{
    size_t len = 0;
    const char *stop = r->at;
    /* No field is longer than what is left of its line, or of the file when it is quoted. */
    while (stop < r->end && *stop != '\n' && *stop != '"')
        stop++;
    size_t most = (size_t)((stop < r->end && *stop == '"' ? r->end : stop) - r->at);
    char *text = malloc(most + 1);
    enum vt_code code = VT_OK;
    if (text == NULL)
        return no_memory(r->err);
    while (code == VT_OK && r->at < r->end && *r->at != r->separator && *r->at != '\n' &&
           *r->at != '\r') {
        if (*r->at == '"')
            code = take_quoted(r, text, &len);
        else
            text[len++] = *r->at++;
    }
    text[len] = '\0';
    *out = code == VT_OK ? vt_arena_str(r->arena, clean(text)) : "";
    free(text);
    return *out == NULL ? no_memory(r->err) : code;
}

static enum vt_code take_row(struct reader *r, struct vt_csv_row *row, bool *out_is_empty)
{
    const char *fields[VT_MAX_CSV_FIELDS];
    enum vt_code code = VT_OK;
    *row = (struct vt_csv_row){.line = r->line};
    *out_is_empty = true;
    for (bool goes_on = true; goes_on && code == VT_OK;) {
        if (row->count == VT_MAX_CSV_FIELDS)
            return vt_err_set(r->err, VT_E_LIMIT, "line %u has more than %d columns", row->line,
                              VT_MAX_CSV_FIELDS);
        code = take_field(r, &fields[row->count]);
        if (code == VT_OK && fields[row->count++][0] != '\0')
            *out_is_empty = false;
        goes_on = r->at < r->end && *r->at == r->separator;
        r->at += goes_on;
    }
    while (r->at < r->end && *r->at == '\r')
        r->at++;
    if (r->at < r->end && *r->at == '\n')
        r->at++;
    r->line++;
    if (code != VT_OK)
        return code;
    row->fields = vt_arena_dup(r->arena, fields, row->count * sizeof(*fields));
    return row->fields == NULL ? no_memory(r->err) : VT_OK;
}

enum vt_code vt_csv_read(struct vt_arena *arena, struct vt_bytes bytes, struct vt_csv *out,
                         struct vt_err *err)
{
    struct vt_bytes text = {0};
    *out = (struct vt_csv){0};
    enum vt_code code = to_utf8(arena, bytes, &text, err);
    if (code != VT_OK)
        return code;
    const char *begin = text.len == 0 ? "" : (const char *)text.ptr;
    struct reader r = {arena, begin, begin + text.len, ',', 1, out, err};
    take_separator(&r);
    while (r.at < r.end && code == VT_OK) {
        struct vt_csv_row row;
        bool is_empty = true;
        code = take_row(&r, &row, &is_empty);
        if (code != VT_OK || is_empty)
            continue;
        if (out->count == MAX_ROWS)
            return vt_err_set(err, VT_E_LIMIT, "more than %d rows", MAX_ROWS);
        struct vt_csv_row *grown = vt_arena_grow(arena, out->rows, out->count, sizeof(*grown));
        if (grown == NULL)
            return no_memory(err);
        out->rows = grown;
        out->rows[out->count++] = row;
    }
    return code;
}

void vt_csv_put(FILE *out, const char *text)
{
    /* A certificate comes from a mail, and what is seen of a name on a screen is less. */
    char clean_text[4096];
    text = vt_text_clean(clean_text, sizeof(clean_text), vt_bytes_str(text == NULL ? "" : text));
    (void)fputc('"', out);
    if (text[0] != '\0' && strchr("=+-@'", text[0]) != NULL)
        (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}
