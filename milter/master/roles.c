/* SPDX-License-Identifier: Apache-2.0
 * One set of roles: channels, starting, restarting with back-off, draining. Single-threaded; the
 * caller polls and reaps. A role sends READY when it serves, and the inspector RENEW when one of
 * its children died in a way that may tell an attacker its address layout: its successor starts at
 * once and finds the waiting requests in the channel, while it finishes the children it has. */
#include "roles.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/status.h"
#include "vanthu/wire.h"

/* A role that says nothing is taken for ready when it has lived as long as this. Gateway,
 * inspector, status and registrar do speak: libmilter may take five seconds until it accepts, and
 * so may large lists that are verified again. */
#define READY_AFTER_MSECS 1000
#define MAIL_READY_AFTER_MSECS 15000
#define SETTLED_AFTER_MSECS 60000
#define FIRST_DELAY_MSECS 200
#define LONGEST_DELAY_MSECS 30000
/* A role that ends without fault is replaced at once, but not in a tight loop. */
#define SHORTEST_LIFE_MSECS 100

struct process {
    pid_t pid; /* 0: none */
    int control;
    bool ready;
    int64_t started_msecs;
    int64_t started_utc_secs;
};

struct slot {
    struct process now;
    int64_t start_at_msecs; /* INT64_MAX: not due */
    unsigned failures;      /* in a row, each soon after the start */
    unsigned restarts;
};

struct channel {
    int client, server;
};

struct vt_roles {
    struct vt_roles_plan plan;
    struct channel inspect, status, record, fetch, generation;
    struct slot slots[VT_ROLES];
    struct process leaving[VT_ROLES_MAX_LEAVING];
    enum vt_roles_state state;
    enum vt_role_id failed_role;
    int exit_status;
    bool draining;
    int64_t kill_at_msecs;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_channel(struct channel *channel)
{
    close_fd(&channel->client);
    close_fd(&channel->server);
}

static enum vt_code open_channel(bool wanted, struct channel *out, struct vt_err *err)
{
    int pair[2];
    if (!wanted)
        return VT_OK;
    enum vt_code code = vt_wire_pair(pair, err);
    if (code == VT_OK)
        *out = (struct channel){.client = pair[0], .server = pair[1]};
    return code;
}

enum vt_code vt_roles_new(const struct vt_roles_plan *plan, struct vt_roles **out,
                          struct vt_err *err)
{
    struct vt_roles_plan copy = *plan;
    struct vt_roles *roles = calloc(1, sizeof(*roles));
    if (roles == NULL) {
        close_fd(&copy.config_text);
        close_fd(&copy.policy_text);
        close_fd(&copy.overrides);
        return vt_err_set(err, VT_E_NOMEM, "no memory for a set of roles");
    }
    roles->plan = copy;
    roles->inspect = roles->status = roles->record = roles->fetch = roles->generation =
        (struct channel){-1, -1};
    for (size_t i = 0; i < VT_ROLES; i++) {
        roles->slots[i].now.control = -1;
        roles->slots[i].start_at_msecs = INT64_MAX;
    }
    bool with_status = plan->wanted[VT_ROLE_STATUS];
    enum vt_code code = open_channel(plan->wanted[VT_ROLE_INSPECTOR], &roles->inspect, err);
    if (code == VT_OK)
        code = open_channel(with_status, &roles->status, err);
    if (code == VT_OK)
        code = open_channel(with_status, &roles->generation, err);
    if (code == VT_OK)
        code = open_channel(plan->wanted[VT_ROLE_FETCH], &roles->fetch, err);
    if (code == VT_OK)
        code = open_channel(plan->wanted[VT_ROLE_REGISTRAR], &roles->record, err);
    if (code != VT_OK) {
        vt_roles_free(roles);
        return code;
    }
    *out = roles;
    return VT_OK;
}

static void forget_process(struct process *process)
{
    close_fd(&process->control);
    process->pid = 0;
    process->ready = false;
}

static void kill_all(const struct vt_roles *roles)
{
    for (size_t i = 0; i < VT_ROLES; i++)
        if (roles->slots[i].now.pid > 0)
            (void)kill(roles->slots[i].now.pid, SIGKILL);
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            (void)kill(roles->leaving[i].pid, SIGKILL);
}

void vt_roles_free(struct vt_roles *roles)
{
    if (roles == NULL)
        return;
    kill_all(roles);
    for (size_t i = 0; i < VT_ROLES; i++)
        forget_process(&roles->slots[i].now);
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            forget_process(&roles->leaving[i]);
    close_channel(&roles->inspect);
    close_channel(&roles->status);
    close_channel(&roles->record);
    close_channel(&roles->fetch);
    close_channel(&roles->generation);
    close_fd(&roles->plan.config_text);
    close_fd(&roles->plan.policy_text);
    close_fd(&roles->plan.overrides);
    free(roles);
}

/* ---- starting ---- */

/* Which ends a role gets: the table of requests in wire.h as descriptors. */
static struct vt_role_fds ends_of(const struct vt_roles *roles, enum vt_role_id role)
{
    struct vt_role_fds fds = {-1, -1, -1, -1, -1, -1, -1, -1, -1};
    switch (role) {
    case VT_ROLE_GATEWAY:
        fds.milter_socket = roles->plan.milter_socket;
        fds.inspect = roles->inspect.client;
        fds.status = roles->status.client;
        fds.record = roles->record.client;
        fds.policy = roles->plan.policy_text;
        break;
    case VT_ROLE_INSPECTOR:
        fds.inspect = roles->inspect.server;
        fds.generation = roles->generation.server;
        fds.overrides = roles->plan.overrides;
        break;
    case VT_ROLE_STATUS:
        fds.status = roles->status.server;
        fds.fetch = roles->fetch.client;
        fds.generation = roles->generation.client;
        fds.overrides = roles->plan.overrides;
        break;
    case VT_ROLE_FETCH:
        fds.fetch = roles->fetch.server;
        break;
    case VT_ROLE_REGISTRAR:
        fds.record = roles->record.server;
        break;
    case VT_ROLE_MASTER:
    case VT_ROLES:
        break;
    }
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

static enum vt_code start_role(struct vt_roles *roles, enum vt_role_id role, struct vt_err *err)
{
    struct slot *slot = &roles->slots[role];
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
    slot->now = (struct process){.pid = pid,
                                 .control = pair[0],
                                 .started_msecs = vt_clock_monotonic_msecs(),
                                 .started_utc_secs = vt_clock_now_utc_secs()};
    return VT_OK;
}

enum vt_code vt_roles_start(struct vt_roles *roles, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (enum vt_role_id role = VT_ROLE_MASTER; code == VT_OK && role < VT_ROLES; role++)
        if (roles->plan.wanted[role])
            code = start_role(roles, role, err);
    return code;
}

/* ---- what the roles say ---- */

static void renew(struct vt_roles *roles, struct slot *slot)
{
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++) {
        if (roles->leaving[i].pid != 0)
            continue;
        int64_t earliest = slot->now.started_msecs + SHORTEST_LIFE_MSECS;
        roles->leaving[i] = slot->now;
        slot->now = (struct process){.control = -1};
        slot->restarts++;
        int64_t now = vt_clock_monotonic_msecs();
        slot->start_at_msecs = earliest > now ? earliest : now;
        return;
    }
    /* Too many are leaving: this one is replaced when it has ended. */
}

/* The successor learns what its predecessor knew, if status tells it nothing newer. */
static void hand_over(struct vt_roles *roles, struct slot *slot, const struct vt_message *message)
{
    struct vt_err err = {0};
    if (slot->now.pid == 0 && start_role(roles, VT_ROLE_INSPECTOR, &err) != VT_OK)
        vt_log(VT_LOG_ERROR, "%s", err.text);
    if (slot->now.pid != 0 && message->fds_count > 0 &&
        vt_wire_send(slot->now.control, VT_MSG_GENERATION, (struct vt_bytes){NULL, 0}, message->fds,
                     message->fds_count, 0, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the new inspector begins without known status: %s", err.text);
}

static void take_message(struct vt_roles *roles, enum vt_role_id role, struct vt_message *message)
{
    struct slot *slot = &roles->slots[role];
    if (message->type == VT_MSG_READY) {
        slot->now.ready = true;
    } else if (message->type == VT_MSG_RENEW && role == VT_ROLE_INSPECTOR && !roles->draining) {
        renew(roles, slot);
        if (slot->now.pid == 0 && slot->start_at_msecs <= vt_clock_monotonic_msecs())
            hand_over(roles, slot, message);
    }
}

/* Read everything a role has said. */
static void listen_to(struct vt_roles *roles, enum vt_role_id role)
{
    struct slot *slot = &roles->slots[role];
    pid_t speaker = slot->now.pid;
    struct vt_message message;
    enum vt_code code = VT_OK;
    while (slot->now.pid == speaker && slot->now.control >= 0 && code == VT_OK) {
        /* RENEW carries a generation; of other roles nothing is taken. */
        size_t max_fds = role == VT_ROLE_INSPECTOR ? 1 + VT_MAX_GENERATION_LISTS : 0;
        code = vt_wire_receive(slot->now.control, &message, max_fds, 0, NULL);
        if (code == VT_OK) {
            take_message(roles, role, &message);
            vt_message_close(&message);
        }
    }
    if (slot->now.pid == speaker && code != VT_OK && code != VT_E_TIMEOUT)
        close_fd(&slot->now.control); /* it is ending; waitpid will tell how */
}

size_t vt_roles_poll(const struct vt_roles *roles, struct pollfd entries[VT_ROLES_MAX_POLL])
{
    size_t count = 0;
    for (size_t i = 0; i < VT_ROLES; i++)
        if (roles->slots[i].now.control >= 0)
            entries[count++] = (struct pollfd){.fd = roles->slots[i].now.control, .events = POLLIN};
    return count;
}

void vt_roles_polled(struct vt_roles *roles, const struct pollfd *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].revents == 0)
            continue;
        for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
            if (roles->slots[role].now.control == entries[i].fd) {
                listen_to(roles, role);
                break;
            }
    }
}

/* ---- what happens to them ---- */

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

static void schedule(struct slot *slot, bool fault, int64_t *out_delay_msecs)
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

static void end_others(struct vt_roles *roles)
{
    for (size_t i = 0; i < VT_ROLES; i++)
        close_fd(&roles->slots[i].now.control);
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid > 0)
            close_fd(&roles->leaving[i].control);
}

static void role_ended(struct vt_roles *roles, enum vt_role_id role, int wait_status)
{
    struct slot *slot = &roles->slots[role];
    bool was_ready = slot->now.ready;
    if (roles->draining) {
        forget_process(&slot->now);
        if (role == VT_ROLE_GATEWAY)
            end_others(roles);
        return;
    }
    if (roles->state == VT_ROLES_STARTING && !was_ready) {
        roles->state = VT_ROLES_FAILED;
        roles->failed_role = role;
        roles->exit_status =
            WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
        forget_process(&slot->now);
        return;
    }
    int64_t delay_msecs = 0;
    bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    schedule(slot, !clean, &delay_msecs);
    log_end(role, wait_status, delay_msecs);
    forget_process(&slot->now);
}

bool vt_roles_reaped(struct vt_roles *roles, pid_t pid, int wait_status)
{
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (roles->slots[role].now.pid == pid)
            listen_to(roles, role); /* its last words, which may make it a leaving one */
    for (size_t i = 0; i < VT_ROLES_MAX_LEAVING; i++)
        if (roles->leaving[i].pid == pid) {
            forget_process(&roles->leaving[i]);
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
    struct slot *slot = &roles->slots[role];
    if (start_role(roles, role, &err) == VT_OK)
        return;
    int64_t delay_msecs = 0;
    schedule(slot, true, &delay_msecs);
    vt_log(VT_LOG_ERROR, "%s; next try in %lld ms", err.text, (long long)delay_msecs);
}

static int64_t ready_at(const struct slot *slot, enum vt_role_id role)
{
    bool speaks = role == VT_ROLE_GATEWAY || role == VT_ROLE_INSPECTOR || role == VT_ROLE_STATUS ||
                  role == VT_ROLE_REGISTRAR;
    return slot->now.started_msecs + (speaks ? MAIL_READY_AFTER_MSECS : READY_AFTER_MSECS);
}

static void notice_readiness(struct vt_roles *roles, int64_t now)
{
    bool all = true;
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++) {
        struct process *process = &roles->slots[role].now;
        if (!roles->plan.wanted[role])
            continue;
        if (process->pid > 0 && now >= ready_at(&roles->slots[role], role))
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
            kill_all(roles);
        return;
    }
    notice_readiness(roles, now);
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (roles->slots[role].now.pid == 0 && roles->slots[role].start_at_msecs <= now)
            start_again(roles, role);
}

int64_t vt_roles_next_msecs(const struct vt_roles *roles)
{
    if (roles->draining) {
        /* After the kill only waitpid has news. */
        return roles->kill_at_msecs > vt_clock_monotonic_msecs() ? roles->kill_at_msecs : INT64_MAX;
    }
    int64_t next = INT64_MAX;
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++) {
        const struct slot *slot = &roles->slots[role];
        int64_t due = slot->now.pid == 0 ? slot->start_at_msecs
                      : !slot->now.ready ? ready_at(slot, role)
                                         : INT64_MAX;
        next = due < next ? due : next;
    }
    return next;
}

void vt_roles_drain(struct vt_roles *roles, int64_t deadline_msecs)
{
    roles->draining = true;
    roles->kill_at_msecs = deadline_msecs;
    if (roles->slots[VT_ROLE_GATEWAY].now.pid > 0)
        close_fd(&roles->slots[VT_ROLE_GATEWAY].now.control);
    else
        end_others(roles);
}

/* ---- what others may know ---- */

enum vt_roles_state vt_roles_state(const struct vt_roles *roles)
{
    return roles->state;
}

int vt_roles_exit_status(const struct vt_roles *roles)
{
    return roles->exit_status;
}

const char *vt_roles_failed_name(const struct vt_roles *roles)
{
    return vt_role_name(roles->failed_role);
}

int vt_roles_inspect_fd(const struct vt_roles *roles)
{
    return roles->inspect.client;
}

int vt_roles_status_fd(const struct vt_roles *roles)
{
    return roles->status.client;
}

int vt_roles_record_fd(const struct vt_roles *roles)
{
    return roles->record.client;
}

int vt_roles_fetch_fd(const struct vt_roles *roles)
{
    return roles->fetch.client;
}

void vt_roles_forget_servers(struct vt_roles *roles)
{
    close_fd(&roles->inspect.server);
    close_fd(&roles->status.server);
    close_fd(&roles->record.server);
    close_fd(&roles->fetch.server);
    close_channel(&roles->generation);
}

void vt_roles_look(const struct vt_roles *roles, enum vt_role_id role, struct vt_role_state *out)
{
    const struct slot *slot = &roles->slots[role];
    *out = (struct vt_role_state){.wanted = roles->plan.wanted[role],
                                  .running = slot->now.pid > 0,
                                  .pid = slot->now.pid,
                                  .restarts = slot->restarts,
                                  .started_utc_secs = slot->now.started_utc_secs};
}
