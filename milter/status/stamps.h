/* SPDX-License-Identifier: Apache-2.0
 * Time stamps for seals: the authorities of the configuration are asked one after another, by way
 * of fetch; what they answer is verified before anybody gets it. */
#ifndef VANTHU_STATUS_STAMPS_H
#define VANTHU_STATUS_STAMPS_H

#include <poll.h>

#include "status/breaker.h"
#include "vanthu/metrics.h"
#include "vanthu/stamp.h"
#include "vanthu/trust.h"

/* Under way at the same time; a gateway seals no more. */
#define VT_MAX_STAMPS 64
/* Authorities whose state is shown. */
#define VT_MAX_STAMP_PLACES 8

/* What is known of one authority. */
struct vt_stamp_place {
    const char *url;
    uint64_t asked_count, good_count; /* since the start */
    int64_t good_utc_secs;            /* VT_TIME_NONE: never */
    char why[VT_BREAKER_TEXT_BYTES];  /* the last failure since; "": none */
};

struct vt_stamp_desk;
struct vt_stamps_setup {
    int fetch_channel; /* client end */
    const struct vt_config *config;
    const struct vt_trust_store *trust;
    struct vt_breakers *breakers;
    struct vt_metrics *metrics; /* NULL: nobody counts */
    /* What a client gets: the body of STAMPED. */
    void (*done)(void *context, size_t client, const char *json);
    void *context;
};
/* All of setup is borrowed. VT_E_NOMEM. */
enum vt_code vt_stamps_new(const struct vt_stamps_setup *setup, struct vt_stamp_desk **out,
                           struct vt_err *err) VT_MUST_CHECK;
void vt_stamps_free(struct vt_stamp_desk *desk);

/* Take a STAMP message of a client: {"value": base64}. done may be called from within.
 * VT_E_FORMAT, VT_E_BUSY, VT_E_NOMEM: it is refused. */
enum vt_code vt_stamps_take(struct vt_stamp_desk *desk, size_t client,
                            const struct vt_message *message, struct vt_moment now,
                            struct vt_err *err) VT_MUST_CHECK;
/* The client is gone. */
void vt_stamps_forget(struct vt_stamp_desk *desk, size_t client);
/* The index-th authority; NULL behind the last. */
const struct vt_stamp_place *vt_stamps_place(const struct vt_stamp_desk *desk, size_t index);

/* For the poll of the owner: at most VT_MAX_STAMPS entries are added; and when it has to wake up,
 * monotonic. */
size_t vt_stamps_poll(const struct vt_stamp_desk *desk, struct pollfd *out);
int64_t vt_stamps_wake_msecs(const struct vt_stamp_desk *desk, int64_t otherwise_msecs);
/* Read what came and end what is late. fds: as filled by vt_stamps_poll. */
void vt_stamps_serve(struct vt_stamp_desk *desk, const struct pollfd *fds, size_t count,
                     struct vt_moment now);

#endif
