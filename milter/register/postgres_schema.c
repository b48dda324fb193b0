/* SPDX-License-Identifier: Apache-2.0
 * The central database: a schema "vanthu" with the list of gateways, and for each gateway one
 * schema whose tables are those of its own register. So each chain is whole in itself, two gateways
 * never wait for each other, and each can be upgraded on its own day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register/chain.h"
#include "register/postgres.h"
#include "register/schema.h"

#define MAX_SCRIPT_BYTES (256u * 1024)
/* "vanthu": taken while schemas are made, so that two gateways that start make one list. */
#define LOCK_KEY "128039834743925"

void vt_postgres_schema_name(char out[VT_POSTGRES_SCHEMA_BYTES], struct vt_bytes id)
{
    char hex[2 * VT_REGISTER_ID_BYTES + 1];
    (void)vt_text_hex(hex, vt_bytes_slice(id, 0, VT_REGISTER_ID_BYTES));
    (void)snprintf(out, VT_POSTGRES_SCHEMA_BYTES, "vanthu_%s", hex);
}

/* The first column of the only row; *out is -1 without one. */
static enum vt_code ask_number(struct vt_postgres *pg, const char *text, int64_t *out,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = -1;
    enum vt_code code = vt_sql_new(&pg->engine, text, &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out = vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

/* ---- session ---- */

static enum vt_code configure(struct vt_postgres *pg, const char *schema, struct vt_err *err)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "SET search_path = %s, pg_temp; SET lock_timeout = %d;"
                   "SET default_transaction_isolation = 'read committed';"
                   "SET standard_conforming_strings = on; SET synchronous_commit = on%s",
                   schema, VT_ENGINE_BUSY_MSECS,
                   pg->engine.is_writer ? "" : "; SET default_transaction_read_only = on");
    return vt_postgres_script(pg, text, err);
}

/* ---- the list of gateways ---- */

static enum vt_code has_list(struct vt_postgres *pg, bool *out, struct vt_err *err)
{
    int64_t has = 0;
    enum vt_code code =
        ask_number(pg, "SELECT to_regclass('vanthu.gateway') IS NOT NULL", &has, err);
    *out = has == 1;
    return code;
}

static enum vt_code make_list(struct vt_postgres *pg, struct vt_err *err)
{
    bool is_there = false;
    enum vt_code code = has_list(pg, &is_there, err);
    if (code != VT_OK || is_there)
        return code;
    return vt_postgres_script(pg,
                              "CREATE SCHEMA vanthu;"
                              "COMMENT ON SCHEMA vanthu IS 'registers of vanthu(1)';"
                              "CREATE TABLE vanthu.gateway (id BYTEA PRIMARY KEY,"
                              " name TEXT NOT NULL, schema_name TEXT NOT NULL UNIQUE,"
                              " since TIMESTAMPTZ NOT NULL DEFAULT now())",
                              err);
}

static enum vt_code enter_gateway(struct vt_postgres *pg, const struct vt_postgres_gateway *gateway,
                                  struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code =
        vt_sql_get(&pg->engine,
                   "INSERT INTO vanthu.gateway (id, name, schema_name) VALUES (?1, ?2, ?3)"
                   " ON CONFLICT (id) DO UPDATE SET name = excluded.name"
                   " WHERE gateway.name <> excluded.name",
                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, gateway->id);
    vt_sql_bind_text(sql, 2, vt_bytes_str(gateway->name));
    vt_sql_bind_text(sql, 3, vt_bytes_str(pg->schema));
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

/* ---- versions ---- */

/* 0: no tables yet. */
static enum vt_code read_version(struct vt_postgres *pg, int64_t *out, struct vt_err *err)
{
    char text[160];
    struct vt_sql *sql = NULL;
    bool has_row = false;
    int64_t has = 0;
    *out = 0;
    (void)snprintf(text, sizeof(text), "SELECT to_regclass('%s.meta') IS NOT NULL", pg->schema);
    enum vt_code code = ask_number(pg, text, &has, err);
    if (code != VT_OK || has != 1)
        return code;
    (void)snprintf(text, sizeof(text), "SELECT value FROM %s.meta WHERE key = 'version'",
                   pg->schema);
    code = vt_sql_new(&pg->engine, text, &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row)
        *out = strtoll(vt_sql_text(sql, 0), NULL, 10);
    vt_sql_done(sql);
    if (code == VT_OK && *out < 1)
        return vt_err_set(err, VT_E_FORMAT, "register: the central schema %s has no version",
                          pg->schema);
    if (code == VT_OK && *out > (int64_t)vt_schema_version)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "register: the central database has version %lld for this gateway, this "
                          "program knows %zu",
                          (long long)*out, vt_schema_version);
    return code;
}

static enum vt_code run_steps(struct vt_postgres *pg, int64_t from, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = (size_t)from; i < vt_schema_version; i++) {
        for (const char *const *script = vt_schema_steps[i]; *script != NULL && code == VT_OK;
             script++) {
            struct vt_buf text;
            vt_buf_init(&text, MAX_SCRIPT_BYTES);
            code = vt_schema_for_postgres(*script, &text);
            if (code == VT_OK && text.len > 0)
                code = vt_buf_add(&text, "", 1);
            if (code == VT_OK && text.len > 0)
                code = vt_postgres_script(pg, (const char *)text.ptr, err);
            vt_buf_clear(&text);
        }
    }
    return code;
}

static enum vt_code write_meta(struct vt_postgres *pg, const char *key, struct vt_bytes value,
                               struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(&pg->engine,
                                   "INSERT INTO meta (key, value) VALUES (?1, ?2)"
                                   " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_text(sql, 1, vt_bytes_str(key));
    vt_sql_bind_blob(sql, 2, value);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code migrate(struct vt_postgres *pg, const struct vt_postgres_gateway *gateway,
                            struct vt_err *err)
{
    char text[128], number[24];
    int64_t version = 0;
    enum vt_code code = read_version(pg, &version, err);
    if (code != VT_OK || version == (int64_t)vt_schema_version)
        return code;
    (void)snprintf(text, sizeof(text), "CREATE SCHEMA %s", pg->schema);
    /* An index over millions of records takes its time; whoever wants the process back gets it. */
    int64_t reply_msecs = pg->reply_msecs;
    pg->reply_msecs = 0;
    if (version == 0)
        code = vt_postgres_script(pg, text, err);
    if (code == VT_OK)
        code = run_steps(pg, version, err);
    pg->reply_msecs = reply_msecs;
    (void)snprintf(number, sizeof(number), "%zu", vt_schema_version);
    if (code == VT_OK)
        code = write_meta(pg, "version", vt_bytes_str(number), err);
    return code == VT_OK ? write_meta(pg, "id", gateway->id, err) : code;
}

/* ---- opening ---- */

static enum vt_code open_for_writing(struct vt_postgres *pg,
                                     const struct vt_postgres_gateway *gateway, struct vt_err *err)
{
    enum vt_code code =
        vt_postgres_script(pg, "BEGIN; SELECT pg_advisory_xact_lock(" LOCK_KEY ")", err);
    if (code == VT_OK)
        code = make_list(pg, err);
    if (code == VT_OK)
        code = migrate(pg, gateway, err);
    if (code == VT_OK)
        code = enter_gateway(pg, gateway, err);
    if (code == VT_OK)
        return vt_engine_commit(&pg->engine, err);
    vt_engine_rollback(&pg->engine);
    return code;
}

static enum vt_code open_for_reading(struct vt_postgres *pg, struct vt_err *err)
{
    int64_t version = 0;
    enum vt_code code = read_version(pg, &version, err);
    if (code != VT_OK || version == (int64_t)vt_schema_version)
        return code;
    return version == 0
               ? vt_err_set(err, VT_E_NOT_FOUND,
                            "register: the central database does not have "
                            "this gateway")
               : vt_err_set(err, VT_E_UNSUPPORTED,
                            "register: the central database has version %lld for this gateway and "
                            "is brought to %zu when the gateway ships",
                            (long long)version, vt_schema_version);
}

enum vt_code vt_postgres_open_schema(struct vt_postgres *pg,
                                     const struct vt_postgres_gateway *gateway, struct vt_err *err)
{
    bool is_there = false;
    if (gateway != NULL)
        vt_postgres_schema_name(pg->schema, gateway->id);
    enum vt_code code = configure(pg, gateway != NULL ? pg->schema : "vanthu", err);
    if (code != VT_OK)
        return code;
    if (pg->engine.is_writer && gateway != NULL)
        return open_for_writing(pg, gateway, err);
    code = has_list(pg, &is_there, err);
    if (code == VT_OK && !is_there)
        return vt_err_set(err, VT_E_NOT_FOUND, "register: no gateway has shipped to this database");
    return code == VT_OK && gateway != NULL ? open_for_reading(pg, err) : code;
}
