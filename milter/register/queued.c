/* SPDX-License-Identifier: Apache-2.0
 * The queue of notices: its rows, looked at. */
#include "register/queued.h"

#include <stdio.h>
#include <string.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *const states[VT_QUEUED_STATES] = {
    [VT_QUEUED_WAITING] = "waiting", [VT_QUEUED_READY] = "ready",
    [VT_QUEUED_SENDING] = "sending", [VT_QUEUED_SENT] = "sent",
    [VT_QUEUED_FAILED] = "failed",   [VT_QUEUED_EXPIRED] = "expired",
    [VT_QUEUED_DROPPED] = "dropped", [VT_QUEUED_LIMITED] = "limited",
    [VT_QUEUED_JOINED] = "joined",   [VT_QUEUED_UNANSWERED] = "unanswered",
};

const char *vt_queued_state_name(enum vt_queued_state state)
{
    return state < VT_QUEUED_STATES ? states[state] : "unknown";
}

enum vt_code vt_queued_state_by_name(const char *name, enum vt_queued_state *out)
{
    for (unsigned i = 0; i < VT_QUEUED_STATES; i++) {
        if (strcmp(states[i], name) == 0) {
            *out = (enum vt_queued_state)i;
            return VT_OK;
        }
    }
    return VT_E_NOT_FOUND;
}

/* ---- one row ---- */

static const char *text_or_null(struct vt_sql *sql, int column)
{
    return vt_sql_is_null(sql, column) ? NULL : vt_sql_text(sql, column);
}

enum vt_code vt_queued_read(struct vt_sql *sql, struct vt_queued *out, struct vt_err *err)
{
    struct vt_bytes matter = vt_sql_blob(sql, 18);
    *out = (struct vt_queued){.id = vt_sql_int(sql, 0),
                              .seq = vt_sql_int(sql, 1),
                              .kind = vt_sql_text(sql, 3),
                              .recipient = vt_sql_text(sql, 4),
                              .reference = vt_sql_text(sql, 5),
                              .joined_id = vt_sql_is_null(sql, 6) ? 0 : vt_sql_int(sql, 6),
                              .created_utc_secs = vt_sql_int(sql, 7),
                              .next_utc_secs = vt_sql_int(sql, 8),
                              .last_utc_secs = vt_sql_time(sql, 9),
                              .done_utc_secs = vt_sql_time(sql, 10),
                              .quiet_secs = vt_sql_int(sql, 11),
                              .once_secs = vt_sql_int(sql, 12),
                              .attempts_count = (unsigned)vt_sql_int(sql, 13),
                              .code = text_or_null(sql, 14),
                              .text = text_or_null(sql, 15),
                              .message_id = text_or_null(sql, 16),
                              .has_message = vt_sql_int(sql, 17) != 0};
    if (matter.len != sizeof(out->matter) ||
        vt_queued_state_by_name(vt_sql_text(sql, 2), &out->state) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: notice %lld is not what was written",
                          (long long)out->id);
    memcpy(out->matter, matter.ptr, matter.len);
    return VT_OK;
}

/* The texts of a row into arena. */
static enum vt_code keep(struct vt_arena *arena, struct vt_queued *owed, struct vt_err *err)
{
    const char **texts[] = {&owed->kind, &owed->recipient, &owed->reference,
                            &owed->code, &owed->text,      &owed->message_id};
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        const char *text = *texts[i];
        *texts[i] = vt_arena_str(arena, text);
        if (text != NULL && *texts[i] == NULL)
            return vt_err_set(err, VT_E_NOMEM, "register: no memory for a notice");
    }
    return VT_OK;
}

/* The first row of a statement of VT_QUEUED_COLUMNS with up to three numbers bound. */
static enum vt_code first_row(struct vt_register *reg, struct vt_arena *arena, const char *text,
                              const int64_t *numbers, size_t count, struct vt_queued *out,
                              struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(reg->engine, text, &sql, err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; i < count; i++)
        vt_sql_bind_int(sql, (int)i + 1, numbers[i]);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK)
        code = has_row ? vt_queued_read(sql, out, err)
                       : vt_err_set(err, VT_E_NOT_FOUND, "register: there is no such notice");
    if (code == VT_OK)
        code = keep(arena, out, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_queued_get(struct vt_register *reg, struct vt_arena *arena, int64_t id,
                           struct vt_queued *out, struct vt_err *err)
{
    return first_row(reg, arena, "SELECT " VT_QUEUED_COLUMNS " FROM notice WHERE id = ?1", &id, 1,
                     out, err);
}

enum vt_code vt_queued_due(struct vt_register *reg, struct vt_arena *arena, int64_t now_utc_secs,
                           struct vt_queued *out, struct vt_err *err)
{
    const int64_t numbers[] = {now_utc_secs, now_utc_secs + VT_QUEUED_FAR_SECS};
    return first_row(reg, arena,
                     "SELECT " VT_QUEUED_COLUMNS
                     " FROM notice WHERE state = 'waiting' AND length(matter) = 32"
                     " AND (next_utc_secs <= ?1 OR next_utc_secs > ?2)"
                     " ORDER BY next_utc_secs, id LIMIT 1",
                     numbers, ELEMENTS(numbers), out, err);
}

enum vt_code vt_queued_expired(struct vt_register *reg, struct vt_arena *arena,
                               int64_t longest_secs, bool is_clock_sure, int64_t now_utc_secs,
                               struct vt_queued *out, struct vt_err *err)
{
    const int64_t numbers[] = {now_utc_secs, now_utc_secs - longest_secs, longest_secs,
                               is_clock_sure ? now_utc_secs - 2 * longest_secs : 0};
    return first_row(reg, arena,
                     "SELECT " VT_QUEUED_COLUMNS
                     " FROM notice WHERE created_utc_secs < ?2 AND length(matter) = 32"
                     " AND (state IN ('waiting', 'ready')"
                     " OR (state = 'sending' AND next_utc_secs <= ?1))"
                     " AND (last_utc_secs - created_utc_secs > ?3 OR created_utc_secs < ?4)"
                     " ORDER BY id LIMIT 1",
                     numbers, ELEMENTS(numbers), out, err);
}

enum vt_code vt_queued_next_time(struct vt_register *reg, int64_t *out_utc_secs, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_utc_secs = VT_TIME_NONE;
    enum vt_code code = vt_sql_get(reg->engine,
                                   "SELECT min(next_utc_secs) FROM notice"
                                   " WHERE state IN ('waiting', 'ready', 'sending')",
                                   &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out_utc_secs = vt_sql_time(sql, 0);
    vt_sql_done(sql);
    return code;
}

/* ---- lists ---- */

/* "" for no reference and 0 for no id fit all. */
static const char list_text[] =
    "SELECT " VT_QUEUED_COLUMNS " FROM notice WHERE (?1 = '' OR reference = ?1)"
    " AND (?2 = 0 OR id = ?2) ORDER BY id DESC";

/* A row that somebody damaged does not hide the others; it is told of at the end. */
static enum vt_code list_row(struct vt_sql *sql, const struct vt_queued_query *query, size_t *count,
                             vt_queued_each *each, void *context, struct vt_err *damaged,
                             struct vt_err *err)
{
    struct vt_queued owed;
    if (vt_queued_read(sql, &owed, damaged) != VT_OK)
        return VT_OK;
    if (query->states != 0 && (query->states & VT_QUEUED_STATE_BIT(owed.state)) == 0)
        return VT_OK;
    ++*count;
    return each(context, &owed, err);
}

enum vt_code vt_queued_list(struct vt_register *reg, const struct vt_queued_query *query,
                            vt_queued_each *each, void *context, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    struct vt_err damaged = {0};
    char reference[VT_REFERENCE_BYTES] = "";
    bool has_row = false;
    size_t count = 0;
    if (query->reference != NULL && vt_reference_parse(query->reference, reference) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "\"%.40s\" is no reference", query->reference);
    enum vt_code code = vt_sql_new(reg->engine, list_text, &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_text(sql, 1, vt_bytes_str(reference));
    vt_sql_bind_int(sql, 2, query->id);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && (query->limit == 0 || count < query->limit)) {
        code = list_row(sql, query, &count, each, context, &damaged, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code == VT_OK && damaged.code != VT_OK
               ? vt_err_set(err, damaged.code, "%s", damaged.text)
               : code;
}

enum vt_code vt_queued_message(struct vt_register *reg, struct vt_arena *arena, int64_t id,
                               struct vt_bytes *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = (struct vt_bytes){0};
    enum vt_code code =
        vt_sql_get(reg->engine, "SELECT message FROM notice WHERE id = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, id);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && (!has_row || vt_sql_is_null(sql, 0)))
        code =
            vt_err_set(err, VT_E_NOT_FOUND, "register: notice %lld has no message", (long long)id);
    if (code == VT_OK) {
        struct vt_bytes bytes = vt_sql_blob(sql, 0);
        const uint8_t *copy = vt_arena_dup(arena, bytes.ptr, bytes.len);
        *out = vt_bytes_of(copy, bytes.len);
        if (copy == NULL)
            code = vt_err_set(err, VT_E_NOMEM, "register: no memory for a notice");
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_queued_count(struct vt_register *reg, struct vt_queued_counts *out,
                             struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = true;
    *out = (struct vt_queued_counts){.oldest_utc_secs = VT_TIME_NONE};
    enum vt_code code = vt_sql_get(reg->engine,
                                   "SELECT state, count(*), min(created_utc_secs),"
                                   " sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END)"
                                   " FROM notice WHERE state IN ('waiting', 'ready', 'sending')"
                                   " GROUP BY state",
                                   &sql, err);
    while (code == VT_OK && has_row) {
        enum vt_queued_state state;
        code = vt_sql_step(sql, &has_row, err);
        if (code != VT_OK || !has_row ||
            vt_queued_state_by_name(vt_sql_text(sql, 0), &state) != VT_OK)
            continue;
        out->of[state] = vt_sql_int(sql, 1);
        int64_t oldest = vt_sql_int(sql, 2);
        if (out->oldest_utc_secs == VT_TIME_NONE || oldest < out->oldest_utc_secs)
            out->oldest_utc_secs = oldest;
        out->deferred_count += vt_sql_int(sql, 3);
    }
    vt_sql_done(sql);
    return code;
}
