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
    struct vt_version version;
    json_t *rules; /* vt_version_rules */
    /* Sealed memory files, for whoever asks and for the folder of versions; -1: none. */
    int config_text, policy_text;
};

/* What a reload is about. */
struct vt_change {
    const char *back_to; /* digest of a kept version; NULL: the files are loaded */
    const char *why;     /* it goes back; stays valid */
    const char *expected;
    int64_t confirm_secs;
    char by[VT_VERSION_BY_BYTES];
};

/* Which of the sets is which. */
enum { VT_SET_CURRENT, VT_SET_PENDING, VT_SET_FIRST_OLD };
#define VT_MASTER_MAX_OLD_SETS 4
#define VT_MASTER_MAX_RECORDING 8
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
    /* Of the pending set: how it came about, and what is known of versions once it serves. */
    struct {
        bool goes_back, is_new; /* new: another version than the one before */
        const char *why;
        struct vt_versions versions;
    } pending;
    struct vt_versions versions;
    pid_t recording[VT_MASTER_MAX_RECORDING]; /* children that record events; 0: none */
    json_t *rules;                            /* of the version that serves, or that served last */
    int64_t give_up_at_msecs;                 /* what serves goes back then; INT64_MAX: it stays */
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
void vt_master_init_set(struct vt_master_set *set);
/* Let the roles of a set finish their mails. */
void vt_master_drain_set(const struct vt_master_set *set);
/* Finish the mails under way, then end; at the second call at once. */
void vt_master_stop(struct vt_master *master, const char *why);
/* See what has become of the sets, and act on it. */
void vt_master_look_at_sets(struct vt_master *master);
/* Tell a client what is served now, and close it. text: may be NULL. */
void vt_master_answer(const struct vt_master *master, int client, bool ok, const char *text);

/* ---- changes.c ---- */

/* Before the first set: the versions that are known; *loaded becomes what is to serve, which is not
 * what the files have when nobody kept that. */
void vt_master_open_versions(struct vt_master *master, struct vt_loaded *loaded);
/* The first set serves. */
void vt_master_note_start(struct vt_master *master);
/* Read everything anew, or take a kept version, and start a pending set; client hears what becomes
 * of it. -1: a signal, or nobody. */
void vt_master_change(struct vt_master *master, int client, const struct vt_change *change);
/* Go back to the version before at once; keep the one that serves. */
void vt_master_previous(struct vt_master *master, int client, const char *by);
void vt_master_keep(struct vt_master *master, int client, const char *by);
/* When the time to keep what serves is over, go back. */
void vt_master_look_at_clock(struct vt_master *master);
/* The pending set serves, or failed. */
void vt_master_switch_to_pending(struct vt_master *master);
void vt_master_drop_pending(struct vt_master *master);

/* ---- events.c ---- */

/* Have an event recorded, by a child that waits for the registrar as long as that takes, at most
 * minutes. with_policy: the policy of the set goes with it. */
void vt_master_record_event(struct vt_master *master, const char *what, const char *text,
                            const char *by, bool with_policy);
/* A child has ended; end those that still wait. */
void vt_master_recorded(struct vt_master *master, pid_t pid);
void vt_master_end_recording(struct vt_master *master);

/* Log an error; whoever waits for the daemon's start reads standard error, not the log. */
void vt_master_complain(const struct vt_master *master, const char *text);

#endif
