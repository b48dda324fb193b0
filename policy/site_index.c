/* SPDX-License-Identifier: Apache-2.0
 * Sorted texts and what they stand for: 100 000 certificates are found in 17 comparisons. */
#include <stdlib.h>
#include <string.h>

#include "site_table.h"

enum vt_code vt_site_index_add(struct vt_arena *arena, struct vt_site_index *index,
                               const char *text, size_t value, const struct vt_yaml_node *node)
{
    struct vt_site_key *grown =
        vt_arena_grow(arena, index->keys, index->count, sizeof(*index->keys));
    if (grown == NULL)
        return VT_E_NOMEM;
    index->keys = grown;
    index->keys[index->count++] = (struct vt_site_key){text, value, node == NULL ? 0 : node->line,
                                                       node == NULL ? 0 : node->column};
    return VT_OK;
}

static int compare(const void *left, const void *right)
{
    const struct vt_site_key *a = left, *b = right;
    int order = strcmp(a->text, b->text);
    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

void vt_site_index_sort(struct vt_site_index *index)
{
    if (index->count > 1)
        qsort(index->keys, index->count, sizeof(*index->keys), compare);
}

size_t vt_site_index_find(const struct vt_site_index *index, const char *text)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->keys[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < index->count && strcmp(index->keys[low].text, text) == 0;
    return is_there ? index->keys[low].value : VT_SITE_NOTHING;
}

size_t vt_site_index_find_domain(const struct vt_site_index *index, const char *domain)
{
    char exact[256 + 2];
    size_t found = VT_SITE_NOTHING;
    /* RFC 1035 2.3.4: what is longer is no domain. */
    if (strlen(domain) > 255)
        return found;
    exact[0] = '=';
    memcpy(exact + 1, domain, strlen(domain) + 1);
    found = vt_site_index_find(index, exact);
    while (found == VT_SITE_NOTHING && domain != NULL) {
        found = vt_site_index_find(index, domain);
        const char *dot = strchr(domain, '.');
        domain = dot == NULL ? NULL : dot + 1;
    }
    return found;
}
