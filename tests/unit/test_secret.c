/* SPDX-License-Identifier: Apache-2.0
 * What is a mark of secrecy and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/secret.h"

static const struct {
    const char *name, *text;
    bool is_mark;
} texts[] = {
    {"composed", "[M\u1eacT] V/v", true},
    {"decomposed", "[MA\u0323\u0302T] V/v", true},
    {"decomposed the other way", "[MA\u0302\u0323T]", true},
    {"circumflex composed", "[M\u00c2\u0323T]", true},
    {"dot composed", "[M\u1ea0\u0302T]", true},
    {"top", "[T\u1ed0I M\u1eacT]x", true},
    {"top, decomposed", "[TO\u0302\u0301I MA\u0323\u0302T]", true},
    {"top, in part", "[T\u00d4\u0301I M\u1eacT]", true},
    {"absolute", "[TUY\u1ec6T M\u1eacT]", true},
    {"absolute, decomposed", "[TUYE\u0323\u0302T MA\u0323\u0302T]", true},
    {"absolute, in part", "[TUY\u00ca\u0323T M\u1ea0\u0302T]", true},
    {"after blanks", " \t[M\u1eacT]", true},
    {"nothing", "", false},
    {"not at the beginning", "V/v [M\u1eacT]", false},
    {"a reply", "Re: [M\u1eacT] V/v", false},
    {"the word in a text", "b\u00ed m\u1eadt kinh doanh", false},
    {"small letters", "[m\u1eadt]", false},
    {"mixed letters", "[M\u1eadT]", false},
    {"without diacritics", "[MAT]", false},
    {"another diacritic", "[M\u1ea4T]", false},
    {"marks above in the wrong order", "[TO\u0301\u0302I M\u1eacT]", false},
    {"without brackets", "M\u1eacT", false},
    {"round brackets", "(M\u1eacT)", false},
    {"not closed", "[M\u1eacT", false},
    {"blank inside", "[ M\u1eacT]", false},
    {"two blanks between", "[T\u1ed0I  M\u1eacT]", false},
    {"no blank between", "[T\u1ed0IM\u1eacT]", false},
    {"another word", "[TH\u01af\u1edcNG M\u1eacT]", false},
    {"longer word", "[M\u1eacT \u0110\u1ed8]", false},
    {"urgency", "[H\u1eceA T\u1ed0C]", false},
};

static void marks_of_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (vt_secret_begins(vt_bytes_str(texts[i].text)) != texts[i].is_mark)
            fail_msg("%s: \"%s\"", texts[i].name, texts[i].text);
    }
    assert_false(vt_secret_begins((struct vt_bytes){0}));
    assert_false(vt_secret_begins(VT_BYTES("[M\xe1\xba")));
}

static const struct {
    const char *name, *value;
    bool is_mark;
} subjects[] = {
    {"raw", " [M\u1eacT] V/v", true},
    {"base64", " =?utf-8?B?W03huqxUXSBWL3Y=?=", true},
    {"base64, small letters, a language", "=?UTF-8*vi?b?W03huqxUXQ==?=", true},
    {"Q", "=?UTF-8?Q?[M=E1=BA=ACT]_V/v?=", true},
    {"Q, decomposed", "=?utf-8?q?=5BMA=CC=A3=CC=82T=5D?=", true},
    {"Q with blanks", "=?utf-8?Q?[T=E1=BB=90I_M=E1=BA=ACT]?=", true},
    {"cut within a character", "=?utf-8?B?W03hug==?=\n =?utf-8?B?rFRd?=", true},
    {"cut between the words", "=?utf-8?Q?[T=E1=BB=90I_?= =?utf-8?Q?M=E1=BA=ACT]?=", true},
    {"folded before it", "\n =?utf-8?B?W03huqxUXSBWL3Y=?=", true},
    {"folded in it, raw", "[T\u1ed0I\n M\u1eacT] V/v", true},
    {"not at the beginning", "=?utf-8?B?Vi92IFtN4bqsVF0=?=", false},
    {"a character set that is not decoded", "=?windows-1258?Q?[M=C2=F2T]?=", false},
    {"no encoding", "=?utf-8?X?W03huqxUXQ==?=", false},
    {"no end", "=?utf-8?B?W03huqxUXQ==", false},
    {"nothing behind the character set", "=?utf-8?", false},
    {"nothing behind the encoding", "=?utf-8?B?", false},
    {"empty word",
     "=?utf-8?B?"
     "?=",
     false},
    {"empty", "", false},
    {"blanks", " \n \n ", false},
};

static void marks_of_subjects(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (vt_secret_subject_begins(vt_bytes_str(subjects[i].value)) != subjects[i].is_mark)
            fail_msg("%s: \"%s\"", subjects[i].name, subjects[i].value);
    }
}

/* A word that never ends, thousands of folds: only the beginning is looked at. */
static void long_subjects(void **state)
{
    (void)state;
    static char text[100000];
    memset(text, '\n', sizeof(text));
    assert_false(vt_secret_subject_begins(vt_bytes_of(text, sizeof(text))));
    memset(text, '?', sizeof(text));
    memcpy(text, "=?utf-8?B?", 10);
    assert_false(vt_secret_subject_begins(vt_bytes_of(text, sizeof(text))));
    memset(text, 'A', sizeof(text));
    memcpy(text, "=?utf-8?Q?[M=E1=BA=ACT]", 23);
    memcpy(text + 2000, "?=", 2);
    assert_true(vt_secret_subject_begins(vt_bytes_of(text, sizeof(text))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_of_texts),
        cmocka_unit_test(marks_of_subjects),
        cmocka_unit_test(long_subjects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
