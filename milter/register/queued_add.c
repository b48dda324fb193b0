/* SPDX-License-Identifier: Apache-2.0
 * Into the queue of notices with the record that owes them, and out of it when they are old. */
#include <string.h>

#include "register/body.h"
#include "register/derive.h"
#include "register/notices.h"
#include "register/queued.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define DAY_SECS INT64_C(86400)

struct addition {
    struct vt_register *reg;
    const struct vt_register_record *record;
    struct vt_arena *arena;
    struct vt_err *err;
    size_t index; /* of the notice */
    struct vt_bytes matter;
    /* The row that tells of the matter already; 0: there is none. */
    int64_t other_id;
    bool other_waits;
    int64_t other_created_utc_secs;
};

/* A row that still waits tells of this mail too; one that does not, if it may not be told of
 * again. */
static enum vt_code find_other(struct addition *a)
{
    const struct vt_register_notice *notice = &a->record->notices[a->index];
    int64_t now = a->record->time_utc_secs;
    struct vt_sql *sql = NULL;
    bool has_row = false;
    a->other_id = 0;
    enum vt_code code = vt_sql_get(
        a->reg->engine,
        "SELECT id, CASE WHEN state = 'waiting' THEN 1 ELSE 0 END, created_utc_secs FROM notice "
        "WHERE matter = ?1"
        " AND state NOT IN ('joined', 'unanswered') AND (state = 'waiting'"
        " OR (created_utc_secs > ?2 AND created_utc_secs < ?3)) ORDER BY id DESC LIMIT 1",
        &sql, a->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, a->matter);
    vt_sql_bind_int(sql, 2, now - notice->once_secs);
    vt_sql_bind_int(sql, 3, now + notice->once_secs);
    code = vt_sql_step(sql, &has_row, a->err);
    if (code == VT_OK && has_row) {
        a->other_id = vt_sql_int(sql, 0);
        a->other_waits = vt_sql_int(sql, 1) != 0;
        a->other_created_utc_secs = vt_sql_int(sql, 2);
    }
    vt_sql_done(sql);
    return code;
}

/* The row that is joined waits for another quiet time, but not for ever. */
static enum vt_code extend_other(const struct addition *a)
{
    int64_t quiet = a->record->notices[a->index].quiet_secs;
    int64_t next = a->record->time_utc_secs + quiet;
    int64_t latest = a->other_created_utc_secs + VT_MAX_NOTICE_QUIET_SECS;
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(a->reg->engine,
                                   "UPDATE notice SET next_utc_secs = ?2 WHERE id = ?1"
                                   " AND next_utc_secs < ?2",
                                   &sql, a->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, a->other_id);
    vt_sql_bind_int(sql, 2, next < latest ? next : latest);
    code = vt_sql_run(sql, a->err);
    vt_sql_done(sql);
    return code;
}

/* Whom the limits are about: "a+1@x.vn" and "a+2@x.vn" are one mailbox to most servers
 * (RFC 5233). */
static char *mailbox_of(struct vt_arena *arena, const char *recipient)
{
    char *address = vt_arena_str(arena, vt_derive_address(arena, recipient));
    char *plus = address != NULL ? strchr(address, '+') : NULL;
    const char *at = plus != NULL ? strrchr(plus, '@') : NULL;
    if (at != NULL && plus > address)
        memmove(plus, at, strlen(at) + 1);
    return address;
}

static void bind_row(struct vt_sql *sql, const struct addition *a, const char *kind,
                     const char *recipient, const char *address)
{
    const struct vt_register_record *record = a->record;
    const struct vt_register_notice *notice = &record->notices[a->index];
    const char *domain = vt_address_domain(address);
    bool is_joined = a->other_id != 0;
    vt_sql_bind_int(sql, 1, record->seq * VT_QUEUED_IDS_PER_RECORD + (int64_t)a->index);
    vt_sql_bind_int(sql, 2, record->seq);
    vt_sql_bind_blob(sql, 3, a->matter);
    vt_sql_bind_text(sql, 4, vt_bytes_str(kind));
    vt_sql_bind_text(sql, 5, vt_bytes_str(recipient));
    vt_sql_bind_text(sql, 6, vt_bytes_str(address));
    if (domain != NULL)
        vt_sql_bind_text(sql, 7, vt_bytes_str(domain));
    else
        vt_sql_bind_null(sql, 7);
    vt_sql_bind_text(sql, 8, vt_bytes_str(record->reference));
    vt_sql_bind_text(
        sql, 9,
        vt_bytes_str(vt_queued_state_name(is_joined ? VT_QUEUED_JOINED : VT_QUEUED_WAITING)));
    if (is_joined)
        vt_sql_bind_int(sql, 10, a->other_id);
    else
        vt_sql_bind_null(sql, 10);
    vt_sql_bind_int(sql, 11, record->time_utc_secs);
    vt_sql_bind_int(sql, 12, record->time_utc_secs + (is_joined ? 0 : notice->quiet_secs));
    vt_sql_bind_int(sql, 13, notice->quiet_secs);
    vt_sql_bind_int(sql, 14, notice->once_secs);
}

static enum vt_code insert(const struct addition *a)
{
    const struct vt_register_notice *notice = &a->record->notices[a->index];
    struct vt_sql *sql = NULL;
    const char *kind = vt_derive_clean(a->arena, notice->kind);
    const char *recipient = vt_derive_clean(a->arena, notice->recipient);
    const char *address = mailbox_of(a->arena, notice->recipient);
    if (kind == NULL || recipient == NULL || address == NULL)
        return vt_err_set(a->err, VT_E_NOMEM, "register: no memory for a notice");
    enum vt_code code = vt_sql_get(
        a->reg->engine,
        "INSERT INTO notice (id, seq, matter, kind, recipient, address, domain, reference, state,"
        " joined, created_utc_secs, next_utc_secs, quiet_secs, once_secs, attempts) VALUES (?1,"
        " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0)",
        &sql, a->err);
    if (code != VT_OK)
        return code;
    bind_row(sql, a, kind, recipient, address);
    code = vt_sql_run(sql, a->err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code add_one(struct addition *a)
{
    char matter[65];
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    enum vt_code code = vt_register_matter(a->arena, &a->record->notices[a->index], matter, a->err);
    if (code == VT_OK)
        code = vt_chain_unhex(matter, digest);
    a->matter = vt_bytes_of(digest, sizeof(digest));
    if (code == VT_OK)
        code = find_other(a);
    if (code == VT_OK && a->other_id != 0 && a->other_waits)
        code = extend_other(a);
    return code == VT_OK ? insert(a) : code;
}

enum vt_code vt_queued_add(struct vt_register *reg, const struct vt_register_record *record,
                           struct vt_err *err)
{
    bool is_secret = record->kind == VT_REGISTER_DECIDED && vt_body_is_secret(record->decided);
    struct addition addition = {.reg = reg, .record = record, .err = err};
    enum vt_code code = VT_OK;
    if (record->notices_count == 0 || is_secret)
        return VT_OK;
    addition.arena = vt_arena_new(ARENA_BYTES);
    if (addition.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for notices");
    for (; addition.index < record->notices_count && code == VT_OK; addition.index++)
        code = add_one(&addition);
    vt_arena_free(addition.arena);
    return code;
}

/* ---- forgetting ---- */

static enum vt_code run_number(struct vt_register *reg, const char *text, int64_t number,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(reg->engine, text, &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, number);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_queued_forget_record(struct vt_register *reg, int64_t seq, struct vt_err *err)
{
    return run_number(reg, "DELETE FROM notice WHERE seq = ?1", seq, err);
}

enum vt_code vt_queued_forget_old(struct vt_register *reg, int64_t now_utc_secs, struct vt_err *err)
{
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    if (code != VT_OK)
        return code;
    code = run_number(reg,
                      "UPDATE notice SET message = NULL WHERE message IS NOT NULL"
                      " AND state NOT IN ('waiting', 'ready', 'sending') AND done_utc_secs < ?1",
                      now_utc_secs - VT_QUEUED_MESSAGE_DAYS * DAY_SECS, err);
    if (code == VT_OK)
        code = run_number(reg,
                          "DELETE FROM notice WHERE created_utc_secs < ?1"
                          " AND state NOT IN ('waiting', 'ready', 'sending')",
                          now_utc_secs - VT_QUEUED_ROW_DAYS * DAY_SECS, err);
    if (code == VT_OK)
        return vt_engine_commit(reg->engine, err);
    vt_engine_rollback(reg->engine);
    return code;
}

/* ---- verifying ---- */

static bool row_fits(struct vt_arena *arena, const struct vt_register_record *record,
                     struct vt_sql *row)
{
    char matter[65], stored[65] = "";
    int64_t index = vt_sql_int(row, 0) - record->seq * VT_QUEUED_IDS_PER_RECORD;
    struct vt_bytes bytes = vt_sql_blob(row, 3);
    if (index < 0 || index >= (int64_t)record->notices_count ||
        bytes.len != VT_REGISTER_DIGEST_BYTES)
        return false;
    const struct vt_register_notice *notice = &record->notices[index];
    (void)vt_text_hex(stored, bytes);
    return vt_register_matter(arena, notice, matter, NULL) == VT_OK &&
           strcmp(matter, stored) == 0 && strcmp(vt_sql_text(row, 1), notice->kind) == 0 &&
           strcmp(vt_sql_text(row, 2), notice->recipient) == 0;
}

enum vt_code vt_queued_fits(struct vt_register *reg, struct vt_arena *arena,
                            const struct vt_register_record *record, bool *out_fits,
                            struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = true;
    *out_fits = true;
    enum vt_code code = vt_sql_get(
        reg->engine, "SELECT id, kind, recipient, matter FROM notice WHERE seq = ?1", &sql, err);
    if (code == VT_OK)
        vt_sql_bind_int(sql, 1, record->seq);
    while (code == VT_OK && has_row && *out_fits) {
        code = vt_sql_step(sql, &has_row, err);
        if (code == VT_OK && has_row)
            *out_fits = row_fits(arena, record, sql);
    }
    vt_sql_done(sql);
    return code;
}
