/* SPDX-License-Identifier: Apache-2.0
 * What a rule says of sealing; inside this room only. */
#ifndef VANTHU_POLICY_SEAL_H
#define VANTHU_POLICY_SEAL_H

#include "rule.h"

void vt_seal_parse(struct vt_reading *reading, const struct vt_yaml_node *node,
                   struct vt_then *out);

#endif
