/* SPDX-License-Identifier: Apache-2.0
 * Generations on their way and in the zygote: a list is sent as its descriptor, and mapped once for
 * as long as any generation has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "inspector/generation.h"
#include "status/crl_list.h"
#include "vanthu/clock.h"

#define LISTS 4

static struct fixture {
    struct vt_arena *arena;
    struct tc_entity root, leaf;
    struct vt_crl_list *lists[LISTS];
} f;

static struct vt_message message;

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(16 * 1024 * 1024);
    struct vt_certificate_pool *pool = vt_certificate_pool_new(f.arena, NULL);
    f.root = tc_ca(f.arena, pool, "CA", NULL);
    f.leaf = tc_leaf(f.arena, pool, "một", &f.root);
    for (int i = 0; i < LISTS; i++) {
        int fd = -1;
        struct tc_crl_options options = {.this_update_utc_secs = TC_NOW - i};
        if (i == 0)
            options.entries[0] = (struct tc_entry){&f.leaf, TC_NOW - 60, 1, NULL};
        assert_int_equal(vt_crl_list_seal(tc_crl(f.arena, &f.root, &options), f.root.certificate,
                                          "given", TC_NOW, &fd, NULL),
                         VT_OK);
        assert_int_equal(vt_crl_list_open(fd, &f.lists[i], NULL), VT_OK);
        (void)close(fd);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < LISTS; i++)
        vt_crl_list_close(f.lists[i]);
    vt_arena_free(f.arena);
    return 0;
}

/* Have a generation with these lists (indexes, ended by -1) come as a message. */
static void send(const int *indexes)
{
    const struct vt_crl_list *lists[VT_MAX_GENERATION_LISTS + 1];
    struct vt_known known = {.lists = lists};
    for (; *indexes >= 0; indexes++)
        lists[known.lists_count++] = f.lists[*indexes];
    int pair[2];
    int fds[VT_GENERATION_MAX_FDS];
    size_t count = 0;
    assert_int_equal(vt_known_seal(&known, VT_MAX_GENERATION_LISTS, fds, &count, NULL), VT_OK);
    assert_int_equal(vt_wire_pair(pair, NULL), VT_OK);
    int64_t soon = vt_clock_monotonic_msecs() + 5000;
    assert_int_equal(
        vt_wire_send(pair[0], VT_MSG_GENERATION, (struct vt_bytes){0}, fds, count, soon, NULL),
        VT_OK);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    assert_int_equal(vt_wire_receive(pair[1], &message, VT_GENERATION_MAX_FDS, soon, NULL), VT_OK);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void take(struct vt_generation *generation, const int *indexes, enum vt_code expected)
{
    send(indexes);
    assert_int_equal(vt_generation_take(generation, &message, NULL), expected);
    vt_message_close(&message);
}

/* Lists that this process has mapped, those of the fixture not counted. */
static int count_mapped(void)
{
    char line[500];
    int count = -LISTS;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL)
        count += strstr(line, "vanthu-crl") != NULL;
    (void)fclose(maps);
    return count;
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 300; fd++) {
        int copy = dup(fd);
        count += copy >= 0;
        if (copy >= 0)
            (void)close(copy);
    }
    return count;
}

static void a_list_is_mapped_once(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct vt_generation generation = VT_GENERATION_NONE;
    take(&generation, (int[]){0, 1, -1}, VT_OK);
    assert_int_equal(generation.known.lists_count, 2);
    assert_int_equal(count_mapped(), 2);
    const struct vt_crl_list *first = generation.known.lists[0];
    /* One stays, one goes, two come, of which one twice. */
    take(&generation, (int[]){2, 0, 3, 3, -1}, VT_OK);
    assert_int_equal(generation.known.lists_count, 3);
    assert_ptr_equal(generation.known.lists[1], first);
    assert_int_equal(count_mapped(), 3);
    struct vt_crl_entry entry;
    struct vt_bytes issuer = vt_crl_list_crl(first)->issuer;
    vt_crl_list_find(first, issuer, vt_certificate_serial(f.leaf.certificate), &entry);
    assert_true(entry.found);
    take(&generation, (int[]){-1}, VT_OK);
    assert_int_equal(count_mapped(), 0);
    vt_generation_drop(&generation);
    assert_int_equal(count_descriptors(), descriptors);
}

static void what_is_broken_changes_nothing(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct vt_generation generation = VT_GENERATION_NONE;
    take(&generation, (int[]){0, 1, -1}, VT_OK);
    /* A list that is none, after one that is new and one that is mapped. */
    send((int[]){2, 0, -1});
    assert_int_equal(vt_memfd_seal("x", VT_BYTES("no list"), &message.fds[message.fds_count], NULL),
                     VT_OK);
    message.fds_count++;
    assert_int_equal(vt_generation_take(&generation, &message, NULL), VT_E_FORMAT);
    vt_message_close(&message);
    assert_int_equal(generation.known.lists_count, 2);
    assert_int_equal(count_mapped(), 2);
    assert_int_equal(vt_generation_take(&generation, &message, NULL), VT_E_FORMAT);
    vt_generation_drop(&generation);
    assert_int_equal(count_mapped(), 0);
    assert_int_equal(count_descriptors(), descriptors);
}

/* What the zygote hands on to its successor is the same again. */
static void it_is_handed_on(void **state)
{
    (void)state;
    int fds[VT_GENERATION_MAX_FDS];
    struct vt_known known;
    struct vt_generation generation = VT_GENERATION_NONE;
    assert_int_equal(vt_generation_fds(&generation, fds), 0);
    take(&generation, (int[]){3, 1, -1}, VT_OK);
    size_t count = vt_generation_fds(&generation, fds);
    assert_int_equal(count, 3);
    assert_int_equal(vt_known_open(f.arena, fds, count, &known, NULL), VT_OK);
    assert_int_equal(known.lists_count, 2);
    assert_string_equal(vt_crl_list_data_sha256(known.lists[0]),
                        vt_crl_list_data_sha256(f.lists[3]));
    vt_known_close(&known);
    assert_int_equal(known.lists_count, 0);
    vt_generation_drop(&generation);
}

static void more_lists_than_fit_are_left_out(void **state)
{
    (void)state;
    const struct vt_crl_list *lists[VT_MAX_GENERATION_LISTS + 9];
    struct vt_known known = {.lists = lists, .lists_count = VT_MAX_GENERATION_LISTS + 9};
    for (size_t i = 0; i < known.lists_count; i++)
        lists[i] = f.lists[i % LISTS];
    int fds[VT_GENERATION_MAX_FDS];
    size_t count = 0;
    assert_int_equal(vt_known_seal(&known, VT_MAX_GENERATION_LISTS, fds, &count, NULL), VT_OK);
    assert_int_equal(count, VT_GENERATION_MAX_FDS);
    assert_true(count <= VT_WIRE_MAX_FDS);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    assert_int_equal(vt_known_seal(&known, VT_MAX_ANSWER_LISTS, fds, &count, NULL), VT_OK);
    assert_int_equal(count, 1 + VT_MAX_ANSWER_LISTS);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_mapped_once),
        cmocka_unit_test(what_is_broken_changes_nothing),
        cmocka_unit_test(it_is_handed_on),
        cmocka_unit_test(more_lists_than_fit_are_left_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
