/* SPDX-License-Identifier: Apache-2.0
 * One request of a gateway or of vanthu(1). OCSP is asked first; CRLs when it failed, has no
 * address or lets a third of the budget pass; all addresses of a kind at once, because the first of
 * a real certificate is often dead (legal.md R-86). */
#include "status/request.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "vanthu/clock.h"

#define REQUEST_ARENA_BYTES ((size_t)64 * 1024 * 1024)
/* Statuses and issuers of one mail that are looked after. */
#define MAX_WANTED 256
#define MAX_ADDRESSES 4
/* Links of a chain that is fetched upwards, certificate by certificate. */
#define MAX_CHAIN 4
#define TEXT_BYTES 400

enum stage { STAGE_NEW = 0, STAGE_OCSP, STAGE_CRL, STAGE_OVER };

/* One certificate whose status, or whose issuer, is wanted. */
struct want {
    const struct vt_certificate *certificate, *issuer; /* issuer NULL: it is what is wanted */
    enum stage stage;
    uint64_t jobs[2 * MAX_ADDRESSES];
    size_t jobs_count;
    bool done;
    bool has_fact; /* in force, though not young */
    struct vt_status_fact fact;
    char text[TEXT_BYTES]; /* what failed, for the administrator */
    /* issuer wanted */
    unsigned chain;     /* links fetched so far */
    bool was_reachable; /* false: only that keeps a certificate from being a stranger's */
    bool not_found;
};

struct vt_status_request {
    const struct vt_status_desk *desk;
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    int64_t begun_msecs, deadline_msecs;
    struct want wants[MAX_WANTED];
    size_t wants_count;
    struct vt_bytes issuers[MAX_WANTED];
    size_t issuers_count;
};

/* ---- taking the message ---- */

static struct want *add_want(struct vt_status_request *request,
                             const struct vt_certificate *certificate,
                             const struct vt_certificate *issuer)
{
    if (request->wants_count == MAX_WANTED)
        return NULL;
    struct want *want = &request->wants[request->wants_count++];
    *want = (struct want){.certificate = certificate, .issuer = issuer};
    return want;
}

/* Others of the same mail may stand between a certificate and its anchor. */
static size_t gather_issuers(const struct vt_status_request *request,
                             const struct vt_certificate *out[VT_MAX_CERTIFICATES])
{
    size_t count = 0;
    for (size_t i = 0; i < request->wants_count && count < VT_MAX_CERTIFICATES; i++) {
        if (request->wants[i].issuer != NULL)
            out[count++] = request->wants[i].issuer;
    }
    for (size_t i = 0; i < vt_status_store_issuers(request->desk->store); i++) {
        if (count < VT_MAX_CERTIFICATES &&
            vt_certificate_add(request->pool, vt_status_store_issuer(request->desk->store, i),
                               &out[count], NULL) == VT_OK)
            count++;
    }
    return count;
}

/* A stranger's certificate makes nobody fetch: it has to be signed by what leads to an anchor. */
static void refuse_strangers(struct vt_status_request *request)
{
    const struct vt_certificate *others[VT_MAX_CERTIFICATES];
    size_t count = gather_issuers(request, others);
    for (size_t i = 0; i < request->wants_count; i++) {
        struct want *want = &request->wants[i];
        if (want->issuer == NULL)
            continue;
        EVP_PKEY *key = X509_get0_pubkey(vt_certificate_x509(want->issuer));
        if (key != NULL && X509_verify(vt_certificate_x509(want->certificate), key) == 1 &&
            vt_trust_has_path(request->desk->trust, want->issuer, others, count))
            continue;
        want->stage = STAGE_OVER;
        (void)snprintf(want->text, sizeof(want->text),
                       "it does not lead to a root that is configured here");
    }
}

static enum vt_code take_wants(struct vt_status_request *request, const struct vt_wants *wants)
{
    for (size_t i = 0; i < wants->status_count; i++) {
        const struct vt_certificate *certificate = NULL;
        const struct vt_certificate *issuer = NULL;
        enum vt_code code =
            vt_certificate_add(request->pool, wants->status[i].certificate, &certificate, NULL);
        if (code == VT_OK)
            code = vt_certificate_add(request->pool, wants->status[i].issuer, &issuer, NULL);
        if (code == VT_E_NOMEM)
            return code;
        if (code == VT_OK && add_want(request, certificate, issuer) == NULL)
            break;
    }
    for (size_t i = 0; i < wants->issuer_of_count; i++) {
        const struct vt_certificate *certificate = NULL;
        enum vt_code code =
            vt_certificate_add(request->pool, wants->issuer_of[i], &certificate, NULL);
        if (code == VT_E_NOMEM)
            return code;
        if (code == VT_OK && add_want(request, certificate, NULL) == NULL)
            break;
    }
    return VT_OK;
}

static enum vt_code read_wants(struct vt_status_request *request, const struct vt_message *message,
                               struct vt_err *err)
{
    struct vt_bytes json = {0};
    struct vt_wants wants;
    if (message->type != VT_MSG_STATUS || message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "a request for status is malformed");
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_WANTS_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_wants_from_json(request->arena, json, &wants, err);
    if (code == VT_OK)
        code = take_wants(request, &wants);
    vt_memfd_unmap(json);
    return code;
}

enum vt_code vt_status_request_new(const struct vt_status_desk *desk,
                                   const struct vt_message *message, int64_t now_utc_secs,
                                   struct vt_status_request **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_arena *arena = vt_arena_new(REQUEST_ARENA_BYTES);
    struct vt_status_request *request =
        arena != NULL ? vt_arena_alloc(arena, sizeof(*request)) : NULL;
    if (request != NULL)
        request->pool = vt_certificate_pool_new(arena, vt_trust_store_pool(desk->trust));
    if (request == NULL || request->pool == NULL) {
        vt_arena_free(arena);
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a request");
    }
    request->desk = desk;
    request->arena = arena;
    request->begun_msecs = vt_clock_monotonic_msecs();
    request->deadline_msecs = request->begun_msecs + desk->budget_msecs;
    enum vt_code code = read_wants(request, message, err);
    if (code != VT_OK) {
        vt_arena_free(arena);
        return code;
    }
    refuse_strangers(request);
    (void)vt_status_request_advance(request, now_utc_secs);
    *out = request;
    return VT_OK;
}

void vt_status_request_free(struct vt_status_request *request)
{
    if (request != NULL)
        vt_arena_free(request->arena);
}

/* ---- fetching ---- */

static void add_text(struct want *want, const char *text)
{
    size_t len = strlen(want->text);
    if (text[0] == '\0' || strstr(want->text, text) != NULL)
        return;
    (void)snprintf(want->text + len, sizeof(want->text) - len, "%s%.200s", len > 0 ? "; " : "",
                   text);
}

static void note_outcome(struct want *want, enum vt_code code, const char *text)
{
    add_text(want, text);
    if (code == VT_E_NOT_FOUND || code == VT_E_CONFIG || code == VT_E_FORMAT)
        want->not_found = true;
    else if (code != VT_OK)
        want->was_reachable = false;
}

static void start_one(struct vt_status_request *request, struct want *want, enum vt_job_kind kind,
                      const char *url)
{
    uint64_t id = 0;
    enum vt_code outcome = VT_OK;
    char text[VT_JOB_TEXT_BYTES];
    struct vt_err err = {0};
    struct vt_job_wish wish = {
        .kind = kind, .url = url, .certificate = want->certificate, .issuer = want->issuer};
    enum vt_code code = vt_jobs_start(request->desk->jobs, &wish, &id, &outcome, text, &err);
    if (code != VT_OK)
        note_outcome(want, code, err.text);
    else if (id == 0)
        note_outcome(want, outcome, text);
    else if (want->jobs_count < sizeof(want->jobs) / sizeof(want->jobs[0]))
        want->jobs[want->jobs_count++] = id;
}

static void start_all(struct vt_status_request *request, struct want *want, enum vt_job_kind kind,
                      enum vt_address_kind addresses)
{
    for (size_t i = 0; i < MAX_ADDRESSES; i++) {
        const char *url = vt_certificate_address(want->certificate, addresses, i);
        if (url == NULL)
            return;
        start_one(request, want, kind, url);
    }
}

/* Start the next stage when the one before has nothing more to bring. */
static void advance_status(struct vt_status_request *request, struct want *want, int64_t now_utc)
{
    int64_t waited = vt_clock_monotonic_msecs() - request->begun_msecs;
    enum vt_freshness fresh =
        vt_status_store_find(request->desk->store, request->arena, want->certificate, want->issuer,
                             now_utc, &want->fact);
    want->has_fact = fresh != VT_FRESH_NONE;
    want->done = fresh == VT_FRESH_YOUNG;
    if (!want->done && want->stage == STAGE_NEW) {
        want->stage = STAGE_OCSP;
        start_all(request, want, VT_JOB_OCSP, VT_ADDRESS_OCSP);
    }
    if (!want->done && want->stage == STAGE_OCSP &&
        (want->jobs_count == 0 || waited > request->desk->budget_msecs / 3)) {
        want->stage = STAGE_CRL;
        start_all(request, want, VT_JOB_CRL, VT_ADDRESS_CRL);
    }
    if (want->stage >= STAGE_CRL && want->jobs_count == 0)
        want->done = true;
}

static void advance_issuer(struct vt_status_request *request, struct want *want)
{
    if (want->stage == STAGE_NEW) {
        want->stage = STAGE_OVER;
        want->was_reachable = true;
        start_all(request, want, VT_JOB_ISSUER, VT_ADDRESS_CA_ISSUERS);
    }
    if (want->jobs_count == 0)
        want->done = true;
}

bool vt_status_request_advance(struct vt_status_request *request, int64_t now_utc_secs)
{
    bool complete = true;
    for (size_t i = 0; i < request->wants_count; i++) {
        struct want *want = &request->wants[i];
        if (!want->done && want->issuer != NULL)
            advance_status(request, want, now_utc_secs);
        else if (!want->done)
            advance_issuer(request, want);
        complete = complete && want->done;
    }
    return complete || vt_clock_monotonic_msecs() >= request->deadline_msecs;
}

int64_t vt_status_request_wake_msecs(const struct vt_status_request *request)
{
    int64_t third = request->begun_msecs + request->desk->budget_msecs / 3 + 1;
    return vt_clock_monotonic_msecs() < third ? third : request->deadline_msecs;
}

/* ---- what jobs bring ---- */

/* Keep an issuer for the answer, and go one link up when it does not lead to an anchor yet. */
static void take_issuer(struct vt_status_request *request, struct want *want, struct vt_bytes der)
{
    const struct vt_certificate *issuer = NULL;
    if (vt_certificate_add(request->pool, der, &issuer, NULL) != VT_OK)
        return;
    for (size_t i = 0; i < request->issuers_count; i++) {
        if (vt_bytes_equal(request->issuers[i], der))
            return;
    }
    if (request->issuers_count < MAX_WANTED)
        request->issuers[request->issuers_count++] = vt_certificate_der(issuer);
    if (want->chain + 1 >= MAX_CHAIN || vt_certificate_facts(issuer)->is_self_signed ||
        vt_trust_has_path(request->desk->trust, issuer, NULL, 0))
        return;
    struct want *next = add_want(request, issuer, NULL);
    if (next != NULL)
        next->chain = want->chain + 1;
}

static bool take_job(struct want *want, uint64_t id)
{
    for (size_t i = 0; i < want->jobs_count; i++) {
        if (want->jobs[i] == id) {
            want->jobs[i] = want->jobs[--want->jobs_count];
            return true;
        }
    }
    return false;
}

void vt_status_request_note(struct vt_status_request *request, const struct vt_job_result *result)
{
    size_t count = request->wants_count;
    for (size_t i = 0; i < count; i++) {
        struct want *want = &request->wants[i];
        if (want->done || !take_job(want, result->id))
            continue;
        note_outcome(want, result->code, result->text);
        if (result->code == VT_OK && result->kind == VT_JOB_ISSUER)
            take_issuer(request, want, result->issuer_der);
    }
}

/* ---- the answer ---- */

static bool has_issuer(const struct vt_status_request *request, const struct want *want)
{
    for (size_t i = 0; i < request->issuers_count; i++) {
        const struct vt_certificate *issuer = NULL;
        if (vt_certificate_add(request->pool, request->issuers[i], &issuer, NULL) == VT_OK &&
            X509_NAME_cmp(X509_get_issuer_name(vt_certificate_x509(want->certificate)),
                          X509_get_subject_name(vt_certificate_x509(issuer))) == 0)
            return true;
    }
    return false;
}

static void answer_status(struct vt_status_request *request, const struct want *want,
                          struct vt_known *out)
{
    struct vt_status_fact *fact = &out->facts[out->facts_count];
    *fact = want->fact;
    if (!want->has_fact) {
        if (vt_status_fact_begin(request->arena, want->certificate, want->issuer,
                                 (struct vt_bytes){0}, NULL, NULL, fact, NULL) != VT_OK)
            return;
        fact->value = VT_STATUS_UNREACHABLE;
        fact->source = "none";
        fact->finding = want->text[0] != '\0'      ? want->text
                        : want->jobs_count > 0     ? "no source answered in time"
                        : want->stage >= STAGE_CRL ? "the certificate names no source of its status"
                                                   : "no source was asked";
    }
    out->facts_count++;
}

void vt_status_request_answer(struct vt_status_request *request, struct vt_known *out)
{
    *out = (struct vt_known){0};
    out->facts = vt_arena_alloc(request->arena, (request->wants_count + 1) * sizeof(*out->facts));
    out->no_issuer_of =
        vt_arena_alloc(request->arena, (request->wants_count + 1) * sizeof(*out->no_issuer_of));
    if (out->facts == NULL || out->no_issuer_of == NULL)
        return;
    out->issuers = request->issuers;
    out->issuers_count = request->issuers_count;
    for (size_t i = 0; i < request->wants_count; i++) {
        const struct want *want = &request->wants[i];
        if (want->issuer != NULL)
            answer_status(request, want, out);
        else if (want->not_found && want->was_reachable && !has_issuer(request, want))
            out->no_issuer_of[out->no_issuer_of_count++] = vt_certificate_sha256(want->certificate);
    }
}
