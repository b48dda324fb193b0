/* SPDX-License-Identifier: Apache-2.0
 * A software key in place of the sealer: identities of every scheme and their signatures over
 * attributes. */
#ifndef VANTHU_TESTS_SEAL_H
#define VANTHU_TESTS_SEAL_H

#include "cms.h"
#include "vanthu/seal.h"

struct ts_seal {
    struct tc_entity ca, own;
    struct vt_seal_identity identity;
};

static TC_UNUSED struct ts_seal ts_make(struct vt_arena *arena, enum vt_seal_scheme scheme,
                                        enum vt_seal_hash hash)
{
    struct ts_seal seal = {.ca = tc_ca(arena, NULL, "Seal CA", NULL)};
    EVP_PKEY *key = scheme == VT_SEAL_ECDSA ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
    TC_CHECK(key != NULL && vt_arena_own(arena, key, tc_free_key) == VT_OK);
    const struct tc_options options = {
        .name = "Sở Nội vụ",
        .issuer = &seal.ca,
        .key = key,
        .extensions = {{"keyUsage", "critical,digitalSignature,nonRepudiation"},
                       {"extendedKeyUsage", "emailProtection"},
                       {"subjectAltName", "email:vanthu@sonoivu.ninhbinh.gov.vn"}},
    };
    seal.own = tc_make(arena, NULL, &options);
    uint8_t *chain = vt_arena_alloc(arena, seal.own.der.len + seal.ca.der.len);
    memcpy(chain, seal.own.der.ptr, seal.own.der.len);
    memcpy(chain + seal.own.der.len, seal.ca.der.ptr, seal.ca.der.len);
    seal.identity = (struct vt_seal_identity){
        .key = "test",
        .chain = vt_bytes_of(chain, seal.own.der.len + seal.ca.der.len),
        .scheme = scheme,
        .hash = hash,
    };
    return seal;
}

/* What the sealer answers: the signature value over the attributes. */
static TC_UNUSED struct vt_bytes ts_sign_with(struct vt_arena *arena, EVP_PKEY *key,
                                              const struct vt_seal_identity *identity,
                                              struct vt_bytes attributes)
{
    const EVP_MD *digests[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    EVP_PKEY_CTX *key_context = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = VT_MAX_SEAL_SIGNATURE_BYTES;
    uint8_t *out = vt_arena_alloc(arena, len);
    TC_CHECK(EVP_DigestSignInit(context, &key_context, digests[identity->hash], NULL, key) == 1);
    if (identity->scheme == VT_SEAL_RSA_PSS) {
        TC_CHECK(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
        TC_CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    TC_CHECK(EVP_DigestSign(context, out, &len, attributes.ptr, attributes.len) == 1);
    EVP_MD_CTX_free(context);
    return vt_bytes_of(out, len);
}

static TC_UNUSED struct vt_bytes ts_sign(struct vt_arena *arena, const struct ts_seal *seal,
                                         struct vt_bytes attributes)
{
    return ts_sign_with(arena, seal->own.key, &seal->identity, attributes);
}

#endif
