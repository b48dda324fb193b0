/* SPDX-License-Identifier: Apache-2.0
 * An OCSP response in two forms: OpenSSL's objects for what it says, and its own bytes for the
 * signature; inside this room only. */
#ifndef VANTHU_STATUS_OCSP_H
#define VANTHU_STATUS_OCSP_H

#include <openssl/ocsp.h>

#include "vanthu/status.h"

struct vt_ocsp_answer {
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic; /* NULL: an error answer, which is not signed */
    int response_status;
    struct vt_bytes tbs; /* the signed bytes as they were received */
    struct vt_bytes algorithm;
    struct vt_bytes signature;
};

/* Find who signed it and verify that: the issuer itself, or a certificate for OCSP signing that the
 * issuer's key signed and that was valid at producedAt (RFC 6960 4.2.2.2); carried by the response
 * or in pool (may be NULL). *out_delegate: owned by the response or the pool; NULL: the issuer.
 * VT_OK, VT_E_FORMAT (not authorised, or the signature does not verify), VT_E_UNSUPPORTED. */
enum vt_code vt_ocsp_check_responder(const struct vt_ocsp_answer *answer, X509 *issuer,
                                     const struct vt_certificate_pool *pool, X509 **out_delegate,
                                     struct vt_err *err) VT_MUST_CHECK;
/* The hash of octets is that of data. */
bool vt_ocsp_digest_is(const EVP_MD *md, const void *data, size_t len,
                       const ASN1_OCTET_STRING *want);

#endif
