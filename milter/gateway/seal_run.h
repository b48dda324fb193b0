/* SPDX-License-Identifier: Apache-2.0
 * One seal on its way through its steps; inside seal.c and seal_documents.c only. */
#ifndef VANTHU_GATEWAY_SEAL_RUN_H
#define VANTHU_GATEWAY_SEAL_RUN_H

#include "gateway/seal.h"
#include "gateway/work.h"

struct vt_seal_run {
    struct vt_work *work;
    const struct vt_seal_key *key;
    struct vt_seal_identity identity;
    char certificate_sha256[65]; /* of the identity */
    struct vt_seal_message_plan plan;
    struct vt_sealing sealing;
    /* Those that are sealed, beside work->out->sealed.documents, which has all that were meant. */
    struct vt_sealing_document documents[VT_MAX_SEAL_DOCUMENTS];
    struct vt_sealed_document *told[VT_MAX_SEAL_DOCUMENTS];
    size_t documents_count;
    struct vt_sealing_prepared prepared;
    struct vt_buf signature; /* over the message */
    const char *bad_stamp;   /* why a time stamp of a document does not count; NULL */
    /* Whose time stamp each document has: the certificate of its authority. */
    const char *authorities_sha256[VT_MAX_SEAL_DOCUMENTS];
    int data_fds[VT_MAX_SEALING_DATA]; /* as many as sealing.data_fds_count */
    const char *bad_level;             /* why a document is not at level B-LT with these; NULL */
};

/* ---- seal.c ---- */

/* An end of it; false, so that report and return stay on one line. text: cleaned here; NULL. */
bool vt_seal_fail(struct vt_work *work, const char *why, const char *text);
bool vt_seal_leave(struct vt_work *work, const char *why, const char *text);
/* A child of the inspector, within the bound on them; vt_work_end_pass after it. */
bool vt_seal_begin_step(struct vt_seal_run *run);
/* The answer of the first or second step: false when the mail is left alone, or cannot be sealed.
 */
bool vt_seal_take_prepared(struct vt_seal_run *run, enum vt_code code, const struct vt_err *err);
/* Have the sealer sign. False: why is in work->out->sealed. */
bool vt_seal_sign(struct vt_seal_run *run, enum vt_seal_purpose purpose, struct vt_bytes attributes,
                  struct vt_buf *out);

/* ---- seal_documents.c ---- */

/* Which documents the rule means, those that have this seal already left out. False: it ends here.
 */
bool vt_seal_choose_documents(struct vt_seal_run *run);
/* What of each is to be signed, and their signatures. */
bool vt_seal_documents_signed(struct vt_seal_run *run);
/* Finish without time stamps. */
void vt_seal_drop_stamps(struct vt_seal_run *run);
/* After the last step: each as it is in the sealed mail, by the whole of our verifier. text:
 * VT_SEAL_TEXT_BYTES, why not. */
bool vt_seal_documents_are_good(struct vt_seal_run *run, const struct vt_evidence *sealed,
                                char *text);
/* The mail is not sealed in the end: none of them is. */
void vt_seal_documents_forget(struct vt_seal_run *run);

/* ---- seal_data.c ---- */

/* Whether the level of the key asks for what validates the documents' signatures. */
bool vt_seal_wants_data(const struct vt_seal_run *run);
/* Have it for this mail, where it is asked for, once its documents have their time stamps; else
 * sealed.unstored says why not. False: without it no seal is to be set. vt_seal_data_drop at the
 * end. */
bool vt_seal_data_found(struct vt_seal_run *run);
/* Finish without it. */
void vt_seal_data_drop(struct vt_seal_run *run);

#endif
