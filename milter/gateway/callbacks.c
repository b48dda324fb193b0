/* SPDX-License-Identifier: Apache-2.0
 * One mail from the milter protocol: negotiate, connect, helo, MAIL, RCPT, headers, body, end of
 * message. A transaction ends at end of message, abort, close or the next MAIL; libmilter calls
 * no abort after a refusal, and may call close first, with nothing stored. */
#include "gateway/callbacks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/count.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

/* Set by vt_callbacks_describe before libmilter starts its threads. */
static struct vt_gateway *the_gateway;

static struct vt_session *session_of(SMFICTX *ctx)
{
    return the_gateway->api->get_private(ctx);
}

/* What a step returns: nothing at all where the MTA agreed not to wait. */
static sfsistat go_on(const struct vt_session *session, unsigned long no_reply_step)
{
    return session != NULL && (session->steps & no_reply_step) != 0 ? SMFIS_NOREPLY
                                                                    : SMFIS_CONTINUE;
}

static void copy_text(char *out, size_t out_bytes, const char *text)
{
    vt_text_clean(out, out_bytes, vt_bytes_str(text));
}

static void end_transaction(struct vt_session *session)
{
    if (session == NULL)
        return;
    vt_transaction_free(session->transaction);
    session->transaction = NULL;
}

static void end_session(SMFICTX *ctx)
{
    struct vt_session *session = session_of(ctx);
    if (session == NULL)
        return;
    end_transaction(session);
    if (session->is_connected) {
        atomic_fetch_sub(&the_gateway->sessions_count, 1);
        vt_metric_change(the_gateway->metrics, VT_METRIC_SESSIONS_OPEN, 0, -1);
    }
    the_gateway->api->set_private(ctx, NULL);
    free(session);
}

/* In observe mode no action is even asked for. */
static unsigned long wanted_actions(void)
{
    unsigned long body = the_gateway->config->seal_keys_count > 0 ? SMFIF_CHGBODY : 0;
    return the_gateway->config->mode == VT_MODE_OBSERVE
               ? SMFIF_SETSYMLIST
               : SMFIF_SETSYMLIST | SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | body;
}

/* Said once: what an old or oddly configured MTA makes impossible. */
static void log_degraded(unsigned long actions)
{
    if (the_gateway->config->mode == VT_MODE_OBSERVE ||
        atomic_exchange(&the_gateway->degraded_logged, true))
        return;
    bool wants_body = (wanted_actions() & SMFIF_CHGBODY) != 0;
    vt_log(VT_LOG_WARNING, "the MTA does not offer:%s%s%s%s",
           (actions & SMFIF_ADDHDRS) == 0 ? " adding headers (verdicts are not shown)" : "",
           (actions & SMFIF_CHGHDRS) == 0 ? " removing headers (forged verdicts stay)" : "",
           (actions & SMFIF_QUARANTINE) == 0 ? " quarantine (mail to be held is answered 451)" : "",
           wants_body && (actions & SMFIF_CHGBODY) == 0 ? " replacing bodies (no mail is sealed)"
                                                        : "");
}

#define WANTED_STEPS                                                                               \
    (SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC | SMFIP_NR_CONN | SMFIP_NR_HELO |          \
     SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

/* Postfix does not send {client_addr} unless asked. A list replaces that of the MTA, so it also
 * names what was in it; the lists for end of header and end of message are the same because
 * libmilter before 8.17.2 mixes them up. */
static void ask_macros(SMFICTX *ctx)
{
    static const struct {
        int stage;
        const char *names;
    } lists[] = {{SMFIM_CONNECT, "j {daemon_name} {daemon_addr} v _ {client_addr} {client_name}"},
                 {SMFIM_ENVFROM, "i {mail_addr} {mail_host} {mail_mailer} {auth_authen} "
                                 "{auth_type} {auth_author}"},
                 {SMFIM_EOH, "i"},
                 {SMFIM_EOM, "i"}};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (the_gateway->api->ask_macros(ctx, lists[i].stage, lists[i].names) != MI_SUCCESS)
            vt_log(VT_LOG_WARNING, "libmilter does not take the macros of stage %d",
                   lists[i].stage);
    }
}

/* Without memory for a session: the MTA does what it does without its milter, but in observe mode
 * the mail passes. Callbacks of no session answer every step. */
static sfsistat no_session(unsigned long *out_steps)
{
    *out_steps &= SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC;
    return the_gateway->config->mode == VT_MODE_OBSERVE ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
                             unsigned long unused_in2, unsigned long unused_in3,
                             unsigned long *out_actions, unsigned long *out_steps,
                             unsigned long *out2, unsigned long *out3)
{
    (void)unused_in2;
    (void)unused_in3;
    *out_actions = actions & wanted_actions();
    *out_steps = steps & WANTED_STEPS;
    *out2 = 0;
    *out3 = 0;
    end_session(ctx);
    struct vt_session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return no_session(out_steps);
    session->actions = *out_actions;
    session->steps = *out_steps;
    if (the_gateway->api->set_private(ctx, session) != MI_SUCCESS) {
        free(session);
        return no_session(out_steps);
    }
    if (*out_actions != wanted_actions())
        log_degraded(*out_actions);
    if ((*out_actions & SMFIF_SETSYMLIST) != 0)
        ask_macros(ctx);
    return SMFIS_CONTINUE;
}

static void address_text(const struct sockaddr *address, char *out, size_t out_bytes)
{
    out[0] = '\0';
    if (address == NULL)
        return;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, out, (socklen_t)out_bytes);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, out, (socklen_t)out_bytes);
    }
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
    struct vt_session *session = session_of(ctx);
    if (session == NULL)
        return SMFIS_CONTINUE;
    const struct vt_milter_api *api = the_gateway->api;
    const char *client_address = api->macro(ctx, "{client_addr}");
    const char *client_name = api->macro(ctx, "{client_name}");
    if (!session->is_connected) {
        atomic_fetch_add(&the_gateway->sessions_count, 1);
        vt_metric_add(the_gateway->metrics, VT_METRIC_SESSIONS, 0, 1);
        vt_metric_change(the_gateway->metrics, VT_METRIC_SESSIONS_OPEN, 0, 1);
    }
    session->is_connected = true;
    address_text(address, session->client_address, sizeof(session->client_address));
    if (session->client_address[0] == '\0' && client_address != NULL)
        copy_text(session->client_address, sizeof(session->client_address), client_address);
    copy_text(session->client_name, sizeof(session->client_name),
              client_name != NULL ? client_name : host);
    copy_text(session->daemon_name, sizeof(session->daemon_name), api->macro(ctx, "{daemon_name}"));
    return go_on(session, SMFIP_NR_CONN);
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
    struct vt_session *session = session_of(ctx);
    if (session != NULL)
        copy_text(session->helo, sizeof(session->helo), name);
    return go_on(session, SMFIP_NR_HELO);
}

/* The queue id is there at MAIL for mail that was not sent by SMTP and on Sendmail, else later. */
static void note_queue_id(SMFICTX *ctx, struct vt_transaction *transaction)
{
    if (transaction->mail.queue_id == NULL)
        transaction->mail.queue_id =
            vt_transaction_text(transaction, the_gateway->api->macro(ctx, "i"));
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
    struct vt_session *session = session_of(ctx);
    if (session == NULL)
        return SMFIS_CONTINUE;
    end_transaction(session);
    struct vt_transaction *transaction = vt_transaction_new(the_gateway, arguments[0]);
    session->transaction = transaction;
    if (transaction != NULL) {
        vt_front_begin(&transaction->front, &the_gateway->front_relays, session->client_address);
        const char *login = the_gateway->api->macro(ctx, "{auth_authen}");
        if (login != NULL && login[0] != '\0')
            transaction->mail.authenticated = vt_transaction_text(transaction, login);
        note_queue_id(ctx, transaction);
    }
    return go_on(session, SMFIP_NR_MAIL);
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
    struct vt_session *session = session_of(ctx);
    if (session != NULL && session->transaction != NULL)
        vt_transaction_recipient(session->transaction, arguments[0]);
    return go_on(session, SMFIP_NR_RCPT);
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    struct vt_session *session = session_of(ctx);
    if (session != NULL && session->transaction != NULL) {
        note_queue_id(ctx, session->transaction);
        vt_transaction_header(session->transaction, name, value,
                              (session->steps & SMFIP_HDR_LEADSPC) != 0);
    }
    return go_on(session, SMFIP_NR_HDR);
}

static sfsistat on_end_of_headers(SMFICTX *ctx)
{
    struct vt_session *session = session_of(ctx);
    if (session != NULL && session->transaction != NULL) {
        note_queue_id(ctx, session->transaction);
        vt_transaction_end_headers(session->transaction);
    }
    return go_on(session, SMFIP_NR_EOH);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
    struct vt_session *session = session_of(ctx);
    if (session != NULL && session->transaction != NULL)
        vt_transaction_body(session->transaction, vt_bytes_of(bytes, len));
    return go_on(session, SMFIP_NR_BODY);
}

/* What the MTA gets is told when it has it; without a decided record nobody wants to know. */
static void tell(const struct vt_session *session, const struct vt_judgement *judgement,
                 sfsistat status)
{
    static const struct vt_answer again = {.kind = VT_ANSWER_TEMPFAIL};
    if (judgement->is_recorded)
        vt_teller_add(&the_gateway->teller, session->transaction->mail.reference,
                      status == SMFIS_TEMPFAIL && judgement->answer.kind != VT_ANSWER_TEMPFAIL
                          ? &again
                          : &judgement->answer);
}

/* Make the changes and give the answer. */
static sfsistat carry_out(SMFICTX *ctx, struct vt_session *session,
                          const struct vt_judgement *judgement)
{
    struct vt_transaction *transaction = session->transaction;
    const struct vt_milter_api *api = the_gateway->api;
    bool passes =
        judgement->answer.kind == VT_ANSWER_ACCEPT || judgement->answer.kind == VT_ANSWER_HOLD;
    enum vt_code code = VT_OK;
    bool failed = false;
    if (judgement->is_inert)
        return SMFIS_CONTINUE;
    if (passes && (session->actions & SMFIF_CHGHDRS) != 0)
        code = vt_strip_remove(&transaction->strip, api, ctx);
    bool leading_space = (session->steps & SMFIP_HDR_LEADSPC) != 0;
    if (passes && code == VT_OK)
        code = vt_seal_change_headers(&judgement->sealed, leading_space, api, ctx);
    if (passes && code == VT_OK && (session->actions & SMFIF_ADDHDRS) != 0)
        code = vt_headers_add(&judgement->headers, leading_space, api, ctx);
    if (passes && code == VT_OK)
        code = vt_seal_replace_body(&judgement->sealed, api, ctx);
    sfsistat status =
        code == VT_OK ? vt_answer_give(&judgement->answer, api, ctx, &failed) : SMFIS_TEMPFAIL;
    if (code != VT_OK || failed)
        vt_log(VT_LOG_ERROR, "libmilter refused the answer: queue-id=%s reference=%s",
               transaction->mail.queue_id != NULL ? transaction->mail.queue_id : "-",
               transaction->mail.reference);
    return status;
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
    struct vt_session *session = session_of(ctx);
    bool is_inert = the_gateway->config->mode == VT_MODE_OBSERVE;
    if (session == NULL || session->transaction == NULL) {
        vt_log(VT_LOG_ERROR, "a mail was lost for want of memory; %s",
               is_inert ? "it passes unchecked" : "its sender is asked to come again");
        end_transaction(session);
        if (!is_inert)
            vt_metric_add(the_gateway->metrics, VT_METRIC_TEMPFAILS, VT_TEMPFAIL_INSPECTION, 1);
        return is_inert ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
    }
    struct vt_judgement judgement;
    int64_t begun_msecs = vt_clock_monotonic_msecs();
    atomic_fetch_add(&the_gateway->judging_count, 1);
    vt_metric_change(the_gateway->metrics, VT_METRIC_MAILS_JUDGED, 0, 1);
    note_queue_id(ctx, session->transaction);
    vt_judge(session, session->transaction, ctx, &judgement);
    sfsistat status = carry_out(ctx, session, &judgement);
    tell(session, &judgement, status);
    vt_count_mail(session->transaction, &judgement, status,
                  vt_clock_monotonic_msecs() - begun_msecs);
    vt_judgement_clear(&judgement);
    end_transaction(session);
    vt_metric_change(the_gateway->metrics, VT_METRIC_MAILS_JUDGED, 0, -1);
    atomic_fetch_sub(&the_gateway->judging_count, 1);
    return status;
}

static sfsistat on_abort(SMFICTX *ctx)
{
    end_transaction(session_of(ctx));
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
    end_session(ctx);
    return SMFIS_CONTINUE;
}

struct smfiDesc vt_callbacks_describe(struct vt_gateway *gateway)
{
    static char name[] = "vanthu";
    the_gateway = gateway;
    return (struct smfiDesc){.xxfi_name = name,
                             .xxfi_version = SMFI_VERSION,
                             .xxfi_flags = wanted_actions(),
                             .xxfi_connect = on_connect,
                             .xxfi_helo = on_helo,
                             .xxfi_envfrom = on_mail,
                             .xxfi_envrcpt = on_recipient,
                             .xxfi_header = on_header,
                             .xxfi_eoh = on_end_of_headers,
                             .xxfi_body = on_body,
                             .xxfi_eom = on_end_of_message,
                             .xxfi_abort = on_abort,
                             .xxfi_close = on_close,
                             .xxfi_negotiate = on_negotiate};
}
