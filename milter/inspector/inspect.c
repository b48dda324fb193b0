/* SPDX-License-Identifier: Apache-2.0
 * inspect(mail, known) -> (evidence, wants): the stages in the order in which a mail meets them.
 * Pure: it reads its arguments and asks nobody. */
#include "vanthu/inspect.h"

#include "inspector/inspect_internal.h"

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
    if (input->is_certificate) {
        code = vt_inspect_certificate(&run, err);
        if (code == VT_OK)
            *out_evidence = run.evidence;
        return code;
    }
    code = vt_unpack(arena, input->bytes, input->name, input->is_mail, &run.unpacked, err);
    if (code != VT_OK)
        return code;
    vt_inspect_mail_facts(&run);
    code = inspect_parts(&run, err);
    if (code != VT_OK)
        return code;
    take_findings_of_the_whole(&run);
    vt_inspect_doubts(&run);
    vt_inspect_expectations(&run);
    *out_evidence = run.evidence;
    return VT_OK;
}
