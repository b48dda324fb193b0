/* SPDX-License-Identifier: Apache-2.0
 * Whether a key may be used without a person at it (legal.md ). */
#ifndef VANTHU_SEAL_AUTHORISE_H
#define VANTHU_SEAL_AUTHORISE_H

#include "seal/identity.h"
#include "vanthu/site.h"

#define VT_SEAL_PERMISSION_BYTES 256

/* The written authorisation of the table of agencies that is live now, for this certificate or its
 * key and the agency of the configuration; or, for notices and probes with a certificate for a
 * device or service, none at all. out: document and holder, for the record,
 * each cut at 120 bytes and fit for quotes. VT_E_NOT_FOUND with
 * what is missing, VT_E_EXPIRED. */
enum vt_code vt_seal_authorise(const struct vt_site *site, const struct vt_seal_key *key,
                               const struct vt_own_certificate *own, enum vt_seal_purpose purpose,
                               int64_t now_utc_secs, char out[VT_SEAL_PERMISSION_BYTES],
                               struct vt_err *err) VT_MUST_CHECK;

#endif
