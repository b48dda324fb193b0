/* SPDX-License-Identifier: Apache-2.0
 * CMS SignedData (RFC 5652) with one signer whose key is elsewhere. Written element by element:
 * signing-time can be left out (PAdES), the bytes are the same each time, and a large content needs
 * no copy inside of a library. */
#include "seal/cms.h"

#include <string.h>

#include <openssl/x509.h>

#include "seal/der_write.h"
#include "seal/hash.h"
#include "vanthu/evidence.h"
#include "vanthu/limits.h"
#include "verify/der.h"
#include "verify/oid.h"

#define OID_RSA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define OID_RSA_PSS VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
#define DER_NULL VT_BYTES("\x05\x00")

/* id-sha*: NIST; ecdsa-with-SHA*: RFC 5754 3.3. */
static const struct {
    const char *micalg;
    const char *oid;
    const char *ecdsa_oid;
} hashes[VT_SEAL_HASHES] = {
    [VT_SEAL_SHA256] = {"sha-256", "\x60\x86\x48\x01\x65\x03\x04\x02\x01",
                        "\x2a\x86\x48\xce\x3d\x04\x03\x02"},
    [VT_SEAL_SHA384] = {"sha-384", "\x60\x86\x48\x01\x65\x03\x04\x02\x02",
                        "\x2a\x86\x48\xce\x3d\x04\x03\x03"},
    [VT_SEAL_SHA512] = {"sha-512", "\x60\x86\x48\x01\x65\x03\x04\x02\x03",
                        "\x2a\x86\x48\xce\x3d\x04\x03\x04"},
};

const char *vt_seal_hash_micalg(enum vt_seal_hash hash)
{
    return (unsigned)hash < VT_SEAL_HASHES ? hashes[hash].micalg : "";
}

static struct vt_bytes hash_oid(enum vt_seal_hash hash)
{
    return vt_bytes_str(hashes[hash].oid);
}

/* ---- the chain ---- */

/* Certificate ::= SEQUENCE { tbsCertificate, … }
 * TBSCertificate ::= SEQUENCE { version [0] OPTIONAL, serialNumber, signature, issuer Name, … } */
static enum vt_code read_issuer(struct vt_bytes certificate, struct vt_bytes *out_issuer,
                                struct vt_bytes *out_serial)
{
    struct vt_der whole, tbs, element;
    bool has_version = false;
    enum vt_code code = vt_der_whole(certificate, VT_DER_SEQUENCE, &whole);
    struct vt_bytes rest = code == VT_OK ? whole.body : certificate;
    if (code != VT_OK || vt_der_expect(&rest, VT_DER_SEQUENCE, &tbs) != VT_OK)
        return VT_E_FORMAT;
    rest = tbs.body;
    if (vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(0), &element, &has_version) != VT_OK ||
        vt_der_expect(&rest, VT_DER_INTEGER, &element) != VT_OK)
        return VT_E_FORMAT;
    *out_serial = element.raw;
    if (vt_der_expect(&rest, VT_DER_SEQUENCE, &element) != VT_OK ||
        vt_der_expect(&rest, VT_DER_SEQUENCE, &element) != VT_OK)
        return VT_E_FORMAT;
    *out_issuer = element.raw;
    return VT_OK;
}

/* certificates [0] IMPLICIT CertificateSet: the whole chain, in the order of DER. */
static enum vt_code split_chain(struct vt_der_writer *writer, struct vt_bytes chain,
                                struct vt_seal_cms *out, struct vt_err *err)
{
    struct vt_bytes certificates[VT_MAX_PATH];
    size_t count = 0;
    if (chain.len > VT_MAX_SEAL_CHAIN_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the chain of the seal has more than %u bytes",
                          VT_MAX_SEAL_CHAIN_BYTES);
    while (chain.len > 0) {
        struct vt_der element;
        if (count == VT_MAX_PATH)
            return vt_err_set(err, VT_E_LIMIT,
                              "the chain of the seal has more than %d certificates", VT_MAX_PATH);
        if (vt_der_expect(&chain, VT_DER_SEQUENCE, &element) != VT_OK)
            return vt_err_set(err, VT_E_FORMAT, "certificate %zu of the seal's chain is no DER",
                              count + 1);
        certificates[count++] = element.raw;
    }
    if (count == 0)
        return vt_err_set(err, VT_E_FORMAT, "the seal has no certificate");
    out->own_certificate = certificates[0];
    out->certificates = vt_der_make_set(writer, VT_DER_CONTEXT_CONSTRUCTED(0), certificates, count);
    return VT_OK;
}

/* ---- algorithms ---- */

/* RSASSA-PSS-params with the same hash in both places and a salt of its length (RFC 4055 3.1). */
static struct vt_bytes pss_parameters(struct vt_der_writer *writer, enum vt_seal_hash hash)
{
    struct vt_bytes algorithm = vt_der_make_algorithm(writer, hash_oid(hash), DER_NULL);
    struct vt_bytes mgf = vt_der_make_algorithm(writer, VT_OID_MGF1, algorithm);
    return VT_DER_MAKE(
        writer, VT_DER_SEQUENCE, VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(0), algorithm),
        VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(1), mgf),
        VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(2),
                    vt_der_make_number(writer, (uint32_t)vt_seal_digest_bytes(hash))));
}

static struct vt_bytes signature_algorithm(struct vt_der_writer *writer,
                                           const struct vt_seal_identity *identity)
{
    switch (identity->scheme) {
    case VT_SEAL_RSA_PKCS1: /* RFC 3370 3.2: every program knows this one */
        return vt_der_make_algorithm(writer, OID_RSA, DER_NULL);
    case VT_SEAL_RSA_PSS:
        return vt_der_make_algorithm(writer, OID_RSA_PSS, pss_parameters(writer, identity->hash));
    case VT_SEAL_ECDSA:
        return vt_der_make_algorithm(writer, vt_bytes_str(hashes[identity->hash].ecdsa_oid),
                                     (struct vt_bytes){0});
    default:
        return (struct vt_bytes){0};
    }
}

/* ---- signed attributes ---- */

static struct vt_bytes attribute(struct vt_der_writer *writer, struct vt_bytes oid,
                                 struct vt_bytes value)
{
    return VT_DER_MAKE(writer, VT_DER_SEQUENCE, VT_DER_MAKE(writer, VT_DER_OID, oid),
                       VT_DER_MAKE(writer, VT_DER_SET, value));
}

/* SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2 } (RFC 5035 3)
 * ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT sha256, certHash OCTET STRING, issuerSerial }
 * IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber } */
static enum vt_code signing_certificate(struct vt_der_writer *writer, struct vt_bytes certificate,
                                        struct vt_bytes issuer, struct vt_bytes serial,
                                        struct vt_bytes *out)
{
    uint8_t digest[VT_SEAL_MAX_DIGEST_BYTES];
    size_t digest_len = vt_seal_digest(VT_SEAL_SHA256, certificate, digest);
    if (digest_len == 0)
        return VT_E_INTERNAL;
    struct vt_bytes name = VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(4), issuer);
    struct vt_bytes issuer_serial =
        VT_DER_MAKE(writer, VT_DER_SEQUENCE, VT_DER_MAKE(writer, VT_DER_SEQUENCE, name), serial);
    struct vt_bytes id = VT_DER_MAKE(
        writer, VT_DER_SEQUENCE,
        VT_DER_MAKE(writer, VT_DER_OCTET_STRING, vt_bytes_of(digest, digest_len)), issuer_serial);
    struct vt_bytes ids = VT_DER_MAKE(writer, VT_DER_SEQUENCE, id);
    *out =
        attribute(writer, VT_OID_SIGNING_CERTIFICATE_V2, VT_DER_MAKE(writer, VT_DER_SEQUENCE, ids));
    return VT_OK;
}

/* CMSAlgorithmProtection ::= SEQUENCE { digestAlgorithm, signatureAlgorithm [1], … } (RFC 6211) */
static struct vt_bytes algorithm_protection(struct vt_der_writer *writer,
                                            const struct vt_seal_cms *cms)
{
    struct vt_der element;
    if (vt_der_whole(cms->signature_algorithm, VT_DER_SEQUENCE, &element) != VT_OK)
        return (struct vt_bytes){0};
    return attribute(writer, VT_OID_ALGORITHM_PROTECTION,
                     VT_DER_MAKE(writer, VT_DER_SEQUENCE, cms->digest_algorithm,
                                 VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(1), element.body)));
}

static enum vt_code make_attributes(struct vt_der_writer *writer,
                                    const struct vt_seal_cms_plan *plan, struct vt_bytes issuer,
                                    struct vt_bytes serial, struct vt_seal_cms *out)
{
    struct vt_bytes items[5];
    size_t count = 0;
    items[count++] =
        attribute(writer, VT_OID_CONTENT_TYPE, VT_DER_MAKE(writer, VT_DER_OID, VT_OID_DATA));
    items[count++] = attribute(writer, VT_OID_MESSAGE_DIGEST,
                               VT_DER_MAKE(writer, VT_DER_OCTET_STRING, plan->content_digest));
    enum vt_code code =
        signing_certificate(writer, out->own_certificate, issuer, serial, &items[count++]);
    if (code != VT_OK)
        return code;
    items[count++] = algorithm_protection(writer, out);
    if (plan->signing_time_utc_secs != VT_TIME_NONE)
        items[count++] = attribute(writer, VT_OID_SIGNING_TIME,
                                   vt_der_make_time(writer, plan->signing_time_utc_secs));
    out->attributes = vt_der_make_set(writer, VT_DER_SET, items, count);
    return VT_OK;
}

enum vt_code vt_seal_cms_prepare(struct vt_arena *arena, const struct vt_seal_cms_plan *plan,
                                 struct vt_seal_cms *out, struct vt_err *err)
{
    const struct vt_seal_identity *identity = plan->identity;
    struct vt_der_writer writer = {.arena = arena};
    struct vt_bytes issuer, serial;
    *out = (struct vt_seal_cms){.scheme = identity->scheme, .hash = identity->hash};
    if ((unsigned)identity->scheme >= VT_SEAL_SCHEMES ||
        (unsigned)identity->hash >= VT_SEAL_HASHES ||
        vt_seal_digest_bytes(identity->hash) != plan->content_digest.len)
        return vt_err_set(err, VT_E_FORMAT, "the digest of the content is not that of the seal");
    enum vt_code code = split_chain(&writer, identity->chain, out, err);
    if (code != VT_OK)
        return code;
    if (read_issuer(out->own_certificate, &issuer, &serial) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "the certificate of the seal cannot be read");
    out->signer_id = VT_DER_MAKE(&writer, VT_DER_SEQUENCE, issuer, serial);
    out->digest_algorithm =
        vt_der_make_algorithm(&writer, hash_oid(identity->hash), (struct vt_bytes){0});
    out->signature_algorithm = signature_algorithm(&writer, identity);
    code = make_attributes(&writer, plan, issuer, serial, out);
    if (code != VT_OK || writer.is_out_of_memory)
        return vt_err_set(err, code != VT_OK ? code : VT_E_NOMEM, "no memory for a seal");
    if (out->attributes.len > VT_MAX_SEAL_ATTRIBUTES_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the attributes of the seal have more than %u bytes",
                          VT_MAX_SEAL_ATTRIBUTES_BYTES);
    return VT_OK;
}

/* ---- the whole ---- */

/* SignerInfo ::= SEQUENCE { version 1, sid, digestAlgorithm, signedAttrs [0], signatureAlgorithm,
 *                           signature OCTET STRING, unsignedAttrs [1] OPTIONAL } */
static struct vt_bytes signer_info(struct vt_der_writer *writer, const struct vt_seal_cms *cms,
                                   struct vt_bytes signature, struct vt_bytes token)
{
    struct vt_der attributes;
    if (vt_der_whole(cms->attributes, VT_DER_SET, &attributes) != VT_OK)
        return (struct vt_bytes){0};
    struct vt_bytes unsigned_attributes = {0};
    if (token.len > 0)
        unsigned_attributes = VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(1),
                                          attribute(writer, VT_OID_TIME_STAMP_TOKEN, token));
    return VT_DER_MAKE(writer, VT_DER_SEQUENCE, vt_der_make_number(writer, 1), cms->signer_id,
                       cms->digest_algorithm,
                       VT_DER_MAKE(writer, VT_DER_CONTEXT_CONSTRUCTED(0), attributes.body),
                       cms->signature_algorithm,
                       VT_DER_MAKE(writer, VT_DER_OCTET_STRING, signature), unsigned_attributes);
}

/* The bytes that open elements which end together: the innermost holds inner_bytes, each further
 * one its own beginning (first) and the one before. */
struct opening {
    uint8_t tag;
    struct vt_bytes first;
    size_t more_bytes; /* behind the inner element */
};

static struct vt_bytes open_elements(struct vt_der_writer *writer, const struct opening *openings,
                                     size_t count, size_t inner_bytes)
{
    uint8_t headers[8][6];
    struct vt_bytes parts[16] = {{0}};
    size_t len = inner_bytes;
    for (size_t i = count; i-- > 0;) {
        len += openings[i].first.len + openings[i].more_bytes;
        size_t header_len = vt_der_header(headers[i], openings[i].tag, len);
        parts[2 * i] = vt_bytes_of(headers[i], header_len);
        parts[2 * i + 1] = openings[i].first;
        len += header_len;
    }
    size_t total = 0;
    for (size_t i = 0; i < 2 * count; i++)
        total += parts[i].len;
    uint8_t *out = vt_arena_alloc(writer->arena, total), *to = out;
    if (out == NULL) {
        writer->is_out_of_memory = true;
        return (struct vt_bytes){0};
    }
    for (size_t i = 0; i < 2 * count; i++) {
        if (parts[i].len > 0)
            memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
    return vt_bytes_of(out, total);
}

static struct vt_bytes join(struct vt_der_writer *writer, struct vt_bytes a, struct vt_bytes b)
{
    struct vt_bytes both = vt_arena_join(writer->arena, a, b);
    writer->is_out_of_memory |= both.len == 0 || a.len == 0 || b.len == 0;
    return both;
}

/* ContentInfo ::= SEQUENCE { id-signedData, [0] SignedData }
 * SignedData ::= SEQUENCE { version 1, digestAlgorithms SET, encapContentInfo SEQUENCE { id-data,
 *                           [0] OCTET STRING OPTIONAL }, certificates [0], signerInfos SET } */
static void make_whole(struct vt_der_writer *writer, const struct vt_seal_cms *cms,
                       struct vt_bytes info, size_t content_bytes, struct vt_bytes *out_head,
                       struct vt_bytes *out_tail)
{
    bool is_detached = content_bytes == VT_SEAL_DETACHED;
    struct vt_bytes infos = VT_DER_MAKE(writer, VT_DER_SET, info);
    struct vt_bytes begin = join(writer, vt_der_make_number(writer, 1),
                                 VT_DER_MAKE(writer, VT_DER_SET, cms->digest_algorithm));
    struct vt_bytes type = VT_DER_MAKE(writer, VT_DER_OID, VT_OID_DATA);
    const struct opening openings[] = {
        {VT_DER_SEQUENCE, VT_DER_MAKE(writer, VT_DER_OID, VT_OID_SIGNED_DATA), 0},
        {VT_DER_CONTEXT_CONSTRUCTED(0), {0}, 0},
        {VT_DER_SEQUENCE, begin, cms->certificates.len + infos.len},
        {VT_DER_SEQUENCE, type, 0},
        {VT_DER_CONTEXT_CONSTRUCTED(0), {0}, 0},
        {VT_DER_OCTET_STRING, {0}, 0},
    };
    *out_head =
        open_elements(writer, openings, is_detached ? 4 : 6, is_detached ? 0 : content_bytes);
    *out_tail = join(writer, cms->certificates, infos);
    if (is_detached) {
        *out_head = join(writer, *out_head, *out_tail);
        *out_tail = (struct vt_bytes){0};
    }
}

static enum vt_code check_signature(const struct vt_seal_cms *cms, struct vt_bytes signature,
                                    struct vt_err *err)
{
    const uint8_t *at = cms->own_certificate.ptr;
    X509 *x509 = d2i_X509(NULL, &at, (long)cms->own_certificate.len);
    EVP_PKEY *key = x509 == NULL ? NULL : X509_get0_pubkey(x509);
    bool is_right = key != NULL &&
                    vt_seal_is_signature(key, cms->scheme, cms->hash, cms->attributes, signature);
    X509_free(x509);
    return is_right ? VT_OK
                    : vt_err_set(err, VT_E_FORMAT,
                                 "the signature was not made by the key of the certificate over "
                                 "these attributes");
}

static bool is_one_sequence(struct vt_bytes der)
{
    struct vt_der element;
    return vt_der_whole(der, VT_DER_SEQUENCE, &element) == VT_OK;
}

enum vt_code vt_seal_cms_finish(struct vt_arena *arena, const struct vt_seal_cms *cms,
                                struct vt_bytes signature, struct vt_bytes token,
                                size_t content_bytes, struct vt_bytes *out_head,
                                struct vt_bytes *out_tail, struct vt_err *err)
{
    struct vt_der_writer writer = {.arena = arena};
    *out_head = *out_tail = (struct vt_bytes){0};
    if (token.len > VT_MAX_SEAL_TOKEN_BYTES || (token.len > 0 && !is_one_sequence(token)))
        return vt_err_set(err, VT_E_FORMAT, "the time stamp token of the seal cannot be read");
    if (content_bytes != VT_SEAL_DETACHED && content_bytes > 2u * VT_MAX_MAIL_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the content of the seal is too large");
    enum vt_code code = check_signature(cms, signature, err);
    if (code != VT_OK)
        return code;
    struct vt_bytes info = signer_info(&writer, cms, signature, token);
    make_whole(&writer, cms, info, content_bytes, out_head, out_tail);
    if (writer.is_out_of_memory || info.len == 0)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a seal");
    return VT_OK;
}

size_t vt_seal_cms_max_bytes(const struct vt_seal_cms *cms, size_t token_bytes)
{
    const uint8_t *at = cms->own_certificate.ptr;
    X509 *x509 = d2i_X509(NULL, &at, (long)cms->own_certificate.len);
    EVP_PKEY *key = x509 == NULL ? NULL : X509_get0_pubkey(x509);
    int signature_bytes = key == NULL ? 0 : EVP_PKEY_get_size(key);
    X509_free(x509);
    if (signature_bytes <= 0)
        return 0;
    /* Headers of the elements around: ContentInfo to SignerInfo, and those of the attribute. */
    size_t headers_bytes = (size_t)24 * 6;
    return headers_bytes + 64 + 2 * cms->digest_algorithm.len + cms->certificates.len +
           cms->signer_id.len + cms->attributes.len + cms->signature_algorithm.len +
           (size_t)signature_bytes + token_bytes;
}
