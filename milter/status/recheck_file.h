/* SPDX-License-Identifier: Apache-2.0
 * The table of repeated checks as it stands in memory, for the file it is kept in. */
#ifndef VANTHU_STATUS_RECHECK_FILE_H
#define VANTHU_STATUS_RECHECK_FILE_H

#include "status/recheck.h"

struct vt_recheck {
    uint64_t seed, last_id;
    struct vt_recheck_item items[VT_MAX_RECHECKS];
    size_t count;
    bool changed; /* since it was written */
    char *folder; /* NULL: kept nowhere */
};

/* A new entry without times and references; NULL: out of memory. */
struct vt_recheck_item *vt_recheck_put(struct vt_recheck *recheck,
                                       const struct vt_certificate *certificate,
                                       const struct vt_certificate *issuer);

#endif
