/* SPDX-License-Identifier: Apache-2.0
 * Retention: bodies and objects that are old enough are destroyed in small batches, each with the
 * record that names them. First-seen times, notice keys and what a mail was answered stay: they are
 * digests and words, and others still rely on them. */
#include <string.h>

#include "register/body.h"
#include "register/derive.h"
#include "register/internal.h"
#include "register/queued.h"

#define DAY_SECS INT64_C(86400)
/* Mails of one batch: with what follows them they stay below VT_MAX_DESTROYED. */
#define BATCH_MAILS 100
#define BATCH_OBJECTS 100

/* What one batch destroys. */
struct batch {
    int64_t targets[VT_MAX_DESTROYED];
    size_t targets_count;
    char objects[BATCH_OBJECTS][65];
    const char *object_texts[BATCH_OBJECTS];
    size_t objects_count;
};

/* ---- what is old enough ---- */

/* Answers and clerk's words about mails of the batch; an exception in force stays. */
static enum vt_code add_followers(struct vt_register *reg, int64_t now_utc_secs, int64_t seq,
                                  struct batch *batch, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(
        reg->engine,
        "SELECT f.seq FROM record d JOIN record f ON f.reference = d.reference"
        " WHERE d.seq = ?1 AND d.reference <> '' AND f.kind IN (2, 3, 4, 6, 7) AND f.body IS NOT "
        "NULL"
        " AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.seq = f.seq AND e.until_utc_secs > ?2)",
        &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    vt_sql_bind_int(sql, 2, now_utc_secs);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && batch->targets_count < VT_MAX_DESTROYED) {
        batch->targets[batch->targets_count++] = vt_sql_int(sql, 0);
        code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code add_numbers(struct vt_sql *sql, struct batch *batch, struct vt_err *err)
{
    bool has_row = false;
    enum vt_code code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row && batch->targets_count < VT_MAX_DESTROYED) {
        batch->targets[batch->targets_count++] = vt_sql_int(sql, 0);
        code = vt_sql_step(sql, &has_row, err);
    }
    return code;
}

static enum vt_code collect_mails(struct vt_register *reg, enum vt_register_class class,
                                  int64_t now_utc_secs, int64_t before_utc_secs, size_t limit,
                                  struct batch *batch, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code =
        vt_sql_get(reg->engine,
                   "SELECT m.seq FROM mail m WHERE m.class = ?1 AND m.time_utc_secs < ?2"
                   " ORDER BY m.time_utc_secs LIMIT ?3",
                   &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_text(sql, 1, vt_bytes_str(vt_register_class_name(class)));
    vt_sql_bind_int(sql, 2, before_utc_secs);
    vt_sql_bind_int(sql, 3, limit < BATCH_MAILS ? (int64_t)limit : BATCH_MAILS);
    code = add_numbers(sql, batch, err);
    vt_sql_done(sql);
    size_t mails_count = batch->targets_count;
    for (size_t i = 0; i < mails_count && code == VT_OK; i++)
        code = add_followers(reg, now_utc_secs, batch->targets[i], batch, err);
    return code;
}

/* What follows a mail that has no body any more, or never had a record. */
static enum vt_code collect_orphans(struct vt_register *reg, enum vt_register_kind kind,
                                    int64_t now_utc_secs, int64_t before_utc_secs, size_t limit,
                                    struct batch *batch, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(
        reg->engine,
        "SELECT r.seq FROM record r WHERE r.kind = ?1 AND r.time_utc_secs < ?2"
        " AND r.body IS NOT NULL AND NOT EXISTS (SELECT 1 FROM record d JOIN mail m ON m.seq = "
        "d.seq"
        " WHERE d.reference = r.reference AND d.kind = 1) AND NOT EXISTS (SELECT 1 FROM exception e"
        " WHERE e.seq = r.seq AND e.until_utc_secs > ?3) ORDER BY r.time_utc_secs LIMIT ?4",
        &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, kind);
    vt_sql_bind_int(sql, 2, before_utc_secs);
    vt_sql_bind_int(sql, 3, now_utc_secs);
    vt_sql_bind_int(sql, 4, limit < BATCH_MAILS ? (int64_t)limit : BATCH_MAILS);
    code = add_numbers(sql, batch, err);
    vt_sql_done(sql);
    return code;
}

static enum vt_code collect_objects(struct vt_register *reg, int64_t before_utc_secs, size_t limit,
                                    struct batch *batch, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    enum vt_code code = vt_sql_get(
        reg->engine,
        "SELECT o.digest FROM object o JOIN record b ON b.seq = o.first_seq"
        " WHERE b.time_utc_secs < ?1 AND NOT EXISTS (SELECT 1 FROM record_object u"
        " JOIN record r ON r.seq = u.seq WHERE u.digest = o.digest AND r.time_utc_secs >= ?1)"
        " LIMIT ?2",
        &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, before_utc_secs);
    vt_sql_bind_int(sql, 2, limit < BATCH_OBJECTS ? (int64_t)limit : BATCH_OBJECTS);
    code = vt_sql_step(sql, &has_row, err);
    while (code == VT_OK && has_row) {
        size_t i = batch->objects_count++;
        vt_text_hex(batch->objects[i], vt_sql_blob(sql, 0));
        batch->object_texts[i] = batch->objects[i];
        code = vt_sql_step(sql, &has_row, err);
    }
    vt_sql_done(sql);
    return code;
}

/* ---- destroying ---- */

static enum vt_code destroy_record(struct vt_register *reg, int64_t seq, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    enum vt_code code = vt_sql_get(
        reg->engine, "UPDATE record SET salt = NULL, body = NULL WHERE seq = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    if (code == VT_OK)
        code = vt_queued_forget_record(reg, seq, err);
    return code == VT_OK ? vt_table_forget(reg->engine, seq, err) : code;
}

static enum vt_code destroy_object(struct vt_register *reg, const char *sha256, struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    struct vt_sql *sql = NULL;
    if (vt_chain_unhex(sha256, digest) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "register: an object has no digest");
    enum vt_code code = vt_sql_get(reg->engine, "DELETE FROM object WHERE digest = ?1", &sql, err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_blob(sql, 1, vt_bytes_of(digest, sizeof(digest)));
    code = vt_sql_run(sql, err);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_register_destroy(struct vt_register *reg,
                                 const struct vt_register_destroyed *destroyed, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < destroyed->targets_count && code == VT_OK; i++)
        code = destroy_record(reg, destroyed->targets[i], err);
    for (size_t i = 0; i < destroyed->objects_count && code == VT_OK; i++)
        code = destroy_object(reg, destroyed->objects_sha256[i], err);
    return code;
}

/* The record that names them, then they. */
static enum vt_code destroy_batch(struct vt_register *reg, const struct batch *batch,
                                  const char *class_name, int64_t now_utc_secs, struct vt_err *err)
{
    struct vt_register_destroyed destroyed = {.why = "retention",
                                              .class_name = class_name,
                                              .targets = batch->targets,
                                              .targets_count = batch->targets_count,
                                              .objects_sha256 = batch->object_texts,
                                              .objects_count = batch->objects_count};
    struct vt_register_record record = {.kind = VT_REGISTER_DESTROYED,
                                        .reference = "",
                                        .time_utc_secs = now_utc_secs,
                                        .destroyed = &destroyed};
    struct vt_tail tail;
    enum vt_code code = vt_register_tail(reg, &tail, err);
    if (code == VT_OK)
        code = vt_register_append_one(reg, &tail, &record, err);
    return code == VT_OK ? vt_register_destroy(reg, &destroyed, err) : code;
}

/* What is destroyed by one kind of batch. */
enum collection { MAILS, ORPHANS, OBJECTS };
struct job {
    enum collection collection;
    enum vt_register_class class;
    enum vt_register_kind kind;
    const char *class_name;
    unsigned days;
};

static enum vt_code collect(struct vt_register *reg, const struct job *job, int64_t now_utc_secs,
                            size_t limit, struct batch *batch, struct vt_err *err)
{
    int64_t before = now_utc_secs - job->days * DAY_SECS;
    if (job->collection == MAILS)
        return collect_mails(reg, job->class, now_utc_secs, before, limit, batch, err);
    if (job->collection == ORPHANS)
        return collect_orphans(reg, job->kind, now_utc_secs, before, limit, batch, err);
    return collect_objects(reg, before, limit, batch, err);
}

/* One batch in one transaction. *out_count: 0 when nothing was left. */
static enum vt_code run_batch(struct vt_register *reg, const struct job *job, int64_t now_utc_secs,
                              size_t limit, size_t *out_count, struct vt_err *err)
{
    struct batch batch = {.targets_count = 0};
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    if (code != VT_OK)
        return code;
    code = collect(reg, job, now_utc_secs, limit, &batch, err);
    size_t count = batch.targets_count + batch.objects_count;
    if (code == VT_OK && count > 0)
        code = destroy_batch(reg, &batch, job->class_name, now_utc_secs, err);
    if (code == VT_OK && count > 0)
        code = vt_engine_commit(reg->engine, err);
    else
        vt_engine_rollback(reg->engine);
    *out_count = code == VT_OK ? count : 0;
    return code;
}

static enum vt_code run_job(struct vt_register *reg, const struct job *job, int64_t now_utc_secs,
                            size_t max, size_t *out_count, struct vt_err *err)
{
    size_t done = 0, count = 1;
    enum vt_code code = VT_OK;
    while (job->days > 0 && count > 0 && done < max && code == VT_OK) {
        code = run_batch(reg, job, now_utc_secs, max - done, &count, err);
        done += count;
    }
    *out_count += done;
    return code;
}

/* Defer clocks that no retry will ask for, and exceptions of other gateways that ended then. */
static enum vt_code forget_defer_clocks(struct vt_register *reg, int64_t before_utc_secs,
                                        struct vt_err *err)
{
    static const char *const texts[] = {"DELETE FROM defer_clock WHERE last_utc_secs < ?1",
                                        "DELETE FROM peer_defer_clock WHERE first_utc_secs < ?1",
                                        "DELETE FROM peer_exception WHERE until_utc_secs < ?1"};
    enum vt_code code = vt_engine_begin(reg->engine, true, err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == VT_OK; i++) {
        struct vt_sql *sql = NULL;
        code = vt_sql_get(reg->engine, texts[i], &sql, err);
        if (code == VT_OK) {
            vt_sql_bind_int(sql, 1, before_utc_secs);
            code = vt_sql_run(sql, err);
        }
        vt_sql_done(sql);
    }
    if (code == VT_OK)
        return vt_engine_commit(reg->engine, err);
    vt_engine_rollback(reg->engine);
    return code;
}

enum vt_code vt_register_retain(struct vt_register *reg, int64_t now_utc_secs,
                                const struct vt_register_retention *retention, size_t max_records,
                                size_t *out_count, struct vt_err *err)
{
    const unsigned *days = retention->days;
    struct job jobs[VT_RETAIN_CLASSES + 4] = {0};
    size_t jobs_count = 0, records_count = 0, objects_count = 0;
    for (unsigned i = 0; i < VT_RETAIN_CLASSES; i++)
        jobs[jobs_count++] =
            (struct job){MAILS, (enum vt_register_class)i, VT_REGISTER_DECIDED,
                         vt_register_class_name((enum vt_register_class)i), days[i]};
    jobs[jobs_count++] = (struct job){ORPHANS, VT_RETAIN_PASSED, VT_REGISTER_ANSWERED, "passed",
                                      days[VT_RETAIN_PASSED]};
    jobs[jobs_count++] = (struct job){ORPHANS, VT_RETAIN_REFUSED, VT_REGISTER_OVERRULED, "refused",
                                      days[VT_RETAIN_REFUSED]};
    jobs[jobs_count++] = (struct job){ORPHANS, VT_RETAIN_REFUSED, VT_REGISTER_REFUSED, "refused",
                                      days[VT_RETAIN_REFUSED]};
    jobs[jobs_count++] = (struct job){ORPHANS, VT_RETAIN_REFUSED, VT_REGISTER_NOTICE, "refused",
                                      days[VT_RETAIN_REFUSED]};
    const struct job objects = {OBJECTS, VT_RETAIN_CLASSES, VT_REGISTER_KINDS, "objects",
                                retention->objects_days};
    enum vt_code code = VT_OK;
    *out_count = 0;
    for (size_t i = 0; i < jobs_count && code == VT_OK && records_count < max_records; i++)
        code =
            run_job(reg, &jobs[i], now_utc_secs, max_records - records_count, &records_count, err);
    if (code == VT_OK)
        code = run_job(reg, &objects, now_utc_secs, max_records, &objects_count, err);
    if (code == VT_OK)
        code = vt_queued_forget_old(reg, now_utc_secs, err);
    if (code == VT_OK && retention->defer_days > 0)
        code = forget_defer_clocks(reg, now_utc_secs - retention->defer_days * DAY_SECS, err);
    *out_count = records_count + objects_count;
    /* A reader that is busy delays this until the next time. */
    enum vt_code scrubbed =
        *out_count > 0 && code == VT_OK ? vt_engine_scrub(reg->engine, err) : VT_OK;
    return scrubbed == VT_E_BUSY ? code : code != VT_OK ? code : scrubbed;
}
