/* SPDX-License-Identifier: Apache-2.0
 * Streams that libqpdf unpacks by itself: what is too large for it is told before it sees the file,
 * whatever filters, predictors or missing types it is written with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "vanthu/document.h"

#define MIB (1024u * 1024)
#define MAX_FILE_BYTES (4u * MIB)

/* One object stream with one object, and the cross-reference stream that says so. */
struct row {
    const char *name;
    const char *container; /* entries of its dictionary beside those it needs */
    unsigned inflated_mib; /* it is so many MiB of spaces behind its object, as FlateDecode */
    size_t plain_bytes;    /* or it is written as so many zero bytes */
    const char *section;   /* entries of the dictionary of the cross-reference stream */
    bool is_too_large;
};

static const struct row rows[] = {
    {"a small one", "/Type/ObjStm/Filter/FlateDecode", 1, 0, "", false},
    {"below the limit", "/Type/ObjStm/Filter/FlateDecode", 100, 0, "", false},
    {"above the limit", "/Type/ObjStm/Filter/FlateDecode", 130, 0, "", true},
    {"an abbreviated filter", "/Type/ObjStm/Filter/Fl", 130, 0, "", true},
    {"an escaped filter", "/Type/ObjStm/Filter[/Fl#61teDecode]", 130, 0, "", true},
    {"no type", "/Filter/FlateDecode", 130, 0, "", true},
    {"a filter elsewhere", "/Filter 9 0 R", 1, 0, "", true},
    {"twice packed", "/Filter[/FlateDecode/FlateDecode]", 1, 0, "", true},
    {"twice packed, tiny", "/Filter[/FlateDecode/FlateDecode]", 0, 0, "", false},
    {"LZW", "/Filter/LZWDecode", 0, 40000, "", true},
    {"run lengths", "/Filter/RunLengthDecode", 0, 40000, "", false},
    {"run lengths of run lengths", "/Filter[/RL/RL/RL]", 0, 40000, "", true},
    {"not packed", "/Type/ObjStm", 0, 40000, "", false},
    {"long rows", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 200000000>>", 0, 0, "",
     true},
    {"rows of many colours",
     "/Filter/FlateDecode/DecodeParms[<</Predictor 12/Columns 20000000/Colors 64>>]", 0, 0, "",
     true},
    {"rows elsewhere", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 9 0 R>>", 0, 0, "",
     true},
    {"rows as usual", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 5>>", 0, 0, "",
     false},
    {"behind a section that is not followed", "/Filter/FlateDecode", 130, 0, "/Root 1 0 R", true},
    {"a small one behind it", "/Filter/FlateDecode", 1, 0, "/Root 1 0 R", false},
    {"rows of the section", "/Filter/FlateDecode", 0, 0,
     "/DecodeParms<</Predictor 12/Columns 200000000>>", true},
    {"a filter of the section elsewhere", "/Filter/FlateDecode", 0, 0, "/Filter 9 0 R", true},
};

static size_t put(uint8_t *out, size_t at, const void *bytes, size_t len)
{
    assert_true(len < MAX_FILE_BYTES - at);
    memcpy(out + at, bytes, len);
    return at + len;
}

static size_t put_text(uint8_t *out, size_t at, const char *text)
{
    return put(out, at, text, strlen(text));
}

/* "5 0 0" and so many MiB of spaces. */
static size_t put_inflated(uint8_t *out, size_t at, unsigned mib)
{
    uint8_t *spaces = malloc(MIB);
    z_stream stream = {.next_out = out + at, .avail_out = (uInt)(MAX_FILE_BYTES - at)};
    assert_non_null(spaces);
    memset(spaces, ' ', MIB);
    assert_int_equal(deflateInit(&stream, 1), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t) "5 0 0";
    stream.avail_in = 5;
    assert_int_equal(deflate(&stream, Z_NO_FLUSH), Z_OK);
    for (unsigned i = 0; i < mib; i++) {
        stream.next_in = spaces;
        stream.avail_in = MIB;
        assert_int_equal(deflate(&stream, Z_NO_FLUSH), Z_OK);
    }
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = stream.total_out;
    (void)deflateEnd(&stream);
    free(spaces);
    return at + len;
}

static size_t put_container(uint8_t *out, size_t at, const struct row *row)
{
    static uint8_t data[MAX_FILE_BYTES];
    char head[300];
    size_t len = row->plain_bytes;
    memset(data, 0, len);
    if (len == 0)
        len = put_inflated(data, 0, row->inflated_mib);
    (void)snprintf(head, sizeof(head), "3 0 obj\n<</N 1/First 4%s/Length %zu>>\nstream\n",
                   row->container, len);
    at = put_text(out, at, head);
    at = put(out, at, data, len);
    return put_text(out, at, "\nendstream\nendobj\n");
}

static size_t put_section(uint8_t *out, size_t at, const struct row *row, const size_t offsets[5])
{
    char text[300];
    uint8_t entries[6][6] = {{0}, {1}, {1}, {1}, {1}, {2, 0, 0, 0, 3, 0}};
    for (size_t i = 1; i < 5; i++)
        for (size_t octet = 0; octet < 4; octet++)
            entries[i][1 + octet] = (uint8_t)(offsets[i] >> (24 - 8 * octet));
    (void)snprintf(text, sizeof(text),
                   "4 0 obj\n<</Type/XRef/Size 6/Root 1 0 R/W[1 4 1]%s/Length %zu>>\nstream\n",
                   row->section, sizeof(entries));
    at = put_text(out, at, text);
    at = put(out, at, entries, sizeof(entries));
    (void)snprintf(text, sizeof(text), "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n",
                   offsets[4]);
    return put_text(out, at, text);
}

static size_t write_file(uint8_t *out, const struct row *row)
{
    size_t offsets[5] = {0}, at = put_text(out, 0, "%PDF-1.7\n");
    offsets[1] = at;
    at = put_text(out, at, "1 0 obj\n<</Type/Catalog/Pages 2 0 R/Other 5 0 R>>\nendobj\n");
    offsets[2] = at;
    at = put_text(out, at, "2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n");
    offsets[3] = at;
    at = put_container(out, at, row);
    offsets[4] = at;
    return put_section(out, at, row, offsets);
}

static void test_packed(void **state)
{
    static uint8_t file[MAX_FILE_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vt_arena *arena = vt_arena_new(64 * MIB);
        struct vt_signed_document *document = NULL;
        struct vt_bytes bytes = vt_bytes_of(file, write_file(file, &rows[i]));
        assert_non_null(arena);
        assert_int_equal(vt_document_read_pdf(arena, bytes, &document, NULL), VT_OK);
        bool is_too_large = (document->reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) != 0;
        if (is_too_large != rows[i].is_too_large)
            fail_msg("%s: %s", rows[i].name,
                     document->findings_count > 0 ? document->findings[0] : "nothing said");
        vt_arena_free(arena);
    }
}

/* Memory of the mail that does not last for a file ends the reading of this one. */
static void test_no_memory(void **state)
{
    static uint8_t file[MAX_FILE_BYTES];
    size_t len = write_file(file, &rows[0]);
    unsigned large = 0;
    (void)state;
    for (size_t bytes = 64; bytes < MIB; bytes *= 2) {
        struct vt_arena *arena = vt_arena_new(bytes);
        struct vt_signed_document *document = NULL;
        struct vt_err err = {.text = ""};
        enum vt_code code = vt_document_read_pdf(arena, vt_bytes_of(file, len), &document, &err);
        if (code == VT_OK)
            large += (document->reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) != 0;
        else
            assert_int_equal(code, VT_E_NOMEM);
        assert_int_equal(code != VT_OK, err.text[0] != '\0');
        vt_arena_free(arena);
    }
    assert_in_range(large, 1, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packed),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
