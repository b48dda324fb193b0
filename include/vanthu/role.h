/* SPDX-License-Identifier: Apache-2.0
 * Roles: which process may do what. Each is exec'd from a descriptor of the running binary, under
 * its own user, with the descriptors it needs and nothing else (design.md 2). The privileges of a
 * role are readable in the first lines of its main function. */
#ifndef VANTHU_ROLE_H
#define VANTHU_ROLE_H

#include <sys/types.h>

#include "vanthu/config.h"

/* Descriptors a role is born with. -1: it has none of that kind. */
struct vt_role_fds {
    int control;       /* to the master; end of file means that the master is gone */
    int milter_socket; /* gateway: the listening socket */
    int inspect;       /* gateway, command: client end; inspector: server end */
    int status;        /* gateway, command: client end; status: server end */
    int fetch;         /* status: client end; fetch: server end */
    int generation;    /* status: client end; inspector: server end */
};

/* One running set of roles: what `vanthu check` starts beside itself and the master keeps. */
struct vt_role_set;

/* Entry points; each returns an exit status of sysexits(3). config is loaded by the new process
 * from the same file (a descriptor of it is inherited, so that all roles see the same bytes). */
int vt_gateway_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_inspector_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_status_main(const struct vt_config *config, const struct vt_role_fds *fds);
int vt_fetch_main(const struct vt_config *config, const struct vt_role_fds *fds);

/* True when this process was exec'd as a role: both programs call it first thing in main, and
 * return *out_status when it says so. */
bool vt_role_dispatch(int argc, char **argv, int *out_status);

/* ---- sandbox (milter/base/sandbox.c) ---- */

/* What a role may do once it is set up. Applied in this order: no_new_privs, rlimits, Landlock,
 * seccomp. Each is mandatory in a normal build: where the kernel lacks it, starting fails with
 * a text that says so. Sanitizer builds leave out RLIMIT_AS and seccomp. */
struct vt_sandbox {
    const char *name;
    const char *writable_directory; /* the one folder that may be read and written, or NULL */
    bool network;       /* may make sockets and connect (fetch) */
    bool accept_sockets; /* may accept on inherited sockets, make threads (gateway) */
    bool fork;          /* may fork and wait (inspector zygote) */
    size_t address_space_bytes; /* RLIMIT_AS, 0: left alone */
    unsigned cpu_secs;          /* RLIMIT_CPU, 0: left alone */
    unsigned open_files;        /* RLIMIT_NOFILE, 0: left alone */
};
enum vt_code vt_sandbox_enter(const struct vt_sandbox *sandbox, struct vt_err *err) VT_MUST_CHECK;

/* ---- client side of the roles, for gateway and command ---- */

/* One inspection with its second pass: ask the inspector; if something is wanted, ask status for
 * it within the budget; ask the inspector once more with it. mail_fd: sealed memory file or spool
 * file, borrowed. *out_evidence lives in arena. deadline_msecs: monotonic, for everything.
 * offline: the status role is not asked.
 * VT_E_PEER: the inspector died or was stopped, why in err->text. Others as vt_wire_call. */
struct vt_inspection {
    int inspect_fd, status_fd; /* client ends of the channels */
    int mail_fd;
    const char *name;
    bool is_mail;
    const struct vt_mail *mail; /* or NULL */
    int64_t now_utc_secs;
    int64_t deadline_msecs;
    int64_t inspection_msecs; /* budget of one pass */
    int64_t status_msecs;
    bool offline;
    /* Called about every second of waiting, and before every wait that may take long; may be NULL. */
    void (*progress)(void *context);
    void *progress_context;
    /* Filled: milliseconds spent. */
    int64_t spent_inspection_msecs, spent_status_msecs;
    unsigned passes;
};
enum vt_code vt_inspection_run(struct vt_arena *arena, struct vt_inspection *inspection,
                               struct vt_evidence **out_evidence, struct vt_err *err)
    VT_MUST_CHECK;

#endif
