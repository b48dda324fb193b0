/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the comparison of two policies share. */
#ifndef VANTHU_POLICY_DIFF_PARTS_H
#define VANTHU_POLICY_DIFF_PARTS_H

#include "rule.h"
#include "vanthu/policy_diff.h"

struct vt_diffing {
    struct vt_arena *arena;
    const struct vt_policy *before, *after;
    struct vt_policy_diff *out;
    enum vt_action most_after; /* the most severe of the rules of the later one */
    bool is_out_of_memory;
};

/* Keep one difference; beyond the most it is counted. */
void vt_diff_add(struct vt_diffing *diffing, const struct vt_difference *difference);
/* The text, or NULL after memory went out, which is remembered. */
const char *vt_diff_keep(struct vt_diffing *diffing, char *text);
/* Texts that are the same, NULL and NULL too. */
bool vt_diff_is_same(const char *a, const char *b);

/* ---- values as text (diff_text.c) ---- */

/* A value as it could be written in one line, keys and lists of words in order: two values that
 * mean the same have the same text. */
const char *vt_diff_value(struct vt_diffing *diffing, const struct vt_yaml_node *node);
const char *vt_diff_then(struct vt_diffing *diffing, const struct vt_then *then);
/* NULL for VT_TIME_NONE. */
const char *vt_diff_time(struct vt_diffing *diffing, int64_t utc_secs);

/* ---- parts ---- */

/* Rules: added, removed, changed, moved (diff_rules.c). */
void vt_diff_rules(struct vt_diffing *diffing);
/* Of rules of both policies, by their places in the earlier one in the order of the later one, the
 * fewest that were moved (diff_order.c). out_is_moved: count of them. VT_E_NOMEM. */
enum vt_code vt_diff_order(struct vt_arena *arena, const size_t *places, size_t count,
                           bool *out_is_moved) VT_MUST_CHECK;
/* Lists by name, with what came and went (diff_lists.c). */
void vt_diff_lists(struct vt_diffing *diffing);
/* The tables of agencies (diff_site.c). */
void vt_diff_site(struct vt_diffing *diffing);

#endif
