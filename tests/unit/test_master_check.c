/* SPDX-License-Identifier: Apache-2.0
 * What is found out before a start: users, folders, places of sockets and trust sources, each
 * mistake at the line of its setting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master/check.h"
#include "master/master.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define USER "54321" /* has no entry in passwd(5) */
#define OTHER_USER "54322"

static char folder[] = "/tmp/test_check_XXXXXX";
static char fingerprint[65], grouped[80];

static const char *in_folder(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    FILE *out = fopen(in_folder(name), "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static void make_folder(const char *name, mode_t mode)
{
    assert_int_equal(mkdir(in_folder(name), mode), 0);
}

static void skip_unless_root(void)
{
    if (geteuid() != 0)
        skip();
}

/* ---- a whole configuration ---- */

#define SOCKETS "socket: unix:FOLDER/m.sock\ncontrol-socket: FOLDER/c.sock\n"
#define FOLDERS                                                                                    \
    "spool-directory: FOLDER/spool\nstate-directory: FOLDER/state\n"                               \
    "register: {directory: FOLDER/register}\n"
#define USERS                                                                                      \
    "users: {gateway: 1001, inspector: 1002, status: 1003, fetch: 1004, registrar: 1005, "         \
    "post: 1006}\n"
#define SITE SOCKETS FOLDERS USERS /* six lines */

/* FOLDER and ROOT stand for the test's folder and the fingerprint of its root. */
static void load(const char *config, struct vt_loaded *out, struct vt_err *err)
{
    char text[4096];
    size_t at = 0;
    while (*config != '\0') {
        const char *word = strncmp(config, "FOLDER", 6) == 0 ? folder
                           : strncmp(config, "ROOT", 4) == 0 ? fingerprint
                                                             : NULL;
        if (word == NULL) {
            text[at++] = *config++;
            continue;
        }
        at += (size_t)sprintf(text + at, "%s", word);
        config += word == folder ? 6 : 4;
    }
    write_file("vanthu.yaml", text, at);
    char path[128];
    (void)strcpy(path, in_folder("vanthu.yaml"));
    enum vt_code code = vt_loaded_read(path, out, err);
    assert_true((code == VT_OK) == (out->mistakes.errors_count == 0));
}

static bool has_mistake(const struct vt_mistakes *mistakes, bool warning, unsigned line,
                        const char *text)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        if (mistake->warning == warning && mistake->line == line &&
            strstr(mistake->text, text) != NULL)
            return true;
    }
    return false;
}

static const struct {
    const char *name, *config;
    bool warning;
    unsigned line;
    const char *text;
    bool only_root;
} cases[] = {
    {"no anchors", SITE, true, 1,
     "no trust anchor is configured: no signature can be judged; vanthu trust setup official",
     false},
    {"unconfirmed", SITE "trust: {official: {\n  anchors: roots}}\n", true, 8,
     "the root \"Test Root\" is not confirmed and not used; its SHA-256 is ", false},
    {"none confirmed", SITE "trust: {official: {\n  anchors: roots}}\n", true, 1,
     "no trust anchor is confirmed: no signature can be judged", false},
    {"other fingerprint",
     SITE "trust:\n  public:\n    anchors: roots\n    confirmed: "
          "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
     true, 10, "00112233445566778899aabbccddeeff fits no root of", false},
    {"no roots there", SITE "trust: {public: {\n  anchors: empty}}\n", true, 8,
     "empty holds no certificate (.pem", false},
    {"an unconfirmed root in the directory", SITE "trust: {official: {\n  directory: kept}}\n",
     true, 8, "the root \"Test Root\" is not confirmed and not used; its SHA-256 is ", false},
    {"a damaged file of confirmed roots", SITE "trust: {public: {\n  directory: damaged}}\n", false,
     8, "damaged/confirmed:1 is not a SHA-256 fingerprint", false},
    {"enforce", SITE "mode: enforce\n", false, 7, "enforce needs at least one confirmed", false},
    {"no anchors file", SITE "trust: {official: {\n  anchors: nowhere}}\n", false, 8,
     "nowhere cannot be read: No such file or directory", false},
    {"no intermediates", SITE "trust: {public: {anchors: roots,\n  intermediates: nowhere}}\n",
     false, 8, "nowhere cannot be read: No such file or directory", false},
    {"hidden roots", SITE "trust: {official: {\n  anchors: hidden, confirmed: ROOT}}\n", false, 8,
     "Permission denied; the user 1003 (role status) has to be able to read it", true},
    {"no policy", SITE "policy: nowhere.yaml\n", false, 7,
     "nowhere.yaml: No such file or directory", false},
    {"no user", SOCKETS FOLDERS "users:\n  status: no-such-user\n", false, 7,
     "the user no-such-user does not exist", true},
    {"one user",
     SOCKETS FOLDERS
     "users: {gateway: 1001, inspector: 2, fetch: 3, registrar: 4,\n  status: 01001}\n",
     true, 7, "the roles gateway and status run as the same user", false},
    {"no group", SITE "socket-group: no-such-group\n", false, 7,
     "the group no-such-group of \"socket-group\" does not exist", false},
    {"no folder of the socket",
     "socket: unix:FOLDER/none/m.sock\ncontrol-socket: FOLDER/c\n" FOLDERS USERS, false, 1,
     "/none is missing: mkdir /tmp/test_check_", false},
    {"a file in the way",
     "socket: unix:FOLDER/m.sock\ncontrol-socket: FOLDER/policy.yaml\n" FOLDERS USERS, false, 2,
     "policy.yaml exists and is not a socket", false},
    {"no host", "socket: inet:8891@host.invalid\ncontrol-socket: FOLDER/c\n" FOLDERS USERS, false,
     1, "the host of the socket", false},
    {"nothing above the spool",
     SOCKETS "spool-directory: FOLDER/none/spool\nstate-directory: FOLDER/state\n" USERS, false, 3,
     "cannot make the folder", false},
    {"the spool of another",
     SOCKETS "spool-directory: FOLDER/roots\nstate-directory: FOLDER/state\n" USERS, false, 3,
     "chown 1001 /tmp/test_check_", true},
    {"the register of another",
     SOCKETS "spool-directory: FOLDER/spool\nstate-directory: FOLDER/state\n"
             "register: {directory: FOLDER/roots}\n" USERS,
     false, 5, "chown 1005 /tmp/test_check_", true},
    {"no folder", SOCKETS "spool-directory: FOLDER/policy.yaml\nstate-directory: FOLDER/s\n" USERS,
     false, 3, "is not a folder", false},
};

static void each_mistake_has_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_loaded loaded;
        struct vt_err err = {0};
        struct stat info;
        if (cases[i].only_root && geteuid() != 0)
            continue;
        load(cases[i].config, &loaded, &err);
        if (!has_mistake(&loaded.mistakes, cases[i].warning, cases[i].line, cases[i].text)) {
            vt_mistakes_print(&loaded.mistakes, stderr);
            fail_msg("%s: not told", cases[i].name);
        }
        if ((loaded.mistakes.errors_count == 0) != cases[i].warning)
            fail_msg("%s: %s", cases[i].name, err.text);
        assert_int_equal(lstat(in_folder("spool"), &info), -1);
        vt_loaded_clear(&loaded);
    }
}

static void a_confirmed_root_needs_no_word(void **state)
{
    (void)state;
    struct vt_loaded loaded;
    struct vt_err err = {0};
    load(SITE "mode: enforce\ntrust: {official: {anchors: roots, confirmed: ROOT}}\n", &loaded,
         &err);
    assert_int_equal(loaded.mistakes.count, 0);
    vt_loaded_clear(&loaded);
}

/* The fingerprint as it is read out over the telephone. */
static void a_root_is_named_with_its_fingerprint(void **state)
{
    (void)state;
    struct vt_loaded loaded;
    struct vt_err err = {0};
    load(SITE "trust: {official: {anchors: roots}}\n", &loaded, &err);
    assert_true(has_mistake(&loaded.mistakes, true, 7, grouped));
    vt_loaded_clear(&loaded);
}

static void mistakes_are_counted_by_file(void **state)
{
    (void)state;
    struct vt_loaded loaded;
    struct vt_err err = {0};
    char wanted[512], path[128];
    write_file("bad.yaml", "rules: 1\nrule: 2\n", 17);
    load(SITE "policy: bad.yaml\n", &loaded, &err);
    (void)snprintf(wanted, sizeof(wanted), "%s: 2 mistakes", in_folder("bad.yaml"));
    assert_string_equal(err.text, wanted);
    vt_loaded_clear(&loaded);
    load(SITE "policy: bad.yaml\nmode: enforce\n", &loaded, &err);
    (void)strcpy(path, in_folder("bad.yaml"));
    (void)snprintf(wanted, sizeof(wanted), "%s: 2 mistakes, %s: 1 mistake", path,
                   in_folder("vanthu.yaml"));
    assert_string_equal(err.text, wanted);
    vt_loaded_clear(&loaded);
}

/* ---- folders ---- */

static uid_t owner_of(const char *name)
{
    struct stat info;
    assert_int_equal(stat(in_folder(name), &info), 0);
    return info.st_uid;
}

static void folders_are_made_and_given(void **state)
{
    (void)state;
    skip_unless_root();
    struct vt_err err = {0};
    char path[128];
    make_folder("mine", 0755);
    static const char *const names[] = {"made", "mine"};
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)strcpy(path, in_folder(names[i]));
        assert_int_equal(vt_folder_check(path, USER, &err), VT_OK);
        assert_int_equal(access(path, F_OK), i == 0 ? -1 : 0);
        if (vt_folder_prepare(path, USER, &err) != VT_OK)
            fail_msg("%s", err.text);
        assert_int_equal(owner_of(names[i]), atoi(USER));
        assert_int_equal(vt_folder_prepare(path, USER, &err), VT_OK);
    }
    assert_int_equal(vt_folder_prepare(path, OTHER_USER, &err), VT_E_CONFIG);
    assert_non_null(strstr(err.text, "chown " OTHER_USER " /tmp/"));
    assert_int_equal(owner_of("mine"), atoi(USER));
}

static void folders_of_others_stay_theirs(void **state)
{
    (void)state;
    skip_unless_root();
    struct vt_err err = {0};
    char path[128];
    (void)strcpy(path, in_folder("roots"));
    assert_int_equal(vt_folder_prepare(path, USER, &err), VT_E_CONFIG);
    assert_int_equal(owner_of("roots"), 0);
    make_folder("shared", 0755);
    (void)strcpy(path, in_folder("shared"));
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(chown(path, 7, 7), 0);
    assert_int_equal(vt_folder_prepare(path, USER, &err), VT_OK);
    assert_int_equal(owner_of("shared"), 7);
}

/* A link may lead anywhere: what it leads to is not given away. */
static void links_are_followed_but_not_given(void **state)
{
    (void)state;
    skip_unless_root();
    struct vt_err err = {0};
    char path[128];
    (void)strcpy(path, in_folder("link"));
    make_folder("target", 0755);
    assert_int_equal(symlink("target", path), 0);
    assert_int_equal(vt_folder_prepare(path, USER, &err), VT_E_CONFIG);
    assert_int_equal(owner_of("target"), 0);
    assert_int_equal(chown(path, (uid_t)atoi(USER), (gid_t)-1), 0);
    assert_int_equal(vt_folder_prepare(path, USER, &err), VT_OK);
}

/* ---- another user ---- */

static enum vt_code say_who(const void *context, struct vt_err *err)
{
    return vt_err_set(err, VT_E_FORMAT, "%s %lu %lu", (const char *)context,
                      (unsigned long)geteuid(), (unsigned long)getegid());
}

static enum vt_code die(const void *context, struct vt_err *err)
{
    (void)context;
    (void)err;
    _exit(0);
}

static void a_step_runs_as_another_user(void **state)
{
    (void)state;
    skip_unless_root();
    struct vt_err err = {0};
    assert_int_equal(vt_as_user(USER, say_who, "I am", &err), VT_E_FORMAT);
    assert_string_equal(err.text, "I am " USER " " USER);
    assert_int_equal(geteuid(), 0);
    assert_int_equal(vt_as_user(USER, die, NULL, &err), VT_E_INTERNAL);
    assert_int_equal(vt_as_user("no-such-user", say_who, "", &err), VT_E_CONFIG);
    assert_int_equal(vt_as_user(USER, say_who, "", NULL), VT_E_FORMAT);
}

/* ---- begin and end ---- */

static int begin(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
        return -1;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct tc_entity root = tc_ca(arena, NULL, "Test Root", NULL);
    make_folder("roots", 0755);
    make_folder("hidden", 0700);
    make_folder("empty", 0755);
    write_file("roots/root.der", root.der.ptr, root.der.len);
    make_folder("kept", 0755);
    make_folder("kept/anchors", 0755);
    write_file("kept/anchors/root.der", root.der.ptr, root.der.len);
    make_folder("damaged", 0755);
    write_file("damaged/confirmed", "abc\n", 4);
    write_file("hidden/root.der", root.der.ptr, root.der.len);
    write_file("policy.yaml", "rules: []\n", 10);
    TC_CHECK(vt_verify_sha256(root.der, fingerprint) == VT_OK);
    for (size_t i = 0, at = 0; i < 64; i++) {
        if (i > 0 && i % 4 == 0)
            grouped[at++] = ' ';
        grouped[at++] = fingerprint[i];
    }
    vt_arena_free(arena);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_line),
        cmocka_unit_test(a_confirmed_root_needs_no_word),
        cmocka_unit_test(a_root_is_named_with_its_fingerprint),
        cmocka_unit_test(mistakes_are_counted_by_file),
        cmocka_unit_test(folders_are_made_and_given),
        cmocka_unit_test(folders_of_others_stay_theirs),
        cmocka_unit_test(links_are_followed_but_not_given),
        cmocka_unit_test(a_step_runs_as_another_user),
    };
    return cmocka_run_group_tests_name("master_check", tests, begin, end);
}
