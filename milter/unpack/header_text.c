/* SPDX-License-Identifier: Apache-2.0
 * One header of a mail by its name, as a person reads it (RFC 5322 2.2, RFC 2047). */
#include <gmime/gmime.h>
#include <stdlib.h>

#include "unpack/charset.h"
#include "unpack/header.h"
#include "unpack/mime.h"
#include "unpack/names.h"
#include "vanthu/unpack.h"

#define MAX_TEXT_BYTES ((size_t)1024)

static const char *decode(struct vt_arena *arena, struct vt_bytes value)
{
    const char *out = NULL;
    char *text = value.len > MAX_TEXT_BYTES ? NULL : vt_charset_header_text(value);
    char *decoded =
        text == NULL ? NULL : g_mime_utils_header_decode_text(vt_entity_options(), text);
    if (decoded != NULL && vt_name_text(arena, decoded, MAX_TEXT_BYTES, &out) != VT_OK)
        out = NULL;
    g_free(decoded);
    free(text);
    return out;
}

const char *vt_unpack_header(struct vt_arena *arena, struct vt_bytes mail, const char *name)
{
    struct vt_header_block block;
    struct vt_header_field field, found = {0};
    size_t count = 0;
    vt_header_split(mail, true, &block);
    for (struct vt_bytes rest = block.fields; vt_header_next(&rest, &field);) {
        if (vt_header_name_is(&field, name)) {
            found = field;
            count++;
        }
    }
    return count == 1 ? decode(arena, found.value) : NULL;
}
