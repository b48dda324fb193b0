/* SPDX-License-Identifier: Apache-2.0
 * The process that reads a table writes what it found to a pipe: how it ended, then the keys. */
#include "table_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/clock.h"

/* A table of a million keys takes well below a second. */
#define READ_MSECS 10000

struct report {
    enum vt_code code;
    struct vt_err err;
};

static bool write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t done = write(fd, at, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        len -= (size_t)done;
    }
    return true;
}

static _Noreturn void read_and_report(vt_table_reader *read_table, const char *path,
                                      size_t max_bytes, pid_t parent, int pipe_fd)
{
    static const struct rlimit none = {0, 0};
    struct report report = {.code = VT_E_INTERNAL};
    struct vt_buf keys;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(SIGBUS, SIG_DFL);
    (void)signal(SIGSEGV, SIG_DFL);
    vt_buf_init(&keys, max_bytes);
    report.code = read_table(path, &keys, &report.err);
    bool done = write_all(pipe_fd, &report, sizeof(report)) &&
                write_all(pipe_fd, keys.ptr, report.code == VT_OK ? keys.len : 0);
    _exit(done ? 0 : 1);
}

/* Up to the end, or the deadline. */
static enum vt_code take_report(int fd, int64_t deadline_msecs, struct vt_buf *out)
{
    char chunk[16384];
    for (;;) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        int64_t left = deadline_msecs - vt_clock_monotonic_msecs();
        int ready = left <= 0 ? 0 : poll(&entry, 1, (int)left);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t got = ready <= 0 ? -1 : read(fd, chunk, sizeof(chunk));
        if (ready > 0 && got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? VT_OK : VT_E_TIMEOUT;
        enum vt_code code = vt_buf_add(out, chunk, (size_t)got);
        if (code != VT_OK)
            return code;
    }
}

/* 0: it ended by itself; else the signal that ended it. */
static int end_process(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static enum vt_code use_report(const char *path, struct vt_bytes bytes, int signal_number,
                               struct vt_buf *out, struct vt_err *err)
{
    struct report report;
    if (signal_number != 0 || bytes.len < sizeof(report))
        return vt_err_set(err, VT_E_FORMAT, "%s is damaged: what read it ended with %s", path,
                          signal_number != 0 ? strsignal(signal_number) : "no answer");
    memcpy(&report, bytes.ptr, sizeof(report));
    if (report.code != VT_OK) {
        if (err != NULL)
            *err = report.err;
        return report.code;
    }
    bytes = vt_bytes_slice(bytes, sizeof(report), SIZE_MAX);
    enum vt_code code = vt_buf_add(out, bytes.ptr, bytes.len);
    return code == VT_OK ? code : vt_err_set(err, code, "%s has too many keys", path);
}

enum vt_code vt_table_read_apart(vt_table_reader *read_table, const char *path, struct vt_buf *out,
                                 struct vt_err *err)
{
    int pair[2];
    struct vt_buf bytes;
    size_t room = out->max - out->len;
    pid_t parent = getpid();
    if (pipe2(pair, O_CLOEXEC) != 0)
        return vt_err_sys(err, "pipe2");
    pid_t pid = fork();
    if (pid == 0)
        read_and_report(read_table, path, room, parent, pair[1]);
    if (pid < 0) {
        enum vt_code failed = vt_err_sys(err, "fork");
        (void)close(pair[0]);
        (void)close(pair[1]);
        return failed;
    }
    (void)close(pair[1]);
    vt_buf_init(&bytes, room + sizeof(struct report));
    enum vt_code code = take_report(pair[0], vt_clock_monotonic_msecs() + READ_MSECS, &bytes);
    (void)close(pair[0]);
    if (code != VT_OK)
        (void)kill(pid, SIGKILL);
    int signal_number = end_process(pid);
    if (code == VT_E_TIMEOUT)
        (void)vt_err_set(err, VT_E_FORMAT, "%s could not be read within %d s", path,
                         READ_MSECS / 1000);
    else if (code != VT_OK)
        (void)vt_err_set(err, code, "no memory to read %s", path);
    code = code == VT_E_TIMEOUT ? VT_E_FORMAT : code;
    if (code == VT_OK)
        code = use_report(path, vt_buf_bytes(&bytes), signal_number, out, err);
    vt_buf_clear(&bytes);
    return code;
}
