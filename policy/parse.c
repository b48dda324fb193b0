/* SPDX-License-Identifier: Apache-2.0
 * From the text of a policy file to rules (vanthu-policy(5)). One small function per key; every
 * mistake of the file is reported in one run. */
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "bundle.h"
#include "rule.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* More than anybody writes by hand; a program may. */
#define MAX_RULES 10000
#define SECS 1000
#define DAYS INT64_C(86400000)

struct parser {
    struct vt_yaml *yaml;
    struct vt_policy *policy;
    const struct vt_bundle *bundle;
    struct vt_reading reading;
    struct vt_set names; /* of the rules so far */
};

/* ---- a rule ---- */

static void parse_name(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    const char *text = NULL;
    if (!vt_yaml_text(p->yaml, node, &text))
        return;
    if (!vt_check_word(text)) {
        vt_yaml_mistake(p->yaml, node, "a name is a word of printable ASCII without spaces");
        return;
    }
    if (vt_set_has(&p->names, text)) {
        for (size_t i = 0; i < p->policy->rules_count; i++) {
            const struct vt_rule *other = &p->policy->rules[i];
            if (other->name != NULL && strcmp(other->name, text) == 0)
                vt_yaml_mistake(p->yaml, node, "a rule named \"%s\" stands in line %u already",
                                text, other->node->line);
        }
    }
    vt_set_add(&p->names, text);
    rule->name = text;
}

/* Tests over signatures, and counts of them. */
static bool looks_around(const struct vt_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        const struct vt_form *form = condition->test->form;
        if (form == &vt_form_any || form == &vt_form_all || form == &vt_form_none ||
            form == &vt_form_count)
            return true;
        for (size_t g = 0; g < condition->groups_count; g++) {
            if (looks_around(&condition->groups[g]))
                return true;
        }
    }
    return false;
}

static void parse_when(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    (void)vt_conditions_parse(&p->reading, node, VT_IN_WHEN, &rule->when);
    for (size_t i = 0; i < rule->when.count; i++) {
        if (rule->when.items[i].test->form == &vt_form_reasons)
            rule->needs_reasons = rule->when.items[i].set;
    }
    rule->looks_around = looks_around(&rule->when);
}

static void parse_then(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    vt_then_parse(&p->reading, node, &rule->then);
}

static void parse_at_most(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    int64_t msecs = 0;
    if (vt_yaml_duration(p->yaml, node, 1 * SECS, 1 * DAYS, &msecs))
        rule->at_most_secs = msecs / 1000;
}

static void parse_afterwards(struct parser *p, const struct vt_yaml_node *node,
                             struct vt_rule *rule)
{
    if (vt_action_parse(&p->reading, node, &rule->afterwards) &&
        rule->afterwards == VT_ACTION_DEFER)
        vt_yaml_mistake(p->yaml, node, "afterwards cannot be defer again");
}

static void parse_mode(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    unsigned value = 0;
    if (vt_yaml_word(p->yaml, node, "a mode", vt_words_mode.words, vt_words_mode.count, &value))
        rule->mode = (enum vt_mode)value;
}

static void parse_until(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    vt_yaml_time(p->yaml, node, &rule->until_utc_secs);
}

static void parse_observe_until(struct parser *p, const struct vt_yaml_node *node,
                                struct vt_rule *rule)
{
    vt_yaml_time(p->yaml, node, &rule->observe_until_utc_secs);
}

static const struct {
    const char *key;
    void (*parse)(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule);
    bool is_required;
} rule_keys[] = {
    {"name", parse_name, true},    {"when", parse_when, true},
    {"then", parse_then, true},    {"at-most", parse_at_most, false},
    {"mode", parse_mode, false},   {"afterwards", parse_afterwards, false},
    {"until", parse_until, false}, {"observe-until", parse_observe_until, false},
};

const char *const vt_rule_keys[] = {"name",       "when", "then",  "at-most",
                                    "afterwards", "mode", "until", "observe-until"};
const size_t vt_rule_keys_count = ELEMENTS(vt_rule_keys);

/* What must hold between the keys of one rule. */
static void check_rule_keys(struct parser *p, const struct vt_yaml_node *node,
                            const struct vt_rule *rule)
{
    const struct vt_yaml_node *at_most = vt_yaml_find(node, "at-most");
    const struct vt_yaml_node *afterwards = vt_yaml_find(node, "afterwards");
    const struct vt_yaml_node *observe = vt_yaml_find(node, "observe-until");
    if (observe != NULL && rule->mode == VT_MODE_OBSERVE)
        vt_yaml_mistake(p->yaml, observe,
                        "observe-until says when a rule begins to act: its mode is then enforce or "
                        "tag, not observe");
    if (rule->then.node == NULL || node->cut)
        return;
    if (rule->then.action == VT_ACTION_DEFER && at_most == NULL)
        vt_yaml_mistake(p->yaml, rule->then.node,
                        "a defer ends: add \"at-most: 15m\" and \"afterwards: tag\"");
    if (rule->then.action != VT_ACTION_DEFER && (at_most != NULL || afterwards != NULL))
        vt_yaml_mistake(p->yaml, at_most != NULL ? at_most : afterwards,
                        "at-most and afterwards belong to the action defer");
    const struct vt_yaml_node *without = rule->then.node->kind == VT_YAML_MAPPING
                                             ? vt_yaml_find(rule->then.node, "without-officer")
                                             : NULL;
    if (rule->then.action == VT_ACTION_DEFER && rule->afterwards != VT_ACTION_HOLD &&
        without != NULL)
        vt_yaml_mistake(p->yaml, without,
                        "without-officer belongs to the action hold, also after a defer");
}

static void parse_rule(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    *rule = (struct vt_rule){.node = node,
                             .mode = VT_MODE_ENFORCE,
                             .then.without_officer = VT_ACTION_HOLD,
                             .afterwards = VT_ACTION_TAG,
                             .until_utc_secs = VT_TIME_NONE,
                             .observe_until_utc_secs = VT_TIME_NONE};
    if (!vt_yaml_is_mapping(p->yaml, node, "a rule"))
        return;
    vt_yaml_check_keys(p->yaml, node, vt_rule_keys, vt_rule_keys_count);
    for (size_t i = 0; i < ELEMENTS(rule_keys); i++) {
        const struct vt_yaml_node *value = vt_yaml_find(node, rule_keys[i].key);
        if (value != NULL)
            rule_keys[i].parse(p, value, rule);
        else if (rule_keys[i].is_required)
            vt_yaml_mistake(p->yaml, node, "the rule has no \"%s\"", rule_keys[i].key);
    }
    check_rule_keys(p, node, rule);
}

static enum vt_code parse_rules(struct parser *p, const struct vt_yaml_node *node,
                                struct vt_err *err)
{
    if (node->kind != VT_YAML_SEQUENCE) {
        vt_yaml_mistake(p->yaml, node, "rules is a list: each begins with \"- name: …\"");
        return VT_OK;
    }
    if (node->count > MAX_RULES) {
        vt_yaml_mistake(p->yaml, node, "%zu rules, at most %d are allowed", node->count, MAX_RULES);
        return VT_OK;
    }
    struct vt_rule *rules = vt_arena_alloc(p->policy->arena, node->count * sizeof(*rules));
    if (rules == NULL || vt_set_init(&p->names, p->policy->arena, node->count) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the policy");
    p->policy->rules = rules;
    for (size_t i = 0; i < node->count; i++) {
        parse_rule(p, node->entries[i].value, &rules[i]);
        if (!rules[i].looks_around && p->policy->first_looking == i)
            p->policy->first_looking++;
        p->policy->rules_count++;
    }
    return VT_OK;
}

/* ---- the file ---- */

static void parse_officer(struct parser *p, const struct vt_yaml_node *node)
{
    static const char *const keys[] = {"name", "mailbox"};
    if (!vt_yaml_is_mapping(p->yaml, node, "officer"))
        return;
    vt_yaml_check_keys(p->yaml, node, keys, ELEMENTS(keys));
    const struct vt_yaml_node *name = vt_yaml_find(node, "name");
    const struct vt_yaml_node *mailbox = vt_yaml_find(node, "mailbox");
    if (name == NULL || mailbox == NULL)
        vt_yaml_mistake(p->yaml, node, "an officer has a name and a mailbox");
    if (name != NULL)
        vt_yaml_text(p->yaml, name, &p->policy->officer_name);
    if (mailbox == NULL || !vt_yaml_text(p->yaml, mailbox, &p->policy->officer_mailbox))
        return;
    const char *at = strrchr(mailbox->text, '@');
    if (at == NULL || at == mailbox->text || !vt_check_domain(at + 1))
        vt_yaml_mistake(p->yaml, mailbox,
                        "the mailbox is an address such as "
                        "vanthu@soxd.ninhbinh.gov.vn");
}

/* The table of agencies is read from the bundle; its mistakes are its own. */
static enum vt_code parse_agencies(struct parser *p, const struct vt_yaml_node *node,
                                   struct vt_err *err)
{
    const char *text = NULL;
    if (node == NULL || !vt_yaml_text(p->yaml, node, &text))
        return VT_OK;
    const struct vt_bundle_file *file = vt_bundle_file(p->yaml, p->bundle, node, text);
    if (file == NULL)
        return VT_OK;
    enum vt_code code =
        vt_site_parse(file->bytes, file->path, &p->policy->site, p->yaml->mistakes, err);
    return code == VT_E_CONFIG ? VT_OK : code;
}

static void parse_official_only(struct parser *p, const struct vt_yaml_node *node)
{
    if (node != NULL)
        vt_yaml_time(p->yaml, node, &p->policy->official_only_since_utc_secs);
}

const char *const vt_policy_keys[] = {"officer", "agencies", "official-only-since", "lists",
                                      "rules"};
const size_t vt_policy_keys_count = ELEMENTS(vt_policy_keys);

static enum vt_code parse_file(struct parser *p, const struct vt_yaml_node *root,
                               struct vt_err *err)
{
    static const struct vt_yaml_node begin = {.line = 1, .column = 1};
    if (root == NULL) {
        if (p->yaml->mistakes->errors_count == 0)
            vt_yaml_mistake(p->yaml, &begin, "the file is empty: a policy has \"rules:\"");
        return VT_OK;
    }
    if (!vt_yaml_is_mapping(p->yaml, root, "a policy"))
        return VT_OK;
    vt_yaml_check_keys(p->yaml, root, vt_policy_keys, vt_policy_keys_count);
    const struct vt_yaml_node *officer = vt_yaml_find(root, "officer");
    const struct vt_yaml_node *lists = vt_yaml_find(root, "lists");
    const struct vt_yaml_node *rules = vt_yaml_find(root, "rules");
    if (officer != NULL)
        parse_officer(p, officer);
    /* Wherever they stand: rules refer to them. */
    parse_official_only(p, vt_yaml_find(root, "official-only-since"));
    enum vt_code code = parse_agencies(p, vt_yaml_find(root, "agencies"), err);
    if (code == VT_OK && lists != NULL)
        code = vt_lists_parse(&p->reading, p->bundle, lists, err);
    if (rules == NULL)
        vt_yaml_mistake(p->yaml, root, "a policy has \"rules:\"");
    return rules == NULL || code != VT_OK ? code : parse_rules(p, rules, err);
}

/* The files the policy names, as they were read. */
static uint64_t digest_files(uint64_t hash, const struct vt_bundle *bundle)
{
    for (size_t i = 0; i < bundle->files_count; i++) {
        const struct vt_bundle_file *file = &bundle->files[i];
        hash = vt_hash_bytes(hash, vt_bytes_of(file->name, strlen(file->name) + 1));
        hash = vt_hash_bytes(hash, file->bytes);
    }
    return hash;
}

static enum vt_code read_policy(struct parser *p, struct vt_err *err)
{
    struct vt_yaml *yaml = p->yaml;
    struct vt_yaml_node *root = NULL;
    enum vt_code code = vt_yaml_parse(yaml, p->bundle->policy, &root, err);
    if (code == VT_OK)
        code = parse_file(p, root, err);
    if (code != VT_OK)
        return code;
    vt_policy_check(yaml, p->policy);
    if (vt_index_make(p->policy) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the policy");
    vt_mistakes_sort(yaml->mistakes);
    uint64_t hash = digest_files(vt_hash_node(VT_HASH_EMPTY, root), p->bundle);
    (void)snprintf(p->policy->version, sizeof(p->policy->version), "%08x", (unsigned)(hash >> 32));
    if (yaml->mistakes->errors_count > 0)
        return vt_err_set(err, VT_E_CONFIG, "%s has %zu mistake%s", yaml->file,
                          yaml->mistakes->errors_count,
                          yaml->mistakes->errors_count == 1 ? "" : "s");
    return VT_OK;
}

/* arena: becomes the policy's, or is freed. */
static enum vt_code parse_in(struct vt_arena *arena, const struct vt_bundle *bundle,
                             const char *name, struct vt_policy **out, struct vt_mistakes *mistakes,
                             struct vt_err *err)
{
    struct vt_policy *policy = vt_arena_alloc(arena, sizeof(*policy));
    struct vt_yaml yaml = {arena, vt_arena_str(arena, name), mistakes};
    struct parser p = {
        .yaml = &yaml, .policy = policy, .bundle = bundle, .reading = {&yaml, policy}};
    enum vt_code code = VT_E_NOMEM;
    if (policy != NULL && yaml.file != NULL) {
        policy->arena = arena;
        policy->official_only_since_utc_secs = VT_TIME_NONE;
        code = read_policy(&p, err);
    }
    if (code != VT_OK) {
        if (policy != NULL)
            vt_site_free(policy->site);
        vt_arena_free(arena);
        return code;
    }
    *out = policy;
    return VT_OK;
}

enum vt_code vt_policy_parse(struct vt_bytes text, const char *name, struct vt_policy **out,
                             struct vt_mistakes *mistakes, struct vt_err *err)
{
    const struct vt_bundle bundle = {.policy = text};
    struct vt_arena *arena = vt_arena_new(VT_MAX_POLICY_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the policy");
    return parse_in(arena, &bundle, name, out, mistakes, err);
}

enum vt_code vt_policy_parse_bundle(struct vt_bytes packed, const char *name,
                                    struct vt_policy **out, struct vt_mistakes *mistakes,
                                    struct vt_err *err)
{
    struct vt_bundle bundle;
    struct vt_arena *arena = vt_arena_new(VT_MAX_POLICY_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the policy");
    enum vt_code code = vt_bundle_open(arena, packed, &bundle, err);
    if (code != VT_OK) {
        vt_arena_free(arena);
        return code;
    }
    return parse_in(arena, &bundle, name, out, mistakes, err);
}

enum vt_code vt_policy_load(const char *file, struct vt_policy **out, struct vt_mistakes *mistakes,
                            struct vt_err *err)
{
    struct vt_buf packed;
    vt_buf_init(&packed, VT_MAX_BUNDLE_BYTES);
    enum vt_code code = vt_policy_bundle(file, &packed, err);
    if (code == VT_OK)
        code = vt_policy_parse_bundle(vt_buf_bytes(&packed), file, out, mistakes, err);
    vt_buf_clear(&packed);
    return code;
}

void vt_policy_free(struct vt_policy *policy)
{
    if (policy == NULL)
        return;
    vt_site_free(policy->site);
    vt_arena_free(policy->arena);
}

const char *vt_policy_officer(const struct vt_policy *policy)
{
    return policy->officer_mailbox;
}

const struct vt_site *vt_policy_site(const struct vt_policy *policy)
{
    return policy->site;
}

const char *vt_policy_version(const struct vt_policy *policy)
{
    return policy->version;
}
