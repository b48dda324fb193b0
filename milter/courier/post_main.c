/* SPDX-License-Identifier: Apache-2.0
 * The role post: has the registrar hand out notices, gives them to one relay, tells the registrar
 * what became of each. May: its network, the password and certificates of the relay. May not: keys,
 * mail, files; it looks at nothing that it carries, but may have the sealer sign it. One notice at
 * a time: the registrar has its own limits, and a relay that is slow with one is no faster with
 * several. */
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "courier/sign.h"
#include "courier/smtp.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/metrics.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define CONNECT_MSECS 30000
/* RFC 5321 4.5.3.2 has 10 minutes for the last answer alone; the registrar waits
 * VT_NOTICE_LEASE_SECS for all of it. */
#define TOTAL_MSECS 300000
/* When the role is to end: less than the master waits for a mail under way. */
#define STOP_MSECS 10000
#define REGISTRAR_MSECS 10000
/* A registrar that died is there again soon, its connections wait in the channel. */
#define REGISTRAR_PAUSE_MSECS 500
/* So that a busy registrar is not asked without end. */
#define SHORTEST_WAIT_MSECS 100
/* A relay that does not take the one notice does not take the others. */
#define FIRST_PAUSE_MSECS 2000
#define LONGEST_PAUSE_MSECS 60000
/* Many servers lock a user who fails often. */
#define LOGIN_PAUSE_MSECS 300000
#define SIGN_PAUSE_MSECS 2000
#define SIGN_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define ADDRESS_SPACE_BYTES ((size_t)1024 * 1024 * 1024)
#define OPEN_FILES 64

_Static_assert(VT_METRIC_DELIVERIES == VT_DELIVERIES, "one number for each outcome");

struct post {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_smtp *smtp;
    struct vt_signing *signing; /* NULL: notices are not signed */
    struct vt_metrics *metrics;
    int64_t pause_msecs; /* after the last fault of the relay; 0: there was none */
    bool is_registrar_away;
    bool ending;
};

static struct vt_registrar registrar_of(const struct post *post)
{
    return (struct vt_registrar){.channel_fd = post->fds->record,
                                 .connection_fd = -1,
                                 .deadline_msecs = vt_clock_monotonic_msecs() + REGISTRAR_MSECS};
}

/* The master says nothing; whatever comes means that the role is to end. */
static void wait_msecs(struct post *post, int64_t msecs)
{
    struct pollfd fds = {.fd = post->fds->control, .events = POLLIN};
    if (poll(&fds, 1, (int)msecs) != 0)
        post->ending = true;
}

/* ---- the relay ---- */

static void log_end(const struct vt_notice_handed *handed, const struct vt_smtp_end *end)
{
    char recipient[VT_MAX_NOTICE_RECIPIENT_BYTES + 1], code[16] = "";
    enum vt_log_level level = end->delivery == VT_DELIVERY_SENT     ? VT_LOG_INFO
                              : end->delivery == VT_DELIVERY_FAILED ? VT_LOG_ERROR
                                                                    : VT_LOG_WARNING;
    (void)vt_text_clean(recipient, sizeof(recipient), vt_bytes_str(handed->recipient));
    if (end->code != 0)
        (void)snprintf(code, sizeof(code), "%u ", end->code);
    vt_log(level, "notice %lld to %s: %s%s: %s%s", (long long)handed->id, recipient,
           vt_delivery_name(end->delivery),
           end->maybe_sent ? ", though the relay may have taken it" : "", code, end->text);
}

static void count(struct post *post, const struct vt_smtp_end *end, int64_t begun_msecs)
{
    vt_metric_add(post->metrics, VT_METRIC_NOTICES, (unsigned)end->delivery, 1);
    vt_metric_observe(post->metrics, VT_METRIC_NOTICE_MSECS, 0,
                      vt_clock_monotonic_msecs() - begun_msecs);
}

static void note_relay(struct post *post, const struct vt_smtp_end *end)
{
    int64_t longer = post->pause_msecs == 0 ? FIRST_PAUSE_MSECS : 2 * post->pause_msecs;
    if (end->is_relay_fault == (post->pause_msecs == 0))
        vt_metric_set(post->metrics, VT_METRIC_RELAY_AWAY, 0,
                      end->is_relay_fault ? vt_clock_now_utc_secs() : 0);
    if (post->pause_msecs != 0 && !end->is_relay_fault)
        vt_log(VT_LOG_INFO, "the relay %s takes notices again", post->config->notices.relay);
    post->pause_msecs = !end->is_relay_fault           ? 0
                        : end->is_login_refused        ? LOGIN_PAUSE_MSECS
                        : longer < LONGEST_PAUSE_MSECS ? longer
                                                       : LONGEST_PAUSE_MSECS;
}

static void send_bytes(struct post *post, const struct vt_notice_handed *handed,
                       struct vt_bytes bytes, struct vt_smtp_end *out)
{
    const struct vt_smtp_message message = {.recipient = handed->recipient,
                                            .envid =
                                                handed->envid[0] != '\0' ? handed->envid : NULL,
                                            .bytes = bytes};
    vt_smtp_send(post->smtp, &message, out);
}

/* A key that is away for a moment is waited for. False: the role is to end first. */
static bool send_signed(struct post *post, const struct vt_notice_handed *handed,
                        struct vt_bytes bytes, struct vt_smtp_end *out)
{
    struct vt_bytes made = bytes;
    enum vt_signed is_signed;
    struct vt_arena *arena = vt_arena_new(SIGN_ARENA_BYTES);
    if (arena == NULL) {
        *out = (struct vt_smtp_end){.text = "no memory for a signature"};
        return true;
    }
    for (;;) {
        is_signed = vt_signing_try(post->signing, arena, handed->id, bytes, &made);
        if (is_signed != VT_SIGNED_LATER || post->ending)
            break;
        wait_msecs(post, SIGN_PAUSE_MSECS);
    }
    if (is_signed == VT_SIGNED_NOT)
        vt_metric_add(post->metrics, VT_METRIC_NOTICES_UNSIGNED, 0, 1);
    if (is_signed != VT_SIGNED_LATER)
        send_bytes(post, handed, made, out);
    vt_arena_free(arena);
    return is_signed != VT_SIGNED_LATER;
}

/* False: nothing came of it, and another post is to have it. */
static bool send_message(struct post *post, const struct vt_notice_handed *handed,
                         struct vt_smtp_end *out)
{
    struct vt_bytes bytes = {0};
    struct vt_err err = {0};
    bool is_over = true;
    if (vt_memfd_map(handed->message_fd, VT_MAX_NOTICE_BYTES, &bytes, &err) != VT_OK) {
        *out = (struct vt_smtp_end){.delivery = VT_DELIVERY_DEFERRED};
        (void)vt_text_clean(out->text, sizeof(out->text), vt_bytes_str(err.text));
        return true;
    }
    if (post->signing != NULL)
        is_over = send_signed(post, handed, bytes, out);
    else
        send_bytes(post, handed, bytes, out);
    vt_memfd_unmap(bytes);
    return is_over;
}

/* ---- the registrar ---- */

static void note_registrar(struct post *post, bool is_there, const struct vt_err *err)
{
    if (is_there && post->is_registrar_away)
        vt_log(VT_LOG_INFO, "the registrar is there again");
    else if (!is_there && !post->is_registrar_away)
        vt_log(VT_LOG_WARNING, "notices wait for the registrar: %s", err->text);
    post->is_registrar_away = !is_there;
}

/* What was sent and is not kept would be sent again: the registrar is told until it has it, or
 * another post was handed the notice long ago. */
static void tell(struct post *post, const struct vt_notice_handed *handed,
                 const struct vt_smtp_end *end)
{
    struct vt_notice_done done = {.id = handed->id,
                                  .delivery = end->delivery,
                                  .maybe_sent = end->maybe_sent,
                                  .smtp_code = end->code};
    int64_t until = vt_clock_monotonic_msecs() + VT_NOTICE_LEASE_SECS * INT64_C(1000);
    int64_t stop_until = 0;
    memcpy(done.queue_id, end->queue_id, sizeof(done.queue_id));
    memcpy(done.text, end->text, sizeof(done.text));
    for (;;) {
        struct vt_err err = {0};
        const struct vt_registrar registrar = registrar_of(post);
        enum vt_code code = vt_registrar_notice_done(&registrar, &done, &err);
        note_registrar(post, code == VT_OK, &err);
        if (code == VT_OK)
            return;
        if (!post->ending)
            wait_msecs(post, REGISTRAR_PAUSE_MSECS);
        else
            (void)poll(NULL, 0, REGISTRAR_PAUSE_MSECS);
        if (post->ending && stop_until == 0)
            stop_until = vt_clock_monotonic_msecs() + STOP_MSECS;
        until = stop_until != 0 && stop_until < until ? stop_until : until;
        if (vt_clock_left_msecs(until) == 0) {
            vt_log(VT_LOG_ERROR, "notice %lld: that it was %s is not recorded: %s",
                   (long long)done.id, vt_delivery_name(done.delivery), err.text);
            return;
        }
    }
}

/* How long until the next one is asked for. */
static int64_t handle_next(struct post *post)
{
    struct vt_notice_handed handed;
    struct vt_smtp_end end;
    struct vt_err err = {0};
    int64_t wait = 0, begun_msecs;
    const struct vt_registrar registrar = registrar_of(post);
    enum vt_code code = vt_registrar_notice_next(&registrar, &handed, &wait, &err);
    note_registrar(post, code == VT_OK || code == VT_E_NOT_FOUND, &err);
    if (code != VT_OK) {
        vt_smtp_quit(post->smtp);
        return code == VT_E_NOT_FOUND ? wait : REGISTRAR_PAUSE_MSECS;
    }
    begun_msecs = vt_clock_monotonic_msecs();
    if (send_message(post, &handed, &end)) {
        log_end(&handed, &end);
        count(post, &end, begun_msecs);
        note_relay(post, &end);
        tell(post, &handed, &end);
    }
    vt_registrar_notice_release(&handed);
    return post->pause_msecs;
}

/* ---- setting up ---- */

/* The folder of the password and not the file: it is put in place by rename(2) when it changes. */
static enum vt_code enter_sandbox(const struct vt_config *config, struct vt_err *err)
{
    const char *readable[2];
    size_t readable_count = 0;
    char *password = NULL;
    enum vt_code code = VT_OK;
    if (config->notices.tls_ca != NULL)
        readable[readable_count++] = config->notices.tls_ca;
    if (config->notices.password_file != NULL) {
        password = strdup(config->notices.password_file);
        if (password == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory");
        readable[readable_count++] = dirname(password);
    }
    const struct vt_sandbox sandbox = {.name = "post",
                                       .network = true,
                                       .readable_files = readable,
                                       .readable_count = readable_count,
                                       .address_space_bytes = ADDRESS_SPACE_BYTES,
                                       .open_files = OPEN_FILES};
    code = vt_sandbox_enter(&sandbox, err);
    free(password);
    return code;
}

static enum vt_code set_up(struct post *post, struct vt_err *err)
{
    const struct vt_smtp_setup setup = {.relay = &post->config->notices,
                                        .hello = post->config->hostname,
                                        .connect_msecs = CONNECT_MSECS,
                                        .total_msecs = TOTAL_MSECS,
                                        .stop_fd = post->fds->control,
                                        .stop_msecs = STOP_MSECS};
    enum vt_code code = vt_metrics_open(post->fds->metrics, VT_ROLE_POST, post->fds->lane, NULL,
                                        &post->metrics, err);
    if (code == VT_OK)
        code = enter_sandbox(post->config, err);
    if (code == VT_OK)
        code = vt_smtp_new(&setup, &post->smtp, err);
    return code == VT_OK ? vt_signing_new(post->config, post->fds->seal_notice,
                                          VT_SIGNING_PATIENCE_MSECS, &post->signing, err)
                         : code;
}

int vt_post_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    struct vt_err err = {0};
    struct post post = {.config = config, .fds = fds};
    if (set_up(&post, &err) != VT_OK) {
        vt_log(VT_LOG_ERROR, "post cannot start: %s", err.text);
        vt_smtp_free(post.smtp);
        vt_metrics_close(post.metrics);
        return err.code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
    }
    vt_role_ready(fds->control);
    wait_msecs(&post, 0);
    while (!post.ending) {
        int64_t wait = handle_next(&post);
        wait_msecs(&post,
                   wait > SHORTEST_WAIT_MSECS || post.smtp == NULL ? wait : SHORTEST_WAIT_MSECS);
    }
    vt_smtp_quit(post.smtp);
    vt_smtp_free(post.smtp);
    vt_signing_free(post.signing);
    vt_metrics_close(post.metrics);
    return EX_OK;
}
