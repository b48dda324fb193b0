/* SPDX-License-Identifier: Apache-2.0
 * Digests and signatures of this room by OpenSSL. */
#ifndef VANTHU_SEAL_HASH_H
#define VANTHU_SEAL_HASH_H

#include <openssl/evp.h>

#include "vanthu/seal.h"

#define VT_SEAL_MAX_DIGEST_BYTES 64
#define VT_SEAL_MAX_DIGEST_INFO_BYTES (19 + VT_SEAL_MAX_DIGEST_BYTES)

/* Never NULL for values below VT_SEAL_HASHES. */
const EVP_MD *vt_seal_md(enum vt_seal_hash hash);
size_t vt_seal_digest_bytes(enum vt_seal_hash hash);
/* out has VT_SEAL_MAX_DIGEST_BYTES. Returns the length, 0 when OpenSSL fails. */
size_t vt_seal_digest(enum vt_seal_hash hash, struct vt_bytes data, uint8_t *out);
/* DER of DigestInfo over data (RFC 8017 9.2, note 1). out has VT_SEAL_MAX_DIGEST_INFO_BYTES.
 * Returns the length, 0 when OpenSSL fails. */
size_t vt_seal_digest_info(enum vt_seal_hash hash, struct vt_bytes data, uint8_t *out);
/* An ECDSA signature that is r and s, one half each, as the SEQUENCE that CMS wants (RFC 3279
 * 2.2.3). False: it is none, or memory is out. */
bool vt_seal_add_raw_ecdsa(struct vt_bytes raw, struct vt_buf *out) VT_MUST_CHECK;
/* Whether signature is that of this public key over data. PSS: MGF1 with the same hash, salt as
 * long as the hash. */
bool vt_seal_is_signature(EVP_PKEY *public_key, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                          struct vt_bytes data, struct vt_bytes signature);
/* Whether a key can sign so at all. */
bool vt_seal_fits(const EVP_PKEY *public_key, enum vt_seal_scheme scheme);

#endif
