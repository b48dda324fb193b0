/* SPDX-License-Identifier: Apache-2.0
 * HTTP/1.1 (RFC 9110, RFC 9112) by libmicrohttpd in one thread. A connection serves one request
 * and is closed: that bounds it in time whatever its client does, and Prometheus opens one for each
 * scrape without noticing. */
#include "web/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"

/* Of one connection, request line and header included: a scrape sends some hundred bytes. */
#define CONNECTION_BYTES ((size_t)16 * 1024)
/* libmicrohttpd's own, by whole seconds of silence; ours is for all of it. */
#define SILENCE_SECS 5u
/* Ended connections leave with the next turn: until then they take a place. */
#define PLACES_SPARE 16u

/* One that is open, in the order in which they came. */
struct connection {
    int fd; /* -1: free, or shut down already */
    int64_t until_msecs;
};

struct vt_web_server {
    struct MHD_Daemon *daemon;
    const struct vt_web_site *site;
    int epoll_fd;
    struct connection connections[VT_WEB_MAX_CONNECTIONS];
    size_t count;
};

/* ---- connections ---- */

static void end_connection(struct connection *connection)
{
    if (connection->fd >= 0)
        (void)shutdown(connection->fd, SHUT_RDWR); /* libmicrohttpd sees its end and closes it */
    connection->fd = -1;
}

static void end_oldest(struct vt_web_server *server)
{
    struct connection *oldest = NULL;
    for (size_t i = 0; i < VT_WEB_MAX_CONNECTIONS; i++) {
        struct connection *connection = &server->connections[i];
        if (connection->fd >= 0 &&
            (oldest == NULL || connection->until_msecs < oldest->until_msecs))
            oldest = connection;
    }
    if (oldest != NULL)
        end_connection(oldest);
}

static void end_late_ones(struct vt_web_server *server)
{
    int64_t now = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < VT_WEB_MAX_CONNECTIONS; i++)
        if (server->connections[i].fd >= 0 && now >= server->connections[i].until_msecs)
            end_connection(&server->connections[i]);
}

static int fd_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

static void connection_began(struct vt_web_server *server, int fd)
{
    server->count++;
    if (server->count + PLACES_SPARE > VT_WEB_MAX_CONNECTIONS)
        end_oldest(server);
    for (size_t i = 0; i < VT_WEB_MAX_CONNECTIONS; i++)
        if (server->connections[i].fd < 0) {
            server->connections[i] = (struct connection){
                .fd = fd, .until_msecs = vt_clock_monotonic_msecs() + VT_WEB_CONNECTION_MSECS};
            return;
        }
}

static void connection_ended(struct vt_web_server *server, int fd)
{
    server->count--;
    for (size_t i = 0; i < VT_WEB_MAX_CONNECTIONS; i++)
        if (server->connections[i].fd == fd)
            server->connections[i].fd = -1;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **unused,
                          enum MHD_ConnectionNotificationCode what)
{
    struct vt_web_server *server = context;
    (void)unused;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_began(server, fd_of(connection));
    else
        connection_ended(server, fd_of(connection));
}

/* ---- requests ---- */

static enum MHD_Result queue(struct MHD_Connection *connection, struct vt_web_page *page)
{
    static const struct {
        const char *name, *value;
    } headers[] = {{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
                   {MHD_HTTP_HEADER_CONNECTION, "close"},
                   {MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff"}};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(page->text.len, page->text.ptr, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->content_type);
    for (size_t i = 0; result == MHD_YES && i < sizeof(headers) / sizeof(headers[0]); i++)
        result = MHD_add_response_header(response, headers[i].name, headers[i].value);
    if (result == MHD_YES && page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (result == MHD_YES)
        result = MHD_queue_response(connection, page->status, response);
    MHD_destroy_response(response);
    return result;
}

/* First called when the header has come, then for each piece of a body, then once more. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *body, size_t *body_bytes, void **state)
{
    static int seen;
    const struct vt_web_server *server = context;
    struct vt_web_page page;
    (void)version;
    (void)body;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    if (*body_bytes > 0) {
        *body_bytes = 0; /* nobody wants it */
        return MHD_YES;
    }
    vt_web_page(server->site, method, path,
                MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
                vt_clock_now_utc_secs(), &page);
    enum MHD_Result result = queue(connection, &page);
    vt_buf_clear(&page.text);
    return result;
}

/* The two paths are plain: what is escaped is another one, and "%00" ends nothing. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* Whatever a client did wrong; not worth more. */
static void VT_PRINTF(2, 0) on_log(void *context, const char *format, va_list arguments)
{
    char text[VT_ERR_TEXT_BYTES], clean[VT_ERR_TEXT_BYTES];
    (void)context;
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    vt_log(VT_LOG_DEBUG, "web: %s", vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)));
}

/* ---- the server ---- */

static enum vt_code start(struct vt_web_server *server, int listening_fd, struct vt_err *err)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_LISTEN_SOCKET, listening_fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)VT_WEB_MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECS, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        server, MHD_OPTION_END);
    if (server->daemon == NULL)
        return vt_err_set(err, VT_E_SYSTEM, "libmicrohttpd does not take the listening socket");
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || info->epoll_fd < 0)
        return vt_err_set(err, VT_E_SYSTEM, "libmicrohttpd has no epoll(7)");
    server->epoll_fd = info->epoll_fd;
    return VT_OK;
}

enum vt_code vt_web_server_new(int listening_fd, const struct vt_web_site *site,
                               struct vt_web_server **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_web_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the web server");
    server->site = site;
    for (size_t i = 0; i < VT_WEB_MAX_CONNECTIONS; i++)
        server->connections[i].fd = -1;
    enum vt_code code = start(server, listening_fd, err);
    if (code == VT_OK)
        *out = server;
    else
        vt_web_server_free(server);
    return code;
}

int vt_web_server_poll_fd(const struct vt_web_server *server)
{
    return server->epoll_fd;
}

int vt_web_server_wait_msecs(const struct vt_web_server *server)
{
    MHD_UNSIGNED_LONG_LONG own = 0;
    int wait =
        MHD_get_timeout(server->daemon, &own) == MHD_YES ? (int)(own < 1000 ? own : 1000) : -1;
    for (size_t i = 0; i < VT_WEB_MAX_CONNECTIONS; i++) {
        const struct connection *connection = &server->connections[i];
        int left = connection->fd >= 0 ? vt_clock_left_msecs(connection->until_msecs) : -1;
        if (left >= 0 && (wait < 0 || left < wait))
            wait = left;
    }
    return wait;
}

void vt_web_server_turn(struct vt_web_server *server)
{
    end_late_ones(server);
    if (MHD_run(server->daemon) != MHD_YES)
        vt_log(VT_LOG_WARNING, "web: libmicrohttpd could not go on");
}

void vt_web_server_free(struct vt_web_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL) {
        (void)MHD_quiesce_daemon(server->daemon); /* the listening socket is not its own */
        MHD_stop_daemon(server->daemon);
    }
    free(server);
}
