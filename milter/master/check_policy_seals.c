/* SPDX-License-Identifier: Apache-2.0
 * Whether the keys can seal what the rules of the policy want sealed. */
#include "vanthu/role.h"
#include <stdio.h>

static bool may_seal(const struct vt_seal_key *key, enum vt_seal_what what)
{
    const unsigned message = 1u << VT_SEAL_FOR_MESSAGE, document = 1u << VT_SEAL_FOR_DOCUMENT;
    unsigned needed = what == VT_SEAL_WHAT_MESSAGE     ? message
                      : what == VT_SEAL_WHAT_DOCUMENTS ? document
                                                       : message | document;
    return (key->purposes & needed) == needed && key->certificate != NULL;
}

static const char *purposes_of(enum vt_seal_what what)
{
    return what == VT_SEAL_WHAT_MESSAGE     ? "\"message\""
           : what == VT_SEAL_WHAT_DOCUMENTS ? "\"document\""
                                            : "\"message\" and \"document\"";
}

const struct vt_seal_key *vt_seal_key_of_mails(const struct vt_config *config, const char *name,
                                               enum vt_seal_what what)
{
    const struct vt_seal_key *found = NULL;
    size_t count = 0;
    if (name != NULL) {
        found = vt_config_seal_key(config, name);
        return found != NULL && may_seal(found, what) ? found : NULL;
    }
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (may_seal(&config->seal_keys[i], what)) {
            found = &config->seal_keys[i];
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

/* "van-thu, van-ban" */
static void list_keys(const struct vt_config *config, enum vt_seal_what what, char *out,
                      size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (may_seal(&config->seal_keys[i], what) && used < out_bytes)
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
    list_keys(config, seal->asked.what, names, sizeof(names));
    if (names[0] == '\0')
        (void)vt_mistakes_add(mistakes, file, seal->line, seal->column,
                              key == NULL && seal->asked.mode == VT_SEAL_PREFERRED,
                              "nothing can be sealed: no key under seal.keys in %s has a "
                              "certificate and %s among its purposes",
                              config->file, purposes_of(seal->asked.what));
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
                              "key \"%.100s\" cannot seal this: it needs a certificate and %s "
                              "among its purposes; these have them: %s",
                              key, purposes_of(seal->asked.what), names);
}

/* "con-dau, phu-luc" */
static void list_appearances(const struct vt_config *config, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < config->seal_appearances_count && used < out_bytes; i++)
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", i > 0 ? ", " : "",
                                 config->seal_appearances[i].name);
}

static void check_appearances(const struct vt_config *config, const struct vt_policy_seal *seal,
                              struct vt_mistakes *mistakes)
{
    const struct vt_seal_documents *documents = seal->asked.documents;
    char names[VT_ERR_TEXT_BYTES / 2];
    list_appearances(config, names, sizeof(names));
    for (size_t i = 0; documents != NULL && i < documents->appearances_count; i++) {
        const struct vt_seal_appearance_asked *asked = &documents->appearances[i];
        if (asked->appearance == NULL || vt_config_appearance(config, asked->appearance) != NULL)
            continue;
        (void)vt_mistakes_add(mistakes, config->policy_file, asked->line, asked->column, false,
                              "\"%.100s\" is no appearance under seal.appearances in %s; %s%s",
                              asked->appearance, config->file,
                              names[0] == '\0' ? "there are none" : "one of: ", names);
    }
}

void vt_check_policy_seals(const struct vt_config *config, const struct vt_policy *policy,
                           struct vt_mistakes *mistakes)
{
    struct vt_policy_seal seal;
    for (size_t at = 0; policy != NULL && vt_policy_next_seal(policy, &at, &seal);) {
        if (vt_seal_key_of_mails(config, seal.asked.key, seal.asked.what) == NULL)
            tell(config, &seal, mistakes);
        check_appearances(config, &seal, mistakes);
    }
}
