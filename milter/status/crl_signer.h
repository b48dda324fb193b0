/* SPDX-License-Identifier: Apache-2.0
 * Who signed a CRL: the issuer of the certificates it is about, or another one whom the
 * distribution point names (RFC 5280 4.2.1.13, 5.2.5). */
#ifndef VANTHU_STATUS_CRL_SIGNER_H
#define VANTHU_STATUS_CRL_SIGNER_H

#include "status/store.h"

/* Where the signer is looked for, beside the store's configured and brought certificates. */
struct vt_crl_candidates {
    struct vt_status_store *store;
    struct vt_certificate_pool *pool;       /* over that of the configured certificates */
    const struct vt_certificate *preferred; /* tried first and known to lead to an anchor; NULL */
};

/* Verify a CRL with the key of the one who has its issuer's name and leads to an anchor, and keep
 * it. *out_signer lives in pool. VT_E_NOT_FOUND: nobody who is known here issued it. Others as
 * vt_status_store_put_crl. */
enum vt_code vt_crl_signer_put(const struct vt_crl_candidates *candidates, struct vt_bytes crl,
                               const char *origin, int64_t fetched_utc_secs,
                               const struct vt_certificate **out_signer,
                               struct vt_err *err) VT_MUST_CHECK;

#endif
