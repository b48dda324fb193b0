/* SPDX-License-Identifier: Apache-2.0
 * Whether the trust sources are of use: without a confirmed root nothing can be judged, and the
 * administrator is told which root waits for which line. */
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "role_start.h"
#include "vanthu/clock.h"

/* A folder of many roots is named in part; what is wrong with the first is wrong with all. */
#define MAX_NAMED 16
/* Groups of four, as people read them to each other. */
#define GROUPED_BYTES 96

static const char *const anchors_keys[VT_TRUST_SETS] = {"trust.official.anchors",
                                                        "trust.public.anchors"};
static const char *const directory_keys[VT_TRUST_SETS] = {"trust.official.directory",
                                                          "trust.public.directory"};
static const char *const confirmed_keys[VT_TRUST_SETS] = {"trust.official.confirmed",
                                                          "trust.public.confirmed"};

static const char *grouped(char out[GROUPED_BYTES], const char *digest)
{
    size_t at = 0;
    for (size_t i = 0; digest[i] != '\0' && at + 2 < GROUPED_BYTES; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = ' ';
        out[at++] = digest[i];
    }
    out[at] = '\0';
    return out;
}

/* The setting that a site keeps its roots by. */
static const char *roots_key(const struct vt_config *config, enum vt_trust_set_id set)
{
    return config->trust[set].anchors != NULL ? anchors_keys[set] : directory_keys[set];
}

static void name_unconfirmed(const struct vt_config *config, const struct vt_trust_store *store,
                             enum vt_trust_set_id set, struct vt_mistakes *mistakes)
{
    const struct vt_certificate *root = NULL;
    size_t count = 0;
    for (; (root = vt_trust_store_unconfirmed(store, set, count)) != NULL; count++) {
        const struct vt_certificate_facts *facts = vt_certificate_facts(root);
        const char *name = facts->common_name != NULL ? facts->common_name : facts->subject;
        char shown[128], digest[GROUPED_BYTES];
        if (count >= MAX_NAMED)
            continue;
        vt_config_mistake(config, mistakes, roots_key(config, set), true,
                          "the root \"%s\" is not confirmed and not used; its SHA-256 is %s: "
                          "compare it with the CA by telephone (vanthu trust add, or %s)",
                          vt_text_clean(shown, sizeof(shown), vt_bytes_str(name)),
                          grouped(digest, vt_certificate_sha256(root)), confirmed_keys[set]);
    }
    if (count > MAX_NAMED)
        vt_config_mistake(config, mistakes, roots_key(config, set), true,
                          "and %zu more roots that are not confirmed", count - MAX_NAMED);
}

static bool has_roots(const struct vt_trust_store *store, enum vt_trust_set_id set)
{
    return vt_trust_store_anchors(store, set) > 0 ||
           vt_trust_store_unconfirmed(store, set, 0) != NULL;
}

static void check_set(const struct vt_config *config, const struct vt_trust_store *store,
                      enum vt_trust_set_id set, struct vt_mistakes *mistakes)
{
    const struct vt_trust_source *source = &config->trust[set];
    if (source->anchors != NULL && !has_roots(store, set))
        vt_config_mistake(config, mistakes, anchors_keys[set], true,
                          "%s holds no certificate (.pem, .crt, .cer or .der)", source->anchors);
    if (vt_trust_store_anchors(store, set) == 0)
        name_unconfirmed(config, store, set, mistakes);
    for (size_t i = 0; i < source->confirmed_count; i++)
        if (!vt_trust_store_has_anchor(store, set, source->confirmed[i]))
            vt_config_mistake(config, mistakes, confirmed_keys[set], true,
                              "the fingerprint %s fits no root of %s", source->confirmed[i],
                              source->anchors != NULL ? source->anchors : source->directory);
}

static void check_mode(const struct vt_config *config, const struct vt_trust_store *store,
                       struct vt_mistakes *mistakes)
{
    size_t anchors = vt_trust_store_anchors(store, VT_TRUST_OFFICIAL) +
                     vt_trust_store_anchors(store, VT_TRUST_PUBLIC);
    if (anchors == 0 && (has_roots(store, VT_TRUST_OFFICIAL) || has_roots(store, VT_TRUST_PUBLIC)))
        vt_config_mistake(config, mistakes, confirmed_keys[VT_TRUST_OFFICIAL], true,
                          "no trust anchor is confirmed: no signature can be judged; vanthu trust "
                          "add FILE asks for the fingerprint of a root (vanthu(1))");
    else if (anchors == 0)
        vt_config_mistake(config, mistakes, roots_key(config, VT_TRUST_OFFICIAL), true,
                          "no trust anchor is configured: no signature can be judged; vanthu trust "
                          "setup official fetches the published ones (vanthu(1))");
    if (config->mode != VT_MODE_ENFORCE)
        return;
    if (anchors == 0)
        vt_config_mistake(config, mistakes, "mode", false,
                          "mode: enforce needs at least one confirmed trust anchor; without one no "
                          "signature can be judged");
    int64_t now = vt_clock_now_utc_secs();
    char shown[VT_TIME_TEXT_BYTES];
    if (!vt_clock_is_sane(now))
        vt_config_mistake(config, mistakes, "mode", false,
                          "mode: enforce needs a right clock; the clock of this machine says %s, "
                          "before this program was released: set it (NTP)",
                          vt_time_rfc3339(shown, now));
}

/* ---- reading ---- */

static enum vt_code read_all(const void *context, struct vt_err *err)
{
    const struct vt_config *config = context;
    struct vt_trust_store *store = NULL;
    enum vt_code code = vt_trust_store_load(config->trust, VT_TRUST_SETS, &store, err);
    vt_trust_store_free(store);
    return code;
}

static enum vt_code read_source(const struct vt_trust_source *source, struct vt_err *err)
{
    struct vt_trust_store *store = NULL;
    enum vt_code code = vt_trust_store_load(source, 1, &store, err);
    vt_trust_store_free(store);
    return code;
}

static enum vt_code read_one(const void *context, struct vt_err *err)
{
    /* As anchors: both kinds are read in the same way. */
    return read_source(&(struct vt_trust_source){.anchors = context}, err);
}

static enum vt_code read_directory(const void *context, struct vt_err *err)
{
    return read_source(&(struct vt_trust_source){.directory = context}, err);
}

/* Which of the six settings it is. */
static void blame(const struct vt_config *config, const char *user, enum vt_role_id role,
                  struct vt_mistakes *mistakes)
{
    static const char *const intermediates_keys[VT_TRUST_SETS] = {"trust.official.intermediates",
                                                                  "trust.public.intermediates"};
    for (size_t i = 0; i < (size_t)3 * VT_TRUST_SETS; i++) {
        const struct vt_trust_source *source = &config->trust[i / 3];
        const char *const paths[] = {source->directory, source->anchors, source->intermediates};
        const char *const keys[] = {directory_keys[i / 3], anchors_keys[i / 3],
                                    intermediates_keys[i / 3]};
        const char *path = paths[i % 3], *key = keys[i % 3];
        struct vt_err err = {0};
        if (path == NULL ||
            vt_as_user(user, i % 3 == 0 ? read_directory : read_one, path, &err) == VT_OK)
            continue;
        if (user == NULL)
            vt_config_mistake(config, mistakes, key, false, "%s", err.text);
        else
            vt_config_mistake(config, mistakes, key, false,
                              "%s; the user %s (role %s) has to be able to read it", err.text, user,
                              vt_role_name(role));
    }
}

/* The roles that judge load the files themselves. */
static void check_readers(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    static const enum vt_role_id readers[] = {VT_ROLE_INSPECTOR, VT_ROLE_STATUS};
    for (size_t i = 0; i < 2; i++) {
        const char *user = config->role_user[readers[i]];
        struct vt_role_user found;
        if (vt_role_user_find(user, &found, NULL) == VT_OK &&
            vt_as_user(user, read_all, config, NULL) != VT_OK)
            blame(config, user, readers[i], mistakes);
    }
}

void vt_check_trust(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    struct vt_trust_store *store = NULL;
    struct vt_err err = {0};
    if (vt_trust_store_load(config->trust, VT_TRUST_SETS, &store, &err) != VT_OK) {
        size_t before = mistakes->errors_count;
        blame(config, NULL, VT_ROLE_MASTER, mistakes);
        if (mistakes->errors_count == before)
            vt_config_mistake(config, mistakes, anchors_keys[VT_TRUST_OFFICIAL], false, "%s",
                              err.text);
        return;
    }
    for (enum vt_trust_set_id set = VT_TRUST_OFFICIAL; set < VT_TRUST_SETS; set++)
        check_set(config, store, set, mistakes);
    check_mode(config, store, mistakes);
    vt_trust_store_free(store);
    if (geteuid() == 0)
        check_readers(config, mistakes);
}
