/* SPDX-License-Identifier: Apache-2.0
 * Policy files as a whole: every file of tests/policy/good is accepted, every one of bad is
 * refused, with exactly the lines that stand in the .expected file beside it. VT_EXPECTED=write
 * writes these files anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "vanthu/policy.h"

#define FOLDER "tests/policy"

/* The lines a person is shown. */
static char *text_of(const struct vt_mistakes *mistakes)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *m = &mistakes->items[i];
        (void)fprintf(out, "%s:%u:%u: %s%s\n", m->file + strlen(FOLDER) + 1, m->line, m->column,
                      m->warning ? "warning: " : "", m->text);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static char *read_text(const char *file)
{
    char *text = calloc(1, 65536);
    assert_non_null(text);
    FILE *in = fopen(file, "r");
    if (in != NULL) {
        assert_true(fread(text, 1, 65535, in) < 65535);
        (void)fclose(in);
    }
    return text;
}

static void write_text(const char *file, const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void check_file(const char *name, bool is_good)
{
    char file[512], expected_file[600];
    (void)snprintf(file, sizeof(file), FOLDER "/%s/%s", is_good ? "good" : "bad", name);
    (void)snprintf(expected_file, sizeof(expected_file), "%.*s.expected",
                   (int)(strlen(file) - strlen(".yaml")), file);
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_policy_load(file, &policy, &mistakes, NULL);
    char *got = text_of(&mistakes);
    if (getenv("VT_EXPECTED") != NULL && got[0] != '\0')
        write_text(expected_file, got);
    char *wanted = read_text(expected_file);
    if (code != (is_good ? VT_OK : VT_E_CONFIG) || (policy != NULL) != is_good)
        fail_msg("%s: code %d\n%s", file, code, got);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s gives\n%swanted\n%s", file, got, wanted);
    free(got);
    free(wanted);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
}

static unsigned check_folder(const char *folder, bool is_good)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        size_t len = strlen(entry->d_name);
        if (len < 6 || strcmp(entry->d_name + len - 5, ".yaml") != 0)
            continue;
        check_file(entry->d_name, is_good);
        count++;
    }
    (void)closedir(dir);
    return count;
}

static void good_files(void **state)
{
    (void)state;
    assert_true(check_folder(FOLDER "/good", true) >= 3);
}

static void bad_files(void **state)
{
    (void)state;
    assert_true(check_folder(FOLDER "/bad", false) >= 40);
}

static void five_mistakes_in_one_run(void **state)
{
    (void)state;
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_policy_load(FOLDER "/bad/five.yaml", &policy, &mistakes, NULL),
                     VT_E_CONFIG);
    assert_int_equal(mistakes.count, 5);
    for (size_t i = 0; i < mistakes.count; i++)
        assert_true(mistakes.items[i].line > 0 && mistakes.items[i].column > 0);
    vt_mistakes_clear(&mistakes);
}

static void unreadable_file(void **state)
{
    (void)state;
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_policy_load("/nonexistent.yaml", &policy, &mistakes, &err), VT_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent.yaml"));
    assert_int_equal(mistakes.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(five_mistakes_in_one_run),
        cmocka_unit_test(unreadable_file),
    };
    return cmocka_run_group_tests_name("policy_files", tests, NULL, NULL);
}
