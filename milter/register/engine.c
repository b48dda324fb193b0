/* SPDX-License-Identifier: Apache-2.0
 * What both engines share: the statements that are kept, and who does what. */
#include "register/engine_backend.h"

#include <assert.h>

#include "vanthu/clock.h"

void vt_engine_close(struct vt_engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->kept_count; i++)
        engine->backend->finish(engine->kept[i]);
    engine->backend->close(engine);
}

/* ---- transactions ---- */

enum vt_code vt_engine_begin(struct vt_engine *engine, bool for_writing, struct vt_err *err)
{
    if (for_writing && !engine->is_writer)
        return vt_err_set(err, VT_E_INTERNAL, "register: opened for reading");
    return engine->backend->begin(engine, for_writing, err);
}

void vt_engine_hurry(struct vt_engine *engine)
{
    engine->hurries = true;
}

enum vt_code vt_engine_commit(struct vt_engine *engine, struct vt_err *err)
{
    engine->hurries = false;
    enum vt_code code = engine->backend->commit(engine, err);
    if (code != VT_OK)
        vt_engine_rollback(engine);
    return code;
}

void vt_engine_rollback(struct vt_engine *engine)
{
    engine->hurries = false;
    engine->backend->rollback(engine);
}

enum vt_code vt_engine_scrub(struct vt_engine *engine, struct vt_err *err)
{
    return engine->backend->scrub(engine, err);
}

enum vt_code vt_engine_check(struct vt_engine *engine, char *out_text, size_t out_bytes,
                             struct vt_err *err)
{
    out_text[0] = '\0';
    return engine->backend->check(engine, out_text, out_bytes, err);
}

enum vt_code vt_engine_backup(struct vt_engine *engine, const char *file, struct vt_err *err)
{
    return engine->backend->backup(engine, file, err);
}

int64_t vt_engine_changes_count(const struct vt_engine *engine)
{
    return engine->backend->changes_count(engine);
}

/* ---- statements ---- */

enum vt_code vt_sql_get(struct vt_engine *engine, const char *text, struct vt_sql **out,
                        struct vt_err *err)
{
    for (size_t i = 0; i < engine->kept_count; i++) {
        if (engine->kept[i]->text == text) {
            *out = engine->kept[i];
            return VT_OK;
        }
    }
    if (engine->kept_count == VT_ENGINE_STATEMENTS)
        return vt_err_set(err, VT_E_INTERNAL, "register: too many statements");
    enum vt_code code = engine->backend->prepare(engine, text, true, out, err);
    if (code != VT_OK)
        return code;
    (*out)->engine = engine;
    (*out)->text = text;
    engine->kept[engine->kept_count++] = *out;
    return VT_OK;
}

enum vt_code vt_sql_new(struct vt_engine *engine, const char *text, struct vt_sql **out,
                        struct vt_err *err)
{
    enum vt_code code = engine->backend->prepare(engine, text, false, out, err);
    if (code == VT_OK)
        (*out)->engine = engine;
    return code;
}

void vt_sql_done(struct vt_sql *sql)
{
    if (sql == NULL)
        return;
    if (sql->text != NULL)
        vt_sql_again(sql);
    else
        sql->engine->backend->finish(sql);
}

void vt_sql_again(struct vt_sql *sql)
{
    sql->engine->backend->again(sql);
}

void vt_sql_bind_int(struct vt_sql *sql, int index, int64_t value)
{
    sql->engine->backend->bind_int(sql, index, value);
}

void vt_sql_bind_text(struct vt_sql *sql, int index, struct vt_bytes text)
{
    sql->engine->backend->bind_text(sql, index, text);
}

void vt_sql_bind_blob(struct vt_sql *sql, int index, struct vt_bytes bytes)
{
    sql->engine->backend->bind_blob(sql, index, bytes);
}

void vt_sql_bind_null(struct vt_sql *sql, int index)
{
    sql->engine->backend->bind_null(sql, index);
}

enum vt_code vt_sql_step(struct vt_sql *sql, bool *out_has_row, struct vt_err *err)
{
    assert(sql != NULL);
    *out_has_row = false;
    return sql->engine->backend->step(sql, out_has_row, err);
}

enum vt_code vt_sql_run(struct vt_sql *sql, struct vt_err *err)
{
    bool has_row = true;
    enum vt_code code = VT_OK;
    if (sql->engine->hurries && sql->engine->backend->queue != NULL) {
        code = sql->engine->backend->queue(sql, err);
        has_row = false;
    }
    while (code == VT_OK && has_row)
        code = vt_sql_step(sql, &has_row, err);
    vt_sql_again(sql);
    return code;
}

bool vt_sql_is_null(struct vt_sql *sql, int column)
{
    return sql->engine->backend->is_null(sql, column);
}

int64_t vt_sql_int(struct vt_sql *sql, int column)
{
    return sql->engine->backend->get_int(sql, column);
}

const char *vt_sql_text(struct vt_sql *sql, int column)
{
    return sql->engine->backend->get_text(sql, column);
}

struct vt_bytes vt_sql_blob(struct vt_sql *sql, int column)
{
    return sql->engine->backend->get_blob(sql, column);
}

int64_t vt_sql_time(struct vt_sql *sql, int column)
{
    return vt_sql_is_null(sql, column) ? VT_TIME_NONE : vt_sql_int(sql, column);
}
