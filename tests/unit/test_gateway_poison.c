/* SPDX-License-Identifier: Apache-2.0
 * Poison mail and the bounded table behind it; the keyed hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/poison.h"
#include "gateway/siphash.h"

#define MINUTES INT64_C(60000)

static void gives_up_after_failures(void **state)
{
    (void)state;
    struct vt_poison poison;
    assert_int_equal(vt_poison_init(&poison, 3, 30 * MINUTES), VT_OK);
    assert_false(vt_poison_is_given_up(&poison, 7, 0));
    assert_false(vt_poison_fail(&poison, 7, 0, true));
    assert_false(vt_poison_fail(&poison, 7, MINUTES, true));
    assert_false(vt_poison_is_given_up(&poison, 7, MINUTES));
    assert_true(vt_poison_fail(&poison, 7, 2 * MINUTES, true));
    assert_true(vt_poison_is_given_up(&poison, 7, 3 * MINUTES));
    assert_false(vt_poison_is_given_up(&poison, 8, 3 * MINUTES));
    vt_poison_clear(&poison);
}

static void gives_up_after_a_time(void **state)
{
    (void)state;
    struct vt_poison poison;
    assert_int_equal(vt_poison_init(&poison, 100, 30 * MINUTES), VT_OK);
    assert_false(vt_poison_fail(&poison, 7, 0, true));
    assert_false(vt_poison_fail(&poison, 7, 29 * MINUTES, true));
    assert_true(vt_poison_fail(&poison, 7, 30 * MINUTES, true));
    /* By time alone the mail is still tried: the inspector may have been away. */
    assert_false(vt_poison_is_given_up(&poison, 7, 31 * MINUTES));
    vt_poison_clear(&poison);
}

static void a_full_queue_is_not_the_mails_fault(void **state)
{
    (void)state;
    struct vt_poison poison;
    assert_int_equal(vt_poison_init(&poison, 3, 30 * MINUTES), VT_OK);
    for (int i = 0; i < 10; i++)
        assert_false(vt_poison_fail(&poison, 7, i * MINUTES, false));
    assert_false(vt_poison_is_given_up(&poison, 7, 10 * MINUTES));
    assert_true(vt_poison_fail(&poison, 7, 31 * MINUTES, false));
    vt_poison_clear(&poison);
}

static void success_and_a_day_forgive(void **state)
{
    (void)state;
    struct vt_poison poison;
    assert_int_equal(vt_poison_init(&poison, 2, 30 * MINUTES), VT_OK);
    assert_false(vt_poison_fail(&poison, 7, 0, true));
    vt_poison_forgive(&poison, 7);
    assert_false(vt_poison_fail(&poison, 7, 0, true));
    assert_true(vt_poison_fail(&poison, 7, 0, true));
    assert_true(vt_poison_is_given_up(&poison, 7, 23 * 60 * MINUTES));
    assert_false(vt_poison_is_given_up(&poison, 7, 25 * 60 * MINUTES));
    vt_poison_clear(&poison);
}

/* Whatever number of mails fails, the table keeps its size and the latest are in it. */
static void the_table_is_bounded(void **state)
{
    (void)state;
    struct vt_recent *recent = vt_recent_new(64, 1000000);
    struct vt_recent_entry entry;
    size_t kept = 0;
    assert_non_null(recent);
    for (uint64_t key = 0; key < 10000; key++)
        vt_recent_touch(recent, key, (int64_t)key, 1);
    for (uint64_t key = 0; key < 10000; key++)
        kept += vt_recent_get(recent, key, 10000, &entry) ? 1 : 0;
    assert_int_equal(kept, 64);
    assert_true(vt_recent_get(recent, 9999, 10000, &entry));
    assert_false(vt_recent_get(recent, 0, 10000, &entry));
    vt_recent_free(recent);
}

/* The vectors of the reference implementation: key 00..0f, input 00..(len-1). */
static void hash_matches_its_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t want;
    } cases[] = {{0, UINT64_C(0x726fdb47dd0e0e31)},
                 {1, UINT64_C(0x74f839c593dc67fd)},
                 {7, UINT64_C(0xab0200f58b01d137)},
                 {8, UINT64_C(0x93f5f5799a932462)},
                 {15, UINT64_C(0xa129ca6149be45e5)}};
    uint8_t key[VT_SIPHASH_KEY_BYTES], input[16];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = input[i] = i;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t cut = 0; cut <= cases[i].len; cut++) {
            struct vt_siphash hash;
            vt_siphash_init(&hash, key);
            vt_siphash_add(&hash, vt_bytes_of(input, cut));
            vt_siphash_add(&hash, vt_bytes_of(input + cut, cases[i].len - cut));
            assert_int_equal(vt_siphash_get(&hash), cases[i].want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_up_after_failures),
        cmocka_unit_test(gives_up_after_a_time),
        cmocka_unit_test(a_full_queue_is_not_the_mails_fault),
        cmocka_unit_test(success_and_a_day_forgive),
        cmocka_unit_test(the_table_is_bounded),
        cmocka_unit_test(hash_matches_its_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
