/* SPDX-License-Identifier: Apache-2.0
 * The table of repeated checks from inside: for the table and for its file. */
#ifndef VANTHU_STATUS_RECHECK_INTERNAL_H
#define VANTHU_STATUS_RECHECK_INTERNAL_H

#include "status/recheck.h"

struct vt_recheck {
    uint64_t seed, last_id;
    struct vt_recheck_item items[VT_MAX_RECHECKS];
    size_t count;
    bool changed;                                                      /* since it was written */
    char *folder;                                                      /* NULL: kept nowhere */
    bool (*tell)(void *context, const struct vt_rechecked *rechecked); /* NULL: the log alone */
    void *tell_context;
};

#endif
