/* SPDX-License-Identifier: Apache-2.0
 * The lists of the store, one for each signer's key and scope. Only a younger one takes the place
 * of what is here, so that nobody can bring back the time before a revocation. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "status/store_internal.h"
#include "vanthu/log.h"

#define REWRITE_SECS 3600

static void clear_list(struct vt_kept_list *kept)
{
    vt_crl_list_close(kept->list);
    *kept = (struct vt_kept_list){0};
}

void vt_shelf_clear(struct vt_status_store *store)
{
    for (size_t i = 0; i < store->lists_count; i++)
        clear_list(&store->lists[i]);
    store->lists_count = store->lists_bytes = 0;
}

/* ---- which one ---- */

/* Scope: name of the issuer, issuing distribution point, complete or delta. */
static enum vt_code scope_of(const struct vt_crl *crl, char out[65])
{
    struct vt_buf buf;
    vt_buf_init(&buf, crl->issuer.len + crl->distribution_point.len + 1);
    enum vt_code code = vt_buf_add(&buf, crl->is_delta ? "d" : "c", 1);
    if (code == VT_OK)
        code = vt_buf_add(&buf, crl->issuer.ptr, crl->issuer.len);
    if (code == VT_OK && crl->distribution_point.len > 0)
        code = vt_buf_add(&buf, crl->distribution_point.ptr, crl->distribution_point.len);
    if (code == VT_OK)
        code = vt_verify_sha256(vt_buf_bytes(&buf), out);
    vt_buf_clear(&buf);
    return code;
}

static struct vt_kept_list *find_like(struct vt_status_store *store,
                                      const struct vt_kept_list *fresh)
{
    const char *key = vt_crl_list_signer_key_sha256(fresh->list);
    for (size_t i = 0; i < store->lists_count; i++) {
        struct vt_kept_list *kept = &store->lists[i];
        if (strcmp(kept->scope, fresh->scope) == 0 &&
            strcmp(vt_crl_list_signer_key_sha256(kept->list), key) == 0)
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

static bool is_of_store(const struct vt_status_store *store, const struct vt_crl_list *list)
{
    const struct vt_certificate_pool *pool =
        store->trust != NULL ? vt_trust_store_pool(store->trust) : NULL;
    for (size_t i = 0; pool != NULL && i < vt_certificate_pool_count(pool); i++) {
        char key[65];
        struct vt_bytes der = vt_certificate_public_key_der(vt_certificate_pool_get(pool, i));
        if (vt_verify_sha256(der, key) == VT_OK &&
            strcmp(key, vt_crl_list_signer_key_sha256(list)) == 0)
            return true;
    }
    return false;
}

/* ---- the folder ---- */

static void name_of(const struct vt_kept_list *kept, char out[VT_STORE_NAME_BYTES])
{
    (void)snprintf(out, VT_STORE_NAME_BYTES, "crl-%.24s-%.24s",
                   vt_crl_list_signer_key_sha256(kept->list), kept->scope);
}

static void write_list(const struct vt_status_store *store, struct vt_kept_list *kept)
{
    char name[VT_STORE_NAME_BYTES];
    struct vt_status_file file = {.issuer = vt_crl_list_signer(kept->list),
                                  .data = vt_crl_list_crl(kept->list)->der,
                                  .origin = vt_bytes_str(vt_crl_list_origin(kept->list)),
                                  .fetched_utc_secs = kept->fetched_utc_secs,
                                  .used_utc_secs = kept->used_utc_secs};
    if (store->directory == NULL)
        return;
    name_of(kept, name);
    vt_status_file_write(store->directory, name, &file);
    kept->written_utc_secs = kept->fetched_utc_secs;
}

/* ---- room ---- */

static void remove_list(struct vt_status_store *store, struct vt_kept_list *kept)
{
    store->lists_bytes -= vt_crl_list_bytes(kept->list);
    clear_list(kept);
    *kept = store->lists[--store->lists_count];
    store->lists[store->lists_count] = (struct vt_kept_list){0};
}

static struct vt_kept_list *find_least_used(struct vt_status_store *store)
{
    struct vt_kept_list *least = NULL;
    for (size_t i = 0; i < store->lists_count; i++) {
        struct vt_kept_list *kept = &store->lists[i];
        if (!kept->of_store && (least == NULL || kept->used_utc_secs < least->used_utc_secs))
            least = kept;
    }
    return least;
}

static bool make_room(struct vt_status_store *store, size_t places, size_t bytes)
{
    while (store->lists_count + places > VT_MAX_STORE_CRLS ||
           store->lists_bytes + bytes > VT_MAX_STORE_CRL_BYTES) {
        char name[VT_STORE_NAME_BYTES];
        struct vt_kept_list *least = find_least_used(store);
        if (least == NULL)
            return false;
        name_of(least, name);
        if (store->directory != NULL)
            vt_status_file_remove(store->directory, name);
        remove_list(store, least);
    }
    return true;
}

/* ---- putting ---- */

/* The same CRL again proves that its source has nothing younger. */
static bool touch_same(struct vt_status_store *store, const struct vt_certificate *signer,
                       struct vt_bytes crl, int64_t fetched)
{
    for (size_t i = 0; i < store->lists_count; i++) {
        struct vt_kept_list *kept = &store->lists[i];
        if (!vt_bytes_equal(vt_crl_list_crl(kept->list)->der, crl) ||
            !vt_bytes_equal(vt_crl_list_signer(kept->list), vt_certificate_der(signer)))
            continue;
        if (fetched > kept->fetched_utc_secs)
            kept->fetched_utc_secs = fetched;
        /* Only its times have changed: not worth writing a large file each time. */
        if (kept->fetched_utc_secs - kept->written_utc_secs >= REWRITE_SECS)
            write_list(store, kept);
        return true;
    }
    return false;
}

static enum vt_code place(struct vt_status_store *store, struct vt_kept_list *fresh,
                          struct vt_err *err)
{
    const struct vt_crl *crl = vt_crl_list_crl(fresh->list);
    struct vt_kept_list *kept = find_like(store, fresh);
    vt_store_note_issued(store, vt_crl_list_signer_key_sha256(fresh->list),
                         crl->this_update_utc_secs);
    if (crl->this_update_utc_secs > fresh->fetched_utc_secs + VT_STORE_TOLERANCE_SECS)
        return vt_err_set(err, VT_E_FORMAT, "the CRL says that it was issued in the future");
    if (kept != NULL && goes_back(crl, vt_crl_list_crl(kept->list)))
        return vt_err_set(err, VT_E_FORMAT, "the CRL is older than the one at hand");
    size_t bytes = vt_crl_list_bytes(fresh->list);
    size_t freed = kept != NULL ? vt_crl_list_bytes(kept->list) : 0;
    if (!make_room(store, kept == NULL ? 1 : 0, bytes > freed ? bytes - freed : 0))
        return vt_err_set(err, VT_E_LIMIT,
                          "there is no room for the CRL beside those of configured CAs");
    kept = find_like(store, fresh);
    if (kept != NULL) {
        fresh->used_utc_secs = kept->used_utc_secs;
        remove_list(store, kept);
    }
    store->lists[store->lists_count++] = *fresh;
    store->lists_bytes += bytes;
    store->version++;
    return VT_OK;
}

/* Keep what vt_crl_list_seal made; fd is taken over in any case. */
static enum vt_code put_sealed(struct vt_status_store *store, int fd, struct vt_err *err)
{
    struct vt_kept_list fresh = {0};
    enum vt_code code = vt_crl_list_open(fd, &fresh.list, err);
    (void)close(fd);
    if (code == VT_OK) {
        fresh.fetched_utc_secs = fresh.used_utc_secs = vt_crl_list_fetched_utc_secs(fresh.list);
        fresh.of_store = is_of_store(store, fresh.list);
        code = scope_of(vt_crl_list_crl(fresh.list), fresh.scope);
    }
    if (code == VT_OK)
        code = place(store, &fresh, err);
    if (code != VT_OK)
        clear_list(&fresh);
    else
        write_list(store, &store->lists[store->lists_count - 1]);
    return code;
}

enum vt_code vt_status_store_put_crl(struct vt_status_store *store,
                                     const struct vt_certificate *signer, struct vt_bytes crl,
                                     const char *origin, int64_t fetched_utc_secs,
                                     struct vt_err *err)
{
    int fd = -1;
    if (touch_same(store, signer, crl, fetched_utc_secs))
        return VT_OK;
    enum vt_code code = vt_crl_list_seal(crl, signer, origin, fetched_utc_secs, &fd, err);
    return code == VT_OK ? put_sealed(store, fd, err) : code;
}

/* ---- what others may know ---- */

void vt_status_store_set_used(struct vt_status_store *store, const char *data_sha256,
                              int64_t used_utc_secs)
{
    for (size_t i = 0; i < store->lists_count; i++) {
        if (strcmp(vt_crl_list_data_sha256(store->lists[i].list), data_sha256) == 0)
            store->lists[i].used_utc_secs = used_utc_secs;
    }
}

size_t vt_status_store_lists_count(const struct vt_status_store *store)
{
    return store->lists_count;
}

void vt_status_store_list(const struct vt_status_store *store, size_t index,
                          struct vt_store_list *out)
{
    const struct vt_kept_list *kept = &store->lists[index];
    *out = (struct vt_store_list){.list = kept->list,
                                  .fetched_utc_secs = kept->fetched_utc_secs,
                                  .used_utc_secs = kept->used_utc_secs,
                                  .of_store = kept->of_store};
}
