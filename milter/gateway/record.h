/* SPDX-License-Identifier: Apache-2.0
 * The record of one mail: one line of JSON in the log. */
#ifndef VANTHU_GATEWAY_RECORD_H
#define VANTHU_GATEWAY_RECORD_H

#include "gateway/judge.h"

/* {"v": 1, "record": "mail", "time": …, "reference": …, "queue_id": …, "mode": …, "answer": {…},
 *  "msecs": {…}, "fault": …, "failure": …, "decision": {…}, "evidence": {…}}
 * evidence is left out, and {"mail": {…}} stands in its place, when there is none. */
void vt_record_write(const struct vt_transaction *transaction, const struct vt_judgement *judgement,
                     int64_t now_utc_secs);

#endif
