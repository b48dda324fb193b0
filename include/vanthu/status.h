/* SPDX-License-Identifier: Apache-2.0
 * status: what is known about the revocation of certificates. Facts are keyed by the issuer's
 * public key and the serial number, not by name (design.md 4). The same form serves the answer
 * to one mail's wants, the published generation, and what a document carried. */
#ifndef VANTHU_STATUS_H
#define VANTHU_STATUS_H

#include "vanthu/object.h"
#include "vanthu/verify.h"

/* Who brought a piece of revocation data. What comes with a document was chosen by the sender, so
 * its "good" counts only if it was issued at or after the best signing time; what is given or
 * fetched is the newest that the CA publishes, and counts too while it is in force (legal.md R-42).
 */
enum vt_status_origin { VT_ORIGIN_EMBEDDED = 0, VT_ORIGIN_GIVEN, VT_ORIGIN_FETCHED };

/* One verified statement about one certificate: the signature of the CRL or OCSP response, the
 * authority of its signer and its scope have been checked. */
struct vt_status_fact {
    char issuer_key_sha256[65]; /* of the issuer's SubjectPublicKeyInfo */
    const char *serial;         /* lower-case hexadecimal, as vt_certificate_facts.serial */
    /* GOOD, REVOKED, SUSPENDED; UNKNOWN (OCSP "unknown"); UNREACHABLE (every source failed). */
    enum vt_status_value value;
    const char *source; /* "ocsp" or "crl" */
    enum vt_status_origin from;
    const char *origin; /* "embedded", "given", or an address */
    char data_sha256[65];
    int64_t this_update_utc_secs;
    int64_t next_update_utc_secs; /* VT_TIME_NONE: not stated */
    int64_t revoked_at_utc_secs;
    const char *revocation_reason;
    /* The key may have been misused since (RFC 5280 5.3.2 invalidityDate); VT_TIME_NONE. */
    int64_t invalid_since_utc_secs;
    int64_t produced_at_utc_secs; /* OCSP producedAt; VT_TIME_NONE */
    /* DER of the delegated OCSP responder's certificate when its own status is to be asked (it has
     * no id-pkix-ocsp-nocheck, RFC 6960 4.2.2.2.1); empty: it is not. */
    struct vt_bytes responder;
    const char *responder_name; /* common name of a delegated OCSP responder, NULL: none */
    /* UNREACHABLE, and every source's host is being left alone (its breaker is open): waiting a
     * few minutes would change nothing. */
    bool source_down;
    /* The source still lists certificates that expired after this time (ExpiredCertsOnCRL, OCSP
     * archive cutoff); VT_TIME_NONE: it does not say. */
    int64_t keeps_expired_since_utc_secs;
    /* An invalid or unusable part of it, for the administrator; NULL: none. */
    const char *finding;
};

/* Until when a statement with these times is in force: its next update, or for a day when it names
 * none (RFC 5280 5.1.2.5 demands one of CRLs; RFC 6960 4.2.2.1: newer information is available at
 * any time). this_update_utc_secs: not VT_TIME_NONE. */
int64_t vt_status_until_utc_secs(int64_t this_update_utc_secs, int64_t next_update_utc_secs);

/* A CRL whose signature was verified with the key of a signer, indexed, immutable: answers for one
 * serial number come by lookup. Whether that signer may speak for the issuer of a certificate is
 * the caller's question (RFC 5280 6.3.3 f). */
struct vt_crl_list;

/* Verified lists that one message carries: a generation, or the answer to one mail's wants. */
#define VT_MAX_GENERATION_LISTS 64
#define VT_MAX_ANSWER_LISTS 8

struct vt_first_seen {
    char digest_sha256[65];
    int64_t time_utc_secs;
};

/* What is known beside the mail itself: input of inspect. */
struct vt_known {
    struct vt_status_fact *facts;
    size_t facts_count;
    const struct vt_crl_list **lists;
    size_t lists_count;
    struct vt_bytes *issuers; /* DER of issuer certificates found by AIA */
    size_t issuers_count;
    struct vt_first_seen *first_seen;
    size_t first_seen_count;
    /* SHA-256 (hex) of the certificates whose issuer was looked for by AIA and will not be found:
     * no address on the list of allowed hosts, or what came was not the issuer. */
    const char **no_issuer_of;
    size_t no_issuer_of_count;
};

/* What inspect missed. */
struct vt_wants {
    /* Status wanted: the certificate and its issuer, DER. */
    struct vt_want_status {
        struct vt_bytes certificate;
        struct vt_bytes issuer;
    } * status;
    size_t status_count;
    struct vt_bytes *issuer_of; /* the issuers of these certificates are not known: AIA */
    size_t issuer_of_count;
    const char **first_seen; /* digests */
    size_t first_seen_count;
};

/* JSON forms (DER as base64): how they travel between roles. *out_text is malloc'd, *out lives in
 * arena; every array has a maximum. Writing: VT_E_NOMEM, VT_E_LIMIT. Reading: VT_E_FORMAT too. */
enum vt_code vt_known_to_json(const struct vt_known *known, char **out_text, size_t *out_len,
                              struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_known_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_known *out,
                                struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_wants_to_json(const struct vt_wants *wants, char **out_text, size_t *out_len,
                              struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_wants_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_wants *out,
                                struct vt_err *err) VT_MUST_CHECK;

/* How what is known travels with its lists: a sealed memory file of JSON, then one of each list.
 * vt_known_seal: out_fds has room for 1 + max_lists; the lists beyond that are left out, so the
 * most useful come first; descriptors are the caller's. vt_known_open: fds stay the caller's; the
 * lists are mapped and live until vt_known_close (which a process that ends may omit).
 * VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_known_seal(const struct vt_known *known, size_t max_lists, int *out_fds,
                           size_t *out_count, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_known_open(struct vt_arena *arena, const int *fds, size_t count,
                           struct vt_known *out, struct vt_err *err) VT_MUST_CHECK;
void vt_known_close(struct vt_known *known);

/* The certificate in a file "issuer-…" of the state directory: an issuer that was found by AIA. The
 * view is into file. VT_E_FORMAT. */
enum vt_code vt_status_kept_issuer(struct vt_bytes file, struct vt_bytes *out_der) VT_MUST_CHECK;

/* ---- judging one CRL or OCSP response (RFC 5280 6.3, RFC 6960 3.2) ---- */

/* The CRLs and OCSP responses of one mail, each read and verified once however many certificates
 * ask, and what may be spent on them. Keyed by the place of the bytes, so these must outlive it.
 * NULL when memory is out. */
struct vt_status_cache;
struct vt_status_cache *vt_status_cache_new(struct vt_arena *arena) VT_MUST_CHECK;
/* What the searches for paths in this mail have cost together; the caller counts. */
unsigned *vt_status_cache_spent(struct vt_status_cache *cache);

/* What a DER OCSPResponse or BasicOCSPResponse says about a certificate whose issuer is known (the
 * path to an anchor is the caller's question). The responder has the issuer's key, or a
 * certificate that this key signed for OCSP (RFC 6960 4.2.2.2); it may be in the response or in
 * pool. nonce: expected nonce or the empty view; a response without one is accepted and its times
 * judge it, one with another is VT_E_FORMAT. An error status (tryLater, unauthorized) is VT_OK with
 * VT_STATUS_UNKNOWN and a finding; an answer for another certificate is VT_E_NOT_FOUND. */
enum vt_code vt_status_read_ocsp(struct vt_arena *arena, struct vt_certificate_pool *pool,
                                 struct vt_bytes response, const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer, struct vt_bytes nonce,
                                 const char *origin, struct vt_status_fact *out,
                                 struct vt_err *err) VT_MUST_CHECK;

/* ---- client of the status role: gateway, command ---- */

/* Ask for the bytes of CRLs and OCSP responses that it fetched, by their digests. arena: of the
 * message. *out_fd: a file of objects (vanthu/object.h), closed by the caller; what the role does
 * not have any more is named in it without bytes. VT_E_PEER, VT_E_TIMEOUT, VT_E_NOMEM. */
enum vt_code vt_status_ask_objects(struct vt_arena *arena, int status_fd,
                                   const struct vt_object *objects, size_t count,
                                   int64_t deadline_msecs, int *out_fd,
                                   struct vt_err *err) VT_MUST_CHECK;

#endif
