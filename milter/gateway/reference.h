/* SPDX-License-Identifier: Apache-2.0
 * Giving references: the first digit names the gateway, ten count tenths of a second since 2026 (or
 * one more than the last reference when mails come faster), then stands the check digit. */
#ifndef VANTHU_GATEWAY_REFERENCE_H
#define VANTHU_GATEWAY_REFERENCE_H

#include <stdatomic.h>
#include <stdint.h>

#include "vanthu/reference.h"

struct vt_reference {
    unsigned gateway; /* 0 to 9 */
    /* The last count given: in a file that this gateway, its predecessor in drain and its
     * successor share, or in own when there is none. */
    _Atomic uint64_t *last;
    _Atomic uint64_t own;
    void *shared; /* the mapped file, or NULL */
};

/* hostname: its last digit in the first label is the gateway's number (mx2 is 2), else one made
 * from its letters. directory: where the shared file "reference" lies; when it cannot be used
 * VT_E_SYSTEM is returned and references are still given, unique for this process. */
enum vt_code vt_reference_init(struct vt_reference *reference, const char *hostname,
                               const char *directory, struct vt_err *err) VT_MUST_CHECK;
void vt_reference_clear(struct vt_reference *reference);
/* A new reference. Thread-safe. Returns out. */
char *vt_reference_next(struct vt_reference *reference, int64_t now_utc_msecs,
                        char out[VT_REFERENCE_BYTES]);

#endif
