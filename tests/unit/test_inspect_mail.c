/* SPDX-License-Identifier: Apache-2.0
 * Who sent a mail, and which results of authentication services prove it (RFC 8601). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inspector/inspect_internal.h"

#define OURS "mx.lab.test; "
#define FROM "a@soxd.ninhbinh.gov.vn"

static const struct {
    const char *name;
    const char *from;
    unsigned from_count;
    const char *authenticated;
    const char *results;
    bool aligned;
    enum vt_sender_class class;
} cases[] = {
    {"no results", FROM, 1, NULL, NULL, false, VT_SENDER_OTHER},
    {"DKIM of the domain", FROM, 1, NULL, OURS "dkim=pass header.d=soxd.ninhbinh.gov.vn", true,
     VT_SENDER_STATE},
    {"DKIM of the domain above", FROM, 1, NULL, OURS "dkim=pass header.d=ninhbinh.gov.vn", true,
     VT_SENDER_STATE},
    {"DKIM by agent", FROM, 1, NULL, OURS "dkim=pass header.i=@ninhbinh.gov.vn", true,
     VT_SENDER_STATE},
    {"SPF", FROM, 1, NULL, OURS "spf=pass smtp.mailfrom=b@ninhbinh.gov.vn", true, VT_SENDER_STATE},
    {"DMARC", FROM, 1, NULL, OURS "dmarc=pass header.from=ninhbinh.gov.vn", true, VT_SENDER_STATE},
    {"second result", FROM, 1, NULL,
     OURS "spf=fail smtp.mailfrom=x@y.vn; dkim=pass header.d=gov.vn", true, VT_SENDER_STATE},
    {"comments and folds", FROM, 1, NULL,
     "mx.lab.test (ours; really) 1; \r\n\tdkim=pass (2048 bit) header.d=ninhbinh.gov.vn", true,
     VT_SENDER_STATE},
    {"failed", FROM, 1, NULL, OURS "dkim=fail header.d=ninhbinh.gov.vn", false, VT_SENDER_OTHER},
    {"another domain", FROM, 1, NULL, OURS "dkim=pass header.d=evil.vn", false, VT_SENDER_OTHER},
    {"a longer domain", FROM, 1, NULL, OURS "dkim=pass header.d=ninhbinh.gov.vn.evil.net", false,
     VT_SENDER_OTHER},
    {"another property", FROM, 1, NULL, OURS "dkim=pass header.s=ninhbinh.gov.vn", false,
     VT_SENDER_OTHER},
    {"a stranger's service", FROM, 1, NULL, "mx.evil.test; dkim=pass header.d=ninhbinh.gov.vn",
     false, VT_SENDER_OTHER},
    {"result in a quoted string", FROM, 1, NULL,
     OURS "spf=pass smtp.mailfrom=\"x; dkim=pass header.d=ninhbinh.gov.vn\"@evil.vn", false,
     VT_SENDER_OTHER},
    {"result in a reason", FROM, 1, NULL,
     OURS "dkim=fail reason=\"a\\\"; dkim=pass header.d=ninhbinh.gov.vn\" header.d=evil.vn", false,
     VT_SENDER_OTHER},
    {"result in a comment", FROM, 1, NULL,
     OURS "dkim=fail (; dkim=pass header.d=ninhbinh.gov.vn) header.d=evil.vn", false,
     VT_SENDER_OTHER},
    {"two authors", FROM, 2, NULL, OURS "dkim=pass header.d=ninhbinh.gov.vn", false,
     VT_SENDER_OTHER},
    {"no author", NULL, 0, NULL, OURS "dkim=pass header.d=ninhbinh.gov.vn", false, VT_SENDER_OTHER},
    {"no state domain", "a@x.com.vn", 1, NULL, OURS "dkim=pass header.d=x.com.vn", true,
     VT_SENDER_OTHER},
    {"authenticated", FROM, 1, "login", NULL, true, VT_SENDER_STATE},
};

static void facts_of(const char *results, size_t i, struct vt_evidence *evidence)
{
    static const char *const states[] = {"gov.vn"}, *const services[] = {"mx.lab.test"};
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    const struct vt_inspect_options options = {.state_domains = states,
                                               .state_domains_count = 1,
                                               .trusted_authserv_ids = services,
                                               .trusted_authserv_ids_count = 1};
    const struct vt_mail mail = {.sender = "", .authenticated = cases[i].authenticated};
    const struct vt_inspect_input input = {.bytes = VT_BYTES("x"), .mail = &mail};
    struct vt_unpacked unpacked = {.is_mail = true,
                                   .from = cases[i].from,
                                   .from_count = cases[i].from_count,
                                   .authentication_results = &results,
                                   .authentication_results_count = results != NULL ? 1 : 0};
    struct vt_inspect_run run = {.arena = arena,
                                 .options = &options,
                                 .input = &input,
                                 .unpacked = &unpacked,
                                 .evidence = evidence};
    vt_inspect_mail_facts(&run);
    vt_arena_free(arena);
}

/* What a person says of a file holds, whatever its header proves. */
static void class_that_is_given(void **state)
{
    (void)state;
    static const char *const states[] = {"gov.vn"};
    const struct vt_inspect_options options = {.state_domains = states, .state_domains_count = 1};
    struct vt_unpacked unpacked = {.is_mail = true, .from = FROM, .from_count = 1};
    for (unsigned class = VT_SENDER_OTHER; class <= VT_SENDER_STATE; class ++) {
        const struct vt_mail mail = {.authenticated = class == VT_SENDER_OTHER ? "login" : NULL,
                                     .sender_class = (enum vt_sender_class) class};
        struct vt_inspect_input input = {
            .bytes = VT_BYTES("x"), .mail = &mail, .is_class_given = true};
        struct vt_evidence evidence = {0};
        struct vt_inspect_run run = {
            .options = &options, .input = &input, .unpacked = &unpacked, .evidence = &evidence};
        vt_inspect_mail_facts(&run);
        assert_int_equal(evidence.mail.sender_class, class);
        assert_true(evidence.mail.sender_aligned);
        input.is_class_given = false;
        evidence = (struct vt_evidence){0};
        vt_inspect_mail_facts(&run);
        assert_int_not_equal(evidence.mail.sender_class, class);
    }
}

static void alignment_is_proven_by_trusted_results_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_evidence evidence = {0};
        facts_of(cases[i].results, i, &evidence);
        if (evidence.mail.sender_aligned != cases[i].aligned ||
            evidence.mail.sender_class != cases[i].class)
            fail_msg("%s: aligned %d, class %d", cases[i].name, evidence.mail.sender_aligned,
                     evidence.mail.sender_class);
    }
}

/* A cut value would end where its author likes. */
static void a_value_that_is_too_long_proves_nothing(void **state)
{
    (void)state;
    static const char begin[] = OURS "dkim=pass (", end[] = ") header.d=ninhbinh.gov.vn";
    for (size_t len = 8100; len < 8300; len += 100) {
        char *value = calloc(1, len + 1);
        assert_non_null(value);
        size_t used = sizeof(begin) - 1, rest = sizeof(end) - 1;
        memset(value, 'x', len);
        memcpy(value, begin, used);
        memcpy(value + len - rest, end, rest);
        struct vt_evidence evidence = {0};
        facts_of(value, 0, &evidence);
        assert_int_equal(evidence.mail.sender_aligned, len <= 8192);
        free(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_that_is_given),
        cmocka_unit_test(alignment_is_proven_by_trusted_results_only),
        cmocka_unit_test(a_value_that_is_too_long_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
