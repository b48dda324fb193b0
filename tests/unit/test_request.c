/* SPDX-License-Identifier: Apache-2.0
 * What mails wait for and what is asked, on a clock of our own and with fetch played by the test:
 * nothing here takes time. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "../lib/certificates.h"
#include "status/report.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define BUDGET 3000
#define TIMEOUT 3000
#define DOWN 60000
#define MAILS 50
#define LEAVES 8
#define MAX_ASKED 400

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_trust_store *trust;
    int64_t begin_utc_secs;
    char folder[64], root_file[128];
    struct tc_entity root, stranger_root;
} f;

/* The desk, the channel to fetch, and what fetch was asked and has not answered yet. */
static struct desk {
    struct vt_status_store *store;
    struct vt_breakers breakers;
    struct vt_recheck *recheck;
    struct vt_status_desk desk;
    struct vt_moment now;
    int channel[2];
    struct asked {
        int fd; /* -1: answered */
        int64_t msecs;
        char text[400];
    } asked[MAX_ASKED];
    size_t asked_count;
    struct vt_status_request *requests[MAILS];
} d;

static struct vt_message message;

static int setup(void **state)
{
    (void)state;
    vt_log_open("test", false, VT_LOG_ERROR);
    f.arena = vt_arena_new(128 << 20);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.begin_utc_secs = vt_clock_now_utc_secs();
    f.root = tc_ca(f.arena, f.pool, "CA", NULL);
    f.stranger_root = tc_ca(f.arena, f.pool, "CA lạ", NULL);
    tc_make_folder(f.folder);
    tc_write_file(f.root_file, f.folder, "root.crt", f.root.der);
    f.trust = tc_trust(f.root_file);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tc_remove_folder(f.folder);
    vt_trust_store_free(f.trust);
    vt_arena_free(f.arena);
    return 0;
}

static struct tc_entity make(const struct tc_entity *issuer, const char *points, const char *access)
{
    return tc_leaf_at(f.arena, f.pool, "một", issuer, points, access);
}

static void on_done(void *context, const struct vt_job_result *result)
{
    (void)context;
    for (size_t i = 0; i < MAILS; i++) {
        if (d.requests[i] != NULL)
            vt_status_request_note(d.requests[i], result);
    }
}

static void open_desk(void)
{
    static struct vt_rewrite items[] = {{"ca.btc", "ca.example"}};
    static const struct vt_rewrites rewrites = {items, 1};
    static const char *hosts[] = {"ca.example", "ocsp.example", "slow.example", "dead.example"};
    static const struct vt_strings allowed = {hosts, 4};
    d = (struct desk){.now = {f.begin_utc_secs, 1000000}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, d.channel), 0);
    assert_int_equal(vt_status_store_new(&d.store, NULL), VT_OK);
    assert_int_equal(vt_recheck_new(1, &d.recheck, NULL), VT_OK);
    vt_breakers_init(&d.breakers, DOWN, 7);
    struct vt_jobs_setup jobs = {.fetch_channel = d.channel[0],
                                 .store = d.store,
                                 .trust = f.trust,
                                 .rewrites = &rewrites,
                                 .hosts = &allowed,
                                 .breakers = &d.breakers,
                                 .timeout_msecs = TIMEOUT,
                                 .failure_msecs = DOWN};
    d.desk = (struct vt_status_desk){
        .store = d.store, .trust = f.trust, .budget_msecs = BUDGET, .recheck = d.recheck};
    assert_int_equal(vt_jobs_new(&jobs, on_done, NULL, &d.desk.jobs, NULL), VT_OK);
}

static void close_desk(void)
{
    for (size_t i = 0; i < MAILS; i++)
        vt_status_request_free(d.requests[i]);
    for (size_t i = 0; i < d.asked_count; i++) {
        if (d.asked[i].fd >= 0)
            (void)close(d.asked[i].fd);
    }
    vt_jobs_free(d.desk.jobs);
    vt_recheck_free(d.recheck);
    vt_status_store_free(d.store);
    (void)close(d.channel[0]);
    (void)close(d.channel[1]);
}

static void pass(int64_t msecs)
{
    d.now.monotonic_msecs += msecs;
    d.now.utc_secs = f.begin_utc_secs + (d.now.monotonic_msecs - 1000000) / 1000;
}

/* A mail wants the status of a certificate, or its issuer when issuer is NULL. */
static void ask(size_t mail, const struct tc_entity *certificate, const struct tc_entity *issuer,
                const char *reference)
{
    char *text = NULL;
    size_t len = 0;
    struct vt_want_status status = {certificate->der, issuer != NULL ? issuer->der : f.root.der};
    struct vt_bytes issuer_of[] = {certificate->der};
    struct vt_wants wants = {.status = &status,
                             .status_count = issuer != NULL ? 1 : 0,
                             .issuer_of = issuer_of,
                             .issuer_of_count = issuer != NULL ? 0 : 1};
    message = (struct vt_message){.type = VT_MSG_STATUS, .fds_count = 1};
    if (reference != NULL)
        message.body_len = (size_t)snprintf((char *)message.body, sizeof(message.body),
                                            "{\"reference\": \"%s\"}", reference);
    assert_int_equal(vt_wants_to_json(&wants, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_memfd_seal("wants", vt_bytes_of(text, len), &message.fds[0], NULL), VT_OK);
    free(text);
    assert_int_equal(vt_status_request_new(&d.desk, &message, d.now, &d.requests[mail], NULL),
                     VT_OK);
    vt_message_close(&message);
}

/* What fetch was asked since the last call, in order; returns how many. */
static size_t listen_for_fetches(void)
{
    size_t before = d.asked_count;
    int fd = -1;
    while (vt_wire_accept(d.channel[1], 0, &fd, NULL) == VT_OK) {
        assert_true(d.asked_count < MAX_ASKED);
        struct asked *asked = &d.asked[d.asked_count++];
        assert_int_equal(vt_wire_receive(fd, &message, 1, vt_clock_monotonic_msecs() + 2000, NULL),
                         VT_OK);
        (void)snprintf(asked->text, sizeof(asked->text), "%.*s", (int)message.body_len,
                       (const char *)message.body);
        asked->fd = fd;
        asked->msecs = d.now.monotonic_msecs;
        vt_message_close(&message);
    }
    return d.asked_count - before;
}

static void serve(void)
{
    struct pollfd fds[VT_MAX_JOBS];
    size_t count = vt_jobs_poll(d.desk.jobs, fds);
    (void)poll(fds, count, 0);
    vt_jobs_serve(d.desk.jobs, fds, count, d.now);
}

static void answer(size_t index, const char *body, struct vt_bytes data)
{
    int fd = -1;
    if (data.ptr != NULL)
        assert_int_equal(vt_memfd_seal("fetched", data, &fd, NULL), VT_OK);
    assert_int_equal(vt_wire_send(d.asked[index].fd, VT_MSG_FETCHED, vt_bytes_str(body), &fd,
                                  fd >= 0 ? 1 : 0, vt_clock_monotonic_msecs() + 2000, NULL),
                     VT_OK);
    if (fd >= 0)
        (void)close(fd);
    (void)close(d.asked[index].fd);
    d.asked[index].fd = -1;
    serve();
}

static const char silent[] =
    "{\"code\": -102, \"http_status\": 0, \"error\": \"slow.example:80 did not answer in time\", "
    "\"connected\": true}";
static const char arrived[] =
    "{\"code\": 0, \"http_status\": 200, \"error\": \"\", \"connected\": true}";
static const char refused[] =
    "{\"code\": -100, \"http_status\": 0, \"error\": \"no connection\", \"connected\": false}";

static void answer_http(size_t index, int http_status, const char *location, const char *data)
{
    char body[300];
    (void)snprintf(body, sizeof(body),
                   "{\"code\": 0, \"http_status\": %d, \"error\": \"\", \"connected\": true, "
                   "\"location\": \"%s\"}",
                   http_status, location);
    answer(index, body, vt_bytes_str(data));
}

static struct vt_known end(size_t mail)
{
    static struct vt_known known;
    vt_status_request_answer(d.requests[mail], d.now, &known);
    return known;
}

static void forget(size_t mail)
{
    vt_status_request_free(d.requests[mail]);
    d.requests[mail] = NULL;
}

/* Ask once, hear what fetch is asked, and give the one answer there is. */
static struct vt_known ask_at_once(const struct tc_entity *certificate)
{
    ask(0, certificate, &f.root, NULL);
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    return end(0);
}

/* ---- waiting ---- */

/* Fetch gives up after its own time limit. */
static void time_out_old_ones(void)
{
    (void)listen_for_fetches();
    for (size_t i = 0; i < d.asked_count; i++) {
        if (d.asked[i].fd >= 0 && d.now.monotonic_msecs - d.asked[i].msecs >= TIMEOUT)
            answer(i, silent, (struct vt_bytes){0});
    }
}

/* 50 mails, 5 in a second, with certificates of a host that accepts connections and answers after
 * 30 seconds: fetch gives up after 3. Returns the longest wait of those who came at least so many
 * milliseconds after the first. */
static int64_t run_mails(const struct tc_entity leaves[LEAVES], int64_t waits[MAILS])
{
    int64_t begun[MAILS];
    size_t come = 0, answered = 0;
    for (int64_t t = 0; answered < MAILS; t += 50, pass(50)) {
        time_out_old_ones();
        if (t % 200 == 0 && come < MAILS) {
            ask(come, &leaves[come % LEAVES], &f.root, NULL);
            begun[come++] = d.now.monotonic_msecs;
        }
        for (size_t i = 0; i < come; i++) {
            if (d.requests[i] == NULL || !vt_status_request_advance(d.requests[i], d.now))
                continue;
            assert_int_equal(end(i).facts[0].value, VT_STATUS_UNREACHABLE);
            waits[i] = d.now.monotonic_msecs - begun[i];
            forget(i);
            answered++;
        }
        assert_true(t < 60000);
    }
    int64_t total = 0;
    for (size_t i = 0; i < MAILS; i++)
        total += waits[i];
    return total;
}

static void a_slow_host_delays_the_first_few_mails(void **state)
{
    (void)state;
    struct tc_entity leaves[LEAVES];
    int64_t waits[MAILS];
    for (size_t i = 0; i < LEAVES; i++)
        leaves[i] =
            make(&f.root, "URI:http://slow.example/ca.crl", "OCSP;URI:http://slow.example/ocsp");
    open_desk();
    int64_t total = run_mails(leaves, waits);
    size_t waited = 0;
    for (size_t i = 0; i < MAILS; i++) {
        waited += waits[i] > 0;
        if (waits[i] > BUDGET)
            fail_msg("mail %zu waits %lld ms", i, (long long)waits[i]);
        /* From the fifth second on nobody waits. */
        if (i >= 25 && waits[i] != 0)
            fail_msg("mail %zu still waits %lld ms", i, (long long)waits[i]);
    }
    assert_true(waited <= 22);
    assert_true(total < 22 * BUDGET);
    assert_true(vt_breaker_is_down(&d.breakers, "slow.example:80", VT_FOR_STATUS));
    close_desk();
}

/* The same certificate again and again: who comes later waits for what is left, not anew. */
static void a_fetch_under_way_is_waited_for_once(void **state)
{
    (void)state;
    struct tc_entity leaf = make(&f.root, "URI:http://slow.example/ca.crl", NULL);
    open_desk();
    ask(0, &leaf, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    assert_false(vt_status_request_advance(d.requests[0], d.now));
    pass(2000);
    ask(1, &leaf, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 0);
    pass(999);
    assert_false(vt_status_request_advance(d.requests[1], d.now));
    pass(1);
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    assert_true(vt_status_request_advance(d.requests[1], d.now));
    /* A long list is still coming: it is not asked for again, and nobody waits for it. */
    pass(5000);
    ask(2, &leaf, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 0);
    assert_true(vt_status_request_advance(d.requests[2], d.now));
    assert_non_null(strstr(end(2).facts[0].finding, "in time"));
    /* It comes, and serves the next. */
    struct tc_crl_options options = {.this_update_utc_secs = f.begin_utc_secs - 60,
                                     .next_update_utc_secs = f.begin_utc_secs + TC_DAY};
    answer(0, arrived, tc_crl(f.arena, &f.root, &options));
    ask(3, &leaf, &f.root, NULL);
    assert_true(vt_status_request_advance(d.requests[3], d.now));
    assert_int_equal(end(3).facts[0].value, VT_STATUS_GOOD);
    assert_int_equal(listen_for_fetches(), 0);
    close_desk();
}

/* When all places are taken, what is under way is still waited for. */
static void a_full_board_is_joined(void **state)
{
    (void)state;
    char url[80];
    struct vt_job_ticket ticket;
    struct vt_job_wish wish = {.kind = VT_JOB_CRL, .url = url, .issuer = f.root.certificate};
    open_desk();
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        (void)snprintf(url, sizeof(url), "http://slow.example/%zu.crl", i);
        assert_int_equal(vt_jobs_start(d.desk.jobs, &wish, BUDGET, d.now, &ticket, NULL), VT_OK);
        assert_int_equal(listen_for_fetches(), 1);
    }
    uint64_t last = ticket.id;
    assert_int_equal(vt_jobs_start(d.desk.jobs, &wish, BUDGET, d.now, &ticket, NULL), VT_OK);
    assert_true(ticket.id == last);
    (void)snprintf(url, sizeof(url), "http://slow.example/one-more.crl");
    assert_int_equal(vt_jobs_start(d.desk.jobs, &wish, BUDGET, d.now, &ticket, NULL), VT_E_BUSY);
    assert_int_equal(listen_for_fetches(), 0);
    close_desk();
}

/* An address that others have waited for does not keep us awake while another one is asked. */
static void only_what_is_waited_for_wakes(void **state)
{
    (void)state;
    struct tc_entity one = make(&f.root, "URI:http://slow.example/1.crl", NULL);
    struct tc_entity two =
        make(&f.root, "URI:http://slow.example/1.crl,URI:http://ca.example/2.crl", NULL);
    open_desk();
    ask(0, &one, &f.root, NULL);
    pass(2500);
    ask(1, &two, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 2);
    assert_int_equal(vt_status_request_wake_msecs(d.requests[1], d.now),
                     d.now.monotonic_msecs + 500);
    pass(1200);
    assert_false(vt_status_request_advance(d.requests[1], d.now));
    assert_int_equal(vt_status_request_wake_msecs(d.requests[1], d.now),
                     d.now.monotonic_msecs + BUDGET - 1200);
    close_desk();
}

/* After a third of the budget the list is asked for beside OCSP. */
static void lists_are_asked_when_ocsp_is_slow(void **state)
{
    (void)state;
    struct tc_entity leaf = make(&f.root, "URI:http://ca.example/1.crl,URI:http://ca.btc/2.crl",
                                 "OCSP;URI:http://ocsp.example/");
    open_desk();
    ask(0, &leaf, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    assert_non_null(strstr(d.asked[0].text, "http://ocsp.example/"));
    assert_int_equal(vt_status_request_wake_msecs(d.requests[0], d.now),
                     d.now.monotonic_msecs + BUDGET / 3);
    pass(BUDGET / 3 - 1);
    assert_false(vt_status_request_advance(d.requests[0], d.now));
    assert_int_equal(listen_for_fetches(), 0);
    pass(1);
    assert_false(vt_status_request_advance(d.requests[0], d.now));
    /* All points, the private host by the one that is asked in its place. */
    assert_int_equal(listen_for_fetches(), 2);
    assert_non_null(strstr(d.asked[1].text, "http://ca.example/1.crl"));
    assert_non_null(strstr(d.asked[2].text, "http://ca.example/2.crl"));
    close_desk();
}

/* ---- hosts that are down ---- */

static void a_dead_host_is_told(void **state)
{
    (void)state;
    struct tc_entity dead = make(&f.root, "URI:http://dead.example/ca.crl", NULL);
    struct tc_entity other = make(&f.root, "URI:http://dead.example/other.crl", NULL);
    struct tc_entity with_private =
        make(&f.root, "URI:http://private.invalid/a.crl,URI:http://dead.example/b.crl", NULL);
    struct tc_entity both =
        make(&f.root, "URI:http://dead.example/c.crl,URI:http://ca.example/c.crl", NULL);
    struct tc_entity ldap = make(&f.root, "URI:ldap://ca.example/cn=x", NULL);
    open_desk();
    ask(0, &dead, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    answer(0, refused, (struct vt_bytes){0});
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    struct vt_known known = end(0);
    assert_true(known.facts[0].source_down);
    assert_non_null(strstr(known.facts[0].finding, "no connection"));
    forget(0);
    known = ask_at_once(&other);
    assert_true(known.facts[0].source_down);
    assert_non_null(strstr(known.facts[0].finding, "dead.example:80 is left alone"));
    assert_int_equal(listen_for_fetches(), 0);
    forget(0);
    /* A host that may not be asked is none that could come back. */
    ask(0, &with_private, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 0);
    assert_string_equal(vt_jobs_refused_host(d.desk.jobs, 0), "private.invalid:80");
    assert_string_equal(vt_jobs_refused_host(d.desk.jobs, 1), "");
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    known = end(0);
    assert_true(known.facts[0].source_down);
    assert_non_null(strstr(known.facts[0].finding, "allowed-hosts"));
    forget(0);
    /* One that lives is left. */
    ask(0, &both, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    answer_http(1, 404, "", "gone");
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    known = end(0);
    assert_false(known.facts[0].source_down);
    assert_non_null(strstr(known.facts[0].finding, "status 404"));
    forget(0);
    known = ask_at_once(&ldap);
    assert_false(known.facts[0].source_down);
    assert_non_null(strstr(known.facts[0].finding, "only http and https"));
    close_desk();
}

/* When the pause is over one mail's question is the probe; it waits a third, the others nothing. */
static void one_mail_asks_whether_it_is_back(void **state)
{
    (void)state;
    struct tc_entity a = make(&f.root, "URI:http://dead.example/a.crl", NULL);
    struct tc_entity b = make(&f.root, "URI:http://dead.example/b.crl", NULL);
    open_desk();
    ask(0, &a, &f.root, NULL);
    (void)listen_for_fetches();
    answer(0, refused, (struct vt_bytes){0});
    forget(0);
    pass(DOWN * 6 / 5);
    ask(0, &a, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    ask(1, &b, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 0);
    assert_true(vt_status_request_advance(d.requests[1], d.now));
    assert_true(end(1).facts[0].source_down);
    assert_false(vt_status_request_advance(d.requests[0], d.now));
    pass(BUDGET / 3);
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    assert_true(end(0).facts[0].source_down);
    forget(0);
    forget(1);
    answer_http(1, 404, "", "gone");
    ask(1, &b, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    close_desk();
}

/* Nonsense three times in a row; what one address has not is no fault of its host. */
static void bad_answers_count(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int http_status;
        const char *location, *data, *finding;
        bool opens;
    } cases[] = {
        {"garbage", 200, "", "<html>Xin chào</html>", "", true},
        {"empty", 200, "", "", "", true},
        {"500", 500, "", "broken", "status 500", true},
        {"503", 503, "", "busy", "status 503", true},
        {"redirect", 302, "http://10.0.0.1/secret", "x", "wants to send us to http://10.0.0.1/",
         true},
        {"proxy", 407, "", "who?", "status 407", true},
        {"too often", 429, "", "later", "status 429", true},
        {"404", 404, "", "gone", "status 404", false},
        {"403", 403, "", "no", "status 403", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_desk();
        for (size_t n = 0; n < 3; n++) {
            char point[80];
            (void)snprintf(point, sizeof(point), "URI:http://ca.example/%zu.crl", n);
            struct tc_entity leaf = make(&f.root, point, NULL);
            assert_false(vt_breaker_is_down(&d.breakers, "ca.example:80", VT_FOR_STATUS));
            ask(n, &leaf, &f.root, NULL);
            if (listen_for_fetches() != 1)
                fail_msg("%s: nothing is asked", cases[i].name);
            answer_http(n, cases[i].http_status, cases[i].location, cases[i].data);
            assert_true(vt_status_request_advance(d.requests[n], d.now));
            if (strstr(end(n).facts[0].finding, cases[i].finding) == NULL)
                fail_msg("%s: %s", cases[i].name, end(n).facts[0].finding);
        }
        if (vt_breaker_is_down(&d.breakers, "ca.example:80", VT_FOR_STATUS) != cases[i].opens)
            fail_msg("%s", cases[i].name);
        close_desk();
    }
}

/* ---- strangers ---- */

/* Whoever sends a mail chooses these addresses: a few for each mail, some in a minute, and a good
 * host is not left alone for the bad pages that a stranger names. */
static void strangers_fetch_little(void **state)
{
    (void)state;
    struct tc_entity one =
        make(&f.stranger_root, NULL,
             "caIssuers;URI:http://ca.example/1,caIssuers;URI:http://ca.example/2,"
             "caIssuers;URI:http://ca.example/3,caIssuers;URI:http://ca.example/4,"
             "caIssuers;URI:http://ca.example/5,caIssuers;URI:http://ca.example/6");
    open_desk();
    ask(0, &one, NULL, NULL);
    assert_int_equal(listen_for_fetches(), 6);
    for (size_t i = 0; i < 6; i++)
        answer_http(i, i % 2 == 0 ? 500 : 200, "", "<html>");
    assert_false(vt_breaker_is_down(&d.breakers, "ca.example:80", VT_FOR_STATUS));
    size_t asked = 6;
    for (size_t n = 1; n < 20; n++) {
        char access[80];
        (void)snprintf(access, sizeof(access), "caIssuers;URI:http://ca.example/n%zu", n);
        struct tc_entity next = make(&f.stranger_root, NULL, access);
        for (size_t again = 0; again < 4; again++) {
            struct tc_entity other = again == 0 ? next : make(&f.stranger_root, NULL, access);
            ask(n, &other, NULL, NULL);
            asked += listen_for_fetches();
            if (asked > 60)
                fail_msg("%zu issuers are asked for in a minute", asked);
            for (size_t i = 0; i < d.asked_count; i++) {
                if (d.asked[i].fd >= 0)
                    answer_http(i, 404, "", "gone");
            }
            forget(n);
        }
    }
    assert_int_equal(asked, 60);
    pass(60000);
    struct tc_entity late = make(&f.stranger_root, NULL, "caIssuers;URI:http://ca.example/late");
    ask(1, &late, NULL, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    close_desk();
}

/* Nor does a stranger's question bring back a host that goes on being silent. */
static void strangers_do_not_pardon(void **state)
{
    (void)state;
    struct tc_entity stranger =
        make(&f.stranger_root, NULL, "caIssuers;URI:http://slow.example/issuer");
    open_desk();
    for (size_t n = 0; n < 3; n++) {
        char point[80];
        (void)snprintf(point, sizeof(point), "URI:http://slow.example/%zu.crl", n);
        struct tc_entity leaf = make(&f.root, point, NULL);
        ask(n, &leaf, &f.root, NULL);
        assert_int_equal(listen_for_fetches(), 1);
        answer(n, silent, (struct vt_bytes){0});
    }
    assert_true(vt_breaker_is_down(&d.breakers, "slow.example:80", VT_FOR_STATUS));
    pass(2 * DOWN);
    ask(3, &stranger, NULL, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    answer(3, silent, (struct vt_bytes){0});
    assert_true(vt_breaker_is_down(&d.breakers, "slow.example:80", VT_FOR_STATUS));
    close_desk();
}

/* Whoever has a certificate of a configured CA can sign others with its key, and choose addresses
 * for them: the issuer has to be a CA. */
static void a_subscriber_is_no_issuer(void **state)
{
    (void)state;
    struct tc_options options = {.name = "người ký", .issuer = &f.root};
    struct tc_entity subscriber = tc_make(f.arena, f.pool, &options);
    struct tc_entity forged =
        make(&subscriber, "URI:http://ca.example/x.crl", "OCSP;URI:http://ca.example/ocsp");
    open_desk();
    ask(0, &forged, &subscriber, NULL);
    assert_int_equal(listen_for_fetches(), 0);
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    assert_non_null(strstr(end(0).facts[0].finding, "does not lead to a root"));
    close_desk();
}

/* However many issuers were brought before, the one between a certificate and its anchor is found;
 * and a mail full of issuers that lead nowhere costs a few searches. */
static void the_right_one_of_many_issuers(void **state)
{
    (void)state;
    struct tc_entity above = tc_ca(f.arena, f.pool, "CA trên", &f.root);
    struct tc_entity below = tc_ca(f.arena, f.pool, "CA dưới", &above);
    struct tc_entity leaf = make(&below, "URI:http://ca.example/below.crl", NULL);
    open_desk();
    for (size_t i = 0; i < VT_MAX_STORE_ISSUERS - 1; i++) {
        char name[40];
        (void)snprintf(name, sizeof(name), "CA khác %zu", i);
        struct tc_options options = {.name = name, .issuer = &f.root, .key = f.root.key};
        struct tc_entity other = tc_make(f.arena, f.pool, &options);
        assert_int_equal(vt_status_store_put_issuer(d.store, other.certificate, NULL), VT_OK);
    }
    assert_int_equal(vt_status_store_put_issuer(d.store, above.certificate, NULL), VT_OK);
    ask(0, &leaf, &below, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    close_desk();
}

static void many_unknown_issuers_are_not_all_searched_for(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct vt_want_status many[COUNT + 1];
    struct vt_wants wants = {.status = many, .status_count = COUNT + 1};
    char *text = NULL;
    size_t len = 0;
    for (size_t i = 0; i < COUNT; i++) {
        struct tc_entity unknown = tc_ca(f.arena, f.pool, "CA giả", NULL);
        struct tc_entity leaf = make(&unknown, "URI:http://ca.example/x.crl", NULL);
        many[i] = (struct vt_want_status){leaf.der, unknown.der};
    }
    /* One that stands behind them all waits for another mail. */
    struct tc_entity known = make(&f.root, "URI:http://ca.example/y.crl", NULL);
    many[COUNT] = (struct vt_want_status){known.der, f.root.der};
    open_desk();
    message = (struct vt_message){.type = VT_MSG_STATUS, .fds_count = 1};
    assert_int_equal(vt_wants_to_json(&wants, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_memfd_seal("wants", vt_bytes_of(text, len), &message.fds[0], NULL), VT_OK);
    free(text);
    assert_int_equal(vt_status_request_new(&d.desk, &message, d.now, &d.requests[0], NULL), VT_OK);
    vt_message_close(&message);
    assert_int_equal(listen_for_fetches(), 0);
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    assert_int_equal(end(0).facts_count, COUNT + 1);
    close_desk();
}

/* ---- responders and later ---- */

static void a_responder_is_looked_up_in_lists(void **state)
{
    (void)state;
    struct tc_options options = {
        .name = "OCSP",
        .issuer = &f.root,
        .extensions = {{"extendedKeyUsage", "OCSPSigning"},
                       {"crlDistributionPoints", "URI:http://ca.example/ca.crl"},
                       {"authorityInfoAccess", "OCSP;URI:http://ocsp.example/"}}};
    struct tc_entity responder = tc_make(f.arena, f.pool, &options);
    open_desk();
    ask(0, &responder, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    assert_non_null(strstr(d.asked[0].text, "http://ca.example/ca.crl"));
    close_desk();
    /* The answer that it signed makes its own status wanted, at once (RFC 6960 4.2.2.2.1). */
    struct tc_entity leaf = make(&f.root, NULL, "OCSP;URI:http://ocsp.example/");
    struct tc_ocsp_options ocsp = {.responder = &responder,
                                   .this_update_utc_secs = f.begin_utc_secs - 60,
                                   .next_update_utc_secs = f.begin_utc_secs + TC_DAY};
    struct tc_crl_options crl = {.this_update_utc_secs = f.begin_utc_secs - 60,
                                 .next_update_utc_secs = f.begin_utc_secs + TC_DAY};
    open_desk();
    ask(0, &leaf, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 1);
    answer(0, arrived, tc_ocsp(f.arena, &leaf, &f.root, &ocsp));
    assert_false(vt_status_request_advance(d.requests[0], d.now));
    assert_int_equal(listen_for_fetches(), 1);
    assert_non_null(strstr(d.asked[1].text, "http://ca.example/ca.crl"));
    answer(1, arrived, tc_crl(f.arena, &f.root, &crl));
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    struct vt_known known = end(0);
    assert_int_equal(known.facts_count, 2);
    assert_string_equal(known.facts[0].source, "ocsp");
    assert_true(vt_bytes_equal(known.facts[0].responder, responder.der));
    assert_string_equal(known.facts[1].source, "crl");
    assert_int_equal(known.facts[1].value, VT_STATUS_GOOD);
    close_desk();
}

/* A list for some reasons only is no fact of its own: it goes along, once, for judgement. */
static void lists_go_with_the_answer(void **state)
{
    (void)state;
    struct tc_entity leaf = make(&f.root, "URI:http://ca.example/some.crl", NULL);
    /* IssuingDistributionPoint { onlySomeReasons { keyCompromise, cACompromise } } */
    struct tc_crl_options options = {.this_update_utc_secs = f.begin_utc_secs - 60,
                                     .next_update_utc_secs = f.begin_utc_secs + TC_DAY,
                                     .extensions = {{"2.5.29.28", "critical,DER:300483020560"}}};
    open_desk();
    ask(0, &leaf, &f.root, "1831-0927-5564");
    assert_int_equal(listen_for_fetches(), 1);
    answer(0, arrived, tc_crl(f.arena, &f.root, &options));
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    struct vt_known known = end(0);
    assert_int_equal(known.lists_count, 1);
    assert_int_equal(known.facts_count, 0);
    assert_null(vt_recheck_at(d.recheck, 0));
    /* The next mail has it at once. */
    ask(1, &leaf, &f.root, NULL);
    assert_int_equal(listen_for_fetches(), 0);
    assert_true(vt_status_request_advance(d.requests[1], d.now));
    assert_int_equal(end(1).lists_count, 1);
    close_desk();
}

static void what_stays_unknown_is_put_down(void **state)
{
    (void)state;
    struct tc_entity leaf = make(&f.root, "URI:http://dead.example/ca.crl", NULL);
    struct tc_entity silent_one = make(&f.root, NULL, NULL);
    struct tc_entity stranger = make(&f.stranger_root, "URI:http://dead.example/ca.crl", NULL);
    open_desk();
    ask(0, &leaf, &f.root, "1831-0927-5564");
    (void)listen_for_fetches();
    answer(0, refused, (struct vt_bytes){0});
    (void)end(0);
    ask(1, &leaf, &f.root, NULL);
    (void)end(1);
    ask(2, &leaf, &f.root, "1831-0927-5565");
    (void)end(2);
    ask(3, &silent_one, &f.root, "1831-0927-5566");
    (void)end(3);
    ask(4, &stranger, &f.stranger_root, "1831-0927-5567");
    (void)end(4);
    const struct vt_recheck_item *item = vt_recheck_at(d.recheck, 0);
    assert_non_null(item);
    assert_null(vt_recheck_at(d.recheck, 1));
    assert_true(vt_bytes_equal(item->certificate, leaf.der));
    assert_int_equal(item->references_count, 2);
    assert_string_equal(item->references[1], "1831-0927-5565");
    for (size_t i = 0; i < 5; i++)
        forget(i);
    /* Asked again when it is due, without a mail. */
    pass(400000);
    item = vt_recheck_next(d.recheck, d.now.utc_secs);
    assert_non_null(item);
    assert_int_equal(vt_status_request_again(&d.desk, item->certificate, item->issuer, 20000, d.now,
                                             &d.requests[0], NULL),
                     VT_OK);
    assert_int_equal(listen_for_fetches(), 1);
    struct tc_crl_options options = {.this_update_utc_secs = f.begin_utc_secs - 60,
                                     .next_update_utc_secs = f.begin_utc_secs + TC_DAY,
                                     .entries = {{&leaf, f.begin_utc_secs - 600, 1, NULL}}};
    answer(1, arrived, tc_crl(f.arena, &f.root, &options));
    assert_true(vt_status_request_advance(d.requests[0], d.now));
    struct vt_known known = end(0);
    assert_int_equal(known.facts[0].value, VT_STATUS_REVOKED);
    vt_recheck_tell(d.recheck, item->id, &known.facts[0]);
    assert_null(vt_recheck_at(d.recheck, 0));
    close_desk();
}

/* ---- the report ---- */

static const json_t *item_of(const json_t *list, const char *key, const char *value)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(json_object_get(item, key));
        if (text != NULL && strcmp(text, value) == 0)
            return item;
    }
    fail_msg("no %s is %s", key, value);
    return NULL;
}

static void is_text(const json_t *item, const char *key, const char *wanted)
{
    const char *text = json_string_value(json_object_get(item, key));
    if (text == NULL || strcmp(text, wanted) != 0)
        fail_msg("%s is %s, not %s", key, text != NULL ? text : "(none)", wanted);
}

static json_t *make_report(void)
{
    static const char *hosts[] = {"ca.example", "ocsp.example", "slow.example", "dead.example"};
    static const struct vt_strings allowed = {hosts, 4};
    const struct vt_publisher publisher = {.store = d.store,
                                           .published_version = vt_status_store_version(d.store),
                                           .published_msecs = d.now.monotonic_msecs - 12500};
    const struct vt_report_input input = {&d.desk, &d.breakers, &allowed, &publisher, NULL, d.now};
    char *text = NULL;
    assert_int_equal(vt_report_write(&input, &text, NULL), VT_OK);
    json_t *report = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(report);
    free(text);
    return report;
}

static void the_report_tells_all(void **state)
{
    (void)state;
    struct tc_entity good = make(&f.root, "URI:http://ca.example/ca.crl", NULL);
    struct tc_entity dead = make(&f.root, "URI:http://dead.example/x,URI:http://x.invalid/x", NULL);
    struct tc_entity bad = make(&f.root, NULL, "OCSP;URI:http://ocsp.example/");
    struct tc_crl_options options = {.this_update_utc_secs = f.begin_utc_secs - 60,
                                     .next_update_utc_secs = f.begin_utc_secs + TC_DAY,
                                     .entries = {{&dead, f.begin_utc_secs - 600, 1, NULL}}};
    open_desk();
    ask(0, &dead, &f.root, "1831-0927-5564");
    (void)listen_for_fetches();
    answer(0, refused, (struct vt_bytes){0});
    (void)end(0);
    ask(1, &bad, &f.root, NULL);
    (void)listen_for_fetches();
    answer_http(1, 500, "", "broken");
    ask(2, &good, &f.root, NULL);
    (void)listen_for_fetches();
    answer(2, arrived, tc_crl(f.arena, &f.root, &options));
    json_t *report = make_report();
    const json_t *hosts = json_object_get(report, "hosts");
    assert_int_equal(json_array_size(hosts), 5);
    const json_t *host = item_of(hosts, "host", "ca.example:80");
    is_text(host, "state", "ok");
    assert_int_equal(json_integer_value(json_object_get(host, "last_good_utc_secs")),
                     d.now.utc_secs);
    host = item_of(hosts, "host", "dead.example:80");
    is_text(host, "state", "down");
    is_text(host, "why", "no connection");
    assert_true(json_integer_value(json_object_get(host, "until_utc_secs")) > d.now.utc_secs + 40);
    host = item_of(hosts, "host", "ocsp.example:80");
    is_text(host, "state", "ok");
    is_text(host, "why", "the server answered with status 500");
    assert_int_equal(json_integer_value(json_object_get(host, "strikes")), 1);
    is_text(item_of(hosts, "host", "slow.example"), "state", "never-asked");
    is_text(item_of(hosts, "host", "x.invalid:80"), "state", "not-allowed");
    const json_t *list = item_of(json_object_get(report, "lists"), "issuer", "CA");
    is_text(list, "origin", "http://ca.example/ca.crl");
    assert_int_equal(json_integer_value(json_object_get(list, "entries")), 1);
    int64_t refresh = json_integer_value(json_object_get(list, "refresh_utc_secs"));
    assert_true(refresh > f.begin_utc_secs + TC_DAY / 3 && refresh < f.begin_utc_secs + TC_DAY);
    const json_t *cache = json_object_get(report, "cache");
    assert_int_equal(json_integer_value(json_object_get(cache, "lists")), 1);
    const json_t *recheck = item_of(json_object_get(report, "rechecks"), "certificate", "một");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(recheck, "references"), 0)),
        "1831-0927-5564");
    json_decref(report);
    pass(80000);
    report = make_report();
    is_text(item_of(json_object_get(report, "hosts"), "host", "dead.example:80"), "state",
            "to-be-tried");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(report, "generation"), "age_secs")), 12);
    json_decref(report);
    close_desk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_host_delays_the_first_few_mails),
        cmocka_unit_test(a_fetch_under_way_is_waited_for_once),
        cmocka_unit_test(a_full_board_is_joined),
        cmocka_unit_test(only_what_is_waited_for_wakes),
        cmocka_unit_test(lists_are_asked_when_ocsp_is_slow),
        cmocka_unit_test(a_dead_host_is_told),
        cmocka_unit_test(one_mail_asks_whether_it_is_back),
        cmocka_unit_test(bad_answers_count),
        cmocka_unit_test(strangers_fetch_little),
        cmocka_unit_test(strangers_do_not_pardon),
        cmocka_unit_test(a_subscriber_is_no_issuer),
        cmocka_unit_test(the_right_one_of_many_issuers),
        cmocka_unit_test(many_unknown_issuers_are_not_all_searched_for),
        cmocka_unit_test(a_responder_is_looked_up_in_lists),
        cmocka_unit_test(lists_go_with_the_answer),
        cmocka_unit_test(what_stays_unknown_is_put_down),
        cmocka_unit_test(the_report_tells_all),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
