/* SPDX-License-Identifier: Apache-2.0
 * The registers of many gateways in one database, as register handles. */
#include "register/central.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECT_MSECS 10000
/* Gateways of one office: beyond this the list is something else. */
#define MAX_GATEWAYS 256
#define MAX_LIST_BYTES (256u * 1024)

/* libpq takes no password from a file that others may read, and does not say so. */
static enum vt_code check_passfile(const PQconninfoOption *options, struct vt_err *err)
{
    struct stat status;
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "passfile") == 0 && o->val != NULL && stat(o->val, &status) == 0 &&
            (status.st_mode & 077) != 0)
            return vt_err_set(err, VT_E_CONFIG,
                              "%.160s is open to others than its owner: nobody reads a password "
                              "from it (chmod 0600)",
                              o->val);
    }
    return VT_OK;
}

enum vt_code vt_central_check(const char *connection, struct vt_err *err)
{
    char *text = NULL;
    PQconninfoOption *options = PQconninfoParse(connection, &text);
    enum vt_code code = VT_OK;
    if (options == NULL) {
        char clean[160];
        (void)vt_text_clean(clean, sizeof(clean),
                            vt_bytes_of(text, text != NULL ? strcspn(text, "\n") : 0));
        code = vt_err_set(err, VT_E_CONFIG, "not a connection to PostgreSQL: %s",
                          text != NULL ? clean : "no memory");
    }
    PQfreemem(text);
    if (code == VT_OK)
        code = check_passfile(options, err);
    PQconninfoFree(options);
    return code;
}

static bool names_file(const char *word)
{
    static const char *const words[] = {"passfile",    "sslcert", "sslkey",
                                        "sslrootcert", "sslcrl",  "sslcrldir"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

enum vt_code vt_central_files(struct vt_arena *arena, const char *connection,
                              const char *const **out, size_t *out_count, struct vt_err *err)
{
    const char **files = NULL;
    enum vt_code code = vt_central_check(connection, err);
    *out = NULL;
    *out_count = 0;
    if (code != VT_OK)
        return code;
    PQconninfoOption *options = PQconninfoParse(connection, NULL);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL && code == VT_OK; o++) {
        if (!names_file(o->keyword) || o->val == NULL || o->val[0] != '/')
            continue;
        const char **grown = vt_arena_grow(arena, files, *out_count, sizeof(*files));
        const char *copy = grown != NULL ? vt_arena_str(arena, o->val) : NULL;
        if (copy == NULL) {
            code = vt_err_set(err, VT_E_NOMEM, "register: no memory");
            break;
        }
        files = grown;
        files[(*out_count)++] = copy;
    }
    PQconninfoFree(options);
    *out = files;
    return code;
}

/* ---- opening ---- */

static enum vt_code wrap(const struct vt_postgres_link *link,
                         const struct vt_postgres_gateway *gateway, bool for_writing,
                         struct vt_register **out, struct vt_err *err)
{
    struct vt_register *reg = calloc(1, sizeof(*reg));
    if (reg == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    enum vt_code code = vt_engine_open_postgres(link, gateway, for_writing, &reg->engine, err);
    if (code == VT_OK)
        code = vt_register_read_id(reg, err);
    if (code == VT_OK) {
        reg->gateway = strdup(gateway->name);
        code = reg->gateway != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "register: no memory");
    }
    if (code == VT_OK)
        *out = reg;
    else
        vt_register_close(reg);
    return code;
}

enum vt_code vt_central_open_write(const struct vt_postgres_link *link, struct vt_bytes id,
                                   const char *name, struct vt_register **out, struct vt_err *err)
{
    const struct vt_postgres_gateway gateway = {.id = id, .name = name};
    return wrap(link, &gateway, true, out, err);
}

struct list {
    struct vt_arena *arena;
    struct vt_postgres_gateway *gateways;
    size_t count;
};

static enum vt_code add_gateway(struct list *list, struct vt_sql *sql, struct vt_err *err)
{
    struct vt_bytes id = vt_sql_blob(sql, 0);
    struct vt_postgres_gateway *grown =
        vt_arena_grow(list->arena, list->gateways, list->count, sizeof(*grown));
    void *copy = grown != NULL ? vt_arena_dup(list->arena, id.ptr, id.len) : NULL;
    const char *name = copy != NULL ? vt_arena_str(list->arena, vt_sql_text(sql, 1)) : NULL;
    if (name == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for the gateways");
    list->gateways = grown;
    if (id.len == VT_REGISTER_ID_BYTES && list->count < MAX_GATEWAYS)
        list->gateways[list->count++] =
            (struct vt_postgres_gateway){.id = vt_bytes_of(copy, id.len), .name = name};
    return VT_OK;
}

static enum vt_code read_list(const struct vt_postgres_link *link, struct list *list,
                              struct vt_err *err)
{
    struct vt_engine *engine = NULL;
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_engine_open_postgres(link, NULL, false, &engine, err);
    if (code == VT_OK)
        code = vt_sql_new(engine, "SELECT id, name FROM gateway ORDER BY name, id", &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        code = add_gateway(list, sql, err);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    vt_engine_close(engine);
    return code;
}

enum vt_code vt_central_open_read(const char *connection, struct vt_register **out,
                                  struct vt_err *err)
{
    const struct vt_postgres_link link = {
        .connection = connection, .connect_msecs = CONNECT_MSECS, .interrupt_fd = -1};
    struct list list = {.arena = vt_arena_new(MAX_LIST_BYTES)};
    struct vt_register *first = NULL, **end = &first;
    enum vt_code code = VT_OK;
    if (list.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory");
    code = read_list(&link, &list, err);
    for (size_t i = 0; i < list.count && code == VT_OK; i++) {
        code = wrap(&link, &list.gateways[i], false, end, err);
        end = code == VT_OK ? &(*end)->next : end;
    }
    if (code == VT_OK && first == NULL)
        code = vt_err_set(err, VT_E_NOT_FOUND,
                          "register: no gateway has shipped to the central database yet");
    if (code == VT_OK)
        *out = first;
    else
        vt_register_close(first);
    vt_arena_free(list.arena);
    return code;
}

struct vt_register *vt_register_next(const struct vt_register *reg)
{
    return reg->next;
}

const char *vt_register_gateway(const struct vt_register *reg)
{
    return reg->gateway != NULL ? reg->gateway : "";
}

bool vt_register_is_same(const struct vt_register *a, const struct vt_register *b)
{
    return memcmp(a->id, b->id, sizeof(a->id)) == 0;
}

enum vt_code vt_register_head_at(struct vt_register *reg, int64_t seq, struct vt_register_head *out,
                                 struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out = (struct vt_register_head){.seq = seq, .time_utc_secs = VT_TIME_NONE};
    memcpy(out->chain, reg->first_chain, sizeof(out->chain));
    if (seq == 0)
        return VT_OK;
    enum vt_code code = vt_sql_get(
        reg->engine, "SELECT chain, time_utc_secs FROM record WHERE seq = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    code = vt_sql_step(sql, &has_row, err);
    struct vt_bytes chain = has_row ? vt_sql_blob(sql, 0) : (struct vt_bytes){0};
    if (code == VT_OK && !has_row)
        code = vt_err_set(err, VT_E_NOT_FOUND, "register: there is no record %lld", (long long)seq);
    else if (code == VT_OK && chain.len != sizeof(out->chain))
        code = vt_err_set(err, VT_E_FORMAT, "register: record %lld is damaged", (long long)seq);
    if (code == VT_OK) {
        memcpy(out->chain, chain.ptr, sizeof(out->chain));
        out->time_utc_secs = vt_sql_int(sql, 1);
    }
    vt_sql_done(sql);
    return code;
}
