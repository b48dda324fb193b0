/* SPDX-License-Identifier: Apache-2.0
 * What document and verify found out: which bytes, whether they are intact, what came after
 * (EN 319 102-1 5.2.2, 5.2.7; design.md 4). */
#include "trust/judge.h"

static enum vt_code copy_findings(struct vt_judgement *judgement, const char *const *findings,
                                  size_t count)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = vt_judge_note(judgement, "%s", findings[i]);
    return code;
}

/* A sub-indication of verify with the reason that fits it best, all others being merged anyway. */
static void take_verdict(struct vt_judgement *judgement)
{
    const struct vt_verified *verified = judgement->input->verified;
    struct vt_signature *out = judgement->out;
    enum vt_sub_indication sub = verified->sub_indication;
    enum vt_reason reason = vt_reasons_first(verified->reasons);
    bool fails = sub != VT_SUB_NONE && vt_sub_indication_of(sub) == VT_TOTAL_FAILED;
    switch (verified->integrity) {
    case VT_INTEGRITY_INTACT:
        break;
    case VT_INTEGRITY_BROKEN:
        vt_signature_worsen(out, fails ? sub : VT_SUB_SIG_CRYPTO_FAILURE,
                            reason < VT_REASON_COUNT ? reason : VT_REASON_BAD_SIGNATURE);
        break;
    default:
        if (sub == VT_SUB_NONE)
            sub = VT_SUB_SIG_CONSTRAINTS_FAILURE;
        break;
    }
    vt_signature_worsen(out, sub, reason);
}

static enum vt_code judge_coverage(struct vt_judgement *judgement)
{
    const struct vt_signed_object *object = judgement->input->object;
    if (object->covers != VT_COVERS_PART || object->structure_broken)
        return VT_OK;
    return vt_judge_fail(judgement, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_COUNT,
                         "The signature covers only a part of the file, so the file cannot be "
                         "called signed.");
}

/* Nothing but a fault on our side keeps a signature from being valid. */
static bool is_open(const struct vt_signature *signature)
{
    const vt_reasons ours = VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN) |
                            VT_REASON_BIT(VT_REASON_NOT_CHECKED) |
                            VT_REASON_BIT(VT_REASON_TIMESTAMP_UNVERIFIED);
    return signature->indication == VT_INDETERMINATE && signature->reasons != 0 &&
           (signature->reasons & ~ours) == 0;
}

/* What was added belongs to whoever signed it; what nobody signed may be from anybody. */
static enum vt_code judge_additions(struct vt_judgement *judgement)
{
    const struct vt_signature *later = judgement->input->additions_signature;
    const char *name = later == NULL || later->signer.common_name == NULL
                           ? "another signer"
                           : later->signer.common_name;
    if (later != NULL && later->indication == VT_TOTAL_PASSED) {
        judgement->out->changes_after = VT_CHANGES_PERMITTED;
        return vt_judge_note(judgement, "What was added after this signature was signed by %s.",
                             name);
    }
    if (later != NULL && is_open(later))
        return vt_judge_fail(judgement, later->sub_indication, vt_reasons_first(later->reasons),
                             "What was added after this signature was signed by %s, and that "
                             "signature could not be checked yet.",
                             name);
    return vt_judge_fail(judgement, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_ADDED_AFTER_SIGNING,
                         "Something was added after signing, and nobody whose signature is valid "
                         "signed it.");
}

static enum vt_code judge_changes(struct vt_judgement *judgement)
{
    /* Nobody knows which bytes are signed, so that nothing is known of any change either. */
    if (judgement->input->object->structure_broken &&
        judgement->input->object->changes_after == VT_CHANGES_UNDETERMINED)
        return VT_OK;
    switch (judgement->input->object->changes_after) {
    case VT_CHANGES_NONE:
    case VT_CHANGES_PERMITTED:
        return VT_OK;
    case VT_CHANGES_ADDED:
        return judge_additions(judgement);
    case VT_CHANGES_FORBIDDEN:
        return vt_judge_fail(judgement, VT_SUB_FORMAT_FAILURE, VT_REASON_CONTENT_CHANGED,
                             "The file was changed after signing in a way that is not allowed.");
    default:
        return vt_judge_fail(
            judgement, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_CHANGE_UNCLEAR,
            "It is not known what was changed in the file after signing, if anything.");
    }
}

enum vt_code vt_judge_integrity(struct vt_judgement *judgement)
{
    const struct vt_signed_object *object = judgement->input->object;
    const struct vt_verified *verified = judgement->input->verified;
    struct vt_signature *out = judgement->out;
    out->integrity = object->structure_broken ? VT_INTEGRITY_BROKEN : verified->integrity;
    out->reasons |= object->reasons | verified->reasons;
    take_verdict(judgement);
    if (object->structure_broken)
        vt_signature_worsen(out, VT_SUB_FORMAT_FAILURE,
                            object->reasons == 0 ? VT_REASON_MALFORMED : VT_REASON_COUNT);
    enum vt_code code = copy_findings(judgement, object->findings, object->findings_count);
    if (code == VT_OK)
        code = copy_findings(judgement, verified->findings, verified->findings_count);
    if (code == VT_OK)
        code = judge_coverage(judgement);
    if (code == VT_OK)
        code = judge_changes(judgement);
    judgement->may_ask = out->integrity != VT_INTEGRITY_BROKEN;
    return code;
}
