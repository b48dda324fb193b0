/* SPDX-License-Identifier: Apache-2.0
 * Who may answer for an issuer (RFC 6960 4.2.2.2), and that it is who signed. */
#include "status/ocsp.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "status/signature.h"

/* Certificates of the mail that are looked through for a responder's, and signatures that are
 * verified for one response; a real one needs two. */
#define MAX_POOL_CANDIDATES 512
#define MAX_VERIFICATIONS 8

struct search {
    const struct vt_ocsp_answer *answer;
    X509 *issuer;
    unsigned verifications;
    bool authorised; /* somebody who may answer is named */
    bool verified;
    enum vt_code failure;
    X509 *delegate; /* NULL: the issuer itself */
};

bool vt_ocsp_digest_is(const EVP_MD *md, const void *data, size_t len,
                       const ASN1_OCTET_STRING *want)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    return EVP_Digest(data, len, digest, &length, md, NULL) == 1 &&
           (int)length == ASN1_STRING_length(want) &&
           memcmp(digest, ASN1_STRING_get0_data(want), length) == 0;
}

/* ResponderID ::= CHOICE { byName [1] Name, byKey [2] SHA-1 of the key } */
static bool is_named(const OCSP_BASICRESP *basic, X509 *candidate)
{
    const ASN1_OCTET_STRING *key_hash = NULL;
    const X509_NAME *name = NULL;
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(candidate);
    if (!OCSP_resp_get0_id(basic, &key_hash, &name))
        return false;
    if (name != NULL)
        return X509_NAME_cmp(name, X509_get_subject_name(candidate)) == 0;
    return key != NULL && vt_ocsp_digest_is(EVP_sha1(), ASN1_STRING_get0_data(key),
                                            (size_t)ASN1_STRING_length(key), key_hash);
}

static bool is_for_ocsp(X509 *candidate)
{
    uint32_t flags = X509_get_extension_flags(candidate);
    return (flags & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(candidate) & XKU_OCSP_SIGN) != 0 &&
           ((flags & EXFLAG_KUSAGE) == 0 ||
            (X509_get_key_usage(candidate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0);
}

/* Issued by the issuer's own key for OCSP signing, and valid when the response was produced. */
static bool is_delegated(struct search *search, X509 *candidate)
{
    const ASN1_GENERALIZEDTIME *produced = OCSP_resp_get0_produced_at(search->answer->basic);
    if (!is_for_ocsp(candidate) ||
        X509_NAME_cmp(X509_get_issuer_name(candidate), X509_get_subject_name(search->issuer)) !=
            0 ||
        ASN1_TIME_compare(X509_get0_notBefore(candidate), produced) > 0 ||
        ASN1_TIME_compare(X509_get0_notAfter(candidate), produced) < 0 ||
        search->verifications >= MAX_VERIFICATIONS)
        return false;
    search->verifications++;
    return X509_verify(candidate, X509_get0_pubkey(search->issuer)) == 1;
}

static bool verifies(struct search *search, X509 *signer)
{
    const struct vt_ocsp_answer *answer = search->answer;
    search->authorised = true;
    search->failure =
        vt_status_verify_signature(answer->tbs, answer->algorithm, answer->signature, signer, NULL);
    return search->failure == VT_OK;
}

static void try_delegate(struct search *search, X509 *candidate)
{
    if (search->verified || !is_named(search->answer->basic, candidate) ||
        !is_delegated(search, candidate) || !verifies(search, candidate))
        return;
    search->verified = true;
    search->delegate = candidate;
}

enum vt_code vt_ocsp_check_responder(const struct vt_ocsp_answer *answer, X509 *issuer,
                                     const struct vt_certificate_pool *pool, X509 **out_delegate,
                                     struct vt_err *err)
{
    struct search search = {.answer = answer, .issuer = issuer};
    const STACK_OF(X509) *carried = OCSP_resp_get0_certs(answer->basic);
    if (is_named(answer->basic, issuer))
        search.verified = verifies(&search, issuer);
    for (int i = 0; i < sk_X509_num(carried) && i < VT_MAX_CERTIFICATES; i++)
        try_delegate(&search, sk_X509_value(carried, i));
    size_t count = pool != NULL ? vt_certificate_pool_count(pool) : 0;
    for (size_t i = 0; i < count && i < MAX_POOL_CANDIDATES; i++)
        try_delegate(&search, vt_certificate_x509(vt_certificate_pool_get(pool, i)));
    *out_delegate = search.delegate;
    if (search.verified)
        return VT_OK;
    if (!search.authorised)
        return vt_err_set(err, VT_E_FORMAT,
                          "the signer of the OCSP response is not authorised by the issuer");
    return search.failure == VT_E_UNSUPPORTED
               ? vt_err_set(err, VT_E_UNSUPPORTED,
                            "the signature algorithm of the OCSP response is unknown, broken, or "
                            "not that of the key")
               : vt_err_set(err, VT_E_FORMAT, "the signature of the OCSP response does not verify");
}
