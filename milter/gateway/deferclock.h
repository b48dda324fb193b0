/* SPDX-License-Identifier: Apache-2.0
 * When a mail was first deferred: the clock of `at-most` in a policy rule. By the digests of its
 * documents, its sender, its recipients and the rule, not by queue id: a retry is a new one. */
#ifndef VANTHU_GATEWAY_DEFERCLOCK_H
#define VANTHU_GATEWAY_DEFERCLOCK_H

#include "gateway/recent.h"
#include "gateway/siphash.h"
#include "vanthu/evidence.h"

struct vt_defer_clock {
    struct vt_recent *recent;
    uint8_t key[VT_SIPHASH_KEY_BYTES];
};

/* VT_E_NOMEM. */
enum vt_code vt_defer_clock_init(struct vt_defer_clock *clock,
                                 const uint8_t key[VT_SIPHASH_KEY_BYTES]) VT_MUST_CHECK;
void vt_defer_clock_clear(struct vt_defer_clock *clock);
/* The first time, now when there was none before; from then on it is remembered for five days
 * after the last retry. arena: for sorting; VT_E_NOMEM when it is full. */
enum vt_code vt_defer_clock_first(struct vt_defer_clock *clock, struct vt_arena *arena,
                                  const struct vt_evidence *evidence, const char *rule,
                                  int64_t now_utc_secs, int64_t *out_first_utc_secs) VT_MUST_CHECK;

#endif
