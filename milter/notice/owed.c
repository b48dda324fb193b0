/* SPDX-License-Identifier: Apache-2.0
 * The notices that one record owes, each once. */
#include "notice/owed.h"

#include <string.h>
#include <strings.h>

#define MSECS_PER_SEC 1000

const char *vt_owed_lower(struct vt_arena *arena, const char *text)
{
    char *copy = vt_arena_str(arena, text != NULL ? text : "");
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

void vt_owed_begin(struct vt_owed *owed, struct vt_arena *arena, const struct vt_config *config,
                   const struct vt_site *site)
{
    *owed = (struct vt_owed){.arena = arena, .config = config, .site = site, .code = VT_OK};
}

static bool is_there(const struct vt_owed *owed, const char *kind, const char *recipient,
                     const char *key_sha256)
{
    for (size_t i = 0; i < owed->count; i++) {
        if (strcmp(owed->items[i].kind, kind) == 0 &&
            strcasecmp(owed->items[i].recipient, recipient) == 0 &&
            strcmp(owed->items[i].key_sha256, key_sha256) == 0)
            return true;
    }
    return false;
}

static int64_t secs_of(int64_t msecs, int64_t most_secs)
{
    int64_t secs = msecs / MSECS_PER_SEC + (msecs % MSECS_PER_SEC > 0 ? 1 : 0);
    return secs < most_secs ? secs : most_secs;
}

void vt_owed_add(struct vt_owed *owed, enum vt_notice_kind kind, const char *recipient,
                 const char key_sha256[65], bool is_at_once, int64_t once_msecs)
{
    const char *name = vt_notice_kind_name(kind);
    if (recipient == NULL || recipient[0] == '\0' || owed->code != VT_OK ||
        owed->count == VT_MAX_REGISTER_NOTICES || is_there(owed, name, recipient, key_sha256))
        return;
    struct vt_register_notice *items =
        vt_arena_grow(owed->arena, owed->items, owed->count, sizeof(*items));
    if (items == NULL) {
        owed->code = VT_E_NOMEM;
        return;
    }
    owed->items = items;
    struct vt_register_notice *item = &items[owed->count++];
    *item = (struct vt_register_notice){
        .kind = name,
        .recipient = recipient,
        .quiet_secs =
            is_at_once ? 0 : secs_of(owed->config->notices.quiet_msecs, VT_MAX_NOTICE_QUIET_SECS),
        .once_secs = secs_of(once_msecs, VT_MAX_NOTICE_ONCE_SECS)};
    memcpy(item->key_sha256, key_sha256, sizeof(item->key_sha256));
}

const char *vt_owed_address(struct vt_owed *owed, const char *mailbox)
{
    const char *open = mailbox != NULL ? strrchr(mailbox, '<') : NULL;
    const char *close = open != NULL ? strchr(open, '>') : NULL;
    if (open == NULL)
        return mailbox;
    if (close == NULL)
        return NULL;
    const char *address = vt_arena_dup(owed->arena, open + 1, (size_t)(close - open - 1));
    if (address == NULL)
        owed->code = VT_E_NOMEM;
    return address;
}

/* Mail that leaves goes to agencies of others, too; these are not told by us. */
void vt_owed_add_records(struct vt_owed *owed, enum vt_notice_kind kind, const struct vt_mail *mail,
                         const struct vt_site_facts *facts, const char key_sha256[65])
{
    size_t count = facts != NULL ? facts->recipient_agencies_count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct vt_site_agency *agency =
            vt_site_agency(owed->site, facts->recipient_agencies[i]);
        const char *mailbox = agency != NULL ? agency->records_mailbox : NULL;
        if (mail->direction != VT_OUTBOUND || vt_address_is_ours(mailbox, owed->config))
            vt_owed_add(owed, kind, mailbox, key_sha256, true, owed->config->notices.once_msecs);
    }
}
