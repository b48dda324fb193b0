/* SPDX-License-Identifier: Apache-2.0
 * What a place for keys has to be able to do. Everything above it is the same for all: a signature
 * is verified with the certificate, authorised, counted and recorded by the sealer, and a call that
 * never returns costs a worker process and nothing else (worker.h). So a back end may block; it
 * tries nothing a second time with what was refused. */
#ifndef VANTHU_SEAL_BACKEND_H
#define VANTHU_SEAL_BACKEND_H

#include "vanthu/config.h"

/* How a call ended. Zero memory is a loss. What may have counted a PIN is never AWAY. */
enum vt_seal_fault {
    VT_FAULT_LOST = 0,   /* not there, or the connection is of no use any more: try anew */
    VT_FAULT_AWAY,       /* the same, and no PIN was looked at: none was sent, or it cannot work */
    VT_FAULT_NONE,       /* it is good */
    VT_FAULT_PIN,        /* the PIN or secret was refused: never try it again */
    VT_FAULT_PIN_LOCKED, /* the token takes no PIN until its officer unlocks it */
    VT_FAULT_TOKEN,      /* there, and not what the configuration names */
    VT_FAULT_KEY,        /* no such key, or one that cannot be used so */
    VT_FAULT_REFUSED,    /* this one request cannot be done */
    VT_FAULTS
};

/* Whether the worker ends with it, and a new one begins. */
static inline bool vt_seal_fault_is_loss(enum vt_seal_fault fault)
{
    return fault == VT_FAULT_LOST || fault == VT_FAULT_AWAY;
}

#define VT_MAX_SEAL_PUBLIC_KEY_BYTES 1024
/* What was found there; texts are clean. */
struct vt_seal_token {
    char label[64], manufacturer[64], model[32], serial[32];
    bool is_software;    /* a key on a disk (legal.md R-48) */
    bool is_exportable;  /* the HSM would give the key away */
    bool had_wrong_pins; /* the token counted wrong PINs since the login before this one */
    uint8_t public_key[VT_MAX_SEAL_PUBLIC_KEY_BYTES]; /* DER of SubjectPublicKeyInfo */
    size_t public_key_len;                            /* 0: it does not say */
};

struct vt_seal_open {
    void *module;
    const struct vt_seal_key *key;
    struct vt_bytes pin;      /* empty: none */
    struct vt_bytes secret;   /* of secret-file; empty: none */
    int64_t call_msecs;       /* after so long a call is late, and the worker is killed */
    bool (*may_log_in)(void); /* asked right before the PIN is sent; false: it must not be */
};

struct vt_backend {
    const char *uri_scheme; /* "pkcs11" */
    /* In the sealer, before its sandbox closes: whatever needs code from files. *out is never given
     * back. VT_E_CONFIG, VT_E_NOMEM. */
    enum vt_code (*load)(const struct vt_seal_key *key, void **out_module, struct vt_err *err);
    /* The rest in a worker, with the environment of the key. Connect, log in at most once, find the
     * key. */
    enum vt_seal_fault (*open)(const struct vt_seal_open *input, void **out_handle,
                               struct vt_seal_token *out, struct vt_err *err);
    /* One for each thread that signs. */
    enum vt_seal_fault (*begin)(void *handle, void **out_session, struct vt_err *err);
    /* The signature value over data (ECDSA: DER). out: empty. */
    enum vt_seal_fault (*sign)(void *session, enum vt_seal_scheme scheme, enum vt_seal_hash hash,
                               struct vt_bytes data, struct vt_buf *out, struct vt_err *err);
    /* Log out and let go; sessions end with it. */
    void (*close)(void *handle);
};

extern const struct vt_backend vt_backend_pkcs11, vt_backend_nethsm, vt_backend_csc,
    vt_backend_vault;

/* By the scheme of a URI; NULL: none. */
const struct vt_backend *vt_backend_of(const char *uri);

#endif
