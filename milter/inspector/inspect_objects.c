/* SPDX-License-Identifier: Apache-2.0
 * The signed objects of one document: verified together, judged one by one with the time stamps
 * that came later. */
#include <string.h>

#include "inspector/part_work.h"

static enum vt_code verify_objects(struct vt_part_work *work, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    work->verified = vt_arena_alloc(run->arena, sizeof(*work->verified) * work->objects_count);
    work->token_cache = vt_token_cache_new(run->arena);
    if (work->verified == NULL || work->token_cache == NULL)
        return vt_part_no_memory(err);
    return vt_verify_objects(run->arena, run->pool, work->objects, work->objects_count,
                             work->candidates, work->candidates_count, work->verified, err);
}

/* A time stamp over some bytes of a revision, wherever they come from, is none of the revision. */
static bool covers_revision(const struct vt_signed_object *object)
{
    return !object->structure_broken && object->covers != VT_COVERS_PART;
}

/* Document time stamps of later revisions prove that this signature existed. */
static const struct vt_verified_timestamp **timestamps_after(struct vt_part_work *work,
                                                             size_t object, size_t *out_count)
{
    const struct vt_verified_timestamp **found =
        vt_arena_alloc(work->run->arena, sizeof(const void *) * (work->objects_count + 1));
    *out_count = 0;
    for (size_t i = object + 1; found != NULL && i < work->objects_count; i++) {
        const struct vt_verified_list *list = &work->verified[i];
        if (work->objects[i].binding == VT_BINDING_TIMESTAMP &&
            covers_revision(&work->objects[i]) && list->count > 0 &&
            list->items[0].timestamps_count > 0 &&
            work->objects[i].revision > work->objects[object].revision)
            found[(*out_count)++] = &list->items[0].timestamps[0];
    }
    return found;
}

/* The signature value and the file it stands in: what "first seen" means (design.md 4). */
static const char *first_seen_digest(struct vt_part_work *work, const struct vt_verified *verified)
{
    struct vt_buf joined;
    char hex[65];
    vt_buf_init(&joined, VT_MAX_CMS_BYTES);
    bool hashed = vt_buf_add(&joined, work->document.sha256, 64) == VT_OK &&
                  vt_buf_add(&joined, verified->signature_value.ptr,
                             verified->signature_value.len) == VT_OK &&
                  vt_verify_sha256(vt_buf_bytes(&joined), hex) == VT_OK;
    vt_buf_clear(&joined);
    return hashed ? vt_arena_str(work->run->arena, hex) : NULL;
}

static enum vt_code look_up_first_seen(struct vt_part_work *work,
                                       const struct vt_verified *verified, int64_t *out_utc_secs,
                                       struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    const struct vt_known *known = run->input->known;
    const char *digest = first_seen_digest(work, verified);
    *out_utc_secs = VT_TIME_NONE;
    if (digest == NULL)
        return vt_part_no_memory(err);
    for (size_t i = 0; known != NULL && i < known->first_seen_count; i++) {
        if (strcmp(known->first_seen[i].digest_sha256, digest) == 0) {
            *out_utc_secs = known->first_seen[i].time_utc_secs;
            return VT_OK;
        }
    }
    void *grown = vt_arena_grow(run->arena, run->wants->first_seen, run->wants->first_seen_count,
                                sizeof(*run->wants->first_seen));
    if (grown == NULL)
        return vt_part_no_memory(err);
    run->wants->first_seen = grown;
    run->wants->first_seen[run->wants->first_seen_count++] = digest;
    return VT_OK;
}

/* A message signature speaks of the message: what was changed on the way is no forged document,
 * and the signer has to be the sender (RFC 8551 section 3). */
static void judge_as_message(struct vt_part_work *work, const struct vt_verified *verified,
                             struct vt_signature *signature)
{
    const vt_reasons changed = VT_REASON_BIT(VT_REASON_CONTENT_CHANGED);
    if ((signature->reasons & changed) != 0)
        signature->reasons =
            (signature->reasons & ~changed) | VT_REASON_BIT(VT_REASON_MESSAGE_CHANGED);
    if (verified->signer != NULL &&
        !vt_inspect_signer_is_sender(work->run->unpacked, work->index, verified->signer))
        vt_signature_worsen(signature, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_NAME_MISMATCH);
}

/* The signature that answers for what came into the document after another one: the best of the
 * revision that brought it and of later ones. Signatures are judged newest first. */
static const struct vt_signature *signature_of_additions(const struct vt_part_work *work,
                                                         const struct vt_signed_object *object)
{
    const struct vt_signature *best = NULL;
    for (size_t i = 0; object->added_in != 0 && i < work->document.signatures_count; i++) {
        const struct vt_signature *later = &work->document.signatures[i];
        if (later->revision < object->added_in || later->format == VT_SIGNATURE_DOCTIMESTAMP)
            continue;
        if (best == NULL || later->indication == VT_TOTAL_PASSED ||
            (later->indication == VT_INDETERMINATE && best->indication == VT_TOTAL_FAILED))
            best = later;
    }
    return best;
}

static enum vt_code judge_one(struct vt_part_work *work, size_t object,
                              const struct vt_verified *verified, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    size_t timestamps_count = 0;
    const struct vt_verified_timestamp **timestamps =
        timestamps_after(work, object, &timestamps_count);
    void *grown = vt_arena_grow(run->arena, work->document.signatures,
                                work->document.signatures_count, sizeof(struct vt_signature));
    if (timestamps == NULL || grown == NULL)
        return vt_part_no_memory(err);
    work->document.signatures = grown;
    struct vt_trust_input input = {
        .store = run->options->store,
        .pool = run->pool,
        .object = &work->objects[object],
        .verified = verified,
        .validation_data = work->validation_data,
        .document_timestamps = timestamps,
        .document_timestamps_count = timestamps_count,
        .additions_signature = signature_of_additions(work, &work->objects[object]),
        .given_crls = run->options->given_crls,
        .given_crls_count = run->options->given_crls_count,
        .known = run->input->known,
        .now_utc_secs = run->input->now_utc_secs,
        .clock_is_wrong = run->input->clock_is_wrong,
        .status_cache = run->status_cache,
        .token_cache = work->token_cache,
        .used = run->input->used,
    };
    enum vt_code code = look_up_first_seen(work, verified, &input.first_seen_utc_secs, err);
    if (code != VT_OK)
        return code;
    struct vt_signature *signature = &work->document.signatures[work->document.signatures_count];
    *signature = (struct vt_signature){0};
    code = vt_trust_judge(run->arena, &input, signature, run->wants, err);
    if (code != VT_OK)
        return code;
    if (work->document.format == VT_FORMAT_SMIME)
        judge_as_message(work, verified, signature);
    work->document.signatures_count++;
    run->signatures_count++;
    return VT_OK;
}

static enum vt_code judge_object(struct vt_part_work *work, size_t object, struct vt_err *err)
{
    const struct vt_verified_list *list = &work->verified[object];
    for (size_t i = list->count; i > 0; i--) {
        if (work->run->signatures_count >= VT_MAX_SIGNATURES) {
            work->document.reasons |= VT_REASON_BIT(VT_REASON_TOO_LARGE);
            return vt_part_find(work, "The mail has more signatures than are checked; the rest of "
                                      "them was not looked at.");
        }
        enum vt_code code = judge_one(work, object, &list->items[i - 1], err);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}

/* What was added is permitted once somebody has signed it. */
static void settle_additions(struct vt_document *document)
{
    for (size_t c = 0; c < document->changes_count; c++) {
        struct vt_document_change *change = &document->changes[c];
        for (size_t i = 0; i < document->signatures_count; i++) {
            const struct vt_signature *later = &document->signatures[i];
            if (change->effect == VT_CHANGES_ADDED && later->revision >= change->revision &&
                later->indication == VT_TOTAL_PASSED && later->format != VT_SIGNATURE_DOCTIMESTAMP)
                change->effect = VT_CHANGES_PERMITTED;
        }
    }
}

/* They were judged newest first. */
static void put_in_order(struct vt_document *document)
{
    for (size_t low = 0, high = document->signatures_count; low + 1 < high; low++) {
        struct vt_signature swapped = document->signatures[low];
        document->signatures[low] = document->signatures[--high];
        document->signatures[high] = swapped;
    }
}

enum vt_code vt_part_judge(struct vt_part_work *work, struct vt_err *err)
{
    if (work->objects_count > VT_MAX_SIGNATURES) {
        work->objects_count = VT_MAX_SIGNATURES;
        work->document.reasons |= VT_REASON_BIT(VT_REASON_TOO_LARGE);
        if (vt_part_find(work, "The file has more signatures than are checked; the rest of them "
                               "was not looked at.") != VT_OK)
            return vt_part_no_memory(err);
    }
    if (work->run->signatures_count >= VT_MAX_SIGNATURES)
        work->objects_count =
            work->objects_count > 0 ? 1 : 0; /* enough to say that there are more */
    enum vt_code code = verify_objects(work, err);
    if (code == VT_OK)
        code = vt_part_hash(work, err);
    for (size_t i = work->objects_count; code == VT_OK && i > 0; i--)
        code = judge_object(work, i - 1, err);
    put_in_order(&work->document);
    settle_additions(&work->document);
    return code;
}
