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
    size_t len = stem_len(a);
    return len > 0 && len == stem_len(b) && strncasecmp(a, b, len) == 0;
}

static bool is_companion(const struct vt_evidence *evidence, const struct vt_document *document)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *other = &evidence->documents[i];
        if (other != document && vt_inspect_is_signed(other) && other->name != NULL &&
            document->name != NULL && has_same_stem(other->name, document->name))
            return true;
    }
    return false;
}

static bool is_due(const struct vt_mail *mail, const struct vt_document *document)
{
    if (vt_inspect_name_ends(document->name, ".signed.pdf"))
        return true;
    return mail->sender_class == VT_SENDER_STATE && mail->direction == VT_INBOUND &&
           document->attachment && is_official_form(document->format);
}

void vt_inspect_expectations(struct vt_inspect_run *run)
{
    struct vt_evidence *evidence = run->evidence;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        struct vt_document *document = &evidence->documents[i];
        if (!is_due(&evidence->mail, document))
            continue;
        bool is_signed = vt_inspect_is_signed(document);
        bool companion = !is_signed && is_companion(evidence, document);
        document->expects_signature = !companion;
        if (!is_signed && vt_reasons_mean_read(document->reasons))
            document->reasons |=
                VT_REASON_BIT(companion ? VT_REASON_UNSIGNED_COMPANION : VT_REASON_NO_SIGNATURE);
    }
}
