/* SPDX-License-Identifier: Apache-2.0
 * The central database: one PostgreSQL that holds the registers of all gateways of an office, each
 * with its whole chain, and through which each learns what the others have seen. Each gateway
 * commits to its own register first, always; the role shipper brings the records here afterwards
 * (design.md 8). */
#ifndef VANTHU_CENTRAL_H
#define VANTHU_CENTRAL_H

#include "vanthu/register.h"

/* Whether libpq understands a connection string or URI, and what in it is wrong. VT_E_CONFIG. */
enum vt_code vt_central_check(const char *connection, struct vt_err *err) VT_MUST_CHECK;
/* Whether a file may be and holds a key of gateways (register.peer-key). VT_E_CONFIG. */
enum vt_code vt_central_check_key(const char *file, struct vt_err *err) VT_MUST_CHECK;
/* Files that a connection string names (passfile, sslrootcert, …), copied into arena: whoever
 * connects from a sandbox must be able to read them. VT_E_CONFIG, VT_E_NOMEM. */
enum vt_code vt_central_files(struct vt_arena *arena, const char *connection,
                              const char *const **out, size_t *out_count,
                              struct vt_err *err) VT_MUST_CHECK;

/* Open the registers of all gateways for reading, ordered by name: *out is the first one,
 * vt_register_close closes all. vt_register_find and vt_report_make take all of them together,
 * other functions the one they are given. VT_E_NOT_FOUND: no gateway has shipped yet; VT_E_CONFIG:
 * the connection string, or the server refuses user or database; VT_E_UNSUPPORTED: a gateway is
 * newer than this program; VT_E_NETWORK, VT_E_TIMEOUT, VT_E_NOMEM. */
enum vt_code vt_central_open_read(const char *connection, struct vt_register **out,
                                  struct vt_err *err) VT_MUST_CHECK;
/* The next one; NULL after the last, and for a register of this host. */
struct vt_register *vt_register_next(const struct vt_register *reg);
/* Whose register it is: the host name of its gateway; "" for a register of this host. */
const char *vt_register_gateway(const struct vt_register *reg);
/* True when both have the same id: one was shipped from the other. */
bool vt_register_is_same(const struct vt_register *a, const struct vt_register *b);
/* The chain value of a record, with its time; of seq 0 the first value and no time.
 * VT_E_NOT_FOUND: the register ends before it. */
enum vt_code vt_register_head_at(struct vt_register *reg, int64_t seq, struct vt_register_head *out,
                                 struct vt_err *err) VT_MUST_CHECK;

#endif
