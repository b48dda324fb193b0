/* SPDX-License-Identifier: Apache-2.0
 * The registrar inside: its state, shared by the loop (registrar_main.c) and the requests
 * (registrar_requests.c). */
#ifndef VANTHU_REGISTER_REGISTRAR_ROLE_H
#define VANTHU_REGISTER_REGISTRAR_ROLE_H

#include "base/server.h"
#include "register/batch.h"
#include "register/outbox.h"
#include "register/schedule.h"
#include "vanthu/metrics.h"
#include "vanthu/role.h"

struct vt_registrar_role {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_register *reg;
    struct vt_batch batch;
    struct vt_server *clients;
    struct vt_outbox *outbox;
    struct vt_schedule *schedule;
    int64_t schedule_at_msecs;
    struct vt_register_retention retention;
    struct vt_metrics *metrics;
    int64_t tend_at_msecs;
    int64_t stuck_utc_secs; /* since when nothing can be committed; 0: the last commit succeeded */
    int64_t probed_msecs;   /* when it was last tried */
    int64_t room_at_msecs;  /* when the disk is looked at again */
    pid_t master;
    int64_t master_gone_msecs; /* 0: it is there */
    bool ending;
};

/* One request (vt_server_setup); context: the role. A record is answered with its commit. */
enum vt_code vt_registrar_take(void *context, size_t client, struct vt_message *message,
                               struct vt_err *err);
/* A client has gone. */
void vt_registrar_forget(void *context, size_t client);
/* Commit what has gathered, and answer each. */
void vt_registrar_commit(struct vt_registrar_role *server);
/* How a commit of records went: the numbers, and since when none succeeds. */
void vt_registrar_count_commit(struct vt_registrar_role *server, size_t records, bool good,
                               int64_t begun_msecs);

#endif
