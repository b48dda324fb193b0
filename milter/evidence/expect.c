/* SPDX-License-Identifier: Apache-2.0
 * Where a signature is due: by the sender, the form of the file and what lies beside it. */
#include "evidence/expect.h"

#include <string.h>
#include <strings.h>

bool vt_document_is_signed(const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].format != VT_SIGNATURE_DOCTIMESTAMP)
            return true;
    }
    return false;
}

bool vt_name_ends(const char *name, const char *ending)
{
    size_t name_len = name == NULL ? 0 : strlen(name), ending_len = strlen(ending);
    return name_len >= ending_len && strcasecmp(name + name_len - ending_len, ending) == 0;
}

bool vt_format_is_official(enum vt_format format)
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

typedef bool same_name(struct vt_bytes a, struct vt_bytes b);

static bool has_same_stem(const char *a, const char *b, same_name *is_same)
{
    struct vt_bytes stem_a = vt_bytes_of(a, stem_len(a)), stem_b = vt_bytes_of(b, stem_len(b));
    return stem_a.len > 0 && is_same(stem_a, stem_b);
}

/* "report.pdf.p7s" signs "report.pdf". */
static bool is_signature_of(const struct vt_document *signature, const char *name,
                            same_name *is_same)
{
    const char *dot = strrchr(signature->name, '.');
    return signature->format == VT_FORMAT_CMS && dot != NULL &&
           is_same(vt_bytes_of(signature->name, (size_t)(dot - signature->name)),
                   vt_bytes_str(name));
}

static bool is_inside(const struct vt_document *other, const struct vt_document *document)
{
    if (document->path == NULL || other->path == NULL)
        return false;
    size_t len = strlen(document->path);
    return len == 0 ? other->path[0] != '\0'
                    : (strncmp(other->path, document->path, len) == 0 && other->path[len] == '/');
}

const struct vt_document *vt_document_around(const struct vt_evidence *evidence,
                                             const struct vt_document *document)
{
    const struct vt_document *innermost = NULL;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *other = &evidence->documents[i];
        if (is_inside(document, other) && (innermost == NULL || is_inside(other, innermost)))
            innermost = other;
    }
    return innermost;
}

/* What lies inside a document vouches for itself alone: it lies beside nothing. */
enum vt_beside vt_evidence_beside(const struct vt_evidence *evidence,
                                  const struct vt_document *document, same_name *is_same)
{
    enum vt_beside found = VT_BESIDE_NONE;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *other = &evidence->documents[i];
        if (other == document || other->name == NULL || document->name == NULL ||
            !vt_document_is_signed(other) || is_inside(other, document))
            continue;
        if (is_signature_of(other, document->name, is_same))
            return VT_BESIDE_SIGNATURE;
        if (has_same_stem(other->name, document->name, is_same))
            found = VT_BESIDE_COMPANION;
    }
    return found;
}

/* Who names a file so says that it is signed: that it is another's companion excuses
 * nothing.
 */
static bool is_called_signed(const struct vt_document *document)
{
    return vt_name_ends(document->name, ".signed.pdf");
}

enum vt_reason vt_document_why_unsigned(const struct vt_document *document, bool is_companion)
{
    if (is_companion)
        return VT_REASON_UNSIGNED_COMPANION;
    return document->hints.seal_page > 0 ? VT_REASON_IMAGE_ONLY : VT_REASON_NO_SIGNATURE;
}

/* Of mail between our own offices, of what they send and of what citizens send nothing is missed:
 * drafts are written there. */
void vt_document_expect(const struct vt_mail *mail, struct vt_document *document)
{
    bool is_promised = is_called_signed(document), is_signed = vt_document_is_signed(document);
    bool is_due = mail->sender_class == VT_SENDER_STATE && mail->direction == VT_INBOUND &&
                  document->is_official;
    if (!is_promised && !is_due)
        return;
    bool is_companion = document->beside == VT_BESIDE_COMPANION && !is_promised;
    document->expects_signature = !is_companion && document->beside != VT_BESIDE_SIGNATURE;
    if (!is_signed && document->beside != VT_BESIDE_SIGNATURE &&
        vt_reasons_mean_read(document->reasons))
        document->reasons |= VT_REASON_BIT(vt_document_why_unsigned(document, is_companion));
}
