/* SPDX-License-Identifier: Apache-2.0
 * Lists of mails that were refused, held or overruled, to the records mailbox of each agency that
 * they went to; and the digest for the administrator. A list is owed for the period since the last
 * time that lists were made, so that times without the service are made up for by one list. */
#include <stdio.h>
#include <string.h>

#include "register/listed.h"
#include "register/schedule_internal.h"
#include "vanthu/notice.h"
#include "vanthu/site.h"

#define DAY_SECS 86400
#define MINUTE_SECS 60

/* Agencies of one call, in the order of their ids. */
struct agencies {
    struct vt_schedule_agency {
        char id[VT_SCHEDULE_AGENCY_BYTES];
    } items[VT_SCHEDULE_LISTS];
    size_t count;
};

static enum vt_code read_agencies(struct vt_schedule_turn *turn,
                                  const struct vt_slot_period *period, struct agencies *out)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code =
        vt_sql_get(turn->reg->engine,
                   "SELECT DISTINCT a.agency FROM recipient_agency a JOIN (" VT_LISTED_SEQS
                   ") l ON l.seq = a.seq WHERE a.agency > ?3 ORDER BY a.agency LIMIT ?4",
                   &sql, turn->err);
    out->count = 0;
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, period->from_utc_secs);
    vt_sql_bind_int(sql, 2, period->until_utc_secs);
    vt_sql_bind_text(sql, 3, vt_bytes_str(turn->schedule->agency));
    vt_sql_bind_int(sql, 4, VT_SCHEDULE_LISTS);
    code = vt_sql_step(sql, &has_row, turn->err);
    while (code == VT_OK && has_row && out->count < VT_SCHEDULE_LISTS) {
        (void)snprintf(out->items[out->count++].id, VT_SCHEDULE_AGENCY_BYTES, "%s",
                       vt_sql_text(sql, 0));
        code = vt_sql_step(sql, &has_row, turn->err);
    }
    vt_sql_done(sql);
    return code;
}

/* A mailbox of several agencies gets one list. */
static bool is_before(const struct vt_register_notice *notices, size_t count, const char *mailbox)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(notices[i].recipient, mailbox) == 0)
            return true;
    }
    return false;
}

static enum vt_code owe_lists(struct vt_schedule_turn *turn, const struct vt_slot_period *period,
                              const struct agencies *agencies)
{
    const struct vt_site *site = vt_policy_site(turn->policy);
    char text[VT_SLOT_PERIOD_BYTES];
    const char *const part = vt_slot_period_text(text, period);
    const struct vt_register_event event = {.what = VT_EVENT_LIST, .text = text};
    struct vt_register_notice notices[VT_SCHEDULE_LISTS];
    struct vt_register_record records[VT_SCHEDULE_LISTS];
    size_t count = 0;
    for (size_t i = 0; i < agencies->count; i++) {
        const struct vt_site_agency *agency = vt_site_agency(site, agencies->items[i].id);
        const char *mailbox = agency != NULL ? agency->records_mailbox : NULL;
        if (mailbox == NULL || is_before(notices, count, mailbox))
            continue;
        notices[count] =
            vt_schedule_notice(turn, vt_notice_kind_name(VT_NOTICE_LIST), mailbox, &part, 1);
        records[count] = vt_schedule_record(turn, &event, NULL, &notices[count]);
        count++;
    }
    return count == 0 ? VT_OK : vt_register_append(turn->reg, records, count, turn->err);
}

/* That all of a time are owed. */
static enum vt_code close_slot(struct vt_schedule_turn *turn, const struct vt_slot_period *period)
{
    char text[VT_SLOT_PERIOD_BYTES];
    const struct vt_register_event event = {.what = VT_EVENT_LISTS_MADE,
                                            .text = vt_slot_period_text(text, period)};
    struct vt_register_record record = vt_schedule_record(turn, &event, NULL, NULL);
    enum vt_code code = vt_register_append(turn->reg, &record, 1, turn->err);
    if (code != VT_OK)
        return code;
    turn->schedule->lists_until_utc_secs = period->until_utc_secs;
    turn->schedule->slot_utc_secs = VT_TIME_NONE;
    return VT_OK;
}

/* Of a time that is under way the end stays, though the next one may have come. */
static enum vt_code go_on(struct vt_schedule_turn *turn)
{
    struct vt_schedule *schedule = turn->schedule;
    const struct vt_slot_period period = {schedule->lists_until_utc_secs, schedule->slot_utc_secs};
    struct agencies agencies;
    enum vt_code code = read_agencies(turn, &period, &agencies);
    if (code == VT_OK)
        code = owe_lists(turn, &period, &agencies);
    if (code != VT_OK)
        return code;
    if (agencies.count < VT_SCHEDULE_LISTS)
        return close_slot(turn, &period);
    memcpy(schedule->agency, agencies.items[agencies.count - 1].id, sizeof(schedule->agency));
    turn->has_more = true;
    return VT_OK;
}

enum vt_code vt_schedule_lists(struct vt_schedule_turn *turn)
{
    struct vt_schedule *schedule = turn->schedule;
    int64_t slot = vt_slot_last(&schedule->config->notices.lists_at, turn->now_utc_secs);
    if (schedule->slot_utc_secs != VT_TIME_NONE)
        return go_on(turn);
    if (slot == VT_TIME_NONE || slot <= schedule->lists_until_utc_secs)
        return VT_OK;
    schedule->slot_utc_secs = slot;
    schedule->agency[0] = '\0';
    return go_on(turn);
}

enum vt_code vt_schedule_digest(struct vt_schedule_turn *turn)
{
    struct vt_schedule *schedule = turn->schedule;
    const struct vt_config_notices *notices = &schedule->config->notices;
    int64_t midnight = vt_slot_midnight(turn->now_utc_secs);
    int64_t due = midnight + (int64_t)notices->digest_at_minutes * MINUTE_SECS;
    const struct vt_slot_period period = {schedule->digest_until_utc_secs, midnight};
    char text[VT_SLOT_PERIOD_BYTES];
    if (notices->admin == NULL || turn->now_utc_secs < due ||
        period.until_utc_secs <= period.from_utc_secs)
        return VT_OK;
    const char *const part = vt_slot_period_text(text, &period);
    const struct vt_register_event event = {.what = VT_EVENT_DIGEST, .text = text};
    struct vt_register_notice notice =
        vt_schedule_notice(turn, vt_notice_kind_name(VT_NOTICE_DIGEST), notices->admin, &part, 1);
    struct vt_register_record record = vt_schedule_record(turn, &event, NULL, &notice);
    enum vt_code code = vt_register_append(turn->reg, &record, 1, turn->err);
    if (code == VT_OK)
        schedule->digest_until_utc_secs = midnight;
    return code;
}
