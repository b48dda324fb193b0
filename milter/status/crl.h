/* SPDX-License-Identifier: Apache-2.0
 * One CRL read in place (RFC 5280 5). Nothing is allocated: all fields are views. */
#ifndef VANTHU_STATUS_CRL_H
#define VANTHU_STATUS_CRL_H

#include "vanthu/status.h"

struct vt_crl {
    struct vt_bytes der;
    struct vt_bytes tbs;       /* the signed bytes */
    struct vt_bytes issuer;    /* DER of the Name */
    struct vt_bytes algorithm; /* DER of the AlgorithmIdentifier */
    struct vt_bytes signature;
    struct vt_bytes entries;            /* content of revokedCertificates */
    struct vt_bytes number;             /* content octets of cRLNumber; empty: none */
    struct vt_bytes distribution_point; /* DER of IssuingDistributionPoint; empty: none */
    int64_t this_update_utc_secs;
    int64_t next_update_utc_secs;
    int64_t keeps_expired_since_utc_secs; /* ExpiredCertsOnCRL */
    bool is_delta;
    bool unknown_critical; /* an extension of the list or of an entry that is not known here */
};

/* What a CRL says about one serial number. */
struct vt_crl_entry {
    bool found;
    int64_t revoked_at_utc_secs;
    int reason; /* CRLReason; -1: none given */
};

/* Read the whole list, every entry included. VT_OK or VT_E_FORMAT. */
enum vt_code vt_crl_parse(struct vt_bytes der, struct vt_crl *out,
                          struct vt_err *err) VT_MUST_CHECK;
/* It was issued by this certificate's subject and signed with its key, which may sign CRLs.
 * VT_OK; VT_E_NOT_FOUND (another issuer); VT_E_FORMAT; VT_E_UNSUPPORTED; VT_E_NOMEM. */
enum vt_code vt_crl_verify(const struct vt_crl *crl, const struct vt_certificate *issuer,
                           struct vt_err *err) VT_MUST_CHECK;
/* Look a serial number (content octets) up. */
void vt_crl_find(const struct vt_crl *crl, struct vt_bytes serial, struct vt_crl_entry *out);
/* Name of a CRLReason ("keyCompromise"), NULL for none. */
const char *vt_crl_reason_name(int reason);
/* Write the fact that an entry, or its absence, states. VT_E_NOT_FOUND: out of scope.
 * VT_E_UNSUPPORTED: of a kind whose absence proves nothing, and not listed. */
enum vt_code vt_crl_fact(struct vt_arena *arena, const struct vt_crl *crl,
                         const struct vt_certificate *certificate,
                         const struct vt_certificate *issuer, const char *origin,
                         struct vt_status_fact *out, struct vt_err *err) VT_MUST_CHECK;

enum { VT_CRL_REASON_HOLD = 6, VT_CRL_REASON_REMOVE = 8 };

/* Fields common to a fact of any source: issuer key, serial, digest, origin. */
enum vt_code vt_status_fact_begin(struct vt_arena *arena, const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer, struct vt_bytes data,
                                  const char *source, const char *origin,
                                  struct vt_status_fact *out, struct vt_err *err) VT_MUST_CHECK;

#endif
