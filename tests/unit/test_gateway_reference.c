/* SPDX-License-Identifier: Apache-2.0
 * References: form, check digit, uniqueness within and across processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/reference.h"

#define NOW INT64_C(1796263920000) /* 2026-12-03 */

static char folder[] = "/tmp/vanthu-reference-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char file[64];
    (void)state;
    snprintf(file, sizeof(file), "%s/reference", folder);
    unlink(file);
    return rmdir(folder);
}

static void start(struct vt_reference *reference, const char *host, const char *where)
{
    struct vt_err err = {0};
    assert_int_equal(vt_reference_init(reference, host, where, &err), VT_OK);
}

static void has_the_printed_form(void **state)
{
    (void)state;
    struct vt_reference reference;
    char text[VT_REFERENCE_BYTES];
    start(&reference, "mx2.example.vn", folder);
    vt_reference_next(&reference, NOW, text);
    assert_int_equal(strlen(text), 14);
    assert_int_equal(text[0], '2');
    assert_int_equal(text[4], '-');
    assert_int_equal(text[9], '-');
    assert_true(vt_reference_is_valid(text));
    vt_reference_clear(&reference);
}

static void names_the_gateway(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        int digit; /* -1: any, but the same every time */
    } cases[] = {{"mx1.ninhbinh.gov.vn", '1'},
                 {"mx12.ninhbinh.gov.vn", '2'},
                 {"gateway.site7.vn", -1},
                 {"", '0'}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_reference a, b;
        char first[VT_REFERENCE_BYTES], second[VT_REFERENCE_BYTES];
        start(&a, cases[i].host, folder);
        start(&b, cases[i].host, folder);
        vt_reference_next(&a, NOW, first);
        vt_reference_next(&b, NOW, second);
        assert_int_equal(first[0], second[0]);
        if (cases[i].digit >= 0)
            assert_int_equal(first[0], cases[i].digit);
        vt_reference_clear(&a);
        vt_reference_clear(&b);
    }
}

/* The predecessor that drains and its successor give references at the same time. */
static void two_processes_never_give_the_same(void **state)
{
    (void)state;
    struct vt_reference old, new;
    char last[VT_REFERENCE_BYTES] = "";
    start(&old, "mx1", folder);
    start(&new, "mx1", folder);
    for (unsigned i = 0; i < 2000; i++) {
        char text[VT_REFERENCE_BYTES];
        vt_reference_next(i % 2 == 0 ? &old : &new, NOW + 60000 + i / 100, text);
        assert_true(strncmp(text, last, 13) > 0);
        memcpy(last, text, sizeof(text));
    }
    vt_reference_clear(&old);
    vt_reference_clear(&new);
}

static void a_clock_that_steps_back_repeats_nothing(void **state)
{
    (void)state;
    struct vt_reference reference;
    char before[VT_REFERENCE_BYTES], after[VT_REFERENCE_BYTES];
    start(&reference, "mx1", folder);
    vt_reference_next(&reference, NOW + 3600000, before);
    vt_reference_next(&reference, NOW + 1000, after);
    assert_true(strcmp(after, before) > 0);
    vt_reference_clear(&reference);
}

static void works_without_its_file(void **state)
{
    (void)state;
    struct vt_reference reference;
    struct vt_err err = {0};
    char first[VT_REFERENCE_BYTES], second[VT_REFERENCE_BYTES];
    assert_int_equal(vt_reference_init(&reference, "mx1", "/nonexistent", &err), VT_E_SYSTEM);
    vt_reference_next(&reference, NOW, first);
    vt_reference_next(&reference, NOW, second);
    assert_true(vt_reference_is_valid(first));
    assert_string_not_equal(first, second);
    vt_reference_clear(&reference);
}

/* What the check digit is for: a digit misheard, two neighbours swapped. */
static void finds_slips(void **state)
{
    (void)state;
    struct vt_reference reference;
    char good[VT_REFERENCE_BYTES];
    start(&reference, "mx1", folder);
    vt_reference_next(&reference, NOW, good);
    for (size_t i = 0; good[i] != '\0'; i++) {
        if (good[i] == '-')
            continue;
        for (char digit = '0'; digit <= '9'; digit++) {
            char text[VT_REFERENCE_BYTES];
            memcpy(text, good, sizeof(text));
            text[i] = digit;
            assert_int_equal(vt_reference_is_valid(text), digit == good[i]);
        }
        size_t next = good[i + 1] == '-' ? i + 2 : i + 1;
        char swapped[VT_REFERENCE_BYTES];
        memcpy(swapped, good, sizeof(swapped));
        if (good[next] == '\0' || good[next] == good[i])
            continue;
        swapped[i] = good[next];
        swapped[next] = good[i];
        assert_false(vt_reference_is_valid(swapped));
    }
    vt_reference_clear(&reference);
}

static void reads_what_people_type(void **state)
{
    (void)state;
    /* 572 has the check digit 4 in Damm's own example. */
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {{"000000005724", true},     {"0000-0000-5724", true}, {"0000 0000 5724", true},
                 {"0000-0000-5725", false},  {"5724", false},          {"", false},
                 {"0000-0000-57240", false}, {"0000-0000-572x", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(vt_reference_is_valid(cases[i].text), cases[i].valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_printed_form),
        cmocka_unit_test(names_the_gateway),
        cmocka_unit_test(two_processes_never_give_the_same),
        cmocka_unit_test(a_clock_that_steps_back_repeats_nothing),
        cmocka_unit_test(works_without_its_file),
        cmocka_unit_test(finds_slips),
        cmocka_unit_test(reads_what_people_type),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
