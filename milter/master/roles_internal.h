/* SPDX-License-Identifier: Apache-2.0
 * Inside a set of roles: roles.c has the set and its channels, role_process.c the life of a
 * process, role_words.c what it says. */
#ifndef VANTHU_MASTER_ROLES_INTERNAL_H
#define VANTHU_MASTER_ROLES_INTERNAL_H

#include "metrics_files.h"
#include "role_table.h"
#include "roles.h"

struct vt_role_process {
    pid_t pid;   /* 0: none */
    int control; /* -1: closed, and it is to end */
    bool ready;
    int64_t started_msecs;
    int64_t started_utc_secs;
};

struct vt_role_slot {
    struct vt_role_process now;
    int64_t start_at_msecs; /* INT64_MAX: not due */
    unsigned failures;      /* in a row, each soon after the start */
    unsigned restarts, restarts_counted;
};

struct vt_roles {
    struct vt_roles_plan plan;
    struct vt_metrics *metrics; /* the master's; NULL: nobody counts */
    struct {
        int client, server;
    } channels[VT_FDS]; /* -1: not a channel, or nobody wants it */
    struct vt_role_slot slots[VT_ROLES];
    struct vt_role_process leaving[VT_ROLES_MAX_LEAVING];
    enum vt_roles_state state;
    enum vt_role_id failed_role;
    int exit_status;
    bool draining;
    int64_t kill_at_msecs;
    char shipping[VT_MAX_SHIPPING_BYTES]; /* what the shipper said last, JSON */
};

/* Close and set to -1. */
void vt_roles_close_fd(int *fd);

/* ---- role_process.c ---- */

enum vt_code vt_roles_start_role(struct vt_roles *roles, enum vt_role_id role,
                                 struct vt_err *err) VT_MUST_CHECK;
/* The process becomes a leaving one, which finishes what it has, and its successor is due. When too
 * many are leaving, nothing happens: it is replaced when it has ended. */
void vt_roles_renew(struct vt_roles *roles, enum vt_role_id role);
void vt_roles_kill_all(const struct vt_roles *roles);
void vt_roles_forget_process(struct vt_role_process *process);

/* ---- metrics_files.c ---- */

/* Hand the web role what it shows. */
void vt_roles_show_metrics(struct vt_roles *roles);
/* Note what runs and what was started again. */
void vt_roles_count(struct vt_roles *roles);
/* A process has ended: what it had under way is no more. */
void vt_roles_forget_metrics(const struct vt_roles *roles, enum vt_role_id role);

/* ---- role_words.c ---- */

/* Take everything that a role has said. */
void vt_roles_listen(struct vt_roles *roles, enum vt_role_id role);

#endif
