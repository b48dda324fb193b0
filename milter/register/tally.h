/* SPDX-License-Identifier: Apache-2.0
 * Counting by name: a table of bounded size from texts to numbers. */
#ifndef VANTHU_REGISTER_TALLY_H
#define VANTHU_REGISTER_TALLY_H

#include "vanthu/report.h"

#define VT_TALLY_NUMBERS 12
#define VT_TALLY_TEXTS 5

struct vt_tally_entry {
    const char *name; /* NULL in the entry of what did not fit */
    int64_t numbers[VT_TALLY_NUMBERS];
    const char *texts[VT_TALLY_TEXTS];
    uint64_t hash;
};

struct vt_tally {
    struct vt_arena *arena;
    struct vt_tally_entry **slots; /* a power of two of them, at most half of them used */
    size_t slots_count;
    size_t count, max;
    struct vt_tally_entry rest; /* everything that came when max names were there */
    bool has_rest;
};

/* max: names at most. */
enum vt_code vt_tally_init(struct vt_tally *tally, struct vt_arena *arena,
                           size_t max) VT_MUST_CHECK;
/* The entry of a name, made when there is none. NULL when memory is out. */
struct vt_tally_entry *vt_tally_get(struct vt_tally *tally, const char *name) VT_MUST_CHECK;
/* Give an entry a text that it does not have yet. VT_E_NOMEM. */
enum vt_code vt_tally_text(struct vt_tally *tally, struct vt_tally_entry *entry, size_t index,
                           const char *text) VT_MUST_CHECK;
/* All entries in the order of compare, the rest last; in arena. NULL when memory is out. */
struct vt_tally_entry **vt_tally_sorted(const struct vt_tally *tally,
                                        int (*compare)(const struct vt_tally_entry *a,
                                                       const struct vt_tally_entry *b),
                                        size_t *out_count) VT_MUST_CHECK;

#endif
