/* SPDX-License-Identifier: Apache-2.0
 * Trying something as another user: only the kernel knows what a user may, so a child process
 * becomes that user and tries. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "role_start.h"

struct report {
    enum vt_code code;
    struct vt_err err;
};

static _Noreturn void try_and_report(const struct vt_role_user *user, vt_step *step,
                                     const void *context, int out)
{
    struct report report = {.code = VT_E_INTERNAL};
    report.code = vt_role_user_become(user, &report.err);
    if (report.code == VT_OK)
        report.code = step(context, &report.err);
    ssize_t written = write(out, &report, sizeof(report));
    _exit(written == (ssize_t)sizeof(report) ? 0 : 1);
}

/* Below PIPE_BUF: whole or not at all. */
static bool await_report(int in, pid_t pid, struct report *out)
{
    ssize_t got;
    do
        got = read(in, out, sizeof(*out));
    while (got < 0 && errno == EINTR);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return got == (ssize_t)sizeof(*out);
}

enum vt_code vt_as_user(const char *user, vt_step *step, const void *context, struct vt_err *err)
{
    struct vt_role_user found;
    struct report report;
    int pair[2];
    if (user == NULL)
        return step(context, err);
    enum vt_code code = vt_role_user_find(user, &found, err);
    if (code != VT_OK)
        return code;
    if (pipe2(pair, O_CLOEXEC) != 0)
        return vt_err_sys(err, "pipe2");
    pid_t pid = fork();
    if (pid == 0)
        try_and_report(&found, step, context, pair[1]);
    if (pid < 0)
        code = vt_err_sys(err, "fork");
    (void)close(pair[1]);
    if (pid > 0 && !await_report(pair[0], pid, &report)) {
        code = vt_err_set(err, VT_E_INTERNAL, "a check as user %s died", user);
    } else if (pid > 0) {
        code = report.code;
        if (err != NULL)
            *err = report.err;
    }
    (void)close(pair[0]);
    return code;
}
