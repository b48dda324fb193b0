/* SPDX-License-Identifier: Apache-2.0
 * Where the schedule stands is read from its own events, once; then each job is given a turn. */
#include <stdlib.h>
#include <string.h>

#include "register/schedule_internal.h"
#include "vanthu/notice.h"

/* How far back its own events are looked for, and how many events are read at once. */
#define LOOK_BACK_SECS ((int64_t)60 * 24 * 3600)
#define EVENTS_PAGE 500
#define EVENT_ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define DAY_SECS 86400
#define MAX_KEY_PARTS 4

enum vt_code vt_schedule_new(const struct vt_config *config, struct vt_metrics *metrics,
                             struct vt_schedule **out, struct vt_err *err)
{
    struct vt_schedule *schedule = calloc(1, sizeof(*schedule));
    *out = schedule;
    if (schedule == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the schedule");
    schedule->config = config;
    schedule->metrics = metrics;
    schedule->lists_until_utc_secs = schedule->digest_until_utc_secs = VT_TIME_NONE;
    schedule->slot_utc_secs = VT_TIME_NONE;
    return VT_OK;
}

void vt_schedule_free(struct vt_schedule *schedule)
{
    if (schedule == NULL)
        return;
    free(schedule->told);
    free(schedule->next_told);
    free(schedule);
}

bool vt_schedule_may_tell(const struct vt_schedule *schedule)
{
    return schedule->config->mode != VT_MODE_OBSERVE && schedule->config->notices.is_enabled;
}

struct vt_register_record vt_schedule_record(const struct vt_schedule_turn *turn,
                                             const struct vt_register_event *event,
                                             const char *reference,
                                             struct vt_register_notice *notice)
{
    return (struct vt_register_record){.kind = VT_REGISTER_EVENT,
                                       .reference = reference,
                                       .time_utc_secs = turn->now_utc_secs,
                                       .notices = notice,
                                       .notices_count = notice != NULL,
                                       .event = event};
}

/* Each gateway tells of its own mails. */
struct vt_register_notice vt_schedule_notice(const struct vt_schedule_turn *turn, const char *kind,
                                             const char *recipient, const char *const *parts,
                                             size_t count)
{
    const char *all[3 + MAX_KEY_PARTS] = {kind, recipient, turn->schedule->config->hostname};
    struct vt_register_notice notice = {
        .kind = kind, .recipient = recipient, .once_secs = VT_SCHEDULE_ONCE_SECS};
    for (size_t i = 0; i < count && i < MAX_KEY_PARTS; i++)
        all[3 + i] = parts[i];
    vt_notice_key_of(all, 3 + count, notice.key_sha256);
    return notice;
}

/* ---- where it stands ---- */

static void note(int64_t *until, int64_t found_utc_secs)
{
    if (*until == VT_TIME_NONE || *until < found_utc_secs)
        *until = found_utc_secs;
}

static void note_event(struct vt_schedule *schedule, const struct vt_register_event *event)
{
    struct vt_slot_period period;
    bool is_begin = event->what != NULL && strcmp(event->what, VT_EVENT_SCHEDULE_BEGUN) == 0;
    if (event->what == NULL || !vt_slot_period_read(event->text, &period))
        return;
    if (is_begin || strcmp(event->what, VT_EVENT_LISTS_MADE) == 0)
        note(&schedule->lists_until_utc_secs, period.until_utc_secs);
    if (is_begin || strcmp(event->what, VT_EVENT_DIGEST) == 0)
        note(&schedule->digest_until_utc_secs,
             is_begin ? vt_slot_midnight(period.until_utc_secs) : period.until_utc_secs);
}

static enum vt_code take_event(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct vt_register_record record;
    if (entry->is_destroyed || entry->reference[0] != '\0')
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(EVENT_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for an event");
    enum vt_code code = vt_register_read(arena, entry, &record, err);
    if (code == VT_OK)
        note_event(context, record.event);
    vt_arena_free(arena);
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

/* A clock that was far ahead would else stop it for as long. */
static void bound(int64_t *until, int64_t now_utc_secs)
{
    if (*until != VT_TIME_NONE && *until > now_utc_secs + DAY_SECS)
        *until = now_utc_secs;
}

static enum vt_code begin(struct vt_schedule_turn *turn)
{
    char text[VT_SLOT_PERIOD_BYTES];
    const struct vt_slot_period period = {turn->now_utc_secs, turn->now_utc_secs};
    const struct vt_register_event event = {.what = VT_EVENT_SCHEDULE_BEGUN,
                                            .text = vt_slot_period_text(text, &period)};
    struct vt_register_record record = vt_schedule_record(turn, &event, NULL, NULL);
    enum vt_code code = vt_register_append(turn->reg, &record, 1, turn->err);
    if (code == VT_OK)
        note_event(turn->schedule, &event);
    return code;
}

static enum vt_code load(struct vt_schedule_turn *turn)
{
    struct vt_schedule *schedule = turn->schedule;
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    enum vt_code code = VT_OK;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    query.from_utc_secs = turn->now_utc_secs - LOOK_BACK_SECS;
    query.limit = EVENTS_PAGE;
    do {
        code = vt_register_find(turn->reg, &query, take_event, schedule, &next, turn->err);
        query.before_seq = next;
    } while (code == VT_OK && next > 0 &&
             (schedule->lists_until_utc_secs == VT_TIME_NONE ||
              schedule->digest_until_utc_secs == VT_TIME_NONE));
    if (code == VT_OK && (schedule->lists_until_utc_secs == VT_TIME_NONE ||
                          schedule->digest_until_utc_secs == VT_TIME_NONE))
        code = begin(turn);
    schedule->is_loaded = code == VT_OK;
    return code;
}

/* ---- a turn ---- */

enum vt_code vt_schedule_turn(struct vt_schedule *schedule, struct vt_register *reg,
                              const struct vt_policy *policy, int64_t now_utc_secs, bool *out_more,
                              struct vt_err *err)
{
    struct vt_schedule_turn turn = {.schedule = schedule,
                                    .reg = reg,
                                    .policy = policy,
                                    .now_utc_secs = now_utc_secs,
                                    .err = err};
    enum vt_code code = VT_OK;
    *out_more = false;
    if (vt_schedule_may_tell(schedule) && !schedule->is_loaded)
        code = load(&turn);
    bound(&schedule->lists_until_utc_secs, now_utc_secs);
    bound(&schedule->digest_until_utc_secs, now_utc_secs);
    if (code == VT_OK)
        code = vt_schedule_holds(&turn);
    if (code == VT_OK && schedule->is_loaded && policy != NULL)
        code = vt_schedule_lists(&turn);
    if (code == VT_OK && schedule->is_loaded)
        code = vt_schedule_digest(&turn);
    *out_more = code == VT_OK && turn.has_more;
    return code;
}
