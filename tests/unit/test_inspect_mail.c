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
                                   .authentication_results_count = results != NULL ? 1 : 0,
                                   .authentication_results_above_count = results != NULL ? 1 : 0};
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

/* ---- the envelope sender ---- */

#define MAX_HEADERS 4
#define SENDER "b@soxd.ninhbinh.gov.vn"
#define DKIM "dkim=pass header.d=soxd.ninhbinh.gov.vn"
#define SPF "spf=pass smtp.mailfrom=" SENDER
#define DMARC "dmarc=pass header.from=soxd.ninhbinh.gov.vn"

struct envelope {
    const char *name;
    const char *sender, *from;
    const char *headers[MAX_HEADERS];
    unsigned below_count; /* of them, below a Received */
    const char *front_relay;
    enum vt_sender_proof given; /* by the gateway */
    enum vt_sender_proof proof;
};

static const struct envelope envelopes[] = {
    {"nothing", SENDER, FROM, {NULL}, 0, NULL, 0, VT_PROOF_NONE},
    {"DKIM", SENDER, FROM, {OURS DKIM}, 0, NULL, 0, VT_PROOF_DKIM},
    {"DKIM of the domain above",
     SENDER,
     FROM,
     {OURS "dkim=pass header.d=ninhbinh.gov.vn"},
     0,
     NULL,
     0,
     VT_PROOF_DKIM},
    {"DKIM by agent",
     SENDER,
     FROM,
     {OURS "dkim=pass header.i=@ninhbinh.gov.vn"},
     0,
     NULL,
     0,
     VT_PROOF_DKIM},
    {"DKIM of a domain below does not speak for the one above",
     "b@ninhbinh.gov.vn",
     "a@ninhbinh.gov.vn",
     {OURS DKIM},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"DKIM of a top level",
     "b@x.vn",
     "a@x.vn",
     {OURS "dkim=pass header.d=vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"valid DKIM of the attacker, forged sender",
     SENDER,
     "x@evil.vn",
     {OURS "dkim=pass header.d=evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"valid DKIM of the attacker, forged sender and From",
     SENDER,
     FROM,
     {OURS "dkim=pass header.d=evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"DKIM replayed with a forged sender elsewhere",
     "victim@sotc.hanoi.gov.vn",
     FROM,
     {OURS DKIM},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"DKIM of the sender, From of another",
     SENDER,
     "a@evil.vn",
     {OURS DKIM},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"SPF", SENDER, "a@evil.vn", {OURS SPF}, 0, NULL, 0, VT_PROOF_SPF},
    {"SPF as a domain",
     SENDER,
     FROM,
     {OURS "spf=pass smtp.mailfrom=soxd.ninhbinh.gov.vn"},
     0,
     NULL,
     0,
     VT_PROOF_SPF},
    {"SPF of the domain above",
     SENDER,
     FROM,
     {OURS "spf=pass smtp.mailfrom=ninhbinh.gov.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"SPF of the HELO",
     SENDER,
     FROM,
     {OURS "spf=pass smtp.helo=soxd.ninhbinh.gov.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"SPF softfail",
     SENDER,
     FROM,
     {OURS "spf=softfail smtp.mailfrom=" SENDER},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"SPF named twice",
     SENDER,
     FROM,
     {OURS "spf=pass smtp.mailfrom=" SENDER " smtp.mailfrom=x@evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"DMARC", SENDER, FROM, {OURS DMARC}, 0, NULL, 0, VT_PROOF_DMARC},
    {"DMARC, sender of another domain",
     "x@sotc.hanoi.gov.vn",
     FROM,
     {OURS DMARC},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"DMARC of a domain below", "x@ninhbinh.gov.vn", FROM, {OURS DMARC}, 0, NULL, 0, VT_PROOF_NONE},
    {"DMARC of the attacker",
     SENDER,
     FROM,
     {OURS "dmarc=pass header.from=evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"empty sender", "", FROM, {OURS DKIM "; " DMARC}, 0, NULL, 0, VT_PROOF_NONE},
    {"sender without a domain", "root", FROM, {OURS DKIM}, 0, NULL, 0, VT_PROOF_NONE},
    {"a stranger's service", SENDER, FROM, {"mx.evil.test; " DKIM}, 0, NULL, 0, VT_PROOF_NONE},
    {"a service with ours in its name",
     SENDER,
     FROM,
     {"mx.lab.test.evil.vn; " DKIM},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"ours as a comment",
     SENDER,
     FROM,
     {"(mx.lab.test) mx.evil.test; " DKIM},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"quoted, with comments and a version",
     SENDER,
     FROM,
     {"(a (nested) one) \"MX.lab.test\" (x) 1; " DKIM},
     0,
     NULL,
     0,
     VT_PROOF_DKIM},
    {"forged below a Received", SENDER, FROM, {OURS DKIM}, 1, NULL, 0, VT_PROOF_NONE},
    {"failed above, forged below",
     SENDER,
     FROM,
     {OURS "dkim=fail header.d=soxd.ninhbinh.gov.vn", OURS DKIM},
     1,
     NULL,
     0,
     VT_PROOF_NONE},
    {"failed on top, forged without a Received",
     SENDER,
     FROM,
     {OURS "dkim=fail header.d=x.vn", OURS DKIM},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"no SPF on top, forged without a Received",
     SENDER,
     FROM,
     {OURS "spf=none smtp.mailfrom=" SENDER, OURS SPF},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"each method has its header",
     SENDER,
     FROM,
     {OURS "spf=fail smtp.mailfrom=" SENDER, OURS "dkim=fail header.d=x.vn; " DKIM},
     0,
     NULL,
     0,
     VT_PROOF_DKIM},
    {"a stranger's on top hides nothing",
     SENDER,
     FROM,
     {"mx.evil.test; dkim=fail", OURS DKIM},
     0,
     NULL,
     0,
     VT_PROOF_DKIM},
    {"comment without an end", SENDER, FROM, {OURS DKIM " (x"}, 0, NULL, 0, VT_PROOF_NONE},
    {"string without an end", SENDER, FROM, {OURS DKIM " reason=\"x"}, 0, NULL, 0, VT_PROOF_NONE},
    {"result in a comment",
     SENDER,
     FROM,
     {OURS "dkim=fail (; " DKIM ") header.d=evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"result in a nested comment",
     SENDER,
     FROM,
     {OURS "dkim=fail (a (b) ; " DKIM ") header.d=evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"result in a string",
     SENDER,
     FROM,
     {OURS "spf=fail smtp.mailfrom=\"x; " DKIM "\"@evil.vn"},
     0,
     NULL,
     0,
     VT_PROOF_NONE},
    {"relay in front: SPF is the relay's",
     SENDER,
     FROM,
     {OURS SPF},
     0,
     "10.0.0.1",
     0,
     VT_PROOF_NONE},
    {"relay in front: DMARC may rest on it",
     SENDER,
     FROM,
     {OURS DMARC},
     0,
     "10.0.0.1",
     0,
     VT_PROOF_NONE},
    {"relay in front: DKIM holds", SENDER, FROM, {OURS DKIM}, 0, "10.0.0.1", 0, VT_PROOF_DKIM},
    {"login", SENDER, FROM, {NULL}, 0, NULL, VT_PROOF_LOGIN, VT_PROOF_LOGIN},
    {"network, and results",
     SENDER,
     FROM,
     {OURS DKIM},
     0,
     NULL,
     VT_PROOF_NETWORK,
     VT_PROOF_NETWORK},
};

static enum vt_sender_proof proof_of(const struct envelope *e, const char *const *headers,
                                     size_t count)
{
    static const char *const services[] = {"mx.lab.test"};
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    const char *values[MAX_HEADERS];
    memcpy(values, headers, count * sizeof(*values));
    const struct vt_inspect_options options = {.trusted_authserv_ids = services,
                                               .trusted_authserv_ids_count = 1};
    const struct vt_mail mail = {
        .sender = e->sender, .front_relay = e->front_relay, .sender_proof = e->given};
    const struct vt_inspect_input input = {.bytes = VT_BYTES("x"), .mail = &mail};
    struct vt_unpacked unpacked = {.is_mail = true,
                                   .from = e->from,
                                   .from_count = 1,
                                   .authentication_results = values,
                                   .authentication_results_count = count,
                                   .authentication_results_above_count = count - e->below_count};
    struct vt_evidence evidence = {0};
    struct vt_inspect_run run = {.arena = arena,
                                 .options = &options,
                                 .input = &input,
                                 .unpacked = &unpacked,
                                 .evidence = &evidence};
    vt_inspect_mail_facts(&run);
    vt_arena_free(arena);
    return evidence.mail.sender_proof;
}

static size_t headers_of(const struct envelope *e)
{
    size_t count = 0;
    while (count < MAX_HEADERS && e->headers[count] != NULL)
        count++;
    return count;
}

static void envelope_senders_are_proven(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
        enum vt_sender_proof proof =
            proof_of(&envelopes[i], envelopes[i].headers, headers_of(&envelopes[i]));
        if (proof != envelopes[i].proof)
            fail_msg("%s: %s", envelopes[i].name, vt_sender_proof_name(proof));
    }
}

/* ---- results that were altered ---- */

static unsigned roll(uint64_t *dice, unsigned sides)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*dice >> 33) % sides;
}

/* Whatever a stranger writes where a service repeats his words, no result of his own comes of it:
 * in a comment, a quoted string, or a header of another service. */
static void words_of_strangers_prove_nothing(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "; ",   " ",         DKIM,     SPF,           DMARC,       "(",
        "\\(",  "\\)",       "\\\"",   "=",           "header.d=", "smtp.mailfrom=",
        SENDER, "dkim=pass", "\r\n\t", "mx.lab.test", "@",         "gov.vn",
        "1",    ".",         "\\\\",   "spf=pass"};
    static const struct {
        const char *before, *after;
        bool is_comment;
    } frames[] = {
        {OURS "dkim=fail (", ") header.d=evil.vn", true},
        {OURS "dkim=fail reason=\"", "\" header.d=evil.vn", false},
        {OURS "spf=fail smtp.mailfrom=\"", "\"@evil.vn", false},
        {OURS "spf=pass smtp.mailfrom=\"", "\"@evil.vn", false},
        {OURS "dkim=pass header.i=\"", "\"@evil.vn", false},
        {"(", ") mx.evil.test; " DKIM, true},
        {"\"", "\".evil.test; " DKIM, false},
        {"mx.evil.test; ", "", false},
    };
    uint64_t dice = 20260101;
    for (unsigned round = 0; round < 20000; round++) {
        size_t f = roll(&dice, sizeof(frames) / sizeof(frames[0]));
        char value[2000];
        size_t used = (size_t)snprintf(value, sizeof(value), "%s", frames[f].before);
        unsigned depth = 0;
        for (unsigned n = roll(&dice, 12); n > 0; n--) {
            const char *piece = pieces[roll(&dice, sizeof(pieces) / sizeof(pieces[0]))];
            if (piece[0] == '(' && (!frames[f].is_comment || depth > 3))
                continue;
            depth += piece[0] == '(' ? 1 : 0;
            used += (size_t)snprintf(value + used, sizeof(value) - used, "%s", piece);
        }
        for (; depth > 0; depth--)
            used += (size_t)snprintf(value + used, sizeof(value) - used, ")");
        (void)snprintf(value + used, sizeof(value) - used, "%s", frames[f].after);
        const struct envelope e = {.sender = SENDER, .from = FROM};
        const char *const headers[] = {value};
        if (proof_of(&e, headers, 1) != VT_PROOF_NONE)
            fail_msg("%s", value);
    }
}

/* Altered anywhere, a result never proves another sender than the one it was given for. */
static void altered_results_prove_nobody_else(void **state)
{
    (void)state;
    static const char good[] = OURS "spf=pass (a b) smtp.mailfrom=\"x y\"@evil.vn; "
                                    "dkim=pass header.d=evil.vn; dmarc=pass header.from=evil.vn";
    static const char letters[] = "();\"\\ =.@\t\r\n,-x";
    const struct envelope e = {.sender = SENDER, .from = FROM};
    uint64_t dice = 7;
    for (unsigned round = 0; round < 20000; round++) {
        char value[sizeof(good)];
        memcpy(value, good, sizeof(good));
        for (unsigned n = roll(&dice, 6) + 1; n > 0; n--)
            value[roll(&dice, sizeof(good) - 1)] = letters[roll(&dice, sizeof(letters) - 1)];
        const char *const headers[] = {value};
        if (proof_of(&e, headers, 1) != VT_PROOF_NONE)
            fail_msg("%s", value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_that_is_given),
        cmocka_unit_test(alignment_is_proven_by_trusted_results_only),
        cmocka_unit_test(a_value_that_is_too_long_proves_nothing),
        cmocka_unit_test(envelope_senders_are_proven),
        cmocka_unit_test(words_of_strangers_prove_nothing),
        cmocka_unit_test(altered_results_prove_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
