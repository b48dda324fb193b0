/* SPDX-License-Identifier: Apache-2.0
 * What holds between the settings of the relay that takes notices. */
#include <arpa/inet.h>
#include <string.h>

#include "base/config_table.h"

bool vt_set_relay_tls(struct vt_config_reader *r, const struct vt_setting *s,
                      const struct vt_yaml_node *node, void *field)
{
    static const char *const words[] = {"none", "opportunistic", "required"};
    unsigned value = 0;
    bool is_good =
        vt_yaml_word(&r->yaml, node, s->expected, words, sizeof(words) / sizeof(words[0]), &value);
    if (is_good)
        *(enum vt_relay_tls *)field = (enum vt_relay_tls)(VT_RELAY_TLS_NONE + value);
    return is_good;
}

static bool is_smtps(const char *relay)
{
    return strncmp(relay, "smtps://", 8) == 0;
}

/* RFC 1122 3.2.1.3 (g), RFC 4291 2.5.3, RFC 6761 6.3: what goes there leaves this machine never. */
static bool is_loopback(const char *relay)
{
    char host[256];
    struct in_addr v4;
    struct in6_addr v6;
    const char *begin = strstr(relay, "://");
    if (begin == NULL) /* a mistake that was told already */
        return false;
    begin += 3;
    bool has_bracket = begin[0] == '[';
    size_t len = has_bracket ? strcspn(begin + 1, "]") : strcspn(begin, ":");
    if (len >= sizeof(host))
        return false;
    memcpy(host, begin + has_bracket, len);
    host[len] = '\0';
    if (has_bracket)
        return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET);
}

void vt_relay_complete(struct vt_config_notices *notices)
{
    if (notices->tls == VT_RELAY_TLS_DEFAULT)
        notices->tls = is_smtps(notices->relay)      ? VT_RELAY_TLS_REQUIRED
                       : is_loopback(notices->relay) ? VT_RELAY_TLS_NONE
                                                     : VT_RELAY_TLS_OPPORTUNISTIC;
}

const char *vt_relay_mistake(const struct vt_config_notices *notices, const char **out_key)
{
    bool is_required = notices->tls == VT_RELAY_TLS_REQUIRED;
    *out_key = "tls";
    if (is_smtps(notices->relay) && !is_required)
        return "smtps:// begins with TLS: write required, or smtp:// in notices.relay";
    *out_key = "user";
    if (notices->user != NULL && notices->password_file == NULL)
        return "notices.user needs notices.password-file";
    if (notices->user != NULL && !is_required && !is_loopback(notices->relay))
        return "a password goes to another machine only under TLS with its certificate checked: "
               "write tls: required";
    *out_key = "password-file";
    if (notices->user == NULL && notices->password_file != NULL)
        return "notices.password-file needs notices.user";
    *out_key = "tls-ca";
    if (notices->tls_ca != NULL && !is_required)
        return "certificates are checked with tls: required only";
    return NULL;
}
