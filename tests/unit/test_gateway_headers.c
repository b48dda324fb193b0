/* SPDX-License-Identifier: Apache-2.0
 * Headers on entry (forged ones are found and removed) and the headers we add. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/authserv.h"
#include "gateway/headers.h"
#include "gateway/marks.h"
#include "gateway/strip.h"
#include "gateway_recorder.h"

#define OUR_ID "vanthu.mx1.example.vn"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void knows_its_own_id(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool ours;
    } cases[] = {
        {" vanthu.mx1.example.vn; smime=pass", true},
        {"vanthu.mx1.example.vn", true},
        {" VanThu.MX1.example.VN 1; none", true},
        {"\n\tvanthu.mx1.example.vn\n ; smime=pass", true},
        {" (a comment) vanthu.mx1.example.vn; smime=pass", true},
        {" (nested (very) \\) deep)(two)vanthu.mx1.example.vn(x);", true},
        {" \"vanthu.mx1.example.vn\"; smime=pass", true},
        {" \"vanthu.\\mx1.example.vn\" 1; smime=pass", true},
        {" \"vanthu.mx1.example.vn", true},
        {" \" vanthu.mx1.example.vn \"; smime=pass", true},
        {" vanthu.mx1.example.vn.; smime=pass", true},
        {"\tvanthu.mx1.example.vn;", true},
        {" mx1.example.vn; smime=pass", false},
        {" vanthu.mx1.example.vn.evil.vn; smime=pass", false},
        {" xvanthu.mx1.example.vn; smime=pass", false},
        {" (vanthu.mx1.example.vn) other.vn; smime=pass", false},
        {" other.vn; smime=pass (vanthu.mx1.example.vn)", false},
        {" (unfinished vanthu.mx1.example.vn; smime=pass", false},
        {"", false},
        {" ", false},
        {";", false},
        {" \"\"; smime=pass", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (vt_authserv_is(vt_bytes_str(cases[i].value), OUR_ID) != cases[i].ours)
            fail_msg("\"%s\"", cases[i].value);
    }
    char endless[5000];
    memset(endless, '(', sizeof(endless));
    assert_false(vt_authserv_is(vt_bytes_of(endless, sizeof(endless)), OUR_ID));
    memset(endless, 'a', sizeof(endless));
    assert_false(vt_authserv_is(vt_bytes_of(endless, sizeof(endless)), OUR_ID));
}

/* Which headers go, and in which order: from the last index of a name to the first. */
static void removes_forged_headers(void **state)
{
    (void)state;
    static const char *const headers[][2] = {
        {"Received", " from evil"},
        {"Authentication-Results", " dkim.example.vn; dkim=pass"},
        {"X-Vanthu-Verdict", " TOTAL-PASSED"},
        {"authentication-results", " (x) " OUR_ID "; smime=pass"},
        {"x-vanthu-verdict", " TOTAL-PASSED; name=\"a\""},
        {"Authentication-Results", " spf.example.vn; spf=pass"},
        {"AUTHENTICATION-RESULTS", "\"" OUR_ID "\";smime=pass"},
        {"X-Vanthu-Action", " accept"},
        {"X-VANTHU-Verdict", " again"},
        {"X-Vanthuish", " stays"},
        {"X-Vanthu-Notice", " stays"},
        {"x-vanthu-notice ", " stays"},
        {"Subject", " X-Vanthu-Verdict: stays"},
        {"X-Vanthu-", " empty"},
    };
    struct vt_arena *arena = vt_arena_new(100000);
    struct vt_strip strip = {0};
    recorder_reset();
    for (size_t i = 0; i < COUNT(headers); i++)
        assert_int_equal(vt_strip_see(&strip, arena, OUR_ID, headers[i][0], headers[i][1]), VT_OK);
    assert_int_equal(vt_strip_remove(&strip, &recorder_api, recorder_ctx), VT_OK);
    assert_int_equal(strip.count, 7);
    const char *at = strstr(recorder.lines, "delete X-Vanthu-Action 1\n");
    assert_non_null(at);
    assert_non_null(strstr(recorder.lines, "delete X-Vanthu- 1\n"));
    const char *fourth = strcasestr(recorder.lines, "delete AUTHENTICATION-RESULTS 4\n");
    const char *second = strcasestr(recorder.lines, "delete AUTHENTICATION-RESULTS 2\n");
    assert_true(fourth != NULL && second != NULL && fourth < second);
    for (unsigned index = 3; index > 1; index--) {
        char high[64], low[64];
        snprintf(high, sizeof(high), "delete X-VANTHU-VERDICT %u\n", index);
        snprintf(low, sizeof(low), "delete X-VANTHU-VERDICT %u\n", index - 1);
        assert_true(strcasestr(recorder.lines, high) < strcasestr(recorder.lines, low));
    }
    assert_null(strstr(recorder.lines, "Received"));
    vt_arena_free(arena);
}

static void too_many_forged_headers_are_an_error(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(64u * 1024 * 1024);
    struct vt_strip strip = {0};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < VT_MAX_STRIPPED; i++)
        assert_int_equal(vt_strip_see(&strip, arena, OUR_ID, "X-Vanthu-A", "x"), VT_OK);
    code = vt_strip_see(&strip, arena, OUR_ID, "X-Vanthu-A", "x");
    assert_int_equal(code, VT_E_LIMIT);
    recorder_reset();
    recorder.fails = true;
    assert_int_equal(vt_strip_remove(&strip, &recorder_api, recorder_ctx), VT_E_SYSTEM);
    vt_arena_free(arena);
}

static void results_by_the_table(void **state)
{
    (void)state;
    static const struct {
        enum vt_indication indication;
        enum vt_sub_indication sub;
        const char *want;
    } cases[] = {
        {VT_TOTAL_PASSED, VT_SUB_NONE, "pass"},
        {VT_TOTAL_FAILED, VT_SUB_HASH_FAILURE, "fail"},
        {VT_TOTAL_FAILED, VT_SUB_REVOKED, "fail"},
        {VT_INDETERMINATE, VT_SUB_NONE, "neutral"},
        {VT_INDETERMINATE, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND, "policy"},
        {VT_INDETERMINATE, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "policy"},
        {VT_INDETERMINATE, VT_SUB_TRY_LATER, "temperror"},
        {VT_INDETERMINATE, VT_SUB_SIGNED_DATA_NOT_FOUND, "permerror"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(vt_smime_result(cases[i].indication, cases[i].sub), cases[i].want);
    for (unsigned sub = 0; sub < VT_SUB_COUNT; sub++)
        assert_string_not_equal(vt_smime_result(VT_INDETERMINATE, (enum vt_sub_indication)sub),
                                "pass");
}

static struct vt_signature good = {.indication = VT_TOTAL_PASSED};
static struct vt_signature mixed[] = {
    {.indication = VT_TOTAL_PASSED},
    {.indication = VT_TOTAL_FAILED,
     .sub_indication = VT_SUB_FORMAT_FAILURE,
     .reasons = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED)},
};
static struct vt_signature message = {
    .indication = VT_TOTAL_PASSED,
    .signer = {.email = "vanthu@soxd.example.vn", .serial = "5403ab"}};

static char *headers_of(const struct vt_evidence *evidence, const struct vt_decision *decision,
                        bool leading_space)
{
    struct vt_arena *arena = vt_arena_new(1000000);
    struct vt_headers headers;
    recorder_reset();
    assert_int_equal(vt_headers_make(arena, evidence, decision, OUR_ID, &headers), VT_OK);
    for (size_t i = 0; i < headers.count; i++) {
        assert_true(strlen(headers.items[i].value) <= VT_MAX_RESULTS_BYTES);
        for (const char *c = headers.items[i].value; *c != '\0'; c++)
            assert_true((*c >= 0x20 && *c < 0x7f) || (*c == '\n' && c[1] == ' '));
    }
    assert_int_equal(vt_headers_add(&headers, leading_space, &recorder_api, recorder_ctx), VT_OK);
    vt_arena_free(arena);
    return recorder.lines;
}

static void adds_what_was_found(void **state)
{
    (void)state;
    struct vt_document documents[] = {
        {.path = "1", .format = VT_FORMAT_SMIME, .signatures = &message, .signatures_count = 1},
        {.path = "2",
         .name = "Báo cáo.pdf",
         .format = VT_FORMAT_PDF,
         .signatures = &good,
         .signatures_count = 1},
        {.path = "3",
         .name = "a\".pdf =?utf-8?q?x?=",
         .format = VT_FORMAT_PDF,
         .signatures = mixed,
         .signatures_count = 2},
        {.path = "4", .name = "photo.jpg", .format = VT_FORMAT_IMAGE},
        {.path = "5",
         .name = "du thao.docx",
         .format = VT_FORMAT_OOXML,
         .expects_signature = true,
         .reasons = VT_REASON_BIT(VT_REASON_NO_SIGNATURE)},
    };
    struct vt_evidence evidence = {.mail = {.reference = "1831-0927-5564"},
                                   .documents = documents,
                                   .documents_count = COUNT(documents)};
    struct vt_decision decision = {.action = VT_ACTION_TAG, .rule = "chưa ký"};
    const char *text = headers_of(&evidence, &decision, true);
    static const char *const want[] = {
        "add X-Vanthu-Reference: 1831-0927-5564\n",
        "insert 1 Authentication-Results: " OUR_ID ";\n smime=pass\n body.smime-part=\"1\"\n "
        "body.smime-identifier=\"vanthu@soxd.example.vn\"\n body.smime-serial=\"5403ab\";\n "
        "x-vanthu=fail (documents 2, signatures passed 2,\n indeterminate 0, failed 1)\n",
        "add X-Vanthu-Action: tag;\n rule=\"chua ky\";\n reasons=CONTENT_CHANGED,\n "
        "NO_SIGNATURE\n",
        "add X-Vanthu-Verdict: TOTAL-PASSED; signatures=1;\n format=pdf;\n name=\"Bao cao.pdf\"\n",
        "add X-Vanthu-Verdict: TOTAL-FAILED/FORMAT_FAILURE; signatures=2;\n format=pdf;\n "
        "name=\"a'.pdf -?utf-8?q?x?=\";\n reasons=CONTENT_CHANGED\n",
        "add X-Vanthu-Verdict: UNSIGNED;\n format=ooxml;\n name=\"du thao.docx\";\n "
        "reasons=NO_SIGNATURE\n",
    };
    for (size_t i = 0; i < COUNT(want); i++) {
        if (strstr(text, want[i]) == NULL)
            fail_msg("missing: %s in\n%s", want[i], text);
    }
    assert_null(strstr(text, "photo"));
    assert_non_null(strstr(headers_of(&evidence, &decision, false), "Reference:1831"));
}

static void what_was_not_read_is_not_called_unsigned(void **state)
{
    (void)state;
    struct vt_document document = {.name = "a.pdf",
                                   .format = VT_FORMAT_PDF,
                                   .reasons = VT_REASON_BIT(VT_REASON_FILE_UNREADABLE)};
    struct vt_evidence evidence = {.documents = &document, .documents_count = 1};
    struct vt_decision decision = {.action = VT_ACTION_TAG};
    const char *text = headers_of(&evidence, &decision, true);
    assert_non_null(strstr(text, "X-Vanthu-Verdict: INDETERMINATE;\n format=pdf"));
    assert_null(strstr(text, "UNSIGNED"));
}

static void tells_strangers_the_reference_only(void **state)
{
    (void)state;
    struct vt_document document = {.name = "a.pdf", .signatures = &good, .signatures_count = 1};
    struct vt_evidence evidence = {
        .mail = {.reference = "1831-0927-5564", .direction = VT_OUTBOUND},
        .documents = &document,
        .documents_count = 1};
    struct vt_decision decision = {.action = VT_ACTION_ACCEPT};
    assert_string_equal(headers_of(&evidence, &decision, true),
                        "add X-Vanthu-Reference: 1831-0927-5564\n");
}

/* Reference and action: nothing of a mail marked secret, and nothing that says why. */
static void a_secret_mail_is_not_described(void **state)
{
    (void)state;
    struct vt_document document = {.path = "2", .name = "a.pdf", .expects_signature = true};
    struct vt_evidence evidence = {.mail = {.reference = "1831-0927-5564"},
                                   .reasons = VT_REASON_BIT(VT_REASON_SECRET_MARK),
                                   .documents = &document,
                                   .documents_count = 1};
    struct vt_decision decision = {.action = VT_ACTION_HOLD, .rule = "secret-mark"};
    assert_string_equal(headers_of(&evidence, &decision, true),
                        "add X-Vanthu-Reference: 1831-0927-5564\nadd X-Vanthu-Action: hold\n");
    evidence.mail.direction = VT_OUTBOUND;
    assert_string_equal(headers_of(&evidence, &decision, true),
                        "add X-Vanthu-Reference: 1831-0927-5564\n");
}

/* A mail with a hundred signatures and long names: bounded in number and length. */
static void stays_small(void **state)
{
    (void)state;
    struct vt_document documents[100] = {0};
    char name[VT_MAX_NAME_BYTES + 1];
    memset(name, '=', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct vt_signature hostile = {.reasons = (VT_REASON_BIT(VT_REASON_COUNT) - 1) &
                                              ~VT_REASON_BIT(VT_REASON_SECRET_MARK),
                                   .signer = {.email = name, .serial = name}};
    for (size_t i = 0; i < COUNT(documents); i++)
        documents[i] = (struct vt_document){.path = name,
                                            .name = name,
                                            .format = i % 2 ? VT_FORMAT_SMIME : VT_FORMAT_PDF,
                                            .signatures = &hostile,
                                            .signatures_count = 1};
    struct vt_evidence evidence = {.mail = {.reference = "1831-0927-5564"},
                                   .documents = documents,
                                   .documents_count = COUNT(documents)};
    struct vt_decision decision = {.action = VT_ACTION_TAG, .rule = name};
    const char *text = headers_of(&evidence, &decision, true);
    size_t verdicts = 0;
    for (const char *at = text; (at = strstr(at, "add X-Vanthu-Verdict")) != NULL; at++)
        verdicts++;
    assert_int_equal(verdicts, VT_MAX_VERDICT_HEADERS + 1);
    assert_non_null(strstr(text, "add X-Vanthu-Verdict: MORE; documents=80\n"));
    assert_non_null(strstr(text, "x-vanthu=neutral (documents 50"));
}

static void an_unsigned_mail_says_none(void **state)
{
    (void)state;
    struct vt_evidence evidence = {.mail = {.reference = "1831-0927-5564"}};
    struct vt_decision decision = {.action = VT_ACTION_ACCEPT};
    assert_string_equal(headers_of(&evidence, &decision, true),
                        "add X-Vanthu-Reference: 1831-0927-5564\n"
                        "insert 1 Authentication-Results: " OUR_ID ";\n smime=none\n"
                        "add X-Vanthu-Action: accept\n");
}

/* ---- marks of a rule ---- */

static void marks_of_a_rule(void **state)
{
    (void)state;
    static const char *const ours[] = {"a@ninhbinh.gov.vn", "b@so.ninhbinh.gov.vn"};
    static const char *const mixed_recipients[] = {"a@ninhbinh.gov.vn", "b@example.vn"};
    static const char *our_domains[] = {"ninhbinh.gov.vn"};
    static const struct {
        const char *name, *prefix, *folder, *subject;
        bool goes_out, is_secret;
        const char *want;
    } cases[] = {
        {"plain", "[!]", NULL, "Bao cao", false, false, "change Subject 1: [!]\n Bao cao\n"},
        {"leading space", "[!]", NULL, " Bao cao", false, false,
         "change Subject 1: [!]\n Bao cao\n"},
        {"no subject", "[!]", NULL, NULL, false, false, "add Subject: [!]\n"},
        {"empty subject", "[!]", NULL, "", false, false, "change Subject 1: [!]\n"},
        {"there already", "[!]", NULL, "Re: [!] x", false, false, ""},
        {"before an encoded word", "[Đ]", NULL, "=?UTF-8?B?YQ==?=", false, false,
         "change Subject 1: =?UTF-8?B?W8SQXSA=?=\n =?UTF-8?B?YQ==?=\n"},
        {"before plain words", "[Đ]", NULL, "a", false, false,
         "change Subject 1: =?UTF-8?B?W8SQXQ==?=\n a\n"},
        {"there already, encoded", "[Đ]", NULL, "Re: =?UTF-8?B?W8SQXSA=?= =?UTF-8?B?YQ==?=", false,
         false, ""},
        {"a stranger reads it", "[!]", NULL, "a", true, false, ""},
        {"folder", NULL, "INBOX.check", "a", true, false, "add X-Vanthu-Folder: INBOX.check\n"},
        {"folder, cut between characters", NULL, "Cần kiểm tra chữ ký số trước khi xử lý", "a",
         false, false,
         "add X-Vanthu-Folder: "
         "=?UTF-8?B?Q+G6p24ga2nhu4NtIHRyYSBjaOG7ryBrw70gc+G7kSB0csaw4bubYyBraGkg?= "
         "=?UTF-8?B?eOG7rSBsw70=?=\n"},
        {"looks encoded", NULL, "=?x", "a", false, false,
         "add X-Vanthu-Folder: =?UTF-8?B?PT94?=\n"},
        {"secret", "[!]", "a", "a", false, true, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_arena *arena = vt_arena_new(1000000);
        const struct vt_config config = {.our_domains = {our_domains, 1}};
        const struct vt_mail mail = {
            .recipients = (const char **)(uintptr_t)(cases[i].goes_out ? mixed_recipients : ours),
            .recipients_count = 2};
        const struct vt_decision decision = {.action = VT_ACTION_TAG,
                                             .folder = cases[i].folder,
                                             .subject_prefix = cases[i].prefix,
                                             .reason = cases[i].is_secret ? VT_REASON_SECRET_MARK
                                                                          : VT_REASON_COUNT};
        struct vt_headers headers = {0};
        recorder_reset();
        assert_int_equal(vt_marks_add(arena, &config, &mail, &decision, cases[i].subject, &headers),
                         VT_OK);
        assert_int_equal(vt_headers_add(&headers, true, &recorder_api, recorder_ctx), VT_OK);
        if (strcmp(recorder.lines, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, recorder.lines);
        vt_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_own_id),
        cmocka_unit_test(removes_forged_headers),
        cmocka_unit_test(too_many_forged_headers_are_an_error),
        cmocka_unit_test(results_by_the_table),
        cmocka_unit_test(adds_what_was_found),
        cmocka_unit_test(what_was_not_read_is_not_called_unsigned),
        cmocka_unit_test(tells_strangers_the_reference_only),
        cmocka_unit_test(marks_of_a_rule),
        cmocka_unit_test(a_secret_mail_is_not_described),
        cmocka_unit_test(stays_small),
        cmocka_unit_test(an_unsigned_mail_says_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
