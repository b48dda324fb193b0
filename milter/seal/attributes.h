/* SPDX-License-Identifier: Apache-2.0
 * What the sealer signs: a DER set of CMS signed attributes, and nothing else. */
#ifndef VANTHU_SEAL_ATTRIBUTES_H
#define VANTHU_SEAL_ATTRIBUTES_H

#include "vanthu/seal.h"

/* How far a signing-time may be from now: nobody seals for another day. */
#define VT_SEAL_MAX_TIME_OFF_SECS 600

/* Whether bytes are a DER SET OF Attribute (RFC 5652 5.3, 5.4) that this certificate may sign:
 * content-type id-data, a message-digest of the hash, signing-certificate-v2 whose first entry is
 * the digest of this certificate (RFC 5035), each once and with one value; besides them at most
 * signing-time of now, CMSAlgorithmProtection (RFC 6211) and SMIMECapabilities (RFC 8551).
 * VT_E_FORMAT, with what it is not. */
enum vt_code vt_seal_attributes_check(struct vt_bytes bytes, struct vt_bytes certificate,
                                      enum vt_seal_hash hash, int64_t now_utc_secs,
                                      struct vt_err *err) VT_MUST_CHECK;
/* Such a set, for a probe: over a digest of random bytes, so that it signs nothing that anybody
 * could show. out: empty, of at least 512 bytes. */
enum vt_code vt_seal_attributes_probe(struct vt_bytes certificate, enum vt_seal_hash hash,
                                      struct vt_buf *out, struct vt_err *err) VT_MUST_CHECK;

#endif
