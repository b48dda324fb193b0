/* SPDX-License-Identifier: Apache-2.0
 * Lists of texts by name: values in the policy, text files with one value in a line, and lookup
 * tables as Postfix has them. What a value may be depends on the test that uses the list. */
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "rule.h"

/* Values of one list; of a table of all mailboxes of a province too. */
#define MAX_ENTRIES 1000000

static const char *const sources[] = {"file", "texthash", "hash", "cdb", "lmdb"};
#define SOURCES_COUNT (sizeof(sources) / sizeof(sources[0]))

/* ---- where the values of a list stand ---- */

const char *vt_list_source(const struct vt_yaml_node *value, const char **out_file)
{
    bool is_pair = value->kind == VT_YAML_MAPPING && value->count == 1;
    const char *key = is_pair ? value->entries[0].key->text : NULL;
    for (size_t i = 0; i < SOURCES_COUNT; i++) {
        size_t len = strlen(sources[i]);
        if (is_pair && strcmp(key, sources[i]) == 0 &&
            value->entries[0].value->kind == VT_YAML_SCALAR) {
            *out_file = value->entries[0].value->text;
            return sources[i];
        }
        if (value->kind == VT_YAML_SCALAR && strncmp(value->text, sources[i], len) == 0 &&
            value->text[len] == ':') {
            *out_file = value->text + len + 1;
            return sources[i];
        }
    }
    return NULL;
}

const char *vt_list_bundle_name(struct vt_arena *arena, const struct vt_yaml_node *value)
{
    const char *file = NULL;
    const char *source = vt_list_source(value, &file);
    return source == NULL ? NULL : vt_arena_printf(arena, "%s:%s", source, file);
}

/* ---- entries ---- */

static bool is_entry_text(struct vt_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return false;
    }
    return text.len < VT_MAX_SET_TEXT_BYTES && vt_text_is_utf8(text);
}

/* A mistake in a file of a list has the place in that file. */
static void entry_mistake(struct vt_reading *reading, const struct vt_list *list, unsigned line,
                          unsigned column, bool is_warning, const char *text)
{
    (void)vt_mistakes_add(reading->yaml->mistakes, list->file, line, column, is_warning, "%s",
                          text);
}

static bool add_entry(struct vt_reading *reading, struct vt_list *list, struct vt_bytes text,
                      unsigned line, unsigned column)
{
    struct vt_arena *arena = reading->yaml->arena;
    if (!is_entry_text(text)) {
        if (!list->is_foreign)
            entry_mistake(reading, list, line, column, false,
                          "a value is UTF-8 text without control characters, below 512 bytes");
        return list->is_foreign;
    }
    if (list->entries_count == MAX_ENTRIES) {
        entry_mistake(reading, list, line, column, false, "a list has at most 1000000 values");
        return false;
    }
    struct vt_list_entry *grown =
        vt_arena_grow(arena, list->entries, list->entries_count, sizeof(*grown));
    const char *copy = vt_arena_dup(arena, text.ptr, text.len);
    if (grown == NULL || copy == NULL)
        return vt_no_memory(reading, list->node);
    list->entries = grown;
    list->entries[list->entries_count++] = (struct vt_list_entry){copy, line, column};
    return true;
}

static struct vt_bytes trimmed(struct vt_bytes line)
{
    while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]) != NULL)
        line.len--;
    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        line = vt_bytes_slice(line, 1, line.len);
    return line;
}

static size_t length_until(struct vt_bytes text, const char *ends)
{
    size_t len = 0;
    while (len < text.len && (text.ptr[len] == '\0' || strchr(ends, text.ptr[len]) == NULL))
        len++;
    return len;
}

/* One value in a line; "#" begins a comment, at the begin of a line or behind a space. */
static struct vt_bytes value_of_line(struct vt_bytes line)
{
    struct vt_bytes text = trimmed(line);
    for (size_t i = 0; i < text.len; i++) {
        bool begins = i == 0 || text.ptr[i - 1] == ' ' || text.ptr[i - 1] == '\t';
        if (text.ptr[i] == '#' && begins)
            return trimmed(vt_bytes_slice(text, 0, i));
    }
    return text;
}

/* postmap(1): key and value, "#" at the begin of a line, a line that begins with white space goes
 * on with the one before; a key with spaces stands in double quotes. */
static struct vt_bytes key_of_line(struct vt_bytes line)
{
    bool goes_on = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
    if (goes_on || line.len == 0 || line.ptr[0] == '#')
        return (struct vt_bytes){0};
    if (line.ptr[0] == '"') {
        struct vt_bytes quoted = vt_bytes_slice(line, 1, line.len);
        return vt_bytes_slice(quoted, 0, length_until(quoted, "\""));
    }
    return vt_bytes_slice(line, 0, length_until(line, " \t\r"));
}

static bool read_lines(struct vt_reading *reading, struct vt_list *list, struct vt_bytes text,
                       bool is_keyed)
{
    bool is_good = true;
    unsigned line_number = 0;
    for (size_t begin = 0; begin < text.len && is_good;) {
        struct vt_bytes rest = vt_bytes_slice(text, begin, text.len);
        struct vt_bytes line = vt_bytes_slice(rest, 0, length_until(rest, "\n"));
        /* A byte order mark is what a spreadsheet or an editor of Windows leaves. */
        if (begin == 0 && vt_bytes_starts_with(line, VT_BYTES("\xEF\xBB\xBF")))
            line = vt_bytes_slice(line, 3, line.len);
        struct vt_bytes value = is_keyed ? key_of_line(line) : value_of_line(line);
        line_number++;
        begin += length_until(rest, "\n") + 1;
        if (value.len > 0)
            is_good =
                add_entry(reading, list, value, line_number, (unsigned)(value.ptr - line.ptr) + 1);
    }
    return is_good;
}

static bool read_values(struct vt_reading *reading, struct vt_list *list)
{
    const struct vt_yaml_node *node = list->node;
    bool is_good = true;
    if (!vt_yaml_is_list(reading->yaml, node, "its values"))
        return false;
    for (size_t i = 0; i < vt_yaml_values_count(node); i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        const char *text = NULL;
        is_good = vt_yaml_text(reading->yaml, value, &text) &&
                  add_entry(reading, list, vt_bytes_str(text), value->line, value->column) &&
                  is_good;
    }
    return is_good;
}

/* ---- a list ---- */

static bool fill_set(struct vt_reading *reading, struct vt_list *list)
{
    struct vt_arena *arena = reading->yaml->arena;
    char folded[VT_MAX_SET_TEXT_BYTES];
    if (vt_set_init(&list->set, arena, list->entries_count) != VT_OK)
        return vt_no_memory(reading, list->node);
    for (size_t i = 0; i < list->entries_count; i++) {
        if (!vt_set_fold(folded, list->entries[i].text))
            continue;
        if (vt_check_fingerprint(folded))
            vt_set_strip_fingerprint(folded);
        const char *kept = vt_arena_str(arena, folded);
        if (kept == NULL)
            return vt_no_memory(reading, list->node);
        vt_set_add(&list->set, kept);
    }
    return true;
}

static bool read_source(struct vt_reading *reading, const struct vt_bundle *bundle,
                        struct vt_list *list, const char *source)
{
    const char *name = vt_list_bundle_name(reading->yaml->arena, list->node);
    bool is_plain = strcmp(source, "file") == 0;
    if (name == NULL)
        return vt_no_memory(reading, list->node);
    const struct vt_bundle_file *file = vt_bundle_file(reading->yaml, bundle, list->node, name);
    if (file == NULL)
        return false;
    list->file = file->path;
    list->is_foreign = !is_plain;
    bool is_keyed = !is_plain && file->kind == VT_BUNDLE_FILE;
    return read_lines(reading, list, file->bytes, is_keyed);
}

static bool read_list(struct vt_reading *reading, const struct vt_bundle *bundle,
                      const struct vt_yaml_node *key, struct vt_list *list)
{
    const char *file = NULL;
    const char *source = vt_list_source(list->node, &file);
    if (key->kind != VT_YAML_SCALAR || !vt_check_word(key->text))
        return vt_yaml_mistake(reading->yaml, key,
                               "the name of a list is a word of printable ASCII without spaces");
    if (list->node->kind == VT_YAML_MAPPING && source == NULL)
        return vt_yaml_mistake(reading->yaml, list->node,
                               "a list has values, or one of file, texthash, hash, cdb, lmdb: "
                               "{file: names.txt}, cdb:/etc/postfix/names");
    bool is_good =
        source != NULL ? read_source(reading, bundle, list, source) : read_values(reading, list);
    if (is_good && list->entries_count == 0)
        vt_yaml_warning(reading->yaml, list->node, "the list \"%s\" is empty: nothing is in it",
                        list->name);
    return is_good && fill_set(reading, list);
}

enum vt_code vt_lists_parse(struct vt_reading *reading, const struct vt_bundle *bundle,
                            const struct vt_yaml_node *node, struct vt_err *err)
{
    struct vt_policy *policy = reading->policy;
    if (!vt_yaml_is_mapping(reading->yaml, node, "lists"))
        return VT_OK;
    policy->lists = vt_arena_alloc(policy->arena, node->count * sizeof(*policy->lists));
    if (policy->lists == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the lists of the policy");
    for (size_t i = 0; i < node->count; i++) {
        struct vt_list *list = &policy->lists[policy->lists_count++];
        *list = (struct vt_list){.name = node->entries[i].key->text,
                                 .node = node->entries[i].value,
                                 .file = reading->yaml->file};
        if (list->name == NULL)
            list->name = "";
        (void)read_list(reading, bundle, node->entries[i].key, list);
    }
    return VT_OK;
}

/* ---- using a list ---- */

static struct vt_list *find_list(const struct vt_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->lists_count; i++) {
        if (strcmp(policy->lists[i].name, name) == 0)
            return &policy->lists[i];
    }
    return NULL;
}

static bool no_such_list(struct vt_reading *reading, const struct vt_yaml_node *node)
{
    const struct vt_policy *policy = reading->policy;
    char shown[64];
    vt_text_clean(shown, sizeof(shown), vt_bytes_str(node->text));
    for (size_t i = 0; i < policy->lists_count; i++) {
        if (vt_text_distance(policy->lists[i].name, node->text, 2) <= 2)
            return vt_yaml_mistake(reading->yaml, node,
                                   "there is no list \"%s\": did you mean \"%s\"?", shown,
                                   policy->lists[i].name);
    }
    return vt_yaml_mistake(reading->yaml, node,
                           "there is no list \"%s\": write it under \"lists:\" at the top of the "
                           "file",
                           shown);
}

/* Every entry of one's own list is told; of a foreign one how many are of no use here. */
static void compare_entries(struct vt_reading *reading, const struct vt_yaml_node *node,
                            const struct vt_list *list, const struct vt_form *form)
{
    bool (*is_valid)(const char *) = form->is_entry != NULL ? form->is_entry : form->is_valid;
    size_t skipped = 0;
    char text[VT_ERR_TEXT_BYTES], shown[64];
    for (size_t i = 0; i < list->entries_count; i++) {
        const struct vt_list_entry *entry = &list->entries[i];
        if (is_valid(entry->text))
            continue;
        skipped++;
        (void)snprintf(text, sizeof(text), "\"%s\" is not %s",
                       vt_text_clean(shown, sizeof(shown), vt_bytes_str(entry->text)), form->what);
        if (!list->is_foreign)
            entry_mistake(reading, list, entry->line, entry->column, false, text);
    }
    if (skipped > 0 && list->is_foreign && skipped == list->entries_count)
        vt_yaml_warning(reading->yaml, node,
                        "none of the %zu keys of %s can match here: none is %s",
                        list->entries_count, list->file, form->what);
}

struct vt_list *vt_list_named(struct vt_reading *reading, const struct vt_yaml_node *node,
                              const struct vt_form *form)
{
    static const char *const keys[] = {"list"};
    const char *name = NULL;
    const struct vt_yaml_node *value = vt_yaml_find(node, "list");
    vt_yaml_check_keys(reading->yaml, node, keys, 1);
    if (value == NULL)
        return NULL;
    if (!vt_yaml_text(reading->yaml, value, &name))
        return NULL;
    struct vt_list *list = find_list(reading->policy, name);
    if (list == NULL) {
        no_such_list(reading, value);
        return NULL;
    }
    list->is_used = true;
    size_t known = 0, most = sizeof(list->checked) / sizeof(list->checked[0]);
    while (known < most && list->checked[known] != NULL && list->checked[known] != form)
        known++;
    if (known < most && list->checked[known] == form)
        return list;
    if (known < most)
        list->checked[known] = form;
    compare_entries(reading, value, list, form);
    return list;
}
