/* SPDX-License-Identifier: Apache-2.0
 * A time stamp token instead of a document: its own signature, path and status, judged now. The
 * evidence is that of a document time stamp, and the caller compares what it is over. */
#include "inspector/inspect_internal.h"

enum vt_code vt_inspect_token(struct vt_inspect_run *run, struct vt_err *err)
{
    struct vt_document *document = vt_arena_alloc(run->arena, sizeof(*document));
    struct vt_signature *signature = vt_arena_alloc(run->arena, sizeof(*signature));
    const struct vt_trust_input input = {.store = run->options->store,
                                         .pool = run->pool,
                                         .given_crls = run->options->given_crls,
                                         .given_crls_count = run->options->given_crls_count,
                                         .known = run->input->known,
                                         .status_cache = run->status_cache,
                                         .used = run->input->used,
                                         .now_utc_secs = run->input->now_utc_secs,
                                         .clock_is_wrong = run->input->clock_is_wrong};
    struct vt_bytes imprint;
    if (document == NULL || signature == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code = vt_trust_judge_token(run->arena, &input, run->input->bytes, signature,
                                             &imprint, run->wants, err);
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
