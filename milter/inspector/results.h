/* SPDX-License-Identifier: Apache-2.0
 * What services that we trust found out about a mail (RFC 8601): each domain that a pass of theirs
 * names. */
#ifndef VANTHU_INSPECTOR_RESULTS_H
#define VANTHU_INSPECTOR_RESULTS_H

#include "inspector/inspect_internal.h"

/* Domains of one mail; more of them are not looked at. */
#define VT_MAX_RESULTS 100

enum vt_result_method { VT_RESULT_SPF, VT_RESULT_DKIM, VT_RESULT_DMARC };
struct vt_result {
    enum vt_result_method method;
    const char *domain; /* smtp.mailfrom; header.d or header.i; header.from */
    /* In the topmost header that says anything by this method, above every Received: whatever
     * stands below may have come with the mail. */
    bool is_first;
};
struct vt_results {
    struct vt_result items[VT_MAX_RESULTS];
    size_t count;
};

/* Passes of the services in options->trusted_authserv_ids, in the order of the mail; domains live
 * in the arena of the run. A header that is not whole (too long, a comment or string that does not
 * end) says nothing, nor does a result that names one property twice. */
void vt_results_read(struct vt_inspect_run *run, struct vt_results *out);

#endif
