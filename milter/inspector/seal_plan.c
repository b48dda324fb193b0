/* SPDX-License-Identifier: Apache-2.0
 * The plan of a seal as JSON. */
#include "inspector/seal_plan.h"

#include <string.h>

#include "seal/messages.h"
#include "vanthu/evidence.h"

#define MAX_KEY_BYTES 200

json_t *vt_seal_identity_to_json(const struct vt_seal_identity *identity, int64_t time_utc_secs)
{
    return json_pack("{s:s, s:o, s:i, s:i, s:I}", "key", identity->key, "chain",
                     vt_seal_bytes_to_json(identity->chain), "scheme", (int)identity->scheme,
                     "hash", (int)identity->hash, "time", (json_int_t)time_utc_secs);
}

enum vt_code vt_seal_identity_from_json(struct vt_arena *arena, const json_t *body,
                                        const struct vt_seal_identity **out,
                                        int64_t *out_time_utc_secs, struct vt_err *err)
{
    struct vt_seal_identity *identity = vt_arena_alloc(arena, sizeof(*identity));
    const char *key = json_string_value(json_object_get(body, "key"));
    json_int_t scheme = json_integer_value(json_object_get(body, "scheme"));
    json_int_t hash = json_integer_value(json_object_get(body, "hash"));
    if (identity == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the plan of a seal");
    if (key == NULL || strlen(key) > MAX_KEY_BYTES || scheme < 0 || scheme >= VT_SEAL_SCHEMES ||
        hash < 0 || hash >= VT_SEAL_HASHES || !json_is_integer(json_object_get(body, "time")))
        return vt_err_set(err, VT_E_FORMAT, "the plan of a seal is malformed");
    identity->key = vt_arena_str(arena, key);
    identity->scheme = (enum vt_seal_scheme)scheme;
    identity->hash = (enum vt_seal_hash)hash;
    enum vt_code code =
        vt_seal_bytes_from_json(arena, json_object_get(body, "chain"), &identity->chain);
    if (code != VT_OK || identity->key == NULL || identity->chain.len > VT_MAX_SEAL_CHAIN_BYTES)
        return vt_err_set(err, code == VT_E_NOMEM ? code : VT_E_FORMAT,
                          "the certificates of a seal are malformed");
    *out = identity;
    *out_time_utc_secs = json_integer_value(json_object_get(body, "time"));
    return VT_OK;
}

json_t *vt_seal_plan_to_json(const struct vt_seal_message_plan *plan)
{
    json_t *body = vt_seal_identity_to_json(plan->identity, plan->signing_time_utc_secs);
    json_t *more =
        json_pack("{s:b, s:b, s:b, s:b}", "opaque", plan->form == VT_SEAL_OPAQUE, "may_be_opaque",
                  (int)plan->may_be_opaque, "headers", (int)plan->protects_headers, "null_sender",
                  (int)plan->has_null_sender);
    if (json_object_update_new(body, more) == 0)
        return body;
    json_decref(body);
    return NULL;
}

enum vt_code vt_seal_plan_from_json(struct vt_arena *arena, const json_t *body,
                                    struct vt_seal_message_plan *out, struct vt_err *err)
{
    const struct vt_seal_identity *identity = NULL;
    int64_t time_utc_secs = VT_TIME_NONE;
    enum vt_code code = vt_seal_identity_from_json(arena, body, &identity, &time_utc_secs, err);
    if (code != VT_OK)
        return code;
    *out = (struct vt_seal_message_plan){
        .identity = identity,
        .signing_time_utc_secs = time_utc_secs,
        .form = json_is_true(json_object_get(body, "opaque")) ? VT_SEAL_OPAQUE : VT_SEAL_CLEAR,
        .may_be_opaque = json_is_true(json_object_get(body, "may_be_opaque")),
        .protects_headers = json_is_true(json_object_get(body, "headers")),
        .has_null_sender = json_is_true(json_object_get(body, "null_sender"))};
    return VT_OK;
}
