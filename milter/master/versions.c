/* SPDX-License-Identifier: Apache-2.0
 * Which version serves, which one it goes back to: state without files. */
#include "versions.h"

#include <stdio.h>
#include <string.h>

#include "vanthu/verify.h"

static bool is_same(const char *a, const char *b)
{
    return a[0] != '\0' && strcmp(a, b) == 0;
}

const struct vt_version *vt_versions_current(const struct vt_versions *versions)
{
    return versions->count > 0 ? &versions->items[versions->current] : NULL;
}

const struct vt_version *vt_versions_find(const struct vt_versions *versions, const char *digest)
{
    for (size_t i = 0; i < versions->count; i++)
        if (is_same(versions->items[i].digest, digest))
            return &versions->items[i];
    return NULL;
}

const struct vt_version *vt_versions_previous(const struct vt_versions *versions)
{
    if (versions->until_utc_secs != 0)
        return vt_versions_find(versions, versions->kept);
    return versions->count > 0 && versions->current > 0 ? &versions->items[versions->current - 1]
                                                        : NULL;
}

static void remove_at(struct vt_versions *versions, size_t index)
{
    versions->count--;
    memmove(&versions->items[index], &versions->items[index + 1],
            (versions->count - index) * sizeof(versions->items[0]));
    if (versions->current > index)
        versions->current--;
}

/* The oldest one that nothing needs. */
static void make_room(struct vt_versions *versions)
{
    size_t oldest = is_same(versions->items[0].digest, versions->kept) ? 1 : 0;
    if (versions->count == VT_MAX_VERSIONS)
        remove_at(versions, oldest);
}

/* On top of what served; what it was gone back from is forgotten. */
static void put_on_top(struct vt_versions *versions, const struct vt_version *loaded)
{
    const struct vt_version *current = vt_versions_current(versions);
    if (current != NULL && is_same(current->digest, loaded->digest))
        return;
    if (versions->count > 0)
        versions->count = versions->current + 1;
    for (size_t i = versions->count; i > 0; i--)
        if (is_same(versions->items[i - 1].digest, loaded->digest))
            remove_at(versions, i - 1);
    make_room(versions);
    versions->items[versions->count] = *loaded;
    versions->current = versions->count++;
}

static void set_digest(char out[65], const char *digest)
{
    (void)snprintf(out, 65, "%s", digest);
}

static void keep(struct vt_versions *versions, const char *digest)
{
    set_digest(versions->kept, digest);
    versions->unkept[0] = '\0';
    versions->until_utc_secs = 0;
}

void vt_versions_load(struct vt_versions *versions, const struct vt_version *loaded,
                      int64_t until_utc_secs)
{
    const struct vt_version *current = vt_versions_current(versions);
    bool waits = versions->until_utc_secs != 0;
    char before[65] = "";
    if (current != NULL)
        set_digest(before, current->digest);
    if (waits && is_same(versions->kept, loaded->digest)) {
        vt_versions_go_back(versions, loaded);
        versions->unkept[0] = '\0';
        return;
    }
    put_on_top(versions, loaded);
    /* There is nothing to go back to, or nothing that is another one. */
    bool is_trial =
        waits || (until_utc_secs != 0 && before[0] != '\0' && !is_same(before, loaded->digest));
    if (!is_trial) {
        keep(versions, loaded->digest);
        return;
    }
    if (!waits)
        set_digest(versions->kept, before);
    if (until_utc_secs != 0)
        versions->until_utc_secs = until_utc_secs;
    set_digest(versions->unkept, loaded->digest);
}

void vt_versions_go_back(struct vt_versions *versions, const struct vt_version *loaded)
{
    const struct vt_version *current = vt_versions_current(versions);
    char left[65] = "";
    if (current != NULL)
        set_digest(left, versions->unkept[0] != '\0' ? versions->unkept : current->digest);
    for (size_t i = 0; i < versions->count; i++) {
        if (!is_same(versions->items[i].digest, loaded->digest))
            continue;
        versions->items[i] = *loaded;
        versions->current = i;
    }
    keep(versions, loaded->digest);
    set_digest(versions->unkept, left);
}

void vt_versions_keep(struct vt_versions *versions)
{
    const struct vt_version *current = vt_versions_current(versions);
    if (current != NULL && versions->until_utc_secs != 0)
        keep(versions, current->digest);
}

const struct vt_version *vt_versions_at_start(const struct vt_versions *versions,
                                              const char *digest)
{
    return is_same(versions->unkept, digest) ? vt_versions_find(versions, versions->kept) : NULL;
}

/* ---- what a version is ---- */

enum vt_code vt_version_digest(struct vt_bytes config, struct vt_bytes policy,
                               struct vt_version *out)
{
    char both[2 * 64 + 2], config_sha256[65];
    out->policy_sha256[0] = '\0';
    enum vt_code code = vt_verify_sha256(config, config_sha256);
    if (code == VT_OK && policy.len > 0)
        code = vt_verify_sha256(policy, out->policy_sha256);
    (void)snprintf(both, sizeof(both), "%s %s", config_sha256, out->policy_sha256);
    return code == VT_OK ? vt_verify_sha256(vt_bytes_str(both), out->digest) : code;
}

/* When it became what it is: with the version before, if it is the same there. */
static int64_t since_of(const json_t *before, const char *name, const char *digest, int64_t now)
{
    const json_t *rule = json_object_get(json_object_get(before, "rules"), name);
    const char *then = json_string_value(json_object_get(rule, "digest"));
    int64_t since = json_integer_value(json_object_get(rule, "since"));
    return then != NULL && strcmp(then, digest) == 0 && since > 0 && since <= now ? since : now;
}

static json_t *list_rules(const struct vt_policy *policy, const struct vt_version *version,
                          const json_t *before)
{
    struct vt_rule_digest *items = NULL;
    size_t count = 0;
    struct vt_arena *arena = vt_arena_new(VT_MAX_RULES_BYTES);
    json_t *rules = json_object();
    if (arena == NULL ||
        (policy != NULL && vt_policy_digests(arena, policy, &items, &count, NULL) != VT_OK)) {
        json_decref(rules);
        rules = NULL;
    }
    for (size_t i = 0; rules != NULL && i < count; i++) {
        char digest[17];
        (void)snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)items[i].digest);
        int64_t since = since_of(before, items[i].name, digest, version->loaded_utc_secs);
        (void)json_object_set_new(
            rules, items[i].name,
            json_pack("{s:s, s:I}", "digest", digest, "since", (json_int_t)since));
    }
    vt_arena_free(arena);
    return rules;
}

json_t *vt_version_rules(const struct vt_policy *policy, const struct vt_version *version,
                         const json_t *before, enum vt_mode mode_before)
{
    bool is_more_severe = version->mode > mode_before;
    json_t *rules = list_rules(policy, version, is_more_severe ? NULL : before);
    return json_pack("{s:i, s:s, s:I, s:s, s:o}", "v", 1, "policy", version->policy, "loaded",
                     (json_int_t)version->loaded_utc_secs, "by", version->by, "rules", rules);
}

json_t *vt_versions_to_json(const struct vt_versions *versions)
{
    const struct vt_version *current = vt_versions_current(versions);
    const struct vt_version *previous = vt_versions_previous(versions);
    if (current == NULL)
        return NULL;
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:I, s:s, s:b}", "version", current->policy, "digest",
                  current->digest, "mode", vt_mode_name(current->mode), "loaded_utc_secs",
                  (json_int_t)current->loaded_utc_secs, "by", current->by, "is_not_of_files",
                  versions->until_utc_secs == 0 && versions->unkept[0] != '\0');
    if (previous != NULL)
        (void)json_object_set_new(root, "previous", json_string(previous->policy));
    if (versions->until_utc_secs != 0)
        (void)json_object_set_new(root, "keep_until_utc_secs",
                                  json_integer((json_int_t)versions->until_utc_secs));
    return root;
}
