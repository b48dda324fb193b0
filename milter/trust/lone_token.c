/* SPDX-License-Identifier: Apache-2.0
 * A time stamp token that stands in no signature: its own signature, path and status. What it is
 * over is the caller's question. */
#include "trust/judge.h"

enum vt_code vt_trust_judge_token(struct vt_arena *arena, const struct vt_trust_input *input,
                                  struct vt_bytes token, struct vt_signature *out,
                                  struct vt_bytes *out_imprint, struct vt_wants *wants,
                                  struct vt_err *err)
{
    const struct vt_signed_object object = {.format = VT_SIGNATURE_DOCTIMESTAMP,
                                            .binding = VT_BINDING_TIMESTAMP,
                                            .covers = VT_COVERS_WHOLE,
                                            .changes_after = VT_CHANGES_NONE,
                                            .claimed_time_utc_secs = VT_TIME_NONE};
    struct vt_verified *inner = vt_arena_alloc(arena, sizeof(*inner));
    struct vt_verified_timestamp *verified = vt_arena_alloc(arena, sizeof(*verified));
    if (inner == NULL || verified == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code =
        vt_verify_token(arena, input->pool, token, "document", verified, inner, out_imprint, err);
    if (code != VT_OK)
        return code;
    inner->integrity = verified->integrity;
    inner->reasons |= verified->reasons;
    inner->timestamps = verified;
    inner->timestamps_count = 1;
    struct vt_trust_input own = *input;
    own.object = &object;
    own.verified = inner;
    own.first_seen_utc_secs = VT_TIME_NONE;
    return vt_trust_judge(arena, &own, out, wants, err);
}
