/* SPDX-License-Identifier: Apache-2.0
 * base: views, buffers, arena, text and time, as tables of named cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void slices_stay_inside(void **state)
{
    (void)state;
    struct vt_bytes abc = VT_BYTES("abc");
    static const struct {
        size_t offset, len, want_offset, want_len;
    } cases[] = {{0, 3, 0, 3}, {1, 1, 1, 1}, {1, SIZE_MAX, 1, 2},
                 {3, 1, 3, 0}, {4, 1, 3, 0}, {SIZE_MAX, SIZE_MAX, 3, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_bytes got = vt_bytes_slice(abc, cases[i].offset, cases[i].len);
        assert_ptr_equal(got.ptr, abc.ptr + cases[i].want_offset);
        assert_int_equal(got.len, cases[i].want_len);
    }
}

static void find_is_bounded(void **state)
{
    (void)state;
    struct vt_bytes hay = VT_BYTES("ab\0abc");
    assert_int_equal(vt_bytes_find(hay, VT_BYTES("abc"), 0), 3);
    assert_int_equal(vt_bytes_find(hay, VT_BYTES("ab"), 1), 3);
    assert_int_equal(vt_bytes_find(hay, VT_BYTES("abcd"), 0), SIZE_MAX);
    assert_int_equal(vt_bytes_find(hay, VT_BYTES("c"), 6), SIZE_MAX);
    assert_int_equal(vt_bytes_find(hay, VT_BYTES("c"), 7), SIZE_MAX);
}

static void buffer_refuses_beyond_its_maximum(void **state)
{
    (void)state;
    struct vt_buf buf;
    vt_buf_init(&buf, 10);
    assert_int_equal(vt_buf_add(&buf, "12345", 5), VT_OK);
    assert_int_equal(vt_buf_addf(&buf, "%s", "67890"), VT_OK);
    assert_int_equal(vt_buf_add(&buf, "x", 1), VT_E_LIMIT);
    assert_true(vt_bytes_equal(vt_buf_bytes(&buf), VT_BYTES("1234567890")));
    vt_buf_clear(&buf);
    assert_int_equal(vt_buf_add(&buf, "x", 1), VT_OK);
    vt_buf_clear(&buf);
}

static int freed;

static void count_free(void *object)
{
    (void)object;
    freed++;
}

static void arena_is_bounded_and_frees_what_it_owns(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(100000);
    assert_non_null(arena);
    uint8_t *small = vt_arena_alloc(arena, 10);
    uint8_t *large = vt_arena_alloc(arena, 50000);
    uint8_t *again = vt_arena_alloc(arena, 10);
    assert_non_null(small);
    assert_non_null(large);
    assert_non_null(again);
    for (size_t i = 0; i < 50000; i++)
        assert_int_equal(large[i], 0);
    assert_null(vt_arena_alloc(arena, 60000));
    assert_null(vt_arena_alloc(arena, SIZE_MAX));
    freed = 0;
    assert_int_equal(vt_arena_own(arena, &freed, count_free), VT_OK);
    assert_int_equal(vt_arena_own(arena, &freed, count_free), VT_OK);
    vt_arena_free(arena);
    assert_int_equal(freed, 2);
    vt_arena_free(NULL);
}

static void grown_array_keeps_its_elements(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    int *array = NULL;
    for (int i = 0; i < 1000; i++) {
        int *grown = vt_arena_grow(arena, array, (size_t)i, sizeof(*array));
        assert_non_null(grown);
        array = grown;
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array[i], i);
    vt_arena_free(arena);
}

static void text_from_mail_is_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *name, *in;
        size_t in_len, room;
        const char *want;
    } cases[] = {
        {"plain", "abc", 3, 20, "abc"},
        {"line break", "a\r\nb", 4, 20, "a??b"},
        {"NUL", "a\0b", 3, 20, "a?b"},
        {"Vietnamese stays", "Quyết định", 15, 30, "Quyết định"},
        {"overlong slash", "\xC0\xAF", 2, 20, "??"},
        {"surrogate", "\xED\xA0\x80", 3, 20, "???"},
        {"cut in a character", "\xE1\xBB", 2, 20, "??"},
        {"right-to-left override", "a\xE2\x80\xAEgpj", 7, 20, "a?gpj"},
        {"escape", "\x1B[2J", 4, 20, "?[2J"},
        {"word joiner", "a\xE2\x81\xA0z", 5, 20, "a?z"},
        {"soft hyphen", "a\xC2\xADz", 4, 20, "a?z"},
        {"letter that is a filler", "a\xE3\x85\xA4z", 5, 20, "a?z"},
        {"tag", "a\xF3\xA0\x81\x81z", 6, 20, "a?z"},
        {"no-break space stays", "a\xC2\xA0z", 4, 20, "a\xC2\xA0z"},
        {"cut at the room", "abcdefghij", 10, 8, "abcd..."},
        {"never inside a character", "ế12345", 8, 6, "..."},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64];
        vt_text_clean(out, cases[i].room, vt_bytes_of(cases[i].in, cases[i].in_len));
        if (strcmp(out, cases[i].want) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", cases[i].name, out, cases[i].want);
        assert_true(strlen(out) < cases[i].room);
    }
}

static void html_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t room;
        enum vt_code code;
        const char *want; /* what was added before it was full */
    } cases[] = {
        {"", 40, VT_OK, ""},
        {"Văn thư", 40, VT_OK, "Văn thư"},
        {"<a href=\"x\" id='y'>", 80, VT_OK, "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;"},
        {"&amp;", 40, VT_OK, "&amp;amp;"},
        {"<<", 6, VT_E_LIMIT, "&lt;"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_buf out;
        vt_buf_init(&out, cases[i].room);
        assert_int_equal(vt_buf_add_html(&out, vt_bytes_str(cases[i].in)), cases[i].code);
        assert_true(vt_bytes_equal(vt_buf_bytes(&out), vt_bytes_str(cases[i].want)));
        vt_buf_clear(&out);
    }
}

static void quotes_end_no_field(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t room;
        const char *want;
    } cases[] = {
        {"dấu \"Văn thư\"", 40, "dấu 'Văn thư'"},
        {"\" level=B-LTA x=\"", 40, "' level=B-LTA x='"},
        {"a\nb\"", 20, "a?b'"},
        {"\"12345678\"", 8, "'123..."},
        {NULL, 8, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64];
        assert_string_equal(vt_text_quoted(out, cases[i].room, cases[i].in), cases[i].want);
    }
}

static void a_log_entry_is_one_line(void **state)
{
    (void)state;
    char line[200] = "";
    int ends[2], kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    vt_log(VT_LOG_WARNING, "subject=%s", "a\r\nvanthu/gateway[1]: forged\x1b[2J\x7fế");
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
    assert_non_null(strstr(line, "subject=a??vanthu/gateway[1]: forged?[2J?ế\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    (void)close(kept);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void accents_are_taken_off(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"Nội dung văn bản đã bị thay đổi sau khi ký số.",
         "Noi dung van ban da bi thay doi sau khi ky so."},
        {"ĐƯỜNG DẪN TIN CẬY ỲÝỶỸỴ", "DUONG DAN TIN CAY YYYYY"},
        {"e\xCC\x82\xCC\x81 (NFD)", "e (NFD)"},
        {"\xE2\x80\x9Ctrích\xE2\x80\x9D \xE2\x80\x93 hết", "\"trich\" - het"},
        {"漢", "?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[128];
        assert_string_equal(vt_text_ascii(out, sizeof(out), cases[i].in), cases[i].want);
    }
}

static void letters_apart_are_joined(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"", ""},
        {" ", " "},
        {" s a o y 12 ", " saoy 12 "},
        {" 12 s a o l u c ", " 12 saoluc "},
        {" sao y a ban ", " sao y a ban "},
        {" a b c", " a b c"},
        {" x y z to a b c d ", " xyz to abcd "},
        {" 1 2 3 4 ", " 1 2 3 4 "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char words[32];
        (void)snprintf(words, sizeof(words), "%s", cases[i].in);
        vt_text_join_letters(words);
        assert_string_equal(words, cases[i].want);
    }
}

static void near_words_are_found(void **state)
{
    (void)state;
    assert_int_equal(vt_text_distance("reject", "reject", 3), 0);
    assert_int_equal(vt_text_distance("rejcet", "reject", 3), 1);
    assert_int_equal(vt_text_distance("requir", "require", 3), 1);
    assert_int_equal(vt_text_distance("abc", "xyz", 2), 3);
    assert_int_equal(vt_text_distance("", "ab", 5), 2);
}

static void times_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t want;
    } cases[] = {
        {"1970-01-01", true, 0},
        {"2026-12-03T02:12:00Z", true, 1796263920},
        {"2026-12-03T09:12:00+07:00", true, 1796263920},
        {"2026-12-03T02:12:00.5Z", true, 1796263920},
        {"2024-02-29T00:00:00Z", true, 1709164800},
        {"2023-02-29T00:00:00Z", false, 0},
        {"2026-13-01", false, 0},
        {"2026-12-03T02:12:00", false, 0},
        {"2026-12-03T02:12:00Zx", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t got = VT_TIME_NONE;
        enum vt_code code = vt_time_parse(cases[i].text, &got);
        assert_int_equal(code, cases[i].good ? VT_OK : VT_E_FORMAT);
        if (cases[i].good)
            assert_int_equal(got, cases[i].want);
    }
    char text[VT_TIME_TEXT_BYTES], people[64];
    assert_string_equal(vt_time_rfc3339(text, 1796263920), "2026-12-03T02:12:00Z");
    assert_string_equal(vt_time_rfc3339(text, VT_TIME_NONE), "-");
    assert_string_equal(vt_time_rfc3339(text, vt_time_from_civil(1, 1, 1, 0, 0, 0)),
                        "0001-01-01T00:00:00Z");
    assert_string_equal(vt_time_rfc3339(text, vt_time_from_civil(9999, 12, 31, 23, 59, 59)),
                        "9999-12-31T23:59:59Z");
    assert_string_equal(vt_time_vietnam(people, 1796263920),
                        "09:12 ngày 03/12/2026 (giờ Việt Nam)");
}

static void asn1_times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool generalized, good;
        int64_t want;
    } cases[] = {
        {"261203021200Z", false, true, 1796263920},
        {"500101000000Z", false, true, -631152000},
        {"20261203021200Z", true, true, 1796263920},
        {"20261203021200.123Z", true, true, 1796263920},
        {"20261203021200", true, false, 0},
        {"261303021200Z", false, false, 0},
        {"20261203021200.Z", true, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t got = VT_TIME_NONE;
        enum vt_code code =
            vt_time_parse_asn1(vt_bytes_str(cases[i].text), cases[i].generalized, &got);
        assert_int_equal(code, cases[i].good ? VT_OK : VT_E_FORMAT);
        if (cases[i].good)
            assert_int_equal(got, cases[i].want);
    }
}

static void compares_domains(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool within;
    } cases[] = {{"a@ninhbinh.gov.vn", true},
                 {"a@NinhBinh.GOV.vn", true},
                 {"a@soxd.ninhbinh.gov.vn", true},
                 {"a@xninhbinh.gov.vn", false},
                 {"a@gov.vn", false},
                 {"ninhbinh.gov.vn", false},
                 {"", false},
                 {NULL, false},
                 {"\"a@ninhbinh.gov.vn\"@evil.vn", false},
                 {"a@", false},
                 {"a@ninhbinh.gov.vn.evil.vn", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (vt_domain_is_under(vt_address_domain(cases[i].address), "ninhbinh.gov.vn") !=
            cases[i].within)
            fail_msg("%s", cases[i].address == NULL ? "NULL" : cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_stay_inside),
        cmocka_unit_test(find_is_bounded),
        cmocka_unit_test(buffer_refuses_beyond_its_maximum),
        cmocka_unit_test(arena_is_bounded_and_frees_what_it_owns),
        cmocka_unit_test(grown_array_keeps_its_elements),
        cmocka_unit_test(text_from_mail_is_cleaned),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(quotes_end_no_field),
        cmocka_unit_test(a_log_entry_is_one_line),
        cmocka_unit_test(accents_are_taken_off),
        cmocka_unit_test(letters_apart_are_joined),
        cmocka_unit_test(near_words_are_found),
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(asn1_times_are_read),
        cmocka_unit_test(compares_domains),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
