/* SPDX-License-Identifier: Apache-2.0
 * The registrar: keeps the register. May: its folder. May not: network, mail, keys. One loop: what
 * is ready is taken, committed together, then answered; while it waits for the disk the next
 * records gather. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "register/batch.h"
#include "register/looking.h"
#include "register/messages.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

#define MAX_CLIENTS 512
#define REQUEST_MSECS 1000
/* Old records are destroyed a few at a time, so that no mail waits for it. */
#define RETAIN_MSECS 60000
#define RETAIN_SOON_MSECS 500
#define RETAIN_RECORDS 50
/* What a mail leaves behind for its retries; a sending MTA tries for five days. */
#define DEFER_DAYS 30
#define LOOK_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define ADDRESS_SPACE_BYTES ((size_t)2 * 1024 * 1024 * 1024)
#define OPEN_FILES 1024

/* One connection: waits for its request, then, in the batch, for the commit. */
struct client {
    int fd; /* -1: free */
    bool is_in_batch;
    int64_t request_until_msecs;
};

struct server {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_register *reg;
    struct vt_batch batch;
    struct client clients[MAX_CLIENTS];
    struct vt_register_retention retention;
    int64_t retain_at_msecs;
    pid_t master;
    int64_t master_gone_msecs; /* 0: it is there */
    bool ending;
    struct vt_message message;
};

/* ---- clients ---- */

static void close_client(struct client *client)
{
    if (client->fd >= 0)
        (void)close(client->fd);
    *client = (struct client){.fd = -1};
}

/* Answer and end the connection. A client that has gone heard enough. */
static void reply(struct client *client, enum vt_message_type type, struct vt_bytes body,
                  const int *fd)
{
    struct vt_err err = {0};
    enum vt_code code = vt_wire_send(client->fd, type, body, fd, fd != NULL ? 1 : 0,
                                     vt_clock_monotonic_msecs(), &err);
    if (code != VT_OK && code != VT_E_PEER)
        vt_log(VT_LOG_WARNING, "an answer could not be given: %s", err.text);
    close_client(client);
}

static void refuse(struct client *client, const struct vt_err *err)
{
    vt_log(VT_LOG_WARNING, "a request is refused: %s", err->text);
    reply(client, VT_MSG_ERROR, vt_bytes_str(err->text), NULL);
}

/* ---- LOOK ---- */

static enum vt_code read_look(struct server *server, struct vt_arena *arena, struct vt_look *out,
                              struct vt_err *err)
{
    struct vt_bytes json;
    if (server->message.fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "register: nothing was asked for");
    enum vt_code code = vt_memfd_map(server->message.fds[0], VT_MAX_LOOK_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_look_from_json(arena, json, out, err);
    vt_memfd_unmap(json);
    return code;
}

static enum vt_code look(struct server *server, struct client *client, struct vt_err *err)
{
    struct vt_look asked;
    struct vt_looked looked = {0};
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    struct vt_arena *arena = vt_arena_new(LOOK_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for an answer");
    enum vt_code code = read_look(server, arena, &asked, err);
    if (code == VT_OK)
        code = vt_looking_answer(server->reg, arena, &asked, vt_clock_now_utc_secs(), &looked, err);
    if (code == VT_OK)
        code = vt_looked_to_json(&looked, asked.first_seen_count, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-looked", vt_bytes_of(text, len), &fd, err);
    if (code == VT_OK)
        reply(client, VT_MSG_LOOKED, (struct vt_bytes){0}, &fd);
    if (fd >= 0)
        (void)close(fd);
    free(text);
    vt_arena_free(arena);
    return code;
}

/* ---- RECORD and ANSWERED ---- */

/* Whoever hung up while the registrar was away has asked its sender to come again. */
static enum vt_code take_record(struct server *server, struct client *client, struct vt_err *err)
{
    if (vt_wire_peer_is_gone(client->fd))
        return VT_E_PEER;
    enum vt_code code =
        vt_batch_take(&server->batch, &server->message, (int)(client - server->clients),
                      vt_clock_now_utc_secs(), err);
    client->is_in_batch = code == VT_OK;
    return code;
}

static enum vt_code take_message(struct server *server, struct client *client, struct vt_err *err)
{
    enum vt_code code = VT_E_FORMAT;
    switch (server->message.type) {
    case VT_MSG_LOOK:
        return look(server, client, err);
    case VT_MSG_RECORD:
        return take_record(server, client, err);
    case VT_MSG_ANSWERED:
        code = vt_batch_take(&server->batch, &server->message, -1, vt_clock_now_utc_secs(), err);
        if (code == VT_OK)
            close_client(client);
        return code;
    default:
        return vt_err_set(err, code, "register: a request that there is not");
    }
}

/* Read the request of a client, if it is there. */
static void serve_client(struct server *server, struct client *client)
{
    struct vt_err err = {0};
    enum vt_code code =
        vt_wire_receive(client->fd, &server->message, 1, vt_clock_monotonic_msecs(), &err);
    if (code == VT_E_TIMEOUT) {
        if (vt_clock_left_msecs(client->request_until_msecs) == 0)
            close_client(client);
        return;
    }
    if (code == VT_OK) {
        code = take_message(server, client, &err);
        vt_message_close(&server->message);
    }
    if (code == VT_E_PEER)
        close_client(client);
    else if (code != VT_OK)
        refuse(client, &err);
}

static struct client *find_free(struct server *server)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        if (server->clients[i].fd < 0)
            return &server->clients[i];
    }
    return NULL;
}

/* All that wait, as far as there are places. */
static void accept_all(struct server *server)
{
    struct vt_err err = {0};
    for (struct client *client = find_free(server); client != NULL; client = find_free(server)) {
        int fd = -1;
        enum vt_code code =
            vt_wire_accept(server->fds->record, vt_clock_monotonic_msecs(), &fd, &err);
        if (code == VT_E_PEER)
            server->ending = true;
        if (code == VT_E_FORMAT)
            vt_log(VT_LOG_WARNING, "a connection was not accepted: %s", err.text);
        else if (code != VT_OK)
            return;
        if (code == VT_OK) {
            client->fd = fd;
            client->request_until_msecs = vt_clock_monotonic_msecs() + REQUEST_MSECS;
        }
    }
}

/* ---- the commit ---- */

static void answer_batch(struct server *server)
{
    for (size_t i = 0; i < server->batch.count; i++) {
        const struct vt_batch_item *item = &server->batch.items[i];
        if (item->client >= 0 && item->is_done)
            reply(&server->clients[item->client], VT_MSG_RECORDED, (struct vt_bytes){0}, NULL);
        else if (item->client >= 0)
            refuse(&server->clients[item->client], &item->err);
        else if (!item->is_done)
            vt_log(VT_LOG_WARNING, "an answer is not recorded: %s", item->err.text);
    }
}

static void commit(struct server *server)
{
    if (server->batch.count == 0)
        return;
    vt_batch_commit(&server->batch, server->reg);
    answer_batch(server);
    vt_batch_clear(&server->batch);
}

static void serve_all(struct server *server)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &server->clients[i];
        if (client->fd < 0 || client->is_in_batch)
            continue;
        if (!vt_batch_has_room(&server->batch))
            commit(server);
        serve_client(server, client);
    }
    commit(server);
}

/* ---- what is old ---- */

/* By a clock that nobody keeps right too much might be destroyed. */
static void retain(struct server *server)
{
    struct vt_err err = {0};
    size_t count = 0;
    int64_t now_utc_secs = vt_clock_now_utc_secs(), now_msecs = vt_clock_monotonic_msecs();
    if (now_msecs < server->retain_at_msecs)
        return;
    server->retain_at_msecs = now_msecs + RETAIN_MSECS;
    if (!vt_clock_is_sane(now_utc_secs) || !vt_clock_is_synchronised())
        return;
    if (vt_register_retain(server->reg, now_utc_secs, &server->retention, RETAIN_RECORDS, &count,
                           &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "old records stay: %s", err.text);
    else if (count >= RETAIN_RECORDS)
        server->retain_at_msecs = now_msecs + RETAIN_SOON_MSECS;
}

/* ---- the loop ---- */

/* The master closes this after the gateway has ended. When the master itself is gone, the gateway
 * finishes its mails, and their records are kept. */
static void note_master(struct server *server)
{
    if (getppid() == server->master) {
        server->ending = true;
        return;
    }
    int64_t now = vt_clock_monotonic_msecs();
    if (server->master_gone_msecs == 0)
        server->master_gone_msecs = now;
    server->ending =
        server->ending || now - server->master_gone_msecs > server->config->total_msecs;
}

static size_t fill_poll(struct server *server, struct pollfd *fds)
{
    size_t count = 0;
    bool is_watched = server->master_gone_msecs == 0;
    fds[count++] = (struct pollfd){.fd = is_watched ? server->fds->control : -1, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = find_free(server) != NULL ? server->fds->record : -1,
                                   .events = POLLIN};
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        if (server->clients[i].fd >= 0)
            fds[count++] = (struct pollfd){.fd = server->clients[i].fd, .events = POLLIN};
    }
    return count;
}

static void turn(struct server *server)
{
    struct pollfd fds[2 + MAX_CLIENTS];
    size_t count = fill_poll(server, fds);
    if (poll(fds, count, REQUEST_MSECS) < 0)
        return; /* interrupted: the next turn */
    if (fds[1].revents != 0)
        accept_all(server);
    serve_all(server);
    if (fds[0].revents != 0 || server->master_gone_msecs != 0)
        note_master(server);
    if (!server->ending)
        retain(server);
}

/* ---- setting up ---- */

/* That there was a time without a registrar, and in which mode mails are judged from now on. */
static enum vt_code record_start(struct server *server, struct vt_err *err)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "version %s, mode %s", VT_VERSION,
                   vt_mode_name(server->config->mode));
    const struct vt_register_event event = {.what = "started", .text = text};
    struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = vt_clock_now_utc_secs(), .event = &event};
    return vt_register_append(server->reg, &record, 1, err);
}

static enum vt_code set_up(struct server *server, struct vt_err *err)
{
    const struct vt_config *config = server->config;
    const struct vt_sandbox sandbox = {.name = "registrar",
                                       .writable_directory = config->register_directory,
                                       .address_space_bytes = ADDRESS_SPACE_BYTES,
                                       .open_files = OPEN_FILES};
    server->retention =
        (struct vt_register_retention){.days = {[VT_RETAIN_PASSED] = config->keep.passed_days,
                                                [VT_RETAIN_TAGGED] = config->keep.tagged_days,
                                                [VT_RETAIN_REFUSED] = config->keep.refused_days,
                                                [VT_RETAIN_SECRET] = config->keep.secret_days},
                                       .objects_days = config->keep.objects_days,
                                       .defer_days = DEFER_DAYS};
    enum vt_code code = vt_sandbox_enter(&sandbox, err);
    if (code == VT_OK)
        code = vt_register_open(config->register_directory, &server->reg, err);
    if (code == VT_OK)
        code = record_start(server, err);
    if (code == VT_OK)
        code = vt_batch_new(&server->batch, err);
    return code;
}

int vt_registrar_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return EX_OSERR;
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        server->clients[i].fd = -1;
    server->config = config;
    server->fds = fds;
    server->master = getppid();
    enum vt_code code = set_up(server, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "the registrar cannot start: %s", err.text);
        status = code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
        goto done;
    }
    vt_role_ready(fds->control);
    while (!server->ending)
        turn(server);
    status = EX_OK;
done:
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        close_client(&server->clients[i]);
    vt_batch_free(&server->batch);
    vt_register_close(server->reg);
    free(server);
    return status;
}
