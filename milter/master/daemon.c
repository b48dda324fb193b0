/* SPDX-License-Identifier: Apache-2.0
 * Going to the background: one byte over a pipe tells how the start went. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static int await_start(int fd)
{
    uint8_t status = EX_SOFTWARE;
    ssize_t got;
    do
        got = read(fd, &status, sizeof(status));
    while (got < 0 && errno == EINTR);
    return status;
}

int vt_daemon_begin(int *out_started_fd)
{
    int pair[2];
    *out_started_fd = -1;
    if (pipe2(pair, O_CLOEXEC) != 0) {
        fprintf(stderr, "vanthu-milter: pipe2: %s\n", strerror(errno));
        return EX_OSERR;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        (void)setsid();
        *out_started_fd = pair[1];
        return EX_OK;
    }
    (void)close(pair[1]);
    int status = EX_OSERR;
    if (pid > 0)
        status = await_start(pair[0]);
    else
        fprintf(stderr, "vanthu-milter: fork: %s\n", strerror(errno));
    (void)close(pair[0]);
    return status;
}

static void tell(int fd, int status)
{
    uint8_t byte = (uint8_t)status;
    ssize_t written = write(fd, &byte, sizeof(byte));
    (void)written; /* whoever waited has gone */
    (void)close(fd);
}

void vt_daemon_started(int *started_fd)
{
    if (*started_fd < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        (void)close(null);
    }
    tell(*started_fd, EX_OK);
    *started_fd = -1;
}

void vt_daemon_failed(int started_fd, int status)
{
    tell(started_fd, status);
}
