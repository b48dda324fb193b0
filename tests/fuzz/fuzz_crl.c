/* SPDX-License-Identifier: Apache-2.0
 * CRLs: parsed to the end, their scope and entries asked for, signed or not. */
#include "fixed_ca.h"
#include "status/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixed_ca fixed;
    struct vt_crl crl;
    struct vt_status_fact fact;
    if (fixed.arena == NULL)
        fixed_ca_make(&fixed);
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    struct vt_bytes input = vt_bytes_of(data, size);
    if (vt_status_read_crl(arena, NULL, input, fixed.leaf.certificate, fixed.ca.certificate, "fuzz",
                           &fact, NULL) == VT_OK &&
        fact.source == NULL)
        abort();
    /* The same without a signature, which would stop every mutation. */
    if (vt_crl_parse(input, &crl, NULL) == VT_OK &&
        vt_crl_fact(arena, &crl, fixed.leaf.certificate, fixed.ca.certificate, "fuzz", &fact,
                    NULL) == VT_OK &&
        fact.value != VT_STATUS_GOOD && fact.value != VT_STATUS_REVOKED &&
        fact.value != VT_STATUS_SUSPENDED)
        abort();
    vt_arena_free(arena);
    return 0;
}
