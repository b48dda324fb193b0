/* SPDX-License-Identifier: Apache-2.0
 * The master's side of the metrics: it makes the files once, keeps them over every restart and
 * reload, and writes what it knows of the roles itself. */
#ifndef VANTHU_MASTER_METRICS_FILES_H
#define VANTHU_MASTER_METRICS_FILES_H

#include "vanthu/metrics.h"

struct vt_metrics_files {
    int write[VT_ROLES], read[VT_ROLES];
};

/* One for each role, whether it is wanted or not. *out is to be closed in any case. VT_E_SYSTEM. */
enum vt_code vt_metrics_files_make(struct vt_metrics_files *out, struct vt_err *err) VT_MUST_CHECK;
void vt_metrics_files_close(struct vt_metrics_files *files);

#endif
