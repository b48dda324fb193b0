/* SPDX-License-Identifier: Apache-2.0
 * Certificate requests by OpenSSL, with the signature from outside. */
#include "seal/csr.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "seal/hash.h"

#define MAX_SUBJECT_BYTES 1024

/* One "CN=Sở Xây dựng" of a subject. */
static bool add_part(X509_NAME *name, char *part)
{
    char *value = strchr(part, '=');
    if (value == NULL || value[1] == '\0')
        return false;
    *value++ = '\0';
    return X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const uint8_t *)value, -1, -1,
                                      0) == 1;
}

static enum vt_code read_subject(const char *text, X509_NAME *name, struct vt_err *err)
{
    char copy[MAX_SUBJECT_BYTES], *rest = NULL;
    size_t len = strlen(text);
    if (text[0] != '/' || len >= sizeof(copy) || !vt_text_is_utf8(vt_bytes_str(text)))
        return vt_err_set(err, VT_E_CONFIG, "a subject is written so: /C=VN/O=…/CN=…");
    memcpy(copy, text, len + 1);
    for (char *part = strtok_r(copy, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest))
        if (!add_part(name, part))
            return vt_err_set(err, VT_E_CONFIG,
                              "\"%.60s\" is no part of a subject: C, L, ST, O, OU, CN, UID, …",
                              part);
    return VT_OK;
}

static enum vt_code set_subject(X509_REQ *request, const char *subject,
                                const struct vt_own_certificate *own, struct vt_err *err)
{
    if (subject != NULL)
        return read_subject(subject, X509_REQ_get_subject_name(request), err);
    const uint8_t *at = own->certificate.ptr;
    X509 *certificate = at == NULL ? NULL : d2i_X509(NULL, &at, (long)own->certificate.len);
    if (certificate == NULL)
        return vt_err_set(err, VT_E_CONFIG,
                          "the key has no certificate to renew: say whose it shall be, --subject "
                          "/C=VN/O=…/CN=…");
    int done = X509_REQ_set_subject_name(request, X509_get_subject_name(certificate));
    X509_free(certificate);
    return done == 1 ? VT_OK : vt_err_set(err, VT_E_NOMEM, "no memory for a request");
}

enum vt_code vt_seal_csr_begin(const char *subject, const struct vt_own_certificate *own,
                               EVP_PKEY *public_key, X509_REQ **out_request, struct vt_buf *out,
                               struct vt_err *err)
{
    uint8_t *der = NULL;
    enum vt_code code = VT_E_NOMEM;
    X509_REQ *request = X509_REQ_new();
    if (request == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, public_key) != 1)
        (void)vt_err_set(err, code, "no memory for a request");
    else
        code = set_subject(request, subject, own, err);
    int len = code == VT_OK ? i2d_re_X509_REQ_tbs(request, &der) : 0;
    if (code == VT_OK && len <= 0)
        code = vt_err_set(err, VT_E_INTERNAL, "the request cannot be written");
    if (code == VT_OK)
        code = vt_buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    ERR_clear_error();
    if (code == VT_OK)
        *out_request = request;
    else
        X509_REQ_free(request);
    return code;
}

/* RFC 4055 3.1: hash, MGF1 with the same one, salt as long as the hash. */
static bool set_pss(X509_ALGOR *algorithm, enum vt_seal_hash hash)
{
    bool is_good = false;
    RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
    ASN1_STRING *text = NULL, *mask = NULL;
    if (pss != NULL && (pss->hashAlgorithm = X509_ALGOR_new()) != NULL &&
        (pss->maskGenAlgorithm = X509_ALGOR_new()) != NULL &&
        (pss->saltLength = ASN1_INTEGER_new()) != NULL) {
        X509_ALGOR_set_md(pss->hashAlgorithm, vt_seal_md(hash));
        is_good =
            ASN1_item_pack(pss->hashAlgorithm, ASN1_ITEM_rptr(X509_ALGOR), &mask) != NULL &&
            X509_ALGOR_set0(pss->maskGenAlgorithm, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, mask) ==
                1 &&
            ASN1_INTEGER_set(pss->saltLength, (long)vt_seal_digest_bytes(hash)) == 1 &&
            ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), &text) != NULL &&
            X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, text) == 1;
    }
    RSA_PSS_PARAMS_free(pss);
    return is_good;
}

static bool set_algorithm(X509_ALGOR *algorithm, enum vt_seal_scheme scheme, enum vt_seal_hash hash)
{
    static const int nids[2][VT_SEAL_HASHES] = {
        {NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption},
        {NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA512}};
    bool is_ec = scheme == VT_SEAL_ECDSA;
    if (scheme == VT_SEAL_RSA_PSS)
        return set_pss(algorithm, hash);
    return X509_ALGOR_set0(algorithm, OBJ_nid2obj(nids[is_ec][hash]),
                           is_ec ? V_ASN1_UNDEF : V_ASN1_NULL, NULL) == 1;
}

static bool set_signature(X509_REQ *request, struct vt_bytes value)
{
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    if (bits == NULL ||
        ASN1_BIT_STRING_set(bits, (uint8_t *)(uintptr_t)value.ptr, (int)value.len) != 1) {
        ASN1_BIT_STRING_free(bits);
        return false;
    }
    /* All bits of a signature count (X.690 8.6.2). */
    bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    X509_REQ_set0_signature(request, bits);
    return true;
}

enum vt_code vt_seal_csr_end(X509_REQ *request, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                             struct vt_bytes signature, struct vt_buf *out, struct vt_err *err)
{
    enum vt_code code = VT_E_NOMEM;
    X509_ALGOR *algorithm = X509_ALGOR_new();
    BIO *pem = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (algorithm != NULL && pem != NULL && set_algorithm(algorithm, scheme, hash) &&
        X509_REQ_set1_signature_algo(request, algorithm) == 1 &&
        set_signature(request, signature) && PEM_write_bio_X509_REQ(pem, request) == 1) {
        long len = BIO_get_mem_data(pem, &text);
        code = vt_buf_add(out, text, (size_t)len);
    }
    BIO_free(pem);
    X509_ALGOR_free(algorithm);
    ERR_clear_error();
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "the request cannot be written");
}
