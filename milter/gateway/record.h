/* SPDX-License-Identifier: Apache-2.0
 * The record of one mail in the register. */
#ifndef VANTHU_GATEWAY_RECORD_H
#define VANTHU_GATEWAY_RECORD_H

#include "gateway/judge.h"
#include "vanthu/registrar.h"

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
