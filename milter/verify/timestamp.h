/* SPDX-License-Identifier: Apache-2.0
 * Verifying time stamp tokens: what one must be over, and the tokens of one signature; inside this
 * room only. */
#ifndef VANTHU_VERIFY_TIMESTAMP_H
#define VANTHU_VERIFY_TIMESTAMP_H

#include "verify/signer.h"

/* What TSTInfo says (RFC 3161 2.4.2). */
struct vt_token_info {
    const struct vt_digest *digest; /* of the imprint; NULL: not known */
    struct vt_bytes imprint;
    int64_t time_utc_secs;
    int64_t accuracy_secs;
    struct vt_bytes tsa;    /* GeneralName, whole element; empty: not named */
    struct vt_bytes policy; /* content octets of the OID */
    struct vt_bytes nonce;  /* content octets of the INTEGER; empty: none */
};

/* What a token must be over. */
struct vt_stamped {
    const char *kind; /* as in vt_verified_timestamp */
    const struct vt_content *content;
    /* Where the bytes depend on the token itself: compare its imprint (digest is known) with what
     * it must be over. VT_E_UNSUPPORTED: it cannot be told, defect says why. NULL: content. */
    enum vt_code (*compare)(struct vt_stamped *stamped, const struct vt_cms *token,
                            const struct vt_token_info *info, bool *out_right);
    struct vt_signer_work *work;
    const struct vt_token_table *table;
    size_t index; /* of the token in the table */
    /* Filled by compare. */
    const char *defect;
    const struct vt_digest *index_digest;
    uint32_t covers;
    /* A difference may come from how the bytes are put together: no proof of a change. */
    bool is_ambiguous;
};

/* Verify one token. *out_inner is the token as a signature of its own. VT_OK, VT_E_NOMEM,
 * VT_E_INTERNAL. */
enum vt_code vt_timestamp_verify(const struct vt_signing *parent, struct vt_bytes token,
                                 struct vt_stamped *stamped, struct vt_verified *out_inner,
                                 struct vt_verified_timestamp *out,
                                 struct vt_err *err) VT_MUST_CHECK;
/* What a token says, without verifying it. VT_E_FORMAT: it is none; VT_E_NOMEM. */
enum vt_code vt_token_read(struct vt_arena *arena, struct vt_bytes token,
                           struct vt_token_info *out) VT_MUST_CHECK;
/* The time of a token without verifying it, VT_TIME_NONE when it cannot be read. */
int64_t vt_token_time(struct vt_arena *arena, struct vt_bytes token);

/* The tokens of one signature, in the order in which they are verified. */
struct vt_token_place {
    const char *kind;
    const struct vt_attribute *attribute;
    struct vt_bytes token; /* whole value */
};
struct vt_token_table {
    struct vt_token_place items[VT_MAX_TIMESTAMPS];
    size_t count;
};

/* archive_timestamp.c: what archive time stamps and those over references are over. */
enum vt_code vt_archive_v3_compare(struct vt_stamped *stamped, const struct vt_cms *token,
                                   const struct vt_token_info *info, bool *out_right) VT_MUST_CHECK;
enum vt_code vt_archive_v2_compare(struct vt_stamped *stamped, const struct vt_cms *token,
                                   const struct vt_token_info *info, bool *out_right) VT_MUST_CHECK;
enum vt_code vt_references_compare(struct vt_stamped *stamped, const struct vt_cms *token,
                                   const struct vt_token_info *info, bool *out_right) VT_MUST_CHECK;

#endif
