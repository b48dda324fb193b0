/* SPDX-License-Identifier: Apache-2.0
 * Networks by CIDR, domains, and the direction of a mail. */
#include "gateway/direction.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* An address of either family as 16 bytes. *out_bits: 32 or 128. */
static bool parse_address(const char *text, uint8_t out[16], unsigned *out_bits)
{
    if (strncasecmp(text, "IPv6:", 5) == 0)
        text += 5;
    if (inet_pton(AF_INET, text, out + 12) == 1) {
        memcpy(out, mapped_prefix, sizeof(mapped_prefix));
        *out_bits = 32;
        return true;
    }
    *out_bits = 128;
    return inet_pton(AF_INET6, text, out) == 1;
}

static bool prefixes_match(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool host_bits_are_zero(const struct vt_network *network)
{
    for (unsigned bit = network->prefix_bits; bit < 128; bit++) {
        if ((network->address[bit / 8] & (0x80u >> bit % 8)) != 0)
            return false;
    }
    return true;
}

static bool parse_network(const char *text, struct vt_network *out)
{
    char address[INET6_ADDRSTRLEN + 8];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    unsigned bits = 0;
    if (!parse_address(address, out->address, &bits))
        return false;
    unsigned long prefix = bits;
    if (slash != NULL) {
        char *end = NULL;
        prefix = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : bits + 1;
        if (prefix > bits || end == NULL || *end != '\0')
            return false;
    }
    out->prefix_bits = (unsigned)prefix + 128 - bits;
    return host_bits_are_zero(out);
}

enum vt_code vt_networks_parse(struct vt_arena *arena, const struct vt_strings *texts,
                               struct vt_networks *out, struct vt_err *err)
{
    *out = (struct vt_networks){0};
    struct vt_network *items = vt_arena_alloc(arena, texts->count * sizeof(*items));
    if (items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for %zu networks", texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        if (!parse_network(texts->items[i], &items[i]))
            return vt_err_set(err, VT_E_CONFIG,
                              "networks.internal: \"%s\" is not a network; write it as 10.0.0.0/8 "
                              "or 2001:db8::/32, with no bits set below the prefix",
                              texts->items[i]);
    }
    *out = (struct vt_networks){items, texts->count};
    return VT_OK;
}

bool vt_networks_contain(const struct vt_networks *networks, const char *address)
{
    uint8_t bytes[16];
    unsigned bits = 0;
    if (address == NULL || !parse_address(address, bytes, &bits))
        return false;
    for (size_t i = 0; i < networks->count; i++) {
        if (prefixes_match(bytes, networks->items[i].address, networks->items[i].prefix_bits))
            return true;
    }
    return false;
}

static bool is_within(const char *address, const struct vt_strings *domains)
{
    const char *domain = vt_address_domain(address);
    for (size_t i = 0; i < domains->count; i++) {
        if (vt_domain_is_under(domain, domains->items[i]))
            return true;
    }
    return false;
}

enum vt_direction vt_direction_of(const struct vt_mail *mail, const struct vt_networks *internal,
                                  const struct vt_config *config)
{
    bool is_ours =
        vt_mail_is_submission(mail, config) || vt_networks_contain(internal, mail->client_address);
    if (!is_ours)
        return VT_INBOUND;
    for (size_t i = 0; i < mail->recipients_count; i++) {
        if (!is_within(mail->recipients[i], &config->our_domains))
            return VT_OUTBOUND;
    }
    return mail->recipients_count > 0 ? VT_INTERNAL : VT_OUTBOUND;
}
