/* SPDX-License-Identifier: Apache-2.0
 * What the status role found out later, judged over the evidence of then. RFC 5280 5.3 and ETSI EN
 * 319 102-1 5.2.6: what was signed, provably, before a revocation is not touched by it; a claimed
 * time can make it worse, never better. */
#include "register/rechecked.h"

#include <stdio.h>
#include <string.h>

#include "evidence/names.h"
#include "evidence/record_json.h"
#include "register/messages.h"
#include "vanthu/notice.h"

#define MAIL_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define TEXT_BYTES 600

/* ---- the message ---- */

enum vt_code vt_rechecked_to_json(const struct vt_rechecked *rechecked, char **out_text,
                                  size_t *out_len, struct vt_err *err)
{
    json_t *root = json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:o}", "reference", rechecked->reference, "certificate",
        rechecked->certificate_sha256, "name", vt_json_string(rechecked->name), "serial",
        vt_json_string(rechecked->serial), "status", vt_words_status.words[rechecked->value],
        "since", vt_json_time(rechecked->since_utc_secs));
    return vt_json_text(root, 0, VT_MAX_MESSAGE_BYTES, out_text, out_len, err);
}

static const char *clean(struct vt_arena *arena, const char *text)
{
    char out[200];
    return vt_arena_str(arena,
                        vt_text_clean(out, sizeof(out), vt_bytes_str(text != NULL ? text : "")));
}

static enum vt_code read_fields(struct vt_arena *arena, const json_t *root,
                                struct vt_rechecked *out)
{
    char reference[VT_REFERENCE_BYTES];
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    const char *given = json_string_value(json_object_get(root, "reference"));
    const char *certificate = json_string_value(json_object_get(root, "certificate"));
    const char *since = json_string_value(json_object_get(root, "since"));
    const char *status = json_string_value(json_object_get(root, "status"));
    if (given == NULL || vt_reference_parse(given, reference) != VT_OK || certificate == NULL ||
        vt_chain_unhex(certificate, digest) != VT_OK || status == NULL)
        return VT_E_FORMAT;
    unsigned value = vt_words_find(&vt_words_status, status);
    if (value >= vt_words_status.count)
        return VT_E_FORMAT;
    out->value = (enum vt_status_value)value;
    out->since_utc_secs = VT_TIME_NONE;
    if (since != NULL && vt_time_parse(since, &out->since_utc_secs) != VT_OK)
        return VT_E_FORMAT;
    out->reference = vt_arena_str(arena, reference);
    out->certificate_sha256 = vt_arena_str(arena, certificate);
    out->name = clean(arena, json_string_value(json_object_get(root, "name")));
    out->serial = clean(arena, json_string_value(json_object_get(root, "serial")));
    bool is_complete = out->reference != NULL && out->certificate_sha256 != NULL &&
                       out->name != NULL && out->serial != NULL;
    return is_complete ? VT_OK : VT_E_NOMEM;
}

enum vt_code vt_rechecked_from_json(struct vt_arena *arena, struct vt_bytes json,
                                    struct vt_rechecked *out, struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_rechecked){.value = VT_STATUS_UNKNOWN};
    enum vt_code code = vt_json_object(json, VT_MAX_MESSAGE_BYTES, &root, err);
    if (code != VT_OK)
        return code;
    code = read_fields(arena, root, out);
    json_decref(root);
    return code == VT_OK ? VT_OK
                         : vt_err_set(err, code, "register: a re-check that cannot be read");
}

/* ---- what it means ---- */

static bool is_path_of(const struct vt_signature *signature, const char *sha256)
{
    for (size_t i = 0; i < signature->path_count; i++) {
        if (strcmp(signature->path[i].sha256, sha256) == 0)
            return true;
    }
    return false;
}

/* Some time says that it was signed when the certificate was no longer good. */
static bool is_signed_since(const struct vt_signature *signature, int64_t since_utc_secs)
{
    const int64_t times[] = {signature->signing_time_utc_secs, signature->claimed_time_utc_secs};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (times[i] != VT_TIME_NONE && times[i] >= since_utc_secs)
            return true;
    }
    return false;
}

static bool is_proven_before(const struct vt_signature *signature, int64_t since_utc_secs)
{
    bool is_proven = signature->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ||
                     signature->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN;
    return is_proven && since_utc_secs != VT_TIME_NONE &&
           signature->signing_time_utc_secs < since_utc_secs;
}

static enum vt_reason judge_one(const struct vt_signature *signature,
                                const struct vt_rechecked *rechecked)
{
    bool is_signer = strcmp(signature->signer.sha256, rechecked->certificate_sha256) == 0;
    int64_t since = rechecked->since_utc_secs;
    if ((!is_signer && !is_path_of(signature, rechecked->certificate_sha256)) ||
        is_proven_before(signature, since))
        return VT_REASON_COUNT;
    if (!is_signer)
        return VT_REASON_CA_INVALID;
    if (rechecked->value == VT_STATUS_SUSPENDED)
        return VT_REASON_CERT_SUSPENDED;
    return since == VT_TIME_NONE || is_signed_since(signature, since)
               ? VT_REASON_CERT_REVOKED
               : VT_REASON_CERT_REVOKED_SINCE;
}

enum vt_reason vt_rechecked_judge(const struct vt_evidence *evidence,
                                  const struct vt_rechecked *rechecked)
{
    static const enum vt_reason order[] = {VT_REASON_CERT_REVOKED, VT_REASON_CA_INVALID,
                                           VT_REASON_CERT_SUSPENDED, VT_REASON_CERT_REVOKED_SINCE};
    vt_reasons found = 0;
    if (rechecked->value != VT_STATUS_REVOKED && rechecked->value != VT_STATUS_SUSPENDED)
        return VT_REASON_COUNT;
    for (size_t d = 0; evidence != NULL && d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        for (size_t s = 0; s < document->signatures_count; s++) {
            enum vt_reason reason = judge_one(&document->signatures[s], rechecked);
            found |= reason < VT_REASON_COUNT ? VT_REASON_BIT(reason) : 0;
        }
    }
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if ((found & VT_REASON_BIT(order[i])) != 0)
            return order[i];
    }
    return VT_REASON_COUNT;
}

/* ---- the record ---- */

struct mail {
    struct vt_arena *arena;
    struct vt_register_record record;
    bool is_there;
};

static enum vt_code take_mail(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct mail *mail = context;
    if (entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(mail->arena, entry, &mail->record, err);
    mail->is_there =
        code == VT_OK && !mail->record.decided->is_secret && mail->record.decided->evidence != NULL;
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code find_mail(struct vt_register *reg, const char *reference, struct mail *out,
                              struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    return vt_register_find(reg, &query, take_mail, out, &next, err);
}

static void describe(const struct vt_rechecked *rechecked, enum vt_reason reason,
                     char out[TEXT_BYTES])
{
    char since[64] = "";
    if (rechecked->since_utc_secs != VT_TIME_NONE)
        (void)vt_time_vietnam(since, rechecked->since_utc_secs);
    (void)snprintf(out, TEXT_BYTES, "%s: %s (%s)%s%s",
                   reason < VT_REASON_COUNT             ? vt_reason_info(reason)->code
                   : rechecked->value == VT_STATUS_GOOD ? "good"
                                                        : "good at signing time",
                   rechecked->name, rechecked->serial, since[0] != '\0' ? ", " : "", since);
}

static enum vt_code append(struct vt_register *reg, const struct vt_config *config,
                           const struct vt_policy *policy, const struct mail *mail,
                           const struct vt_rechecked *rechecked, int64_t now_utc_secs,
                           struct vt_err *err)
{
    char text[TEXT_BYTES];
    enum vt_reason reason = vt_rechecked_judge(mail->record.decided->evidence, rechecked);
    const struct vt_register_event event = {.what = VT_EVENT_RECHECKED, .text = text};
    struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                        .reference = rechecked->reference,
                                        .time_utc_secs = now_utc_secs,
                                        .event = &event};
    describe(rechecked, reason, text);
    enum vt_code code = reason == VT_REASON_COUNT
                            ? VT_OK
                            : vt_notice_plan_recheck(mail->arena, config,
                                                     policy != NULL ? vt_policy_site(policy) : NULL,
                                                     &mail->record, rechecked->certificate_sha256,
                                                     &record.notices, &record.notices_count, err);
    return code == VT_OK ? vt_register_append(reg, &record, 1, err) : code;
}

enum vt_code vt_rechecked_record(struct vt_register *reg, const struct vt_config *config,
                                 const struct vt_policy *policy,
                                 const struct vt_rechecked *rechecked, int64_t now_utc_secs,
                                 struct vt_err *err)
{
    struct mail mail = {.arena = vt_arena_new(MAIL_ARENA_BYTES)};
    if (mail.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "register: no memory for a mail");
    enum vt_code code = find_mail(reg, rechecked->reference, &mail, err);
    if (code == VT_OK && mail.is_there)
        code = append(reg, config, policy, &mail, rechecked, now_utc_secs, err);
    vt_arena_free(mail.arena);
    return code;
}
