/* SPDX-License-Identifier: Apache-2.0
 * One signature of a record, as verify and document gave it when the mail was there. */
#include <string.h>

#include "inspector/record_work.h"

/* What the signed bytes said, which are not kept. */
#define TAKEN_REASONS                                                                              \
    (VT_REASON_BIT(VT_REASON_CONTENT_CHANGED) | VT_REASON_BIT(VT_REASON_BAD_SIGNATURE) |           \
     VT_REASON_BIT(VT_REASON_ADDED_AFTER_SIGNING) | VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM) |      \
     VT_REASON_BIT(VT_REASON_TIME_INCONSISTENT) | DOUBTS)
/* Of these, those with which a signature is not called good. */
#define DOUBTS                                                                                     \
    (VT_REASON_BIT(VT_REASON_NAME_MISMATCH) | VT_REASON_BIT(VT_REASON_MESSAGE_CHANGED) |           \
     VT_REASON_BIT(VT_REASON_CHANGE_UNCLEAR) | VT_REASON_BIT(VT_REASON_MALFORMED) |                \
     VT_REASON_BIT(VT_REASON_FILE_UNREADABLE) | VT_REASON_BIT(VT_REASON_FORMAT_UNSUPPORTED) |      \
     VT_REASON_BIT(VT_REASON_TOO_LARGE))

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
}

static bool is_own(const struct vt_signature *then, const struct vt_timestamp_facts *facts)
{
    return then->format == VT_SIGNATURE_DOCTIMESTAMP || facts->kind == NULL ||
           strcmp(facts->kind, "document") != 0;
}

/* Its own signature is verified again; what it is over is not there any more. */
static enum vt_code read_token(struct vt_record_work *work, const struct vt_timestamp_facts *then,
                               struct vt_verified_timestamp *out, struct vt_err *err)
{
    const struct vt_object *object = vt_record_object(work, VT_OBJECT_TIMESTAMP, then->sha256);
    struct vt_bytes imprint;
    *out = (struct vt_verified_timestamp){.kind = then->kind,
                                          .time_utc_secs = VT_TIME_NONE,
                                          .reasons = VT_REASON_BIT(VT_REASON_TIMESTAMP_UNVERIFIED)};
    if (object == NULL)
        return VT_OK;
    struct vt_verified *inner = vt_arena_alloc(work->run->arena, sizeof(*inner));
    if (inner == NULL)
        return no_memory(err);
    enum vt_code code = vt_verify_token(work->run->arena, work->run->pool, object->bytes,
                                        then->kind, out, inner, &imprint, err);
    if (code != VT_OK)
        return code;
    out->covers = then->covers;
    if (out->integrity == VT_INTEGRITY_INTACT && then->integrity != VT_INTEGRITY_INTACT)
        out->integrity = then->integrity;
    return VT_OK;
}

static enum vt_code read_tokens(struct vt_record_work *work, const struct vt_signature *then,
                                struct vt_verified *out, struct vt_err *err)
{
    out->timestamps =
        vt_arena_alloc(work->run->arena, (then->timestamps_count + 1) * sizeof(*out->timestamps));
    if (out->timestamps == NULL)
        return no_memory(err);
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < then->timestamps_count && code == VT_OK; i++) {
        if (out->timestamps_count < VT_MAX_TIMESTAMPS && is_own(then, &then->timestamps[i]))
            code = read_token(work, &then->timestamps[i], &out->timestamps[out->timestamps_count++],
                              err);
    }
    return code;
}

static enum vt_sub_indication taken_sub_indication(const struct vt_signature *then)
{
    switch (then->sub_indication) {
    case VT_SUB_FORMAT_FAILURE:
    case VT_SUB_HASH_FAILURE:
    case VT_SUB_SIG_CRYPTO_FAILURE:
    case VT_SUB_SIGNED_DATA_NOT_FOUND:
        return then->sub_indication;
    case VT_SUB_SIG_CONSTRAINTS_FAILURE:
        return (then->reasons & DOUBTS) != 0 ? then->sub_indication : VT_SUB_NONE;
    default:
        return VT_SUB_NONE;
    }
}

enum vt_code vt_record_read_signature(struct vt_record_work *work, const struct vt_signature *then,
                                      struct vt_verified *out, struct vt_err *err)
{
    const struct vt_object *signer =
        then->signer.sha256[0] != '\0'
            ? vt_record_object(work, VT_OBJECT_CERTIFICATE, then->signer.sha256)
            : NULL;
    *out = (struct vt_verified){.integrity = then->integrity,
                                .sub_indication = taken_sub_indication(then),
                                .reasons = then->reasons & TAKEN_REASONS,
                                .ess_bound = then->format == VT_SIGNATURE_CADES ||
                                             (then->level != NULL && then->level[0] != '\0'),
                                .has_signed_attributes = then->level != NULL,
                                .claimed_time_utc_secs = then->claimed_time_utc_secs,
                                .digest_algorithm = then->digest_algorithm,
                                .signature_algorithm = then->signature_algorithm};
    if (signer != NULL &&
        vt_certificate_add(work->run->pool, signer->bytes, &out->signer, err) == VT_E_NOMEM)
        return VT_E_NOMEM;
    return read_tokens(work, then, out, err);
}

struct vt_signed_object vt_record_signed_object(const struct vt_signature *then)
{
    struct vt_signed_object object = {
        .format = then->format == VT_SIGNATURE_CADES ? VT_SIGNATURE_CMS : then->format,
        .field = then->field,
        .sub_filter = then->sub_filter,
        .hints = then->hints,
        .revision = then->revision,
        .covers = then->covers,
        .changes_after = then->changes_after,
        .claimed_time_utc_secs = VT_TIME_NONE};
    if (then->format == VT_SIGNATURE_DOCTIMESTAMP)
        object.binding = VT_BINDING_TIMESTAMP;
    else if (then->sub_filter != NULL && strcmp(then->sub_filter, "adbe.pkcs7.sha1") == 0)
        object.binding = VT_BINDING_PDF_SHA1;
    /* Of two claims the one that was believed. */
    if (then->claimed_is_local_time && then->signing_time_source == VT_TIME_SOURCE_CLAIMED)
        object.claimed_time_utc_secs = then->signing_time_utc_secs;
    return object;
}

int64_t vt_record_first_seen(const struct vt_record_work *work, const struct vt_signature *then)
{
    int64_t latest = VT_TIME_NONE;
    if (then->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN)
        return then->signing_time_utc_secs;
    for (size_t i = 0; i < then->timestamps_count; i++) {
        if (then->timestamps[i].judged_at_utc_secs > latest)
            latest = then->timestamps[i].judged_at_utc_secs;
    }
    return latest < work->then->inspected_at_utc_secs ? latest : VT_TIME_NONE;
}
