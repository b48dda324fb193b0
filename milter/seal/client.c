/* SPDX-License-Identifier: Apache-2.0
 * The other side of the sealer: have something signed, ask for an identity. All state is the
 * caller's. */
#include <string.h>

#include "seal/messages.h"
#include "vanthu/clock.h"

#define ARENA_BYTES ((size_t)64 * 1024)

static const char *failure_name(unsigned index)
{
    return vt_seal_failure_name((enum vt_seal_failure)index);
}

static const char *scheme_name(unsigned index)
{
    return vt_seal_scheme_name((enum vt_seal_scheme)index);
}

static const char *hash_name(unsigned index)
{
    return vt_seal_hash_name((enum vt_seal_hash)index);
}

/* Why, for an administrator, although the code is VT_OK. */
static void keep_text(const json_t *answer, struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(answer, "text"));
    if (err != NULL)
        (void)vt_text_clean(err->text, sizeof(err->text), vt_bytes_str(text));
}

static enum vt_code take_signature(const json_t *answer, struct vt_buf *out,
                                   enum vt_seal_failure *out_failure, struct vt_err *err)
{
    struct vt_bytes signature;
    unsigned failure =
        vt_seal_word(json_object_get(answer, "failure"), failure_name, VT_SEAL_DONE + 1);
    if (failure > VT_SEAL_DONE)
        return vt_err_set(err, VT_E_PEER, "the sealer answered something else than asked");
    if (failure != VT_SEAL_DONE) {
        *out_failure = (enum vt_seal_failure)failure;
        keep_text(answer, err);
        return VT_OK;
    }
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    enum vt_code code =
        arena == NULL
            ? VT_E_NOMEM
            : vt_seal_bytes_from_json(arena, json_object_get(answer, "signature"), &signature);
    if (code == VT_OK)
        code = vt_buf_add(out, signature.ptr, signature.len);
    if (code == VT_OK)
        *out_failure = VT_SEAL_DONE;
    else
        code = vt_err_set(err, code == VT_E_FORMAT ? VT_E_PEER : code,
                          "the signature of the sealer cannot be read");
    vt_arena_free(arena);
    return code;
}

enum vt_code vt_sealer_sign(const struct vt_sealer *sealer, const struct vt_seal_request *request,
                            struct vt_buf *out, enum vt_seal_failure *out_failure,
                            struct vt_err *err)
{
    json_t *answer = NULL;
    *out_failure = VT_SEAL_UNAVAILABLE;
    if (request->attributes.len > VT_MAX_SEAL_ATTRIBUTES_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "signed attributes of %zu bytes",
                          request->attributes.len);
    json_t *body =
        json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:o, s:i}", "key", request->key, "purpose",
                  vt_seal_purpose_name(request->purpose), "reference", request->reference,
                  "on_behalf", request->on_behalf, "about", request->about, "attributes",
                  vt_seal_bytes_to_json(request->attributes), "msecs",
                  vt_clock_left_msecs(sealer->deadline_msecs));
    enum vt_code code = vt_seal_ask(sealer, VT_MSG_SEAL_SIGN, body, -1, &answer, err);
    if (code == VT_OK)
        code = take_signature(answer, out, out_failure, err);
    json_decref(answer);
    return code;
}

enum vt_code vt_sealer_identity(struct vt_arena *arena, const struct vt_sealer *sealer,
                                const char *key, struct vt_seal_identity *out, struct vt_err *err)
{
    json_t *answer = NULL;
    enum vt_code code =
        vt_seal_ask(sealer, VT_MSG_SEAL_IDENTITY, json_pack("{s:s}", "key", key), -1, &answer, err);
    if (code != VT_OK)
        return code;
    unsigned scheme = vt_seal_word(json_object_get(answer, "scheme"), scheme_name, VT_SEAL_SCHEMES);
    unsigned hash = vt_seal_word(json_object_get(answer, "hash"), hash_name, VT_SEAL_HASHES);
    struct vt_bytes chain = {0};
    const char *text = json_string_value(json_object_get(answer, "text"));
    if (json_object_get(answer, "chain") == NULL)
        code = vt_err_set(err, VT_E_NOT_FOUND, "%.300s", text != NULL ? text : "no such key");
    else if (scheme == VT_SEAL_SCHEMES || hash == VT_SEAL_HASHES)
        code = vt_err_set(err, VT_E_PEER, "the sealer answered something else than asked");
    if (code == VT_OK)
        code = vt_seal_bytes_from_json(arena, json_object_get(answer, "chain"), &chain);
    *out = (struct vt_seal_identity){.key = vt_arena_str(arena, key),
                                     .chain = chain,
                                     .scheme = (enum vt_seal_scheme)scheme,
                                     .hash = (enum vt_seal_hash)hash};
    if (code == VT_OK && out->key == NULL)
        code = VT_E_NOMEM;
    json_decref(answer);
    return code;
}
