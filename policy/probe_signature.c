/* SPDX-License-Identifier: Apache-2.0
 * Facts of the signature, made so; of tables of agencies those that they can say. */
#include "probe_make.h"

#include <string.h>

/* ---- the signature ---- */

SET_NUMBER(vt_make_integrity, signature.integrity, enum vt_integrity)
SET_NUMBER(vt_make_covers, signature.covers, enum vt_covers)
SET_NUMBER(vt_make_changes, signature.changes_after, enum vt_changes)
SET_NUMBER(vt_make_signature_format, signature.format, enum vt_signature_format)
SET_NUMBER(vt_make_key_bits, signature.signer.key_bits, unsigned)
SET_TEXT(vt_make_signer, signature.signer.common_name)
SET_TEXT(vt_make_organization, signature.signer.organization)
SET_TEXT(vt_make_email, signature.signer.email)
SET_TEXT(vt_make_issuer, signature.signer.issuer_common_name)
SET_TEXT(vt_make_digest_algorithm, signature.digest_algorithm)
SET_TEXT(vt_make_signature_algorithm, signature.signature_algorithm)
SET_TEXT(vt_make_key_algorithm, signature.signer.key_algorithm)

bool vt_make_indication(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signature.indication = (enum vt_indication)fact->number;
    p->signature.sub_indication = VT_SUB_NONE;
    return true;
}

bool vt_make_sub_indication(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signature.sub_indication = (enum vt_sub_indication)fact->number;
    p->signature.indication = vt_sub_indication_of(p->signature.sub_indication);
    return true;
}

bool vt_make_level(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signature.level = vt_words_level.words[fact->number];
    return true;
}

bool vt_make_trust_set(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signature.trust_set = fact->number == 0 ? NULL : vt_words_trust_set.words[fact->number];
    return true;
}

bool vt_make_signing_time(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signature.signing_time_source = (enum vt_time_source)fact->number;
    if (p->signature.signing_time_source == VT_TIME_SOURCE_NONE)
        p->signature.signing_time_utc_secs = p->signature.claimed_time_utc_secs = VT_TIME_NONE;
    return true;
}

bool vt_make_proven_time(struct vt_probe *p, const struct vt_fact *fact)
{
    p->signature.signing_time_source = VT_TIME_SOURCE_TIMESTAMP;
    p->signature.signing_time_utc_secs = fact->number;
    p->signature.claimed_time_utc_secs = fact->number;
    return true;
}

bool vt_make_age(struct vt_probe *p, const struct vt_fact *fact)
{
    struct vt_fact at = {.number = 0};
    return fact->number >= 0 &&
           !__builtin_sub_overflow(p->now_utc_secs, fact->number, &at.number) &&
           vt_make_proven_time(p, &at);
}

SET_NUMBER(vt_make_use, signature.hints.use, enum vt_use)
SET_NUMBER(vt_make_local_time, signature.claimed_is_local_time, bool)

bool vt_make_source_down(struct vt_probe *p, const struct vt_fact *fact)
{
    p->status.value = fact->number != 0 ? VT_STATUS_UNREACHABLE : VT_STATUS_GOOD;
    p->status.source_down = fact->number != 0;
    return true;
}

bool vt_make_fingerprint(struct vt_probe *p, const struct vt_fact *fact)
{
    return vt_make_from_digest(p->signature.signer.sha256, fact->text);
}

/* ---- by the tables of agencies ---- */

static bool is_wanted(const struct vt_site *site, size_t certificate, enum vt_kind kind,
                      const char *agency)
{
    const struct vt_site_certificate *one = &site->certificates[certificate];
    const char *id = one->agency < site->entries_count ? site->entries[one->agency].agency.id : "";
    return (kind == VT_KIND_UNKNOWN || one->kind == kind) &&
           (agency == NULL || strcmp(agency, id) == 0);
}

/* A certificate that a table says this of. */
static bool take_certificate(const struct vt_probe *p, enum vt_kind kind, const char *agency,
                             struct vt_certificate_facts *out)
{
    for (size_t t = 0; t < 2; t++) {
        const struct vt_site *site = p->sites[t];
        for (size_t i = 0; site != NULL && i < site->digests.count; i++) {
            if (is_wanted(site, site->digests.keys[i].value, kind, agency))
                return vt_make_from_digest(out->sha256, site->digests.keys[i].text);
        }
        for (size_t i = 0; site != NULL && i < site->keys.count; i++) {
            if (is_wanted(site, site->keys.keys[i].value, kind, agency))
                return vt_make_from_digest(out->key_sha256, site->keys.keys[i].text);
        }
    }
    return false;
}

/* An address of an agency. */
static const char *address_of(struct vt_probe *p, const char *id)
{
    for (size_t t = 0; t < 2; t++) {
        const struct vt_site *site = p->sites[t];
        size_t agency = site == NULL ? VT_SITE_NOTHING : vt_site_index_find(&site->ids, id);
        if (agency == VT_SITE_NOTHING)
            continue;
        for (size_t i = 0; i < site->mailboxes.count; i++) {
            if (site->mailboxes.keys[i].value == agency)
                return site->mailboxes.keys[i].text;
        }
        for (size_t i = 0; i < site->domains.count; i++) {
            const char *domain = site->domains.keys[i].text;
            if (site->domains.keys[i].value == agency)
                return vt_make_at_domain(p, domain + (domain[0] == '='));
        }
    }
    return NULL;
}

bool vt_make_kind(struct vt_probe *p, const struct vt_fact *fact)
{
    return take_certificate(p, (enum vt_kind)fact->number, NULL, &p->signature.signer);
}

bool vt_make_signer_agency(struct vt_probe *p, const struct vt_fact *fact)
{
    return fact->text != NULL &&
           take_certificate(p, VT_KIND_UNKNOWN, fact->text, &p->signature.signer);
}

bool vt_make_sender_agency(struct vt_probe *p, const struct vt_fact *fact)
{
    const struct vt_fact sender = {.text = fact->text == NULL ? NULL : address_of(p, fact->text)};
    p->mail.sender_aligned = true;
    return sender.text != NULL && vt_make_sender(p, &sender);
}

bool vt_make_recipient_agency(struct vt_probe *p, const struct vt_fact *fact)
{
    const struct vt_fact recipient = {.text =
                                          fact->text == NULL ? NULL : address_of(p, fact->text)};
    return vt_make_recipient(p, &recipient);
}

bool vt_make_alignment(struct vt_probe *p, const struct vt_fact *fact)
{
    const char *sender = p->mail.from, *domain = vt_address_domain(sender);
    if (fact->number == VT_ALIGNMENT_AGENCY) {
        const struct vt_site *site = p->sites[0] != NULL ? p->sites[0] : p->sites[1];
        const struct vt_site_agency *agency = vt_site_agency_of_address(site, sender);
        return agency != NULL &&
               take_certificate(p, VT_KIND_UNKNOWN, agency->id, &p->signature.signer);
    }
    p->signature.signer.email =
        fact->number == VT_ALIGNMENT_EXACT ? sender
        : fact->number == VT_ALIGNMENT_NONE
            ? "nguoi-ky@example.org"
            : vt_arena_printf(p->arena, "nguoi-ky@%s", domain != NULL ? domain : "example.org");
    return p->signature.signer.email != NULL;
}

bool vt_make_effect(struct vt_probe *p, const struct vt_fact *fact)
{
    switch ((enum vt_effect)fact->number) {
    case VT_EFFECT_NONE:
        p->signatures_count = 0;
        return true;
    case VT_EFFECT_SIGNATURE:
        return take_certificate(p, VT_KIND_PERSON, NULL, &p->signature.signer);
    case VT_EFFECT_SEAL:
        return take_certificate(p, VT_KIND_AGENCY, NULL, &p->signature.signer);
    case VT_EFFECT_SIGNATURE_AND_SEAL:
        p->has_other_signature = true;
        return take_certificate(p, VT_KIND_AGENCY, NULL, &p->signature.signer) &&
               take_certificate(p, VT_KIND_PERSON, NULL, &p->other_signer);
    default:
        return false;
    }
}

/* A person's signature alone lacks the agency's, and the reverse; a PDF may be a scan, which needs
 * no person's. */
bool vt_make_lacks(struct vt_probe *p, const struct vt_fact *fact)
{
    p->document.expects_signature = p->document.is_official = true;
    if (strcmp(vt_words_lacks.words[fact->number], "signature") == 0) {
        p->signatures_count = 0;
        return true;
    }
    bool is_agency = strcmp(vt_words_lacks.words[fact->number], "agency-signature") == 0;
    if (!is_agency)
        p->document.format = VT_FORMAT_OOXML;
    return take_certificate(p, is_agency ? VT_KIND_PERSON : VT_KIND_AGENCY, NULL,
                            &p->signature.signer);
}

/* ---- reasons ---- */

/* What the inspection finds of a whole mail, of a file, or of a signature with which indication. */
bool vt_make_of_reason(struct vt_probe *p, enum vt_reason reason)
{
    const vt_reasons bit = VT_REASON_BIT(reason);
    const vt_reasons of_mail = VT_REASON_BIT(VT_REASON_NOT_CHECKED) |
                               VT_REASON_BIT(VT_REASON_SECRET_MARK) |
                               VT_REASON_BIT(VT_REASON_TOO_LARGE);
    const vt_reasons of_unsigned =
        VT_REASON_BIT(VT_REASON_NO_SIGNATURE) | VT_REASON_BIT(VT_REASON_IMAGE_ONLY) |
        VT_REASON_BIT(VT_REASON_ANNEX_UNSIGNED) | VT_REASON_BIT(VT_REASON_UNSIGNED_COMPANION) |
        VT_REASON_BIT(VT_REASON_FILE_UNREADABLE) | VT_REASON_BIT(VT_REASON_FORMAT_UNSUPPORTED);
    const vt_reasons of_signed = VT_REASON_BIT(VT_REASON_NO_AGENCY_SIG) |
                                 VT_REASON_BIT(VT_REASON_NO_PERSON_SIG) |
                                 VT_REASON_BIT(VT_REASON_COPY_INVALID);
    const vt_reasons failed =
        VT_REASON_BIT(VT_REASON_CONTENT_CHANGED) | VT_REASON_BIT(VT_REASON_BAD_SIGNATURE) |
        VT_REASON_BIT(VT_REASON_CERT_REVOKED) | VT_REASON_BIT(VT_REASON_CERT_EXPIRED) |
        VT_REASON_BIT(VT_REASON_MESSAGE_CHANGED) | VT_REASON_BIT(VT_REASON_ADDED_AFTER_SIGNING);
    const vt_reasons passed =
        VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM) | VT_REASON_BIT(VT_REASON_WRONG_KIND) |
        VT_REASON_BIT(VT_REASON_NAME_MISMATCH) | VT_REASON_BIT(VT_REASON_TIMESTAMP_UNVERIFIED);
    if ((bit & of_mail) != 0) {
        p->reasons |= bit;
    } else if ((bit & of_unsigned) != 0) {
        p->document.reasons |= bit;
        p->document.expects_signature |= reason == VT_REASON_NO_SIGNATURE;
        p->signatures_count = 0;
    } else if ((bit & of_signed) != 0) {
        p->document.reasons |= bit;
    } else {
        p->signature.reasons |= bit;
        p->signatures_count += p->signatures_count == 0;
        if ((bit & passed) == 0)
            p->signature.indication = (bit & failed) != 0 ? VT_TOTAL_FAILED : VT_INDETERMINATE;
    }
    /* A file without signatures has none with a reason. */
    return (p->document.reasons & of_unsigned) == 0 || p->signature.reasons == 0;
}
