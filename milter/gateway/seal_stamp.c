/* SPDX-License-Identifier: Apache-2.0
 * The time stamp of a seal: had from the status role, and looked at again when the sealed mail was
 * judged as a whole. Without one the seal is set all the same, and says so, unless the
 * configuration asks otherwise. */
#include <string.h>

#include "gateway/seal.h"
#include "gateway/work.h"
#include "vanthu/stamp.h"

/* The status role answers before its time is over. */
#define GRACE_MSECS 500
/* What finishing and recording need afterwards. */
#define KEEP_MSECS 3000

static bool is_wanted(const struct vt_work *work, const struct vt_seal_key *key)
{
    return key->level != VT_SEAL_LEVEL_B && work->gateway->config->timestamp.urls.count > 0;
}

bool vt_work_stamp(struct vt_work *work, const struct vt_seal_key *key, struct vt_bytes signature,
                   struct vt_bytes *out_token)
{
    struct vt_gateway *gateway = work->gateway;
    struct vt_arena *arena = work->transaction->arena;
    struct vt_sealed *sealed = &work->out->sealed;
    struct vt_stamped_answer answer = {0};
    struct vt_err err = {0};
    *out_token = (struct vt_bytes){0};
    if (!is_wanted(work, key))
        return true;
    int64_t until =
        vt_clock_monotonic_msecs() + gateway->config->timestamp.timeout_msecs + GRACE_MSECS;
    if (until > work->deadline_msecs - KEEP_MSECS)
        until = work->deadline_msecs - KEEP_MSECS;
    const struct vt_stamper stamper = {.channel_fd = gateway->status_fd,
                                       .connection_fd = -1,
                                       .deadline_msecs = until,
                                       .progress = vt_work_progress,
                                       .progress_context = work};
    enum vt_code code = gateway->status_fd < 0
                            ? vt_err_set(&err, VT_E_PEER, "there is no status role")
                            : gateway->seal_steps->stamp(arena, &stamper, signature, &answer, &err);
    if (code == VT_OK && answer.token.len > 0) {
        *out_token = answer.token;
        sealed->authority = answer.url;
        return true;
    }
    sealed->unstamped = vt_arena_str(arena, code == VT_OK ? answer.text : err.text);
    return !gateway->config->timestamp.is_required;
}

/* Its status may not be known yet: that is no fault of the token. */
static bool is_useful(const struct vt_timestamp_facts *facts)
{
    return facts->integrity == VT_INTEGRITY_INTACT &&
           (facts->indication == VT_TOTAL_PASSED || facts->sub_indication == VT_SUB_TRY_LATER);
}

bool vt_stamp_is_good(const struct vt_signature *judged, struct vt_arena *arena,
                      const char **out_text)
{
    *out_text = "the sealed mail shows no time stamp";
    for (size_t i = 0; i < judged->timestamps_count; i++) {
        const struct vt_timestamp_facts *facts = &judged->timestamps[i];
        if (strcmp(facts->kind, "signature") != 0)
            continue;
        if (is_useful(facts))
            return true;
        const char *text = facts->findings_count > 0
                               ? facts->findings[facts->findings_count - 1]
                               : vt_sub_indication_name(facts->sub_indication);
        *out_text = vt_arena_str(arena, text);
    }
    return false;
}
