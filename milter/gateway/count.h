/* SPDX-License-Identifier: Apache-2.0
 * What the gateway counts. */
#ifndef VANTHU_GATEWAY_COUNT_H
#define VANTHU_GATEWAY_COUNT_H

#include "gateway/judge.h"

/* A mail got its answer. status: what the end-of-message callback returns; total_msecs: how long
 * that took, the record included. Of a mail marked secret only that there was one. */
void vt_count_mail(const struct vt_transaction *transaction, const struct vt_judgement *judgement,
                   sfsistat status, int64_t total_msecs);
/* An inspection gave no evidence. */
void vt_count_failure(struct vt_metrics *metrics, enum vt_code code);
/* What this gateway serves with. */
void vt_count_start(struct vt_metrics *metrics, struct vt_gateway *gateway,
                    const struct vt_policy *policy);

#endif
