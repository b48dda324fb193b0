/* SPDX-License-Identifier: Apache-2.0
 * CMS signatures: one case for each thing that can be right or wrong, the decisions where good
 * libraries disagree, and every bit of a small signature flipped once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/cms.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define BIT(reason) VT_REASON_BIT(VT_REASON_##reason)
#define CONTENT VT_BYTES("Content-Type: text/plain\r\n\r\nCong van so 12.\r\n")
#define CONTENT_LF VT_BYTES("Content-Type: text/plain\n\nCong van so 12.\n")
#define OTHER VT_BYTES("Content-Type: text/plain\r\n\r\nCong van so 13.\r\n")

static struct vt_arena *arena;
static struct tc_entity ca, rsa, weak, ec, other, ed, twin, same_id;

static struct tc_entity make_leaf(const char *name, EVP_PKEY *key, long serial)
{
    struct tc_options options = {
        .name = name,
        .issuer = &ca,
        .key = key,
        .serial = serial,
        .extensions = {{"keyUsage", "critical,digitalSignature"}, {"subjectKeyIdentifier", "hash"}},
    };
    return tc_make(arena, NULL, &options);
}

static EVP_PKEY *own_key(EVP_PKEY *key)
{
    TC_CHECK(key != NULL && vt_arena_own(arena, key, tc_free_key) == VT_OK);
    return key;
}

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new(64u << 20);
    TC_CHECK(arena != NULL);
    ca = tc_ca(arena, NULL, "CA", NULL);
    rsa = make_leaf("RSA", own_key(EVP_RSA_gen(2048)), 11);
    weak = make_leaf("RSA 1024", own_key(EVP_RSA_gen(1024)), 12);
    ec = make_leaf("EC", own_key(EVP_EC_gen("P-256")), 13);
    other = make_leaf("Other", own_key(EVP_EC_gen("P-256")), 14);
    ed = make_leaf("Ed25519", own_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")), 15);
    /* The same key and number under another name; the same number with another key. */
    twin = make_leaf("Somebody else", ec.key, 13);
    same_id = make_leaf("Same number", other.key, 13);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

/* ---- running ---- */

struct outcome {
    struct vt_arena *arena;
    struct vt_verified_list list;
};

static struct outcome verify(const struct vt_signed_object *object, struct vt_bytes known,
                             const struct vt_bytes *candidates, size_t candidates_count)
{
    struct outcome outcome = {.arena = vt_arena_new(32u << 20)};
    struct vt_err err = {0};
    TC_CHECK(outcome.arena != NULL);
    struct vt_certificate_pool *base = vt_certificate_pool_new(outcome.arena, NULL);
    const struct vt_certificate *added;
    if (known.len > 0)
        TC_CHECK(vt_certificate_add(base, known, &added, &err) == VT_OK);
    struct vt_certificate_pool *pool = vt_certificate_pool_new(outcome.arena, base);
    TC_CHECK(vt_verify_objects(outcome.arena, pool, object, 1, candidates, candidates_count,
                               &outcome.list, &err) == VT_OK);
    return outcome;
}

static void print_findings(const struct vt_verified *item)
{
    for (size_t i = 0; i < item->findings_count; i++)
        print_message("    %s\n", item->findings[i]);
}

struct expected {
    enum vt_integrity integrity;
    enum vt_sub_indication sub;
    vt_reasons reasons;
    bool ess_bound;
    const struct tc_entity *signer; /* NULL: none may be named */
};

static bool is_signer(const struct vt_verified *item, const struct tc_entity *entity)
{
    if (entity == NULL || item->signer == NULL)
        return entity == NULL && item->signer == NULL;
    return vt_bytes_equal(vt_certificate_der(item->signer), entity->der);
}

static void check(const char *name, const struct vt_verified *item, const struct expected *expected)
{
    if (item->integrity == expected->integrity && item->sub_indication == expected->sub &&
        item->reasons == expected->reasons && item->ess_bound == expected->ess_bound &&
        is_signer(item, expected->signer) && item->object == 0)
        return;
    print_findings(item);
    fail_msg("%s: integrity %d, sub-indication %d, reasons %llx, bound %d, signer %s", name,
             item->integrity, item->sub_indication, (unsigned long long)item->reasons,
             item->ess_bound,
             item->signer != NULL ? vt_certificate_facts(item->signer)->common_name : "none");
}

/* A detached signature over CONTENT. */
static struct vt_signed_object detached(struct vt_bytes cms, struct vt_bytes content)
{
    return (struct vt_signed_object){.format = VT_SIGNATURE_CMS,
                                     .binding = VT_BINDING_DETACHED,
                                     .ranges = {content},
                                     .ranges_count = 1,
                                     .cms = cms,
                                     .claimed_time_utc_secs = VT_TIME_NONE};
}

static struct vt_signed_object enclosed(struct vt_bytes cms)
{
    return (struct vt_signed_object){.format = VT_SIGNATURE_CMS,
                                     .binding = VT_BINDING_ENCAPSULATED,
                                     .cms = cms,
                                     .claimed_time_utc_secs = VT_TIME_NONE};
}

struct cms_case {
    const char *name;
    struct tcms_options options;
    struct expected expected;
};

/* Fill what most cases have in common, make, verify as detached over CONTENT. */
static void run_case(const struct cms_case *test)
{
    struct tcms_options options = test->options;
    if (options.signer == NULL)
        options.signer = &ec;
    if (options.content.ptr == NULL)
        options.content = CONTENT;
    struct vt_signed_object object = detached(tcms_make(arena, &options), CONTENT);
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    if (outcome.list.count != 1)
        fail_msg("%s: %zu signers", test->name, outcome.list.count);
    check(test->name, &outcome.list.items[0], &test->expected);
    vt_arena_free(outcome.arena);
}

static void run_cases(const struct cms_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        run_case(&cases[i]);
}

#define INTACT(...)                                                                                \
    {                                                                                              \
        VT_INTEGRITY_INTACT, VT_SUB_NONE, 0, true, __VA_ARGS__                                     \
    }
#define WEAK(...)                                                                                  \
    {                                                                                              \
        VT_INTEGRITY_INTACT, VT_SUB_NONE, BIT(WEAK_ALGORITHM), true, __VA_ARGS__                   \
    }
#define FORGED(...)                                                                                \
    {                                                                                              \
        VT_INTEGRITY_BROKEN, VT_SUB_SIG_CRYPTO_FAILURE, BIT(BAD_SIGNATURE), true, __VA_ARGS__      \
    }

/* ---- algorithms ---- */

/* RSASSA-PSS-params with SHA-256 and a salt of 32, the mask's digest and the trailer given. */
static struct vt_bytes pss_parameters(struct vt_bytes mask_digest, unsigned salt, unsigned trailer)
{
    return TD(arena, 0x30, TD(arena, 0xa0, td_algorithm(arena, TD_SHA256, TD_NULL)),
              TD(arena, 0xa1,
                 td_algorithm(arena, VT_OID_MGF1, td_algorithm(arena, mask_digest, TD_NULL))),
              TD(arena, 0xa2, td_number(arena, salt)),
              trailer != 1 ? TD(arena, 0xa3, td_number(arena, trailer)) : TD_NONE);
}

static void test_algorithms(void **state)
{
    (void)state;
    const struct expected unsupported = {VT_INTEGRITY_UNDETERMINED,
                                         VT_SUB_CRYPTO_CONSTRAINTS_FAILURE, BIT(FORMAT_UNSUPPORTED),
                                         true, &ec};
    const struct cms_case cases[] = {
        {"ECDSA", {.carry_signer = true}, INTACT(&ec)},
        {"ECDSA with SHA-384",
         {.carry_signer = true,
          .digest_oid = TD_SHA384,
          .digest = EVP_sha384(),
          .signature_oid = TD_ECDSA_SHA384},
         INTACT(&ec)},
        {"ECDSA with SHA3-256",
         {.carry_signer = true,
          .digest_oid = TD_SHA3_256,
          .digest = EVP_sha3_256(),
          .signature_oid = TD_ECDSA_SHA3_256},
         INTACT(&ec)},
        {"key as signature algorithm",
         {.carry_signer = true, .signature_oid = TD_EC_KEY},
         INTACT(&ec)},
        {"ECDSA plain",
         {.carry_signer = true, .signature_oid = TD_ECDSA_PLAIN_SHA256, .is_plain_ecdsa = true},
         INTACT(&ec)},
        {"DER called plain",
         {.carry_signer = true, .signature_oid = TD_ECDSA_PLAIN_SHA256},
         FORGED(&ec)},
        {"RSA", {.signer = &rsa, .carry_signer = true}, INTACT(&rsa)},
        {"RSA with SHA-256",
         {.signer = &rsa, .carry_signer = true, .signature_oid = TD_RSA_SHA256},
         INTACT(&rsa)},
        {"RSA with SHA3-256",
         {.signer = &rsa,
          .carry_signer = true,
          .digest_oid = TD_SHA3_256,
          .digest = EVP_sha3_256(),
          .signature_oid = TD_RSA_SHA3_256},
         INTACT(&rsa)},
        {"RSA-PSS",
         {.signer = &rsa,
          .carry_signer = true,
          .signature_oid = TD_RSA_PSS,
          .pss_salt = 32,
          .signature_parameters = pss_parameters(TD_SHA256, 32, 1)},
         INTACT(&rsa)},
        {"RSA-PSS, salt is longer than stated",
         {.signer = &rsa,
          .carry_signer = true,
          .signature_oid = TD_RSA_PSS,
          .pss_salt = 32,
          .signature_parameters = pss_parameters(TD_SHA256, 20, 1)},
         FORGED(&rsa)},
        {"RSA-PSS, mask of another digest",
         {.signer = &rsa,
          .carry_signer = true,
          .signature_oid = TD_RSA_PSS,
          .pss_salt = 32,
          .signature_parameters = pss_parameters(TD_SHA1, 32, 1)},
         FORGED(&rsa)},
        {"RSA-PSS, unknown trailer",
         {.signer = &rsa,
          .carry_signer = true,
          .signature_oid = TD_RSA_PSS,
          .pss_salt = 32,
          .signature_parameters = pss_parameters(TD_SHA256, 32, 2)},
         {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED), true, &rsa}},
        {"RSA-PSS without parameters",
         {.signer = &rsa, .carry_signer = true, .signature_oid = TD_RSA_PSS, .pss_salt = 32},
         {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED), true, &rsa}},
        {"Ed25519",
         {.signer = &ed, .carry_signer = true, .digest_oid = TD_SHA512, .digest = EVP_sha512()},
         INTACT(&ed)},
        {"Ed25519 by another key",
         {.signer = &ed,
          .carry_signer = true,
          .digest_oid = TD_SHA512,
          .digest = EVP_sha512(),
          .signature_oid = TD_ED25519,
          .key_of = &ec},
         FORGED(&ed)},
        {"SHA-1 is weak and intact",
         {.signer = &rsa, .carry_signer = true, .digest_oid = TD_SHA1, .digest = EVP_sha1()},
         WEAK(&rsa)},
        {"MD5 is nothing",
         {.signer = &rsa, .carry_signer = true, .digest_oid = TD_MD5, .digest = EVP_md5()},
         {VT_INTEGRITY_INTACT, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE, BIT(WEAK_ALGORITHM), true, &rsa}},
        {"RSA of 1024 bits is weak", {.signer = &weak, .carry_signer = true}, WEAK(&weak)},
        {"unknown digest",
         {.carry_signer = true, .digest_oid = VT_BYTES("\x2a\x03\x04")},
         unsupported},
        {"unknown signature algorithm",
         {.carry_signer = true, .signature_oid = VT_BYTES("\x2a\x03\x04")},
         unsupported},
        {"algorithm of another key",
         {.carry_signer = true, .signature_oid = TD_RSA_SHA256},
         FORGED(&ec)},
        {"digest with parameters",
         {.carry_signer = true, .digest_parameters = VT_BYTES("\x02\x01\x05")},
         {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED), true, &ec}},
        {"ECDSA with parameters",
         {.carry_signer = true,
          .signature_oid = TD_ECDSA_SHA256,
          .signature_parameters = VT_BYTES("\x02\x01\x05")},
         {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED), true, &ec}},
    };
    run_cases(cases, ENTRIES(cases));
}

/* Decision: one digest for content and attributes (RFC 5652 5.4, RFC 8933 3.1). */
static void test_two_digests(void **state)
{
    (void)state;
    const struct cms_case cases[] = {
        {"each fits its own algorithm",
         {.signer = &rsa,
          .carry_signer = true,
          .signature_digest = EVP_sha512(),
          .signature_oid = TD_RSA_SHA512},
         {VT_INTEGRITY_UNDETERMINED, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE, BIT(MALFORMED), true,
          &rsa}},
        {"the signature does not fit its own algorithm",
         {.signer = &rsa, .carry_signer = true, .signature_oid = TD_RSA_SHA512},
         {VT_INTEGRITY_BROKEN, VT_SUB_SIG_CRYPTO_FAILURE, BIT(MALFORMED), true, &rsa}},
        {"digestAlgorithm that is no digest",
         {.signer = &rsa,
          .carry_signer = true,
          .digest_oid = TD_RSA_SHA256,
          .signature_oid = TD_RSA_SHA256},
         {VT_INTEGRITY_BROKEN, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED), true, &rsa}},
    };
    run_cases(cases, ENTRIES(cases));
}

/* ---- who signed ---- */

static void test_signer(void **state)
{
    (void)state;
    const struct expected none = {VT_INTEGRITY_UNDETERMINED, VT_SUB_NO_SIGNING_CERTIFICATE_FOUND, 0,
                                  false, NULL};
    const struct cms_case cases[] = {
        {"among others", {.carried = {&other, &ca, &ec}}, INTACT(&ec)},
        {"by key identifier", {.by_key_id = true, .carried = {&other, &ec}}, INTACT(&ec)},
        {"not carried", {.carried = {&other}}, none},
        {"signed by another key", {.carry_signer = true, .key_of = &other}, FORGED(&ec)},
        {"ESS version 1", {.carry_signer = true, .ess = TCMS_ESS_V1}, INTACT(&ec)},
        {"no ESS",
         {.carry_signer = true, .ess = TCMS_ESS_NONE},
         {VT_INTEGRITY_INTACT, VT_SUB_NONE, 0, false, &ec}},
        {"serial beside the hash is informative",
         {.carry_signer = true, .ess = TCMS_ESS_BAD_SERIAL},
         INTACT(&ec)},
        {"ESS names a certificate that is not there",
         {.carry_signer = true, .ess_of = &other},
         none},
        {"key substitution: ESS names one of two twins", {.carried = {&twin, &ec}}, INTACT(&ec)},
        {"key substitution: only the wrong twin is carried", {.carried = {&twin}}, none},
        {"two certificates of one number, without ESS",
         {.ess = TCMS_ESS_NONE, .carried = {&same_id, &ec}},
         {VT_INTEGRITY_INTACT, VT_SUB_NONE, 0, false, &ec}},
        {"identifier differs from ESS", {.sid_of = &other, .carried = {&ec, &other}}, INTACT(&ec)},
        {"wrong identifier without ESS",
         {.sid_of = &other, .ess = TCMS_ESS_NONE, .carried = {&ec, &other}},
         {VT_INTEGRITY_BROKEN, VT_SUB_SIG_CRYPTO_FAILURE, BIT(BAD_SIGNATURE), false, &other}},
        {"ESS names another, and the content was changed",
         {.carry_signer = true, .ess_of = &other, .content = OTHER},
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED), false, NULL}},
    };
    run_cases(cases, ENTRIES(cases));
}

/* A leaf that is in the store and not in the signature, as real tools leave it out. */
static void test_signer_from_base(void **state)
{
    (void)state;
    struct tcms_options options = {.signer = &ec, .content = CONTENT};
    struct vt_signed_object object = detached(tcms_make(arena, &options), CONTENT);
    struct outcome outcome = verify(&object, ec.der, NULL, 0);
    assert_int_equal(outcome.list.count, 1);
    check("base", &outcome.list.items[0], &(struct expected)INTACT(&ec));
    assert_int_equal(outcome.list.items[0].carried_count, 0);
    vt_arena_free(outcome.arena);
}

/* ---- signed attributes ---- */

static struct vt_bytes protection(struct vt_bytes digest, struct vt_bytes signature)
{
    return tcms_attribute(arena, VT_OID_ALGORITHM_PROTECTION,
                          TD(arena, 0x30, td_algorithm(arena, digest, TD_NONE),
                             TD(arena, 0xa1, TD(arena, 0x06, signature))));
}

static void test_attributes(void **state)
{
    (void)state;
    const struct expected malformed = {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE,
                                       BIT(MALFORMED), true, &ec};
    const struct expected only_malformed = {VT_INTEGRITY_INTACT, VT_SUB_FORMAT_FAILURE,
                                            BIT(MALFORMED), true, &ec};
    struct vt_bytes utc = VT_BYTES("\x17\x0d"
                                   "260102030405Z");
    const struct cms_case cases[] = {
        {"changed content",
         {.carry_signer = true, .content = OTHER},
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED), true, &ec}},
        {"changed content and wrong key: both are reported",
         {.carry_signer = true, .content = OTHER, .key_of = &other},
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED) | BIT(BAD_SIGNATURE), true,
          &ec}},
        {"signing time", {.carry_signer = true, .signing_time = utc}, INTACT(&ec)},
        {"signing time with a zone",
         {.carry_signer = true,
          .signing_time = VT_BYTES("\x17\x11"
                                   "260102030405+0700")},
         INTACT(&ec)},
        {"signing time is no time",
         {.carry_signer = true,
          .signing_time = VT_BYTES("\x17\x0d"
                                   "261302030405Z")},
         only_malformed},
        {"two signing times",
         {.carry_signer = true, .signing_time = TD(arena, 0x31, utc)},
         only_malformed},
        {"signing time is not signed",
         {.carry_signer = true,
          .unsigned_attributes = tcms_attribute(arena, VT_OID_SIGNING_TIME, utc)},
         only_malformed},
        {"no content-type", {.carry_signer = true, .no_content_type = true}, malformed},
        {"no message-digest", {.carry_signer = true, .no_message_digest = true}, malformed},
        {"two content-types", {.carry_signer = true, .two_content_types = true}, malformed},
        {"two message-digests", {.carry_signer = true, .two_message_digests = true}, malformed},
        {"content-type of another content",
         {.carry_signer = true, .attribute_content_type = VT_OID_TST_INFO},
         malformed},
        {"algorithm protection",
         {.carry_signer = true, .more_attributes = protection(TD_SHA256, TD_ECDSA_SHA256)},
         INTACT(&ec)},
        {"algorithm protection of another digest",
         {.carry_signer = true, .more_attributes = protection(TD_SHA1, TD_ECDSA_SHA256)},
         FORGED(&ec)},
        {"algorithm protection of another signature",
         {.carry_signer = true, .more_attributes = protection(TD_SHA256, TD_RSA_SHA256)},
         FORGED(&ec)},
    };
    run_cases(cases, ENTRIES(cases));
}

/* Decision: what is digested is the DER encoding (RFC 5652 5.4). Attributes that stand in another
 * order are read, but a signature over them as they stand does not verify; that is a defect of
 * the producer and not called a bad signature. */
static void test_attribute_order(void **state)
{
    (void)state;
    const struct cms_case cases[] = {
        {"other order, signed as DER",
         {.carry_signer = true, .is_unsorted = true, .is_signed_sorted = true},
         INTACT(&ec)},
        {"other order, signed as it stands",
         {.carry_signer = true, .is_unsorted = true},
         {VT_INTEGRITY_BROKEN, VT_SUB_SIG_CRYPTO_FAILURE, BIT(MALFORMED), true, &ec}},
        {"other order, signed by another key",
         {.carry_signer = true, .is_unsorted = true, .key_of = &other},
         FORGED(&ec)},
    };
    run_cases(cases, ENTRIES(cases));
}

static void test_without_attributes(void **state)
{
    (void)state;
    const struct cms_case cases[] = {
        {"ECDSA",
         {.carry_signer = true, .no_attributes = true},
         {VT_INTEGRITY_INTACT, VT_SUB_NONE, 0, false, &ec}},
        {"Ed25519",
         {.signer = &ed, .carry_signer = true, .no_attributes = true, .digest_oid = TD_SHA512},
         {VT_INTEGRITY_INTACT, VT_SUB_NONE, 0, false, &ed}},
        {"changed content, ECDSA cannot tell from a wrong key",
         {.carry_signer = true, .no_attributes = true, .content = OTHER},
         {VT_INTEGRITY_BROKEN, VT_SUB_SIG_CRYPTO_FAILURE, BIT(BAD_SIGNATURE), false, &ec}},
        {"changed content, RSA can",
         {.signer = &rsa, .carry_signer = true, .no_attributes = true, .content = OTHER},
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED), false, &rsa}},
        {"another type of content needs them (RFC 5652 5.3)",
         {.carry_signer = true, .no_attributes = true, .content_type = VT_OID_TST_INFO},
         {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE,
          BIT(MALFORMED) | BIT(FORMAT_UNSUPPORTED), false, &ec}},
    };
    run_cases(cases, ENTRIES(cases));
}

/* The signed attributes of one signature passed off as the content of another. */
static void test_disguised_attributes(void **state)
{
    (void)state;
    struct tcms_options stolen = {.signer = &ec, .content = CONTENT};
    struct tcms_options options = {
        .signer = &ec,
        .carry_signer = true,
        .no_attributes = true,
        .content = tcms_attributes(arena, &stolen, false, 0x31),
    };
    struct vt_signed_object object = detached(tcms_make(arena, &options), options.content);
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    check("disguise", &outcome.list.items[0],
          &(struct expected){VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED),
                             false, &ec});
    vt_arena_free(outcome.arena);
}

/* ---- the content inside, outside, both, nowhere ---- */

static void test_own_content(void **state)
{
    (void)state;
    const struct cms_case cases[] = {
        {"the same content inside",
         {.carry_signer = true, .is_enclosed = true, .enclosed = CONTENT},
         INTACT(&ec)},
        {"another content inside",
         {.carry_signer = true, .is_enclosed = true, .enclosed = OTHER},
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED), true, &ec}},
        /* Decision: an empty eContent is content (RFC 5652 5.2); a defect, not a change. */
        {"an empty content inside",
         {.carry_signer = true, .is_enclosed = true, .enclosed = VT_BYTES("")},
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(MALFORMED), true, &ec}},
        {"padding", {.carry_signer = true, .trailing = VT_BYTES("\0\0\0\0")}, INTACT(&ec)},
        {"line ends behind", {.carry_signer = true, .trailing = VT_BYTES("\r\n\n")}, INTACT(&ec)},
        /* Whoever opens the file as something else sees them. */
        {"other bytes behind",
         {.carry_signer = true, .trailing = VT_BYTES("\0x\0")},
         {VT_INTEGRITY_INTACT, VT_SUB_SIG_CONSTRAINTS_FAILURE, BIT(MALFORMED), true, &ec}},
    };
    run_cases(cases, ENTRIES(cases));
}

static void test_enclosed(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct vt_bytes content;
        bool is_constructed;
    } cases[] = {{"primitive", CONTENT, false},
                 {"constructed, indefinite length", CONTENT, true},
                 {"empty", VT_BYTES(""), false}};
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct tcms_options options = {.signer = &ec,
                                       .carry_signer = true,
                                       .content = cases[i].content,
                                       .enclosed = cases[i].content,
                                       .is_enclosed = true,
                                       .is_constructed = cases[i].is_constructed};
        struct vt_signed_object object = enclosed(tcms_make(arena, &options));
        struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
        assert_int_equal(outcome.list.count, 1);
        check(cases[i].name, &outcome.list.items[0], &(struct expected)INTACT(&ec));
        assert_true(outcome.list.has_content);
        assert_true(vt_bytes_equal(outcome.list.content, cases[i].content));
        vt_arena_free(outcome.arena);
    }
}

static void test_candidates(void **state)
{
    (void)state;
    const struct vt_bytes fitting[] = {OTHER, CONTENT};
    const struct vt_bytes foreign[] = {OTHER, VT_BYTES("x")};
    const struct expected missing = {VT_INTEGRITY_UNDETERMINED, VT_SUB_SIGNED_DATA_NOT_FOUND, 0,
                                     true, &ec};
    const struct expected missing_direct = {VT_INTEGRITY_UNDETERMINED, VT_SUB_SIGNED_DATA_NOT_FOUND,
                                            0, false, &ec};
    const struct {
        const char *name;
        bool no_attributes;
        const struct vt_bytes *candidates;
        size_t count;
        struct expected expected;
    } cases[] = {
        {"one of two", false, fitting, 2, INTACT(&ec)},
        {"none of two", false, foreign, 2, missing},
        {"none at all", false, NULL, 0, missing},
        {"one of two, without attributes",
         true,
         fitting,
         2,
         {VT_INTEGRITY_INTACT, VT_SUB_NONE, 0, false, &ec}},
        {"none of two, without attributes", true, foreign, 2, missing_direct},
        {"none at all, without attributes", true, NULL, 0, missing_direct},
    };
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct tcms_options options = {.signer = &ec,
                                       .carry_signer = true,
                                       .content = CONTENT,
                                       .no_attributes = cases[i].no_attributes};
        struct vt_signed_object object = detached(tcms_make(arena, &options), TD_NONE);
        object.ranges_count = 0;
        struct outcome outcome = verify(&object, TD_NONE, cases[i].candidates, cases[i].count);
        assert_int_equal(outcome.list.count, 1);
        check(cases[i].name, &outcome.list.items[0], &cases[i].expected);
        vt_arena_free(outcome.arena);
    }
}

/* RFC 8551 3.1.1: only for messages, only when the bytes as they are do not fit. */
static void test_canonical_text(void **state)
{
    (void)state;
    const struct {
        const char *name;
        enum vt_signature_format format;
        struct vt_bytes signed_bytes, found;
        enum vt_integrity expected;
        size_t findings;
    } cases[] = {
        {"as it is", VT_SIGNATURE_SMIME, CONTENT, CONTENT, VT_INTEGRITY_INTACT, 0},
        {"lost its CRs", VT_SIGNATURE_SMIME, CONTENT, CONTENT_LF, VT_INTEGRITY_INTACT, 1},
        {"signed with LF", VT_SIGNATURE_SMIME, CONTENT_LF, CONTENT_LF, VT_INTEGRITY_INTACT, 0},
        {"gained CRs", VT_SIGNATURE_SMIME, CONTENT_LF, CONTENT, VT_INTEGRITY_BROKEN, 1},
        {"not a message", VT_SIGNATURE_CMS, CONTENT, CONTENT_LF, VT_INTEGRITY_BROKEN, 1},
        {"changed", VT_SIGNATURE_SMIME, OTHER, CONTENT_LF, VT_INTEGRITY_BROKEN, 1},
    };
    for (size_t i = 0; i < 2 * ENTRIES(cases); i++) {
        size_t c = i / 2;
        struct tcms_options options = {.signer = &rsa,
                                       .carry_signer = true,
                                       .no_attributes = i % 2 == 1,
                                       .content = cases[c].signed_bytes};
        struct vt_signed_object object = detached(tcms_make(arena, &options), cases[c].found);
        object.format = cases[c].format;
        struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
        const struct vt_verified *item = &outcome.list.items[0];
        if (item->integrity != cases[c].expected || item->findings_count != cases[c].findings) {
            print_findings(item);
            fail_msg("%s: %d", cases[c].name, item->integrity);
        }
        vt_arena_free(outcome.arena);
    }
}

/* adbe.pkcs7.sha1 */
static void test_pdf_sha1(void **state)
{
    (void)state;
    struct vt_bytes sha1 = tcms_digest(arena, EVP_sha1(), CONTENT);
    const struct {
        const char *name;
        struct vt_bytes inside, found;
        bool is_enclosed;
        struct expected expected;
    } cases[] = {
        {"good", sha1, CONTENT, true, WEAK(&ec)},
        {"changed",
         sha1,
         OTHER,
         true,
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED) | BIT(WEAK_ALGORITHM),
          true, &ec}},
        {"not the digest",
         CONTENT,
         CONTENT,
         true,
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED) | BIT(WEAK_ALGORITHM),
          true, &ec}},
        {"nothing inside",
         sha1,
         CONTENT,
         false,
         {VT_INTEGRITY_BROKEN, VT_SUB_HASH_FAILURE, BIT(CONTENT_CHANGED) | BIT(WEAK_ALGORITHM),
          true, &ec}},
    };
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct tcms_options options = {.signer = &ec,
                                       .carry_signer = true,
                                       .content = cases[i].inside,
                                       .enclosed = cases[i].inside,
                                       .is_enclosed = cases[i].is_enclosed};
        struct vt_signed_object object = detached(tcms_make(arena, &options), cases[i].found);
        object.binding = VT_BINDING_PDF_SHA1;
        struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
        check(cases[i].name, &outcome.list.items[0], &cases[i].expected);
        assert_true(outcome.list.items[0].weak_digest);
        vt_arena_free(outcome.arena);
    }
}

/* ---- objects as a whole ---- */

static void test_two_ranges(void **state)
{
    (void)state;
    struct tcms_options options = {.signer = &ec, .carry_signer = true, .content = CONTENT};
    for (size_t cut = 0; cut <= CONTENT.len; cut++) {
        struct vt_signed_object object = detached(tcms_make(arena, &options), TD_NONE);
        object.ranges[0] = vt_bytes_slice(CONTENT, 0, cut);
        object.ranges[1] = vt_bytes_slice(CONTENT, cut, CONTENT.len);
        object.ranges_count = 2;
        struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
        check("two ranges", &outcome.list.items[0], &(struct expected)INTACT(&ec));
        vt_arena_free(outcome.arena);
    }
}

static void test_signers_count(void **state)
{
    (void)state;
    struct tcms_options options = {
        .signer = &ec, .carry_signer = true, .content = CONTENT, .two_signers = true};
    struct vt_signed_object object = detached(tcms_make(arena, &options), CONTENT);
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    assert_int_equal(outcome.list.count, 2);
    assert_int_equal(outcome.list.items[1].signer_index, 1);
    check("second", &outcome.list.items[1], &(struct expected)INTACT(&ec));
    vt_arena_free(outcome.arena);

    /* Certificates only: no signature, unless one is claimed. */
    options.two_signers = false;
    options.no_signers = true;
    object = enclosed(tcms_make(arena, &options));
    outcome = verify(&object, TD_NONE, NULL, 0);
    assert_int_equal(outcome.list.count, 0);
    assert_true(outcome.list.degenerate);
    vt_arena_free(outcome.arena);
    object = detached(object.cms, CONTENT);
    outcome = verify(&object, TD_NONE, NULL, 0);
    assert_int_equal(outcome.list.count, 1);
    assert_true(outcome.list.degenerate);
    check("claimed", &outcome.list.items[0],
          &(struct expected){VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED),
                             false, NULL});
    vt_arena_free(outcome.arena);
}

/* Decision: EN 319 102-1 5.2.2 calls what cannot be read FORMAT_FAILURE (TOTAL-FAILED); its
 * integrity stays undetermined unless the document itself is broken. */
static void test_unreadable(void **state)
{
    (void)state;
    const struct expected unreadable = {VT_INTEGRITY_UNDETERMINED, VT_SUB_FORMAT_FAILURE,
                                        BIT(MALFORMED), false, NULL};
    const struct expected broken = {VT_INTEGRITY_BROKEN, VT_SUB_FORMAT_FAILURE, BIT(MALFORMED),
                                    false, NULL};
    const struct expected unsupported = {VT_INTEGRITY_UNDETERMINED, VT_SUB_NONE,
                                         BIT(FORMAT_UNSUPPORTED), false, NULL};
    struct tcms_options options = {.signer = &ec, .carry_signer = true, .content = CONTENT};
    struct vt_bytes good = tcms_make(arena, &options);
    const struct {
        const char *name;
        struct vt_bytes cms;
        bool structure_broken;
        enum vt_signature_format format;
        struct expected expected;
    } cases[] = {
        {"empty", TD_NONE, false, VT_SIGNATURE_PADES, unreadable},
        {"text", VT_BYTES("not a CMS"), false, VT_SIGNATURE_PADES, unreadable},
        {"zeros", VT_BYTES("\0\0\0\0\0\0\0\0"), false, VT_SIGNATURE_PADES, unreadable},
        {"cut", vt_bytes_slice(good, 0, good.len - 1), false, VT_SIGNATURE_PADES, unreadable},
        {"empty in a broken document", TD_NONE, true, VT_SIGNATURE_PADES, broken},
        {"format that is not known", good, false, VT_SIGNATURE_UNKNOWN, unsupported},
    };
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct vt_signed_object object = detached(cases[i].cms, CONTENT);
        object.structure_broken = cases[i].structure_broken;
        object.format = cases[i].format;
        struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
        assert_int_equal(outcome.list.count, 1);
        check(cases[i].name, &outcome.list.items[0], &cases[i].expected);
        assert_true(outcome.list.items[0].findings_count > 0);
        vt_arena_free(outcome.arena);
    }
    struct vt_signed_object object = detached(good, CONTENT);
    object.structure_broken = true;
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    assert_int_equal(outcome.list.items[0].integrity, VT_INTEGRITY_BROKEN);
    assert_int_equal(outcome.list.items[0].sub_indication, VT_SUB_FORMAT_FAILURE);
    vt_arena_free(outcome.arena);
}

/* More SignerInfos than are verified: none of them is called good. */
static void test_too_many_signers(void **state)
{
    (void)state;
    struct vt_bytes infos[VT_MAX_SIGNERS + 1];
    struct tcms_options options = {.signer = &ec, .content = CONTENT};
    for (size_t i = 0; i < ENTRIES(infos); i++)
        infos[i] = tcms_signer_info(arena, &options);
    struct vt_bytes signed_data =
        TD(arena, 0x30, td_number(arena, 1), TD(arena, 0x31, TD_NONE),
           TD(arena, 0x30, TD(arena, 0x06, VT_OID_DATA)), TD(arena, 0xa0, ec.der),
           td_make(arena, 0x31, infos, ENTRIES(infos)));
    struct vt_signed_object object =
        detached(TD(arena, 0x30, TD(arena, 0x06, VT_OID_SIGNED_DATA), TD(arena, 0xa0, signed_data)),
                 CONTENT);
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    assert_int_equal(outcome.list.count, 1);
    check("too many", &outcome.list.items[0],
          &(struct expected){VT_INTEGRITY_UNDETERMINED, VT_SUB_NONE, BIT(TOO_LARGE), false, NULL});
    vt_arena_free(outcome.arena);
}

/* Revisions of one document: digests that share a prefix are those of each alone. */
static void test_shared_digests(void **state)
{
    enum { REVISIONS = 6, STEP = 9000, SIZE = REVISIONS * STEP + STEP };
    static uint8_t file[SIZE];
    struct vt_signed_object objects[REVISIONS];
    struct vt_verified_list lists[REVISIONS];
    struct vt_err err = {0};
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        file[i] = (uint8_t)(i * 31 + i / 256);
    for (size_t i = 0; i < REVISIONS; i++) {
        size_t hole = STEP * (i + 1);
        uint8_t *content = vt_arena_alloc(arena, SIZE);
        memcpy(content, file, hole);
        memcpy(content + hole, file + hole + 100, 500);
        struct tcms_options options = {
            .signer = &ec, .carry_signer = true, .content = vt_bytes_of(content, hole + 500)};
        objects[i] = detached(tcms_make(arena, &options), vt_bytes_of(file, hole));
        objects[i].ranges[1] = vt_bytes_of(file + hole + 100, 500);
        objects[i].ranges_count = 2;
    }
    /* The second and the second last are over other bytes. */
    objects[1].ranges[1].len--;
    objects[REVISIONS - 2].ranges[0].len--;
    struct vt_arena *own = vt_arena_new(32u << 20);
    struct vt_certificate_pool *pool = vt_certificate_pool_new(own, NULL);
    assert_int_equal(vt_verify_objects(own, pool, objects, REVISIONS, NULL, 0, lists, &err), VT_OK);
    for (size_t i = 0; i < REVISIONS; i++) {
        bool is_good = i != 1 && i != REVISIONS - 2;
        assert_int_equal(lists[i].items[0].object, i);
        assert_int_equal(lists[i].items[0].integrity,
                         is_good ? VT_INTEGRITY_INTACT : VT_INTEGRITY_BROKEN);
    }
    vt_arena_free(own);
}

/* crls [1] with an OCSP response beside a CRL (RFC 5940), and Adobe's attribute. */
static void test_revocation_data(void **state)
{
    (void)state;
    struct vt_bytes crl = TD(arena, 0x30, VT_BYTES("\x02\x01\x01"));
    struct vt_bytes ocsp = TD(arena, 0x30, VT_BYTES("\x0a\x01\x00"));
    struct vt_bytes archival = TD(arena, 0x30, TD(arena, 0xa0, TD(arena, 0x30, crl, crl)),
                                  TD(arena, 0xa1, TD(arena, 0x30, ocsp)));
    struct tcms_options options = {
        .signer = &ec,
        .carry_signer = true,
        .content = CONTENT,
        .revocations = TD(arena, 0xa1, TD(arena, 0x06, VT_OID_RI_OCSP), ocsp),
        .more_attributes = tcms_attribute(arena, VT_OID_ADBE_REVOCATION, archival),
        .unsigned_attributes =
            tcms_attribute(arena, VT_OID_CERTIFICATE_VALUES, TD(arena, 0x30, ca.der, other.der)),
    };
    struct vt_signed_object object = detached(tcms_make(arena, &options), CONTENT);
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    const struct vt_verified *item = &outcome.list.items[0];
    check("revocation", item, &(struct expected)INTACT(&ec));
    assert_int_equal(item->crls_count, 2);
    assert_int_equal(item->ocsps_count, 2);
    assert_true(vt_bytes_equal(item->crls[1], crl));
    assert_true(vt_bytes_equal(item->ocsps[0], ocsp));
    assert_int_equal(item->carried_count, 3);
    vt_arena_free(outcome.arena);
}

/* What tools write where RFC 5652 11.3 wants UTCTime with seconds and Z. */
static void test_signing_time_value(void **state)
{
    const int64_t time = vt_time_from_civil(2026, 1, 2, 3, 4, 5);
    const struct {
        uint8_t tag;
        const char *text;
        int64_t expected;
        size_t findings;
    } cases[] = {
        {0x17, "260102030405Z", time, 0},
        {0x17, "2601020304Z", time - 5, 1},
        {0x17, "260102100405+0700", time, 1},
        {0x17, "260101230405-0400", time, 1},
        {0x17, "491231235959Z", vt_time_from_civil(2049, 12, 31, 23, 59, 59), 0},
        {0x17, "500101000000Z", vt_time_from_civil(1950, 1, 1, 0, 0, 0), 0},
        {0x18, "20260102030405Z", time, 1},
        {0x18, "20500102030405Z", vt_time_from_civil(2050, 1, 2, 3, 4, 5), 0},
        {0x18, "20500102030405.5Z", vt_time_from_civil(2050, 1, 2, 3, 4, 5), 1},
        {0x17, "260102030405+2500", VT_TIME_NONE, 1},
        {0x17, "260102030405", VT_TIME_NONE, 1},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct tcms_options options = {.signer = &ec,
                                       .carry_signer = true,
                                       .content = CONTENT,
                                       .signing_time =
                                           TD(arena, cases[i].tag, vt_bytes_str(cases[i].text))};
        struct vt_signed_object object = detached(tcms_make(arena, &options), CONTENT);
        struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
        const struct vt_verified *item = &outcome.list.items[0];
        if (item->claimed_time_utc_secs != cases[i].expected ||
            item->findings_count != cases[i].findings)
            fail_msg("%s: %lld, %zu findings", cases[i].text,
                     (long long)item->claimed_time_utc_secs, item->findings_count);
        assert_string_equal(item->digest_algorithm, "SHA-256");
        assert_string_equal(item->signature_algorithm, "ECDSA");
        vt_arena_free(outcome.arena);
    }
}

/* ---- every bit ---- */

/* content NULL: it is inside. */
static bool is_intact_after(struct vt_bytes cms, struct vt_bytes content)
{
    struct vt_signed_object object = content.ptr == NULL ? enclosed(cms) : detached(cms, content);
    struct outcome outcome = verify(&object, TD_NONE, NULL, 0);
    bool intact = false;
    for (size_t i = 0; i < outcome.list.count; i++)
        intact = intact || outcome.list.items[i].integrity == VT_INTEGRITY_INTACT;
    vt_arena_free(outcome.arena);
    return intact;
}

/* Where bytes stand that no signature covers. */
struct region {
    const char *name;
    size_t from, len;
    unsigned survivors;
};

static struct region region_of(struct vt_bytes cms, const char *name, struct vt_bytes part)
{
    size_t from = vt_bytes_find(cms, part, 0);
    TC_CHECK(from != SIZE_MAX);
    return (struct region){.name = name, .from = from, .len = part.len};
}

static struct region *covering(struct region *regions, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++) {
        if (at >= regions[i].from && at - regions[i].from < regions[i].len)
            return &regions[i];
    }
    return NULL;
}

static void flip_every_bit(bool is_enclosed)
{
    struct vt_bytes time = VT_BYTES("\x17\x0d"
                                    "260102030405Z");
    struct vt_bytes unsigned_attribute =
        tcms_attribute(arena, VT_BYTES("\x2a\x03\x04\x05"), TD(arena, 0x04, VT_BYTES("unsigned")));
    struct tcms_options options = {.signer = &ec,
                                   .carried = {&ec, &other},
                                   .content = CONTENT,
                                   .is_enclosed = is_enclosed,
                                   .enclosed = CONTENT,
                                   .signing_time = time,
                                   .unsigned_attributes = unsigned_attribute,
                                   .trailing = VT_BYTES("\0\0\0\0")};
    struct vt_bytes good = tcms_make(arena, &options);
    /* With the ESS attribute the signer identifier is a hint only. Version numbers and the list
     * of digest algorithms decide nothing (RFC 5652 5.1). */
    struct vt_bytes algorithms = TD(arena, 0x31, tcms_digest_algorithm(arena, &options));
    struct vt_bytes sid = tcms_sid(arena, &options);
    struct region regions[] = {
        region_of(good, "an unused certificate", other.der),
        region_of(good, "an unsigned attribute", unsigned_attribute),
        region_of(good, "the list of digest algorithms", algorithms),
        region_of(good, "the signer identifier", sid),
        {.name = "padding", .from = good.len - 4, .len = 4},
        {.name = "version of SignedData", .from = vt_bytes_find(good, algorithms, 0) - 1, .len = 1},
        {.name = "version of SignerInfo", .from = vt_bytes_find(good, sid, 0) - 1, .len = 1},
    };
    uint8_t *bytes = vt_arena_dup(arena, good.ptr, good.len);
    struct vt_bytes outside = is_enclosed ? TD_NONE : CONTENT;
    assert_true(is_intact_after(good, outside));
    for (size_t at = 0; at < good.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            bool intact = is_intact_after(vt_bytes_of(bytes, good.len), outside);
            bytes[at] ^= (uint8_t)(1u << bit);
            struct region *region = covering(regions, ENTRIES(regions), at);
            if (intact && region == NULL)
                fail_msg("bit %u of byte %zu is not covered", bit, at);
            if (intact)
                region->survivors++;
        }
    }
    for (size_t i = 0; i < ENTRIES(regions); i++) {
        if (regions[i].survivors == 0)
            fail_msg("%s: every change was noticed, the list of regions is wrong", regions[i].name);
    }
}

static void test_every_bit_detached(void **state)
{
    (void)state;
    flip_every_bit(false);
}

static void test_every_bit_enclosed(void **state)
{
    (void)state;
    flip_every_bit(true);
}

static void test_every_byte_of_content(void **state)
{
    (void)state;
    struct tcms_options options = {.signer = &ec, .carry_signer = true, .content = CONTENT};
    struct vt_bytes cms = tcms_make(arena, &options);
    uint8_t *bytes = vt_arena_dup(arena, CONTENT.ptr, CONTENT.len);
    for (size_t at = 0; at < CONTENT.len; at++) {
        bytes[at] ^= 1;
        assert_false(is_intact_after(cms, vt_bytes_of(bytes, CONTENT.len)));
        bytes[at] ^= 1;
        assert_false(is_intact_after(cms, vt_bytes_of(bytes, at)));
    }
    assert_true(is_intact_after(cms, vt_bytes_of(bytes, CONTENT.len)));
}

static void test_every_cut(void **state)
{
    (void)state;
    struct tcms_options options = {.signer = &ec, .carry_signer = true, .content = CONTENT};
    struct vt_bytes cms = tcms_make(arena, &options);
    for (size_t len = 0; len < cms.len; len++) {
        assert_false(is_intact_after(vt_bytes_slice(cms, 0, len), CONTENT));
        assert_false(is_intact_after(vt_bytes_slice(cms, cms.len - len, len), CONTENT));
    }
}

/* ---- what it is ---- */

static struct vt_bytes armor(const char *begin, struct vt_bytes der, const char *end)
{
    size_t room = der.len * 2 + 200;
    char *text = vt_arena_alloc(arena, room);
    size_t used = (size_t)snprintf(text, room, "%s", begin);
    for (size_t i = 0; i < der.len; i += 48) {
        size_t len = der.len - i < 48 ? der.len - i : 48;
        used += (size_t)EVP_EncodeBlock((unsigned char *)text + used, der.ptr + i, (int)len);
        text[used++] = '\n';
    }
    used += (size_t)snprintf(text + used, room - used, "%s", end);
    return vt_bytes_of(text, used);
}

static void test_identify(void **state)
{
    (void)state;
    struct tcms_options options = {.signer = &ec, .carry_signer = true, .content = CONTENT};
    struct vt_bytes der = tcms_make(arena, &options);
    options.is_enclosed = true;
    options.enclosed = CONTENT;
    struct vt_bytes with_content = tcms_make(arena, &options);
    options.is_constructed = true;
    struct vt_bytes constructed = tcms_make(arena, &options);
    struct vt_bytes enveloped =
        TD(arena, 0x30, TD(arena, 0x06, VT_OID_ENVELOPED_DATA), TD(arena, 0xa0, TD_NONE));
    struct vt_bytes compressed =
        TD(arena, 0x30, TD(arena, 0x06, VT_OID_COMPRESSED_DATA), TD(arena, 0xa0, TD_NONE));
    const struct {
        const char *name;
        struct vt_bytes bytes;
        enum vt_cms_kind expected;
        bool has_content;
        struct vt_bytes der;
    } cases[] = {
        {"DER", der, VT_CMS_SIGNED, false, der},
        {"with content", with_content, VT_CMS_SIGNED, true, with_content},
        {"constructed content", constructed, VT_CMS_SIGNED, true, constructed},
        {"base64", armor("", der, ""), VT_CMS_SIGNED, false, der},
        {"PEM", armor("-----BEGIN PKCS7-----\n", der, "-----END PKCS7-----\n"), VT_CMS_SIGNED,
         false, der},
        {"PEM with a preamble",
         armor("Subject: x\n\n-----BEGIN CMS-----\n", with_content, "-----END CMS-----\n"),
         VT_CMS_SIGNED, true, with_content},
        {"PEM of a certificate",
         armor("-----BEGIN CERTIFICATE-----\n", ec.der, "-----END CERTIFICATE-----\n"), VT_CMS_NOT,
         false, TD_NONE},
        {"certificate", ec.der, VT_CMS_NOT, false, TD_NONE},
        {"cut", vt_bytes_slice(der, 0, 40), VT_CMS_SIGNED, false, vt_bytes_slice(der, 0, 40)},
        {"enveloped", enveloped, VT_CMS_ENCRYPTED, false, enveloped},
        {"compressed", compressed, VT_CMS_OTHER, false, compressed},
        {"text", VT_BYTES("MInh gui van ban"), VT_CMS_NOT, false, TD_NONE},
        {"nothing", TD_NONE, VT_CMS_NOT, false, TD_NONE},
        {"one byte", VT_BYTES("0"), VT_CMS_NOT, false, TD_NONE},
    };
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct vt_bytes out;
        bool has_content = true;
        enum vt_cms_kind kind = vt_verify_identify_cms(arena, cases[i].bytes, &out, &has_content);
        if (kind != cases[i].expected || has_content != cases[i].has_content ||
            (kind != VT_CMS_NOT && !vt_bytes_equal(out, cases[i].der)))
            fail_msg("%s: kind %d, content %d, %zu bytes", cases[i].name, kind, has_content,
                     out.len);
    }
}

static void test_sha256(void **state)
{
    char hex[65];
    (void)state;
    assert_int_equal(vt_verify_sha256(VT_BYTES("abc"), hex), VT_OK);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(vt_verify_sha256(TD_NONE, hex), VT_OK);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Memory that runs out at any place gives an error and no verdict. */
static void test_out_of_memory(void **state)
{
    (void)state;
    struct tcms_options options = {.signer = &ec, .carry_signer = true, .content = CONTENT};
    struct vt_bytes cms = tcms_make(arena, &options);
    unsigned failures = 0;
    for (size_t budget = 0; budget < 120000; budget += 1024) {
        struct vt_signed_object object = detached(cms, CONTENT);
        struct vt_verified_list list = {0};
        struct vt_arena *small = vt_arena_new(budget);
        struct vt_certificate_pool *pool = vt_certificate_pool_new(small, NULL);
        if (pool != NULL) {
            enum vt_code code = vt_verify_objects(small, pool, &object, 1, NULL, 0, &list, NULL);
            assert_true(code == VT_OK || code == VT_E_NOMEM);
            failures += code == VT_E_NOMEM;
            if (code == VT_OK)
                assert_int_equal(list.items[0].integrity, VT_INTEGRITY_INTACT);
        }
        vt_arena_free(small);
    }
    assert_true(failures > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_two_digests),
        cmocka_unit_test(test_signer),
        cmocka_unit_test(test_signer_from_base),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_attribute_order),
        cmocka_unit_test(test_without_attributes),
        cmocka_unit_test(test_disguised_attributes),
        cmocka_unit_test(test_own_content),
        cmocka_unit_test(test_enclosed),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_canonical_text),
        cmocka_unit_test(test_pdf_sha1),
        cmocka_unit_test(test_two_ranges),
        cmocka_unit_test(test_signers_count),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_too_many_signers),
        cmocka_unit_test(test_shared_digests),
        cmocka_unit_test(test_revocation_data),
        cmocka_unit_test(test_signing_time_value),
        cmocka_unit_test(test_every_bit_detached),
        cmocka_unit_test(test_every_bit_enclosed),
        cmocka_unit_test(test_every_byte_of_content),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_identify),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
