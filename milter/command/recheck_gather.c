/* SPDX-License-Identifier: Apache-2.0
 * What a record rests on, taken out of the register: the objects that it names, and those that its
 * evidence names. Their digests are computed again. */
#include <string.h>

#include "command/recheck.h"
#include "vanthu/verify.h"

static enum vt_code add_absent(struct vt_recheck *recheck, const struct vt_object *object,
                               enum vt_absence why, struct vt_err *err)
{
    struct vt_absent *grown =
        vt_arena_grow(recheck->arena, recheck->absent, recheck->absent_count, sizeof(*grown));
    if (grown == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
    recheck->absent = grown;
    grown[recheck->absent_count] =
        (struct vt_absent){.kind = object->kind, .size_bytes = object->size_bytes, .why = why};
    memcpy(grown[recheck->absent_count++].sha256, object->sha256, sizeof(object->sha256));
    return VT_OK;
}

static bool is_known(const struct vt_recheck *recheck, const struct vt_object *object)
{
    for (size_t i = 0; i < recheck->objects.count; i++) {
        if (strcmp(recheck->objects.items[i].sha256, object->sha256) == 0)
            return true;
    }
    for (size_t i = 0; i < recheck->absent_count; i++) {
        if (strcmp(recheck->absent[i].sha256, object->sha256) == 0)
            return true;
    }
    return false;
}

static enum vt_code load(struct vt_recheck *recheck, struct vt_object *object, struct vt_err *err)
{
    char digest[65];
    if (object->sha256[0] == '\0' || is_known(recheck, object))
        return VT_OK;
    enum vt_code code =
        vt_register_object(recheck->desk->reg, recheck->arena, object->sha256, &object->bytes, err);
    if (code == VT_E_NOT_FOUND)
        return add_absent(recheck, object,
                          object->size_bytes > (int64_t)recheck->desk->config->largest_object_bytes
                              ? VT_ABSENT_TOO_LARGE
                              : VT_ABSENT_MISSING,
                          err);
    if (code == VT_OK)
        code = vt_verify_sha256(object->bytes, digest);
    if (code != VT_OK)
        return code;
    object->size_bytes = (uint32_t)object->bytes.len;
    if (strcmp(digest, object->sha256) != 0)
        return add_absent(recheck, object, VT_ABSENT_ALTERED, err);
    return vt_object_list_add(&recheck->objects, object);
}

static enum vt_code load_digest(struct vt_recheck *recheck, enum vt_object_kind kind,
                                enum vt_object_from from, const char sha256[65], struct vt_err *err)
{
    struct vt_object object = {.kind = kind, .from = from};
    memcpy(object.sha256, sha256, sizeof(object.sha256));
    return load(recheck, &object, err);
}

/* ---- what the evidence names ---- */

static enum vt_code load_path(struct vt_recheck *recheck, const struct vt_certificate_facts *path,
                              size_t count, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = load_digest(recheck, VT_OBJECT_CERTIFICATE, VT_OBJECT_EMBEDDED, path[i].sha256, err);
    return code;
}

static enum vt_code load_statuses(struct vt_recheck *recheck,
                                  const struct vt_status_facts *statuses, size_t count,
                                  struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        const struct vt_status_facts *status = &statuses[i];
        bool is_crl = status->source != NULL && strcmp(status->source, "crl") == 0;
        bool is_embedded = status->origin != NULL && strcmp(status->origin, "embedded") == 0;
        code = load_digest(recheck, is_crl ? VT_OBJECT_CRL : VT_OBJECT_OCSP,
                           is_embedded ? VT_OBJECT_EMBEDDED : VT_OBJECT_FETCHED,
                           status->data_sha256, err);
    }
    return code;
}

static enum vt_code load_signature(struct vt_recheck *recheck, const struct vt_signature *then,
                                   struct vt_err *err)
{
    enum vt_code code = load_path(recheck, &then->signer, 1, err);
    if (code == VT_OK)
        code = load_path(recheck, then->path, then->path_count, err);
    if (code == VT_OK)
        code = load_statuses(recheck, then->statuses, then->statuses_count, err);
    for (size_t i = 0; i < then->timestamps_count && code == VT_OK; i++) {
        const struct vt_timestamp_facts *token = &then->timestamps[i];
        code = load_digest(recheck, VT_OBJECT_TIMESTAMP, VT_OBJECT_EMBEDDED, token->sha256, err);
        if (code == VT_OK)
            code = load_path(recheck, token->path, token->path_count, err);
        if (code == VT_OK)
            code = load_statuses(recheck, token->statuses, token->statuses_count, err);
    }
    return code;
}

enum vt_code vt_recheck_gather(struct vt_recheck *recheck, struct vt_err *err)
{
    const struct vt_register_decided *decided = recheck->record.decided;
    const struct vt_evidence *evidence = decided->evidence;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < decided->objects_count && code == VT_OK; i++) {
        const struct vt_register_object *named = &decided->objects[i];
        struct vt_object object = {.kind = vt_object_kind_by_name(named->kind),
                                   .from = named->from,
                                   .size_bytes = (uint32_t)named->size_bytes};
        memcpy(object.sha256, named->sha256, sizeof(object.sha256));
        code = load(recheck, &object, err);
    }
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        for (size_t i = 0; i < document->signatures_count && code == VT_OK; i++)
            code = load_signature(recheck, &document->signatures[i], err);
    }
    return code;
}

/* ---- what a signature lacks ---- */

static bool is_absent(const struct vt_recheck *recheck, const char *sha256)
{
    for (size_t i = 0; sha256[0] != '\0' && i < recheck->absent_count; i++) {
        if (strcmp(recheck->absent[i].sha256, sha256) == 0)
            return true;
    }
    return false;
}

static bool lacks_any(const struct vt_recheck *recheck, const struct vt_certificate_facts *path,
                      size_t path_count, const struct vt_status_facts *statuses,
                      size_t statuses_count)
{
    for (size_t i = 0; i < path_count; i++) {
        if (is_absent(recheck, path[i].sha256))
            return true;
    }
    for (size_t i = 0; i < statuses_count; i++) {
        if (is_absent(recheck, statuses[i].data_sha256))
            return true;
    }
    return false;
}

bool vt_recheck_lacks(const struct vt_recheck *recheck, const struct vt_signature *then)
{
    if (is_absent(recheck, then->signer.sha256) ||
        lacks_any(recheck, then->path, then->path_count, then->statuses, then->statuses_count))
        return true;
    for (size_t i = 0; i < then->timestamps_count; i++) {
        const struct vt_timestamp_facts *token = &then->timestamps[i];
        if (is_absent(recheck, token->sha256) || lacks_any(recheck, token->path, token->path_count,
                                                           token->statuses, token->statuses_count))
            return true;
    }
    return false;
}

bool vt_recheck_is_given(const struct vt_recheck *recheck, const struct vt_document *document)
{
    for (size_t i = 0; i < recheck->documents_count; i++) {
        if (strcmp(recheck->documents[i], document->sha256) == 0)
            return true;
    }
    return false;
}
