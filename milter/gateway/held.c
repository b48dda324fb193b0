/* SPDX-License-Identifier: Apache-2.0
 * A table with one place for each beginning of a digest: the later one stays. Digests are spread
 * evenly, so that no search is needed. */
#include "gateway/held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vt_held_init(struct vt_held *held)
{
    memset(held->places, 0, sizeof(held->places));
    (void)pthread_mutex_init(&held->lock, NULL);
}

static struct vt_held_place *place_of(struct vt_held *held, const char *sha256)
{
    char start[9];
    (void)snprintf(start, sizeof(start), "%.8s", sha256);
    return &held->places[strtoul(start, NULL, 16) % VT_HELD_PLACES];
}

bool vt_held_has(struct vt_held *held, const char *sha256, int64_t now_msecs)
{
    const struct vt_held_place *place = place_of(held, sha256);
    (void)pthread_mutex_lock(&held->lock);
    bool has = strcmp(place->sha256, sha256) == 0 && now_msecs < place->until_msecs;
    (void)pthread_mutex_unlock(&held->lock);
    return has;
}

void vt_held_add(struct vt_held *held, const char *sha256, int64_t now_msecs)
{
    struct vt_held_place *place = place_of(held, sha256);
    (void)pthread_mutex_lock(&held->lock);
    (void)snprintf(place->sha256, sizeof(place->sha256), "%s", sha256);
    place->until_msecs = now_msecs + VT_HELD_MSECS;
    (void)pthread_mutex_unlock(&held->lock);
}

void vt_held_forget(struct vt_held *held, const char *sha256)
{
    struct vt_held_place *place = place_of(held, sha256);
    (void)pthread_mutex_lock(&held->lock);
    if (strcmp(place->sha256, sha256) == 0)
        place->sha256[0] = '\0';
    (void)pthread_mutex_unlock(&held->lock);
}
