/* SPDX-License-Identifier: Apache-2.0
 * A table of agencies as a tree that is changed and written again: block style, texts in quotes
 * where YAML 1.1 or 1.2 could take them for something else. Comments are not kept. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "command/site.h"

struct vt_yaml_node *vt_site_new_node(struct vt_arena *arena, enum vt_yaml_kind kind,
                                      const char *text)
{
    struct vt_yaml_node *node = vt_arena_alloc(arena, sizeof(*node));
    const char *copy = vt_arena_str(arena, text == NULL ? "" : text);
    if (node == NULL || copy == NULL)
        return NULL;
    *node = (struct vt_yaml_node){.kind = kind, .text = copy};
    return node;
}

/* Entries of the parser's nodes may be grown only by the function that made them. */
static bool add(struct vt_arena *arena, struct vt_yaml_node *parent, struct vt_yaml_node *key,
                struct vt_yaml_node *value)
{
    struct vt_yaml_entry *grown =
        value == NULL ? NULL : vt_arena_grow(arena, parent->entries, parent->count, sizeof(*grown));
    if (grown == NULL)
        return false;
    parent->entries = grown;
    parent->entries[parent->count++] = (struct vt_yaml_entry){key, value};
    return true;
}

bool vt_site_append(struct vt_arena *arena, struct vt_yaml_node *sequence,
                    struct vt_yaml_node *value)
{
    return add(arena, sequence, NULL, value);
}

bool vt_site_set(struct vt_arena *arena, struct vt_yaml_node *mapping, const char *key,
                 struct vt_yaml_node *value)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (value != NULL && strcmp(mapping->entries[i].key->text, key) == 0) {
            mapping->entries[i].value = value;
            return true;
        }
    }
    struct vt_yaml_node *its = vt_site_new_node(arena, VT_YAML_SCALAR, key);
    return its != NULL && add(arena, mapping, its, value);
}

struct vt_yaml_node *vt_site_get(const struct vt_yaml_node *mapping, const char *key)
{
    for (size_t i = 0; mapping->kind == VT_YAML_MAPPING && i < mapping->count; i++) {
        if (strcmp(mapping->entries[i].key->text, key) == 0)
            return mapping->entries[i].value;
    }
    return NULL;
}

struct vt_yaml_node *vt_site_find_agency(const struct vt_yaml_node *agencies, const char *id)
{
    for (size_t i = 0; agencies != NULL && id != NULL && i < agencies->count; i++) {
        const struct vt_yaml_node *its = vt_site_get(agencies->entries[i].value, "id");
        if (its != NULL && strcmp(its->text, id) == 0)
            return agencies->entries[i].value;
    }
    return NULL;
}

bool vt_site_bare(const char *text, char out[65])
{
    size_t used = 0;
    out[0] = '\0';
    if (!vt_check_fingerprint(text))
        return false;
    for (; *text != '\0' && used < 64; text++) {
        if (*text != ':' && *text != ' ')
            out[used++] = (char)tolower((unsigned char)*text);
    }
    out[used] = '\0';
    return used == 64;
}

/* ---- writing ---- */

/* A letter begins it, nothing in it means anything, and it is no word of YAML 1.1. Dates stay
 * plain: nobody quotes them. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    bool is_date =
        strlen(text) == 10 && text[4] == '-' && text[7] == '-' && strspn(text, "0123456789-") == 10;
    bool begins = (text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z') ||
                  (unsigned char)text[0] >= 0x80;
    size_t len = strlen(text);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        begins = begins && strcasecmp(text, words[i]) != 0;
    return is_date ||
           (begins && text[len - 1] != ' ' && strpbrk(text, ":#,[]{}\"'&*!|>%@`\\") == NULL);
}

static enum vt_code write_scalar(const struct vt_yaml_node *node, struct vt_buf *out)
{
    bool is_word =
        !node->quoted && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0);
    if (is_word || is_plain(node->text))
        return vt_buf_addf(out, "%s", node->text);
    enum vt_code code = vt_buf_add(out, "\"", 1);
    for (const char *at = node->text; *at != '\0' && code == VT_OK; at++)
        code = vt_buf_addf(out, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
    return code == VT_OK ? vt_buf_add(out, "\"", 1) : code;
}

static enum vt_code write_node(const struct vt_yaml_node *node, int indent, bool is_first,
                               struct vt_buf *out);

static bool is_flat(const struct vt_yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        if (node->entries[i].value->kind != VT_YAML_SCALAR)
            return false;
    }
    return node->kind == VT_YAML_SEQUENCE;
}

static enum vt_code write_flat(const struct vt_yaml_node *node, struct vt_buf *out)
{
    enum vt_code code = vt_buf_add(out, "[", 1);
    for (size_t i = 0; i < node->count && code == VT_OK; i++) {
        if (i > 0)
            code = vt_buf_add(out, ", ", 2);
        if (code == VT_OK)
            code = write_scalar(node->entries[i].value, out);
    }
    return code == VT_OK ? vt_buf_add(out, "]", 1) : code;
}

/* Behind "key:" */
static enum vt_code write_value(const struct vt_yaml_node *value, int indent, struct vt_buf *out)
{
    enum vt_code code = VT_OK;
    bool is_block = value->kind != VT_YAML_SCALAR && !is_flat(value) && value->count > 0;
    if (is_block)
        code = vt_buf_add(out, "\n", 1);
    else
        code = vt_buf_add(out, " ", 1);
    if (code != VT_OK)
        return code;
    if (is_block)
        return write_node(value, value->kind == VT_YAML_SEQUENCE ? indent : indent + 2, false, out);
    code = value->kind == VT_YAML_SCALAR                         ? write_scalar(value, out)
           : value->count == 0 && value->kind == VT_YAML_MAPPING ? vt_buf_add(out, "{}", 2)
                                                                 : write_flat(value, out);
    return code == VT_OK ? vt_buf_add(out, "\n", 1) : code;
}

/* is_first: the first line stands behind "- " already. The tree has the depth that reading allows.
 */
static enum vt_code write_node(const struct vt_yaml_node *node, int indent, bool is_first,
                               struct vt_buf *out)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < node->count && code == VT_OK; i++) {
        const struct vt_yaml_entry *entry = &node->entries[i];
        code = vt_buf_addf(out, "%*s", is_first && i == 0 ? 0 : indent, "");
        if (code == VT_OK && node->kind == VT_YAML_SEQUENCE) {
            code = vt_buf_addf(out, "- ");
            if (code == VT_OK && entry->value->kind == VT_YAML_MAPPING)
                code = write_node(entry->value, indent + 2, true, out);
            else if (code == VT_OK && entry->value->kind == VT_YAML_SCALAR)
                code = write_scalar(entry->value, out) == VT_OK ? vt_buf_add(out, "\n", 1)
                                                                : VT_E_LIMIT;
        } else if (code == VT_OK) {
            code = write_scalar(entry->key, out);
            if (code == VT_OK)
                code = vt_buf_add(out, ":", 1);
            if (code == VT_OK)
                code = write_value(entry->value, indent, out);
        }
    }
    return code;
}

enum vt_code vt_site_write_yaml(const struct vt_yaml_node *root, struct vt_buf *out)
{
    return write_node(root, 0, false, out);
}
