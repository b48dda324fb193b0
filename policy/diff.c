/* SPDX-License-Identifier: Apache-2.0
 * Comparing two policies by what stands in them. */
#include "diff.h"

#include <string.h>

static const char *const kinds[] = {[VT_DIFFERENCE_ADDED] = "added",
                                    [VT_DIFFERENCE_REMOVED] = "removed",
                                    [VT_DIFFERENCE_CHANGED] = "changed",
                                    [VT_DIFFERENCE_MOVED] = "moved"};
static const char *const things[] = {[VT_DIFFERENCE_OF_RULE] = "rule",
                                     [VT_DIFFERENCE_OF_LIST] = "list",
                                     [VT_DIFFERENCE_OF_POLICY] = "policy",
                                     [VT_DIFFERENCE_OF_AGENCY] = "agency",
                                     [VT_DIFFERENCE_OF_CERTIFICATE] = "certificate",
                                     [VT_DIFFERENCE_OF_ADDRESS] = "address",
                                     [VT_DIFFERENCE_OF_TABLE] = "table"};

const char *vt_difference_kind_name(enum vt_difference_kind kind)
{
    return kinds[kind];
}

const char *vt_difference_of_name(enum vt_difference_of of)
{
    return things[of];
}

void vt_diff_add(struct vt_diffing *diffing, const struct vt_difference *difference)
{
    struct vt_policy_diff *out = diffing->out;
    out->may_be_severer |= difference->may_be_severer;
    if (out->count >= VT_MAX_DIFFERENCES) {
        out->further_count++;
        return;
    }
    struct vt_difference *grown =
        vt_arena_grow(diffing->arena, out->items, out->count, sizeof(*grown));
    if (grown == NULL) {
        diffing->is_out_of_memory = true;
        return;
    }
    out->items = grown;
    out->items[out->count++] = *difference;
}

const char *vt_diff_keep(struct vt_diffing *diffing, char *text)
{
    diffing->is_out_of_memory |= text == NULL;
    return text;
}

bool vt_diff_is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- what stands beside rules and lists ---- */

static void compare_setting(struct vt_diffing *diffing, const char *key, const char *before,
                            const char *after)
{
    if (vt_diff_is_same(before, after))
        return;
    const struct vt_difference difference = {.of = VT_DIFFERENCE_OF_POLICY,
                                             .kind = before == NULL  ? VT_DIFFERENCE_ADDED
                                                     : after == NULL ? VT_DIFFERENCE_REMOVED
                                                                     : VT_DIFFERENCE_CHANGED,
                                             .key = key,
                                             .before = before,
                                             .after = after,
                                             /* With an officer mail can be held, without one
                                              * "without-officer" is done in its place. */
                                             .may_be_severer = true};
    vt_diff_add(diffing, &difference);
}

static const char *officer_of(struct vt_diffing *diffing, const struct vt_policy *policy)
{
    if (policy->officer_mailbox == NULL)
        return NULL;
    return vt_diff_keep(diffing, vt_arena_printf(diffing->arena, "%s <%s>", policy->officer_name,
                                                 policy->officer_mailbox));
}

enum vt_code vt_policy_diff(struct vt_arena *arena, const struct vt_policy *before,
                            const struct vt_policy *after, struct vt_policy_diff *out,
                            struct vt_err *err)
{
    struct vt_diffing diffing = {.arena = arena, .before = before, .after = after, .out = out};
    *out = (struct vt_policy_diff){0};
    vt_diff_rules(&diffing);
    vt_diff_lists(&diffing);
    compare_setting(&diffing, "officer", officer_of(&diffing, before), officer_of(&diffing, after));
    compare_setting(&diffing, "official-only-since",
                    vt_diff_time(&diffing, before->official_only_since_utc_secs),
                    vt_diff_time(&diffing, after->official_only_since_utc_secs));
    vt_diff_site(&diffing);
    if (diffing.is_out_of_memory)
        return vt_err_set(err, VT_E_NOMEM, "no memory to compare the policies");
    return VT_OK;
}
