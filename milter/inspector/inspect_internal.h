/* SPDX-License-Identifier: Apache-2.0
 * What the steps of one inspection share. */
#ifndef VANTHU_INSPECT_INTERNAL_H
#define VANTHU_INSPECT_INTERNAL_H

#include "evidence/expect.h"
#include "vanthu/inspect.h"

/* One inspection under way; everything lives in the arena of the mail. */
struct vt_inspect_run {
    struct vt_arena *arena;
    const struct vt_inspect_options *options;
    const struct vt_inspect_input *input;
    struct vt_unpacked *unpacked;
    struct vt_certificate_pool *pool;
    struct vt_status_cache *status_cache; /* a CRL is parsed once for all signatures */
    struct vt_evidence *evidence;
    struct vt_wants *wants;
    bool *part_is_consumed; /* a signature part of a multipart/signed is no document of its own */
    size_t signatures_count;
    size_t *document_parts; /* the part of each document of the evidence */
};

/* Sender, alignment and class from envelope, headers and trusted Authentication-Results
 * (RFC 8601). Fills run->evidence->mail. */
void vt_inspect_mail_facts(struct vt_inspect_run *run);

/* Find, verify and judge the signatures of part index; adds a document to the evidence when the
 * part is one. May append parts (content of an opaque signature). */
enum vt_code vt_inspect_part(struct vt_inspect_run *run, size_t index,
                             struct vt_err *err) VT_MUST_CHECK;

/* A good signature in a mail of doubtful structure is no passed one. To be called when everything
 * is unpacked: the last part may be the one that makes it doubtful. */
void vt_inspect_doubts(struct vt_inspect_run *run);

/* Judge the path of the certificates that the input is, instead of a mail or file. */
enum vt_code vt_inspect_certificate(struct vt_inspect_run *run, struct vt_err *err) VT_MUST_CHECK;

/* Judge the signatures of a record again, as of its time, from the objects that were kept with it
 * and from nothing else. What stood in the signed bytes is taken from the record: integrity,
 * coverage, later changes, claimed times, names of algorithms. A document of the record that is
 * there too is inspected whole instead. The evidence has the documents and signatures of the record
 * in their order; those of a document that cannot be found again are left as zero. */
enum vt_code vt_inspect_record(struct vt_inspect_run *run, struct vt_err *err) VT_MUST_CHECK;

/* Judge the time stamp token that the input is, instead of a mail or file. */
enum vt_code vt_inspect_token(struct vt_inspect_run *run, struct vt_err *err) VT_MUST_CHECK;

/* Which documents should have been signed, and were not (users.md 1). To be called when all
 * documents are known. */
void vt_inspect_expectations(struct vt_inspect_run *run);

/* True when the signer of the message signature in part index is the author of the mail, outermost
 * or nested, that it stands in; true also when the certificate names nobody (RFC 8551 3). */
bool vt_inspect_signer_is_sender(const struct vt_unpacked *unpacked, size_t index,
                                 const struct vt_certificate *signer);

#endif
