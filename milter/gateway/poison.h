/* SPDX-License-Identifier: Apache-2.0
 * Poison mail: bytes whose inspection failed again and again. A 451 for five days would be a
 * refusal by our own fault, so such a mail goes to policy with NOT_CHECKED (users.md 1). */
#ifndef VANTHU_GATEWAY_POISON_H
#define VANTHU_GATEWAY_POISON_H

#include "gateway/recent.h"

struct vt_poison {
    struct vt_recent *recent;
    unsigned failures; /* that many, … */
    int64_t msecs;     /* … or failing for that long */
};

/* VT_E_NOMEM. */
enum vt_code vt_poison_init(struct vt_poison *poison, unsigned failures,
                            int64_t msecs) VT_MUST_CHECK;
void vt_poison_clear(struct vt_poison *poison);
/* True: this mail is not inspected any more. key: a hash of its bytes and sender. */
bool vt_poison_is_given_up(struct vt_poison *poison, uint64_t key, int64_t now_msecs);
/* An inspection failed. counts: false when the mail was not even begun (no free inspector), which
 * only the time rule looks at. True: give up now instead of asking the sender to come again. */
bool vt_poison_fail(struct vt_poison *poison, uint64_t key, int64_t now_msecs, bool counts);
/* An inspection succeeded: its former failures were not the mail's fault. */
void vt_poison_forgive(struct vt_poison *poison, uint64_t key);

#endif
