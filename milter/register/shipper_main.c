/* SPDX-License-Identifier: Apache-2.0
 * The shipper: brings the records of this host to the central database, and back what other
 * gateways recorded. May: the folder of the register, the network to one server, the files that its
 * connection names. May not: mail, keys. No other role waits for it: when the database is away,
 * slow or full, records wait in the register, and it tries again. */
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "register/central.h"
#include "vanthu/log.h"
#include "vanthu/metrics.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define TURN_MSECS 1000
#define CONNECT_MSECS 5000
#define REPLY_MSECS 10000
#define FIRST_PAUSE_MSECS 1000
#define LONGEST_PAUSE_MSECS 30000
#define FORGET_MSECS (60 * 60 * 1000)
/* As the registrar forgets them here. */
#define DEFER_SECS (INT64_C(30) * 24 * 60 * 60)
#define FILES_BYTES (64u * 1024)
/* Of what others claimed, before records of this host are shipped again. */
#define BACK_ROUNDS 20
#define ADDRESS_SPACE_BYTES ((size_t)2 * 1024 * 1024 * 1024)
#define OPEN_FILES 64

enum state {
    STATE_STARTING = 0,
    STATE_SHIPPING,
    STATE_AWAY,    /* no connection, or it was too slow */
    STATE_REFUSED, /* user, password or database */
    STATE_FULL,    /* the server has no room, or is read-only */
    STATE_NEWER,   /* a schema of a newer version */
    STATE_FORKED,  /* the register here is not the one that was shipped */
    STATE_FAULTY,
    STATES
};
static const char *const state_words[STATES] = {"starting", "shipping", "away",   "refused",
                                                "full",     "newer",    "forked", "faulty"};

struct shipper {
    const struct vt_config *config;
    int control;
    struct vt_register *local, *central;
    struct vt_metrics *metrics;
    enum state state;
    char text[VT_ERR_TEXT_BYTES]; /* why it is so */
    int64_t changed_utc_secs;
    int64_t try_at_msecs, pause_msecs;
    int64_t forget_at_msecs;
    int64_t shipped_seq;
    struct vt_claim_key key;
    struct vt_ship_back back; /* of the last round */
    uint64_t unproven_count;  /* since the start */
    bool has_begun;           /* what was brought under another key is forgotten */
    bool ending;
};

/* ---- what is told ---- */

static enum state state_of(enum vt_code code)
{
    switch (code) {
    case VT_OK:
        return STATE_SHIPPING;
    case VT_E_NETWORK:
    case VT_E_TIMEOUT:
        return STATE_AWAY;
    case VT_E_CONFIG:
        return STATE_REFUSED;
    case VT_E_SYSTEM:
        return STATE_FULL;
    case VT_E_UNSUPPORTED:
        return STATE_NEWER;
    case VT_E_FORMAT:
        return STATE_FORKED;
    default:
        return STATE_FAULTY;
    }
}

/* Once for each change. */
static void enter_state(struct shipper *s, enum state state, const char *text)
{
    int64_t now = vt_clock_now_utc_secs();
    if (state == STATE_SHIPPING)
        text = "";
    (void)vt_text_clean(s->text, sizeof(s->text), vt_bytes_str(text));
    if (state == s->state)
        return;
    if (state == STATE_SHIPPING && s->state == STATE_STARTING)
        vt_log(VT_LOG_INFO, "records are shipped to the central database");
    else if (state == STATE_SHIPPING)
        vt_log(VT_LOG_INFO, "records are shipped to the central database again, after %lld s",
               (long long)(now - s->changed_utc_secs));
    else
        vt_log(VT_LOG_WARNING, "records wait for the central database, mail goes on (%s): %s",
               state_words[state], s->text);
    s->state = state;
    s->changed_utc_secs = now;
}

static json_t *time_json(int64_t utc_secs)
{
    return utc_secs == VT_TIME_NONE ? json_null() : json_integer(utc_secs);
}

/* To the master, for vanthu status; nobody waits for it. */
static void tell_master(struct shipper *s)
{
    int64_t waiting = 0, since = VT_TIME_NONE;
    struct vt_err err = {0};
    if (s->local != NULL &&
        vt_ship_waiting(s->local, s->shipped_seq, &waiting, &since, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "the register cannot be read: %s", err.text);
    vt_metric_set(s->metrics, VT_METRIC_CENTRAL_UP, 0, s->state == STATE_SHIPPING);
    vt_metric_set(s->metrics, VT_METRIC_CENTRAL_WAITING, 0, waiting);
    json_t *said =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:i, s:b, s:i, s:I}", "state",
                  state_words[s->state], "text", s->text, "changed",
                  (json_int_t)s->changed_utc_secs, "shipped", (json_int_t)s->shipped_seq, "waiting",
                  (json_int_t)waiting, "since", time_json(since), "other_versions",
                  (int)s->back.skipped_count, "brings_back", s->key.is_set, "unsigned_gateways",
                  (int)s->back.unsigned_count, "unproven", (json_int_t)s->unproven_count);
    char *text = said != NULL ? json_dumps(said, JSON_COMPACT) : NULL;
    json_decref(said);
    if (text != NULL && s->control >= 0 &&
        vt_wire_send(s->control, VT_MSG_SHIPPING, vt_bytes_str(text), NULL, 0, 0, &err) ==
            VT_E_PEER)
        s->ending = true;
    free(text);
}

/* ---- the work ---- */

static enum vt_code open_both(struct shipper *s, struct vt_err *err)
{
    const struct vt_postgres_link link = {.connection = s->config->register_central,
                                          .connect_msecs = CONNECT_MSECS,
                                          .reply_msecs = REPLY_MSECS,
                                          .interrupt_fd = s->control};
    enum vt_code code = VT_OK;
    if (s->local == NULL) {
        code = vt_register_open(s->config->register_directory, &s->local, err);
        if (code == VT_OK)
            code = vt_ship_last(s->local, &s->shipped_seq, err);
    }
    if (code == VT_OK && !s->has_begun)
        code = vt_ship_begin(s->local, &s->key, err);
    s->has_begun = s->has_begun || code == VT_OK;
    if (code != VT_OK || s->central != NULL)
        return code;
    code = vt_central_open_write(&link, vt_bytes_of(s->local->id, sizeof(s->local->id)),
                                 s->config->hostname, &s->central, err);
    if (code == VT_OK)
        code = vt_ship_check(s->local, s->central, err);
    return code == VT_OK ? vt_ship_sign_anew(s->local, s->central, &s->key, err) : code;
}

/* All that waits, batch by batch. */
static enum vt_code ship_all(struct shipper *s, struct vt_err *err)
{
    struct vt_tail tail = {0};
    int64_t before = -1;
    size_t count = 1;
    enum vt_code code = VT_OK;
    while (code == VT_OK && count > 0) {
        code = vt_ship_records(s->local, s->central, &s->key, &count, err);
        vt_metric_add(s->metrics, VT_METRIC_CENTRAL_RECORDS, 0, count);
        if (code == VT_OK)
            code = vt_register_tail(s->central, &tail, err);
        if (code == VT_OK && count > 0 && tail.seq <= before)
            code = vt_err_set(err, VT_E_SYSTEM,
                              "the central database does not keep what it says it took");
        before = code == VT_OK ? tail.seq : before;
        if (code == VT_OK && tail.seq != s->shipped_seq) {
            s->shipped_seq = tail.seq;
            code = vt_ship_note(s->local, s->config->hostname, tail.seq, err);
        }
        if (code == VT_OK && count > 0)
            tell_master(s);
    }
    return code == VT_OK ? vt_ship_heads(s->local, s->central, err) : code;
}

/* Somebody writes what no gateway said. */
static void note_unproven(struct shipper *s, uint64_t count)
{
    if (count == 0)
        return;
    if (s->unproven_count == 0)
        vt_log(VT_LOG_ALERT,
               "the central database says what no gateway signed: %llu first-seen times, defer "
               "clocks, notices or exceptions are not believed; who can write to it?",
               (unsigned long long)count);
    s->unproven_count += count;
    vt_metric_add(s->metrics, VT_METRIC_CENTRAL_UNPROVEN, 0, count);
}

static enum vt_code bring_back(struct shipper *s, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    bool is_more = true;
    for (unsigned round = 0; round < BACK_ROUNDS && code == VT_OK && is_more; round++) {
        code = vt_ship_back(s->local, s->central, &s->key, &s->back, err);
        note_unproven(s, s->back.unproven_count);
        is_more = s->back.is_more;
    }
    return code;
}

static enum vt_code forget(struct shipper *s, struct vt_err *err)
{
    int64_t now_msecs = vt_clock_monotonic_msecs(), now_utc_secs = vt_clock_now_utc_secs();
    if (now_msecs < s->forget_at_msecs || !vt_clock_is_sane(now_utc_secs))
        return VT_OK;
    s->forget_at_msecs = now_msecs + FORGET_MSECS;
    return vt_ship_forget(s->central, now_utc_secs - DEFER_SECS, err);
}

static void pause_work(struct shipper *s)
{
    s->try_at_msecs = vt_clock_monotonic_msecs() + s->pause_msecs;
    s->pause_msecs =
        2 * s->pause_msecs < LONGEST_PAUSE_MSECS ? 2 * s->pause_msecs : LONGEST_PAUSE_MSECS;
}

static void work(struct shipper *s)
{
    struct vt_err err = {0};
    if (vt_clock_left_msecs(s->try_at_msecs) > 0)
        return;
    enum vt_code code = open_both(s, &err);
    if (code == VT_OK)
        code = ship_all(s, &err);
    if (code == VT_OK)
        code = bring_back(s, &err);
    if (code == VT_OK)
        code = forget(s, &err);
    if (code == VT_E_PEER) /* broken off: the master has something to say */
        return;
    /* A lock that was not to be had is had the next time. */
    if (code != VT_E_BUSY)
        enter_state(s, state_of(code), err.text);
    if (code == VT_OK) {
        s->pause_msecs = FIRST_PAUSE_MSECS;
        return;
    }
    vt_register_close(s->central);
    s->central = NULL;
    pause_work(s);
}

/* ---- the loop ---- */

/* The master says nothing; end of file means that the role is to end. */
static void wait_for_turn(struct shipper *s)
{
    struct pollfd fds = {.fd = s->control, .events = POLLIN};
    struct vt_message message;
    struct vt_err err = {0};
    if (poll(&fds, 1, TURN_MSECS) <= 0 || fds.revents == 0)
        return;
    enum vt_code code = vt_wire_receive(s->control, &message, 0, 0, &err);
    if (code == VT_OK)
        vt_message_close(&message);
    s->ending = s->ending || (code != VT_OK && code != VT_E_TIMEOUT);
}

static enum vt_code enter_sandbox(const struct vt_config *config, struct vt_err *err)
{
    struct vt_sandbox sandbox = {.name = "shipper",
                                 .writable_directory = config->register_directory,
                                 .network = true,
                                 .address_space_bytes = ADDRESS_SPACE_BYTES,
                                 .open_files = OPEN_FILES};
    struct vt_arena *arena = vt_arena_new(FILES_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory");
    enum vt_code code = vt_central_files(arena, config->register_central, &sandbox.readable_files,
                                         &sandbox.readable_count, err);
    if (code == VT_OK)
        code = vt_sandbox_enter(&sandbox, err);
    vt_arena_free(arena);
    return code;
}

int vt_shipper_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    struct vt_err err = {0};
    struct shipper shipper = {.config = config,
                              .control = fds->control,
                              .pause_msecs = FIRST_PAUSE_MSECS,
                              .changed_utc_secs = vt_clock_now_utc_secs()};
    enum vt_code code =
        vt_metrics_open(fds->metrics, VT_ROLE_SHIPPER, fds->lane, NULL, &shipper.metrics, &err);
    if (code == VT_OK)
        code = vt_claim_key_read(config->register_peer_key, &shipper.key, &err);
    if (code == VT_OK)
        code = enter_sandbox(config, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "the shipper cannot start: %s", err.text);
        vt_metrics_close(shipper.metrics);
        return code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
    }
    vt_role_ready(fds->control);
    while (!shipper.ending) {
        work(&shipper);
        tell_master(&shipper);
        wait_for_turn(&shipper);
    }
    vt_register_close(shipper.central);
    vt_register_close(shipper.local);
    vt_metrics_close(shipper.metrics);
    return EX_OK;
}
