/* SPDX-License-Identifier: Apache-2.0
 * Tokens, values, strings and dates of PDF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/pdf.h"

static void values_have_their_kind_and_extent(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum pdf_kind kind;
        size_t used;
    } cases[] = {
        {"12 0 R", PDF_REF, 6},
        {"12 0 obj", PDF_INTEGER, 2},
        {"12 0 0 R", PDF_INTEGER, 2},
        {"-7", PDF_INTEGER, 2},
        {"1.5", PDF_REAL, 3},
        {"1.5.2", PDF_KEYWORD, 5},
        {"1234567890123456789", PDF_REAL, 19},
        {"% comment\n /Name/x", PDF_NAME, 16},
        {"(a(b)\\)c)d", PDF_STRING, 9},
        {"(open", PDF_NONE, 0},
        {"<41 4>", PDF_HEX_STRING, 6},
        {"<4G>", PDF_NONE, 0},
        {"<</A[1(]>>)<3E>]/B<</C true>>>>x", PDF_DICT, 31},
        {"[[1]", PDF_NONE, 0},
        {"[<<]>>", PDF_NONE, 0},
        {"]", PDF_NONE, 0},
        {"true", PDF_BOOL, 4},
        {"null", PDF_NULL, 4},
        {"", PDF_NONE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pdf_value value;
        size_t at = 0;
        bool read = pdf_next_value(vt_bytes_str(cases[i].text), &at, &value);
        if (read != (cases[i].kind != PDF_NONE) || value.kind != cases[i].kind ||
            at != cases[i].used)
            fail_msg("%s: kind %d, used %zu", cases[i].text, value.kind, at);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[2 * PDF_MAX_NESTING + 2];
    for (size_t depth = PDF_MAX_NESTING; depth <= PDF_MAX_NESTING + 1; depth++) {
        struct pdf_value value;
        size_t at = 0;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(pdf_next_value(vt_bytes_of(text, 2 * depth), &at, &value),
                         depth == PDF_MAX_NESTING);
    }
}

static void names_are_compared_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name;
        bool same;
    } cases[] = {
        {"/Contents", "Contents", true},
        {"/Con#74ents", "Contents", true},
        {"/Contents2", "Contents", false},
        {"/Content", "Contents", false},
        {"/A#", "A#", true},
        {"(Contents)", "Contents", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pdf_value value;
        size_t at = 0;
        assert_true(pdf_next_value(vt_bytes_str(cases[i].text), &at, &value));
        if (pdf_name_is(&value, cases[i].name) != cases[i].same)
            fail_msg("%s", cases[i].text);
    }
}

static void dictionaries_and_references(void **state)
{
    (void)state;
    const struct vt_bytes text = VT_BYTES("<</A 1/B[2 0 R(3 0 R)4 5 0 R]/A 6/C<</D 7 0 R>>>>");
    struct pdf_value dict;
    struct pdf_ref ref;
    size_t at = 0, count = 0;
    int sum = 0;
    assert_true(pdf_next_value(text, &at, &dict));
    assert_int_equal(pdf_dict_get(&dict, "A").integer, 6);
    assert_int_equal(pdf_dict_count(&dict, "A"), 2);
    assert_int_equal(pdf_dict_get(&dict, "D").kind, PDF_NONE);
    for (at = 0; pdf_next_ref(text, &at, &ref); count++)
        sum += ref.id;
    assert_int_equal(count, 3);
    assert_int_equal(sum, 2 + 5 + 7);
}

static void strings_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"(a\\)b\\(c)", "a)b(c"},     {"(x(y)z)", "x(y)z"}, {"(\\101\\7x\\0608)", "A\ax08"},
        {"(a\\\r\nb\r\nc)", "ab\nc"}, {"<4142 43>", "ABC"}, {"<414>", "A@"},
        {"(\\n\\q)", "\nq"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pdf_value value;
        uint8_t out[64];
        size_t at = 0;
        assert_true(pdf_next_value(vt_bytes_str(cases[i].text), &at, &value));
        struct vt_bytes got = vt_bytes_of(out, pdf_string_decode(&value, out));
        if (!vt_bytes_equal(got, vt_bytes_str(cases[i].want)))
            fail_msg("%s: %.*s", cases[i].text, (int)got.len, out);
    }
}

static void dates_of_real_tools(void **state)
{
    (void)state;
    /* 2026-12-03 02:12:00 UTC */
    const int64_t want = vt_time_from_civil(2026, 12, 3, 2, 12, 0);
    static const struct {
        const char *text;
        bool valid;
        bool zoneless;
    } cases[] = {
        {"D:20261203091200+07'00'", true, false},
        {"D:20261203091200+07'00", true, false},
        {"D:20261203091200+0700", true, false},
        {"D:20261203091200+07", true, false},
        {"20261203091200+07'00'", true, false},
        {"D:20261203021200Z", true, false},
        {"D:20261203021200Z00'00'", true, false},
        {"D:20261203091200", true, true},
        {"20261203091200", true, true},
        {"D:202612030912+07'00'", true, false},
        {"D:20261203001200-02'00'", true, false},
        {"D:20261203091200+07'00'x", false, false},
        {"D:20261303091200Z", false, false},
        {"D:20260230091200Z", false, false},
        {"D:20261203251200Z", false, false},
        {"D:2026120309120", false, false},
        {"2026-12-03T09:12:00", false, false},
        {"", false, false},
        {"D:20261203091200+24'00'", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t got = 0;
        bool zoneless = false;
        bool valid = pdf_time_parse(vt_bytes_str(cases[i].text), &got, &zoneless);
        if (valid != cases[i].valid || zoneless != cases[i].zoneless ||
            got != (valid ? want : VT_TIME_NONE))
            fail_msg("%s: %d, %lld", cases[i].text, valid, (long long)got);
    }
}

static void names_become_clean_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"(Con dau)", "Con dau"},
        {"<FEFF0043006F006E002000641EA5 0075>", "Con d\xe1\xba\xa5u"},
        {"<FEFFD83DDE00>", "\xf0\x9f\x98\x80"},
        {"<FEFFD83D>", "\xef\xbf\xbd"},
        {"<EFBBBF64E1BAA5>", "d\xe1\xba\xa5"},
        {"(\\351)", "\xc3\xa9"},
        {"(a\\001b\\nc)", "a?b?c"},
        {"/Name", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pdf_reader reader = {.arena = vt_arena_new(65536), .scratch = vt_arena_new(65536)};
        struct pdf_value value;
        size_t at = 0;
        assert_true(pdf_next_value(vt_bytes_str(cases[i].text), &at, &value));
        const char *got = pdf_text_string(&reader, &value);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].text, got);
        vt_arena_free(reader.arena);
        vt_arena_free(reader.scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_their_kind_and_extent),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(names_are_compared_decoded),
        cmocka_unit_test(dictionaries_and_references),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(dates_of_real_tools),
        cmocka_unit_test(names_become_clean_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
