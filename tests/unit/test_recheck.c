/* SPDX-License-Identifier: Apache-2.0
 * Certificates that are asked for again: when, for how long, what the log says, and over a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/certificates.h"
#include "status/recheck.h"
#include "vanthu/log.h"

#define NOW TC_NOW
#define REFERENCE "1831-0927-5564"

static struct fixture {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct tc_entity root, leaf, other;
    char folder[64], file[96];
    int standard_error;
} f;

static int setup(void **state)
{
    (void)state;
    f.arena = vt_arena_new(64 << 20);
    f.pool = vt_certificate_pool_new(f.arena, NULL);
    f.root = tc_ca(f.arena, f.pool, "CA \"gốc\"", NULL);
    f.leaf = tc_leaf(f.arena, f.pool, "Sở Y tế", &f.root);
    f.other = tc_leaf(f.arena, f.pool, "Sở Nội vụ", &f.root);
    tc_make_folder(f.folder);
    (void)snprintf(f.file, sizeof(f.file), "%s/recheck.json", f.folder);
    vt_log_open("test", false, VT_LOG_INFO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tc_remove_folder(f.folder);
    vt_arena_free(f.arena);
    return 0;
}

/* What is logged goes to a file for a while. */
static void begin_log(FILE *log)
{
    f.standard_error = dup(STDERR_FILENO);
    assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
}

static void end_log(FILE *log, char *out, size_t out_bytes)
{
    assert_true(dup2(f.standard_error, STDERR_FILENO) >= 0);
    (void)close(f.standard_error);
    rewind(log);
    out[fread(out, 1, out_bytes - 1, log)] = '\0';
    (void)fclose(log);
}

static struct vt_recheck *table(void)
{
    struct vt_recheck *recheck = NULL;
    assert_int_equal(vt_recheck_new(11, &recheck, NULL), VT_OK);
    return recheck;
}

static void add(struct vt_recheck *recheck, const struct tc_entity *leaf, const char *reference,
                int64_t now)
{
    vt_recheck_add(recheck, leaf->certificate, f.root.certificate, reference, now);
}

static size_t count_of(const struct vt_recheck *recheck)
{
    size_t count = 0;
    while (vt_recheck_at(recheck, count) != NULL)
        count++;
    return count;
}

/* 5, 10, 20, 40 minutes, then every hour, each give or take a fifth, until 72 hours are over. */
static void tries_grow_rare_and_end(void **state)
{
    (void)state;
    static const int64_t wanted_secs[] = {300, 600, 1200, 2400, 3600, 3600};
    struct vt_recheck *recheck = table();
    int64_t now = NOW, last = NOW;
    unsigned tries = 0;
    char text[1000];
    add(recheck, &f.leaf, REFERENCE, NOW);
    assert_null(vt_recheck_next(recheck, NOW));
    FILE *log = tmpfile();
    begin_log(log);
    for (; now < NOW + VT_RECHECK_SECS + 3600; now += 10) {
        const struct vt_recheck_item *item = vt_recheck_next(recheck, now);
        if (item == NULL)
            continue;
        int64_t wanted = wanted_secs[tries < 5 ? tries : 5];
        if (now - last < wanted * 8 / 10 - 10 || now - last > wanted * 12 / 10 + 10)
            fail_msg("try %u after %lld s", tries, (long long)(now - last));
        last = now;
        tries++;
    }
    end_log(log, text, sizeof(text));
    assert_true(tries >= 62 && tries <= 90);
    assert_int_equal(count_of(recheck), 0);
    assert_non_null(strstr(text, "reference=" REFERENCE));
    assert_non_null(strstr(text, "status=unknown (given up after 72 hours)"));
    assert_true(last < NOW + VT_RECHECK_SECS);
    vt_recheck_free(recheck);
}

static void one_line_for_each_reference(void **state)
{
    (void)state;
    static const struct {
        struct vt_status_fact fact;
        const char *wanted; /* NULL: it is still waited for */
    } cases[] = {
        {{.value = VT_STATUS_GOOD, .revoked_at_utc_secs = VT_TIME_NONE}, "status=good\n"},
        {{.value = VT_STATUS_REVOKED,
          .revoked_at_utc_secs = 1700000000,
          .revocation_reason = "keyCompromise"},
         "status=revoked since=2023-11-14T22:13:20Z reason=keyCompromise\n"},
        {{.value = VT_STATUS_SUSPENDED, .revoked_at_utc_secs = 1700000000},
         "status=suspended since=2023-11-14T22:13:20Z\n"},
        {{.value = VT_STATUS_UNREACHABLE, .revoked_at_utc_secs = VT_TIME_NONE}, NULL},
        {{.value = VT_STATUS_UNKNOWN, .revoked_at_utc_secs = VT_TIME_NONE}, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_recheck *recheck = table();
        char text[2000];
        size_t lines = 0;
        add(recheck, &f.leaf, REFERENCE, NOW);
        add(recheck, &f.leaf, "1831-0927-5565", NOW + 5);
        add(recheck, &f.leaf, REFERENCE, NOW + 6);
        add(recheck, &f.other, "1831-0927-5566", NOW);
        FILE *log = tmpfile();
        begin_log(log);
        vt_recheck_tell(recheck, vt_recheck_at(recheck, 0)->id, &cases[i].fact);
        end_log(log, text, sizeof(text));
        for (const char *c = text; *c != '\0'; c++)
            lines += *c == '\n';
        assert_int_equal(lines, cases[i].wanted != NULL ? 2 : 0);
        assert_int_equal(count_of(recheck), cases[i].wanted != NULL ? 1 : 2);
        if (cases[i].wanted != NULL && (strstr(text, cases[i].wanted) == NULL ||
                                        strstr(text, "recheck: reference=" REFERENCE
                                                     " certificate=\"Sở Y tế\" serial=") == NULL ||
                                        strstr(text, "issuer=\"CA 'gốc'\"") == NULL))
            fail_msg("%s", text);
        vt_recheck_free(recheck);
    }
}

/* ---- telling ---- */

struct told {
    char text[500];
    unsigned left; /* how many are still taken */
};

static bool take_told(void *context, const struct vt_rechecked *rechecked)
{
    struct told *told = context;
    size_t used = strlen(told->text);
    if (told->left == 0)
        return false;
    told->left--;
    (void)snprintf(told->text + used, sizeof(told->text) - used, "%s %d %lld %zu;",
                   rechecked->reference, rechecked->value, (long long)rechecked->since_utc_secs,
                   strlen(rechecked->certificate_sha256));
    return true;
}

/* Who is not there is told again of the mails that he was not told of, also after a restart. */
static void nobody_is_forgotten(void **state)
{
    (void)state;
    static const struct vt_status_fact fact = {.value = VT_STATUS_REVOKED,
                                               .revoked_at_utc_secs = 1700000000};
    struct told told = {.left = 1};
    struct vt_recheck *recheck = table();
    vt_recheck_keep_in(recheck, f.folder, NOW);
    vt_recheck_set_teller(recheck, take_told, &told);
    add(recheck, &f.leaf, REFERENCE, NOW);
    add(recheck, &f.leaf, "1831-0927-5565", NOW);
    vt_recheck_tell(recheck, vt_recheck_at(recheck, 0)->id, &fact);
    assert_string_equal(told.text, REFERENCE " 2 1700000000 64;");
    assert_int_equal(vt_recheck_at(recheck, 0)->references_count, 1);
    vt_recheck_save(recheck);
    vt_recheck_free(recheck);
    recheck = table();
    vt_recheck_keep_in(recheck, f.folder, NOW + 1);
    vt_recheck_set_teller(recheck, take_told, &told);
    assert_int_equal(count_of(recheck), 1);
    told.left = 5;
    vt_recheck_tell(recheck, vt_recheck_at(recheck, 0)->id, &fact);
    assert_string_equal(told.text, REFERENCE " 2 1700000000 64;1831-0927-5565 2 1700000000 64;");
    assert_int_equal(count_of(recheck), 0);
    vt_recheck_save(recheck);
    vt_recheck_free(recheck);
    (void)unlink(f.file);
}

static void the_table_is_bounded(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "a b",    "1831\n",
                                      "x\"", "../etc", "12345678901234567890123456789012345678901"};
    struct vt_recheck *recheck = table();
    char reference[32], text[4000];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        add(recheck, &f.leaf, bad[i], NOW);
    assert_int_equal(count_of(recheck), 0);
    for (int i = 0; i < 3 * VT_MAX_RECHECK_REFERENCES; i++) {
        (void)snprintf(reference, sizeof(reference), "1831-%d", i);
        add(recheck, &f.leaf, reference, NOW);
    }
    assert_int_equal(count_of(recheck), 1);
    assert_int_equal(vt_recheck_at(recheck, 0)->references_count, VT_MAX_RECHECK_REFERENCES);
    FILE *log = tmpfile();
    begin_log(log);
    for (int i = 1; i <= VT_MAX_RECHECKS; i++) {
        struct tc_options options = {.name = "nhiều", .issuer = &f.root, .key = f.leaf.key};
        struct tc_entity leaf = tc_make(f.arena, f.pool, &options);
        add(recheck, &leaf, REFERENCE, NOW + i);
    }
    end_log(log, text, sizeof(text));
    assert_int_equal(count_of(recheck), VT_MAX_RECHECKS);
    /* The first one made room, and it is said. */
    assert_non_null(strstr(text, "reference=1831-0 "));
    assert_non_null(strstr(text, "given up: too many"));
    vt_recheck_free(recheck);
}

static void it_is_kept_over_a_restart(void **state)
{
    (void)state;
    struct stat status;
    struct vt_recheck *recheck = table();
    vt_recheck_keep_in(recheck, f.folder, NOW);
    vt_recheck_save(recheck);
    assert_int_equal(stat(f.file, &status), -1); /* nothing to keep */
    add(recheck, &f.leaf, REFERENCE, NOW);
    add(recheck, &f.other, "1831-0927-5566", NOW + 10);
    const struct vt_recheck_item *item = vt_recheck_next(recheck, NOW + 400);
    assert_non_null(item);
    vt_recheck_save(recheck);
    assert_int_equal(stat(f.file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct vt_recheck *read = table();
    vt_recheck_keep_in(read, f.folder, NOW + 500);
    assert_int_equal(count_of(read), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct vt_recheck_item *a = vt_recheck_at(recheck, i), *b = vt_recheck_at(read, i);
        assert_true(vt_bytes_equal(a->certificate, b->certificate));
        assert_true(vt_bytes_equal(a->issuer, b->issuer));
        assert_int_equal(a->asked_utc_secs, b->asked_utc_secs);
        assert_int_equal(a->next_utc_secs, b->next_utc_secs);
        assert_int_equal(a->tries_count, b->tries_count);
        assert_string_equal(a->references[0], b->references[0]);
        assert_string_equal(a->name, b->name);
    }
    vt_recheck_free(read);
    /* What is over meanwhile is not read; a clock that was set back makes it due, not eternal. */
    read = table();
    vt_recheck_keep_in(read, f.folder, NOW + VT_RECHECK_SECS);
    assert_int_equal(count_of(read), 1);
    vt_recheck_free(read);
    vt_recheck_free(recheck);
}

static void a_broken_file_is_an_empty_table(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"items\": 1}",
        "{\"items\": [1, {}, {\"certificate\": \"!\", \"issuer\": \"!\", \"asked\": 1}]}",
        "{\"items\": [{\"certificate\": \"MAA=\", \"issuer\": \"MAA=\", \"asked\": 1700000000, "
        "\"references\": [1, \"x\"]}]}",
    };
    char text[600];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct vt_recheck *recheck = table();
        FILE *file = fopen(f.file, "w");
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        FILE *log = tmpfile();
        begin_log(log);
        vt_recheck_keep_in(recheck, f.folder, 1700000100);
        end_log(log, text, sizeof(text));
        assert_int_equal(count_of(recheck), 0);
        vt_recheck_free(recheck);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_grow_rare_and_end),
        cmocka_unit_test(one_line_for_each_reference),
        cmocka_unit_test(nobody_is_forgotten),
        cmocka_unit_test(the_table_is_bounded),
        cmocka_unit_test(it_is_kept_over_a_restart),
        cmocka_unit_test(a_broken_file_is_an_empty_table),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
