/* SPDX-License-Identifier: Apache-2.0
 * The only user of libqpdf. What its C API asks for (qpdf-c.h): a returned string dies at the next
 * call on the same document; handles pile up until they are released; the memory buffer must
 * outlive the document; errors are printed unless silenced. Recovery of damaged files stays off:
 * a rebuilt cross-reference table shows another document than a viewer shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/pdf_object.h"

static void note_warning(struct pdf_doc *doc, const char *detail)
{
    /* The library passes on what C++ says when a stream unpacks to more than there is memory. */
    if (detail != NULL && strstr(detail, "bad_alloc") != NULL) {
        doc->exhausted = true;
        return;
    }
    if (doc->warnings_count++ == 0)
        vt_text_clean(doc->warning, sizeof(doc->warning), vt_bytes_str(detail));
}

/* A /Size above the highest object number: numbers are left free, nothing is read differently. A
 * /Size below it hides objects from some readers. White space before the word xref: pdf_revisions.c
 * says which of it all readers skip. */
static bool is_harmless(const char *detail)
{
    int size = 0, highest = 0;
    if (detail != NULL && strcmp(detail, "extraneous whitespace seen before xref") == 0)
        return true;
    return detail != NULL &&
           /* Widths bound the numbers. NOLINTNEXTLINE(cert-err34-c) */
           sscanf(
               detail,
               "reported number of objects (%9d) is not one plus the highest object number (%9d)",
               &size, &highest) == 2 &&
           size > highest;
}

/* The library writes an error that nobody asked for to standard error. */
static void clean_up(qpdf_data *qpdf)
{
    if (qpdf_has_error(*qpdf))
        (void)qpdf_get_error(*qpdf);
    qpdf_cleanup(qpdf);
}

static void collect_warnings(struct pdf_doc *doc)
{
    while (qpdf_more_warnings(doc->qpdf)) {
        qpdf_error warning = qpdf_next_warning(doc->qpdf);
        const char *detail = qpdf_get_error_message_detail(doc->qpdf, warning);
        if (!is_harmless(detail))
            note_warning(doc, detail);
    }
    if (qpdf_has_error(doc->qpdf)) {
        qpdf_error error = qpdf_get_error(doc->qpdf);
        note_warning(doc, qpdf_get_error_message_detail(doc->qpdf, error));
    }
}

static enum pdf_opened why_not_opened(struct pdf_doc *doc)
{
    enum pdf_opened why = PDF_OPEN_DAMAGED;
    if (qpdf_has_error(doc->qpdf)) {
        qpdf_error error = qpdf_get_error(doc->qpdf);
        enum qpdf_error_code_e code = qpdf_get_error_code(doc->qpdf, error);
        if (code == qpdf_e_password)
            why = PDF_OPEN_PASSWORD;
        else if (code == qpdf_e_unsupported)
            why = PDF_OPEN_UNSUPPORTED;
        doc->warnings_count = 0; /* the error is the text that matters */
        note_warning(doc, qpdf_get_error_message_detail(doc->qpdf, error));
        if (doc->exhausted)
            why = PDF_OPEN_TOO_LARGE;
    }
    return why;
}

enum pdf_opened pdf_doc_open(struct pdf_doc *doc, struct vt_bytes bytes)
{
    *doc = (struct pdf_doc){.bytes = bytes, .qpdf = qpdf_init()};
    if (doc->qpdf == NULL)
        return PDF_OPEN_NO_MEMORY;
    qpdf_silence_errors(doc->qpdf);
    qpdf_set_suppress_warnings(doc->qpdf, QPDF_TRUE);
    qpdf_set_attempt_recovery(doc->qpdf, QPDF_FALSE);
    QPDF_ERROR_CODE code =
        qpdf_read_memory(doc->qpdf, "document", (const char *)bytes.ptr, bytes.len, "");
    if ((code & QPDF_ERRORS) != 0) {
        enum pdf_opened why = why_not_opened(doc);
        pdf_doc_close(doc);
        return why;
    }
    doc->encrypted = qpdf_is_encrypted(doc->qpdf) == QPDF_TRUE;
    collect_warnings(doc);
    return PDF_OPENED;
}

void pdf_doc_close(struct pdf_doc *doc)
{
    if (doc->qpdf != NULL)
        clean_up(&doc->qpdf);
    doc->qpdf = NULL;
}

bool pdf_doc_is_damaged(struct pdf_doc *doc)
{
    if (doc->qpdf != NULL)
        collect_warnings(doc);
    return doc->warnings_count > 0 || doc->exhausted;
}

/* Asked before anything is fetched: what was not enough once would be tried again with every
 * object of the same stream. */
static bool is_exhausted(struct pdf_doc *doc)
{
    collect_warnings(doc);
    return doc->exhausted;
}

/* The text of a handle, valid until the next call on the document. */
static struct vt_bytes text_of(struct pdf_doc *doc, qpdf_oh object, bool *out_is_stream)
{
    *out_is_stream = qpdf_oh_is_stream(doc->qpdf, object) == QPDF_TRUE;
    const char *text = NULL;
    if (*out_is_stream) {
        qpdf_oh dict = qpdf_oh_get_dict(doc->qpdf, object);
        text = qpdf_oh_unparse_resolved(doc->qpdf, dict);
        qpdf_oh_release(doc->qpdf, dict);
    } else {
        text = qpdf_oh_unparse_resolved(doc->qpdf, object);
    }
    return vt_bytes_of(text, text == NULL ? 0 : qpdf_get_last_string_length(doc->qpdf));
}

static struct pdf_object object_of(struct pdf_doc *doc, struct vt_arena *arena, qpdf_oh handle)
{
    struct pdf_object out = {0};
    struct vt_bytes text = text_of(doc, handle, &out.is_stream);
    uint8_t *copy = vt_arena_dup(arena, text.ptr, text.len);
    size_t at = 0;
    if (copy == NULL)
        return out;
    if (!pdf_next_value(vt_bytes_of(copy, text.len), &at, &out.value)) {
        /* Deeper than PDF_MAX_NESTING, or the library failed: nothing can be said about it. */
        note_warning(doc, "an object is nested too deeply");
        out.value = (struct pdf_value){.kind = PDF_KEYWORD, .text = vt_bytes_of(copy, text.len)};
    }
    return out;
}

struct pdf_object pdf_doc_fetch(struct pdf_doc *doc, struct vt_arena *arena, struct pdf_ref ref)
{
    if (is_exhausted(doc))
        return (struct pdf_object){0};
    qpdf_oh handle = qpdf_get_object_by_id(doc->qpdf, ref.id, ref.gen);
    struct pdf_object out = object_of(doc, arena, handle);
    qpdf_oh_release(doc->qpdf, handle);
    return out;
}

struct pdf_value pdf_doc_fetch_key(struct pdf_doc *doc, struct vt_arena *arena, struct pdf_ref ref,
                                   const char *key)
{
    struct pdf_value out = {0};
    if (is_exhausted(doc))
        return out;
    qpdf_oh handle = qpdf_get_object_by_id(doc->qpdf, ref.id, ref.gen);
    if (qpdf_oh_is_dictionary(doc->qpdf, handle) == QPDF_TRUE) {
        qpdf_oh value = qpdf_oh_get_key(doc->qpdf, handle, key);
        const char *text = qpdf_oh_unparse(doc->qpdf, value);
        size_t len = text == NULL ? 0 : qpdf_get_last_string_length(doc->qpdf), at = 0;
        uint8_t *copy = vt_arena_dup(arena, text, len);
        if (copy == NULL || !pdf_next_value(vt_bytes_of(copy, len), &at, &out))
            note_warning(doc, "an entry of a dictionary is nested too deeply");
        qpdf_oh_release(doc->qpdf, value);
    }
    qpdf_oh_release(doc->qpdf, handle);
    return out;
}

struct pdf_object pdf_doc_trailer(struct pdf_doc *doc, struct vt_arena *arena)
{
    qpdf_oh handle = qpdf_get_trailer(doc->qpdf);
    struct pdf_object out = object_of(doc, arena, handle);
    qpdf_oh_release(doc->qpdf, handle);
    return out;
}

bool pdf_doc_fetch_refs(struct pdf_doc *doc, struct vt_arena *arena, struct pdf_ref ref,
                        struct pdf_ref **out_refs, size_t *out_count)
{
    if (is_exhausted(doc))
        return false;
    qpdf_oh handle = qpdf_get_object_by_id(doc->qpdf, ref.id, ref.gen);
    bool is_stream = false;
    struct vt_bytes text = text_of(doc, handle, &is_stream);
    struct pdf_ref found;
    size_t count = 0;
    for (size_t at = 0; pdf_next_ref(text, &at, &found);)
        count++;
    struct pdf_ref *refs = vt_arena_alloc(arena, count * sizeof(*refs));
    if (refs != NULL) {
        count = 0;
        for (size_t at = 0; pdf_next_ref(text, &at, &found);)
            refs[count++] = found;
    }
    qpdf_oh_release(doc->qpdf, handle);
    *out_refs = refs;
    *out_count = refs == NULL ? 0 : count;
    return refs != NULL;
}

/* The library gives a new object such a number. */
int pdf_doc_free_number(struct pdf_doc *doc)
{
    qpdf_oh nothing = qpdf_oh_new_null(doc->qpdf);
    qpdf_oh object = qpdf_make_indirect_object(doc->qpdf, nothing);
    int number = qpdf_oh_get_object_id(doc->qpdf, object);
    qpdf_oh_release(doc->qpdf, nothing);
    qpdf_oh_release(doc->qpdf, object);
    return number;
}

static bool stream_data(qpdf_data qpdf, qpdf_oh stream, bool decode, size_t max_bytes,
                        uint8_t **out, size_t *out_len)
{
    uint8_t *data = NULL;
    size_t len = 0;
    QPDF_BOOL filtered = QPDF_FALSE;
    QPDF_ERROR_CODE code = qpdf_oh_get_stream_data(
        qpdf, stream, decode ? qpdf_dl_generalized : qpdf_dl_none, &filtered, &data, &len);
    bool ok = (code & QPDF_ERRORS) == 0 && data != NULL && len <= max_bytes &&
              (!decode || filtered == QPDF_TRUE);
    *out_len = len;
    if (!ok) {
        free(data);
        return false;
    }
    *out = data;
    return true;
}

bool pdf_doc_stream(struct pdf_doc *doc, struct pdf_ref ref, bool decode, size_t max_bytes,
                    uint8_t **out, size_t *out_len)
{
    *out_len = 0;
    if (is_exhausted(doc))
        return false;
    qpdf_oh stream = qpdf_get_object_by_id(doc->qpdf, ref.id, ref.gen);
    bool ok = qpdf_oh_is_stream(doc->qpdf, stream) == QPDF_TRUE &&
              stream_data(doc->qpdf, stream, decode, max_bytes, out, out_len);
    qpdf_oh_release(doc->qpdf, stream);
    doc->decoded_bytes += decode ? *out_len : 0;
    /* Whether it was memory that was missing is asked of one that was not unpacked. */
    doc->exhausted =
        (!ok && is_exhausted(doc)) || doc->exhausted || doc->decoded_bytes > PDF_MAX_DECODED_BYTES;
    return ok;
}

/* A handle for the text of one object, at most a few hundred bytes. */
static qpdf_oh parse_small(qpdf_data qpdf, struct vt_bytes text)
{
    char copy[512];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, 0, text.len) != NULL)
        return qpdf_oh_new_null(qpdf);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return qpdf_oh_parse(qpdf, copy);
}

bool pdf_decode_bytes(struct vt_bytes raw, struct vt_bytes filter, struct vt_bytes parms,
                      size_t max_bytes, uint8_t **out, size_t *out_len)
{
    qpdf_data qpdf = qpdf_init();
    if (qpdf == NULL)
        return false;
    qpdf_silence_errors(qpdf);
    qpdf_set_suppress_warnings(qpdf, QPDF_TRUE);
    bool ok = false;
    if ((qpdf_empty_pdf(qpdf) & QPDF_ERRORS) == 0) {
        qpdf_oh stream = qpdf_oh_new_stream(qpdf);
        qpdf_oh_replace_stream_data(qpdf, stream, raw.ptr, raw.len, parse_small(qpdf, filter),
                                    parse_small(qpdf, parms));
        ok = stream_data(qpdf, stream, true, max_bytes, out, out_len) &&
             !qpdf_more_warnings(qpdf) && !qpdf_has_error(qpdf);
        if (!ok && *out != NULL) {
            free(*out);
            *out = NULL;
        }
    }
    clean_up(&qpdf);
    return ok;
}
