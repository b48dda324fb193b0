/* SPDX-License-Identifier: Apache-2.0
 * Where the courier goes and where not, and how much it takes: against a small server on loopback,
 * and the fetch role over its channel. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "courier/http.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

/* One transfer from its begin to its end. */
static enum vt_code fetch_url(struct vt_courier *courier, const char *url, const char *content_type,
                              struct vt_bytes body, struct vt_buf *out,
                              struct vt_transfer_end *out_end, struct vt_err *err)
{
    static const struct vt_patience patience = {700, 1500};
    struct vt_transfer transfer;
    *out_end = (struct vt_transfer_end){0};
    enum vt_code code =
        vt_transfer_begin(courier, url, content_type, body, out, patience, &transfer, err);
    if (code != VT_OK)
        return code;
    return vt_transfer_end(&transfer, curl_easy_perform(transfer.easy), out_end, err);
}

static bool is_allowed(struct vt_courier *courier, const char *url)
{
    struct vt_transfer transfer;
    struct vt_buf out;
    vt_buf_init(&out, 100);
    enum vt_code code = vt_transfer_begin(courier, url, "", (struct vt_bytes){0}, &out,
                                          (struct vt_patience){1000, 1000}, &transfer, NULL);
    if (code == VT_OK)
        vt_transfer_abort(&transfer);
    return code == VT_OK;
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *host; /* NULL: refused */
        unsigned port;
        bool default_port, literal;
    } cases[] = {
        {"http://ca.gov.vn/pki/x.crl", "ca.gov.vn", 80, true, false},
        {"HTTPS://CA.Gov.VN", "ca.gov.vn", 443, true, false},
        {"http://ca.gov.vn.:8080/", "ca.gov.vn", 8080, false, false},
        {"http://127.0.0.1:18080/ocsp", "127.0.0.1", 18080, false, true},
        {"http://127.1/", "127.0.0.1", 80, true, true},
        {"http://0x7f000001/", "127.0.0.1", 80, true, true},
        {"http://[::1]:80/", "::1", 80, true, true},
        {"http://2130706433/", "127.0.0.1", 80, true, true},
        {"http://0177.0.0.1/", "127.0.0.1", 80, true, true},
        {"http://0x7f.0.0.1/", "127.0.0.1", 80, true, true},
        {"http://127.0.0.1./", "127.0.0.1", 80, true, true},
        {"http://0/", "0.0.0.0", 80, true, true},
        {"http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", 80, true, true},
        {"http://ca.gov.vn:443/", "ca.gov.vn", 443, false, false},
        {"https://ca.gov.vn:80/", "ca.gov.vn", 80, false, false},
        {"http://ca.gov.vn/a?b#c", "ca.gov.vn", 80, true, false},
        {"http://xn--c-0ga.gov.vn/", "xn--c-0ga.gov.vn", 80, true, false},
        {"http://user@ca.gov.vn/", NULL, 0, false, false},
        {"http://user:password@ca.gov.vn/", NULL, 0, false, false},
        {"http://:@ca.gov.vn/", NULL, 0, false, false},
        {"http://[fe80::1%25eth0]/", NULL, 0, false, false},
        {"http://[::1", NULL, 0, false, false},
        {"http://ca.gov.vn:0x50/", NULL, 0, false, false},
        {"http://ca.gov.vn:99999/", NULL, 0, false, false},
        {"http://ca gov.vn/", NULL, 0, false, false},
        {"http://ca.gov.vn%2eevil.example/", "ca.gov.vn.evil.example", 80, true, false},
        {"http://ca%00.gov.vn/", NULL, 0, false, false},
        {"gopher://ca.gov.vn/", NULL, 0, false, false},
        {"ws://ca.gov.vn/", NULL, 0, false, false},
        {"httpx://ca.gov.vn/", NULL, 0, false, false},
        {"javascript:alert(1)", NULL, 0, false, false},
        {"//ca.gov.vn/", NULL, 0, false, false},
        {"http://ca.gov.vn@evil.example/", NULL, 0, false, false},
        {"ftp://ca.gov.vn/x.crl", NULL, 0, false, false},
        {"file:///etc/passwd", NULL, 0, false, false},
        {"ldap://ca.gov.vn/", NULL, 0, false, false},
        {"ca.gov.vn/x.crl", NULL, 0, false, false},
        {"http://", NULL, 0, false, false},
        {"http://c\xc3\xa0.gov.vn/", NULL, 0, false, false},
        {"", NULL, 0, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_address address;
        enum vt_code code = vt_address_parse(cases[i].url, &address, NULL);
        if ((code == VT_OK) != (cases[i].host != NULL))
            fail_msg("%s: code %d", cases[i].url, code);
        if (code != VT_OK)
            continue;
        assert_string_equal(address.host, cases[i].host);
        assert_int_equal(address.port, cases[i].port);
        assert_int_equal(address.default_port, cases[i].default_port);
        assert_int_equal(address.is_literal, cases[i].literal);
    }
}

static void only_listed_hosts_are_allowed(void **state)
{
    (void)state;
    static const char *hosts[] = {"ca.gov.vn", "ocsp.ca.gov.vn:8080", "[::1]:99", "Pub.CA.gov.vn"};
    struct vt_config config = {.fetch_hosts = {hosts, 4}};
    struct vt_courier *courier = NULL;
    static const struct {
        const char *url;
        bool allowed;
    } cases[] = {
        {"http://ca.gov.vn/x", true},
        {"https://ca.gov.vn/x", true},
        {"http://CA.GOV.VN./x", true},
        {"http://ca.gov.vn:80/x", true},
        {"http://ca.gov.vn:8080/x", false},
        {"http://ocsp.ca.gov.vn:8080/", true},
        {"http://ocsp.ca.gov.vn/", false},
        {"http://x.ca.gov.vn/", false},
        {"http://ca.gov.vn.evil.example", false},
        {"http://evilca.gov.vn/", false},
        {"http://[::1]:99/", true},
        {"http://[::1]/", false},
        {"http://pub.ca.gov.vn/", true},
        {"http://x@ca.gov.vn/", false},
        {"ftp://ca.gov.vn/", false},
        {"http://127.0.0.1/", false},
        {"http://2130706433/", false},
        {"http://0x7f000001/", false},
        {"http://[::ffff:127.0.0.1]/", false},
        {"http://ca.gov.vn:443/x", false}, /* http at the port of https */
        {"http://ca.gov.vn:22/x", false},
        {"http://ca.gov.vn\\@evil.example/", false},
        {"http://evil.example#@ca.gov.vn/", false},
        {"http://evil.example/?ca.gov.vn", false},
        {"gopher://ca.gov.vn/", false},
        {"ldap://ca.gov.vn/", false},
    };
    assert_int_equal(vt_courier_new(&config, &courier, NULL), VT_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (is_allowed(courier, cases[i].url) != cases[i].allowed)
            fail_msg("%s", cases[i].url);
    }
    vt_courier_free(courier);
}

static void private_addresses_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool is_public;
    } cases[] = {
        {"103.9.0.1", true},
        {"8.8.8.8", true},
        {"172.15.255.255", true},
        {"172.32.0.1", true},
        {"100.63.255.255", true},
        {"100.128.0.1", true},
        {"192.0.1.1", true},
        {"223.255.255.255", true},
        {"0.0.0.0", false}, /* this host: connects to loopback on Linux */
        {"0.1.2.3", false},
        {"10.1.2.3", false},
        {"100.64.0.1", false}, /* shared by a provider (RFC 6598) */
        {"127.0.0.1", false},
        {"127.255.255.254", false},
        {"169.254.169.254", false}, /* metadata of clouds */
        {"172.16.0.1", false},
        {"172.31.255.255", false},
        {"192.0.0.8", false},
        {"192.0.2.1", false}, /* documentation (RFC 5737) */
        {"198.51.100.1", false},
        {"203.0.113.1", false},
        {"192.88.99.1", false}, /* 6to4 relays */
        {"192.168.1.1", false},
        {"198.18.0.1", false}, /* bench marks */
        {"198.19.255.255", false},
        {"224.0.0.1", false},
        {"239.255.255.250", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"2001:4860:4860::8888", true},
        {"2400:cb00::1", true},
        {"2001:200::1", true},
        {"::", false},
        {"::1", false},
        {"::127.0.0.1", false}, /* compatible, long gone */
        {"::8.8.8.8", false},
        {"::ffff:8.8.8.8", true}, /* mapped */
        {"::ffff:10.0.0.1", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:169.254.169.254", false},
        {"::ffff:0:127.0.0.1", false}, /* translated (RFC 2765) */
        {"64:ff9b::8.8.8.8", true},    /* NAT64 */
        {"64:ff9b::127.0.0.1", false},
        {"64:ff9b::10.0.0.1", false},
        {"64:ff9b:1::8.8.8.8", false}, /* of a local network (RFC 8215) */
        {"100::1", false},             /* discard */
        {"2001::1", false},            /* Teredo */
        {"2001:0:53aa:64c::1", false},
        {"2001:2::1", false},
        {"2001:10::1", false}, /* ORCHID */
        {"2001:20::1", false},
        {"2001:db8::1", false}, /* documentation */
        {"3fff::1", false},
        {"3fff:fff::1", false},
        {"2002:0808:0808::1", true}, /* 6to4 of a public address, and of others */
        {"2002:7f00:1::", false},
        {"2002:a00:1::1", false},
        {"2002:c0a8:101::1", false},
        {"4000::1", false},
        {"5f00::1", false},
        {"fc00::1", false},
        {"fd00:ec2::254", false}, /* metadata of clouds */
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
        {"ff0e::1", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v4 = inet_pton(AF_INET, cases[i].address, &v4.sin_addr) == 1;
        if (!is_v4)
            assert_int_equal(inet_pton(AF_INET6, cases[i].address, &v6.sin6_addr), 1);
        bool is_public = is_v4 ? vt_address_is_public((struct sockaddr *)&v4, sizeof(v4))
                               : vt_address_is_public((struct sockaddr *)&v6, sizeof(v6));
        if (is_public != cases[i].is_public ||
            vt_address_text_is_public(cases[i].address) != is_public)
            fail_msg("%s", cases[i].address);
    }
    static const char *const none[] = {"", "ca.gov.vn", "8.8.8", "8.8.8.8 ", "fe80::1%eth0"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(vt_address_text_is_public(none[i]));
    struct sockaddr unix_socket = {.sa_family = AF_UNIX};
    assert_false(vt_address_is_public(&unix_socket, sizeof(unix_socket)));
}

/* ---- a name server ---- */

#define SILENT_NAME "silent.test"
#define SILENT_SECS 4

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* In place of libc's: the name server of one name does not answer. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    if (name != NULL && strcmp(name, SILENT_NAME) == 0) {
        (void)sleep(SILENT_SECS);
        return EAI_AGAIN;
    }
    resolve *real = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, out);
}

/* ---- a server ---- */

static struct {
    pid_t pid;
    unsigned port;
    char host[32];
    const char *hosts[4];
    struct vt_config config;
} server;

static void answer(int fd)
{
    static char request[8192];
    static char big[9000];
    ssize_t len = recv(fd, request, sizeof(request) - 1, 0);
    if (len <= 0)
        return;
    request[len] = '\0';
    if (strncmp(request, "GET /hang", 9) == 0) {
        (void)sleep(5);
    } else if (strncmp(request, "GET /redirect", 13) == 0) {
        (void)dprintf(fd, "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/secret\r\n"
                          "Content-Length: 0\r\n\r\n");
    } else if (strncmp(request, "GET /old", 8) == 0) {
        (void)dprintf(fd, "no header, HTTP/0.9");
    } else if (strncmp(request, "GET /headers", 12) == 0) {
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\n");
        memset(big, 'x', sizeof(big) - 1);
        for (int i = 0; i < 100; i++)
            (void)dprintf(fd, "X-%d: %.2000s\r\n", i, big);
        (void)dprintf(fd, "Content-Length: 5\r\n\r\nsmall");
    } else if (strncmp(request, "GET /manners", 12) == 0) {
        bool clean = strstr(request, "Accept-Encoding") == NULL &&
                     strstr(request, "Cookie") == NULL && strstr(request, "Authorization") == NULL;
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\n%s",
                      clean ? "clean" : "dirty");
    } else if (strncmp(request, "GET /packed", 11) == 0) {
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
                          "bombs");
    } else if (strncmp(request, "GET /slowly", 11) == 0) {
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        for (int i = 0; i < 5; i++) {
            (void)send(fd, &"slow."[i], 1, MSG_NOSIGNAL);
            (void)usleep(250000);
        }
    } else if (strncmp(request, "GET /declared", 13) == 0) {
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    } else if (strncmp(request, "GET /endless", 12) == 0) {
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\n\r\n");
        memset(big, 'x', sizeof(big));
        while (send(fd, big, sizeof(big), MSG_NOSIGNAL) > 0)
            continue;
    } else if (strncmp(request, "POST /ocsp", 10) == 0) {
        bool right = strstr(request, "Content-Type: application/ocsp-request") != NULL &&
                     strstr(request, "\r\n\r\nasked") != NULL;
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%s",
                      right ? "right" : "wrong");
    } else {
        if (strncmp(request, "POST /stamp", 11) == 0)
            (void)usleep(500000);
        (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall");
    }
}

/* One process per connection, so that a hanging one delays no other. */
static void serve(int listening)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        pid_t child = -1;
        while (fd >= 0 && (child = fork()) < 0) /* a machine that is full */
            (void)usleep(20000);
        if (fd >= 0 && child == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            answer(fd);
            _exit(0);
        }
        (void)close(fd);
    }
}

static int start_server(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listening, 128), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
    server.port = ntohs(address.sin_port);
    server.pid = fork();
    if (server.pid == 0)
        serve(listening);
    (void)close(listening);
    (void)snprintf(server.host, sizeof(server.host), "127.0.0.1:%u", server.port);
    server.hosts[0] = server.host;
    server.hosts[1] = "127.0.0.1:9";
    server.hosts[2] = "localhost:9";
    server.hosts[3] = SILENT_NAME;
    server.config = (struct vt_config){
        .fetch_hosts = {server.hosts, 4}, .fetch_timeout_msecs = 1000, .host_down_msecs = 60000};
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    (void)kill(server.pid, SIGKILL);
    (void)waitpid(server.pid, NULL, 0);
    return 0;
}

static enum vt_code fetch(struct vt_courier *courier, const char *path, const char *post,
                          size_t max_bytes, struct vt_transfer_end *end, char *text,
                          size_t text_bytes)
{
    char url[128];
    struct vt_buf out;
    struct vt_err err = {0};
    (void)snprintf(url, sizeof(url), "http://%s%s", server.host, path);
    vt_buf_init(&out, max_bytes);
    enum vt_code code =
        fetch_url(courier, url, "application/ocsp-request", vt_bytes_str(post), &out, end, &err);
    if (code == VT_OK)
        (void)snprintf(text, text_bytes, "%.*s", (int)(out.len < 100 ? out.len : 100),
                       out.len > 0 ? (const char *)out.ptr : "");
    else
        (void)snprintf(text, text_bytes, "%s", err.text);
    vt_buf_clear(&out);
    return code;
}

static void fetches_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *path, *post;
        enum vt_code want;
        long status;
        const char *text;
    } cases[] = {
        {"/small", NULL, VT_OK, 200, "small"},
        {"/ocsp", "asked", VT_OK, 200, "right"},
        {"/redirect", NULL, VT_OK, 302, ""},
        {"/declared", NULL, VT_E_LIMIT, 0, "more than 4096 bytes"},
        {"/endless", NULL, VT_E_LIMIT, 0, "more than 4096 bytes"},
        {"/headers", NULL, VT_E_LIMIT, 0, "bytes of headers"},
        {"/hang", NULL, VT_E_TIMEOUT, 0, "did not answer in time"},
        {"/slowly", NULL, VT_OK, 200, "slow."},
        {"/old", NULL, VT_E_NETWORK, 0, "HTTP/0.9"},
        {"/manners", NULL, VT_OK, 200, "clean"},
        {"/manners", NULL, VT_OK, 200, "clean"}, /* no cookie comes back */
        {"/packed", NULL, VT_OK, 200, "bombs"},
    };
    struct vt_courier *courier = NULL;
    assert_int_equal(vt_courier_new(&server.config, &courier, NULL), VT_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[600];
        struct vt_transfer_end end;
        enum vt_code code =
            fetch(courier, cases[i].path, cases[i].post, 4096, &end, text, sizeof(text));
        if (code != cases[i].want || end.http_status != cases[i].status ||
            strstr(text, cases[i].text) == NULL)
            fail_msg("%zu %s: code %d status %ld %s", i, cases[i].path, code, end.http_status,
                     text);
        if (!end.connected)
            fail_msg("%s: not connected", cases[i].path);
        assert_string_equal(end.location, end.http_status == 302 ? "http://10.0.0.1/secret" : "");
    }
    vt_courier_free(courier);
}

static void dead_hosts_and_names_of_ours(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum vt_code want;
        const char *text;
    } cases[] = {
        {"http://127.0.0.1:9/x", VT_E_NETWORK, "127.0.0.1:9"},
        {"http://localhost:9/x", VT_E_CONFIG, "private address"},
        {"http://ca.gov.vn/x", VT_E_CONFIG, "fetch.allowed-hosts"},
    };
    struct vt_courier *courier = NULL;
    assert_int_equal(vt_courier_new(&server.config, &courier, NULL), VT_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_buf out;
        struct vt_err err = {0};
        struct vt_transfer_end end;
        vt_buf_init(&out, 100);
        assert_int_equal(
            fetch_url(courier, cases[i].url, "", (struct vt_bytes){0}, &out, &end, &err),
            cases[i].want);
        if (strstr(err.text, cases[i].text) == NULL)
            fail_msg("%s: %s", cases[i].url, err.text);
        assert_false(end.connected);
        vt_buf_clear(&out);
    }
    vt_courier_free(courier);
}

/* ---- by a proxy ---- */

/* A proxy for one request each: it wants the whole address in the request line (RFC 9112 3.2.2),
 * and fetches from our server whatever host is named. */
static void serve_proxy(int listening)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        char request[4096], host[64], path[64];
        int fd = accept(listening, NULL, NULL);
        ssize_t len = recv(fd, request, sizeof(request) - 1, 0);
        request[len > 0 ? len : 0] = '\0';
        if (sscanf(request, "GET http://%63[^/ ]%63s HTTP/1.1", host, path) != 2)
            (void)dprintf(fd, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
        else if (strcmp(path, "/forbidden") == 0)
            (void)dprintf(fd, "HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n");
        else
            (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\nby proxy %s%s",
                          strlen(host) + strlen(path) + 9, host, path);
        (void)close(fd);
    }
}

static int listen_on_loopback(unsigned *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listening, 128), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
    *out_port = ntohs(address.sin_port);
    return listening;
}

static void a_proxy_is_used_when_configured(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum vt_code want;
        long status;
        const char *text;
    } cases[] = {
        /* The name need not be known here, and no address is looked at. */
        {"http://ca.invalid/ca.crl", VT_OK, 200, "by proxy ca.invalid/ca.crl"},
        {"http://ca.invalid:8080/x", VT_OK, 200, "by proxy ca.invalid:8080/x"},
        {"http://ca.invalid/forbidden", VT_OK, 407, ""},
        {"http://other.invalid/x", VT_E_CONFIG, 0, "fetch.allowed-hosts"},
    };
    static const char *hosts[] = {"ca.invalid", "ca.invalid:8080"};
    unsigned port = 0;
    char proxy[64];
    int listening = listen_on_loopback(&port);
    pid_t pid = fork();
    if (pid == 0)
        serve_proxy(listening);
    (void)close(listening);
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", port);
    const struct vt_config config = {.fetch_hosts = {hosts, 2}, .http_proxy = proxy};
    struct vt_courier *courier = NULL;
    assert_int_equal(vt_courier_new(&config, &courier, NULL), VT_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_buf out;
        struct vt_err err = {0};
        struct vt_transfer_end end;
        vt_buf_init(&out, 100);
        enum vt_code code =
            fetch_url(courier, cases[i].url, "", (struct vt_bytes){0}, &out, &end, &err);
        struct vt_bytes got = code == VT_OK ? vt_buf_bytes(&out) : vt_bytes_str(err.text);
        if (code != cases[i].want || end.http_status != cases[i].status ||
            (code == VT_OK && !vt_bytes_equal(got, vt_bytes_str(cases[i].text))) ||
            (code != VT_OK && strstr(err.text, cases[i].text) == NULL))
            fail_msg("%s: %d %ld %.*s", cases[i].url, code, end.http_status, (int)got.len,
                     (const char *)got.ptr);
        vt_buf_clear(&out);
    }
    vt_courier_free(courier);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* What the environment says is nobody's word: the proxy named there is not there. */
static void the_environment_chooses_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY",
                                        "ALL_PROXY"};
    char text[600];
    struct vt_transfer_end end;
    struct vt_courier *courier = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)setenv(names[i], "http://127.0.0.1:9", 1);
    assert_int_equal(vt_courier_new(&server.config, &courier, NULL), VT_OK);
    assert_int_equal(fetch(courier, "/small", NULL, 100, &end, text, sizeof(text)), VT_OK);
    assert_string_equal(text, "small");
    vt_courier_free(courier);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unsetenv(names[i]);
}

/* ---- the role ---- */

static int ask_with(int channel, const char *host, const char *path, const char *type, int post)
{
    char body[256];
    int fd = -1;
    int64_t deadline = vt_clock_monotonic_msecs() + 2000;
    (void)snprintf(body, sizeof(body), "{\"url\": \"http://%s%s\", \"type\": \"%s\"}", host, path,
                   type);
    assert_int_equal(vt_wire_open(channel, deadline, &fd, NULL), VT_OK);
    assert_int_equal(vt_wire_send(fd, VT_MSG_FETCH, vt_bytes_str(body), &post, post >= 0 ? 1 : 0,
                                  deadline, NULL),
                     VT_OK);
    return fd;
}

static int ask_host(int channel, const char *host, const char *path, const char *type)
{
    return ask_with(channel, host, path, type, -1);
}

static int ask(int channel, const char *path, const char *type)
{
    return ask_host(channel, server.host, path, type);
}

static void hear(int fd, const char *want_body, const char *want_bytes)
{
    static struct vt_message message;
    char text[600];
    int64_t deadline = vt_clock_monotonic_msecs() + 5000;
    assert_int_equal(vt_wire_receive(fd, &message, 1, deadline, NULL), VT_OK);
    assert_int_equal(message.type, VT_MSG_FETCHED);
    (void)snprintf(text, sizeof(text), "%.*s", (int)message.body_len, (const char *)message.body);
    if (strstr(text, want_body) == NULL)
        fail_msg("%s", text);
    assert_int_equal(message.fds_count, want_bytes != NULL);
    if (want_bytes != NULL) {
        struct vt_bytes bytes;
        assert_int_equal(vt_memfd_map(message.fds[0], 4096, &bytes, NULL), VT_OK);
        assert_true(vt_bytes_equal(bytes, vt_bytes_str(want_bytes)));
        vt_memfd_unmap(bytes);
    }
    vt_message_close(&message);
    (void)close(fd);
}

/* The client ends of a role that runs. */
struct role {
    pid_t pid;
    int channel, control;
};

static struct role start_role(int64_t timeout_msecs)
{
    int channel[2], control[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
    struct vt_config config = server.config;
    config.fetch_timeout_msecs = timeout_msecs;
    pid_t role = fork();
    if (role == 0) {
        (void)close(channel[0]);
        (void)close(control[0]);
        struct vt_role_fds fds = {.control = control[1],
                                  .fetch = channel[1],
                                  .inspect = -1,
                                  .milter_socket = -1,
                                  .status = -1,
                                  .generation = -1,
                                  .policy = -1,
                                  .overrides = -1,
                                  .metrics = -1};
        _exit(vt_fetch_main(&config, &fds));
    }
    (void)close(channel[1]);
    (void)close(control[1]);
    return (struct role){role, channel[0], control[0]};
}

static void end_role(const struct role *role)
{
    int status = -1;
    (void)close(role->control);
    assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(role->channel);
}

/* A slow host delays nobody, more requests than places wait, and closing cancels. */
static void the_role_serves_many_at_once(void **state)
{
    (void)state;
    int fast[40];
    struct role role = start_role(2500);
    int slow = ask(role.channel, "/hang", "crl");
    int cancelled = ask(role.channel, "/hang", "crl");
    (void)close(cancelled);
    for (size_t i = 0; i < 40; i++)
        fast[i] = ask(role.channel, "/small", "crl");
    for (size_t i = 0; i < 40; i++)
        hear(fast[i], "\"http_status\":200", "small");
    struct pollfd unanswered = {.fd = slow, .events = POLLIN};
    assert_int_equal(poll(&unanswered, 1, 0), 0);
    hear(ask(role.channel, "/small", "issuer"), "\"http_status\":200", "small");
    hear(ask_host(role.channel, "ca.gov.vn", "/x", "crl"), "fetch.allowed-hosts", NULL);
    hear(ask(role.channel, "/small", "virus"), "malformed", NULL);
    hear(slow, "did not answer in time", NULL);
    end_role(&role);
}

/* However much is asked of a host that hangs, another one is asked at once. */
static void a_host_takes_no_places_of_others(void **state)
{
    (void)state;
    int slow[60];
    struct role role = start_role(2500);
    int64_t begun = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < 60; i++)
        slow[i] = ask(role.channel, "/hang", "crl");
    hear(ask_host(role.channel, "127.0.0.1:9", "/x", "crl"), "\"connected\":false", NULL);
    assert_in_range(vt_clock_monotonic_msecs() - begun, 0, 1500);
    for (size_t i = 0; i < 60; i++)
        (void)close(slow[i]);
    end_role(&role);
}

/* Mails that wait for their time stamps do not wait for each other. */
static void time_stamps_are_asked_for_side_by_side(void **state)
{
    (void)state;
    int slow[40], post = -1;
    struct role role = start_role(2500);
    assert_int_equal(vt_memfd_seal("query", VT_BYTES("asked"), &post, NULL), VT_OK);
    int64_t begun = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < 40; i++)
        slow[i] = ask_with(role.channel, server.host, "/stamp", "timestamp", post);
    for (size_t i = 0; i < 40; i++)
        hear(slow[i], "\"http_status\":200", "small");
    assert_in_range(vt_clock_monotonic_msecs() - begun, 0, 1800); /* 8 at a time: 2500 */
    (void)close(post);
    end_role(&role);
}

/* A host whose name server is silent delays nobody either, when its time is over or when nobody
 * waits for it any more. */
static void a_silent_name_server_delays_nobody(void **state)
{
    (void)state;
    struct role role = start_role(300);
    int silent = ask_host(role.channel, SILENT_NAME, "/x", "issuer");
    int cancelled = ask_host(role.channel, SILENT_NAME, "/x", "issuer");
    int64_t begun = vt_clock_monotonic_msecs();
    hear(silent, "did not answer in time", NULL);
    (void)close(cancelled);
    for (int i = 0; i < 3; i++) {
        hear(ask(role.channel, "/small", "issuer"), "\"http_status\":200", "small");
        (void)usleep(100000);
    }
    assert_in_range(vt_clock_monotonic_msecs() - begun, 0, 1000 * SILENT_SECS - 1000);
    end_role(&role);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(only_listed_hosts_are_allowed),
        cmocka_unit_test(private_addresses_are_told_apart),
        cmocka_unit_test(fetches_within_bounds),
        cmocka_unit_test(dead_hosts_and_names_of_ours),
        cmocka_unit_test(a_proxy_is_used_when_configured),
        cmocka_unit_test(the_environment_chooses_nothing),
        cmocka_unit_test(the_role_serves_many_at_once),
        cmocka_unit_test(a_host_takes_no_places_of_others),
        cmocka_unit_test(time_stamps_are_asked_for_side_by_side),
        cmocka_unit_test(a_silent_name_server_delays_nobody),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
