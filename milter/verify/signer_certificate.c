/* SPDX-License-Identifier: Apache-2.0
 * Which certificate is the signer's: the one the SignerIdentifier names (RFC 5652 5.3), and of
 * several the one that the signed ESS attribute names by its hash (EN 319 102-1 5.2.3). The
 * identifier itself is not signed, so the attribute has the last word. */
#include "verify/signer.h"

#include "verify/der.h"

static bool has_ess(const struct vt_signer_work *work)
{
    return work->ess[0].present || work->ess[1].present;
}

static bool fits_hash(const struct vt_ess *ess, const struct vt_certificate *certificate)
{
    struct vt_digest_value value;
    if (ess->digest == NULL)
        return false;
    if (ess->digest == vt_digest_sha256())
        return vt_bytes_equal(vt_bytes_of(certificate->sha256, sizeof(certificate->sha256)),
                              ess->hash);
    return vt_digest_bytes(ess->digest, certificate->der, &value) == VT_OK &&
           vt_digest_equal(&value, ess->hash);
}

/* Every ESS attribute that is there must name the certificate. */
static bool fits_ess(const struct vt_signer_work *work, const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < 2; i++) {
        if (work->ess[i].present && !fits_hash(&work->ess[i], certificate))
            return false;
    }
    return true;
}

static bool fits_id(const struct vt_cms_signer *signer, const struct vt_certificate *certificate)
{
    if (signer->by_key_id)
        return certificate->key_id.len != 0 && vt_bytes_equal(certificate->key_id, signer->key_id);
    return vt_certificate_is_issuer_serial(certificate, signer->issuer, signer->serial);
}

static void consider(struct vt_signer_work *work, const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < work->candidates_count; i++) {
        if (work->candidates[i] == certificate)
            return;
    }
    if (work->candidates_count < VT_MAX_CANDIDATES)
        work->candidates[work->candidates_count++] = certificate;
}

/* The certificates of the CMS first, then those of the trust store and of the rest of the mail:
 * many signatures carry none or only some. */
static void collect(struct vt_signer_work *work, bool by_ess)
{
    const struct vt_certificate_pool *pool = work->signing->pool;
    size_t carried = work->out->carried_count;
    size_t all = carried + vt_certificate_pool_count(pool);
    for (size_t i = 0; i < all; i++) {
        const struct vt_certificate *certificate =
            i < carried ? work->out->carried[i] : vt_certificate_pool_get(pool, i - carried);
        if (by_ess ? fits_ess(work, certificate) : fits_id(work->signer, certificate))
            consider(work, certificate);
    }
}

static void keep_those_ess_names(struct vt_signer_work *work)
{
    size_t kept = 0;
    for (size_t i = 0; i < work->candidates_count; i++) {
        if (fits_ess(work, work->candidates[i]))
            work->candidates[kept++] = work->candidates[i];
    }
    work->candidates_count = kept;
}

static void not_found(struct vt_signer_work *work, const char *finding)
{
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_NO_SIGNING_CERTIFICATE_FOUND, VT_REASON_COUNT);
    VT_NOTE(work->signing->arena, work->out, "%s", finding);
}

static bool fits_issuer_serial(const struct vt_ess *ess, const struct vt_certificate *certificate)
{
    if (ess->serial.len == 0)
        return true;
    if (ess->issuer.len > 0)
        return vt_certificate_is_issuer_serial(certificate, ess->issuer, ess->serial);
    return vt_bytes_equal(vt_der_trim_integer(ess->serial),
                          vt_der_trim_integer(certificate->serial));
}

/* issuerSerial beside the hash is informative: the hash decides (EN 319 102-1 5.2.3.4). */
static void compare_serial(struct vt_signer_work *work, const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < 2; i++) {
        const struct vt_ess *ess = &work->ess[i];
        if (ess->present && !fits_issuer_serial(ess, certificate))
            VT_NOTE(work->signing->arena, work->out,
                    "The issuer or the serial number in the signing-certificate attribute is not "
                    "that of the certificate whose hash it holds.");
    }
}

/* The attribute names another certificate than the identifier: look for that one. When it is
 * nowhere, the certificates the identifier named stay, to tell whether the value is theirs. */
static void follow_ess(struct vt_signer_work *work)
{
    const struct vt_certificate *named[VT_MAX_CANDIDATES];
    size_t named_count = work->candidates_count;
    for (size_t i = 0; i < named_count; i++)
        named[i] = work->candidates[i];

    keep_those_ess_names(work);
    if (work->candidates_count == 0)
        collect(work, true);
    if (work->candidates_count > 0) {
        work->out->ess_bound = true;
        compare_serial(work, work->candidates[0]);
        if (!fits_id(work->signer, work->candidates[0]))
            VT_NOTE(work->signing->arena, work->out,
                    "The signer identifier does not name the certificate of the signed "
                    "signing-certificate attribute; the attribute was followed.");
        return;
    }
    for (size_t i = 0; i < named_count; i++)
        consider(work, named[i]);
    not_found(work, named_count > 0
                        ? "The signing-certificate attribute names another certificate than the "
                          "one found for the signer (RFC 5035 4)."
                        : "The signer's certificate is neither in the signature nor known here.");
}

enum vt_code vt_signer_find_certificate(struct vt_signer_work *work)
{
    collect(work, false);
    if (has_ess(work))
        follow_ess(work);
    else if (work->candidates_count == 0)
        not_found(work, "The signer's certificate is neither in the signature nor known here.");
    else if (work->candidates_count > 1)
        VT_NOTE(work->signing->arena, work->out,
                "Several certificates fit the signer identifier; the one whose key verifies the "
                "signature was taken.");
    if (work->candidates_count > 0 && (work->out->ess_bound || !has_ess(work)))
        work->out->signer = work->candidates[0];
    return VT_OK;
}
