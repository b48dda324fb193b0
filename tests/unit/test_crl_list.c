/* SPDX-License-Identifier: Apache-2.0
 * Lists in sealed memory files: what is asked of them, and that nothing hostile in one is believed.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/large_crl.h"
#include "status/crl_list.h"
#include "vanthu/wire.h"

#define ENTRIES 20000

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct tc_entity ca, other_ca, rekeyed_ca, leaf, revoked;
    struct vt_bytes large;
    int fd; /* of large, sealed */
    struct vt_crl_list *list;
} f;

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(16 * 1024 * 1024);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.ca = tc_ca(f.arena, f.pool, "CA mot", NULL);
    f.other_ca = tc_ca(f.arena, f.pool, "CA hai", NULL);
    f.rekeyed_ca = tc_ca(f.arena, f.pool, "CA mot", NULL);
    f.leaf = tc_leaf(f.arena, f.pool, "van thu", &f.ca);
    f.revoked = tc_leaf(f.arena, f.pool, "bi thu hoi", &f.ca);
    f.large = lc_crl(&f.ca, ENTRIES);
    f.fd = -1;
    struct vt_err err = {0};
    if (vt_crl_list_seal(f.large, f.ca.certificate, "http://ca.example/1.crl", TC_NOW, &f.fd,
                         &err) != VT_OK ||
        vt_crl_list_open(f.fd, &f.list, &err) != VT_OK)
        fail_msg("%s", err.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_crl_list_close(f.list);
    (void)close(f.fd);
    free((void *)(uintptr_t)f.large.ptr);
    vt_arena_free(f.arena);
    return 0;
}

static struct vt_bytes name_of(const struct tc_entity *entity)
{
    const unsigned char *der = NULL;
    size_t len = 0;
    assert_int_equal(X509_NAME_get0_der(X509_get_subject_name(entity->x509), &der, &len), 1);
    return vt_bytes_of(der, len);
}

static void every_entry_is_found(void **state)
{
    (void)state;
    struct vt_crl_list *walked = NULL;
    assert_int_equal(vt_crl_list_over(f.arena, f.large, VT_ORIGIN_GIVEN, "given", &walked, NULL),
                     VT_OK);
    for (size_t i = 0; i < ENTRIES + 1000; i++) {
        uint8_t serial[LC_SERIAL_BYTES];
        struct vt_crl_entry entry;
        lc_serial(i, serial);
        vt_crl_list_find(f.list, name_of(&f.ca), vt_bytes_of(serial, sizeof(serial)), &entry);
        assert_int_equal(entry.found, i < ENTRIES);
        if (entry.found) {
            assert_int_equal(entry.reason, 4);
            assert_int_equal(entry.revoked_at_utc_secs, INT64_C(1735787045));
        }
        /* Walked for the first ones, then by an index of its own. */
        vt_crl_list_find(walked, name_of(&f.ca), vt_bytes_of(serial, sizeof(serial)), &entry);
        assert_int_equal(entry.found, i < ENTRIES);
    }
}

static void entries_of_another_issuer_are_not_found(void **state)
{
    (void)state;
    uint8_t serial[LC_SERIAL_BYTES];
    struct vt_crl_entry entry;
    lc_serial(7, serial);
    vt_crl_list_find(f.list, name_of(&f.other_ca), vt_bytes_of(serial, sizeof(serial)), &entry);
    assert_false(entry.found);
    vt_crl_list_find(f.list, name_of(&f.ca), (struct vt_bytes){0}, &entry);
    assert_false(entry.found);
}

static void a_sealed_list_knows_itself(void **state)
{
    (void)state;
    char key[65];
    char data[65];
    const struct vt_crl *crl = vt_crl_list_crl(f.list);
    assert_int_equal(vt_verify_sha256(vt_certificate_public_key_der(f.ca.certificate), key), VT_OK);
    assert_int_equal(vt_verify_sha256(f.large, data), VT_OK);
    assert_string_equal(vt_crl_list_signer_key_sha256(f.list), key);
    assert_string_equal(vt_crl_list_data_sha256(f.list), data);
    assert_string_equal(vt_crl_list_origin(f.list), "http://ca.example/1.crl");
    assert_int_equal(vt_crl_list_from(f.list), VT_ORIGIN_FETCHED);
    assert_int_equal(vt_crl_list_fetched_utc_secs(f.list), TC_NOW);
    assert_true(vt_bytes_equal(vt_crl_list_signer(f.list), f.ca.der));
    assert_true(vt_bytes_equal(crl->der, f.large));
    assert_true(vt_bytes_equal(crl->issuer, name_of(&f.ca)));
    assert_true(vt_bytes_equal(crl->number, VT_BYTES("\7")));
    assert_int_equal(crl->entries_count, ENTRIES);
    assert_false(crl->is_delta);
    /* The index takes 8 bytes an entry. */
    assert_true(vt_crl_list_bytes(f.list) < f.large.len + 8 * ENTRIES + 4096);
}

static void says_what_a_list_says(void **state)
{
    (void)state;
    struct vt_status_fact fact;
    assert_int_equal(
        vt_crl_list_fact(f.arena, f.list, f.leaf.certificate, f.ca.certificate, &fact, NULL),
        VT_OK);
    assert_int_equal(fact.value, VT_STATUS_GOOD);
    assert_int_equal(fact.from, VT_ORIGIN_FETCHED);
    assert_string_equal(fact.data_sha256, vt_crl_list_data_sha256(f.list));
    assert_int_equal(vt_crl_list_fact(f.arena, f.list, f.leaf.certificate, f.rekeyed_ca.certificate,
                                      &fact, NULL),
                     VT_E_UNSUPPORTED);
}

static void only_verified_lists_are_sealed(void **state)
{
    (void)state;
    int fd = -1;
    struct tc_crl_options broken = {.bad_signature = true};
    struct vt_bytes crl = tc_crl(f.arena, &f.ca, &broken);
    assert_int_equal(vt_crl_list_seal(crl, f.ca.certificate, "given", TC_NOW, &fd, NULL),
                     VT_E_FORMAT);
    assert_int_equal(
        vt_crl_list_seal(f.large, f.rekeyed_ca.certificate, "given", TC_NOW, &fd, NULL),
        VT_E_FORMAT);
    assert_int_equal(vt_crl_list_seal(f.large, f.other_ca.certificate, "given", TC_NOW, &fd, NULL),
                     VT_E_NOT_FOUND);
    assert_int_equal(
        vt_crl_list_seal(VT_BYTES("\x30\x00"), f.ca.certificate, "given", TC_NOW, &fd, NULL),
        VT_E_FORMAT);
    assert_int_equal(fd, -1);
}

/* A certificate listed twice, first on hold: the revocation counts, in any order. */
static void the_final_entry_counts(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct tc_crl_options options = {
            .entries = {{&f.revoked, TC_NOW - 3 * TC_DAY, order == 0 ? 6 : 1, NULL},
                        {&f.revoked, TC_NOW - 2 * TC_DAY, order == 0 ? 1 : 6, NULL}}};
        struct vt_bytes crl = tc_crl(f.arena, &f.ca, &options);
        int fd = -1;
        struct vt_crl_list *list = NULL;
        struct vt_crl_entry entry;
        struct vt_crl parsed;
        assert_int_equal(vt_crl_list_seal(crl, f.ca.certificate, "given", TC_NOW, &fd, NULL),
                         VT_OK);
        assert_int_equal(vt_crl_list_open(fd, &list, NULL), VT_OK);
        assert_int_equal(vt_crl_list_from(list), VT_ORIGIN_GIVEN);
        vt_crl_list_find(list, name_of(&f.ca), vt_certificate_serial(f.revoked.certificate),
                         &entry);
        assert_true(entry.found);
        assert_int_equal(entry.reason, 1);
        assert_int_equal(vt_crl_parse(crl, &parsed, NULL), VT_OK);
        vt_crl_find(&parsed, vt_certificate_serial(f.revoked.certificate), &entry);
        assert_int_equal(entry.reason, 1);
        vt_crl_list_close(list);
        (void)close(fd);
    }
}

/* ---- hostile memory files ---- */

static struct vt_bytes content_of(int fd)
{
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    uint8_t *bytes = malloc((size_t)info.st_size);
    assert_int_equal(pread(fd, bytes, (size_t)info.st_size, 0), info.st_size);
    return vt_bytes_of(bytes, (size_t)info.st_size);
}

/* Open these bytes as a list and ask it; whether it opens is not said, only that it does no harm.
 */
static bool try_open(struct vt_bytes bytes)
{
    int fd = -1;
    struct vt_crl_list *list = NULL;
    struct vt_crl_entry entry;
    struct vt_status_fact fact;
    assert_int_equal(vt_memfd_seal("test", bytes, &fd, NULL), VT_OK);
    bool opened = vt_crl_list_open(fd, &list, NULL) == VT_OK;
    (void)close(fd);
    for (size_t i = 0; opened && i < 8; i++) {
        uint8_t serial[LC_SERIAL_BYTES];
        lc_serial(i, serial);
        vt_crl_list_find(list, name_of(&f.ca), vt_bytes_of(serial, sizeof(serial)), &entry);
        (void)!vt_crl_list_fact(f.arena, list, f.leaf.certificate, f.ca.certificate, &fact, NULL);
    }
    vt_crl_list_close(list);
    return opened;
}

static void hostile_bytes_do_no_harm(void **state)
{
    (void)state;
    int fd = -1;
    struct vt_bytes crl = lc_crl(&f.ca, 8);
    assert_int_equal(vt_crl_list_seal(crl, f.ca.certificate, "given", TC_NOW, &fd, NULL), VT_OK);
    struct vt_bytes good = content_of(fd);
    uint8_t *copy = (uint8_t *)(uintptr_t)good.ptr;
    assert_true(try_open(good));
    assert_false(try_open((struct vt_bytes){0}));
    for (size_t i = 0; i < good.len; i++) {
        static const uint8_t flips[] = {0xff, 0x80, 0x01};
        for (size_t k = 0; k < sizeof(flips); k++) {
            copy[i] ^= flips[k];
            (void)try_open(good);
            copy[i] ^= flips[k];
        }
        assert_false(try_open(vt_bytes_of(copy, i)));
    }
    /* A memory file that can still be changed is refused. */
    int open_fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct vt_crl_list *list = NULL;
    assert_int_equal(write(open_fd, good.ptr, good.len), (ssize_t)good.len);
    assert_int_equal(vt_crl_list_open(open_fd, &list, NULL), VT_E_FORMAT);
    (void)close(open_fd);
    (void)close(fd);
    free(copy);
    free((void *)(uintptr_t)crl.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_found),
        cmocka_unit_test(entries_of_another_issuer_are_not_found),
        cmocka_unit_test(a_sealed_list_knows_itself),
        cmocka_unit_test(says_what_a_list_says),
        cmocka_unit_test(only_verified_lists_are_sealed),
        cmocka_unit_test(the_final_entry_counts),
        cmocka_unit_test(hostile_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
