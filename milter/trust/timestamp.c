/* SPDX-License-Identifier: Apache-2.0
 * A time stamp token is a signature of its own: it proves a time only if its authority leads to a
 * trust set, was made for it, and could be relied on when the token provably existed (RFC 3161 2.3
 * and 4, EN 319 102-1 5.4, 5.6.2). One that cannot be checked is no proof and no fault of the
 * sender. */
#include <string.h>

#include <openssl/x509v3.h>

#include "trust/judge.h"

/* How often, for all time stamps of a signature together, revocation data are looked through for a
 * piece that was in force at a time. */
#define MAX_OLD_STATUSES 48
struct tsa {
    struct vt_judgement *judgement;
    const struct vt_verified_timestamp *token;
    struct vt_timestamp_facts *out;
    int64_t at_utc_secs; /* when it provably existed */
    bool proven;         /* by more than being here now */
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

static enum vt_code say(struct tsa *tsa, const char *why)
{
    return vt_judge_say(tsa->judgement->arena, &tsa->out->findings, &tsa->out->findings_count,
                        "The time stamp of \"%s\" proves no time: %s.",
                        tsa->token->signer ? vt_judge_name(tsa->token->signer) : "unknown", why);
}

static enum vt_code unverified(struct tsa *tsa, enum vt_sub_indication sub, const char *why)
{
    worsen(tsa, sub, VT_REASON_TIMESTAMP_UNVERIFIED);
    return say(tsa, why);
}

/* ---- its certificate and time ---- */

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
    int64_t time = tsa->token->time_utc_secs;
    if (!is_for_time_stamping(tsa->token->signer))
        return unverified(tsa, VT_SUB_CHAIN_CONSTRAINTS_FAILURE,
                          "its certificate is not for time stamping alone (RFC 3161 2.3)");
    if (!tsa->token->ess_bound)
        return unverified(tsa, VT_SUB_SIG_CONSTRAINTS_FAILURE,
                          "it does not name its certificate (RFC 3161 2.4.2)");
    if (time == VT_TIME_NONE ||
        time > tsa->judgement->input->now_utc_secs + VT_CLOCK_TOLERANCE_SECS)
        return unverified(tsa, VT_SUB_SIG_CONSTRAINTS_FAILURE, "its time lies in the future");
    return VT_OK;
}

/* ---- its path ---- */

/* Of a path that leads nowhere the names are whatever the sender chose. */
static enum vt_code show_path(struct tsa *tsa)
{
    const struct vt_path *path = &tsa->path;
    struct vt_timestamp_facts *out = tsa->out;
    enum vt_code code = vt_judge_used_path(tsa->judgement, path);
    if (code != VT_OK || !path->found)
        return code;
    out->path = vt_arena_alloc(tsa->judgement->arena, path->count * sizeof(*out->path));
    if (out->path == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < path->count; i++)
        out->path[i] = *vt_certificate_facts(path->items[i]);
    out->path_count = path->count;
    out->trust_set = vt_trust_set_name(path->set);
    return VT_OK;
}

/* Its issuer may be had for the asking. */
static enum vt_code path_missing(struct tsa *tsa, const struct vt_path_request *request)
{
    struct vt_judgement *judgement = tsa->judgement;
    const struct vt_known *known = judgement->input->known;
    struct vt_path_why why;
    enum vt_code code = vt_path_explain(request, &tsa->path, known ? known->no_issuer_of : NULL,
                                        known ? known->no_issuer_of_count : 0, &why, NULL);
    if (code == VT_OK && why.issuer_wanted_of != NULL)
        code = vt_judge_want_issuer(judgement, why.issuer_wanted_of);
    return code != VT_OK ? code
                         : unverified(tsa, VT_SUB_NO_CERTIFICATE_CHAIN_FOUND,
                                      "its certificate leads to no configured root");
}

/* Valid when it spoke, and still when it provably existed: afterwards anybody may hold the key. */
static enum vt_code check_periods(struct tsa *tsa)
{
    for (size_t i = 0; i < tsa->path.count; i++) {
        if (!vt_certificate_is_valid_at(tsa->path.items[i], tsa->token->time_utc_secs))
            return unverified(tsa, VT_SUB_OUT_OF_BOUNDS_NO_POE,
                              "a certificate of its path was not valid at its time");
        if (!vt_certificate_is_valid_at(tsa->path.items[i], tsa->at_utc_secs))
            return unverified(tsa, VT_SUB_OUT_OF_BOUNDS_NO_POE,
                              "a certificate of its path has expired, and nothing proves that the "
                              "time stamp existed before");
    }
    return VT_OK;
}

static enum vt_code check_path(struct tsa *tsa)
{
    struct vt_judgement *judgement = tsa->judgement;
    struct vt_path_request request = {.store = judgement->input->store,
                                      .target = tsa->token->signer,
                                      .others = &judgement->others,
                                      .at_utc_secs = tsa->at_utc_secs,
                                      .spent = vt_status_cache_spent(judgement->cache)};
    enum vt_code code = vt_path_find(&request, &tsa->path, NULL);
    if (code == VT_OK)
        code = show_path(tsa);
    if (code != VT_OK)
        return code;
    if (!tsa->path.found)
        return path_missing(tsa, &request);
    if (tsa->path.problems_count > 0)
        return unverified(tsa, VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
                          "the path of its certificate is not valid");
    return check_periods(tsa);
}

/* ---- its algorithms ---- */

static enum vt_code check_algorithms(struct tsa *tsa)
{
    const struct vt_verified_timestamp *token = tsa->token;
    const struct vt_trust_store *store = tsa->judgement->input->store;
    const struct vt_trust_rules *rules = vt_trust_store_rules(store, tsa->path.set);
    const char *digests[] = {token->digest_algorithm, token->signature_digest_algorithm,
                             token->index_digest_algorithm};
    bool weak = false;
    for (size_t i = 0; i < 3; i++)
        weak |= digests[i] != NULL && tsa->at_utc_secs >= vt_digest_end(digests[i], rules);
    for (size_t i = 0; i < tsa->path.count; i++)
        weak |= tsa->at_utc_secs >= vt_certificate_end(store, tsa->path.set, tsa->path.items[i]);
    if (!weak)
        return VT_OK;
    worsen(tsa, VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, VT_REASON_WEAK_ALGORITHM);
    return unverified(tsa, VT_SUB_NONE,
                      "a digest or key it rests on is too weak for the time at which it is known "
                      "to have existed");
}

/* ---- its status ---- */

/* RFC 3161 4 (1): tokens from before the revocation stay valid if it was not for a compromise; in
 * any case one does that provably existed before (EN 319 102-1 5.6.2.4). The same is asked of its
 * CA. */
static bool survives_revocation(const struct tsa *tsa, const struct vt_status_fact *fact)
{
    int64_t from = vt_revocation_is_harmless(fact->revocation_reason) ? tsa->token->time_utc_secs
                                                                      : tsa->at_utc_secs;
    return from < fact->revoked_at_utc_secs &&
           (fact->invalid_since_utc_secs == VT_TIME_NONE || from < fact->invalid_since_utc_secs);
}

static bool was_in_force(const struct vt_status_fact *fact, int64_t at_utc_secs)
{
    return vt_status_until_utc_secs(fact->this_update_utc_secs, fact->next_update_utc_secs) >=
           at_utc_secs;
}

/* What was known when a later time stamp was put over this one counts too, if it was in force then:
 * it is what a checker of that day would have relied on (EN 319 102-1 5.2.5, 5.6.2.2). */
static enum vt_code choose_old(struct tsa *tsa, size_t index, struct vt_status_choice *out)
{
    int64_t from = tsa->token->time_utc_secs;
    while (tsa->judgement->old_statuses_tried++ < MAX_OLD_STATUSES) {
        struct vt_status_choice choice;
        enum vt_code code = vt_revocation_choose(tsa->judgement, &tsa->path, index, from, &choice);
        if (code != VT_OK)
            return code;
        if (choice.value != VT_STATUS_GOOD)
            break;
        if (was_in_force(&choice.fact, tsa->at_utc_secs)) {
            *out = choice;
            return VT_OK;
        }
        if (choice.fact.this_update_utc_secs < from)
            break;
        from = choice.fact.this_update_utc_secs + 1;
    }
    return VT_OK;
}

static enum vt_code choose(struct tsa *tsa, size_t index, struct vt_status_choice *out)
{
    enum vt_code code =
        vt_revocation_choose(tsa->judgement, &tsa->path, index, tsa->at_utc_secs, out);
    if (code != VT_OK || vt_status_is_decided(out->value) || !tsa->proven)
        return code;
    return choose_old(tsa, index, out);
}

static enum vt_code check_status(struct tsa *tsa, size_t index)
{
    struct vt_judgement *judgement = tsa->judgement;
    const struct vt_certificate *certificate = tsa->path.items[index];
    struct vt_status_choice choice = {0};
    enum vt_code code = choose(tsa, index, &choice);
    if (code != VT_OK)
        return code;
    vt_status_show(certificate, &choice.fact, &tsa->out->statuses[tsa->out->statuses_count++]);
    switch (choice.value) {
    case VT_STATUS_GOOD:
        return vt_judge_want_newer(judgement, &tsa->path, index, &choice.fact);
    case VT_STATUS_NOT_NEEDED:
        return VT_OK;
    case VT_STATUS_REVOKED:
        return survives_revocation(tsa, &choice.fact)
                   ? VT_OK
                   : unverified(tsa, index == 0 ? VT_SUB_REVOKED_NO_POE : VT_SUB_REVOKED_CA_NO_POE,
                                "a certificate of its path is revoked");
    case VT_STATUS_SUSPENDED:
        return tsa->at_utc_secs < choice.fact.revoked_at_utc_secs
                   ? VT_OK
                   : unverified(tsa, VT_SUB_TRY_LATER, "a certificate of its path is suspended");
    default:
        code = unverified(tsa, VT_SUB_TRY_LATER,
                          "the status of a certificate of its path is not known");
        return code != VT_OK || !judgement->may_ask
                   ? code
                   : vt_judge_want_status(judgement, certificate, tsa->path.items[index + 1]);
    }
}

static enum vt_code check_statuses(struct tsa *tsa)
{
    struct vt_timestamp_facts *out = tsa->out;
    const struct vt_path *path = &tsa->path;
    enum vt_code code = VT_OK;
    out->statuses =
        vt_arena_alloc(tsa->judgement->arena, (path->count + 1) * sizeof(*out->statuses));
    if (out->statuses == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; code == VT_OK && i + 1 < path->count; i++)
        code = check_status(tsa, i);
    if (code != VT_OK)
        return code;
    const struct vt_status_fact anchor = {.value = VT_STATUS_NOT_NEEDED};
    vt_status_show(path->items[path->count - 1], &anchor, &out->statuses[out->statuses_count++]);
    return VT_OK;
}

/* ---- the token ---- */

/* A token that is broken or over other bytes says so itself (legal.md R-40). */
static enum vt_code take_integrity(struct tsa *tsa)
{
    if (tsa->token->integrity != VT_INTEGRITY_BROKEN) {
        worsen(tsa, VT_SUB_NO_SIGNING_CERTIFICATE_FOUND, VT_REASON_TIMESTAMP_UNVERIFIED);
        return say(tsa, "it could not be verified");
    }
    worsen(tsa, VT_SUB_SIG_CRYPTO_FAILURE, VT_REASON_TIMESTAMP_INVALID);
    return say(tsa, "it is broken or belongs to something else");
}

/* It stands below another that is older: one of two clocks is wrong. */
static enum vt_code check_order(struct tsa *tsa, int64_t existed_utc_secs)
{
    int64_t slack = VT_CLOCK_TOLERANCE_SECS + tsa->token->accuracy_secs;
    if (tsa->token->time_utc_secs - slack <= existed_utc_secs)
        return VT_OK;
    worsen(tsa, VT_SUB_TIMESTAMP_ORDER_FAILURE, VT_REASON_TIME_INCONSISTENT);
    return say(tsa, "it is younger than something that proves it to have existed before");
}

static enum vt_code copy_findings(struct tsa *tsa)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < tsa->token->findings_count; i++)
        code = vt_judge_say(tsa->judgement->arena, &tsa->out->findings, &tsa->out->findings_count,
                            "%s", tsa->token->findings[i]);
    return code;
}

/* The level of a signature rests on its own time stamps, too. */
static void note_storage(struct tsa *tsa)
{
    if (strcmp(tsa->token->kind != NULL ? tsa->token->kind : "", "signature") == 0 &&
        !vt_judge_is_stored(tsa->judgement, &tsa->path))
        tsa->judgement->has_unstored_token = true;
}

static enum vt_code run(struct tsa *tsa, int64_t existed_utc_secs)
{
    enum vt_code code = copy_findings(tsa);
    if (code == VT_OK)
        code = vt_judge_used_token(tsa->judgement, tsa->token);
    if (code != VT_OK)
        return code;
    if (tsa->token->integrity != VT_INTEGRITY_INTACT || tsa->token->signer == NULL)
        return take_integrity(tsa);
    code = check_signer(tsa);
    if (code == VT_OK)
        code = check_path(tsa);
    if (code == VT_OK)
        note_storage(tsa);
    if (code == VT_OK && tsa->path.found)
        code = check_algorithms(tsa);
    /* Nobody is asked about a certificate that is useless anyway. */
    if (code == VT_OK && tsa->out->indication == VT_TOTAL_PASSED)
        code = check_statuses(tsa);
    if (code == VT_OK && tsa->out->indication == VT_TOTAL_PASSED)
        code = check_order(tsa, existed_utc_secs);
    return code;
}

enum vt_code vt_judge_timestamp(struct vt_judgement *judgement,
                                const struct vt_verified_timestamp *token, int64_t existed_utc_secs,
                                struct vt_timestamp_facts *out)
{
    int64_t now = judgement->input->now_utc_secs;
    int64_t at = existed_utc_secs;
    const vt_reasons by_date = VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM);
    /* What is younger than its own proof is judged at its own time; check_order has the last word.
     */
    if (token->time_utc_secs != VT_TIME_NONE && at < token->time_utc_secs)
        at = token->time_utc_secs < now ? token->time_utc_secs : now;
    struct tsa tsa = {.judgement = judgement,
                      .token = token,
                      .out = out,
                      .at_utc_secs = at,
                      .proven = existed_utc_secs < now};
    *out = (struct vt_timestamp_facts){.kind = token->kind,
                                       .covers = token->covers,
                                       .time_utc_secs = token->time_utc_secs,
                                       .integrity = token->integrity,
                                       .indication = VT_TOTAL_PASSED,
                                       .reasons = token->reasons & ~by_date,
                                       .judged_at_utc_secs = at};
    memcpy(out->sha256, token->sha256, sizeof(out->sha256));
    out->tsa = token->signer ? vt_certificate_facts(token->signer)->subject : NULL;
    return run(&tsa, existed_utc_secs);
}
