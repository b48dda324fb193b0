/* SPDX-License-Identifier: Apache-2.0
 * Writing to the central database. */
#ifndef VANTHU_REGISTER_CENTRAL_H
#define VANTHU_REGISTER_CENTRAL_H

#include "register/internal.h"
#include "vanthu/central.h"

/* Open the place of the register with this id for writing; made when it is not there. */
enum vt_code vt_central_open_write(const struct vt_postgres_link *link, struct vt_bytes id,
                                   const char *name, struct vt_register **out,
                                   struct vt_err *err) VT_MUST_CHECK;

#endif
