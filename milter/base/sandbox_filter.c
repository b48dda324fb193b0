/* SPDX-License-Identifier: Apache-2.0
 * Which system calls a role may make: seccomp through libseccomp, as allow lists by what the role
 * is for. What an allowed open(2) reaches is Landlock's business. On a machine that lacks one of
 * the calls libseccomp leaves the rule out. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Descriptors one has, memory, time: all that an inspector child has. */
static const int core_calls[] = {
    SCMP_SYS(read),         SCMP_SYS(readv),
    SCMP_SYS(pread64),      SCMP_SYS(write),
    SCMP_SYS(writev),       SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),      SCMP_SYS(poll),
    SCMP_SYS(ppoll),        SCMP_SYS(lseek),
    SCMP_SYS(fstat),        SCMP_SYS(close),
    SCMP_SYS(memfd_create), SCMP_SYS(ftruncate),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),
    SCMP_SYS(brk),          SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction), SCMP_SYS(sigaltstack),
    SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),         SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(getuid),
    SCMP_SYS(geteuid),      SCMP_SYS(getgid),
    SCMP_SYS(getegid),      SCMP_SYS(getrusage),
    SCMP_SYS(uname),        SCMP_SYS(sysinfo),
    SCMP_SYS(sched_yield),  SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rseq),         SCMP_SYS(set_robust_list),
};

/* A child's libraries may ask for files (a character set, a locale); there are none. */
static const int refused_calls[] = {
    SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(openat2),    SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),       SCMP_SYS(lstat),
    SCMP_SYS(statx),     SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
    SCMP_SYS(prctl),
};

/* What the processes need that wait for messages, write logs, and enter a second sandbox. */
static const int service_calls[] = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents64),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(close_range),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(signalfd4),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(shutdown),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(connect),
    SCMP_SYS(prctl),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit),
    SCMP_SYS(setrlimit),
    SCMP_SYS(seccomp),
    SCMP_SYS(landlock_create_ruleset),
    SCMP_SYS(landlock_add_rule),
    SCMP_SYS(landlock_restrict_self),
    SCMP_SYS(getppid),
    SCMP_SYS(umask),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(setitimer),
    SCMP_SYS(alarm),
    SCMP_SYS(pause),
    SCMP_SYS(times),
    SCMP_SYS(adjtimex), /* whether the clock is kept right; setting it takes a capability */
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(membarrier),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(getpriority),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(msync),
};

static const int folder_calls[] = {
    SCMP_SYS(fsync),     SCMP_SYS(fdatasync), SCMP_SYS(fallocate), SCMP_SYS(flock),
    SCMP_SYS(truncate),  SCMP_SYS(rename),    SCMP_SYS(renameat),  SCMP_SYS(renameat2),
    SCMP_SYS(unlink),    SCMP_SYS(unlinkat),  SCMP_SYS(rmdir),     SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),   SCMP_SYS(fchmod),    SCMP_SYS(fstatfs),   SCMP_SYS(statfs),
    SCMP_SYS(utimensat), SCMP_SYS(fadvise64),
};

static const int fork_calls[] = {
    SCMP_SYS(fork),   SCMP_SYS(wait4),      SCMP_SYS(waitid),           SCMP_SYS(kill),
    SCMP_SYS(tgkill), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_send_signal)};

static const int network_calls[] = {SCMP_SYS(bind)};
static const int accept_calls[] = {SCMP_SYS(accept), SCMP_SYS(accept4)};

/* These end every role: nothing it was made for asks for them. */
static const int deadly_calls[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
};

static const unsigned fcntl_commands[] = {F_GETFD, F_SETFD, F_GETFL, F_ADD_SEALS, F_GET_SEALS};

/* A filter under construction; the first failure is kept. */
struct filter {
    scmp_filter_ctx context;
    int failed; /* negative errno */
};

static void add(struct filter *filter, uint32_t action, int call, unsigned conditions_count,
                const struct scmp_arg_cmp *conditions)
{
    if (filter->failed == 0)
        filter->failed =
            seccomp_rule_add_array(filter->context, action, call, conditions_count, conditions);
}

static void add_list(struct filter *filter, uint32_t action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(filter, action, calls[i], 0, NULL);
}

/* Allow call when (argument & mask) == value. */
static void allow_masked(struct filter *filter, int call, unsigned argument, uint64_t mask,
                         uint64_t value)
{
    struct scmp_arg_cmp condition = {
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    add(filter, SCMP_ACT_ALLOW, call, 1, &condition);
}

#define SOCKET_TYPE_MASK UINT64_C(0xf) /* without SOCK_CLOEXEC, SOCK_NONBLOCK */

static void allow_socket(struct filter *filter, int family)
{
    allow_masked(filter, SCMP_SYS(socket), 0, UINT64_C(0xffffffff), (uint64_t)family);
}

/* Datagrams to syslog, and nothing else, when no other sockets are allowed. */
static void allow_syslog(struct filter *filter)
{
    const struct scmp_arg_cmp conditions[] = {
        {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = AF_UNIX},
        {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = SOCKET_TYPE_MASK, .datum_b = SOCK_DGRAM}};
    add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), COUNT(conditions), conditions);
}

static void add_core(struct filter *filter)
{
    add_list(filter, SCMP_ACT_ALLOW, core_calls, COUNT(core_calls));
    allow_masked(filter, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
    allow_masked(filter, SCMP_SYS(mmap2), 2, PROT_EXEC, 0);
    allow_masked(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    /* glibc falls back to clone(2), whose flags can be looked at. */
    add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
}

static void allow_signal_to_self(struct filter *filter)
{
    struct scmp_arg_cmp self = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (uint64_t)getpid()};
    add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self); /* abort(3) */
}

static void add_child(struct filter *filter)
{
    add_list(filter, SCMP_ACT_ERRNO(EACCES), refused_calls, COUNT(refused_calls));
    for (size_t i = 0; i < COUNT(fcntl_commands); i++)
        allow_masked(filter, SCMP_SYS(fcntl), 1, UINT64_C(0xffffffff), fcntl_commands[i]);
    /* fstat(3) of glibc. */
    allow_masked(filter, SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
    struct scmp_arg_cmp by_name = {.arg = 3, .op = SCMP_CMP_MASKED_EQ, .datum_a = AT_EMPTY_PATH};
    add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 1, &by_name);
    allow_signal_to_self(filter);
}

static void add_ioctls(struct filter *filter)
{
    static const unsigned long requests[] = {FIONREAD, FIONBIO, FIOCLEX, TCGETS};
    for (size_t i = 0; i < COUNT(requests); i++)
        allow_masked(filter, SCMP_SYS(ioctl), 1, UINT64_C(0xffffffff), requests[i]);
}

/* Flags of clone(2): its first argument on every architecture but s390. */
static const uint64_t new_namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

static void add_service(struct filter *filter, const struct vt_sandbox *sandbox)
{
    add_list(filter, SCMP_ACT_ALLOW, service_calls, COUNT(service_calls));
    add_list(filter, SCMP_ACT_KILL_PROCESS, deadly_calls, COUNT(deadly_calls));
    add_ioctls(filter);
    allow_masked(filter, SCMP_SYS(socketpair), 0, UINT64_C(0xffffffff), AF_UNIX);
    if (sandbox->writable_directory != NULL)
        add_list(filter, SCMP_ACT_ALLOW, folder_calls, COUNT(folder_calls));
    if (sandbox->network)
        add_list(filter, SCMP_ACT_ALLOW, network_calls, COUNT(network_calls));
    if (sandbox->accept_sockets)
        add_list(filter, SCMP_ACT_ALLOW, accept_calls, COUNT(accept_calls));
    if (sandbox->fork) {
        add_list(filter, SCMP_ACT_ALLOW, fork_calls, COUNT(fork_calls));
        allow_masked(filter, SCMP_SYS(clone), 0, new_namespaces, 0);
    } else {
        allow_signal_to_self(filter);
        if (sandbox->network || sandbox->accept_sockets)
            allow_masked(filter, SCMP_SYS(clone), 0, new_namespaces | CLONE_THREAD, CLONE_THREAD);
    }
}

static void add_sockets(struct filter *filter, const struct vt_sandbox *sandbox)
{
    if (!sandbox->network && !sandbox->accept_sockets) {
        allow_syslog(filter);
        return;
    }
    allow_socket(filter, AF_UNIX);
    if (sandbox->network) {
        allow_socket(filter, AF_INET);
        allow_socket(filter, AF_INET6);
        allow_socket(filter, AF_NETLINK); /* getaddrinfo(3) asks which families have addresses */
    }
}

enum vt_code vt_sandbox_filter(const struct vt_sandbox *sandbox, struct vt_err *err)
{
    uint32_t otherwise = sandbox->forbidden_kills ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    struct filter filter = {.context = seccomp_init(otherwise)};
    if (filter.context == NULL)
        return vt_err_set(err, VT_E_NOMEM, "sandbox %s: seccomp_init", sandbox->name);
    filter.failed =
        seccomp_attr_set(filter.context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    add_core(&filter);
    if (sandbox->forbidden_kills) {
        add_child(&filter);
    } else {
        add_service(&filter, sandbox);
        add_sockets(&filter, sandbox);
    }
    if (filter.failed == 0)
        filter.failed = seccomp_load(filter.context);
    seccomp_release(filter.context);
    if (filter.failed != 0)
        return vt_err_set(err, VT_E_SYSTEM,
                          "sandbox %s: the kernel does not take the system call filter (%s)",
                          sandbox->name, strerror(-filter.failed));
    return VT_OK;
}
