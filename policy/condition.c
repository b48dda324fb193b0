/* SPDX-License-Identifier: Apache-2.0
 * Sets of tests: reading them, and whether they hold. What is not known never matches, and neither
 * does its "not". */
#include <stdio.h>
#include <string.h>

#include "rule.h"

#define MAX_TESTS 100

bool vt_no_memory(struct vt_reading *reading, const struct vt_yaml_node *node)
{
    return vt_yaml_mistake(reading->yaml, node, "out of memory");
}

bool vt_wrong_value(struct vt_reading *reading, const struct vt_yaml_node *node, const char *what)
{
    char shown[64];
    if (node->kind != VT_YAML_SCALAR)
        return vt_yaml_mistake(reading->yaml, node, "one value is expected here: %s", what);
    return vt_yaml_mistake(reading->yaml, node, "\"%s\" is not %s",
                           vt_text_clean(shown, sizeof(shown), vt_bytes_str(node->text)), what);
}

static const char *shown_value(const struct vt_yaml_node *value)
{
    const struct vt_yaml_node *list = vt_yaml_find(value, "list");
    if (list != NULL)
        value = list;
    return value->text == NULL ? "" : value->text[0] == '\0' ? "\"\"" : value->text;
}

const char *vt_needs_of(struct vt_arena *arena, const struct vt_yaml_node *node)
{
    struct vt_buf buf;
    vt_buf_init(&buf, 400);
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        bool is_list = value->kind == VT_YAML_MAPPING;
        if (vt_buf_addf(&buf, "%s%s%s", i > 0 ? " | " : "", is_list ? "list " : "",
                        shown_value(value)) != VT_OK)
            break;
    }
    const char *out = vt_arena_dup(arena, buf.ptr, buf.len);
    vt_buf_clear(&buf);
    return out;
}

/* ---- reading ---- */

static const struct vt_test *find_test(const char *key, enum vt_place place)
{
    for (size_t i = 0; i < vt_tests_count; i++) {
        if ((vt_tests[i].places & place) != 0 && strcmp(vt_tests[i].key, key) == 0)
            return &vt_tests[i];
    }
    return NULL;
}

/* A key that stands elsewhere is told where; others get the nearest word. */
static bool check_test_keys(struct vt_reading *reading, const struct vt_yaml_node *node,
                            enum vt_place place)
{
    const char *names[MAX_TESTS];
    struct vt_yaml_node unknown = *node;
    size_t count = 0, before = reading->yaml->mistakes->errors_count;
    for (size_t i = 0; i < vt_tests_count && count < MAX_TESTS; i++) {
        if ((vt_tests[i].places & place) != 0)
            names[count++] = vt_tests[i].key;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct vt_yaml_node *key = node->entries[i].key;
        bool is_known = key->kind == VT_YAML_SCALAR && find_test(key->text, place) != NULL;
        bool is_of_document = !is_known && key->kind == VT_YAML_SCALAR && place == VT_IN_WHEN &&
                              find_test(key->text, VT_IN_DOCUMENT) != NULL;
        bool is_of_when = !is_known && key->kind == VT_YAML_SCALAR && place != VT_IN_WHEN &&
                          find_test(key->text, VT_IN_WHEN) != NULL;
        if (is_of_document)
            vt_yaml_mistake(reading->yaml, key, "\"%s\" belongs into \"document: {%s: …}\"",
                            key->text, key->text);
        else if (is_of_when)
            vt_yaml_mistake(reading->yaml, key, "\"%s\" belongs directly into \"when\"", key->text);
        if (is_known || is_of_document || is_of_when)
            continue;
        unknown.entries = &node->entries[i];
        unknown.count = 1;
        vt_yaml_check_keys(reading->yaml, &unknown, names, count);
    }
    return reading->yaml->mistakes->errors_count == before;
}

bool vt_conditions_parse(struct vt_reading *reading, const struct vt_yaml_node *node,
                         enum vt_place place, struct vt_conditions *out)
{
    struct vt_yaml *yaml = reading->yaml;
    if (!vt_yaml_is_mapping(yaml, node, "a set of tests"))
        return false;
    bool is_good = check_test_keys(reading, node, place);
    out->items = vt_arena_alloc(yaml->arena, node->count * sizeof(*out->items));
    if (out->items == NULL)
        return vt_no_memory(reading, node);
    for (size_t i = 0; i < node->count; i++) {
        const struct vt_test *test = find_test(node->entries[i].key->text, place);
        if (test == NULL)
            continue;
        struct vt_condition *condition = &out->items[out->count];
        *condition = (struct vt_condition){
            .test = test, .node = node->entries[i].value, .place = place, .needs = ""};
        if (test->form->parse(reading, condition->node, condition))
            out->count++;
        else
            is_good = false;
    }
    return is_good;
}

/* ---- matching ---- */

enum vt_truth vt_conditions_match(const struct vt_conditions *conditions,
                                  const struct vt_scope *scope, vt_reasons *matched)
{
    enum vt_truth worst = VT_YES;
    for (size_t i = 0; i < conditions->count && worst != VT_NO; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        enum vt_truth truth = condition->test->form->match(condition, scope, matched);
        worst = truth < worst ? truth : worst;
    }
    return worst;
}

size_t vt_conditions_held(const struct vt_conditions *conditions, const struct vt_scope *scope)
{
    size_t held = 0;
    vt_reasons ignored = 0;
    for (size_t i = 0; i < conditions->count; i++)
        held += conditions->items[i].test->form->match(&conditions->items[i], scope, &ignored) ==
                VT_YES;
    return held;
}

bool vt_condition_is_negation(const struct vt_condition *condition)
{
    return condition->test->form == &vt_form_not || condition->test->form == &vt_form_none;
}

vt_reasons vt_conditions_reasons(const struct vt_conditions *conditions)
{
    vt_reasons all = 0;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct vt_condition *condition = &conditions->items[i];
        if (condition->test->form == &vt_form_reasons)
            all |= condition->set;
        for (size_t g = 0; g < condition->groups_count && !vt_condition_is_negation(condition); g++)
            all |= vt_conditions_reasons(&condition->groups[g]);
    }
    return all;
}
