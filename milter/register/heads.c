/* SPDX-License-Identifier: Apache-2.0
 * Heads that are kept: one each day, and those that were exported or time-stamped. */
#include <inttypes.h>
#include <string.h>

#include "register/internal.h"

#define DAY_SECS INT64_C(86400)

enum vt_code vt_register_head_find(struct vt_register *reg,
                                   const uint8_t chain[VT_REGISTER_DIGEST_BYTES],
                                   struct vt_register_head *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = (struct vt_register_head){.time_utc_secs = VT_TIME_NONE};
    memcpy(out->chain, chain, sizeof(out->chain));
    if (memcmp(chain, reg->first_chain, sizeof(out->chain)) == 0)
        return VT_OK;
    enum vt_code code = vt_sql_get(
        reg->engine, "SELECT seq, time_utc_secs FROM record WHERE chain = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(chain, VT_REGISTER_DIGEST_BYTES));
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && !has_row)
        code = vt_err_set(err, VT_E_NOT_FOUND, "register: no record has this chain value");
    if (code == VT_OK) {
        out->seq = vt_sql_int(sql, 0);
        out->time_utc_secs = vt_sql_int(sql, 1);
    }
    vt_sql_done(sql);
    return code;
}

/* What the same head, with a token or without, was kept as before. */
static enum vt_code is_kept(struct vt_register *reg, const struct vt_register_head *head, bool *out,
                            struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT 1 FROM head WHERE seq = ?1 AND chain = ?2"
                   " AND (token IS NOT DISTINCT FROM ?3 OR (?3 IS NULL AND token IS NOT NULL))",
                   &sql, err);
    *out = false;
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, head->seq);
    vt_sql_bind_blob(sql, 2, vt_bytes_of(head->chain, sizeof(head->chain)));
    if (head->token.len > 0)
        vt_sql_bind_blob(sql, 3, head->token);
    else
        vt_sql_bind_null(sql, 3);
    code = vt_sql_step(sql, out, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_head_add(struct vt_register *reg, const struct vt_register_head *head,
                                  struct vt_err *err)
{
    struct vt_register_head own;
    bool is_there = false;
    enum vt_code code = vt_register_head_find(reg, head->chain, &own, err);
    if (code == VT_OK && own.seq != head->seq)
        code = vt_err_set(err, VT_E_FORMAT,
                          "register: this chain value is that of record %" PRId64
                          ", not of record %" PRId64,
                          own.seq, head->seq);
    if (code == VT_OK)
        code = is_kept(reg, head, &is_there, err);
    return code == VT_OK && !is_there ? vt_register_head_keep(reg, head, err) : code;
}

enum vt_code vt_register_head_daily(struct vt_register *reg, int64_t now_utc_secs,
                                    struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    struct vt_register_head head;
    bool has_row = false;
    int64_t seq = 0, time_utc_secs = VT_TIME_NONE;
    enum vt_code code =
        vt_sql_get(reg->engine, "SELECT max(seq), max(time_utc_secs) FROM head", &sql, err);
    if (code != VT_OK)
        return code;
    code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row && !vt_sql_is_null(sql, 0)) {
        seq = vt_sql_int(sql, 0);
        time_utc_secs = vt_sql_int(sql, 1);
    }
    vt_sql_done(sql);
    if (code != VT_OK || (time_utc_secs != VT_TIME_NONE && now_utc_secs - time_utc_secs < DAY_SECS))
        return code;
    code = vt_register_head_now(reg, now_utc_secs, &head, err);
    return code == VT_OK && head.seq > seq ? vt_register_head_keep(reg, &head, err) : code;
}
