/* SPDX-License-Identifier: Apache-2.0
 * The search for a path (RFC 5280 6.1): cross certificates, two generations at once, revoked links
 * that have a way around, oddities of real certificates (legal.md ), and what a
 * stranger's certificates may cost. */
#include "../lib/trust_cases.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "trust/path.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 1.2.3.4, 1.2.3.5, and 2.16.704.1.1.1.1.1 before the first */
#define POLICY_A "DER:30:07:30:05:06:03:2a:03:04"
#define POLICY_B "DER:30:07:30:05:06:03:2a:03:05"
#define BOTH_POLICIES "DER:30:13:30:0a:06:08:60:85:40:01:01:01:01:01:30:05:06:03:2a:03:04"

/* ---- a store and CRLs of one's own ---- */

struct world {
    const struct tc_entity *anchors[4], *intermediates[4], *carried[4];
    struct vt_bytes crls[6];
    size_t crls_count;
    struct vt_trust_store *store;
};

static const char *join(const char *a, const char *b)
{
    return vt_arena_printf(f.arena, "%s/%s", a, b);
}

static void write_into(const char *folder, const struct tc_entity *const list[4])
{
    make_folder(folder);
    for (int i = 0; i < 4 && list[i] != NULL; i++)
        write_file(vt_arena_printf(f.arena, "%s/%d.der", folder, i), list[i]->der);
}

static void load_world(struct world *world)
{
    static int number = 0;
    struct vt_err err = {0};
    const char *anchors = vt_arena_printf(f.arena, "a%d", ++number);
    const char *between = vt_arena_printf(f.arena, "i%d", number);
    write_into(anchors, world->anchors);
    write_into(between, world->intermediates);
    struct vt_trust_source source = {.anchors = join(f.folder, anchors),
                                     .intermediates = join(f.folder, between),
                                     .confirmed_all = true};
    if (vt_trust_store_load(&source, 1, &world->store, &err) != VT_OK)
        fail_msg("%s", err.text);
}

/* Superseded (RFC 5280 5.3.1): around a key that is compromised there is no way. */
#define REASON_SUPERSEDED 4

static void add_crl(struct world *world, const struct tc_entity *issuer,
                    const struct tc_entity *revoked)
{
    struct tc_crl_options options = {.this_update_utc_secs = TC_NOW - HOUR};
    if (revoked != NULL)
        options.entries[0] = (struct tc_entry){revoked, TC_NOW - TC_DAY, REASON_SUPERSEDED, NULL};
    world->crls[world->crls_count++] = tc_crl(f.arena, issuer, &options);
}

static void judge_in(const struct world *world, const struct tc_entity *signer,
                     struct vt_signature *out)
{
    struct vt_wants wants = {0};
    struct vt_signed_object object = {.covers = VT_COVERS_WHOLE,
                                      .changes_after = VT_CHANGES_NONE,
                                      .claimed_time_utc_secs = VT_TIME_NONE};
    struct vt_verified verified = {.integrity = VT_INTEGRITY_INTACT,
                                   .signer = signer->certificate,
                                   .claimed_time_utc_secs = VT_TIME_NONE,
                                   .digest_algorithm = "SHA-256"};
    for (size_t i = 0; i < 4 && world->carried[i] != NULL; i++)
        verified.carried[verified.carried_count++] = world->carried[i]->certificate;
    struct vt_trust_input input = {.store = world->store,
                                   .pool = f.pool,
                                   .object = &object,
                                   .verified = &verified,
                                   .given_crls = world->crls,
                                   .given_crls_count = world->crls_count,
                                   .first_seen_utc_secs = VT_TIME_NONE,
                                   .now_utc_secs = TC_NOW};
    assert_int_equal(vt_trust_judge(f.arena, &input, out, &wants, NULL), VT_OK);
}

/* The same name and key as an authority, by another issuer. */
static struct tc_entity cross(const struct tc_entity *authority, const char *name,
                              const struct tc_entity *issuer)
{
    struct tc_options options = {.name = name,
                                 .issuer = issuer,
                                 .key = authority->key,
                                 .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                {"keyUsage", "critical,keyCertSign,cRLSign"},
                                                {"subjectKeyIdentifier", "hash"}}};
    return tc_make(f.arena, f.pool, &options);
}

static bool has_on_path(const struct vt_signature *out, const struct tc_entity *entity)
{
    for (size_t i = 0; i < out->path_count; i++)
        if (strcmp(out->path[i].sha256, vt_certificate_sha256(entity->certificate)) == 0)
            return true;
    return false;
}

static bool has_finding(const struct vt_signature *out, const char *text)
{
    for (size_t i = 0; i < out->findings_count; i++)
        if (strstr(out->findings[i], text) != NULL)
            return true;
    return false;
}

/* ---- ways ---- */

/* RFC 4210 4.4: new with old, old with new. Whichever generation is trusted, leaves of both pass.
 */
static void both_generations_and_their_links(void **state)
{
    (void)state;
    struct tc_entity old = tc_ca(f.arena, f.pool, "RootCA G1", NULL);
    struct tc_entity new = tc_ca(f.arena, f.pool, "RootCA G2", NULL);
    struct tc_entity new_by_old = cross(&new, "RootCA G2", &old);
    struct tc_entity old_by_new = cross(&old, "RootCA G1", &new);
    struct tc_entity leaves[] = {tc_leaf(f.arena, f.pool, "SỞ CŨ", &old),
                                 tc_leaf(f.arena, f.pool, "SỞ MỚI", &new)};
    const struct tc_entity *roots[][4] = {{&old}, {&new}, {&old, &new}};
    for (size_t i = 0; i < COUNT(roots); i++) {
        struct world world = {.intermediates = {&new_by_old, &old_by_new}};
        memcpy(world.anchors, roots[i], sizeof(world.anchors));
        load_world(&world);
        add_crl(&world, &old, NULL);
        add_crl(&world, &new, NULL);
        for (size_t k = 0; k < 2; k++) {
            struct vt_signature out;
            judge_in(&world, &leaves[k], &out);
            if (out.indication != VT_TOTAL_PASSED) {
                show_findings(&out);
                fail_msg("roots %zu, leaf %zu", i, k);
            }
            /* Both trusted: no detour. */
            assert_int_equal(out.path_count, i == 2 || i == k ? 2 : 3);
        }
        vt_trust_store_free(world.store);
    }
}

static void goes_around_a_revoked_cross_certificate(void **state)
{
    (void)state;
    struct tc_entity other = tc_ca(f.arena, f.pool, "Root khác", NULL);
    struct tc_entity crossed = cross(&f.ca, "CA cơ quan Nhà nước", &other);
    /* Whichever of the two comes first. */
    for (int turn = 0; turn < 2; turn++) {
        const struct tc_entity *revoked = turn == 0 ? &f.ca : &crossed;
        const struct tc_entity *good = turn == 0 ? &crossed : &f.ca;
        struct world world = {.anchors = {&f.root, &other}, .intermediates = {revoked, good}};
        struct vt_signature out;
        load_world(&world);
        add_crl(&world, &f.ca, NULL);
        add_crl(&world, &f.root, turn == 0 ? revoked : NULL);
        add_crl(&world, &other, turn == 1 ? revoked : NULL);
        judge_in(&world, &f.leaf, &out);
        if (out.indication != VT_TOTAL_PASSED)
            show_findings(&out);
        assert_int_equal(out.indication, VT_TOTAL_PASSED);
        assert_true(has_on_path(&out, good));
        assert_false(has_on_path(&out, revoked));
        vt_trust_store_free(world.store);
    }
}

/* No way around: the fault is told, and that of the first path. */
static void says_that_the_only_way_is_revoked(void **state)
{
    (void)state;
    struct tc_entity other = tc_ca(f.arena, f.pool, "Root đã hết hạn", NULL);
    static const char *const ca[][2] = {{"basicConstraints", "critical,CA:TRUE"}, {NULL, NULL}};
    struct tc_options options = {.name = "CA cơ quan Nhà nước",
                                 .issuer = &other,
                                 .key = f.ca.key,
                                 .to_utc_secs = TC_NOW - 10 * TC_DAY,
                                 .extensions = {{ca[0][0], ca[0][1]}}};
    struct tc_entity expired = tc_make(f.arena, f.pool, &options);
    struct world world = {.anchors = {&f.root, &other}, .intermediates = {&f.ca, &expired}};
    struct vt_signature out;
    load_world(&world);
    add_crl(&world, &f.ca, NULL);
    add_crl(&world, &f.root, &f.ca);
    add_crl(&world, &other, NULL);
    judge_in(&world, &f.leaf, &out);
    assert_int_equal(out.indication, VT_INDETERMINATE);
    assert_int_equal(out.sub_indication, VT_SUB_REVOKED_CA_NO_POE);
    assert_true((out.reasons & R(CA_INVALID)) != 0);
    assert_true(has_on_path(&out, &f.ca));
    vt_trust_store_free(world.store);
}

/* Of two certificates of one authority the one that is valid then. */
static void prefers_what_is_valid_then(void **state)
{
    (void)state;
    struct tc_entity renewed = cross(&f.ca_old, "CA cũ", &f.root);
    struct world world = {.anchors = {&f.root}, .intermediates = {&f.ca_old, &renewed}};
    struct vt_signature out;
    load_world(&world);
    add_crl(&world, &renewed, NULL);
    add_crl(&world, &f.root, NULL);
    judge_in(&world, &f.leaf_of_old, &out);
    assert_int_equal(out.indication, VT_TOTAL_PASSED);
    assert_true(has_on_path(&out, &renewed));
    vt_trust_store_free(world.store);
}

/* ---- what real certificates look like ---- */

struct usage_case {
    const char *usage; /* NULL: no extension */
    bool has_finding, is_refused;
};

static void extended_key_usage_never_refuses_a_signer(void **state)
{
    (void)state;
    static const struct usage_case cases[] = {
        {NULL, false, false},
        {"clientAuth,emailProtection,msSmartcardLogin", false, false},
        {"critical,emailProtection", false, false},
        {"clientAuth", false, false},
        {"1.3.6.1.5.5.7.3.36", false, false},
        {"1.3.6.1.4.1.311.10.3.12", false, false},
        {"anyExtendedKeyUsage,timeStamping", false, false},
        {"codeSigning", true, false},
        {"critical,serverAuth", true, false},
        {"1.2.3.4.5", true, false},
        /* Not oddities: keys that sign what strangers ask for. */
        {"critical,timeStamping", false, true},
        {"OCSPSigning", false, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const extensions[][2] = {
            {cases[i].usage != NULL ? "extendedKeyUsage" : NULL, cases[i].usage}, {NULL, NULL}};
        struct tc_entity leaf = make("SỞ CÔNG THƯƠNG", &f.ca, 0, 0, extensions);
        struct judge_case c = {.signer = &leaf};
        struct vt_signature out;
        struct vt_wants wants;
        judge(&c, &out, &wants);
        bool found = has_finding(&out, "extended key usage");
        if ((out.indication == VT_TOTAL_PASSED) == cases[i].is_refused ||
            found != cases[i].has_finding || (out.reasons == 0) == cases[i].is_refused) {
            show_findings(&out);
            fail_msg("%s: %d, finding %d", cases[i].usage, (int)out.indication, (int)found);
        }
    }
}

/* legal.md R-86: the first generation. */
static void oddities_of_the_first_generation(void **state)
{
    (void)state;
    struct tc_options ca = {.name = "Co quan chung thuc so Chinh phu",
                            .issuer = &f.root,
                            .serial = 0x010203,
                            .extensions = {{"basicConstraints", "CA:TRUE"},
                                           {"keyUsage", "keyCertSign,cRLSign"},
                                           {"nsCertType", "sslCA,emailCA,objCA"},
                                           {"nsComment", "test"},
                                           {"issuerAltName", "DER:30:00"}}};
    struct tc_entity first = tc_make(f.arena, f.pool, &ca);
    struct tc_options options = {
        .name = "SỞ NỘI VỤ",
        .issuer = &first,
        .serial = 0x0a0b0c,
        .extensions = {{"keyUsage", "digitalSignature,nonRepudiation,keyEncipherment"},
                       {"nsCertType", "client,email"},
                       {"issuerAltName", "DER:30:00"},
                       {"certificatePolicies", BOTH_POLICIES}}};
    struct tc_entity leaf = tc_make(f.arena, f.pool, &options);
    struct world world = {.anchors = {&f.root}, .intermediates = {&first}};
    struct vt_signature out;
    load_world(&world);
    add_crl(&world, &first, NULL);
    add_crl(&world, &f.root, NULL);
    judge_in(&world, &leaf, &out);
    if (out.indication != VT_TOTAL_PASSED)
        show_findings(&out);
    assert_int_equal(out.indication, VT_TOTAL_PASSED);
    assert_int_equal(out.reasons, 0);
    assert_int_equal(out.findings_count, 0);
    assert_string_equal(out.signer.serial, "0a0b0c");
    assert_int_equal(out.signer.policies_count, 2);
    assert_string_equal(out.signer.policies[0], "2.16.704.1.1.1.1.1");
    assert_string_equal(out.signer.policies[1], "1.2.3.4");
    assert_false(out.signer.is_ca);
    assert_true(out.path[1].is_ca);
    vt_trust_store_free(world.store);
}

/* RFC 5280 4.2.1.11: a policy that a CA demands. */
static void what_authorities_demand_holds(void **state)
{
    (void)state;
    static const struct {
        const char *name, *constraint, *value, *leaf_policy;
        enum vt_sub_indication sub;
    } cases[] = {
        {"no policy where one is demanded", "policyConstraints", "critical,requireExplicitPolicy:0",
         NULL, VT_SUB_CHAIN_CONSTRAINTS_FAILURE},
        {"another policy", "policyConstraints", "critical,requireExplicitPolicy:0", POLICY_B,
         VT_SUB_CHAIN_CONSTRAINTS_FAILURE},
        {"the policy", "policyConstraints", "critical,requireExplicitPolicy:0", POLICY_A,
         VT_SUB_NONE},
        {"demanded later only", "policyConstraints", "critical,requireExplicitPolicy:4", NULL,
         VT_SUB_NONE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tc_options ca = {.name = "CA nghiêm",
                                .issuer = &f.root,
                                .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                               {"keyUsage", "critical,keyCertSign,cRLSign"},
                                               {"certificatePolicies", POLICY_A},
                                               {cases[i].constraint, cases[i].value}}};
        struct tc_entity strict = tc_make(f.arena, f.pool, &ca);
        struct tc_options options = {
            .name = "SỞ TƯ PHÁP",
            .issuer = &strict,
            .extensions = {{"keyUsage", "digitalSignature"},
                           {cases[i].leaf_policy != NULL ? "certificatePolicies" : NULL,
                            cases[i].leaf_policy}}};
        struct tc_entity leaf = tc_make(f.arena, f.pool, &options);
        struct world world = {.anchors = {&f.root}, .intermediates = {&strict}};
        struct vt_signature out;
        load_world(&world);
        add_crl(&world, &strict, NULL);
        add_crl(&world, &f.root, NULL);
        judge_in(&world, &leaf, &out);
        if (out.sub_indication != cases[i].sub) {
            show_findings(&out);
            fail_msg("%s: %d", cases[i].name, (int)out.sub_indication);
        }
        vt_trust_store_free(world.store);
    }
}

/* ---- strangers ---- */

/* A public key whose modulus is any odd number: nothing verifies with it, slowly. */
static EVP_PKEY *big_key(int bits)
{
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_new(), *e = BN_new();
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    assert_int_equal(BN_set_word(e, 65537), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(e);
    BN_free(n);
    assert_int_equal(vt_arena_own(f.arena, key, tc_free_key), VT_OK);
    return key;
}

/* A certificate of the name of our CA with this key, as a stranger makes it. */
static struct tc_entity imitation(EVP_PKEY *key)
{
    struct tc_options options = {.name = "CA cơ quan Nhà nước",
                                 .issuer = &f.stranger_root,
                                 .key = key,
                                 .extensions = {{"basicConstraints", "critical,CA:TRUE"}}};
    return tc_make(f.arena, f.pool, &options);
}

/* A leaf that none of them issued, with an RSA signature as long as the keys, so that every one has
 * to be tried. */
static const struct vt_certificate *leaf_of_nobody(int bits)
{
    EVP_PKEY *signing = EVP_RSA_gen(2048);
    assert_int_equal(vt_arena_own(f.arena, signing, tc_free_key), VT_OK);
    struct tc_entity nobody = f.ca;
    nobody.key = signing;
    struct tc_entity leaf = tc_leaf(f.arena, NULL, "KHÔNG AI CẤP", &nobody);
    size_t len = (size_t)bits / 8;
    unsigned char *value = vt_arena_alloc(f.arena, len), *der = NULL;
    assert_non_null(value);
    memset(value + 1, 0x5a, len - 1);
    const ASN1_BIT_STRING *signature = NULL;
    X509_get0_signature(&signature, NULL, leaf.x509);
    ASN1_BIT_STRING *writable = NULL;
    memcpy(&writable, &signature, sizeof(writable));
    assert_int_equal(ASN1_STRING_set(writable, value, (int)len), 1);
    int der_len = i2d_X509(leaf.x509, &der);
    assert_true(der_len > 0);
    const struct vt_certificate *certificate = NULL;
    assert_int_equal(
        vt_certificate_add(f.pool, vt_bytes_of(der, (size_t)der_len), &certificate, NULL), VT_OK);
    OPENSSL_free(der);
    return certificate;
}

/* 128 candidates of one name for every link: bounded, whatever the length of their keys, and the
 * real path is found as if they were not there. */
static void strangers_cost_little(void **state)
{
    (void)state;
    static const int sizes[] = {2048, 4096, 16384};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct vt_certificate_list list = {0};
        const struct vt_certificate *lost = leaf_of_nobody(sizes[i]);
        for (int k = 0; k < 128; k++) {
            struct tc_entity one = imitation(big_key(sizes[i]));
            assert_int_equal(vt_certificate_list_add(f.arena, &list, one.certificate), VT_OK);
        }
        struct vt_path path;
        struct vt_path_request request = {
            .store = f.store, .target = lost, .others = &list, .at_utc_secs = TC_NOW};
        int64_t start = vt_clock_monotonic_msecs();
        assert_int_equal(vt_path_find(&request, &path, NULL), VT_OK);
        int64_t spent = vt_clock_monotonic_msecs() - start;
        print_message("128 certificates with RSA %d: %lld ms\n", sizes[i], (long long)spent);
        assert_false(path.found);
        assert_true(spent < 1000);
        request.target = f.leaf.certificate;
        assert_int_equal(vt_path_find(&request, &path, NULL), VT_OK);
        assert_true(path.found);
        assert_int_equal(path.problems_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_generations_and_their_links),
        cmocka_unit_test(goes_around_a_revoked_cross_certificate),
        cmocka_unit_test(says_that_the_only_way_is_revoked),
        cmocka_unit_test(prefers_what_is_valid_then),
        cmocka_unit_test(extended_key_usage_never_refuses_a_signer),
        cmocka_unit_test(oddities_of_the_first_generation),
        cmocka_unit_test(what_authorities_demand_holds),
        cmocka_unit_test(strangers_cost_little),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
