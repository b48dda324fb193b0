/* SPDX-License-Identifier: Apache-2.0
 * Debian's libmilter runs callbacks on a pool of threads that starts a worker only when none is
 * idle; connections that become ready together while one worker is idle all wait for that one,
 * also behind a callback that takes seconds. The kick: sessions of our own, opened before anything
 * else, on which a macro packet is written whenever a callback is about to wait. That is work for
 * the pool, and it starts a worker, which then finds the mail that waits. A build of libmilter
 * without a pool is not disturbed by them. */
#ifndef VANTHU_GATEWAY_KICK_H
#define VANTHU_GATEWAY_KICK_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "vanthu/error.h"

/* Several, because a session that waits for a worker itself cannot ask for one. */
#define VT_KICKS 8

struct vt_kick {
    int sessions[VT_KICKS]; /* the MTA's end of a milter session */
    atomic_uint next;
};

void vt_kick_init(struct vt_kick *kick);
void vt_kick_clear(struct vt_kick *kick);
/* Connect the sessions to a listening socket that libmilter will accept from, and send their
 * option negotiation ahead. VT_E_SYSTEM. */
enum vt_code vt_kick_connect(struct vt_kick *kick, const struct sockaddr *address,
                             socklen_t address_bytes, struct vt_err *err) VT_MUST_CHECK;
/* Wait until libmilter has answered on every session. VT_E_TIMEOUT, VT_E_PEER. */
enum vt_code vt_kick_wait_accepted(struct vt_kick *kick, int64_t deadline_msecs,
                                   struct vt_err *err) VT_MUST_CHECK;
/* Give the pool something to do. Never waits; thread-safe. */
void vt_kick_now(struct vt_kick *kick);
/* Touch every session: libmilter closes those that were silent for two hours. */
void vt_kick_keep_alive(struct vt_kick *kick);

#endif
