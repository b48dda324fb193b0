/* SPDX-License-Identifier: Apache-2.0
 * multipart/signed: which bytes are signed, to the byte, and when there are none. */
#include "test_unpack_lib.h"

#define SIGNED(rest)                                                                               \
    "From: a@x.vn\r\nContent-Type: multipart/signed; micalg=sha-256; boundary=\"b\";\r\n"          \
    " protocol=\"application/pkcs7-signature\"\r\n\r\n" rest
#define SIGNATURE                                                                                  \
    "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"                                \
    "Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCA\r\n"

static const struct {
    const char *name;
    const char *mail;
    const char *signed_bytes; /* NULL: there must be none */
    vt_reasons reasons;       /* of the multipart */
} cases[] = {
    {"plain",
     SIGNED("--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n" SIGNATURE "--b--\r\n"),
     "Content-Type: text/plain\r\n\r\nhello", 0},
    {"empty line at the end is signed",
     SIGNED("--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n\r\n--b\r\n" SIGNATURE "--b--\r\n"),
     "Content-Type: text/plain\r\n\r\nhello\r\n", 0},
    {"preamble, epilogue, padding",
     SIGNED("This is signed.\r\n--b \t\r\nX: y\r\n\r\nhello\r\n--b\r\n" SIGNATURE
            "--b--  \r\nlist footer\r\n"),
     "X: y\r\n\r\nhello", 0},
    {"part without headers", SIGNED("--b\r\n\r\nhello\r\n--b\r\n" SIGNATURE "--b--\r\n"),
     "\r\nhello", 0},
    {"folded first header",
     SIGNED("--b\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\nx\r\n--b\r\n" SIGNATURE
            "--b--\r\n"),
     "Content-Type: text/plain;\r\n charset=utf-8\r\n\r\nx", 0},
    {"no line end after the closing boundary",
     SIGNED("--b\r\n\r\nhello\r\n--b\r\n" SIGNATURE "--b--"), "\r\nhello", 0},
    {"lines that begin as a delimiter",
     SIGNED("--b\r\nX: y\r\n\r\n--bb\r\n--b.\r\n --b\r\n-b\r\n--b\r\n" SIGNATURE "--b--\r\n"),
     "X: y\r\n\r\n--bb\r\n--b.\r\n --b\r\n-b", 0},
    {"multipart inside",
     SIGNED("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n"
            "--b\r\n" SIGNATURE "--b--\r\n"),
     "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--", 0},
    {"multipart with epilogue inside",
     SIGNED("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n"
            "\r\n\r\n--b\r\n" SIGNATURE "--b--\r\n"),
     "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n\r\n", 0},
    {"mail with multipart inside",
     SIGNED("--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@x.vn\r\nContent-Type: "
            "multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n--b\r\n" SIGNATURE
            "--b--\r\n"),
     "Content-Type: message/rfc822\r\n\r\nFrom: c@x.vn\r\nContent-Type: multipart/mixed; "
     "boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--",
     0},
    {"character set that is not held",
     SIGNED("--b\r\nContent-Type: text/plain; name*=ebcdic-us''%C1\r\n\r\nx\r\n--b\r\n" SIGNATURE
            "--b--\r\n"),
     "Content-Type: text/plain; name*=ebcdic-us''%C1\r\n\r\nx", 0},
    {"bare LF",
     "From: a@x.vn\nContent-Type: multipart/signed; boundary=b; "
     "protocol=\"application/x-pkcs7-signature\"\n\n--b\n\nhello\n--b\n"
     "Content-Type: application/x-pkcs7-signature\n\nMIAGCSqGSIb3DQEHAqCA\n--b--\n",
     "\nhello", 0},
    {"line of an mbox",
     "From a@x.vn Thu Jan  1 00:00:00 1970\r\n" SIGNED("--b\r\n\r\nx\r\n--b\r\n" SIGNATURE
                                                       "--b--\r\n"),
     "\r\nx", 0},
    {"protocol missing",
     "From: a@x.vn\r\nContent-Type: multipart/signed; "
     "boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n" SIGNATURE "--b--\r\n",
     "\r\nx", 0},
    {"three parts", SIGNED("--b\r\n\r\nx\r\n--b\r\n" SIGNATURE "--b\r\n\r\nfooter\r\n--b--\r\n"),
     NULL, BIT(MALFORMED)},
    {"one part", SIGNED("--b\r\n\r\nx\r\n--b--\r\n"), NULL, BIT(MALFORMED)},
    {"signed part is empty", SIGNED("--b\r\n--b\r\n" SIGNATURE "--b--\r\n"), NULL, BIT(MALFORMED)},
    {"closing boundary missing", SIGNED("--b\r\n\r\nx\r\n--b\r\n" SIGNATURE), NULL, BIT(MALFORMED)},
    {"parts after the closing boundary",
     SIGNED("--b\r\n\r\nx\r\n--b\r\n" SIGNATURE "--b--\r\n--b\r\n\r\nmore\r\n--b--\r\n"), NULL,
     BIT(MALFORMED)},
    {"two types in the signed part",
     SIGNED(
         "--b\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n--b\r\n" SIGNATURE
         "--b--\r\n"),
     NULL, BIT(MALFORMED)},
    {"two encodings in the signature",
     SIGNED("--b\r\n\r\nx\r\n--b\r\nContent-Transfer-Encoding: 7bit\r\n" SIGNATURE "--b--\r\n"),
     NULL, BIT(MALFORMED)},
    {"inner boundary is the outer one",
     SIGNED("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
            "--b\r\n" SIGNATURE "--b--\r\n"),
     NULL, BIT(MALFORMED)},
    {"inner boundary closes the outer one",
     SIGNED("--b\r\nContent-Type: multipart/mixed; boundary=\"b--\"\r\n\r\nx\r\n--b\r\n" SIGNATURE
            "--b--\r\n"),
     NULL, BIT(MALFORMED)},
    {"line without colon in the signed headers",
     SIGNED("--b\r\nContent-Type: text/plain\r\nhello\r\n\r\nx\r\n--b\r\n" SIGNATURE "--b--\r\n"),
     NULL, BIT(MALFORMED)},
};

static void assert_case(size_t i, const struct vt_part *part)
{
    if (cases[i].signed_bytes == NULL && part->signed_bytes.len > 0)
        fail_msg("%s: there are signed bytes", cases[i].name);
    if (cases[i].signed_bytes != NULL &&
        !vt_bytes_equal(part->signed_bytes, vt_bytes_str(cases[i].signed_bytes)))
        fail_msg("%s: signed is \"%.*s\"", cases[i].name, (int)part->signed_bytes.len,
                 part->signed_bytes.len > 0 ? (const char *)part->signed_bytes.ptr : "");
    if (part->reasons != cases[i].reasons)
        fail_msg("%s: reasons %llx", cases[i].name, (unsigned long long)part->reasons);
    if ((part->signature_part == VT_NO_PART) != (cases[i].signed_bytes == NULL))
        fail_msg("%s: the signature is part %zu", cases[i].name, part->signature_part);
}

static void signed_bytes_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unpacked_mail mail = unpack_text(cases[i].mail);
        const struct vt_part *part = part_at(&mail, "");
        assert_int_equal(part->format, VT_FORMAT_SMIME);
        assert_case(i, part);
        for (size_t p = 2; p < mail.unpacked->parts_count; p++) {
            bool below_first = strncmp(mail.unpacked->parts[p].path, "1", 1) == 0;
            assert_int_equal(mail.unpacked->parts[p].covered_by_signature_of_parent,
                             below_first && cases[i].signed_bytes != NULL);
        }
        if (part->signature_part != VT_NO_PART)
            assert_int_equal(mail.unpacked->parts[part->signature_part].format, VT_FORMAT_CMS);
        release(&mail);
    }
}

static void stored_with_lf_has_a_canonical_form(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_bytes(
        VT_BYTES("From: a@x.vn\nContent-Type: multipart/signed; boundary=b; "
                 "protocol=\"application/pkcs7-signature\"\n\n--b\nX: y\n\nhello\n\n--b\n"
                 "Content-Type: application/pkcs7-signature\n\nMIAGCSqGSIb3DQEHAqCA\n--b--\n"),
        "a.eml", false);
    assert_bytes(part_at(&mail, "")->signed_bytes, "X: y\n\nhello\n");
    assert_bytes(part_at(&mail, "")->signed_bytes_canonical, "X: y\r\n\r\nhello\r\n");
    release(&mail);
    mail = unpack_text(cases[0].mail);
    assert_int_equal(part_at(&mail, "")->signed_bytes_canonical.len, 0);
    release(&mail);
}

static void other_protocols_are_not_checked(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_text("From: a@x.vn\r\nContent-Type: multipart/signed; boundary=b; "
                    "protocol=\"application/pgp-signature\"\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
                    "Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP "
                    "SIGNATURE-----\r\n--b--\r\n");
    assert_int_equal(part_at(&mail, "")->format, VT_FORMAT_MULTIPART);
    assert_int_equal(part_at(&mail, "")->reasons, BIT(FORMAT_UNSUPPORTED));
    assert_int_equal(part_at(&mail, "")->signed_bytes.len, 0);
    assert_false(part_at(&mail, "1")->covered_by_signature_of_parent);
    release(&mail);
}

static void signed_within_signed(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(
        SIGNED("--b\r\nContent-Type: multipart/signed; boundary=c; "
               "protocol=\"application/pkcs7-signature\"\r\n\r\n--c\r\n\r\nx\r\n--c\r\n" SIGNATURE
               "--c--\r\n--b\r\n" SIGNATURE "--b--\r\n"));
    assert_bytes(part_at(&mail, "1")->signed_bytes, "\r\nx");
    assert_true(part_at(&mail, "1.1")->covered_by_signature_of_parent);
    assert_true(part_at(&mail, "1.2")->covered_by_signature_of_parent);
    assert_int_equal(all_reasons(&mail), 0);
    release(&mail);
}

/* A list wraps the signed message and adds a footer of its own. */
static void signed_part_of_a_mixed_mail(void **state)
{
    (void)state;
    struct unpacked_mail mail = unpack_text(
        "From: a@x.vn\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
        "Content-Type: multipart/signed; boundary=b; "
        "protocol=\"application/pkcs7-signature\"\r\n\r\n--b\r\n\r\nx\r\n--b\r\n" SIGNATURE
        "--b--\r\n--a\r\n\r\nfooter\r\n--a--\r\n");
    assert_bytes(part_at(&mail, "1")->signed_bytes, "\r\nx");
    assert_true(part_at(&mail, "1.1")->covered_by_signature_of_parent);
    assert_false(part_at(&mail, "2")->covered_by_signature_of_parent);
    assert_int_equal(all_reasons(&mail), 0);
    release(&mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_bytes_are_exact),
        cmocka_unit_test(stored_with_lf_has_a_canonical_form),
        cmocka_unit_test(other_protocols_are_not_checked),
        cmocka_unit_test(signed_within_signed),
        cmocka_unit_test(signed_part_of_a_mixed_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
