/* SPDX-License-Identifier: Apache-2.0
 * Whether the keys can seal what the rules of the policy want sealed. */
#include "vanthu/role.h"
#include <stdio.h>

static bool may_seal_mails(const struct vt_seal_key *key)
{
    return (key->purposes >> VT_SEAL_FOR_MESSAGE & 1) != 0 && key->certificate != NULL;
}

const struct vt_seal_key *vt_seal_key_of_mails(const struct vt_config *config, const char *name)
{
    const struct vt_seal_key *found = NULL;
    size_t count = 0;
    if (name != NULL) {
        found = vt_config_seal_key(config, name);
        return found != NULL && may_seal_mails(found) ? found : NULL;
    }
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (may_seal_mails(&config->seal_keys[i])) {
            found = &config->seal_keys[i];
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

/* "van-thu, van-ban" */
static void list_keys(const struct vt_config *config, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (may_seal_mails(&config->seal_keys[i]) && used < out_bytes)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "",
                                     config->seal_keys[i].name);
    }
}

static void tell(const struct vt_config *config, const struct vt_policy_seal *seal,
                 struct vt_mistakes *mistakes)
{
    char names[VT_ERR_TEXT_BYTES / 2];
    const char *key = seal->asked.key;
    const char *file = config->policy_file;
    list_keys(config, names, sizeof(names));
    if (names[0] == '\0')
        (void)vt_mistakes_add(mistakes, file, seal->line, seal->column,
                              key == NULL && seal->asked.mode == VT_SEAL_PREFERRED,
                              "nothing can be sealed: no key under seal.keys in %s has a "
                              "certificate and \"message\" among its purposes",
                              config->file);
    else if (key == NULL)
        (void)vt_mistakes_add(mistakes, file, seal->line, seal->column, false,
                              "which key seals? write {mode: %s, key: …}, with one of: %s",
                              vt_seal_name(seal->asked.mode), names);
    else if (vt_config_seal_key(config, key) == NULL)
        (void)vt_mistakes_add(mistakes, file, seal->line, seal->column, false,
                              "\"%.100s\" is no key under seal.keys in %s; one of: %s", key,
                              config->file, names);
    else
        (void)vt_mistakes_add(mistakes, file, seal->line, seal->column, false,
                              "key \"%.100s\" seals no mails: it needs a certificate and "
                              "\"message\" among its purposes; these have both: %s",
                              key, names);
}

void vt_check_policy_seals(const struct vt_config *config, const struct vt_policy *policy,
                           struct vt_mistakes *mistakes)
{
    struct vt_policy_seal seal;
    for (size_t at = 0; policy != NULL && vt_policy_next_seal(policy, &at, &seal);) {
        if (vt_seal_key_of_mails(config, seal.asked.key) == NULL)
            tell(config, &seal, mistakes);
    }
}
