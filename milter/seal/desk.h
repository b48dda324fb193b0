/* SPDX-License-Identifier: Apache-2.0
 * The sealer's requests, from asking to answer. One that is to be signed goes through: check of
 * what it is, authorisation, quota, HSM, own verification, record, answer; in this order, and the
 * signature leaves with the last step only. Single-threaded, and waits for nobody. */
#ifndef VANTHU_SEAL_DESK_H
#define VANTHU_SEAL_DESK_H

#include "base/server.h"
#include "seal/authorise.h"
#include "seal/hsm.h"
#include "seal/messages.h"
#include "vanthu/metrics.h"
#include "vanthu/reference.h"

#define VT_SEAL_CLIENTS 256
#define VT_SEAL_NOTICES 4
#define VT_SEAL_ADMINS 8
#define VT_SEAL_JOBS (VT_SEAL_CLIENTS + VT_SEAL_NOTICES + VT_SEAL_ADMINS + VT_MAX_SEAL_KEYS)

enum vt_seal_step {
    VT_STEP_NONE = 0,
    VT_STEP_WAITING, /* for a place at the HSM */
    VT_STEP_SIGNING,
    VT_STEP_RECORDING
};

struct vt_seal_desk;
struct vt_seal_job;
/* It is over: with a signature in job->signature only when failure is VT_SEAL_DONE. */
typedef void vt_seal_finish(struct vt_seal_desk *desk, struct vt_seal_job *job,
                            enum vt_seal_failure failure, const char *text);

struct vt_seal_job {
    enum vt_seal_step step;
    vt_seal_finish *finish;
    struct vt_server *server; /* NULL: nobody asked, it is the canary */
    size_t client;
    struct vt_hsm *hsm;
    enum vt_seal_purpose purpose;
    char reference[VT_REFERENCE_BYTES]; /* "": none */
    char on_behalf[VT_MAX_SEAL_BEHALF_BYTES];
    char about[VT_MAX_SEAL_ABOUT_BYTES]; /* "": nothing is said */
    char permission[VT_SEAL_PERMISSION_BYTES];
    struct vt_buf data, signature;
    bool is_request;                         /* data is a certificate request, not attributes */
    EVP_PKEY *public_key;                    /* that verifies the signature */
    void *extra;                             /* of finish */
    void (*forget)(struct vt_seal_job *job); /* release both; NULL: they are borrowed */
    int64_t begun_msecs, deadline_msecs;
    uint32_t id; /* of the call at the HSM */
    unsigned tries, record_tries;
    int record_fd;
    int64_t record_again_msecs;
};

/* An event on its way into the register. */
#define VT_SEAL_NOTES 16
struct vt_seal_note {
    const char *what; /* NULL: free */
    char by[VT_MAX_SEAL_BEHALF_BYTES], text[VT_MAX_SEAL_TEXT_BYTES];
    int fd; /* -1: to be told again */
    int64_t again_msecs;
    unsigned tries;
};

struct vt_seal_desk {
    const struct vt_config *config;
    const struct vt_site *site; /* NULL: none */
    int record_channel;
    struct vt_metrics *metrics;
    struct vt_server *clients, *notices, *admins;
    struct vt_hsm hsms[VT_MAX_SEAL_KEYS];
    size_t hsms_count;
    struct vt_seal_job jobs[VT_SEAL_JOBS];
    struct vt_seal_note notes[VT_SEAL_NOTES];
    struct {
        bool is_under_way;
        size_t client;
        char by[VT_MAX_SEAL_BEHALF_BYTES];
        struct vt_pin pin;
        struct vt_hsm hsm;
    } trial;     /* of a new PIN, for vanthu seal rotate-pin */
    bool ending; /* somebody asked what nobody may ask */
};

/* ---- desk.c: the way of a job ---- */

/* NULL: no such key. */
struct vt_hsm *vt_desk_hsm(struct vt_seal_desk *desk, const char *key);
/* A free job. NULL: there is none. */
struct vt_seal_job *vt_desk_job(struct vt_seal_desk *desk);
/* Whether its key may be used for its purpose now: stopped, certificate, authorisation; and of the
 * data what it is. VT_SEAL_DONE: yes; permission is set. */
enum vt_seal_failure vt_desk_may(const struct vt_seal_desk *desk, struct vt_seal_job *job,
                                 struct vt_err *err);
/* Count it and let it wait for the HSM; job->finish is called now or later, and once. */
void vt_desk_begin(struct vt_seal_desk *desk, struct vt_seal_job *job);
/* Everything that can go on, goes on. */
void vt_desk_advance(struct vt_seal_desk *desk);
/* The HSM gave an answer to a call; or was lost. */
void vt_desk_signed(struct vt_seal_desk *desk, struct vt_hsm *hsm,
                    const struct vt_worker_answer *answer);
void vt_desk_lost(struct vt_seal_desk *desk, const struct vt_hsm *hsm);
/* Whoever asked has gone: nothing is left of it. */
void vt_desk_forget(struct vt_seal_desk *desk, const struct vt_server *server, size_t client);
void vt_desk_clear_job(struct vt_seal_job *job);
int64_t vt_desk_next_msecs(const struct vt_seal_desk *desk);

/* ---- notes.c ---- */

/* Into the register, without waiting for it: what is not about one signature. what: static. */
void vt_desk_note(struct vt_seal_desk *desk, const char *what, const char *by, const char *text);
void vt_desk_tell_notes(struct vt_seal_desk *desk, int64_t now_msecs);
void vt_desk_forget_notes(struct vt_seal_desk *desk);

/* ---- requests.c: SEAL_SIGN, SEAL_IDENTITY ---- */

enum vt_code vt_desk_take(void *context, size_t client, struct vt_message *message,
                          struct vt_err *err);
/* The same of post, who may ask for nothing but notices. */
enum vt_code vt_desk_take_notice(void *context, size_t client, struct vt_message *message,
                                 struct vt_err *err);
/* The same of an administrator, who may not sign notices; a probe is asked for otherwise. */
enum vt_code vt_desk_take_seal(struct vt_seal_desk *desk, size_t client,
                               const struct vt_message *message, const json_t *body,
                               struct vt_err *err);
/* Answer with an object, which is given away. */
void vt_desk_answer(struct vt_server *server, size_t client, json_t *body);

/* ---- admin.c: the administrator's ---- */

enum vt_code vt_desk_take_admin(void *context, size_t client, struct vt_message *message,
                                struct vt_err *err);

/* A trial of a PIN that has come to an end is answered. */
void vt_desk_end_trial(struct vt_seal_desk *desk);
void vt_desk_forget_trial(struct vt_seal_desk *desk);

/* ---- count.c ---- */

void vt_desk_count(const struct vt_seal_desk *desk, const struct vt_seal_job *job,
                   enum vt_seal_failure failure);
/* Gauges of all keys. */
void vt_desk_count_state(const struct vt_seal_desk *desk);

/* ---- describe.c ---- */

/* Since when PIN or secret of a key are in use; VT_TIME_NONE: it has none, or that is not known. */
int64_t vt_desk_pin_since(const struct vt_seal_desk *desk, const struct vt_hsm *hsm);

/* Everything about one key that its administrator has to know; the caller's. NULL: memory is out.
 */
json_t *vt_desk_describe(const struct vt_seal_desk *desk, const struct vt_hsm *hsm);

#endif
