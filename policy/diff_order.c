/* SPDX-License-Identifier: Apache-2.0
 * Which rules were moved: the rest is the longest increasing subsequence of their old places
 * (Fredman 1975), so that the fewest are called moved. */
#include "diff.h"

/* Of the ends of subsequences by length the first that is not below a place. */
static size_t find_end(const size_t *ends, size_t count, const size_t *places, size_t place)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places[ends[middle]] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum vt_code vt_diff_order(struct vt_arena *arena, const size_t *places, size_t count,
                           bool *out_is_moved)
{
    size_t *ends = vt_arena_alloc(arena, (count + 1) * sizeof(*ends));
    size_t *before = vt_arena_alloc(arena, (count + 1) * sizeof(*before));
    size_t length = 0;
    if (ends == NULL || before == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        size_t at = find_end(ends, length, places, places[i]);
        before[i] = at > 0 ? ends[at - 1] : SIZE_MAX;
        ends[at] = i;
        length += at == length;
        out_is_moved[i] = true;
    }
    for (size_t i = length > 0 ? ends[length - 1] : SIZE_MAX; i != SIZE_MAX; i = before[i])
        out_is_moved[i] = false;
    return VT_OK;
}
