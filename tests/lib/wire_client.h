/* SPDX-License-Identifier: Apache-2.0
 * A client of a role: one request, one answer. */
#ifndef VANTHU_TESTS_WIRE_CLIENT_H
#define VANTHU_TESTS_WIRE_CLIENT_H

#include <unistd.h>

#include "vanthu/wire.h"

/* Open a connection over a channel, send, wait for the answer. */
static inline enum vt_code wire_call(int channel_fd, enum vt_message_type type,
                                     struct vt_bytes body, const int *fds, size_t fds_count,
                                     struct vt_message *answer, size_t max_fds,
                                     int64_t deadline_msecs, struct vt_err *err)
{
    int fd = -1;
    answer->fds_count = 0;
    enum vt_code code = vt_wire_open(channel_fd, deadline_msecs, &fd, err);
    if (code != VT_OK)
        return code;
    code = vt_wire_send(fd, type, body, fds, fds_count, deadline_msecs, err);
    if (code == VT_OK)
        code = vt_wire_receive(fd, answer, max_fds, deadline_msecs, err);
    (void)close(fd);
    return code;
}

#endif
