/* SPDX-License-Identifier: Apache-2.0
 * Parts of the comparison of a PDF's states that need no file: the two sections of a hybrid update,
 * and text strings as letters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/pdf_glyphs.h"
#include "document/pdf_xref.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_ENTRIES 4
/* The update that all sections are of, and where its stream lies. */
#define FROM 1000
#define TO 2000
#define SECOND_AT 1500

#define AT(id, place)                                                                              \
    {                                                                                              \
        (id), PDF_ENTRY_OFFSET, 0, (place)                                                         \
    }
#define IN(id, container)                                                                          \
    {                                                                                              \
        (id), PDF_ENTRY_COMPRESSED, 0, (container)                                                 \
    }
#define FREE(id)                                                                                   \
    {                                                                                              \
        (id), PDF_ENTRY_FREE, 1, 0                                                                 \
    }
#define ITSELF AT(9, SECOND_AT)

/* ---- hybrid updates ---- */

static const struct hybrid {
    const char *name;
    struct pdf_entry table[MAX_ENTRIES], stream[MAX_ENTRIES]; /* up to type and id 0 */
    const char *table_trailer, *stream_trailer;
    bool is_defect;
    bool is_conflict;
    uint32_t id;
} hybrids[] = {
    {"the same in both",
     {AT(3, 1100), AT(5, 1200), ITSELF},
     {AT(5, 1200), AT(3, 1100), ITSELF},
     "<</Root 1 0 R/Prev 9>>",
     "<</Root 1 0 R/Prev 9>>",
     false,
     false,
     0},
    {"more in the table",
     {AT(3, 1100), AT(5, 1200)},
     {AT(5, 1200)},
     "<<>>",
     "<<>>",
     false,
     false,
     0},
    {"nothing in the stream", {AT(3, 1100)}, {{0}}, "<<>>", "<<>>", false, false, 0},
    {"only itself in the stream", {AT(3, 1100)}, {ITSELF}, "<<>>", "<<>>", false, false, 0},
    {"hidden from older readers", {AT(3, 1100)}, {AT(5, 1200)}, "<<>>", "<<>>", false, false, 5},
    {"packed, which they cannot read", {AT(3, 1100)}, {IN(5, 7)}, "<<>>", "<<>>", false, false, 0},
    {"packed and free for them", {FREE(5)}, {IN(5, 7)}, "<<>>", "<<>>", false, false, 0},
    {"free for older readers", {FREE(5)}, {AT(5, 1200)}, "<<>>", "<<>>", false, false, 5},
    {"free in both", {FREE(5)}, {FREE(5)}, "<<>>", "<<>>", false, false, 0},
    {"free for newer readers only", {AT(5, 1200)}, {FREE(5)}, "<<>>", "<<>>", false, true, 5},
    {"gone for newer readers only", {AT(3, 1100)}, {FREE(5)}, "<<>>", "<<>>", false, false, 5},
    {"two places",
     {AT(3, 1100), AT(5, 1200)},
     {AT(3, 1100), AT(5, 1300)},
     "<<>>",
     "<<>>",
     false,
     true,
     5},
    {"a place and a container", {AT(5, 1200)}, {IN(5, 7)}, "<<>>", "<<>>", false, true, 5},
    {"the conflict counts before what is hidden",
     {AT(5, 1200)},
     {AT(3, 1100), AT(5, 1300)},
     "<<>>",
     "<<>>",
     false,
     true,
     5},
    {"the stream under an old number", {AT(9, 1200)}, {ITSELF}, "<<>>", "<<>>", false, true, 9},
    {"twice in the stream",
     {AT(3, 1100)},
     {AT(5, 1200), AT(5, 1200)},
     "<<>>",
     "<<>>",
     true,
     false,
     0},
    {"twice in the table", {AT(5, 1200), AT(5, 1200)}, {{0}}, "<<>>", "<<>>", true, false, 0},
    {"another catalog",
     {AT(3, 1100)},
     {AT(3, 1100)},
     "<</Root 1 0 R>>",
     "<</Root 2 0 R>>",
     true,
     false,
     0},
    {"another past", {AT(3, 1100)}, {AT(3, 1100)}, "<</Prev 9>>", "<</Prev 8>>", true, false, 0},
    {"a past of its own", {AT(3, 1100)}, {AT(3, 1100)}, "<<>>", "<</Prev 8>>", true, false, 0},
    {"another encryption",
     {AT(3, 1100)},
     {AT(3, 1100)},
     "<</Encrypt 4 0 R>>",
     "<</Encrypt 5 0 R>>",
     true,
     false,
     0},
};

static struct pdf_section section_of(const struct pdf_entry *entries, struct pdf_entry *copy,
                                     const char *trailer)
{
    struct pdf_section out = {.entries = copy};
    size_t at = 0;
    while (out.entries_count < MAX_ENTRIES && entries[out.entries_count].id != 0)
        out.entries_count++;
    memcpy(copy, entries, MAX_ENTRIES * sizeof(*entries));
    assert_true(pdf_next_value(vt_bytes_str(trailer), &at, &out.trailer));
    return out;
}

static const char *compare(struct pdf_reader *reader, const struct hybrid *row, size_t second_at,
                           struct pdf_split *out)
{
    struct pdf_entry table[MAX_ENTRIES], stream[MAX_ENTRIES];
    struct pdf_section section = section_of(row->table, table, row->table_trailer);
    struct pdf_section second = section_of(row->stream, stream, row->stream_trailer);
    second.at = second_at;
    second.end = second_at + 100;
    section.second = &second;
    return pdf_hybrid_compare(reader, &section, FROM, TO, out);
}

static void hybrid_updates(void **state)
{
    struct pdf_reader reader = {.scratch = *state};
    for (size_t i = 0; i < ENTRIES(hybrids); i++) {
        struct pdf_split split = {.id = 77};
        const char *defect = compare(&reader, &hybrids[i], SECOND_AT, &split);
        if ((defect != NULL) != hybrids[i].is_defect || split.id != hybrids[i].id ||
            split.is_conflict != hybrids[i].is_conflict)
            fail_msg("%s: %s, object %u", hybrids[i].name, defect == NULL ? "-" : defect,
                     (unsigned)split.id);
    }
}

static void stream_of_an_update_lies_in_it(void **state)
{
    struct pdf_reader reader = {.scratch = *state};
    struct pdf_split split;
    assert_null(compare(&reader, &hybrids[0], SECOND_AT, &split));
    assert_non_null(compare(&reader, &hybrids[0], FROM - 1, &split));
    assert_non_null(compare(&reader, &hybrids[0], TO - 99, &split));
}

/* ---- text strings ---- */

static const struct text {
    const char *bytes;
    size_t len;
    uint32_t letters[6];
    size_t count;
} texts[] = {
    {"", 0, {0}, 0},
    {"34", 2, {'3', '4'}, 2},
    {"\xfe\xff\x1e\xa3\x00\x41", 6, {0x1ea3, 'A'}, 2},
    {"\xfe\xff\xd8\x3d\xde\x00", 6, {0x1f600}, 1},
    {"\xfe\xff\x00", 3, {0}, 0},
    {"\xef\xbb\xbf\xe1\xba\xa3z", 7, {0x1ea3, 'z'}, 2},
    {"\x80\xa0\xe9", 3, {0x2022, 0x20ac, 0xe9}, 3},
};

static void text_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(texts); i++) {
        uint32_t letters[8] = {0};
        size_t count = pdf_text_points(vt_bytes_of(texts[i].bytes, texts[i].len), letters);
        assert_int_equal(count, texts[i].count);
        assert_memory_equal(letters, texts[i].letters, count * sizeof(letters[0]));
    }
}

/* ---- letters of fonts ---- */

static void codes_of_fonts(void **state)
{
    (void)state;
    const uint8_t ground[] = {0x00, 0x30};
    struct pdf_code_pair pairs[] = {{0x11, 0x1a, {ground, sizeof(ground)}}};
    static struct pdf_glyphs wide, simple;
    uint32_t out[4];
    size_t count = 0;
    wide = (struct pdf_glyphs){.is_wide = true, .pairs = pairs, .pairs_count = 1};
    assert_true(pdf_glyphs_decode(&wide, vt_bytes_of("\0\x11\0\x1a", 4), out, 4, &count));
    assert_int_equal(count, 2);
    assert_int_equal(out[0], '0');
    assert_int_equal(out[1], '9');
    assert_false(pdf_glyphs_decode(&wide, vt_bytes_of("\0\x1b", 2), out, 4, &count));
    assert_false(pdf_glyphs_decode(&wide, vt_bytes_of("\0", 1), out, 4, &count));
    simple.simple['a'] = 'b';
    assert_true(pdf_glyphs_decode(&simple, VT_BYTES("aa"), out, 4, &count));
    assert_int_equal(out[3], 'b');
    assert_false(pdf_glyphs_decode(&simple, VT_BYTES("a"), out, 4, &count)); /* no room */
    count = 0;
    assert_false(pdf_glyphs_decode(&simple, VT_BYTES("c"), out, 4, &count));
}

static int set_up(void **state)
{
    *state = vt_arena_new((size_t)1 << 20);
    return *state == NULL;
}

static int tear_down(void **state)
{
    vt_arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hybrid_updates),
        cmocka_unit_test(stream_of_an_update_lies_in_it),
        cmocka_unit_test(text_strings),
        cmocka_unit_test(codes_of_fonts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
