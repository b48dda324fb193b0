/* SPDX-License-Identifier: Apache-2.0
 * The registrar: keeps the register. May: its folder. May not: network, mail, keys. One loop: what
 * is ready is taken, committed together, then answered; while it waits for the disk the next
 * records gather. */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/server.h"
#include "register/batch.h"
#include "register/looking.h"
#include "register/messages.h"
#include "register/outbox.h"
#include "register/rechecked.h"
#include "register/room.h"
#include "register/schedule.h"
#include "vanthu/log.h"
#include "vanthu/metrics.h"
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
#define LOOK_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define ADDRESS_SPACE_BYTES ((size_t)2 * 1024 * 1024 * 1024)
#define OPEN_FILES 1024

struct server {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_register *reg;
    struct vt_batch batch;
    struct vt_server *clients;
    struct vt_outbox *outbox;
    struct vt_schedule *schedule;
    int64_t schedule_at_msecs;
    struct vt_register_retention retention;
    struct vt_metrics *metrics;
    int64_t tend_at_msecs;
    int64_t stuck_utc_secs; /* since when nothing can be committed; 0: the last commit succeeded */
    int64_t probed_msecs;   /* when it was last tried */
    int64_t room_at_msecs;  /* when the disk is looked at again */
    pid_t master;
    int64_t master_gone_msecs; /* 0: it is there */
    bool ending;
};

/* ---- LOOK ---- */

static enum vt_code read_look(const struct vt_message *message, struct vt_arena *arena,
                              struct vt_look *out, struct vt_err *err)
{
    struct vt_bytes json;
    if (message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "register: nothing was asked for");
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_LOOK_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_look_from_json(arena, json, out, err);
    vt_memfd_unmap(json);
    return code;
}

static enum vt_code look(struct server *server, size_t client, const struct vt_message *message,
                         struct vt_err *err)
{
    struct vt_look asked;
    struct vt_looked looked = {0};
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    struct vt_arena *arena = vt_arena_new(LOOK_ARENA_BYTES);
    vt_metric_add(server->metrics, VT_METRIC_LOOKS, 0, 1);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for an answer");
    enum vt_code code = read_look(message, arena, &asked, err);
    if (code == VT_OK)
        code = vt_looking_answer(server->reg, arena, &asked, vt_clock_now_utc_secs(), &looked, err);
    if (code == VT_OK)
        code = vt_looked_to_json(&looked, asked.first_seen_count, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-looked", vt_bytes_of(text, len), &fd, err);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_LOOKED, (struct vt_bytes){0}, &fd, 1);
    if (fd >= 0)
        (void)close(fd);
    free(text);
    vt_arena_free(arena);
    return code;
}

/* ---- the commit ---- */

static void answer_record(struct server *server, size_t item)
{
    char *missing = vt_batch_missing(&server->batch, item);
    vt_server_reply(server->clients, (size_t)server->batch.items[item].client, VT_MSG_RECORDED,
                    vt_bytes_str(missing), NULL, 0);
    free(missing);
}

static void answer_batch(struct server *server)
{
    for (size_t i = 0; i < server->batch.count; i++) {
        const struct vt_batch_item *item = &server->batch.items[i];
        if (item->client >= 0 && item->is_done)
            answer_record(server, i);
        else if (item->client >= 0)
            vt_server_refuse(server->clients, (size_t)item->client, &item->err);
        else if (!item->is_done)
            vt_log(VT_LOG_WARNING, "an answer is not recorded: %s", item->err.text);
    }
}

static void count_commit(struct server *server, size_t records, bool good, int64_t begun_msecs)
{
    struct vt_metrics *metrics = server->metrics;
    server->stuck_utc_secs = good                         ? 0
                             : server->stuck_utc_secs > 0 ? server->stuck_utc_secs
                                                          : vt_clock_now_utc_secs();
    server->probed_msecs = vt_clock_monotonic_msecs();
    vt_metric_set(metrics, VT_METRIC_REGISTER_WRITABLE, 0, good);
    vt_metric_add(metrics, VT_METRIC_COMMITS, good ? VT_RESULT_OK : VT_RESULT_FAILED, 1);
    vt_metric_add(metrics, VT_METRIC_RECORDS, 0, records);
    vt_metric_observe(metrics, VT_METRIC_COMMIT_RECORDS, 0, (int64_t)records);
    vt_metric_observe(metrics, VT_METRIC_COMMIT_MSECS, 0, vt_clock_monotonic_msecs() - begun_msecs);
}

/* A record that is refused by itself is no fault of the register. */
static void count_batch(struct server *server, int64_t begun_msecs)
{
    size_t done = 0;
    bool good = true;
    for (size_t i = 0; i < server->batch.count; i++) {
        const struct vt_batch_item *item = &server->batch.items[i];
        done += item->is_done;
        good = good &&
               (item->is_done || item->err.code == VT_E_FORMAT || item->err.code == VT_E_LIMIT);
    }
    count_commit(server, done, good, begun_msecs);
}

static void commit(struct server *server)
{
    int64_t begun_msecs = vt_clock_monotonic_msecs();
    if (server->batch.count == 0)
        return;
    vt_batch_commit(&server->batch, server->reg);
    count_batch(server, begun_msecs);
    answer_batch(server);
    vt_batch_clear(&server->batch);
}

/* ---- RECORD and ANSWERED ---- */

/* Whoever hung up while the registrar was away has asked its sender to come again. */
static enum vt_code take_record(struct server *server, size_t client,
                                const struct vt_message *message, struct vt_err *err)
{
    if (vt_server_is_gone(server->clients, client))
        return VT_E_PEER;
    if (!vt_batch_has_room(&server->batch))
        commit(server);
    return vt_batch_take(&server->batch, message, (int)client, vt_clock_now_utc_secs(), err);
}

static enum vt_code take_answered(struct server *server, size_t client,
                                  const struct vt_message *message, struct vt_err *err)
{
    if (!vt_batch_has_room(&server->batch))
        commit(server);
    enum vt_code code = vt_batch_take(&server->batch, message, -1, vt_clock_now_utc_secs(), err);
    if (code == VT_OK)
        vt_server_close(server->clients, client);
    return code;
}

/* ---- what became known later ---- */

static enum vt_code take_rechecked(struct server *server, size_t client,
                                   const struct vt_message *message, struct vt_err *err)
{
    struct vt_rechecked rechecked;
    struct vt_arena *arena = vt_arena_new(LOOK_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a re-check");
    enum vt_code code = vt_rechecked_from_json(arena, vt_bytes_of(message->body, message->body_len),
                                               &rechecked, err);
    if (code == VT_OK)
        code = vt_rechecked_record(server->reg, server->config, vt_outbox_policy(server->outbox),
                                   &rechecked, vt_clock_now_utc_secs(), err);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_RECHECK_KEPT, (struct vt_bytes){0}, NULL,
                        0);
    vt_arena_free(arena);
    return code;
}

/* ---- heads ---- */

static enum vt_code take_head(struct server *server, size_t client,
                              const struct vt_message *message, struct vt_err *err)
{
    struct vt_register_head head;
    if (message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "register: a head came without its token");
    enum vt_code code =
        vt_head_from_json(vt_bytes_of(message->body, message->body_len), &head, err);
    if (code == VT_OK)
        code = vt_memfd_map(message->fds[0], VT_MAX_HEAD_TOKEN_BYTES, &head.token, err);
    if (code != VT_OK)
        return code;
    code = vt_register_head_add(server->reg, &head, err);
    vt_memfd_unmap(head.token);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_HEAD_KEPT, (struct vt_bytes){0}, NULL, 0);
    return code;
}

static enum vt_code take(void *context, size_t client, struct vt_message *message,
                         struct vt_err *err)
{
    struct server *server = context;
    switch (message->type) {
    case VT_MSG_LOOK:
        return look(server, client, message, err);
    case VT_MSG_RECORD:
        return take_record(server, client, message, err);
    case VT_MSG_ANSWERED:
        return take_answered(server, client, message, err);
    case VT_MSG_HEAD:
        return take_head(server, client, message, err);
    case VT_MSG_RECHECKED:
        return take_rechecked(server, client, message, err);
    case VT_MSG_NOTICE_NEXT:
        return vt_outbox_next(server->outbox, server->reg, server->clients, client, err);
    case VT_MSG_NOTICE_DONE:
        return vt_outbox_done(server->outbox, server->reg, server->clients, client, message, err);
    case VT_MSG_NOTICE_ORDER:
        return vt_outbox_order(server->outbox, server->reg, server->clients, client, message, err);
    default:
        return vt_err_set(err, VT_E_FORMAT, "register: a request that there is not");
    }
}

static void forget(void *context, size_t client)
{
    const struct server *server = context;
    if (!server->ending)
        vt_outbox_forget(server->outbox, server->reg, client);
}

/* ---- what comes round ---- */

/* One head each day, so that a later fault is known not to be older than that. */
static void keep_head(struct server *server, int64_t now_utc_secs)
{
    struct vt_err err = {0};
    if (vt_register_head_daily(server->reg, now_utc_secs, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the head of this day is not kept: %s", err.text);
}

/* Destroy what is old. */
static void retain(struct server *server, int64_t now_utc_secs, int64_t now_msecs)
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

static void tend(struct server *server)
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
static void keep_schedule(struct server *server)
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

static enum vt_code record_event(struct server *server, const char *what, const char *text,
                                 struct vt_err *err)
{
    const struct vt_register_event event = {.what = what, .text = text};
    struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = vt_clock_now_utc_secs(), .event = &event};
    int64_t begun_msecs = vt_clock_monotonic_msecs();
    enum vt_code code = vt_register_append(server->reg, &record, 1, err);
    count_commit(server, code == VT_OK, code == VT_OK, begun_msecs);
    return code;
}

/* Whether it can be written again is found out before the next mail does, which may be long in
 * coming, and how long it could not be is recorded. */
static void probe(struct server *server)
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
static void look_at_room(struct server *server)
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
static void note_master(struct server *server)
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

static void turn(struct server *server)
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
    commit(server);
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
static enum vt_code record_start(struct server *server, struct vt_err *err)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "version %s, mode %s", VT_VERSION,
                   vt_mode_name(server->config->mode));
    return record_event(server, "started", text, err);
}

static enum vt_code set_up(struct server *server, struct vt_err *err)
{
    const struct vt_config *config = server->config;
    const struct vt_sandbox sandbox = {.name = "registrar",
                                       .writable_directory = config->register_directory,
                                       .address_space_bytes = ADDRESS_SPACE_BYTES,
                                       .open_files = OPEN_FILES};
    const struct vt_server_setup clients = {.channel = server->fds->record,
                                            .places_count = MAX_CLIENTS,
                                            .take = take,
                                            .forget = forget,
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
    struct server *server = calloc(1, sizeof(*server));
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
