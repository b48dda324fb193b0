/* SPDX-License-Identifier: Apache-2.0
 * Held mails that wait for too long: the officer is reminded at each of his ages, and at the last
 * one the administrator is alarmed. Each mail and age once: what was told stands in events of the
 * mail, and is read from them when the registrar does not remember. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register/schedule_internal.h"
#include "vanthu/log.h"
#include "vanthu/notice.h"

#define MSECS_PER_SEC 1000
/* They are looked at so often. */
#define PASS_SECS 60
#define MAIL_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define AGE_TEXT_BYTES 32
/* For each mail a reminder and an alarm, and one more of each with the notice. */
#define MAX_RECORDS (2 * VT_SCHEDULE_HOLDS + 2)

/* A mail whose time has come; 0: nothing of that kind. */
struct due {
    struct vt_hold hold;
    int64_t remind_secs, alarm_secs;
};

/* Held mails of one call. */
struct look {
    struct vt_schedule_turn *turn;
    size_t seen; /* of the memory of the last pass */
    struct due due[VT_SCHEDULE_HOLDS];
    size_t due_count;
    size_t holds_count;
    int64_t last_seq;
};

/* ---- what is due ---- */

static enum vt_code told_secs(struct look *look, const struct vt_hold *hold, int64_t *out)
{
    const struct vt_schedule *schedule = look->turn->schedule;
    struct vt_hold_state state;
    while (look->seen < schedule->told_count && schedule->told[look->seen].seq < hold->seq)
        look->seen++;
    if (look->seen < schedule->told_count && schedule->told[look->seen].seq == hold->seq) {
        *out = schedule->told[look->seen].told_secs;
        return VT_OK;
    }
    enum vt_code code =
        vt_register_hold_state(look->turn->reg, hold->reference, &state, look->turn->err);
    *out = code == VT_OK ? state.told_secs : 0;
    return code;
}

/* The ages between what was told and what the mail has now. */
static void find_due(const struct vt_config_notices *notices, int64_t told, int64_t age,
                     struct due *out)
{
    int64_t alarm = notices->hold_alarm_msecs / MSECS_PER_SEC;
    for (size_t i = 0; i < notices->hold_remind.count; i++) {
        int64_t secs = notices->hold_remind.msecs[i] / MSECS_PER_SEC;
        if (secs > told && secs <= age)
            out->remind_secs = secs;
    }
    if (alarm > told && alarm <= age && alarm > 0)
        out->alarm_secs = alarm;
}

static bool remember(struct vt_schedule *schedule, int64_t seq, int64_t told)
{
    enum { STEP = 256 };
    if (schedule->next_count % STEP == 0) {
        struct vt_schedule_told *grown =
            realloc(schedule->next_told, (schedule->next_count + STEP) * sizeof(*grown));
        if (grown == NULL)
            return false;
        schedule->next_told = grown;
    }
    schedule->next_told[schedule->next_count++] = (struct vt_schedule_told){seq, told};
    return true;
}

static enum vt_code take_hold(void *context, const struct vt_hold *hold, struct vt_err *err)
{
    struct look *look = context;
    struct due due = {.hold = *hold};
    int64_t told = 0;
    enum vt_code code = told_secs(look, hold, &told);
    if (code != VT_OK)
        return code;
    find_due(&look->turn->schedule->config->notices, told,
             look->turn->now_utc_secs - hold->time_utc_secs, &due);
    if (due.remind_secs > 0 || due.alarm_secs > 0)
        look->due[look->due_count++] = due;
    told = due.remind_secs > told ? due.remind_secs : told;
    told = due.alarm_secs > told ? due.alarm_secs : told;
    look->holds_count++;
    look->last_seq = hold->seq;
    return remember(look->turn->schedule, hold->seq, told)
               ? VT_OK
               : vt_err_set(err, VT_E_NOMEM, "no memory for held mails");
}

/* ---- who is told ---- */

struct officer {
    struct vt_arena *arena;
    const char *mailbox;
};

/* "name <mailbox>" of the decision; NULL: it does not say. */
static enum vt_code take_officer(void *context, const struct vt_register_entry *entry,
                                 struct vt_err *err)
{
    struct officer *officer = context;
    struct vt_register_record record;
    if (entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(officer->arena, entry, &record, err);
    const struct vt_decision *decision = code == VT_OK ? record.decided->decision : NULL;
    const char *open =
        decision != NULL && decision->officer != NULL ? strrchr(decision->officer, '<') : NULL;
    size_t len = open != NULL ? strcspn(open + 1, ">") : 0;
    if (len > 0)
        officer->mailbox = vt_arena_dup(officer->arena, open + 1, len);
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

/* Who decides now, else whoever the mail was held for. */
static enum vt_code find_officer(const struct vt_schedule_turn *turn, struct vt_arena *arena,
                                 const struct vt_hold *hold, const char **out)
{
    struct officer officer = {.arena = arena};
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    *out = turn->policy != NULL ? vt_policy_officer(turn->policy) : NULL;
    if (*out != NULL)
        return VT_OK;
    query.reference = hold->reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    enum vt_code code =
        vt_register_find(turn->reg, &query, take_officer, &officer, &next, turn->err);
    *out = officer.mailbox;
    return code;
}

/* ---- telling ---- */

struct batch {
    struct vt_register_record records[MAX_RECORDS];
    struct vt_register_event events[MAX_RECORDS];
    char texts[MAX_RECORDS][AGE_TEXT_BYTES];
    struct vt_register_notice notices[2];
    size_t count, notices_count;
};

static struct vt_register_record *add(const struct vt_schedule_turn *turn, struct batch *batch,
                                      const char *what, const char *reference, int64_t secs)
{
    size_t i = batch->count++;
    if (secs > 0)
        (void)snprintf(batch->texts[i], AGE_TEXT_BYTES, "%lld s", (long long)secs);
    batch->events[i] =
        (struct vt_register_event){.what = what, .text = secs > 0 ? batch->texts[i] : NULL};
    batch->records[i] = vt_schedule_record(turn, &batch->events[i], reference, NULL);
    return &batch->records[i];
}

/* One notice of all mails that wait, whichever it was that came due: nobody reads twenty. */
static void owe(const struct vt_schedule_turn *turn, struct batch *batch, const char *what,
                const char *recipient, const struct due *first, int64_t secs)
{
    char age[AGE_TEXT_BYTES];
    const char *const parts[] = {what, first->hold.reference, age};
    if (recipient == NULL || !vt_schedule_may_tell(turn->schedule))
        return;
    (void)snprintf(age, sizeof(age), "%lld", (long long)secs);
    struct vt_register_notice *notice = &batch->notices[batch->notices_count++];
    *notice = vt_schedule_notice(turn, vt_notice_kind_name(VT_NOTICE_OFFICER), recipient, parts,
                                 sizeof(parts) / sizeof(parts[0]));
    struct vt_register_record *record = add(turn, batch, what, NULL, 0);
    record->notices = notice;
    record->notices_count = 1;
}

static void alarm_log(const struct due *due)
{
    vt_log(VT_LOG_ALERT,
           "a held mail waits for %lld h %02lld min and nobody has decided: reference=%s; vanthu "
           "hold list",
           (long long)due->alarm_secs / 3600, (long long)due->alarm_secs / 60 % 60,
           due->hold.reference);
}

static enum vt_code tell(const struct look *look, struct batch *batch, struct vt_arena *arena)
{
    const struct vt_schedule_turn *turn = look->turn;
    const struct due *reminded = NULL, *alarmed = NULL;
    const char *officer = NULL;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < look->due_count; i++) {
        const struct due *due = &look->due[i];
        if (due->remind_secs > 0)
            (void)add(turn, batch, VT_EVENT_HOLD_REMINDED, due->hold.reference, due->remind_secs);
        if (due->alarm_secs > 0)
            (void)add(turn, batch, VT_EVENT_HOLD_ALARMED, due->hold.reference, due->alarm_secs);
        reminded = reminded == NULL && due->remind_secs > 0 ? due : reminded;
        alarmed = alarmed == NULL && due->alarm_secs > 0 ? due : alarmed;
    }
    if (reminded != NULL)
        code = find_officer(turn, arena, &reminded->hold, &officer);
    if (code == VT_OK && reminded != NULL)
        owe(turn, batch, VT_EVENT_HOLDS_REMINDER, officer, reminded, reminded->remind_secs);
    if (code == VT_OK && alarmed != NULL)
        owe(turn, batch, VT_EVENT_HOLDS_ALARM, turn->schedule->config->notices.admin, alarmed,
            alarmed->alarm_secs);
    return code == VT_OK ? vt_register_append(turn->reg, batch->records, batch->count, turn->err)
                         : code;
}

static enum vt_code tell_due(const struct look *look)
{
    struct vt_arena *arena = vt_arena_new(MAIL_ARENA_BYTES);
    struct batch *batch = calloc(1, sizeof(*batch));
    enum vt_code code = arena != NULL && batch != NULL
                            ? tell(look, batch, arena)
                            : vt_err_set(look->turn->err, VT_E_NOMEM, "no memory for held mails");
    for (size_t i = 0; code == VT_OK && i < look->due_count; i++) {
        if (look->due[i].alarm_secs > 0)
            alarm_log(&look->due[i]);
    }
    free(batch);
    vt_arena_free(arena);
    return code;
}

/* ---- a pass ---- */

static enum vt_code count(const struct vt_schedule_turn *turn)
{
    int64_t held = 0, oldest = VT_TIME_NONE;
    enum vt_code code = vt_register_holds_count(turn->reg, &held, &oldest, turn->err);
    if (code != VT_OK || turn->schedule->metrics == NULL)
        return code;
    vt_metric_set(turn->schedule->metrics, VT_METRIC_HOLDS, 0, held);
    vt_metric_set(turn->schedule->metrics, VT_METRIC_HOLDS_OLDEST, 0,
                  oldest != VT_TIME_NONE ? oldest : 0);
    return VT_OK;
}

/* What was remembered of mails that wait no more goes. */
static void end_pass(struct vt_schedule *schedule)
{
    free(schedule->told);
    schedule->told = schedule->next_told;
    schedule->told_count = schedule->next_count;
    schedule->next_told = NULL;
    schedule->next_count = 0;
    schedule->after_seq = 0;
}

enum vt_code vt_schedule_holds(struct vt_schedule_turn *turn)
{
    struct vt_schedule *schedule = turn->schedule;
    size_t before = schedule->next_count;
    int64_t since = turn->now_utc_secs - schedule->pass_utc_secs;
    if (schedule->after_seq == 0 && since >= 0 && since < PASS_SECS)
        return VT_OK;
    struct look *look = calloc(1, sizeof(*look));
    if (look == NULL)
        return vt_err_set(turn->err, VT_E_NOMEM, "no memory for held mails");
    look->turn = turn;
    enum vt_code code = vt_register_holds(turn->reg, schedule->after_seq, VT_SCHEDULE_HOLDS,
                                          take_hold, look, turn->err);
    if (code == VT_OK && look->due_count > 0)
        code = tell_due(look);
    if (code != VT_OK) {
        schedule->next_count = before; /* they are looked at again */
    } else if (look->holds_count < VT_SCHEDULE_HOLDS) {
        end_pass(schedule);
        schedule->pass_utc_secs = turn->now_utc_secs;
        code = count(turn);
    } else {
        schedule->after_seq = look->last_seq;
        turn->has_more = true;
    }
    free(look);
    return code;
}
