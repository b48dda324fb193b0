/* SPDX-License-Identifier: Apache-2.0
 * Shipping records. The central database knows how far it is, and takes a batch with everything
 * that belongs to it or not at all, so a record gets there once, whoever dies in between. What the
 * register of this host holds is read first: nothing of it is locked while PostgreSQL is waited
 * for. */
#include <string.h>

#include "register/body.h"
#include "register/central.h"
#include "register/derive.h"

#define BATCH_RECORDS 200
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
/* A batch, and the last record of it as large as one may be. */
#define BATCH_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define RECORD_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define HEADS_LIMIT 100

struct batch {
    struct vt_arena *arena;
    struct vt_register_entry *entries;
    size_t count, bytes;
};

/* ---- reading ---- */

static bool copy_bytes(struct vt_arena *arena, struct vt_bytes *bytes)
{
    if (bytes->len == 0)
        return true;
    void *copy = vt_arena_dup(arena, bytes->ptr, bytes->len);
    *bytes = vt_bytes_of(copy, bytes->len);
    return copy != NULL;
}

static enum vt_code take_entry(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct batch *batch = context;
    struct vt_register_entry copy = *entry;
    if (batch->count > 0 && batch->bytes + entry->body.len > BATCH_BYTES)
        return VT_E_BUSY; /* full: the others go with the next one */
    copy.reference = vt_arena_str(batch->arena, entry->reference);
    if (copy.reference == NULL || !copy_bytes(batch->arena, &copy.salt) ||
        !copy_bytes(batch->arena, &copy.body))
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a batch");
    batch->bytes += copy.body.len;
    batch->entries[batch->count++] = copy;
    return VT_OK;
}

static enum vt_code read_batch(struct vt_register *local, int64_t after_seq, struct batch *batch,
                               struct vt_err *err)
{
    batch->entries = vt_arena_alloc(batch->arena, BATCH_RECORDS * sizeof(*batch->entries));
    if (batch->entries == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a batch");
    enum vt_code code = vt_register_walk(local, after_seq, BATCH_RECORDS, take_entry, batch, err);
    return code == VT_E_BUSY && batch->count > 0 ? VT_OK : code;
}

/* ---- objects ---- */

static enum vt_code has_object(struct vt_register *reg, struct vt_bytes digest, bool *out,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    *out = false;
    enum vt_code code =
        vt_sql_get(reg->engine, "SELECT 1 FROM object WHERE digest = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, digest);
    code = vt_sql_step(sql, out, err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code insert_object(struct vt_register *central, struct vt_bytes digest,
                                  struct vt_sql *object, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(central->engine,
                                   "INSERT INTO object (digest, kind, bytes, first_seq)"
                                   " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, digest);
    vt_sql_bind_text(sql, 2, vt_bytes_str(vt_sql_text(object, 0)));
    vt_sql_bind_blob(sql, 3, vt_sql_blob(object, 1));
    vt_sql_bind_int(sql, 4, vt_sql_int(object, 2));
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

/* One that was destroyed here before it was shipped stays away; the record of that follows. */
static enum vt_code ship_object(struct vt_register *local, struct vt_register *central,
                                struct vt_bytes digest, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool is_there = false, has_row = false;
    enum vt_code code = has_object(central, digest, &is_there, err);
    if (code != VT_OK || is_there)
        return code;
    code = vt_sql_get(local->engine, "SELECT kind, bytes, first_seq FROM object WHERE digest = ?1",
                      &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, digest);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        code = insert_object(central, digest, sql, err);
    vt_sql_done(sql);
    return code;
}

/* ---- one record ---- */

struct insertion {
    struct vt_register *local, *central;
    const struct vt_claim_key *key;
    const char *reference; /* of the record */
};

static enum vt_code insert_row(void *context, const struct vt_row *row, struct vt_err *err)
{
    const struct insertion *insertion = context;
    bool is_new = false;
    enum vt_code code = vt_table_insert(insertion->central->engine, row, &is_new, err);
    if (code == VT_OK)
        code = vt_ship_sign(insertion->central, insertion->key, row, insertion->reference, err);
    if (code != VT_OK || row->table != VT_TABLE_RECORD_OBJECT)
        return code;
    return ship_object(insertion->local, insertion->central, row->values[1].bytes, err);
}

static enum vt_code derive(struct insertion *insertion, struct vt_arena *arena,
                           struct vt_register_record *record, struct vt_err *err)
{
    struct vt_derivation derivation = {.record = record, .arena = arena};
    bool is_secret = false;
    enum vt_code code = VT_OK;
    if (record->kind != VT_REGISTER_DECIDED)
        code = vt_register_decided_of(insertion->central, record->reference, record->seq,
                                      &derivation.decided_seq, &is_secret, err);
    if (code == VT_OK)
        code = vt_derive(&derivation, insert_row, insertion, err);
    if (code == VT_OK && record->kind == VT_REGISTER_DESTROYED)
        code = vt_register_destroy(insertion->central, record->destroyed, err);
    return code;
}

/* A body that cannot be read was altered here: it is shipped as it is, and both registers say so
 * when they are verified. */
static enum vt_code ship_entry(struct insertion *insertion, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct vt_register_record record = {.kind = entry->kind,
                                        .reference = entry->reference,
                                        .time_utc_secs = entry->time_utc_secs,
                                        .seq = entry->seq};
    enum vt_code code = vt_register_insert(insertion->central, entry, err);
    if (code != VT_OK || entry->is_destroyed)
        return code;
    insertion->reference = entry->reference;
    struct vt_arena *arena = vt_arena_new(RECORD_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    code = vt_body_read(arena, entry->body, &record, err);
    if (code == VT_OK)
        code = derive(insertion, arena, &record, err);
    else if (code == VT_E_FORMAT || code == VT_E_LIMIT)
        code = VT_OK;
    vt_arena_free(arena);
    return code;
}

/* ---- a batch ---- */

static enum vt_code ship_batch(struct vt_register *local, struct vt_register *central,
                               const struct vt_claim_key *key, const struct batch *batch,
                               struct vt_err *err)
{
    struct insertion insertion = {.local = local, .central = central, .key = key};
    struct vt_tail tail;
    enum vt_code code = vt_engine_begin(central->engine, true, err);
    if (code != VT_OK)
        return code;
    code = vt_register_tail(central, &tail, err);
    if (code == VT_OK && tail.seq != batch->entries[0].seq - 1)
        code = vt_err_set(err, VT_E_BUSY, "register: another process ships the same records");
    vt_engine_hurry(central->engine);
    for (size_t i = 0; i < batch->count && code == VT_OK; i++)
        code = ship_entry(&insertion, &batch->entries[i], err);
    if (code == VT_OK)
        code = vt_ship_mark(central, key, batch->entries[batch->count - 1].seq, err);
    if (code == VT_OK)
        return vt_engine_commit(central->engine, err);
    vt_engine_rollback(central->engine);
    return code;
}

enum vt_code vt_ship_records(struct vt_register *local, struct vt_register *central,
                             const struct vt_claim_key *key, size_t *out_count, struct vt_err *err)
{
    struct vt_tail tail;
    struct batch batch = {.arena = vt_arena_new(BATCH_ARENA_BYTES)};
    *out_count = 0;
    if (batch.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a batch");
    enum vt_code code = vt_register_tail(central, &tail, err);
    if (code == VT_OK)
        code = read_batch(local, tail.seq, &batch, err);
    if (code == VT_OK && batch.count > 0)
        code = ship_batch(local, central, key, &batch, err);
    if (code == VT_OK)
        *out_count = batch.count;
    vt_arena_free(batch.arena);
    return code;
}

enum vt_code vt_ship_check(struct vt_register *local, struct vt_register *central,
                           struct vt_err *err)
{
    struct vt_tail tail;
    struct vt_register_head head;
    enum vt_code code = vt_register_tail(central, &tail, err);
    if (code == VT_OK)
        code = vt_register_head_at(local, tail.seq, &head, err);
    if (code == VT_E_NOT_FOUND)
        return vt_err_set(err, VT_E_FORMAT,
                          "the register of this host ends before record %lld, which it shipped: it "
                          "was restored from an older copy, or cut",
                          (long long)tail.seq);
    if (code == VT_OK && memcmp(head.chain, tail.chain, sizeof(head.chain)) != 0)
        return vt_err_set(err, VT_E_FORMAT,
                          "record %lld of this host is not the one that was shipped: two hosts "
                          "have copies of one register, or it was restored from an older copy",
                          (long long)tail.seq);
    return code;
}

/* ---- heads ---- */

static enum vt_code insert_head(struct vt_register *central, struct vt_sql *head,
                                struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(central->engine,
                                   "INSERT INTO head (id, seq, chain, time_utc_secs, token)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, vt_sql_int(head, 0));
    vt_sql_bind_int(sql, 2, vt_sql_int(head, 1));
    vt_sql_bind_blob(sql, 3, vt_sql_blob(head, 2));
    vt_sql_bind_int(sql, 4, vt_sql_int(head, 3));
    vt_sql_bind_blob(sql, 5, vt_sql_blob(head, 4));
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code last_head(struct vt_register *central, int64_t *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(central->engine, "SELECT max(id) FROM head", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    *out = has_row ? vt_sql_int(sql, 0) : 0;
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_heads(struct vt_register *local, struct vt_register *central,
                           struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    int64_t last = 0;
    enum vt_code code = last_head(central, &last, err);
    if (code == VT_OK)
        code = vt_sql_get(local->engine,
                          "SELECT id, seq, chain, time_utc_secs, token FROM head WHERE id > ?1"
                          " ORDER BY id LIMIT ?2",
                          &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, last);
    vt_sql_bind_int(sql, 2, HEADS_LIMIT);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        code = insert_head(central, sql, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

/* ---- what is left ---- */

enum vt_code vt_ship_forget(struct vt_register *central, int64_t before_utc_secs,
                            struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code =
        vt_sql_get(central->engine, "DELETE FROM defer_clock WHERE last_utc_secs < ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, before_utc_secs);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_note(struct vt_register *local, const char *name, int64_t seq,
                          struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(local->engine,
                                   "INSERT INTO peer (id, name, seq) VALUES (?1, ?2, ?3)"
                                   " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                                   " seq = excluded.seq",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(local->id, sizeof(local->id)));
    vt_sql_bind_text(sql, 2, vt_bytes_str(name));
    vt_sql_bind_int(sql, 3, seq);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_last(struct vt_register *local, int64_t *out_seq, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_seq = 0;
    enum vt_code code = vt_sql_get(local->engine, "SELECT seq FROM peer WHERE id = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(local->id, sizeof(local->id)));
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out_seq = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_waiting(struct vt_register *local, int64_t shipped_seq, int64_t *out_count,
                             int64_t *out_since_utc_secs, struct vt_err *err)
{
    struct vt_tail tail;
    struct vt_register_head head;
    *out_count = 0;
    *out_since_utc_secs = VT_TIME_NONE;
    enum vt_code code = vt_register_tail(local, &tail, err);
    if (code != VT_OK || tail.seq <= shipped_seq)
        return code;
    code = vt_register_head_at(local, shipped_seq + 1, &head, err);
    if (code != VT_OK)
        return code;
    *out_count = tail.seq - shipped_seq;
    *out_since_utc_secs = head.time_utc_secs;
    return VT_OK;
}
