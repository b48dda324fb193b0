/* SPDX-License-Identifier: Apache-2.0
 * Files of objects: what is written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "vanthu/object.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER64 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void what_is_written_is_read(void **state)
{
    (void)state;
    const struct vt_object given[] = {
        {VT_OBJECT_CERTIFICATE, VT_OBJECT_EMBEDDED, HEX64, 0, VT_BYTES("certificate")},
        {VT_OBJECT_CRL, VT_OBJECT_FETCHED, OTHER64, 70000, {0}},
        {VT_OBJECT_TIMESTAMP, VT_OBJECT_GIVEN, HEX64, 0, VT_BYTES("a token that does not fit")},
        {VT_OBJECT_OCSP, VT_OBJECT_FETCHED, OTHER64, 0, VT_BYTES("fits")}};
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct vt_object *read = NULL;
    struct vt_bytes mapped;
    size_t count = 0;
    int fd = -1;
    /* Heads of 12 + 4 * 40 bytes. */
    assert_int_equal(vt_objects_seal(given, COUNT(given), 190, &fd, NULL), VT_OK);
    assert_int_equal(vt_memfd_map(fd, 4096, &mapped, NULL), VT_OK);
    assert_int_equal(vt_objects_read(arena, mapped, &read, &count, NULL), VT_OK);
    assert_int_equal(count, COUNT(given));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read[i].kind, given[i].kind);
        assert_int_equal(read[i].from, given[i].from);
        assert_string_equal(read[i].sha256, given[i].sha256);
    }
    assert_true(vt_bytes_equal(read[0].bytes, given[0].bytes));
    assert_int_equal(read[0].size_bytes, 11);
    assert_int_equal(read[1].bytes.len, 0);
    assert_int_equal(read[1].size_bytes, 70000);
    assert_int_equal(read[2].bytes.len, 0);
    assert_true(vt_bytes_equal(read[3].bytes, given[3].bytes));
    vt_memfd_unmap(mapped);
    (void)close(fd);
    vt_arena_free(arena);
}

/* One good file, changed at one place or cut: an object, its kind, origin, flag, size, digest. */
static void nothing_else_is_read(void **state)
{
    (void)state;
    static const uint8_t good[12 + 40 + 4] = {'v', 't', 'o', 'b', 'j', 0, 0, 1, 0, 0,
                                              0,   1,   1,   0,   1,   0, 0, 0, 0, 4};
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        enum vt_code want;
    } changes[] = {
        {"as it is", 0, 'v', VT_OK},
        {"other magic", 0, 'x', VT_E_FORMAT},
        {"other version", 7, 2, VT_E_FORMAT},
        {"more than there are", 11, 2, VT_E_FORMAT},
        {"fewer than there are", 11, 0, VT_E_FORMAT},
        {"far too many", 8, 1, VT_E_LIMIT},
        {"no kind", 12, 0, VT_E_FORMAT},
        {"another kind", 12, VT_OBJECT_KINDS, VT_E_FORMAT},
        {"another origin", 13, VT_OBJECT_FROMS, VT_E_FORMAT},
        {"neither here nor not", 14, 2, VT_E_FORMAT},
        {"not here, but bytes", 14, 0, VT_E_FORMAT},
        {"larger than the file", 19, 5, VT_E_FORMAT},
        {"much larger", 16, 0xff, VT_E_FORMAT},
        {"smaller", 19, 3, VT_E_FORMAT},
        {"here, but empty", 19, 0, VT_E_FORMAT},
    };
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct vt_arena *arena = vt_arena_new(1 << 20);
        struct vt_object *read = NULL;
        size_t count = 0;
        uint8_t file[sizeof(good)];
        memcpy(file, good, sizeof(good));
        file[changes[i].at] = changes[i].value;
        enum vt_code code =
            vt_objects_read(arena, vt_bytes_of(file, sizeof(file)), &read, &count, NULL);
        if (code != changes[i].want)
            fail_msg("%s: %s", changes[i].name, vt_code_name(code));
        for (size_t len = 0; len < sizeof(good); len++)
            assert_int_equal(vt_objects_read(arena, vt_bytes_of(good, len), &read, &count, NULL),
                             VT_E_FORMAT);
        vt_arena_free(arena);
    }
}

static void each_stands_once(void **state)
{
    (void)state;
    struct vt_object_list list = {.arena = vt_arena_new(1 << 20)};
    const struct vt_object named = {VT_OBJECT_CRL, VT_OBJECT_FETCHED, HEX64, 0, {0}};
    const struct vt_object brought = {VT_OBJECT_CRL, VT_OBJECT_EMBEDDED, HEX64, 4,
                                      VT_BYTES("list")};
    const struct vt_object nameless = {VT_OBJECT_CRL, VT_OBJECT_EMBEDDED, "", 4, VT_BYTES("list")};
    const struct vt_object other = {VT_OBJECT_CRL, VT_OBJECT_EMBEDDED, OTHER64, 0, {0}};
    assert_int_equal(vt_object_list_add(&list, &named), VT_OK);
    assert_int_equal(vt_object_list_add(&list, &other), VT_OK);
    assert_int_equal(vt_object_list_add(&list, &brought), VT_OK);
    assert_int_equal(vt_object_list_add(&list, &nameless), VT_OK);
    assert_int_equal(vt_object_list_add(NULL, &brought), VT_OK);
    assert_int_equal(list.count, 2);
    /* Bytes from the mail, and the word of the status role. */
    assert_int_equal(list.items[0].from, VT_OBJECT_FETCHED);
    assert_int_equal(list.items[0].bytes.len, 4);
    assert_int_equal(list.items[0].size_bytes, 4);
    vt_arena_free(list.arena);
}

static void words_come_back(void **state)
{
    (void)state;
    for (unsigned i = VT_OBJECT_CERTIFICATE; i < VT_OBJECT_KINDS; i++)
        assert_int_equal(vt_object_kind_by_name(vt_object_kind_name((enum vt_object_kind)i)), i);
    for (unsigned i = 0; i < VT_OBJECT_FROMS; i++)
        assert_int_equal(vt_object_from_by_name(vt_object_from_name((enum vt_object_from)i)), i);
    assert_int_equal(vt_object_kind_by_name("none"), VT_OBJECT_NONE);
    assert_int_equal(vt_object_kind_by_name(NULL), VT_OBJECT_NONE);
    assert_int_equal(vt_object_from_by_name("elsewhere"), VT_OBJECT_EMBEDDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(nothing_else_is_read),
        cmocka_unit_test(each_stands_once),
        cmocka_unit_test(words_come_back),
    };
    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
