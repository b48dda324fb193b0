/* SPDX-License-Identifier: Apache-2.0
 * The master's sockets: who may listen where, and who may say what over the control socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "master/master.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/test_master_XXXXXX";
static char path[64], address[80];

static struct vt_config config_for(const char *socket_address)
{
    return (struct vt_config){.socket = socket_address, .socket_mode = 0660};
}

static bool can_connect(int type)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
    close(fd);
    return connected;
}

static void a_socket_has_its_mode_and_group(void **state)
{
    (void)state;
    struct vt_bound listener;
    struct vt_config config = config_for(address);
    struct vt_err err = {0};
    struct stat info;
    char group[16];
    (void)snprintf(group, sizeof(group), "%ld", (long)(geteuid() == 0 ? 54321 : getegid()));
    config.socket_group = group;
    if (vt_listen_milter(&config, &listener, &err) != VT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0660);
    assert_int_equal(info.st_gid, atol(group));
    assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true(can_connect(SOCK_STREAM));
    vt_bound_clear(&listener);
    assert_int_equal(lstat(path, &info), -1);
}

static void an_unknown_group_is_told(void **state)
{
    (void)state;
    struct vt_bound listener;
    struct vt_config config = config_for(address);
    struct vt_err err = {0};
    config.socket_group = "no-such-group";
    assert_int_equal(vt_listen_milter(&config, &listener, &err), VT_E_CONFIG);
    assert_non_null(strstr(err.text, "no-such-group"));
    (void)unlink(path);
}

static void a_socket_that_stays_gets_another_mode_and_group(void **state)
{
    const struct vt_bound none = {.fd = -1};
    (void)state;
    struct vt_bound listener;
    struct vt_config config = config_for(address);
    struct stat info;
    char group[16];
    assert_int_equal(vt_listen_milter(&config, &listener, NULL), VT_OK);
    (void)snprintf(group, sizeof(group), "%ld", (long)(geteuid() == 0 ? 54322 : getegid()));
    config.socket_group = group;
    config.socket_mode = 0666;
    assert_int_equal(vt_listen_adjust(&config, &listener, &none, NULL), VT_OK);
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0666);
    assert_int_equal(info.st_gid, atol(group));
    config.socket_group = "no-such-group";
    assert_int_equal(vt_listen_adjust(&config, &listener, &none, NULL), VT_E_CONFIG);
    vt_bound_clear(&listener);
}

static void a_missing_folder_is_told(void **state)
{
    (void)state;
    struct vt_bound listener;
    struct vt_config config = config_for("unix:/tmp/test_master_none/none/m.sock");
    struct vt_err err = {0};
    assert_int_equal(vt_listen_milter(&config, &listener, &err), VT_E_CONFIG);
    assert_non_null(strstr(err.text, "is missing: mkdir /tmp/test_master_none/none"));
}

static void a_port_in_use_is_told(void **state)
{
    (void)state;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(to);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&to, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
    char name[64];
    (void)snprintf(name, sizeof(name), "inet:%u@127.0.0.1", ntohs(to.sin_port));
    struct vt_bound listener;
    struct vt_config config = config_for(name);
    struct vt_err err = {0};
    assert_int_equal(vt_listen_milter(&config, &listener, &err), VT_E_BUSY);
    assert_non_null(strstr(err.text, "another process listens on inet:"));
    close(fd);
}

static void a_stale_socket_is_replaced_and_a_served_one_is_not(void **state)
{
    (void)state;
    struct vt_bound first, second;
    struct vt_config config = config_for(address);
    struct vt_err err = {0};
    assert_int_equal(vt_listen_milter(&config, &first, NULL), VT_OK);
    assert_int_equal(vt_listen_milter(&config, &second, &err), VT_E_BUSY);
    assert_non_null(strstr(err.text, "another process serves"));
    close(first.fd); /* a crash: the file stays */
    first.fd = -1;
    first.inode = 0;
    vt_bound_clear(&first);
    if (vt_listen_milter(&config, &second, &err) != VT_OK)
        fail_msg("%s", err.text);
    assert_true(can_connect(SOCK_STREAM));
    vt_bound_clear(&second);
}

static void the_socket_of_another_is_not_removed(void **state)
{
    (void)state;
    struct vt_bound first, second;
    struct vt_config config = config_for(address);
    assert_int_equal(vt_listen_milter(&config, &first, NULL), VT_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(vt_listen_milter(&config, &second, NULL), VT_OK);
    vt_bound_clear(&first);
    assert_true(can_connect(SOCK_STREAM));
    vt_bound_clear(&second);
    assert_false(can_connect(SOCK_STREAM));
}

static void a_file_in_the_way_is_left_alone(void **state)
{
    (void)state;
    struct vt_bound listener;
    struct vt_config config = config_for(address);
    struct stat info;
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(vt_listen_milter(&config, &listener, NULL), VT_E_CONFIG);
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(unlink(path), 0);
}

static void inet_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *socket;
        enum vt_code want;
        int family;
    } cases[] = {
        {"inet:0@127.0.0.1", VT_OK, AF_INET},    {"inet:0@localhost", VT_OK, AF_INET},
        {"inet6:0@::1", VT_OK, AF_INET6},        {"inet:8892", VT_E_CONFIG, 0},
        {"inet:8892@", VT_E_CONFIG, 0},          {"inet:123456789@127.0.0.1", VT_E_CONFIG, 0},
        {"inet:0@host.invalid", VT_E_CONFIG, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_bound listener;
        struct vt_config config = config_for(cases[i].socket);
        struct vt_err err = {0};
        enum vt_code code = vt_listen_milter(&config, &listener, &err);
        if (code == VT_E_SYSTEM && cases[i].family == AF_INET6)
            continue; /* no IPv6 here */
        if (code != cases[i].want)
            fail_msg("%s: %s", cases[i].socket, err.text);
        if (code != VT_OK)
            continue;
        int domain = 0;
        socklen_t len = sizeof(domain);
        assert_int_equal(getsockopt(listener.fd, SOL_SOCKET, SO_DOMAIN, &domain, &len), 0);
        assert_int_equal(domain, cases[i].family);
        vt_bound_clear(&listener);
    }
}

/* ---- control ---- */

/* A master that answers one question. */
static pid_t serve_one(int listening_fd)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct pollfd entry = {.fd = listening_fd, .events = POLLIN};
    (void)poll(&entry, 1, 5000);
    int fd = vt_control_accept(listening_fd);
    struct vt_control_request request = {.command = VT_CONTROL_NONE};
    struct vt_err err = {0};
    enum vt_code code = VT_E_TIMEOUT;
    for (int i = 0; i < 500 && code == VT_E_TIMEOUT; i++) {
        code = vt_control_read(fd, &request, &err);
        (void)poll(NULL, 0, 10);
    }
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_mistakes_add(&mistakes, "policy", 3, 7, false, "no \"such\" key") != VT_OK)
        _exit(1);
    char wish[800];
    (void)snprintf(wish, sizeof(wish), "%.8s %lld %s %s", request.expected,
                   (long long)request.confirm_secs, request.by, err.text);
    vt_control_answer(
        fd, code == VT_OK && request.command == VT_CONTROL_RELOAD, wish, &mistakes,
        &(struct vt_control_state){.mode = "observe", .socket = "inet:1@h", .warnings = &mistakes});
    vt_mistakes_clear(&mistakes);
    _exit(0);
}

static json_t *ask(const struct vt_bound *listener, const char *command)
{
    char *text = NULL;
    struct vt_err err = {0};
    pid_t pid = serve_one(listener->fd);
    if (vt_control_ask(path, command, &text, &err) != VT_OK)
        fail_msg("%s", err.text);
    int status = -1;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    json_t *answer = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(answer);
    return answer;
}

static void a_command_is_answered(void **state)
{
    (void)state;
    struct vt_bound listener;
    struct stat info;
    assert_int_equal(vt_listen_control(path, &listener, NULL), VT_OK);
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    json_t *answer = ask(&listener, "reload");
    assert_true(json_is_true(json_object_get(answer, "ok")));
    assert_string_equal(json_string_value(json_object_get(answer, "mode")), "observe");
    const json_t *mistake = json_array_get(json_object_get(answer, "mistakes"), 0);
    assert_int_equal(json_integer_value(json_object_get(mistake, "column")), 7);
    assert_string_equal(json_string_value(json_object_get(mistake, "text")), "no \"such\" key");
    assert_string_equal(json_string_value(json_object_get(answer, "socket")), "inet:1@h");
    assert_int_equal(json_array_size(json_object_get(answer, "warnings")), 1);
    json_decref(answer);
    answer = ask(&listener, "format the disk");
    assert_non_null(
        strstr(json_string_value(json_object_get(answer, "text")), "there is no such command"));
    assert_true(json_is_false(json_object_get(answer, "ok")));
    json_decref(answer);
    vt_bound_clear(&listener);
}

/* What was looked at, how long it is to be kept, and who asks, as the kernel says. */
static void a_reload_says_what_and_how_long(void **state)
{
    (void)state;
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const struct {
        const char *expected;
        int64_t confirm_secs;
        bool ok;
        const char *begins;
    } cases[] = {{digest, 1800, true, "01234567 1800 "},
                 {NULL, 0, true, " 0 "},
                 {"short", 0, false, NULL},
                 {NULL, -1, false, NULL},
                 {NULL, VT_MAX_CONFIRM_SECS + 1, false, NULL}};
    char by[VT_VERSION_BY_BYTES];
    struct vt_bound listener;
    vt_control_name_process(geteuid(), getpid(), by);
    assert_int_equal(vt_listen_control(path, &listener, NULL), VT_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = NULL;
        pid_t pid = serve_one(listener.fd);
        assert_int_equal(
            vt_control_reload(path, cases[i].expected, cases[i].confirm_secs, &text, NULL), VT_OK);
        waitpid(pid, NULL, 0);
        json_t *answer = json_loads(text, 0, NULL);
        const char *told = json_string_value(json_object_get(answer, "text"));
        assert_int_equal(json_is_true(json_object_get(answer, "ok")), cases[i].ok);
        if (cases[i].ok) {
            assert_memory_equal(told, cases[i].begins, strlen(cases[i].begins));
            assert_memory_equal(told + strlen(cases[i].begins), by, strlen(by));
        }
        json_decref(answer);
        free(text);
    }
    vt_bound_clear(&listener);
}

static void nobody_listens(void **state)
{
    (void)state;
    char *text = NULL;
    assert_int_equal(vt_control_ask(path, "status", &text, NULL), VT_E_NOT_FOUND);
}

/* Root may open the socket file for everybody by hand; the kernel still tells who comes. */
static void other_users_are_turned_away(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct vt_bound listener;
    assert_int_equal(vt_listen_control(path, &listener, NULL), VT_OK);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *text = NULL;
        if (setuid(54321) != 0)
            _exit(1);
        _exit(vt_control_ask(path, "status", &text, NULL) == VT_E_PEER ? 0 : 2);
    }
    struct pollfd entry = {.fd = listener.fd, .events = POLLIN};
    assert_int_equal(poll(&entry, 1, 5000), 1);
    assert_int_equal(vt_control_accept(listener.fd), -1);
    int status = -1;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    vt_bound_clear(&listener);
}

static void the_service_manager_hears(void **state)
{
    (void)state;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    vt_notify("READY=1");
    char got[32] = "";
    assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 7);
    assert_string_equal(got, "READY=1");
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    vt_notify("READY=1");
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    vt_notify("READY=1");
    assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), -1);
    close(fd);
    unlink(path);
}

static int make_folder(void **state)
{
    (void)state;
    vt_log_open("test", false, VT_LOG_ERROR);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/socket", folder);
    (void)snprintf(address, sizeof(address), "unix:%s", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_has_its_mode_and_group),
        cmocka_unit_test(an_unknown_group_is_told),
        cmocka_unit_test(a_socket_that_stays_gets_another_mode_and_group),
        cmocka_unit_test(a_missing_folder_is_told),
        cmocka_unit_test(a_port_in_use_is_told),
        cmocka_unit_test(a_stale_socket_is_replaced_and_a_served_one_is_not),
        cmocka_unit_test(the_socket_of_another_is_not_removed),
        cmocka_unit_test(a_file_in_the_way_is_left_alone),
        cmocka_unit_test(inet_addresses),
        cmocka_unit_test(a_command_is_answered),
        cmocka_unit_test(a_reload_says_what_and_how_long),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(other_users_are_turned_away),
        cmocka_unit_test(the_service_manager_hears),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
