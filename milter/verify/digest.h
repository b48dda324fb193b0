/* SPDX-License-Identifier: Apache-2.0
 * Digests of contents that lie in several ranges. A cache makes the work linear in bytes plus
 * signatures: whole results are kept, and a running digest of the common prefix of the revisions
 * of one document is cloned instead of begun again. */
#ifndef VANTHU_VERIFY_DIGEST_H
#define VANTHU_VERIFY_DIGEST_H

#include "vanthu/limits.h"
#include "verify/algorithm.h"

#define VT_MAX_DIGEST_BYTES 64

struct vt_digest_value {
    uint8_t bytes[VT_MAX_DIGEST_BYTES];
    size_t len;
};

/* Bytes that were signed, or may have been. */
struct vt_content {
    struct vt_bytes ranges[VT_MAX_RANGES];
    size_t count;
    /* Hash with every bare LF as CR LF (RFC 8551 3.1.1). */
    bool canonical_text;
};

/* Remembers by address: the bytes must not change while it is used. */
struct vt_digest_cache;
struct vt_digest_cache *vt_digest_cache_new(struct vt_arena *arena) VT_MUST_CHECK;
/* Another document follows: the prefixes of the one before are not needed any more. */
void vt_digest_cache_next(struct vt_digest_cache *cache);

/* VT_E_UNSUPPORTED: OpenSSL does not compute it. */
enum vt_code vt_digest_content(struct vt_digest_cache *cache, const struct vt_digest *digest,
                               const struct vt_content *content,
                               struct vt_digest_value *out) VT_MUST_CHECK;
/* One short piece, not remembered. */
enum vt_code vt_digest_bytes(const struct vt_digest *digest, struct vt_bytes bytes,
                             struct vt_digest_value *out) VT_MUST_CHECK;
/* Pieces one after the other, not remembered. */
enum vt_code vt_digest_pieces(const struct vt_digest *digest, const struct vt_bytes *pieces,
                              size_t count, struct vt_digest_value *out) VT_MUST_CHECK;
bool vt_digest_equal(const struct vt_digest_value *value, struct vt_bytes expected);

/* True when text holds an LF without CR before it. */
bool vt_content_has_bare_lf(const struct vt_content *content);

#endif
