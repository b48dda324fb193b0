/* SPDX-License-Identifier: Apache-2.0
 * Running programs without a shell. */
#include "command/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/clock.h"

static _Noreturn void become(const char *const *arguments, int output)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";
    char **list;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    memcpy(&list, &arguments, sizeof(list)); /* execvp(3) only reads them */
    (void)putenv(path);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(output, STDERR_FILENO) >= 0)
        (void)execvp(list[0], list);
    _exit(127);
}

/* *out_fd: what it says. -1: it cannot be started. */
static pid_t start(const char *const *arguments, int *out_fd)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become(arguments, fds[1]);
    (void)close(fds[1]);
    if (pid < 0)
        (void)close(fds[0]);
    *out_fd = fds[0];
    return pid;
}

static bool succeeded(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct line {
    char *text;
    size_t len, max;
    bool is_too_long;
    void (*each)(void *context, const char *line);
    void *context;
};

static void take(struct line *line, const char *piece, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (piece[i] != '\n') {
            line->is_too_long = line->is_too_long || line->len == line->max;
            if (!line->is_too_long)
                line->text[line->len++] = piece[i];
            continue;
        }
        line->text[line->len] = '\0';
        if (!line->is_too_long)
            line->each(line->context, line->text);
        line->len = 0;
        line->is_too_long = false;
    }
}

/* False: it has until the deadline said nothing more. */
static bool is_talking(int fd, int64_t deadline_msecs)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int ready = 0;
    do
        ready = poll(&poll_fd, 1, vt_clock_left_msecs(deadline_msecs));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool vt_command_run_lines(const char *const *arguments, size_t max_line_bytes,
                          void (*each)(void *context, const char *line), void *context)
{
    int fd = -1;
    ssize_t got = 0;
    char piece[16 * 1024];
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + VT_RUN_MSECS;
    struct line line = {.text = malloc(max_line_bytes + 1),
                        .max = max_line_bytes,
                        .each = each,
                        .context = context};
    pid_t pid = line.text == NULL ? -1 : start(arguments, &fd);
    while (pid > 0 && is_talking(fd, deadline_msecs)) {
        got = read(fd, piece, sizeof(piece));
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        if (got > 0)
            take(&line, piece, (size_t)got);
    }
    if (pid > 0 && vt_clock_left_msecs(deadline_msecs) == 0)
        (void)kill(pid, SIGKILL);
    if (pid > 0 && line.len > 0)
        take(&line, "\n", 1);
    if (pid > 0)
        (void)close(fd);
    free(line.text);
    return pid > 0 && succeeded(pid);
}

static void keep_line(void *context, const char *line)
{
    char *out = context;
    size_t used = strlen(out);
    if (used < VT_MAX_RUN_OUTPUT_BYTES - 1)
        (void)snprintf(out + used, VT_MAX_RUN_OUTPUT_BYTES - used, "%s%s", used > 0 ? "\n" : "",
                       line);
}

bool vt_command_run(const char *const *arguments, char out[VT_MAX_RUN_OUTPUT_BYTES])
{
    out[0] = '\0';
    return vt_command_run_lines(arguments, VT_MAX_RUN_OUTPUT_BYTES, keep_line, out);
}
