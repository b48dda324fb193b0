/* SPDX-License-Identifier: Apache-2.0
 * Facts of the signature. A claimed time never makes anything better: age and time count only when
 * they are proven. */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

/* Vietnamese local time written as UTC: seven hours, give or take a slow time stamp. */
#define LOCAL_TIME_FAULT_SECS (7 * 3600)
#define LOCAL_TIME_SLACK_SECS (15 * 60)

static const char *const trust_sets[] = {"none", "official", "public"};
const struct vt_words vt_words_trust_set = {trust_sets, 3};
/* ETSI EN 319 142-1, 319 122-1, 319 132-1: baseline levels. */
static const char *const levels[] = {"B-B", "B-T", "B-LT", "B-LTA"};
const struct vt_words vt_words_level = {levels, 4};
static const char *const kinds[VT_KINDS] = {
    [VT_KIND_PERSON] = "person", [VT_KIND_AGENCY] = "agency", [VT_KIND_DEVICE] = "device"};
const struct vt_words vt_words_known_kind = {kinds, VT_KINDS};
static const char *const alignments[VT_ALIGNMENTS] = {[VT_ALIGNMENT_NONE] = "none",
                                                      [VT_ALIGNMENT_DOMAIN] = "domain",
                                                      [VT_ALIGNMENT_AGENCY] = "agency",
                                                      [VT_ALIGNMENT_EXACT] = "exact"};
const struct vt_words vt_words_known_alignment = {alignments, VT_ALIGNMENTS};

static unsigned of_bool(bool value)
{
    return value ? 1 : 0;
}

/* The index of a word, or not known. */
static unsigned of_word(const struct vt_words *words, const char *word)
{
    unsigned found = word == NULL ? words->count : vt_words_find(words, word);
    return found == words->count ? VT_VALUE_UNKNOWN : found;
}

unsigned vt_fact_indication(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->indication;
}

unsigned vt_fact_sub_indication(const struct vt_scope *s)
{
    bool has_none = s->signature == NULL || s->signature->sub_indication == VT_SUB_NONE;
    return has_none ? VT_VALUE_UNKNOWN : s->signature->sub_indication;
}

unsigned vt_fact_integrity(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->integrity;
}

unsigned vt_fact_covers(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->covers;
}

unsigned vt_fact_changes_after(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->changes_after;
}

unsigned vt_fact_signature_format(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->format;
}

unsigned vt_fact_signing_time(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : s->signature->signing_time_source;
}

unsigned vt_fact_trust_set(const struct vt_scope *s)
{
    if (s->signature == NULL)
        return VT_VALUE_UNKNOWN;
    return s->signature->trust_set == NULL ? 0
                                           : of_word(&vt_words_trust_set, s->signature->trust_set);
}

unsigned vt_fact_level(const struct vt_scope *s)
{
    return s->signature == NULL ? VT_VALUE_UNKNOWN : of_word(&vt_words_level, s->signature->level);
}

/* ---- by the site's table ---- */

/* That of the table, which knows whose signature it is, where it has one. */
unsigned vt_fact_use(const struct vt_scope *s)
{
    enum vt_use use = s->site_signature != NULL ? s->site_signature->use
                      : s->signature != NULL    ? s->signature->hints.use
                                                : VT_USE_UNKNOWN;
    return use == VT_USE_UNKNOWN ? VT_VALUE_UNKNOWN : use;
}

unsigned vt_fact_kind(const struct vt_scope *s)
{
    bool is_known = s->site_signature != NULL && s->site_signature->kind != VT_KIND_UNKNOWN;
    return is_known ? s->site_signature->kind : VT_VALUE_UNKNOWN;
}

unsigned vt_fact_alignment(const struct vt_scope *s)
{
    bool is_known =
        s->site_signature != NULL && s->site_signature->alignment != VT_ALIGNMENT_UNKNOWN;
    return is_known ? s->site_signature->alignment : VT_VALUE_UNKNOWN;
}

const char *vt_fact_signer_agency(const struct vt_scope *s, size_t index)
{
    (void)index;
    return s->site_signature == NULL ? NULL : s->site_signature->agency;
}

/* ---- who and how ---- */

#define TEXT_FACT(name, field)                                                                     \
    const char *name(const struct vt_scope *s, size_t index)                                       \
    {                                                                                              \
        (void)index;                                                                               \
        return s->signature == NULL ? NULL : s->signature->field;                                  \
    }
TEXT_FACT(vt_fact_signer, signer.common_name)
TEXT_FACT(vt_fact_signer_organization, signer.organization)
TEXT_FACT(vt_fact_signer_email, signer.email)
TEXT_FACT(vt_fact_issuer, signer.issuer_common_name)
TEXT_FACT(vt_fact_digest_algorithm, digest_algorithm)
TEXT_FACT(vt_fact_signature_algorithm, signature_algorithm)
TEXT_FACT(vt_fact_key_algorithm, signer.key_algorithm)

const char *vt_fact_fingerprint(const struct vt_scope *s, size_t index)
{
    bool is_known = s->signature != NULL && s->signature->signer.sha256[0] != '\0';
    (void)index;
    return is_known ? s->signature->signer.sha256 : NULL;
}

int64_t vt_fact_key_bits(const struct vt_scope *s)
{
    bool is_known = s->signature != NULL && s->signature->signer.key_bits != 0;
    return is_known ? s->signature->signer.key_bits : VT_NUMBER_UNKNOWN;
}

/* ---- when ---- */

static bool is_proven(const struct vt_signature *signature)
{
    return signature->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ||
           signature->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN;
}

int64_t vt_fact_proven_time(const struct vt_scope *s)
{
    bool is_known = s->signature != NULL && is_proven(s->signature) &&
                    s->signature->signing_time_utc_secs != VT_TIME_NONE;
    return is_known ? s->signature->signing_time_utc_secs : VT_NUMBER_UNKNOWN;
}

/* A time stamp of the future has no age. */
int64_t vt_fact_age(const struct vt_scope *s)
{
    int64_t signed_at = vt_fact_proven_time(s), age = 0;
    if (signed_at == VT_NUMBER_UNKNOWN || s->now_utc_secs == VT_TIME_NONE ||
        __builtin_sub_overflow(s->now_utc_secs, signed_at, &age) || age < 0)
        return VT_NUMBER_UNKNOWN;
    return age;
}

/* The claimed time runs seven hours ahead of the proven one, of another claim, or of the time of
 * judging. Without a claimed time there is no such fault: false, so that "not" holds. */
unsigned vt_fact_local_time_as_utc(const struct vt_scope *s)
{
    if (s->signature == NULL || s->signature->claimed_time_utc_secs == VT_TIME_NONE)
        return 0;
    if (s->signature->claimed_is_local_time)
        return of_bool(true);
    int64_t reference = is_proven(s->signature) ? s->signature->signing_time_utc_secs
                                                : s->signature->judged_at_utc_secs;
    int64_t ahead = 0;
    if (reference == VT_TIME_NONE ||
        __builtin_sub_overflow(s->signature->claimed_time_utc_secs, reference, &ahead))
        return 0;
    /* Without proof only the part that reaches into the future shows. */
    int64_t least = is_proven(s->signature) ? LOCAL_TIME_FAULT_SECS - LOCAL_TIME_SLACK_SECS : 1;
    return of_bool(ahead >= least && ahead <= LOCAL_TIME_FAULT_SECS + LOCAL_TIME_SLACK_SECS);
}

static bool is_missing(enum vt_status_value value)
{
    return value == VT_STATUS_UNKNOWN || value == VT_STATUS_UNREACHABLE || value == VT_STATUS_STALE;
}

/* Some status is missing, and for each that is, all its sources are known to be down: a few
 * minutes of waiting would change nothing. */
unsigned vt_fact_source_down(const struct vt_scope *s)
{
    bool any = false;
    for (size_t i = 0; s->signature != NULL && i < s->signature->statuses_count; i++) {
        const struct vt_status_facts *status = &s->signature->statuses[i];
        if (is_missing(status->value) && !status->source_down)
            return 0;
        any |= is_missing(status->value);
    }
    return of_bool(any);
}
