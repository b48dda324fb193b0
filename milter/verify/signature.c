/* SPDX-License-Identifier: Apache-2.0
 * One signature value against one public key, by EVP. */
#include "verify/signature.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "verify/der.h"
#include "verify/digest.h"

/* A sender chooses his keys: with RSA 3072 and an exponent of its length one verification takes 7
 * milliseconds, with these below one. Exponents have 17 bits, or 33 for the Fermat number F5. */
#define MAX_RSA_BITS 8192
#define MAX_RSA_EXPONENT_BITS 33
#define MAX_DSA_BITS 4096
/* r and s of the largest curve in use, P-521. */
#define MAX_PLAIN_HALF_BYTES 66
#define MAX_ECDSA_DER_BYTES (2 * (MAX_PLAIN_HALF_BYTES + 8) + 8)

static bool out_of_memory(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

/* ---- plain ECDSA ---- */

/* INTEGER from an unsigned number of fixed width. Returns the bytes written. */
static size_t write_integer(uint8_t *out, struct vt_bytes number)
{
    struct vt_bytes digits = vt_der_trim_integer(number);
    size_t sign = digits.len > 0 && (digits.ptr[0] & 0x80) != 0 ? 1 : 0;
    size_t at = vt_der_header(out, VT_DER_INTEGER, digits.len + sign);
    if (sign != 0)
        out[at++] = 0;
    memcpy(out + at, digits.ptr, digits.len);
    return at + digits.len;
}

/* r || s (BSI TR-03111 5.2.1) as Ecdsa-Sig-Value SEQUENCE { r, s } (RFC 3279 2.2.3). */
static bool plain_to_der(struct vt_bytes plain, uint8_t out[MAX_ECDSA_DER_BYTES],
                         struct vt_bytes *out_der)
{
    uint8_t body[MAX_ECDSA_DER_BYTES];
    size_t half = plain.len / 2;
    if (plain.len % 2 != 0 || half == 0 || half > MAX_PLAIN_HALF_BYTES)
        return false;
    size_t used = write_integer(body, vt_bytes_slice(plain, 0, half));
    used += write_integer(body + used, vt_bytes_slice(plain, half, half));
    size_t header = vt_der_header(out, VT_DER_SEQUENCE, used);
    memcpy(out + header, body, used);
    *out_der = vt_bytes_of(out, header + used);
    return true;
}

/* ---- EVP ---- */

/* RSASSA-PSS with the parameters of the signature; OpenSSL refuses those that the parameters of
 * the key itself forbid (RFC 4055 1.2). */
static bool set_pss(EVP_PKEY_CTX *context, const struct vt_scheme *scheme)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, scheme->digest->md()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, scheme->mgf_digest->md()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, scheme->salt_bytes) == 1;
}

/* ECDSA and DSA take any hash: the digest need not be set. */
static bool configure(EVP_PKEY_CTX *context, const struct vt_scheme *scheme,
                      const struct vt_digest *digest)
{
    switch (scheme->kind) {
    case VT_KEY_RSA:
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest->md()) == 1;
    case VT_KEY_RSA_PSS:
        return set_pss(context, scheme);
    case VT_KEY_ECDSA:
    case VT_KEY_ECDSA_PLAIN:
    case VT_KEY_DSA:
        return true;
    case VT_KEY_EDDSA:
        break;
    }
    return false;
}

static enum vt_code check_hash(EVP_PKEY *key, const struct vt_scheme *scheme,
                               const struct vt_digest *digest, struct vt_bytes hash,
                               struct vt_bytes value, enum vt_signature_result *out)
{
    enum vt_code code = VT_E_INTERNAL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context == NULL || EVP_PKEY_verify_init(context) != 1) {
        code = out_of_memory() ? VT_E_NOMEM : VT_OK;
        *out = VT_SIGNATURE_UNUSABLE;
        goto done;
    }
    if (!configure(context, scheme, digest)) {
        *out = VT_SIGNATURE_KEY_MISMATCH;
        code = VT_OK;
        goto done;
    }
    if (EVP_PKEY_verify(context, value.ptr, value.len, hash.ptr, hash.len) == 1) {
        *out = VT_SIGNATURE_RIGHT;
    } else {
        if (out_of_memory()) {
            code = VT_E_NOMEM;
            goto done;
        }
        *out = VT_SIGNATURE_WRONG;
    }
    code = VT_OK;
done:
    EVP_PKEY_CTX_free(context);
    return code;
}

static enum vt_code check_message(EVP_PKEY *key, struct vt_bytes message, struct vt_bytes value,
                                  enum vt_signature_result *out)
{
    enum vt_code code = VT_E_NOMEM;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        goto done;
    if (EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
        *out = VT_SIGNATURE_UNUSABLE;
    else if (EVP_DigestVerify(context, value.ptr, value.len, message.ptr, message.len) == 1)
        *out = VT_SIGNATURE_RIGHT;
    else if (out_of_memory())
        goto done;
    else
        *out = VT_SIGNATURE_WRONG;
    code = VT_OK;
done:
    EVP_MD_CTX_free(context);
    return code;
}

/* ---- the question ---- */

bool vt_key_is_usual(EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(key);
    int exponent_bits = 0;
    if (EVP_PKEY_is_a(key, "DSA"))
        return bits <= MAX_DSA_BITS;
    if (!EVP_PKEY_is_a(key, "RSA") && !EVP_PKEY_is_a(key, "RSA-PSS"))
        return true;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1)
        exponent_bits = BN_num_bits(exponent);
    BN_free(exponent);
    return bits <= MAX_RSA_BITS && exponent_bits <= MAX_RSA_EXPONENT_BITS;
}

static bool key_fits(EVP_PKEY *key, const struct vt_scheme *scheme)
{
    if (scheme->kind == VT_KEY_RSA_PSS && EVP_PKEY_is_a(key, "RSA-PSS"))
        return true;
    return EVP_PKEY_is_a(key, scheme->key_type) == 1;
}

/* Everything that has to be computed can be. */
static bool is_usable(EVP_PKEY *key, const struct vt_scheme *scheme, const struct vt_digest *digest)
{
    if (scheme->kind == VT_KEY_EDDSA)
        return true;
    if (!vt_key_is_usual(key))
        return false;
    if (digest == NULL || digest->md == NULL)
        return false;
    if (scheme->kind == VT_KEY_RSA_PSS &&
        (scheme->mgf_digest->md == NULL || scheme->mgf_digest->xof_bytes != 0))
        return false;
    if ((scheme->kind == VT_KEY_RSA || scheme->kind == VT_KEY_RSA_PSS) && digest->xof_bytes != 0)
        return false;
    /* A DSA key that inherits its parameters (RFC 3279 2.3.2): whoever supplies the issuer would
     * choose them, so they are not taken from a certificate nobody vouches for. */
    return EVP_PKEY_missing_parameters(key) == 0;
}

static enum vt_code hash_and_check(EVP_PKEY *key, const struct vt_scheme *scheme,
                                   const struct vt_digest *digest, struct vt_bytes signed_bytes,
                                   const struct vt_bytes *hash, struct vt_bytes value,
                                   enum vt_signature_result *out)
{
    struct vt_digest_value computed;
    uint8_t der[MAX_ECDSA_DER_BYTES];
    struct vt_bytes to_check;

    if (hash != NULL) {
        to_check = *hash;
    } else {
        enum vt_code code = vt_digest_bytes(digest, signed_bytes, &computed);
        if (code != VT_OK)
            return code == VT_E_UNSUPPORTED ? VT_E_INTERNAL : code;
        to_check = vt_bytes_of(computed.bytes, computed.len);
    }
    if (scheme->kind == VT_KEY_ECDSA_PLAIN && !plain_to_der(value, der, &value)) {
        *out = VT_SIGNATURE_WRONG;
        return VT_OK;
    }
    return check_hash(key, scheme, digest, to_check, value, out);
}

enum vt_code vt_signature_check(EVP_PKEY *key, const struct vt_scheme *scheme,
                                const struct vt_digest *digest, struct vt_bytes signed_bytes,
                                const struct vt_bytes *hash, struct vt_bytes value,
                                enum vt_signature_result *out)
{
    enum vt_code code = VT_OK;
    *out = VT_SIGNATURE_NOT_CHECKED;
    ERR_clear_error();
    if (!key_fits(key, scheme))
        *out = VT_SIGNATURE_KEY_MISMATCH;
    else if (!is_usable(key, scheme, digest))
        *out = VT_SIGNATURE_UNUSABLE;
    else if (scheme->kind == VT_KEY_EDDSA)
        code = check_message(key, signed_bytes, value, out);
    else
        code = hash_and_check(key, scheme, digest, signed_bytes, hash, value, out);
    ERR_clear_error();
    return code;
}

bool vt_signature_recovers(EVP_PKEY *key, const struct vt_scheme *scheme,
                           const struct vt_digest *digest, struct vt_bytes value)
{
    uint8_t recovered[2048];
    size_t len = sizeof(recovered);
    bool right = false;
    EVP_PKEY_CTX *context = NULL;
    if (scheme->kind != VT_KEY_RSA || !key_fits(key, scheme) || !is_usable(key, scheme, digest))
        return false;
    context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context != NULL && EVP_PKEY_verify_recover_init(context) == 1 &&
        configure(context, scheme, digest) && EVP_PKEY_get_size(key) <= (int)sizeof(recovered))
        right = EVP_PKEY_verify_recover(context, recovered, &len, value.ptr, value.len) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return right;
}
