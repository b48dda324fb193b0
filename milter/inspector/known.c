/* SPDX-License-Identifier: Apache-2.0
 * What is known from two sources as one. */
#include <string.h>

#include "inspector/child.h"

static void *joined(struct vt_arena *arena, const void *first, size_t first_count,
                    const void *second, size_t second_count, size_t element_bytes)
{
    uint8_t *all = vt_arena_alloc(arena, (first_count + second_count + 1) * element_bytes);
    if (all == NULL)
        return NULL;
    if (first_count > 0)
        memcpy(all, first, first_count * element_bytes);
    if (second_count > 0)
        memcpy(all + first_count * element_bytes, second, second_count * element_bytes);
    return all;
}

static bool is_empty(const struct vt_known *known)
{
    return known->facts_count + known->lists_count + known->issuers_count +
               known->no_issuer_of_count + known->first_seen_count ==
           0;
}

enum vt_code vt_known_join(struct vt_arena *arena, const struct vt_known *first,
                           const struct vt_known *second, struct vt_known *out, struct vt_err *err)
{
    if (is_empty(first) || is_empty(second)) {
        *out = is_empty(first) ? *second : *first;
        return VT_OK;
    }
    struct vt_known all = {
        .facts = joined(arena, first->facts, first->facts_count, second->facts, second->facts_count,
                        sizeof(*all.facts)),
        .facts_count = first->facts_count + second->facts_count,
        .lists = joined(arena, first->lists, first->lists_count, second->lists, second->lists_count,
                        sizeof(*all.lists)),
        .lists_count = first->lists_count + second->lists_count,
        .issuers = joined(arena, first->issuers, first->issuers_count, second->issuers,
                          second->issuers_count, sizeof(*all.issuers)),
        .issuers_count = first->issuers_count + second->issuers_count,
        .no_issuer_of =
            joined(arena, first->no_issuer_of, first->no_issuer_of_count, second->no_issuer_of,
                   second->no_issuer_of_count, sizeof(*all.no_issuer_of)),
        .no_issuer_of_count = first->no_issuer_of_count + second->no_issuer_of_count,
        .first_seen = joined(arena, first->first_seen, first->first_seen_count, second->first_seen,
                             second->first_seen_count, sizeof(*all.first_seen)),
        .first_seen_count = first->first_seen_count + second->first_seen_count,
    };
    if (all.facts == NULL || all.lists == NULL || all.issuers == NULL || all.no_issuer_of == NULL ||
        all.first_seen == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for what is known");
    *out = all;
    return VT_OK;
}
