/* SPDX-License-Identifier: Apache-2.0
 * Notices: what is told and what never is, whatever the evidence holds; read back by GMime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gmime/gmime.h>
#include <uniwidth.h>

#include "notice/page.h"

#define NOW INT64_C(1796263920) /* 09:12 03/12/2026 in Vietnam */

struct desk {
    struct vt_notice_words *words;
    struct vt_config *config, *cited; /* cited: with regulation and profile */
    struct vt_site *site;
    struct vt_arena *arena;
    struct vt_notice_input input;
    char *text, *html, *eml; /* NUL-terminated */
    size_t eml_len;
    char subject[256];
};

static struct vt_config *config_of(const char *text)
{
    struct vt_config *config = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_config_parse(vt_bytes_str(text), "x", &config, &mistakes, NULL), VT_OK);
    vt_mistakes_clear(&mistakes);
    return config;
}

static int set_up(void **state)
{
    static const char table[] = "agencies:\n"
                                "  - {id: a, name: Sở Một, domains: [noinhan1.example]}\n"
                                "  - {id: b, name: Sở Hai, domains: [noinhan2.example, "
                                "noinhan3.example]}\n"
                                "  - {id: c, name: Cơ quan <Gửi>, domains: [coquangui.example]}\n";
    struct desk *d = calloc(1, sizeof(*d));
    struct vt_mistakes mistakes;
    struct vt_buf bundle;
    assert_non_null(d);
    vt_mistakes_init(&mistakes);
    vt_buf_init(&bundle, 1 << 20);
    assert_int_equal(vt_notice_words_bundle(NULL, &bundle, NULL), VT_OK);
    assert_int_equal(vt_notice_words_parse(vt_buf_bytes(&bundle), "-", &d->words, &mistakes, NULL),
                     VT_OK);
    vt_buf_clear(&bundle);
    if (vt_site_parse(vt_bytes_str(table), "agencies.yaml", &d->site, &mistakes, NULL) != VT_OK)
        fail_msg("%s", mistakes.items[0].text);
    d->config = config_of("hostname: mx1.example\n");
    d->cited = config_of("hostname: mx1.example\nregulation: Quy chế mẫu\nprofile: ninh-binh\n"
                         "office-phone: 0229 123\n");
    vt_mistakes_clear(&mistakes);
    *state = d;
    return 0;
}

static void forget(struct desk *d)
{
    free(d->text);
    free(d->html);
    free(d->eml);
    d->text = d->html = d->eml = NULL;
}

static int tear_down(void **state)
{
    struct desk *d = *state;
    forget(d);
    vt_arena_free(d->arena);
    vt_notice_words_free(d->words);
    vt_config_free(d->config);
    vt_config_free(d->cited);
    vt_site_free(d->site);
    free(d);
    return 0;
}

/* The sample of a kind, without a table of agencies and without a regulation. */
static void begin(struct desk *d, enum vt_notice_kind kind, enum vt_reason reason)
{
    vt_arena_free(d->arena);
    d->arena = vt_arena_new(64 << 20);
    assert_non_null(d->arena);
    assert_int_equal(vt_notice_sample(d->arena, kind, reason, NOW, &d->input), VT_OK);
    d->input.config = d->config;
    d->input.words = d->words;
}

static struct vt_evidence *evidence_of(struct desk *d)
{
    return (struct vt_evidence *)(uintptr_t)d->input.mails[0].evidence;
}

static char *string_of(struct vt_buf *buf)
{
    assert_int_equal(vt_buf_add(buf, "", 1), VT_OK);
    char *text = strdup((const char *)buf->ptr);
    assert_non_null(text);
    vt_buf_clear(buf);
    return text;
}

/* No line of the text is wide but of one word; nothing reorders, hides or escapes. */
static void check_forms(const struct desk *d)
{
    static const char *const bad[] = {
        "\xE2\x80\xAE", "\xE2\x80\xA8", "\xE2\x81\xA6", "\x1b", "\x07", "\xC2\x85", "\r"};
    char clean[4096];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(strstr(d->text, bad[i]));
        assert_null(strstr(d->html, bad[i]));
    }
    assert_null(strstr(d->html, "<script"));
    assert_null(strstr(d->html, "<img"));
    assert_null(strstr(d->text, "giá trị pháp lý"));
    for (const char *line = d->text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        assert_true(len < sizeof(clean));
        /* A wide line is one long word, behind a label at most. */
        const char *space = memrchr(line, ' ', len);
        size_t before = space == NULL ? 0 : (size_t)(space - line);
        if (u8_width((const uint8_t *)line, before, "UTF-8") > 32)
            assert_true(u8_width((const uint8_t *)line, len, "UTF-8") <= 72);
        line += len + (line[len] == '\n');
    }
    for (size_t i = 0; i < d->eml_len; i++)
        assert_true(d->eml[i] == '\r' || d->eml[i] == '\n' ||
                    (d->eml[i] >= 0x20 && d->eml[i] < 0x7F));
}

static void write_all(struct desk *d)
{
    struct vt_notice_message message = {0};
    struct vt_buf text, html;
    struct vt_err err = {0};
    forget(d);
    vt_buf_init(&text, 4 << 20);
    vt_buf_init(&html, 4 << 20);
    if (vt_notice_write(&d->input, &message, &err) != VT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(vt_notice_write_text(&d->input, &text, &err), VT_OK);
    assert_int_equal(vt_notice_write_html(&d->input, &html, &err), VT_OK);
    (void)memcpy(d->subject, message.subject, sizeof(d->subject));
    d->eml_len = message.bytes.len;
    d->eml = string_of(&message.bytes);
    d->text = string_of(&text);
    d->html = string_of(&html);
    check_forms(d);
}

static void has(const struct desk *d, const char *text)
{
    if (strstr(d->text, text) == NULL)
        fail_msg("no \"%s\" in\n%s", text, d->text);
}

static void has_not(const struct desk *d, const char *text)
{
    if (strstr(d->text, text) != NULL || strstr(d->html, text) != NULL)
        fail_msg("\"%s\" is in\n%s", text, d->text);
}

/* ---- GMime ---- */

static void count_warning(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer data)
{
    (void)offset;
    (void)item;
    if (code != GMIME_WARN_DUPLICATED_HEADER)
        ++*(int *)data;
}

static void add_type(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    (void)parent;
    GMimeContentType *type = g_mime_object_get_content_type(part);
    char *text = g_mime_content_type_get_mime_type(type);
    (void)strcat(strcat(data, text), " ");
    g_free(text);
}

static void gmime_reads(struct desk *d, const char *types)
{
    int warnings = 0;
    char found[1000] = "";
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(d->eml, d->eml_len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_mime_parser_options_set_warning_callback(options, count_warning, &warnings);
    GMimeMessage *message = g_mime_parser_construct_message(parser, options);
    assert_non_null(message);
    assert_string_equal(g_mime_message_get_subject(message), d->subject);
    add_type(NULL, g_mime_message_get_mime_part(message), found);
    g_mime_message_foreach(message, add_type, found);
    assert_string_equal(found, types);
    assert_int_equal(warnings, 0);
    g_mime_parser_options_free(options);
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

static void gmime_reads_every_kind(void **state)
{
    static const char report[] = "multipart/report multipart/report multipart/mixed "
                                 "multipart/alternative text/plain text/html application/json "
                                 "message/delivery-status ";
    static const char mixed[] = "multipart/mixed multipart/mixed multipart/alternative text/plain "
                                "text/html application/json ";
    struct desk *d = *state;
    g_mime_init();
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++) {
        begin(d, (enum vt_notice_kind)i, VT_REASON_COUNT);
        write_all(d);
        bool is_report = i == VT_NOTICE_REFUSED || i == VT_NOTICE_HELD || i == VT_NOTICE_RETURNED;
        gmime_reads(d, is_report ? report : mixed);
    }
    g_mime_shutdown();
}

/* ---- what is told ---- */

static void articles_need_profile_and_regulation(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_WRONG_KIND);
    write_all(d);
    has_not(d, "Điều");
    has_not(d, "Article");
    has(d, "chuyên dùng công vụ; liên hệ");
    d->input.config = d->cited;
    write_all(d);
    has(d, "khoản 3 Điều 19 Quy chế mẫu");
    has(d, "(khoản 1 Điều 8\n   Quy chế mẫu)");
    has(d, "Hỗ trợ: 0229 123.");
}

static void agencies_are_counted_by_the_table(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    d->input.site = d->site;
    write_all(d);
    has(d, "Kính gửi: Cơ quan <Gửi>.");
    assert_non_null(strstr(d->html, "Cơ quan &lt;Gửi&gt;"));
    has(d, "gửi 7 hộp thư"); /* noinhan4 belongs to nobody: agencies are not counted */
    evidence_of(d)->mail.recipients_count = 3;
    write_all(d);
    has(d, "2 cơ quan, 3 hộp thư");
    has(d, "2 offices, 3 mailboxes");
    evidence_of(d)->mail.recipients_count = 1;
    write_all(d);
    has(d, "gửi Sở Một lúc");
    has_not(d, "Nơi nhận gồm");
}

static void different_outcomes_are_said(void **state)
{
    struct desk *d = *state;
    static const char *delivered[] = {"vanthu@noinhan8.example", "vanthu@noinhan1.example"};
    struct vt_notice_mail mails[2];
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    struct vt_evidence other = *evidence_of(d);
    const struct vt_register_answer accepted = {.outcome = VT_OUTCOME_ACCEPT};
    other.mail.recipients = delivered;
    other.mail.recipients_count = 1;
    mails[0] = mails[1] = d->input.mails[0];
    mails[1].evidence = &other;
    mails[1].answer = &accepted;
    d->input.mails = mails;
    d->input.mails_count = 2;
    write_all(d);
    has(d, "THƯ CHƯA ĐƯỢC CHUYỂN ĐẾN MỘT SỐ NƠI NHẬN.\n");
    has(d, "THIS MAIL WAS NOT DELIVERED TO SOME OF ITS RECIPIENTS.\n");
    has(d, "Chưa chuyển đến 7 hộp thư: ");
    has(d, "Đã chuyển đến: vanthu@noinhan8.example.");
    has(d, "gửi 8 hộp thư");
    /* The report is of those who did not get it. */
    assert_null(strstr(d->eml, "Final-Recipient: rfc822; vanthu@noinhan8.example"));
    assert_non_null(strstr(d->eml, "Final-Recipient: rfc822; vanthu@noinhan7.example"));
}

static void files_are_not_called_valid_without_proof(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    evidence_of(d)->documents[1].signatures[0].indication = VT_INDETERMINATE;
    evidence_of(d)->documents[2].signatures_count = 0;
    write_all(d);
    has_not(d, "hợp lệ:");
    has(d, "1/3 tệp chưa hợp lệ");
    evidence_of(d)->documents[1].reasons = VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN);
    write_all(d);
    has(d, "2. 124-QD-MAU.signed.pdf\n   Lý do: Chưa kiểm tra được");
    has(d, "1/3 tệp chưa hợp lệ"); /* not the sender's fault, so not counted */
}

/* Where: pages of forbidden changes after the signature that was changed, the lowest five. */
static void changed_pages_are_named(void **state)
{
    struct desk *d = *state;
    struct vt_document_change changes[40];
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    struct vt_document *document = &evidence_of(d)->documents[0];
    document->changes = changes;
    for (unsigned i = 0; i < 40; i++)
        changes[i] = (struct vt_document_change){.kind = VT_CHANGE_PAGE_REPLACED,
                                                 .effect = VT_CHANGES_FORBIDDEN,
                                                 .revision = 3,
                                                 .page = 40 - i % 20,
                                                 .what = "\x1b[31m<b>"};
    document->signatures[0].revision = 2;
    document->changes_count = 1;
    write_all(d);
    has(d, "Lý do: Nội dung văn bản đã bị thay đổi sau khi ký số (trang 40).\n");
    has(d, "Reason: Document changed after signing (page 40).\n");
    document->changes_count = 40;
    write_all(d);
    assert_non_null(strstr(d->html, "sau khi ký số (trang 21, 22, 23, 24, 25 …).<"));
    assert_non_null(strstr(d->html, "after signing (pages 21, 22, 23, 24, 25 …).<"));
    has_not(d, "<b>");
    document->changes_count = 4;
    changes[0].effect = VT_CHANGES_PERMITTED;
    changes[1].effect = VT_CHANGES_UNDETERMINED;
    changes[2].revision = 2; /* before the signature */
    changes[3].page = 0;
    write_all(d);
    has(d, "Lý do: Nội dung văn bản đã bị thay đổi sau khi ký số.\n");
    has_not(d, "trang");
    changes[1].effect = VT_CHANGES_FORBIDDEN;
    document->signatures[0].reasons = VT_REASON_BIT(VT_REASON_BAD_SIGNATURE);
    write_all(d);
    has_not(d, "trang");
}

static void secret_mail_tells_nothing(void **state)
{
    struct desk *d = *state;
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++) {
        begin(d, (enum vt_notice_kind)i, VT_REASON_SECRET_MARK);
        d->input.recipient = "canbo@noinhan9.example";
        d->input.text = "[MẬT] v/v";
        write_all(d);
        has_not(d, "MAU");
        has_not(d, "mẫu)\"");
        has_not(d, "V/v xem");
        assert_null(strstr(d->eml, "mau@coquangui"));
        assert_null(strstr(d->eml, "Final-Recipient"));
        if (i != VT_NOTICE_DIGEST)
            has(d, "0000-0000-0000");
    }
}

/* Seven facts in the order of legal.md R-39. */
static void facts_have_their_order(void **state)
{
    static const char *const facts[] = {
        "Tổ chức cấp chứng thư:", "Người ký:",        "Đơn vị quản lý:",    "Thời điểm ký số:",
        "Tính toàn vẹn:",         "Hiệu lực khi ký:", "Thời hạn chứng thư:"};
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CERT_EXPIRED);
    write_all(d);
    const char *at = d->text;
    for (size_t i = 0; i < 7; i++) {
        at = strstr(at, facts[i]);
        if (at == NULL)
            fail_msg("%s is not in its place", facts[i]);
    }
}

/* The text of a recheck begins with its code, which is nothing for a clerk. */
static void recheck_says_its_reason_in_words(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_RECHECK, VT_REASON_CERT_REVOKED);
    d->input.text = "CERT_REVOKED: SỞ XÂY DỰNG";
    write_all(d);
    has_not(d, "CERT_REVOKED");
    has(d, "bị thu hồi\ntrước thời điểm ký số.\nSỞ XÂY DỰNG\n");
}

static void held_and_marked_mail_asks_nobody_to_send_again(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_HELD, VT_REASON_CONTENT_CHANGED);
    write_all(d);
    has_not(d, "Cần làm");
    begin(d, VT_NOTICE_MARKED, VT_REASON_CONTENT_CHANGED);
    write_all(d);
    has_not(d, "Gửi lại đúng tệp");
}

/* ---- hostile evidence ---- */

static void thousand_documents(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    enum { MANY = 1200 };
    struct vt_document *documents = vt_arena_alloc(d->arena, MANY * sizeof(*documents));
    assert_non_null(documents);
    for (size_t i = 0; i < MANY; i++)
        documents[i] = evidence_of(d)->documents[0];
    evidence_of(d)->documents = documents;
    evidence_of(d)->documents_count = MANY;
    write_all(d);
    has(d, "1000/1000 tệp chưa hợp lệ");
    has(d, "10. 123-QD-MAU.signed.pdf");
    has_not(d, "11. 123-QD-MAU.signed.pdf");
    has(d, "990 tệp khác chưa hợp lệ");
    assert_true(d->eml_len < 2 << 20);
}

static void hostile_names(void **state)
{
    static const char nasty[] = "a\xE2\x80\xAE"
                                "fdp.exe\r\nBcc: x@example\x1b[31m<script>alert(1)</script>"
                                "\xE2\x80\xA8&amp;\"' {mã} [x] =?UTF-8?B?AAAA?=";
    struct desk *d = *state;
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++) {
        begin(d, (enum vt_notice_kind)i, VT_REASON_CERT_REVOKED_SINCE);
        struct vt_evidence *evidence = evidence_of(d);
        struct vt_signature *signature = &evidence->documents[0].signatures[0];
        static const char *const lines[] = {nasty, nasty};
        struct vt_register_answer answer = {.outcome = d->input.mails_count > 0
                                                           ? d->input.mails[0].answer->outcome
                                                           : VT_OUTCOME_REJECT,
                                            .code = "550",
                                            .enhanced = "\r\nX: y",
                                            .lines = lines,
                                            .lines_count = 2};
        static const char *recipients[] = {nasty, "", "ngườinhận@noinhan.example", "a b@c"};
        evidence->mail.subject = evidence->mail.sender = evidence->mail.message_id = nasty;
        evidence->mail.recipients = recipients;
        evidence->mail.recipients_count = 4;
        evidence->documents[0].name = evidence->documents[1].path = nasty;
        evidence->documents[1].name = NULL;
        signature->signer.common_name = signature->signer.issuer_common_name = nasty;
        signature->signer.organization = signature->signer.serial = nasty;
        struct vt_notice_mail mail = {0};
        if (d->input.mails_count > 0) {
            mail = d->input.mails[0];
            mail.answer = &answer;
            d->input.mails = &mail;
        }
        d->input.recipient = d->input.text = d->input.by = d->input.earlier = nasty;
        d->input.message_id = nasty;
        const struct vt_notice_line line = {nasty, nasty};
        d->input.lines = &line;
        d->input.lines_count = 1;
        write_all(d);
        assert_null(strstr(d->eml, "\nBcc:"));
        assert_null(strstr(d->eml, "\nX:"));
        assert_null(strstr(d->eml, "Message-ID"));
        assert_non_null(strstr(d->eml, "\r\nTo: undisclosed-recipients:;\r\n"));
    }
}

static void ten_megabytes_of_subject(void **state)
{
    enum { LONG = 10 << 20 };
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    char *subject = malloc(LONG + 1);
    assert_non_null(subject);
    (void)memset(subject, 'x', LONG);
    subject[LONG] = '\0';
    evidence_of(d)->mail.subject = subject;
    evidence_of(d)->documents[0].name = subject;
    write_all(d);
    assert_true(d->eml_len < 64 << 10);
    assert_true(strlen(d->subject) < 200);
    assert_non_null(strstr(d->subject, "0000-0000-0000"));
    free(subject);
}

static void everything_is_missing(void **state)
{
    struct desk *d = *state;
    static const struct vt_evidence no_facts;
    static const struct vt_notice_mail mails[] = {{.time_utc_secs = VT_TIME_NONE},
                                                  {.evidence = &no_facts}};
    for (unsigned i = 0; i < 3 * VT_NOTICE_KINDS; i++) {
        d->input = (struct vt_notice_input){.kind = (enum vt_notice_kind)(i / 3),
                                            .config = d->config,
                                            .words = d->words,
                                            .mails = &mails[i % 3 % 2],
                                            .mails_count = i % 3 == 2 ? 0 : 1,
                                            .reason = VT_REASON_COUNT,
                                            .from_utc_secs = VT_TIME_NONE,
                                            .until_utc_secs = INT64_MAX,
                                            .now_utc_secs = VT_TIME_NONE};
        write_all(d);
        assert_non_null(strstr(d->eml, "\r\nDate: Thu, 01 Jan 1970 07:00:00 +0700\r\n"));
    }
}

static void many_recipients(void **state)
{
    enum { MANY = 6000 };
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    const char **recipients = vt_arena_alloc(d->arena, MANY * sizeof(*recipients));
    assert_non_null(recipients);
    for (int i = 0; i < MANY; i++) {
        recipients[i] = vt_arena_printf(d->arena, "a%d@noinhan1.example", i);
        assert_non_null(recipients[i]);
    }
    evidence_of(d)->mail.recipients = recipients;
    evidence_of(d)->mail.recipients_count = MANY;
    d->input.site = d->site;
    write_all(d);
    has(d, "1 cơ quan, 5000 hộp thư");
    size_t named = 0;
    for (const char *at = d->eml; (at = strstr(at, "Final-Recipient:")) != NULL; at++)
        named++;
    assert_int_equal(named, 200);
}

static void same_input_same_bytes(void **state)
{
    struct desk *d = *state;
    begin(d, VT_NOTICE_REFUSED, VT_REASON_CONTENT_CHANGED);
    d->input.message_id = "n1.abc@mx1.example";
    write_all(d);
    char *first = strdup(d->eml);
    write_all(d);
    assert_string_equal(first, d->eml);
    assert_non_null(strstr(first, "\r\nMessage-ID: <n1.abc@mx1.example>\r\n"));
    assert_non_null(strstr(first, "\r\nIn-Reply-To: <mau@coquangui.example>\r\n"));
    assert_true(strncmp(first, "From: <vanthu@mx1.example>\r\n", 28) == 0);
    free(first);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gmime_reads_every_kind),
        CASE(articles_need_profile_and_regulation),
        CASE(agencies_are_counted_by_the_table),
        CASE(different_outcomes_are_said),
        CASE(files_are_not_called_valid_without_proof),
        CASE(changed_pages_are_named),
        CASE(secret_mail_tells_nothing),
        CASE(facts_have_their_order),
        CASE(recheck_says_its_reason_in_words),
        CASE(held_and_marked_mail_asks_nobody_to_send_again),
        CASE(thousand_documents),
        CASE(hostile_names),
        CASE(ten_megabytes_of_subject),
        CASE(everything_is_missing),
        CASE(many_recipients),
        CASE(same_input_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
