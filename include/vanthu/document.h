/* SPDX-License-Identifier: Apache-2.0
 * document: which bytes each signature covers, and what came after it. Hostile input, no I/O, no
 * cryptography. */
#ifndef VANTHU_DOCUMENT_H
#define VANTHU_DOCUMENT_H

#include "vanthu/evidence.h"

/* How the CMS is bound to the bytes. */
enum vt_binding {
    VT_BINDING_DETACHED = 0, /* messageDigest or signature over the ranges */
    VT_BINDING_PDF_SHA1,     /* adbe.pkcs7.sha1: eContent is the SHA-1 of the ranges */
    VT_BINDING_TIMESTAMP,    /* ETSI.RFC3161: a time stamp token over the ranges */
    VT_BINDING_ENCAPSULATED  /* the content is inside the CMS */
};

/* One signature as found in a document, before any cryptography. */
struct vt_signed_object {
    enum vt_signature_format format;
    enum vt_binding binding;
    struct vt_bytes ranges[VT_MAX_RANGES]; /* the signed bytes, in order; views of the input */
    size_t ranges_count;
    struct vt_bytes cms; /* BER or DER, trailing padding allowed */
    const char *field;
    const char *sub_filter;
    unsigned revision;
    enum vt_covers covers;
    enum vt_changes changes_after;
    /* ADDED: the revision that brought the newest addition. Whose valid signature is of this
     * revision or of a later one has signed the additions (see vt_trust_input). */
    unsigned added_in;
    /* A defect of the structure that makes it impossible that the bytes are what was signed
     * (no /Contents, no or absurd /ByteRange, a gap wider than /Contents): integrity is broken
     * whatever the CMS says. */
    bool structure_broken;
    int64_t claimed_time_utc_secs; /* /M; VT_TIME_NONE */
    struct vt_signature_hints hints;
    vt_reasons reasons;
    const char **findings;
    size_t findings_count;
};

/* Validation data a document carries (PDF: /DSS), DER each, views. */
struct vt_validation_data {
    struct vt_bytes certificates[VT_MAX_CERTIFICATES];
    size_t certificates_count;
    struct vt_bytes crls[VT_MAX_REVOCATIONS];
    size_t crls_count;
    struct vt_bytes ocsps[VT_MAX_REVOCATIONS];
    size_t ocsps_count;
};

/* A file inside a PDF (attached, or of a portfolio), unpacked. */
struct vt_attached_file {
    const char *name; /* as the document calls it, cleaned; NULL: not at all */
    struct vt_bytes bytes;
};

struct vt_signed_document {
    struct vt_signed_object *objects; /* in the order of their revisions */
    size_t objects_count;
    struct vt_validation_data validation_data;
    struct vt_attached_file *attached; /* of the newest revision, bounded in number and size */
    size_t attached_count;
    struct vt_revision *revisions; /* see struct vt_document */
    size_t revisions_count;
    struct vt_document_change *changes;
    size_t changes_count;
    struct vt_document_hints hints; /* made and seal_page */
    vt_reasons reasons;             /* FILE_UNREADABLE, MALFORMED, … of the file as a whole */
    const char **findings;
    size_t findings_count;
};

/* Read a PDF: every signature field of the AcroForm and its dictionary; /ByteRange to the byte;
 * later revisions (ISO 32000-1 12.8, EN 319 142-1). pdf must outlive *out, which is in arena.
 * A damaged file is a finding, not an error; so is one that the memory does not last for: nothing
 * but TOO_LARGE is known of it.
 * Returns VT_OK, VT_E_NOMEM. */
enum vt_code vt_document_read_pdf(struct vt_arena *arena, struct vt_bytes pdf,
                                  struct vt_signed_document **out,
                                  struct vt_err *err) VT_MUST_CHECK;

/* Warm libqpdf before the sandbox closes. VT_E_NOMEM, VT_E_INTERNAL: it does not work. */
enum vt_code vt_document_warm(struct vt_err *err) VT_MUST_CHECK;

#endif
