/* SPDX-License-Identifier: Apache-2.0
 * The signature over a large DER structure, verified without copying it. */
#ifndef VANTHU_STATUS_SIGNATURE_H
#define VANTHU_STATUS_SIGNATURE_H

#include "vanthu/bytes.h"

struct x509_st;

/* Verify signature over signed_bytes with the public key of signer. algorithm: DER of the
 * AlgorithmIdentifier (RFC 5280 4.1.1.2; RSA-PSS: RFC 4055 3.1).
 * VT_OK: it verifies. VT_E_FORMAT: it does not. VT_E_UNSUPPORTED: unknown or broken algorithm
 * (MD5 and older). VT_E_NOMEM. */
enum vt_code vt_status_verify_signature(struct vt_bytes signed_bytes, struct vt_bytes algorithm,
                                        struct vt_bytes signature, const struct x509_st *signer,
                                        struct vt_err *err) VT_MUST_CHECK;

#endif
