/* SPDX-License-Identifier: Apache-2.0
 * A notice about a mail that never was, for `vanthu notice preview` and for tests. */
#ifndef VANTHU_NOTICE_SAMPLE_H
#define VANTHU_NOTICE_SAMPLE_H

#include "vanthu/notice.h"

/* What a notice of a kind about a reason is written from; VT_REASON_COUNT: CONTENT_CHANGED, or what
 * fits the kind. Names and addresses say that they are samples. out: in arena; config, site and
 * words are the caller's to set. now_utc_secs: the time of the notice. VT_E_NOMEM. */
enum vt_code vt_notice_sample(struct vt_arena *arena, enum vt_notice_kind kind,
                              enum vt_reason reason, int64_t now_utc_secs,
                              struct vt_notice_input *out) VT_MUST_CHECK;
/* The kind in which a reason is met first: refused, remark or clerk. */
enum vt_notice_kind vt_notice_sample_kind(enum vt_reason reason);

#endif
