/* SPDX-License-Identifier: Apache-2.0
 * A certificate instead of a document: its path and the status of every link, judged as for a
 * signature that was made now. The evidence is that of such a signature. */
#include "inspector/inspect_internal.h"

/* The file itself and what was given beside it (options->contents). */
struct certificates {
    struct vt_verified *verified;
    const struct vt_certificate *found[VT_MAX_CERTIFICATES];
    size_t count;
};

/* All certificates of one file behind those before. VT_E_FORMAT: it is not certificates. */
static enum vt_code read_file(struct vt_inspect_run *run, struct vt_bytes file,
                              struct certificates *into, struct vt_err *err)
{
    size_t count = 0;
    enum vt_code code = vt_certificate_add_file(run->pool, file, into->found + into->count,
                                                VT_MAX_CERTIFICATES - into->count, &count, err);
    into->count += count;
    return code;
}

static enum vt_code not_certificates(struct vt_inspect_run *run, const struct vt_err *why)
{
    struct vt_evidence *evidence = run->evidence;
    evidence->reasons |= VT_REASON_BIT(VT_REASON_MALFORMED);
    return vt_findings_add(run->arena, &evidence->findings, &evidence->findings_count,
                           "The file is no certificate: %s.", why->text);
}

static enum vt_code judge(struct vt_inspect_run *run, const struct certificates *certificates,
                          struct vt_signature *out, struct vt_err *err)
{
    const struct vt_signed_object object = {.format = VT_SIGNATURE_UNKNOWN,
                                            .binding = VT_BINDING_DETACHED,
                                            .covers = VT_COVERS_WHOLE,
                                            .changes_after = VT_CHANGES_NONE,
                                            .claimed_time_utc_secs = VT_TIME_NONE};
    struct vt_verified *verified = certificates->verified;
    verified->integrity = VT_INTEGRITY_INTACT;
    verified->signer = certificates->found[0];
    verified->claimed_time_utc_secs = run->input->now_utc_secs;
    for (size_t i = 1; i < certificates->count; i++)
        verified->carried[verified->carried_count++] = certificates->found[i];
    const struct vt_trust_input input = {.store = run->options->store,
                                         .pool = run->pool,
                                         .is_certificate = true,
                                         .object = &object,
                                         .verified = verified,
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

static enum vt_code show(struct vt_inspect_run *run, const struct certificates *certificates,
                         struct vt_err *err)
{
    struct vt_document *document = vt_arena_alloc(run->arena, sizeof(*document));
    struct vt_signature *signature = vt_arena_alloc(run->arena, sizeof(*signature));
    if (document == NULL || signature == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a certificate");
    *document = (struct vt_document){.path = "",
                                     .name = run->input->name,
                                     .size_bytes = run->input->bytes.len,
                                     .signatures = signature};
    enum vt_code code = vt_verify_sha256(run->input->bytes, document->sha256);
    if (code == VT_OK)
        code = judge(run, certificates, signature, err);
    if (code != VT_OK)
        return code;
    document->signatures_count = 1;
    run->evidence->documents = document;
    run->evidence->documents_count = 1;
    return VT_OK;
}

enum vt_code vt_inspect_certificate(struct vt_inspect_run *run, struct vt_err *err)
{
    struct vt_err why = {0};
    struct certificates *certificates = vt_arena_alloc(run->arena, sizeof(*certificates));
    if (certificates == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for certificates");
    certificates->verified = vt_arena_alloc(run->arena, sizeof(*certificates->verified));
    if (certificates->verified == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for certificates");
    enum vt_code code = read_file(run, run->input->bytes, certificates, &why);
    for (size_t i = 0; code == VT_OK && i < run->options->contents_count; i++)
        code = read_file(run, run->options->contents[i], certificates, &why);
    if (code == VT_OK)
        return show(run, certificates, err);
    return code == VT_E_NOMEM ? vt_err_set(err, code, "no memory for certificates")
                              : not_certificates(run, &why);
}
