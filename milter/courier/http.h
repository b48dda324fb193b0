/* SPDX-License-Identifier: Apache-2.0
 * Bounded HTTP to allowed hosts, without credentials. It brings bytes and looks at none of them
 * (legal.md R-80: no arbitrary address of a certificate is followed). A transfer is begun, driven
 * by its owner (alone or many at once), ended. Redirects are not followed. Which host is left alone
 * for a while is decided by the status role, which knows what the bytes were worth. */
#ifndef VANTHU_COURIER_HTTP_H
#define VANTHU_COURIER_HTTP_H

#include <curl/curl.h>

#include "courier/address.h"
#include "vanthu/config.h"

struct vt_courier;

/* config: allowed hosts, proxy, timeouts; borrowed. *out: vt_courier_free. VT_E_SYSTEM, VT_E_NOMEM.
 */
enum vt_code vt_courier_new(const struct vt_config *config, struct vt_courier **out,
                            struct vt_err *err) VT_MUST_CHECK;
/* After the last transfer. NULL is allowed. */
void vt_courier_free(struct vt_courier *courier);

/* Bytes of all headers of one answer; real ones have a few hundred. */
#define VT_MAX_HTTP_HEADER_BYTES (16u * 1024)
#define VT_LOCATION_BYTES 200

/* How long a transfer may take. */
struct vt_patience {
    int64_t begin_msecs; /* until the first byte of the answer's body or the end of its headers */
    int64_t total_msecs;
};

/* What came of one. */
struct vt_transfer_end {
    long http_status;                 /* 0: no answer */
    bool connected;                   /* false: not even that */
    char location[VT_LOCATION_BYTES]; /* where a redirect wanted to send us, cleaned; "" */
};

struct vt_transfer {
    struct vt_courier *courier;
    CURL *easy;
    struct curl_slist *headers;
    struct vt_address address;
    struct vt_buf *out; /* borrowed */
    char error[CURL_ERROR_SIZE];
    size_t header_bytes;
    int64_t begin_until_msecs;
    bool connected, begun, too_large, no_memory, address_refused, begun_late;
};

/* Check the address and set everything up; nothing is sent yet. GET, or POST when body is not
 * empty; body and out: borrowed until the end, out is filled up to its maximum.
 * VT_E_CONFIG (not allowed), VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. On failure nothing is left to
 * end. */
enum vt_code vt_transfer_begin(struct vt_courier *courier, const char *url,
                               const char *content_type, struct vt_bytes body, struct vt_buf *out,
                               struct vt_patience patience, struct vt_transfer *transfer,
                               struct vt_err *err) VT_MUST_CHECK;
/* Say how it went, free. VT_OK with any HTTP status; VT_E_NETWORK, VT_E_TIMEOUT, VT_E_LIMIT,
 * VT_E_NOMEM, VT_E_CONFIG (a private address). *out is filled in any case. */
enum vt_code vt_transfer_end(struct vt_transfer *transfer, CURLcode result,
                             struct vt_transfer_end *out, struct vt_err *err) VT_MUST_CHECK;
/* Give up without a result. */
void vt_transfer_abort(struct vt_transfer *transfer);

#endif
