/* SPDX-License-Identifier: Apache-2.0
 * Verifying what fetch brings, before anything is kept, and telling those who wait. */
#include <stdio.h>
#include <string.h>

#include "status/count.h"
#include "status/job_answer.h"
#include "status/job_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

/* How long an answer stands: a source that answered uselessly is not asked by every mail. */
#define RECENT_MSECS 60000

/* How long the same is not asked again. A certificate is not kept here, so that job is always run
 * anew; so is one that failed because fetch died or hung. What failed on the way is for the
 * breaker: here it only stands until that opens or the next mail asks. */
static int64_t stands_msecs(const struct vt_job_board *board, enum vt_job_kind kind,
                            enum vt_code code)
{
    if (code == VT_OK)
        return kind == VT_JOB_ISSUER ? 0 : RECENT_MSECS;
    if (code == VT_E_PEER || code == VT_E_TIMEOUT)
        return 0;
    return code == VT_E_NETWORK ? board->setup.failure_msecs / 2 : board->setup.failure_msecs;
}

static void remember(struct vt_job_board *board, const struct vt_job *job, enum vt_code code,
                     const char *text, struct vt_moment now)
{
    int64_t stands = stands_msecs(board, job->kind, code);
    if (stands <= 0)
        return;
    struct vt_job_recent *recent = &board->recent[board->recent_next++ % VT_MAX_RECENT_JOBS];
    *recent = (struct vt_job_recent){.code = code, .until_msecs = now.monotonic_msecs + stands};
    memcpy(recent->key, job->key, sizeof(recent->key));
    (void)snprintf(recent->text, sizeof(recent->text), "%s", text);
}

/* An issuer's address comes from a certificate that leads nowhere yet: a stranger must not be able
 * to have a good host left alone by naming its bad pages, nor a silent one asked again. */
static enum vt_outcome judge_host(enum vt_job_kind kind, enum vt_outcome outcome)
{
    if (kind != VT_JOB_ISSUER || outcome == VT_OUTCOME_UNREACHABLE)
        return outcome;
    return outcome == VT_OUTCOME_SILENT || outcome == VT_OUTCOME_NONE ? VT_OUTCOME_NONE
                                                                      : VT_OUTCOME_ALIVE;
}

/* One line when a host goes down and one when it is back, whatever is tried between. */
static void tell_breaker(struct vt_breakers *breakers, const char *host, enum vt_outcome outcome,
                         const char *text, struct vt_moment now)
{
    bool was_down = vt_breaker_is_down(breakers, host, VT_FOR_STATUS);
    vt_breaker_tell(breakers, host, VT_FOR_STATUS, outcome, text, now);
    bool is_down = vt_breaker_is_down(breakers, host, VT_FOR_STATUS);
    if (is_down && !was_down)
        vt_log(VT_LOG_WARNING, "status: %s is left alone for a while: %s", host, text);
    else if (was_down && !is_down)
        vt_log(VT_LOG_INFO, "status: %s answers again", host);
}

static void finish(struct vt_job_board *board, struct vt_job *job, enum vt_code code,
                   enum vt_outcome outcome, const struct vt_err *err, struct vt_bytes issuer_der,
                   struct vt_moment now)
{
    struct vt_job_result result = {
        .id = job->id, .kind = job->kind, .code = code, .issuer_der = issuer_der};
    if (code != VT_OK) {
        (void)snprintf(result.text, sizeof(result.text), "%.250s", err->text);
        vt_log(VT_LOG_INFO, "status: %s: %s", job->source.url, err->text);
    }
    tell_breaker(board->setup.breakers, job->source.host, judge_host(job->kind, outcome),
                 result.text, now);
    vt_count_host(board->setup.metrics, board->setup.hosts, job->source.host,
                  judge_host(job->kind, outcome), now.monotonic_msecs - job->begun_msecs);
    remember(board, job, code, result.text, now);
    board->done(board->context, &result);
    vt_job_clear(job);
}

/* What was brought may be no better than nothing. */
static enum vt_outcome judge_data(enum vt_code code)
{
    return code == VT_E_FORMAT || code == VT_E_LIMIT     ? VT_OUTCOME_BAD
           : code == VT_E_NOMEM || code == VT_E_INTERNAL ? VT_OUTCOME_NONE
                                                         : VT_OUTCOME_GOOD;
}

static enum vt_code take_data(const struct vt_job_board *board, const struct vt_job *job,
                              struct vt_bytes data, int64_t now, struct vt_bytes *out_issuer,
                              struct vt_err *err)
{
    struct vt_fetched fetched = {.arena = job->arena,
                                 .pool = job->pool,
                                 .certificate = job->certificate,
                                 .issuer = job->issuer,
                                 .url = job->source.url,
                                 .data = data,
                                 .nonce = vt_bytes_of(job->nonce, sizeof(job->nonce)),
                                 .now_utc_secs = now};
    switch (job->kind) {
    case VT_JOB_OCSP:
        return vt_fetched_ocsp(board->setup.store, &fetched, err);
    case VT_JOB_CRL:
        return vt_fetched_crl(board->setup.store, &fetched, err);
    default:
        return vt_fetched_issuer(board->setup.store, board->setup.trust, &fetched, out_issuer, err);
    }
}

static void serve_job(struct vt_job_board *board, struct vt_job *job, struct vt_moment now)
{
    struct vt_message *message = &board->message;
    struct vt_err err = {0};
    struct vt_bytes data = {0};
    struct vt_bytes issuer = {0};
    enum vt_outcome outcome = VT_OUTCOME_NONE;
    enum vt_code code = vt_wire_receive(job->fd, message, 1, vt_clock_monotonic_msecs(), &err);
    if (code == VT_E_TIMEOUT)
        return;
    if (code == VT_OK)
        code = vt_job_read_answer(message, &outcome, &err);
    if (code == VT_OK)
        code = vt_memfd_map(message->fds[0], VT_MAX_CRL_BYTES, &data, &err);
    bool is_mapped = code == VT_OK;
    vt_message_close(message);
    if (is_mapped) {
        code = take_data(board, job, data, now.utc_secs, &issuer, &err);
        outcome = judge_data(code);
    }
    finish(board, job, code, outcome, &err, issuer, now);
    if (is_mapped)
        vt_memfd_unmap(data);
}

size_t vt_jobs_poll(const struct vt_job_board *board, struct pollfd *out)
{
    size_t count = 0;
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        if (board->jobs[i].fd >= 0)
            out[count++] = (struct pollfd){.fd = board->jobs[i].fd, .events = POLLIN};
    }
    return count;
}

void vt_jobs_serve(struct vt_job_board *board, const struct pollfd *fds, size_t count,
                   struct vt_moment now)
{
    struct vt_err late = {0};
    (void)vt_err_set(&late, VT_E_TIMEOUT, "fetch did not answer in time");
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        struct vt_job *job = &board->jobs[i];
        bool ready = false;
        for (size_t j = 0; job->fd >= 0 && !ready && j < count; j++)
            ready = fds[j].fd == job->fd && fds[j].revents != 0;
        if (ready)
            serve_job(board, job, now);
        else if (job->fd >= 0 && now.monotonic_msecs > job->until_msecs)
            finish(board, job, VT_E_TIMEOUT, VT_OUTCOME_NONE, &late, (struct vt_bytes){0}, now);
    }
}
