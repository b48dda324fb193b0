/* SPDX-License-Identifier: Apache-2.0
 * Reading bodies back. The file may have been altered, so nothing is believed. */
#include <string.h>

#include "register/body_value.h"
#include "register/names.h"

/* Far above what an answer has. */
#define MAX_ANSWER_LINES 64

/* ---- what several kinds have ---- */

enum vt_code vt_body_read_answer(struct vt_arena *arena, const json_t *answer,
                                 struct vt_register_answer *out, struct vt_err *err)
{
    unsigned outcome = 0;
    enum vt_code code = vt_body_word(answer, "kind", &vt_words_outcome, &outcome, err);
    if (code == VT_OK)
        code = vt_body_text(arena, answer, "code", &out->code, err);
    if (code == VT_OK)
        code = vt_body_text(arena, answer, "enhanced", &out->enhanced, err);
    if (code == VT_OK)
        code = vt_body_text(arena, answer, "hold_reason", &out->hold_reason, err);
    if (code == VT_OK)
        code = vt_body_texts(arena, answer, "lines", MAX_ANSWER_LINES, &out->lines,
                             &out->lines_count, err);
    out->outcome = (enum vt_register_outcome)outcome;
    return code;
}

/* Records of before say nothing of times, and each of theirs was the first. */
static enum vt_code read_notice(struct vt_arena *arena, const json_t *object,
                                struct vt_register_notice *out, struct vt_err *err)
{
    enum vt_code code = vt_body_digest(object, "key", out->key_sha256, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "kind", &out->kind, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "to", &out->recipient, err);
    if (code == VT_OK && (out->kind == NULL || out->recipient == NULL))
        code = vt_body_wrong(err, "notices");
    out->quiet_secs = json_integer_value(json_object_get(object, "quiet"));
    out->once_secs = json_integer_value(json_object_get(object, "once"));
    out->is_first = !json_is_false(json_object_get(object, "first"));
    return code;
}

static enum vt_code read_notices(struct vt_arena *arena, const json_t *array,
                                 struct vt_register_record *out, struct vt_err *err)
{
    size_t count = json_array_size(array);
    if (count > VT_MAX_REGISTER_NOTICES)
        return vt_body_wrong(err, "notices");
    out->notices = vt_arena_alloc(arena, (count + 1) * sizeof(*out->notices));
    if (out->notices == NULL)
        return vt_body_no_memory(err);
    out->notices_count = count;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_notice(arena, json_array_get(array, i), &out->notices[i], err);
    return code;
}

enum vt_code vt_body_read_objects(struct vt_arena *arena, const json_t *array,
                                  struct vt_register_object **out, size_t *out_count,
                                  struct vt_err *err)
{
    size_t count = json_array_size(array);
    if (count > VT_MAX_REGISTER_OBJECTS)
        return vt_body_wrong(err, "objects");
    struct vt_register_object *objects = vt_arena_alloc(arena, (count + 1) * sizeof(*objects));
    if (objects == NULL)
        return vt_body_no_memory(err);
    *out = objects;
    *out_count = count;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        const json_t *object = json_array_get(array, i);
        code = vt_body_digest(object, "sha256", objects[i].sha256, err);
        if (code == VT_OK)
            code = vt_body_text(arena, object, "kind", &objects[i].kind, err);
        objects[i].from =
            vt_object_from_by_name(json_string_value(json_object_get(object, "from")));
        objects[i].size_bytes = json_integer_value(json_object_get(object, "size"));
        objects[i].is_kept = !json_is_false(json_object_get(object, "kept"));
    }
    return code;
}

/* ---- the kinds but a decided mail ---- */

static enum vt_code read_answered(struct vt_arena *arena, const json_t *root,
                                  struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_answered *out = vt_arena_alloc(arena, sizeof(*out));
    if (out == NULL)
        return vt_body_no_memory(err);
    record->answered = out;
    return vt_body_read_answer(arena, json_object_get(root, "answer"), &out->answer, err);
}

static enum vt_code read_overruled(struct vt_arena *arena, const json_t *root,
                                   struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_overruled *out = vt_arena_alloc(arena, sizeof(*out));
    if (out == NULL)
        return vt_body_no_memory(err);
    record->overruled = out;
    enum vt_code code = vt_body_time(root, "until", &out->until_utc_secs, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "why", &out->reason_text, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "by", &out->by, err);
    if (code == VT_OK)
        code = vt_body_texts(arena, root, "documents", VT_MAX_PARTS, &out->documents_sha256,
                             &out->documents_count, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "certificate", &out->certificate_sha256, err);
    return code == VT_OK ? vt_body_reason(root, "reason", &out->reason, err) : code;
}

static enum vt_code read_refused(struct vt_arena *arena, const json_t *root,
                                 struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_refused *out = vt_arena_alloc(arena, sizeof(*out));
    if (out == NULL)
        return vt_body_no_memory(err);
    record->refused = out;
    enum vt_code code = vt_body_text(arena, root, "text", &out->text, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "by", &out->by, err);
    if (code == VT_OK)
        code = vt_body_reason(root, "reason", &out->reason, err);
    return code == VT_OK && out->reason == VT_REASON_COUNT ? vt_body_wrong(err, "reason") : code;
}

static enum vt_code read_event(struct vt_arena *arena, const json_t *root,
                               struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_event *out = vt_arena_alloc(arena, sizeof(*out));
    if (out == NULL)
        return vt_body_no_memory(err);
    record->event = out;
    enum vt_code code = vt_body_text(arena, root, "what", &out->what, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "text", &out->text, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "by", &out->by, err);
    return code == VT_OK ? vt_body_read_objects(arena, json_object_get(root, "objects"),
                                                &out->objects, &out->objects_count, err)
                         : code;
}

static enum vt_code read_destroyed(struct vt_arena *arena, const json_t *root,
                                   struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_destroyed *out = vt_arena_alloc(arena, sizeof(*out));
    const json_t *array = json_object_get(root, "records");
    size_t count = json_array_size(array);
    if (count > VT_MAX_DESTROYED)
        return vt_body_wrong(err, "records");
    int64_t *targets = vt_arena_alloc(arena, (count + 1) * sizeof(*targets));
    if (out == NULL || targets == NULL)
        return vt_body_no_memory(err);
    for (size_t i = 0; i < count; i++)
        targets[i] = json_integer_value(json_array_get(array, i));
    out->targets = targets;
    out->targets_count = count;
    record->destroyed = out;
    enum vt_code code = vt_body_text(arena, root, "why", &out->why, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "class", &out->class_name, err);
    if (code != VT_OK)
        return code;
    return vt_body_texts(arena, root, "objects", VT_MAX_DESTROYED, &out->objects_sha256,
                         &out->objects_count, err);
}

static enum vt_code read_noticed(struct vt_arena *arena, const json_t *root,
                                 struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_noticed *out = vt_arena_alloc(arena, sizeof(*out));
    if (out == NULL)
        return vt_body_no_memory(err);
    const struct {
        const char *key, **text;
    } texts[] = {{"notice", &out->kind}, {"to", &out->recipient}, {"outcome", &out->outcome},
                 {"code", &out->code},   {"text", &out->text},    {"message_id", &out->message_id},
                 {"by", &out->by}};
    enum vt_code code = VT_OK;
    record->noticed = out;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == VT_OK; i++)
        code = vt_body_text(arena, root, texts[i].key, texts[i].text, err);
    if (code == VT_OK && json_object_get(root, "matter") != NULL)
        code = vt_body_digest(root, "matter", out->matter_sha256, err);
    out->id = json_integer_value(json_object_get(root, "id"));
    out->attempts_count = vt_body_unsigned(root, "attempts");
    return code == VT_OK && out->outcome == NULL ? vt_body_wrong(err, "outcome") : code;
}

enum vt_code vt_body_read(struct vt_arena *arena, struct vt_bytes body,
                          struct vt_register_record *record, struct vt_err *err)
{
    json_t *root = NULL;
    enum vt_code code = vt_json_object(body, VT_MAX_REGISTER_BODY_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    const json_t *version = json_object_get(root, "v");
    const char *word = json_string_value(json_object_get(root, "record"));
    if (json_integer_value(version) != VT_BODY_VERSION)
        code = vt_body_wrong(err, "v");
    else if (word == NULL || strcmp(word, vt_register_kind_name(record->kind)) != 0)
        code = vt_body_wrong(err, "record");
    else if (record->kind == VT_REGISTER_DECIDED)
        code = vt_body_read_decided(arena, root, record, err);
    else if (record->kind == VT_REGISTER_ANSWERED)
        code = read_answered(arena, root, record, err);
    else if (record->kind == VT_REGISTER_OVERRULED)
        code = read_overruled(arena, root, record, err);
    else if (record->kind == VT_REGISTER_REFUSED)
        code = read_refused(arena, root, record, err);
    else if (record->kind == VT_REGISTER_DESTROYED)
        code = read_destroyed(arena, root, record, err);
    else if (record->kind == VT_REGISTER_EVENT)
        code = read_event(arena, root, record, err);
    else if (record->kind == VT_REGISTER_NOTICE)
        code = read_noticed(arena, root, record, err);
    if (code == VT_OK)
        code = read_notices(arena, json_object_get(root, "notices"), record, err);
    json_decref(root);
    return code;
}

enum vt_code vt_register_read(struct vt_arena *arena, const struct vt_register_entry *entry,
                              struct vt_register_record *out, struct vt_err *err)
{
    const char *reference = vt_arena_str(arena, entry->reference);
    *out = (struct vt_register_record){.kind = entry->kind,
                                       .reference = reference,
                                       .time_utc_secs = entry->time_utc_secs,
                                       .seq = entry->seq};
    if (reference == NULL)
        return vt_body_no_memory(err);
    if (entry->body.len == 0)
        return vt_err_set(err, VT_E_NOT_FOUND, "register: record %lld has no body",
                          (long long)entry->seq);
    return vt_body_read(arena, entry->body, out, err);
}
