/* SPDX-License-Identifier: Apache-2.0
 * The other side of the registrar: look, record, tell. All state is the caller's. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "register/body.h"
#include "register/messages.h"
#include "register/rechecked.h"
#include "vanthu/wire.h"

/* A registrar that died is started again within a fraction of a second, and the connection waits
 * for it in the channel. */
#define MAX_TRIES 5
#define PAUSE_MSECS 20

/* Ask until the answer of this type is there; a registrar that dies meanwhile is asked again. */
static enum vt_code ask(const struct vt_registrar *registrar, enum vt_message_type type,
                        struct vt_bytes body, const char *name, struct vt_bytes content,
                        enum vt_message_type wanted, struct vt_message *answer, struct vt_err *err)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MSECS * 1000000L};
    int fds[1 + VT_MAX_RECORD_OBJECTS_FILES] = {-1};
    size_t fds_count = 1;
    enum vt_code code = vt_memfd_seal(name, content, &fds[0], err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; type == VT_MSG_RECORD && i < registrar->objects_fds_count &&
                       i < VT_MAX_RECORD_OBJECTS_FILES;
         i++)
        fds[fds_count++] = registrar->objects_fds[i];
    const struct vt_wire_ask request = {.type = type,
                                        .body = body,
                                        .fds = fds,
                                        .fds_count = fds_count,
                                        .max_fds = wanted == VT_MSG_LOOKED ? 1 : 0,
                                        .deadline_msecs = registrar->deadline_msecs,
                                        .progress = registrar->progress,
                                        .progress_context = registrar->progress_context};
    unsigned tries = 0;
    do {
        if (tries > 0)
            (void)nanosleep(&pause, NULL);
        code = vt_wire_ask_over(registrar->channel_fd, registrar->connection_fd, &request, answer,
                                err);
    } while (code == VT_E_PEER && registrar->channel_fd >= 0 && ++tries < MAX_TRIES &&
             vt_clock_left_msecs(registrar->deadline_msecs) > 0);
    (void)close(fds[0]);
    if (code != VT_OK || answer->type == wanted)
        return code;
    code = vt_message_unexpected(answer, "the registrar", err);
    vt_message_close(answer);
    return code;
}

/* ---- LOOK ---- */

static enum vt_code read_looked(struct vt_arena *arena, const struct vt_message *answer,
                                const struct vt_look *look, struct vt_looked *out,
                                struct vt_err *err)
{
    struct vt_bytes json;
    if (answer->fds_count != 1)
        return vt_err_set(err, VT_E_PEER, "the registrar answered something else than asked");
    enum vt_code code = vt_memfd_map(answer->fds[0], VT_MAX_LOOK_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_looked_from_json(arena, json, look->first_seen_count, out, err);
    vt_memfd_unmap(json);
    return code;
}

enum vt_code vt_registrar_look(struct vt_arena *arena, const struct vt_registrar *registrar,
                               const struct vt_look *look, struct vt_looked *out,
                               struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    if (look->first_seen_count > VT_MAX_FIRST_SEEN)
        return vt_err_set(err, VT_E_LIMIT, "register: %zu digests asked for at once",
                          look->first_seen_count);
    struct vt_message *answer = malloc(sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a message");
    enum vt_code code = vt_look_to_json(look, &text, &len, err);
    if (code == VT_OK) {
        code = ask(registrar, VT_MSG_LOOK, (struct vt_bytes){0}, "vanthu-look",
                   vt_bytes_of(text, len), VT_MSG_LOOKED, answer, err);
        if (code == VT_OK) {
            code = read_looked(arena, answer, look, out, err);
            vt_message_close(answer);
        }
    }
    free(text);
    free(answer);
    return code;
}

/* ---- RECORD ---- */

/* Whether the clock is synchronised is the registrar's business: all digests are handed over. */
static enum vt_code write_body(const struct vt_register_record *record, struct vt_buf *out,
                               struct vt_err *err)
{
    if (record->kind != VT_REGISTER_DECIDED)
        return vt_body_write(record, out, err);
    struct vt_register_decided decided = *record->decided;
    struct vt_register_record copy = *record;
    decided.clock_is_synchronised = true;
    decided.objects_count = 0;
    copy.decided = &decided;
    return vt_body_write(&copy, out, err);
}

/* An answer that cannot be read is that of a registrar which committed all the same. */
static void tell_missing(const struct vt_registrar *registrar, const struct vt_message *answer)
{
    if (registrar->missing == NULL || answer->body_len == 0)
        return;
    json_t *root = json_loadb((const char *)answer->body, answer->body_len, 0, NULL);
    const json_t *missing = json_object_get(root, "missing");
    for (size_t i = 0; i < json_array_size(missing) && i < VT_MAX_TOLD_MISSING; i++) {
        const char *sha256 = json_string_value(json_array_get(missing, i));
        if (sha256 != NULL)
            registrar->missing(registrar->missing_context, sha256);
    }
    json_decref(root);
}

enum vt_code vt_registrar_record(const struct vt_registrar *registrar,
                                 const struct vt_register_record *record, struct vt_err *err)
{
    char *head = NULL;
    size_t len = 0;
    struct vt_buf body;
    struct vt_message *answer = malloc(sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a message");
    vt_buf_init(&body, VT_MAX_REGISTER_BODY_BYTES);
    enum vt_code code = vt_record_head_to_json(record, &head, &len, err);
    if (code == VT_OK)
        code = write_body(record, &body, err);
    if (code == VT_OK)
        code = ask(registrar, VT_MSG_RECORD, vt_bytes_of(head, len), "vanthu-record",
                   vt_buf_bytes(&body), VT_MSG_RECORDED, answer, err);
    if (code == VT_OK)
        tell_missing(registrar, answer);
    vt_buf_clear(&body);
    free(head);
    free(answer);
    return code;
}

/* ---- RECHECKED ---- */

enum vt_code vt_registrar_rechecked(const struct vt_registrar *registrar,
                                    const struct vt_rechecked *rechecked, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_message *answer = malloc(sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a message");
    enum vt_code code = vt_rechecked_to_json(rechecked, &text, &len, err);
    if (code == VT_OK)
        code = ask(registrar, VT_MSG_RECHECKED, vt_bytes_of(text, len), "vanthu-rechecked",
                   (struct vt_bytes){0}, VT_MSG_RECHECK_KEPT, answer, err);
    free(text);
    free(answer);
    return code;
}

/* ---- HEAD ---- */

enum vt_code vt_registrar_keep_head(const struct vt_registrar *registrar,
                                    const struct vt_register_head *head, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_message *answer = malloc(sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a message");
    enum vt_code code = vt_head_to_json(head, &text, &len, err);
    if (code == VT_OK)
        code = ask(registrar, VT_MSG_HEAD, vt_bytes_of(text, len), "vanthu-head", head->token,
                   VT_MSG_HEAD_KEPT, answer, err);
    free(text);
    free(answer);
    return code;
}

/* ---- ANSWERED ---- */

enum vt_code vt_registrar_tell(const struct vt_registrar *registrar,
                               const struct vt_register_record *records, size_t count,
                               struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    enum vt_code code = vt_answers_to_json(records, count, &text, &len, err);
    if (code == VT_OK)
        code = vt_wire_open(registrar->channel_fd, registrar->deadline_msecs, &fd, err);
    if (code == VT_OK)
        code = vt_wire_send(fd, VT_MSG_ANSWERED, vt_bytes_of(text, len), NULL, 0,
                            registrar->deadline_msecs, err);
    if (fd >= 0)
        (void)close(fd);
    free(text);
    return code;
}
