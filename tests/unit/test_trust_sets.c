/* SPDX-License-Identifier: Apache-2.0
 * Trust sets as they are kept: the directory with its file of confirmed roots, and what a set asks
 * of digests and keys by date and place (legal.md ). */
#include "../lib/trust_cases.h"

#include "master/role_overrides.h"
#include "vanthu/config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_2010 INT64_C(1262304000) /* 2010-01-01 */

/* ---- the directory ---- */

static const char *in_folder(const char *name)
{
    return vt_arena_printf(f.arena, "%s/%s", f.folder, name);
}

static void make_directory(const char *name, const char *confirmed)
{
    static const char *const folders[] = {"", "/anchors", "/intermediates"};
    for (size_t i = 0; i < COUNT(folders); i++)
        make_folder(vt_arena_printf(f.arena, "%s%s", name, folders[i]));
    write_file(vt_arena_printf(f.arena, "%s/anchors/root.der", name), f.root.der);
    write_file(vt_arena_printf(f.arena, "%s/anchors/other.der", name), f.public_root.der);
    write_file(vt_arena_printf(f.arena, "%s/intermediates/ca.der", name), f.ca.der);
    write_file(vt_arena_printf(f.arena, "%s/confirmed", name), vt_bytes_str(confirmed));
}

static enum vt_code load_one(const struct vt_trust_source *source, struct vt_trust_store **out,
                             struct vt_err *err)
{
    *out = NULL;
    return vt_trust_store_load(source, 1, out, err);
}

static void reads_a_directory(void **state)
{
    (void)state;
    struct vt_trust_store *store = NULL;
    const char *digest = vt_certificate_sha256(f.root.certificate);
    make_directory("kept", vt_arena_printf(f.arena, "# roots\n\n  %.8s:%s # RootCA, today, me\r\n",
                                           digest, digest + 8));
    struct vt_trust_source source = {.directory = in_folder("kept")};
    assert_int_equal(load_one(&source, &store, NULL), VT_OK);
    assert_int_equal(vt_trust_store_anchors(store, VT_TRUST_OFFICIAL), 1);
    assert_true(vt_trust_store_has_anchor(store, VT_TRUST_OFFICIAL, digest));
    assert_non_null(vt_trust_store_unconfirmed(store, VT_TRUST_OFFICIAL, 0));
    assert_true(vt_trust_has_path(store, f.leaf.certificate, NULL, 0));
    size_t count = 0, confirmed = 0, anchors = 0;
    for (const struct vt_trust_entry *entry; (entry = vt_trust_store_entry(store, count)) != NULL;
         count++) {
        confirmed += entry->is_confirmed;
        anchors += entry->is_anchor;
        assert_int_equal(strncmp(entry->file, f.folder, strlen(f.folder)), 0);
    }
    assert_int_equal(count, 3);
    assert_int_equal(anchors, 2);
    assert_int_equal(confirmed, 1);
    vt_trust_store_free(store);
}

/* As --trust gives it: both roots count, and the intermediates are no roots. */
static void takes_a_directory_for_anchors(void **state)
{
    (void)state;
    struct vt_trust_store *store = NULL;
    struct vt_trust_source source = {.anchors = in_folder("kept"), .confirmed_all = true};
    assert_int_equal(load_one(&source, &store, NULL), VT_OK);
    assert_int_equal(vt_trust_store_anchors(store, VT_TRUST_OFFICIAL), 2);
    assert_true(vt_trust_has_path(store, f.leaf.certificate, NULL, 0));
    vt_trust_store_free(store);
}

static void what_is_not_there_is_empty(void **state)
{
    (void)state;
    struct vt_trust_store *store = NULL;
    struct vt_trust_source source = {.directory = in_folder("nowhere")};
    assert_int_equal(load_one(&source, &store, NULL), VT_OK);
    assert_int_equal(vt_trust_store_anchors(store, VT_TRUST_OFFICIAL), 0);
    assert_null(vt_trust_store_entry(store, 0));
    vt_trust_store_free(store);
    make_folder("half");
    source.directory = in_folder("half");
    assert_int_equal(load_one(&source, &store, NULL), VT_OK);
    assert_null(vt_trust_store_entry(store, 0));
    vt_trust_store_free(store);
}

static void damaged_lines_are_named(void **state)
{
    (void)state;
    static const char *const lines[] = {"12:34\n", "xyz\n", "# good\n\nnot hexadecimal"};
    static const char *const places[] = {"confirmed:1 ", "confirmed:1 ", "confirmed:3 "};
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct vt_trust_store *store = NULL;
        struct vt_err err = {0};
        const char *name = vt_arena_printf(f.arena, "damaged%zu", i);
        make_directory(name, lines[i]);
        struct vt_trust_source source = {.directory = in_folder(name)};
        assert_int_equal(load_one(&source, &store, &err), VT_E_CONFIG);
        assert_non_null(strstr(err.text, places[i]));
    }
}

/* ---- rules ---- */

static struct vt_trust_store *with_rules(const struct vt_trust_rules *rules)
{
    struct vt_trust_store *store = NULL;
    struct vt_trust_source source = {.anchors = in_folder("official"),
                                     .intermediates = in_folder("between"),
                                     .confirmed_all = true,
                                     .rules = rules};
    assert_int_equal(load_one(&source, &store, NULL), VT_OK);
    return store;
}

/* The rules of a set hold for what leads to it, by the proven time. */
static void rules_hold_by_date_and_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum vt_weakness weakness;
        int64_t until; /* of this weakness, all others: forever */
        const struct tc_entity *signer;
        const char *digest;
        int64_t stamped;
        bool is_weak;
    } cases[] = {
        {"SHA-1 signature, relied on for ever", VT_WEAK_SHA1_SIGNATURE, INT64_MAX, NULL, "SHA-1", 0,
         false},
        {"SHA-1 signature, not any more", VT_WEAK_SHA1_SIGNATURE, TC_NOW, NULL, "SHA-1", 0, true},
        {"SHA-1 signature, proven before", VT_WEAK_SHA1_SIGNATURE, TC_NOW - HOUR, NULL, "SHA-1",
         -TC_DAY, false},
        {"SHA-1 signature, proven after", VT_WEAK_SHA1_SIGNATURE, TC_NOW - 2 * TC_DAY, NULL,
         "SHA-1", -TC_DAY, true},
        {"the rule for certificates is another", VT_WEAK_SHA1_CERTIFICATE, DAY_2010, NULL, "SHA-1",
         0, false},
        {"SHA-1 certificate, relied on for ever", VT_WEAK_SHA1_SIGNATURE, DAY_2010, &f.leaf_sha1,
         "SHA-256", 0, false},
        {"SHA-1 certificate, not any more", VT_WEAK_SHA1_CERTIFICATE, DAY_2010, &f.leaf_sha1,
         "SHA-256", 0, true},
        {"RSA 1024 ended in 2010 at the latest", VT_WEAK_EC_BELOW_256, INT64_MAX, &f.leaf_rsa1024,
         "SHA-256", 0, true},
        {"MD5 never", VT_WEAK_EC_BELOW_256, INT64_MAX, NULL, "MD5", -TC_DAY, true},
        {"MD2 never", VT_WEAK_EC_BELOW_256, INT64_MAX, NULL, "MD2", -TC_DAY, true},
        {"RIPEMD-160 ended in 2014", VT_WEAK_EC_BELOW_256, INT64_MAX, NULL, "RIPEMD-160", -TC_DAY,
         true},
        {"nothing weak", VT_WEAK_RSA_BELOW_2048, DAY_2010, NULL, "SHA-256", 0, false},
    };
    struct vt_trust_store *usual = f.store;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_trust_rules rules;
        struct vt_signature out;
        struct vt_wants wants;
        for (size_t k = 0; k < VT_WEAKNESSES; k++)
            rules.weak_from_utc_secs[k] = INT64_MAX;
        rules.revocation_max_age_secs = 0;
        rules.weak_from_utc_secs[cases[i].weakness] = cases[i].until;
        struct judge_case c = {
            .signer = cases[i].signer, .digest = cases[i].digest, .stamped = cases[i].stamped};
        /* What verify says of a weak digest at any time. */
        if (strcmp(cases[i].digest, "SHA-256") != 0)
            c.verified.reasons = R(WEAK_ALGORITHM);
        f.store = with_rules(&rules);
        judge(&c, &out, &wants);
        bool is_weak = (out.reasons & R(WEAK_ALGORITHM)) != 0;
        if (is_weak != cases[i].is_weak || (out.indication != VT_TOTAL_PASSED) != is_weak) {
            show_findings(&out);
            fail_msg("%s", cases[i].name);
        }
        vt_trust_store_free(f.store);
    }
    f.store = usual;
}

/* The configuration writes the defaults as days; they are those of the room. */
static void the_defaults_are_one(void **state)
{
    (void)state;
    struct vt_config *config = NULL;
    assert_int_equal(vt_config_default(&config, NULL), VT_OK);
    for (size_t set = 0; set < VT_TRUST_SETS; set++) {
        assert_ptr_equal(config->trust[set].rules, &config->trust_rules[set]);
        assert_int_equal(config->trust_rules[set].revocation_max_age_secs,
                         vt_trust_default_rules.revocation_max_age_secs);
        for (size_t i = 0; i < VT_WEAKNESSES; i++)
            assert_int_equal(config->trust_rules[set].weak_from_utc_secs[i],
                             vt_trust_default_rules.weak_from_utc_secs[i]);
    }
    vt_config_free(config);
}

/* --trust brings other certificates, and leaves what is asked of signatures as it is. */
static void a_given_set_keeps_its_rules(void **state)
{
    (void)state;
    struct vt_mistakes mistakes;
    struct vt_config *config = NULL;
    struct vt_trust_store *store = NULL;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_config_parse(VT_BYTES("trust: {official: {revocation-max-age: 2d, "
                                              "sha1-signatures-until: forever}}\n"),
                                     "/nowhere/vanthu.yaml", &config, &mistakes, NULL),
                     VT_OK);
    struct vt_trust_source given = {.anchors = in_folder("official"), .confirmed_all = true};
    struct vt_role_overrides overrides = {.trust = &given, .trust_count = 1};
    assert_int_equal(vt_role_trust_load(f.arena, config, &overrides, &store, NULL), VT_OK);
    assert_int_equal(vt_trust_store_anchors(store, VT_TRUST_OFFICIAL), 2);
    const struct vt_trust_rules *rules = vt_trust_store_rules(store, VT_TRUST_OFFICIAL);
    assert_int_equal(rules->revocation_max_age_secs, 2 * TC_DAY);
    assert_true(rules->weak_from_utc_secs[VT_WEAK_SHA1_SIGNATURE] == INT64_MAX);
    rules = vt_trust_store_rules(store, VT_TRUST_PUBLIC);
    assert_int_equal(rules->revocation_max_age_secs, 0);
    vt_trust_store_free(store);
    vt_config_free(config);
    vt_mistakes_clear(&mistakes);
}

/* ---- the clock ---- */

/* Before the release nothing is judged, neither for nor against; that the bytes were changed is
 * seen all the same. */
static void a_wrong_clock_judges_nothing(void **state)
{
    (void)state;
    for (int broken = 0; broken < 2; broken++) {
        struct vt_signature out;
        struct vt_wants wants = {0};
        struct vt_signed_object object = {.covers = VT_COVERS_WHOLE,
                                          .changes_after = VT_CHANGES_NONE,
                                          .claimed_time_utc_secs = VT_TIME_NONE};
        struct vt_verified verified = {.integrity =
                                           broken ? VT_INTEGRITY_BROKEN : VT_INTEGRITY_INTACT,
                                       .sub_indication = broken ? VT_SUB_HASH_FAILURE : VT_SUB_NONE,
                                       .signer = f.leaf.certificate,
                                       .claimed_time_utc_secs = VT_TIME_NONE,
                                       .digest_algorithm = "SHA-256"};
        struct vt_trust_input input = {.store = f.store,
                                       .pool = f.pool,
                                       .object = &object,
                                       .verified = &verified,
                                       .first_seen_utc_secs = VT_TIME_NONE,
                                       .now_utc_secs = 0,
                                       .clock_is_wrong = true};
        assert_int_equal(vt_trust_judge(f.arena, &input, &out, &wants, NULL), VT_OK);
        assert_int_equal(out.indication, broken ? VT_TOTAL_FAILED : VT_INDETERMINATE);
        assert_true((out.reasons & R(NOT_CHECKED)) != 0);
        assert_int_equal(out.path_count, 0);
        assert_int_equal(wants.status_count + wants.issuer_of_count, 0);
        assert_string_equal(out.findings[out.findings_count - 1],
                            "The clock of this machine says 1970-01-01T00:00:00Z, before "
                            "this program was released: nothing is judged until it is set right "
                            "(NTP).");
    }
}

static void the_release_is_the_limit(void **state)
{
    (void)state;
    int64_t released = vt_clock_released_utc_secs();
    assert_true(vt_clock_is_sane(released));
    assert_false(vt_clock_is_sane(released - 1));
    assert_false(vt_clock_is_sane(0));
    assert_true(vt_clock_is_sane(vt_clock_now_utc_secs()));
    assert_true(released > vt_time_from_civil(2026, 1, 1, 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_directory),
        cmocka_unit_test(takes_a_directory_for_anchors),
        cmocka_unit_test(what_is_not_there_is_empty),
        cmocka_unit_test(damaged_lines_are_named),
        cmocka_unit_test(rules_hold_by_date_and_place),
        cmocka_unit_test(the_defaults_are_one),
        cmocka_unit_test(a_given_set_keeps_its_rules),
        cmocka_unit_test(a_wrong_clock_judges_nothing),
        cmocka_unit_test(the_release_is_the_limit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
