/* SPDX-License-Identifier: Apache-2.0
 * What roles there are and which descriptors each is born with, as two tables. A new role is a
 * value of enum vt_role_id with its name and users.<role> (milter/base), a row among the roles, and
 * itself among the servers and clients of the descriptors. */
#ifndef VANTHU_MASTER_ROLE_TABLE_H
#define VANTHU_MASTER_ROLE_TABLE_H

#include "vanthu/role.h"

struct vt_role_kind {
    const char *log_name;
    const char *process_name; /* at most 15 bytes */
    int (*run)(const struct vt_config *config, const struct vt_role_fds *fds); /* NULL: master */
    /* Ends at once when the master has gone. The others finish what they have: the gateway its
     * mails, the inspector its children, the registrar its records. */
    bool dies_with_parent;
    /* Whether a configuration asks for the role; NULL: each does. */
    bool (*is_wanted)(const struct vt_config *config);
};
extern const struct vt_role_kind vt_role_kinds[VT_ROLES];

/* Whether the master starts this role. */
bool vt_role_is_wanted(enum vt_role_id role, const struct vt_config *config);

/* The descriptors of struct vt_role_fds. */
enum vt_role_fd {
    VT_FD_CONTROL = 0,
    VT_FD_MILTER,
    VT_FD_INSPECT,
    VT_FD_STATUS,
    VT_FD_RECORD,
    VT_FD_FETCH,
    VT_FD_GENERATION,
    VT_FD_POLICY,
    VT_FD_NOTICES,
    VT_FD_RULES,
    VT_FD_LOOKS,
    VT_FD_METRICS,
    VT_FD_WEB,
    VT_FD_OVERRIDES,
    VT_FD_SEAL,
    VT_FD_SEAL_NOTICE,
    VT_FD_SEAL_ADMIN,
    VT_FDS
};

#define VT_ROLE_BIT(role) (1U << (role))

/* The table of requests in wire.h as descriptors. A channel has a server and clients; where
 * VT_ROLE_MASTER is among the clients, the process that keeps the set asks there, too. Anything
 * else is an int of struct vt_roles_plan that some roles inherit. */
struct vt_role_fd_kind {
    const char *option;     /* "--fd-inspect=": of a role's command line */
    size_t offset;          /* in struct vt_role_fds */
    enum vt_role_id server; /* VT_ROLE_MASTER: it is no channel */
    unsigned clients;       /* VT_ROLE_BIT; of what is no channel: who inherits it */
    size_t plan_offset;     /* of what is no channel */
};
extern const struct vt_role_fd_kind vt_role_fd_kinds[VT_FDS];

/* All of them -1. */
void vt_role_fds_init(struct vt_role_fds *fds);
void vt_role_fds_set(struct vt_role_fds *fds, enum vt_role_fd which, int fd);
int vt_role_fds_get(const struct vt_role_fds *fds, enum vt_role_fd which);

#endif
