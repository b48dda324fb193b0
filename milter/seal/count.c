/* SPDX-License-Identifier: Apache-2.0
 * The numbers of the sealer. */
#include "seal/desk.h"
#include "seal/state.h"
#include "vanthu/clock.h"

void vt_desk_count(const struct vt_seal_desk *desk, const struct vt_seal_job *job,
                   enum vt_seal_failure failure)
{
    unsigned key = (unsigned)(job->hsm - desk->hsms);
    vt_metric_add(desk->metrics, VT_METRIC_SEALS,
                  vt_metric_at(VT_METRIC_SEALS, key, job->purpose, failure), 1);
    if (failure == VT_SEAL_DONE)
        vt_metric_observe(desk->metrics, VT_METRIC_SEAL_MSECS, key,
                          vt_clock_monotonic_msecs() - job->begun_msecs);
}

void vt_desk_count_state(const struct vt_seal_desk *desk)
{
    struct vt_metrics *to = desk->metrics;
    vt_metric_set(to, VT_METRIC_SEAL_STOPPED, 0,
                  vt_seal_is_stopped(desk->config->seal_directory, NULL));
    for (unsigned i = 0; i < desk->hsms_count; i++) {
        const struct vt_hsm *hsm = &desk->hsms[i];
        int64_t since = vt_desk_pin_since(desk, hsm);
        vt_metric_set(to, VT_METRIC_SEAL_UP, i,
                      hsm->state == VT_HSM_UP && !hsm->is_other_key &&
                          (hsm->own.certificate.len > 0 || hsm->key->certificate == NULL));
        vt_metric_set(to, VT_METRIC_SEAL_CANARY_FAILED, i, hsm->canary.text[0] != '\0');
        vt_metric_set(to, VT_METRIC_SEAL_CANARY_GOOD, i, hsm->canary.good_utc_secs);
        vt_metric_set(to, VT_METRIC_SEAL_CERTIFICATE_END, i, hsm->own.not_after_utc_secs);
        vt_metric_set(to, VT_METRIC_SEAL_PIN_SINCE, i, since == VT_TIME_NONE ? 0 : since);
        vt_metric_set(to, VT_METRIC_SEAL_SOFTWARE, i, hsm->token.is_software);
    }
}
