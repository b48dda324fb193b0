/* SPDX-License-Identifier: Apache-2.0
 * When it was signed. Proven by a time stamp or by the register's first-seen time, else only
 * claimed: a claim can make a verdict worse, never better (design.md 4, EN 319 102-1 5.5.4). */
#include <stdlib.h>
#include <string.h>

#include "trust/judge.h"

/* A time stamp is fetched within minutes of the signature (legal.md R-90: up to 131 s). */
#define FAULT_TOLERANCE_SECS 900

struct proofs {
    int64_t signature_utc_secs; /* earliest valid signature time stamp */
    int64_t content_utc_secs;   /* latest valid content time stamp: signed after it */
    int64_t existed_utc_secs;   /* earliest proof of any kind */
    enum vt_time_source source;
};

static void take_existence(struct proofs *proofs, int64_t time, enum vt_time_source source)
{
    if (proofs->existed_utc_secs == VT_TIME_NONE || time < proofs->existed_utc_secs) {
        proofs->existed_utc_secs = time;
        proofs->source = source;
    }
}

static void take_valid(struct proofs *proofs, const struct vt_verified_timestamp *token)
{
    const char *kind = token->kind != NULL ? token->kind : "";
    int64_t earliest = token->time_utc_secs - (vt_token_latest(token) - token->time_utc_secs);
    if (strcmp(kind, "references") == 0) /* says nothing about the signature */
        return;
    if (strcmp(kind, "content") == 0) { /* before the signature */
        if (proofs->content_utc_secs == VT_TIME_NONE || earliest > proofs->content_utc_secs)
            proofs->content_utc_secs = earliest;
        return;
    }
    if (strcmp(kind, "signature") == 0 && (proofs->signature_utc_secs == VT_TIME_NONE ||
                                           token->time_utc_secs < proofs->signature_utc_secs))
        proofs->signature_utc_secs = token->time_utc_secs;
    take_existence(proofs, vt_token_latest(token), VT_TIME_SOURCE_TIMESTAMP);
}

/* What a time stamp of the signature itself brings to its verdict. A later revision's has its own;
 * that it is ignored for time changes nothing (legal.md R-40). */
static enum vt_code take_verdict(struct vt_judgement *judgement,
                                 const struct vt_timestamp_facts *facts)
{
    if ((facts->reasons & VT_REASON_BIT(VT_REASON_TIMESTAMP_INVALID)) != 0)
        return vt_judge_fail(judgement, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_TIMESTAMP_INVALID,
                             "The time stamp is broken or belongs to something else.");
    if (facts->indication != VT_TOTAL_PASSED &&
        facts->sub_indication != VT_SUB_TIMESTAMP_ORDER_FAILURE)
        vt_signature_worsen(judgement->out, VT_SUB_NONE, VT_REASON_TIMESTAMP_UNVERIFIED);
    return VT_OK;
}

static enum vt_code take_order(struct vt_judgement *judgement,
                               const struct vt_timestamp_facts *facts)
{
    if (facts->sub_indication != VT_SUB_TIMESTAMP_ORDER_FAILURE)
        return VT_OK;
    return vt_judge_fail(judgement, VT_SUB_TIMESTAMP_ORDER_FAILURE, VT_REASON_TIME_INCONSISTENT,
                         "A time stamp of kind %s is younger than one that covers it.",
                         facts->kind != NULL ? facts->kind : "?");
}

static enum vt_code judge_tokens(struct vt_judgement *judgement, struct proofs *proofs)
{
    struct vt_tokens tokens;
    enum vt_code code = vt_judge_tokens(judgement, &tokens);
    if (code != VT_OK)
        return code;
    judgement->out->timestamps = tokens.facts;
    judgement->out->timestamps_count = tokens.shown_count;
    for (size_t i = 0; code == VT_OK && i < tokens.count; i++) {
        if (i < tokens.own_count)
            code = take_verdict(judgement, &tokens.facts[i]);
        if (code == VT_OK)
            code = take_order(judgement, &tokens.facts[i]);
        if (tokens.facts[i].indication == VT_TOTAL_PASSED)
            take_valid(proofs, tokens.items[i].verified);
    }
    return code;
}

/* ---- what is claimed ---- */

/* The signed attribute stands before the dictionary of the file, which says it for a reader. */
static int64_t claimed_by(const struct vt_trust_input *input)
{
    return input->verified->claimed_time_utc_secs != VT_TIME_NONE
               ? input->verified->claimed_time_utc_secs
               : input->object->claimed_time_utc_secs;
}

static enum vt_code local_time_fault(struct vt_judgement *judgement, const char *finding)
{
    judgement->out->claimed_is_local_time = true;
    vt_signature_worsen(judgement->out, VT_SUB_NONE, VT_REASON_TIME_INCONSISTENT);
    return vt_judge_note(judgement, "%s", finding);
}

/* signingTime of the CMS and /M of the PDF that disagree (legal.md R-89). Of two that are 7 hours
 * apart the later one is the local time that was written as UTC. */
static enum vt_code compare_claims(struct vt_judgement *judgement)
{
    int64_t cms = judgement->input->verified->claimed_time_utc_secs;
    int64_t pdf = judgement->input->object->claimed_time_utc_secs;
    char cms_text[VT_TIME_TEXT_BYTES];
    char pdf_text[VT_TIME_TEXT_BYTES];
    judgement->times.claimed_utc_secs = claimed_by(judgement->input);
    if (cms == VT_TIME_NONE || pdf == VT_TIME_NONE)
        return VT_OK;
    int64_t apart = cms > pdf ? cms - pdf : pdf - cms;
    if (apart <= VT_CLOCK_TOLERANCE_SECS)
        return VT_OK;
    (void)vt_time_rfc3339(cms_text, cms);
    (void)vt_time_rfc3339(pdf_text, pdf);
    enum vt_code code = vt_judge_note(
        judgement, "The signed attribute signing-time says %s and /M of the signature says %s.",
        cms_text, pdf_text);
    vt_signature_worsen(judgement->out, VT_SUB_NONE, VT_REASON_TIME_INCONSISTENT);
    if (code != VT_OK || llabs(apart - VT_LOCAL_TIME_FAULT_SECS) > VT_CLOCK_TOLERANCE_SECS)
        return code;
    judgement->times.claimed_utc_secs = cms < pdf ? cms : pdf;
    return local_time_fault(judgement, "The two claimed signing times are 7 hours apart: the "
                                       "signing tool wrote local time as UTC.");
}

/* Local time written as UTC: 7 hours ahead of the time stamp. Without one the signature may be up
 * to 7 hours old when it arrives, so anything up to 7 hours ahead of now is that fault. */
static bool is_local_time_fault(int64_t ahead, bool stamped)
{
    int64_t least =
        stamped ? VT_LOCAL_TIME_FAULT_SECS - FAULT_TOLERANCE_SECS : VT_CLOCK_TOLERANCE_SECS + 1;
    return ahead >= least && ahead <= VT_LOCAL_TIME_FAULT_SECS + FAULT_TOLERANCE_SECS;
}

/* What was stamped before it was signed cannot have been signed earlier. */
static enum vt_code compare_with_content(struct vt_judgement *judgement,
                                         const struct proofs *proofs)
{
    int64_t claimed = judgement->times.claimed_utc_secs;
    if (proofs->content_utc_secs == VT_TIME_NONE ||
        claimed >= proofs->content_utc_secs - VT_CLOCK_TOLERANCE_SECS)
        return VT_OK;
    return vt_judge_fail(judgement, VT_SUB_NONE, VT_REASON_TIME_INCONSISTENT,
                         "The claimed signing time is before the time stamp over what was signed.");
}

/* Compare the claim with what is proven, and keep what it can still be used for. */
static enum vt_code judge_claim(struct vt_judgement *judgement, const struct proofs *proofs)
{
    struct vt_signing_times *times = &judgement->times;
    int64_t claimed = times->claimed_utc_secs;
    bool stamped = proofs->signature_utc_secs != VT_TIME_NONE;
    if (claimed == VT_TIME_NONE)
        return VT_OK;
    int64_t reference = stamped ? proofs->signature_utc_secs : times->best_utc_secs;
    if (claimed <= reference || claimed - reference <= VT_CLOCK_TOLERANCE_SECS)
        return compare_with_content(judgement, proofs);
    if (is_local_time_fault(claimed - reference, stamped)) {
        times->claimed_utc_secs = claimed - VT_LOCAL_TIME_FAULT_SECS;
        return local_time_fault(judgement, "The claimed signing time is about 7 hours ahead: the "
                                           "signing tool wrote local time as UTC.");
    }
    times->claimed_utc_secs = VT_TIME_NONE;
    /* Against a proven time the claim is merely wrong; without one nothing says when it was. */
    return vt_judge_fail(judgement, times->proven ? VT_SUB_NONE : VT_SUB_SIG_CONSTRAINTS_FAILURE,
                         VT_REASON_TIME_INCONSISTENT,
                         times->proven ? "The claimed signing time is after the proven one."
                                       : "The claimed signing time lies in the future.");
}

/* ---- the best signing time ---- */

static void find_best(struct vt_judgement *judgement, struct proofs *proofs)
{
    struct vt_signing_times *times = &judgement->times;
    const struct vt_trust_input *input = judgement->input;
    if (input->first_seen_utc_secs != VT_TIME_NONE &&
        input->first_seen_utc_secs <= input->now_utc_secs)
        take_existence(proofs, input->first_seen_utc_secs, VT_TIME_SOURCE_FIRST_SEEN);
    times->proven =
        proofs->existed_utc_secs != VT_TIME_NONE && proofs->existed_utc_secs <= input->now_utc_secs;
    times->best_utc_secs = times->proven ? proofs->existed_utc_secs : input->now_utc_secs;
    times->source = times->proven ? proofs->source : VT_TIME_SOURCE_NONE;
}

/* A signature time stamp is made when signing; a document's may come years later, and when it
 * was first seen says nothing about when it was made. */
static void find_made_at(struct vt_signing_times *times, const struct proofs *proofs)
{
    times->made_at_utc_secs = proofs->signature_utc_secs != VT_TIME_NONE
                                  ? proofs->signature_utc_secs
                                  : times->claimed_utc_secs;
    if (proofs->content_utc_secs != VT_TIME_NONE &&
        proofs->content_utc_secs > times->made_at_utc_secs)
        times->made_at_utc_secs = proofs->content_utc_secs;
}

static void show_times(struct vt_judgement *judgement)
{
    const struct vt_signing_times *times = &judgement->times;
    struct vt_signature *out = judgement->out;
    out->claimed_time_utc_secs = claimed_by(judgement->input);
    out->judged_at_utc_secs = times->best_utc_secs;
    out->signing_time_utc_secs = times->proven ? times->best_utc_secs : times->claimed_utc_secs;
    out->signing_time_source = times->source;
    if (!times->proven && times->claimed_utc_secs != VT_TIME_NONE)
        out->signing_time_source = VT_TIME_SOURCE_CLAIMED;
}

enum vt_code vt_judge_times(struct vt_judgement *judgement)
{
    struct proofs proofs = {VT_TIME_NONE, VT_TIME_NONE, VT_TIME_NONE, VT_TIME_SOURCE_NONE};
    enum vt_code code = judge_tokens(judgement, &proofs);
    if (code != VT_OK)
        return code;
    find_best(judgement, &proofs);
    code = compare_claims(judgement);
    if (code == VT_OK)
        code = judge_claim(judgement, &proofs);
    find_made_at(&judgement->times, &proofs);
    show_times(judgement);
    if (code == VT_OK && proofs.content_utc_secs != VT_TIME_NONE &&
        proofs.existed_utc_secs != VT_TIME_NONE &&
        proofs.content_utc_secs > proofs.existed_utc_secs + VT_CLOCK_TOLERANCE_SECS)
        code = vt_judge_fail(judgement, VT_SUB_TIMESTAMP_ORDER_FAILURE, VT_REASON_TIME_INCONSISTENT,
                             "The time stamp over the content is younger than the one over the "
                             "signature.");
    return code;
}
