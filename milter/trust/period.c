/* SPDX-License-Identifier: Apache-2.0
 * The validity period of every certificate of the path at the best signing time (legal.md R-26,
 * R-28; EN 319 102-1 5.3.4 and 5.5.4): what is proven or claimed to lie outside fails, what merely
 * lies outside now is not decided. */
#include "trust/judge.h"

static enum vt_code not_yet(struct vt_judgement *judgement,
                            const struct vt_certificate_facts *facts)
{
    const struct vt_signing_times *times = &judgement->times;
    char from[VT_TIME_TEXT_BYTES];
    (void)vt_time_rfc3339(from, facts->not_before_utc_secs);
    if (times->best_utc_secs < facts->not_before_utc_secs)
        return vt_judge_fail(judgement, VT_SUB_NOT_YET_VALID, VT_REASON_CERT_NOT_YET,
                             "The signer's certificate is valid from %s only, and the signature "
                             "existed before.",
                             from);
    /* A wrong clock is not worth a word beside a proven time. */
    if (times->proven || times->claimed_utc_secs == VT_TIME_NONE ||
        times->claimed_utc_secs + VT_CLOCK_TOLERANCE_SECS >= facts->not_before_utc_secs)
        return VT_OK;
    return vt_judge_fail(judgement, VT_SUB_OUT_OF_BOUNDS_NO_POE, VT_REASON_CERT_NOT_YET,
                         "The signer claims a time before %s, when the certificate became valid.",
                         from);
}

static enum vt_code expired(struct vt_judgement *judgement,
                            const struct vt_certificate_facts *facts, bool signer_good)
{
    const struct vt_signing_times *times = &judgement->times;
    char until[VT_TIME_TEXT_BYTES];
    (void)vt_time_rfc3339(until, facts->not_after_utc_secs);
    if (times->best_utc_secs <= facts->not_after_utc_secs)
        return VT_OK;
    if (times->made_at_utc_secs != VT_TIME_NONE &&
        times->made_at_utc_secs > facts->not_after_utc_secs)
        return vt_judge_fail(judgement, VT_SUB_EXPIRED, VT_REASON_CERT_EXPIRED,
                             "The signer's certificate had expired at %s, before it was used.",
                             until);
    return vt_judge_fail(
        judgement, signer_good ? VT_SUB_OUT_OF_BOUNDS_NOT_REVOKED : VT_SUB_OUT_OF_BOUNDS_NO_POE,
        VT_REASON_CERT_EXPIRED_SINCE,
        "The signer's certificate expired at %s, and nothing proves that it was used before.",
        until);
}

/* Of an authority too what lies outside is not decided: it may have another certificate of the same
 * key, of that time. */
static enum vt_code judge_authority(struct vt_judgement *judgement,
                                    const struct vt_certificate *authority)
{
    const struct vt_certificate_facts *facts = vt_certificate_facts(authority);
    int64_t best = judgement->times.best_utc_secs;
    char when[VT_TIME_TEXT_BYTES];
    if (vt_certificate_is_valid_at(authority, best))
        return VT_OK;
    bool early = best < facts->not_before_utc_secs;
    (void)vt_time_rfc3339(when, early ? facts->not_before_utc_secs : facts->not_after_utc_secs);
    return vt_judge_fail(judgement, VT_SUB_OUT_OF_BOUNDS_NO_POE, VT_REASON_CA_INVALID,
                         early ? "The CA certificate \"%s\" is valid from %s only, and the "
                                 "signature existed before."
                               : "The CA certificate \"%s\" expired at %s, and nothing proves that "
                                 "the signature existed before.",
                         vt_judge_name(authority), when);
}

enum vt_code vt_judge_periods(struct vt_judgement *judgement, bool signer_good)
{
    const struct vt_path *path = &judgement->path;
    const struct vt_certificate_facts *facts =
        vt_certificate_facts(judgement->input->verified->signer);
    enum vt_code code = not_yet(judgement, facts);
    if (code == VT_OK)
        code = expired(judgement, facts, signer_good);
    /* Authorities of a path that leads nowhere are nobody's concern. */
    for (size_t i = 1; code == VT_OK && path->found && i < path->count; i++)
        code = judge_authority(judgement, path->items[i]);
    return code;
}
