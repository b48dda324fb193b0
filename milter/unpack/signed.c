/* SPDX-License-Identifier: Apache-2.0
 * multipart/signed (RFC 1847 2.1, RFC 8551 3.5.3): which bytes are signed, to the byte. They begin
 * with the first header of the first part and end before the line break of the next delimiter.
 * What cannot be read in one way only has no signed bytes: GMime has to find the same part at the
 * same place, both within the multipart and in the signed bytes alone. */
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "unpack/charset.h"
#include "unpack/mime.h"
#include "unpack/names.h"

/* ---- structure ---- */

static bool is_pkcs7_signature(const char *type)
{
    return type != NULL && (strcmp(type, "application/pkcs7-signature") == 0 ||
                            strcmp(type, "application/x-pkcs7-signature") == 0);
}

/* What the second part declares, when the protocol parameter that RFC 1847 asks for is missing. */
static bool declares_pkcs7_signature(struct vt_bytes entity)
{
    struct vt_header_block block;
    struct vt_header_field field;
    vt_header_split(entity, false, &block);
    while (vt_header_next(&block.fields, &field)) {
        if (vt_header_name_is(&field, "Content-Type"))
            return vt_bytes_starts_with_nocase(field.value,
                                               VT_BYTES("application/pkcs7-signature")) ||
                   vt_bytes_starts_with_nocase(field.value,
                                               VT_BYTES("application/x-pkcs7-signature"));
    }
    return false;
}

static bool is_smime(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity,
                     const struct vt_unpack_item *children, size_t children_count)
{
    if (entity->smime_type != NULL)
        return is_pkcs7_signature(entity->smime_type);
    if (children_count < 2 || !declares_pkcs7_signature(children[1].bytes))
        return false;
    vt_work_blame(work, index, VT_REASON_COUNT,
                  "The multipart/signed has no protocol parameter (RFC 1847 2.1); the type of "
                  "its second part was taken.");
    return true;
}

void vt_signed_begin(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity,
                     size_t first_item)
{
    struct vt_unpack_item *children = work->items + first_item;
    size_t children_count = work->items_count - first_item;
    if (!is_smime(work, index, entity, children, children_count)) {
        vt_work_blame(work, index, VT_REASON_FORMAT_UNSUPPORTED,
                      "The message is signed by another protocol than S/MIME; its signature is "
                      "not checked.");
        return;
    }
    struct vt_part *part = vt_work_part(work, index);
    part->format = VT_FORMAT_SMIME;
    if (children_count != 2 || children[0].bytes.len == 0) {
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "A multipart/signed has exactly two parts, what is signed and "
                                "the signature (RFC 1847 2.1); this one has not.");
        return;
    }
    if (!declares_pkcs7_signature(children[1].bytes))
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "The second part of a multipart/signed is not declared as "
                                "application/pkcs7-signature (RFC 8551 3.5.3.2); programs may "
                                "show it as a file.");
    part->signed_bytes = children[0].bytes;
    children[0].covered = true;
    children[1].is_signature = true;
}

/* ---- the second parser ---- */

/* What GMime finds so wrong that other programs may read something else. */
static bool is_grave(GMimeParserWarning warning)
{
    return warning == GMIME_CRIT_INVALID_HEADER_NAME ||
           warning == GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY ||
           warning == GMIME_CRIT_NESTING_OVERFLOW ||
           warning == GMIME_CRIT_PART_WITHOUT_HEADERS_OR_CONTENT;
}

static void on_warning(gint64 offset, GMimeParserWarning warning, const gchar *item,
                       gpointer user_data)
{
    bool *grave = user_data;
    (void)offset;
    (void)item;
    *grave = *grave || is_grave(warning);
}

static GMimeObject *parse(GMimeStream *stream, GMimeParserOptions *options)
{
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *object = g_mime_parser_construct_part(parser, options);
    g_object_unref(parser);
    return object;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_type(GMimeObject *a, GMimeObject *b)
{
    char *type_a = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(a));
    char *type_b = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(b));
    bool same = is_same_text(type_a, type_b);
    g_free(type_a);
    g_free(type_b);
    return same;
}

/* Both streams are windows on the same bytes: the same window under the same encoding is the same
 * decoded content. */
static bool is_same_content(GMimePart *a, GMimePart *b)
{
    GMimeDataWrapper *content_a = g_mime_part_get_content(a);
    GMimeDataWrapper *content_b = g_mime_part_get_content(b);
    if (content_a == NULL || content_b == NULL)
        return content_a == content_b;
    GMimeStream *stream_a = g_mime_data_wrapper_get_stream(content_a);
    GMimeStream *stream_b = g_mime_data_wrapper_get_stream(content_b);
    return stream_a->bound_start == stream_b->bound_start &&
           g_mime_stream_length(stream_a) == g_mime_stream_length(stream_b) &&
           g_mime_data_wrapper_get_encoding(content_a) ==
               g_mime_data_wrapper_get_encoding(content_b);
}

static bool is_same_object(GMimeObject *a, GMimeObject *b)
{
    return G_OBJECT_TYPE(a) == G_OBJECT_TYPE(b) && is_same_type(a, b) &&
           is_same_text(g_mime_object_get_content_id(a), g_mime_object_get_content_id(b)) &&
           (!GMIME_IS_PART(a) || is_same_content(GMIME_PART(a), GMIME_PART(b)));
}

static bool is_same_tree(GMimeObject *a, GMimeObject *b)
{
    GMimePartIter *at_a = g_mime_part_iter_new(a), *at_b = g_mime_part_iter_new(b);
    bool same = g_mime_part_iter_is_valid(at_a) && g_mime_part_iter_is_valid(at_b), more = same;
    while (same && more) {
        same =
            is_same_object(g_mime_part_iter_get_current(at_a), g_mime_part_iter_get_current(at_b));
        more = g_mime_part_iter_next(at_a);
        same = more == g_mime_part_iter_next(at_b) && same;
    }
    g_mime_part_iter_free(at_a);
    g_mime_part_iter_free(at_b);
    return same;
}

/* The offset of the first header, or -1 for a part without headers. */
static gint64 begin_of(GMimeObject *object)
{
    GMimeHeaderList *headers = g_mime_object_get_header_list(object);
    return g_mime_header_list_get_count(headers) == 0
               ? -1
               : g_mime_header_get_offset(g_mime_header_list_get_header_at(headers, 0));
}

/* Offsets of one part within the bytes that GMime is given. */
struct window {
    size_t begin;
    size_t end;
    /* The line break after it, for a multipart only: GMime takes a closing delimiter without one
     * for content. */
    size_t line_break;
};

struct windows {
    struct vt_bytes raw; /* the multipart and the line break after it */
    uint8_t *copy;       /* the same when it is no view of the input */
    struct window children[2];
};

/* One child of GMime's multipart against the same bytes read alone. */
static bool is_child_same(GMimeObject *child, GMimeStream *stream, const struct window *window,
                          GMimeParserOptions *options)
{
    gint64 child_begin = begin_of(child);
    if (child_begin >= 0 && child_begin != (gint64)window->begin)
        return false;
    GMimeStream *part = g_mime_stream_substream(stream, (gint64)window->begin,
                                                (gint64)(window->end + window->line_break));
    GMimeObject *alone = parse(part, options);
    bool same =
        alone != NULL && is_same_tree(child, alone) && (child_begin < 0) == (begin_of(alone) < 0);
    if (alone != NULL)
        g_object_unref(alone);
    g_object_unref(part);
    return same;
}

static bool is_multipart_same(GMimeStream *stream, const struct windows *windows,
                              GMimeParserOptions *options)
{
    GMimeObject *object = parse(stream, options);
    bool same = object != NULL && GMIME_IS_MULTIPART(object) &&
                g_mime_multipart_get_count(GMIME_MULTIPART(object)) == 2;
    for (int i = 0; same && i < 2; i++)
        same = is_child_same(g_mime_multipart_get_part(GMIME_MULTIPART(object), i), stream,
                             &windows->children[i], options);
    if (object != NULL)
        g_object_unref(object);
    return same;
}

static bool second_parser_agrees(const struct windows *windows)
{
    bool grave = false;
    GMimeParserOptions *options = g_mime_parser_options_clone(vt_entity_options());
    g_mime_parser_options_set_warning_callback(options, on_warning, &grave);
    /* The array only borrows the bytes: it is released without them. */
    GByteArray *array =
        g_byte_array_new_take((guint8 *)(uintptr_t)windows->raw.ptr, windows->raw.len);
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), array);
    bool same = is_multipart_same(stream, windows, options);
    g_object_unref(stream);
    (void)g_byte_array_free(array, FALSE);
    g_mime_parser_options_free(options);
    return same && !grave;
}

/* ---- the bytes GMime is given ---- */

/* The index after the last part below part index: the order of the parts is that of the mail. */
static size_t subtree_end(struct vt_unpack_work *work, size_t index)
{
    size_t end = index + 1;
    while (end < work->unpacked->parts_count &&
           vt_work_part(work, end)->depth > vt_work_part(work, index)->depth)
        end++;
    return end;
}

static bool is_within(struct vt_bytes inner, struct vt_bytes outer)
{
    uintptr_t begin = (uintptr_t)outer.ptr, at = (uintptr_t)inner.ptr;
    return inner.len > 0 && at >= begin && at - begin <= outer.len &&
           inner.len <= outer.len - (at - begin);
}

static size_t line_break_at(struct vt_bytes bytes, size_t at)
{
    struct vt_bytes rest = vt_bytes_slice(bytes, at, 2);
    if (vt_bytes_equal(rest, VT_BYTES("\r\n")))
        return 2;
    return vt_bytes_starts_with(rest, VT_BYTES("\n")) ? 1 : 0;
}

/* The raw multipart in a buffer of its own, with a line break after it. */
static bool copy_raw(struct vt_unpack_work *work, size_t index, struct windows *windows)
{
    struct vt_bytes raw = vt_work_part(work, index)->raw;
    if (!vt_work_take_unpacked(work, index, raw.len + 2))
        return false;
    uint8_t *copy = vt_arena_alloc(work->arena, raw.len + 2);
    if (!vt_work_has(work, copy))
        return false;
    memcpy(copy, raw.ptr, raw.len);
    memcpy(copy + raw.len, "\r\n", 2);
    windows->copy = copy;
    windows->raw = vt_bytes_of(copy, raw.len + 2);
    return true;
}

/* Header blocks that name character sets which are not held are given to GMime without the names,
 * in a copy of the same length. False after a fault or a limit. */
static bool neutralise(struct vt_unpack_work *work, size_t index, struct windows *windows)
{
    struct vt_bytes raw = vt_work_part(work, index)->raw;
    for (size_t i = index, end = subtree_end(work, index); i < end; i++) {
        struct vt_bytes headers = work->extras[i].headers;
        if (!is_within(headers, raw))
            continue;
        char *text = vt_arena_dup(work->arena, headers.ptr, headers.len);
        if (!vt_work_has(work, text))
            return false;
        if (!vt_charset_neutralise(text, headers.len))
            continue;
        if (windows->copy == NULL && !copy_raw(work, index, windows))
            return false;
        memcpy(windows->copy + (headers.ptr - raw.ptr), text, headers.len);
    }
    return true;
}

/* True when the last line of a part is the closing delimiter of a multipart, itself or that of a
 * mail that it is. */
static bool ends_as_multipart(struct vt_unpack_work *work, size_t index)
{
    size_t end = subtree_end(work, index);
    while (vt_work_part(work, index)->format == VT_FORMAT_MAIL && index + 1 < end)
        index++;
    return work->extras[index].boundary.len > 0;
}

static struct window window_of(struct vt_unpack_work *work, struct vt_bytes raw, size_t index)
{
    struct vt_bytes part = vt_work_part(work, index)->raw;
    size_t begin = (size_t)(part.ptr - raw.ptr);
    return (struct window){
        .begin = begin,
        .end = begin + part.len,
        .line_break = ends_as_multipart(work, index) ? line_break_at(raw, begin + part.len) : 0,
    };
}

static bool is_agreed(struct vt_unpack_work *work, size_t index)
{
    const struct vt_part *part = vt_work_part(work, index);
    struct windows windows = {
        .raw = part->raw,
        .children = {window_of(work, part->raw, index + 1),
                     window_of(work, part->raw, part->signature_part)},
    };
    struct vt_bytes outer = vt_work_part(work, part->parent)->bytes;
    size_t line_break =
        is_within(part->raw, outer)
            ? line_break_at(outer, (size_t)(part->raw.ptr - outer.ptr) + part->raw.len)
            : 0;
    windows.raw.len += line_break;
    if (line_break == 0 && !copy_raw(work, index, &windows))
        return false;
    return neutralise(work, index, &windows) && second_parser_agrees(&windows);
}

/* ---- the check ---- */

static void drop(struct vt_unpack_work *work, size_t index)
{
    struct vt_part *part = vt_work_part(work, index);
    part->signed_bytes = (struct vt_bytes){0};
    part->signature_part = VT_NO_PART;
    for (size_t i = index + 1, end = subtree_end(work, index); i < end; i++)
        vt_work_part(work, i)->covered_by_signature_of_parent =
            part->covered_by_signature_of_parent;
}

static bool is_ambiguous(struct vt_unpack_work *work, size_t index)
{
    for (size_t i = index, end = subtree_end(work, index); i < end; i++) {
        if (work->extras[i].is_ambiguous)
            return true;
    }
    return false;
}

/* RFC 8551 3.1.1: signed is the form with CRLF; a file may have been stored with LF alone. */
static void add_canonical(struct vt_unpack_work *work, size_t index)
{
    struct vt_bytes from = vt_work_part(work, index)->signed_bytes;
    size_t lines_count = 0;
    for (const uint8_t *at = from.ptr, *end = from.ptr + from.len;
         at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
        if (at > from.ptr && at[-1] == '\r')
            return;
        lines_count++;
    }
    if (lines_count == 0 || !vt_work_take_unpacked(work, index, from.len + lines_count))
        return;
    uint8_t *out = vt_arena_alloc(work->arena, from.len + lines_count), *to = out;
    if (!vt_work_has(work, out))
        return;
    for (size_t i = 0; i < from.len; i++) {
        if (from.ptr[i] == '\n')
            *to++ = '\r';
        *to++ = from.ptr[i];
    }
    vt_work_part(work, index)->signed_bytes_canonical = vt_bytes_of(out, from.len + lines_count);
}

/* A signature under the name of a document is a document to whoever opens it. */
static bool is_named_as_signature(const struct vt_part *part)
{
    return part->name == NULL || strrchr(part->name, '.') == NULL ||
           vt_name_has_extension(part->name, ".p7s") || vt_name_has_extension(part->name, ".p7m") ||
           vt_name_has_extension(part->name, ".p7c") || vt_name_has_extension(part->name, ".dat");
}

static void check_name(struct vt_unpack_work *work, size_t index)
{
    size_t signature = vt_work_part(work, index)->signature_part;
    if (signature == VT_NO_PART || is_named_as_signature(vt_work_part(work, signature)))
        return;
    vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                            "The signature of the message has the name of another kind of file; "
                            "it should be smime.p7s (RFC 8551 3.2.1).");
}

void vt_signed_check(struct vt_unpack_work *work, size_t index)
{
    check_name(work, index);
    if (work->limit_reached || vt_work_part(work, index)->signature_part == VT_NO_PART) {
        vt_work_blame(work, index, VT_REASON_TOO_LARGE,
                      "A limit was reached before the signed message was read completely; its "
                      "signature was not checked.");
        drop(work, index);
    } else if (is_ambiguous(work, index)) {
        vt_work_blame(work, index, VT_REASON_MALFORMED,
                      "The structure of the signed message can be read in more than one way.");
        drop(work, index);
    } else if (!vt_work_take_scanned(work, index, 2 * vt_work_part(work, index)->raw.len)) {
        drop(work, index);
    } else if (!is_agreed(work, index)) {
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "The signed part is not the same when it is read alone; "
                                "programs may show something else than what is signed.");
        drop(work, index);
    } else {
        add_canonical(work, index);
    }
}
