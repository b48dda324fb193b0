/* SPDX-License-Identifier: Apache-2.0
 * The authserv-id of RFC 8601 2.2, with the CFWS of RFC 5322 3.2.2 before it. */
#include "gateway/authserv.h"

#include <string.h>

/* RFC 5321 4.5.3.1.2: a domain has at most 255 octets. */
#define MAX_ID_BYTES 255

static bool is_white(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* comment = "(" *([FWS] ccontent) [FWS] ")"; ccontent = ctext / quoted-pair / comment
 * (RFC 5322 3.2.2). offset stands on "("; gives the offset after the comment. */
static size_t skip_comment(struct vt_bytes value, size_t offset)
{
    size_t depth = 0;
    for (; offset < value.len; offset++) {
        uint8_t c = value.ptr[offset];
        if (c == '\\')
            offset++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return offset + 1;
    }
    return value.len;
}

static size_t skip_cfws(struct vt_bytes value, size_t offset)
{
    while (offset < value.len) {
        if (is_white(value.ptr[offset]))
            offset++;
        else if (value.ptr[offset] == '(')
            offset = skip_comment(value, offset);
        else
            break;
    }
    return offset;
}

/* quoted-string (RFC 5322 3.2.4) without its quotes and folds. offset stands after the quote. */
static size_t read_quoted(struct vt_bytes value, size_t offset, char *out)
{
    size_t len = 0;
    for (; offset < value.len && value.ptr[offset] != '"'; offset++) {
        if (value.ptr[offset] == '\\' && offset + 1 < value.len)
            offset++;
        else if (value.ptr[offset] == '\r' || value.ptr[offset] == '\n')
            continue;
        if (len == MAX_ID_BYTES)
            return 0;
        out[len++] = (char)value.ptr[offset];
    }
    return len;
}

/* token (RFC 2045 5.1): up to white space, a comment or ";". */
static size_t read_token(struct vt_bytes value, size_t offset, char *out)
{
    size_t len = 0;
    for (; offset < value.len; offset++) {
        uint8_t c = value.ptr[offset];
        if (is_white(c) || c == '(' || c == ';')
            break;
        if (len == MAX_ID_BYTES)
            return 0;
        out[len++] = (char)c;
    }
    return len;
}

bool vt_authserv_is(struct vt_bytes value, const char *id)
{
    char text[MAX_ID_BYTES];
    size_t offset = skip_cfws(value, 0);
    bool is_quoted = offset < value.len && value.ptr[offset] == '"';
    size_t len = is_quoted ? read_quoted(value, offset + 1, text) : read_token(value, offset, text);
    while (len > 0 && (text[len - 1] == '.' || text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    size_t skip = 0;
    while (skip < len && (text[skip] == ' ' || text[skip] == '\t'))
        skip++;
    return vt_bytes_equal_nocase(vt_bytes_of(text + skip, len - skip), vt_bytes_str(id));
}
