/* SPDX-License-Identifier: Apache-2.0
 * The plan of a seal as JSON, and its documents. */
#include "inspector/seal_plan.h"

#include <string.h>

#include "seal/messages.h"

#define MAX_KEY_BYTES 200
#define MAX_AGENCY_BYTES 400
#define MAX_PATH_BYTES 1000

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

json_t *vt_seal_plan_to_json(const struct vt_sealing *sealing)
{
    const struct vt_seal_message_plan *plan = sealing->plan;
    json_t *body = vt_seal_identity_to_json(plan->identity, plan->signing_time_utc_secs);
    json_t *more = json_pack(
        "{s:i, s:b, s:b, s:b, s:s*, s:I, s:I, s:I}", "form", (int)plan->form, "may_be_opaque",
        (int)plan->may_be_opaque, "headers", (int)plan->protects_headers, "null_sender",
        (int)plan->has_null_sender, "agency", sealing->agency, "token_max",
        (json_int_t)sealing->token_max_bytes, "documents", (json_int_t)sealing->documents_count,
        "data", (json_int_t)sealing->data_fds_count);
    if (json_object_update_new(body, more) == 0)
        return body;
    json_decref(body);
    return NULL;
}

enum vt_code vt_seal_plan_from_json(struct vt_arena *arena, const json_t *body,
                                    struct vt_sealing *out, struct vt_err *err)
{
    struct vt_seal_message_plan *plan = vt_arena_alloc(arena, sizeof(*plan));
    json_int_t form = json_integer_value(json_object_get(body, "form"));
    json_int_t token_max = json_integer_value(json_object_get(body, "token_max"));
    json_int_t documents = json_integer_value(json_object_get(body, "documents"));
    json_int_t data = json_integer_value(json_object_get(body, "data"));
    const char *agency = json_string_value(json_object_get(body, "agency"));
    if (plan == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the plan of a seal");
    if (form < VT_SEAL_CLEAR || form > VT_SEAL_BARE || token_max < 0 ||
        token_max > (json_int_t)VT_MAX_SEAL_TOKEN_BYTES || documents < 0 ||
        documents > VT_MAX_SEAL_DOCUMENTS || data < 0 || data > VT_MAX_SEALING_DATA ||
        (data > 0 && documents == 0) || (agency != NULL && strlen(agency) > MAX_AGENCY_BYTES))
        return vt_err_set(err, VT_E_FORMAT, "the plan of a seal is malformed");
    *plan = (struct vt_seal_message_plan){
        .form = (enum vt_seal_form)form,
        .may_be_opaque = json_is_true(json_object_get(body, "may_be_opaque")),
        .protects_headers = json_is_true(json_object_get(body, "headers")),
        .has_null_sender = json_is_true(json_object_get(body, "null_sender"))};
    *out = (struct vt_sealing){.inspect_fd = -1,
                               .mail_fd = -1,
                               .plan = plan,
                               .agency = vt_arena_str(arena, agency),
                               .documents_count = (size_t)documents,
                               .data_fds_count = (size_t)data,
                               .token_max_bytes = (size_t)token_max};
    return vt_seal_identity_from_json(arena, body, &plan->identity, &plan->signing_time_utc_secs,
                                      err);
}

/* ---- documents ---- */

json_t *vt_seal_optional_to_json(struct vt_bytes bytes)
{
    return bytes.len > 0 ? vt_seal_bytes_to_json(bytes) : NULL;
}

char *vt_seal_documents_to_text(const struct vt_sealing *sealing)
{
    json_t *list = json_array();
    bool is_whole = list != NULL;
    for (size_t i = 0; i < sealing->documents_count && is_whole; i++) {
        const struct vt_sealing_document *document = &sealing->documents[i];
        is_whole = json_array_append_new(
                       list, json_pack("{s:s, s:s*, s:o*, s:o*}", "path", document->path,
                                       "appearance", document->appearance, "signature",
                                       vt_seal_optional_to_json(document->signature), "token",
                                       vt_seal_optional_to_json(document->token))) == 0;
    }
    char *text = is_whole ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    return text;
}

enum vt_code vt_seal_optional_from_json(struct vt_arena *arena, const json_t *text,
                                        size_t max_bytes, struct vt_bytes *out)
{
    if (text == NULL)
        return VT_OK;
    enum vt_code code = vt_seal_bytes_from_json(arena, text, out);
    return code == VT_OK && out->len > max_bytes ? VT_E_FORMAT : code;
}

static enum vt_code read_document(struct vt_arena *arena, const json_t *item,
                                  struct vt_sealing_document *out)
{
    const char *path = json_string_value(json_object_get(item, "path"));
    const char *appearance = json_string_value(json_object_get(item, "appearance"));
    if (path == NULL || strlen(path) > MAX_PATH_BYTES ||
        (appearance != NULL && strlen(appearance) > MAX_KEY_BYTES))
        return VT_E_FORMAT;
    out->path = vt_arena_str(arena, path);
    out->appearance = vt_arena_str(arena, appearance);
    if (out->path == NULL || (appearance != NULL && out->appearance == NULL))
        return VT_E_NOMEM;
    enum vt_code code = vt_seal_optional_from_json(arena, json_object_get(item, "signature"),
                                                   VT_MAX_SEAL_SIGNATURE_BYTES, &out->signature);
    return code == VT_OK ? vt_seal_optional_from_json(arena, json_object_get(item, "token"),
                                                      VT_MAX_SEAL_TOKEN_BYTES, &out->token)
                         : code;
}

/* One part is replaced once. */
static bool is_named_before(const struct vt_sealing_document *items, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(items[i].path, items[index].path) == 0)
            return true;
    }
    return false;
}

enum vt_code vt_seal_documents_from_text(struct vt_arena *arena, struct vt_bytes text,
                                         struct vt_sealing *out, struct vt_err *err)
{
    json_t *list = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    size_t count = json_array_size(list);
    struct vt_sealing_document *items = vt_arena_alloc(arena, (count + 1) * sizeof(*items));
    enum vt_code code = items == NULL ? VT_E_NOMEM : VT_OK;
    if (!json_is_array(list) || count != out->documents_count)
        code = VT_E_FORMAT;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        code = read_document(arena, json_array_get(list, i), &items[i]);
        if (code == VT_OK && is_named_before(items, i))
            code = VT_E_FORMAT;
    }
    json_decref(list);
    if (code != VT_OK)
        return vt_err_set(err, code, "the documents of a seal are malformed");
    out->documents = items;
    return VT_OK;
}
