/* SPDX-License-Identifier: Apache-2.0
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed 64-bit hash of bytes that come in pieces. With a
 * random key nobody outside can make two mails meet in a table. Not a digest for evidence. */
#ifndef VANTHU_GATEWAY_SIPHASH_H
#define VANTHU_GATEWAY_SIPHASH_H

#include "vanthu/bytes.h"

#define VT_SIPHASH_KEY_BYTES 16

struct vt_siphash {
    uint64_t v[4];
    uint8_t tail[8];
    uint64_t len;
};

void vt_siphash_init(struct vt_siphash *hash, const uint8_t key[VT_SIPHASH_KEY_BYTES]);
void vt_siphash_add(struct vt_siphash *hash, struct vt_bytes bytes);
/* The text and a NUL, so that two texts in a row cannot be mistaken for one. NULL adds nothing
 * but the NUL. */
void vt_siphash_add_text(struct vt_siphash *hash, const char *text);
/* The hash of what was added. Leaves the state as it is: more may be added. */
uint64_t vt_siphash_get(const struct vt_siphash *hash);

#endif
