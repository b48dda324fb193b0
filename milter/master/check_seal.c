/* SPDX-License-Identifier: Apache-2.0
 * Whether the keys of the configuration are of use to the sealer: what it cannot read is a mistake,
 * what it may not use yet is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "role_start.h"
#include "vanthu/clock.h"

static enum vt_code read_files(const void *context, struct vt_err *err)
{
    return vt_seal_check_files(context, err);
}

/* Who is not the owner is not told by the system's own words. */
static void say_who(const char *user, struct vt_err *err)
{
    size_t used = strlen(err->text);
    if (geteuid() == 0 && strstr(err->text, strerror(EACCES)) != NULL)
        (void)snprintf(err->text + used, sizeof(err->text) - used,
                       " for the user of the sealer, %s: chown it to that user, mode 0400, and let "
                       "it into the folders above",
                       user);
}

static void blame(const struct vt_config *config, const struct vt_seal_key *key, bool warning,
                  const struct vt_err *err, struct vt_mistakes *mistakes)
{
    (void)vt_mistakes_add(mistakes, config->file, key->line, key->column, warning, "%s", err->text);
}

void vt_check_seal(const struct vt_config *config, const struct vt_site *site,
                   struct vt_mistakes *mistakes)
{
    const char *user = config->role_user[VT_ROLE_SEALER];
    struct vt_role_user found;
    if (geteuid() == 0 && config->seal_keys_count > 0 &&
        vt_role_user_find(user, &found, NULL) != VT_OK)
        return; /* that has been told */
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        const struct vt_seal_key *key = &config->seal_keys[i];
        struct vt_err err = {.text = ""};
        if (vt_as_user(geteuid() == 0 ? user : NULL, read_files, key, &err) != VT_OK) {
            say_who(user, &err);
            blame(config, key, false, &err, mistakes);
        } else if (vt_seal_check_use(key, site, vt_clock_now_utc_secs(), &err) != VT_OK)
            blame(config, key, true, &err, mistakes);
    }
}
