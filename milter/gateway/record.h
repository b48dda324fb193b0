/* SPDX-License-Identifier: Apache-2.0
 * The record of one mail: in the register, and as one line of JSON in the log. */
#ifndef VANTHU_GATEWAY_RECORD_H
#define VANTHU_GATEWAY_RECORD_H

#include "gateway/judge.h"
#include "vanthu/registrar.h"

/* {"v": 1, "record": "mail", "time": …, "reference": …, "queue_id": …, "mode": …, "answer": {…},
 *  "msecs": {…}, "fault": …, "failure": …, "decision": {…}, "evidence": {…}}
 * evidence is left out, and {"mail": {…}} stands in its place, when there is none. Of a mail marked
 * secret only {"v": 1, "record": "mail", "time": …, "secret": true}. */
void vt_record_write(const struct vt_transaction *transaction, const struct vt_judgement *judgement,
                     int64_t now_utc_secs);

/* Have the mail recorded in the register, with the answer that is about to be given. registrar:
 * where and how long. Errors as vt_registrar_record. */
enum vt_code vt_record_commit(const struct vt_transaction *transaction,
                              const struct vt_judgement *judgement,
                              const struct vt_registrar *registrar, int64_t now_utc_secs,
                              struct vt_err *err) VT_MUST_CHECK;
/* Of a mail marked secret nothing is kept but that there was one. */
bool vt_record_is_secret(const struct vt_transaction *transaction,
                         const struct vt_judgement *judgement);
enum vt_register_outcome vt_record_outcome(enum vt_answer_kind kind);

#endif
