/* SPDX-License-Identifier: Apache-2.0
 * What earlier mails left behind for this one: the answer to a LOOK. */
#ifndef VANTHU_REGISTER_LOOKING_H
#define VANTHU_REGISTER_LOOKING_H

#include "vanthu/registrar.h"

/* *out lives in arena. Errors of the register; VT_E_NOMEM. */
enum vt_code vt_looking_answer(struct vt_register *reg, struct vt_arena *arena,
                               const struct vt_look *look, int64_t now_utc_secs,
                               struct vt_looked *out, struct vt_err *err) VT_MUST_CHECK;

#endif
