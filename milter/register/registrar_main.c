/* SPDX-License-Identifier: Apache-2.0
 * The registrar: keeps the register. May: its folder. May not: network, mail, keys. One loop: what
 * is ready is taken, committed together, then answered; while it waits for the disk the next
 * records gather. */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "register/registrar_role.h"
#include "register/room.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

#define MAX_CLIENTS 512
/* Old records are destroyed a few at a time, so that no mail waits for it. */
#define TEND_MSECS 60000
#define TEND_SOON_MSECS 500
#define RETAIN_RECORDS 50
/* A register that cannot be written is tried again after so long, if no mail did. */
#define PROBE_MSECS 5000
#define ROOM_MSECS 1000
/* How late a list may be; what is left of one is done at once. */
#define SCHEDULE_MSECS 5000
/* What a mail leaves behind for its retries; a sending MTA tries for five days. */
#define DEFER_DAYS 30
#define ADDRESS_SPACE_BYTES ((size_t)2 * 1024 * 1024 * 1024)
#define OPEN_FILES 1024

/* ---- what comes round ---- */

/* One head each day, so that a later fault is known not to be older than that. */
static void keep_head(struct vt_registrar_role *server, int64_t now_utc_secs)
{
    struct vt_err err = {0};
    if (vt_register_head_daily(server->reg, now_utc_secs, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the head of this day is not kept: %s", err.text);
}

/* Destroy what is old. */
static void retain(struct vt_registrar_role *server, int64_t now_utc_secs, int64_t now_msecs)
{
    struct vt_err err = {0};
    size_t count = 0;
    if (vt_register_retain(server->reg, now_utc_secs, &server->retention, RETAIN_RECORDS, &count,
                           &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "old records stay: %s", err.text);
    else if (count >= RETAIN_RECORDS)
        server->tend_at_msecs = now_msecs + TEND_SOON_MSECS;
    vt_metric_add(server->metrics, VT_METRIC_RECORDS_DESTROYED, 0, count);
}

static void tend(struct vt_registrar_role *server)
{
    int64_t now_utc_secs = vt_clock_now_utc_secs(), now_msecs = vt_clock_monotonic_msecs();
    if (now_msecs < server->tend_at_msecs)
        return;
    server->tend_at_msecs = now_msecs + TEND_MSECS;
    if (!vt_clock_is_sane(now_utc_secs))
        return;
    keep_head(server, now_utc_secs);
    /* By a clock that nobody keeps right too much might be destroyed. */
    if (vt_clock_is_synchronised())
        retain(server, now_utc_secs, now_msecs);
}

/* Lists, digest, reminders. */
static void keep_schedule(struct vt_registrar_role *server)
{
    struct vt_err err = {0};
    bool has_more = false;
    int64_t now_utc_secs = vt_clock_now_utc_secs(), now_msecs = vt_clock_monotonic_msecs();
    if (now_msecs < server->schedule_at_msecs || !vt_clock_is_sane(now_utc_secs))
        return;
    if (vt_schedule_turn(server->schedule, server->reg, vt_outbox_policy(server->outbox),
                         now_utc_secs, &has_more, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "lists and reminders wait: %s", err.text);
    server->schedule_at_msecs = has_more ? now_msecs : now_msecs + SCHEDULE_MSECS;
}

/* ---- what happens to the register itself ---- */

static enum vt_code record_event(struct vt_registrar_role *server, const char *what,
                                 const char *text, struct vt_err *err)
{
    const struct vt_register_event event = {.what = what, .text = text};
    struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = vt_clock_now_utc_secs(), .event = &event};
    int64_t begun_msecs = vt_clock_monotonic_msecs();
    enum vt_code code = vt_register_append(server->reg, &record, 1, err);
    vt_registrar_count_commit(server, code == VT_OK, code == VT_OK, begun_msecs);
    return code;
}

/* Whether it can be written again is found out before the next mail does, which may be long in
 * coming, and how long it could not be is recorded. */
static void probe(struct vt_registrar_role *server)
{
    struct vt_err err = {0};
    char text[96], since[VT_TIME_TEXT_BYTES];
    if (server->stuck_utc_secs == 0 ||
        vt_clock_monotonic_msecs() - server->probed_msecs < PROBE_MSECS)
        return;
    (void)snprintf(text, sizeof(text), "nothing could be recorded since %s",
                   vt_time_rfc3339(since, server->stuck_utc_secs));
    if (record_event(server, "recovered", text, &err) == VT_OK)
        vt_log(VT_LOG_INFO, "the register can be written again; %s", text);
    else
        vt_log(VT_LOG_ERROR, "the register cannot be written: %s", err.text);
}

/* Objects give way to records on a disk that gets full. */
static void look_at_room(struct vt_registrar_role *server)
{
    struct vt_err err = {0};
    int64_t now_msecs = vt_clock_monotonic_msecs();
    bool is_short = server->batch.has_no_room;
    if (now_msecs < server->room_at_msecs)
        return;
    server->room_at_msecs = now_msecs + ROOM_MSECS;
    if (vt_room_look(server->reg, server->config->register_directory, &is_short, &err) != VT_OK)
        vt_log(VT_LOG_DEBUG, "how full the disk is cannot be seen: %s", err.text);
    if (is_short && !server->batch.has_no_room)
        vt_log(VT_LOG_ALERT,
               "the disk of the register is nearly full: certificates, lists and time stamps are "
               "not kept with the records any more; when it is full mails are answered 451");
    else if (!is_short && server->batch.has_no_room)
        vt_log(VT_LOG_INFO, "the disk of the register has room: objects are kept again");
    server->batch.has_no_room = is_short;
    vt_metric_set(server->metrics, VT_METRIC_OBJECTS_KEPT, 0, !is_short);
}

/* ---- the loop ---- */

/* The master closes this after the gateway has ended. When the master itself is gone, the gateway
 * finishes its mails, and their records are kept. */
static void note_master(struct vt_registrar_role *server)
{
    if (getppid() == server->master) {
        server->ending = true;
        return;
    }
    int64_t now = vt_clock_monotonic_msecs();
    if (server->master_gone_msecs == 0)
        server->master_gone_msecs = now;
    server->ending =
        server->ending || now - server->master_gone_msecs > server->config->total_msecs;
}

static void turn(struct vt_registrar_role *server)
{
    struct pollfd fds[1 + 1 + MAX_CLIENTS];
    bool is_watched = server->master_gone_msecs == 0;
    fds[0] = (struct pollfd){.fd = is_watched ? server->fds->control : -1, .events = POLLIN};
    size_t count = 1 + vt_server_poll(server->clients, fds + 1);
    vt_metric_set(server->metrics, VT_METRIC_REGISTER_TURN, 0, vt_clock_now_utc_secs());
    if (poll(fds, count, VT_SERVER_REQUEST_MSECS) < 0)
        return; /* interrupted: the next turn */
    look_at_room(server);
    vt_server_polled(server->clients, fds + 1);
    vt_registrar_commit(server);
    server->ending = server->ending || vt_server_is_over(server->clients);
    if (fds[0].revents != 0 || server->master_gone_msecs != 0)
        note_master(server);
    if (!server->ending) {
        probe(server);
        tend(server);
        if (server->stuck_utc_secs == 0) {
            keep_schedule(server);
            vt_outbox_turn(server->outbox, server->reg);
        }
    }
}

/* ---- setting up ---- */

/* That there was a time without a registrar, and in which mode mails are judged from now on. */
static enum vt_code record_start(struct vt_registrar_role *server, struct vt_err *err)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "version %s, mode %s", VT_VERSION,
                   vt_mode_name(server->config->mode));
    return record_event(server, "started", text, err);
}

static enum vt_code set_up(struct vt_registrar_role *server, struct vt_err *err)
{
    const struct vt_config *config = server->config;
    const struct vt_sandbox sandbox = {.name = "registrar",
                                       .writable_directory = config->register_directory,
                                       .address_space_bytes = ADDRESS_SPACE_BYTES,
                                       .open_files = OPEN_FILES};
    const struct vt_server_setup clients = {.channel = server->fds->record,
                                            .places_count = MAX_CLIENTS,
                                            .take = vt_registrar_take,
                                            .forget = vt_registrar_forget,
                                            .context = server};
    const struct vt_outbox_setup notices = {.config = config,
                                            .policy_fd = server->fds->policy,
                                            .words_fd = server->fds->notices,
                                            .places_count = MAX_CLIENTS};
    server->retention =
        (struct vt_register_retention){.days = {[VT_RETAIN_PASSED] = config->keep.passed_days,
                                                [VT_RETAIN_TAGGED] = config->keep.tagged_days,
                                                [VT_RETAIN_REFUSED] = config->keep.refused_days,
                                                [VT_RETAIN_SECRET] = config->keep.secret_days},
                                       .objects_days = config->keep.objects_days,
                                       .defer_days = DEFER_DAYS};
    enum vt_code code = vt_metrics_open(server->fds->metrics, VT_ROLE_REGISTRAR, server->fds->lane,
                                        NULL, &server->metrics, err);
    if (code == VT_OK)
        code = vt_sandbox_enter(&sandbox, err);
    if (code == VT_OK)
        code = vt_outbox_new(&notices, server->metrics, &server->outbox, err);
    if (code == VT_OK)
        code = vt_schedule_new(config, server->metrics, &server->schedule, err);
    if (code == VT_OK)
        code = vt_register_open(config->register_directory, &server->reg, err);
    if (code == VT_OK)
        code = record_start(server, err);
    if (code == VT_OK)
        code = vt_batch_new(&server->batch, config->largest_object_bytes, err);
    if (code == VT_OK)
        code = vt_server_new(&clients, &server->clients, err);
    return code;
}

int vt_registrar_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct vt_registrar_role *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return EX_OSERR;
    server->config = config;
    server->fds = fds;
    server->master = getppid();
    enum vt_code code = set_up(server, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "the registrar cannot start: %s", err.text);
        status = code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
        goto done;
    }
    look_at_room(server);
    vt_role_ready(fds->control);
    while (!server->ending)
        turn(server);
    status = EX_OK;
done:
    vt_server_free(server->clients);
    vt_schedule_free(server->schedule);
    vt_outbox_free(server->outbox);
    vt_batch_free(&server->batch);
    vt_register_close(server->reg);
    vt_metrics_close(server->metrics);
    free(server);
    return status;
}
