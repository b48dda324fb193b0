/* SPDX-License-Identifier: Apache-2.0
 * One message in one SMTP transaction, and what its end means. Without certainty that the relay has
 * it, it is not sent; where nobody can know, that is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "courier/smtp_session.h"
#include "vanthu/clock.h"

/* Of one connection; a relay may count. */
#define MAX_MESSAGES 100
#define MAX_COMMAND_BYTES 1024
/* A goodbye is not waited for long. */
#define QUIT_MSECS 500

enum stage { STAGE_MAIL = 0, STAGE_RCPT, STAGE_DATA, STAGE_END };
static const char *const stage_names[] = {"MAIL FROM", "RCPT TO", "DATA", "the end of DATA"};

enum vt_code vt_smtp_new(const struct vt_smtp_setup *setup, struct vt_smtp **out,
                         struct vt_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return vt_err_set(err, VT_E_SYSTEM, "libcurl cannot be initialised");
    struct vt_smtp *smtp = calloc(1, sizeof(*smtp));
    if (smtp == NULL) {
        curl_global_cleanup();
        return vt_err_set(err, VT_E_NOMEM, "no memory for SMTP");
    }
    smtp->setup = *setup;
    *out = smtp;
    return VT_OK;
}

void vt_smtp_free(struct vt_smtp *smtp)
{
    if (smtp == NULL)
        return;
    vt_smtp_close(smtp);
    free(smtp);
    curl_global_cleanup();
}

/* ---- ends ---- */

static void lost(struct vt_smtp *smtp, enum stage stage, const struct vt_err *err,
                 struct vt_smtp_end *out)
{
    *out = (struct vt_smtp_end){.delivery = VT_DELIVERY_DEFERRED, .is_relay_fault = true};
    (void)snprintf(out->text, sizeof(out->text), "%s: %.300s (at %s)", smtp->setup.relay->relay,
                   err->text, stage_names[stage]);
    vt_smtp_close(smtp);
}

/* RFC 5321 4.2.1, RFC 4954 6: 421 ends the session; 50x and 53x are about us and the session, and
 * so is MAIL FROM:<>, but for the size that goes along; all of that is no fault of this message and
 * its recipient. */
static bool is_about_session(enum stage stage, unsigned code)
{
    return code == 421 || (code >= 500 && code <= 504) || (code >= 530 && code <= 539) ||
           (stage == STAGE_MAIL && code != 552);
}

static void refused(struct vt_smtp *smtp, enum stage stage, const struct vt_smtp_answer *answer,
                    struct vt_smtp_end *out)
{
    bool is_odd = answer->code < 400; /* something else than what was asked for */
    bool is_session = is_odd || is_about_session(stage, answer->code);
    *out = (struct vt_smtp_end){
        .delivery = !is_session && answer->code >= 500 ? VT_DELIVERY_FAILED : VT_DELIVERY_DEFERRED,
        .is_relay_fault = is_session,
        .maybe_sent = is_odd && stage == STAGE_END,
        .code = answer->code};
    (void)snprintf(out->text, sizeof(out->text), "%.440s (in reply to %s)", answer->text,
                   stage_names[stage]);
    if (is_odd || answer->code == 421)
        vt_smtp_close(smtp);
}

/* ---- the transaction ---- */

/* Send a command and read its answer; true when it has the wanted first digit. */
static bool ask(struct vt_smtp *smtp, enum stage stage, const char *command, unsigned wanted,
                struct vt_smtp_end *out)
{
    struct vt_smtp_answer answer;
    struct vt_err err = {0};
    size_t sent = 0;
    enum vt_code code = vt_smtp_write(smtp, vt_bytes_str(command), &sent, &err);
    if (code == VT_OK)
        code = vt_smtp_read(smtp, &answer, &err);
    if (code != VT_OK)
        lost(smtp, stage, &err, out);
    else if (answer.code / 100 != wanted)
        refused(smtp, stage, &answer, out);
    return code == VT_OK && answer.code / 100 == wanted;
}

/* RFC 3461 4.3, 4.4: of a report only the headers; RFC 1870. */
static bool mail_from(struct vt_smtp *smtp, const struct vt_smtp_message *message,
                      struct vt_smtp_end *out)
{
    char command[MAX_COMMAND_BYTES], dsn[400] = "", size[40] = "", envid[330];
    if (smtp->offers_dsn && message->envid != NULL &&
        vt_smtp_xtext(message->envid, envid, sizeof(envid), NULL) == VT_OK)
        (void)snprintf(dsn, sizeof(dsn), " RET=HDRS ENVID=%s", envid);
    if (smtp->offers_size)
        (void)snprintf(size, sizeof(size), " SIZE=%zu", message->bytes.len);
    (void)snprintf(command, sizeof(command), "MAIL FROM:<>%s%s\r\n", size, dsn);
    return ask(smtp, STAGE_MAIL, command, 2, out);
}

/* RFC 3461 4.1: nobody could get a report about a message from the empty sender. */
static bool rcpt_to(struct vt_smtp *smtp, const struct vt_smtp_message *message,
                    struct vt_smtp_end *out)
{
    char command[MAX_COMMAND_BYTES];
    (void)snprintf(command, sizeof(command), "RCPT TO:<%s>%s\r\n", message->recipient,
                   smtp->offers_dsn ? " NOTIFY=NEVER" : "");
    return ask(smtp, STAGE_RCPT, command, 2, out);
}

/* A relay that has heard enough may say so before the end. */
static bool was_told(struct vt_smtp *smtp, struct vt_smtp_answer *out)
{
    return vt_smtp_read(smtp, out, NULL) == VT_OK && out->code >= 400;
}

static void hand_over(struct vt_smtp *smtp, struct vt_bytes stuffed, struct vt_smtp_end *out)
{
    struct vt_smtp_answer answer;
    struct vt_err err = {0};
    size_t sent = 0;
    enum vt_code code = vt_smtp_write(smtp, stuffed, &sent, &err);
    if (code == VT_E_NETWORK && was_told(smtp, &answer))
        code = VT_OK;
    else if (code == VT_OK)
        code = vt_smtp_read(smtp, &answer, &err);
    if (code != VT_OK) {
        lost(smtp, STAGE_END, &err, out);
        out->maybe_sent = sent == stuffed.len;
    } else if (answer.code / 100 != 2) {
        refused(smtp, STAGE_END, &answer, out);
    } else {
        *out = (struct vt_smtp_end){.delivery = VT_DELIVERY_SENT, .code = answer.code};
        (void)snprintf(out->text, sizeof(out->text), "%s", answer.text);
        vt_smtp_queue_id(answer.text, out->queue_id, sizeof(out->queue_id));
    }
}

/* False: the session ended before it answered anything of this message. */
static bool transact(struct vt_smtp *smtp, const struct vt_smtp_message *message,
                     struct vt_bytes stuffed, struct vt_smtp_end *out)
{
    if (!mail_from(smtp, message, out))
        return smtp->easy != NULL;
    if (rcpt_to(smtp, message, out) && ask(smtp, STAGE_DATA, "DATA\r\n", 3, out))
        hand_over(smtp, stuffed, out);
    return true;
}

/* What was refused in the middle is over for the relay, too. */
static void tidy(struct vt_smtp *smtp, const struct vt_smtp_end *end)
{
    struct vt_smtp_end unused;
    if (smtp->easy == NULL)
        return;
    if (++smtp->sent_count >= MAX_MESSAGES)
        vt_smtp_quit(smtp);
    else if (end->delivery != VT_DELIVERY_SENT && !ask(smtp, STAGE_MAIL, "RSET\r\n", 2, &unused))
        vt_smtp_close(smtp);
}

static void send_stuffed(struct vt_smtp *smtp, const struct vt_smtp_message *message,
                         struct vt_bytes stuffed, struct vt_smtp_end *out)
{
    struct vt_err err = {0};
    bool is_over = false;
    for (unsigned tries = 0; tries < 2 && !is_over; tries++) {
        bool is_used = smtp->easy != NULL;
        if (!is_used && vt_smtp_open(smtp, out, &err) != VT_OK)
            return;
        /* A session that was left open may have ended meanwhile, and a new one is made. */
        is_over = transact(smtp, message, stuffed, out) || !is_used;
    }
    tidy(smtp, out);
}

void vt_smtp_send(struct vt_smtp *smtp, const struct vt_smtp_message *message,
                  struct vt_smtp_end *out)
{
    struct vt_buf stuffed;
    struct vt_err err = {0};
    *out = (struct vt_smtp_end){.delivery = VT_DELIVERY_FAILED};
    smtp->until_msecs = vt_clock_monotonic_msecs() + smtp->setup.total_msecs;
    smtp->is_stopping = false;
    vt_buf_init(&stuffed, 2 * (size_t)VT_MAX_NOTICE_BYTES + 8);
    if (!vt_smtp_is_address(message->recipient))
        (void)snprintf(out->text, sizeof(out->text), "this address is none that SMTP can carry");
    else if (!vt_smtp_is_message(message->bytes) || message->bytes.len > VT_MAX_NOTICE_BYTES)
        (void)snprintf(out->text, sizeof(out->text), "the notice has lines that SMTP cannot carry");
    else if (vt_smtp_stuff(message->bytes, &stuffed, &err) != VT_OK)
        *out = (struct vt_smtp_end){.is_relay_fault = true, .text = "no memory for a message"};
    else
        send_stuffed(smtp, message, vt_buf_bytes(&stuffed), out);
    vt_buf_clear(&stuffed);
}

void vt_smtp_quit(struct vt_smtp *smtp)
{
    struct vt_smtp_end unused;
    if (smtp->easy == NULL)
        return;
    smtp->until_msecs = vt_clock_monotonic_msecs() + QUIT_MSECS;
    (void)ask(smtp, STAGE_MAIL, "QUIT\r\n", 2, &unused);
    vt_smtp_close(smtp);
}
