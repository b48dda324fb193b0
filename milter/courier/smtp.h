/* SPDX-License-Identifier: Apache-2.0
 * Bounded SMTP (RFC 5321) to one relay: one message to one recipient from the empty sender, several
 * in a row over one connection. libcurl connects, begins TLS and authenticates; the transaction is
 * spoken here, because only so the parameters of RFC 3461 go along, each answer is known with the
 * command that it answers, and a connection that ends can be told from one that ends after the
 * message, when the relay may have taken it (RFC 1047). */
#ifndef VANTHU_COURIER_SMTP_H
#define VANTHU_COURIER_SMTP_H

#include "vanthu/config.h"
#include "vanthu/registrar.h"

/* All answers until a session serves, and one answer after that; real ones have a few hundred. */
#define VT_MAX_SMTP_ANSWER_BYTES (16u * 1024)
/* RFC 5321 4.5.3.1.5 says 512, real servers write more. */
#define VT_MAX_SMTP_LINE_BYTES 2000
#define VT_MAX_SMTP_PASSWORD_BYTES 512

/* How the relay is reached; borrowed. */
struct vt_smtp_setup {
    const struct vt_config_notices *relay;
    const char *hello;     /* the name of EHLO: config->hostname */
    int64_t connect_msecs; /* until the session serves */
    int64_t total_msecs;   /* of one message, connection included */
    /* When it becomes readable there is an end to come: connecting is given up, and a message that
     * was begun has stop_msecs left. -1: none. */
    int stop_fd;
    int64_t stop_msecs;
};

/* What came of one attempt. */
struct vt_smtp_end {
    enum vt_delivery delivery;
    bool maybe_sent;       /* with DEFERRED: the relay may have taken it */
    bool is_relay_fault;   /* nothing of this message: the next one would meet the same */
    bool is_login_refused; /* user and password: asking often may lock them */
    unsigned code;         /* SMTP; 0: no answer */
    char queue_id[VT_MAX_NOTICE_QUEUE_ID_BYTES + 1];
    char text[VT_MAX_NOTICE_ANSWER_BYTES + 1]; /* the answer without its code, or why; cleaned */
};

struct vt_smtp_message {
    const char *recipient;
    const char *envid;     /* ASCII; NULL: none */
    struct vt_bytes bytes; /* RFC 5322: ASCII, lines of at most 998 bytes that end in CRLF */
};

/* ---- what may be sent (smtp_text.c) ---- */

/* RFC 5321 4.1.2: nothing that would end the command. */
bool vt_smtp_is_address(const char *address);
/* RFC 5322 2.1, 2.1.1: no bare CR or LF, no NUL, so that no server sees other lines than we do. */
bool vt_smtp_is_message(struct vt_bytes message);
/* RFC 5321 4.5.2: a line that begins with a dot gets another one, and the dot that ends it all. */
enum vt_code vt_smtp_stuff(struct vt_bytes message, struct vt_buf *out,
                           struct vt_err *err) VT_MUST_CHECK;
/* RFC 3461 4. VT_E_LIMIT. */
enum vt_code vt_smtp_xtext(const char *text, char *out, size_t out_bytes,
                           struct vt_err *err) VT_MUST_CHECK;
/* The relay's name for what it took, as Postfix ("queued as ID") and Sendmail ("ID Message
 * accepted") say it; "" when it says none. */
void vt_smtp_queue_id(const char *answer, char *out, size_t out_bytes);
/* The first line of a file that belongs to this process and is open to nobody else. out is wiped by
 * the caller. VT_E_CONFIG. */
enum vt_code vt_smtp_password(const char *file, char out[VT_MAX_SMTP_PASSWORD_BYTES + 1],
                              struct vt_err *err) VT_MUST_CHECK;

/* ---- a session (smtp.c, smtp_session.c) ---- */

struct vt_smtp;

/* Nothing is connected yet. VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_smtp_new(const struct vt_smtp_setup *setup, struct vt_smtp **out,
                         struct vt_err *err) VT_MUST_CHECK;
/* Send one message, over the session that is there or a new one. *out is filled in any case. */
void vt_smtp_send(struct vt_smtp *smtp, const struct vt_smtp_message *message,
                  struct vt_smtp_end *out);
/* Say QUIT and leave. Nothing happens when nothing is connected. */
void vt_smtp_quit(struct vt_smtp *smtp);
/* NULL is allowed. */
void vt_smtp_free(struct vt_smtp *smtp);

#endif
