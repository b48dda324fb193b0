/* SPDX-License-Identifier: Apache-2.0
 * Moving the mode in a configuration: one word changes, comments and all the rest stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/ladder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *before, *after; /* NULL: only a person should change it */
    unsigned line;
} edits[] = {
    {"plain", "mode: observe\nlog: stderr\n", "mode: tag\nlog: stderr\n", 1},
    {"with a comment", "# a\nmode: observe # b\n", "# a\nmode: tag # b\n", 2},
    {"spaces", "mode:\t  observe  \n", "mode:\t  tag  \n", 1},
    {"single quotes", "mode: 'observe'\n", "mode: tag\n", 1},
    {"double quotes", "mode: \"observe\" # x\n", "mode: tag # x\n", 1},
    {"no newline at the end", "log: stderr\nmode: observe", "log: stderr\nmode: tag", 2},
    {"line ends of DOS", "mode: observe\r\nlog: stderr\r\n", "mode: tag\r\nlog: stderr\r\n", 1},
    {"another mode below", "trust:\n  mode: x\nmode: enforce\n", "trust:\n  mode: x\nmode: tag\n",
     3},
    {"a word of it in a comment", "# mode: observe\nmode: observe\n",
     "# mode: observe\nmode: tag\n", 2},
    {"the key in quotes", "\"mode\": observe\n", "\"mode\": tag\n", 1},
    {"behind the sample", "# x\n#mode: observe\n\nlog: stderr\n",
     "# x\n#mode: observe\nmode: tag\n\nlog: stderr\n", 3},
    {"at the end", "log: stderr\n", "log: stderr\nmode: tag\n", 2},
    {"at the end without newline", "log: stderr", "log: stderr\nmode: tag\n", 2},
    {"an empty file", "", "mode: tag\n", 1},
    {"flow", "{mode: observe, log: stderr}\n", NULL, 0},
    {"flow without it", "{log: stderr}\n", NULL, 0},
    {"an escaped word", "mode: \"obs\\x65rve\"\n", NULL, 0},
    {"on the next line", "mode:\n  observe\n", NULL, 0},
};

static void only_the_mode_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        struct vt_buf out;
        struct vt_err err = {0};
        unsigned line = 0;
        vt_buf_init(&out, VT_MAX_CONFIG_BYTES);
        enum vt_code code =
            vt_ladder_edit(vt_bytes_str(edits[i].before), VT_MODE_TAG, &out, &line, &err);
        if ((code == VT_OK) != (edits[i].after != NULL))
            fail_msg("%s: %s", edits[i].name, code == VT_OK ? "changed" : err.text);
        if (code == VT_OK && (!vt_bytes_equal(vt_buf_bytes(&out), vt_bytes_str(edits[i].after)) ||
                              line != edits[i].line))
            fail_msg("%s: line %u\n%.*s", edits[i].name, line, (int)out.len, (const char *)out.ptr);
        vt_buf_clear(&out);
    }
}

static void a_link_stays_a_link(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_ladder_XXXXXX", file[64], name[64], command[64];
    struct stat info;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/file", folder);
    (void)snprintf(name, sizeof(name), "%s/link", folder);
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(symlink(file, name), 0);
    assert_int_equal(vt_ladder_write(name, vt_bytes_str("mode: tag\n"), NULL), VT_OK);
    assert_int_equal(lstat(name, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(info.st_size, 10);
    assert_int_equal(vt_ladder_write("/nonexistent/file", vt_bytes_str(""), NULL), VT_E_SYSTEM);
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_the_mode_changes),
                                       cmocka_unit_test(a_link_stays_a_link)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
