/* SPDX-License-Identifier: Apache-2.0
 * Writing of header fields and bodies: RFC 5322, RFC 2045 to 2047. CRLF, 7 bit, lines of at most 76
 * bytes but where one word is longer. */
#ifndef VANTHU_NOTICE_MIME_H
#define VANTHU_NOTICE_MIME_H

#include "vanthu/bytes.h"

#define VT_MIME_DATE_BYTES 48
/* "Thu, 03 Dec 2026 09:12:00 +0700"; what is no time of the years 1970 to 9999 becomes its nearest
 * end. Returns out. */
char *vt_mime_date(char out[VT_MIME_DATE_BYTES], int64_t utc_secs);
/* A field of printable ASCII, folded at spaces; anything else in value becomes "?". */
enum vt_code vt_mime_field(struct vt_buf *out, const char *name, const char *value) VT_MUST_CHECK;
/* A field of any clean UTF-8 text: encoded words (RFC 2047 2) where it is not plain ASCII. */
enum vt_code vt_mime_text_field(struct vt_buf *out, const char *name,
                                const char *utf8) VT_MUST_CHECK;
/* A field with one mailbox; display: NULL: none. An address that cannot stand in a header of ASCII
 * becomes "undisclosed-recipients:;". */
enum vt_code vt_mime_mailbox(struct vt_buf *out, const char *name, const char *display,
                             const char *address) VT_MUST_CHECK;
/* A field with one message id; nothing when it is none. id: with or without angle brackets. */
enum vt_code vt_mime_message_id(struct vt_buf *out, const char *name, const char *id) VT_MUST_CHECK;
/* Base64 in lines of 76. */
enum vt_code vt_mime_base64(struct vt_buf *out, struct vt_bytes bytes) VT_MUST_CHECK;

#endif
