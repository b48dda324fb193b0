/* SPDX-License-Identifier: Apache-2.0
 * Revocation along the path (legal.md; EN 319 102-1 5.2.6, 5.5.4): each certificate
 * below the anchor has a status that counts at the best signing time, or the verdict says which one
 * is missing and it is asked for. */
#include <stdio.h>
#include <string.h>

#include "trust/judge.h"

/* What an event at this time means for a signature. */
enum event { EVENT_LATER, EVENT_BEFORE, EVENT_PERHAPS_BEFORE };

static enum event place_event(const struct vt_signing_times *times, int64_t event_utc_secs)
{
    if (times->best_utc_secs < event_utc_secs)
        return EVENT_LATER;
    return times->made_at_utc_secs != VT_TIME_NONE && times->made_at_utc_secs >= event_utc_secs
               ? EVENT_BEFORE
               : EVENT_PERHAPS_BEFORE;
}

/* The signature provably existed before the revocation, but after the key may have been misused
 * (RFC 5280 5.3.2 invalidityDate). */
static bool is_in_doubt(const struct vt_signing_times *times, const struct vt_status_fact *fact)
{
    return fact->invalid_since_utc_secs != VT_TIME_NONE &&
           fact->invalid_since_utc_secs < fact->revoked_at_utc_secs &&
           times->best_utc_secs >= fact->invalid_since_utc_secs;
}

/* "keyCompromise, invalid since 2026-05-01T00:00:00Z" */
static const char *describe(const struct vt_status_fact *fact, char *out, size_t out_bytes)
{
    char since[VT_TIME_TEXT_BYTES];
    const char *reason = fact->revocation_reason ? fact->revocation_reason : "no reason given";
    if (fact->invalid_since_utc_secs != VT_TIME_NONE)
        (void)snprintf(out, out_bytes, "%.40s, invalid since %s", reason,
                       vt_time_rfc3339(since, fact->invalid_since_utc_secs));
    else
        (void)snprintf(out, out_bytes, "%.40s", reason);
    return out;
}

static enum vt_code signer_revoked_later(struct vt_judgement *judgement,
                                         const struct vt_status_fact *fact, const char *when,
                                         const char *reason)
{
    if (is_in_doubt(&judgement->times, fact))
        return vt_judge_fail(judgement, VT_SUB_REVOKED_NO_POE, VT_REASON_CERT_REVOKED_SINCE,
                             "The signer's certificate was revoked at %s (%s), after the signature "
                             "provably existed, but its key may have been misused before.",
                             when, reason);
    return vt_judge_note(judgement,
                         "The signer's certificate was revoked at %s (%s), after the signature "
                         "provably existed.",
                         when, reason);
}

static enum vt_code signer_revoked(struct vt_judgement *judgement,
                                   const struct vt_status_fact *fact)
{
    char when[VT_TIME_TEXT_BYTES];
    char reason[96];
    (void)vt_time_rfc3339(when, fact->revoked_at_utc_secs);
    (void)describe(fact, reason, sizeof(reason));
    switch (place_event(&judgement->times, fact->revoked_at_utc_secs)) {
    case EVENT_LATER:
        return signer_revoked_later(judgement, fact, when, reason);
    case EVENT_BEFORE:
        return vt_judge_fail(judgement, VT_SUB_REVOKED, VT_REASON_CERT_REVOKED,
                             "The signer's certificate was revoked at %s (%s), before it was used.",
                             when, reason);
    default:
        return vt_judge_fail(judgement, VT_SUB_REVOKED_NO_POE, VT_REASON_CERT_REVOKED_SINCE,
                             "The signer's certificate was revoked at %s (%s), and nothing proves "
                             "that it was used before.",
                             when, reason);
    }
}

/* EN 319 102-1 5.2.6.4: on hold gives TRY_LATER. */
static enum vt_code signer_suspended(struct vt_judgement *judgement,
                                     const struct vt_status_fact *fact)
{
    char when[VT_TIME_TEXT_BYTES];
    (void)vt_time_rfc3339(when, fact->revoked_at_utc_secs);
    if (place_event(&judgement->times, fact->revoked_at_utc_secs) == EVENT_LATER)
        return vt_judge_note(judgement,
                             "The signer's certificate is suspended since %s, after the signature "
                             "provably existed.",
                             when);
    return vt_judge_fail(judgement, VT_SUB_TRY_LATER, VT_REASON_CERT_SUSPENDED,
                         "The signer's certificate is suspended since %s.", when);
}

static enum vt_code authority_bad(struct vt_judgement *judgement,
                                  const struct vt_certificate *authority,
                                  const struct vt_status_fact *fact)
{
    char when[VT_TIME_TEXT_BYTES];
    bool revoked = fact->value == VT_STATUS_REVOKED;
    const char *word = revoked ? "revoked" : "suspended";
    bool later = place_event(&judgement->times, fact->revoked_at_utc_secs) == EVENT_LATER;
    (void)vt_time_rfc3339(when, fact->revoked_at_utc_secs);
    if (later && revoked && is_in_doubt(&judgement->times, fact))
        return vt_judge_fail(judgement, VT_SUB_REVOKED_CA_NO_POE, VT_REASON_CA_INVALID,
                             "The CA certificate \"%s\" was revoked at %s, after the signature "
                             "provably existed, but its key may have been misused before.",
                             vt_judge_name(authority), when);
    if (later)
        return vt_judge_note(judgement,
                             "The CA certificate \"%s\" was %s at %s, after the signature "
                             "provably existed.",
                             vt_judge_name(authority), word, when);
    return vt_judge_fail(judgement, revoked ? VT_SUB_REVOKED_CA_NO_POE : VT_SUB_TRY_LATER,
                         VT_REASON_CA_INVALID, "The CA certificate \"%s\" was %s at %s.",
                         vt_judge_name(authority), word, when);
}

/* Why nothing is known that counts: nobody could be asked, what is at hand is from the wrong time,
 * who was asked does not know, or there is nothing at all. */
static enum vt_code say_unknown(struct vt_judgement *judgement, const char *name,
                                const struct vt_status_fact *fact)
{
    char from[VT_TIME_TEXT_BYTES];
    char until[VT_TIME_TEXT_BYTES];
    const enum vt_sub_indication sub = VT_SUB_TRY_LATER;
    (void)vt_time_rfc3339(from, fact->this_update_utc_secs);
    (void)vt_time_rfc3339(until, fact->next_update_utc_secs);
    switch (fact->value) {
    case VT_STATUS_UNREACHABLE:
        return vt_judge_fail(judgement, sub, VT_REASON_STATUS_UNKNOWN,
                             "The revocation status of \"%s\" is not known: no source gave a "
                             "usable answer%s.",
                             name,
                             fact->source_down ? ", and their hosts are left alone for now" : "");
    case VT_STATUS_STALE:
        if (fact->this_update_utc_secs == VT_TIME_NONE)
            return vt_judge_fail(judgement, sub, VT_REASON_STATUS_UNKNOWN,
                                 "The revocation status of \"%s\" is not known: what its sources "
                                 "publish is no longer in force.",
                                 name);
        return vt_judge_fail(judgement, sub, VT_REASON_STATUS_UNKNOWN,
                             "What is known about the revocation of \"%s\" is stale: it was "
                             "issued at %s (next update %s, %s) and does not speak about the time "
                             "that is judged.",
                             name, from, until, fact->origin ? fact->origin : "unknown origin");
    case VT_STATUS_UNKNOWN:
        if (fact->source != NULL)
            return vt_judge_fail(judgement, sub, VT_REASON_STATUS_UNKNOWN,
                                 "The source that was asked%s%s does not know the revocation "
                                 "status of \"%s\".",
                                 fact->origin ? " at " : "", fact->origin ? fact->origin : "",
                                 name);
        break;
    default:
        break;
    }
    return vt_judge_fail(judgement, sub, VT_REASON_STATUS_UNKNOWN,
                         "The revocation status of \"%s\" is not known.", name);
}

/* No usable status. For a certificate that has expired nothing can be expected any more, so that
 * this alone is no reason to wait; but a source that keeps expired ones may know of a revocation.
 */
static enum vt_code status_missing(struct vt_judgement *judgement, size_t index,
                                   const struct vt_status_fact *fact)
{
    const struct vt_certificate *certificate = judgement->path.items[index];
    enum vt_code code = VT_OK;
    if (!judgement->may_ask)
        return VT_OK;
    if (vt_certificate_facts(certificate)->not_after_utc_secs >= judgement->times.best_utc_secs)
        code = say_unknown(judgement, vt_judge_name(certificate), fact);
    return code != VT_OK
               ? code
               : vt_judge_want_status(judgement, certificate, judgement->path.items[index + 1]);
}

/* Where nothing is known, no time is. */
static const struct vt_status_fact no_fact = {.this_update_utc_secs = VT_TIME_NONE,
                                              .next_update_utc_secs = VT_TIME_NONE,
                                              .revoked_at_utc_secs = VT_TIME_NONE,
                                              .invalid_since_utc_secs = VT_TIME_NONE};

void vt_status_show(const struct vt_certificate *certificate, const struct vt_status_fact *fact,
                    struct vt_status_facts *out)
{
    const struct vt_status_fact *shown = fact->source != NULL ? fact : &no_fact;
    const struct vt_certificate_facts *facts = vt_certificate_facts(certificate);
    *out = (struct vt_status_facts){.subject_common_name = facts->common_name,
                                    .value = fact->value,
                                    .source = shown->source,
                                    .origin = shown->origin,
                                    .this_update_utc_secs = shown->this_update_utc_secs,
                                    .next_update_utc_secs = shown->next_update_utc_secs,
                                    .revoked_at_utc_secs = shown->revoked_at_utc_secs,
                                    .revocation_reason = shown->revocation_reason,
                                    .invalid_since_utc_secs = shown->invalid_since_utc_secs,
                                    .responder = shown->responder_name,
                                    .source_down = shown->source_down};
    memcpy(out->certificate_sha256, vt_certificate_sha256(certificate),
           sizeof(out->certificate_sha256));
    memcpy(out->data_sha256, shown->data_sha256, sizeof(out->data_sha256));
}

static void show_status(struct vt_judgement *judgement, const struct vt_certificate *certificate,
                        const struct vt_status_fact *fact)
{
    vt_status_show(certificate, fact, &judgement->out->statuses[judgement->out->statuses_count++]);
}

static enum vt_code judge_one(struct vt_judgement *judgement, size_t index, bool *out_good)
{
    const struct vt_certificate *certificate = judgement->path.items[index];
    struct vt_status_choice choice;
    enum vt_code code = vt_revocation_choose(judgement, &judgement->path, index,
                                             judgement->times.best_utc_secs, &choice);
    if (code != VT_OK)
        return code;
    show_status(judgement, certificate, &choice.fact);
    *out_good = choice.value == VT_STATUS_GOOD;
    if (*out_good)
        return vt_judge_want_newer(judgement, &judgement->path, index, &choice.fact);
    if (!vt_status_is_decided(choice.value))
        return status_missing(judgement, index, &choice.fact);
    if (index > 0)
        return authority_bad(judgement, certificate, &choice.fact);
    return choice.value == VT_STATUS_REVOKED ? signer_revoked(judgement, &choice.fact)
                                             : signer_suspended(judgement, &choice.fact);
}

enum vt_code vt_judge_statuses(struct vt_judgement *judgement, bool *out_signer_good)
{
    const struct vt_path *path = &judgement->path;
    *out_signer_good = false;
    if (!path->found)
        return VT_OK;
    judgement->out->statuses =
        vt_arena_alloc(judgement->arena, path->count * sizeof(*judgement->out->statuses));
    if (judgement->out->statuses == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i + 1 < path->count; i++) {
        bool good = false;
        enum vt_code code = judge_one(judgement, i, &good);
        if (code != VT_OK)
            return code;
        if (i == 0)
            *out_signer_good = good;
    }
    /* RFC 5280 6.1.1: the anchor is trusted by decision, not by status. */
    const struct vt_status_fact anchor = {.value = VT_STATUS_NOT_NEEDED};
    show_status(judgement, path->items[path->count - 1], &anchor);
    return VT_OK;
}
