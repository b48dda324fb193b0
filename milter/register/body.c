/* SPDX-License-Identifier: Apache-2.0
 * Writing bodies. Large parts that are JSON text already are put in as they are. */
#include "register/body.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/record_json.h"

bool vt_body_is_secret(const struct vt_register_decided *decided)
{
    return decided->is_secret ||
           (decided->evidence != NULL && (vt_evidence_all_reasons(decided->evidence) &
                                          VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0);
}

static json_t *unless_empty(const char *text)
{
    return text != NULL && text[0] != '\0' ? vt_json_string(text) : NULL;
}

static json_t *strings(const char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, vt_json_string(texts[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* ---- pieces ---- */

static json_t *answer_of(const struct vt_register_answer *answer)
{
    return json_pack(
        "{s:s, s:o*, s:o*, s:o*, s:o}", "kind", vt_register_outcome_name(answer->outcome), "code",
        unless_empty(answer->code), "enhanced", unless_empty(answer->enhanced), "hold_reason",
        unless_empty(answer->hold_reason), "lines", strings(answer->lines, answer->lines_count));
}

static json_t *fault_of(const struct vt_err *fault)
{
    if (fault == NULL || fault->code == VT_OK)
        return NULL;
    return json_pack("{s:s, s:o}", "code", vt_code_name(fault->code), "text",
                     vt_json_string(fault->text));
}

static json_t *unless_zero(int64_t number)
{
    return number > 0 ? json_integer((json_int_t)number) : NULL;
}

static json_t *notices_of(const struct vt_register_record *record)
{
    json_t *array = json_array();
    for (size_t i = 0; i < record->notices_count; i++) {
        const struct vt_register_notice *notice = &record->notices[i];
        json_t *object =
            json_pack("{s:s, s:o, s:o, s:o*, s:o*, s:b}", "key", notice->key_sha256, "kind",
                      vt_json_string(notice->kind), "to", vt_json_string(notice->recipient),
                      "quiet", unless_zero(notice->quiet_secs), "once",
                      unless_zero(notice->once_secs), "first", notice->is_first);
        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *objects_of(const struct vt_register_object *objects, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct vt_register_object *object = &objects[i];
        bool has_origin = object->from != VT_OBJECT_EMBEDDED;
        json_t *item =
            json_pack("{s:o, s:s, s:o*, s:o*, s:o*}", "kind", vt_json_string(object->kind),
                      "sha256", object->sha256, "from",
                      has_origin ? json_string(vt_object_from_name(object->from)) : NULL, "size",
                      object->size_bytes > 0 ? json_integer((json_int_t)object->size_bytes) : NULL,
                      "kept", object->is_kept ? NULL : json_false());
        if (json_array_append_new(array, item) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *sealed_documents(const struct vt_register_seal *seal)
{
    json_t *array = seal->documents_count > 0 ? json_array() : NULL;
    for (size_t i = 0; i < seal->documents_count && array != NULL; i++) {
        const struct vt_register_sealed_document *document = &seal->documents[i];
        json_t *item = json_pack(
            "{s:o, s:o*, s:o, s:o*, s:o*}", "path", vt_json_string(document->path), "name",
            unless_empty(document->name), "word", vt_json_string(document->word), "text",
            unless_empty(document->text), "sha256", unless_empty(document->sha256));
        if (json_array_append_new(array, item) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *seal_of(const struct vt_register_seal *seal)
{
    if (seal == NULL)
        return NULL;
    return json_pack("{s:o, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "result",
                     vt_json_string(seal->result), "key", unless_empty(seal->key), "purpose",
                     unless_empty(seal->purpose), "why", unless_empty(seal->why), "text",
                     unless_empty(seal->text), "cms", unless_empty(seal->cms_sha256), "level",
                     unless_empty(seal->level), "authority", unless_empty(seal->authority),
                     "unstamped", unless_empty(seal->unstamped), "unstored",
                     unless_empty(seal->unstored), "documents", sealed_documents(seal));
}

/* ---- a decided mail ---- */

static json_t *decided_head(const struct vt_register_record *record)
{
    const struct vt_register_decided *decided = record->decided;
    size_t first_seen_count = decided->clock_is_synchronised ? decided->first_seen_count : 0;
    return json_pack(
        "{s:i, s:s, s:o, s:o, s:s, s:o, s:{s:I, s:I, s:I, s:I}, s:I, s:o*, s:o*, s:o, s:o*, s:o, "
        "s:o, s:o*, s:o*}",
        "v", VT_BODY_VERSION, "record", vt_register_kind_name(record->kind), "time",
        vt_json_time(record->time_utc_secs), "reference", vt_json_string(record->reference), "mode",
        vt_mode_name(decided->mode), "answer", answer_of(&decided->answer), "msecs", "queue",
        (json_int_t)decided->queue_msecs, "inspection", (json_int_t)decided->inspection_msecs,
        "status", (json_int_t)decided->status_msecs, "total", (json_int_t)decided->total_msecs,
        "passes", (json_int_t)decided->passes, "fault", fault_of(decided->fault), "failure",
        fault_of(decided->failure), "notices", notices_of(record), "no_notice",
        unless_empty(decided->no_notice), "first_seen",
        strings(decided->first_seen, first_seen_count), "objects",
        objects_of(decided->objects, decided->objects_count), "defer_key",
        unless_empty(decided->defer_key_sha256), "seal", seal_of(decided->seal));
}

/* Add `,"key":text` and free text. */
static enum vt_code add_member(struct vt_buf *out, const char *key, enum vt_code made, char *text,
                               size_t len)
{
    enum vt_code code = made;
    if (code == VT_OK)
        code = vt_buf_addf(out, ",\"%s\":", key);
    if (code == VT_OK)
        code = vt_buf_add(out, text, len);
    free(text);
    return code;
}

/* Take over root and add it without its closing brace. */
static enum vt_code add_open_object(struct vt_buf *out, json_t *root)
{
    char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (text == NULL)
        return VT_E_NOMEM;
    enum vt_code code = vt_buf_add(out, text, strlen(text) - 1);
    free(text);
    return code;
}

static enum vt_code write_decided(const struct vt_register_record *record, struct vt_buf *out,
                                  struct vt_err *err)
{
    const struct vt_register_decided *decided = record->decided;
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = add_open_object(out, decided_head(record)), made = VT_OK;
    if (code == VT_OK && decided->decision != NULL) {
        made = vt_decision_to_json(decided->decision, &text, &len, err);
        code = add_member(out, "decision", made, text, len);
        text = NULL;
    }
    if (code == VT_OK && decided->evidence != NULL) {
        made = vt_evidence_to_json(decided->evidence, 0, &text, &len, err);
        code = add_member(out, "evidence", made, text, len);
    } else if (code == VT_OK && decided->mail != NULL) {
        made = vt_mail_to_json(decided->mail, &text, &len, err);
        code = add_member(out, "mail", made, text, len);
    }
    return code == VT_OK ? vt_buf_add(out, "}", 1) : code;
}

/* What a held mail is let go by; NULL: it is not held. */
static const char *queue_id_of_held(const struct vt_register_decided *decided)
{
    const struct vt_mail *mail =
        decided->evidence != NULL ? &decided->evidence->mail : decided->mail;
    if (decided->answer.outcome != VT_OUTCOME_HOLD)
        return NULL;
    if (decided->held_queue_id != NULL)
        return decided->held_queue_id;
    return mail != NULL && mail->queue_id != NULL ? mail->queue_id : "";
}

/* Nothing but that there was one, and when. */
static json_t *secret_mail(const struct vt_register_record *record)
{
    const char *held = queue_id_of_held(record->decided);
    return json_pack("{s:i, s:s, s:o, s:b, s:i, s:o*}", "v", VT_BODY_VERSION, "record",
                     vt_register_kind_name(record->kind), "time",
                     vt_json_time(record->time_utc_secs), "secret", 1, "count", 1, "held",
                     held != NULL ? vt_json_string(held) : NULL);
}

/* ---- the other kinds ---- */

static json_t *start(const struct vt_register_record *record)
{
    return json_pack("{s:i, s:s, s:o, s:o*, s:o*}", "v", VT_BODY_VERSION, "record",
                     vt_register_kind_name(record->kind), "time",
                     vt_json_time(record->time_utc_secs), "reference",
                     unless_empty(record->reference), "notices",
                     record->notices_count > 0 ? notices_of(record) : NULL);
}

/* Take over both: the members of rest in root. NULL: memory is out. */
static json_t *with(json_t *root, json_t *rest)
{
    int result = rest == NULL ? -1 : json_object_update(root, rest);
    json_decref(rest);
    if (result == 0)
        return root;
    json_decref(root);
    return NULL;
}

/* Of a secret mail the kind of the answer only: its lines may name files. */
static json_t *answered_body(const struct vt_register_record *record)
{
    const struct vt_register_answered *answered = record->answered;
    const struct vt_register_answer bare = {.outcome = answered->answer.outcome};
    json_t *root = start(record);
    if (json_object_set_new(root, "answer",
                            answer_of(answered->is_secret ? &bare : &answered->answer)) == 0)
        return root;
    json_decref(root);
    return NULL;
}

static json_t *reason_word(enum vt_reason reason)
{
    return reason < VT_REASON_COUNT ? json_string(vt_reason_info(reason)->code) : NULL;
}

static json_t *overruled_body(const struct vt_register_record *record)
{
    const struct vt_register_overruled *overruled = record->overruled;
    json_t *root = start(record);
    json_t *rest = json_pack(
        "{s:o*, s:o*, s:o, s:o, s:o*, s:o*}", "why", unless_empty(overruled->reason_text), "by",
        unless_empty(overruled->by), "until", vt_json_time(overruled->until_utc_secs), "documents",
        strings(overruled->documents_sha256, overruled->documents_count), "certificate",
        unless_empty(overruled->certificate_sha256), "reason", reason_word(overruled->reason));
    return with(root, rest);
}

/* A record of three texts. */
static json_t *texts_body(const struct vt_register_record *record, const char *first_key,
                          const char *first, const char *text, const char *by)
{
    return with(start(record), json_pack("{s:o*, s:o*, s:o*}", first_key, unless_empty(first),
                                         "text", unless_empty(text), "by", unless_empty(by)));
}

static json_t *event_body(const struct vt_register_record *record)
{
    const struct vt_register_event *event = record->event;
    json_t *root = texts_body(record, "what", event->what, event->text, event->by);
    if (root == NULL || event->objects_count == 0 ||
        json_object_set_new(root, "objects", objects_of(event->objects, event->objects_count)) == 0)
        return root;
    json_decref(root);
    return NULL;
}

static json_t *noticed_body(const struct vt_register_record *record)
{
    const struct vt_register_noticed *noticed = record->noticed;
    json_t *root = start(record);
    json_t *rest = json_pack(
        "{s:I, s:o, s:o, s:o, s:o*, s:o*, s:o*, s:o*, s:o*, s:I}", "id", (json_int_t)noticed->id,
        "notice", vt_json_string(noticed->kind), "to", vt_json_string(noticed->recipient),
        "outcome", vt_json_string(noticed->outcome), "matter", unless_empty(noticed->matter_sha256),
        "code", unless_empty(noticed->code), "text", unless_empty(noticed->text), "message_id",
        unless_empty(noticed->message_id), "by", unless_empty(noticed->by), "attempts",
        (json_int_t)noticed->attempts_count);
    return with(root, rest);
}

static json_t *destroyed_body(const struct vt_register_record *record)
{
    const struct vt_register_destroyed *destroyed = record->destroyed;
    json_t *root = start(record), *targets = json_array();
    for (size_t i = 0; i < destroyed->targets_count; i++)
        (void)json_array_append_new(targets, json_integer(destroyed->targets[i]));
    json_t *rest = json_array_size(targets) != destroyed->targets_count
                       ? NULL
                       : json_pack("{s:s, s:s, s:O, s:o}", "why", destroyed->why, "class",
                                   destroyed->class_name, "records", targets, "objects",
                                   strings(destroyed->objects_sha256, destroyed->objects_count));
    json_decref(targets);
    return with(root, rest);
}

static json_t *small_body(const struct vt_register_record *record)
{
    switch (record->kind) {
    case VT_REGISTER_DECIDED:
        return secret_mail(record);
    case VT_REGISTER_ANSWERED:
        return answered_body(record);
    case VT_REGISTER_OVERRULED:
        return overruled_body(record);
    case VT_REGISTER_REFUSED:
        return texts_body(record, "reason", vt_reason_info(record->refused->reason)->code,
                          record->refused->text, record->refused->by);
    case VT_REGISTER_EVENT:
        return event_body(record);
    case VT_REGISTER_DESTROYED:
        return destroyed_body(record);
    case VT_REGISTER_NOTICE:
        return noticed_body(record);
    default:
        return NULL;
    }
}

enum vt_code vt_body_write(const struct vt_register_record *record, struct vt_buf *out,
                           struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    if (record->kind == VT_REGISTER_DECIDED && !vt_body_is_secret(record->decided)) {
        code = write_decided(record, out, err);
    } else {
        code = add_open_object(out, small_body(record));
        if (code == VT_OK)
            code = vt_buf_add(out, "}", 1);
    }
    return code == VT_OK ? VT_OK
                         : vt_err_set(err, code,
                                      "register: the body of a record could not be made: "
                                      "%s",
                                      vt_code_name(code));
}
