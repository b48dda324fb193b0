/* SPDX-License-Identifier: Apache-2.0
 * SQLite: write-ahead log with full synchronisation, so that a commit survives a loss of power and
 * readers never wait. What is deleted is overwritten. */
#include "register/engine_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "register/schema.h"
#include "vanthu/register.h"

/* What one statement is given is below this; SQLite's own default is 1 GB. */
#define MAX_VALUE_BYTES (128 * 1024 * 1024)
#define OPEN_TRIES 20
#define OPEN_PAUSE_MSECS 100

struct statement {
    struct vt_sql sql;
    sqlite3_stmt *handle;
    int fault; /* of a bind */
};

struct connection {
    struct vt_engine engine;
    sqlite3 *db;
};

static sqlite3 *db_of(const struct vt_engine *engine)
{
    return ((const struct connection *)engine)->db;
}

static struct statement *of(struct vt_sql *sql)
{
    return (struct statement *)sql;
}

static enum vt_code code_of(int result)
{
    switch (result & 0xFF) {
    case SQLITE_NOMEM:
        return VT_E_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return VT_E_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return VT_E_FORMAT;
    case SQLITE_TOOBIG:
        return VT_E_LIMIT;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return VT_E_SYSTEM;
    default:
        return VT_E_INTERNAL;
    }
}

static enum vt_code failed(const struct vt_engine *engine, int result, struct vt_err *err)
{
    enum vt_code code = code_of(result);
    int extended = db_of(engine) != NULL ? sqlite3_extended_errcode(db_of(engine)) : result;
    return vt_err_set(
        err, code, "register: %s (SQLite %d)",
        db_of(engine) != NULL ? sqlite3_errmsg(db_of(engine)) : sqlite3_errstr(result), extended);
}

static enum vt_code run_script(struct vt_engine *engine, const char *script, struct vt_err *err)
{
    int result = sqlite3_exec(db_of(engine), script, NULL, NULL, NULL);
    return result == SQLITE_OK ? VT_OK : failed(engine, result, err);
}

/* A pragma that gives one number. */
static enum vt_code ask_number(struct vt_engine *engine, const char *text, int64_t *out,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(engine, text, &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    *out = has_row ? vt_sql_int(sql, 0) : 0;
    vt_sql_done(sql);
    return code;
}

/* ---- opening ---- */

static enum vt_code prepare_directory(const char *directory, bool for_writing, struct vt_err *err)
{
    struct stat status;
    if (for_writing && mkdir(directory, 0700) != 0 && errno != EEXIST)
        return vt_err_sys(err, "register: %s", directory);
    if (stat(directory, &status) != 0)
        return errno == ENOENT
                   ? vt_err_set(err, VT_E_NOT_FOUND, "register: there is no %s", directory)
                   : vt_err_sys(err, "register: %s", directory);
    if (!S_ISDIR(status.st_mode) || (status.st_mode & 077) != 0)
        return vt_err_set(err, VT_E_CONFIG, "register: %s must be a directory of mode 0700",
                          directory);
    return VT_OK;
}

/* The file with its mode, which SQLite gives to its log, too. An existing file is not opened here:
 * closing it would drop the locks that this process has on it by another handle (fcntl(2)). */
static enum vt_code prepare_file(const char *file, bool for_writing, struct vt_err *err)
{
    struct stat status;
    if (for_writing) {
        int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return vt_err_sys(err, "register: %s", file);
        if (fd >= 0)
            close(fd);
    }
    if (lstat(file, &status) != 0)
        return errno == ENOENT ? vt_err_set(err, VT_E_NOT_FOUND, "register: there is no %s", file)
                               : vt_err_sys(err, "register: %s", file);
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0)
        return vt_err_set(err, VT_E_CONFIG, "register: %s must be a file of mode 0600", file);
    return VT_OK;
}

static enum vt_code configure(struct vt_engine *engine, struct vt_err *err)
{
    (void)sqlite3_busy_timeout(db_of(engine), VT_ENGINE_BUSY_MSECS);
    (void)sqlite3_db_config(db_of(engine), SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db_of(engine), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_limit(db_of(engine), SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    enum vt_code code = run_script(engine,
                                   "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
                                   "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"
                                   "PRAGMA cache_size = -16384;",
                                   err);
    if (code == VT_OK && engine->is_writer)
        code = run_script(engine,
                          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                          "PRAGMA journal_size_limit = 67108864;",
                          err);
    else if (code == VT_OK)
        code = run_script(engine, "PRAGMA query_only = ON;", err);
    return code;
}

static enum vt_code run_steps(struct vt_engine *engine, int64_t from, struct vt_err *err)
{
    char text[96];
    enum vt_code code = VT_OK;
    for (size_t i = (size_t)from; i < vt_schema_version; i++) {
        for (const char *const *script = vt_schema_steps[i]; *script != NULL && code == VT_OK;
             script++)
            code = vt_schema_is_for_sqlite(*script) ? run_script(engine, *script, err) : VT_OK;
    }
    (void)snprintf(text, sizeof(text), "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
                   VT_SCHEMA_APPLICATION_ID, vt_schema_version);
    if (code == VT_OK && from == 0)
        code = run_script(engine, "INSERT INTO meta VALUES ('id', randomblob(16));", err);
    return code == VT_OK ? run_script(engine, text, err) : code;
}

/* What the file is: *out_version is 0 for an empty one. */
static enum vt_code look_at_version(struct vt_engine *engine, int64_t *out_version,
                                    struct vt_err *err)
{
    int64_t application = 0, schema = 0;
    enum vt_code code = ask_number(engine, "PRAGMA application_id", &application, err);
    if (code == VT_OK)
        code = ask_number(engine, "SELECT count(*) FROM sqlite_schema", &schema, err);
    if (code == VT_OK)
        code = ask_number(engine, "PRAGMA user_version", out_version, err);
    if (code != VT_OK)
        return code;
    if (application != VT_SCHEMA_APPLICATION_ID && (application != 0 || schema != 0))
        return vt_err_set(err, VT_E_FORMAT, "register: the file is not a register");
    if (*out_version < 0 || *out_version > (int64_t)vt_schema_version)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "register: the file has version %lld, this program knows %zu",
                          (long long)*out_version, vt_schema_version);
    return VT_OK;
}

/* Under the lock, so that of two processes that start one makes the tables. */
static enum vt_code migrate(struct vt_engine *engine, struct vt_err *err)
{
    int64_t version = 0;
    enum vt_code code = look_at_version(engine, &version, err);
    if (code != VT_OK || version == (int64_t)vt_schema_version)
        return code;
    if (!engine->is_writer)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "register: the file has version %lld and is brought to %zu when the "
                          "registrar starts",
                          (long long)version, vt_schema_version);
    code = vt_engine_begin(engine, true, err);
    if (code == VT_OK)
        code = look_at_version(engine, &version, err);
    if (code == VT_OK && version < (int64_t)vt_schema_version)
        code = run_steps(engine, version, err);
    if (code == VT_OK)
        code = vt_engine_commit(engine, err);
    else
        vt_engine_rollback(engine);
    return code;
}

static void close_file(struct vt_engine *engine)
{
    (void)sqlite3_close_v2(db_of(engine));
    free(engine);
}

/* ---- transactions ---- */

static enum vt_code run_text(struct vt_engine *engine, const char *text, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(engine, text, &sql, err);
    if (code == VT_OK)
        code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code begin(struct vt_engine *engine, bool for_writing, struct vt_err *err)
{
    return run_text(engine, for_writing ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static enum vt_code commit(struct vt_engine *engine, struct vt_err *err)
{
    return run_text(engine, "COMMIT", err);
}

static void rollback(struct vt_engine *engine)
{
    if (sqlite3_get_autocommit(db_of(engine)) == 0)
        (void)run_text(engine, "ROLLBACK", NULL);
}

static enum vt_code scrub(struct vt_engine *engine, struct vt_err *err)
{
    int result =
        sqlite3_wal_checkpoint_v2(db_of(engine), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return result == SQLITE_OK ? VT_OK : failed(engine, result, err);
}

static enum vt_code check(struct vt_engine *engine, char *out_text, size_t out_bytes,
                          struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(engine, "PRAGMA integrity_check(1)", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row && strcmp(vt_sql_text(sql, 0), "ok") != 0)
        (void)vt_text_clean(out_text, out_bytes, vt_bytes_str(vt_sql_text(sql, 0)));
    vt_sql_done(sql);
    return code;
}

static enum vt_code backup(struct vt_engine *engine, const char *file, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return vt_err_sys(err, "%s", file);
    close(fd);
    /* The file that is copied stays opened for reading; the pragma forbids the new one, too. */
    enum vt_code code =
        engine->is_writer ? VT_OK : run_script(engine, "PRAGMA query_only = OFF;", err);
    if (code == VT_OK)
        code = vt_sql_new(engine, "VACUUM INTO ?1", &sql, err);
    if (code == VT_OK) {
        vt_sql_bind_text(sql, 1, vt_bytes_str(file));
        code = vt_sql_run(sql, err);
    }
    vt_sql_done(sql);
    if (!engine->is_writer)
        (void)run_script(engine, "PRAGMA query_only = ON;", NULL);
    if (code != VT_OK)
        (void)unlink(file);
    return code;
}

/* ---- statements ---- */

static enum vt_code prepare(struct vt_engine *engine, const char *text, bool is_kept,
                            struct vt_sql **out, struct vt_err *err)
{
    struct statement *statement = calloc(1, sizeof(*statement));
    if (statement == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    int result = sqlite3_prepare_v3(
        db_of(engine), text, -1, is_kept ? SQLITE_PREPARE_PERSISTENT : 0, &statement->handle, NULL);
    if (result != SQLITE_OK) {
        free(statement);
        return failed(engine, result, err);
    }
    *out = &statement->sql;
    return VT_OK;
}

static void finish(struct vt_sql *sql)
{
    (void)sqlite3_finalize(of(sql)->handle);
    free(sql);
}

static void again(struct vt_sql *sql)
{
    (void)sqlite3_reset(of(sql)->handle);
    (void)sqlite3_clear_bindings(of(sql)->handle);
    of(sql)->fault = SQLITE_OK;
}

static void note(struct vt_sql *sql, int result)
{
    if (result != SQLITE_OK && of(sql)->fault == SQLITE_OK)
        of(sql)->fault = result;
}

static void bind_int(struct vt_sql *sql, int index, int64_t value)
{
    note(sql, sqlite3_bind_int64(of(sql)->handle, index, value));
}

static void bind_text(struct vt_sql *sql, int index, struct vt_bytes text)
{
    note(sql, sqlite3_bind_text64(of(sql)->handle, index, (const char *)text.ptr, text.len,
                                  SQLITE_STATIC, SQLITE_UTF8));
}

static void bind_blob(struct vt_sql *sql, int index, struct vt_bytes bytes)
{
    note(sql, sqlite3_bind_blob64(of(sql)->handle, index, bytes.ptr, bytes.len, SQLITE_STATIC));
}

static void bind_null(struct vt_sql *sql, int index)
{
    note(sql, sqlite3_bind_null(of(sql)->handle, index));
}

static enum vt_code step(struct vt_sql *sql, bool *out_has_row, struct vt_err *err)
{
    if (of(sql)->fault != SQLITE_OK)
        return failed(sql->engine, of(sql)->fault, err);
    int result = sqlite3_step(of(sql)->handle);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return failed(sql->engine, result, err);
    *out_has_row = result == SQLITE_ROW;
    return VT_OK;
}

static int64_t changes_count(const struct vt_engine *engine)
{
    return sqlite3_changes64(db_of(engine));
}

static bool is_null(struct vt_sql *sql, int column)
{
    return sqlite3_column_type(of(sql)->handle, column) == SQLITE_NULL;
}

static int64_t get_int(struct vt_sql *sql, int column)
{
    return sqlite3_column_int64(of(sql)->handle, column);
}

static const char *get_text(struct vt_sql *sql, int column)
{
    const unsigned char *text = sqlite3_column_text(of(sql)->handle, column);
    return text != NULL ? (const char *)text : "";
}

static struct vt_bytes get_blob(struct vt_sql *sql, int column)
{
    const void *bytes = sqlite3_column_blob(of(sql)->handle, column);
    return vt_bytes_of(bytes, (size_t)sqlite3_column_bytes(of(sql)->handle, column));
}

static const struct vt_engine_backend backend = {.close = close_file,
                                                 .begin = begin,
                                                 .commit = commit,
                                                 .rollback = rollback,
                                                 .scrub = scrub,
                                                 .check = check,
                                                 .backup = backup,
                                                 .changes_count = changes_count,
                                                 .prepare = prepare,
                                                 .finish = finish,
                                                 .again = again,
                                                 .bind_int = bind_int,
                                                 .bind_text = bind_text,
                                                 .bind_blob = bind_blob,
                                                 .bind_null = bind_null,
                                                 .step = step,
                                                 .is_null = is_null,
                                                 .get_int = get_int,
                                                 .get_text = get_text,
                                                 .get_blob = get_blob};

/* A log that is root's for a moment may be open for reading only, which the first write would show.
 * Who waits for another writer is a writer. */
static enum vt_code check_writable(struct vt_engine *engine, struct vt_err *err)
{
    (void)sqlite3_busy_timeout(db_of(engine), 0);
    int result = sqlite3_exec(db_of(engine), "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);
    enum vt_code code = (result & 0xFF) == SQLITE_READONLY ? failed(engine, result, err) : VT_OK;
    (void)sqlite3_busy_timeout(db_of(engine), VT_ENGINE_BUSY_MSECS);
    return code;
}

static bool is_out_of_reach(const struct connection *connection)
{
    int result = connection->db != NULL ? sqlite3_errcode(connection->db) & 0xFF : SQLITE_OK;
    return result == SQLITE_CANTOPEN || result == SQLITE_READONLY;
}

static enum vt_code open_once(const char *file, bool for_writing, struct vt_engine **out,
                              bool *out_may_pass, struct vt_err *err)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    struct vt_engine *engine = &connection->engine;
    *engine = (struct vt_engine){.backend = &backend, .is_writer = for_writing};
    int flags = (for_writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(file, &connection->db, flags, NULL);
    enum vt_code code = result == SQLITE_OK ? configure(engine, err) : failed(engine, result, err);
    if (code == VT_OK)
        code = migrate(engine, err);
    if (code == VT_OK && for_writing)
        code = check_writable(engine, err);
    *out_may_pass = code == VT_E_SYSTEM && is_out_of_reach(connection);
    if (code == VT_OK)
        *out = engine;
    else
        vt_engine_close(engine);
    return code;
}

/* The log of the file comes and goes with those who have it open, and when root makes it, it is
 * root's for a moment before it is given to the owner of the file. */
enum vt_code vt_engine_open_sqlite(const char *directory, bool for_writing, struct vt_engine **out,
                                   struct vt_err *err)
{
    static const struct timespec pause = {.tv_nsec = OPEN_PAUSE_MSECS * 1000000L};
    char file[PATH_MAX];
    bool may_pass = true;
    int len = snprintf(file, sizeof(file), "%s/" VT_REGISTER_FILE, directory);
    if (len < 0 || (size_t)len >= sizeof(file))
        return vt_err_set(err, VT_E_CONFIG, "register: the name of the directory is too long");
    enum vt_code code = prepare_directory(directory, for_writing, err);
    if (code == VT_OK)
        code = prepare_file(file, for_writing, err);
    if (code != VT_OK)
        return code;
    code = VT_E_INTERNAL;
    for (unsigned i = 0; i < OPEN_TRIES && code != VT_OK && may_pass; i++) {
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        code = open_once(file, for_writing, out, &may_pass, err);
    }
    return code;
}
