/* SPDX-License-Identifier: Apache-2.0
 * Rules that act without having been watched before (users.md 2, Semantics). What a rule did while
 * it observed or tagged can be read in the register; what it did while it enforced for as long,
 * too. */
#include "vanthu/observed.h"

#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "vanthu/clock.h"

#define DAY_SECS 86400
#define ENOUGH_SECS ((int64_t)VT_OBSERVED_DAYS * DAY_SECS)

struct item {
    const struct vt_rule *rule;
    uint64_t digest;
    int64_t observed_secs, enforced_secs;
    int64_t first_utc_secs; /* VT_TIME_NONE: it never served */
};

struct vt_observed {
    struct item *items; /* by digest; at the end by place */
    size_t count;
    bool has_officer;
    int64_t now_utc_secs;
    int64_t oldest_utc_secs; /* of what was added; VT_TIME_NONE: nothing was */
};

/* The text of a rule without what says when it acts. */
static uint64_t digest_of(const struct vt_rule *rule)
{
    uint64_t hash = VT_HASH_EMPTY;
    for (size_t i = 0; i < rule->node->count; i++) {
        const struct vt_yaml_entry *entry = &rule->node->entries[i];
        if (strcmp(entry->key->text, "mode") == 0 || strcmp(entry->key->text, "observe-until") == 0)
            continue;
        hash = vt_hash_node(hash, entry->key);
        hash = vt_hash_node(hash, entry->value);
    }
    return hash;
}

static int compare_digests(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->digest > y->digest) - (x->digest < y->digest);
}

static bool is_in_question(const struct vt_observed *observed, const struct vt_rule *rule)
{
    bool is_spared = rule->needs_reasons != 0 && (rule->needs_reasons & ~VT_REASONS_SPARED) == 0;
    bool is_severe = rule->then.action == VT_ACTION_DEFER ||
                     vt_rule_most_severe(rule, observed->has_officer) >= VT_ACTION_DEFER;
    return is_severe && !is_spared && !vt_rule_is_over(rule, observed->now_utc_secs) &&
           vt_rule_mode(rule, observed->now_utc_secs) == VT_MODE_ENFORCE;
}

enum vt_code vt_observed_begin(struct vt_arena *arena, const struct vt_policy *policy,
                               int64_t now_utc_secs, struct vt_observed **out, struct vt_err *err)
{
    struct vt_observed *observed = vt_arena_alloc(arena, sizeof(*observed));
    struct item *items = vt_arena_alloc(arena, (policy->rules_count + 1) * sizeof(*items));
    if (observed == NULL || items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the rules that act");
    *observed = (struct vt_observed){.items = items,
                                     .has_officer = policy->officer_mailbox != NULL,
                                     .now_utc_secs = now_utc_secs,
                                     .oldest_utc_secs = VT_TIME_NONE};
    for (size_t i = 0; i < policy->rules_count; i++) {
        const struct vt_rule *rule = &policy->rules[i];
        if (is_in_question(observed, rule))
            items[observed->count++] = (struct item){
                .rule = rule, .digest = digest_of(rule), .first_utc_secs = VT_TIME_NONE};
    }
    qsort(items, observed->count, sizeof(*items), compare_digests);
    *out = observed;
    return VT_OK;
}

/* ---- what served ---- */

/* Seconds of it before a time. */
static int64_t secs_before(const struct vt_served *served, int64_t utc_secs)
{
    int64_t until = utc_secs < served->until_utc_secs ? utc_secs : served->until_utc_secs;
    return until > served->from_utc_secs ? until - served->from_utc_secs : 0;
}

/* rule: as it was then. */
static void add_time(struct item *item, const struct vt_rule *rule, const struct vt_served *served)
{
    int64_t all = secs_before(served, served->until_utc_secs), observed = 0;
    if (served->site_mode < VT_MODE_ENFORCE || rule->mode < VT_MODE_ENFORCE)
        observed = all;
    else if (rule->observe_until_utc_secs != VT_TIME_NONE)
        observed = secs_before(served, rule->observe_until_utc_secs);
    item->observed_secs += observed;
    item->enforced_secs += all - observed;
    if (item->first_utc_secs == VT_TIME_NONE || served->from_utc_secs < item->first_utc_secs)
        item->first_utc_secs = served->from_utc_secs;
}

void vt_observed_add(struct vt_observed *observed, const struct vt_served *served)
{
    for (size_t i = 0; i < served->policy->rules_count && observed->count > 0; i++) {
        const struct vt_rule *rule = &served->policy->rules[i];
        const struct item key = {.digest = digest_of(rule)};
        struct item *item = bsearch(&key, observed->items, observed->count,
                                    sizeof(*observed->items), compare_digests);
        if (item != NULL)
            add_time(item, rule, served);
    }
    if (observed->oldest_utc_secs == VT_TIME_NONE ||
        served->from_utc_secs < observed->oldest_utc_secs)
        observed->oldest_utc_secs = served->from_utc_secs;
}

/* ---- what is said ---- */

static bool is_known(const struct item *item)
{
    return item->observed_secs >= ENOUGH_SECS || item->enforced_secs >= ENOUGH_SECS;
}

bool vt_observed_is_settled(const struct vt_observed *observed)
{
    for (size_t i = 0; i < observed->count; i++)
        if (!is_known(&observed->items[i]))
            return false;
    return true;
}

/* "2026-12-03": a date of the language, which begins at midnight in Vietnam. */
static const char *date_of(char out[VT_TIME_TEXT_BYTES], int64_t utc_secs)
{
    (void)vt_time_rfc3339(out, utc_secs + VT_VIETNAM_SECS);
    out[strcspn(out, "T")] = '\0';
    return out;
}

static const char *verb_of(const struct vt_observed *observed, const struct vt_rule *rule)
{
    if (rule->then.action == VT_ACTION_DEFER)
        return "defers";
    return vt_rule_most_severe(rule, observed->has_officer) == VT_ACTION_REJECT ? "refuses"
                                                                                : "holds";
}

static void warn(const struct vt_observed *observed, const struct item *item, const char *file,
                 struct vt_mistakes *mistakes)
{
    char first[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    bool has_served = item->first_utc_secs != VT_TIME_NONE;
    /* The first midnight that leaves it the whole time. */
    (void)date_of(until, observed->now_utc_secs + ENOUGH_SECS + DAY_SECS - 1);
    (void)vt_mistakes_add(
        mistakes, file, item->rule->node->line, item->rule->node->column, true,
        "rule \"%s\" %s at once: it was never observed for %d days (%s%s); mode: observe or "
        "observe-until: %s shows first what it would do",
        item->rule->name, verb_of(observed, item->rule), VT_OBSERVED_DAYS,
        has_served ? "first loaded " : "not loaded before",
        has_served ? date_of(first, item->first_utc_secs) : "", until);
}

static int compare_places(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

void vt_observed_warn(struct vt_observed *observed, const char *file, bool is_cut,
                      struct vt_mistakes *mistakes)
{
    if (observed->oldest_utc_secs == VT_TIME_NONE)
        return;
    qsort(observed->items, observed->count, sizeof(*observed->items), compare_places);
    for (size_t i = 0; i < observed->count; i++) {
        const struct item *item = &observed->items[i];
        bool is_older = is_cut && item->first_utc_secs != VT_TIME_NONE &&
                        item->first_utc_secs <= observed->oldest_utc_secs;
        if (!is_known(item) && !is_older)
            warn(observed, item, file, mistakes);
    }
}
