/* SPDX-License-Identifier: Apache-2.0
 * Notices as they are owed with a record. */
#include "register/notices.h"

#include <string.h>

#include "register/body.h"
#include "register/derive.h"

#define MATTER_ARENA_BYTES ((size_t)1024 * 1024)
#define MAX_MATTER_BYTES ((size_t)256 * 1024)

enum vt_code vt_register_matter(struct vt_arena *arena, const struct vt_register_notice *notice,
                                char out_sha256[65], struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_buf text;
    const char *kind = vt_derive_address(arena, notice->kind);
    const char *recipient = vt_derive_address(arena, notice->recipient);
    if (kind == NULL || recipient == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a notice");
    vt_buf_init(&text, MAX_MATTER_BYTES);
    enum vt_code code = vt_buf_add(&text, notice->key_sha256, strlen(notice->key_sha256));
    if (code == VT_OK)
        code = vt_buf_addf(&text, "\n%.64s\n", kind);
    if (code == VT_OK)
        code = vt_buf_add(&text, recipient, strlen(recipient));
    if (code == VT_OK)
        code = vt_chain_sha256(vt_buf_bytes(&text), digest);
    if (code == VT_OK)
        (void)vt_text_hex(out_sha256, vt_bytes_of(digest, sizeof(digest)));
    vt_buf_clear(&text);
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "register: a notice has no digest");
}

static int64_t within(int64_t secs, int64_t max)
{
    return secs < 0 ? 0 : secs > max ? max : secs;
}

/* Whether this gateway or another had the matter, by a clock that may have been put back since. */
static enum vt_code is_claimed(struct vt_register *reg, const char *matter, int64_t now_utc_secs,
                               int64_t once_secs, bool *out, struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_chain_unhex(matter, digest);
    if (code == VT_OK)
        code = vt_sql_get(reg->engine,
                          "SELECT 1 FROM notice_key WHERE key = ?1 AND time_utc_secs > ?2"
                          " AND time_utc_secs < ?3 UNION ALL"
                          " SELECT 1 FROM peer_notice_key WHERE key = ?1 AND time_utc_secs > ?2"
                          " AND time_utc_secs < ?3 LIMIT 1",
                          &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(digest, sizeof(digest)));
    vt_sql_bind_int(sql, 2, now_utc_secs - once_secs);
    vt_sql_bind_int(sql, 3, now_utc_secs + once_secs);
    code = vt_sql_step(sql, out, err);
    vt_sql_done(sql);
    return code;
}

static bool is_owed_before(char (*matters)[65], size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (memcmp(matters[i], matters[index], 64) == 0)
            return true;
    }
    return false;
}

static enum vt_code claim_one(struct vt_register *reg, struct vt_arena *arena,
                              const struct vt_register_record *record, size_t index,
                              char (*matters)[65], struct vt_err *err)
{
    uint8_t key[VT_REGISTER_DIGEST_BYTES];
    struct vt_register_notice *notice = &record->notices[index];
    bool is_there = false;
    notice->quiet_secs = within(notice->quiet_secs, VT_MAX_NOTICE_QUIET_SECS);
    notice->once_secs = within(notice->once_secs, VT_MAX_NOTICE_ONCE_SECS);
    if (notice->kind == NULL || notice->recipient == NULL || notice->recipient[0] == '\0' ||
        vt_chain_unhex(notice->key_sha256, key) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: a notice without key, kind or recipient");
    enum vt_code code = vt_register_matter(arena, notice, matters[index], err);
    if (code == VT_OK)
        code = is_claimed(reg, matters[index], record->time_utc_secs, notice->once_secs, &is_there,
                          err);
    notice->is_first = code == VT_OK && !is_there && !is_owed_before(matters, index);
    return code;
}

enum vt_code vt_register_claim_notices(struct vt_register *reg,
                                       const struct vt_register_record *record, struct vt_err *err)
{
    char matters[VT_MAX_REGISTER_NOTICES][65];
    bool is_secret = record->kind == VT_REGISTER_DECIDED && vt_body_is_secret(record->decided);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < record->notices_count; i++)
        record->notices[i].is_first = false;
    if (record->notices_count == 0 || is_secret)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(MATTER_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for notices");
    for (size_t i = 0; i < record->notices_count && code == VT_OK; i++)
        code = claim_one(reg, arena, record, i, matters, err);
    vt_arena_free(arena);
    return code;
}
