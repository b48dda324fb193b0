/* SPDX-License-Identifier: Apache-2.0
 * The outbox: setting up, what comes round, requests of post and command. */
#include "register/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "register/messages.h"
#include "register/outbox_internal.h"
#include "vanthu/log.h"

/* What one turn of the registrar does at most, so that no mail waits for notices. */
#define WRITES_PER_TURN 4
#define ENDS_PER_TURN 10
/* Under load the registrar goes round many times a second. */
#define TURN_MSECS 100
#define COUNT_MSECS 1000
#define EXPIRE_MSECS 1000
#define TOLD_MSECS 60000
/* Post asks again at the latest after so long: what is owed at once is not there yet. */
#define LONGEST_WAIT_MSECS 2000
#define SHORTEST_WAIT_MSECS 200
/* What the relay may have taken is tried again more slowly: one that loses its last answer each
 * time would have the receiver get the same a hundred times in five days. */
#define DOUBT_FACTOR 12
/* In one turn: each is a record. The next question takes back the next ones. */
#define MAX_TAKEN_BACK 16
#define ARENA_BYTES ((size_t)2 * 1024 * 1024)

/* ---- setting up ---- */

static enum vt_code load_policy(struct vt_outbox *outbox, int fd, struct vt_err *err)
{
    struct vt_mistakes mistakes;
    struct vt_bytes bundle;
    if (fd < 0)
        return VT_OK;
    enum vt_code code = vt_memfd_map(fd, VT_MAX_BUNDLE_BYTES, &bundle, err);
    if (code != VT_OK)
        return code;
    vt_mistakes_init(&mistakes);
    code = vt_policy_parse_bundle(bundle, outbox->config->policy_file, &outbox->policy, &mistakes,
                                  err);
    vt_memfd_unmap(bundle);
    vt_mistakes_clear(&mistakes);
    return code;
}

static enum vt_code parse_words(struct vt_outbox *outbox, struct vt_bytes bundle,
                                struct vt_err *err)
{
    struct vt_mistakes mistakes;
    const char *name = outbox->config->notices.directory;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_notice_words_parse(bundle, name != NULL ? name : "notices",
                                              &outbox->words, &mistakes, err);
    vt_mistakes_clear(&mistakes);
    return code;
}

static enum vt_code load_words(struct vt_outbox *outbox, int fd, struct vt_err *err)
{
    struct vt_bytes bundle;
    struct vt_buf built_in;
    if (fd >= 0) {
        enum vt_code code = vt_memfd_map(fd, VT_MAX_BUNDLE_BYTES, &bundle, err);
        if (code == VT_OK)
            code = parse_words(outbox, bundle, err);
        vt_memfd_unmap(bundle);
        return code;
    }
    vt_buf_init(&built_in, VT_MAX_BUNDLE_BYTES);
    enum vt_code code = vt_notice_words_bundle(NULL, &built_in, err);
    if (code == VT_OK)
        code = parse_words(outbox, vt_buf_bytes(&built_in), err);
    vt_buf_clear(&built_in);
    return code;
}

enum vt_code vt_outbox_new(const struct vt_outbox_setup *setup, struct vt_metrics *metrics,
                           struct vt_outbox **out, struct vt_err *err)
{
    struct vt_outbox *outbox =
        calloc(1, sizeof(*outbox) + setup->places_count * sizeof(outbox->leases[0]));
    if (outbox == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for notices");
    outbox->config = setup->config;
    outbox->metrics = metrics;
    outbox->places_count = setup->places_count;
    enum vt_code code = load_policy(outbox, setup->policy_fd, err);
    if (code == VT_OK)
        code = load_words(outbox, setup->words_fd, err);
    if (code == VT_OK)
        *out = outbox;
    else
        vt_outbox_free(outbox);
    return code;
}

const struct vt_policy *vt_outbox_policy(const struct vt_outbox *outbox)
{
    return outbox->policy;
}

void vt_outbox_free(struct vt_outbox *outbox)
{
    if (outbox == NULL)
        return;
    vt_policy_free(outbox->policy);
    vt_notice_words_free(outbox->words);
    free(outbox);
}

bool vt_outbox_is_closed(const struct vt_outbox *outbox)
{
    return !outbox->config->notices.is_enabled || outbox->config->mode == VT_MODE_OBSERVE;
}

int64_t vt_outbox_retry_secs(const struct vt_outbox *outbox, unsigned attempts_count)
{
    int64_t longest = outbox->config->notices.retry_longest_msecs / 1000;
    int64_t secs = outbox->config->notices.retry_first_msecs / 1000;
    for (unsigned i = 0; i < attempts_count && secs < longest; i++)
        secs *= 2;
    return secs < longest ? secs : longest;
}

/* ---- ends ---- */

static enum vt_metric_notice_end metric_of(enum vt_queued_state state)
{
    switch (state) {
    case VT_QUEUED_SENT:
        return VT_NOTICES_SENT;
    case VT_QUEUED_EXPIRED:
        return VT_NOTICES_EXPIRED;
    case VT_QUEUED_DROPPED:
        return VT_NOTICES_DROPPED;
    case VT_QUEUED_LIMITED:
        return VT_NOTICES_LIMITED;
    case VT_QUEUED_UNANSWERED:
        return VT_NOTICES_UNANSWERED;
    default:
        return VT_NOTICES_FAILED;
    }
}

/* Of a failure, somebody has to know that nobody was told. */
static enum vt_log_level level_of(const struct vt_queued_end *end)
{
    bool is_alarm =
        end->state == VT_QUEUED_EXPIRED || (end->state == VT_QUEUED_FAILED && !end->was_tried);
    return is_alarm                          ? VT_LOG_ALERT
           : end->state == VT_QUEUED_FAILED  ? VT_LOG_WARNING
           : end->state == VT_QUEUED_LIMITED ? VT_LOG_WARNING
                                             : VT_LOG_INFO;
}

static void log_end(const struct vt_queued *owed, const struct vt_queued_end *end)
{
    const char *code = end->code != NULL ? end->code : owed->code;
    const char *text = end->text != NULL ? end->text : owed->text;
    vt_log(level_of(end), "notice %" PRId64 " (%.20s to %.200s, mail %s) %s: %s%s%.300s", owed->id,
           owed->kind, owed->recipient, owed->reference[0] != '\0' ? owed->reference : "-",
           vt_queued_state_name(end->state), code != NULL ? code : "", code != NULL ? " " : "",
           text != NULL ? text : "never tried");
}

enum vt_code vt_outbox_end(struct vt_outbox *outbox, struct vt_register *reg,
                           const struct vt_queued *owed, const struct vt_queued_end *end,
                           struct vt_err *err)
{
    bool is_done = false;
    enum vt_code code =
        vt_queued_finish(reg, owed->id, end, vt_clock_now_utc_secs(), &is_done, err);
    if (code == VT_OK && is_done) {
        vt_metric_add(outbox->metrics, VT_METRIC_NOTICES_ENDED, metric_of(end->state), 1);
        log_end(owed, end);
    }
    return code;
}

enum vt_code vt_outbox_take_back(struct vt_outbox *outbox, struct vt_register *reg,
                                 const struct vt_queued *owed, struct vt_err *err)
{
    const struct vt_queued_end end = {.state = VT_QUEUED_DROPPED,
                                      .text = "taken back before it was sent"};
    return vt_outbox_end(outbox, reg, owed, &end, err);
}

/* ---- what comes round ---- */

static enum vt_code expire_one(struct vt_outbox *outbox, struct vt_register *reg,
                               struct vt_err *err)
{
    int64_t now = vt_clock_now_utc_secs();
    int64_t longest = outbox->config->notices.expire_msecs / 1000;
    struct vt_queued owed;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    const struct vt_queued_end end = {.state = VT_QUEUED_EXPIRED};
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    enum vt_code code =
        vt_queued_expired(reg, arena, longest, vt_clock_is_synchronised(), now, &owed, err);
    if (code == VT_OK)
        code = vt_outbox_end(outbox, reg, &owed, &end, err);
    vt_arena_free(arena);
    return code;
}

/* Once in a while: the disk may be full for long. */
static void log_fault(struct vt_outbox *outbox, const char *what, const struct vt_err *err)
{
    int64_t now = vt_clock_monotonic_msecs();
    if (outbox->told_msecs != 0 && now - outbox->told_msecs < TOLD_MSECS)
        return;
    outbox->told_msecs = now;
    vt_log(VT_LOG_ERROR, "%s: %s", what, err->text);
}

/* Looks at all that waits, which may be much: not each time, unless there was something. */
static void expire(struct vt_outbox *outbox, struct vt_register *reg, int64_t now_msecs)
{
    struct vt_err err = {0};
    enum vt_code code = VT_OK;
    if (now_msecs - outbox->expired_msecs < EXPIRE_MSECS)
        return;
    for (unsigned i = 0; i < ENDS_PER_TURN && code == VT_OK; i++)
        code = expire_one(outbox, reg, &err);
    if (code != VT_OK)
        outbox->expired_msecs = now_msecs;
    if (code != VT_OK && code != VT_E_NOT_FOUND)
        log_fault(outbox, "notices that are too old stay", &err);
}

static void count(struct vt_outbox *outbox, struct vt_register *reg)
{
    static const enum vt_queued_state shown[VT_METRIC_NOTICE_STATES] = {
        [VT_NOTICES_WAITING] = VT_QUEUED_WAITING,
        [VT_NOTICES_READY] = VT_QUEUED_READY,
        [VT_NOTICES_SENDING] = VT_QUEUED_SENDING};
    struct vt_queued_counts counts;
    struct vt_err err = {0};
    int64_t now = vt_clock_monotonic_msecs();
    if (now - outbox->counted_msecs < COUNT_MSECS || vt_queued_count(reg, &counts, &err) != VT_OK)
        return;
    outbox->counted_msecs = now;
    for (unsigned i = 0; i < VT_METRIC_NOTICE_STATES; i++)
        vt_metric_set(outbox->metrics, VT_METRIC_NOTICES_OWED, i, counts.of[shown[i]]);
    vt_metric_set(outbox->metrics, VT_METRIC_NOTICES_OLDEST, 0,
                  counts.oldest_utc_secs == VT_TIME_NONE ? 0 : counts.oldest_utc_secs);
}

void vt_outbox_turn(struct vt_outbox *outbox, struct vt_register *reg)
{
    struct vt_err err = {0};
    int64_t now_msecs = vt_clock_monotonic_msecs();
    if (now_msecs - outbox->turned_msecs < TURN_MSECS || !vt_clock_is_sane(vt_clock_now_utc_secs()))
        return;
    outbox->turned_msecs = now_msecs;
    expire(outbox, reg, now_msecs);
    enum vt_code code = vt_outbox_is_closed(outbox) ? VT_E_NOT_FOUND : VT_OK;
    for (unsigned i = 0; i < WRITES_PER_TURN && code == VT_OK; i++)
        code = vt_outbox_write_one(outbox, reg, &err);
    if (code != VT_OK && code != VT_E_NOT_FOUND)
        log_fault(outbox, "notices wait", &err);
    count(outbox, reg);
}

/* ---- NOTICE_NEXT ---- */

static enum vt_code reply_none(struct vt_outbox *outbox, struct vt_register *reg,
                               struct vt_server *server, size_t client, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    int64_t next = VT_TIME_NONE, wait = LONGEST_WAIT_MSECS;
    enum vt_code code = vt_queued_next_time(reg, &next, err);
    if (code == VT_OK && next != VT_TIME_NONE) {
        int64_t left = (next - vt_clock_now_utc_secs()) * 1000;
        wait = left < SHORTEST_WAIT_MSECS ? SHORTEST_WAIT_MSECS : left < wait ? left : wait;
    }
    if (vt_outbox_is_closed(outbox))
        wait = VT_MAX_NOTICE_WAIT_MSECS;
    if (code == VT_OK)
        code = vt_notice_wait_to_json(wait, &text, &len, err);
    if (code == VT_OK)
        vt_server_reply(server, client, VT_MSG_NOTICE_NONE, vt_bytes_of(text, len), NULL, 0);
    free(text);
    return code;
}

static enum vt_code hand_over(struct vt_outbox *outbox, struct vt_server *server, size_t client,
                              const struct vt_queued *owed, struct vt_bytes message,
                              struct vt_err *err)
{
    struct vt_notice_handed handed = {.id = owed->id};
    char *text = NULL, matter[2 * sizeof(owed->matter) + 1];
    size_t len = 0;
    int fd = -1;
    (void)vt_text_hex(matter, vt_bytes_of(owed->matter, sizeof(owed->matter)));
    (void)snprintf(handed.recipient, sizeof(handed.recipient), "%s", owed->recipient);
    (void)snprintf(handed.envid, sizeof(handed.envid), "%" PRId64 ".%.24s", owed->id, matter);
    enum vt_code code = vt_notice_handed_to_json(&handed, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-notice", message, &fd, err);
    /* Before the answer: the client may go while it is given. */
    outbox->leases[client] = owed->id;
    if (code == VT_OK &&
        vt_server_hand(server, client, VT_MSG_NOTICE, vt_bytes_of(text, len), &fd, 1))
        vt_log(VT_LOG_DEBUG, "notice %" PRId64 " is being sent", owed->id);
    if (fd >= 0)
        (void)close(fd);
    free(text);
    return code;
}

/* The next one that still holds: what it says may have been taken back while it waited for the
 * relay. */
static enum vt_code lease(struct vt_outbox *outbox, struct vt_register *reg, struct vt_arena *arena,
                          struct vt_queued *out, struct vt_bytes *out_message, struct vt_err *err)
{
    bool is_overruled = true;
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < MAX_TAKEN_BACK && code == VT_OK && is_overruled; i++) {
        code = vt_queued_lease(reg, arena, vt_clock_now_utc_secs(), out, out_message, err);
        if (code == VT_OK)
            code = vt_queued_is_overruled(reg, out->id, &is_overruled, err);
        if (code == VT_OK && is_overruled)
            code = vt_outbox_take_back(outbox, reg, out, err);
    }
    return code == VT_OK && is_overruled ? VT_E_NOT_FOUND : code;
}

enum vt_code vt_outbox_next(struct vt_outbox *outbox, struct vt_register *reg,
                            struct vt_server *server, size_t client, struct vt_err *err)
{
    struct vt_queued owed;
    struct vt_bytes message;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    enum vt_code code = vt_outbox_is_closed(outbox) || vt_server_is_gone(server, client)
                            ? VT_E_NOT_FOUND
                            : lease(outbox, reg, arena, &owed, &message, err);
    if (code == VT_OK)
        code = hand_over(outbox, server, client, &owed, message, err);
    else if (code == VT_E_NOT_FOUND)
        code = reply_none(outbox, reg, server, client, err);
    vt_arena_free(arena);
    return code;
}

/* ---- NOTICE_DONE ---- */

/* The answer without its code, which stands by itself; with the relay's name for what it took. */
static void answer_text(const struct vt_notice_done *done, const char *code, char *out,
                        size_t out_bytes)
{
    size_t len = strlen(code);
    bool has_code = len > 0 && strncmp(done->text, code, len) == 0 && done->text[len] == ' ';
    bool has_id = done->queue_id[0] == '\0' || strstr(done->text, done->queue_id) != NULL;
    (void)snprintf(out, out_bytes, "%s%s%s%s", done->text + (has_code ? len + 1 : 0),
                   has_id ? "" : " (queue id ", has_id ? "" : done->queue_id, has_id ? "" : ")");
}

static enum vt_code keep_done(struct vt_outbox *outbox, struct vt_register *reg,
                              const struct vt_queued *owed, const struct vt_notice_done *done,
                              struct vt_err *err)
{
    char code_text[16] = "", text[VT_MAX_NOTICE_ANSWER_BYTES + VT_MAX_NOTICE_QUEUE_ID_BYTES + 32];
    int64_t now = vt_clock_now_utc_secs();
    if (done->smtp_code > 0)
        (void)snprintf(code_text, sizeof(code_text), "%u", done->smtp_code);
    answer_text(done, code_text, text, sizeof(text));
    const struct vt_queued_end end = {
        .state = done->delivery == VT_DELIVERY_SENT ? VT_QUEUED_SENT : VT_QUEUED_FAILED,
        .code = code_text[0] != '\0' ? code_text : NULL,
        .text = text,
        .was_tried = true};
    if (done->delivery != VT_DELIVERY_DEFERRED)
        return vt_outbox_end(outbox, reg, owed, &end, err);
    vt_log(VT_LOG_INFO, "notice %" PRId64 " is deferred: %s%s%s%s", owed->id, code_text,
           code_text[0] != '\0' ? " " : "", text,
           done->maybe_sent ? " (the relay may have taken it)" : "");
    int64_t wait = vt_outbox_retry_secs(outbox, owed->attempts_count);
    return vt_queued_deferred(reg, owed->id, end.code, text,
                              now + (done->maybe_sent ? DOUBT_FACTOR * wait : wait), now, err);
}

/* What became of it is known: the end of its connection gives nothing back. */
static void end_lease(struct vt_outbox *outbox, int64_t id)
{
    for (size_t i = 0; i < outbox->places_count; i++) {
        if (outbox->leases[i] == id)
            outbox->leases[i] = 0;
    }
}

enum vt_code vt_outbox_done(struct vt_outbox *outbox, struct vt_register *reg,
                            struct vt_server *server, size_t client,
                            const struct vt_message *message, struct vt_err *err)
{
    struct vt_notice_done done;
    struct vt_queued owed;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a notice");
    enum vt_code code =
        vt_notice_done_from_json(vt_bytes_of(message->body, message->body_len), &done, err);
    if (code == VT_OK)
        code = vt_queued_get(reg, arena, done.id, &owed, err);
    if (code == VT_OK)
        code = keep_done(outbox, reg, &owed, &done, err);
    else if (code == VT_E_NOT_FOUND)
        code = VT_OK; /* destroyed with its mail, meanwhile */
    if (code == VT_OK) {
        end_lease(outbox, done.id);
        vt_server_reply(server, client, VT_MSG_NOTICE_KEPT, (struct vt_bytes){0}, NULL, 0);
    }
    vt_arena_free(arena);
    return code;
}

/* ---- NOTICE_ORDER ---- */

enum vt_code vt_outbox_order(struct vt_outbox *outbox, struct vt_register *reg,
                             struct vt_server *server, size_t client,
                             const struct vt_message *message, struct vt_err *err)
{
    struct vt_notice_order order;
    char *text = NULL;
    size_t len = 0;
    int64_t changed = 0;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an order");
    enum vt_code code = vt_notice_order_from_json(
        arena, vt_bytes_of(message->body, message->body_len), &order, err);
    if (code == VT_OK)
        code = vt_queued_order(reg, order.order, order.id, order.by, order.why,
                               vt_clock_now_utc_secs(), &changed, err);
    if (code == VT_OK && order.order == VT_QUEUED_DROP)
        vt_metric_add(outbox->metrics, VT_METRIC_NOTICES_ENDED, VT_NOTICES_DROPPED, 1);
    if (code == VT_OK)
        code = vt_notice_ordered_to_json(changed, &text, &len, err);
    if (code == VT_OK)
        vt_server_reply(server, client, VT_MSG_NOTICE_ORDERED, vt_bytes_of(text, len), NULL, 0);
    free(text);
    vt_arena_free(arena);
    return code;
}

/* ---- connections ---- */

void vt_outbox_forget(struct vt_outbox *outbox, struct vt_register *reg, size_t client)
{
    struct vt_err err = {0};
    int64_t id = outbox->leases[client];
    outbox->leases[client] = 0;
    if (id != 0 && vt_queued_give_back(reg, id, vt_clock_now_utc_secs(), &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "notice %" PRId64 " is handed out again later: %s", id, err.text);
}
