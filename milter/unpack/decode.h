/* SPDX-License-Identifier: Apache-2.0
 * Content transfer encodings beside base64 (RFC 2045 6). */
#ifndef VANTHU_UNPACK_DECODE_H
#define VANTHU_UNPACK_DECODE_H

#include "vanthu/bytes.h"

/* Decode into out, which has text.len bytes. *out_defect: as vt_base64_read. Returns the decoded
 * length. */
size_t vt_decode_quoted_printable(struct vt_bytes text, uint8_t *out, const char **out_defect);

#endif
