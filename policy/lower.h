/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a rule that matched: its action after everything that lowers it. Pure. */
#ifndef VANTHU_POLICY_LOWER_H
#define VANTHU_POLICY_LOWER_H

#include "rule.h"

/* One rule that matched one subject. */
struct vt_rule_outcome {
    enum vt_action action;
    enum vt_lowered lowered; /* why the rule's own action was not taken */
    int64_t defer_until_utc_secs;
    vt_reasons matched;
};

/* matched: the reasons that the rule asked for and the subject has. */
struct vt_rule_outcome vt_rule_outcome_of(const struct vt_policy *policy,
                                          const struct vt_policy_input *input,
                                          const struct vt_rule *rule, const struct vt_scope *scope,
                                          vt_reasons matched);
/* All reasons of the subject: of a document with its signatures, or of the whole mail. */
vt_reasons vt_scope_all_reasons(const struct vt_scope *scope);
/* The reasons a match rests on: those the rule asked for, else all that the subject has. The mail
 * itself rests on its documents, too, from the first rule on that looks at their signatures: an
 * earlier one may not have matched for a cause of ours. */
vt_reasons vt_rule_basis_of(const struct vt_policy *policy, const struct vt_rule *rule,
                            const struct vt_scope *scope, vt_reasons matched);
/* Those of them that may be held against the sender. */
vt_reasons vt_reasons_without_ours(vt_reasons reasons);

#endif
