/* SPDX-License-Identifier: Apache-2.0
 * Answers of a time stamp authority from hostile bytes: what is believed is over what was asked. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vanthu/stamp.h"

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define NOW 1767323045

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t digest[32] = {1};
    const struct vt_stamp_query query = {.hash = VT_SEAL_SHA256,
                                         .imprint = {digest, sizeof(digest)},
                                         .nonce = {0x41, 2, 3, 4, 5, 6, 7, 8}};
    struct vt_stamp found;
    struct vt_err err;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return 0;
    enum vt_code code =
        vt_stamp_answer_read(arena, vt_bytes_of(data, size), &query, NOW, &found, &err);
    if ((code == VT_OK) != (found.token.len > 0))
        abort();
    if (code == VT_OK &&
        (found.token.ptr < data || found.token.ptr + found.token.len > data + size ||
         found.time_utc_secs < NOW - 1000 || found.time_utc_secs > NOW + 1000))
        abort();
    vt_arena_free(arena);
    return 0;
}
