/* SPDX-License-Identifier: Apache-2.0
 * What gateway, post and registrar say to each other as JSON: both sides, so that what is written
 * can be read. Written text is malloc'd; what is read lives in arena, and every array has its
 * maximum. VT_E_FORMAT, VT_E_LIMIT, VT_E_NOMEM. */
#ifndef VANTHU_REGISTER_MESSAGES_H
#define VANTHU_REGISTER_MESSAGES_H

#include "vanthu/registrar.h"

enum vt_code vt_look_to_json(const struct vt_look *look, char **out_text, size_t *out_len,
                             struct vt_err *err) VT_MUST_CHECK;
/* Every digest is 64 digits of hexadecimal in lower case. */
enum vt_code vt_look_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_look *out,
                               struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_looked_to_json(const struct vt_looked *looked, size_t first_seen_count,
                               char **out_text, size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
/* first_seen_count: as many as were asked for. */
enum vt_code vt_looked_from_json(struct vt_arena *arena, struct vt_bytes json,
                                 size_t first_seen_count, struct vt_looked *out,
                                 struct vt_err *err) VT_MUST_CHECK;

/* {"kind": "decided", "reference": "…"}: the body of RECORD. */
enum vt_code vt_record_head_to_json(const struct vt_register_record *record, char **out_text,
                                    size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_record_head_from_json(struct vt_arena *arena, struct vt_bytes json,
                                      struct vt_register_record *out,
                                      struct vt_err *err) VT_MUST_CHECK;

/* {"record": 12, "chain": "…", "time": 0}: the body of HEAD, without the token. */
enum vt_code vt_head_to_json(const struct vt_register_head *head, char **out_text, size_t *out_len,
                             struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_head_from_json(struct vt_bytes json, struct vt_register_head *out,
                               struct vt_err *err) VT_MUST_CHECK;

/* Answers without lines. */
enum vt_code vt_answers_to_json(const struct vt_register_record *records, size_t count,
                                char **out_text, size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_answers_from_json(struct vt_arena *arena, struct vt_bytes json,
                                  struct vt_register_record **out, size_t *out_count,
                                  struct vt_err *err) VT_MUST_CHECK;

/* {"id": 7, "recipient": "…", "envid": "…"}: the body of NOTICE, without the message. Neither
 * descriptor is set. */
enum vt_code vt_notice_handed_to_json(const struct vt_notice_handed *handed, char **out_text,
                                      size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_notice_handed_from_json(struct vt_bytes json, struct vt_notice_handed *out,
                                        struct vt_err *err) VT_MUST_CHECK;
/* {"msecs": 1000}: the body of NOTICE_NONE. */
#define VT_MAX_NOTICE_WAIT_MSECS 60000
enum vt_code vt_notice_wait_to_json(int64_t msecs, char **out_text, size_t *out_len,
                                    struct vt_err *err) VT_MUST_CHECK;
/* *out: from 0 to VT_MAX_NOTICE_WAIT_MSECS, whatever was said. */
enum vt_code vt_notice_wait_from_json(struct vt_bytes json, int64_t *out,
                                      struct vt_err *err) VT_MUST_CHECK;
/* {"id": 7, "outcome": "sent", "maybe_sent": false, "code": 250, "queue_id": "", "text": "…"}: the
 * body of NOTICE_DONE. What is read is cleaned: post may have been taken over. */
enum vt_code vt_notice_done_to_json(const struct vt_notice_done *done, char **out_text,
                                    size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_notice_done_from_json(struct vt_bytes json, struct vt_notice_done *out,
                                      struct vt_err *err) VT_MUST_CHECK;

/* {"order": "drop", "id": 100, "by": "root", "why": "…"}: the body of NOTICE_ORDER; {"count": 1}:
 * that of NOTICE_ORDERED. */
enum vt_code vt_notice_order_to_json(const struct vt_notice_order *order, char **out_text,
                                     size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_notice_order_from_json(struct vt_arena *arena, struct vt_bytes json,
                                       struct vt_notice_order *out,
                                       struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_notice_ordered_to_json(int64_t count, char **out_text, size_t *out_len,
                                       struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_notice_ordered_from_json(struct vt_bytes json, int64_t *out_count,
                                         struct vt_err *err) VT_MUST_CHECK;

#endif
