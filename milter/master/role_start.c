/* SPDX-License-Identifier: Apache-2.0
 * Starting one role: fork, drop everything that is not its own, exec the running binary again from
 * its descriptor, so that every role is the same version with an address layout of its own. */
#include "role_start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "role_table.h"

#define FIRST_FD 3
/* Above every number that is handed over, so that moving descriptors never overwrites one. */
#define PARKED_FD 64
#define MAX_ARGUMENTS 32
#define MAX_ENVIRONMENT 12

/* Name, role, a descriptor each and that of the configuration, two flags, the name of the
 * configuration and the end. */
_Static_assert(2 + VT_FDS + 1 + 2 + 2 + 1 <= MAX_ARGUMENTS, "a role's command line has its place");

/* Everything the new process needs, made before the fork. */
struct launch {
    char text[MAX_ARGUMENTS][64];
    const char *arguments[MAX_ARGUMENTS];
    size_t arguments_count;
    const char *environment[MAX_ENVIRONMENT];
    int inherited[MAX_ARGUMENTS]; /* becomes FIRST_FD, FIRST_FD + 1, … */
    size_t inherited_count;
    bool changes_user;
    struct vt_role_user user;
    int binary;
    int report; /* closed by exec; an errno comes through it otherwise */
};

enum vt_code vt_role_binary(int *out_fd, struct vt_err *err)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vt_err_sys(err, "cannot open /proc/self/exe");
    *out_fd = fd;
    return VT_OK;
}

static bool is_number(const char *text, unsigned long *out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && *out > 0 && *out < (uid_t)-1;
}

enum vt_code vt_role_user_find(const char *name, struct vt_role_user *out, struct vt_err *err)
{
    unsigned long number = 0;
    bool numeric = is_number(name, &number);
    errno = 0;
    const struct passwd *entry = numeric ? getpwuid((uid_t)number) : getpwnam(name);
    if (entry == NULL && !numeric)
        return vt_err_set(err, VT_E_CONFIG,
                          "the user %s does not exist; create it (for the default names: "
                          "systemd-sysusers), or name another one under "
                          "\"users:\" (a number will do)",
                          name);
    out->uid = entry == NULL ? (uid_t)number : entry->pw_uid;
    out->gid = entry == NULL ? (gid_t)number : entry->pw_gid;
    if (out->uid == 0)
        return vt_err_set(err, VT_E_CONFIG, "the user %s is root; roles do not run as root", name);
    return VT_OK;
}

enum vt_code vt_role_user_become(const struct vt_role_user *user, struct vt_err *err)
{
    if (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0)
        return vt_err_sys(err, "becoming user %lu, group %lu", (unsigned long)user->uid,
                          (unsigned long)user->gid);
    return VT_OK;
}

static void add_argument(struct launch *launch, const char *argument)
{
    launch->arguments[launch->arguments_count++] = argument;
}

static void add_fd(struct launch *launch, const char *name, int fd)
{
    if (fd < 0)
        return;
    char *text = launch->text[launch->arguments_count];
    (void)snprintf(text, sizeof(launch->text[0]), "%s%d", name,
                   FIRST_FD + (int)launch->inherited_count);
    launch->inherited[launch->inherited_count++] = fd;
    add_argument(launch, text);
}

static void make_arguments(struct launch *launch, const struct vt_role_plan *plan)
{
    add_argument(launch, "vanthu-role");
    char *role = launch->text[launch->arguments_count];
    (void)snprintf(role, sizeof(launch->text[0]), "--role=%s", vt_role_name(plan->role));
    add_argument(launch, role);
    for (enum vt_role_fd i = VT_FD_CONTROL; i < VT_FDS; i++)
        add_fd(launch, vt_role_fd_kinds[i].option, vt_role_fds_get(&plan->fds, i));
    add_fd(launch, "--fd-config=", plan->config);
    char *lane = launch->text[launch->arguments_count];
    (void)snprintf(lane, sizeof(launch->text[0]), "--lane=%u", plan->fds.lane);
    add_argument(launch, lane);
    if (plan->log_to_stderr)
        add_argument(launch, "--log-stderr");
    if (plan->quiet)
        add_argument(launch, "--quiet");
    if (plan->config_name != NULL) {
        add_argument(launch, "--config-name");
        add_argument(launch, plan->config_name);
    }
    launch->arguments[launch->arguments_count] = NULL;
}

/* Of the environment only what changes how times and texts look. */
static void make_environment(struct launch *launch, char **environment)
{
    static const char *const kept[] = {
        "TZ=",           "LANG=",          "LC_ALL=",
#ifdef VT_SANITIZE
        "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=",
#endif
    };
    size_t count = 0;
    for (size_t i = 0; environment[i] != NULL; i++)
        for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
            if (strncmp(environment[i], kept[k], strlen(kept[k])) == 0 &&
                count + 1 < MAX_ENVIRONMENT)
                launch->environment[count++] = environment[i];
    launch->environment[count] = NULL;
}

static bool park(int *fd)
{
    *fd = fcntl(*fd, F_DUPFD_CLOEXEC, PARKED_FD);
    return *fd >= 0;
}

/* Give every descriptor its number and close the rest. */
static bool arrange_descriptors(struct launch *launch)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return false;
    for (size_t i = 0; i < launch->inherited_count; i++)
        if (!park(&launch->inherited[i]))
            return false;
    if (!park(&launch->binary) || !park(&launch->report))
        return false;
    int next = FIRST_FD;
    for (size_t i = 0; i < launch->inherited_count; i++)
        if (dup2(launch->inherited[i], next++) < 0)
            return false;
    int binary = next++, report = next++;
    if (dup3(launch->binary, binary, O_CLOEXEC) < 0 || dup3(launch->report, report, O_CLOEXEC) < 0)
        return false;
    launch->binary = binary;
    launch->report = report;
    return close_range((unsigned)next, ~0U, 0) == 0;
}

static void reset_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void give_up(int report)
{
    int why = errno;
    ssize_t written = write(report, &why, sizeof(why));
    _exit(written == (ssize_t)sizeof(why) ? 71 : 70);
}

static _Noreturn void become_role(struct launch *launch)
{
    /* Its own session: an interrupt at the terminal is the master's business. */
    (void)setsid();
    reset_signals();
    if (!arrange_descriptors(launch) ||
        (launch->changes_user && vt_role_user_become(&launch->user, NULL) != VT_OK))
        give_up(launch->report);
    /* execve(2) takes its vectors without const, and only reads them. */
    char **arguments, **environment;
    memcpy(&arguments, &(const char **){launch->arguments}, sizeof(arguments));
    memcpy(&environment, &(const char **){launch->environment}, sizeof(environment));
    (void)fexecve(launch->binary, arguments, environment);
    give_up(launch->report);
}

/* End of file: the exec closed the pipe. */
static enum vt_code await_exec(int report, pid_t pid, enum vt_role_id role, struct vt_err *err)
{
    int why = 0;
    ssize_t got;
    do
        got = read(report, &why, sizeof(why));
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return VT_OK;
    (void)waitpid(pid, NULL, 0);
    errno = got == (ssize_t)sizeof(why) ? why : EIO;
    return vt_err_sys(err, "starting the role %s", vt_role_name(role));
}

enum vt_code vt_role_start(const struct vt_role_plan *plan, pid_t *out_pid, struct vt_err *err)
{
    struct launch launch = {.binary = plan->binary, .changes_user = plan->user != NULL};
    if (plan->user != NULL) {
        enum vt_code code = vt_role_user_find(plan->user, &launch.user, err);
        if (code != VT_OK)
            return code;
    }
    make_arguments(&launch, plan);
    make_environment(&launch, environ);
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return vt_err_sys(err, "pipe2");
    launch.report = report[1];
    pid_t pid = fork();
    if (pid == 0)
        become_role(&launch);
    enum vt_code code = pid < 0 ? vt_err_sys(err, "fork") : VT_OK;
    (void)close(report[1]);
    if (code == VT_OK)
        code = await_exec(report[0], pid, plan->role, err);
    (void)close(report[0]);
    if (code == VT_OK)
        *out_pid = pid;
    return code;
}
