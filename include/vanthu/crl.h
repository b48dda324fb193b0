/* SPDX-License-Identifier: Apache-2.0
 * Asking CRLs (RFC 5280 5, 6.3.3): verified ones of the status role, which everybody maps, and
 * those that a mail carries. Which of them may speak about a certificate is judged in trust. */
#ifndef VANTHU_CRL_H
#define VANTHU_CRL_H

#include "vanthu/status.h"

/* One CRL read in place: all fields are views. */
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

/* ---- having one ---- */

/* Map a list that vt_crl_list_seal made. The framing is checked with all bounds and every offset
 * when it is used, but the entries are not walked again and the signature is not verified again:
 * who sealed it is believed for that.
 * fd: stays the caller's, may be closed. *out: vt_crl_list_close; where it came from is
 * VT_ORIGIN_FETCHED, or VT_ORIGIN_GIVEN when its origin is "given".
 * Returns VT_OK, VT_E_FORMAT, VT_E_LIMIT, VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_crl_list_open(int fd, struct vt_crl_list **out, struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_crl_list_close(struct vt_crl_list *list);

/* A list over bytes that a mail carries or an administrator gives, read whole but *not* verified:
 * vt_status_cache_verify does that. der and origin must outlive it. Lives in
 * arena. It is indexed when it is asked often enough to pay.
 * Returns VT_OK, VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_crl_list_over(struct vt_arena *arena, struct vt_bytes der,
                              enum vt_status_origin from, const char *origin,
                              struct vt_crl_list **out, struct vt_err *err) VT_MUST_CHECK;

/* Look a certificate up by its issuer's name (DER) and its serial number (content octets). Whether
 * the list speaks for this issuer at all is asked before. */
void vt_crl_list_find(const struct vt_crl_list *list, struct vt_bytes issuer,
                      struct vt_bytes serial, struct vt_crl_entry *out);

/* ---- what it is; all borrowed, they live as long as the list ---- */

/* Times, number, BaseCRLNumber, is_delta, DER of the issuer's name and of the issuing distribution
 * point, count of entries, the CRL itself (der). */
const struct vt_crl *vt_crl_list_crl(const struct vt_crl_list *list);
/* DER of the certificate whose key verified it, and SHA-256 of that key's SubjectPublicKeyInfo;
 * empty for a list over bytes. */
struct vt_bytes vt_crl_list_signer(const struct vt_crl_list *list);
const char *vt_crl_list_signer_key_sha256(const struct vt_crl_list *list);
/* SHA-256 of the CRL. */
const char *vt_crl_list_data_sha256(const struct vt_crl_list *list);
enum vt_status_origin vt_crl_list_from(const struct vt_crl_list *list);
const char *vt_crl_list_origin(const struct vt_crl_list *list);
/* Its sealed memory file, borrowed, to be sent on; -1 for a list over bytes. */
int vt_crl_list_fd(const struct vt_crl_list *list);

/* ---- what it says (RFC 5280 6.3.3) ---- */

/* Every reason of RFC 5280 4.2.1.13 but "unused": bit N is ReasonFlags bit N. */
#define VT_CRL_ALL_REASONS 0x1feu

/* For which reasons the list speaks about a certificate, all its distribution points together; 0:
 * for none, because it is that of another issuer, for another kind of certificate, or of a
 * distribution point that the certificate does not name; *out_why (may be NULL): a constant English
 * clause, or NULL when it is simply about others. A delta CRL has the scope of its base.
 * Source: RFC 5280 6.3.3 (b), (d), (e). */
unsigned vt_crl_list_scope(const struct vt_crl_list *list, const struct vt_certificate *certificate,
                           const char **out_why);
/* True when this delta may be put together with base: they have one issuer and one scope, its
 * BaseCRLNumber is not above the number of base, and its own not below (RFC 5280 5.2.4, 6.3.3 (c)).
 * Their signers are compared by the caller. */
bool vt_crl_list_is_delta_of(const struct vt_crl_list *list, const struct vt_crl_list *base);

/* DER of the name of a certificate's issuer, as vt_crl_list_find takes it; borrowed. */
struct vt_bytes vt_crl_list_issuer_of(const struct vt_certificate *certificate);
/* The fact that an entry states when it is found or missing in list. *out and its strings live in
 * arena and list. VT_E_UNSUPPORTED: it says nothing that can be relied on, err says why;
 * VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_crl_list_fact_of(struct vt_arena *arena, const struct vt_crl_list *list,
                                 const struct vt_crl_entry *entry,
                                 const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer, struct vt_status_fact *out,
                                 struct vt_err *err) VT_MUST_CHECK;

/* ---- the lists of one mail ---- */

/* Keys of its issuer's name that one list is tried with. */
#define VT_MAX_CRL_SIGNERS 8

/* The list over these bytes, read once however often it is asked for; they must outlive cache.
 * Returns VT_OK, VT_E_FORMAT, VT_E_LIMIT (of the list, or one mail has too many), VT_E_NOMEM. */
enum vt_code vt_status_cache_list(struct vt_status_cache *cache, struct vt_bytes der,
                                  enum vt_status_origin from, const char *origin,
                                  struct vt_crl_list **out, struct vt_err *err) VT_MUST_CHECK;
/* Its signature with the key of signer, verified once for each list of the cache and signer: VT_OK,
 * VT_E_NOT_FOUND (another issuer), VT_E_FORMAT, VT_E_UNSUPPORTED, VT_E_NOMEM; VT_E_LIMIT: the keys
 * that one mail has tried are enough. */
enum vt_code vt_status_cache_verify(struct vt_status_cache *cache, const struct vt_crl_list *list,
                                    const struct vt_certificate *signer,
                                    struct vt_err *err) VT_MUST_CHECK;

#endif
