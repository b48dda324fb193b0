/* SPDX-License-Identifier: Apache-2.0
 * The strict check of signed attributes, by our own reader: whoever has taken over a gateway must
 * not get a time stamp token, a certificate, a TLS handshake or another office's seal signed. */
#include "seal/attributes.h"

#include <string.h>

#include <openssl/rand.h>

#include "seal/hash.h"
#include "vanthu/clock.h"
#include "verify/der.h"

/* Content octets of the OBJECT IDENTIFIERs. */
static const uint8_t content_type_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03};
static const uint8_t digest_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04};
static const uint8_t time_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05};
static const uint8_t capabilities_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0f};
static const uint8_t certificate_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                          0x01, 0x09, 0x10, 0x02, 0x2f};
static const uint8_t protection_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x34};
static const uint8_t data_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t sha_oids[VT_SEAL_HASHES][9] = {
    [VT_SEAL_SHA256] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01},
    [VT_SEAL_SHA384] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02},
    [VT_SEAL_SHA512] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}};

#define OID(bytes) vt_bytes_of(bytes, sizeof(bytes))

/* What is checked against. */
struct check {
    struct vt_bytes certificate;
    enum vt_seal_hash hash;
    int64_t now_utc_secs;
};

typedef enum vt_code read_value(const struct check *check, const struct vt_der *value,
                                struct vt_err *err);

static enum vt_code not_this(struct vt_err *err, const char *why)
{
    return vt_err_set(err, VT_E_FORMAT, "this is not signed: %s", why);
}

/* DER has one form for each length; the reader takes BER, too. */
static bool is_der(const struct vt_der *element)
{
    uint8_t header[6];
    size_t len = vt_der_header(header, element->tag, element->body.len);
    return element->raw.len == len + element->body.len &&
           memcmp(header, element->raw.ptr, len) == 0;
}

static enum vt_code next(struct vt_bytes *rest, unsigned tag, struct vt_der *out)
{
    enum vt_code code = vt_der_expect(rest, tag, out);
    return code == VT_OK && !is_der(out) ? VT_E_FORMAT : code;
}

static enum vt_code read_content_type(const struct check *check, const struct vt_der *value,
                                      struct vt_err *err)
{
    (void)check;
    if (value->tag == VT_DER_OID && vt_bytes_equal(value->body, OID(data_oid)))
        return VT_OK;
    return not_this(err, "its content-type is not id-data");
}

static enum vt_code read_digest(const struct check *check, const struct vt_der *value,
                                struct vt_err *err)
{
    if (value->tag == VT_DER_OCTET_STRING && value->body.len == vt_seal_digest_bytes(check->hash))
        return VT_OK;
    return not_this(err, "its message-digest is not one of the hash of the key");
}

static enum vt_code read_time(const struct check *check, const struct vt_der *value,
                              struct vt_err *err)
{
    int64_t time = VT_TIME_NONE;
    bool is_general = value->tag == VT_DER_GENERALIZED_TIME;
    if ((!is_general && value->tag != VT_DER_UTC_TIME) ||
        vt_time_parse_asn1(value->body, is_general, &time) != VT_OK)
        return not_this(err, "its signing-time cannot be read");
    if (time < check->now_utc_secs - VT_SEAL_MAX_TIME_OFF_SECS ||
        time > check->now_utc_secs + VT_SEAL_MAX_TIME_OFF_SECS)
        return not_this(err, "its signing-time is not now");
    return VT_OK;
}

/* Any SEQUENCE: what S/MIME clients say of themselves, or which algorithms were meant. */
static enum vt_code read_sequence(const struct check *check, const struct vt_der *value,
                                  struct vt_err *err)
{
    (void)check;
    return value->tag == VT_DER_SEQUENCE ? VT_OK : not_this(err, "an attribute has a wrong form");
}

/* hashAlgorithm AlgorithmIdentifier DEFAULT {algorithm id-sha256} */
static bool read_hash_algorithm(struct vt_bytes *rest, enum vt_seal_hash *out)
{
    struct vt_der algorithm, oid;
    *out = VT_SEAL_SHA256;
    if (vt_der_peek(*rest) != VT_DER_SEQUENCE)
        return true;
    if (next(rest, VT_DER_SEQUENCE, &algorithm) != VT_OK ||
        next(&algorithm.body, VT_DER_OID, &oid) != VT_OK)
        return false;
    for (unsigned i = 0; i < VT_SEAL_HASHES; i++)
        if (vt_bytes_equal(oid.body, OID(sha_oids[i]))) {
            *out = (enum vt_seal_hash)i;
            return true;
        }
    return false;
}

/* SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies … OPTIONAL } */
static enum vt_code read_certificate(const struct check *check, const struct vt_der *value,
                                     struct vt_err *err)
{
    struct vt_bytes rest = value->body;
    struct vt_der certs, first, digest;
    enum vt_seal_hash hash;
    uint8_t own[VT_SEAL_MAX_DIGEST_BYTES];
    if (value->tag != VT_DER_SEQUENCE || next(&rest, VT_DER_SEQUENCE, &certs) != VT_OK ||
        next(&certs.body, VT_DER_SEQUENCE, &first) != VT_OK ||
        !read_hash_algorithm(&first.body, &hash) ||
        next(&first.body, VT_DER_OCTET_STRING, &digest) != VT_OK)
        return not_this(err, "its signing-certificate-v2 cannot be read");
    size_t len = vt_seal_digest(hash, check->certificate, own);
    if (len == 0 || !vt_bytes_equal(digest.body, vt_bytes_of(own, len)))
        return not_this(err, "its signing-certificate-v2 names another certificate");
    return VT_OK;
}

static const struct {
    const uint8_t *oid;
    size_t oid_len;
    bool is_required;
    read_value *read;
} kinds[] = {
    {content_type_oid, sizeof(content_type_oid), true, read_content_type},
    {digest_oid, sizeof(digest_oid), true, read_digest},
    {certificate_oid, sizeof(certificate_oid), true, read_certificate},
    {time_oid, sizeof(time_oid), false, read_time},
    {protection_oid, sizeof(protection_oid), false, read_sequence},
    {capabilities_oid, sizeof(capabilities_oid), false, read_sequence},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue } */
static enum vt_code read_attribute(const struct check *check, const struct vt_der *attribute,
                                   bool seen[KINDS], struct vt_err *err)
{
    struct vt_bytes rest = attribute->body;
    struct vt_der oid, values, value;
    if (next(&rest, VT_DER_OID, &oid) != VT_OK || next(&rest, VT_DER_SET, &values) != VT_OK ||
        rest.len != 0 || vt_der_next(&values.body, &value) != VT_OK || !is_der(&value) ||
        values.body.len != 0)
        return not_this(err, "an attribute has a wrong form, or not one value");
    for (size_t i = 0; i < KINDS; i++) {
        if (!vt_bytes_equal(oid.body, vt_bytes_of(kinds[i].oid, kinds[i].oid_len)))
            continue;
        if (seen[i])
            return not_this(err, "an attribute stands twice");
        seen[i] = true;
        return kinds[i].read(check, &value, err);
    }
    return not_this(err, "it has an attribute that is not expected");
}

/* X.690 11.6: in ascending order as padded octet strings. */
static bool is_ordered(struct vt_bytes before, struct vt_bytes after)
{
    size_t len = before.len < after.len ? before.len : after.len;
    int order = len == 0 ? 0 : memcmp(before.ptr, after.ptr, len);
    return order < 0 || (order == 0 && before.len < after.len);
}

enum vt_code vt_seal_attributes_check(struct vt_bytes bytes, struct vt_bytes certificate,
                                      enum vt_seal_hash hash, int64_t now_utc_secs,
                                      struct vt_err *err)
{
    const struct check check = {certificate, hash, now_utc_secs};
    bool seen[KINDS] = {false};
    struct vt_der set, attribute;
    struct vt_bytes before = {0};
    if (bytes.len > VT_MAX_SEAL_ATTRIBUTES_BYTES ||
        vt_der_whole(bytes, VT_DER_SET, &set) != VT_OK || !is_der(&set))
        return not_this(err, "it is no set of attributes in DER");
    while (set.body.len > 0) {
        if (next(&set.body, VT_DER_SEQUENCE, &attribute) != VT_OK ||
            (before.len > 0 && !is_ordered(before, attribute.raw)))
            return not_this(err, "it is no set of attributes in DER");
        before = attribute.raw;
        enum vt_code code = read_attribute(&check, &attribute, seen, err);
        if (code != VT_OK)
            return code;
    }
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].is_required && !seen[i])
            return not_this(err,
                            "content-type, message-digest or signing-certificate-v2 is missing");
    return VT_OK;
}

/* ---- for a probe ---- */

/* Put what is in inner into an element of this tag. */
static enum vt_code wrap(struct vt_buf *out, uint8_t tag, struct vt_bytes inner)
{
    uint8_t header[6];
    size_t len = vt_der_header(header, tag, inner.len);
    enum vt_code code = vt_buf_add(out, header, len);
    return code == VT_OK ? vt_buf_add(out, inner.ptr, inner.len) : code;
}

static enum vt_code wrap_again(struct vt_buf *buf, uint8_t tag)
{
    struct vt_buf outer;
    vt_buf_init(&outer, buf->max);
    enum vt_code code = wrap(&outer, tag, vt_buf_bytes(buf));
    vt_buf_clear(buf);
    *buf = outer;
    return code;
}

static enum vt_code add_attribute(struct vt_buf *out, struct vt_bytes oid, struct vt_buf *value)
{
    struct vt_buf inner;
    vt_buf_init(&inner, out->max);
    enum vt_code code = wrap_again(value, VT_DER_SET);
    if (code == VT_OK)
        code = wrap(&inner, VT_DER_OID, oid);
    if (code == VT_OK)
        code = vt_buf_add(&inner, value->ptr, value->len);
    if (code == VT_OK)
        code = wrap(out, VT_DER_SEQUENCE, vt_buf_bytes(&inner));
    vt_buf_clear(&inner);
    vt_buf_clear(value);
    return code;
}

/* ESSCertIDv2 with the default hash: three SEQUENCEs around the digest. */
static enum vt_code add_certificate(struct vt_buf *out, struct vt_bytes certificate,
                                    struct vt_buf *value)
{
    uint8_t digest[VT_SEAL_MAX_DIGEST_BYTES];
    size_t len = vt_seal_digest(VT_SEAL_SHA256, certificate, digest);
    enum vt_code code = wrap(value, VT_DER_OCTET_STRING, vt_bytes_of(digest, len));
    for (unsigned i = 0; code == VT_OK && i < 3; i++)
        code = wrap_again(value, VT_DER_SEQUENCE);
    return code == VT_OK ? add_attribute(out, OID(certificate_oid), value) : code;
}

/* Their order by length is their order in DER. */
enum vt_code vt_seal_attributes_probe(struct vt_bytes certificate, enum vt_seal_hash hash,
                                      struct vt_buf *out, struct vt_err *err)
{
    uint8_t random[VT_SEAL_MAX_DIGEST_BYTES];
    struct vt_buf value;
    vt_buf_init(&value, out->max);
    enum vt_code code = RAND_bytes(random, sizeof(random)) == 1 ? VT_OK : VT_E_INTERNAL;
    if (code == VT_OK)
        code = wrap(&value, VT_DER_OID, OID(data_oid));
    if (code == VT_OK)
        code = add_attribute(out, OID(content_type_oid), &value);
    if (code == VT_OK)
        code = wrap(&value, VT_DER_OCTET_STRING, vt_bytes_of(random, vt_seal_digest_bytes(hash)));
    if (code == VT_OK && hash == VT_SEAL_SHA256)
        code = add_attribute(out, OID(digest_oid), &value);
    struct vt_buf digest = value;
    vt_buf_init(&value, out->max);
    if (code == VT_OK)
        code = add_certificate(out, certificate, &value);
    if (code == VT_OK && hash != VT_SEAL_SHA256)
        code = add_attribute(out, OID(digest_oid), &digest);
    vt_buf_clear(&value);
    vt_buf_clear(&digest);
    if (code == VT_OK)
        code = wrap_again(out, VT_DER_SET);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "no memory for a probe");
}
