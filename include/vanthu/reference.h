/* SPDX-License-Identifier: Apache-2.0
 * The reference of a mail, as it is read over the telephone: twelve digits, "1831-0927-5569", the
 * last one a check digit (Damm 2004: every single wrong digit and every swap of two neighbours is
 * found). */
#ifndef VANTHU_REFERENCE_H
#define VANTHU_REFERENCE_H

#include "vanthu/error.h"

/* With its dashes and the NUL. */
#define VT_REFERENCE_BYTES 15
/* Digits before the check digit. */
#define VT_REFERENCE_DIGITS 11

/* The reference of eleven digits: the check digit and the dashes are added. Returns out. */
char *vt_reference_format(char out[VT_REFERENCE_BYTES], const char digits[VT_REFERENCE_DIGITS + 1]);
/* True when text is a reference, with or without dashes or spaces, and its check digit fits. */
bool vt_reference_is_valid(const char *text);
/* The same reference as it is written, "1831-0927-5569". VT_E_FORMAT: vt_reference_is_valid is
 * false. */
enum vt_code vt_reference_parse(const char *text, char out[VT_REFERENCE_BYTES]) VT_MUST_CHECK;

#endif
