/* SPDX-License-Identifier: Apache-2.0
 * The zygote's loop: poll on control, channel, generations, children. A connection that nobody
 * waits for any more costs nothing; a child that crashes, hangs or is no longer waited for costs
 * its own mail only. After a death that may have told an attacker the address layout (SEGV, SYS,
 * BUS, ILL, ABRT, TRAP) the master execs a successor at once and this one ends with its children.
 */
#include "inspector/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "inspector/child.h"
#include "inspector/generation.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define MAX_CHILDREN 512
#define LAST_WORDS_BYTES 300
/* In a child the connection has this number and everything above it is closed. */
#define CONNECTION_FD 3

struct child {
    pid_t pid;
    int connection;
    int words; /* what it writes to standard error */
    int64_t deadline_msecs;
    bool late;      /* killed at its deadline */
    bool cancelled; /* killed because its client has gone */
};

/* What is polled beside the connections of the children. */
enum { CONTROL, SIGNALS, INSPECT, GENERATION, FIXED };

struct zygote {
    const struct vt_zygote_options *options;
    int signal_fd;
    struct child children[MAX_CHILDREN];
    size_t children_count;
    size_t parallel;
    struct vt_generation generation;
    bool closing; /* takes no more connections */
    bool control_open, generation_open;
    struct pollfd entries[FIXED + MAX_CHILDREN];
    struct vt_message message;
};

/* ---- generations ---- */

/* Parsed once here and shared by all children: status has verified everything in it. */
static void adopt_generation(struct zygote *zygote, const struct vt_message *message)
{
    struct vt_err err = {0};
    if (vt_generation_take(&zygote->generation, message, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "a generation of known status is not usable: %s", err.text);
}

static void take_generation(struct zygote *zygote)
{
    struct vt_err err = {0};
    struct vt_message *message = &zygote->message;
    enum vt_code code =
        vt_wire_receive(zygote->options->generation, message, VT_GENERATION_MAX_FDS, 0, &err);
    if (code == VT_OK && message->type == VT_MSG_GENERATION)
        adopt_generation(zygote, message);
    else if (code == VT_E_PEER)
        zygote->generation_open = false;
    else if (code != VT_E_TIMEOUT)
        vt_log(VT_LOG_WARNING, "something other than a generation came from status: %s",
               code == VT_OK ? "wrong message" : err.text);
    if (code == VT_OK)
        vt_message_close(message);
}

/* From the master: what the predecessor knew. Newer knowledge of status goes first. */
static bool take_control(struct zygote *zygote)
{
    struct vt_message *message = &zygote->message;
    enum vt_code code =
        vt_wire_receive(zygote->options->control, message, VT_GENERATION_MAX_FDS, 0, NULL);
    if (code == VT_E_TIMEOUT)
        return true;
    if (code != VT_OK)
        return false;
    if (message->type == VT_MSG_GENERATION && zygote->generation.arena == NULL)
        adopt_generation(zygote, message);
    vt_message_close(message);
    return true;
}

static void ask_for_successor(struct zygote *zygote)
{
    struct vt_err err = {0};
    int fds[VT_GENERATION_MAX_FDS];
    size_t count = vt_generation_fds(&zygote->generation, fds);
    zygote->closing = true;
    vt_metric_add(zygote->options->metrics, VT_METRIC_INSPECTOR_RENEWED, 0, 1);
    if (vt_wire_send(zygote->options->control, VT_MSG_RENEW, (struct vt_bytes){NULL, 0}, fds, count,
                     0, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "cannot ask for a successor: %s", err.text);
}

/* ---- one child ---- */

static _Noreturn void be_child(const struct zygote *zygote, pid_t parent, int connection, int words)
{
    const struct vt_zygote_options *options = zygote->options;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(EX_OSERR);
#ifndef VT_SANITIZE
    if (dup2(words, STDERR_FILENO) < 0)
        _exit(EX_OSERR);
#else
    (void)words; /* reports of the sanitizers are wanted where people look */
#endif
    if (connection != CONNECTION_FD && dup2(connection, CONNECTION_FD) < 0)
        _exit(EX_OSERR);
    if (close_range(CONNECTION_FD + 1, ~0U, 0) != 0)
        _exit(EX_OSERR);
    _exit(options->serve(options->context, CONNECTION_FD,
                         zygote->generation.arena == NULL ? NULL : &zygote->generation.known));
}

/* When this one leaves, its successor has the gauge. */
static void count_running(const struct zygote *zygote)
{
    if (!zygote->closing)
        vt_metric_set(zygote->options->metrics, VT_METRIC_CHILDREN_RUNNING, 0,
                      (int64_t)zygote->children_count);
}

static void start_child(struct zygote *zygote, int connection)
{
    int words[2];
    /* Nobody reads a pipe that a hostile child filled: it must not block in it. */
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0) {
        vt_log(VT_LOG_ERROR, "pipe2: %s", strerror(errno));
        (void)close(connection);
        return;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        be_child(zygote, parent, connection, words[1]);
    (void)close(words[1]);
    if (pid < 0) {
        vt_log(VT_LOG_ERROR, "fork: %s", strerror(errno));
        (void)close(words[0]);
        (void)close(connection);
        return;
    }
    zygote->children[zygote->children_count++] =
        (struct child){.pid = pid,
                       .connection = connection,
                       .words = words[0],
                       .deadline_msecs = vt_clock_monotonic_msecs() + zygote->options->child_msecs +
                                         zygote->options->grace_msecs};
    vt_metric_add(zygote->options->metrics, VT_METRIC_CHILDREN, 0, 1);
    count_running(zygote);
}

static void take_connection(struct zygote *zygote)
{
    struct vt_err err = {0};
    int connection = -1;
    enum vt_code code = vt_wire_accept(zygote->options->inspect, 0, &connection, &err);
    if (code != VT_OK) {
        if (code == VT_E_PEER)
            zygote->closing = true; /* no client is left, and none can come */
        else if (code != VT_E_TIMEOUT)
            vt_log(VT_LOG_WARNING, "on the channel of inspections: %s", err.text);
        return;
    }
    if (vt_wire_peer_is_gone(connection))
        (void)close(connection);
    else
        start_child(zygote, connection);
}

/* ---- deaths ---- */

static const char *why_signal(int number)
{
    switch (number) {
    case SIGSYS:
        return "sandbox: forbidden system call";
    case SIGXCPU:
        return "out of processor time";
    case SIGXFSZ:
        return "the answer is too large";
    case SIGKILL:
        return "killed, probably out of memory";
    default:
        return NULL;
    }
}

static enum vt_metric_death kind_of_death(int wait_status, bool late)
{
    if (late)
        return VT_DEATH_DEADLINE;
    if (!WIFSIGNALED(wait_status))
        return WEXITSTATUS(wait_status) == EX_TEMPFAIL ? VT_DEATH_MEMORY : VT_DEATH_EXIT;
    switch (WTERMSIG(wait_status)) {
    case SIGSYS:
        return VT_DEATH_SANDBOX;
    case SIGXCPU:
        return VT_DEATH_PROCESSOR;
    case SIGXFSZ:
        return VT_DEATH_ANSWER;
    case SIGKILL:
        return VT_DEATH_MEMORY;
    default:
        return VT_DEATH_CRASH;
    }
}

/* What a wait status means for the one whose mail it was. deadline_msecs: 0 unless the zygote
 * killed the child at its deadline. */
static void describe_death(int wait_status, int64_t deadline_msecs, char *out, size_t out_bytes)
{
    if (deadline_msecs > 0)
        (void)snprintf(out, out_bytes, "deadline %lld s", (long long)(deadline_msecs / 1000));
    else if (WIFSIGNALED(wait_status) && why_signal(WTERMSIG(wait_status)) != NULL)
        (void)snprintf(out, out_bytes, "%s", why_signal(WTERMSIG(wait_status)));
    else if (WIFSIGNALED(wait_status))
        (void)snprintf(out, out_bytes, "signal %d (%s)", WTERMSIG(wait_status),
                       sigabbrev_np(WTERMSIG(wait_status)));
    else if (WEXITSTATUS(wait_status) == EX_TEMPFAIL)
        (void)snprintf(out, out_bytes, "out of memory");
    else
        (void)snprintf(out, out_bytes, "exit status %d", WEXITSTATUS(wait_status));
}

static bool asks_for_new_layout(int wait_status)
{
    if (!WIFSIGNALED(wait_status))
        return false;
    switch (WTERMSIG(wait_status)) {
    case SIGSEGV:
    case SIGSYS:
    case SIGBUS:
    case SIGILL:
    case SIGABRT:
    case SIGTRAP:
        return true;
    default:
        return false;
    }
}

static void read_last_words(int words, char out[LAST_WORDS_BYTES])
{
    uint8_t raw[LAST_WORDS_BYTES];
    ssize_t got = read(words, raw, sizeof(raw));
    size_t len = got > 0 ? (size_t)got : 0;
    while (len > 0 && raw[len - 1] == '\n')
        len--;
    (void)vt_text_clean(out, LAST_WORDS_BYTES, vt_bytes_of(raw, len));
}

/* The client hears why: {"why": "…"}. */
static void tell_client(const struct child *child, const char *why)
{
    json_t *body = json_pack("{s:s}", "why", why);
    char *text = json_dumps(body, JSON_COMPACT);
    if (text == NULL ||
        vt_wire_send(child->connection, VT_MSG_DIED, vt_bytes_str(text), NULL, 0, 0, NULL) != VT_OK)
        vt_log(VT_LOG_INFO, "nobody waits for child %ld any more", (long)child->pid);
    free(text);
    json_decref(body);
}

static void bury(struct zygote *zygote, struct child *child, int wait_status)
{
    bool good = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EX_OK;
    if (!good && !child->cancelled) {
        char why[100], words[LAST_WORDS_BYTES];
        describe_death(wait_status, child->late ? zygote->options->child_msecs : 0, why,
                       sizeof(why));
        read_last_words(child->words, words);
        vt_log(VT_LOG_ERROR, "inspection child=%ld died why=\"%s\" said=\"%s\"", (long)child->pid,
               why, words);
        tell_client(child, why);
        vt_metric_add(zygote->options->metrics, VT_METRIC_CHILDREN_DIED,
                      kind_of_death(wait_status, child->late), 1);
    }
    (void)close(child->connection);
    (void)close(child->words);
    if (asks_for_new_layout(wait_status) && !zygote->closing)
        ask_for_successor(zygote);
    *child = zygote->children[--zygote->children_count];
    count_running(zygote);
}

static void reap(struct zygote *zygote)
{
    struct signalfd_siginfo info;
    while (read(zygote->signal_fd, &info, sizeof(info)) > 0)
        continue;
    int wait_status = 0;
    for (pid_t pid = waitpid(-1, &wait_status, WNOHANG); pid > 0;
         pid = waitpid(-1, &wait_status, WNOHANG))
        for (size_t i = 0; i < zygote->children_count; i++)
            if (zygote->children[i].pid == pid) {
                bury(zygote, &zygote->children[i], wait_status);
                break;
            }
}

static void kill_late_ones(struct zygote *zygote)
{
    int64_t now = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < zygote->children_count; i++) {
        struct child *child = &zygote->children[i];
        if (child->late || child->cancelled || now < child->deadline_msecs)
            continue;
        child->late = true;
        (void)kill(child->pid, SIGKILL);
    }
}

/* ---- the loop ---- */

static int next_timeout(const struct zygote *zygote)
{
    int timeout = -1;
    for (size_t i = 0; i < zygote->children_count; i++) {
        const struct child *child = &zygote->children[i];
        int left = vt_clock_left_msecs(child->deadline_msecs);
        if (!child->late && !child->cancelled && (timeout < 0 || left < timeout))
            timeout = left;
    }
    return timeout;
}

static nfds_t fill_entries(struct zygote *zygote)
{
    const struct vt_zygote_options *options = zygote->options;
    struct pollfd *entries = zygote->entries;
    bool room = !zygote->closing && zygote->children_count < zygote->parallel;
    bool listens = !zygote->closing && zygote->generation_open;
    entries[CONTROL].fd = zygote->control_open ? options->control : -1;
    entries[SIGNALS].fd = zygote->signal_fd;
    entries[INSPECT].fd = room ? options->inspect : -1;
    entries[GENERATION].fd = listens ? options->generation : -1;
    for (size_t i = 0; i < FIXED; i++)
        entries[i].events = POLLIN;
    for (size_t i = 0; i < zygote->children_count; i++) {
        const struct child *child = &zygote->children[i];
        bool watched = !child->late && !child->cancelled;
        entries[FIXED + i] = (struct pollfd){.fd = watched ? child->connection : -1};
    }
    for (size_t i = 0; i < FIXED + zygote->children_count; i++)
        entries[i].revents = 0;
    return (nfds_t)(FIXED + zygote->children_count);
}

/* A client closes its connection to cancel, or because it has its answer. */
static void cancel_unwanted(struct zygote *zygote)
{
    for (size_t i = 0; i < zygote->children_count; i++) {
        struct child *child = &zygote->children[i];
        if ((zygote->entries[FIXED + i].revents & (POLLHUP | POLLERR)) == 0)
            continue;
        child->cancelled = true;
        (void)kill(child->pid, SIGKILL);
    }
}

static int open_child_signal(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void loop(struct zygote *zygote)
{
    const struct pollfd *entries = zygote->entries;
    while (!zygote->closing || zygote->children_count > 0) {
        nfds_t count = fill_entries(zygote);
        if (poll(zygote->entries, count, next_timeout(zygote)) < 0 && errno != EINTR)
            return;
        cancel_unwanted(zygote);
        if (entries[CONTROL].revents != 0 && !take_control(zygote)) {
            zygote->control_open = false;
            zygote->closing = true;
        }
        if (entries[GENERATION].revents != 0)
            take_generation(zygote);
        reap(zygote);
        kill_late_ones(zygote);
        if (entries[INSPECT].revents != 0 && !zygote->closing)
            take_connection(zygote);
    }
}

int vt_zygote_run(const struct vt_zygote_options *options)
{
    struct zygote *zygote = calloc(1, sizeof(*zygote));
    int signal_fd = open_child_signal();
    if (zygote == NULL || signal_fd < 0) {
        vt_log(VT_LOG_ERROR, "the inspector cannot start: %s", strerror(errno));
        free(zygote);
        return EX_OSERR;
    }
    zygote->options = options;
    zygote->signal_fd = signal_fd;
    zygote->generation = VT_GENERATION_NONE;
    zygote->control_open = true;
    zygote->generation_open = options->generation >= 0;
    zygote->parallel = options->parallel < 1              ? 1
                       : options->parallel > MAX_CHILDREN ? MAX_CHILDREN
                                                          : options->parallel;
    vt_role_ready(options->control);
    loop(zygote);
    vt_generation_drop(&zygote->generation);
    (void)close(zygote->signal_fd);
    free(zygote);
    return EX_OK;
}
