/* SPDX-License-Identifier: Apache-2.0
 * Whether a PDF may be sealed: read in one way only, not encrypted, earlier signatures in order,
 * and nothing forbidden by a certification (ISO 32000-1 12.8.2.2) or a lock (12.8.2.4). */
#include <string.h>

#include "seal/pdf.h"

static const char *const names[VT_SEAL_PDF_WORDS] = {
    [VT_SEAL_PDF_NOT] = "not-sealed",      [VT_SEAL_PDF_READY] = "ready",
    [VT_SEAL_PDF_ENCRYPTED] = "encrypted", [VT_SEAL_PDF_CERTIFIED] = "certified",
    [VT_SEAL_PDF_LOCKED] = "locked",       [VT_SEAL_PDF_CHANGED] = "changed",
    [VT_SEAL_PDF_FORM] = "dynamic-form",   [VT_SEAL_PDF_FIELD] = "field",
    [VT_SEAL_PDF_PLACE] = "place",         [VT_SEAL_PDF_DAMAGED] = "damaged",
    [VT_SEAL_PDF_TOO_LARGE] = "too-large", [VT_SEAL_PDF_INSIDE] = "inside",
    [VT_SEAL_PDF_WORDING] = "wording",     [VT_SEAL_PDF_ACTIVE] = "active",
};

const char *vt_seal_pdf_word_name(enum vt_seal_pdf_word word)
{
    return (unsigned)word < VT_SEAL_PDF_WORDS ? names[word] : "not-sealed";
}

void vt_pdf_refuse(struct vt_pdf_source *source, enum vt_seal_pdf_word word, const char *why)
{
    if (source->word != VT_SEAL_PDF_READY)
        return;
    source->word = word;
    source->why = why;
}

/* ---- numbers ---- */

/* The highest object number that a section may use, and that of /Size. */
static int64_t highest_of(const struct pdf_section *section)
{
    struct pdf_value size = pdf_dict_get(&section->trailer, "Size");
    int64_t highest = size.kind == PDF_INTEGER ? size.integer - 1 : 0;
    for (size_t i = 0; !section->is_stream && i < section->entries_count; i++)
        highest = section->entries[i].id > highest ? section->entries[i].id : highest;
    struct pdf_value index = pdf_dict_get(&section->trailer, "Index"), item;
    int64_t first = 0;
    size_t place = 0;
    for (size_t at = 0; pdf_array_next(&index, &at, &item); place++) {
        if (place % 2 == 1 && item.kind == PDF_INTEGER && item.integer <= INT32_MAX &&
            first <= INT32_MAX && first + item.integer - 1 > highest)
            highest = first + item.integer - 1;
        first = item.kind == PDF_INTEGER ? item.integer : 0;
    }
    return highest;
}

/* ISO 32000-1, annex C, and room for ours. */
#define MAX_OBJECT_NUMBER 8388607

static void find_next_id(struct vt_pdf_source *source)
{
    int64_t highest = 0;
    for (size_t i = 0; i < source->chain.sections_count; i++) {
        int64_t own = highest_of(&source->chain.sections[i]);
        highest = own > highest ? own : highest;
    }
    int64_t referred = (int64_t)pdf_doc_free_number(&source->reader.main) - 1;
    highest = referred > highest ? referred : highest;
    if (highest <= 0 || highest >= MAX_OBJECT_NUMBER - 64)
        vt_pdf_refuse(source, VT_SEAL_PDF_DAMAGED, "The file has absurd object numbers.");
    else
        source->next_id = (int)highest + 1;
}

/* ---- what was signed before ---- */

static void check_signatures(struct vt_pdf_source *source)
{
    const struct pdf_reader *reader = &source->reader;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct vt_signed_object *object = &reader->signatures[i].object;
        if (object->structure_broken || (object->changes_after != VT_CHANGES_NONE &&
                                         object->changes_after != VT_CHANGES_PERMITTED))
            vt_pdf_refuse(source, VT_SEAL_PDF_CHANGED,
                          "An earlier signature is damaged, or the file was changed after it.");
    }
}

static void check_form(struct vt_pdf_source *source)
{
    struct pdf_value rendering =
        pdf_get(&source->reader, &source->reader.catalog, "NeedsRendering");
    if (rendering.kind == PDF_BOOL && rendering.integer != 0)
        vt_pdf_refuse(source, VT_SEAL_PDF_FORM,
                      "The file is a dynamic form, whose pages are made by the program that shows "
                      "it.");
}

void vt_pdf_check_permissions(struct vt_pdf_source *source, const char *name, bool is_new,
                              bool is_visible)
{
    for (size_t i = 0; i < source->reader.signatures_count; i++) {
        const struct pdf_permissions *permissions = &source->reader.signatures[i].permissions;
        if (permissions->docmdp == 1)
            vt_pdf_refuse(source, VT_SEAL_PDF_CERTIFIED,
                          "The file is certified so that nothing may be added to it.");
        else if (permissions->docmdp != 0 && is_new && is_visible)
            vt_pdf_refuse(source, VT_SEAL_PDF_CERTIFIED,
                          "The file is certified so that nothing visible may be added to it.");
        if (pdf_locks(&source->reader, permissions, vt_bytes_str(name)))
            vt_pdf_refuse(source, VT_SEAL_PDF_LOCKED,
                          "An earlier signature locked the field, or all fields, of the file.");
    }
}

/* ---- opening ---- */

static bool is_space_only(struct vt_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!pdf_is_space(bytes.ptr[i]))
            return false;
    }
    return true;
}

/* One chain from the last byte to the first, and a catalog of its own. */
static void check_chain(struct vt_pdf_source *source)
{
    struct pdf_chain *chain = &source->chain;
    struct vt_bytes bytes = source->reader.bytes;
    if (chain->defect != NULL || chain->revisions_count == 0 ||
        !vt_bytes_starts_with(bytes, VT_BYTES("%PDF-"))) {
        vt_pdf_refuse(source, VT_SEAL_PDF_DAMAGED,
                      "The cross-references of the file cannot be read without guessing.");
        return;
    }
    const struct pdf_revision *last = &chain->revisions[chain->revisions_count - 1];
    source->newest = &chain->sections[last->newest];
    struct pdf_value root = pdf_dict_get(&source->newest->trailer, "Root");
    if (!is_space_only(vt_bytes_slice(bytes, last->end, SIZE_MAX)))
        vt_pdf_refuse(source, VT_SEAL_PDF_DAMAGED, "There are bytes behind the end of the file.");
    if (root.kind != PDF_REF || source->reader.catalog.kind != PDF_DICT)
        vt_pdf_refuse(source, VT_SEAL_PDF_DAMAGED, "The file has no document catalog.");
    source->root = root.ref;
}

static void check_reading(struct vt_pdf_source *source)
{
    const vt_reasons reasons = source->reader.document->reasons;
    if (source->reader.main.encrypted)
        vt_pdf_refuse(source, VT_SEAL_PDF_ENCRYPTED, "The file is encrypted.");
    if (source->reader.over_limit || (reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) != 0)
        vt_pdf_refuse(source, VT_SEAL_PDF_TOO_LARGE,
                      "The file has more objects, or larger ones, than are looked at.");
    if (source->reader.main.qpdf == NULL || pdf_doc_is_damaged(&source->reader.main) ||
        (reasons &
         (VT_REASON_BIT(VT_REASON_MALFORMED) | VT_REASON_BIT(VT_REASON_FILE_UNREADABLE))) != 0)
        vt_pdf_refuse(source, VT_SEAL_PDF_DAMAGED,
                      "The file is damaged and cannot be read without guessing.");
}

/* A file that asks for a password is not opened; its trailer says why. */
static void check_password(struct vt_pdf_source *source)
{
    if (source->reader.main.qpdf == NULL && source->chain.sections_count > 0 &&
        pdf_dict_get(&source->chain.sections[0].trailer, "Encrypt").kind != PDF_NONE)
        vt_pdf_refuse(source, VT_SEAL_PDF_ENCRYPTED, "The file is encrypted.");
}

enum vt_code vt_pdf_source_open(struct vt_pdf_source *source, struct vt_arena *arena,
                                struct vt_bytes pdf, struct vt_err *err)
{
    *source = (struct vt_pdf_source){.word = VT_SEAL_PDF_READY};
    enum vt_code code = pdf_reader_open(&source->reader, arena, pdf, err);
    if (code != VT_OK)
        return code;
    pdf_chain_read(&source->reader, &source->chain);
    check_password(source);
    check_reading(source);
    check_chain(source);
    check_signatures(source);
    check_form(source);
    if (source->word == VT_SEAL_PDF_READY)
        find_next_id(source);
    return VT_OK;
}

void vt_pdf_source_close(struct vt_pdf_source *source)
{
    pdf_reader_close(&source->reader);
}
