/* SPDX-License-Identifier: Apache-2.0
 * The JSON forms of what is known and what is wanted: how they travel between roles. Certificates
 * are base64 of their DER. Every array has a maximum, because the other side may have been taken
 * over. */
#include <stdlib.h>
#include <string.h>

#include "evidence/record_json.h"
#include "status/der_json.h"
#include "vanthu/status.h"

/* A published generation, and what one mail's own wants brought (status and issuers of the paths
 * of all its signatures). */
#define MAX_FACTS 20000
#define MAX_ISSUERS 1000
#define MAX_FIRST_SEEN 2000
#define MAX_WANTS 2000

#define FACT(key_name, member, field_kind)                                                         \
    {                                                                                              \
        .key = key_name, .kind = VT_FIELD_##field_kind,                                            \
        .offset = offsetof(struct vt_status_fact, member)                                          \
    }

static const char *const origin_names[] = {"embedded", "given", "fetched"};
static const struct vt_words origin_words = {origin_names, 3};

static const struct vt_field fact_fields[] = {
    FACT("issuer_key", issuer_key_sha256, DIGEST),
    FACT("serial", serial, STRING),
    {.key = "value",
     .kind = VT_FIELD_WORD,
     .offset = offsetof(struct vt_status_fact, value),
     .words = &vt_words_status},
    FACT("source", source, STRING),
    {.key = "from",
     .kind = VT_FIELD_WORD,
     .offset = offsetof(struct vt_status_fact, from),
     .words = &origin_words},
    FACT("origin", origin, STRING),
    FACT("data_sha256", data_sha256, DIGEST),
    FACT("this_update", this_update_utc_secs, TIME),
    FACT("next_update", next_update_utc_secs, TIME),
    FACT("revoked_at", revoked_at_utc_secs, TIME),
    FACT("reason", revocation_reason, STRING),
    FACT("invalid_since", invalid_since_utc_secs, TIME),
    FACT("produced_at", produced_at_utc_secs, TIME),
    FACT("responder_name", responder_name, STRING),
    FACT("source_down", source_down, BOOL),
    FACT("keeps_expired_since", keeps_expired_since_utc_secs, TIME),
    FACT("finding", finding, STRING),
};

static const struct vt_record fact_record = {fact_fields,
                                             sizeof(fact_fields) / sizeof(fact_fields[0]),
                                             sizeof(struct vt_status_fact), SIZE_MAX};

static const struct vt_field first_seen_fields[] = {
    {.key = "digest",
     .kind = VT_FIELD_DIGEST,
     .offset = offsetof(struct vt_first_seen, digest_sha256)},
    {.key = "time", .kind = VT_FIELD_TIME, .offset = offsetof(struct vt_first_seen, time_utc_secs)},
};

static const struct vt_record first_seen_record = {
    first_seen_fields, sizeof(first_seen_fields) / sizeof(first_seen_fields[0]),
    sizeof(struct vt_first_seen), SIZE_MAX};

#define RECORDS(type, key_name, member, its_record, most)                                          \
    {                                                                                              \
        .key = key_name, .kind = VT_FIELD_RECORDS, .offset = offsetof(struct type, member),        \
        .count_offset = offsetof(struct type, member##_count), .record = &(its_record),            \
        .max = (most)                                                                              \
    }
#define STRINGS(type, key_name, member, most)                                                      \
    {                                                                                              \
        .key = key_name, .kind = VT_FIELD_STRINGS, .offset = offsetof(struct type, member),        \
        .count_offset = offsetof(struct type, member##_count), .max = (most)                       \
    }

static const struct vt_field known_fields[] = {
    RECORDS(vt_known, "facts", facts, fact_record, MAX_FACTS),
    RECORDS(vt_known, "first_seen", first_seen, first_seen_record, MAX_FIRST_SEEN),
    STRINGS(vt_known, "no_issuer_of", no_issuer_of, MAX_ISSUERS),
};

static const struct vt_record known_record = {known_fields,
                                              sizeof(known_fields) / sizeof(known_fields[0]),
                                              sizeof(struct vt_known), SIZE_MAX};

static const struct vt_field wants_fields[] = {
    STRINGS(vt_wants, "first_seen", first_seen, MAX_FIRST_SEEN),
};

static const struct vt_record wants_record = {wants_fields,
                                              sizeof(wants_fields) / sizeof(wants_fields[0]),
                                              sizeof(struct vt_wants), SIZE_MAX};

/* ---- certificates ---- */

static json_t *ders_to_json(const struct vt_bytes *ders, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < count; i++) {
        if (json_array_append_new(array, vt_der_to_json(ders[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static enum vt_code ders_from_json(struct vt_arena *arena, const json_t *array,
                                   struct vt_bytes **out, size_t *out_count, struct vt_err *err)
{
    size_t count = json_array_size(array);
    if (count == 0)
        return VT_OK;
    if (count > MAX_ISSUERS)
        return vt_err_set(err, VT_E_LIMIT, "JSON: more than %d certificates", MAX_ISSUERS);
    *out = vt_arena_alloc(arena, count * sizeof(**out));
    if (*out == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for JSON");
    for (size_t i = 0; i < count; i++) {
        enum vt_code code = vt_der_from_json(arena, json_array_get(array, i), &(*out)[i], err);
        if (code != VT_OK)
            return code;
    }
    *out_count = count;
    return VT_OK;
}

/* ---- known ---- */

/* The record form knows no bytes: responders are put beside. */
static int responders_to_json(json_t *root, const struct vt_known *known)
{
    int failed = 0;
    json_t *facts = json_object_get(root, "facts");
    for (size_t i = 0; i < known->facts_count; i++) {
        if (known->facts[i].responder.len > 0)
            failed |= json_object_set_new(json_array_get(facts, i), "responder",
                                          vt_der_to_json(known->facts[i].responder));
    }
    return failed;
}

static enum vt_code responders_from_json(struct vt_arena *arena, const json_t *root,
                                         struct vt_known *known, struct vt_err *err)
{
    const json_t *facts = json_object_get(root, "facts");
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < known->facts_count; i++) {
        const json_t *responder = json_object_get(json_array_get(facts, i), "responder");
        if (responder != NULL && !json_is_null(responder))
            code = vt_der_from_json(arena, responder, &known->facts[i].responder, err);
    }
    return code;
}

enum vt_code vt_known_to_json(const struct vt_known *known, char **out_text, size_t *out_len,
                              struct vt_err *err)
{
    json_t *root = vt_record_to_json(&known_record, known);
    if (root != NULL &&
        (responders_to_json(root, known) |
         json_object_set_new(root, "issuers",
                             ders_to_json(known->issuers, known->issuers_count))) != 0) {
        json_decref(root);
        root = NULL;
    }
    return vt_json_text(root, 0, VT_MAX_KNOWN_BYTES, out_text, out_len, err);
}

enum vt_code vt_known_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_known *out,
                                struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_known){0};
    enum vt_code code = vt_json_object(json, VT_MAX_KNOWN_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    code = vt_record_from_json(arena, &known_record, root, out, err);
    if (code == VT_OK)
        code = ders_from_json(arena, json_object_get(root, "issuers"), &out->issuers,
                              &out->issuers_count, err);
    if (code == VT_OK)
        code = responders_from_json(arena, root, out, err);
    json_decref(root);
    if (code != VT_OK)
        *out = (struct vt_known){0};
    return code;
}

/* ---- wants ---- */

static json_t *statuses_to_json(const struct vt_wants *wants)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < wants->status_count; i++) {
        json_t *item =
            json_pack("{s:o, s:o}", "certificate", vt_der_to_json(wants->status[i].certificate),
                      "issuer", vt_der_to_json(wants->status[i].issuer));
        if (item == NULL || json_array_append_new(array, item) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

enum vt_code vt_wants_to_json(const struct vt_wants *wants, char **out_text, size_t *out_len,
                              struct vt_err *err)
{
    json_t *root = vt_record_to_json(&wants_record, wants);
    bool ok = root != NULL && json_object_set_new(root, "status", statuses_to_json(wants)) == 0 &&
              json_object_set_new(root, "issuer_of",
                                  ders_to_json(wants->issuer_of, wants->issuer_of_count)) == 0;
    if (!ok) {
        json_decref(root);
        root = NULL;
    }
    return vt_json_text(root, 0, VT_MAX_WANTS_BYTES, out_text, out_len, err);
}

static enum vt_code statuses_from_json(struct vt_arena *arena, const json_t *array,
                                       struct vt_wants *out, struct vt_err *err)
{
    size_t count = json_array_size(array);
    if (count == 0)
        return VT_OK;
    if (count > MAX_WANTS)
        return vt_err_set(err, VT_E_LIMIT, "JSON: more than %d statuses are wanted", MAX_WANTS);
    out->status = vt_arena_alloc(arena, count * sizeof(*out->status));
    if (out->status == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for JSON");
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(array, i);
        enum vt_code code = vt_der_from_json(arena, json_object_get(item, "certificate"),
                                             &out->status[i].certificate, err);
        if (code == VT_OK)
            code = vt_der_from_json(arena, json_object_get(item, "issuer"), &out->status[i].issuer,
                                    err);
        if (code != VT_OK)
            return code;
    }
    out->status_count = count;
    return VT_OK;
}

enum vt_code vt_wants_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_wants *out,
                                struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_wants){0};
    enum vt_code code = vt_json_object(json, VT_MAX_WANTS_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    code = vt_record_from_json(arena, &wants_record, root, out, err);
    if (code == VT_OK)
        code = statuses_from_json(arena, json_object_get(root, "status"), out, err);
    if (code == VT_OK)
        code = ders_from_json(arena, json_object_get(root, "issuer_of"), &out->issuer_of,
                              &out->issuer_of_count, err);
    json_decref(root);
    if (code != VT_OK)
        *out = (struct vt_wants){0};
    return code;
}
