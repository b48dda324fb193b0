/* SPDX-License-Identifier: Apache-2.0
 * Delimiter lines of a multipart body. RFC 2046 5.1.1:
 *   delimiter       := CRLF "--" boundary
 *   close-delimiter := delimiter "--"
 *   each followed by transport-padding := *LWSP-char
 * NOTE: the RFC lets a parser take any line that begins with a delimiter. Mail programs nest
 * boundaries of which one is the begin of the other, so a whole line is asked for here. A line
 * ends with LF, so that files with Unix line ends are read too. */
#include "unpack/boundary.h"

#include <string.h>

static enum vt_delimiter delimiter_of(struct vt_bytes line, struct vt_bytes boundary)
{
    if (line.len < boundary.len + 2 || line.ptr[0] != '-' || line.ptr[1] != '-' ||
        memcmp(line.ptr + 2, boundary.ptr, boundary.len) != 0)
        return VT_DELIMITER_NONE;
    struct vt_bytes rest = vt_bytes_slice(line, boundary.len + 2, SIZE_MAX);
    bool closes = vt_bytes_starts_with(rest, VT_BYTES("--"));
    if (closes)
        rest = vt_bytes_slice(rest, 2, SIZE_MAX);
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] != ' ' && rest.ptr[i] != '\t' && rest.ptr[i] != '\r')
            return VT_DELIMITER_NONE;
    }
    return closes ? VT_DELIMITER_CLOSE : VT_DELIMITER_PART;
}

static size_t without_line_break(struct vt_bytes body, size_t from, size_t line)
{
    size_t end = line;
    if (end > from && body.ptr[end - 1] == '\n')
        end--;
    if (end > from && end < line && body.ptr[end - 1] == '\r')
        end--;
    return end;
}

enum vt_delimiter vt_boundary_next(struct vt_bytes body, struct vt_bytes boundary, size_t from,
                                   size_t *out_end, size_t *out_next)
{
    size_t line = from;
    while (line < body.len) {
        const uint8_t *end = memchr(body.ptr + line, '\n', body.len - line);
        size_t len = end == NULL ? body.len - line : (size_t)(end - body.ptr) - line;
        enum vt_delimiter found = delimiter_of(vt_bytes_slice(body, line, len), boundary);
        size_t next = end == NULL ? body.len : line + len + 1;
        if (found != VT_DELIMITER_NONE) {
            *out_end = without_line_break(body, from, line);
            *out_next = next;
            return found;
        }
        line = next;
    }
    *out_end = *out_next = body.len;
    return VT_DELIMITER_NONE;
}

static bool is_closing_form(struct vt_bytes longer, struct vt_bytes shorter)
{
    return longer.len == shorter.len + 2 && vt_bytes_starts_with(longer, shorter) &&
           longer.ptr[longer.len - 1] == '-' && longer.ptr[longer.len - 2] == '-';
}

bool vt_boundary_is_ambiguous(struct vt_bytes a, struct vt_bytes b)
{
    return vt_bytes_equal(a, b) || is_closing_form(a, b) || is_closing_form(b, a);
}
