/* SPDX-License-Identifier: Apache-2.0
 * verify: digest, signature and time stamp token of CMS (RFC 5652), by EVP over views of the DER.
 * Whether the signer is trusted is not asked here. */
#ifndef VANTHU_VERIFY_H
#define VANTHU_VERIFY_H

#include "vanthu/document.h"

/* ---- certificates ---- */

/* A parsed certificate. Parsing costs as much as six RSA verifications, so parsed ones are kept by
 * the SHA-256 of their DER for the life of the process or of the pool. */
struct vt_certificate;
/* All certificates of one mail; owns them, deduplicates by digest. */
struct vt_certificate_pool;

/* A pool in the arena (freed with it). base: certificates that are looked up first and not copied
 * (the zygote's), or NULL; must outlive the pool. */
struct vt_certificate_pool *
vt_certificate_pool_new(struct vt_arena *arena,
                        const struct vt_certificate_pool *base) VT_MUST_CHECK;
/* Parse DER (no trailing bytes) or find it. Tolerates what real certificates do (legal.md R-86).
 * *out is owned by the pool. VT_E_FORMAT, VT_E_LIMIT (one certificate, or the pool, is too large),
 * VT_E_NOMEM. */
enum vt_code vt_certificate_add(struct vt_certificate_pool *pool, struct vt_bytes der,
                                const struct vt_certificate **out,
                                struct vt_err *err) VT_MUST_CHECK;
/* Read every certificate of a file: DER, or PEM with several. out: room for out_max, owned by the
 * pool. VT_E_FORMAT: one cannot be read, or there is none; VT_E_LIMIT: more than out_max, or as
 * vt_certificate_add; VT_E_NOMEM. */
enum vt_code vt_certificate_add_file(struct vt_certificate_pool *pool, struct vt_bytes file,
                                     const struct vt_certificate **out, size_t out_max,
                                     size_t *out_count, struct vt_err *err) VT_MUST_CHECK;
/* The certificates of such a file as DER, without looking into them: only the armour is taken off.
 * *out lives in arena or in file. VT_E_FORMAT, VT_E_LIMIT (more than out_max), VT_E_NOMEM. */
enum vt_code vt_certificate_file_split(struct vt_arena *arena, struct vt_bytes file,
                                       struct vt_bytes *out, size_t out_max, size_t *out_count,
                                       struct vt_err *err) VT_MUST_CHECK;
/* All that can be found in the pool: those of its base first. */
size_t vt_certificate_pool_count(const struct vt_certificate_pool *pool);
const struct vt_certificate *vt_certificate_pool_get(const struct vt_certificate_pool *pool,
                                                     size_t index);

/* The whole certificate, and its SHA-256 as lower-case hexadecimal; both live as long as the pool.
 */
struct vt_bytes vt_certificate_der(const struct vt_certificate *certificate);
const char *vt_certificate_sha256(const struct vt_certificate *certificate);
/* Facts for people; strings live as long as the pool. */
const struct vt_certificate_facts *vt_certificate_facts(const struct vt_certificate *certificate);
/* DER of the SubjectPublicKeyInfo, and the content octets of the serial number. */
struct vt_bytes vt_certificate_public_key_der(const struct vt_certificate *certificate);
struct vt_bytes vt_certificate_serial(const struct vt_certificate *certificate);
/* The OpenSSL object (struct x509_st), borrowed; for the rooms verify, trust and status. */
struct x509_st;
struct x509_st *vt_certificate_x509(const struct vt_certificate *certificate);
/* Addresses from AIA (OCSP, caIssuers) and CRL distribution points: http and https, and for status
 * also ldap, which is never asked. kind as below; returns the index-th or NULL. */
enum vt_address_kind { VT_ADDRESS_OCSP, VT_ADDRESS_CA_ISSUERS, VT_ADDRESS_CRL };
const char *vt_certificate_address(const struct vt_certificate *certificate,
                                   enum vt_address_kind kind, size_t index);
/* Subject of issuer is the issuer name of certificate, by RFC 5280 7.1. */
bool vt_certificate_names_issuer(const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer);
/* It names this issuer and was signed with its key, which costs a verification. */
bool vt_certificate_is_issued_by(const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer);
/* Subject name and key are the same: one authority, whoever certified it. */
bool vt_certificate_is_same_entity(const struct vt_certificate *a, const struct vt_certificate *b);
/* The index-th rfc822Name of the subjectAltName, or NULL. */
const char *vt_certificate_email(const struct vt_certificate *certificate, size_t index);

/* ---- signatures ---- */

/* Time stamp tokens of one signature that are verified; a normal one has one to four. */
#define VT_MAX_TIMESTAMPS 16

/* A time stamp token that was verified as a signature: its imprint and its own signature.
 * kind, and what it covers beside the tokens of covers:
 *   "content"                   what is signed (EN 319 122-1 5.2.8); not the signature
 *   "signature"                 the signature value (5.3)
 *   "signature-and-references"  the same, and references (TS 101 733 6.3.5, CAdES-C-time-stamp)
 *   "references"                references to certificates and revocation data only (6.3.6)
 *   "archive"                   signature, content, certificates, revocation data (5.5)
 *   "document"                  a file (EN 319 142-1 5.4.3) */
struct vt_verified_timestamp {
    const char *kind;
    struct vt_bytes token; /* view of the whole token, and its SHA-256; "": it is none */
    char sha256[65];
    enum vt_integrity integrity; /* imprint over the right bytes and signature right */
    int64_t time_utc_secs;
    int64_t accuracy_secs; /* genTime may be off by this much (RFC 3161 2.4.2), whole seconds */
    /* Bit i: token i of the same signature existed when this one was made. */
    uint32_t covers;
    const struct vt_certificate *signer; /* NULL: not found in the token */
    const struct vt_certificate *carried[VT_MAX_CERTIFICATES];
    size_t carried_count;
    bool ess_bound; /* ESSCertID(v2) names the signer (RFC 3161, RFC 5816) */
    /* The digests it rests on: of the imprint, of its own signature, of its hash index; NULL. */
    const char *digest_algorithm;
    const char *signature_digest_algorithm;
    const char *index_digest_algorithm;
    vt_reasons reasons; /* TIMESTAMP_INVALID: wrong imprint or broken signature only */
    const char **findings;
    size_t findings_count;
};

/* One SignerInfo after cryptography. */
struct vt_verified {
    size_t object; /* index of the signed object it came from */
    size_t signer_index;
    enum vt_integrity integrity;
    /* HASH_FAILURE, SIG_CRYPTO_FAILURE, FORMAT_FAILURE, NO_SIGNING_CERTIFICATE_FOUND,
     * SIGNED_DATA_NOT_FOUND, CRYPTO_CONSTRAINTS_FAILURE or VT_SUB_NONE. */
    enum vt_sub_indication sub_indication;
    /* All failures: CONTENT_CHANGED, BAD_SIGNATURE, MALFORMED, WEAK_ALGORITHM … An intact signature
     * may have a sub-indication too (FORMAT_FAILURE, CRYPTO_CONSTRAINTS_FAILURE). */
    vt_reasons reasons;
    const char **findings;
    size_t findings_count;
    const struct vt_certificate *signer; /* NULL: not found */
    const struct vt_certificate *carried[VT_MAX_CERTIFICATES];
    size_t carried_count;
    struct vt_bytes
        crls[VT_MAX_REVOCATIONS]; /* from the CMS: crls [1], adbe-revocationInfoArchival, CAdES
                                     revocation-values */
    size_t crls_count;
    struct vt_bytes ocsps[VT_MAX_REVOCATIONS]; /* DER of BasicOCSPResponse or OCSPResponse */
    size_t ocsps_count;
    bool ess_bound; /* signing-certificate(-v2) names the signer (RFC 2634, RFC 5035) */
    bool has_signed_attributes;
    int64_t claimed_time_utc_secs; /* signingTime; VT_TIME_NONE */
    const char *digest_algorithm;
    const char *signature_algorithm;
    bool weak_digest; /* SHA-1, MD5 in the signature */
    struct vt_bytes signature_value;
    struct vt_verified_timestamp *timestamps;
    size_t timestamps_count;
};

struct vt_verified_list {
    struct vt_verified *items;
    size_t count;
    /* A CMS without any signer: certificates only, not a signature (RFC 5652 5.1). */
    bool degenerate;
    /* Encapsulated content, contiguous, when there is some (opaque S/MIME, .p7m). */
    bool has_content;
    struct vt_bytes content;
};

/* Verify every SignerInfo of all signed objects of a document, out[i] for objects[i]. Digests are
 * shared, so that the work grows with bytes plus signatures (revisions of one PDF have their
 * beginning in common). detached_candidates: further contents to try when a detached CMS comes
 * without its bytes (`--content`), may be NULL. Certificates go into pool. The bytes must not
 * change during the call. Bad signatures are findings. Returns VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_verify_objects(struct vt_arena *arena, struct vt_certificate_pool *pool,
                               const struct vt_signed_object *objects, size_t objects_count,
                               const struct vt_bytes *detached_candidates, size_t candidates_count,
                               struct vt_verified_list *out, struct vt_err *err) VT_MUST_CHECK;

/* Verify a time stamp token by itself, or a TimeStampResp that holds one (RFC 3161 2.4.2): its own
 * signature and what it carries. *out_imprint: the SHA-256 that it is over, which the caller
 * compares; empty when it is over another digest. bytes: must outlive *out. Certificates go into
 * pool. out_inner: revocation data that the token carries. VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_verify_token(struct vt_arena *arena, struct vt_certificate_pool *pool,
                             struct vt_bytes bytes, const char *kind,
                             struct vt_verified_timestamp *out, struct vt_verified *out_inner,
                             struct vt_bytes *out_imprint, struct vt_err *err) VT_MUST_CHECK;

enum vt_cms_kind { VT_CMS_NOT, VT_CMS_SIGNED, VT_CMS_ENCRYPTED, VT_CMS_OTHER };
/* What kind of CMS bytes are: DER or BER, or base64/PEM of it (then *out_der is decoded into the
 * arena). *out_has_content: SignedData with eContent. */
enum vt_cms_kind vt_verify_identify_cms(struct vt_arena *arena, struct vt_bytes bytes,
                                        struct vt_bytes *out_der, bool *out_has_content);

/* SHA-256 of a file as lower-case hexadecimal. Where signatures of the same file were verified into
 * this pool just before, it goes on from their digest instead of beginning again. */
enum vt_code vt_verify_file_sha256(struct vt_certificate_pool *pool, struct vt_bytes bytes,
                                   char out_hex[65]) VT_MUST_CHECK;
/* SHA-256 as lower-case hexadecimal. */
enum vt_code vt_verify_sha256(struct vt_bytes bytes, char out_hex[65]) VT_MUST_CHECK;

#endif
