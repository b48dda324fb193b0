/* SPDX-License-Identifier: Apache-2.0
 * OCSP responses, whole and bare. The seeds are signed by the fixed key, so that mutations outside
 * of the signed bytes go all the way. */
#include "fixed_ca.h"
#include "vanthu/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixed_ca fixed;
    struct vt_status_fact fact;
    if (fixed.arena == NULL)
        fixed_ca_make(&fixed);
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    enum vt_code code =
        vt_status_read_ocsp(arena, fixed.pool, vt_bytes_of(data, size), fixed.leaf.certificate,
                            fixed.ca.certificate, VT_BYTES("12345678"), "fuzz", &fact, NULL);
    if (code == VT_OK && fact.value != VT_STATUS_UNKNOWN &&
        fact.this_update_utc_secs == VT_TIME_NONE)
        abort();
    vt_arena_free(arena);
    return 0;
}
