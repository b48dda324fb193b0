/* SPDX-License-Identifier: Apache-2.0
 * Reading bodies back. The file may have been altered, so nothing is believed. */
#include <string.h>

#include "register/body_value.h"
#include "register/names.h"

/* Far above what an answer and a trace have. */
#define MAX_ANSWER_LINES 64
#define MAX_TRACE_LINES (64 * 1024)

/* ---- answers and faults ---- */

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

/* ---- a decided mail ---- */

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

static enum vt_code read_objects(struct vt_arena *arena, const json_t *array,
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

static enum vt_code read_decided(struct vt_arena *arena, const json_t *root,
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
        code = read_objects(arena, json_object_get(root, "objects"), &out->objects,
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

/* ---- the other kinds ---- */

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
    return code == VT_OK ? read_objects(arena, json_object_get(root, "objects"), &out->objects,
                                        &out->objects_count, err)
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
        code = read_decided(arena, root, record, err);
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
