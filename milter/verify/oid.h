/* SPDX-License-Identifier: Apache-2.0
 * Object identifiers as the content octets of their DER, so that comparing is memcmp. */
#ifndef VANTHU_VERIFY_OID_H
#define VANTHU_VERIFY_OID_H

#include "vanthu/bytes.h"

/* Content types (RFC 5652, RFC 5083, RFC 3274, RFC 3161). */
#define VT_OID_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
#define VT_OID_SIGNED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
#define VT_OID_ENVELOPED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")
#define VT_OID_SIGNED_AND_ENVELOPED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x04")
#define VT_OID_DIGESTED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x05")
#define VT_OID_ENCRYPTED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06")
#define VT_OID_AUTHENTICATED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x02")
#define VT_OID_TST_INFO VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04")
#define VT_OID_COMPRESSED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09")
#define VT_OID_AUTH_ENVELOPED_DATA VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17")

/* Attributes (RFC 5652 11, RFC 6211, RFC 2634, RFC 5035, EN 319 122-1, TS 101 733, RFC 5276,
 * ISO 32000-1 12.8.3.3). */
#define VT_OID_CONTENT_TYPE VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03")
#define VT_OID_MESSAGE_DIGEST VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04")
#define VT_OID_SIGNING_TIME VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05")
#define VT_OID_COUNTERSIGNATURE VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06")
#define VT_OID_ALGORITHM_PROTECTION VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x34")
#define VT_OID_SIGNING_CERTIFICATE VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c")
#define VT_OID_SIGNING_CERTIFICATE_V2 VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f")
#define VT_OID_TIME_STAMP_TOKEN VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e")
#define VT_OID_CONTENT_TIME_STAMP VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x14")
#define VT_OID_CERTIFICATE_VALUES VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x17")
#define VT_OID_REVOCATION_VALUES VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x18")
#define VT_OID_ESC_TIME_STAMP VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x19")
#define VT_OID_COMPLETE_CERTIFICATE_REFS VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x15")
#define VT_OID_COMPLETE_REVOCATION_REFS VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x16")
#define VT_OID_CERTS_CRLS_TIME_STAMP VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x1a")
#define VT_OID_ARCHIVE_TIME_STAMP VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x1b")
#define VT_OID_EVIDENCE_RECORD_INTERNAL VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x31")
#define VT_OID_EVIDENCE_RECORD_EXTERNAL VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x32")
#define VT_OID_ARCHIVE_TIME_STAMP_V2 VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x30")
#define VT_OID_ARCHIVE_TIME_STAMP_V3 VT_BYTES("\x04\x00\x8d\x45\x02\x04")
#define VT_OID_LONG_TERM_VALIDATION VT_BYTES("\x04\x00\x8d\x45\x02\x02")
#define VT_OID_ATS_HASH_INDEX VT_BYTES("\x04\x00\x8d\x45\x02\x05")
#define VT_OID_ATS_HASH_INDEX_V2 VT_BYTES("\x04\x00\x81\x95\x32\x01\x04")
#define VT_OID_ATS_HASH_INDEX_V3 VT_BYTES("\x04\x00\x81\x95\x32\x01\x05")
#define VT_OID_ADBE_REVOCATION VT_BYTES("\x2a\x86\x48\x86\xf7\x2f\x01\x01\x08")

/* Revocation information (RFC 5940, RFC 6960). */
#define VT_OID_RI_OCSP VT_BYTES("\x2b\x06\x01\x05\x05\x07\x10\x02")
#define VT_OID_OCSP_BASIC VT_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x01")

/* Certificate extensions (RFC 5280, RFC 9598) and the mask of RSASSA-PSS. */
#define VT_OID_MGF1 VT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")
#define VT_OID_AIA VT_BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01")
#define VT_OID_AD_OCSP VT_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01")
#define VT_OID_AD_CA_ISSUERS VT_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x02")
#define VT_OID_CRL_POINTS VT_BYTES("\x55\x1d\x1f")
#define VT_OID_SUBJECT_KEY_ID VT_BYTES("\x55\x1d\x0e")
#define VT_OID_BASIC_CONSTRAINTS VT_BYTES("\x55\x1d\x13")
#define VT_OID_CERTIFICATE_POLICIES VT_BYTES("\x55\x1d\x20")
#define VT_OID_SUBJECT_ALT_NAME VT_BYTES("\x55\x1d\x11")
#define VT_OID_SMTP_UTF8_MAILBOX VT_BYTES("\x2b\x06\x01\x05\x05\x07\x08\x09")

#endif
