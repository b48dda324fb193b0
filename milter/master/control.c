/* SPDX-License-Identifier: Apache-2.0
 * The control socket, both sides: one request, one answer, JSON over wire. Only root and the user
 * of the master may speak; the kernel tells who it is. */
#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
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
    {"reload-keep", VT_CONTROL_KEEP},
    {"reload-previous", VT_CONTROL_PREVIOUS},
    {"served", VT_CONTROL_SERVED},
    {"served-before", VT_CONTROL_SERVED_LAST},
    {"status", VT_CONTROL_STATUS},
    {"drain", VT_CONTROL_DRAIN},
    {"status-role", VT_CONTROL_STATUS_ROLE},
    {"registrar-role", VT_CONTROL_REGISTRAR_ROLE},
    {"sealer-role", VT_CONTROL_SEALER_ROLE},
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

/* The login that a process belongs to: who used sudo(8). */
static bool login_of(pid_t pid, uid_t *out)
{
    char path[64], text[24];
    (void)snprintf(path, sizeof(path), "/proc/%ld/loginuid", (long)pid);
    FILE *file = fopen(path, "re");
    bool is_read = file != NULL && fgets(text, sizeof(text), file) != NULL;
    if (file != NULL)
        (void)fclose(file);
    *out = is_read ? (uid_t)strtoul(text, NULL, 10) : (uid_t)-1;
    return *out != (uid_t)-1;
}

static void name_of(uid_t uid, char out[40])
{
    const struct passwd *user = getpwuid(uid);
    if (user != NULL)
        (void)snprintf(out, 40, "%.39s", user->pw_name);
    else
        (void)snprintf(out, 40, "%lu", (unsigned long)uid);
}

void vt_control_name_process(uid_t uid, pid_t pid, char out[VT_VERSION_BY_BYTES])
{
    char name[40], login_name[40];
    uid_t login = 0;
    name_of(uid, name);
    (void)snprintf(out, VT_VERSION_BY_BYTES, "%s", name);
    if (!login_of(pid, &login) || login == uid)
        return;
    name_of(login, login_name);
    (void)snprintf(out, VT_VERSION_BY_BYTES, "%s (%s)", name, login_name);
}

static bool is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static enum vt_code read_request(const json_t *root, struct vt_control_request *out,
                                 struct vt_err *err)
{
    const char *name = json_string_value(json_object_get(root, "command"));
    const char *expected = json_string_value(json_object_get(root, "expected"));
    for (size_t i = 0; name != NULL && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(name, commands[i].name) == 0)
            out->command = commands[i].command;
    if (out->command == VT_CONTROL_NONE)
        return vt_err_set(err, VT_E_UNSUPPORTED, "there is no such command");
    out->confirm_secs = json_integer_value(json_object_get(root, "confirm_secs"));
    if ((expected != NULL && !is_digest(expected)) || out->confirm_secs < 0 ||
        out->confirm_secs > VT_MAX_CONFIRM_SECS)
        return vt_err_set(err, VT_E_FORMAT, "not a command");
    (void)snprintf(out->expected, sizeof(out->expected), "%s", expected != NULL ? expected : "");
    return VT_OK;
}

enum vt_code vt_control_read(int fd, struct vt_control_request *out, struct vt_err *err)
{
    struct vt_message message;
    struct ucred peer;
    socklen_t len = sizeof(peer);
    *out = (struct vt_control_request){.command = VT_CONTROL_NONE};
    enum vt_code code = vt_wire_receive(fd, &message, 0, 0, err);
    if (code != VT_OK)
        return code;
    if (message.type != VT_MSG_CONTROL)
        return vt_err_set(err, VT_E_FORMAT, "not a command");
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
        vt_control_name_process(peer.uid, peer.pid, out->by);
    json_t *root =
        json_loadb((const char *)message.body, message.body_len, JSON_REJECT_DUPLICATES, NULL);
    code = read_request(root, out, err);
    json_decref(root);
    return code;
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
    if (state->is_busy)
        (void)json_object_set_new(root, "busy", json_true());
    set_text(root, "mode", state->mode);
    set_text(root, "socket", state->socket);
    json_t *policy = state->versions == NULL ? NULL : vt_versions_to_json(state->versions);
    if (policy != NULL)
        (void)json_object_set_new(root, "policy", policy);
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
    static const struct vt_control_state none = {.roles = NULL};
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

void vt_control_answer_files(int fd, int config_text, int policy_text)
{
    struct vt_err err = {0};
    const int fds[2] = {config_text, policy_text};
    if (config_text < 0) {
        vt_control_answer(fd, false, "no such version is kept", NULL, NULL);
        return;
    }
    if (vt_wire_send(fd, VT_MSG_CONTROLLED, VT_BYTES("{\"ok\": true}"), fds,
                     policy_text >= 0 ? 2 : 1, 0, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "control: nobody heard the answer");
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

/* What is asked besides the command; zero: nothing. */
struct wish {
    const char *command, *expected;
    int64_t confirm_secs;
};

static enum vt_code tell(int fd, const struct wish *wish, int64_t deadline_msecs,
                         struct vt_err *err)
{
    json_t *root = json_pack("{s:s, s:s*, s:I}", "command", wish->command, "expected",
                             wish->expected, "confirm_secs", (json_int_t)wish->confirm_secs);
    char *body = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (body == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a command");
    enum vt_code code =
        vt_wire_send(fd, VT_MSG_CONTROL, vt_bytes_str(body), NULL, 0, deadline_msecs, err);
    free(body);
    return code;
}

static enum vt_code exchange(int fd, const struct wish *wish, size_t max_fds,
                             struct vt_message *answer, struct vt_err *err)
{
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS;
    enum vt_code code = tell(fd, wish, deadline_msecs, err);
    if (code == VT_OK)
        code = vt_wire_receive(fd, answer, max_fds, deadline_msecs, err);
    if (code != VT_OK || answer->type == VT_MSG_CONTROLLED)
        return code;
    vt_message_close(answer);
    return vt_err_set(err, VT_E_PEER, "vanthu-milter answered something else than asked");
}

static enum vt_code ask(const char *control_socket, const struct wish *wish, char **out_json,
                        struct vt_err *err)
{
    int fd = -1;
    struct vt_message answer;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = exchange(fd, wish, 0, &answer, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    *out_json = strndup((const char *)answer.body, answer.body_len);
    return *out_json == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory for an answer") : VT_OK;
}

enum vt_code vt_control_ask(const char *control_socket, const char *command, char **out_json,
                            struct vt_err *err)
{
    const struct wish wish = {.command = command};
    return ask(control_socket, &wish, out_json, err);
}

enum vt_code vt_control_reload(const char *control_socket, const char *expected,
                               int64_t confirm_secs, char **out_json, struct vt_err *err)
{
    const struct wish wish = {"reload", expected, confirm_secs};
    return ask(control_socket, &wish, out_json, err);
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
    const struct wish wish = {.command = command};
    struct vt_message answer;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = exchange(fd, &wish, 1, &answer, err);
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

enum vt_code vt_control_connect_sealer(const char *control_socket, int *out_fd, struct vt_err *err)
{
    return connect_role(control_socket, "sealer-role", out_fd, err);
}

enum vt_code vt_control_served(const char *control_socket, bool before, int *out_config_fd,
                               int *out_policy_fd, struct vt_err *err)
{
    int fd = -1;
    struct vt_message answer;
    const struct wish wish = {.command = before ? "served-before" : "served"};
    *out_config_fd = *out_policy_fd = -1;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = exchange(fd, &wish, 2, &answer, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    if (answer.fds_count == 0)
        return refused(&answer, err);
    *out_config_fd = answer.fds[0];
    *out_policy_fd = answer.fds_count == 2 ? answer.fds[1] : -1;
    return VT_OK;
}

enum vt_code vt_control_metrics(const char *control_socket, struct vt_metrics_reader **out,
                                unsigned *out_lane, struct vt_err *err)
{
    int fd = -1;
    const struct wish wish = {.command = "metrics"};
    int64_t deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS;
    *out = NULL;
    enum vt_code code = dial(control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    code = tell(fd, &wish, deadline_msecs, err);
    if (code == VT_OK)
        code = vt_metrics_receive(fd, deadline_msecs, out, out_lane, err);
    (void)close(fd);
    return code;
}
