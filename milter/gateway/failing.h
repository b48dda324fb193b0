/* SPDX-License-Identifier: Apache-2.0
 * Mail whose inspection fails again and again, as the register remembers it: over restarts, reloads
 * and, with a shared register, over gateways. Each failure claims a key of its own (body, sender
 * and number) by the clock of defers, so counting needs nothing that the register does not keep
 * anyway. The keys are digests of a digest of the whole body: who has the register and not the mail
 * cannot tell what it was. */
#ifndef VANTHU_GATEWAY_FAILING_H
#define VANTHU_GATEWAY_FAILING_H

#include "gateway/gateway.h"

struct vt_failing {
    unsigned failures_count;   /* that the register knows of, without this one */
    int64_t first_utc_secs;    /* VT_TIME_NONE: this is the first one */
    bool is_given_up;          /* it failed often or long enough (limits.poison-…) */
    char claim_key_sha256[65]; /* to be recorded with this failure */
};

/* What is known of the mail of a transaction, whose inspection failed just now. counts: false when
 * it was not even begun; only the time is looked at then. Asks once for each failure before, at
 * most limits.poison-failures times. Errors of vt_registrar_look; VT_E_SYSTEM. */
enum vt_code vt_failing_recall(const struct vt_transaction *transaction,
                               const struct vt_registrar *registrar, int64_t now_utc_secs,
                               bool counts, struct vt_failing *out,
                               struct vt_err *err) VT_MUST_CHECK;

#endif
