/* SPDX-License-Identifier: Apache-2.0
 * The CRLs of one mail: each is read once, and verified once with each key that is tried, for all
 * certificates and signatures of the mail. */
#include <string.h>

#include "status/crl_object.h"
#include "status/ocsp_cache.h"

/* Lists of one mail that are read: five for each of its signatures. */
#define CACHE_MAX (8 * VT_MAX_REVOCATIONS)
/* Bytes of lists that are digested for one mail, each list again for each key that is tried. */
#define MAX_DIGESTED_BYTES ((size_t)512 * 1024 * 1024)
#define MAX_TRIED 1024

struct cached {
    struct vt_bytes der;
    struct vt_crl_list *list; /* NULL: it cannot be read */
    enum vt_code parse_code;
    struct tried {
        const char *certificate_sha256;
        enum vt_code code;
    } tried[VT_MAX_CRL_SIGNERS];
    size_t tried_count;
};

struct vt_status_cache {
    struct vt_arena *arena;
    struct vt_ocsp_cache *ocsps;
    struct cached items[CACHE_MAX];
    size_t count;
    size_t digested_bytes;
    size_t tried_count;
    unsigned spent;
};

struct vt_status_cache *vt_status_cache_new(struct vt_arena *arena)
{
    struct vt_status_cache *cache = vt_arena_alloc(arena, sizeof(struct vt_status_cache));
    if (cache == NULL)
        return NULL;
    cache->arena = arena;
    cache->ocsps = vt_ocsp_cache_new(arena);
    return cache->ocsps != NULL ? cache : NULL;
}

struct vt_ocsp_cache *vt_status_cache_ocsps(const struct vt_status_cache *cache)
{
    return cache->ocsps;
}

unsigned *vt_status_cache_spent(struct vt_status_cache *cache)
{
    return &cache->spent;
}

static struct cached *find_slot(struct vt_status_cache *cache, struct vt_bytes der)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (cache->items[i].der.ptr == der.ptr && cache->items[i].der.len == der.len)
            return &cache->items[i];
    }
    return NULL;
}

enum vt_code vt_status_cache_list(struct vt_status_cache *cache, struct vt_bytes der,
                                  enum vt_status_origin from, const char *origin,
                                  struct vt_crl_list **out, struct vt_err *err)
{
    struct cached *slot = find_slot(cache, der);
    if (slot == NULL && cache->count == CACHE_MAX)
        return vt_err_set(err, VT_E_LIMIT, "the mail has more CRLs than are read");
    if (slot == NULL) {
        slot = &cache->items[cache->count++];
        *slot = (struct cached){.der = der};
        slot->parse_code = vt_crl_list_over(cache->arena, der, from, origin, &slot->list, err);
    }
    *out = slot->list;
    return slot->parse_code == VT_OK
               ? VT_OK
               : vt_err_set(err, slot->parse_code, "the CRL is not a well-formed CertificateList");
}

/* Try a key that was not tried with this list. */
static enum vt_code try_key(struct vt_status_cache *cache, const struct vt_crl *crl,
                            const struct vt_certificate *signer, struct vt_err *err)
{
    if (cache->tried_count >= MAX_TRIED || cache->digested_bytes > MAX_DIGESTED_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the mail has more CRLs and keys than are tried");
    cache->tried_count++;
    cache->digested_bytes += crl->der.len;
    return vt_crl_verify(crl, signer, err);
}

enum vt_code vt_status_cache_verify(struct vt_status_cache *cache, const struct vt_crl_list *list,
                                    const struct vt_certificate *signer, struct vt_err *err)
{
    const char *digest = vt_certificate_sha256(signer);
    /* A list of another issuer is cheap to tell, and takes nobody's place. */
    if (X509_NAME_cmp(X509_get_subject_name(vt_certificate_x509(signer)), list->issuer) != 0)
        return vt_err_set(err, VT_E_NOT_FOUND, "the CRL is that of another issuer");
    struct cached *slot = find_slot(cache, list->crl.der);
    for (size_t i = 0; slot != NULL && i < slot->tried_count; i++) {
        enum vt_code code = slot->tried[i].code;
        if (strcmp(slot->tried[i].certificate_sha256, digest) == 0)
            return code == VT_OK ? VT_OK
                                 : vt_err_set(err, code, "the CRL's signature does not verify");
    }
    enum vt_code code = try_key(cache, &list->crl, signer, err);
    if (slot != NULL && slot->tried_count < VT_MAX_CRL_SIGNERS)
        slot->tried[slot->tried_count++] = (struct tried){digest, code};
    return code;
}
