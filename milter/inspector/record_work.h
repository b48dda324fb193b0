/* SPDX-License-Identifier: Apache-2.0
 * A record being judged again: what inspect_record.c and record_signature.c share. */
#ifndef VANTHU_INSPECTOR_RECORD_WORK_H
#define VANTHU_INSPECTOR_RECORD_WORK_H

#include "inspector/inspect_internal.h"

struct vt_record_work {
    struct vt_inspect_run *run;
    const struct vt_evidence *then;
    struct vt_object *objects;
    size_t objects_count;
    const struct vt_certificate **certificates;
    size_t certificates_count;
    struct vt_known known;           /* all certificates, fetched OCSP responses */
    struct vt_validation_data *data; /* CRLs and OCSP responses that the mail brought */
    struct vt_bytes *crls;           /* the others */
    size_t crls_count;
    struct vt_bytes *documents;
    size_t documents_count;
};

/* The object of a kind, whose bytes are there; sha256 NULL: the first. NULL: there is none. */
const struct vt_object *vt_record_object(const struct vt_record_work *work,
                                         enum vt_object_kind kind, const char *sha256);

/* A signature as verify would give it: its certificate and tokens are read again, whatever stood in
 * the signed bytes is the record's. VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_record_read_signature(struct vt_record_work *work, const struct vt_signature *then,
                                      struct vt_verified *out, struct vt_err *err) VT_MUST_CHECK;
/* The same as document would give it. */
struct vt_signed_object vt_record_signed_object(const struct vt_signature *then);
/* When the register had first seen it: stated, or the time at which its outermost time stamp was
 * known to exist; VT_TIME_NONE. */
int64_t vt_record_first_seen(const struct vt_record_work *work, const struct vt_signature *then);

#endif
