/* SPDX-License-Identifier: Apache-2.0
 * One authority after another, each for its share of the time that a mail waits: whoever is silent
 * leaves enough for the next. */
#include "status/stamps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "status/count.h"
#include "status/job_answer.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

/* A token, its certificates and what judging them takes. */
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
/* The answer is with the client before its own deadline. */
#define MARGIN_MSECS 200
/* Less than this is no use to anybody. */
#define LEAST_MSECS 100

struct stamping {
    struct vt_arena *arena; /* NULL: free */
    size_t client;
    int fd;           /* to fetch; -1: nobody is being asked */
    size_t url_index; /* of the authority that is asked */
    struct vt_source source;
    struct vt_stamp_query query;
    uint8_t imprint[EVP_MAX_MD_SIZE];
    size_t imprint_len;
    int64_t begun_msecs, until_msecs; /* of this authority */
    int64_t deadline_msecs;           /* of all */
    char text[VT_MAX_STAMP_TEXT_BYTES];
    char certificate_sha256[65]; /* of whoever signed the token */
};

struct vt_stamp_desk {
    struct vt_stamps_setup setup;
    struct stamping stampings[VT_MAX_STAMPS];
    struct vt_stamp_place places[VT_MAX_STAMP_PLACES];
    struct vt_message message;
};

static const struct vt_config_timestamp *settings(const struct vt_stamp_desk *desk)
{
    return &desk->setup.config->timestamp;
}

enum vt_code vt_stamps_new(const struct vt_stamps_setup *setup, struct vt_stamp_desk **out,
                           struct vt_err *err)
{
    *out = NULL;
    struct vt_stamp_desk *desk = calloc(1, sizeof(*desk));
    if (desk == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for time stamps");
    desk->setup = *setup;
    for (size_t i = 0; i < VT_MAX_STAMPS; i++)
        desk->stampings[i].fd = -1;
    for (size_t i = 0; i < VT_MAX_STAMP_PLACES && i < settings(desk)->urls.count; i++)
        desk->places[i] = (struct vt_stamp_place){.url = settings(desk)->urls.items[i],
                                                  .good_utc_secs = VT_TIME_NONE};
    *out = desk;
    return VT_OK;
}

static void hang_up(struct stamping *stamping)
{
    if (stamping->fd >= 0)
        (void)close(stamping->fd);
    stamping->fd = -1;
}

static void clear(struct stamping *stamping)
{
    hang_up(stamping);
    vt_arena_free(stamping->arena);
    *stamping = (struct stamping){.fd = -1};
}

void vt_stamps_free(struct vt_stamp_desk *desk)
{
    if (desk == NULL)
        return;
    for (size_t i = 0; i < VT_MAX_STAMPS; i++)
        clear(&desk->stampings[i]);
    free(desk);
}

const struct vt_stamp_place *vt_stamps_place(const struct vt_stamp_desk *desk, size_t index)
{
    return index < VT_MAX_STAMP_PLACES && desk->places[index].url != NULL ? &desk->places[index]
                                                                          : NULL;
}

/* ---- answers ---- */

static void answer(struct vt_stamp_desk *desk, struct stamping *stamping, json_t *body, bool is_ok)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    vt_metric_add(desk->setup.metrics, VT_METRIC_TIMESTAMPS,
                  is_ok ? VT_RESULT_OK : VT_RESULT_FAILED, 1);
    size_t client = stamping->client;
    clear(stamping);
    desk->setup.done(desk->setup.context, client, text != NULL ? text : "{}");
    free(text);
}

static void answer_token(struct vt_stamp_desk *desk, struct stamping *stamping,
                         const struct vt_stamp *stamp)
{
    struct vt_buf text;
    vt_buf_init(&text, VT_MAX_SEAL_TOKEN_BYTES * 2);
    json_t *body = NULL;
    if (vt_base64_add_lines(&text, stamp->token) == VT_OK)
        body = json_pack("{s:s%, s:I, s:s, s:s}", "token", (const char *)text.ptr, text.len, "time",
                         (json_int_t)stamp->time_utc_secs, "url",
                         settings(desk)->urls.items[stamping->url_index], "certificate",
                         stamping->certificate_sha256);
    vt_buf_clear(&text);
    answer(desk, stamping, body, body != NULL);
}

static void add_text(struct stamping *stamping, const char *url, const char *text)
{
    size_t len = strlen(stamping->text);
    (void)snprintf(stamping->text + len, sizeof(stamping->text) - len, "%s%.80s: %.250s",
                   len > 0 ? "; " : "", url, text);
}

/* ---- whether it is any good ---- */

/* Its own signature, its authority's path by our trust, its certificate made for it. Whether that
 * was revoked is looked at when the sealed mail is judged as a whole. */
static enum vt_code judge(const struct vt_stamp_desk *desk, struct stamping *stamping,
                          struct vt_bytes token, int64_t now, struct vt_err *err)
{
    struct vt_signature *found = vt_arena_alloc(stamping->arena, sizeof(*found));
    const struct vt_known known = {0};
    struct vt_wants wants = {0};
    struct vt_bytes imprint;
    const struct vt_trust_input input = {
        .store = desk->setup.trust,
        .pool = vt_certificate_pool_new(stamping->arena, vt_trust_store_pool(desk->setup.trust)),
        .known = &known,
        .status_cache = vt_status_cache_new(stamping->arena),
        .now_utc_secs = now};
    if (found == NULL || input.pool == NULL || input.status_cache == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code =
        vt_trust_judge_token(stamping->arena, &input, token, found, &imprint, &wants, err);
    if (code != VT_OK)
        return code;
    memcpy(stamping->certificate_sha256, found->signer.sha256, sizeof(found->signer.sha256));
    bool lacks_status_only =
        found->indication == VT_INDETERMINATE && found->sub_indication == VT_SUB_TRY_LATER;
    if (found->indication == VT_TOTAL_PASSED || lacks_status_only)
        return VT_OK;
    return vt_err_set(err, VT_E_FORMAT, "%s",
                      found->findings_count > 0 ? found->findings[found->findings_count - 1]
                                                : "the time stamp cannot be verified");
}

static enum vt_code take_answer(const struct vt_stamp_desk *desk, struct stamping *stamping,
                                struct vt_bytes data, int64_t now, struct vt_stamp *out,
                                struct vt_err *err)
{
    enum vt_code code =
        vt_stamp_answer_read(stamping->arena, data, &stamping->query, now, out, err);
    return code == VT_OK ? judge(desk, stamping, out->token, now, err) : code;
}

/* ---- asking ---- */

static enum vt_code send_query(struct vt_stamp_desk *desk, struct stamping *stamping,
                               struct vt_err *err)
{
    int64_t now = vt_clock_monotonic_msecs();
    struct vt_bytes der;
    int post = -1;
    stamping->query =
        (struct vt_stamp_query){.hash = settings(desk)->hash,
                                .imprint = vt_bytes_of(stamping->imprint, stamping->imprint_len),
                                .policy = settings(desk)->policy};
    if (RAND_bytes(stamping->query.nonce, VT_STAMP_NONCE_BYTES) != 1)
        return vt_err_set(err, VT_E_INTERNAL, "no random numbers");
    stamping->query.nonce[0] = (uint8_t)(stamping->query.nonce[0] & 0x7f) | 0x40;
    enum vt_code code = vt_stamp_query_write(stamping->arena, &stamping->query, &der, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-query", der, &post, err);
    json_t *body = json_pack("{s:s, s:s}", "url", stamping->source.url, "type", "timestamp");
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    if (code == VT_OK && text == NULL)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    if (code == VT_OK)
        code = vt_wire_open(desk->setup.fetch_channel, now, &stamping->fd, err);
    if (code == VT_OK)
        code = vt_wire_send(stamping->fd, VT_MSG_FETCH, vt_bytes_str(text), &post, 1, now, err);
    free(text);
    json_decref(body);
    if (post >= 0)
        (void)close(post);
    return code;
}

static void note_place(struct vt_stamp_desk *desk, size_t index, const char *why,
                       struct vt_moment now)
{
    if (index >= VT_MAX_STAMP_PLACES)
        return;
    struct vt_stamp_place *place = &desk->places[index];
    (void)snprintf(place->why, sizeof(place->why), "%.190s", why);
    if (why[0] == '\0') {
        place->good_count++;
        place->good_utc_secs = now.utc_secs;
    }
}

static void fail_place(struct vt_stamp_desk *desk, struct stamping *stamping, const char *why,
                       struct vt_moment now)
{
    const char *url = settings(desk)->urls.items[stamping->url_index];
    note_place(desk, stamping->url_index, why, now);
    add_text(stamping, url, why);
    vt_log(VT_LOG_WARNING, "time stamp: %s: %s", url, why);
}

static enum vt_code ask_one(struct vt_stamp_desk *desk, struct stamping *stamping,
                            struct vt_moment now, struct vt_err *err)
{
    const struct vt_config *config = desk->setup.config;
    bool is_probe = false;
    const char *url = settings(desk)->urls.items[stamping->url_index];
    size_t left = settings(desk)->urls.count - stamping->url_index;
    enum vt_code code =
        vt_source_read(stamping->arena, &config->fetch_rewrites, url, &stamping->source, err);
    if (code != VT_OK)
        return code;
    if (!vt_breaker_ask(desk->setup.breakers, stamping->source.host, VT_FOR_STAMPS, now,
                        &is_probe)) {
        const struct vt_breaker *breaker =
            vt_breaker_find(desk->setup.breakers, stamping->source.host, VT_FOR_STAMPS);
        return vt_err_set(err, VT_E_NETWORK, "left alone for a while: %.150s",
                          breaker != NULL ? breaker->why : "");
    }
    if (stamping->url_index < VT_MAX_STAMP_PLACES)
        desk->places[stamping->url_index].asked_count++;
    stamping->begun_msecs = now.monotonic_msecs;
    stamping->until_msecs =
        now.monotonic_msecs + (stamping->deadline_msecs - now.monotonic_msecs) / (int64_t)left;
    code = send_query(desk, stamping, err);
    if (code == VT_OK)
        return VT_OK;
    hang_up(stamping);
    vt_breaker_tell(desk->setup.breakers, stamping->source.host, VT_FOR_STAMPS, VT_OUTCOME_NONE, "",
                    now);
    return code;
}

/* The next authority that can be asked; without one the client hears why. */
static void ask_next(struct vt_stamp_desk *desk, struct stamping *stamping, struct vt_moment now)
{
    for (; stamping->url_index < settings(desk)->urls.count; stamping->url_index++) {
        struct vt_err err = {0};
        if (stamping->deadline_msecs - now.monotonic_msecs < LEAST_MSECS) {
            add_text(stamping, settings(desk)->urls.items[stamping->url_index],
                     "not asked any more, the time is over");
            break;
        }
        if (ask_one(desk, stamping, now, &err) == VT_OK)
            return;
        fail_place(desk, stamping, err.text, now);
    }
    const char *text =
        stamping->text[0] != '\0' ? stamping->text : "seal.timestamp.urls names no authority";
    answer(desk, stamping, json_pack("{s:s}", "text", text), false);
}

/* ---- requests ---- */

static struct stamping *find_free(struct vt_stamp_desk *desk)
{
    for (size_t i = 0; i < VT_MAX_STAMPS; i++) {
        if (desk->stampings[i].arena == NULL)
            return &desk->stampings[i];
    }
    return NULL;
}

/* The digest of what is to be stamped. */
static enum vt_code read_value(const struct vt_stamp_desk *desk, const struct vt_message *message,
                               struct stamping *out, struct vt_err *err)
{
    static const struct {
        const EVP_MD *(*algorithm)(void);
    } hashes[VT_SEAL_HASHES] = {[VT_SEAL_SHA256] = {EVP_sha256},
                                [VT_SEAL_SHA384] = {EVP_sha384},
                                [VT_SEAL_SHA512] = {EVP_sha512}};
    struct vt_bytes value = {0};
    unsigned len = 0;
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(body, "value"));
    enum vt_code code = VT_E_FORMAT;
    if (text != NULL && message->fds_count == 0)
        code = vt_base64_decode(out->arena, vt_bytes_str(text), &value);
    json_decref(body);
    if (code != VT_OK || value.len > VT_MAX_SEAL_SIGNATURE_BYTES)
        return vt_err_set(err, VT_E_FORMAT, "a request for a time stamp is malformed");
    if (EVP_Digest(value.ptr, value.len, out->imprint, &len,
                   hashes[settings(desk)->hash].algorithm(), NULL) != 1)
        return vt_err_set(err, VT_E_INTERNAL, "a digest cannot be computed");
    out->imprint_len = len;
    return VT_OK;
}

enum vt_code vt_stamps_take(struct vt_stamp_desk *desk, size_t client,
                            const struct vt_message *message, struct vt_moment now,
                            struct vt_err *err)
{
    struct stamping *stamping = find_free(desk);
    if (stamping == NULL)
        return vt_err_set(err, VT_E_BUSY, "too many time stamps are being asked for");
    stamping->arena = vt_arena_new(ARENA_BYTES);
    if (stamping->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a time stamp");
    enum vt_code code = read_value(desk, message, stamping, err);
    if (code != VT_OK) {
        clear(stamping);
        return code;
    }
    stamping->client = client;
    stamping->deadline_msecs = now.monotonic_msecs + settings(desk)->timeout_msecs - MARGIN_MSECS;
    ask_next(desk, stamping, now);
    return VT_OK;
}

void vt_stamps_forget(struct vt_stamp_desk *desk, size_t client)
{
    const struct vt_moment now = {.monotonic_msecs = vt_clock_monotonic_msecs()};
    for (size_t i = 0; i < VT_MAX_STAMPS; i++) {
        struct stamping *stamping = &desk->stampings[i];
        if (stamping->arena == NULL || stamping->client != client)
            continue;
        if (stamping->fd >= 0)
            vt_breaker_tell(desk->setup.breakers, stamping->source.host, VT_FOR_STAMPS,
                            VT_OUTCOME_NONE, "", now);
        clear(stamping);
    }
}

/* ---- what fetch brings ---- */

/* An authority that says no, or gives what is of no use, is no better than one that is silent. */
static enum vt_outcome outcome_of(enum vt_code code)
{
    return code == VT_OK                                 ? VT_OUTCOME_GOOD
           : code == VT_E_NOMEM || code == VT_E_INTERNAL ? VT_OUTCOME_NONE
                                                         : VT_OUTCOME_BAD;
}

static void tell_host(struct vt_stamp_desk *desk, const struct stamping *stamping,
                      enum vt_outcome outcome, const char *text, struct vt_moment now)
{
    const struct vt_stamps_setup *setup = &desk->setup;
    vt_breaker_tell(setup->breakers, stamping->source.host, VT_FOR_STAMPS, outcome, text, now);
    vt_count_host(setup->metrics, &setup->config->fetch_hosts, stamping->source.host, outcome,
                  now.monotonic_msecs - stamping->begun_msecs);
}

static void serve(struct vt_stamp_desk *desk, struct stamping *stamping, struct vt_moment now)
{
    struct vt_message *message = &desk->message;
    struct vt_err err = {0};
    struct vt_bytes data = {0};
    struct vt_stamp stamp = {0};
    enum vt_outcome outcome = VT_OUTCOME_NONE;
    enum vt_code code = vt_wire_receive(stamping->fd, message, 1, vt_clock_monotonic_msecs(), &err);
    if (code == VT_E_TIMEOUT)
        return;
    if (code == VT_OK)
        code = vt_job_read_answer(message, &outcome, &err);
    if (code == VT_OK)
        code = vt_memfd_map(message->fds[0], VT_MAX_STAMP_ANSWER_BYTES, &data, &err);
    bool is_mapped = code == VT_OK;
    vt_message_close(message);
    if (is_mapped) {
        code = take_answer(desk, stamping, data, now.utc_secs, &stamp, &err);
        outcome = outcome_of(code);
    }
    hang_up(stamping);
    tell_host(desk, stamping, outcome, err.text, now);
    if (code == VT_OK) {
        note_place(desk, stamping->url_index, "", now);
        answer_token(desk, stamping, &stamp);
    } else {
        fail_place(desk, stamping, err.text, now);
        stamping->url_index++;
        ask_next(desk, stamping, now);
    }
    if (is_mapped)
        vt_memfd_unmap(data);
}

static void give_up(struct vt_stamp_desk *desk, struct stamping *stamping, struct vt_moment now)
{
    static const char text[] = "no answer in time";
    hang_up(stamping);
    tell_host(desk, stamping, VT_OUTCOME_SILENT, text, now);
    fail_place(desk, stamping, text, now);
    stamping->url_index++;
    ask_next(desk, stamping, now);
}

size_t vt_stamps_poll(const struct vt_stamp_desk *desk, struct pollfd *out)
{
    size_t count = 0;
    for (size_t i = 0; i < VT_MAX_STAMPS; i++) {
        if (desk->stampings[i].fd >= 0)
            out[count++] = (struct pollfd){.fd = desk->stampings[i].fd, .events = POLLIN};
    }
    return count;
}

int64_t vt_stamps_wake_msecs(const struct vt_stamp_desk *desk, int64_t otherwise_msecs)
{
    int64_t wake = otherwise_msecs;
    for (size_t i = 0; i < VT_MAX_STAMPS; i++) {
        if (desk->stampings[i].fd >= 0 && desk->stampings[i].until_msecs < wake)
            wake = desk->stampings[i].until_msecs;
    }
    return wake;
}

void vt_stamps_serve(struct vt_stamp_desk *desk, const struct pollfd *fds, size_t count,
                     struct vt_moment now)
{
    for (size_t i = 0; i < VT_MAX_STAMPS; i++) {
        struct stamping *stamping = &desk->stampings[i];
        bool is_ready = false;
        for (size_t j = 0; stamping->fd >= 0 && !is_ready && j < count; j++)
            is_ready = fds[j].fd == stamping->fd && fds[j].revents != 0;
        if (is_ready)
            serve(desk, stamping, now);
        else if (stamping->fd >= 0 && now.monotonic_msecs >= stamping->until_msecs)
            give_up(desk, stamping, now);
    }
}
