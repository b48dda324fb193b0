/* SPDX-License-Identifier: Apache-2.0
 * Milter sessions with ourselves; the packets are those of the milter protocol, version 6
 * (libmilter/mfdef.h): a length of four bytes, a command, its data. */
#include "gateway/kick.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "vanthu/clock.h"

/* SMFIC_OPTNEG offering every action and step, as Postfix does. */
static const uint8_t negotiation[] = {0, 0, 0, 13,   'O', 0,    0,    0,   6,
                                      0, 0, 1, 0xff, 0,   0x1f, 0xff, 0xff};
#define NEGOTIATED_BYTES sizeof(negotiation)
/* SMFIC_MACRO for SMFIC_CONNECT: j=kick. It is not answered and changes nothing. */
static const uint8_t macros[] = {0, 0, 0, 9, 'D', 'C', 'j', 0, 'k', 'i', 'c', 'k', 0};

void vt_kick_init(struct vt_kick *kick)
{
    for (unsigned i = 0; i < VT_KICKS; i++)
        kick->sessions[i] = -1;
    atomic_store(&kick->next, 0);
}

void vt_kick_clear(struct vt_kick *kick)
{
    for (unsigned i = 0; i < VT_KICKS; i++) {
        if (kick->sessions[i] >= 0)
            close(kick->sessions[i]);
        kick->sessions[i] = -1;
    }
}

enum vt_code vt_kick_connect(struct vt_kick *kick, const struct sockaddr *address,
                             socklen_t address_bytes, struct vt_err *err)
{
    for (unsigned i = 0; i < VT_KICKS; i++) {
        int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        kick->sessions[i] = fd;
        if (fd < 0 || connect(fd, address, address_bytes) != 0 ||
            send(fd, negotiation, sizeof(negotiation), MSG_NOSIGNAL) != sizeof(negotiation))
            return vt_err_sys(err, "cannot open a session with libmilter");
    }
    return VT_OK;
}

static enum vt_code wait_answered(int fd, int64_t deadline_msecs, struct vt_err *err)
{
    size_t got = 0;
    while (got < NEGOTIATED_BYTES) {
        uint8_t answer[NEGOTIATED_BYTES];
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int count = poll(&ready, 1, vt_clock_left_msecs(deadline_msecs));
        if (count < 0 && errno == EINTR)
            continue;
        if (count == 0)
            return vt_err_set(err, VT_E_TIMEOUT, "libmilter did not answer its first sessions");
        ssize_t len = recv(fd, answer, NEGOTIATED_BYTES - got, MSG_DONTWAIT);
        if (len <= 0)
            return vt_err_set(err, VT_E_PEER, "libmilter closed its first sessions");
        got += (size_t)len;
    }
    return VT_OK;
}

enum vt_code vt_kick_wait_accepted(struct vt_kick *kick, int64_t deadline_msecs, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_KICKS && code == VT_OK; i++)
        code = wait_answered(kick->sessions[i], deadline_msecs, err);
    return code;
}

/* A full or closed socket costs a kick, nothing else: the one who waits kicks again. */
static void touch(int fd)
{
    if (fd >= 0 && send(fd, macros, sizeof(macros), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return;
}

void vt_kick_now(struct vt_kick *kick)
{
    touch(kick->sessions[atomic_fetch_add(&kick->next, 1) % VT_KICKS]);
}

void vt_kick_keep_alive(struct vt_kick *kick)
{
    for (unsigned i = 0; i < VT_KICKS; i++)
        touch(kick->sessions[i]);
}
