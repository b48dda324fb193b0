/* SPDX-License-Identifier: Apache-2.0
 * Servers send what they like: an answer for another certificate, an old list, PEM where DER is
 * due (RFC 2585 3), a web page. Each is told apart here and kept only when it proves something. */
#include "status/fetched.h"

#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "status/container.h"
#include "status/crl_signer.h"

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

/* What was in force once is kept, for a revocation stands; but whoever brings it does not answer
 * the question, and is asked again before long. */
static enum vt_code not_in_force(struct vt_err *err)
{
    return vt_err_set(err, VT_E_EXPIRED, "what came is no longer in force");
}

enum vt_code vt_fetched_ocsp(struct vt_status_store *store, const struct vt_fetched *fetched,
                             struct vt_err *err)
{
    struct vt_status_fact fact;
    enum vt_code code =
        vt_status_read_ocsp(fetched->arena, fetched->pool, fetched->data, fetched->certificate,
                            fetched->issuer, fetched->nonce, fetched->url, &fact, err);
    /* It was asked about this certificate: to speak of another one is no answer at all. */
    if (code == VT_E_NOT_FOUND)
        code = VT_E_FORMAT;
    if (code != VT_OK)
        return code;
    if (fact.value == VT_STATUS_UNKNOWN)
        return vt_err_set(err, VT_E_NOT_FOUND, "%s",
                          fact.finding != NULL ? fact.finding : "the responder does not know");
    code = vt_status_store_put_ocsp(store, fetched->certificate, fetched->issuer, fetched->data,
                                    &fact, fetched->now_utc_secs, err);
    if (code == VT_OK &&
        vt_status_store_find(store, fetched->arena, fetched->certificate, fetched->issuer,
                             fetched->now_utc_secs, &fact) == VT_FRESH_NONE)
        code = not_in_force(err);
    return code;
}

enum vt_code vt_fetched_crl(struct vt_status_store *store, const struct vt_fetched *fetched,
                            struct vt_err *err)
{
    struct vt_crl_file file = {.data = fetched->data};
    struct vt_crl_candidates candidates = {
        .store = store, .pool = fetched->pool, .preferred = fetched->issuer};
    const struct vt_certificate *signer = NULL;
    struct vt_bytes der;
    struct vt_crl frame;
    enum vt_code code = vt_crl_file_next(&file, &der, err);
    if (code == VT_OK)
        code =
            vt_crl_signer_put(&candidates, der, fetched->url, fetched->now_utc_secs, &signer, err);
    if (code == VT_OK)
        code = vt_crl_parse_frame(der, &frame, err);
    if (code == VT_OK && frame.next_update_utc_secs != VT_TIME_NONE &&
        frame.next_update_utc_secs < fetched->now_utc_secs)
        code = not_in_force(err);
    vt_crl_file_clear(&file);
    return code;
}

/* Those that came together lead to the anchor together. What is no CA would only take the place of
 * one that is. */
static enum vt_code keep_all(struct vt_status_store *store, const struct vt_trust_store *trust,
                             const struct vt_certificate *const *found, size_t count,
                             struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        if (X509_check_ca(vt_certificate_x509(found[i])) > 0 &&
            vt_trust_has_path(trust, found[i], found, count))
            code = vt_status_store_put_issuer(store, found[i], err);
    }
    return code;
}

enum vt_code vt_fetched_issuer(struct vt_status_store *store, const struct vt_trust_store *trust,
                               const struct vt_fetched *fetched, struct vt_bytes *out_der,
                               struct vt_err *err)
{
    const struct vt_certificate *found[MAX_ISSUERS_IN_ANSWER];
    size_t count = 0;
    enum vt_code code = vt_container_certificates(fetched->pool, fetched->data, found,
                                                  MAX_ISSUERS_IN_ANSWER, &count, err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; i < count; i++) {
        if (!vt_certificate_is_issued_by(fetched->certificate, found[i]))
            continue;
        *out_der = vt_certificate_der(found[i]);
        return vt_trust_has_path(trust, found[i], found, count)
                   ? keep_all(store, trust, found, count, err)
                   : VT_OK;
    }
    return vt_err_set(err, VT_E_NOT_FOUND, "what came is not the issuer's certificate");
}
