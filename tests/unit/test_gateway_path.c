/* SPDX-License-Identifier: Apache-2.0
 * Addresses of MAIL and RCPT: every way to write one that Postfix takes gives the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/path.h"
#include "vanthu/bytes.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *argument, *address;
} cases[] = {
    {"<a@evil.vn>", "a@evil.vn"},
    {"<a@evil.vn> SIZE=100 BODY=8BITMIME", "a@evil.vn"},
    {"a@evil.vn", "a@evil.vn"},
    {"a@evil.vn SIZE=100", "a@evil.vn"},
    {" <a@evil.vn>", "a@evil.vn"},
    {"<>", ""},
    {"", ""},
    {"<(nobody)>", ""},
    {"<a@EVIL.vn>", "a@EVIL.vn"},
    {"<a@evil.vn.>", "a@evil.vn"},
    {"<a@evil.vn...>", "a@evil.vn"},
    {"<a@evil.vn.@>", "a@evil.vn"},
    {"<a@evil.vn@>", "a@evil.vn"},
    {"<a@>", "a"},
    {"<a.>", "a."},
    {"< a@evil.vn >", "a@evil.vn"},
    {"<a @ evil.vn>", "a@evil.vn"},
    {"<a@evil.vn (a comment)>", "a@evil.vn"},
    {"a@evil.vn(x)", "a@evil.vn"},
    {"<a@(x@good.vn)evil.vn>", "a@evil.vn"},
    {"<a@evil.vn(a (nested \\) @good.vn))>", "a@evil.vn"},
    {"<a(@good.vn)@evil.vn>", "a@evil.vn"},
    {"<a@\\evil.vn>", "a@evil.vn"},
    {"<a@\"evil.vn\">", "a@evil.vn"},
    {"<\"a\"@evil.vn>", "a@evil.vn"},
    {"<\"a\".b@evil.vn>", "a.b@evil.vn"},
    {"<\"\\a\"@evil.vn>", "a@evil.vn"},
    {"<\"a b\"@evil.vn>", "\"a b\"@evil.vn"},
    {"<\"a>b\"@evil.vn>", "\"a>b\"@evil.vn"},
    {"<\"a\\\"\\\\b\"@evil.vn>", "\"a\\\"\\\\b\"@evil.vn"},
    {"<\"a@good.vn\"@evil.vn>", "\"a@good.vn\"@evil.vn"},
    {"<\"\"@evil.vn>", "\"\"@evil.vn"},
    {"<@good.vn:a@evil.vn>", "a@evil.vn"},
    {"<@good.vn,@better.vn:a@evil.vn>", "a@evil.vn"},
    {"<evil.vn!a>", "a@evil.vn"},
    {"<evil.vn!b!a>", "b!a@evil.vn"},
    {"<good.vn!a@evil.vn>", "good.vn!a@evil.vn"},
    {"<a%evil.vn>", "a@evil.vn"},
    {"<a%good.vn@evil.vn>", "a%good.vn@evil.vn"},
    {"<a@[203.0.113.9]>", "a@[203.0.113.9]"},
    {"<văn.thư@evil.vn>", "văn.thư@evil.vn"},
    {"<a\x01\xff@evil.vn>", "a??@evil.vn"},
    {"<a@evil.vn", "a@evil.vn"},
    {"<\"a@evil.vn", "\"a@evil.vn\""},
    {"<a@evil.vn(", "a@evil.vn"},
    {"<a@evil.vn\\", "a@evil.vn\\"},
};

static void one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char out[VT_PATH_BYTES];
        if (strcmp(vt_path_address(cases[i].argument, out), cases[i].address) != 0)
            fail_msg("%s: %s, not %s", cases[i].argument, out, cases[i].address);
    }
}

/* However long the parts are, the domain is there. */
static void long_ones(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 60, 240, 241, 600, 2000, 5000};
    for (size_t i = 0; i < ELEMENTS(lengths); i++) {
        char argument[6000], out[VT_PATH_BYTES];
        memset(argument, '"', sizeof(argument));
        for (size_t k = 1; k <= lengths[i]; k++)
            argument[k] = "\\ "[k % 2 == 0];
        (void)snprintf(argument + 1 + (lengths[i] & ~(size_t)1), 20, "\"@evil.vn");
        (void)vt_path_address(argument, out);
        if (lengths[i] < 4000)
            assert_string_equal(vt_address_domain(out), "evil.vn");
        memset(argument, 'a', lengths[i]);
        (void)snprintf(argument + lengths[i], 20, "@evil.vn");
        (void)vt_path_address(argument, out);
        if (lengths[i] < 4000)
            assert_string_equal(vt_address_domain(out), "evil.vn");
        assert_true(strlen(out) <= VT_MAX_PATH_LOCAL_BYTES + VT_MAX_PATH_DOMAIN_BYTES + 1);
        argument[0] = '@';
        (void)snprintf(argument + lengths[i], 20, ".evil.vn");
        (void)vt_path_address(argument, out);
        const char *domain = vt_address_domain(out);
        if (lengths[i] > 1 && lengths[i] < 4000)
            assert_true(domain != NULL && vt_domain_is_under(domain, "evil.vn"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_form),
        cmocka_unit_test(long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
