/* SPDX-License-Identifier: Apache-2.0
 * CMS signatures and time stamp tokens made in a test, DER element by element, so that each of
 * them can be left out, repeated or falsified. */
#ifndef VANTHU_TESTS_CMS_H
#define VANTHU_TESTS_CMS_H

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "certificates.h"
#include "verify/oid.h"

/* ---- DER ---- */

/* One element whose content is all parts one after the other. */
static TC_UNUSED struct vt_bytes td_make(struct vt_arena *arena, unsigned tag,
                                         const struct vt_bytes *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    uint8_t *bytes = vt_arena_alloc(arena, len + 4);
    TC_CHECK(bytes != NULL && len < 65536);
    size_t at = 0;
    bytes[at++] = (uint8_t)tag;
    if (len >= 256) {
        bytes[at++] = 0x82;
        bytes[at++] = (uint8_t)(len >> 8);
    } else if (len >= 128) {
        bytes[at++] = 0x81;
    }
    bytes[at++] = (uint8_t)len;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(bytes + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return vt_bytes_of(bytes, at);
}

#define TD(arena, tag, ...)                                                                        \
    td_make((arena), (tag), (const struct vt_bytes[]){__VA_ARGS__},                                \
            sizeof((const struct vt_bytes[]){__VA_ARGS__}) / sizeof(struct vt_bytes))
#define TD_NONE ((struct vt_bytes){0})

static TC_UNUSED struct vt_bytes td_number(struct vt_arena *arena, unsigned number)
{
    const uint8_t *copy = vt_arena_dup(arena, &(uint8_t){(uint8_t)number}, 1);
    return TD(arena, 0x02, vt_bytes_of(copy, 1));
}

static TC_UNUSED struct vt_bytes td_algorithm(struct vt_arena *arena, struct vt_bytes oid,
                                              struct vt_bytes parameters)
{
    return TD(arena, 0x30, TD(arena, 0x06, oid), parameters);
}

#define TD_NULL VT_BYTES("\x05\x00")
#define TD_SHA1 VT_BYTES("\x2b\x0e\x03\x02\x1a")
#define TD_MD5 VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x02\x05")
#define TD_SHA256 VT_BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x01")
#define TD_SHA384 VT_BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x02")
#define TD_SHA512 VT_BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x03")
#define TD_SHA3_256 VT_BYTES("\x60\x86\x48\x01\x65\x03\x04\x02\x08")
#define TD_RSA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define TD_RSA_PSS VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
#define TD_RSA_SHA256 VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")
#define TD_RSA_SHA512 VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d")
#define TD_RSA_SHA3_256 VT_BYTES("\x60\x86\x48\x01\x65\x03\x04\x03\x0e")
#define TD_EC_KEY VT_BYTES("\x2a\x86\x48\xce\x3d\x02\x01")
#define TD_ECDSA_SHA256 VT_BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02")
#define TD_ECDSA_SHA384 VT_BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x03")
#define TD_ECDSA_SHA3_256 VT_BYTES("\x60\x86\x48\x01\x65\x03\x04\x03\x0a")
#define TD_ECDSA_PLAIN_SHA256 VT_BYTES("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x03")
#define TD_ED25519 VT_BYTES("\x2b\x65\x70")

/* ---- what to make ---- */

enum tcms_ess { TCMS_ESS_V2 = 0, TCMS_ESS_V1, TCMS_ESS_NONE, TCMS_ESS_BAD_SERIAL };

struct tcms_options {
    const struct tc_entity *signer;
    const struct tc_entity *key_of;     /* makes the signature instead of the signer's key */
    const struct tc_entity *ess_of;     /* named by the ESS attribute instead of the signer */
    const struct tc_entity *sid_of;     /* named by the signer identifier instead */
    const struct tc_entity *carried[4]; /* certificates; the first NULL ends them */
    bool carry_signer;                  /* put the signer's certificate first */
    struct vt_bytes content;            /* what is digested */
    struct vt_bytes enclosed;           /* eContent when is_enclosed */
    bool is_enclosed;
    bool is_constructed;            /* eContent as BER: indefinite length, two segments */
    struct vt_bytes content_type;   /* OID; empty: id-data */
    struct vt_bytes digest_oid;     /* empty: SHA-256 */
    const EVP_MD *digest;           /* of content and attributes; NULL: SHA-256 */
    const EVP_MD *signature_digest; /* of the attributes, where it differs */
    struct vt_bytes digest_parameters;
    struct vt_bytes signature_oid; /* empty: by the key */
    struct vt_bytes signature_parameters;
    int pss_salt;        /* above 0: RSASSA-PSS */
    bool is_plain_ecdsa; /* r || s */
    bool by_key_id;
    bool no_attributes;
    enum tcms_ess ess;
    bool is_unsorted;                       /* attributes in the wrong order … */
    bool is_signed_sorted;                  /* … but signed in the right one */
    struct vt_bytes attribute_content_type; /* OID, when it is not that of the content */
    bool no_content_type, no_message_digest;
    bool two_content_types, two_message_digests;
    struct vt_bytes signing_time;    /* whole element */
    struct vt_bytes more_attributes; /* whole Attribute elements, signed */
    struct vt_bytes unsigned_attributes;
    /* Instead: makes them out of the signature value, which is known only then. */
    struct vt_bytes (*unsigned_of)(struct vt_arena *arena, void *context, struct vt_bytes value);
    void *unsigned_context;
    struct vt_bytes revocations; /* body of crls [1] */
    bool no_signers, two_signers;
    struct vt_bytes trailing;
};

/* ---- pieces ---- */

static TC_UNUSED struct vt_bytes tcms_digest(struct vt_arena *arena, const EVP_MD *md,
                                             struct vt_bytes bytes)
{
    unsigned len = 0;
    uint8_t *out = vt_arena_alloc(arena, EVP_MAX_MD_SIZE);
    TC_CHECK(EVP_Digest(bytes.ptr, bytes.len, out, &len, md ? md : EVP_sha256(), NULL) == 1);
    return vt_bytes_of(out, len);
}

static TC_UNUSED struct vt_bytes tcms_attribute(struct vt_arena *arena, struct vt_bytes oid,
                                                struct vt_bytes values)
{
    return TD(arena, 0x30, TD(arena, 0x06, oid), TD(arena, 0x31, values));
}

static TC_UNUSED struct vt_bytes tcms_serial(struct vt_arena *arena, const struct tc_entity *entity)
{
    unsigned char *der = NULL;
    int len = i2d_ASN1_INTEGER(X509_get_serialNumber(entity->x509), &der);
    return tc_keep(arena, der, len);
}

static TC_UNUSED struct vt_bytes tcms_issuer(struct vt_arena *arena, const struct tc_entity *entity)
{
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(X509_get_issuer_name(entity->x509), &der);
    return tc_keep(arena, der, len);
}

/* ESSCertID(v2) with issuerSerial (RFC 5035). */
static TC_UNUSED struct vt_bytes tcms_ess(struct vt_arena *arena, const struct tc_entity *entity,
                                          enum tcms_ess kind)
{
    bool is_v1 = kind == TCMS_ESS_V1;
    struct vt_bytes serial =
        kind == TCMS_ESS_BAD_SERIAL ? td_number(arena, 1) : tcms_serial(arena, entity);
    struct vt_bytes id =
        TD(arena, 0x30,
           TD(arena, 0x04, tcms_digest(arena, is_v1 ? EVP_sha1() : EVP_sha256(), entity->der)),
           TD(arena, 0x30, TD(arena, 0x30, TD(arena, 0xa4, tcms_issuer(arena, entity))), serial));
    return tcms_attribute(arena, is_v1 ? VT_OID_SIGNING_CERTIFICATE : VT_OID_SIGNING_CERTIFICATE_V2,
                          TD(arena, 0x30, TD(arena, 0x30, id)));
}

static TC_UNUSED int tcms_compare(const void *left, const void *right)
{
    const struct vt_bytes *a = left;
    const struct vt_bytes *b = right;
    int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Body of the signed attributes; reversed turns the order of DER around. */
static TC_UNUSED struct vt_bytes tcms_attributes(struct vt_arena *arena,
                                                 const struct tcms_options *options, bool reversed,
                                                 unsigned tag)
{
    struct vt_bytes list[10];
    size_t count = 0;
    struct vt_bytes type = options->attribute_content_type.len > 0 ? options->attribute_content_type
                           : options->content_type.len > 0         ? options->content_type
                                                                   : VT_OID_DATA;
    struct vt_bytes digest = tcms_digest(arena, options->digest, options->content);
    for (int i = 0; i < (options->no_content_type ? 0 : 1 + options->two_content_types); i++)
        list[count++] = tcms_attribute(arena, VT_OID_CONTENT_TYPE, TD(arena, 0x06, type));
    for (int i = 0; i < (options->no_message_digest ? 0 : 1 + options->two_message_digests); i++)
        list[count++] = tcms_attribute(arena, VT_OID_MESSAGE_DIGEST, TD(arena, 0x04, digest));
    if (options->signing_time.len > 0)
        list[count++] = tcms_attribute(arena, VT_OID_SIGNING_TIME, options->signing_time);
    if (options->ess != TCMS_ESS_NONE)
        list[count++] =
            tcms_ess(arena, options->ess_of ? options->ess_of : options->signer, options->ess);
    if (options->more_attributes.len > 0)
        list[count++] = options->more_attributes;
    qsort(list, count, sizeof(list[0]), tcms_compare);
    for (size_t i = 0; reversed && i < count / 2; i++) {
        struct vt_bytes other = list[i];
        list[i] = list[count - 1 - i];
        list[count - 1 - i] = other;
    }
    return td_make(arena, tag, list, count);
}

/* r || s of a DER ECDSA signature on P-256. */
static TC_UNUSED struct vt_bytes tcms_plain(struct vt_arena *arena, struct vt_bytes der)
{
    const unsigned char *at = der.ptr;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    uint8_t *out = vt_arena_alloc(arena, 64);
    TC_CHECK(signature != NULL);
    TC_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32) == 32);
    TC_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32) == 32);
    ECDSA_SIG_free(signature);
    return vt_bytes_of(out, 64);
}

static TC_UNUSED struct vt_bytes
tcms_sign(struct vt_arena *arena, const struct tcms_options *options, struct vt_bytes bytes)
{
    const struct tc_entity *signer = options->key_of ? options->key_of : options->signer;
    const EVP_MD *md = options->signature_digest ? options->signature_digest
                       : options->digest         ? options->digest
                                                 : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = NULL;
    uint8_t *out = vt_arena_alloc(arena, 1024);
    size_t len = 1024;
    if (EVP_PKEY_is_a(signer->key, "ED25519"))
        md = NULL;
    TC_CHECK(EVP_DigestSignInit(context, &key_context, md, NULL, signer->key) == 1);
    if (options->pss_salt > 0) {
        TC_CHECK(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
        TC_CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, options->pss_salt) == 1);
    }
    TC_CHECK(EVP_DigestSign(context, out, &len, bytes.ptr, bytes.len) == 1);
    EVP_MD_CTX_free(context);
    struct vt_bytes value = vt_bytes_of(out, len);
    return options->is_plain_ecdsa ? tcms_plain(arena, value) : value;
}

/* The signature algorithm of the key, where none is given. */
static TC_UNUSED struct vt_bytes tcms_signature_algorithm(struct vt_arena *arena,
                                                          const struct tcms_options *options)
{
    EVP_PKEY *key = (options->key_of ? options->key_of : options->signer)->key;
    struct vt_bytes oid = options->signature_oid;
    struct vt_bytes parameters = options->signature_parameters;
    if (oid.len == 0)
        oid = EVP_PKEY_is_a(key, "RSA")       ? TD_RSA
              : EVP_PKEY_is_a(key, "ED25519") ? TD_ED25519
                                              : TD_ECDSA_SHA256;
    if (parameters.len == 0 && EVP_PKEY_is_a(key, "RSA") && options->pss_salt == 0)
        parameters = TD_NULL;
    return td_algorithm(arena, oid, parameters);
}

static TC_UNUSED struct vt_bytes tcms_digest_algorithm(struct vt_arena *arena,
                                                       const struct tcms_options *options)
{
    return td_algorithm(arena, options->digest_oid.len > 0 ? options->digest_oid : TD_SHA256,
                        options->digest_parameters.len > 0 ? options->digest_parameters : TD_NULL);
}

static TC_UNUSED struct vt_bytes tcms_sid(struct vt_arena *arena,
                                          const struct tcms_options *options)
{
    const struct tc_entity *named = options->sid_of ? options->sid_of : options->signer;
    if (!options->by_key_id)
        return TD(arena, 0x30, tcms_issuer(arena, named), tcms_serial(arena, named));
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(named->x509);
    TC_CHECK(id != NULL);
    return TD(arena, 0x80, vt_bytes_of(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)));
}

static TC_UNUSED struct vt_bytes tcms_signer_info(struct vt_arena *arena,
                                                  const struct tcms_options *options)
{
    struct vt_bytes attributes = TD_NONE;
    struct vt_bytes signed_bytes = options->content;
    if (!options->no_attributes) {
        attributes = tcms_attributes(arena, options, options->is_unsorted, 0xa0);
        signed_bytes = tcms_attributes(arena, options,
                                       options->is_unsorted && !options->is_signed_sorted, 0x31);
    }
    struct vt_bytes value = tcms_sign(arena, options, signed_bytes);
    struct vt_bytes unsigned_attributes = options->unsigned_attributes;
    if (options->unsigned_of != NULL)
        unsigned_attributes = options->unsigned_of(arena, options->unsigned_context, value);
    if (unsigned_attributes.len > 0)
        unsigned_attributes = TD(arena, 0xa1, unsigned_attributes);
    return TD(arena, 0x30, td_number(arena, options->by_key_id ? 3 : 1), tcms_sid(arena, options),
              tcms_digest_algorithm(arena, options), attributes,
              tcms_signature_algorithm(arena, options), TD(arena, 0x04, value),
              unsigned_attributes);
}

static TC_UNUSED struct vt_bytes tcms_enclosed(struct vt_arena *arena,
                                               const struct tcms_options *options)
{
    struct vt_bytes bytes = options->enclosed;
    if (!options->is_enclosed)
        return TD_NONE;
    if (!options->is_constructed)
        return TD(arena, 0xa0, TD(arena, 0x04, bytes));
    /* [0] and OCTET STRING of indefinite length. */
    struct vt_bytes half = vt_bytes_slice(bytes, 0, bytes.len / 2);
    struct vt_bytes rest = vt_bytes_slice(bytes, half.len, bytes.len);
    struct vt_bytes joined = TD(arena, 0x30, VT_BYTES("\xa0\x80\x24\x80"), TD(arena, 0x04, half),
                                TD(arena, 0x04, rest), VT_BYTES("\0\0\0\0"));
    return vt_bytes_slice(joined, joined.len < 130 ? 2 : joined.len < 260 ? 3 : 4, joined.len);
}

/* ---- the whole ---- */

static TC_UNUSED struct vt_bytes tcms_make(struct vt_arena *arena,
                                           const struct tcms_options *options)
{
    struct vt_bytes certificates[5];
    size_t count = 0;
    if (options->carry_signer)
        certificates[count++] = options->signer->der;
    for (size_t i = 0; i < 4 && options->carried[i] != NULL; i++)
        certificates[count++] = options->carried[i]->der;
    struct vt_bytes info = tcms_signer_info(arena, options);
    struct vt_bytes type = options->content_type.len > 0 ? options->content_type : VT_OID_DATA;
    struct vt_bytes signed_data =
        TD(arena, 0x30, td_number(arena, 1), TD(arena, 0x31, tcms_digest_algorithm(arena, options)),
           TD(arena, 0x30, TD(arena, 0x06, type), tcms_enclosed(arena, options)),
           count > 0 ? td_make(arena, 0xa0, certificates, count) : TD_NONE,
           options->revocations.len > 0 ? TD(arena, 0xa1, options->revocations) : TD_NONE,
           TD(arena, 0x31, options->no_signers ? TD_NONE : info,
              options->two_signers ? info : TD_NONE));
    struct vt_bytes whole =
        TD(arena, 0x30, TD(arena, 0x06, VT_OID_SIGNED_DATA), TD(arena, 0xa0, signed_data));
    uint8_t *out = vt_arena_alloc(arena, whole.len + options->trailing.len);
    memcpy(out, whole.ptr, whole.len);
    if (options->trailing.len > 0)
        memcpy(out + whole.len, options->trailing.ptr, options->trailing.len);
    return vt_bytes_of(out, whole.len + options->trailing.len);
}

/* ---- time stamps ---- */

struct tcms_stamp {
    const struct tc_entity *tsa;
    struct vt_bytes stamped; /* bytes whose SHA-256 is the imprint */
    const char *time;        /* GeneralizedTime; NULL: 20260102030405Z */
    bool no_certificate;     /* the token carries none */
    bool by_wrong_key;       /* signed by key_of */
    const struct tc_entity *key_of;
    bool two_signers;
    struct vt_bytes content_type; /* empty: id-ct-TSTInfo */
    enum tcms_ess ess;
    struct vt_bytes info_rest;           /* TSTInfo behind genTime */
    struct vt_bytes unsigned_attributes; /* of the token's own signature */
};

static TC_UNUSED struct vt_bytes tcms_token(struct vt_arena *arena, const struct tcms_stamp *stamp)
{
    const char *time = stamp->time ? stamp->time : "20260102030405Z";
    struct vt_bytes info =
        TD(arena, 0x30, td_number(arena, 1), TD(arena, 0x06, VT_BYTES("\x60\x84\x40\x01")),
           TD(arena, 0x30, td_algorithm(arena, TD_SHA256, TD_NULL),
              TD(arena, 0x04, tcms_digest(arena, NULL, stamp->stamped))),
           td_number(arena, 77), TD(arena, 0x18, vt_bytes_str(time)), stamp->info_rest);
    struct tcms_options options = {
        .signer = stamp->tsa,
        .key_of = stamp->by_wrong_key ? stamp->key_of : NULL,
        .carry_signer = !stamp->no_certificate,
        .content = info,
        .enclosed = info,
        .is_enclosed = true,
        .content_type = stamp->content_type.len > 0 ? stamp->content_type : VT_OID_TST_INFO,
        .two_signers = stamp->two_signers,
        .ess = stamp->ess,
        .unsigned_attributes = stamp->unsigned_attributes,
    };
    return tcms_make(arena, &options);
}

#endif
