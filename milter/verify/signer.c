/* SPDX-License-Identifier: Apache-2.0
 * One SignerInfo from its algorithms to its verdict (RFC 5652 5.6; EN 319 102-1 5.2.2, 5.2.7).
 * Intact is said only when the content's digest and the signature were both found right, by the
 * certificate the signer named, and nothing else stands against it. */
#include "verify/signer.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "verify/der.h"

/* Smallest keys the regulation allows (legal.md R-43). */
#define MIN_RSA_BITS 2048
#define MIN_EC_BITS 256

void vt_verified_fail(struct vt_verified *verified, enum vt_sub_indication sub,
                      enum vt_reason reason)
{
    if (reason < VT_REASON_COUNT)
        verified->reasons |= VT_REASON_BIT(reason);
    if (sub != VT_SUB_NONE &&
        (verified->sub_indication == VT_SUB_NONE || sub < verified->sub_indication))
        verified->sub_indication = sub;
}

void vt_verified_unreadable(struct vt_verified *verified)
{
    verified->integrity = VT_INTEGRITY_UNDETERMINED;
    verified->claimed_time_utc_secs = VT_TIME_NONE;
    vt_verified_fail(verified, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
}

enum vt_code vt_verified_carry(struct vt_verified *out, const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < out->carried_count; i++) {
        if (out->carried[i] == certificate)
            return VT_OK;
    }
    if (out->carried_count == VT_MAX_CERTIFICATES)
        return VT_E_LIMIT;
    out->carried[out->carried_count++] = certificate;
    return VT_OK;
}

/* ---- what the CMS carries ---- */

/* CertificateSet ::= SET OF CertificateChoices (RFC 5652 10.2.2). Attribute certificates, other
 * kinds and what cannot be decoded are left out: they can prove nothing here. */
enum vt_code vt_signing_begin(struct vt_signing *signing, struct vt_err *err)
{
    struct vt_bytes rest = signing->cms->certificates;
    struct vt_verified *common = &signing->common;
    struct vt_der element;
    size_t left_out = 0;

    while (common->carried_count + left_out < VT_MAX_CERTIFICATES &&
           vt_der_next(&rest, &element) == VT_OK) {
        const struct vt_certificate *certificate;
        enum vt_code code = element.tag == VT_DER_SEQUENCE
                                ? vt_certificate_add(signing->pool, element.raw, &certificate, err)
                                : VT_E_FORMAT;
        if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
            return code;
        if (code != VT_OK || vt_verified_carry(common, certificate) != VT_OK)
            left_out++;
    }
    if (left_out > 0)
        VT_NOTE(signing->arena, common, "%zu carried certificates could not be read.", left_out);
    if (rest.len > 0)
        VT_NOTE(signing->arena, common,
                "Not all carried certificates were read: the set is damaged or larger than %d.",
                VT_MAX_CERTIFICATES);
    vt_revocation_from_cms(signing->cms->revocations, common);
    return VT_OK;
}

/* ---- algorithms ---- */

/* RFC 5754 2: no parameters. */
static void check_digest_parameters(struct vt_signer_work *work)
{
    if (!vt_algorithm_has_parameters(&work->signer->digest))
        return;
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
    VT_NOTE(work->signing->arena, work->out,
            "digestAlgorithm has parameters where there must be none (RFC 5754 2).");
}

static void read_digest_algorithm(struct vt_signer_work *work)
{
    struct vt_arena *arena = work->signing->arena;
    work->digest = vt_digest_by_oid(work->signer->digest.oid);
    if (work->digest != NULL) {
        work->out->digest_algorithm = work->digest->name;
        check_digest_parameters(work);
        return;
    }
    const char *oid = vt_oid_text(arena, work->signer->digest.oid);
    work->out->digest_algorithm = oid;
    /* RFC 5652 10.1.1: a digestAlgorithm names a digest. One that names a signature algorithm can
     * be verified by nobody who follows the standard. */
    if (vt_scheme_is_known(work->signer->digest.oid)) {
        work->content = VT_CHECK_WRONG;
        vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
        VT_NOTE(arena, work->out,
                "digestAlgorithm names a signature algorithm (%s) where a digest algorithm must "
                "stand (RFC 5652 10.1.1).",
                oid != NULL ? oid : "?");
        return;
    }
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE, VT_REASON_FORMAT_UNSUPPORTED);
    VT_NOTE(arena, work->out, "The digest algorithm %s is not supported.", oid != NULL ? oid : "?");
}

static void read_signature_algorithm(struct vt_signer_work *work)
{
    struct vt_arena *arena = work->signing->arena;
    enum vt_code code = vt_scheme_by_algorithm(&work->signer->signature, &work->scheme);
    work->out->signature_algorithm = work->scheme.name;
    if (code == VT_OK) {
        work->has_scheme = true;
        return;
    }
    work->is_unclear = true;
    if (code == VT_E_FORMAT) {
        vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
        VT_NOTE(
            arena, work->out,
            "The parameters of the signature algorithm are missing or wrong (RFC 4055, RFC 5754).");
        return;
    }
    const char *oid = vt_oid_text(arena, work->signer->signature.oid);
    if (work->out->signature_algorithm == NULL)
        work->out->signature_algorithm = oid;
    vt_verified_fail(work->out, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE, VT_REASON_FORMAT_UNSUPPORTED);
    VT_NOTE(arena, work->out, "The signature algorithm %s is not supported.",
            oid != NULL ? oid : "?");
}

/* RFC 5652 5.4 as updated by RFC 8933 3.1: one digest for the content and for the attributes.
 * A value that only fits with two of them may be honest, but no standard calls it valid. */
static void compare_algorithms(struct vt_signer_work *work)
{
    if (!work->has_scheme || work->scheme.digest == NULL || work->digest == NULL ||
        work->scheme.digest == work->digest)
        return;
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE, VT_REASON_MALFORMED);
    VT_NOTE(work->signing->arena, work->out,
            "digestAlgorithm is %s, but the signature algorithm uses %s; they must be the same "
            "(RFC 8933 3.1).",
            work->digest->name, work->scheme.digest->name);
}

static void judge_digest(struct vt_signer_work *work, const struct vt_digest *digest)
{
    if (digest == NULL || digest->strength == VT_STRENGTH_GOOD || work->out->weak_digest)
        return;
    work->out->weak_digest = true;
    vt_verified_fail(work->out,
                     digest->strength == VT_STRENGTH_BROKEN ? VT_SUB_CRYPTO_CONSTRAINTS_FAILURE
                                                            : VT_SUB_NONE,
                     VT_REASON_WEAK_ALGORITHM);
    VT_NOTE(work->signing->arena, work->out, "The signature uses the weak digest algorithm %s.",
            digest->name);
}

static void judge_key(struct vt_signer_work *work)
{
    if (work->out->signer == NULL)
        return;
    EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(work->out->signer));
    ERR_clear_error();
    if (key == NULL)
        return;
    int bits = EVP_PKEY_get_bits(key);
    bool is_rsa = EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
    bool is_dsa = EVP_PKEY_is_a(key, "DSA");
    if (!is_dsa && !(is_rsa && bits < MIN_RSA_BITS) &&
        !(EVP_PKEY_is_a(key, "EC") && bits < MIN_EC_BITS))
        return;
    vt_verified_fail(work->out, VT_SUB_NONE, VT_REASON_WEAK_ALGORITHM);
    VT_NOTE(work->signing->arena, work->out, "The signer's %s key of %d bits is too weak.",
            is_rsa   ? "RSA"
            : is_dsa ? "DSA"
                     : "EC",
            bits);
}

/* ---- the verdict ---- */

static void conclude(struct vt_signer_work *work)
{
    struct vt_verified *out = work->out;
    judge_digest(work, work->digest);
    judge_digest(work, work->has_scheme ? work->scheme.digest : NULL);
    judge_key(work);
    if (work->content == VT_CHECK_WRONG || work->signature == VT_CHECK_WRONG)
        out->integrity = VT_INTEGRITY_BROKEN;
    else if (work->content == VT_CHECK_RIGHT && work->signature == VT_CHECK_RIGHT &&
             !work->is_unclear && out->signer != NULL)
        out->integrity = VT_INTEGRITY_INTACT;
    else
        out->integrity = VT_INTEGRITY_UNDETERMINED;
}

static enum vt_code copy_findings(const struct vt_signing *signing, struct vt_verified *out)
{
    out->findings = NULL;
    out->findings_count = 0;
    for (size_t i = 0; i < signing->common.findings_count; i++) {
        if (vt_findings_add(signing->arena, &out->findings, &out->findings_count, "%s",
                            signing->common.findings[i]) != VT_OK)
            return VT_E_NOMEM;
    }
    return VT_OK;
}

static enum vt_code run_steps(struct vt_signer_work *work, struct vt_err *err)
{
    enum vt_code code = vt_signer_read_attributes(work);
    if (code == VT_OK)
        code = vt_revocation_from_attributes(work, err);
    if (code == VT_OK)
        code = vt_signer_find_certificate(work);
    if (code == VT_OK)
        code = vt_signer_check_content(work);
    if (code == VT_OK)
        code = vt_signer_check_signature(work);
    if (code == VT_OK && !work->signing->is_timestamp)
        code = vt_timestamps_verify(work, err);
    return code;
}

enum vt_code vt_signer_verify(const struct vt_signing *signing, size_t signer_index,
                              struct vt_verified *out, struct vt_err *err)
{
    struct vt_signer_work *work = vt_arena_alloc(signing->arena, sizeof(*work));
    *out = signing->common;
    if (work == NULL || copy_findings(signing, out) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a signature");
    work->signing = signing;
    work->signer = &signing->cms->signers[signer_index];
    work->out = out;
    out->signer_index = signer_index;
    out->claimed_time_utc_secs = VT_TIME_NONE;
    out->has_signed_attributes = work->signer->has_signed_attributes;
    out->signature_value = work->signer->signature_value;

    read_digest_algorithm(work);
    read_signature_algorithm(work);
    compare_algorithms(work);
    enum vt_code code = run_steps(work, err);
    if (code != VT_OK)
        return vt_err_set(err, code, "a signature could not be verified: %s", vt_code_name(code));
    conclude(work);
    return VT_OK;
}
