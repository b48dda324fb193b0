/* SPDX-License-Identifier: Apache-2.0
 * CMS with a signature from outside: every scheme and hash, detached and around its content, as
 * our own verifier and OpenSSL read it; attributes and sizes; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/cms.h>

#include "../lib/seal.h"
#include "seal/attributes.h"
#include "seal/cms.h"
#include "seal/hash.h"
#include "verify/cms.h"
#include "verify/der.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define CONTENT VT_BYTES("Content-Type: text/plain\r\n\r\nCong van so 12.\r\n")
#define SIGNED_AT INT64_C(1780272000)

static struct vt_arena *arena;
static struct ts_seal rsa, pss, ec;
static struct tc_entity tsa;

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new(64u << 20);
    TC_CHECK(arena != NULL);
    rsa = ts_make(arena, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA256);
    pss = ts_make(arena, VT_SEAL_RSA_PSS, VT_SEAL_SHA256);
    ec = ts_make(arena, VT_SEAL_ECDSA, VT_SEAL_SHA256);
    tsa = tc_leaf(arena, NULL, "TSA", &rsa.ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

static struct vt_seal_cms prepare(const struct vt_seal_identity *identity, struct vt_bytes content,
                                  int64_t signing_time)
{
    uint8_t digest[64];
    struct vt_seal_cms cms;
    struct vt_err err = {0};
    const struct vt_seal_cms_plan plan = {
        .identity = identity,
        .content_digest = vt_bytes_of(digest, vt_seal_digest(identity->hash, content, digest)),
        .signing_time_utc_secs = signing_time,
    };
    if (vt_seal_cms_prepare(arena, &plan, &cms, &err) != VT_OK)
        fail_msg("%s", err.text);
    return cms;
}

static struct vt_bytes finish(const struct vt_seal_cms *cms, struct vt_bytes signature,
                              struct vt_bytes token)
{
    struct vt_bytes head, tail;
    struct vt_err err = {0};
    if (vt_seal_cms_finish(arena, cms, signature, token, VT_SEAL_DETACHED, &head, &tail, &err) !=
        VT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tail.len, 0);
    return head;
}

static struct vt_verified verify_own(struct vt_bytes cms, struct vt_bytes content, bool is_detached)
{
    struct vt_verified_list list = {0};
    struct vt_err err = {0};
    const struct vt_signed_object object = {
        .format = VT_SIGNATURE_SMIME,
        .binding = is_detached ? VT_BINDING_DETACHED : VT_BINDING_ENCAPSULATED,
        .ranges = {content},
        .ranges_count = is_detached ? 1 : 0,
        .cms = cms,
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    assert_int_equal(vt_verify_objects(arena, pool, &object, 1, NULL, 0, &list, &err), VT_OK);
    assert_int_equal(list.count, 1);
    return list.items[0];
}

/* As `openssl cms -verify -cades`: RFC 5126 attributes and the ESS certificate are checked too. */
static bool openssl_accepts(struct vt_bytes der, struct vt_bytes content,
                            const struct ts_seal *seal)
{
    const uint8_t *at = der.ptr;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    X509_STORE *store = X509_STORE_new();
    BIO *in = content.len == 0 ? NULL : BIO_new_mem_buf(content.ptr, (int)content.len);
    BIO *out = BIO_new(BIO_s_mem());
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)TC_NOW);
    bool accepted = cms != NULL && X509_STORE_add_cert(store, seal->ca.x509) == 1 &&
                    CMS_verify(cms, NULL, store, in, out, CMS_BINARY | CMS_CADES) == 1;
    BIO_free(in);
    BIO_free(out);
    X509_STORE_free(store);
    CMS_ContentInfo_free(cms);
    return accepted;
}

static const struct {
    const struct ts_seal *seal;
    enum vt_seal_hash hash;
    const char *name;
} schemes[] = {
    {&rsa, VT_SEAL_SHA256, "RSA SHA-256"},  {&rsa, VT_SEAL_SHA384, "RSA SHA-384"},
    {&rsa, VT_SEAL_SHA512, "RSA SHA-512"},  {&pss, VT_SEAL_SHA256, "PSS SHA-256"},
    {&pss, VT_SEAL_SHA384, "PSS SHA-384"},  {&pss, VT_SEAL_SHA512, "PSS SHA-512"},
    {&ec, VT_SEAL_SHA256, "ECDSA SHA-256"}, {&ec, VT_SEAL_SHA384, "ECDSA SHA-384"},
    {&ec, VT_SEAL_SHA512, "ECDSA SHA-512"},
};

static void test_every_scheme_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(schemes); i++) {
        struct ts_seal seal = *schemes[i].seal;
        seal.identity.hash = schemes[i].hash;
        struct vt_seal_cms cms = prepare(&seal.identity, CONTENT, SIGNED_AT);
        struct vt_bytes der = finish(&cms, ts_sign(arena, &seal, cms.attributes), TD_NONE);
        assert_int_equal(vt_seal_attributes_check(cms.attributes, seal.own.der, seal.identity.hash,
                                                  SIGNED_AT, NULL),
                         VT_OK);
        struct vt_verified own = verify_own(der, CONTENT, true);
        if (own.integrity != VT_INTEGRITY_INTACT || !own.ess_bound || own.reasons != 0 ||
            own.claimed_time_utc_secs != SIGNED_AT || own.findings_count != 0)
            fail_msg("%s: not intact by our verifier: %s", schemes[i].name,
                     own.findings_count > 0 ? own.findings[0] : "");
        if (!openssl_accepts(der, CONTENT, &seal))
            fail_msg("%s: refused by OpenSSL", schemes[i].name);
        assert_false(openssl_accepts(der, VT_BYTES("something else"), &seal));
    }
}

static void test_content_inside(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 100, 127, 128, 255, 256, 65535, 65536, 300000};
    for (size_t i = 0; i < ENTRIES(sizes); i++) {
        uint8_t *content = vt_arena_alloc(arena, sizes[i] + 1);
        memset(content, 'x', sizes[i]);
        struct vt_bytes bytes = vt_bytes_of(content, sizes[i]), head, tail;
        struct vt_seal_cms cms = prepare(&ec.identity, bytes, SIGNED_AT);
        struct vt_bytes signature = ts_sign(arena, &ec, cms.attributes);
        assert_int_equal(
            vt_seal_cms_finish(arena, &cms, signature, TD_NONE, bytes.len, &head, &tail, NULL),
            VT_OK);
        uint8_t *whole = vt_arena_alloc(arena, head.len + bytes.len + tail.len);
        memcpy(whole, head.ptr, head.len);
        memcpy(whole + head.len, content, bytes.len);
        memcpy(whole + head.len + bytes.len, tail.ptr, tail.len);
        struct vt_bytes der = vt_bytes_of(whole, head.len + bytes.len + tail.len);
        assert_int_equal(verify_own(der, TD_NONE, false).integrity, VT_INTEGRITY_INTACT);
        assert_true(openssl_accepts(der, TD_NONE, &ec));
    }
}

/* EN 319 142-1 6.3: no signing-time in PAdES. */
static void test_attributes(void **state)
{
    (void)state;
    struct vt_seal_cms without = prepare(&rsa.identity, CONTENT, VT_TIME_NONE);
    struct vt_seal_cms with = prepare(&rsa.identity, CONTENT, SIGNED_AT);
    struct vt_der set;
    struct vt_attributes attributes;
    assert_int_equal(vt_der_whole(without.attributes, VT_DER_SET, &set), VT_OK);
    assert_int_equal(vt_attributes_parse(set.body, &attributes), VT_OK);
    assert_true(attributes.is_sorted);
    assert_int_equal(attributes.count, 4);
    assert_null(vt_attributes_find(&attributes, VT_OID_SIGNING_TIME, NULL));
    assert_non_null(vt_attributes_find(&attributes, VT_OID_SIGNING_CERTIFICATE_V2, NULL));
    assert_non_null(vt_attributes_find(&attributes, VT_OID_ALGORITHM_PROTECTION, NULL));
    assert_int_equal(vt_der_whole(with.attributes, VT_DER_SET, &set), VT_OK);
    assert_int_equal(vt_attributes_parse(set.body, &attributes), VT_OK);
    assert_true(attributes.is_sorted);
    assert_int_equal(attributes.count, 5);
    struct vt_seal_cms again = prepare(&rsa.identity, CONTENT, SIGNED_AT);
    assert_true(vt_bytes_equal(with.attributes, again.attributes));
    /* From 2050 on GeneralizedTime (RFC 5652 11.3). */
    struct vt_seal_cms late = prepare(&rsa.identity, CONTENT, INT64_C(2524608000));
    assert_int_not_equal(vt_bytes_find(late.attributes,
                                       VT_BYTES("\x18\x0f"
                                                "20500101000000Z"),
                                       0),
                         SIZE_MAX);
}

static void test_token_and_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct ts_seal *seal = i == 0 ? &rsa : i == 1 ? &pss : &ec;
        struct vt_seal_cms cms = prepare(&seal->identity, CONTENT, VT_TIME_NONE);
        struct vt_bytes signature = ts_sign(arena, seal, cms.attributes);
        struct tcms_stamp stamp = {.tsa = &tsa, .stamped = signature};
        struct vt_bytes token = tcms_token(arena, &stamp);
        struct vt_bytes der = finish(&cms, signature, token);
        struct vt_verified own = verify_own(der, CONTENT, true);
        assert_int_equal(own.integrity, VT_INTEGRITY_INTACT);
        assert_int_equal(own.timestamps_count, 1);
        assert_int_equal(own.timestamps[0].integrity, VT_INTEGRITY_INTACT);
        size_t max = vt_seal_cms_max_bytes(&cms, token.len);
        assert_in_range(der.len, max - 256, max);
        struct vt_bytes bare = finish(&cms, signature, TD_NONE);
        assert_in_range(bare.len, 1, vt_seal_cms_max_bytes(&cms, 0));
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    struct vt_seal_cms cms = prepare(&rsa.identity, CONTENT, SIGNED_AT);
    struct vt_bytes right = ts_sign(arena, &rsa, cms.attributes), head, tail;
    uint8_t *changed = vt_arena_dup(arena, right.ptr, right.len);
    changed[7] ^= 1;
    const struct {
        struct vt_bytes signature, token;
    } wrong[] = {
        {vt_bytes_of(changed, right.len), TD_NONE},
        {vt_bytes_slice(right, 0, right.len - 1), TD_NONE},
        {TD_NONE, TD_NONE},
        {ts_sign(arena, &pss, cms.attributes), TD_NONE},
        {ts_sign(arena, &rsa, VT_BYTES("other attributes")), TD_NONE},
        {right, VT_BYTES("\x30\x03\x02\x01")},
        {right, VT_BYTES("\x04\x01\x00")},
    };
    for (size_t i = 0; i < ENTRIES(wrong); i++)
        assert_int_equal(vt_seal_cms_finish(arena, &cms, wrong[i].signature, wrong[i].token,
                                            VT_SEAL_DETACHED, &head, &tail, NULL),
                         VT_E_FORMAT);
    const struct vt_bytes chains[] = {TD_NONE, VT_BYTES("\x30\x02\x30\x00"), VT_BYTES("nonsense"),
                                      vt_bytes_slice(rsa.identity.chain, 0, 200)};
    uint8_t digest[32] = {0};
    for (size_t i = 0; i < ENTRIES(chains); i++) {
        struct vt_seal_identity identity = rsa.identity;
        identity.chain = chains[i];
        const struct vt_seal_cms_plan plan = {.identity = &identity,
                                              .content_digest = vt_bytes_of(digest, 32)};
        assert_int_equal(vt_seal_cms_prepare(arena, &plan, &cms, NULL), VT_E_FORMAT);
    }
    const struct vt_seal_cms_plan short_digest = {.identity = &rsa.identity,
                                                  .content_digest = vt_bytes_of(digest, 20)};
    assert_int_equal(vt_seal_cms_prepare(arena, &short_digest, &cms, NULL), VT_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_scheme_verifies),
        cmocka_unit_test(test_content_inside),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_token_and_size),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
