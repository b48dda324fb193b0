/* SPDX-License-Identifier: Apache-2.0
 * Lists and lookup tables: in which order an address is looked up, how text files and tables of
 * Postfix are read, cdb and lmdb files as postmap(1) makes them, and that a table that changed
 * after it was read has no effect. */
#include <cdb.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/rule.h"
#include "../lib/policy_mail.h"

/* ---- looking up ---- */

static struct vt_set set_of(struct vt_arena *arena, const char *const *keys)
{
    struct vt_set set;
    size_t count = 0;
    while (keys[count] != NULL)
        count++;
    assert_int_equal(vt_set_init(&set, arena, count), VT_OK);
    for (size_t i = 0; i < count; i++) {
        char folded[VT_MAX_SET_TEXT_BYTES];
        assert_true(vt_set_fold(folded, keys[i]));
        vt_set_add(&set, vt_arena_str(arena, folded));
    }
    return set;
}

static void looking_up(void **state)
{
    (void)state;
    static const char *const keys[] = {"a@b.vn", "=only.vn", "whole.vn", ".below.vn", "root@",
                                       "<>",     "Sở *",     "ĐỨC",      NULL};
    static const struct {
        bool (*has)(const struct vt_set *, const char *);
        const char *text;
        bool is_in;
    } cases[] = {
        {vt_set_has_address, "A@B.VN", true},
        {vt_set_has_address, "c@b.vn", false},
        {vt_set_has_address, "x@only.vn", true},
        {vt_set_has_address, "x@sub.only.vn", false},
        {vt_set_has_address, "x@whole.vn", true},
        {vt_set_has_address, "x@a.b.whole.vn", true},
        {vt_set_has_address, "x@notwhole.vn", false},
        {vt_set_has_address, "x@below.vn", false},
        {vt_set_has_address, "x@a.below.vn", true},
        {vt_set_has_address, "root@anywhere.vn", true},
        {vt_set_has_address, "root", false},
        {vt_set_has_address, "", true},
        {vt_set_has_address, "\"a@b\"@whole.vn", true},
        {vt_set_has_domain, "whole.vn", true},
        {vt_set_has_domain, "", false},
        {vt_set_has_domain, "vn", false},
        {vt_set_has_text, "a@b.vn", true},
        {vt_set_has_text, "whole", false},
        {vt_set_has_name, "SỞ XÂY DỰNG", true},
        {vt_set_has_name, "đức", true},
        {vt_set_has_name, "Duc", false},
    };
    struct vt_arena *arena = vt_arena_new(1 << 20);
    struct vt_set set = set_of(arena, keys);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        if (cases[i].has(&set, cases[i].text) != cases[i].is_in)
            fail_msg("%s", cases[i].text);
    }
    char long_text[VT_MAX_SET_TEXT_BYTES + 10];
    memset(long_text, 'a', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    assert_false(vt_set_has_address(&set, long_text));
    assert_false(vt_set_has_name(&set, long_text));
    vt_arena_free(arena);
}

/* Every Vietnamese letter, and only letters. */
static void folding(void **state)
{
    (void)state;
    static const struct {
        const char *capital, *small;
    } cases[] = {
        {"ABCXYZ", "abcxyz"},
        {"ĂÂĐÊÔƠƯ", "ăâđêôơư"},
        {"ẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ",
         "ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"},
        {"ÀÁÃÈÉÌÍÒÓÕÙÚÝĨŨ", "àáãèéìíòóõùúýĩũ"},
        {"123-QĐ.pdf", "123-qđ.pdf"},
        {"×", "×"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char folded[VT_MAX_SET_TEXT_BYTES], again[VT_MAX_SET_TEXT_BYTES];
        assert_true(vt_set_fold(folded, cases[i].capital));
        assert_string_equal(folded, cases[i].small);
        assert_true(vt_set_fold(again, folded));
        assert_string_equal(again, folded);
    }
}

/* ---- files ---- */

static bool matches(const char *head, const char *when, const char *name, const char *bytes)
{
    struct policy_mail m;
    policy_mail_init(&m);
    return policy_mail_matches(&m, head, when, name, bytes);
}

static void text_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        bool is_in;
    } cases[] = {
        {"one in a line", "hanoi.gov.vn\nninhbinh.gov.vn\n", true},
        {"no end of line", "ninhbinh.gov.vn", true},
        {"of Windows", "\xEF\xBB\xBFninhbinh.gov.vn\r\nhanoi.gov.vn\r\n", true},
        {"spaces around", "  ninhbinh.gov.vn\t \n", true},
        {"a comment behind", "ninhbinh.gov.vn # ours\n", true},
        {"in a comment", "# ninhbinh.gov.vn\n", false},
        {"empty", "\n\n", false},
        {"alone", "=ninhbinh.gov.vn\n", false},
        {"capitals", "NinhBinh.GOV.vn\n", true},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        if (matches("lists: {x: {file: l.txt}}\n", "{sender-domain: {list: x}}", "file:l.txt",
                    cases[i].bytes) != cases[i].is_in)
            fail_msg("%s", cases[i].name);
    }
}

/* postmap(1): the value does not matter; a line that begins with a space goes on. */
static void text_tables(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        bool is_in;
    } cases[] = {
        {"key and value", "vanthu@soxd.ninhbinh.gov.vn OK\n", true},
        {"whatever it says", "ninhbinh.gov.vn\tREJECT no\n", true},
        {"a comment", "# ninhbinh.gov.vn OK\n", false},
        {"goes on", "hanoi.gov.vn OK\n ninhbinh.gov.vn OK\n", false},
        {"quoted", "\"ninhbinh.gov.vn\" OK\n", true},
        {"as a value", "hanoi.gov.vn ninhbinh.gov.vn\n", false},
        {"what does not fit is skipped", "192.0.2.1 OK\n/^a/ OK\nvanthu@ OK\n", true},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        for (unsigned form = 0; form < 3; form++) {
            static const char *const heads[] = {"lists: {x: \"hash:/t\"}\n",
                                                "lists: {x: {texthash: /t}}\n",
                                                "lists:\n  x: texthash:/t\n"};
            const char *name = form == 0 ? "hash:/t" : "texthash:/t";
            if (matches(heads[form], "{sender: [\"\", {list: x}]}", name, cases[i].bytes) !=
                cases[i].is_in)
                fail_msg("%s", cases[i].name);
        }
    }
}

static void other_tests_take_lists(void **state)
{
    (void)state;
    static const struct {
        const char *list, *when;
        bool is_match;
    } cases[] = {
        {"[10.0.0.0/8, 203.0.113.0/24]", "{client: {list: x}}", true},
        {"[10.0.0.0/8]", "{client: [192.0.2.1, {list: x}]}", false},
        {"[a@ninhbinh.gov.vn, stnmt.ninhbinh.gov.vn]", "{recipient: {list: x}}", true},
        {"[a@ninhbinh.gov.vn]", "{recipient: {list: x}}", false},
        {"[a@ninhbinh.gov.vn]", "{any-recipient: {list: x}}", true},
        {"[Sở *]", "{signer: {list: x}}", true},
        {"[" SHA("A") "]", "{signer-fingerprint: {list: x}}", true},
        {"[" SHA("c") "]", "{document: {sha256: {list: x}}}", true},
        {"[inbound]", "{daemon-name: {list: x}}", true},
        {"[vanthu]", "{authenticated: {list: x}}", false},
        {"[gov.vn]", "{client-name: {list: x}, helo: {list: x}, from-domain: {list: x}}", true},
        {"[\"*.docx\"]", "{document: {name: {list: x}}}", false},
        {"[ninhbinh.gov.vn]", "{not: {sender-domain: {list: x}}}", false},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char head[512];
        (void)snprintf(head, sizeof(head), "lists: {x: %s}\n", cases[i].list);
        if (matches(head, cases[i].when, NULL, NULL) != cases[i].is_match)
            fail_msg("%s in %s", cases[i].when, cases[i].list);
    }
}

/* ---- tables as files ---- */

static char folder[] = "/tmp/vanthu-lists-XXXXXX";

static char *path_of(char out[256], const char *name)
{
    (void)snprintf(out, 256, "%s/%s", folder, name);
    return out;
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *out = fopen(path_of(path, name), "w");
    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

/* As postmap(1) does it: with a NUL behind the key, or without. */
static void write_cdb(const char *name, const char *const *keys, bool has_nul)
{
    char path[256];
    struct cdb_make made;
    int fd = open(path_of(path, name), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(cdb_make_start(&made, fd), 0);
    for (size_t i = 0; keys[i] != NULL; i++)
        assert_int_equal(cdb_make_add(&made, keys[i], (unsigned)strlen(keys[i]) + has_nul, "OK", 2),
                         0);
    assert_int_equal(cdb_make_finish(&made), 0);
    (void)close(fd);
}

static void write_lmdb(const char *name, const char *const *keys, bool has_nul)
{
    char path[256];
    MDB_env *environment = NULL;
    MDB_txn *transaction = NULL;
    MDB_dbi table = 0;
    assert_int_equal(mdb_env_create(&environment), 0);
    assert_int_equal(mdb_env_open(environment, path_of(path, name), MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(environment, NULL, 0, &transaction), 0);
    assert_int_equal(mdb_dbi_open(transaction, NULL, 0, &table), 0);
    for (size_t i = 0; keys[i] != NULL; i++) {
        char copy[128];
        char ok[] = "OK";
        (void)snprintf(copy, sizeof(copy), "%s", keys[i]);
        MDB_val key = {strlen(copy) + has_nul, copy}, value = {2, ok};
        assert_int_equal(mdb_put(transaction, table, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(transaction), 0);
    mdb_env_close(environment);
}

static bool file_matches(const struct vt_policy *policy, const char *sender)
{
    struct policy_mail m;
    struct vt_decision *decision = NULL;
    struct vt_arena *arena = vt_arena_new(8 << 20);
    policy_mail_init(&m);
    m.evidence.mail.sender = sender;
    assert_int_equal(vt_policy_evaluate(arena, policy, &m.input, &decision, NULL), VT_OK);
    bool is_match = decision->action == VT_ACTION_TAG;
    vt_arena_free(arena);
    return is_match;
}

static struct vt_policy *load(void)
{
    char path[256];
    struct vt_policy *policy = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (vt_policy_load(path_of(path, "policy.yaml"), &policy, &mistakes, NULL) != VT_OK)
        fail_msg("%s", mistakes.items[0].text);
    vt_mistakes_clear(&mistakes);
    return policy;
}

static void binary_tables(void **state)
{
    (void)state;
    static const char *const keys[] = {"a@b.vn", "whole.vn", ".below.vn", "odd\nkey", "", NULL};
    static const struct {
        const char *sender;
        bool is_in;
    } cases[] = {{"a@b.vn", true},       {"b@b.vn", false},     {"x@whole.vn", true},
                 {"x@a.below.vn", true}, {"x@below.vn", false}, {"odd", false}};
    for (unsigned kind = 0; kind < 4; kind++) {
        bool is_cdb = kind < 2, has_nul = kind % 2 == 1;
        char text[256];
        if (is_cdb)
            write_cdb("t.cdb", keys, has_nul);
        else
            /* lmdb has no empty keys. */
            write_lmdb(has_nul ? "t1.lmdb" : "t0.lmdb",
                       (const char *const[]){"a@b.vn", "whole.vn", ".below.vn", NULL}, has_nul);
        (void)snprintf(text, sizeof(text),
                       "lists: {x: {%s: %s}}\nrules: [{name: r, when: {sender: {list: x}}, then: "
                       "tag}]\n",
                       is_cdb ? "cdb" : "lmdb",
                       is_cdb    ? "t"
                       : has_nul ? "t1"
                                 : "t0");
        write_file("policy.yaml", text);
        struct vt_policy *policy = load();
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
            if (file_matches(policy, cases[i].sender) != cases[i].is_in)
                fail_msg("%s, table %u", cases[i].sender, kind);
        }
        vt_policy_free(policy);
    }
}

/* The list is what it was when the policy was read; its version tells them apart. */
static void a_change_waits_for_reload(void **state)
{
    (void)state;
    char version[16];
    write_file("names.txt", "b.vn\n");
    write_file("policy.yaml", "lists: {x: {file: names.txt}}\nrules: [{name: r, when: {sender: "
                              "{list: x}}, then: tag}]\n");
    struct vt_policy *policy = load();
    (void)snprintf(version, sizeof(version), "%s", vt_policy_version(policy));
    write_file("names.txt", "c.vn\n");
    assert_true(file_matches(policy, "a@b.vn"));
    assert_false(file_matches(policy, "a@c.vn"));
    vt_policy_free(policy);
    policy = load();
    assert_true(file_matches(policy, "a@c.vn"));
    assert_string_not_equal(version, vt_policy_version(policy));
    vt_policy_free(policy);
}

/* Files that are no tables, and what is left of one, are told, not believed: no part of a table is
 * taken for the whole, and nothing that a library does with it ends the one who reads a policy. */
static void refuse_cut(const char *source, const char *name, size_t step)
{
    char path[256], whole[65536], text[256];
    FILE *in = fopen(path_of(path, name), "r");
    assert_non_null(in);
    size_t len = fread(whole, 1, sizeof(whole), in);
    (void)fclose(in);
    assert_in_range(len, 1000, sizeof(whole) - 1);
    (void)snprintf(text, sizeof(text),
                   "lists: {x: '%s:cut'}\nrules: [{name: r, when: {sender: {list: x}}, "
                   "then: tag}]\n",
                   source);
    write_file("policy.yaml", text);
    for (size_t cut = 0; cut <= len; cut = cut + step > len && cut < len ? len : cut + step) {
        struct vt_policy *policy = NULL;
        struct vt_mistakes mistakes;
        char file[256];
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        assert_int_equal(fwrite(whole, 1, cut, out), cut);
        (void)fclose(out);
        vt_mistakes_init(&mistakes);
        enum vt_code code = vt_policy_load(path_of(file, "policy.yaml"), &policy, &mistakes, NULL);
        if (code != (cut == len ? VT_OK : VT_E_CONFIG))
            fail_msg("%s, %zu of %zu bytes: %s", source, cut, len, vt_code_name(code));
        assert_true(cut == len || mistakes.items[0].line == 1);
        vt_policy_free(policy);
        vt_mistakes_clear(&mistakes);
    }
}

static void cut_tables(void **state)
{
    (void)state;
    static const char *const keys[] = {"a@b.vn", "whole.vn", NULL};
    write_cdb("cut.cdb", keys, false);
    refuse_cut("cdb", "cut.cdb", 101);
    write_lmdb("cut.lmdb", keys, false);
    refuse_cut("lmdb", "cut.lmdb", 4096);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {
        "policy.yaml", "names.txt",    "t.cdb",        "cut.cdb",  "t0.lmdb",
        "t1.lmdb",     "t0.lmdb-lock", "t1.lmdb-lock", "cut.lmdb", "cut.lmdb-lock"};
    char path[256];
    for (size_t i = 0; i < ELEMENTS(names); i++)
        (void)unlink(path_of(path, names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_up),
        cmocka_unit_test(folding),
        cmocka_unit_test(text_files),
        cmocka_unit_test(text_tables),
        cmocka_unit_test(other_tests_take_lists),
        cmocka_unit_test(binary_tables),
        cmocka_unit_test(a_change_waits_for_reload),
        cmocka_unit_test(cut_tables),
    };
    return cmocka_run_group_tests_name("policy_lists", tests, make_folder, remove_folder);
}
