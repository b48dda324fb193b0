/* SPDX-License-Identifier: Apache-2.0
 * The status role's memory, and what it says about one certificate. Used by one thread. */
#include "status/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status/store_internal.h"
#include "vanthu/clock.h"

/* A CA that revokes issues a new list long before the old one ends: look again after an hour. */
#define YOUNG_SECS 3600
#define CLOCK_BEHIND_SECS (24 * 3600)

enum vt_code vt_status_store_new(struct vt_status_store **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_status_store *store = calloc(1, sizeof(*store));
    if (store == NULL || !vt_fact_table_init(&store->facts)) {
        vt_status_store_free(store);
        return vt_err_set(err, VT_E_NOMEM, "out of memory for the status store");
    }
    for (size_t i = 0; i < 2; i++)
        store->witnesses[i].youngest_utc_secs = VT_TIME_NONE;
    *out = store;
    return VT_OK;
}

void vt_status_store_set_trust(struct vt_status_store *store, const struct vt_trust_store *trust)
{
    store->trust = trust;
}

const struct vt_trust_store *vt_status_store_trust(const struct vt_status_store *store)
{
    return store->trust;
}

enum vt_code vt_status_store_keep_in(struct vt_status_store *store, const char *directory,
                                     struct vt_err *err)
{
    free(store->directory);
    store->directory = strdup(directory);
    return store->directory != NULL ? VT_OK
                                    : vt_err_set(err, VT_E_NOMEM, "out of memory for a path");
}

void vt_status_store_free(struct vt_status_store *store)
{
    if (store == NULL)
        return;
    vt_shelf_clear(store);
    vt_fact_table_clear(&store->facts);
    for (size_t i = 0; i < store->issuers_count; i++)
        vt_bytes_free(store->issuers[i]);
    for (size_t i = 0; i < VT_MAX_STORE_RESPONSES; i++)
        vt_bytes_free(store->responses[i].bytes);
    free(store->directory);
    free(store);
}

/* ---- times ---- */

void vt_store_note_issued(struct vt_status_store *store, const char *key_sha256,
                          int64_t this_update_utc_secs)
{
    struct vt_store_witness *first = &store->witnesses[0];
    struct vt_store_witness *second = &store->witnesses[1];
    bool again = strcmp(first->key_sha256, key_sha256) == 0;
    struct vt_store_witness *mine = again ? first : second;
    if (this_update_utc_secs <= mine->youngest_utc_secs)
        return;
    (void)snprintf(mine->key_sha256, sizeof(mine->key_sha256), "%s", key_sha256);
    mine->youngest_utc_secs = this_update_utc_secs;
    if (second->youngest_utc_secs > first->youngest_utc_secs) {
        struct vt_store_witness ahead = *second;
        *second = *first;
        *first = ahead;
    }
}

/* One authority that dates its lists wrongly must not stop all mail: two have to say so. */
bool vt_status_store_clock_is_behind(const struct vt_status_store *store, int64_t now_utc_secs)
{
    int64_t youngest = store->witnesses[1].youngest_utc_secs;
    return youngest != VT_TIME_NONE && now_utc_secs < youngest - CLOCK_BEHIND_SECS;
}

/* True when a statement with these times holds now. */
static bool is_in_force(int64_t this_update_utc_secs, int64_t next_update_utc_secs,
                        int64_t now_utc_secs)
{
    if (this_update_utc_secs == VT_TIME_NONE ||
        this_update_utc_secs > now_utc_secs + VT_STORE_TOLERANCE_SECS)
        return false;
    return now_utc_secs <= vt_status_until_utc_secs(this_update_utc_secs, next_update_utc_secs);
}

static enum vt_freshness freshness(bool in_force, int64_t fetched, int64_t now)
{
    if (!in_force)
        return VT_FRESH_NONE;
    return now - fetched < YOUNG_SECS && fetched <= now + VT_STORE_TOLERANCE_SECS
               ? VT_FRESH_YOUNG
               : VT_FRESH_IN_FORCE;
}

/* A final revocation never ends. */
static enum vt_freshness freshness_of(const struct vt_status_fact *fact, int64_t fetched,
                                      int64_t now)
{
    if (fact->value == VT_STATUS_REVOKED)
        return VT_FRESH_YOUNG;
    return freshness(is_in_force(fact->this_update_utc_secs, fact->next_update_utc_secs, now),
                     fetched, now);
}

/* ---- facts ---- */

static enum vt_code keep_fact(struct vt_status_store *store, const struct vt_status_fact *fact,
                              int64_t fetched, const char *file, bool *out_changed,
                              struct vt_err *err)
{
    char dropped[VT_STORE_NAME_BYTES];
    enum vt_code code =
        vt_fact_table_put(&store->facts, fact, fetched, file, out_changed, dropped, err);
    if (code == VT_OK && *out_changed)
        store->version++;
    if (code == VT_OK && dropped[0] != '\0' && store->directory != NULL)
        vt_status_file_remove(store->directory, dropped);
    return code;
}

/* A list drops a certificate after it has expired (RFC 5280 3.3), but it stays revoked. */
static void keep_revocation(struct vt_status_store *store, const struct vt_status_fact *fact,
                            const struct vt_certificate *certificate,
                            const struct vt_certificate *issuer, int64_t fetched)
{
    char name[VT_STORE_NAME_BYTES];
    struct vt_known one = {.facts = (struct vt_status_fact[]){*fact}, .facts_count = 1};
    char *text = NULL;
    size_t len = 0;
    bool changed = false;
    const struct vt_kept_fact *old =
        vt_fact_table_find(&store->facts, fact->issuer_key_sha256, fact->serial);
    if (old != NULL && old->fact.value == VT_STATUS_REVOKED)
        return;
    (void)snprintf(name, sizeof(name), "revoked-%.40s", vt_certificate_sha256(certificate));
    if (keep_fact(store, fact, fetched, name, &changed, NULL) != VT_OK || !changed ||
        store->directory == NULL || vt_known_to_json(&one, &text, &len, NULL) != VT_OK)
        return;
    struct vt_status_file file = {.issuer = vt_certificate_der(issuer),
                                  .certificate = vt_certificate_der(certificate),
                                  .data = vt_bytes_of(text, len),
                                  .origin = vt_bytes_str(fact->origin),
                                  .fetched_utc_secs = fetched,
                                  .used_utc_secs = fetched};
    vt_status_file_write(store->directory, name, &file);
    free(text);
}

enum vt_code vt_status_store_put_revocation(struct vt_status_store *store,
                                            const struct vt_certificate *certificate,
                                            const struct vt_status_fact *fact,
                                            int64_t fetched_utc_secs, struct vt_err *err)
{
    char name[VT_STORE_NAME_BYTES];
    bool changed = false;
    (void)snprintf(name, sizeof(name), "revoked-%.40s", vt_certificate_sha256(certificate));
    return keep_fact(store, fact, fetched_utc_secs, name, &changed, err);
}

/* Whoever judges by it may want its bytes. Without memory it is only not at hand. */
static void keep_response(struct vt_status_store *store, const struct vt_status_fact *fact,
                          struct vt_bytes response)
{
    struct vt_store_response *place =
        &store->responses[store->responses_count % VT_MAX_STORE_RESPONSES];
    struct vt_bytes copy = vt_bytes_dup(response);
    if (copy.ptr == NULL)
        return;
    vt_bytes_free(place->bytes);
    place->bytes = copy;
    memcpy(place->sha256, fact->data_sha256, sizeof(place->sha256));
    store->responses_count++;
}

enum vt_code vt_status_store_put_ocsp(struct vt_status_store *store,
                                      const struct vt_certificate *certificate,
                                      const struct vt_certificate *issuer, struct vt_bytes response,
                                      const struct vt_status_fact *fact, int64_t fetched_utc_secs,
                                      struct vt_err *err)
{
    char name[VT_STORE_NAME_BYTES];
    struct vt_status_file file = {.issuer = vt_certificate_der(issuer),
                                  .certificate = vt_certificate_der(certificate),
                                  .data = response,
                                  .origin = vt_bytes_str(fact->origin),
                                  .fetched_utc_secs = fetched_utc_secs,
                                  .used_utc_secs = fetched_utc_secs};
    struct vt_status_fact fetched = *fact;
    bool changed = false;
    fetched.from = VT_ORIGIN_FETCHED;
    vt_store_note_issued(store, fact->issuer_key_sha256, fact->this_update_utc_secs);
    (void)snprintf(name, sizeof(name), "ocsp-%.40s", vt_certificate_sha256(certificate));
    enum vt_code code = keep_fact(store, &fetched, fetched_utc_secs, name, &changed, err);
    if (code == VT_OK && changed && store->directory != NULL)
        vt_status_file_write(store->directory, name, &file);
    else if (code == VT_OK && changed)
        keep_response(store, &fetched, response);
    return code;
}

/* ---- finding ---- */

struct search {
    struct vt_status_store *store;
    struct vt_arena *arena;
    const struct vt_certificate *certificate, *issuer;
    char key[65];
    int64_t now;
    struct vt_status_fact *out;
    enum vt_freshness found;
    bool any;
};

/* Final revocation first; else what is in force, and of two the younger statement. */
static void offer(struct search *search, const struct vt_status_fact *fact, int64_t fetched)
{
    enum vt_freshness fresh = freshness_of(fact, fetched, search->now);
    bool revoked = fact->value == VT_STATUS_REVOKED;
    bool was = search->any && search->out->value == VT_STATUS_REVOKED;
    bool better =
        !search->any || (revoked != was ? revoked
                         : (fresh == VT_FRESH_NONE) != (search->found == VT_FRESH_NONE)
                             ? fresh != VT_FRESH_NONE
                             : fact->this_update_utc_secs > search->out->this_update_utc_secs);
    if (!better)
        return;
    *search->out = *fact;
    search->found = fresh;
    search->any = true;
}

static void ask_lists(struct search *search)
{
    struct vt_status_store *store = search->store;
    for (size_t i = 0; i < store->lists_count; i++) {
        struct vt_kept_list *kept = &store->lists[i];
        struct vt_status_fact fact;
        if (strcmp(vt_crl_list_signer_key_sha256(kept->list), search->key) != 0 ||
            vt_crl_list_fact(search->arena, kept->list, search->certificate, search->issuer, &fact,
                             NULL) != VT_OK)
            continue;
        kept->used_utc_secs = search->now;
        offer(search, &fact, kept->fetched_utc_secs);
        if (fact.value == VT_STATUS_REVOKED)
            keep_revocation(store, &fact, search->certificate, search->issuer,
                            kept->fetched_utc_secs);
    }
}

static bool own_strings(struct vt_arena *arena, struct vt_status_fact *fact)
{
    fact->serial = vt_arena_str(arena, fact->serial);
    fact->origin = vt_arena_str(arena, fact->origin);
    fact->revocation_reason = vt_arena_str(arena, fact->revocation_reason);
    fact->responder_name = vt_arena_str(arena, fact->responder_name);
    if (fact->responder.len > 0)
        fact->responder = vt_bytes_of(vt_arena_dup(arena, fact->responder.ptr, fact->responder.len),
                                      fact->responder.len);
    return fact->serial != NULL && (fact->responder.len == 0 || fact->responder.ptr != NULL);
}

enum vt_freshness vt_status_store_find(struct vt_status_store *store, struct vt_arena *arena,
                                       const struct vt_certificate *certificate,
                                       const struct vt_certificate *issuer, int64_t now_utc_secs,
                                       struct vt_status_fact *out)
{
    struct search search = {.store = store,
                            .arena = arena,
                            .certificate = certificate,
                            .issuer = issuer,
                            .now = now_utc_secs,
                            .out = out};
    const char *serial = vt_certificate_facts(certificate)->serial;
    if (serial == NULL ||
        vt_verify_sha256(vt_certificate_public_key_der(issuer), search.key) != VT_OK)
        return VT_FRESH_NONE;
    ask_lists(&search);
    const struct vt_kept_fact *kept = vt_fact_table_find(&store->facts, search.key, serial);
    if (kept != NULL)
        offer(&search, &kept->fact, kept->fetched_utc_secs);
    if (!search.any || !own_strings(arena, out))
        return VT_FRESH_NONE;
    if (out->value == VT_STATUS_GOOD && vt_status_store_clock_is_behind(store, now_utc_secs)) {
        out->value = VT_STATUS_UNKNOWN;
        out->finding = "the clock of this machine is behind what CAs have issued";
    }
    return search.found;
}

size_t vt_status_store_lists(struct vt_status_store *store,
                             const struct vt_certificate *certificate,
                             const struct vt_certificate *issuer, int64_t now_utc_secs,
                             const struct vt_crl_list **out, size_t max,
                             enum vt_freshness *out_freshness)
{
    size_t count = 0;
    bool needed = false;
    char key[65];
    *out_freshness = VT_FRESH_NONE;
    if (vt_verify_sha256(vt_certificate_public_key_der(issuer), key) != VT_OK ||
        vt_status_store_clock_is_behind(store, now_utc_secs))
        return 0;
    for (size_t i = 0; i < store->lists_count && count < max; i++) {
        struct vt_kept_list *kept = &store->lists[i];
        const struct vt_crl *crl = vt_crl_list_crl(kept->list);
        if (vt_crl_list_scope(kept->list, certificate, NULL) == 0)
            continue;
        bool own = strcmp(vt_crl_list_signer_key_sha256(kept->list), key) == 0;
        bool whole = vt_crl_list_scope(kept->list, certificate, NULL) == VT_CRL_ALL_REASONS;
        enum vt_freshness fresh = freshness(
            is_in_force(crl->this_update_utc_secs, crl->next_update_utc_secs, now_utc_secs),
            kept->fetched_utc_secs, now_utc_secs);
        needed = needed || !own || !whole || crl->is_delta;
        if (count == 0 || fresh < *out_freshness)
            *out_freshness = fresh;
        kept->used_utc_secs = now_utc_secs;
        out[count++] = kept->list;
    }
    if (!needed)
        *out_freshness = VT_FRESH_NONE;
    return needed ? count : 0;
}

/* ---- issuers ---- */

enum vt_code vt_status_store_put_issuer(struct vt_status_store *store,
                                        const struct vt_certificate *issuer, struct vt_err *err)
{
    char name[VT_STORE_NAME_BYTES];
    struct vt_bytes der = vt_certificate_der(issuer);
    for (size_t i = 0; i < store->issuers_count; i++) {
        if (vt_bytes_equal(store->issuers[i], der))
            return VT_OK;
    }
    struct vt_bytes copy = vt_bytes_dup(der);
    if (copy.ptr == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a certificate");
    if (store->issuers_count == VT_MAX_STORE_ISSUERS) {
        vt_bytes_free(store->issuers[0]);
        memmove(&store->issuers[0], &store->issuers[1],
                (VT_MAX_STORE_ISSUERS - 1) * sizeof(store->issuers[0]));
        store->issuers_count--;
    }
    store->issuers[store->issuers_count++] = copy;
    store->version++;
    if (store->directory != NULL) {
        struct vt_status_file file = {.issuer = der};
        (void)snprintf(name, sizeof(name), "issuer-%.40s", vt_certificate_sha256(issuer));
        vt_status_file_write(store->directory, name, &file);
    }
    return VT_OK;
}

size_t vt_status_store_issuers(const struct vt_status_store *store)
{
    return store->issuers_count;
}

struct vt_bytes vt_status_store_issuer(const struct vt_status_store *store, size_t index)
{
    return store->issuers[index];
}

uint64_t vt_status_store_version(const struct vt_status_store *store)
{
    return store->version;
}

void vt_status_store_size(const struct vt_status_store *store, struct vt_store_size *out)
{
    *out = (struct vt_store_size){.facts_count = store->facts.count,
                                  .lists_count = store->lists_count,
                                  .lists_bytes = store->lists_bytes,
                                  .issuers_count = store->issuers_count};
}

/* ---- generations ---- */

/* Those that are always needed first, then those that were used last. */
static int compare_lists(const void *a, const void *b)
{
    const struct vt_kept_list *const *first = a;
    const struct vt_kept_list *const *second = b;
    if ((*first)->of_store != (*second)->of_store)
        return (*first)->of_store ? -1 : 1;
    return ((*first)->used_utc_secs < (*second)->used_utc_secs) -
           ((*first)->used_utc_secs > (*second)->used_utc_secs);
}

static enum vt_code publish_lists(const struct vt_status_store *store, struct vt_arena *arena,
                                  int64_t now, struct vt_known *out, struct vt_err *err)
{
    const struct vt_kept_list *kept[VT_MAX_STORE_CRLS];
    size_t count = 0;
    for (size_t i = 0; i < store->lists_count; i++) {
        const struct vt_crl *crl = vt_crl_list_crl(store->lists[i].list);
        if (is_in_force(crl->this_update_utc_secs, crl->next_update_utc_secs, now))
            kept[count++] = &store->lists[i];
    }
    if (count > 0)
        qsort(kept, count, sizeof(kept[0]), compare_lists);
    if (count > VT_MAX_GENERATION_LISTS)
        count = VT_MAX_GENERATION_LISTS;
    out->lists = vt_arena_alloc(arena, (count + 1) * sizeof(struct vt_crl_list *));
    if (out->lists == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a generation");
    for (size_t i = 0; i < count; i++)
        out->lists[i] = kept[i]->list;
    out->lists_count = count;
    return VT_OK;
}

enum vt_code vt_status_store_known(const struct vt_status_store *store, struct vt_arena *arena,
                                   int64_t now_utc_secs, struct vt_known *out, struct vt_err *err)
{
    bool behind = vt_status_store_clock_is_behind(store, now_utc_secs);
    *out = (struct vt_known){0};
    out->facts = vt_arena_alloc(arena, (store->facts.count + 1) * sizeof(*out->facts));
    out->issuers = vt_arena_alloc(arena, (store->issuers_count + 1) * sizeof(*out->issuers));
    if (out->facts == NULL || out->issuers == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a generation");
    for (size_t i = 0; i < store->facts.count; i++) {
        const struct vt_kept_fact *kept = &store->facts.items[i];
        if (freshness_of(&kept->fact, kept->fetched_utc_secs, now_utc_secs) == VT_FRESH_YOUNG &&
            (!behind || kept->fact.value != VT_STATUS_GOOD))
            out->facts[out->facts_count++] = kept->fact;
    }
    for (size_t i = 0; i < store->issuers_count; i++)
        out->issuers[out->issuers_count++] = store->issuers[i];
    return behind ? VT_OK : publish_lists(store, arena, now_utc_secs, out, err);
}
