/* SPDX-License-Identifier: Apache-2.0
 * Validation data into a sealed PDF, in an inspector child. */
#include <string.h>

#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/seal_pdf.h"

struct store_work {
    struct vt_arena *arena;
    struct vt_bytes pdf;
    struct vt_child_data data;
};

static enum vt_code check(const struct store_work *work, struct vt_bytes update,
                          const char **out_why, struct vt_err *err)
{
    struct vt_seal_pdf_check found;
    struct vt_bytes whole = vt_arena_join(work->arena, work->pdf, update);
    if (whole.len == 0)
        return vt_err_set(err, VT_E_NOMEM, "no memory for validation data");
    enum vt_code code = vt_seal_pdf_check_store(work->arena, work->pdf, whole, &found, err);
    *out_why = found.is_good ? NULL : found.why;
    return code;
}

enum vt_code vt_child_seal_store(struct vt_arena *arena, int connection, struct vt_message *message,
                                 struct vt_err *err)
{
    struct store_work *work = vt_arena_alloc(arena, sizeof(*work));
    struct vt_bytes update = {0};
    const char *why = NULL;
    bool mapped = false;
    int fd = -1;
    enum vt_code code = work == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for validation data")
                        : message->fds_count < 2 || message->fds_count > 3
                            ? vt_err_set(err, VT_E_FORMAT,
                                         "a request for validation data is "
                                         "malformed")
                            : VT_OK;
    if (code == VT_OK) {
        work->arena = arena;
        code = vt_input_read(message->fds[0], VT_MAX_MAIL_BYTES, &work->pdf, &mapped, err);
    }
    if (code == VT_OK)
        code =
            vt_child_data_read(arena, message->fds + 1, message->fds_count - 1, &work->data, err);
    vt_message_close(message);
    if (code == VT_OK)
        code = vt_seal_pdf_store(arena, work->pdf, &work->data.data, &update, err);
    if (code == VT_OK && update.len > 0)
        code = check(work, update, &why, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-store", update, &fd, err);
    return code == VT_OK ? vt_child_seal_answer(connection, VT_MSG_SEAL_FILE_IS,
                                                json_pack("{s:s*, s:i}", "why", why, "left_out",
                                                          (int)work->data.left_out),
                                                &fd, 1, err)
                         : code;
}
