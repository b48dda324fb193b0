/* SPDX-License-Identifier: Apache-2.0
 * The files of a bundle of words. */
#ifndef VANTHU_NOTICE_BUNDLE_H
#define VANTHU_NOTICE_BUNDLE_H

#include "notice/words.h"

struct vt_notice_file {
    const char *path; /* "vi/refused.txt" */
    struct vt_bytes bytes;
};
/* Take a bundle apart. *out in arena, bytes are views of the bundle. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_notice_bundle_open(struct vt_arena *arena, struct vt_bytes bundle,
                                   struct vt_notice_file **out, size_t *out_count,
                                   struct vt_err *err) VT_MUST_CHECK;

#endif
