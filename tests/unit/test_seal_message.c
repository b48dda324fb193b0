/* SPDX-License-Identifier: Apache-2.0
 * The S/MIME seal of a mail: ugly mails sealed in both forms, verified by OpenSSL and by ourselves,
 * each part as it was; what is left alone; what never leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <openssl/cms.h>

#include "../lib/seal.h"
#include "seal/message.h"
#include "test_seal_message_rows.h"
#include "vanthu/limits.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
static struct vt_arena *arena;
static struct ts_seal seal;
static bool has_lf_lines; /* mails of the tables are kept with LF alone */

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new((size_t)512 << 20);
    TC_CHECK(arena != NULL);
    seal = ts_make(arena, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA256);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

/* ---- sealing ---- */

static struct vt_bytes with_lf(struct vt_bytes mail)
{
    uint8_t *out = vt_arena_alloc(arena, mail.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < mail.len; i++) {
        if (mail.ptr[i] != '\r' || i + 1 == mail.len || mail.ptr[i + 1] != '\n')
            out[len++] = mail.ptr[i];
    }
    return vt_bytes_of(out, len);
}

/* The mail of a row. */
static struct vt_bytes expand(const char *text, size_t text_bytes)
{
    size_t len = 0;
    uint8_t *out = vt_arena_alloc(arena, text_bytes * 1001);
    for (size_t i = 0; i < text_bytes; i++) {
        for (unsigned d = 0; text[i] == THOUSAND[0] && d < 1000; d++)
            out[len++] = (uint8_t)('0' + d % 10);
        if (text[i] != THOUSAND[0])
            out[len++] = (uint8_t)text[i];
    }
    return vt_bytes_of(out, len);
}

static struct vt_seal_message_plan new_plan(enum vt_seal_form form)
{
    return (struct vt_seal_message_plan){
        .identity = &seal.identity, .signing_time_utc_secs = TC_NOW, .form = form};
}

static struct vt_seal_message prepare(struct vt_bytes mail, const struct vt_seal_message_plan *plan)
{
    struct vt_seal_message message;
    struct vt_err err = {0};
    if (vt_seal_message_prepare(arena, mail, plan, &message, &err) != VT_OK)
        fail_msg("%s", err.text);
    return message;
}

static struct vt_sealed_message finish(const struct vt_seal_message *message)
{
    struct vt_sealed_message sealed;
    struct vt_err err = {0};
    struct vt_bytes signature = ts_sign(arena, &seal, message->attributes);
    if (vt_seal_message_finish(arena, message, signature, TD_NONE, &sealed, &err) != VT_OK)
        fail_msg("%s", err.text);
    return sealed;
}

static bool is_good(struct vt_bytes mail, struct vt_bytes sealed, const char **why)
{
    struct vt_seal_check check;
    struct vt_err err = {0};
    const struct vt_seal_message_plan plan = new_plan(VT_SEAL_CLEAR);
    if (vt_seal_message_check(arena, mail, sealed, &plan, &check, &err) != VT_OK)
        fail_msg("%s", err.text);
    *why = check.why;
    return check.is_good;
}

/* What OpenSSL says is signed, as `openssl cms -verify -cades` reads the mail; NULL: refused. */
static const char *openssl_content(struct vt_bytes mail)
{
    BIO *in = BIO_new_mem_buf(mail.ptr, (int)mail.len), *content = NULL,
        *out = BIO_new(BIO_s_mem());
    CMS_ContentInfo *cms = SMIME_read_CMS(in, &content);
    X509_STORE *store = X509_STORE_new();
    const char *text = NULL;
    char *bytes = NULL;
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)TC_NOW);
    TC_CHECK(X509_STORE_add_cert(store, seal.ca.x509) == 1);
    if (cms != NULL && CMS_verify(cms, NULL, store, content, out, CMS_CADES) == 1) {
        long len = BIO_get_mem_data(out, &bytes);
        text = vt_arena_dup(arena, bytes, (size_t)len);
    }
    BIO_free(in);
    BIO_free(content);
    BIO_free(out);
    X509_STORE_free(store);
    CMS_ContentInfo_free(cms);
    return text;
}

static void check_ugly(const struct ugly *ugly, enum vt_seal_form form, bool may_be_opaque)
{
    struct vt_bytes mail = expand(ugly->mail, ugly->mail_bytes);
    if (has_lf_lines)
        mail = with_lf(mail);
    struct vt_seal_message_plan plan = new_plan(form);
    plan.may_be_opaque = may_be_opaque;
    struct vt_seal_message message = prepare(mail, &plan);
    bool is_left = form == VT_SEAL_CLEAR && !may_be_opaque;
    enum vt_seal_message_word wanted = is_left ? ugly->clear : VT_SEAL_MESSAGE_READY;
    if (message.word != wanted)
        fail_msg("%s: %s (%s)", ugly->name, vt_seal_message_word_name(message.word),
                 message.why != NULL ? message.why : "");
    if (wanted != VT_SEAL_MESSAGE_READY) {
        assert_non_null(message.why);
        assert_int_equal(message.attributes.len, 0);
        return;
    }
    if (message.reencoded_count != ugly->reencoded && ugly->clear == VT_SEAL_MESSAGE_READY &&
        !has_lf_lines)
        fail_msg("%s: %u parts encoded anew", ugly->name, message.reencoded_count);
    struct vt_sealed_message sealed = finish(&message);
    const char *why = NULL;
    if (!is_good(mail, sealed.mail, &why))
        fail_msg("%s: %s\n%.*s", ugly->name, why, (int)sealed.mail.len,
                 (const char *)sealed.mail.ptr);
    const char *content = openssl_content(sealed.mail);
    if (content == NULL)
        fail_msg("%s: refused by OpenSSL\n%.*s", ugly->name, (int)sealed.mail.len,
                 (const char *)sealed.mail.ptr);
    if (ugly->inside != NULL && !has_lf_lines && strstr(content, ugly->inside) == NULL)
        fail_msg("%s: signed is\n%s", ugly->name, content);
}

static void test_ugly_clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(uglies); i++)
        check_ugly(&uglies[i], VT_SEAL_CLEAR, false);
}

static void test_ugly_opaque(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(uglies); i++) {
        check_ugly(&uglies[i], VT_SEAL_CLEAR, true);
        check_ugly(&uglies[i], VT_SEAL_OPAQUE, false);
    }
}

/* A mail kept in a file by Unix line ends is sealed in its canonical form. */
static void test_ugly_with_lf(void **state)
{
    (void)state;
    has_lf_lines = true;
    for (size_t i = 0; i < ENTRIES(uglies); i++)
        check_ugly(&uglies[i], VT_SEAL_CLEAR, true);
    has_lf_lines = false;
}

/* ---- left alone ---- */

#define TEXT "\r\n\r\nXin chao.\r\n"
#define BIT_OF(word) VT_SEAL_WORD_BIT(VT_SEAL_MESSAGE_##word)
static const struct {
    const char *mail;
    enum vt_seal_message_word word;
    bool has_null_sender;
    unsigned also;
} rows[] = {
    {MIME "Content-Type: multipart/signed; boundary=s; protocol=\"application/"
          "pgp-signature\"\r\n\r\n--s\r\n\r\nx\r\n--s\r\nContent-Type: "
          "application/pgp-signature\r\n\r\nx\r\n--s--\r\n",
     VT_SEAL_MESSAGE_SIGNED, false, 0},
    {MIME "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n"
          "Content-Transfer-Encoding: base64" TEXT,
     VT_SEAL_MESSAGE_SIGNED, false, 0},
    {MIME "Content-Type: multipart/encrypted; boundary=s\r\n\r\n--s\r\n\r\nx\r\n--s--\r\n",
     VT_SEAL_MESSAGE_ENCRYPTED, false, 0},
    {MIME "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"
          "Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAAAAAAA==\r\n",
     VT_SEAL_MESSAGE_ENCRYPTED, false, 0},
    {HEAD "List-Id: <l.example.vn>" TEXT, VT_SEAL_MESSAGE_LIST, false, 0},
    {HEAD "Precedence: bulk" TEXT, VT_SEAL_MESSAGE_LIST, false, 0},
    {HEAD "Precedence: bulk" TEXT, VT_SEAL_MESSAGE_READY, false, BIT_OF(LIST)},
    {HEAD "Precedence: bulk" TEXT, VT_SEAL_MESSAGE_LIST, false, BIT_OF(REPORT)},
    {HEAD TEXT, VT_SEAL_MESSAGE_REPORT, true, 0},
    {HEAD TEXT, VT_SEAL_MESSAGE_READY, true, BIT_OF(REPORT)},
    {MIME "Content-Type: multipart/report; report-type=delivery-status; "
          "boundary=s\r\n\r\n--s\r\n\r\nx\r\n--s--\r\n",
     VT_SEAL_MESSAGE_REPORT, false, 0},
    {MIME "Content-Type: message/disposition-notification" TEXT, VT_SEAL_MESSAGE_REPORT, false, 0},
    {MIME "Content-Type: text/calendar; charset=utf-8; method=REQUEST" TEXT,
     VT_SEAL_MESSAGE_CALENDAR, false, 0},
    {MIME "Content-Type: multipart/alternative; boundary=s\r\n\r\n--s\r\n\r\nx\r\n--s\r\n"
          "Content-Type: text/calendar;\r\n\tMETHOD=\"CANCEL\"\r\n\r\nx\r\n--s--\r\n",
     VT_SEAL_MESSAGE_CALENDAR, false, 0},
    {MIME "Content-Type: text/calendar; name=lich.ics" TEXT, VT_SEAL_MESSAGE_READY, false, 0},
    {HEAD "Auto-Submitted: auto-replied" TEXT, VT_SEAL_MESSAGE_AUTOMATIC, false, 0},
    {HEAD "Auto-Submitted: no" TEXT, VT_SEAL_MESSAGE_READY, false, 0},
    {HEAD "Auto-Submitted: auto-replied" TEXT, VT_SEAL_MESSAGE_READY, false, BIT_OF(AUTOMATIC)},
    {MIME "Content-Type: text/plain\r\nContent-Type: text/html" TEXT, VT_SEAL_MESSAGE_MALFORMED,
     false, BIT_OF(MALFORMED)},
    {MIME "Content-Type: multipart/mixed; boundary=s\r\n\r\n--s\r\n\r\nx\r\n",
     VT_SEAL_MESSAGE_MALFORMED, false, 0},
    {MIME "Content-Type: text/plain\r\n\r\n%PDF-1.7\r\n", VT_SEAL_MESSAGE_MALFORMED, false, 0},
    {"no header at all\r\n", VT_SEAL_MESSAGE_MALFORMED, false, 0},
    {"", VT_SEAL_MESSAGE_MALFORMED, false, 0},
    {MIXED "\r\n--b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nno "
           "field\r\n\r\nHi\r\n--b1--\r\n",
     VT_SEAL_MESSAGE_MALFORMED, false, 0},
};

static void test_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(rows); i++) {
        struct vt_seal_message_plan plan = new_plan(VT_SEAL_CLEAR);
        plan.has_null_sender = rows[i].has_null_sender;
        plan.also = rows[i].also;
        struct vt_seal_message message = prepare(vt_bytes_str(rows[i].mail), &plan);
        if (message.word != rows[i].word)
            fail_msg("row %zu: %s", i, vt_seal_message_word_name(message.word));
        bool is_ready = message.word == VT_SEAL_MESSAGE_READY;
        assert_int_equal(message.attributes.len > 0, is_ready);
        assert_int_equal(message.why == NULL, is_ready);
        struct vt_sealed_message sealed;
        if (!is_ready)
            assert_int_equal(
                vt_seal_message_finish(arena, &message, VT_BYTES("x"), TD_NONE, &sealed, NULL),
                VT_E_INTERNAL);
    }
}

static void test_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VT_SEAL_MESSAGE_WORDS; i++)
        assert_true(strlen(vt_seal_message_word_name((enum vt_seal_message_word)i)) > 3);
    assert_string_equal(vt_seal_message_word_name((enum vt_seal_message_word)99), "not-sealed");
}

/* ---- the header ---- */

/* What an MTA makes of the changes: Postfix moves the fields after one that is removed. */
struct header {
    char *fields[64];
    size_t count;
};

static struct header read_header(struct vt_bytes mail)
{
    struct header header = {0};
    struct vt_header_block block;
    struct vt_header_field field;
    vt_header_split(mail, true, &block);
    for (struct vt_bytes rest = block.fields, before = rest; vt_header_next(&rest, &field);
         before = rest)
        header.fields[header.count++] = vt_arena_dup(arena, before.ptr, before.len - rest.len);
    return header;
}

static size_t find_field(const struct header *header, const char *name, unsigned index)
{
    for (size_t i = 0; i < header->count; i++) {
        if (strncasecmp(header->fields[i], name, strlen(name)) == 0 &&
            header->fields[i][strlen(name)] == ':' && --index == 0)
            return i;
    }
    fail_msg("there is no %s %u", name, index);
    return 0;
}

static void make_changes(struct header *header, const struct vt_sealed_message *sealed)
{
    for (size_t i = 0; i < sealed->changes_count; i++) {
        const struct vt_seal_change *change = &sealed->changes[i];
        size_t at =
            change->index == 0 ? header->count : find_field(header, change->name, change->index);
        if (change->value == NULL) {
            memmove(&header->fields[at], &header->fields[at + 1],
                    (header->count - at - 1) * sizeof(char *));
            header->count--;
            continue;
        }
        const char *fold = strchr(change->value, '\n');
        int first = fold == NULL ? (int)strlen(change->value) : (int)(fold - change->value);
        header->fields[at] =
            vt_arena_printf(arena, "%s: %.*s%s%s\r\n", change->name, first, change->value,
                            fold == NULL ? "" : "\r", fold == NULL ? "" : fold);
        header->count += change->index == 0 ? 1 : 0;
    }
}

static const char *const headers[] = {
    HEAD,
    MIME "Content-Type: text/plain\r\n",
    HEAD "content-disposition: inline\r\nMime-Version: 1.0 (x)\r\nContent-Type: text/plain\r\n",
    "Content-Type: text/plain;\r\n charset=us-ascii\r\nSubject: Công văn\r\n folded\r\n"
    "Content-Foo: 1\r\ncontent-foo: 2\r\nContent-Transfer-Encoding: 7bit\r\nCONTENT-FOO: 3\r\n"
    "Content-Disposition: inline\r\nContent-Disposition: inline\r\nMIME-Version: 1.0\r\n"
    "MIME-Version: 1.0\r\n",
    "From u@h Mon Jan  1 00:00:00 2026\r\n" HEAD "Content-Length: 3\r\n",
};

static void test_changes_make_the_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(headers); i++) {
        for (unsigned form = VT_SEAL_CLEAR; form <= VT_SEAL_OPAQUE; form++) {
            struct vt_seal_message_plan plan = new_plan((enum vt_seal_form)form);
            struct vt_bytes mail =
                vt_bytes_str(vt_arena_printf(arena, "%s\r\nXin chao.\r\n", headers[i]));
            struct vt_seal_message message = prepare(mail, &plan);
            struct vt_sealed_message sealed = finish(&message);
            struct header made = read_header(mail), written = read_header(sealed.mail);
            make_changes(&made, &sealed);
            assert_int_equal(made.count, written.count);
            for (size_t f = 0; f < made.count; f++)
                assert_string_equal(made.fields[f], written.fields[f]);
            assert_int_equal(find_field(&written, "MIME-Version", 1) < written.count, true);
            assert_ptr_equal(sealed.body.ptr + sealed.body.len, sealed.mail.ptr + sealed.mail.len);
            const char *why = NULL;
            if (!is_good(mail, sealed.mail, &why))
                fail_msg("header %zu: %s", i, why);
        }
    }
}

/* RFC 9788: copies of the author's fields, and hp="clear" at the root of what is signed. */
static void test_headers_protected(void **state)
{
    (void)state;
    struct vt_seal_message_plan plan = new_plan(VT_SEAL_CLEAR);
    plan.protects_headers = true;
    struct vt_bytes mail = VT_BYTES("Received: x\r\nFrom: Bình <a@b.vn>\r\nTo: c@d.vn\r\n"
                                    "Subject: Công văn số 12\r\nBcc: e@f.vn\r\nX-Mailer: m\r\n"
                                    "Content-Type: text/plain; charset=utf-8;\r\n\r\nHi\r\n");
    struct vt_seal_message message = prepare(mail, &plan);
    struct vt_sealed_message sealed = finish(&message);
    assert_int_equal(message.unprotected_count, 1);
    assert_string_equal(openssl_content(sealed.mail),
                        "To: c@d.vn\r\nSubject: =?utf-8?B?Q8O0bmcgdsSDbiBz4buRIDEy?=\r\n"
                        "Content-Type: text/plain; charset=utf-8;\r\n hp=\"clear\"\r\n\r\nHi\r\n");
    const char *why = NULL;
    if (!is_good(mail, sealed.mail, &why))
        fail_msg("%s", why);
    struct vt_seal_message bare = prepare(VT_BYTES("From: a@b.vn\r\n\r\nHi\r\n"), &plan);
    sealed = finish(&bare);
    assert_string_equal(openssl_content(sealed.mail),
                        "From: a@b.vn\r\nContent-Type: text/plain; charset=us-ascii;\r\n "
                        "hp=\"clear\"\r\n\r\nHi\r\n");
}

/* ---- promises ---- */

static void test_same_bytes_each_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(uglies); i++) {
        struct vt_bytes mail = expand(uglies[i].mail, uglies[i].mail_bytes);
        struct vt_seal_message_plan plan = new_plan(VT_SEAL_OPAQUE);
        struct vt_seal_message first = prepare(mail, &plan), second = prepare(mail, &plan);
        assert_true(vt_bytes_equal(first.attributes, second.attributes));
        struct vt_sealed_message a = finish(&first), b = finish(&second);
        assert_true(vt_bytes_equal(a.mail, b.mail));
    }
}

static void test_wrong_signature(void **state)
{
    (void)state;
    struct vt_seal_message_plan plan = new_plan(VT_SEAL_CLEAR);
    struct vt_seal_message message = prepare(VT_BYTES(HEAD "\r\nHi\r\n"), &plan);
    struct vt_sealed_message sealed;
    struct vt_bytes signature = ts_sign(arena, &seal, VT_BYTES("other"));
    assert_int_equal(vt_seal_message_finish(arena, &message, signature, TD_NONE, &sealed, NULL),
                     VT_E_FORMAT);
    assert_int_equal(sealed.mail.len, 0);
}

static void test_time_stamp(void **state)
{
    (void)state;
    struct vt_seal_message_plan plan = new_plan(VT_SEAL_CLEAR);
    struct vt_bytes mail = VT_BYTES(HEAD "\r\nHi\r\n");
    struct vt_seal_message message = prepare(mail, &plan);
    struct vt_sealed_message sealed;
    struct vt_bytes signature = ts_sign(arena, &seal, message.attributes);
    struct tc_entity tsa = tc_leaf(arena, NULL, "TSA", &seal.ca);
    const char *why = NULL;
    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        struct tcms_stamp stamp = {.tsa = &tsa,
                                   .stamped = is_wrong ? VT_BYTES("other") : signature};
        struct vt_bytes token = tcms_token(arena, &stamp);
        assert_int_equal(vt_seal_message_finish(arena, &message, signature, token, &sealed, NULL),
                         VT_OK);
        assert_int_equal(is_good(mail, sealed.mail, &why), !is_wrong);
    }
    assert_string_equal(why, "The time stamp of the sealed mail is not one of its signature.");
}

/* ---- documents that were sealed ---- */

static struct vt_bytes replaced(struct vt_bytes bytes, const char *old, const char *new)
{
    size_t at = vt_bytes_find(bytes, vt_bytes_str(old), 0);
    assert_int_not_equal(at, SIZE_MAX);
    size_t len = bytes.len - strlen(old) + strlen(new);
    uint8_t *out = vt_arena_alloc(arena, len);
    memcpy(out, bytes.ptr, at);
    memcpy(out + at, new, strlen(new));
    memcpy(out + at + strlen(new), bytes.ptr + at + strlen(old), bytes.len - at - strlen(old));
    return vt_bytes_of(out, len);
}

#define DOCUMENTS                                                                                  \
    MIXED "X-Mailer: m\r\n\r\n--b1\r\n\r\nFrom me \r\n--b1\r\nContent-Type: application/pdf; "     \
          "name=a.pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%doc-\r\n--b1\r\n"     \
          "Content-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: application/pdf; "      \
          "name=b.pdf\r\n\r\n%doc-\r\n--b1--\r\n"

static const struct {
    const char *name, *mail, *path;
    bool is_found;
} documents[] = {
    {"attachment", DOCUMENTS, "2", true},
    {"of a nested mail", DOCUMENTS, "3/message/1", true},
    {"the whole mail", MIME "Content-Type: application/pdf\r\n\r\n%doc-\r\n", "1", true},
    {"the whole mail in base64",
     MIME "Content-Type: application/pdf\r\nContent-transfer-encoding: base64\r\n\r\nJVBERi0=\r\n",
     "1", true},
    {"none", DOCUMENTS, "4", false},
    {"a multipart", DOCUMENTS, "", false},
    {"in a signed part",
     MIXED "\r\n--b1\r\nContent-Type: multipart/signed; boundary=s; protocol=\"application/"
           "pgp-signature\"\r\n\r\n--s\r\n\r\nx\r\n--s\r\nContent-Type: "
           "application/pgp-signature\r\n\r\nx\r\n--s--\r\n--b1--\r\n",
     "1.1", false},
};

static void test_documents_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(documents); i++) {
        const struct vt_seal_replacement replacement = {
            documents[i].path, VT_BYTES("%PDF-1.7 sealed"), VT_BYTES(" and more of it")};
        for (unsigned form = VT_SEAL_CLEAR; form <= VT_SEAL_BARE; form++) {
            struct vt_seal_message_plan plan = new_plan((enum vt_seal_form)form);
            struct vt_bytes mail = vt_bytes_str(documents[i].mail);
            struct vt_seal_message message;
            struct vt_sealed_message sealed;
            struct vt_seal_check check;
            plan.replacements = &replacement;
            plan.replacements_count = 1;
            enum vt_code code = vt_seal_message_prepare(arena, mail, &plan, &message, NULL);
            assert_int_equal(code, documents[i].is_found ? VT_OK : VT_E_NOT_FOUND);
            if (code != VT_OK)
                continue;
            struct vt_bytes signature =
                form == VT_SEAL_BARE ? TD_NONE : ts_sign(arena, &seal, message.attributes);
            assert_int_equal(
                vt_seal_message_finish(arena, &message, signature, TD_NONE, &sealed, NULL), VT_OK);
            assert_int_equal(vt_seal_message_check(arena, mail, sealed.mail, &plan, &check, NULL),
                             VT_OK);
            if (!check.is_good)
                fail_msg("%s, form %u: %s\n%.*s", documents[i].name, form, check.why,
                         (int)sealed.mail.len, (const char *)sealed.mail.ptr);
            plan.replacements_count = 0;
            assert_int_equal(vt_seal_message_check(arena, mail, sealed.mail, &plan, &check, NULL),
                             VT_OK);
            assert_false(check.is_good);
            struct header made = read_header(mail), written = read_header(sealed.mail);
            make_changes(&made, &sealed);
            assert_int_equal(made.count, written.count);
        }
    }
}

/* What is not replaced stays to the octet, also what would not survive as signed. */
static void test_bare_changes_nothing_else(void **state)
{
    (void)state;
    const struct vt_seal_replacement replacement = {"2", VT_BYTES("%PDF-1.7"), TD_NONE};
    struct vt_seal_message_plan plan = new_plan(VT_SEAL_BARE);
    struct vt_bytes mail = VT_BYTES(DOCUMENTS);
    plan.identity = NULL;
    plan.replacements = &replacement;
    plan.replacements_count = 1;
    struct vt_seal_message message = prepare(mail, &plan);
    struct vt_sealed_message sealed;
    assert_int_equal(message.attributes.len, 0);
    assert_int_equal(vt_seal_message_finish(arena, &message, TD_NONE, TD_NONE, &sealed, NULL),
                     VT_OK);
    assert_int_equal(sealed.changes_count, 0);
    struct vt_bytes wanted =
        replaced(mail, "quoted-printable\r\n\r\n%doc-", "base64\r\n\r\nJVBERi0xLjc=");
    if (!vt_bytes_equal(sealed.mail, wanted))
        fail_msg("%.*s", (int)sealed.mail.len, (const char *)sealed.mail.ptr);
}

/* ---- what the check finds ---- */

static void test_check_finds(void **state)
{
    (void)state;
    struct vt_bytes mail =
        VT_BYTES(MIXED "\r\n--b1\r\n\r\nSo 12\r\n--b1\r\nContent-Type: application/pdf; "
                       "name=a.pdf\r\n\r\n%doc-\r\n--b1--\r\n");
    struct vt_seal_message_plan plan = new_plan(VT_SEAL_CLEAR);
    struct vt_seal_message message = prepare(mail, &plan);
    struct vt_sealed_message sealed = finish(&message);
    const char *why = NULL;
    assert_true(is_good(mail, sealed.mail, &why));
    const struct vt_bytes wrong[] = {
        replaced(sealed.mail, "So 12", "So 13"),
        replaced(sealed.mail, "So 12", "S\xc3\xb4"),
        replaced(sealed.mail, "So 12\r\n", "So 12\n"),
        replaced(sealed.mail, "application/pkcs7-signature\"", "application/pgp-signature\""),
        replaced(sealed.mail, "multipart/signed", "multipart/mixed"),
        mail,
        vt_bytes_slice(sealed.mail, 0, sealed.mail.len - 40),
        TD_NONE,
    };
    for (size_t i = 0; i < ENTRIES(wrong); i++) {
        if (is_good(mail, wrong[i], &why) || why == NULL)
            fail_msg("row %zu is called good", i);
    }
    const struct vt_bytes others[] = {
        replaced(mail, "So 12", "So 13"),
        replaced(mail, "a.pdf", "b.pdf"),
        replaced(mail, "%doc-", "%doc+"),
        replaced(mail, "/pdf", "/xml"),
        replaced(mail, "--b1\r\n\r\nSo 12\r\n", ""),
    };
    for (size_t i = 0; i < ENTRIES(others); i++) {
        if (is_good(others[i], sealed.mail, &why) || why == NULL)
            fail_msg("original %zu is called the same", i);
    }
    struct ts_seal other = ts_make(arena, VT_SEAL_ECDSA, VT_SEAL_SHA256);
    struct vt_seal_check check;
    plan.identity = &other.identity;
    assert_int_equal(vt_seal_message_check(arena, mail, sealed.mail, &plan, &check, NULL), VT_OK);
    assert_false(check.is_good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ugly_clear),
        cmocka_unit_test(test_ugly_opaque),
        cmocka_unit_test(test_ugly_with_lf),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_changes_make_the_header),
        cmocka_unit_test(test_headers_protected),
        cmocka_unit_test(test_same_bytes_each_time),
        cmocka_unit_test(test_wrong_signature),
        cmocka_unit_test(test_time_stamp),
        cmocka_unit_test(test_documents_replaced),
        cmocka_unit_test(test_bare_changes_nothing_else),
        cmocka_unit_test(test_check_finds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
