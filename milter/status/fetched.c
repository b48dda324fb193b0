/* SPDX-License-Identifier: Apache-2.0
 * Servers send what they like: an answer for another certificate, an old list, PEM where DER is
 * due, a web page. Each is told apart here and kept only when it proves something. */
#include "status/fetched.h"

#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#define MAX_ISSUERS_IN_ANSWER 16

/* ---- the question ---- */

static OCSP_REQUEST *build_request(X509 *certificate, X509 *issuer,
                                   uint8_t nonce[VT_OCSP_NONCE_BYTES])
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    /* SHA-1 here identifies and protects nothing; it is what all responders know (RFC 5019 2.1.1).
     */
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
    if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(request);
        return NULL;
    }
    if (RAND_bytes(nonce, VT_OCSP_NONCE_BYTES) != 1 ||
        OCSP_request_add1_nonce(request, nonce, VT_OCSP_NONCE_BYTES) != 1) {
        OCSP_REQUEST_free(request);
        return NULL;
    }
    return request;
}

enum vt_code vt_ocsp_request(struct vt_arena *arena, const struct vt_certificate *certificate,
                             const struct vt_certificate *issuer,
                             uint8_t out_nonce[VT_OCSP_NONCE_BYTES], struct vt_bytes *out,
                             struct vt_err *err)
{
    unsigned char *der = NULL;
    OCSP_REQUEST *request =
        build_request(vt_certificate_x509(certificate), vt_certificate_x509(issuer), out_nonce);
    int len = request != NULL ? i2d_OCSP_REQUEST(request, &der) : -1;
    OCSP_REQUEST_free(request);
    if (len <= 0)
        return vt_err_set(err, VT_E_NOMEM, "an OCSP request cannot be made");
    void *copy = vt_arena_dup(arena, der, (size_t)len);
    OPENSSL_free(der);
    *out = vt_bytes_of(copy, (size_t)len);
    return copy != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory for an OCSP request");
}

/* ---- the answers ---- */

enum vt_code vt_fetched_ocsp(struct vt_status_store *store, const struct vt_fetched *fetched,
                             struct vt_err *err)
{
    struct vt_status_fact fact;
    enum vt_code code =
        vt_status_read_ocsp(fetched->arena, fetched->pool, fetched->data, fetched->certificate,
                            fetched->issuer, fetched->nonce, fetched->url, &fact, err);
    if (code != VT_OK)
        return code;
    if (fact.value == VT_STATUS_UNKNOWN)
        return vt_err_set(err, VT_E_NOT_FOUND, "%s",
                          fact.finding != NULL ? fact.finding : "the responder does not know");
    return vt_status_store_put_ocsp(store, fetched->certificate, fetched->issuer, fetched->data,
                                    &fact, fetched->now_utc_secs, err);
}

/* PEM in the place of DER (RFC 2585 3 asks for DER). *out_owned: OPENSSL_free it. */
static struct vt_bytes from_pem(struct vt_bytes data, const char *wanted, unsigned char **out_owned)
{
    char *name = NULL;
    char *header = NULL;
    long len = 0;
    *out_owned = NULL;
    if (!vt_bytes_starts_with(data, VT_BYTES("-----BEGIN")))
        return data;
    BIO *bio = BIO_new_mem_buf(data.ptr, (int)data.len);
    bool ok = bio != NULL && PEM_read_bio(bio, &name, &header, out_owned, &len) == 1 &&
              strcmp(name, wanted) == 0;
    BIO_free(bio);
    OPENSSL_free(name);
    OPENSSL_free(header);
    return ok ? vt_bytes_of(*out_owned, (size_t)len) : data;
}

enum vt_code vt_fetched_crl(struct vt_status_store *store, const struct vt_fetched *fetched,
                            struct vt_err *err)
{
    struct vt_crl crl;
    unsigned char *owned = NULL;
    struct vt_bytes der = from_pem(fetched->data, PEM_STRING_X509_CRL, &owned);
    enum vt_code code = vt_crl_parse(der, &crl, err);
    if (code == VT_OK)
        code = vt_crl_verify(&crl, fetched->issuer, err);
    if (code == VT_OK)
        code = vt_status_store_put_crl(store, fetched->issuer, der, fetched->url,
                                       fetched->now_utc_secs, err);
    OPENSSL_free(owned);
    return code;
}

static bool issued(const struct vt_certificate *issuer, const struct vt_certificate *certificate)
{
    X509 *x509 = vt_certificate_x509(certificate);
    EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(issuer));
    return key != NULL &&
           X509_NAME_cmp(X509_get_issuer_name(x509),
                         X509_get_subject_name(vt_certificate_x509(issuer))) == 0 &&
           X509_verify(x509, key) == 1;
}

enum vt_code vt_fetched_issuer(struct vt_status_store *store, const struct vt_trust_store *trust,
                               const struct vt_fetched *fetched, struct vt_bytes *out_der,
                               struct vt_err *err)
{
    const struct vt_certificate *found[MAX_ISSUERS_IN_ANSWER];
    size_t count = 0;
    enum vt_code code = vt_certificate_add_file(fetched->pool, fetched->data, found,
                                                MAX_ISSUERS_IN_ANSWER, &count, err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; i < count; i++) {
        if (!issued(found[i], fetched->certificate))
            continue;
        *out_der = vt_certificate_der(found[i]);
        return vt_trust_has_path(trust, found[i], NULL, 0)
                   ? vt_status_store_put_issuer(store, found[i], err)
                   : VT_OK;
    }
    return vt_err_set(err, VT_E_NOT_FOUND, "what came is not the issuer's certificate");
}
