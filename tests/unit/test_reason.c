/* SPDX-License-Identifier: Apache-2.0
 * The table of reasons: complete, consistent, and safe to put into an SMTP answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "vanthu/bytes.h"
#include "vanthu/reason.h"

static void every_reason_is_complete(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        enum vt_reason found = VT_REASON_COUNT;
        assert_non_null(info->code);
        assert_int_equal(vt_reason_by_code(info->code, &found), VT_OK);
        assert_int_equal(found, i);
        assert_true(strspn(info->code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(info->code));
        assert_true(vt_text_is_utf8(vt_bytes_str(info->vietnamese)));
        assert_true(strlen(info->vietnamese) > 10);
        assert_true(strlen(info->vietnamese_to_do) > 10);
        assert_true(strlen(info->english_to_do) > 10);
    }
}

/* A reason is found when a stage that judges names it; the table, and who repeats or acts on what
 * was found, do not count. */
static bool is_named_by_a_stage(const char *code)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), "VT_REASON_%s", code);
    size_t len = strlen(wanted);
    glob_t files;
    bool is_named = false;
    assert_int_equal(glob("milter/*/*.c", 0, NULL, &files), 0);
    assert_int_equal(glob("policy/site_*.c", GLOB_APPEND, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc && !is_named; i++) {
        static char text[256 * 1024];
        if (strstr(files.gl_pathv[i], "/reason.c") != NULL ||
            strstr(files.gl_pathv[i], "inspector/record_") != NULL ||
            strstr(files.gl_pathv[i], "milter/gateway/") != NULL ||
            strstr(files.gl_pathv[i], "milter/notice/") != NULL ||
            strstr(files.gl_pathv[i], "milter/register/") != NULL ||
            strstr(files.gl_pathv[i], "milter/command/") != NULL)
            continue;
        FILE *in = fopen(files.gl_pathv[i], "r");
        assert_non_null(in);
        text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
        (void)fclose(in);
        for (const char *at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted))
            is_named = is_named || strspn(at + len, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == 0;
    }
    globfree(&files);
    return is_named;
}

static void reserved_is_what_nothing_finds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        if (is_named_by_a_stage(info->code) == info->is_reserved)
            fail_msg("%s: reserved is %s", info->code, info->is_reserved ? "true" : "false");
        assert_int_equal((vt_reasons_found() & VT_REASON_BIT(i)) == 0, info->is_reserved);
    }
}

static void english_fits_an_smtp_answer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        assert_true(strlen(info->english) > 10 && strlen(info->english) < 200);
        for (const char *c = info->english; *c != '\0'; c++)
            assert_true(*c >= 0x20 && *c <= 0x7E && *c != '%');
        char ascii[512];
        vt_text_ascii(ascii, sizeof(ascii), info->vietnamese);
        assert_null(strstr(ascii, "..."));
        assert_int_equal(strlen(ascii), strcspn(ascii, "?"));
    }
}

static void enhanced_codes(void **state)
{
    (void)state;
    static const struct {
        enum vt_reason reason;
        const char *enhanced;
    } cases[] = {
        {VT_REASON_CONTENT_CHANGED, "7.7"}, {VT_REASON_ADDED_AFTER_SIGNING, "7.7"},
        {VT_REASON_MESSAGE_CHANGED, "7.7"}, {VT_REASON_BAD_SIGNATURE, "7.5"},
        {VT_REASON_CERT_REVOKED, "7.5"},    {VT_REASON_PATH_SELF_MADE, "7.5"},
        {VT_REASON_STATUS_UNKNOWN, "7.5"},  {VT_REASON_TIMESTAMP_INVALID, "7.5"},
        {VT_REASON_WEAK_ALGORITHM, "7.6"},  {VT_REASON_NO_SIGNATURE, "7.1"},
        {VT_REASON_SECRET_MARK, "7.1"},     {VT_REASON_WRONG_KIND, "7.1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(vt_reason_info(cases[i].reason)->enhanced, cases[i].enhanced);
}

/* A cause of ours never refuses: users are not told to sign again for our fault. */
static void our_causes_never_refuse(void **state)
{
    (void)state;
    unsigned ours = 0;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        if (info->cause != VT_CAUSE_RECEIVER)
            continue;
        ours++;
        assert_true(info->default_state < VT_ACTION_REJECT);
        assert_true(info->default_other < VT_ACTION_REJECT);
        assert_null(strstr(info->vietnamese_to_do, "Ký số lại"));
    }
    assert_int_equal(ours, 7);
}

static void suggestions(void **state)
{
    (void)state;
    assert_string_equal(vt_reason_suggest("CONTENT_CHANGD"), "CONTENT_CHANGED");
    assert_string_equal(vt_reason_suggest("CERT_REVOKEDD"), "CERT_REVOKED");
    assert_null(vt_reason_suggest("SOMETHING_ELSE_ENTIRELY"));
    enum vt_reason reason = VT_REASON_COUNT;
    assert_int_equal(vt_reason_by_code("content_changed", &reason), VT_E_NOT_FOUND);
}

static void first_of_a_set(void **state)
{
    (void)state;
    assert_int_equal(vt_reasons_first(0), VT_REASON_COUNT);
    assert_int_equal(vt_reasons_first(VT_REASON_BIT(VT_REASON_NOT_CHECKED) |
                                      VT_REASON_BIT(VT_REASON_CERT_REVOKED)),
                     VT_REASON_CERT_REVOKED);
}

static void fields_of_texts_are_filled(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        struct vt_reason_fields fields;
    } cases[] = {
        {"không có gì", "không có gì", {NULL, NULL, NULL}},
        {"ngày {ngày}; xem", "ngày 02/12/2026; xem", {.date = "02/12/2026"}},
        {"ngày {ngày}; xem", "ngày …; xem", {NULL, NULL, NULL}},
        {"số (khoản 1 {Quy chế}); hỏi", "số; hỏi", {NULL, NULL, NULL}},
        {"số (khoản 1 {Quy chế}); hỏi",
         "số (khoản 1 Quyết định 9); hỏi",
         {.regulation = "Quyết định 9"}},
        {"(a) {tệp} (b)", "(a) x.pdf (b)", {.file = "x.pdf"}},
        {"(a) {tệp} (b)", "(a) … (b)", {NULL, NULL, NULL}},
        {"{lạ} {dở", "… {dở", {NULL, NULL, NULL}},
        {"{tệp}", "a?b", {.file = "a\nb"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[VT_REASON_TEXT_BYTES];
        assert_string_equal(vt_reason_fill(out, sizeof(out), cases[i].text, &cases[i].fields),
                            cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_is_complete),
        cmocka_unit_test(reserved_is_what_nothing_finds),
        cmocka_unit_test(english_fits_an_smtp_answer),
        cmocka_unit_test(enhanced_codes),
        cmocka_unit_test(our_causes_never_refuse),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(first_of_a_set),
        cmocka_unit_test(fields_of_texts_are_filled),
    };
    return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
