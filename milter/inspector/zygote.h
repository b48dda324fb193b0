/* SPDX-License-Identifier: Apache-2.0
 * The zygote: takes connections from its channel and forks one child for each. It reads nothing
 * that came from a mail. */
#ifndef VANTHU_INSPECTOR_ZYGOTE_H
#define VANTHU_INSPECTOR_ZYGOTE_H

#include "vanthu/metrics.h"
#include "vanthu/status.h"

struct vt_zygote_options {
    int control, inspect, generation; /* generation: -1: none comes */
    unsigned parallel;                /* children at once, at least 1 */
    int64_t child_msecs;              /* what a child has for its request */
    int64_t grace_msecs;              /* after which it is killed */
    /* Runs in the child: serve the one request of this connection, and return an exit status.
     * known: the newest generation, or NULL. */
    int (*serve)(void *context, int connection, const struct vt_known *known);
    void *context;
    struct vt_metrics *metrics; /* NULL: nobody counts */
};

/* Serve until the control socket ends, or a child died in a way that asks for a new address
 * layout; running children are finished first. Returns an exit status of sysexits(3). */
int vt_zygote_run(const struct vt_zygote_options *options);

#endif
