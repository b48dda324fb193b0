/* SPDX-License-Identifier: Apache-2.0
 * What a command line puts over the configuration, on its way to the inspector: packed into one
 * sealed memory file. */
#ifndef VANTHU_MASTER_ROLE_OVERRIDES_H
#define VANTHU_MASTER_ROLE_OVERRIDES_H

#include "vanthu/role.h"

/* All files of --crl and --content together. */
#define VT_MAX_OVERRIDES_BYTES ((size_t)256 * 1024 * 1024)

/* overrides: may be NULL. late_user: the user the inspector becomes after it has read the trust
 * sources, which may be readable for the caller only; NULL: it stays who it is. */
enum vt_code vt_role_overrides_pack(const struct vt_role_overrides *overrides,
                                    const char *late_user, int *out_fd,
                                    struct vt_err *err) VT_MUST_CHECK;

/* The other end. Strings and arrays live in arena, the bytes in a mapping that stays. */
enum vt_code vt_role_overrides_unpack(struct vt_arena *arena, int fd, struct vt_role_overrides *out,
                                      const char **out_late_user, struct vt_err *err) VT_MUST_CHECK;

#endif
