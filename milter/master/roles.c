/* SPDX-License-Identifier: Apache-2.0
 * One set of roles: its channels, which are made before any role runs and outlive each of them, and
 * what others may know of it. Single-threaded; the caller polls and reaps. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles_internal.h"
#include "vanthu/wire.h"

void vt_roles_close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_plan(struct vt_roles_plan *plan)
{
    vt_roles_close_fd(&plan->config_text);
    vt_roles_close_fd(&plan->policy_text);
    vt_roles_close_fd(&plan->notices_text);
    vt_roles_close_fd(&plan->rules_text);
    vt_roles_close_fd(&plan->looks_file);
    vt_roles_close_fd(&plan->overrides);
}

/* A channel needs a server, and somebody who asks: a role, or the process that keeps the set. */
static bool has_both_ends(const struct vt_roles_plan *plan, const struct vt_role_fd_kind *kind)
{
    if (kind->server == VT_ROLE_MASTER || !plan->wanted[kind->server])
        return false;
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if ((kind->clients & VT_ROLE_BIT(role)) != 0 &&
            (role == VT_ROLE_MASTER || plan->wanted[role]))
            return true;
    return false;
}

static enum vt_code open_channels(struct vt_roles *roles, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < VT_FDS; i++) {
        int pair[2];
        if (!has_both_ends(&roles->plan, &vt_role_fd_kinds[i]))
            continue;
        code = vt_wire_pair(pair, err);
        if (code == VT_OK) {
            roles->channels[i].client = pair[0];
            roles->channels[i].server = pair[1];
        }
    }
    return code;
}

enum vt_code vt_roles_new(const struct vt_roles_plan *plan, struct vt_roles **out,
                          struct vt_err *err)
{
    struct vt_roles_plan copy = *plan;
    struct vt_roles *roles = calloc(1, sizeof(*roles));
    if (roles == NULL) {
        close_plan(&copy);
        return vt_err_set(err, VT_E_NOMEM, "no memory for a set of roles");
    }
    roles->plan = copy;
    for (size_t i = 0; i < VT_FDS; i++)
        roles->channels[i].client = roles->channels[i].server = -1;
    for (size_t i = 0; i < VT_ROLES; i++) {
        roles->slots[i].now.control = -1;
        roles->slots[i].start_at_msecs = INT64_MAX;
    }
    enum vt_code code = open_channels(roles, err);
    if (code == VT_OK && plan->metrics != NULL)
        code = vt_metrics_open(plan->metrics->write[VT_ROLE_MASTER], VT_ROLE_MASTER, plan->lane,
                               NULL, &roles->metrics, err);
    if (code != VT_OK) {
        vt_roles_free(roles);
        return code;
    }
    *out = roles;
    return VT_OK;
}

void vt_roles_free(struct vt_roles *roles)
{
    if (roles == NULL)
        return;
    vt_roles_kill_all(roles);
    for (size_t i = 0; i < VT_ROLES; i++)
        vt_roles_forget_process(&roles->slots[i].now);
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            vt_roles_forget_process(&roles->leaving[i]);
    for (size_t i = 0; i < VT_FDS; i++) {
        vt_roles_close_fd(&roles->channels[i].client);
        vt_roles_close_fd(&roles->channels[i].server);
    }
    close_plan(&roles->plan);
    vt_metrics_close(roles->metrics);
    free(roles);
}

/* ---- what others may know ---- */

enum vt_roles_state vt_roles_state(const struct vt_roles *roles)
{
    return roles->state;
}

int vt_roles_exit_status(const struct vt_roles *roles)
{
    return roles->exit_status;
}

const char *vt_roles_failed_name(const struct vt_roles *roles)
{
    return vt_role_name(roles->failed_role);
}

static bool asks_itself(size_t channel)
{
    return (vt_role_fd_kinds[channel].clients & VT_ROLE_BIT(VT_ROLE_MASTER)) != 0;
}

int vt_roles_client_fd(const struct vt_roles *roles, enum vt_role_fd channel)
{
    return asks_itself(channel) ? roles->channels[channel].client : -1;
}

void vt_roles_forget_servers(struct vt_roles *roles)
{
    for (size_t i = 0; i < VT_FDS; i++) {
        vt_roles_close_fd(&roles->channels[i].server);
        if (!asks_itself(i))
            vt_roles_close_fd(&roles->channels[i].client);
    }
}

const char *vt_roles_shipping(const struct vt_roles *roles)
{
    return roles->shipping;
}

void vt_roles_look(const struct vt_roles *roles, enum vt_role_id role, struct vt_role_state *out)
{
    const struct vt_role_slot *slot = &roles->slots[role];
    *out = (struct vt_role_state){.wanted = roles->plan.wanted[role],
                                  .running = slot->now.pid > 0,
                                  .pid = slot->now.pid,
                                  .restarts = slot->restarts,
                                  .started_utc_secs = slot->now.started_utc_secs};
}
