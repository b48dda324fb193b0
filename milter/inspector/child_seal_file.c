/* SPDX-License-Identifier: Apache-2.0
 * The seal of one file in an inspector child: what is to be signed, or with the signature what is
 * put behind or beside the file. The second step repeats the first one: the same file and plan give
 * the same bytes. */
#include <string.h>

#include "inspector/child.h"
#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/seal_file.h"
#include "vanthu/seal_pdf.h"

#define MAX_TEXT_BYTES 1000

struct file_work {
    struct vt_arena *arena;
    const struct vt_child_context *context;
    int connection;
    enum vt_sealing_form form;
    int64_t time_utc_secs;
    const struct vt_seal_identity *identity;
    struct vt_seal_pdf_plan plan;
    const char *appearance;
    struct vt_seal_words words;
    struct vt_bytes bytes, token;
    struct vt_seal_pdf pdf;
    struct vt_seal_file file;
};

/* A text of the plan; NULL: it has none. */
static enum vt_code read_text(struct vt_arena *arena, const json_t *body, const char *key,
                              const char **out)
{
    const json_t *text = json_object_get(body, key);
    if (text == NULL)
        return VT_OK;
    if (!json_is_string(text) || json_string_length(text) > MAX_TEXT_BYTES)
        return VT_E_FORMAT;
    *out = vt_arena_str(arena, json_string_value(text));
    return *out == NULL ? VT_E_NOMEM : VT_OK;
}

static enum vt_code read_texts(struct file_work *work, const json_t *body, struct vt_err *err)
{
    const struct {
        const char *key;
        const char **out;
    } texts[] = {{"name", &work->plan.name},
                 {"reason", &work->plan.reason},
                 {"appearance", &work->appearance},
                 {"number", &work->words.number},
                 {"file_name", &work->words.file_name},
                 {"agency", &work->words.agency}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == VT_OK; i++)
        code = read_text(work->arena, body, texts[i].key, texts[i].out);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "the plan of a seal is malformed");
}

static enum vt_code read_plan(struct file_work *work, const json_t *body, struct vt_err *err)
{
    const json_t *form = json_object_get(body, "form");
    enum vt_code code =
        vt_seal_identity_from_json(work->arena, body, &work->identity, &work->time_utc_secs, err);
    if (code != VT_OK)
        return code;
    if (!json_is_integer(form) || json_integer_value(form) < VT_SEALING_PDF ||
        json_integer_value(form) > VT_SEALING_DETACHED)
        return vt_err_set(err, VT_E_FORMAT, "the plan of a seal is malformed");
    work->form = (enum vt_sealing_form)json_integer_value(form);
    work->plan = (struct vt_seal_pdf_plan){
        .identity = work->identity,
        .signing_time_utc_secs = work->time_utc_secs,
        .show = VT_SEAL_SHOW_NOTHING,
        .token_max_bytes =
            json_is_true(json_object_get(body, "stamp")) ? VT_MAX_SEAL_TOKEN_BYTES : 0,
    };
    return read_texts(work, body, err);
}

static enum vt_code prepare_pdf(struct file_work *work, struct vt_err *err)
{
    const struct vt_seal_look *look = vt_seal_look_find(work->context->looks, work->appearance);
    const char *why = "There is no such appearance.";
    if ((look == NULL && work->appearance != NULL) ||
        !vt_child_look_fill(work->arena, look, &work->words, &work->plan, &why)) {
        work->pdf = (struct vt_seal_pdf){.word = VT_SEAL_PDF_WORDING, .why = why};
        return VT_OK;
    }
    return vt_child_look_prepare(work->arena, work->bytes, look, &work->plan, &work->pdf, err);
}

static enum vt_code prepare(struct file_work *work, struct vt_err *err)
{
    if (work->form == VT_SEALING_PDF)
        return prepare_pdf(work, err);
    return vt_seal_file_prepare(work->arena, work->bytes, work->identity, work->time_utc_secs,
                                &work->file, err);
}

static enum vt_code answer_prepared(const struct file_work *work, struct vt_err *err)
{
    const struct vt_seal_pdf *pdf = &work->pdf;
    bool is_pdf = work->form == VT_SEALING_PDF;
    bool is_ready = !is_pdf || pdf->word == VT_SEAL_PDF_READY;
    struct vt_bytes attributes = is_pdf ? pdf->attributes : work->file.attributes;
    json_t *body =
        json_pack("{s:i, s:s*, s:b, s:o*}", "word",
                  is_pdf ? (int)pdf->word : (int)VT_SEAL_PDF_READY, "why", is_pdf ? pdf->why : NULL,
                  "shown", (int)(is_pdf && is_ready && pdf->show != VT_SEAL_SHOW_NOTHING),
                  "attributes", is_ready ? vt_seal_bytes_to_json(attributes) : NULL);
    return vt_child_seal_answer(work->connection, VT_MSG_SEAL_FILE_IS, body, NULL, 0, err);
}

/* ---- the second step ---- */

static enum vt_code check_pdf(const struct file_work *work, struct vt_bytes update,
                              const char **out_why, struct vt_err *err)
{
    struct vt_seal_pdf_check check;
    struct vt_bytes whole = vt_arena_join(work->arena, work->bytes, update);
    if (whole.len == 0)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the seal of a PDF");
    enum vt_code code =
        vt_seal_pdf_check(work->arena, work->bytes, whole, work->identity, &check, err);
    *out_why = check.is_good ? NULL : check.why;
    return code;
}

static enum vt_code answer_finished(const struct file_work *work, struct vt_bytes made,
                                    const char *why, struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_memfd_seal("vanthu-sealed", made, &fd, err);
    if (code != VT_OK)
        return code;
    return vt_child_seal_answer(work->connection, VT_MSG_SEAL_FILE_IS,
                                json_pack("{s:s*}", "why", why), &fd, 1, err);
}

static enum vt_code finish(struct file_work *work, const json_t *body, struct vt_err *err)
{
    struct vt_bytes signature, made = {0};
    const char *why = NULL;
    enum vt_code code =
        vt_seal_bytes_from_json(work->arena, json_object_get(body, "signature"), &signature);
    if (code != VT_OK)
        return vt_err_set(err, code, "the signature of a seal is malformed");
    if (work->form == VT_SEALING_PDF)
        code = vt_seal_pdf_finish(work->arena, &work->pdf, signature, work->token, &made, err);
    else
        code = vt_seal_file_finish(work->arena, &work->file, signature, work->token, &made, err);
    if (code == VT_OK && work->form == VT_SEALING_PDF)
        code = check_pdf(work, made, &why, err);
    return code == VT_OK ? answer_finished(work, made, why, err) : code;
}

enum vt_code vt_child_seal_file(struct vt_arena *arena, const struct vt_child_context *context,
                                int connection, struct vt_message *message, struct vt_err *err)
{
    struct file_work work = {.arena = arena, .context = context, .connection = connection};
    bool mapped = false;
    json_t *body = vt_seal_body(message);
    enum vt_code code = VT_E_FORMAT;
    if (body == NULL || message->fds_count < 1 || message->fds_count > 2)
        vt_err_set(err, VT_E_FORMAT, "a request to seal is malformed");
    else
        code = read_plan(&work, body, err);
    if (code == VT_OK)
        code = vt_input_read(message->fds[0], VT_MAX_MAIL_BYTES, &work.bytes, &mapped, err);
    if (code == VT_OK && message->fds_count == 2)
        code = vt_memfd_map(message->fds[1], VT_MAX_SEAL_TOKEN_BYTES, &work.token, err);
    vt_message_close(message);
    if (code == VT_OK)
        code = prepare(&work, err);
    if (code == VT_OK && json_object_get(body, "signature") != NULL)
        code = finish(&work, body, err);
    else if (code == VT_OK)
        code = answer_prepared(&work, err);
    json_decref(body);
    return code;
}
