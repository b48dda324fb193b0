/* SPDX-License-Identifier: Apache-2.0
 * A CRL of any number of entries, written as bytes: OpenSSL would take minutes for a million. */
#ifndef VANTHU_TESTS_LARGE_CRL_H
#define VANTHU_TESTS_LARGE_CRL_H

#include <string.h>

#include "certificates.h"

/* One entry: SEQUENCE { INTEGER of 12 octets, UTCTime, reasonCode }. */
#define LC_ENTRY_BYTES 45
#define LC_SERIAL_BYTES 12

/* The serial number of the index-th entry, as content octets. Never that of a made certificate. */
static TC_UNUSED void lc_serial(size_t index, uint8_t out[LC_SERIAL_BYTES])
{
    uint64_t mixed = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    out[0] = 0x5a;
    out[1] = 0x11;
    out[2] = (uint8_t)(index >> 8);
    out[3] = (uint8_t)index;
    for (size_t i = 0; i < 8; i++)
        out[4 + i] = (uint8_t)(mixed >> (8 * i));
}

static TC_UNUSED void lc_entry(size_t index, uint8_t out[LC_ENTRY_BYTES])
{
    static const uint8_t form[LC_ENTRY_BYTES] = {
        0x30, 43,   0x02, 12,   0,   0,    0,   0,    0,    0,    0,    0,   0,    0,   0,
        0,    0x17, 13,   '2',  '5', '0',  '1', '0',  '2',  '0',  '3',  '0', '4',  '0', '5',
        'Z',  0x30, 12,   0x30, 10,  0x06, 3,   0x55, 0x1d, 0x15, 0x04, 3,   0x0a, 1,   4};
    memcpy(out, form, sizeof(form));
    lc_serial(index, out + 4);
}

static TC_UNUSED size_t lc_header(uint8_t *out, uint8_t tag, size_t len)
{
    const uint8_t header[6] = {
        tag, 0x84, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    memcpy(out, header, sizeof(header));
    return sizeof(header);
}

/* The signed bytes: version, algorithm, issuer, times, entries, cRLNumber. */
static TC_UNUSED size_t lc_tbs(uint8_t *out, const struct tc_entity *issuer,
                               struct vt_bytes algorithm, size_t entries)
{
    static const uint8_t times[] = "\x17\x0d"
                                   "260530000000Z"
                                   "\x17\x0d"
                                   "260630000000Z";
    static const uint8_t number[] = {0xa0, 14,   0x30, 12,   0x30, 10, 0x06, 3,
                                     0x55, 0x1d, 0x14, 0x04, 3,    2,  1,    7};
    const unsigned char *name = NULL;
    size_t name_len = 0;
    TC_CHECK(X509_NAME_get0_der(X509_get_subject_name(issuer->x509), &name, &name_len) == 1);
    size_t list = entries * LC_ENTRY_BYTES;
    size_t len = 3 + algorithm.len + name_len + (sizeof(times) - 1) + 6 + list + sizeof(number);
    uint8_t *at = out + lc_header(out, 0x30, len);
    memcpy(at, "\x02\x01\x01", 3);
    at += 3;
    memcpy(at, algorithm.ptr, algorithm.len);
    at += algorithm.len;
    memcpy(at, name, name_len);
    at += name_len;
    memcpy(at, times, sizeof(times) - 1);
    at += sizeof(times) - 1;
    at += lc_header(at, 0x30, list);
    for (size_t i = 0; i < entries; i++, at += LC_ENTRY_BYTES)
        lc_entry(i, at);
    memcpy(at, number, sizeof(number));
    return 6 + len;
}

/* A CRL of so many entries, signed with ECDSA and SHA-256; the caller frees it with free(3). */
static TC_UNUSED struct vt_bytes lc_crl(const struct tc_entity *issuer, size_t entries)
{
    static const uint8_t ecdsa[] = {0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
    uint8_t *room = malloc(entries * LC_ENTRY_BYTES + 2048);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[256];
    size_t signature_len = sizeof(signature);
    TC_CHECK(room != NULL && context != NULL);
    size_t tbs = lc_tbs(room + 6, issuer, vt_bytes_of(ecdsa, sizeof(ecdsa)), entries);
    TC_CHECK(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, issuer->key) == 1);
    TC_CHECK(EVP_DigestSign(context, signature, &signature_len, room + 6, tbs) == 1);
    EVP_MD_CTX_free(context);
    uint8_t *at = room + 6 + tbs;
    memcpy(at, ecdsa, sizeof(ecdsa));
    at += sizeof(ecdsa);
    at += lc_header(at, 0x03, signature_len + 1);
    *at++ = 0;
    memcpy(at, signature, signature_len);
    at += signature_len;
    (void)lc_header(room, 0x30, (size_t)(at - room) - 6);
    return vt_bytes_of(room, (size_t)(at - room));
}

#endif
