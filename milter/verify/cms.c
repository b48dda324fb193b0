/* SPDX-License-Identifier: Apache-2.0
 * Reading SignedData by views (RFC 5652). BER is accepted where the standard allows it. */
#include "verify/cms.h"

#include "verify/der.h"
#include "verify/oid.h"

/* ---- ContentInfo ---- */

enum vt_code vt_cms_open(struct vt_bytes *rest, struct vt_bytes *out_type,
                         struct vt_bytes *out_content)
{
    struct vt_der info;
    struct vt_der type;
    struct vt_der content;
    enum vt_code code = vt_der_expect(rest, VT_DER_SEQUENCE, &info);
    if (code != VT_OK)
        return code;
    if (vt_der_expect(&info.body, VT_DER_OID, &type) != VT_OK)
        return VT_E_FORMAT;
    code = vt_der_expect(&info.body, VT_DER_CONTEXT_CONSTRUCTED(0), &content);
    if (code != VT_OK)
        return code;
    if (info.body.len != 0)
        return VT_E_FORMAT;
    *out_type = type.body;
    *out_content = content.body;
    return VT_OK;
}

/* ---- EncapsulatedContentInfo ---- */

/* PKCS #7 1.5 had ANY where CMS has an OCTET STRING; of that the content octets are what is signed
 * (RFC 5652 5.2.1). The types that CMS itself defines have always been strings. */
static bool may_be_any(struct vt_bytes type)
{
    return !vt_bytes_equal(type, VT_OID_DATA) && !vt_bytes_equal(type, VT_OID_TST_INFO);
}

/* EncapsulatedContentInfo ::= SEQUENCE { eContentType OID, eContent [0] EXPLICIT OCTET STRING
 * OPTIONAL } (RFC 5652 5.2) */
static enum vt_code read_content(struct vt_arena *arena, struct vt_bytes body, struct vt_cms *out,
                                 struct vt_err *err)
{
    struct vt_der type;
    struct vt_der wrapper;
    struct vt_der value;
    if (vt_der_expect(&body, VT_DER_OID, &type) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "encapContentInfo has no eContentType");
    out->content_type = type.body;
    if (vt_der_optional(&body, VT_DER_CONTEXT_CONSTRUCTED(0), &wrapper, &out->has_content) !=
            VT_OK ||
        body.len != 0)
        return vt_err_set(err, VT_E_FORMAT, "encapContentInfo is malformed");
    if (!out->has_content)
        return VT_OK;
    if (vt_der_next(&wrapper.body, &value) != VT_OK || wrapper.body.len != 0)
        return vt_err_set(err, VT_E_FORMAT, "eContent does not hold exactly one value");
    if (value.tag == VT_DER_SEQUENCE && may_be_any(type.body)) {
        out->content = value.body;
        return VT_OK;
    }
    if (value.tag != VT_DER_OCTET_STRING && value.tag != VT_DER_CONSTRUCTED_OCTET_STRING)
        return vt_err_set(err, VT_E_FORMAT, "eContent is not an OCTET STRING");
    enum vt_code code = vt_der_octets(arena, &value, &out->content);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "eContent cannot be joined");
}

/* ---- SignerInfo ---- */

static enum vt_code read_algorithm(struct vt_bytes *rest, struct vt_algorithm *out)
{
    struct vt_der sequence;
    if (vt_der_expect(rest, VT_DER_SEQUENCE, &sequence) != VT_OK)
        return VT_E_FORMAT;
    return vt_algorithm_parse(sequence.body, out);
}

/* SignerIdentifier ::= CHOICE { issuerAndSerialNumber SEQUENCE { issuer Name, serialNumber
 * INTEGER }, subjectKeyIdentifier [0] OCTET STRING } (RFC 5652 5.3) */
static enum vt_code read_signer_id(struct vt_arena *arena, struct vt_bytes *rest,
                                   struct vt_cms_signer *out)
{
    struct vt_der id;
    struct vt_der issuer;
    struct vt_der serial;
    if (vt_der_next(rest, &id) != VT_OK)
        return VT_E_FORMAT;
    if (id.tag == VT_DER_CONTEXT(0) || id.tag == VT_DER_CONTEXT_CONSTRUCTED(0)) {
        out->by_key_id = true;
        return vt_der_octets(arena, &id, &out->key_id);
    }
    if (id.tag != VT_DER_SEQUENCE || vt_der_expect(&id.body, VT_DER_SEQUENCE, &issuer) != VT_OK ||
        vt_der_expect(&id.body, VT_DER_INTEGER, &serial) != VT_OK || id.body.len != 0)
        return VT_E_FORMAT;
    out->issuer = issuer.raw;
    out->serial = serial.body;
    return VT_OK;
}

/* SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] IMPLICIT OPTIONAL,
 * signatureAlgorithm, signature OCTET STRING, unsignedAttrs [1] IMPLICIT OPTIONAL } */
static enum vt_code read_signer(struct vt_arena *arena, struct vt_bytes rest,
                                struct vt_cms_signer *out)
{
    struct vt_der version;
    struct vt_der signed_attributes;
    struct vt_der signature;
    struct vt_der unsigned_attributes;
    bool has_unsigned;
    struct vt_bytes whole = rest;

    if (vt_der_expect(&rest, VT_DER_INTEGER, &version) != VT_OK)
        return VT_E_FORMAT;
    enum vt_code code = read_signer_id(arena, &rest, out);
    if (code != VT_OK)
        return code;
    if (read_algorithm(&rest, &out->digest) != VT_OK ||
        vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(0), &signed_attributes,
                        &out->has_signed_attributes) != VT_OK ||
        read_algorithm(&rest, &out->signature) != VT_OK || vt_der_next(&rest, &signature) != VT_OK)
        return VT_E_FORMAT;
    if (signature.tag != VT_DER_OCTET_STRING && signature.tag != VT_DER_CONSTRUCTED_OCTET_STRING)
        return VT_E_FORMAT;
    if (out->has_signed_attributes) {
        out->signed_attributes_raw = signed_attributes.raw;
        out->signed_attributes = signed_attributes.body;
    }
    code = vt_der_octets(arena, &signature, &out->signature_value);
    if (code != VT_OK)
        return code;
    out->head = vt_bytes_slice(whole, 0, whole.len - rest.len);
    if (vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(1), &unsigned_attributes,
                        &has_unsigned) != VT_OK ||
        rest.len != 0)
        return VT_E_FORMAT;
    if (has_unsigned)
        out->unsigned_attributes = unsigned_attributes.body;
    return VT_OK;
}

static enum vt_code read_signers(struct vt_arena *arena, struct vt_bytes rest, struct vt_cms *out,
                                 struct vt_err *err)
{
    struct vt_der info;
    enum vt_code code;
    while ((code = vt_der_next(&rest, &info)) == VT_OK) {
        size_t index = out->signers_count++;
        if (index >= VT_MAX_SIGNERS)
            continue;
        code = info.tag == VT_DER_SEQUENCE ? read_signer(arena, info.body, &out->signers[index])
                                           : VT_E_FORMAT;
        if (code != VT_OK)
            return vt_err_set(err, code, "SignerInfo %zu is malformed", index + 1);
    }
    if (code != VT_E_NOT_FOUND)
        return vt_err_set(err, code, "signerInfos is malformed");
    return VT_OK;
}

/* ---- SignedData ---- */

/* SignedData ::= SEQUENCE { version, digestAlgorithms SET OF, encapContentInfo, certificates [0]
 * IMPLICIT OPTIONAL, crls [1] IMPLICIT OPTIONAL, signerInfos SET OF } (RFC 5652 5.1) */
static enum vt_code read_signed_data(struct vt_arena *arena, struct vt_bytes rest,
                                     struct vt_cms *out, struct vt_err *err)
{
    struct vt_der version;
    struct vt_der digests;
    struct vt_der content;
    struct vt_der certificates = {0};
    struct vt_der revocations = {0};
    struct vt_der signers;
    bool present;

    if (vt_der_expect(&rest, VT_DER_INTEGER, &version) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SET, &digests) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &content) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "the head of SignedData is malformed");
    enum vt_code code = read_content(arena, content.body, out, err);
    if (code != VT_OK)
        return code;
    if (vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(0), &certificates, &present) != VT_OK ||
        vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(1), &revocations, &present) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "certificates or crls of SignedData are malformed");
    out->content_info_raw = content.raw;
    out->certificates = certificates.body;
    out->certificates_raw = certificates.raw;
    out->revocations = revocations.body;
    out->revocations_raw = revocations.raw;
    if (vt_der_expect(&rest, VT_DER_SET, &signers) != VT_OK || rest.len != 0)
        return vt_err_set(err, VT_E_FORMAT, "signerInfos of SignedData is malformed");
    return read_signers(arena, signers.body, out, err);
}

/* Zeros are the padding of a PDF /Contents string, line ends come with transport. */
static bool is_padding(uint8_t byte)
{
    return byte == 0 || byte == '\r' || byte == '\n';
}

/* From the first byte that is no padding to the last one. */
static size_t count_trailing(struct vt_bytes rest)
{
    size_t first = 0, end = rest.len;
    while (end > 0 && is_padding(rest.ptr[end - 1]))
        end--;
    while (first < end && is_padding(rest.ptr[first]))
        first++;
    return end - first;
}

enum vt_code vt_cms_parse(struct vt_arena *arena, struct vt_bytes bytes, struct vt_cms *out,
                          struct vt_err *err)
{
    struct vt_bytes rest = bytes;
    struct vt_bytes type;
    struct vt_bytes content;
    struct vt_der signed_data;

    *out = (struct vt_cms){0};
    enum vt_code code = vt_cms_open(&rest, &type, &content);
    if (code != VT_OK)
        return vt_err_set(err, code, "the bytes are not a CMS ContentInfo (RFC 5652 3)");
    if (!vt_bytes_equal(type, VT_OID_SIGNED_DATA))
        return vt_err_set(err, VT_E_UNSUPPORTED, "the CMS is not a SignedData");
    if (vt_der_whole(content, VT_DER_SEQUENCE, &signed_data) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "the content of the CMS is not a SignedData");
    code = read_signed_data(arena, signed_data.body, out, err);
    if (code != VT_OK)
        return code;
    if (bytes.len - out->content.len > VT_MAX_CMS_BYTES && bytes.len > VT_MAX_CMS_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the CMS is larger than %u bytes", VT_MAX_CMS_BYTES);
    out->trailing_bytes = count_trailing(rest);
    return VT_OK;
}

/* ---- attributes ---- */

/* X.690 11.6: the encodings in ascending order, a shorter one padded with zero octets. */
static bool is_before_or_equal(struct vt_bytes a, struct vt_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < common; i++) {
        if (a.ptr[i] != b.ptr[i])
            return a.ptr[i] < b.ptr[i];
    }
    return a.len <= b.len;
}

static enum vt_code read_attribute(const struct vt_der *element, struct vt_attribute *out)
{
    struct vt_bytes rest = element->body;
    struct vt_der oid;
    struct vt_der values;
    if (element->tag != VT_DER_SEQUENCE || vt_der_expect(&rest, VT_DER_OID, &oid) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SET, &values) != VT_OK || rest.len != 0)
        return VT_E_FORMAT;
    *out = (struct vt_attribute){.oid = oid.body, .values = values.body, .raw = element->raw};
    return VT_OK;
}

enum vt_code vt_attributes_parse(struct vt_bytes body, struct vt_attributes *out)
{
    struct vt_der element;
    enum vt_code code;

    out->count = 0;
    out->is_sorted = true;
    while ((code = vt_der_next(&body, &element)) == VT_OK) {
        if (out->count == VT_MAX_ATTRIBUTES)
            return VT_E_LIMIT;
        struct vt_attribute *attribute = &out->items[out->count];
        if (read_attribute(&element, attribute) != VT_OK)
            return VT_E_FORMAT;
        if (out->count > 0 && !is_before_or_equal(attribute[-1].raw, attribute->raw))
            out->is_sorted = false;
        out->count++;
    }
    return code == VT_E_NOT_FOUND ? VT_OK : code;
}

const struct vt_attribute *vt_attributes_find(const struct vt_attributes *attributes,
                                              struct vt_bytes oid, size_t *out_count)
{
    const struct vt_attribute *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < attributes->count; i++) {
        if (!vt_bytes_equal(attributes->items[i].oid, oid))
            continue;
        if (count++ == 0)
            first = &attributes->items[i];
    }
    if (out_count != NULL)
        *out_count = count;
    return first;
}

enum vt_code vt_attribute_single(const struct vt_attribute *attribute, struct vt_der *out)
{
    struct vt_bytes rest = attribute->values;
    if (vt_der_next(&rest, out) != VT_OK || rest.len != 0)
        return VT_E_FORMAT;
    return VT_OK;
}
