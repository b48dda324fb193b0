/* SPDX-License-Identifier: Apache-2.0
 * The structure of mails: parts and their places, nested mails, the facts of the outermost one,
 * content of signatures. */
#include "test_unpack_lib.h"

#define HEAD "From: a@example.vn\r\nMIME-Version: 1.0\r\n"

static void mixed_mail_has_its_parts(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(
        HEAD "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\npreamble\r\n"
             "--=_b\r\nContent-Type: multipart/alternative; boundary=\"=_b2\"\r\n\r\n"
             "--=_b2\r\n\r\nplain\r\n--=_b2 \t\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n"
             "--=_b2--\r\nepilogue of the inner one\r\n"
             "--=_b\r\nContent-Type: application/octet-stream; name=\"a.pdf\"\r\n"
             "Content-Disposition: attachment; filename=\"b.pdf\"\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n"
             "--=_b--\r\nepilogue\r\n");
    assert_int_equal(mail.unpacked->parts_count, 6);
    assert_int_equal(mail.unpacked->parts[0].format, VT_FORMAT_MAIL);
    assert_int_equal(part_at(&mail, "")->format, VT_FORMAT_MULTIPART);
    assert_int_equal(part_at(&mail, "1")->format, VT_FORMAT_MULTIPART);
    assert_bytes(part_at(&mail, "1.1")->bytes, "plain");
    assert_int_equal(part_at(&mail, "1.2")->format, VT_FORMAT_HTML);
    const struct vt_part *pdf = part_at(&mail, "2");
    assert_bytes(pdf->bytes, "%PDF-1.4\n");
    assert_int_equal(pdf->format, VT_FORMAT_PDF);
    assert_string_equal(pdf->name, "b.pdf");
    assert_string_equal(pdf->content_type, "application/octet-stream");
    assert_true(pdf->attachment);
    assert_false(part_at(&mail, "1.1")->attachment);
    assert_int_equal(pdf->depth, 2);
    assert_int_equal(pdf->parent, 1);
    assert_int_equal(all_reasons(&mail), 0);
    release(&mail);
}

static void raw_is_the_part_as_received(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                                                 "--b\r\nX: y\r\n\r\nbody\r\n\r\n--b--\r\n");
    assert_bytes(part_at(&mail, "1")->raw, "X: y\r\n\r\nbody\r\n");
    assert_bytes(part_at(&mail, "1")->bytes, "body\r\n");
    release(&mail);
}

static void nested_mail_is_marked(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text(HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n"
                         "--b\r\nContent-Type: message/rfc822; name=\"thu.eml\"\r\n\r\n"
                         "From: c@example.vn\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
                         "--c\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--c--\r\n"
                         "--b--\r\n");
    assert_int_equal(part_at(&mail, "2")->format, VT_FORMAT_MAIL);
    assert_false(part_at(&mail, "2")->nested);
    assert_true(part_at(&mail, "2")->attachment);
    assert_true(part_at(&mail, "2/thu.eml")->nested);
    assert_true(part_at(&mail, "2/thu.eml/1")->nested);
    assert_int_equal(part_at(&mail, "2/thu.eml/1")->format, VT_FORMAT_PDF);
    assert_string_equal(mail.unpacked->from, "a@example.vn");
    assert_int_equal(mail.unpacked->from_count, 1);
    assert_int_equal(all_reasons(&mail), 0);
    release(&mail);
}

static void digest_has_mails_by_default(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text(HEAD "Content-Type: multipart/digest; boundary=b\r\n\r\n"
                         "--b\r\n\r\nFrom: x@example.vn\r\n\r\nhello\r\n--b--\r\n");
    assert_int_equal(part_at(&mail, "1")->format, VT_FORMAT_MAIL);
    assert_bytes(part_at(&mail, "1/message/1")->bytes, "hello");
    release(&mail);
}

static void boundary_may_begin_another(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text(HEAD "Content-Type: multipart/mixed; boundary=\"Apple-1\"\r\n\r\n--Apple-1\r\n"
                         "Content-Type: multipart/mixed; boundary=\"Apple-10\"\r\n\r\n"
                         "--Apple-10\r\n\r\none\r\n--Apple-10\r\n\r\ntwo\r\n--Apple-10--\r\n\r\n"
                         "--Apple-1\r\n\r\nthree\r\n--Apple-1--\r\n");
    assert_bytes(part_at(&mail, "1.1")->bytes, "one");
    assert_bytes(part_at(&mail, "1.2")->bytes, "two");
    assert_bytes(part_at(&mail, "2")->bytes, "three");
    assert_int_equal(all_reasons(&mail), 0);
    release(&mail);
}

static void facts_of_the_outermost_mail(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(
        "Authentication-Results: mx.example.vn;\r\n\tdkim=pass header.d=a.vn\r\n"
        "From: =?utf-8?B?xJDhuqFpIGRp4buHbg==?= <van-thu@so.gov.vn>\r\n"
        "Message-ID: <1@a.vn>\r\nList-Id: <l.a.vn>\r\nAuto-Submitted: auto-replied (x)\r\n"
        "Subject: =?utf-8?Q?Quy=E1=BA=BFt_?=\r\n =?utf-8?Q?=C4=91=E1=BB=8Bnh?=\r\n\r\nx");
    const struct vt_unpacked *unpacked = mail.unpacked;
    assert_true(unpacked->is_mail);
    assert_string_equal(unpacked->from, "van-thu@so.gov.vn");
    assert_string_equal(unpacked->subject, "Quyết định");
    assert_string_equal(unpacked->message_id, "<1@a.vn>");
    assert_true(unpacked->is_list);
    assert_true(unpacked->is_automatic);
    assert_int_equal(unpacked->authentication_results_count, 1);
    assert_string_equal(unpacked->authentication_results[0],
                        "mx.example.vn; dkim=pass header.d=a.vn");
    release(&mail);
}

static void authors_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        unsigned count;
        const char *first;
    } cases[] = {
        {"From: a@x.vn\r\n\r\n", 1, "a@x.vn"},
        {"From: a@x.vn, B <b@x.vn>\r\n\r\n", 2, "a@x.vn"},
        {"From: a@x.vn\r\nFrom: b@x.vn\r\n\r\n", 2, "a@x.vn"},
        {"From: g: a@x.vn, b@x.vn;\r\n\r\n", 2, "a@x.vn"},
        {"From: \"b@y.vn\" <a@x.vn>\r\n\r\n", 1, "a@x.vn"},
        {"From:\r\n\r\n", 1, NULL},
        {"Subject: x\r\n\r\n", 0, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unpacked_mail mail = unpack_text(cases[i].headers);
        assert_int_equal(mail.unpacked->from_count, cases[i].count);
        if (cases[i].first == NULL)
            assert_null(mail.unpacked->from);
        else
            assert_string_equal(mail.unpacked->from, cases[i].first);
        release(&mail);
    }
}

static void automatic_and_list_by_header(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        bool is_list;
        bool is_automatic;
    } cases[] = {
        {"Precedence: bulk\r\n\r\n", true, false},
        {"Precedence: LIST\r\n\r\n", true, false},
        {"Precedence: first-class\r\n\r\n", false, false},
        {"Auto-Submitted: no\r\n\r\n", false, false},
        {"Auto-Submitted: No; x=y\r\n\r\n", false, false},
        {"Auto-Submitted: auto-generated\r\n\r\n", false, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unpacked_mail mail = unpack_text(cases[i].headers);
        assert_int_equal(mail.unpacked->is_list, cases[i].is_list);
        assert_int_equal(mail.unpacked->is_automatic, cases[i].is_automatic);
        release(&mail);
    }
}

/* What forbids to answer a mail, by RFC 3834 2 and 5 and beyond. */
static void who_should_not_be_answered(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        enum vt_automatic by;
    } cases[] = {
        {"From: a@x.vn\r\n\r\n", VT_AUTOMATIC_NOT},
        {"Precedence: first-class\r\n\r\n", VT_AUTOMATIC_NOT},
        {"Precedence: bulk\r\n\r\n", VT_AUTOMATIC_PRECEDENCE},
        {"Precedence: Junk (x)\r\n\r\n", VT_AUTOMATIC_PRECEDENCE},
        {"Precedence:\r\n auto_reply\r\n\r\n", VT_AUTOMATIC_PRECEDENCE},
        {"Auto-Submitted: no\r\n\r\n", VT_AUTOMATIC_NOT},
        {"Auto-Submitted: no; x=auto\r\n\r\n", VT_AUTOMATIC_NOT},
        {"Auto-Submitted: auto-generated\r\n\r\n", VT_AUTOMATIC_SUBMITTED},
        {"Auto-Submitted: x-new\r\n\r\n", VT_AUTOMATIC_SUBMITTED},
        {"Auto-Submitted: (no) auto-replied\r\n\r\n", VT_AUTOMATIC_SUBMITTED},
        {"Auto-Submitted:\r\n\r\n", VT_AUTOMATIC_SUBMITTED},
        {"List-Id: <l.a.vn>\r\n\r\n", VT_AUTOMATIC_LIST},
        {"LIST-UNSUBSCRIBE: <https://a.vn/>\r\n\r\n", VT_AUTOMATIC_LIST},
        {"List-Post: NO\r\n\r\n", VT_AUTOMATIC_LIST},
        {"List-Price: 5\r\n\r\n", VT_AUTOMATIC_NOT},
        {"Content-Type: multipart/report; boundary=x\r\n\r\n--x--", VT_AUTOMATIC_REPORT},
        {"Content-Type:\r\n MULTIPART/Report;\r\n boundary=x\r\n\r\n--x--", VT_AUTOMATIC_REPORT},
        {"Content-Type: message/disposition-notification\r\n\r\n", VT_AUTOMATIC_REPORT},
        {"Content-Type: multipart/mixed; boundary=report\r\n\r\n--report--", VT_AUTOMATIC_NOT},
        {"Return-Path: <>\r\n\r\n", VT_AUTOMATIC_BOUNCE},
        {"Return-Path: (x) < >\r\n\r\n", VT_AUTOMATIC_BOUNCE},
        {"Return-Path: <a@x.vn>\r\n\r\n", VT_AUTOMATIC_NOT},
        {"X-Auto-Response-Suppress: All\r\n\r\n", VT_AUTOMATIC_SUPPRESS},
        {"X-Auto-Response-Suppress: DR, OOF\r\n\r\n", VT_AUTOMATIC_SUPPRESS},
        {"X-Auto-Response-Suppress: DR, RN,NRN\r\n\r\n", VT_AUTOMATIC_NOT},
        {"X-Auto-Response-Suppress: None\r\n\r\n", VT_AUTOMATIC_NOT},
        {"X-Loop: a@x.vn\r\n\r\n", VT_AUTOMATIC_LOOP},
        {"X-Vanthu-Notice: 1\r\n\r\n", VT_AUTOMATIC_OURS},
        {"X-Loop: x\r\nPrecedence: bulk\r\nX-Vanthu-Notice: 1\r\nList-Id: x\r\n\r\n",
         VT_AUTOMATIC_OURS},
        /* What a nested mail says is of that one. */
        {"Content-Type: message/rfc822\r\n\r\nAuto-Submitted: auto-replied\r\n\r\n",
         VT_AUTOMATIC_NOT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unpacked_mail mail = unpack_text(cases[i].headers);
        if (mail.unpacked->automatic_by != cases[i].by)
            fail_msg("%s: %s", cases[i].headers, vt_automatic_name(mail.unpacked->automatic_by));
        release(&mail);
    }
}

static void results_above_every_received_are_told_apart(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text("Authentication-Results: a.vn; spf=pass\r\nDKIM-Filter: x\r\n"
                    "Authentication-Results: b.vn; spf=pass\r\nReceived: from x by y; now\r\n"
                    "Authentication-Results: c.vn; spf=pass\r\n\r\nx");
    assert_int_equal(mail.unpacked->authentication_results_count, 3);
    assert_int_equal(mail.unpacked->authentication_results_above_count, 2);
    release(&mail);
}

static void file_is_told_by_its_content(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *name;
        enum vt_format format;
        vt_reasons reasons;
    } cases[] = {
        {"%PDF-1.4\n", "scan.jpg", VT_FORMAT_PDF, 0},
        {"no more\n", "a.pdf", VT_FORMAT_TEXT, BIT(FILE_UNREADABLE)},
        {"", "a.pdf", VT_FORMAT_EMPTY, BIT(FILE_UNREADABLE)},
        {"", "a.txt", VT_FORMAT_EMPTY, 0},
        {"\x01\x02\x03\x04", "a.bin", VT_FORMAT_UNKNOWN, BIT(FORMAT_UNSUPPORTED)},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc", VT_FORMAT_OLE, BIT(FORMAT_UNSUPPORTED)},
        {"\x89PNG\r\n\x1a\n", "a.png", VT_FORMAT_IMAGE, 0},
        {"<?xml version='1.0'?><a/>", "a.xml", VT_FORMAT_XML, 0},
        {"<?xml version='1.0'?><a>Signature</a>", "a.xml", VT_FORMAT_XML, 0},
        {"<?xml version='1.0'?><a><Signatures/></a>", "a.xml", VT_FORMAT_XML, 0},
        {"<?xml version='1.0'?><a><ds:Signature x='y'/></a>", "a.xml", VT_FORMAT_XML,
         BIT(FORMAT_UNSUPPORTED)},
        {"<?xml version='1.0'?><a><Signature\n/></a>", "a.xml", VT_FORMAT_XML,
         BIT(FORMAT_UNSUPPORTED)},
        {"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY s 'x'>]><a/>", "a.xml", VT_FORMAT_XML,
         BIT(FORMAT_UNSUPPORTED)},
        {"-----BEGIN PGP MESSAGE-----\n\nhQE=\n", "a.asc", VT_FORMAT_ENCRYPTED,
         BIT(FILE_UNREADABLE)},
        {"-----BEGIN PGP SIGNATURE-----\n\niQE=\n", "a.asc", VT_FORMAT_TEXT,
         BIT(FORMAT_UNSUPPORTED)},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unpacked_mail mail =
            unpack_bytes(vt_bytes_str(cases[i].bytes), cases[i].name, false);
        assert_int_equal(mail.unpacked->parts_count, 1);
        assert_false(mail.unpacked->is_mail);
        assert_string_equal(mail.unpacked->parts[0].path, "");
        assert_int_equal(mail.unpacked->parts[0].format, cases[i].format);
        assert_int_equal(mail.unpacked->parts[0].reasons, cases[i].reasons);
        release(&mail);
    }
}

static void file_that_is_a_mail_is_unpacked(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_bytes(
        VT_BYTES("From MAILER Thu Jan  1 00:00:00 1970\nFrom: a@x.vn\nSubject: s\n\nhello\n"),
        "thu.eml", false);
    assert_true(mail.unpacked->is_mail);
    assert_string_equal(mail.unpacked->from, "a@x.vn");
    assert_bytes(part_at(&mail, "1")->bytes, "hello\n");
    assert_false(part_at(&mail, "1")->nested);
    assert_int_equal(all_reasons(&mail), 0);
    release(&mail);
}

static void content_of_a_signature_is_unpacked(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(
        HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCA\r\n");
    assert_int_equal(part_at(&mail, "1")->format, VT_FORMAT_SMIME);
    assert_string_equal(part_at(&mail, "1")->smime_type, "signed-data");
    struct vt_err err = {0};
    assert_int_equal(
        vt_unpack_entity(mail.arena, mail.unpacked, 1,
                         VT_BYTES("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx"
                                  "\r\n--b\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\r\n"
                                  "--b--\r\n"),
                         &err),
        VT_OK);
    assert_int_equal(part_at(&mail, "1/smime.p7m")->format, VT_FORMAT_MULTIPART);
    assert_int_equal(part_at(&mail, "1/smime.p7m/2")->format, VT_FORMAT_PDF);
    assert_true(part_at(&mail, "1/smime.p7m/2")->covered_by_signature_of_parent);
    assert_int_equal(part_at(&mail, "1/smime.p7m/2")->depth, 3);
    assert_false(part_at(&mail, "1/smime.p7m/2")->nested);
    release(&mail);
}

static void attached_p7m_is_a_file(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(
        HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
             "Content-Type: application/pkcs7-mime; name=\"cv.pdf.p7m\"\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCA\r\n--b--\r\n");
    assert_int_equal(part_at(&mail, "2")->format, VT_FORMAT_CMS);
    struct vt_err err = {0};
    assert_int_equal(
        vt_unpack_member(mail.arena, mail.unpacked, 3, VT_BYTES("%PDF-1.4\n"), NULL, &err), VT_OK);
    const struct vt_part *pdf = part_at(&mail, "2/cv.pdf");
    assert_int_equal(pdf->format, VT_FORMAT_PDF);
    assert_string_equal(pdf->name, "cv.pdf");
    assert_int_equal(pdf->parent, 3);
    assert_int_equal(vt_unpack_member(mail.arena, mail.unpacked, 3,
                                      VT_BYTES("Content-Type: application/pdf\r\n"
                                               "Content-Transfer-Encoding: base64\r\n\r\n"
                                               "JVBERi0xLjQK\r\n"),
                                      "a.mime", &err),
                     VT_OK);
    assert_bytes(part_at(&mail, "2/a.mime/a.mime/1")->bytes, "%PDF-1.4\n");
    assert_false(part_at(&mail, "2/a.mime/a.mime/1")->nested);
    assert_int_equal(vt_unpack_member(mail.arena, mail.unpacked, 99, VT_BYTES("x"), "x", &err),
                     VT_E_INTERNAL);
    release(&mail);
}

static void encrypted_message_cannot_be_read(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text(HEAD "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"
                         "Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n");
    assert_int_equal(part_at(&mail, "1")->format, VT_FORMAT_ENCRYPTED);
    assert_int_equal(part_at(&mail, "1")->reasons, BIT(FILE_UNREADABLE));
    release(&mail);
}

static void text_that_looks_like_a_mail_stays_text(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text(HEAD "Content-Type: text/plain\r\n\r\nFrom: B\r\nSubject: C\r\n\r\nsee above");
    assert_int_equal(mail.unpacked->parts_count, 2);
    assert_int_equal(part_at(&mail, "1")->format, VT_FORMAT_TEXT);
    release(&mail);
}

static void input_too_large_is_a_limit(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    struct vt_unpacked *unpacked = NULL;
    struct vt_err err = {0};
    static const uint8_t byte = 'x';
    assert_int_equal(vt_unpack(arena, vt_bytes_of(&byte, (size_t)VT_MAX_MAIL_BYTES + 1), NULL, true,
                               &unpacked, &err),
                     VT_E_LIMIT);
    assert_null(unpacked);
    vt_arena_free(arena);
}

static void small_arena_is_out_of_memory(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 20000; bytes += 97) {
        struct vt_arena *arena = vt_arena_new(bytes);
        struct vt_unpacked *unpacked = NULL;
        struct vt_err err = {0};
        enum vt_code code = vt_unpack(
            arena,
            VT_BYTES(HEAD "Subject: =?utf-8?Q?a?=\r\nAuthentication-Results: x\r\n"
                          "Content-Type: multipart/signed; protocol=\"application/"
                          "pkcs7-signature\"; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; "
                          "name=x\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b\r\n"
                          "Content-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n"),
            NULL, true, &unpacked, &err);
        assert_true(code == VT_OK || code == VT_E_NOMEM);
        assert_int_equal(unpacked != NULL, code == VT_OK);
        vt_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixed_mail_has_its_parts),
        cmocka_unit_test(raw_is_the_part_as_received),
        cmocka_unit_test(nested_mail_is_marked),
        cmocka_unit_test(digest_has_mails_by_default),
        cmocka_unit_test(boundary_may_begin_another),
        cmocka_unit_test(facts_of_the_outermost_mail),
        cmocka_unit_test(authors_are_counted),
        cmocka_unit_test(automatic_and_list_by_header),
        cmocka_unit_test(who_should_not_be_answered),
        cmocka_unit_test(results_above_every_received_are_told_apart),
        cmocka_unit_test(file_is_told_by_its_content),
        cmocka_unit_test(file_that_is_a_mail_is_unpacked),
        cmocka_unit_test(content_of_a_signature_is_unpacked),
        cmocka_unit_test(attached_p7m_is_a_file),
        cmocka_unit_test(encrypted_message_cannot_be_read),
        cmocka_unit_test(text_that_looks_like_a_mail_stays_text),
        cmocka_unit_test(input_too_large_is_a_limit),
        cmocka_unit_test(small_arena_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
