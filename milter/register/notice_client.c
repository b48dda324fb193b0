/* SPDX-License-Identifier: Apache-2.0
 * Notices, as the registrar is asked about them: by post for what is to be sent and what became of
 * it, by vanthu(1) with orders. */
#include <stdlib.h>
#include <unistd.h>

#include "register/messages.h"
#include "vanthu/wire.h"

/* Ask over a connection of its own, which is left open. *out_fd: -1 on failure. */
static enum vt_code ask(const struct vt_registrar *registrar, enum vt_message_type type,
                        struct vt_bytes body, size_t max_fds, struct vt_message *answer,
                        int *out_fd, struct vt_err *err)
{
    int64_t until = registrar->deadline_msecs;
    *out_fd = -1;
    enum vt_code code = vt_wire_open(registrar->channel_fd, until, out_fd, err);
    if (code != VT_OK)
        return code;
    code = vt_wire_send(*out_fd, type, body, NULL, 0, until, err);
    if (code == VT_OK)
        code = vt_wire_receive(*out_fd, answer, max_fds, until, err);
    if (code != VT_OK) {
        (void)close(*out_fd);
        *out_fd = -1;
    }
    return code;
}

/* ---- NOTICE_NEXT ---- */

static enum vt_code read_handed(struct vt_message *answer, int *lease_fd,
                                struct vt_notice_handed *out, struct vt_err *err)
{
    if (answer->fds_count != 1)
        return vt_err_set(err, VT_E_PEER, "the registrar handed a notice out without its message");
    enum vt_code code =
        vt_notice_handed_from_json(vt_bytes_of(answer->body, answer->body_len), out, err);
    if (code != VT_OK)
        return code;
    out->message_fd = answer->fds[0];
    answer->fds[0] = -1;
    out->lease_fd = *lease_fd;
    *lease_fd = -1;
    return VT_OK;
}

static enum vt_code read_none(const struct vt_message *answer, int64_t *out_wait_msecs,
                              struct vt_err *err)
{
    enum vt_code code =
        vt_notice_wait_from_json(vt_bytes_of(answer->body, answer->body_len), out_wait_msecs, err);
    return code == VT_OK ? vt_err_set(err, VT_E_NOT_FOUND, "no notice is due") : code;
}

enum vt_code vt_registrar_notice_next(const struct vt_registrar *registrar,
                                      struct vt_notice_handed *out, int64_t *out_wait_msecs,
                                      struct vt_err *err)
{
    int fd = -1;
    struct vt_message *answer = malloc(sizeof(*answer));
    *out = (struct vt_notice_handed){.message_fd = -1, .lease_fd = -1};
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a message");
    enum vt_code code =
        ask(registrar, VT_MSG_NOTICE_NEXT, (struct vt_bytes){0}, 1, answer, &fd, err);
    if (code == VT_OK) {
        code = answer->type == VT_MSG_NOTICE ? read_handed(answer, &fd, out, err)
               : answer->type == VT_MSG_NOTICE_NONE
                   ? read_none(answer, out_wait_msecs, err)
                   : vt_message_unexpected(answer, "the registrar", err);
        vt_message_close(answer);
    }
    if (fd >= 0)
        (void)close(fd);
    free(answer);
    return code;
}

void vt_registrar_notice_release(struct vt_notice_handed *handed)
{
    if (handed->message_fd >= 0)
        (void)close(handed->message_fd);
    if (handed->lease_fd >= 0)
        (void)close(handed->lease_fd);
    handed->message_fd = handed->lease_fd = -1;
}

/* ---- NOTICE_DONE ---- */

enum vt_code vt_registrar_notice_done(const struct vt_registrar *registrar,
                                      const struct vt_notice_done *done, struct vt_err *err)
{
    int fd = -1;
    char *text = NULL;
    size_t len = 0;
    struct vt_message *answer = malloc(sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a message");
    enum vt_code code = vt_notice_done_to_json(done, &text, &len, err);
    if (code == VT_OK)
        code = ask(registrar, VT_MSG_NOTICE_DONE, vt_bytes_of(text, len), 0, answer, &fd, err);
    if (code == VT_OK) {
        if (answer->type != VT_MSG_NOTICE_KEPT)
            code = vt_message_unexpected(answer, "the registrar", err);
        vt_message_close(answer);
        (void)close(fd);
    }
    free(text);
    free(answer);
    return code;
}

/* ---- NOTICE_ORDER ---- */

enum vt_code vt_registrar_notice_order(const struct vt_registrar *registrar,
                                       const struct vt_notice_order *order, int64_t *out_count,
                                       struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    int64_t until = registrar->deadline_msecs;
    int fd = registrar->connection_fd;
    struct vt_message *answer = malloc(sizeof(*answer));
    *out_count = 0;
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a message");
    enum vt_code code = vt_notice_order_to_json(order, &text, &len, err);
    if (code == VT_OK)
        code = vt_wire_send(fd, VT_MSG_NOTICE_ORDER, vt_bytes_of(text, len), NULL, 0, until, err);
    if (code == VT_OK)
        code = vt_wire_receive(fd, answer, 0, until, err);
    if (code == VT_OK) {
        code = answer->type == VT_MSG_NOTICE_ORDERED
                   ? vt_notice_ordered_from_json(vt_bytes_of(answer->body, answer->body_len),
                                                 out_count, err)
                   : vt_message_unexpected(answer, "the registrar", err);
        vt_message_close(answer);
    }
    free(text);
    free(answer);
    return code;
}
