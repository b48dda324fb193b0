/* SPDX-License-Identifier: Apache-2.0
 * Hosts, lists, anchors and clock as numbers. */
#include "status/count.h"

#include "status/refresh.h"
#include "vanthu/clock.h"

_Static_assert(VT_OUTCOME_UNREACHABLE + 1 == VT_METRIC_ANSWERS, "a label value for each outcome");
_Static_assert(VT_JOB_ISSUER + 2 == VT_METRIC_TYPES,
               "a label value for each kind, and time stamps");

static unsigned index_of(size_t place)
{
    return place < VT_METRIC_HOSTS ? (unsigned)place : VT_METRIC_HOSTS - 1;
}

void vt_count_host(struct vt_metrics *metrics, const struct vt_strings *hosts, const char *host,
                   enum vt_outcome outcome, int64_t msecs)
{
    for (size_t i = 0; hosts != NULL && i < hosts->count; i++) {
        if (!vt_source_matches(host, hosts->items[i]))
            continue;
        unsigned index = index_of(i);
        vt_metric_add(metrics, VT_METRIC_HOST_ANSWERS,
                      vt_metric_at(VT_METRIC_HOST_ANSWERS, index, outcome, 0), 1);
        vt_metric_observe(metrics, VT_METRIC_HOST_MSECS, index, msecs);
        return;
    }
}

/* An entry without a port is two hosts: the one that is down is the news. */
static void count_host_state(struct vt_metrics *metrics, const struct vt_breakers *breakers,
                             const char *entry, unsigned index)
{
    bool is_up = true;
    int64_t last_good = 0;
    for (size_t i = 0; i < breakers->count; i++) {
        const struct vt_breaker *breaker = &breakers->items[i];
        if (!vt_source_matches(breaker->host, entry))
            continue;
        is_up = is_up && breaker->state == VT_BREAKER_CLOSED;
        if (breaker->success_utc_secs != VT_TIME_NONE && breaker->success_utc_secs > last_good)
            last_good = breaker->success_utc_secs;
    }
    vt_metric_set(metrics, VT_METRIC_HOST_UP, index, is_up);
    vt_metric_set(metrics, VT_METRIC_HOST_LAST_GOOD, index, last_good);
}

/* Of lists that nobody fetches any more nobody wants to hear that they are old. */
static void count_lists(struct vt_metrics *metrics, const struct vt_status_store *store,
                        int64_t now_utc_secs)
{
    int64_t oldest = 0, first_end = 0;
    for (size_t i = 0; i < vt_status_store_lists_count(store); i++) {
        struct vt_store_list kept;
        vt_status_store_list(store, i, &kept);
        const struct vt_crl *crl = vt_crl_list_crl(kept.list);
        if (vt_refresh_list_due(&kept, now_utc_secs) == INT64_MAX)
            continue;
        if (oldest == 0 || crl->this_update_utc_secs < oldest)
            oldest = crl->this_update_utc_secs;
        if (crl->next_update_utc_secs != VT_TIME_NONE &&
            (first_end == 0 || crl->next_update_utc_secs < first_end))
            first_end = crl->next_update_utc_secs;
    }
    vt_metric_set(metrics, VT_METRIC_CRL_OLDEST, 0, oldest);
    vt_metric_set(metrics, VT_METRIC_CRL_FIRST_END, 0, first_end);
}

static void count_store(struct vt_metrics *metrics, const struct vt_status_desk *desk)
{
    struct vt_store_size size;
    int64_t rechecks = 0;
    vt_status_store_size(desk->store, &size);
    while (desk->recheck != NULL && vt_recheck_at(desk->recheck, (size_t)rechecks) != NULL)
        rechecks++;
    vt_metric_set(metrics, VT_METRIC_CRLS, 0, (int64_t)size.lists_count);
    vt_metric_set(metrics, VT_METRIC_CRL_BYTES, 0, (int64_t)size.lists_bytes);
    vt_metric_set(metrics, VT_METRIC_STATUS_FACTS, 0, (int64_t)size.facts_count);
    vt_metric_set(metrics, VT_METRIC_RECHECKS, 0, rechecks);
}

void vt_count_state(struct vt_metrics *metrics, const struct vt_status_desk *desk,
                    const struct vt_breakers *breakers, const struct vt_strings *hosts,
                    int64_t now_utc_secs)
{
    if (metrics == NULL)
        return;
    for (size_t i = 0; i < hosts->count && i < VT_METRIC_HOSTS; i++)
        count_host_state(metrics, breakers, hosts->items[i], (unsigned)i);
    count_lists(metrics, desk->store, now_utc_secs);
    count_store(metrics, desk);
    for (unsigned i = 0; i < VT_TRUST_SETS; i++)
        vt_metric_set(metrics, VT_METRIC_TRUST_ANCHORS, i,
                      (int64_t)vt_trust_store_anchors(desk->trust, (enum vt_trust_set_id)i));
    vt_metric_set(metrics, VT_METRIC_CLOCK_SYNCHRONISED, 0, vt_clock_is_synchronised());
    vt_metric_set(metrics, VT_METRIC_CLOCK_SANE, 0,
                  vt_clock_is_sane(now_utc_secs) &&
                      !vt_status_store_clock_is_behind(desk->store, now_utc_secs));
}
