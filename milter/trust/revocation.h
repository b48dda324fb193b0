/* SPDX-License-Identifier: Apache-2.0
 * The status of one certificate being found out: what revocation.c, revocation_crl.c and
 * revocation_signer.c share. */
#ifndef VANTHU_TRUST_REVOCATION_H
#define VANTHU_TRUST_REVOCATION_H

#include "trust/judge.h"
#include "vanthu/crl.h"

/* Signers of CRLs whose own status needs the CRL of another signer, and so on. */
#define VT_MAX_SIGNER_DEPTH 3
/* Statuses of signers that are asked for while one signature is judged; a sender who makes many
 * must not make us look long. */
#define VT_MAX_SIGNER_STATUSES 128
#define VT_MAX_SIGNER_PATHS 32
/* CRLs that nobody signed, which are not looked at again. */
#define VT_MAX_UNSIGNED_LISTS 256
/* Signers whose status is missing. */
#define VT_MAX_MISSING_SIGNERS 8

/* Signers and their paths that were looked for already, of one signature. */
struct vt_revocation_memo {
    struct vt_unsigned_list {
        const struct vt_crl_list *list;
        enum vt_trust_set_id set; /* whose anchors were tried */
        const char *why;
    } unsigned_lists[VT_MAX_UNSIGNED_LISTS];
    size_t unsigned_count;
    struct vt_path *paths[VT_MAX_SIGNER_PATHS];
    const struct vt_certificate *signers[VT_MAX_SIGNER_PATHS];
    size_t count;
    unsigned statuses_count;
};

struct vt_status_slot {
    bool has;
    struct vt_status_fact fact;
};

struct vt_choosing {
    struct vt_judgement *judgement;
    const struct vt_path *path;
    size_t index;
    const struct vt_certificate *certificate;
    const struct vt_certificate *issuer;
    int64_t at_utc_secs;
    bool crls_only; /* an OCSP responder is not asked about itself */
    /* An authority above is compromised since: what is signed then counts no more; VT_TIME_NONE. */
    int64_t unsafe_since_utc_secs;
    unsigned depth;                  /* 0: a certificate of the path that is judged */
    const struct vt_choosing *outer; /* whose signer this is about; NULL: nobody's */
    struct vt_status_slot revoked, suspended, good, other;
    int64_t youngest_not_held_utc_secs; /* the last time that it was authentically not on hold */
    /* "Good" for some reasons only, until together they are all (RFC 5280 6.3.3 e). */
    unsigned partial_reasons;
    struct vt_status_fact partial;
    bool delta_without_base;
    struct vt_want_signer {
        const struct vt_certificate *certificate, *issuer;
    } missing[VT_MAX_MISSING_SIGNERS];
    size_t missing_count;
};

/* Find out about the certificate at index of path. outer: on whose behalf, or NULL.
 * VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_revocation_find(struct vt_judgement *judgement, const struct vt_path *path,
                                size_t index, int64_t at_utc_secs, bool crls_only,
                                struct vt_choosing *outer,
                                struct vt_status_choice *out) VT_MUST_CHECK;
/* Take one statement. reasons: the revocation reasons it speaks about (VT_CRL_ALL_REASONS: all). */
void vt_revocation_take(struct vt_choosing *choosing, const struct vt_status_fact *fact,
                        unsigned reasons);
/* Say that a piece of data about this certificate is not used, and why (a clause). */
enum vt_code vt_revocation_unusable(struct vt_choosing *choosing, const char *why) VT_MUST_CHECK;

/* Every CRL at hand: embedded, given, known (revocation_crl.c). */
enum vt_code vt_revocation_take_crls(struct vt_choosing *choosing) VT_MUST_CHECK;

/* The signer of a CRL that may speak for the issuer of this certificate (RFC 5280 6.3.3 f).
 * *out NULL: there is none, *out_why says why (revocation_signer.c). */
enum vt_code vt_revocation_find_signer(struct vt_choosing *choosing, const struct vt_crl_list *list,
                                       const struct vt_certificate **out,
                                       const char **out_why) VT_MUST_CHECK;
/* Status of a delegated OCSP responder without id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1). */
enum vt_code vt_revocation_find_responder(struct vt_choosing *choosing, struct vt_bytes responder,
                                          enum vt_status_value *out) VT_MUST_CHECK;

#endif
