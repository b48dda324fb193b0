/* SPDX-License-Identifier: Apache-2.0
 * The serving side of a channel, for a role's single-threaded loop: takes connections, reads one
 * request of each, and never waits for a client. Places are bounded; who says nothing is dropped.
 */
#ifndef VANTHU_BASE_SERVER_H
#define VANTHU_BASE_SERVER_H

#include <poll.h>

#include "vanthu/wire.h"

/* A request comes with its connection. The caller polls no longer than this. */
#define VT_SERVER_REQUEST_MSECS 1000

/* Descriptors that a request may bring: a record and two files of objects. How many belong to which
 * is the taker's question. */
#define VT_SERVER_MAX_FDS 3

struct vt_server;

/* A client is a place: a number below places_count. Borrowed: channel and context. */
struct vt_server_setup {
    int channel; /* server end */
    size_t places_count;
    /* A request has come; whoever takes a descriptor out of the message sets it to -1. VT_OK: it
     * was answered, or will be. VT_E_PEER: nobody waits for an answer. Any other: it is refused
     * with the text of err. */
    enum vt_code (*take)(void *context, size_t client, struct vt_message *message,
                         struct vt_err *err);
    /* The connection is about to end, answered or not. May be NULL. */
    void (*forget)(void *context, size_t client);
    void *context;
};

/* *out: vt_server_free. VT_E_NOMEM. */
enum vt_code vt_server_new(const struct vt_server_setup *setup, struct vt_server **out,
                           struct vt_err *err) VT_MUST_CHECK;
/* End every connection. NULL is allowed. */
void vt_server_free(struct vt_server *server);

/* The caller's loop: fill entries, at most 1 + places_count, poll, and hand the same ones back. A
 * client that has asked and becomes readable has gone, and so has its request. */
size_t vt_server_poll(struct vt_server *server, struct pollfd *entries);
void vt_server_polled(struct vt_server *server, const struct pollfd *entries);
/* True when no connection can come any more. */
bool vt_server_is_over(const struct vt_server *server);

/* Answer and end the connection. fds: borrowed. A client that has gone, or takes nothing, heard
 * enough. */
void vt_server_reply(struct vt_server *server, size_t client, enum vt_message_type type,
                     struct vt_bytes body, const int *fds, size_t fds_count);
/* Answer and leave the connection open until the client ends it: what was handed out is the
 * client's that long, and setup.forget tells when it no longer is. False: the client has gone. */
bool vt_server_hand(struct vt_server *server, size_t client, enum vt_message_type type,
                    struct vt_bytes body, const int *fds, size_t fds_count) VT_MUST_CHECK;
/* As vt_server_reply with the text of a fault, which is logged. */
void vt_server_refuse(struct vt_server *server, size_t client, const struct vt_err *err);
void vt_server_close(struct vt_server *server, size_t client);
/* True when the client has hung up. */
bool vt_server_is_gone(const struct vt_server *server, size_t client);

#endif
