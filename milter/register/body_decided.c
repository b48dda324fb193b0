/* SPDX-License-Identifier: Apache-2.0
 * Reading back what was decided about a mail: answer, faults, decision, seal, evidence. */
#include <string.h>

#include "register/body_value.h"
#include "register/names.h"

/* Far above what a trace has. */
#define MAX_TRACE_LINES (64 * 1024)

/* ---- faults ---- */

static enum vt_code code_by_name(const char *name)
{
    static const enum vt_code codes[] = {
        VT_E_FORMAT,  VT_E_LIMIT, VT_E_UNSUPPORTED, VT_E_CONFIG, VT_E_NOT_FOUND, VT_E_EXPIRED,
        VT_E_NETWORK, VT_E_NOMEM, VT_E_TIMEOUT,     VT_E_SYSTEM, VT_E_BUSY,      VT_E_PEER};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(vt_code_name(codes[i]), name) == 0)
            return codes[i];
    }
    return VT_E_INTERNAL;
}

static enum vt_code read_fault(struct vt_arena *arena, const json_t *root, const char *key,
                               const struct vt_err **out, struct vt_err *err)
{
    const json_t *object = json_object_get(root, key);
    const char *name = NULL, *text = NULL;
    if (object == NULL || json_is_null(object))
        return VT_OK;
    struct vt_err *fault = vt_arena_alloc(arena, sizeof(*fault));
    if (fault == NULL)
        return vt_body_no_memory(err);
    enum vt_code code = vt_body_text(arena, object, "code", &name, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "text", &text, err);
    if (code == VT_OK)
        (void)vt_err_set(fault, code_by_name(name != NULL ? name : ""), "%s",
                         text != NULL ? text : "");
    *out = fault;
    return code;
}

/* ---- the decision ---- */

static enum vt_code read_trace_line(struct vt_arena *arena, const json_t *object,
                                    struct vt_trace *out, struct vt_err *err)
{
    unsigned mode = 0, action = 0;
    enum vt_code code = vt_body_text(arena, object, "rule", &out->rule, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "why", &out->why, err);
    if (code == VT_OK)
        code = vt_body_word_or_none(object, "mode", &vt_words_mode, &mode, err);
    if (code == VT_OK)
        code = vt_body_word_or_none(object, "action", &vt_words_action, &action, err);
    out->line = vt_body_unsigned(object, "line");
    out->document = vt_body_index(object, "document");
    out->matched = json_is_true(json_object_get(object, "matched"));
    out->mode = (enum vt_mode)mode;
    out->action = (enum vt_action)action;
    return code;
}

static enum vt_code read_trace(struct vt_arena *arena, const json_t *array, struct vt_decision *out,
                               struct vt_err *err)
{
    size_t count = json_array_size(array);
    if (count > MAX_TRACE_LINES)
        return vt_body_wrong(err, "trace");
    out->trace = vt_arena_alloc(arena, (count + 1) * sizeof(*out->trace));
    if (out->trace == NULL)
        return vt_body_no_memory(err);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_trace_line(arena, json_array_get(array, i), &out->trace[i], err);
    out->trace_count = count;
    return code;
}

static enum vt_code read_decision_texts(struct vt_arena *arena, const json_t *object,
                                        struct vt_decision *out, struct vt_err *err)
{
    const struct {
        const char *key, **text;
    } texts[] = {{"rule", &out->rule}, {"policy_version", &out->policy_version},
                 {"code", &out->code}, {"enhanced", &out->enhanced},
                 {"text", &out->text}, {"officer", &out->officer}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == VT_OK; i++)
        code = vt_body_text(arena, object, texts[i].key, texts[i].text, err);
    return code;
}

static enum vt_code read_headers(struct vt_arena *arena, const json_t *object,
                                 struct vt_decision *out, struct vt_err *err)
{
    size_t count = json_object_size(object);
    struct vt_header_asked *headers = vt_arena_alloc(arena, count * sizeof(*headers));
    json_t *found = (json_t *)(uintptr_t)object;
    if (headers == NULL)
        return vt_body_no_memory(err);
    for (void *at = json_object_iter(found); at != NULL; at = json_object_iter_next(found, at)) {
        struct vt_header_asked *header = &headers[out->headers_count];
        const char *value = json_string_value(json_object_iter_value(at));
        *header = (struct vt_header_asked){vt_arena_str(arena, json_object_iter_key(at)),
                                           vt_arena_str(arena, value)};
        if (header->name == NULL || header->value == NULL)
            return vt_err_set(err, VT_E_FORMAT, "a header of a decision is no text");
        out->headers_count++;
    }
    out->headers = headers;
    return VT_OK;
}

/* What went with the action; records of before have nothing of it. */
static enum vt_code read_marks(struct vt_arena *arena, const json_t *object,
                               struct vt_decision *out, struct vt_err *err)
{
    const char *const *who = NULL;
    const char *seal = NULL, *what = NULL;
    size_t who_count = 0;
    if (object == NULL)
        return VT_OK;
    enum vt_code code = vt_body_text(arena, object, "folder", &out->folder, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "subject_prefix", &out->subject_prefix, err);
    if (code == VT_OK)
        code = vt_body_texts(arena, object, "notify", VT_NOTIFY_COUNT, &who, &who_count, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "seal", &seal, err);
    if (code == VT_OK)
        code = vt_body_text(arena, object, "seal_key", &out->seal_key, err);
    out->seal_is_opaque = json_is_true(json_object_get(object, "seal_opaque"));
    out->seal_protects_headers = json_is_true(json_object_get(object, "seal_headers"));
    if (code == VT_OK)
        code = read_headers(arena, json_object_get(object, "headers"), out, err);
    for (size_t i = 0; i < who_count && code == VT_OK; i++) {
        for (unsigned w = 0; w < VT_NOTIFY_COUNT; w++)
            out->notify |= strcmp(who[i], vt_notify_name((enum vt_notify)w)) == 0 ? 1u << w : 0;
    }
    if (code == VT_OK)
        code = vt_body_text(arena, object, "seal_what", &what, err);
    for (unsigned w = 0; what != NULL && w <= VT_SEAL_WHAT_BOTH; w++)
        if (strcmp(what, vt_seal_what_name((enum vt_seal_what)w)) == 0)
            out->seal_what = (enum vt_seal_what)w;
    for (unsigned s = 0; seal != NULL && s <= VT_SEAL_REQUIRED; s++)
        out->seal = strcmp(seal, vt_seal_name((enum vt_seal)s)) == 0 ? (enum vt_seal)s : out->seal;
    return code;
}

/* What the site's table said; a missing one is NULL. */
static enum vt_code read_site(struct vt_arena *arena, const json_t *object,
                              const struct vt_site_facts **out, struct vt_err *err)
{
    *out = NULL;
    if (object == NULL || json_is_null(object))
        return VT_OK;
    struct vt_site_facts *facts = vt_arena_alloc(arena, sizeof(*facts));
    if (facts == NULL)
        return vt_body_no_memory(err);
    *out = facts;
    return vt_record_from_json(arena, &vt_site_facts_record, object, facts, err);
}

static enum vt_code read_decision(struct vt_arena *arena, const json_t *object,
                                  const struct vt_decision **out, struct vt_err *err)
{
    if (object == NULL)
        return VT_OK;
    struct vt_decision *decision = vt_arena_alloc(arena, sizeof(*decision));
    if (decision == NULL)
        return vt_body_no_memory(err);
    unsigned action = 0, would_be = 0, mode = 0;
    enum vt_code code = vt_body_word(object, "action", &vt_words_action, &action, err);
    if (code == VT_OK)
        code = vt_body_word(object, "would_be", &vt_words_action, &would_be, err);
    if (code == VT_OK)
        code = vt_body_word_or_none(object, "mode", &vt_words_mode, &mode, err);
    if (code == VT_OK)
        code = read_decision_texts(arena, object, decision, err);
    if (code == VT_OK)
        code = vt_body_reason(object, "reason", &decision->reason, err);
    if (code == VT_OK)
        code = vt_body_time(object, "defer_until", &decision->defer_until_utc_secs, err);
    if (code == VT_OK)
        code = read_trace(arena, json_object_get(object, "trace"), decision, err);
    if (code == VT_OK)
        code = read_site(arena, json_object_get(object, "site"), &decision->site, err);
    if (code == VT_OK)
        code = read_marks(arena, json_object_get(object, "marks"), decision, err);
    decision->action = (enum vt_action)action;
    decision->would_be = (enum vt_action)would_be;
    decision->mode = (enum vt_mode)mode;
    decision->rule_line = vt_body_unsigned(object, "rule_line");
    decision->document = vt_body_index(object, "document");
    decision->tried_count = vt_body_unsigned(object, "tried");
    *out = decision;
    return code;
}

/* ---- the mail ---- */

static enum vt_code read_evidence(struct vt_arena *arena, const json_t *root,
                                  struct vt_register_decided *out, struct vt_err *err)
{
    const json_t *evidence = json_object_get(root, "evidence");
    const json_t *mail = json_object_get(root, "mail");
    if (evidence != NULL) {
        struct vt_evidence *read = NULL;
        enum vt_code code = vt_evidence_from_object(arena, evidence, &read, err);
        out->evidence = read;
        return code;
    }
    struct vt_mail *facts = vt_arena_alloc(arena, sizeof(*facts));
    if (facts == NULL)
        return vt_body_no_memory(err);
    out->mail = facts;
    return mail != NULL ? vt_mail_from_object(arena, mail, facts, err) : VT_OK;
}

static void read_timings(const json_t *root, struct vt_register_decided *out)
{
    const json_t *msecs = json_object_get(root, "msecs");
    out->queue_msecs = json_integer_value(json_object_get(msecs, "queue"));
    out->inspection_msecs = json_integer_value(json_object_get(msecs, "inspection"));
    out->status_msecs = json_integer_value(json_object_get(msecs, "status"));
    out->total_msecs = json_integer_value(json_object_get(msecs, "total"));
    out->passes = vt_body_unsigned(root, "passes");
}

/* Records of before say nothing of those that were held. */
static enum vt_code read_secret(struct vt_arena *arena, const json_t *root,
                                struct vt_register_decided *out, struct vt_err *err)
{
    if (json_object_get(root, "held") == NULL)
        return VT_OK;
    out->answer.outcome = VT_OUTCOME_HOLD;
    return vt_body_text(arena, root, "held", &out->held_queue_id, err);
}

static enum vt_code read_sealed_document(struct vt_arena *arena, const json_t *object,
                                         struct vt_register_sealed_document *out,
                                         struct vt_err *err)
{
    const struct {
        const char *key, **text;
    } texts[] = {{"path", &out->path},
                 {"name", &out->name},
                 {"word", &out->word},
                 {"text", &out->text},
                 {"sha256", &out->sha256}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == VT_OK; i++)
        code = vt_body_text(arena, object, texts[i].key, texts[i].text, err);
    if (code == VT_OK && (out->path == NULL || out->word == NULL))
        return vt_err_set(err, VT_E_FORMAT, "what became of a sealed document is not recorded");
    return code;
}

static enum vt_code read_sealed_documents(struct vt_arena *arena, const json_t *array,
                                          struct vt_register_seal *out, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    size_t count = json_array_size(array);
    if (count == 0)
        return VT_OK;
    if (count > VT_MAX_SEAL_DOCUMENTS)
        return vt_err_set(err, VT_E_LIMIT, "more sealed documents than a mail has");
    out->documents = vt_arena_alloc(arena, count * sizeof(*out->documents));
    if (out->documents == NULL)
        return vt_body_no_memory(err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = read_sealed_document(arena, json_array_get(array, i), &out->documents[i], err);
    out->documents_count = count;
    return code;
}

static enum vt_code read_seal(struct vt_arena *arena, const json_t *object,
                              const struct vt_register_seal **out, struct vt_err *err)
{
    if (object == NULL)
        return VT_OK;
    struct vt_register_seal *seal = vt_arena_alloc(arena, sizeof(*seal));
    if (seal == NULL)
        return vt_body_no_memory(err);
    const struct {
        const char *key, **text;
    } texts[] = {{"result", &seal->result},       {"key", &seal->key},
                 {"purpose", &seal->purpose},     {"why", &seal->why},
                 {"text", &seal->text},           {"cms", &seal->cms_sha256},
                 {"level", &seal->level},         {"authority", &seal->authority},
                 {"unstamped", &seal->unstamped}, {"unstored", &seal->unstored}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == VT_OK; i++)
        code = vt_body_text(arena, object, texts[i].key, texts[i].text, err);
    if (code == VT_OK && seal->result == NULL)
        return vt_err_set(err, VT_E_FORMAT, "what became of a seal is not recorded");
    if (code == VT_OK)
        code = read_sealed_documents(arena, json_object_get(object, "documents"), seal, err);
    *out = seal;
    return code;
}

enum vt_code vt_body_read_decided(struct vt_arena *arena, const json_t *root,
                                  struct vt_register_record *record, struct vt_err *err)
{
    struct vt_register_decided *out = vt_arena_alloc(arena, sizeof(*out));
    if (out == NULL)
        return vt_body_no_memory(err);
    record->decided = out;
    out->is_secret = json_is_true(json_object_get(root, "secret"));
    if (out->is_secret)
        return read_secret(arena, root, out, err);
    unsigned mode = 0;
    enum vt_code code = vt_body_word(root, "mode", &vt_words_mode, &mode, err);
    if (code == VT_OK)
        code = vt_body_read_answer(arena, json_object_get(root, "answer"), &out->answer, err);
    if (code == VT_OK)
        code = read_fault(arena, root, "fault", &out->fault, err);
    if (code == VT_OK)
        code = read_fault(arena, root, "failure", &out->failure, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "no_notice", &out->no_notice, err);
    if (code == VT_OK)
        code = read_seal(arena, json_object_get(root, "seal"), &out->seal, err);
    if (code == VT_OK)
        code = vt_body_read_objects(arena, json_object_get(root, "objects"), &out->objects,
                                    &out->objects_count, err);
    if (code == VT_OK)
        code = vt_body_texts(arena, root, "first_seen", VT_MAX_FIRST_SEEN, &out->first_seen,
                             &out->first_seen_count, err);
    if (code == VT_OK)
        code = vt_body_text(arena, root, "defer_key", &out->defer_key_sha256, err);
    if (code == VT_OK)
        code = read_decision(arena, json_object_get(root, "decision"), &out->decision, err);
    if (code == VT_OK)
        code = read_evidence(arena, root, out, err);
    out->mode = (enum vt_mode)mode;
    read_timings(root, out);
    /* Only digests that were kept stand in the body. */
    out->clock_is_synchronised = true;
    return code;
}
