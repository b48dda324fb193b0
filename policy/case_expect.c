/* SPDX-License-Identifier: Apache-2.0
 * What a case expects. Values are kept as the texts that they are written as, so that what came can
 * be written into the file as it is shown. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "case.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NONE VT_CASE_NONE
#define MAX_KEYS 40

/* ---- reading ---- */

static bool check_reason(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                         const char *text)
{
    enum vt_reason reason = VT_REASON_COUNT;
    if (strcmp(text, NONE) == 0 || vt_reason_by_code(text, &reason) == VT_OK)
        return true;
    const char *nearest = vt_reason_suggest(text);
    return vt_yaml_mistake(&reader->yaml, node, "\"%.40s\" is not a reason code%s%s%s", text,
                           nearest != NULL ? ": did you mean \"" : "",
                           nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

/* Reasons and who is told have an order of their own: that of the language. */
static int order_of(const char *key, const char *text)
{
    enum vt_reason reason = VT_REASON_COUNT;
    if (strcmp(key, "reasons") == 0)
        return vt_reason_by_code(text, &reason) == VT_OK ? (int)reason : INT_MAX;
    for (int i = 0; strcmp(key, "notify") == 0 && i < VT_NOTIFY_COUNT; i++) {
        if (strcmp(vt_notify_name((enum vt_notify)i), text) == 0)
            return i;
    }
    return INT_MAX;
}

static void sort(const char *key, const char **texts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *moved = texts[i];
        size_t place = i;
        for (; place > 0 && order_of(key, texts[place - 1]) > order_of(key, moved); place--)
            texts[place] = texts[place - 1];
        texts[place] = moved;
    }
}

/* "a, b" of one value or a list of them; an empty list is none. */
static const char *read_list(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                             const char *key)
{
    size_t count = node->kind == VT_YAML_SEQUENCE ? node->count : 1;
    const char **texts = vt_arena_alloc(reader->yaml.arena, (count + 1) * sizeof(*texts));
    const char *all = count == 0 ? NONE : "";
    for (size_t i = 0; texts != NULL && i < count; i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        if (!vt_yaml_text(&reader->yaml, value, &texts[i]))
            return NULL;
        if (strcmp(key, "reasons") == 0 && !check_reason(reader, value, texts[i]))
            return NULL;
    }
    if (texts == NULL)
        return NULL;
    sort(key, texts, count);
    for (size_t i = 0; i < count && all != NULL; i++)
        all = vt_arena_printf(reader->yaml.arena, "%s%s%s", all, i > 0 ? ", " : "", texts[i]);
    return all;
}

static bool read_wanted(struct vt_case_reader *reader, size_t k, const struct vt_yaml_node *node,
                        struct vt_case_expected *out)
{
    const char *text = NULL;
    char what[64];
    unsigned word = 0;
    (void)snprintf(what, sizeof(what), "a value of \"%s\"", vt_case_keys[k].key);
    if (vt_case_keys[k].is_list)
        text = read_list(reader, node, vt_case_keys[k].key);
    else if (!vt_yaml_text(&reader->yaml, node, &text))
        return false;
    if (text == NULL)
        return false;
    if (vt_case_keys[k].words != NULL &&
        !vt_yaml_word(&reader->yaml, node, what, vt_case_keys[k].words->words,
                      vt_case_keys[k].words->count, &word))
        return false;
    if (strcmp(vt_case_keys[k].key, "reason") == 0 && !check_reason(reader, node, text))
        return false;
    out->wanted[out->wanted_count++] = (struct vt_case_wanted){node, vt_case_keys[k].key, text};
    return true;
}

static bool read_flag(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                      const char *key, int *out)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, key);
    bool flag = false;
    *out = -1;
    if (value == NULL)
        return true;
    if (!vt_yaml_bool(&reader->yaml, value, &flag))
        return false;
    *out = flag ? 1 : 0;
    return true;
}

static bool read_optional(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                          const char *key, const char **out)
{
    const struct vt_yaml_node *value = vt_yaml_find(node, key);
    return value == NULL || vt_yaml_text(&reader->yaml, value, out);
}

static bool read_line(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                      struct vt_case_line *out)
{
    static const char *const names[] = {"rule", "document", "matched", "tried", "action", "why"};
    *out = (struct vt_case_line){.node = node, .action = UINT_MAX};
    if (!vt_yaml_is_mapping(&reader->yaml, node, "a line of the trace"))
        return false;
    vt_yaml_check_keys(&reader->yaml, node, names, ELEMENTS(names));
    if (vt_yaml_find(node, "rule") == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "a line of the trace has a \"rule\"");
    const struct vt_yaml_node *action = vt_yaml_find(node, "action");
    return read_optional(reader, node, "rule", &out->rule) &&
           read_optional(reader, node, "document", &out->document) &&
           read_optional(reader, node, "why", &out->why) &&
           read_flag(reader, node, "matched", &out->matched) &&
           read_flag(reader, node, "tried", &out->tried) &&
           (action == NULL ||
            vt_yaml_word(&reader->yaml, action, "an action", vt_words_action.words,
                         vt_words_action.count, &out->action));
}

static bool read_lines(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                       struct vt_case_expected *out)
{
    if (node->kind != VT_YAML_SEQUENCE)
        return vt_yaml_mistake(&reader->yaml, node,
                               "trace is a list: \"- {rule: NAME, matched: true}\"");
    out->lines = vt_arena_alloc(reader->yaml.arena, (node->count + 1) * sizeof(*out->lines));
    if (out->lines == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
    for (size_t i = 0; i < node->count; i++) {
        if (read_line(reader, node->entries[i].value, &out->lines[out->lines_count]))
            out->lines_count++;
    }
    return true;
}

struct vt_case_expected *vt_case_expected_read(struct vt_case_reader *reader,
                                               const struct vt_yaml_node *node)
{
    const char *names[MAX_KEYS + 1];
    struct vt_case_expected *out = vt_arena_alloc(reader->yaml.arena, sizeof(*out));
    if (!vt_yaml_is_mapping(&reader->yaml, node, "what is expected"))
        return NULL;
    assert(vt_case_keys_count <= MAX_KEYS);
    for (size_t i = 0; i < vt_case_keys_count; i++)
        names[i] = vt_case_keys[i].key;
    names[vt_case_keys_count] = "trace";
    vt_yaml_check_keys(&reader->yaml, node, names, vt_case_keys_count + 1);
    if (node->count == 0)
        (void)vt_yaml_mistake(&reader->yaml, node, "nothing is expected: write \"action: …\"");
    if (out != NULL)
        out->wanted = vt_arena_alloc(reader->yaml.arena, vt_case_keys_count * sizeof(*out->wanted));
    if (out == NULL || out->wanted == NULL) {
        (void)vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
        return NULL;
    }
    for (size_t i = 0; i < vt_case_keys_count; i++) {
        const struct vt_yaml_node *value = vt_yaml_find(node, vt_case_keys[i].key);
        if (value != NULL)
            (void)read_wanted(reader, i, value, out);
    }
    const struct vt_yaml_node *trace = vt_yaml_find(node, "trace");
    if (trace != NULL)
        (void)read_lines(reader, trace, out);
    return out;
}
