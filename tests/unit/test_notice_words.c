/* SPDX-License-Identifier: Apache-2.0
 * The words of notices: what is shipped is in order and says what the table of reasons says, and
 * every mistake of a file is told at its place with what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "notice/words.h"

#define MANUAL "conf/vanthu-notices.5"

/* A bundle of one file in the place of what is built in. */
static enum vt_code parse_one(const char *path, const char *text, struct vt_notice_words **out,
                              struct vt_mistakes *mistakes)
{
    struct vt_buf bundle;
    struct vt_err err = {0};
    vt_buf_init(&bundle, 1 << 20);
    assert_int_equal(vt_buf_addf(&bundle, "vanthu-notices 1\n%s %zu\n%s", path, strlen(text), text),
                     VT_OK);
    enum vt_code code =
        vt_notice_words_parse(vt_buf_bytes(&bundle), "notices", out, mistakes, &err);
    vt_buf_clear(&bundle);
    return code;
}

static struct vt_notice_words *built_in(void)
{
    struct vt_notice_words *words = NULL;
    struct vt_mistakes mistakes;
    struct vt_buf bundle;
    vt_mistakes_init(&mistakes);
    vt_buf_init(&bundle, 1 << 20);
    assert_int_equal(vt_notice_words_bundle(NULL, &bundle, NULL), VT_OK);
    assert_int_equal(vt_notice_words_parse(vt_buf_bytes(&bundle), "-", &words, &mistakes, NULL),
                     VT_OK);
    for (size_t i = 0; i < mistakes.count; i++)
        fail_msg("%s:%u:%u: %s", mistakes.items[i].file, mistakes.items[i].line,
                 mistakes.items[i].column, mistakes.items[i].text);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&bundle);
    return words;
}

/* Not even a warning: none may be shown to an administrator who changed something else. */
static void built_in_words_are_in_order(void **state)
{
    (void)state;
    struct vt_notice_words *words = built_in();
    for (unsigned l = 0; l < VT_NOTICE_LANGUAGES; l++) {
        for (unsigned k = 0; k < VT_NOTICE_KINDS; k++) {
            assert_true(words->frames[l][k].subject.count > 0);
            assert_true(words->frames[l][k].headline.count > 0);
            assert_true(words->frames[l][k].count > 1);
        }
    }
    vt_notice_words_free(words);
}

static void shipped_reasons_are_those_of_the_table(void **state)
{
    (void)state;
    struct vt_notice_words *words = built_in();
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        assert_string_equal(words->reasons[VT_NOTICE_VIETNAMESE][i].reason, info->vietnamese);
        assert_string_equal(words->reasons[VT_NOTICE_VIETNAMESE][i].to_do, info->vietnamese_to_do);
        assert_string_equal(words->reasons[VT_NOTICE_ENGLISH][i].reason, info->english);
        assert_string_equal(words->reasons[VT_NOTICE_ENGLISH][i].to_do, info->english_to_do);
    }
    vt_notice_words_free(words);
}

/* ---- mistakes ---- */

#define HEAD "Subject: A\n\nHEADLINE.\n\n"
#define GOOD HEAD "{reference}\n"

static void mistakes_have_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text;
        unsigned line, column;
        bool warning;
        const char *says;
    } cases[] = {
        {"en/refused.txt", HEAD "{reference} {subjekt}\n", 5, 13, false, "did you mean {subject}?"},
        {"vi/refused.txt", HEAD "{mã} {tieu de}\n", 5, 6, false, "did you mean {tiêu đề}?"},
        {"vi/refused.txt", HEAD "{mã} {tiêu dề}\n", 5, 6, false, "did you mean {tiêu đề}?"},
        {"vi/refused.txt", HEAD "{mã} {zzzzzzzzz}\n", 5, 6, false, "there is no field"},
        {"en/refused.txt", HEAD "{reference} {mails}\n", 5, 13, false, "has no {mails}"},
        {"en/refused.txt", HEAD "{reference}: {files}\n", 5, 14, false, "is a block"},
        {"en/refused.txt", HEAD "{reference} {subject}\n", 5, 13, true, "is not always known"},
        {"en/refused.txt", HEAD "{reference\n", 5, 1, false, "\"{\" without"},
        {"en/refused.txt", HEAD "reference} {reference}\n", 5, 10, false, "\"}\" without"},
        {"en/refused.txt", HEAD "{reference} [a {subject}\n", 5, 13, false, "\"[\" without"},
        {"en/refused.txt", HEAD "{reference} a]\n", 5, 14, false, "\"]\" without"},
        {"en/refused.txt", HEAD "{reference} [a]\n", 5, 13, false, "without a field"},
        {"en/refused.txt", HEAD "{reference} [a [{subject}]\n", 5, 16, false, "inside of"},
        {"en/refused.txt", HEAD "nothing\n", 5, 1, false, "{reference} is missing"},
        {"en/list.txt", HEAD "{mail count}\n", 5, 1, false, "{mails} is missing"},
        {"en/refused.txt", "Subjekt: A\n\nHEADLINE.\n\n{reference}\n", 1, 1, false, "Subject: …"},
        {"en/refused.txt", "Subject: [A {subjekt}]\n\nH.\n\n{reference}\n", 1, 13, false,
         "did you mean {subject}?"},
        {"en/refused.txt", "Subject:\n\nHEADLINE.\n\n{reference}\n", 1, 1, false, "nothing stands"},
        {"en/refused.txt", "Subject: A\nSubject: B\n\nH.\n\n{reference}\n", 2, 1, false, "twice"},
        {"en/refused.txt", "Subject: A\n", 2, 1, false, "there is no first line"},
        {"en/refused.txt", "Subject: A\n\nH {reference}\n\n{reference}\n", 3, 1, false,
         "holds for every mail"},
        {"en/refused.txt", "Subject: A\n\nH.\nmore\n\n{reference}\n", 4, 1, false, "an empty line"},
        {"en/refused.txt",
         HEAD "{reference} 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
              "0123456789 0123456789 0123456789 0123456789\n",
         5, 121, false, "more than 120"},
        {"en/refused.txt", HEAD "{reference}\nab\xFF\n", 6, 3, false, "0xFF is no UTF-8"},
        {"en/refused.txt", HEAD "{reference}\nab\x01\n", 6, 3, false, "U+0001"},
        {"en/refused.txt", HEAD "{reference}\n\xE2\x80\xAEx\n", 6, 1, false, "U+202E"},
        {"vi/refused.txt", HEAD "{mã} tie\xCC\x82u\n", 5, 8, false, "NFC"},
        {"vi/refused.txt", HEAD "{mã} có giá trị pháp lý\n", 5, 9, false, "never says"},
        {"en/refused.tx", GOOD, 1, 1, true, "did you mean en/refused.txt?"},
        {"en/nothing-like-it", GOOD, 1, 1, true, "it is not read"},
        {"en/reasons.yaml", "CONTENT_CHANGE: {reason: a, to-do: b}\n", 1, 1, false,
         "did you mean \"CONTENT_CHANGED\"?"},
        {"en/reasons.yaml", "CERT_REVOKED: {reason: a}\n", 1, 15, false, "has no \"to-do\""},
        {"en/reasons.yaml", "CERT_REVOKED: {reason: \"a {day}\", to-do: b}\n", 1, 24, false,
         "{date}, {file} and {regulation}"},
        {"en/reasons.yaml", "CERT_REVOKED: {reason: a, to-do: b}\n", 1, 1, true,
         "CONTENT_CHANGED is missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_notice_words *words = NULL;
        struct vt_mistakes mistakes;
        bool is_found = false;
        char file[64];
        vt_mistakes_init(&mistakes);
        enum vt_code code = parse_one(cases[i].path, cases[i].text, &words, &mistakes);
        (void)snprintf(file, sizeof(file), "notices/%s", cases[i].path);
        for (size_t m = 0; m < mistakes.count; m++) {
            const struct vt_mistake *found = &mistakes.items[m];
            is_found =
                is_found || (found->line == cases[i].line && found->column == cases[i].column &&
                             found->warning == cases[i].warning && strcmp(found->file, file) == 0 &&
                             strstr(found->text, cases[i].says) != NULL);
        }
        if (!is_found)
            fail_msg("case %zu (%s): no \"%s\" at %u:%u; first: %u:%u %s", i, cases[i].path,
                     cases[i].says, cases[i].line, cases[i].column,
                     mistakes.count == 0 ? 0 : mistakes.items[0].line,
                     mistakes.count == 0 ? 0 : mistakes.items[0].column,
                     mistakes.count == 0 ? "" : mistakes.items[0].text);
        assert_int_equal(code, cases[i].warning ? VT_OK : VT_E_CONFIG);
        assert_int_equal(words != NULL, cases[i].warning);
        vt_notice_words_free(words);
        vt_mistakes_clear(&mistakes);
    }
}

/* Who changes one language is told that the other one still says what is built in. */
static void missing_translation_is_told(void **state)
{
    (void)state;
    struct vt_notice_words *words = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(parse_one("en/refused.txt", "\xEF\xBB\xBF" GOOD, &words, &mistakes), VT_OK);
    assert_int_equal(mistakes.count, 1);
    assert_string_equal(mistakes.items[0].file, "notices/vi/refused.txt");
    assert_non_null(strstr(mistakes.items[0].text, "translation of en/refused.txt is missing"));
    assert_int_equal(words->frames[VT_NOTICE_ENGLISH][VT_NOTICE_REFUSED].count, 1);
    vt_notice_words_free(words);
    vt_mistakes_clear(&mistakes);
}

static void escapes_and_lines(void **state)
{
    (void)state;
    struct vt_notice_words *words = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(parse_one("en/refused.txt",
                               "# a comment\nSubject: \\[A\\]\n\n# another\nH.\n\n"
                               "{reference}\\\nb\nc\n\n---\n\nsmall\n",
                               &words, &mistakes),
                     VT_OK);
    const struct vt_notice_frame *frame = &words->frames[VT_NOTICE_ENGLISH][VT_NOTICE_REFUSED];
    assert_int_equal(frame->count, 2);
    assert_false(frame->paragraphs[0].is_small);
    assert_true(frame->paragraphs[1].is_small);
    assert_string_equal(frame->subject.pieces[0].text, "[");
    assert_int_equal(frame->paragraphs[0].pieces[1].kind, VT_PIECE_BREAK);
    assert_string_equal(frame->paragraphs[0].pieces[3].text, " ");
    vt_notice_words_free(words);
    vt_mistakes_clear(&mistakes);
}

/* ---- folders and bundles ---- */

static void put_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void folder_replaces_file_by_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/vanthu-words-XXXXXX", path[64];
    struct vt_err err = {0};
    struct vt_buf bundle;
    vt_buf_init(&bundle, 1 << 20);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(vt_notice_words_bundle(folder, &bundle, &err), VT_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "has no words of notices"));
    vt_buf_clear(&bundle);
    (void)snprintf(path, sizeof(path), "%s/en", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/en/held.txt", folder);
    put_file(path, GOOD);
    (void)snprintf(path, sizeof(path), "%s/en/held.txt~", folder);
    put_file(path, "an editor's");
    assert_int_equal(vt_notice_words_bundle(folder, &bundle, &err), VT_OK);
    struct vt_notice_words *words = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_notice_words_parse(vt_buf_bytes(&bundle), folder, &words, &mistakes, &err),
                     VT_OK);
    assert_int_equal(mistakes.count, 1);
    assert_int_equal(words->frames[VT_NOTICE_ENGLISH][VT_NOTICE_HELD].count, 1);
    assert_true(words->frames[VT_NOTICE_ENGLISH][VT_NOTICE_REFUSED].count > 1);
    vt_notice_words_free(words);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&bundle);
    (void)unlink(path);
    path[strlen(path) - 1] = '\0';
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/en", folder);
    (void)rmdir(path);
    (void)rmdir(folder);
}

static void broken_bundles_are_refused(void **state)
{
    (void)state;
    static const char *const bundles[] = {
        "", "vanthu-notices 2\n", "vanthu-notices 1\nen/held.txt 99\nshort",
        "vanthu-notices 1\nen/held.txt\n", "vanthu-notices 1\nno end of line"};
    for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
        struct vt_notice_words *words = NULL;
        struct vt_mistakes mistakes;
        vt_mistakes_init(&mistakes);
        assert_int_equal(
            vt_notice_words_parse(vt_bytes_str(bundles[i]), "-", &words, &mistakes, NULL),
            VT_E_FORMAT);
        assert_null(words);
        vt_mistakes_clear(&mistakes);
    }
}

/* ---- the table of fields ---- */

static void every_field_is_used_and_documented(void **state)
{
    (void)state;
    static char manual[256 * 1024];
    struct vt_notice_words *words = built_in();
    FILE *in = fopen(MANUAL, "r");
    assert_non_null(in);
    manual[fread(manual, 1, sizeof(manual) - 1, in)] = '\0';
    (void)fclose(in);
    for (unsigned f = 0; f < VT_FIELDS; f++) {
        const struct vt_notice_field_info *info = vt_notice_field_info((enum vt_notice_field)f);
        char item[128];
        enum vt_notice_field found = VT_FIELDS;
        (void)snprintf(item, sizeof(item), "\n.It {%s}, {%s}\n", info->names[0], info->names[1]);
        if (strstr(manual, item) == NULL)
            fail_msg("%s has no%s", MANUAL, item);
        for (unsigned l = 0; l < VT_NOTICE_LANGUAGES; l++) {
            assert_int_equal(vt_notice_field_by_name(vt_bytes_str(info->names[l]), &found), VT_OK);
            assert_int_equal(found, f);
        }
    }
    for (size_t i = 0; vt_notice_builtin_path(i) != NULL; i++)
        assert_non_null(vt_notice_builtin(vt_notice_builtin_path(i)).ptr);
    vt_notice_words_free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_words_are_in_order),
        cmocka_unit_test(shipped_reasons_are_those_of_the_table),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(missing_translation_is_told),
        cmocka_unit_test(escapes_and_lines),
        cmocka_unit_test(folder_replaces_file_by_file),
        cmocka_unit_test(broken_bundles_are_refused),
        cmocka_unit_test(every_field_is_used_and_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
