/* SPDX-License-Identifier: Apache-2.0
 * The search for made-up mails that two policies decide differently. */
#ifndef VANTHU_POLICY_PROBE_TRIAL_H
#define VANTHU_POLICY_PROBE_TRIAL_H

#include "probe.h"
#include "vanthu/policy_diff.h"

#define VT_MAX_TRIAL_FACTS 32

/* One made-up mail: the plain one with these facts. */
struct vt_trial {
    struct vt_fact facts[VT_MAX_TRIAL_FACTS];
    size_t count;
};
/* Set a fact in the place of one about the same, if any. False: there are too many. */
bool vt_trial_add(struct vt_trial *trial, const struct vt_fact *fact);

struct vt_search {
    struct vt_arena *arena; /* of the result, and of texts of facts */
    const struct vt_examples_request *request;
    struct vt_policy_examples *out;
    struct vt_facts facts;                            /* worth trying */
    const bool *is_changed_before, *is_changed_after; /* rules of each that the other has not so */
    size_t probes_most;
    bool is_over; /* no more is tried */
};
/* Have both policies decide about it, and keep what is new. VT_E_NOMEM. */
enum vt_code vt_search_try(struct vt_search *search, const struct vt_trial *trial,
                           struct vt_err *err) VT_MUST_CHECK;

/* Facts from the conditions of both policies, changed rules first, with what is always worth trying
 * (probe_gather.c). VT_E_NOMEM. */
enum vt_code vt_search_gather(struct vt_search *search) VT_MUST_CHECK;
/* Facts with which a rule matches; choice: among several ways (probe_gather.c). VT_E_NOMEM. */
enum vt_code vt_search_match(struct vt_search *search, const struct vt_rule *rule, size_t choice,
                             struct vt_trial *trial) VT_MUST_CHECK;

#endif
