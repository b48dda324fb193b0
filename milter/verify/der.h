/* SPDX-License-Identifier: Apache-2.0
 * A bounded reader of BER and DER over views (X.690): nothing is copied, nothing recurses. */
#ifndef VANTHU_VERIFY_DER_H
#define VANTHU_VERIFY_DER_H

#include "vanthu/bytes.h"

/* Indefinite lengths inside each other. CMS needs six. */
#define VT_DER_MAX_DEPTH 32
/* Constructed OCTET STRINGs inside each other; real encoders use one level. */
#define VT_DER_MAX_SEGMENT_DEPTH 8

enum vt_der_tag {
    VT_DER_BOOLEAN = 0x01,
    VT_DER_INTEGER = 0x02,
    VT_DER_BIT_STRING = 0x03,
    VT_DER_OCTET_STRING = 0x04,
    VT_DER_NULL = 0x05,
    VT_DER_OID = 0x06,
    VT_DER_UTF8_STRING = 0x0c,
    VT_DER_UTC_TIME = 0x17,
    VT_DER_GENERALIZED_TIME = 0x18,
    VT_DER_SEQUENCE = 0x30,
    VT_DER_SET = 0x31,
    VT_DER_CONSTRUCTED_OCTET_STRING = 0x24
};
/* Context-specific tags, primitive and constructed. */
#define VT_DER_CONTEXT(number) (0x80 | (number))
#define VT_DER_CONTEXT_CONSTRUCTED(number) (0xa0 | (number))

/* One element. Views of the input. */
struct vt_der {
    uint8_t tag;          /* the identifier octet: class, constructed bit and number */
    struct vt_bytes raw;  /* header, content, and the end of an indefinite length */
    struct vt_bytes body; /* content octets */
};

/* Take the next element off *rest. On failure *rest and *out are unchanged.
 * VT_E_NOT_FOUND: rest is empty. VT_E_FORMAT: malformed, cut short, high tag number, or a
 * primitive of indefinite length. VT_E_LIMIT: nested deeper than VT_DER_MAX_DEPTH. */
enum vt_code vt_der_next(struct vt_bytes *rest, struct vt_der *out) VT_MUST_CHECK;
/* The same, but the element must have this tag; VT_E_FORMAT otherwise, also when rest is empty. */
enum vt_code vt_der_expect(struct vt_bytes *rest, unsigned tag, struct vt_der *out) VT_MUST_CHECK;
/* An OPTIONAL element: taken when the next has this tag, else *out_present is false. */
enum vt_code vt_der_optional(struct vt_bytes *rest, unsigned tag, struct vt_der *out,
                             bool *out_present) VT_MUST_CHECK;
/* The one element that fills bytes to their end. */
enum vt_code vt_der_whole(struct vt_bytes bytes, unsigned tag, struct vt_der *out) VT_MUST_CHECK;
/* The identifier octet of what comes next, 0 when there is nothing. */
unsigned vt_der_peek(struct vt_bytes rest);

/* Content of an OCTET STRING; a constructed one (X.690 8.7.3) of more than one segment is joined
 * in arena. VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_der_octets(struct vt_arena *arena, const struct vt_der *element,
                           struct vt_bytes *out) VT_MUST_CHECK;
/* A non-negative INTEGER up to INT32_MAX from its content octets. */
enum vt_code vt_der_small(struct vt_bytes body, uint32_t *out) VT_MUST_CHECK;
/* Content octets of an INTEGER without a redundant leading zero octet: two encodings of one
 * positive value compare equal. */
struct vt_bytes vt_der_trim_integer(struct vt_bytes body);
/* Write identifier and definite length of a body of len bytes; out has room for 6. Returns the
 * number of bytes. */
size_t vt_der_header(uint8_t out[6], uint8_t tag, size_t len);

#endif
