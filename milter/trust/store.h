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
    struct vt_trust_entry *entries;
    size_t entries_count;
};

bool vt_certificate_list_has(const struct vt_certificate_list *list,
                             const struct vt_certificate *certificate);
/* Read a whole small file; *out is malloc'd. VT_E_CONFIG, VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_trust_file_read(const char *path, uint8_t **out, size_t *out_len,
                                struct vt_err *err) VT_MUST_CHECK;
/* The fingerprints of a file that has one in each line, with anything behind "#", in arena. A file
 * that is not there has none. VT_E_CONFIG with the line. */
enum vt_code vt_trust_confirmed_read(struct vt_arena *arena, const char *path,
                                     const char *const **out, size_t *out_count,
                                     struct vt_err *err) VT_MUST_CHECK;

/* Append unless it is there. VT_E_NOMEM, VT_E_LIMIT. */
enum vt_code vt_certificate_list_add(struct vt_arena *arena, struct vt_certificate_list *list,
                                     const struct vt_certificate *certificate) VT_MUST_CHECK;

#endif
