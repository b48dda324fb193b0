/* SPDX-License-Identifier: Apache-2.0
 * When a host is left alone, for how long, and who may ask first afterwards; and which host an
 * address is about. The clock is ours: nothing waits here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "status/breaker.h"
#include "vanthu/clock.h"

#define HOST "ca.gov.vn:80"
#define PAUSE 60000
#define CLOSED VT_BREAKER_CLOSED
#define OPEN VT_BREAKER_OPEN
#define HALF_OPEN VT_BREAKER_HALF_OPEN

static struct vt_moment at(int64_t msecs)
{
    return (struct vt_moment){1700000000 + msecs / 1000, 1000000 + msecs};
}

/* What happens to a host, in order: each is allowed or not, and ends somehow. */
struct event {
    int64_t msecs;
    bool allowed, probe;
    enum vt_outcome outcome; /* of an allowed one */
    enum vt_breaker_state after;
};

static void run(const char *name, const struct event *events)
{
    struct vt_breakers breakers;
    vt_breakers_init(&breakers, PAUSE, 1);
    for (size_t i = 0; events[i].msecs >= 0; i++) {
        const struct event *event = &events[i];
        bool probe = false;
        bool allowed = vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(event->msecs), &probe);
        if (allowed != event->allowed || probe != event->probe)
            fail_msg("%s, event %zu: allowed %d probe %d", name, i, allowed, probe);
        if (allowed)
            vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, event->outcome, "why",
                            at(event->msecs));
        const struct vt_breaker *breaker = vt_breaker_find(&breakers, HOST, VT_FOR_STATUS);
        if (breaker->state != event->after)
            fail_msg("%s, event %zu: state %d", name, i, breaker->state);
        assert_int_equal(vt_breaker_is_down(&breakers, HOST, VT_FOR_STATUS),
                         event->after != VT_BREAKER_CLOSED);
    }
}

static void hosts_are_left_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct event events[12];
    } cases[] = {
        {"no connection opens at once",
         {{0, true, false, VT_OUTCOME_UNREACHABLE, OPEN},
          {100, false, false, 0, OPEN},
          {47000, false, false, 0, OPEN}, /* 80 % of the pause */
          {-1, 0, 0, 0, 0}}},
        {"three silent answers in a row",
         {{0, true, false, VT_OUTCOME_SILENT, CLOSED},
          {1, true, false, VT_OUTCOME_SILENT, CLOSED},
          {2, true, false, VT_OUTCOME_SILENT, OPEN},
          {3, false, false, 0, OPEN},
          {-1, 0, 0, 0, 0}}},
        {"three bad ones",
         {{0, true, false, VT_OUTCOME_BAD, CLOSED},
          {1, true, false, VT_OUTCOME_SILENT, CLOSED},
          {2, true, false, VT_OUTCOME_BAD, OPEN},
          {-1, 0, 0, 0, 0}}},
        {"a good one between them",
         {{0, true, false, VT_OUTCOME_BAD, CLOSED},
          {1, true, false, VT_OUTCOME_BAD, CLOSED},
          {2, true, false, VT_OUTCOME_GOOD, CLOSED},
          {3, true, false, VT_OUTCOME_BAD, CLOSED},
          {4, true, false, VT_OUTCOME_BAD, CLOSED},
          {5, true, false, VT_OUTCOME_BAD, OPEN},
          {-1, 0, 0, 0, 0}}},
        {"404 is neither a strike nor a pardon",
         {{0, true, false, VT_OUTCOME_BAD, CLOSED},
          {1, true, false, VT_OUTCOME_ALIVE, CLOSED},
          {2, true, false, VT_OUTCOME_ALIVE, CLOSED},
          {3, true, false, VT_OUTCOME_ALIVE, CLOSED},
          {4, true, false, VT_OUTCOME_BAD, CLOSED},
          {5, true, false, VT_OUTCOME_BAD, OPEN},
          {-1, 0, 0, 0, 0}}},
        {"a fault of ours says nothing",
         {{0, true, false, VT_OUTCOME_NONE, CLOSED},
          {1, true, false, VT_OUTCOME_NONE, CLOSED},
          {2, true, false, VT_OUTCOME_NONE, CLOSED},
          {3, true, false, VT_OUTCOME_NONE, CLOSED},
          {-1, 0, 0, 0, 0}}},
        {"the probe closes",
         {{0, true, false, VT_OUTCOME_UNREACHABLE, OPEN},
          {73000, true, true, VT_OUTCOME_GOOD, CLOSED},
          {73001, true, false, VT_OUTCOME_GOOD, CLOSED},
          {-1, 0, 0, 0, 0}}},
        {"a probe that hears 404 closes",
         {{0, true, false, VT_OUTCOME_UNREACHABLE, OPEN},
          {73000, true, true, VT_OUTCOME_ALIVE, CLOSED},
          {-1, 0, 0, 0, 0}}},
        {"a probe that fails opens again, for twice as long",
         {{0, true, false, VT_OUTCOME_UNREACHABLE, OPEN},
          {73000, true, true, VT_OUTCOME_SILENT, OPEN},
          {73000 + 95000, false, false, 0, OPEN},
          {73000 + 145000, true, true, VT_OUTCOME_BAD, OPEN},
          {73000 + 145000 + 191000, false, false, 0, OPEN},
          {-1, 0, 0, 0, 0}}},
        {"a probe that was given up is asked again",
         {{0, true, false, VT_OUTCOME_UNREACHABLE, OPEN},
          {73000, true, true, VT_OUTCOME_NONE, HALF_OPEN},
          {73001, true, true, VT_OUTCOME_GOOD, CLOSED},
          {-1, 0, 0, 0, 0}}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        run(cases[i].name, cases[i].events);
}

static void one_probe_at_a_time(void **state)
{
    (void)state;
    struct vt_breakers breakers;
    bool probe = false;
    vt_breakers_init(&breakers, PAUSE, 2);
    assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(0), &probe));
    assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(0), &probe));
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_UNREACHABLE, "refused", at(10));
    int64_t until = vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->until_msecs;
    /* What was sent before it opened, and fails now, does not make the pause longer. */
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_UNREACHABLE, "refused", at(20));
    assert_int_equal(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->until_msecs, until);
    assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(80000), &probe));
    assert_true(probe);
    assert_false(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(80001), &probe));
    assert_true(vt_breaker_is_down(&breakers, HOST, VT_FOR_STATUS));
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_GOOD, "", at(80100));
    assert_false(vt_breaker_is_down(&breakers, HOST, VT_FOR_STATUS));
    assert_int_equal(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->success_utc_secs,
                     at(80100).utc_secs);
    assert_int_equal(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->asked_count, 3);
    assert_int_equal(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->good_count, 1);
    assert_string_equal(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->why, "refused");
}

/* 60 s, 120 s … at most 600 s, each give or take a fifth; afterwards the first pause is short. */
static void pauses_grow_up_to_ten_times(void **state)
{
    (void)state;
    static const int64_t wanted[] = {60, 120, 240, 480, 600, 600, 600, 600, 600, 600, 600, 600};
    struct vt_breakers breakers;
    bool probe = false, varies = false;
    int64_t now = 0, last = 0;
    vt_breakers_init(&breakers, PAUSE, 3);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(now), &probe));
        vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_UNREACHABLE, "", at(now));
        int64_t pause =
            vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->until_msecs - at(now).monotonic_msecs;
        assert_true(pause >= wanted[i] * 800 && pause <= wanted[i] * 1200);
        varies = varies || (i > 4 && pause != last);
        last = pause;
        now += pause;
    }
    assert_true(varies);
    assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(now), &probe));
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_GOOD, "", at(now));
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_UNREACHABLE, "", at(now));
    assert_true(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS)->until_msecs -
                    at(now).monotonic_msecs <=
                72000);
}

/* An authority whose time stamps fail, on the host that publishes its lists. */
static void what_it_is_asked_for_does_not_mix(void **state)
{
    (void)state;
    struct vt_breakers breakers;
    bool probe = false;
    vt_breakers_init(&breakers, PAUSE, 6);
    for (int i = 0; i < VT_BREAKER_STRIKES; i++) {
        assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STAMPS, at(i), &probe));
        vt_breaker_tell(&breakers, HOST, VT_FOR_STAMPS, VT_OUTCOME_BAD, "garbage", at(i));
    }
    assert_false(vt_breaker_ask(&breakers, HOST, VT_FOR_STAMPS, at(10), &probe));
    assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(10), &probe));
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_GOOD, "", at(10));
    assert_true(vt_breaker_is_down(&breakers, HOST, VT_FOR_STAMPS));
    assert_false(vt_breaker_is_down(&breakers, HOST, VT_FOR_STATUS));
}

static void hosts_do_not_mix_and_the_table_is_bounded(void **state)
{
    (void)state;
    struct vt_breakers breakers;
    bool probe = false;
    char host[32];
    vt_breakers_init(&breakers, PAUSE, 4);
    assert_null(vt_breaker_find(&breakers, HOST, VT_FOR_STATUS));
    assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(0), &probe));
    vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_UNREACHABLE, "", at(0));
    assert_true(vt_breaker_ask(&breakers, "ca.gov.vn:8080", VT_FOR_STATUS, at(1), &probe));
    /* Others come and go; the one that is down stays. */
    for (int i = 0; i < 3 * VT_MAX_BREAKERS; i++) {
        (void)snprintf(host, sizeof(host), "h%d.example:80", i);
        assert_true(vt_breaker_ask(&breakers, host, VT_FOR_STATUS, at(2 + i), &probe));
        vt_breaker_tell(&breakers, host, VT_FOR_STATUS, VT_OUTCOME_GOOD, "", at(2 + i));
    }
    assert_int_equal(breakers.count, VT_MAX_BREAKERS);
    assert_true(vt_breaker_is_down(&breakers, HOST, VT_FOR_STATUS));
    assert_non_null(vt_breaker_find(&breakers, host, VT_FOR_STATUS));
    /* fetch.host-down: 0s */
    vt_breakers_init(&breakers, 0, 5);
    for (int i = 0; i < 10; i++) {
        assert_true(vt_breaker_ask(&breakers, HOST, VT_FOR_STATUS, at(i), &probe));
        vt_breaker_tell(&breakers, HOST, VT_FOR_STATUS, VT_OUTCOME_UNREACHABLE, "", at(i));
    }
}

/* ---- addresses ---- */

static void addresses_become_hosts(void **state)
{
    (void)state;
    static struct vt_rewrite items[] = {
        {"ca.btc", "ca.gov.vn"}, {"old.vn:8080", "new.vn:81"}, {"[::1]", "[2001:db8::1]:8080"}};
    static const struct vt_rewrites rewrites = {items, 3};
    static const struct {
        const char *url;
        enum vt_code want;
        const char *host, *asked;
    } cases[] = {
        {"http://ca.gov.vn/x.crl", VT_OK, "ca.gov.vn:80", "http://ca.gov.vn/x.crl"},
        {"HTTP://CA.gov.VN./x.crl", VT_OK, "ca.gov.vn:80", "http://ca.gov.vn:80/x.crl"},
        {"http://192.0.2.1.:8080/x?y", VT_OK, "192.0.2.1:8080", "http://192.0.2.1:8080/x?y"},
        {"https://ca.gov.vn.", VT_OK, "ca.gov.vn:443", "https://ca.gov.vn:443"},
        {"https://ca.gov.vn", VT_OK, "ca.gov.vn:443", "https://ca.gov.vn"},
        {"http://ca.gov.vn:8080/", VT_OK, "ca.gov.vn:8080", "http://ca.gov.vn:8080/"},
        {"http://ca.gov.vn:/", VT_OK, "ca.gov.vn:80", "http://ca.gov.vn:/"},
        {"http://[2001:db8::1]:81/", VT_OK, "[2001:db8::1]:81", "http://[2001:db8::1]:81/"},
        {"http://ca.btc/a/b.crl?c=d", VT_OK, "ca.gov.vn:80", "http://ca.gov.vn/a/b.crl?c=d"},
        {"https://CA.BTC/b", VT_OK, "ca.gov.vn:443", "https://ca.gov.vn/b"},
        {"http://ca.btc", VT_OK, "ca.gov.vn:80", "http://ca.gov.vn/"},
        {"http://ca.btc?q", VT_OK, "ca.gov.vn:80", "http://ca.gov.vn/?q"},
        {"http://ca.btc:8080/b", VT_OK, "ca.btc:8080", "http://ca.btc:8080/b"},
        {"http://x.ca.btc/b", VT_OK, "x.ca.btc:80", "http://x.ca.btc/b"},
        {"http://old.vn:8080/b", VT_OK, "new.vn:81", "http://new.vn:81/b"},
        {"http://old.vn/b", VT_OK, "old.vn:80", "http://old.vn/b"},
        {"http://[::1]/b", VT_OK, "[2001:db8::1]:8080", "http://[2001:db8::1]:8080/b"},
        {"ldap://ca.gov.vn/cn=x", VT_E_UNSUPPORTED, NULL, NULL},
        {"ftp://ca.gov.vn/", VT_E_UNSUPPORTED, NULL, NULL},
        {"", VT_E_UNSUPPORTED, NULL, NULL},
        {"http://", VT_E_FORMAT, NULL, NULL},
        {"http:///x", VT_E_FORMAT, NULL, NULL},
        {"http://user@ca.gov.vn/", VT_E_FORMAT, NULL, NULL},
        {"http://ca.gov.vn\\@evil/", VT_E_FORMAT, NULL, NULL},
        {"http://ca.gov.vn:99999/", VT_E_FORMAT, NULL, NULL},
        {"http://ca.gov.vn:0/", VT_E_FORMAT, NULL, NULL},
        {"http://ca.gov.vn:8a/", VT_E_FORMAT, NULL, NULL},
        {"http://ca%2egov.vn/", VT_E_FORMAT, NULL, NULL},
        {"http://[::1/", VT_E_FORMAT, NULL, NULL},
    };
    struct vt_arena *arena = vt_arena_new(1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_source source;
        enum vt_code code = vt_source_read(arena, &rewrites, cases[i].url, &source, NULL);
        if (code != cases[i].want)
            fail_msg("%s: code %d", cases[i].url, code);
        if (code != VT_OK)
            continue;
        assert_string_equal(source.host, cases[i].host);
        assert_string_equal(source.url, cases[i].asked);
    }
    char longest[300] = "http://";
    struct vt_source source;
    memset(longest + 7, 'a', 290);
    assert_int_equal(vt_source_read(arena, &rewrites, longest, &source, NULL), VT_E_FORMAT);
    vt_arena_free(arena);
}

static void hosts_match_entries(void **state)
{
    (void)state;
    assert_true(vt_source_matches("ca.gov.vn:80", "ca.gov.vn"));
    assert_true(vt_source_matches("ca.gov.vn:443", "CA.gov.vn"));
    assert_false(vt_source_matches("ca.gov.vn:8080", "ca.gov.vn"));
    assert_true(vt_source_matches("ca.gov.vn:8080", "ca.gov.vn:8080"));
    assert_false(vt_source_matches("x.ca.gov.vn:80", "ca.gov.vn"));
    assert_false(vt_source_matches("ca.gov:80", "ca.gov.vn"));
    assert_true(vt_source_matches("[::1]:80", "[::1]"));
    assert_true(vt_source_matches("[::1]:81", "[::1]:81"));
    assert_false(vt_source_matches("[::1]:80", "[::1]:81"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_left_alone),
        cmocka_unit_test(one_probe_at_a_time),
        cmocka_unit_test(pauses_grow_up_to_ten_times),
        cmocka_unit_test(what_it_is_asked_for_does_not_mix),
        cmocka_unit_test(hosts_do_not_mix_and_the_table_is_bounded),
        cmocka_unit_test(addresses_become_hosts),
        cmocka_unit_test(hosts_match_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
