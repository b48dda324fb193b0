/* SPDX-License-Identifier: Apache-2.0
 * The control thread. */
#include "gateway/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "vanthu/log.h"
#include "vanthu/wire.h"

#define OPEN_MSECS 10000
#define KEEP_ALIVE_MSECS (10 * 60 * 1000)
/* An SMTP connection in which nothing happens is not waited for longer; a mail that is coming in
 * is, until the master ends this process. */
#define IDLE_SESSION_MSECS 20000
/* A session that libmilter has accepted is counted from its first callback on: give the last ones
 * time to get there. */
#define UNCOUNTED_SESSION_MSECS 1000
#define LONGEST_DRAIN_MSECS (30 * 60 * 1000)
#define STOP_MSECS 5000
#define STEP_MSECS 50

static void nap(void)
{
    const struct timespec step = {.tv_nsec = STEP_MSECS * 1000000L};
    nanosleep(&step, NULL);
}

/* True when the master asks for a drain or has gone. */
static bool is_told_to_end(int fd)
{
    struct vt_message message;
    struct vt_err err = {0};
    enum vt_code code = vt_wire_receive(fd, &message, 0, vt_clock_monotonic_msecs(), &err);
    if (code == VT_OK)
        vt_message_close(&message);
    return code != VT_OK && code != VT_E_TIMEOUT;
}

static void wait_for_the_end(struct vt_control *control)
{
    for (;;) {
        struct pollfd ready = {.fd = control->fd, .events = POLLIN};
        int count = poll(&ready, 1, KEEP_ALIVE_MSECS);
        if (count == 0)
            vt_kick_keep_alive(&control->gateway->kick);
        if (count > 0 && is_told_to_end(control->fd))
            return;
        if (count < 0 && errno != EINTR)
            return;
    }
}

/* Mails that are under way are finished; a session without a mail is given a little time. */
static void drain(const struct vt_gateway *gateway)
{
    int64_t now = vt_clock_monotonic_msecs();
    int64_t idle_until = now + IDLE_SESSION_MSECS, until = now + LONGEST_DRAIN_MSECS;
    int64_t counted_at = now + UNCOUNTED_SESSION_MSECS;
    while (vt_clock_left_msecs(counted_at) > 0 ||
           (atomic_load(&gateway->sessions_count) > 0 && vt_clock_left_msecs(idle_until) > 0))
        nap();
    while (atomic_load(&gateway->messages_count) > 0 && vt_clock_left_msecs(until) > 0)
        nap();
}

/* smfi_stop() first says so, then waits for a lock that libmilter's listener holds while it polls.
 */
static void *stop_thread(void *unused)
{
    (void)unused;
    smfi_stop();
    return NULL;
}

static void stop_libmilter(const struct vt_listener *listener)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, stop_thread, NULL) != 0) {
        smfi_stop();
        return;
    }
    pthread_detach(thread);
    for (int64_t spent = 0; spent < STOP_MSECS; spent += STEP_MSECS) {
        nap();
        vt_listener_wake(listener);
    }
}

static void *control_thread(void *context)
{
    struct vt_control *control = context;
    struct vt_err err = {0};
    if (vt_listener_open(control->listener, &control->gateway->kick,
                         vt_clock_monotonic_msecs() + OPEN_MSECS, &err) != VT_OK)
        vt_log(VT_LOG_ERROR, "%s; mails may wait for each other", err.text);
    vt_role_ready(control->fd);
    wait_for_the_end(control);
    vt_listener_close(control->listener);
    vt_log(VT_LOG_INFO, "draining: %u sessions, %u mails under way",
           atomic_load(&control->gateway->sessions_count),
           atomic_load(&control->gateway->messages_count));
    drain(control->gateway);
    stop_libmilter(control->listener);
    return NULL;
}

enum vt_code vt_control_start(struct vt_control *control, struct vt_err *err)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, control_thread, control);
    if (failed != 0)
        return vt_err_set(err, VT_E_SYSTEM, "cannot start a thread: %s", strerror(failed));
    pthread_detach(thread);
    return VT_OK;
}

bool vt_control_wait_idle(const struct vt_gateway *gateway, int64_t deadline_msecs)
{
    while (atomic_load(&gateway->judging_count) > 0) {
        if (vt_clock_left_msecs(deadline_msecs) == 0)
            return false;
        nap();
    }
    return true;
}
