/* SPDX-License-Identifier: Apache-2.0
 * libpq without waiting: every request is sent and its answer is polled for until a deadline. A
 * server that is stopped, or a network that swallows packets, ends a request and the connection,
 * never the patience of the caller. */
#include "register/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "vanthu/clock.h"

/* Statements of a pipeline before their answers are read. */
#define MAX_QUEUED 1000

/* ---- faults ---- */

/* Classes and codes of PostgreSQL's Appendix A; the first that fits. */
static const struct {
    const char *state;
    enum vt_code code;
} states[] = {
    {"08P01", VT_E_INTERNAL},                       /* protocol violation */
    {"08", VT_E_NETWORK},                           /* connection exception */
    {"28", VT_E_CONFIG},                            /* user or password */
    {"3D", VT_E_CONFIG},                            /* no such database */
    {"42501", VT_E_CONFIG},                         /* insufficient privilege */
    {"53200", VT_E_NOMEM},    {"53300", VT_E_BUSY}, /* too many connections */
    {"53", VT_E_SYSTEM},                            /* disk full, … */
    {"55P03", VT_E_BUSY},                           /* lock not available */
    {"40", VT_E_BUSY},                              /* serialization failure, deadlock */
    {"57014", VT_E_TIMEOUT},                        /* statement timeout */
    {"57P0", VT_E_NETWORK},                         /* the server goes down or comes up */
    {"58", VT_E_SYSTEM},                            /* I/O error */
    {"25006", VT_E_SYSTEM},                         /* a standby, or read-only for want of room */
    {"54", VT_E_LIMIT},       {"XX001", VT_E_FORMAT},
    {"XX002", VT_E_FORMAT},   {"42P01", VT_E_FORMAT}, /* a table is missing */
};

static enum vt_code code_of(const char *state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
            return states[i].code;
    }
    return VT_E_INTERNAL;
}

/* What the server says, without the line ends of libpq. */
static enum vt_code say(enum vt_code code, const char *text, struct vt_err *err)
{
    char clean[VT_ERR_TEXT_BYTES / 2];
    size_t len = strcspn(text, "\n");
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_of(text, len));
    return vt_err_set(err, code, "PostgreSQL: %s", clean);
}

/* libpq has no state for a connection that could not be made: what the server said has one. */
static enum vt_code connect_failed(const PGconn *conn, struct vt_err *err)
{
    const char *text = PQerrorMessage(conn);
    static const char *const refusals[] = {"password authentication failed",
                                           "no password supplied",
                                           "does not exist",
                                           "no pg_hba.conf entry",
                                           "Peer authentication failed",
                                           "permission denied for database",
                                           "certificate"};
    enum vt_code code = VT_E_NETWORK;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strstr(text, refusals[i]) != NULL)
            code = VT_E_CONFIG;
    }
    return say(code, text, err);
}

static enum vt_code request_failed(const struct vt_postgres *pg, const PGresult *result,
                                   struct vt_err *err)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return say(VT_E_NETWORK, text != NULL ? text : PQerrorMessage(pg->conn), err);
    if (state == NULL)
        return say(VT_E_NOMEM, PQerrorMessage(pg->conn), err);
    return say(code_of(state), text != NULL ? text : state, err);
}

/* ---- waiting ---- */

/* For events of the connection. deadline_msecs: monotonic; 0: none. */
static enum vt_code await(int fd, short events, int interrupt_fd, int64_t deadline_msecs,
                          struct vt_err *err)
{
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = interrupt_fd, .events = POLLIN}};
    for (;;) {
        int64_t left = deadline_msecs == 0 ? -1 : vt_clock_left_msecs(deadline_msecs);
        /* Whoever never stops sending is late, too. */
        if (left == 0)
            return vt_err_set(err, VT_E_TIMEOUT, "PostgreSQL: no answer in time");
        int count = poll(fds, 2, (int)left);
        if (count > 0 && fds[1].revents != 0)
            return vt_err_set(err, VT_E_PEER, "PostgreSQL: the work was broken off");
        if (count > 0)
            return VT_OK;
        if (count == 0)
            return vt_err_set(err, VT_E_TIMEOUT, "PostgreSQL: no answer in time");
        if (errno != EINTR)
            return vt_err_sys(err, "poll");
    }
}

/* What a person does not have to write: a dead peer is noticed, and no ticket of Kerberos is looked
 * for. The connection string may say otherwise. */
static PGconn *begin_connect(const char *connection)
{
    static const struct {
        const char *word, *value;
    } defaults[] = {{"user", "vanthu"},
                    {"application_name", "vanthu"},
                    {"client_encoding", "UTF8"},
                    {"keepalives_idle", "10"},
                    {"keepalives_interval", "5"},
                    {"keepalives_count", "3"},
                    {"tcp_user_timeout", "20000"},
                    {"gssencmode", "disable"}};
    enum { DEFAULTS = sizeof(defaults) / sizeof(defaults[0]) };
    const char *words[DEFAULTS + 2] = {NULL}, *values[DEFAULTS + 2] = {NULL};
    for (size_t i = 0; i < DEFAULTS; i++) {
        words[i] = defaults[i].word;
        values[i] = defaults[i].value;
    }
    words[DEFAULTS] = "dbname"; /* what comes last counts, with all that it says */
    values[DEFAULTS] = connection;
    return PQconnectStartParams(words, values, 1);
}

static void drop_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

enum vt_code vt_postgres_connect(const struct vt_postgres_link *link, PGconn **out,
                                 struct vt_err *err)
{
    int64_t deadline = vt_clock_monotonic_msecs() + link->connect_msecs;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    enum vt_code code = VT_OK;
    PGconn *conn = begin_connect(link->connection);
    if (conn == NULL)
        return vt_err_set(err, VT_E_NOMEM, "PostgreSQL: no memory for a connection");
    if (PQstatus(conn) == CONNECTION_BAD)
        status = PGRES_POLLING_FAILED;
    while (code == VT_OK && status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
        code = await(PQsocket(conn), status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                     link->interrupt_fd, deadline, err);
        if (code == VT_OK)
            status = PQconnectPoll(conn);
    }
    if (code == VT_OK && status == PGRES_POLLING_FAILED)
        code = connect_failed(conn, err);
    if (code == VT_OK && PQsetnonblocking(conn, 1) != 0)
        code = vt_err_set(err, VT_E_SYSTEM, "PostgreSQL: the connection cannot be polled");
    if (code != VT_OK) {
        PQfinish(conn);
        return code;
    }
    (void)PQsetNoticeReceiver(conn, drop_notice, NULL);
    *out = conn;
    return VT_OK;
}

/* Send all that is to be sent, reading meanwhile: the server may answer before it has read all. */
static enum vt_code flush(struct vt_postgres *pg, int64_t deadline_msecs, struct vt_err *err)
{
    int left = PQflush(pg->conn);
    while (left == 1) {
        enum vt_code code =
            await(PQsocket(pg->conn), POLLIN | POLLOUT, pg->interrupt_fd, deadline_msecs, err);
        if (code != VT_OK)
            return code;
        if (PQconsumeInput(pg->conn) != 1)
            return request_failed(pg, NULL, err);
        left = PQflush(pg->conn);
    }
    return left == 0 ? VT_OK : request_failed(pg, NULL, err);
}

static enum vt_code await_result(struct vt_postgres *pg, int64_t deadline_msecs, PGresult **out,
                                 struct vt_err *err)
{
    *out = NULL;
    while (PQisBusy(pg->conn) == 1) {
        enum vt_code code =
            await(PQsocket(pg->conn), POLLIN, pg->interrupt_fd, deadline_msecs, err);
        if (code != VT_OK)
            return code;
        if (PQconsumeInput(pg->conn) != 1)
            return request_failed(pg, NULL, err);
    }
    *out = PQgetResult(pg->conn);
    return VT_OK;
}

/* All results of a request; the last one without a fault is kept. */
static enum vt_code take_results(struct vt_postgres *pg, int64_t deadline_msecs, PGresult **out,
                                 struct vt_err *err)
{
    PGresult *result = NULL;
    enum vt_code code = VT_OK, fault = VT_OK;
    *out = NULL;
    do {
        code = await_result(pg, deadline_msecs, &result, err);
        if (code == VT_OK && deadline_msecs != 0 && vt_clock_left_msecs(deadline_msecs) == 0)
            code = vt_err_set(err, VT_E_TIMEOUT, "PostgreSQL: answers without an end");
        if (code != VT_OK || result == NULL)
            break;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
            PQclear(*out);
            *out = result;
        } else {
            if (fault == VT_OK)
                fault = request_failed(pg, result, err);
            PQclear(result);
        }
    } while (true);
    code = code != VT_OK ? code : fault;
    if (code != VT_OK) {
        PQclear(*out);
        *out = NULL;
    }
    return code;
}

/* ---- a pipeline ---- */

static void drop_link(struct vt_postgres *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->queued_count = 0;
}

static enum vt_code lost(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NETWORK, "PostgreSQL: the connection was lost");
}

enum vt_code vt_postgres_queue(struct vt_postgres *pg, const char *name,
                               const struct vt_postgres_values *values, struct vt_err *err)
{
    enum vt_code code = pg->queued_count >= MAX_QUEUED ? vt_postgres_settle(pg, err) : VT_OK;
    if (code != VT_OK)
        return code;
    if (pg->conn == NULL)
        return lost(err);
    if (PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF && PQenterPipelineMode(pg->conn) != 1)
        return request_failed(pg, NULL, err);
    if (PQsendQueryPrepared(pg->conn, name, values->count, values->values, values->lengths,
                            values->formats, 1) != 1)
        return request_failed(pg, NULL, err);
    pg->queued_count++;
    return VT_OK;
}

/* The answer to each, a NULL behind it, and at last the one of the synchronisation. After a fault
 * the server passes over the others. */
static enum vt_code read_queued(struct vt_postgres *pg, int64_t deadline_msecs, struct vt_err *err)
{
    enum vt_code fault = VT_OK;
    bool is_over = false;
    while (!is_over) {
        PGresult *result = NULL;
        enum vt_code code = await_result(pg, deadline_msecs, &result, err);
        if (code != VT_OK)
            return code;
        if (result == NULL) {
            if (PQstatus(pg->conn) == CONNECTION_BAD)
                return request_failed(pg, NULL, err);
            continue;
        }
        ExecStatusType status = PQresultStatus(result);
        is_over = status == PGRES_PIPELINE_SYNC;
        if (status == PGRES_FATAL_ERROR && fault == VT_OK)
            fault = request_failed(pg, result, err);
        PQclear(result);
    }
    return fault;
}

enum vt_code vt_postgres_settle(struct vt_postgres *pg, struct vt_err *err)
{
    int64_t deadline = pg->reply_msecs == 0 ? 0 : vt_clock_monotonic_msecs() + pg->reply_msecs;
    if (pg->conn == NULL)
        return lost(err);
    if (PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF)
        return VT_OK;
    enum vt_code code =
        PQpipelineSync(pg->conn) == 1 ? flush(pg, deadline, err) : request_failed(pg, NULL, err);
    if (code == VT_OK)
        code = read_queued(pg, deadline, err);
    pg->queued_count = 0;
    /* A connection on which something is still owed is of no use. */
    if (PQexitPipelineMode(pg->conn) != 1)
        drop_link(pg);
    return code;
}

/* ---- one statement ---- */

/* Send, then wait. A connection on which something is still owed is of no use. */
static enum vt_code finish_request(struct vt_postgres *pg, int was_sent, PGresult **out,
                                   struct vt_err *err)
{
    int64_t deadline = pg->reply_msecs == 0 ? 0 : vt_clock_monotonic_msecs() + pg->reply_msecs;
    *out = NULL;
    if (was_sent != 1)
        return request_failed(pg, NULL, err);
    enum vt_code code = flush(pg, deadline, err);
    if (code == VT_OK)
        code = take_results(pg, deadline, out, err);
    if (PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE)
        drop_link(pg);
    return code;
}

enum vt_code vt_postgres_run(struct vt_postgres *pg, const char *name, const char *text,
                             const struct vt_postgres_values *values, PGresult **out,
                             struct vt_err *err)
{
    static const struct vt_postgres_values none = {.count = 0};
    const struct vt_postgres_values *v = values != NULL ? values : &none;
    *out = NULL;
    enum vt_code code = vt_postgres_settle(pg, err);
    if (code != VT_OK)
        return code;
    int sent = name != NULL ? PQsendQueryPrepared(pg->conn, name, v->count, v->values, v->lengths,
                                                  v->formats, 1)
                            : PQsendQueryParams(pg->conn, text, v->count, NULL, v->values,
                                                v->lengths, v->formats, 1);
    return finish_request(pg, sent, out, err);
}

enum vt_code vt_postgres_prepare(struct vt_postgres *pg, const char *name, const char *text,
                                 struct vt_err *err)
{
    PGresult *result = NULL;
    enum vt_code code = vt_postgres_settle(pg, err);
    if (code != VT_OK)
        return code;
    code = finish_request(pg, PQsendPrepare(pg->conn, name, text, 0, NULL), &result, err);
    PQclear(result);
    return code;
}

enum vt_code vt_postgres_script(struct vt_postgres *pg, const char *script, struct vt_err *err)
{
    PGresult *result = NULL;
    enum vt_code code = vt_postgres_settle(pg, err);
    if (code != VT_OK)
        return code;
    code = finish_request(pg, PQsendQuery(pg->conn, script), &result, err);
    PQclear(result);
    return code;
}
