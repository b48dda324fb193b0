/* SPDX-License-Identifier: Apache-2.0
 * Verified CRLs as immutable objects: in a sealed memory file, made once by the status role and
 * mapped by everybody else, or over bytes that a mail carries. */
#ifndef VANTHU_STATUS_CRL_LIST_H
#define VANTHU_STATUS_CRL_LIST_H

#include "status/crl_index.h"

/* Bytes of a sealed list: the CRL and an index that is not larger (an entry has 20 bytes or more,
 * and takes 8 in the index, 16 in an indirect CRL). */
#define VT_MAX_CRL_LIST_BYTES ((size_t)2 * VT_MAX_CRL_BYTES)

/* Parse a CRL, verify its signature with the signer's key (keyUsage, when there is one, must allow
 * cRLSign), index it, and write it to a sealed memory file of [header | index | signer | origin |
 * CRL].
 * crl, signer, origin: borrowed for the call; the memory file is the only copy that is made.
 * origin: "given" or an address. *out_fd: the caller closes it.
 * Returns VT_OK; VT_E_NOT_FOUND (the CRL is that of another issuer); VT_E_FORMAT (malformed, or the
 * signature does not verify); VT_E_UNSUPPORTED (algorithm); VT_E_LIMIT; VT_E_SYSTEM; VT_E_NOMEM.
 * Source: RFC 5280 5.1, 6.3.3 (f) and (g). */
enum vt_code vt_crl_list_seal(struct vt_bytes crl, const struct vt_certificate *signer,
                              const char *origin, int64_t fetched_utc_secs, int *out_fd,
                              struct vt_err *err) VT_MUST_CHECK;

/* VT_TIME_NONE for a list over bytes. */
int64_t vt_crl_list_fetched_utc_secs(const struct vt_crl_list *list);
/* Bytes of memory it takes, index included. */
size_t vt_crl_list_bytes(const struct vt_crl_list *list);

/* What a complete CRL that was verified with the key of issuer says about a certificate of it: all
 * that has to be known. A list of another kind has to be judged with others beside it.
 * out: strings live in arena. Returns VT_OK; VT_E_NOT_FOUND (out of scope, or another issuer);
 * VT_E_UNSUPPORTED (a delta, for some reasons only, by another signer, or an unknown critical
 * extension); VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_crl_list_fact(struct vt_arena *arena, const struct vt_crl_list *list,
                              const struct vt_certificate *certificate,
                              const struct vt_certificate *issuer, struct vt_status_fact *out,
                              struct vt_err *err) VT_MUST_CHECK;

#endif
