/* SPDX-License-Identifier: Apache-2.0
 * Mails that are held: found by an index over those that were decided so, without those that a
 * later record lets go. */
#include "vanthu/hold.h"

#include <stdlib.h>
#include <string.h>

#include "register/internal.h"

#define EVENT_ARENA_BYTES ((size_t)32 * 1024 * 1024)

static const char *const names[VT_HOLD_STEPS] = {
    [VT_HOLD_WAITING] = "waiting",     [VT_HOLD_RELEASING] = "releasing",
    [VT_HOLD_RETURNING] = "returning", [VT_HOLD_RELEASED] = "released",
    [VT_HOLD_RETURNED] = "returned",   [VT_HOLD_GONE] = "gone",
};

static const char *const events[VT_HOLD_STEPS] = {
    [VT_HOLD_RELEASING] = VT_EVENT_HOLD_RELEASING, [VT_HOLD_RETURNING] = VT_EVENT_HOLD_RETURNING,
    [VT_HOLD_RELEASED] = VT_EVENT_HOLD_RELEASED,   [VT_HOLD_RETURNED] = VT_EVENT_HOLD_RETURNED,
    [VT_HOLD_GONE] = VT_EVENT_HOLD_GONE,
};

const char *vt_hold_step_name(enum vt_hold_step step)
{
    return step < VT_HOLD_STEPS ? names[step] : "unknown";
}

enum vt_hold_step vt_hold_step_of_event(const char *what)
{
    for (unsigned i = VT_HOLD_RELEASING; what != NULL && i < VT_HOLD_STEPS; i++) {
        if (strcmp(what, events[i]) == 0)
            return (enum vt_hold_step)i;
    }
    return VT_HOLD_WAITING;
}

bool vt_hold_is_over(enum vt_hold_step step)
{
    return step == VT_HOLD_RELEASED || step == VT_HOLD_RETURNED || step == VT_HOLD_GONE;
}

/* ---- those that wait ---- */

/* What the MTA got for it may not be known; what it did with another answer is. */
#define WAITING                                                                                    \
    " FROM mail m JOIN record r ON r.seq = m.seq"                                                  \
    " WHERE m.outcome = 'hold' AND m.seq > ?1 AND NOT EXISTS (SELECT 1 FROM followup f"            \
    " WHERE f.decided = m.seq AND (f.kind = 6 OR (f.kind = 2 AND f.value <> 'hold')))"

static enum vt_code read_hold(struct vt_sql *sql, struct vt_hold *out, struct vt_err *err)
{
    *out = (struct vt_hold){.seq = vt_sql_int(sql, 0),
                            .time_utc_secs = vt_sql_int(sql, 2),
                            .is_secret = vt_sql_int(sql, 3) != 0};
    return vt_reference_parse(vt_sql_text(sql, 1), out->reference) == VT_OK
               ? VT_OK
               : vt_err_set(err, VT_E_FORMAT, "register: record %lld has a reference that is none",
                            (long long)out->seq);
}

enum vt_code vt_register_holds(struct vt_register *reg, int64_t after_seq, size_t limit,
                               enum vt_code (*each)(void *context, const struct vt_hold *hold,
                                                    struct vt_err *err),
                               void *context, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    struct vt_hold hold;
    bool has_row = false;
    enum vt_code code = vt_sql_new(reg->engine,
                                   "SELECT m.seq, r.reference, m.time_utc_secs, m.is_secret" WAITING
                                   " ORDER BY m.seq LIMIT ?2",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, after_seq);
    vt_sql_bind_int(sql, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        code = read_hold(sql, &hold, err);
        if (code == VT_OK)
            code = each(context, &hold, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_holds_count(struct vt_register *reg, int64_t *out_count,
                                     int64_t *out_oldest_utc_secs, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_count = 0;
    *out_oldest_utc_secs = VT_TIME_NONE;
    enum vt_code code =
        vt_sql_get(reg->engine, "SELECT count(*), min(m.time_utc_secs)" WAITING, &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, 0);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row) {
        *out_count = vt_sql_int(sql, 0);
        *out_oldest_utc_secs = vt_sql_time(sql, 1);
    }
    vt_sql_done(sql);
    return code;
}

/* ---- what became of one ---- */

/* Newest first, but a final event stands over whatever followed it. */
static void note_step(struct vt_hold_state *state, const struct vt_register_record *record)
{
    enum vt_hold_step step = vt_hold_step_of_event(record->event->what);
    bool is_later =
        state->step == VT_HOLD_WAITING || (vt_hold_is_over(step) && !vt_hold_is_over(state->step));
    if (step == VT_HOLD_WAITING || !is_later)
        return;
    state->step = step;
    state->step_utc_secs = record->time_utc_secs;
    (void)vt_text_clean(state->by, sizeof(state->by),
                        vt_bytes_str(record->event->by != NULL ? record->event->by : ""));
}

static void note_told(struct vt_hold_state *state, const struct vt_register_event *event)
{
    bool is_told = event->what != NULL && (strcmp(event->what, VT_EVENT_HOLD_REMINDED) == 0 ||
                                           strcmp(event->what, VT_EVENT_HOLD_ALARMED) == 0);
    int64_t secs = is_told && event->text != NULL ? strtoll(event->text, NULL, 10) : 0;
    if (secs > state->told_secs)
        state->told_secs = secs;
}

static enum vt_code take_event(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct vt_register_record record;
    struct vt_hold_state *state = context;
    if (entry->is_destroyed)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(EVENT_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for an event");
    enum vt_code code = vt_register_read(arena, entry, &record, err);
    if (code == VT_OK) {
        note_step(state, &record);
        note_told(state, record.event);
    }
    vt_arena_free(arena);
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

enum vt_code vt_register_hold_state(struct vt_register *reg, const char *reference,
                                    struct vt_hold_state *out, struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    enum vt_code code = VT_OK;
    *out = (struct vt_hold_state){.step_utc_secs = VT_TIME_NONE};
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    do {
        code = vt_register_find(reg, &query, take_event, out, &next, err);
        query.before_seq = next;
    } while (code == VT_OK && next > 0);
    return code;
}
