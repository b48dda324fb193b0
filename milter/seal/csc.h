/* SPDX-License-Identifier: Apache-2.0
 * The back end of the Cloud Signature Consortium's API inside: connection and token (csc.c), what a
 * credential may do (csc_key.c), authorisation and signature (csc_sign.c). Versions 1 (1.0.4.0) and
 * 2 (2.0 to 2.2); only what works without a person. */
#ifndef VANTHU_SEAL_CSC_H
#define VANTHU_SEAL_CSC_H

#include <pthread.h>
#include <stdatomic.h>

#include "seal/rest.h"

struct vt_csc {
    const struct vt_rest_module *module;
    const struct vt_seal_key *key;
    struct vt_pin pin, secret;
    struct vt_pin authorization; /* the header line with the token; empty: none */
    int64_t token_until_msecs;
    pthread_mutex_t token_lock; /* of the two before */
    pthread_mutex_t pin_lock;   /* one PIN at a time: services lock after a few wrong ones */
    atomic_bool is_refused;
    EVP_PKEY *public_key;
    const char *algorithm; /* an object identifier */
    bool wants_pin, wants_hash /* SCAL 2 */;
    int64_t call_msecs;
};
struct vt_csc_session {
    struct vt_csc *csc;
    struct vt_rest rest;
};

/* POST to a method below the path of the service; a token that is not taken is fetched anew, once.
 * NONE: status 200, or 202 with a "handle" to ask again with. out: vt_rest_answer_clear, always. */
enum vt_seal_fault vt_csc_ask(struct vt_csc_session *session, const char *method,
                              const json_t *body, int64_t until_msecs, struct vt_rest_answer *out,
                              struct vt_err *err);
/* Whether the words of a refusal are known: then they say whether it was the PIN. */
bool vt_csc_is_explained(const struct vt_rest_answer *answer);
/* When a call has to end. */
int64_t vt_csc_until(const struct vt_csc *csc);

/* ---- csc_key.c ---- */

/* Ask about the credential, and whether it signs so, without a person. */
enum vt_seal_fault vt_csc_look(struct vt_csc_session *session, struct vt_seal_token *out,
                               struct vt_err *err);

/* ---- csc_sign.c ---- */

/* A first authorisation that nothing is signed with: whether the PIN is good. */
enum vt_seal_fault vt_csc_try_pin(struct vt_csc_session *session, struct vt_err *err);
enum vt_seal_fault vt_csc_sign(void *session, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                               struct vt_bytes data, struct vt_buf *out, struct vt_err *err);

#endif
