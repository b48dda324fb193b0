/* SPDX-License-Identifier: Apache-2.0
 * Closed, open, half-open: three strikes or one refused connection open it, each failed probe
 * doubles the pause, one good answer closes it. */
#include "status/breaker.h"

#include <stdio.h>
#include <string.h>

#include "vanthu/clock.h"

#define JITTER_PERCENT 20

/* SplitMix64 (Steele, Lea, Flood 2014): spreads, protects nothing. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t vt_jitter(uint64_t *seed, int64_t span)
{
    int64_t spread = span / 100 * JITTER_PERCENT;
    if (spread <= 0)
        return span;
    return span - spread + (int64_t)(next_random(seed) % (uint64_t)(2 * spread + 1));
}

void vt_breakers_init(struct vt_breakers *breakers, int64_t pause_msecs, uint64_t seed)
{
    *breakers = (struct vt_breakers){.pause_msecs = pause_msecs, .seed = seed};
}

const struct vt_breaker *vt_breaker_find(const struct vt_breakers *breakers, const char *host,
                                         enum vt_asked_for asked_for)
{
    for (size_t i = 0; i < breakers->count; i++) {
        if (breakers->items[i].asked_for == asked_for && strcmp(breakers->items[i].host, host) == 0)
            return &breakers->items[i];
    }
    return NULL;
}

static struct vt_breaker *find(struct vt_breakers *breakers, const char *host,
                               enum vt_asked_for asked_for)
{
    const struct vt_breaker *found = vt_breaker_find(breakers, host, asked_for);
    return found != NULL ? &breakers->items[found - breakers->items] : NULL;
}

/* Closed ones make room before open ones, and of each kind the one that was used longest ago. */
static bool goes_before(const struct vt_breaker *a, const struct vt_breaker *b)
{
    bool a_is_closed = a->state == VT_BREAKER_CLOSED;
    bool b_is_closed = b->state == VT_BREAKER_CLOSED;
    return a_is_closed != b_is_closed ? a_is_closed : a->used_msecs < b->used_msecs;
}

static struct vt_breaker *find_or_make(struct vt_breakers *breakers, const char *host,
                                       enum vt_asked_for asked_for)
{
    struct vt_breaker *breaker = find(breakers, host, asked_for);
    if (breaker != NULL)
        return breaker;
    if (breakers->count < VT_MAX_BREAKERS) {
        breaker = &breakers->items[breakers->count++];
    } else {
        breaker = &breakers->items[0];
        for (size_t i = 1; i < VT_MAX_BREAKERS; i++) {
            if (goes_before(&breakers->items[i], breaker))
                breaker = &breakers->items[i];
        }
    }
    *breaker = (struct vt_breaker){
        .asked_for = asked_for, .success_utc_secs = VT_TIME_NONE, .until_utc_secs = VT_TIME_NONE};
    (void)snprintf(breaker->host, sizeof(breaker->host), "%s", host);
    return breaker;
}

bool vt_breaker_ask(struct vt_breakers *breakers, const char *host, enum vt_asked_for asked_for,
                    struct vt_moment now, bool *out_probe)
{
    struct vt_breaker *breaker = find_or_make(breakers, host, asked_for);
    *out_probe = false;
    if (breaker->state == VT_BREAKER_OPEN && now.monotonic_msecs >= breaker->until_msecs)
        breaker->state = VT_BREAKER_HALF_OPEN;
    if (breaker->state == VT_BREAKER_OPEN || breaker->probing)
        return false;
    *out_probe = breaker->probing = breaker->state == VT_BREAKER_HALF_OPEN;
    breaker->asked_count++;
    breaker->used_msecs = now.monotonic_msecs;
    return true;
}

static void open_it(struct vt_breakers *breakers, struct vt_breaker *breaker, struct vt_moment now)
{
    int64_t most = breakers->pause_msecs * VT_BREAKER_MOST_PAUSES;
    int64_t pause = breakers->pause_msecs << (breaker->pauses < 8 ? breaker->pauses : 8);
    if (breakers->pause_msecs <= 0)
        return;
    pause = vt_jitter(&breakers->seed, pause < most ? pause : most);
    breaker->state = VT_BREAKER_OPEN;
    breaker->pauses++;
    breaker->strikes = 0;
    breaker->until_msecs = now.monotonic_msecs + pause;
    breaker->until_utc_secs = now.utc_secs + (pause + 999) / 1000;
}

static void close_it(struct vt_breaker *breaker)
{
    breaker->state = VT_BREAKER_CLOSED;
    breaker->pauses = 0;
    breaker->strikes = 0;
    breaker->until_utc_secs = VT_TIME_NONE;
}

static void strike(struct vt_breakers *breakers, struct vt_breaker *breaker,
                   enum vt_outcome outcome, struct vt_moment now)
{
    /* What was sent before it opened, and comes back now, says nothing new. */
    if (breaker->state == VT_BREAKER_OPEN)
        return;
    breaker->strikes++;
    if (breaker->state == VT_BREAKER_HALF_OPEN || outcome == VT_OUTCOME_UNREACHABLE ||
        breaker->strikes >= VT_BREAKER_STRIKES)
        open_it(breakers, breaker, now);
}

void vt_breaker_tell(struct vt_breakers *breakers, const char *host, enum vt_asked_for asked_for,
                     enum vt_outcome outcome, const char *text, struct vt_moment now)
{
    struct vt_breaker *breaker = find_or_make(breakers, host, asked_for);
    breaker->used_msecs = now.monotonic_msecs;
    if (outcome != VT_OUTCOME_NONE && outcome != VT_OUTCOME_GOOD)
        (void)snprintf(breaker->why, sizeof(breaker->why), "%s", text);
    switch (outcome) {
    case VT_OUTCOME_NONE:
        break;
    case VT_OUTCOME_GOOD:
        breaker->success_utc_secs = now.utc_secs;
        breaker->good_count++;
        close_it(breaker);
        break;
    case VT_OUTCOME_ALIVE:
        /* Neither a strike nor a pardon: a server may answer 404 between two heaps of garbage. */
        if (breaker->state != VT_BREAKER_CLOSED)
            close_it(breaker);
        break;
    default:
        strike(breakers, breaker, outcome, now);
    }
    breaker->probing = false;
}

bool vt_breaker_is_down(const struct vt_breakers *breakers, const char *host,
                        enum vt_asked_for asked_for)
{
    const struct vt_breaker *breaker = vt_breaker_find(breakers, host, asked_for);
    return breaker != NULL && breaker->state != VT_BREAKER_CLOSED;
}
