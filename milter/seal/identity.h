/* SPDX-License-Identifier: Apache-2.0
 * The certificate of a key with its chain, as the configuration names it. */
#ifndef VANTHU_SEAL_IDENTITY_H
#define VANTHU_SEAL_IDENTITY_H

#include <openssl/evp.h>

#include "vanthu/config.h"

#define VT_MAX_SEAL_CHAIN 8

struct vt_own_certificate {
    struct vt_arena *arena;
    struct vt_bytes chain;       /* DER, own first, one behind the other */
    struct vt_bytes certificate; /* the first of it */
    EVP_PKEY *public_key;
    char sha256[65], key_sha256[65]; /* of certificate and SubjectPublicKeyInfo */
    char *subject;                   /* for people, clean */
    int64_t not_before_utc_secs, not_after_utc_secs;
};

/* Read the file. out: zeroed; vt_own_certificate_clear. VT_E_CONFIG: it cannot be read, holds none,
 * or its key cannot sign by the scheme. VT_E_NOMEM. */
enum vt_code vt_own_certificate_read(const struct vt_seal_key *key, struct vt_own_certificate *out,
                                     struct vt_err *err) VT_MUST_CHECK;
void vt_own_certificate_clear(struct vt_own_certificate *certificate);
/* VT_E_EXPIRED with the reason where now is outside of its period. */
enum vt_code vt_own_certificate_is_valid(const struct vt_own_certificate *certificate,
                                         int64_t now_utc_secs, struct vt_err *err) VT_MUST_CHECK;

#endif
