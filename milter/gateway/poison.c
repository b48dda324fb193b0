/* SPDX-License-Identifier: Apache-2.0
 * Failures per mail, bounded and forgotten after a day. */
#include "gateway/poison.h"

#define ENTRIES_COUNT 4096
#define LIFETIME_MSECS (INT64_C(24) * 3600 * 1000)

enum vt_code vt_poison_init(struct vt_poison *poison, unsigned failures, int64_t msecs)
{
    poison->failures = failures > 0 ? failures : 1;
    poison->msecs = msecs;
    poison->recent = vt_recent_new(ENTRIES_COUNT, LIFETIME_MSECS);
    return poison->recent != NULL ? VT_OK : VT_E_NOMEM;
}

void vt_poison_clear(struct vt_poison *poison)
{
    vt_recent_free(poison->recent);
    poison->recent = NULL;
}

bool vt_poison_is_given_up(struct vt_poison *poison, uint64_t key, int64_t now_msecs)
{
    struct vt_recent_entry entry;
    return vt_recent_get(poison->recent, key, now_msecs, &entry) && entry.count >= poison->failures;
}

bool vt_poison_fail(struct vt_poison *poison, uint64_t key, int64_t now_msecs, bool counts)
{
    struct vt_recent_entry entry = vt_recent_touch(poison->recent, key, now_msecs, counts ? 1 : 0);
    return entry.count >= poison->failures || now_msecs - entry.first >= poison->msecs;
}

void vt_poison_forgive(struct vt_poison *poison, uint64_t key)
{
    vt_recent_forget(poison->recent, key);
}
