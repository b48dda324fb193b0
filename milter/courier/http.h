/* SPDX-License-Identifier: Apache-2.0
 * One HTTP transfer: begun, driven by its owner (alone or many at once), ended. */
#ifndef VANTHU_COURIER_HTTP_H
#define VANTHU_COURIER_HTTP_H

#include <curl/curl.h>

#include "courier/address.h"
#include "vanthu/courier.h"

struct vt_transfer {
    struct vt_courier *courier;
    CURL *easy;
    struct curl_slist *headers;
    struct vt_address address;
    struct vt_buf *out; /* borrowed */
    char error[CURL_ERROR_SIZE];
    bool too_large, no_memory, address_refused;
};

/* Check the address and set everything up; nothing is sent yet. body: borrowed until the end.
 * VT_E_CONFIG (not allowed), VT_E_FORMAT, VT_E_LIMIT, VT_E_NETWORK (the host is known to be
 * down), VT_E_NOMEM. On failure nothing is left to end. */
enum vt_code vt_transfer_begin(struct vt_courier *courier, const char *url,
                               const char *content_type, struct vt_bytes body, struct vt_buf *out,
                               int64_t timeout_msecs, struct vt_transfer *transfer,
                               struct vt_err *err) VT_MUST_CHECK;
/* Say how it went, remember a dead host, free. VT_OK with any HTTP status; VT_E_NETWORK,
 * VT_E_TIMEOUT, VT_E_LIMIT, VT_E_NOMEM, VT_E_CONFIG (a private address). */
enum vt_code vt_transfer_end(struct vt_transfer *transfer, CURLcode result, long *out_http_status,
                             struct vt_err *err) VT_MUST_CHECK;
/* Give up without a result. */
void vt_transfer_abort(struct vt_transfer *transfer);

#endif
