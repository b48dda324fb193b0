/* SPDX-License-Identifier: Apache-2.0
 * The status role: the test plays gateway, fetch, inspector and administrator around it. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "status/store.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define CRL_URL "http://ca.example/ca.crl"
#define CRL_URL_2 "http://pub.example/ca.crl"
#define OCSP_URL "http://ocsp.example/"
#define AHEAD_URL "http://ca.example/root-1439.crl"
#define AHEAD_URL_2 "http://pub.example/root.crl"
#define ISSUER_URL "http://ca.example/sub.crt"

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    int64_t now;
    char folder[64], root_file[128], sub_file[128], stranger_file[128], state[128];
    struct tc_entity root, sub, stranger_root;
    struct tc_entity leaf, leaf_ocsp, leaf_silent, leaf_of_sub, stranger;
} f;

/* A CA below the root whose own list has two addresses. */
static struct tc_entity make_sub(void)
{
    struct tc_options options = {
        .name = "CA con",
        .issuer = &f.root,
        .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                       {"keyUsage", "critical,keyCertSign,cRLSign"},
                       {"crlDistributionPoints", "URI:" AHEAD_URL ",URI:" AHEAD_URL_2}}};
    return tc_make(f.arena, f.pool, &options);
}

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(64 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.now = vt_clock_now_utc_secs();
    f.root = tc_ca(f.arena, f.pool, "CA", NULL);
    f.sub = make_sub();
    f.stranger_root = tc_ca(f.arena, f.pool, "CA lạ", NULL);
    f.leaf = tc_leaf_at(f.arena, f.pool, "một", &f.root, "URI:" CRL_URL ",URI:" CRL_URL_2, NULL);
    f.leaf_ocsp = tc_leaf_at(f.arena, f.pool, "hai", &f.root, "URI:" CRL_URL, "OCSP;URI:" OCSP_URL);
    f.leaf_silent = tc_leaf_at(f.arena, f.pool, "ba", &f.root, NULL, NULL);
    f.leaf_of_sub =
        tc_leaf_at(f.arena, f.pool, "bốn", &f.sub, "URI:" CRL_URL, "caIssuers;URI:" ISSUER_URL);
    f.stranger = tc_leaf_at(f.arena, f.pool, "lạ", &f.stranger_root, "URI:" CRL_URL, NULL);
    tc_make_folder(f.folder);
    tc_write_file(f.root_file, f.folder, "root.crt", f.root.der);
    tc_write_file(f.sub_file, f.folder, "sub.crt", f.sub.der);
    tc_write_file(f.stranger_file, f.folder, "stranger.crt", f.stranger_root.der);
    (void)snprintf(f.state, sizeof(f.state), "%s/state", f.folder);
    assert_int_equal(mkdir(f.state, 0700), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tc_remove_folder(f.folder);
    vt_arena_free(f.arena);
    return 0;
}

/* A list of f.root, issued so many seconds ago, in force for a day. */
static struct vt_bytes list(int64_t age_secs, const struct tc_entity *revoked, int reason,
                            const char *number)
{
    return tc_crl_of_age(f.arena, &f.root, f.now, age_secs, revoked, reason, number);
}

/* ---- the role ---- */

static struct role {
    pid_t pid;
    int control, status, fetch, generation; /* our ends */
    /* Of the configuration; NULL: none, of anchors that of the fixture. */
    const char *state_directory, *anchors, *intermediates;
} role;

static struct vt_message message;

static void start_role(int64_t status_msecs)
{
    int pairs[4][2];
    static const char *hosts[] = {"ca.example", "pub.example", "ocsp.example"};
    struct vt_config config = {.fetch_hosts = {hosts, 3},
                               .status_msecs = status_msecs,
                               .fetch_timeout_msecs = 3000,
                               .host_down_msecs = 60000};
    config.trust[VT_TRUST_OFFICIAL] =
        (struct vt_trust_source){.set = VT_TRUST_OFFICIAL,
                                 .anchors = role.anchors != NULL ? role.anchors : f.root_file,
                                 .intermediates = role.intermediates,
                                 .confirmed_all = true};
    config.state_directory = role.state_directory;
    config.trust[VT_TRUST_PUBLIC].set = VT_TRUST_PUBLIC;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs[i]), 0);
    role.pid = fork();
    if (role.pid == 0) {
        for (size_t i = 0; i < 4; i++)
            (void)close(pairs[i][0]);
        struct vt_role_fds fds = {.control = pairs[0][1],
                                  .status = pairs[1][1],
                                  .fetch = pairs[2][1],
                                  .generation = pairs[3][1],
                                  .inspect = -1,
                                  .milter_socket = -1,
                                  .policy = -1,
                                  .overrides = -1,
                                  .metrics = -1};
        _exit(vt_status_main(&config, &fds));
    }
    for (size_t i = 0; i < 4; i++)
        (void)close(pairs[i][1]);
    role.control = pairs[0][0];
    role.status = pairs[1][0];
    role.fetch = pairs[2][0];
    role.generation = pairs[3][0];
}

static void stop_role(void)
{
    int status = -1;
    (void)close(role.control);
    assert_int_equal(waitpid(role.pid, &status, 0), role.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(role.status);
    (void)close(role.fetch);
    (void)close(role.generation);
}

static int64_t soon(void)
{
    return vt_clock_monotonic_msecs() + 5000;
}

static int ask(const struct tc_entity *certificate, const struct tc_entity *issuer)
{
    int fd = -1, wants_fd = -1;
    char *text = NULL;
    size_t len = 0;
    struct vt_want_status status = {certificate->der, issuer != NULL ? issuer->der : f.root.der};
    struct vt_bytes issuer_of[] = {certificate->der};
    struct vt_wants wants = {0};
    if (issuer != NULL) {
        wants.status = &status;
        wants.status_count = 1;
    } else {
        wants.issuer_of = issuer_of;
        wants.issuer_of_count = 1;
    }
    assert_int_equal(vt_wants_to_json(&wants, &text, &len, NULL), VT_OK);
    assert_int_equal(vt_memfd_seal("wants", vt_bytes_of(text, len), &wants_fd, NULL), VT_OK);
    free(text);
    assert_int_equal(vt_wire_open(role.status, soon(), &fd, NULL), VT_OK);
    assert_int_equal(
        vt_wire_send(fd, VT_MSG_STATUS, (struct vt_bytes){0}, &wants_fd, 1, soon(), NULL), VT_OK);
    (void)close(wants_fd);
    return fd;
}

static struct vt_known read_known(int fd, enum vt_message_type type)
{
    struct vt_known known;
    assert_int_equal(vt_wire_receive(fd, &message, VT_WIRE_MAX_FDS, soon(), NULL), VT_OK);
    assert_int_equal(message.type, type);
    assert_int_equal(vt_known_open(f.arena, message.fds, message.fds_count, &known, NULL), VT_OK);
    vt_message_close(&message);
    return known;
}

static struct vt_known hear(int fd)
{
    struct vt_known known = read_known(fd, VT_MSG_STATUS_IS);
    (void)close(fd);
    return known;
}

/* Play fetch: take the next request, which has to be for this address. */
static int take_fetch(const char *url)
{
    int fd = -1;
    char text[600];
    assert_int_equal(vt_wire_accept(role.fetch, soon(), &fd, NULL), VT_OK);
    assert_int_equal(vt_wire_receive(fd, &message, 1, soon(), NULL), VT_OK);
    assert_int_equal(message.type, VT_MSG_FETCH);
    (void)snprintf(text, sizeof(text), "%.*s", (int)message.body_len, (const char *)message.body);
    vt_message_close(&message);
    if (strstr(text, url) == NULL)
        fail_msg("%s is fetched, not %s", text, url);
    return fd;
}

static void give(int fd, struct vt_bytes data)
{
    int data_fd = -1;
    const char *body = "{\"http_status\": 200, \"code\": 0, \"error\": \"\"}";
    assert_int_equal(vt_memfd_seal("fetched", data, &data_fd, NULL), VT_OK);
    assert_int_equal(
        vt_wire_send(fd, VT_MSG_FETCHED, vt_bytes_str(body), &data_fd, 1, soon(), NULL), VT_OK);
    (void)close(data_fd);
    (void)close(fd);
}

static void fail_fetch(int fd, int code, const char *text)
{
    char body[200];
    (void)snprintf(body, sizeof(body), "{\"http_status\": 0, \"code\": %d, \"error\": \"%s\"}",
                   code, text);
    assert_int_equal(vt_wire_send(fd, VT_MSG_FETCHED, vt_bytes_str(body), NULL, 0, soon(), NULL),
                     VT_OK);
    (void)close(fd);
}

static bool is_quiet(int fd, int msecs)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, msecs) == 0;
}

/* Both addresses of the list at once, one list for two mails, and the next mail asks nobody. */
static void one_list_serves_all(void **state)
{
    (void)state;
    struct vt_bytes crl = list(3600, &f.leaf, 1, NULL);
    start_role(4000);
    int first = ask(&f.leaf, &f.root);
    int one = take_fetch(CRL_URL);
    int other = take_fetch(CRL_URL_2);
    int second = ask(&f.leaf, &f.root);
    assert_true(is_quiet(role.fetch, 200));
    fail_fetch(other, VT_E_NETWORK, "down");
    give(one, crl);
    struct vt_known known = hear(first);
    assert_int_equal(known.facts_count, 1);
    assert_int_equal(known.facts[0].value, VT_STATUS_REVOKED);
    assert_string_equal(known.facts[0].origin, CRL_URL);
    known = hear(second);
    assert_int_equal(known.facts[0].value, VT_STATUS_REVOKED);
    known = hear(ask(&f.leaf_silent, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_GOOD);
    assert_true(is_quiet(role.fetch, 0));
    /* The inspector gets it as a generation. */
    known = read_known(role.generation, VT_MSG_GENERATION);
    assert_int_equal(known.lists_count, 1);
    vt_known_close(&known);
    stop_role();
}

static void ocsp_first_then_the_list(void **state)
{
    (void)state;
    struct tc_ocsp_options options = {.this_update_utc_secs = f.now - 60,
                                      .next_update_utc_secs = f.now + 3600};
    start_role(4000);
    int waiting = ask(&f.leaf_ocsp, &f.root);
    int ocsp = take_fetch(OCSP_URL);
    assert_true(is_quiet(role.fetch, 100));
    /* An answer for another certificate is none. */
    give(ocsp, tc_ocsp(f.arena, &f.leaf, &f.root, &options));
    int crl = take_fetch(CRL_URL);
    /* A list that somebody else signed is none either. */
    struct tc_entity forger = f.root;
    forger.key = f.stranger_root.key;
    struct tc_crl_options forged = {.this_update_utc_secs = f.now - 60,
                                    .next_update_utc_secs = f.now + 3600};
    give(crl, tc_crl(f.arena, &forger, &forged));
    struct vt_known known = hear(waiting);
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    assert_non_null(strstr(known.facts[0].finding, "another certificate"));
    assert_non_null(strstr(known.facts[0].finding, "does not verify"));
    /* What just failed is not asked again by the next mail. */
    known = hear(ask(&f.leaf_ocsp, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    assert_true(is_quiet(role.fetch, 0));
    stop_role();
}

/* What the responder says, and what the host of the list says after it. */
static void each_way_of_not_knowing(void **state)
{
    (void)state;
    const int64_t old = f.now - 10 * TC_DAY;
    static const struct tc_ocsp_options none = {0};
    const struct {
        const char *name;
        struct tc_ocsp_options ocsp;
        bool list_is_stale;
        enum vt_status_value value;
        const char *finding;
    } cases[] = {
        {"nobody can be reached", none, false, VT_STATUS_UNREACHABLE, "down"},
        {"the list ended long ago", none, true, VT_STATUS_STALE, "no longer in force"},
        {"the responder does not know",
         {.value = V_OCSP_CERTSTATUS_UNKNOWN,
          .this_update_utc_secs = f.now - 60,
          .next_update_utc_secs = f.now + 3600},
         false,
         VT_STATUS_UNKNOWN,
         "does not know"},
        {"it does not know, and the list ended",
         {.value = V_OCSP_CERTSTATUS_UNKNOWN,
          .this_update_utc_secs = f.now - 60,
          .next_update_utc_secs = f.now + 3600},
         true,
         VT_STATUS_UNKNOWN,
         "no longer in force"},
        {"its answer ended long ago",
         {.value = V_OCSP_CERTSTATUS_GOOD,
          .this_update_utc_secs = old,
          .next_update_utc_secs = old + 3600},
         false,
         VT_STATUS_STALE,
         "no longer in force"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct tc_crl_options ended = {.this_update_utc_secs = old,
                                             .next_update_utc_secs = old + TC_DAY};
        start_role(4000);
        int waiting = ask(&f.leaf_ocsp, &f.root);
        int ocsp = take_fetch(OCSP_URL);
        if (cases[i].ocsp.this_update_utc_secs != 0)
            give(ocsp, tc_ocsp(f.arena, &f.leaf_ocsp, &f.root, &cases[i].ocsp));
        else
            fail_fetch(ocsp, VT_E_NETWORK, "down");
        int crl = take_fetch(CRL_URL);
        if (cases[i].list_is_stale)
            give(crl, tc_crl(f.arena, &f.root, &ended));
        else
            fail_fetch(crl, VT_E_NETWORK, "down");
        struct vt_known known = hear(waiting);
        if (known.facts[0].value != cases[i].value ||
            strstr(known.facts[0].finding, cases[i].finding) == NULL)
            fail_msg("%s: value %d, %s", cases[i].name, (int)known.facts[0].value,
                     known.facts[0].finding);
        stop_role();
    }
}

static void a_late_answer_is_for_the_next_mail(void **state)
{
    (void)state;
    start_role(700);
    int waiting = ask(&f.leaf, &f.root);
    int one = take_fetch(CRL_URL);
    int other = take_fetch(CRL_URL_2);
    struct vt_known known = hear(waiting);
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    assert_non_null(strstr(known.facts[0].finding, "in time"));
    give(one, list(3600, NULL, 0, NULL));
    fail_fetch(other, VT_E_NETWORK, "down");
    known = hear(ask(&f.leaf, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_GOOD);
    stop_role();
}

static void strangers_make_nobody_fetch(void **state)
{
    (void)state;
    start_role(4000);
    struct vt_known known = hear(ask(&f.stranger, &f.stranger_root));
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    assert_non_null(strstr(known.facts[0].finding, "root"));
    /* The issuer that is named has to be the one that signed. */
    known = hear(ask(&f.stranger, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    known = hear(ask(&f.leaf_silent, &f.root));
    assert_non_null(strstr(known.facts[0].finding, "names no source"));
    assert_true(is_quiet(role.fetch, 0));
    stop_role();
}

static void issuers_are_brought(void **state)
{
    (void)state;
    start_role(4000);
    int waiting = ask(&f.leaf_of_sub, NULL);
    give(take_fetch(ISSUER_URL), f.stranger_root.der);
    struct vt_known known = hear(waiting);
    assert_int_equal(known.issuers_count, 0);
    assert_int_equal(known.no_issuer_of_count, 1);
    assert_string_equal(known.no_issuer_of[0], vt_certificate_sha256(f.leaf_of_sub.certificate));
    stop_role();
    start_role(4000);
    waiting = ask(&f.leaf_of_sub, NULL);
    give(take_fetch(ISSUER_URL), f.sub.der);
    known = hear(waiting);
    assert_int_equal(known.issuers_count, 1);
    assert_true(vt_bytes_equal(known.issuers[0], f.sub.der));
    assert_int_equal(known.no_issuer_of_count, 0);
    stop_role();
    /* A network that is down says nothing about the certificate. */
    start_role(4000);
    waiting = ask(&f.leaf_of_sub, NULL);
    fail_fetch(take_fetch(ISSUER_URL), VT_E_NETWORK, "down");
    known = hear(waiting);
    assert_int_equal(known.issuers_count + known.no_issuer_of_count, 0);
    stop_role();
}

static void nonsense_is_answered_with_an_error(void **state)
{
    (void)state;
    int fd = -1;
    start_role(4000);
    assert_int_equal(vt_wire_open(role.status, soon(), &fd, NULL), VT_OK);
    assert_int_equal(vt_wire_send(fd, VT_MSG_STATUS, VT_BYTES("{}"), NULL, 0, soon(), NULL), VT_OK);
    assert_int_equal(vt_wire_receive(fd, &message, 0, soon(), NULL), VT_OK);
    assert_int_equal(message.type, VT_MSG_ERROR);
    (void)close(fd);
    stop_role();
}

/* ---- over a restart ---- */

static void fail_all(int count)
{
    for (int i = 0; i < count; i++)
        fail_fetch(take_fetch("http://"), VT_E_NETWORK, "down");
}

static void a_restart_with_the_network_cut(void **state)
{
    (void)state;
    role.state_directory = f.state;
    start_role(4000);
    int waiting = ask(&f.leaf, &f.root);
    give(take_fetch(CRL_URL), list(7200, NULL, 0, NULL));
    fail_fetch(take_fetch(CRL_URL_2), VT_E_NETWORK, "down");
    struct vt_known known = hear(waiting);
    assert_int_equal(known.facts[0].value, VT_STATUS_GOOD);
    stop_role();
    start_role(4000);
    /* The inspector has it before the first mail comes. */
    known = read_known(role.generation, VT_MSG_GENERATION);
    assert_int_equal(known.lists_count, 1);
    vt_known_close(&known);
    known = hear(ask(&f.leaf, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_GOOD);
    assert_int_equal(known.facts[0].from, VT_ORIGIN_FETCHED);
    /* Of one that was not seen nothing is known. */
    waiting = ask(&f.leaf_of_sub, &f.sub);
    fail_all(1);
    known = hear(waiting);
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    stop_role();
}

/* What leads to a root that is no longer configured is gone with it. */
static void another_trust_store_keeps_nothing(void **state)
{
    (void)state;
    char command[200];
    role.state_directory = f.state;
    role.anchors = f.stranger_file;
    start_role(4000);
    struct vt_known known = hear(ask(&f.leaf, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_UNREACHABLE);
    assert_true(is_quiet(role.generation, 1200));
    stop_role();
    role.anchors = NULL;
    role.state_directory = NULL;
    (void)snprintf(command, sizeof(command), "test -z \"$(ls %s | grep crl-)\"", f.state);
    assert_int_equal(system(command), 0);
}

/* ---- ahead of need ---- */

/* The moment within the first minute is decided by the address: this one comes at once. */
static void lists_of_configured_cas_are_fetched_ahead(void **state)
{
    (void)state;
    role.intermediates = f.sub_file;
    start_role(4000);
    fail_fetch(take_fetch(AHEAD_URL), VT_E_NETWORK, "down");
    /* The next address of the same list at once. */
    give(take_fetch(AHEAD_URL_2), list(3600, &f.leaf, 1, NULL));
    struct vt_known known = read_known(role.generation, VT_MSG_GENERATION);
    assert_int_equal(known.lists_count, 1);
    vt_known_close(&known);
    /* The first mail waits for nothing, and nothing is fetched twice. */
    known = hear(ask(&f.leaf, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_REVOKED);
    assert_true(is_quiet(role.fetch, 1500));
    stop_role();
    role.intermediates = NULL;
}

/* ---- by hand ---- */

static void import(struct vt_bytes file, const char *expected)
{
    int fd = -1;
    int data = -1;
    char text[2000];
    assert_int_equal(vt_wire_open(role.status, soon(), &fd, NULL), VT_OK);
    assert_int_equal(vt_memfd_seal("crl", file, &data, NULL), VT_OK);
    assert_int_equal(
        vt_wire_send(fd, VT_MSG_STATUS_IMPORT, (struct vt_bytes){0}, &data, 1, soon(), NULL),
        VT_OK);
    (void)close(data);
    assert_int_equal(vt_wire_receive(fd, &message, 0, soon(), NULL), VT_OK);
    (void)snprintf(text, sizeof(text), "%.*s", (int)message.body_len, (const char *)message.body);
    if (strstr(text, expected) == NULL)
        fail_msg("%s does not say %s", text, expected);
    (void)close(fd);
}

static void an_import_serves_the_next_mail(void **state)
{
    (void)state;
    start_role(4000);
    import(list(3600, &f.leaf, 1, NULL), "\"ok\":true");
    assert_int_equal(message.type, VT_MSG_STATUS_IMPORTED);
    import(list(7200, NULL, 0, NULL), "older");
    assert_int_equal(message.type, VT_MSG_STATUS_IMPORTED);
    import(VT_BYTES("no list"), "no CRL");
    assert_int_equal(message.type, VT_MSG_ERROR);
    struct vt_known known = hear(ask(&f.leaf, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_REVOKED);
    assert_int_equal(known.facts[0].from, VT_ORIGIN_GIVEN);
    known = hear(ask(&f.leaf_silent, &f.root));
    assert_int_equal(known.facts[0].value, VT_STATUS_GOOD);
    assert_true(is_quiet(role.fetch, 0));
    stop_role();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_list_serves_all),
        cmocka_unit_test(ocsp_first_then_the_list),
        cmocka_unit_test(each_way_of_not_knowing),
        cmocka_unit_test(a_late_answer_is_for_the_next_mail),
        cmocka_unit_test(strangers_make_nobody_fetch),
        cmocka_unit_test(issuers_are_brought),
        cmocka_unit_test(nonsense_is_answered_with_an_error),
        cmocka_unit_test(a_restart_with_the_network_cut),
        cmocka_unit_test(another_trust_store_keeps_nothing),
        cmocka_unit_test(lists_of_configured_cas_are_fetched_ahead),
        cmocka_unit_test(an_import_serves_the_next_mail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
