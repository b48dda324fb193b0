/* SPDX-License-Identifier: Apache-2.0
 * The CRLs of one mail: each is read once, and verified once with each key that is tried, for all
 * certificates and signatures of the mail. */
#include "status/crl_list.h"

#include <string.h>

/* Lists of one mail; more are read without being kept. */
#define CACHE_MAX (8 * VT_MAX_REVOCATIONS)
/* Keys that one list is tried with, and remembered. */
#define SIGNERS_MAX 4

struct cached {
    struct vt_bytes der;
    struct vt_crl_list *list; /* NULL: it cannot be read */
    enum vt_code parse_code;
    struct tried {
        const char *certificate_sha256;
        enum vt_code code;
    } tried[SIGNERS_MAX];
    size_t tried_count;
};

struct vt_status_cache {
    struct vt_arena *arena;
    struct cached items[CACHE_MAX];
    size_t count;
};

struct vt_status_cache *vt_status_cache_new(struct vt_arena *arena)
{
    struct vt_status_cache *cache = vt_arena_alloc(arena, sizeof(struct vt_status_cache));
    if (cache != NULL)
        cache->arena = arena;
    return cache;
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
    struct cached spare = {.der = der};
    struct cached *slot = find_slot(cache, der);
    if (slot == NULL) {
        slot = cache->count < CACHE_MAX ? &cache->items[cache->count++] : &spare;
        *slot = (struct cached){.der = der};
        slot->parse_code = vt_crl_list_over(cache->arena, der, from, origin, &slot->list, err);
    }
    *out = slot->list;
    return slot->parse_code == VT_OK
               ? VT_OK
               : vt_err_set(err, slot->parse_code, "the CRL is not a well-formed CertificateList");
}

enum vt_code vt_status_cache_verify(struct vt_status_cache *cache, const struct vt_crl_list *list,
                                    const struct vt_certificate *signer, struct vt_err *err)
{
    const struct vt_crl *crl = vt_crl_list_crl(list);
    const char *digest = vt_certificate_sha256(signer);
    struct cached *slot = find_slot(cache, crl->der);
    for (size_t i = 0; slot != NULL && i < slot->tried_count; i++) {
        enum vt_code code = slot->tried[i].code;
        if (strcmp(slot->tried[i].certificate_sha256, digest) == 0)
            return code == VT_OK ? VT_OK
                                 : vt_err_set(err, code, "the CRL's signature does not verify");
    }
    enum vt_code code = vt_crl_verify(crl, signer, err);
    /* A list of another issuer is cheap to tell, and takes nobody's place. */
    if (code != VT_E_NOT_FOUND && slot != NULL && slot->tried_count < SIGNERS_MAX)
        slot->tried[slot->tried_count++] = (struct tried){digest, code};
    return code;
}
