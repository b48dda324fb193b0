/* SPDX-License-Identifier: Apache-2.0
 * One mail on its way through the steps of judging: what they share. */
#ifndef VANTHU_GATEWAY_WORK_H
#define VANTHU_GATEWAY_WORK_H

#include "gateway/judge.h"
#include "vanthu/exceptions.h"
#include "vanthu/role.h"

/* What asks the sender to come again is recorded if that is quick. */
#define VT_TEMPFAIL_RECORD_MSECS 2000

/* Rules of one mail whose brake is on; a further one refuses. */
#define VT_MAX_BRAKED 8

struct vt_work {
    struct vt_gateway *gateway;
    struct vt_session *session;
    struct vt_transaction *transaction;
    SMFICTX *ctx;
    struct vt_judgement *out;
    int64_t begun_msecs, deadline_msecs;
    int64_t last_progress_msecs, last_kick_msecs;
    int64_t now_utc_secs;
    uint64_t poison_key;
    struct vt_excepted excepted;
    /* Rules that only tag for now, as far as they were met. */
    const char *braked[VT_MAX_BRAKED];
    size_t braked_count;
    int mail_fd;    /* the spool's, sealed; -1: nobody looks into this mail */
    int objects_fd; /* what the verdicts rest on, from the inspector; -1: none */
};

/* Called about every second while this mail waits; context: struct vt_work. */
void vt_work_progress(void *context);
/* A free place for one child of the inspector, for all of this mail no longer than the budget, and
 * its end; context: struct vt_work. */
enum vt_code vt_work_begin_pass(void *context, struct vt_err *err) VT_MUST_CHECK;
void vt_work_end_pass(void *context);
/* The inspection of the mail in fd, within the times of this one; it keeps nothing in the register.
 */
struct vt_inspection vt_work_inspection(struct vt_work *work, int fd);
/* How long the register may take for this mail from now on, and no longer than most_msecs. */
struct vt_registrar vt_work_registrar(struct vt_work *work, int64_t most_msecs);

/* Evidence of the mail: its inspection, or what stands for one. A fault of ours is in
 * out->fault. */
enum vt_code vt_work_gather(struct vt_work *work) VT_MUST_CHECK;
/* The policy's decision on the evidence, with exceptions and defer clocks of the register. */
enum vt_code vt_work_decide(struct vt_work *work) VT_MUST_CHECK;
/* A refusal was recorded: the brake counts it, and may fall with it. */
void vt_work_count_refusal(struct vt_work *work);

#endif
