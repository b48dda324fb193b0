/* SPDX-License-Identifier: Apache-2.0
 * Many records, one commit. */
#include "register/batch.h"

#include <stdlib.h>
#include <string.h>

#include "register/body.h"
#include "register/messages.h"
#include "vanthu/log.h"

/* Evidence of VT_MAX_EVIDENCE_BYTES and a long decision, as structs. */
#define RECORD_ARENA_BYTES ((size_t)96 * 1024 * 1024)

enum vt_code vt_batch_new(struct vt_batch *batch, size_t largest_object_bytes, struct vt_err *err)
{
    *batch = (struct vt_batch){
        .largest_object_bytes = largest_object_bytes,
        .records = calloc(VT_MAX_REGISTER_BATCH, sizeof(*batch->records)),
        .items = calloc(VT_MAX_REGISTER_BATCH, sizeof(*batch->items)),
    };
    if (batch->records != NULL && batch->items != NULL)
        return VT_OK;
    vt_batch_free(batch);
    return vt_err_set(err, VT_E_NOMEM, "register: no memory for a batch");
}

static void clear_item(struct vt_batch_item *item)
{
    for (size_t i = 0; i < VT_MAX_RECORD_OBJECTS_FILES; i++)
        vt_memfd_unmap(item->objects[i]);
    vt_arena_free(item->arena);
}

void vt_batch_clear(struct vt_batch *batch)
{
    for (size_t i = 0; batch->items != NULL && i < batch->count; i++)
        clear_item(&batch->items[i]);
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

/* ---- objects ---- */

/* The objects of a record as they are gathered. */
struct gathered {
    enum vt_register_kind of;
    struct vt_register_object *items;
    size_t count;
    size_t left_bytes; /* that are still kept of this file */
};

static bool is_of_record(const struct gathered *gathered, const struct vt_object *object)
{
    return gathered->of == VT_REGISTER_EVENT
               ? object->kind == VT_OBJECT_POLICY
               : object->kind >= VT_OBJECT_CERTIFICATE && object->kind <= VT_OBJECT_TIMESTAMP;
}

/* Those of one file behind those before. Where one came without its bytes and another has them,
 * those are taken. */
static void add_objects(const struct vt_batch *batch, const struct vt_object *found, size_t count,
                        bool are_lists, struct gathered *gathered)
{
    for (size_t i = 0; i < count; i++) {
        const struct vt_object *object = &found[i];
        size_t at = 0;
        if (!is_of_record(gathered, object) || (object->kind == VT_OBJECT_CRL) != are_lists)
            continue;
        while (at < gathered->count && memcmp(gathered->items[at].sha256, object->sha256, 64) != 0)
            at++;
        struct vt_register_object *out = &gathered->items[at];
        bool is_new = at == gathered->count;
        if (is_new)
            *out = (struct vt_register_object){.kind = vt_object_kind_name(object->kind),
                                               .from = object->from,
                                               .size_bytes = object->size_bytes};
        if (is_new)
            memcpy(out->sha256, object->sha256, sizeof(out->sha256));
        gathered->count += is_new;
        if (out->bytes.len == 0 && object->bytes.len <= batch->largest_object_bytes &&
            object->bytes.len <= gathered->left_bytes) {
            out->bytes = object->bytes;
            gathered->left_bytes -= object->bytes.len;
        }
        if (object->size_bytes > 0)
            out->size_bytes = object->size_bytes;
    }
}

/* How much of a file is kept. What a mail brought along is in the first one, written by whoever
 * read that mail: of it not more than one object may have. What the status role fetched is in the
 * second, and no sender can make that up. A policy is an administrator's. */
static size_t bytes_to_keep(const struct vt_batch *batch, const struct gathered *gathered,
                            size_t file)
{
    if (gathered->of == VT_REGISTER_EVENT)
        return SIZE_MAX;
    return batch->has_no_room ? 0 : file == 0 ? batch->largest_object_bytes : SIZE_MAX;
}

/* A record is not kept from being made by what comes with it: a file that is none is left out.
 * Lists of revoked certificates come last: they are large, and what is small is not there twice. */
static void take_objects(struct vt_batch *batch, struct vt_arena *arena,
                         const struct vt_message *message, struct gathered *gathered,
                         struct vt_bytes maps[VT_MAX_RECORD_OBJECTS_FILES])
{
    struct vt_err err = {0};
    size_t files_count = message->fds_count - 1;
    gathered->items =
        vt_arena_alloc(arena, files_count * VT_MAX_OBJECTS * sizeof(*gathered->items));
    for (size_t i = 0; gathered->items != NULL && i < files_count; i++) {
        struct vt_object *found = NULL;
        size_t count = 0;
        enum vt_code code = vt_memfd_map(
            message->fds[1 + i], VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES, &maps[i], &err);
        if (code == VT_OK)
            code = vt_objects_read(arena, maps[i], &found, &count, &err);
        gathered->left_bytes = bytes_to_keep(batch, gathered, i);
        if (code == VT_OK) {
            add_objects(batch, found, count, false, gathered);
            add_objects(batch, found, count, true, gathered);
        } else {
            vt_log(VT_LOG_WARNING, "objects of a record are not kept: %s", err.text);
        }
        batch->bytes += maps[i].len;
    }
}

/* ---- taking ---- */

static void add(struct vt_batch *batch, const struct vt_register_record *record, int client,
                int64_t now_utc_secs)
{
    batch->records[batch->count] = *record;
    batch->records[batch->count].time_utc_secs = now_utc_secs;
    batch->items[batch->count++] = (struct vt_batch_item){
        .client = client, .decided = record->kind == VT_REGISTER_DECIDED ? record->decided : NULL};
}

/* What nobody's clock vouches for proves no time; of objects only those that came along count. */
static void complete_decided(struct vt_batch *batch, struct vt_arena *arena,
                             const struct vt_message *message, int64_t now_utc_secs,
                             struct vt_register_decided *decided,
                             struct vt_bytes maps[VT_MAX_RECORD_OBJECTS_FILES])
{
    struct gathered gathered = {.of = VT_REGISTER_DECIDED};
    decided->clock_is_synchronised = vt_clock_is_sane(now_utc_secs) && vt_clock_is_synchronised();
    if (message->fds_count > 1 && !vt_body_is_secret(decided))
        take_objects(batch, arena, message, &gathered, maps);
    decided->objects = gathered.items;
    decided->objects_count = gathered.count;
}

static enum vt_code complete_event(struct vt_batch *batch, struct vt_arena *arena,
                                   const struct vt_message *message,
                                   struct vt_register_record *record,
                                   struct vt_bytes maps[VT_MAX_RECORD_OBJECTS_FILES])
{
    struct gathered gathered = {.of = VT_REGISTER_EVENT};
    struct vt_register_event *event = vt_arena_alloc(arena, sizeof(*event));
    if (event == NULL)
        return VT_E_NOMEM;
    *event = *record->event;
    if (message->fds_count > 1)
        take_objects(batch, arena, message, &gathered, maps);
    event->objects = gathered.items;
    event->objects_count = gathered.count;
    record->event = event;
    return VT_OK;
}

static enum vt_code take_record(struct vt_batch *batch, struct vt_arena *arena,
                                const struct vt_message *message, int client, int64_t now_utc_secs,
                                struct vt_err *err)
{
    struct vt_register_record record;
    struct vt_bytes body, maps[VT_MAX_RECORD_OBJECTS_FILES] = {{0}};
    if (message->fds_count < 1 || message->fds_count > 1 + VT_MAX_RECORD_OBJECTS_FILES)
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
    if (record.kind == VT_REGISTER_DECIDED)
        complete_decided(batch, arena, message, now_utc_secs, record.decided, maps);
    else if (record.kind == VT_REGISTER_EVENT &&
             complete_event(batch, arena, message, &record, maps) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a record");
    add(batch, &record, client, now_utc_secs);
    memcpy(batch->items[batch->count - 1].objects, maps, sizeof(maps));
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
    if (message->type != VT_MSG_RECORD && message->fds_count > 0) {
        vt_arena_free(arena);
        return vt_err_set(err, VT_E_FORMAT, "register: answers came with descriptors");
    }
    enum vt_code code = message->type == VT_MSG_RECORD
                            ? take_record(batch, arena, message, client, now_utc_secs, err)
                            : take_answers(batch, arena, message, now_utc_secs, err);
    if (code == VT_OK && batch->count > first)
        batch->items[first].arena = arena;
    else
        vt_arena_free(arena);
    return code;
}

char *vt_batch_missing(const struct vt_batch *batch, size_t item)
{
    const struct vt_batch_item *of = &batch->items[item];
    const struct vt_register_decided *decided = of->decided;
    json_t *array = decided != NULL && decided->objects_count > 0 ? json_array() : NULL;
    for (size_t i = 0; array != NULL && i < decided->objects_count; i++) {
        const struct vt_register_object *object = &decided->objects[i];
        if (!object->is_kept && json_array_size(array) < VT_MAX_TOLD_MISSING)
            (void)json_array_append_new(array, json_string(object->sha256));
    }
    json_t *root = json_array_size(array) > 0 ? json_pack("{s:O}", "missing", array) : NULL;
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    json_decref(array);
    return text;
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
