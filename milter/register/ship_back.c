/* SPDX-License-Identifier: Apache-2.0
 * Bringing back: what other gateways claimed goes into tables of its own here. Each gateway is
 * followed by the numbers of its records, which only grow, so nothing is missed and nothing is read
 * twice. The lock of the register is held for one short write, after everything was read. */
#include <stdlib.h>
#include <string.h>

#include "register/central.h"
#include "register/postgres.h"
#include "register/schema.h"
#include "register/tables.h"

/* Records of one gateway that are looked at in one go; each has at most VT_MAX_FIRST_SEEN rows. */
#define GO_RECORDS 500
#define GO_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_PEERS 256
#define MAX_QUESTION_BYTES 512

/* What is brought: the question, "@" being the schema of the gateway, and the place: ?1 is the
 * gateway, the columns follow as they come. */
static const struct claim {
    const char *ask, *insert;
    int columns_count;
} claims[] = {
    {"SELECT digest, time_utc_secs FROM @.first_seen WHERE seq > ?1 AND seq <= ?2",
     "INSERT INTO peer_first_seen (peer, digest, time_utc_secs) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (digest, peer) DO UPDATE SET time_utc_secs = excluded.time_utc_secs"
     " WHERE excluded.time_utc_secs < peer_first_seen.time_utc_secs",
     2},
    {"SELECT key, first_utc_secs FROM @.defer_clock WHERE seq > ?1 AND seq <= ?2",
     "INSERT INTO peer_defer_clock (peer, key, first_utc_secs) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (key, peer) DO UPDATE SET first_utc_secs = excluded.first_utc_secs",
     2},
    {"SELECT key, time_utc_secs FROM @.notice_key WHERE seq > ?1 AND seq <= ?2",
     "INSERT INTO peer_notice_key (peer, key, time_utc_secs) VALUES (?1, ?2, ?3)"
     " ON CONFLICT DO NOTHING",
     2},
    {"SELECT e.seq, e.ordinal, r.reference, r.time_utc_secs, e.document, e.certificate, e.reason,"
     " e.until_utc_secs FROM @.exception e JOIN @.record r ON r.seq = e.seq"
     " WHERE e.seq > ?1 AND e.seq <= ?2",
     "INSERT INTO peer_exception (peer, seq, ordinal, reference, time_utc_secs, document,"
     " certificate, reason, until_utc_secs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
     " ON CONFLICT DO NOTHING",
     8},
};
#define CLAIMS (sizeof(claims) / sizeof(claims[0]))
#define MAX_CLAIM_COLUMNS 8

/* Which of them are numbers: all others are texts or digests. */
static bool is_number(size_t claim, int column)
{
    static const unsigned numbers[CLAIMS] = {1u << 1, 1u << 1, 1u << 1,
                                             1u << 0 | 1u << 1 | 1u << 3 | 1u << 7};
    return (numbers[claim] >> column & 1) != 0;
}

struct peer {
    uint8_t id[VT_REGISTER_ID_BYTES];
    char name[256];
};

struct brought {
    struct brought *next;
    size_t claim;
    struct vt_value values[MAX_CLAIM_COLUMNS];
};

struct work {
    struct vt_register *local, *central;
    struct vt_err *err;
    const struct peer *peer;
    char schema[VT_POSTGRES_SCHEMA_BYTES];
    struct vt_arena *arena;
    struct brought *rows, **end;
};

/* ---- what the other one has ---- */

/* A question with the schema in its place. */
static const char *with_schema(const struct work *work, const char *text,
                               char out[MAX_QUESTION_BYTES])
{
    size_t used = 0, len = strlen(work->schema);
    for (; *text != '\0' && used + len + 1 < MAX_QUESTION_BYTES; text++) {
        bool is_place = *text == '@';
        memcpy(out + used, is_place ? work->schema : text, is_place ? len : 1);
        used += is_place ? len : 1;
    }
    out[used] = '\0';
    return out;
}

/* One number that a question about the other gateway gives. */
static enum vt_code ask_peer(struct work *work, const char *question, int64_t *out)
{
    char text[MAX_QUESTION_BYTES];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = 0;
    (void)with_schema(work, question, text);
    enum vt_code code = vt_sql_new(work->central->engine, text, &sql, work->err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, work->err);
    if (code == VT_OK && has_row)
        *out = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

/* How far this one is known here. */
static enum vt_code known_of(struct work *work, int64_t *out)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = 0;
    enum vt_code code =
        vt_sql_get(work->local->engine, "SELECT seq FROM peer WHERE id = ?1", &sql, work->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(work->peer->id, sizeof(work->peer->id)));
    code = vt_sql_step(sql, &has_row, work->err);
    if (code == VT_OK && has_row)
        *out = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

static enum vt_code keep_row(struct work *work, size_t claim, struct vt_sql *sql)
{
    struct brought *row = vt_arena_alloc(work->arena, sizeof(*row));
    bool is_good = row != NULL;
    for (int i = 0; is_good && i < claims[claim].columns_count; i++) {
        struct vt_bytes bytes = vt_sql_blob(sql, i);
        if (vt_sql_is_null(sql, i))
            continue;
        if (is_number(claim, i)) {
            row->values[i] = (struct vt_value){.kind = VT_VALUE_INT, .number = vt_sql_int(sql, i)};
            continue;
        }
        const void *copy = vt_arena_dup(work->arena, bytes.ptr, bytes.len);
        bool is_text = claim == CLAIMS - 1 && (i == 2 || i == 6);
        row->values[i] = (struct vt_value){.kind = is_text ? VT_VALUE_TEXT : VT_VALUE_BLOB,
                                           .bytes = vt_bytes_of(copy, bytes.len)};
        is_good = copy != NULL;
    }
    if (!is_good)
        return vt_err_set(work->err, VT_E_NOMEM, "register: no memory for what was brought back");
    row->claim = claim;
    *work->end = row;
    work->end = &row->next;
    return VT_OK;
}

static enum vt_code read_claim(struct work *work, size_t claim, int64_t after, int64_t until)
{
    char text[MAX_QUESTION_BYTES];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    (void)with_schema(work, claims[claim].ask, text);
    enum vt_code code = vt_sql_new(work->central->engine, text, &sql, work->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, after);
    vt_sql_bind_int(sql, 2, until);
    code = vt_sql_step(sql, &has_row, work->err);
    while (code == VT_OK && has_row) {
        code = keep_row(work, claim, sql);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, work->err);
    }
    vt_sql_done(sql);
    return code;
}

/* ---- into the register of this host ---- */

static void bind_value(struct vt_sql *sql, int index, const struct vt_value *value)
{
    if (value->kind == VT_VALUE_INT)
        vt_sql_bind_int(sql, index, value->number);
    else if (value->kind == VT_VALUE_TEXT)
        vt_sql_bind_text(sql, index, value->bytes);
    else if (value->kind == VT_VALUE_BLOB)
        vt_sql_bind_blob(sql, index, value->bytes);
    else
        vt_sql_bind_null(sql, index);
}

static enum vt_code write_row(struct work *work, const struct brought *row)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(work->local->engine, claims[row->claim].insert, &sql, work->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(work->peer->id, sizeof(work->peer->id)));
    for (int i = 0; i < claims[row->claim].columns_count; i++)
        bind_value(sql, i + 2, &row->values[i]);
    code = vt_sql_run(sql, work->err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code write_peer(struct work *work, int64_t seq)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(work->local->engine,
                                   "INSERT INTO peer (id, name, seq) VALUES (?1, ?2, ?3)"
                                   " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                                   " seq = excluded.seq WHERE excluded.seq > peer.seq",
                                   &sql, work->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(work->peer->id, sizeof(work->peer->id)));
    vt_sql_bind_text(sql, 2, vt_bytes_str(work->peer->name));
    vt_sql_bind_int(sql, 3, seq);
    code = vt_sql_run(sql, work->err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code write_all(struct work *work, int64_t until)
{
    enum vt_code code = vt_engine_begin(work->local->engine, true, work->err);
    if (code != VT_OK)
        return code;
    for (const struct brought *row = work->rows; row != NULL && code == VT_OK; row = row->next)
        code = write_row(work, row);
    if (code == VT_OK)
        code = write_peer(work, until);
    if (code == VT_OK)
        return vt_engine_commit(work->local->engine, work->err);
    vt_engine_rollback(work->local->engine);
    return code;
}

/* ---- one gateway ---- */

static enum vt_code bring(struct work *work, int64_t after, int64_t until)
{
    enum vt_code code = VT_OK;
    work->rows = NULL;
    work->end = &work->rows;
    work->arena = vt_arena_new(GO_ARENA_BYTES);
    if (work->arena == NULL)
        return vt_err_set(work->err, VT_E_NOMEM, "register: no memory for what was brought back");
    for (size_t i = 0; i < CLAIMS && code == VT_OK; i++)
        code = read_claim(work, i, after, until);
    if (code == VT_OK)
        code = write_all(work, until);
    vt_arena_free(work->arena);
    work->arena = NULL;
    return code;
}

/* The tables of a newer version may say something else. */
static enum vt_code follow(struct work *work, bool *out_is_more, bool *out_is_skipped)
{
    int64_t version = 0, last = 0, known = 0;
    enum vt_code code = ask_peer(work,
                                 "SELECT convert_from(value, 'UTF8')::bigint FROM @.meta"
                                 " WHERE key = 'version'",
                                 &version);
    *out_is_skipped = code == VT_OK && version > (int64_t)vt_schema_version;
    if (code != VT_OK || *out_is_skipped)
        return code;
    code = ask_peer(work, "SELECT max(seq) FROM @.record", &last);
    if (code == VT_OK)
        code = known_of(work, &known);
    if (code != VT_OK || last <= known)
        return code;
    int64_t until = last - known > GO_RECORDS ? known + GO_RECORDS : last;
    *out_is_more = *out_is_more || until < last;
    return bring(work, known, until);
}

static enum vt_code list_peers(struct vt_register *central, struct peer *peers, size_t *out_count,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_count = 0;
    enum vt_code code = vt_sql_get(central->engine,
                                   "SELECT id, name FROM vanthu.gateway WHERE id <> ?1"
                                   " AND length(id) = ?2 ORDER BY name, id LIMIT ?3",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(central->id, sizeof(central->id)));
    vt_sql_bind_int(sql, 2, VT_REGISTER_ID_BYTES);
    vt_sql_bind_int(sql, 3, MAX_PEERS);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && *out_count < MAX_PEERS) {
        struct peer *peer = &peers[(*out_count)++];
        memcpy(peer->id, vt_sql_blob(sql, 0).ptr, sizeof(peer->id));
        (void)vt_text_clean(peer->name, sizeof(peer->name), vt_bytes_str(vt_sql_text(sql, 1)));
        code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_back(struct vt_register *local, struct vt_register *central, bool *out_is_more,
                          size_t *out_skipped_count, struct vt_err *err)
{
    size_t count = 0;
    struct work work = {.local = local, .central = central, .err = err};
    *out_is_more = false;
    *out_skipped_count = 0;
    struct peer *peers = calloc(MAX_PEERS, sizeof(*peers));
    if (peers == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = list_peers(central, peers, &count, err);
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        bool is_skipped = false;
        work.peer = &peers[i];
        vt_postgres_schema_name(work.schema, vt_bytes_of(peers[i].id, sizeof(peers[i].id)));
        code = follow(&work, out_is_more, &is_skipped);
        *out_skipped_count += is_skipped;
    }
    free(peers);
    return code;
}
