/* SPDX-License-Identifier: Apache-2.0
 * The request OBJECTS: the bytes of what was fetched, by digest. */
#ifndef VANTHU_STATUS_DATA_H
#define VANTHU_STATUS_DATA_H

#include "status/store.h"
#include "vanthu/wire.h"

/* Answer an OBJECTS message: the same objects with the bytes of those that are at hand, none larger
 * than largest_bytes. *out_fd: a sealed file of objects, the caller's. VT_E_FORMAT, VT_E_LIMIT,
 * VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_status_objects(const struct vt_status_store *store,
                               const struct vt_message *message, size_t largest_bytes, int *out_fd,
                               struct vt_err *err) VT_MUST_CHECK;

#endif
