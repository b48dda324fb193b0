/* SPDX-License-Identifier: Apache-2.0
 * Appending: body, salt, digest, chain, derived tables and objects in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "register/body.h"
#include "register/derive.h"
#include "register/internal.h"
#include "register/notices.h"
#include "register/queued.h"

/* Texts of one record's rows that had to be changed: addresses and unclean texts. */
#define MAX_ROW_TEXT_BYTES (32u * 1024 * 1024)

enum vt_code vt_register_decided_of(struct vt_register *reg, const char *reference,
                                    int64_t before_seq, int64_t *out_seq, bool *out_is_secret,
                                    struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_seq = 0;
    *out_is_secret = false;
    if (reference[0] == '\0')
        return VT_OK;
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT r.seq, m.is_secret FROM record r LEFT JOIN mail m ON m.seq = r.seq"
                   " WHERE r.reference = ?1 AND r.kind = 1 AND r.seq < ?2"
                   " ORDER BY r.seq DESC LIMIT 1",
                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_text(sql, 1, vt_bytes_str(reference));
    vt_sql_bind_int(sql, 2, before_seq);
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row) {
        *out_seq = vt_sql_int(sql, 0);
        *out_is_secret = vt_sql_int(sql, 1) != 0;
    }
    vt_sql_done(sql);
    return code;
}

/* ---- one record ---- */

enum vt_code vt_register_insert(struct vt_register *reg, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(
        reg->engine,
        "INSERT INTO record (seq, kind, reference, time_utc_secs, salt, body, body_digest, chain)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, entry->seq);
    vt_sql_bind_int(sql, 2, entry->kind);
    vt_sql_bind_text(sql, 3, vt_bytes_str(entry->reference));
    vt_sql_bind_int(sql, 4, entry->time_utc_secs);
    vt_sql_bind_blob(sql, 5, entry->salt);
    vt_sql_bind_blob(sql, 6, entry->body);
    vt_sql_bind_blob(sql, 7, vt_bytes_of(entry->body_digest, sizeof(entry->body_digest)));
    vt_sql_bind_blob(sql, 8, vt_bytes_of(entry->chain, sizeof(entry->chain)));
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

/* Salt, digest and chain value of a body, and the record itself. */
static enum vt_code store(struct vt_register *reg, struct vt_tail *tail,
                          const struct vt_register_record *record, struct vt_bytes body,
                          struct vt_err *err)
{
    uint8_t salt[VT_SALT_BYTES];
    struct vt_link link = {.seq = record->seq,
                           .kind = record->kind,
                           .reference = record->reference,
                           .time_utc_secs = record->time_utc_secs};
    struct vt_register_entry entry = {.seq = record->seq,
                                      .kind = record->kind,
                                      .reference = record->reference,
                                      .time_utc_secs = record->time_utc_secs,
                                      .salt = vt_bytes_of(salt, sizeof(salt)),
                                      .body = body};
    enum vt_code code = vt_chain_salt(salt, err);
    if (code == VT_OK)
        code = vt_chain_body(entry.salt, body, link.body_digest);
    if (code == VT_OK)
        code = vt_chain_next(tail->chain, &link, entry.chain);
    memcpy(entry.body_digest, link.body_digest, sizeof(entry.body_digest));
    if (code == VT_OK)
        code = vt_register_insert(reg, &entry, err);
    if (code != VT_OK)
        return code;
    tail->seq = record->seq;
    memcpy(tail->chain, entry.chain, sizeof(tail->chain));
    return VT_OK;
}

/* ---- what other gateways recorded before ---- */

static enum vt_code has_peer(struct vt_register *reg, const char *text, struct vt_bytes key,
                             bool *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    *out = false;
    enum vt_code code = vt_sql_get(reg->engine, text, &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, key);
    code = vt_sql_step(sql, out, err);
    vt_sql_done(sql);
    return code;
}

/* A record claims to have seen first what no other gateway is known to have seen; *out_kept is
 * free(3)d by the caller. */
static enum vt_code keep_own_claims(struct vt_register *reg, struct vt_register_decided *decided,
                                    const char ***out_kept, struct vt_err *err)
{
    static const char text[] = "SELECT 1 FROM peer_first_seen WHERE digest = ?1 LIMIT 1";
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    size_t count = 0;
    enum vt_code code = VT_OK;
    const char **kept = calloc(decided->first_seen_count + 1, sizeof(*kept));
    if (kept == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    for (size_t i = 0; i < decided->first_seen_count && code == VT_OK; i++) {
        bool is_elsewhere = false;
        if (vt_chain_unhex(decided->first_seen[i], digest) == VT_OK)
            code = has_peer(reg, text, vt_bytes_of(digest, sizeof(digest)), &is_elsewhere, err);
        if (!is_elsewhere)
            kept[count++] = decided->first_seen[i];
    }
    decided->first_seen = kept;
    decided->first_seen_count = count;
    *out_kept = kept;
    return code;
}

/* ---- derived tables ---- */

static enum vt_code insert_row(void *context, const struct vt_row *row, struct vt_err *err)
{
    struct vt_register *reg = context;
    bool is_new = false;
    return vt_table_insert(reg->engine, row, &is_new, err);
}

static enum vt_code fill_tables(struct vt_register *reg, const struct vt_register_record *record,
                                int64_t decided_seq, struct vt_err *err)
{
    struct vt_derivation derivation = {.record = record, .decided_seq = decided_seq};
    derivation.arena = vt_arena_new(MAX_ROW_TEXT_BYTES);
    if (derivation.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = vt_derive(&derivation, insert_row, reg, err);
    vt_arena_free(derivation.arena);
    return code;
}

static enum vt_code append_claimed(struct vt_register *reg, struct vt_tail *tail,
                                   struct vt_register_record *record, int64_t decided_seq,
                                   struct vt_err *err)
{
    struct vt_buf body;
    vt_buf_init(&body, VT_MAX_REGISTER_BODY_BYTES);
    enum vt_code code = vt_register_name_objects(reg, record, err);
    if (code == VT_OK)
        code = vt_register_claim_notices(reg, record, err);
    if (code == VT_OK)
        code = vt_body_write(record, &body, err);
    if (code == VT_OK)
        code = store(reg, tail, record, vt_buf_bytes(&body), err);
    if (code == VT_OK)
        code = fill_tables(reg, record, decided_seq, err);
    if (code == VT_OK)
        code = vt_queued_add(reg, record, err);
    if (code == VT_OK)
        code = vt_register_keep_objects(reg, record, err);
    vt_buf_clear(&body);
    return code;
}

static enum vt_code append_named(struct vt_register *reg, struct vt_tail *tail,
                                 struct vt_register_record *record, int64_t decided_seq,
                                 struct vt_err *err)
{
    if (record->kind != VT_REGISTER_DECIDED || record->decided->first_seen_count == 0)
        return append_claimed(reg, tail, record, decided_seq, err);
    struct vt_register_decided *decided = record->decided;
    const char *const *given = decided->first_seen;
    size_t given_count = decided->first_seen_count;
    const char **kept = NULL;
    enum vt_code code = keep_own_claims(reg, decided, &kept, err);
    if (code == VT_OK)
        code = append_claimed(reg, tail, record, decided_seq, err);
    decided->first_seen = given;
    decided->first_seen_count = given_count;
    free(kept);
    return code;
}

/* What follows a secret mail: nobody is told of it; lines of an answer may name files, and
 * the words of a person what stands in it. */
static enum vt_code append_after_secret(struct vt_register *reg, struct vt_tail *tail,
                                        struct vt_register_record *record, int64_t decided_seq,
                                        struct vt_err *err)
{
    struct vt_register_record bare = *record;
    struct vt_register_answered answered = {.is_secret = true};
    struct vt_register_overruled overruled;
    struct vt_register_refused refused;
    bare.notices_count = 0;
    if (record->kind == VT_REGISTER_ANSWERED) {
        answered.answer.outcome = record->answered->answer.outcome;
        bare.answered = &answered;
    } else if (record->kind == VT_REGISTER_OVERRULED) {
        overruled = *record->overruled;
        overruled.reason_text = NULL;
        bare.overruled = &overruled;
    } else if (record->kind == VT_REGISTER_REFUSED) {
        refused = *record->refused;
        refused.text = NULL;
        bare.refused = &refused;
    }
    return append_named(reg, tail, &bare, decided_seq, err);
}

enum vt_code vt_register_append_one(struct vt_register *reg, struct vt_tail *tail,
                                    struct vt_register_record *record, struct vt_err *err)
{
    int64_t decided_seq = 0;
    bool is_secret = false;
    record->seq = tail->seq + 1;
    enum vt_code code = record->kind == VT_REGISTER_DECIDED
                            ? VT_OK
                            : vt_register_decided_of(reg, record->reference, record->seq,
                                                     &decided_seq, &is_secret, err);
    if (code != VT_OK)
        return code;
    return is_secret ? append_after_secret(reg, tail, record, decided_seq, err)
                     : append_named(reg, tail, record, decided_seq, err);
}

/* ---- a batch ---- */

static bool is_writable_time(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    return strcmp(vt_time_rfc3339(text, utc_secs), "-") != 0;
}

static enum vt_code check_decided(const struct vt_register_decided *decided, struct vt_err *err)
{
    if (decided->first_seen_count > VT_MAX_FIRST_SEEN)
        return vt_err_set(err, VT_E_LIMIT, "register: %zu digests with one record",
                          decided->first_seen_count);
    return VT_OK;
}

/* What would be found later to be no record. reference: as it is kept. */
static enum vt_code check_record(const struct vt_register_record *record,
                                 char reference[VT_REFERENCE_BYTES], struct vt_err *err)
{
    reference[0] = '\0';
    if (record->kind < VT_REGISTER_DECIDED || record->kind >= VT_REGISTER_KINDS ||
        record->kind == VT_REGISTER_DESTROYED)
        return vt_err_set(err, VT_E_INTERNAL, "register: a record of kind %d", record->kind);
    if (!is_writable_time(record->time_utc_secs))
        return vt_err_set(err, VT_E_FORMAT, "register: a record without a time");
    if (record->reference != NULL && record->reference[0] != '\0' &&
        vt_reference_parse(record->reference, reference) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: a reference that is none");
    if (record->kind == VT_REGISTER_OVERRULED &&
        (record->overruled->documents_count > VT_MAX_PARTS ||
         (record->overruled->until_utc_secs != VT_TIME_NONE &&
          !is_writable_time(record->overruled->until_utc_secs))))
        return vt_err_set(err, VT_E_LIMIT, "register: an exception for too much or too long");
    if (record->notices_count > VT_MAX_REGISTER_NOTICES)
        return vt_err_set(err, VT_E_LIMIT, "register: %zu notices with one record",
                          record->notices_count);
    if (record->kind == VT_REGISTER_REFUSED && record->refused->reason >= VT_REASON_COUNT)
        return vt_err_set(err, VT_E_FORMAT, "register: a refusal without a reason");
    return record->kind == VT_REGISTER_DECIDED ? check_decided(record->decided, err) : VT_OK;
}

/* With the reference as it is kept. */
static enum vt_code append_checked(struct vt_register *reg, struct vt_tail *tail,
                                   struct vt_register_record *record, struct vt_err *err)
{
    char reference[VT_REFERENCE_BYTES];
    const char *given = record->reference;
    enum vt_code code = check_record(record, reference, err);
    if (code != VT_OK)
        return code;
    record->reference = reference;
    code = vt_register_append_one(reg, tail, record, err);
    record->reference = given;
    return code;
}

enum vt_code vt_register_append(struct vt_register *reg, struct vt_register_record *records,
                                size_t count, struct vt_err *err)
{
    struct vt_tail tail;
    if (count > VT_MAX_REGISTER_BATCH)
        return vt_err_set(err, VT_E_LIMIT, "register: a batch of %zu records", count);
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    if (code != VT_OK)
        return code;
    code = vt_register_tail(reg, &tail, err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = append_checked(reg, &tail, &records[i], err);
    if (code == VT_OK)
        return vt_engine_commit(reg->engine, err);
    vt_engine_rollback(reg->engine);
    return code;
}
