/* SPDX-License-Identifier: Apache-2.0
 * The other side of the two steps of a seal. What comes back was made by a process that read
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

static enum vt_code ask(const struct vt_sealing *sealing, enum vt_message_type type,
                        const char *body, int token_fd, size_t fds_count, struct vt_message *answer,
                        struct vt_err *err)
{
    const int fds[] = {sealing->mail_fd, token_fd};
    const struct vt_wire_ask question = {.type = type,
                                         .body = vt_bytes_str(body),
                                         .fds = fds,
                                         .fds_count = token_fd < 0 ? 1 : 2,
                                         .max_fds = fds_count,
                                         .deadline_msecs = sealing->deadline_msecs,
                                         .progress = sealing->progress,
                                         .progress_context = sealing->progress_context};
    return vt_wire_ask(sealing->inspect_fd, &question, answer, err);
}

enum vt_code vt_sealing_ask(const struct vt_sealing *sealing, enum vt_message_type type,
                            json_t *body, bool with_token, enum vt_message_type wanted,
                            size_t fds_count, struct vt_message *answer, struct vt_err *err)
{
    int token_fd = -1;
    enum vt_code code = VT_OK;
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    if (with_token && sealing->token.len > 0)
        code = vt_memfd_seal("vanthu-token", sealing->token, &token_fd, err);
    if (code == VT_OK)
        code = ask(sealing, type, text, token_fd, fds_count, answer, err);
    if (token_fd >= 0)
        (void)close(token_fd);
    free(text);
    if (code != VT_OK)
        return code;
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

/* ---- the first step ---- */

static enum vt_code read_prepared(struct vt_arena *arena, const struct vt_message *answer,
                                  struct vt_sealing_prepared *out, struct vt_err *err)
{
    json_t *body = vt_seal_body(answer);
    const json_t *word = json_object_get(body, "word");
    json_int_t number = json_integer_value(word);
    enum vt_code code = VT_E_FORMAT;
    if (json_is_integer(word) && number > VT_SEAL_MESSAGE_NOT && number < VT_SEAL_MESSAGE_WORDS)
        code = VT_OK;
    bool is_ready = number == VT_SEAL_MESSAGE_READY;
    if (code == VT_OK && is_ready)
        code =
            vt_seal_bytes_from_json(arena, json_object_get(body, "attributes"), &out->attributes);
    if (code == VT_OK) {
        out->word = (enum vt_seal_message_word)number;
        out->why = vt_sealing_text(arena, json_object_get(body, "why"));
    }
    json_decref(body);
    if (code == VT_E_NOMEM)
        return vt_err_set(err, code, "no memory for a seal");
    if (code != VT_OK || is_ready != (out->attributes.len > 0) ||
        out->attributes.len > VT_MAX_SEAL_ATTRIBUTES_BYTES)
        return vt_sealing_nonsense(err);
    return VT_OK;
}

enum vt_code vt_sealing_prepare(struct vt_arena *arena, const struct vt_sealing *sealing,
                                struct vt_sealing_prepared *out, struct vt_err *err)
{
    *out = (struct vt_sealing_prepared){0};
    struct vt_message *answer = calloc(1, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    enum vt_code code =
        vt_sealing_ask(sealing, VT_MSG_SEAL_PREPARE, vt_seal_plan_to_json(sealing->plan), false,
                       VT_MSG_SEAL_PREPARED, 0, answer, err);
    if (code == VT_OK) {
        code = read_prepared(arena, answer, out, err);
        vt_message_close(answer);
    }
    if (code != VT_OK)
        *out = (struct vt_sealing_prepared){0};
    free(answer);
    return code;
}

/* ---- the second step ---- */

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

static enum vt_code read_mail(struct vt_arena *arena, const json_t *body, int fd,
                              struct vt_sealing_finished *out, struct vt_err *err)
{
    const char *cms = json_string_value(json_object_get(body, "cms"));
    json_int_t header_bytes = json_integer_value(json_object_get(body, "header_bytes"));
    if (cms == NULL || strlen(cms) != 64 || strspn(cms, "0123456789abcdef") != 64)
        return vt_sealing_nonsense(err);
    if (vt_memfd_map(fd, VT_MAX_SEALED_MAIL_BYTES, &out->mail, err) != VT_OK)
        return vt_sealing_nonsense(err);
    if (header_bytes <= 0 || (uint64_t)header_bytes >= out->mail.len)
        return vt_sealing_nonsense(err);
    memcpy(out->cms_sha256, cms, sizeof(out->cms_sha256));
    out->mail_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (out->mail_fd < 0)
        return vt_err_sys(err, "keeping a sealed mail");
    out->body = vt_bytes_slice(out->mail, (size_t)header_bytes, SIZE_MAX);
    out->why = vt_sealing_text(arena, json_object_get(body, "why"));
    if (out->why == NULL)
        out->why = why_not_safe(out->body);
    return VT_OK;
}

enum vt_code vt_sealing_finish(struct vt_arena *arena, const struct vt_sealing *sealing,
                               struct vt_bytes signature, struct vt_sealing_finished *out,
                               struct vt_err *err)
{
    *out = (struct vt_sealing_finished){.mail_fd = -1};
    struct vt_message *answer = calloc(1, sizeof(*answer));
    json_t *question = vt_seal_plan_to_json(sealing->plan);
    if (answer == NULL || question == NULL ||
        json_object_set_new(question, "signature", vt_seal_bytes_to_json(signature)) != 0) {
        json_decref(question);
        free(answer);
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    }
    enum vt_code code = vt_sealing_ask(sealing, VT_MSG_SEAL_FINISH, question, true,
                                       VT_MSG_SEAL_FINISHED, 2, answer, err);
    if (code == VT_OK) {
        json_t *body = vt_seal_body(answer);
        code = body == NULL ? vt_sealing_nonsense(err)
                            : read_mail(arena, body, answer->fds[0], out, err);
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
