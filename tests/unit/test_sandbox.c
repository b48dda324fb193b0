/* SPDX-License-Identifier: Apache-2.0
 * sandbox: what each role may and may not do, tried by a forked process inside its profile. The
 * sanitizer build has no system call filter, so this is a test of the normal build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/test_sandbox_XXXXXX";
static char folder_file[64];

/* ---- acts: 0 when it worked, else errno ---- */

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static int read_passwd(void)
{
    return outcome(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int read_hosts(void)
{
    return outcome(open("/etc/hosts", O_RDONLY | O_CLOEXEC));
}

static int list_root(void)
{
    return outcome(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int write_outside(void)
{
    return outcome(open("/tmp/test_sandbox_outside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int write_folder(void)
{
    char other[80];
    (void)snprintf(other, sizeof(other), "%s.new", folder_file);
    int fd = open(other, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || rename(other, folder_file) != 0)
        return errno;
    return outcome(unlink(folder_file));
}

static int unnamed_file_in_folder(void)
{
    int fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    return fd < 0 ? errno : outcome(write(fd, "x", 1) - 1);
}

static int make_inet_socket(void)
{
    return outcome(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_unix_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_log_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int make_packet_socket(void)
{
    return outcome(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int run_program(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    return outcome(execv("/bin/true", arguments));
}

static int trace_parent(void)
{
    return outcome(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int map_executable(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? errno : 0;
}

static int make_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int signal_parent(void)
{
    return outcome(kill(getppid(), 0));
}

static int fork_and_wait(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return errno;
    return WEXITSTATUS(status) == 7 ? 0 : -1;
}

static void *end_thread(void *argument)
{
    return argument;
}

static int make_thread(void)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, end_thread, NULL);
    return failed != 0 ? failed : pthread_join(thread, NULL);
}

static int new_namespace(void)
{
    return outcome(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int much_memory(void)
{
    void *block = malloc((size_t)600 << 20);
    int failed = block == NULL ? ENOMEM : 0;
    free(block);
    return failed;
}

static int send_sealed_memory(void)
{
    int fds[2];
    int fd = -1;
    static struct vt_message got;
    struct vt_bytes view;
    if (vt_memfd_seal("test", VT_BYTES("abc"), &fd, NULL) != VT_OK)
        return 1;
    memcpy(fds, (int[]){3, 4}, sizeof(fds));
    if (vt_wire_send(3, VT_MSG_INSPECTED, VT_BYTES(""), &fd, 1, 0, NULL) != VT_OK)
        return 2;
    if (vt_wire_receive(4, &got, 1, vt_clock_monotonic_msecs() + 1000, NULL) != VT_OK)
        return 3;
    return vt_memfd_map(got.fds[0], 3, &view, NULL) == VT_OK ? 0 : 4;
}

static int open_connection(void)
{
    int fd = -1;
    int64_t deadline = vt_clock_monotonic_msecs() + 1000;
    if (vt_wire_open(3, deadline, &fd, NULL) != VT_OK)
        return 1;
    return vt_wire_accept(4, deadline, &fd, NULL) == VT_OK ? 0 : 2;
}

static int use_processor(void)
{
    int64_t end = vt_clock_monotonic_msecs() + 60000; /* its share of them, that is */
    while (vt_clock_monotonic_msecs() < end)
        continue;
    return 0;
}

static int large_memory_file(void)
{
    int fd = memfd_create("large", MFD_CLOEXEC);
    signal(SIGXFSZ, SIG_IGN);
    return outcome(ftruncate(fd, (off_t)64 << 20));
}

static int abort_oneself(void)
{
    abort();
}

static int connect_closed_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static int resolve_localhost(void)
{
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    int failed = getaddrinfo("localhost", "80", &hints, &found);
    if (found != NULL)
        freeaddrinfo(found);
    return failed;
}

/* ---- profiles ---- */

#define MEGABYTE ((size_t)1 << 20)
static const struct vt_sandbox child = {.name = "child",
                                        .address_space_bytes = 512 * MEGABYTE,
                                        .cpu_secs = 1,
                                        .open_files = 32,
                                        .file_bytes = 16 * MEGABYTE,
                                        .forbidden_kills = true};
static const struct vt_sandbox zygote = {.name = "zygote", .fork = true};
static const struct vt_sandbox gateway = {
    .name = "gateway", .accept_sockets = true, .writable_directory = folder};
static const struct vt_sandbox status = {.name = "status", .writable_directory = folder};
static const struct vt_sandbox fetch = {.name = "fetch", .network = true};
/* With a file that its connection names. */
static const char *const named[] = {"/etc/passwd", "/nonexistent/passfile"};
static const struct vt_sandbox shipper = {.name = "shipper",
                                          .network = true,
                                          .writable_directory = folder,
                                          .readable_files = named,
                                          .readable_count = COUNT(named)};

static int compare_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 1);
}

/* qsort(3) of glibc asks for the size of the memory (sysinfo) before it allocates. */
static int sort_much(void)
{
    static char bytes[100000];
    qsort(bytes, sizeof(bytes), 1, compare_bytes);
    return 0;
}

/* As the zygote's children do: the second sandbox inside the first. */
static int enter_child_profile(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (vt_sandbox_enter(&child, NULL) != VT_OK)
            _exit(1);
        int worked = send_sealed_memory();
        if (worked == 0)
            (void)socket(AF_UNIX, SOCK_DGRAM, 0);
        _exit(worked + 10);
    }
    int how = 0;
    if (pid < 0 || waitpid(pid, &how, 0) != pid)
        return errno;
    return WIFSIGNALED(how) && WTERMSIG(how) == SIGSYS ? 0 : 1000 + WEXITSTATUS(how);
}

#define KILLED (-1000) /* minus the signal */

/* Run an act in a process of its own, inside a profile; descriptors 3 and 4 are a pair. */
static int try(const struct vt_sandbox *profile, int (*act)(void))
{
    int report[2], pair[2];
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    assert_int_equal(vt_wire_pair(pair, NULL), VT_OK);
    pid_t pid = fork();
    if (pid == 0) {
        int high = fcntl(report[1], F_DUPFD_CLOEXEC, 20);
        int a = fcntl(pair[0], F_DUPFD, 20), b = fcntl(pair[1], F_DUPFD, 20);
        dup2(a, 3);
        dup2(b, 4);
        struct vt_err err = {0};
        int result = -1;
        if (vt_sandbox_enter(profile, &err) != VT_OK)
            print_error("%s: %s\n", profile->name, err.text);
        else
            result = act();
        _exit(write(high, &result, sizeof(result)) == sizeof(result) ? 0 : 1);
    }
    close(report[1]);
    close(pair[0]);
    close(pair[1]);
    int result = -1, how = 0;
    ssize_t got = read(report[0], &result, sizeof(result));
    close(report[0]);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    if (WIFSIGNALED(how))
        return KILLED - WTERMSIG(how);
    return got == sizeof(result) ? result : -1;
}

#define ACT(function) #function, function

static const struct {
    const struct vt_sandbox *profile;
    const char *name;
    int (*act)(void);
    int want;
} cases[] = {
    {&child, ACT(send_sealed_memory), 0},
    {&child, ACT(sort_much), 0},
    {&child, ACT(read_passwd), EACCES},
    {&child, ACT(list_root), EACCES},
    {&child, ACT(write_outside), EACCES},
    {&child, ACT(make_inet_socket), KILLED - SIGSYS},
    {&child, ACT(make_unix_socket), KILLED - SIGSYS},
    {&child, ACT(make_log_socket), KILLED - SIGSYS},
    {&child, ACT(open_connection), KILLED - SIGSYS},
    {&child, ACT(run_program), KILLED - SIGSYS},
    {&child, ACT(trace_parent), KILLED - SIGSYS},
    {&child, ACT(map_executable), KILLED - SIGSYS},
    {&child, ACT(make_executable), KILLED - SIGSYS},
    {&child, ACT(signal_parent), KILLED - SIGSYS},
    {&child, ACT(fork_and_wait), KILLED - SIGSYS},
    {&child, ACT(make_thread), KILLED - SIGSYS},
    {&child, ACT(much_memory), ENOMEM},
    {&child, ACT(large_memory_file), EFBIG},
    {&child, ACT(use_processor), KILLED - SIGXCPU},
    {&child, ACT(abort_oneself), KILLED - SIGABRT},

    {&zygote, ACT(fork_and_wait), 0},
    {&zygote, ACT(enter_child_profile), 0},
    {&zygote, ACT(open_connection), 0},
    {&zygote, ACT(make_log_socket), 0},
    {&zygote, ACT(read_passwd), EACCES},
    {&zygote, ACT(write_outside), EACCES},
    {&zygote, ACT(make_inet_socket), EPERM},
    {&zygote, ACT(make_unix_socket), EPERM},
    {&zygote, ACT(new_namespace), EPERM},
    {&zygote, ACT(map_executable), EPERM},
    {&zygote, ACT(run_program), KILLED - SIGSYS},
    {&zygote, ACT(trace_parent), KILLED - SIGSYS},

    {&gateway, ACT(make_thread), 0},
    {&gateway, ACT(make_unix_socket), 0},
    {&gateway, ACT(open_connection), 0},
    {&gateway, ACT(write_folder), 0},
    {&gateway, ACT(unnamed_file_in_folder), 0},
    {&gateway, ACT(read_passwd), EACCES},
    {&gateway, ACT(write_outside), EACCES},
    {&gateway, ACT(make_inet_socket), EPERM},
    {&gateway, ACT(fork_and_wait), EPERM},
    {&gateway, ACT(map_executable), EPERM},
    {&gateway, ACT(signal_parent), EPERM},
    {&gateway, ACT(run_program), KILLED - SIGSYS},

    {&status, ACT(write_folder), 0},
    {&status, ACT(open_connection), 0},
    {&status, ACT(make_log_socket), 0},
    {&status, ACT(read_passwd), EACCES},
    {&status, ACT(read_hosts), EACCES},
    {&status, ACT(make_inet_socket), EPERM},
    {&status, ACT(make_thread), EPERM},
    {&status, ACT(run_program), KILLED - SIGSYS},

    {&shipper, ACT(write_folder), 0},
    {&shipper, ACT(read_passwd), 0},
    {&shipper, ACT(resolve_localhost), 0},
    {&shipper, ACT(connect_closed_port), ECONNREFUSED},
    {&shipper, ACT(make_unix_socket), 0},
    {&shipper, ACT(write_outside), EACCES},
    {&shipper, ACT(list_root), EACCES},
    {&shipper, ACT(fork_and_wait), EPERM},
    {&shipper, ACT(signal_parent), EPERM},
    {&shipper, ACT(run_program), KILLED - SIGSYS},

    {&fetch, ACT(resolve_localhost), 0},
    {&fetch, ACT(connect_closed_port), ECONNREFUSED},
    {&fetch, ACT(read_hosts), 0},
    {&fetch, ACT(make_thread), 0},
    {&fetch, ACT(read_passwd), EACCES},
    {&fetch, ACT(write_outside), EACCES},
    {&fetch, ACT(make_packet_socket), EPERM},
    {&fetch, ACT(fork_and_wait), EPERM},
    {&fetch, ACT(run_program), KILLED - SIGSYS},
};

static void each_role_may_do_its_work_only(void **state)
{
    (void)state;
#ifdef VT_SANITIZE
    skip();
#endif
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = try(cases[i].profile, cases[i].act);
        if (got != cases[i].want) {
            print_error("%s, %s: %d instead of %d (below %d: minus signal)\n",
                        cases[i].profile->name, cases[i].name, got, cases[i].want, KILLED);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void a_missing_folder_stops_the_start(void **state)
{
    (void)state;
    static const struct vt_sandbox profile = {.name = "status",
                                              .writable_directory = "/nonexistent/vanthu"};
    pid_t pid = fork();
    if (pid == 0) {
        struct vt_err err = {0};
        enum vt_code code = vt_sandbox_enter(&profile, &err);
        _exit(code == VT_E_SYSTEM && strstr(err.text, "/nonexistent/vanthu") != NULL ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    return snprintf(folder_file, sizeof(folder_file), "%s/file", folder) > 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_may_do_its_work_only),
        cmocka_unit_test(a_missing_folder_stops_the_start),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
