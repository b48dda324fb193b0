/* SPDX-License-Identifier: Apache-2.0
 * What of a mail is a document that an office may issue, and where a signature is due. */
#include <string.h>

#include "inspector/inspect_internal.h"

/* Pictures, calendars and cards that are written in XML: SVG, xCal (RFC 6321), xCard (RFC 6351). */
static bool is_picture_calendar_or_card(const struct vt_part *part)
{
    static const char *const types[] = {"application/calendar+xml", "application/vcard+xml"};
    static const char *const endings[] = {".svg", ".xcs", ".xcal", ".xcard"};
    if (part->content_type != NULL && strncmp(part->content_type, "image/", 6) == 0)
        return true;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (part->content_type != NULL && strcmp(part->content_type, types[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (vt_name_ends(part->name, endings[i]))
            return true;
    }
    return false;
}

/* A file in a form in which offices issue documents. */
static bool is_official(const struct vt_document *document, const struct vt_part *part)
{
    return document->attachment && !part->inline_disposition &&
           vt_format_is_official(document->format) && !is_picture_calendar_or_card(part);
}

void vt_inspect_expectations(struct vt_inspect_run *run)
{
    struct vt_evidence *evidence = run->evidence;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        struct vt_document *document = &evidence->documents[i];
        document->is_official =
            is_official(document, &run->unpacked->parts[run->document_parts[i]]);
        if (!vt_document_is_signed(document))
            document->beside = vt_evidence_beside(evidence, document, vt_unpack_is_same_name);
        document->hints.copy = vt_document_is_called_copy(document);
        document->hints.is_annex = vt_document_is_called_annex(document);
        vt_document_expect(&evidence->mail, document);
    }
}
