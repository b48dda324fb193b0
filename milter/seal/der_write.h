/* SPDX-License-Identifier: Apache-2.0
 * DER written into an arena (X.690 8 to 11). A fault is sticky and asked about once, at the end. */
#ifndef VANTHU_SEAL_DER_WRITE_H
#define VANTHU_SEAL_DER_WRITE_H

#include "vanthu/bytes.h"

struct vt_der_writer {
    struct vt_arena *arena;
    bool is_out_of_memory;
};

/* One element whose content is the parts one after the other; empty parts are left out. The empty
 * view after a fault. */
struct vt_bytes vt_der_make(struct vt_der_writer *writer, unsigned tag,
                            const struct vt_bytes *parts, size_t count);
/* The same with the parts in the order of a SET OF (X.690 11.6), in which *parts are left. */
struct vt_bytes vt_der_make_set(struct vt_der_writer *writer, unsigned tag, struct vt_bytes *parts,
                                size_t count);
/* A non-negative INTEGER below 2^31. */
struct vt_bytes vt_der_make_number(struct vt_der_writer *writer, uint32_t number);
/* AlgorithmIdentifier; parameters: a whole element, or empty: absent. */
struct vt_bytes vt_der_make_algorithm(struct vt_der_writer *writer, struct vt_bytes oid,
                                      struct vt_bytes parameters);
/* UTCTime until 2049, GeneralizedTime from then on (RFC 5652 11.3). */
struct vt_bytes vt_der_make_time(struct vt_der_writer *writer, int64_t utc_secs);

#define VT_DER_MAKE(writer, tag, ...)                                                              \
    vt_der_make((writer), (tag), (const struct vt_bytes[]){__VA_ARGS__},                           \
                sizeof((const struct vt_bytes[]){__VA_ARGS__}) / sizeof(struct vt_bytes))

#endif
