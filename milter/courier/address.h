/* SPDX-License-Identifier: Apache-2.0
 * Where the courier may go: the list of allowed hosts, and the addresses that no public name may
 * lead to (legal.md R-80: URLs come from strangers' certificates). */
#ifndef VANTHU_COURIER_ADDRESS_H
#define VANTHU_COURIER_ADDRESS_H

#include <stddef.h>

#include "vanthu/error.h"

struct sockaddr;

#define VT_MAX_HOST_BYTES 256
#define VT_MAX_URL_BYTES 2048

struct vt_address {
    char host[VT_MAX_HOST_BYTES]; /* lower case, without brackets and final dot */
    unsigned port;
    bool default_port; /* 80 for http, 443 for https */
    bool is_literal;   /* an IP address, not a name */
};

/* Take a URL apart: http or https, no user, ASCII. Numeric forms of IPv4 are normalised.
 * VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_address_parse(const char *url, struct vt_address *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* True when an entry "host" (the default ports) or "host:port" allows it. */
bool vt_address_matches(const struct vt_address *address, const char *entry);
/* False for loopback, private, link-local, multicast and other special addresses (RFC 6890). */
bool vt_address_is_public(const struct sockaddr *address, size_t len);
/* The same of an address as text; what is none is not public. */
bool vt_address_text_is_public(const char *text);

#endif
