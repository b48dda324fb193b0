/* SPDX-License-Identifier: Apache-2.0
 * Asking fetch, at most once for the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "status/job_internal.h"
#include "vanthu/clock.h"

/* fetch has its own time limit; this one is for a fetch that hangs. */
#define GRACE_MSECS 2000
/* After this share of its patience a mail asks elsewhere too, and waits no longer for a host of
 * which the question is whether it is back: one that is answers soon. */
#define ELSEWHERE_SHARE 3
/* Issuers are asked for on behalf of certificates that may be anybody's. */
#define MAX_ISSUERS_PER_MINUTE 60
#define MINUTE_MSECS 60000
#define JOB_ARENA_BYTES ((size_t)4 * 1024 * 1024)

enum vt_code vt_jobs_new(const struct vt_jobs_setup *setup, vt_job_done *done, void *context,
                         struct vt_job_board **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_job_board *board = calloc(1, sizeof(*board));
    if (board == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for fetches");
    board->setup = *setup;
    board->done = done;
    board->context = context;
    for (size_t i = 0; i < VT_MAX_JOBS; i++)
        board->jobs[i].fd = -1;
    *out = board;
    return VT_OK;
}

void vt_job_clear(struct vt_job *job)
{
    if (job->fd >= 0)
        (void)close(job->fd);
    vt_arena_free(job->arena);
    *job = (struct vt_job){.fd = -1};
}

void vt_jobs_free(struct vt_job_board *board)
{
    if (board == NULL)
        return;
    for (size_t i = 0; i < VT_MAX_JOBS; i++)
        vt_job_clear(&board->jobs[i]);
    free(board);
}

/* ---- which one ---- */

/* The same address for another issuer or certificate is another job. */
static enum vt_code make_key(const struct vt_job_wish *wish, const char *url, char key[65])
{
    struct vt_buf buf;
    vt_buf_init(&buf, 16 * 1024);
    const struct vt_certificate *about =
        wish->kind == VT_JOB_CRL ? wish->issuer : wish->certificate;
    enum vt_code code =
        vt_buf_addf(&buf, "%d %s %s", (int)wish->kind, vt_certificate_sha256(about), url);
    if (code == VT_OK)
        code = vt_verify_sha256(vt_buf_bytes(&buf), key);
    vt_buf_clear(&buf);
    return code;
}

static const struct vt_job *find_running(const struct vt_job_board *board, const char *key)
{
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        if (board->jobs[i].fd >= 0 && strcmp(board->jobs[i].key, key) == 0)
            return &board->jobs[i];
    }
    return NULL;
}

static const struct vt_job_recent *find_recent(const struct vt_job_board *board, const char *key,
                                               struct vt_moment now)
{
    for (size_t i = 0; i < VT_MAX_RECENT_JOBS; i++) {
        if (board->recent[i].until_msecs > now.monotonic_msecs &&
            strcmp(board->recent[i].key, key) == 0)
            return &board->recent[i];
    }
    return NULL;
}

static struct vt_job *find_free(struct vt_job_board *board)
{
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        if (board->jobs[i].fd < 0)
            return &board->jobs[i];
    }
    return NULL;
}

/* ---- begin ---- */

/* A job outlives the mail that wanted it: it has its own certificates. */
static enum vt_code own_certificates(const struct vt_job_board *board, struct vt_job *job,
                                     const struct vt_job_wish *wish)
{
    enum vt_code code = VT_OK;
    job->pool = vt_certificate_pool_new(job->arena, vt_trust_store_pool(board->setup.trust));
    if (job->pool == NULL)
        return VT_E_NOMEM;
    if (wish->certificate != NULL)
        code = vt_certificate_add(job->pool, vt_certificate_der(wish->certificate),
                                  &job->certificate, NULL);
    if (code == VT_OK && wish->issuer != NULL)
        code = vt_certificate_add(job->pool, vt_certificate_der(wish->issuer), &job->issuer, NULL);
    return code;
}

static enum vt_code send_request(struct vt_job *job, struct vt_err *err)
{
    static const char *const types[] = {"ocsp", "crl", "issuer"};
    int post = -1;
    int64_t deadline = vt_clock_monotonic_msecs();
    enum vt_code code = VT_OK;
    struct vt_bytes request;
    if (job->kind == VT_JOB_OCSP) {
        code =
            vt_ocsp_request(job->arena, job->certificate, job->issuer, job->nonce, &request, err);
        if (code == VT_OK)
            code = vt_memfd_seal("vanthu-ocsp", request, &post, err);
    }
    json_t *body = json_pack("{s:s, s:s}", "url", job->source.url, "type", types[job->kind]);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    if (code == VT_OK && text == NULL)
        code = vt_err_set(err, VT_E_FORMAT, "the address is not UTF-8");
    if (code == VT_OK)
        code = vt_wire_send(job->fd, VT_MSG_FETCH, vt_bytes_str(text), &post, post >= 0 ? 1 : 0,
                            deadline, err);
    free(text);
    json_decref(body);
    if (post >= 0)
        (void)close(post);
    return code;
}

/* A list may take longer to come than to begin (courier/fetch_main.c). */
static int64_t time_limit(const struct vt_job_board *board, enum vt_job_kind kind)
{
    int64_t most = board->setup.timeout_msecs * (kind == VT_JOB_CRL ? VT_FETCH_LONG_TIMES : 1);
    return most + GRACE_MSECS;
}

static enum vt_code begin(struct vt_job_board *board, struct vt_job *job,
                          const struct vt_job_wish *wish, struct vt_moment now, struct vt_err *err)
{
    job->kind = wish->kind;
    job->begun_msecs = now.monotonic_msecs;
    job->until_msecs = now.monotonic_msecs + time_limit(board, wish->kind);
    enum vt_code code = own_certificates(board, job, wish);
    if (code != VT_OK)
        return vt_err_set(err, code, "a fetch cannot be begun");
    code = vt_wire_open(board->setup.fetch_channel, vt_clock_monotonic_msecs(), &job->fd, err);
    if (code == VT_OK)
        code = send_request(job, err);
    return code;
}

static void say_down(const struct vt_job_board *board, const char *host, struct vt_job_ticket *out)
{
    const struct vt_breaker *breaker = vt_breaker_find(board->setup.breakers, host, VT_FOR_STATUS);
    out->code = VT_E_NETWORK;
    (void)snprintf(out->text, sizeof(out->text), "%.100s is left alone for a while: %.110s", host,
                   breaker != NULL ? breaker->why : "");
}

/* What needs no new fetch. */
static bool is_answered(const struct vt_job_board *board, const char *key, struct vt_moment now,
                        struct vt_job_ticket *out)
{
    const struct vt_job *running = find_running(board, key);
    const struct vt_job_recent *recent = find_recent(board, key, now);
    if (running != NULL) {
        out->id = running->id;
        out->wait_msecs = running->wait_msecs;
        out->elsewhere_msecs = running->elsewhere_msecs;
    } else if (recent != NULL) {
        out->code = recent->code;
        (void)snprintf(out->text, sizeof(out->text), "%s", recent->text);
    }
    return running != NULL || recent != NULL;
}

static bool is_allowed(const struct vt_strings *hosts, const char *host)
{
    for (size_t i = 0; hosts != NULL && i < hosts->count; i++) {
        if (vt_source_matches(host, hosts->items[i]))
            return true;
    }
    return hosts == NULL;
}

/* For the administrator, who may want to allow it or to ask another in its place. Strangers' are
 * nobody's concern. */
static enum vt_code refuse_host(struct vt_job_board *board, enum vt_job_kind kind, const char *host,
                                struct vt_err *err)
{
    size_t i = 0;
    while (i < board->refused_count && strcmp(board->refused[i], host) != 0)
        i++;
    if (kind != VT_JOB_ISSUER && i == board->refused_count && i < VT_MAX_REFUSED_HOSTS)
        memcpy(board->refused[board->refused_count++], host, strlen(host) + 1);
    return vt_err_set(err, VT_E_CONFIG, "the host %s is not in fetch.allowed-hosts", host);
}

const char *vt_jobs_refused_host(const struct vt_job_board *board, size_t index)
{
    return index < board->refused_count ? board->refused[index] : "";
}

/* Strangers must not be able to make a fetch machine of us. */
static bool is_too_many(struct vt_job_board *board, enum vt_job_kind kind, struct vt_moment now)
{
    if (kind != VT_JOB_ISSUER)
        return false;
    if (now.monotonic_msecs - board->minute_msecs >= MINUTE_MSECS) {
        board->minute_msecs = now.monotonic_msecs;
        board->issuers_count = 0;
    }
    return board->issuers_count++ >= MAX_ISSUERS_PER_MINUTE;
}

static enum vt_code start_job(struct vt_job_board *board, struct vt_job *job,
                              const struct vt_job_wish *wish, int64_t patience_msecs,
                              struct vt_moment now, struct vt_job_ticket *out, struct vt_err *err)
{
    char key[65];
    bool probe = false;
    enum vt_code code =
        vt_source_read(job->arena, board->setup.rewrites, wish->url, &job->source, err);
    if (code != VT_OK)
        return code;
    if (!is_allowed(board->setup.hosts, job->source.host))
        return refuse_host(board, wish->kind, job->source.host, err);
    code = make_key(wish, job->source.url, key);
    if (code != VT_OK)
        return vt_err_set(err, code, "the address is too long");
    if (is_answered(board, key, now, out))
        return VT_OK;
    if (find_free(board) == NULL)
        return vt_err_set(err, VT_E_BUSY, "too many fetches are under way");
    if (is_too_many(board, wish->kind, now))
        return vt_err_set(err, VT_E_BUSY, "too many issuers were asked for in this minute");
    if (!vt_breaker_ask(board->setup.breakers, job->source.host, VT_FOR_STATUS, now, &probe)) {
        say_down(board, job->source.host, out);
        return VT_OK;
    }
    code = begin(board, job, wish, now, err);
    if (code != VT_OK) {
        vt_breaker_tell(board->setup.breakers, job->source.host, VT_FOR_STATUS, VT_OUTCOME_NONE, "",
                        now);
        return code;
    }
    memcpy(job->key, key, sizeof(key));
    job->elsewhere_msecs = now.monotonic_msecs + patience_msecs / ELSEWHERE_SHARE;
    job->wait_msecs = probe ? job->elsewhere_msecs : now.monotonic_msecs + patience_msecs;
    out->elsewhere_msecs = job->elsewhere_msecs;
    out->wait_msecs = job->wait_msecs;
    job->id = out->id = ++board->last_id;
    return VT_OK;
}

enum vt_code vt_jobs_start(struct vt_job_board *board, const struct vt_job_wish *wish,
                           int64_t patience_msecs, struct vt_moment now, struct vt_job_ticket *out,
                           struct vt_err *err)
{
    /* When all places are taken, what is under way can be joined all the same. */
    struct vt_job none = {.fd = -1};
    struct vt_job *job = find_free(board);
    *out = (struct vt_job_ticket){0};
    if (job == NULL)
        job = &none;
    job->arena = vt_arena_new(JOB_ARENA_BYTES);
    enum vt_code code = job->arena != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory");
    if (code == VT_OK)
        code = start_job(board, job, wish, patience_msecs, now, out, err);
    if (job->id == 0)
        vt_job_clear(job);
    return code;
}

bool vt_jobs_is_down(const struct vt_job_board *board, struct vt_arena *arena, const char *url,
                     bool *out_asked)
{
    struct vt_source source;
    *out_asked = vt_source_read(arena, board->setup.rewrites, url, &source, NULL) == VT_OK &&
                 is_allowed(board->setup.hosts, source.host);
    return *out_asked && vt_breaker_is_down(board->setup.breakers, source.host, VT_FOR_STATUS);
}
