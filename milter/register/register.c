/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing, the end of the chain, heads. */
#include "register/internal.h"

#include <stdlib.h>
#include <string.h>

enum vt_code vt_register_read_id(struct vt_register *reg, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code =
        vt_sql_new(reg->engine, "SELECT value FROM meta WHERE key = 'id'", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK) {
        struct vt_bytes id = has_row ? vt_sql_blob(sql, 0) : (struct vt_bytes){0};
        code = id.len == VT_REGISTER_ID_BYTES
                   ? vt_chain_first(id, reg->first_chain)
                   : vt_err_set(err, VT_E_FORMAT, "register: the file has no id");
        if (code == VT_OK)
            memcpy(reg->id, id.ptr, sizeof(reg->id));
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code open_register(const char *directory, bool for_writing, struct vt_register **out,
                                  struct vt_err *err)
{
    struct vt_register *reg = calloc(1, sizeof(*reg));
    if (reg == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = vt_engine_open_sqlite(directory, for_writing, &reg->engine, err);
    if (code == VT_OK)
        code = vt_register_read_id(reg, err);
    if (code == VT_OK)
        *out = reg;
    else
        vt_register_close(reg);
    return code;
}

enum vt_code vt_register_open(const char *directory, struct vt_register **out, struct vt_err *err)
{
    return open_register(directory, true, out, err);
}

enum vt_code vt_register_open_read(const char *directory, struct vt_register **out,
                                   struct vt_err *err)
{
    return open_register(directory, false, out, err);
}

void vt_register_close(struct vt_register *reg)
{
    while (reg != NULL) {
        struct vt_register *next = reg->next;
        vt_engine_close(reg->engine);
        free(reg->gateway);
        free(reg);
        reg = next;
    }
}

enum vt_code vt_register_backup(struct vt_register *reg, const char *file, struct vt_err *err)
{
    return vt_engine_backup(reg->engine, file, err);
}

/* ---- the end of the chain ---- */

enum vt_code vt_register_tail(struct vt_register *reg, struct vt_tail *out, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = (struct vt_tail){0};
    memcpy(out->chain, reg->first_chain, sizeof(out->chain));
    enum vt_code code = vt_sql_get(
        reg->engine, "SELECT seq, chain FROM record ORDER BY seq DESC LIMIT 1", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row) {
        struct vt_bytes chain = vt_sql_blob(sql, 1);
        out->seq = vt_sql_int(sql, 0);
        if (chain.len == sizeof(out->chain))
            memcpy(out->chain, chain.ptr, sizeof(out->chain));
        else
            code = vt_err_set(err, VT_E_FORMAT, "register: the last record has no chain value");
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_head_now(struct vt_register *reg, int64_t now_utc_secs,
                                  struct vt_register_head *out, struct vt_err *err)
{
    struct vt_tail tail;
    enum vt_code code = vt_register_tail(reg, &tail, err);
    *out = (struct vt_register_head){.seq = tail.seq, .time_utc_secs = now_utc_secs};
    memcpy(out->chain, tail.chain, sizeof(out->chain));
    return code;
}

enum vt_code vt_register_head_keep(struct vt_register *reg, const struct vt_register_head *head,
                                   struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    if (code != VT_OK)
        return code;
    code = vt_sql_get(reg->engine,
                      "INSERT INTO head (id, seq, chain, time_utc_secs, token) VALUES"
                      " ((SELECT coalesce(max(id), 0) + 1 FROM head), ?1, ?2, ?3, ?4)",
                      &sql, err);
    if (code == VT_OK) {
        vt_sql_bind_int(sql, 1, head->seq);
        vt_sql_bind_blob(sql, 2, vt_bytes_of(head->chain, sizeof(head->chain)));
        vt_sql_bind_int(sql, 3, head->time_utc_secs);
        if (head->token.len > 0)
            vt_sql_bind_blob(sql, 4, head->token);
        code = vt_sql_run(sql, err);
    }
    vt_sql_done(sql);
    if (code == VT_OK)
        return vt_engine_commit(reg->engine, err);
    vt_engine_rollback(reg->engine);
    return code;
}

/* ---- rows as entries ---- */

bool vt_entry_read(struct vt_sql *sql, struct vt_register_entry *out)
{
    struct vt_bytes reference = vt_sql_blob(sql, 2), digest = vt_sql_blob(sql, 4),
                    chain = vt_sql_blob(sql, 5);
    *out = (struct vt_register_entry){.gateway = "",
                                      .seq = vt_sql_int(sql, 0),
                                      .kind = (enum vt_register_kind)vt_sql_int(sql, 1),
                                      .time_utc_secs = vt_sql_int(sql, 3),
                                      .is_destroyed = vt_sql_is_null(sql, 7),
                                      .salt = vt_sql_blob(sql, 6),
                                      .body = vt_sql_blob(sql, 7)};
    out->reference = vt_sql_text(sql, 2);
    if (digest.len != sizeof(out->body_digest) || chain.len != sizeof(out->chain))
        return false;
    memcpy(out->body_digest, digest.ptr, sizeof(out->body_digest));
    memcpy(out->chain, chain.ptr, sizeof(out->chain));
    return out->kind >= VT_REGISTER_DECIDED && out->kind < VT_REGISTER_KINDS &&
           reference.len == strlen(out->reference) &&
           (reference.len == 0 || reference.len == VT_REFERENCE_BYTES - 1) &&
           (out->is_destroyed || out->salt.len == VT_SALT_BYTES);
}
