/* SPDX-License-Identifier: Apache-2.0
 * When the brake falls: counts in, verdict out. Refusals are counted in slices of the time, a
 * fifteenth of it each; what is older goes into the mean. */
#include "vanthu/brake.h"

#include <string.h>

#define SLICES_OF_TIME 15

_Static_assert(VT_BRAKE_SLICES > SLICES_OF_TIME, "the slice that has just begun has its place");

bool vt_brake_is_about(vt_reasons reasons, const struct vt_decision *decision)
{
    bool is_spared = (reasons & VT_REASONS_SPARED) != 0;
    return decision->action == VT_ACTION_REJECT && decision->rule != NULL && !is_spared;
}

bool vt_brake_watches(const struct vt_brake_limits *limits, int64_t since_utc_secs,
                      int64_t now_utc_secs)
{
    return limits->refusals > 0 && since_utc_secs > 0 &&
           now_utc_secs - since_utc_secs < limits->changed_msecs / 1000 &&
           since_utc_secs - now_utc_secs < limits->changed_msecs / 1000;
}

/* An end that is further off than a brake lasts was written by a clock that was ahead. */
bool vt_brake_is_on(const struct vt_brake_limits *limits, const struct vt_brake_rule *rule,
                    int64_t now_utc_secs)
{
    return rule->until_utc_secs > now_utc_secs &&
           rule->until_utc_secs - now_utc_secs <= limits->lasts_msecs / 1000;
}

static int64_t slice_secs(const struct vt_brake_limits *limits)
{
    int64_t secs = limits->within_msecs / 1000 / SLICES_OF_TIME;
    return secs > 0 ? secs : 1;
}

/* Slices that are over go into the mean; those of a clock that went back are in the future, and
 * count nowhere. */
static void forget_old(struct vt_brake_rule *rule, int64_t now_slice)
{
    for (size_t i = 0; i < VT_BRAKE_SLICES; i++) {
        bool is_over = rule->slices[i].number <= now_slice - SLICES_OF_TIME;
        if (!is_over && rule->slices[i].number <= now_slice)
            continue;
        if (is_over)
            rule->before_count += rule->slices[i].count;
        rule->slices[i].number = 0;
        rule->slices[i].count = 0;
    }
}

static void count_slice(struct vt_brake_rule *rule, int64_t now_slice)
{
    size_t at = 0;
    for (size_t i = 0; i < VT_BRAKE_SLICES; i++) {
        if (rule->slices[i].count > 0 && rule->slices[i].number == now_slice) {
            rule->slices[i].count++;
            return;
        }
        if (rule->slices[i].count == 0)
            at = i;
    }
    rule->slices[at].number = now_slice;
    rule->slices[at].count = 1;
}

static uint64_t count_of(const struct vt_brake_rule *rule)
{
    uint64_t count = 0;
    for (size_t i = 0; i < VT_BRAKE_SLICES; i++)
        count += rule->slices[i].count;
    return count;
}

static void note_agency(struct vt_brake_rule *rule, uint64_t hash, int64_t now)
{
    size_t oldest = 0;
    for (size_t i = 0; i < VT_BRAKE_AGENCIES; i++) {
        if (rule->agencies[i].hash == hash && rule->agencies[i].seen_utc_secs != 0) {
            rule->agencies[i].seen_utc_secs = now;
            return;
        }
        if (rule->agencies[i].seen_utc_secs < rule->agencies[oldest].seen_utc_secs)
            oldest = i;
    }
    rule->agencies[oldest].hash = hash;
    rule->agencies[oldest].seen_utc_secs = now;
}

static unsigned agencies_of(const struct vt_brake_rule *rule, int64_t from, int64_t now)
{
    unsigned count = 0;
    for (size_t i = 0; i < VT_BRAKE_AGENCIES; i++) {
        int64_t seen = rule->agencies[i].seen_utc_secs;
        count += seen != 0 && seen > from && seen <= now;
    }
    return count;
}

/* What the rule refuses in so long a time on the mean since it is what it is, times the factor. Of
 * a rule that is younger than the time nothing is known. */
static uint64_t bearable(const struct vt_brake_rule *rule, const struct vt_brake_limits *limits,
                         int64_t now)
{
    int64_t within = limits->within_msecs / 1000;
    int64_t before_secs = now - within - rule->since_utc_secs;
    uint64_t mean = before_secs < within ? 0
                                         : rule->before_count * limits->mean_factor *
                                               (uint64_t)within / (uint64_t)before_secs;
    return mean > limits->refusals ? mean : limits->refusals;
}

void vt_brake_count(struct vt_brake_rule *rule, const struct vt_brake_limits *limits,
                    uint64_t agency_hash, int64_t now_utc_secs, struct vt_brake_verdict *out)
{
    int64_t now_slice = now_utc_secs / slice_secs(limits);
    forget_old(rule, now_slice);
    count_slice(rule, now_slice);
    note_agency(rule, agency_hash, now_utc_secs);
    rule->seen_utc_secs = now_utc_secs;
    *out = (struct vt_brake_verdict){
        .count = count_of(rule),
        .agencies_count =
            agencies_of(rule, now_utc_secs - limits->within_msecs / 1000, now_utc_secs),
        .most = bearable(rule, limits, now_utc_secs)};
    if (vt_brake_is_on(limits, rule, now_utc_secs) ||
        !vt_brake_watches(limits, rule->since_utc_secs, now_utc_secs))
        return;
    if (out->count > out->most)
        out->why = VT_BRAKE_COUNT;
    else if (limits->agencies > 0 && out->agencies_count >= limits->agencies)
        out->why = VT_BRAKE_MANY_AGENCIES;
    if (out->why != VT_BRAKE_NOT)
        rule->until_utc_secs = now_utc_secs + limits->lasts_msecs / 1000;
}
