/* SPDX-License-Identifier: Apache-2.0
 * Whether the derived tables and the objects say what the bodies say. Of a destroyed body the
 * claims can no longer be compared; the times of first-seen digests still are, since the chain
 * covers the time of their record. */
#include <inttypes.h>
#include <string.h>

#include "register/queued.h"
#include "register/verify.h"

/* A body as structs; a text of JSON grows by less than this. */
#define MAX_BODY_ARENA_BYTES (256u * 1024 * 1024)

/* ---- rows of one record ---- */

struct comparison {
    struct vt_verification *v;
    const struct vt_register_entry *entry;
    int64_t counts[VT_TABLE_OWN];
};

static enum vt_code compare_object(struct vt_verification *v, const struct vt_register_entry *entry,
                                   const struct vt_row *row, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(v->reg->engine,
                                   "SELECT 1 FROM object WHERE digest = ?1 UNION ALL"
                                   " SELECT 1 FROM destroyed_object WHERE digest = ?1 AND seq > ?2",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, row->values[1].bytes);
    vt_sql_bind_int(sql, 2, entry->seq);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && !has_row)
        vt_verify_fault(v, VT_REGISTER_OBJECT, entry->seq, entry->reference,
                        "An object of record %" PRId64 " is missing and was not destroyed.",
                        entry->seq);
    vt_sql_done(sql);
    return code;
}

static enum vt_code compare_row(void *context, const struct vt_row *row, struct vt_err *err)
{
    struct comparison *comparison = context;
    struct vt_verification *v = comparison->v;
    bool fits = false, is_own = false;
    enum vt_code code = vt_table_compare(v->reg->engine, row, &fits, &is_own, err);
    if (code != VT_OK)
        return code;
    if (!fits)
        vt_verify_fault(v, VT_REGISTER_DERIVED, row->seq, comparison->entry->reference,
                        "Table %s does not say what record %" PRId64 " says.",
                        vt_table_name(row->table), row->seq);
    if (row->table < VT_TABLE_OWN)
        comparison->counts[row->table]++;
    else if (is_own)
        v->own_counts[row->table]++;
    return row->table == VT_TABLE_RECORD_OBJECT ? compare_object(v, comparison->entry, row, err)
                                                : VT_OK;
}

static enum vt_code compare_counts(struct comparison *comparison, struct vt_err *err)
{
    struct vt_verification *v = comparison->v;
    int64_t seq = comparison->entry->seq, count = 0;
    enum vt_code code = VT_OK;
    for (unsigned i = 0; i < VT_TABLE_OWN && code == VT_OK; i++) {
        code = vt_table_count(v->reg->engine, (enum vt_table)i, seq, &count, err);
        if (code == VT_OK && count != comparison->counts[i])
            vt_verify_fault(v, VT_REGISTER_DERIVED, seq, comparison->entry->reference,
                            "Table %s has rows that record %" PRId64 " does not have.",
                            vt_table_name((enum vt_table)i), seq);
    }
    return code;
}

static enum vt_code read_entry(struct vt_arena *arena, const struct vt_register_entry *entry,
                               struct vt_register_record *out, struct vt_err *err)
{
    *out = (struct vt_register_record){.kind = entry->kind,
                                       .reference = entry->reference,
                                       .time_utc_secs = entry->time_utc_secs,
                                       .seq = entry->seq};
    return vt_body_read(arena, entry->body, out, err);
}

/* Whom a notice goes to stands in the queue, too. */
static enum vt_code compare_owed(struct vt_verification *v, const struct vt_register_record *record,
                                 struct vt_arena *arena, struct vt_err *err)
{
    bool fits = true;
    enum vt_code code = vt_queued_fits(v->reg, arena, record, &fits, err);
    if (code == VT_OK && !fits)
        vt_verify_fault(v, VT_REGISTER_DERIVED, record->seq, record->reference,
                        "Table notice does not say what record %" PRId64 " says.", record->seq);
    return code;
}

static enum vt_code compare_body(struct vt_verification *v, const struct vt_register_entry *entry,
                                 struct vt_arena *arena, struct vt_err *err)
{
    struct comparison comparison = {.v = v, .entry = entry};
    struct vt_register_record record;
    struct vt_derivation derivation = {.record = &record, .arena = arena};
    bool is_secret = false;
    enum vt_code code = read_entry(arena, entry, &record, err);
    if (code == VT_E_FORMAT || code == VT_E_LIMIT) {
        vt_verify_fault(v, VT_REGISTER_DERIVED, entry->seq, entry->reference,
                        "The body of record %" PRId64 " cannot be read.", entry->seq);
        return VT_OK;
    }
    if (code == VT_OK && entry->kind != VT_REGISTER_DECIDED)
        code = vt_register_decided_of(v->reg, entry->reference, entry->seq, &derivation.decided_seq,
                                      &is_secret, err);
    if (code == VT_OK)
        code = vt_derive(&derivation, compare_row, &comparison, err);
    if (code == VT_OK)
        code = compare_counts(&comparison, err);
    return code == VT_OK ? compare_owed(v, &record, arena, err) : code;
}

/* ---- destroyed bodies ---- */

/* The DESTROYED record of this number, read; NULL when it is none. */
static enum vt_code read_destruction(struct vt_verification *v, int64_t seq, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    struct vt_register_entry entry;
    struct vt_register_record record;
    bool has_row = false;
    vt_verify_clear(v);
    v->destruction_seq = seq;
    v->destruction_arena = vt_arena_new(MAX_BODY_ARENA_BYTES);
    if (v->destruction_arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = vt_sql_new(
        v->reg->engine, "SELECT " VT_ENTRY_COLUMNS " FROM record r WHERE r.seq = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row && vt_entry_read(sql, &entry) &&
        entry.kind == VT_REGISTER_DESTROYED && !entry.is_destroyed) {
        code = read_entry(v->destruction_arena, &entry, &record, err);
        v->destruction = code == VT_OK ? record.destroyed : NULL;
        code = code == VT_E_FORMAT ? VT_OK : code;
    }
    vt_sql_done(sql);
    return code;
}

static bool names(const struct vt_register_destroyed *destruction, int64_t seq)
{
    for (size_t i = 0; destruction != NULL && i < destruction->targets_count; i++) {
        if (destruction->targets[i] == seq)
            return true;
    }
    return false;
}

static enum vt_code check_destroyed(struct vt_verification *v,
                                    const struct vt_register_entry *entry, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code =
        vt_sql_get(v->reg->engine, "SELECT seq FROM destroyed WHERE target = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, entry->seq);
    code = vt_sql_step(sql, &has_row, err);
    int64_t by = has_row ? vt_sql_int(sql, 0) : 0;
    vt_sql_done(sql);
    if (code == VT_OK && by > entry->seq && by != v->destruction_seq)
        code = read_destruction(v, by, err);
    if (code == VT_OK && (by <= entry->seq || !names(v->destruction, entry->seq)))
        vt_verify_fault(v, VT_REGISTER_VANISHED, entry->seq, entry->reference,
                        "The body of record %" PRId64 " is gone, and no record says that it was "
                        "destroyed.",
                        entry->seq);
    return code;
}

void vt_verify_clear(struct vt_verification *v)
{
    vt_arena_free(v->destruction_arena);
    v->destruction_arena = NULL;
    v->destruction = NULL;
    v->destruction_seq = 0;
}

enum vt_code vt_verify_record_tables(struct vt_verification *v,
                                     const struct vt_register_entry *entry, struct vt_err *err)
{
    struct comparison nothing = {.v = v, .entry = entry};
    if (entry->is_destroyed) {
        enum vt_code code = check_destroyed(v, entry, err);
        return code == VT_OK ? compare_counts(&nothing, err) : code;
    }
    struct vt_arena *arena = vt_arena_new(MAX_BODY_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = compare_body(v, entry, arena, err);
    vt_arena_free(arena);
    return code;
}

/* ---- all together ---- */

/* One number of one statement; *out is -1 without a row. */
static enum vt_code ask(struct vt_verification *v, const char *text, int64_t *out,
                        struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(v->reg->engine, text, &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    *out = has_row ? vt_sql_int(sql, 0) : -1;
    vt_sql_done(sql);
    return code;
}

/* Rows that no body has. When bodies were destroyed, theirs are among them. */
static enum vt_code check_claims(struct vt_verification *v, struct vt_err *err)
{
    static const struct {
        enum vt_table table;
        const char *text;
        bool is_kept; /* the records that have them are never destroyed */
    } claims[] = {
        {VT_TABLE_FIRST_SEEN, "SELECT count(*) FROM first_seen", false},
        {VT_TABLE_NOTICE_KEY, "SELECT count(*) FROM notice_key", false},
        {VT_TABLE_FOLLOWUP, "SELECT count(*) FROM followup", false},
        {VT_TABLE_DESTROYED, "SELECT count(*) FROM destroyed", true},
        {VT_TABLE_DESTROYED_OBJECT, "SELECT count(*) FROM destroyed_object", true},
    };
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]) && code == VT_OK; i++) {
        int64_t count = 0, own = v->own_counts[claims[i].table];
        code = ask(v, claims[i].text, &count, err);
        bool is_exact = claims[i].is_kept || v->out->destroyed_count == 0;
        if (code == VT_OK && (is_exact ? count != own : count < own))
            vt_verify_fault(v, VT_REGISTER_DERIVED, 0, "", "Table %s has rows that no record has.",
                            vt_table_name(claims[i].table));
    }
    return code;
}

static enum vt_code check_first_seen_times(struct vt_verification *v, struct vt_err *err)
{
    int64_t seq = 0;
    enum vt_code code = ask(v,
                            "SELECT f.seq FROM first_seen f LEFT JOIN record r ON r.seq = f.seq"
                            " WHERE r.seq IS NULL OR r.kind <> 1"
                            " OR r.time_utc_secs <> f.time_utc_secs ORDER BY f.seq LIMIT 1",
                            &seq, err);
    if (code == VT_OK && seq >= 0)
        vt_verify_fault(v, VT_REGISTER_DERIVED, seq, "",
                        "Table first_seen has a time that record %" PRId64 " does not have.", seq);
    return code;
}

static enum vt_code check_objects(struct vt_verification *v, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    bool has_row = false;
    enum vt_code code =
        vt_sql_new(v->reg->engine, "SELECT digest, bytes, first_seq FROM object", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && v->out->fault == VT_REGISTER_WHOLE) {
        struct vt_bytes stored = vt_sql_blob(sql, 0);
        code = vt_chain_sha256(vt_sql_blob(sql, 1), digest);
        if (code == VT_OK && !vt_bytes_equal(stored, vt_bytes_of(digest, sizeof(digest))))
            vt_verify_fault(v, VT_REGISTER_OBJECT, vt_sql_int(sql, 2), "",
                            "An object that record %" PRId64 " brought was altered.",
                            vt_sql_int(sql, 2));
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_verify_all_tables(struct vt_verification *v, struct vt_err *err)
{
    char text[160] = "";
    enum vt_code code = check_first_seen_times(v, err);
    if (code == VT_OK)
        code = check_claims(v, err);
    if (code == VT_OK)
        code = check_objects(v, err);
    if (code == VT_OK)
        code = vt_engine_check(v->reg->engine, text, sizeof(text), err);
    if (code == VT_OK && text[0] != '\0')
        vt_verify_fault(v, VT_REGISTER_UNREADABLE, 0, "", "The file is damaged: %s.", text);
    return code;
}
