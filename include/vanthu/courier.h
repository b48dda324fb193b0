/* SPDX-License-Identifier: Apache-2.0
 * courier: bounded HTTP to allowed hosts, without credentials. It brings bytes and looks at none
 * of them (legal.md R-80: no arbitrary address of a certificate is followed). */
#ifndef VANTHU_COURIER_H
#define VANTHU_COURIER_H

#include "vanthu/config.h"

struct vt_courier;

/* config: allowed hosts, proxy, timeouts; borrowed. */
enum vt_code vt_courier_new(const struct vt_config *config, struct vt_courier **out,
                            struct vt_err *err) VT_MUST_CHECK;
void vt_courier_free(struct vt_courier *courier);
/* True when scheme, host and port of an address are on the list. Needs no network. */
bool vt_courier_allows(const struct vt_courier *courier, const char *url);
/* GET, or POST when body is not empty. out: filled up to its maximum. *out_http_status is 0 when
 * no answer came. Redirects are not followed. VT_E_NETWORK, VT_E_TIMEOUT, VT_E_LIMIT,
 * VT_E_CONFIG (host not allowed: the text names the setting). */
enum vt_code vt_courier_fetch(struct vt_courier *courier, const char *url, const char *content_type,
                              struct vt_bytes body, struct vt_buf *out, long *out_http_status,
                              int64_t timeout_msecs, struct vt_err *err) VT_MUST_CHECK;

#endif
