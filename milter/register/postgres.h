/* SPDX-License-Identifier: Apache-2.0
 * A connection to PostgreSQL on which nothing waits for ever; the only user of libpq is this room.
 */
#ifndef VANTHU_REGISTER_POSTGRES_H
#define VANTHU_REGISTER_POSTGRES_H

#include <libpq-fe.h>

#include "register/engine_backend.h"

/* Parameters of one statement. */
#define VT_POSTGRES_PARAMETERS 32
/* "vanthu_" and the id in hexadecimal. */
#define VT_POSTGRES_SCHEMA_BYTES 64

struct vt_postgres {
    struct vt_engine engine;
    PGconn *conn;
    int64_t reply_msecs;
    int interrupt_fd;
    char schema[VT_POSTGRES_SCHEMA_BYTES]; /* "": none */
    unsigned names_count;                  /* of statements and cursors, to make new ones */
    unsigned cursors_count;                /* that are open */
    bool is_implicit;                      /* a transaction that was begun for a cursor */
    int64_t changes_count;
    unsigned queued_count; /* statements whose answers are not read yet */
};

struct vt_postgres_values {
    const char *values[VT_POSTGRES_PARAMETERS];
    int lengths[VT_POSTGRES_PARAMETERS];
    int formats[VT_POSTGRES_PARAMETERS];
    int count;
};

/* Connect, within the times of the link. *out: PQfinish. */
enum vt_code vt_postgres_connect(const struct vt_postgres_link *link, PGconn **out,
                                 struct vt_err *err) VT_MUST_CHECK;
/* Run one statement with parameters (name NULL), or one that was prepared under a name. Results are
 * binary. *out: PQclear; of several the last one. */
enum vt_code vt_postgres_run(struct vt_postgres *pg, const char *name, const char *text,
                             const struct vt_postgres_values *values, PGresult **out,
                             struct vt_err *err) VT_MUST_CHECK;
enum vt_code vt_postgres_prepare(struct vt_postgres *pg, const char *name, const char *text,
                                 struct vt_err *err) VT_MUST_CHECK;
/* Send a prepared statement and do not wait; its answer is read by the next call of any of these
 * functions, which returns its fault. */
enum vt_code vt_postgres_queue(struct vt_postgres *pg, const char *name,
                               const struct vt_postgres_values *values,
                               struct vt_err *err) VT_MUST_CHECK;
/* Read the answers that are still to come. */
enum vt_code vt_postgres_settle(struct vt_postgres *pg, struct vt_err *err) VT_MUST_CHECK;
/* Run statements without parameters, separated by semicolons. */
enum vt_code vt_postgres_script(struct vt_postgres *pg, const char *script,
                                struct vt_err *err) VT_MUST_CHECK;
/* The schema of the gateway whose register has this id. */
void vt_postgres_schema_name(char out[VT_POSTGRES_SCHEMA_BYTES], struct vt_bytes id);
/* Make the schema of a gateway, or bring it up to date; for reading only look. */
enum vt_code vt_postgres_open_schema(struct vt_postgres *pg,
                                     const struct vt_postgres_gateway *gateway,
                                     struct vt_err *err) VT_MUST_CHECK;

#endif
