/* SPDX-License-Identifier: Apache-2.0
 * Content transfer encodings (RFC 2045 6). Strict about what it says, lenient about what it does:
 * a defect is reported, and the bytes that can be read are still given. */
#ifndef VANTHU_UNPACK_DECODE_H
#define VANTHU_UNPACK_DECODE_H

#include "vanthu/bytes.h"

/* Upper bound of the decoded length of len encoded bytes. */
size_t vt_decode_base64_max(size_t len);
/* Decode into out, which has vt_decode_base64_max(text.len) bytes. *out_defect: NULL, or a constant
 * English clause that names the first defect ("a character that is not base64"). Returns the
 * decoded length. */
size_t vt_decode_base64(struct vt_bytes text, uint8_t *out, const char **out_defect);
/* The same for quoted-printable; out has text.len bytes. */
size_t vt_decode_quoted_printable(struct vt_bytes text, uint8_t *out, const char **out_defect);

#endif
