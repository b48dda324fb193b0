/* SPDX-License-Identifier: Apache-2.0
 * The lines of a digest: what became of the mails of a period, why, with our own causes first; what
 * an administrator was alarmed of; notices that nobody got; what waits now. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "register/gather.h"
#include "vanthu/brake.h"
#include "vanthu/hold.h"

#define MAX_LINES 80
#define LINE_BYTES 200

struct lines {
    const struct vt_gather *gather;
    int64_t from_utc_secs, until_utc_secs;
    struct vt_notice_line *items;
    size_t count;
    enum vt_code code;
};

/* A number that is 0 is no line, unless it is always one. */
static void add(struct lines *lines, const char *name, int64_t number, bool is_always)
{
    char text[32];
    if ((number == 0 && !is_always) || lines->count == MAX_LINES || lines->code != VT_OK)
        return;
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    struct vt_notice_line *line = &lines->items[lines->count++];
    line->name = vt_arena_str(lines->gather->arena, name);
    line->text = vt_arena_str(lines->gather->arena, text);
    if (line->name == NULL || line->text == NULL)
        lines->code =
            vt_err_set(lines->gather->err, VT_E_NOMEM, "register: no memory for a digest");
}

/* A statement with the period as its first parameters; NULL: code says why. */
static struct vt_sql *ask(struct lines *lines, const char *text)
{
    struct vt_sql *sql = NULL;
    if (lines->code == VT_OK)
        lines->code = vt_sql_get(lines->gather->reg->engine, text, &sql, lines->gather->err);
    if (lines->code != VT_OK)
        return NULL;
    vt_sql_bind_int(sql, 1, lines->from_utc_secs);
    vt_sql_bind_int(sql, 2, lines->until_utc_secs);
    return sql;
}

static bool next(struct lines *lines, struct vt_sql *sql)
{
    bool has_row = false;
    if (sql != NULL && lines->code == VT_OK)
        lines->code = vt_sql_step(sql, &has_row, lines->gather->err);
    return lines->code == VT_OK && has_row;
}

/* ---- outcomes ---- */

enum { ACCEPTED, TAGGED, HELD, REFUSED, LATER, SECRET, OUTCOMES };

static unsigned outcome_of(struct vt_sql *sql)
{
    const char *outcome = vt_sql_text(sql, 1);
    if (vt_sql_int(sql, 0) != 0)
        return SECRET;
    if (strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_REJECT)) == 0)
        return REFUSED;
    if (strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_HOLD)) == 0)
        return HELD;
    if (strcmp(outcome, vt_register_outcome_name(VT_OUTCOME_TEMPFAIL)) == 0)
        return LATER;
    return strcmp(vt_sql_text(sql, 2), vt_action_name(VT_ACTION_TAG)) == 0 ? TAGGED : ACCEPTED;
}

static void add_outcomes(struct lines *lines)
{
    static const char *const names[OUTCOMES] = {[ACCEPTED] = "Đã chuyển (delivered)",
                                                [TAGGED] = "Đã chuyển, kèm lưu ý (tagged)",
                                                [HELD] = "Tạm giữ (held)",
                                                [REFUSED] = "Từ chối (refused)",
                                                [LATER] = "Hẹn gửi lại (451)",
                                                [SECRET] = "Có dấu chỉ độ mật (marked secret)"};
    int64_t counts[OUTCOMES] = {0};
    struct vt_sql *sql = ask(
        lines, "SELECT is_secret, outcome, action, count(*) FROM mail WHERE"
               " time_utc_secs >= ?1 AND time_utc_secs < ?2 GROUP BY is_secret, outcome, action");
    while (next(lines, sql))
        counts[outcome_of(sql)] += vt_sql_int(sql, 3);
    vt_sql_done(sql);
    for (unsigned i = 0; i < OUTCOMES; i++)
        add(lines, names[i], counts[i], i != SECRET);
}

/* ---- reasons ---- */

static void add_reason(struct lines *lines, enum vt_reason reason, int64_t count)
{
    char name[LINE_BYTES];
    bool is_ours = vt_reason_info(reason)->cause == VT_CAUSE_RECEIVER;
    (void)snprintf(name, sizeof(name), "%s%s",
                   is_ours ? "Nguyên nhân của nơi nhận (our cause): " : "",
                   vt_reason_info(reason)->code);
    add(lines, name, count, false);
}

static void add_reasons(struct lines *lines)
{
    int64_t counts[VT_REASON_COUNT] = {0};
    enum vt_reason reason;
    struct vt_sql *sql =
        ask(lines, "SELECT r.reason, count(*) FROM mail m JOIN mail_reason r ON r.seq = m.seq"
                   " WHERE m.time_utc_secs >= ?1 AND m.time_utc_secs < ?2 GROUP BY r.reason");
    while (next(lines, sql)) {
        if (vt_reason_by_code(vt_sql_text(sql, 0), &reason) == VT_OK)
            counts[reason] += vt_sql_int(sql, 1);
    }
    vt_sql_done(sql);
    for (unsigned ours = 0; ours < 2; ours++) {
        for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
            bool is_ours = vt_reason_info((enum vt_reason)i)->cause == VT_CAUSE_RECEIVER;
            if (is_ours == (ours == 0))
                add_reason(lines, (enum vt_reason)i, counts[i]);
        }
    }
}

/* ---- alarms ---- */

static const struct {
    const char *what, *name;
} alarms[] = {{VT_EVENT_HOLD_ALARMED, "Cảnh báo: thư tạm giữ quá hạn (held for too long)"},
              {VT_EVENT_UNSEALED, "Cảnh báo: thư chưa được ký số (mails not sealed)"},
              {"rule-braked", "Cảnh báo: quy tắc bị hãm (rule braked)"},
              {"recovered", "Cảnh báo: sổ đăng ký không ghi được (register could not be written)"},
              {"started", "Số lần khởi động (starts)"}};

#define ALARMS (sizeof(alarms) / sizeof(alarms[0]))

struct events {
    struct vt_arena *arena;
    int64_t counts[ALARMS];
};

static enum vt_code count_event(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct events *events = context;
    struct vt_register_record record;
    if (entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(events->arena, entry, &record, err);
    for (size_t i = 0; code == VT_OK && record.event->what != NULL && i < ALARMS; i++)
        events->counts[i] += strcmp(record.event->what, alarms[i].what) == 0;
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

static void add_alarms(struct lines *lines)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct events events = {.arena = lines->gather->arena};
    int64_t more = 0;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    query.from_utc_secs = lines->from_utc_secs;
    query.until_utc_secs = lines->until_utc_secs;
    do {
        if (lines->code == VT_OK)
            lines->code = vt_register_find(lines->gather->reg, &query, count_event, &events, &more,
                                           lines->gather->err);
        query.before_seq = more;
    } while (lines->code == VT_OK && more > 0);
    for (size_t i = 0; i < ALARMS; i++)
        add(lines, alarms[i].name, events.counts[i], false);
}

/* ---- notices, and what waits ---- */

static void add_notices(struct lines *lines)
{
    static const struct {
        enum vt_queued_state state;
        const char *name;
    } ends[] = {{VT_QUEUED_SENT, "Thông báo đã gửi (notices sent)"},
                {VT_QUEUED_LIMITED, "Thông báo bị giới hạn, không gửi (notices limited)"},
                {VT_QUEUED_EXPIRED, "Thông báo quá hạn, không gửi (notices expired)"},
                {VT_QUEUED_FAILED, "Thông báo không gửi được (notices failed)"}};
    struct vt_sql *sql = ask(lines, "SELECT state, count(*) FROM notice WHERE done_utc_secs >= ?1"
                                    " AND done_utc_secs < ?2 GROUP BY state");
    int64_t counts[VT_QUEUED_STATES] = {0};
    enum vt_queued_state state;
    while (next(lines, sql)) {
        if (vt_queued_state_by_name(vt_sql_text(sql, 0), &state) == VT_OK)
            counts[state] += vt_sql_int(sql, 1);
    }
    vt_sql_done(sql);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        add(lines, ends[i].name, counts[ends[i].state], false);
}

static void add_waiting(struct lines *lines)
{
    struct vt_queued_counts queued;
    int64_t held = 0, oldest = VT_TIME_NONE, open = 0;
    if (lines->code == VT_OK)
        lines->code =
            vt_register_holds_count(lines->gather->reg, &held, &oldest, lines->gather->err);
    if (lines->code == VT_OK)
        lines->code = vt_queued_count(lines->gather->reg, &queued, lines->gather->err);
    for (unsigned i = 0; lines->code == VT_OK && i < VT_QUEUED_STATES; i++)
        open += (VT_QUEUED_OPEN & VT_QUEUED_STATE_BIT(i)) != 0 ? queued.of[i] : 0;
    add(lines, "Đang chờ: thư tạm giữ (held mails waiting)", held, true);
    add(lines, "Đang chờ: thông báo (notices waiting)", open, true);
}

enum vt_code vt_gather_digest(const struct vt_gather *gather, struct vt_notice_input *input)
{
    struct lines lines = {.gather = gather,
                          .from_utc_secs = input->from_utc_secs,
                          .until_utc_secs = input->until_utc_secs};
    lines.items = vt_arena_alloc(gather->arena, MAX_LINES * sizeof(*lines.items));
    if (lines.items == NULL)
        return vt_err_set(gather->err, VT_E_NOMEM, "register: no memory for a digest");
    add_outcomes(&lines);
    add_reasons(&lines);
    add_alarms(&lines);
    add_notices(&lines);
    add_waiting(&lines);
    input->lines = lines.items;
    input->lines_count = lines.count;
    return lines.code;
}
