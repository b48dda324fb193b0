/* SPDX-License-Identifier: Apache-2.0
 * From the text of a policy file to rules (vanthu-policy(5)). One small function per key; every
 * mistake of the file is reported in one run. */
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "bundle.h"
#include "rule.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_RULES 1000
#define MAX_TEXT_BYTES 200
#define SECS 1000
#define DAYS INT64_C(86400000)

struct parser {
    struct vt_yaml *yaml;
    struct vt_policy *policy;
    const struct vt_bundle *bundle;
};

/* ---- then ---- */

static bool parse_action(struct vt_yaml *yaml, const struct vt_yaml_node *node, enum vt_action *out)
{
    unsigned value = 0;
    if (!vt_yaml_word(yaml, node, "an action", vt_words_action.words, vt_words_action.count,
                      &value))
        return false;
    *out = (enum vt_action)value;
    return true;
}

/* RFC 5321 4.2: 5yz for a refusal, 4yz for a defer. Postfix takes 421 as an order to hang up. */
static bool parse_code(struct vt_yaml *yaml, const struct vt_yaml_node *node, enum vt_action action,
                       const char **out)
{
    const char *text = NULL;
    char first = action == VT_ACTION_DEFER ? '4' : '5';
    if (!vt_yaml_text(yaml, node, &text))
        return false;
    if (strlen(text) != 3 || text[0] != first || strspn(text + 1, "0123456789") != 2 ||
        text[1] > '5' || strcmp(text, "421") == 0)
        return vt_yaml_mistake(yaml, node,
                               first == '4' ? "the code of a defer is one of 400 to 459 such as "
                                              "451, but not 421"
                                            : "the code of a reject is one of 500 to 559 such as "
                                              "550 or 554");
    *out = text;
    return true;
}

static bool parse_answer_text(struct vt_yaml *yaml, const struct vt_yaml_node *node,
                              const char **out)
{
    if (!vt_yaml_text(yaml, node, out))
        return false;
    if (strlen(*out) > MAX_TEXT_BYTES || strchr(*out, '%') != NULL)
        return vt_yaml_mistake(yaml, node, "the text of an answer has at most %d bytes and no %%",
                               MAX_TEXT_BYTES);
    return true;
}

static void parse_then_keys(struct vt_yaml *yaml, const struct vt_yaml_node *node,
                            struct vt_rule *rule)
{
    const struct vt_yaml_node *code = vt_yaml_find(node, "code");
    const struct vt_yaml_node *text = vt_yaml_find(node, "text");
    const struct vt_yaml_node *instead = vt_yaml_find(node, "without-officer");
    bool is_answered = rule->action == VT_ACTION_REJECT || rule->action == VT_ACTION_DEFER;
    bool may_answer = is_answered || (rule->action == VT_ACTION_HOLD && instead != NULL);
    if (instead != NULL && rule->action != VT_ACTION_HOLD)
        vt_yaml_mistake(yaml, instead, "without-officer belongs to the action hold");
    else if (instead != NULL && parse_action(yaml, instead, &rule->without_officer) &&
             (rule->without_officer == VT_ACTION_HOLD || rule->without_officer == VT_ACTION_DEFER))
        vt_yaml_mistake(yaml, instead, "without-officer is reject, tag, note or accept");
    if ((code != NULL || text != NULL) && !may_answer)
        vt_yaml_mistake(yaml, code != NULL ? code : text,
                        "code and text belong to the actions reject and defer");
    else if (code != NULL)
        parse_code(yaml, code, rule->action, &rule->code);
    if (text != NULL && may_answer)
        parse_answer_text(yaml, text, &rule->text);
}

static void parse_then(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    static const char *const keys[] = {"action", "code", "text", "without-officer"};
    rule->then_node = node;
    if (node->kind != VT_YAML_MAPPING) {
        parse_action(p->yaml, node, &rule->action);
        return;
    }
    vt_yaml_check_keys(p->yaml, node, keys, ELEMENTS(keys));
    const struct vt_yaml_node *action = vt_yaml_find(node, "action");
    if (action == NULL)
        vt_yaml_mistake(p->yaml, node, "\"then\" needs an action: {action: reject, …}");
    if (action != NULL && parse_action(p->yaml, action, &rule->action))
        parse_then_keys(p->yaml, node, rule);
}

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
    for (size_t i = 0; i < p->policy->rules_count; i++) {
        const struct vt_rule *other = &p->policy->rules[i];
        if (other->name != NULL && strcmp(other->name, text) == 0)
            vt_yaml_mistake(p->yaml, node, "a rule named \"%s\" stands in line %u already", text,
                            other->node->line);
    }
    rule->name = text;
}

static void parse_when(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    vt_conditions_parse(p->yaml, node, VT_IN_WHEN, &rule->when);
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
    if (parse_action(p->yaml, node, &rule->afterwards) && rule->afterwards == VT_ACTION_DEFER)
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

static const struct {
    const char *key;
    void (*parse)(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule);
    bool is_required;
} rule_keys[] = {
    {"name", parse_name, true},    {"when", parse_when, true},
    {"then", parse_then, true},    {"at-most", parse_at_most, false},
    {"mode", parse_mode, false},   {"afterwards", parse_afterwards, false},
    {"until", parse_until, false},
};

/* What must hold between the keys of one rule. */
static void check_rule_keys(struct parser *p, const struct vt_yaml_node *node,
                            const struct vt_rule *rule)
{
    const struct vt_yaml_node *at_most = vt_yaml_find(node, "at-most");
    const struct vt_yaml_node *afterwards = vt_yaml_find(node, "afterwards");
    if (rule->then_node == NULL || node->cut)
        return;
    if (rule->action == VT_ACTION_DEFER && at_most == NULL)
        vt_yaml_mistake(p->yaml, rule->then_node,
                        "a defer ends: add \"at-most: 15m\" and \"afterwards: tag\"");
    if (rule->action != VT_ACTION_DEFER && (at_most != NULL || afterwards != NULL))
        vt_yaml_mistake(p->yaml, at_most != NULL ? at_most : afterwards,
                        "at-most and afterwards belong to the action defer");
}

static void parse_rule(struct parser *p, const struct vt_yaml_node *node, struct vt_rule *rule)
{
    const char *names[ELEMENTS(rule_keys)];
    *rule = (struct vt_rule){.node = node,
                             .mode = VT_MODE_ENFORCE,
                             .without_officer = VT_ACTION_HOLD,
                             .afterwards = VT_ACTION_TAG,
                             .until_utc_secs = VT_TIME_NONE};
    if (!vt_yaml_is_mapping(p->yaml, node, "a rule"))
        return;
    for (size_t i = 0; i < ELEMENTS(rule_keys); i++)
        names[i] = rule_keys[i].key;
    vt_yaml_check_keys(p->yaml, node, names, ELEMENTS(names));
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
    if (rules == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the policy");
    p->policy->rules = rules;
    for (size_t i = 0; i < node->count; i++) {
        parse_rule(p, node->entries[i].value, &rules[i]);
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
    const struct vt_bundle_file *file = vt_bundle_file(p->yaml, p->bundle, node);
    if (file == NULL)
        return VT_OK;
    enum vt_code code =
        vt_site_parse(file->bytes, file->path, &p->policy->site, p->yaml->mistakes, err);
    return code == VT_E_CONFIG ? VT_OK : code;
}

/* A day begins at midnight in Vietnam. */
static void parse_official_only(struct parser *p, const struct vt_yaml_node *node)
{
    enum { VIETNAM_SECS = 7 * 3600 };
    int64_t since = VT_TIME_NONE;
    if (node == NULL || !vt_yaml_time(p->yaml, node, &since))
        return;
    bool is_day = strlen(node->text) == strlen("2025-12-31");
    p->policy->official_only_since_utc_secs = is_day ? since - VIETNAM_SECS : since;
}

static enum vt_code parse_file(struct parser *p, const struct vt_yaml_node *root,
                               struct vt_err *err)
{
    static const char *const keys[] = {"officer", "agencies", "official-only-since", "rules"};
    static const struct vt_yaml_node begin = {.line = 1, .column = 1};
    if (root == NULL) {
        if (p->yaml->mistakes->errors_count == 0)
            vt_yaml_mistake(p->yaml, &begin, "the file is empty: a policy has \"rules:\"");
        return VT_OK;
    }
    if (!vt_yaml_is_mapping(p->yaml, root, "a policy"))
        return VT_OK;
    vt_yaml_check_keys(p->yaml, root, keys, ELEMENTS(keys));
    const struct vt_yaml_node *officer = vt_yaml_find(root, "officer");
    if (officer != NULL)
        parse_officer(p, officer);
    parse_official_only(p, vt_yaml_find(root, "official-only-since"));
    enum vt_code code = parse_agencies(p, vt_yaml_find(root, "agencies"), err);
    if (code != VT_OK)
        return code;
    const struct vt_yaml_node *rules = vt_yaml_find(root, "rules");
    if (rules == NULL)
        vt_yaml_mistake(p->yaml, root, "a policy has \"rules:\"");
    return rules == NULL ? VT_OK : parse_rules(p, rules, err);
}

/* FNV-1a over what the file says, without comments, spacing and style: two versions are told
 * apart, nothing is secured. */
static uint64_t digest_bytes(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t digest_node(uint64_t hash, const struct vt_yaml_node *node)
{
    static const char *const begins[] = {"s", "[", "{"};
    if (node == NULL)
        return hash;
    hash = digest_bytes(hash, begins[node->kind], 1);
    hash = digest_bytes(hash, node->text, strlen(node->text) + 1);
    for (size_t i = 0; i < node->count; i++) {
        hash = digest_node(hash, node->entries[i].key);
        hash = digest_node(hash, node->entries[i].value);
    }
    return digest_bytes(hash, "]", 1);
}

/* The files the policy names, as they were read. */
static uint64_t digest_files(uint64_t hash, const struct vt_bundle *bundle)
{
    for (size_t i = 0; i < bundle->files_count; i++) {
        const struct vt_bundle_file *file = &bundle->files[i];
        hash = digest_bytes(hash, file->name, strlen(file->name) + 1);
        hash = digest_bytes(hash, (const char *)file->bytes.ptr, file->bytes.len);
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
    vt_mistakes_sort(yaml->mistakes);
    uint64_t hash = digest_files(digest_node(UINT64_C(14695981039346656037), root), p->bundle);
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
    struct parser p = {&yaml, policy, bundle};
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

const struct vt_site *vt_policy_site(const struct vt_policy *policy)
{
    return policy->site;
}

const char *vt_policy_version(const struct vt_policy *policy)
{
    return policy->version;
}
