/* SPDX-License-Identifier: Apache-2.0
 * What an OCSP response says about a certificate, row by row of RFC 6960 3.2 and 4.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "vanthu/status.h"

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool, *empty_pool;
    struct tc_entity ca, other_ca;
    struct tc_entity leaf, other_leaf;
    struct tc_entity responder, responder_checked, responder_old, responder_for_mail,
        responder_of_other;
} f;

static struct tc_entity make_responder(const char *name, const struct tc_entity *issuer,
                                       const char *usage, bool nocheck, int64_t to)
{
    struct tc_options options = {.name = name,
                                 .issuer = issuer,
                                 .to_utc_secs = to,
                                 .extensions = {{"extendedKeyUsage", usage}}};
    if (nocheck) {
        options.extensions[1][0] = "noCheck";
        options.extensions[1][1] = "ignored";
    }
    return tc_make(f.arena, f.pool, &options);
}

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(16 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.empty_pool = vt_certificate_pool_new(f.arena, NULL);
    f.ca = tc_ca(f.arena, f.pool, "CA mot", NULL);
    f.other_ca = tc_ca(f.arena, f.pool, "CA hai", NULL);
    f.leaf = tc_leaf(f.arena, f.pool, "van thu", &f.ca);
    f.other_leaf = tc_leaf(f.arena, f.pool, "van thu khac", &f.ca);
    f.responder = make_responder("OCSP", &f.ca, "OCSPSigning", true, 0);
    f.responder_checked = make_responder("OCSP 2", &f.ca, "OCSPSigning", false, 0);
    f.responder_old = make_responder("OCSP 3", &f.ca, "OCSPSigning", true, TC_NOW - TC_DAY);
    f.responder_for_mail = make_responder("OCSP 4", &f.ca, "emailProtection", true, 0);
    f.responder_of_other = make_responder("OCSP 5", &f.other_ca, "OCSPSigning", true, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_arena_free(f.arena);
    return 0;
}

static const struct ocsp_case {
    const char *name;
    struct tc_ocsp_options ocsp;
    const struct tc_entity *about;     /* NULL: leaf */
    const struct tc_entity *id_issuer; /* NULL: ca */
    struct vt_bytes nonce;
    const EVP_MD *(*id_digest)(void);
    bool pool_knows_responders;
    enum vt_code want;
    enum vt_status_value value;
    const char *want_reason;
    bool want_finding;
    bool want_responder; /* whose own status is to be asked */
    int64_t want_this_update;
    int64_t want_invalid_since;
    enum { HASH_NONE = 0, HASH_RIGHT, HASH_WRONG } cert_hash;
} cases[] = {
    {.name = "good, by the issuer's key", .value = VT_STATUS_GOOD},
    {.name = "good, responder by key hash",
     .ocsp = {.flags = OCSP_RESPID_KEY},
     .value = VT_STATUS_GOOD},
    {.name = "good, a bare BasicOCSPResponse", .ocsp = {.basic = true}, .value = VT_STATUS_GOOD},
    {.name = "good, CertID by SHA-256", .id_digest = EVP_sha256, .value = VT_STATUS_GOOD},
    {.name = "good, delegated", .ocsp = {.responder = &f.responder}, .value = VT_STATUS_GOOD},
    {.name = "good, delegated without nocheck",
     .ocsp = {.responder = &f.responder_checked},
     .value = VT_STATUS_GOOD,
     .want_responder = true},
    {.name = "good, CertID by SHA-512", .id_digest = EVP_sha512, .value = VT_STATUS_GOOD},
    {.name = "CertID by MD5", .id_digest = EVP_md5, .want = VT_E_NOT_FOUND},
    {.name = "the hash of this certificate", .cert_hash = HASH_RIGHT, .value = VT_STATUS_GOOD},
    {.name = "the hash of another certificate", .cert_hash = HASH_WRONG, .want = VT_E_FORMAT},
    {.name = "an unknown critical extension",
     .ocsp = {.extension_oid = "1.2.3.4",
              .extension_critical = true,
              .extension = {(const uint8_t *)"\5\0", 2}},
     .want = VT_E_UNSUPPORTED},
    {.name = "an unknown extension that is not critical",
     .ocsp = {.extension_oid = "1.2.3.4", .extension = {(const uint8_t *)"\5\0", 2}},
     .value = VT_STATUS_GOOD},
    {.name = "delegate's certificate only in the document",
     .ocsp = {.responder = &f.responder, .flags = OCSP_NOCERTS},
     .pool_knows_responders = true,
     .value = VT_STATUS_GOOD},
    {.name = "delegate's certificate nowhere",
     .ocsp = {.responder = &f.responder, .flags = OCSP_NOCERTS},
     .want = VT_E_FORMAT},
    {.name = "delegate expired when it answered",
     .ocsp = {.responder = &f.responder_old},
     .want = VT_E_FORMAT},
    {.name = "delegate that has expired says that it answered before, and knows today's status",
     .ocsp = {.responder = &f.responder_old, .produced_utc_secs = TC_NOW - 2 * TC_DAY},
     .value = VT_STATUS_GOOD,
     .want_this_update = TC_NOW - 2 * TC_DAY},
    {.name = "delegate valid when it answered",
     .ocsp = {.responder = &f.responder_old, .this_update_utc_secs = TC_NOW - 2 * TC_DAY},
     .value = VT_STATUS_GOOD},
    {.name = "not delegated for OCSP",
     .ocsp = {.responder = &f.responder_for_mail},
     .want = VT_E_FORMAT},
    {.name = "delegated by another CA",
     .ocsp = {.responder = &f.responder_of_other},
     .want = VT_E_FORMAT},
    {.name = "signed by the certificate it speaks of",
     .ocsp = {.responder = &f.leaf},
     .want = VT_E_FORMAT},
    {.name = "a broken signature", .ocsp = {.bad_signature = true}, .want = VT_E_FORMAT},
    {.name = "for another certificate", .about = &f.other_leaf, .want = VT_E_NOT_FOUND},
    {.name = "for the same serial of another CA", .id_issuer = &f.other_ca, .want = VT_E_NOT_FOUND},
    {.name = "revoked",
     .ocsp = {.value = V_OCSP_CERTSTATUS_REVOKED,
              .reason = 1,
              .revoked_at_utc_secs = TC_NOW - 9 * TC_DAY},
     .value = VT_STATUS_REVOKED,
     .want_reason = "keyCompromise"},
    {.name = "on hold",
     .ocsp = {.value = V_OCSP_CERTSTATUS_REVOKED,
              .reason = 6,
              .revoked_at_utc_secs = TC_NOW - 9 * TC_DAY},
     .value = VT_STATUS_SUSPENDED,
     .want_reason = "certificateHold"},
    {.name = "revoked, invalid before",
     .ocsp = {.value = V_OCSP_CERTSTATUS_REVOKED,
              .reason = 1,
              .revoked_at_utc_secs = TC_NOW - 9 * TC_DAY,
              .extension_oid = "2.5.29.24",
              .extension = {(const uint8_t *)"\x18\x0f"
                                             "20260501000000Z",
                            17}},
     .value = VT_STATUS_REVOKED,
     .want_reason = "keyCompromise",
     .want_invalid_since = INT64_C(1777593600)},
    {.name = "revoked and taken back at once",
     .ocsp = {.value = V_OCSP_CERTSTATUS_REVOKED,
              .reason = 8,
              .revoked_at_utc_secs = TC_NOW - 9 * TC_DAY},
     .value = VT_STATUS_UNKNOWN,
     .want_finding = true},
    {.name = "unknown",
     .ocsp = {.value = V_OCSP_CERTSTATUS_UNKNOWN},
     .value = VT_STATUS_UNKNOWN,
     .want_finding = true},
    {.name = "our nonce",
     .nonce = {(const uint8_t *)"12345678", 8},
     .ocsp = {.nonce = {(const uint8_t *)"12345678", 8}},
     .value = VT_STATUS_GOOD},
    {.name = "no nonce though asked",
     .nonce = {(const uint8_t *)"12345678", 8},
     .value = VT_STATUS_GOOD},
    {.name = "another nonce",
     .nonce = {(const uint8_t *)"12345678", 8},
     .ocsp = {.nonce = {(const uint8_t *)"12345679", 8}},
     .want = VT_E_FORMAT},
};

/* CertHash with SHA-256 of this certificate or of another. */
static void add_cert_hash(struct tc_ocsp_options *options, const struct tc_entity *of)
{
    static const uint8_t form[] = {0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                   0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20};
    uint8_t *value = vt_arena_alloc(f.arena, sizeof(form) + 32);
    memcpy(value, form, sizeof(form));
    assert_int_equal(
        EVP_Digest(of->der.ptr, of->der.len, value + sizeof(form), NULL, EVP_sha256(), NULL), 1);
    options->extension_oid = "1.3.36.8.3.13";
    options->extension = vt_bytes_of(value, sizeof(form) + 32);
}

static void reads_a_response(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ocsp_case *c = &cases[i];
        struct vt_status_fact fact;
        struct vt_err err = {0};
        struct tc_ocsp_options options = c->ocsp;
        if (c->id_digest != NULL)
            options.id_digest = c->id_digest();
        if (c->cert_hash != HASH_NONE)
            add_cert_hash(&options, c->cert_hash == HASH_RIGHT ? &f.leaf : &f.other_leaf);
        struct tc_entity as_if = c->id_issuer ? *c->id_issuer : f.ca;
        if (c->id_issuer != NULL && options.responder == NULL)
            options.responder = &f.ca;
        struct vt_bytes der = tc_ocsp(f.arena, c->about ? c->about : &f.leaf, &as_if, &options);
        enum vt_code code = vt_status_read_ocsp(
            f.arena, c->pool_knows_responders ? f.pool : f.empty_pool, der, f.leaf.certificate,
            f.ca.certificate, c->nonce, "http://ocsp.example", &fact, &err);
        if (code != c->want || (code == VT_OK && fact.value != c->value))
            fail_msg("%s: code %d value %d: %s", c->name, code, (int)fact.value, err.text);
        if (code != VT_OK)
            continue;
        assert_string_equal(fact.source, "ocsp");
        assert_int_equal(fact.finding != NULL, c->want_finding);
        assert_int_equal(fact.responder.len > 0, c->want_responder);
        assert_int_not_equal(fact.produced_at_utc_secs, VT_TIME_NONE);
        if (c->want_this_update != 0)
            assert_int_equal(fact.this_update_utc_secs, c->want_this_update);
        assert_int_equal(fact.invalid_since_utc_secs,
                         c->want_invalid_since ? c->want_invalid_since : VT_TIME_NONE);
        if (c->want_responder)
            assert_string_equal(fact.responder_name, "OCSP 2");
        if (c->want_reason != NULL) {
            assert_string_equal(fact.revocation_reason, c->want_reason);
            assert_int_equal(fact.revoked_at_utc_secs, TC_NOW - 9 * TC_DAY);
        }
    }
}

static void reads_times(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    struct tc_ocsp_options options = {.next_update_utc_secs = -1,
                                      .archive_cutoff_utc_secs = TC_NOW - 900 * TC_DAY};
    struct vt_bytes der = tc_ocsp(f.arena, &f.leaf, &f.ca, &options);
    assert_int_equal(vt_status_read_ocsp(f.arena, f.pool, der, f.leaf.certificate, f.ca.certificate,
                                         (struct vt_bytes){0}, "embedded", &fact, NULL),
                     VT_OK);
    assert_int_equal(fact.this_update_utc_secs, TC_NOW - 3600);
    assert_true(fact.next_update_utc_secs == VT_TIME_NONE);
    assert_int_equal(fact.keeps_expired_since_utc_secs, TC_NOW - 900 * TC_DAY);
}

static void an_error_status_is_unknown(void **state)
{
    (void)state;
    static const uint8_t try_later[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    static const uint8_t unauthorized[] = {0x30, 0x03, 0x0a, 0x01, 0x06};
    const struct vt_bytes answers[] = {{try_later, 5}, {unauthorized, 5}};
    for (size_t i = 0; i < 2; i++) {
        struct vt_status_fact fact;
        assert_int_equal(vt_status_read_ocsp(f.arena, f.pool, answers[i], f.leaf.certificate,
                                             f.ca.certificate, (struct vt_bytes){0}, "u", &fact,
                                             NULL),
                         VT_OK);
        assert_int_equal(fact.value, VT_STATUS_UNKNOWN);
        assert_non_null(strstr(fact.finding, i == 0 ? "trylater" : "unauthorized"));
    }
}

static void every_byte_counts(void **state)
{
    (void)state;
    struct tc_ocsp_options options = {.responder = &f.responder,
                                      .value = V_OCSP_CERTSTATUS_REVOKED,
                                      .reason = 1,
                                      .revoked_at_utc_secs = TC_NOW - TC_DAY};
    struct vt_bytes der = tc_ocsp(f.arena, &f.leaf, &f.ca, &options);
    uint8_t *copy = vt_arena_dup(f.arena, der.ptr, der.len);
    for (size_t i = 0; i < der.len; i++) {
        struct vt_status_fact fact = {.value = VT_STATUS_UNKNOWN};
        copy[i] ^= 0x01;
        enum vt_code code =
            vt_status_read_ocsp(f.arena, f.pool, vt_bytes_of(copy, der.len), f.leaf.certificate,
                                f.ca.certificate, (struct vt_bytes){0}, "u", &fact, NULL);
        /* A changed responseStatus is an error that proves nothing, a damaged carried certificate
         * is replaced by the one in the pool. Neither may turn revoked into good. */
        if (code == VT_OK && fact.value == VT_STATUS_GOOD)
            fail_msg("byte %zu changed made it good", i);
        copy[i] ^= 0x01;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_response),
        cmocka_unit_test(reads_times),
        cmocka_unit_test(an_error_status_is_unknown),
        cmocka_unit_test(every_byte_counts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
