/* SPDX-License-Identifier: Apache-2.0
 * CMS SignedData (RFC 5652) with one signer whose key is elsewhere: first the attributes that are
 * to be signed, then, with the signature, the whole. The same input gives the same bytes, and how
 * many there will be is known before anything is signed. */
#ifndef VANTHU_SEAL_CMS_H
#define VANTHU_SEAL_CMS_H

#include "vanthu/seal.h"

/* The content is not in the CMS. */
#define VT_SEAL_DETACHED SIZE_MAX

struct vt_seal_cms_plan {
    const struct vt_seal_identity *identity;
    /* Of the content, by the hash of the identity. */
    struct vt_bytes content_digest;
    /* VT_TIME_NONE: none. CAdES and S/MIME have it (EN 319 122-1 5.2.1), PAdES must not (EN 319
     * 142-1 6.3); it is never after now. */
    int64_t signing_time_utc_secs;
};

struct vt_seal_cms {
    /* DER SET OF Attribute (RFC 5652 5.4): what the sealer signs. */
    struct vt_bytes attributes;
    enum vt_seal_scheme scheme;
    enum vt_seal_hash hash;
    /* Elements of the whole. */
    struct vt_bytes own_certificate;
    struct vt_bytes signer_id;
    struct vt_bytes digest_algorithm;
    struct vt_bytes signature_algorithm;
    struct vt_bytes certificates;
};

/* How micalg names a hash (RFC 8551 3.5.3.2). */
const char *vt_seal_hash_micalg(enum vt_seal_hash hash);

/* What is to be signed. The chain of the identity must outlive *out, which lives in arena.
 * VT_E_FORMAT: a certificate of the chain cannot be read, or the digest has another length;
 * VT_E_LIMIT, VT_E_NOMEM. Source: RFC 5652 5.3, 11; RFC 5035 3; RFC 6211; RFC 4055 3.1. */
enum vt_code vt_seal_cms_prepare(struct vt_arena *arena, const struct vt_seal_cms_plan *plan,
                                 struct vt_seal_cms *out, struct vt_err *err) VT_MUST_CHECK;

/* The whole ContentInfo around a content of content_bytes, which stands between *out_head and
 * *out_tail; of VT_SEAL_DETACHED *out_head is everything and *out_tail is empty.
 * signature: is verified with the certificate over the attributes first; VT_E_FORMAT: it is wrong.
 * token: a time stamp token (RFC 3161) over the signature value, or empty. */
enum vt_code vt_seal_cms_finish(struct vt_arena *arena, const struct vt_seal_cms *cms,
                                struct vt_bytes signature, struct vt_bytes token,
                                size_t content_bytes, struct vt_bytes *out_head,
                                struct vt_bytes *out_tail, struct vt_err *err) VT_MUST_CHECK;

/* No detached CMS of this plan is longer, with a token of at most token_bytes. 0: the certificate
 * has no key that can be read, or memory is out. */
size_t vt_seal_cms_max_bytes(const struct vt_seal_cms *cms, size_t token_bytes);

#endif
