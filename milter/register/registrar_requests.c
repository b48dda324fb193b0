/* SPDX-License-Identifier: Apache-2.0
 * What gateway, post, status and an administrator ask of the registrar. Records gather in a batch,
 * which is committed as one; each is answered afterwards. */
#include <stdlib.h>
#include <unistd.h>

#include "register/looking.h"
#include "register/messages.h"
#include "register/rechecked.h"
#include "register/registrar_role.h"
#include "vanthu/log.h"

#define LOOK_ARENA_BYTES ((size_t)4 * 1024 * 1024)

/* ---- LOOK ---- */

static enum vt_code read_look(const struct vt_message *message, struct vt_arena *arena,
                              struct vt_look *out, struct vt_err *err)
{
    struct vt_bytes json;
    if (message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "register: nothing was asked for");
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_LOOK_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_look_from_json(arena, json, out, err);
    vt_memfd_unmap(json);
    return code;
}

static enum vt_code look(struct vt_registrar_role *server, size_t client,
                         const struct vt_message *message, struct vt_err *err)
{
    struct vt_look asked;
    struct vt_looked looked = {0};
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    struct vt_arena *arena = vt_arena_new(LOOK_ARENA_BYTES);
    vt_metric_add(server->metrics, VT_METRIC_LOOKS, 0, 1);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for an answer");
    enum vt_code code = read_look(message, arena, &asked, err);
    if (code == VT_OK)
        code = vt_looking_answer(server->reg, arena, &asked, vt_clock_now_utc_secs(), &looked, err);
    if (code == VT_OK)
        code = vt_looked_to_json(&looked, asked.first_seen_count, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-looked", vt_bytes_of(text, len), &fd, err);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_LOOKED, (struct vt_bytes){0}, &fd, 1);
    if (fd >= 0)
        (void)close(fd);
    free(text);
    vt_arena_free(arena);
    return code;
}

/* ---- the commit ---- */

static void answer_record(struct vt_registrar_role *server, size_t item)
{
    char *missing = vt_batch_missing(&server->batch, item);
    vt_server_reply(server->clients, (size_t)server->batch.items[item].client, VT_MSG_RECORDED,
                    vt_bytes_str(missing), NULL, 0);
    free(missing);
}

static void answer_batch(struct vt_registrar_role *server)
{
    for (size_t i = 0; i < server->batch.count; i++) {
        const struct vt_batch_item *item = &server->batch.items[i];
        if (item->client >= 0 && item->is_done)
            answer_record(server, i);
        else if (item->client >= 0)
            vt_server_refuse(server->clients, (size_t)item->client, &item->err);
        else if (!item->is_done)
            vt_log(VT_LOG_WARNING, "an answer is not recorded: %s", item->err.text);
    }
}

void vt_registrar_count_commit(struct vt_registrar_role *server, size_t records, bool good,
                               int64_t begun_msecs)
{
    struct vt_metrics *metrics = server->metrics;
    server->stuck_utc_secs = good                         ? 0
                             : server->stuck_utc_secs > 0 ? server->stuck_utc_secs
                                                          : vt_clock_now_utc_secs();
    server->probed_msecs = vt_clock_monotonic_msecs();
    vt_metric_set(metrics, VT_METRIC_REGISTER_WRITABLE, 0, good);
    vt_metric_add(metrics, VT_METRIC_COMMITS, good ? VT_RESULT_OK : VT_RESULT_FAILED, 1);
    vt_metric_add(metrics, VT_METRIC_RECORDS, 0, records);
    vt_metric_observe(metrics, VT_METRIC_COMMIT_RECORDS, 0, (int64_t)records);
    vt_metric_observe(metrics, VT_METRIC_COMMIT_MSECS, 0, vt_clock_monotonic_msecs() - begun_msecs);
}

/* A record that is refused by itself is no fault of the register. */
static void count_batch(struct vt_registrar_role *server, int64_t begun_msecs)
{
    size_t done = 0;
    bool good = true;
    for (size_t i = 0; i < server->batch.count; i++) {
        const struct vt_batch_item *item = &server->batch.items[i];
        done += item->is_done;
        good = good &&
               (item->is_done || item->err.code == VT_E_FORMAT || item->err.code == VT_E_LIMIT);
    }
    vt_registrar_count_commit(server, done, good, begun_msecs);
}

void vt_registrar_commit(struct vt_registrar_role *server)
{
    int64_t begun_msecs = vt_clock_monotonic_msecs();
    if (server->batch.count == 0)
        return;
    vt_batch_commit(&server->batch, server->reg);
    count_batch(server, begun_msecs);
    answer_batch(server);
    vt_batch_clear(&server->batch);
}

/* ---- RECORD and ANSWERED ---- */

/* Whoever hung up while the registrar was away has asked its sender to come again. */
static enum vt_code take_record(struct vt_registrar_role *server, size_t client,
                                const struct vt_message *message, struct vt_err *err)
{
    if (vt_server_is_gone(server->clients, client))
        return VT_E_PEER;
    if (!vt_batch_has_room(&server->batch))
        vt_registrar_commit(server);
    return vt_batch_take(&server->batch, message, (int)client, vt_clock_now_utc_secs(), err);
}

static enum vt_code take_answered(struct vt_registrar_role *server, size_t client,
                                  const struct vt_message *message, struct vt_err *err)
{
    if (!vt_batch_has_room(&server->batch))
        vt_registrar_commit(server);
    enum vt_code code = vt_batch_take(&server->batch, message, -1, vt_clock_now_utc_secs(), err);
    if (code == VT_OK)
        vt_server_close(server->clients, client);
    return code;
}

/* ---- what became known later ---- */

static enum vt_code take_rechecked(struct vt_registrar_role *server, size_t client,
                                   const struct vt_message *message, struct vt_err *err)
{
    struct vt_rechecked rechecked;
    struct vt_arena *arena = vt_arena_new(LOOK_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a re-check");
    enum vt_code code = vt_rechecked_from_json(arena, vt_bytes_of(message->body, message->body_len),
                                               &rechecked, err);
    if (code == VT_OK)
        code = vt_rechecked_record(server->reg, server->config, vt_outbox_policy(server->outbox),
                                   &rechecked, vt_clock_now_utc_secs(), err);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_RECHECK_KEPT, (struct vt_bytes){0}, NULL,
                        0);
    vt_arena_free(arena);
    return code;
}

/* ---- heads ---- */

static enum vt_code take_head(struct vt_registrar_role *server, size_t client,
                              const struct vt_message *message, struct vt_err *err)
{
    struct vt_register_head head;
    if (message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "register: a head came without its token");
    enum vt_code code =
        vt_head_from_json(vt_bytes_of(message->body, message->body_len), &head, err);
    if (code == VT_OK)
        code = vt_memfd_map(message->fds[0], VT_MAX_HEAD_TOKEN_BYTES, &head.token, err);
    if (code != VT_OK)
        return code;
    code = vt_register_head_add(server->reg, &head, err);
    vt_memfd_unmap(head.token);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_HEAD_KEPT, (struct vt_bytes){0}, NULL, 0);
    return code;
}

enum vt_code vt_registrar_take(void *context, size_t client, struct vt_message *message,
                               struct vt_err *err)
{
    struct vt_registrar_role *server = context;
    switch (message->type) {
    case VT_MSG_LOOK:
        return look(server, client, message, err);
    case VT_MSG_RECORD:
        return take_record(server, client, message, err);
    case VT_MSG_ANSWERED:
        return take_answered(server, client, message, err);
    case VT_MSG_HEAD:
        return take_head(server, client, message, err);
    case VT_MSG_RECHECKED:
        return take_rechecked(server, client, message, err);
    case VT_MSG_NOTICE_NEXT:
        return vt_outbox_next(server->outbox, server->reg, server->clients, client, err);
    case VT_MSG_NOTICE_DONE:
        return vt_outbox_done(server->outbox, server->reg, server->clients, client, message, err);
    case VT_MSG_NOTICE_ORDER:
        return vt_outbox_order(server->outbox, server->reg, server->clients, client, message, err);
    default:
        return vt_err_set(err, VT_E_FORMAT, "register: a request that there is not");
    }
}

void vt_registrar_forget(void *context, size_t client)
{
    const struct vt_registrar_role *server = context;
    if (!server->ending)
        vt_outbox_forget(server->outbox, server->reg, client);
}
