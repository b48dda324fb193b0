/* SPDX-License-Identifier: Apache-2.0
 * The status role's memory. Used by one thread. */
#include "status/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/clock.h"

/* A CA that revokes issues a new list long before the old one ends: look again after an hour. */
#define YOUNG_SECS 3600
#define CLOCK_TOLERANCE_SECS 300
/* Data that names no next update. */
#define IN_FORCE_WITHOUT_NEXT_SECS (24 * 3600)

struct kept_crl {
    char issuer_key[65];
    char *origin;
    uint8_t *bytes;
    struct vt_crl crl; /* views of bytes */
    int64_t fetched_utc_secs;
    uint64_t used;
};

struct kept_fact {
    struct vt_status_fact fact; /* strings owned, constants excepted */
    int64_t fetched_utc_secs;
    uint64_t used;
};

struct vt_status_store {
    char *directory; /* NULL: memory only */
    struct kept_crl crls[VT_MAX_STORE_CRLS];
    size_t crls_count, crls_bytes;
    struct kept_fact *facts;
    size_t facts_count;
    struct vt_bytes issuers[VT_MAX_STORE_ISSUERS];
    size_t issuers_count;
    uint64_t clock; /* counts uses */
    uint64_t version;
};

enum vt_code vt_status_store_new(struct vt_status_store **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_status_store *store = calloc(1, sizeof(*store));
    if (store != NULL)
        store->facts = calloc(VT_MAX_STORE_FACTS, sizeof(*store->facts));
    if (store == NULL || store->facts == NULL) {
        vt_status_store_free(store);
        return vt_err_set(err, VT_E_NOMEM, "out of memory for the status store");
    }
    *out = store;
    return VT_OK;
}

enum vt_code vt_status_store_keep_in(struct vt_status_store *store, const char *directory,
                                     struct vt_err *err)
{
    free(store->directory);
    store->directory = strdup(directory);
    return store->directory != NULL ? VT_OK
                                    : vt_err_set(err, VT_E_NOMEM, "out of memory for a path");
}

static void drop_string(const char *string)
{
    free((void *)(uintptr_t)string);
}

static void clear_fact(struct kept_fact *kept)
{
    drop_string(kept->fact.serial);
    drop_string(kept->fact.origin);
    drop_string(kept->fact.revocation_reason);
    *kept = (struct kept_fact){0};
}

static void clear_crl(struct kept_crl *kept)
{
    free(kept->origin);
    free(kept->bytes);
    *kept = (struct kept_crl){0};
}

void vt_status_store_free(struct vt_status_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->crls_count; i++)
        clear_crl(&store->crls[i]);
    for (size_t i = 0; store->facts != NULL && i < store->facts_count; i++)
        clear_fact(&store->facts[i]);
    for (size_t i = 0; i < store->issuers_count; i++)
        free((void *)(uintptr_t)store->issuers[i].ptr);
    free(store->facts);
    free(store->directory);
    free(store);
}

/* ---- facts ---- */

static bool is_in_force(const struct vt_status_fact *fact, int64_t now)
{
    int64_t from = fact->this_update_utc_secs;
    if (fact->value == VT_STATUS_REVOKED)
        return true; /* never ends */
    if (from == VT_TIME_NONE || from > now + CLOCK_TOLERANCE_SECS)
        return false;
    return now <= (fact->next_update_utc_secs != VT_TIME_NONE ? fact->next_update_utc_secs
                                                              : from + IN_FORCE_WITHOUT_NEXT_SECS);
}

static enum vt_freshness freshness_of(const struct vt_status_fact *fact, int64_t fetched,
                                      int64_t now)
{
    if (!is_in_force(fact, now))
        return VT_FRESH_NONE;
    return fact->value == VT_STATUS_REVOKED ||
                   (now - fetched < YOUNG_SECS && fetched <= now + CLOCK_TOLERANCE_SECS)
               ? VT_FRESH_YOUNG
               : VT_FRESH_IN_FORCE;
}

static struct kept_fact *find_fact(struct vt_status_store *store, const char *key,
                                   const char *serial)
{
    for (size_t i = 0; i < store->facts_count; i++) {
        struct kept_fact *kept = &store->facts[i];
        if (strcmp(kept->fact.issuer_key_sha256, key) == 0 &&
            strcmp(kept->fact.serial, serial) == 0)
            return kept;
    }
    return NULL;
}

/* A place for one more; of a full table the one that was not used for longest. */
static struct kept_fact *make_room(struct vt_status_store *store)
{
    if (store->facts_count < VT_MAX_STORE_FACTS)
        return &store->facts[store->facts_count++];
    struct kept_fact *oldest = &store->facts[0];
    for (size_t i = 1; i < store->facts_count; i++) {
        if (store->facts[i].used < oldest->used)
            oldest = &store->facts[i];
    }
    clear_fact(oldest);
    return oldest;
}

static char *dup_or_null(const char *string, bool *ok)
{
    char *copy = string != NULL ? strdup(string) : NULL;
    *ok = *ok && (string == NULL || copy != NULL);
    return copy;
}

/* An older statement never replaces a younger one, and nothing replaces a final revocation. */
static bool may_replace(const struct kept_fact *old, const struct vt_status_fact *fact)
{
    bool was = old->fact.value == VT_STATUS_REVOKED;
    bool is = fact->value == VT_STATUS_REVOKED;
    return was == is ? fact->this_update_utc_secs >= old->fact.this_update_utc_secs : is;
}

static enum vt_code keep_fact(struct vt_status_store *store, const struct vt_status_fact *fact,
                              int64_t fetched, struct vt_err *err)
{
    bool ok = true;
    struct kept_fact *place = find_fact(store, fact->issuer_key_sha256, fact->serial);
    if (place != NULL && !may_replace(place, fact))
        return VT_OK;
    struct kept_fact copy = {.fact = *fact, .fetched_utc_secs = fetched, .used = ++store->clock};
    copy.fact.serial = dup_or_null(fact->serial, &ok);
    copy.fact.origin = dup_or_null(fact->origin, &ok);
    copy.fact.revocation_reason = dup_or_null(fact->revocation_reason, &ok);
    copy.fact.finding = NULL;
    if (!ok) {
        clear_fact(&copy);
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
    }
    if (place != NULL)
        clear_fact(place);
    else
        place = make_room(store);
    *place = copy;
    store->version++;
    return VT_OK;
}

/* A new list says anew what the old one said; a final revocation stays even when it is no longer
 * listed (RFC 5280 3.3: after the certificate has expired). */
static void drop_facts_of_crl(struct vt_status_store *store, const char *key)
{
    for (size_t i = 0; i < store->facts_count;) {
        struct kept_fact *kept = &store->facts[i];
        if (strcmp(kept->fact.issuer_key_sha256, key) != 0 ||
            strcmp(kept->fact.source, "crl") != 0 || kept->fact.value == VT_STATUS_REVOKED) {
            i++;
            continue;
        }
        clear_fact(kept);
        *kept = store->facts[--store->facts_count];
        store->facts[store->facts_count] = (struct kept_fact){0};
    }
}

/* ---- CRLs ---- */

static struct kept_crl *find_crl(struct vt_status_store *store, const char *key,
                                 const struct vt_crl *like)
{
    for (size_t i = 0; i < store->crls_count; i++) {
        struct kept_crl *kept = &store->crls[i];
        if (strcmp(kept->issuer_key, key) == 0 && kept->crl.is_delta == like->is_delta &&
            vt_bytes_equal(kept->crl.distribution_point, like->distribution_point))
            return kept;
    }
    return NULL;
}

/* cRLNumber as a number: shorter is smaller (RFC 5280 5.2.3: at most 20 octets). */
static int compare_numbers(struct vt_bytes a, struct vt_bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

static bool goes_back(const struct vt_crl *fresh, const struct vt_crl *kept)
{
    bool numbered = fresh->number.len > 0 && kept->number.len > 0;
    return fresh->this_update_utc_secs < kept->this_update_utc_secs ||
           (numbered && compare_numbers(fresh->number, kept->number) < 0);
}

static void drop_crl(struct vt_status_store *store, struct kept_crl *kept)
{
    store->crls_bytes -= kept->crl.der.len;
    clear_crl(kept);
    *kept = store->crls[--store->crls_count];
    store->crls[store->crls_count] = (struct kept_crl){0};
}

static void make_room_for_crl(struct vt_status_store *store, size_t bytes)
{
    while (store->crls_count > 0 && (store->crls_count == VT_MAX_STORE_CRLS ||
                                     store->crls_bytes + bytes > VT_MAX_STORE_CRL_BYTES)) {
        struct kept_crl *oldest = &store->crls[0];
        for (size_t i = 1; i < store->crls_count; i++) {
            if (store->crls[i].used < oldest->used)
                oldest = &store->crls[i];
        }
        drop_crl(store, oldest);
    }
}

static enum vt_code copy_crl(struct vt_bytes crl, const char *origin, struct kept_crl *out,
                             struct vt_err *err)
{
    out->bytes = malloc(crl.len + 1);
    out->origin = strdup(origin);
    if (out->bytes == NULL || out->origin == NULL) {
        clear_crl(out);
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a CRL");
    }
    memcpy(out->bytes, crl.ptr, crl.len);
    return vt_crl_parse(vt_bytes_of(out->bytes, crl.len), &out->crl, err);
}

static void write_crl(const struct vt_status_store *store, const struct kept_crl *kept,
                      const struct vt_certificate *issuer)
{
    char name[64];
    char scope[65];
    struct vt_status_file file = {.issuer = vt_certificate_der(issuer),
                                  .data = kept->crl.der,
                                  .origin = vt_bytes_str(kept->origin),
                                  .fetched_utc_secs = kept->fetched_utc_secs};
    if (store->directory == NULL || vt_verify_sha256(kept->crl.distribution_point, scope) != VT_OK)
        return;
    (void)snprintf(name, sizeof(name), "%s-%.24s-%.12s", kept->crl.is_delta ? "crl-delta" : "crl",
                   kept->issuer_key, scope);
    vt_status_file_write(store->directory, name, &file);
}

enum vt_code vt_status_store_put_crl(struct vt_status_store *store,
                                     const struct vt_certificate *issuer, struct vt_bytes crl,
                                     const char *origin, int64_t fetched_utc_secs,
                                     struct vt_err *err)
{
    struct kept_crl fresh = {.fetched_utc_secs = fetched_utc_secs, .used = ++store->clock};
    enum vt_code code = vt_verify_sha256(vt_certificate_public_key_der(issuer), fresh.issuer_key);
    if (code == VT_OK)
        code = copy_crl(crl, origin, &fresh, err);
    if (code != VT_OK)
        return code;
    struct kept_crl *kept = find_crl(store, fresh.issuer_key, &fresh.crl);
    if (kept != NULL && goes_back(&fresh.crl, &kept->crl)) {
        clear_crl(&fresh);
        return vt_err_set(err, VT_E_FORMAT, "the CRL from %.100s is older than the one at hand",
                          origin);
    }
    if (kept != NULL)
        drop_crl(store, kept);
    make_room_for_crl(store, crl.len);
    drop_facts_of_crl(store, fresh.issuer_key);
    store->crls[store->crls_count++] = fresh;
    store->crls_bytes += crl.len;
    store->version++;
    write_crl(store, &store->crls[store->crls_count - 1], issuer);
    return VT_OK;
}

/* The youngest fact of the lists at hand, kept for the next generation. */
static void ask_crls(struct vt_status_store *store, struct vt_arena *arena,
                     const struct vt_certificate *certificate, const struct vt_certificate *issuer,
                     const char *key)
{
    for (size_t i = 0; i < store->crls_count; i++) {
        struct kept_crl *kept = &store->crls[i];
        struct vt_status_fact fact;
        if (strcmp(kept->issuer_key, key) != 0 ||
            vt_crl_fact(arena, &kept->crl, certificate, issuer, kept->origin, &fact, NULL) != VT_OK)
            continue;
        kept->used = ++store->clock;
        if (keep_fact(store, &fact, kept->fetched_utc_secs, NULL) != VT_OK)
            return;
    }
}

enum vt_freshness vt_status_store_find(struct vt_status_store *store, struct vt_arena *arena,
                                       const struct vt_certificate *certificate,
                                       const struct vt_certificate *issuer, int64_t now_utc_secs,
                                       struct vt_status_fact *out)
{
    char key[65];
    const char *serial = vt_certificate_facts(certificate)->serial;
    if (serial == NULL || vt_verify_sha256(vt_certificate_public_key_der(issuer), key) != VT_OK)
        return VT_FRESH_NONE;
    struct kept_fact *kept = find_fact(store, key, serial);
    if (kept == NULL ||
        freshness_of(&kept->fact, kept->fetched_utc_secs, now_utc_secs) != VT_FRESH_YOUNG) {
        ask_crls(store, arena, certificate, issuer, key);
        kept = find_fact(store, key, serial);
    }
    if (kept == NULL)
        return VT_FRESH_NONE;
    kept->used = ++store->clock;
    *out = kept->fact;
    out->serial = vt_arena_str(arena, kept->fact.serial);
    out->origin = vt_arena_str(arena, kept->fact.origin);
    out->revocation_reason = vt_arena_str(arena, kept->fact.revocation_reason);
    if (out->serial == NULL)
        return VT_FRESH_NONE;
    return freshness_of(&kept->fact, kept->fetched_utc_secs, now_utc_secs);
}

/* ---- OCSP and issuers ---- */

enum vt_code vt_status_store_put_ocsp(struct vt_status_store *store,
                                      const struct vt_certificate *certificate,
                                      const struct vt_certificate *issuer, struct vt_bytes response,
                                      const struct vt_status_fact *fact, int64_t fetched_utc_secs,
                                      struct vt_err *err)
{
    char name[64];
    struct vt_status_file file = {.issuer = vt_certificate_der(issuer),
                                  .certificate = vt_certificate_der(certificate),
                                  .data = response,
                                  .origin = vt_bytes_str(fact->origin),
                                  .fetched_utc_secs = fetched_utc_secs};
    uint64_t before = store->version;
    enum vt_code code = keep_fact(store, fact, fetched_utc_secs, err);
    if (code == VT_OK && store->version != before && store->directory != NULL) {
        (void)snprintf(name, sizeof(name), "ocsp-%.40s", vt_certificate_sha256(certificate));
        vt_status_file_write(store->directory, name, &file);
    }
    return code;
}

enum vt_code vt_status_store_put_issuer(struct vt_status_store *store,
                                        const struct vt_certificate *issuer, struct vt_err *err)
{
    char name[64];
    struct vt_bytes der = vt_certificate_der(issuer);
    for (size_t i = 0; i < store->issuers_count; i++) {
        if (vt_bytes_equal(store->issuers[i], der))
            return VT_OK;
    }
    uint8_t *copy = malloc(der.len + 1);
    if (copy == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a certificate");
    memcpy(copy, der.ptr, der.len);
    if (store->issuers_count == VT_MAX_STORE_ISSUERS) {
        free((void *)(uintptr_t)store->issuers[0].ptr);
        memmove(&store->issuers[0], &store->issuers[1],
                (VT_MAX_STORE_ISSUERS - 1) * sizeof(store->issuers[0]));
        store->issuers_count--;
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the view keeps the copy */
    store->issuers[store->issuers_count++] = vt_bytes_of(copy, der.len);
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

/* ---- generations ---- */

uint64_t vt_status_store_version(const struct vt_status_store *store)
{
    return store->version;
}

enum vt_code vt_status_store_known(const struct vt_status_store *store, struct vt_arena *arena,
                                   int64_t now_utc_secs, struct vt_known *out, struct vt_err *err)
{
    *out = (struct vt_known){0};
    out->facts = vt_arena_alloc(arena, (store->facts_count + 1) * sizeof(*out->facts));
    out->issuers = vt_arena_alloc(arena, (store->issuers_count + 1) * sizeof(*out->issuers));
    if (out->facts == NULL || out->issuers == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a generation");
    for (size_t i = 0; i < store->facts_count; i++) {
        const struct kept_fact *kept = &store->facts[i];
        if (freshness_of(&kept->fact, kept->fetched_utc_secs, now_utc_secs) == VT_FRESH_YOUNG)
            out->facts[out->facts_count++] = kept->fact;
    }
    for (size_t i = 0; i < store->issuers_count; i++)
        out->issuers[out->issuers_count++] = store->issuers[i];
    return VT_OK;
}
