/* SPDX-License-Identifier: Apache-2.0
 * Reading a lookup table in a process of its own: libraries map tables into memory and believe what
 * stands there, so that one that is cut off or altered while it is read ends the process. */
#ifndef VANTHU_POLICY_TABLE_APART_H
#define VANTHU_POLICY_TABLE_APART_H

#include "table_read.h"

typedef enum vt_code vt_table_reader(const char *path, struct vt_buf *out, struct vt_err *err);

/* Append what read finds, as it would itself; VT_E_FORMAT when its process dies or is not done
 * after 10 s. No threads may run in the caller. VT_E_SYSTEM: no process. */
enum vt_code vt_table_read_apart(vt_table_reader *read_table, const char *path, struct vt_buf *out,
                                 struct vt_err *err) VT_MUST_CHECK;

#endif
