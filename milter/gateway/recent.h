/* SPDX-License-Identifier: Apache-2.0
 * A bounded table of what happened lately, by a keyed 64-bit hash: sets of eight entries, the one
 * least recently used goes first. For poison mail and for the clock of defers. Thread-safe. */
#ifndef VANTHU_GATEWAY_RECENT_H
#define VANTHU_GATEWAY_RECENT_H

#include "vanthu/bytes.h"

struct vt_recent;

/* What is known of one key. Times are in the caller's unit. */
struct vt_recent_entry {
    int64_t first;
    int64_t last;
    unsigned count;
};

/* entries_count: rounded up to a multiple of eight. lifetime: an entry that was not touched for
 * longer is forgotten. NULL when memory is out. */
struct vt_recent *vt_recent_new(size_t entries_count, int64_t lifetime);
void vt_recent_free(struct vt_recent *recent);
/* False: nothing known. */
bool vt_recent_get(struct vt_recent *recent, uint64_t key, int64_t now,
                   struct vt_recent_entry *out);
/* Remember the key, with first = now when it is new, and add to its count. Gives the result. */
struct vt_recent_entry vt_recent_touch(struct vt_recent *recent, uint64_t key, int64_t now,
                                       unsigned add_count);
void vt_recent_forget(struct vt_recent *recent, uint64_t key);

#endif
