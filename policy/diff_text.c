/* SPDX-License-Identifier: Apache-2.0
 * Values of a policy as one line of text. Keys of a mapping and words of a list stand in order, so
 * that a value written in another order has the same text. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

/* A "when" of a few lists of addresses; longer texts are compared by what fits, with its end. */
#define MAX_VALUE_BYTES ((size_t)1024 * 1024)

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What YAML would read as something else stands in quotes. */
static char *scalar(struct vt_arena *arena, const struct vt_yaml_node *node)
{
    bool is_plain = node->text[0] != '\0' && strpbrk(node->text, ",:[]{}#\"'&*!|>%@`") == NULL &&
                    node->text[0] != ' ' && node->text[0] != '-';
    return vt_arena_printf(arena, is_plain ? "%s" : "\"%s\"", node->text);
}

static char *join(struct vt_arena *arena, const char **texts, size_t count, const char *brackets)
{
    struct vt_buf out;
    char *kept = NULL;
    vt_buf_init(&out, MAX_VALUE_BYTES);
    enum vt_code code = vt_buf_add(&out, brackets, 1);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = vt_buf_addf(&out, "%s%s", i > 0 ? ", " : "", texts[i]);
    if (code == VT_OK)
        code = vt_buf_add(&out, brackets + 1, 1);
    if (code == VT_OK || code == VT_E_LIMIT)
        kept = vt_arena_dup(arena, out.ptr, out.len);
    vt_buf_clear(&out);
    return kept;
}

/* Depth is that of the tree, which the parser bounds. */
static char *value(struct vt_arena *arena, const struct vt_yaml_node *node)
{
    if (node->kind == VT_YAML_SCALAR)
        return scalar(arena, node);
    if (node->kind == VT_YAML_SEQUENCE && node->count == 1 &&
        node->entries[0].value->kind == VT_YAML_SCALAR)
        return value(arena, node->entries[0].value);
    const char **texts = vt_arena_alloc(arena, (node->count + 1) * sizeof(*texts));
    if (texts == NULL)
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        const struct vt_yaml_entry *entry = &node->entries[i];
        texts[i] = value(arena, entry->value);
        if (texts[i] != NULL && entry->key != NULL)
            texts[i] = vt_arena_printf(arena, "%s: %s", entry->key->text, texts[i]);
        if (texts[i] == NULL)
            return NULL;
    }
    /* In no list of this language the order means anything. */
    if (node->count > 1)
        qsort(texts, node->count, sizeof(*texts), compare_texts);
    return join(arena, texts, node->count, node->kind == VT_YAML_MAPPING ? "{}" : "[]");
}

const char *vt_diff_value(struct vt_diffing *diffing, const struct vt_yaml_node *node)
{
    return node == NULL ? NULL : vt_diff_keep(diffing, value(diffing->arena, node));
}

/* "reject" is {action: reject}. */
const char *vt_diff_then(struct vt_diffing *diffing, const struct vt_then *then)
{
    const struct vt_yaml_node *node = then->node;
    bool is_bare =
        node->kind == VT_YAML_MAPPING && node->count == 1 && vt_yaml_find(node, "action") != NULL;
    return vt_diff_value(diffing, is_bare ? vt_yaml_find(node, "action") : node);
}

const char *vt_diff_time(struct vt_diffing *diffing, int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    if (utc_secs == VT_TIME_NONE)
        return NULL;
    return vt_diff_keep(diffing, vt_arena_str(diffing->arena, vt_time_rfc3339(text, utc_secs)));
}
