/* SPDX-License-Identifier: Apache-2.0
 * What the site's table said of a mail when it was decided, beside its evidence. A body may have
 * been altered, so that nothing is there which the evidence has not. */
#include "register/derive.h"

const struct vt_site_facts *vt_derive_site(const struct vt_register_decided *decided)
{
    return decided->decision != NULL ? decided->decision->site : NULL;
}

static struct vt_site_document site_document(const struct vt_register_decided *decided,
                                             size_t document)
{
    const struct vt_site_facts *site = vt_derive_site(decided);
    return site != NULL && document < site->documents_count ? site->documents[document]
                                                            : (struct vt_site_document){0};
}

struct vt_site_signature vt_derive_site_signature(const struct vt_register_decided *decided,
                                                  size_t document, size_t index)
{
    const struct vt_site_document site = site_document(decided, document);
    return index < site.signatures_count ? site.signatures[index] : (struct vt_site_signature){0};
}

vt_reasons vt_derive_document_reasons(const struct vt_register_decided *decided, size_t document)
{
    const struct vt_site_document site = site_document(decided, document);
    return (decided->evidence->documents[document].reasons & ~site.excused) | site.reasons;
}

vt_reasons vt_derive_reasons(const struct vt_register_decided *decided)
{
    const struct vt_evidence *evidence = decided->evidence;
    vt_reasons all = evidence->reasons;
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        all |= vt_derive_document_reasons(decided, d);
        for (size_t s = 0; s < document->signatures_count; s++)
            all |=
                document->signatures[s].reasons | vt_derive_site_signature(decided, d, s).reasons;
    }
    return all;
}
