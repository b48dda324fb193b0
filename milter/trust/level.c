/* SPDX-License-Identifier: Apache-2.0
 * The level of an AdES signature by what it carries (EN 319 142-1 6, EN 319 122-1 6): B-T a time
 * stamp, B-LT also all certificates and revocation data that signer and signature time stamp are
 * validated with, B-LTA also a time stamp over all of that. */
#include <string.h>

#include "status/ocsp_cache.h"
#include "trust/judge.h"
#include "vanthu/crl.h"

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

/* ---- validation data ---- */

static bool is_among(const struct vt_certificate *const *items, size_t count,
                     const struct vt_certificate *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (vt_bytes_equal(vt_certificate_der(items[i]), vt_certificate_der(wanted)))
            return true;
    return false;
}

/* By the signature, one of its tokens, or the document. */
static bool is_carried(const struct vt_trust_input *input, const struct vt_certificate *wanted)
{
    const struct vt_verified *verified = input->verified;
    const struct vt_validation_data *data = input->validation_data;
    bool found = is_among(verified->carried, verified->carried_count, wanted);
    for (size_t i = 0; !found && i < verified->timestamps_count; i++)
        found = is_among(verified->timestamps[i].carried, verified->timestamps[i].carried_count,
                         wanted);
    for (size_t i = 0; !found && data != NULL && i < data->certificates_count; i++)
        found = vt_bytes_equal(data->certificates[i], vt_certificate_der(wanted));
    return found;
}

static bool has_answer(const struct vt_judgement *judgement, const struct vt_bytes *ocsps,
                       size_t count, const struct vt_certificate *certificate,
                       const struct vt_certificate *issuer)
{
    struct vt_status_fact fact;
    for (size_t i = 0; i < count; i++)
        if (vt_ocsp_cache_read(vt_status_cache_ocsps(judgement->cache), judgement->input->pool,
                               ocsps[i], certificate, issuer, &fact, NULL) == VT_OK)
            return true;
    return false;
}

static bool has_list(const struct vt_judgement *judgement, const struct vt_bytes *crls,
                     size_t count, const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < count; i++) {
        struct vt_crl_list *list = NULL;
        if (vt_status_cache_list(judgement->cache, crls[i], VT_ORIGIN_EMBEDDED, "embedded", &list,
                                 NULL) == VT_OK &&
            vt_crl_list_scope(list, certificate, NULL) != 0)
            return true;
    }
    return false;
}

static bool has_status(const struct vt_judgement *judgement,
                       const struct vt_certificate *certificate,
                       const struct vt_certificate *issuer)
{
    const struct vt_verified *verified = judgement->input->verified;
    const struct vt_validation_data *data = judgement->input->validation_data;
    return has_answer(judgement, verified->ocsps, verified->ocsps_count, certificate, issuer) ||
           has_list(judgement, verified->crls, verified->crls_count, certificate) ||
           (data != NULL &&
            (has_answer(judgement, data->ocsps, data->ocsps_count, certificate, issuer) ||
             has_list(judgement, data->crls, data->crls_count, certificate)));
}

/* Whoever checks later has the anchor, and asks nobody else (EN 319 142-1 6.3). */
bool vt_judge_is_stored(const struct vt_judgement *judgement, const struct vt_path *path)
{
    for (size_t i = 0; path->found && i + 1 < path->count; i++)
        if (!is_carried(judgement->input, path->items[i]) ||
            !has_status(judgement, path->items[i], path->items[i + 1]))
            return false;
    return path->found;
}

/* ---- the level ---- */

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
    if (judgement->has_unstored_token || !vt_judge_is_stored(judgement, &judgement->path))
        return "B-T";
    return document || has_timestamp(out, "archive") ? "B-LTA" : "B-LT";
}
