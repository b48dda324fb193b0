/* SPDX-License-Identifier: Apache-2.0
 * A register for tests, in a directory of its own or as a schema of a PostgreSQL of its own;
 * include cmocka.h, sqlite3.h and register_mail.h first. */
#ifndef VANTHU_TESTS_REGISTER_SITE_H
#define VANTHU_TESTS_REGISTER_SITE_H

#include <dirent.h>
#include <ftw.h>
#include <signal.h>

#include "postgres.h"
#include "register/central.h"

struct site {
    char directory[256];
    /* With PostgreSQL: its connection, and the id of the register. */
    char connection[256];
    uint8_t id[VT_REGISTER_ID_BYTES];
    struct vt_register *reg;
    struct vt_err err;
    /* What the last entry of a walk was. */
    int64_t found, last_seq;
    char last_reference[VT_REFERENCE_BYTES];
    bool last_has_body;
    char last_body[65536];
};

/* The server of this test program. */
static struct test_postgres site_postgres;

static inline enum vt_code site_try_open(struct site *site)
{
    const struct vt_postgres_link link = {.connection = site->connection,
                                          .connect_msecs = 10000,
                                          .reply_msecs = 60000,
                                          .interrupt_fd = -1};
    if (site->connection[0] == '\0')
        return vt_register_open(site->directory, &site->reg, &site->err);
    return vt_central_open_write(&link, vt_bytes_of(site->id, sizeof(site->id)), "mx", &site->reg,
                                 &site->err);
}

static inline void site_open(struct site *site)
{
    if (site_try_open(site) != VT_OK)
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

/* The same as a schema of the running server. */
static inline int site_new_postgres(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    struct vt_err err;
    (void)snprintf(site->connection, sizeof(site->connection), "%s", site_postgres.connection);
    if (vt_chain_salt(site->id, &err) != VT_OK)
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
    if (site->directory[0] != '\0')
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

/* ---- somebody who knows nothing of the program ---- */

static inline PGconn *site_raw_postgres(const struct site *site)
{
    char hex[2 * VT_REGISTER_ID_BYTES + 1], text[1024];
    PGconn *conn = PQconnectdb(site->connection);
    (void)vt_text_hex(hex, vt_bytes_of(site->id, sizeof(site->id)));
    (void)snprintf(text, sizeof(text),
                   "SET client_min_messages = error; SET search_path = vanthu_%s, public;"
                   "CREATE OR REPLACE FUNCTION public.randomblob(n int) RETURNS bytea LANGUAGE sql"
                   " AS $$ SELECT substr(sha256(random()::text::bytea), 1, n) $$;",
                   hex);
    PGresult *result = PQexec(conn, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s", PQerrorMessage(conn));
    PQclear(result);
    return conn;
}

/* What is written for SQLite: x'41' is '\x41' here. */
static inline void site_postgres_words(char *out, size_t out_bytes, const char *script)
{
    size_t used = 0;
    for (const char *at = script; *at != '\0' && used + 3 < out_bytes; at++) {
        if (at[0] == 'x' && at[1] == '\'' && at[2] >= '0' && at[2] <= '9' &&
            (at == script || strchr(" (,=", at[-1]) != NULL)) {
            memcpy(out + used, "'\\x", 3);
            used += 3;
            at++;
        } else {
            out[used++] = *at;
        }
    }
    out[used] = '\0';
}

static inline int64_t site_number_postgres(const struct site *site, const char *text)
{
    PGconn *conn = site_raw_postgres(site);
    PGresult *result = PQexec(conn, text);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(conn));
    int64_t number = PQntuples(result) > 0 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    PQfinish(conn);
    return number;
}

/* A number as somebody asks who knows nothing of the program. */
static inline int64_t site_number(const struct site *site, const char *text)
{
    if (site->connection[0] != '\0')
        return site_number_postgres(site, text);
    sqlite3 *db = site_raw(site);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return number;
}

/* True when the engine takes a script. As an owner of the database without_rules: triggers and
 * references are not asked. */
static inline bool site_try_script(const struct site *site, const char *script, bool without_rules,
                                   char *out_text, size_t out_bytes)
{
    bool is_done;
    if (site->connection[0] == '\0') {
        sqlite3 *db = site_raw(site);
        is_done = sqlite3_exec(db, script, NULL, NULL, NULL) == SQLITE_OK;
        (void)snprintf(out_text, out_bytes, "%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
        return is_done;
    }
    char words[4096];
    site_postgres_words(words, sizeof(words), script);
    PGconn *conn = site_raw_postgres(site);
    PQclear(PQexec(conn, without_rules ? "SET session_replication_role = replica" : "SELECT 1"));
    PGresult *result = PQexec(conn, words);
    is_done = PQresultStatus(result) == PGRES_COMMAND_OK;
    (void)snprintf(out_text, out_bytes, "%s", PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return is_done;
}

/* What somebody with the file, or the rights of the database's owner, in his hands can do; the
 * register must be closed. */
static inline void site_tamper(const struct site *site, const char *script)
{
    char text[512];
    static const char foreign[] = "PRAGMA foreign_keys = OFF; ";
    if (site->connection[0] != '\0' && strncmp(script, foreign, strlen(foreign)) == 0)
        script += strlen(foreign);
    if (!site_try_script(site, script, true, text, sizeof(text)))
        fail_msg("%s: %s", script, text);
}

static inline void site_drop_triggers(const struct site *site)
{
    if (site->connection[0] == '\0')
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
