/* SPDX-License-Identifier: Apache-2.0
 * Delimiter lines of a multipart body (RFC 2046 5.1.1). */
#ifndef VANTHU_UNPACK_BOUNDARY_H
#define VANTHU_UNPACK_BOUNDARY_H

#include "vanthu/bytes.h"

enum vt_delimiter { VT_DELIMITER_NONE = 0, VT_DELIMITER_PART, VT_DELIMITER_CLOSE };

/* Find the next delimiter line at or after from, which is the begin of a line.
 * *out_end: where the content before the delimiter ends; the line break before it belongs to the
 * delimiter. *out_next: the begin of the line after it. Without a delimiter both are body.len. */
enum vt_delimiter vt_boundary_next(struct vt_bytes body, struct vt_bytes boundary, size_t from,
                                   size_t *out_end, size_t *out_next);
/* True when a line can be a delimiter of both: equal, or one is the other with "--" after it. */
bool vt_boundary_is_ambiguous(struct vt_bytes a, struct vt_bytes b);

#endif
