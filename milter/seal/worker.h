/* SPDX-License-Identifier: Apache-2.0
 * The process that speaks with one HSM for one key. PKCS #11 has no time limits and its modules
 * keep state that a lost connection ruins: so the worker is killed when a call is late, ends itself
 * when the connection is lost, and a new one begins with a new login. It knows of nothing but its
 * key: the sealer decides what is signed. */
#ifndef VANTHU_SEAL_WORKER_H
#define VANTHU_SEAL_WORKER_H

#include <sys/types.h>

#include "seal/backend.h"

/* Of the question whether it may log in now, and of the answer: yes is a request without data. */
#define VT_WORKER_LOGIN UINT32_MAX
/* What a worker says: once after its start, then for each request. */
struct vt_worker_answer {
    uint32_t id; /* of the request; 0: it has opened its key, or not */
    enum vt_seal_fault fault;
    char text[VT_ERR_TEXT_BYTES / 2];
    struct vt_seal_token token; /* with id 0 and fault NONE */
    uint8_t signature[VT_MAX_SEAL_SIGNATURE_BYTES];
    uint32_t signature_len;
};

struct vt_worker {
    pid_t pid;  /* 0: none */
    int socket; /* of the sealer; -1 */
};

/* Start one. pin: of open, in memory that the caller wipes afterwards; the worker wipes its copy
 * after the login. It enters a sandbox of its own inside the sealer's: without its folder, without
 * fork. VT_E_SYSTEM. */
enum vt_code vt_worker_start(struct vt_worker *worker, const struct vt_backend *backend,
                             const struct vt_seal_open *open, struct vt_err *err) VT_MUST_CHECK;
/* Kill and forget it; it is waited for by vt_workers_reap. */
void vt_worker_kill(struct vt_worker *worker);
/* Take leave of all that have ended. */
void vt_workers_reap(void);
/* Hand over what is to be signed; id is not 0. VT_E_BUSY: it takes nothing more now. VT_E_PEER: it
 * has ended. */
enum vt_code vt_worker_ask(const struct vt_worker *worker, uint32_t id, enum vt_seal_scheme scheme,
                           enum vt_seal_hash hash, struct vt_bytes data,
                           struct vt_err *err) VT_MUST_CHECK;
/* The next answer that is there. VT_E_TIMEOUT: none. VT_E_PEER: it has ended. VT_E_FORMAT: it
 * answers nonsense, and is to be killed. */
enum vt_code vt_worker_hear(const struct vt_worker *worker, struct vt_worker_answer *out,
                            struct vt_err *err) VT_MUST_CHECK;

#endif
