/* SPDX-License-Identifier: Apache-2.0
 * The report of the status role as JSON. A text that is no UTF-8 leaves out its own member, never
 * the rest: each is set by itself. */
#include "status/report.h"

#include <string.h>

#include <jansson.h>

#include "status/refresh.h"
#include "vanthu/clock.h"

#define ARENA_BYTES ((size_t)32 * 1024 * 1024)

static void set_text(json_t *object, const char *key, const char *text)
{
    char clean[400];
    if (text != NULL)
        (void)json_object_set_new(
            object, key, json_string(vt_text_clean(clean, sizeof(clean), vt_bytes_str(text))));
}

static void set_number(json_t *object, const char *key, int64_t value)
{
    (void)json_object_set_new(object, key, json_integer(value));
}

/* null: not known, never. */
static void set_time(json_t *object, const char *key, int64_t utc_secs)
{
    (void)json_object_set_new(object, key,
                              utc_secs == VT_TIME_NONE ? json_null() : json_integer(utc_secs));
}

/* ---- hosts ---- */

static const char *state_name(const struct vt_breaker *breaker, struct vt_moment now)
{
    if (breaker->state == VT_BREAKER_CLOSED)
        return breaker->asked_count > 0 ? "ok" : "never-asked";
    /* The pause is over; the next question decides. */
    return breaker->state == VT_BREAKER_HALF_OPEN || now.monotonic_msecs >= breaker->until_msecs
               ? "to-be-tried"
               : "down";
}

/* The host stands before it already. */
static const char *why_of(const struct vt_breaker *breaker)
{
    size_t len = strlen(breaker->host);
    const char *why = breaker->why;
    if (breaker->state == VT_BREAKER_CLOSED && breaker->strikes == 0)
        return "";
    if (strncmp(why, breaker->host, len) == 0)
        why += len;
    return why + strspn(why, ": ");
}

static json_t *host_to_json(const struct vt_breaker *breaker, struct vt_moment now)
{
    json_t *item = json_object();
    bool is_closed = breaker->state == VT_BREAKER_CLOSED;
    set_text(item, "host", breaker->host);
    set_text(item, "for", breaker->asked_for == VT_FOR_STAMPS ? "time-stamps" : "status");
    set_text(item, "state", state_name(breaker, now));
    set_number(item, "asked", (int64_t)breaker->asked_count);
    set_number(item, "good", (int64_t)breaker->good_count);
    set_number(item, "strikes", breaker->strikes);
    set_time(item, "last_good_utc_secs", breaker->success_utc_secs);
    set_time(item, "until_utc_secs", is_closed ? VT_TIME_NONE : breaker->until_utc_secs);
    set_text(item, "why", why_of(breaker));
    return item;
}

static json_t *plain_host(const char *host, const char *state)
{
    json_t *item = json_object();
    set_text(item, "host", host);
    set_text(item, "state", state);
    return item;
}

/* Allowed ones in the order of the configuration, then those that are not. */
static json_t *list_hosts(const struct vt_report_input *input)
{
    json_t *list = json_array();
    for (size_t i = 0; i < input->hosts->count; i++) {
        bool found = false;
        for (size_t j = 0; j < input->breakers->count; j++) {
            const struct vt_breaker *breaker = &input->breakers->items[j];
            if (!vt_source_matches(breaker->host, input->hosts->items[i]))
                continue;
            found = true;
            (void)json_array_append_new(list, host_to_json(breaker, input->now));
        }
        if (!found)
            (void)json_array_append_new(list, plain_host(input->hosts->items[i], "never-asked"));
    }
    for (size_t i = 0; *vt_jobs_refused_host(input->desk->jobs, i) != '\0'; i++)
        (void)json_array_append_new(
            list, plain_host(vt_jobs_refused_host(input->desk->jobs, i), "not-allowed"));
    return list;
}

/* ---- lists ---- */

static void set_signer(json_t *item, struct vt_certificate_pool *pool,
                       const struct vt_crl_list *list)
{
    const struct vt_certificate *signer = NULL;
    if (vt_certificate_add(pool, vt_crl_list_signer(list), &signer, NULL) != VT_OK)
        return;
    const struct vt_certificate_facts *facts = vt_certificate_facts(signer);
    bool has_name = facts->common_name != NULL && *facts->common_name != '\0';
    set_text(item, "issuer", has_name ? facts->common_name : facts->subject);
}

static json_t *list_to_json(const struct vt_store_list *kept, struct vt_certificate_pool *pool,
                            int64_t now)
{
    int64_t due = vt_refresh_list_due(kept, now);
    json_t *item = json_object();
    const struct vt_crl *crl = vt_crl_list_crl(kept->list);
    set_signer(item, pool, kept->list);
    set_text(item, "origin", vt_crl_list_origin(kept->list));
    set_number(item, "entries", (int64_t)crl->entries_count);
    (void)json_object_set_new(item, "delta", json_boolean(crl->is_delta));
    set_number(item, "bytes", (int64_t)vt_crl_list_bytes(kept->list));
    set_time(item, "this_update_utc_secs", crl->this_update_utc_secs);
    set_time(item, "next_update_utc_secs", crl->next_update_utc_secs);
    set_time(item, "fetched_utc_secs", kept->fetched_utc_secs);
    set_time(item, "refresh_utc_secs", due == INT64_MAX ? VT_TIME_NONE : due);
    return item;
}

static json_t *list_lists(const struct vt_report_input *input, struct vt_certificate_pool *pool)
{
    json_t *list = json_array();
    const struct vt_status_store *store = input->desk->store;
    for (size_t i = 0; i < vt_status_store_lists_count(store); i++) {
        struct vt_store_list kept;
        vt_status_store_list(store, i, &kept);
        (void)json_array_append_new(list, list_to_json(&kept, pool, input->now.utc_secs));
    }
    return list;
}

/* ---- the rest ---- */

static json_t *cache_to_json(const struct vt_report_input *input)
{
    struct vt_store_size size;
    json_t *cache = json_object();
    vt_status_store_size(input->desk->store, &size);
    set_number(cache, "facts", (int64_t)size.facts_count);
    set_number(cache, "lists", (int64_t)size.lists_count);
    set_number(cache, "lists_bytes", (int64_t)size.lists_bytes);
    set_number(cache, "issuers", (int64_t)size.issuers_count);
    return cache;
}

static json_t *recheck_to_json(const struct vt_recheck_item *item)
{
    json_t *references = json_array();
    json_t *object = json_object();
    for (size_t i = 0; i < item->references_count; i++)
        (void)json_array_append_new(references, json_string(item->references[i]));
    set_text(object, "certificate", item->name);
    set_text(object, "serial", item->serial);
    set_text(object, "issuer", item->issuer_name);
    set_time(object, "asked_utc_secs", item->asked_utc_secs);
    set_time(object, "next_utc_secs", item->next_utc_secs);
    set_time(object, "until_utc_secs", item->asked_utc_secs + VT_RECHECK_SECS);
    set_number(object, "tries", item->tries_count);
    (void)json_object_set_new(object, "references", references);
    return object;
}

static json_t *list_rechecks(const struct vt_recheck *recheck)
{
    json_t *list = json_array();
    const struct vt_recheck_item *item = NULL;
    for (size_t i = 0; recheck != NULL && (item = vt_recheck_at(recheck, i)) != NULL; i++)
        (void)json_array_append_new(list, recheck_to_json(item));
    return list;
}

static json_t *generation_to_json(const struct vt_report_input *input)
{
    const struct vt_publisher *publisher = input->publisher;
    if (publisher->published_version == 0)
        return json_null();
    json_t *object = json_object();
    set_number(object, "age_secs",
               (input->now.monotonic_msecs - publisher->published_msecs) / 1000);
    (void)json_object_set_new(
        object, "is_current",
        json_boolean(publisher->published_version == vt_status_store_version(input->desk->store)));
    return object;
}

/* Authorities in the order in which they are asked. */
static json_t *list_stamps(const struct vt_stamp_desk *stamps)
{
    json_t *list = json_array();
    const struct vt_stamp_place *place = NULL;
    for (size_t i = 0; stamps != NULL && (place = vt_stamps_place(stamps, i)) != NULL; i++) {
        json_t *item = json_object();
        set_text(item, "url", place->url);
        set_number(item, "asked", (int64_t)place->asked_count);
        set_number(item, "good", (int64_t)place->good_count);
        set_time(item, "last_good_utc_secs", place->good_utc_secs);
        set_text(item, "why", place->why);
        (void)json_array_append_new(list, item);
    }
    return list;
}

enum vt_code vt_report_write(const struct vt_report_input *input, char **out_text,
                             struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    struct vt_certificate_pool *pool = arena != NULL ? vt_certificate_pool_new(arena, NULL) : NULL;
    json_t *root = pool != NULL ? json_object() : NULL;
    *out_text = NULL;
    if (root != NULL) {
        set_time(root, "now_utc_secs", input->now.utc_secs);
        (void)json_object_set_new(root, "hosts", list_hosts(input));
        (void)json_object_set_new(root, "timestamps", list_stamps(input->stamps));
        (void)json_object_set_new(root, "lists", list_lists(input, pool));
        (void)json_object_set_new(root, "cache", cache_to_json(input));
        (void)json_object_set_new(root, "rechecks", list_rechecks(input->desk->recheck));
        (void)json_object_set_new(root, "generation", generation_to_json(input));
        *out_text = json_dumps(root, JSON_COMPACT);
    }
    json_decref(root);
    vt_arena_free(arena);
    return *out_text != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory for a report");
}
