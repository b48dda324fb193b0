/* SPDX-License-Identifier: Apache-2.0
 * What the header block of one MIME entity says about its body: Content-Type,
 * Content-Transfer-Encoding (RFC 2045) and Content-Disposition (RFC 2183), with parameters by RFC
 * 2231, by RFC 2047 where careless programs use it, and raw. GMime reads the values. */
#include "unpack/entity.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "unpack/charset.h"
#include "unpack/names.h"
#include "vanthu/secret.h"

/* A value that GMime is given: real ones are far below, and its lists are not made for more. */
#define MAX_VALUE_BYTES ((size_t)8 * 1024)
#define MAX_PARAMETERS 200
/* RFC 2046 5.1.1 has 70. */
#define MAX_BOUNDARY_BYTES 250

/* The fields that decide how a body is read; the first of each. */
struct content_fields {
    struct vt_bytes content_type;
    struct vt_bytes encoding;
    struct vt_bytes disposition;
    unsigned content_type_count;
    unsigned encoding_count;
    unsigned disposition_count;
};

static GMimeParserOptions *options; /* set once by vt_entity_warm, before the sandbox */

void vt_entity_warm(void)
{
    if (options != NULL)
        return;
    g_mime_init();
    options = g_mime_parser_options_new();
}

GMimeParserOptions *vt_entity_options(void)
{
    return options;
}

bool vt_entity_is(const struct vt_entity *entity, const char *content_type)
{
    return entity->content_type != NULL && strcmp(entity->content_type, content_type) == 0;
}

bool vt_entity_is_kind(const struct vt_entity *entity, const char *kind)
{
    return entity->content_type != NULL && strncmp(entity->content_type, kind, strlen(kind)) == 0;
}

static void keep_first(struct vt_bytes value, struct vt_bytes *kept, unsigned *count)
{
    if ((*count)++ == 0)
        *kept = value;
}

static struct content_fields find_fields(struct vt_bytes fields)
{
    struct content_fields found = {0};
    struct vt_header_field field;
    while (vt_header_next(&fields, &field)) {
        if (vt_header_name_is(&field, "Content-Type"))
            keep_first(field.value, &found.content_type, &found.content_type_count);
        else if (vt_header_name_is(&field, "Content-Transfer-Encoding"))
            keep_first(field.value, &found.encoding, &found.encoding_count);
        else if (vt_header_name_is(&field, "Content-Disposition"))
            keep_first(field.value, &found.disposition, &found.disposition_count);
    }
    return found;
}

static void check_block(struct vt_unpack_work *work, size_t index,
                        const struct vt_header_block *block)
{
    if (block->is_too_large)
        vt_work_limit(work, index,
                      "The headers are larger than 256 KiB; only that much of them was read.");
    if (block->has_nul)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "The headers contain a NUL character.");
    if (block->has_bare_cr)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "The headers contain a CR that is no line end; lines end with "
                                "CR and LF (RFC 5322 2.3).");
    if (block->has_bad_line)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "The headers contain a line that is no header field; programs "
                                "disagree about where the body begins.");
}

static void check_counts(struct vt_unpack_work *work, size_t index,
                         const struct content_fields *found)
{
    if (found->content_type_count > 1)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "There is more than one Content-Type header; programs disagree "
                                "about which one counts.");
    if (found->encoding_count > 1)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "There is more than one Content-Transfer-Encoding header; "
                                "programs disagree about which one counts.");
    if (found->disposition_count > 1)
        vt_work_blame(work, index, VT_REASON_COUNT,
                      "There is more than one Content-Disposition header; the first one was "
                      "taken.");
}

/* The value as text for GMime; NULL when there is none or it is not to be given to GMime. */
static char *text_of(struct vt_unpack_work *work, size_t index, struct vt_bytes value)
{
    size_t parameters_count = 0;
    for (size_t i = 0; i < value.len && i <= MAX_VALUE_BYTES; i++)
        parameters_count += value.ptr[i] == ';' ? 1 : 0;
    if (value.len > MAX_VALUE_BYTES || parameters_count > MAX_PARAMETERS) {
        vt_work_limit(work, index, "A Content header is too long; it was not read.");
        return NULL;
    }
    if (value.len == 0)
        return NULL;
    char *text = vt_charset_header_text(value);
    (void)vt_work_has(work, text);
    return text;
}

/* A parameter: the extended form before the plain one (RFC 6266 4.3), else the first.
 * *out_count: how many of the name there are. */
static const char *parameter(GMimeParamList *list, const char *name, unsigned *out_count)
{
    const char *first = NULL, *extended = NULL;
    *out_count = 0;
    for (int i = 0; i < g_mime_param_list_length(list); i++) {
        GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
        const char *value = g_mime_param_get_value(param);
        if (value == NULL || strcasecmp(g_mime_param_get_name(param), name) != 0)
            continue;
        (*out_count)++;
        if (first == NULL)
            first = value;
        if (extended == NULL &&
            g_mime_param_get_encoding_method(param) == GMIME_PARAM_ENCODING_METHOD_RFC2231)
            extended = value;
    }
    return extended != NULL ? extended : first;
}

/* Of several names a program may show any one: a mark counts in each. */
static void note_marks(struct vt_unpack_work *work, GMimeParamList *list, const char *name)
{
    for (int i = 0; i < g_mime_param_list_length(list); i++) {
        GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
        const char *value = g_mime_param_get_value(param);
        if (value != NULL && strcasecmp(g_mime_param_get_name(param), name) == 0 &&
            vt_secret_begins(vt_bytes_str(value)))
            work->unpacked->is_marked_secret = true;
    }
}

static void read_name(struct vt_unpack_work *work, GMimeParamList *list, const char *parameter_name,
                      struct vt_entity *out)
{
    unsigned count = 0;
    const char *name = parameter(list, parameter_name, &count);
    if (out->name == NULL && name != NULL)
        (void)vt_work_check(work, vt_name_clean(work->arena, name, &out->name));
    note_marks(work, list, parameter_name);
}

static void read_boundary(struct vt_unpack_work *work, size_t index, GMimeParamList *list,
                          struct vt_entity *out)
{
    unsigned count = 0;
    const char *boundary = parameter(list, "boundary", &count);
    size_t len = boundary == NULL ? 0 : strlen(boundary);
    while (len > 0 && (boundary[len - 1] == ' ' || boundary[len - 1] == '\t'))
        len--;
    if (len == 0 || len > MAX_BOUNDARY_BYTES) {
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "A multipart has no usable boundary parameter; its parts could "
                                "not be separated.");
        return;
    }
    if (count > 1)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "A multipart has two boundary parameters; programs disagree "
                                "about which one counts.");
    void *copy = vt_arena_dup(work->arena, boundary, len);
    if (vt_work_has(work, copy))
        out->boundary = vt_bytes_of(copy, len);
}

static void read_content_type(struct vt_unpack_work *work, size_t index, struct vt_bytes value,
                              struct vt_entity *out)
{
    char *text = text_of(work, index, value);
    GMimeContentType *type = text == NULL ? NULL : g_mime_content_type_parse(options, text);
    if (type != NULL) {
        char *mime_type = g_mime_content_type_get_mime_type(type);
        GMimeParamList *list = g_mime_content_type_get_parameters(type);
        unsigned count = 0;
        (void)vt_work_check(work, vt_name_lower(work->arena, mime_type, &out->content_type));
        bool is_multipart = vt_entity_is_kind(out, "multipart/");
        const char *smime_type = parameter(list, is_multipart ? "protocol" : "smime-type", &count);
        (void)vt_work_check(work, vt_name_lower(work->arena, smime_type, &out->smime_type));
        read_name(work, list, "name", out);
        if (is_multipart)
            read_boundary(work, index, list, out);
        g_free(mime_type);
        g_object_unref(type);
    }
    free(text);
}

static void read_disposition(struct vt_unpack_work *work, size_t index, struct vt_bytes value,
                             struct vt_entity *out)
{
    char *text = text_of(work, index, value);
    GMimeContentDisposition *disposition =
        text == NULL ? NULL : g_mime_content_disposition_parse(options, text);
    if (disposition != NULL) {
        const char *word = g_mime_content_disposition_get_disposition(disposition);
        /* RFC 2183 2.8: what is not known is an attachment. */
        out->disposition = word != NULL && strcasecmp(word, "inline") == 0
                               ? VT_DISPOSITION_INLINE
                               : VT_DISPOSITION_ATTACHMENT;
        read_name(work, g_mime_content_disposition_get_parameters(disposition), "filename", out);
        g_object_unref(disposition);
    }
    free(text);
}

/* encoding := "7bit" / "8bit" / "binary" / "quoted-printable" / "base64" / ... (RFC 2045 6.1);
 * comments in parentheses are left out. */
static enum vt_encoding encoding_of(struct vt_bytes value)
{
    static const struct {
        const char *word;
        enum vt_encoding encoding;
    } words[] = {
        {"7bit", VT_ENCODING_IDENTITY},
        {"8bit", VT_ENCODING_IDENTITY},
        {"binary", VT_ENCODING_IDENTITY},
        {"base64", VT_ENCODING_BASE64},
        {"quoted-printable", VT_ENCODING_QUOTED_PRINTABLE},
    };
    size_t len = 0;
    while (len < value.len && value.ptr[len] > 32 && value.ptr[len] != '(' && value.ptr[len] != ';')
        len++;
    struct vt_bytes word = vt_bytes_slice(value, 0, len);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (vt_bytes_equal_nocase(word, vt_bytes_str(words[i].word)))
            return words[i].encoding;
    }
    return value.len == 0 ? VT_ENCODING_IDENTITY : VT_ENCODING_UNKNOWN;
}

void vt_entity_read(struct vt_unpack_work *work, size_t index, const struct vt_unpack_item *item,
                    struct vt_entity *out)
{
    *out = (struct vt_entity){0};
    vt_header_split(item->bytes, item->is_root, &out->block);
    check_block(work, index, &out->block);
    struct content_fields found = find_fields(out->block.fields);
    check_counts(work, index, &found);
    out->encoding = encoding_of(found.encoding);
    read_disposition(work, index, found.disposition, out);
    read_content_type(work, index, found.content_type, out);
    if (found.content_type_count == 0 && item->is_mail_by_default)
        out->content_type = "message/rfc822";
}
