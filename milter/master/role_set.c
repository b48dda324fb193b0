/* SPDX-License-Identifier: Apache-2.0
 * A set of roles of one's own for vanthu(1): a small supervisor process beside the command starts
 * them, restarts what dies, and ends with the command, however that ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "role_overrides.h"
#include "roles.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

/* Nothing is under way when the command ends, so that ending takes milliseconds. */
#define END_MSECS 3000
/* Nobody: what root becomes where the users of the roles do not exist. */
#define FALLBACK_USER "65534"

struct vt_role_set {
    struct vt_roles *roles;
    int binary;
    pid_t supervisor;
    int control; /* its end tells the supervisor to stop */
};

/* ---- the supervisor ---- */

static int open_child_signal(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reap(struct vt_roles *roles, int signal_fd)
{
    struct signalfd_siginfo info;
    while (read(signal_fd, &info, sizeof(info)) > 0)
        continue;
    int wait_status = 0;
    for (pid_t pid = waitpid(-1, &wait_status, WNOHANG); pid > 0;
         pid = waitpid(-1, &wait_status, WNOHANG))
        (void)vt_roles_reaped(roles, pid, wait_status);
}

static bool is_over(const struct vt_roles *roles)
{
    enum vt_roles_state state = vt_roles_state(roles);
    return state == VT_ROLES_FAILED || state == VT_ROLES_GONE;
}

static void supervise(struct vt_roles *roles, int control, int signal_fd)
{
    bool stopping = false;
    while (!is_over(roles)) {
        struct pollfd entries[VT_ROLES_MAX_POLL + 2];
        size_t count = vt_roles_poll(roles, entries);
        entries[count] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
        entries[count + 1] = (struct pollfd){.fd = stopping ? -1 : control, .events = POLLIN};
        int64_t next = vt_roles_next_msecs(roles);
        int wait_msecs = next == INT64_MAX ? -1 : vt_clock_left_msecs(next);
        if (poll(entries, count + 2, wait_msecs) < 0 && errno != EINTR)
            return;
        vt_roles_polled(roles, entries, count);
        reap(roles, signal_fd);
        vt_roles_tick(roles);
        if (!stopping && entries[count + 1].revents != 0) {
            vt_roles_drain(roles, vt_clock_monotonic_msecs() + END_MSECS);
            vt_roles_tick(roles);
            stopping = true;
        }
    }
}

static _Noreturn void be_supervisor(struct vt_roles *roles, int control)
{
    struct vt_err err = {0};
    /* An interrupt at the terminal ends the command; its end ends this. */
    (void)setsid();
    (void)signal(SIGPIPE, SIG_IGN);
    int signal_fd = open_child_signal();
    if (signal_fd < 0 || vt_roles_start(roles, &err) != VT_OK)
        vt_log(VT_LOG_ERROR, "%s", signal_fd < 0 ? "signalfd failed" : err.text);
    else
        supervise(roles, control, signal_fd);
    if (vt_roles_state(roles) == VT_ROLES_FAILED)
        vt_log(VT_LOG_ERROR, "the role %s could not start (status %d)", vt_roles_failed_name(roles),
               vt_roles_exit_status(roles));
    vt_roles_free(roles);
    _exit(EX_OK);
}

/* ---- the command's side ---- */

/* The same bytes for every role. The default configuration has the name of a file that need not
 * be there, or be readable. */
static enum vt_code seal_config(const char *file, int *out_fd, struct vt_err *err)
{
    struct vt_bytes text;
    bool mapped = false;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == EACCES)) {
        *out_fd = -1;
        return VT_OK;
    }
    if (fd < 0)
        return vt_err_sys(err, "cannot read %s", file);
    enum vt_code code = vt_input_read(fd, VT_MAX_CONFIG_BYTES, &text, &mapped, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    code = vt_memfd_seal("vanthu-config", text, out_fd, err);
    vt_input_release(text, mapped);
    return code;
}

static void close_text(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static enum vt_code make_plan(struct vt_role_set *set, const struct vt_config *config,
                              const struct vt_role_overrides *overrides, bool offline,
                              struct vt_roles_plan *out, struct vt_err *err)
{
    bool is_root = geteuid() == 0;
    struct vt_role_user user;
    const char *inspector = config->role_user[VT_ROLE_INSPECTOR];
    if (is_root && vt_role_user_find(inspector, &user, NULL) != VT_OK)
        inspector = FALLBACK_USER;
    *out = (struct vt_roles_plan){.config = config,
                                  .fallback_user = FALLBACK_USER,
                                  .milter_socket = -1,
                                  .web_socket = -1,
                                  .config_text = -1,
                                  .policy_text = -1,
                                  .notices_text = -1,
                                  .rules_text = -1,
                                  .looks_file = -1,
                                  .overrides = -1,
                                  .log_to_stderr = true,
                                  .quiet = true};
    out->wanted[VT_ROLE_INSPECTOR] = true;
    out->wanted[VT_ROLE_STATUS] = out->wanted[VT_ROLE_FETCH] = !offline;
    out->change_user[VT_ROLE_FETCH] = is_root;
    enum vt_code code = vt_role_binary(&set->binary, err);
    out->binary = set->binary;
    if (code == VT_OK && overrides != NULL && overrides->config.len > 0)
        code = vt_memfd_seal("vanthu-config", overrides->config, &out->config_text, err);
    else if (code == VT_OK)
        code = seal_config(config->file, &out->config_text, err);
    if (code == VT_OK && overrides != NULL && overrides->looks.len > 0)
        code = vt_memfd_seal("vanthu-looks", overrides->looks, &out->looks_file, err);
    if (code == VT_OK)
        code = vt_role_overrides_pack(overrides, is_root ? inspector : NULL, &out->overrides, err);
    if (code != VT_OK) {
        close_text(&out->config_text);
        close_text(&out->looks_file);
    }
    return code;
}

static enum vt_code start_supervisor(struct vt_role_set *set, struct vt_err *err)
{
    int pair[2];
    enum vt_code code = vt_wire_pair(pair, err);
    if (code != VT_OK)
        return code;
    set->supervisor = fork();
    if (set->supervisor == 0) {
        (void)close(pair[0]);
        be_supervisor(set->roles, pair[1]);
    }
    (void)close(pair[1]);
    set->control = pair[0];
    if (set->supervisor < 0)
        return vt_err_sys(err, "fork");
    vt_roles_forget_servers(set->roles);
    return VT_OK;
}

enum vt_code vt_role_set_start_local(const struct vt_config *config,
                                     const struct vt_role_overrides *overrides, bool offline,
                                     struct vt_role_set **out, struct vt_err *err)
{
    struct vt_role_set *set = calloc(1, sizeof(*set));
    if (set == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a set of roles");
    set->binary = set->control = -1;
    set->supervisor = -1;
    struct vt_roles_plan plan;
    enum vt_code code = make_plan(set, config, overrides, offline, &plan, err);
    if (code == VT_OK)
        code = vt_roles_new(&plan, &set->roles, err);
    if (code == VT_OK)
        code = start_supervisor(set, err);
    if (code != VT_OK) {
        vt_role_set_stop(set);
        return code;
    }
    *out = set;
    return VT_OK;
}

int vt_role_set_inspect_fd(const struct vt_role_set *set)
{
    return vt_roles_client_fd(set->roles, VT_FD_INSPECT);
}

int vt_role_set_status_fd(const struct vt_role_set *set)
{
    return vt_roles_client_fd(set->roles, VT_FD_STATUS);
}

int vt_role_set_fetch_fd(const struct vt_role_set *set)
{
    return vt_roles_client_fd(set->roles, VT_FD_FETCH);
}

void vt_role_set_stop(struct vt_role_set *set)
{
    if (set == NULL)
        return;
    if (set->control >= 0)
        (void)close(set->control);
    vt_roles_free(set->roles);
    if (set->supervisor > 0)
        while (waitpid(set->supervisor, NULL, 0) < 0 && errno == EINTR)
            continue;
    if (set->binary >= 0)
        (void)close(set->binary);
    free(set);
}
