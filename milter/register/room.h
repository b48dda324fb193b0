/* SPDX-License-Identifier: Apache-2.0
 * Room on the disk of the register: the last of it is for records, without which no mail passes. */
#ifndef VANTHU_REGISTER_ROOM_H
#define VANTHU_REGISTER_ROOM_H

#include "register/internal.h"

/* Free space below which objects are not kept any more: a tenth of the file system, at most this.
 */
#define VT_ROOM_BYTES (UINT64_C(2) * 1024 * 1024 * 1024)

/* Whether there is so little room that only records are kept. was_short: what was said the last
 * time; room has to grow by an eighth of the bound before it is enough again. */
bool vt_room_is_short(uint64_t size_bytes, uint64_t free_bytes, bool was_short);
/* The same of the file system of a folder and the pages of the register that nothing is in any
 * more. *is_short is left alone on an error. VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_room_look(struct vt_register *reg, const char *directory, bool *is_short,
                          struct vt_err *err) VT_MUST_CHECK;

#endif
