/* SPDX-License-Identifier: Apache-2.0
 * CRLs that an administrator brings by hand, for networks without a way out. */
#ifndef VANTHU_STATUS_IMPORT_H
#define VANTHU_STATUS_IMPORT_H

#include "status/store.h"
#include "vanthu/wire.h"

/* CRLs of one file that are taken. */
#define VT_MAX_IMPORTED 64

/* Take a STATUS_IMPORT message: one memory file with CRLs. Each is verified as one that was
 * fetched. *out_json, malloc'd: {"crls": [{"ok", "issuer", "entries", "this_update", "next_update",
 * "delta", "text"}]}, times as in evidence; text says what was wrong, or that it was at hand
 * already. VT_E_FORMAT: not such a message, or no CRL in it. VT_E_LIMIT: too large. VT_E_NOMEM. */
enum vt_code vt_status_import(struct vt_status_store *store, const struct vt_message *message,
                              int64_t now_utc_secs, char **out_json,
                              struct vt_err *err) VT_MUST_CHECK;

#endif
