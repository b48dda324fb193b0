/* SPDX-License-Identifier: Apache-2.0
 * The PDF reader on arbitrary bytes. Beside not crashing: what is handed out lies in the input, and
 * nothing damaged is called unchanged. */
#include <stdlib.h>

#include "vanthu/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vt_signed_object *object, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < object->ranges_count; i++) {
        const struct vt_bytes range = object->ranges[i];
        if (range.ptr < data || range.len > size || range.ptr > data + (size - range.len))
            abort();
    }
    bool accepted =
        object->changes_after == VT_CHANGES_NONE || object->changes_after == VT_CHANGES_PERMITTED;
    if (accepted && (object->structure_broken || object->covers == VT_COVERS_PART ||
                     object->ranges_count != 2 || object->cms.len == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    struct vt_signed_document *document = NULL;
    if (arena == NULL)
        return 0;
    if (vt_document_read_pdf(arena, vt_bytes_of(data, size), &document, NULL) == VT_OK) {
        for (size_t i = 0; i < document->objects_count; i++)
            check(&document->objects[i], data, size);
    }
    vt_arena_free(arena);
    return 0;
}
