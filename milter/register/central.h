/* SPDX-License-Identifier: Apache-2.0
 * Shipping: from the register of this host to its place in the central database, and back what
 * other gateways recorded. Both ends are registers. */
#ifndef VANTHU_REGISTER_CENTRAL_H
#define VANTHU_REGISTER_CENTRAL_H

#include "register/claims.h"
#include "register/internal.h"
#include "vanthu/central.h"

/* Open the place of the register with this id for writing; made when it is not there. */
enum vt_code vt_central_open_write(const struct vt_postgres_link *link, struct vt_bytes id,
                                   const char *name, struct vt_register **out,
                                   struct vt_err *err) VT_MUST_CHECK;

/* Whether the central chain is the begin of the local one. VT_E_FORMAT: one of them was made anew,
 * cut, or belongs to a copy of this register that went its own way. */
enum vt_code vt_ship_check(struct vt_register *local, struct vt_register *central,
                           struct vt_err *err) VT_MUST_CHECK;
/* Ship the next records with all that belongs to them, in one transaction, their claims signed;
 * destroy there what they say was destroyed. *out_count: 0 when nothing is left. */
enum vt_code vt_ship_records(struct vt_register *local, struct vt_register *central,
                             const struct vt_claim_key *key, size_t *out_count,
                             struct vt_err *err) VT_MUST_CHECK;
/* Sign all claims of this host there, when not all of them are signed with this key. */
enum vt_code vt_ship_sign_anew(struct vt_register *local, struct vt_register *central,
                               const struct vt_claim_key *key, struct vt_err *err) VT_MUST_CHECK;
/* Within a transaction: sign the claim that a row is, if it is one; the mark that all claims up to
 * a record are signed. Without a key nothing is done. */
enum vt_code vt_ship_sign(struct vt_register *central, const struct vt_claim_key *key,
                          const struct vt_row *row, const char *reference,
                          struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_ship_mark(struct vt_register *central, const struct vt_claim_key *key, int64_t seq,
                          struct vt_err *err) VT_MUST_CHECK;
/* The record that a mark names, of the register with this id; -1: it is none of this key. */
int64_t vt_ship_read_mark(const struct vt_claim_key *key, struct vt_bytes id, struct vt_bytes mark);
/* Ship heads that were kept. */
enum vt_code vt_ship_heads(struct vt_register *local, struct vt_register *central,
                           struct vt_err *err) VT_MUST_CHECK;
/* Forget defer clocks there, as retention does here. */
enum vt_code vt_ship_forget(struct vt_register *central, int64_t before_utc_secs,
                            struct vt_err *err) VT_MUST_CHECK;
/* What was brought under another key, or without one, is forgotten. To be called before the first
 * vt_ship_back. */
enum vt_code vt_ship_begin(struct vt_register *local, const struct vt_claim_key *key,
                           struct vt_err *err) VT_MUST_CHECK;
struct vt_ship_back {
    bool is_more;            /* there is more to be brought */
    size_t skipped_count;    /* gateways whose schema is of another version */
    size_t unsigned_count;   /* gateways that do not sign with this key */
    uint64_t unproven_count; /* claims that are not what their gateway signed */
};
/* Bring back what other gateways claimed since the last time, as far as they signed it: first-seen
 * times, defer clocks, notice keys, exceptions. Some records of each gateway. Without a key nothing
 * is brought. */
enum vt_code vt_ship_back(struct vt_register *local, struct vt_register *central,
                          const struct vt_claim_key *key, struct vt_ship_back *out,
                          struct vt_err *err) VT_MUST_CHECK;

/* Remember here how far this host has shipped, for a time without the central database; 0: it never
 * has. */
enum vt_code vt_ship_note(struct vt_register *local, const char *name, int64_t seq,
                          struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_ship_last(struct vt_register *local, int64_t *out_seq,
                          struct vt_err *err) VT_MUST_CHECK;
/* How far behind the central database is: records of this host that it does not have, and when the
 * first of them was written (VT_TIME_NONE: none waits). */
enum vt_code vt_ship_waiting(struct vt_register *local, int64_t shipped_seq, int64_t *out_count,
                             int64_t *out_since_utc_secs, struct vt_err *err) VT_MUST_CHECK;

#endif
