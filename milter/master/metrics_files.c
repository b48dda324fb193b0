/* SPDX-License-Identifier: Apache-2.0
 * Files of metrics over the life of the master, and what it counts of the roles. */
#include "metrics_files.h"

#include <unistd.h>

#include "roles_internal.h"
#include "vanthu/log.h"

enum vt_code vt_metrics_files_make(struct vt_metrics_files *out, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_ROLES; i++)
        out->write[i] = out->read[i] = -1;
    for (unsigned i = 0; code == VT_OK && i < VT_ROLES; i++)
        code = vt_metrics_make((enum vt_role_id)i, &out->write[i], &out->read[i], err);
    return code;
}

void vt_metrics_files_close(struct vt_metrics_files *files)
{
    for (unsigned i = 0; i < VT_ROLES; i++) {
        vt_roles_close_fd(&files->write[i]);
        vt_roles_close_fd(&files->read[i]);
    }
}

void vt_roles_show_metrics(struct vt_roles *roles)
{
    struct vt_err err = {0};
    if (roles->plan.metrics == NULL)
        return;
    if (vt_metrics_send(roles->slots[VT_ROLE_WEB].now.control, roles->plan.metrics->read,
                        roles->plan.lane, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the web role gets no metrics: %s", err.text);
}

void vt_roles_count(struct vt_roles *roles)
{
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++) {
        struct vt_role_slot *slot = &roles->slots[role];
        if (!roles->plan.wanted[role])
            continue;
        vt_metric_set(roles->metrics, VT_METRIC_ROLE_UP, role,
                      slot->now.pid > 0 && slot->now.ready);
        if (slot->now.pid > 0)
            vt_metric_set(roles->metrics, VT_METRIC_ROLE_STARTED, role, slot->now.started_utc_secs);
        vt_metric_add(roles->metrics, VT_METRIC_ROLE_RESTARTS, role,
                      slot->restarts - slot->restarts_counted);
        slot->restarts_counted = slot->restarts;
    }
}

void vt_roles_forget_metrics(const struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_metrics *metrics = NULL;
    struct vt_err err = {0};
    if (roles->plan.metrics == NULL)
        return;
    /* Down before its gauges are zero, so that nobody takes them for what it says; opening is
     * forgetting. */
    vt_metric_set(roles->metrics, VT_METRIC_ROLE_UP, role, 0);
    if (vt_metrics_open(roles->plan.metrics->write[role], role, roles->plan.lane, NULL, &metrics,
                        &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "%s", err.text);
    vt_metrics_close(metrics);
}

void vt_roles_count_reload(const struct vt_roles *roles, bool good)
{
    vt_metric_add(roles->metrics, VT_METRIC_RELOADS, good ? VT_RESULT_OK : VT_RESULT_FAILED, 1);
}
