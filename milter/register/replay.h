/* SPDX-License-Identifier: Apache-2.0
 * What the parts of replay share. */
#ifndef VANTHU_REGISTER_REPLAY_H
#define VANTHU_REGISTER_REPLAY_H

#include "vanthu/replay.h"

/* One recorded mail. */
struct vt_replay_mail {
    struct vt_register *reg; /* the first of all gateways */
    const char *gateway;     /* whose register it stands in */
    struct vt_arena *arena;  /* of this mail */
    const struct vt_register_record *record;
    const struct vt_decision *then, *now;
    enum vt_action then_action, now_action;
    bool is_excepted;
};

/* Decide about the mail as the gateway does: by the policy, without what vanthu undo had excepted,
 * after as much waiting as its clock says. Fills then and what follows it. */
enum vt_code vt_replay_judge(const struct vt_replay_request *request, struct vt_replay_mail *mail,
                             struct vt_err *err) VT_MUST_CHECK;

/* A body without what policies do not look at, into a buffer that is used anew. wants_trace: with
 * the trace of the decision. VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_replay_lean(struct vt_bytes body, bool wants_trace,
                            struct vt_buf *out) VT_MUST_CHECK;

/* Rows of pairs of rules, and which mails were told. */
struct vt_replay_tally;
/* NULL: no memory. vt_replay_tally_free; rows live in arena. */
struct vt_replay_tally *vt_replay_tally_new(struct vt_arena *arena);
void vt_replay_tally_free(struct vt_replay_tally *tally);
/* Count one mail that both policies judged. *out_is_repeated: see vt_replay_change. VT_E_NOMEM. */
enum vt_code vt_replay_tally_add(struct vt_replay_tally *tally, const struct vt_replay_mail *mail,
                                 struct vt_replay_counts *counts,
                                 bool *out_is_repeated) VT_MUST_CHECK;
/* Another action, or the same by another rule. */
bool vt_replay_is_other(const struct vt_replay_mail *mail);
void vt_replay_tally_end(struct vt_replay_tally *tally, struct vt_replay *out);

#endif
