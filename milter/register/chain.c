/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 (FIPS 180-4) over what the register stores. */
#include "register/chain.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#define FRAME_BYTES 100
#define FRAME_REFERENCE_BYTES 16

/* SHA-256 of two pieces, one after the other. */
static enum vt_code digest_of(struct vt_bytes first, struct vt_bytes second,
                              uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    unsigned len = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                   EVP_DigestUpdate(context, first.ptr, first.len) == 1 &&
                   EVP_DigestUpdate(context, second.ptr, second.len) == 1 &&
                   EVP_DigestFinal_ex(context, out, &len) == 1;
    EVP_MD_CTX_free(context);
    return is_done && len == VT_REGISTER_DIGEST_BYTES ? VT_OK : VT_E_INTERNAL;
}

enum vt_code vt_chain_sha256(struct vt_bytes bytes, uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    return digest_of(bytes, (struct vt_bytes){0}, out);
}

enum vt_code vt_chain_first(struct vt_bytes id, uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    return digest_of(VT_BYTES("vanthu register\n"), id, out);
}

enum vt_code vt_chain_body(struct vt_bytes salt, struct vt_bytes body,
                           uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    return digest_of(salt, body, out);
}

static uint8_t *put_number(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return at + bytes;
}

enum vt_code vt_chain_next(const uint8_t before[VT_REGISTER_DIGEST_BYTES],
                           const struct vt_link *link, uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    uint8_t frame[FRAME_BYTES] = {0}, *at = frame;
    size_t len = strlen(link->reference);
    if (len > FRAME_REFERENCE_BYTES)
        len = FRAME_REFERENCE_BYTES;
    memcpy(at, before, VT_REGISTER_DIGEST_BYTES);
    at = put_number(at + VT_REGISTER_DIGEST_BYTES, (uint64_t)link->seq, 8);
    at = put_number(at, (uint64_t)link->kind, 4);
    memcpy(at, link->reference, len);
    at = put_number(at + FRAME_REFERENCE_BYTES, (uint64_t)link->time_utc_secs, 8);
    memcpy(at, link->body_digest, VT_REGISTER_DIGEST_BYTES);
    return vt_chain_sha256(vt_bytes_of(frame, sizeof(frame)), out);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum vt_code vt_chain_unhex(const char *text, uint8_t out[VT_REGISTER_DIGEST_BYTES])
{
    for (size_t i = 0; i < VT_REGISTER_DIGEST_BYTES; i++) {
        int high = digit_of(text[2 * i]);
        int low = high >= 0 ? digit_of(text[2 * i + 1]) : -1;
        if (low < 0)
            return VT_E_FORMAT;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return text[2 * (size_t)VT_REGISTER_DIGEST_BYTES] == '\0' ? VT_OK : VT_E_FORMAT;
}

enum vt_code vt_chain_salt(uint8_t out[VT_SALT_BYTES], struct vt_err *err)
{
    ssize_t got = getrandom(out, VT_SALT_BYTES, 0);
    return got == VT_SALT_BYTES ? VT_OK : vt_err_sys(err, "register: getrandom");
}
