/* SPDX-License-Identifier: Apache-2.0
 * Received lines of devices in front: whose word counts, and whose does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/front.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *value;
    const char *address; /* NULL: not understood */
} lines[] = {
    {"Postfix",
     " from mail.a.vn (mail.a.vn [203.0.113.9])\n\tby gw.ninhbinh.gov.vn (Postfix) with ESMTPS id "
     "4X;"
     "\n\tMon, 23 Nov 2026 09:00:00 +0700 (+07)",
     "203.0.113.9"},
    {"Postfix, no name", "from x (unknown [203.0.113.9])\n\tby gw", "203.0.113.9"},
    {"Postfix, IPv6", "from x (mail.a.vn [IPv6:2001:db8::25]) by gw", "2001:db8::25"},
    {"IPv6 without its tag", "from x (mail.a.vn [2001:DB8:0::25]) by gw", "2001:db8::25"},
    {"IPv4 in IPv6", "from x (mail.a.vn [::ffff:203.0.113.9]) by gw", "203.0.113.9"},
    {"Sendmail", "from mail.a.vn (mail.a.vn [203.0.113.9] (may be forged)) by gw", "203.0.113.9"},
    {"Exim", "from mail.a.vn ([203.0.113.9] helo=x) by gw with esmtp", "203.0.113.9"},
    {"Exim with a port", "from mail.a.vn (mail.a.vn [203.0.113.9]:4025 helo=x) by gw",
     "203.0.113.9"},
    {"Exchange", "from MBX1.a.vn (203.0.113.9) by MBX2.a.vn (10.0.0.2) with Microsoft SMTP",
     "203.0.113.9"},
    {"HELO is an address", "from [198.51.100.7] (mail.a.vn [203.0.113.9]) by gw", "203.0.113.9"},
    {"HELO with strange characters", "from a?b_c (mail.a.vn [203.0.113.9]) by gw", "203.0.113.9"},
    {"capitals and folds", "\n FROM\n x\n\t(mail.a.vn\n [203.0.113.9]) by gw", "203.0.113.9"},
    {"HELO with a comment of its own",
     "from x (forged [198.51.100.7]) (mail.a.vn [203.0.113.9]) by gw", NULL},
    {"HELO with a line of its own",
     "from x (a [198.51.100.7]) by z (mail.a.vn [203.0.113.9]) by gw", NULL},
    {"HELO with a bare address", "from x (198.51.100.7) by z (mail.a.vn [203.0.113.9]) by gw",
     NULL},
    {"HELO with a line of its own, bare", "from x (198.51.100.7) by z (203.0.113.9) by gw", NULL},
    {"Exim, HELO is an address", "from a ([203.0.113.9] helo=[198.51.100.7]) by gw", NULL},
    {"TLS",
     "from x (mail.a.vn [203.0.113.9])\n\t(using TLSv1.3 with cipher X (256/256 bits))\n\t(No "
     "client certificate requested)\n\tby gw (Postfix)",
     "203.0.113.9"},
    {"HELO of two words", "from x y (mail.a.vn [203.0.113.9])", NULL},
    {"HELO with a quote", "from \"x (a [1.2.3.4])\" (mail.a.vn [203.0.113.9])", NULL},
    {"Exim, HELO in the comment", "from [203.0.113.9] (helo=x [198.51.100.7])", NULL},
    {"name of the login", "from x (user@mail.a.vn [203.0.113.9])", NULL},
    {"qmail", "from unknown (HELO x) (203.0.113.9)", NULL},
    {"local submission", "by gw (Postfix, from userid 1000)", NULL},
    {"no host that wrote it", "from x (mail.a.vn [203.0.113.9])", NULL},
    {"no address", "from x (mail.a.vn) by gw", NULL},
    {"no comment", "from x by gw", NULL},
    {"an address outside", "from [203.0.113.9] by gw", NULL},
    {"no such address", "from x (mail.a.vn [203.0.113.999])", NULL},
    {"an address with a mask", "from x (mail.a.vn [203.0.113.0/24])", NULL},
    {"empty address", "from x (mail.a.vn [])", NULL},
    {"not closed", "from x (mail.a.vn [203.0.113.9", NULL},
    {"something glued to the address", "from x (mail.a.vn [203.0.113.9]x)", NULL},
    {"ends behind the address", "from x (mail.a.vn [203.0.113.9]", NULL},
    {"only a beginning", "from", NULL},
    {"another word", "fromage x (mail.a.vn [203.0.113.9])", NULL},
    {"nothing", "", NULL},
};

static void only_one_form_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        char address[64] = "";
        bool is_read = vt_received_from(vt_bytes_str(lines[i].value), address);
        if (is_read != (lines[i].address != NULL) ||
            (is_read && strcmp(address, lines[i].address) != 0))
            fail_msg("%s: \"%s\"", lines[i].name, address);
    }
    char zero[] = "from x\0 (a [203.0.113.9])", address[64];
    assert_false(vt_received_from(vt_bytes_of(zero, sizeof(zero) - 1), address));
    char long_name[3000] = "from ";
    memset(long_name + 5, 'a', 2000);
    strcpy(long_name + 2005, " (a [203.0.113.9]) by gw");
    assert_false(vt_received_from(vt_bytes_str(long_name), address));
}

#define RELAY(address) "from x (a [" address "]) by y"
#define MAX_LINES 12

static const struct {
    const char *name, *client;
    const char *received[MAX_LINES];
    const char *relay, *found;
} ways[] = {
    {"no relay", "203.0.113.9", {RELAY("10.1.1.2"), RELAY("198.51.100.7")}, "", ""},
    {"one relay", "10.1.1.2", {RELAY("203.0.113.9")}, "10.1.1.2", "203.0.113.9"},
    {"what the sender wrote below",
     "10.1.1.2",
     {RELAY("203.0.113.9"), RELAY("10.1.1.3"), RELAY("198.51.100.7")},
     "10.1.1.2",
     "203.0.113.9"},
    {"two relays",
     "10.1.1.2",
     {RELAY("10.1.1.3"), RELAY("203.0.113.9"), RELAY("198.51.100.7")},
     "10.1.1.2",
     "203.0.113.9"},
    {"a stranger's address of ours",
     "10.1.1.2",
     {RELAY("10.1.1.77"), RELAY("203.0.113.9")},
     "10.1.1.2",
     "10.1.1.77"},
    {"a line that is not understood ends it",
     "10.1.1.2",
     {"by y (Postfix, from userid 0)", RELAY("198.51.100.7")},
     "10.1.1.2",
     ""},
    {"no line at all", "10.1.1.2", {NULL}, "10.1.1.2", ""},
    {"relays without an end",
     "10.1.1.2",
     {RELAY("10.1.1.3"), RELAY("10.1.1.3"), RELAY("10.1.1.3"), RELAY("10.1.1.3"), RELAY("10.1.1.3"),
      RELAY("10.1.1.3"), RELAY("10.1.1.3"), RELAY("10.1.1.3"), RELAY("203.0.113.9")},
     "10.1.1.2",
     ""},
    {"IPv6", "2001:db8:1::2", {RELAY("IPv6:2001:db8:2::9")}, "2001:db8:1::2", "2001:db8:2::9"},
};

static void only_relays_are_believed(void **state)
{
    (void)state;
    static const char *texts[] = {"10.1.1.0/28", "2001:db8:1::/64"};
    const struct vt_strings list = {texts, 2};
    struct vt_networks relays;
    struct vt_arena *arena = vt_arena_new(10000);
    assert_int_equal(vt_networks_parse(arena, &list, "front-relays", &relays, NULL), VT_OK);
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct vt_front front;
        vt_front_begin(&front, &relays, ways[i].client);
        for (size_t l = 0; l < MAX_LINES && ways[i].received[l] != NULL; l++)
            vt_front_received(&front, &relays, vt_bytes_str(ways[i].received[l]));
        if (strcmp(front.relay, ways[i].relay) != 0 || strcmp(front.client, ways[i].found) != 0)
            fail_msg("%s: \"%s\" through \"%s\"", ways[i].name, front.client, front.relay);
    }
    vt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_form_is_read),
        cmocka_unit_test(only_relays_are_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
