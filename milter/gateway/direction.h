/* SPDX-License-Identifier: Apache-2.0
 * Where a mail goes: inbound, outbound or internal, from the network of its client, its
 * authentication, the listener it came through and the domains of its recipients. */
#ifndef VANTHU_GATEWAY_DIRECTION_H
#define VANTHU_GATEWAY_DIRECTION_H

#include "base/network.h"
#include "vanthu/config.h"

struct vt_networks {
    struct vt_network *items;
    size_t count;
};

/* Read "10.0.0.0/8", "2001:db8::/32" or a single address. Bits below the prefix must be zero.
 * *out lives in arena. VT_E_CONFIG names setting and entry. */
enum vt_code vt_networks_parse(struct vt_arena *arena, const struct vt_strings *texts,
                               const char *setting, struct vt_networks *out,
                               struct vt_err *err) VT_MUST_CHECK;
/* address: as an MTA gives it, "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1"; NULL is in none. */
bool vt_networks_contain(const struct vt_networks *networks, const char *address);
/* An address in such a form as people write it; false when it is none. */
bool vt_address_normalise(const char *text, char out_address[64]);

/* vt_mail_direction with the internal networks of the gateway. */
enum vt_direction vt_direction_of(const struct vt_mail *mail, const struct vt_networks *internal,
                                  const struct vt_config *config);

#endif
