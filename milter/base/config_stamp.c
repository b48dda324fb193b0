/* SPDX-License-Identifier: Apache-2.0
 * seal.timestamp of vanthu.yaml: whom the status role asks for time stamps, and for what. */
#include <stdio.h>
#include <string.h>

#include "base/config_set.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_URL_BYTES 500
#define MAX_HOST_BYTES 262

/* "tsa.ca.gov.vn", "tsa.example.vn:8318" of an address; false: it is none. */
static bool host_of(const char *url, char out[MAX_HOST_BYTES], bool *out_is_https)
{
    bool is_http = strncmp(url, "http://", 7) == 0;
    *out_is_https = strncmp(url, "https://", 8) == 0;
    const char *host = url + (is_http ? 7 : 8);
    if (!is_http && !*out_is_https)
        return false;
    size_t len = strcspn(host, "/?#");
    if (len == 0 || len >= MAX_HOST_BYTES)
        return false;
    memcpy(out, host, len);
    out[len] = '\0';
    return vt_check_host_port(out);
}

bool vt_check_url(const char *text)
{
    char host[MAX_HOST_BYTES];
    bool is_https = false;
    return strlen(text) <= MAX_URL_BYTES && vt_check_word(text) && strpbrk(text, "\"\\#") == NULL &&
           host_of(text, host, &is_https);
}

/* An OID of at least three arcs (X.660). */
bool vt_check_oid(const char *text)
{
    unsigned dots = 0;
    size_t len = strlen(text);
    if (len < 5 || len > 100 || strspn(text, "0123456789.") != len || text[0] > '2' ||
        text[1] != '.' || text[len - 1] == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        bool is_empty = text[i] == '.' && text[i + 1] == '.';
        bool is_padded =
            (i == 0 || text[i - 1] == '.') && text[i] == '0' && i + 1 < len && text[i + 1] != '.';
        if (is_empty || is_padded)
            return false;
        dots += text[i] == '.';
    }
    return dots >= 2;
}

bool vt_set_hash(struct vt_config_reader *r, const struct vt_setting *s,
                 const struct vt_yaml_node *node, void *field)
{
    static const char *const words[] = {"sha256", "sha384", "sha512"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, words, ELEMENTS(words), &value);
    *(enum vt_seal_hash *)field = (enum vt_seal_hash)value;
    return is_good;
}

bool vt_set_without_stamp(struct vt_config_reader *r, const struct vt_setting *s,
                          const struct vt_yaml_node *node, void *field)
{
    static const char *const words[] = {"seal", "refuse"};
    unsigned value = 0;
    bool is_good = vt_yaml_word(&r->yaml, node, s->expected, words, ELEMENTS(words), &value);
    *(bool *)field = value == 1;
    return is_good;
}

/* ---- what does not go together ---- */

/* An entry without a port is for the default ports of both schemes. */
static bool is_allowed(const struct vt_config *config, const char *url)
{
    char host[MAX_HOST_BYTES], with_port[MAX_HOST_BYTES + 6];
    bool is_https = false;
    if (!host_of(url, host, &is_https))
        return true; /* that was told */
    const char *port = strrchr(host, ':');
    bool has_port = port != NULL && strchr(port, ']') == NULL;
    const char *own = is_https ? ":443" : ":80";
    (void)snprintf(with_port, sizeof(with_port), "%s%s", host, has_port ? "" : own);
    bool is_default =
        strcmp(strrchr(with_port, ':'), ":80") == 0 || strcmp(strrchr(with_port, ':'), ":443") == 0;
    size_t bare = (size_t)(strrchr(with_port, ':') - with_port);
    for (size_t i = 0; i < config->fetch_hosts.count; i++) {
        const char *entry = config->fetch_hosts.items[i];
        if (strcasecmp(entry, with_port) == 0 ||
            (is_default && strlen(entry) == bare && strncasecmp(entry, with_port, bare) == 0))
            return true;
    }
    return false;
}

const char *vt_stamp_mistake(const struct vt_config *config, struct vt_arena *arena,
                             const char **out_key)
{
    const struct vt_config_timestamp *stamp = &config->timestamp;
    *out_key = "timestamp";
    for (size_t i = 0; i < stamp->urls.count; i++) {
        if (!is_allowed(config, stamp->urls.items[i]))
            return vt_arena_printf(arena,
                                   "the host of %s is not in fetch.allowed-hosts: nobody may ask "
                                   "it",
                                   stamp->urls.items[i]);
    }
    *out_key = "keys";
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (config->seal_keys[i].level != VT_SEAL_LEVEL_B && stamp->urls.count == 0)
            return vt_arena_printf(arena,
                                   "the key %s asks for a time stamp (level), but "
                                   "seal.timestamp.urls names no authority",
                                   config->seal_keys[i].name);
    }
    return NULL;
}
