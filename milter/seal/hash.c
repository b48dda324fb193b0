/* SPDX-License-Identifier: Apache-2.0
 * Digests, and the check of every signature before it is used: it costs a thirtieth of the
 * signature, and shows a key that was changed and an HSM that pads twice. */
#include "seal/hash.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

const EVP_MD *vt_seal_md(enum vt_seal_hash hash)
{
    switch (hash) {
    case VT_SEAL_SHA384:
        return EVP_sha384();
    case VT_SEAL_SHA512:
        return EVP_sha512();
    case VT_SEAL_SHA256:
    case VT_SEAL_HASHES:
        break;
    }
    return EVP_sha256();
}

size_t vt_seal_digest_bytes(enum vt_seal_hash hash)
{
    return (size_t)EVP_MD_get_size(vt_seal_md(hash));
}

size_t vt_seal_digest(enum vt_seal_hash hash, struct vt_bytes data, uint8_t *out)
{
    unsigned len = 0;
    return EVP_Digest(data.ptr, data.len, out, &len, vt_seal_md(hash), NULL) == 1 ? len : 0;
}

bool vt_seal_fits(const EVP_PKEY *public_key, enum vt_seal_scheme scheme)
{
    int type = EVP_PKEY_get_base_id(public_key);
    return scheme == VT_SEAL_ECDSA ? type == EVP_PKEY_EC : type == EVP_PKEY_RSA;
}

bool vt_seal_is_signature(EVP_PKEY *public_key, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                          struct vt_bytes data, struct vt_bytes signature)
{
    EVP_PKEY_CTX *parameters = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good =
        context != NULL && vt_seal_fits(public_key, scheme) && signature.len > 0 &&
        EVP_DigestVerifyInit(context, &parameters, vt_seal_md(hash), NULL, public_key) == 1;
    if (is_good && scheme == VT_SEAL_RSA_PSS)
        is_good = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    is_good =
        is_good && EVP_DigestVerify(context, signature.ptr, signature.len, data.ptr, data.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}
