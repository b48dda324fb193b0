/* SPDX-License-Identifier: Apache-2.0
 * What a list holds; inside this room only. */
#ifndef VANTHU_STATUS_CRL_OBJECT_H
#define VANTHU_STATUS_CRL_OBJECT_H

#include <openssl/x509v3.h>

#include "status/crl_list.h"

/* Of a list over bytes: how often it was asked, and the index it got for that. */
struct vt_crl_asked {
    struct vt_arena *arena;
    unsigned lookups;
    bool tried, indexed;
    struct vt_crl_index index;
};

struct vt_crl_list {
    struct vt_crl crl;
    bool is_indexed;
    struct vt_crl_index index;
    struct vt_crl_asked *asked; /* NULL: a sealed list */
    X509_NAME *issuer;
    ISSUING_DIST_POINT *point; /* NULL: none */
    enum vt_status_origin from;
    const char *origin;
    int64_t fetched_utc_secs;
    struct vt_bytes signer; /* DER; empty: a list over bytes */
    char signer_key_sha256[65];
    char data_sha256[65];
    struct vt_bytes mapped;
    int fd; /* of its memory file; -1: a list over bytes */
    size_t bytes;
};

#endif
