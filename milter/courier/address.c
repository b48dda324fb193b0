/* SPDX-License-Identifier: Apache-2.0
 * Addresses by libcurl's own URL parser: the one that judges is the one that connects. */
#include "courier/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_literal(const char *host)
{
    unsigned char raw[16];
    return inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
}

/* Lower case, ASCII only, no brackets, no final dot. */
static bool take_host(const char *host, char out[VT_MAX_HOST_BYTES])
{
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len > 1 && host[len - 1] == '.')
        len--;
    if (len == 0 || len >= VT_MAX_HOST_BYTES)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)host[i];
        if (!isalnum(byte) && strchr("-._:", byte) == NULL)
            return false;
        out[i] = (char)tolower(byte);
    }
    out[len] = '\0';
    return true;
}

static bool take_parts(CURLU *parts, struct vt_address *out)
{
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *zone = NULL;
    bool ok = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0) &&
              curl_url_get(parts, CURLUPART_ZONEID, &zone, 0) == CURLUE_NO_ZONEID &&
              take_host(host, out->host);
    if (ok) {
        out->port = (unsigned)strtoul(port, NULL, 10);
        out->default_port = out->port == (strcasecmp(scheme, "https") == 0 ? 443 : 80);
        out->is_literal = is_literal(out->host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(zone);
    return ok;
}

enum vt_code vt_address_parse(const char *url, struct vt_address *out, struct vt_err *err)
{
    *out = (struct vt_address){0};
    if (strlen(url) > VT_MAX_URL_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the address has more than %d bytes", VT_MAX_URL_BYTES);
    CURLU *parts = curl_url();
    if (parts == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for an address");
    bool ok = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
              take_parts(parts, out);
    curl_url_cleanup(parts);
    return ok ? VT_OK
              : vt_err_set(err, VT_E_FORMAT, "not an http or https address without a user: %.200s",
                           url);
}

bool vt_address_matches(const struct vt_address *address, const char *entry)
{
    char host[VT_MAX_HOST_BYTES];
    char wanted[VT_MAX_HOST_BYTES];
    const char *colon = strrchr(entry, ':');
    const char *bracket = strrchr(entry, ']');
    bool has_port =
        colon != NULL && (bracket != NULL ? colon > bracket : strchr(entry, ':') == colon);
    size_t len = has_port ? (size_t)(colon - entry) : strlen(entry);
    if (len >= sizeof(host))
        return false;
    memcpy(host, entry, len);
    host[len] = '\0';
    if (!take_host(host, wanted) || strcmp(wanted, address->host) != 0)
        return false;
    return has_port ? address->port == (unsigned)strtoul(colon + 1, NULL, 10)
                    : address->default_port;
}

/* ---- special addresses (RFC 6890 and its registries) ---- */

static bool is_public_v4(uint32_t a)
{
    static const struct {
        uint32_t net;
        unsigned bits;
    } special[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
        {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
        {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4},
    };
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if ((a ^ special[i].net) >> (32 - special[i].bits) == 0)
            return false;
    }
    return true;
}

static uint32_t v4_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_public_v6(const uint8_t a[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return is_public_v4(v4_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return is_public_v4(v4_at(a + 2));
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 2) /* 2001::/23: Teredo and other protocols */
        return false;
    if (v4_at(a) == 0x20010db8 ||
        (a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10)) /* RFC 3849, 9637 */
        return false;
    return (a[0] & 0xe0) == 0x20; /* 2000::/3 is all that is assigned as global unicast */
}

bool vt_address_is_public(const struct sockaddr *address, size_t len)
{
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        return is_public_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        return is_public_v6(v6.sin6_addr.s6_addr);
    }
    return false;
}

bool vt_address_text_is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return vt_address_is_public((const struct sockaddr *)&v4, sizeof(v4));
    return inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 &&
           vt_address_is_public((const struct sockaddr *)&v6, sizeof(v6));
}
