/* SPDX-License-Identifier: Apache-2.0
 * What kind of CMS some bytes are, in DER or BER, or in base64 or PEM of it. */
#include "vanthu/verify.h"

#include "verify/cms.h"
#include "verify/der.h"
#include "verify/oid.h"

#define PEM_BEGIN VT_BYTES("-----BEGIN ")
#define PEM_DASHES VT_BYTES("-----")
/* A text before the PEM block is looked through this far. */
#define MAX_PREAMBLE_BYTES 4096

static struct vt_bytes trim(struct vt_bytes text)
{
    while (text.len > 0 && text.ptr[0] <= ' ')
        text = vt_bytes_slice(text, 1, text.len - 1);
    while (text.len > 0 && text.ptr[text.len - 1] <= ' ')
        text = vt_bytes_slice(text, 0, text.len - 1);
    return text;
}

/* The base64 between "-----BEGIN CMS-----" (or PKCS7, or PKCS #7 SIGNED DATA) and its end
 * (RFC 7468 8 and 9); the empty view when there is none. */
static struct vt_bytes pem_body(struct vt_bytes text)
{
    const struct vt_bytes none = {0};
    size_t begin = vt_bytes_find(vt_bytes_slice(text, 0, MAX_PREAMBLE_BYTES), PEM_BEGIN, 0);
    if (begin == SIZE_MAX)
        return none;
    size_t label = begin + PEM_BEGIN.len;
    size_t label_end = vt_bytes_find(text, PEM_DASHES, label);
    if (label_end == SIZE_MAX)
        return none;
    struct vt_bytes name = vt_bytes_slice(text, label, label_end - label);
    if (!vt_bytes_equal(name, VT_BYTES("CMS")) && !vt_bytes_starts_with(name, VT_BYTES("PKCS7")) &&
        !vt_bytes_starts_with(name, VT_BYTES("PKCS #7")))
        return none;
    size_t body = label_end + PEM_DASHES.len;
    size_t body_end = vt_bytes_find(text, VT_BYTES("-----END "), body);
    return body_end == SIZE_MAX ? none : vt_bytes_slice(text, body, body_end - body);
}

/* DER of bytes that are text. VT_E_NOT_FOUND: they are not. */
static enum vt_code decode_text(struct vt_arena *arena, struct vt_bytes bytes, struct vt_bytes *out)
{
    struct vt_bytes text = trim(bytes);
    struct vt_bytes body = pem_body(text);
    if (body.len == 0)
        body = text;
    /* base64 of a SEQUENCE of more than 127 bytes, or of indefinite length: 0x30 0x8… */
    body = trim(body);
    if (!vt_bytes_starts_with(body, VT_BYTES("MI")))
        return VT_E_NOT_FOUND;
    return vt_base64_decode(arena, body, out);
}

/* The type alone, so that a cut CMS is still known for one. */
static bool read_type(struct vt_bytes bytes, struct vt_bytes *out_type)
{
    struct vt_der oid;
    if (bytes.len < 2 || bytes.ptr[0] != VT_DER_SEQUENCE)
        return false;
    size_t length_octets = bytes.ptr[1] > 0x80 ? bytes.ptr[1] & 0x7fu : 0;
    if (length_octets > 4)
        return false;
    struct vt_bytes rest = vt_bytes_slice(bytes, 2 + length_octets, bytes.len);
    if (vt_der_expect(&rest, VT_DER_OID, &oid) != VT_OK)
        return false;
    *out_type = oid.body;
    return true;
}

static enum vt_cms_kind kind_of(struct vt_bytes type)
{
    if (vt_bytes_equal(type, VT_OID_SIGNED_DATA))
        return VT_CMS_SIGNED;
    if (vt_bytes_equal(type, VT_OID_ENVELOPED_DATA) ||
        vt_bytes_equal(type, VT_OID_AUTH_ENVELOPED_DATA) ||
        vt_bytes_equal(type, VT_OID_ENCRYPTED_DATA) ||
        vt_bytes_equal(type, VT_OID_SIGNED_AND_ENVELOPED_DATA))
        return VT_CMS_ENCRYPTED;
    if (vt_bytes_equal(type, VT_OID_DATA) || vt_bytes_equal(type, VT_OID_DIGESTED_DATA) ||
        vt_bytes_equal(type, VT_OID_AUTHENTICATED_DATA) ||
        vt_bytes_equal(type, VT_OID_COMPRESSED_DATA))
        return VT_CMS_OTHER;
    return VT_CMS_NOT;
}

/* SignedData with eContent: only the head is read, nothing is joined. */
static bool has_content(struct vt_bytes bytes)
{
    struct vt_bytes type;
    struct vt_bytes content;
    struct vt_der data;
    struct vt_der element;
    struct vt_der info;
    if (vt_cms_open(&bytes, &type, &content) != VT_OK ||
        vt_der_expect(&content, VT_DER_SEQUENCE, &data) != VT_OK ||
        vt_der_expect(&data.body, VT_DER_INTEGER, &element) != VT_OK ||
        vt_der_expect(&data.body, VT_DER_SET, &element) != VT_OK ||
        vt_der_expect(&data.body, VT_DER_SEQUENCE, &info) != VT_OK ||
        vt_der_expect(&info.body, VT_DER_OID, &element) != VT_OK)
        return false;
    return vt_der_peek(info.body) == VT_DER_CONTEXT_CONSTRUCTED(0);
}

enum vt_cms_kind vt_verify_identify_cms(struct vt_arena *arena, struct vt_bytes bytes,
                                        struct vt_bytes *out_der, bool *out_has_content)
{
    struct vt_bytes der = bytes;
    struct vt_bytes type;

    *out_der = bytes;
    *out_has_content = false;
    if (!read_type(bytes, &type) &&
        (decode_text(arena, bytes, &der) != VT_OK || !read_type(der, &type)))
        return VT_CMS_NOT;
    enum vt_cms_kind kind = kind_of(type);
    if (kind == VT_CMS_NOT)
        return VT_CMS_NOT;
    *out_der = der;
    *out_has_content = kind == VT_CMS_SIGNED && has_content(der);
    return kind;
}
