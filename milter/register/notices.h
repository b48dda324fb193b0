/* SPDX-License-Identifier: Apache-2.0
 * Notices as they are owed with a record: which of them begin a matter. */
#ifndef VANTHU_REGISTER_NOTICES_H
#define VANTHU_REGISTER_NOTICES_H

#include "register/internal.h"

/* What notices are about: digest of key, kind and recipient. arena: for texts as they are kept.
 * VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_register_matter(struct vt_arena *arena, const struct vt_register_notice *notice,
                                char out_sha256[65], struct vt_err *err) VT_MUST_CHECK;
/* Inside the transaction of an append, before the body is written: times within their limits, and
 * whether each notice of the record is the first with its matter. */
enum vt_code vt_register_claim_notices(struct vt_register *reg,
                                       const struct vt_register_record *record,
                                       struct vt_err *err) VT_MUST_CHECK;

#endif
