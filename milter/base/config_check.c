/* SPDX-License-Identifier: Apache-2.0
 * What the texts of a configuration may be. Syntax only: no name is looked up. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/config_table.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_printable(const char *text, size_t max_len)
{
    size_t len = strlen(text);
    if (len == 0 || len > max_len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E)
            return false;
    }
    return true;
}

/* RFC 1123 2.1: labels of at most 63, the whole of at most 253 characters. */
static bool is_domain(const char *text, size_t len)
{
    size_t label = 0;
    if (len == 0 || len > 253)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            if (label == 0 || text[i - 1] == '-')
                return false;
            label = 0;
        } else {
            bool is_hyphen = text[i] == '-' && label > 0;
            if ((!is_alnum(text[i]) && !is_hyphen) || ++label > 63)
                return false;
        }
    }
    return label > 0 && text[len - 1] != '-';
}

bool vt_check_domain(const char *text)
{
    return is_domain(text, strlen(text));
}

static bool is_port(const char *text, size_t len)
{
    if (len == 0 || len > 5 || strspn(text, "0123456789") < len)
        return false;
    long port = strtol(text, NULL, 10);
    return port >= 1 && port <= 65535;
}

static bool is_address(const char *text, size_t len, int family)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

bool vt_check_host_port(const char *text)
{
    if (text[0] == '[') {
        const char *end = strchr(text, ']');
        if (end == NULL || !is_address(text + 1, (size_t)(end - text) - 1, AF_INET6))
            return false;
        return end[1] == '\0' || (end[1] == ':' && is_port(end + 2, strlen(end + 2)));
    }
    const char *colon = strchr(text, ':');
    if (colon == NULL)
        return vt_check_domain(text);
    return is_domain(text, (size_t)(colon - text)) && is_port(colon + 1, strlen(colon + 1));
}

/* No bit is set behind the mask: 10.1.0.0/8 is a slip of the hand. */
static bool is_masked(const unsigned char *address, unsigned bytes, unsigned long mask)
{
    for (unsigned bit = (unsigned)mask; bit < bytes * 8; bit++) {
        if ((address[bit / 8] & (0x80u >> (bit % 8))) != 0)
            return false;
    }
    return true;
}

bool vt_check_network(const char *text)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    bool is_v4 = inet_pton(AF_INET, copy, address) == 1;
    if (!is_v4 && inet_pton(AF_INET6, copy, address) != 1)
        return false;
    if (slash == NULL)
        return true;
    unsigned bytes = is_v4 ? 4 : 16;
    size_t digits = strspn(slash + 1, "0123456789");
    unsigned long mask = strtoul(slash + 1, NULL, 10);
    return digits >= 1 && digits <= 3 && slash[1 + digits] == '\0' && mask <= bytes * 8 &&
           is_masked(address, bytes, mask);
}

bool vt_check_socket(const char *text)
{
    if (strncmp(text, "unix:", 5) == 0)
        return text[5] == '/' && strlen(text + 5) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
    bool is_v6 = strncmp(text, "inet6:", 6) == 0;
    if (!is_v6 && strncmp(text, "inet:", 5) != 0)
        return false;
    const char *port = strchr(text, ':') + 1;
    const char *at = strchr(port, '@');
    if (at == NULL || !is_port(port, (size_t)(at - port)))
        return false;
    return vt_check_domain(at + 1) ||
           is_address(at + 1, strlen(at + 1), is_v6 ? AF_INET6 : AF_INET);
}

/* RFC 1122 3.2.1.3 (g), RFC 4291 2.5.3, RFC 6761 6.3. */
bool vt_check_local_socket(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    const char *at = strchr(text, '@');
    if (!vt_check_socket(text))
        return false;
    if (at == NULL || strcmp(at + 1, "localhost") == 0)
        return true;
    if (strncmp(text, "inet6:", 6) == 0)
        return inet_pton(AF_INET6, at + 1, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    return inet_pton(AF_INET, at + 1, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool vt_check_socket_of_postfix(const char *text, char *out, size_t out_bytes)
{
    bool is_v6 = strncmp(text, "inet6:", 6) == 0;
    if (!is_v6 && strncmp(text, "inet:", 5) != 0)
        return false;
    const char *host = strchr(text, ':') + 1, *colon = strrchr(host, ':');
    if (colon == NULL)
        return false;
    size_t len = (size_t)(colon - host);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        is_v6 = true;
        host++;
        len -= 2;
    }
    int written =
        snprintf(out, out_bytes, "%s:%s@%.*s", is_v6 ? "inet6" : "inet", colon + 1, (int)len, host);
    return written > 0 && (size_t)written < out_bytes && vt_check_socket(out);
}

bool vt_check_proxy(const char *text)
{
    const char *host = text + 7;
    if (strncmp(text, "http://", 7) != 0 || !vt_check_host_port(host))
        return false;
    const char *end = host[0] == '[' ? strchr(host, ']') : host;
    return strchr(end, ':') != NULL;
}

bool vt_check_relay(const char *text)
{
    size_t skip = strncmp(text, "smtp://", 7) == 0 ? 7 : strncmp(text, "smtps://", 8) == 0 ? 8 : 0;
    return skip > 0 && vt_check_host_port(text + skip);
}

bool vt_check_central(const char *text)
{
    bool is_uri = strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
    const char *user = is_uri ? strstr(text, "://") + 3 : text;
    const char *at = is_uri ? strchr(user, '@') : NULL, *colon = strchr(user, ':');
    bool has_password =
        strstr(text, "password=") != NULL || (at != NULL && colon != NULL && colon < at);
    return (is_uri || strchr(text, '=') != NULL) && !has_password;
}

bool vt_check_user(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > 32 || strcmp(text, "root") == 0)
        return false;
    if (strspn(text, "0123456789") == len)
        return len <= 9 && strtoul(text, NULL, 10) != 0;
    bool is_first_good = (text[0] >= 'a' && text[0] <= 'z') || text[0] == '_';
    return is_first_good && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

bool vt_check_path(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len < 1024;
}

bool vt_check_word(const char *text)
{
    return is_printable(text, 128) && strchr(text, ' ') == NULL;
}

bool vt_check_ascii(const char *text)
{
    return is_printable(text, 64) && strchr(text, '%') == NULL;
}

bool vt_check_title(const char *text)
{
    enum { MAX_TITLE_BYTES = 300 };
    char clean[MAX_TITLE_BYTES + 4];
    size_t len = strlen(text);
    return len > 0 && len <= MAX_TITLE_BYTES &&
           strcmp(vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)), text) == 0;
}

bool vt_check_address(const char *text)
{
    enum { MAX_LOCAL = 64 };
    const char *at = strrchr(text, '@');
    size_t len = at == NULL ? 0 : (size_t)(at - text);
    if (len == 0 || len > MAX_LOCAL || text[0] == '.' || at[-1] == '.' || !vt_check_domain(at + 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool is_double_dot = text[i] == '.' && text[i + 1] == '.';
        if (!is_alnum(text[i]) &&
            (strchr(".!#$%&'*+/=?^_`{|}~-", text[i]) == NULL || is_double_dot))
            return false;
    }
    return true;
}

bool vt_check_mailbox(const char *text)
{
    char address[330];
    size_t len = strlen(text);
    const char *open = strrchr(text, '<');
    if (open == NULL)
        return vt_check_address(text);
    size_t address_len = len - (size_t)(open - text);
    if (open == text || address_len < 3 || address_len - 2 >= sizeof(address) ||
        text[len - 1] != '>' || !vt_check_title(text))
        return false;
    (void)snprintf(address, sizeof(address), "%.*s", (int)(address_len - 2), open + 1);
    return vt_check_address(address);
}

bool vt_check_fingerprint(const char *text)
{
    size_t digits = 0;
    for (; *text != '\0'; text++) {
        if (strchr("0123456789abcdefABCDEF", *text) != NULL)
            digits++;
        else if (*text != ':' && *text != ' ')
            return false;
    }
    return digits == 64;
}

bool vt_check_clock(const char *text)
{
    bool is_formed = strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 &&
                     strspn(text + 3, "0123456789") == 2;
    return is_formed && strncmp(text, "24", 2) < 0 && text[3] < '6';
}
