/* SPDX-License-Identifier: Apache-2.0
 * Going to the background, where the shell gets its prompt back when the roles serve. */
#ifndef VANTHU_MASTER_DAEMON_H
#define VANTHU_MASTER_DAEMON_H

/* Fork. In the daemon: EX_OK and *out_started_fd at least 0. In the process that was started: the
 * daemon's status once it serves or has failed, and *out_started_fd is -1. */
int vt_daemon_begin(int *out_started_fd);
/* The daemon serves: let the waiting process go, and leave the terminal. Closes and sets it to -1;
 * -1 is allowed. */
void vt_daemon_started(int *started_fd);
/* It ended before that: the waiting process ends with this status. */
void vt_daemon_failed(int started_fd, int status);

#endif
