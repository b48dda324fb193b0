/* SPDX-License-Identifier: Apache-2.0
 * Three lifetimes: the gateway (one per process, does not change once it serves), the session (one
 * SMTP connection) and the transaction (one mail). libmilter runs the callbacks of one session on
 * different threads, one after the other: nothing here belongs to a thread. */
#ifndef VANTHU_GATEWAY_GATEWAY_H
#define VANTHU_GATEWAY_GATEWAY_H

#include "gateway/brake.h"
#include "gateway/direction.h"
#include "gateway/front.h"
#include "gateway/held.h"
#include "gateway/kick.h"
#include "gateway/milter_api.h"
#include "gateway/poison.h"
#include "gateway/queue.h"
#include "gateway/reference.h"
#include "gateway/seal.h"
#include "gateway/siphash.h"
#include "gateway/spool.h"
#include "gateway/strip.h"
#include "gateway/teller.h"
#include "vanthu/metrics.h"
#include "vanthu/registrar.h"
#include "vanthu/role.h"

/* Evidence, decision and headers of one mail. */
#define VT_MAX_GATEWAY_ARENA_BYTES (64u * 1024 * 1024)
/* What a transaction takes besides its spool, so that both stay within limits.memory-spool. */
#define VT_TRANSACTION_BYTES (48u * 1024)

struct vt_gateway {
    const struct vt_config *config;
    const struct vt_milter_api *api;
    const struct vt_policy *policy;
    int inspect_fd, status_fd, record_fd, seal_fd;
    /* vt_inspection_run, or what a test puts in its place. */
    enum vt_code (*inspect)(struct vt_arena *arena, struct vt_inspection *inspection,
                            struct vt_evidence **out_evidence, struct vt_err *err);
    /* vt_registrar_look and vt_registrar_record, or the same. */
    enum vt_code (*look)(struct vt_arena *arena, const struct vt_registrar *registrar,
                         const struct vt_look *look, struct vt_looked *out, struct vt_err *err);
    enum vt_code (*record)(const struct vt_registrar *registrar,
                           const struct vt_register_record *record, struct vt_err *err);
    const struct vt_seal_steps *seal_steps;
    struct vt_networks internal, front_relays;
    struct vt_queue queue;
    struct vt_queue seal_queue; /* mails that wait for a signature */
    struct vt_own_seals own_seals;
    struct vt_kept_data kept_data;
    struct vt_poison poison;
    struct vt_brake brake;
    struct vt_held held;
    struct vt_teller teller;
    struct vt_reference reference;
    struct vt_kick kick;
    uint8_t hash_key[VT_SIPHASH_KEY_BYTES];
    struct vt_metrics *metrics;  /* NULL: nobody counts */
    atomic_uint sessions_count;  /* SMTP connections */
    atomic_uint messages_count;  /* between MAIL and the end of the mail */
    atomic_uint judging_count;   /* inside the end-of-message callback */
    atomic_bool degraded_logged; /* the MTA offers less than we can use: said once */
};

struct vt_session {
    unsigned long steps;   /* SMFIP_* agreed on */
    unsigned long actions; /* SMFIF_* agreed on */
    bool is_connected;     /* counted in sessions_count */
    char client_address[64];
    char client_name[256];
    char helo[256];
    char daemon_name[128];
    struct vt_transaction *transaction;
};

struct vt_transaction {
    struct vt_gateway *gateway;
    struct vt_arena *arena;
    struct vt_mail mail; /* what envelope and MTA say; strings in the arena or the session */
    size_t recipients_dropped_count;
    struct vt_spool spool;
    struct vt_strip strip;
    struct vt_front front;  /* the way through relays in front, if there was one */
    struct vt_siphash hash; /* of sender and body: the same for every retry */
    const char *subject;    /* the first one as it came, with LF folds; NULL: none */
    bool is_marked_secret;  /* its Subject begins with a mark (vanthu/secret.h) */
    struct vt_err fault;    /* the first fault of ours; code VT_OK: none */
};

/* sender: as MAIL has it, "<a@b>", "<>", "" or with arguments behind. NULL when memory is out. */
struct vt_transaction *vt_transaction_new(struct vt_gateway *gateway, const char *sender);
void vt_transaction_free(struct vt_transaction *transaction);
/* These keep a fault in the transaction; the answer to it is given at the end of the mail. */
void vt_transaction_recipient(struct vt_transaction *transaction, const char *recipient);
void vt_transaction_header(struct vt_transaction *transaction, const char *name, const char *value,
                           bool has_leading_space);
void vt_transaction_end_headers(struct vt_transaction *transaction);
void vt_transaction_body(struct vt_transaction *transaction, struct vt_bytes bytes);
/* A cleaned copy in the arena; NULL for NULL or when memory is out (then with a fault). */
const char *vt_transaction_text(struct vt_transaction *transaction, const char *text);

#endif
