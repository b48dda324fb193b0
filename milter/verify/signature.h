/* SPDX-License-Identifier: Apache-2.0
 * One signature value against one public key. */
#ifndef VANTHU_VERIFY_SIGNATURE_H
#define VANTHU_VERIFY_SIGNATURE_H

#include "verify/algorithm.h"

enum vt_signature_result {
    VT_SIGNATURE_NOT_CHECKED = 0,
    VT_SIGNATURE_RIGHT,
    VT_SIGNATURE_WRONG,
    VT_SIGNATURE_KEY_MISMATCH, /* the key is of another kind, or forbids these parameters */
    VT_SIGNATURE_UNUSABLE      /* this OpenSSL cannot compute it */
};

/* Check value over signed_bytes (hashed with digest first) or, when hash is not NULL, over that
 * hash. EdDSA takes the bytes themselves and needs signed_bytes. Nothing here looks at the
 * strength of the algorithm: that is a finding of its own.
 * Returns VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_signature_check(EVP_PKEY *key, const struct vt_scheme *scheme,
                                const struct vt_digest *digest, struct vt_bytes signed_bytes,
                                const struct vt_bytes *hash, struct vt_bytes value,
                                enum vt_signature_result *out) VT_MUST_CHECK;
/* True when value was made by this RSA key over some digest of this algorithm (PKCS #1 v1.5
 * only): if it is not the one at hand, the data were changed, not the signature. */
bool vt_signature_recovers(EVP_PKEY *key, const struct vt_scheme *scheme,
                           const struct vt_digest *digest, struct vt_bytes value);

/* False for a key of a size that no authority has and whose verification would take many times that
 * of a usual one: nothing is verified with it. */
bool vt_key_is_usual(EVP_PKEY *key);

#endif
