/* SPDX-License-Identifier: Apache-2.0
 * Exceptions: which documents are left out of what the policy is shown, and that nothing else is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/exceptions.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define REVOKED VT_REASON_BIT(VT_REASON_CERT_REVOKED)
#define SCOPE VT_REASON_BIT(VT_REASON_CERT_SCOPE)
#define UNSIGNED VT_REASON_BIT(VT_REASON_NO_SIGNATURE)
#define REFERENCE "1831-0927-5569"

/* Four documents: one in order, one with two signatures by two signers, one of the same file as the
 * second but for its bytes, one without a signature. Digests are 64 times one digit. */
struct scene {
    struct vt_signature signatures[4];
    struct vt_document documents[4];
    struct vt_evidence evidence;
};

static void fill_digest(char out[65], char digit)
{
    memset(out, digit, 64);
    out[64] = '\0';
}

static void sign(struct vt_signature *signature, char signer, vt_reasons reasons)
{
    fill_digest(signature->signer.sha256, signer);
    signature->integrity = VT_INTEGRITY_INTACT;
    signature->reasons = reasons;
}

static void make(struct scene *s)
{
    *s = (struct scene){.evidence = {.documents = s->documents, .documents_count = 4}};
    for (int i = 0; i < 4; i++)
        fill_digest(s->documents[i].sha256, (char)('1' + i));
    sign(&s->signatures[0], 'a', 0);
    sign(&s->signatures[1], 'b', REVOKED);
    sign(&s->signatures[2], 'c', REVOKED);
    sign(&s->signatures[3], 'b', REVOKED | SCOPE);
    s->documents[0].signatures = &s->signatures[0];
    s->documents[0].signatures_count = 1;
    s->documents[1].signatures = &s->signatures[1];
    s->documents[1].signatures_count = 2;
    s->documents[2].signatures = &s->signatures[3];
    s->documents[2].signatures_count = 1;
    s->documents[3].reasons = UNSIGNED;
}

static struct vt_register_exception of_document(char document)
{
    struct vt_register_exception item = {.reference = REFERENCE, .reason = VT_REASON_COUNT};
    fill_digest(item.document_sha256, document);
    return item;
}

static struct vt_register_exception of_certificate(char certificate, enum vt_reason reason)
{
    struct vt_register_exception item = {.reference = REFERENCE, .reason = reason};
    fill_digest(item.certificate_sha256, certificate);
    return item;
}

static void asks_for_what_is_wrong(void **state)
{
    (void)state;
    struct scene s;
    struct vt_look look;
    struct vt_err err = {0};
    struct vt_arena *arena = vt_arena_new(1 << 20);
    make(&s);
    assert_int_equal(vt_exceptions_look(arena, &s.evidence, &look, &err), VT_OK);
    assert_int_equal(look.documents_count, 3);
    assert_int_equal(look.documents_sha256[0][0], '2');
    assert_int_equal(look.certificates_count, 2);
    assert_int_equal(look.certificates_sha256[0][0], 'b');
    assert_int_equal(look.certificates_sha256[1][0], 'c');
    s.evidence.documents_count = 1;
    assert_int_equal(vt_exceptions_look(arena, &s.evidence, &look, &err), VT_OK);
    assert_int_equal(look.documents_count + look.certificates_count, 0);
    vt_arena_free(arena);
}

static void leaves_out_what_is_excepted(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct vt_register_exception items[2];
        size_t count;
        const char *left; /* first digits of the documents that are shown */
    } cases[] = {
        {"none", {{.seq = 0}}, 0, "1234"},
        {"a document", {of_document('2')}, 1, "134"},
        {"a document that is unsigned", {of_document('4')}, 1, "123"},
        {"two documents", {of_document('2'), of_document('3')}, 2, "14"},
        {"another document", {of_document('9')}, 1, "1234"},
        {"one of two signers", {of_certificate('b', VT_REASON_CERT_REVOKED)}, 1, "1234"},
        {"both signers",
         {of_certificate('b', VT_REASON_CERT_REVOKED), of_certificate('c', VT_REASON_CERT_REVOKED)},
         2,
         "134"},
        {"a signer, another reason", {of_certificate('b', VT_REASON_CERT_SCOPE)}, 1, "1234"},
        {"a signer, each of two reasons",
         {of_certificate('b', VT_REASON_CERT_REVOKED), of_certificate('b', VT_REASON_CERT_SCOPE)},
         2,
         "124"},
        {"a signer, any reason", {of_certificate('b', VT_REASON_COUNT)}, 1, "124"},
        {"a signer of none", {of_certificate('d', VT_REASON_COUNT)}, 1, "1234"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct scene s;
        struct vt_excepted out;
        struct vt_err err = {0};
        char left[8] = "";
        struct vt_arena *arena = vt_arena_new(1 << 20);
        make(&s);
        assert_int_equal(
            vt_exceptions_apply(arena, &s.evidence, cases[i].items, cases[i].count, &out, &err),
            VT_OK);
        for (size_t d = 0; d < out.evidence.documents_count; d++) {
            left[d] = out.evidence.documents[d].sha256[0];
            assert_int_equal(s.documents[out.places[d]].sha256[0], left[d]);
        }
        if (strcmp(left, cases[i].left) != 0)
            fail_msg("%s: %s", cases[i].name, left);
        assert_int_equal(out.reference != NULL, strlen(left) < 4);
        assert_int_equal(s.evidence.documents_count, 4);
        vt_arena_free(arena);
    }
}

/* The certificate of a signer stands in all that he signed: who changes such a file, or copies the
 * certificate into his own, has no part in an exception for the signer. */
static void forged_in_the_name_of_a_signer(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum vt_integrity integrity;
        enum vt_reason found, excepted;
        bool is_left_out;
    } cases[] = {
        {"revoked", VT_INTEGRITY_INTACT, VT_REASON_CERT_REVOKED, VT_REASON_CERT_REVOKED, true},
        {"broken and revoked", VT_INTEGRITY_BROKEN, VT_REASON_CERT_REVOKED, VT_REASON_CERT_REVOKED,
         false},
        {"not known to be his", VT_INTEGRITY_UNDETERMINED, VT_REASON_MALFORMED, VT_REASON_MALFORMED,
         false},
        {"changed", VT_INTEGRITY_BROKEN, VT_REASON_CONTENT_CHANGED, VT_REASON_CONTENT_CHANGED,
         false},
        {"changed behind the signature", VT_INTEGRITY_INTACT, VT_REASON_CONTENT_CHANGED,
         VT_REASON_CONTENT_CHANGED, false},
        {"changed, any reason", VT_INTEGRITY_INTACT, VT_REASON_CONTENT_CHANGED, VT_REASON_COUNT,
         false},
        {"of another key", VT_INTEGRITY_BROKEN, VT_REASON_BAD_SIGNATURE, VT_REASON_BAD_SIGNATURE,
         false},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct scene s;
        struct vt_excepted out;
        struct vt_err err = {0};
        struct vt_arena *arena = vt_arena_new(1 << 20);
        const struct vt_register_exception item = of_certificate('b', cases[i].excepted);
        make(&s);
        s.signatures[3].integrity = cases[i].integrity;
        s.signatures[3].reasons = VT_REASON_BIT(cases[i].found);
        assert_int_equal(vt_exceptions_apply(arena, &s.evidence, &item, 1, &out, &err), VT_OK);
        if ((out.evidence.documents_count == 3) != cases[i].is_left_out)
            fail_msg("%s: %zu documents", cases[i].name, out.evidence.documents_count);
        vt_arena_free(arena);
    }
}

static void document_of_its_own_reason(void **state)
{
    (void)state;
    struct scene s;
    struct vt_excepted out;
    struct vt_err err = {0};
    struct vt_arena *arena = vt_arena_new(1 << 20);
    const struct vt_register_exception item = of_certificate('b', VT_REASON_COUNT);
    make(&s);
    s.documents[2].reasons = UNSIGNED;
    assert_int_equal(vt_exceptions_apply(arena, &s.evidence, &item, 1, &out, &err), VT_OK);
    assert_int_equal(out.evidence.documents_count, 4);
    vt_arena_free(arena);
}

static void decisions_are_named(void **state)
{
    (void)state;
    struct scene s;
    struct vt_excepted out;
    struct vt_err err = {0};
    struct vt_arena *arena = vt_arena_new(1 << 20);
    const struct vt_register_exception item = of_document('2');
    struct vt_trace trace[] = {{.document = 1}, {.document = SIZE_MAX}};
    struct vt_decision decision = {
        .action = VT_ACTION_TAG, .rule = "other", .document = 2, .trace = trace, .trace_count = 2};
    make(&s);
    assert_int_equal(vt_exceptions_apply(arena, &s.evidence, &item, 1, &out, &err), VT_OK);
    assert_int_equal(vt_exceptions_name(arena, &out, &decision, &err), VT_OK);
    assert_int_equal(decision.document, 3);
    assert_int_equal(trace[0].document, 2);
    assert_true(trace[1].document == SIZE_MAX);
    assert_string_equal(decision.rule, "other");
    struct vt_decision accepted = {.action = VT_ACTION_ACCEPT, .document = SIZE_MAX};
    assert_int_equal(vt_exceptions_name(arena, &out, &accepted, &err), VT_OK);
    assert_string_equal(accepted.rule, "undo:" REFERENCE);
    assert_true(accepted.document == SIZE_MAX);
    vt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_what_is_wrong),
        cmocka_unit_test(leaves_out_what_is_excepted),
        cmocka_unit_test(forged_in_the_name_of_a_signer),
        cmocka_unit_test(document_of_its_own_reason),
        cmocka_unit_test(decisions_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
