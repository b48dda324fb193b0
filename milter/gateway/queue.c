/* SPDX-License-Identifier: Apache-2.0
 * A counting semaphore with a deadline that reports progress while it waits. */
#include "gateway/queue.h"

#include <time.h>
#include <unistd.h>

#include "vanthu/clock.h"

#define SLICE_MSECS 1000

enum vt_code vt_queue_init(struct vt_queue *queue, unsigned places_count, struct vt_err *err)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    queue->free_count =
        places_count > 0 ? places_count : 2 * (processors > 0 ? (unsigned)processors : 1);
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&queue->lock, NULL) != 0 || pthread_condattr_init(&monotonic) != 0)
        return vt_err_set(err, VT_E_SYSTEM, "cannot make a lock");
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&queue->place_is_free, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return failed == 0 ? VT_OK : vt_err_set(err, VT_E_SYSTEM, "cannot make a condition variable");
}

void vt_queue_clear(struct vt_queue *queue)
{
    pthread_cond_destroy(&queue->place_is_free);
    pthread_mutex_destroy(&queue->lock);
}

static struct timespec at(int64_t msecs)
{
    return (struct timespec){.tv_sec = msecs / 1000, .tv_nsec = msecs % 1000 * 1000000};
}

/* Wait for a place for at most a second. */
static bool take_within_slice(struct vt_queue *queue, int64_t deadline_msecs)
{
    int64_t until_msecs = vt_clock_monotonic_msecs() + SLICE_MSECS;
    struct timespec until = at(until_msecs < deadline_msecs ? until_msecs : deadline_msecs);
    int result = 0;
    pthread_mutex_lock(&queue->lock);
    while (queue->free_count == 0 && result == 0)
        result = pthread_cond_timedwait(&queue->place_is_free, &queue->lock, &until);
    bool taken = queue->free_count > 0;
    if (taken)
        queue->free_count--;
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

enum vt_code vt_queue_enter(struct vt_queue *queue, int64_t deadline_msecs,
                            void (*progress)(void *), void *progress_context, struct vt_err *err)
{
    while (!take_within_slice(queue, deadline_msecs)) {
        if (vt_clock_left_msecs(deadline_msecs) == 0)
            return vt_err_set(err, VT_E_BUSY, "no inspector became free in time");
        if (progress != NULL)
            progress(progress_context);
    }
    return VT_OK;
}

void vt_queue_leave(struct vt_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->free_count++;
    pthread_cond_signal(&queue->place_is_free);
    pthread_mutex_unlock(&queue->lock);
}
