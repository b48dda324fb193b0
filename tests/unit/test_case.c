/* SPDX-License-Identifier: Apache-2.0
 * Cases: what brief evidence stands for, by the same tables as its JSON form, and what is compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vanthu/case.h"
#include "vanthu/site.h"

#define NOW INT64_C(1796266920) /* 2026-12-03T10:02:00+07:00 */
#define HEAD "now: 2026-12-03T10:02:00+07:00\n"
#define BIT(name) VT_REASON_BIT(VT_REASON_##name)

static const char policy_text[] = "rules:\n"
                                  "- {name: a, when: {reason: CERT_REVOKED}, then: reject}\n"
                                  "- {name: b, when: {signer-kind: agency}, then: note}\n";

struct loaded {
    char path[64];
    struct vt_policy *policy;
    struct vt_case_file *file;
    struct vt_mistakes mistakes;
    enum vt_code code;
};

static struct loaded load(const char *cases)
{
    struct loaded l = {.path = "/tmp/vanthu-case-XXXXXX"};
    int fd = mkstemp(l.path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, cases, strlen(cases)), (ssize_t)strlen(cases));
    (void)close(fd);
    vt_mistakes_init(&l.mistakes);
    assert_int_equal(vt_policy_parse(vt_bytes_str(policy_text), "p", &l.policy, &l.mistakes, NULL),
                     VT_OK);
    vt_mistakes_clear(&l.mistakes);
    vt_mistakes_init(&l.mistakes);
    l.code = vt_case_file_open(l.path, &l.file, &l.mistakes, NULL);
    if (l.code == VT_OK)
        l.code = vt_case_file_read(l.file, l.policy, &l.mistakes, NULL);
    return l;
}

static void unload(struct loaded *l)
{
    (void)unlink(l->path);
    vt_case_file_free(l->file);
    vt_policy_free(l->policy);
    vt_mistakes_clear(&l->mistakes);
}

static const struct vt_evidence *evidence_of(const struct loaded *l)
{
    if (l->code != VT_OK)
        fail_msg("%s", l->mistakes.count > 0 ? l->mistakes.items[0].text : vt_code_name(l->code));
    return vt_case_file_at(l->file, 0)->evidence;
}

/* What nothing is said of is as a valid mail has it. */
static void usual_evidence(void **state)
{
    (void)state;
    struct loaded l = load(HEAD "cases:\n- {name: x, given: {document: {signature: {}}}, "
                                "expect: {action: accept}}\n");
    const struct vt_evidence *e = evidence_of(&l);
    const struct vt_document *d = &e->documents[0];
    const struct vt_signature *s = &d->signatures[0];
    assert_int_equal(e->mail.direction, VT_INBOUND);
    assert_int_equal(e->mail.sender_class, VT_SENDER_STATE);
    assert_true(e->mail.sender_aligned);
    assert_int_equal(e->mail.recipients_count, 1);
    assert_int_equal(e->inspected_at_utc_secs, NOW);
    assert_int_equal(d->format, VT_FORMAT_PDF);
    assert_true(d->expects_signature);
    assert_int_equal(d->reasons, 0);
    assert_int_equal(s->indication, VT_TOTAL_PASSED);
    assert_int_equal(s->integrity, VT_INTEGRITY_INTACT);
    assert_int_equal(s->signing_time_source, VT_TIME_SOURCE_TIMESTAMP);
    assert_int_equal(s->signing_time_utc_secs, NOW - 3600);
    assert_int_equal(s->judged_at_utc_secs, NOW - 3600);
    assert_string_equal(s->trust_set, "official");
    assert_int_equal(s->statuses_count, 0);
    /* It is evidence as any other. */
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_evidence_to_json(e, 0, &text, &len, NULL), VT_OK);
    free(text);
    unload(&l);
}

/* What goes with what is said. */
static void what_follows(void **state)
{
    (void)state;
    static const struct {
        const char *signature;
        enum vt_indication indication;
        enum vt_sub_indication sub;
        enum vt_integrity integrity;
        enum vt_time_source source;
        bool has_trust;
        int64_t judged;
    } rows[] = {
        {"reason: CONTENT_CHANGED", VT_TOTAL_FAILED, VT_SUB_HASH_FAILURE, VT_INTEGRITY_BROKEN,
         VT_TIME_SOURCE_TIMESTAMP, true, NOW - 3600},
        {"reason: CERT_REVOKED_SINCE", VT_INDETERMINATE, VT_SUB_REVOKED_NO_POE, VT_INTEGRITY_INTACT,
         VT_TIME_SOURCE_CLAIMED, true, NOW},
        {"reason: PATH_SELF_MADE", VT_INDETERMINATE, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
         VT_INTEGRITY_INTACT, VT_TIME_SOURCE_TIMESTAMP, false, NOW - 3600},
        {"reason: NAME_MISMATCH", VT_TOTAL_PASSED, VT_SUB_NONE, VT_INTEGRITY_INTACT,
         VT_TIME_SOURCE_TIMESTAMP, true, NOW - 3600},
        {"signing-time: claimed", VT_TOTAL_PASSED, VT_SUB_NONE, VT_INTEGRITY_INTACT,
         VT_TIME_SOURCE_CLAIMED, true, NOW},
        {"signing-time: {source: first-seen, utc: 2026-12-01T00:00:00Z}", VT_TOTAL_PASSED,
         VT_SUB_NONE, VT_INTEGRITY_INTACT, VT_TIME_SOURCE_FIRST_SEEN, true, INT64_C(1796083200)},
        {"signing-time: none, trust-set: none", VT_TOTAL_PASSED, VT_SUB_NONE, VT_INTEGRITY_INTACT,
         VT_TIME_SOURCE_NONE, false, NOW},
        {"sub-indication: EXPIRED, integrity: undetermined", VT_TOTAL_FAILED, VT_SUB_EXPIRED,
         VT_INTEGRITY_UNDETERMINED, VT_TIME_SOURCE_TIMESTAMP, true, NOW - 3600},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text),
                       HEAD "cases:\n- {name: x, given: {document: {signature: {%s}}}, "
                            "expect: {action: tag}}\n",
                       rows[i].signature);
        struct loaded l = load(text);
        const struct vt_signature *s = &evidence_of(&l)->documents[0].signatures[0];
        if (s->indication != rows[i].indication || s->sub_indication != rows[i].sub ||
            s->integrity != rows[i].integrity || s->signing_time_source != rows[i].source ||
            (s->trust_set != NULL) != rows[i].has_trust || s->judged_at_utc_secs != rows[i].judged)
            fail_msg("%s", rows[i].signature);
        unload(&l);
    }
}

/* Where a signature is due, and who sent it. */
static void senders_and_documents(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        enum vt_sender_class class;
        bool is_aligned, is_submission;
        vt_reasons reasons;
    } rows[] = {
        {"mail: {sender: a@b.example}, document: {name: x.pdf}", VT_SENDER_OTHER, false, false, 0},
        {"mail: {sender: a@x.gov.vn}, document: {name: x.pdf}", VT_SENDER_STATE, true, false,
         BIT(NO_SIGNATURE)},
        {"mail: {sender: a@x.gov.vn, aligned: false}, document: {name: x.pdf}", VT_SENDER_OTHER,
         false, false, 0},
        {"mail: {sender-class: other}, document: {name: x.signed.pdf}", VT_SENDER_OTHER, false,
         false, BIT(NO_SIGNATURE)},
        {"mail: {direction: outbound}, document: {name: x.pdf}", VT_SENDER_STATE, true, true, 0},
        {"mail: {sender: \"\"}, document: {name: x.pdf}", VT_SENDER_OTHER, false, false, 0},
        {"documents: [{name: x.docx}, {name: X.pdf, signature: {}}]", VT_SENDER_STATE, true, false,
         BIT(UNSIGNED_COMPANION)},
        {"document: {name: x.pdf, expects-signature: false}", VT_SENDER_STATE, true, false, 0},
        {"document: {name: x.jpg}", VT_SENDER_STATE, true, false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text),
                       HEAD "cases:\n- {name: x, given: {%s}, expect: {action: tag}}\n",
                       rows[i].given);
        struct loaded l = load(text);
        const struct vt_evidence *e = evidence_of(&l);
        if (e->mail.sender_class != rows[i].class || e->mail.sender_aligned != rows[i].is_aligned ||
            vt_case_file_at(l.file, 0)->input.is_submission != rows[i].is_submission ||
            e->documents[0].reasons != rows[i].reasons)
            fail_msg("%s", rows[i].given);
        unload(&l);
    }
}

/* A certificate of each way in which a table names one; the table has its place in the file. */
static void signers(void **state)
{
    (void)state;
    static const char table[] =
        HEAD "agencies:\n- id: soxd\n  name: Sở Xây dựng\n  domains: [soxd.vn]\n  certificates:\n"
             "  - sha256: 5f2b6c0a9d3e41778c1022b4a96ef1057d83c21a4f96e830b7590d64af12ce38\n"
             "    kind: person\n"
             "  - {issuer: \"*Nhà nước*\", organization: \"Sở X?y*\", kind: agency}\n"
             "  - {issuer: CA, serial: 0a1b, kind: device}\n"
             "- id: sgd\n  name: Sở Giáo dục\n  certificates:\n"
             "  - key-sha256: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\n"
             "    kind: agency\n";
    static const struct {
        const char *said;
        enum vt_kind kind;
        const char *agency; /* NULL: a mistake */
    } rows[] = {
        {"kind: person", VT_KIND_PERSON, "soxd"},
        {"kind: agency", VT_KIND_AGENCY, "soxd"},
        {"kind: device", VT_KIND_DEVICE, "soxd"},
        {"kind: agency, agency: sgd", VT_KIND_AGENCY, "sgd"},
        {"agency: sgd", VT_KIND_AGENCY, "sgd"},
        {"kind: person, agency: sgd", VT_KIND_PERSON, NULL},
        {"agency: nobody", VT_KIND_AGENCY, NULL},
        {"kind: agency, trust-set: none", VT_KIND_AGENCY, NULL},
        {"kind: clerk", VT_KIND_AGENCY, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[2048];
        (void)snprintf(text, sizeof(text),
                       "%scases:\n- {name: x, given: {mail: {sender: a@soxd.vn}, document: "
                       "{signature: {%s}}}, expect: {action: note}}\n",
                       table, rows[i].said);
        struct loaded l = load(text);
        struct vt_site_holder holder;
        if ((l.code == VT_OK) != (rows[i].agency != NULL))
            fail_msg("%s: %s", rows[i].said,
                     l.mistakes.count > 0 ? l.mistakes.items[0].text : "no mistake");
        if (rows[i].agency != NULL) {
            const struct vt_case *item = vt_case_file_at(l.file, 0);
            const struct vt_signature *s = &item->evidence->documents[0].signatures[0];
            assert_true(vt_site_holder(item->input.site, &s->signer, s->trust_set, &holder));
            assert_int_equal(holder.kind, rows[i].kind);
            assert_string_equal(holder.agency->id, rows[i].agency);
        } else {
            assert_int_equal(l.mistakes.items[0].line, 17);
        }
        unload(&l);
    }
    /* A mistake in the table has its place in the file of cases. */
    struct loaded l = load(HEAD "agencies:\n- id: a\n  nam: x\ncases: []\n");
    assert_int_equal(l.code, VT_E_CONFIG);
    assert_int_equal(l.mistakes.items[0].column, 3);
    unload(&l);
    /* Without a table nobody's certificate is known. */
    l = load(HEAD "cases:\n- {name: x, given: {document: {signature: {kind: agency}}}, expect: "
                  "{action: note}}\n");
    assert_int_equal(l.code, VT_E_CONFIG);
    assert_non_null(strstr(l.mistakes.items[0].text, "a table of agencies says"));
    unload(&l);
}

/* As expected, or what was and what came. */
static void comparing(void **state)
{
    (void)state;
    static const struct {
        const char *expect;
        size_t count;
        const char *got; /* of the first difference */
    } rows[] = {
        {"{action: reject, rule: a, reason: CERT_REVOKED, code: 550, document: x.pdf}", 0, NULL},
        {"{matched: a, reasons: [CERT_REVOKED], seal: none, notify: none, folder: none}", 0, NULL},
        {"{trace: [{rule: b, tried: false}, {rule: a, matched: true, action: reject}]}", 0, NULL},
        {"{trace: [{rule: a, document: mail, matched: false}]}", 0, NULL},
        {"{action: tag, rule: b}", 2, "reject"},
        {"{enhanced-code: 5.7.9}", 1, "5.7.5"},
        {"{reasons: [CERT_REVOKED, CERT_SCOPE]}", 1, "CERT_REVOKED"},
        {"{trace: [{rule: a, matched: false}]}", 1,
         "a on x.pdf: matched, reject: reason = CERT_REVOKED"},
        {"{notice: [refused, list], no-notice: none}", 0, NULL},
        {"{notice: refused}", 1, "refused, list"},
        {"{no-notice: not-proven}", 1, "none"},
        {"{trace: [{rule: a, why: nothing like it}]}", 1,
         "a on x.pdf: matched, reject: reason = CERT_REVOKED"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text),
                       HEAD "cases:\n- {name: x, given: {document: {name: x.pdf, signature: "
                            "{reason: CERT_REVOKED}}}, expect: %s}\n",
                       rows[i].expect);
        struct loaded l = load(text);
        const struct vt_evidence *e = evidence_of(&l);
        struct vt_case *item = vt_case_file_at(l.file, 0);
        struct vt_policy_input input = item->input;
        struct vt_arena *arena = vt_arena_new(4 << 20);
        struct vt_decision *decision = NULL;
        struct vt_case_difference *differences = NULL;
        size_t count = 0;
        input.evidence = e;
        assert_int_equal(vt_policy_evaluate(arena, l.policy, &input, &decision, NULL), VT_OK);
        const struct vt_case_outcome outcome = {
            .evidence = e, .decision = decision, .notice = "refused, list"};
        assert_int_equal(vt_case_compare(arena, item, &outcome, &differences, &count, NULL), VT_OK);
        if (count != rows[i].count ||
            (rows[i].got != NULL && strcmp(differences[0].got, rows[i].got) != 0))
            fail_msg("%s: %zu, %s", rows[i].expect, count, count > 0 ? differences[0].got : "");
        vt_arena_free(arena);
        unload(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_evidence),
        cmocka_unit_test(what_follows),
        cmocka_unit_test(senders_and_documents),
        cmocka_unit_test(signers),
        cmocka_unit_test(comparing),
    };
    return cmocka_run_group_tests_name("case", tests, NULL, NULL);
}
