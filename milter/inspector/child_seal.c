/* SPDX-License-Identifier: Apache-2.0
 * The seal of one mail in an inspector child: what is to be signed, or the mail with the signature,
 * verified by our own verifier before it is given. The second child repeats the first step: the
 * same mail and plan give the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/clock.h"

#define ANSWER_MSECS 5000

struct seal_work {
    struct vt_arena *arena;
    int connection;
    struct vt_seal_message_plan plan;
    struct vt_bytes mail;
    struct vt_bytes token; /* of the second step; empty: none */
    struct vt_seal_message message;
};

enum vt_code vt_child_seal_answer(int connection, enum vt_message_type type, json_t *body,
                                  const int *fds, size_t fds_count, struct vt_err *err)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an answer");
    enum vt_code code = vt_wire_send(connection, type, vt_bytes_str(text), fds, fds_count,
                                     vt_clock_monotonic_msecs() + ANSWER_MSECS, err);
    free(text);
    return code;
}

static enum vt_code prepare(struct seal_work *work, struct vt_err *err)
{
    return vt_seal_message_prepare(work->arena, work->mail, &work->plan, &work->message, err);
}

static enum vt_code answer_prepared(const struct seal_work *work, struct vt_err *err)
{
    const struct vt_seal_message *message = &work->message;
    bool is_ready = message->word == VT_SEAL_MESSAGE_READY;
    json_t *body =
        json_pack("{s:i, s:s*, s:o*}", "word", (int)message->word, "why", message->why,
                  "attributes", is_ready ? vt_seal_bytes_to_json(message->attributes) : NULL);
    return vt_child_seal_answer(work->connection, VT_MSG_SEAL_PREPARED, body, NULL, 0, err);
}

/* ---- the second step ---- */

static json_t *changes_of(const struct vt_sealed_message *sealed)
{
    json_t *changes = json_array();
    for (size_t i = 0; i < sealed->changes_count; i++) {
        const struct vt_seal_change *change = &sealed->changes[i];
        if (json_array_append_new(changes,
                                  json_pack("{s:s, s:i, s:s*}", "name", change->name, "index",
                                            (int)change->index, "value", change->value)) != 0) {
            json_decref(changes);
            return NULL;
        }
    }
    return changes;
}

static enum vt_code seal_changes(const struct vt_sealed_message *sealed, int *out_fd,
                                 struct vt_err *err)
{
    json_t *changes = changes_of(sealed);
    char *text = changes == NULL ? NULL : json_dumps(changes, JSON_COMPACT);
    json_decref(changes);
    if (text == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the header of a sealed mail is no UTF-8");
    enum vt_code code = vt_memfd_seal("vanthu-changes", vt_bytes_str(text), out_fd, err);
    free(text);
    return code;
}

static enum vt_code answer_finished(const struct seal_work *work,
                                    const struct vt_sealed_message *sealed,
                                    const struct vt_seal_check *check, struct vt_err *err)
{
    int fds[2] = {-1, -1};
    enum vt_code code = vt_memfd_seal("vanthu-sealed", sealed->mail, &fds[0], err);
    if (code == VT_OK)
        code = seal_changes(sealed, &fds[1], err);
    if (code != VT_OK)
        return code;
    json_t *body = json_pack("{s:I, s:s, s:s*}", "header_bytes",
                             (json_int_t)(sealed->mail.len - sealed->body.len), "cms",
                             sealed->cms_sha256, "why", check->is_good ? NULL : check->why);
    return vt_child_seal_answer(work->connection, VT_MSG_SEAL_FINISHED, body, fds, 2, err);
}

static enum vt_code finish(struct seal_work *work, const json_t *body, struct vt_err *err)
{
    struct vt_bytes signature;
    struct vt_sealed_message sealed;
    struct vt_seal_check check = {0};
    enum vt_code code =
        vt_seal_bytes_from_json(work->arena, json_object_get(body, "signature"), &signature);
    if (code != VT_OK)
        return vt_err_set(err, code, "the signature of a seal is malformed");
    code = prepare(work, err);
    if (code == VT_OK)
        code = vt_seal_message_finish(work->arena, &work->message, signature, work->token, &sealed,
                                      err);
    if (code == VT_OK)
        code =
            vt_seal_message_check(work->arena, work->mail, sealed.mail, &work->plan, &check, err);
    return code == VT_OK ? answer_finished(work, &sealed, &check, err) : code;
}

enum vt_code vt_child_seal(struct vt_arena *arena, int connection, struct vt_message *message,
                           struct vt_err *err)
{
    struct seal_work work = {.arena = arena, .connection = connection};
    bool mapped = false;
    json_t *body = vt_seal_body(message);
    bool is_finish = message->type == VT_MSG_SEAL_FINISH;
    enum vt_code code = VT_E_FORMAT;
    if (body == NULL || message->fds_count < 1 || message->fds_count > (is_finish ? 2 : 1))
        vt_err_set(err, VT_E_FORMAT, "a request to seal is malformed");
    else
        code = vt_seal_plan_from_json(arena, body, &work.plan, err);
    if (code == VT_OK)
        code = vt_input_read(message->fds[0], VT_MAX_MAIL_BYTES, &work.mail, &mapped, err);
    if (code == VT_OK && message->fds_count == 2)
        code = vt_memfd_map(message->fds[1], VT_MAX_SEAL_TOKEN_BYTES, &work.token, err);
    vt_message_close(message);
    if (code == VT_OK && is_finish)
        code = finish(&work, body, err);
    else if (code == VT_OK) {
        code = prepare(&work, err);
        if (code == VT_OK)
            code = answer_prepared(&work, err);
    }
    json_decref(body);
    return code;
}
