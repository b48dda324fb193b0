/* SPDX-License-Identifier: Apache-2.0
 * Framed messages with descriptors over AF_UNIX SOCK_SEQPACKET (unix(7)). The kernel keeps the
 * borders of messages and sends each whole, so any number of threads may share one end. Nothing
 * here waits without a deadline, and nothing that was received half is used. */
#include "vanthu/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vanthu/clock.h"

/* Both ends are the same binary on the same machine: native byte order. */
struct header {
    uint32_t type;
    uint32_t body_len;
};

union control {
    struct cmsghdr header; /* for its alignment */
    uint8_t bytes[CMSG_SPACE(VT_WIRE_MAX_FDS * sizeof(int))];
};

void vt_message_close(struct vt_message *message)
{
    for (size_t i = 0; i < message->fds_count; i++)
        if (message->fds[i] >= 0)
            (void)close(message->fds[i]);
    message->fds_count = 0;
}

/* Wait for an event; errors and hang-ups count as one, the next call will tell them. */
static enum vt_code wait_for(int fd, short events, int64_t deadline_msecs, struct vt_err *err)
{
    for (;;) {
        struct pollfd entry = {.fd = fd, .events = events};
        int left = vt_clock_left_msecs(deadline_msecs);
        int ready = poll(&entry, 1, left);
        if (ready > 0)
            return VT_OK;
        if (ready < 0 && errno != EINTR)
            return vt_err_sys(err, "poll");
        if (ready == 0 && vt_clock_left_msecs(deadline_msecs) == 0)
            return vt_err_set(err, VT_E_TIMEOUT, "the other process did not answer in time");
    }
}

static enum vt_code peer_error(struct vt_err *err, const char *what)
{
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return vt_err_set(err, VT_E_PEER, "the other process closed the connection");
    return vt_err_sys(err, "%s", what);
}

static void put_descriptors(struct msghdr *message, union control *control, const int *fds,
                            size_t fds_count)
{
    if (fds_count == 0)
        return;
    memset(control, 0, sizeof(*control));
    message->msg_control = control->bytes;
    message->msg_controllen = CMSG_SPACE(fds_count * sizeof(int));
    struct cmsghdr *entry = CMSG_FIRSTHDR(message);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(fds_count * sizeof(int));
    memcpy(CMSG_DATA(entry), fds, fds_count * sizeof(int));
}

/* sendmsg(2) takes its vectors without const, and only reads them. */
static void *without_const(const void *ptr)
{
    return (void *)(uintptr_t)ptr;
}

enum vt_code vt_wire_send(int fd, enum vt_message_type type, struct vt_bytes body, const int *fds,
                          size_t fds_count, int64_t deadline_msecs, struct vt_err *err)
{
    if (body.len > VT_MAX_MESSAGE_BYTES || fds_count > VT_WIRE_MAX_FDS || type <= VT_MSG_NONE ||
        type >= VT_MSG_COUNT)
        return vt_err_set(err, VT_E_LIMIT,
                          "a message of %zu bytes and %zu descriptors is too large", body.len,
                          fds_count);
    struct header header = {.type = (uint32_t)type, .body_len = (uint32_t)body.len};
    struct iovec pieces[2] = {{&header, sizeof(header)}, {without_const(body.ptr), body.len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = body.len == 0 ? 1 : 2};
    union control control;
    put_descriptors(&message, &control, fds, fds_count);
    for (;;) {
        if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return VT_OK;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return peer_error(err, "sendmsg");
        enum vt_code code = wait_for(fd, POLLOUT, deadline_msecs, err);
        if (code != VT_OK)
            return code;
    }
}

/* Collect every descriptor that came, so that none leaks, whatever else is wrong. Returns false
 * when something other than at most VT_WIRE_MAX_FDS descriptors came. */
static bool take_descriptors(struct msghdr *message, struct vt_message *out)
{
    bool good = true;
    out->fds_count = 0;
    for (struct cmsghdr *entry = CMSG_FIRSTHDR(message); entry != NULL;
         entry = CMSG_NXTHDR(message, entry)) {
        if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS) {
            good = false;
            continue;
        }
        size_t count = (entry->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(entry) + i * sizeof(int), sizeof(int));
            if (out->fds_count < VT_WIRE_MAX_FDS) {
                out->fds[out->fds_count++] = fd;
            } else {
                (void)close(fd);
                good = false;
            }
        }
    }
    return good;
}

static enum vt_code check_frame(const struct header *header, size_t received,
                                const struct msghdr *message, bool descriptors_good,
                                const struct vt_message *out, size_t max_fds, struct vt_err *err)
{
    if ((message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return vt_err_set(err, VT_E_FORMAT, "a message was truncated");
    if (!descriptors_good || out->fds_count > max_fds)
        return vt_err_set(err, VT_E_FORMAT, "a message came with an unexpected descriptor");
    if (received < sizeof(*header) || header->body_len != received - sizeof(*header))
        return vt_err_set(err, VT_E_FORMAT, "a message has the wrong length");
    if (header->type == VT_MSG_NONE || header->type >= VT_MSG_COUNT)
        return vt_err_set(err, VT_E_FORMAT, "a message has the unknown type %u", header->type);
    return VT_OK;
}

enum vt_code vt_wire_receive(int fd, struct vt_message *out, size_t max_fds, int64_t deadline_msecs,
                             struct vt_err *err)
{
    out->type = VT_MSG_NONE;
    out->body_len = 0;
    out->fds_count = 0;
    struct header header = {0};
    union control control;
    for (;;) {
        struct iovec pieces[2] = {{&header, sizeof(header)}, {out->body, sizeof(out->body)}};
        struct msghdr message = {.msg_iov = pieces,
                                 .msg_iovlen = 2,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        ssize_t received = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (received > 0) {
            bool good = take_descriptors(&message, out);
            enum vt_code code =
                check_frame(&header, (size_t)received, &message, good, out, max_fds, err);
            if (code != VT_OK) {
                vt_message_close(out);
                return code;
            }
            out->type = (enum vt_message_type)header.type;
            out->body_len = header.body_len;
            return VT_OK;
        }
        if (received == 0) {
            /* An empty packet may carry descriptors; it is no message of ours all the same. */
            (void)take_descriptors(&message, out);
            vt_message_close(out);
            return vt_err_set(err, VT_E_PEER, "the other process closed the connection");
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return peer_error(err, "recvmsg");
        enum vt_code code = wait_for(fd, POLLIN, deadline_msecs, err);
        if (code != VT_OK)
            return code;
    }
}

enum vt_code vt_wire_pair(int out_fds[2], struct vt_err *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out_fds) != 0)
        return vt_err_sys(err, "socketpair");
    return VT_OK;
}

enum vt_code vt_wire_open(int channel_fd, int64_t deadline_msecs, int *out_fd, struct vt_err *err)
{
    int pair[2];
    enum vt_code code = vt_wire_pair(pair, err);
    if (code != VT_OK)
        return code;
    code = vt_wire_send(channel_fd, VT_MSG_CONNECT, (struct vt_bytes){NULL, 0}, &pair[1], 1,
                        deadline_msecs, err);
    (void)close(pair[1]);
    if (code != VT_OK) {
        (void)close(pair[0]);
        return code;
    }
    *out_fd = pair[0];
    return VT_OK;
}

static bool is_connection(int fd)
{
    int domain = 0, type = 0;
    socklen_t domain_len = sizeof(domain), type_len = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_SEQPACKET;
}

enum vt_code vt_wire_accept(int channel_fd, int64_t deadline_msecs, int *out_fd, struct vt_err *err)
{
    struct vt_message message;
    enum vt_code code = vt_wire_receive(channel_fd, &message, 1, deadline_msecs, err);
    if (code != VT_OK)
        return code;
    if (message.type != VT_MSG_CONNECT || message.body_len != 0 || message.fds_count != 1 ||
        !is_connection(message.fds[0])) {
        vt_message_close(&message);
        return vt_err_set(err, VT_E_FORMAT, "something other than a connection came");
    }
    *out_fd = message.fds[0];
    return VT_OK;
}

bool vt_wire_peer_is_gone(int fd)
{
    struct pollfd entry = {.fd = fd};
    return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}
