/* SPDX-License-Identifier: Apache-2.0
 * Certificates of one mail: parsed once, found again by the SHA-256 of their DER, owned by the
 * arena. A base pool (the trust store's) is asked first and never written to. */
#include "verify/certificate.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "verify/der.h"
#include "verify/digest.h"
#include "verify/signature.h"

/* Index of the first slot table; grows by doubling and stays at most half full. */
#define FIRST_SLOTS 64
/* Parsing costs 0.1 ms; real mails carry a dozen, trust stores some thousand. */
#define MAX_POOL_CERTIFICATES 8192

struct vt_certificate_pool {
    struct vt_arena *arena;
    const struct vt_certificate_pool *base;
    struct vt_certificate **items;
    size_t count;
    /* Open addressing by the first bytes of the digest; index + 1, 0 is free. */
    size_t *slots;
    size_t slots_count;
    struct vt_digest_cache *digests; /* of this mail; NULL: none yet */
};

struct vt_certificate_pool *vt_certificate_pool_new(struct vt_arena *arena,
                                                    const struct vt_certificate_pool *base)
{
    struct vt_certificate_pool *pool = vt_arena_alloc(arena, sizeof(*pool));
    if (pool != NULL) {
        pool->arena = arena;
        pool->base = base;
    }
    return pool;
}

struct vt_digest_cache *vt_certificate_pool_digests(struct vt_certificate_pool *pool)
{
    if (pool->digests == NULL)
        pool->digests = vt_digest_cache_new(pool->arena);
    return pool->digests;
}

/* ---- hash table ---- */

static size_t slot_of(const uint8_t sha256[32], size_t slots_count)
{
    size_t hash;
    memcpy(&hash, sha256, sizeof(hash));
    return hash & (slots_count - 1);
}

static const struct vt_certificate *find_own(const struct vt_certificate_pool *pool,
                                             const uint8_t sha256[32])
{
    if (pool->slots_count == 0)
        return NULL;
    size_t slot = slot_of(sha256, pool->slots_count);
    while (pool->slots[slot] != 0) {
        const struct vt_certificate *certificate = pool->items[pool->slots[slot] - 1];
        if (memcmp(certificate->sha256, sha256, 32) == 0)
            return certificate;
        slot = (slot + 1) & (pool->slots_count - 1);
    }
    return NULL;
}

/* The certificate with this SHA-256 in the pool or its base, or NULL. */
static const struct vt_certificate *find(const struct vt_certificate_pool *pool,
                                         const uint8_t sha256[32])
{
    const struct vt_certificate *found = NULL;
    if (pool->base != NULL)
        found = find(pool->base, sha256);
    return found != NULL ? found : find_own(pool, sha256);
}

static void occupy(size_t *slots, size_t slots_count, const uint8_t sha256[32], size_t value)
{
    size_t slot = slot_of(sha256, slots_count);
    while (slots[slot] != 0)
        slot = (slot + 1) & (slots_count - 1);
    slots[slot] = value;
}

static enum vt_code make_room(struct vt_certificate_pool *pool)
{
    if (pool->slots_count != 0 && pool->count + 1 <= pool->slots_count / 2)
        return VT_OK;
    size_t slots_count = pool->slots_count == 0 ? FIRST_SLOTS : pool->slots_count * 2;
    size_t *slots = vt_arena_alloc(pool->arena, slots_count * sizeof(*slots));
    if (slots == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < pool->count; i++)
        occupy(slots, slots_count, pool->items[i]->sha256, i + 1);
    pool->slots = slots;
    pool->slots_count = slots_count;
    return VT_OK;
}

static enum vt_code insert(struct vt_certificate_pool *pool, struct vt_certificate *certificate)
{
    if (make_room(pool) != VT_OK)
        return VT_E_NOMEM;
    struct vt_certificate **items =
        vt_arena_grow(pool->arena, pool->items, pool->count, sizeof(*items));
    if (items == NULL)
        return VT_E_NOMEM;
    items[pool->count] = certificate;
    pool->items = items;
    occupy(pool->slots, pool->slots_count, certificate->sha256, ++pool->count);
    return VT_OK;
}

/* ---- adding ---- */

static void free_x509(void *x509)
{
    X509_free(x509);
}

/* OpenSSL's own object, for keys, names and the path. */
static enum vt_code parse_x509(struct vt_arena *arena, struct vt_certificate *certificate,
                               struct vt_err *err)
{
    const uint8_t *at = certificate->der.ptr;
    X509 *x509 = d2i_X509(NULL, &at, (long)certificate->der.len);

    ERR_clear_error();
    if (x509 == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the certificate cannot be decoded (RFC 5280 4.1)");
    if (vt_arena_own(arena, x509, free_x509) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a certificate");
    certificate->x509 = x509;
    return VT_OK;
}

static enum vt_code build(struct vt_arena *arena, struct vt_bytes der, const uint8_t sha256[32],
                          struct vt_certificate **out, struct vt_err *err)
{
    struct vt_certificate *certificate = vt_arena_alloc(arena, sizeof(*certificate));
    const uint8_t *copy = vt_arena_dup(arena, der.ptr, der.len);
    if (certificate == NULL || copy == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a certificate");
    certificate->der = vt_bytes_of(copy, der.len);
    memcpy(certificate->sha256, sha256, 32);

    if (vt_certificate_read_fields(certificate) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "the bytes are not a certificate (RFC 5280 4.1)");
    enum vt_code code = parse_x509(arena, certificate, err);
    if (code != VT_OK)
        return code;
    code = vt_certificate_read_extensions(arena, certificate);
    if (code == VT_OK)
        code = vt_certificate_read_facts(arena, certificate);
    if (code != VT_OK)
        return vt_err_set(err, code, "no memory for a certificate");
    *out = certificate;
    return VT_OK;
}

enum vt_code vt_certificate_add(struct vt_certificate_pool *pool, struct vt_bytes der,
                                const struct vt_certificate **out, struct vt_err *err)
{
    uint8_t sha256[32];
    struct vt_certificate *certificate = NULL;

    *out = NULL;
    if (der.len > VT_MAX_CERTIFICATE_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "a certificate of %zu bytes is above the limit of %u",
                          der.len, VT_MAX_CERTIFICATE_BYTES);
    if (EVP_Digest(der.ptr, der.len, sha256, NULL, EVP_sha256(), NULL) != 1)
        return vt_err_set(err, VT_E_INTERNAL, "SHA-256 failed");
    const struct vt_certificate *known = find(pool, sha256);
    if (known != NULL) {
        *out = known;
        return VT_OK;
    }
    if (pool->count == MAX_POOL_CERTIFICATES)
        return vt_err_set(err, VT_E_LIMIT, "there are more than %d certificates",
                          MAX_POOL_CERTIFICATES);
    enum vt_code code = build(pool->arena, der, sha256, &certificate, err);
    if (certificate == NULL)
        return code;
    if (insert(pool, certificate) != VT_OK)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a certificate");
    *out = certificate;
    return VT_OK;
}

/* ---- reading ---- */

size_t vt_certificate_pool_count(const struct vt_certificate_pool *pool)
{
    return pool->count + (pool->base != NULL ? vt_certificate_pool_count(pool->base) : 0);
}

const struct vt_certificate *vt_certificate_pool_get(const struct vt_certificate_pool *pool,
                                                     size_t index)
{
    size_t of_base = pool->base != NULL ? vt_certificate_pool_count(pool->base) : 0;
    if (index < of_base)
        return vt_certificate_pool_get(pool->base, index);
    return index - of_base < pool->count ? pool->items[index - of_base] : NULL;
}

struct vt_bytes vt_certificate_der(const struct vt_certificate *certificate)
{
    return certificate->der;
}

const char *vt_certificate_sha256(const struct vt_certificate *certificate)
{
    return certificate->facts.sha256;
}

const struct vt_certificate_facts *vt_certificate_facts(const struct vt_certificate *certificate)
{
    return &certificate->facts;
}

struct vt_bytes vt_certificate_public_key_der(const struct vt_certificate *certificate)
{
    return certificate->public_key;
}

struct vt_bytes vt_certificate_serial(const struct vt_certificate *certificate)
{
    return certificate->serial;
}

struct x509_st *vt_certificate_x509(const struct vt_certificate *certificate)
{
    return certificate->x509;
}

const char *vt_certificate_address(const struct vt_certificate *certificate,
                                   enum vt_address_kind kind, size_t index)
{
    if ((size_t)kind >= VT_ADDRESS_KINDS || index >= certificate->addresses_count[kind])
        return NULL;
    return certificate->addresses[kind][index];
}

bool vt_certificate_names_issuer(const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(certificate->x509),
                         X509_get_subject_name(issuer->x509)) == 0;
}

bool vt_certificate_is_issued_by(const struct vt_certificate *certificate,
                                 const struct vt_certificate *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
    bool is_signed = key != NULL && vt_certificate_names_issuer(certificate, issuer) &&
                     vt_key_is_usual(key) && X509_verify(certificate->x509, key) == 1;
    ERR_clear_error();
    return is_signed;
}

bool vt_certificate_is_same_entity(const struct vt_certificate *a, const struct vt_certificate *b)
{
    return a == b ||
           (vt_bytes_equal(a->public_key, b->public_key) &&
            X509_NAME_cmp(X509_get_subject_name(a->x509), X509_get_subject_name(b->x509)) == 0);
}

const char *vt_certificate_email(const struct vt_certificate *certificate, size_t index)
{
    return index < certificate->emails_count ? certificate->emails[index] : NULL;
}

static bool names_match(struct vt_bytes der, X509_NAME *name)
{
    const uint8_t *at = der.ptr;
    X509_NAME *other = d2i_X509_NAME(NULL, &at, (long)der.len);
    bool same = other != NULL && name != NULL && X509_NAME_cmp(other, name) == 0;
    X509_NAME_free(other);
    ERR_clear_error();
    return same;
}

bool vt_certificate_is_issuer_serial(const struct vt_certificate *certificate,
                                     struct vt_bytes issuer_der, struct vt_bytes serial)
{
    if (!vt_bytes_equal(vt_der_trim_integer(certificate->serial), vt_der_trim_integer(serial)))
        return false;
    return vt_bytes_equal(certificate->issuer, issuer_der) ||
           names_match(issuer_der, X509_get_issuer_name(certificate->x509));
}
