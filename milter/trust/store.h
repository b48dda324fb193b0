/* SPDX-License-Identifier: Apache-2.0
 * The trust store as the trust room sees it. */
#ifndef VANTHU_TRUST_STORE_H
#define VANTHU_TRUST_STORE_H

#include "vanthu/trust.h"

/* Certificates of one set, of all its files together. */
#define VT_MAX_STORE_CERTIFICATES 1024

struct vt_certificate_list {
    const struct vt_certificate **items;
    size_t count;
};

struct vt_trust_store {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_certificate_list anchors[VT_TRUST_SETS];
    /* Anchors that nobody confirmed: never used, but known, so that what leads to them is said to
     * be unchecked instead of untrusted. */
    struct vt_certificate_list unconfirmed[VT_TRUST_SETS];
    struct vt_certificate_list intermediates;
    struct vt_trust_rules rules[VT_TRUST_SETS];
};

bool vt_certificate_list_has(const struct vt_certificate_list *list,
                             const struct vt_certificate *certificate);
/* Append unless it is there. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_certificate_list_add(struct vt_arena *arena, struct vt_certificate_list *list,
                                     const struct vt_certificate *certificate) VT_MUST_CHECK;

#endif
