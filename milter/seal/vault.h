/* SPDX-License-Identifier: Apache-2.0
 * The back end of Vault and OpenBao inside: key and signature (vault.c), token (vault_token.c). */
#ifndef VANTHU_SEAL_VAULT_H
#define VANTHU_SEAL_VAULT_H

#include <pthread.h>

#include "seal/rest.h"

struct vt_vault {
    const struct vt_rest_module *module;
    const struct vt_seal_key *key;
    struct vt_pin secret; /* secret id of the role, or a token */
    pthread_mutex_t lock; /* of what follows, and of every login */
    struct vt_pin header; /* the line with the token; empty: none yet */
    bool is_renewable, is_refused;
    int64_t renew_msecs; /* monotonic; INT64_MAX: never */
    /* A new token was denied the same, so that it is not allowed: until then none is asked for. */
    int64_t denied_until_msecs;
    EVP_PKEY *public_key;
    int64_t call_msecs;
};
struct vt_vault_session {
    struct vt_vault *vault;
    struct vt_rest rest;
};

/* When a call has to end. */
int64_t vt_vault_until(const struct vt_vault *vault);
/* Ask below /v1. NONE: with any status. token: the header line; NULL: none. */
enum vt_seal_fault vt_vault_call(struct vt_vault_session *session, const char *path,
                                 const json_t *body, const struct vt_pin *token,
                                 int64_t until_msecs, struct vt_rest_answer *out,
                                 struct vt_err *err);

/* Why it does not work, asked without a token: AWAY: sealed, a standby, not initialised; LOST, with
 * otherwise for its words: its health tells nothing. */
enum vt_seal_fault vt_vault_tell_state(struct vt_vault_session *session, const char *otherwise,
                                       int64_t until_msecs, struct vt_err *err);

/* ---- vault_token.c ---- */

/* A copy of the header line, because another thread may put a new one in its place. refused: the
 * line that was denied; then a role logs in anew (but see vt_vault_deny), and of a token that is
 * still good the copy is the same. out: zeroed; vt_pin_wipe. */
enum vt_seal_fault vt_vault_token(struct vt_vault_session *session, const struct vt_pin *refused,
                                  int64_t until_msecs, struct vt_pin *out, struct vt_err *err);
/* What a new token was denied, too, it is not allowed: nobody logs in anew for it for a while. */
void vt_vault_deny(struct vt_vault *vault);
/* A thread that renews the token, also when nothing is signed for long. */
enum vt_seal_fault vt_vault_keep_alive(struct vt_vault *vault, struct vt_err *err);

#endif
