/* SPDX-License-Identifier: Apache-2.0
 * What the status role tells an administrator (vanthu status): hosts, lists, its memory, and what
 * is asked for again. Nothing about mails but their references. */
#ifndef VANTHU_STATUS_REPORT_H
#define VANTHU_STATUS_REPORT_H

#include "status/generation.h"
#include "status/request.h"
#include "status/stamps.h"

/* What it is about; all borrowed. */
struct vt_report_input {
    const struct vt_status_desk *desk;
    const struct vt_breakers *breakers;
    const struct vt_strings *hosts; /* that are allowed */
    const struct vt_publisher *publisher;
    const struct vt_stamp_desk *stamps; /* NULL: no time stamps */
    struct vt_moment now;
};

/* The report as JSON; vanthu(1) says what stands in it. *out_text is malloc'd. VT_E_NOMEM. */
enum vt_code vt_report_write(const struct vt_report_input *input, char **out_text,
                             struct vt_err *err) VT_MUST_CHECK;

#endif
