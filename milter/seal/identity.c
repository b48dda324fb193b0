/* SPDX-License-Identifier: Apache-2.0
 * Own certificates: read once, when the sealer starts; another one comes with a reload. */
#include "seal/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "seal/hash.h"
#include "vanthu/clock.h"
#include "vanthu/verify.h"
#include "vanthu/wire.h"

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_SUBJECT_BYTES 256

static enum vt_code read_file(const char *file, struct vt_bytes *out, bool *out_mapped,
                              struct vt_err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return vt_err_sys(err, "the certificate %s cannot be read", file);
    enum vt_code code = vt_input_read(fd, VT_MAX_SEAL_CHAIN_BYTES * 4, out, out_mapped, err);
    (void)close(fd);
    return code;
}

static enum vt_code keep(struct vt_own_certificate *own,
                         const struct vt_certificate *const *certificates, size_t count,
                         struct vt_err *err)
{
    const struct vt_certificate_facts *facts = vt_certificate_facts(certificates[0]);
    struct vt_buf chain;
    vt_buf_init(&chain, VT_MAX_SEAL_CHAIN_BYTES);
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        struct vt_bytes der = vt_certificate_der(certificates[i]);
        code = vt_buf_add(&chain, der.ptr, der.len);
    }
    uint8_t *copy = code == VT_OK ? vt_arena_dup(own->arena, chain.ptr, chain.len) : NULL;
    own->subject = vt_arena_alloc(own->arena, MAX_SUBJECT_BYTES);
    if (copy == NULL || own->subject == NULL)
        code = vt_err_set(err, VT_E_LIMIT, "the chain has more than %u bytes",
                          VT_MAX_SEAL_CHAIN_BYTES);
    else
        (void)vt_text_clean(
            own->subject, MAX_SUBJECT_BYTES,
            vt_bytes_str(facts->common_name != NULL ? facts->common_name : facts->subject));
    own->chain = vt_bytes_of(copy, chain.len);
    own->certificate = vt_bytes_slice(own->chain, 0, vt_certificate_der(certificates[0]).len);
    vt_buf_clear(&chain);
    memcpy(own->sha256, facts->sha256, sizeof(own->sha256));
    memcpy(own->key_sha256, facts->key_sha256, sizeof(own->key_sha256));
    own->not_before_utc_secs = facts->not_before_utc_secs;
    own->not_after_utc_secs = facts->not_after_utc_secs;
    return code;
}

static enum vt_code take(const struct vt_seal_key *key, struct vt_bytes file,
                         struct vt_own_certificate *own, struct vt_err *err)
{
    const struct vt_certificate *found[VT_MAX_SEAL_CHAIN];
    size_t count = 0;
    struct vt_certificate_pool *pool = vt_certificate_pool_new(own->arena, NULL);
    if (pool == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a certificate");
    enum vt_code code = vt_certificate_add_file(pool, file, found, VT_MAX_SEAL_CHAIN, &count, err);
    if (code == VT_OK && count == 0)
        code = vt_err_set(err, VT_E_CONFIG, "it holds no certificate");
    if (code == VT_OK)
        code = keep(own, found, count, err);
    if (code != VT_OK)
        return code;
    const uint8_t *at = vt_certificate_public_key_der(found[0]).ptr;
    own->public_key = d2i_PUBKEY(NULL, &at, (long)vt_certificate_public_key_der(found[0]).len);
    ERR_clear_error();
    if (own->public_key == NULL || !vt_seal_fits(own->public_key, key->scheme))
        code =
            vt_err_set(err, VT_E_CONFIG,
                       "its key cannot sign by scheme: %s (the first certificate of the file has "
                       "to be that of the key, its chain follows)",
                       vt_seal_scheme_name(key->scheme));
    return code;
}

enum vt_code vt_own_certificate_read(const struct vt_seal_key *key, struct vt_own_certificate *out,
                                     struct vt_err *err)
{
    struct vt_bytes file = {0};
    struct vt_err inner = {0};
    bool mapped = false;
    *out = (struct vt_own_certificate){.arena = vt_arena_new(ARENA_BYTES)};
    if (out->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a certificate");
    enum vt_code code = read_file(key->certificate, &file, &mapped, err);
    if (code != VT_OK)
        return VT_E_CONFIG;
    code = take(key, file, out, &inner);
    vt_input_release(file, mapped);
    return code == VT_OK ? VT_OK
                         : vt_err_set(err, VT_E_CONFIG, "%s: %s", key->certificate, inner.text);
}

void vt_own_certificate_clear(struct vt_own_certificate *certificate)
{
    EVP_PKEY_free(certificate->public_key);
    vt_arena_free(certificate->arena);
    *certificate = (struct vt_own_certificate){0};
}

enum vt_code vt_own_certificate_is_valid(const struct vt_own_certificate *certificate,
                                         int64_t now_utc_secs, struct vt_err *err)
{
    char shown[64];
    if (now_utc_secs < certificate->not_before_utc_secs)
        return vt_err_set(err, VT_E_EXPIRED, "the certificate of the key is valid only from %s",
                          vt_time_vietnam(shown, certificate->not_before_utc_secs));
    if (now_utc_secs > certificate->not_after_utc_secs)
        return vt_err_set(err, VT_E_EXPIRED, "the certificate of the key expired: %s",
                          vt_time_vietnam(shown, certificate->not_after_utc_secs));
    return VT_OK;
}
