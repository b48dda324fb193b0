/* SPDX-License-Identifier: Apache-2.0
 * Starting one role: fork, drop everything that is not its own, exec the running binary again from
 * its descriptor. */
#ifndef VANTHU_MASTER_ROLE_START_H
#define VANTHU_MASTER_ROLE_START_H

#include <sys/types.h>

#include "vanthu/role.h"

/* Exit status of a role whose exec failed never shows: vt_role_start reports it. */
struct vt_role_plan {
    enum vt_role_id role;
    int binary;              /* vt_role_binary() */
    int config;              /* sealed memory file of the configuration's text, -1: defaults */
    const char *config_name; /* its name, for messages and relative paths */
    const char *user;        /* name or number to become, NULL: stay */
    bool log_to_stderr;      /* whatever the configuration says */
    bool quiet;              /* warnings and errors only */
    struct vt_role_fds fds;  /* inherited; -1: none */
};

/* A descriptor of the program that is running, to be opened before anything is replaced on disk. */
enum vt_code vt_role_binary(int *out_fd, struct vt_err *err) VT_MUST_CHECK;
/* Start. The caller's signal mask and descriptors are not inherited. Returns after the exec.
 * VT_E_CONFIG: no such user. VT_E_SYSTEM: what failed stands in the text. */
enum vt_code vt_role_start(const struct vt_role_plan *plan, pid_t *out_pid,
                           struct vt_err *err) VT_MUST_CHECK;

struct vt_role_user {
    uid_t uid;
    gid_t gid;
};
/* A user by name, or by number also without an entry in passwd(5) (its group is then the same
 * number). setting: for the message. VT_E_CONFIG. */
enum vt_code vt_role_user_find(const char *name, struct vt_role_user *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* Become this user for good: no supplementary groups, real, effective and saved ids. */
enum vt_code vt_role_user_become(const struct vt_role_user *user, struct vt_err *err) VT_MUST_CHECK;

#endif
