/* SPDX-License-Identifier: Apache-2.0
 * base64 with white space between its characters (RFC 4648, RFC 7468). */
#ifndef VANTHU_VERIFY_BASE64_H
#define VANTHU_VERIFY_BASE64_H

#include "vanthu/bytes.h"

/* Decode all of text into arena. Space, tab, CR and LF are skipped; "=" only at the end.
 * VT_E_FORMAT for any other byte or a wrong length, VT_E_NOMEM. */
enum vt_code vt_base64_decode(struct vt_arena *arena, struct vt_bytes text,
                              struct vt_bytes *out) VT_MUST_CHECK;

#endif
