/* SPDX-License-Identifier: Apache-2.0
 * Transfer encodings: what is decoded, and which defect is named. */
#include <stdlib.h>

#include "test_unpack_lib.h"

#include "unpack/decode.h"

struct decode_case {
    const char *in;
    const char *out;
    const char *defect; /* words of it; NULL: none */
};

static const struct decode_case base64_cases[] = {
    {"", "", NULL},
    {"QQ==", "A", NULL},
    {"QUI=", "AB", NULL},
    {"QUJD", "ABC", NULL},
    {"QUJDREVG\r\nR0hJSktM\r\n", "ABCDEFGHIJKL", NULL},
    {"Q U\tJ\r\nD\n", "ABC", NULL},
    {"QUJ\r\nDRA\r\n==\r\n\r\n", "ABCD", NULL},
    {"  ", "", NULL},
    {"QUJD!REVG", "ABCDEF", "not base64"},
    {"QUJD-REVG", "ABCDEF", "not base64"},
    {"QUJDRA", "ABCD", "missing"},
    {"QUJDR", "ABC", "missing"},
    {"QUJDRA=", "ABCD", "missing"},
    {"QQ==QQ==", "A", "after the padding"},
    {"QQ==\r\nlist footer\r\n", "A", "after the padding"},
    {"QUJD=", "ABC", "nothing to pad"},
    {"=QUJD", "ABC", "nothing to pad"},
    {"QQ=A", "A", "missing"},
    {"====", "", "nothing to pad"},
};

static const struct decode_case quoted_cases[] = {
    {"", "", NULL},
    {"a=3Db", "a=b", NULL},
    {"a=3db", "a=b", NULL},
    {"a=\r\nb", "ab", NULL},
    {"a=\nb", "ab", NULL},
    {"a= \t\r\nb", "ab", NULL},
    {"a  \r\nb\t \nc ", "a\r\nb\nc", NULL},
    {"a b", "a b", NULL},
    {"a=", "a", NULL},
    {"=E1=BA=BF", "\u1ebf", NULL},
    {"a=XYb", "a=XYb", "hexadecimal"},
    {"a=4", "a=4", "hexadecimal"},
    {"a=\rb", "a=\rb", "hexadecimal"},
};

static void assert_decoded(const struct decode_case *test, const uint8_t *out, size_t len,
                           const char *defect)
{
    if (!vt_bytes_equal(vt_bytes_of(out, len), vt_bytes_str(test->out)))
        fail_msg("\"%s\" gives \"%.*s\"", test->in, (int)len, (const char *)out);
    if ((test->defect == NULL) != (defect == NULL) ||
        (defect != NULL && strstr(defect, test->defect) == NULL))
        fail_msg("\"%s\" has the defect \"%s\"", test->in, defect == NULL ? "(none)" : defect);
}

/* Output in a block of exactly the promised size, so that a sanitizer sees every byte too many. */
static void base64_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(base64_cases); i++) {
        struct vt_bytes in = vt_bytes_str(base64_cases[i].in);
        uint8_t *out = malloc(vt_base64_max(in.len));
        const char *defect = "unset";
        size_t len = vt_base64_read(in, out, &defect);
        assert_decoded(&base64_cases[i], out, len, defect);
        free(out);
    }
}

static void quoted_printable_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(quoted_cases); i++) {
        struct vt_bytes in = vt_bytes_str(quoted_cases[i].in);
        uint8_t *out = malloc(in.len + (in.len == 0));
        const char *defect = "unset";
        size_t len = vt_decode_quoted_printable(in, out, &defect);
        assert_decoded(&quoted_cases[i], out, len, defect);
        free(out);
    }
}

/* Every byte alone in a group is a digit, white space, padding, or named as a defect. */
static void every_byte_in_base64(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned c = 0; c < 256; c++) {
        uint8_t in[5] = {'A', 'A', 'A', (uint8_t)c, 'A'}, out[8];
        const char *defect = NULL;
        const char *digit = c == 0 ? NULL : strchr(digits, (int)c);
        size_t len = vt_base64_read(vt_bytes_of(in, 4), out, &defect);
        if (digit != NULL) {
            assert_int_equal(len, 3);
            assert_int_equal(out[2], digit - digits);
            assert_null(defect);
        } else {
            assert_int_equal(len, 2);
            assert_int_equal(defect == NULL, c == '=');
        }
    }
}

static void encodings_of_parts(void **state)
{
    (void)state;
    static const struct {
        const char *encoding;
        const char *body;
        const char *bytes;
        vt_reasons reasons;
    } cases[] = {
        {"7bit", "a=3D", "a=3D", 0},       {"8BIT", "a=3D", "a=3D", 0},
        {"binary", "a=3D", "a=3D", 0},     {"Quoted-Printable", "a=3D", "a=", 0},
        {"base64 (of a)", "YQ==", "a", 0}, {"base64", "YQ==!", "a", BIT(MALFORMED)},
        {"base64;", "YQ==", "a", 0},       {"x-uuencode", "YQ==", "YQ==", BIT(FORMAT_UNSUPPORTED)},
        {"", "YQ==", "YQ==", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "From: a@x.vn\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: "
                 "%s\r\n\r\n%s",
                 cases[i].encoding, cases[i].body);
        struct unpacked_mail mail = unpack_text(text);
        assert_bytes(part_at(&mail, "1")->bytes, cases[i].bytes);
        assert_int_equal(part_at(&mail, "1")->reasons, cases[i].reasons);
        release(&mail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_by_table),
        cmocka_unit_test(quoted_printable_by_table),
        cmocka_unit_test(every_byte_in_base64),
        cmocka_unit_test(encodings_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
