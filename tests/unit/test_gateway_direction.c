/* SPDX-License-Identifier: Apache-2.0
 * Networks by CIDR and the direction of a mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/direction.h"

#define LIST(...)                                                                                  \
    ((struct vt_strings){(const char *[]){__VA_ARGS__},                                            \
                         sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)})

static void reads_networks(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        const char *address;
        int within; /* -1: the network is a mistake */
    } cases[] = {
        {"10.0.0.0/8", "10.255.1.2", 1},
        {"10.0.0.0/8", "11.0.0.1", 0},
        {"192.0.2.128/25", "192.0.2.129", 1},
        {"192.0.2.128/25", "192.0.2.127", 0},
        {"192.0.2.7", "192.0.2.7", 1},
        {"192.0.2.7", "192.0.2.6", 0},
        {"0.0.0.0/0", "203.0.113.1", 1},
        {"0.0.0.0/0", "2001:db8::1", 0},
        {"2001:db8::/32", "2001:db8:1::1", 1},
        {"2001:db8::/32", "IPv6:2001:db8:1::1", 1},
        {"2001:db8::/32", "2001:db9::1", 0},
        {"::1", "::1", 1},
        {"::ffff:10.0.0.0/104", "10.1.2.3", 1},
        {"10.0.0.0/8", "::ffff:10.1.2.3", 1},
        {"10.0.0.0/8", "unknown", 0},
        {"10.0.0.0/8", "", 0},
        {"10.0.0.1/8", "10.0.0.1", -1},
        {"10.0.0.0/33", "10.0.0.1", -1},
        {"10.0.0.0/", "10.0.0.1", -1},
        {"10.0.0.0/8x", "10.0.0.1", -1},
        {"10.0.0.0/-1", "10.0.0.1", -1},
        {"10.0.0/8", "10.0.0.1", -1},
        {"mail.example.vn", "10.0.0.1", -1},
        {"2001:db8::/129", "::1", -1},
        {"", "::1", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_arena *arena = vt_arena_new(10000);
        struct vt_networks networks;
        struct vt_err err = {0};
        struct vt_strings list = LIST("127.0.0.1", cases[i].network);
        enum vt_code code = vt_networks_parse(arena, &list, "networks.internal", &networks, &err);
        if ((code == VT_E_CONFIG) != (cases[i].within < 0))
            fail_msg("%s: code %d", cases[i].network, code);
        if (code == VT_OK &&
            vt_networks_contain(&networks, cases[i].address) != (cases[i].within == 1))
            fail_msg("%s in %s", cases[i].address, cases[i].network);
        vt_arena_free(arena);
    }
}

static void finds_the_direction(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(10000);
    struct vt_networks internal;
    struct vt_strings networks = LIST("127.0.0.0/8", "10.0.0.0/8");
    struct vt_config config = {.our_domains = LIST("ninhbinh.gov.vn"),
                               .outbound_daemons = LIST("ORIGINATING")};
    const char *ours[] = {"b@ninhbinh.gov.vn", "c@soxd.ninhbinh.gov.vn"};
    const char *mixed[] = {"b@ninhbinh.gov.vn", "d@hanoi.gov.vn"};
    const struct {
        const char *name;
        struct vt_mail mail;
        enum vt_direction want;
        bool submission;
    } cases[] = {
        {"a stranger to us",
         {.client_address = "203.0.113.9", .recipients = ours, .recipients_count = 2},
         VT_INBOUND,
         false},
        {"a stranger elsewhere",
         {.client_address = "203.0.113.9", .recipients = mixed, .recipients_count = 2},
         VT_INBOUND,
         false},
        {"our network to us",
         {.client_address = "10.1.1.1", .recipients = ours, .recipients_count = 2},
         VT_INTERNAL,
         false},
        {"our network out",
         {.client_address = "10.1.1.1", .recipients = mixed, .recipients_count = 2},
         VT_OUTBOUND,
         false},
        {"a login from anywhere",
         {.client_address = "203.0.113.9",
          .authenticated = "a",
          .recipients = mixed,
          .recipients_count = 2},
         VT_OUTBOUND,
         true},
        {"the listener for our users",
         {.client_address = "203.0.113.9",
          .daemon_name = "originating",
          .recipients = ours,
          .recipients_count = 2},
         VT_INTERNAL,
         true},
        {"sendmail(1)",
         {.client_address = "127.0.0.1", .recipients = ours, .recipients_count = 1},
         VT_INTERNAL,
         false},
        {"no recipient", {.client_address = "127.0.0.1"}, VT_OUTBOUND, false},
        {"no address", {.recipients = ours, .recipients_count = 1}, VT_INBOUND, false},
    };
    assert_int_equal(vt_networks_parse(arena, &networks, "networks.internal", &internal, NULL),
                     VT_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (vt_direction_of(&cases[i].mail, &internal, &config) != cases[i].want ||
            vt_mail_is_submission(&cases[i].mail, &config) != cases[i].submission)
            fail_msg("%s", cases[i].name);
    }
    vt_arena_free(arena);
}

static void proves_the_sender_by_login_and_network(void **state)
{
    (void)state;
    static const char *domains[] = {"ninhbinh.gov.vn"};
    const struct vt_config config = {.our_domains = {domains, 1}};
#define OWN "a@soxd.ninhbinh.gov.vn"
    static const struct {
        const char *name;
        struct vt_mail mail;
        bool is_internal;
        enum vt_sender_proof want;
    } cases[] = {
        {"stranger", {.sender = OWN}, false, VT_PROOF_NONE},
        {"own network", {.sender = OWN}, true, VT_PROOF_NETWORK},
        {"own network, sender elsewhere", {.sender = "a@x.gov.vn"}, true, VT_PROOF_NONE},
        {"own network, empty sender", {.sender = ""}, true, VT_PROOF_NONE},
        {"own network, no domain", {.sender = "root"}, true, VT_PROOF_NONE},
        {"relay in front", {.sender = OWN, .front_relay = "10.0.0.1"}, true, VT_PROOF_NONE},
        {"login by name", {.sender = OWN, .authenticated = "a"}, false, VT_PROOF_LOGIN},
        {"login by name, sender elsewhere",
         {.sender = "a@x.vn", .authenticated = "a"},
         true,
         VT_PROOF_NONE},
        {"login by address", {.sender = OWN, .authenticated = OWN}, false, VT_PROOF_LOGIN},
        {"login of a colleague",
         {.sender = OWN, .authenticated = "b@SoXD.ninhbinh.gov.vn"},
         false,
         VT_PROOF_LOGIN},
        {"login of another domain",
         {.sender = OWN, .authenticated = "b@x.vn"},
         false,
         VT_PROOF_NONE},
        {"login of another domain, own network",
         {.sender = OWN, .authenticated = "b@x.vn"},
         true,
         VT_PROOF_NETWORK},
        {"login elsewhere that fits",
         {.sender = "a@x.vn", .authenticated = "b@x.vn"},
         false,
         VT_PROOF_LOGIN},
        {"login, empty sender", {.sender = "", .authenticated = "a"}, true, VT_PROOF_NONE},
        {"empty login", {.sender = OWN, .authenticated = ""}, false, VT_PROOF_NONE},
        {"no envelope", {.sender = NULL, .authenticated = "a"}, true, VT_PROOF_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum vt_sender_proof got =
            vt_mail_sender_proof(&cases[i].mail, cases[i].is_internal, &config);
        if (got != cases[i].want)
            fail_msg("%s: %s", cases[i].name, vt_sender_proof_name(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_networks),
        cmocka_unit_test(finds_the_direction),
        cmocka_unit_test(proves_the_sender_by_login_and_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
