/* SPDX-License-Identifier: Apache-2.0
 * What looking up in one register and in those of all gateways share. */
#ifndef VANTHU_REGISTER_FIND_H
#define VANTHU_REGISTER_FIND_H

#include "register/internal.h"

/* Records of one call at most. */
#define VT_FIND_PAGE 1000

/* The numbers of the newest records of one register that fit, limit at most. */
enum vt_code vt_find_page(struct vt_register *reg, const struct vt_register_query *query,
                          size_t limit, int64_t numbers[VT_FIND_PAGE], size_t *out_count,
                          struct vt_err *err) VT_MUST_CHECK;
/* One record by its number. */
enum vt_code vt_find_one(struct vt_register *reg, int64_t seq, bool without_body,
                         vt_register_each *each, void *context, struct vt_err *err) VT_MUST_CHECK;
/* vt_register_find over all gateways of a central database. */
enum vt_code vt_find_everywhere(struct vt_register *first, const struct vt_register_query *query,
                                size_t limit, vt_register_each *each, void *context,
                                int64_t *out_next, struct vt_err *err) VT_MUST_CHECK;

#endif
