/* SPDX-License-Identifier: Apache-2.0
 * Signing what the other gateways are to believe of this one. Each batch of records signs its
 * claims and moves the mark in the same transaction; where the mark is not where the records end,
 * or of another key, everything is signed anew from the register of this host. */
#include <string.h>

#include "register/central.h"

#define MARK_KEY "claims"
#define MARK_BYTES (VT_CLAIM_KEY_ID_BYTES + 8 + VT_CLAIM_MAC_BYTES)

/* Where the signature of a claim goes: ?1 is it, the columns of the claim follow. */
static const struct {
    const char *update, *clear, *all;
    int bound_count;
} texts[VT_CLAIMS] = {
    {"UPDATE first_seen SET mac = ?1 WHERE seq = ?2 AND digest = ?3 AND time_utc_secs = ?4",
     "UPDATE first_seen SET mac = NULL WHERE mac IS NOT NULL",
     "SELECT seq, digest, time_utc_secs FROM first_seen WHERE seq <= ?1", 3},
    {"UPDATE defer_clock SET mac = ?1 WHERE seq = ?2 AND key = ?3 AND first_utc_secs = ?4",
     "UPDATE defer_clock SET mac = NULL WHERE mac IS NOT NULL",
     "SELECT seq, key, first_utc_secs FROM defer_clock WHERE seq <= ?1", 3},
    {"UPDATE notice_key SET mac = ?1 WHERE seq = ?2 AND key = ?3 AND time_utc_secs = ?4",
     "UPDATE notice_key SET mac = NULL WHERE mac IS NOT NULL",
     "SELECT seq, key, time_utc_secs FROM notice_key WHERE seq <= ?1", 3},
    {"UPDATE exception SET mac = ?1 WHERE seq = ?2 AND ordinal = ?3",
     "UPDATE exception SET mac = NULL WHERE mac IS NOT NULL",
     "SELECT e.seq, e.ordinal, r.reference, r.time_utc_secs, e.document, e.certificate, e.reason,"
     " e.until_utc_secs FROM exception e JOIN record r ON r.seq = e.seq WHERE e.seq <= ?1",
     2},
};

/* ---- claims ---- */

static void bind(struct vt_sql *sql, int index, const struct vt_value *value)
{
    if (value->kind == VT_VALUE_INT)
        vt_sql_bind_int(sql, index, value->number);
    else
        vt_sql_bind_blob(sql, index, value->bytes);
}

static enum vt_code sign_claim(struct vt_register *central, const struct vt_claim_key *key,
                               enum vt_claim claim, const struct vt_value *values,
                               struct vt_err *err)
{
    uint8_t mac[VT_CLAIM_MAC_BYTES];
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_claim_sign(key, vt_bytes_of(central->id, sizeof(central->id)), claim,
                                      values, (size_t)vt_claim_columns[claim], mac, err);
    if (code == VT_OK)
        code = vt_sql_get(central->engine, texts[claim].update, &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(mac, sizeof(mac)));
    for (int i = 0; i < texts[claim].bound_count; i++)
        bind(sql, i + 2, &values[i]);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_ship_sign(struct vt_register *central, const struct vt_claim_key *key,
                          const struct vt_row *row, const char *reference, struct vt_err *err)
{
    struct vt_value values[VT_CLAIM_COLUMNS];
    enum vt_claim claim = VT_CLAIMS;
    if (!key->is_set || !vt_claim_of_row(row, reference, &claim, values))
        return VT_OK;
    return sign_claim(central, key, claim, values, err);
}

/* ---- the mark ---- */

static uint8_t *put_seq(uint8_t *at, int64_t seq)
{
    for (size_t i = 0; i < 8; i++)
        at[i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
    return at + 8;
}

enum vt_code vt_ship_mark(struct vt_register *central, const struct vt_claim_key *key, int64_t seq,
                          struct vt_err *err)
{
    uint8_t mark[MARK_BYTES], *at = mark;
    struct vt_sql *sql = NULL;
    const struct vt_value value = {.kind = VT_VALUE_INT, .number = seq};
    if (!key->is_set)
        return VT_OK;
    memcpy(at, key->id, sizeof(key->id));
    at = put_seq(at + sizeof(key->id), seq);
    enum vt_code code = vt_claim_sign(key, vt_bytes_of(central->id, sizeof(central->id)),
                                      VT_CLAIM_MARK, &value, 1, at, err);
    if (code == VT_OK)
        code = vt_sql_get(central->engine,
                          "INSERT INTO meta (key, value) VALUES ('" MARK_KEY "', ?1)"
                          " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                          &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(mark, sizeof(mark)));
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

int64_t vt_ship_read_mark(const struct vt_claim_key *key, struct vt_bytes id, struct vt_bytes mark)
{
    uint64_t seq = 0;
    if (mark.len != MARK_BYTES || memcmp(mark.ptr, key->id, sizeof(key->id)) != 0)
        return -1;
    for (size_t i = 0; i < 8; i++)
        seq = seq << 8 | mark.ptr[sizeof(key->id) + i];
    const struct vt_value value = {.kind = VT_VALUE_INT, .number = (int64_t)seq};
    struct vt_bytes mac = vt_bytes_slice(mark, MARK_BYTES - VT_CLAIM_MAC_BYTES, VT_CLAIM_MAC_BYTES);
    return value.number >= 0 && vt_claim_is_signed(key, id, VT_CLAIM_MARK, &value, 1, mac)
               ? value.number
               : -1;
}

static enum vt_code own_mark(struct vt_register *central, const struct vt_claim_key *key,
                             int64_t *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = -1;
    enum vt_code code =
        vt_sql_get(central->engine, "SELECT value FROM meta WHERE key = '" MARK_KEY "'", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out = vt_ship_read_mark(key, vt_bytes_of(central->id, sizeof(central->id)),
                                 vt_sql_blob(sql, 0));
    vt_sql_done(sql);
    return code;
}

/* ---- anew ---- */

static enum vt_code clear(struct vt_register *central, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < VT_CLAIMS && code == VT_OK; i++) {
        struct vt_sql *sql = NULL;
        code = vt_sql_get(central->engine, texts[i].clear, &sql, err);
        if (code == VT_OK)
            code = vt_sql_run(sql, err);
        vt_sql_done(sql);
    }
    return code;
}

static enum vt_code sign_table(struct vt_register *local, struct vt_register *central,
                               const struct vt_claim_key *key, enum vt_claim claim, int64_t seq,
                               struct vt_err *err)
{
    struct vt_value values[VT_CLAIM_COLUMNS];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_new(local->engine, texts[claim].all, &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        vt_claim_read(sql, claim, values);
        code = sign_claim(central, key, claim, values, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code sign_all(struct vt_register *local, struct vt_register *central,
                             const struct vt_claim_key *key, struct vt_err *err)
{
    struct vt_tail tail;
    enum vt_code code = vt_engine_begin(central->engine, true, err);
    if (code != VT_OK)
        return code;
    code = vt_register_tail(central, &tail, err);
    vt_engine_hurry(central->engine);
    if (code == VT_OK)
        code = clear(central, err);
    for (enum vt_claim claim = VT_CLAIM_FIRST_SEEN; claim < VT_CLAIMS && code == VT_OK; claim++)
        code = sign_table(local, central, key, claim, tail.seq, err);
    if (code == VT_OK)
        code = vt_ship_mark(central, key, tail.seq, err);
    if (code == VT_OK)
        return vt_engine_commit(central->engine, err);
    vt_engine_rollback(central->engine);
    return code;
}

enum vt_code vt_ship_sign_anew(struct vt_register *local, struct vt_register *central,
                               const struct vt_claim_key *key, struct vt_err *err)
{
    struct vt_tail tail;
    int64_t mark = -1;
    if (!key->is_set)
        return VT_OK;
    enum vt_code code = vt_register_tail(central, &tail, err);
    if (code == VT_OK)
        code = own_mark(central, key, &mark, err);
    return code != VT_OK || mark == tail.seq ? code : sign_all(local, central, key, err);
}
