/* SPDX-License-Identifier: Apache-2.0
 * Certificates that are asked for again, for mails that went long ago. */
#include "status/repeat.h"

#include "vanthu/log.h"

/* The table is looked at every few seconds. */
#define REPEAT_MSECS 5000
#define REPEAT_PATIENCE_MSECS 20000

static void end_one(struct vt_repeat *repeat, const struct vt_status_desk *desk,
                    struct vt_moment now)
{
    struct vt_known known;
    vt_status_request_answer(repeat->request, now, &known);
    if (known.facts_count > 0)
        vt_recheck_tell(desk->recheck, repeat->id, &known.facts[0]);
    vt_status_request_free(repeat->request);
    *repeat = (struct vt_repeat){0};
}

static void begin_one(struct vt_repeat *repeat, const struct vt_status_desk *desk,
                      struct vt_moment now)
{
    struct vt_err err = {0};
    const struct vt_recheck_item *item = vt_recheck_next(desk->recheck, now.utc_secs);
    if (item == NULL)
        return;
    repeat->id = item->id;
    if (vt_status_request_again(desk, item->certificate, item->issuer, REPEAT_PATIENCE_MSECS, now,
                                &repeat->request, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "a certificate is not asked for again now: %s", err.text);
}

void vt_repeats_turn(struct vt_repeats *repeats, const struct vt_status_desk *desk,
                     struct vt_moment now)
{
    if (desk->recheck == NULL)
        return;
    bool is_due = now.monotonic_msecs - repeats->looked_msecs >= REPEAT_MSECS;
    for (size_t i = 0; i < VT_MAX_REPEATS; i++) {
        struct vt_repeat *repeat = &repeats->items[i];
        if (repeat->request != NULL && vt_status_request_advance(repeat->request, now))
            end_one(repeat, desk, now);
        else if (repeat->request == NULL && is_due)
            begin_one(repeat, desk, now);
    }
    if (is_due) {
        repeats->looked_msecs = now.monotonic_msecs;
        vt_recheck_save(desk->recheck);
    }
}

void vt_repeats_note(struct vt_repeats *repeats, const struct vt_job_result *result)
{
    for (size_t i = 0; i < VT_MAX_REPEATS; i++)
        if (repeats->items[i].request != NULL)
            vt_status_request_note(repeats->items[i].request, result);
}

void vt_repeats_clear(struct vt_repeats *repeats)
{
    for (size_t i = 0; i < VT_MAX_REPEATS; i++)
        vt_status_request_free(repeats->items[i].request);
    *repeats = (struct vt_repeats){0};
}
