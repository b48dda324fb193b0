/* SPDX-License-Identifier: Apache-2.0
 * Lists of two policies, compared by name: which entries came and which went. */
#include "diff.h"

#include <string.h>

#include "base/config_table.h"

/* Entries that a difference names. */
#define SHOWN_ENTRIES 5

static const struct vt_list *find_list(const struct vt_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->lists_count; i++) {
        if (strcmp(policy->lists[i].name, name) == 0)
            return &policy->lists[i];
    }
    return NULL;
}

/* As the entries of a list are kept. */
static bool has(const struct vt_list *list, const char *text)
{
    char folded[VT_MAX_SET_TEXT_BYTES];
    if (list == NULL || !vt_set_fold(folded, text))
        return false;
    if (vt_check_fingerprint(folded))
        vt_set_strip_fingerprint(folded);
    return vt_set_has(&list->set, folded);
}

/* "3: a, b, c": entries of one list that the other has not; NULL: there are none. */
static const char *entries_without(struct vt_diffing *diffing, const struct vt_list *list,
                                   const struct vt_list *other)
{
    struct vt_arena *arena = diffing->arena;
    char *shown = NULL;
    size_t count = 0;
    for (size_t i = 0; list != NULL && i < list->entries_count; i++) {
        const char *text = list->entries[i].text;
        if (has(other, text))
            continue;
        if (count < SHOWN_ENTRIES)
            shown = count == 0 ? vt_arena_str(arena, text)
                               : vt_arena_printf(arena, "%s, %s", shown, text);
        count++;
        if (shown == NULL)
            return vt_diff_keep(diffing, NULL);
    }
    if (count == 0)
        return NULL;
    return vt_diff_keep(diffing, vt_arena_printf(arena, "%zu: %s%s", count, shown,
                                                 count > SHOWN_ENTRIES ? ", …" : ""));
}

static void compare_lists(struct vt_diffing *diffing, const struct vt_list *before,
                          const struct vt_list *after)
{
    const char *went = entries_without(diffing, before, after);
    const char *came = entries_without(diffing, after, before);
    if (before != NULL && after != NULL && went == NULL && came == NULL)
        return;
    const struct vt_list *either = after != NULL ? after : before;
    const struct vt_difference difference = {
        .of = VT_DIFFERENCE_OF_LIST,
        .kind = before == NULL  ? VT_DIFFERENCE_ADDED
                : after == NULL ? VT_DIFFERENCE_REMOVED
                                : VT_DIFFERENCE_CHANGED,
        .name = either->name,
        .before = went,
        .after = came,
        .line_before = before != NULL ? before->node->line : 0,
        .line_after = after != NULL ? after->node->line : 0,
        /* A list that only one has is named by a rule that is another one. */
        .may_be_severer = before != NULL && after != NULL};
    vt_diff_add(diffing, &difference);
}

void vt_diff_lists(struct vt_diffing *diffing)
{
    for (size_t i = 0; i < diffing->before->lists_count; i++) {
        const struct vt_list *before = &diffing->before->lists[i];
        compare_lists(diffing, before, find_list(diffing->after, before->name));
    }
    for (size_t i = 0; i < diffing->after->lists_count; i++) {
        const struct vt_list *after = &diffing->after->lists[i];
        if (find_list(diffing->before, after->name) == NULL)
            compare_lists(diffing, NULL, after);
    }
}
