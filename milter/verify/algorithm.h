/* SPDX-License-Identifier: Apache-2.0
 * Digest and signature algorithms by their identifiers: what they are called, how OpenSSL knows
 * them, and how they stand in the regulation (legal.md ). */
#ifndef VANTHU_VERIFY_ALGORITHM_H
#define VANTHU_VERIFY_ALGORITHM_H

#include <openssl/evp.h>

#include "vanthu/bytes.h"

enum vt_strength {
    VT_STRENGTH_BROKEN = 0, /* collisions for anybody, or never standardised for this */
    VT_STRENGTH_WEAK,       /* SHA-1: no longer allowed, still found on honest documents */
    VT_STRENGTH_GOOD
};

struct vt_digest {
    struct vt_bytes oid;
    const char *name;
    const EVP_MD *(*md)(void); /* NULL: known by name only, cannot be computed */
    unsigned xof_bytes;        /* output of an extendable function (RFC 8702 3.1), else 0 */
    enum vt_strength strength;
};

enum vt_key_kind {
    VT_KEY_RSA = 0,     /* RSASSA-PKCS1-v1_5 */
    VT_KEY_RSA_PSS,     /* RSASSA-PSS */
    VT_KEY_ECDSA,       /* SEQUENCE { r, s } */
    VT_KEY_ECDSA_PLAIN, /* r || s (BSI TR-03111 5.2.1) */
    VT_KEY_DSA,
    VT_KEY_EDDSA /* over the message itself (RFC 8419) */
};

/* A signature algorithm with its parameters. */
struct vt_scheme {
    const char *name; /* "RSA PKCS#1 v1.5", … */
    enum vt_key_kind kind;
    const char *key_type;           /* as EVP_PKEY_is_a takes it */
    const struct vt_digest *digest; /* NULL: the identifier names none */
    const struct vt_digest *mgf_digest;
    int salt_bytes;
};

struct vt_algorithm {
    struct vt_bytes oid;
    struct vt_bytes parameters; /* the whole element, empty: absent */
};

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OID, parameters ANY OPTIONAL } from the body of
 * the SEQUENCE. */
enum vt_code vt_algorithm_parse(struct vt_bytes body, struct vt_algorithm *out) VT_MUST_CHECK;
/* False when parameters are absent or NULL. */
bool vt_algorithm_has_parameters(const struct vt_algorithm *algorithm);
/* The same algorithm: parameters NULL and absent are one. */
bool vt_algorithm_equal(const struct vt_algorithm *a, const struct vt_algorithm *b);

/* An object identifier in dotted form, or NULL when memory is out. */
const char *vt_oid_text(struct vt_arena *arena, struct vt_bytes oid);

/* NULL: not a digest that is known. */
const struct vt_digest *vt_digest_by_oid(struct vt_bytes oid);
const struct vt_digest *vt_digest_sha1(void);
const struct vt_digest *vt_digest_sha256(void);

/* True when the identifier is that of a signature algorithm. */
bool vt_scheme_is_known(struct vt_bytes oid);
/* VT_E_UNSUPPORTED: not known. VT_E_FORMAT: parameters are missing or wrong. */
enum vt_code vt_scheme_by_algorithm(const struct vt_algorithm *algorithm,
                                    struct vt_scheme *out) VT_MUST_CHECK;

#endif
