/* SPDX-License-Identifier: Apache-2.0
 * The two halves of vt_sandbox_enter(): which files (Landlock) and which system calls (seccomp). */
#ifndef VANTHU_BASE_SANDBOX_H
#define VANTHU_BASE_SANDBOX_H

#include "vanthu/role.h"

/* Refuse every file but the folder of the sandbox and, with network, what a resolver and TLS read;
 * with newer kernels also TCP sockets, signals and abstract sockets to the outside. */
enum vt_code vt_sandbox_landlock(const struct vt_sandbox *sandbox,
                                 struct vt_err *err) VT_MUST_CHECK;

/* Load the list of system calls. The last step: it forbids the steps before. */
enum vt_code vt_sandbox_filter(const struct vt_sandbox *sandbox, struct vt_err *err) VT_MUST_CHECK;

#endif
