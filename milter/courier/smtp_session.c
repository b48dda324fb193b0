/* SPDX-License-Identifier: Apache-2.0
 * A session with the relay: libcurl brings it up to the point where mail may be handed over
 * (CURLOPT_CONNECT_ONLY: greeting, EHLO, STARTTLS, AUTH) and carries bytes afterwards. */
#include "courier/smtp_session.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vanthu/clock.h"

#define MAX_URL_BYTES 600

/* ---- callbacks of libcurl ---- */

static unsigned code_of(const char *line, size_t len)
{
    if (len < 3 || line[0] < '2' || line[0] > '5' || !isdigit((unsigned char)line[1]) ||
        !isdigit((unsigned char)line[2]) || (len > 3 && line[3] != ' ' && line[3] != '-'))
        return 0;
    return (unsigned)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

static bool is_word(const char *line, const char *word)
{
    size_t len = strlen(word);
    return strncasecmp(line, word, len) == 0 && (line[len] == '\0' || line[len] == ' ');
}

/* What was offered before TLS is forgotten: it may be somebody else's. */
static void note_line(struct vt_smtp *smtp)
{
    const char *said = strlen(smtp->heard) > 4 ? smtp->heard + 4 : "";
    smtp->heard_code = code_of(smtp->heard, strlen(smtp->heard));
    if (smtp->heard_code == 220) {
        smtp->offers_dsn = smtp->offers_size = false;
        smtp->is_first_line = true;
    } else if (smtp->heard_code == 250 && smtp->is_first_line) {
        smtp->is_first_line = false;
    } else if (smtp->heard_code == 250) {
        smtp->offers_dsn = smtp->offers_dsn || is_word(said, "DSN");
        smtp->offers_size = smtp->offers_size || is_word(said, "SIZE");
    } else if (smtp->heard_code == 235) {
        smtp->is_logged_in = true;
    }
}

static size_t on_line(char *bytes, size_t size, size_t count, void *context)
{
    struct vt_smtp *smtp = context;
    size_t len = size * count;
    smtp->heard_bytes += len;
    if (smtp->heard_bytes > VT_MAX_SMTP_ANSWER_BYTES)
        return 0;
    while (len > 0 && (bytes[len - 1] == '\r' || bytes[len - 1] == '\n'))
        len--;
    if (len > VT_MAX_SMTP_LINE_BYTES)
        len = VT_MAX_SMTP_LINE_BYTES;
    memcpy(smtp->heard, bytes, len);
    smtp->heard[len] = '\0';
    note_line(smtp);
    return size * count;
}

/* What is only being connected may be given up at once. */
static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    const struct vt_smtp *smtp = context;
    struct pollfd stop = {.fd = smtp->setup.stop_fd, .events = POLLIN};
    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    return poll(&stop, 1, 0) > 0 ? 1 : 0;
}

/* ---- connecting ---- */

static bool set_place(struct vt_smtp *smtp)
{
    char url[MAX_URL_BYTES];
    CURL *easy = smtp->easy;
    int len = snprintf(url, sizeof(url), "%s/%s", smtp->setup.relay->relay, smtp->setup.hello);
    return len > 0 && (size_t)len < sizeof(url) &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           /* The empty string keeps environment variables from choosing a proxy. */
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* Else giving up waits for the thread that asks a silent name server. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

static bool set_trust(struct vt_smtp *smtp, enum vt_relay_tls tls)
{
    CURL *easy = smtp->easy;
    const char *ca = smtp->setup.relay->tls_ca;
    bool is_required = tls == VT_RELAY_TLS_REQUIRED;
    long use = is_required                ? CURLUSESSL_ALL
               : tls == VT_RELAY_TLS_NONE ? CURLUSESSL_NONE
                                          : CURLUSESSL_TRY;
    return curl_easy_setopt(easy, CURLOPT_USE_SSL, use) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long)is_required) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, is_required ? 2L : 0L) == CURLE_OK &&
           (!is_required || curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                                             (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK) &&
           (ca == NULL || (curl_easy_setopt(easy, CURLOPT_CAINFO, ca) == CURLE_OK &&
                           curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static bool set_login(struct vt_smtp *smtp, const char *password)
{
    const char *user = smtp->setup.relay->user;
    return user == NULL || (curl_easy_setopt(smtp->easy, CURLOPT_USERNAME, user) == CURLE_OK &&
                            curl_easy_setopt(smtp->easy, CURLOPT_PASSWORD, password) == CURLE_OK &&
                            curl_easy_setopt(smtp->easy, CURLOPT_LOGIN_OPTIONS,
                                             "AUTH=PLAIN;AUTH=LOGIN") == CURLE_OK);
}

static bool set_bounds(struct vt_smtp *smtp)
{
    CURL *easy = smtp->easy;
    int64_t left = vt_clock_left_msecs(smtp->until_msecs);
    long msecs = (long)(left < smtp->setup.connect_msecs ? left : smtp->setup.connect_msecs);
    return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, msecs > 0 ? msecs : 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, smtp) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, smtp) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, smtp->error) == CURLE_OK;
}

void vt_smtp_close(struct vt_smtp *smtp)
{
    curl_easy_cleanup(smtp->easy);
    smtp->easy = NULL;
    smtp->input_len = 0;
    smtp->sent_count = 0;
}

static CURLcode connect_once(struct vt_smtp *smtp, enum vt_relay_tls tls, const char *password)
{
    vt_smtp_close(smtp);
    smtp->offers_dsn = smtp->offers_size = smtp->is_logged_in = false;
    smtp->heard_bytes = 0;
    smtp->heard_code = 0;
    smtp->heard[0] = smtp->error[0] = '\0';
    smtp->easy = curl_easy_init();
    if (smtp->easy == NULL || !set_place(smtp) || !set_trust(smtp, tls) ||
        !set_login(smtp, password) || !set_bounds(smtp))
        return CURLE_OUT_OF_MEMORY;
    return curl_easy_perform(smtp->easy);
}

/* What a relay says while it refuses stands last. */
static void explain(const struct vt_smtp *smtp, CURLcode result, struct vt_smtp_end *out)
{
    char why[CURL_ERROR_SIZE], said[VT_MAX_NOTICE_ANSWER_BYTES / 2];
    const char *relay = smtp->setup.relay->relay;
    bool is_refused = smtp->heard_code >= 400;
    (void)vt_text_clean(why, sizeof(why), vt_bytes_str(smtp->error));
    (void)vt_text_clean(said, sizeof(said), vt_bytes_str(smtp->heard));
    out->code = is_refused ? smtp->heard_code : 0;
    out->is_login_refused = result == CURLE_LOGIN_DENIED;
    if (result == CURLE_LOGIN_DENIED)
        (void)snprintf(out->text, sizeof(out->text), "%s does not let the user %s in: %s", relay,
                       smtp->setup.relay->user, said);
    else if (result == CURLE_USE_SSL_FAILED)
        (void)snprintf(out->text, sizeof(out->text),
                       "%s does not begin TLS, and notices.tls is required: %s", relay, said);
    else if (result == CURLE_PEER_FAILED_VERIFICATION)
        (void)snprintf(out->text, sizeof(out->text),
                       "the certificate of %s is not good for notices.tls: required: %s", relay,
                       why);
    else if (result == CURLE_OPERATION_TIMEDOUT)
        (void)snprintf(out->text, sizeof(out->text), "%s does not answer in time", relay);
    else if (result == CURLE_ABORTED_BY_CALLBACK)
        (void)snprintf(out->text, sizeof(out->text), "given up: the role is to end");
    else if (smtp->heard_bytes > VT_MAX_SMTP_ANSWER_BYTES)
        (void)snprintf(out->text, sizeof(out->text), "%s says too much", relay);
    else
        (void)snprintf(out->text, sizeof(out->text), "%s: %s", relay,
                       is_refused       ? said
                       : why[0] != '\0' ? why
                                        : curl_easy_strerror(result));
}

enum vt_code vt_smtp_open(struct vt_smtp *smtp, struct vt_smtp_end *out, struct vt_err *err)
{
    char password[VT_MAX_SMTP_PASSWORD_BYTES + 1] = "";
    const struct vt_config_notices *relay = smtp->setup.relay;
    *out = (struct vt_smtp_end){.is_relay_fault = true};
    if (relay->user != NULL && vt_smtp_password(relay->password_file, password, err) != VT_OK) {
        (void)vt_text_clean(out->text, sizeof(out->text), vt_bytes_str(err->text));
        return err->code;
    }
    CURLcode result = connect_once(smtp, relay->tls, password);
    /* Opportunistic: what cannot speak TLS gets what one without TLS would get (RFC 7435). */
    if (result == CURLE_SSL_CONNECT_ERROR && relay->tls == VT_RELAY_TLS_OPPORTUNISTIC)
        result = connect_once(smtp, VT_RELAY_TLS_NONE, password);
    explicit_bzero(password, sizeof(password));
    if (result == CURLE_OK && (relay->user == NULL || smtp->is_logged_in))
        return VT_OK;
    if (result == CURLE_OK)
        (void)snprintf(out->text, sizeof(out->text),
                       "%s offers neither AUTH PLAIN nor AUTH LOGIN, and notices.user is set",
                       relay->relay);
    else
        explain(smtp, result, out);
    vt_smtp_close(smtp);
    return vt_err_set(err, VT_E_NETWORK, "%s", out->text);
}

/* ---- bytes ---- */

/* A process that is to end does not wait as long as it otherwise would. */
static void note_stop(struct vt_smtp *smtp)
{
    int64_t until = vt_clock_monotonic_msecs() + smtp->setup.stop_msecs;
    smtp->is_stopping = true;
    smtp->until_msecs = until < smtp->until_msecs ? until : smtp->until_msecs;
}

static enum vt_code wait_for(struct vt_smtp *smtp, short events, struct vt_err *err)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(smtp->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD)
        return vt_err_set(err, VT_E_NETWORK, "the connection is lost");
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = fd, .events = events},
            {.fd = smtp->is_stopping ? -1 : smtp->setup.stop_fd, .events = POLLIN}};
        int left = vt_clock_left_msecs(smtp->until_msecs);
        if (left <= 0)
            return vt_err_set(err, VT_E_TIMEOUT, "no answer in time");
        if (poll(fds, 2, left) > 0 && fds[0].revents != 0)
            return VT_OK;
        if (fds[1].revents != 0)
            note_stop(smtp);
    }
}

enum vt_code vt_smtp_write(struct vt_smtp *smtp, struct vt_bytes bytes, size_t *out_sent,
                           struct vt_err *err)
{
    enum vt_code code = VT_OK;
    *out_sent = 0;
    /* An answer to what was not asked would be taken for that to what comes now. */
    if (smtp->input_len > 0)
        return vt_err_set(err, VT_E_FORMAT, "it answers what it was not asked");
    while (code == VT_OK && *out_sent < bytes.len) {
        size_t sent = 0;
        CURLcode result =
            curl_easy_send(smtp->easy, bytes.ptr + *out_sent, bytes.len - *out_sent, &sent);
        if (result == CURLE_AGAIN)
            code = wait_for(smtp, POLLOUT, err);
        else if (result != CURLE_OK)
            code = vt_err_set(err, VT_E_NETWORK, "the connection is lost");
        else
            *out_sent += sent;
    }
    return code;
}

/* ---- answers ---- */

static enum vt_code receive(struct vt_smtp *smtp, struct vt_err *err)
{
    for (;;) {
        size_t got = 0;
        CURLcode result = curl_easy_recv(smtp->easy, smtp->input + smtp->input_len,
                                         sizeof(smtp->input) - smtp->input_len, &got);
        if (result == CURLE_OK && got > 0) {
            smtp->input_len += got;
            return VT_OK;
        }
        if (result != CURLE_AGAIN)
            return vt_err_set(err, VT_E_NETWORK, "the connection is lost");
        enum vt_code code = wait_for(smtp, POLLIN, err);
        if (code != VT_OK)
            return code;
    }
}

/* One line without its end. */
static enum vt_code read_line(struct vt_smtp *smtp, char out[VT_MAX_SMTP_LINE_BYTES + 1],
                              size_t *out_len, struct vt_err *err)
{
    const char *end;
    while ((end = memchr(smtp->input, '\n', smtp->input_len)) == NULL) {
        if (smtp->input_len > VT_MAX_SMTP_LINE_BYTES)
            return vt_err_set(err, VT_E_LIMIT, "it writes a line of more than %d bytes",
                              VT_MAX_SMTP_LINE_BYTES);
        enum vt_code code = receive(smtp, err);
        if (code != VT_OK)
            return code;
    }
    size_t len = (size_t)(end - smtp->input), taken = len + 1;
    if (len > 0 && smtp->input[len - 1] == '\r')
        len--;
    if (len > VT_MAX_SMTP_LINE_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "it writes a line of more than %d bytes",
                          VT_MAX_SMTP_LINE_BYTES);
    memcpy(out, smtp->input, len);
    out[len] = '\0';
    *out_len = len;
    smtp->input_len -= taken;
    memmove(smtp->input, smtp->input + taken, smtp->input_len);
    return VT_OK;
}

enum vt_code vt_smtp_read(struct vt_smtp *smtp, struct vt_smtp_answer *out, struct vt_err *err)
{
    char line[VT_MAX_SMTP_LINE_BYTES + 1];
    struct vt_buf text;
    size_t len = 0, total = 0;
    bool is_last = false;
    enum vt_code code = VT_OK;
    *out = (struct vt_smtp_answer){0};
    vt_buf_init(&text, VT_MAX_SMTP_ANSWER_BYTES);
    while (code == VT_OK && !is_last) {
        code = read_line(smtp, line, &len, err);
        if (code != VT_OK)
            break;
        unsigned number = code_of(line, len);
        /* Its lines in one, without the code. */
        size_t skip = len <= 3 ? len : total == 0 ? 4 : 3;
        total += len + 1;
        is_last = len <= 3 || line[3] == ' ';
        if (len > 3)
            line[3] = ' ';
        if (number == 0 || (out->code != 0 && number != out->code))
            code = vt_err_set(err, VT_E_FORMAT, "it answers what no SMTP server does");
        else if (total > VT_MAX_SMTP_ANSWER_BYTES)
            code = vt_err_set(err, VT_E_LIMIT, "it says too much");
        else
            code = vt_buf_add(&text, line + skip, len - skip);
        out->code = number;
    }
    if (code == VT_OK)
        (void)vt_text_clean(out->text, sizeof(out->text), vt_buf_bytes(&text));
    vt_buf_clear(&text);
    return code;
}
