/* SPDX-License-Identifier: Apache-2.0
 * The other side of the steps of a seal. What comes back was made by a process that read
 * hostile bytes: it is bounded, and looked at once more. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "inspector/seal_plan.h"
#include "seal/messages.h"
#include "vanthu/clock.h"

/* RFC 5322 2.1.1, without the line end. */
#define MAX_LINE_BYTES 998
#define MAX_VALUE_BYTES 8192
/* Mail, validation data, documents, token. */
#define MAX_SEALING_FDS (1 + VT_MAX_SEALING_DATA + 2)

const char *vt_sealing_text(struct vt_arena *arena, const json_t *text)
{
    char clean[VT_ERR_TEXT_BYTES];
    const char *value = json_string_value(text);
    return value == NULL
               ? NULL
               : vt_arena_str(arena, vt_text_clean(clean, sizeof(clean), vt_bytes_str(value)));
}

/* {"why": …} of the zygote, or the text of a fault. */
static enum vt_code died(const struct vt_message *message, struct vt_err *err)
{
    char why[VT_ERR_TEXT_BYTES / 2];
    struct vt_bytes text = vt_bytes_of(message->body, message->body_len);
    json_t *body = message->type == VT_MSG_DIED ? vt_seal_body(message) : NULL;
    const char *cause = json_string_value(json_object_get(body, "why"));
    if (message->type == VT_MSG_DIED)
        text = vt_bytes_str(cause != NULL ? cause : "unknown cause");
    (void)vt_text_clean(why, sizeof(why), text);
    json_decref(body);
    return vt_err_set(err, VT_E_PEER, "the inspector could not build the seal: %s", why);
}

/* What goes with a question, as far as there is something; what is made here comes last. */
static enum vt_code seal_fds(const struct vt_sealing *sealing, bool with_token,
                             int fds[MAX_SEALING_FDS], size_t *out_count, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    fds[0] = sealing->mail_fd;
    *out_count = 1;
    while (*out_count <= sealing->data_fds_count) {
        fds[*out_count] = sealing->data_fds[*out_count - 1];
        ++*out_count;
    }
    if (sealing->documents_count > 0) {
        char *text = vt_seal_documents_to_text(sealing);
        if (text == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
        code = vt_memfd_seal("vanthu-documents", vt_bytes_str(text), &fds[*out_count], err);
        free(text);
        *out_count += code == VT_OK;
    }
    if (code == VT_OK && with_token && sealing->token.len > 0) {
        code = vt_memfd_seal("vanthu-token", sealing->token, &fds[*out_count], err);
        *out_count += code == VT_OK;
    }
    return code;
}

static enum vt_code ask(const struct vt_sealing *sealing, enum vt_message_type type,
                        const char *body, bool with_token, size_t max_fds,
                        struct vt_message *answer, struct vt_err *err)
{
    int fds[MAX_SEALING_FDS];
    size_t count = 1;
    if (sealing->data_fds_count > VT_MAX_SEALING_DATA)
        return vt_err_set(err, VT_E_LIMIT, "a seal has too many files of validation data");
    enum vt_code code = seal_fds(sealing, with_token, fds, &count, err);
    const struct vt_wire_ask question = {.type = type,
                                         .body = vt_bytes_str(body),
                                         .fds = fds,
                                         .fds_count = count,
                                         .max_fds = max_fds,
                                         .deadline_msecs = sealing->deadline_msecs,
                                         .progress = sealing->progress,
                                         .progress_context = sealing->progress_context};
    if (code == VT_OK)
        code = vt_wire_ask(sealing->inspect_fd, &question, answer, err);
    while (count > 1 + sealing->data_fds_count)
        (void)close(fds[--count]);
    return code;
}

enum vt_code vt_sealing_ask(const struct vt_sealing *sealing, enum vt_message_type type,
                            json_t *body, bool with_token, enum vt_message_type wanted,
                            size_t fds_count, struct vt_message *answer, struct vt_err *err)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    enum vt_code code = ask(sealing, type, text, with_token, fds_count, answer, err);
    free(text);
    return code == VT_OK ? vt_sealing_is_answer(answer, wanted, fds_count, err) : code;
}

enum vt_code vt_sealing_is_answer(struct vt_message *answer, enum vt_message_type wanted,
                                  size_t fds_count, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    if (answer->type == VT_MSG_DIED || answer->type == VT_MSG_ERROR)
        code = died(answer, err);
    else if (answer->type != wanted || answer->fds_count != fds_count)
        code = vt_err_set(err, VT_E_PEER, "the inspector answered something else than asked");
    if (code != VT_OK)
        vt_message_close(answer);
    return code;
}

enum vt_code vt_sealing_nonsense(struct vt_err *err)
{
    return vt_err_set(err, VT_E_PEER, "the inspector answered nonsense about a seal");
}

/* ---- what is to be signed ---- */

/* A word below count, and with attributes exactly when it is ready. */
static enum vt_code read_word(struct vt_arena *arena, const json_t *object, int ready, int count,
                              int *out_word, const char **out_why, struct vt_bytes *out_attributes)
{
    const json_t *word = json_object_get(object, "word");
    const json_t *attributes = json_object_get(object, "attributes");
    json_int_t number = json_integer_value(word);
    if (!json_is_integer(word) || number <= 0 || number >= count)
        return VT_E_FORMAT;
    if (attributes != NULL) {
        enum vt_code code = vt_seal_bytes_from_json(arena, attributes, out_attributes);
        if (code != VT_OK || number != ready || out_attributes->len > VT_MAX_SEAL_ATTRIBUTES_BYTES)
            return code == VT_E_NOMEM ? code : VT_E_FORMAT;
    }
    *out_word = (int)number;
    *out_why = vt_sealing_text(arena, json_object_get(object, "why"));
    return VT_OK;
}

static enum vt_code read_prepared(struct vt_arena *arena, const struct vt_message *answer,
                                  struct vt_sealing_prepared *out, struct vt_err *err)
{
    int word = 0;
    json_t *body = vt_seal_body(answer);
    enum vt_code code = read_word(arena, body, VT_SEAL_MESSAGE_READY, VT_SEAL_MESSAGE_WORDS, &word,
                                  &out->why, &out->attributes);
    out->word = (enum vt_seal_message_word)word;
    json_decref(body);
    return code == VT_OK        ? VT_OK
           : code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for a seal")
                                : vt_sealing_nonsense(err);
}

static enum vt_code read_part(struct vt_arena *arena, const json_t *item,
                              struct vt_sealing_part *out)
{
    int word = 0;
    enum vt_code code = read_word(arena, item, VT_SEAL_PDF_READY, VT_SEAL_PDF_WORDS, &word,
                                  &out->why, &out->attributes);
    out->word = (enum vt_seal_pdf_word)word;
    if (code == VT_OK && (word == VT_SEAL_PDF_READY) != (out->attributes.len > 0))
        code = VT_E_FORMAT;
    return code;
}

/* One for each document that was asked for. */
static enum vt_code read_parts(struct vt_arena *arena, int fd, size_t wanted,
                               struct vt_sealing_prepared *out, struct vt_err *err)
{
    struct vt_bytes text;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_SEAL_DOCUMENTS_BYTES, &text, err);
    if (code != VT_OK)
        return vt_sealing_nonsense(err);
    json_t *parts = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    vt_memfd_unmap(text);
    out->parts = vt_arena_alloc(arena, (wanted + 1) * sizeof(*out->parts));
    code = out->parts == NULL ? VT_E_NOMEM : VT_OK;
    if (!json_is_array(parts) || json_array_size(parts) != wanted)
        code = VT_E_FORMAT;
    for (size_t i = 0; i < wanted && code == VT_OK; i++)
        code = read_part(arena, json_array_get(parts, i), &out->parts[i]);
    json_decref(parts);
    out->parts_count = wanted;
    return code == VT_OK        ? VT_OK
           : code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for a seal")
                                : vt_sealing_nonsense(err);
}

static enum vt_code ask_first(struct vt_arena *arena, const struct vt_sealing *sealing,
                              bool of_documents, struct vt_sealing_prepared *out,
                              struct vt_err *err)
{
    *out = (struct vt_sealing_prepared){0};
    struct vt_message *answer = calloc(1, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    enum vt_code code =
        vt_sealing_ask(sealing, of_documents ? VT_MSG_SEAL_DOCUMENTS : VT_MSG_SEAL_PREPARE,
                       vt_seal_plan_to_json(sealing), false,
                       of_documents ? VT_MSG_SEAL_DOCUMENTS_ARE : VT_MSG_SEAL_PREPARED,
                       of_documents ? 1 : 0, answer, err);
    if (code == VT_OK) {
        code = read_prepared(arena, answer, out, err);
        if (code == VT_OK && of_documents)
            code = read_parts(arena, answer->fds[0], sealing->documents_count, out, err);
        vt_message_close(answer);
    }
    bool is_ready = out->word == VT_SEAL_MESSAGE_READY && !of_documents;
    if (code == VT_OK && is_ready != (out->attributes.len > 0))
        code = vt_sealing_nonsense(err);
    if (code != VT_OK)
        *out = (struct vt_sealing_prepared){0};
    free(answer);
    return code;
}

enum vt_code vt_sealing_documents(struct vt_arena *arena, const struct vt_sealing *sealing,
                                  struct vt_sealing_prepared *out, struct vt_err *err)
{
    return ask_first(arena, sealing, true, out, err);
}

enum vt_code vt_sealing_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                struct vt_sealing_prepared *out, struct vt_err *err)
{
    return ask_first(arena, sealing, false, out, err);
}

/* ---- the last step ---- */

/* Only what says how the content is read. */
static bool is_content_field(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    if (strcasecmp(name, "MIME-Version") == 0)
        return true;
    return strncasecmp(name, "Content-", 8) == 0 && strlen(name) < 100 &&
           strspn(name, letters) == strlen(name);
}

/* ASCII, folded with LF and white space. */
static bool is_field_value(const char *value)
{
    if (strlen(value) > MAX_VALUE_BYTES)
        return false;
    for (const char *at = value; *at != '\0'; at++) {
        bool is_fold = *at == '\n' && (at[1] == ' ' || at[1] == '\t');
        if (!is_fold && *at != '\t' && (*at < ' ' || *at > '~'))
            return false;
    }
    return true;
}

static enum vt_code read_change(struct vt_arena *arena, const json_t *item,
                                struct vt_seal_change *out)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    const char *value = json_string_value(json_object_get(item, "value"));
    json_int_t index = json_integer_value(json_object_get(item, "index"));
    if (name == NULL || !is_content_field(name) || index < 0 || index > VT_MAX_SEAL_CHANGES * 10 ||
        (value != NULL && !is_field_value(value)) || (value == NULL && index == 0))
        return VT_E_FORMAT;
    *out = (struct vt_seal_change){vt_arena_str(arena, name), (unsigned)index,
                                   vt_arena_str(arena, value)};
    return out->name == NULL || (value != NULL && out->value == NULL) ? VT_E_NOMEM : VT_OK;
}

static enum vt_code read_changes(struct vt_arena *arena, int fd, struct vt_sealing_finished *out,
                                 struct vt_err *err)
{
    struct vt_bytes text;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_SEAL_CHANGES_BYTES, &text, err);
    if (code != VT_OK)
        return vt_sealing_nonsense(err);
    json_t *changes = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    vt_memfd_unmap(text);
    size_t count = json_array_size(changes);
    if (!json_is_array(changes) || count > VT_MAX_SEAL_CHANGES) {
        json_decref(changes);
        return vt_sealing_nonsense(err);
    }
    out->changes = vt_arena_alloc(arena, (count + 1) * sizeof(*out->changes));
    code = out->changes == NULL ? VT_E_NOMEM : VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_change(arena, json_array_get(changes, i), &out->changes[i]);
    out->changes_count = count;
    json_decref(changes);
    return code == VT_OK        ? VT_OK
           : code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for a seal")
                                : vt_sealing_nonsense(err);
}

/* 8-bit bytes and long lines are changed on the way (gateway.md 3e): CRLF alone ends lines. */
static const char *why_not_safe(struct vt_bytes body)
{
    size_t line = 0;
    for (size_t i = 0; i < body.len; i++) {
        uint8_t byte = body.ptr[i];
        if (byte == '\r' && i + 1 < body.len && body.ptr[i + 1] == '\n') {
            line = 0;
            i++;
            continue;
        }
        if (byte > 126 || byte == '\0' || byte == '\r' || byte == '\n')
            return "the sealed mail is not 7-bit";
        if (++line > MAX_LINE_BYTES)
            return "the sealed mail has a line that is too long";
    }
    return NULL;
}

static bool is_digest(const char *text)
{
    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static enum vt_code read_digests(struct vt_arena *arena, const json_t *body,
                                 const struct vt_sealing *sealing, struct vt_sealing_finished *out,
                                 struct vt_err *err)
{
    const json_t *digests = json_object_get(body, "documents");
    const char *cms = json_string_value(json_object_get(body, "cms"));
    bool is_bare = sealing->plan->form == VT_SEAL_BARE;
    if (json_array_size(digests) != sealing->documents_count || cms == NULL ||
        (is_bare ? cms[0] != '\0' : !is_digest(cms)))
        return vt_sealing_nonsense(err);
    memcpy(out->cms_sha256, cms, strlen(cms) + 1);
    out->documents_count = sealing->documents_count;
    out->documents_sha256 =
        vt_arena_alloc(arena, (out->documents_count + 1) * sizeof(*out->documents_sha256));
    if (out->documents_sha256 == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    for (size_t i = 0; i < out->documents_count; i++) {
        const char *digest = json_string_value(json_array_get(digests, i));
        if (!is_digest(digest))
            return vt_sealing_nonsense(err);
        memcpy(out->documents_sha256[i], digest, 65);
    }
    return VT_OK;
}

static enum vt_code read_mail(struct vt_arena *arena, const json_t *body, int fd,
                              const struct vt_sealing *sealing, struct vt_sealing_finished *out,
                              struct vt_err *err)
{
    json_int_t header_bytes = json_integer_value(json_object_get(body, "header_bytes"));
    enum vt_code code = read_digests(arena, body, sealing, out, err);
    if (code != VT_OK)
        return code;
    if (vt_memfd_map(fd, VT_MAX_SEALED_MAIL_BYTES, &out->mail, err) != VT_OK)
        return vt_sealing_nonsense(err);
    if (header_bytes <= 0 || (uint64_t)header_bytes >= out->mail.len)
        return vt_sealing_nonsense(err);
    out->mail_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (out->mail_fd < 0)
        return vt_err_sys(err, "keeping a sealed mail");
    out->body = vt_bytes_slice(out->mail, (size_t)header_bytes, SIZE_MAX);
    out->why = vt_sealing_text(arena, json_object_get(body, "why"));
    /* In the bare form what was 8-bit is as it came. */
    if (out->why == NULL && sealing->plan->form != VT_SEAL_BARE)
        out->why = why_not_safe(out->body);
    return VT_OK;
}

static json_t *last_question(const struct vt_sealing *sealing, struct vt_bytes signature)
{
    json_t *question = vt_seal_plan_to_json(sealing);
    if (question != NULL &&
        (signature.len == 0 ||
         json_object_set_new(question, "signature", vt_seal_optional_to_json(signature)) == 0))
        return question;
    json_decref(question);
    return NULL;
}

enum vt_code vt_sealing_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                               struct vt_bytes signature, struct vt_sealing_finished *out,
                               struct vt_err *err)
{
    *out = (struct vt_sealing_finished){.mail_fd = -1};
    struct vt_message *answer = calloc(1, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    enum vt_code code =
        vt_sealing_ask(sealing, VT_MSG_SEAL_FINISH, last_question(sealing, signature), true,
                       VT_MSG_SEAL_FINISHED, 2, answer, err);
    if (code == VT_OK) {
        json_t *body = vt_seal_body(answer);
        code = body == NULL ? vt_sealing_nonsense(err)
                            : read_mail(arena, body, answer->fds[0], sealing, out, err);
        json_decref(body);
        if (code == VT_OK)
            code = read_changes(arena, answer->fds[1], out, err);
        vt_message_close(answer);
    }
    if (code != VT_OK)
        vt_sealing_finished_clear(out);
    free(answer);
    return code;
}

void vt_sealing_finished_clear(struct vt_sealing_finished *finished)
{
    vt_memfd_unmap(finished->mail);
    if (finished->mail_fd >= 0 && finished->mail.ptr != NULL)
        (void)close(finished->mail_fd);
    *finished = (struct vt_sealing_finished){.mail_fd = -1};
}
