/* SPDX-License-Identifier: Apache-2.0
 * A time stamp token instead of a document: its own signature, path and status, judged now. The
 * evidence is that of a document time stamp, and the caller compares what it is over. */
#include "inspector/inspect_internal.h"

static enum vt_code judge(struct vt_inspect_run *run, struct vt_verified_timestamp *token,
                          struct vt_verified *inner, struct vt_signature *out, struct vt_err *err)
{
    const struct vt_signed_object object = {.format = VT_SIGNATURE_DOCTIMESTAMP,
                                            .binding = VT_BINDING_TIMESTAMP,
                                            .covers = VT_COVERS_WHOLE,
                                            .changes_after = VT_CHANGES_NONE,
                                            .claimed_time_utc_secs = VT_TIME_NONE};
    inner->integrity = token->integrity;
    inner->reasons |= token->reasons;
    inner->timestamps = token;
    inner->timestamps_count = 1;
    const struct vt_trust_input input = {.store = run->options->store,
                                         .pool = run->pool,
                                         .object = &object,
                                         .verified = inner,
                                         .given_crls = run->options->given_crls,
                                         .given_crls_count = run->options->given_crls_count,
                                         .known = run->input->known,
                                         .status_cache = run->status_cache,
                                         .used = run->input->used,
                                         .first_seen_utc_secs = VT_TIME_NONE,
                                         .now_utc_secs = run->input->now_utc_secs,
                                         .clock_is_wrong = run->input->clock_is_wrong};
    return vt_trust_judge(run->arena, &input, out, run->wants, err);
}

enum vt_code vt_inspect_token(struct vt_inspect_run *run, struct vt_err *err)
{
    struct vt_document *document = vt_arena_alloc(run->arena, sizeof(*document));
    struct vt_signature *signature = vt_arena_alloc(run->arena, sizeof(*signature));
    struct vt_verified *inner = vt_arena_alloc(run->arena, sizeof(*inner));
    struct vt_verified_timestamp *token = vt_arena_alloc(run->arena, sizeof(*token));
    struct vt_bytes imprint;
    if (document == NULL || signature == NULL || inner == NULL || token == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code = vt_verify_token(run->arena, run->pool, run->input->bytes, "document", token,
                                        inner, &imprint, err);
    if (code == VT_OK)
        code = judge(run, token, inner, signature, err);
    if (code != VT_OK)
        return code;
    *document = (struct vt_document){.path = "",
                                     .name = run->input->name,
                                     .size_bytes = run->input->bytes.len,
                                     .signatures = signature,
                                     .signatures_count = 1};
    if (2 * imprint.len + 1 == sizeof(document->sha256))
        (void)vt_text_hex(document->sha256, imprint);
    run->evidence->documents = document;
    run->evidence->documents_count = 1;
    return VT_OK;
}
