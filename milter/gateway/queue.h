/* SPDX-License-Identifier: Apache-2.0
 * Our own bound on expensive work: libmilter's pool of threads has none. Who finds no free place
 * waits until a deadline. */
#ifndef VANTHU_GATEWAY_QUEUE_H
#define VANTHU_GATEWAY_QUEUE_H

#include <pthread.h>
#include <stdint.h>

#include "vanthu/error.h"

struct vt_queue {
    pthread_mutex_t lock;
    pthread_cond_t place_is_free;
    unsigned free_count;
};

/* places_count: 0 gives two per processor. VT_E_SYSTEM. */
enum vt_code vt_queue_init(struct vt_queue *queue, unsigned places_count,
                           struct vt_err *err) VT_MUST_CHECK;
void vt_queue_clear(struct vt_queue *queue);
/* Take a place. progress: called about every second of waiting; may be NULL. VT_E_BUSY when none
 * became free before the deadline (monotonic milliseconds). */
enum vt_code vt_queue_enter(struct vt_queue *queue, int64_t deadline_msecs,
                            void (*progress)(void *), void *progress_context,
                            struct vt_err *err) VT_MUST_CHECK;
void vt_queue_leave(struct vt_queue *queue);

#endif
