/* SPDX-License-Identifier: Apache-2.0
 * What a reload changes: the policy in meaning, settings by what is written. */
#include <string.h>

#include "base/yaml.h"
#include "command/reload.h"

#define MAX_SHOWN_BYTES 200
#define MAX_DEPTH 8

struct setting {
    const char *key, *value;
    unsigned line;
};

struct settings {
    struct setting *items;
    size_t count;
};

struct comparison {
    struct vt_arena *arena;
    struct vt_reload_diff *out;
};

static enum vt_code add(struct comparison *c, const struct vt_reload_setting *setting)
{
    struct vt_reload_setting *grown =
        vt_arena_grow(c->arena, c->out->settings, c->out->settings_count, sizeof(*grown));
    if (grown == NULL)
        return VT_E_NOMEM;
    c->out->settings = grown;
    c->out->settings[c->out->settings_count++] = *setting;
    return VT_OK;
}

/* ---- the settings ---- */

static enum vt_code flatten(struct vt_arena *arena, const struct vt_yaml_node *node,
                            const char *key, unsigned depth, struct settings *out);

/* "[a, b]", as long as it may be shown. */
static const char *value_of(struct vt_arena *arena, const struct vt_yaml_node *node)
{
    struct vt_buf text;
    char shown[MAX_SHOWN_BYTES];
    if (node->kind == VT_YAML_SCALAR)
        return node->text;
    vt_buf_init(&text, 64 * 1024);
    enum vt_code code = vt_buf_add(&text, "[", 1);
    for (size_t i = 0; code == VT_OK && i < node->count; i++) {
        const struct vt_yaml_node *value = node->entries[i].value;
        code = vt_buf_addf(&text, "%s%s", i > 0 ? ", " : "",
                           value->kind == VT_YAML_SCALAR ? value->text : "…");
    }
    if (code == VT_OK)
        code = vt_buf_add(&text, "]", 1);
    const char *kept =
        code == VT_OK
            ? vt_arena_dup(arena, text.ptr, text.len)
            : vt_arena_str(arena, vt_text_clean(shown, sizeof(shown), vt_buf_bytes(&text)));
    vt_buf_clear(&text);
    return kept;
}

static enum vt_code flatten_entry(struct vt_arena *arena, const struct vt_yaml_entry *entry,
                                  const char *above, unsigned depth, struct settings *out)
{
    const char *key = above[0] == '\0'
                          ? entry->key->text
                          : vt_arena_printf(arena, "%.100s.%.99s", above, entry->key->text);
    if (key == NULL)
        return VT_E_NOMEM;
    if (entry->value->kind == VT_YAML_MAPPING && entry->value->count > 0 && depth < MAX_DEPTH)
        return flatten(arena, entry->value, key, depth + 1, out);
    struct setting *grown = vt_arena_grow(arena, out->items, out->count, sizeof(*grown));
    const char *value = value_of(arena, entry->value);
    if (grown == NULL || value == NULL)
        return VT_E_NOMEM;
    out->items = grown;
    out->items[out->count++] = (struct setting){key, value, entry->key->line};
    return VT_OK;
}

static enum vt_code flatten(struct vt_arena *arena, const struct vt_yaml_node *node,
                            const char *key, unsigned depth, struct settings *out)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0;
         node != NULL && node->kind == VT_YAML_MAPPING && i < node->count && code == VT_OK; i++)
        code = flatten_entry(arena, &node->entries[i], key, depth, out);
    return code;
}

/* Mistakes were told before. */
static enum vt_code read_settings(struct vt_arena *arena, struct vt_bytes text,
                                  struct settings *out, struct vt_err *err)
{
    struct vt_mistakes ignored;
    struct vt_yaml_node *root = NULL;
    vt_mistakes_init(&ignored);
    struct vt_yaml yaml = {arena, "vanthu.yaml", &ignored};
    *out = (struct settings){0};
    enum vt_code code = vt_yaml_parse(&yaml, text, &root, err);
    vt_mistakes_clear(&ignored);
    return code == VT_OK ? flatten(arena, root, "", 0, out) : code;
}

static const struct setting *find_setting(const struct settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].key, key) == 0)
            return &settings->items[i];
    return NULL;
}

static enum vt_code compare_settings(struct comparison *c, const struct settings *then,
                                     const struct settings *now)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < now->count; i++) {
        const struct setting *item = &now->items[i], *before = find_setting(then, item->key);
        if (before != NULL && strcmp(before->value, item->value) == 0)
            continue;
        const struct vt_reload_setting change = {.kind = before == NULL ? VT_DIFFERENCE_ADDED
                                                                        : VT_DIFFERENCE_CHANGED,
                                                 .key = item->key,
                                                 .before = before == NULL ? NULL : before->value,
                                                 .after = item->value,
                                                 .line = item->line};
        code = add(c, &change);
    }
    for (size_t i = 0; code == VT_OK && i < then->count; i++) {
        const struct setting *item = &then->items[i];
        const struct vt_reload_setting change = {.kind = VT_DIFFERENCE_REMOVED,
                                                 .key = item->key,
                                                 .before = item->value,
                                                 .line = item->line};
        if (find_setting(now, item->key) == NULL)
            code = add(c, &change);
    }
    return code;
}

/* ---- all of it ---- */

static const char *version_of(const struct vt_policy *policy)
{
    return policy == NULL ? "-" : vt_policy_version(policy);
}

enum vt_code vt_reload_compare(struct vt_arena *arena, const struct vt_reload_side *then,
                               const struct vt_reload_side *now, struct vt_reload_diff *out,
                               struct vt_err *err)
{
    struct settings before, after;
    struct comparison c = {arena, out};
    *out = (struct vt_reload_diff){.settings = NULL};
    enum vt_code code = VT_OK;
    if (then->policy != NULL && now->policy != NULL)
        code = vt_policy_diff(arena, then->policy, now->policy, &out->policy, err);
    out->may_be_severer = out->policy.may_be_severer || now->config->mode > then->config->mode ||
                          (then->policy == NULL && now->policy != NULL);
    if (code == VT_OK)
        code = read_settings(arena, then->config_text, &before, err);
    if (code == VT_OK)
        code = read_settings(arena, now->config_text, &after, err);
    if (code == VT_OK)
        code = compare_settings(&c, &before, &after);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "no memory to compare two policies");
}

static void print_value(FILE *out, const char *label, const char *value)
{
    char shown[MAX_SHOWN_BYTES];
    if (value != NULL)
        fprintf(out, "         %s %s\n", label,
                vt_text_clean(shown, sizeof(shown), vt_bytes_str(value)));
}

static void print_setting(FILE *out, enum vt_language language,
                          const struct vt_reload_setting *setting)
{
    static const char signs[] = {[VT_DIFFERENCE_ADDED] = '+',
                                 [VT_DIFFERENCE_REMOVED] = '-',
                                 [VT_DIFFERENCE_CHANGED] = '~',
                                 [VT_DIFFERENCE_MOVED] = '>'};
    fprintf(out, "  %c  %s %s\n", signs[setting->kind],
            language == VT_LANGUAGE_VIETNAMESE ? "cấu hình" : "setting", setting->key);
    print_value(out, "-", setting->before);
    print_value(out, "+", setting->after);
}

void vt_reload_print_diff(FILE *out, enum vt_language language, const struct vt_reload_side *then,
                          const struct vt_reload_side *now, const struct vt_reload_diff *diff)
{
    bool is_vietnamese = language == VT_LANGUAGE_VIETNAMESE;
    const char *old = version_of(then->policy), *new = version_of(now->policy);
    const struct vt_diff_shown shown = {.language = language,
                                        .before_file = then->config->policy_file,
                                        .after_file = now->config->policy_file,
                                        .diff = &diff->policy};
    if (strcmp(old, new) == 0)
        fprintf(out,
                is_vietnamese ? "Chính sách: bản %s, như cũ\n" : "Policy: version %s, as it was\n",
                new);
    else
        fprintf(out, is_vietnamese ? "Chính sách: bản %s → bản %s\n" : "Policy: version %s → %s\n",
                old, new);
    vt_diff_print_differences(&shown, out);
    for (size_t i = 0; i < diff->settings_count; i++)
        print_setting(out, language, &diff->settings[i]);
    if (diff->policy.count == 0 && diff->settings_count == 0)
        fputs(is_vietnamese ? "  không có gì thay đổi\n" : "  nothing has changed\n", out);
}

json_t *vt_reload_diff_to_json(const struct vt_reload_diff *diff)
{
    json_t *list = vt_diff_list_json(&diff->policy);
    for (size_t i = 0; i < diff->settings_count; i++) {
        const struct vt_reload_setting *setting = &diff->settings[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:i}", "of", "setting", "kind",
                            vt_difference_kind_name(setting->kind), "name", setting->key, "before",
                            setting->before, "after", setting->after, "line", (int)setting->line));
    }
    return list;
}
