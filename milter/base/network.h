/* SPDX-License-Identifier: Apache-2.0
 * IPv4 and IPv6 networks (CIDR); an IPv4 address is kept as ::ffff:0:0/96 and below. */
#ifndef VANTHU_BASE_NETWORK_H
#define VANTHU_BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct vt_network {
    uint8_t address[16];
    unsigned prefix_bits;
};

/* "10.0.0.0/8", "2001:db8::/32" or a single address; false: it is none. Bits behind the prefix are
 * kept as they are. */
bool vt_network_parse(const char *text, struct vt_network *out);
/* As an MTA gives it: "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1". */
bool vt_network_parse_address(const char *text, struct vt_network *out);
bool vt_network_has(const struct vt_network *network, const struct vt_network *address);

#endif
