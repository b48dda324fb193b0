/* SPDX-License-Identifier: Apache-2.0
 * The serving side of a channel: who is answered, refused, dropped and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/server.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define PLACES 3
#define NOTHING ((struct vt_bytes){NULL, 0})

struct bench {
    struct vt_server *server;
    int client_end, server_end;
    size_t taken_count, forgotten_count;
    size_t last_client;
};

static enum vt_code take(void *context, size_t client, struct vt_message *message,
                         struct vt_err *err)
{
    struct bench *bench = context;
    bench->taken_count++;
    bench->last_client = client;
    if (message->body_len == strlen("later") && memcmp(message->body, "later", 5) == 0)
        return VT_OK;
    if (message->body_len == strlen("never") && memcmp(message->body, "never", 5) == 0)
        return VT_E_PEER;
    if (message->type != VT_MSG_STATUS)
        return vt_err_set(err, VT_E_FORMAT, "no such request");
    vt_server_reply(bench->server, client, VT_MSG_STATUS_IS, VT_BYTES("known"), NULL, 0);
    return VT_OK;
}

static void forget(void *context, size_t client)
{
    struct bench *bench = context;
    assert_true(client < PLACES);
    bench->forgotten_count++;
}

static void begin(struct bench *bench)
{
    int pair[2];
    *bench = (struct bench){0};
    assert_int_equal(vt_wire_pair(pair, NULL), VT_OK);
    bench->client_end = pair[0];
    bench->server_end = pair[1];
    const struct vt_server_setup setup = {.channel = pair[1],
                                          .places_count = PLACES,
                                          .take = take,
                                          .forget = forget,
                                          .context = bench};
    assert_int_equal(vt_server_new(&setup, &bench->server, NULL), VT_OK);
}

static void end(struct bench *bench)
{
    vt_server_free(bench->server);
    close(bench->server_end);
    if (bench->client_end >= 0)
        close(bench->client_end);
}

static void turn(struct bench *bench)
{
    struct pollfd entries[1 + PLACES];
    size_t count = vt_server_poll(bench->server, entries);
    assert_true(poll(entries, count, 0) >= 0);
    vt_server_polled(bench->server, entries);
}

static int ask(const struct bench *bench, enum vt_message_type type, const char *text)
{
    int fd = -1;
    assert_int_equal(vt_wire_open(bench->client_end, 0, &fd, NULL), VT_OK);
    if (text != NULL)
        assert_int_equal(vt_wire_send(fd, type, vt_bytes_str(text), NULL, 0, 0, NULL), VT_OK);
    return fd;
}

/* The answer; or how the connection is otherwise. */
static enum vt_code hear(int fd, enum vt_message_type *out_type)
{
    static struct vt_message answer;
    enum vt_code code = vt_wire_receive(fd, &answer, 0, 0, NULL);
    *out_type = code == VT_OK ? answer.type : VT_MSG_NONE;
    return code;
}

static void requests_are_answered_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vt_message_type type, want_type;
        enum vt_code want;
        size_t want_forgotten;
    } cases[] = {
        {"now", VT_MSG_STATUS, VT_MSG_STATUS_IS, VT_OK, 1},
        {"what", VT_MSG_INSPECT, VT_MSG_ERROR, VT_OK, 1},
        {"never", VT_MSG_STATUS, VT_MSG_NONE, VT_E_PEER, 1},
        {"later", VT_MSG_STATUS, VT_MSG_NONE, VT_E_TIMEOUT, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        enum vt_message_type type;
        begin(&bench);
        int fd = ask(&bench, cases[i].type, cases[i].text);
        turn(&bench);
        assert_int_equal(bench.taken_count, 1);
        assert_int_equal(hear(fd, &type), cases[i].want);
        assert_int_equal(type, cases[i].want_type);
        assert_int_equal(bench.forgotten_count, cases[i].want_forgotten);
        close(fd);
        end(&bench);
        assert_int_equal(bench.forgotten_count, 1);
    }
}

static void who_hangs_up_is_forgotten(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    int fd = ask(&bench, VT_MSG_STATUS, "later");
    turn(&bench);
    assert_false(vt_server_is_gone(bench.server, bench.last_client));
    close(fd);
    assert_true(vt_server_is_gone(bench.server, bench.last_client));
    turn(&bench);
    assert_int_equal(bench.forgotten_count, 1);
    end(&bench);
}

/* Whoever finds no place waits in the channel for one. */
static void places_are_bounded(void **state)
{
    (void)state;
    struct bench bench;
    int fds[PLACES + 1];
    enum vt_message_type type;
    begin(&bench);
    for (size_t i = 0; i <= PLACES; i++)
        fds[i] = ask(&bench, VT_MSG_STATUS, "later");
    turn(&bench);
    turn(&bench);
    assert_int_equal(bench.taken_count, PLACES);
    vt_server_reply(bench.server, 1, VT_MSG_STATUS_IS, NOTHING, NULL, 0);
    assert_int_equal(hear(fds[1], &type), VT_OK);
    turn(&bench);
    assert_int_equal(bench.taken_count, PLACES + 1);
    assert_int_equal(bench.last_client, 1);
    for (size_t i = 0; i <= PLACES; i++)
        close(fds[i]);
    end(&bench);
}

static void who_says_nothing_is_dropped(void **state)
{
    (void)state;
    struct bench bench;
    enum vt_message_type type;
    begin(&bench);
    int silent = ask(&bench, VT_MSG_STATUS, NULL);
    int waiting = ask(&bench, VT_MSG_STATUS, "later");
    turn(&bench);
    assert_int_equal(hear(silent, &type), VT_E_TIMEOUT);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 50 * 1000 * 1000}, NULL);
    turn(&bench);
    assert_int_equal(hear(silent, &type), VT_E_PEER);
    assert_int_equal(hear(waiting, &type), VT_E_TIMEOUT);
    close(silent);
    close(waiting);
    end(&bench);
}

static void a_channel_that_is_closed_is_over(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    turn(&bench);
    assert_false(vt_server_is_over(bench.server));
    /* Something else than a connection is dropped. */
    assert_int_equal(vt_wire_send(bench.client_end, VT_MSG_STATUS, NOTHING, NULL, 0, 0, NULL),
                     VT_OK);
    int fd = ask(&bench, VT_MSG_STATUS, "now");
    turn(&bench);
    assert_int_equal(bench.taken_count, 1);
    close(fd);
    close(bench.client_end);
    bench.client_end = -1;
    turn(&bench);
    assert_true(vt_server_is_over(bench.server));
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_or_refused),
        cmocka_unit_test(who_hangs_up_is_forgotten),
        cmocka_unit_test(places_are_bounded),
        cmocka_unit_test(who_says_nothing_is_dropped),
        cmocka_unit_test(a_channel_that_is_closed_is_over),
    };
    vt_log_open("test", false, VT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
