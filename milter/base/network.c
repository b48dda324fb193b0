/* SPDX-License-Identifier: Apache-2.0
 * Networks by CIDR (RFC 4632 3.1, RFC 4291 2.3). */
#include "base/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool vt_network_parse_address(const char *text, struct vt_network *out)
{
    if (strncasecmp(text, "IPv6:", 5) == 0)
        text += 5;
    out->prefix_bits = 128;
    if (inet_pton(AF_INET, text, out->address + 12) == 1) {
        memcpy(out->address, mapped_prefix, sizeof(mapped_prefix));
        return true;
    }
    return inet_pton(AF_INET6, text, out->address) == 1;
}

bool vt_network_parse(const char *text, struct vt_network *out)
{
    char address[INET6_ADDRSTRLEN + 8];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (!vt_network_parse_address(address, out))
        return false;
    unsigned bits = strchr(address, ':') == NULL ? 32 : 128;
    unsigned long prefix = bits;
    if (slash != NULL) {
        char *end = NULL;
        prefix = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : bits + 1;
        if (prefix > bits || end == NULL || *end != '\0')
            return false;
    }
    out->prefix_bits = (unsigned)prefix + 128 - bits;
    return true;
}

bool vt_network_has(const struct vt_network *network, const struct vt_network *address)
{
    unsigned whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
    if (memcmp(network->address, address->address, whole) != 0)
        return false;
    return rest == 0 || ((network->address[whole] ^ address->address[whole]) >> (8 - rest)) == 0;
}
