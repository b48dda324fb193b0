/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy check: what the rules have sealed, as it was understood. */
#include "command/policy_seals.h"

#include "vanthu/role.h"

/* NULL: there is no configuration, or no key. */
static const char *key_of(const struct vt_policy_seal *seal, const struct vt_config *config)
{
    const struct vt_seal_key *key =
        config == NULL ? NULL : vt_seal_key_of_mails(config, seal->asked.key, seal->asked.what);
    return key != NULL ? key->name : seal->asked.key;
}

/* "a*", "b*" */
static void print_names(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s\"%s\"", i > 0 ? ", " : "", names[i]);
}

static void print_documents(const struct vt_seal_documents *asked)
{
    static const char *const whose[] = {[VT_SEAL_SIGNED_OR_NOT] = "every PDF",
                                        [VT_SEAL_SIGNED_ONLY] = "every signed PDF",
                                        [VT_SEAL_VALID_ONLY] = "every PDF with valid signatures",
                                        [VT_SEAL_UNSIGNED_ONLY] = "every unsigned PDF"};
    printf("; %s", whose[asked->is_signed]);
    if (asked->names_count > 0)
        printf(" named ");
    print_names(asked->names, asked->names_count);
    if (asked->except_count > 0)
        printf(" except ");
    print_names(asked->except, asked->except_count);
    printf(", at most %u", asked->at_most);
}

static void print_appearances(const struct vt_seal_documents *asked)
{
    bool is_for_all = false;
    for (size_t i = 0; i < asked->appearances_count; i++) {
        const struct vt_seal_appearance_asked *one = &asked->appearances[i];
        printf(i == 0 ? "; " : ", ");
        print_names(one->names, one->names_count);
        is_for_all = one->names_count == 0;
        printf("%s show %s", !is_for_all ? "" : i == 0 ? "all" : "others", one->appearance);
    }
    if (!is_for_all)
        printf("%s show nothing", asked->appearances_count == 0 ? "; all" : ", others");
}

void vt_policy_seals_print(const char *file, const struct vt_policy *policy,
                           const struct vt_config *config)
{
    static const char *const whats[] = {[VT_SEAL_WHAT_MESSAGE] = "the message",
                                        [VT_SEAL_WHAT_DOCUMENTS] = "documents",
                                        [VT_SEAL_WHAT_BOTH] = "documents and the message"};
    struct vt_policy_seal seal;
    for (size_t at = 0; vt_policy_next_seal(policy, &at, &seal);) {
        const char *key = key_of(&seal, config);
        printf("%s:%u: rule \"%s\" seals %s, %s, %s%s", file, seal.line, seal.rule,
               whats[seal.asked.what], vt_seal_name(seal.asked.mode),
               key != NULL ? "key " : "the only key that may", key != NULL ? key : "");
        if (seal.asked.documents != NULL) {
            print_documents(seal.asked.documents);
            print_appearances(seal.asked.documents);
        }
        putchar('\n');
    }
}

/* ---- for programs ---- */

static json_t *names_json(const char *const *names, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_string(names[i]));
    return array;
}

static json_t *documents_json(const struct vt_seal_documents *asked)
{
    static const char *const words[] = {[VT_SEAL_SIGNED_OR_NOT] = "either",
                                        [VT_SEAL_SIGNED_ONLY] = "signed",
                                        [VT_SEAL_VALID_ONLY] = "valid",
                                        [VT_SEAL_UNSIGNED_ONLY] = "unsigned"};
    json_t *shown = json_array();
    if (asked == NULL) {
        json_decref(shown);
        return json_null();
    }
    for (size_t i = 0; i < asked->appearances_count; i++) {
        const struct vt_seal_appearance_asked *one = &asked->appearances[i];
        (void)json_array_append_new(shown, json_pack("{s:o, s:s?}", "name",
                                                     names_json(one->names, one->names_count),
                                                     "appearance", one->appearance));
    }
    return json_pack("{s:o, s:o, s:s, s:i, s:o}", "name",
                     names_json(asked->names, asked->names_count), "except",
                     names_json(asked->except, asked->except_count), "signed",
                     words[asked->is_signed], "at_most", (int)asked->at_most, "appearance", shown);
}

json_t *vt_policy_seals_json(const struct vt_policy *policy, const struct vt_config *config)
{
    struct vt_policy_seal seal;
    json_t *array = json_array();
    for (size_t at = 0; policy != NULL && vt_policy_next_seal(policy, &at, &seal);)
        (void)json_array_append_new(
            array, json_pack("{s:s, s:i, s:s, s:s, s:s?, s:o}", "rule", seal.rule, "line",
                             (int)seal.line, "mode", vt_seal_name(seal.asked.mode), "what",
                             vt_seal_what_name(seal.asked.what), "key", key_of(&seal, config),
                             "documents", documents_json(seal.asked.documents)));
    return array;
}
