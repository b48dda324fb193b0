/* SPDX-License-Identifier: Apache-2.0
 * What fetch brought: verified, and only then kept. */
#ifndef VANTHU_STATUS_FETCHED_H
#define VANTHU_STATUS_FETCHED_H

#include "status/store.h"

#define VT_OCSP_NONCE_BYTES 16

struct vt_fetched {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    const struct vt_certificate *certificate; /* asked about; CRL: NULL */
    const struct vt_certificate *issuer;
    const char *url;
    struct vt_bytes data;
    struct vt_bytes nonce; /* OCSP */
    int64_t now_utc_secs;
};

/* An OCSPRequest with a fresh nonce (RFC 6960 4.1.1, RFC 8954). *out lives in arena. */
enum vt_code vt_ocsp_request(struct vt_arena *arena, const struct vt_certificate *certificate,
                             const struct vt_certificate *issuer,
                             uint8_t out_nonce[VT_OCSP_NONCE_BYTES], struct vt_bytes *out,
                             struct vt_err *err) VT_MUST_CHECK;

/* VT_OK: it is in the store. VT_E_NOT_FOUND: authentic, but says nothing of use. */
enum vt_code vt_fetched_ocsp(struct vt_status_store *store, const struct vt_fetched *fetched,
                             struct vt_err *err) VT_MUST_CHECK;
/* DER or PEM, of which the first list counts. The signer is fetched->issuer, or whoever has the
 * name of the CRL's issuer among the configured certificates, those of the pool and those that were
 * brought, and leads to an anchor (RFC 5280 6.3.3 f). */
enum vt_code vt_fetched_crl(struct vt_status_store *store, const struct vt_fetched *fetched,
                            struct vt_err *err) VT_MUST_CHECK;
/* The certificate that issued fetched->certificate; kept only when it leads to an anchor. *out_der
 * lives in the pool. VT_E_NOT_FOUND: what came is not the issuer. */
enum vt_code vt_fetched_issuer(struct vt_status_store *store, const struct vt_trust_store *trust,
                               const struct vt_fetched *fetched, struct vt_bytes *out_der,
                               struct vt_err *err) VT_MUST_CHECK;

#endif
