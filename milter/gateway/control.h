/* SPDX-License-Identifier: Apache-2.0
 * The gateway's life beside libmilter: beginning to accept, keeping the kick sessions alive, and
 * draining when the master says so or is gone. No signal is used: libmilter owns them. */
#ifndef VANTHU_GATEWAY_CONTROL_H
#define VANTHU_GATEWAY_CONTROL_H

#include "gateway/gateway.h"
#include "gateway/listener.h"

struct vt_control {
    struct vt_gateway *gateway;
    struct vt_listener *listener;
    int fd; /* to the master */
};

/* A thread that opens the listener, tells the master that this role serves, and at the end of the
 * control channel drains and stops libmilter. control: borrowed for the life of the process. */
enum vt_code vt_control_start(struct vt_control *control, struct vt_err *err) VT_MUST_CHECK;
/* After smfi_main: callbacks may still run on libmilter's threads. Wait for them, but not beyond
 * the deadline. True when none is left. */
bool vt_control_wait_idle(const struct vt_gateway *gateway, int64_t deadline_msecs);

#endif
