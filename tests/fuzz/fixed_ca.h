/* SPDX-License-Identifier: Apache-2.0
 * A CA and a certificate of it that are the same in every run, so that seeds keep their meaning.
 * The key is for the fuzz targets alone. */
#ifndef VANTHU_TESTS_FIXED_CA_H
#define VANTHU_TESTS_FIXED_CA_H

#include <openssl/pem.h>

#include "../lib/certificates.h"

static const char fixed_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                                "MHcCAQEEIDOcs4zJFJ+YycaqdhVwUNykLB29hcoXOuUyIn2StSwKoAoGCCqGSM49\n"
                                "AwEHoUQDQgAEkF9Bnzm7VZ8Au1fNim6SBfgnvOjtvfQ5uj4azLyCo9OTfCnG40wH\n"
                                "RFzHPMPfj3Hm2wpAjrYxRlp1aiu6k8uhrQ==\n"
                                "-----END EC PRIVATE KEY-----\n";

struct fixed_ca {
    struct vt_arena *arena;
    struct vt_certificate_pool *pool;
    struct tc_entity ca, leaf;
};

static inline void fixed_ca_make(struct fixed_ca *out)
{
    BIO *bio = BIO_new_mem_buf(fixed_key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    out->arena = vt_arena_new(4 * 1024 * 1024);
    out->pool = vt_certificate_pool_new(out->arena, NULL);
    TC_CHECK(key != NULL && out->pool != NULL);
    TC_CHECK(vt_arena_own(out->arena, key, tc_free_key) == VT_OK);
    struct tc_options ca = {.name = "CA",
                            .serial = 1,
                            .key = key,
                            .extensions = {{"basicConstraints", "critical,CA:TRUE"}}};
    out->ca = tc_make(out->arena, out->pool, &ca);
    struct tc_options leaf = {
        .name = "leaf",
        .serial = 0x1234,
        .key = key,
        .issuer = &out->ca,
        .extensions = {{"crlDistributionPoints", "URI:http://ca.example/1.crl"}}};
    out->leaf = tc_make(out->arena, out->pool, &leaf);
}

#endif
