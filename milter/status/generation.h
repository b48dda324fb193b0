/* SPDX-License-Identifier: Apache-2.0
 * Publishing: sealed, immutable generations of what is known, for the inspector. */
#ifndef VANTHU_STATUS_GENERATION_H
#define VANTHU_STATUS_GENERATION_H

#include "status/store.h"

struct vt_publisher {
    int channel; /* to the inspector; -1: nobody listens */
    const struct vt_status_store *store;
    uint64_t published_version; /* 0: none yet */
    int64_t published_msecs;
};

/* Publish when the store has changed, at most once a second, and anew every few minutes because
 * facts grow old. A full channel means that the inspector is busy: then with the next turn. */
void vt_publisher_turn(struct vt_publisher *publisher, int64_t now_utc_secs);

#endif
