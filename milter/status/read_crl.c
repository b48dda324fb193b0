/* SPDX-License-Identifier: Apache-2.0
 * What a CRL says about a certificate: read, verified, in scope, looked up. A large list is read
 * and verified once for all certificates of a mail. */
#include "status/crl.h"

#include <stdio.h>
#include <string.h>

/* Lists of one mail and keys that were tried with them; more are read without being kept. */
#define CACHE_MAX (2 * VT_MAX_REVOCATIONS)

struct cached {
    struct vt_bytes der;
    enum vt_code parse_code;
    struct vt_crl crl;
    char issuer_sha256[65]; /* the certificate it was verified with; empty: none yet */
    enum vt_code verify_code;
};

struct vt_status_cache {
    struct cached items[CACHE_MAX];
    size_t count;
};

struct vt_status_cache *vt_status_cache_new(struct vt_arena *arena)
{
    return vt_arena_alloc(arena, sizeof(struct vt_status_cache));
}

static struct cached *find_slot(struct vt_status_cache *cache, struct vt_bytes der,
                                struct cached *spare)
{
    for (size_t i = 0; cache != NULL && i < cache->count; i++) {
        if (cache->items[i].der.ptr == der.ptr && cache->items[i].der.len == der.len) {
            return &cache->items[i];
        }
    }
    struct cached *slot =
        cache != NULL && cache->count < CACHE_MAX ? &cache->items[cache->count++] : spare;
    *slot = (struct cached){.der = der};
    slot->parse_code = vt_crl_parse(der, &slot->crl, NULL);
    return slot;
}

static enum vt_code verify_once(struct cached *slot, const struct vt_certificate *issuer,
                                struct vt_err *err)
{
    const char *digest = vt_certificate_sha256(issuer);
    if (strcmp(slot->issuer_sha256, digest) != 0) {
        enum vt_code code = vt_crl_verify(&slot->crl, issuer, err);
        /* A list of another issuer is cheap to tell, and must not push out the right one. */
        if (code == VT_E_NOT_FOUND)
            return code;
        slot->verify_code = code;
        (void)snprintf(slot->issuer_sha256, sizeof(slot->issuer_sha256), "%s", digest);
        return code;
    }
    return slot->verify_code == VT_OK
               ? VT_OK
               : vt_err_set(err, slot->verify_code, "the CRL's signature does not verify");
}

enum vt_code vt_status_read_crl(struct vt_arena *arena, struct vt_status_cache *cache,
                                struct vt_bytes crl, const struct vt_certificate *certificate,
                                const struct vt_certificate *issuer, const char *origin,
                                struct vt_status_fact *out, struct vt_err *err)
{
    struct cached spare;
    struct cached *slot = find_slot(cache, crl, &spare);
    if (slot->parse_code != VT_OK) {
        return vt_err_set(err, slot->parse_code, "the CRL is not a well-formed CertificateList");
    }
    enum vt_code code = verify_once(slot, issuer, err);
    if (code == VT_OK) {
        code = vt_crl_fact(arena, &slot->crl, certificate, issuer, origin, out, err);
    }
    return code;
}
