/* SPDX-License-Identifier: Apache-2.0
 * One request of a gateway or of vanthu(1). OCSP is asked first; CRLs when it failed, has no
 * address or lets a third of the budget pass; all addresses of a kind at once, because the first of
 * a real certificate is often dead (legal.md R-86). */
#include <stdio.h>
#include <string.h>

#include "status/request_internal.h"

/* Links of a chain that is fetched upwards, certificate by certificate. */
#define MAX_CHAIN 4
/* Addresses that one mail's certificates of unknown origin may make us ask. */
#define MAX_ISSUER_FETCHES 8

/* ---- fetching ---- */

static void add_text(struct vt_request_want *want, const char *text)
{
    size_t len = strlen(want->text);
    if (text[0] == '\0' || strstr(want->text, text) != NULL)
        return;
    (void)snprintf(want->text + len, sizeof(want->text) - len, "%s%.200s", len > 0 ? "; " : "",
                   text);
}

static void note_outcome(struct vt_request_want *want, enum vt_job_kind kind, enum vt_code code,
                         const char *text)
{
    add_text(want, text);
    want->is_not_known = want->is_not_known || (kind == VT_JOB_OCSP && code == VT_E_NOT_FOUND);
    want->is_stale = want->is_stale || code == VT_E_EXPIRED;
    if (code == VT_E_NOT_FOUND || code == VT_E_CONFIG || code == VT_E_FORMAT ||
        code == VT_E_UNSUPPORTED)
        want->not_found = true;
    else if (code != VT_OK)
        want->was_reachable = false;
}

/* Certificates of unknown origin name what they like: a few addresses, and no more. */
static bool is_over_limit(struct vt_status_request *request, struct vt_request_want *want,
                          enum vt_job_kind kind)
{
    if (kind != VT_JOB_ISSUER || request->issuer_fetches_count++ < MAX_ISSUER_FETCHES)
        return false;
    want->was_reachable = false;
    add_text(want, "the mail names too many issuers that would have to be fetched");
    return true;
}

static void start_one(struct vt_status_request *request, struct vt_request_want *want,
                      enum vt_job_kind kind, const char *url, struct vt_moment now)
{
    struct vt_job_ticket ticket;
    struct vt_err err = {0};
    struct vt_job_wish wish = {
        .kind = kind, .url = url, .certificate = want->certificate, .issuer = want->issuer};
    if (is_over_limit(request, want, kind))
        return;
    enum vt_code code =
        vt_jobs_start(request->desk->jobs, &wish, request->patience_msecs, now, &ticket, &err);
    if (code != VT_OK)
        note_outcome(want, kind, code, err.text);
    else if (ticket.id == 0)
        note_outcome(want, kind, ticket.code, ticket.text);
    else if (want->waits_count < sizeof(want->waits) / sizeof(want->waits[0]))
        want->waits[want->waits_count++] =
            (struct vt_request_wait){ticket.id, ticket.wait_msecs, ticket.elsewhere_msecs};
}

static void start_all(struct vt_status_request *request, struct vt_request_want *want,
                      enum vt_job_kind kind, enum vt_address_kind addresses, struct vt_moment now)
{
    for (size_t i = 0; i < VT_MAX_REQUEST_ADDRESSES; i++) {
        const char *url = vt_certificate_address(want->certificate, addresses, i);
        if (url == NULL)
            return;
        start_one(request, want, kind, url, now);
    }
}

/* True when nothing that is under way is worth waiting for: others have waited for it already. */
static bool is_waited_out(const struct vt_request_want *want, struct vt_moment now)
{
    for (size_t i = 0; i < want->waits_count; i++) {
        if (now.monotonic_msecs < want->waits[i].until_msecs)
            return false;
    }
    return true;
}

static bool is_slow(const struct vt_request_want *want, struct vt_moment now)
{
    for (size_t i = 0; i < want->waits_count; i++) {
        if (now.monotonic_msecs < want->waits[i].elsewhere_msecs)
            return false;
    }
    return true;
}

static bool is_wanted(const struct vt_status_request *request,
                      const struct vt_certificate *certificate)
{
    const char *sha256 = vt_certificate_sha256(certificate);
    for (size_t i = 0; i < request->wants_count; i++) {
        if (request->wants[i].issuer != NULL &&
            strcmp(vt_certificate_sha256(request->wants[i].certificate), sha256) == 0)
            return true;
    }
    return false;
}

/* The answer of a responder counts only when that one is not revoked itself (RFC 6960 4.2.2.2.1):
 * the question comes with the next pass in any case. */
static void want_responder(struct vt_status_request *request, const struct vt_request_want *want)
{
    const struct vt_certificate *responder = NULL;
    if (want->fact.responder.len > 0 &&
        vt_certificate_add(request->pool, want->fact.responder, &responder, NULL) == VT_OK &&
        !is_wanted(request, responder))
        (void)vt_request_add_want(request, responder, want->issuer);
}

void vt_request_look(struct vt_status_request *request, struct vt_request_want *want,
                     struct vt_moment now)
{
    const struct vt_crl_list *lists[VT_MAX_ANSWER_LISTS];
    enum vt_freshness lists_fresh = VT_FRESH_NONE;
    enum vt_freshness fresh =
        vt_status_store_find(request->desk->store, request->arena, want->certificate, want->issuer,
                             now.utc_secs, &want->fact);
    want->has_fact = fresh != VT_FRESH_NONE;
    want->has_lists =
        vt_status_store_lists(request->desk->store, want->certificate, want->issuer, now.utc_secs,
                              lists, VT_MAX_ANSWER_LISTS, &lists_fresh) > 0 &&
        lists_fresh != VT_FRESH_NONE;
    want->done = want->done || fresh == VT_FRESH_YOUNG || lists_fresh == VT_FRESH_YOUNG;
    if (want->has_fact)
        want_responder(request, want);
}

/* Start the next stage when the one before has nothing more to bring. */
static void advance_status(struct vt_status_request *request, struct vt_request_want *want,
                           struct vt_moment now)
{
    vt_request_look(request, want, now);
    if (!want->done && want->stage == STAGE_NEW) {
        want->stage = STAGE_OCSP;
        if (!want->is_responder)
            start_all(request, want, VT_JOB_OCSP, VT_ADDRESS_OCSP, now);
    }
    if (!want->done && want->stage == STAGE_OCSP && is_slow(want, now)) {
        want->stage = STAGE_CRL;
        start_all(request, want, VT_JOB_CRL, VT_ADDRESS_CRL, now);
    }
    if (want->stage >= STAGE_CRL && is_waited_out(want, now))
        want->done = true;
}

static void advance_issuer(struct vt_status_request *request, struct vt_request_want *want,
                           struct vt_moment now)
{
    if (want->stage == STAGE_NEW) {
        want->stage = STAGE_OVER;
        want->was_reachable = true;
        start_all(request, want, VT_JOB_ISSUER, VT_ADDRESS_CA_ISSUERS, now);
    }
    if (is_waited_out(want, now))
        want->done = true;
}

bool vt_status_request_advance(struct vt_status_request *request, struct vt_moment now)
{
    bool complete = true;
    /* A responder is appended while others are looked at. */
    for (size_t i = 0; i < request->wants_count; i++) {
        struct vt_request_want *want = &request->wants[i];
        if (!want->done && want->issuer != NULL)
            advance_status(request, want, now);
        else if (!want->done)
            advance_issuer(request, want, now);
        complete = complete && want->done;
    }
    return complete || now.monotonic_msecs >= request->deadline_msecs;
}

int64_t vt_status_request_wake_msecs(const struct vt_status_request *request, struct vt_moment now)
{
    int64_t wake = request->deadline_msecs;
    for (size_t i = 0; i < request->wants_count; i++) {
        const struct vt_request_want *want = &request->wants[i];
        for (size_t j = 0; !want->done && j < want->waits_count; j++) {
            int64_t at = want->waits[j].elsewhere_msecs > now.monotonic_msecs
                             ? want->waits[j].elsewhere_msecs
                             : want->waits[j].until_msecs;
            /* One that is not waited for any more wakes nobody. */
            wake = at > now.monotonic_msecs && at < wake ? at : wake;
        }
    }
    return wake;
}

/* ---- what jobs bring ---- */

/* Keep an issuer for the answer, and go one link up when it does not lead to an anchor yet. */
static void take_issuer(struct vt_status_request *request, struct vt_request_want *want,
                        struct vt_bytes der)
{
    const struct vt_certificate *issuer = NULL;
    if (vt_certificate_add(request->pool, der, &issuer, NULL) != VT_OK)
        return;
    for (size_t i = 0; i < request->issuers_count; i++) {
        if (vt_bytes_equal(request->issuers[i], der))
            return;
    }
    if (request->issuers_count < VT_MAX_WANTED)
        request->issuers[request->issuers_count++] = vt_certificate_der(issuer);
    if (want->chain + 1 >= MAX_CHAIN || vt_certificate_facts(issuer)->is_self_signed ||
        vt_trust_has_path(request->desk->trust, issuer, NULL, 0))
        return;
    struct vt_request_want *next = vt_request_add_want(request, issuer, NULL);
    if (next != NULL)
        next->chain = want->chain + 1;
}

static bool take_job(struct vt_request_want *want, uint64_t id)
{
    for (size_t i = 0; i < want->waits_count; i++) {
        if (want->waits[i].id == id) {
            want->waits[i] = want->waits[--want->waits_count];
            return true;
        }
    }
    return false;
}

void vt_status_request_note(struct vt_status_request *request, const struct vt_job_result *result)
{
    size_t count = request->wants_count;
    for (size_t i = 0; i < count; i++) {
        struct vt_request_want *want = &request->wants[i];
        if (want->done || !take_job(want, result->id))
            continue;
        note_outcome(want, result->kind, result->code, result->text);
        if (result->code == VT_OK && result->kind == VT_JOB_ISSUER)
            take_issuer(request, want, result->issuer_der);
    }
}
