/* SPDX-License-Identifier: Apache-2.0
 * The objects of a record: each is kept once, by the digest that is computed here. One that comes
 * without its bytes is one the register has, or one that is missing, and the record says so. */
#include <string.h>

#include "register/body.h"
#include "register/internal.h"

static enum vt_code name_object(struct vt_register_object *object, struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    if (object->bytes.len == 0)
        return VT_OK;
    if (object->bytes.len > VT_MAX_CRL_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "register: an object of %zu bytes", object->bytes.len);
    if (vt_chain_sha256(object->bytes, digest) != VT_OK)
        return vt_err_set(err, VT_E_INTERNAL, "register: no digest");
    (void)vt_text_hex(object->sha256, vt_bytes_of(digest, sizeof(digest)));
    object->size_bytes = (int64_t)object->bytes.len;
    object->is_kept = true;
    return VT_OK;
}

static enum vt_code look_up(struct vt_register *reg, struct vt_register_object *object,
                            struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    if (vt_chain_unhex(object->sha256, digest) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: an object has no digest");
    enum vt_code code =
        vt_sql_get(reg->engine, "SELECT length(bytes) FROM object WHERE digest = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(digest, sizeof(digest)));
    code = vt_sql_step(sql, &has_row, err);
    object->is_kept = code == VT_OK && has_row;
    if (object->is_kept)
        object->size_bytes = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

size_t vt_register_objects_of(const struct vt_register_record *record,
                              struct vt_register_object **out)
{
    bool is_mail = record->kind == VT_REGISTER_DECIDED && !vt_body_is_secret(record->decided);
    bool is_event = record->kind == VT_REGISTER_EVENT;
    *out = is_mail ? record->decided->objects : is_event ? record->event->objects : NULL;
    return is_mail ? record->decided->objects_count : is_event ? record->event->objects_count : 0;
}

enum vt_code vt_register_name_objects(struct vt_register *reg,
                                      const struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_object *objects = NULL;
    size_t count = vt_register_objects_of(record, &objects);
    enum vt_code code = VT_OK;
    if (count > VT_MAX_REGISTER_OBJECTS)
        return vt_err_set(err, VT_E_LIMIT, "register: %zu objects with one record", count);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = objects[i].bytes.len > 0 ? name_object(&objects[i], err)
                                        : look_up(reg, &objects[i], err);
    return code;
}

static enum vt_code keep_object(struct vt_register *reg, const struct vt_register_object *object,
                                int64_t seq, struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(reg->engine,
                                   "INSERT INTO object (digest, kind, bytes, first_seq)"
                                   " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                                   &sql, err);
    if (code == VT_OK)
        code = vt_chain_unhex(object->sha256, digest);
    if (code == VT_OK) {
        vt_sql_bind_blob(sql, 1, vt_bytes_of(digest, sizeof(digest)));
        vt_sql_bind_text(sql, 2, vt_bytes_str(object->kind != NULL ? object->kind : ""));
        vt_sql_bind_blob(sql, 3, object->bytes);
        vt_sql_bind_int(sql, 4, seq);
        code = vt_sql_run(sql, err);
    }
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_keep_objects(struct vt_register *reg,
                                      const struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_object *objects = NULL;
    size_t count = vt_register_objects_of(record, &objects);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        if (objects[i].bytes.len > 0)
            code = keep_object(reg, &objects[i], record->seq, err);
    }
    return code;
}
