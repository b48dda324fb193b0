/* SPDX-License-Identifier: Apache-2.0
 * The BER and DER reader: what it takes, what it refuses, and that it never reads beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify/der.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define CASE_BYTES(text) (text), sizeof(text) - 1

static struct vt_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new(8u << 20);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

/* A copy of exactly len bytes on the heap, so that the sanitizer sees each byte too many. */
static struct vt_bytes exact_copy(const char *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return (struct vt_bytes){copy, len};
}

static void free_copy(struct vt_bytes copy)
{
    uintptr_t address = (uintptr_t)copy.ptr;
    free((void *)address);
}

static void test_next(void **state)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
        enum vt_code expected;
        unsigned tag;
        size_t body, raw;
    } cases[] = {
        {"empty", CASE_BYTES(""), VT_E_NOT_FOUND, 0, 0, 0},
        {"null", CASE_BYTES("\x05\x00"), VT_OK, 0x05, 0, 2},
        {"short form", CASE_BYTES("\x04\x02xy"), VT_OK, 0x04, 2, 4},
        {"something follows", CASE_BYTES("\x04\x01xyz"), VT_OK, 0x04, 1, 3},
        {"long form", CASE_BYTES("\x04\x81\x02xy"), VT_OK, 0x04, 2, 5},
        {"long form with leading zeros", CASE_BYTES("\x04\x84\x00\x00\x00\x02xy"), VT_OK, 0x04, 2,
         8},
        {"five octets of length", CASE_BYTES("\x04\x85\x00\x00\x00\x00\x02xy"), VT_E_FORMAT, 0, 0,
         0},
        {"length reserved", CASE_BYTES("\x04\xff\x00"), VT_E_FORMAT, 0, 0, 0},
        {"tag alone", CASE_BYTES("\x30"), VT_E_FORMAT, 0, 0, 0},
        {"length cut", CASE_BYTES("\x30\x82\x01"), VT_E_FORMAT, 0, 0, 0},
        {"content cut", CASE_BYTES("\x30\x03\x02\x01"), VT_E_FORMAT, 0, 0, 0},
        {"4 GB declared", CASE_BYTES("\x30\x84\xff\xff\xff\xff\x00"), VT_E_FORMAT, 0, 0, 0},
        {"high tag number", CASE_BYTES("\x1f\x81\x01\x00"), VT_E_FORMAT, 0, 0, 0},
        {"high context tag", CASE_BYTES("\xbf\x01\x00"), VT_E_FORMAT, 0, 0, 0},
        {"indefinite", CASE_BYTES("\x30\x80\x05\x00\x00\x00"), VT_OK, 0x30, 2, 6},
        {"indefinite and empty", CASE_BYTES("\x30\x80\x00\x00"), VT_OK, 0x30, 0, 4},
        {"indefinite in indefinite", CASE_BYTES("\x30\x80\x30\x80\x05\x00\x00\x00\x00\x00z"), VT_OK,
         0x30, 6, 10},
        {"zeros inside definite are no end", CASE_BYTES("\x30\x80\x04\x02\x00\x00\x00\x00"), VT_OK,
         0x30, 4, 8},
        {"indefinite primitive", CASE_BYTES("\x04\x80\x00\x00"), VT_E_FORMAT, 0, 0, 0},
        {"indefinite without end", CASE_BYTES("\x30\x80\x05\x00"), VT_E_FORMAT, 0, 0, 0},
        {"half an end", CASE_BYTES("\x30\x80\x05\x00\x00"), VT_E_FORMAT, 0, 0, 0},
        {"end with a length", CASE_BYTES("\x30\x80\x00\x01\x00\x00\x00"), VT_E_FORMAT, 0, 0, 0},
        {"end alone", CASE_BYTES("\x00\x00"), VT_E_FORMAT, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct vt_bytes copy = exact_copy(cases[i].bytes, cases[i].len);
        struct vt_bytes rest = copy;
        struct vt_der out = {0};
        enum vt_code code = vt_der_next(&rest, &out);
        if (code != cases[i].expected || out.tag != cases[i].tag || out.body.len != cases[i].body ||
            out.raw.len != cases[i].raw || rest.len != cases[i].len - cases[i].raw)
            fail_msg("%s: code %d tag %x body %zu raw %zu rest %zu", cases[i].name, code, out.tag,
                     out.body.len, out.raw.len, rest.len);
        free_copy(copy);
    }
}

/* Depth is counted, not recursed into. */
static void test_depth(void **state)
{
    static uint8_t bytes[200000];
    (void)state;
    const struct {
        size_t depth;
        enum vt_code expected;
    } cases[] = {{1, VT_OK},
                 {VT_DER_MAX_DEPTH, VT_OK},
                 {VT_DER_MAX_DEPTH + 1, VT_E_LIMIT},
                 {50000, VT_E_LIMIT}};
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        size_t depth = cases[i].depth;
        memset(bytes, 0, sizeof(bytes));
        for (size_t level = 0; level < depth; level++)
            memcpy(bytes + 2 * level, "\x30\x80", 2);
        struct vt_bytes rest = {bytes, 4 * depth};
        struct vt_der out;
        assert_int_equal(vt_der_next(&rest, &out), cases[i].expected);
    }
}

static void test_octets(void **state)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
        enum vt_code expected;
        const char *content;
    } cases[] = {
        {"primitive",
         CASE_BYTES("\x04\x03"
                    "abc"),
         VT_OK, "abc"},
        {"primitive and empty", CASE_BYTES("\x04\x00"), VT_OK, ""},
        {"constructed and empty", CASE_BYTES("\x24\x00"), VT_OK, ""},
        {"one segment",
         CASE_BYTES("\x24\x05\x04\x03"
                    "abc"),
         VT_OK, "abc"},
        {"two segments",
         CASE_BYTES("\x24\x07\x04\x02"
                    "ab\x04\x01"
                    "c"),
         VT_OK, "abc"},
        {"empty segments between",
         CASE_BYTES("\x24\x80\x04\x00\x04\x01"
                    "a\x04\x00\x04\x02"
                    "bc\x00\x00"),
         VT_OK, "abc"},
        {"nested",
         CASE_BYTES("\x24\x80\x24\x03\x04\x01"
                    "a\x24\x80\x04\x02"
                    "bc\x00\x00\x00\x00"),
         VT_OK, "abc"},
        {"not a string inside", CASE_BYTES("\x24\x03\x02\x01\x05"), VT_E_FORMAT, NULL},
        {"damaged inside", CASE_BYTES("\x24\x03\x04\x05\x05"), VT_E_FORMAT, NULL},
        {"too deep",
         CASE_BYTES("\x24\x14\x24\x12\x24\x10\x24\x0e\x24\x0c\x24\x0a\x24\x08\x24\x06\x24\x04"
                    "\x24\x02\x04\x00"),
         VT_E_LIMIT, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct vt_bytes rest = {(const uint8_t *)cases[i].bytes, cases[i].len};
        struct vt_der element;
        struct vt_bytes out = {0};
        assert_int_equal(vt_der_next(&rest, &element), VT_OK);
        enum vt_code code = vt_der_octets(arena, &element, &out);
        if (code != cases[i].expected ||
            (code == VT_OK && !vt_bytes_equal(out, vt_bytes_str(cases[i].content))))
            fail_msg("%s: code %d, %zu bytes", cases[i].name, code, out.len);
    }
}

static void test_small(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum vt_code expected;
        uint32_t value;
    } cases[] = {
        {CASE_BYTES(""), VT_E_FORMAT, 0},
        {CASE_BYTES("\x00"), VT_OK, 0},
        {CASE_BYTES("\x7f"), VT_OK, 127},
        {CASE_BYTES("\x00\x80"), VT_OK, 128},
        {CASE_BYTES("\x80"), VT_E_FORMAT, 0},
        {CASE_BYTES("\x7f\xff\xff\xff"), VT_OK, 0x7fffffff},
        {CASE_BYTES("\x00\x80\x00\x00\x00"), VT_E_FORMAT, 0},
        {CASE_BYTES("\x01\x00\x00\x00\x00"), VT_E_FORMAT, 0},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        uint32_t value = 0;
        struct vt_bytes body = {(const uint8_t *)cases[i].bytes, cases[i].len};
        assert_int_equal(vt_der_small(body, &value), cases[i].expected);
        assert_int_equal(value, cases[i].value);
    }
}

/* What is written is read back. */
static void test_header(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 100000};
    static uint8_t bytes[100006];
    (void)state;
    for (size_t i = 0; i < ENTRIES(lengths); i++) {
        size_t header = vt_der_header(bytes, VT_DER_SEQUENCE, lengths[i]);
        struct vt_der out;
        assert_true(header <= 6);
        assert_int_equal(
            vt_der_whole(vt_bytes_of(bytes, header + lengths[i]), VT_DER_SEQUENCE, &out), VT_OK);
        assert_int_equal(out.body.len, lengths[i]);
        assert_int_equal(vt_der_whole(vt_bytes_of(bytes, header + lengths[i]), VT_DER_SET, &out),
                         VT_E_FORMAT);
    }
}

static void test_whole_and_optional(void **state)
{
    struct vt_bytes two = VT_BYTES("\x02\x01\x05\x05\x00");
    struct vt_bytes rest = two;
    struct vt_der out;
    bool present = true;
    (void)state;
    assert_int_equal(vt_der_whole(two, VT_DER_INTEGER, &out), VT_E_FORMAT);
    assert_int_equal(vt_der_optional(&rest, VT_DER_NULL, &out, &present), VT_OK);
    assert_false(present);
    assert_int_equal(rest.len, two.len);
    assert_int_equal(vt_der_optional(&rest, VT_DER_INTEGER, &out, &present), VT_OK);
    assert_true(present);
    assert_int_equal(vt_der_expect(&rest, VT_DER_NULL, &out), VT_OK);
    assert_int_equal(vt_der_expect(&rest, VT_DER_NULL, &out), VT_E_FORMAT);
    assert_int_equal(vt_der_optional(&rest, VT_DER_NULL, &out, &present), VT_OK);
    assert_false(present);
}

static void test_base64(void **state)
{
    static const struct {
        const char *text;
        enum vt_code expected;
        const char *bytes;
    } cases[] = {
        {"YWJj", VT_OK, "abc"},      {"YW Jj\r\n", VT_OK, "abc"},
        {"YWI=", VT_OK, "ab"},       {"YQ==", VT_OK, "a"},
        {"YQ=", VT_E_FORMAT, NULL},  {"YQ", VT_E_FORMAT, NULL},
        {"Y===", VT_E_FORMAT, NULL}, {"", VT_E_FORMAT, NULL},
        {"YW.j", VT_E_FORMAT, NULL}, {"YQ==YQ==", VT_E_FORMAT, NULL},
        {"====", VT_E_FORMAT, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ENTRIES(cases); i++) {
        struct vt_bytes out = {0};
        enum vt_code code = vt_base64_decode(arena, vt_bytes_str(cases[i].text), &out);
        if (code != cases[i].expected ||
            (code == VT_OK && !vt_bytes_equal(out, vt_bytes_str(cases[i].bytes))))
            fail_msg("\"%s\": code %d", cases[i].text, code);
    }
}

/* Written in lines of 64 characters, and read back, for every length around a line. */
static void test_base64_lines(void **state)
{
    (void)state;
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 1; len <= sizeof(bytes); len++) {
        struct vt_buf text;
        struct vt_bytes back = {0};
        vt_buf_init(&text, 1024);
        assert_int_equal(vt_base64_add_lines(&text, vt_bytes_of(bytes, len)), VT_OK);
        assert_int_equal(text.ptr[text.len - 1], '\n');
        for (size_t at = 0, column = 0; at < text.len; at++) {
            column = text.ptr[at] == '\n' ? 0 : column + 1;
            assert_true(column <= 64);
            if (text.ptr[at] == '\n' && at + 1 < text.len)
                assert_int_equal((at + 1) % 65, 0);
        }
        assert_int_equal(vt_base64_decode(arena, vt_buf_bytes(&text), &back), VT_OK);
        assert_true(vt_bytes_equal(back, vt_bytes_of(bytes, len)));
        vt_buf_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_depth),
        cmocka_unit_test_setup_teardown(test_octets, set_up, tear_down),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_whole_and_optional),
        cmocka_unit_test_setup_teardown(test_base64, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_base64_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
