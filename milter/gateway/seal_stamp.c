/* SPDX-License-Identifier: Apache-2.0
 * The time stamp of a seal, had from the status role. Without one the seal is set all the same, and
 * says so, unless the configuration asks otherwise. */
#include "gateway/seal.h"
#include "gateway/work.h"
#include "vanthu/stamp.h"

/* The status role answers before its time is over. */
#define GRACE_MSECS 500
/* What finishing and recording need afterwards, at least. */
#define KEEP_MSECS 3000

/* A third of the time of a mail is for what comes after. */
int64_t vt_seal_last_moment(const struct vt_work *work)
{
    int64_t keep = work->gateway->config->total_msecs / 3;
    return work->deadline_msecs - (keep > KEEP_MSECS ? keep : KEEP_MSECS);
}

bool vt_work_wants_stamp(const struct vt_work *work, const struct vt_seal_key *key)
{
    return key->level != VT_SEAL_LEVEL_B && work->gateway->config->timestamp.urls.count > 0;
}

bool vt_work_stamp(struct vt_work *work, const struct vt_seal_key *key, struct vt_bytes signature,
                   struct vt_stamped_answer *out)
{
    struct vt_gateway *gateway = work->gateway;
    struct vt_arena *arena = work->transaction->arena;
    struct vt_sealed *sealed = &work->out->sealed;
    struct vt_err err = {0};
    *out = (struct vt_stamped_answer){0};
    if (!vt_work_wants_stamp(work, key))
        return true;
    int64_t now = vt_clock_monotonic_msecs(), last = vt_seal_last_moment(work);
    int64_t until = now + gateway->config->timestamp.timeout_msecs + GRACE_MSECS;
    if (until > last)
        until = last;
    const struct vt_stamper stamper = {.channel_fd = gateway->status_fd,
                                       .connection_fd = -1,
                                       .deadline_msecs = until,
                                       .progress = vt_work_progress,
                                       .progress_context = work};
    enum vt_code code =
        gateway->status_fd < 0 ? vt_err_set(&err, VT_E_PEER, "there is no status role")
        : last <= now          ? vt_err_set(&err, VT_E_TIMEOUT, "the mail has waited long enough")
                               : gateway->seal_steps->stamp(arena, &stamper, signature, out, &err);
    if (code == VT_OK && out->token.len > 0) {
        sealed->authority = out->url;
        return true;
    }
    sealed->unstamped = vt_arena_str(arena, code == VT_OK ? out->text : err.text);
    *out = (struct vt_stamped_answer){0};
    return !gateway->config->timestamp.is_required;
}
