/* SPDX-License-Identifier: Apache-2.0
 * A central database that was taken over: a server that ends after each byte, never ends, says one
 * type and sends another, or says anything at all. Each request ends in time, and nothing is read
 * that did not come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../lib/register_mail.h"
#include "../lib/register_site.h"
#include "vanthu/clock.h"

#define REPLY_MSECS 300
/* A few requests, each waiting for its answer, on a machine that is busy. */
#define MOST_MSECS 6000
#define NO_CUT LONG_MAX

enum lie {
    LIE_NONE,     /* every table is there and empty, every number is 1 */
    LIE_TYPES,    /* numbers that are shorter than their type */
    LIE_IDS,      /* ids of gateways that are shorter than an id, or missing */
    LIE_COLUMNS,  /* rows without columns */
    LIE_NOTICES,  /* notices without an end */
    LIE_ROWS,     /* rows without an end */
    LIE_RESULTS,  /* results without an end */
    LIE_HUGE,     /* a message of 2 GB is announced */
    LIE_NEGATIVE, /* a message of negative length */
    LIE_NOISE,    /* anything */
    LIES
};

static struct {
    char folder[64], path[128];
    int listener;
    pthread_t thread;
    enum lie lie;
    long cut_at, sent; /* bytes after which it ends */
    bool is_select;
    char state; /* of the transaction */
} server;

/* ---- the server ---- */

static bool put(int fd, const void *bytes, size_t len)
{
    size_t left = (size_t)(server.cut_at - server.sent);
    size_t wanted = len < left ? len : left;
    if (wanted > 0 && send(fd, bytes, wanted, MSG_NOSIGNAL) != (ssize_t)wanted)
        return false;
    server.sent += (long)wanted;
    return wanted == len && left > len;
}

static bool say(int fd, char type, const void *body, uint32_t len)
{
    uint8_t message[512];
    uint32_t total = htonl(len + 4);
    message[0] = (uint8_t)type;
    memcpy(message + 1, &total, 4);
    if (len > 0)
        memcpy(message + 5, body, len);
    return put(fd, message, len + 5);
}

static bool say_ready(int fd)
{
    return say(fd, 'Z', &server.state, 1);
}

static uint8_t *put_column(uint8_t *at, const char *name, uint32_t type)
{
    uint32_t number = htonl(type);
    uint16_t binary = htons(1);
    memcpy(at, name, strlen(name) + 1);
    at += strlen(name) + 1;
    memset(at, 0, 18);
    memcpy(at + 6, &number, 4);
    memcpy(at + 16, &binary, 2);
    return at + 18;
}

enum { COLUMNS = 9, INT8 = 20, INT4 = 23, BYTEA = 17 };

static uint32_t type_of(int column)
{
    return server.lie == LIE_IDS ? BYTEA : column % 2 == 0 ? INT8 : INT4;
}

static bool say_columns(int fd)
{
    uint8_t body[400], *at = body + 2;
    uint16_t count = htons(server.lie == LIE_COLUMNS ? 0 : COLUMNS);
    memcpy(body, &count, 2);
    for (int i = 0; i < COLUMNS && server.lie != LIE_COLUMNS; i++)
        at = put_column(at, "c", type_of(i));
    return say(fd, 'T', body, (uint32_t)(at - body));
}

static bool say_row(int fd)
{
    uint8_t body[400] = {0}, *at = body + 2;
    uint16_t count = htons(server.lie == LIE_COLUMNS ? 0 : COLUMNS);
    memcpy(body, &count, 2);
    for (int i = 0; i < COLUMNS && server.lie != LIE_COLUMNS; i++) {
        uint32_t len = type_of(i) == INT8 ? 8 : 4;
        len = server.lie == LIE_TYPES ? len / 4 : server.lie == LIE_IDS ? (uint32_t)i % 3 : len;
        uint32_t wire = htonl(len);
        memcpy(at, &wire, 4);
        at += 4 + len;
        if (len > 0)
            at[-1] = 1;
    }
    return say(fd, 'D', body, (uint32_t)(at - body));
}

/* Faster than anybody reads. */
static bool say_without_end(int fd)
{
    static const char notice[] = "N\0\0\0\x1bSNOTICE\0C00000\0Mhello\0";
    static const char result[] = "C\0\0\0\x0dSELECT 0";
    static const char row[] = "D\0\0\0\x06\0";
    const char *message = server.lie == LIE_NOTICES ? notice
                          : server.lie == LIE_ROWS  ? row
                                                    : result;
    size_t len = server.lie == LIE_NOTICES ? sizeof(notice)
                 : server.lie == LIE_ROWS  ? sizeof(row)
                                           : sizeof(result);
    char many[60000];
    size_t count = sizeof(many) / len;
    for (size_t i = 0; i < count; i++)
        memcpy(many + i * len, message, len);
    bool goes_on = say(fd, 'T', "\0\0", 2);
    while (goes_on)
        goes_on = put(fd, many, count * len);
    return false;
}

static bool say_nonsense(int fd)
{
    static const uint8_t huge[] = {'D', 0x7f, 0xff, 0xff, 0xff, 0},
                         negative[] = {'D', 0xff, 0, 0, 0};
    uint8_t noise[400];
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(random() >> 7);
    noise[0] = (uint8_t) "TDCEZNSR12"[random() % 10];
    noise[1] = noise[2] = noise[3] = 0;
    return server.lie == LIE_HUGE       ? put(fd, huge, sizeof(huge))
           : server.lie == LIE_NEGATIVE ? put(fd, negative, sizeof(negative))
                                        : put(fd, noise, sizeof(noise));
}

static bool answer_script(int fd, const char *text)
{
    bool begins = strncmp(text, "BEGIN", 5) == 0;
    bool ends = strncmp(text, "COMMIT", 6) == 0 || strncmp(text, "ROLLBACK", 8) == 0;
    server.state = begins ? 'T' : ends ? 'I' : server.state;
    return say(fd, 'C', "OK", 3) && say_ready(fd);
}

static bool answer_execute(int fd)
{
    if (!server.is_select)
        return say(fd, 'C', "OK", 3);
    if (server.lie >= LIE_NOTICES && server.lie <= LIE_RESULTS)
        return say_without_end(fd);
    if (server.lie > LIE_RESULTS)
        return say_nonsense(fd);
    return say_row(fd) && say(fd, 'C', "SELECT 1", 9);
}

/* The extended protocol, message by message. */
static bool answer(int fd, char type, const char *body, size_t len)
{
    const char *text = body + strnlen(body, len - 1) + 1; /* of a Parse: behind the name */
    switch (type) {
    case 'Q':
        return answer_script(fd, body);
    case 'P':
        server.is_select = strncmp(text, "SELECT", 6) == 0 || strncmp(text, "FETCH", 5) == 0;
        return say(fd, '1', NULL, 0);
    case 'B':
        return say(fd, '2', NULL, 0);
    case 'D':
        return !server.is_select          ? say(fd, 'n', NULL, 0)
               : server.lie < LIE_NOTICES ? say_columns(fd)
                                          : true;
    case 'E':
        return answer_execute(fd);
    case 'S':
        return say_ready(fd);
    default:
        return type != 'X';
    }
}

static bool receive(int fd, void *out, size_t len)
{
    return len == 0 || recv(fd, out, len, MSG_WAITALL) == (ssize_t)len;
}

static void serve(int fd)
{
    char type = 0, body[65536];
    uint32_t len = 0;
    server.sent = 0;
    server.state = 'I';
    bool goes_on = receive(fd, &len, 4) && ntohl(len) < sizeof(body) &&
                   receive(fd, body, ntohl(len) - 4) && say(fd, 'R', "\0\0\0\0", 4) &&
                   say_ready(fd);
    while (goes_on) {
        goes_on = receive(fd, &type, 1) && receive(fd, &len, 4) && ntohl(len) >= 4 &&
                  ntohl(len) < sizeof(body) - 1 && receive(fd, body, ntohl(len) - 4);
        body[goes_on ? ntohl(len) - 4 : 0] = '\0';
        goes_on = goes_on && answer(fd, type, body, ntohl(len) - 3);
    }
    (void)close(fd);
}

static void *run_server(void *unused)
{
    (void)unused;
    for (;;) {
        int fd = accept(server.listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        serve(fd);
    }
}

static int start_server(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(server.folder, sizeof(server.folder), "/tmp/vanthu-lies-XXXXXX");
    if (mkdtemp(server.folder) == NULL)
        return -1;
    (void)snprintf(server.path, sizeof(server.path), "%s/.s.PGSQL.5432", server.folder);
    memcpy(address.sun_path, server.path, strlen(server.path) + 1);
    server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    server.lie = LIE_NONE;
    server.cut_at = NO_CUT;
    if (bind(server.listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server.listener, 5) != 0 ||
        pthread_create(&server.thread, NULL, run_server, NULL) != 0)
        return -1;
    return site_new(state);
}

static int stop_server(void **state)
{
    (void)shutdown(server.listener, SHUT_RDWR);
    (void)pthread_join(server.thread, NULL);
    (void)close(server.listener);
    (void)unlink(server.path);
    (void)rmdir(server.folder);
    return site_free(state);
}

/* ---- the client ---- */

/* What the shipper does in one turn; the first fault, or VT_OK. */
static enum vt_code work(struct site *site, struct vt_err *err)
{
    char connection[128];
    const struct vt_claim_key key = {.is_set = true};
    struct vt_register *central = NULL;
    struct vt_ship_back back;
    size_t count = 0;
    (void)snprintf(connection, sizeof(connection), "host=%s user=vanthu dbname=x", server.folder);
    const struct vt_postgres_link link = {.connection = connection,
                                          .connect_msecs = REPLY_MSECS,
                                          .reply_msecs = REPLY_MSECS,
                                          .interrupt_fd = -1};
    struct vt_bytes id = vt_bytes_of(site->reg->id, sizeof(site->reg->id));
    enum vt_code code = vt_central_open_write(&link, id, "mx", &central, err);
    if (code == VT_OK)
        code = vt_ship_check(site->reg, central, err);
    if (code == VT_OK)
        code = vt_ship_records(site->reg, central, &key, &count, err);
    if (code == VT_OK)
        code = vt_ship_back(site->reg, central, &key, &back, err);
    vt_register_close(central);
    central = NULL;
    /* A person who reads waits as long as a person likes. */
    bool has_end = server.lie < LIE_NOTICES;
    if (has_end && vt_central_open_read(connection, &central, err) == VT_OK)
        vt_register_close(central);
    return code;
}

static void it_may_end_after_each_byte(void **state)
{
    struct site *site = *state;
    struct vt_err err = {0};
    site_append(site, 1, 500);
    for (server.cut_at = 1; server.cut_at < 900; server.cut_at += server.cut_at < 300 ? 1 : 7) {
        if (work(site, &err) == VT_OK)
            fail_msg("%ld bytes of an answer are enough", server.cut_at);
    }
    site_is_whole(site, 2);
}

static void it_may_say_anything(void **state)
{
    struct site *site = *state;
    site_append(site, 1, 500);
    for (server.lie = LIE_NONE; server.lie < LIES; server.lie++) {
        for (int i = 0; i < (server.lie == LIE_NOISE ? 300 : 1); i++) {
            struct vt_err err = {0};
            int64_t begin = vt_clock_monotonic_msecs();
            enum vt_code code = work(site, &err);
            int64_t took = vt_clock_monotonic_msecs() - begin;
            if (code == VT_OK || took > MOST_MSECS)
                fail_msg("lie %d: code %d after %lld ms (%s)", server.lie, code, (long long)took,
                         err.text);
        }
    }
    assert_int_equal(site_number(site, "SELECT count(*) FROM peer"), 0);
    site_is_whole(site, 2);
}

/* libpq 15 forgets an empty result when a message is broken in the middle of another one. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:PQmakeEmptyPGresult\n";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_may_end_after_each_byte, start_server, stop_server),
        cmocka_unit_test_setup_teardown(it_may_say_anything, start_server, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
