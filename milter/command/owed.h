/* SPDX-License-Identifier: Apache-2.0
 * What commands say about notices: whom one goes to, and why the sender gets none. */
#ifndef VANTHU_COMMAND_OWED_H
#define VANTHU_COMMAND_OWED_H

#include "command/check.h"
#include "vanthu/notice.h"

/* What the MTA gets for an action. */
enum vt_register_outcome vt_owed_outcome(enum vt_action action);
/* Why the sender gets none, a clause; NULL for VT_NO_NOTICE_NONE. */
const char *vt_owed_why_not(enum vt_language language, enum vt_no_notice why);
/* The same by the word that stands in records; a word that is not known is its own clause. */
const char *vt_owed_why_not_by_name(enum vt_language language, const char *name);
/* What a notice says, by the word that stands in records: "refused", "từ chối". */
const char *vt_owed_kind(enum vt_language language, const char *name);
/* "A notice goes to: a, b." of what a person decided, or that nobody gets one, and why when that is
 * known. Cleaned. */
void vt_owed_print(FILE *out, enum vt_language language, const struct vt_register_notice *items,
                   size_t count, enum vt_no_notice why);

#endif
