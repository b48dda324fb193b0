/* SPDX-License-Identifier: Apache-2.0
 * Paths, use, algorithms and integrity, row by row (EN 319 102-1 5.2.6, RFC 5280 6), document time
 * stamps, and the trust store. */
#include "../lib/trust_cases.h"

static const struct judge_case cases[] = {
    /* paths */
    {.name = "no trust set",
     .empty_store = true,
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(NOT_CHECKED)},
    {.name = "an unconfirmed root",
     .unconfirmed_store = true,
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(NOT_CHECKED)},
    {.name = "two CAs of one name",
     .signer = &f.leaf_of_twin,
     .no_crl = true,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 1},
    {.name = "an unknown root, carried",
     .signer = &f.stranger,
     .carried = {&f.stranger_root},
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(PATH_UNKNOWN_ROOT)},
    {.name = "an unknown root, not carried",
     .signer = &f.stranger,
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(PATH_UNKNOWN_ROOT)},
    {.name = "self-signed",
     .signer = &f.self_made,
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(PATH_SELF_MADE)},
    {.name = "a root that looks like ours",
     .signer = &f.fake,
     .carried = {&f.fake_root},
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(PATH_SELF_MADE)},
    {.name = "names our CA's key, which did not sign it",
     .signer = &f.forged,
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(PATH_SELF_MADE)},
    {.name = "an intermediate is missing",
     .signer = &f.leaf_not_here,
     .sub = VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
     .reasons = R(PATH_UNKNOWN_ROOT)},
    {.name = "the missing intermediate is carried",
     .signer = &f.leaf_not_here,
     .carried = {&f.ca_not_here},
     .no_crl = true,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 1},
    {.name = "a trusted signer",
     .signer = &f.direct,
     .no_crl = true,
     .no_root_crl = true,
     .want = VT_TOTAL_PASSED,
     .set = "official"},
    {.name = "issued by no CA",
     .signer = &f.leaf_of_no_ca,
     .carried = {&f.no_ca},
     .sub = VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
     .reasons = R(CA_INVALID),
     .set = "official"},
    {.name = "issued by a CA that may not",
     .signer = &f.leaf_of_no_sign,
     .sub = VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
     .reasons = R(CA_INVALID),
     .set = "official"},
    {.name = "outside the CA's name constraints",
     .signer = &f.outside_constraint,
     .sub = VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
     .reasons = R(CERT_SCOPE),
     .set = "official"},

    /* use and algorithms */
    {.name = "a key for encryption only",
     .signer = &f.encrypt_only,
     .sub = VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
     .reasons = R(CERT_SCOPE),
     .set = "official"},
    {.name = "the same, not critical",
     .signer = &f.encrypt_noncritical,
     .want = VT_TOTAL_PASSED,
     .reasons = R(CERT_SCOPE),
     .set = "official"},
    {.name = "SHA-1 in the certificate",
     .signer = &f.leaf_sha1,
     .sub = VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
     .reasons = R(WEAK_ALGORITHM),
     .set = "official"},
    {.name = "SHA-1 in the signature",
     .digest = "SHA-1",
     .sub = VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
     .reasons = R(WEAK_ALGORITHM),
     .set = "official"},
    {.name = "SHA-1 in the signature, proven but late",
     .digest = "SHA-1",
     .stamped = -TC_DAY,
     .sub = VT_SUB_CRYPTO_CONSTRAINTS_FAILURE,
     .reasons = R(WEAK_ALGORITHM),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "RSA 1024",
     .signer = &f.leaf_rsa1024,
     .sub = VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
     .reasons = R(WEAK_ALGORITHM),
     .set = "official"},

    /* integrity and changes */
    {.name = "content changed",
     .no_crl = true,
     .verified = {.integrity = VT_INTEGRITY_BROKEN,
                  .sub_indication = VT_SUB_HASH_FAILURE,
                  .reasons = R(CONTENT_CHANGED)},
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_HASH_FAILURE,
     .reasons = R(CONTENT_CHANGED),
     .set = "official"},
    {.name = "content changed and revoked",
     .revoked = -10 * TC_DAY,
     .claimed = -TC_DAY,
     .verified = {.integrity = VT_INTEGRITY_BROKEN,
                  .sub_indication = VT_SUB_HASH_FAILURE,
                  .reasons = R(CONTENT_CHANGED)},
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_HASH_FAILURE,
     .reasons = R(CONTENT_CHANGED) | R(CERT_REVOKED),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "broken, and nobody says how",
     .verified = {.integrity = VT_INTEGRITY_BROKEN},
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_SIG_CRYPTO_FAILURE,
     .reasons = R(BAD_SIGNATURE),
     .set = "official"},
    {.name = "signed bytes not found",
     .verified = {.integrity = (enum vt_integrity)10,
                  .sub_indication = VT_SUB_SIGNED_DATA_NOT_FOUND},
     .sub = VT_SUB_SIGNED_DATA_NOT_FOUND,
     .set = "official"},
    {.name = "undetermined, and nobody says why",
     .verified = {.integrity = (enum vt_integrity)10},
     .sub = VT_SUB_SIG_CONSTRAINTS_FAILURE,
     .set = "official"},
    {.name = "structure broken",
     .object = {.structure_broken = true,
                .covers = VT_COVERS_WHOLE,
                .changes_after = VT_CHANGES_NONE,
                .reasons = R(MALFORMED)},
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_FORMAT_FAILURE,
     .reasons = R(MALFORMED),
     .set = "official"},
    {.name = "a part only",
     .object = {.covers = VT_COVERS_PART, .changes_after = VT_CHANGES_NONE},
     .sub = VT_SUB_SIG_CONSTRAINTS_FAILURE,
     .set = "official"},
    {.name = "a change that is not understood",
     .object = {.covers = VT_COVERS_REVISION, .changes_after = VT_CHANGES_UNDETERMINED},
     .sub = VT_SUB_SIG_CONSTRAINTS_FAILURE,
     .reasons = R(CHANGE_UNCLEAR),
     .set = "official"},
    {.name = "a change that is allowed",
     .object = {.covers = VT_COVERS_REVISION, .changes_after = VT_CHANGES_PERMITTED},
     .want = VT_TOTAL_PASSED,
     .set = "official"},
    {.name = "a change that is forbidden",
     .object = {.covers = VT_COVERS_REVISION, .changes_after = VT_CHANGES_FORBIDDEN},
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_FORMAT_FAILURE,
     .reasons = R(CONTENT_CHANGED),
     .set = "official"},
};

#define COUNT (sizeof(cases) / sizeof(cases[0]))

static void judges(void **state)
{
    (void)state;
    judge_all(cases, COUNT);
}

static void says_why(void **state)
{
    (void)state;
    each_says_why(cases, COUNT);
}

static void a_claim_never_improves(void **state)
{
    (void)state;
    no_claim_improves(cases, COUNT);
}

static void asks_for_issuers(void **state)
{
    (void)state;
    static const char *const address[][2] = {
        {"authorityInfoAccess", "caIssuers;URI:http://ca.example/ca.crt"}, {NULL, NULL}};
    struct tc_entity leaf = make("CỤC THUẾ", &f.ca_not_here, 0, 0, address);
    struct vt_signature out;
    struct vt_wants wants;
    judge_known(&leaf, NULL, &out, &wants);
    assert_int_equal(out.reasons, R(PATH_INCOMPLETE));
    assert_int_equal(wants.issuer_of_count, 1);
    assert_int_equal(wants.status_count, 0);
    /* What was brought is used. */
    struct vt_bytes issuers[] = {f.ca_not_here.der};
    struct vt_known known = {.issuers = issuers, .issuers_count = 1};
    judge_known(&leaf, &known, &out, &wants);
    assert_int_equal(out.reasons, R(STATUS_UNKNOWN));
    assert_int_equal(wants.status_count, 2);
    /* What cannot be brought is not wanted again, and the path is a stranger's. */
    const char *none[] = {vt_certificate_sha256(leaf.certificate)};
    known = (struct vt_known){.no_issuer_of = none, .no_issuer_of_count = 1};
    judge_known(&leaf, &known, &out, &wants);
    assert_int_equal(out.reasons, R(PATH_UNKNOWN_ROOT));
    assert_int_equal(wants.issuer_of_count, 0);
}

/* ---- a document time stamp is a signature of its own ---- */

static void judge_document_timestamp(const struct tc_entity *tsa, bool broken,
                                     struct vt_signature *out)
{
    struct judge_case c = {.tsa = tsa, .stamp_broken = broken};
    struct vt_verified_timestamp token = stamp(&c, "document", -TC_DAY);
    struct vt_bytes crls[4];
    struct vt_wants wants = {0};
    struct vt_signed_object object = {.format = VT_SIGNATURE_DOCTIMESTAMP,
                                      .binding = VT_BINDING_TIMESTAMP,
                                      .covers = VT_COVERS_WHOLE,
                                      .changes_after = VT_CHANGES_NONE,
                                      .claimed_time_utc_secs = VT_TIME_NONE};
    struct vt_verified verified = {.integrity = token.integrity,
                                   .signer = token.signer,
                                   .claimed_time_utc_secs = VT_TIME_NONE,
                                   .digest_algorithm = "SHA-256",
                                   .timestamps = &token,
                                   .timestamps_count = 1};
    struct vt_trust_input input = {.store = f.store,
                                   .pool = f.pool,
                                   .object = &object,
                                   .verified = &verified,
                                   .given_crls = crls,
                                   .given_crls_count = make_crls(&c, crls),
                                   .first_seen_utc_secs = VT_TIME_NONE,
                                   .now_utc_secs = TC_NOW};
    assert_int_equal(vt_trust_judge(f.arena, &input, out, &wants, NULL), VT_OK);
}

static void judges_document_timestamps(void **state)
{
    (void)state;
    struct vt_signature out;
    judge_document_timestamp(&f.tsa, false, &out);
    assert_int_equal(out.indication, VT_TOTAL_PASSED);
    /* Nothing proves that the token existed before now. */
    assert_int_equal(out.judged_at_utc_secs, TC_NOW);
    assert_int_equal(out.signing_time_utc_secs, TC_NOW - TC_DAY);
    assert_int_equal(out.signing_time_source, VT_TIME_SOURCE_TIMESTAMP);
    assert_int_equal(out.claimed_time_utc_secs, VT_TIME_NONE);
    assert_int_equal(out.path_count, 3);
    assert_int_equal(out.statuses_count, 3);
    assert_string_equal(out.trust_set, "official");
    assert_null(out.level);
    judge_document_timestamp(&f.tsa_strange, false, &out);
    assert_int_equal(out.indication, VT_INDETERMINATE);
    assert_int_equal(out.sub_indication, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND);
    assert_true((out.reasons & R(TIMESTAMP_UNVERIFIED)) != 0);
    /* One that does not count proves no time. */
    assert_int_equal(out.signing_time_utc_secs, TC_NOW - TC_DAY);
    assert_int_equal(out.signing_time_source, VT_TIME_SOURCE_CLAIMED);
    assert_int_equal(out.claimed_time_utc_secs, TC_NOW - TC_DAY);
    judge_document_timestamp(&f.leaf, false, &out);
    assert_int_equal(out.sub_indication, VT_SUB_CHAIN_CONSTRAINTS_FAILURE);
    judge_document_timestamp(&f.tsa, true, &out);
    assert_int_equal(out.indication, VT_TOTAL_FAILED);
    assert_true((out.reasons & R(TIMESTAMP_INVALID)) != 0);
}

/* ---- the store ---- */

static void loads_a_store(void **state)
{
    (void)state;
    assert_int_equal(vt_trust_store_anchors(f.store, VT_TRUST_OFFICIAL), 2);
    assert_int_equal(vt_trust_store_anchors(f.store, VT_TRUST_PUBLIC), 1);
    assert_int_equal(vt_trust_store_anchors(f.unconfirmed_store, VT_TRUST_OFFICIAL), 0);
    assert_int_equal(vt_trust_store_anchors(f.empty_store, VT_TRUST_OFFICIAL), 0);
    assert_true(vt_trust_has_path(f.store, f.leaf.certificate, NULL, 0));
    assert_false(vt_trust_has_path(f.store, f.stranger.certificate, NULL, 0));
    assert_false(vt_trust_has_path(f.store, f.leaf_not_here.certificate, NULL, 0));
    assert_true(
        vt_trust_has_path(f.store, f.leaf_not_here.certificate, &f.ca_not_here.certificate, 1));
    assert_false(vt_trust_has_path(f.unconfirmed_store, f.leaf.certificate, NULL, 0));
}

static void says_which_file_is_wrong(void **state)
{
    (void)state;
    char path[128];
    struct vt_err err = {0};
    struct vt_trust_store *store = NULL;
    write_file("broken.pem", VT_BYTES("no certificate"));
    (void)snprintf(path, sizeof(path), "%s/broken.pem", f.folder);
    struct vt_trust_source source = {.anchors = path, .confirmed_all = true};
    assert_int_equal(vt_trust_store_load(&source, 1, &store, &err), VT_E_CONFIG);
    assert_null(store);
    assert_string_equal(err.file, path);
    source.anchors = "/nonexistent/ca.pem";
    assert_int_equal(vt_trust_store_load(&source, 1, &store, &err), VT_E_SYSTEM);
}

static void takes_fingerprints_as_people_write_them(void **state)
{
    (void)state;
    char written[128] = "";
    char path[128];
    const char *digest = vt_certificate_sha256(f.public_root.certificate);
    size_t len = 0;
    for (size_t i = 0; i < 64; i++) {
        written[len++] = (char)(digest[i] >= 'a' ? digest[i] - 32 : digest[i]);
        if (i % 4 == 3)
            written[len++] = i % 8 == 3 ? ':' : ' ';
    }
    const char *list[] = {written};
    struct vt_trust_store *store = NULL;
    (void)snprintf(path, sizeof(path), "%s/public.crt", f.folder);
    struct vt_trust_source source = {
        .set = VT_TRUST_PUBLIC, .anchors = path, .confirmed = list, .confirmed_count = 1};
    assert_int_equal(vt_trust_store_load(&source, 1, &store, NULL), VT_OK);
    assert_int_equal(vt_trust_store_anchors(store, VT_TRUST_PUBLIC), 1);
    vt_trust_store_free(store);
    written[0] = written[0] == '0' ? '1' : '0';
    assert_int_equal(vt_trust_store_load(&source, 1, &store, NULL), VT_OK);
    assert_int_equal(vt_trust_store_anchors(store, VT_TRUST_PUBLIC), 0);
    vt_trust_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
        cmocka_unit_test(says_why),
        cmocka_unit_test(a_claim_never_improves),
        cmocka_unit_test(asks_for_issuers),
        cmocka_unit_test(judges_document_timestamps),
        cmocka_unit_test(loads_a_store),
        cmocka_unit_test(says_which_file_is_wrong),
        cmocka_unit_test(takes_fingerprints_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
