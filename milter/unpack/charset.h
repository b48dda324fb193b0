/* SPDX-License-Identifier: Apache-2.0
 * Character sets of headers: opened before the sandbox closes and held, because glibc loads a
 * module of gconv for each one it meets. */
#ifndef VANTHU_UNPACK_CHARSET_H
#define VANTHU_UNPACK_CHARSET_H

#include "vanthu/bytes.h"

/* Open and use every character set of the table once. Repeated calls do nothing. */
void vt_charset_warm(void);
/* Text of a header as UTF-8 without NUL, malloc'd, with several NUL after it; NULL: memory is out.
 * Raw 8-bit text that is not UTF-8 is taken as the Vietnamese (windows-1258, TCVN) or western set
 * that reads best. */
char *vt_charset_header_text(struct vt_bytes value) VT_MUST_CHECK;
/* Blank the names of character sets that are not held (RFC 2047 "=?name?", RFC 2231 "*=name'"), so
 * that no library opens a file for them. Keeps the length. True when there was one. */
bool vt_charset_neutralise(char *text, size_t len);

#endif
