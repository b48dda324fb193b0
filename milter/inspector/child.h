/* SPDX-License-Identifier: Apache-2.0
 * One inspector child: one request, one answer, in the strictest sandbox. */
#ifndef VANTHU_INSPECTOR_CHILD_H
#define VANTHU_INSPECTOR_CHILD_H

#include "vanthu/inspect.h"
#include "vanthu/seal_look.h"

/* The descriptors of an INSPECT message: the mail, then facts and known as the body says, then the
 * lists of known. */
#define VT_INSPECT_MAX_FDS (3 + VT_MAX_ANSWER_LISTS)
/* Those of the answer: evidence, wants, and objects when they were asked for. */
#define VT_INSPECTED_MAX_FDS 3
/* Mail facts: mostly recipients. */
#define VT_MAX_FACTS_BYTES ((size_t)8 * 1024 * 1024)

struct vt_child_context {
    const struct vt_inspect_options *options;
    int64_t request_msecs; /* how long the request itself may take to come */
    unsigned cpu_secs;
    unsigned parallel;
    bool seals;                        /* mails are sealed here, too */
    const struct vt_seal_looks *looks; /* of their documents */
};

/* Both together, the first one's items in front. Shares strings and, where one is empty, arrays;
 * neither is changed, and *out may be one of them. VT_E_NOMEM. */
enum vt_code vt_known_join(struct vt_arena *arena, const struct vt_known *first,
                           const struct vt_known *second, struct vt_known *out,
                           struct vt_err *err) VT_MUST_CHECK;

/* vt_zygote_options.serve; context is a struct vt_child_context. */
int vt_child_serve(void *context, int connection, const struct vt_known *known);

#endif
