/* SPDX-License-Identifier: Apache-2.0
 * A table of sources: an issuer and the addresses of one list of it. What is at hand of each is
 * looked up in the store, so that a mail's own fetch counts as well. */
#include "status/refresh.h"

#include <stdlib.h>
#include <string.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"

#define MAX_ADDRESSES 4
#define MAX_UNDER_WAY 2
#define STEP_MSECS 1000
#define AT_START_MSECS 50000
/* A source that fails is left alone for a quarter of an hour, then twice as long, up to this. */
#define MOST_BACKOFF_SECS (6 * 3600)
/* Nobody waits; this only says when others may stop to. */
#define PATIENCE_MSECS 20000
#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

struct source {
    uint64_t hash;   /* decides the moments */
    bool configured; /* names it: wanted though there is no list yet */
    struct vt_bytes issuer;
    const char *urls[MAX_ADDRESSES];  /* as the certificates name them */
    const char *asked[MAX_ADDRESSES]; /* after rewriting: the origin of what comes */
    size_t urls_count, next_url;
    size_t tried; /* addresses in a row that failed */
    unsigned failures;
    int64_t not_before_msecs;
    uint64_t job; /* 0: none under way */
};

struct vt_refresher {
    struct vt_refresh_setup setup;
    struct vt_arena *arena;
    struct source sources[VT_MAX_REFRESHED];
    size_t count;
    int64_t stepped_msecs;
    int64_t begun_msecs;
};

/* ---- moments ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

#define HASH_BEGIN 0xcbf29ce484222325u

/* The part of span that hash decides. */
static int64_t share_of(uint64_t hash, int64_t span)
{
    return (int64_t)((hash >> 40) * (uint64_t)span >> 24);
}

static int64_t bounded(int64_t at, int64_t least, int64_t most)
{
    return at < least ? least : at > most ? most : at;
}

int64_t vt_refresh_due(const char *key_sha256, int64_t this_update_utc_secs,
                       int64_t next_update_utc_secs, int64_t fetched_utc_secs)
{
    uint64_t hash = hash_text(HASH_BEGIN, key_sha256);
    int64_t next = vt_status_until_utc_secs(this_update_utc_secs, next_update_utc_secs);
    int64_t span = next > this_update_utc_secs ? next - this_update_utc_secs : 0;
    int64_t at = this_update_utc_secs + span / 2 + share_of(hash, span / 4);
    if (fetched_utc_secs >= at)
        at = fetched_utc_secs + (next > fetched_utc_secs ? (next - fetched_utc_secs) / 4 : 0);
    return bounded(at, fetched_utc_secs + VT_REFRESH_LEAST_SECS,
                   fetched_utc_secs + VT_REFRESH_MOST_SECS);
}

/* ---- the table ---- */

static bool is_http(const char *url)
{
    return vt_bytes_starts_with_nocase(vt_bytes_str(url), VT_BYTES("http://")) ||
           vt_bytes_starts_with_nocase(vt_bytes_str(url), VT_BYTES("https://"));
}

static bool has_address(const struct source *source, const char *url)
{
    for (size_t i = 0; i < source->urls_count; i++) {
        if (strcmp(source->urls[i], url) == 0 || strcmp(source->asked[i], url) == 0)
            return true;
    }
    return false;
}

static struct source *find_source(struct vt_refresher *refresher, const char *url)
{
    for (size_t i = 0; i < refresher->count; i++) {
        if (has_address(&refresher->sources[i], url))
            return &refresher->sources[i];
    }
    return NULL;
}

static bool add_address(struct vt_refresher *refresher, struct source *source, const char *url)
{
    struct vt_source asked;
    if (source->urls_count == MAX_ADDRESSES || !is_http(url) || has_address(source, url) ||
        vt_source_read(refresher->arena, refresher->setup.rewrites, url, &asked, NULL) != VT_OK)
        return false;
    source->urls[source->urls_count] = vt_arena_str(refresher->arena, url);
    source->asked[source->urls_count] = asked.url;
    if (source->urls[source->urls_count] == NULL)
        return false;
    source->urls_count++;
    return true;
}

/* A new source is asked within the first minute, or with the next turns. */
static struct source *add_source(struct vt_refresher *refresher, struct vt_bytes issuer,
                                 const char *url)
{
    if (refresher->count == VT_MAX_REFRESHED || find_source(refresher, url) != NULL)
        return NULL;
    struct source *source = &refresher->sources[refresher->count];
    void *copy = vt_arena_dup(refresher->arena, issuer.ptr, issuer.len);
    *source = (struct source){.hash = hash_text(HASH_BEGIN, url),
                              .issuer = vt_bytes_of(copy, issuer.len)};
    if (copy == NULL || !add_address(refresher, source, url))
        return NULL;
    source->not_before_msecs = refresher->begun_msecs + share_of(source->hash, AT_START_MSECS);
    refresher->count++;
    return source;
}

static const struct vt_certificate *find_issuer(const struct vt_certificate_pool *pool,
                                                const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < vt_certificate_pool_count(pool); i++) {
        const struct vt_certificate *issuer = vt_certificate_pool_get(pool, i);
        if (issuer != certificate && vt_certificate_is_issued_by(certificate, issuer))
            return issuer;
    }
    return NULL;
}

/* The lists that say whether a configured CA is still one. */
static void add_configured(struct vt_refresher *refresher)
{
    const struct vt_trust_store *trust = refresher->setup.trust;
    const struct vt_certificate_pool *pool = vt_trust_store_pool(trust);
    for (size_t i = 0; i < vt_certificate_pool_count(pool); i++) {
        const struct vt_certificate *certificate = vt_certificate_pool_get(pool, i);
        const char *url = vt_certificate_address(certificate, VT_ADDRESS_CRL, 0);
        const struct vt_certificate *issuer = url != NULL ? find_issuer(pool, certificate) : NULL;
        if (issuer == NULL || !vt_trust_has_path(trust, issuer, NULL, 0))
            continue;
        struct source *source = add_source(refresher, vt_certificate_der(issuer), url);
        if (source != NULL)
            source->configured = true;
        for (size_t k = 1; source != NULL && k < MAX_ADDRESSES; k++) {
            url = vt_certificate_address(certificate, VT_ADDRESS_CRL, k);
            if (url != NULL)
                (void)add_address(refresher, source, url);
        }
    }
}

enum vt_code vt_refresher_new(const struct vt_refresh_setup *setup, struct vt_moment now,
                              struct vt_refresher **out, struct vt_err *err)
{
    struct vt_refresher *refresher = calloc(1, sizeof(*refresher));
    if (refresher != NULL)
        refresher->arena = vt_arena_new(ARENA_BYTES);
    if (refresher == NULL || refresher->arena == NULL) {
        free(refresher);
        return vt_err_set(err, VT_E_NOMEM, "out of memory for refreshing lists");
    }
    refresher->setup = *setup;
    refresher->begun_msecs = now.monotonic_msecs;
    add_configured(refresher);
    *out = refresher;
    return VT_OK;
}

void vt_refresher_free(struct vt_refresher *refresher)
{
    if (refresher == NULL)
        return;
    vt_arena_free(refresher->arena);
    free(refresher);
}

/* ---- what is due ---- */

static bool is_used(const struct vt_store_list *list, int64_t now)
{
    return list->of_store || now - list->used_utc_secs < VT_REFRESH_UNUSED_SECS;
}

int64_t vt_refresh_list_due(const struct vt_store_list *list, int64_t now)
{
    const struct vt_crl *crl = vt_crl_list_crl(list->list);
    return is_used(list, now) && is_http(vt_crl_list_origin(list->list))
               ? vt_refresh_due(vt_crl_list_signer_key_sha256(list->list),
                                crl->this_update_utc_secs, crl->next_update_utc_secs,
                                list->fetched_utc_secs)
               : INT64_MAX;
}

static bool is_due(const struct vt_refresher *refresher, const struct source *source, int64_t now)
{
    bool found = false;
    for (size_t i = 0; i < vt_status_store_lists_count(refresher->setup.store); i++) {
        struct vt_store_list list;
        vt_status_store_list(refresher->setup.store, i, &list);
        if (!has_address(source, vt_crl_list_origin(list.list)))
            continue;
        found = true;
        if (now >= vt_refresh_list_due(&list, now))
            return true;
    }
    return !found && source->configured;
}

/* Lists that mails brought have a source too, as long as they are here. */
static void follow_store(struct vt_refresher *refresher, int64_t now)
{
    for (size_t i = 0; i < vt_status_store_lists_count(refresher->setup.store); i++) {
        struct vt_store_list list;
        vt_status_store_list(refresher->setup.store, i, &list);
        const char *origin = vt_crl_list_origin(list.list);
        if (is_http(origin) && now >= vt_refresh_list_due(&list, now) &&
            find_source(refresher, origin) == NULL)
            (void)add_source(refresher, vt_crl_list_signer(list.list), origin);
    }
}

/* ---- asking ---- */

static void note_failure(struct source *source, int64_t now_msecs)
{
    source->next_url = (source->next_url + 1) % source->urls_count;
    if (++source->tried < source->urls_count)
        return; /* the next address at once */
    int64_t pause_secs = (int64_t)VT_REFRESH_LEAST_SECS
                         << (source->failures < 6 ? source->failures : 6);
    pause_secs = bounded(pause_secs, VT_REFRESH_LEAST_SECS, MOST_BACKOFF_SECS);
    source->hash = source->hash * 6364136223846793005u + 1442695040888963407u;
    pause_secs += share_of(source->hash, pause_secs / 4);
    source->not_before_msecs = now_msecs + pause_secs * 1000;
    source->failures++;
    source->tried = 0;
}

static void ask(struct vt_refresher *refresher, struct source *source, struct vt_moment now)
{
    struct vt_job_ticket ticket = {0};
    const struct vt_certificate *issuer = NULL;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    struct vt_certificate_pool *pool =
        arena != NULL ? vt_certificate_pool_new(arena, vt_trust_store_pool(refresher->setup.trust))
                      : NULL;
    enum vt_code code =
        pool != NULL ? vt_certificate_add(pool, source->issuer, &issuer, NULL) : VT_E_NOMEM;
    struct vt_job_wish wish = {
        .kind = VT_JOB_CRL, .url = source->urls[source->next_url], .issuer = issuer};
    if (code == VT_OK)
        code = vt_jobs_start(refresher->setup.jobs, &wish, PATIENCE_MSECS, now, &ticket, NULL);
    if (code == VT_OK && ticket.id != 0)
        source->job = ticket.id;
    else if (code == VT_OK && ticket.code == VT_OK)
        source->not_before_msecs = now.monotonic_msecs + (int64_t)VT_REFRESH_LEAST_SECS * 1000;
    else if (code != VT_E_BUSY)
        note_failure(source, now.monotonic_msecs);
    vt_arena_free(arena);
}

void vt_refresher_turn(struct vt_refresher *refresher, struct vt_moment now)
{
    size_t under_way = 0;
    if (now.monotonic_msecs - refresher->stepped_msecs < STEP_MSECS)
        return;
    refresher->stepped_msecs = now.monotonic_msecs;
    follow_store(refresher, now.utc_secs);
    for (size_t i = 0; i < refresher->count; i++)
        under_way += refresher->sources[i].job != 0;
    for (size_t i = 0; i < refresher->count && under_way < MAX_UNDER_WAY; i++) {
        struct source *source = &refresher->sources[i];
        if (source->job != 0 || now.monotonic_msecs < source->not_before_msecs ||
            !is_due(refresher, source, now.utc_secs))
            continue;
        ask(refresher, source, now);
        return;
    }
}

void vt_refresher_note(struct vt_refresher *refresher, const struct vt_job_result *result,
                       struct vt_moment now)
{
    for (size_t i = 0; i < refresher->count; i++) {
        struct source *source = &refresher->sources[i];
        if (source->job != result->id || result->id == 0)
            continue;
        source->job = 0;
        if (result->code != VT_OK) {
            note_failure(source, now.monotonic_msecs);
            continue;
        }
        source->failures = 0;
        source->tried = 0;
        source->not_before_msecs = now.monotonic_msecs + (int64_t)VT_REFRESH_LEAST_SECS * 1000;
    }
}
