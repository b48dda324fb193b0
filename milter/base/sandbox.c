/* SPDX-License-Identifier: Apache-2.0
 * Entering a sandbox: no_new_privs, resource limits, Landlock, seccomp, in this order and each of
 * them mandatory. Entering twice only ever takes away (an inspector child after its zygote). */
#include "sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static enum vt_code limit(const char *name, int resource, rlim_t value, struct vt_err *err)
{
    struct rlimit limits;
    if (getrlimit((__rlimit_resource_t)resource, &limits) != 0)
        return vt_err_sys(err, "getrlimit %s", name);
    /* Never raise: without privileges that would fail, and a lower limit is the safer one. */
    if (limits.rlim_max < value)
        value = limits.rlim_max;
    limits.rlim_cur = limits.rlim_max = value;
    if (setrlimit((__rlimit_resource_t)resource, &limits) != 0)
        return vt_err_sys(err, "setrlimit %s", name);
    return VT_OK;
}

/* SIGXCPU comes at the soft limit and tells what happened, SIGKILL a second later at the hard one.
 */
static enum vt_code limit_processor(unsigned secs, struct vt_err *err)
{
    struct rlimit limits = {.rlim_cur = secs, .rlim_max = (rlim_t)secs + 1};
    if (setrlimit(RLIMIT_CPU, &limits) != 0)
        return vt_err_sys(err, "setrlimit RLIMIT_CPU");
    return VT_OK;
}

static enum vt_code enter_limits(const struct vt_sandbox *sandbox, struct vt_err *err)
{
    /* No picture of mail on a disk. */
    enum vt_code code = limit("RLIMIT_CORE", RLIMIT_CORE, 0, err);
#ifndef VT_SANITIZE
    /* AddressSanitizer reserves terabytes of address space. */
    if (code == VT_OK && sandbox->address_space_bytes != 0)
        code = limit("RLIMIT_AS", RLIMIT_AS, sandbox->address_space_bytes, err);
#endif
    if (code == VT_OK && sandbox->cpu_secs != 0)
        code = limit_processor(sandbox->cpu_secs, err);
    if (code == VT_OK && sandbox->open_files != 0)
        code = limit("RLIMIT_NOFILE", RLIMIT_NOFILE, sandbox->open_files, err);
    if (code == VT_OK && sandbox->file_bytes != 0)
        code = limit("RLIMIT_FSIZE", RLIMIT_FSIZE, sandbox->file_bytes, err);
    return code;
}

enum vt_code vt_sandbox_enter(const struct vt_sandbox *sandbox, struct vt_err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return vt_err_sys(err, "sandbox %s: prctl(PR_SET_NO_NEW_PRIVS)", sandbox->name);
    enum vt_code code = enter_limits(sandbox, err);
    if (code == VT_OK)
        code = vt_sandbox_landlock(sandbox, err);
#ifndef VT_SANITIZE
    if (code == VT_OK)
        code = vt_sandbox_filter(sandbox, err);
#endif
    return code;
}
