/* SPDX-License-Identifier: Apache-2.0
 * The master: keeps the sockets, one set of roles, during a reload a second one that has yet to
 * prove that it starts, and older ones that finish their mails. Single-threaded, one poll(2). It
 * never touches mail. */
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
#include "master.h"
#include "roles.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

#define MAX_OLD_SETS 4
/* Beyond the longest mail: sessions without a mail are waited for a little, too, and libmilter
 * takes seconds to stop. Below TimeoutStopSec of the unit. */
#define DRAIN_EXTRA_MSECS 25000

/* A set of roles and the configuration it was started from. */
struct set {
    struct vt_config *config;
    struct vt_roles *roles; /* NULL: no set here */
    struct vt_mistakes warnings;
};

enum { ENTRY_SIGNALS, ENTRY_CONTROL, ENTRY_CLIENTS };
#define MAX_SETS (2 + MAX_OLD_SETS)
#define MAX_ENTRIES (ENTRY_CLIENTS + VT_CONTROL_MAX_CLIENTS + MAX_SETS * VT_ROLES_MAX_POLL)

struct master {
    const struct vt_master_options *options;
    int binary, signal_fd;
    bool log_to_syslog; /* at the start */
    int *started_fd;    /* of the one who waits for our start; -1: nobody */
    struct vt_bound milter, next_milter, control;
    struct set sets[MAX_SETS]; /* current, pending, old ones */
    int clients[VT_CONTROL_MAX_CLIENTS];
    int reloading_client; /* waits for the pending set */
    bool serving, stopping;
    int exit_status;
    bool over;
    struct pollfd entries[MAX_ENTRIES];
    size_t entries_of[MAX_SETS]; /* how many each set put in */
};

#define CURRENT 0
#define PENDING 1
#define FIRST_OLD 2

static void clear_set(struct set *set)
{
    vt_roles_free(set->roles);
    vt_config_free(set->config);
    vt_mistakes_clear(&set->warnings);
    *set = (struct set){0};
}

/* ---- starting a set ---- */

static enum vt_code start_set(struct master *master, struct vt_loaded *loaded, int milter_socket,
                              struct set *out, struct vt_err *err)
{
    struct vt_roles_plan plan = {.config = loaded->config,
                                 .binary = master->binary,
                                 .milter_socket = milter_socket,
                                 .config_text = loaded->config_text,
                                 .policy_text = loaded->policy_text,
                                 .overrides = -1,
                                 .log_to_stderr = master->options->foreground};
    for (enum vt_role_id role = VT_ROLE_GATEWAY; role < VT_ROLES; role++) {
        plan.wanted[role] = vt_role_is_wanted(role, loaded->config);
        plan.change_user[role] = geteuid() == 0;
    }
    enum vt_code code = vt_loaded_prepare(loaded, err);
    if (code == VT_OK) {
        loaded->config_text = loaded->policy_text = -1;
        code = vt_roles_new(&plan, &out->roles, err);
    }
    if (code == VT_OK) {
        out->config = loaded->config;
        loaded->config = NULL;
        out->warnings = loaded->mistakes;
        vt_mistakes_init(&loaded->mistakes);
        code = vt_roles_start(out->roles, err);
    }
    if (code != VT_OK) {
        clear_set(out);
        vt_loaded_clear(loaded);
    }
    return code;
}

static void drain_set(const struct set *set)
{
    if (set->roles != NULL)
        vt_roles_drain(set->roles,
                       vt_clock_monotonic_msecs() + set->config->total_msecs + DRAIN_EXTRA_MSECS);
}

static void stop(struct master *master, const char *why)
{
    if (master->stopping) {
        vt_log(VT_LOG_WARNING, "%s again: ending without waiting for mails", why);
        master->over = true;
        return;
    }
    vt_log(VT_LOG_INFO, "%s: finishing the mails under way, then ending", why);
    vt_notify("STOPPING=1");
    master->stopping = true;
    for (size_t i = 0; i < FIRST_OLD; i++)
        drain_set(&master->sets[i]);
}

/* ---- reload ---- */

static size_t free_old_slot(const struct master *master)
{
    for (size_t i = FIRST_OLD; i < MAX_SETS; i++)
        if (master->sets[i].roles == NULL)
            return i;
    return MAX_SETS;
}

static enum vt_code listen_anew(struct master *master, const struct vt_config *config, int *out_fd,
                                struct vt_err *err)
{
    *out_fd = master->milter.fd;
    if (strcmp(config->socket, master->milter.address) == 0)
        return VT_OK;
    enum vt_code code = vt_listen_milter(config, &master->next_milter, err);
    *out_fd = master->next_milter.fd;
    return code;
}

static enum vt_code begin_reload(struct master *master, struct vt_loaded *loaded,
                                 struct vt_err *err)
{
    int milter_socket = -1;
    if (master->stopping || !master->serving || master->sets[PENDING].roles != NULL ||
        free_old_slot(master) == MAX_SETS)
        return vt_err_set(err, VT_E_BUSY, "a start, a reload or a drain is under way");
    enum vt_code code = vt_loaded_read(master->options->config_file, loaded, err);
    vt_mistakes_log(&loaded->mistakes);
    if (code == VT_OK)
        code = listen_anew(master, loaded->config, &milter_socket, err);
    if (code == VT_OK)
        code = start_set(master, loaded, milter_socket, &master->sets[PENDING], err);
    if (code != VT_OK)
        vt_bound_clear(&master->next_milter);
    return code;
}

/* client: -1 for a signal. */
static void reload(struct master *master, int client)
{
    struct vt_err err = {0};
    struct vt_loaded loaded = {.config_text = -1, .policy_text = -1};
    if (begin_reload(master, &loaded, &err) == VT_OK) {
        char state[64];
        (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
                       (long long)vt_clock_monotonic_msecs() * 1000);
        vt_notify(state);
        master->reloading_client = client;
    } else {
        vt_log(VT_LOG_ERROR, "reload refused, everything stays as it was: %s", err.text);
        vt_control_answer(client, false, err.text, &loaded.mistakes, NULL);
    }
    vt_loaded_clear(&loaded);
}

/* What is served now, for an answer. */
static void answer(const struct master *master, int client, bool ok, const char *text)
{
    const struct set *set = &master->sets[CURRENT];
    struct vt_control_state state = {.mode = set->config == NULL ? NULL
                                                                 : vt_mode_name(set->config->mode),
                                     .socket = master->milter.address,
                                     .warnings = &set->warnings,
                                     .roles = set->roles};
    vt_control_answer(client, ok, text, NULL, &state);
}

static void finish_reload(struct master *master, bool good, const char *text)
{
    vt_log(good ? VT_LOG_INFO : VT_LOG_ERROR, "%s", text);
    vt_notify("READY=1");
    answer(master, master->reloading_client, good, text);
    master->reloading_client = -1;
}

static void switch_socket(struct master *master)
{
    struct vt_err err = {0};
    if (master->next_milter.fd < 0) {
        if (vt_listen_adjust(master->sets[CURRENT].config, &master->milter, &err) != VT_OK)
            vt_log(VT_LOG_WARNING, "%s", err.text);
        return;
    }
    vt_log(VT_LOG_INFO, "now serving on %s (was %s)", master->next_milter.address,
           master->milter.address);
    vt_bound_clear(&master->milter);
    master->milter = master->next_milter;
    master->next_milter = (struct vt_bound){.fd = -1};
}

static void switch_to_pending(struct master *master)
{
    size_t old = free_old_slot(master);
    drain_set(&master->sets[CURRENT]);
    master->sets[old] = master->sets[CURRENT];
    master->sets[CURRENT] = master->sets[PENDING];
    master->sets[PENDING] = (struct set){0};
    const struct vt_config *config = master->sets[CURRENT].config;
    vt_log_open("vanthu/master", config->log_to_syslog && !master->options->foreground,
                VT_LOG_INFO);
    switch_socket(master);
    finish_reload(master, true, "configuration and policy loaded");
}

static void drop_pending(struct master *master)
{
    char text[160];
    const struct vt_roles *roles = master->sets[PENDING].roles;
    (void)snprintf(text, sizeof(text),
                   "the role %s does not start with the new configuration (status %d; its log says "
                   "why); everything stays as it was",
                   vt_roles_failed_name(roles), vt_roles_exit_status(roles));
    clear_set(&master->sets[PENDING]);
    vt_bound_clear(&master->next_milter);
    finish_reload(master, false, text);
}

/* ---- what has become of the sets ---- */

/* Whoever waits for the daemon's start reads standard error, not the log. */
static void complain(const struct master *master, const char *text)
{
    vt_log(VT_LOG_ERROR, "%s", text);
    if (*master->started_fd >= 0 && master->log_to_syslog)
        fprintf(stderr, "vanthu-milter: %s\n", text);
}

static void first_start(struct master *master)
{
    const struct vt_roles *roles = master->sets[CURRENT].roles;
    if (vt_roles_state(roles) == VT_ROLES_FAILED) {
        char text[160];
        (void)snprintf(text, sizeof(text),
                       "cannot start: the role %s has ended (status %d; its log says why)",
                       vt_roles_failed_name(roles), vt_roles_exit_status(roles));
        complain(master, text);
        master->exit_status = vt_roles_exit_status(roles);
        if (master->exit_status == EX_OK)
            master->exit_status = EX_SOFTWARE;
        master->over = true;
    } else if (vt_roles_state(roles) == VT_ROLES_SERVING) {
        vt_log(VT_LOG_INFO, "serving on %s, mode %s", master->milter.address,
               vt_mode_name(master->sets[CURRENT].config->mode));
        master->serving = true;
        vt_notify("READY=1");
        vt_daemon_started(master->started_fd);
    }
}

static void look_at_sets(struct master *master)
{
    for (size_t i = 0; i < MAX_SETS; i++)
        if (master->sets[i].roles != NULL)
            vt_roles_tick(master->sets[i].roles);
    for (size_t i = 0; i < MAX_SETS; i++)
        if (master->sets[i].roles != NULL && vt_roles_state(master->sets[i].roles) == VT_ROLES_GONE)
            clear_set(&master->sets[i]);
    if (master->stopping) {
        bool left = false;
        for (size_t i = 0; i < MAX_SETS; i++)
            left = left || master->sets[i].roles != NULL;
        master->over = master->over || !left;
        return;
    }
    if (!master->serving)
        first_start(master);
    if (master->sets[PENDING].roles == NULL)
        return;
    enum vt_roles_state state = vt_roles_state(master->sets[PENDING].roles);
    if (state == VT_ROLES_SERVING)
        switch_to_pending(master);
    else if (state == VT_ROLES_FAILED)
        drop_pending(master);
}

/* ---- events ---- */

static void obey(struct master *master, int client, enum vt_control_command command)
{
    switch (command) {
    case VT_CONTROL_RELOAD:
        reload(master, client);
        return;
    case VT_CONTROL_DRAIN:
        vt_control_answer(client, true, "finishing the mails under way, then ending", NULL, NULL);
        if (!master->stopping)
            stop(master, "drain");
        return;
    case VT_CONTROL_STATUS_ROLE:
        vt_control_answer_connection(client,
                                     vt_roles_client_fd(master->sets[CURRENT].roles, VT_FD_STATUS));
        return;
    case VT_CONTROL_REGISTRAR_ROLE:
        vt_control_answer_connection(client,
                                     vt_roles_client_fd(master->sets[CURRENT].roles, VT_FD_RECORD));
        return;
    case VT_CONTROL_STATUS:
    case VT_CONTROL_NONE:
        answer(master, client, true, master->stopping ? "draining" : NULL);
    }
}

static void serve_client(struct master *master, int *client)
{
    enum vt_control_command command = VT_CONTROL_NONE;
    struct vt_err err = {0};
    enum vt_code code = vt_control_read(*client, &command, &err);
    if (code == VT_E_TIMEOUT)
        return;
    int fd = *client;
    *client = -1;
    if (code == VT_OK)
        obey(master, fd, command);
    else
        vt_control_answer(fd, false, err.text, NULL, NULL);
}

/* When all places are taken, the first one is given up: it had its time. */
static void take_client(struct master *master)
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

static void take_signals(struct master *master)
{
    struct signalfd_siginfo info;
    while (read(master->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            stop(master, info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
        else if (info.ssi_signo == SIGHUP)
            reload(master, -1);
    }
    int wait_status = 0;
    for (pid_t pid = waitpid(-1, &wait_status, WNOHANG); pid > 0;
         pid = waitpid(-1, &wait_status, WNOHANG))
        for (size_t i = 0; i < MAX_SETS; i++)
            if (master->sets[i].roles != NULL &&
                vt_roles_reaped(master->sets[i].roles, pid, wait_status))
                break;
}

static size_t fill_entries(struct master *master)
{
    struct pollfd *entries = master->entries;
    entries[ENTRY_SIGNALS] = (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
    entries[ENTRY_CONTROL] = (struct pollfd){.fd = master->control.fd, .events = POLLIN};
    size_t count = ENTRY_CLIENTS;
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        entries[count++] = (struct pollfd){.fd = master->clients[i], .events = POLLIN};
    for (size_t i = 0; i < MAX_SETS; i++) {
        const struct vt_roles *roles = master->sets[i].roles;
        master->entries_of[i] = roles == NULL ? 0 : vt_roles_poll(roles, &entries[count]);
        count += master->entries_of[i];
    }
    return count;
}

static int next_timeout(const struct master *master)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < MAX_SETS; i++) {
        int64_t due =
            master->sets[i].roles == NULL ? INT64_MAX : vt_roles_next_msecs(master->sets[i].roles);
        next = due < next ? due : next;
    }
    return next == INT64_MAX ? -1 : vt_clock_left_msecs(next);
}

static void handle_entries(struct master *master)
{
    const struct pollfd *entries = master->entries;
    size_t at = ENTRY_CLIENTS + VT_CONTROL_MAX_CLIENTS;
    for (size_t i = 0; i < MAX_SETS; i++) {
        if (master->sets[i].roles != NULL)
            vt_roles_polled(master->sets[i].roles, &entries[at], master->entries_of[i]);
        at += master->entries_of[i];
    }
    take_signals(master);
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        if (entries[ENTRY_CLIENTS + i].revents != 0 && master->clients[i] >= 0)
            serve_client(master, &master->clients[i]);
    if (entries[ENTRY_CONTROL].revents != 0)
        take_client(master);
}

static void loop(struct master *master)
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
        look_at_sets(master);
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

static enum vt_code begin(struct master *master, struct vt_loaded *loaded, struct vt_err *err)
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
    if (code == VT_OK)
        code = start_set(master, loaded, master->milter.fd, &master->sets[CURRENT], err);
    return code;
}

static void end(struct master *master)
{
    for (size_t i = 0; i < MAX_SETS; i++)
        clear_set(&master->sets[i]);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        continue;
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        if (master->clients[i] >= 0)
            (void)close(master->clients[i]);
    vt_control_answer(master->reloading_client, false, "vanthu-milter is ending", NULL, NULL);
    vt_bound_clear(&master->milter);
    vt_bound_clear(&master->next_milter);
    vt_bound_clear(&master->control);
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
    struct master *master = calloc(1, sizeof(*master));
    if (master == NULL)
        return EX_OSERR;
    master->options = options;
    master->binary = master->signal_fd = master->reloading_client = -1;
    master->started_fd = started_fd;
    master->milter = master->next_milter = master->control = (struct vt_bound){.fd = -1};
    for (size_t i = 0; i < VT_CONTROL_MAX_CLIENTS; i++)
        master->clients[i] = -1;
    master->log_to_syslog = loaded->config->log_to_syslog && !options->foreground;
    enum vt_code code = begin(master, loaded, &err);
    if (code == VT_OK) {
        loop(master);
    } else {
        char text[VT_ERR_TEXT_BYTES + 32];
        (void)snprintf(text, sizeof(text), "cannot start: %s", err.text);
        complain(master, text);
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
