/* SPDX-License-Identifier: Apache-2.0
 * The effect of a document's valid signatures by Article 15 (legal.md R-07) and what it lacks, with
 * the rules for scans, copies and annexes. A lack is told only where all
 * signatures are known: with one of unknown kind it is not known. */
#include "evidence/expect.h"
#include "site_table.h"

/* What is said of a document that should be signed and is not. */
#define ABOUT_LACKS (VT_REASON_BIT(VT_REASON_NO_SIGNATURE) | VT_REASON_BIT(VT_REASON_IMAGE_ONLY))

/* What the signatures of a document are. "maybe": valid of unknown kind, or not judged. */
struct tally {
    size_t valid, agencies, persons;
    bool maybe_agency, maybe_person;
    bool failed_agency, failed_person; /* broken ones: their own reasons tell it better */
    bool is_confirmed;                 /* every valid one is of a confirmed agency */
};

/* A time stamp of the document is nobody's signature. */
static bool is_signed(const struct vt_document *document)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (document->signatures[i].format != VT_SIGNATURE_DOCTIMESTAMP)
            return true;
    }
    return false;
}

static struct tally count(const struct vt_site_work *work, size_t index)
{
    const struct vt_document *document = &work->evidence->documents[index];
    const struct vt_site_document *its = &work->facts->documents[index];
    struct tally t = {.is_confirmed = true};
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        enum vt_kind kind = its->signatures[i].kind;
        bool may_be_agency = kind == VT_KIND_AGENCY || kind == VT_KIND_UNKNOWN;
        bool may_be_person = kind == VT_KIND_PERSON || kind == VT_KIND_UNKNOWN;
        if (signature->format == VT_SIGNATURE_DOCTIMESTAMP)
            continue;
        if (signature->indication == VT_TOTAL_FAILED) {
            t.failed_agency |= may_be_agency;
            t.failed_person |= may_be_person;
        } else if (signature->indication == VT_TOTAL_PASSED && kind != VT_KIND_UNKNOWN) {
            const struct vt_site_agency *agency =
                vt_site_agency(work->site, its->signatures[i].agency);
            t.agencies += kind == VT_KIND_AGENCY;
            t.persons += kind == VT_KIND_PERSON;
            t.is_confirmed = t.is_confirmed && agency != NULL && agency->is_confirmed;
        } else {
            t.maybe_agency |= may_be_agency;
            t.maybe_person |= may_be_person;
        }
        t.valid += signature->indication == VT_TOTAL_PASSED;
    }
    return t;
}

static enum vt_effect effect_of(const struct tally *t)
{
    if (t->agencies > 0 && t->persons > 0)
        return VT_EFFECT_SIGNATURE_AND_SEAL;
    if ((t->agencies == 0 && t->maybe_agency) || (t->persons == 0 && t->maybe_person))
        return VT_EFFECT_UNKNOWN;
    return t->agencies > 0 ? VT_EFFECT_SEAL : t->persons > 0 ? VT_EFFECT_SIGNATURE : VT_EFFECT_NONE;
}

/* A document that an office issues; not the text of a mail, a picture, the mail's own signature or
 * the unsigned copy beside a signed one. */
static bool is_official(const struct vt_document *document)
{
    if (document->format == VT_FORMAT_SMIME)
        return false;
    return is_signed(document) || (document->is_official && document->beside == VT_BESIDE_NONE);
}

static enum vt_truth lacks(size_t have, bool may_have)
{
    return have > 0 ? VT_NO : may_have ? VT_UNKNOWN : VT_YES;
}

/* A scan, a copy and an annex in a file of its own need the seal alone. A PDF may be a scan unless
 * every page of it was drawn by a program. */
static enum vt_truth lacks_person(const struct vt_document *document, const struct tally *t)
{
    bool may_be_scan = document->format != VT_FORMAT_OOXML && document->format != VT_FORMAT_ODF &&
                       document->format != VT_FORMAT_XML &&
                       document->hints.made != VT_MADE_ELECTRONIC;
    if (vt_document_is_called_annex(document) ||
        vt_document_is_called_copy(document) != VT_COPY_NONE)
        return VT_NO;
    return lacks(t->persons, t->maybe_person || may_be_scan);
}

void vt_site_judge_effect(const struct vt_site_work *work, size_t index)
{
    const struct vt_document *document = &work->evidence->documents[index];
    struct vt_site_document *out = &work->facts->documents[index];
    struct tally t = count(work, index);
    /* What was not read may hold more signatures. */
    if (!vt_reasons_mean_read(document->reasons))
        t.maybe_agency = t.maybe_person = true;
    out->effect = effect_of(&t);
    out->lacks_agency_signature = out->lacks_person_signature = VT_UNKNOWN;
    if (!is_official(document))
        return;
    out->lacks_agency_signature = lacks(t.agencies, t.maybe_agency);
    out->lacks_person_signature = lacks_person(document, &t);
}

/* ---- reasons ---- */

/* What the table says of the sender decides where a signature is due. */
static void judge_expectation(const struct vt_site_work *work, const struct vt_document *document,
                              struct vt_site_document *out)
{
    const struct vt_mail *mail = &work->evidence->mail;
    out->expects_signature = document->expects_signature;
    bool is_due = work->facts->sender_class == VT_SENDER_STATE &&
                  mail->sender_class != VT_SENDER_STATE && mail->direction == VT_INBOUND &&
                  document->is_official;
    if (document->expects_signature || !is_due || document->beside == VT_BESIDE_SIGNATURE)
        return;
    bool is_companion = document->beside == VT_BESIDE_COMPANION;
    out->expects_signature = !is_companion;
    if (!is_signed(document) && vt_reasons_mean_read(document->reasons))
        out->reasons |=
            VT_REASON_BIT(vt_document_why_unsigned(document, is_companion)) & ~document->reasons;
}

/* Nothing is asked of it (legal.md R-20). */
static void exempt(const struct vt_document *document, struct vt_site_document *out)
{
    const vt_reasons about_lacks = ABOUT_LACKS;
    out->expects_signature = false;
    out->lacks_agency_signature = out->lacks_person_signature = VT_NO;
    out->excused = document->reasons & about_lacks;
    out->reasons &= ~about_lacks;
}

/* A document with the seal of a confirmed agency on the same level of the mail. */
static bool has_sealed_main(const struct vt_site_work *work, size_t index)
{
    const struct vt_evidence *evidence = work->evidence;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        struct tally t = count(work, i);
        if (i != index && t.agencies > 0 && t.is_confirmed &&
            evidence->documents[i].format != VT_FORMAT_SMIME &&
            evidence->documents[i].nested == evidence->documents[index].nested)
            return true;
    }
    return false;
}

/* The agency signs each annex that is a file of its own. */
static bool is_unsigned_annex(const struct vt_site_work *work, size_t index)
{
    const struct vt_document *document = &work->evidence->documents[index];
    return !is_signed(document) && vt_reasons_mean_read(document->reasons) &&
           is_official(document) && vt_document_is_called_annex(document) &&
           has_sealed_main(work, index);
}

static vt_reasons reasons_of_lacks(const struct vt_site_document *its,
                                   const struct vt_document *document, const struct tally *t)
{
    vt_reasons reasons = 0;
    if (t->valid == 0 || !t->is_confirmed || !its->expects_signature)
        return 0;
    if (its->lacks_agency_signature == VT_YES && !t->failed_agency)
        reasons |= VT_REASON_BIT(vt_document_is_called_copy(document) != VT_COPY_NONE
                                     ? VT_REASON_COPY_INVALID
                                     : VT_REASON_NO_AGENCY_SIG);
    if (its->lacks_person_signature == VT_YES && t->agencies > 0 && !t->failed_person)
        reasons |= VT_REASON_BIT(VT_REASON_NO_PERSON_SIG);
    return reasons;
}

void vt_site_judge_document(const struct vt_site_work *work, size_t index)
{
    const struct vt_document *document = &work->evidence->documents[index];
    struct vt_site_document *out = &work->facts->documents[index];
    judge_expectation(work, document, out);
    if (vt_site_is_excused(work, document)) {
        exempt(document, out);
        return;
    }
    if (!vt_site_is_asked(work))
        return;
    if (is_unsigned_annex(work, index)) {
        out->reasons = (out->reasons & ~ABOUT_LACKS) | VT_REASON_BIT(VT_REASON_ANNEX_UNSIGNED);
        out->excused = document->reasons & ABOUT_LACKS;
        return;
    }
    struct tally t = count(work, index);
    out->reasons |= reasons_of_lacks(out, document, &t);
}
