/* SPDX-License-Identifier: Apache-2.0
 * What one trial looks at: the mail, or a document with one of its signatures. */
#include "rule.h"

struct vt_scope vt_scope_of_mail(const struct vt_evidence *evidence,
                                 const struct vt_site_facts *site, int64_t now_utc_secs)
{
    return (struct vt_scope){.evidence = evidence,
                             .mail = &evidence->mail,
                             .document_index = SIZE_MAX,
                             .signature_index = SIZE_MAX,
                             .reasons = evidence->reasons,
                             .site = site,
                             .now_utc_secs = now_utc_secs};
}

struct vt_scope vt_scope_of(const struct vt_scope *mail, size_t document, size_t signature)
{
    struct vt_scope scope = *mail;
    scope.document_index = document;
    scope.document = &mail->evidence->documents[document];
    scope.signature = NULL;
    scope.site_signature = NULL;
    scope.reasons = scope.document->reasons;
    if (mail->site != NULL) {
        scope.site_document = &mail->site->documents[document];
        /* What the table excuses, or tells better. */
        scope.reasons =
            (scope.reasons & ~scope.site_document->excused) | scope.site_document->reasons;
    }
    if (signature < scope.document->signatures_count) {
        scope.signature_index = signature;
        scope.signature = &scope.document->signatures[signature];
        scope.reasons |= scope.signature->reasons;
    }
    if (scope.signature != NULL && scope.site_document != NULL) {
        scope.site_signature = &scope.site_document->signatures[signature];
        scope.reasons |= scope.site_signature->reasons;
    }
    return scope;
}
