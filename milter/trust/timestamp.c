/* SPDX-License-Identifier: Apache-2.0
 * A time stamp token proves a time only if its authority leads to a trust set, was made for it, and
 * was valid when it spoke (RFC 3161 2.3 and 4, EN 319 102-1 5.4). One that cannot be checked is no
 * proof and no fault of the sender. */
#include <string.h>

#include <openssl/x509v3.h>

#include "trust/judge.h"

struct tsa {
    struct vt_judgement *judgement;
    const struct vt_verified_timestamp *token;
    struct vt_timestamp_facts *out;
    struct vt_path path;
};

static void worsen(struct tsa *tsa, enum vt_sub_indication sub, enum vt_reason reason)
{
    struct vt_signature verdict = {.indication = tsa->out->indication,
                                   .sub_indication = tsa->out->sub_indication,
                                   .reasons = tsa->out->reasons};
    vt_signature_worsen(&verdict, sub, reason);
    tsa->out->indication = verdict.indication;
    tsa->out->sub_indication = verdict.sub_indication;
    tsa->out->reasons = verdict.reasons;
}

static enum vt_code unverified(struct tsa *tsa, enum vt_sub_indication sub, const char *why)
{
    worsen(tsa, sub, VT_REASON_TIMESTAMP_UNVERIFIED);
    return vt_judge_note(tsa->judgement, "The time stamp of \"%s\" proves no time: %s.",
                         tsa->token->signer ? vt_judge_name(tsa->token->signer) : "unknown", why);
}

/* RFC 3161 2.3: extended key usage with timeStamping alone, critical. */
static bool is_for_time_stamping(const struct vt_certificate *certificate)
{
    X509 *x509 = vt_certificate_x509(certificate);
    int critical = 0;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, &critical, NULL);
    bool ok = usage != NULL && critical == 1 && sk_ASN1_OBJECT_num(usage) == 1 &&
              OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) == NID_time_stamp;
    EXTENDED_KEY_USAGE_free(usage);
    return ok;
}

static enum vt_code check_signer(struct tsa *tsa)
{
    int64_t now = tsa->judgement->input->now_utc_secs;
    int64_t time = tsa->token->time_utc_secs;
    if (!is_for_time_stamping(tsa->token->signer))
        return unverified(tsa, VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
                          "its certificate is not for time stamping alone (RFC 3161 2.3)");
    if (!tsa->token->ess_bound)
        return unverified(tsa, VT_SUB_SIG_CONSTRAINTS_FAILURE,
                          "it does not name its certificate (RFC 3161 2.4.2)");
    if (time == VT_TIME_NONE || time > now + VT_CLOCK_TOLERANCE_SECS)
        return unverified(tsa, VT_SUB_SIG_CONSTRAINTS_FAILURE, "its time lies in the future");
    return VT_OK;
}

static enum vt_code check_path(struct tsa *tsa)
{
    struct vt_judgement *judgement = tsa->judgement;
    struct vt_path_request request = {.store = judgement->input->store,
                                      .target = tsa->token->signer,
                                      .others = &judgement->others,
                                      .at_utc_secs = tsa->token->time_utc_secs};
    enum vt_code code = vt_path_find(&request, &tsa->path, NULL);
    if (code != VT_OK)
        return code;
    if (!tsa->path.found) {
        /* Its issuer may be had for the asking. */
        struct vt_path_why why;
        const struct vt_known *known = judgement->input->known;
        code = vt_path_explain(&request, &tsa->path, known ? known->no_issuer_of : NULL,
                               known ? known->no_issuer_of_count : 0, &why, NULL);
        if (code == VT_OK && why.issuer_wanted_of != NULL)
            code = vt_judge_want_issuer(judgement, why.issuer_wanted_of);
        return code != VT_OK ? code
                             : unverified(tsa, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
                                          "its certificate leads to no configured root");
    }
    if (tsa->path.problems_count > 0)
        return unverified(tsa, VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
                          "the path of its certificate is not valid");
    for (size_t i = 0; i < tsa->path.count; i++) {
        if (!vt_certificate_is_valid_at(tsa->path.items[i], tsa->token->time_utc_secs))
            return unverified(tsa, VT_SUB_OUT_OF_BOUNDS_NO_POE,
                              "a certificate of its path was not valid at its time");
    }
    return VT_OK;
}

/* RFC 3161 4 (1): tokens from before the revocation stay valid only if it was not for a compromise,
 * and without a reason none do. The same is asked of its CA. */
static bool survives_revocation(const struct vt_status_fact *fact, int64_t time)
{
    static const char *const harmless[] = {"unspecified", "affiliationChanged", "superseded",
                                           "cessationOfOperation"};
    for (size_t i = 0; fact->revocation_reason != NULL && i < 4; i++) {
        if (strcmp(fact->revocation_reason, harmless[i]) == 0)
            return time < fact->revoked_at_utc_secs;
    }
    return false;
}

static enum vt_code check_status(struct tsa *tsa, size_t index)
{
    struct vt_judgement *judgement = tsa->judgement;
    const struct vt_certificate *certificate = tsa->path.items[index];
    const struct vt_certificate *issuer = tsa->path.items[index + 1];
    int64_t time = tsa->token->time_utc_secs;
    struct vt_status_choice choice;
    enum vt_code code = vt_revocation_choose(judgement, &tsa->path, index, time, &choice);
    if (code != VT_OK)
        return code;
    switch (choice.value) {
    case VT_STATUS_GOOD:
        return VT_OK;
    case VT_STATUS_REVOKED:
        return survives_revocation(&choice.fact, time)
                   ? VT_OK
                   : unverified(tsa, index == 0 ? VT_SUB_REVOKED_NO_POE : VT_SUB_REVOKED_CA_NO_POE,
                                "a certificate of its path is revoked");
    case VT_STATUS_SUSPENDED:
        return time < choice.fact.revoked_at_utc_secs
                   ? VT_OK
                   : unverified(tsa, VT_SUB_TRY_LATER, "a certificate of its path is suspended");
    default:
        code = unverified(tsa, VT_SUB_TRY_LATER,
                          "the status of a certificate of its path is not known");
        return code != VT_OK || !judgement->may_ask
                   ? code
                   : vt_judge_want_status(judgement, certificate, issuer);
    }
}

/* A token that is broken or over other bytes says so itself (legal.md R-40). */
static void take_integrity(struct tsa *tsa)
{
    if (tsa->token->integrity == VT_INTEGRITY_BROKEN)
        worsen(tsa, VT_SUB_SIG_CRYPTO_FAILURE, VT_REASON_TIMESTAMP_INVALID);
    else
        worsen(tsa, VT_SUB_NO_SIGNING_CERTIFICATE_FOUND, VT_REASON_TIMESTAMP_UNVERIFIED);
}

enum vt_code vt_judge_timestamp(struct vt_judgement *judgement,
                                const struct vt_verified_timestamp *token,
                                struct vt_timestamp_facts *out)
{
    struct tsa tsa = {.judgement = judgement, .token = token, .out = out};
    *out = (struct vt_timestamp_facts){.kind = token->kind,
                                       .time_utc_secs = token->time_utc_secs,
                                       .integrity = token->integrity,
                                       .indication = VT_TOTAL_PASSED,
                                       .reasons = token->reasons};
    out->tsa = token->signer ? vt_certificate_facts(token->signer)->subject : NULL;
    if (token->integrity != VT_INTEGRITY_INTACT || token->signer == NULL) {
        take_integrity(&tsa);
        return VT_OK;
    }
    enum vt_code code = check_signer(&tsa);
    if (code == VT_OK)
        code = check_path(&tsa);
    /* Nobody is asked about a certificate that is useless anyway. */
    if (code != VT_OK || out->indication != VT_TOTAL_PASSED)
        return code;
    for (size_t i = 0; code == VT_OK && i + 1 < tsa.path.count; i++)
        code = check_status(&tsa, i);
    return code;
}
