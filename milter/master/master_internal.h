/* SPDX-License-Identifier: Apache-2.0
 * Inside the master: master.c has its events, sets.c the sets of roles and their changes. */
#ifndef VANTHU_MASTER_MASTER_INTERNAL_H
#define VANTHU_MASTER_MASTER_INTERNAL_H

#include "master.h"
#include "metrics_files.h"
#include "roles.h"

/* A set of roles and the configuration it was started from. */
struct vt_master_set {
    struct vt_config *config;
    struct vt_roles *roles; /* NULL: no set here */
    struct vt_mistakes warnings;
    unsigned lane; /* of its gauges */
};

/* Which of the sets is which. */
enum { VT_SET_CURRENT, VT_SET_PENDING, VT_SET_FIRST_OLD };
#define VT_MASTER_MAX_OLD_SETS 4
#define VT_MASTER_MAX_SETS (VT_SET_FIRST_OLD + VT_MASTER_MAX_OLD_SETS)

enum { VT_ENTRY_SIGNALS, VT_ENTRY_CONTROL, VT_ENTRY_CLIENTS };
#define VT_MASTER_MAX_ENTRIES                                                                      \
    (VT_ENTRY_CLIENTS + VT_CONTROL_MAX_CLIENTS + VT_MASTER_MAX_SETS * VT_ROLES_MAX_POLL)

struct vt_master {
    const struct vt_master_options *options;
    int binary, signal_fd;
    bool log_to_syslog; /* at the start */
    int *started_fd;    /* of the one who waits for our start; -1: nobody */
    struct vt_bound milter, next_milter, control;
    struct vt_bound web, next_web; /* fd -1: not wanted, or no other one comes */
    struct vt_metrics_files metrics;
    struct vt_master_set sets[VT_MASTER_MAX_SETS];
    int clients[VT_CONTROL_MAX_CLIENTS];
    int reloading_client; /* waits for the pending set */
    bool serving, stopping;
    int exit_status;
    bool over;
    struct pollfd entries[VT_MASTER_MAX_ENTRIES];
    size_t entries_of[VT_MASTER_MAX_SETS]; /* how many each set put in */
};

/* Listening sockets of a set, borrowed. */
struct vt_master_sockets {
    int milter, web; /* web: -1: not wanted */
};

/* ---- sets.c ---- */

/* Start the roles of what was loaded, and take that over; *out stays empty after a failure. */
enum vt_code vt_master_start_set(struct vt_master *master, struct vt_loaded *loaded,
                                 const struct vt_master_sockets *sockets, struct vt_master_set *out,
                                 struct vt_err *err) VT_MUST_CHECK;
void vt_master_clear_set(struct vt_master_set *set);
/* Read everything anew and start a pending set; client hears what becomes of it. -1: a signal. */
void vt_master_reload(struct vt_master *master, int client);
/* Finish the mails under way, then end; at the second call at once. */
void vt_master_stop(struct vt_master *master, const char *why);
/* See what has become of the sets, and act on it. */
void vt_master_look_at_sets(struct vt_master *master);
/* Tell a client what is served now, and close it. text: may be NULL. */
void vt_master_answer(const struct vt_master *master, int client, bool ok, const char *text);
/* Log an error; whoever waits for the daemon's start reads standard error, not the log. */
void vt_master_complain(const struct vt_master *master, const char *text);

#endif
