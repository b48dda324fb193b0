/* SPDX-License-Identifier: Apache-2.0
 * What a person looks for first about a mail, in one line of the log; the record has the rest. */
#ifndef VANTHU_GATEWAY_OUTCOME_LOG_H
#define VANTHU_GATEWAY_OUTCOME_LOG_H

#include "gateway/judge.h"

/* Of a mail that is marked secret, or was not inspected, it names what leads to it and no more. */
void vt_outcome_log(const struct vt_transaction *transaction, const struct vt_judgement *judgement);

#endif
