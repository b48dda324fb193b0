/* SPDX-License-Identifier: Apache-2.0
 * The plan of a seal as JSON in one message, and what a child answers. */
#ifndef VANTHU_INSPECTOR_SEAL_PLAN_H
#define VANTHU_INSPECTOR_SEAL_PLAN_H

#include <jansson.h>

#include "vanthu/sealing.h"
#include "vanthu/wire.h"

/* NULL: memory is out. */
json_t *vt_seal_plan_to_json(const struct vt_seal_message_plan *plan);
/* *out with its identity lives in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_seal_plan_from_json(struct vt_arena *arena, const json_t *body,
                                    struct vt_seal_message_plan *out,
                                    struct vt_err *err) VT_MUST_CHECK;

/* child_seal.c: one SEAL_PREPARE or SEAL_FINISH that has come, and its answer. Descriptors of the
 * message are closed. Errors are the child's to tell. */
enum vt_code vt_child_seal(struct vt_arena *arena, int connection, struct vt_message *message,
                           struct vt_err *err) VT_MUST_CHECK;

#endif
