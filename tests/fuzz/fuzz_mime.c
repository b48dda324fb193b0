/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a mail, as a file, and as the content of a signature. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Views have to lie in the input or the arena, indices in the list; every byte is read once, so
 * that a sanitizer sees a view that is too long. */
static void check(const struct vt_unpacked *unpacked)
{
    volatile uint8_t sum = 0;
    if (unpacked->parts_count == 0 || unpacked->parts_count > VT_MAX_PARTS)
        abort();
    for (size_t i = 0; i < unpacked->parts_count; i++) {
        const struct vt_part *part = &unpacked->parts[i];
        if (part->path == NULL || part->depth > VT_MAX_DEPTH || part->format >= VT_FORMAT_COUNT ||
            (i == 0) != (part->parent == VT_NO_PART) || (i > 0 && part->parent >= i) ||
            (part->signature_part == VT_NO_PART) != (part->signed_bytes.len == 0) ||
            (part->name != NULL && !vt_text_is_utf8(vt_bytes_str(part->name))) ||
            (part->name != NULL && strlen(part->name) > VT_MAX_NAME_BYTES))
            abort();
        for (size_t b = 0; b < part->bytes.len; b++)
            sum = (uint8_t)(sum ^ part->bytes.ptr[b]);
        for (size_t b = 0; b < part->raw.len; b++)
            sum = (uint8_t)(sum ^ part->raw.ptr[b]);
    }
    (void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int is_mail = 0; is_mail < 2; is_mail++) {
        struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
        struct vt_unpacked *unpacked = NULL;
        struct vt_err err = {0};
        struct vt_bytes input = vt_bytes_of(data, size);
        if (arena == NULL || vt_unpack(arena, input, is_mail != 0 ? NULL : "a.eml", is_mail != 0,
                                       &unpacked, &err) != VT_OK)
            abort();
        check(unpacked);
        if (vt_unpack_entity(arena, unpacked, 0, input, &err) != VT_OK ||
            vt_unpack_member(arena, unpacked, 0, input, "m", &err) != VT_OK)
            abort();
        check(unpacked);
        vt_arena_free(arena);
    }
    return 0;
}
