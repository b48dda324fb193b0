/* SPDX-License-Identifier: Apache-2.0
 * Sets of roles with roles of the test's own: this program is exec'd again as each of them, just as
 * the master execs itself, and answers what a request asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/wire_client.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "master/role_overrides.h"
#include "master/roles.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOTHING ((struct vt_bytes){NULL, 0})
#define TEST_USER "54321" /* has no entry in passwd(5) */

static int64_t soon(void)
{
    return vt_clock_monotonic_msecs() + 10000;
}

/* ---- the roles: what main does when it was exec'd as one ---- */

static int fd_of(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], option, strlen(option)) == 0)
            return atoi(argv[i] + strlen(option));
    return -1;
}

static void say(int control, enum vt_message_type type)
{
    if (vt_wire_send(control, type, NOTHING, NULL, 0, 0, NULL) != VT_OK)
        _exit(EX_PROTOCOL);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            count++;
    return count;
}

static bool is_null_device(int fd)
{
    struct stat info, null;
    return fstat(fd, &info) == 0 && stat("/dev/null", &null) == 0 && info.st_rdev == null.st_rdev;
}

static void describe(char *out, size_t out_bytes, int argc)
{
    size_t variables = 0;
    while (environ[variables] != NULL)
        variables++;
    sigset_t blocked;
    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    (void)snprintf(out, out_bytes,
                   "pid=%ld uid=%ld gid=%ld groups=%d session=%d descriptors=%zu arguments=%d "
                   "secret=%d null=%d blocked=%d",
                   (long)getpid(), (long)geteuid(), (long)getegid(), getgroups(0, NULL),
                   getsid(0) == getpid(), count_descriptors(), argc, getenv("VT_SECRET") != NULL,
                   is_null_device(0) && is_null_device(1), sigismember(&blocked, SIGCHLD));
}

static void answer_one(int channel, int control, int argc)
{
    static struct vt_message got;
    int fd = -1;
    if (vt_wire_accept(channel, 0, &fd, NULL) != VT_OK)
        return;
    if (vt_wire_receive(fd, &got, 0, soon(), NULL) != VT_OK)
        _exit(EX_PROTOCOL);
    got.body[got.body_len] = '\0';
    const char *request = (const char *)got.body;
    if (strcmp(request, "crash") == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)raise(SIGSEGV);
    }
    char text[256];
    describe(text, sizeof(text), argc);
    if (vt_wire_send(fd, VT_MSG_STATUS_IS, vt_bytes_str(text), NULL, 0, soon(), NULL) != VT_OK)
        _exit(EX_PROTOCOL);
    close(fd);
    if (strcmp(request, "renew") == 0) {
        say(control, VT_MSG_RENEW);
        nanosleep(&(struct timespec){.tv_nsec = 300 * 1000 * 1000}, NULL);
        _exit(EX_OK);
    }
}

/* Wait for the end of the control socket; serve a channel meanwhile (-1: none). */
static void serve_until_end(int control, int channel, int argc)
{
    for (;;) {
        struct pollfd entries[2] = {{.fd = control, .events = POLLIN},
                                    {.fd = channel, .events = POLLIN}};
        if (poll(entries, 2, -1) < 0)
            continue;
        if (entries[1].revents != 0)
            answer_one(channel, control, argc);
        if (entries[0].revents != 0)
            return;
    }
}

/* After the end of its control socket the gateway still has mail to finish. */
static int gateway_drains(int inspect)
{
    static struct vt_message answer;
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    enum vt_code code = wire_call(inspect, VT_MSG_STATUS, VT_BYTES("last"), NULL, 0, &answer, 0,
                                  vt_clock_monotonic_msecs() + 3000, NULL);
    return code == VT_OK ? EX_OK : EX_UNAVAILABLE;
}

static int be_role(int argc, char **argv)
{
    const char *role = argv[1] + strlen("--role=");
    int control = fd_of(argc, argv, "--fd-control=");
    bool is_gateway = strcmp(role, "gateway") == 0;
    vt_log_open("role", false, VT_LOG_ERROR);
    if (strcmp(role, "fetch") == 0) /* only used where a failure to start is tried */
        return EX_CONFIG;
    say(control, VT_MSG_READY);
    serve_until_end(control, is_gateway ? -1 : fd_of(argc, argv, "--fd-inspect="), argc);
    return is_gateway ? gateway_drains(fd_of(argc, argv, "--fd-inspect=")) : EX_OK;
}

/* ---- the bench ---- */

static struct vt_config *config;
static int binary = -1, signal_fd = -1;
static struct vt_message answer;

static void loop(struct vt_roles *roles, int64_t until_msecs, bool (*done)(struct vt_roles *))
{
    while (!done(roles) && vt_clock_left_msecs(until_msecs) > 0) {
        struct pollfd entries[VT_ROLES_MAX_POLL + 1];
        size_t count = vt_roles_poll(roles, entries);
        entries[count] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
        int64_t next = vt_roles_next_msecs(roles);
        int wait_msecs = vt_clock_left_msecs(next < until_msecs ? next : until_msecs);
        (void)poll(entries, count + 1, wait_msecs < 20 ? wait_msecs : 20);
        vt_roles_polled(roles, entries, count);
        struct signalfd_siginfo info;
        while (read(signal_fd, &info, sizeof(info)) > 0)
            continue;
        int status = 0;
        for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0;
             pid = waitpid(-1, &status, WNOHANG))
            (void)vt_roles_reaped(roles, pid, status);
        vt_roles_tick(roles);
    }
}

static bool has_settled(struct vt_roles *roles)
{
    return vt_roles_state(roles) != VT_ROLES_STARTING;
}

static bool is_gone(struct vt_roles *roles)
{
    return vt_roles_state(roles) == VT_ROLES_GONE;
}

static struct vt_roles *start(bool gateway, bool fetch, bool change_user)
{
    struct vt_roles_plan plan = {.config = config,
                                 .binary = binary,
                                 .milter_socket = -1,
                                 .config_text = -1,
                                 .policy_text = -1,
                                 .notices_text = -1,
                                 .looks_file = -1,
                                 .rules_text = -1,
                                 .overrides = -1,
                                 .quiet = true};
    plan.wanted[VT_ROLE_GATEWAY] = gateway;
    plan.wanted[VT_ROLE_INSPECTOR] = true;
    plan.wanted[VT_ROLE_FETCH] = fetch;
    plan.change_user[VT_ROLE_INSPECTOR] = change_user;
    struct vt_roles *roles = NULL;
    struct vt_err err = {0};
    if (vt_roles_new(&plan, &roles, &err) != VT_OK || vt_roles_start(roles, &err) != VT_OK)
        fail_msg("%s", err.text);
    loop(roles, soon(), has_settled);
    return roles;
}

static void end(struct vt_roles *roles)
{
    vt_roles_drain(roles, soon());
    loop(roles, soon(), is_gone);
    assert_true(is_gone(roles));
    vt_roles_free(roles);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int request(const struct vt_roles *roles, const char *text)
{
    int fd = -1;
    assert_int_equal(vt_wire_open(vt_roles_client_fd(roles, VT_FD_INSPECT), soon(), &fd, NULL),
                     VT_OK);
    assert_int_equal(vt_wire_send(fd, VT_MSG_STATUS, vt_bytes_str(text), NULL, 0, soon(), NULL),
                     VT_OK);
    return fd;
}

static int awaited = -1;

static bool has_answer(struct vt_roles *roles)
{
    (void)roles;
    struct pollfd entry = {.fd = awaited, .events = POLLIN};
    return poll(&entry, 1, 0) > 0;
}

static enum vt_code receive(struct vt_roles *roles, int fd)
{
    awaited = fd;
    loop(roles, soon(), has_answer);
    enum vt_code code = vt_wire_receive(fd, &answer, 0, 0, NULL);
    close(fd);
    answer.body[answer.body_len < 255 ? answer.body_len : 255] = '\0';
    return code;
}

static long value_of(const char *name)
{
    const char *at = strstr((const char *)answer.body, name);
    assert_non_null(at);
    return atol(at + strlen(name));
}

static pid_t pid_of(const struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_role_state state;
    vt_roles_look(roles, role, &state);
    return state.pid;
}

/* ---- tests ---- */

static void a_role_is_born_with_its_own_things_only(void **state)
{
    (void)state;
    assert_int_equal(setenv("VT_SECRET", "x", 1), 0);
    int stray = open("/etc/passwd", O_RDONLY); /* not close-on-exec */
    struct vt_roles *roles = start(false, false, false);
    assert_int_equal(vt_roles_state(roles), VT_ROLES_SERVING);
    assert_int_equal(receive(roles, request(roles, "who")), VT_OK);
    assert_int_equal(value_of("session="), 1);
    assert_int_equal(value_of("secret="), 0);
    assert_int_equal(value_of("null="), 1);
    assert_int_equal(value_of("blocked="), 0);
    /* 0, 1, 2, control, inspect, and the connection of this request. */
    assert_int_equal(value_of("descriptors="), 6);
    assert_int_equal(value_of("pid="), pid_of(roles, VT_ROLE_INSPECTOR));
    close(stray);
    end(roles);
}

static void root_becomes_the_user_of_the_role(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct vt_roles *roles = start(false, false, true);
    assert_int_equal(receive(roles, request(roles, "who")), VT_OK);
    assert_int_equal(value_of("uid="), 54321);
    assert_int_equal(value_of("gid="), 54321);
    assert_int_equal(value_of("groups="), 0);
    end(roles);
}

static void users_are_found_by_name_and_number(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum vt_code want;
    } cases[] = {{"nobody", VT_OK},    {TEST_USER, VT_OK},          {"root", VT_E_CONFIG},
                 {"0", VT_E_CONFIG},   {"", VT_E_CONFIG},           {"-1", VT_E_CONFIG},
                 {"12x", VT_E_CONFIG}, {"4294967295", VT_E_CONFIG}, {"no-such-user", VT_E_CONFIG}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_role_user user;
        struct vt_err err = {0};
        if (vt_role_user_find(cases[i].name, &user, &err) != cases[i].want)
            fail_msg("%s: %s", cases[i].name, err.text);
    }
}

static void a_dead_role_is_replaced_and_its_queue_served(void **state)
{
    (void)state;
    struct vt_roles *roles = start(false, false, false);
    pid_t before = pid_of(roles, VT_ROLE_INSPECTOR);
    int crashing = request(roles, "crash"), waiting = request(roles, "who");
    assert_int_equal(receive(roles, crashing), VT_E_PEER);
    assert_int_equal(receive(roles, waiting), VT_OK);
    struct vt_role_state now;
    vt_roles_look(roles, VT_ROLE_INSPECTOR, &now);
    assert_int_not_equal(now.pid, before);
    assert_int_equal(now.restarts, 1);
    assert_int_equal(kill(now.pid, SIGKILL), 0);
    assert_int_equal(receive(roles, request(roles, "who")), VT_OK);
    vt_roles_look(roles, VT_ROLE_INSPECTOR, &now);
    assert_int_equal(now.restarts, 2);
    end(roles);
}

static void a_successor_does_not_wait_for_its_predecessor(void **state)
{
    (void)state;
    struct vt_roles *roles = start(false, false, false);
    nanosleep(&(struct timespec){.tv_nsec = 150 * 1000 * 1000}, NULL);
    pid_t before = pid_of(roles, VT_ROLE_INSPECTOR);
    assert_int_equal(receive(roles, request(roles, "renew")), VT_OK);
    int64_t begin = vt_clock_monotonic_msecs();
    assert_int_equal(receive(roles, request(roles, "who")), VT_OK);
    assert_true(vt_clock_monotonic_msecs() - begin < 250);
    assert_int_equal(kill(before, 0), 0);
    assert_int_not_equal(pid_of(roles, VT_ROLE_INSPECTOR), before);
    end(roles);
}

static void a_role_that_cannot_start_is_told(void **state)
{
    (void)state;
    struct vt_roles *roles = start(false, true, false);
    assert_int_equal(vt_roles_state(roles), VT_ROLES_FAILED);
    assert_int_equal(vt_roles_exit_status(roles), EX_CONFIG);
    assert_string_equal(vt_roles_failed_name(roles), "fetch");
    vt_roles_free(roles);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

static bool gateway_finished;

static bool gateway_is_gone(struct vt_roles *roles)
{
    gateway_finished = pid_of(roles, VT_ROLE_GATEWAY) == 0;
    return gateway_finished || is_gone(roles);
}

static void a_drain_lets_the_gateway_finish_first(void **state)
{
    (void)state;
    struct vt_roles *roles = start(true, false, false);
    assert_int_equal(vt_roles_state(roles), VT_ROLES_SERVING);
    pid_t inspector = pid_of(roles, VT_ROLE_INSPECTOR);
    int64_t begin = vt_clock_monotonic_msecs();
    vt_roles_drain(roles, soon());
    /* Its last request is served, so it ends with status 0, long before its own time-out. */
    loop(roles, soon(), gateway_is_gone);
    assert_true(gateway_finished);
    int64_t spent = vt_clock_monotonic_msecs() - begin;
    assert_true(spent >= 190 && spent < 2500);
    loop(roles, soon(), is_gone);
    assert_true(is_gone(roles));
    assert_int_equal(kill(inspector, 0), -1);
    vt_roles_free(roles);
}

static void a_drain_ends_by_its_deadline(void **state)
{
    (void)state;
    struct vt_roles *roles = start(false, false, false);
    pid_t inspector = pid_of(roles, VT_ROLE_INSPECTOR);
    assert_int_equal(kill(inspector, SIGSTOP), 0);
    int64_t begin = vt_clock_monotonic_msecs();
    vt_roles_drain(roles, begin + 200);
    loop(roles, soon(), is_gone);
    assert_true(is_gone(roles));
    int64_t spent = vt_clock_monotonic_msecs() - begin;
    assert_true(spent >= 200 && spent < 3000);
    vt_roles_free(roles);
}

static void a_local_set_serves_and_ends(void **state)
{
    (void)state;
    struct vt_role_set *set = NULL;
    struct vt_err err = {0};
    if (vt_role_set_start_local(config, NULL, true, &set, &err) != VT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(vt_role_set_status_fd(set), -1);
    int channel = vt_role_set_inspect_fd(set);
    assert_int_equal(
        wire_call(channel, VT_MSG_STATUS, VT_BYTES("crash"), NULL, 0, &answer, 0, soon(), NULL),
        VT_E_PEER);
    assert_int_equal(
        wire_call(channel, VT_MSG_STATUS, VT_BYTES("who"), NULL, 0, &answer, 0, soon(), NULL),
        VT_OK);
    answer.body[answer.body_len] = '\0';
    pid_t inspector = (pid_t)value_of("pid=");
    assert_int_equal(kill(inspector, 0), 0);
    vt_role_set_stop(set);
    assert_int_equal(kill(inspector, 0), -1);
}

static void a_local_set_that_cannot_start_answers_so(void **state)
{
    (void)state;
    struct vt_role_set *set = NULL;
    /* fetch does not start here. */
    assert_int_equal(vt_role_set_start_local(config, NULL, false, &set, NULL), VT_OK);
    int64_t begin = vt_clock_monotonic_msecs();
    enum vt_code code = VT_OK;
    while (code == VT_OK && vt_clock_monotonic_msecs() - begin < 5000)
        code = wire_call(vt_role_set_inspect_fd(set), VT_MSG_STATUS, VT_BYTES("who"), NULL, 0,
                         &answer, 0, soon(), NULL);
    assert_int_equal(code, VT_E_PEER);
    vt_role_set_stop(set);
}

static void overrides_arrive_as_they_were(void **state)
{
    (void)state;
    const struct vt_trust_source trust[] = {
        {.set = VT_TRUST_OFFICIAL, .anchors = "/tmp/a b", .confirmed_all = true},
        {.set = VT_TRUST_PUBLIC, .anchors = "p", .intermediates = "i", .confirmed_all = true}};
    const struct vt_bytes crls[] = {VT_BYTES("one"), VT_BYTES(""), VT_BYTES("\0two")};
    const struct vt_bytes contents[] = {VT_BYTES("content")};
    const struct vt_role_overrides given = {.trust = trust,
                                            .trust_count = COUNT(trust),
                                            .crls = crls,
                                            .crls_count = COUNT(crls),
                                            .contents = contents,
                                            .contents_count = COUNT(contents)};
    struct vt_role_overrides got = {0};
    const char *late_user = NULL;
    int fd = -1;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    assert_int_equal(vt_role_overrides_pack(&given, "nobody", &fd, NULL), VT_OK);
    assert_int_equal(vt_role_overrides_unpack(arena, fd, &got, &late_user, NULL), VT_OK);
    assert_string_equal(late_user, "nobody");
    assert_int_equal(got.trust_count, COUNT(trust));
    assert_string_equal(got.trust[0].anchors, "/tmp/a b");
    assert_null(got.trust[0].intermediates);
    assert_string_equal(got.trust[1].intermediates, "i");
    assert_int_equal(got.trust[1].set, VT_TRUST_PUBLIC);
    assert_true(got.trust[1].confirmed_all);
    assert_int_equal(got.crls_count, COUNT(crls));
    for (size_t i = 0; i < COUNT(crls); i++)
        assert_true(vt_bytes_equal(got.crls[i], crls[i]));
    assert_int_equal(got.contents_count, 1);
    assert_true(vt_bytes_equal(got.contents[0], contents[0]));
    close(fd);
    vt_arena_free(arena);
}

static void damaged_overrides_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]x",
        "{\"crls\":[5]}",
        "{\"crls\":[-1]}",
        "{\"contents\":[1]}",
        "{\"trust\":[{\"set\":9}]}",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t bytes[64];
        uint64_t len = strlen(texts[i]);
        memcpy(bytes, &len, sizeof(len));
        memcpy(bytes + sizeof(len), texts[i], len);
        int fd = -1;
        struct vt_role_overrides got = {0};
        const char *late_user = NULL;
        struct vt_arena *arena = vt_arena_new(1 << 20);
        assert_int_equal(vt_memfd_seal("test", vt_bytes_of(bytes, sizeof(len) + len), &fd, NULL),
                         VT_OK);
        if (vt_role_overrides_unpack(arena, fd, &got, &late_user, NULL) != VT_E_FORMAT)
            fail_msg("%s", texts[i]);
        close(fd);
        vt_arena_free(arena);
    }
}

static void the_tables_of_roles_are_whole(void **state)
{
    (void)state;
    struct vt_role_fds fds;
    vt_role_fds_init(&fds);
    for (enum vt_role_id role = VT_ROLE_GATEWAY; role < VT_ROLES; role++) {
        const struct vt_role_kind *kind = &vt_role_kinds[role];
        if (kind->run == NULL ||
            strcmp(kind->log_name + strlen("vanthu/"), vt_role_name(role)) != 0 ||
            strlen(kind->process_name) > 15)
            fail_msg("role %s", vt_role_name(role));
    }
    assert_false(vt_role_is_wanted(VT_ROLE_MASTER, config));
    for (enum vt_role_fd i = VT_FD_CONTROL; i < VT_FDS; i++) {
        const struct vt_role_fd_kind *kind = &vt_role_fd_kinds[i];
        assert_int_equal(vt_role_fds_get(&fds, i), -1); /* each has a place of its own */
        vt_role_fds_set(&fds, i, 5);
        if (strncmp(kind->option, "--fd-", 5) != 0 ||
            kind->option[strlen(kind->option) - 1] != '=' ||
            (kind->clients & VT_ROLE_BIT(kind->server)) != 0)
            fail_msg("%s", kind->option);
        for (enum vt_role_fd k = VT_FD_CONTROL; k < i; k++)
            assert_string_not_equal(kind->option, vt_role_fd_kinds[k].option);
    }
}

static int set_up(void **state)
{
    (void)state;
    struct vt_err err = {0};
    sigset_t set;
    vt_log_open("test", false, VT_LOG_ERROR);
    if (vt_config_default(&config, &err) != VT_OK || vt_role_binary(&binary, &err) != VT_OK)
        return -1;
    for (size_t i = 0; i < VT_ROLES; i++)
        config->role_user[i] = TEST_USER;
    config->file = "/nonexistent/vanthu.yaml";
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return signal_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_config_free(config);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--role=", strlen("--role=")) == 0)
        return be_role(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_born_with_its_own_things_only),
        cmocka_unit_test(root_becomes_the_user_of_the_role),
        cmocka_unit_test(users_are_found_by_name_and_number),
        cmocka_unit_test(a_dead_role_is_replaced_and_its_queue_served),
        cmocka_unit_test(a_successor_does_not_wait_for_its_predecessor),
        cmocka_unit_test(a_role_that_cannot_start_is_told),
        cmocka_unit_test(a_drain_lets_the_gateway_finish_first),
        cmocka_unit_test(a_drain_ends_by_its_deadline),
        cmocka_unit_test(a_local_set_serves_and_ends),
        cmocka_unit_test(a_local_set_that_cannot_start_answers_so),
        cmocka_unit_test(overrides_arrive_as_they_were),
        cmocka_unit_test(damaged_overrides_are_refused),
        cmocka_unit_test(the_tables_of_roles_are_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
