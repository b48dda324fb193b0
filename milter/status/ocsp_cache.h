/* SPDX-License-Identifier: Apache-2.0
 * The OCSP responses of one mail, each asked once about a certificate however many signatures and
 * time stamps rest on it. */
#ifndef VANTHU_STATUS_OCSP_CACHE_H
#define VANTHU_STATUS_OCSP_CACHE_H

#include "vanthu/status.h"

struct vt_ocsp_cache;
/* NULL when memory is out. */
struct vt_ocsp_cache *vt_ocsp_cache_new(struct vt_arena *arena) VT_MUST_CHECK;

/* As vt_status_read_ocsp of a response that a document carries, without a nonce. Keyed by the place
 * of the bytes, which must outlive the cache, as certificate and issuer must. VT_E_LIMIT: one mail
 * has so many that the rest is not read. */
enum vt_code vt_ocsp_cache_read(struct vt_ocsp_cache *cache, struct vt_certificate_pool *pool,
                                struct vt_bytes response, const struct vt_certificate *certificate,
                                const struct vt_certificate *issuer, struct vt_status_fact *out,
                                struct vt_err *err) VT_MUST_CHECK;

/* That of a mail. */
struct vt_ocsp_cache *vt_status_cache_ocsps(const struct vt_status_cache *cache);

#endif
