/* SPDX-License-Identifier: Apache-2.0
 * Inside SMTP: smtp_session.c has the connection (libcurl), commands and answers; smtp.c the
 * transaction and what its end means. */
#ifndef VANTHU_COURIER_SMTP_SESSION_H
#define VANTHU_COURIER_SMTP_SESSION_H

#include <curl/curl.h>

#include "courier/smtp.h"

struct vt_smtp {
    struct vt_smtp_setup setup;
    CURL *easy; /* NULL: not connected */
    bool offers_dsn, offers_size;
    unsigned sent_count; /* messages of this connection */
    int64_t until_msecs; /* of the message under way; monotonic */
    bool is_stopping;

    /* While it connects. */
    bool is_first_line; /* of an answer to EHLO: a name, no capability */
    bool is_logged_in;  /* 235 */
    size_t heard_bytes;
    unsigned heard_code;
    char heard[VT_MAX_SMTP_LINE_BYTES + 1]; /* the last line */
    char error[CURL_ERROR_SIZE];

    /* Received and not yet read. */
    char input[VT_MAX_SMTP_ANSWER_BYTES];
    size_t input_len;
};

struct vt_smtp_answer {
    unsigned code;
    char text[VT_MAX_NOTICE_ANSWER_BYTES + 1]; /* "5.1.1 …", its lines in one, cleaned */
};

/* Connect, begin TLS, authenticate. VT_OK: the session serves. Any other: *out says why, a fault of
 * the relay. */
enum vt_code vt_smtp_open(struct vt_smtp *smtp, struct vt_smtp_end *out,
                          struct vt_err *err) VT_MUST_CHECK;
/* Without a word. */
void vt_smtp_close(struct vt_smtp *smtp);

/* Send all of it. *out_sent: how much was handed over. VT_E_TIMEOUT, VT_E_NETWORK. */
enum vt_code vt_smtp_write(struct vt_smtp *smtp, struct vt_bytes bytes, size_t *out_sent,
                           struct vt_err *err) VT_MUST_CHECK;
/* The next answer, whole. VT_E_TIMEOUT, VT_E_NETWORK; VT_E_FORMAT, VT_E_LIMIT: not an answer. */
enum vt_code vt_smtp_read(struct vt_smtp *smtp, struct vt_smtp_answer *out,
                          struct vt_err *err) VT_MUST_CHECK;

#endif
