/* SPDX-License-Identifier: Apache-2.0
 * What all services have in common about keys and signatures. */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "seal/hash.h"
#include "seal/rest.h"

char *vt_rest_base64(char *out, struct vt_bytes bytes)
{
    (void)EVP_EncodeBlock((unsigned char *)out, bytes.ptr, (int)bytes.len);
    if (bytes.len == 0)
        out[0] = '\0';
    return out;
}

char *vt_rest_digest64(char *out, enum vt_seal_hash hash, struct vt_bytes data)
{
    uint8_t digest[VT_SEAL_MAX_DIGEST_BYTES];
    size_t len = vt_seal_digest(hash, data, digest);
    return vt_rest_base64(out, vt_bytes_of(digest, len));
}

/* r and s of a key have the size of its order each. */
static bool is_raw(const EVP_PKEY *key, struct vt_bytes value)
{
    int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);
    return bits > 0 && value.len == 2 * (((size_t)bits + 7) / 8);
}

/* DER SEQUENCE { INTEGER, INTEGER } with nothing behind it. */
static bool is_der(struct vt_bytes value)
{
    const uint8_t *at = value.ptr;
    ECDSA_SIG *found = d2i_ECDSA_SIG(NULL, &at, (long)value.len);
    bool is_whole = found != NULL && at == value.ptr + value.len;
    ECDSA_SIG_free(found);
    ERR_clear_error();
    return is_whole;
}

static bool add(struct vt_bytes value, enum vt_seal_scheme scheme, const EVP_PKEY *key,
                struct vt_buf *out)
{
    if (scheme == VT_SEAL_ECDSA && !is_der(value))
        return is_raw(key, value) && vt_seal_add_raw_ecdsa(value, out);
    if (scheme != VT_SEAL_ECDSA && key != NULL && value.len != (size_t)EVP_PKEY_get_size(key))
        return false;
    return vt_buf_add(out, value.ptr, value.len) == VT_OK;
}

enum vt_seal_fault vt_rest_take_signature(const char *base64, enum vt_seal_scheme scheme,
                                          const EVP_PKEY *key, struct vt_buf *out,
                                          struct vt_err *err)
{
    uint8_t value[VT_MAX_SEAL_SIGNATURE_BYTES];
    const char *defect = NULL;
    size_t len = 0;
    struct vt_bytes text = vt_bytes_str(base64);
    if (vt_base64_max(text.len) <= sizeof(value))
        len = vt_base64_read(text, value, &defect);
    if (len > 0 && defect == NULL && add(vt_bytes_of(value, len), scheme, key, out))
        return VT_FAULT_NONE;
    (void)vt_err_set(err, VT_E_FORMAT,
                     "the service answered with something that is no signature of this key "
                     "(%zu bytes%s%s)",
                     len, defect != NULL ? ", " : "", defect != NULL ? defect : "");
    return VT_FAULT_REFUSED;
}

void vt_rest_keep_key(EVP_PKEY *key, struct vt_seal_token *out)
{
    uint8_t *at = out->public_key;
    int len = key == NULL ? 0 : i2d_PUBKEY(key, NULL);
    if (len > 0 && (size_t)len <= sizeof(out->public_key))
        out->public_key_len = (size_t)i2d_PUBKEY(key, &at);
    ERR_clear_error();
}

/* Without one, OpenSSL asks at the terminal, where there is nobody. */
static int no_password(char *out, int out_bytes, int is_new, void *context)
{
    (void)out, (void)out_bytes, (void)is_new, (void)context;
    return -1;
}

EVP_PKEY *vt_rest_key_of_pem(struct vt_bytes pem)
{
    BIO *input = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = input == NULL ? NULL : PEM_read_bio_PUBKEY(input, NULL, no_password, NULL);
    BIO_free(input);
    ERR_clear_error();
    return key;
}

enum vt_seal_fault vt_rest_fits(const EVP_PKEY *key, const struct vt_seal_key *config,
                                struct vt_err *err)
{
    if (key != NULL && vt_seal_fits(key, config->scheme))
        return VT_FAULT_NONE;
    if (key == NULL)
        (void)vt_err_set(err, VT_E_FORMAT, "the service shows no public key that can be read");
    else
        (void)vt_err_set(err, VT_E_CONFIG, "the key at the service cannot sign by scheme: %s",
                         vt_seal_scheme_name(config->scheme));
    return VT_FAULT_KEY;
}
