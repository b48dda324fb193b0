/* SPDX-License-Identifier: Apache-2.0
 * What of a notice is signed and what is not, the whole around it, and how long a signature is
 * waited for. That the whole is verified by others is tests/hsm/test_notice_signed.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "courier/sign.h"
#include "vanthu/clock.h"
#include "vanthu/seal_notice.h"
#include "vanthu/wire.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static bool is_text(struct vt_bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.ptr, text, bytes.len) == 0;
}

static void notices_are_divided(void **state)
{
    (void)state;
    static const struct {
        const char *message, *outside, *inside; /* outside NULL: refused */
    } cases[] = {
        {"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nb\r\n",
         "Subject: a\r\n", "Content-Type: text/plain\r\n\r\nb\r\n"},
        {"content-type: x/y;\r\n a=b;\r\n\tc=d\r\nSubject: a\r\n b\r\nCONTENT-ID: <z>\r\n\r\nb\r\n",
         "Subject: a\r\n b\r\n",
         "content-type: x/y;\r\n a=b;\r\n\tc=d\r\nCONTENT-ID: <z>\r\n\r\nb\r\n"},
        {"Subject: a\r\n\r\nContent-Type: c\r\n\r\nb\r\n", "Subject: a\r\n",
         "\r\nContent-Type: c\r\n\r\nb\r\n"},
        {"X: Content-Type: y\r\nContentious: z\r\n\r\n", "X: Content-Type: y\r\nContentious: z\r\n",
         "\r\n"},
        {"Subject: a\r\n", NULL, NULL},
        {"Subject: a\n\nb\n", NULL, NULL},
        {"Subject: a\r\n\r\nb", NULL, NULL},
        {"Subject: v\xc4\x83n\r\n\r\nb\r\n", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_bytes outside, inside;
        struct vt_arena *arena = vt_arena_new(1024 * 1024);
        enum vt_code code =
            vt_seal_notice_divide(arena, vt_bytes_str(cases[i].message), &outside, &inside, NULL);
        if (code != (cases[i].outside != NULL ? VT_OK : VT_E_FORMAT))
            fail_msg("row %zu: code %d", i, code);
        if (code == VT_OK &&
            (!is_text(outside, cases[i].outside) || !is_text(inside, cases[i].inside)))
            fail_msg("row %zu", i);
        vt_arena_free(arena);
    }
}

static void the_whole_has_what_was_signed(void **state)
{
    (void)state;
    static const uint8_t cms[100] = {0x30, 0x62};
    const struct vt_bytes inside = VT_BYTES("Content-Type: text/plain\r\n\r\n--b\r\n");
    struct vt_bytes whole;
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    assert_int_equal(vt_seal_notice_join(arena, VT_BYTES("Subject: a\r\n"), inside, "sha-256",
                                         vt_bytes_of(cms, sizeof(cms)), &whole, NULL),
                     VT_OK);
    char *text = vt_arena_alloc(arena, whole.len + 1);
    memcpy(text, whole.ptr, whole.len);
    text[whole.len] = '\0';
    assert_int_equal(
        strncmp(text, "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/", 55), 0);
    const char *boundary = strstr(text, "boundary=\"");
    assert_non_null(boundary);
    assert_non_null(strstr(text, "micalg=sha-256"));
    char delimiter[80] = "--", ending[100];
    strncat(delimiter, boundary + 10, strcspn(boundary + 10, "\""));
    const char *first = strstr(text, delimiter);
    assert_non_null(first);
    first += strlen(delimiter) + 2;
    assert_memory_equal(first, inside.ptr, inside.len);
    assert_memory_equal(first + inside.len, "\r\n", 2);
    assert_memory_equal(first + inside.len + 2, delimiter, strlen(delimiter));
    (void)snprintf(ending, sizeof(ending), "\r\n%s--\r\n", delimiter);
    assert_string_equal(text + strlen(text) - strlen(ending), ending);
    for (const char *c = text; *c != '\0'; c++)
        assert_true((*c == '\n') == (c > text && c[-1] == '\r'));
    vt_arena_free(arena);
}

/* A sealer that is not there, as its channel says at once. */
static void a_signature_is_waited_for_and_then_not(void **state)
{
    (void)state;
    const struct vt_config config = {.notices = {.sign_with = "k"}, .hsm_msecs = 100};
    const struct vt_config unsigned_config = {.hsm_msecs = 100};
    const struct vt_bytes message = VT_BYTES("Subject: a\r\n\r\nb\r\n");
    struct vt_bytes out = message;
    struct vt_signing *signing = NULL;
    int pair[2];
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    assert_int_equal(vt_wire_pair(pair, NULL), VT_OK);
    (void)close(pair[1]);
    assert_int_equal(vt_signing_new(&unsigned_config, pair[0], 400, &signing, NULL), VT_OK);
    assert_null(signing);
    assert_int_equal(vt_signing_new(&config, pair[0], 400, &signing, NULL), VT_OK);
    int64_t begun = vt_clock_monotonic_msecs();
    assert_int_equal(vt_signing_try(signing, arena, 1, message, &out), VT_SIGNED_LATER);
    while (vt_signing_try(signing, arena, 1, message, &out) == VT_SIGNED_LATER)
        (void)usleep(20000);
    int64_t took = vt_clock_monotonic_msecs() - begun;
    assert_true(took >= 400 && took < 3000);
    /* The next one does not wait again. */
    assert_int_equal(vt_signing_try(signing, arena, 2, message, &out), VT_SIGNED_NOT);
    assert_ptr_equal(out.ptr, message.ptr);
    /* What is no notice would not be one later. */
    assert_int_equal(vt_signing_try(signing, arena, 3, VT_BYTES("x"), &out), VT_SIGNED_NOT);
    vt_signing_free(signing);
    (void)close(pair[0]);
    vt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_are_divided),
        cmocka_unit_test(the_whole_has_what_was_signed),
        cmocka_unit_test(a_signature_is_waited_for_and_then_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
