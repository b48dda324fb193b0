/* SPDX-License-Identifier: Apache-2.0
 * A notice as a message: header, then
 *   multipart/report (RFC 6522)       of what was refused, held or returned
 *     multipart/mixed                 its first part may be of any kind
 *       multipart/alternative         text/plain, text/html
 *       application/json
 *     message/delivery-status
 *   multipart/mixed                   of everything else
 *     multipart/alternative
 *     application/json
 * All parts but the delivery-status are base64, so no line of them looks like a boundary. */
#include <stdlib.h>
#include <string.h>

#include "notice/mime.h"
#include "notice/page.h"

/* Evidence of 1000 files with 500 signatures, as JSON in base64, takes 2 MB. */
#define MAX_NOTICE_BYTES (8u * 1024 * 1024)
#define MAX_PAGE_BYTES (2u * 1024 * 1024)
#define MAX_ARENA_BYTES (64u * 1024 * 1024)

#define REPORT "=_vanthu_report"
#define MIXED "=_vanthu_mixed"
#define ALTERNATIVE "=_vanthu_alternative"

struct writer {
    const struct vt_notice_input *input;
    struct vt_notice_view view;
    struct vt_notice_page page;
    struct vt_arena *arena;
    struct vt_buf *out;
    enum vt_code code;
};

static void addf(struct writer *w, const char *format, ...) VT_PRINTF(2, 3);
static void addf(struct writer *w, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (w->code == VT_OK)
        w->code = len < 0 || (size_t)len >= sizeof(line) ? VT_E_INTERNAL
                                                         : vt_buf_add(w->out, line, (size_t)len);
}

static void check(struct writer *w, enum vt_code code)
{
    if (w->code == VT_OK)
        w->code = code;
}

/* ---- header ---- */

/* "Name <address>" apart; a bare address has the name of the office. */
static void add_from(struct writer *w)
{
    const struct vt_config *config = w->input->config;
    const char *from = config->notices.from;
    const char *host = config->hostname == NULL ? "localhost" : config->hostname;
    const char *open = from == NULL ? NULL : strrchr(from, '<');
    const char *display = config->office_name, *address = from;
    if (from == NULL)
        address = vt_arena_printf(w->arena, "vanthu@%s", host);
    if (open != NULL) {
        size_t len = (size_t)(open - from);
        while (len > 0 && from[len - 1] == ' ')
            len--;
        display = vt_arena_dup(w->arena, from, len);
        address = vt_arena_dup(w->arena, open + 1, strlen(open) - 2);
    }
    if (address == NULL || (open != NULL && display == NULL))
        check(w, VT_E_NOMEM);
    else
        check(w, vt_mime_mailbox(w->out, "From", display, address));
}

static void add_reply_to(struct writer *w)
{
    const char *text = w->input->config->notices.reply_to;
    const char *open = text == NULL ? NULL : strrchr(text, '<');
    const char *address = open == NULL ? text : vt_arena_dup(w->arena, open + 1, strlen(open) - 2);
    if (text != NULL)
        check(w, vt_mime_mailbox(w->out, "Reply-To", NULL, address));
}

/* The same at every attempt; without one given it follows from what the notice is about. */
static void add_message_id(struct writer *w)
{
    const struct vt_config *config = w->input->config;
    const char *id = w->input->message_id;
    if (id == NULL)
        id = vt_arena_printf(w->arena, "%s.%s@%s", vt_notice_kind_name(w->input->kind),
                             w->view.first == NULL || w->view.first->reference == NULL
                                 ? "notice"
                                 : w->view.first->reference,
                             config->hostname == NULL ? "localhost" : config->hostname);
    check(w, vt_mime_message_id(w->out, "Message-ID", id));
}

static bool is_about_one(enum vt_notice_kind kind)
{
    return kind != VT_NOTICE_LIST && kind != VT_NOTICE_OFFICER && kind != VT_NOTICE_DIGEST;
}

/* A notice to the sender belongs to the sender's mail; others never saw that id. */
static void add_thread(struct writer *w)
{
    const char *id =
        w->view.mail == NULL || !is_about_one(w->input->kind) ? NULL : w->view.mail->message_id;
    check(w, vt_mime_message_id(w->out, "In-Reply-To", id));
    check(w, vt_mime_message_id(w->out, "References", id));
}

static void add_header(struct writer *w)
{
    char date[VT_MIME_DATE_BYTES];
    enum vt_notice_kind kind = w->input->kind;
    bool is_to_a_sender = is_about_one(kind) && kind != VT_NOTICE_MARKED;
    add_from(w);
    add_reply_to(w);
    check(w, vt_mime_mailbox(w->out, "To", NULL, w->input->recipient));
    check(w, vt_mime_text_field(w->out, "Subject", w->page.subject));
    addf(w, "Date: %s\r\n", vt_mime_date(date, w->input->now_utc_secs));
    add_message_id(w);
    add_thread(w);
    /* RFC 3834 5; the other one is what Exchange looks at. */
    addf(w, "Auto-Submitted: %s\r\n", is_to_a_sender ? "auto-replied" : "auto-generated");
    addf(w, "X-Auto-Response-Suppress: All\r\n");
    addf(w, "X-Vanthu-Notice: %s\r\n", vt_notice_kind_name(kind));
    addf(w, "MIME-Version: 1.0\r\n");
}

/* ---- parts ---- */

static void begin_part(struct writer *w, const char *boundary, const char *type)
{
    addf(w, "\r\n--%s\r\nContent-Type: %s\r\n", boundary, type);
}

/* Lines of text end with CRLF, in base64 too (RFC 2045 6.8). */
static void add_canonical(struct writer *w, struct vt_bytes text)
{
    struct vt_buf lines;
    vt_buf_init(&lines, 2 * MAX_PAGE_BYTES);
    while (text.len > 0 && w->code == VT_OK) {
        size_t end = vt_bytes_find(text, VT_BYTES("\n"), 0);
        size_t len = end == SIZE_MAX ? text.len : end;
        check(w, vt_buf_add(&lines, text.ptr, len));
        check(w, vt_buf_addf(&lines, "\r\n"));
        text = vt_bytes_slice(text, len + 1, SIZE_MAX);
    }
    check(w, vt_mime_base64(w->out, vt_buf_bytes(&lines)));
    vt_buf_clear(&lines);
}

static void add_page(struct writer *w, const char *type,
                     enum vt_code (*form)(const struct vt_notice_page *, struct vt_buf *))
{
    struct vt_buf text;
    vt_buf_init(&text, MAX_PAGE_BYTES);
    check(w, form(&w->page, &text));
    begin_part(w, ALTERNATIVE, type);
    addf(w, "Content-Transfer-Encoding: base64\r\n\r\n");
    add_canonical(w, vt_buf_bytes(&text));
    vt_buf_clear(&text);
}

static void add_alternative(struct writer *w)
{
    addf(w, "Content-Type: multipart/alternative; boundary=\"" ALTERNATIVE "\"\r\n");
    add_page(w, "text/plain; charset=utf-8", vt_notice_text);
    add_page(w, "text/html; charset=utf-8", vt_notice_html);
    addf(w, "\r\n--" ALTERNATIVE "--\r\n");
}

/* The name of the attached file: a reference is digits and dashes. */
static const char *file_name(const struct writer *w)
{
    const char *reference =
        w->view.first == NULL || !is_about_one(w->input->kind) ? NULL : w->view.first->reference;
    return reference != NULL && reference[0] != '\0' &&
                   strspn(reference, "0123456789-") == strlen(reference) && strlen(reference) < 40
               ? reference
               : vt_notice_kind_name(w->input->kind);
}

static void add_json(struct writer *w)
{
    char *text = NULL;
    size_t len = 0;
    check(w, vt_notice_json(&w->view, &text, &len));
    begin_part(w, MIXED, "application/json");
    addf(w, "Content-Disposition: attachment; filename=\"vanthu-%s.json\"\r\n", file_name(w));
    addf(w, "Content-Transfer-Encoding: base64\r\n\r\n");
    check(w, vt_mime_base64(w->out, vt_bytes_of(text, len)));
    free(text);
}

static void add_mixed(struct writer *w)
{
    addf(w, "Content-Type: multipart/mixed; boundary=\"" MIXED "\"\r\n\r\n--" MIXED "\r\n");
    add_alternative(w);
    add_json(w);
    addf(w, "\r\n--" MIXED "--\r\n");
}

static void add_report(struct writer *w)
{
    addf(w, "Content-Type: multipart/report; report-type=delivery-status;\r\n"
            " boundary=\"" REPORT "\"\r\n\r\n--" REPORT "\r\n");
    add_mixed(w);
    begin_part(w, REPORT, "message/delivery-status");
    addf(w, "\r\n");
    if (w->code == VT_OK)
        check(w, vt_notice_delivery_status(&w->view, w->out));
    addf(w, "\r\n--" REPORT "--\r\n");
}

/* ---- all of it ---- */

static enum vt_code prepare(const struct vt_notice_input *input, struct writer *w,
                            struct vt_err *err)
{
    *w = (struct writer){.input = input, .arena = vt_arena_new(MAX_ARENA_BYTES)};
    enum vt_code code = w->arena == NULL ? VT_E_NOMEM : vt_notice_view(w->arena, input, &w->view);
    if (code == VT_OK)
        code = vt_notice_page(w->arena, &w->view, &w->page);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "no memory to write a notice");
}

enum vt_code vt_notice_write(const struct vt_notice_input *input, struct vt_notice_message *out,
                             struct vt_err *err)
{
    struct writer w;
    struct vt_buf bytes;
    vt_buf_init(&bytes, MAX_NOTICE_BYTES);
    enum vt_code code = prepare(input, &w, err);
    if (code != VT_OK)
        goto done;
    w.out = &bytes;
    add_header(&w);
    if (vt_notice_is_report(&w.view))
        add_report(&w);
    else
        add_mixed(&w);
    code = w.code;
    if (code != VT_OK) {
        (void)vt_err_set(err, code, "a notice could not be written");
        goto done;
    }
    (void)vt_text_clean(out->subject, sizeof(out->subject), vt_bytes_str(w.page.subject));
    out->bytes = bytes;
    vt_buf_init(&bytes, MAX_NOTICE_BYTES);
done:
    vt_buf_clear(&bytes);
    vt_arena_free(w.arena);
    return code;
}

static enum vt_code write_page(const struct vt_notice_input *input, struct vt_buf *out,
                               enum vt_code (*form)(const struct vt_notice_page *, struct vt_buf *),
                               struct vt_err *err)
{
    struct writer w;
    enum vt_code code = prepare(input, &w, err);
    if (code == VT_OK) {
        code = form(&w.page, out);
        if (code != VT_OK)
            (void)vt_err_set(err, code, "a notice could not be written");
    }
    vt_arena_free(w.arena);
    return code;
}

enum vt_code vt_notice_write_text(const struct vt_notice_input *input, struct vt_buf *out,
                                  struct vt_err *err)
{
    return write_page(input, out, vt_notice_text, err);
}

enum vt_code vt_notice_write_html(const struct vt_notice_input *input, struct vt_buf *out,
                                  struct vt_err *err)
{
    return write_page(input, out, vt_notice_html, err);
}

void vt_notice_message_clear(struct vt_notice_message *message)
{
    vt_buf_clear(&message->bytes);
}
