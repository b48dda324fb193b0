/* SPDX-License-Identifier: Apache-2.0
 * The header of a sealed mail: its Content fields now say multipart/signed or pkcs7-mime, those it
 * had are within what is signed (RFC 8551 3.1, 3.5.2, 3.5.3.2). All other fields stay. */
#include "seal/message_head.h"

#include <string.h>

#include "seal/message.h"
#include "vanthu/limits.h"
#include "vanthu/sealing.h"

/* Fields the new header has, in the order in which they are added where there was none. */
enum known { KNOWN_VERSION = 0, KNOWN_TYPE, KNOWN_DISPOSITION, KNOWN_ENCODING, KNOWN_COUNT };
static const char *const known_names[KNOWN_COUNT] = {
    "MIME-Version", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding"};

struct head_work {
    struct vt_arena *arena;
    const struct vt_seal_head *head;
    const char *values[KNOWN_COUNT]; /* NULL: such a field is not wanted */
    bool is_written[KNOWN_COUNT];
    struct vt_sealed_message *out;
    struct vt_buf text;
};

static enum known known_of(const struct vt_header_field *field)
{
    unsigned k = 0;
    while (k < KNOWN_COUNT && !vt_header_name_is(field, known_names[k]))
        k++;
    return (enum known)k;
}

/* Which of its name a field is, from 1. */
static unsigned index_of(struct vt_bytes fields, const struct vt_header_field *field)
{
    struct vt_header_field other;
    unsigned index = 0;
    while (vt_header_next(&fields, &other)) {
        if (vt_bytes_equal_nocase(other.name, field->name))
            index++;
        if (other.name.ptr == field->name.ptr)
            break;
    }
    return index;
}

static enum vt_code add_change(struct head_work *work, const char *name, unsigned index,
                               const char *value)
{
    struct vt_sealed_message *out = work->out;
    if (out->changes_count >= VT_MAX_SEAL_CHANGES)
        return VT_E_LIMIT;
    struct vt_seal_change *changes =
        vt_arena_grow(work->arena, out->changes, out->changes_count, sizeof(*changes));
    if (changes == NULL || name == NULL)
        return VT_E_NOMEM;
    changes[out->changes_count++] =
        (struct vt_seal_change){.name = name, .index = index, .value = value};
    out->changes = changes;
    return VT_OK;
}

/* A field of ours; folds of the value are LF. */
static enum vt_code write_field(struct head_work *work, enum known known)
{
    const char *value = work->values[known];
    const char *fold = strchr(value, '\n');
    work->is_written[known] = true;
    if (fold == NULL)
        return vt_buf_addf(&work->text, "%s: %s\r\n", known_names[known], value);
    return vt_buf_addf(&work->text, "%s: %.*s\r%s\r\n", known_names[known], (int)(fold - value),
                       value, fold);
}

/* A field of the author's, with CRLF. */
static enum vt_code keep_field(struct head_work *work, struct vt_bytes raw)
{
    enum vt_code code = VT_OK;
    while (code == VT_OK && raw.len > 0) {
        const uint8_t *lf = memchr(raw.ptr, '\n', raw.len);
        size_t whole = lf == NULL ? raw.len : (size_t)(lf - raw.ptr) + 1, len = whole;
        if (len > 0 && lf != NULL)
            len--;
        if (len > 0 && lf != NULL && raw.ptr[len - 1] == '\r')
            len--;
        code = vt_buf_add(&work->text, raw.ptr, len);
        if (code == VT_OK)
            code = vt_buf_add(&work->text, "\r\n", 2);
        raw = vt_bytes_slice(raw, whole, SIZE_MAX);
    }
    return code;
}

/* The mail is a document that was sealed: what was said of the old content goes. */
static enum vt_code take_disposition(struct head_work *work, struct vt_bytes fields,
                                     const struct vt_header_field *field)
{
    struct vt_buf text;
    vt_buf_init(&text, VT_MAX_HEADER_BYTES);
    enum vt_code code = vt_disposition_put(&text, field->value);
    /* As a milter has it: folds with LF alone. */
    char *value = code == VT_OK ? vt_arena_dup(work->arena, text.ptr, text.len) : NULL;
    vt_buf_clear(&text);
    if (code != VT_OK || value == NULL)
        return code != VT_OK ? code : VT_E_NOMEM;
    size_t len = 0;
    for (const char *at = value; *at != '\0'; at++) {
        if (*at != '\r')
            value[len++] = *at;
    }
    value[len] = '\0';
    code = vt_buf_addf(&work->text, "%s: ", known_names[KNOWN_DISPOSITION]);
    if (code == VT_OK)
        code = keep_field(work, vt_bytes_str(value));
    return code == VT_OK
               ? add_change(work, known_names[KNOWN_DISPOSITION], index_of(fields, field), value)
               : code;
}

static enum vt_code take_field(struct head_work *work, struct vt_bytes fields,
                               const struct vt_header_field *field, struct vt_bytes raw)
{
    enum known known = known_of(field);
    bool is_content = vt_bytes_starts_with_nocase(field->name, VT_BYTES("Content-"));
    bool is_moved = is_content && work->head->form != VT_SEAL_BARE;
    bool is_replaced = known < KNOWN_COUNT && work->values[known] != NULL;
    if (work->head->form == VT_SEAL_BARE && work->head->is_root_replaced) {
        struct vt_lines lines = vt_lines_look(field->value);
        if (known == KNOWN_DISPOSITION && !lines.has_8bit)
            return take_disposition(work, fields, field);
        is_moved = vt_field_is_of_content(field);
    }
    if (!is_replaced && !is_moved)
        return keep_field(work, raw);
    if (is_replaced && !work->is_written[known]) {
        enum vt_code code = write_field(work, known);
        return code != VT_OK ? code : add_change(work, known_names[known], 1, work->values[known]);
    }
    return add_change(work, vt_arena_dup(work->arena, field->name.ptr, field->name.len),
                      index_of(fields, field), NULL);
}

/* MTAs differ in whether removing a field moves those after it (gateway: headers are removed from
 * the last one on): removals come first, backwards. */
static void order_changes(struct vt_sealed_message *out)
{
    for (size_t i = 0; i < out->changes_count; i++) {
        if (out->changes[i].value != NULL)
            continue;
        struct vt_seal_change removal = out->changes[i];
        memmove(&out->changes[1], &out->changes[0], i * sizeof(removal));
        out->changes[0] = removal;
    }
}

static enum vt_code add_missing(struct head_work *work)
{
    enum vt_code code = VT_OK;
    for (unsigned k = 0; k < KNOWN_COUNT && code == VT_OK; k++) {
        if (work->values[k] == NULL || work->is_written[k])
            continue;
        code = write_field(work, (enum known)k);
        if (code == VT_OK)
            code = add_change(work, known_names[k], 0, work->values[k]);
    }
    return code;
}

static bool set_values(struct head_work *work, const struct vt_seal_head *head)
{
    if (head->form == VT_SEAL_BARE) {
        work->values[KNOWN_ENCODING] = head->is_root_replaced ? "base64" : NULL;
        return true;
    }
    work->values[KNOWN_VERSION] = "1.0";
    if (head->form == VT_SEAL_OPAQUE) {
        work->values[KNOWN_TYPE] =
            "application/pkcs7-mime; smime-type=signed-data;\n name=\"smime.p7m\"";
        work->values[KNOWN_DISPOSITION] = "attachment; filename=\"smime.p7m\"";
        work->values[KNOWN_ENCODING] = "base64";
        return true;
    }
    work->values[KNOWN_ENCODING] = "7bit";
    work->values[KNOWN_TYPE] = vt_arena_printf(
        work->arena,
        "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=%s;\n boundary=\"%s\"",
        head->micalg, head->boundary);
    return work->values[KNOWN_TYPE] != NULL;
}

static enum vt_code write_block(struct head_work *work, struct vt_bytes fields)
{
    struct vt_bytes rest = fields;
    struct vt_header_field field;
    enum vt_code code = VT_OK;
    for (struct vt_bytes before = rest; code == VT_OK && vt_header_next(&rest, &field);
         before = rest)
        code = take_field(work, fields, &field, vt_bytes_slice(before, 0, before.len - rest.len));
    if (code == VT_OK)
        code = add_missing(work);
    return code == VT_OK ? vt_buf_add(&work->text, "\r\n", 2) : code;
}

enum vt_code vt_seal_head_write(struct vt_arena *arena, struct vt_bytes mail,
                                const struct vt_seal_head *head, struct vt_sealed_message *out,
                                struct vt_bytes *out_header)
{
    struct head_work work = {.arena = arena, .head = head, .out = out};
    struct vt_header_block block;
    vt_header_split(mail, true, &block);
    if (!set_values(&work, head))
        return VT_E_NOMEM;
    vt_buf_init(&work.text, (size_t)4 * VT_MAX_HEADER_BYTES);
    enum vt_code code = write_block(&work, block.fields);
    if (code == VT_OK) {
        void *copy = vt_arena_dup(arena, work.text.ptr, work.text.len);
        *out_header = vt_bytes_of(copy, work.text.len);
        code = copy == NULL ? VT_E_NOMEM : VT_OK;
    }
    vt_buf_clear(&work.text);
    order_changes(out);
    return code;
}
