/* SPDX-License-Identifier: Apache-2.0
 * The spooled mail is what the MTA gave, to the byte, and cannot be changed afterwards. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/spool.h"

static char *content(int fd, size_t *out_len)
{
    off_t len = lseek(fd, 0, SEEK_END);
    assert_true(len >= 0);
    char *text = malloc((size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(pread(fd, text, (size_t)len, 0), len);
    text[len] = '\0';
    *out_len = (size_t)len;
    return text;
}

static void header_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool leading_space;
        const char *want;
    } cases[] = {
        {"Subject", " hello", true, "Subject: hello\r\n"},
        {"Subject", "hello", true, "Subject:hello\r\n"},
        {"Subject", "\thello", true, "Subject:\thello\r\n"},
        {"Subject", "hello", false, "Subject: hello\r\n"},
        {"Subject", " a\n b\n\tc", true, "Subject: a\r\n b\r\n\tc\r\n"},
        {"Subject", " a\r\n b", true, "Subject: a\r\n b\r\n"},
        {"Subject", " a\rb", true, "Subject: a\rb\r\n"},
        {"Subject", "", true, "Subject:\r\n"},
        {"Subject", " tiếng Việt \xff", true, "Subject: tiếng Việt \xff\r\n"},
        {"Subject", " a\n", true, "Subject: a\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_spool spool;
        struct vt_err err = {0};
        int fd = -1;
        size_t len = 0;
        vt_spool_init(&spool, "/tmp", 100000);
        assert_int_equal(
            vt_spool_header(&spool, cases[i].name, cases[i].value, cases[i].leading_space, &err),
            VT_OK);
        assert_int_equal(vt_spool_seal(&spool, &fd, &err), VT_OK);
        char *text = content(fd, &len);
        char want[100];
        snprintf(want, sizeof(want), "%s\r\n", cases[i].want);
        if (strcmp(text, want) != 0)
            fail_msg("\"%s\" became \"%s\"", cases[i].value, text);
        assert_int_equal(spool.size_bytes, len);
        free(text);
        vt_spool_close(&spool);
    }
}

/* Sizes around the borders of the small buffer and of the memory file, in odd pieces. */
static void body_is_kept_to_the_byte(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2047, 2048, 2049, 65535, 100000, 1000003};
    static const size_t pieces[] = {1, 3, 100, 2048, 65535};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
            struct vt_spool spool;
            struct vt_err err = {0};
            int fd = -1;
            size_t len = 0;
            uint8_t *bytes = malloc(sizes[i] + 1);
            for (size_t k = 0; k < sizes[i]; k++)
                bytes[k] = (uint8_t)(k * 31 + k / 251);
            vt_spool_init(&spool, "/tmp", 65536);
            assert_int_equal(vt_spool_header(&spool, "A", " b", true, &err), VT_OK);
            assert_int_equal(vt_spool_end_headers(&spool, &err), VT_OK);
            for (size_t at = 0; at < sizes[i]; at += pieces[j]) {
                struct vt_bytes piece = vt_bytes_slice(vt_bytes_of(bytes, sizes[i]), at, pieces[j]);
                assert_int_equal(vt_spool_body(&spool, piece, &err), VT_OK);
            }
            assert_int_equal(vt_spool_seal(&spool, &fd, &err), VT_OK);
            assert_int_equal(spool.in_file, sizes[i] + 8 > 65536);
            char *text = content(fd, &len);
            assert_int_equal(len, sizes[i] + 8);
            assert_memory_equal(text, "A: b\r\n\r\n", 8);
            assert_memory_equal(text + 8, bytes, sizes[i]);
            free(text);
            free(bytes);
            vt_spool_close(&spool);
        }
    }
}

static void nobody_can_change_it(void **state)
{
    (void)state;
    for (size_t large = 0; large < 2; large++) {
        struct vt_spool spool;
        struct vt_err err = {0};
        int fd = -1;
        char body[5000] = "x";
        vt_spool_init(&spool, "/tmp", large ? 100 : 100000);
        assert_int_equal(vt_spool_body(&spool, vt_bytes_of(body, sizeof(body)), &err), VT_OK);
        assert_int_equal(vt_spool_seal(&spool, &fd, &err), VT_OK);
        assert_true(write(fd, "y", 1) < 0);
        assert_true(ftruncate(fd, 0) < 0);
        if (large)
            assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
        else
            assert_int_equal(fcntl(fd, F_GET_SEALS),
                             F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
        vt_spool_close(&spool);
    }
}

static void the_largest_is_counted_not_kept(void **state)
{
    (void)state;
    struct vt_spool spool;
    struct vt_err err = {0};
    int fd = -1;
    size_t piece_bytes = 1024 * 1024;
    uint8_t *piece = calloc(1, piece_bytes);
    vt_spool_init(&spool, "/tmp", 65536);
    for (size_t i = 0; i <= VT_MAX_MAIL_BYTES / piece_bytes; i++)
        assert_int_equal(vt_spool_body(&spool, vt_bytes_of(piece, piece_bytes), &err), VT_OK);
    assert_true(spool.too_large);
    assert_int_equal(spool.fd, -1);
    assert_int_equal(spool.size_bytes, VT_MAX_MAIL_BYTES + piece_bytes + 2);
    assert_int_equal(vt_spool_seal(&spool, &fd, &err), VT_E_LIMIT);
    free(piece);
    vt_spool_close(&spool);
}

static void a_missing_folder_is_a_fault(void **state)
{
    (void)state;
    struct vt_spool spool;
    struct vt_err err = {0};
    char body[5000] = "x";
    vt_spool_init(&spool, "/nonexistent", 100);
    assert_int_equal(vt_spool_body(&spool, vt_bytes_of(body, sizeof(body)), &err), VT_E_SYSTEM);
    assert_non_null(strstr(err.text, "/nonexistent"));
    vt_spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_forms),
        cmocka_unit_test(body_is_kept_to_the_byte),
        cmocka_unit_test(nobody_can_change_it),
        cmocka_unit_test(the_largest_is_counted_not_kept),
        cmocka_unit_test(a_missing_folder_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
