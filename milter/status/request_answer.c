/* SPDX-License-Identifier: Apache-2.0
 * What a mail is told: facts, lists, issuers, and why something is unknown. */
#include <string.h>

#include "status/request_internal.h"
#include "vanthu/metrics.h"

static bool has_issuer(const struct vt_status_request *request, const struct vt_request_want *want)
{
    for (size_t i = 0; i < request->issuers_count; i++) {
        const struct vt_certificate *issuer = NULL;
        if (vt_certificate_add(request->pool, request->issuers[i], &issuer, NULL) == VT_OK &&
            vt_certificate_names_issuer(want->certificate, issuer))
            return true;
    }
    return false;
}

/* True when every address that could be asked is on a host that is known to be down. */
static bool is_source_down(const struct vt_status_request *request,
                           const struct vt_request_want *want)
{
    static const enum vt_address_kind kinds[] = {VT_ADDRESS_OCSP, VT_ADDRESS_CRL};
    size_t down = 0;
    for (size_t k = want->is_responder ? 1 : 0; k < 2; k++) {
        for (size_t i = 0; i < VT_MAX_REQUEST_ADDRESSES; i++) {
            bool asked = false;
            const char *url = vt_certificate_address(want->certificate, kinds[k], i);
            if (url == NULL)
                break;
            if (vt_jobs_is_down(request->desk->jobs, request->arena, url, &asked))
                down++;
            else if (asked)
                return false;
        }
    }
    return down > 0;
}

static const char *explain(const struct vt_request_want *want)
{
    return want->text[0] != '\0'      ? want->text
           : want->waits_count > 0    ? "no source answered in time"
           : want->stage >= STAGE_CRL ? "the certificate names no source of its status"
                                      : "no source was asked";
}

static bool has_source(const struct vt_request_want *want)
{
    return vt_certificate_address(want->certificate, VT_ADDRESS_CRL, 0) != NULL ||
           vt_certificate_address(want->certificate, VT_ADDRESS_OCSP, 0) != NULL;
}

/* Each list once, however many certificates it is about. */
static void answer_lists(struct vt_status_request *request, const struct vt_request_want *want,
                         struct vt_moment now, struct vt_known *out)
{
    const struct vt_crl_list *lists[VT_MAX_ANSWER_LISTS];
    enum vt_freshness fresh = VT_FRESH_NONE;
    size_t count = vt_status_store_lists(request->desk->store, want->certificate, want->issuer,
                                         now.utc_secs, lists, VT_MAX_ANSWER_LISTS, &fresh);
    out->lists = request->lists;
    for (size_t i = 0; i < count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < out->lists_count; j++)
            is_there = is_there || out->lists[j] == lists[i];
        if (!is_there && out->lists_count < VT_MAX_ANSWER_LISTS)
            out->lists[out->lists_count++] = lists[i];
    }
}

static void answer_status(struct vt_status_request *request, const struct vt_request_want *want,
                          struct vt_known *out)
{
    struct vt_status_fact *fact = &out->facts[out->facts_count];
    *fact = want->fact;
    /* What the lists say is for judgement to find out. */
    if (!want->has_fact && want->has_lists)
        return;
    if (!want->has_fact) {
        if (vt_status_fact_begin(request->arena, want->certificate, want->issuer,
                                 (struct vt_bytes){0}, NULL, NULL, fact, NULL) != VT_OK)
            return;
        fact->value = want->is_not_known ? VT_STATUS_UNKNOWN
                      : want->is_stale   ? VT_STATUS_STALE
                                         : VT_STATUS_UNREACHABLE;
        fact->source = "none";
        fact->finding = explain(want);
        fact->source_down = !want->is_stranger && is_source_down(request, want);
    }
    out->facts_count++;
}

static void put_down(const struct vt_status_request *request, const struct vt_request_want *want,
                     struct vt_moment now)
{
    if (request->desk->recheck != NULL && request->reference[0] != '\0' && !want->has_fact &&
        !want->has_lists && !want->is_stranger && has_source(want))
        vt_recheck_add(request->desk->recheck, want->certificate, want->issuer, request->reference,
                       now.utc_secs);
}

void vt_status_request_answer(struct vt_status_request *request, struct vt_moment now,
                              struct vt_known *out)
{
    *out = (struct vt_known){0};
    out->facts = vt_arena_alloc(request->arena, (request->wants_count + 1) * sizeof(*out->facts));
    out->no_issuer_of =
        vt_arena_alloc(request->arena, (request->wants_count + 1) * sizeof(*out->no_issuer_of));
    if (out->facts == NULL || out->no_issuer_of == NULL)
        return;
    out->issuers = request->issuers;
    out->issuers_count = request->issuers_count;
    size_t count = request->wants_count; /* a responder that is found only now comes too late */
    for (size_t i = 0; i < count; i++) {
        struct vt_request_want *want = &request->wants[i];
        if (want->issuer != NULL) {
            if (!want->has_fact)
                vt_request_look(request, want, now);
            answer_status(request, want, out);
            answer_lists(request, want, now, out);
            put_down(request, want, now);
        } else if (want->not_found && want->was_reachable && want->waits_count == 0 &&
                   !has_issuer(request, want)) {
            out->no_issuer_of[out->no_issuer_of_count++] = vt_certificate_sha256(want->certificate);
        }
    }
}

void vt_status_request_count(const struct vt_status_request *request, struct vt_metrics *metrics)
{
    vt_metric_add(metrics, VT_METRIC_STATUS_REQUESTS, 0, 1);
    for (size_t i = 0; i < request->wants_count; i++) {
        const struct vt_request_want *want = &request->wants[i];
        enum vt_metric_found found = !want->has_fact && !want->has_lists ? VT_FOUND_NOTHING
                                     : want->waits_count > 0             ? VT_FOUND_FETCHED
                                                                         : VT_FOUND_AT_ONCE;
        if (want->issuer != NULL)
            vt_metric_add(metrics, VT_METRIC_STATUS_CERTIFICATES, found, 1);
    }
}
