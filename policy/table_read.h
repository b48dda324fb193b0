/* SPDX-License-Identifier: Apache-2.0
 * The keys of lookup tables as Postfix has them: cdb and lmdb. Their values do not matter: a list
 * says who is in it. */
#ifndef VANTHU_POLICY_TABLE_READ_H
#define VANTHU_POLICY_TABLE_READ_H

#include "vanthu/bytes.h"

/* Append each key with a newline behind it. path: with its suffix. VT_E_NOT_FOUND, VT_E_SYSTEM,
 * VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_table_read_cdb(const char *path, struct vt_buf *out,
                               struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_table_read_lmdb(const char *path, struct vt_buf *out,
                                struct vt_err *err) VT_MUST_CHECK;

#endif
