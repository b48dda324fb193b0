/* SPDX-License-Identifier: Apache-2.0
 * The master: keeps the sockets and the sets of roles. Single-threaded, one poll(2). It never
 * touches mail. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "check.h"
#include "daemon.h"
#include "master_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

/* ---- events ---- */

static void reload(struct vt_master *master, int client, const struct vt_control_request *request)
{
    struct vt_change change = {.expected = request->expected[0] != '\0' ? request->expected : NULL,
                               .confirm_secs = request->confirm_secs};
    memcpy(change.by, request->by, sizeof(change.by));
    vt_master_change(master, client, &change);
}

static void answer_files(const struct vt_master *master, int client, bool before)
{
    int fds[VT_VERSION_FILES] = {-1, -1, -1};
    const struct vt_version *previous = vt_versions_previous(&master->versions);
    const struct vt_master_set *set = &master->sets[VT_SET_CURRENT];
    if (!before) {
        vt_control_answer_files(client, set->config_text, set->policy_text);
        return;
    }
    if (previous != NULL &&
        vt_versions_take(&master->versions, previous->digest, fds, NULL) != VT_OK)
        vt_log(VT_LOG_WARNING, "the version before cannot be read");
    vt_control_answer_files(client, fds[VT_VERSION_CONFIG], fds[VT_VERSION_POLICY]);
    for (size_t i = 0; i < VT_VERSION_FILES; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

static void obey(struct vt_master *master, int client, const struct vt_control_request *request)
{
    switch (request->command) {
    case VT_CONTROL_RELOAD:
        reload(master, client, request);
        return;
    case VT_CONTROL_KEEP:
        vt_master_keep(master, client, request->by);
        return;
    case VT_CONTROL_PREVIOUS:
        vt_master_previous(master, client, request->by);
        return;
    case VT_CONTROL_SERVED:
    case VT_CONTROL_SERVED_LAST:
        answer_files(master, client, request->command == VT_CONTROL_SERVED_LAST);
        return;
    case VT_CONTROL_DRAIN:
        vt_control_answer(client, true, "finishing the mails under way, then ending", NULL, NULL);
        if (!master->stopping)
            vt_master_stop(master, "drain");
        return;
    case VT_CONTROL_STATUS_ROLE:
        vt_control_answer_connection(
            client, vt_roles_client_fd(master->sets[VT_SET_CURRENT].roles, VT_FD_STATUS));
        return;
    case VT_CONTROL_REGISTRAR_ROLE:
        vt_control_answer_connection(
            client, vt_roles_client_fd(master->sets[VT_SET_CURRENT].roles, VT_FD_RECORD));
        return;
    case VT_CONTROL_SEALER_ROLE:
        vt_control_answer_connection(
            client, vt_roles_client_fd(master->sets[VT_SET_CURRENT].roles, VT_FD_SEAL_ADMIN));
        return;
    case VT_CONTROL_METRICS:
        vt_control_answer_metrics(client, master->metrics.read, master->sets[VT_SET_CURRENT].lane);
        return;
    case VT_CONTROL_STATUS:
    case VT_CONTROL_NONE:
        vt_master_answer(master, client, true, master->stopping ? "draining" : NULL);
    }
}

static void serve_client(struct vt_master *master, int *client)
{
    struct vt_control_request request;
    struct vt_err err = {0};
    enum vt_code code = vt_control_read(*client, &request, &err);
    if (code == VT_E_TIMEOUT)
        return;
    int fd = *client;
    *client = -1;
    if (code == VT_OK)
        obey(master, fd, &request);
    else
        vt_control_answer(fd, false, err.text, NULL, NULL);
}

/* When all places are taken, the first one is given up: it had its time. */
static void take_client(struct vt_master *master)
{
    int fd = vt_control_accept(master->control.fd);
    if (fd < 0)
        return;
    size_t place = 0;
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        if (master->clients[i] < 0)
            place = i;
    if (master->clients[place] >= 0)
        (void)close(master->clients[place]);
    master->clients[place] = fd;
}

static void take_hangup(struct vt_master *master, const struct signalfd_siginfo *info)
{
    struct vt_change change = {.expected = NULL};
    vt_control_name_process(info->ssi_uid, (pid_t)info->ssi_pid, change.by);
    vt_master_change(master, -1, &change);
}

static void take_signals(struct vt_master *master)
{
    struct signalfd_siginfo info;
    while (read(master->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            vt_master_stop(master, info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
        else if (info.ssi_signo == SIGHUP)
            take_hangup(master, &info);
    }
    int wait_status = 0;
    for (pid_t pid = waitpid(-1, &wait_status, WNOHANG); pid > 0;
         pid = waitpid(-1, &wait_status, WNOHANG)) {
        vt_master_recorded(master, pid);
        for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
            if (master->sets[i].roles != NULL &&
                vt_roles_reaped(master->sets[i].roles, pid, wait_status))
                break;
    }
}

static size_t fill_entries(struct vt_master *master)
{
    struct pollfd *entries = master->entries;
    entries[VT_ENTRY_SIGNALS] = (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
    entries[VT_ENTRY_CONTROL] = (struct pollfd){.fd = master->control.fd, .events = POLLIN};
    size_t count = VT_ENTRY_CLIENTS;
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        entries[count++] = (struct pollfd){.fd = master->clients[i], .events = POLLIN};
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++) {
        const struct vt_roles *roles = master->sets[i].roles;
        master->entries_of[i] = roles == NULL ? 0 : vt_roles_poll(roles, &entries[count]);
        count += master->entries_of[i];
    }
    return count;
}

static int next_timeout(const struct vt_master *master)
{
    int64_t next = master->stopping ? INT64_MAX : master->give_up_at_msecs;
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++) {
        int64_t due =
            master->sets[i].roles == NULL ? INT64_MAX : vt_roles_next_msecs(master->sets[i].roles);
        next = due < next ? due : next;
    }
    return next == INT64_MAX ? -1 : vt_clock_left_msecs(next);
}

static void handle_entries(struct vt_master *master)
{
    const struct pollfd *entries = master->entries;
    size_t at = VT_ENTRY_CLIENTS + VT_CONTROL_MAX_CLIENTS;
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++) {
        if (master->sets[i].roles != NULL)
            vt_roles_polled(master->sets[i].roles, &entries[at], master->entries_of[i]);
        at += master->entries_of[i];
    }
    take_signals(master);
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        if (entries[VT_ENTRY_CLIENTS + i].revents != 0 && master->clients[i] >= 0)
            serve_client(master, &master->clients[i]);
    if (entries[VT_ENTRY_CONTROL].revents != 0)
        take_client(master);
}

static void loop(struct vt_master *master)
{
    while (!master->over) {
        size_t count = fill_entries(master);
        int ready = poll(master->entries, (nfds_t)count, next_timeout(master));
        if (ready < 0 && errno != EINTR) {
            vt_log(VT_LOG_ERROR, "poll: %s", strerror(errno));
            master->exit_status = EX_OSERR;
            return;
        }
        if (ready > 0)
            handle_entries(master);
        vt_master_look_at_sets(master);
        vt_master_look_at_clock(master);
    }
}

/* ---- begin and end ---- */

static int open_signals(void)
{
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)sigaddset(&set, numbers[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum vt_code begin(struct vt_master *master, struct vt_loaded *loaded, struct vt_err *err)
{
    master->signal_fd = open_signals();
    if (master->signal_fd < 0)
        return vt_err_sys(err, "signalfd");
    enum vt_code code = vt_role_binary(&master->binary, err);
    if (code == VT_OK)
        code = vt_listen_control(loaded->config->control_socket, &master->control, err);
    if (code == VT_OK)
        code = vt_listen_milter(loaded->config, &master->milter, err);
    if (code == VT_OK && geteuid() != 0)
        vt_log(VT_LOG_WARNING, "not started by root: every role runs as user %ld", (long)geteuid());
    if (code == VT_OK && loaded->config->web_listen != NULL)
        code = vt_listen_web(loaded->config, &master->web, err);
    if (code == VT_OK)
        code = vt_metrics_files_make(&master->metrics, err);
    if (code == VT_OK)
        vt_master_open_versions(master, loaded);
    const struct vt_master_sockets sockets = {master->milter.fd, master->web.fd};
    if (code == VT_OK)
        code = vt_master_start_set(master, loaded, &sockets, &master->sets[VT_SET_CURRENT], err);
    return code;
}

static void end(struct vt_master *master)
{
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
        vt_master_clear_set(&master->sets[i]);
    vt_master_end_recording(master);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        continue;
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        if (master->clients[i] >= 0)
            (void)close(master->clients[i]);
    vt_control_answer(master->reloading_client, false, "vanthu-milter is ending", NULL, NULL);
    vt_bound_clear(&master->milter);
    vt_bound_clear(&master->next_milter);
    vt_bound_clear(&master->control);
    vt_bound_clear(&master->web);
    vt_bound_clear(&master->next_web);
    json_decref(master->rules);
    vt_metrics_files_close(&master->metrics);
    if (master->signal_fd >= 0)
        (void)close(master->signal_fd);
    if (master->binary >= 0)
        (void)close(master->binary);
}

static int status_of(enum vt_code code)
{
    return code == VT_E_CONFIG ? EX_CONFIG : code == VT_E_BUSY ? EX_UNAVAILABLE : EX_OSERR;
}

static int run(const struct vt_master_options *options, struct vt_loaded *loaded, int *started_fd)
{
    struct vt_err err = {0};
    struct vt_master *master = calloc(1, sizeof(*master));
    if (master == NULL)
        return EX_OSERR;
    master->options = options;
    master->binary = master->signal_fd = master->reloading_client = -1;
    master->started_fd = started_fd;
    master->milter = master->next_milter = master->control = (struct vt_bound){.fd = -1};
    master->web = master->next_web = (struct vt_bound){.fd = -1};
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
        vt_master_init_set(&master->sets[i]);
    master->give_up_at_msecs = INT64_MAX;
    for (size_t i = 0; i < VT_ROLES; i++)
        master->metrics.write[i] = master->metrics.read[i] = -1;
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        master->clients[i] = -1;
    master->log_to_syslog = loaded->config->log_to_syslog && !options->foreground;
    enum vt_code code = begin(master, loaded, &err);
    if (code == VT_OK) {
        loop(master);
    } else {
        char text[VT_ERR_TEXT_BYTES + 32];
        (void)snprintf(text, sizeof(text), "cannot start: %s", err.text);
        vt_master_complain(master, text);
        master->exit_status = status_of(code);
    }
    end(master);
    int status = master->exit_status;
    free(master);
    vt_log(VT_LOG_INFO, "ended");
    return status;
}

static int load(const char *config_file, struct vt_loaded *out)
{
    struct vt_err err = {0};
    enum vt_code code = vt_loaded_read(config_file, out, &err);
    vt_mistakes_print(&out->mistakes, stderr);
    if (code != VT_OK)
        fprintf(stderr, "vanthu-milter: %s\n", err.text);
    return code == VT_OK ? EX_OK : code == VT_E_CONFIG ? EX_CONFIG : EX_NOINPUT;
}

int vt_master_check(const char *config_file)
{
    struct vt_loaded loaded;
    int status = load(config_file, &loaded);
    if (status == EX_OK)
        printf("%s: no mistakes; %s\n", config_file, vt_check_left_out());
    vt_loaded_clear(&loaded);
    return status;
}

static int start(const struct vt_master_options *options, struct vt_loaded *loaded)
{
    int started_fd = -1;
    int status = options->foreground ? EX_OK : vt_daemon_begin(&started_fd);
    if (!options->foreground && started_fd < 0)
        return status;
    bool to_syslog = loaded->config->log_to_syslog && !options->foreground;
    vt_log_open("vanthu/master", to_syslog, VT_LOG_INFO);
    if (to_syslog)
        vt_mistakes_log(&loaded->mistakes); /* elsewhere they have been read already */
    status = run(options, loaded, &started_fd);
    if (started_fd >= 0)
        vt_daemon_failed(started_fd, status);
    return status;
}

int vt_master_run(const struct vt_master_options *options)
{
    struct vt_loaded loaded;
    int status = load(options->config_file, &loaded);
    if (status == EX_OK)
        status = start(options, &loaded);
    vt_loaded_clear(&loaded);
    return status;
}
