/* SPDX-License-Identifier: Apache-2.0
 * The other side of the two steps of a file's seal. What comes back was made by a process that read
 * hostile bytes: it is bounded, and of a PDF it is put behind the bytes that were there. */
#include <stdlib.h>
#include <string.h>

#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/seal_pdf.h"

static json_t *plan_to_json(const struct vt_sealing_file_plan *plan)
{
    json_t *body = vt_seal_identity_to_json(plan->identity, plan->signing_time_utc_secs);
    json_t *more = json_pack("{s:i, s:b, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "form",
                             (int)plan->form, "stamp", (int)plan->has_stamp, "name", plan->name,
                             "reason", plan->reason, "appearance", plan->appearance, "number",
                             plan->number, "file_name", plan->file_name, "agency", plan->agency);
    if (json_object_update_new(body, more) == 0)
        return body;
    json_decref(body);
    return NULL;
}

static enum vt_code read_prepared(struct vt_arena *arena, const json_t *body,
                                  struct vt_sealing_file *out, struct vt_err *err)
{
    const json_t *word = json_object_get(body, "word");
    json_int_t number = json_integer_value(word);
    bool is_ready = number == VT_SEAL_PDF_READY;
    enum vt_code code = VT_OK;
    if (!json_is_integer(word) || number <= VT_SEAL_PDF_NOT || number >= VT_SEAL_PDF_WORDS)
        return vt_sealing_nonsense(err);
    out->word = vt_seal_pdf_word_name((enum vt_seal_pdf_word)number);
    out->why = vt_sealing_text(arena, json_object_get(body, "why"));
    out->is_shown = json_is_true(json_object_get(body, "shown"));
    if (is_ready)
        code =
            vt_seal_bytes_from_json(arena, json_object_get(body, "attributes"), &out->attributes);
    if (code == VT_E_NOMEM)
        return vt_err_set(err, code, "no memory for a seal");
    if (code != VT_OK || is_ready != (out->attributes.len > 0) ||
        out->attributes.len > VT_MAX_SEAL_ATTRIBUTES_BYTES)
        return vt_sealing_nonsense(err);
    return VT_OK;
}

enum vt_code vt_sealing_file_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                     const struct vt_sealing_file_plan *plan,
                                     struct vt_sealing_file *out, struct vt_err *err)
{
    *out = (struct vt_sealing_file){0};
    struct vt_message *answer = calloc(1, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    enum vt_code code = vt_sealing_ask(sealing, VT_MSG_SEAL_FILE, plan_to_json(plan), false,
                                       VT_MSG_SEAL_FILE_IS, 0, answer, err);
    if (code == VT_OK) {
        json_t *body = vt_seal_body(answer);
        code = read_prepared(arena, body, out, err);
        json_decref(body);
        vt_message_close(answer);
    }
    if (code != VT_OK)
        *out = (struct vt_sealing_file){0};
    free(answer);
    return code;
}

/* ---- the second step ---- */

static enum vt_code read_made(struct vt_arena *arena, int fd, struct vt_bytes *out,
                              struct vt_err *err)
{
    struct vt_bytes made;
    if (vt_memfd_map(fd, VT_MAX_SEALING_MADE_BYTES, &made, err) != VT_OK)
        return vt_sealing_nonsense(err);
    *out = vt_bytes_of(vt_arena_dup(arena, made.ptr, made.len), made.len);
    vt_memfd_unmap(made);
    if (out->len == 0)
        return vt_sealing_nonsense(err);
    return out->ptr != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
}

enum vt_code vt_sealing_file_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                                    const struct vt_sealing_file_plan *plan,
                                    struct vt_bytes signature, struct vt_bytes *out_made,
                                    const char **out_why, struct vt_err *err)
{
    *out_made = (struct vt_bytes){0};
    *out_why = "The file was not sealed.";
    struct vt_message *answer = calloc(1, sizeof(*answer));
    json_t *question = plan_to_json(plan);
    if (answer == NULL ||
        json_object_set_new(question, "signature", vt_seal_bytes_to_json(signature)) != 0) {
        json_decref(question);
        free(answer);
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    }
    enum vt_code code = vt_sealing_ask(sealing, VT_MSG_SEAL_FILE, question, true,
                                       VT_MSG_SEAL_FILE_IS, 1, answer, err);
    if (code == VT_OK) {
        json_t *body = vt_seal_body(answer);
        code = body == NULL ? vt_sealing_nonsense(err)
                            : read_made(arena, answer->fds[0], out_made, err);
        if (code == VT_OK)
            *out_why = vt_sealing_text(arena, json_object_get(body, "why"));
        json_decref(body);
        vt_message_close(answer);
    }
    free(answer);
    return code;
}
