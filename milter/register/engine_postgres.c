/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL as an engine of the register: one connection, one schema. A statement that is kept is
 * prepared and its rows come at once; one that is made for once and asks for rows is a cursor, so
 * that memory does not grow with them and several can be read side by side. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register/postgres.h"

/* pg_type.h of PostgreSQL: these numbers never change. */
enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };

/* Rows of one fetch: as many as give about this. */
#define FETCH_BYTES ((size_t)2 * 1024 * 1024)
#define FETCH_FIRST 16
#define FETCH_MOST 1024

struct statement {
    struct vt_sql sql;
    char *text; /* with $1, … */
    char name[24];
    bool is_kept;
    bool is_cursor;         /* made for once and asks for rows */
    bool is_open, is_ended; /* rows are being read, or all of them are here */
    struct vt_postgres_values values;
    char numbers[VT_POSTGRES_PARAMETERS][24];
    bool has_bad_index;
    PGresult *rows;
    int row; /* the one that is looked at, -1: before the first */
    int fetch_count;
};

static struct vt_postgres *link_of(struct vt_engine *engine)
{
    return (struct vt_postgres *)engine;
}

static struct statement *of(struct vt_sql *sql)
{
    return (struct statement *)sql;
}

/* ---- transactions ---- */

/* What fails leaves a connection that the next request finds lost. */
static void attempt(struct vt_postgres *pg, const char *script)
{
    struct vt_err err;
    enum vt_code code = vt_postgres_script(pg, script, &err);
    (void)code;
}

static PGTransactionStatusType state_of(const struct vt_postgres *pg)
{
    return pg->conn != NULL ? PQtransactionStatus(pg->conn) : PQTRANS_UNKNOWN;
}

/* As with SQLite only one may write, from the begin on. */
static enum vt_code begin(struct vt_engine *engine, bool for_writing, struct vt_err *err)
{
    if (state_of(link_of(engine)) == PQTRANS_INTRANS)
        return vt_err_set(err, VT_E_INTERNAL, "register: a transaction in another one");
    return vt_postgres_script(link_of(engine),
                              for_writing ? "BEGIN; LOCK TABLE record IN EXCLUSIVE MODE"
                                          : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                              err);
}

static enum vt_code commit(struct vt_engine *engine, struct vt_err *err)
{
    enum vt_code code = vt_postgres_settle(link_of(engine), err);
    if (code != VT_OK)
        return code;
    /* Of a transaction that failed COMMIT makes a rollback, and calls that a success. */
    if (state_of(link_of(engine)) == PQTRANS_INERROR)
        return vt_err_set(err, VT_E_INTERNAL, "register: a statement of the transaction failed");
    return vt_postgres_script(link_of(engine), "COMMIT", err);
}

static void rollback(struct vt_engine *engine)
{
    struct vt_err unused;
    enum vt_code code = vt_postgres_settle(link_of(engine), &unused);
    (void)code; /* what failed is rolled back */
    PGTransactionStatusType state = state_of(link_of(engine));
    if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR)
        attempt(link_of(engine), "ROLLBACK");
}

/* Rows that were deleted give their room to the next ones; the server overwrites nothing. */
static enum vt_code scrub(struct vt_engine *engine, struct vt_err *err)
{
    enum vt_code code = vt_postgres_script(link_of(engine), "VACUUM record", err);
    return code == VT_OK ? vt_postgres_script(link_of(engine), "VACUUM object", err) : code;
}

/* The server's own checks are its administrator's (pg_amcheck). */
static enum vt_code check(struct vt_engine *engine, char *out_text, size_t out_bytes,
                          struct vt_err *err)
{
    (void)engine, (void)out_text, (void)out_bytes, (void)err;
    return VT_OK;
}

static enum vt_code backup(struct vt_engine *engine, const char *file, struct vt_err *err)
{
    (void)engine, (void)file;
    return vt_err_set(err, VT_E_UNSUPPORTED,
                      "register: a central database is saved by pg_dump(1) or pg_basebackup(1)");
}

static int64_t changes_count(const struct vt_engine *engine)
{
    return ((const struct vt_postgres *)engine)->changes_count;
}

static void close_link(struct vt_engine *engine)
{
    PQfinish(link_of(engine)->conn);
    free(engine);
}

/* ---- statements ---- */

/* "?12" as "$12"; the register writes no question mark elsewhere. *out_count: the highest number;
 * what is not bound is null. */
static char *with_dollars(const char *text, int *out_count)
{
    char *out = strdup(text);
    *out_count = 0;
    if (out == NULL)
        return NULL;
    for (char *at = strchr(out, '?'); at != NULL; at = strchr(at, '?')) {
        *at = '$';
        int number = (int)strtol(at + 1, NULL, 10);
        *out_count = number > *out_count ? number : *out_count;
    }
    return out;
}

static void finish_rows(struct statement *s)
{
    struct vt_postgres *pg = link_of(s->sql.engine);
    PQclear(s->rows);
    s->rows = NULL;
    s->row = -1;
    s->is_ended = false;
    if (!s->is_open)
        return;
    s->is_open = false;
    if (!s->is_cursor)
        return;
    char text[48];
    (void)snprintf(text, sizeof(text), "CLOSE %s", s->name);
    if (state_of(pg) == PQTRANS_INTRANS)
        attempt(pg, text);
    pg->cursors_count--;
    if (pg->cursors_count == 0 && pg->is_implicit) {
        rollback(&pg->engine);
        pg->is_implicit = false;
    }
}

static void finish(struct vt_sql *sql)
{
    if (sql->engine != NULL)
        finish_rows(of(sql));
    free(of(sql)->text);
    free(sql);
}

static enum vt_code prepare(struct vt_engine *engine, const char *text, bool is_kept,
                            struct vt_sql **out, struct vt_err *err)
{
    struct statement *s = calloc(1, sizeof(*s));
    int count = 0;
    char *dollars = with_dollars(text, &count);
    if (s == NULL || dollars == NULL || count > VT_POSTGRES_PARAMETERS) {
        free(s);
        free(dollars);
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    }
    s->text = dollars;
    s->values.count = count;
    s->is_kept = is_kept;
    s->is_cursor = !is_kept && strncmp(text, "SELECT", strlen("SELECT")) == 0;
    s->row = -1;
    (void)snprintf(s->name, sizeof(s->name), "vanthu_%u", link_of(engine)->names_count++);
    if (is_kept) {
        enum vt_code code = vt_postgres_prepare(link_of(engine), s->name, s->text, err);
        if (code != VT_OK) {
            finish(&s->sql);
            return code;
        }
    }
    *out = &s->sql;
    return VT_OK;
}

static void again(struct vt_sql *sql)
{
    finish_rows(of(sql));
    memset(of(sql)->values.values, 0, sizeof(of(sql)->values.values));
    of(sql)->has_bad_index = false;
}

/* Text and bytes go as they are, numbers as text, so that the type is what the column has. */
static void bind(struct vt_sql *sql, int index, const char *value, size_t len, bool is_binary)
{
    struct statement *s = of(sql);
    if (index < 1 || index > s->values.count || len > INT32_MAX) {
        s->has_bad_index = true;
        return;
    }
    s->values.values[index - 1] = value;
    s->values.lengths[index - 1] = (int)len;
    s->values.formats[index - 1] = is_binary;
}

static void bind_int(struct vt_sql *sql, int index, int64_t value)
{
    char *text = index >= 1 && index <= VT_POSTGRES_PARAMETERS ? of(sql)->numbers[index - 1] : NULL;
    if (text != NULL)
        (void)snprintf(text, sizeof(of(sql)->numbers[0]), "%lld", (long long)value);
    bind(sql, index, text, 0, false);
}

static void bind_bytes(struct vt_sql *sql, int index, struct vt_bytes bytes)
{
    bind(sql, index, (const char *)bytes.ptr, bytes.len, true);
}

static void bind_null(struct vt_sql *sql, int index)
{
    bind(sql, index, NULL, 0, false);
}

/* ---- rows ---- */

static enum vt_code open_cursor(struct statement *s, struct vt_err *err)
{
    struct vt_postgres *pg = link_of(s->sql.engine);
    PGresult *result = NULL;
    struct vt_buf text;
    enum vt_code code = vt_postgres_settle(pg, err);
    if (code == VT_OK && state_of(pg) == PQTRANS_IDLE) {
        code = vt_postgres_script(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
        pg->is_implicit = code == VT_OK;
    }
    if (code != VT_OK)
        return code;
    pg->cursors_count++;
    s->is_open = true;
    s->fetch_count = FETCH_FIRST;
    vt_buf_init(&text, strlen(s->text) + 128);
    code = vt_buf_addf(&text, "DECLARE %s NO SCROLL CURSOR FOR %s", s->name, s->text);
    if (code == VT_OK)
        code = vt_buf_add(&text, "", 1);
    if (code == VT_OK)
        code = vt_postgres_run(pg, NULL, (const char *)text.ptr, &s->values, &result, err);
    PQclear(result);
    vt_buf_clear(&text);
    return code;
}

static size_t bytes_of(const PGresult *rows)
{
    size_t bytes = 0;
    for (int row = 0; row < PQntuples(rows); row++) {
        for (int column = 0; column < PQnfields(rows); column++)
            bytes += (size_t)PQgetlength(rows, row, column);
    }
    return bytes;
}

/* The next rows of a cursor; none is its end. */
static enum vt_code fetch(struct statement *s, struct vt_err *err)
{
    char text[64];
    PQclear(s->rows);
    s->rows = NULL;
    s->row = -1;
    (void)snprintf(text, sizeof(text), "FETCH %d FROM %s", s->fetch_count, s->name);
    enum vt_code code = vt_postgres_run(link_of(s->sql.engine), NULL, text, NULL, &s->rows, err);
    if (code != VT_OK)
        return code;
    s->is_ended = PQntuples(s->rows) < s->fetch_count;
    size_t bytes = bytes_of(s->rows);
    if (bytes > FETCH_BYTES && s->fetch_count > 1)
        s->fetch_count /= 2;
    else if (bytes < FETCH_BYTES / 4 && s->fetch_count < FETCH_MOST)
        s->fetch_count *= 2;
    return VT_OK;
}

/* A statement that is run as a whole. */
static enum vt_code run_whole(struct statement *s, struct vt_err *err)
{
    struct vt_postgres *pg = link_of(s->sql.engine);
    enum vt_code code =
        vt_postgres_run(pg, s->is_kept ? s->name : NULL, s->text, &s->values, &s->rows, err);
    if (code != VT_OK)
        return code;
    s->is_open = s->is_ended = true;
    s->row = -1;
    if (PQresultStatus(s->rows) == PGRES_COMMAND_OK)
        pg->changes_count = strtoll(PQcmdTuples(s->rows), NULL, 10);
    return VT_OK;
}

static enum vt_code step(struct vt_sql *sql, bool *out_has_row, struct vt_err *err)
{
    struct statement *s = of(sql);
    enum vt_code code = VT_OK;
    if (s->has_bad_index)
        return vt_err_set(err, VT_E_LIMIT, "register: a parameter that there is not");
    if (!s->is_open)
        code = s->is_cursor ? open_cursor(s, err) : run_whole(s, err);
    if (code != VT_OK)
        return code;
    if (s->is_cursor && !s->is_ended && (s->rows == NULL || s->row + 1 >= PQntuples(s->rows)))
        code = fetch(s, err);
    if (code != VT_OK)
        return code;
    if (s->rows != NULL && s->row + 1 < PQntuples(s->rows)) {
        s->row++;
        *out_has_row = true;
    }
    return VT_OK;
}

static enum vt_code queue(struct vt_sql *sql, struct vt_err *err)
{
    struct statement *s = of(sql);
    bool has_row = false;
    if (s->has_bad_index)
        return vt_err_set(err, VT_E_LIMIT, "register: a parameter that there is not");
    return s->is_kept ? vt_postgres_queue(link_of(sql->engine), s->name, &s->values, err)
                      : step(sql, &has_row, err);
}

/* ---- columns ---- */

static bool is_null(struct vt_sql *sql, int column)
{
    const struct statement *s = of(sql);
    return s->rows == NULL || s->row < 0 || PQgetisnull(s->rows, s->row, column) == 1;
}

/* A number is as long as its type is: the server says both, and may say anything. */
static bool is_long(const struct statement *s, int column, size_t bytes)
{
    return PQfformat(s->rows, column) == 1 && PQgetlength(s->rows, s->row, column) == (int)bytes;
}

static int64_t get_int(struct vt_sql *sql, int column)
{
    const struct statement *s = of(sql);
    uint64_t long_number;
    uint32_t number;
    uint16_t short_number;
    if (is_null(sql, column))
        return 0;
    const char *value = PQgetvalue(s->rows, s->row, column);
    Oid type = PQftype(s->rows, column);
    size_t bytes = type == OID_INT8 ? 8 : type == OID_INT4 ? 4 : type == OID_INT2 ? 2 : 1;
    if (!is_long(s, column, bytes))
        return 0;
    switch (type) {
    case OID_INT8:
        memcpy(&long_number, value, sizeof(long_number));
        return (int64_t)be64toh(long_number);
    case OID_INT4:
        memcpy(&number, value, sizeof(number));
        return (int32_t)be32toh(number);
    case OID_INT2:
        memcpy(&short_number, value, sizeof(short_number));
        return (int16_t)be16toh(short_number);
    case OID_BOOL:
        return value[0] != 0;
    default:
        return 0;
    }
}

static const char *get_text(struct vt_sql *sql, int column)
{
    return is_null(sql, column) ? "" : PQgetvalue(of(sql)->rows, of(sql)->row, column);
}

static struct vt_bytes get_blob(struct vt_sql *sql, int column)
{
    const struct statement *s = of(sql);
    if (is_null(sql, column))
        return (struct vt_bytes){0};
    return vt_bytes_of(PQgetvalue(s->rows, s->row, column),
                       (size_t)PQgetlength(s->rows, s->row, column));
}

static const struct vt_engine_backend backend = {.close = close_link,
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
                                                 .bind_text = bind_bytes,
                                                 .bind_blob = bind_bytes,
                                                 .bind_null = bind_null,
                                                 .queue = queue,
                                                 .step = step,
                                                 .is_null = is_null,
                                                 .get_int = get_int,
                                                 .get_text = get_text,
                                                 .get_blob = get_blob};

enum vt_code vt_engine_open_postgres(const struct vt_postgres_link *link,
                                     const struct vt_postgres_gateway *gateway, bool for_writing,
                                     struct vt_engine **out, struct vt_err *err)
{
    struct vt_postgres *pg = calloc(1, sizeof(*pg));
    if (pg == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    pg->engine = (struct vt_engine){.backend = &backend, .is_writer = for_writing};
    pg->reply_msecs = link->reply_msecs;
    pg->interrupt_fd = link->interrupt_fd;
    enum vt_code code = vt_postgres_connect(link, &pg->conn, err);
    if (code == VT_OK)
        code = vt_postgres_open_schema(pg, gateway, err);
    if (code == VT_OK)
        *out = &pg->engine;
    else
        vt_engine_close(&pg->engine);
    return code;
}
