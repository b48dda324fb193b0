/* SPDX-License-Identifier: Apache-2.0
 * What the rules of a policy have sealed, for whoever checks it. */
#ifndef VANTHU_COMMAND_POLICY_SEALS_H
#define VANTHU_COMMAND_POLICY_SEALS_H

#include <jansson.h>

#include "command/command.h"
#include "vanthu/policy.h"

/* One line for each rule with a seal. config: names the key of a rule that names none; NULL. */
void vt_policy_seals_print(const char *file, const struct vt_policy *policy,
                           const struct vt_config *config);
/* The same as an array; policy: NULL: an empty one. */
json_t *vt_policy_seals_json(const struct vt_policy *policy, const struct vt_config *config);

#endif
