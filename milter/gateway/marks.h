/* SPDX-License-Identifier: Apache-2.0
 * The marks that a rule puts on a mail which is delivered: a folder, headers, a subject prefix. */
#ifndef VANTHU_GATEWAY_MARKS_H
#define VANTHU_GATEWAY_MARKS_H

#include "gateway/headers.h"
#include "vanthu/config.h"

/* Add what the decision asks for to headers. subject: the Subject as it came, with LF folds; NULL:
 * the mail has none. A prefix is put on mail all of whose recipients are in our domains, and never
 * twice. In arena. VT_E_NOMEM. */
enum vt_code vt_marks_add(struct vt_arena *arena, const struct vt_config *config,
                          const struct vt_mail *mail, const struct vt_decision *decision,
                          const char *subject, struct vt_headers *headers) VT_MUST_CHECK;

#endif
