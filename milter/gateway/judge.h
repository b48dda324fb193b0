/* SPDX-License-Identifier: Apache-2.0
 * End of message: inspect, decide, answer; one step after the other, within one budget. */
#ifndef VANTHU_GATEWAY_JUDGE_H
#define VANTHU_GATEWAY_JUDGE_H

#include "gateway/answer.h"
#include "gateway/gateway.h"
#include "gateway/headers.h"
#include "gateway/seal.h"

/* What came out for one mail. Everything lives in the arena of the transaction. */
struct vt_judgement {
    const struct vt_evidence *evidence; /* NULL: could not be had */
    const struct vt_decision *decision; /* NULL: could not be had */
    struct vt_err fault;                /* why one of them could not be had; VT_OK: nothing */
    struct vt_err failure;              /* why the mail was not inspected; VT_OK: it was */
    struct vt_answer answer;
    struct vt_headers headers; /* to be added; empty unless the mail passes */
    struct vt_sealed sealed;   /* vt_judgement_clear */
    bool is_inert;             /* observe: nothing of the mail may be changed */
    int64_t queue_msecs, inspection_msecs, status_msecs, register_msecs, hsm_msecs, total_msecs;
    unsigned passes;
    bool is_inspected;           /* the evidence is the inspector's */
    const char *const *not_seen; /* digests of signatures that are new to the register */
    size_t not_seen_count;
    char defer_key[65];      /* of a deferred mail; "": it has none */
    bool is_register_silent; /* it was asked about this mail and said nothing */
    bool is_recorded;        /* what is decided survives a loss of power */
};

/* Judge a mail that came in completely. ctx: for progress only. Has the
 * mail recorded before it returns, so that none passes and none is refused without a record. */
void vt_judge(struct vt_session *session, struct vt_transaction *transaction, SMFICTX *ctx,
              struct vt_judgement *out);
/* What does not live in the arena. */
void vt_judgement_clear(struct vt_judgement *judgement);

#endif
