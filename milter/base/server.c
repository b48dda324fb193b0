/* SPDX-License-Identifier: Apache-2.0
 * The serving side of a channel: connections in places, one request each. */
#include "base/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"

/* One connection: waits for its request, then for its answer. */
struct place {
    int fd; /* -1: free */
    bool has_asked;
    size_t entry; /* in the caller's list; 0: it came after that was made */
    int64_t request_until_msecs;
};

struct vt_server {
    struct vt_server_setup setup;
    bool is_over;
    struct vt_message message;
    struct place places[];
};

enum vt_code vt_server_new(const struct vt_server_setup *setup, struct vt_server **out,
                           struct vt_err *err)
{
    struct vt_server *server =
        calloc(1, sizeof(*server) + setup->places_count * sizeof(server->places[0]));
    if (server == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a server");
    server->setup = *setup;
    for (size_t i = 0; i < setup->places_count; i++)
        server->places[i].fd = -1;
    *out = server;
    return VT_OK;
}

void vt_server_free(struct vt_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < server->setup.places_count; i++)
        vt_server_close(server, i);
    free(server);
}

void vt_server_close(struct vt_server *server, size_t client)
{
    struct place *place = &server->places[client];
    if (place->fd < 0)
        return;
    if (server->setup.forget != NULL)
        server->setup.forget(server->setup.context, client);
    (void)close(place->fd);
    *place = (struct place){.fd = -1};
}

bool vt_server_is_over(const struct vt_server *server)
{
    return server->is_over;
}

bool vt_server_is_gone(const struct vt_server *server, size_t client)
{
    return vt_wire_peer_is_gone(server->places[client].fd);
}

/* ---- answers ---- */

bool vt_server_hand(struct vt_server *server, size_t client, enum vt_message_type type,
                    struct vt_bytes body, const int *fds, size_t fds_count)
{
    struct vt_err err = {0};
    enum vt_code code = vt_wire_send(server->places[client].fd, type, body, fds, fds_count,
                                     vt_clock_monotonic_msecs(), &err);
    if (code == VT_OK)
        return true;
    if (code != VT_E_PEER)
        vt_log(VT_LOG_WARNING, "an answer could not be given: %s", err.text);
    vt_server_close(server, client);
    return false;
}

void vt_server_reply(struct vt_server *server, size_t client, enum vt_message_type type,
                     struct vt_bytes body, const int *fds, size_t fds_count)
{
    if (vt_server_hand(server, client, type, body, fds, fds_count))
        vt_server_close(server, client);
}

void vt_server_refuse(struct vt_server *server, size_t client, const struct vt_err *err)
{
    vt_log(VT_LOG_WARNING, "a request is refused: %s", err->text);
    vt_server_reply(server, client, VT_MSG_ERROR, vt_bytes_str(err->text), NULL, 0);
}

/* ---- the loop ---- */

static struct place *find_free(struct vt_server *server)
{
    for (size_t i = 0; i < server->setup.places_count; i++)
        if (server->places[i].fd < 0)
            return &server->places[i];
    return NULL;
}

size_t vt_server_poll(struct vt_server *server, struct pollfd *entries)
{
    size_t count = 0;
    int channel = find_free(server) != NULL ? server->setup.channel : -1;
    entries[count++] = (struct pollfd){.fd = channel, .events = POLLIN};
    for (size_t i = 0; i < server->setup.places_count; i++) {
        struct place *place = &server->places[i];
        if (place->fd < 0)
            continue;
        place->entry = count;
        entries[count++] = (struct pollfd){.fd = place->fd, .events = POLLIN};
    }
    return count;
}

/* All that wait, as far as there are places. */
static void accept_all(struct vt_server *server)
{
    for (struct place *place = find_free(server); place != NULL; place = find_free(server)) {
        struct vt_err err = {0};
        int64_t now_msecs = vt_clock_monotonic_msecs();
        int fd = -1;
        enum vt_code code = vt_wire_accept(server->setup.channel, now_msecs, &fd, &err);
        server->is_over = server->is_over || code == VT_E_PEER;
        if (code == VT_OK)
            *place = (struct place){.fd = fd,
                                    .request_until_msecs = now_msecs + VT_SERVER_REQUEST_MSECS};
        else if (code != VT_E_TIMEOUT && code != VT_E_PEER)
            vt_log(VT_LOG_WARNING, "a connection was not accepted: %s", err.text);
        /* After what was dropped for its form another one may come. */
        if (code != VT_OK && code != VT_E_FORMAT)
            return;
    }
}

/* Read the request of a client, if it is there. */
static void serve(struct vt_server *server, size_t client)
{
    struct place *place = &server->places[client];
    struct vt_err err = {0};
    if (place->has_asked) {
        vt_server_close(server, client);
        return;
    }
    enum vt_code code = vt_wire_receive(place->fd, &server->message, VT_SERVER_MAX_FDS,
                                        vt_clock_monotonic_msecs(), &err);
    if (code == VT_E_TIMEOUT)
        return;
    place->has_asked = true;
    if (code == VT_OK) {
        code = server->setup.take(server->setup.context, client, &server->message, &err);
        vt_message_close(&server->message);
    }
    if (code == VT_E_PEER)
        vt_server_close(server, client);
    else if (code != VT_OK)
        vt_server_refuse(server, client, &err);
}

void vt_server_polled(struct vt_server *server, const struct pollfd *entries)
{
    if (entries[0].revents != 0)
        accept_all(server);
    for (size_t i = 0; i < server->setup.places_count; i++) {
        const struct place *place = &server->places[i];
        if (place->fd >= 0 && (place->entry == 0 || entries[place->entry].revents != 0))
            serve(server, i);
    }
    int64_t now_msecs = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < server->setup.places_count; i++) {
        const struct place *place = &server->places[i];
        if (place->fd >= 0 && !place->has_asked && now_msecs > place->request_until_msecs)
            vt_server_close(server, i);
    }
}
