/* SPDX-License-Identifier: Apache-2.0
 * Shipping: from the register of this host to its place in the central database, and back what
 * other gateways recorded. Both ends are registers. */
#ifndef VANTHU_REGISTER_CENTRAL_H
#define VANTHU_REGISTER_CENTRAL_H

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
/* Ship the next records with all that belongs to them, in one transaction; destroy there what they
 * say was destroyed. *out_count: 0 when nothing is left. */
enum vt_code vt_ship_records(struct vt_register *local, struct vt_register *central,
                             size_t *out_count, struct vt_err *err) VT_MUST_CHECK;
/* Ship heads that were kept. */
enum vt_code vt_ship_heads(struct vt_register *local, struct vt_register *central,
                           struct vt_err *err) VT_MUST_CHECK;
/* Forget defer clocks there, as retention does here. */
enum vt_code vt_ship_forget(struct vt_register *central, int64_t before_utc_secs,
                            struct vt_err *err) VT_MUST_CHECK;
/* Bring back what other gateways recorded since the last time: first-seen times, defer clocks,
 * notice keys, exceptions. Some records of each gateway; *out_is_more: there is more. A gateway
 * whose schema is newer than this program is left out: *out_skipped_count. */
enum vt_code vt_ship_back(struct vt_register *local, struct vt_register *central, bool *out_is_more,
                          size_t *out_skipped_count, struct vt_err *err) VT_MUST_CHECK;

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
