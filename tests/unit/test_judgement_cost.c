/* SPDX-License-Identifier: Apache-2.0
 * What one mail may cost: a sender with a good certificate brings as many CRLs, OCSP responses,
 * certificates and time stamps as are read, each made to be looked at again and again. */
#include <time.h>

#include <openssl/param_build.h>

#include "../lib/trust_cases.h"

/* A quarter of VT_MAX_SIGNATURES; the first ones cost the most. */
#define JUDGED 25
/* Under the sanitizers too, on a slow machine: a mail has 20 seconds, and must not come near. */
#define MOST_MSECS 5000
#define STAMPS VT_MAX_TIMESTAMPS

struct burden {
    struct vt_verified verified;
    struct vt_verified_timestamp stamps[STAMPS];
    struct vt_validation_data data;
    struct vt_status_cache *cache;
};

static double cpu_msecs(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct burden *begin(const struct tc_entity *signer, const struct tc_entity *tsa)
{
    struct burden *burden = vt_arena_alloc(f.arena, sizeof(*burden));
    struct judge_case c = {.signer = signer};
    assert_non_null(burden);
    *burden = (struct burden){.cache = vt_status_cache_new(f.arena)};
    struct vt_verified_timestamp none[2];
    fill_verified(&c, &burden->verified, none);
    burden->verified.timestamps = burden->stamps;
    burden->verified.timestamps_count = STAMPS;
    for (int i = 0; i < STAMPS; i++) {
        struct judge_case stamped = {.tsa = tsa};
        burden->stamps[i] = stamp(&stamped, "signature", -20 * TC_DAY - i);
        /* each but the first is covered by the one before */
        burden->stamps[i].covers = i + 1 < STAMPS ? UINT32_C(2) << i : 0;
    }
    return burden;
}

static void judge_many(const char *what, const struct burden *burden)
{
    double before = cpu_msecs();
    for (int i = 0; i < JUDGED; i++) {
        struct vt_signature out;
        struct vt_wants wants = {0};
        struct vt_signed_object object = {.covers = VT_COVERS_WHOLE,
                                          .changes_after = VT_CHANGES_NONE,
                                          .claimed_time_utc_secs = VT_TIME_NONE};
        struct vt_trust_input input = {.store = f.store,
                                       .pool = f.pool,
                                       .object = &object,
                                       .verified = &burden->verified,
                                       .validation_data = &burden->data,
                                       .status_cache = burden->cache,
                                       .first_seen_utc_secs = VT_TIME_NONE,
                                       .now_utc_secs = TC_NOW};
        struct vt_err err = {0};
        if (vt_trust_judge(f.arena, &input, &out, &wants, &err) != VT_OK)
            fail_msg("%s", err.text);
        assert_int_equal(out.indication, VT_INDETERMINATE);
        assert_int_equal(out.timestamps_count, STAMPS);
    }
    double msecs = cpu_msecs() - before;
    print_message("%s: %.0f ms for %d signatures\n", what, msecs, JUDGED);
    assert_true(msecs < MOST_MSECS);
}

static void add(struct vt_bytes *list, size_t *count, struct vt_bytes der)
{
    assert_true(*count < VT_MAX_REVOCATIONS);
    list[(*count)++] = der;
}

/* ---- OCSP ---- */

/* A response of the size that is read, about strangers. */
static struct vt_bytes large_ocsp(void)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ASN1_TIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(TC_NOW - HOUR));
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, f.root.x509, f.root.x509);
    for (int i = 0; i < 2200; i++)
        assert_non_null(
            OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, -1, NULL, time, time));
    assert_int_equal(OCSP_basic_sign(basic, f.stranger_root.x509, f.stranger_root.key, EVP_sha256(),
                                     NULL, OCSP_NOTIME),
                     1);
    unsigned char *der = NULL;
    int len = i2d_OCSP_BASICRESP(basic, &der);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(time);
    assert_true(len > 200000 && (unsigned)len <= VT_MAX_OCSP_BYTES);
    return tc_keep(f.arena, der, len);
}

static void ocsp_of_strangers(void **state)
{
    (void)state;
    struct burden *burden = begin(&f.leaf, &f.tsa);
    struct vt_bytes large = large_ocsp();
    for (int i = 0; i < VT_MAX_REVOCATIONS; i++) {
        add(burden->verified.ocsps, &burden->verified.ocsps_count, large);
        add(burden->data.ocsps, &burden->data.ocsps_count, large);
    }
    judge_many("OCSP", burden);
}

/* ---- CRLs ---- */

static struct tc_entity impostor(const char *name)
{
    struct tc_entity made = tc_ca(f.arena, f.pool, name, NULL);
    return made;
}

static void carry(struct burden *burden, const struct tc_entity *entity)
{
    assert_true(burden->verified.carried_count < VT_MAX_CERTIFICATES);
    burden->verified.carried[burden->verified.carried_count++] = entity->certificate;
}

static void crls_of_impostors(void **state)
{
    (void)state;
    struct burden *burden = begin(&f.leaf, &f.tsa);
    struct tc_entity impostors[60];
    for (int i = 0; i < 60; i++) {
        impostors[i] = impostor("CA cơ quan Nhà nước");
        carry(burden, &impostors[i]);
    }
    for (int i = 0; i < 2 * VT_MAX_REVOCATIONS; i++) {
        struct tc_crl_options options = {.this_update_utc_secs = TC_NOW - i,
                                         .entries = {{&f.expired, TC_NOW - TC_DAY, -1, NULL}}};
        struct vt_bytes crl = tc_crl(f.arena, &impostors[i % 60], &options);
        if (i % 2)
            add(burden->verified.crls, &burden->verified.crls_count, crl);
        else
            add(burden->data.crls, &burden->data.crls_count, crl);
    }
    judge_many("CRLs of impostors", burden);
}

/* As many certificates as there may be, none of which has to do with any list. */
static void crls_among_many_certificates(void **state)
{
    (void)state;
    struct burden *burden = begin(&f.leaf, &f.tsa);
    struct tc_entity first = tc_ca(f.arena, f.pool, "CA xa lạ", NULL);
    for (int i = 0; i < STAMPS; i++) {
        for (int j = 0; j < VT_MAX_CERTIFICATES - 1; j++) {
            struct tc_options options = {.name = "NGƯỜI LẠ", .issuer = &first, .key = first.key};
            struct tc_entity stranger = tc_make(f.arena, f.pool, &options);
            burden->stamps[i].carried[burden->stamps[i].carried_count++] = stranger.certificate;
        }
    }
    struct tc_entity liar = f.ca;
    liar.key = first.key;
    for (int i = 0; i < 2 * VT_MAX_REVOCATIONS; i++) {
        struct tc_crl_options options = {.this_update_utc_secs = TC_NOW - i};
        struct vt_bytes crl = tc_crl(f.arena, &liar, &options);
        if (i % 2)
            add(burden->verified.crls, &burden->verified.crls_count, crl);
        else
            add(burden->data.crls, &burden->data.crls_count, crl);
    }
    judge_many("CRLs among many certificates", burden);
}

/* A large list that nobody signed. */
static void one_large_crl(void **state)
{
    (void)state;
    struct burden *burden = begin(&f.leaf, &f.tsa);
    for (int i = 0; i < 20; i++) {
        struct tc_entity entity = impostor("CA cơ quan Nhà nước");
        carry(burden, &entity);
    }
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)TC_NOW - HOUR);
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(f.ca.x509));
    X509_CRL_set1_lastUpdate(crl, time);
    X509_CRL_set1_nextUpdate(crl, time);
    for (int i = 0; i < 200000; i++) {
        X509_REVOKED *revoked = X509_REVOKED_new();
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        ASN1_INTEGER_set_uint64(serial, 0x1000000000u + (unsigned)i);
        X509_REVOKED_set_serialNumber(revoked, serial);
        X509_REVOKED_set_revocationDate(revoked, time);
        X509_CRL_add0_revoked(crl, revoked);
        ASN1_INTEGER_free(serial);
    }
    X509_CRL_sign(crl, f.fake_root.key, EVP_sha512());
    unsigned char *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    X509_CRL_free(crl);
    ASN1_TIME_free(time);
    add(burden->verified.crls, &burden->verified.crls_count, tc_keep(f.arena, der, len));
    judge_many("a large CRL", burden);
}

/* ---- paths ---- */

/* Certificates of one name, any of which might have issued any other; nobody knows the root. */
static void paths_of_strangers(void **state)
{
    (void)state;
    static const char *const usage[][2] = {{"extendedKeyUsage", "critical,timeStamping"},
                                           {NULL, NULL}};
    struct tc_entity made[60];
    for (int i = 0; i < 60; i++)
        made[i] = tc_ca(f.arena, f.pool, "CA lạ", i == 0 ? &f.stranger_root : &made[i - 1]);
    struct tc_entity tsa = make("TSA lạ", &made[59], 0, 0, usage);
    struct tc_entity leaf = tc_leaf(f.arena, f.pool, "NGƯỜI LẠ", &made[59]);
    struct burden *burden = begin(&leaf, &tsa);
    for (int i = 0; i < 60; i++)
        carry(burden, &made[i]);
    judge_many("paths of strangers", burden);
}

/* ---- keys ---- */

/* An RSA key with an exponent as long as its modulus: it signs nothing, but may be tried. */
static EVP_PKEY *slow_key(void)
{
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = BN_new();
    BIGNUM *exponent = BN_new();
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_int_equal(BN_rand(modulus, 3072, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    assert_int_equal(BN_rand(exponent, 3064, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    OSSL_PARAM_BLD_push_BN(builder, "n", modulus);
    OSSL_PARAM_BLD_push_BN(builder, "e", exponent);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(modulus);
    BN_free(exponent);
    assert_int_equal(vt_arena_own(f.arena, key, tc_free_key), VT_OK);
    return key;
}

/* Certificates that say that they signed themselves, as many as one signature carries; the pool of
 * a mail holds some thousand. */
static void certificates_with_slow_keys(void **state)
{
    (void)state;
    struct tc_entity real = {.x509 = X509_new(), .key = EVP_RSA_gen(3072)};
    assert_int_equal(vt_arena_own(f.arena, real.key, tc_free_key), VT_OK);
    assert_int_equal(vt_arena_own(f.arena, real.x509, tc_free_x509), VT_OK);
    tc_set_name(X509_get_subject_name(real.x509), "CHẬM");
    EVP_PKEY *slow = slow_key();
    struct vt_bytes made[VT_MAX_CERTIFICATES];
    for (int i = 0; i < VT_MAX_CERTIFICATES; i++) {
        struct tc_options options = {.name = "CHẬM", .issuer = &real, .key = slow};
        made[i] = tc_make(f.arena, NULL, &options).der;
    }
    double before = cpu_msecs();
    for (int i = 0; i < VT_MAX_CERTIFICATES; i++) {
        const struct vt_certificate *certificate = NULL;
        assert_int_equal(vt_certificate_add(f.pool, made[i], &certificate, NULL), VT_OK);
        assert_false(vt_certificate_facts(certificate)->is_self_signed);
    }
    print_message("%d certificates with slow keys: %.0f ms\n", VT_MAX_CERTIFICATES,
                  cpu_msecs() - before);
    /* 430 ms with such verifications, 10 without. */
    assert_true(cpu_msecs() - before < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ocsp_of_strangers),
        cmocka_unit_test(crls_of_impostors),
        cmocka_unit_test(crls_among_many_certificates),
        cmocka_unit_test(one_large_crl),
        cmocka_unit_test(paths_of_strangers),
        cmocka_unit_test(certificates_with_slow_keys),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
