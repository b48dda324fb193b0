/* SPDX-License-Identifier: Apache-2.0
 * What a command line puts over the configuration, on its way to inspector and status: packed into
 * one sealed memory file. The roles take it up by vt_role_load_trust. */
#ifndef VANTHU_MASTER_ROLE_OVERRIDES_H
#define VANTHU_MASTER_ROLE_OVERRIDES_H

#include "vanthu/role.h"

/* All files of --crl and --content together. */
#define VT_MAX_OVERRIDES_BYTES ((size_t)256 * 1024 * 1024)

/* overrides: may be NULL. late_user: the user the roles become after they have read the trust
 * sources, which may be readable for the caller only; NULL: they stay who they are. */
enum vt_code vt_role_overrides_pack(const struct vt_role_overrides *overrides,
                                    const char *late_user, int *out_fd,
                                    struct vt_err *err) VT_MUST_CHECK;

/* The other end. Strings and arrays live in arena, the bytes in a mapping that stays. */
enum vt_code vt_role_overrides_unpack(struct vt_arena *arena, int fd, struct vt_role_overrides *out,
                                      const char **out_late_user, struct vt_err *err) VT_MUST_CHECK;

/* Load the sources of the configuration, but of a set that was given on the command line only
 * those. Errors as vt_trust_store_load. */
enum vt_code vt_role_trust_load(struct vt_arena *arena, const struct vt_config *config,
                                const struct vt_role_overrides *overrides,
                                struct vt_trust_store **out, struct vt_err *err) VT_MUST_CHECK;

#endif
