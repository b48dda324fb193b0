/* SPDX-License-Identifier: Apache-2.0
 * What a CRL says about a certificate, row by row of RFC 5280 5 and 6.3.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "../lib/read_crl.h"

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct tc_entity ca, other_ca, rekeyed_ca, mute_ca, rsa_ca;
    struct tc_entity leaf, sub_ca, pointed, rsa_leaf;
} f;

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(16 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.ca = tc_ca(f.arena, f.pool, "CA mot", NULL);
    f.other_ca = tc_ca(f.arena, f.pool, "CA hai", NULL);
    f.rekeyed_ca = tc_ca(f.arena, f.pool, "CA mot", NULL);
    struct tc_options mute = {.name = "CA cam",
                              .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                             {"keyUsage", "critical,keyCertSign"}}};
    f.mute_ca = tc_make(f.arena, f.pool, &mute);
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    assert_int_equal(vt_arena_own(f.arena, rsa, tc_free_key), VT_OK);
    struct tc_options with_rsa = {.name = "CA RSA", .key = rsa};
    f.rsa_ca = tc_make(f.arena, f.pool, &with_rsa);
    f.leaf = tc_leaf(f.arena, f.pool, "van thu", &f.ca);
    f.rsa_leaf = tc_leaf(f.arena, f.pool, "van thu RSA", &f.rsa_ca);
    f.sub_ca = tc_ca(f.arena, f.pool, "CA con", &f.ca);
    struct tc_options pointed = {
        .name = "co diem phan phoi",
        .issuer = &f.ca,
        .extensions = {{"crlDistributionPoints", "URI:http://ca.example/1.crl"}}};
    f.pointed = tc_make(f.arena, f.pool, &pointed);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_arena_free(f.arena);
    return 0;
}

static const struct crl_case {
    const char *name;
    struct tc_crl_options crl; /* entries filled from the fields below */
    const struct tc_entity *signer, *issuer, *certificate; /* NULL: ca, ca, leaf */
    const struct tc_entity *revoked;
    int reason;
    const char *entry_critical;
    const EVP_MD *(*digest)(void);
    enum vt_code want;
    enum vt_status_value value;
    const char *want_reason;
} cases[] = {
    {.name = "an empty list", .value = VT_STATUS_GOOD},
    {.name = "another is revoked", .revoked = &f.sub_ca, .reason = 1, .value = VT_STATUS_GOOD},
    {.name = "revoked with a reason",
     .revoked = &f.leaf,
     .reason = 1,
     .value = VT_STATUS_REVOKED,
     .want_reason = "keyCompromise"},
    {.name = "revoked without a reason",
     .revoked = &f.leaf,
     .reason = -1,
     .value = VT_STATUS_REVOKED},
    {.name = "on hold",
     .revoked = &f.leaf,
     .reason = 6,
     .value = VT_STATUS_SUSPENDED,
     .want_reason = "certificateHold"},
    {.name = "removed", .revoked = &f.leaf, .reason = 8, .value = VT_STATUS_GOOD},
    {.name = "a broken signature", .crl = {.bad_signature = true}, .want = VT_E_FORMAT},
    {.name = "signed by another key of the same name",
     .signer = &f.rekeyed_ca,
     .want = VT_E_FORMAT},
    {.name = "another issuer", .signer = &f.other_ca, .want = VT_E_NOT_FOUND},
    {.name = "a CA that may not sign CRLs",
     .signer = &f.mute_ca,
     .issuer = &f.mute_ca,
     .want = VT_E_FORMAT},
    {.name = "MD5",
     .signer = &f.rsa_ca,
     .issuer = &f.rsa_ca,
     .digest = EVP_md5,
     .want = VT_E_UNSUPPORTED},
    {.name = "SHA-1",
     .signer = &f.rsa_ca,
     .issuer = &f.rsa_ca,
     .certificate = &f.rsa_leaf,
     .digest = EVP_sha1,
     .value = VT_STATUS_GOOD},
    {.name = "users only, asked for a user",
     .crl = {.extensions = {{"issuingDistributionPoint", "critical,onlyuser:TRUE"}}},
     .value = VT_STATUS_GOOD},
    {.name = "users only, asked for a CA",
     .certificate = &f.sub_ca,
     .crl = {.extensions = {{"issuingDistributionPoint", "critical,onlyuser:TRUE"}}},
     .want = VT_E_NOT_FOUND},
    {.name = "CAs only, asked for a user",
     .crl = {.extensions = {{"issuingDistributionPoint", "critical,onlyCA:TRUE"}}},
     .want = VT_E_NOT_FOUND},
    {.name = "CAs only, asked for a CA",
     .certificate = &f.sub_ca,
     .crl = {.extensions = {{"issuingDistributionPoint", "critical,onlyCA:TRUE"}}},
     .value = VT_STATUS_GOOD},
    {.name = "attribute certificates only",
     .crl = {.extensions = {{"issuingDistributionPoint", "critical,onlyAA:TRUE"}}},
     .want = VT_E_NOT_FOUND},
    {.name = "its distribution point",
     .certificate = &f.pointed,
     .crl = {.extensions = {{"issuingDistributionPoint",
                             "critical,fullname:URI:http://ca.example/1.crl"}}},
     .value = VT_STATUS_GOOD},
    {.name = "another distribution point",
     .certificate = &f.pointed,
     .crl = {.extensions = {{"issuingDistributionPoint",
                             "critical,fullname:URI:http://ca.example/2.crl"}}},
     .want = VT_E_NOT_FOUND},
    {.name = "a distribution point, the certificate names none",
     .crl = {.extensions = {{"issuingDistributionPoint",
                             "critical,fullname:URI:http://ca.example/1.crl"}}},
     .want = VT_E_NOT_FOUND},
    {.name = "no distribution point, the certificate names one",
     .certificate = &f.pointed,
     .value = VT_STATUS_GOOD},
    {.name = "indirect",
     .crl = {.extensions = {{"issuingDistributionPoint", "critical,indirectCRL:TRUE"}}},
     .want = VT_E_UNSUPPORTED},
    {.name = "some reasons only",
     .crl = {.extensions = {{"issuingDistributionPoint",
                             "critical,onlysomereasons:keyCompromise"}}},
     .want = VT_E_UNSUPPORTED},
    {.name = "a delta that lists it",
     .crl = {.extensions = {{"2.5.29.27", "critical,DER:020103"}}},
     .revoked = &f.leaf,
     .reason = 1,
     .value = VT_STATUS_REVOKED},
    {.name = "a delta that removes it",
     .crl = {.extensions = {{"2.5.29.27", "critical,DER:020103"}}},
     .revoked = &f.leaf,
     .reason = 8,
     .want = VT_E_UNSUPPORTED},
    {.name = "some reasons only, listed",
     .crl = {.extensions = {{"issuingDistributionPoint",
                             "critical,onlysomereasons:keyCompromise"}}},
     .revoked = &f.leaf,
     .reason = 1,
     .value = VT_STATUS_REVOKED},
    {.name = "a delta",
     .crl = {.extensions = {{"2.5.29.27", "critical,DER:020103"}}},
     .want = VT_E_UNSUPPORTED},
    {.name = "an unknown critical extension",
     .crl = {.extensions = {{"1.2.3.4.5", "critical,DER:0500"}}},
     .want = VT_E_UNSUPPORTED},
    {.name = "an unknown extension that is not critical",
     .crl = {.extensions = {{"1.2.3.4.5", "DER:0500"}}},
     .value = VT_STATUS_GOOD},
    {.name = "an unknown critical extension of another's entry",
     .revoked = &f.sub_ca,
     .reason = 1,
     .entry_critical = "1.2.3.4.5",
     .want = VT_E_UNSUPPORTED},
};

static void reads_a_crl(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct crl_case *c = &cases[i];
        struct vt_status_fact fact;
        struct vt_err err = {0};
        struct tc_crl_options options = c->crl;
        if (c->digest != NULL)
            options.digest = c->digest();
        if (c->revoked != NULL)
            options.entries[0] =
                (struct tc_entry){c->revoked, TC_NOW - 10 * TC_DAY, c->reason, c->entry_critical};
        const struct tc_entity *signer = c->signer ? c->signer : &f.ca;
        const struct tc_entity *issuer = c->issuer ? c->issuer : &f.ca;
        const struct tc_entity *certificate = c->certificate ? c->certificate : &f.leaf;
        struct vt_bytes crl = tc_crl(f.arena, signer, &options);
        enum vt_code code = read_crl(f.arena, crl, certificate->certificate, issuer->certificate,
                                     "given", &fact, &err);
        if (code != c->want || (code == VT_OK && fact.value != c->value))
            fail_msg("%s: code %d value %d: %s", c->name, code, (int)fact.value, err.text);
        if (code != VT_OK)
            continue;
        assert_string_equal(fact.source, "crl");
        assert_string_equal(fact.origin, "given");
        assert_int_equal(fact.this_update_utc_secs, TC_NOW - TC_DAY);
        assert_int_equal(fact.next_update_utc_secs, TC_NOW + TC_DAY);
        if (c->want_reason != NULL)
            assert_string_equal(fact.revocation_reason, c->want_reason);
        if (fact.value != VT_STATUS_GOOD)
            assert_int_equal(fact.revoked_at_utc_secs, TC_NOW - 10 * TC_DAY);
    }
}

static void says_that_it_keeps_expired_ones(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct tc_crl_options options = {.expired_certs_utc_secs = TC_NOW - 400 * TC_DAY};
    struct vt_bytes crl = tc_crl(f.arena, &f.ca, &options);
    assert_int_equal(
        read_crl(f.arena, crl, f.leaf.certificate, f.ca.certificate, "given", &fact, NULL), VT_OK);
    assert_int_equal(fact.keeps_expired_since_utc_secs, TC_NOW - 400 * TC_DAY);
}

/* The serial numbers 255 and -1 differ in one octet of zero only. */
static void negative_serials_are_others(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct tc_options minus = {.name = "âm một", .issuer = &f.ca, .serial = -1};
    struct tc_options plus = {.name = "hai trăm năm lăm", .issuer = &f.ca, .serial = 255};
    struct tc_entity negative = tc_make(f.arena, f.pool, &minus);
    struct tc_entity positive = tc_make(f.arena, f.pool, &plus);
    struct tc_crl_options options = {.entries = {{&positive, TC_NOW - TC_DAY, 1, NULL}}};
    struct vt_bytes crl = tc_crl(f.arena, &f.ca, &options);
    assert_int_equal(
        read_crl(f.arena, crl, negative.certificate, f.ca.certificate, "given", &fact, NULL),
        VT_OK);
    assert_int_equal(fact.value, VT_STATUS_GOOD);
    assert_int_equal(
        read_crl(f.arena, crl, positive.certificate, f.ca.certificate, "given", &fact, NULL),
        VT_OK);
    assert_int_equal(fact.value, VT_STATUS_REVOKED);
}

/* No byte of a good list can be changed or cut off without it being refused or out of scope. */
static void every_byte_counts(void **state)
{
    (void)state;
    struct tc_crl_options options = {.entries = {{&f.leaf, TC_NOW - TC_DAY, 1, NULL}}};
    struct vt_bytes crl = tc_crl(f.arena, &f.ca, &options);
    uint8_t *copy = vt_arena_dup(f.arena, crl.ptr, crl.len);
    struct vt_status_fact fact;
    for (size_t i = 0; i < crl.len; i++) {
        copy[i] ^= 0x21;
        assert_int_not_equal(read_crl(f.arena, vt_bytes_of(copy, crl.len), f.leaf.certificate,
                                      f.ca.certificate, "given", &fact, NULL),
                             VT_OK);
        copy[i] ^= 0x21;
        assert_int_not_equal(read_crl(f.arena, vt_bytes_of(copy, i), f.leaf.certificate,
                                      f.ca.certificate, "given", &fact, NULL),
                             VT_OK);
    }
}

static void a_cache_keeps_signers_apart(void **state)
{
    (void)state;
    struct tc_crl_options options = {.entries = {{&f.leaf, TC_NOW - TC_DAY, 1, NULL}}};
    struct vt_bytes crl = tc_crl(f.arena, &f.ca, &options);
    struct vt_status_cache *cache = vt_status_cache_new(f.arena);
    struct vt_crl_list *first = NULL;
    const struct tc_entity *signers[] = {&f.ca, &f.rekeyed_ca, &f.ca, &f.other_ca, &f.ca};
    const enum vt_code want[] = {VT_OK, VT_E_FORMAT, VT_OK, VT_E_NOT_FOUND, VT_OK};
    for (size_t i = 0; i < 5; i++) {
        struct vt_crl_list *list = NULL;
        assert_int_equal(vt_status_cache_list(cache, crl, VT_ORIGIN_GIVEN, "given", &list, NULL),
                         VT_OK);
        assert_true(first == NULL || list == first);
        first = list;
        assert_int_equal(vt_status_cache_verify(cache, list, signers[i]->certificate, NULL),
                         want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_crl),
        cmocka_unit_test(says_that_it_keeps_expired_ones),
        cmocka_unit_test(negative_serials_are_others),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(a_cache_keeps_signers_apart),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
