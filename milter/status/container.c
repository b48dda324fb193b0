/* SPDX-License-Identifier: Apache-2.0
 * Unwrapping what was fetched or given. */
#include "status/container.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

/* Issuers come alone, or with a few of their kin. */
#define MAX_ISSUER_FILE_BYTES ((size_t)1024 * 1024)

static bool is_der(struct vt_bytes data)
{
    return data.len > 0 && data.ptr[0] == 0x30;
}

static BIO *open_pem(struct vt_bytes data)
{
    return data.len > 0 && data.len <= INT_MAX ? BIO_new_mem_buf(data.ptr, (int)data.len) : NULL;
}

/* The next PEM object of any name. *out_name, *out_der: OPENSSL_free. False: no more. */
static bool next_pem(BIO *pem, char **out_name, unsigned char **out_der, long *out_len)
{
    char *header = NULL;
    bool found = pem != NULL && PEM_read_bio(pem, out_name, &header, out_der, out_len) == 1;
    OPENSSL_free(header);
    ERR_clear_error();
    return found;
}

/* ---- lists ---- */

static void forget_decoded(struct vt_crl_file *file)
{
    OPENSSL_free(file->owned);
    file->owned = NULL;
}

void vt_crl_file_clear(struct vt_crl_file *file)
{
    forget_decoded(file);
    BIO_free(file->pem);
    file->pem = NULL;
}

enum vt_code vt_crl_file_next(struct vt_crl_file *file, struct vt_bytes *out, struct vt_err *err)
{
    char *name = NULL;
    long len = 0;
    bool first = !file->begun;
    file->begun = true;
    forget_decoded(file);
    if (is_der(file->data)) {
        *out = file->data;
        return first ? VT_OK : VT_E_NOT_FOUND;
    }
    if (first)
        file->pem = open_pem(file->data);
    while (next_pem(file->pem, &name, &file->owned, &len)) {
        bool is_crl = strcmp(name, PEM_STRING_X509_CRL) == 0;
        OPENSSL_free(name);
        name = NULL;
        if (is_crl) {
            *out = vt_bytes_of(file->owned, (size_t)len);
            return VT_OK;
        }
        forget_decoded(file);
    }
    return first ? vt_err_set(err, VT_E_FORMAT, "it holds no CRL, neither in DER nor in PEM")
                 : VT_E_NOT_FOUND;
}

/* ---- certificates ---- */

struct gathering {
    struct vt_certificate_pool *pool;
    const struct vt_certificate **out;
    size_t max, count;
};

static enum vt_code gather(struct gathering *gathering, struct vt_bytes der)
{
    if (gathering->count == gathering->max)
        return VT_OK;
    enum vt_code code =
        vt_certificate_add(gathering->pool, der, &gathering->out[gathering->count], NULL);
    if (code == VT_OK)
        gathering->count++;
    return code == VT_E_NOMEM || code == VT_E_LIMIT ? code : VT_OK;
}

/* RFC 5652 5.1: the certificates of a SignedData without signers, in DER or BER. */
static enum vt_code gather_cms(struct gathering *gathering, struct vt_bytes cms)
{
    const unsigned char *cursor = cms.ptr;
    enum vt_code code = VT_OK;
    PKCS7 *wrapped = d2i_PKCS7(NULL, &cursor, (long)cms.len);
    const STACK_OF(X509) *certificates =
        wrapped != NULL && PKCS7_type_is_signed(wrapped) && wrapped->d.sign != NULL
            ? wrapped->d.sign->cert
            : NULL;
    for (int i = 0; code == VT_OK && i < sk_X509_num(certificates); i++) {
        unsigned char *der = NULL;
        int len = i2d_X509(sk_X509_value(certificates, i), &der);
        if (len > 0)
            code = gather(gathering, vt_bytes_of(der, (size_t)len));
        OPENSSL_free(der);
    }
    PKCS7_free(wrapped);
    return code;
}

static enum vt_code gather_pem(struct gathering *gathering, struct vt_bytes data)
{
    char *name = NULL;
    unsigned char *der = NULL;
    long len = 0;
    enum vt_code code = VT_OK;
    BIO *pem = open_pem(data);
    while (code == VT_OK && next_pem(pem, &name, &der, &len)) {
        struct vt_bytes bytes = vt_bytes_of(der, (size_t)len);
        if (strcmp(name, PEM_STRING_PKCS7) == 0 || strcmp(name, PEM_STRING_CMS) == 0)
            code = gather_cms(gathering, bytes);
        else if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0)
            code = gather(gathering, bytes);
        OPENSSL_free(name);
        OPENSSL_free(der);
        name = NULL;
        der = NULL;
    }
    BIO_free(pem);
    return code;
}

enum vt_code vt_container_certificates(struct vt_certificate_pool *pool, struct vt_bytes data,
                                       const struct vt_certificate **out, size_t out_max,
                                       size_t *out_count, struct vt_err *err)
{
    struct gathering gathering = {.pool = pool, .out = out, .max = out_max};
    *out_count = 0;
    if (data.len > MAX_ISSUER_FILE_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "what came is too large for certificates");
    enum vt_code code = is_der(data) ? gather(&gathering, data) : gather_pem(&gathering, data);
    if (code == VT_OK && gathering.count == 0 && is_der(data))
        code = gather_cms(&gathering, data);
    if (code != VT_OK)
        return vt_err_set(err, code, "the certificates that came cannot be kept");
    *out_count = gathering.count;
    return gathering.count > 0 ? VT_OK
                               : vt_err_set(err, VT_E_FORMAT, "what came holds no certificate");
}
