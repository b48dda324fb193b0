/* SPDX-License-Identifier: Apache-2.0
 * The policies that were loaded, found again by their version: a decision of the past is explained
 * with the rules, lists and agencies of its time. */
#include <string.h>

#include "register/internal.h"

struct search {
    struct vt_arena *arena;
    const char *version;
    struct vt_register_policy *out;
    bool is_found;
};

/* "a91f22c0, …": the version begins the text. */
static bool is_of_version(const struct vt_register_event *event, const char *version)
{
    size_t len = strlen(version);
    bool is_loaded = event->what != NULL && (strcmp(event->what, VT_EVENT_POLICY_LOADED) == 0 ||
                                             strcmp(event->what, VT_EVENT_POLICY_WENT_BACK) == 0);
    return is_loaded && event->text != NULL && strncmp(event->text, version, len) == 0 &&
           (event->text[len] == ',' || event->text[len] == '\0');
}

static enum vt_code take_event(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct search *search = context;
    struct vt_register_record record;
    if (search->is_found || entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(search->arena, entry, &record, err);
    if (code == VT_E_FORMAT || code == VT_E_LIMIT)
        return VT_OK;
    if (code != VT_OK || !is_of_version(record.event, search->version))
        return code;
    const struct vt_register_event *event = record.event;
    search->is_found = true;
    *search->out = (struct vt_register_policy){
        .loaded_utc_secs = record.time_utc_secs, .by = event->by, .text = event->text};
    for (size_t i = 0; i < event->objects_count; i++)
        if (strcmp(event->objects[i].kind, vt_object_kind_name(VT_OBJECT_POLICY)) == 0)
            search->out->sha256 = event->objects[i].sha256;
    return VT_OK;
}

enum vt_code vt_register_policy(struct vt_register *reg, struct vt_arena *arena,
                                const char *version, int64_t at_utc_secs,
                                struct vt_register_policy *out, struct vt_err *err)
{
    struct search search = {.arena = arena, .version = version, .out = out};
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    /* The event follows the first mails by a moment. */
    query.until_utc_secs = at_utc_secs == VT_TIME_NONE ? VT_TIME_NONE : at_utc_secs + 60;
    int64_t next = 0;
    enum vt_code code = VT_OK;
    do {
        code = vt_register_find(reg, &query, take_event, &search, &next, err);
        query.before_seq = next;
    } while (code == VT_OK && next > 0 && !search.is_found);
    if (code != VT_OK)
        return code;
    if (!search.is_found)
        return vt_err_set(err, VT_E_NOT_FOUND, "register: policy %s was never loaded", version);
    if (out->sha256 == NULL)
        return VT_OK;
    code = vt_register_object(reg, arena, out->sha256, &out->bundle, err);
    return code == VT_E_NOT_FOUND ? VT_OK : code;
}
