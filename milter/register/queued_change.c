/* SPDX-License-Identifier: Apache-2.0
 * Changes of the queue of notices. A row that ends does so in one commit with the record that says
 * how. */
#include "register/queued.h"

#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024)

/* ---- one statement, one commit ---- */

struct change {
    const char *statement; /* ?1 is the row */
    int64_t id;
    const struct vt_value_of {
        enum { NUMBER = 0, TEXT, BLOB } kind;
        int64_t number;
        struct vt_bytes bytes;
    } * values; /* from ?2 on; a text without bytes is null */
    size_t count;
};

static void bind(struct vt_sql *sql, const struct change *change)
{
    vt_sql_bind_int(sql, 1, change->id);
    for (size_t i = 0; i < change->count; i++) {
        const struct vt_value_of *value = &change->values[i];
        int at = (int)i + 2;
        if (value->kind == NUMBER)
            vt_sql_bind_int(sql, at, value->number);
        else if (value->bytes.ptr == NULL)
            vt_sql_bind_null(sql, at);
        else if (value->kind == TEXT)
            vt_sql_bind_text(sql, at, value->bytes);
        else
            vt_sql_bind_blob(sql, at, value->bytes);
    }
}

static struct vt_value_of number(int64_t value)
{
    return (struct vt_value_of){.kind = NUMBER, .number = value};
}

static struct vt_value_of text(const char *value)
{
    return (struct vt_value_of){
        .kind = TEXT, .bytes = value != NULL ? vt_bytes_str(value) : (struct vt_bytes){0}};
}

static enum vt_code run(struct vt_register *reg, const struct change *change, int64_t *out_count,
                        struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(reg->engine, change->statement, &sql, err);
    if (code != VT_OK)
        return code;
    bind(sql, change);
    code = vt_sql_run(sql, err);
    *out_count = code == VT_OK ? vt_engine_changes_count(reg->engine) : 0;
    vt_sql_done(sql);
    return code;
}

static enum vt_code end(struct vt_register *reg, enum vt_code code, struct vt_err *err)
{
    if (code == VT_OK)
        return vt_engine_commit(reg->engine, err);
    vt_engine_rollback(reg->engine);
    return code;
}

static enum vt_code commit_one(struct vt_register *reg, const struct change *change,
                               int64_t *out_count, struct vt_err *err)
{
    *out_count = 0;
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    return code == VT_OK ? end(reg, run(reg, change, out_count, err), err) : code;
}

/* ---- before it is sent ---- */

enum vt_code vt_queued_postpone(struct vt_register *reg, int64_t id, int64_t next_utc_secs,
                                struct vt_err *err)
{
    const struct vt_value_of values[] = {number(next_utc_secs)};
    const struct change change = {
        "UPDATE notice SET next_utc_secs = ?2 WHERE id = ?1 AND state = 'waiting'", id, values, 1};
    int64_t count = 0;
    return commit_one(reg, &change, &count, err);
}

enum vt_code vt_queued_join_elsewhere(struct vt_register *reg, int64_t id, int64_t now_utc_secs,
                                      struct vt_err *err)
{
    const struct vt_value_of values[] = {number(now_utc_secs)};
    const struct change change = {"UPDATE notice SET state = 'joined', joined = NULL,"
                                  " done_utc_secs = ?2 WHERE id = ?1 AND state = 'waiting'",
                                  id, values, 1};
    int64_t count = 0;
    return commit_one(reg, &change, &count, err);
}

enum vt_code vt_queued_written(struct vt_register *reg, int64_t id, const char *message_id,
                               struct vt_bytes message, int64_t now_utc_secs, struct vt_err *err)
{
    const struct vt_value_of values[] = {
        text(message_id), {.kind = BLOB, .bytes = message}, number(now_utc_secs)};
    const struct change change = {
        "UPDATE notice SET state = 'ready', message_id = ?2, message = ?3, written_utc_secs = ?4,"
        " next_utc_secs = ?4 WHERE id = ?1 AND state = 'waiting'",
        id, values, 3};
    int64_t count = 0;
    return commit_one(reg, &change, &count, err);
}

/* ---- while it is sent ---- */

static enum vt_code next_ready(struct vt_register *reg, int64_t now_utc_secs, int64_t *out_id,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(
        reg->engine,
        "SELECT id FROM notice WHERE state IN ('ready', 'sending')"
        " AND (next_utc_secs <= ?1 OR next_utc_secs > ?2)"
        " AND message IS NOT NULL AND length(matter) = 32 ORDER BY next_utc_secs, id LIMIT 1",
        &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, now_utc_secs);
    vt_sql_bind_int(sql, 2, now_utc_secs + VT_QUEUED_FAR_SECS);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out_id = vt_sql_int(sql, 0);
    else if (code == VT_OK)
        code = vt_err_set(err, VT_E_NOT_FOUND, "register: no notice is due");
    vt_sql_done(sql);
    return code;
}

static enum vt_code take_next(struct vt_register *reg, struct vt_arena *arena, int64_t now_utc_secs,
                              struct vt_queued *out, struct vt_bytes *out_message,
                              struct vt_err *err)
{
    const struct vt_value_of values[] = {number(now_utc_secs + VT_NOTICE_LEASE_SECS)};
    struct change change = {"UPDATE notice SET state = 'sending', next_utc_secs = ?2 WHERE id = ?1",
                            0, values, 1};
    int64_t count = 0;
    enum vt_code code = next_ready(reg, now_utc_secs, &change.id, err);
    if (code == VT_OK)
        code = vt_queued_get(reg, arena, change.id, out, err);
    if (code == VT_OK)
        code = vt_queued_message(reg, arena, change.id, out_message, err);
    return code == VT_OK ? run(reg, &change, &count, err) : code;
}

enum vt_code vt_queued_lease(struct vt_register *reg, struct vt_arena *arena, int64_t now_utc_secs,
                             struct vt_queued *out, struct vt_bytes *out_message,
                             struct vt_err *err)
{
    int64_t id = 0;
    *out_message = (struct vt_bytes){0};
    /* Nothing is locked for a question that is mostly answered no. */
    enum vt_code code = next_ready(reg, now_utc_secs, &id, err);
    if (code == VT_OK)
        code = vt_engine_begin(reg->engine, true, err);
    return code == VT_OK ? end(reg, take_next(reg, arena, now_utc_secs, out, out_message, err), err)
                         : code;
}

enum vt_code vt_queued_give_back(struct vt_register *reg, int64_t id, int64_t now_utc_secs,
                                 struct vt_err *err)
{
    const struct vt_value_of values[] = {number(now_utc_secs + VT_QUEUED_GIVEN_BACK_SECS)};
    const struct change change = {"UPDATE notice SET state = 'ready', next_utc_secs = ?2"
                                  " WHERE id = ?1 AND state = 'sending'",
                                  id, values, 1};
    int64_t count = 0;
    return commit_one(reg, &change, &count, err);
}

enum vt_code vt_queued_deferred(struct vt_register *reg, int64_t id, const char *code,
                                const char *answer, int64_t next_utc_secs, int64_t now_utc_secs,
                                struct vt_err *err)
{
    const struct vt_value_of values[] = {text(code), text(answer), number(next_utc_secs),
                                         number(now_utc_secs)};
    const struct change change = {
        "UPDATE notice SET state = 'ready', code = ?2, text = ?3, next_utc_secs = ?4,"
        " last_utc_secs = ?5, attempts = attempts + 1 WHERE id = ?1 AND state = 'sending'",
        id, values, 4};
    int64_t count = 0;
    return commit_one(reg, &change, &count, err);
}

/* ---- the end ---- */

static enum vt_code append_end(struct vt_register *reg, const struct vt_queued *owed,
                               const struct vt_queued_end *how, int64_t now_utc_secs,
                               struct vt_err *err)
{
    struct vt_register_noticed noticed = {.id = owed->id,
                                          .kind = owed->kind,
                                          .recipient = owed->recipient,
                                          .outcome = vt_queued_state_name(how->state),
                                          .code = how->code,
                                          .text = how->text,
                                          .message_id = owed->message_id,
                                          .by = how->by,
                                          .attempts_count = owed->attempts_count + how->was_tried};
    struct vt_register_record record = {.kind = VT_REGISTER_NOTICE,
                                        .reference = owed->reference,
                                        .time_utc_secs = now_utc_secs,
                                        .noticed = &noticed};
    struct vt_tail tail;
    (void)vt_text_hex(noticed.matter_sha256, vt_bytes_of(owed->matter, sizeof(owed->matter)));
    enum vt_code code = vt_register_tail(reg, &tail, err);
    return code == VT_OK ? vt_register_append_one(reg, &tail, &record, err) : code;
}

static enum vt_code set_end(struct vt_register *reg, const struct vt_queued *owed,
                            const struct vt_queued_end *how, int64_t now_utc_secs,
                            struct vt_err *err)
{
    const struct vt_value_of values[] = {text(vt_queued_state_name(how->state)), text(how->code),
                                         text(how->text), number(now_utc_secs),
                                         number(how->was_tried)};
    const struct change change = {
        "UPDATE notice SET state = ?2, code = coalesce(?3, code), text = coalesce(?4, text),"
        " done_utc_secs = ?5, attempts = attempts + ?6,"
        " last_utc_secs = CASE WHEN ?6 > 0 THEN ?5 ELSE last_utc_secs END WHERE id = ?1",
        owed->id, values, 5};
    int64_t count = 0;
    return run(reg, &change, &count, err);
}

static enum vt_code finish(struct vt_register *reg, struct vt_arena *arena, int64_t id,
                           const struct vt_queued_end *how, int64_t now_utc_secs, bool *out_done,
                           struct vt_err *err)
{
    struct vt_queued owed;
    enum vt_code code = vt_queued_get(reg, arena, id, &owed, err);
    if (code != VT_OK)
        return code == VT_E_NOT_FOUND ? VT_OK : code;
    /* What post says later than it had time to is still true. */
    bool is_open = (VT_QUEUED_OPEN & VT_QUEUED_STATE_BIT(owed.state)) != 0 ||
                   (how->state == VT_QUEUED_SENT && owed.state != VT_QUEUED_SENT);
    if (!is_open)
        return VT_OK;
    code = set_end(reg, &owed, how, now_utc_secs, err);
    if (code == VT_OK)
        code = append_end(reg, &owed, how, now_utc_secs, err);
    *out_done = code == VT_OK;
    return code;
}

enum vt_code vt_queued_finish(struct vt_register *reg, int64_t id, const struct vt_queued_end *how,
                              int64_t now_utc_secs, bool *out_done, struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    *out_done = false;
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a notice");
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    if (code == VT_OK)
        code = end(reg, finish(reg, arena, id, how, now_utc_secs, out_done, err), err);
    *out_done = *out_done && code == VT_OK;
    vt_arena_free(arena);
    return code;
}

/* ---- an administrator's orders ---- */

static enum vt_code retry_all(struct vt_register *reg, int64_t now_utc_secs, int64_t *out_count,
                              struct vt_err *err)
{
    const struct vt_value_of values[] = {number(now_utc_secs)};
    const struct change change = {"UPDATE notice SET next_utc_secs = ?2 WHERE ?1 = 0"
                                  " AND state = 'ready' AND next_utc_secs > ?2",
                                  0, values, 1};
    return commit_one(reg, &change, out_count, err);
}

/* What has no bytes is written anew. It begins again: it does not expire for its age. */
static enum vt_code retry_one(struct vt_register *reg, int64_t id, int64_t now_utc_secs,
                              int64_t *out_count, struct vt_err *err)
{
    const struct vt_value_of values[] = {number(now_utc_secs)};
    const struct change change = {
        "UPDATE notice SET state = CASE WHEN message IS NULL THEN 'waiting' ELSE 'ready' END,"
        " next_utc_secs = ?2, done_utc_secs = NULL,"
        " created_utc_secs = CASE WHEN state = 'ready' THEN created_utc_secs ELSE ?2 END"
        " WHERE id = ?1 AND state IN ('ready', 'failed', 'expired', 'dropped', 'limited')",
        id, values, 1};
    return commit_one(reg, &change, out_count, err);
}

enum vt_code vt_queued_order(struct vt_register *reg, enum vt_queued_order order, int64_t id,
                             const char *by, const char *why, int64_t now_utc_secs,
                             int64_t *out_count, struct vt_err *err)
{
    struct vt_queued owed;
    *out_count = 0;
    if (order == VT_QUEUED_RETRY && id == 0)
        return retry_all(reg, now_utc_secs, out_count, err);
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a notice");
    const struct vt_queued_end how = {.state = VT_QUEUED_DROPPED, .text = why, .by = by};
    bool is_done = false;
    enum vt_code code = vt_queued_get(reg, arena, id, &owed, err);
    if (code == VT_OK && order == VT_QUEUED_RETRY)
        code = retry_one(reg, id, now_utc_secs, out_count, err);
    else if (code == VT_OK && owed.state != VT_QUEUED_SENDING)
        code = vt_queued_finish(reg, id, &how, now_utc_secs, &is_done, err);
    *out_count += is_done;
    if (code == VT_OK && *out_count == 0)
        code = vt_err_set(err, VT_E_CONFIG, "notice %lld is %s", (long long)id,
                          vt_queued_state_name(owed.state));
    vt_arena_free(arena);
    return code;
}
