/* SPDX-License-Identifier: Apache-2.0
 * A certificate request (RFC 2986) for a key that stays in its HSM. */
#ifndef VANTHU_SEAL_CSR_H
#define VANTHU_SEAL_CSR_H

#include <openssl/x509.h>

#include "seal/identity.h"

/* Make one. subject: "/C=VN/O=…/CN=…", UTF-8; NULL: that of own's certificate, which is renewed.
 * out: empty; what is to be signed. *out_request: X509_REQ_free. VT_E_CONFIG, VT_E_FORMAT,
 * VT_E_NOMEM. */
enum vt_code vt_seal_csr_begin(const char *subject, const struct vt_own_certificate *own,
                               EVP_PKEY *public_key, X509_REQ **out_request, struct vt_buf *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* Put the signature in. out: empty; PEM. */
enum vt_code vt_seal_csr_end(X509_REQ *request, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                             struct vt_bytes signature, struct vt_buf *out,
                             struct vt_err *err) VT_MUST_CHECK;

#endif
