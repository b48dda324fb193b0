/* SPDX-License-Identifier: Apache-2.0
 * The judgement of one signature: what its steps share. Each step worsens the verdict by what it
 * finds and none improves it (EN 319 102-1 5.3 to 5.6). */
#ifndef VANTHU_TRUST_JUDGE_H
#define VANTHU_TRUST_JUDGE_H

#include "trust/path.h"

/* Clocks of signers, TSAs, CAs and ours differ by this much without meaning anything. */
#define VT_CLOCK_TOLERANCE_SECS 300
/* Tools that write local time as UTC (legal.md R-89): 7 hours ahead. */
#define VT_LOCAL_TIME_FAULT_SECS (7 * 3600)

/* When it was signed, as far as that is proven or claimed. */
struct vt_signing_times {
    /* The earliest time at which the signature provably existed; now when nothing proves more. */
    int64_t best_utc_secs;
    bool proven; /* by a time stamp or first-seen */
    enum vt_time_source source;
    /* The signing happened at this time or later, as a time stamp or the signer says; for
     * worsening only. VT_TIME_NONE: nothing is said. */
    int64_t made_at_utc_secs;
    /* The signer's claim, corrected by the known fault; VT_TIME_NONE: none, or incredible. */
    int64_t claimed_utc_secs;
};

struct vt_judgement {
    struct vt_arena *arena;
    const struct vt_trust_input *input;
    struct vt_certificate_list others; /* what may stand between signer and anchor */
    struct vt_status_cache *cache;
    struct vt_revocation_memo *revocation_memo; /* of revocation_signer.c, NULL: nothing yet */
    struct vt_wants *wants;
    struct vt_signature *out;
    struct vt_signing_times times;
    struct vt_path path;
    bool may_ask;              /* missing status is wanted: the signature itself is not broken */
    size_t old_statuses_tried; /* of all its time stamps together (timestamp.c) */
    bool has_unstored_token;   /* what a signature time stamp is validated with is not all there */
};

/* ---- judge.c ---- */

/* Add a finding once. VT_OK, VT_E_NOMEM. */
enum vt_code vt_judge_note(struct vt_judgement *judgement, const char *format, ...)
    VT_PRINTF(2, 3) VT_MUST_CHECK;
/* The same for any list of findings. */
enum vt_code vt_judge_say(struct vt_arena *arena, const char ***findings, size_t *count,
                          const char *format, ...) VT_PRINTF(4, 5) VT_MUST_CHECK;
/* Worsen the verdict and say why. */
enum vt_code vt_judge_fail(struct vt_judgement *judgement, enum vt_sub_indication sub,
                           enum vt_reason reason, const char *format, ...)
    VT_PRINTF(4, 5) VT_MUST_CHECK;
/* Common name of a certificate, or its subject, for findings. Never NULL. */
const char *vt_judge_name(const struct vt_certificate *certificate);
enum vt_code vt_judge_want_status(struct vt_judgement *judgement,
                                  const struct vt_certificate *certificate,
                                  const struct vt_certificate *issuer) VT_MUST_CHECK;
/* The certificate at index of path is good by this fact: want one that the sender did not choose,
 * as long as the certificate is valid. A revocation is published some time after its date, and what
 * was enclosed in between stays good for ever. */
enum vt_code vt_judge_want_newer(struct vt_judgement *judgement, const struct vt_path *path,
                                 size_t index, const struct vt_status_fact *fact) VT_MUST_CHECK;
enum vt_code vt_judge_want_issuer(struct vt_judgement *judgement,
                                  const struct vt_certificate *certificate) VT_MUST_CHECK;

/* ---- the steps ---- */

/* Integrity, coverage and later changes, from document and verify (integrity.c). */
enum vt_code vt_judge_integrity(struct vt_judgement *judgement) VT_MUST_CHECK;
/* Validate the time stamps and find the best signing time (times.c). */
enum vt_code vt_judge_times(struct vt_judgement *judgement) VT_MUST_CHECK;
/* Path to an anchor, or why there is none (judge_path.c). */
enum vt_code vt_judge_path(struct vt_judgement *judgement) VT_MUST_CHECK;
/* Revocation of each certificate of the path (judge_status.c). *out_signer_good: the signer's
 * status is known and good even for a certificate that has expired. */
enum vt_code vt_judge_statuses(struct vt_judgement *judgement, bool *out_signer_good) VT_MUST_CHECK;
/* Periods of all certificates of the path (period.c). */
enum vt_code vt_judge_periods(struct vt_judgement *judgement, bool signer_good) VT_MUST_CHECK;
/* Key usage of the signer (scope.c). */
enum vt_code vt_judge_scope(struct vt_judgement *judgement) VT_MUST_CHECK;
/* Digests and key sizes by date (algorithm.c). */
enum vt_code vt_judge_algorithms(struct vt_judgement *judgement) VT_MUST_CHECK;
/* When a digest, by its name, and what stands in a certificate are no longer relied on; INT64_MAX:
 * never (algorithm.c). */
int64_t vt_digest_end(const char *name, const struct vt_trust_rules *rules);
int64_t vt_certificate_end(const struct vt_trust_store *store, enum vt_trust_set_id set,
                           const struct vt_certificate *certificate);
/* "B-B" to "B-LTA", or NULL (level.c). */
const char *vt_judge_level(const struct vt_judgement *judgement);
/* Signature and document carry each certificate of a path but its anchor, and revocation data that
 * speak of it (level.c). */
bool vt_judge_is_stored(const struct vt_judgement *judgement, const struct vt_path *path);

/* ---- what the verdict rests on (used.c), for input->used ---- */

enum vt_code vt_judge_used_path(const struct vt_judgement *judgement,
                                const struct vt_path *path) VT_MUST_CHECK;
enum vt_code vt_judge_used_certificate(const struct vt_judgement *judgement,
                                       const struct vt_certificate *certificate) VT_MUST_CHECK;
enum vt_code vt_judge_used_token(const struct vt_judgement *judgement,
                                 const struct vt_verified_timestamp *token) VT_MUST_CHECK;
/* A statement that was taken. response: the OCSP response that made it; empty: it is elsewhere. */
enum vt_code vt_judge_used_fact(const struct vt_judgement *judgement,
                                const struct vt_status_fact *fact,
                                struct vt_bytes response) VT_MUST_CHECK;
struct vt_crl_list;
enum vt_code vt_judge_used_list(const struct vt_judgement *judgement,
                                const struct vt_crl_list *list) VT_MUST_CHECK;

/* ---- time stamps ---- */

struct vt_token {
    const struct vt_verified_timestamp *verified;
    int64_t existed_utc_secs; /* the earliest proof of it by something else; now without one */
    bool is_judged;
};
/* The signature's own tokens, then the document time stamps that cover it, in their order. */
struct vt_tokens {
    struct vt_token *items;
    struct vt_timestamp_facts *facts; /* of each */
    size_t own_count;
    size_t count;
    size_t shown_count; /* of facts, in evidence */
};

/* Judge all of them, each at the time at which it provably existed (tokens.c). */
enum vt_code vt_judge_tokens(struct vt_judgement *judgement, struct vt_tokens *out) VT_MUST_CHECK;
/* The latest time at which the token can have been made: what it covers existed then. */
int64_t vt_token_latest(const struct vt_verified_timestamp *token);
/* Judge one token that existed at a time, now when nothing proves more (RFC 3161, EN 319 102-1 5.4;
 * timestamp.c). facts->indication is TOTAL_PASSED when it proves something. Missing status is
 * wanted. */
enum vt_code vt_judge_timestamp(struct vt_judgement *judgement,
                                const struct vt_verified_timestamp *token, int64_t existed_utc_secs,
                                struct vt_timestamp_facts *out) VT_MUST_CHECK;

/* ---- revocation (revocation.c) ---- */

struct vt_status_choice {
    /* GOOD, REVOKED, SUSPENDED: usable. Anything else: not known at this time. */
    enum vt_status_value value;
    struct vt_status_fact fact; /* the one that decided; fact.source NULL: there is none */
};

/* What is known about the certificate at index of a path (its issuer is the next, the anchor the
 * last), judged for a time: revoked if any authentic source says so; good only by data that counts
 * then (enum vt_status_origin). The signers of CRLs and OCSP responses have a path to the same
 * anchor and a status of their own; what is missing for that is wanted (RFC 5280 6.3.3). */
enum vt_code vt_revocation_choose(struct vt_judgement *judgement, const struct vt_path *path,
                                  size_t index, int64_t at_utc_secs,
                                  struct vt_status_choice *out) VT_MUST_CHECK;
/* Something is known that counts: GOOD, REVOKED or SUSPENDED. */
bool vt_status_is_decided(enum vt_status_value value);
/* The reason says that the key itself is safe (RFC 5280 5.3.1, RFC 3161 4 (1)). */
bool vt_revocation_is_harmless(const char *reason);
/* The reason says that the key itself is no longer its owner's alone (RFC 5280 5.3.1). */
bool vt_revocation_is_compromise(const char *reason);
/* A status as it stands in evidence. fact->source NULL: nothing is known but its value. */
void vt_status_show(const struct vt_certificate *certificate, const struct vt_status_fact *fact,
                    struct vt_status_facts *out);

#endif
