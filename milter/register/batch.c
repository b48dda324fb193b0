/* SPDX-License-Identifier: Apache-2.0
 * Many records, one commit. */
#include "register/batch.h"

#include <stdlib.h>
#include <string.h>

#include "register/body.h"
#include "register/messages.h"

/* Evidence of VT_MAX_EVIDENCE_BYTES and a long decision, as structs. */
#define RECORD_ARENA_BYTES ((size_t)96 * 1024 * 1024)

enum vt_code vt_batch_new(struct vt_batch *batch, struct vt_err *err)
{
    *batch = (struct vt_batch){
        .records = calloc(VT_MAX_REGISTER_BATCH, sizeof(*batch->records)),
        .items = calloc(VT_MAX_REGISTER_BATCH, sizeof(*batch->items)),
    };
    if (batch->records != NULL && batch->items != NULL)
        return VT_OK;
    vt_batch_free(batch);
    return vt_err_set(err, VT_E_NOMEM, "register: no memory for a batch");
}

void vt_batch_clear(struct vt_batch *batch)
{
    for (size_t i = 0; batch->items != NULL && i < batch->count; i++)
        vt_arena_free(batch->items[i].arena);
    batch->count = batch->bytes = 0;
}

void vt_batch_free(struct vt_batch *batch)
{
    vt_batch_clear(batch);
    free(batch->records);
    free(batch->items);
    *batch = (struct vt_batch){0};
}

bool vt_batch_has_room(const struct vt_batch *batch)
{
    return batch->count + VT_MAX_ANSWERS <= VT_MAX_REGISTER_BATCH && batch->bytes < VT_BATCH_BYTES;
}

static void add(struct vt_batch *batch, const struct vt_register_record *record, int client,
                int64_t now_utc_secs)
{
    batch->records[batch->count] = *record;
    batch->records[batch->count].time_utc_secs = now_utc_secs;
    batch->items[batch->count++] = (struct vt_batch_item){.client = client};
}

static enum vt_code take_record(struct vt_batch *batch, struct vt_arena *arena,
                                const struct vt_message *message, int client, int64_t now_utc_secs,
                                struct vt_err *err)
{
    struct vt_register_record record;
    struct vt_bytes body;
    if (message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "register: a record came without its body");
    enum vt_code code = vt_record_head_from_json(
        arena, vt_bytes_of(message->body, message->body_len), &record, err);
    if (code == VT_OK)
        code = vt_memfd_map(message->fds[0], VT_MAX_REGISTER_BODY_BYTES, &body, err);
    if (code != VT_OK)
        return code;
    code = vt_body_read(arena, body, &record, err);
    size_t bytes = body.len;
    vt_memfd_unmap(body);
    if (code != VT_OK)
        return code;
    /* What nobody's clock vouches for proves no time. */
    if (record.kind == VT_REGISTER_DECIDED) {
        record.decided->clock_is_synchronised =
            vt_clock_is_sane(now_utc_secs) && vt_clock_is_synchronised();
        record.decided->objects_count = 0;
    }
    add(batch, &record, client, now_utc_secs);
    batch->bytes += bytes;
    return VT_OK;
}

static enum vt_code take_answers(struct vt_batch *batch, struct vt_arena *arena,
                                 const struct vt_message *message, int64_t now_utc_secs,
                                 struct vt_err *err)
{
    struct vt_register_record *records = NULL;
    size_t count = 0;
    enum vt_code code = vt_answers_from_json(arena, vt_bytes_of(message->body, message->body_len),
                                             &records, &count, err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        add(batch, &records[i], -1, now_utc_secs);
    return code;
}

enum vt_code vt_batch_take(struct vt_batch *batch, const struct vt_message *message, int client,
                           int64_t now_utc_secs, struct vt_err *err)
{
    size_t first = batch->count;
    struct vt_arena *arena = vt_arena_new(RECORD_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a record");
    enum vt_code code = message->type == VT_MSG_RECORD
                            ? take_record(batch, arena, message, client, now_utc_secs, err)
                            : take_answers(batch, arena, message, now_utc_secs, err);
    if (code == VT_OK && batch->count > first)
        batch->items[first].arena = arena;
    else
        vt_arena_free(arena);
    return code;
}

/* ---- committing ---- */

/* A registrar that died after a commit is asked again by the same gateway for the same mail. */
static enum vt_code find_decided(struct vt_register *reg, const struct vt_register_record *record,
                                 bool *out_is_done, struct vt_err *err)
{
    int64_t seq = 0;
    bool is_secret = false;
    *out_is_done = false;
    if (record->kind != VT_REGISTER_DECIDED)
        return VT_OK;
    enum vt_code code =
        vt_register_decided_of(reg, record->reference, INT64_MAX, &seq, &is_secret, err);
    *out_is_done = code == VT_OK && seq > 0;
    return code;
}

/* Those that are left, moved together; places[i] is the item of the i-th. */
static size_t gather(struct vt_batch *batch, struct vt_register *reg, size_t *places)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct vt_batch_item *item = &batch->items[i];
        if (find_decided(reg, &batch->records[i], &item->is_done, &item->err) != VT_OK ||
            item->is_done)
            continue;
        places[count] = i;
        batch->records[count++] = batch->records[i];
    }
    return count;
}

/* One of them is not taken: which one is found by trying each. */
static void commit_each(struct vt_batch *batch, struct vt_register *reg, const size_t *places,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vt_batch_item *item = &batch->items[places[i]];
        item->is_done = vt_register_append(reg, &batch->records[i], 1, &item->err) == VT_OK;
    }
}

static bool is_fault_of_one(enum vt_code code)
{
    return code == VT_E_FORMAT || code == VT_E_LIMIT || code == VT_E_INTERNAL;
}

void vt_batch_commit(struct vt_batch *batch, struct vt_register *reg)
{
    size_t places[VT_MAX_REGISTER_BATCH];
    struct vt_err err = {0};
    size_t count = gather(batch, reg, places);
    if (count == 0)
        return;
    enum vt_code code = vt_register_append(reg, batch->records, count, &err);
    if (code != VT_OK && count > 1 && is_fault_of_one(code)) {
        commit_each(batch, reg, places, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        batch->items[places[i]].is_done = code == VT_OK;
        batch->items[places[i]].err = err;
    }
}
