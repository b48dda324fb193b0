/* SPDX-License-Identifier: Apache-2.0
 * Every maximum in one place, in words, with its reason. */
#ifndef VANTHU_LIMITS_H
#define VANTHU_LIMITS_H

#include <stddef.h>

/* One mail. Postfix's own default (10 MB) and common practice stay well below. */
#define VT_MAX_MAIL_BYTES (64u * 1024 * 1024)
/* Sum of everything that unpacking one mail may produce. */
#define VT_MAX_UNPACKED_BYTES (192u * 1024 * 1024)
/* GMime silently stops at 512 and 1024; nobody forwards a mail 32 times inside itself. */
#define VT_MAX_DEPTH 32
/* Parts of one mail, all levels together. */
#define VT_MAX_PARTS 1000
/* Bytes of headers of one part. Postfix cuts at 102400. */
#define VT_MAX_HEADER_BYTES (256u * 1024)
/* A file name, after decoding, in bytes of UTF-8. */
#define VT_MAX_NAME_BYTES 255
/* Signatures of one mail that are verified; a normal file has 2 to 5 (legal.md R-66). */
#define VT_MAX_SIGNATURES 100
/* SignerInfos of one CMS. */
#define VT_MAX_SIGNERS 16
/* Certificates carried by one signature, and by the DSS of one document. */
#define VT_MAX_CERTIFICATES 64
/* CRLs and OCSP responses carried by one signature or DSS. */
#define VT_MAX_REVOCATIONS 64
/* Certificates of one path, root included. */
#define VT_MAX_PATH 10
/* One certificate; real ones have 2 KB. */
#define VT_MAX_CERTIFICATE_BYTES (64u * 1024)
/* One CMS outside of its content; a PDF reserves 16 to 64 KB, LTV data inside may be larger. */
#define VT_MAX_CMS_BYTES (16u * 1024 * 1024)
/* One CRL; the largest real ones have 50 MB. */
#define VT_MAX_CRL_BYTES (64u * 1024 * 1024)
#define VT_MAX_OCSP_BYTES (256u * 1024)
/* A CRL may arrive for so many times the time until an answer has to begin (fetch.timeout): the
 * large ones do not fit into 3 seconds on the line of a district. */
#define VT_FETCH_LONG_TIMES 10
/* Byte ranges of one signature: PDF has two, an S/MIME part one. */
#define VT_MAX_RANGES 4
/* Everything derived from one mail in one arena, the mail's bytes not counted. */
#define VT_MAX_MAIL_ARENA_BYTES (256u * 1024 * 1024)
/* Evidence of one mail as JSON, and what is wanted for it: a child that was taken over must not
 * fill the memory of those who read its answer. */
#define VT_MAX_EVIDENCE_BYTES (4u * 1024 * 1024)
#define VT_MAX_WANTS_BYTES (16u * 1024 * 1024)
/* Certificates, CRLs, OCSP responses and time stamps that the verdicts of one mail rest on, and the
 * bytes of those that one message carries. A hundred signatures of four certificates share most. */
#define VT_MAX_OBJECTS 1000
#define VT_MAX_OBJECTS_BYTES (16u * 1024 * 1024)
/* What stands before the bytes of objects in their file. */
#define VT_MAX_OBJECTS_HEAD_BYTES (64u * 1024)
/* What is known beside a mail, as JSON: a generation's facts have 1 KB, its issuers 3 KB. */
#define VT_MAX_KNOWN_BYTES (64u * 1024 * 1024)
/* The report of the status role as JSON: a host or a list has 500 bytes, a repeated check 1000. */
#define VT_MAX_REPORT_BYTES (4u * 1024 * 1024)
/* One framed message between roles; larger things travel as a descriptor. */
#define VT_MAX_MESSAGE_BYTES (64u * 1024)
/* Documents of one mail that are sealed: each is a signature of the HSM. */
#define VT_MAX_SEAL_DOCUMENTS 20
#define VT_MAX_RECIPIENTS 5000
/* A configuration file. */
#define VT_MAX_CONFIG_BYTES (1024u * 1024)
/* A policy of 10 000 rules has 2 MB; with the files it names, an agencies table of 20 MB and lists
 * among them, it travels to the gateway. */
#define VT_MAX_POLICY_BYTES (8u * 1024 * 1024)
#define VT_MAX_BUNDLE_BYTES (64u * 1024 * 1024)

#endif
