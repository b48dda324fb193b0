/* SPDX-License-Identifier: Apache-2.0
 * The time of one mail: who is told that it still waits, and how much of it the register gets. */
#include "gateway/work.h"

/* The MTA is told that we still work; Sendmail waits 10 s. */
#define PROGRESS_MSECS 2500
#define KICK_MSECS 1000
/* A mail that was judged is recorded, though judging took all its time. */
#define LEAST_RECORD_MSECS 1000

void vt_work_progress(void *context)
{
    struct vt_work *work = context;
    int64_t now = vt_clock_monotonic_msecs();
    if (now - work->last_kick_msecs >= KICK_MSECS) {
        work->last_kick_msecs = now;
        vt_kick_now(&work->gateway->kick);
    }
    if (now - work->last_progress_msecs >= PROGRESS_MSECS) {
        work->last_progress_msecs = now;
        work->gateway->api->progress(work->ctx);
    }
}

struct vt_registrar vt_work_registrar(struct vt_work *work, int64_t most_msecs)
{
    int64_t now = vt_clock_monotonic_msecs();
    int64_t left = work->gateway->config->register_msecs - work->out->register_msecs;
    int64_t until = now + (left < most_msecs ? left : most_msecs);
    if (until > work->deadline_msecs)
        until = work->deadline_msecs;
    if (until < now + LEAST_RECORD_MSECS)
        until = now + LEAST_RECORD_MSECS;
    return (struct vt_registrar){.channel_fd = work->gateway->record_fd,
                                 .deadline_msecs = until,
                                 .progress = vt_work_progress,
                                 .progress_context = work};
}
