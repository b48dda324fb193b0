/* SPDX-License-Identifier: Apache-2.0
 * A record instead of a mail: its signatures judged again from the objects that were kept with it
 * (legal.md ), by the same code, as of the time of the record. */
#include <string.h>

#include "inspector/record_work.h"

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
}

const struct vt_object *vt_record_object(const struct vt_record_work *work,
                                         enum vt_object_kind kind, const char *sha256)
{
    for (size_t i = 0; i < work->objects_count; i++) {
        const struct vt_object *object = &work->objects[i];
        if (object->kind == kind && object->bytes.len > 0 &&
            (sha256 == NULL || strcmp(object->sha256, sha256) == 0))
            return object;
    }
    return NULL;
}

/* ---- what was kept ---- */

static void keep_embedded(struct vt_bytes *list, size_t *count, struct vt_bytes bytes)
{
    if (*count < VT_MAX_REVOCATIONS)
        list[(*count)++] = bytes;
}

static void sort_object(struct vt_record_work *work, const struct vt_object *object)
{
    struct vt_validation_data *data = work->data;
    bool is_embedded = object->from == VT_OBJECT_EMBEDDED;
    const struct vt_certificate *certificate = NULL;
    if (object->bytes.len == 0)
        return;
    switch (object->kind) {
    case VT_OBJECT_CERTIFICATE:
        work->known.issuers[work->known.issuers_count++] = object->bytes;
        if (vt_certificate_add(work->run->pool, object->bytes, &certificate, NULL) == VT_OK)
            work->certificates[work->certificates_count++] = certificate;
        break;
    case VT_OBJECT_CRL:
        if (is_embedded)
            keep_embedded(data->crls, &data->crls_count, object->bytes);
        else
            work->crls[work->crls_count++] = object->bytes;
        break;
    case VT_OBJECT_OCSP:
        if (is_embedded)
            keep_embedded(data->ocsps, &data->ocsps_count, object->bytes);
        break;
    case VT_OBJECT_DOCUMENT:
        work->documents[work->documents_count++] = object->bytes;
        break;
    default:
        break;
    }
}

static enum vt_code sort_objects(struct vt_record_work *work, struct vt_err *err)
{
    struct vt_arena *arena = work->run->arena;
    size_t room = work->objects_count + 1;
    work->certificates = vt_arena_alloc(arena, room * sizeof(*work->certificates));
    work->known.issuers = vt_arena_alloc(arena, room * sizeof(*work->known.issuers));
    work->crls = vt_arena_alloc(arena, room * sizeof(*work->crls));
    work->documents = vt_arena_alloc(arena, room * sizeof(*work->documents));
    work->data = vt_arena_alloc(arena, sizeof(*work->data));
    if (work->certificates == NULL || work->known.issuers == NULL || work->crls == NULL ||
        work->documents == NULL || work->data == NULL)
        return no_memory(err);
    for (size_t i = 0; i < work->objects_count; i++)
        sort_object(work, &work->objects[i]);
    return VT_OK;
}

static enum vt_code add_fact(struct vt_record_work *work, const struct vt_status_fact *fact)
{
    struct vt_status_fact *grown =
        vt_arena_grow(work->run->arena, work->known.facts, work->known.facts_count, sizeof(*grown));
    if (grown == NULL)
        return VT_E_NOMEM;
    work->known.facts = grown;
    grown[work->known.facts_count] = *fact;
    grown[work->known.facts_count++].from = VT_ORIGIN_FETCHED;
    return VT_OK;
}

/* What a fetched response says about a certificate, when it is about this one. */
static enum vt_code ask_response(struct vt_record_work *work, struct vt_bytes response,
                                 const struct vt_certificate *certificate)
{
    struct vt_bytes serial = vt_certificate_serial(certificate);
    if (serial.len == 0 || memmem(response.ptr, response.len, serial.ptr, serial.len) == NULL)
        return VT_OK;
    for (size_t i = 0; i < work->certificates_count; i++) {
        const struct vt_certificate *issuer = work->certificates[i];
        struct vt_status_fact fact;
        if (issuer == certificate || !vt_certificate_names_issuer(certificate, issuer))
            continue;
        enum vt_code code =
            vt_status_read_ocsp(work->run->arena, work->run->pool, response, certificate, issuer,
                                (struct vt_bytes){0}, "kept", &fact, NULL);
        if (code == VT_OK)
            return add_fact(work, &fact);
        if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
            return code;
    }
    return VT_OK;
}

static enum vt_code ask_responses(struct vt_record_work *work, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < work->objects_count && code == VT_OK; i++) {
        const struct vt_object *object = &work->objects[i];
        if (object->kind != VT_OBJECT_OCSP || object->from == VT_OBJECT_EMBEDDED ||
            object->bytes.len == 0)
            continue;
        for (size_t c = 0; c < work->certificates_count && code == VT_OK; c++)
            code = ask_response(work, object->bytes, work->certificates[c]);
    }
    return code == VT_OK ? VT_OK : vt_err_set(err, code, "an OCSP response cannot be asked");
}

/* ---- a document ---- */

struct document_work {
    const struct vt_document *then;
    struct vt_verified *verified; /* of each signature */
    struct vt_document *now;
};

static const struct vt_verified_timestamp **timestamps_after(struct vt_record_work *work,
                                                             const struct document_work *document,
                                                             size_t index, size_t *out_count)
{
    const struct vt_signature *signatures = document->then->signatures;
    size_t count = document->then->signatures_count;
    const struct vt_verified_timestamp **found =
        vt_arena_alloc(work->run->arena, (count + 1) * sizeof(const void *));
    *out_count = 0;
    for (size_t i = index + 1; found != NULL && i < count; i++) {
        if (signatures[i].format == VT_SIGNATURE_DOCTIMESTAMP &&
            signatures[i].covers != VT_COVERS_PART &&
            signatures[i].revision > signatures[index].revision &&
            document->verified[i].timestamps_count > 0)
            found[(*out_count)++] = &document->verified[i].timestamps[0];
    }
    return found;
}

static enum vt_code judge_signature(struct vt_record_work *work, struct document_work *document,
                                    size_t index, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    const struct vt_signature *then = &document->then->signatures[index];
    const struct vt_signed_object object = vt_record_signed_object(then);
    size_t timestamps_count = 0;
    const struct vt_verified_timestamp **timestamps =
        timestamps_after(work, document, index, &timestamps_count);
    if (timestamps == NULL)
        return no_memory(err);
    const struct vt_trust_input input = {
        .store = run->options->store,
        .pool = run->pool,
        .object = &object,
        .verified = &document->verified[index],
        .validation_data = work->data,
        .document_timestamps = timestamps,
        .document_timestamps_count = timestamps_count,
        .given_crls = work->crls,
        .given_crls_count = work->crls_count,
        .known = &work->known,
        .status_cache = run->status_cache,
        .first_seen_utc_secs = vt_record_first_seen(work, then),
        .now_utc_secs = work->then->inspected_at_utc_secs,
        .clock_is_wrong = !vt_clock_is_sane(work->then->inspected_at_utc_secs),
    };
    struct vt_signature *out = &document->now->signatures[index];
    enum vt_code code = vt_trust_judge(run->arena, &input, out, run->wants, err);
    /* Time stamps alone are nobody's signature. */
    if (code == VT_OK && !vt_document_is_signed(document->then))
        vt_signature_worsen(out, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_COUNT);
    return code;
}

static enum vt_code judge_document(struct vt_record_work *work, struct document_work *document,
                                   struct vt_err *err)
{
    size_t count = document->then->signatures_count;
    enum vt_code code = VT_OK;
    document->verified =
        vt_arena_alloc(work->run->arena, (count + 1) * sizeof(*document->verified));
    if (document->verified == NULL)
        return no_memory(err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = vt_record_read_signature(work, &document->then->signatures[i],
                                        &document->verified[i], err);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = judge_signature(work, document, i, err);
    return code;
}

/* ---- a document that is there ---- */

/* The register's times by the digests under which they are looked up. */
static enum vt_code take_first_seen(struct vt_record_work *work, const struct vt_document *then,
                                    const struct vt_wants *wants, struct vt_known *known)
{
    known->first_seen = vt_arena_alloc(work->run->arena,
                                       (wants->first_seen_count + 1) * sizeof(*known->first_seen));
    if (known->first_seen == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < wants->first_seen_count && i < then->signatures_count; i++) {
        struct vt_first_seen *seen = &known->first_seen[known->first_seen_count];
        seen->time_utc_secs = vt_record_first_seen(work, &then->signatures[i]);
        memcpy(seen->digest_sha256, wants->first_seen[i], sizeof(seen->digest_sha256));
        known->first_seen_count += seen->time_utc_secs != VT_TIME_NONE;
    }
    return VT_OK;
}

static enum vt_code inspect_again(struct vt_record_work *work, const struct vt_document *then,
                                  struct vt_bytes bytes, const struct vt_known *known,
                                  struct vt_evidence **out, struct vt_wants *out_wants,
                                  struct vt_err *err)
{
    struct vt_inspect_options *options = vt_arena_alloc(work->run->arena, sizeof(*options));
    struct vt_inspect_input *input = vt_arena_alloc(work->run->arena, sizeof(*input));
    if (options == NULL || input == NULL)
        return no_memory(err);
    *options = *work->run->options;
    options->given_crls = work->crls;
    options->given_crls_count = work->crls_count;
    options->contents = work->documents;
    options->contents_count = then->format == VT_FORMAT_CMS ? work->documents_count : 0;
    *input = (struct vt_inspect_input){.bytes = bytes,
                                       .name = then->name,
                                       .now_utc_secs = work->then->inspected_at_utc_secs,
                                       .clock_is_wrong =
                                           !vt_clock_is_sane(work->then->inspected_at_utc_secs),
                                       .known = known};
    return vt_inspect(work->run->arena, options, input, out, out_wants, err);
}

/* *out_done: false when the document of the record is not found in the file. */
static enum vt_code inspect_whole(struct vt_record_work *work, struct document_work *document,
                                  struct vt_bytes bytes, bool *out_done, struct vt_err *err)
{
    struct vt_known known = work->known;
    struct vt_evidence *evidence = NULL;
    struct vt_wants wants = {0};
    *out_done = false;
    enum vt_code code = inspect_again(work, document->then, bytes, &known, &evidence, &wants, err);
    if (code == VT_OK)
        code = take_first_seen(work, document->then, &wants, &known);
    if (code == VT_OK && known.first_seen_count > 0)
        code = inspect_again(work, document->then, bytes, &known, &evidence, &wants, err);
    for (size_t i = 0; code == VT_OK && i < evidence->documents_count; i++) {
        const struct vt_document *found = &evidence->documents[i];
        if (strcmp(found->sha256, document->then->sha256) != 0 ||
            found->signatures_count != document->then->signatures_count)
            continue;
        document->now->signatures = found->signatures;
        *out_done = true;
        break;
    }
    return code;
}

static enum vt_code run_document(struct vt_record_work *work, const struct vt_document *then,
                                 struct vt_document *now, struct vt_err *err)
{
    struct document_work document = {.then = then, .now = now};
    const struct vt_object *file = vt_record_object(work, VT_OBJECT_DOCUMENT, then->sha256);
    bool is_done = false;
    enum vt_code code = VT_OK;
    *now = *then;
    now->signatures =
        vt_arena_alloc(work->run->arena, (then->signatures_count + 1) * sizeof(*now->signatures));
    if (now->signatures == NULL)
        return no_memory(err);
    if (file != NULL)
        code = inspect_whole(work, &document, file->bytes, &is_done, err);
    /* A file that was given and does not have these signatures verifies none of them. */
    return code == VT_OK && file == NULL ? judge_document(work, &document, err) : code;
}

enum vt_code vt_inspect_record(struct vt_inspect_run *run, struct vt_err *err)
{
    struct vt_record_work work = {.run = run};
    struct vt_evidence *then = NULL;
    enum vt_code code =
        vt_objects_read(run->arena, run->input->bytes, &work.objects, &work.objects_count, err);
    if (code != VT_OK)
        return code;
    const struct vt_object *evidence = vt_record_object(&work, VT_OBJECT_EVIDENCE, NULL);
    if (evidence == NULL)
        return vt_err_set(err, VT_E_FORMAT, "a record without its evidence");
    code = vt_evidence_from_json(run->arena, evidence->bytes, &then, err);
    work.then = then;
    if (code == VT_OK)
        code = sort_objects(&work, err);
    if (code == VT_OK)
        code = ask_responses(&work, err);
    if (code != VT_OK)
        return code;
    *run->evidence = *then;
    run->evidence->documents =
        vt_arena_alloc(run->arena, (then->documents_count + 1) * sizeof(struct vt_document));
    if (run->evidence->documents == NULL)
        return no_memory(err);
    for (size_t i = 0; i < then->documents_count && code == VT_OK; i++)
        code = run_document(&work, &then->documents[i], &run->evidence->documents[i], err);
    return code;
}
