/* SPDX-License-Identifier: Apache-2.0
 * One signature over a view. OpenSSL's X509_CRL would copy and index a CRL of 50 MB; this reads it
 * in place. */
#include "status/signature.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "verify/signature.h"

/* RFC 4055 3.1: absent fields mean SHA-1, MGF1 with SHA-1, salt of 20. */
static bool set_pss(EVP_PKEY_CTX *context, const X509_ALGOR *algorithm, const EVP_MD **out_digest)
{
    bool ok = false;
    const void *value = NULL;
    int type = 0;
    X509_ALGOR *mask_hash = NULL;
    RSA_PSS_PARAMS *params = NULL;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE) {
        return false;
    }
    params = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (params == NULL) {
        return false;
    }
    const EVP_MD *digest =
        params->hashAlgorithm ? EVP_get_digestbyobj(params->hashAlgorithm->algorithm) : EVP_sha1();
    const EVP_MD *mask = EVP_sha1();
    if (params->maskGenAlgorithm != NULL) {
        X509_ALGOR_get0(NULL, &type, &value, params->maskGenAlgorithm);
        mask_hash =
            type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR)) : NULL;
        mask = mask_hash ? EVP_get_digestbyobj(mask_hash->algorithm) : NULL;
    }
    long salt = params->saltLength ? ASN1_INTEGER_get(params->saltLength) : 20;
    if (digest != NULL && mask != NULL && salt >= 0 && salt <= 512) {
        *out_digest = digest;
        ok = context == NULL || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
                                 EVP_PKEY_CTX_set_rsa_mgf1_md(context, mask) > 0 &&
                                 EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)salt) > 0);
    }
    X509_ALGOR_free(mask_hash);
    RSA_PSS_PARAMS_free(params);
    return ok;
}

/* Which digest and kind of key an AlgorithmIdentifier asks for. */
static bool find_digest(const X509_ALGOR *algorithm, const EVP_PKEY *key, const EVP_MD **out_digest,
                        bool *out_pss)
{
    int digest = NID_undef;
    int kind = NID_undef;
    const ASN1_OBJECT *oid = NULL;
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (!OBJ_find_sigid_algs(OBJ_obj2nid(oid), &digest, &kind)) {
        return false;
    }
    int have = EVP_PKEY_get_base_id(key);
    *out_pss = kind == EVP_PKEY_RSA_PSS;
    if (*out_pss) {
        return (have == EVP_PKEY_RSA || have == EVP_PKEY_RSA_PSS) &&
               set_pss(NULL, algorithm, out_digest);
    }
    *out_digest = digest == NID_undef ? NULL : EVP_get_digestbynid(digest);
    if (digest == NID_md5 || digest == NID_md4 || digest == NID_md2 || digest == NID_mdc2) {
        return false;
    }
    return have == kind &&
           (*out_digest != NULL || kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448);
}

enum vt_code vt_status_verify_signature(struct vt_bytes signed_bytes, struct vt_bytes algorithm,
                                        struct vt_bytes signature, const struct x509_st *signer,
                                        struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    const unsigned char *cursor = algorithm.ptr;
    X509_ALGOR *parsed = d2i_X509_ALGOR(NULL, &cursor, (long)algorithm.len);
    EVP_PKEY *key = X509_get0_pubkey(signer);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = NULL;
    const EVP_MD *digest = NULL;
    bool pss = false;
    if (context == NULL) {
        code = vt_err_set(err, VT_E_NOMEM, "out of memory while verifying a signature");
        goto done;
    }
    if (parsed == NULL || key == NULL || !vt_key_is_usual(key) ||
        !find_digest(parsed, key, &digest, &pss)) {
        code = vt_err_set(err, VT_E_UNSUPPORTED,
                          "the signature algorithm is unknown, broken, or not that of the key");
        goto done;
    }
    if (EVP_DigestVerifyInit(context, &key_context, digest, NULL, key) <= 0 ||
        (pss && !set_pss(key_context, parsed, &digest))) {
        code = vt_err_set(err, VT_E_UNSUPPORTED, "the key cannot verify this kind of signature");
        goto done;
    }
    if (EVP_DigestVerify(context, signature.ptr, signature.len, signed_bytes.ptr,
                         signed_bytes.len) != 1) {
        code = vt_err_set(err, VT_E_FORMAT, "the signature does not verify with the issuer's key");
        goto done;
    }
    code = VT_OK;
done:
    X509_ALGOR_free(parsed);
    EVP_MD_CTX_free(context);
    return code;
}
