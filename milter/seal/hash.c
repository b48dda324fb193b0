/* SPDX-License-Identifier: Apache-2.0
 * Digests, and the check of every signature before it is used: it costs a thirtieth of the
 * signature, and shows a key that was changed and an HSM that pads twice. */
#include "seal/hash.h"

#include <string.h>

#include <openssl/ec.h>
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

size_t vt_seal_digest_info(enum vt_seal_hash hash, struct vt_bytes data, uint8_t *out)
{
    /* Up to the digest; only the OID's last byte and two lengths differ. */
    static const uint8_t before[] = {0x30, 0,    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                     0x65, 0x03, 0x04, 0x02, 0,    0x05, 0x00, 0x04, 0};
    size_t len = vt_seal_digest(hash, data, out + sizeof(before));
    if (len == 0)
        return 0;
    memcpy(out, before, sizeof(before));
    out[1] = (uint8_t)(sizeof(before) - 2 + len);
    out[14] = hash == VT_SEAL_SHA256 ? 1 : hash == VT_SEAL_SHA384 ? 2 : 3;
    out[18] = (uint8_t)len;
    return sizeof(before) + len;
}

bool vt_seal_add_raw_ecdsa(struct vt_bytes raw, struct vt_buf *out)
{
    bool is_good = false;
    uint8_t *der = NULL;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.ptr, (int)(raw.len / 2), NULL),
           *s = BN_bin2bn(raw.ptr + raw.len / 2, (int)(raw.len / 2), NULL);
    if (signature != NULL && r != NULL && s != NULL && raw.len > 0 && raw.len % 2 == 0 &&
        ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        int der_len = i2d_ECDSA_SIG(signature, &der);
        is_good = der_len > 0 && vt_buf_add(out, der, (size_t)der_len) == VT_OK;
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    ERR_clear_error();
    return is_good;
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
