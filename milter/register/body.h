/* SPDX-License-Identifier: Apache-2.0
 * The body of a record: the JSON bytes that are stored. What is written can be read back, so that
 * the derived tables can be compared with it. */
#ifndef VANTHU_REGISTER_BODY_H
#define VANTHU_REGISTER_BODY_H

#include <jansson.h>

#include "vanthu/register.h"

/* Version of the bodies, "v". */
#define VT_BODY_VERSION 1
/* Records or objects that one DESTROYED record names. */
#define VT_MAX_DESTROYED 500

/* Whether a decided mail is treated as secret: it is said to be, or it bears the mark. */
bool vt_body_is_secret(const struct vt_register_decided *decided);
/* Write the body of a record into out, which the caller has initialised. Notices and objects must
 * have their digests. The body of a secret mail is made from the time alone.
 * VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_body_write(const struct vt_register_record *record, struct vt_buf *out,
                           struct vt_err *err) VT_MUST_CHECK;
/* Read it back. *record has kind, reference, time and seq; all that was written is filled, in
 * arena. VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_body_read(struct vt_arena *arena, struct vt_bytes body,
                          struct vt_register_record *record, struct vt_err *err) VT_MUST_CHECK;

/* The answer in an object of a larger one. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_body_read_answer(struct vt_arena *arena, const json_t *answer,
                                 struct vt_register_answer *out, struct vt_err *err) VT_MUST_CHECK;
/* The list of objects of a record, in arena, without their bytes. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_body_read_objects(struct vt_arena *arena, const json_t *array,
                                  struct vt_register_object **out, size_t *out_count,
                                  struct vt_err *err) VT_MUST_CHECK;
/* record->decided out of the body of a DECIDED record (body_decided.c). VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_body_read_decided(struct vt_arena *arena, const json_t *root,
                                  struct vt_register_record *record,
                                  struct vt_err *err) VT_MUST_CHECK;

#endif
