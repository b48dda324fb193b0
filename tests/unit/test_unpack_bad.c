/* SPDX-License-Identifier: Apache-2.0
 * Bad mails: a clear reason each, no crash, and time that grows with the size alone. */
#include <stdlib.h>

#include "test_unpack_lib.h"

#include "vanthu/clock.h"

/* Far above what any of these mails takes, far below what a quadratic reader would. */
#define MAX_MSECS 20000

static const struct {
    const char *name;
    const char *mail;
    vt_reasons reasons; /* of all together */
    bool mail_has_it;   /* the mail itself is told */
    const char *words;  /* of a finding; NULL: none is asked for */
} cases[] = {
    {"two Content-Type headers",
     "From: a@x.vn\r\nContent-Type: text/plain\r\ncontent-type : text/html\r\n\r\nx",
     BIT(MALFORMED), true, "more than one Content-Type"},
    {"two Content-Transfer-Encoding headers",
     "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nx",
     BIT(MALFORMED), true, "more than one Content-Transfer-Encoding"},
    {"two types in a nested mail",
     "Content-Type: message/rfc822\r\n\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\nx",
     BIT(MALFORMED), false, "more than one Content-Type"},
    {"base64 garbage",
     "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x#Ljcg",
     BIT(MALFORMED), false, "not base64"},
    {"text after base64",
     "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLg==\r\n"
     "_____\r\nfooter",
     BIT(MALFORMED), false, "after the padding"},
    {"empty mail", "", BIT(MALFORMED), true, "empty"},
    {"headers alone", "From: a@x.vn\r\nSubject: s\r\n", 0, false, NULL},
    {"headers without a line end", "From: a@x.vn", 0, false, NULL},
    {"body alone", "\r\nbody", 0, false, NULL},
    {"no headers at all", "just some words\r\nand more of them\r\n", BIT(MALFORMED), true,
     "no header field"},
    {"bare CR as line end", "From: a@x.vn\rContent-Type: text/plain\r\rx\r", BIT(MALFORMED), true,
     "CR"},
    {"body right after the headers", "From: a@x.vn\r\nHello there\r\n\r\nx", BIT(MALFORMED), true,
     "no header field"},
    {"fold of white space alone", "From: a@x.vn\r\n \t\r\nSubject: s\r\n\r\nx", BIT(MALFORMED),
     true, "no header field"},
    {"boundary parameter missing", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
     BIT(MALFORMED), true, "boundary parameter"},
    {"boundary empty",
     "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n----\r\n", BIT(MALFORMED),
     true, "boundary parameter"},
    {"boundary twice",
     "Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
     BIT(MALFORMED), true, "two boundary"},
    {"boundary never used", "Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n",
     BIT(MALFORMED), true, "does not contain its boundary"},
    {"closed before it begins", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
     BIT(MALFORMED), true, "does not contain its boundary"},
    {"closing boundary missing",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", BIT(MALFORMED), true,
     "closing boundary"},
    {"parts after the end",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n",
     BIT(MALFORMED), true, "after its closing boundary"},
    {"boundary of the parent",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
     "boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b--\r\n",
     BIT(MALFORMED), true, "boundary of one that it is part of"},
    {"multipart in base64",
     "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
     "--b\r\n\r\nx\r\n--b--\r\n",
     BIT(MALFORMED), true, "Content-Transfer-Encoding"},
    {"declared S/MIME is none",
     "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nhello", BIT(MALFORMED),
     false, "no CMS"},
    {"piece of a mail", "Content-Type: message/partial; number=1; total=2; id=x\r\n\r\nA: b\r\n",
     BIT(FORMAT_UNSUPPORTED), false, "piece"},
};

static void bad_mails_have_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unpacked_mail mail = unpack_text(cases[i].mail);
        if (all_reasons(&mail) != cases[i].reasons)
            fail_msg("%s: reasons %llx", cases[i].name, (unsigned long long)all_reasons(&mail));
        if ((mail.unpacked->reasons != 0) != cases[i].mail_has_it)
            fail_msg("%s: reasons of the mail %llx", cases[i].name,
                     (unsigned long long)mail.unpacked->reasons);
        if (cases[i].words != NULL && !some_finding_has(&mail, cases[i].words))
            fail_msg("%s: no finding says it", cases[i].name);
        release(&mail);
    }
}

static void nul_in_headers(void **state)
{
    (void)state;
    struct unpacked_mail mail =
        unpack_bytes(VT_BYTES("From: a@x.vn\r\nSubject: one\0two\r\n\r\nx"), NULL, true);
    assert_int_equal(mail.unpacked->reasons, BIT(MALFORMED));
    assert_true(some_finding_has(&mail, "NUL"));
    assert_string_equal(mail.unpacked->subject, "one?two");
    release(&mail);
}

/* ---- mails made of repetitions ---- */

static void add(struct vt_buf *buf, const char *text)
{
    assert_int_equal(vt_buf_add(buf, text, strlen(text)), VT_OK);
}

static void add_times(struct vt_buf *buf, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        add(buf, text);
}

static struct unpacked_mail unpack_in_time(const struct vt_buf *buf)
{
    int64_t begin = vt_clock_monotonic_msecs();
    struct unpacked_mail mail = unpack_bytes(vt_buf_bytes(buf), NULL, true);
    assert_true(vt_clock_monotonic_msecs() - begin < MAX_MSECS);
    return mail;
}

static void build_nested_multiparts(struct vt_buf *buf)
{
    add(buf, "Content-Type: multipart/mixed; boundary=b0\r\n\r\n");
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(vt_buf_addf(buf,
                                     "--b%u\r\nContent-Type: multipart/mixed; boundary=b%u\r\n\r\n",
                                     i, i + 1),
                         VT_OK);
}

static void build_nested_mails(struct vt_buf *buf)
{
    add_times(buf, "From: a@x.vn\r\nContent-Type: message/rfc822\r\n\r\n", 40);
    add(buf, "From: a@x.vn\r\n\r\nx\r\n");
}

static void build_many_parts(struct vt_buf *buf)
{
    add(buf, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    add_times(buf, "--b\r\n\r\nx\r\n", 100000);
    add(buf, "--b--\r\n");
}

static void build_large_header(struct vt_buf *buf)
{
    add(buf, "From: a@x.vn\r\nX-Long: y");
    add_times(buf, "\r\n 0123456789012345678901234567890123456789", 1024 * 1024 / 42);
    add(buf, "\r\n\r\nx");
}

static void build_many_fields(struct vt_buf *buf)
{
    add_times(buf, "a:\n", 1000000);
    add(buf, "\nx");
}

static void build_many_parameters(struct vt_buf *buf)
{
    add(buf, "Content-Type: application/pdf");
    add_times(buf, ";name*0=a", 10000);
    add(buf, "\r\n\r\nx");
}

static void build_many_addresses(struct vt_buf *buf)
{
    add(buf, "From: ");
    add_times(buf, "g:", 4000);
    add(buf, "\r\n\r\nx");
}

/* Each level is scanned again: 31 levels around many short lines. */
static void build_deep_and_long(struct vt_buf *buf)
{
    add(buf, "Content-Type: multipart/mixed; boundary=b0\r\n\r\n");
    for (unsigned i = 0; i < 31; i++)
        assert_int_equal(vt_buf_addf(buf,
                                     "--b%u\r\nContent-Type: multipart/mixed; boundary=b%u\r\n\r\n",
                                     i, i + 1),
                         VT_OK);
    add_times(buf, "--\n--\n--\n--\n--\n--\n--\n--\n", 1u << 20);
}

static const struct {
    const char *name;
    void (*build)(struct vt_buf *buf);
    const char *words;
} limits[] = {
    {"10 000 nested multiparts", build_nested_multiparts, "32 levels"},
    {"40 nested mails", build_nested_mails, "32 levels"},
    {"100 000 parts", build_many_parts, "1000 parts"},
    {"a header of 1 MB", build_large_header, "256 KiB"},
    {"a million header fields", build_many_fields, "256 KiB"},
    {"10 000 parameters", build_many_parameters, "too long"},
    {"4000 nested groups", build_many_addresses, NULL},
    {"depth times length", build_deep_and_long, "nesting"},
};

static void limits_are_said_aloud(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct vt_buf buf;
        vt_buf_init(&buf, VT_MAX_MAIL_BYTES);
        limits[i].build(&buf);
        struct unpacked_mail mail = unpack_in_time(&buf);
        if (limits[i].words != NULL) {
            if ((mail.unpacked->reasons & BIT(TOO_LARGE)) == 0)
                fail_msg("%s: the mail is not too large", limits[i].name);
            if (!some_finding_has(&mail, limits[i].words))
                fail_msg("%s: no finding says it", limits[i].name);
        }
        assert_true(mail.unpacked->parts_count <= VT_MAX_PARTS);
        release(&mail);
        vt_buf_clear(&buf);
    }
}

/* Base64 within base64: decoded bytes are counted before they are made. */
static void unpacked_bytes_are_bounded(void **state)
{
    (void)state;
    struct vt_buf buf;
    vt_buf_init(&buf, VT_MAX_MAIL_BYTES);
    add(&buf, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 3; i++)
        add(&buf, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n");
    add(&buf, "--b--\r\n");
    struct unpacked_mail mail = unpack_bytes(vt_buf_bytes(&buf), NULL, true);
    assert_int_equal(mail.unpacked->reasons, 0);
    char *large = calloc(1, (size_t)50 * 1024 * 1024);
    assert_non_null(large);
    memset(large, ' ', (size_t)50 * 1024 * 1024);
    const char head[] = "Content-Transfer-Encoding: quoted-printable\r\n\r\n=";
    memcpy(large, head, sizeof(head) - 1);
    struct vt_err err = {0};
    bool refused = false;
    for (int i = 0; i < 4; i++)
        assert_int_equal(vt_unpack_entity(mail.arena, mail.unpacked, 2,
                                          vt_bytes_of(large, (size_t)50 * 1024 * 1024), &err),
                         VT_OK);
    refused = (mail.unpacked->reasons & BIT(TOO_LARGE)) != 0;
    assert_true(refused);
    assert_true(some_finding_has(&mail, "192 MiB"));
    free(large);
    release(&mail);
    vt_buf_clear(&buf);
}

/* A limit hides something: what is signed is then not said to be read. */
static void signed_mail_over_a_limit_has_no_signed_bytes(void **state)
{
    (void)state;
    struct vt_buf buf;
    vt_buf_init(&buf, VT_MAX_MAIL_BYTES);
    add(&buf, "Content-Type: multipart/signed; boundary=s; "
              "protocol=\"application/pkcs7-signature\"\r\n\r\n--s\r\n");
    build_many_parts(&buf);
    add(&buf, "--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--s--\r\n");
    struct unpacked_mail mail = unpack_in_time(&buf);
    assert_int_equal(part_at(&mail, "")->signed_bytes.len, 0);
    assert_int_equal(part_at(&mail, "")->signature_part, VT_NO_PART);
    assert_true((part_at(&mail, "")->reasons & BIT(TOO_LARGE)) != 0);
    release(&mail);
    vt_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_mails_have_reasons),
        cmocka_unit_test(nul_in_headers),
        cmocka_unit_test(limits_are_said_aloud),
        cmocka_unit_test(unpacked_bytes_are_bounded),
        cmocka_unit_test(signed_mail_over_a_limit_has_no_signed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
