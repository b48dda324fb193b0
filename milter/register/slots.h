/* SPDX-License-Identifier: Apache-2.0
 * Times of the day in Vietnam, which has no summer time: +07:00 all year. */
#ifndef VANTHU_REGISTER_SLOTS_H
#define VANTHU_REGISTER_SLOTS_H

#include "vanthu/config.h"

/* The last of these times that is not after now; VT_TIME_NONE: there are none. */
int64_t vt_slot_last(const struct vt_day_times *times, int64_t now_utc_secs);
/* Midnight in Vietnam before now, or now. */
int64_t vt_slot_midnight(int64_t now_utc_secs);

/* A period as events have it: "2026-11-22T04:00:00Z/2026-11-22T09:00:00Z" (ISO 8601). */
struct vt_slot_period {
    int64_t from_utc_secs, until_utc_secs; /* (from, until] of lists, [from, until) of a digest */
};
#define VT_SLOT_PERIOD_BYTES (2 * VT_TIME_TEXT_BYTES)
const char *vt_slot_period_text(char out[VT_SLOT_PERIOD_BYTES],
                                const struct vt_slot_period *period);
/* False: another text. text: may be NULL. */
bool vt_slot_period_read(const char *text, struct vt_slot_period *out);

#endif
