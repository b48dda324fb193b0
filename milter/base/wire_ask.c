/* SPDX-License-Identifier: Apache-2.0
 * The client of a role: one request, one answer, and somebody who is told that we still wait. */
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/wire.h"

#define PROGRESS_MSECS 1000

static void progress(const struct vt_wire_ask *ask)
{
    if (ask->progress != NULL)
        ask->progress(ask->progress_context);
}

/* Wait for the answer, telling the caller about every second that we still do. */
static enum vt_code receive_slowly(int fd, const struct vt_wire_ask *ask, struct vt_message *answer,
                                   struct vt_err *err)
{
    for (;;) {
        int64_t slice = vt_clock_monotonic_msecs() + PROGRESS_MSECS;
        int64_t until = slice < ask->deadline_msecs ? slice : ask->deadline_msecs;
        enum vt_code code = vt_wire_receive(fd, answer, ask->max_fds, until, err);
        if (code != VT_E_TIMEOUT || vt_clock_left_msecs(ask->deadline_msecs) == 0)
            return code;
        progress(ask);
    }
}

enum vt_code vt_wire_ask(int channel_fd, const struct vt_wire_ask *ask, struct vt_message *answer,
                         struct vt_err *err)
{
    int fd = -1;
    answer->fds_count = 0;
    progress(ask);
    enum vt_code code = vt_wire_open(channel_fd, ask->deadline_msecs, &fd, err);
    if (code != VT_OK)
        return code;
    code =
        vt_wire_send(fd, ask->type, ask->body, ask->fds, ask->fds_count, ask->deadline_msecs, err);
    if (code == VT_OK)
        code = receive_slowly(fd, ask, answer, err);
    /* A server that ends without having read the request resets the connection; what it said last
     * waits behind that. */
    if (code == VT_E_PEER && vt_wire_receive(fd, answer, ask->max_fds, 0, NULL) == VT_OK)
        code = VT_OK;
    (void)close(fd);
    return code;
}

enum vt_code vt_wire_ask_over(int channel_fd, int connection_fd, const struct vt_wire_ask *ask,
                              struct vt_message *answer, struct vt_err *err)
{
    if (channel_fd >= 0)
        return vt_wire_ask(channel_fd, ask, answer, err);
    answer->fds_count = 0;
    enum vt_code code = vt_wire_send(connection_fd, ask->type, ask->body, ask->fds, ask->fds_count,
                                     ask->deadline_msecs, err);
    return code == VT_OK
               ? vt_wire_receive(connection_fd, answer, ask->max_fds, ask->deadline_msecs, err)
               : code;
}

enum vt_code vt_message_unexpected(const struct vt_message *answer, const char *who,
                                   struct vt_err *err)
{
    char text[VT_ERR_TEXT_BYTES / 2];
    if (answer->type != VT_MSG_ERROR)
        return vt_err_set(err, VT_E_PEER, "%s answered something else than asked", who);
    (void)vt_text_clean(text, sizeof(text), vt_bytes_of(answer->body, answer->body_len));
    return vt_err_set(err, VT_E_PEER, "%s reports: %s", who, text);
}
