/* SPDX-License-Identifier: Apache-2.0
 * Messages of the sealer: bytes as base64, words by their names. */
#include "seal/messages.h"

#include <stdlib.h>
#include <string.h>

#include "vanthu/clock.h"

json_t *vt_seal_body(const struct vt_message *message)
{
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(body))
        return body;
    json_decref(body);
    return NULL;
}

json_t *vt_seal_bytes_to_json(struct vt_bytes bytes)
{
    json_t *text = NULL;
    struct vt_buf lines;
    vt_buf_init(&lines, VT_MAX_MESSAGE_BYTES);
    if (vt_base64_add_lines(&lines, bytes) == VT_OK)
        text = json_stringn(lines.ptr == NULL ? "" : (const char *)lines.ptr, lines.len);
    vt_buf_clear(&lines);
    return text;
}

enum vt_code vt_seal_bytes_from_json(struct vt_arena *arena, const json_t *text,
                                     struct vt_bytes *out)
{
    if (!json_is_string(text))
        return VT_E_FORMAT;
    return vt_base64_decode(arena, vt_bytes_of(json_string_value(text), json_string_length(text)),
                            out);
}

unsigned vt_seal_word(const json_t *text, const char *(*name)(unsigned), unsigned count)
{
    const char *word = json_string_value(text);
    unsigned i = 0;
    while (i < count && (word == NULL || strcmp(word, name(i)) != 0))
        i++;
    return i;
}

/* ---- asking ---- */

static enum vt_code read_answer(const struct vt_message *answer, json_t **out, struct vt_err *err)
{
    *out = answer->type == VT_MSG_SEAL_ANSWER ? vt_seal_body(answer) : NULL;
    return *out != NULL ? VT_OK : vt_message_unexpected(answer, "the sealer", err);
}

enum vt_code vt_seal_ask(const struct vt_sealer *sealer, enum vt_message_type type, json_t *body,
                         int fd, json_t **out, struct vt_err *err)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    struct vt_message *answer = malloc(sizeof(*answer));
    enum vt_code code = VT_E_INTERNAL;
    json_decref(body);
    if (text == NULL || answer == NULL) {
        code = vt_err_set(err, VT_E_NOMEM, "no memory for a message to the sealer");
        goto done;
    }
    const struct vt_wire_ask ask = {.type = type,
                                    .body = vt_bytes_str(text),
                                    .fds = &fd,
                                    .fds_count = fd >= 0 ? 1 : 0,
                                    .deadline_msecs = sealer->deadline_msecs,
                                    .progress = sealer->progress,
                                    .progress_context = sealer->progress_context};
    code = vt_wire_ask_over(sealer->channel_fd, sealer->connection_fd, &ask, answer, err);
    if (code == VT_OK) {
        code = read_answer(answer, out, err);
        vt_message_close(answer);
    }
done:
    free(answer);
    free(text);
    return code;
}
