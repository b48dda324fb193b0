/* SPDX-License-Identifier: Apache-2.0
 * The kinds of notices by name. */
#include <string.h>

#include "vanthu/notice.h"

static const char *const names[VT_NOTICE_KINDS] = {
    [VT_NOTICE_REFUSED] = "refused",
    [VT_NOTICE_REMARK] = "remark",
    [VT_NOTICE_HELD] = "held",
    [VT_NOTICE_RELEASED] = "released",
    [VT_NOTICE_RETURNED] = "returned",
    [VT_NOTICE_CLERK] = "clerk",
    [VT_NOTICE_CORRECTION] = "correction",
    [VT_NOTICE_RECHECK] = "recheck",
    [VT_NOTICE_ARRIVAL] = "arrival",
    [VT_NOTICE_MARKED] = "marked",
    [VT_NOTICE_LIST] = "list",
    [VT_NOTICE_OFFICER] = "officer",
    [VT_NOTICE_DIGEST] = "digest",
    [VT_NOTICE_UNSEALED] = "unsealed",
};

const char *vt_notice_kind_name(enum vt_notice_kind kind)
{
    return names[kind];
}

enum vt_code vt_notice_kind_by_name(const char *name, enum vt_notice_kind *out)
{
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum vt_notice_kind)i;
            return VT_OK;
        }
    }
    return VT_E_NOT_FOUND;
}

bool vt_notice_is_to_sender(enum vt_notice_kind kind)
{
    return kind == VT_NOTICE_REFUSED || kind == VT_NOTICE_REMARK || kind == VT_NOTICE_HELD ||
           kind == VT_NOTICE_ARRIVAL || kind == VT_NOTICE_UNSEALED;
}
