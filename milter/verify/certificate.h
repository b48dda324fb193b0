/* SPDX-License-Identifier: Apache-2.0
 * What a parsed certificate holds, and the ways to find one in a pool; inside this room only. */
#ifndef VANTHU_VERIFY_CERTIFICATE_H
#define VANTHU_VERIFY_CERTIFICATE_H

#include "vanthu/verify.h"

/* Addresses of one kind, and mail addresses, that are kept; real certificates have one to four. */
#define VT_MAX_ADDRESSES 8
#define VT_MAX_ADDRESS_BYTES 1024
#define VT_MAX_EMAILS 16
#define VT_MAX_EMAIL_BYTES 320
#define VT_ADDRESS_KINDS 3
/* Policies of one certificate that are shown; real ones have one or two. */
#define VT_MAX_POLICIES 16

struct vt_certificate {
    struct vt_bytes der; /* in the pool's arena */
    uint8_t sha256[32];
    struct x509_st *x509;
    struct vt_bytes serial; /* content octets */
    struct vt_bytes issuer;
    struct vt_bytes subject;
    struct vt_bytes not_before; /* whole elements */
    struct vt_bytes not_after;
    struct vt_bytes public_key;
    struct vt_bytes extensions; /* body of the SEQUENCE OF Extension, empty: none */
    struct vt_bytes key_id;     /* subjectKeyIdentifier, empty: none */
    const char *addresses[VT_ADDRESS_KINDS][VT_MAX_ADDRESSES];
    size_t addresses_count[VT_ADDRESS_KINDS];
    const char *emails[VT_MAX_EMAILS];
    size_t emails_count;
    const char *policies[VT_MAX_POLICIES]; /* dotted */
    size_t policies_count;
    bool is_ca;
    struct vt_certificate_facts facts;
};

/* Fill the views of certificate from its der (RFC 5280 4.1). */
enum vt_code vt_certificate_read_fields(struct vt_certificate *certificate) VT_MUST_CHECK;
/* Key identifier, addresses and mail addresses; what cannot be read is left out. */
enum vt_code vt_certificate_read_extensions(struct vt_arena *arena,
                                            struct vt_certificate *certificate) VT_MUST_CHECK;
/* Names, times and key for people. */
enum vt_code vt_certificate_read_facts(struct vt_arena *arena,
                                       struct vt_certificate *certificate) VT_MUST_CHECK;

/* What was digested of the mail that the pool is for; NULL: memory is out. */
struct vt_digest_cache;
struct vt_digest_cache *vt_certificate_pool_digests(struct vt_certificate_pool *pool);
/* True when the certificate has this issuer name and serial number (RFC 5652 10.2.4). Names are
 * compared as bytes first, then by RFC 5280 7.1. */
bool vt_certificate_is_issuer_serial(const struct vt_certificate *certificate,
                                     struct vt_bytes issuer_der, struct vt_bytes serial);

#endif
