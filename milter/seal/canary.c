/* SPDX-License-Identifier: Apache-2.0
 * The canary of each key: a probe like the administrator's, when the HSM is up and the key may be
 * used without a person. */
#include "seal/canary.h"

#include <stdio.h>

#include "seal/attributes.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

/* After one that failed. */
#define AGAIN_MSECS 30000

static void note(struct vt_hsm *hsm, bool is_good, const char *text)
{
    bool was_bad = hsm->canary.text[0] != '\0';
    if (is_good)
        hsm->canary.good_utc_secs = vt_clock_now_utc_secs();
    if (is_good && was_bad)
        vt_log(VT_LOG_INFO, "seal: key=%s canary=good again", hsm->key->name);
    if (!is_good)
        vt_log(VT_LOG_ALERT, "seal: key=%s canary=failed %s", hsm->key->name, text);
    (void)snprintf(hsm->canary.text, sizeof(hsm->canary.text), "%s", is_good ? "" : text);
    int64_t pause = hsm->config->seal_canary_msecs;
    if (!is_good && pause > AGAIN_MSECS)
        pause = AGAIN_MSECS;
    hsm->canary.due_msecs = vt_clock_monotonic_msecs() + pause;
    hsm->canary.is_under_way = false;
}

static void finish(struct vt_seal_desk *desk, struct vt_seal_job *job, enum vt_seal_failure failure,
                   const char *text)
{
    (void)desk;
    /* Stopped by a person, or used up by mails, is no fault of the HSM. */
    if (failure == VT_SEAL_STOPPED || failure == VT_SEAL_QUOTA ||
        failure == VT_SEAL_NOT_AUTHORISED) {
        job->hsm->canary.due_msecs = vt_clock_monotonic_msecs() + AGAIN_MSECS;
        job->hsm->canary.is_under_way = false;
        return;
    }
    note(job->hsm, failure == VT_SEAL_DONE, text);
}

static void sing(struct vt_seal_desk *desk, struct vt_hsm *hsm, int64_t now_msecs)
{
    struct vt_err err = {.text = ""};
    struct vt_seal_job *job = vt_desk_job(desk);
    if (job == NULL)
        return;
    job->hsm = hsm;
    job->purpose = VT_SEAL_FOR_PROBE;
    job->deadline_msecs = now_msecs + hsm->config->hsm_msecs;
    hsm->canary.is_under_way = true;
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    if (vt_seal_attributes_probe(hsm->own.certificate, hsm->key->hash, &job->data, &err) == VT_OK)
        failure = vt_desk_may(desk, job, &err);
    if (failure == VT_SEAL_DONE) {
        job->finish = finish;
        vt_desk_begin(desk, job);
        return;
    }
    finish(desk, job, failure, err.text);
    vt_desk_clear_job(job);
}

static bool is_wanted(const struct vt_hsm *hsm)
{
    return hsm->config->seal_canary_msecs > 0 && hsm->own.certificate.len > 0 &&
           hsm->state == VT_HSM_UP && !hsm->canary.is_under_way;
}

void vt_canary_tick(struct vt_seal_desk *desk, int64_t now_msecs)
{
    for (size_t i = 0; i < desk->hsms_count; i++)
        if (is_wanted(&desk->hsms[i]) && now_msecs >= desk->hsms[i].canary.due_msecs)
            sing(desk, &desk->hsms[i], now_msecs);
}

int64_t vt_canary_next_msecs(const struct vt_seal_desk *desk)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < desk->hsms_count; i++)
        if (is_wanted(&desk->hsms[i]) && desk->hsms[i].canary.due_msecs < next)
            next = desk->hsms[i].canary.due_msecs;
    return next;
}
