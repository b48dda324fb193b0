/* SPDX-License-Identifier: Apache-2.0
 * What an engine does; its connection and its statements begin with the structs below. */
#ifndef VANTHU_REGISTER_ENGINE_BACKEND_H
#define VANTHU_REGISTER_ENGINE_BACKEND_H

#include "register/engine.h"

#define VT_ENGINE_STATEMENTS 160

/* The functions of engine.h, in its words. */
struct vt_engine_backend {
    void (*close)(struct vt_engine *engine);
    enum vt_code (*begin)(struct vt_engine *engine, bool for_writing, struct vt_err *err);
    enum vt_code (*commit)(struct vt_engine *engine, struct vt_err *err);
    void (*rollback)(struct vt_engine *engine);
    enum vt_code (*scrub)(struct vt_engine *engine, struct vt_err *err);
    enum vt_code (*check)(struct vt_engine *engine, char *out_text, size_t out_bytes,
                          struct vt_err *err);
    enum vt_code (*backup)(struct vt_engine *engine, const char *file, struct vt_err *err);
    int64_t (*changes_count)(const struct vt_engine *engine);

    enum vt_code (*prepare)(struct vt_engine *engine, const char *text, bool is_kept,
                            struct vt_sql **out, struct vt_err *err);
    void (*finish)(struct vt_sql *sql);
    void (*again)(struct vt_sql *sql);
    void (*bind_int)(struct vt_sql *sql, int index, int64_t value);
    void (*bind_text)(struct vt_sql *sql, int index, struct vt_bytes text);
    void (*bind_blob)(struct vt_sql *sql, int index, struct vt_bytes bytes);
    void (*bind_null)(struct vt_sql *sql, int index);
    /* Have it run some time before the next step or commit; NULL: it is run at once. */
    enum vt_code (*queue)(struct vt_sql *sql, struct vt_err *err);
    enum vt_code (*step)(struct vt_sql *sql, bool *out_has_row, struct vt_err *err);
    bool (*is_null)(struct vt_sql *sql, int column);
    int64_t (*get_int)(struct vt_sql *sql, int column);
    const char *(*get_text)(struct vt_sql *sql, int column);
    struct vt_bytes (*get_blob)(struct vt_sql *sql, int column);
};

struct vt_engine {
    const struct vt_engine_backend *backend;
    bool is_writer;
    bool hurries;
    struct vt_sql *kept[VT_ENGINE_STATEMENTS];
    size_t kept_count;
};

struct vt_sql {
    struct vt_engine *engine;
    const char *text; /* NULL: made for once */
};

#endif
