/* SPDX-License-Identifier: Apache-2.0
 * The plan of a seal as JSON in one message, and what a child answers. */
#ifndef VANTHU_INSPECTOR_SEAL_PLAN_H
#define VANTHU_INSPECTOR_SEAL_PLAN_H

#include <jansson.h>

#include "vanthu/sealing.h"
#include "vanthu/wire.h"

/* Whose seal it is to be, and when: members of every plan. NULL: memory is out. */
json_t *vt_seal_identity_to_json(const struct vt_seal_identity *identity, int64_t time_utc_secs);
/* *out lives in arena. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_seal_identity_from_json(struct vt_arena *arena, const json_t *body,
                                        const struct vt_seal_identity **out,
                                        int64_t *out_time_utc_secs,
                                        struct vt_err *err) VT_MUST_CHECK;
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
/* child_seal_file.c: the same of a SEAL_FILE. */
enum vt_code vt_child_seal_file(struct vt_arena *arena, int connection, struct vt_message *message,
                                struct vt_err *err) VT_MUST_CHECK;
/* child_seal.c: a body, which is given away, with descriptors, as the answer. */
enum vt_code vt_child_seal_answer(int connection, enum vt_message_type type, json_t *body,
                                  const int *fds, size_t fds_count,
                                  struct vt_err *err) VT_MUST_CHECK;

/* seal_client.c: ask, with the descriptor of sealing and its time stamp token if it has one; body
 * is given away. VT_E_PEER: also when the child died or something else was answered than wanted
 * with fds_count descriptors; VT_E_TIMEOUT, VT_E_NOMEM. answer: vt_message_close on VT_OK. */
enum vt_code vt_sealing_ask(const struct vt_sealing *sealing, enum vt_message_type type,
                            json_t *body, bool with_token, enum vt_message_type wanted,
                            size_t fds_count, struct vt_message *answer,
                            struct vt_err *err) VT_MUST_CHECK;
/* A text of the child; cleaned, in arena. NULL: none. */
const char *vt_sealing_text(struct vt_arena *arena, const json_t *text);
enum vt_code vt_sealing_nonsense(struct vt_err *err);

#endif
