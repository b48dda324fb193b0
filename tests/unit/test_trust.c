/* SPDX-License-Identifier: Apache-2.0
 * The judgement of time and status, row by row: what is proven or claimed, what is known, and the
 * verdict that follows (EN 319 102-1 5.3 to 5.6). */
#include "../lib/trust_cases.h"

static const struct judge_case cases[] = {
    /* status and time */
    {.name = "good now", .want = VT_TOTAL_PASSED, .set = "official"},
    {.name = "good now, claimed yesterday",
     .claimed = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "good, public set",
     .signer = &f.public_leaf,
     .want = VT_TOTAL_PASSED,
     .set = "public"},
    {.name = "no CRL at all",
     .no_crl = true,
     .no_root_crl = true,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 2},
    {.name = "no CRL for the CA",
     .no_root_crl = true,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 1},
    {.name = "a stale CRL",
     .crl_from = -9 * TC_DAY,
     .crl_until = -TC_DAY,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 1},
    {.name = "a CRL from the future",
     .crl_from = TC_DAY,
     .crl_until = 2 * TC_DAY,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 1},
    {.name = "a stale CRL, issued after the proven time",
     .first_seen = -30 * TC_DAY,
     .crl_from = -9 * TC_DAY,
     .crl_until = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_FIRST_SEEN,
     .set = "official"},
    {.name = "a stale CRL does not say whether the TSA's key is still its own",
     .stamped = -30 * TC_DAY,
     .crl_from = -9 * TC_DAY,
     .crl_until = -TC_DAY,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN) | R(TIMESTAMP_UNVERIFIED),
     .set = "official",
     .wants = 2},
    {.name = "a stale CRL, issued before the proven time",
     .first_seen = -5 * TC_DAY,
     .crl_from = -9 * TC_DAY,
     .crl_until = -TC_DAY,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .source = VT_TIME_SOURCE_FIRST_SEEN,
     .set = "official",
     .wants = 1},
    {.name = "stamped a minute ago, today's CRL",
     .stamped = -60,
     .crl_from = -10 * HOUR,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},

    /* revoked */
    {.name = "revoked, no time",
     .revoked = -10 * TC_DAY,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE),
     .set = "official"},
    {.name = "revoked, claimed before",
     .revoked = -10 * TC_DAY,
     .claimed = -20 * TC_DAY,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "revoked, claimed after",
     .revoked = -10 * TC_DAY,
     .claimed = -5 * TC_DAY,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_REVOKED,
     .reasons = R(CERT_REVOKED),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "revoked, claimed in the same second",
     .revoked = -10 * TC_DAY,
     .claimed = -10 * TC_DAY,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_REVOKED,
     .reasons = R(CERT_REVOKED),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "revoked, stamped before",
     .revoked = -10 * TC_DAY,
     .stamped = -20 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "revoked, stamped before, claimed after the stamp",
     .revoked = -10 * TC_DAY,
     .stamped = -20 * TC_DAY,
     .claimed = -5 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIME_INCONSISTENT),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "revoked, stamped after",
     .revoked = -10 * TC_DAY,
     .stamped = -5 * TC_DAY,
     .claimed = -20 * TC_DAY,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_REVOKED,
     .reasons = R(CERT_REVOKED),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "revoked, document stamped before",
     .revoked = -10 * TC_DAY,
     .document_stamped = -20 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "revoked, document stamped after, claimed before",
     .revoked = -10 * TC_DAY,
     .document_stamped = -5 * TC_DAY,
     .claimed = -20 * TC_DAY,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "revoked, content stamped after: signed later",
     .revoked = -10 * TC_DAY,
     .content_stamped = -8 * TC_DAY,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_REVOKED,
     .reasons = R(CERT_REVOKED),
     .set = "official"},
    {.name = "revoked, first seen before",
     .revoked = -10 * TC_DAY,
     .first_seen = -20 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_FIRST_SEEN,
     .set = "official"},
    {.name = "revoked, first seen after, claimed before",
     .revoked = -10 * TC_DAY,
     .first_seen = -5 * TC_DAY,
     .claimed = -20 * TC_DAY,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE),
     .source = VT_TIME_SOURCE_FIRST_SEEN,
     .set = "official"},
    {.name = "revoked by a stale CRL all the same",
     .revoked = -10 * TC_DAY,
     .crl_from = -9 * TC_DAY,
     .crl_until = -TC_DAY,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE),
     .set = "official"},
    {.name = "suspended",
     .revoked = -10 * TC_DAY,
     .reason = 6,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(CERT_SUSPENDED),
     .set = "official"},
    {.name = "suspended, stamped before",
     .revoked = -10 * TC_DAY,
     .reason = 6,
     .stamped = -20 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "CA revoked",
     .ca_revoked = -10 * TC_DAY,
     .sub = VT_SUB_REVOKED_CA_NO_POE,
     .reasons = R(CA_INVALID),
     .set = "official"},
    {.name = "CA superseded, first seen before",
     .ca_revoked = -10 * TC_DAY,
     .reason = 4,
     .first_seen = -20 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_FIRST_SEEN,
     .set = "official"},

    /* periods */
    {.name = "expired since",
     .signer = &f.expired,
     .sub = VT_SUB_OUT_OF_BOUNDS_NO_POE,
     .reasons = R(CERT_EXPIRED_SINCE),
     .set = "official",
     .wants = 1},
    {.name = "expired since, the CRL keeps expired ones",
     .signer = &f.expired,
     .keeps_expired = -900 * TC_DAY,
     .sub = VT_SUB_OUT_OF_BOUNDS_NOT_REVOKED,
     .reasons = R(CERT_EXPIRED_SINCE),
     .set = "official"},
    {.name = "expired since, claimed before",
     .signer = &f.expired,
     .claimed = -100 * TC_DAY,
     .sub = VT_SUB_OUT_OF_BOUNDS_NO_POE,
     .reasons = R(CERT_EXPIRED_SINCE),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official",
     .wants = 1},
    {.name = "claimed after the end",
     .signer = &f.expired,
     .claimed = -10 * TC_DAY,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_EXPIRED,
     .reasons = R(CERT_EXPIRED),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official",
     .wants = 1},
    {.name = "stamped after the end",
     .signer = &f.expired,
     .stamped = -10 * TC_DAY,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_EXPIRED,
     .reasons = R(CERT_EXPIRED),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official",
     .wants = 1},
    {.name = "stamped before the end, today's CRL proves nothing",
     .signer = &f.expired,
     .stamped = -100 * TC_DAY,
     .sub = VT_SUB_TRY_LATER,
     .reasons = R(STATUS_UNKNOWN),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official",
     .wants = 1},
    {.name = "stamped before the end, the CRL keeps expired ones",
     .signer = &f.expired,
     .stamped = -100 * TC_DAY,
     .keeps_expired = -900 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "first seen before the end, a CRL from between",
     .signer = &f.expired,
     .first_seen = -100 * TC_DAY,
     .crl_from = -60 * TC_DAY,
     .crl_until = -50 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_FIRST_SEEN,
     .set = "official"},
    {.name = "not valid yet",
     .signer = &f.future,
     .want = VT_TOTAL_FAILED,
     .sub = VT_SUB_NOT_YET_VALID,
     .reasons = R(CERT_NOT_YET),
     .set = "official"},
    {.name = "claimed before the certificate",
     .claimed = -9 * 365 * TC_DAY,
     .sub = VT_SUB_OUT_OF_BOUNDS_NO_POE,
     .reasons = R(CERT_NOT_YET),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "CA expired",
     .signer = &f.leaf_of_old,
     .no_crl = true,
     .sub = VT_SUB_OUT_OF_BOUNDS_NO_POE,
     .reasons = R(CA_INVALID) | R(STATUS_UNKNOWN),
     .set = "official",
     .wants = 2},

    /* claims */
    {.name = "7 hours ahead of the stamp",
     .stamped = -TC_DAY,
     .claimed = -TC_DAY + 7 * HOUR - 90,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIME_INCONSISTENT),
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "7 hours ahead of now",
     .claimed = 7 * HOUR - 60,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIME_INCONSISTENT),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "7 hours ahead, revoked 3 hours ago",
     .claimed = 2 * HOUR,
     .revoked = -3 * HOUR,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE) | R(TIME_INCONSISTENT),
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},
    {.name = "in the future",
     .claimed = 3 * TC_DAY,
     .sub = VT_SUB_SIG_CONSTRAINTS_FAILURE,
     .reasons = R(TIME_INCONSISTENT),
     .set = "official"},
    {.name = "a clock some minutes fast",
     .claimed = 200,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_CLAIMED,
     .set = "official"},

    /* time stamps */
    {.name = "a stamp for something else",
     .stamped = -20 * TC_DAY,
     .stamp_broken = true,
     .sub = VT_SUB_SIG_CONSTRAINTS_FAILURE,
     .reasons = R(TIMESTAMP_INVALID),
     .set = "official"},
    {.name = "a stranger's stamp does not help",
     .tsa = &f.tsa_strange,
     .stamped = -20 * TC_DAY,
     .revoked = -10 * TC_DAY,
     .sub = VT_SUB_REVOKED_NO_POE,
     .reasons = R(CERT_REVOKED_SINCE) | R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "a stranger's stamp does not harm",
     .tsa = &f.tsa_strange,
     .stamped = -20 * TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "usage of the TSA not critical",
     .tsa = &f.tsa_not_critical,
     .stamped = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "TSA with two uses",
     .tsa = &f.tsa_two_uses,
     .stamped = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "a signer as TSA",
     .tsa = &f.leaf,
     .stamped = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "a stamp that does not name its TSA",
     .stamp_not_bound = true,
     .stamped = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "TSA expired when it stamped",
     .tsa = &f.tsa_expired,
     .stamped = -TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "a stamp from the future",
     .stamped = TC_DAY,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "TSA revoked later, superseded",
     .stamped = -20 * TC_DAY,
     .tsa_revoked = -10 * TC_DAY,
     .reason = 4,
     .want = VT_TOTAL_PASSED,
     .source = VT_TIME_SOURCE_TIMESTAMP,
     .set = "official"},
    {.name = "TSA revoked later, compromised",
     .stamped = -20 * TC_DAY,
     .tsa_revoked = -10 * TC_DAY,
     .reason = 1,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "TSA revoked later, no reason given",
     .stamped = -20 * TC_DAY,
     .tsa_revoked = -10 * TC_DAY,
     .reason = -1,
     .want = VT_TOTAL_PASSED,
     .reasons = R(TIMESTAMP_UNVERIFIED),
     .set = "official"},
    {.name = "content stamped after the signature",
     .stamped = -20 * TC_DAY,
     .content_stamped = -10 * TC_DAY,
     .sub = VT_SUB_TIMESTAMP_ORDER_FAILURE,
     .reasons = R(TIME_INCONSISTENT),
     .source = VT_TIME_SOURCE_TIMESTAMP,
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

static void shows_path_and_statuses(void **state)
{
    (void)state;
    struct vt_signature out;
    struct vt_wants wants;
    judge(&(struct judge_case){.name = "shown",
                               .stamped = -TC_DAY,
                               .object = {.format = VT_SIGNATURE_PADES,
                                          .covers = VT_COVERS_WHOLE,
                                          .changes_after = VT_CHANGES_NONE,
                                          .field = "Sig1"}},
          &out, &wants);
    assert_int_equal(out.path_count, 3);
    assert_string_equal(out.path[0].common_name, "SỞ NỘI VỤ");
    assert_string_equal(out.path[2].common_name, "RootCA thử nghiệm");
    assert_int_equal(out.statuses_count, 3);
    assert_int_equal(out.statuses[0].value, VT_STATUS_GOOD);
    assert_string_equal(out.statuses[0].origin, "given");
    assert_string_equal(out.statuses[0].certificate_sha256, out.path[0].sha256);
    assert_int_equal(out.statuses[2].value, VT_STATUS_NOT_NEEDED);
    assert_int_equal(out.timestamps_count, 1);
    assert_int_equal(out.timestamps[0].indication, VT_TOTAL_PASSED);
    assert_int_equal(out.judged_at_utc_secs, TC_NOW - TC_DAY);
    assert_string_equal(out.field, "Sig1");
    assert_string_equal(out.level, "B-T");
}

/* What is left out, one thing at a time, of all that a signature and its time stamp are validated
 * with (EN 319 142-1 6.3). */
static void levels(void **state)
{
    (void)state;
    const struct tc_crl_options young = {.this_update_utc_secs = TC_NOW - HOUR,
                                         .next_update_utc_secs = TC_NOW + TC_DAY};
    const struct vt_validation_data all = {
        .certificates = {f.ca.der, f.tsa_public.der, f.public_ca.der},
        .certificates_count = 3,
        .crls = {tc_crl(f.arena, &f.ca, &young), tc_crl(f.arena, &f.root, &young),
                 tc_crl(f.arena, &f.public_ca, &young), tc_crl(f.arena, &f.public_root, &young)},
        .crls_count = 4};
    struct judge_case c = {.name = "level",
                           .stamped = -TC_DAY,
                           .tsa = &f.tsa_public,
                           .object = {.format = VT_SIGNATURE_PADES,
                                      .covers = VT_COVERS_WHOLE,
                                      .changes_after = VT_CHANGES_NONE}};
    struct vt_signature out;
    struct vt_wants wants;
    judge(&c, &out, &wants);
    assert_string_equal(out.level, "B-T");
    c.stored = &all;
    judge(&c, &out, &wants);
    assert_int_equal(out.indication, VT_TOTAL_PASSED);
    assert_string_equal(out.level, "B-LT");
    for (size_t i = 0; i < all.certificates_count + all.crls_count; i++) {
        struct vt_validation_data most = all;
        c.stored = &most;
        if (i < all.certificates_count)
            most.certificates[i] = f.stranger.der;
        else
            most.crls[i - all.certificates_count] = tc_crl(f.arena, &f.stranger_root, &young);
        judge(&c, &out, &wants);
        assert_string_equal(out.level, "B-T");
    }
    c.stored = &all;
    c.document_stamped = -HOUR;
    judge(&c, &out, &wants);
    assert_string_equal(out.level, "B-LTA");
}

static struct vt_status_fact known_fact(const struct tc_entity *certificate,
                                        const struct tc_entity *issuer, enum vt_status_value value)
{
    struct vt_status_fact fact = {.serial = vt_certificate_facts(certificate->certificate)->serial,
                                  .value = value,
                                  .source = "ocsp",
                                  .origin = "http://ocsp.example",
                                  .this_update_utc_secs = TC_NOW - HOUR,
                                  .next_update_utc_secs = TC_NOW + HOUR,
                                  .revoked_at_utc_secs = VT_TIME_NONE,
                                  .keeps_expired_since_utc_secs = VT_TIME_NONE};
    assert_int_equal(vt_verify_sha256(vt_certificate_public_key_der(issuer->certificate),
                                      fact.issuer_key_sha256),
                     VT_OK);
    return fact;
}

static void uses_known_facts(void **state)
{
    (void)state;
    struct vt_signature out;
    struct vt_wants wants;
    struct vt_status_fact facts[] = {known_fact(&f.leaf, &f.ca, VT_STATUS_GOOD),
                                     known_fact(&f.ca, &f.root, VT_STATUS_GOOD)};
    struct vt_known known = {.facts = facts, .facts_count = 2};
    judge_known(&f.leaf, &known, &out, &wants);
    assert_int_equal(out.indication, VT_TOTAL_PASSED);
    /* A fact about the same serial of another key is about another certificate. */
    facts[0] = known_fact(&f.leaf, &f.root, VT_STATUS_GOOD);
    judge_known(&f.leaf, &known, &out, &wants);
    assert_int_equal(out.reasons, R(STATUS_UNKNOWN));
    assert_int_equal(wants.status_count, 1);
    /* Unreachable is shown and still unknown. */
    facts[0] = known_fact(&f.leaf, &f.ca, VT_STATUS_UNREACHABLE);
    judge_known(&f.leaf, &known, &out, &wants);
    assert_int_equal(out.reasons, R(STATUS_UNKNOWN));
    assert_int_equal(out.statuses[0].value, VT_STATUS_UNREACHABLE);
    /* Revoked beats good. */
    struct vt_status_fact both[] = {known_fact(&f.leaf, &f.ca, VT_STATUS_GOOD),
                                    known_fact(&f.leaf, &f.ca, VT_STATUS_REVOKED), facts[1]};
    both[1].revoked_at_utc_secs = TC_NOW - TC_DAY;
    known = (struct vt_known){.facts = both, .facts_count = 3};
    judge_known(&f.leaf, &known, &out, &wants);
    assert_int_equal(out.reasons, R(CERT_REVOKED_SINCE));
    /* A hold that a younger statement no longer has was lifted. */
    both[1].value = VT_STATUS_SUSPENDED;
    both[1].this_update_utc_secs = TC_NOW - 2 * HOUR;
    judge_known(&f.leaf, &known, &out, &wants);
    assert_int_equal(out.indication, VT_TOTAL_PASSED);
    both[1].this_update_utc_secs = TC_NOW - HOUR;
    judge_known(&f.leaf, &known, &out, &wants);
    assert_int_equal(out.reasons, R(CERT_SUSPENDED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
        cmocka_unit_test(says_why),
        cmocka_unit_test(a_claim_never_improves),
        cmocka_unit_test(shows_path_and_statuses),
        cmocka_unit_test(levels),
        cmocka_unit_test(uses_known_facts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
