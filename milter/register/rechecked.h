/* SPDX-License-Identifier: Apache-2.0
 * A status that became known after its mail was delivered: recorded, and told to whoever answers
 * for the mail when it changes what the mail is worth (users.md 1). */
#ifndef VANTHU_REGISTER_RECHECKED_H
#define VANTHU_REGISTER_RECHECKED_H

#include "register/internal.h"
#include "vanthu/config.h"
#include "vanthu/registrar.h"

/* Of an event with the reference of the mail; its text begins with a reason's code and a colon, or
 * with "good:". */
#define VT_EVENT_RECHECKED "rechecked"

/* Its JSON in a message. */
enum vt_code vt_rechecked_to_json(const struct vt_rechecked *rechecked, char **out_text,
                                  size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
/* Strings in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_rechecked_from_json(struct vt_arena *arena, struct vt_bytes json,
                                    struct vt_rechecked *out, struct vt_err *err) VT_MUST_CHECK;

/* What the result means for a mail: the gravest reason over its signatures, judged at their signing
 * times as trust does; VT_REASON_COUNT: none, for what was signed before, provably, stays good. */
enum vt_reason vt_rechecked_judge(const struct vt_evidence *evidence,
                                  const struct vt_rechecked *rechecked);
/* Have it recorded with the notices it owes. policy: for the table of agencies, NULL: none. VT_OK
 * also where the register has no such mail, or nothing of it. Errors of vt_register_append. */
enum vt_code vt_rechecked_record(struct vt_register *reg, const struct vt_config *config,
                                 const struct vt_policy *policy,
                                 const struct vt_rechecked *rechecked, int64_t now_utc_secs,
                                 struct vt_err *err) VT_MUST_CHECK;

#endif
