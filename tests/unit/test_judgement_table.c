/* SPDX-License-Identifier: Apache-2.0
 * Each row of the table is judged, and what holds for all of them: no claim, no lost proof and no
 * older revocation data ever makes a verdict better. */
#include "test_judgement_more_rows.h"

#include "../lib/judgement_scene.h"

/* ---- the table ---- */

#define GROUP(rows)                                                                                \
    {                                                                                              \
#rows, rows, sizeof(rows) / sizeof((rows)[0])                                              \
    }

static const struct group {
    const char *name;
    const struct row *rows;
    size_t count;
} groups[] = {
    GROUP(not_revoked), GROUP(revoked),    GROUP(stolen),    GROUP(invalidity_date),
    GROUP(hold),        GROUP(periods),    GROUP(freshness), GROUP(sources),
    GROUP(authorities), GROUP(trust_sets), GROUP(stamps),    GROUP(claims),
    GROUP(algorithms),
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static const char *expected_set(const struct row *row)
{
    if (row->set != NULL)
        return row->set;
    return row->sub == VT_SUB_NO_CERTIFICATE_CHAIN_FOUND ? NULL : "official";
}

static bool is_set(const char *set, const char *expected)
{
    return set == NULL || expected == NULL ? set == expected : strcmp(set, expected) == 0;
}

static void show_reasons(vt_reasons reasons)
{
    for (int reason = 0; reason < VT_REASON_COUNT; reason++) {
        if ((reasons & VT_REASON_BIT(reason)) != 0)
            print_message(" %s", vt_reason_info((enum vt_reason)reason)->code);
    }
}

static void show(const char *what, enum vt_indication indication, enum vt_sub_indication sub,
                 vt_reasons reasons, enum vt_status_value status, int64_t judged,
                 enum vt_time_source source, const char *set)
{
    const char *name = vt_sub_indication_name(sub);
    print_message("    %s: %s %s", what, vt_indication_name(indication), name ? name : "-");
    show_reasons(reasons);
    print_message("; status %d, judged at now %+lld s, source %d, set %s\n", (int)status,
                  (long long)(judged - TC_NOW), (int)source, set ? set : "none");
}

static bool judges_as_expected(const struct group *group, const struct row *row)
{
    struct scene scene;
    struct vt_signature out;
    struct vt_wants wants;
    judge_row(row, &scene, &out, &wants);
    enum vt_status_value status =
        out.statuses_count > 0 ? out.statuses[0].value : VT_STATUS_UNKNOWN;
    bool same = out.indication == row->want && out.sub_indication == row->sub &&
                out.reasons == row->reasons && status == row->status &&
                out.judged_at_utc_secs == TC_NOW + row->judged &&
                out.signing_time_source == row->source && is_set(out.trust_set, expected_set(row));
    /* Whatever does not pass says why. */
    bool explained = out.indication == VT_TOTAL_PASSED || out.findings_count > 0;
    if (!same || !explained) {
        print_message("%s: %s (%s)\n", group->name, row->name, row->clause);
        show("wanted", row->want, row->sub, row->reasons, row->status, TC_NOW + row->judged,
             row->source, expected_set(row));
        show("is", out.indication, out.sub_indication, out.reasons, status, out.judged_at_utc_secs,
             out.signing_time_source, out.trust_set);
        for (size_t i = 0; i < out.findings_count; i++)
            print_message("        %s\n", out.findings[i]);
    }
    end_scene(&scene);
    return same && explained;
}

static void every_row(void **state)
{
    size_t failed = 0, count = 0;
    (void)state;
    for (size_t i = 0; i < GROUPS; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            failed += !judges_as_expected(&groups[i], &groups[i].rows[j]);
        count += groups[i].count;
    }
    print_message("%zu of %zu rows as expected\n", count - failed, count);
    assert_int_equal(failed, 0);
}

/* ---- what holds for all rows ---- */

/* Passed 2, undecided 1, failed 0. */
static int rank(const struct row *row)
{
    struct scene scene;
    struct vt_signature out;
    struct vt_wants wants;
    judge_row(row, &scene, &out, &wants);
    enum vt_indication indication = out.indication;
    end_scene(&scene);
    return indication == VT_TOTAL_PASSED ? 2 : indication == VT_INDETERMINATE ? 1 : 0;
}

typedef void property(const struct group *group, const struct row *row);

static void for_each(property *holds)
{
    for (size_t i = 0; i < GROUPS; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            holds(&groups[i], &groups[i].rows[j]);
    }
}

/* Whatever is claimed, it is never better than claiming nothing. */
static void no_claim_helps(const struct group *group, const struct row *row)
{
    static const int64_t claimed[] = {D(-5400), D(-365), D(-15), H(7)};
    struct row other = *row;
    other.claimed = other.claimed_in_file = 0;
    int without = rank(&other);
    for (size_t i = 0; i < sizeof(claimed) / sizeof(claimed[0]); i++) {
        other.claimed = claimed[i];
        if (rank(&other) > without)
            fail_msg("%s: %s: a claim of %+lld s helps", group->name, row->name,
                     (long long)claimed[i]);
    }
}

static void claims_never_help(void **state)
{
    (void)state;
    for_each(no_claim_helps);
}

/* Where nothing is known about a certificate, no time is told: zero would be 1970. */
static void no_time_is_made_up(const struct group *group, const struct row *row)
{
    struct scene scene;
    struct vt_signature out;
    struct vt_wants wants;
    judge_row(row, &scene, &out, &wants);
    for (size_t i = 0; i < out.timestamps_count + 1; i++) {
        bool is_own = i == out.timestamps_count;
        const struct vt_status_facts *statuses = is_own ? out.statuses : out.timestamps[i].statuses;
        size_t count = is_own ? out.statuses_count : out.timestamps[i].statuses_count;
        for (size_t k = 0; k < count; k++) {
            if (statuses[k].source == NULL && statuses[k].this_update_utc_secs != VT_TIME_NONE)
                fail_msg("%s: %s: a status of nobody has a time", group->name, row->name);
        }
    }
    end_scene(&scene);
}

static void times_are_known_or_none(void **state)
{
    (void)state;
    for_each(no_time_is_made_up);
}

/* Without one of its proofs nothing becomes valid. A proof that is itself the fault (broken, or a
 * contradiction: existed before the certificate began, signed before its content was stamped) is
 * left alone: it says more than that the signature existed. */
static void no_lost_proof_helps(const struct group *group, const struct row *row)
{
    const vt_reasons faults = R(TIMESTAMP_INVALID) | R(TIME_INCONSISTENT) | R(CERT_NOT_YET);
    if ((row->reasons & faults) != 0 || row->want == VT_TOTAL_PASSED)
        return;
    for (size_t i = 0; i < 4; i++) {
        struct row other = *row;
        if (i == 3 ? row->first_seen == 0 : row->stamps[i].kind == NO_STAMP)
            continue;
        if (i == 3)
            other.first_seen = 0;
        else
            other.stamps[i].kind = NO_STAMP;
        if (rank(&other) == 2)
            fail_msg("%s: %s: valid without proof %zu", group->name, row->name, i);
    }
}

static void lost_proof_never_helps(void **state)
{
    (void)state;
    for_each(no_lost_proof_helps);
}

/* A good answer from before the time in question, in force for long, that the document carries. */
static void no_older_data_helps(const struct group *group, const struct row *row)
{
    static const enum subject subjects[] = {SIGNER, CA, TSA};
    int before = rank(row);
    for (size_t i = 0; i < 3; i++) {
        struct row other = *row;
        if (subjects[i] == TSA && row->stamps[0].kind == NO_STAMP)
            continue;
        other.also = (struct data){.from = EMBEDDED,
                                   .kind = i == 1 ? CRL : OCSP,
                                   .of = subjects[i],
                                   .this_update = row->judged - H(3),
                                   .next_update = D(30)};
        /* A time stamp has a time of its own. */
        for (size_t j = 0; j < 3; j++) {
            if (row->stamps[j].kind != NO_STAMP && row->stamps[j].when < row->judged)
                other.also.this_update = row->stamps[j].when - H(3);
        }
        if (rank(&other) > before)
            fail_msg("%s: %s: older data %zu helps", group->name, row->name, i);
    }
}

static void older_data_never_helps(void **state)
{
    (void)state;
    for_each(no_older_data_helps);
}

/* Nothing known of anybody: nothing is valid, unless the anchors are all there is. */
static void no_row_needs_nothing(const struct group *group, const struct row *row)
{
    struct row other = *row;
    if (row->want != VT_TOTAL_PASSED)
        return;
    memset(other.data, 0, sizeof(other.data));
    other.revoked = 0;
    other.unknown = ~0u;
    if (rank(&other) == 2)
        fail_msg("%s: %s: valid though nothing is known", group->name, row->name);
}

static void unknown_is_never_valid(void **state)
{
    (void)state;
    for_each(no_row_needs_nothing);
}

/* ---- what the sender encloses is asked about all the same ---- */

static bool asks_about(const struct row *row, enum subject subject)
{
    struct scene scene;
    struct vt_signature out;
    struct vt_wants wants;
    bool asked = false;
    judge_row(row, &scene, &out, &wants);
    for (size_t i = 0; i < wants.status_count; i++)
        asked |= vt_bytes_equal(wants.status[i].certificate, scene.subjects[subject].der);
    end_scene(&scene);
    return asked;
}

/* A thief who has the key of a time stamp authority too encloses its list from before its
 * revocation, which was in force still when the document was stamped. */
static void asks_about_an_authority_with_old_data(void **state)
{
    struct row row = {.revoked = D(-10),
                      .stamps = {{ON_SIGNATURE, D(-20)}, {ON_DOCUMENT, D(-2), LATER}},
                      .data = {{EMBEDDED, CRL, TSA, D(-15), D(10)}}};
    (void)state;
    assert_true(asks_about(&row, TSA));
    row.data[1] = (struct data){FETCHED, CRL, TSA, .says = REVOKED, .since = D(-12)};
    assert_int_equal(rank(&row), 1);
}

/* A thief encloses the list that was made after his signature, before the revocation was published
 * that has an earlier date. */
static void asks_about_a_signer_with_enclosed_data(void **state)
{
    struct row row = {.stamps = {{ON_SIGNATURE, D(-20)}},
                      .data = {{EMBEDDED, CRL, SIGNER, D(-20) + 600, D(-19)}}};
    (void)state;
    assert_int_equal(rank(&row), 2);
    assert_true(asks_about(&row, SIGNER));
    row.data[1] = (struct data){FETCHED, CRL, SIGNER, .says = REVOKED, .since = D(-20) - 600};
    assert_int_equal(rank(&row), 0);
    /* Of what has expired nobody knows more, and an outage changes nothing. */
    row.data[1] = (struct data){.from = FETCHED, .kind = NO_ANSWER, .of = SIGNER};
    assert_int_equal(rank(&row), 2);
    row.valid.to = D(-5);
    assert_int_equal(rank(&row), 2);
    assert_false(asks_about(&row, SIGNER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(claims_never_help),
        cmocka_unit_test(times_are_known_or_none),
        cmocka_unit_test(lost_proof_never_helps),
        cmocka_unit_test(older_data_never_helps),
        cmocka_unit_test(unknown_is_never_valid),
        cmocka_unit_test(asks_about_an_authority_with_old_data),
        cmocka_unit_test(asks_about_a_signer_with_enclosed_data),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
