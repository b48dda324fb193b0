/* SPDX-License-Identifier: Apache-2.0
 * Evidence: precedence of verdicts, exit status, and the JSON form there and back; what a hostile
 * process could send is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/evidence.h"
#include "vanthu/site.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- a signature gets worse, never better ---- */

static void worsening(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum vt_indication before;
        enum vt_sub_indication sub_before, sub;
        enum vt_indication after;
        enum vt_sub_indication sub_after;
    } cases[] = {
        {"passed to open", VT_TOTAL_PASSED, VT_SUB_NONE, VT_SUB_TRY_LATER, VT_INDETERMINATE,
         VT_SUB_TRY_LATER},
        {"passed to failed", VT_TOTAL_PASSED, VT_SUB_NONE, VT_SUB_REVOKED, VT_TOTAL_FAILED,
         VT_SUB_REVOKED},
        {"zero memory", VT_INDETERMINATE, VT_SUB_NONE, VT_SUB_NO_POE, VT_INDETERMINATE,
         VT_SUB_NO_POE},
        {"open to failed", VT_INDETERMINATE, VT_SUB_TRY_LATER, VT_SUB_HASH_FAILURE, VT_TOTAL_FAILED,
         VT_SUB_HASH_FAILURE},
        {"failed stays", VT_TOTAL_FAILED, VT_SUB_EXPIRED, VT_SUB_TRY_LATER, VT_TOTAL_FAILED,
         VT_SUB_EXPIRED},
        {"earlier wins", VT_TOTAL_FAILED, VT_SUB_REVOKED, VT_SUB_HASH_FAILURE, VT_TOTAL_FAILED,
         VT_SUB_HASH_FAILURE},
        {"later loses", VT_TOTAL_FAILED, VT_SUB_HASH_FAILURE, VT_SUB_REVOKED, VT_TOTAL_FAILED,
         VT_SUB_HASH_FAILURE},
        {"no sub-indication", VT_TOTAL_PASSED, VT_SUB_NONE, VT_SUB_NONE, VT_TOTAL_PASSED,
         VT_SUB_NONE},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_signature s = {.indication = cases[i].before,
                                 .sub_indication = cases[i].sub_before};
        vt_signature_worsen(&s, cases[i].sub, VT_REASON_MALFORMED);
        if (s.indication != cases[i].after || s.sub_indication != cases[i].sub_after)
            fail_msg("%s: %s / %d", cases[i].name, vt_indication_name(s.indication),
                     s.sub_indication);
        assert_int_equal(s.reasons, VT_REASON_BIT(VT_REASON_MALFORMED));
    }
}

static void every_sub_indication_has_a_word(void **state)
{
    (void)state;
    assert_null(vt_sub_indication_name(VT_SUB_NONE));
    for (unsigned i = 1; i < VT_SUB_COUNT; i++)
        assert_non_null(vt_sub_indication_name((enum vt_sub_indication)i));
    for (unsigned i = 0; i < VT_FORMAT_COUNT; i++)
        assert_non_null(vt_format_name((enum vt_format)i));
    assert_int_equal(vt_sub_indication_of(VT_SUB_NOT_YET_VALID), VT_TOTAL_FAILED);
    assert_int_equal(vt_sub_indication_of(VT_SUB_SIG_CONSTRAINTS_FAILURE), VT_INDETERMINATE);
    assert_int_equal(vt_sub_indication_of(VT_SUB_NONE), VT_INDETERMINATE);
    assert_string_equal(vt_format_name((enum vt_format)99), "unknown");
}

/* A change is told by a word in JSON and by a sentence in each language, to which a page and a full
 * stop are added. */
static void every_change_has_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_CHANGE_KINDS; i++) {
        const struct vt_phrase *info = vt_change_phrase((enum vt_change_kind)i);
        const char *name = vt_change_name((enum vt_change_kind)i);
        assert_string_not_equal(name, "unknown");
        assert_non_null(info->vietnamese);
        assert_non_null(info->english);
        assert_string_not_equal(info->vietnamese, info->english);
        assert_true(strlen(info->vietnamese) > 10 && strlen(info->english) > 10);
        assert_null(strchr(info->vietnamese, '.'));
        assert_null(strchr(info->english, '.'));
        for (unsigned j = 0; j < i; j++) {
            const struct vt_phrase *other = vt_change_phrase((enum vt_change_kind)j);
            assert_string_not_equal(name, vt_change_name((enum vt_change_kind)j));
            assert_string_not_equal(info->vietnamese, other->vietnamese);
            assert_string_not_equal(info->english, other->english);
        }
    }
    assert_ptr_equal(vt_change_phrase((enum vt_change_kind)99), vt_change_phrase(VT_CHANGE_OTHER));
}

/* What is unknown, or a word of a later version, is never said to be something. */
static void findings_have_phrases(void **state)
{
    (void)state;
    const struct vt_phrase *unknown = vt_stamp_phrase(NULL);
    assert_string_equal(unknown->vietnamese, "chưa xác định");
    assert_string_equal(unknown->english, "not known");
    assert_ptr_equal(vt_stamp_phrase("of-tomorrow"), unknown);
    assert_ptr_equal(vt_kind_phrase(VT_KIND_UNKNOWN), unknown);
    assert_ptr_equal(vt_kind_phrase(VT_KINDS), unknown);
    assert_ptr_equal(vt_effect_phrase(VT_EFFECT_UNKNOWN), unknown);
    assert_ptr_equal(vt_effect_phrase(VT_EFFECTS), unknown);
    assert_string_equal(vt_stamp_phrase("signature")->vietnamese, "trên chữ ký số");
    assert_string_equal(vt_stamp_phrase("signature-and-references")->english,
                        "over the signature and references");
    assert_string_equal(vt_kind_phrase(VT_KIND_AGENCY)->vietnamese, "cơ quan, tổ chức");
    assert_string_equal(vt_kind_phrase(VT_KIND_DEVICE)->english, "a device, service or software");
    assert_string_equal(vt_effect_phrase(VT_EFFECT_NONE)->english, "nobody");
    assert_string_equal(vt_effect_phrase(VT_EFFECT_SIGNATURE_AND_SEAL)->english,
                        "a person and an agency");
}

/* ---- exit status ---- */

#define P VT_TOTAL_PASSED
#define F VT_TOTAL_FAILED
#define I VT_INDETERMINATE

static void exit_status(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned signatures;
        enum vt_indication indications[2];
        enum vt_changes changes;
        vt_reasons document, mail;
        int wanted;
    } cases[] = {
        {"one passed", 1, {P, 0}, VT_CHANGES_NONE, 0, 0, 0},
        {"two passed", 2, {P, P}, VT_CHANGES_PERMITTED, 0, 0, 0},
        {"one failed", 2, {P, F}, VT_CHANGES_NONE, 0, 0, 1},
        {"failed and open", 2, {I, F}, VT_CHANGES_NONE, 0, 0, 1},
        {"forbidden change", 1, {P, 0}, VT_CHANGES_FORBIDDEN, 0, 0, 1},
        {"open", 2, {P, I}, VT_CHANGES_NONE, 0, 0, 2},
        {"open, then passed", 2, {I, P}, VT_CHANGES_NONE, 0, 0, 2},
        {"no signature", 0, {0, 0}, 0, 0, 0, 3},
        {"unsigned, a reason that is no gap",
         0,
         {0, 0},
         0,
         VT_REASON_BIT(VT_REASON_NO_SIGNATURE),
         0,
         3},
        {"passed beside an unread file",
         1,
         {P, 0},
         VT_CHANGES_NONE,
         VT_REASON_BIT(VT_REASON_FILE_UNREADABLE),
         0,
         2},
        {"passed beside an unsupported file",
         1,
         {P, 0},
         VT_CHANGES_NONE,
         VT_REASON_BIT(VT_REASON_FORMAT_UNSUPPORTED),
         0,
         2},
        {"too large", 0, {0, 0}, 0, 0, VT_REASON_BIT(VT_REASON_TOO_LARGE), 2},
        {"malformed mail", 1, {P, 0}, VT_CHANGES_NONE, 0, VT_REASON_BIT(VT_REASON_MALFORMED), 2},
        {"not checked", 0, {0, 0}, 0, 0, VT_REASON_BIT(VT_REASON_NOT_CHECKED), 2},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_signature signatures[2] = {
            {.indication = cases[i].indications[0], .changes_after = cases[i].changes},
            {.indication = cases[i].indications[1], .changes_after = cases[i].changes}};
        struct vt_document document = {.signatures = signatures,
                                       .signatures_count = cases[i].signatures,
                                       .reasons = cases[i].document};
        struct vt_evidence evidence = {
            .documents = &document, .documents_count = 1, .reasons = cases[i].mail};
        int got = vt_evidence_exit_status(&evidence);
        if (got != cases[i].wanted)
            fail_msg("%s: exit %d, wanted %d", cases[i].name, got, cases[i].wanted);
    }
    struct vt_evidence empty = {0};
    assert_int_equal(vt_evidence_exit_status(&empty), 3);
}

/* A file is not signed because one inside it is; a mail or an archive has no signature of its own.
 */
static void exit_status_of_a_file_with_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *path;
        bool is_official, is_signed;
        enum vt_indication inside;
        int wanted;
    } cases[] = {
        {"unsigned, a signed file in it", "", true, false, P, 3},
        {"unsigned, a forged file in it", "", true, false, F, 1},
        {"unsigned, an open file in it", "", true, false, I, 2},
        {"signed, a signed file in it", "", true, true, P, 0},
        {"an unsigned file of a mail", "2", true, false, P, 0},
        {"no document", "", false, false, P, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_signature outer = {.indication = P}, inner = {.indication = cases[i].inside};
        struct vt_document documents[] = {
            {.path = cases[i].path,
             .is_official = cases[i].is_official,
             .signatures = &outer,
             .signatures_count = cases[i].is_signed},
            {.path = "a.pdf", .is_official = true, .signatures = &inner, .signatures_count = 1}};
        struct vt_evidence evidence = {.documents = documents, .documents_count = 2};
        int got = vt_evidence_exit_status(&evidence);
        if (got != cases[i].wanted)
            fail_msg("%s: exit %d, wanted %d", cases[i].name, got, cases[i].wanted);
    }
}

static void findings_are_bounded_and_clean(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    const char **findings = NULL;
    size_t count = 0;
    for (int i = 0; i < 2 * VT_MAX_FINDINGS; i++)
        assert_int_equal(vt_findings_add(arena, &findings, &count, "finding %d\n", i), VT_OK);
    assert_int_equal(count, VT_MAX_FINDINGS);
    assert_string_equal(findings[0], "finding 0?");
    assert_non_null(strstr(findings[count - 1], "more findings"));
    vt_arena_free(arena);
}

/* ---- JSON ---- */

static struct vt_certificate_facts full_certificate(const char *name)
{
    return (struct vt_certificate_facts){.sha256 = HEX64,
                                         .subject = "CN=SỞ XÂY DỰNG,C=VN",
                                         .common_name = name,
                                         .organization = "UBND tỉnh Ninh Bình",
                                         .organizational_unit = "Văn thư",
                                         .email = "vanthu@soxd.ninhbinh.gov.vn",
                                         .issuer = "CN=CA G2",
                                         .issuer_common_name = "CA G2",
                                         .serial = "0a1b",
                                         .not_before_utc_secs = 1600000000,
                                         .not_after_utc_secs = 1900000000,
                                         .key_algorithm = "RSA",
                                         .key_bits = 3072,
                                         .is_self_signed = true};
}

struct sample {
    struct vt_revision revisions[2];
    struct vt_document_change changes[1];
    const char *findings[2];
    const char *recipients[2];
    struct vt_certificate_facts path[2];
    struct vt_status_facts status;
    struct vt_timestamp_facts timestamp;
    struct vt_signature signatures[2];
    struct vt_document documents[2];
    struct vt_evidence evidence;
};

static void fill_signature(struct sample *s)
{
    s->path[0] = full_certificate("SỞ XÂY DỰNG");
    s->path[1] = full_certificate("CA G2");
    s->status = (struct vt_status_facts){.certificate_sha256 = HEX64,
                                         .subject_common_name = "SỞ XÂY DỰNG",
                                         .value = VT_STATUS_REVOKED,
                                         .source = "crl",
                                         .origin = "http://ca.gov.vn/x.crl",
                                         .data_sha256 = HEX64,
                                         .this_update_utc_secs = 1700000000,
                                         .next_update_utc_secs = VT_TIME_NONE,
                                         .revoked_at_utc_secs = 1690000000,
                                         .revocation_reason = "keyCompromise"};
    s->timestamp =
        (struct vt_timestamp_facts){.kind = "signature",
                                    .time_utc_secs = 1680000000,
                                    .tsa = "CN=TSA",
                                    .integrity = VT_INTEGRITY_INTACT,
                                    .indication = VT_INDETERMINATE,
                                    .sub_indication = VT_SUB_OUT_OF_BOUNDS_NO_POE,
                                    .reasons = VT_REASON_BIT(VT_REASON_TIMESTAMP_UNVERIFIED),
                                    .judged_at_utc_secs = 1690000000,
                                    .trust_set = "public",
                                    .path = s->path,
                                    .path_count = 2,
                                    .statuses = &s->status,
                                    .statuses_count = 1,
                                    .findings = s->findings,
                                    .findings_count = 2};
    s->signatures[0] = (struct vt_signature){.format = VT_SIGNATURE_PDF_PKCS7,
                                             .level = "B-T",
                                             .field = "Signature1",
                                             .sub_filter = "adbe.pkcs7.detached",
                                             .revision = 2,
                                             .integrity = VT_INTEGRITY_BROKEN,
                                             .covers = VT_COVERS_REVISION,
                                             .changes_after = VT_CHANGES_FORBIDDEN,
                                             .indication = VT_TOTAL_FAILED,
                                             .sub_indication = VT_SUB_REVOKED,
                                             .reasons = VT_REASON_BIT(VT_REASON_CERT_REVOKED) |
                                                        VT_REASON_BIT(VT_REASON_NOT_CHECKED),
                                             .findings = s->findings,
                                             .findings_count = 2,
                                             .signer = s->path[0],
                                             .digest_algorithm = "SHA-256",
                                             .signature_algorithm = "RSA-PSS",
                                             .signing_time_utc_secs = 1680000000,
                                             .signing_time_source = VT_TIME_SOURCE_TIMESTAMP,
                                             .claimed_time_utc_secs = 1680025200,
                                             .claimed_is_local_time = true,
                                             .judged_at_utc_secs = 1680000000,
                                             .trust_set = "official",
                                             .path = s->path,
                                             .path_count = 2,
                                             .statuses = &s->status,
                                             .statuses_count = 1,
                                             .timestamps = &s->timestamp,
                                             .timestamps_count = 1};
    s->signatures[1] = (struct vt_signature){.format = VT_SIGNATURE_SMIME,
                                             .signing_time_utc_secs = VT_TIME_NONE,
                                             .claimed_time_utc_secs = VT_TIME_NONE,
                                             .judged_at_utc_secs = VT_TIME_NONE};
}

static void fill(struct sample *s)
{
    *s = (struct sample){
        .findings = {"first sentence.", "second sentence."},
        .revisions = {{1, 4711, 1680025200}, {3, UINT64_C(12345678901), VT_TIME_NONE}},
        .changes = {{VT_CHANGE_PAGE_REPLACED, VT_CHANGES_FORBIDDEN, 3, 2,
                     "the content of a signed page was replaced"}},
        .recipients = {"a@ninhbinh.gov.vn", "b@ninhbinh.gov.vn"}};
    fill_signature(s);
    s->documents[0] = (struct vt_document){.path = "2.1/bao-cao.zip/phụ-lục.pdf",
                                           .name = "phụ-lục.pdf",
                                           .format = VT_FORMAT_PDF,
                                           .sha256 = HEX64,
                                           .size_bytes = UINT64_C(12345678901),
                                           .nested = true,
                                           .attachment = true,
                                           .expects_signature = true,
                                           .reasons = VT_REASON_BIT(VT_REASON_IMAGE_ONLY),
                                           .findings = s->findings,
                                           .findings_count = 1,
                                           .signatures = s->signatures,
                                           .signatures_count = 2,
                                           .revisions = s->revisions,
                                           .revisions_count = 2,
                                           .changes = s->changes,
                                           .changes_count = 1};
    s->documents[1] = (struct vt_document){.path = ""};
    s->evidence = (struct vt_evidence){.mail = {.queue_id = "4F1",
                                                .reference = "1831-0927-5564",
                                                .client_address = "192.0.2.1",
                                                .client_name = "mx.example",
                                                .helo = "mx.example",
                                                .daemon_name = "smtpd",
                                                .authenticated = "vanthu",
                                                .sender = "",
                                                .recipients = s->recipients,
                                                .recipients_count = 2,
                                                .direction = VT_INTERNAL,
                                                .sender_class = VT_SENDER_STATE,
                                                .sender_aligned = true,
                                                .message_id = "<1@example>",
                                                .subject = "V/v quy hoạch \"2026\"",
                                                .from = "vanthu@soxd.ninhbinh.gov.vn",
                                                .from_count = 1,
                                                .is_list = true,
                                                .is_automatic = true,
                                                .automatic_by = VT_AUTOMATIC_REPORT,
                                                .sender_proof = VT_PROOF_DKIM,
                                                .size_bytes = 25 * 1024 * 1024},
                                       .inspected_at_utc_secs = 1764727920,
                                       .reasons = VT_REASON_BIT(VT_REASON_TOO_LARGE),
                                       .findings = s->findings,
                                       .findings_count = 2,
                                       .documents = s->documents,
                                       .documents_count = 2};
}

static struct vt_evidence *read_back(struct vt_arena *arena, const char *text)
{
    struct vt_evidence *out = NULL;
    struct vt_err err = {0};
    if (vt_evidence_from_json(arena, vt_bytes_str(text), &out, &err) != VT_OK)
        fail_msg("%s", err.text);
    return out;
}

/* Writing what was read gives the same bytes, and the struct has what went in. */
static void round_trip(void **state)
{
    (void)state;
    struct sample *s = malloc(sizeof(*s));
    assert_non_null(s);
    fill(s);
    char *first = NULL, *second = NULL;
    size_t first_len = 0, second_len = 0;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    assert_int_equal(vt_evidence_to_json(&s->evidence, 0, &first, &first_len, NULL), VT_OK);
    assert_int_equal(strlen(first), first_len);
    assert_null(strchr(first, '\n'));
    struct vt_evidence *back = read_back(arena, first);
    assert_int_equal(vt_evidence_to_json(back, 0, &second, &second_len, NULL), VT_OK);
    assert_string_equal(first, second);

    assert_string_equal(back->mail.sender, "");
    assert_string_equal(back->mail.recipients[1], "b@ninhbinh.gov.vn");
    assert_int_equal(back->mail.size_bytes, 25 * 1024 * 1024);
    assert_int_equal(back->documents[0].size_bytes, UINT64_C(12345678901));
    const struct vt_signature *signature = &back->documents[0].signatures[0];
    assert_int_equal(signature->reasons, s->signatures[0].reasons);
    assert_int_equal(signature->claimed_time_utc_secs, 1680025200);
    assert_int_equal(signature->statuses[0].next_update_utc_secs, VT_TIME_NONE);
    assert_int_equal(signature->path[1].key_bits, 3072);
    assert_true(signature->signer.is_self_signed);
    assert_null(back->documents[1].name);
    const struct vt_document *document = &back->documents[0];
    assert_int_equal(document->revisions_count, 2);
    assert_int_equal(document->revisions[0].created_utc_secs, 1680025200);
    assert_int_equal(document->revisions[1].end_bytes, UINT64_C(12345678901));
    assert_int_equal(document->revisions[1].created_utc_secs, VT_TIME_NONE);
    assert_int_equal(document->changes_count, 1);
    assert_int_equal(document->changes[0].kind, VT_CHANGE_PAGE_REPLACED);
    assert_int_equal(document->changes[0].effect, VT_CHANGES_FORBIDDEN);
    assert_int_equal(document->changes[0].page, 2);
    assert_int_equal(back->documents[0].signatures[1].signing_time_utc_secs, VT_TIME_NONE);
    free(first);
    free(second);
    vt_arena_free(arena);
    free(s);
}

/* The words of the agreed form. */
static void json_has_the_agreed_form(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "{\"v\":1,",
        "\"path\":\"2.1/bao-cao.zip/phụ-lục.pdf\",\"name\":\"phụ-lục.pdf\",\"format\":\"pdf\"",
        "\"nested\":true",
        "\"format\":\"pdf-pkcs7\",\"level\":\"B-T\"",
        "\"integrity\":\"broken\",\"covers\":\"revision\",\"changes_after\":\"forbidden\"",
        "\"indication\":\"TOTAL-FAILED\",\"sub_indication\":\"REVOKED\"",
        "\"reasons\":[\"CERT_REVOKED\",\"NOT_CHECKED\"]",
        "\"signing_time\":{\"utc\":\"2023-03-28T10:40:00Z\",\"source\":\"timestamp\"",
        "\"indication\":\"INDETERMINATE\",\"sub_indication\":null",
        "\"signing_time\":{\"utc\":null,\"source\":null",
        "\"signer\":null",
        "\"reasons\":[\"TOO_LARGE\"]",
    };
    struct sample *s = malloc(sizeof(*s));
    assert_non_null(s);
    fill(s);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_evidence_to_json(&s->evidence, 0, &text, &len, NULL), VT_OK);
    for (size_t i = 0; i < ELEMENTS(parts); i++) {
        if (strstr(text, parts[i]) == NULL)
            fail_msg("missing %s in %s", parts[i], text);
    }
    free(text);
    assert_int_equal(vt_evidence_to_json(&s->evidence, 2, &text, &len, NULL), VT_OK);
    assert_non_null(strstr(text, "\n  \"mail\""));
    free(text);
    free(s);
}

static void writer_cleans_what_readers_refuse(void **state)
{
    (void)state;
    struct vt_document document = {.path = "1", .name = "a\nb\x80\xC2\x85.pdf"};
    struct vt_evidence evidence = {.documents = &document, .documents_count = 1};
    struct vt_arena *arena = vt_arena_new(1 << 20);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_evidence_to_json(&evidence, 0, &text, &len, NULL), VT_OK);
    assert_string_equal(read_back(arena, text)->documents[0].name, "a?b??.pdf");
    free(text);
    vt_arena_free(arena);
}

static void hostile_json_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *json;
    } cases[] = {
        {"nothing", ""},
        {"no object", "[]"},
        {"cut", "{\"v\":1"},
        {"text behind", "{\"v\":1} x"},
        {"no version", "{}"},
        {"other version", "{\"v\":2}"},
        {"version as text", "{\"v\":\"1\"}"},
        {"duplicate key", "{\"v\":1,\"reasons\":[],\"reasons\":[]}"},
        {"unknown reason", "{\"v\":1,\"reasons\":[\"FINE\"]}"},
        {"reason is a number", "{\"v\":1,\"reasons\":[1]}"},
        {"reasons no array", "{\"v\":1,\"reasons\":\"MALFORMED\"}"},
        {"documents no array", "{\"v\":1,\"documents\":{}}"},
        {"document is text", "{\"v\":1,\"documents\":[\"x\"]}"},
        {"document is null inside",
         "{\"v\":1,\"documents\":[{\"signatures\":[{\"format\":\"pades\"},7]}]}"},
        {"unknown format", "{\"v\":1,\"documents\":[{\"format\":\"exe\"}]}"},
        {"unknown indication",
         "{\"v\":1,\"documents\":[{\"signatures\":[{\"indication\":\"PASSED\"}]}]}"},
        {"control character", "{\"v\":1,\"documents\":[{\"name\":\"a\\nb\"}]}"},
        {"C1 control", "{\"v\":1,\"documents\":[{\"name\":\"a\\u0085b\"}]}"},
        {"NUL", "{\"v\":1,\"documents\":[{\"name\":\"a\\u0000b\"}]}"},
        {"bad UTF-8", "{\"v\":1,\"documents\":[{\"name\":\"a\xFF\"}]}"},
        {"short digest", "{\"v\":1,\"documents\":[{\"sha256\":\"ab\"}]}"},
        {"capital digest",
         "{\"v\":1,\"documents\":[{\"sha256\":\"A123456789abcdef0123456789abcdef01234"
         "56789abcdef0123456789abcdef\"}]}"},
        {"negative size", "{\"v\":1,\"documents\":[{\"size\":-1}]}"},
        {"size as float", "{\"v\":1,\"documents\":[{\"size\":1.5}]}"},
        {"huge revision", "{\"v\":1,\"documents\":[{\"signatures\":[{\"revision\":4294967296}]}]}"},
        {"truth as number", "{\"v\":1,\"documents\":[{\"nested\":1}]}"},
        {"bad time", "{\"v\":1,\"inspected_at\":\"yesterday\"}"},
        {"time as number", "{\"v\":1,\"inspected_at\":1}"},
        {"mail is text", "{\"v\":1,\"mail\":\"x\"}"},
        {"signer is text", "{\"v\":1,\"documents\":[{\"signatures\":[{\"signer\":\"x\"}]}]}"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_arena *arena = vt_arena_new(1 << 20);
        struct vt_evidence *out = NULL;
        struct vt_err err = {0};
        enum vt_code code = vt_evidence_from_json(arena, vt_bytes_str(cases[i].json), &out, &err);
        if (code != VT_E_FORMAT || out != NULL || err.text[0] == '\0')
            fail_msg("%s: code %d", cases[i].name, code);
        vt_arena_free(arena);
    }
}

static char *many(const char *begin, const char *one, unsigned count, const char *end)
{
    size_t room = strlen(begin) + (strlen(one) + 1) * count + strlen(end) + 1;
    char *out = malloc(room);
    assert_non_null(out);
    char *at = stpcpy(out, begin);
    for (unsigned i = 0; i < count; i++)
        at = stpcpy(i > 0 ? stpcpy(at, ",") : at, one);
    (void)stpcpy(at, end);
    return out;
}

static void counts_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *name, *begin, *one, *end;
        unsigned most;
    } cases[] = {
        {"documents", "{\"v\":1,\"documents\":[", "{}", "]}", VT_MAX_PARTS},
        {"signatures", "{\"v\":1,\"documents\":[{\"signatures\":[", "{}", "]}]}",
         VT_MAX_SIGNATURES},
        {"path", "{\"v\":1,\"documents\":[{\"signatures\":[{\"path\":[", "{}", "]}]}]}",
         VT_MAX_PATH},
        {"recipients", "{\"v\":1,\"mail\":{\"recipients\":[", "\"a@b\"", "]}}", VT_MAX_RECIPIENTS},
        {"findings", "{\"v\":1,\"findings\":[", "\"x\"", "]}", VT_MAX_FINDINGS},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        for (unsigned more = 0; more < 2; more++) {
            struct vt_arena *arena = vt_arena_new(16 << 20);
            struct vt_evidence *out = NULL;
            char *text = many(cases[i].begin, cases[i].one, cases[i].most + more, cases[i].end);
            enum vt_code code = vt_evidence_from_json(arena, vt_bytes_str(text), &out, NULL);
            if (code != (more == 0 ? VT_OK : VT_E_LIMIT))
                fail_msg("%s + %u: code %d", cases[i].name, more, code);
            free(text);
            vt_arena_free(arena);
        }
    }
}

static void deep_json_is_refused(void **state)
{
    (void)state;
    char *text = malloc(200000);
    assert_non_null(text);
    char *at = stpcpy(text, "{\"v\":1,\"x\":");
    memset(at, '[', 100000);
    at[100000] = '\0';
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct vt_evidence *out = NULL;
    assert_int_equal(vt_evidence_from_json(arena, vt_bytes_str(text), &out, NULL), VT_E_FORMAT);
    vt_arena_free(arena);
    free(text);
}

/* Truncated at every byte: an error each time, never a half-filled result. */
static void truncation(void **state)
{
    (void)state;
    struct sample *s = malloc(sizeof(*s));
    assert_non_null(s);
    fill(s);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_evidence_to_json(&s->evidence, 0, &text, &len, NULL), VT_OK);
    for (size_t cut = 0; cut < len; cut++) {
        struct vt_arena *arena = vt_arena_new(1 << 20);
        struct vt_evidence *out = NULL;
        assert_int_equal(vt_evidence_from_json(arena, vt_bytes_of(text, cut), &out, NULL),
                         VT_E_FORMAT);
        assert_null(out);
        vt_arena_free(arena);
    }
    free(text);
    free(s);
}

static void small_arena_is_no_memory(void **state)
{
    (void)state;
    struct sample *s = malloc(sizeof(*s));
    assert_non_null(s);
    fill(s);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(vt_evidence_to_json(&s->evidence, 0, &text, &len, NULL), VT_OK);
    enum vt_code code = VT_E_NOMEM;
    size_t room = 0;
    for (; code == VT_E_NOMEM && room < 65536; room += 64) {
        struct vt_arena *arena = vt_arena_new(room);
        struct vt_evidence *out = NULL;
        code = vt_evidence_from_json(arena, vt_bytes_of(text, len), &out, NULL);
        assert_true((code == VT_OK) == (out != NULL));
        vt_arena_free(arena);
    }
    assert_int_equal(code, VT_OK);
    assert_true(room > 1024);
    free(text);
    free(s);
}

static void mail_facts_alone(void **state)
{
    (void)state;
    struct sample *s = malloc(sizeof(*s));
    assert_non_null(s);
    fill(s);
    char *first = NULL, *second = NULL;
    size_t len = 0;
    struct vt_mail mail = {0};
    struct vt_arena *arena = vt_arena_new(1 << 20);
    assert_int_equal(vt_mail_to_json(&s->evidence.mail, &first, &len, NULL), VT_OK);
    assert_int_equal(vt_mail_from_json(arena, vt_bytes_of(first, len), &mail, NULL), VT_OK);
    assert_int_equal(vt_mail_to_json(&mail, &second, &len, NULL), VT_OK);
    assert_string_equal(first, second);
    assert_string_equal(mail.authenticated, "vanthu");
    assert_int_equal(mail.direction, VT_INTERNAL);
    free(first);
    free(second);
    vt_arena_free(arena);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worsening),
        cmocka_unit_test(every_sub_indication_has_a_word),
        cmocka_unit_test(every_change_has_words),
        cmocka_unit_test(findings_have_phrases),
        cmocka_unit_test(exit_status),
        cmocka_unit_test(exit_status_of_a_file_with_files),
        cmocka_unit_test(findings_are_bounded_and_clean),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(json_has_the_agreed_form),
        cmocka_unit_test(writer_cleans_what_readers_refuse),
        cmocka_unit_test(hostile_json_is_refused),
        cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(deep_json_is_refused),
        cmocka_unit_test(truncation),
        cmocka_unit_test(small_arena_is_no_memory),
        cmocka_unit_test(mail_facts_alone),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
