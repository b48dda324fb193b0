/* SPDX-License-Identifier: Apache-2.0
 * Reading the tests of a rule: one function per kind of value. Every mistake names the place and
 * what would be right. */
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "rule.h"

#define MAX_TESTS 64

static bool no_memory(struct vt_yaml *yaml, const struct vt_yaml_node *node)
{
    return vt_yaml_mistake(yaml, node, "out of memory");
}

/* "a | b": the values as they stand in the file. */
static const char *needs_of(struct vt_arena *arena, const struct vt_yaml_node *node)
{
    struct vt_buf buf;
    vt_buf_init(&buf, 400);
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        const char *text = vt_yaml_value_at(node, i)->text;
        text = text == NULL ? "" : text[0] == '\0' ? "\"\"" : text;
        if (vt_buf_addf(&buf, "%s%s", i > 0 ? " | " : "", text) != VT_OK)
            break;
    }
    const char *out = vt_arena_dup(arena, buf.ptr, buf.len);
    vt_buf_clear(&buf);
    return out;
}

/* What all tests of a list have in common; false: nothing more to read. */
static bool begin_list(struct vt_yaml *yaml, const struct vt_test *test,
                       const struct vt_yaml_node *node, struct vt_condition *out)
{
    if (!vt_yaml_is_list(yaml, node, test->what))
        return false;
    out->needs = needs_of(yaml->arena, node);
    return out->needs != NULL || no_memory(yaml, node);
}

static bool parse_reason(struct vt_yaml *yaml, const struct vt_yaml_node *node, uint64_t *set)
{
    const char *code = NULL;
    enum vt_reason reason = VT_REASON_COUNT;
    char shown[64];
    if (!vt_yaml_text(yaml, node, &code))
        return false;
    if (vt_reason_by_code(code, &reason) == VT_OK) {
        *set |= VT_REASON_BIT(reason);
        return true;
    }
    const char *nearest = vt_reason_suggest(code);
    vt_text_clean(shown, sizeof(shown), vt_bytes_str(code));
    if (nearest != NULL)
        return vt_yaml_mistake(yaml, node, "\"%s\" is not a reason code: did you mean \"%s\"?",
                               shown, nearest);
    return vt_yaml_mistake(yaml, node,
                           "\"%s\" is not a reason code such as CONTENT_CHANGED; "
                           "vanthu-policy(5) lists them",
                           shown);
}

bool vt_parse_reasons(struct vt_yaml *yaml, const struct vt_test *test,
                      const struct vt_yaml_node *node, struct vt_condition *out)
{
    if (!begin_list(yaml, test, node, out))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++)
        is_good = parse_reason(yaml, vt_yaml_value_at(node, i), &out->set) && is_good;
    return is_good;
}

bool vt_parse_words(struct vt_yaml *yaml, const struct vt_test *test,
                    const struct vt_yaml_node *node, struct vt_condition *out)
{
    if (!begin_list(yaml, test, node, out))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        unsigned value = 0;
        if (vt_yaml_word(yaml, vt_yaml_value_at(node, i), test->what, test->words->words,
                         test->words->count, &value))
            out->set |= UINT64_C(1) << value;
        else
            is_good = false;
    }
    return is_good;
}

bool vt_parse_bool(struct vt_yaml *yaml, const struct vt_test *test,
                   const struct vt_yaml_node *node, struct vt_condition *out)
{
    (void)test;
    bool value = false;
    if (!vt_yaml_bool(yaml, node, &value))
        return false;
    out->set = UINT64_C(1) << (value ? 1 : 0);
    out->needs = value ? "true" : "false";
    return true;
}

/* A list of texts of which each passes a check. */
static bool parse_texts(struct vt_yaml *yaml, const struct vt_test *test,
                        const struct vt_yaml_node *node, struct vt_condition *out,
                        bool (*check)(struct vt_yaml *, const struct vt_test *,
                                      const struct vt_yaml_node *))
{
    if (!begin_list(yaml, test, node, out))
        return false;
    size_t count = vt_yaml_values_count(node);
    out->words = vt_arena_alloc(yaml->arena, count * sizeof(*out->words));
    if (out->words == NULL)
        return no_memory(yaml, node);
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        is_good = vt_yaml_text(yaml, value, &out->words[i]) && check(yaml, test, value) && is_good;
    }
    out->words_count = count;
    return is_good;
}

static bool wrong_value(struct vt_yaml *yaml, const struct vt_test *test,
                        const struct vt_yaml_node *node)
{
    char shown[64];
    return vt_yaml_mistake(yaml, node, "\"%s\" is not %s",
                           vt_text_clean(shown, sizeof(shown), vt_bytes_str(node->text)),
                           test->what);
}

static bool check_address(struct vt_yaml *yaml, const struct vt_test *test,
                          const struct vt_yaml_node *node)
{
    /* The empty sender is a sender; there is no empty recipient. */
    if (node->text[0] == '\0' && test->text != NULL)
        return true;
    const char *at = strrchr(node->text, '@');
    if (at == NULL || at == node->text || !vt_check_domain(at + 1))
        return wrong_value(yaml, test, node);
    return true;
}

static bool check_domain(struct vt_yaml *yaml, const struct vt_test *test,
                         const struct vt_yaml_node *node)
{
    const char *domain = node->text[0] == '=' ? node->text + 1 : node->text;
    if (vt_check_domain(domain))
        return true;
    size_t skip = strspn(domain, "*.@");
    if (skip > 0 && vt_check_domain(domain + skip))
        return vt_yaml_mistake(yaml, node,
                               "write \"%s\": it means the domain and everything below; "
                               "\"=%s\" is the domain alone",
                               domain + skip, domain + skip);
    return wrong_value(yaml, test, node);
}

static bool check_glob(struct vt_yaml *yaml, const struct vt_test *test,
                       const struct vt_yaml_node *node)
{
    if (node->text[0] != '\0' && strlen(node->text) <= VT_MAX_NAME_BYTES &&
        strchr(node->text, '/') == NULL)
        return true;
    return wrong_value(yaml, test, node);
}

bool vt_parse_addresses(struct vt_yaml *yaml, const struct vt_test *test,
                        const struct vt_yaml_node *node, struct vt_condition *out)
{
    return parse_texts(yaml, test, node, out, check_address);
}

bool vt_parse_domains(struct vt_yaml *yaml, const struct vt_test *test,
                      const struct vt_yaml_node *node, struct vt_condition *out)
{
    return parse_texts(yaml, test, node, out, check_domain);
}

bool vt_parse_globs(struct vt_yaml *yaml, const struct vt_test *test,
                    const struct vt_yaml_node *node, struct vt_condition *out)
{
    return parse_texts(yaml, test, node, out, check_glob);
}

bool vt_parse_size(struct vt_yaml *yaml, const struct vt_test *test,
                   const struct vt_yaml_node *node, struct vt_condition *out)
{
    const char *text = NULL;
    if (!vt_yaml_text(yaml, node, &text))
        return false;
    if (text[0] != '>' && text[0] != '<')
        return wrong_value(yaml, test, node);
    struct vt_yaml_node size = *node;
    size.text = text + 1 + strspn(text + 1, " ");
    out->is_above = text[0] == '>';
    out->needs = text;
    return vt_yaml_size(yaml, &size, 0, INT64_MAX, &out->number);
}

bool vt_parse_date(struct vt_yaml *yaml, const struct vt_test *test,
                   const struct vt_yaml_node *node, struct vt_condition *out)
{
    (void)test;
    if (!vt_yaml_time(yaml, node, &out->number))
        return false;
    out->needs = vt_arena_printf(yaml->arena, "before %s", node->text);
    return out->needs != NULL || no_memory(yaml, node);
}

/* ---- groups ---- */

static bool add_group(struct vt_yaml *yaml, const struct vt_yaml_node *node, enum vt_place place,
                      struct vt_condition *out)
{
    struct vt_conditions *grown =
        vt_arena_grow(yaml->arena, out->groups, out->groups_count, sizeof(*out->groups));
    if (grown == NULL)
        return no_memory(yaml, node);
    out->groups = grown;
    out->groups[out->groups_count] = (struct vt_conditions){0};
    out->groups_count++;
    return vt_conditions_parse(yaml, node, place, &out->groups[out->groups_count - 1]);
}

bool vt_parse_not(struct vt_yaml *yaml, const struct vt_test *test, const struct vt_yaml_node *node,
                  struct vt_condition *out)
{
    (void)test;
    out->needs = "not";
    if (node->kind == VT_YAML_MAPPING && node->count == 0)
        return vt_yaml_mistake(yaml, node, "\"not\" without a test can never hold");
    return add_group(yaml, node, out->place, out);
}

bool vt_parse_any_of(struct vt_yaml *yaml, const struct vt_test *test,
                     const struct vt_yaml_node *node, struct vt_condition *out)
{
    (void)test;
    out->needs = "any of";
    if (node->kind != VT_YAML_SEQUENCE || (node->count == 0))
        return vt_yaml_mistake(yaml, node, "any-of is a list of tests: [{reason: …}, {format: …}]");
    bool is_good = true;
    for (size_t i = 0; i < node->count; i++)
        is_good = add_group(yaml, node->entries[i].value, out->place, out) && is_good;
    return is_good;
}

bool vt_parse_document(struct vt_yaml *yaml, const struct vt_test *test,
                       const struct vt_yaml_node *node, struct vt_condition *out)
{
    (void)test;
    out->needs = "document";
    return add_group(yaml, node, VT_IN_DOCUMENT, out);
}

static const struct vt_test *find_test(const char *key, enum vt_place place)
{
    for (size_t i = 0; i < vt_tests_count; i++) {
        if ((vt_tests[i].places & place) != 0 && strcmp(vt_tests[i].key, key) == 0)
            return &vt_tests[i];
    }
    return NULL;
}

static bool check_test_keys(struct vt_yaml *yaml, const struct vt_yaml_node *node,
                            enum vt_place place)
{
    const char *names[MAX_TESTS];
    size_t count = 0, before = yaml->mistakes->errors_count;
    for (size_t i = 0; i < vt_tests_count && count < MAX_TESTS; i++) {
        if ((vt_tests[i].places & place) != 0)
            names[count++] = vt_tests[i].key;
    }
    vt_yaml_check_keys(yaml, node, names, count);
    return yaml->mistakes->errors_count == before;
}

bool vt_conditions_parse(struct vt_yaml *yaml, const struct vt_yaml_node *node, enum vt_place place,
                         struct vt_conditions *out)
{
    if (!vt_yaml_is_mapping(yaml, node, "a set of tests"))
        return false;
    bool is_good = check_test_keys(yaml, node, place);
    out->items = vt_arena_alloc(yaml->arena, node->count * sizeof(*out->items));
    if (out->items == NULL)
        return no_memory(yaml, node);
    for (size_t i = 0; i < node->count; i++) {
        const struct vt_test *test = find_test(node->entries[i].key->text, place);
        if (test == NULL)
            continue;
        struct vt_condition *condition = &out->items[out->count];
        *condition = (struct vt_condition){
            .test = test, .node = node->entries[i].value, .place = place, .needs = ""};
        if (test->parse(yaml, test, condition->node, condition))
            out->count++;
        else
            is_good = false;
    }
    return is_good;
}
