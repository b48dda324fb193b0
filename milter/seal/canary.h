/* SPDX-License-Identifier: Apache-2.0
 * A signature that nobody asked for, at intervals: that sealing works is known before a mail needs
 * it. */
#ifndef VANTHU_SEAL_CANARY_H
#define VANTHU_SEAL_CANARY_H

#include "seal/desk.h"

/* Begin what is due. */
void vt_canary_tick(struct vt_seal_desk *desk, int64_t now_msecs);
int64_t vt_canary_next_msecs(const struct vt_seal_desk *desk);

#endif
