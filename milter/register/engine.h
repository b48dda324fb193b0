/* SPDX-License-Identifier: Apache-2.0
 * The engines under the register: connections, transactions, prepared statements. The SQL that the
 * room writes is what SQLite and PostgreSQL share: "?1" parameters, ON CONFLICT, IS NOT DISTINCT
 * FROM. A register is one file of SQLite, or one schema of a PostgreSQL database. */
#ifndef VANTHU_REGISTER_ENGINE_H
#define VANTHU_REGISTER_ENGINE_H

#include "vanthu/bytes.h"

struct vt_engine;
struct vt_sql;

/* How long a lock is waited for; the registrar has 10 s for all. */
#define VT_ENGINE_BUSY_MSECS 5000

/* Open the file for writing and bring its schema up to date, or for reading. Codes as
 * vt_register_open and vt_register_open_read. */
enum vt_code vt_engine_open_sqlite(const char *directory, bool for_writing, struct vt_engine **out,
                                   struct vt_err *err) VT_MUST_CHECK;

/* A connection to a PostgreSQL database. Every call on it ends by its deadline: a connection that
 * is too slow is given up for good (VT_E_TIMEOUT), as one that was lost (VT_E_NETWORK). */
struct vt_postgres_link {
    const char *connection; /* libpq connection string or URI */
    int64_t connect_msecs;
    int64_t reply_msecs; /* of one statement; 0: no deadline */
    int interrupt_fd;    /* readable: give up at once; -1: none */
};
/* The schema of one gateway: id is that of its register. For writing it is made or brought up to
 * date, and the gateway gets this name. VT_E_NOT_FOUND: for reading, there is none. */
struct vt_postgres_gateway {
    struct vt_bytes id;
    const char *name;
};
/* gateway NULL: no schema, only the list of gateways (vt_engine_open_postgres for reading).
 * VT_E_CONFIG: the connection string, or the server refuses user or database; VT_E_NETWORK,
 * VT_E_TIMEOUT, VT_E_UNSUPPORTED, VT_E_BUSY, VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_engine_open_postgres(const struct vt_postgres_link *link,
                                     const struct vt_postgres_gateway *gateway, bool for_writing,
                                     struct vt_engine **out, struct vt_err *err) VT_MUST_CHECK;
/* Statements that are not done are finished. NULL is allowed. */
void vt_engine_close(struct vt_engine *engine);

/* One transaction, in which one state is seen; for_writing: the lock is held from the begin. */
enum vt_code vt_engine_begin(struct vt_engine *engine, bool for_writing,
                             struct vt_err *err) VT_MUST_CHECK;
/* Durable when it returns VT_OK; otherwise rolled back. */
enum vt_code vt_engine_commit(struct vt_engine *engine, struct vt_err *err) VT_MUST_CHECK;
/* Nothing happens outside of a transaction. */
void vt_engine_rollback(struct vt_engine *engine);
/* Overwrite what deleted rows left in the log of the file. */
enum vt_code vt_engine_scrub(struct vt_engine *engine, struct vt_err *err) VT_MUST_CHECK;
/* The first damage of structure and indexes that the engine finds: *out_text is "", or says it. */
enum vt_code vt_engine_check(struct vt_engine *engine, char *out_text, size_t out_bytes,
                             struct vt_err *err) VT_MUST_CHECK;
/* A copy into a new file. */
enum vt_code vt_engine_backup(struct vt_engine *engine, const char *file,
                              struct vt_err *err) VT_MUST_CHECK;

/* Statements. vt_sql_get: text is static, the statement is kept and given again; only one user at a
 * time. vt_sql_new: made for once. Both end with vt_sql_done (NULL is allowed). */
enum vt_code vt_sql_get(struct vt_engine *engine, const char *text, struct vt_sql **out,
                        struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_sql_new(struct vt_engine *engine, const char *text, struct vt_sql **out,
                        struct vt_err *err) VT_MUST_CHECK;
void vt_sql_done(struct vt_sql *sql);

/* Parameters count from 1. Text and bytes are borrowed until the statement is done or bound anew;
 * NULL gives null. A mistake is reported by the next step. */
void vt_sql_bind_int(struct vt_sql *sql, int index, int64_t value);
void vt_sql_bind_text(struct vt_sql *sql, int index, struct vt_bytes text);
void vt_sql_bind_blob(struct vt_sql *sql, int index, struct vt_bytes bytes);
void vt_sql_bind_null(struct vt_sql *sql, int index);

/* The next row. */
enum vt_code vt_sql_step(struct vt_sql *sql, bool *out_has_row, struct vt_err *err) VT_MUST_CHECK;
/* Run a statement whose rows do not matter, and make it ready for the next parameters. */
enum vt_code vt_sql_run(struct vt_sql *sql, struct vt_err *err) VT_MUST_CHECK;
/* From here to the end of the transaction vt_sql_run does not wait for the server: a fault comes
 * with the next statement that has rows, at last with the commit, and changes are not counted. */
void vt_engine_hurry(struct vt_engine *engine);
/* Make it ready for the next parameters. */
void vt_sql_again(struct vt_sql *sql);
/* Rows that the last run of this engine inserted, updated or deleted. */
int64_t vt_engine_changes_count(const struct vt_engine *engine);

/* Columns count from 0; valid until the next step. */
bool vt_sql_is_null(struct vt_sql *sql, int column);
int64_t vt_sql_int(struct vt_sql *sql, int column);
/* Never NULL; "" for null. */
const char *vt_sql_text(struct vt_sql *sql, int column);
struct vt_bytes vt_sql_blob(struct vt_sql *sql, int column);
/* A time: null is VT_TIME_NONE. */
int64_t vt_sql_time(struct vt_sql *sql, int column);

#endif
