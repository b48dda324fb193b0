/* SPDX-License-Identifier: Apache-2.0
 * Validation data for a sealed PDF: the other side. */
#include <stdlib.h>
#include <unistd.h>

#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/clock.h"
#include "vanthu/object.h"
#include "vanthu/status.h"

/* Two processes of this machine, nothing of the network. */
#define FETCHED_MSECS 2000

static enum vt_code read_store(struct vt_arena *arena, const struct vt_message *answer,
                               struct vt_sealing_store *out, struct vt_err *err)
{
    struct vt_bytes made;
    json_t *body = vt_seal_body(answer);
    json_int_t left_out = json_integer_value(json_object_get(body, "left_out"));
    if (body == NULL || left_out < 0 || left_out > VT_MAX_OBJECTS * 2 ||
        vt_memfd_map(answer->fds[0], VT_MAX_SEALING_MADE_BYTES, &made, err) != VT_OK) {
        json_decref(body);
        return vt_sealing_nonsense(err);
    }
    out->left_out_count = (unsigned)left_out;
    out->why = vt_sealing_text(arena, json_object_get(body, "why"));
    if (made.len > 0)
        out->made = vt_bytes_of(vt_arena_dup(arena, made.ptr, made.len), made.len);
    bool has_memory = made.len == 0 || out->made.ptr != NULL;
    vt_memfd_unmap(made);
    json_decref(body);
    return has_memory ? VT_OK : vt_err_set(err, VT_E_NOMEM, "no memory for validation data");
}

enum vt_code vt_sealing_store(struct vt_arena *arena, const struct vt_sealing *sealing,
                              const int *objects_fds, size_t count, struct vt_sealing_store *out,
                              struct vt_err *err)
{
    int fds[3] = {sealing->mail_fd, -1, -1};
    *out = (struct vt_sealing_store){.why = "No validation data were put in."};
    if (count < 1 || count > 2)
        return vt_err_set(err, VT_E_FORMAT, "validation data are in one file or two");
    for (size_t i = 0; i < count; i++)
        fds[i + 1] = objects_fds[i];
    struct vt_message *answer = calloc(1, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for validation data");
    const struct vt_wire_ask question = {.type = VT_MSG_SEAL_STORE,
                                         .body = VT_BYTES("{}"),
                                         .fds = fds,
                                         .fds_count = 1 + count,
                                         .max_fds = 1,
                                         .deadline_msecs = sealing->deadline_msecs,
                                         .progress = sealing->progress,
                                         .progress_context = sealing->progress_context};
    enum vt_code code = vt_wire_ask(sealing->inspect_fd, &question, answer, err);
    if (code == VT_OK)
        code = vt_sealing_is_answer(answer, VT_MSG_SEAL_FILE_IS, 1, err);
    if (code == VT_OK) {
        code = read_store(arena, answer, out, err);
        vt_message_close(answer);
    }
    free(answer);
    return code;
}

/* Named by the inspector without bytes. */
static enum vt_code list_named(struct vt_arena *arena, struct vt_bytes file, size_t largest_bytes,
                               struct vt_object **out, size_t *out_count, struct vt_err *err)
{
    struct vt_object *all = NULL;
    size_t count = 0, named = 0;
    enum vt_code code = vt_objects_read(arena, file, &all, &count, err);
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        if (all[i].bytes.len == 0 && all[i].size_bytes <= largest_bytes &&
            (all[i].kind == VT_OBJECT_CRL || all[i].kind == VT_OBJECT_OCSP))
            all[named++] = all[i];
    }
    *out = all;
    *out_count = named;
    return code;
}

enum vt_code vt_sealing_fetched(struct vt_arena *arena, int status_fd, int objects_fd,
                                size_t largest_bytes, int *out_fd, struct vt_err *err)
{
    struct vt_object *named = NULL;
    struct vt_bytes file;
    size_t count = 0;
    *out_fd = -1;
    enum vt_code code =
        vt_memfd_map(objects_fd, VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES, &file, err);
    if (code != VT_OK)
        return code;
    code = list_named(arena, file, largest_bytes, &named, &count, err);
    vt_memfd_unmap(file);
    if (code != VT_OK || count == 0 || status_fd < 0)
        return code;
    return vt_status_ask_objects(arena, status_fd, named, count,
                                 vt_clock_monotonic_msecs() + FETCHED_MSECS, out_fd, err);
}
