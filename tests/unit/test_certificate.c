/* SPDX-License-Identifier: Apache-2.0
 * Certificates: the pool, facts for people, addresses, and the oddities of real ones
 * (legal.md R-86). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include "../lib/certificates.h"
#include "verify/certificate.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))

static struct vt_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new(32u << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

/* ---- names ---- */

struct name_part {
    const char *type;
    int encoding; /* MBSTRING_… converts; V_ASN1_… takes the bytes as they are */
    const char *bytes;
    int len; /* -1: a C string */
};

static const struct vt_certificate *with_names(struct vt_certificate_pool *pool,
                                               const struct name_part *parts)
{
    struct tc_entity made = tc_make(arena, NULL, &(struct tc_options){.name = "issuer"});
    X509_NAME *name = X509_NAME_new();
    unsigned char *der = NULL;
    for (size_t i = 0; parts[i].type != NULL; i++)
        TC_CHECK(X509_NAME_add_entry_by_txt(name, parts[i].type, parts[i].encoding,
                                            (const unsigned char *)parts[i].bytes, parts[i].len, -1,
                                            0) == 1);
    TC_CHECK(X509_set_subject_name(made.x509, name) == 1);
    X509_NAME_free(name);
    TC_CHECK(X509_sign(made.x509, made.key, EVP_sha256()) > 0);
    int len = i2d_X509(made.x509, &der);
    const struct vt_certificate *certificate = NULL;
    assert_int_equal(vt_certificate_add(pool, tc_keep(arena, der, len), &certificate, NULL), VT_OK);
    return certificate;
}

static bool same_text(const char *got, const char *expected)
{
    return got == NULL || expected == NULL ? got == expected : strcmp(got, expected) == 0;
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        struct name_part parts[6];
        const char *subject, *common_name, *organization, *unit, *email;
    } cases[] = {
        {"agency of the second generation",
         {{"C", MBSTRING_UTF8, "VN", -1},
          {"L", MBSTRING_UTF8, "Ninh Bình", -1},
          {"O", MBSTRING_UTF8, "UBND TỈNH NINH BÌNH", -1},
          {"CN", MBSTRING_UTF8, "SỞ NỘI VỤ", -1}},
         "CN=SỞ NỘI VỤ,O=UBND TỈNH NINH BÌNH,L=Ninh Bình,C=VN",
         "SỞ NỘI VỤ",
         "UBND TỈNH NINH BÌNH",
         NULL,
         NULL},
        {"BMPString",
         {{"CN", V_ASN1_BMPSTRING, "\x1e\xde\x00 \x00X", 6}},
         "CN=Ở X",
         "Ở X",
         NULL,
         NULL,
         NULL},
        {"T61String",
         {{"CN", V_ASN1_T61STRING, "Caf\xe9", -1}},
         "CN=Café",
         "Café",
         NULL,
         NULL,
         NULL},
        {"two units: the last is the special one",
         {{"OU", MBSTRING_UTF8, "Bộ", -1}, {"OU", MBSTRING_UTF8, "Vụ", -1}},
         "OU=Vụ,OU=Bộ",
         NULL,
         NULL,
         "Vụ",
         NULL},
        {"address in the subject",
         {{"emailAddress", MBSTRING_ASC, "a@gov.vn", -1}},
         "emailAddress=a@gov.vn",
         NULL,
         NULL,
         NULL,
         "a@gov.vn"},
        {"special characters",
         {{"CN", MBSTRING_UTF8, "A, B+C", -1}},
         "CN=A\\, B\\+C",
         "A, B+C",
         NULL,
         NULL,
         NULL},
        {"control characters are taken out",
         {{"CN", V_ASN1_UTF8STRING,
           "x\r\ny\x1b[31m\xc2\x9b"
           "z",
           -1}},
         "CN=x\\0D\\0Ay\\1B[31mz",
         "xy[31mz",
         NULL,
         NULL,
         NULL},
        {"characters that turn the text around are taken out",
         {{"CN", V_ASN1_UTF8STRING,
           "a\xe2\x80\xae"
           "b\xe2\x81\xa6"
           "c",
           -1}},
         "CN=abc",
         "abc",
         NULL,
         NULL,
         NULL},
        {"characters that nobody sees, and those that end a line, are taken out",
         {{"CN", V_ASN1_UTF8STRING,
           "a\xe2\x80\x8b"
           "b\xe2\x80\xa8"
           "c\xef\xbb\xbf"
           "d\xd8\x9c"
           "e",
           -1}},
         "CN=abcde",
         "abcde",
         NULL,
         NULL,
         NULL},
        {"NUL inside", {{"CN", V_ASN1_UTF8STRING, "a\0b", 3}}, "CN=a\\00b", "ab", NULL, NULL, NULL},
        {"nothing", {{NULL, 0, NULL, 0}}, NULL, NULL, NULL, NULL, NULL},
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        const struct vt_certificate_facts *facts =
            vt_certificate_facts(with_names(pool, cases[i].parts));
        if (!same_text(facts->subject, cases[i].subject) ||
            !same_text(facts->common_name, cases[i].common_name) ||
            !same_text(facts->organization, cases[i].organization) ||
            !same_text(facts->organizational_unit, cases[i].unit) ||
            !same_text(facts->email, cases[i].email))
            fail_msg("%s: \"%s\", CN %s, O %s, OU %s, mail %s", cases[i].name, facts->subject,
                     facts->common_name, facts->organization, facts->organizational_unit,
                     facts->email);
        assert_string_equal(facts->issuer_common_name, "issuer");
        assert_false(facts->is_self_signed);
    }
}

/* ---- other facts ---- */

static void test_keys(void **state)
{
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    EVP_PKEY *keys[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-256"), EVP_EC_gen("P-384"),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    static const char *const names[] = {"RSA", "EC P-256", "EC P-384", "ED25519"};
    static const unsigned bits[] = {2048, 256, 384, 256};
    (void)state;
    for (size_t i = 0; i < ENTRIES(keys); i++) {
        assert_int_equal(vt_arena_own(arena, keys[i], tc_free_key), VT_OK);
        struct tc_entity issuer = tc_ca(arena, NULL, "issuer", NULL);
        struct tc_options options = {.name = "key", .issuer = &issuer, .key = keys[i]};
        const struct vt_certificate_facts *facts =
            vt_certificate_facts(tc_make(arena, pool, &options).certificate);
        assert_string_equal(facts->key_algorithm, names[i]);
        assert_int_equal(facts->key_bits, bits[i]);
    }
}

static void test_period_and_self_signed(void **state)
{
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    struct tc_entity root = tc_ca(arena, pool, "Root", NULL);
    struct tc_options options = {.name = "Leaf",
                                 .issuer = &root,
                                 .from_utc_secs = TC_NOW,
                                 .to_utc_secs = TC_NOW + 30 * 365 * TC_DAY};
    struct tc_entity leaf = tc_make(arena, pool, &options);
    struct tc_options impostor_options = {.name = "Root", .issuer = &root};
    struct tc_entity impostor = tc_make(arena, pool, &impostor_options);
    (void)state;
    assert_true(vt_certificate_facts(root.certificate)->is_self_signed);
    assert_false(vt_certificate_facts(leaf.certificate)->is_self_signed);
    /* The same names, but signed by another key. */
    assert_string_equal(vt_certificate_facts(impostor.certificate)->subject,
                        vt_certificate_facts(impostor.certificate)->issuer);
    assert_false(vt_certificate_facts(impostor.certificate)->is_self_signed);
    assert_int_equal(vt_certificate_facts(leaf.certificate)->not_before_utc_secs, TC_NOW);
    /* 2056 is written as GeneralizedTime. */
    assert_int_equal(vt_certificate_facts(leaf.certificate)->not_after_utc_secs,
                     TC_NOW + 30 * 365 * TC_DAY);
}

/* ---- extensions ---- */

static const struct vt_certificate *with_extension(struct vt_certificate_pool *pool,
                                                   const char *name, const char *value)
{
    struct tc_options options = {.name = "extension", .extensions = {{name, value}}};
    return tc_make(arena, pool, &options).certificate;
}

static void test_addresses(void **state)
{
    char longer[2400];
    static const struct {
        const char *name, *value;
        enum vt_address_kind kind;
        const char *expected[3];
    } cases[] = {
        {"authorityInfoAccess",
         "OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/x",
         VT_ADDRESS_OCSP,
         {"http://ocsp.example/"}},
        {"authorityInfoAccess",
         "OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/x",
         VT_ADDRESS_CA_ISSUERS,
         {"http://ca.example/x"}},
        {"crlDistributionPoints",
         "URI:http://ca.btc/x.crl,URI:HTTPS://public.example/x.crl",
         VT_ADDRESS_CRL,
         {"http://ca.btc/x.crl", "HTTPS://public.example/x.crl"}},
        {"crlDistributionPoints",
         "URI:gopher://x/y,URI:file:///etc/passwd,URI:http://ok/",
         VT_ADDRESS_CRL,
         {"http://ok/"}},
        {"crlDistributionPoints", "URI:http://a b/,URI:http://ok/", VT_ADDRESS_CRL, {"http://ok/"}},
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        const struct vt_certificate *certificate =
            with_extension(pool, cases[i].name, cases[i].value);
        for (size_t k = 0; k < 3; k++) {
            const char *got = vt_certificate_address(certificate, cases[i].kind, k);
            if (!same_text(got, cases[i].expected[k]))
                fail_msg("%s %zu: %s", cases[i].value, k, got);
        }
    }
    (void)snprintf(longer, sizeof(longer), "URI:http://a/%01100d,URI:http://b/", 1);
    const struct vt_certificate *certificate =
        with_extension(pool, "crlDistributionPoints", longer);
    assert_string_equal(vt_certificate_address(certificate, VT_ADDRESS_CRL, 0), "http://b/");
    assert_null(vt_certificate_address(certificate, VT_ADDRESS_CRL, 1));
}

static void test_emails(void **state)
{
    static const struct {
        const char *value;
        const char *expected[3];
    } cases[] = {
        {"email:vanthu@ninhbinh.gov.vn", {"vanthu@ninhbinh.gov.vn"}},
        {"email:a@b,DNS:x,email:c@d", {"a@b", "c@d"}},
        {"email:a b@c,email:x@y", {"x@y"}},
        {"otherName:1.3.6.1.5.5.7.8.9;UTF8:vanthu@vi.example", {"vanthu@vi.example"}},
        {"otherName:1.3.6.1.4.1.311.20.2.3;UTF8:upn@x", {NULL}},
        {"DNS:x", {NULL}},
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        const struct vt_certificate *certificate =
            with_extension(pool, "subjectAltName", cases[i].value);
        for (size_t k = 0; k < 3; k++) {
            const char *got = vt_certificate_email(certificate, k);
            if (!same_text(got, cases[i].expected[k]))
                fail_msg("%s %zu: %s", cases[i].value, k, got);
        }
        assert_true(same_text(vt_certificate_facts(certificate)->email, cases[i].expected[0]));
    }
}

/* ---- what real certificates do ---- */

static void test_oddities(void **state)
{
    static const struct {
        const char *name;
        const char *extension, *value;
        long serial;
        const char *hex;
    } cases[] = {
        {"empty issuerAltName", "2.5.29.18", "DER:3000", 0, NULL},
        {"basicConstraints not critical", "basicConstraints", "CA:FALSE", 0, NULL},
        {"Netscape extension", "nsCertType", "client,email", 0, NULL},
        {"damaged extension", "1.3.6.1.5.5.7.1.1", "DER:30820100", 0, NULL},
        {"damaged distribution points", "2.5.29.31", "DER:a0", 0, NULL},
        {"damaged alternative name", "2.5.29.17", "DER:0500", 0, NULL},
        {"serial of three bytes", "keyUsage", "digitalSignature", 0x54c2de, "54c2de"},
        {"serial with a sign octet", "keyUsage", "digitalSignature", 0xf4c2de, "f4c2de"},
        {"negative serial", "keyUsage", "digitalSignature", -5, "fb"},
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct tc_options options = {.name = "odd",
                                     .serial = cases[i].serial,
                                     .extensions = {{cases[i].extension, cases[i].value}}};
        struct tc_entity made = tc_make(arena, pool, &options);
        if (made.certificate == NULL)
            fail_msg("%s", cases[i].name);
        if (cases[i].hex != NULL)
            assert_string_equal(vt_certificate_facts(made.certificate)->serial, cases[i].hex);
        assert_non_null(vt_certificate_x509(made.certificate));
    }
}

static void test_not_certificates(void **state)
{
    struct tc_entity good = tc_ca(arena, NULL, "good", NULL);
    uint8_t *longer = vt_arena_alloc(arena, good.der.len + 1);
    uint8_t *huge = vt_arena_alloc(arena, VT_MAX_CERTIFICATE_BYTES + 1);
    memcpy(longer, good.der.ptr, good.der.len);
    (void)state;
    const struct {
        struct vt_bytes der;
        enum vt_code expected;
    } cases[] = {
        {VT_BYTES(""), VT_E_FORMAT},
        {VT_BYTES("\x30\x00"), VT_E_FORMAT},
        {vt_bytes_of(longer, good.der.len + 1), VT_E_FORMAT},
        {vt_bytes_slice(good.der, 0, good.der.len - 1), VT_E_FORMAT},
        {vt_bytes_of(huge, VT_MAX_CERTIFICATE_BYTES + 1), VT_E_LIMIT},
        {good.der, VT_OK},
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        const struct vt_certificate *out;
        struct vt_err err = {0};
        assert_int_equal(vt_certificate_add(pool, cases[i].der, &out, &err), cases[i].expected);
        assert_true((out != NULL) == (cases[i].expected == VT_OK));
        assert_true((err.text[0] != '\0') == (cases[i].expected != VT_OK));
    }
    assert_int_equal(vt_certificate_pool_count(pool), 1);
}

/* ---- the pool ---- */

static void test_pool(void **state)
{
    enum { MANY = 150 };
    struct vt_certificate_pool *base = vt_certificate_pool_new(arena, NULL);
    struct tc_entity shared = tc_ca(arena, base, "shared", NULL);
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, base);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct vt_certificate *added[MANY];
    const struct vt_certificate *again;
    (void)state;
    assert_int_equal(vt_arena_own(arena, key, tc_free_key), VT_OK);
    for (size_t i = 0; i < MANY; i++) {
        struct tc_options options = {.name = "many", .key = key};
        added[i] = tc_make(arena, pool, &options).certificate;
    }
    assert_int_equal(vt_certificate_pool_count(pool), MANY + 1);
    assert_int_equal(vt_certificate_pool_count(base), 1);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(vt_certificate_add(pool, vt_certificate_der(added[i]), &again, NULL),
                         VT_OK);
        assert_ptr_equal(again, added[i]);
        assert_ptr_equal(vt_certificate_pool_get(pool, i + 1), added[i]);
    }
    /* What the base has is not copied. */
    assert_int_equal(vt_certificate_add(pool, shared.der, &again, NULL), VT_OK);
    assert_ptr_equal(again, shared.certificate);
    assert_ptr_equal(vt_certificate_pool_get(pool, 0), shared.certificate);
    assert_int_equal(vt_certificate_pool_count(pool), MANY + 1);
    assert_null(vt_certificate_pool_get(pool, MANY + 1));
    char hex[65];
    assert_int_equal(vt_verify_sha256(shared.der, hex), VT_OK);
    assert_string_equal(vt_certificate_sha256(again), hex);
}

/* ---- files ---- */

static char *pem_of(const struct tc_entity *entity)
{
    char *data;
    BIO *bio = BIO_new(BIO_s_mem());
    TC_CHECK(PEM_write_bio_X509(bio, entity->x509) == 1);
    long len = BIO_get_mem_data(bio, &data);
    char *copy = vt_arena_dup(arena, data, (size_t)len);
    BIO_free(bio);
    return copy;
}

static void test_files(void **state)
{
    struct tc_entity one = tc_ca(arena, NULL, "one", NULL);
    struct tc_entity two = tc_ca(arena, NULL, "two", NULL);
    char *bundle = vt_arena_printf(arena,
                                   "# comment\n%s\n-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                   "-----END PRIVATE KEY-----\r\n%s",
                                   pem_of(&one), pem_of(&two));
    char *bad = vt_arena_printf(arena,
                                "%s-----BEGIN CERTIFICATE-----\nAA.A\n"
                                "-----END CERTIFICATE-----\n",
                                pem_of(&one));
    (void)state;
    const struct {
        const char *name;
        struct vt_bytes file;
        size_t max;
        enum vt_code expected;
        size_t count;
    } cases[] = {
        {"DER", one.der, 4, VT_OK, 1},
        {"PEM", vt_bytes_str(pem_of(&one)), 4, VT_OK, 1},
        {"bundle", vt_bytes_str(bundle), 4, VT_OK, 2},
        {"more than there is room for", vt_bytes_str(bundle), 1, VT_E_LIMIT, 1},
        {"not base64", vt_bytes_str(bad), 4, VT_E_FORMAT, 1},
        {"without end", VT_BYTES("-----BEGIN CERTIFICATE-----\nAAAA\n"), 4, VT_E_FORMAT, 0},
        {"half a line", VT_BYTES("-----BEGIN "), 4, VT_E_FORMAT, 0},
        {"no certificate", VT_BYTES("hello"), 4, VT_E_FORMAT, 0},
        {"empty", VT_BYTES(""), 4, VT_E_FORMAT, 0},
    };
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
        const struct vt_certificate *out[4];
        size_t count = 99;
        struct vt_err err = {0};
        enum vt_code code =
            vt_certificate_add_file(pool, cases[i].file, out, cases[i].max, &count, &err);
        if (code != cases[i].expected || count != cases[i].count)
            fail_msg("%s: code %d, %zu certificates: %s", cases[i].name, code, count, err.text);
        if (code == VT_OK && count == 2)
            assert_string_equal(vt_certificate_facts(out[1])->common_name, "two");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_period_and_self_signed),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_emails),
        cmocka_unit_test(test_oddities),
        cmocka_unit_test(test_not_certificates),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
