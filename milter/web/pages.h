/* SPDX-License-Identifier: Apache-2.0
 * What the web role answers, without HTTP. */
#ifndef VANTHU_WEB_PAGES_H
#define VANTHU_WEB_PAGES_H

#include "vanthu/metrics.h"

struct vt_web_site {
    const struct vt_metrics_reader *reader;
    struct vt_metrics_view view;
    struct vt_metrics *metrics; /* of the web role itself; NULL: nobody counts */
};

struct vt_web_page {
    unsigned status; /* of RFC 9110 15 */
    const char *content_type;
    struct vt_buf text; /* vt_buf_clear */
};

/* Answer GET or HEAD of a path: /metrics, /healthz, else 404; another method is 405. accept: the
 * header's value or NULL; with application/json in it /healthz is JSON. A fault of ours is 500. */
void vt_web_page(const struct vt_web_site *site, const char *method, const char *path,
                 const char *accept, int64_t now_utc_secs, struct vt_web_page *out);

#endif
