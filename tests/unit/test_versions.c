/* SPDX-License-Identifier: Apache-2.0
 * Versions of the policy: which one serves and which one it goes back to, the folder, and since
 * when a rule is what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master/versions.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A version of one letter, with files. */
static struct vt_version made(char letter, int64_t loaded_utc_secs)
{
    struct vt_version version = {.mode = VT_MODE_ENFORCE, .loaded_utc_secs = loaded_utc_secs};
    char config[2] = {letter, '\0'};
    assert_int_equal(vt_version_digest(vt_bytes_str(config), vt_bytes_str(config), &version),
                     VT_OK);
    (void)snprintf(version.policy, sizeof(version.policy), "%c", letter);
    (void)snprintf(version.by, sizeof(version.by), "root");
    return version;
}

/* ---- state ---- */

/* Steps: a small letter loads that version, a capital one loads it to be kept until 100, '<' goes
 * back to the version before, '.' keeps. */
static const struct {
    const char *name, *steps;
    const char *current, *previous, *kept, *unkept; /* letters; "": none */
    int64_t until;
} cases[] = {
    {"nothing", "", "", "", "", "", 0},
    {"one", "a", "a", "", "a", "", 0},
    {"two", "ab", "b", "a", "b", "", 0},
    {"the same again", "abb", "b", "a", "b", "", 0},
    {"back", "ab<", "a", "", "a", "b", 0},
    {"back to the first", "abc<<", "a", "", "a", "c", 0},
    {"no further", "ab<<", "a", "", "a", "b", 0},
    {"back and the files again", "ab<b", "b", "a", "b", "", 0},
    {"back and another", "ab<c", "c", "a", "c", "", 0},
    {"back twice and the middle one", "abc<<b", "b", "a", "b", "", 0},
    {"to be kept", "aB", "b", "a", "a", "b", 100},
    {"kept", "aB.", "b", "a", "b", "", 0},
    {"not kept", "aB<", "a", "", "a", "b", 0},
    {"to be kept without one before", "A", "a", "", "a", "", 0},
    {"to be kept and the same", "aA", "a", "", "a", "", 0},
    {"reload while it waits", "aBc", "c", "a", "a", "c", 100},
    {"reload with a time while it waits", "aBC", "c", "a", "a", "c", 100},
    {"not kept after a reload", "aBc<", "a", "", "a", "c", 0},
    {"kept after a reload", "aBc.", "c", "b", "c", "", 0},
    {"reload of what is gone back to", "aBa", "a", "", "a", "", 0},
    {"keep without anything to keep", "ab.", "b", "a", "b", "", 0},
    {"keep after going back", "ab<.", "a", "", "a", "b", 0},
    {"many", "abcdefghijklmno", "o", "n", "o", "", 0},
    {"many while one waits", "aBcdefghijklmno", "o", "a", "a", "o", 100},
};

static void step(struct vt_versions *versions, char letter)
{
    bool waits = letter >= 'A' && letter <= 'Z';
    struct vt_version version = made(waits ? (char)(letter + 32) : letter, 1);
    const struct vt_version *previous = vt_versions_previous(versions);
    if (letter == '.') {
        vt_versions_keep(versions);
    } else if (letter != '<') {
        vt_versions_load(versions, &version, waits ? 100 : 0);
    } else if (previous != NULL) {
        version = *previous;
        vt_versions_go_back(versions, &version);
    }
}

static const char *letter_of(const struct vt_version *version)
{
    return version == NULL ? "" : version->policy;
}

static void is_digest_of(const char *digest, const char *letter)
{
    if (letter[0] == '\0')
        assert_string_equal(digest, "");
    else
        assert_string_equal(digest, made(letter[0], 0).digest);
}

static void versions_follow_one_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_versions versions = {.count = 0};
        print_message("%s\n", cases[i].name);
        for (const char *c = cases[i].steps; *c != '\0'; c++)
            step(&versions, *c);
        assert_string_equal(letter_of(vt_versions_current(&versions)), cases[i].current);
        assert_string_equal(letter_of(vt_versions_previous(&versions)), cases[i].previous);
        is_digest_of(versions.kept, cases[i].kept);
        is_digest_of(versions.unkept, cases[i].unkept);
        assert_int_equal(versions.until_utc_secs, cases[i].until);
        assert_true(versions.count <= VT_MAX_VERSIONS);
        /* A start with the files that nobody kept goes back, any other one does not. */
        for (char letter = 'a'; letter <= 'c'; letter++) {
            const struct vt_version *instead =
                vt_versions_at_start(&versions, made(letter, 0).digest);
            bool is_unkept = cases[i].unkept[0] == letter;
            assert_string_equal(letter_of(instead), is_unkept ? cases[i].kept : "");
        }
    }
}

/* ---- the folder ---- */

static char folder[] = "/tmp/test_versions_XXXXXX";

static void file_of(char out[256], const struct vt_version *version, const char *suffix)
{
    (void)snprintf(out, 256, "%s/%s.%s", folder, version->digest, suffix);
}

static void keep_letter(struct vt_versions *versions, char letter)
{
    char text[2] = {letter, '\0'};
    struct vt_version version = made(letter, 7);
    const struct vt_version_files files = {vt_bytes_str(text), vt_bytes_str(text),
                                           VT_BYTES("{\"rules\": {}}")};
    vt_versions_load(versions, &version, 0);
    assert_int_equal(vt_versions_store(versions, &version, &files, NULL), VT_OK);
    assert_int_equal(vt_versions_save(versions, NULL), VT_OK);
}

static enum vt_code take(const struct vt_versions *versions, const char *digest)
{
    int fds[VT_VERSION_FILES];
    enum vt_code code = vt_versions_take(versions, digest, fds, NULL);
    for (size_t i = 0; i < VT_VERSION_FILES; i++) {
        assert_int_equal(fds[i] >= 0, code == VT_OK);
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
    return code;
}

static void the_folder_remembers(void **state)
{
    (void)state;
    struct vt_versions versions, read;
    assert_int_equal(vt_versions_open(folder, &versions, NULL), VT_OK);
    assert_int_equal(versions.count, 0);
    for (char letter = 'a'; letter < 'a' + VT_MAX_VERSIONS + 2; letter++)
        keep_letter(&versions, letter);
    assert_int_equal(vt_versions_open(folder, &read, NULL), VT_OK);
    assert_int_equal(read.count, VT_MAX_VERSIONS);
    assert_memory_equal(&read, &versions, sizeof(read));
    assert_int_equal(take(&read, vt_versions_current(&read)->digest), VT_OK);
    /* Those that are no longer known are removed. */
    assert_int_equal(take(&read, made('a', 0).digest), VT_E_NOT_FOUND);
    char path[256];
    const struct vt_version gone = made('a', 0);
    file_of(path, &gone, "yaml");
    assert_int_equal(access(path, F_OK), -1);
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(vt_output_replace(path, 0600, vt_bytes_str(text), NULL), VT_OK);
}

static void damage_is_noticed(void **state)
{
    (void)state;
    struct vt_versions versions;
    char path[256];
    static const char *const states[] = {
        "", "{", "{\"v\": 2}", "{\"v\": 1, \"versions\": [{}], \"current\": 0}",
        "{\"v\": 1, \"versions\": [], \"current\": 0, \"kept\": \"../x\", \"unkept\": \"\"}"};
    assert_int_equal(vt_versions_open(folder, &versions, NULL), VT_OK);
    const struct vt_version current = *vt_versions_current(&versions);
    file_of(path, &current, "policy");
    write_file(path, "another");
    assert_int_equal(take(&versions, current.digest), VT_E_FORMAT);
    (void)snprintf(path, sizeof(path), "%s/state.json", folder);
    for (size_t i = 0; i < COUNT(states); i++) {
        write_file(path, states[i]);
        assert_int_equal(vt_versions_open(folder, &versions, NULL), VT_OK);
        assert_int_equal(versions.count, 0);
    }
}

static void others_do_not_write_there(void **state)
{
    (void)state;
    struct vt_versions versions;
    struct vt_err err = {0};
    assert_int_equal(chmod(folder, 0770), 0);
    assert_int_equal(vt_versions_open(folder, &versions, &err), VT_E_CONFIG);
    assert_non_null(strstr(err.text, "nobody else may write in it"));
    assert_string_equal(versions.folder, "");
    /* It goes on without: nothing is written, nothing can be taken. */
    struct vt_version version = made('a', 1);
    vt_versions_load(&versions, &version, 0);
    assert_int_equal(vt_versions_save(&versions, NULL), VT_OK);
    assert_int_equal(take(&versions, version.digest), VT_E_NOT_FOUND);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(vt_versions_open("/nonexistent/folder", &versions, NULL), VT_E_CONFIG);
    assert_int_equal(vt_versions_open("/dev/null", &versions, NULL), VT_E_CONFIG);
}

/* ---- since when a rule is what it is ---- */

static json_t *rules_of(const char *text, int64_t now, const json_t *before, enum vt_mode mode,
                        enum vt_mode mode_before)
{
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    struct vt_version version = {.mode = mode, .loaded_utc_secs = now};
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_policy_parse(vt_bytes_str(text), "p.yaml", &policy, &mistakes, NULL),
                     VT_OK);
    json_t *rules = vt_version_rules(policy, &version, before, mode_before);
    vt_mistakes_clear(&mistakes);
    vt_policy_free(policy);
    assert_non_null(rules);
    return rules;
}

static int64_t since(const json_t *rules, const char *name)
{
    return json_integer_value(
        json_object_get(json_object_get(json_object_get(rules, "rules"), name), "since"));
}

#define LIST(value) "lists:\n  x: [" value "]\n"
#define RULE_A "  - name: a\n    when: {reason: BAD_SIGNATURE}\n    then: reject\n"
#define RULE_B "  - name: b\n    when: {sender: {list: x}}\n    then: reject\n"

static void a_rule_is_as_old_as_its_text(void **state)
{
    (void)state;
    static const char first[] = LIST("p@a.vn") "rules:\n" RULE_A RULE_B;
    static const struct {
        const char *name, *text;
        int64_t a, b; /* 1: from the first, 2: new */
    } next[] = {
        {"the same", LIST("p@a.vn") "rules:\n" RULE_A RULE_B, 1, 1},
        {"a comment and another order", LIST("p@a.vn") "# x\nrules:\n" RULE_B RULE_A, 1, 1},
        {"another list", LIST("q@a.vn") "rules:\n" RULE_A RULE_B, 1, 2},
        {"another action",
         LIST("p@a.vn") "rules:\n  - name: a\n    when: {reason: BAD_SIGNATURE}\n    then: "
                        "tag\n" RULE_B,
         2, 1},
        {"another mode", LIST("p@a.vn") "rules:\n" RULE_A RULE_B "    mode: observe\n", 1, 2},
    };
    json_t *before = rules_of(first, 1, NULL, VT_MODE_ENFORCE, VT_MODE_ENFORCE);
    assert_int_equal(since(before, "a"), 1);
    for (size_t i = 0; i < COUNT(next); i++) {
        print_message("%s\n", next[i].name);
        json_t *now = rules_of(next[i].text, 2, before, VT_MODE_ENFORCE, VT_MODE_ENFORCE);
        assert_int_equal(since(now, "a"), next[i].a);
        assert_int_equal(since(now, "b"), next[i].b);
        json_decref(now);
    }
    /* The site begins to refuse: every rule is new. To refuse less makes none new. */
    json_t *severe = rules_of(first, 2, before, VT_MODE_ENFORCE, VT_MODE_TAG);
    assert_int_equal(since(severe, "a"), 2);
    json_decref(severe);
    json_t *mild = rules_of(first, 2, before, VT_MODE_OBSERVE, VT_MODE_ENFORCE);
    assert_int_equal(since(mild, "a"), 1);
    json_decref(mild);
    json_decref(before);
}

static int make_folder(void **state)
{
    (void)state;
    vt_log_open("test", false, VT_LOG_ALERT);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_follow_one_another), cmocka_unit_test(the_folder_remembers),
        cmocka_unit_test(damage_is_noticed), cmocka_unit_test(others_do_not_write_there),
        cmocka_unit_test(a_rule_is_as_old_as_its_text)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
