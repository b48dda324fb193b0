/* SPDX-License-Identifier: Apache-2.0
 * Verifying one SignerInfo: what its steps share; inside this room only. */
#ifndef VANTHU_VERIFY_SIGNER_H
#define VANTHU_VERIFY_SIGNER_H

#include "vanthu/verify.h"
#include "verify/certificate.h"
#include "verify/cms.h"
#include "verify/digest.h"
#include "verify/signature.h"

/* Certificates that fit one signer identifier and are tried. */
#define VT_MAX_CANDIDATES 8

/* Contents a CMS may sign. */
struct vt_contents {
    const struct vt_content *items;
    size_t count;
    /* The document says which bytes are signed: none that fits is a change. Otherwise it only
     * means that the signed bytes have not been found. */
    bool is_given;
};

/* What all SignerInfos of one CMS share. */
struct vt_signing {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct vt_digest_cache *cache;
    const struct vt_cms *cms;
    struct vt_contents contents;
    /* A time stamp token: its own time stamps are not followed. */
    bool is_timestamp;
    /* What the CMS carries beside its signers; copied to each of them. */
    struct vt_verified common;
};

enum vt_check { VT_CHECK_OPEN = 0, VT_CHECK_RIGHT, VT_CHECK_WRONG };

/* ESSCertID (RFC 2634 5.4.1) or ESSCertIDv2 (RFC 5035 4): the first of the list. */
struct vt_ess {
    bool present;
    const struct vt_digest *digest; /* NULL: not known */
    struct vt_bytes hash;
    struct vt_bytes serial; /* content octets, empty: no issuerSerial */
    struct vt_bytes issuer; /* Name of issuerSerial, whole element; empty: none is given */
};

/* One SignerInfo on its way. */
struct vt_signer_work {
    const struct vt_signing *signing;
    const struct vt_cms_signer *signer;
    struct vt_verified *out;
    struct vt_attributes attributes; /* signed */
    struct vt_attributes unsigned_attributes;
    struct vt_bytes message_digest; /* empty: none that is usable */
    struct vt_ess ess[2];           /* version 1, version 2 */
    const struct vt_digest *digest; /* of digestAlgorithm; NULL: not known */
    struct vt_scheme scheme;
    bool has_scheme;
    const struct vt_certificate *candidates[VT_MAX_CANDIDATES];
    size_t candidates_count;
    /* The content that was signed, or that the document says was; NULL: not known. */
    const struct vt_content *matched_content;
    enum vt_check content;
    enum vt_check signature;
    /* Something keeps the result from being called intact though nothing is proven wrong. */
    bool is_unclear;
};

/* Add a finding to something that has findings and findings_count. Losing one for lack of memory
 * changes no verdict. */
#define VT_NOTE(arena, target, ...)                                                                \
    ((void)vt_findings_add((arena), &(target)->findings, &(target)->findings_count, __VA_ARGS__))

/* Record a failure: of several sub-indications the first in the order of the enum stays. */
void vt_verified_fail(struct vt_verified *verified, enum vt_sub_indication sub,
                      enum vt_reason reason);
/* A signature that cannot be read: an item of its own, never intact. */
void vt_verified_unreadable(struct vt_verified *verified);

/* Collect certificates and revocation values of a CMS into signing->common. */
enum vt_code vt_signing_begin(struct vt_signing *signing, struct vt_err *err) VT_MUST_CHECK;
/* Verify one SignerInfo of signing->cms. VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_signer_verify(const struct vt_signing *signing, size_t signer_index,
                              struct vt_verified *out, struct vt_err *err) VT_MUST_CHECK;

/* ---- steps, each in its file ---- */

/* signer_attributes.c: signed attributes into work (RFC 5652 5.3, 11; RFC 6211; RFC 5035). */
enum vt_code vt_signer_read_attributes(struct vt_signer_work *work) VT_MUST_CHECK;
/* signer_certificate.c: the certificates that may be the signer's, the best first. */
enum vt_code vt_signer_find_certificate(struct vt_signer_work *work) VT_MUST_CHECK;
/* signer_content.c: the digest of the content. */
enum vt_code vt_signer_check_content(struct vt_signer_work *work) VT_MUST_CHECK;
/* Record which content was found signed. */
void vt_signer_take_content(struct vt_signer_work *work, const struct vt_content *content);
/* Record that no content fits. digest: the one that was compared, or NULL. */
void vt_signer_content_differs(struct vt_signer_work *work, const struct vt_digest *digest);
/* A content that is a set of signed attributes keeps the result from being intact. */
void vt_signer_refuse_disguise(struct vt_signer_work *work, const struct vt_content *content);
/* The content in one piece. VT_E_LIMIT: too large for that. */
enum vt_code vt_content_join(struct vt_arena *arena, const struct vt_content *content,
                             struct vt_bytes *out) VT_MUST_CHECK;
/* signer_check.c: the signature value. */
enum vt_code vt_signer_check_signature(struct vt_signer_work *work) VT_MUST_CHECK;
/* revocation.c: CRLs and OCSP responses that the CMS or its attributes carry, certificate-values.
 */
void vt_revocation_from_cms(struct vt_bytes revocations, struct vt_verified *out);
enum vt_code vt_revocation_from_attributes(struct vt_signer_work *work,
                                           struct vt_err *err) VT_MUST_CHECK;
/* Add a carried certificate once. VT_E_LIMIT: the list is full. */
enum vt_code vt_verified_carry(struct vt_verified *out,
                               const struct vt_certificate *certificate) VT_MUST_CHECK;

/* timestamp_attributes.c: tokens among the attributes (RFC 3161, EN 319 122-1). */
enum vt_code vt_timestamps_verify(struct vt_signer_work *work, struct vt_err *err) VT_MUST_CHECK;

#endif
