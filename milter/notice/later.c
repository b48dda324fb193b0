/* SPDX-License-Identifier: Apache-2.0
 * What is owed for what became of a mail later: a held one that was released or returned, and a
 * status that became known after the mail was delivered (users.md 1 and 3). */
#include "notice/owed.h"

#include <string.h>

#define DAY_MSECS (INT64_C(24) * 3600 * 1000)
#define ONCE_MSECS (400 * DAY_MSECS)

enum vt_code vt_notice_plan_held(struct vt_arena *arena, const struct vt_config *config,
                                 const struct vt_mail *mail, enum vt_notice_kind kind,
                                 struct vt_notice_plan *out, struct vt_err *err)
{
    struct vt_owed owed;
    char key[65];
    *out = (struct vt_notice_plan){.why_not = VT_NO_NOTICE_SECRET};
    if (mail == NULL)
        return VT_OK;
    out->why_not = vt_notice_sender_check(config, mail);
    if (out->why_not == VT_NO_NOTICE_NONE && config->notices.senders == VT_SENDERS_NONE)
        out->why_not = VT_NO_NOTICE_NOT_WANTED;
    if (out->why_not != VT_NO_NOTICE_NONE)
        return VT_OK;
    const char *const parts[] = {vt_notice_kind_name(kind),
                                 mail->reference != NULL ? mail->reference : ""};
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), key);
    vt_owed_begin(&owed, arena, config, NULL);
    vt_owed_add(&owed, kind, mail->sender, key, true, ONCE_MSECS);
    if (owed.code != VT_OK)
        return vt_err_set(err, owed.code, "no memory for a notice");
    out->items = owed.items;
    out->count = owed.count;
    return VT_OK;
}

/* The people themselves, where no agency of theirs has a records mailbox. */
static void add_recipients(struct vt_owed *owed, const struct vt_mail *mail,
                           const char key_sha256[65])
{
    for (size_t i = 0; i < mail->recipients_count; i++) {
        if (vt_address_is_ours(mail->recipients[i], owed->config))
            vt_owed_add(owed, VT_NOTICE_RECHECK, mail->recipients[i], key_sha256, true, ONCE_MSECS);
    }
}

enum vt_code vt_notice_plan_recheck(struct vt_arena *arena, const struct vt_config *config,
                                    const struct vt_site *site,
                                    const struct vt_register_record *decided,
                                    const char *certificate_sha256,
                                    struct vt_register_notice **out_items, size_t *out_count,
                                    struct vt_err *err)
{
    const struct vt_register_decided *mail = decided->decided;
    struct vt_owed owed;
    char key[65];
    *out_items = NULL;
    *out_count = 0;
    if (config->mode == VT_MODE_OBSERVE || !config->notices.is_enabled || mail->is_secret ||
        mail->evidence == NULL || mail->answer.outcome != VT_OUTCOME_ACCEPT)
        return VT_OK;
    const char *const parts[] = {"recheck", decided->reference, certificate_sha256};
    vt_notice_key_of(parts, sizeof(parts) / sizeof(parts[0]), key);
    vt_owed_begin(&owed, arena, config, site);
    if (mail->decision != NULL)
        vt_owed_add_records(&owed, VT_NOTICE_RECHECK, &mail->evidence->mail, mail->decision->site,
                            key);
    if (owed.count == 0)
        add_recipients(&owed, &mail->evidence->mail, key);
    if (owed.code != VT_OK)
        return vt_err_set(err, owed.code, "no memory for the notices of a re-check");
    *out_items = owed.items;
    *out_count = owed.count;
    return VT_OK;
}
