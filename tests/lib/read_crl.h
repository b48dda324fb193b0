/* SPDX-License-Identifier: Apache-2.0
 * What one CRL says about a certificate of the issuer that signed it. */
#ifndef VANTHU_TESTS_READ_CRL_H
#define VANTHU_TESTS_READ_CRL_H

#include "status/crl_list.h"

/* origin: must outlive the arena. */
static __attribute__((unused)) enum vt_code read_crl(struct vt_arena *arena, struct vt_bytes crl,
                                                     const struct vt_certificate *certificate,
                                                     const struct vt_certificate *issuer,
                                                     const char *origin, struct vt_status_fact *out,
                                                     struct vt_err *err)
{
    struct vt_crl_list *list = NULL;
    enum vt_code code = vt_crl_list_over(arena, crl, VT_ORIGIN_GIVEN, origin, &list, err);
    if (code == VT_OK)
        code = vt_crl_verify(vt_crl_list_crl(list), issuer, err);
    return code == VT_OK ? vt_crl_list_fact(arena, list, certificate, issuer, out, err) : code;
}

#endif
