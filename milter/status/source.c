/* SPDX-License-Identifier: Apache-2.0
 * A strict reader of http addresses (RFC 3986 3, RFC 9110 4.2): what it does not know it refuses.
 */
#include "status/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where the parts of an address stand. */
struct parts {
    bool is_https;
    struct vt_bytes host; /* with its brackets */
    unsigned port;
    const char *rest; /* path and query */
};

static unsigned default_port(bool is_https)
{
    return is_https ? 443 : 80;
}

/* ":8080" or nothing; a trailing colon alone means the default (RFC 3986 3.2.3). */
static bool read_port(struct vt_bytes text, unsigned *inout_port)
{
    unsigned port = 0;
    if (text.len <= 1)
        return text.len == 0 || text.ptr[0] == ':';
    if (text.ptr[0] != ':' || text.len > 6)
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        port = port * 10 + (text.ptr[i] - '0');
    }
    *inout_port = port;
    return port >= 1 && port <= 65535;
}

static bool is_host_character(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

static size_t host_length(struct vt_bytes authority)
{
    size_t len = 0;
    if (authority.len > 0 && authority.ptr[0] == '[') {
        while (len < authority.len && authority.ptr[len] != ']')
            len++;
        return len < authority.len && authority.ptr[len] == ']' ? len + 1 : 0;
    }
    while (len < authority.len && is_host_character(authority.ptr[len]))
        len++;
    return len;
}

static bool read_parts(const char *url, struct parts *out)
{
    out->is_https = strncasecmp(url, "https://", 8) == 0;
    const char *start = url + (out->is_https ? 8 : 7);
    struct vt_bytes authority = vt_bytes_of(start, strcspn(start, "/?#\\"));
    size_t len = host_length(authority);
    out->rest = start + authority.len;
    out->port = default_port(out->is_https);
    out->host = vt_bytes_of(start, len);
    return len > 0 && len <= 253 && *out->rest != '\\' &&
           read_port(vt_bytes_of(start + len, authority.len - len), &out->port);
}

/* Lower case, without a final dot, with the port. */
static void write_host(struct vt_bytes host, unsigned port, char out[VT_SOURCE_HOST_BYTES])
{
    size_t len = host.len > 1 && host.ptr[host.len - 1] == '.' ? host.len - 1 : host.len;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(host.ptr[i] >= 'A' && host.ptr[i] <= 'Z' ? host.ptr[i] - 'A' + 'a'
                                                                 : host.ptr[i]);
    (void)snprintf(out + len, VT_SOURCE_HOST_BYTES - len, ":%u", port);
}

/* The port of a configuration's entry, 0: it has none. *out_len: of its host. */
static unsigned entry_port(const char *entry, size_t *out_len)
{
    const char *bracket = strchr(entry, ']');
    const char *colon = strrchr(bracket != NULL ? bracket : entry, ':');
    *out_len = colon != NULL ? (size_t)(colon - entry) : strlen(entry);
    return colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

bool vt_source_matches(const char *host, const char *entry)
{
    size_t len = 0;
    unsigned port = entry_port(entry, &len);
    const char *own = strrchr(host, ':');
    if (own == NULL || (size_t)(own - host) != len || strncasecmp(host, entry, len) != 0)
        return false;
    unsigned own_port = (unsigned)strtoul(own + 1, NULL, 10);
    return port != 0 ? own_port == port : own_port == 80 || own_port == 443;
}

static const char *find_rewrite(const struct vt_rewrites *rewrites, const char *host)
{
    for (size_t i = 0; rewrites != NULL && i < rewrites->count; i++) {
        if (vt_source_matches(host, rewrites->items[i].from))
            return rewrites->items[i].to;
    }
    return NULL;
}

/* The same path on the other host; without a port of its own that one is asked at the scheme's. */
static enum vt_code rewrite(struct vt_arena *arena, const struct parts *parts, const char *to,
                            struct vt_source *out, struct vt_err *err)
{
    size_t len = 0;
    unsigned port = entry_port(to, &len);
    write_host(vt_bytes_of(to, len), port != 0 ? port : default_port(parts->is_https), out->host);
    out->url = vt_arena_printf(arena, "%s://%s%s%s", parts->is_https ? "https" : "http", to,
                               *parts->rest == '/' ? "" : "/", parts->rest);
    return out->url != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory for an address");
}

enum vt_code vt_source_read(struct vt_arena *arena, const struct vt_rewrites *rewrites,
                            const char *url, struct vt_source *out, struct vt_err *err)
{
    struct parts parts;
    char shown[160];
    *out = (struct vt_source){0};
    (void)vt_text_clean(shown, sizeof(shown), vt_bytes_str(url));
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return vt_err_set(err, VT_E_UNSUPPORTED, "%s is not asked: only http and https are", shown);
    if (!read_parts(url, &parts))
        return vt_err_set(err, VT_E_FORMAT, "%s is not an address that can be asked", shown);
    write_host(parts.host, parts.port, out->host);
    const char *to = find_rewrite(rewrites, out->host);
    if (to != NULL)
        return rewrite(arena, &parts, to, out, err);
    /* "192.0.2.1." is no address to those who connect: the spelling of a stranger must not make a
     * good host look as if it were not there. */
    out->url = parts.host.ptr[parts.host.len - 1] != '.'
                   ? vt_arena_str(arena, url)
                   : vt_arena_printf(arena, "%s://%s%s", parts.is_https ? "https" : "http",
                                     out->host, parts.rest);
    return out->url != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory for an address");
}
