/* SPDX-License-Identifier: Apache-2.0
 * Walking the register: the chain and what it covers here, the derived tables in
 * verify_tables.c. The first fault ends the walk. */
#include "register/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A second or less. */
#define PROGRESS_RECORDS 5000

void vt_verify_fault(struct vt_verification *v, enum vt_register_fault fault, int64_t seq,
                     const char *reference, const char *format, ...)
{
    va_list args;
    char clean[4 * VT_REFERENCE_BYTES];
    struct vt_register_verdict *out = v->out;
    if (out->fault != VT_REGISTER_WHOLE)
        return;
    out->fault = fault;
    out->seq = seq;
    /* Cut texts end with dots, for which a reference leaves no room. */
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_str(reference));
    (void)snprintf(out->reference, sizeof(out->reference), "%.*s", (int)sizeof(out->reference) - 1,
                   clean);
    va_start(args, format);
    (void)vsnprintf(out->text, sizeof(out->text), format, args);
    va_end(args);
}

/* ---- one record ---- */

static enum vt_code chain_of(const uint8_t before[VT_REGISTER_DIGEST_BYTES], int64_t seq,
                             const struct vt_register_entry *entry,
                             uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    struct vt_link link = {.seq = seq,
                           .kind = entry->kind,
                           .reference = entry->reference,
                           .time_utc_secs = entry->time_utc_secs};
    memcpy(link.body_digest, entry->body_digest, sizeof(link.body_digest));
    return vt_chain_next(before, &link, out);
}

/* Whether a later record was made for the place of this one. *out_seq: where it stands now, 0. */
static enum vt_code find_moved(struct vt_verification *v, int64_t place, int64_t *out_seq,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    struct vt_register_entry entry;
    uint8_t chain[VT_REGISTER_DIGEST_BYTES];
    bool has_row = false;
    *out_seq = 0;
    enum vt_code code =
        vt_sql_new(v->reg->engine,
                   "SELECT r.seq, r.kind, r.reference, r.time_utc_secs, r.body_digest, r.chain,"
                   " NULL, NULL FROM record r WHERE r.seq > ?1 ORDER BY r.seq",
                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, place);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && *out_seq == 0) {
        if (vt_entry_read(sql, &entry)) {
            code = chain_of(v->tail.chain, place, &entry, chain);
            if (code == VT_OK && memcmp(chain, entry.chain, sizeof(chain)) == 0)
                *out_seq = entry.seq;
        }
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code name_broken_link(struct vt_verification *v,
                                     const struct vt_register_entry *entry, struct vt_err *err)
{
    int64_t moved = 0;
    enum vt_code code = find_moved(v, entry->seq, &moved, err);
    if (code == VT_E_FORMAT) /* damaged further on: that changes nothing about this record */
        code = VT_OK;
    if (code != VT_OK)
        return code;
    if (moved > 0)
        vt_verify_fault(v, VT_REGISTER_REORDERED, entry->seq, entry->reference,
                        "Record %" PRId64 " is not the one that was written there; that one stands "
                        "at %" PRId64 ".",
                        entry->seq, moved);
    else
        vt_verify_fault(v, VT_REGISTER_ALTERED, entry->seq, entry->reference,
                        "Kind, reference, time, digest or chain value of record %" PRId64
                        " was altered, or the record before it was replaced.",
                        entry->seq);
    return VT_OK;
}

static enum vt_code check_link(struct vt_verification *v, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES], chain[VT_REGISTER_DIGEST_BYTES];
    enum vt_code code = VT_OK;
    if (!entry->is_destroyed) {
        code = vt_chain_body(entry->salt, entry->body, digest);
        if (code == VT_OK && memcmp(digest, entry->body_digest, sizeof(digest)) != 0)
            vt_verify_fault(v, VT_REGISTER_ALTERED, entry->seq, entry->reference,
                            "Body, salt or digest of record %" PRId64 " was altered.", entry->seq);
    }
    if (code == VT_OK)
        code = chain_of(v->tail.chain, entry->seq, entry, chain);
    if (code == VT_OK && v->out->fault == VT_REGISTER_WHOLE &&
        memcmp(chain, entry->chain, sizeof(chain)) != 0)
        code = name_broken_link(v, entry, err);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "register: no digest");
}

/* ---- heads ---- */

static void compare_head(struct vt_verification *v, const struct vt_register_head *head,
                         const struct vt_tail *tail, bool is_proof)
{
    if (head->seq != tail->seq)
        return;
    if (memcmp(head->chain, tail->chain, sizeof(head->chain)) != 0)
        vt_verify_fault(v, VT_REGISTER_FOREIGN, head->seq, "",
                        "At record %" PRId64 " the chain is not the one of the head that was kept: "
                        "records up to there were made anew.",
                        head->seq);
    else if (is_proof && head->seq > v->out->proven_seq)
        v->out->proven_seq = head->seq;
}

static enum vt_code compare_kept_heads(struct vt_verification *v, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code =
        vt_sql_get(v->reg->engine,
                   "SELECT seq, chain, time_utc_secs, token FROM head WHERE seq = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, v->tail.seq);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        struct vt_register_head head = {.seq = vt_sql_int(sql, 0),
                                        .time_utc_secs = vt_sql_int(sql, 2),
                                        .token = vt_sql_blob(sql, 3)};
        struct vt_bytes chain = vt_sql_blob(sql, 1);
        if (chain.len == sizeof(head.chain))
            memcpy(head.chain, chain.ptr, sizeof(head.chain));
        bool is_proof = head.token.len > 0 && v->check->token_is_good != NULL &&
                        v->check->token_is_good(v->check->context, &head);
        compare_head(v, &head, &v->tail, is_proof);
        code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

/* After each record and before the first. */
static enum vt_code compare_heads(struct vt_verification *v, struct vt_err *err)
{
    for (size_t i = 0; i < v->check->heads_count; i++)
        compare_head(v, &v->check->heads[i], &v->tail, true);
    return v->has_kept_heads ? compare_kept_heads(v, err) : VT_OK;
}

/* The highest head that is kept in the register; 0: none. */
static enum vt_code highest_kept_head(struct vt_verification *v, int64_t *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code =
        vt_sql_new(v->reg->engine, "SELECT max(seq), count(*) FROM head", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    *out = has_row ? vt_sql_int(sql, 0) : 0;
    v->has_kept_heads = has_row && vt_sql_int(sql, 1) > 0;
    vt_sql_done(sql);
    return code;
}

static void check_end(struct vt_verification *v, int64_t highest_kept)
{
    int64_t last = v->tail.seq, highest = highest_kept;
    for (size_t i = 0; i < v->check->heads_count; i++) {
        if (v->check->heads[i].seq > highest)
            highest = v->check->heads[i].seq;
    }
    if (highest > last)
        vt_verify_fault(v, VT_REGISTER_CUT, last + 1, "",
                        "The end was cut: records %" PRId64 " to %" PRId64 " at least are missing.",
                        last + 1, highest);
}

/* ---- the walk ---- */

static enum vt_code check_record(struct vt_verification *v, struct vt_sql *sql, struct vt_err *err)
{
    struct vt_register_entry entry;
    int64_t place = v->tail.seq + 1;
    bool is_formed = vt_entry_read(sql, &entry);
    if (entry.seq != place) {
        vt_verify_fault(v, VT_REGISTER_REMOVED, place, "",
                        "Record %" PRId64 " is missing; the next one is %" PRId64 ".", place,
                        entry.seq);
        return VT_OK;
    }
    if (!is_formed) {
        vt_verify_fault(v, VT_REGISTER_ALTERED, place, entry.reference,
                        "Record %" PRId64 " does not have the form of a record.", place);
        return VT_OK;
    }
    v->out->records_count++;
    v->out->destroyed_count += entry.is_destroyed;
    enum vt_code code = check_link(v, &entry, err);
    if (code != VT_OK || v->out->fault != VT_REGISTER_WHOLE)
        return code;
    v->tail.seq = entry.seq;
    memcpy(v->tail.chain, entry.chain, sizeof(v->tail.chain));
    code = compare_heads(v, err);
    if (code == VT_OK && !v->check->chain_only)
        code = vt_verify_record_tables(v, &entry, err);
    if (v->check->progress != NULL && entry.seq % PROGRESS_RECORDS == 0)
        v->check->progress(v->check->context, entry.seq);
    return code;
}

static enum vt_code walk(struct vt_verification *v, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(
        v->reg->engine, "SELECT " VT_ENTRY_COLUMNS " FROM record r ORDER BY r.seq", &sql, err);
    if (code != VT_OK)
        return code;
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && v->out->fault == VT_REGISTER_WHOLE) {
        code = check_record(v, sql, err);
        if (code == VT_OK && v->out->fault == VT_REGISTER_WHOLE)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code walk_all(struct vt_verification *v, struct vt_err *err)
{
    int64_t highest_kept = 0;
    enum vt_code code = highest_kept_head(v, &highest_kept, err);
    if (code == VT_OK)
        code = compare_heads(v, err);
    if (code == VT_OK)
        code = walk(v, err);
    if (code == VT_OK && v->out->fault == VT_REGISTER_WHOLE)
        check_end(v, highest_kept);
    if (code == VT_OK && v->out->fault == VT_REGISTER_WHOLE && !v->check->chain_only)
        code = vt_verify_all_tables(v, err);
    return code;
}

enum vt_code vt_register_verify(struct vt_register *reg, const struct vt_register_check *check,
                                struct vt_register_verdict *out, struct vt_err *err)
{
    struct vt_verification v = {.reg = reg, .check = check, .out = out};
    struct vt_err fault = {0};
    *out = (struct vt_register_verdict){0};
    memcpy(v.tail.chain, reg->first_chain, sizeof(v.tail.chain));
    enum vt_code code = vt_engine_begin(reg->engine, false, err);
    if (code != VT_OK)
        return code;
    code = walk_all(&v, &fault);
    vt_engine_rollback(reg->engine);
    vt_verify_clear(&v);
    /* What the engine cannot read is a finding, too. */
    if (code == VT_E_FORMAT) {
        vt_verify_fault(&v, VT_REGISTER_UNREADABLE, v.tail.seq + 1, "",
                        "The file is damaged where record %" PRId64 " was read: %.120s.",
                        v.tail.seq + 1, fault.text);
        code = VT_OK;
    }
    out->head.seq = v.tail.seq;
    memcpy(out->head.chain, v.tail.chain, sizeof(out->head.chain));
    out->head.time_utc_secs = VT_TIME_NONE;
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "%s", fault.text);
}
