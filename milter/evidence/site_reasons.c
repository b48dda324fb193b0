/* SPDX-License-Identifier: Apache-2.0
 * The reasons of a mail as the policy sees them: those of its evidence, with what the table of
 * agencies adds and takes away. */
#include "vanthu/site.h"

vt_reasons vt_site_document_reasons(const struct vt_evidence *evidence,
                                    const struct vt_site_facts *facts, size_t index)
{
    const struct vt_document *document = &evidence->documents[index];
    const struct vt_site_document *its =
        facts != NULL && index < facts->documents_count ? &facts->documents[index] : NULL;
    vt_reasons reasons = document->reasons;
    if (its != NULL)
        reasons = (reasons & ~its->excused) | its->reasons;
    for (size_t i = 0; i < document->signatures_count; i++) {
        reasons |= document->signatures[i].reasons;
        if (its != NULL && i < its->signatures_count)
            reasons |= its->signatures[i].reasons;
    }
    return reasons;
}

vt_reasons vt_site_all_reasons(const struct vt_evidence *evidence,
                               const struct vt_site_facts *facts)
{
    vt_reasons reasons = evidence->reasons;
    for (size_t i = 0; i < evidence->documents_count; i++)
        reasons |= vt_site_document_reasons(evidence, facts, i);
    return reasons;
}
