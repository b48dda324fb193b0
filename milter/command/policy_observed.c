/* SPDX-License-Identifier: Apache-2.0
 * What served in the past, out of the register: each event of a loaded policy has its version, the
 * site's mode and the policy itself, and lasts until the next one. */
#include "command/policy_observed.h"

#include <string.h>

#include "evidence/names.h"
#include "vanthu/clock.h"
#include "vanthu/observed.h"
#include "vanthu/register.h"

/* Rules that are not settled by so many loads and policies are told by those. */
#define MAX_LOADS 1000
#define MAX_POLICIES 100
#define EVENT_BYTES ((size_t)2 * VT_MAX_REGISTER_BODY_BYTES)
#define BUNDLE_BYTES ((size_t)2 * VT_MAX_CRL_BYTES)
#define RULES_BYTES ((size_t)16 * 1024 * 1024)

struct look {
    struct vt_register *reg;
    struct vt_observed *observed;
    const char *policy_file;
    int64_t until_utc_secs; /* when the newer one was loaded */
    struct vt_policy *last; /* of the load that was looked at last, with its digest */
    char last_sha256[65];
    size_t loads_count, policies_count;
    bool is_over, is_cut;
};

static bool is_load(const struct vt_register_event *event)
{
    return event != NULL && event->what != NULL && event->text != NULL &&
           (strcmp(event->what, VT_EVENT_POLICY_LOADED) == 0 ||
            strcmp(event->what, VT_EVENT_POLICY_WENT_BACK) == 0);
}

/* "a91f22c0, mode observe, …" */
static bool read_mode(const char *text, enum vt_mode *out)
{
    static const char before[] = ", mode ";
    const char *mode = strstr(text, before);
    for (unsigned i = 0; mode != NULL && i < vt_words_mode.count; i++) {
        const char *word = mode + sizeof(before) - 1;
        size_t len = strlen(vt_words_mode.words[i]);
        if (strncmp(word, vt_words_mode.words[i], len) != 0 || strchr(",:", word[len]) == NULL)
            continue;
        *out = (enum vt_mode)i;
        return true;
    }
    return false;
}

static const char *bundle_of(const struct vt_register_event *event)
{
    for (size_t i = 0; i < event->objects_count; i++)
        if (strcmp(event->objects[i].kind, vt_object_kind_name(VT_OBJECT_POLICY)) == 0)
            return event->objects[i].sha256;
    return NULL;
}

/* look->last is the policy of this digest; a start and a reload often load the same again. */
static bool take_policy(struct look *look, const char *sha256)
{
    struct vt_bytes bundle = {0};
    struct vt_mistakes ignored;
    if (look->last != NULL && strcmp(look->last_sha256, sha256) == 0)
        return true;
    vt_policy_free(look->last);
    look->last = NULL;
    struct vt_arena *arena = vt_arena_new(BUNDLE_BYTES);
    vt_mistakes_init(&ignored);
    if (arena != NULL && look->policies_count++ < MAX_POLICIES &&
        vt_register_object(look->reg, arena, sha256, &bundle, NULL) == VT_OK &&
        vt_policy_parse_bundle(bundle, look->policy_file, &look->last, &ignored, NULL) == VT_OK)
        memcpy(look->last_sha256, sha256, sizeof(look->last_sha256));
    vt_mistakes_clear(&ignored);
    vt_arena_free(arena);
    return look->last != NULL;
}

static void take_load(struct look *look, const struct vt_register_event *event, int64_t utc_secs)
{
    struct vt_served served = {.from_utc_secs = utc_secs, .until_utc_secs = look->until_utc_secs};
    const char *sha256 = bundle_of(event);
    bool is_known = look->loads_count++ < MAX_LOADS && sha256 != NULL &&
                    read_mode(event->text, &served.site_mode) && take_policy(look, sha256);
    look->is_over = look->is_cut = !is_known;
    if (!is_known)
        return;
    served.policy = look->last;
    vt_observed_add(look->observed, &served);
    look->until_utc_secs = utc_secs;
    look->is_over = vt_observed_is_settled(look->observed);
}

/* An event whose body was destroyed may have been a load. */
static enum vt_code take_event(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct look *look = context;
    struct vt_register_record record;
    if (look->is_over)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(EVENT_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : VT_OK;
    if (code == VT_OK && !entry->is_destroyed)
        code = vt_register_read(arena, entry, &record, err);
    if (entry->is_destroyed || code == VT_E_FORMAT || code == VT_E_LIMIT) {
        look->is_over = look->is_cut = true;
        code = VT_OK;
    } else if (code == VT_OK && is_load(record.event)) {
        take_load(look, record.event, record.time_utc_secs);
    }
    vt_arena_free(arena);
    return code;
}

static enum vt_code walk(struct look *look)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    enum vt_code code = VT_OK;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    do {
        code = vt_register_find(look->reg, &query, take_event, look, &query.before_seq, NULL);
    } while (code == VT_OK && query.before_seq > 0 && !look->is_over);
    return code;
}

void vt_policy_check_observed(const struct vt_config *config, const struct vt_policy *policy,
                              struct vt_mistakes *mistakes)
{
    struct look look = {.policy_file = config->policy_file,
                        .until_utc_secs = vt_clock_now_utc_secs()};
    if (config->mode != VT_MODE_ENFORCE)
        return;
    struct vt_arena *arena = vt_arena_new(RULES_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : VT_OK;
    if (code == VT_OK)
        code = vt_observed_begin(arena, policy, look.until_utc_secs, &look.observed, NULL);
    if (code == VT_OK && !vt_observed_is_settled(look.observed))
        code = vt_register_open_read(config->register_directory, &look.reg, NULL);
    if (code == VT_OK && look.reg != NULL)
        code = walk(&look);
    if (code == VT_OK)
        vt_observed_warn(look.observed, config->policy_file, look.is_cut, mistakes);
    vt_policy_free(look.last);
    vt_register_close(look.reg);
    vt_arena_free(arena);
}
