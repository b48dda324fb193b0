/* SPDX-License-Identifier: Apache-2.0
 * What is owed for what a person decides after the fact: corrections after vanthu undo, and the
 * word of a clerk who does not receive a document (users.md 2 and 3; legal.md R-38). */
#include <string.h>

#include "notice/owed.h"

#define MINUTE_SECS 60
#define DAY_SECS (INT64_C(24) * 3600)
#define VIETNAM_SECS (INT64_C(7) * 3600)

/* The kinds that say that something is wrong with a mail, or that it was not delivered. */
static bool is_corrected(const char *name)
{
    enum vt_notice_kind kind = VT_NOTICE_KINDS;
    if (name == NULL || vt_notice_kind_by_name(name, &kind) != VT_OK)
        return false;
    return kind == VT_NOTICE_REFUSED || kind == VT_NOTICE_REMARK || kind == VT_NOTICE_HELD ||
           kind == VT_NOTICE_MARKED || kind == VT_NOTICE_LIST;
}

/* A list came out between two times. */
static bool was_listed(const struct vt_config *config, int64_t from_utc_secs,
                       int64_t until_utc_secs)
{
    const struct vt_day_times *times = &config->notices.lists_at;
    int64_t from = from_utc_secs + VIETNAM_SECS, until = until_utc_secs + VIETNAM_SECS;
    if (until - from >= DAY_SECS)
        return times->count > 0;
    for (size_t i = 0; i < times->count; i++) {
        int64_t slot = from - from % DAY_SECS + (int64_t)times->minutes[i] * MINUTE_SECS;
        if ((slot > from && slot <= until) || slot + DAY_SECS <= until)
            return true;
    }
    return false;
}

/* The transactions of a circular have the same key. */
static enum vt_code correction_key(struct vt_arena *arena, const struct vt_evidence *evidence,
                                   char out_sha256[65])
{
    char key[65];
    enum vt_code code = vt_notice_key(arena, evidence, key);
    if (code != VT_OK)
        return code;
    const char *const parts[] = {"correction", key};
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), out_sha256);
    return VT_OK;
}

static bool is_off(const struct vt_config *config)
{
    return config->mode == VT_MODE_OBSERVE || !config->notices.is_enabled;
}

enum vt_code vt_notice_plan_correction(struct vt_arena *arena, const struct vt_config *config,
                                       const struct vt_site *site,
                                       const struct vt_register_record *decided,
                                       int64_t now_utc_secs, struct vt_register_notice **out_items,
                                       size_t *out_count, struct vt_err *err)
{
    const struct vt_register_decided *mail = decided->decided;
    struct vt_owed owed;
    char key[65];
    *out_items = NULL;
    *out_count = 0;
    if (is_off(config) || mail->is_secret || mail->evidence == NULL || mail->decision == NULL)
        return VT_OK;
    vt_owed_begin(&owed, arena, config, site);
    owed.code = correction_key(arena, mail->evidence, key);
    for (size_t i = 0; i < decided->notices_count; i++) {
        if (is_corrected(decided->notices[i].kind))
            vt_owed_add(&owed, VT_NOTICE_CORRECTION, decided->notices[i].recipient, key, true,
                        config->notices.once_msecs);
    }
    bool is_named =
        mail->answer.outcome == VT_OUTCOME_REJECT || mail->answer.outcome == VT_OUTCOME_HOLD;
    if (is_named && was_listed(config, decided->time_utc_secs, now_utc_secs))
        vt_owed_add_records(&owed, VT_NOTICE_CORRECTION, &mail->evidence->mail,
                            mail->decision->site, key);
    if (owed.code != VT_OK)
        return vt_err_set(err, owed.code, "no memory for the corrections");
    *out_items = owed.items;
    *out_count = owed.count;
    return VT_OK;
}

enum vt_code vt_notice_plan_clerk(struct vt_arena *arena, const struct vt_config *config,
                                  const struct vt_mail *mail, enum vt_reason reason,
                                  struct vt_notice_plan *out, struct vt_err *err)
{
    struct vt_owed owed;
    char key[65];
    *out = (struct vt_notice_plan){.why_not = vt_notice_sender_check(config, mail)};
    if (out->why_not == VT_NO_NOTICE_NONE && config->notices.senders == VT_SENDERS_NONE)
        out->why_not = VT_NO_NOTICE_NOT_WANTED;
    if (out->why_not != VT_NO_NOTICE_NONE)
        return VT_OK;
    const char *const parts[] = {"clerk", mail->reference != NULL ? mail->reference : "",
                                 vt_reason_info(reason)->code};
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), key);
    vt_owed_begin(&owed, arena, config, NULL);
    vt_owed_add(&owed, VT_NOTICE_CLERK, mail->sender, key, true, config->notices.once_msecs);
    if (owed.code != VT_OK)
        return vt_err_set(err, owed.code, "no memory for a notice");
    out->items = owed.items;
    out->count = owed.count;
    return VT_OK;
}
