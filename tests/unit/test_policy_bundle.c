/* SPDX-License-Identifier: Apache-2.0
 * Bundles: what is put in comes out, what is cut or of another kind is refused, and a policy file
 * is read with what it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "../../policy/bundle.h"

#define POLICY "rules:\n  - {name: all, when: {}, then: note}\n"

static struct vt_buf packed_example(void)
{
    struct vt_buf packed;
    vt_buf_init(&packed, 65536);
    const struct vt_bundle_file policy = {VT_BUNDLE_POLICY, "", "p.yaml", VT_BYTES(POLICY)};
    const struct vt_bundle_file file = {VT_BUNDLE_FILE, "a.txt", "/x/a.txt", VT_BYTES("b.vn\n")};
    assert_int_equal(vt_bundle_begin(&packed), VT_OK);
    assert_int_equal(vt_bundle_add(&packed, &policy), VT_OK);
    assert_int_equal(vt_bundle_add(&packed, &file), VT_OK);
    return packed;
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    struct vt_buf packed = packed_example();
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct vt_bundle bundle;
    assert_int_equal(vt_bundle_open(arena, vt_buf_bytes(&packed), &bundle, NULL), VT_OK);
    assert_true(vt_bytes_equal(bundle.policy, VT_BYTES(POLICY)));
    assert_int_equal(bundle.files_count, 1);
    assert_int_equal(bundle.files[0].kind, VT_BUNDLE_FILE);
    assert_string_equal(bundle.files[0].name, "a.txt");
    assert_string_equal(bundle.files[0].path, "/x/a.txt");
    assert_true(vt_bytes_equal(bundle.files[0].bytes, VT_BYTES("b.vn\n")));
    vt_arena_free(arena);
    vt_buf_clear(&packed);
}

/* Every prefix is refused, or is a bundle of fewer files. */
static void cut_ones_are_refused(void **state)
{
    (void)state;
    struct vt_buf packed = packed_example();
    for (size_t len = 0; len < packed.len; len++) {
        struct vt_arena *arena = vt_arena_new(1 << 20);
        struct vt_bundle bundle;
        enum vt_code code =
            vt_bundle_open(arena, vt_bytes_slice(vt_buf_bytes(&packed), 0, len), &bundle, NULL);
        if (code == VT_OK)
            assert_int_equal(bundle.files_count, 0);
        else
            assert_int_equal(code, VT_E_FORMAT);
        vt_arena_free(arena);
    }
    vt_buf_clear(&packed);
}

/* After it was read, the file may be gone. */
static void a_file_is_read_once(void **state)
{
    (void)state;
    char file[] = "/tmp/vanthu-policy-XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, POLICY, strlen(POLICY)), (ssize_t)strlen(POLICY));
    (void)close(fd);
    struct vt_buf packed;
    vt_buf_init(&packed, VT_MAX_BUNDLE_BYTES);
    assert_int_equal(vt_policy_bundle(file, &packed, NULL), VT_OK);
    assert_int_equal(unlink(file), 0);
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_policy_parse_bundle(vt_buf_bytes(&packed), file, &policy, &mistakes, NULL),
                     VT_OK);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&packed);
}

static void no_bundle_is_refused(void **state)
{
    (void)state;
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_policy_parse_bundle(VT_BYTES(POLICY), "p.yaml", &policy, &mistakes, NULL),
                     VT_E_FORMAT);
    assert_null(policy);
    vt_mistakes_clear(&mistakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(cut_ones_are_refused),
        cmocka_unit_test(a_file_is_read_once),
        cmocka_unit_test(no_bundle_is_refused),
    };
    return cmocka_run_group_tests_name("policy_bundle", tests, NULL, NULL);
}
