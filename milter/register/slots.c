/* SPDX-License-Identifier: Apache-2.0
 * Times of the day, and periods as text. */
#include "register/slots.h"

#include <stdio.h>
#include <string.h>

#include "vanthu/clock.h"

enum { DAY_SECS = 24 * 3600, MINUTE_SECS = 60 };

int64_t vt_slot_midnight(int64_t now_utc_secs)
{
    return now_utc_secs - (now_utc_secs + VT_VIETNAM_SECS) % DAY_SECS;
}

int64_t vt_slot_last(const struct vt_day_times *times, int64_t now_utc_secs)
{
    int64_t midnight = vt_slot_midnight(now_utc_secs);
    for (size_t i = times->count; i-- > 0;) {
        int64_t slot = midnight + (int64_t)times->minutes[i] * MINUTE_SECS;
        if (slot <= now_utc_secs)
            return slot;
    }
    return times->count == 0
               ? VT_TIME_NONE
               : midnight - DAY_SECS + (int64_t)times->minutes[times->count - 1] * MINUTE_SECS;
}

const char *vt_slot_period_text(char out[VT_SLOT_PERIOD_BYTES], const struct vt_slot_period *period)
{
    char from[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    (void)snprintf(out, VT_SLOT_PERIOD_BYTES, "%s/%s", vt_time_rfc3339(from, period->from_utc_secs),
                   vt_time_rfc3339(until, period->until_utc_secs));
    return out;
}

bool vt_slot_period_read(const char *text, struct vt_slot_period *out)
{
    char from[VT_TIME_TEXT_BYTES];
    const char *slash = text != NULL ? strchr(text, '/') : NULL;
    size_t len = slash != NULL ? (size_t)(slash - text) : sizeof(from);
    if (len >= sizeof(from))
        return false;
    memcpy(from, text, len);
    from[len] = '\0';
    return vt_time_parse(from, &out->from_utc_secs) == VT_OK &&
           vt_time_parse(slash + 1, &out->until_utc_secs) == VT_OK &&
           out->from_utc_secs <= out->until_utc_secs;
}
