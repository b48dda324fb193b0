/* SPDX-License-Identifier: Apache-2.0
 * observed: whether the rules of a policy that refuse, hold or defer were watched before they began
 * to, by what served in the past. Pure: policies and times in, warnings out. */
#ifndef VANTHU_OBSERVED_H
#define VANTHU_OBSERVED_H

#include "vanthu/policy.h"

/* As long as the brake takes a rule for changed lately. */
#define VT_OBSERVED_DAYS 7

/* A policy while it served. */
struct vt_served {
    const struct vt_policy *policy; /* borrowed for the call */
    enum vt_mode site_mode;
    int64_t from_utc_secs, until_utc_secs; /* [from, until) */
};

struct vt_observed;

/* The rules in question: those that may refuse, hold or defer now, when the site enforces. Not
 * those that ask for nothing but VT_REASONS_SPARED. *out lives in arena; the policy must outlive
 * it. VT_E_NOMEM. */
enum vt_code vt_observed_begin(struct vt_arena *arena, const struct vt_policy *policy,
                               int64_t now_utc_secs, struct vt_observed **out,
                               struct vt_err *err) VT_MUST_CHECK;
/* Add what served, the newest first. A rule is the same when its text is, but for mode and
 * observe-until; what its lists have may change. */
void vt_observed_add(struct vt_observed *observed, const struct vt_served *served);
/* Nothing that served before can add a warning or take one away. */
bool vt_observed_is_settled(const struct vt_observed *observed);
/* A warning at each rule that was observed or enforced for less than VT_OBSERVED_DAYS; file: for
 * its place. is_cut: more served before than was added, so that nothing is said of a rule that the
 * oldest one had. Without anything added there is no warning. This ends it: nothing is added
 * afterwards. */
void vt_observed_warn(struct vt_observed *observed, const char *file, bool is_cut,
                      struct vt_mistakes *mistakes);

#endif
