/* SPDX-License-Identifier: Apache-2.0
 * One set of roles that belong together: the channels between them, which outlive every one of
 * them, and their processes, which are restarted when they die. */
#ifndef VANTHU_MASTER_ROLES_H
#define VANTHU_MASTER_ROLES_H

#include <poll.h>

#include "role_start.h"
#include "role_table.h"

/* Control sockets of the running roles and of inspectors that are leaving. */
#define VT_ROLES_MAX_LEAVING 8
#define VT_ROLES_MAX_POLL (VT_ROLES + VT_ROLES_MAX_LEAVING)

/* What a set is made of. config, binary and milter_socket are borrowed, the memory files are owned
 * from vt_roles_new on. */
struct vt_roles_plan {
    const struct vt_config *config;
    bool wanted[VT_ROLES];
    bool change_user[VT_ROLES]; /* to config->role_user */
    const char *fallback_user;  /* when that one does not exist; NULL: it must */
    int binary;
    int milter_socket;
    int web_socket;                         /* borrowed; -1 */
    const struct vt_metrics_files *metrics; /* borrowed; NULL: nobody counts */
    unsigned lane;                          /* in them */
    int config_text;                        /* owned; -1 */
    int policy_text;                        /* owned; -1 */
    int notices_text;                       /* owned; -1: the words that are built in */
    int rules_text;                         /* owned; -1: since when they are what they are */
    int looks_file;                         /* owned; -1: seals show nothing */
    int overrides;                          /* owned; -1 */
    bool log_to_stderr;
    bool quiet;
};

enum vt_roles_state {
    VT_ROLES_STARTING = 0,
    VT_ROLES_SERVING, /* each was ready once */
    VT_ROLES_FAILED,  /* one ended before it was ready: vt_roles_exit_status */
    VT_ROLES_GONE     /* drained: no process is left */
};

struct vt_roles;

/* Make the channels. Nothing runs yet. The memory files are closed on failure, too. */
enum vt_code vt_roles_new(const struct vt_roles_plan *plan, struct vt_roles **out,
                          struct vt_err *err) VT_MUST_CHECK;
/* Start every wanted role, as children of the calling process. */
enum vt_code vt_roles_start(struct vt_roles *roles, struct vt_err *err) VT_MUST_CHECK;
/* Kill what still runs, without waiting for it, and free. NULL is allowed. */
void vt_roles_free(struct vt_roles *roles);

/* The caller's loop: fill entries, poll until the time given by vt_roles_next_msecs, hand the
 * entries back, hand over every child that waitpid(2) reports, call tick. */
size_t vt_roles_poll(const struct vt_roles *roles, struct pollfd entries[VT_ROLES_MAX_POLL]);
void vt_roles_polled(struct vt_roles *roles, const struct pollfd *entries, size_t count);
/* True when the child was one of the set. */
bool vt_roles_reaped(struct vt_roles *roles, pid_t pid, int wait_status);
void vt_roles_tick(struct vt_roles *roles);
/* When tick has something to do next, on the monotonic clock; INT64_MAX: never. */
int64_t vt_roles_next_msecs(const struct vt_roles *roles);

enum vt_roles_state vt_roles_state(const struct vt_roles *roles);
/* Of the role that ended before it was ready, and its name. */
int vt_roles_exit_status(const struct vt_roles *roles);
const char *vt_roles_failed_name(const struct vt_roles *roles);

/* Let the gateway finish its mails and post its notice, then end the others. What runs longer is
 * killed. */
void vt_roles_drain(struct vt_roles *roles, int64_t deadline_msecs);

/* The client end of a channel for the caller's own requests, borrowed. -1: there is none, or it is
 * not for the caller. */
int vt_roles_client_fd(const struct vt_roles *roles, enum vt_role_fd channel);
/* Close all but these client ends, in a process that is a client only (after fork). */
void vt_roles_forget_servers(struct vt_roles *roles);

/* What the shipper said last, a JSON object; "" when it has said nothing. */
#define VT_MAX_SHIPPING_BYTES 2048
const char *vt_roles_shipping(const struct vt_roles *roles);

struct vt_role_state {
    bool wanted, running;
    pid_t pid;
    unsigned restarts;
    int64_t started_utc_secs;
};
/* Into the metrics. */
void vt_roles_count_reload(const struct vt_roles *roles, bool good);

void vt_roles_look(const struct vt_roles *roles, enum vt_role_id role, struct vt_role_state *out);

#endif
