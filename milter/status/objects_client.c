/* SPDX-License-Identifier: Apache-2.0
 * Asking the status role for the bytes of what it fetched. */
#include <unistd.h>

#include "vanthu/status.h"
#include "vanthu/wire.h"

enum vt_code vt_status_ask_objects(struct vt_arena *arena, int status_fd,
                                   const struct vt_object *objects, size_t count,
                                   int64_t deadline_msecs, int *out_fd, struct vt_err *err)
{
    struct vt_message *answer = vt_arena_alloc(arena, sizeof(*answer));
    int fd = -1;
    *out_fd = -1;
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a message");
    enum vt_code code = vt_objects_seal(objects, count, 0, &fd, err);
    if (code != VT_OK)
        return code;
    const struct vt_wire_ask ask = {.type = VT_MSG_OBJECTS,
                                    .fds = &fd,
                                    .fds_count = 1,
                                    .max_fds = 1,
                                    .deadline_msecs = deadline_msecs};
    code = vt_wire_ask(status_fd, &ask, answer, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    if (answer->type != VT_MSG_OBJECTS_ARE || answer->fds_count != 1) {
        vt_message_close(answer);
        return vt_err_set(err, VT_E_PEER, "status answered something else than asked");
    }
    *out_fd = answer->fds[0];
    return VT_OK;
}
