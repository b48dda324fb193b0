/* SPDX-License-Identifier: Apache-2.0
 * The JSON form of evidence (design: one form for `vanthu check --json`, log, policy, notices and
 * replay): the description of every struct of evidence.h, key by key. */
#include "evidence/record_json.h"

#define FIELD(type, name, member, field_kind)                                                      \
    {                                                                                              \
        .key = name, .kind = VT_FIELD_##field_kind, .offset = offsetof(struct type, member)        \
    }
#define WORD_FIELD(type, name, member, word_set)                                                   \
    {                                                                                              \
        .key = name, .kind = VT_FIELD_WORD, .offset = offsetof(struct type, member),               \
        .words = &vt_words_##word_set                                                              \
    }
#define GROUP_FIELD(type, name, member, its_record)                                                \
    {                                                                                              \
        .key = name, .kind = VT_FIELD_RECORD, .offset = offsetof(struct type, member),             \
        .record = &(its_record)                                                                    \
    }
#define STRINGS_FIELD(type, name, most)                                                            \
    {                                                                                              \
        .key = #name, .kind = VT_FIELD_STRINGS, .offset = offsetof(struct type, name),             \
        .count_offset = offsetof(struct type, name##_count), .max = (most)                         \
    }
#define RECORDS_FIELD(type, name, member, its_record, most)                                        \
    {                                                                                              \
        .key = name, .kind = VT_FIELD_RECORDS, .offset = offsetof(struct type, member),            \
        .count_offset = offsetof(struct type, member##_count), .record = &(its_record),            \
        .max = (most)                                                                              \
    }
#define RECORD(array, type, presence)                                                              \
    {                                                                                              \
        (array), sizeof(array) / sizeof((array)[0]), sizeof(struct type), (presence)               \
    }

/* A signature carries the status of each certificate of its path and of its time stamps' paths. */
#define MAX_STATUSES (VT_MAX_PATH * 8)
/* Time stamps of one signature: signature, content and archive ones. */
#define MAX_TIMESTAMPS 64
#define MAX_POLICIES 32

static const struct vt_field certificate_fields[] = {
    FIELD(vt_certificate_facts, "sha256", sha256, DIGEST),
    FIELD(vt_certificate_facts, "key_sha256", key_sha256, DIGEST),
    FIELD(vt_certificate_facts, "subject", subject, STRING),
    FIELD(vt_certificate_facts, "common_name", common_name, STRING),
    FIELD(vt_certificate_facts, "organization", organization, STRING),
    FIELD(vt_certificate_facts, "organizational_unit", organizational_unit, STRING),
    FIELD(vt_certificate_facts, "email", email, STRING),
    FIELD(vt_certificate_facts, "issuer", issuer, STRING),
    FIELD(vt_certificate_facts, "issuer_common_name", issuer_common_name, STRING),
    FIELD(vt_certificate_facts, "serial", serial, STRING),
    FIELD(vt_certificate_facts, "not_before", not_before_utc_secs, TIME),
    FIELD(vt_certificate_facts, "not_after", not_after_utc_secs, TIME),
    FIELD(vt_certificate_facts, "key_algorithm", key_algorithm, STRING),
    FIELD(vt_certificate_facts, "key_bits", key_bits, UINT),
    FIELD(vt_certificate_facts, "is_self_signed", is_self_signed, BOOL),
    FIELD(vt_certificate_facts, "is_ca", is_ca, BOOL),
    STRINGS_FIELD(vt_certificate_facts, policies, MAX_POLICIES),
};
static const struct vt_record certificate_record =
    RECORD(certificate_fields, vt_certificate_facts, offsetof(struct vt_certificate_facts, sha256));

static const struct vt_field status_fields[] = {
    FIELD(vt_status_facts, "certificate_sha256", certificate_sha256, DIGEST),
    FIELD(vt_status_facts, "subject_common_name", subject_common_name, STRING),
    WORD_FIELD(vt_status_facts, "value", value, status),
    FIELD(vt_status_facts, "source", source, STRING),
    FIELD(vt_status_facts, "origin", origin, STRING),
    FIELD(vt_status_facts, "data_sha256", data_sha256, DIGEST),
    FIELD(vt_status_facts, "this_update", this_update_utc_secs, TIME),
    FIELD(vt_status_facts, "next_update", next_update_utc_secs, TIME),
    FIELD(vt_status_facts, "revoked_at", revoked_at_utc_secs, TIME),
    FIELD(vt_status_facts, "revocation_reason", revocation_reason, STRING),
    FIELD(vt_status_facts, "invalid_since", invalid_since_utc_secs, TIME),
    FIELD(vt_status_facts, "responder", responder, STRING),
    FIELD(vt_status_facts, "source_down", source_down, BOOL),
};
static const struct vt_record status_record = RECORD(status_fields, vt_status_facts, SIZE_MAX);

static const struct vt_field timestamp_fields[] = {
    FIELD(vt_timestamp_facts, "kind", kind, STRING),
    FIELD(vt_timestamp_facts, "token_sha256", sha256, DIGEST),
    FIELD(vt_timestamp_facts, "covers", covers, UINT),
    FIELD(vt_timestamp_facts, "time", time_utc_secs, TIME),
    FIELD(vt_timestamp_facts, "tsa", tsa, STRING),
    WORD_FIELD(vt_timestamp_facts, "integrity", integrity, integrity),
    WORD_FIELD(vt_timestamp_facts, "indication", indication, indication),
    WORD_FIELD(vt_timestamp_facts, "sub_indication", sub_indication, sub_indication),
    FIELD(vt_timestamp_facts, "reasons", reasons, REASONS),
    FIELD(vt_timestamp_facts, "judged_at", judged_at_utc_secs, TIME),
    FIELD(vt_timestamp_facts, "trust_set", trust_set, STRING),
    RECORDS_FIELD(vt_timestamp_facts, "path", path, certificate_record, VT_MAX_PATH),
    RECORDS_FIELD(vt_timestamp_facts, "statuses", statuses, status_record, MAX_STATUSES),
    STRINGS_FIELD(vt_timestamp_facts, findings, VT_MAX_FINDINGS),
};
static const struct vt_record timestamp_record =
    RECORD(timestamp_fields, vt_timestamp_facts, SIZE_MAX);

/* No time at all is null, not a word. */
static const char *const known_time_sources[] = {
    [VT_TIME_SOURCE_TIMESTAMP] = "timestamp",
    [VT_TIME_SOURCE_FIRST_SEEN] = "first-seen",
    [VT_TIME_SOURCE_CLAIMED] = "claimed",
};
static const struct vt_words vt_words_known_time_source = {
    known_time_sources, sizeof(known_time_sources) / sizeof(known_time_sources[0])};

/* A group of the signature's own fields: "signing_time": {"utc": …, "source": …}. */
static const struct vt_field signing_time_fields[] = {
    FIELD(vt_signature, "utc", signing_time_utc_secs, TIME),
    WORD_FIELD(vt_signature, "source", signing_time_source, known_time_source),
    FIELD(vt_signature, "claimed", claimed_time_utc_secs, TIME),
    FIELD(vt_signature, "is_local_time", claimed_is_local_time, BOOL),
    FIELD(vt_signature, "judged_at", judged_at_utc_secs, TIME),
};
static const struct vt_record signing_time_record =
    RECORD(signing_time_fields, vt_signature, SIZE_MAX);

static const struct vt_field signature_hints_fields[] = {
    WORD_FIELD(vt_signature_hints, "use", use, use),
    WORD_FIELD(vt_signature_hints, "spot", spot, spot),
};
static const struct vt_record signature_hints_record =
    RECORD(signature_hints_fields, vt_signature_hints, SIZE_MAX);

static const struct vt_field signature_fields[] = {
    WORD_FIELD(vt_signature, "format", format, signature_format),
    FIELD(vt_signature, "level", level, STRING),
    FIELD(vt_signature, "field", field, STRING),
    FIELD(vt_signature, "sub_filter", sub_filter, STRING),
    FIELD(vt_signature, "revision", revision, UINT),
    WORD_FIELD(vt_signature, "integrity", integrity, integrity),
    WORD_FIELD(vt_signature, "covers", covers, covers),
    WORD_FIELD(vt_signature, "changes_after", changes_after, changes),
    WORD_FIELD(vt_signature, "indication", indication, indication),
    WORD_FIELD(vt_signature, "sub_indication", sub_indication, sub_indication),
    FIELD(vt_signature, "reasons", reasons, REASONS),
    STRINGS_FIELD(vt_signature, findings, VT_MAX_FINDINGS),
    GROUP_FIELD(vt_signature, "signer", signer, certificate_record),
    {.key = "signing_time", .kind = VT_FIELD_RECORD, .record = &signing_time_record},
    GROUP_FIELD(vt_signature, "hints", hints, signature_hints_record),
    FIELD(vt_signature, "digest_algorithm", digest_algorithm, STRING),
    FIELD(vt_signature, "signature_algorithm", signature_algorithm, STRING),
    FIELD(vt_signature, "trust_set", trust_set, STRING),
    RECORDS_FIELD(vt_signature, "path", path, certificate_record, VT_MAX_PATH),
    RECORDS_FIELD(vt_signature, "statuses", statuses, status_record, MAX_STATUSES),
    RECORDS_FIELD(vt_signature, "timestamps", timestamps, timestamp_record, MAX_TIMESTAMPS),
};
static const struct vt_record signature_record = RECORD(signature_fields, vt_signature, SIZE_MAX);

/* Nothing beside it is null, not a word. */
static const char *const known_besides[] = {
    [VT_BESIDE_COMPANION] = "companion",
    [VT_BESIDE_SIGNATURE] = "signature",
};
static const struct vt_words vt_words_known_beside = {known_besides, sizeof(known_besides) /
                                                                         sizeof(known_besides[0])};

static const struct vt_field revision_fields[] = {
    FIELD(vt_revision, "number", number, UINT),
    FIELD(vt_revision, "end", end_bytes, U64),
    FIELD(vt_revision, "created", created_utc_secs, TIME),
};
static const struct vt_record revision_record = RECORD(revision_fields, vt_revision, SIZE_MAX);

static const struct vt_field change_fields[] = {
    WORD_FIELD(vt_document_change, "kind", kind, change_kind),
    WORD_FIELD(vt_document_change, "effect", effect, changes),
    FIELD(vt_document_change, "revision", revision, UINT),
    FIELD(vt_document_change, "page", page, UINT),
    FIELD(vt_document_change, "what", what, STRING),
};
static const struct vt_record change_record = RECORD(change_fields, vt_document_change, SIZE_MAX);

static const struct vt_field document_hints_fields[] = {
    WORD_FIELD(vt_document_hints, "made", made, made),
    WORD_FIELD(vt_document_hints, "copy", copy, copy),
    FIELD(vt_document_hints, "annex", is_annex, BOOL),
    FIELD(vt_document_hints, "seal_page", seal_page, UINT),
};
static const struct vt_record document_hints_record =
    RECORD(document_hints_fields, vt_document_hints, SIZE_MAX);

static const struct vt_field document_fields[] = {
    FIELD(vt_document, "path", path, STRING),
    FIELD(vt_document, "name", name, STRING),
    WORD_FIELD(vt_document, "format", format, format),
    FIELD(vt_document, "sha256", sha256, DIGEST),
    FIELD(vt_document, "size", size_bytes, U64),
    FIELD(vt_document, "nested", nested, BOOL),
    FIELD(vt_document, "attachment", attachment, BOOL),
    FIELD(vt_document, "official", is_official, BOOL),
    WORD_FIELD(vt_document, "beside", beside, known_beside),
    FIELD(vt_document, "expects_signature", expects_signature, BOOL),
    GROUP_FIELD(vt_document, "hints", hints, document_hints_record),
    FIELD(vt_document, "reasons", reasons, REASONS),
    STRINGS_FIELD(vt_document, findings, VT_MAX_FINDINGS),
    RECORDS_FIELD(vt_document, "signatures", signatures, signature_record, VT_MAX_SIGNATURES),
    RECORDS_FIELD(vt_document, "revisions", revisions, revision_record, VT_MAX_REVISIONS),
    RECORDS_FIELD(vt_document, "changes", changes, change_record, VT_MAX_CHANGES),
};
static const struct vt_record document_record = RECORD(document_fields, vt_document, SIZE_MAX);

static const struct vt_field mail_fields[] = {
    FIELD(vt_mail, "queue_id", queue_id, STRING),
    FIELD(vt_mail, "reference", reference, STRING),
    FIELD(vt_mail, "client_address", client_address, STRING),
    FIELD(vt_mail, "client_name", client_name, STRING),
    FIELD(vt_mail, "helo", helo, STRING),
    FIELD(vt_mail, "front_relay", front_relay, STRING),
    FIELD(vt_mail, "daemon_name", daemon_name, STRING),
    FIELD(vt_mail, "authenticated", authenticated, STRING),
    FIELD(vt_mail, "sender", sender, STRING),
    STRINGS_FIELD(vt_mail, recipients, VT_MAX_RECIPIENTS),
    WORD_FIELD(vt_mail, "direction", direction, direction),
    WORD_FIELD(vt_mail, "sender_class", sender_class, sender_class),
    FIELD(vt_mail, "sender_aligned", sender_aligned, BOOL),
    FIELD(vt_mail, "message_id", message_id, STRING),
    FIELD(vt_mail, "subject", subject, STRING),
    FIELD(vt_mail, "from", from, STRING),
    FIELD(vt_mail, "from_count", from_count, UINT),
    FIELD(vt_mail, "is_list", is_list, BOOL),
    FIELD(vt_mail, "is_automatic", is_automatic, BOOL),
    WORD_FIELD(vt_mail, "automatic_by", automatic_by, automatic),
    WORD_FIELD(vt_mail, "sender_proof", sender_proof, sender_proof),
    FIELD(vt_mail, "size", size_bytes, U64),
};
static const struct vt_record mail_record = RECORD(mail_fields, vt_mail, SIZE_MAX);

static const struct vt_field evidence_fields[] = {
    GROUP_FIELD(vt_evidence, "mail", mail, mail_record),
    FIELD(vt_evidence, "inspected_at", inspected_at_utc_secs, TIME),
    FIELD(vt_evidence, "reasons", reasons, REASONS),
    STRINGS_FIELD(vt_evidence, findings, VT_MAX_FINDINGS),
    RECORDS_FIELD(vt_evidence, "documents", documents, document_record, VT_MAX_PARTS),
};
const struct vt_record vt_evidence_record = RECORD(evidence_fields, vt_evidence, SIZE_MAX);

/* The version comes first, for people and for readers that stream. */
static json_t *with_version(json_t *body)
{
    json_t *root = json_object();
    if (root == NULL || json_object_set_new(root, "v", json_integer(VT_EVIDENCE_VERSION)) != 0 ||
        json_object_update(root, body) != 0) {
        json_decref(root);
        return NULL;
    }
    return root;
}

enum vt_code vt_evidence_to_json(const struct vt_evidence *evidence, int indent, char **out_text,
                                 size_t *out_len, struct vt_err *err)
{
    json_t *body = vt_record_to_json(&vt_evidence_record, evidence);
    json_t *root = body == NULL ? NULL : with_version(body);
    json_decref(body);
    return vt_json_text(root, indent, VT_MAX_EVIDENCE_BYTES, out_text, out_len, err);
}

enum vt_code vt_evidence_from_object(struct vt_arena *arena, const json_t *object,
                                     struct vt_evidence **out, struct vt_err *err)
{
    struct vt_evidence *evidence = vt_arena_alloc(arena, sizeof(*evidence));
    if (evidence == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for evidence");
    const json_t *version = json_object_get(object, "v");
    if (!json_is_integer(version) || json_integer_value(version) != VT_EVIDENCE_VERSION)
        return vt_err_set(err, VT_E_FORMAT, "evidence of version %d is expected",
                          VT_EVIDENCE_VERSION);
    enum vt_code code = vt_record_from_json(arena, &vt_evidence_record, object, evidence, err);
    if (code == VT_OK)
        *out = evidence;
    return code;
}

enum vt_code vt_evidence_from_json(struct vt_arena *arena, struct vt_bytes json,
                                   struct vt_evidence **out, struct vt_err *err)
{
    json_t *root = NULL;
    enum vt_code code = vt_json_object(json, VT_MAX_EVIDENCE_BYTES, &root, err);
    if (code == VT_OK)
        code = vt_evidence_from_object(arena, root, out, err);
    json_decref(root);
    return code;
}

enum vt_code vt_mail_to_json(const struct vt_mail *mail, char **out_text, size_t *out_len,
                             struct vt_err *err)
{
    return vt_json_text(vt_record_to_json(&mail_record, mail), 0, VT_MAX_EVIDENCE_BYTES, out_text,
                        out_len, err);
}

enum vt_code vt_mail_from_object(struct vt_arena *arena, const json_t *object, struct vt_mail *out,
                                 struct vt_err *err)
{
    *out = (struct vt_mail){0};
    return vt_record_from_json(arena, &mail_record, object, out, err);
}

enum vt_code vt_mail_from_json(struct vt_arena *arena, struct vt_bytes json, struct vt_mail *out,
                               struct vt_err *err)
{
    json_t *root = NULL;
    enum vt_code code = vt_json_object(json, VT_MAX_EVIDENCE_BYTES, &root, err);
    if (code == VT_OK)
        code = vt_mail_from_object(arena, root, out, err);
    json_decref(root);
    return code;
}
