/* SPDX-License-Identifier: Apache-2.0
 * A bounded, set-associative table with a lifetime. */
#include "gateway/recent.h"

#include <pthread.h>
#include <stdlib.h>

#define WAYS 8

struct slot {
    uint64_t key;
    struct vt_recent_entry entry;
    bool used;
};

struct vt_recent {
    pthread_mutex_t lock;
    int64_t lifetime;
    size_t sets_count;
    struct slot slots[];
};

struct vt_recent *vt_recent_new(size_t entries_count, int64_t lifetime)
{
    size_t sets = (entries_count + WAYS - 1) / WAYS;
    if (sets == 0 || sets > SIZE_MAX / WAYS / sizeof(struct slot) / 2)
        return NULL;
    struct vt_recent *recent = calloc(1, sizeof(*recent) + sets * WAYS * sizeof(struct slot));
    if (recent == NULL)
        return NULL;
    if (pthread_mutex_init(&recent->lock, NULL) != 0) {
        free(recent);
        return NULL;
    }
    recent->lifetime = lifetime;
    recent->sets_count = sets;
    return recent;
}

void vt_recent_free(struct vt_recent *recent)
{
    if (recent == NULL)
        return;
    pthread_mutex_destroy(&recent->lock);
    free(recent);
}

static struct slot *set_of(struct vt_recent *recent, uint64_t key)
{
    return recent->slots + (key % recent->sets_count) * WAYS;
}

static struct slot *find(struct vt_recent *recent, uint64_t key, int64_t now)
{
    struct slot *set = set_of(recent, key);
    for (size_t i = 0; i < WAYS; i++) {
        if (!set[i].used || set[i].key != key)
            continue;
        if (now - set[i].entry.last <= recent->lifetime)
            return &set[i];
        set[i].used = false;
    }
    return NULL;
}

static struct slot *take(struct vt_recent *recent, uint64_t key, int64_t now)
{
    struct slot *set = set_of(recent, key), *oldest = &set[0];
    for (size_t i = 0; i < WAYS && oldest->used; i++) {
        if (!set[i].used || set[i].entry.last < oldest->entry.last)
            oldest = &set[i];
    }
    *oldest = (struct slot){.key = key, .entry = {.first = now}, .used = true};
    return oldest;
}

bool vt_recent_get(struct vt_recent *recent, uint64_t key, int64_t now, struct vt_recent_entry *out)
{
    pthread_mutex_lock(&recent->lock);
    const struct slot *slot = find(recent, key, now);
    bool known = slot != NULL;
    *out = known ? slot->entry : (struct vt_recent_entry){0};
    pthread_mutex_unlock(&recent->lock);
    return known;
}

struct vt_recent_entry vt_recent_touch(struct vt_recent *recent, uint64_t key, int64_t now,
                                       unsigned add_count)
{
    pthread_mutex_lock(&recent->lock);
    struct slot *slot = find(recent, key, now);
    if (slot == NULL)
        slot = take(recent, key, now);
    slot->entry.last = now;
    slot->entry.count += add_count;
    struct vt_recent_entry entry = slot->entry;
    pthread_mutex_unlock(&recent->lock);
    return entry;
}

void vt_recent_forget(struct vt_recent *recent, uint64_t key)
{
    pthread_mutex_lock(&recent->lock);
    struct slot *set = set_of(recent, key);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].used && set[i].key == key)
            set[i].used = false;
    }
    pthread_mutex_unlock(&recent->lock);
}
