/* SPDX-License-Identifier: Apache-2.0
 * File names as real mail programs write them, and as nobody should. */
#include "test_unpack_lib.h"

#include "unpack/charset.h"
#include "unpack/names.h"

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
        cmocka_unit_test(long_name_keeps_its_extension),
        cmocka_unit_test(charsets_that_are_not_held_are_blanked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
