/* SPDX-License-Identifier: Apache-2.0
 * The seal of one mail in an inspector child: what of its documents or of the message is to be
 * signed, or the mail with the signatures, verified by our own verifier before it is given. Each
 * child repeats the steps before its own: the same mail and plan give the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "inspector/child.h"
#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/clock.h"

#define ANSWER_MSECS 5000

struct seal_work {
    struct vt_arena *arena;
    int connection;
    struct vt_sealing sealing;
    struct vt_seal_message_plan plan; /* with the replacements */
    struct vt_bytes mail;
    struct vt_child_documents documents;
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

/* JSON as a memory file. */
static enum vt_code seal_json(const char *name, json_t *json, int *out_fd, struct vt_err *err)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the header of a sealed mail is no UTF-8");
    enum vt_code code = vt_memfd_seal(name, vt_bytes_str(text), out_fd, err);
    free(text);
    return code;
}

static enum vt_code prepare_message(struct seal_work *work, struct vt_err *err)
{
    work->plan = *work->sealing.plan;
    work->plan.replacements = work->documents.replacements;
    work->plan.replacements_count = work->documents.replacements_count;
    return vt_seal_message_prepare(work->arena, work->mail, &work->plan, &work->message, err);
}

/* ---- the documents ---- */

static json_t *part_of(const struct vt_seal_pdf *pdf)
{
    bool is_ready = pdf->word == VT_SEAL_PDF_READY;
    return json_pack("{s:i, s:s*, s:o*}", "word", (int)pdf->word, "why", pdf->why, "attributes",
                     is_ready ? vt_seal_bytes_to_json(pdf->attributes) : NULL);
}

static json_t *parts_of(const struct vt_child_documents *documents)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < documents->count; i++) {
        if (json_array_append_new(parts, part_of(&documents->items[i].pdf)) != 0) {
            json_decref(parts);
            return NULL;
        }
    }
    return parts;
}

static enum vt_code prepare_documents(struct seal_work *work, struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_child_documents_prepare(&work->documents, err);
    /* In the place of what they will become: whether the mail can be sealed does not hang on it. */
    if (code == VT_OK)
        code = prepare_message(work, err);
    if (code == VT_OK)
        code = seal_json("vanthu-parts", parts_of(&work->documents), &fd, err);
    if (code != VT_OK)
        return code;
    const struct vt_seal_message *message = &work->message;
    return vt_child_seal_answer(
        work->connection, VT_MSG_SEAL_DOCUMENTS_ARE,
        json_pack("{s:i, s:s*}", "word", (int)message->word, "why", message->why), &fd, 1, err);
}

/* ---- the message ---- */

static enum vt_code prepare(struct seal_work *work, bool with_check, struct vt_err *err)
{
    enum vt_code code = vt_child_documents_prepare(&work->documents, err);
    if (code == VT_OK)
        code = vt_child_documents_finish(&work->documents, with_check, err);
    return code == VT_OK ? prepare_message(work, err) : code;
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

/* ---- the last step ---- */

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

static json_t *digests_of(const struct vt_child_documents *documents)
{
    json_t *digests = json_array();
    for (size_t i = 0; i < documents->count; i++)
        (void)json_array_append_new(digests, json_string(documents->items[i].sha256));
    return digests;
}

static enum vt_code answer_finished(const struct seal_work *work,
                                    const struct vt_sealed_message *sealed, const char *why,
                                    struct vt_err *err)
{
    int fds[2] = {-1, -1};
    bool is_bare = work->message.form == VT_SEAL_BARE;
    enum vt_code code = vt_memfd_seal("vanthu-sealed", sealed->mail, &fds[0], err);
    if (code == VT_OK)
        code = seal_json("vanthu-changes", changes_of(sealed), &fds[1], err);
    if (code != VT_OK)
        return code;
    json_t *body = json_pack("{s:I, s:s, s:s*, s:o}", "header_bytes",
                             (json_int_t)(sealed->mail.len - sealed->body.len), "cms",
                             is_bare ? "" : sealed->cms_sha256, "why", why, "documents",
                             digests_of(&work->documents));
    return vt_child_seal_answer(work->connection, VT_MSG_SEAL_FINISHED, body, fds, 2, err);
}

static enum vt_code finish(struct seal_work *work, const json_t *body, struct vt_err *err)
{
    struct vt_bytes signature = {0};
    struct vt_sealed_message sealed;
    struct vt_seal_check check = {0};
    enum vt_code code = vt_seal_optional_from_json(work->arena, json_object_get(body, "signature"),
                                                   VT_MAX_SEAL_SIGNATURE_BYTES, &signature);
    if (code != VT_OK)
        return vt_err_set(err, code, "the signature of a seal is malformed");
    code = prepare(work, true, err);
    if (code == VT_OK)
        code = vt_seal_message_finish(work->arena, &work->message, signature, work->sealing.token,
                                      &sealed, err);
    if (code == VT_OK)
        code =
            vt_seal_message_check(work->arena, work->mail, sealed.mail, &work->plan, &check, err);
    if (code != VT_OK)
        return code;
    const char *why = work->documents.why != NULL ? work->documents.why
                      : check.is_good             ? NULL
                                                  : check.why;
    return answer_finished(work, &sealed, why, err);
}

/* ---- the request ---- */

static enum vt_code read_documents(struct seal_work *work, int fd, struct vt_err *err)
{
    struct vt_bytes text;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_SEAL_DOCUMENTS_BYTES, &text, err);
    if (code != VT_OK)
        return code;
    code = vt_seal_documents_from_text(work->arena, text, &work->sealing, err);
    vt_memfd_unmap(text);
    return code;
}

/* The mail, what validates its documents, these if there are any, and a token or none in the last
 * step. */
static enum vt_code read_descriptors(struct seal_work *work, const struct vt_message *message,
                                     struct vt_err *err)
{
    bool mapped = false;
    bool has_documents = work->sealing.documents_count > 0;
    size_t data_count = work->sealing.data_fds_count;
    size_t before = 1 + data_count + (has_documents ? 1 : 0);
    size_t most = before + (message->type == VT_MSG_SEAL_FINISH ? 1 : 0);
    if (message->fds_count < before || message->fds_count > most)
        return vt_err_set(err, VT_E_FORMAT, "a request to seal has the wrong descriptors");
    enum vt_code code =
        vt_input_read(message->fds[0], VT_MAX_MAIL_BYTES, &work->mail, &mapped, err);
    if (code == VT_OK && data_count > 0)
        code = vt_child_data_read(work->arena, message->fds + 1, data_count, &work->documents.data,
                                  err);
    if (code == VT_OK && has_documents)
        code = read_documents(work, message->fds[before - 1], err);
    if (code == VT_OK && message->fds_count > before)
        code =
            vt_memfd_map(message->fds[before], VT_MAX_SEAL_TOKEN_BYTES, &work->sealing.token, err);
    return code;
}

static enum vt_code read_request(struct seal_work *work, const struct vt_message *message,
                                 const json_t *body, struct vt_err *err)
{
    if (body == NULL)
        return vt_err_set(err, VT_E_FORMAT, "a request to seal is malformed");
    enum vt_code code = vt_seal_plan_from_json(work->arena, body, &work->sealing, err);
    if (code == VT_OK)
        code = read_descriptors(work, message, err);
    work->documents.sealing = &work->sealing;
    work->documents.mail = work->mail;
    return code;
}

enum vt_code vt_child_seal(struct vt_arena *arena, const struct vt_child_context *context,
                           int connection, struct vt_message *message, struct vt_err *err)
{
    struct seal_work *work = vt_arena_alloc(arena, sizeof(*work));
    json_t *body = vt_seal_body(message);
    enum vt_code code = vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    if (work != NULL) {
        work->arena = work->documents.arena = arena;
        work->documents.context = context;
        work->connection = connection;
        code = read_request(work, message, body, err);
    }
    vt_message_close(message);
    if (code == VT_OK && message->type == VT_MSG_SEAL_FINISH)
        code = finish(work, body, err);
    else if (code == VT_OK && message->type == VT_MSG_SEAL_DOCUMENTS)
        code = prepare_documents(work, err);
    else if (code == VT_OK) {
        code = prepare(work, false, err);
        if (code == VT_OK)
            code = answer_prepared(work, err);
    }
    if (work != NULL)
        vt_child_documents_clear(&work->documents);
    json_decref(body);
    return code;
}
