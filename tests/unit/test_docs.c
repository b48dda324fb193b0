/* SPDX-License-Identifier: Apache-2.0
 * Manuals, samples and schema say what the tables in the code say, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../policy/rule.h"
#include "base/config_table.h"

#define CONFIG_MANUAL "conf/vanthu.yaml.5"
#define CONFIG_SAMPLE "conf/vanthu.yaml"
#define POLICY_MANUAL "policy/vanthu-policy.5"
#define AGENCIES_SAMPLE "conf/agencies.yaml"
#define AGENCIES_SCHEMA "conf/agencies.schema.json"
#define AGENCIES_MANUAL "policy/vanthu-agencies.5"
#define POLICY_SCHEMA "conf/policy.schema.json"

static char *read_text(const char *file)
{
    enum { ROOM = 256 * 1024 };
    char *text = calloc(1, ROOM);
    FILE *in = fopen(file, "r");
    if (text == NULL || in == NULL)
        fail_msg("cannot read %s", file);
    size_t len = fread(text, 1, ROOM - 1, in);
    assert_true(len > 0 && len < ROOM - 1);
    (void)fclose(in);
    return text;
}

/* ---- vanthu.yaml ---- */

static bool is_setting(const char *key)
{
    for (size_t i = 0; i < vt_settings_count; i++) {
        if (strcmp(vt_settings[i].key, key) == 0)
            return true;
    }
    return false;
}

static void manual_has_every_setting(void **state)
{
    (void)state;
    char *manual = read_text(CONFIG_MANUAL);
    for (size_t i = 0; i < vt_settings_count; i++) {
        char line[128];
        (void)snprintf(line, sizeof(line), "\n.It Ic %s\n", vt_settings[i].key);
        if (strstr(manual, line) == NULL)
            fail_msg("%s is not in " CONFIG_MANUAL, vt_settings[i].key);
    }
    free(manual);
}

static void settings_of_the_manual_exist(void **state)
{
    (void)state;
    char *manual = read_text(CONFIG_MANUAL), *rest = NULL;
    size_t count = 0;
    for (char *line = strtok_r(manual, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, ".It Ic ", 7) != 0)
            continue;
        count++;
        if (!is_setting(line + 7))
            fail_msg("%s of " CONFIG_MANUAL " is no setting", line + 7);
    }
    assert_int_equal(count, vt_settings_count);
    free(manual);
}

/* The sample with its settings uncommented: "#key" and, below a group, "#  key". Prose is "# A". */
static char *uncomment(const char *sample)
{
    char *out = calloc(1, strlen(sample) + 1), *copy = strdup(sample), *rest = NULL;
    assert_non_null(out);
    assert_non_null(copy);
    char *at = out;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        bool is_prose = line[0] == '#' && line[1] == ' ' && line[2] != ' ';
        if (!is_prose)
            at = stpcpy(stpcpy(at, line[0] == '#' ? line + 1 : line), "\n");
    }
    free(copy);
    return out;
}

static void flatten(const struct vt_yaml_node *node, const char *prefix, size_t *found)
{
    for (size_t i = 0; i < node->count; i++) {
        char key[128];
        (void)snprintf(key, sizeof(key), "%s%s", prefix, node->entries[i].key->text);
        if (is_setting(key)) {
            (*found)++;
            continue;
        }
        assert_int_equal(node->entries[i].value->kind, VT_YAML_MAPPING);
        (void)strcat(key, ".");
        flatten(node->entries[i].value, key, found);
    }
}

static void sample_has_every_setting(void **state)
{
    (void)state;
    char *sample = read_text(CONFIG_SAMPLE);
    char *text = uncomment(sample);
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    struct vt_arena *arena = vt_arena_new(4 << 20);
    struct vt_yaml yaml = {arena, CONFIG_SAMPLE, &mistakes};
    struct vt_yaml_node *root = NULL;
    assert_int_equal(vt_yaml_parse(&yaml, vt_bytes_str(text), &root, NULL), VT_OK);
    size_t found = 0;
    flatten(root, "", &found);
    assert_int_equal(found, vt_settings_count);

    struct vt_config *config = NULL;
    if (vt_config_parse(vt_bytes_str(text), "vanthu.yaml", &config, &mistakes, NULL) != VT_OK)
        fail_msg("%s", mistakes.items[0].text);
    vt_config_free(config);
    vt_arena_free(arena);
    vt_mistakes_clear(&mistakes);
    free(text);
    free(sample);
}

/* A line of the sample shows the default where there is one. */
static void sample_shows_the_defaults(void **state)
{
    (void)state;
    static const char *const examples[] = {"our-domains", "trusted-authserv-ids",
                                           "trust.official.confirmed"};
    char *sample = read_text(CONFIG_SAMPLE);
    for (size_t i = 0; i < vt_settings_count; i++) {
        const struct vt_setting *s = &vt_settings[i];
        bool is_example = s->default_text == NULL;
        for (size_t e = 0; e < sizeof(examples) / sizeof(examples[0]); e++)
            is_example = is_example || strcmp(s->key, examples[e]) == 0;
        const char *dot = strrchr(s->key, '.');
        char line[256];
        (void)snprintf(line, sizeof(line), "%s: %s\n", dot == NULL ? s->key : dot + 1,
                       is_example ? "" : s->default_text);
        if (!is_example && strstr(sample, line) == NULL)
            fail_msg("%s does not show the default of %s", CONFIG_SAMPLE, s->key);
    }
    free(sample);
}

/* ---- policy ---- */

static void manual_has_every_test(void **state)
{
    (void)state;
    const struct {
        const char *const *keys;
        size_t count;
    } others[] = {{vt_policy_keys, vt_policy_keys_count},
                  {vt_rule_keys, vt_rule_keys_count},
                  {vt_then_keys, vt_then_keys_count}};
    char *manual = read_text(POLICY_MANUAL);
    char line[128];
    for (size_t i = 0; i < vt_tests_count; i++) {
        (void)snprintf(line, sizeof(line), "\n.It Ic %s\n", vt_tests[i].key);
        if (strstr(manual, line) == NULL)
            fail_msg("%s is not in " POLICY_MANUAL, vt_tests[i].key);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        for (size_t k = 0; k < others[i].count; k++) {
            (void)snprintf(line, sizeof(line), "\n.It Ic %s\n", others[i].keys[k]);
            if (strstr(manual, line) == NULL)
                fail_msg("%s is not in " POLICY_MANUAL, others[i].keys[k]);
        }
    }
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        (void)snprintf(line, sizeof(line), "\n.It Dv %s\n", info->code);
        if (strstr(manual, line) == NULL)
            fail_msg("%s is not in " POLICY_MANUAL, info->code);
    }
    char *rest = NULL;
    for (char *at = strtok_r(manual, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(at, ".It Ic ", 7) != 0)
            continue;
        bool is_known = false;
        for (size_t i = 0; i < vt_tests_count; i++)
            is_known = is_known || strcmp(vt_tests[i].key, at + 7) == 0;
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
            for (size_t k = 0; k < others[i].count; k++)
                is_known = is_known || strcmp(others[i].keys[k], at + 7) == 0;
        if (!is_known)
            fail_msg("%s of " POLICY_MANUAL " is not in the language", at + 7);
    }
    free(manual);
}

/* The line of each reason: cause, and defaults or that nothing finds it. */
static void manual_has_the_defaults(void **state)
{
    (void)state;
    static const char *const causes[] = {[VT_CAUSE_SENDER] = "sender",
                                         [VT_CAUSE_RECEIVER] = "receiver",
                                         [VT_CAUSE_NOBODY] = "nobody"};
    char *manual = read_text(POLICY_MANUAL);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        char item[128], wanted[128];
        (void)snprintf(item, sizeof(item), "\n.It Dv %s\n", info->code);
        if (info->is_reserved)
            (void)snprintf(wanted, sizeof(wanted), "\n(%s; reserved)\n", causes[info->cause]);
        else
            (void)snprintf(wanted, sizeof(wanted), "\n(%s; %s, %s)\n", causes[info->cause],
                           vt_action_name(info->default_state),
                           vt_action_name(info->default_other));
        const char *begin = strstr(manual, item);
        assert_non_null(begin);
        const char *end = strstr(begin + 1, "\n.");
        const char *found = strstr(begin, wanted);
        if (found == NULL || found > end)
            fail_msg("%s: not %s", info->code, wanted);
    }
    free(manual);
}

/* ---- the table of agencies ---- */

/* The example of the sample: comment lines without a word right behind the "#". */
static char *example_of(const char *sample)
{
    char *out = calloc(1, strlen(sample) + 1);
    assert_non_null(out);
    for (const char *at = sample; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        bool is_prose = at[0] != '#' || (at[1] == ' ' && at[2] != ' ');
        if (!is_prose)
            strncat(out, at + 1, len - 1);
        strcat(out, "\n");
        at += len + (at[len] == '\n');
    }
    return out;
}

static void check_site(const char *text)
{
    struct vt_site *site = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_site_parse(vt_bytes_str(text), AGENCIES_SAMPLE, &site, &mistakes, NULL) != VT_OK)
        fail_msg("%u: %s", mistakes.items[0].line, mistakes.items[0].text);
    assert_int_equal(mistakes.count, 0);
    vt_site_free(site);
    vt_mistakes_clear(&mistakes);
}

/* Every key of the schema stands in the manual and in the example, and the parser takes it. */
static void agencies_are_documented(void **state)
{
    (void)state;
    char *sample = read_text(AGENCIES_SAMPLE), *manual = read_text(AGENCIES_MANUAL);
    char *example = example_of(sample);
    check_site(sample);
    check_site(example);
    json_t *schema = json_load_file(AGENCIES_SCHEMA, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(schema);
    json_t *definitions = json_object_get(schema, "definitions");
    const char *name = NULL, *key = NULL;
    json_t *value = NULL, *ignored = NULL;
    size_t count = 0;
    json_object_foreach(definitions, name, value)
    {
        json_object_foreach(json_object_get(value, "properties"), key, ignored)
        {
            char text[64];
            count++;
            (void)snprintf(text, sizeof(text), "%s:", key);
            /* Two ways of naming a certificate do not stand in one example. */
            bool is_shown = strstr(example, text) != NULL || strcmp(key, "common-name") == 0 ||
                            strcmp(key, "organization") == 0;
            if (!is_shown || strstr(manual, key) == NULL)
                fail_msg("%s of %s is not in " AGENCIES_SAMPLE " or " AGENCIES_MANUAL, key, name);
        }
    }
    assert_true(count > 30);
    json_decref(schema);
    free(example);
    free(manual);
    free(sample);
}

static const json_t *definition(const json_t *schema, const char *name, const char *part)
{
    const json_t *found = json_object_get(json_object_get(schema, "definitions"), name);
    found = part == NULL ? found : json_object_get(found, part);
    assert_non_null(found);
    return found;
}

/* Every key of the parser is a property, and no other is. */
static void check_keys(const json_t *schema, const char *name, const char *const *keys,
                       size_t count)
{
    const json_t *properties = name == NULL ? json_object_get(schema, "properties")
                                            : definition(schema, name, "properties");
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(properties, keys[i]) == NULL)
            fail_msg("%s is not in \"%s\" of the schema", keys[i], name != NULL ? name : "policy");
    }
    assert_int_equal(json_object_size(properties), count);
}

/* The file is what the tables give; VT_EXPECTED=write writes it anew. Returns it. */
static json_t *compare_schema(const char *file, const char *text)
{
    if (getenv("VT_EXPECTED") != NULL) {
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        (void)fprintf(out, "%s\n", text);
        assert_int_equal(fclose(out), 0);
    }
    json_t *schema = json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(wanted);
    if (!json_equal(schema, wanted))
        fail_msg("%s is not what `vanthu policy schema` prints", file);
    json_decref(wanted);
    return schema;
}

static void schema_is_the_language(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_policy_schema(&text, &len, NULL), VT_OK);
    json_t *schema = compare_schema(POLICY_SCHEMA, text);
    check_keys(schema, NULL, vt_policy_keys, vt_policy_keys_count);
    check_keys(schema, "rule", vt_rule_keys, vt_rule_keys_count);
    check_keys(schema, "then", vt_then_keys, vt_then_keys_count);
    json_decref(schema);
    free(text);
}

static void schema_is_the_table_of_agencies(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_site_schema(&text, &len, NULL), VT_OK);
    json_decref(compare_schema(AGENCIES_SCHEMA, text));
    free(text);
}

/* Every reference leads to a definition. */
static void check_references(const json_t *schema, const json_t *node)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        const char *to = strcmp(key, "$ref") == 0 ? json_string_value(value) : NULL;
        if (to != NULL)
            definition(schema, to + strlen("#/definitions/"), NULL);
        check_references(schema, value);
    }
    for (size_t i = 0; i < json_array_size(node); i++)
        check_references(schema, json_array_get(node, i));
}

static void schema_has_what_it_refers_to(void **state)
{
    (void)state;
    json_t *schema = json_load_file(POLICY_SCHEMA, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(schema);
    check_references(schema, schema);
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manual_has_every_setting),
        cmocka_unit_test(settings_of_the_manual_exist),
        cmocka_unit_test(sample_has_every_setting),
        cmocka_unit_test(sample_shows_the_defaults),
        cmocka_unit_test(manual_has_every_test),
        cmocka_unit_test(manual_has_the_defaults),
        cmocka_unit_test(schema_is_the_language),
        cmocka_unit_test(schema_has_what_it_refers_to),
        cmocka_unit_test(agencies_are_documented),
        cmocka_unit_test(schema_is_the_table_of_agencies),
    };
    return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
