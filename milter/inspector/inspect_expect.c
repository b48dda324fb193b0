/* SPDX-License-Identifier: Apache-2.0
 * Where a signature is due (users.md 1): a missing signature is a finding only there. Citizens'
 * photographs and drafts are never marked. */
#include <string.h>
#include <strings.h>

#include "inspector/inspect_internal.h"

bool vt_inspect_is_signed(const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].format != VT_SIGNATURE_DOCTIMESTAMP)
            return true;
    }
    return false;
}

bool vt_inspect_name_ends(const char *name, const char *ending)
{
    size_t name_len = name == NULL ? 0 : strlen(name), ending_len = strlen(ending);
    return name_len >= ending_len && strcasecmp(name + name_len - ending_len, ending) == 0;
}

static bool is_official_form(enum vt_format format)
{
    return format == VT_FORMAT_PDF || format == VT_FORMAT_OOXML || format == VT_FORMAT_ODF ||
           format == VT_FORMAT_XML;
}

/* The name without its extension and without ".signed" (legal.md R-94): "123-QD.signed.pdf" and
 * "123-QD.docx" have the stem "123-QD". */
static size_t stem_len(const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t len = dot == NULL ? strlen(name) : (size_t)(dot - name);
    while (len > 7 && strncasecmp(name + len - 7, ".signed", 7) == 0)
        len -= 7;
    return len;
}

static bool has_same_stem(const char *a, const char *b)
{
    struct vt_bytes stem_a = vt_bytes_of(a, stem_len(a)), stem_b = vt_bytes_of(b, stem_len(b));
    return stem_a.len > 0 && vt_unpack_is_same_name(stem_a, stem_b);
}

/* "report.pdf.p7s" signs "report.pdf". */
static bool is_signature_of(const struct vt_document *signature, const char *name)
{
    const char *dot = strrchr(signature->name, '.');
    return signature->format == VT_FORMAT_CMS && dot != NULL &&
           vt_unpack_is_same_name(vt_bytes_of(signature->name, (size_t)(dot - signature->name)),
                                  vt_bytes_str(name));
}

static enum vt_beside look_beside(const struct vt_evidence *evidence,
                                  const struct vt_document *document)
{
    enum vt_beside found = VT_BESIDE_NONE;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *other = &evidence->documents[i];
        if (other == document || other->name == NULL || document->name == NULL ||
            !vt_inspect_is_signed(other))
            continue;
        if (is_signature_of(other, document->name))
            return VT_BESIDE_SIGNATURE;
        if (has_same_stem(other->name, document->name))
            found = VT_BESIDE_COMPANION;
    }
    return found;
}

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
        if (vt_inspect_name_ends(part->name, endings[i]))
            return true;
    }
    return false;
}

/* A file in a form in which offices issue documents. */
static bool is_official(const struct vt_document *document, const struct vt_part *part)
{
    return document->attachment && !part->inline_disposition &&
           is_official_form(document->format) && !is_picture_calendar_or_card(part);
}

/* Who names a file so says that it is signed: that it is another's companion excuses
 * nothing.
 */
static bool is_called_signed(const struct vt_document *document)
{
    return vt_inspect_name_ends(document->name, ".signed.pdf");
}

/* Of mail between our own offices, of what they send and of what citizens send nothing is missed:
 * drafts are written there. */
static void expect(const struct vt_mail *mail, struct vt_document *document)
{
    bool is_promised = is_called_signed(document), is_signed = vt_inspect_is_signed(document);
    bool is_due = mail->sender_class == VT_SENDER_STATE && mail->direction == VT_INBOUND &&
                  document->is_official;
    if (!is_promised && !is_due)
        return;
    bool is_companion = document->beside == VT_BESIDE_COMPANION && !is_promised;
    document->expects_signature = !is_companion && document->beside != VT_BESIDE_SIGNATURE;
    if (!is_signed && document->beside != VT_BESIDE_SIGNATURE &&
        vt_reasons_mean_read(document->reasons))
        document->reasons |=
            VT_REASON_BIT(is_companion ? VT_REASON_UNSIGNED_COMPANION : VT_REASON_NO_SIGNATURE);
}

void vt_inspect_expectations(struct vt_inspect_run *run)
{
    struct vt_evidence *evidence = run->evidence;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        struct vt_document *document = &evidence->documents[i];
        document->is_official =
            is_official(document, &run->unpacked->parts[run->document_parts[i]]);
        if (!vt_inspect_is_signed(document))
            document->beside = look_beside(evidence, document);
        expect(&evidence->mail, document);
    }
}
