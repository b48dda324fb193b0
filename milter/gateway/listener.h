/* SPDX-License-Identifier: Apache-2.0
 * What libmilter listens on. It is given one descriptor number (smfi_setconn "fd:N") and polls it
 * for its whole life; the socket behind the number changes:
 *   gate    at first, a private socket with the kick sessions waiting on it
 *   open    the master's socket
 *   closed  in drain: a socket nobody can reach. Connections stay in the backlog of the master's
 *           socket for the next gateway, and mails that are under way go on, which smfi_stop()
 *           would cut off.
 * A poll(2) that is under way is interrupted by SIGUSR1, which does nothing else. */
#ifndef VANTHU_GATEWAY_LISTENER_H
#define VANTHU_GATEWAY_LISTENER_H

#include <pthread.h>

#include "gateway/kick.h"

struct vt_listener {
    int number; /* what libmilter polls and accepts on; first the gate */
    int open;   /* the master's socket; borrowed */
    int closed;
    pthread_t thread; /* runs smfi_main */
};

/* Make the sockets, before the sandbox closes. milter_socket: the master's, listening.
 * directory: where socket files are made and removed at once. VT_E_SYSTEM. */
enum vt_code vt_listener_prepare(struct vt_listener *listener, struct vt_kick *kick,
                                 int milter_socket, const char *directory,
                                 struct vt_err *err) VT_MUST_CHECK;
/* The calling thread will run smfi_main: let SIGUSR1 interrupt it. VT_E_SYSTEM. */
enum vt_code vt_listener_take_thread(struct vt_listener *listener,
                                     struct vt_err *err) VT_MUST_CHECK;
/* Once smfi_main runs: wait for the kick sessions, then begin to accept. On failure mail is
 * accepted all the same, without the kick. */
enum vt_code vt_listener_open(struct vt_listener *listener, struct vt_kick *kick,
                              int64_t deadline_msecs, struct vt_err *err) VT_MUST_CHECK;
/* Accept no more. */
void vt_listener_close(struct vt_listener *listener);
/* Have libmilter look at once whether it was stopped, instead of in 5 s. */
void vt_listener_wake(const struct vt_listener *listener);
void vt_listener_clear(struct vt_listener *listener);

#endif
