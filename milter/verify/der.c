/* SPDX-License-Identifier: Apache-2.0
 * BER and DER by views (X.690). Lengths are checked before they are believed; the end of an
 * indefinite length is found by counting, not by recursion. */
#include "verify/der.h"

#include <string.h>

#define CONSTRUCTED 0x20u
#define HIGH_TAG 0x1fu

/* Identifier and length octets (X.690 8.1.2, 8.1.3). */
struct header {
    uint8_t tag;
    bool indefinite;
    size_t header_bytes;
    size_t body_bytes; /* 0 when indefinite */
};

/* The long form may be longer than needed in BER; more than four octets of length are beyond
 * any input we take. */
static enum vt_code read_long_length(struct vt_bytes in, struct header *out)
{
    size_t octets = in.ptr[1] & 0x7fu;
    if (octets > 4 || in.len - 2 < octets) {
        return VT_E_FORMAT;
    }
    size_t length = 0;
    for (size_t i = 0; i < octets; i++) {
        length = (length << 8) | in.ptr[2 + i];
    }
    out->header_bytes = 2 + octets;
    out->body_bytes = length;
    return VT_OK;
}

static enum vt_code read_header(struct vt_bytes in, struct header *out)
{
    if (in.len < 2 || (in.ptr[0] & HIGH_TAG) == HIGH_TAG) {
        return VT_E_FORMAT;
    }
    *out = (struct header){.tag = in.ptr[0], .header_bytes = 2};
    if (in.ptr[1] == 0x80) {
        out->indefinite = true;
        return (in.ptr[0] & CONSTRUCTED) != 0 ? VT_OK : VT_E_FORMAT;
    }
    if (in.ptr[1] < 0x80) {
        out->body_bytes = in.ptr[1];
    } else if (read_long_length(in, out) != VT_OK) {
        return VT_E_FORMAT;
    }
    return out->body_bytes <= in.len - out->header_bytes ? VT_OK : VT_E_FORMAT;
}

static bool is_end_of_contents(const struct header *header)
{
    return header->tag == 0 && !header->indefinite && header->body_bytes == 0 &&
           header->header_bytes == 2;
}

/* Length of the content that begins at from and ends before the end-of-contents octets that
 * close it (X.690 8.1.5). Definite elements are stepped over whole. */
static enum vt_code find_end(struct vt_bytes in, size_t from, size_t *out_body_bytes)
{
    size_t at = from;
    unsigned open = 1;
    while (open > 0) {
        struct header header;
        if (read_header(vt_bytes_slice(in, at, in.len - at), &header) != VT_OK) {
            return VT_E_FORMAT;
        }
        if (is_end_of_contents(&header)) {
            open--;
        } else if (header.tag == 0) {
            return VT_E_FORMAT;
        } else if (header.indefinite && ++open > VT_DER_MAX_DEPTH) {
            return VT_E_LIMIT;
        }
        at += header.header_bytes + header.body_bytes;
    }
    *out_body_bytes = at - 2 - from;
    return VT_OK;
}

enum vt_code vt_der_next(struct vt_bytes *rest, struct vt_der *out)
{
    struct header header;
    size_t trailer = 0;

    if (rest->len == 0) {
        return VT_E_NOT_FOUND;
    }
    enum vt_code code = read_header(*rest, &header);
    if (code != VT_OK || header.tag == 0) {
        return VT_E_FORMAT;
    }
    if (header.indefinite) {
        code = find_end(*rest, header.header_bytes, &header.body_bytes);
        if (code != VT_OK) {
            return code;
        }
        trailer = 2;
    }
    size_t whole = header.header_bytes + header.body_bytes + trailer;
    out->tag = header.tag;
    out->raw = vt_bytes_slice(*rest, 0, whole);
    out->body = vt_bytes_slice(*rest, header.header_bytes, header.body_bytes);
    *rest = vt_bytes_slice(*rest, whole, rest->len - whole);
    return VT_OK;
}

enum vt_code vt_der_expect(struct vt_bytes *rest, unsigned tag, struct vt_der *out)
{
    if (vt_der_peek(*rest) != tag) {
        return VT_E_FORMAT;
    }
    return vt_der_next(rest, out);
}

enum vt_code vt_der_optional(struct vt_bytes *rest, unsigned tag, struct vt_der *out,
                             bool *out_present)
{
    *out_present = rest->len > 0 && vt_der_peek(*rest) == tag;
    return *out_present ? vt_der_next(rest, out) : VT_OK;
}

enum vt_code vt_der_whole(struct vt_bytes bytes, unsigned tag, struct vt_der *out)
{
    enum vt_code code = vt_der_expect(&bytes, tag, out);
    if (code == VT_OK && bytes.len != 0) {
        code = VT_E_FORMAT;
    }
    return code;
}

unsigned vt_der_peek(struct vt_bytes rest)
{
    return rest.len > 0 ? rest.ptr[0] : 0;
}

/* ---- OCTET STRING ---- */

/* Where the reader stands in a constructed string: what is left at each level. */
struct segments {
    struct vt_bytes rest[VT_DER_MAX_SEGMENT_DEPTH];
    size_t depth;
};

/* The next primitive segment, depth first. VT_E_NOT_FOUND at the end. */
static enum vt_code next_segment(struct segments *walk, struct vt_bytes *out)
{
    while (walk->depth > 0) {
        struct vt_der element;
        enum vt_code code = vt_der_next(&walk->rest[walk->depth - 1], &element);
        if (code == VT_E_NOT_FOUND) {
            walk->depth--;
        } else if (code != VT_OK) {
            return code;
        } else if (element.tag == VT_DER_OCTET_STRING) {
            *out = element.body;
            return VT_OK;
        } else if (element.tag != VT_DER_CONSTRUCTED_OCTET_STRING) {
            return VT_E_FORMAT;
        } else if (walk->depth == VT_DER_MAX_SEGMENT_DEPTH) {
            return VT_E_LIMIT;
        } else {
            walk->rest[walk->depth++] = element.body;
        }
    }
    return VT_E_NOT_FOUND;
}

static void begin_segments(struct segments *walk, struct vt_bytes body)
{
    walk->rest[0] = body;
    walk->depth = 1;
}

/* Total length and number of segments. */
static enum vt_code measure_segments(struct vt_bytes body, size_t *out_len, size_t *out_count,
                                     struct vt_bytes *out_first)
{
    struct segments walk;
    struct vt_bytes segment;
    enum vt_code code;

    *out_len = 0;
    *out_count = 0;
    *out_first = vt_bytes_slice(body, 0, 0);
    begin_segments(&walk, body);
    while ((code = next_segment(&walk, &segment)) == VT_OK) {
        if (segment.len == 0) {
            continue;
        }
        if ((*out_count)++ == 0) {
            *out_first = segment;
        }
        *out_len += segment.len;
    }
    return code == VT_E_NOT_FOUND ? VT_OK : code;
}

static enum vt_code join_segments(struct vt_arena *arena, struct vt_bytes body, size_t len,
                                  struct vt_bytes *out)
{
    struct segments walk;
    struct vt_bytes segment;
    size_t at = 0;
    uint8_t *joined = vt_arena_alloc(arena, len);

    if (joined == NULL) {
        return VT_E_NOMEM;
    }
    begin_segments(&walk, body);
    while (next_segment(&walk, &segment) == VT_OK) {
        if (segment.len > 0) {
            memcpy(joined + at, segment.ptr, segment.len);
            at += segment.len;
        }
    }
    *out = vt_bytes_of(joined, at);
    return VT_OK;
}

enum vt_code vt_der_octets(struct vt_arena *arena, const struct vt_der *element,
                           struct vt_bytes *out)
{
    size_t len;
    size_t count;
    struct vt_bytes first;

    if ((element->tag & CONSTRUCTED) == 0) {
        *out = element->body;
        return VT_OK;
    }
    enum vt_code code = measure_segments(element->body, &len, &count, &first);
    if (code != VT_OK) {
        return code;
    }
    if (count <= 1) {
        *out = first;
        return VT_OK;
    }
    return join_segments(arena, element->body, len, out);
}

/* ---- small values ---- */

enum vt_code vt_der_small(struct vt_bytes body, uint32_t *out)
{
    struct vt_bytes digits = vt_der_trim_integer(body);
    uint32_t value = 0;

    if (digits.len == 0 || digits.len > 4 || (body.ptr[0] & 0x80) != 0 ||
        (digits.len == 4 && digits.ptr[0] > 0x7f)) {
        return VT_E_FORMAT;
    }
    for (size_t i = 0; i < digits.len; i++) {
        value = (value << 8) | digits.ptr[i];
    }
    *out = value;
    return VT_OK;
}

struct vt_bytes vt_der_trim_integer(struct vt_bytes body)
{
    while (body.len > 1 && body.ptr[0] == 0) {
        body = vt_bytes_slice(body, 1, body.len - 1);
    }
    return body;
}

size_t vt_der_header(uint8_t out[6], uint8_t tag, size_t len)
{
    size_t octets = 0;

    out[0] = tag;
    if (len < 0x80) {
        out[1] = (uint8_t)len;
        return 2;
    }
    for (size_t left = len; left > 0; left >>= 8) {
        octets++;
    }
    out[1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++) {
        out[2 + i] = (uint8_t)(len >> (8 * (octets - 1 - i)));
    }
    return 2 + octets;
}
