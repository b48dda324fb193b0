/* SPDX-License-Identifier: Apache-2.0
 * Asking fetch and verifying what it brings, before anything is kept. */
#include "status/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "status/fetched.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

/* How long an answer stands: a source that answered uselessly is not asked by every mail. A failure
 * stands as long as its host is left alone. */
#define RECENT_MSECS 60000
#define MAX_RECENT 256
/* fetch has its own time limit; this one is for a fetch that hangs. */
#define GRACE_MSECS 2000
#define JOB_ARENA_BYTES ((size_t)4 * 1024 * 1024)

struct job {
    int fd; /* -1: free */
    uint64_t id;
    char key[65];
    int64_t until_msecs;
    enum vt_job_kind kind;
    char *url;
    struct vt_arena *arena; /* of the certificates */
    struct vt_certificate_pool *pool;
    const struct vt_certificate *certificate, *issuer;
    uint8_t nonce[VT_OCSP_NONCE_BYTES];
};

struct recent {
    char key[65];
    enum vt_code code;
    int64_t until_msecs;
    char text[VT_JOB_TEXT_BYTES];
};

struct vt_job_board {
    int channel;
    struct vt_status_store *store;
    const struct vt_trust_store *trust;
    int64_t timeout_msecs;
    int64_t failure_msecs;
    vt_job_done *done;
    void *context;
    struct job jobs[VT_MAX_JOBS];
    struct recent recent[MAX_RECENT];
    size_t recent_next;
    uint64_t last_id;
    struct vt_message message;
};

enum vt_code vt_jobs_new(int fetch_channel, struct vt_status_store *store,
                         const struct vt_trust_store *trust, int64_t timeout_msecs,
                         int64_t failure_msecs, vt_job_done *done, void *context,
                         struct vt_job_board **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_job_board *board = calloc(1, sizeof(*board));
    if (board == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for fetches");
    board->channel = fetch_channel;
    board->store = store;
    board->trust = trust;
    board->timeout_msecs = timeout_msecs;
    board->failure_msecs = failure_msecs;
    board->done = done;
    board->context = context;
    for (size_t i = 0; i < VT_MAX_JOBS; i++)
        board->jobs[i].fd = -1;
    *out = board;
    return VT_OK;
}

static void clear_job(struct job *job)
{
    if (job->fd >= 0)
        (void)close(job->fd);
    free(job->url);
    vt_arena_free(job->arena);
    *job = (struct job){.fd = -1};
}

void vt_jobs_free(struct vt_job_board *board)
{
    if (board == NULL)
        return;
    for (size_t i = 0; i < VT_MAX_JOBS; i++)
        clear_job(&board->jobs[i]);
    free(board);
}

/* ---- which one ---- */

/* The same address for another issuer or certificate is another job. */
static enum vt_code make_key(const struct vt_job_wish *wish, char key[65])
{
    struct vt_buf buf;
    vt_buf_init(&buf, 16 * 1024);
    const struct vt_certificate *about =
        wish->kind == VT_JOB_CRL ? wish->issuer : wish->certificate;
    enum vt_code code =
        vt_buf_addf(&buf, "%d %s %s", (int)wish->kind, vt_certificate_sha256(about), wish->url);
    if (code == VT_OK)
        code = vt_verify_sha256(vt_buf_bytes(&buf), key);
    vt_buf_clear(&buf);
    return code;
}

static const struct job *find_running(const struct vt_job_board *board, const char *key)
{
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        if (board->jobs[i].fd >= 0 && strcmp(board->jobs[i].key, key) == 0)
            return &board->jobs[i];
    }
    return NULL;
}

static const struct recent *find_recent(const struct vt_job_board *board, const char *key)
{
    int64_t now = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < MAX_RECENT; i++) {
        if (board->recent[i].until_msecs > now && strcmp(board->recent[i].key, key) == 0)
            return &board->recent[i];
    }
    return NULL;
}

static struct job *find_free(struct vt_job_board *board)
{
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        if (board->jobs[i].fd < 0)
            return &board->jobs[i];
    }
    return NULL;
}

/* ---- begin ---- */

/* A job outlives the mail that wanted it: it has its own certificates. */
static enum vt_code own_certificates(const struct vt_job_board *board, struct job *job,
                                     const struct vt_job_wish *wish)
{
    enum vt_code code = VT_OK;
    job->arena = vt_arena_new(JOB_ARENA_BYTES);
    job->pool = job->arena != NULL
                    ? vt_certificate_pool_new(job->arena, vt_trust_store_pool(board->trust))
                    : NULL;
    job->url = strdup(wish->url);
    if (job->pool == NULL || job->url == NULL)
        return VT_E_NOMEM;
    if (wish->certificate != NULL)
        code = vt_certificate_add(job->pool, vt_certificate_der(wish->certificate),
                                  &job->certificate, NULL);
    if (code == VT_OK && wish->issuer != NULL)
        code = vt_certificate_add(job->pool, vt_certificate_der(wish->issuer), &job->issuer, NULL);
    return code;
}

static enum vt_code send_request(struct job *job, struct vt_err *err)
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
    json_t *body = json_pack("{s:s, s:s}", "url", job->url, "type", types[job->kind]);
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

static enum vt_code begin(struct vt_job_board *board, struct job *job,
                          const struct vt_job_wish *wish, struct vt_err *err)
{
    job->kind = wish->kind;
    job->until_msecs = vt_clock_monotonic_msecs() + board->timeout_msecs + GRACE_MSECS;
    enum vt_code code = own_certificates(board, job, wish);
    if (code != VT_OK)
        return vt_err_set(err, code, "a fetch cannot be begun");
    code = vt_wire_open(board->channel, vt_clock_monotonic_msecs(), &job->fd, err);
    if (code == VT_OK)
        code = send_request(job, err);
    return code;
}

enum vt_code vt_jobs_start(struct vt_job_board *board, const struct vt_job_wish *wish,
                           uint64_t *out_id, enum vt_code *out_code,
                           char out_text[VT_JOB_TEXT_BYTES], struct vt_err *err)
{
    char key[65];
    *out_id = 0;
    *out_code = VT_OK;
    out_text[0] = '\0';
    enum vt_code code = make_key(wish, key);
    if (code != VT_OK)
        return vt_err_set(err, code, "the address is too long");
    const struct job *running = find_running(board, key);
    if (running != NULL) {
        *out_id = running->id;
        return VT_OK;
    }
    const struct recent *recent = find_recent(board, key);
    if (recent != NULL) {
        *out_code = recent->code;
        (void)snprintf(out_text, VT_JOB_TEXT_BYTES, "%s", recent->text);
        return VT_OK;
    }
    struct job *job = find_free(board);
    if (job == NULL)
        return vt_err_set(err, VT_E_BUSY, "too many fetches are under way");
    code = begin(board, job, wish, err);
    if (code != VT_OK) {
        clear_job(job);
        return code;
    }
    memcpy(job->key, key, sizeof(key));
    job->id = *out_id = ++board->last_id;
    return VT_OK;
}

/* ---- end ---- */

static void finish(struct vt_job_board *board, struct job *job, enum vt_code code,
                   const struct vt_err *err, struct vt_bytes issuer_der)
{
    struct recent *recent = &board->recent[board->recent_next++ % MAX_RECENT];
    struct vt_job_result result = {
        .id = job->id, .kind = job->kind, .code = code, .issuer_der = issuer_der};
    if (code != VT_OK)
        (void)snprintf(result.text, sizeof(result.text), "%.250s", err->text);
    /* A certificate is not kept here, so that job is always run anew; so is one that failed because
     * fetch died or hung. */
    if ((job->kind != VT_JOB_ISSUER || code != VT_OK) && code != VT_E_PEER &&
        code != VT_E_TIMEOUT) {
        int64_t stands_msecs = code == VT_OK ? RECENT_MSECS : board->failure_msecs;
        *recent =
            (struct recent){.code = code, .until_msecs = vt_clock_monotonic_msecs() + stands_msecs};
        memcpy(recent->key, job->key, sizeof(recent->key));
        memcpy(recent->text, result.text, sizeof(recent->text));
    }
    if (code != VT_OK)
        vt_log(VT_LOG_INFO, "status: %s: %s", job->url, err->text);
    board->done(board->context, &result);
    clear_job(job);
}

/* FETCHED: {"http_status", "code", "error"} */
static enum vt_code read_answer(const struct vt_message *message, struct vt_err *err)
{
    char why[VT_JOB_TEXT_BYTES];
    enum vt_code code = VT_E_FORMAT;
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *fetched = json_object_get(body, "code");
    json_int_t http_status = json_integer_value(json_object_get(body, "http_status"));
    const char *error = json_string_value(json_object_get(body, "error"));
    (void)vt_text_clean(why, sizeof(why), vt_bytes_str(error != NULL ? error : ""));
    if (message->type != VT_MSG_FETCHED || !json_is_integer(fetched))
        (void)vt_err_set(err, VT_E_FORMAT, "fetch answered something else than asked");
    else if (json_integer_value(fetched) != VT_OK)
        code =
            vt_err_set(err, json_integer_value(fetched) == VT_E_CONFIG ? VT_E_CONFIG : VT_E_NETWORK,
                       "%s", why);
    else if (http_status != 200 || message->fds_count != 1)
        code =
            vt_err_set(err, VT_E_NETWORK, "the server answered with status %d", (int)http_status);
    else
        code = VT_OK;
    json_decref(body);
    return code;
}

static enum vt_code take_data(const struct vt_job_board *board, const struct job *job,
                              struct vt_bytes data, int64_t now, struct vt_bytes *out_issuer,
                              struct vt_err *err)
{
    struct vt_fetched fetched = {.arena = job->arena,
                                 .pool = job->pool,
                                 .certificate = job->certificate,
                                 .issuer = job->issuer,
                                 .url = job->url,
                                 .data = data,
                                 .nonce = vt_bytes_of(job->nonce, sizeof(job->nonce)),
                                 .now_utc_secs = now};
    switch (job->kind) {
    case VT_JOB_OCSP:
        return vt_fetched_ocsp(board->store, &fetched, err);
    case VT_JOB_CRL:
        return vt_fetched_crl(board->store, &fetched, err);
    default:
        return vt_fetched_issuer(board->store, board->trust, &fetched, out_issuer, err);
    }
}

static void serve_job(struct vt_job_board *board, struct job *job, int64_t now_utc_secs)
{
    struct vt_message *message = &board->message;
    struct vt_err err = {0};
    struct vt_bytes data = {0};
    struct vt_bytes issuer = {0};
    enum vt_code code = vt_wire_receive(job->fd, message, 1, vt_clock_monotonic_msecs(), &err);
    if (code == VT_E_TIMEOUT)
        return;
    if (code == VT_OK)
        code = read_answer(message, &err);
    if (code == VT_OK)
        code = vt_memfd_map(message->fds[0], VT_MAX_CRL_BYTES, &data, &err);
    vt_message_close(message);
    if (code == VT_OK)
        code = take_data(board, job, data, now_utc_secs, &issuer, &err);
    finish(board, job, code, &err, issuer);
    if (data.ptr != NULL)
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
                   int64_t now_utc_secs)
{
    int64_t now = vt_clock_monotonic_msecs();
    struct vt_err late = {0};
    (void)vt_err_set(&late, VT_E_TIMEOUT, "fetch did not answer in time");
    for (size_t i = 0; i < VT_MAX_JOBS; i++) {
        struct job *job = &board->jobs[i];
        bool ready = false;
        for (size_t j = 0; job->fd >= 0 && !ready && j < count; j++)
            ready = fds[j].fd == job->fd && fds[j].revents != 0;
        if (ready)
            serve_job(board, job, now_utc_secs);
        else if (job->fd >= 0 && now > job->until_msecs)
            finish(board, job, VT_E_TIMEOUT, &late, (struct vt_bytes){0});
    }
}
