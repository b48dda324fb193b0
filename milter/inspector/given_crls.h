/* SPDX-License-Identifier: Apache-2.0
 * The lists of a command line, one by one. */
#ifndef VANTHU_INSPECTOR_GIVEN_CRLS_H
#define VANTHU_INSPECTOR_GIVEN_CRLS_H

#include "vanthu/bytes.h"
#include "vanthu/error.h"

/* The lists of all files as DER. *out: vt_given_crls_free, also after an error. VT_E_NOMEM. */
enum vt_code vt_given_crls(const struct vt_bytes *files, size_t files_count,
                           const struct vt_bytes **out, size_t *out_count,
                           struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_given_crls_free(const struct vt_bytes *lists, size_t count);

#endif
