/* SPDX-License-Identifier: Apache-2.0
 * The other side of the registrar for a single-threaded loop: an event is sent, and its answer
 * taken when it is there. */
#include <stdlib.h>
#include <unistd.h>

#include "register/body.h"
#include "register/messages.h"
#include "vanthu/wire.h"

static enum vt_code send_record(int connection, const struct vt_registrar *registrar,
                                struct vt_bytes head, struct vt_bytes body, struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_memfd_seal("vanthu-record", body, &fd, err);
    if (code != VT_OK)
        return code;
    code = vt_wire_send(connection, VT_MSG_RECORD, head, &fd, 1, registrar->deadline_msecs, err);
    (void)close(fd);
    return code;
}

enum vt_code vt_registrar_begin(const struct vt_registrar *registrar,
                                const struct vt_register_record *record, int *out_fd,
                                struct vt_err *err)
{
    char *head = NULL;
    size_t len = 0;
    int fd = -1;
    struct vt_buf body;
    vt_buf_init(&body, VT_MAX_REGISTER_BODY_BYTES);
    enum vt_code code = vt_record_head_to_json(record, &head, &len, err);
    if (code == VT_OK)
        code = vt_body_write(record, &body, err);
    if (code == VT_OK)
        code = vt_wire_open(registrar->channel_fd, registrar->deadline_msecs, &fd, err);
    if (code == VT_OK)
        code = send_record(fd, registrar, vt_bytes_of(head, len), vt_buf_bytes(&body), err);
    vt_buf_clear(&body);
    free(head);
    if (code != VT_OK && fd >= 0)
        (void)close(fd);
    if (code == VT_OK)
        *out_fd = fd;
    return code;
}

enum vt_code vt_registrar_end(int fd, struct vt_err *err)
{
    struct vt_message *answer = malloc(sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a message");
    enum vt_code code = vt_wire_receive(fd, answer, 0, 0, err);
    if (code == VT_OK && answer->type != VT_MSG_RECORDED)
        code = vt_message_unexpected(answer, "the registrar", err);
    free(answer);
    return code;
}
