/* SPDX-License-Identifier: Apache-2.0
 * One key of the configuration as the sealer keeps it: its certificate, its worker, and whether the
 * HSM is there. A connection that is lost is built anew once at once, then after 10 to 30 seconds;
 * meanwhile requests are answered without waiting. Single-threaded, and waits for nobody. */
#ifndef VANTHU_SEAL_HSM_H
#define VANTHU_SEAL_HSM_H

#include <sys/stat.h>

#include "seal/identity.h"
#include "seal/login.h"
#include "seal/worker.h"

enum vt_hsm_state {
    VT_HSM_DOWN = 0, /* until due_msecs */
    VT_HSM_STARTING, /* a worker opens it */
    VT_HSM_UP,
    VT_HSM_REFUSED, /* the PIN; until its file changes */
};

/* One call that is under way at the HSM. */
struct vt_hsm_call {
    uint32_t id; /* 0: none */
    int64_t until_msecs;
};

struct vt_hsm {
    const struct vt_config *config;
    const struct vt_seal_key *key;
    const struct vt_backend *backend; /* NULL: nothing speaks this URI */
    void *module;
    struct vt_own_certificate own; /* certificate empty: there is none, text_of_certificate why */
    char text_of_certificate[VT_ERR_TEXT_BYTES];
    enum vt_hsm_state state;
    enum vt_seal_fault fault;     /* why it is not up */
    char text[VT_ERR_TEXT_BYTES]; /* the same for an administrator */
    struct vt_worker worker;
    struct vt_seal_token token; /* of the last time it was up */
    bool is_other_key;          /* the token's public key is not the certificate's */
    int64_t due_msecs, until_msecs, started_msecs;
    bool is_held;           /* another key with its module begins right now: one after the other */
    unsigned failures;      /* in a row */
    int64_t since_utc_secs; /* of the state being up, or not */
    int64_t lost_msecs;     /* when it was lost; 0: it is there, or never was */
    int64_t recovery_msecs; /* how long the last loss took; -1: there was none */
    unsigned losses;        /* of a connection that was up */
    char pin_digest[65];
    struct stat pin_seen, secret_seen; /* the files when they were read last */
    int64_t pin_look_msecs;
    const struct vt_pin *trial; /* this PIN in the place of the file's; NULL */
    struct {
        int64_t due_msecs, good_utc_secs; /* good: of the last one; 0: there was none */
        char text[VT_ERR_TEXT_BYTES];     /* why the last one failed; "": it did not */
        bool is_under_way;
    } canary;
    struct vt_hsm_call calls[VT_MAX_SEAL_PARALLEL];
    uint32_t last_id;
};

/* Load module and certificate; what is missing is told by the key's state, never by failing. Before
 * the sandbox. */
void vt_hsm_init(struct vt_hsm *hsm, const struct vt_config *config, const struct vt_seal_key *key);
void vt_hsm_clear(struct vt_hsm *hsm);

/* As time goes by: begin what is due, give up what is late. True: the worker was lost, and every
 * call that was under way with it. */
bool vt_hsm_tick(struct vt_hsm *hsm, int64_t now_msecs);
/* When tick has something to do; INT64_MAX: never. */
int64_t vt_hsm_next_msecs(const struct vt_hsm *hsm);
/* Its socket is readable. VT_OK: *out answers a call. VT_E_TIMEOUT: nothing more for the caller.
 * VT_E_PEER: the worker was lost, as in tick. */
enum vt_code vt_hsm_hear(struct vt_hsm *hsm, struct vt_worker_answer *out) VT_MUST_CHECK;
/* Whether a request would wait in vain: down, and nothing begins soon. */
bool vt_hsm_is_away(const struct vt_hsm *hsm, int64_t now_msecs);
/* True when one more call may go to the HSM. */
bool vt_hsm_has_place(const struct vt_hsm *hsm);
/* VT_E_BUSY, VT_E_PEER. */
enum vt_code vt_hsm_sign(struct vt_hsm *hsm, struct vt_bytes data, int64_t now_msecs,
                         uint32_t *out_id, struct vt_err *err) VT_MUST_CHECK;
/* What an administrator has to know, in one line. */
const char *vt_hsm_state_name(enum vt_hsm_state state);

#endif
