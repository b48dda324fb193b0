/* SPDX-License-Identifier: Apache-2.0
 * inspect(mail, known) -> (evidence, wants): the stages in the order in which a mail meets them.
 * Pure: it reads its arguments and asks nobody. */
#include "vanthu/inspect.h"

#include "inspector/inspect_internal.h"
#include "vanthu/secret.h"

static enum vt_code start(struct vt_inspect_run *run, struct vt_err *err)
{
    run->evidence = vt_arena_alloc(run->arena, sizeof(*run->evidence));
    run->part_is_consumed = vt_arena_alloc(run->arena, sizeof(bool) * (VT_MAX_PARTS + 1));
    run->pool = vt_certificate_pool_new(
        run->arena, run->options->store == NULL ? NULL : vt_trust_store_pool(run->options->store));
    run->status_cache = vt_status_cache_new(run->arena);
    if (run->evidence == NULL || run->status_cache == NULL || run->part_is_consumed == NULL ||
        run->pool == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an inspection");
    run->evidence->inspected_at_utc_secs = run->input->now_utc_secs;
    return VT_OK;
}

static void take_findings_of_the_whole(struct vt_inspect_run *run)
{
    run->evidence->reasons |= run->unpacked->reasons;
    run->evidence->findings = run->unpacked->findings;
    run->evidence->findings_count = run->unpacked->findings_count;
}

/* Names of files that were unpacked by themselves are not seen by the one who reads headers. */
static bool is_marked_secret(const struct vt_unpacked *unpacked)
{
    bool is_marked = unpacked->is_marked_secret;
    for (size_t i = 0; i < unpacked->parts_count && !is_marked; i++) {
        const char *name = unpacked->parts[i].name;
        is_marked = name != NULL && vt_secret_begins(vt_bytes_str(name));
    }
    return is_marked;
}

/* Of a marked mail nothing leaves the inspection but that it is marked: no subject, names,
 * digests or findings, and no questions that would carry them elsewhere. Envelope, size and class
 * of the sender stay, which the policy may ask for. */
static enum vt_code withhold(struct vt_inspect_run *run, struct vt_err *err)
{
    struct vt_evidence *bare = vt_arena_alloc(run->arena, sizeof(*bare));
    if (bare == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an inspection");
    bare->mail = run->evidence->mail;
    bare->mail.message_id = bare->mail.subject = bare->mail.from = NULL;
    bare->inspected_at_utc_secs = run->evidence->inspected_at_utc_secs;
    bare->reasons = VT_REASON_BIT(VT_REASON_SECRET_MARK);
    run->evidence = bare;
    *run->wants = (struct vt_wants){0};
    return VT_OK;
}

/* Parts may be appended while the list is walked: the content of an opaque signature. */
static enum vt_code inspect_parts(struct vt_inspect_run *run, struct vt_err *err)
{
    for (size_t i = 0; i < run->unpacked->parts_count && i <= VT_MAX_PARTS; i++) {
        enum vt_code code = vt_inspect_part(run, i, err);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}

/* A mail of an MTA that is marked is not looked into; whoever checks a file of his own sees
 * what is in it, and that it is marked. */
static enum vt_code inspect_unpacked(struct vt_inspect_run *run, struct vt_err *err)
{
    bool is_withheld = run->input->is_mail && is_marked_secret(run->unpacked);
    enum vt_code code = is_withheld ? VT_OK : inspect_parts(run, err);
    if (code != VT_OK)
        return code;
    /* Inspecting may have unpacked more. */
    bool is_marked = is_marked_secret(run->unpacked);
    if (is_marked && run->input->is_mail)
        return withhold(run, err);
    take_findings_of_the_whole(run);
    if (is_marked)
        run->evidence->reasons |= VT_REASON_BIT(VT_REASON_SECRET_MARK);
    vt_inspect_doubts(run);
    vt_inspect_expectations(run);
    return VT_OK;
}

enum vt_code vt_inspect(struct vt_arena *arena, const struct vt_inspect_options *options,
                        const struct vt_inspect_input *input, struct vt_evidence **out_evidence,
                        struct vt_wants *out_wants, struct vt_err *err)
{
    struct vt_inspect_run run = {
        .arena = arena, .options = options, .input = input, .wants = out_wants};
    *out_evidence = NULL;
    *out_wants = (struct vt_wants){0};
    enum vt_code code = start(&run, err);
    if (code != VT_OK)
        return code;
    if (input->is_certificate || input->is_record || input->is_token) {
        code = input->is_certificate ? vt_inspect_certificate(&run, err)
               : input->is_record    ? vt_inspect_record(&run, err)
                                     : vt_inspect_token(&run, err);
        if (code == VT_OK)
            *out_evidence = run.evidence;
        return code;
    }
    code = vt_unpack(arena, input->bytes, input->name, input->is_mail, &run.unpacked, err);
    if (code != VT_OK)
        return code;
    vt_inspect_mail_facts(&run);
    code = inspect_unpacked(&run, err);
    if (code == VT_OK)
        *out_evidence = run.evidence;
    return code;
}
