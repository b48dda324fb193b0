/* SPDX-License-Identifier: Apache-2.0
 * Number and symbol of a document: what is one, and what nobody could be sure of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/seal_look.h"

static void numbers_and_symbols(void **state)
{
    static const struct {
        const char *text;
        bool is_file_name;
        const char *number; /* NULL: none */
    } rows[] = {{"Công văn số 2415/SNV-VTLT ngày 01/6", false, "2415/SNV-VTLT"},
                {"36/2026/QĐ-UBND", false, "36/2026/QĐ-UBND"},
                {"(12/QĐ-SNV), nhắc lại 12/QĐ-SNV", false, "12/QĐ-SNV"},
                {"1/QĐ-SNV và 2/QĐ-SNV", false, NULL},
                {"Họp ngày 01/6/2026", false, NULL},
                {"12/Q", false, NULL},
                {"a12/QĐ-SNV", false, NULL},
                {"12/QĐ-SNVx", false, NULL},
                {"12/QĐ-SNV/PL", false, NULL},
                {"123456/QĐ-SNV", false, NULL},
                {"12_QĐ-SNV.signed.pdf", true, "12/QĐ-SNV"},
                {"12-QD-SNV.pdf", true, NULL},
                {"12_QĐ-SNV", false, NULL},
                {"", false, NULL},
                {NULL, false, NULL}};
    struct vt_arena *arena = vt_arena_new(100000);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *number = "";
        bool is_found = vt_seal_number_find(arena, rows[i].text, rows[i].is_file_name, &number);
        assert_int_equal(is_found, rows[i].number != NULL);
        if (is_found)
            assert_string_equal(number, rows[i].number);
    }
    vt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_symbols)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
