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
    struct vt_bytes base_number;        /* of BaseCRLNumber, when it is a delta */
    struct vt_bytes distribution_point; /* DER of IssuingDistributionPoint; empty: none */
    int64_t this_update_utc_secs;
    int64_t next_update_utc_secs;
    int64_t keeps_expired_since_utc_secs; /* ExpiredCertsOnCRL */
    size_t entries_count;
    size_t issuer_changes_count; /* entries with certificateIssuer (indirect CRLs) */
    bool is_delta;
    bool unknown_critical; /* an extension of the list or of an entry that is not known here */
};

enum { VT_CRL_REASON_HOLD = 6, VT_CRL_REASON_REMOVE = 8 };

/* What a CRL says about one certificate. */
struct vt_crl_entry {
    bool found;
    bool unreadable; /* an indirect list that cannot be asked: nothing is known */
    int64_t revoked_at_utc_secs;
    int64_t invalid_since_utc_secs; /* invalidityDate; VT_TIME_NONE */
    int reason;                     /* CRLReason; -1: none given */
};
#define VT_CRL_ENTRY_NONE                                                                          \
    ((struct vt_crl_entry){.revoked_at_utc_secs = VT_TIME_NONE,                                    \
                           .invalid_since_utc_secs = VT_TIME_NONE,                                 \
                           .reason = -1})

/* One entry as it stands in the list. */
struct vt_crl_raw_entry {
    struct vt_bytes serial; /* content octets */
    struct vt_crl_entry entry;
    struct vt_bytes issuer; /* DER of the Name in certificateIssuer; empty: not a name */
    bool names_issuer;      /* it has a certificateIssuer, which holds for those that follow too */
    bool unknown_critical;
};

/* Read the whole list, every entry included. VT_OK, VT_E_FORMAT or VT_E_LIMIT. */
enum vt_code vt_crl_parse(struct vt_bytes der, struct vt_crl *out,
                          struct vt_err *err) VT_MUST_CHECK;
/* The same without reading the entries: they are not counted, and what is unknown in them is not
 * seen. For a list that was read whole before. */
enum vt_code vt_crl_parse_frame(struct vt_bytes der, struct vt_crl *out,
                                struct vt_err *err) VT_MUST_CHECK;
/* Take the next entry off *rest; false: malformed. vt_crl_next_serial reads no more of it than the
 * serial number. */
bool vt_crl_next_entry(struct vt_bytes *rest, struct vt_crl_raw_entry *out);
bool vt_crl_next_serial(struct vt_bytes *rest, struct vt_bytes *out_entry,
                        struct vt_bytes *out_serial);
/* Both are content octets and not empty. */
bool vt_crl_is_same_serial(struct vt_bytes a, struct vt_bytes b);
/* Listed, and neither on hold nor removed. */
bool vt_crl_entry_is_final(const struct vt_crl_entry *entry);

/* It was issued by this certificate's subject and signed with its key, which may sign CRLs.
 * VT_OK; VT_E_NOT_FOUND (another issuer); VT_E_FORMAT; VT_E_UNSUPPORTED; VT_E_NOMEM. */
enum vt_code vt_crl_verify(const struct vt_crl *crl, const struct vt_certificate *issuer,
                           struct vt_err *err) VT_MUST_CHECK;
/* Look a serial number (content octets) up by walking the list, whatever issuer an entry names. */
void vt_crl_find(const struct vt_crl *crl, struct vt_bytes serial, struct vt_crl_entry *out);
/* Name of a CRLReason ("keyCompromise"), NULL for none. */
const char *vt_crl_reason_name(int reason);
/* Fields common to a fact of any source: issuer key, serial, digest, origin. */
enum vt_code vt_status_fact_begin(struct vt_arena *arena, const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer, struct vt_bytes data,
                                  const char *source, const char *origin,
                                  struct vt_status_fact *out, struct vt_err *err) VT_MUST_CHECK;

#endif
