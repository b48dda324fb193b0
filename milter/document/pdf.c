/* SPDX-License-Identifier: Apache-2.0
 * Reading a PDF for its signatures: the steps in their order. See document.h. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf.h"
#include "document/pdf_packed.h"

/* Not being able to read a file is not the same as its having no signature. */
static void say_unreadable(struct pdf_reader *reader, enum pdf_opened opened)
{
    const char *text = NULL;
    switch (opened) {
    case PDF_OPEN_PASSWORD:
        text = "The file is encrypted with a password and was not read.";
        break;
    case PDF_OPEN_UNSUPPORTED:
        text = "The file is encrypted in a way that is not supported and was not read.";
        break;
    case PDF_OPEN_TOO_LARGE:
        pdf_finding(reader, VT_REASON_TOO_LARGE,
                    "What is packed in the file needs more memory than one file may have.");
        pdf_scan_unreadable(reader, VT_REASON_TOO_LARGE);
        return;
    default:
        text = "The file is damaged and cannot be read without guessing";
        break;
    }
    if (opened == PDF_OPEN_PASSWORD || opened == PDF_OPEN_UNSUPPORTED)
        pdf_finding(reader, VT_REASON_FILE_UNREADABLE, "%s", text);
    else
        pdf_finding(reader, VT_REASON_FILE_UNREADABLE, "%s: %s.", text, reader->main.warning);
    pdf_scan_unreadable(reader, VT_REASON_MALFORMED);
}

static void read_catalog(struct pdf_reader *reader)
{
    struct pdf_value trailer = pdf_doc_trailer(&reader->main, reader->scratch).value;
    reader->catalog = pdf_get(reader, &trailer, "Root");
    if (reader->catalog.kind != PDF_DICT)
        pdf_finding(reader, VT_REASON_MALFORMED, "The file has no document catalog.");
}

static void read_opened(struct pdf_reader *reader)
{
    read_catalog(reader);
    pdf_fields_find(reader);
    pdf_signatures_read(reader);
    pdf_byterange_check_all(reader);
    pdf_scan_hidden(reader);
    pdf_dss_read(reader);
}

/* The order of revisions; of one revision that of the fields. */
static void hand_out(struct pdf_reader *reader)
{
    struct vt_signed_document *document = reader->document;
    size_t count = reader->signatures_count;
    struct vt_signed_object *objects = vt_arena_alloc(reader->arena, count * sizeof(*objects));
    if (objects == NULL) {
        reader->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t place = i;
        for (; place > 0 && objects[place - 1].revision > reader->signatures[i].object.revision;
             place--)
            objects[place] = objects[place - 1];
        objects[place] = reader->signatures[i].object;
    }
    document->objects = objects;
    document->objects_count = count;
}

static void say_limits(struct pdf_reader *reader)
{
    /* Whatever the library misses afterwards, it misses for want of memory. */
    bool is_damaged = pdf_doc_is_damaged(&reader->main) && !reader->main.exhausted;
    reader->over_limit |= reader->main.exhausted;
    if (is_damaged && reader->catalog.kind != PDF_NONE)
        pdf_finding(reader, VT_REASON_MALFORMED, "The file is damaged: %s.", reader->main.warning);
    if (!reader->over_limit)
        return;
    pdf_finding(reader, VT_REASON_TOO_LARGE,
                "The file has more objects, deeper trees or larger objects than are looked at.");
    for (size_t i = 0; i < reader->signatures_count; i++) {
        struct vt_signed_object *object = &reader->signatures[i].object;
        if (object->covers != VT_COVERS_WHOLE && object->changes_after != VT_CHANGES_FORBIDDEN) {
            object->changes_after = VT_CHANGES_UNDETERMINED;
            object->reasons |= VT_REASON_BIT(VT_REASON_CHANGE_UNCLEAR);
        }
    }
}

/* Nothing is opened that would unpack to too much. */
static enum pdf_opened open_bounded(struct pdf_reader *reader)
{
    reader->chain = pdf_scratch(reader, sizeof(*reader->chain));
    if (reader->chain == NULL)
        return PDF_OPEN_TOO_LARGE;
    pdf_chain_read(reader, reader->chain);
    if (!pdf_packed_measure(reader, reader->chain))
        return PDF_OPEN_TOO_LARGE;
    enum pdf_opened opened = pdf_doc_open(&reader->main, reader->bytes);
    if (opened == PDF_OPENED)
        pdf_packed_decrypt(reader, &reader->main);
    return opened;
}

static void read_all(struct pdf_reader *reader)
{
    enum pdf_opened opened = open_bounded(reader);
    if (opened == PDF_OPEN_NO_MEMORY) {
        reader->out_of_memory = true;
        return;
    }
    pdf_scan_edges(reader);
    if (opened == PDF_OPENED)
        read_opened(reader);
    else
        say_unreadable(reader, opened);
    pdf_changes_judge(reader);
    say_limits(reader);
    hand_out(reader);
}

enum vt_code pdf_reader_open(struct pdf_reader *reader, struct vt_arena *arena, struct vt_bytes pdf,
                             struct vt_err *err)
{
    *reader = (struct pdf_reader){.arena = arena, .bytes = pdf};
    reader->document = vt_arena_alloc(arena, sizeof(*reader->document));
    reader->scratch = vt_arena_new(PDF_MAX_SCRATCH_BYTES);
    if (reader->document == NULL || reader->scratch == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for reading a PDF");
    read_all(reader);
    return reader->out_of_memory
               ? vt_err_set(err, VT_E_NOMEM, "the memory of the mail is used up by a PDF")
               : VT_OK;
}

void pdf_reader_close(struct pdf_reader *reader)
{
    pdf_doc_close(&reader->main);
    vt_arena_free(reader->scratch);
    *reader = (struct pdf_reader){0};
}

/* That there was too little memory for this file is told of it, and not of the whole mail. Made
 * while there is some. NULL: there is none. */
static struct vt_signed_document *prepare_giving_up(struct vt_arena *arena)
{
    struct vt_signed_document *document = vt_arena_alloc(arena, sizeof(*document));
    if (document == NULL ||
        vt_findings_add(arena, &document->findings, &document->findings_count,
                        "Reading the file needs more memory than one file may have; it was not "
                        "checked.") != VT_OK)
        return NULL;
    document->reasons = VT_REASON_BIT(VT_REASON_TOO_LARGE);
    return document;
}

enum vt_code vt_document_read_pdf(struct vt_arena *arena, struct vt_bytes pdf,
                                  struct vt_signed_document **out, struct vt_err *err)
{
    struct pdf_reader reader;
    struct vt_signed_document *given_up = prepare_giving_up(arena);
    if (given_up == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for reading a PDF");
    enum vt_code code = pdf_reader_open(&reader, arena, pdf, NULL);
    if (code == VT_OK && reader.main.qpdf != NULL)
        pdf_attached_read(&reader);
    *out = given_up;
    if (code == VT_OK && !reader.out_of_memory) {
        pdf_spots_read(&reader);
        pdf_hints_read(&reader);
        *out = reader.document;
    }
    pdf_reader_close(&reader);
    return VT_OK;
}

enum vt_code vt_document_warm(struct vt_err *err)
{
    static const char smallest[] = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
                                   "2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
                                   "xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n"
                                   "0000000054 00000 n \ntrailer\n<</Size 3/Root 1 0 R>>\n"
                                   "startxref\n100\n%%EOF\n";
    struct vt_signed_document *document = NULL;
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory to start the PDF reader");
    enum vt_code code =
        vt_document_read_pdf(arena, vt_bytes_of(smallest, sizeof(smallest) - 1), &document, err);
    if (code == VT_OK && document->reasons != 0)
        code = vt_err_set(err, VT_E_INTERNAL, "libqpdf cannot read the smallest PDF: %s",
                          document->findings_count > 0 ? document->findings[0] : "no reason given");
    vt_arena_free(arena);
    return code;
}
