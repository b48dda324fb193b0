/* SPDX-License-Identifier: Apache-2.0
 * The one place that turns a decision into an SMTP answer (users.md 3 and 4). */
#ifndef VANTHU_GATEWAY_ANSWER_H
#define VANTHU_GATEWAY_ANSWER_H

#include "gateway/milter_api.h"
#include "vanthu/policy.h"

/* RFC 5321 4.5.3.1.5 allows 512 for a line, libmilter 980; a person reads less. */
#define VT_ANSWER_LINE_BYTES 400
#define VT_ANSWER_LINES 3

/* Zero memory asks the sender to come again. */
enum vt_answer_kind { VT_ANSWER_TEMPFAIL = 0, VT_ANSWER_REJECT, VT_ANSWER_HOLD, VT_ANSWER_ACCEPT };

struct vt_answer {
    enum vt_answer_kind kind;
    char code[4];                                      /* "550", "451"; empty when accepted */
    char enhanced[12];                                 /* "5.7.7", of the class of code */
    char lines[VT_ANSWER_LINES][VT_ANSWER_LINE_BYTES]; /* ASCII, "%" not doubled yet */
    size_t lines_count;
    char hold_reason[256]; /* which mail, why, who decides about it */
};

/* What the decision says. can_hold: the MTA offers quarantine; without it a mail to be held is
 * asked to come again. phone: of the office, or NULL. */
void vt_answer_decided(const struct vt_decision *decision, const struct vt_evidence *evidence,
                       const char *phone, bool can_hold, struct vt_answer *out);
/* A fault of ours: 451 4.7.5 and nothing about the mail. */
void vt_answer_fault(const char *reference, const char *phone, struct vt_answer *out);
/* The mail cannot be recorded: 451 4.3.0. */
void vt_answer_unrecorded(const char *reference, const char *phone, struct vt_answer *out);
/* The mail has to be sealed and could not be: 451 4.7.5. */
void vt_answer_unsealed(const char *reference, const char *phone, struct vt_answer *out);
/* True for an answer of vt_answer_unrecorded. */
bool vt_answer_is_unrecorded(const struct vt_answer *answer);
/* Let the mail pass. */
void vt_answer_accept(struct vt_answer *out);
/* Hand the answer to libmilter; gives what the end-of-message callback returns. For a hold the
 * mail is quarantined first. *out_failed: libmilter refused a part of it (for the log). */
sfsistat vt_answer_give(const struct vt_answer *answer, const struct vt_milter_api *api,
                        SMFICTX *ctx, bool *out_failed);
/* "accept", "reject", "hold", "tempfail". */
const char *vt_answer_kind_name(enum vt_answer_kind kind);

#endif
