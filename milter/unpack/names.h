/* SPDX-License-Identifier: Apache-2.0
 * File names and other words of strangers, made fit to be shown. */
#ifndef VANTHU_UNPACK_NAMES_H
#define VANTHU_UNPACK_NAMES_H

#include "vanthu/bytes.h"

/* A file name in the arena: without directories, controls, and characters that reorder or hide
 * text; NFC; at most VT_MAX_NAME_BYTES, a cut keeps the extension.
 * *out is NULL when nothing is left. VT_OK or VT_E_NOMEM. */
enum vt_code vt_name_clean(struct vt_arena *arena, const char *utf8,
                           const char **out) VT_MUST_CHECK;
/* Text of a header in the arena: NFC, controls replaced, at most max_bytes - 1 bytes. *out is NULL
 * for NULL. VT_OK or VT_E_NOMEM. */
enum vt_code vt_name_text(struct vt_arena *arena, const char *utf8, size_t max_bytes,
                          const char **out) VT_MUST_CHECK;
/* ASCII lower case in the arena, everything else than printable ASCII as '?'; NULL gives NULL. */
enum vt_code vt_name_lower(struct vt_arena *arena, const char *text,
                           const char **out) VT_MUST_CHECK;
/* True when the name ends with the extension, which is given with its dot. NULL has none. */
bool vt_name_has_extension(const char *name, const char *extension);

#endif
