/* SPDX-License-Identifier: Apache-2.0
 * The level of an AdES signature by what it carries (EN 319 142-1 6, EN 319 122-1 6): B-T a time
 * stamp, B-LT also certificates and revocation data, B-LTA also a time stamp over all of that. */
#include <string.h>

#include "trust/judge.h"

static bool is_intact(const struct vt_timestamp_facts *facts, const char *kind)
{
    return facts->integrity == VT_INTEGRITY_INTACT && facts->kind != NULL &&
           strcmp(facts->kind, kind) == 0;
}

static bool has_timestamp(const struct vt_signature *signature, const char *kind)
{
    for (size_t i = 0; i < signature->timestamps_count; i++) {
        if (is_intact(&signature->timestamps[i], kind))
            return true;
    }
    return false;
}

/* Revocation data, and every certificate between signer and anchor. */
static bool has_validation_data(const struct vt_judgement *judgement)
{
    const struct vt_verified *verified = judgement->input->verified;
    const struct vt_validation_data *data = judgement->input->validation_data;
    size_t revocations = verified->crls_count + verified->ocsps_count +
                         (data != NULL ? data->crls_count + data->ocsps_count : 0);
    size_t carried = verified->carried_count + (data != NULL ? data->certificates_count : 0);
    return revocations > 0 && judgement->path.found && carried + 1 >= judgement->path.count;
}

const char *vt_judge_level(const struct vt_judgement *judgement)
{
    const struct vt_signature *out = judgement->out;
    const struct vt_verified *verified = judgement->input->verified;
    if ((out->format != VT_SIGNATURE_PADES && out->format != VT_SIGNATURE_CADES) ||
        !verified->has_signed_attributes || !verified->ess_bound)
        return NULL;
    bool document = has_timestamp(out, "document");
    if (!has_timestamp(out, "signature") && !document)
        return "B-B";
    if (!has_validation_data(judgement))
        return "B-T";
    return document || has_timestamp(out, "archive") ? "B-LTA" : "B-LT";
}
