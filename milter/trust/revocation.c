/* SPDX-License-Identifier: Apache-2.0
 * The status of one certificate at one time, out of all that is at hand: what the signature and
 * its document carry, what was given, what the status role knows. OpenSSL's own flags ignore
 * the dates of entries and refuse a CRL younger than the chosen time (design.md 4). */
#include <string.h>

#include "status/ocsp_cache.h"
#include "trust/revocation.h"

/* ReasonFlags bit of certificateHold (RFC 5280 4.2.1.13). */
#define HOLD_BIT (1u << 6)

/* ---- what a statement is worth ---- */

/* A certificate that had expired when the data was issued may have been left out of it
 * (RFC 5280 3.3), unless the source says that it keeps them. */
static bool still_lists(const struct vt_status_fact *fact, const struct vt_certificate *certificate)
{
    int64_t end = vt_certificate_facts(certificate)->not_after_utc_secs;
    return fact->this_update_utc_secs <= end ||
           (fact->keeps_expired_since_utc_secs != VT_TIME_NONE &&
            fact->keeps_expired_since_utc_secs <= end);
}

/* The newest that its CA publishes (legal.md R-42), and not older than the trust set allows. */
static bool is_in_force(const struct vt_choosing *choosing, const struct vt_status_fact *fact)
{
    const struct vt_trust_input *input = choosing->judgement->input;
    int64_t now = input->now_utc_secs;
    int64_t from = fact->this_update_utc_secs;
    int64_t max_age =
        vt_trust_store_rules(input->store, choosing->path->set)->revocation_max_age_secs;
    int64_t until = vt_status_until_utc_secs(from, fact->next_update_utc_secs);
    return now <= until && (max_age == 0 || now - from <= max_age);
}

/* What was signed after an authority above was compromised is anybody's, and so is what a sender
 * brings, who may have signed it with any date (RFC 5280 6.3.3 (f); EN 319 102-1 5.6.2.2). */
static bool is_unsafe(const struct vt_choosing *choosing, const struct vt_status_fact *fact)
{
    return choosing->unsafe_since_utc_secs != VT_TIME_NONE &&
           (fact->from == VT_ORIGIN_EMBEDDED ||
            fact->this_update_utc_secs >= choosing->unsafe_since_utc_secs);
}

/* True when a statement that says "good" proves it for the time that is judged. What a document
 * carries was chosen by its sender, who may keep the answer from before the revocation. */
static bool counts(const struct vt_choosing *choosing, const struct vt_status_fact *fact)
{
    int64_t from = fact->this_update_utc_secs;
    if (from == VT_TIME_NONE ||
        from > choosing->judgement->input->now_utc_secs + VT_CLOCK_TOLERANCE_SECS ||
        !still_lists(fact, choosing->certificate) || is_unsafe(choosing, fact))
        return false;
    return from >= choosing->at_utc_secs ||
           (fact->from != VT_ORIGIN_EMBEDDED && is_in_force(choosing, fact));
}

/* ---- taking statements ---- */

/* Only the first of equals: sources come in the order of preference (legal.md R-27). */
static void keep(struct vt_status_slot *slot, const struct vt_status_fact *fact, bool better)
{
    if (!slot->has || better) {
        slot->fact = *fact;
        slot->has = true;
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == VT_TIME_NONE || b == VT_TIME_NONE)
        return a == VT_TIME_NONE ? b : a;
    return a < b ? a : b;
}

bool vt_revocation_is_harmless(const char *reason)
{
    static const char *const harmless[] = {"unspecified", "affiliationChanged", "superseded",
                                           "cessationOfOperation"};
    for (size_t i = 0; reason != NULL && i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (strcmp(harmless[i], reason) == 0)
            return true;
    }
    return false;
}

bool vt_revocation_is_compromise(const char *reason)
{
    return reason != NULL &&
           (strcmp(reason, "keyCompromise") == 0 || strcmp(reason, "cACompromise") == 0 ||
            strcmp(reason, "aACompromise") == 0);
}

/* A stated reason before none, and a compromise that somebody states before anything else: a CA
 * may learn of it later than of the revocation. */
static const char *worse_reason(const char *reason, const char *other)
{
    return reason == NULL || (other != NULL && !vt_revocation_is_harmless(other)) ? other : reason;
}

/* The earliest revocation, the worst reason, and the earliest invalidity that anybody states. */
static void take_revoked(struct vt_choosing *choosing, const struct vt_status_fact *fact)
{
    struct vt_status_slot *slot = &choosing->revoked;
    const char *reason = slot->has
                             ? worse_reason(slot->fact.revocation_reason, fact->revocation_reason)
                             : fact->revocation_reason;
    int64_t since = slot->has
                        ? earlier(slot->fact.invalid_since_utc_secs, fact->invalid_since_utc_secs)
                        : fact->invalid_since_utc_secs;
    keep(slot, fact, fact->revoked_at_utc_secs < slot->fact.revoked_at_utc_secs);
    slot->fact.invalid_since_utc_secs = since;
    slot->fact.revocation_reason = reason;
}

/* Why it is not known, the more telling first: nobody answered, what is at hand is too old, the
 * source does not know it. Of one kind the youngest. */
static void take_other(struct vt_choosing *choosing, const struct vt_status_fact *fact,
                       enum vt_status_value value)
{
    struct vt_status_slot *slot = &choosing->other;
    struct vt_status_fact shown = *fact;
    shown.value = value;
    static const enum vt_status_value order[] = {VT_STATUS_UNKNOWN, VT_STATUS_STALE,
                                                 VT_STATUS_UNREACHABLE};
    int old_rank = 0;
    int new_rank = 0;
    for (int i = 0; i < 3; i++) {
        old_rank = slot->fact.value == order[i] ? i : old_rank;
        new_rank = value == order[i] ? i : new_rank;
    }
    keep(slot, &shown,
         new_rank > old_rank || (new_rank == old_rank &&
                                 fact->this_update_utc_secs > slot->fact.this_update_utc_secs));
}

/* Several lists for some reasons each are as good as their oldest. */
static void take_partial(struct vt_choosing *choosing, const struct vt_status_fact *fact,
                         unsigned reasons)
{
    if (choosing->partial_reasons == 0 ||
        fact->this_update_utc_secs < choosing->partial.this_update_utc_secs)
        choosing->partial = *fact;
    choosing->partial_reasons |= reasons;
    if (choosing->partial_reasons == VT_CRL_ALL_REASONS)
        keep(&choosing->good, &choosing->partial, false);
}

static void take_good(struct vt_choosing *choosing, const struct vt_status_fact *fact,
                      unsigned reasons)
{
    if ((reasons & HOLD_BIT) != 0 && still_lists(fact, choosing->certificate) &&
        fact->this_update_utc_secs > choosing->youngest_not_held_utc_secs)
        choosing->youngest_not_held_utc_secs = fact->this_update_utc_secs;
    if (!counts(choosing, fact))
        take_other(choosing, fact, VT_STATUS_STALE);
    else if (reasons == VT_CRL_ALL_REASONS)
        keep(&choosing->good, fact, false);
    else
        take_partial(choosing, fact, reasons);
}

void vt_revocation_take(struct vt_choosing *choosing, const struct vt_status_fact *fact,
                        unsigned reasons)
{
    switch (fact->value) {
    case VT_STATUS_REVOKED:
        take_revoked(choosing, fact);
        return;
    case VT_STATUS_SUSPENDED:
        keep(&choosing->suspended, fact,
             fact->this_update_utc_secs > choosing->suspended.fact.this_update_utc_secs);
        return;
    case VT_STATUS_GOOD:
        take_good(choosing, fact, reasons);
        return;
    default:
        take_other(choosing, fact, fact->value);
        return;
    }
}

enum vt_code vt_revocation_unusable(struct vt_choosing *choosing, const char *why)
{
    return vt_judge_note(choosing->judgement, "Revocation data for \"%s\" is not usable: %s.",
                         vt_judge_name(choosing->certificate), why);
}

/* ---- OCSP, embedded or known ---- */

/* A responder that is revoked says nothing; one whose own status is not known can make the verdict
 * worse, never better. */
static enum vt_code take_answer(struct vt_choosing *choosing, const struct vt_status_fact *fact)
{
    enum vt_status_value responder = VT_STATUS_GOOD;
    enum vt_code code = VT_OK;
    bool says_good = fact->value == VT_STATUS_GOOD;
    if (fact->finding != NULL)
        code = vt_judge_note(choosing->judgement, "Status of \"%s\": %s.",
                             vt_judge_name(choosing->certificate), fact->finding);
    if (code == VT_OK && fact->responder.len > 0)
        code = vt_revocation_find_responder(choosing, fact->responder, &responder);
    if (code != VT_OK)
        return code;
    if (responder == VT_STATUS_REVOKED || responder == VT_STATUS_SUSPENDED)
        return vt_revocation_unusable(choosing, "the certificate of the OCSP responder is revoked");
    if (responder != VT_STATUS_GOOD && says_good)
        return vt_revocation_unusable(choosing, "the status of the OCSP responder, whose "
                                                "certificate has no id-pkix-ocsp-nocheck, is not "
                                                "known");
    vt_revocation_take(choosing, fact, VT_CRL_ALL_REASONS);
    return VT_OK;
}

static enum vt_code take_ocsps(struct vt_choosing *choosing, const struct vt_bytes *ocsps,
                               size_t count)
{
    enum vt_code code = VT_OK;
    const struct vt_judgement *judgement = choosing->judgement;
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        struct vt_status_fact fact;
        struct vt_err err = {0};
        enum vt_code read =
            vt_ocsp_cache_read(vt_status_cache_ocsps(judgement->cache), judgement->input->pool,
                               ocsps[i], choosing->certificate, choosing->issuer, &fact, &err);
        if (read == VT_OK) {
            code = vt_judge_used_fact(judgement, &fact, ocsps[i]);
            if (code == VT_OK)
                code = take_answer(choosing, &fact);
        } else if (read == VT_E_NOMEM || read == VT_E_INTERNAL)
            code = read;
        else if (read != VT_E_NOT_FOUND) /* about another certificate */
            code = vt_revocation_unusable(choosing, err.text);
    }
    return code;
}

static enum vt_code take_known(struct vt_choosing *choosing, const struct vt_known *known)
{
    char key[65];
    const char *serial = vt_certificate_facts(choosing->certificate)->serial;
    enum vt_code code = vt_verify_sha256(vt_certificate_public_key_der(choosing->issuer), key);
    for (size_t i = 0; code == VT_OK && known != NULL && i < known->facts_count; i++) {
        struct vt_status_fact fact = known->facts[i];
        if (strcmp(fact.issuer_key_sha256, key) != 0 || fact.serial == NULL || serial == NULL ||
            strcmp(fact.serial, serial) != 0)
            continue;
        if (choosing->crls_only && (fact.source == NULL || strcmp(fact.source, "crl") != 0))
            continue;
        /* What is known here was not chosen by the sender. */
        if (fact.from == VT_ORIGIN_EMBEDDED)
            fact.from = VT_ORIGIN_FETCHED;
        code = vt_judge_used_fact(choosing->judgement, &fact, (struct vt_bytes){0});
        if (code == VT_OK)
            code = take_answer(choosing, &fact);
    }
    return code;
}

static enum vt_code take_all(struct vt_choosing *choosing)
{
    const struct vt_trust_input *input = choosing->judgement->input;
    const struct vt_validation_data *data = input->validation_data;
    enum vt_code code = VT_OK;
    if (!choosing->crls_only)
        code = take_ocsps(choosing, input->verified->ocsps, input->verified->ocsps_count);
    if (code == VT_OK && !choosing->crls_only && data != NULL)
        code = take_ocsps(choosing, data->ocsps, data->ocsps_count);
    if (code == VT_OK)
        code = take_known(choosing, input->known);
    if (code == VT_OK)
        code = vt_revocation_take_crls(choosing);
    return code;
}

/* ---- the choice ---- */

bool vt_status_is_decided(enum vt_status_value value)
{
    return value == VT_STATUS_GOOD || value == VT_STATUS_REVOKED || value == VT_STATUS_SUSPENDED;
}

static void choose(const struct vt_choosing *choosing, struct vt_status_choice *out)
{
    const struct vt_status_slot *slot = &choosing->other;
    if (choosing->revoked.has)
        slot = &choosing->revoked;
    else if (choosing->suspended.has &&
             choosing->suspended.fact.this_update_utc_secs >= choosing->youngest_not_held_utc_secs)
        /* A hold that a younger statement no longer has was lifted. */
        slot = &choosing->suspended;
    else if (choosing->good.has)
        slot = &choosing->good;
    *out = (struct vt_status_choice){0};
    if (slot->has)
        *out = (struct vt_status_choice){.value = slot->fact.value, .fact = slot->fact};
}

/* What stands between us and a status that could have been known. */
static enum vt_code say_what_is_missing(const struct vt_choosing *choosing)
{
    struct vt_judgement *judgement = choosing->judgement;
    const char *name = vt_judge_name(choosing->certificate);
    enum vt_code code = VT_OK;
    if (choosing->partial_reasons != 0)
        code = vt_judge_note(judgement,
                             "The CRLs at hand for \"%s\" speak about some reasons of revocation "
                             "only.",
                             name);
    if (code == VT_OK && choosing->delta_without_base)
        code = vt_judge_note(judgement,
                             "For \"%s\" there is a delta CRL, but not the CRL that it is based "
                             "on.",
                             name);
    for (size_t i = 0; code == VT_OK && judgement->may_ask && i < choosing->missing_count; i++)
        code = vt_judge_want_status(judgement, choosing->missing[i].certificate,
                                    choosing->missing[i].issuer);
    return code;
}

static enum vt_code find(struct vt_judgement *judgement, const struct vt_path *path, size_t index,
                         int64_t at_utc_secs, bool crls_only, int64_t unsafe_since_utc_secs,
                         struct vt_choosing *outer, struct vt_status_choice *out)
{
    struct vt_choosing choosing = {.judgement = judgement,
                                   .path = path,
                                   .index = index,
                                   .certificate = path->items[index],
                                   .issuer = path->items[index + 1],
                                   .at_utc_secs = at_utc_secs,
                                   .crls_only = crls_only,
                                   .unsafe_since_utc_secs = unsafe_since_utc_secs,
                                   .depth = outer != NULL ? outer->depth + 1 : 0,
                                   .outer = outer,
                                   .youngest_not_held_utc_secs = VT_TIME_NONE};
    *out = (struct vt_status_choice){0};
    enum vt_code code = take_all(&choosing);
    if (code != VT_OK)
        return code;
    choose(&choosing, out);
    return vt_status_is_decided(out->value) ? VT_OK : say_what_is_missing(&choosing);
}

enum vt_code vt_revocation_find(struct vt_judgement *judgement, const struct vt_path *path,
                                size_t index, int64_t at_utc_secs, bool crls_only,
                                struct vt_choosing *outer, struct vt_status_choice *out)
{
    return find(judgement, path, index, at_utc_secs, crls_only, VT_TIME_NONE, outer, out);
}

/* Since when an authority whose revocation does not touch the time that is judged is compromised.
 * One that was compromised before fails the path by itself. */
static int64_t compromised_after(const struct vt_status_choice *choice, int64_t at_utc_secs)
{
    if (choice->value != VT_STATUS_REVOKED ||
        vt_revocation_is_harmless(choice->fact.revocation_reason))
        return VT_TIME_NONE;
    int64_t since = earlier(choice->fact.revoked_at_utc_secs, choice->fact.invalid_since_utc_secs);
    return since > at_utc_secs ? since : VT_TIME_NONE;
}

enum vt_code vt_revocation_choose(struct vt_judgement *judgement, const struct vt_path *path,
                                  size_t index, int64_t at_utc_secs, struct vt_status_choice *out)
{
    int64_t unsafe_since = VT_TIME_NONE;
    /* From the anchor down: an authority's own status rests on those above it. */
    for (size_t i = path->count - 1; i-- > index + 1;) {
        struct vt_status_choice above;
        enum vt_code code =
            find(judgement, path, i, at_utc_secs, false, unsafe_since, NULL, &above);
        if (code != VT_OK)
            return code;
        unsafe_since = earlier(unsafe_since, compromised_after(&above, at_utc_secs));
    }
    return find(judgement, path, index, at_utc_secs, false, unsafe_since, NULL, out);
}
