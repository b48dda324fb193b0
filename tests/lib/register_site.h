/* SPDX-License-Identifier: Apache-2.0
 * A register in a directory of its own, for tests; include cmocka.h, sqlite3.h and
 * register_mail.h first. */
#ifndef VANTHU_TESTS_REGISTER_SITE_H
#define VANTHU_TESTS_REGISTER_SITE_H

#include <dirent.h>
#include <ftw.h>
#include <signal.h>

struct site {
    char directory[256];
    struct vt_register *reg;
    struct vt_err err;
    /* What the last entry of a walk was. */
    int64_t found, last_seq;
    char last_reference[VT_REFERENCE_BYTES];
    bool last_has_body;
    char last_body[65536];
};

static inline void site_open(struct site *site)
{
    if (vt_register_open(site->directory, &site->reg, &site->err) != VT_OK)
        fail_msg("open: %s", site->err.text);
}

static inline void site_close(struct site *site)
{
    vt_register_close(site->reg);
    site->reg = NULL;
}

static inline int site_new(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    const char *base = getenv("TMPDIR");
    (void)snprintf(site->directory, sizeof(site->directory), "%s/vanthu-register-XXXXXX",
                   base != NULL ? base : "/tmp");
    if (mkdtemp(site->directory) == NULL)
        return -1;
    site_open(site);
    *state = site;
    return 0;
}

static inline int site_remove(const char *path, const struct stat *status, int type,
                              struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static inline int site_free(void **state)
{
    struct site *site = *state;
    site_close(site);
    (void)nftw(site->directory, site_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(site);
    return 0;
}

/* A made mail and its answer. */
static inline void site_append(struct site *site, uint64_t number, unsigned luck)
{
    struct made_mail *mail = malloc(sizeof(*mail));
    struct vt_register_answered answered;
    struct vt_register_record records[2];
    assert_non_null(mail);
    records[0] = made_mail(mail, number, luck, 60);
    records[1] = made_answer(mail, &answered);
    if (vt_register_append(site->reg, records, 2, &site->err) != VT_OK)
        fail_msg("append: %s", site->err.text);
    free(mail);
}

static inline enum vt_code site_each(void *context, const struct vt_register_entry *entry,
                                     struct vt_err *err)
{
    struct site *site = context;
    (void)err;
    site->found++;
    site->last_seq = entry->seq;
    site->last_has_body = entry->body.len > 0;
    (void)snprintf(site->last_reference, sizeof(site->last_reference), "%s", entry->reference);
    (void)snprintf(site->last_body, sizeof(site->last_body), "%.*s", (int)entry->body.len,
                   (const char *)entry->body.ptr);
    return VT_OK;
}

static inline int64_t site_find(struct site *site, const struct vt_register_query *query)
{
    int64_t next = 0;
    site->found = 0;
    if (vt_register_find(site->reg, query, site_each, site, &next, &site->err) != VT_OK)
        fail_msg("find: %s", site->err.text);
    return site->found;
}

static inline sqlite3 *site_raw(const struct site *site)
{
    sqlite3 *db = NULL;
    char file[600];
    (void)snprintf(file, sizeof(file), "%s/register.sqlite", site->directory);
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    return db;
}

/* A number as somebody asks who knows nothing of the program. */
static inline int64_t site_number(const struct site *site, const char *text)
{
    sqlite3 *db = site_raw(site);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return number;
}

/* What somebody with the file in his hands can do; the register must be closed. */
static inline void site_tamper(const struct site *site, const char *script)
{
    sqlite3 *db = site_raw(site);
    char *text = NULL;
    if (sqlite3_exec(db, script, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", script, text);
    (void)sqlite3_close(db);
}

static inline void site_drop_triggers(const struct site *site)
{
    site_tamper(site, "DROP TRIGGER record_stays; DROP TRIGGER record_is_fixed;"
                      "DROP TRIGGER record_follows; DROP TRIGGER first_seen_is_fixed;"
                      "DROP TRIGGER first_seen_stays");
}

static inline struct vt_register_verdict site_verify(struct site *site,
                                                     const struct vt_register_check *check)
{
    static const struct vt_register_check plain = {0};
    struct vt_register_verdict verdict;
    if (vt_register_verify(site->reg, check != NULL ? check : &plain, &verdict, &site->err) !=
        VT_OK)
        fail_msg("verify: %s", site->err.text);
    return verdict;
}

static inline void site_is_whole(struct site *site, int64_t records_count)
{
    struct vt_register_verdict verdict = site_verify(site, NULL);
    if (verdict.fault != VT_REGISTER_WHOLE)
        fail_msg("%s at %lld: %s", vt_register_fault_name(verdict.fault), (long long)verdict.seq,
                 verdict.text);
    assert_int_equal(verdict.records_count, records_count);
    assert_int_equal(verdict.head.seq, records_count);
}

/* Whether bytes stand anywhere in the files of the register. */
static inline bool site_files_have(const struct site *site, const void *bytes, size_t len)
{
    DIR *directory = opendir(site->directory);
    bool has = false;
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char file[600];
        (void)snprintf(file, sizeof(file), "%s/%s", site->directory, entry->d_name);
        FILE *in = entry->d_name[0] == '.' ? NULL : fopen(file, "rb");
        if (in == NULL)
            continue;
        (void)fseek(in, 0, SEEK_END);
        size_t size = (size_t)ftell(in);
        rewind(in);
        uint8_t *content = malloc(size + 1);
        assert_non_null(content);
        assert_int_equal(fread(content, 1, size, in), size);
        has = has || memmem(content, size, bytes, len) != NULL;
        free(content);
        (void)fclose(in);
    }
    (void)closedir(directory);
    return has;
}

#endif
