/* SPDX-License-Identifier: Apache-2.0
 * stamp: time stamps of an authority over what is sealed (RFC 3161, RFC 5816). The status role
 * asks, by way of fetch, and believes nothing: an answer is one to this very query, and its
 * signature leads to a trust set of our own. */
#ifndef VANTHU_STAMP_H
#define VANTHU_STAMP_H

#include "vanthu/config.h"
#include "vanthu/wire.h"

/* As many as all authorities take. */
#define VT_STAMP_NONCE_BYTES 8
#define VT_MAX_STAMP_ANSWER_BYTES (64u * 1024)
#define VT_MAX_STAMP_TEXT_BYTES 400

/* ---- pure ---- */

struct vt_stamp_query {
    enum vt_seal_hash hash;
    struct vt_bytes imprint;             /* the digest that is to be stamped, by this hash */
    uint8_t nonce[VT_STAMP_NONCE_BYTES]; /* its first octet is 1 to 127 */
    const char *policy;                  /* dotted; NULL: the authority's own */
};
struct vt_stamp {
    struct vt_bytes token; /* ContentInfo, view of the answer */
    int64_t time_utc_secs;
};
/* A TimeStampReq that asks for the authority's certificate. *out lives in arena. VT_E_FORMAT: the
 * policy is no OID, or the digest has another length; VT_E_NOMEM. Source: RFC 3161 2.4.1. */
enum vt_code vt_stamp_query_write(struct vt_arena *arena, const struct vt_stamp_query *query,
                                  struct vt_bytes *out, struct vt_err *err) VT_MUST_CHECK;
/* What an authority answered; hostile. Whether its signature is right is not asked here.
 * VT_E_NOT_FOUND: it refuses, its words in err. VT_E_FORMAT: no answer to this query (another
 * digest, nonce or policy), or its time is not that of our clock. VT_E_NOMEM. Source: RFC 3161
 * 2.4.2. */
enum vt_code vt_stamp_answer_read(struct vt_arena *arena, struct vt_bytes answer,
                                  const struct vt_stamp_query *query, int64_t now_utc_secs,
                                  struct vt_stamp *out, struct vt_err *err) VT_MUST_CHECK;

/* ---- client of the status role: gateway, command ---- */

struct vt_stamper {
    int channel_fd;         /* client end of the channel, … */
    int connection_fd;      /* … or, with channel_fd -1, one connection that the master made */
    int64_t deadline_msecs; /* monotonic */
    void (*progress)(void *context);
    void *progress_context;
};
struct vt_stamped_answer {
    struct vt_bytes token; /* empty: there is none, text says why */
    int64_t time_utc_secs;
    const char *url;  /* of the authority that gave it; NULL */
    const char *text; /* cleaned; NULL with a token */
    /* of the certificate whose key signed the token; NULL without one */
    const char *certificate_sha256;
};
/* Have a value stamped (a signature, at most VT_MAX_SEAL_SIGNATURE_BYTES), by its digest of
 * seal.timestamp.hash and the authorities of the configuration, one after another. *out lives in
 * arena. VT_OK: also without a token; VT_E_PEER, VT_E_TIMEOUT: the status role does not answer;
 * VT_E_NOMEM. */
enum vt_code vt_stamp_ask(struct vt_arena *arena, const struct vt_stamper *stamper,
                          struct vt_bytes value, struct vt_stamped_answer *out,
                          struct vt_err *err) VT_MUST_CHECK;

#endif
