/* SPDX-License-Identifier: Apache-2.0
 * HTTP of the web role: the only user of libmicrohttpd. */
#ifndef VANTHU_WEB_SERVER_H
#define VANTHU_WEB_SERVER_H

#include "web/pages.h"

/* Connections at once; when they are taken the oldest is ended for a new one. */
#define VT_WEB_MAX_CONNECTIONS 256
/* A connection has one request, and this time for all of it, however it drips. */
#define VT_WEB_CONNECTION_MSECS 5000

struct vt_web_server;

/* Serve on a listening socket, which is borrowed and must not block. site: borrowed. VT_E_SYSTEM,
 * VT_E_NOMEM. */
enum vt_code vt_web_server_new(int listening_fd, const struct vt_web_site *site,
                               struct vt_web_server **out, struct vt_err *err) VT_MUST_CHECK;
/* Becomes readable when there is something to do. */
int vt_web_server_poll_fd(const struct vt_web_server *server);
/* Milliseconds until there is something to do in any case; -1: never. */
int vt_web_server_wait_msecs(const struct vt_web_server *server);
void vt_web_server_turn(struct vt_web_server *server);
/* NULL is allowed. */
void vt_web_server_free(struct vt_web_server *server);

#endif
