/* SPDX-License-Identifier: Apache-2.0
 * What SMTP may carry and what it may not, and a relay that says nothing or speaks another
 * protocol: the time it gets is bounded. What a relay answers is tests/mta/test_post.py. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "courier/smtp.h"
#include "register/messages.h"
#include "vanthu/clock.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool is_good;
    } cases[] = {
        {"a@b", true},
        {"vanthu.so@ninhbinh.gov.vn", true},
        {"a+b=c@x.vn", true},
        {"\"a b\"@x.vn", true},
        {"\"a\\\"b>\"@x.vn", true},
        {"\"a@b\"@x.vn", true},
        {"a@[192.0.2.1]", true},
        {"a@[IPv6:2001:db8::1]", true},
        {"", false},
        {"a", false},
        {"@x.vn", false},
        {"a@", false},
        {"a b@x.vn", false},
        {"a@x.vn>", false},
        {"a@x.vn> SIZE=1", false},
        {"<a@x.vn", false},
        {"a@x y", false},
        {"\"a@x.vn", false},
        {"\"a\\\"@x.vn", false},
        {"a@b@x.vn", true}, /* source routes are gone; the relay says what it thinks */
        {"a@x.vn\r\nDATA", false},
        {"a\n@x.vn", false},
        {"a\x7f@x.vn", false},
        {"\"a\\\n\"@x.vn", false},
        {"văn@x.vn", false},
    };
    char longest[VT_MAX_NOTICE_RECIPIENT_BYTES + 2];
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if (vt_smtp_is_address(cases[i].address) != cases[i].is_good)
            fail_msg("%s", cases[i].address);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    longest[4] = '@';
    assert_false(vt_smtp_is_address(longest));
    longest[sizeof(longest) - 2] = '\0';
    assert_true(vt_smtp_is_address(longest));
}

static void messages(void **state)
{
    (void)state;
    const struct {
        struct vt_bytes text;
        bool is_good;
    } cases[] = {
        {VT_BYTES("\r\n"), true},         {VT_BYTES("a\r\n.\r\nb\r\n"), true},
        {VT_BYTES("a\tb\r\n\r\n"), true}, {VT_BYTES(""), false},
        {VT_BYTES("a"), false},           {VT_BYTES("a\n"), false},
        {VT_BYTES("a\r"), false},         {VT_BYTES("\n"), false},
        {VT_BYTES("a\n.\r\n"), false},    {VT_BYTES("a\r.\r\n"), false},
        {VT_BYTES("a\r\r\n"), false},     {VT_BYTES("a\r\n\n"), false},
        {VT_BYTES("a\0b\r\n"), false},    {VT_BYTES("\xc4\x83\r\n"), false},
        {VT_BYTES("a\x7f\r\n"), false},
    };
    char line[1002];
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if (vt_smtp_is_message(cases[i].text) != cases[i].is_good)
            fail_msg("row %zu", i);
    memset(line, 'x', sizeof(line));
    memcpy(line + 998, "\r\n", 2);
    assert_true(vt_smtp_is_message(vt_bytes_of(line, 1000)));
    memcpy(line + 998, "x\r\n", 3);
    assert_false(vt_smtp_is_message(vt_bytes_of(line, 1001)));
}

static void dots(void **state)
{
    (void)state;
    static const struct {
        const char *text, *stuffed;
    } cases[] = {
        {"a\r\n", "a\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {"..\r\n.a\r\na.\r\n", "...\r\n..a\r\na.\r\n.\r\n"},
        {"\r\n\r\n", "\r\n\r\n.\r\n"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_buf out;
        vt_buf_init(&out, 100);
        assert_int_equal(vt_smtp_stuff(vt_bytes_str(cases[i].text), &out, NULL), VT_OK);
        assert_int_equal(out.len, strlen(cases[i].stuffed));
        assert_memory_equal(out.ptr, cases[i].stuffed, out.len);
        vt_buf_clear(&out);
    }
}

static void names_of_envelopes(void **state)
{
    (void)state;
    char out[24];
    assert_int_equal(vt_smtp_xtext("a.b-1", out, sizeof(out), NULL), VT_OK);
    assert_string_equal(out, "a.b-1");
    assert_int_equal(vt_smtp_xtext("a+b=c d\n", out, sizeof(out), NULL), VT_OK);
    assert_string_equal(out, "a+2Bb+3Dc+20d+0A");
    assert_int_equal(vt_smtp_xtext("0123456789abcdef", out, 16, NULL), VT_E_LIMIT);
    assert_int_equal(vt_smtp_xtext("0123456789abc+", out, 16, NULL), VT_E_LIMIT);
}

static void queue_ids(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *id;
    } cases[] = {
        {"250 2.0.0 Ok: queued as 4XyZ1", "4XyZ1"},
        {"250 2.0.0 3AB1c2d3012345 Message accepted for delivery", "3AB1c2d3012345"},
        {"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4X;x", "4X"},
        {"250 OK", ""},
        {"250 queued as ", ""},
        {"250 Ok: queued as 0123456789012345678901234567890123456789", ""},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char out[32];
        vt_smtp_queue_id(cases[i].answer, out, sizeof(out));
        assert_string_equal(out, cases[i].id);
    }
}

static void passwords(void **state)
{
    (void)state;
    char file[] = "/tmp/vanthu-password-XXXXXX", out[VT_MAX_SMTP_PASSWORD_BYTES + 1];
    static const struct {
        const char *text;
        mode_t mode;
        const char *password; /* NULL: refused */
    } cases[] = {
        {"x y\n", 0600, "x y"}, {"x", 0400, "x"},  {"x\r\ny\n", 0600, "x"}, {"", 0600, NULL},
        {"\nx\n", 0600, NULL},  {"x", 0640, NULL}, {"x", 0604, NULL},
    };
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, cases[i].text, strlen(cases[i].text), 0),
                         (ssize_t)strlen(cases[i].text));
        assert_int_equal(fchmod(fd, cases[i].mode), 0);
        enum vt_code code = vt_smtp_password(file, out, NULL);
        assert_int_equal(code, cases[i].password != NULL ? VT_OK : VT_E_CONFIG);
        if (code == VT_OK)
            assert_string_equal(out, cases[i].password);
    }
    (void)close(fd);
    (void)unlink(file);
    assert_int_equal(vt_smtp_password(file, out, NULL), VT_E_CONFIG);
    assert_int_equal(vt_smtp_password("/tmp", out, NULL), VT_E_CONFIG);
}

/* ---- a relay that takes its time ---- */

struct server {
    int listener;
    const char *greeting; /* of one connection; NULL: none */
    int client;
};

static void *serve(void *context)
{
    struct server *server = context;
    server->client = accept(server->listener, NULL, NULL);
    if (server->greeting != NULL)
        (void)send(server->client, server->greeting, strlen(server->greeting), MSG_NOSIGNAL);
    return NULL;
}

static void silent_relays_are_given_up(void **state)
{
    (void)state;
    static const char *const greetings[] = {NULL, "SSH-2.0-OpenSSH_9.2\r\n", "220-never\r\n",
                                            "220 a"};
    for (size_t i = 0; i < ELEMENTS(greetings); i++) {
        struct server server = {.greeting = greetings[i], .client = -1};
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);
        pthread_t thread;
        char url[64];
        server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server.listener, (struct sockaddr *)&address, len), 0);
        assert_int_equal(listen(server.listener, 1), 0);
        assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &len), 0);
        (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", ntohs(address.sin_port));
        assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
        const struct vt_config_notices relay = {.relay = url, .tls = VT_RELAY_TLS_NONE};
        const struct vt_smtp_setup setup = {.relay = &relay,
                                            .hello = "mx.test",
                                            .connect_msecs = 300,
                                            .total_msecs = 5000,
                                            .stop_fd = -1};
        const struct vt_smtp_message message = {.recipient = "a@x.vn", .bytes = VT_BYTES("a\r\n")};
        struct vt_smtp *smtp = NULL;
        struct vt_smtp_end end;
        assert_int_equal(vt_smtp_new(&setup, &smtp, NULL), VT_OK);
        int64_t begun = vt_clock_monotonic_msecs();
        vt_smtp_send(smtp, &message, &end);
        assert_true(vt_clock_monotonic_msecs() - begun < 4000);
        assert_int_equal(end.delivery, VT_DELIVERY_DEFERRED);
        assert_true(end.is_relay_fault && !end.maybe_sent && end.code == 0);
        assert_non_null(strstr(end.text, "does not answer in time"));
        vt_smtp_free(smtp);
        (void)pthread_join(thread, NULL);
        (void)close(server.client);
        (void)close(server.listener);
    }
}

/* ---- what post and registrar say ---- */

static void what_is_handed_out(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool is_good;
    } cases[] = {
        {"{\"id\": 7, \"recipient\": \"a@x.vn\", \"envid\": \"k.1\"}", true},
        {"{\"id\": 0, \"recipient\": \"a@x.vn\", \"envid\": \"k.1\"}", false},
        {"{\"id\": \"7\", \"recipient\": \"a@x.vn\", \"envid\": \"k.1\"}", false},
        {"{\"id\": 7, \"recipient\": \"a@x.vn\", \"envid\": \"k 1\"}", false},
        {"{\"id\": 7, \"envid\": \"k1\"}", false},
        {"[]", false},
        {"", false},
    };
    struct vt_notice_handed handed = {.id = 7, .recipient = "a@x.vn", .envid = "k.1"}, read;
    char *text = NULL;
    size_t len = 0;
    int64_t wait = 0;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if ((vt_notice_handed_from_json(vt_bytes_str(cases[i].json), &read, NULL) == VT_OK) !=
            cases[i].is_good)
            fail_msg("%s", cases[i].json);
    assert_int_equal(vt_notice_handed_to_json(&handed, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_notice_handed_from_json(vt_bytes_of(text, len), &read, NULL), VT_OK);
    assert_true(read.id == 7 && read.message_fd == -1 && read.lease_fd == -1);
    assert_string_equal(read.recipient, "a@x.vn");
    assert_string_equal(read.envid, "k.1");
    free(text);
    assert_int_equal(vt_notice_wait_from_json(vt_bytes_str("{\"msecs\": 1e9}"), &wait, NULL),
                     VT_E_FORMAT);
    assert_int_equal(vt_notice_wait_from_json(vt_bytes_str("{\"msecs\": 99999999}"), &wait, NULL),
                     VT_OK);
    assert_int_equal(wait, VT_MAX_NOTICE_WAIT_MSECS);
    assert_int_equal(vt_notice_wait_from_json(vt_bytes_str("{\"msecs\": -1}"), &wait, NULL), VT_OK);
    assert_int_equal(wait, 0);
}

static void what_became_of_it(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"id\": 7, \"outcome\": \"SENT\", \"maybe_sent\": false, \"code\": 250, \"queue_id\": "
        "\"\", \"text\": \"\"}",
        "{\"id\": 7, \"outcome\": \"sent\", \"maybe_sent\": 0, \"code\": 250, \"queue_id\": \"\", "
        "\"text\": \"\"}",
        "{\"id\": 7, \"outcome\": \"sent\", \"maybe_sent\": false, \"code\": 1000, \"queue_id\": "
        "\"\", \"text\": \"\"}",
        "{\"id\": 7, \"outcome\": \"sent\", \"maybe_sent\": false, \"code\": 250, \"text\": \"\"}",
    };
    struct vt_notice_done done = {.id = 7, .smtp_code = 451, .maybe_sent = true}, read;
    char *text = NULL;
    size_t len = 0;
    for (size_t i = 0; i < ELEMENTS(wrong); i++)
        assert_int_equal(vt_notice_done_from_json(vt_bytes_str(wrong[i]), &read, NULL),
                         VT_E_FORMAT);
    for (enum vt_delivery d = VT_DELIVERY_DEFERRED; d < VT_DELIVERIES; d++) {
        done.delivery = d;
        (void)strcpy(done.text, "250 a\x1b\nb");
        assert_int_equal(vt_notice_done_to_json(&done, &text, &len, NULL), VT_OK);
        assert_int_equal(vt_notice_done_from_json(vt_bytes_of(text, len), &read, NULL), VT_OK);
        assert_int_equal(read.delivery, d);
        assert_int_equal(read.maybe_sent, d == VT_DELIVERY_DEFERRED);
        assert_string_equal(read.text, "250 a??b");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(messages),
        cmocka_unit_test(dots),
        cmocka_unit_test(names_of_envelopes),
        cmocka_unit_test(queue_ids),
        cmocka_unit_test(passwords),
        cmocka_unit_test(what_is_handed_out),
        cmocka_unit_test(what_became_of_it),
        cmocka_unit_test(silent_relays_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
