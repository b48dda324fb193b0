/* SPDX-License-Identifier: Apache-2.0
 * The outbox: what the registrar does with the queue of notices. Each turn it writes a few that are
 * due and gives up what is too old; post takes them one by one and says what became of each. */
#ifndef VANTHU_REGISTER_OUTBOX_H
#define VANTHU_REGISTER_OUTBOX_H

#include "base/server.h"
#include "register/queued.h"
#include "vanthu/config.h"
#include "vanthu/metrics.h"

struct vt_outbox;

/* Borrowed, all of it, and the metrics. */
struct vt_outbox_setup {
    const struct vt_config *config;
    int policy_fd; /* the bundle that the master checked, for its table of agencies; -1: none */
    int words_fd;  /* the same of the words of notices; -1: those that are built in */
    size_t places_count; /* of the server */
};
/* *out: vt_outbox_free. VT_E_CONFIG, VT_E_FORMAT: policy or words are not what was checked;
 * VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_outbox_new(const struct vt_outbox_setup *setup, struct vt_metrics *metrics,
                           struct vt_outbox **out, struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_outbox_free(struct vt_outbox *outbox);

/* The policy that notices are written with; NULL: none. The outbox's. */
const struct vt_policy *vt_outbox_policy(const struct vt_outbox *outbox);
/* Write what is due and end what is too old, a few of each. */
void vt_outbox_turn(struct vt_outbox *outbox, struct vt_register *reg);
/* Requests of post and command; as vt_server_setup.take. */
enum vt_code vt_outbox_next(struct vt_outbox *outbox, struct vt_register *reg,
                            struct vt_server *server, size_t client,
                            struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_outbox_done(struct vt_outbox *outbox, struct vt_register *reg,
                            struct vt_server *server, size_t client,
                            const struct vt_message *message, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_outbox_order(struct vt_outbox *outbox, struct vt_register *reg,
                             struct vt_server *server, size_t client,
                             const struct vt_message *message, struct vt_err *err) VT_MUST_CHECK;
/* A connection ends: what it has and did not say anything of is handed out again. */
void vt_outbox_forget(struct vt_outbox *outbox, struct vt_register *reg, size_t client);

#endif
