/* SPDX-License-Identifier: Apache-2.0
 * From decision to SMTP answer: words, codes, and what no answer may ever contain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/answer.h"
#include "gateway_recorder.h"

#define REFERENCE "1831-0927-5564"
#define PHONE "0229.123.4567"

static struct vt_status_facts revoked[] = {
    {.value = VT_STATUS_REVOKED, .revoked_at_utc_secs = INT64_C(1796205600)}}; /* 2026-12-02 */
static struct vt_signature signatures[] = {{.statuses = revoked, .statuses_count = 1}};
static struct vt_document documents[] = {
    {.name = "123-QĐ-SGD.signed.pdf", .signatures = signatures, .signatures_count = 1},
    {.name = "100% thật %s\"\\.pdf"}};
static const struct vt_evidence evidence = {
    .mail = {.reference = REFERENCE}, .documents = documents, .documents_count = 2};

static void says_what_users_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct vt_decision decision;
        const char *want; /* of the recorder */
        sfsistat status;
    } cases[] = {
        {"refused",
         {.action = VT_ACTION_REJECT,
          .reason = VT_REASON_CONTENT_CHANGED,
          .document = 0,
          .code = "550"},
         "reply 550 5.7.7 CONTENT_CHANGED 1831-0927-5564 Tu choi tiep nhan: "
         "123-QD-SGD.signed.pdf\n"
         "reply 550 5.7.7 Noi dung van ban da bi thay doi sau khi ky so.\n"
         "reply 550 5.7.7 Document changed after signing. Tra cuu/Ref 1831-0927-5564, DT "
         "0229.123.4567\n",
         SMFIS_REJECT},
        {"revocation names its day",
         {.action = VT_ACTION_REJECT, .reason = VT_REASON_CERT_REVOKED_SINCE, .document = 0},
         "Chung thu chu ky so da bi thu hoi ngay 02/12/2026; van ban khong co dau thoi gian",
         SMFIS_REJECT},
        {"text of the rule",
         {.action = VT_ACTION_REJECT,
          .reason = VT_REASON_COUNT,
          .document = SIZE_MAX,
          .code = "554",
          .text = "Liên hệ Sở Khoa học và Công nghệ.\r\n250 OK"},
         "reply 554 5.7.1 POLICY 1831-0927-5564 Tu choi tiep nhan\n"
         "reply 554 5.7.1 Lien he So Khoa hoc va Cong nghe.??250 OK\n"
         "reply 554 5.7.1 Refused by the policy of this site. Tra cuu/Ref 1831-0927-5564, DT "
         "0229.123.4567\n",
         SMFIS_REJECT},
        {"a code of the wrong class",
         {.action = VT_ACTION_REJECT,
          .reason = VT_REASON_BAD_SIGNATURE,
          .document = 0,
          .code = "451"},
         "reply 550 5.7.5 BAD_SIGNATURE",
         SMFIS_REJECT},
        {"nothing that closes the connection",
         {.action = VT_ACTION_DEFER,
          .reason = VT_REASON_STATUS_UNKNOWN,
          .document = 0,
          .code = "421"},
         "reply 451 4.7.5 STATUS_UNKNOWN",
         SMFIS_TEMPFAIL},
        {"percent signs are doubled",
         {.action = VT_ACTION_REJECT, .reason = VT_REASON_BAD_SIGNATURE, .document = 1},
         "Tu choi tiep nhan: 100%% that %%s\"\\.pdf\n",
         SMFIS_REJECT},
        {"deferred",
         {.action = VT_ACTION_DEFER,
          .reason = VT_REASON_STATUS_UNKNOWN,
          .document = 0,
          .code = "451"},
         "reply 451 4.7.5 STATUS_UNKNOWN 1831-0927-5564 Tam hoan tiep nhan",
         SMFIS_TEMPFAIL},
        {"held",
         {.action = VT_ACTION_HOLD,
          .reason = VT_REASON_NOT_CHECKED,
          .rule = "giữ lại",
          .officer = "Nguyễn Văn A <a@b.vn>",
          .document = SIZE_MAX},
         "quarantine vanthu 1831-0927-5564: NOT_CHECKED giu lai, for Nguyen Van A <a@b.vn>\n",
         SMFIS_CONTINUE},
        {"a held secret does not say why",
         {.action = VT_ACTION_HOLD,
          .reason = VT_REASON_SECRET_MARK,
          .rule = "secret-mark",
          .officer = "Nguyễn Văn A <a@b.vn>",
          .document = 0},
         "quarantine vanthu 1831-0927-5564 for Nguyen Van A <a@b.vn>\n",
         SMFIS_CONTINUE},
        {"a secret names nothing",
         {.action = VT_ACTION_REJECT, .reason = VT_REASON_SECRET_MARK, .document = 0},
         "reply 550 5.7.1 1831-0927-5564 Tu choi tiep nhan\n",
         SMFIS_REJECT},
        {"tagged", {.action = VT_ACTION_TAG, .reason = VT_REASON_NO_SIGNATURE}, "", SMFIS_CONTINUE},
        {"noted", {.action = VT_ACTION_NOTE}, "", SMFIS_CONTINUE},
        {"accepted", {.action = VT_ACTION_ACCEPT}, "", SMFIS_CONTINUE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_answer answer;
        bool failed = true;
        recorder_reset();
        vt_answer_decided(&cases[i].decision, &evidence, PHONE, true, &answer);
        sfsistat status = vt_answer_give(&answer, &recorder_api, recorder_ctx, &failed);
        if (status != cases[i].status || failed || strstr(recorder.lines, cases[i].want) == NULL ||
            (cases[i].want[0] == '\0' && recorder.used > 0))
            fail_msg("%s: status %d, %s", cases[i].name, status, recorder.lines);
    }
}

/* For every reason, action and nasty name: what libmilter and MTAs insist on. */
static void check_form(const struct vt_answer *answer)
{
    assert_true(answer->lines_count >= 1 && answer->lines_count <= VT_ANSWER_LINES);
    assert_int_equal(strlen(answer->code), 3);
    assert_int_equal(answer->code[0], answer->enhanced[0]);
    unsigned class = 0, subject = 0, detail = 0;
    char rest = 0;
    assert_int_equal(sscanf(answer->enhanced, "%u.%u.%u%c", &class, &subject, &detail, &rest), 3);
    for (size_t i = 0; i < answer->lines_count; i++) {
        const char *line = answer->lines[i];
        assert_in_range(strlen(line), 1, 300);
        for (const char *c = line; *c != '\0'; c++)
            assert_in_range(*c, 0x20, 0x7e);
        assert_null(strchr(line, '{'));
    }
}

static void every_answer_is_well_formed(void **state)
{
    (void)state;
    static const char *const names[] = {
        NULL,
        "",
        "a.pdf",
        "Quyết định số 123.pdf",
        "%n%n%n",
        "a\r\n250 2.0.0 accepted",
        "\xff\xfe\x80",
        "\xe1\xba",
        "日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本"};
    char longest[VT_MAX_NAME_BYTES + 1];
    memset(longest, 'W', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (unsigned reason = 0; reason <= VT_REASON_COUNT; reason++) {
        for (size_t i = 0; i <= sizeof(names) / sizeof(names[0]); i++) {
            struct vt_document document = {.name = i < sizeof(names) / sizeof(names[0]) ? names[i]
                                                                                        : longest};
            struct vt_evidence mail = {
                .mail = {.reference = REFERENCE}, .documents = &document, .documents_count = 1};
            struct vt_decision decision = {.reason = (enum vt_reason)reason,
                                           .action = VT_ACTION_REJECT,
                                           .text = i % 2 == 0 ? NULL : document.name};
            struct vt_answer answer;
            vt_answer_decided(&decision, &mail, i % 3 == 0 ? NULL : names[i % 8], true, &answer);
            assert_int_equal(answer.kind, VT_ANSWER_REJECT);
            assert_int_equal(answer.code[0], '5');
            check_form(&answer);
            decision.action = VT_ACTION_DEFER;
            vt_answer_decided(&decision, &mail, PHONE, true, &answer);
            assert_string_equal(answer.code, "451");
            assert_string_equal(answer.enhanced, "4.7.5");
            check_form(&answer);
        }
    }
}

static void our_own_fault_is_temporary(void **state)
{
    (void)state;
    struct vt_answer answer;
    bool failed = true;
    recorder_reset();
    vt_answer_fault(REFERENCE, PHONE, &answer);
    check_form(&answer);
    assert_int_equal(vt_answer_give(&answer, &recorder_api, recorder_ctx, &failed), SMFIS_TEMPFAIL);
    assert_non_null(strstr(recorder.lines, "reply 451 4.7.5 NOT_CHECKED " REFERENCE));
}

/* Zero memory, a refused quarantine, an MTA without quarantine: the mail stays with its sender. */
static void nothing_passes_by_mistake(void **state)
{
    (void)state;
    struct vt_answer answer = {0};
    struct vt_decision decision = {.action = VT_ACTION_HOLD, .reason = VT_REASON_NOT_CHECKED};
    bool failed = false;
    recorder_reset();
    assert_int_equal(vt_answer_give(&answer, &recorder_api, recorder_ctx, &failed), SMFIS_TEMPFAIL);
    assert_true(failed);
    vt_answer_decided(&decision, &evidence, PHONE, true, &answer);
    recorder.fails = true;
    assert_int_equal(vt_answer_give(&answer, &recorder_api, recorder_ctx, &failed), SMFIS_TEMPFAIL);
    assert_true(failed);
    vt_answer_decided(&decision, &evidence, PHONE, false, &answer);
    assert_int_equal(answer.kind, VT_ANSWER_TEMPFAIL);
    check_form(&answer);
}

/* A refusal stays a refusal when libmilter does not take its text. */
static void a_refused_text_is_noticed(void **state)
{
    (void)state;
    struct vt_answer answer;
    struct vt_decision decision = {.action = VT_ACTION_REJECT, .reason = VT_REASON_CONTENT_CHANGED};
    bool failed = false;
    recorder_reset();
    recorder.fails = true;
    vt_answer_decided(&decision, &evidence, PHONE, true, &answer);
    assert_int_equal(vt_answer_give(&answer, &recorder_api, recorder_ctx, &failed), SMFIS_REJECT);
    assert_true(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_users_read),       cmocka_unit_test(every_answer_is_well_formed),
        cmocka_unit_test(our_own_fault_is_temporary), cmocka_unit_test(nothing_passes_by_mistake),
        cmocka_unit_test(a_refused_text_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
