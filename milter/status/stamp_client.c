/* SPDX-License-Identifier: Apache-2.0
 * Asking the status role for a time stamp. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "vanthu/clock.h"
#include "vanthu/stamp.h"

#define MAX_QUESTION_BYTES (4u * 1024)

static const char *clean(struct vt_arena *arena, const json_t *text)
{
    char out[VT_MAX_STAMP_TEXT_BYTES];
    const char *value = json_string_value(text);
    return value == NULL
               ? NULL
               : vt_arena_str(arena, vt_text_clean(out, sizeof(out), vt_bytes_str(value)));
}

static enum vt_code read_token(struct vt_arena *arena, const json_t *token, struct vt_bytes *out)
{
    enum vt_code code = vt_base64_decode(arena, vt_bytes_str(json_string_value(token)), out);
    bool is_good = out->len > 0 && out->len <= VT_MAX_SEAL_TOKEN_BYTES;
    return code == VT_E_NOMEM ? code : code == VT_OK && is_good ? VT_OK : VT_E_PEER;
}

static enum vt_code read_answer(struct vt_arena *arena, const struct vt_message *answer,
                                struct vt_stamped_answer *out, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    json_t *body =
        json_loadb((const char *)answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *token = json_object_get(body, "token");
    if (json_is_string(token))
        code = read_token(arena, token, &out->token);
    out->time_utc_secs = json_integer_value(json_object_get(body, "time"));
    out->url = clean(arena, json_object_get(body, "url"));
    out->text = clean(arena, json_object_get(body, "text"));
    out->certificate_sha256 = clean(arena, json_object_get(body, "certificate"));
    if (code == VT_OK && out->token.len == 0 && out->text == NULL)
        code = VT_E_PEER;
    json_decref(body);
    return code == VT_OK        ? VT_OK
           : code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for a time stamp")
                                : vt_err_set(err, code, "status gives no time stamp");
}

/* {"value": base64} */
static enum vt_code write_question(struct vt_buf *out, struct vt_bytes value)
{
    struct vt_buf lines;
    vt_buf_init(&lines, MAX_QUESTION_BYTES);
    enum vt_code code = vt_base64_add_lines(&lines, value);
    json_t *body =
        code == VT_OK ? json_pack("{s:s%}", "value", (const char *)lines.ptr, lines.len) : NULL;
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    code = text != NULL ? vt_buf_addf(out, "%s", text) : VT_E_NOMEM;
    free(text);
    json_decref(body);
    vt_buf_clear(&lines);
    return code;
}

enum vt_code vt_stamp_ask(struct vt_arena *arena, const struct vt_stamper *stamper,
                          struct vt_bytes value, struct vt_stamped_answer *out, struct vt_err *err)
{
    struct vt_buf question;
    struct vt_message *answer = vt_arena_alloc(arena, sizeof(*answer));
    *out = (struct vt_stamped_answer){.time_utc_secs = VT_TIME_NONE};
    vt_buf_init(&question, MAX_QUESTION_BYTES);
    if (answer == NULL || write_question(&question, value) != VT_OK) {
        vt_buf_clear(&question);
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    }
    const struct vt_wire_ask ask = {.type = VT_MSG_STAMP,
                                    .body = vt_buf_bytes(&question),
                                    .deadline_msecs = stamper->deadline_msecs,
                                    .progress = stamper->progress,
                                    .progress_context = stamper->progress_context};
    enum vt_code code =
        vt_wire_ask_over(stamper->channel_fd, stamper->connection_fd, &ask, answer, err);
    vt_buf_clear(&question);
    if (code != VT_OK)
        return code;
    code = answer->type == VT_MSG_STAMPED ? read_answer(arena, answer, out, err)
                                          : vt_message_unexpected(answer, "status", err);
    vt_message_close(answer);
    return code;
}
