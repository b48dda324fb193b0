/* SPDX-License-Identifier: Apache-2.0
 * Digests and chain of the register; the framing stands in vanthu/register.h. */
#ifndef VANTHU_REGISTER_CHAIN_H
#define VANTHU_REGISTER_CHAIN_H

#include "vanthu/register.h"

#define VT_SALT_BYTES 16
#define VT_REGISTER_ID_BYTES 16

/* The fields that the chain covers. */
struct vt_link {
    int64_t seq;
    enum vt_register_kind kind;
    const char *reference; /* at most 14 characters */
    int64_t time_utc_secs;
    uint8_t body_digest[VT_REGISTER_DIGEST_BYTES];
};

/* These return VT_OK or VT_E_INTERNAL (no digest to be had). */
enum vt_code vt_chain_first(struct vt_bytes id,
                            uint8_t out[VT_REGISTER_DIGEST_BYTES]) VT_MUST_CHECK;
enum vt_code vt_chain_body(struct vt_bytes salt, struct vt_bytes body,
                           uint8_t out[VT_REGISTER_DIGEST_BYTES]) VT_MUST_CHECK;
enum vt_code vt_chain_next(const uint8_t before[VT_REGISTER_DIGEST_BYTES],
                           const struct vt_link *link,
                           uint8_t out[VT_REGISTER_DIGEST_BYTES]) VT_MUST_CHECK;
enum vt_code vt_chain_sha256(struct vt_bytes bytes,
                             uint8_t out[VT_REGISTER_DIGEST_BYTES]) VT_MUST_CHECK;
/* 64 digits of hexadecimal in any case to bytes. VT_E_FORMAT. */
enum vt_code vt_chain_unhex(const char *text, uint8_t out[VT_REGISTER_DIGEST_BYTES]) VT_MUST_CHECK;
/* A new salt. VT_E_SYSTEM. */
enum vt_code vt_chain_salt(uint8_t out[VT_SALT_BYTES], struct vt_err *err) VT_MUST_CHECK;

#endif
