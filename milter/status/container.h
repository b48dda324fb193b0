/* SPDX-License-Identifier: Apache-2.0
 * How servers and files wrap lists and certificates: DER, PEM with several, certs-only CMS. The
 * MIME type is not asked, because servers send what they like. */
#ifndef VANTHU_STATUS_CONTAINER_H
#define VANTHU_STATUS_CONTAINER_H

#include "vanthu/verify.h"

/* A file of CRLs that is being read. data: borrowed. */
struct vt_crl_file {
    struct vt_bytes data;
    struct bio_st *pem;   /* where reading stands; NULL: not begun, or DER */
    unsigned char *owned; /* what was decoded last */
    bool begun;
};

/* The next CRL of a file: the whole file when it is DER, else each "X509 CRL" of a PEM file, what
 * stands around it skipped. *out is valid until the next call and vt_crl_file_clear.
 * VT_E_NOT_FOUND: there is no further one. VT_E_FORMAT: broken PEM. */
enum vt_code vt_crl_file_next(struct vt_crl_file *file, struct vt_bytes *out,
                              struct vt_err *err) VT_MUST_CHECK;
void vt_crl_file_clear(struct vt_crl_file *file);

/* The certificates of an answer to AIA: one in DER, PEM with several, or a certs-only CMS in DER,
 * BER or PEM (RFC 5280 4.2.2.1). One that is no certificate is passed over. VT_E_FORMAT: there is
 * none. VT_E_LIMIT: too large. VT_E_NOMEM. */
enum vt_code vt_container_certificates(struct vt_certificate_pool *pool, struct vt_bytes data,
                                       const struct vt_certificate **out, size_t out_max,
                                       size_t *out_count, struct vt_err *err) VT_MUST_CHECK;

#endif
