/* SPDX-License-Identifier: Apache-2.0
 * For vanthu policy check: rules that act without having been observed, by the register. */
#ifndef VANTHU_COMMAND_POLICY_OBSERVED_H
#define VANTHU_COMMAND_POLICY_OBSERVED_H

#include "vanthu/config.h"

/* Add warnings about the policy that a configuration names. None where the site does not enforce,
 * and where the register cannot be read or has no policy that was loaded. */
void vt_policy_check_observed(const struct vt_config *config, const struct vt_policy *policy,
                              struct vt_mistakes *mistakes);

#endif
