/* SPDX-License-Identifier: Apache-2.0
 * Which hosts are left alone because they did not answer a moment ago: a circuit breaker for each
 * host and port and what it is asked for, because an authority whose time stamps fail may publish
 * its lists as before. Nothing is sent from here, and the clock is a parameter. */
#ifndef VANTHU_STATUS_BREAKER_H
#define VANTHU_STATUS_BREAKER_H

#include "status/source.h"

/* A site asks a dozen. */
#define VT_MAX_BREAKERS 64
/* A host that cannot be connected to is down at once; one that is connected to and silent, or
 * answers nonsense, may have one bad page, and is down when that happens so often in a row. */
#define VT_BREAKER_STRIKES 3
/* A host that stays down is asked ever more rarely, up to so many times the first pause. */
#define VT_BREAKER_MOST_PAUSES 10
#define VT_BREAKER_TEXT_BYTES 200

enum vt_breaker_state {
    VT_BREAKER_CLOSED = 0,
    VT_BREAKER_OPEN,     /* left alone */
    VT_BREAKER_HALF_OPEN /* the pause is over: one probe may go, and decides */
};

/* How asking a host ended. */
enum vt_outcome {
    VT_OUTCOME_NONE = 0,    /* says nothing about the host: a fault of ours, a given-up fetch */
    VT_OUTCOME_GOOD,        /* what was asked for came */
    VT_OUTCOME_ALIVE,       /* it answers, though not with that: 404 for one address */
    VT_OUTCOME_BAD,         /* garbage, a wrong signature, 5xx, a redirect */
    VT_OUTCOME_SILENT,      /* connected, and no answer in time */
    VT_OUTCOME_UNREACHABLE, /* no connection */
};

/* What a host is asked for. */
enum vt_asked_for { VT_FOR_STATUS = 0 /* and issuers */, VT_FOR_STAMPS };

struct vt_breaker {
    char host[VT_SOURCE_HOST_BYTES]; /* "ca.gov.vn:80" */
    enum vt_asked_for asked_for;
    enum vt_breaker_state state;
    unsigned strikes; /* in a row, while closed */
    unsigned pauses;  /* in a row: the next one is longer */
    bool probing;     /* half-open, and the probe is under way */
    int64_t until_msecs, until_utc_secs;
    char why[VT_BREAKER_TEXT_BYTES];  /* the last failure */
    int64_t success_utc_secs;         /* the last good answer; VT_TIME_NONE */
    uint64_t asked_count, good_count; /* since the start */
    int64_t used_msecs;
};

struct vt_breakers {
    int64_t pause_msecs; /* the first one; 0: no host is ever left alone */
    uint64_t seed;       /* of the jitter */
    struct vt_breaker items[VT_MAX_BREAKERS];
    size_t count;
};

/* seed: any number, other ones for other processes. */
void vt_breakers_init(struct vt_breakers *breakers, int64_t pause_msecs, uint64_t seed);
/* True when the host may be asked now, and counts the question; *out_probe: it is the one question
 * of a host that was down. Every question that was allowed is answered with vt_breaker_tell. */
bool vt_breaker_ask(struct vt_breakers *breakers, const char *host, enum vt_asked_for asked_for,
                    struct vt_moment now, bool *out_probe);
void vt_breaker_tell(struct vt_breakers *breakers, const char *host, enum vt_asked_for asked_for,
                     enum vt_outcome outcome, const char *text, struct vt_moment now);
/* True when the host is known to be down: open, or half-open and not yet heard of. */
bool vt_breaker_is_down(const struct vt_breakers *breakers, const char *host,
                        enum vt_asked_for asked_for);
/* The state of a host; NULL: it was never asked for that. */
const struct vt_breaker *vt_breaker_find(const struct vt_breakers *breakers, const char *host,
                                         enum vt_asked_for asked_for);

/* Between 80 and 120 % of a span of time, in its own unit, so that what failed together is not
 * tried together. */
int64_t vt_jitter(uint64_t *seed, int64_t span);

#endif
