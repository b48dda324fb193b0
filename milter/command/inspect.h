/* SPDX-License-Identifier: Apache-2.0
 * A mail or a file of this machine, inspected in the same sandbox as at the gateway. */
#ifndef VANTHU_COMMAND_INSPECT_H
#define VANTHU_COMMAND_INSPECT_H

#include "command/command.h"
#include "vanthu/role.h"

struct vt_inspecting {
    const struct vt_config *config;
    struct vt_role_set *roles; /* vt_role_set_start_local */
    int64_t now_utc_secs;
    bool is_now_given;   /* by a person */
    bool is_class_given; /* of the sender, in mail */
    bool offline;
};

/* Inspect a file, "-" is standard input. mail: what is known of the envelope. *out lives in arena.
 * A file that the child could not cope with counts as not checked, and why is said on standard
 * error. VT_E_NOT_FOUND, VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_command_inspect(const struct vt_inspecting *how, struct vt_arena *arena,
                                const char *file, const struct vt_mail *mail,
                                struct vt_evidence **out, struct vt_err *err) VT_MUST_CHECK;

#endif
