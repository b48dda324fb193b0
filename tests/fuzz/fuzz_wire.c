/* SPDX-License-Identifier: Apache-2.0
 * Fuzz target: any bytes from a role that was taken over, as what the others read of it. The first
 * byte says as what. What is accepted can be written again, and is derived as the registrar does.
 */
#include <stdint.h>
#include <stdlib.h>

#include "register/body.h"
#include "register/claims.h"
#include "register/derive.h"
#include "register/messages.h"
#include "vanthu/object.h"
#include "vanthu/status.h"

#define ARENA_BYTES ((size_t)96 * 1024 * 1024)
#define LOOKED_COUNT 2

static enum vt_code take_row(void *context, const struct vt_row *row, struct vt_err *err)
{
    enum vt_claim claim;
    struct vt_value values[VT_CLAIM_COLUMNS];
    (void)err;
    if (row->count > VT_MAX_COLUMNS)
        abort();
    if (vt_claim_of_row(row, "1831-0927-5569", &claim, values))
        (void)vt_claim_is_sound(claim, values, 0, INT64_MAX);
    ++*(size_t *)context;
    return VT_OK;
}

static void derive(struct vt_arena *arena, const struct vt_register_record *record)
{
    const struct vt_derivation derivation = {.record = record, .decided_seq = 1, .arena = arena};
    size_t count = 0;
    struct vt_err err;
    enum vt_code code = vt_derive(&derivation, take_row, &count, &err);
    (void)code;
}

/* A body of each kind; one that was read is written, and read again as the same. */
static void as_body(struct vt_arena *arena, struct vt_bytes body, enum vt_register_kind kind)
{
    struct vt_register_record record = {
        .kind = kind, .reference = "1831-0927-5569", .time_utc_secs = 1800000000, .seq = 2};
    struct vt_register_record again = record;
    struct vt_buf first, second;
    vt_buf_init(&first, VT_MAX_REGISTER_BODY_BYTES);
    vt_buf_init(&second, VT_MAX_REGISTER_BODY_BYTES);
    if (vt_body_read(arena, body, &record, NULL) != VT_OK)
        return;
    derive(arena, &record);
    if (vt_body_write(&record, &first, NULL) == VT_OK) {
        enum vt_code code = vt_body_read(arena, vt_buf_bytes(&first), &again, NULL);
        if (code == VT_E_FORMAT)
            abort();
        if (code == VT_OK && (vt_body_write(&again, &second, NULL) == VT_E_FORMAT ||
                              !vt_bytes_equal(vt_buf_bytes(&first), vt_buf_bytes(&second))))
            abort();
    }
    vt_buf_clear(&first);
    vt_buf_clear(&second);
}

static void as_message(struct vt_arena *arena, struct vt_bytes text)
{
    struct vt_look look;
    struct vt_looked looked;
    struct vt_register_record head, *answers = NULL;
    struct vt_register_head chain;
    size_t count = 0, len = 0;
    char *json = NULL;
    if (vt_look_from_json(arena, text, &look, NULL) == VT_OK &&
        vt_look_to_json(&look, &json, &len, NULL) == VT_OK)
        free(json);
    json = NULL;
    if (vt_looked_from_json(arena, text, LOOKED_COUNT, &looked, NULL) == VT_OK &&
        vt_looked_to_json(&looked, LOOKED_COUNT, &json, &len, NULL) == VT_OK)
        free(json);
    if (vt_record_head_from_json(arena, text, &head, NULL) == VT_OK && head.reference == NULL)
        abort();
    if (vt_head_from_json(text, &chain, NULL) == VT_OK && chain.seq < 0)
        abort();
    if (vt_answers_from_json(arena, text, &answers, &count, NULL) == VT_OK &&
        count > VT_MAX_ANSWERS)
        abort();
}

static void as_objects(struct vt_arena *arena, struct vt_bytes file)
{
    struct vt_object *objects = NULL;
    size_t count = 0, total = 0;
    if (vt_objects_read(arena, file, &objects, &count, NULL) != VT_OK)
        return;
    for (size_t i = 0; i < count; i++)
        total += objects[i].bytes.len;
    if (count > VT_MAX_OBJECTS || total > file.len)
        abort();
}

static void as_status(struct vt_arena *arena, struct vt_bytes text)
{
    struct vt_known known;
    struct vt_wants wants;
    enum vt_code code = vt_known_from_json(arena, text, &known, NULL);
    if (code != VT_OK)
        code = vt_wants_from_json(arena, text, &wants, NULL);
    (void)code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vt_arena *arena = size > 0 ? vt_arena_new(ARENA_BYTES) : NULL;
    if (arena == NULL)
        return 0;
    struct vt_bytes bytes = vt_bytes_of(data + 1, size - 1);
    if (data[0] > '0' && data[0] < '0' + VT_REGISTER_KINDS)
        as_body(arena, bytes, (enum vt_register_kind)(data[0] - '0'));
    else if (data[0] == 'm')
        as_message(arena, bytes);
    else if (data[0] == 'o')
        as_objects(arena, bytes);
    else
        as_status(arena, bytes);
    vt_arena_free(arena);
    return 0;
}
