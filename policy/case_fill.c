/* SPDX-License-Identifier: Apache-2.0
 * From a YAML mapping to a struct of evidence, by the same description as its JSON form. Keys may
 * be written as in JSON, with "-" for "_", or as the tests of the policy language are called. */
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "case.h"
#include "site_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_KEYS 64
#define MAX_KEY_BYTES 48

/* What the policy language calls otherwise. */
static const struct {
    const char *name, *key;
} other_names[] = {
    {"reason", "reasons"},         {"list", "is-list"},          {"automatic", "is-automatic"},
    {"aligned", "sender-aligned"}, {"client", "client-address"}, {"recipient", "recipients"},
    {"signature", "signatures"},   {"document", "documents"},    {"finding", "findings"},
};

static const char *other_name(const char *key)
{
    for (size_t i = 0; i < ELEMENTS(other_names); i++) {
        if (strcmp(other_names[i].key, key) == 0)
            return other_names[i].name;
    }
    return NULL;
}

/* "signing_time" as "signing-time". */
static const char *dashed(char out[MAX_KEY_BYTES], const char *key)
{
    size_t len = strlen(key);
    len = len < MAX_KEY_BYTES ? len : MAX_KEY_BYTES - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = key[i] == '_' ? '-' : key[i];
    out[len] = '\0';
    return out;
}

/* The value of a field under any of its names. */
static const struct vt_yaml_node *find(const struct vt_yaml_node *node, const char *key)
{
    char name[MAX_KEY_BYTES];
    const char *other = other_name(dashed(name, key));
    const struct vt_yaml_node *value = vt_yaml_find(node, name);
    if (value == NULL)
        value = vt_yaml_find(node, key);
    if (value == NULL && other != NULL)
        value = vt_yaml_find(node, other);
    return value;
}

bool vt_case_says(const struct vt_yaml_node *node, const char *key)
{
    return node != NULL && find(node, key) != NULL;
}

static void *at(void *base, size_t offset)
{
    return (char *)base + offset;
}

/* ---- values ---- */

static bool fill_reasons(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                         vt_reasons *out)
{
    if (!vt_yaml_is_list(&reader->yaml, node, "a reason code"))
        return false;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        enum vt_reason reason = VT_REASON_COUNT;
        const char *text = NULL, *nearest = NULL;
        if (!vt_yaml_text(&reader->yaml, value, &text))
            return false;
        if (vt_reason_by_code(text, &reason) != VT_OK) {
            nearest = vt_reason_suggest(text);
            return vt_yaml_mistake(&reader->yaml, value, "\"%.40s\" is not a reason code%s%s%s",
                                   text, nearest != NULL ? ": did you mean \"" : "",
                                   nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
        }
        *out |= VT_REASON_BIT(reason);
    }
    return true;
}

static bool fill_digest(struct vt_case_reader *reader, const struct vt_yaml_node *node, char *out)
{
    const char *text = NULL;
    if (!vt_yaml_text(&reader->yaml, node, &text))
        return false;
    if (!vt_check_fingerprint(text))
        return vt_yaml_mistake(&reader->yaml, node, "a digest has 64 hexadecimal digits");
    const char *digest = vt_site_digest(reader->yaml.arena, text);
    if (digest == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
    memcpy(out, digest, 65);
    return true;
}

static bool fill_number(struct vt_case_reader *reader, const struct vt_field *field,
                        const struct vt_yaml_node *node, void *place)
{
    int64_t value = 0;
    if (field->kind == VT_FIELD_U64) {
        if (!vt_yaml_size(&reader->yaml, node, 0, INT64_C(1) << 40, &value))
            return false;
        *(uint64_t *)place = (uint64_t)value;
        return true;
    }
    if (!vt_yaml_number(&reader->yaml, node, 0, INT32_MAX, &value))
        return false;
    *(unsigned *)place = (unsigned)value;
    return true;
}

static bool fill_strings(struct vt_case_reader *reader, const struct vt_field *field,
                         const struct vt_yaml_node *node, void *base)
{
    size_t count = vt_yaml_values_count(node);
    bool is_empty = node->kind == VT_YAML_SEQUENCE && count == 0;
    if (!is_empty && !vt_yaml_is_list(&reader->yaml, node, "a text"))
        return false;
    if (count > field->max)
        return vt_yaml_mistake(&reader->yaml, node, "%zu values, at most %zu are allowed", count,
                               field->max);
    const char **texts = vt_arena_alloc(reader->yaml.arena, (count + 1) * sizeof(*texts));
    if (texts == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
    for (size_t i = 0; i < count; i++) {
        if (!vt_yaml_text(&reader->yaml, vt_yaml_value_at(node, i), &texts[i]))
            return false;
    }
    *(const char ***)at(base, field->offset) = texts;
    *(size_t *)at(base, field->count_offset) = count;
    return true;
}

static bool fill_records(struct vt_case_reader *reader, const struct vt_field *field,
                         const struct vt_yaml_node *node, void *base)
{
    bool is_one = node->kind == VT_YAML_MAPPING;
    size_t count = is_one ? 1 : node->count;
    if (!is_one && node->kind != VT_YAML_SEQUENCE)
        return vt_yaml_mistake(&reader->yaml, node, "a list of \"key: value\" lines is expected");
    if (count > field->max)
        return vt_yaml_mistake(&reader->yaml, node, "%zu of them, at most %zu are allowed", count,
                               field->max);
    char *items = vt_arena_alloc(reader->yaml.arena, (count + 1) * field->record->size);
    if (items == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "no memory for the case");
    for (size_t i = 0; i < count; i++) {
        if (!vt_case_fill(reader, field->record, is_one ? node : node->entries[i].value, NULL, 0,
                          items + i * field->record->size))
            return false;
    }
    *(void **)at(base, field->offset) = items;
    *(size_t *)at(base, field->count_offset) = count;
    return true;
}

static bool fill_word(struct vt_case_reader *reader, const struct vt_field *field,
                      const struct vt_yaml_node *node, unsigned *out)
{
    char name[MAX_KEY_BYTES], what[MAX_KEY_BYTES + 16];
    (void)snprintf(what, sizeof(what), "a value of \"%s\"", dashed(name, field->key));
    return vt_yaml_word(&reader->yaml, node, what, field->words->words, field->words->count, out);
}

static bool fill_field(struct vt_case_reader *reader, const struct vt_field *field,
                       const struct vt_yaml_node *node, void *base)
{
    void *place = at(base, field->offset);
    switch (field->kind) {
    case VT_FIELD_STRING:
        return vt_yaml_text(&reader->yaml, node, place);
    case VT_FIELD_DIGEST:
        return fill_digest(reader, node, place);
    case VT_FIELD_BOOL:
        return vt_yaml_bool(&reader->yaml, node, place);
    case VT_FIELD_UINT:
    case VT_FIELD_U64:
        return fill_number(reader, field, node, place);
    case VT_FIELD_TIME:
        return vt_yaml_time(&reader->yaml, node, place);
    case VT_FIELD_WORD:
        return fill_word(reader, field, node, place);
    case VT_FIELD_REASONS:
        return fill_reasons(reader, node, place);
    case VT_FIELD_STRINGS:
        return fill_strings(reader, field, node, base);
    case VT_FIELD_RECORD:
        return vt_case_fill(reader, field->record, node, NULL, 0, place);
    case VT_FIELD_RECORDS:
        return fill_records(reader, field, node, base);
    }
    return false;
}

/* ---- a mapping ---- */

static void check_keys(struct vt_case_reader *reader, const struct vt_record *record,
                       const struct vt_yaml_node *node, const char *const *extra,
                       size_t extra_count)
{
    char texts[MAX_KEYS][MAX_KEY_BYTES];
    const char *names[3 * MAX_KEYS];
    size_t count = 0;
    for (size_t i = 0; i < extra_count && i < MAX_KEYS; i++)
        names[count++] = extra[i];
    for (size_t i = 0; i < record->fields_count && i < MAX_KEYS; i++) {
        const char *key = dashed(texts[i], record->fields[i].key);
        const char *other = other_name(key);
        names[count++] = key;
        if (other != NULL)
            names[count++] = other;
    }
    /* As JSON has it: what was printed may be pasted. Not proposed. */
    struct vt_yaml_node rest = *node;
    for (size_t i = 0; i < node->count; i++) {
        bool is_known = false;
        for (size_t f = 0; f < record->fields_count && !is_known; f++)
            is_known = strcmp(record->fields[f].key, node->entries[i].key->text) == 0;
        rest.entries = &node->entries[i];
        rest.count = 1;
        if (!is_known)
            vt_yaml_check_keys(&reader->yaml, &rest, names, count);
    }
}

static bool is_one_of(const char *key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], key) == 0)
            return true;
    }
    return false;
}

/* What is not said is not known: no time is 1970. */
static void blank_times(const struct vt_record *record, void *base)
{
    for (size_t i = 0; i < record->fields_count; i++) {
        const struct vt_field *field = &record->fields[i];
        int64_t *utc_secs = at(base, field->offset);
        if (field->kind == VT_FIELD_TIME && *utc_secs == 0)
            *utc_secs = VT_TIME_NONE;
        else if (field->kind == VT_FIELD_RECORD)
            blank_times(field->record, at(base, field->offset));
    }
}

bool vt_case_fill(struct vt_case_reader *reader, const struct vt_record *record,
                  const struct vt_yaml_node *node, const char *const *extra, size_t extra_count,
                  void *base)
{
    size_t before = reader->yaml.mistakes->errors_count;
    if (!vt_yaml_is_mapping(&reader->yaml, node, "this"))
        return false;
    check_keys(reader, record, node, extra, extra_count);
    for (size_t i = 0; i < record->fields_count; i++) {
        const struct vt_field *field = &record->fields[i];
        char name[MAX_KEY_BYTES];
        const struct vt_yaml_node *value = find(node, field->key);
        if (is_one_of(dashed(name, field->key), extra, extra_count))
            continue;
        if (value != NULL)
            (void)fill_field(reader, field, value, base);
    }
    blank_times(record, base);
    return reader->yaml.mistakes->errors_count == before;
}
