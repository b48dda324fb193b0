/* SPDX-License-Identifier: Apache-2.0
 * What the register knows around a decision: the policy of its time, when it was loaded and by
 * whom, what it changed about the rule, and how many mails met the same. */
#include <string.h>

#include "command/explain.h"

/* Mails that are looked at, and senders that are told apart. */
#define MAX_ALIKE 20000
#define MAX_SENDERS 1000
#define PAGE 500

/* ---- the policy ---- */

enum vt_code vt_explain_policy_of_then(struct vt_register *reg, struct vt_explained *explained,
                                       struct vt_err *err)
{
    const struct vt_decision *then = explained->then->decision;
    struct vt_mistakes ignored;
    if (then == NULL || then->policy_version == NULL)
        return VT_OK;
    enum vt_code code = vt_register_policy(reg, explained->arena, then->policy_version,
                                           explained->time_utc_secs, &explained->loaded, err);
    if (code == VT_E_NOT_FOUND) {
        explained->loaded = (struct vt_register_policy){.loaded_utc_secs = VT_TIME_NONE};
        return VT_OK;
    }
    if (code != VT_OK || explained->loaded.bundle.len == 0)
        return code;
    vt_mistakes_init(&ignored);
    code = vt_policy_parse_bundle(explained->loaded.bundle, explained->policy_file,
                                  &explained->of_then, &ignored, err);
    vt_mistakes_clear(&ignored);
    /* A later program may have become stricter: then it is explained with the current one. */
    return code == VT_E_CONFIG || code == VT_E_FORMAT ? VT_OK : code;
}

/* ---- what it changed ---- */

struct previous {
    struct vt_explained *explained;
    const char *version; /* NULL: not found */
    int64_t loaded_utc_secs;
};

/* The newest load of another version before the one that decided. */
static enum vt_code take_event(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct previous *previous = context;
    struct vt_register_record record;
    const char *of_then = previous->explained->then->decision->policy_version;
    if (previous->version != NULL || entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(previous->explained->arena, entry, &record, err);
    if (code != VT_OK)
        return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
    const struct vt_register_event *event = record.event;
    bool is_load = event->what != NULL && event->text != NULL &&
                   (strcmp(event->what, VT_EVENT_POLICY_LOADED) == 0 ||
                    strcmp(event->what, VT_EVENT_POLICY_WENT_BACK) == 0);
    if (!is_load || strncmp(event->text, of_then, strlen(of_then)) == 0)
        return VT_OK;
    previous->version =
        vt_arena_dup(previous->explained->arena, event->text, strcspn(event->text, ", "));
    previous->loaded_utc_secs = record.time_utc_secs;
    return previous->version == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory") : VT_OK;
}

static enum vt_code find_previous(struct vt_register *reg, struct previous *previous,
                                  struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    enum vt_code code = VT_OK;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    query.until_utc_secs = previous->explained->loaded.loaded_utc_secs;
    do {
        code = vt_register_find(reg, &query, take_event, previous, &query.before_seq, err);
    } while (code == VT_OK && query.before_seq > 0 && previous->version == NULL);
    return code;
}

/* Differences of the deciding rule; names live in the arena of the one explained. */
static enum vt_code keep_changes(struct vt_explained *explained, const struct vt_policy *before,
                                 struct vt_err *err)
{
    struct vt_policy_diff diff;
    const char *rule = explained->then->decision->rule;
    enum vt_code code = vt_policy_diff(explained->arena, before, explained->policy, &diff, err);
    struct vt_difference *kept = NULL;
    for (size_t i = 0; i < diff.count && code == VT_OK; i++) {
        const struct vt_difference *item = &diff.items[i];
        if (item->of != VT_DIFFERENCE_OF_RULE || item->name == NULL ||
            strcmp(item->name, rule) != 0 || item->kind == VT_DIFFERENCE_MOVED)
            continue;
        kept = vt_arena_grow(explained->arena, kept, explained->changes_count, sizeof(*kept));
        if (kept == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory for what changed");
        struct vt_difference *last = &kept[explained->changes_count++];
        *last = *item;
        last->before = item->before == NULL ? NULL : vt_arena_str(explained->arena, item->before);
        explained->changes = kept;
    }
    return code;
}

static enum vt_code find_changes(struct vt_register *reg, struct vt_explained *explained,
                                 struct vt_err *err)
{
    struct previous previous = {.explained = explained};
    struct vt_register_policy loaded;
    struct vt_policy *before = NULL;
    struct vt_mistakes ignored;
    int64_t since = explained->loaded.loaded_utc_secs;
    bool is_recent =
        since != VT_TIME_NONE && explained->time_utc_secs - since < (int64_t)VT_EXPLAIN_SECS;
    if (!is_recent || !explained->is_as_then || explained->then->decision->rule == NULL)
        return VT_OK;
    enum vt_code code = find_previous(reg, &previous, err);
    if (code != VT_OK || previous.version == NULL)
        return code;
    code = vt_register_policy(reg, explained->arena, previous.version, since, &loaded, err);
    if (code != VT_OK || loaded.bundle.len == 0)
        return code == VT_E_NOT_FOUND ? VT_OK : code;
    vt_mistakes_init(&ignored);
    code = vt_policy_parse_bundle(loaded.bundle, explained->policy_file, &before, &ignored, err);
    vt_mistakes_clear(&ignored);
    if (code == VT_OK)
        code = keep_changes(explained, before, err);
    vt_policy_free(before);
    return code == VT_E_CONFIG || code == VT_E_FORMAT ? VT_OK : code;
}

/* ---- alike mails ---- */

struct alike {
    struct vt_explained *explained;
    size_t seen_count;
    const char *senders[MAX_SENDERS];
};

static enum vt_code note_sender(struct alike *alike, const struct vt_register_decided *decided,
                                struct vt_err *err)
{
    struct vt_explained *explained = alike->explained;
    const struct vt_site_facts *site = decided->decision->site;
    const char *sender = site != NULL ? site->sender_agency : NULL;
    if (sender == NULL)
        sender = vt_address_domain(decided->evidence->mail.sender);
    for (size_t i = 0; sender != NULL && i < explained->alike_senders_count; i++) {
        if (strcmp(alike->senders[i], sender) == 0)
            return VT_OK;
    }
    if (sender == NULL || explained->alike_senders_count == MAX_SENDERS)
        return VT_OK;
    const char *kept = vt_arena_str(explained->arena, sender);
    if (kept == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for senders");
    alike->senders[explained->alike_senders_count++] = kept;
    return VT_OK;
}

static enum vt_code take_mail(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct alike *alike = context;
    struct vt_register_record record;
    const char *rule = alike->explained->then->decision->rule;
    alike->seen_count++;
    if (entry->is_destroyed)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : vt_register_read(arena, entry, &record, err);
    if (code == VT_OK && record.decided->evidence != NULL && record.decided->decision != NULL &&
        record.decided->decision->rule != NULL &&
        strcmp(record.decided->decision->rule, rule) == 0 &&
        record.decided->decision->reason == alike->explained->then->decision->reason) {
        alike->explained->alike_count++;
        code = note_sender(alike, record.decided, err);
    }
    vt_arena_free(arena);
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code count_alike(struct vt_register *reg, struct vt_explained *explained,
                                struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct alike *alike = vt_arena_alloc(explained->arena, sizeof(*alike));
    const struct vt_decision *then = explained->then->decision;
    if (then->rule == NULL || then->reason == VT_REASON_COUNT)
        return VT_OK;
    if (alike == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for senders");
    alike->explained = explained;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.reason = then->reason;
    query.from_utc_secs = explained->now_utc_secs - VT_EXPLAIN_SECS;
    query.limit = PAGE;
    enum vt_code code = VT_OK;
    do {
        code = vt_register_find(reg, &query, take_mail, alike, &query.before_seq, err);
    } while (code == VT_OK && query.before_seq > 0 && alike->seen_count < MAX_ALIKE);
    explained->is_alike_more = query.before_seq > 0;
    return code;
}

enum vt_code vt_explain_recent(struct vt_register *reg, struct vt_explained *explained,
                               struct vt_err *err)
{
    if (explained->then->decision == NULL)
        return VT_OK;
    enum vt_code code = find_changes(reg, explained, err);
    return code == VT_OK ? count_alike(reg, explained, err) : code;
}
