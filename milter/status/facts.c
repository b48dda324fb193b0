/* SPDX-License-Identifier: Apache-2.0
 * Facts by issuer key and serial number: a hash table with a chain by use, bounded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status/store_internal.h"

#define BUCKETS 16384u
#define NONE UINT32_MAX

bool vt_fact_table_init(struct vt_fact_table *table)
{
    *table = (struct vt_fact_table){.oldest = NONE, .youngest = NONE};
    table->items = calloc(VT_MAX_STORE_FACTS, sizeof(*table->items));
    table->buckets = malloc(BUCKETS * sizeof(*table->buckets));
    if (table->items == NULL || table->buckets == NULL)
        return false;
    memset(table->buckets, 0xff, BUCKETS * sizeof(*table->buckets));
    return true;
}

static void drop_string(const char *string)
{
    free((void *)(uintptr_t)string);
}

static void clear_fact(struct vt_kept_fact *kept)
{
    drop_string(kept->fact.serial);
    drop_string(kept->fact.origin);
    drop_string(kept->fact.revocation_reason);
    drop_string(kept->fact.responder_name);
    vt_bytes_free(kept->fact.responder);
    *kept = (struct vt_kept_fact){0};
}

void vt_fact_table_clear(struct vt_fact_table *table)
{
    for (size_t i = 0; table->items != NULL && i < table->count; i++)
        clear_fact(&table->items[i]);
    free(table->items);
    free(table->buckets);
    *table = (struct vt_fact_table){0};
}

/* FNV-1a. The key is a SHA-256, so that nobody can choose who falls into which bucket but the CA
 * that chooses serial numbers. */
static uint32_t bucket_of(const char *issuer_key, const char *serial)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *at = issuer_key; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    for (const char *at = serial; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32) % BUCKETS;
}

/* ---- the chain by use ---- */

static void leave_chain(struct vt_fact_table *table, uint32_t index)
{
    const struct vt_kept_fact *kept = &table->items[index];
    if (kept->older != NONE)
        table->items[kept->older].younger = kept->younger;
    else
        table->oldest = kept->younger;
    if (kept->younger != NONE)
        table->items[kept->younger].older = kept->older;
    else
        table->youngest = kept->older;
}

static void join_chain(struct vt_fact_table *table, uint32_t index)
{
    struct vt_kept_fact *kept = &table->items[index];
    kept->older = table->youngest;
    kept->younger = NONE;
    if (table->youngest != NONE)
        table->items[table->youngest].younger = index;
    else
        table->oldest = index;
    table->youngest = index;
}

static void leave_bucket(struct vt_fact_table *table, uint32_t index)
{
    const struct vt_kept_fact *kept = &table->items[index];
    uint32_t *link = &table->buckets[bucket_of(kept->fact.issuer_key_sha256, kept->fact.serial)];
    while (*link != index)
        link = &table->items[*link].next;
    *link = kept->next;
}

struct vt_kept_fact *vt_fact_table_find(struct vt_fact_table *table, const char *issuer_key,
                                        const char *serial)
{
    uint32_t index = table->buckets[bucket_of(issuer_key, serial)];
    for (; index != NONE; index = table->items[index].next) {
        struct vt_kept_fact *kept = &table->items[index];
        if (strcmp(kept->fact.serial, serial) != 0 ||
            strcmp(kept->fact.issuer_key_sha256, issuer_key) != 0)
            continue;
        leave_chain(table, index);
        join_chain(table, index);
        return kept;
    }
    return NULL;
}

/* ---- putting ---- */

static char *dup_or_null(const char *string, bool *ok)
{
    char *copy = string != NULL ? strdup(string) : NULL;
    *ok = *ok && (string == NULL || copy != NULL);
    return copy;
}

static bool copy_fact(const struct vt_status_fact *fact, struct vt_kept_fact *out)
{
    bool ok = true;
    out->fact = *fact;
    out->fact.serial = dup_or_null(fact->serial, &ok);
    out->fact.origin = dup_or_null(fact->origin, &ok);
    out->fact.revocation_reason = dup_or_null(fact->revocation_reason, &ok);
    out->fact.responder_name = dup_or_null(fact->responder_name, &ok);
    out->fact.source = strcmp(fact->source, "ocsp") == 0 ? "ocsp" : "crl";
    out->fact.finding = NULL;
    out->fact.responder = (struct vt_bytes){0};
    if (fact->responder.len > 0) {
        out->fact.responder = vt_bytes_dup(fact->responder);
        ok = ok && out->fact.responder.ptr != NULL;
    }
    if (!ok)
        clear_fact(out);
    return ok;
}

/* An older statement never replaces a younger one, and nothing replaces a final revocation. */
static bool may_replace(const struct vt_status_fact *old, const struct vt_status_fact *fact)
{
    bool was = old->value == VT_STATUS_REVOKED;
    bool is = fact->value == VT_STATUS_REVOKED;
    return was == is ? fact->this_update_utc_secs >= old->this_update_utc_secs : is;
}

/* A place for one more; of a full table the one that was not used for longest. */
static uint32_t make_room(struct vt_fact_table *table, char out_dropped[VT_STORE_NAME_BYTES])
{
    if (table->count < VT_MAX_STORE_FACTS)
        return (uint32_t)table->count++;
    uint32_t index = table->oldest;
    memcpy(out_dropped, table->items[index].file, VT_STORE_NAME_BYTES);
    leave_chain(table, index);
    leave_bucket(table, index);
    clear_fact(&table->items[index]);
    return index;
}

static void insert(struct vt_fact_table *table, const struct vt_kept_fact *fresh, uint32_t index)
{
    uint32_t *bucket =
        &table->buckets[bucket_of(fresh->fact.issuer_key_sha256, fresh->fact.serial)];
    table->items[index] = *fresh;
    table->items[index].next = *bucket;
    *bucket = index;
    join_chain(table, index);
}

enum vt_code vt_fact_table_put(struct vt_fact_table *table, const struct vt_status_fact *fact,
                               int64_t fetched_utc_secs, const char *file, bool *out_changed,
                               char out_dropped[VT_STORE_NAME_BYTES], struct vt_err *err)
{
    struct vt_kept_fact fresh = {0};
    struct vt_kept_fact *old = vt_fact_table_find(table, fact->issuer_key_sha256, fact->serial);
    *out_changed = false;
    memset(out_dropped, 0, VT_STORE_NAME_BYTES);
    if (old != NULL && !may_replace(&old->fact, fact))
        return VT_OK;
    if (!copy_fact(fact, &fresh))
        return vt_err_set(err, VT_E_NOMEM, "out of memory for a status");
    fresh.fetched_utc_secs = fetched_utc_secs;
    (void)snprintf(fresh.file, sizeof(fresh.file), "%s", file);
    if (old != NULL) {
        if (strcmp(old->file, file) != 0)
            memcpy(out_dropped, old->file, sizeof(old->file));
        fresh.next = old->next;
        fresh.older = old->older;
        fresh.younger = old->younger;
        clear_fact(old);
        *old = fresh;
    } else {
        insert(table, &fresh, make_room(table, out_dropped));
    }
    *out_changed = true;
    return VT_OK;
}
