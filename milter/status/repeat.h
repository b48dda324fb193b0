/* SPDX-License-Identifier: Apache-2.0
 * Asking again for what the table of rechecks holds: few at a time, gently, and no mail waits. */
#ifndef VANTHU_STATUS_REPEAT_H
#define VANTHU_STATUS_REPEAT_H

#include "status/request.h"

#define VT_MAX_REPEATS 2

/* Zero is the beginning. */
struct vt_repeats {
    struct vt_repeat {
        uint64_t id; /* in the table */
        struct vt_status_request *request;
    } items[VT_MAX_REPEATS];
    int64_t looked_msecs; /* when the table was looked at */
};

/* Go on, and begin what is due; the table tells what became known. Nothing happens without a table
 * at the desk. */
void vt_repeats_turn(struct vt_repeats *repeats, const struct vt_status_desk *desk,
                     struct vt_moment now);
/* A job ended. */
void vt_repeats_note(struct vt_repeats *repeats, const struct vt_job_result *result);
void vt_repeats_clear(struct vt_repeats *repeats);

#endif
