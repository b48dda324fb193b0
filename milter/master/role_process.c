/* SPDX-License-Identifier: Apache-2.0
 * The life of the processes of a set: started, restarted with back-off, renewed, drained. A role
 * that ends before it was ready while the set is starting fails the set; later it is replaced,
 * however often. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roles_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

/* A role that says nothing is taken for ready when it has lived as long as this: libmilter may take
 * five seconds until it accepts, and so may large lists that are verified again. */
#define READY_AFTER_MSECS 15000
#define SETTLED_AFTER_MSECS 60000
#define FIRST_DELAY_MSECS 200
#define LONGEST_DELAY_MSECS 30000
/* A role that ends without fault is replaced at once, but not in a tight loop. */
#define SHORTEST_LIFE_MSECS 100

void vt_roles_forget_process(struct vt_role_process *process)
{
    vt_roles_close_fd(&process->control);
    process->pid = 0;
    process->ready = false;
}

void vt_roles_kill_all(const struct vt_roles *roles)
{
    for (size_t i = 0; i < VT_ROLES; i++)
        if (roles->slots[i].now.pid > 0)
            (void)kill(roles->slots[i].now.pid, SIGKILL);
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            (void)kill(roles->leaving[i].pid, SIGKILL);
}

/* ---- starting ---- */

static int end_of(const struct vt_roles *roles, enum vt_role_id role, enum vt_role_fd which)
{
    const struct vt_role_fd_kind *kind = &vt_role_fd_kinds[which];
    bool is_client = (kind->clients & VT_ROLE_BIT(role)) != 0;
    if (kind->server != VT_ROLE_MASTER)
        return role == kind->server ? roles->channels[which].server
               : is_client          ? roles->channels[which].client
                                    : -1;
    int fd = -1;
    if (is_client)
        memcpy(&fd, (const char *)&roles->plan + kind->plan_offset, sizeof(fd));
    return fd;
}

static struct vt_role_fds ends_of(const struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_role_fds fds;
    for (enum vt_role_fd i = VT_FD_CONTROL; i < VT_FDS; i++)
        vt_role_fds_set(&fds, i, end_of(roles, role, i));
    fds.metrics = roles->plan.metrics != NULL ? roles->plan.metrics->write[role] : -1;
    fds.lane = roles->plan.lane;
    return fds;
}

static const char *user_of(const struct vt_roles *roles, enum vt_role_id role)
{
    const char *name = roles->plan.config->role_user[role];
    struct vt_role_user user;
    if (!roles->plan.change_user[role])
        return NULL;
    if (roles->plan.fallback_user != NULL && vt_role_user_find(name, &user, NULL) != VT_OK)
        return roles->plan.fallback_user;
    return name;
}

enum vt_code vt_roles_start_role(struct vt_roles *roles, enum vt_role_id role, struct vt_err *err)
{
    struct vt_role_slot *slot = &roles->slots[role];
    int pair[2];
    enum vt_code code = vt_wire_pair(pair, err);
    if (code != VT_OK)
        return code;
    struct vt_role_plan plan = {.role = role,
                                .binary = roles->plan.binary,
                                .config = roles->plan.config_text,
                                .config_name = roles->plan.config->file,
                                .user = user_of(roles, role),
                                .log_to_stderr = roles->plan.log_to_stderr,
                                .quiet = roles->plan.quiet,
                                .fds = ends_of(roles, role)};
    plan.fds.control = pair[1];
    pid_t pid = 0;
    code = vt_role_start(&plan, &pid, err);
    (void)close(pair[1]);
    if (code != VT_OK) {
        (void)close(pair[0]);
        return code;
    }
    slot->start_at_msecs = INT64_MAX;
    slot->now = (struct vt_role_process){.pid = pid,
                                         .control = pair[0],
                                         .started_msecs = vt_clock_monotonic_msecs(),
                                         .started_utc_secs = vt_clock_now_utc_secs()};
    if (role == VT_ROLE_WEB)
        vt_roles_show_metrics(roles);
    return VT_OK;
}

enum vt_code vt_roles_start(struct vt_roles *roles, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (enum vt_role_id role = VT_ROLE_MASTER; code == VT_OK && role < VT_ROLES; role++)
        if (roles->plan.wanted[role])
            code = vt_roles_start_role(roles, role, err);
    return code;
}

void vt_roles_renew(struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_role_slot *slot = &roles->slots[role];
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++) {
        if (roles->leaving[i].pid != 0)
            continue;
        int64_t earliest = slot->now.started_msecs + SHORTEST_LIFE_MSECS;
        roles->leaving[i] = slot->now;
        slot->now = (struct vt_role_process){.control = -1};
        slot->restarts++;
        int64_t now = vt_clock_monotonic_msecs();
        slot->start_at_msecs = earliest > now ? earliest : now;
        return;
    }
}

/* ---- ending ---- */

static void log_end(enum vt_role_id role, int wait_status, int64_t delay_msecs)
{
    if (WIFSIGNALED(wait_status))
        vt_log(VT_LOG_ERROR, "role %s died of signal %d (%s); started again in %lld ms",
               vt_role_name(role), WTERMSIG(wait_status), sigabbrev_np(WTERMSIG(wait_status)),
               (long long)delay_msecs);
    else
        vt_log(WEXITSTATUS(wait_status) == 0 ? VT_LOG_INFO : VT_LOG_ERROR,
               "role %s ended with status %d; started again in %lld ms", vt_role_name(role),
               WEXITSTATUS(wait_status), (long long)delay_msecs);
}

static void schedule(struct vt_role_slot *slot, bool fault, int64_t *out_delay_msecs)
{
    int64_t now = vt_clock_monotonic_msecs(), lived = now - slot->now.started_msecs;
    int64_t delay = lived < SHORTEST_LIFE_MSECS ? SHORTEST_LIFE_MSECS - lived : 0;
    if (lived >= SETTLED_AFTER_MSECS)
        slot->failures = 0;
    if (fault) {
        delay = slot->failures >= 8 ? LONGEST_DELAY_MSECS
                                    : (int64_t)FIRST_DELAY_MSECS << slot->failures;
        if (delay > LONGEST_DELAY_MSECS)
            delay = LONGEST_DELAY_MSECS;
        slot->failures++;
    }
    slot->restarts++;
    slot->start_at_msecs = now + delay;
    *out_delay_msecs = delay;
}

/* The gateway has mails under way, post a notice; both need the others until they are done. */
static bool has_work(const struct vt_roles *roles)
{
    return roles->slots[VT_ROLE_GATEWAY].now.pid > 0 || roles->slots[VT_ROLE_POST].now.pid > 0;
}

static void end_others(struct vt_roles *roles)
{
    for (size_t i = 0; i < VT_ROLES; i++)
        vt_roles_close_fd(&roles->slots[i].now.control);
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            vt_roles_close_fd(&roles->leaving[i].control);
}

static void role_ended(struct vt_roles *roles, enum vt_role_id role, int wait_status)
{
    struct vt_role_slot *slot = &roles->slots[role];
    bool was_ready = slot->now.ready;
    vt_roles_forget_metrics(roles, role);
    if (roles->draining) {
        vt_roles_forget_process(&slot->now);
        if (!has_work(roles))
            end_others(roles);
        return;
    }
    if (roles->state == VT_ROLES_STARTING && !was_ready) {
        roles->state = VT_ROLES_FAILED;
        roles->failed_role = role;
        roles->exit_status =
            WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
        vt_roles_forget_process(&slot->now);
        return;
    }
    int64_t delay_msecs = 0;
    bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    schedule(slot, !clean, &delay_msecs);
    log_end(role, wait_status, delay_msecs);
    vt_roles_forget_process(&slot->now);
}

bool vt_roles_reaped(struct vt_roles *roles, pid_t pid, int wait_status)
{
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (roles->slots[role].now.pid == pid)
            vt_roles_listen(roles, role); /* its last words, which may make it a leaving one */
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid == pid) {
            vt_roles_forget_process(&roles->leaving[i]);
            return true;
        }
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (roles->slots[role].now.pid == pid) {
            role_ended(roles, role, wait_status);
            return true;
        }
    return false;
}

static bool nothing_runs(const struct vt_roles *roles)
{
    for (size_t i = 0; i < VT_ROLES; i++)
        if (roles->slots[i].now.pid > 0)
            return false;
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            return false;
    return true;
}

static void start_again(struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_err err = {0};
    struct vt_role_slot *slot = &roles->slots[role];
    if (vt_roles_start_role(roles, role, &err) == VT_OK)
        return;
    int64_t delay_msecs = 0;
    schedule(slot, true, &delay_msecs);
    vt_log(VT_LOG_ERROR, "%s; next try in %lld ms", err.text, (long long)delay_msecs);
}

/* ---- as time goes by ---- */

static int64_t ready_at(const struct vt_role_slot *slot)
{
    return slot->now.started_msecs + READY_AFTER_MSECS;
}

static void notice_readiness(struct vt_roles *roles, int64_t now)
{
    bool all = true;
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++) {
        struct vt_role_process *process = &roles->slots[role].now;
        if (!roles->plan.wanted[role])
            continue;
        if (process->pid > 0 && now >= ready_at(&roles->slots[role]))
            process->ready = true;
        all = all && process->pid > 0 && process->ready;
    }
    if (all && roles->state == VT_ROLES_STARTING)
        roles->state = VT_ROLES_SERVING;
}

void vt_roles_tick(struct vt_roles *roles)
{
    int64_t now = vt_clock_monotonic_msecs();
    if (roles->draining) {
        if (nothing_runs(roles))
            roles->state = VT_ROLES_GONE;
        else if (now >= roles->kill_at_msecs)
            vt_roles_kill_all(roles);
        return;
    }
    notice_readiness(roles, now);
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (roles->slots[role].now.pid == 0 && roles->slots[role].start_at_msecs <= now)
            start_again(roles, role);
    vt_roles_count(roles);
}

int64_t vt_roles_next_msecs(const struct vt_roles *roles)
{
    if (roles->draining) {
        /* After the kill only waitpid has news. */
        return roles->kill_at_msecs > vt_clock_monotonic_msecs() ? roles->kill_at_msecs : INT64_MAX;
    }
    int64_t next = INT64_MAX;
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++) {
        const struct vt_role_slot *slot = &roles->slots[role];
        int64_t due = slot->now.pid == 0 ? slot->start_at_msecs
                      : !slot->now.ready ? ready_at(slot)
                                         : INT64_MAX;
        next = due < next ? due : next;
    }
    return next;
}

void vt_roles_drain(struct vt_roles *roles, int64_t deadline_msecs)
{
    roles->draining = true;
    roles->kill_at_msecs = deadline_msecs;
    /* Nobody waits for its pages, and its successor shows the same. */
    vt_roles_close_fd(&roles->slots[VT_ROLE_WEB].now.control);
    /* These finish what they have begun, and begin nothing new. */
    vt_roles_close_fd(&roles->slots[VT_ROLE_GATEWAY].now.control);
    vt_roles_close_fd(&roles->slots[VT_ROLE_POST].now.control);
    if (!has_work(roles))
        end_others(roles);
}
