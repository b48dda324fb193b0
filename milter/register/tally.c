/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with linear probing. Names come from mail, so the number of entries has a
 * maximum; a stranger who chooses names with one hash can make a report slow, not wrong. */
#include "register/tally.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 64

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 29);
}

enum vt_code vt_tally_init(struct vt_tally *tally, struct vt_arena *arena, size_t max)
{
    *tally = (struct vt_tally){.arena = arena, .max = max, .slots_count = SLOTS_FIRST};
    tally->slots = vt_arena_alloc(arena, SLOTS_FIRST * sizeof(struct vt_tally_entry *));
    return tally->slots != NULL ? VT_OK : VT_E_NOMEM;
}

/* Where the name stands, or where it would. */
static struct vt_tally_entry **slot_of(const struct vt_tally *tally, const char *name,
                                       uint64_t hash)
{
    size_t mask = tally->slots_count - 1, i = (size_t)hash & mask;
    while (tally->slots[i] != NULL &&
           (tally->slots[i]->hash != hash || strcmp(tally->slots[i]->name, name) != 0))
        i = (i + 1) & mask;
    return &tally->slots[i];
}

static bool grow(struct vt_tally *tally)
{
    struct vt_tally old = *tally;
    tally->slots_count *= 2;
    tally->slots =
        vt_arena_alloc(tally->arena, tally->slots_count * sizeof(struct vt_tally_entry *));
    if (tally->slots == NULL) {
        *tally = old;
        return false;
    }
    for (size_t i = 0; i < old.slots_count; i++) {
        if (old.slots[i] != NULL)
            *slot_of(tally, old.slots[i]->name, old.slots[i]->hash) = old.slots[i];
    }
    return true;
}

struct vt_tally_entry *vt_tally_get(struct vt_tally *tally, const char *name)
{
    uint64_t hash = hash_of(name);
    struct vt_tally_entry **slot = slot_of(tally, name, hash);
    if (*slot != NULL)
        return *slot;
    if (tally->count == tally->max) {
        tally->has_rest = true;
        return &tally->rest;
    }
    if (2 * (tally->count + 1) > tally->slots_count) {
        if (!grow(tally))
            return NULL;
        slot = slot_of(tally, name, hash);
    }
    struct vt_tally_entry *entry = vt_arena_alloc(tally->arena, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->name = vt_arena_str(tally->arena, name);
    entry->hash = hash;
    if (entry->name == NULL)
        return NULL;
    *slot = entry;
    tally->count++;
    return entry;
}

enum vt_code vt_tally_text(struct vt_tally *tally, struct vt_tally_entry *entry, size_t index,
                           const char *text)
{
    if (entry == &tally->rest || entry->texts[index] != NULL)
        return VT_OK;
    entry->texts[index] = vt_arena_str(tally->arena, text);
    return entry->texts[index] != NULL ? VT_OK : VT_E_NOMEM;
}

typedef int tally_compare(const struct vt_tally_entry *a, const struct vt_tally_entry *b);

static int compare_by(const void *a, const void *b, void *compare)
{
    tally_compare *const *by = compare;
    const struct vt_tally_entry *const *first = a;
    const struct vt_tally_entry *const *second = b;
    return (*by)(*first, *second);
}

struct vt_tally_entry **vt_tally_sorted(const struct vt_tally *tally, tally_compare *compare,
                                        size_t *out_count)
{
    struct vt_tally_entry **out =
        vt_arena_alloc(tally->arena, (tally->count + 1) * sizeof(struct vt_tally_entry *));
    size_t count = 0;
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < tally->slots_count; i++) {
        if (tally->slots[i] != NULL)
            out[count++] = tally->slots[i];
    }
    qsort_r(out, count, sizeof(struct vt_tally_entry *), compare_by, &compare);
    if (tally->has_rest) {
        struct vt_tally_entry *rest = vt_arena_dup(tally->arena, &tally->rest, sizeof(*rest));
        if (rest == NULL)
            return NULL;
        out[count++] = rest;
    }
    *out_count = count;
    return out;
}
