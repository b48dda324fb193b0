/* SPDX-License-Identifier: Apache-2.0
 * What is told of the history of a document (see struct vt_document): bounded, whatever a file
 * holds, and without anything that was not proven by reading it. */
#include "document/pdf_compare.h"

/* ---- changes ---- */

static size_t add_changes(const struct pdf_step_changes *step, enum vt_changes effect, size_t room,
                          bool taken[PDF_MAX_STEP_CHANGES])
{
    size_t added = 0;
    for (size_t i = 0; i < step->count && added < room; i++) {
        if (step->items[i].effect == effect) {
            taken[i] = true;
            added++;
        }
    }
    return added;
}

void pdf_tell_changes(struct pdf_reader *reader, const struct pdf_step_changes *steps, size_t count)
{
    static const enum vt_changes order[] = {VT_CHANGES_FORBIDDEN, VT_CHANGES_UNDETERMINED,
                                            VT_CHANGES_ADDED, VT_CHANGES_PERMITTED};
    bool taken[PDF_MAX_STEPS][PDF_MAX_STEP_CHANGES] = {{false}};
    struct vt_signed_document *document = reader->document;
    size_t total = 0;
    for (size_t e = 0; e < sizeof(order) / sizeof(order[0]); e++) {
        for (size_t step = 0; step < count; step++)
            total += add_changes(&steps[step], order[e], VT_MAX_CHANGES - total, taken[step]);
    }
    document->changes = vt_arena_alloc(reader->arena, (total + 1) * sizeof(*document->changes));
    if (document->changes == NULL) {
        reader->out_of_memory = true;
        return;
    }
    for (size_t step = 0; step < count; step++) {
        for (size_t i = 0; i < steps[step].count; i++) {
            if (taken[step][i])
                document->changes[document->changes_count++] = steps[step].items[i];
        }
    }
}

/* ---- revisions ---- */

/* /CreationDate (14.3.3), which whoever wrote the file could choose. */
static int64_t created(struct pdf_reader *reader)
{
    int64_t utc_secs = VT_TIME_NONE;
    bool zoneless = false;
    if (reader->catalog.kind != PDF_DICT)
        return VT_TIME_NONE; /* found in the bytes of a file that the library does not open */
    struct pdf_value trailer = pdf_doc_trailer(&reader->main, reader->scratch).value;
    struct pdf_value info = pdf_get(reader, &trailer, "Info");
    struct pdf_value date = pdf_get(reader, &info, "CreationDate");
    if (date.kind != PDF_STRING && date.kind != PDF_HEX_STRING)
        return VT_TIME_NONE;
    uint8_t *text = pdf_scratch(reader, date.text.len);
    if (text == NULL ||
        !pdf_time_parse(vt_bytes_of(text, pdf_string_decode(&date, text)), &utc_secs, &zoneless))
        return VT_TIME_NONE;
    return utc_secs;
}

static bool is_told(const struct pdf_reader *reader, const struct pdf_chain *chain, size_t index)
{
    if (index == 0 || index + 1 == chain->revisions_count)
        return true;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        if (reader->signatures[i].object.revision == index + 1)
            return true;
    }
    return false;
}

void pdf_tell_revisions(struct pdf_reader *reader, const struct pdf_chain *chain)
{
    struct vt_signed_document *document = reader->document;
    struct vt_revision *told = vt_arena_alloc(reader->arena, VT_MAX_REVISIONS * sizeof(*told));
    size_t count = 0, last = chain->revisions_count;
    if (told == NULL) {
        reader->out_of_memory = true;
        return;
    }
    for (size_t i = 0; chain->defect == NULL && i < last; i++) {
        if (!is_told(reader, chain, i) || (count + 1 == VT_MAX_REVISIONS && i + 1 < last))
            continue;
        told[count++] = (struct vt_revision){
            .number = (unsigned)i + 1,
            .end_bytes = i + 1 == last ? reader->bytes.len : chain->revisions[i].end_eol,
            .created_utc_secs = i == 0 ? created(reader) : VT_TIME_NONE};
    }
    document->revisions = told;
    document->revisions_count = count;
}
