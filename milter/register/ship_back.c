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

/* What is brought: the question, "@" being the schema of the gateway and the last column what
 * proves the claim; and the place: ?1 is the gateway, columns of the claim follow. */
static const struct {
    const char *ask, *insert;
    int first_column; /* that goes there */
} claims[VT_CLAIMS] = {
    {"SELECT seq, digest, time_utc_secs, mac FROM @.first_seen WHERE seq > ?1 AND seq <= ?2",
     "INSERT INTO peer_first_seen (peer, digest, time_utc_secs) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (digest, peer) DO UPDATE SET time_utc_secs = excluded.time_utc_secs"
     " WHERE excluded.time_utc_secs < peer_first_seen.time_utc_secs",
     1},
    {"SELECT seq, key, first_utc_secs, mac FROM @.defer_clock WHERE seq > ?1 AND seq <= ?2",
     "INSERT INTO peer_defer_clock (peer, key, first_utc_secs) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (key, peer) DO UPDATE SET first_utc_secs = excluded.first_utc_secs",
     1},
    {"SELECT seq, key, time_utc_secs, mac FROM @.notice_key WHERE seq > ?1 AND seq <= ?2",
     "INSERT INTO peer_notice_key (peer, key, time_utc_secs) VALUES (?1, ?2, ?3)"
     " ON CONFLICT (key, peer) DO UPDATE SET time_utc_secs = excluded.time_utc_secs",
     1},
    {"SELECT e.seq, e.ordinal, r.reference, r.time_utc_secs, e.document, e.certificate, e.reason,"
     " e.until_utc_secs, e.mac FROM @.exception e JOIN @.record r ON r.seq = e.seq"
     " WHERE e.seq > ?1 AND e.seq <= ?2",
     "INSERT INTO peer_exception (peer, seq, ordinal, reference, time_utc_secs, document,"
     " certificate, reason, until_utc_secs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
     " ON CONFLICT DO NOTHING",
     0},
};

struct peer {
    uint8_t id[VT_REGISTER_ID_BYTES];
    char name[256];
};

static struct vt_bytes id_of(const struct peer *peer)
{
    return vt_bytes_of(peer->id, sizeof(peer->id));
}

struct brought {
    struct brought *next;
    enum vt_claim claim;
    struct vt_value values[VT_CLAIM_COLUMNS];
};

struct work {
    struct vt_register *local, *central;
    const struct vt_claim_key *key;
    struct vt_ship_back *out;
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
    vt_sql_bind_blob(sql, 1, id_of(work->peer));
    code = vt_sql_step(sql, &has_row, work->err);
    if (code == VT_OK && has_row)
        *out = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

static enum vt_code keep_row(struct work *work, enum vt_claim claim, const struct vt_value *values)
{
    struct brought *row = vt_arena_alloc(work->arena, sizeof(*row));
    bool is_good = row != NULL;
    for (int i = 0; is_good && i < vt_claim_columns[claim]; i++) {
        const struct vt_bytes bytes = values[i].bytes;
        row->values[i] = values[i];
        if (values[i].kind != VT_VALUE_TEXT && values[i].kind != VT_VALUE_BLOB)
            continue;
        const void *copy = vt_arena_dup(work->arena, bytes.ptr, bytes.len);
        row->values[i].bytes = vt_bytes_of(copy, bytes.len);
        is_good = copy != NULL;
    }
    if (!is_good)
        return vt_err_set(work->err, VT_E_NOMEM, "register: no memory for what was brought back");
    row->claim = claim;
    *work->end = row;
    work->end = &row->next;
    return VT_OK;
}

/* Believed is what its gateway signed; the database may say what it likes. */
static enum vt_code take_row(struct work *work, enum vt_claim claim, struct vt_sql *sql,
                             int64_t after, int64_t until)
{
    struct vt_value values[VT_CLAIM_COLUMNS] = {{.kind = VT_VALUE_NULL}};
    int columns = vt_claim_columns[claim];
    vt_claim_read(sql, claim, values);
    bool is_proven = vt_claim_is_signed(work->key, id_of(work->peer), claim, values,
                                        (size_t)columns, vt_sql_blob(sql, columns));
    if (is_proven && vt_claim_is_sound(claim, values, after, until))
        return keep_row(work, claim, values);
    /* A defer clock that its gateway forgot before it signed all anew has no proof. */
    if (claim != VT_CLAIM_DEFER_CLOCK || !vt_sql_is_null(sql, columns))
        work->out->unproven_count++;
    return VT_OK;
}

static enum vt_code read_claim(struct work *work, enum vt_claim claim, int64_t after, int64_t until)
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
        code = take_row(work, claim, sql, after, until);
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
    int first = claims[row->claim].first_column;
    vt_sql_bind_blob(sql, 1, id_of(work->peer));
    for (int i = first; i < vt_claim_columns[row->claim]; i++)
        bind_value(sql, i - first + 2, &row->values[i]);
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
    vt_sql_bind_blob(sql, 1, id_of(work->peer));
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

/* Up to which record its gateway signed what it claims; -1: it does not, with this key. */
static enum vt_code ask_mark(struct work *work, int64_t *out)
{
    char text[MAX_QUESTION_BYTES];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = -1;
    (void)with_schema(work, "SELECT value FROM @.meta WHERE key = 'claims'", text);
    enum vt_code code = vt_sql_new(work->central->engine, text, &sql, work->err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, work->err);
    if (code == VT_OK && has_row)
        *out = vt_ship_read_mark(work->key, id_of(work->peer), vt_sql_blob(sql, 0));
    vt_sql_done(sql);
    return code;
}

/* What is new, into rows. The tables of a newer version may say something else; those of an older
 * one have no proofs. *out_until: *out_known when there is nothing. */
static enum vt_code read_new(struct work *work, int64_t *out_known, int64_t *out_until)
{
    int64_t version = 0, last = 0;
    enum vt_code code = ask_peer(work,
                                 "SELECT convert_from(value, 'UTF8')::bigint FROM @.meta"
                                 " WHERE key = 'version'",
                                 &version);
    bool is_other = version != (int64_t)vt_schema_version;
    work->out->skipped_count += code == VT_OK && is_other;
    if (code != VT_OK || is_other)
        return code;
    code = ask_mark(work, &last);
    work->out->unsigned_count += code == VT_OK && last < 0;
    if (code == VT_OK)
        code = known_of(work, out_known);
    *out_until = *out_known;
    if (code != VT_OK || last <= *out_known)
        return code;
    *out_until = last - *out_known > GO_RECORDS ? *out_known + GO_RECORDS : last;
    work->out->is_more = work->out->is_more || *out_until < last;
    for (enum vt_claim i = VT_CLAIM_FIRST_SEEN; i < VT_CLAIMS && code == VT_OK; i++)
        code = read_claim(work, i, *out_known, *out_until);
    return code;
}

/* Mark and claims are read as of one moment: in the next its gateway may sign with another key. */
static enum vt_code follow(struct work *work)
{
    int64_t known = 0, until = 0;
    work->rows = NULL;
    work->end = &work->rows;
    work->arena = vt_arena_new(GO_ARENA_BYTES);
    if (work->arena == NULL)
        return vt_err_set(work->err, VT_E_NOMEM, "register: no memory for what was brought back");
    enum vt_code code = vt_engine_begin(work->central->engine, false, work->err);
    if (code == VT_OK) {
        code = read_new(work, &known, &until);
        vt_engine_rollback(work->central->engine);
    }
    if (code == VT_OK && until > known)
        code = write_all(work, until);
    vt_arena_free(work->arena);
    work->arena = NULL;
    return code;
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
        struct peer *peer = &peers[*out_count];
        struct vt_bytes id = vt_sql_blob(sql, 0);
        if (id.len == sizeof(peer->id) && memcmp(id.ptr, central->id, id.len) != 0) {
            memcpy(peer->id, id.ptr, sizeof(peer->id));
            (*out_count)++;
        }
        (void)vt_text_clean(peer->name, sizeof(peer->name), vt_bytes_str(vt_sql_text(sql, 1)));
        code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_back(struct vt_register *local, struct vt_register *central,
                          const struct vt_claim_key *key, struct vt_ship_back *out,
                          struct vt_err *err)
{
    size_t count = 0;
    struct work work = {.local = local, .central = central, .key = key, .out = out, .err = err};
    *out = (struct vt_ship_back){.is_more = false};
    if (!key->is_set)
        return VT_OK;
    struct peer *peers = calloc(MAX_PEERS, sizeof(*peers));
    if (peers == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = list_peers(central, peers, &count, err);
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        work.peer = &peers[i];
        vt_postgres_schema_name(work.schema, id_of(&peers[i]));
        code = follow(&work);
    }
    free(peers);
    return code;
}

/* ---- under another key ---- */

static enum vt_code run_bound(struct vt_register *local, const char *text, struct vt_bytes bytes,
                              struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(local->engine, text, &sql, err);
    if (code != VT_OK)
        return code;
    if (bytes.len > 0)
        vt_sql_bind_blob(sql, 1, bytes);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code forget_brought(struct vt_register *local, struct vt_bytes key_id,
                                   struct vt_err *err)
{
    static const char *const tables[] = {
        "DELETE FROM peer_first_seen", "DELETE FROM peer_defer_clock",
        "DELETE FROM peer_notice_key", "DELETE FROM peer_exception"};
    enum vt_code code = vt_engine_begin(local->engine, true, err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && code == VT_OK; i++)
        code = run_bound(local, tables[i], (struct vt_bytes){0}, err);
    if (code == VT_OK)
        code = run_bound(local, "DELETE FROM peer WHERE id <> ?1",
                         vt_bytes_of(local->id, sizeof(local->id)), err);
    if (code == VT_OK)
        code = run_bound(local,
                         "INSERT INTO meta (key, value) VALUES ('brought-with', ?1)"
                         " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                         key_id, err);
    if (code == VT_OK)
        return vt_engine_commit(local->engine, err);
    vt_engine_rollback(local->engine);
    return code;
}

enum vt_code vt_ship_begin(struct vt_register *local, const struct vt_claim_key *key,
                           struct vt_err *err)
{
    struct vt_bytes key_id = vt_bytes_of(key->id, sizeof(key->id));
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code =
        vt_sql_get(local->engine, "SELECT value FROM meta WHERE key = 'brought-with'", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    bool is_same = code == VT_OK && has_row && vt_bytes_equal(vt_sql_blob(sql, 0), key_id);
    vt_sql_done(sql);
    return code != VT_OK || is_same ? code : forget_brought(local, key_id, err);
}
