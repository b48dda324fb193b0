/* SPDX-License-Identifier: Apache-2.0
 * What the master has recorded: a child asks the registrar, so that the master waits for nobody. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "master_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/registrar.h"
#include "vanthu/wire.h"

#define RECORD_MSECS 10000
#define MAX_TRIES 12
#define CHANNEL_FD 3
#define OBJECTS_FD 4

/* The policy of a set as a file of one object; -1: there is none, or it is too large. */
static int seal_policy(const struct vt_master_set *set)
{
    struct vt_bytes bundle = {0};
    struct vt_err err = {0};
    int fd = -1;
    if (set->policy_text < 0)
        return -1;
    enum vt_code code = vt_memfd_map(set->policy_text, VT_MAX_BUNDLE_BYTES, &bundle, &err);
    struct vt_object object = {.kind = VT_OBJECT_POLICY, .from = VT_OBJECT_GIVEN, .bytes = bundle};
    memcpy(object.sha256, set->version.policy_sha256, sizeof(object.sha256));
    object.size_bytes = (uint32_t)bundle.len;
    if (code == VT_OK)
        code = vt_objects_seal(&object, 1, VT_MAX_OBJECTS_BYTES, &fd, &err);
    if (code != VT_OK)
        vt_log(VT_LOG_WARNING, "the register does not get the policy: %s", err.text);
    vt_memfd_unmap(bundle);
    return fd;
}

/* A registrar that is away comes back, or the service has other worries. */
static void record(const struct vt_register_event *event, bool has_objects)
{
    static const struct timespec pause = {.tv_sec = 5};
    static const int objects[] = {OBJECTS_FD};
    struct vt_err err = {0};
    const struct vt_register_record entry = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = vt_clock_now_utc_secs(), .event = event};
    enum vt_code code = VT_E_INTERNAL;
    for (unsigned tries = 0; code != VT_OK && tries < MAX_TRIES; tries++) {
        const struct vt_registrar registrar = {.channel_fd = CHANNEL_FD,
                                               .connection_fd = -1,
                                               .deadline_msecs =
                                                   vt_clock_monotonic_msecs() + RECORD_MSECS,
                                               .objects_fds = objects,
                                               .objects_fds_count = has_objects};
        if (tries > 0)
            (void)nanosleep(&pause, NULL);
        code = vt_registrar_record(&registrar, &entry, &err);
    }
    if (code != VT_OK)
        vt_log(VT_LOG_WARNING, "\"%s\" is not recorded: %s", event->what, err.text);
}

/* Nothing of the master is held on to: its sockets are to close when it closes them. */
static bool keep_only(int channel, int objects)
{
    int kept = fcntl(channel, F_DUPFD_CLOEXEC, OBJECTS_FD + 1);
    int kept_objects = objects < 0 ? -1 : fcntl(objects, F_DUPFD_CLOEXEC, OBJECTS_FD + 1);
    return kept >= 0 && dup2(kept, CHANNEL_FD) == CHANNEL_FD &&
           (kept_objects < 0 || dup2(kept_objects, OBJECTS_FD) == OBJECTS_FD) &&
           close_range(kept_objects < 0 ? OBJECTS_FD : OBJECTS_FD + 1, ~0U, 0) == 0;
}

void vt_master_recorded(struct vt_master *master, pid_t pid)
{
    for (size_t i = 0; i < VT_MASTER_MAX_RECORDING; i++)
        if (master->recording[i] == pid)
            master->recording[i] = 0;
}

void vt_master_end_recording(struct vt_master *master)
{
    for (size_t i = 0; i < VT_MASTER_MAX_RECORDING; i++)
        if (master->recording[i] > 0)
            (void)kill(master->recording[i], SIGKILL);
}

/* Where the next child is noted; NULL: the registrar has been away for many of them. */
static pid_t *free_place(struct vt_master *master)
{
    for (size_t i = 0; i < VT_MASTER_MAX_RECORDING; i++)
        if (master->recording[i] == 0)
            return &master->recording[i];
    return NULL;
}

void vt_master_record_event(struct vt_master *master, const char *what, const char *text,
                            const char *by, bool with_policy)
{
    const struct vt_master_set *set = &master->sets[VT_SET_CURRENT];
    const struct vt_register_event event = {.what = what, .text = text, .by = by};
    int channel = vt_roles_client_fd(set->roles, VT_FD_RECORD);
    pid_t *place = free_place(master);
    if (channel < 0)
        return;
    if (place == NULL) {
        vt_log(VT_LOG_WARNING, "\"%s\" is not recorded: the registrar does not answer", what);
        return;
    }
    int objects = with_policy ? seal_policy(set) : -1;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)setsid();
        if (keep_only(channel, objects))
            record(&event, objects >= 0);
        _exit(0);
    }
    if (pid > 0)
        *place = pid;
    if (pid < 0)
        vt_log(VT_LOG_WARNING, "\"%s\" is not recorded: fork: %s", what, strerror(errno));
    if (objects >= 0)
        (void)close(objects);
}
