/* SPDX-License-Identifier: Apache-2.0
 * The messages of the registrar, written and read. */
#include "register/messages.h"

#include <stdio.h>
#include <string.h>

#include "evidence/record_json.h"
#include "register/body.h"
#include "register/chain.h"

static enum vt_code wrong(struct vt_err *err, const char *key)
{
    return vt_err_set(err, VT_E_FORMAT, "register: \"%s\" of a message is not what it should be",
                      key);
}

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "register: no memory for a message");
}

static json_t *strings(const char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, json_string(texts[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static bool is_digest(const char *text)
{
    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static enum vt_code read_digests(struct vt_arena *arena, const json_t *root, const char *key,
                                 size_t max, const char *const **out, size_t *out_count,
                                 struct vt_err *err)
{
    const json_t *array = json_object_get(root, key);
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > max)
        return wrong(err, key);
    const char **digests = vt_arena_alloc(arena, (count + 1) * sizeof(*digests));
    if (digests == NULL)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (!is_digest(text))
            return wrong(err, key);
        digests[i] = vt_arena_str(arena, text);
        if (digests[i] == NULL)
            return no_memory(err);
    }
    *out = digests;
    *out_count = count;
    return VT_OK;
}

static enum vt_code read_digest(struct vt_arena *arena, const json_t *root, const char *key,
                                const char **out, struct vt_err *err)
{
    const json_t *value = json_object_get(root, key);
    *out = NULL;
    if (value == NULL || json_is_null(value))
        return VT_OK;
    if (!is_digest(json_string_value(value)))
        return wrong(err, key);
    *out = vt_arena_str(arena, json_string_value(value));
    return *out != NULL ? VT_OK : no_memory(err);
}

/* ---- LOOK ---- */

enum vt_code vt_look_to_json(const struct vt_look *look, char **out_text, size_t *out_len,
                             struct vt_err *err)
{
    json_t *root = json_pack("{s:o, s:s?, s:o, s:o}", "first_seen",
                             strings(look->first_seen, look->first_seen_count), "defer_key",
                             look->defer_key_sha256, "documents",
                             strings(look->documents_sha256, look->documents_count), "certificates",
                             strings(look->certificates_sha256, look->certificates_count));
    return vt_json_text(root, 0, VT_MAX_LOOK_BYTES, out_text, out_len, err);
}

enum vt_code vt_look_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_look *out,
                               struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_look){0};
    enum vt_code code = vt_json_object(json, VT_MAX_LOOK_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    code = read_digests(arena, root, "first_seen", VT_MAX_FIRST_SEEN, &out->first_seen,
                        &out->first_seen_count, err);
    if (code == VT_OK)
        code = read_digest(arena, root, "defer_key", &out->defer_key_sha256, err);
    if (code == VT_OK)
        code = read_digests(arena, root, "documents", VT_MAX_PARTS, &out->documents_sha256,
                            &out->documents_count, err);
    if (code == VT_OK)
        code = read_digests(arena, root, "certificates", VT_MAX_FIRST_SEEN,
                            &out->certificates_sha256, &out->certificates_count, err);
    json_decref(root);
    return code;
}

/* ---- LOOKED ---- */

static json_t *time_of(int64_t utc_secs)
{
    return utc_secs == VT_TIME_NONE ? json_null() : json_integer((json_int_t)utc_secs);
}

static json_t *times_of(const int64_t *times_utc_secs, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, time_of(times_utc_secs[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *exceptions_of(const struct vt_looked *looked)
{
    json_t *array = json_array();
    for (size_t i = 0; i < looked->exceptions_count; i++) {
        const struct vt_register_exception *item = &looked->exceptions[i];
        const char *reason =
            item->reason < VT_REASON_COUNT ? vt_reason_info(item->reason)->code : NULL;
        json_t *object = json_pack(
            "{s:I, s:s, s:I, s:s, s:s, s:s?}", "seq", (json_int_t)item->seq, "reference",
            item->reference, "until", (json_int_t)item->until_utc_secs, "document",
            item->document_sha256, "certificate", item->certificate_sha256, "reason", reason);
        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

enum vt_code vt_looked_to_json(const struct vt_looked *looked, size_t first_seen_count,
                               char **out_text, size_t *out_len, struct vt_err *err)
{
    json_t *root =
        json_pack("{s:o, s:o, s:o}", "first_seen",
                  times_of(looked->first_seen_utc_secs, first_seen_count), "first_deferred",
                  time_of(looked->first_deferred_utc_secs), "exceptions", exceptions_of(looked));
    return vt_json_text(root, 0, VT_MAX_LOOK_BYTES, out_text, out_len, err);
}

static enum vt_code read_time(const json_t *value, const char *key, int64_t *out,
                              struct vt_err *err)
{
    *out = VT_TIME_NONE;
    if (json_is_null(value))
        return VT_OK;
    if (!json_is_integer(value))
        return wrong(err, key);
    *out = json_integer_value(value);
    return VT_OK;
}

/* "" or a digest. */
static enum vt_code read_optional_digest(const json_t *object, const char *key, char out[65],
                                         struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || (text[0] != '\0' && !is_digest(text)))
        return wrong(err, key);
    (void)snprintf(out, 65, "%s", text);
    return VT_OK;
}

static enum vt_code read_exception(const json_t *object, struct vt_register_exception *out,
                                   struct vt_err *err)
{
    const char *reference = json_string_value(json_object_get(object, "reference"));
    const char *reason = json_string_value(json_object_get(object, "reason"));
    if (reference == NULL || strlen(reference) >= sizeof(out->reference))
        return wrong(err, "reference");
    *out = (struct vt_register_exception){.seq = json_integer_value(json_object_get(object, "seq")),
                                          .until_utc_secs =
                                              json_integer_value(json_object_get(object, "until")),
                                          .reason = VT_REASON_COUNT};
    (void)snprintf(out->reference, sizeof(out->reference), "%s", reference);
    if (reason != NULL && vt_reason_by_code(reason, &out->reason) != VT_OK)
        return wrong(err, "reason");
    enum vt_code code = read_optional_digest(object, "document", out->document_sha256, err);
    return code == VT_OK ? read_optional_digest(object, "certificate", out->certificate_sha256, err)
                         : code;
}

static enum vt_code read_exceptions(struct vt_arena *arena, const json_t *array,
                                    struct vt_looked *out, struct vt_err *err)
{
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > VT_MAX_LOOKED_EXCEPTIONS)
        return wrong(err, "exceptions");
    out->exceptions = vt_arena_alloc(arena, (count + 1) * sizeof(*out->exceptions));
    if (out->exceptions == NULL)
        return no_memory(err);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_exception(json_array_get(array, i), &out->exceptions[i], err);
    out->exceptions_count = count;
    return code;
}

enum vt_code vt_looked_from_json(struct vt_arena *arena, struct vt_bytes json,
                                 size_t first_seen_count, struct vt_looked *out, struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_looked){0};
    enum vt_code code = vt_json_object(json, VT_MAX_LOOK_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    const json_t *times = json_object_get(root, "first_seen");
    out->first_seen_utc_secs = vt_arena_alloc(arena, (first_seen_count + 1) * sizeof(int64_t));
    if (out->first_seen_utc_secs == NULL)
        code = no_memory(err);
    else if (!json_is_array(times) || json_array_size(times) != first_seen_count)
        code = wrong(err, "first_seen");
    for (size_t i = 0; i < first_seen_count && code == VT_OK; i++)
        code = read_time(json_array_get(times, i), "first_seen", &out->first_seen_utc_secs[i], err);
    if (code == VT_OK)
        code = read_time(json_object_get(root, "first_deferred"), "first_deferred",
                         &out->first_deferred_utc_secs, err);
    if (code == VT_OK)
        code = read_exceptions(arena, json_object_get(root, "exceptions"), out, err);
    json_decref(root);
    return code;
}

/* ---- RECORD ---- */

enum vt_code vt_record_head_to_json(const struct vt_register_record *record, char **out_text,
                                    size_t *out_len, struct vt_err *err)
{
    json_t *root = json_pack("{s:s, s:s}", "kind", vt_register_kind_name(record->kind), "reference",
                             record->reference != NULL ? record->reference : "");
    return vt_json_text(root, 0, VT_MAX_MESSAGE_BYTES, out_text, out_len, err);
}

enum vt_code vt_record_head_from_json(struct vt_arena *arena, struct vt_bytes json,
                                      struct vt_register_record *out, struct vt_err *err)
{
    static const enum vt_register_kind kinds[] = {VT_REGISTER_DECIDED, VT_REGISTER_OVERRULED,
                                                  VT_REGISTER_REFUSED, VT_REGISTER_EVENT};
    json_t *root = NULL;
    char reference[VT_REFERENCE_BYTES] = "";
    *out = (struct vt_register_record){0};
    enum vt_code code = vt_json_object(json, VT_MAX_MESSAGE_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const char *text = json_string_value(json_object_get(root, "reference"));
    for (size_t i = 0; kind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, vt_register_kind_name(kinds[i])) == 0)
            out->kind = kinds[i];
    }
    if ((int)out->kind == 0)
        code = wrong(err, "kind");
    else if (text == NULL || (text[0] == '\0' && out->kind != VT_REGISTER_EVENT) ||
             (text[0] != '\0' && vt_reference_parse(text, reference) != VT_OK))
        code = wrong(err, "reference");
    if (code == VT_OK)
        out->reference = vt_arena_str(arena, reference);
    if (code == VT_OK && out->reference == NULL)
        code = no_memory(err);
    json_decref(root);
    return code;
}

/* ---- HEAD ---- */

enum vt_code vt_head_to_json(const struct vt_register_head *head, char **out_text, size_t *out_len,
                             struct vt_err *err)
{
    char chain[2 * VT_REGISTER_DIGEST_BYTES + 1];
    (void)vt_text_hex(chain, vt_bytes_of(head->chain, sizeof(head->chain)));
    json_t *root = json_pack("{s:I, s:s, s:I}", "record", (json_int_t)head->seq, "chain", chain,
                             "time", (json_int_t)head->time_utc_secs);
    return vt_json_text(root, 0, VT_MAX_MESSAGE_BYTES, out_text, out_len, err);
}

enum vt_code vt_head_from_json(struct vt_bytes json, struct vt_register_head *out,
                               struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_register_head){0};
    enum vt_code code = vt_json_object(json, VT_MAX_MESSAGE_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    const json_t *seq = json_object_get(root, "record"), *at = json_object_get(root, "time");
    const char *chain = json_string_value(json_object_get(root, "chain"));
    if (!json_is_integer(seq) || json_integer_value(seq) < 0)
        code = wrong(err, "record");
    else if (!json_is_integer(at))
        code = wrong(err, "time");
    else if (chain == NULL || vt_chain_unhex(chain, out->chain) != VT_OK)
        code = wrong(err, "chain");
    out->seq = json_integer_value(seq);
    out->time_utc_secs = json_integer_value(at);
    json_decref(root);
    return code;
}

/* ---- ANSWERED ---- */

enum vt_code vt_answers_to_json(const struct vt_register_record *records, size_t count,
                                char **out_text, size_t *out_len, struct vt_err *err)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct vt_register_answer *answer = &records[i].answered->answer;
        json_t *object = json_pack("{s:s, s:s, s:s?, s:s?}", "reference", records[i].reference,
                                   "kind", vt_register_outcome_name(answer->outcome), "code",
                                   answer->code, "enhanced", answer->enhanced);
        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return no_memory(err);
        }
    }
    return vt_json_text(json_pack("{s:o}", "answers", array), 0, VT_MAX_MESSAGE_BYTES, out_text,
                        out_len, err);
}

static enum vt_code read_answered(struct vt_arena *arena, const json_t *object,
                                  struct vt_register_record *out, struct vt_err *err)
{
    char reference[VT_REFERENCE_BYTES];
    const char *text = json_string_value(json_object_get(object, "reference"));
    struct vt_register_answered *answered = vt_arena_alloc(arena, sizeof(*answered));
    if (text == NULL || vt_reference_parse(text, reference) != VT_OK)
        return wrong(err, "reference");
    *out = (struct vt_register_record){.kind = VT_REGISTER_ANSWERED,
                                       .reference = vt_arena_str(arena, reference),
                                       .answered = answered};
    if (answered == NULL || out->reference == NULL)
        return no_memory(err);
    return vt_body_read_answer(arena, object, &answered->answer, err);
}

enum vt_code vt_answers_from_json(struct vt_arena *arena, struct vt_bytes json,
                                  struct vt_register_record **out, size_t *out_count,
                                  struct vt_err *err)
{
    json_t *root = NULL;
    *out_count = 0;
    enum vt_code code = vt_json_object(json, VT_MAX_MESSAGE_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    const json_t *array = json_object_get(root, "answers");
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > VT_MAX_ANSWERS)
        code = wrong(err, "answers");
    if (code == VT_OK)
        *out = vt_arena_alloc(arena, (count + 1) * sizeof(**out));
    if (code == VT_OK && *out == NULL)
        code = no_memory(err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_answered(arena, json_array_get(array, i), &(*out)[i], err);
    if (code == VT_OK)
        *out_count = count;
    json_decref(root);
    return code;
}
