/* SPDX-License-Identifier: Apache-2.0
 * What `vanthu check` says of time: each time stamp with what it is over, whose it is, whether it
 * counts and why not; what the verdict was reached for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"

#define NOON_UTC_SECS INT64_C(1780315200) /* 2026-06-01 12:00 */

struct sample {
    struct vt_timestamp_facts stamps[6];
    struct vt_certificate_facts tsa;
    const char *why;
    struct vt_signature signature;
    struct vt_document document;
    struct vt_evidence evidence;
};

static void fill(struct sample *s)
{
    static const char *const kinds[] = {
        "signature", "content", "archive", "document", "signature-and-references", "references"};
    *s = (struct sample){.tsa = {.common_name = "TSA G2"}, .why = "its time lies in the future."};
    for (size_t i = 0; i < 6; i++)
        s->stamps[i] = (struct vt_timestamp_facts){.kind = kinds[i],
                                                   .time_utc_secs = NOON_UTC_SECS,
                                                   .tsa = "CN=TSA G1",
                                                   .indication = VT_TOTAL_PASSED};
    s->stamps[0].path = &s->tsa;
    s->stamps[0].path_count = 1;
    s->stamps[2].indication = VT_INDETERMINATE;
    s->stamps[2].findings = &s->why;
    s->stamps[2].findings_count = 1;
    s->signature = (struct vt_signature){.signing_time_utc_secs = NOON_UTC_SECS,
                                         .signing_time_source = VT_TIME_SOURCE_TIMESTAMP,
                                         .judged_at_utc_secs = NOON_UTC_SECS,
                                         .timestamps = s->stamps,
                                         .timestamps_count = 6};
    s->document =
        (struct vt_document){.path = "", .signatures = &s->signature, .signatures_count = 1};
    s->evidence = (struct vt_evidence){.documents = &s->document, .documents_count = 1};
}

static char *print(const struct sample *s, enum vt_language language)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    const struct vt_check_text how = {.language = language, .file = "a.pdf"};
    vt_command_print_evidence(out, &how, &s->evidence, NULL);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void expect(const struct sample *s, enum vt_language language, const char *const *lines)
{
    char *text = print(s, language);
    for (; *lines != NULL; lines++) {
        if (strstr(text, *lines) == NULL)
            fail_msg("no \"%s\" in\n%s", *lines, text);
    }
    free(text);
}

static void shows_every_stamp(void **state)
{
    static const char *const english[] = {
        "Judged at               2026-06-01 19:00 +07:00, by a time stamp\n",
        "Time stamp              over the signature, 2026-06-01 19:00 +07:00, TSA G2: counts\n",
        "over the content, 2026-06-01 19:00 +07:00, CN=TSA G1: counts\n",
        "for the archive, 2026-06-01 19:00 +07:00, CN=TSA G1: does NOT count\n"
        "     Note                    its time lies in the future.\n",
        "over the file, 2026-06-01",
        "over the signature and references, 2026-06-01",
        "over references, not the signature, 2026-06-01",
        NULL};
    static const char *const vietnamese[] = {
        "Thời điểm làm căn cứ    19:00 ngày 01/06/2026 (giờ Việt Nam), theo dấu thời gian\n",
        "Dấu thời gian           trên chữ ký số, 19:00 ngày 01/06/2026 (giờ Việt Nam), TSA G2: "
        "được "
        "tính\n",
        "lưu trữ, 19:00 ngày 01/06/2026 (giờ Việt Nam), CN=TSA G1: KHÔNG được tính\n", NULL};
    struct sample s;
    (void)state;
    fill(&s);
    expect(&s, VT_LANGUAGE_ENGLISH, english);
    expect(&s, VT_LANGUAGE_VIETNAMESE, vietnamese);
}

static void says_that_nothing_is_proven(void **state)
{
    static const char *const english[] = {
        "Signing time            2026-06-01 19:00 +07:00, claimed by the signer, proven by no time "
        "stamp\n",
        "Judged at               2026-06-01 20:00 +07:00, the time of checking: nothing proves",
        NULL};
    struct sample s;
    (void)state;
    fill(&s);
    s.signature.signing_time_source = VT_TIME_SOURCE_CLAIMED;
    s.signature.judged_at_utc_secs = NOON_UTC_SECS + 3600;
    s.signature.timestamps_count = 0;
    expect(&s, VT_LANGUAGE_ENGLISH, english);
    /* A document time stamp is judged for itself. */
    s.signature.format = VT_SIGNATURE_DOCTIMESTAMP;
    char *text = print(&s, VT_LANGUAGE_ENGLISH);
    assert_null(strstr(text, "Judged at"));
    free(text);
}

/* What came after a signature, what is not permitted first: not what came before it. */
static void changes_in_words(void **state)
{
    (void)state;
    struct sample s;
    struct vt_document_change changes[] = {
        {VT_CHANGE_FONT, VT_CHANGES_FORBIDDEN, 1, 1, NULL},
        {VT_CHANGE_SIGNATURE_ADDED, VT_CHANGES_PERMITTED, 2, 0, "Signature2"},
        {VT_CHANGE_PAGE_REPLACED, VT_CHANGES_FORBIDDEN, 3, 2, NULL},
        {VT_CHANGE_METADATA, VT_CHANGES_UNDETERMINED, 3, 0, NULL},
        {VT_CHANGE_FORM_FILLED, VT_CHANGES_PERMITTED, 3, 1, NULL},
    };
    struct vt_revision revision = {.number = 1, .end_bytes = 1000};
    fill(&s);
    s.document.revisions = &revision;
    s.document.revisions_count = 1;
    s.signature.covers = VT_COVERS_REVISION;
    s.signature.revision = 1;
    s.document.changes = changes;
    s.document.changes_count = sizeof(changes) / sizeof(changes[0]);
    char *vi = print(&s, VT_LANGUAGE_VIETNAMESE), *en = print(&s, VT_LANGUAGE_ENGLISH);
    assert_non_null(
        strstr(vi, "Nội dung của trang đã bị thay (phiên bản 3, trang 2): không được phép\n"));
    assert_non_null(
        strstr(vi, "Thông tin mô tả tệp đã bị thay (phiên bản 3): chưa rõ ảnh hưởng\n"));
    assert_non_null(
        strstr(en, "The content of the page was replaced (revision 3, page 2): not permitted\n"));
    assert_non_null(strstr(en, "The metadata was changed (revision 3): effect not known\n"));
    assert_null(strstr(en, "font"));
    assert_non_null(strstr(en, "A signature was added (revision 2)\n"));
    assert_true(strstr(en, "A signature was added") > strstr(en, "The metadata was changed"));
    /* The only signature is older than what was filled in. */
    assert_non_null(strstr(en, "A form field was filled in (revision 3, page 1)\n"));
    assert_non_null(strstr(vi, "nội dung của tệp đến hết phiên bản 1\n"));
    free(vi);
    free(en);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_every_stamp),
        cmocka_unit_test(says_that_nothing_is_proven),
        cmocka_unit_test(changes_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
