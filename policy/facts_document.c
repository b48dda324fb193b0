/* SPDX-License-Identifier: Apache-2.0
 * Facts of the document. What the site's table does not know, and what was not read, is not
 * known. */
#include "evidence/expect.h"
#include "facts.h"

static const char *const effects[VT_EFFECTS] = {[VT_EFFECT_NONE] = "none",
                                                [VT_EFFECT_SIGNATURE] = "signature",
                                                [VT_EFFECT_SEAL] = "seal",
                                                [VT_EFFECT_SIGNATURE_AND_SEAL] =
                                                    "signature-and-seal"};
const struct vt_words vt_words_known_effect = {effects, VT_EFFECTS};

enum lack { LACKS_SIGNATURE, LACKS_AGENCY_SIGNATURE, LACKS_PERSON_SIGNATURE, LACKS };
static const char *const lacks[LACKS] = {[LACKS_SIGNATURE] = "signature",
                                         [LACKS_AGENCY_SIGNATURE] = "agency-signature",
                                         [LACKS_PERSON_SIGNATURE] = "person-signature"};
const struct vt_words vt_words_lacks = {lacks, LACKS};

enum seeming { SEEMS_SCAN, SEEMS_ELECTRONIC, SEEMS_COPY, SEEMS_ANNEX, SEEMS_SEAL_PICTURE, SEEMS };
static const char *const seems[SEEMS] = {[SEEMS_SCAN] = "scan",
                                         [SEEMS_ELECTRONIC] = "electronic",
                                         [SEEMS_COPY] = "copy",
                                         [SEEMS_ANNEX] = "annex",
                                         [SEEMS_SEAL_PICTURE] = "seal-picture"};
const struct vt_words vt_words_seems = {seems, SEEMS};

static unsigned of_bool(bool value)
{
    return value ? 1 : 0;
}

unsigned vt_fact_nested(const struct vt_scope *s)
{
    return of_bool(s->document != NULL && s->document->nested);
}

unsigned vt_fact_format(const struct vt_scope *s)
{
    return s->document == NULL ? VT_VALUE_UNKNOWN : s->document->format;
}

unsigned vt_fact_expects_signature(const struct vt_scope *s)
{
    if (s->document == NULL)
        return VT_VALUE_UNKNOWN;
    return of_bool(s->site_document != NULL ? s->site_document->expects_signature
                                            : s->document->expects_signature);
}

unsigned vt_fact_attachment(const struct vt_scope *s)
{
    return s->document == NULL ? VT_VALUE_UNKNOWN : of_bool(s->document->attachment);
}

/* A file that was not read is not called unsigned. */
unsigned vt_fact_signed(const struct vt_scope *s)
{
    if (s->document == NULL)
        return VT_VALUE_UNKNOWN;
    if (s->document->signatures_count > 0)
        return 1;
    return vt_reasons_mean_read(s->document->reasons) ? 0 : VT_VALUE_UNKNOWN;
}

unsigned vt_fact_effect(const struct vt_scope *s)
{
    bool is_known = s->site_document != NULL && s->site_document->effect != VT_EFFECT_UNKNOWN;
    return is_known ? s->site_document->effect : VT_VALUE_UNKNOWN;
}

const char *vt_fact_name(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->document == NULL ? NULL : s->document->name;
}

const char *vt_fact_sha256(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->document == NULL || s->document->sha256[0] == '\0' ? NULL : s->document->sha256;
}

int64_t vt_fact_document_size(const struct vt_scope *s)
{
    return s->document == NULL ? VT_NUMBER_UNKNOWN : (int64_t)s->document->size_bytes;
}

int64_t vt_fact_document_signatures(const struct vt_scope *s)
{
    bool is_known = s->document != NULL && vt_reasons_mean_read(s->document->reasons);
    return is_known ? (int64_t)s->document->signatures_count : VT_NUMBER_UNKNOWN;
}

static enum vt_truth lacks_signature(const struct vt_scope *s)
{
    unsigned is_signed = vt_fact_signed(s);
    if (vt_fact_expects_signature(s) == 0)
        return VT_NO;
    return is_signed == VT_VALUE_UNKNOWN ? VT_UNKNOWN : is_signed == 0 ? VT_YES : VT_NO;
}

enum vt_truth vt_fact_lacks(const struct vt_scope *s, unsigned what)
{
    if (s->document == NULL)
        return VT_UNKNOWN;
    if (what == LACKS_SIGNATURE)
        return lacks_signature(s);
    if (s->site_document == NULL)
        return VT_UNKNOWN;
    return what == LACKS_AGENCY_SIGNATURE ? s->site_document->lacks_agency_signature
                                          : s->site_document->lacks_person_signature;
}

static enum vt_truth was_made(const struct vt_document *document, enum vt_made made)
{
    if (document->hints.made == VT_MADE_UNKNOWN)
        return VT_UNKNOWN;
    return document->hints.made == made ? VT_YES : VT_NO;
}

/* A hint that is not there is not known: that nothing speaks for a copy does not speak against. */
static enum vt_truth yes_or_unknown(bool value)
{
    return value ? VT_YES : VT_UNKNOWN;
}

static bool has_role(const struct vt_document *document, enum vt_use role)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].hints.use == role)
            return true;
    }
    return false;
}

enum vt_truth vt_fact_seems(const struct vt_scope *s, unsigned what)
{
    const struct vt_document *document = s->document;
    if (document == NULL)
        return VT_UNKNOWN;
    switch ((enum seeming)what) {
    case SEEMS_SCAN:
        return was_made(document, VT_MADE_SCAN);
    case SEEMS_ELECTRONIC:
        return was_made(document, VT_MADE_ELECTRONIC);
    case SEEMS_COPY:
        return yes_or_unknown(vt_document_is_called_copy(document) != VT_COPY_NONE ||
                              has_role(document, VT_USE_COPY));
    case SEEMS_ANNEX:
        return yes_or_unknown(vt_document_is_called_annex(document) ||
                              has_role(document, VT_USE_ANNEX));
    case SEEMS_SEAL_PICTURE:
        return yes_or_unknown(document->hints.seal_page > 0);
    default:
        return VT_UNKNOWN;
    }
}
