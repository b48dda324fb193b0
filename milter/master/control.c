/* SPDX-License-Identifier: Apache-2.0
 * The control socket, both sides: one request, one answer, JSON over wire. Only root and the user
 * of the master may speak; the kernel tells who it is. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "master.h"
#include "roles.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/metrics.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

/* A reload waits until every new role has started. */
#define ASK_MSECS 30000

static const struct {
    const char *name;
    enum vt_control_command command;
} commands[] = {
    {"reload", VT_CONTROL_RELOAD},
    {"status", VT_CONTROL_STATUS},
    {"drain", VT_CONTROL_DRAIN},
    {"status-role", VT_CONTROL_STATUS_ROLE},
    {"registrar-role", VT_CONTROL_REGISTRAR_ROLE},
    {"metrics", VT_CONTROL_METRICS},
};

/* ---- the master's side ---- */

int vt_control_accept(int listening_fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
        (peer.uid == 0 || peer.uid == geteuid()))
        return fd;
    vt_log(VT_LOG_WARNING, "control: a process of another user was turned away");
    (void)close(fd);
    return -1;
}

enum vt_code vt_control_read(int fd, enum vt_control_command *out, struct vt_err *err)
{
    struct vt_message message;
    *out = VT_CONTROL_NONE;
    enum vt_code code = vt_wire_receive(fd, &message, 0, 0, err);
    if (code != VT_OK)
        return code;
    if (message.type != VT_MSG_CONTROL)
        return vt_err_set(err, VT_E_FORMAT, "not a command");
    json_t *root =
        json_loadb((const char *)message.body, message.body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(root, "command"));
    for (size_t i = 0; name != NULL && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(name, commands[i].name) == 0)
            *out = commands[i].command;
    json_decref(root);
    return *out == VT_CONTROL_NONE ? vt_err_set(err, VT_E_UNSUPPORTED, "there is no such command")
                                   : VT_OK;
}

static json_t *list_mistakes(const struct vt_mistakes *mistakes)
{
    json_t *list = json_array();
    for (size_t i = 0; mistakes != NULL && i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        /* No pack: a text that is no UTF-8 leaves out its item, not all of them. */
        json_t *item = json_pack("{s:s, s:i, s:i, s:b, s:s}", "file", mistake->file, "line",
                                 (int)mistake->line, "column", (int)mistake->column, "warning",
                                 (int)mistake->warning, "text", mistake->text);
        if (item != NULL)
            (void)json_array_append_new(list, item);
    }
    return list;
}

static json_t *list_roles(const struct vt_roles *roles)
{
    json_t *list = json_array();
    for (enum vt_role_id role = VT_ROLE_MASTER; roles != NULL && role < VT_ROLES; role++) {
        struct vt_role_state state;
        vt_roles_look(roles, role, &state);
        if (!state.wanted)
            continue;
        (void)json_array_append_new(list, json_pack("{s:s, s:i, s:b, s:i, s:I}", "role",
                                                    vt_role_name(role), "pid", (int)state.pid,
                                                    "running", (int)state.running, "restarts",
                                                    (int)state.restarts, "started_utc_secs",
                                                    (json_int_t)state.started_utc_secs));
    }
    return list;
}

/* What the shipper says of itself; it is a process that speaks with a server. */
static json_t *central_of(const struct vt_roles *roles)
{
    const char *text = roles != NULL ? vt_roles_shipping(roles) : "";
    json_t *said = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(said))
        return said;
    json_decref(said);
    return NULL;
}

static void set_text(json_t *root, const char *key, const char *text)
{
    if (text != NULL)
        (void)json_object_set_new(root, key, json_string(text));
}

/* Lists of mistakes may be longer than a message: then without their ends. */
static char *answer_text(bool ok, const char *text, const struct vt_mistakes *mistakes,
                         const struct vt_control_state *state)
{
    static const char *const lists[] = {"warnings", "mistakes"};
    json_t *root = json_object();
    (void)json_object_set_new(root, "ok", json_boolean(ok));
    set_text(root, "text", text);
    set_text(root, "mode", state->mode);
    set_text(root, "socket", state->socket);
    (void)json_object_set_new(root, "mistakes", list_mistakes(mistakes));
    (void)json_object_set_new(root, "warnings", list_mistakes(state->warnings));
    (void)json_object_set_new(root, "roles", list_roles(state->roles));
    json_t *central = central_of(state->roles);
    if (central != NULL)
        (void)json_object_set_new(root, "central", central);
    char *json = json_dumps(root, JSON_COMPACT);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        json_t *list = json_object_get(root, lists[i]);
        while (json != NULL && strlen(json) > VT_MAX_MESSAGE_BYTES && json_array_size(list) > 0) {
            (void)json_array_remove(list, json_array_size(list) - 1);
            free(json);
            json = json_dumps(root, JSON_COMPACT);
        }
    }
    json_decref(root);
    return json;
}

void vt_control_answer(int fd, bool ok, const char *text, const struct vt_mistakes *mistakes,
                       const struct vt_control_state *state)
{
    static const struct vt_control_state none = {NULL, NULL, NULL, NULL};
    if (fd < 0)
        return;
    char *json = answer_text(ok, text, mistakes, state == NULL ? &none : state);
    struct vt_err err = {0};
    if (json == NULL ||
        vt_wire_send(fd, VT_MSG_CONTROLLED, vt_bytes_str(json), NULL, 0, 0, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "control: nobody heard the answer");
    free(json);
    (void)close(fd);
}

/* The master makes the connection and hands it on, so that it never waits for a role. */
void vt_control_answer_connection(int fd, int channel)
{
    struct vt_err err = {0};
    int connection = -1;
    enum vt_code code = VT_E_NOT_FOUND;
    if (channel < 0)
        (void)vt_err_set(&err, code, "there is no such role");
    else
        code = vt_wire_open(channel, 0, &connection, &err);
    if (code != VT_OK) {
        vt_control_answer(fd, false, err.text, NULL, NULL);
        return;
    }
    if (vt_wire_send(fd, VT_MSG_CONTROLLED, VT_BYTES("{\"ok\": true}"), &connection, 1, 0, &err) !=
        VT_OK)
        vt_log(VT_LOG_WARNING, "control: nobody heard the answer");
    (void)close(connection);
    (void)close(fd);
}

void vt_control_answer_metrics(int fd, const int fds[VT_ROLES], unsigned lane)
{
    struct vt_err err = {0};
    if (vt_metrics_send(fd, fds, lane, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "control: nobody heard the answer");
    (void)close(fd);
}

/* ---- the command's side ---- */

static enum vt_code dial(const char *path, int *out_fd, struct vt_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return vt_err_set(err, VT_E_CONFIG, "the name of the control socket is too long: %s", path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return vt_err_sys(err, "socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        *out_fd = fd;
        return VT_OK;
    }
    int why = errno;
    (void)close(fd);
    if (why == ENOENT || why == ECONNREFUSED)
        return vt_err_set(err, VT_E_NOT_FOUND, "vanthu-milter is not running: nobody listens on %s",
                          path);
    errno = why;
    return vt_err_sys(err, "cannot speak to vanthu-milter on %s", path);
}

static enum vt_code tell(int fd, const char *command, int64_t deadline_msecs, struct vt_err *err)
{
    json_t *root = json_pack("{s:s}", "command", command);
    char *body = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (body == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a command");
    enum vt_code code =
        vt_wire_send(fd, VT_MSG_CONTROL, vt_bytes_str(body), NULL, 0, deadline_msecs, err);
    free(body);
    return code;
}

static enum vt_code exchange(int fd, const char *command, size_t max_fds, struct vt_message *answer,
                             struct vt_err *err)
{
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS;
    enum vt_code code = tell(fd, command, deadline_msecs, err);
    if (code == VT_OK)
        code = vt_wire_receive(fd, answer, max_fds, deadline_msecs, err);
    if (code != VT_OK || answer->type == VT_MSG_CONTROLLED)
        return code;
    vt_message_close(answer);
    return vt_err_set(err, VT_E_PEER, "vanthu-milter answered something else than asked");
}

enum vt_code vt_control_ask(const char *control_socket, const char *command, char **out_json,
                            struct vt_err *err)
{
    int fd = -1;
    struct vt_message answer;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = exchange(fd, command, 0, &answer, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    *out_json = strndup((const char *)answer.body, answer.body_len);
    return *out_json == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for an answer") : VT_OK;
}

/* What the master says instead of a connection. */
static enum vt_code refused(const struct vt_message *answer, struct vt_err *err)
{
    json_t *root =
        json_loadb((const char *)answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(root, "text"));
    enum vt_code code = vt_err_set(err, VT_E_NOT_FOUND, "vanthu-milter says: %.200s",
                                   text != NULL ? text : "there is no such role");
    json_decref(root);
    return code;
}

static enum vt_code connect_role(const char *control_socket, const char *command, int *out_fd,
                                 struct vt_err *err)
{
    int fd = -1;
    struct vt_message answer;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = exchange(fd, command, 1, &answer, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    if (answer.fds_count != 1)
        return refused(&answer, err);
    *out_fd = answer.fds[0];
    return VT_OK;
}

enum vt_code vt_control_connect_status(const char *control_socket, int *out_fd, struct vt_err *err)
{
    return connect_role(control_socket, "status-role", out_fd, err);
}

enum vt_code vt_control_connect_registrar(const char *control_socket, int *out_fd,
                                          struct vt_err *err)
{
    return connect_role(control_socket, "registrar-role", out_fd, err);
}

enum vt_code vt_control_metrics(const char *control_socket, struct vt_metrics_reader **out,
                                unsigned *out_lane, struct vt_err *err)
{
    int fd = -1;
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS;
    *out = NULL;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = tell(fd, "metrics", deadline_msecs, err);
    if (code == VT_OK)
        code = vt_metrics_receive(fd, deadline_msecs, out, out_lane, err);
    (void)close(fd);
    return code;
}
