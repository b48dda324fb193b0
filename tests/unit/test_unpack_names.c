/* SPDX-License-Identifier: Apache-2.0
 * File names as real mail programs write them, and as nobody should. */
#include "test_unpack_lib.h"

#include "unpack/charset.h"
#include "unpack/names.h"
#include "vanthu/secret.h"

/* "Quyết định.pdf" in NFC. */
#define QD "Quy\u1ebft \u0111\u1ecbnh.pdf"

static const struct {
    const char *name;
    const char *headers;
    const char *want; /* NULL: no name */
} cases[] = {
    {"plain", "Content-Disposition: attachment; filename=a.pdf", "a.pdf"},
    {"quoted", "Content-Disposition: attachment; filename=\"a b.pdf\"", "a b.pdf"},
    {"name of the type alone", "Content-Type: application/pdf; name=\"a.pdf\"", "a.pdf"},
    {"disposition before type",
     "Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: inline; filename=b.pdf",
     "b.pdf"},
    {"RFC 2231",
     "Content-Disposition: attachment; filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf", QD},
    {"RFC 2231 in pieces",
     "Content-Disposition: attachment;\r\n filename*0*=utf-8'vi'Quy%E1%BA%BFt%20;\r\n"
     " filename*1*=%C4%91%E1%BB%8Bnh;\r\n filename*2=.pdf",
     QD},
    {"RFC 2231 in pieces out of order",
     "Content-Disposition: attachment; filename*1=c.pdf; filename*0=ab", "abc.pdf"},
    {"extended before plain",
     "Content-Disposition: attachment; filename=Quyet.pdf; "
     "filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf",
     QD},
    {"RFC 2047 in quotes",
     "Content-Type: application/pdf; name=\"=?utf-8?B?UXV54bq/dCDEkeG7i25oLnBkZg==?=\"", QD},
    {"RFC 2047 in two words",
     "Content-Type: application/pdf;\r\n name=\"=?utf-8?Q?Quy=E1=BA=BFt_?=\r\n"
     " =?utf-8?Q?=C4=91=E1=BB=8Bnh.pdf?=\"",
     QD},
    {"RFC 2047 without quotes",
     "Content-Type: application/pdf; name==?utf-8?B?UXV54bq/dCDEkeG7i25oLnBkZg==?=", QD},
    {"raw UTF-8", "Content-Disposition: attachment; filename=\"" QD "\"", QD},
    {"raw UTF-8, NFD",
     "Content-Disposition: attachment; filename=\"Quye\u0302\u0301t \u0111i\u0323nh.pdf\"", QD},
    {"raw windows-1258",
     "Content-Disposition: attachment; filename=\"Quy\xea\xect \xf0i\xf2nh.pdf\"", QD},
    {"raw TCVN", "Content-Disposition: attachment; filename=\"Quy\xd5t \xae\xdenh.pdf\"", QD},
    {"windows-1258 by name",
     "Content-Disposition: attachment; filename*=windows-1258''Quy%EA%ECt%20%F0i%F2nh.pdf", QD},
    {"character set that is not held",
     "Content-Disposition: attachment; filename*=ebcdic-us''a.pdf", "a.pdf"},
    {"directories", "Content-Disposition: attachment; filename=\"../../etc/passwd\"", "passwd"},
    {"Windows directories", "Content-Disposition: attachment; filename=\"C:\\\\a\\\\b.pdf\"",
     "b.pdf"},
    {"directory alone", "Content-Disposition: attachment; filename=\"a/\"", "a"},
    {"dots", "Content-Disposition: attachment; filename=\"..\"", NULL},
    {"empty", "Content-Disposition: attachment; filename=\"\"", NULL},
    {"right-to-left override", "Content-Disposition: attachment; filename=\"a\u202efdp.exe\"",
     "afdp.exe"},
    {"zero width", "Content-Disposition: attachment; filename=\"a\u200b.pdf\ufeff\"", "a.pdf"},
    {"soft hyphen and word joiner",
     "Content-Disposition: attachment; filename=\"a\u00ad\u2060.pdf\"", "a.pdf"},
    {"control characters", "Content-Disposition: attachment; filename=\"a\x01\x1b[31m.pdf\"",
     "a[31m.pdf"},
    {"control characters before accents",
     "Content-Disposition: attachment; filename=\"\x01\u1ebf\x02\u1ebf\u00ff.pdf\"",
     "\u1ebf\u1ebf\u00ff.pdf"},
    {"encoded line break", "Content-Disposition: attachment; filename*=utf-8''a%0D%0AX.pdf",
     "aX.pdf"},
    {"broken UTF-8", "Content-Disposition: attachment; filename*=utf-8''a%FF.pdf", "a\ufffd.pdf"},
    {"quote not closed", "Content-Disposition: attachment; filename=\"a.pdf", "a.pdf"},
    {"backslash at the end", "Content-Disposition: attachment; filename=\"a.pdf\\", "a.pdf"},
};

static void names_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "From: a@x.vn\r\n%s\r\n\r\nx", cases[i].headers);
        struct unpacked_mail mail = unpack_text(text);
        const char *name = part_at(&mail, "1")->name;
        if (cases[i].want == NULL ? name != NULL : name == NULL || strcmp(name, cases[i].want) != 0)
            fail_msg("%s: \"%s\"", cases[i].name, name == NULL ? "(none)" : name);
        release(&mail);
    }
}

/* "[MẬT]" in NFC. */
#define MARK "[M\u1eacT]"

static const struct {
    const char *name;
    const char *headers; /* of a mail of one part, or with its body */
    bool is_marked;
} marks[] = {
    {"subject", "Subject: " MARK " V/v", true},
    {"subject, encoded", "Subject: =?utf-8?B?W03huqxUXSBWL3Y=?=", true},
    {"subject, Q in two words",
     "Subject: =?utf-8?Q?[T=E1=BB=90I_?=\r\n =?utf-8?Q?M=E1=BA=ACT]?=", true},
    {"subject, windows-1258", "Subject: =?windows-1258?Q?[M=C2=F2T]_V/v?=", true},
    {"subject, raw windows-1258", "Subject: [M\xc2\xf2T] V/v", true},
    {"subject, NFD", "Subject: [MA\u0323\u0302T] V/v", true},
    {"second subject", "Subject: V/v\r\nSubject: " MARK, true},
    {"file", "Content-Disposition: attachment; filename=\"" MARK " 1.pdf\"", true},
    {"file, NFD", "Content-Disposition: attachment; filename=\"[MA\u0323\u0302T] 1.pdf\"", true},
    {"file, RFC 2231", "Content-Disposition: attachment; filename*=UTF-8''%5BM%E1%BA%ACT%5D.pdf",
     true},
    {"name of the type", "Content-Type: application/pdf; name=\"=?utf-8?B?W03huqxUXQ==?=\"", true},
    {"the other name of two",
     "Content-Disposition: attachment; filename=a.pdf\r\nContent-Type: application/pdf; "
     "name=\"" MARK ".pdf\"",
     true},
    {"file in a folder", "Content-Disposition: attachment; filename=\"a/" MARK ".pdf\"", true},
    {"folder", "Content-Disposition: attachment; filename=\"" MARK "/a.pdf\"", true},
    {"file of a nested mail",
     "Content-Type: message/rfc822\r\n\r\nFrom: b@x.vn\r\n"
     "Content-Disposition: attachment; filename=\"" MARK ".pdf\"",
     true},
    {"nested mail by its name",
     "Content-Type: message/rfc822; name=\"" MARK ".eml\"\r\n\r\nFrom: b@x.vn", true},
    {"in the middle", "Subject: V/v " MARK, false},
    {"reply", "Subject: Re: " MARK, false},
    {"the word", "Subject: b\u00ed m\u1eadt kinh doanh, T\u1ed0I M\u1eacT", false},
    {"in the text", "Subject: V/v\r\n\r\n" MARK " V/v", false},
    {"another field", "Comments: " MARK, false},
};

static void marks_of_secrecy_are_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(marks); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "From: a@x.vn\r\n%s\r\n\r\nx", marks[i].headers);
        struct unpacked_mail mail = unpack_text(text);
        bool is_marked = mail.unpacked->is_marked_secret;
        for (size_t p = 0; p < mail.unpacked->parts_count; p++) {
            const char *name = mail.unpacked->parts[p].name;
            is_marked = is_marked || (name != NULL && vt_secret_begins(vt_bytes_str(name)));
        }
        if (is_marked != marks[i].is_marked)
            fail_msg("%s", marks[i].name);
        release(&mail);
    }
}

/* A subject that is too long to be read is still seen to be marked. */
static void a_long_subject_is_marked(void **state)
{
    (void)state;
    static char text[20000];
    int used = snprintf(text, sizeof(text), "From: a@x.vn\r\nSubject: " MARK " ");
    memset(text + used, 'a', 12000);
    memcpy(text + used + 12000, "\r\n\r\nx", 6);
    struct unpacked_mail mail = unpack_text(text);
    assert_true(mail.unpacked->is_marked_secret);
    assert_null(mail.unpacked->subject);
    release(&mail);
}

static void long_name_keeps_its_extension(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(1u << 20);
    char long_name[4096] = "";
    for (int i = 0; i < 500; i++)
        strcat(long_name, "\u1ebf");
    strcat(long_name, ".signed.pdf");
    const char *name = NULL;
    assert_int_equal(vt_name_clean(arena, long_name, &name), VT_OK);
    assert_true(strlen(name) <= VT_MAX_NAME_BYTES && strlen(name) > VT_MAX_NAME_BYTES - 4);
    assert_true(vt_name_has_extension(name, ".signed.pdf"));
    assert_true(vt_text_is_utf8(vt_bytes_str(name)));
    memset(long_name, 'a', 1000);
    long_name[500] = '.';
    long_name[1000] = '\0';
    assert_int_equal(vt_name_clean(arena, long_name, &name), VT_OK);
    assert_int_equal(strlen(name), VT_MAX_NAME_BYTES);
    vt_arena_free(arena);
}

static void charsets_that_are_not_held_are_blanked(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } words[] = {
        {"=?utf-8?Q?a?= =?ibm037?Q?b?=", "=?utf-8?Q?a?= =?xxxxxx?Q?b?="},
        {"=?UTF-8*vi?B?bg==?= <a@x.vn>", "=?UTF-8*vi?B?bg==?= <a@x.vn>"},
        {"=?utf-8?B?bg==?= =?utf-8?B?bg==?=", "=?utf-8?B?bg==?= =?utf-8?B?bg==?="},
        {"name*=ibm037''x; b=\"c'd\"", "name*=xxxxxx''x; b=\"c'd\""},
        {"name*0*=\"cp1047'vi'x\"", "name*0*=\"xxxxxx'vi'x\""},
        {"name*=utf-8''x", "name*=utf-8''x"},
        {"name*=''x", "name*=''x"},
        {"2*3=6", "2*3=6"},
        {"=?", "=?"},
        {"=?ibm037?", "=?ibm037?"},
    };
    vt_charset_warm();
    for (size_t i = 0; i < COUNT(words); i++) {
        char text[128];
        snprintf(text, sizeof(text), "%s", words[i].text);
        bool found = vt_charset_neutralise(text, strlen(text));
        assert_string_equal(text, words[i].want);
        assert_int_equal(found, strcmp(words[i].text, words[i].want) != 0);
    }
}

int main(void)
{
    struct vt_err err = {0};
    if (vt_unpack_warm(&err) != VT_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(marks_of_secrecy_are_seen),
        cmocka_unit_test(a_long_subject_is_marked),
        cmocka_unit_test(long_name_keeps_its_extension),
        cmocka_unit_test(charsets_that_are_not_held_are_blanked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
