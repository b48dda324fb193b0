/* SPDX-License-Identifier: Apache-2.0
 * What the status role counts. */
#ifndef VANTHU_STATUS_COUNT_H
#define VANTHU_STATUS_COUNT_H

#include "status/request.h"
#include "vanthu/metrics.h"

/* A host ended a question of ours after so long. host: "ca.gov.vn:80", hosts: the allowed ones. */
void vt_count_host(struct vt_metrics *metrics, const struct vt_strings *hosts, const char *host,
                   enum vt_outcome outcome, int64_t msecs);
/* What is at hand now: hosts, lists, anchors, clock. */
void vt_count_state(struct vt_metrics *metrics, const struct vt_status_desk *desk,
                    const struct vt_breakers *breakers, const struct vt_strings *hosts,
                    int64_t now_utc_secs);

#endif
