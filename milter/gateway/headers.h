/* SPDX-License-Identifier: Apache-2.0
 * The headers we add: X-Vanthu-* and Authentication-Results (RFC 8601, RFC 7281; design.md 11). */
#ifndef VANTHU_GATEWAY_HEADERS_H
#define VANTHU_GATEWAY_HEADERS_H

#include "gateway/milter_api.h"
#include "vanthu/policy.h"

/* Longer Authentication-Results lost mail in the field. */
#define VT_MAX_RESULTS_BYTES 900
/* Documents with a header of their own; a note says how many more there were. */
#define VT_MAX_VERDICT_HEADERS 20

struct vt_headers {
    struct vt_header {
        const char *name;
        const char *value; /* ASCII, folded with LF, without leading space */
    } * items;
    size_t count;
    const char *subject; /* takes the place of the mail's own, with LF folds; NULL: none does */
    bool had_subject;    /* there is one to replace */
};

/* Make the headers of a judged mail that is let pass. authserv_id: ours. *out lives in arena.
 * An outbound mail gets its reference only: what we think of it is not for strangers. A mail marked
 * secret gets reference and action: it is not vouched for, and nothing says why.
 * VT_E_NOMEM. */
enum vt_code vt_headers_make(struct vt_arena *arena, const struct vt_evidence *evidence,
                             const struct vt_decision *decision, const char *authserv_id,
                             struct vt_headers *out) VT_MUST_CHECK;
/* Hand them to libmilter: results at the top, the others at the end. leading_space: the MTA
 * expects the value with the space after the colon (SMFIP_HDR_LEADSPC). VT_E_SYSTEM. */
enum vt_code vt_headers_add(const struct vt_headers *headers, bool leading_space,
                            const struct vt_milter_api *api, SMFICTX *ctx) VT_MUST_CHECK;

/* The RFC 7281 result of a message signature, by this table:
 *   TOTAL-PASSED                                    pass
 *   TOTAL-FAILED                                    fail
 *   INDETERMINATE, the signed part or the signer's
 *     certificate is not there                      permerror
 *   INDETERMINATE, status not reachable or too old  temperror
 *   INDETERMINATE, read completely, but algorithm,
 *     path, scope or time is not acceptable         policy
 *   INDETERMINATE, anything else                    neutral
 * Returns the word. */
const char *vt_smime_result(enum vt_indication indication, enum vt_sub_indication sub);

#endif
