/* SPDX-License-Identifier: Apache-2.0
 * Time stamps that keep each other alive (EN 319 102-1 5.6.3): chains over years, tokens without a
 * proof, tokens that contradict each other, and what is claimed beside them. */
#include <stdlib.h>

#include "../lib/trust_cases.h"

#define YEAR (365 * TC_DAY)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Authorities that followed each other. */
static struct tsas {
    struct tc_entity first, second, third;
} tsas;

static struct tc_entity make_authority(const char *name, int64_t from, int64_t to)
{
    static const char *const usage[][2] = {{"extendedKeyUsage", "critical,timeStamping"},
                                           {NULL, NULL}};
    return make(name, &f.root, TC_NOW + from, TC_NOW + to, usage);
}

static int set_up(void **state)
{
    int result = setup(state);
    tsas.first = make_authority("First TSA", -2150 * TC_DAY, -1900 * TC_DAY);
    tsas.second = make_authority("Second TSA", -2000 * TC_DAY, -1100 * TC_DAY);
    tsas.third = make_authority("Third TSA", -1800 * TC_DAY, 700 * TC_DAY);
    return result;
}

struct token {
    const char *kind;
    const struct tc_entity *tsa;
    int64_t when;
    uint32_t covers;
    enum vt_integrity integrity; /* 0: intact */
    int64_t accuracy;
    const char *digest; /* NULL: SHA-256 */
};

struct revoked {
    const struct tc_entity *tsa;
    int64_t when;
    int reason;
};

struct chain_case {
    const char *name;
    struct token own[4];
    struct token documents[4];
    int64_t crls[4]; /* when the root issued a CRL that was in force for 90 days; none: now */
    struct revoked revoked;
    int64_t first_seen, claimed, claimed_in_pdf;
    bool is_message; /* of a mail: what was seen first is not the tokens */
    /* expected */
    enum vt_indication want;
    enum vt_sub_indication sub;
    vt_reasons reasons;
    int64_t judged_at;
    enum vt_time_source source;
    uint32_t counting; /* own tokens first, then documents */
    bool is_local_time;
};

static struct vt_verified_timestamp make_token(const struct token *token)
{
    bool broken = token->integrity == VT_INTEGRITY_BROKEN;
    return (struct vt_verified_timestamp){
        .kind = token->kind,
        .integrity = broken ? VT_INTEGRITY_BROKEN : VT_INTEGRITY_INTACT,
        .time_utc_secs = TC_NOW + token->when,
        .accuracy_secs = token->accuracy,
        .covers = token->covers,
        .signer = token->tsa->certificate,
        .ess_bound = true,
        .digest_algorithm = token->digest ? token->digest : "SHA-256",
        .reasons = broken ? R(TIMESTAMP_INVALID) : 0};
}

static size_t make_tokens(const struct token *tokens, struct vt_verified_timestamp out[4])
{
    size_t count = 0;
    for (; count < 4 && tokens[count].kind != NULL; count++)
        out[count] = make_token(&tokens[count]);
    return count;
}

static size_t make_lists(const struct chain_case *c, struct vt_bytes out[8])
{
    struct tc_crl_options now = {.this_update_utc_secs = TC_NOW - HOUR};
    struct tc_crl_options leaf = {.this_update_utc_secs = TC_NOW - HOUR};
    size_t count = 0;
    if (c->revoked.tsa != NULL)
        now.entries[0] =
            (struct tc_entry){c->revoked.tsa, TC_NOW + c->revoked.when, c->revoked.reason, NULL};
    out[count++] = tc_crl(f.arena, &f.root, &now);
    out[count++] = tc_crl(f.arena, &f.ca, &leaf);
    for (size_t i = 0; i < 4 && c->crls[i] != 0; i++) {
        struct tc_crl_options old = {.this_update_utc_secs = TC_NOW + c->crls[i],
                                     .next_update_utc_secs = TC_NOW + c->crls[i] + 90 * TC_DAY};
        out[count++] = tc_crl(f.arena, &f.root, &old);
    }
    return count;
}

static void judge_chain(const struct chain_case *c, struct vt_signature *out)
{
    struct vt_verified_timestamp own[4];
    struct vt_verified_timestamp documents[4];
    const struct vt_verified_timestamp *views[4];
    struct vt_bytes crls[8];
    struct vt_wants wants = {0};
    struct vt_verified verified;
    struct vt_verified_timestamp unused[2];
    struct vt_signed_object object = {.format =
                                          c->is_message ? VT_SIGNATURE_SMIME : VT_SIGNATURE_PADES,
                                      .covers = VT_COVERS_WHOLE,
                                      .changes_after = VT_CHANGES_NONE,
                                      .claimed_time_utc_secs = at(c->claimed_in_pdf)};
    fill_verified(&(struct judge_case){.claimed = c->claimed}, &verified, unused);
    verified.timestamps = own;
    verified.timestamps_count = make_tokens(c->own, own);
    size_t documents_count = make_tokens(c->documents, documents);
    for (size_t i = 0; i < documents_count; i++)
        views[i] = &documents[i];
    struct vt_trust_input input = {.store = f.store,
                                   .pool = f.pool,
                                   .object = &object,
                                   .verified = &verified,
                                   .document_timestamps = views,
                                   .document_timestamps_count = documents_count,
                                   .given_crls = crls,
                                   .given_crls_count = make_lists(c, crls),
                                   .token_cache = vt_token_cache_new(f.arena),
                                   .first_seen_utc_secs = at(c->first_seen),
                                   .now_utc_secs = TC_NOW};
    assert_int_equal(vt_trust_judge(f.arena, &input, out, &wants, NULL), VT_OK);
    assert_int_equal(out->timestamps_count, verified.timestamps_count + documents_count);
}

static uint32_t counting(const struct vt_signature *signature)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < signature->timestamps_count; i++) {
        const struct vt_timestamp_facts *facts = &signature->timestamps[i];
        if (facts->indication == VT_TOTAL_PASSED) {
            bits |= UINT32_C(1) << i;
            /* A signature of its own: path, set and the status of all of the path. */
            assert_string_equal(facts->trust_set, "official");
            assert_int_equal(facts->statuses_count, facts->path_count);
        } else if (facts->findings_count == 0) {
            fail_msg("a token that does not count has no finding");
        }
    }
    return bits;
}

#define AT(when, by) .judged_at = (when), .source = VT_TIME_SOURCE_##by
#define PASSED .want = VT_TOTAL_PASSED
#define UNPROVEN .reasons = R(TIMESTAMP_UNVERIFIED), .want = VT_TOTAL_PASSED

static const struct chain_case chains[] = {
    {"one token of today's authority",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR}}, PASSED,
     AT(-YEAR, TIMESTAMP), .counting = 1},
    {"an authority that has expired, no later token",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -4 * YEAR}}, UNPROVEN,
     .counting = 0},
    {"kept alive by an archive time stamp",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -4 * YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR + TC_DAY, .covers = 1}},
     .crls = {-4 * YEAR}, PASSED, AT(-4 * YEAR, TIMESTAMP), .counting = 3},
    {"a chain of three authorities",
     .own = {{.kind = "signature", .tsa = &tsas.first, .when = -2100 * TC_DAY},
             {.kind = "archive", .tsa = &tsas.second, .when = -1950 * TC_DAY, .covers = 1},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR, .covers = 3}},
     .crls = {-1960 * TC_DAY, -4 * YEAR - TC_DAY}, PASSED, AT(-2100 * TC_DAY, TIMESTAMP),
     .counting = 7},
    {"the same, the order in the file is another",
     .own = {{.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR, .covers = 6},
             {.kind = "archive", .tsa = &tsas.second, .when = -1950 * TC_DAY, .covers = 4},
             {.kind = "signature", .tsa = &tsas.first, .when = -2100 * TC_DAY}},
     .crls = {-1960 * TC_DAY, -4 * YEAR - TC_DAY}, PASSED, AT(-2100 * TC_DAY, TIMESTAMP),
     .counting = 7},
    {"a chain whose middle is missing",
     .own = {{.kind = "signature", .tsa = &tsas.first, .when = -2100 * TC_DAY},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR, .covers = 1}},
     .crls = {-1960 * TC_DAY, -4 * YEAR - TC_DAY}, UNPROVEN, AT(-4 * YEAR, TIMESTAMP),
     .counting = 2},
    {"an archive time stamp that does not cover the token",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -4 * YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR + TC_DAY}},
     .crls = {-4 * YEAR}, UNPROVEN, AT(-4 * YEAR + TC_DAY, TIMESTAMP), .counting = 2},
    {"no revocation data from then",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -4 * YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR + TC_DAY, .covers = 1}},
     UNPROVEN, AT(-4 * YEAR + TC_DAY, TIMESTAMP), .counting = 2},
    {"revocation data that had run out then",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -5 * YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR, .covers = 1}},
     .crls = {-5 * YEAR}, UNPROVEN, AT(-4 * YEAR, TIMESTAMP), .counting = 2},
    {"the second of several pieces of data was in force",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -5 * YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -4 * YEAR, .covers = 1}},
     .crls = {-5 * YEAR, -4 * YEAR - 10 * TC_DAY}, PASSED, AT(-5 * YEAR, TIMESTAMP), .counting = 3},
    {"kept alive by document time stamps of later revisions",
     .own = {{.kind = "signature", .tsa = &tsas.first, .when = -2100 * TC_DAY}},
     .documents = {{.kind = "document", .tsa = &tsas.second, .when = -1950 * TC_DAY},
                   {.kind = "document", .tsa = &tsas.third, .when = -4 * YEAR}},
     .crls = {-1960 * TC_DAY, -4 * YEAR - TC_DAY}, PASSED, AT(-2100 * TC_DAY, TIMESTAMP),
     .counting = 7},
    {"first seen while the authority was valid",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -4 * YEAR}},
     .first_seen = -4 * YEAR + TC_DAY, .crls = {-4 * YEAR}, PASSED, AT(-4 * YEAR, TIMESTAMP),
     .counting = 1},
    {"a message: its tokens were not what was seen",
     .own = {{.kind = "signature", .tsa = &tsas.second, .when = -4 * YEAR}},
     .first_seen = -4 * YEAR + TC_DAY, .crls = {-4 * YEAR}, .is_message = true, UNPROVEN,
     AT(-4 * YEAR + TC_DAY, FIRST_SEEN)},
    {"compromised afterwards, archive time stamp from before",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -2 * YEAR},
             {.kind = "archive", .tsa = &tsas.second, .when = -4 * YEAR},
             {.kind = "archive", .tsa = &f.tsa, .when = -YEAR, .covers = 1}},
     .revoked = {&tsas.third, -10 * TC_DAY, 1}, UNPROVEN, AT(-2 * YEAR, TIMESTAMP), .counting = 5},
    {"compromised, nothing from before",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -2 * YEAR}},
     .revoked = {&tsas.third, -10 * TC_DAY, 1}, UNPROVEN},
    {"superseded, nothing from before",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -2 * YEAR}},
     .revoked = {&tsas.third, -10 * TC_DAY, 4}, PASSED, AT(-2 * YEAR, TIMESTAMP), .counting = 1},
    {"a broken token does not hide a valid one",
     .own = {{.kind = "signature",
              .tsa = &tsas.third,
              .when = -2 * YEAR,
              .integrity = VT_INTEGRITY_BROKEN},
             {.kind = "signature", .tsa = &tsas.third, .when = -YEAR}},
     .sub = VT_SUB_SIG_CONSTRAINTS_FAILURE, .reasons = R(TIMESTAMP_INVALID), AT(-YEAR, TIMESTAMP),
     .counting = 2},
    {"a stranger's token does not hide a valid one",
     .own = {{.kind = "signature", .tsa = &f.tsa_strange, .when = -2 * YEAR},
             {.kind = "signature", .tsa = &tsas.third, .when = -YEAR}},
     UNPROVEN, AT(-YEAR, TIMESTAMP), .counting = 2},
    {"the earliest of two",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR},
             {.kind = "signature", .tsa = &tsas.third, .when = -2 * YEAR}},
     PASSED, AT(-2 * YEAR, TIMESTAMP), .counting = 3},
    {"references alone prove no time of the signature",
     .own = {{.kind = "references", .tsa = &tsas.third, .when = -2 * YEAR}}, PASSED, .counting = 1},
    {"signature and references",
     .own = {{.kind = "signature-and-references", .tsa = &tsas.third, .when = -2 * YEAR}}, PASSED,
     AT(-2 * YEAR, TIMESTAMP), .counting = 1},
    {"SHA-1 today",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR, .digest = "SHA-1"}},
     UNPROVEN},
    {"MD5 at any time",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR, .digest = "MD5"},
             {.kind = "archive", .tsa = &tsas.third, .when = -YEAR + TC_DAY, .covers = 1}},
     UNPROVEN, AT(-YEAR + TC_DAY, TIMESTAMP), .counting = 2},
    {"an accuracy of an hour: it existed an hour later",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR, .accuracy = 3600}}, PASSED,
     AT(-YEAR + 3600, TIMESTAMP), .counting = 1},
    {"an accuracy of a second is nothing",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR, .accuracy = 1}}, PASSED,
     AT(-YEAR, TIMESTAMP), .counting = 1},

    /* order */
    {"the archive time stamp is older than what it covers",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -2 * YEAR, .covers = 1}},
     .sub = VT_SUB_TIMESTAMP_ORDER_FAILURE, .reasons = R(TIME_INCONSISTENT),
     AT(-2 * YEAR, TIMESTAMP), .counting = 2},
    {"older by less than clocks differ",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -YEAR - 60, .covers = 1}},
     PASSED, AT(-YEAR - 60, TIMESTAMP), .counting = 3},
    {"document time stamps in the wrong order",
     .documents = {{.kind = "document", .tsa = &tsas.third, .when = -YEAR},
                   {.kind = "document", .tsa = &tsas.third, .when = -2 * YEAR}},
     .sub = VT_SUB_TIMESTAMP_ORDER_FAILURE, .reasons = R(TIME_INCONSISTENT),
     AT(-2 * YEAR, TIMESTAMP), .counting = 2},
    {"content time stamp after the signature's",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -2 * YEAR, .covers = 2},
             {.kind = "content", .tsa = &tsas.third, .when = -YEAR}},
     .sub = VT_SUB_TIMESTAMP_ORDER_FAILURE, .reasons = R(TIME_INCONSISTENT),
     AT(-2 * YEAR, TIMESTAMP), .counting = 1},
    {"a stranger's token in the wrong order is nothing",
     .own = {{.kind = "signature", .tsa = &f.tsa_strange, .when = -YEAR},
             {.kind = "archive", .tsa = &tsas.third, .when = -2 * YEAR, .covers = 1}},
     UNPROVEN, AT(-2 * YEAR, TIMESTAMP), .counting = 2},

    /* claims */
    {"two claims that agree", .claimed = -TC_DAY, .claimed_in_pdf = -TC_DAY + 20, PASSED,
     AT(0, CLAIMED)},
    {"two claims a few minutes apart", .claimed = -TC_DAY, .claimed_in_pdf = -TC_DAY + 300, PASSED,
     AT(0, CLAIMED)},
    {"two claims that disagree", .claimed = -TC_DAY, .claimed_in_pdf = -3 * TC_DAY, PASSED,
     .reasons = R(TIME_INCONSISTENT), AT(0, CLAIMED)},
    {"signing-time is 7 hours ahead of /M", .claimed = -TC_DAY + 7 * HOUR,
     .claimed_in_pdf = -TC_DAY, PASSED, .reasons = R(TIME_INCONSISTENT), AT(0, CLAIMED),
     .is_local_time = true},
    {"/M is 7 hours ahead of signing-time", .claimed = -TC_DAY,
     .claimed_in_pdf = -TC_DAY + 7 * HOUR + 3, PASSED, .reasons = R(TIME_INCONSISTENT),
     AT(0, CLAIMED), .is_local_time = true},
    {"8 hours are another fault", .claimed = -TC_DAY + 8 * HOUR, .claimed_in_pdf = -TC_DAY, PASSED,
     .reasons = R(TIME_INCONSISTENT), AT(0, CLAIMED)},
    {"7 hours ahead of the stamp, and of /M",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -TC_DAY}},
     .claimed = -TC_DAY + 7 * HOUR - 60, .claimed_in_pdf = -TC_DAY - 60, PASSED,
     .reasons = R(TIME_INCONSISTENT), AT(-TC_DAY, TIMESTAMP), .counting = 1, .is_local_time = true},
    {"7 hours ahead of the stamp",
     .own = {{.kind = "signature", .tsa = &tsas.third, .when = -TC_DAY}},
     .claimed_in_pdf = -TC_DAY + 7 * HOUR - 60, PASSED, .reasons = R(TIME_INCONSISTENT),
     AT(-TC_DAY, TIMESTAMP), .counting = 1, .is_local_time = true},
    {"claimed before the content was stamped",
     .own = {{.kind = "content", .tsa = &tsas.third, .when = -TC_DAY}}, .claimed = -2 * TC_DAY,
     PASSED, .reasons = R(TIME_INCONSISTENT), AT(0, CLAIMED), .counting = 1},
    {"claimed after the content was stamped",
     .own = {{.kind = "content", .tsa = &tsas.third, .when = -2 * TC_DAY}}, .claimed = -TC_DAY,
     PASSED, AT(0, CLAIMED), .counting = 1},
};

static void judges_chains(void **state)
{
    size_t failed = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        const struct chain_case *c = &chains[i];
        struct vt_signature out;
        judge_chain(c, &out);
        uint32_t bits = counting(&out);
        if (out.indication == c->want && out.sub_indication == c->sub &&
            out.reasons == c->reasons && out.judged_at_utc_secs == TC_NOW + c->judged_at &&
            out.signing_time_source == c->source && bits == c->counting &&
            out.claimed_is_local_time == c->is_local_time)
            continue;
        failed++;
        print_message("%s: %d/%d, reasons %llx, judged at %lld not %lld days, source %d, counting "
                      "%x not %x\n",
                      c->name, out.indication, out.sub_indication, (unsigned long long)out.reasons,
                      (long long)(out.judged_at_utc_secs - TC_NOW) / TC_DAY,
                      (long long)c->judged_at / TC_DAY, out.signing_time_source, bits, c->counting);
        show_findings(&out);
        for (size_t t = 0; t < out.timestamps_count; t++) {
            for (size_t n = 0; n < out.timestamps[t].findings_count; n++)
                print_message("    token %zu: %s\n", t, out.timestamps[t].findings[n]);
        }
    }
    assert_int_equal(failed, 0);
}

/* Two claims that disagree are both named. */
static void names_both_claims(void **state)
{
    struct vt_signature out;
    bool found = false;
    (void)state;
    judge_chain(&(struct chain_case){.claimed = -TC_DAY, .claimed_in_pdf = -3 * TC_DAY}, &out);
    for (size_t i = 0; i < out.findings_count; i++)
        found = found || (strstr(out.findings[i], "2026-05-31T00:00:00Z") != NULL &&
                          strstr(out.findings[i], "2026-05-29T00:00:00Z") != NULL);
    if (!found)
        show_findings(&out);
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_chains),
        cmocka_unit_test(names_both_claims),
    };
    return cmocka_run_group_tests(tests, set_up, teardown);
}
