/* SPDX-License-Identifier: Apache-2.0
 * Header blocks of what is signed: as they were, but 7-bit, with CRLF, without white space at the
 * ends of lines, and with the encoding that the body really has (RFC 2045 6, RFC 9788 4). */
#include <stdlib.h>
#include <string.h>

#include "seal/message.h"
#include "vanthu/limits.h"

/* ---- reading ---- */

static enum vt_part_encoding encoding_of(struct vt_bytes value, bool *out_is_wide)
{
    static const struct {
        const char *word;
        enum vt_part_encoding encoding;
        bool is_wide;
    } words[] = {
        {"7bit", VT_PART_PLAIN, false},
        {"8bit", VT_PART_PLAIN, true},
        {"binary", VT_PART_PLAIN, true},
        {"base64", VT_PART_BASE64, false},
        {"quoted-printable", VT_PART_QUOTED_PRINTABLE, false},
    };
    size_t len = 0;
    while (len < value.len && value.ptr[len] > 32 && value.ptr[len] != '(' && value.ptr[len] != ';')
        len++;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!vt_bytes_equal_nocase(vt_bytes_slice(value, 0, len), vt_bytes_str(words[i].word)))
            continue;
        *out_is_wide = words[i].is_wide;
        return words[i].encoding;
    }
    return value.len == 0 ? VT_PART_PLAIN : VT_PART_OTHER;
}

static bool has_parameter(struct vt_bytes value, struct vt_bytes name_and_sign)
{
    for (size_t i = 0; i + name_and_sign.len < value.len; i++) {
        if ((value.ptr[i] == ';' || value.ptr[i] == ' ' || value.ptr[i] == '\t' ||
             value.ptr[i] == '\n') &&
            vt_bytes_starts_with_nocase(vt_bytes_slice(value, i + 1, SIZE_MAX), name_and_sign))
            return true;
    }
    return false;
}

struct vt_part_fields vt_part_fields_read(struct vt_bytes fields)
{
    struct vt_part_fields out = {0};
    struct vt_header_field field;
    while (vt_header_next(&fields, &field)) {
        if (vt_header_name_is(&field, "Content-Transfer-Encoding")) {
            out.is_doubled = out.is_doubled || out.says_encoding;
            if (!out.says_encoding)
                out.encoding = encoding_of(field.value, &out.says_wide);
            out.says_encoding = true;
        } else if (vt_header_name_is(&field, "Content-Type")) {
            out.is_doubled = out.is_doubled || out.says_type;
            out.says_type = true;
            out.has_method = out.has_method || has_parameter(field.value, VT_BYTES("method="));
        }
    }
    return out;
}

/* ---- writing ---- */

struct fields_work {
    const struct vt_fields_job *job;
    struct vt_buf text;
    bool wrote_encoding;
    bool is_fragile;
    unsigned unprotected_count;
};

/* RFC 9788 4.1 wants all that the author wrote; what servers add or change is not among it. */
static bool is_authors(const struct vt_header_field *field)
{
    static const char *const authors[] = {"From",     "Sender",   "Reply-To",    "To",
                                          "Cc",       "Subject",  "Date",        "Message-ID",
                                          "Comments", "Keywords", "In-Reply-To", "References"};
    for (size_t i = 0; i < sizeof(authors) / sizeof(authors[0]); i++) {
        if (vt_header_name_is(field, authors[i]))
            return true;
    }
    return false;
}

static bool is_unstructured(const struct vt_header_field *field)
{
    return vt_header_name_is(field, "Subject") || vt_header_name_is(field, "Comments") ||
           vt_header_name_is(field, "Content-Description");
}

static bool has_parameters(const struct vt_header_field *field)
{
    return vt_header_name_is(field, "Content-Type") ||
           vt_header_name_is(field, "Content-Disposition");
}

/* Lines as they are, without white space at their ends, with CRLF. */
static enum vt_code add_lines(struct vt_buf *out, struct vt_bytes raw)
{
    enum vt_code code = VT_OK;
    while (code == VT_OK && raw.len > 0) {
        const uint8_t *lf = memchr(raw.ptr, '\n', raw.len);
        size_t whole = lf == NULL ? raw.len : (size_t)(lf - raw.ptr) + 1, len = whole;
        while (len > 0 && strchr(" \t\r\n", raw.ptr[len - 1]) != NULL && raw.ptr[len - 1] != 0)
            len--;
        code = vt_buf_add(out, raw.ptr, len);
        if (code == VT_OK)
            code = vt_buf_add(out, "\r\n", 2);
        raw = vt_bytes_slice(raw, whole, SIZE_MAX);
    }
    return code;
}

static enum vt_code add_encoded(struct vt_buf *out, const struct vt_header_field *field)
{
    enum vt_code code = VT_E_FORMAT;
    if (!is_unstructured(field) && !has_parameters(field))
        return code;
    code = vt_buf_addf(out, "%.*s: ", (int)field->name.len, (const char *)field->name.ptr);
    if (code == VT_OK)
        code = is_unstructured(field) ? vt_words_encode(out, field->value)
                                      : vt_parameters_encode(out, field->value);
    return code == VT_OK ? vt_buf_add(out, "\r\n", 2) : code;
}

/* Append one field in its 7-bit form. VT_E_FORMAT: it has none, and nothing was added. */
static enum vt_code add_field(struct vt_buf *out, const struct vt_header_field *field,
                              struct vt_bytes raw)
{
    size_t before = out->len;
    struct vt_lines lines = vt_lines_look(raw);
    enum vt_code code = lines.has_8bit ? add_encoded(out, field) : add_lines(out, raw);
    if (code == VT_OK) {
        lines = vt_lines_look(vt_bytes_of(out->ptr + before, out->len - before));
        code = vt_lines_are_safe(&lines) ? VT_OK : VT_E_FORMAT;
    }
    if (code == VT_E_FORMAT)
        out->len = before;
    return code;
}

/* RFC 9788 2.1.1: the parameter hp stands at the root of what is signed. */
static enum vt_code mark_protected(struct vt_buf *out)
{
    while (out->len > 0 && strchr("\r\n;", out->ptr[out->len - 1]) != NULL)
        out->len--;
    return vt_buf_addf(out, ";\r\n hp=\"clear\"\r\n");
}

static enum vt_code add_kept(struct fields_work *work, const struct vt_header_field *field,
                             struct vt_bytes raw)
{
    enum vt_code code = add_field(&work->text, field, raw);
    if (code == VT_E_FORMAT) {
        work->is_fragile = true;
        code = add_lines(&work->text, raw);
    }
    if (code == VT_OK && work->job->protects_headers && vt_header_name_is(field, "Content-Type"))
        code = mark_protected(&work->text);
    return code;
}

/* ---- what was said of another content ---- */

bool vt_field_is_of_content(const struct vt_header_field *field)
{
    return vt_header_name_is(field, "Content-MD5") || vt_header_name_is(field, "Content-Length");
}

/* The length of a parameter up to the next ";", strings in quotes passed over. */
static size_t parameter_bytes(struct vt_bytes text)
{
    bool is_quoted = false;
    size_t i = 0;
    for (; i < text.len && (is_quoted || text.ptr[i] != ';'); i++) {
        if (is_quoted && text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == '"')
            is_quoted = !is_quoted;
    }
    return i < text.len ? i : text.len;
}

static struct vt_bytes without_space(struct vt_bytes text)
{
    size_t i = 0;
    while (i < text.len && strchr(" \t\r\n", text.ptr[i]) != NULL && text.ptr[i] != 0)
        i++;
    return vt_bytes_slice(text, i, SIZE_MAX);
}

static bool is_size(struct vt_bytes parameter)
{
    struct vt_bytes name = without_space(parameter);
    if (!vt_bytes_starts_with_nocase(name, VT_BYTES("size")))
        return false;
    return vt_bytes_starts_with(without_space(vt_bytes_slice(name, 4, SIZE_MAX)), VT_BYTES("="));
}

enum vt_code vt_disposition_put(struct vt_buf *out, struct vt_bytes value)
{
    size_t len = parameter_bytes(value);
    enum vt_code code = vt_buf_add(out, value.ptr, len);
    while (code == VT_OK && len < value.len) {
        value = vt_bytes_slice(value, len + 1, SIZE_MAX);
        len = parameter_bytes(value);
        struct vt_bytes parameter = vt_bytes_slice(value, 0, len);
        if (is_size(parameter))
            continue;
        code = vt_buf_add(out, ";", 1);
        if (code == VT_OK)
            code = vt_buf_add(out, parameter.ptr, parameter.len);
    }
    return code;
}

static enum vt_code add_disposition(struct fields_work *work, const struct vt_header_field *field)
{
    struct vt_buf text;
    vt_buf_init(&text, VT_MAX_HEADER_BYTES + 64);
    enum vt_code code =
        vt_buf_addf(&text, "%.*s: ", (int)field->name.len, (const char *)field->name.ptr);
    size_t head = text.len;
    if (code == VT_OK)
        code = vt_disposition_put(&text, field->value);
    if (code == VT_OK) {
        struct vt_bytes raw = vt_buf_bytes(&text);
        const struct vt_header_field changed = {.name = field->name,
                                                .value = vt_bytes_slice(raw, head, SIZE_MAX)};
        code = add_kept(work, &changed, raw);
    }
    vt_buf_clear(&text);
    return code;
}

static enum vt_code add_encoding(struct fields_work *work)
{
    bool is_there = work->wrote_encoding;
    work->wrote_encoding = true;
    return is_there
               ? VT_OK
               : vt_buf_addf(&work->text, "Content-Transfer-Encoding: %s\r\n", work->job->encoding);
}

static enum vt_code take_field(struct fields_work *work, const struct vt_header_field *field,
                               struct vt_bytes raw)
{
    const struct vt_fields_job *job = work->job;
    if (job->encoding != NULL && vt_header_name_is(field, "Content-Transfer-Encoding"))
        return add_encoding(work);
    if (job->is_new_content && vt_field_is_of_content(field))
        return VT_OK;
    if (job->is_new_content && vt_header_name_is(field, "Content-Disposition"))
        return add_disposition(work, field);
    if (!job->is_root)
        return add_kept(work, field, raw);
    /* The length that an mbox notes is none of the signed bytes'. */
    if (vt_bytes_starts_with_nocase(field->name, VT_BYTES("Content-")))
        return vt_header_name_is(field, "Content-Length") ? VT_OK : add_kept(work, field, raw);
    if (!job->protects_headers || !is_authors(field))
        return VT_OK;
    enum vt_code code = add_field(&work->text, field, raw);
    if (code != VT_E_FORMAT)
        return code;
    work->unprotected_count++;
    return VT_OK;
}

static enum vt_code write_fields(struct fields_work *work)
{
    struct vt_bytes rest = work->job->fields;
    struct vt_header_field field;
    enum vt_code code = VT_OK;
    for (struct vt_bytes before = rest; code == VT_OK && vt_header_next(&rest, &field);
         before = rest)
        code = take_field(work, &field, vt_bytes_slice(before, 0, before.len - rest.len));
    if (code == VT_OK && work->job->more != NULL)
        code = vt_buf_add(&work->text, work->job->more, strlen(work->job->more));
    if (code == VT_OK && work->job->more != NULL && work->job->protects_headers)
        code = mark_protected(&work->text);
    if (code == VT_OK && work->job->encoding != NULL)
        code = add_encoding(work);
    return code;
}

static bool can_stay(const struct vt_fields_job *job, bool *out_is_fragile)
{
    struct vt_lines lines = vt_lines_look(job->fields);
    *out_is_fragile = !vt_lines_are_safe(&lines);
    return !job->is_root && !job->is_new_content && job->encoding == NULL && job->more == NULL &&
           !lines.has_8bit && !lines.has_bare_lf && !lines.has_delicate;
}

enum vt_code vt_fields_write(struct vt_arena *arena, const struct vt_fields_job *job,
                             struct vt_bytes *out, bool *out_is_fragile,
                             unsigned *out_unprotected_count)
{
    struct fields_work work = {.job = job};
    *out = job->fields;
    if (can_stay(job, out_is_fragile))
        return VT_OK;
    /* Each octet becomes at most three, in lines of its own. */
    vt_buf_init(&work.text, (size_t)4 * VT_MAX_HEADER_BYTES);
    enum vt_code code = write_fields(&work);
    void *copy = code == VT_OK
                     ? vt_arena_dup(arena, work.text.len > 0 ? (const char *)work.text.ptr : "",
                                    work.text.len)
                     : NULL;
    if (copy != NULL)
        *out = vt_bytes_of(copy, work.text.len);
    *out_is_fragile = work.is_fragile;
    *out_unprotected_count += work.unprotected_count;
    vt_buf_clear(&work.text);
    return code != VT_OK ? code : copy == NULL ? VT_E_NOMEM : VT_OK;
}
