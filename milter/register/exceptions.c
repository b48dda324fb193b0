/* SPDX-License-Identifier: Apache-2.0
 * Documents that are excepted are left out of what the policy is shown. */
#include "vanthu/exceptions.h"

#include <string.h>

#define DIGEST_LEN 64

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for exceptions");
}

static bool has(const char *const *digests, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(digests[i], wanted) == 0)
            return true;
    }
    return false;
}

static vt_reasons reasons_of(const struct vt_document *document)
{
    vt_reasons reasons = document->reasons;
    for (size_t i = 0; i < document->signatures_count; i++)
        reasons |= document->signatures[i].reasons;
    return reasons;
}

/* ---- what is asked ---- */

static void add_signers(const struct vt_document *document, const char **certificates,
                        struct vt_look *out)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        const char *sha256 = signature->signer.sha256;
        if (signature->reasons != 0 && strlen(sha256) == DIGEST_LEN &&
            out->certificates_count < VT_MAX_FIRST_SEEN &&
            !has(certificates, out->certificates_count, sha256))
            certificates[out->certificates_count++] = sha256;
    }
}

enum vt_code vt_exceptions_look(struct vt_arena *arena, const struct vt_evidence *evidence,
                                struct vt_look *out, struct vt_err *err)
{
    const char **documents = vt_arena_alloc(arena, VT_MAX_PARTS * sizeof(*documents));
    const char **certificates = vt_arena_alloc(arena, VT_MAX_FIRST_SEEN * sizeof(*certificates));
    if (documents == NULL || certificates == NULL)
        return no_memory(err);
    *out = (struct vt_look){.documents_sha256 = documents, .certificates_sha256 = certificates};
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (reasons_of(document) == 0)
            continue;
        if (strlen(document->sha256) == DIGEST_LEN && out->documents_count < VT_MAX_PARTS)
            documents[out->documents_count++] = document->sha256;
        add_signers(document, certificates, out);
    }
    return VT_OK;
}

/* ---- what is excepted ---- */

bool vt_exceptions_may_forgive(enum vt_reason reason)
{
    return reason != VT_REASON_CONTENT_CHANGED && reason != VT_REASON_BAD_SIGNATURE;
}

/* Reasons that are not held against a signature. One that is not the signer's forgives nothing:
 * his certificate stands in every file that he signed, and anybody can copy it into another. */
static vt_reasons forgiven(const struct vt_signature *signature,
                           const struct vt_register_exception *item)
{
    if (item->certificate_sha256[0] == '\0' || signature->integrity != VT_INTEGRITY_INTACT ||
        strcmp(item->certificate_sha256, signature->signer.sha256) != 0)
        return 0;
    vt_reasons reasons = 0;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        bool is_named = item->reason == VT_REASON_COUNT || item->reason == (enum vt_reason)i;
        if (is_named && vt_exceptions_may_forgive((enum vt_reason)i))
            reasons |= VT_REASON_BIT(i);
    }
    return reasons;
}

/* The exception that covers a document, NULL: none. Two together may cover its signatures; then it
 * is the last one that was needed. */
static const struct vt_register_exception *covers(const struct vt_document *document,
                                                  const struct vt_register_exception *exceptions,
                                                  size_t count)
{
    const struct vt_register_exception *used = NULL;
    bool has_own = document->reasons != 0;
    for (size_t i = 0; i < count; i++) {
        if (exceptions[i].document_sha256[0] != '\0' &&
            strcmp(exceptions[i].document_sha256, document->sha256) == 0)
            return &exceptions[i];
    }
    for (size_t s = 0; s < document->signatures_count && !has_own; s++) {
        vt_reasons left = document->signatures[s].reasons;
        for (size_t i = 0; i < count && left != 0; i++) {
            if (exceptions[i].document_sha256[0] != '\0' ||
                (left & forgiven(&document->signatures[s], &exceptions[i])) == 0)
                continue;
            left &= ~forgiven(&document->signatures[s], &exceptions[i]);
            used = &exceptions[i];
        }
        has_own = left != 0;
    }
    return has_own ? NULL : used;
}

enum vt_code vt_exceptions_apply(struct vt_arena *arena, const struct vt_evidence *evidence,
                                 const struct vt_register_exception *exceptions, size_t count,
                                 struct vt_excepted *out, struct vt_err *err)
{
    size_t room = evidence->documents_count + 1;
    *out = (struct vt_excepted){.evidence = *evidence};
    out->places = vt_arena_alloc(arena, room * sizeof(*out->places));
    struct vt_document *documents = vt_arena_alloc(arena, room * sizeof(*documents));
    if (out->places == NULL || documents == NULL)
        return no_memory(err);
    out->evidence.documents = documents;
    out->evidence.documents_count = 0;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_register_exception *item =
            covers(&evidence->documents[i], exceptions, count);
        if (item == NULL) {
            out->places[out->evidence.documents_count] = i;
            documents[out->evidence.documents_count++] = evidence->documents[i];
        } else if (out->reference == NULL) {
            out->reference = item->reference;
        }
    }
    return VT_OK;
}

/* ---- the decision ---- */

static size_t place_of(const struct vt_excepted *excepted, size_t document)
{
    return document < excepted->evidence.documents_count ? excepted->places[document] : SIZE_MAX;
}

enum vt_code vt_exceptions_name(struct vt_arena *arena, const struct vt_excepted *excepted,
                                struct vt_decision *decision, struct vt_err *err)
{
    decision->document = place_of(excepted, decision->document);
    for (size_t i = 0; i < decision->trace_count; i++)
        decision->trace[i].document = place_of(excepted, decision->trace[i].document);
    if (decision->action != VT_ACTION_ACCEPT || decision->rule != NULL)
        return VT_OK;
    decision->rule = vt_arena_printf(arena, VT_EXCEPTION_RULE "%s", excepted->reference);
    decision->mode = VT_MODE_ENFORCE;
    return decision->rule != NULL ? VT_OK : no_memory(err);
}
