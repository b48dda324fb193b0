/* SPDX-License-Identifier: Apache-2.0
 * Who signs and who stamps, for tests of time stamps; include cmocka.h first. */
#ifndef VANTHU_TESTS_STAMPED_H
#define VANTHU_TESTS_STAMPED_H

#include "cms.h"

static struct vt_arena *arena;
static struct tc_entity ca, signer, tsa, stranger;

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new(32u << 20);
    TC_CHECK(arena != NULL);
    ca = tc_ca(arena, NULL, "CA", NULL);
    signer = tc_leaf(arena, NULL, "Signer", &ca);
    tsa = tc_leaf(arena, NULL, "TSA", &ca);
    stranger = tc_leaf(arena, NULL, "Stranger", &ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

#endif
