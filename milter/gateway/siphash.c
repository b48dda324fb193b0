/* SPDX-License-Identifier: Apache-2.0
 * SipHash-2-4 over a stream, as in "SipHash: a fast short-input PRF", section 2. */
#include "gateway/siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t little_endian(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return le64toh(x);
}

static void round_of(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void word(uint64_t v[4], uint64_t m)
{
    v[3] ^= m;
    round_of(v);
    round_of(v);
    v[0] ^= m;
}

/* Whole words; the state is kept in registers meanwhile. */
static void add_words(uint64_t state[4], const uint8_t *p, size_t words)
{
    uint64_t v[4] = {state[0], state[1], state[2], state[3]};
    for (size_t i = 0; i < words; i++)
        word(v, little_endian(p + 8 * i));
    memcpy(state, v, sizeof(v));
}

void vt_siphash_init(struct vt_siphash *hash, const uint8_t key[VT_SIPHASH_KEY_BYTES])
{
    uint64_t k0 = little_endian(key), k1 = little_endian(key + 8);
    *hash = (struct vt_siphash){
        .v = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
              k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)}};
}

void vt_siphash_add(struct vt_siphash *hash, struct vt_bytes bytes)
{
    size_t used = hash->len % 8;
    hash->len += bytes.len;
    if (used > 0) {
        size_t take = bytes.len < 8 - used ? bytes.len : 8 - used;
        if (take > 0)
            memcpy(hash->tail + used, bytes.ptr, take);
        bytes = vt_bytes_slice(bytes, take, SIZE_MAX);
        if (used + take < 8)
            return;
        word(hash->v, little_endian(hash->tail));
    }
    size_t words = bytes.len / 8;
    add_words(hash->v, bytes.ptr, words);
    bytes = vt_bytes_slice(bytes, 8 * words, SIZE_MAX);
    if (bytes.len > 0)
        memcpy(hash->tail, bytes.ptr, bytes.len);
}

void vt_siphash_add_text(struct vt_siphash *hash, const char *text)
{
    vt_siphash_add(hash, vt_bytes_str(text));
    vt_siphash_add(hash, VT_BYTES("\0"));
}

uint64_t vt_siphash_get(const struct vt_siphash *hash)
{
    uint64_t v[4];
    memcpy(v, hash->v, sizeof(v));
    uint64_t last = hash->len << 56;
    for (unsigned i = 0; i < hash->len % 8; i++)
        last |= (uint64_t)hash->tail[i] << (8 * i);
    word(v, last);
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        round_of(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
