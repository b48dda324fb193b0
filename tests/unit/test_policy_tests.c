/* SPDX-License-Identifier: Apache-2.0
 * Every test of the policy language on a mail that has everything and on one of which nothing is
 * known; groups over signatures; what the table of agencies says; times. */
#include "../../policy/rule.h"
#include "../lib/policy_mail.h"

static bool matches(const struct policy_mail *m, const char *when)
{
    return policy_mail_matches(m, "", when, NULL, NULL);
}

struct when {
    const char *when;
    bool is_match;
};

static void compare(const struct policy_mail *m, const struct when *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(m, cases[i].when) != cases[i].is_match)
            fail_msg("%s: not %d", cases[i].when, (int)cases[i].is_match);
    }
}

static void the_session(void **state)
{
    (void)state;
    static const struct when cases[] = {
        {"{client: 203.0.113.7}", true},
        {"{client: [10.0.0.0/8, 203.0.113.0/24]}", true},
        {"{client: 203.0.112.0/23}", true},
        {"{client: 203.0.113.8}", false},
        {"{client: 2001:db8::/32}", false},
        {"{not: {client: 0.0.0.0/0}}", false},
        {"{client-name: ninhbinh.gov.vn}", true},
        {"{client-name: =ninhbinh.gov.vn}", false},
        {"{helo: soxd.ninhbinh.gov.vn}", true},
        {"{helo: =mx.soxd.ninhbinh.gov.vn}", true},
        {"{helo: hanoi.gov.vn}", false},
        {"{daemon-name: Inbound}", true},
        {"{daemon-name: [ORIGINATING, smtpd]}", false},
        {"{authenticated: false}", true},
        {"{authenticated: true}", false},
        {"{authenticated: vanthu}", false},
        {"{not: {authenticated: [vanthu, luutru]}}", true},
        {"{from: vanthu@soxd.ninhbinh.gov.vn}", true},
        {"{from: nobody@soxd.ninhbinh.gov.vn}", false},
        {"{from-domain: gov.vn}", true},
        {"{from-domain: =gov.vn}", false},
    };
    struct policy_mail m;
    policy_mail_init(&m);
    compare(&m, cases, ELEMENTS(cases));

    static const struct when logged_in[] = {
        {"{authenticated: true}", true},
        {"{authenticated: VanThu}", true},
        {"{authenticated: [luutru, admin]}", false},
    };
    m.evidence.mail.authenticated = "vanthu";
    compare(&m, logged_in, ELEMENTS(logged_in));

    static const struct when ipv6[] = {
        {"{client: 2001:db8::/32}", true},       {"{client: 2001:db9::/32}", false},
        {"{client: 0.0.0.0/0}", false},          {"{client-name: gov.vn}", false},
        {"{not: {client-name: gov.vn}}", false},
    };
    m.evidence.mail.client_address = "IPv6:2001:db8::1";
    m.evidence.mail.client_name = "unknown";
    compare(&m, ipv6, ELEMENTS(ipv6));
}

static void numbers(void **state)
{
    (void)state;
    static const struct when cases[] = {
        {"{recipients: 2}", true},
        {"{recipients: \">1\"}", true},
        {"{recipients: \">2\"}", false},
        {"{recipients: \">=2\"}", true},
        {"{recipients: \"<=1\"}", false},
        {"{recipients: 1..3}", true},
        {"{recipients: 3..5}", false},
        {"{documents: 1}", true},
        {"{documents: 0}", false},
        {"{signatures: 2}", true},
        {"{document: {signatures: \"<2\"}}", false},
        {"{document: {signatures: \">1\"}}", true},
        {"{size: 20k..40k}", true},
        {"{size: \">=30000\"}", true},
        {"{size: \">30000\"}", false},
        {"{document: {size: 20k..20k}}", true},
        {"{key-bits: \"<2048\"}", false},
        {"{key-bits: 2048..4096}", true},
        {"{age: \">9d\"}", true},
        {"{age: \"<=9d\"}", false},
        {"{age: 1d..1y}", true},
    };
    struct policy_mail m;
    policy_mail_init(&m);
    compare(&m, cases, ELEMENTS(cases));

    /* What was not read may hold more. */
    static const struct when unread[] = {
        {"{signatures: 0}", false},    {"{not: {signatures: 0}}", false},
        {"{documents: 1}", false},     {"{document: {signed: false}}", false},
        {"{lacks: signature}", false}, {"{not: {document: {signed: true}}}", false},
    };
    m.documents[0].reasons = BIT(FILE_UNREADABLE);
    m.documents[0].signatures_count = 0;
    m.evidence.reasons = BIT(NOT_CHECKED);
    compare(&m, unread, ELEMENTS(unread));
}

/* A claimed time makes nothing better: neither old enough nor young enough. */
static void claimed_times_have_no_age(void **state)
{
    (void)state;
    static const struct when cases[] = {
        {"{age: \">1d\"}", false},
        {"{age: \"<1y\"}", false},
        {"{not: {age: \">1d\"}}", false},
        {"{signed-before: 2030-01-01}", false},
    };
    struct policy_mail m;
    policy_mail_init(&m);
    m.signatures[0].signing_time_source = m.signatures[1].signing_time_source =
        VT_TIME_SOURCE_CLAIMED;
    compare(&m, cases, ELEMENTS(cases));
}

static void the_signer(void **state)
{
    (void)state;
    static const struct when cases[] = {
        {"{signer: Sở Xây dựng tỉnh Ninh Bình}", true},
        {"{signer: \"sở xây dựng*\"}", true},
        {"{signer: \"Nguyễn * A\"}", true},
        {"{signer: \"Sở ?ây dựng tỉnh Ninh Bình\"}", true},
        {"{signer: Sở Xây dựng}", false},
        {"{signer-organization: ubnd TỈNH ninh bình}", true},
        {"{signer-organization: Bộ Xây dựng}", false},
        {"{signer-email: VANTHU@soxd.ninhbinh.gov.vn}", true},
        {"{signer-email: luutru@soxd.ninhbinh.gov.vn}", false},
        {"{signer-fingerprint: " SHA("A") "}", true},
        {"{signer-fingerprint: " SHA("e") "}", false},
        {"{issuer: \"*chuyên dùng G2\"}", true},
        {"{issuer: \"*công cộng*\"}", false},
        {"{level: B-T}", true},
        {"{level: [B-LT, B-LTA]}", false},
        {"{digest-algorithm: sha-256}", true},
        {"{digest-algorithm: SHA-1}", false},
        {"{signature-algorithm: RSA*}", true},
        {"{signature-algorithm: ECDSA}", false},
        {"{key-algorithm: [RSA, \"EC *\"]}", true},
        {"{key-algorithm: \"EC *\"}", false},
        {"{document: {sha256: " SHA("c") "}}", true},
        {"{document: {sha256: " SHA("f") "}}", false},
        {"{expects-signature: true}", true},
        {"{lacks: signature}", false},
        /* for one and the same signature */
        {"{signer: \"Nguyễn*\", signer-fingerprint: " SHA("a") "}", false},
        {"{signer: \"Nguyễn*\", signer-fingerprint: " SHA("b") "}", true},
    };
    struct policy_mail m;
    policy_mail_init(&m);
    compare(&m, cases, ELEMENTS(cases));

    static const struct when unsigned_file[] = {
        {"{lacks: signature}", true},
        {"{lacks: [agency-signature, signature]}", true},
        {"{lacks: agency-signature}", false},
        {"{not: {lacks: agency-signature}}", false},
    };
    m.documents[0].signatures_count = 0;
    compare(&m, unsigned_file, ELEMENTS(unsigned_file));
}

static void over_signatures(void **state)
{
    (void)state;
    static const struct when cases[] = {
        {"{any: {indication: TOTAL-PASSED}}", true},
        {"{all: {indication: TOTAL-PASSED}}", false},
        {"{none: {indication: TOTAL-FAILED}}", false},
        {"{none: {reason: MALFORMED}}", true},
        {"{document: {any: {indication: TOTAL-FAILED, reason: BAD_SIGNATURE}}}", true},
        {"{document: {all: {trust-set: official}}}", true},
        {"{document: {all: {trust-set: official, indication: TOTAL-PASSED}}}", false},
        {"{document: {none: {signer: \"*\"}}}", false},
        {"{any: {not: {indication: TOTAL-PASSED}}}", true},
        {"{all: {any-of: [{indication: TOTAL-PASSED}, {reason: BAD_SIGNATURE}]}}", true},
        {"{all: {all-of: [{integrity: intact}, {covers: whole}]}}", true},
        {"{not: {all: {indication: TOTAL-PASSED}}}", true},
        {"{all-of: [{any: {signer: \"Nguyễn*\"}}, {any: {signer: \"Sở*\"}}]}", true},
        {"{any: {signer: \"Nguyễn*\", indication: TOTAL-PASSED}}", false},
    };
    struct policy_mail m;
    policy_mail_init(&m);
    m.signatures[1].indication = VT_TOTAL_FAILED;
    m.signatures[1].reasons = BIT(BAD_SIGNATURE);
    compare(&m, cases, ELEMENTS(cases));

    /* Without signatures none has anything, and not all have. */
    static const struct when without[] = {
        {"{document: {none: {indication: TOTAL-PASSED}}}", true},
        {"{document: {any: {indication: TOTAL-PASSED}}}", false},
        {"{document: {all: {indication: TOTAL-PASSED}}}", false},
    };
    m.documents[0].signatures_count = 0;
    compare(&m, without, ELEMENTS(without));

    /* When the mail is tried, its documents are looked at together. */
    struct vt_signature passed = m.signatures[0];
    policy_mail_init(&m);
    m.evidence.documents_count = 2;
    m.documents[1].signatures = &passed;
    m.documents[1].signatures_count = 1;
    m.signatures[0].indication = m.signatures[1].indication = VT_TOTAL_FAILED;
    static const struct when together[] = {
        {"{not: {format: [pdf, ooxml]}, all: {indication: TOTAL-PASSED}}", false},
        {"{signatures: 3}", true},
        {"{documents: 2}", true},
        {"{format: ooxml, all: {indication: TOTAL-PASSED}}", true},
        {"{format: pdf, any: {indication: TOTAL-PASSED}}", false},
    };
    compare(&m, together, ELEMENTS(together));
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        int64_t now;
        bool is_match;
    } cases[] = {
        {"{time: 07:30-17:00}", NOW, true},
        {"{time: 09:12-09:13}", NOW, true},
        {"{time: 09:11-09:12}", NOW, false},
        {"{time: 22:00-06:00}", NOW, false},
        {"{time: 22:00-06:00}", NOW + 13 * 3600, true}, /* 22:12 */
        {"{time: 22:00-06:00}", NOW + 20 * 3600, true}, /* 05:12 */
        {"{time: 00:00-24:00}", NOW, true},
        {"{time: [07:30-09:00, 09:10-11:30]}", NOW, true},
        {"{date: 2026-12-03}", NOW, true},
        {"{date: 2026-12-03}", NOW - 10 * 3600, false},
        {"{date: 2026-12-04}", NOW + 15 * 3600, true}, /* 00:12 there, still the 3rd in UTC */
        {"{date: 2026-12-01..2026-12-03}", NOW, true},
        {"{date: [2026-09-02, 2026-12-04]}", NOW, false},
        {"{weekday: thu}", NOW, true},
        {"{weekday: mon-fri}", NOW, true},
        {"{weekday: [sat, sun]}", NOW, false},
        {"{weekday: fri}", NOW + 15 * 3600, true},
        {"{weekday: fri-mon}", NOW + 4 * DAY, true},
        {"{weekday: fri-mon}", NOW + 5 * DAY, false},
        {"{weekday: thu}", -3600, true}, /* 1970-01-01, 06:00 there */
        {"{date: 1969-12-31}", -8 * 3600, true},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct policy_mail m;
        policy_mail_init(&m);
        m.input.now_utc_secs = cases[i].now;
        if (matches(&m, cases[i].when) != cases[i].is_match)
            fail_msg("%s at %lld", cases[i].when, (long long)cases[i].now);
    }
}

/* ---- what the table of agencies says ---- */

static const char table[] =
    "agencies:\n"
    "- id: soxd\n"
    "  name: Sở Xây dựng tỉnh Ninh Bình\n"
    "  confirmed: true\n"
    "  domains: soxd.ninhbinh.gov.vn\n"
    "  certificates:\n"
    "  - {sha256: " SHA("a") ", kind: agency}\n"
                             "  - {sha256: " SHA("b") ", kind: person}\n"
                                                      "- id: stnmt\n"
                                                      "  name: Sở Tài nguyên và Môi trường\n"
                                                      "  domains: stnmt.ninhbinh.gov.vn\n";

static void agencies(void **state)
{
    (void)state;
    static const struct when cases[] = {
        {"{sender-agency: soxd}", true},
        {"{sender-agency: stnmt}", false},
        {"{recipient-agency: stnmt}", true},
        {"{recipient-agency: soxd}", false},
        {"{signer-agency: soxd}", true},
        {"{any: {signer-kind: agency}}", true},
        {"{all: {signer-kind: agency}}", false},
        {"{all: {signer-kind: [agency, person]}}", true},
        {"{signer-kind: device}", false},
        {"{alignment: [exact, agency]}", true},
        {"{alignment: none}", false},
        {"{effect: signature-and-seal}", true},
        {"{effect: [none, seal]}", false},
        {"{document: {effect: signature-and-seal}}", true},
        {"{lacks: [agency-signature, person-signature]}", false},
    };
    struct policy_mail m;
    policy_mail_init(&m);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        if (policy_mail_matches(&m, "agencies: a.yaml\n", cases[i].when, "a.yaml", table) !=
            cases[i].is_match)
            fail_msg("%s: not %d", cases[i].when, (int)cases[i].is_match);
    }
    /* Whose certificate is not known might be the agency's. */
    memset(m.signatures[0].signer.sha256, 'e', 64);
    assert_false(policy_mail_matches(&m, "agencies: a.yaml\n", "{lacks: agency-signature}",
                                     "a.yaml", table));
    assert_false(policy_mail_matches(&m, "agencies: a.yaml\n", "{not: {lacks: agency-signature}}",
                                     "a.yaml", table));
}

/* ---- nothing is known ---- */

/* Values with which each key would match whatever is there. */
static const struct {
    const char *key, *value;
} widest[] = {
    {"reason", "MALFORMED"},
    {"signing-time", "[timestamp, first-seen, claimed, none]"},
    {"signed-before", "2999-01-01"},
    {"age", "\">=0s\""},
    {"signer", "\"*\""},
    {"signer-organization", "\"*\""},
    {"signer-email", "a@b.vn"},
    {"signer-fingerprint", SHA("a")},
    {"signer-agency", "soxd"},
    {"issuer", "\"*\""},
    {"digest-algorithm", "\"*\""},
    {"signature-algorithm", "\"*\""},
    {"key-algorithm", "\"*\""},
    {"key-bits", "\">=0\""},
    {"sender", "a@b.vn"},
    {"sender-domain", "vn"},
    {"sender-agency", "soxd"},
    {"from", "a@b.vn"},
    {"from-domain", "vn"},
    {"recipient", "a@b.vn"},
    {"recipient-domain", "vn"},
    {"recipient-agency", "soxd"},
    {"any-recipient", "a@b.vn"},
    {"any-recipient-domain", "vn"},
    {"client", "[0.0.0.0/0, \"::/0\"]"},
    {"client-name", "vn"},
    {"helo", "vn"},
    {"daemon-name", "x"},
    {"size", "\">=0\""},
    {"recipients", "\">=0\""},
    {"signatures", "\">=0\""},
    {"name", "\"*\""},
    {"sha256", SHA("a")},
    {"urgent", "true"},
    {"lacks", "[agency-signature, person-signature]"},
};

/* Facts that are always known: false, or counted. */
static bool is_always_known(const char *key)
{
    static const char *const keys[] = {
        "reason",  "local-time-as-utc", "source-down", "direction",  "sender-class",
        "aligned", "authenticated",     "list",        "automatic",  "time",
        "date",    "weekday",           "documents",   "signatures", "nested",
        "format",  "expects-signature", "attachment",  "signed",     "size",
        "effect"};
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        if (strcmp(key, keys[i]) == 0)
            return true;
    }
    return false;
}

/* All words of a list, as a value. */
static const char *all_words(const struct vt_words *words, char out[1024])
{
    size_t used = (size_t)snprintf(out, 1024, "[");
    for (unsigned i = 0; i < words->count; i++) {
        if (words->words[i] != NULL)
            used += (size_t)snprintf(out + used, 1024 - used, "%s%s", used > 1 ? ", " : "",
                                     words->words[i]);
    }
    (void)snprintf(out + used, 1024 - used, "]");
    return out;
}

static const char *value_for(const struct vt_test *test, char words[1024])
{
    for (size_t i = 0; i < ELEMENTS(widest); i++) {
        if (strcmp(widest[i].key, test->key) == 0)
            return widest[i].value;
    }
    return test->words != NULL ? all_words(test->words, words) : NULL;
}

/* Every test of the table, and its "not", and the "not" of that: none matches a mail of which
 * nothing is known, beside a document that is as empty. */
static void the_unknown_never_matches(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; i < vt_tests_count; i++) {
        const struct vt_test *test = &vt_tests[i];
        char words[1024], when[2048];
        const char *value = value_for(test, words);
        if (value == NULL || is_always_known(test->key))
            continue;
        static const char *const begins[] = {"{", "{not: {", "{not: {not: {"};
        static const char *const ends[] = {"}", "}}", "}}}"};
        for (size_t f = 0; f < ELEMENTS(begins); f++) {
            struct policy_mail m;
            policy_mail_init(&m);
            m.evidence.mail = (struct vt_mail){0};
            m.documents[0] = (struct vt_document){.format = VT_FORMAT_PDF};
            bool is_of_document = (test->places & VT_IN_WHEN) == 0;
            (void)snprintf(when, sizeof(when), "%s%s%s: %s%s%s", begins[f],
                           is_of_document ? "document: {" : "", test->key, value,
                           is_of_document ? "}" : "", ends[f]);
            if (matches(&m, when))
                fail_msg("%s matches the unknown", when);
        }
        tried++;
    }
    assert_true(tried > 35);
}

/* Each key of the table is in the tables above or in those of test_policy.c. */
static void every_key_has_a_form_and_a_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_tests_count; i++) {
        const struct vt_test *test = &vt_tests[i];
        assert_non_null(test->form->parse);
        assert_non_null(test->form->match);
        assert_non_null(test->help);
        size_t facts = (test->value != NULL) + (test->text != NULL) + (test->number != NULL) +
                       (test->truth != NULL);
        bool needs_none = test->level == VT_OF_RULE || test->form == &vt_form_reasons;
        if (facts != (needs_none ? 0 : 1))
            fail_msg("%s looks at %zu facts", test->key, facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_session),
        cmocka_unit_test(numbers),
        cmocka_unit_test(claimed_times_have_no_age),
        cmocka_unit_test(the_signer),
        cmocka_unit_test(over_signatures),
        cmocka_unit_test(times),
        cmocka_unit_test(agencies),
        cmocka_unit_test(the_unknown_never_matches),
        cmocka_unit_test(every_key_has_a_form_and_a_help),
    };
    return cmocka_run_group_tests_name("policy_tests", tests, NULL, NULL);
}
