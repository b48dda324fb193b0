/* SPDX-License-Identifier: Apache-2.0
 * Digest and signature algorithms by their identifiers: two tables, and the parameters of
 * RSASSA-PSS. */
#include "verify/algorithm.h"

#include <inttypes.h>
#include <stdio.h>

#include "verify/der.h"
#include "verify/oid.h"

#define OID(text)                                                                                  \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))

/* RFC 8017 A.2.3: what RSASSA-PSS means where parameters leave something out. */
#define DEFAULT_SALT_BYTES 20
#define MAX_SALT_BYTES 512

enum digest_index {
    D_SHA256,
    D_SHA384,
    D_SHA512,
    D_SHA224,
    D_SHA512_224,
    D_SHA512_256,
    D_SHA3_224,
    D_SHA3_256,
    D_SHA3_384,
    D_SHA3_512,
    D_SHAKE128,
    D_SHAKE256,
    D_SHA1,
    D_RIPEMD160,
    D_MD5,
    D_MD4,
    D_MD2,
    D_NONE
};
static const struct vt_digest digests[] = {
    [D_SHA256] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), "SHA-256", EVP_sha256, 0,
                  VT_STRENGTH_GOOD},
    [D_SHA384] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), "SHA-384", EVP_sha384, 0,
                  VT_STRENGTH_GOOD},
    [D_SHA512] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), "SHA-512", EVP_sha512, 0,
                  VT_STRENGTH_GOOD},
    [D_SHA224] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x04"), "SHA-224", EVP_sha224, 0,
                  VT_STRENGTH_GOOD},
    [D_SHA512_224] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x05"), "SHA-512/224", EVP_sha512_224, 0,
                      VT_STRENGTH_GOOD},
    [D_SHA512_256] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x06"), "SHA-512/256", EVP_sha512_256, 0,
                      VT_STRENGTH_GOOD},
    [D_SHA3_224] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x07"), "SHA3-224", EVP_sha3_224, 0,
                    VT_STRENGTH_GOOD},
    [D_SHA3_256] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x08"), "SHA3-256", EVP_sha3_256, 0,
                    VT_STRENGTH_GOOD},
    [D_SHA3_384] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x09"), "SHA3-384", EVP_sha3_384, 0,
                    VT_STRENGTH_GOOD},
    [D_SHA3_512] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x0a"), "SHA3-512", EVP_sha3_512, 0,
                    VT_STRENGTH_GOOD},
    [D_SHAKE128] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x0b"), "SHAKE128", EVP_shake128, 32,
                    VT_STRENGTH_GOOD},
    [D_SHAKE256] = {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x0c"), "SHAKE256", EVP_shake256, 64,
                    VT_STRENGTH_GOOD},
    [D_SHA1] = {OID("\x2b\x0e\x03\x02\x1a"), "SHA-1", EVP_sha1, 0, VT_STRENGTH_WEAK},
    [D_RIPEMD160] = {OID("\x2b\x24\x03\x02\x01"), "RIPEMD-160", EVP_ripemd160, 0, VT_STRENGTH_WEAK},
    [D_MD5] = {OID("\x2a\x86\x48\x86\xf7\x0d\x02\x05"), "MD5", EVP_md5, 0, VT_STRENGTH_BROKEN},
    [D_MD4] = {OID("\x2a\x86\x48\x86\xf7\x0d\x02\x04"), "MD4", NULL, 0, VT_STRENGTH_BROKEN},
    [D_MD2] = {OID("\x2a\x86\x48\x86\xf7\x0d\x02\x02"), "MD2", NULL, 0, VT_STRENGTH_BROKEN},
};

/* What the algorithms of one kind have in common. */
enum family_index { F_RSA, F_RSA_PSS, F_ECDSA, F_ECDSA_PLAIN, F_DSA, F_ED25519, F_ED448 };
static const struct family {
    const char *name;
    enum vt_key_kind kind;
    const char *key_type;
} families[] = {
    [F_RSA] = {"RSA PKCS#1 v1.5", VT_KEY_RSA, "RSA"},
    [F_RSA_PSS] = {"RSA-PSS", VT_KEY_RSA_PSS, "RSA"},
    [F_ECDSA] = {"ECDSA", VT_KEY_ECDSA, "EC"},
    [F_ECDSA_PLAIN] = {"ECDSA (plain)", VT_KEY_ECDSA_PLAIN, "EC"},
    [F_DSA] = {"DSA", VT_KEY_DSA, "DSA"},
    [F_ED25519] = {"Ed25519", VT_KEY_EDDSA, "ED25519"},
    [F_ED448] = {"Ed448", VT_KEY_EDDSA, "ED448"},
};

struct scheme_entry {
    struct vt_bytes oid;
    enum family_index family;
    enum digest_index digest; /* D_NONE: a key, or named by the parameters */
};
static const struct scheme_entry schemes[] = {
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), F_RSA, D_NONE},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), F_RSA_PSS, D_NONE},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), F_RSA, D_SHA256},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), F_RSA, D_SHA384},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), F_RSA, D_SHA512},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"), F_RSA, D_SHA224},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0f"), F_RSA, D_SHA512_224},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x10"), F_RSA, D_SHA512_256},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), F_RSA, D_SHA1},
    {OID("\x2b\x0e\x03\x02\x1d"), F_RSA, D_SHA1},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), F_RSA, D_MD5},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x03"), F_RSA, D_MD4},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"), F_RSA, D_MD2},
    {OID("\x2b\x24\x03\x03\x01\x02"), F_RSA, D_RIPEMD160},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0d"), F_RSA, D_SHA3_224},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0e"), F_RSA, D_SHA3_256},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0f"), F_RSA, D_SHA3_384},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x10"), F_RSA, D_SHA3_512},
    {OID("\x2a\x86\x48\xce\x3d\x02\x01"), F_ECDSA, D_NONE},
    {OID("\x2a\x86\x48\xce\x3d\x04\x01"), F_ECDSA, D_SHA1},
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x01"), F_ECDSA, D_SHA224},
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"), F_ECDSA, D_SHA256},
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"), F_ECDSA, D_SHA384},
    {OID("\x2a\x86\x48\xce\x3d\x04\x03\x04"), F_ECDSA, D_SHA512},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x09"), F_ECDSA, D_SHA3_224},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0a"), F_ECDSA, D_SHA3_256},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0b"), F_ECDSA, D_SHA3_384},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0c"), F_ECDSA, D_SHA3_512},
    {OID("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x01"), F_ECDSA_PLAIN, D_SHA1},
    {OID("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x02"), F_ECDSA_PLAIN, D_SHA224},
    {OID("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x03"), F_ECDSA_PLAIN, D_SHA256},
    {OID("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x04"), F_ECDSA_PLAIN, D_SHA384},
    {OID("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x05"), F_ECDSA_PLAIN, D_SHA512},
    {OID("\x2a\x86\x48\xce\x38\x04\x01"), F_DSA, D_NONE},
    {OID("\x2a\x86\x48\xce\x38\x04\x03"), F_DSA, D_SHA1},
    {OID("\x2b\x0e\x03\x02\x1b"), F_DSA, D_SHA1},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x01"), F_DSA, D_SHA224},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x02"), F_DSA, D_SHA256},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x03"), F_DSA, D_SHA384},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x04"), F_DSA, D_SHA512},
    {OID("\x2b\x65\x70"), F_ED25519, D_NONE},
    {OID("\x2b\x65\x71"), F_ED448, D_NONE},
};

enum vt_code vt_algorithm_parse(struct vt_bytes body, struct vt_algorithm *out)
{
    struct vt_der oid;
    struct vt_der parameters;

    *out = (struct vt_algorithm){0};
    if (vt_der_expect(&body, VT_DER_OID, &oid) != VT_OK)
        return VT_E_FORMAT;
    out->oid = oid.body;
    if (body.len == 0)
        return VT_OK;
    if (vt_der_next(&body, &parameters) != VT_OK || body.len != 0)
        return VT_E_FORMAT;
    out->parameters = parameters.raw;
    return VT_OK;
}

bool vt_algorithm_has_parameters(const struct vt_algorithm *algorithm)
{
    return algorithm->parameters.len != 0 && algorithm->parameters.ptr[0] != VT_DER_NULL;
}

bool vt_algorithm_equal(const struct vt_algorithm *a, const struct vt_algorithm *b)
{
    if (!vt_bytes_equal(a->oid, b->oid) ||
        vt_algorithm_has_parameters(a) != vt_algorithm_has_parameters(b))
        return false;
    return !vt_algorithm_has_parameters(a) || vt_bytes_equal(a->parameters, b->parameters);
}

/* One subidentifier: base 128, high bit set on all but the last octet (X.690 8.19.2). */
static bool next_arc(struct vt_bytes *rest, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->len && i < 9; i++) {
        value = (value << 7) | (rest->ptr[i] & 0x7f);
        if ((rest->ptr[i] & 0x80) == 0) {
            *out = value;
            *rest = vt_bytes_slice(*rest, i + 1, rest->len - i - 1);
            return true;
        }
    }
    return false;
}

const char *vt_oid_text(struct vt_arena *arena, struct vt_bytes oid)
{
    char text[256];
    uint64_t arc;
    size_t used = 0;
    if (!next_arc(&oid, &arc))
        return "unreadable";
    unsigned first = arc < 80 ? (unsigned)(arc / 40) : 2;
    used = (size_t)snprintf(text, sizeof(text), "%u.%" PRIu64, first, arc - 40 * first);
    while (used < sizeof(text) - 24 && next_arc(&oid, &arc))
        used += (size_t)snprintf(text + used, sizeof(text) - used, ".%" PRIu64, arc);
    return vt_arena_str(arena, text);
}

const struct vt_digest *vt_digest_by_oid(struct vt_bytes oid)
{
    for (size_t i = 0; i < ENTRIES(digests); i++) {
        if (vt_bytes_equal(digests[i].oid, oid))
            return &digests[i];
    }
    return NULL;
}

const struct vt_digest *vt_digest_sha1(void)
{
    return &digests[D_SHA1];
}

const struct vt_digest *vt_digest_sha256(void)
{
    return &digests[D_SHA256];
}

static const struct scheme_entry *find_scheme(struct vt_bytes oid)
{
    for (size_t i = 0; i < ENTRIES(schemes); i++) {
        if (vt_bytes_equal(schemes[i].oid, oid))
            return &schemes[i];
    }
    return NULL;
}

bool vt_scheme_is_known(struct vt_bytes oid)
{
    return find_scheme(oid) != NULL;
}

/* ---- parameters of RSASSA-PSS ---- */

static enum vt_code read_digest(struct vt_bytes element, const struct vt_digest **out)
{
    struct vt_der sequence;
    struct vt_algorithm algorithm;
    if (vt_der_whole(element, VT_DER_SEQUENCE, &sequence) != VT_OK ||
        vt_algorithm_parse(sequence.body, &algorithm) != VT_OK)
        return VT_E_FORMAT;
    *out = vt_digest_by_oid(algorithm.oid);
    return *out != NULL ? VT_OK : VT_E_UNSUPPORTED;
}

static enum vt_code read_mask(struct vt_bytes element, const struct vt_digest **out)
{
    struct vt_der sequence;
    struct vt_algorithm algorithm;
    if (vt_der_whole(element, VT_DER_SEQUENCE, &sequence) != VT_OK ||
        vt_algorithm_parse(sequence.body, &algorithm) != VT_OK)
        return VT_E_FORMAT;
    if (!vt_bytes_equal(algorithm.oid, VT_OID_MGF1))
        return VT_E_UNSUPPORTED;
    return read_digest(algorithm.parameters, out);
}

static enum vt_code read_number(struct vt_bytes element, uint32_t *out)
{
    struct vt_der integer;
    if (vt_der_whole(element, VT_DER_INTEGER, &integer) != VT_OK)
        return VT_E_FORMAT;
    return vt_der_small(integer.body, out);
}

/* One EXPLICIT field; each may stand once and in order. */
static enum vt_code read_pss_field(const struct vt_der *field, struct vt_scheme *out)
{
    uint32_t number = 0;
    enum vt_code code;
    switch (field->tag) {
    case VT_DER_CONTEXT_CONSTRUCTED(0):
        return read_digest(field->body, &out->digest);
    case VT_DER_CONTEXT_CONSTRUCTED(1):
        return read_mask(field->body, &out->mgf_digest);
    case VT_DER_CONTEXT_CONSTRUCTED(2):
        code = read_number(field->body, &number);
        if (code != VT_OK || number > MAX_SALT_BYTES)
            return VT_E_FORMAT;
        out->salt_bytes = (int)number;
        return VT_OK;
    case VT_DER_CONTEXT_CONSTRUCTED(3): /* trailerFieldBC is the only one there is */
        code = read_number(field->body, &number);
        return code == VT_OK && number == 1 ? VT_OK : VT_E_FORMAT;
    default:
        return VT_E_FORMAT;
    }
}

/* RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT
 * mgf1SHA1, saltLength [2] INTEGER DEFAULT 20, trailerField [3] INTEGER DEFAULT 1 }. In a
 * signature they must be present (RFC 4055 3.1). */
static enum vt_code read_pss(struct vt_bytes parameters, struct vt_scheme *out)
{
    struct vt_der sequence;
    struct vt_der field;
    unsigned last_tag = 0;
    enum vt_code code;

    out->digest = vt_digest_sha1();
    out->mgf_digest = vt_digest_sha1();
    out->salt_bytes = DEFAULT_SALT_BYTES;
    if (vt_der_whole(parameters, VT_DER_SEQUENCE, &sequence) != VT_OK)
        return VT_E_FORMAT;
    while ((code = vt_der_next(&sequence.body, &field)) == VT_OK) {
        if (field.tag <= last_tag)
            return VT_E_FORMAT;
        last_tag = field.tag;
        code = read_pss_field(&field, out);
        if (code != VT_OK)
            return code;
    }
    return code == VT_E_NOT_FOUND ? VT_OK : VT_E_FORMAT;
}

enum vt_code vt_scheme_by_algorithm(const struct vt_algorithm *algorithm, struct vt_scheme *out)
{
    const struct scheme_entry *entry = find_scheme(algorithm->oid);
    *out = (struct vt_scheme){0};
    if (entry == NULL)
        return VT_E_UNSUPPORTED;
    const struct family *family = &families[entry->family];
    out->name = family->name;
    out->kind = family->kind;
    out->key_type = family->key_type;
    out->digest = entry->digest == D_NONE ? NULL : &digests[entry->digest];
    if (family->kind == VT_KEY_RSA_PSS)
        return read_pss(algorithm->parameters, out);
    /* A key as signature algorithm may come with the parameters of the key; the others have none
     * (RFC 4055 5, RFC 5754 3, RFC 8419 2.3). */
    bool is_key =
        entry->digest == D_NONE && family->kind != VT_KEY_RSA && family->kind != VT_KEY_EDDSA;
    return is_key || !vt_algorithm_has_parameters(algorithm) ? VT_OK : VT_E_FORMAT;
}
