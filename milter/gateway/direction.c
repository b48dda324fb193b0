/* SPDX-License-Identifier: Apache-2.0
 * Networks by CIDR, domains, and the direction of a mail. */
#include "gateway/direction.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool host_bits_are_zero(const struct vt_network *network)
{
    for (unsigned bit = network->prefix_bits; bit < 128; bit++) {
        if ((network->address[bit / 8] & (0x80u >> bit % 8)) != 0)
            return false;
    }
    return true;
}

enum vt_code vt_networks_parse(struct vt_arena *arena, const struct vt_strings *texts,
                               const char *setting, struct vt_networks *out, struct vt_err *err)
{
    *out = (struct vt_networks){0};
    struct vt_network *items = vt_arena_alloc(arena, texts->count * sizeof(*items));
    if (items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for %zu networks", texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        if (!vt_network_parse(texts->items[i], &items[i]) || !host_bits_are_zero(&items[i]))
            return vt_err_set(err, VT_E_CONFIG,
                              "%s: \"%s\" is not a network; write it as 10.0.0.0/8 or "
                              "2001:db8::/32, with no bits set below the prefix",
                              setting, texts->items[i]);
    }
    *out = (struct vt_networks){items, texts->count};
    return VT_OK;
}

bool vt_networks_contain(const struct vt_networks *networks, const char *address)
{
    struct vt_network one;
    if (address == NULL || !vt_network_parse_address(address, &one))
        return false;
    for (size_t i = 0; i < networks->count; i++) {
        if (vt_network_has(&networks->items[i], &one))
            return true;
    }
    return false;
}

bool vt_address_normalise(const char *text, char out_address[64])
{
    struct vt_network address;
    struct in6_addr v6;
    if (!vt_network_parse_address(text, &address))
        return false;
    memcpy(&v6, address.address, sizeof(v6));
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(&v6);
    return inet_ntop(is_v4 ? AF_INET : AF_INET6, address.address + (is_v4 ? 12 : 0), out_address,
                     64) != NULL;
}

enum vt_direction vt_direction_of(const struct vt_mail *mail, const struct vt_networks *internal,
                                  const struct vt_config *config)
{
    return vt_mail_direction(mail, vt_networks_contain(internal, mail->client_address), config);
}
